#!/usr/bin/env python3
"""digests_test CAUSEWAY [--update]: the packets of random worlds, hashed with
their times, are those of digests.txt: whichever compiler built it and
whatever fresh memory holds.

Ends with "N passed, N failed".
"""
import collections
import json
import os
import pathlib
import re
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


def logged(causeway):
    """-v prints each packet with its fate, and each event; the world is the
    same."""
    done = subprocess.run([causeway, "sim", "-v", "--json", "--seed", "1"],
                          text=True, stdout=subprocess.PIPE, check=True)
    *lines, last = done.stdout.splitlines()
    result = json.loads(last)
    shown = collections.Counter(
        word for line in lines
        for words in re.findall(r"^\d+\.\d{6} h\d+ (packet) |"
                               r" (state) from=[A-Z1-2-]+ to=[A-Z1-2-]+|"
                               r" link packet \d+: (link-\w+)", line)
        for word in words if word)
    return (f"1 {result['digest']}\n" in GOLDEN.read_text()
            and shown["packet"] == result["packets"]
            and shown["link-arrived"] > 0 and shown["state"] > 10)


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
    if not logged(causeway):
        failed += 1
        print("sim -v: not every packet, or other packets")
    print(f"{4 - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
