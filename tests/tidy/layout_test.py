#!/usr/bin/env python3
"""layout_test: every C file is laid out as clang-format 14 lays it out by
.clang-format; another version would see things in its own way, so that the
test is skipped (exit 77).

Ends with "N passed, N failed".
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERSION = 14
SKIP = 77


def version():
    """The major version of clang-format; None: there is none."""
    try:
        said = subprocess.run(["clang-format", "--version"], text=True,
                              capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(re.search(r"version (\d+)", said).group(1))


def sources():
    """Every C file of the tree, wherever git is or is not."""
    for top in ("src", "include", "tests", "examples"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield str(path.relative_to(ROOT))


def main():
    """Exit status 0, 1, or 77."""
    if version() != VERSION:
        print(f"skipped: clang-format {VERSION} is wanted, here is "
              f"{version() or 'none'}")
        return SKIP
    done = subprocess.run(["clang-format", "--dry-run", *sources()], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    wrong = sorted({line.rsplit(": warning: ", 1)[0].rsplit(":", 1)[0]
                    for line in done.stderr.splitlines()
                    if "clang-format-violations" in line})
    for place in wrong:
        print(f"{place}: not laid out by clang-format; `make format` does it")
    failed = bool(wrong) or done.returncode != 0
    print(f"{int(not failed)} passed, {int(failed)} failed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
