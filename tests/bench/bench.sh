#!/usr/bin/env bash
# Builds the release program, installs what it is compared with, and prints the table of tests/bench/README.md.
#
#   bash tests/bench/bench.sh [--quick] [--only check,send,cycle,memory]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bash deploy/setup.sh build run bench
mkdir -p build
{ cmake --preset release && cmake --build --preset release --target cpgw libcsv_bench -j "$(nproc)"; } >build/bench-build.log 2>&1 || {
    tail -40 build/bench-build.log
    exit 1
}
PYTHONDONTWRITEBYTECODE=1 CPGW=build/release/cpgw exec python3 tests/bench/bench.py --libcsv build/release/libcsv_bench "$@"
