#!/bin/sh
# demo.sh CAUSEWAY: two ordinary programs talk over a link that loses a
# packet; then the ladder of what happened.
set -eu
directory=$(cd "$(dirname "$1")" && pwd)
cd "$(dirname "$0")/.."
XDG_STATE_HOME=$(mktemp -d)
trap 'rm -rf "$XDG_STATE_HOME"' EXIT
PATH=$directory:$PATH
export XDG_STATE_HOME PATH

# Says a command and runs it.
run() {
    printf '\n$ %s\n' "$1"
    sh -c "$1" </dev/null
}

run "causeway lab --delay 20ms --drop 'data 1' -- \\
    python3 examples/tcp_server.py 12000 : \\
    python3 examples/tcp_client.py h1 12000"
run "causeway ladder"
