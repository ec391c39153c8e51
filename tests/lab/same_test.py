#!/usr/bin/env python3
"""same_test CAUSEWAY [--update]: labs of built-in endpoints in virtual time
give the same recording byte for byte: run after run, whatever fresh memory
holds, and (by the hashes in same_test.txt) whichever compiler built it; and
`causeway replay --check` finds every packet again.

Ends with "N passed, N failed".
"""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).with_suffix(".txt")

LABS = {
    "echo": "--delay 20ms -- @upper 1000 : @send h1 1000 hello",
    "loss": "--delay 20ms --drop 'data 1' -- "
            "@upper 1000 : @send h1 1000 hello",
    "bulk": "--seed 7 --delay 20ms --loss 3% -- @sink 9 : @source h1 9 1MB",
    "storm": "--seed 3 --delay 20ms --loss 2% --reorder 5% --duplicate 3% "
             "--corrupt 1% -- @sink 9 : @source h1 9 300kB",
    "rate": "--seed 4 --delay 10ms --rate 5mbit --queue 20p -- "
            "@sink 9 : @source h1 9 500kB",
    "six": "--seed 5 --delay 5ms --loss 2% -- "
           "@sink 9 : @source fd00::1 9 100kB",
    "udp": "--seed 6 --delay 20ms --loss 10% -- "
           "@udp-upper 53000 : @udp-send -t 1s h1 53000 one two three",
    "hello": "--delay 20ms --arp -- @hello 1000 : @recv h1 1000",
    "three": "--seed 9 --delay 3ms --loss 1% -- "
             "@sink 9 : @source h1 9 50kB : @source h1 9 50kB",
    "refused": "--delay 20ms -- @upper 1000 : @send h1 1001 hello",
}


def run(causeway, words, file, perturb):
    """The recording's bytes and the answer's output."""
    env = {**os.environ, "MALLOC_PERTURB_": perturb}
    command = f"{causeway} lab --clock virtual --record {file} {words}"
    done = subprocess.run(["sh", "-c", command], env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    out = re.sub(r" in \d+\.\d\d s", " in T s", done.stdout)
    return file.read_bytes(), f"{out}{done.returncode}"


def check(causeway, name, words, directory, golden):
    """What is wrong with this lab, or None."""
    file = directory / f"{name}.pcapng"
    first, said = run(causeway, words, file, "0")
    for perturb in ("0", "90", "165"):
        again, said_again = run(causeway, words, file, perturb)
        if again != first:
            return f"another recording with MALLOC_PERTURB_={perturb}"
        if said_again != said:
            return f"another output: {said_again} and before {said}"
    digest = hashlib.sha256(first).hexdigest()
    if golden.setdefault(name, digest) != digest:
        return f"not the recording of same_test.txt:\n{said}"
    done = subprocess.run([causeway, "replay", "--check", str(file)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return None if done.returncode == 0 else f"replay: {done.stdout}"


def main():
    causeway = sys.argv[1]
    update = "--update" in sys.argv
    golden = {}
    if not update:
        golden = dict(line.split() for line
                      in GOLDEN.read_text().splitlines())
        missing = set(LABS) - set(golden)
        if missing:
            sys.exit(f"same_test.txt lacks {missing}: run with --update")
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, words in LABS.items():
            wrong = check(causeway, name, words, pathlib.Path(directory),
                          golden)
            failed += wrong is not None
            if wrong:
                print(f"{name}: {words}\n    {wrong}")
    if update:
        GOLDEN.write_text("".join(f"{name} {digest}\n" for name, digest
                                  in sorted(golden.items())))
    print(f"{len(LABS) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
