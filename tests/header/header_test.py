#!/usr/bin/env python3
"""header_test [--own]: each public header compiles alone, twice in a row, as
C11 and as C++17, with gcc and with clang; with --own, each header under src/
compiles alone as the C that the sources are written in.

Ends with "N passed, N failed, N skipped"; a compiler that is not here is
skipped.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STRICT = ["-fsyntax-only", "-pedantic", "-Wall", "-Wextra", "-Wconversion",
          "-Wundef", "-Werror", "-I" + str(ROOT / "include")]
OWN = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
       "-I" + str(ROOT / "include"), "-I" + str(ROOT / "src")]
COMPILERS = [
    ["gcc", "-std=c11", "-x", "c"],
    ["clang", "-std=c11", "-x", "c"],
    ["g++", "-std=c++17", "-x", "c++"],
    ["clang++", "-std=c++17", "-x", "c++"],
]


def text_of(header):
    """Twice, for the guard; then something, as pedants want."""
    return f"#include <{header}>\n#include <{header}>\nint here;\n"


def compile_text(argv, text):
    """What the compiler says, or None."""
    done = subprocess.run([*argv, "-"], input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout or "failed" if done.returncode else None


def public():
    headers = sorted((ROOT / "include" / "causeway").glob("*.h"))
    return [(compiler + STRICT, f"causeway/{header.name}")
            for compiler in COMPILERS for header in headers]


def own():
    source = ROOT / "src"
    return [(["gcc", "-std=gnu11", "-x", "c", *OWN],
             str(header.relative_to(source)))
            for header in sorted(source.rglob("*.h"))]


def main():
    jobs = own() if "--own" in sys.argv else public()
    here = [job for job in jobs if shutil.which(job[0][0])]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda job: compile_text(job[0], text_of(job[1])),
                           here)
        for (argv, header), answer in zip(here, answers):
            failed += answer is not None
            if answer:
                print(f"{' '.join(argv[:2])}: {header}:\n{answer}")
    # A header with a mistake must be found, or none of this says anything.
    for compiler in {tuple(job[0]) for job in here}:
        if compile_text(compiler, "int f(int a) { return a; }}\n") is None:
            failed += 1
            print(f"{' '.join(compiler[:2])} accepts anything")
    print(f"{len(here) - failed} passed, {failed} failed, "
          f"{len(jobs) - len(here)} skipped")
    sys.exit(failed > 0)


main()
