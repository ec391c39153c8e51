#!/usr/bin/env python3
"""stuck_test CAUSEWAY: a lab in which nothing can happen any more ends with
124 and says who waits for what; one that only takes its time does not. What
is said of a lab that is stopped in the midst of it is what was recorded.

Ends with "N passed, N failed".
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVER = f"python3 {ROOT}/examples/udp_server.py 12000"
CLIENT = f"python3 {ROOT}/examples/udp_client.py h1 12000"

# name, options and programs, status, what is said
CASES = [
    ("real time", f"--drop 'udp 1' -- {SERVER} : {CLIENT}", 124,
     ["nothing can happen any more: h2 python3 (pid ",
      "waits in recvfrom(3)",
      "the datagram to 10.0.0.1:12000 was lost at ", '(rule "udp 1")']),
    ("virtual time", "--clock virtual --drop 'udp 1' -- "
     "@udp-upper 53000 : @udp-send h1 53000 hello", 124,
     ["nothing can happen any more",
      "the datagram to 10.0.0.1:53000 was lost at 0.000000"]),
    ("--timeout", "--timeout 500ms -- sleep 60 : sleep 60", 124,
     ["stopped by --timeout; h1 was still running; h2 was never started"]),
    ("patience", "-- sleep 3 : sleep 3", 0, ["h1 exited 0; h2 exited 0"]),
]


def check(causeway, words, status, said):
    done = subprocess.run(["sh", "-c",
                           f"{causeway} lab --no-record {words}"],
                          stdin=subprocess.DEVNULL, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    lacks = [text for text in said if text not in done.stderr]
    if done.returncode != status or lacks:
        return f"exit {done.returncode}, lacks {lacks}:\n{done.stderr}"
    return None


SINK = """python3 -c 'import socket
s = socket.create_server(("", 9)); c, _ = s.accept()
while c.recv(65536): pass'"""
SOURCE = """python3 -c 'import socket
s = socket.create_connection(("h1", 9))
while 1: s.sendall(bytes(10000))'"""


def check_stopped(causeway):
    """The summary's trace is the recording's, not that of what came after."""
    with tempfile.TemporaryDirectory() as home:
        lab = subprocess.run(
            ["sh", "-c", f"""
             {causeway} lab --record {home}/r --timeout 1s --rate 10mbit \\
                 --delay 5ms -- {SINK} : {SOURCE}
             {causeway} replay --check {home}/r"""],
            stdin=subprocess.DEVNULL, text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    traces = re.findall(r"trace ([0-9a-f]{8})", lab.stderr)
    times = re.findall(r"([0-9.]+) s of network time", lab.stderr)
    if lab.returncode != 0 or len(traces) != 2 or traces[0] != traces[1] \
            or times[0] != times[1]:
        return f"exit {lab.returncode}:\n{lab.stderr}"
    return None


def main():
    wrong = check_stopped(sys.argv[1])
    failed = wrong is not None
    if wrong:
        print(f"stopped: {wrong}")
    for name, words, status, said in CASES:
        wrong = check(sys.argv[1], words, status, said)
        failed += wrong is not None
        if wrong:
            print(f"{name}: {wrong}")
    print(f"{len(CASES) + 1 - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
