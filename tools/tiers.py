"""tiers: what each tier of tests runs, in order.  Add a step here.

Meson(tier, title, build directory, options, environment, suites) builds
and runs meson suites; Command(tier, title, build, argv) runs a program that
ends with "N passed, N failed" or answers by its exit status (77: skipped).
"""
import collections
import os

Meson = collections.namedtuple("Meson", "tier title build options env suites")
Command = collections.namedtuple("Command", "tier title build argv")

SECONDS = os.environ.get("FUZZ_SECONDS", "60")
FUZZ = ["tools/fuzz.sh", "build"], ["tools/fuzz.sh", SECONDS]
BRIEF = ["tools/fuzz.sh", "build"], ["tools/fuzz.sh", SECONDS, "brief"]

# Many tests wait rather than work, so more of them run than there are
# processors.  Meson would have fresh memory filled, too, which costs more than
# the fast tests do.
MANY = {"MESON_TESTTHREADS": "6"}
HURRY = {"MALLOC_PERTURB_": "0", "MESON_TESTTHREADS": "4"}

STEPS = [
    Meson("fast", "gcc", "build", [], HURRY, ["fast"]),

    Meson("full", "gcc", "build", ["-Dwerror=true"], MANY, ["fast", "full"]),
    Meson("full", "clang, ASan and UBSan", "build-asan",
          ["-Dwerror=true", "-Dparanoid=true", "-Db_lundef=false",
           "-Db_sanitize=address,undefined"],
          {"CC": "clang", **MANY}, ["fast", "full"]),
    Command("full", "clang, release: the same packets",
            ["tools/clang_same.sh", "build"], ["tools/clang_same.sh"]),
    Command("full", "fuzzing", *BRIEF),

    Command("fuzz", "fuzzing", *FUZZ),
]
