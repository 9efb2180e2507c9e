# Shared by the scripts in this folder. Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold="" plain=""; fi
say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Packages needed to build, and those only the tests need.
build_packages=(
  g++ cmake ninja-build pkg-config ccache lld git ca-certificates
  libgrpc++-dev libprotobuf-dev libprotoc-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  libssl-dev libsqlite3-dev libre2-dev libzstd-dev libyaml-cpp-dev libcli11-dev
  prometheus-cpp-dev liblzma-dev zlib1g-dev libdbus-1-dev)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev clang-14 clang-format-14 clang-tidy-14
  libclang-rt-14-dev llvm-14 iproute2 procps python3 mandoc strace
  # Second opinions: what the collectors say is compared with what these say.
  rpm kmod openssl xz-utils zstd systemd dbus-daemon sudo openssh-client cron anacron at python3-croniter)

# Installs what is missing of the packages named. Does nothing, and needs neither root nor
# network, when all are there.
install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "installing packages needs root: run as root or install sudo"
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log; log=$(mktemp)
  "${as_root[@]}" apt-get update >"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; die "cannot reach Debian's package servers: check the network and /etc/apt/sources.list"; }
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { tail -n 15 "$log" >&2; die "apt-get could not install ${missing[*]}"; }
  rm -f "$log"
}

check_system() {
  local id="" version=""
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release; echo "${ID:-}")
    version=$(. /etc/os-release; echo "${VERSION_ID:-}")
  fi
  [ "$id" = debian ] && [ "$version" = 12 ] ||
    die "unsupported system '${id:-unknown} ${version:-}': these scripts install packages of Debian 12"
}

# build PRESET [TARGET...]: configures when needed and builds, with one line of progress in
# a terminal and a line every 25 steps in a log.
build() {
  local preset=$1; shift
  export CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1
  cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 ||
    { tail -n 20 "build/$preset.configure.log" >&2; die "cmake could not configure the $preset preset"; }
  local jobs; jobs=$(nproc)
  if [ -t 1 ]; then
    ninja -C "build/$preset" -j "$jobs" "$@" || die "the $preset build failed"
  else
    set +e
    ninja -C "build/$preset" -j "$jobs" "$@" 2>&1 |
      awk '/^\[[0-9]+\/[0-9]+\]/ { if (++n % 25 == 0) { print; fflush() } held = $0; next }
           /^(FAILED|ninja: build stopped)/ { print held } { print; fflush() }'
    local status=${PIPESTATUS[0]}
    set -e
    [ "$status" -eq 0 ] || die "the $preset build failed"
  fi
}
