#!/usr/bin/env python3
"""restart.py PORT [reuse]: the textbook's server for one client, and its
second start; `reuse`: each time with SO_REUSEADDR.
"""
import socket
import sys


def server():
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if "reuse" in sys.argv:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", int(sys.argv[1])))
    s.listen(1)
    return s


first = server()
connection, _ = first.accept()
connection.send(connection.recv(1024).upper())
connection.close()
first.close()
try:
    server()
    end = "it listens"
except OSError as error:
    end = error.strerror
sys.stdout.write(f"started again: {end}\n")
