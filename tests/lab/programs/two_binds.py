#!/usr/bin/env python3
"""two_binds.py: one process with several ports, of which it binds one twice.
"""
import errno
import socket
import sys


def say(line):
    """In one write."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


server = socket.socket()
server.bind(("", 7788))
many = [socket.socket() for _ in range(2)]
for s, port in zip(many, (7786, 7787)):
    s.bind(("", port))
try:
    socket.socket().bind(("", 7788))
except OSError as e:
    say(f"7788 again: {errno.errorcode[e.errno]}")
ephemeral = socket.socket()
ephemeral.bind(("", 0))
given = ephemeral.getsockname()[1]
say(f"given an ephemeral one: {given >= 49152}")
for s in [server] + many:
    s.listen(1)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("", 7786))
while True:
    server.accept()[0].close()
