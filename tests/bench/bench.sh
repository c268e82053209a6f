#!/usr/bin/env bash
# Builds the release program, installs what it is compared with, and prints the table of tests/bench/README.md.
#
#   bash tests/bench/bench.sh [--quick] [--only check,rules,each,office,huge,send,cycle,memory]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bash deploy/setup.sh build run bench
mkdir -p build
{ cmake --preset release && cmake --build --preset release --target cpgw libcsv_bench check_bench -j "$(nproc)"; } >build/bench-build.log 2>&1 || {
    tail -40 build/bench-build.log
    exit 1
}
# The CSV readers of npm, at the versions of package-lock.json, beside the script that uses them.
npm_folder=build/bench-npm
mkdir -p "$npm_folder"
cp tests/bench/{package.json,package-lock.json,tokenise.js} "$npm_folder"
if command -v npm >/dev/null; then
    npm ci --prefix "$npm_folder" --ignore-scripts --no-audit --no-fund >build/bench-npm.log 2>&1 || {
        tail -20 build/bench-npm.log
        exit 1
    }
else
    echo "bench.sh: there is no npm: its CSV readers are left out" >&2
fi
PYTHONDONTWRITEBYTECODE=1 CPGW=build/release/cpgw exec python3 tests/bench/bench.py --libcsv build/release/libcsv_bench \
    --check-bench build/release/check_bench --tokenise "$npm_folder/tokenise.js" "$@"
