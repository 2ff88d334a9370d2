#!/bin/sh
# Proves that contracts/abi is what contracts/src compiles to; fails and names the first stale file.
set -eu
cd "$(dirname "$0")/.."
[ -d node_modules/solc ] || { echo "check-abi: node_modules/solc is missing: run npm ci" >&2; exit 1; }
# COMPILER names a binary that is built already; without it cargo builds one.
if [ -n "${COMPILER:-}" ]; then exec "$COMPILER" --check; fi
cargo run --quiet --release --locked -p utnet-compile -- --check
