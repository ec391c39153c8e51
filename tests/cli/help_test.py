#!/usr/bin/env python3
"""help_test CAUSEWAY VERB...: every command has its help, short and long, and
its man page (the verbs of the build), which groff formats without a word; a
command that does not exist is named with its neighbour.

Ends with "N passed, N failed".
"""
import shutil
import subprocess
import sys


def run(*argv, text=None):
    return subprocess.run(argv, input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def check(causeway, verb):
    """What is wrong with this command's help, or None."""
    short, full = run(causeway, verb, "-h"), run(causeway, verb, "--help")
    page = run(causeway, "help", "--man", verb)
    if short.returncode or full.returncode or page.returncode:
        return "help exits with an error"
    if f"usage: causeway {verb}" not in short.stdout:
        return "no usage line"
    if short.stdout.count("\n") > 40:
        return "the short help is longer than a screen"
    wide = [line for line in full.stdout.splitlines() if len(line) > 80]
    if wide:
        return f"wider than 80 columns: {wide[0]}"
    if not full.stdout.startswith(short.stdout):
        return "--help does not begin with -h"
    if not shutil.which("groff"):
        return None
    done = run("groff", "-mdoc", "-Tascii", "-ww", "-z", text=page.stdout)
    return done.stderr or None


def main():
    causeway, *verbs = sys.argv[1:]
    overview = run(causeway, "help").stdout
    listed = [line.split()[0] for line in overview.splitlines()
              if line.startswith("  ") and not line.startswith("   ")
              and not line.startswith("  causeway")]
    results = {verb: check(causeway, verb) for verb in listed}
    results["the build's list of verbs"] = (
        None if sorted(listed) == sorted(verbs) else f"{listed} {verbs}")
    wrong = run(causeway, "lader")
    results["a neighbour"] = (None if wrong.returncode == 2
                              and "did you mean ladder?" in wrong.stderr
                              else wrong.stderr)
    for name, error in results.items():
        if error:
            print(f"{name}: {error}")
    failed = sum(error is not None for error in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
