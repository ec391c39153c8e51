#!/usr/bin/env python3
"""core_test LIBRARY COMPILER...: the sans-I/O core is what it says.

All its objects in one need nothing from outside but what OUTSIDE lists, and
hold no memory that a program could write.  The same check is fed an object
that breaks each rule, and must say so.

Ends with "N passed, N failed".
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# What the core asks of the C library, and its one way out.
OUTSIDE = {"memcpy", "memmove", "memset", "memcmp", "cw_panic",
           "_GLOBAL_OFFSET_TABLE_"}     # the linker's
# Constants that hold addresses: written by the loader, then read only.
RELOCATED = re.compile(r"^\.data\.rel\.ro(\.|$)")

BAD = {
    "a call of the C library":
        ("#include <stdlib.h>\nconst char *f(void);\n"
         "const char *f(void) { return getenv(\"A\"); }\n", "getenv"),
    "a variable with a value":
        ("int *f(void);\nint *f(void) { static int n = 1; return &n; }\n",
         ".data"),
    "a variable of zeros":
        ("int *f(void);\nint *f(void) { static int n; return &n; }\n",
         ".bss"),
    "a variable of each thread":
        ("int *f(void);\nint *f(void) { static _Thread_local int n;"
         " return &n; }\n", ".tbss"),
    "a table that could be written":
        ("extern const char *t[]; const char *t[] = {\"a\", \"b\"};\n",
         ".data"),
}
GOOD = ("#include <string.h>\nextern const char *const t[];\n"
        "const char *const t[] = {\"a\"};\nvoid f(void *p);\n"
        "void f(void *p) { memset(p, 1, 100000); }\n")


def output_of(*argv):
    return subprocess.run(argv, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def undefined(obj):
    return {line.split()[-1] for line in output_of("nm", "-u", obj)
            .splitlines() if line.strip()}


def writable(obj):
    """Sections with flags W and A that are not empty."""
    row = re.compile(r"^ *\[ *\d+\] (\S+) +\S+ +\S+ +\S+ +(\S+) +\S+ +(\S+)",
                     re.M)
    for name, size, flags in row.findall(output_of("readelf", "-SW", obj)):
        if {"W", "A"} <= set(flags) and int(size, 16) \
                and not RELOCATED.match(name):
            yield name


def faults(obj):
    """What an object that holds all of the core has and should not have."""
    found = [f"undefined: {name}" for name in sorted(undefined(obj) - OUTSIDE)]
    return found + [f"writable: {name}" for name in writable(obj)]


def whole(library, directory):
    obj = str(directory / "core.o")
    subprocess.run(["ld", "-r", "--whole-archive", library, "-o", obj],
                   check=True)
    return obj


def compiled(compiler, text, directory):
    source, obj = directory / "t.c", directory / "t.o"
    source.write_text(text)
    subprocess.run([*compiler, "-O1", "-fPIC", "-c", str(source),
                    "-o", str(obj)], check=True)
    return str(obj)


def check(library, compiler, directory):
    """Each thing that is wrong, and how many were looked at."""
    wrong = []
    core = whole(library, directory)
    if "cw_stack_new" not in output_of("nm", "--defined-only", core):
        wrong.append("the core's library does not hold the core")
    wrong += faults(core)
    found = faults(compiled(compiler, GOOD, directory))
    if found:
        wrong.append(f"no fault, and yet: {found}")
    for what, (text, word) in BAD.items():
        found = faults(compiled(compiler, text, directory))
        if not any(word in fault for fault in found):
            wrong.append(f"not found: {what}")
    return wrong, 2 + len(BAD)


def main():
    with tempfile.TemporaryDirectory() as name:
        wrong, looked = check(sys.argv[1], sys.argv[2:], pathlib.Path(name))
    print(*wrong, sep="\n")
    failed = min(len(wrong), looked)
    print(f"{looked - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
