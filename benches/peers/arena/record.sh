#!/usr/bin/env bash
# Runs every program of this folder and keeps its report in docs/records/. Wants a quiet machine.
set -euo pipefail
cd "$(dirname "$0")"
root="$(cd ../../.. && pwd)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
failed=0

record() {
    local name=$1 code=0
    shift
    cargo run --release --bin "peers-$name" "$@" -- --tier release --out "$scratch" || code=$?
    # A broken rule is recorded as well, and told by the exit code.
    if [ "$code" -ne 0 ]; then failed=$code; fi
    {
        echo "# Arenas and counting allocators of others: \`peers-$name\`"
        echo
        sed "s|$root/||g" "$scratch/report.md"
    } > "$root/docs/records/peers-arena-$name.md"
}

record system
record jemalloc
record mimalloc
RUSTFLAGS="-C target-cpu=x86-64-v3" record v3 --target-dir "${CARGO_TARGET_DIR:-target}/v3"
exit "$failed"
