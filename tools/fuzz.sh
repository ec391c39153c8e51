#!/bin/sh
# fuzz.sh SECONDS|build [brief]: builds the fuzz targets with libFuzzer and runs
# each for that long from its corpus in tests/fuzz/corpus/NAME; `brief`: those
# that are not about segments for a twelfth of it.  Ends with "N passed, N
# failed"; a crash is left in build-fuzz/crash-NAME-*.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60} brief=${2:-}
long='adversary frames print run'
meson=$(test -x /usr/bin/meson && echo /usr/bin/meson || echo meson)

if ! [ -f tests/fuzz/meson.build ]; then
    echo "no fuzz targets"
    exit 77
fi
[ -f build-fuzz/build.ninja ] || CC=clang $meson setup build-fuzz \
    -Dtests=enabled -Dfuzz=true -Dparanoid=true -Db_lundef=false \
    -Db_sanitize=address,undefined >/dev/null
ninja -C build-fuzz --quiet fuzz-programs
[ "$seconds" != build ] || exit 0
short=$seconds
[ -z "$brief" ] || short=$(((seconds + 11) / 12))

# One target; its inputs so far are kept in the build directory.
fuzz() {
    name=${1##*/fuzz_}
    grown=build-fuzz/corpus/$name
    known=tests/fuzz/corpus/$name
    [ -d "$known" ] || known=
    mkdir -p "$grown"
    "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -verbosity=0 -max_len=4096 -len_control=0 -entropic=0 \
        -artifact_prefix="build-fuzz/crash-$name-" \
        "$grown" $known >"build-fuzz/$name.log" 2>&1
}

# Four at a time: the minute is the clock's; `make fuzz FUZZ_SECONDS=600` is for
# long runs.
passed=0 failed=0 running=
finish() {
    for one in $running; do
        name=${one#*:}
        if wait "${one%%:*}"; then
            passed=$((passed + 1))
            sed -n 's/^stat::number_of_executed_units: */'"$name"': inputs: /p' \
                "build-fuzz/$name.log"
        else
            failed=$((failed + 1))
            tail -n 60 "build-fuzz/$name.log"
            echo "again: build-fuzz/tests/fuzz/fuzz_$name build-fuzz/crash-$name-*"
        fi
    done
    running=
}
begin() { # name seconds
    fuzz "build-fuzz/tests/fuzz/fuzz_$1" "$2" &
    running="$running $!:$1"
    set -- $running
    [ $# -lt 4 ] || finish
}
for name in $long; do
    begin "$name" "$seconds"
done
finish
for target in build-fuzz/tests/fuzz/fuzz_*; do
    name=${target##*/fuzz_}
    [ -f "$target" ] && [ -x "$target" ] || continue
    case " $long " in *" $name "*) continue ;; esac
    begin "$name" "$short"
done
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
