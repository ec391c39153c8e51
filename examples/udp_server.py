#!/usr/bin/env python3
"""The textbook's UDP server: answers each datagram in upper case.

    udp_server.py [PORT]
"""
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 1700
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", port))
print("The server is ready to receive", flush=True)
while True:
    message, client = server.recvfrom(2048)
    server.sendto(message.decode().upper().encode(), client)
