#!/bin/sh
# run.sh: runs a program of this directory as a server and a client.
#
#     run.sh native PROGRAM HOST [CASE ...]
#     run.sh "lab OPTIONS" PROGRAM HOST [CASE ...]      $CAUSEWAY is ours
#
# HOST is the server's address as the client sees it.
mode=$1 prog=$2 host=$3
shift 3
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
CALL_STEPS=$dir/steps
export CALL_STEPS
mkfifo "$CALL_STEPS.up" "$CALL_STEPS.down" || exit 2

case $mode in
native)
    "$prog" server "$host" "$@" &
    server=$!
    "$prog" client "$host" "$@"
    status=$?
    wait "$server" || status=1
    ;;
*)
    # The word splitting of the options is wanted.
    # shellcheck disable=SC2086
    "$CAUSEWAY" $mode --quiet --no-record --timeout 120s -- \
        "$prog" server "$host" "$@" : "$prog" client "$host" "$@"
    status=$?
    ;;
esac
[ "$status" = 0 ] || echo "FAILED: $mode: $prog $host $*" >&2
exit "$status"
