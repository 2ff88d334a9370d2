# Sets what every script shares: paths, the compilers' settings, steps with their time, and the tools' presence.
# Source it; it runs nothing by itself.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

FOUNDRY=$ROOT/node_modules/@foundry-rs
FORGE=$FOUNDRY/forge-linux-amd64/bin/forge # npm's launcher answers 0 even when tests fail
CAST=$FOUNDRY/cast-linux-amd64/bin/cast
ANVIL=$FOUNDRY/anvil-linux-amd64/bin/anvil
export FORGE CAST ANVIL

# PyTorch: built against the CPU half of libtorch in this folder. The same values everywhere, or cargo builds it again.
export LIBTORCH=$ROOT/.libtorch
export LIBTORCH_BYPASS_VERSION_CHECK=1
export LD_LIBRARY_PATH=$LIBTORCH/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
WORKER_FEATURES=utnet-worker/torch

# One set of packages and features for every check and test: dependencies are compiled once.
CARGO_SET=(--release --workspace --locked --features "$WORKER_FEATURES")

APT_PACKAGES="python3-venv clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32"

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# need TOOL HINT: fails, naming the tool and how to get it.
need() {
  command -v "$1" >/dev/null 2>&1 || die "$1 is missing: $2"
}

TIMINGS=()

# step NAME COMMAND...: runs it, notes how long it took, stops the script when it fails.
step() {
  local name=$1 started=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if ! "$@"; then
    printf '\n%s failed after %d s\n' "$name" $((SECONDS - started)) >&2
    return 1
  fi
  TIMINGS+=("$(printf '%5d s  %s' $((SECONDS - started)) "$name")")
}

# Where the time went, one line a step.
print_timings() {
  printf '\nWhere the time went:\n'
  ((${#TIMINGS[@]})) && printf '  %s\n' "${TIMINGS[@]}"
  printf '  %5d s  in all\n' "$SECONDS"
}

install_npm() {
  need npm "install Node.js 20 or newer"
  if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  else
    echo "node_modules is up to date"
  fi
  [ -x "$FORGE" ] || die "npm ci brought no forge binary at ${FORGE#"$ROOT"/}: only linux-amd64 is supported"
}

install_apt() {
  local missing=()
  for package in $APT_PACKAGES; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    echo "Debian packages are installed"
  elif [ "$(id -u)" = 0 ]; then
    apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
  else
    die "run this as root, then start again: apt-get install ${missing[*]}"
  fi
}

install_toolchain() {
  need cargo "install Rust by rustup; rust-toolchain.toml names the version"
  need cc "install gcc"
  need python3 "install python3"
  cargo --version
}

# Everything that is not compiled here.
install_all() {
  step "Toolchain" install_toolchain
  step "Debian packages" install_apt
  step "npm packages" install_npm
  step "libtorch" scripts/libtorch
  step "WASM guests" scripts/guests
}

# install_python PACKAGE==VERSION...: tools from PyPI in a venv of ours; `$VENV/bin` holds their programs.
VENV=$ROOT/.venv
install_python() {
  [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV" || return 1
  local package missing=()
  for package in "$@"; do
    [ -n "$(compgen -G "$VENV/lib/python*/site-packages/$(tr '-' '_' <<<"${package%%==*}")-${package##*==}.dist-info")" ] || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || "$VENV/bin/pip" install -q "${missing[@]}"
}
