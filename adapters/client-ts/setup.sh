#!/usr/bin/env bash
# Installs what the package is built and tested with, at the versions of package-lock.json. Does nothing, and needs no
# network, when that is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Node's own packages bring npm along; Debian's do not.
command -v npm >/dev/null || bash ../../deploy/setup.sh node
exec 9>.setup.lock
flock 9 # two tests may come at once
stamp=node_modules/.installed-lock.json
cmp -s package-lock.json "$stamp" && exit 0
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}
cp package-lock.json "$stamp"
