#!/usr/bin/env python3
"""The textbook's TCP server: answers one message in upper case, then closes.

    tcp_server.py PORT
"""
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 12000
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("", port))
server.listen(1)
print("The server is ready to receive", flush=True)
while True:
    connection, address = server.accept()
    sentence = connection.recv(1024).decode()
    connection.send(sentence.upper().encode())
    connection.close()
