#!/bin/bash
# Makes a database of the packages in a directory, one of which is removed again.
#   install_packages.sh DIRECTORY DATABASE [RPM OPTION...]
# DATABASE is the directory of the database. Prints what `rpm -qa` says of it, without keys, in
# the form of `qa_format`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages=$1 database=$2
shift 2
run() { rpm --dbpath "$database" "$@"; }
install() { run -i --justdb --nodeps --ignorearch --ignoreos --nosignature "$@"; }
mkdir -p "$database"
for package in rollcall-plain-1.0 rollcall-epoch-3.4~rc1 rollcall-many-1 rollcall-many-2 rollcall-many-3 \
  rollcall-files-20240101 librollcall-other+plus-9.9; do
  install "$@" "$packages/$package.rpm"
done
# rpm 4.20 knows what this is and refuses it.
install "$@" "$packages"/gpg-pubkey-*.rpm 2>/dev/null || true
run -e --justdb --nodeps "$@" rollcall-many-2
run -qa "$@" --qf "$(cat "$here/qa_format")" | grep -v '^gpg-pubkey' | LC_ALL=C sort
