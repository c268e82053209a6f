#!/usr/bin/env bash
# Installs the Debian 12 packages of the groups named (deploy/packages.txt). Does nothing, and needs no network and no
# root, when all of them are there already.
#
#   bash deploy/setup.sh [build] [run] [lint] [security] [bench] [node]      no group = build and run
set -euo pipefail
list="$(dirname "${BASH_SOURCE[0]}")/packages.txt"
groups=("$@")
[[ ${#groups[@]} -gt 0 ]] || groups=(build run)

for group in "${groups[@]}"; do
    grep -q "^$group " "$list" || {
        echo "setup.sh: no group '$group' in packages.txt (there are: $(sed -n 's/^\([a-z]*\) .*/\1/p' "$list" | sort -u | paste -sd' '))" >&2
        exit 2
    }
done

is_installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

missing=()
while read -r group package _; do
    [[ " ${groups[*]} " == *" $group "* ]] || continue
    is_installed "$package" || missing+=("$package")
done < <(grep -v '^#' "$list")
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || {
        echo "setup.sh: these packages are missing, and there is neither root nor sudo to install them: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "setup.sh: installing ${missing[*]}" >&2
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
run_quietly() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        echo "setup.sh: '$*' failed" >&2
        exit 1
    }
}
run_quietly apt-get update -q
run_quietly apt-get install -qy --no-install-recommends "${missing[@]}"
