#!/usr/bin/env python3
"""fastopen_test CAUSEWAY: unmodified programs that ask for Fast Open
(TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, MSG_FASTOPEN): the first connection brings the cookie,
the second its data with the SYN, whatever the link loses.

Ends with "N passed, N failed".
"""
import os
import subprocess
import sys
import tempfile

SERVER = """
import socket
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, 23, 5)
s.bind(("", 7000))
s.listen(5)
for i in range(2):
    c, peer = s.accept()
    c.sendall(c.recv(100).upper())
    c.close()
"""
CLIENT = """
import socket
for i in range(2):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, 30, 1)
    s.connect(("10.0.0.1", 7000))
    s.sendall(b"hello")
    assert s.recv(100) == b"HELLO"
    s.close()
"""
SENDER = """
import socket
for i in range(2):
    s = socket.socket()
    n = s.sendto(b"hello", socket.MSG_FASTOPEN, ("10.0.0.1", 7000))
    assert n == 5, n
    assert s.recv(100) == b"HELLO"
    try:
        s.sendto(b"x", socket.MSG_FASTOPEN, ("10.0.0.1", 7000))
        raise SystemExit("it is connected")
    except OSError as e:
        assert e.errno == 106, e
    s.close()
"""


def lab(causeway, options, client, where):
    """The ladder of a lab; raises if a program did not end well."""
    env = dict(os.environ, XDG_STATE_HOME=where)
    subprocess.run([causeway, "lab", *options, "--", sys.executable, "-c",
                    SERVER, ":", sys.executable, "-c", client],
                   env=env, check=True, capture_output=True, timeout=60)
    return subprocess.run([causeway, "ladder"], env=env, check=True,
                          capture_output=True, text=True).stdout


def main():
    failed = 0
    cases = {
        "data with the second SYN": (CLIENT, [], ["─ SYN 0 ─", "─ SYN 0:5 \"hello\" ─"]),
        "a send that connects": (SENDER, [], ["─ SYN 0 ─", "─ SYN 0:5 \"hello\" ─"]),
        "the SYN with data is lost": (CLIENT, ["--drop", "h2>h1 syn 2"],
                                      ["SYN 0:5 \"hello\" ──", "lost: rule", "SYN 0 again",
                                       "PSH 1:6 ack 1 again"]),
    }
    for name, (client, options, wants) in cases.items():
        try:
            with tempfile.TemporaryDirectory() as where:
                said = lab(sys.argv[1], options, client, where)
            missing = [want for want in wants if want not in said]
        except (subprocess.SubprocessError, OSError) as e:
            said, missing = str(e), ["a lab that ends well"]
        if missing:
            failed += 1
            print(f"{name}: no {missing[0]} in\n{said}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
