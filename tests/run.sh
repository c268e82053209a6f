#!/usr/bin/env bash
# Everything that is tested, in one command on a fresh Debian 12: packages, release build, all tests but bench and long
# fuzz, then the unit, store and http tests again under AddressSanitizer and UBSan, then each fuzz program for some seconds.
#
#   bash tests/run.sh [--quick]      --quick leaves the sanitizer build, fuzzing and the fault tests out
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=no
for argument in "$@"; do
    case "$argument" in
    --quick) quick=yes ;;
    --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "run.sh: unknown option '$argument' (there is --quick)" >&2; exit 2 ;;
    esac
done

started=$SECONDS
jobs="$(nproc)"
mkdir -p build
step() { printf '\n== %s (%d s)\n' "$1" "$((SECONDS - started))"; }

# A build prints its warnings and errors only; the whole text stays in the log.
build() {
    local preset="$1"
    cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || { cat "build/$preset-configure.log"; return 1; }
    cmake --build --preset "$preset" -j "$jobs" >"build/$preset-build.log" 2>&1 || {
        grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Generating|Re-checking|Automatic)' "build/$preset-build.log" | tail -100
        return 1
    }
}

# Runs ctest, shows it, keeps its closing line ("100% tests passed, 0 tests failed out of 42").
closing=()
failed=no
run_ctest() {
    local name="$1" log="build/$1-ctest.log"
    shift
    ctest --output-on-failure --no-tests=error -j "$jobs" "$@" 2>&1 | tee "$log" || failed=yes
    closing+=("$(grep -E '^[0-9]+% tests passed' "$log" || echo "$name: no test was run")")
}

step "packages"
bash deploy/setup.sh build run lint security
bash adapters/client-ts/setup.sh

step "release build"
build release

skip=(-LE 'bench|fuzz_long')
[[ $quick == no ]] || skip=(-LE 'bench|fuzz_long|fault')
step "tests"
run_ctest release --test-dir build/release "${skip[@]}"

if [[ $quick == no ]]; then
    step "AddressSanitizer and UBSan build"
    build asan
    step "unit, store and http tests under the sanitizers"
    run_ctest asan --test-dir build/asan -L 'unit|store|http'

    step "fuzz programs (clang)"
    build fuzz
    step "each fuzz program over its seeds, and some seconds beyond"
    run_ctest fuzz --test-dir build/fuzz -L '^fuzz$'
fi

step "done"
if [[ $quick == no ]]; then
    printf 'ASan + UBSan: %s\n' "${closing[1]}"
    printf 'fuzz: %s\n' "${closing[2]}"
fi
printf '%s\n' "${closing[0]}"
[[ $failed == no ]]
