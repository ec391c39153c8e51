#!/bin/sh
# setup.sh GROUP...: is what these groups of tools/packages.txt name here?
# As root on Debian it installs what is missing; otherwise it says how to and
# exits 3.
set -eu
here=$(dirname "$0")
[ $# -gt 0 ] || set -- build test

wanted=$(awk -v groups="$*" '
    BEGIN { n = split(groups, g, " "); for (i = 1; i <= n; i++) on[g[i]] = 1 }
    /^# \[/ { name = substr($2, 2, length($2) - 2) }
    /^[a-z]/ && on[name] { print $1 }' "$here/packages.txt")

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: this is no Debian; please see that there are:" $wanted >&2
    for tool in gcc meson ninja python3; do
        command -v $tool >/dev/null 2>&1 || exit 3
    done
    exit 0
fi

missing=
for p in $wanted; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :) in
    installed*) ;;
    *) missing="$missing $p" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup: missing packages; as root:" >&2
    echo "    apt-get update && apt-get install --no-install-recommends -y$missing" >&2
    exit 3
fi

echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install --no-install-recommends -y $missing; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "setup: apt-get failed; the lines above say why" >&2
    exit 3
fi
