#!/usr/bin/env python3
"""window.py sink PORT | window.py send HOST PORT: a stream whose receiver has
room for about 4000 bytes, in segments of at most 1000.
"""
import socket
import sys

s = socket.socket()
if sys.argv[1] == "sink":
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1012)
    s.bind(("", int(sys.argv[2])))
    s.listen(1)
    peer, _ = s.accept()
    total = 0
    while data := peer.recv(65536):
        total += len(data)
    sys.stdout.write(f"{total} bytes\n")
else:
    s.connect((sys.argv[2], int(sys.argv[3])))
    s.sendall(b"0123456789" * 1200)
s.close()
