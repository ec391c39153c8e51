#!/usr/bin/env python3
"""The textbook's UDP client: sends one line, prints the answer.

    udp_client.py HOST [PORT]
"""
import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 1700
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sentence = sys.stdin.readline().rstrip("\n") or "hello udp"
client.sendto(sentence.encode(), (host, port))
answer, server = client.recvfrom(2048)
print(answer.decode(), flush=True)
client.close()
