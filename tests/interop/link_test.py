#!/usr/bin/env python3
"""link_test CAUSEWAY: `causeway link` between two namespaces of the kernel:
what is sent arrives, what shall be lost is, times and rates are kept, and it
says so.

Ends with "N passed, N failed"; exit 77 if it cannot be done here.
"""
import os
import signal
import subprocess
import sys
import time

import between
import rig

CAUSEWAY = os.path.abspath(sys.argv[1])


def want(what, got, right):
    if got != right:
        raise rig.Failed(f"{what}: {got!r}, not {right!r}")


def transfer(b, size, family=4):
    """By hash; how long it took."""
    b.connect(family)
    began = time.monotonic()
    b.right.start("receive")
    sent = b.left("send", seed=1, size=size)
    want("what arrived", b.right.result(), [size, sent])
    took = time.monotonic() - began
    b.left("close")
    b.right("close")
    return took


def perfect():
    b = between.Between(CAUSEWAY, [])
    for family in (4, 6):
        transfer(b, 3_000_000, family)
    said, _ = b.end()
    want("lost", [sum(way["lost"].values()) for way in said["ways"]], [0, 0])
    want("all arrived", [way["arrived"] == way["sent"] > 1000
                         for way in said["ways"]], [True, True])
    want("ends", [way["from"] for way in said["ways"]], list(between.NAMES))


def round_trip():
    """The SYN and its answer take a round trip, and no less."""
    b = between.Between(CAUSEWAY, ["--delay", "30ms"])
    b.connect()                 # they know each other now
    b.left("close")
    b.right("close")
    port = b.right("listen", host=between.ADDR[4][1])
    began = time.monotonic()
    b.left("connect", host=between.ADDR[4][1], port=port)
    took = time.monotonic() - began
    b.end()
    if not 0.06 <= took < 1:
        raise rig.Failed(f"connect() took {took:.3f} s")


def rate():
    """8 Mbit/s: a second and more for a megabyte, its headers included."""
    b = between.Between(CAUSEWAY, ["--rate", "8mbit", "--back", "delay 1ms"])
    took = transfer(b, 1_000_000)
    b.end()
    if not 1.04 <= took < 5:
        raise rig.Failed(f"1 MB took {took:.3f} s")


def loss():
    b = between.Between(CAUSEWAY, ["--loss", "5%", "--reorder", "2%",
                                   "--duplicate", "2%", "--corrupt", "1%",
                                   "--seed", "7"])
    transfer(b, 300_000)
    (there, back), said = (lambda r: (r[0]["ways"], r[1]))(b.end())
    want("seeds count", there["lost"]["link-random"] > 3
         and back["lost"]["link-random"] > 0, True)
    want("told", "random loss" in said, True)
    want("the sum", there["sent"] + there["duplicated"]
         - there["lost"]["link-random"] - there["arrived"] < 100, True)


def rule():
    """The second segment of one direction, and nothing else."""
    b = between.Between(CAUSEWAY, ["--drop", "left>right data 2"])
    transfer(b, 20_000)
    there, back = b.end()[0]["ways"]
    want("one rule hit", (there["lost"]["link-rule"],
                          back["lost"]["link-rule"]), (1, 0))


def device_goes():
    b = between.Between(CAUSEWAY, [])
    between.inside(b.pids[0], "ip", "link", "delete", "left")
    _, said = b.link.communicate(timeout=rig.LIMIT)
    want("status", b.link.returncode, 1)
    want("said", said.count("tap:left is gone"), 1)


def silent():
    """Nobody is there: said.  The banner tells that signals are heeded."""
    link = subprocess.Popen(
        [CAUSEWAY, "link", "--dev", "tap:x0", "--dev", "tap:x1"], text=True,
        stderr=subprocess.PIPE)
    want("banner", "^C ends it" in link.stderr.readline(), True)
    link.send_signal(signal.SIGINT)
    _, said = link.communicate(timeout=rig.LIMIT)
    want("said", said.count("nothing came from"), 2)


CASES = (perfect, round_trip, rate, loss, rule, device_goes, silent)


def run_cases():
    failed = 0
    rig.ip("link", "set", "lo", "up")
    for case in CASES:
        try:
            case()
        except (rig.Failed, rig.Refused, OSError) as error:
            failed += 1
            print(f"FAILED: {case.__name__}: {error}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed > 0


def main():
    if len(sys.argv) > 2:
        return run_cases()
    return rig.again_inside("link", "inside")


if __name__ == "__main__":
    sys.exit(main())
