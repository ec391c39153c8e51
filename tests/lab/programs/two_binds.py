#!/usr/bin/env python3
"""two_binds.py: one process with several ports, one of them bound twice; the
last one that it serves is 7788.
"""
import errno
import socket

many = [socket.socket() for _ in range(2)]
for s, port in zip(many, (7786, 7787)):
    s.bind(("", port))
    s.listen(5)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("", 7786))
server = socket.socket()
server.bind(("", 7788))
server.listen(1)
try:
    socket.socket().bind(("", 7788))
except OSError as e:
    print("7788 again:", errno.errorcode[e.errno], flush=True)
ephemeral = socket.socket()
ephemeral.bind(("", 0))
print("given:", ephemeral.getsockname()[1] >= 49152, flush=True)
while True:
    server.accept()[0].close()
