#!/usr/bin/env python3
"""The textbook's TCP client: sends one line, prints the answer.

    tcp_client.py HOST [PORT]
"""
import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 12000
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((host, port))
sentence = sys.stdin.readline().rstrip("\n") or "hello transport layer"
client.send(sentence.encode())
answer = client.recv(1048)
print("From Server:", answer.decode(), flush=True)
client.close()
