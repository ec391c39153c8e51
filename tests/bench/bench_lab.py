#!/usr/bin/env python3
"""bench_lab CAUSEWAY BULK: one ordinary program sends to another: over the
kernel's loopback, and under `causeway lab` with and without recording.

Ends with 1 if the fast way is below 1 Gbit/s.
"""
import os
import subprocess
import sys
import tempfile

SECONDS = "2"
PORT = "9527"


def rate(output):
    count, took = output.split("|")[-1].split()
    return int(count) * 8 / float(took) / 1e9


def in_lab(causeway, bulk, options):
    done = subprocess.run(
        [causeway, "lab", "-q", *options, "--", bulk, "serve", PORT, ":",
         bulk, "send", "h1", PORT, SECONDS],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        check=True, timeout=60)
    return rate(done.stdout)


def natively(bulk):
    server = subprocess.Popen([bulk, "serve", PORT])
    try:
        while True:          # until it listens
            done = subprocess.run(
                [bulk, "send", "127.0.0.1", PORT, SECONDS], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            if done.returncode == 0:
                return rate(done.stdout)
            if server.poll() is not None:
                sys.exit("bench_lab: the server has ended")
    finally:
        server.kill()
        server.wait()


def main():
    causeway, bulk = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        fast = in_lab(causeway, bulk, ["--fast"])
        print(f"two programs in a lab, --fast        {fast:6.2f} Gbit/s")
        print("two programs in a lab, --no-record   "
              f"{in_lab(causeway, bulk, ['--no-record']):6.2f} Gbit/s")
        print("two programs in a lab, recorded      "
              f"{in_lab(causeway, bulk, []):6.2f} Gbit/s")
        whole = os.path.join(state, "whole.pcapng")
        print("two programs in a lab, all recorded  "
              f"{in_lab(causeway, bulk, ['--record', whole]):6.2f} Gbit/s")
        print("the same over the kernel's loopback  "
              f"{natively(bulk):6.2f} Gbit/s")
    sys.exit(fast < 1)


main()
