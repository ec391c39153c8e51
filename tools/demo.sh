#!/bin/sh
# demo.sh CAUSEWAY: two ordinary programs talk over a link that loses a
# packet; then the ladder of what happened.
set -eu
causeway=$1
cd "$(dirname "$0")/.."
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
XDG_STATE_HOME=$state
export XDG_STATE_HOME

run() {
    echo
    echo "\$ $*"
    shift
    "$causeway" "$@"
}

run causeway lab --delay 20ms --drop 'data 1' -- \
    python3 examples/tcp_server.py 12000 : \
    python3 examples/tcp_client.py h1 12000 "hello transport layer"
run causeway ladder
