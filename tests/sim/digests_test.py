#!/usr/bin/env python3
"""digests_test CAUSEWAY [--update]: the packets of random worlds, hashed with
their times, are those of digests.txt: whichever compiler built it and
whatever fresh memory holds.

Ends with "N passed, N failed".
"""
import os
import pathlib
import subprocess
import sys

GOLDEN = pathlib.Path(__file__).with_name("digests.txt")
SEEDS = "1..20"


def digests(causeway, perturb):
    env = {**os.environ, "MALLOC_PERTURB_": perturb}
    done = subprocess.run([causeway, "sim", "--digests", "--seeds", SEEDS],
                          env=env, text=True, stdout=subprocess.PIPE,
                          check=True)
    return done.stdout


def main():
    causeway = sys.argv[1]
    if "--update" in sys.argv:
        GOLDEN.write_text(digests(causeway, "0"))
    golden = GOLDEN.read_text()
    failed = 0
    for perturb in ("0", "90", "165"):
        if digests(causeway, perturb) != golden:
            failed += 1
            print(f"other digests with MALLOC_PERTURB_={perturb}; "
                  "--update writes them")
    print(f"{3 - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
