#!/bin/bash
# Builds the packages of the tests with rpmbuild.
#   build_packages.sh DIRECTORY
set -euo pipefail
specs=$(cd "$(dirname "$0")" && pwd)/specs
out=$(mkdir -p "$1" && cd "$1" && pwd)
build() {
  rpmbuild --quiet -bb --define "_topdir $out/build" --define "_rpmdir $out" --define "_dbpath $out/build/db" \
    --define "_build_name_fmt %%{NAME}-%%{VERSION}.rpm" --define "_buildhost build.example.com" \
    --define "source_date_epoch_from_changelog 0" "$@" >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
}
for spec in plain epoch files key; do build "$specs/$spec.spec"; done
for number in 1 2 3; do build --define "number $number" "$specs/many.spec"; done
rm -rf "$out/build" "$out/log"
