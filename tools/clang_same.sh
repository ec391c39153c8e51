#!/bin/sh
# clang_same.sh [build]: what clang builds, optimised, sends the same packets.
set -eu
cd "$(dirname "$0")/.."
meson=$(test -x /usr/bin/meson && echo /usr/bin/meson || echo meson)
[ -f build-clang/build.ninja ] || CC=clang $meson setup build-clang \
    -Dtests=disabled -Dwerror=true --buildtype=release >/dev/null
ninja -C build-clang --quiet causeway
[ "${1-}" != build ] || exit 0
tests/lab/same_test.py build-clang/causeway
tests/sim/digests_test.py build-clang/causeway
tests/sim/golden.py build-clang/causeway --table completion
