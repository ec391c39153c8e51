#!/usr/bin/env python3
"""worlds_test CAUSEWAY [FAULTS]: every placement of up to FAULTS (1) losses,
duplications and swaps in a short connection, for every controller there is,
over IPv4 and IPv6; with one fault for every profile, too.  And what a failing
world would print is a lab that sends the same packets.

Ends with "N passed, N failed".
"""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

CONTROLLERS = ["reno", "cubic", "bbr", "dctcp"]
SHOWN = [0, 1, 3, 44, 101, 165]         # worlds that are run again as labs


def run(argv, **more):
    return subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **more)


def kinds(causeway, faults):
    """The options of each exploration."""
    found = [name for name in CONTROLLERS
             if run([causeway, "sim", "worlds", "--faults", "0", "--cc",
                     name]).returncode == 0]
    for name in found:
        yield ["--cc", name]
        yield ["--cc", name, "--ipv6"]
    if faults == "1":
        yield ["--profile", "strict"]
        yield ["--profile", "classic"]


def explore(causeway, faults, options):
    """Is it right, and how many worlds and seconds was it?"""
    done = run([causeway, "sim", "worlds", "--faults", faults, *options])
    print(f"{' '.join(options)}:\n{done.stdout.rstrip()}", flush=True)
    told = re.search(r": (\d+) worlds, .* in ([\d.]+) s$", done.stdout, re.M)
    if done.returncode or not told:
        return False, 0, 0.0
    return True, int(told[1]), float(told[2])


def replayed(causeway, home):
    """Do labs send what the worlds sent?"""
    lines = run([causeway, "sim", "worlds", "-v"]).stdout.splitlines()
    for line in [lines[i] for i in SHOWN]:
        packets, command = re.match(r"(\d+) packets, .* s: causeway (.*)",
                                    line).groups()
        lab = run([causeway, *shlex.split(command)],
                  env={**os.environ, "XDG_STATE_HOME": home})
        if f"{packets} packets" not in lab.stdout:
            return f"{line}\n{lab.stdout}"
    return None


def main():
    causeway = sys.argv[1]
    faults = sys.argv[2] if len(sys.argv) > 2 else "1"
    failed = passed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda o: explore(causeway, faults, o),
                              kinds(causeway, faults)))
    for right, _, _ in found:
        failed, passed = failed + (not right), passed + right
    print(f"{sum(worlds for _, worlds, _ in found)} worlds in all, "
          f"{sum(seconds for _, _, seconds in found):.1f} s")
    with tempfile.TemporaryDirectory() as home:
        wrong = replayed(causeway, home)
    if wrong:
        print(f"other packets as a lab:\n{wrong}")
    failed, passed = failed + bool(wrong), passed + (not wrong)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
