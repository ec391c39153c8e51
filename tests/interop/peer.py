#!/usr/bin/env python3
"""peer: one end of a connection, on the kernel or under causeway: the same
program.  Standard input brings calls, a JSON line each; each gets a line back.

    {"call": "connect", "host": "10.9.0.1", "port": 5000}
    {"result": ...} or {"error": "ECONNREFUSED"}
"""
import array
import errno
import fcntl
import hashlib
import json
import os
import random
import select
import socket
import struct
import sys
import termios
import threading
import time

LIMIT = 60                      # s, for anything that must happen
CHUNK = 32768


def text(seed, size):
    """The bytes of a seed, in pieces of all kinds of lengths."""
    draw = random.Random(seed)
    while size > 0:
        n = min(size, draw.choice((1, 100, 1447, 1448, 4096, CHUNK)))
        yield draw.randbytes(n)
        size -= n


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Peer:
    """The sockets of this end: a listener, a connection, a datagram port."""

    def __init__(self):
        self.listener = self.conn = self.port = None

    def pid(self):
        return os.getpid()

    # ---- opening and closing -------------------------------------------------

    def listen(self, host, port=0):
        self.listener = socket.create_server(
            (host, port), family=family_of(host), backlog=16,
            reuse_port=False)
        self.listener.settimeout(LIMIT)
        return self.listener.getsockname()[1]

    def listen_fast(self, host):
        """A listener that takes data with a SYN: RFC 7413."""
        port = self.listen(host)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        return port

    def accept(self):
        self.conn, peer = self.listener.accept()
        self.conn.settimeout(LIMIT)
        return list(peer[:2])

    def unlisten(self):
        self.listener.close()

    def connect(self, host, port, source=None, congestion=None):
        self.conn = socket.socket(family_of(host), socket.SOCK_STREAM)
        if congestion:
            self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                                 congestion.encode())
        self.conn.settimeout(LIMIT)
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if source:
            self.conn.bind(("::" if ":" in host else "0.0.0.0", source))
        self.conn.connect((host, port))
        return self.conn.getsockname()[1]

    def connect_fast(self, host, port, seed, size):
        """Opens with the text of a seed; its hash."""
        data = random.Random(seed).randbytes(size)
        self.conn = socket.socket(family_of(host), socket.SOCK_STREAM)
        n = self.conn.sendto(data, socket.MSG_FASTOPEN, (host, port))
        self.conn.sendall(data[n:])
        self.conn.settimeout(LIMIT)
        return hashlib.sha256(data).hexdigest()

    def try_connect(self, host, port):
        with socket.socket(family_of(host), socket.SOCK_STREAM) as s:
            s.settimeout(LIMIT)
            return errno.errorcode.get(s.connect_ex((host, port)), "open")

    def close(self):
        self.conn.close()

    def shutdown(self):
        self.conn.shutdown(socket.SHUT_WR)

    def abort(self):
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.conn.close()

    # ---- bytes -----------------------------------------------------------------

    def send(self, seed, size, end=True):
        """Sends the text of a seed; its hash."""
        digest = hashlib.sha256()
        for piece in text(seed, size):
            digest.update(piece)
            self.conn.sendall(piece)
        if end:
            self.conn.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def receive(self, size=None):
        """Reads until the end, or so many bytes; how many, and the hash."""
        digest, got = hashlib.sha256(), 0
        while size is None or got < size:
            piece = self.conn.recv(CHUNK if size is None
                                   else min(CHUNK, size - got))
            if not piece:
                break
            digest.update(piece)
            got += len(piece)
        return [got, digest.hexdigest()]

    def both(self, seed, size):
        """Sends and receives at once: [hash sent, bytes, hash received]."""
        sent = []
        thread = threading.Thread(
            target=lambda: sent.append(self.send(seed, size)))
        thread.start()
        got = self.receive()
        thread.join()
        if not sent:
            raise OSError(errno.EIO, "the sender failed")
        return sent + got

    def ask(self, seed, rounds):
        """Questions, each answered before the next; the answers' hash."""
        digest, draw = hashlib.sha256(), random.Random(seed)
        for _ in range(rounds):
            question = draw.randbytes(draw.choice((1, 2, 500, 1460, 3000)))
            self.conn.sendall(struct.pack(">I", len(question)) + question)
            answer = self.exactly(len(question))
            if answer != bytes(byte ^ 255 for byte in question):
                raise OSError(errno.EBADMSG, "a wrong answer")
            digest.update(answer)
        self.conn.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def answer(self):
        digest = hashlib.sha256()
        while True:
            head = self.exactly(4)
            if not head:
                return digest.hexdigest()
            answer = bytes(byte ^ 255 for byte in
                           self.exactly(struct.unpack(">I", head)[0]))
            digest.update(answer)
            self.conn.sendall(answer)

    def exactly(self, size):
        got = b""
        while len(got) < size:
            piece = self.conn.recv(size - len(got))
            if not piece:
                return b""
            got += piece
        return got

    def fill(self, seed, size, patience):
        """Sends until nobody has read for a while: how much went, and then
        that it went on.  The whole is the text of the seed."""
        digest, sent, stalled = hashlib.sha256(), 0, 0
        for piece in text(seed, size):
            digest.update(piece)
            while piece:
                ready = select.select([], [self.conn], [], patience)[1]
                if not ready and not stalled:
                    stalled = sent
                    print(json.dumps({"stalled": sent}), flush=True)
                if not ready:
                    select.select([], [self.conn], [], LIMIT)
                self.conn.setblocking(False)
                n = self.conn.send(piece)
                self.conn.settimeout(LIMIT)
                piece, sent = piece[n:], sent + n
        self.conn.shutdown(socket.SHUT_WR)
        return [stalled, digest.hexdigest()]

    def delivered(self):
        """Waits until all that was sent is acknowledged; no event tells it."""
        end, left = time.monotonic() + LIMIT, array.array("i", [1])
        while left[0] and time.monotonic() < end:
            fcntl.ioctl(self.conn, termios.TIOCOUTQ, left)  # SIOCOUTQ
            time.sleep(0.01)
        return left[0] == 0

    def receive_some(self, size):
        """So many bytes of what comes."""
        while size:
            size -= len(self.conn.recv(min(size, CHUNK)))

    def quiet(self, patience):
        """Nothing arrives for a while: true."""
        return not select.select([self.conn], [], [], patience)[0]

    # ---- measured -----------------------------------------------------------------

    def pour(self, seconds):
        """Sends as much as goes until the reader has enough; at most for so
        long, and a second."""
        end, zeros = time.monotonic() + seconds + 1, bytes(1 << 18)
        self.conn.settimeout(0.1)
        while time.monotonic() < end:
            try:
                self.conn.send(zeros)
            except socket.timeout:
                pass
            except (ConnectionResetError, BrokenPipeError):
                break
        self.abort()

    def drain(self, seconds):
        """Reads for so long: how many bytes."""
        end, got = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            if select.select([self.conn], [], [], left)[0]:
                got += len(self.conn.recv(1 << 18))
        self.conn.close()
        return got

    def send_many(self, host, port, count, size, congestion):
        """Connections one after another, each ended by the reader: when each
        was begun."""
        begun = []
        for _ in range(count):
            begun.append(time.monotonic())
            self.connect(host, port, congestion=congestion)
            self.conn.sendall(bytes(size))
            self.conn.recv(1)
            self.conn.close()
        return begun

    def drain_many(self, count, size):
        """When the last byte of each had been read."""
        ended = []
        for _ in range(count):
            self.accept()
            left = size
            while left:
                left -= len(self.conn.recv(left))
            ended.append(time.monotonic())
            self.conn.close()
        self.listener.close()
        return ended

    # ---- urgent, options, facts -------------------------------------------------

    def urge(self, before, byte, after):
        self.conn.sendall(before.encode())
        self.conn.send(byte.encode(), socket.MSG_OOB)
        self.conn.sendall(after.encode())

    def urged(self):
        select.select([], [], [self.conn], LIMIT)
        return self.conn.recv(1, socket.MSG_OOB).decode()

    def option(self, level, name, value):
        self.conn.setsockopt(getattr(socket, level), getattr(socket, name),
                             value)

    def info(self):
        """The first bytes of TCP_INFO: state, ..., options, in bits."""
        raw = self.conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        return {"state": raw[0], "probes": raw[3], "options": raw[5] & 7,
                "ecn": raw[5] & 8 != 0, "syn_data": raw[5] & 32 != 0,
                "mss": struct.unpack_from("=I", raw, 16)[0]}

    def marks(self):
        """Congestion marks, as TCP_INFO of Linux 6.18 has them."""
        raw = self.conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 280)
        raw += bytes(280 - len(raw))
        at = {"ssthresh": 76, "delivered_ce": 196, "received_ce": 248,
              "delivered_ce_bytes": 260, "received_ce_bytes": 272}
        found = {name: struct.unpack_from("=I", raw, place)[0]
                 for name, place in at.items()}
        found["fails"], found["options_seen"] = struct.unpack_from(
            "=HH", raw, 276)
        return {"ecn": raw[5] & 8 != 0, **found}

    def mtu(self, six):
        """Of the path, as far as it is known."""
        level, name = ((socket.IPPROTO_IPV6, 24) if six
                       else (socket.IPPROTO_IP, 14))
        return self.conn.getsockopt(level, name)

    def receive_error(self):
        """What recv() and then the pending error say."""
        try:
            while self.conn.recv(CHUNK):
                pass
            return "end"
        except OSError as error:
            return errno.errorcode.get(error.errno, str(error))

    # ---- datagrams --------------------------------------------------------------

    def bind(self, host):
        self.port = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.port.settimeout(LIMIT)
        self.port.bind((host, 0))
        return self.port.getsockname()[1]

    def echo(self, count):
        """Answers datagrams with their hash and length."""
        for _ in range(count):
            data, peer = self.port.recvfrom(65536)
            self.port.sendto(hashlib.sha256(data).digest() + data[:100], peer)

    def datagrams(self, host, port, sizes):
        draw, wrong = random.Random(1), []
        self.port.connect((host, port))
        for size in sizes:
            data = draw.randbytes(size)
            self.port.send(data)
            if (self.port.recv(65536)
                    != hashlib.sha256(data).digest() + data[:100]):
                wrong.append(size)
        return wrong

    def refused(self, host, port):
        """A datagram to a port where nobody is: the error that comes back."""
        with socket.socket(family_of(host), socket.SOCK_DGRAM) as s:
            s.settimeout(LIMIT)
            s.connect((host, port))
            s.send(b"anybody?")
            try:
                s.recv(100)
            except OSError as error:
                return errno.errorcode.get(error.errno, str(error))
        return "an answer"

    def ping(self, host, sizes):
        """Echo requests by a raw socket: the kernel's side only."""
        six, wrong = ":" in host, []
        proto = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
        with socket.socket(family_of(host), socket.SOCK_RAW, proto) as s:
            s.settimeout(LIMIT)
            s.connect((host, 0))
            for number, size in enumerate(sizes):
                data = random.Random(size).randbytes(size)
                s.send(echo_request(six, number, data))
                if not echo_reply(s, six, number, data):
                    wrong.append(size)
        return wrong


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(six, number, data):
    head = struct.pack(">BBHHH", 128 if six else 8, 0, 0, 77, number)
    if six:
        return head + data          # the kernel fills the checksum in
    return (head[:2] + struct.pack(">H", checksum(head + data)) + head[4:]
            + data)


def echo_reply(s, six, number, data):
    """Waits for the answer; is it whole?"""
    while True:
        got = s.recv(65536)
        if not six:
            got = got[(got[0] & 15) * 4:]
        if got[0] == (129 if six else 0):
            return got[4:] == struct.pack(">HH", 77, number) + data


def main():
    peer = Peer()
    for line in sys.stdin:
        words = json.loads(line)
        try:
            answer = {"result": getattr(peer, words.pop("call"))(**words)}
        except socket.timeout:
            answer = {"error": "no answer in time"}
        except OSError as error:
            answer = {"error": errno.errorcode.get(error.errno, str(error))}
        try:
            print(json.dumps(answer), flush=True)
        except BrokenPipeError:
            break                   # nobody listens any more
    os._exit(0)                     # whatever threads still wait for


if __name__ == "__main__":
    main()
