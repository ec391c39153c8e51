#!/bin/sh
# fuzz.sh SECONDS: builds the fuzz targets with libFuzzer and runs each for
# that long from its corpus in tests/fuzz/corpus/NAME.  Ends with "N passed, N
# failed"; a crash is left in build-fuzz/crash-NAME-*.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
meson=$(test -x /usr/bin/meson && echo /usr/bin/meson || echo meson)

if ! [ -f tests/fuzz/meson.build ]; then
    echo "no fuzz targets"
    exit 77
fi
[ -f build-fuzz/build.ninja ] || CC=clang $meson setup build-fuzz \
    -Dtests=enabled -Dfuzz=true -Dparanoid=true -Db_lundef=false \
    -Db_sanitize=address,undefined >/dev/null
ninja -C build-fuzz --quiet

passed=0 failed=0
for target in build-fuzz/tests/fuzz/fuzz_*; do
    [ -f "$target" ] && [ -x "$target" ] || continue
    name=${target##*/fuzz_}
    grown=build-fuzz/corpus/$name
    mkdir -p "$grown" "tests/fuzz/corpus/$name"
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=0 -verbosity=0 -max_len=4096 \
        -artifact_prefix="build-fuzz/crash-$name-" \
        "$grown" "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 60 "build-fuzz/$name.log"
        echo "again: $target build-fuzz/crash-$name-*"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
