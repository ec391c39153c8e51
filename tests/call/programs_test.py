#!/usr/bin/env python3
"""programs_test CAUSEWAY EXAMPLES BUILD [TEST...]: programs that exist, as
they are, in labs: the textbook's servers and clients with many seeds, nc,
curl, busybox, asyncio, threads; and what becomes of a lab whose programs die.

EXAMPLES are the sources, BUILD is where the C examples were built.  Programs
that are not installed are skipped by name.  CALL_SIZE: bytes that transfers
move.  Ends with "N passed, N failed".
"""
import concurrent.futures
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BAD = ["--loss", "3%", "--reorder", "5%", "--delay", "5ms"]
SIZE = int(os.environ.get("CALL_SIZE", "500000"))
LIMIT = int(os.environ.get("CALL_LIMIT", "100"))


class Skip(Exception):
    """A program that the test needs is missing."""


def need(*programs):
    for p in programs:
        if not shutil.which(p):
            raise Skip(p)


class Rig:
    def __init__(self, causeway, examples, build):
        self.causeway = pathlib.Path(causeway).resolve()
        self.build = pathlib.Path(build).resolve()
        self.examples = pathlib.Path(examples).resolve()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="call-"))
        data = random.Random(1).randbytes(SIZE)
        self.file = self.dir / "file"
        self.file.write_bytes(data)
        self.sum = hashlib.sha256(data).hexdigest()

    def command(self, options, *programs):
        words = []
        for p in programs:
            words += [":"] * bool(words) + [str(w) for w in p]
        return [str(self.causeway), "lab", "-q", "--no-record", "--timeout",
                f"{LIMIT}s", *options, "--", *words]

    def lab(self, options, *programs, text="", ok=0):
        """Its standard output, and error when it is not what we want."""
        done = subprocess.run(self.command(options, *programs), input=text,
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, cwd=self.dir,
                              timeout=LIMIT + 20, check=False)
        if done.returncode != ok:
            raise AssertionError(f"exit {done.returncode}, not {ok}: "
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, options, *programs):
        return subprocess.Popen(self.command(options, *programs),
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                cwd=self.dir)

    def script(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path


def has(text, line):
    if line not in text.splitlines():
        raise AssertionError(f"no line {line!r} in {text!r}")


def seeds(count, one):
    """one(seed) for many, several at a time: they mostly wait."""
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        list(pool.map(one, range(1, count + 1)))


# ---- the textbook's ---------------------------------------------------------

def test_python_tcp(rig):
    def one(seed):
        out = rig.lab(["--delay", "20ms", "--loss", "5%", "--seed", seed],
                      [sys.executable, rig.examples / "tcp_server.py", 12000],
                      [sys.executable, rig.examples / "tcp_client.py", "h1",
                       12000], text="hello\n")
        has(out, "h2 | From Server: HELLO")
    seeds(20, lambda s: one(str(s)))


def test_c_tcp(rig):
    def one(seed):
        out = rig.lab(["--delay", "20ms", "--loss", "5%", "--seed", seed],
                      [rig.build / "tcp_server", 9527],
                      [rig.build / "tcp_client", "h1", 9527, 9, 0])
        if out.splitlines().count("h2 | HELLO") != 9:
            raise AssertionError(f"seed {seed}: {out!r}")
    seeds(20, lambda s: one(str(s)))


def test_python_udp(rig):
    """Nobody repeats a datagram, so none is lost here."""
    out = rig.lab(["--delay", "20ms"],
                  [sys.executable, rig.examples / "udp_server.py", 1700],
                  [sys.executable, rig.examples / "udp_client.py", "h1",
                   1700], text="hello udp\n")
    has(out, "h2 | HELLO UDP")


def test_c_udp(rig):
    out = rig.lab(["--delay", "20ms", "--reorder", "50%"],
                  [rig.build / "udp_server", 1700],
                  [rig.build / "udp_client", "h1", 1700, "quite small"])
    has(out, "h2 | QUITE SMALL")


def test_hello(rig):
    """The server closes first."""
    need("nc")
    out = rig.lab(["--delay", "5ms"], [rig.build / "hello_server", 4444],
                  ["nc", "-d", "10.0.0.1", "4444"])
    has(out, "h2 | hello")


# ---- files ------------------------------------------------------------------

def moves(rig, server, client, where="h2", options=None):
    out = rig.lab(BAD if options is None else options, server, client)
    has(out, f"{where} | {rig.sum}  -")


def sh(text):
    return ["sh", "-c", text]


def test_curl(rig):
    need("curl")
    moves(rig, [sys.executable, "-m", "http.server", "8000"],
          sh("curl -s http://h1:8000/file | sha256sum"))


def test_curl_v6(rig):
    need("curl")
    moves(rig, [sys.executable, "-m", "http.server", "--bind", "::", "8000"],
          sh("curl -s 'http://[fd00::1]:8000/file' | sha256sum"))


def test_nc_sends(rig):
    need("nc")
    moves(rig, sh("nc -l -N 9000 | sha256sum"), sh("nc -N h1 9000 < file"),
          "h1")


def test_nc_receives(rig):
    need("nc")
    moves(rig, sh("nc -l -N 9000 < file"), sh("nc -d h1 9000 | sha256sum"))


def test_busybox_web(rig):
    need("busybox")
    moves(rig, ["busybox", "httpd", "-f", "-p", "8000", "-h", rig.dir],
          sh("busybox wget -qO- http://h1:8000/file | sha256sum"))


def test_busybox_nc(rig):
    need("busybox")
    moves(rig, sh("busybox nc -l -p 9000 -e cat file"),
          sh("busybox nc h1 9000 < /dev/null | sha256sum"), options=[])


def test_bash(rig):
    need("bash", "nc")
    out = rig.lab([], ["nc", "-l", "-N", "9000"],
                  ["bash", "-c", "exec 3<>/dev/tcp/h1/9000; echo hi >&3"])
    has(out, "h1 | hi")


def test_port_scan(rig):
    need("nc")
    out = rig.lab([], [rig.build / "tcp_server", 9527],
                  sh("nc -4zv h1 9527 2>&1; nc -4zv h1 9528 2>&1"), ok=1)
    has(out, "h2 | nc: connect to h1 (10.0.0.1) port 9528 (tcp) failed: "
             "Connection refused")


# ---- Python's frameworks ------------------------------------------------------

ASYNC_SERVER = """
import asyncio
async def serve(r, w):
    while data := await r.read(1000):
        w.write(data.upper())
        await w.drain()
    w.close()
async def main():
    async with await asyncio.start_server(serve, None, 7000) as s:
        await s.serve_forever()
asyncio.run(main())
"""
ASYNC_CLIENT = """
import asyncio
async def one(i):
    r, w = await asyncio.open_connection("h1", 7000)
    text = b"abc%d " % i * 3000
    w.write(text)
    w.write_eof()
    assert await r.read() == text.upper()
    w.close()
    await w.wait_closed()
async def main():
    await asyncio.gather(*[one(i) for i in range(20)])
    try:
        await asyncio.open_connection("10.0.0.1", 1)
    except ConnectionRefusedError:
        print("all done")
asyncio.run(main())
"""


def test_asyncio(rig):
    out = rig.lab(BAD,
                  [sys.executable, rig.script("as.py", ASYNC_SERVER)],
                  [sys.executable, rig.script("ac.py", ASYNC_CLIENT)])
    has(out, "h2 | all done")


THREAD_SERVER = """
import socketserver
class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("", 7000), Upper).serve_forever()
"""
THREAD_CLIENT = """
import socket, threading
def one(i):
    with socket.create_connection(("h1", 7000), timeout=60) as s:
        f = s.makefile("rwb")
        for k in range(10):
            f.write(b"line %d %d\\n" % (i, k))
            f.flush()
            assert f.readline() == b"LINE %d %d\\n" % (i, k)
        done.append(i)
done = []
all = [threading.Thread(target=one, args=(i,)) for i in range(10)]
for t in all: t.start()
for t in all: t.join()
print(len(done), "done")
"""


def test_threads(rig):
    out = rig.lab(BAD,
                  [sys.executable, rig.script("ts.py", THREAD_SERVER)],
                  [sys.executable, rig.script("tc.py", THREAD_CLIENT)])
    has(out, "h2 | 10 done")


# ---- death ------------------------------------------------------------------

RECEIVER = """
import socket, sys
s = socket.create_server(("", 7000))
c, _ = s.accept()
n = 0
try:
    while data := c.recv(65536):
        assert data == bytes(len(data))
        n += len(data)
    print("end", n > 0)
except OSError as e:
    print("error", e.errno)
"""
SENDER = """
import os, signal, socket
s = socket.create_connection(("10.0.0.1", 7000))
for i in range(50):
    s.sendall(bytes(20000))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_sender_killed(rig):
    """What it had written arrives, then the end."""
    out = rig.lab(["--delay", "2ms"],
                  [sys.executable, rig.script("r.py", RECEIVER)],
                  [sys.executable, rig.script("s.py", SENDER)], ok=137)
    has(out, "h1 | end True")


DIES = """
import os, signal, socket
s = socket.create_server(("", 7000))
c, _ = s.accept()
c.recv(10)
os.kill(os.getpid(), signal.SIGKILL)
"""
TELLS = """
import errno, socket
s = socket.create_connection(("10.0.0.1", 7000))
try:
    while True:
        s.sendall(bytes(20000))
except OSError as e:
    print(errno.errorcode[e.errno])
"""


def test_receiver_killed(rig):
    """It had not read everything: a reset."""
    out = rig.lab(["--delay", "2ms"],
                  [sys.executable, rig.script("d.py", DIES)],
                  [sys.executable, rig.script("t.py", TELLS)], ok=137)
    if "h2 | ECONNRESET" not in out and "h2 | EPIPE" not in out:
        raise AssertionError(out)


def left(rig):
    """Processes that belong to this rig and still run."""
    found = []
    for p in pathlib.Path("/proc").iterdir():
        try:
            if p.name.isdigit() and str(rig.dir) in os.readlink(p / "cwd"):
                found.append((p / "cmdline").read_bytes())
        except OSError:
            pass
    return found


def until_none_left(rig):
    for _ in range(500):
        if not left(rig):
            return
        time.sleep(0.01)
    raise AssertionError(f"still there: {left(rig)}")


def until_says(lab, words):
    for line in lab.stdout:
        if words in line:
            return
    raise AssertionError(f"it never said {words!r}")


def ended_by(rig, sig, status):
    server = sh("trap 'exit 0' INT TERM; echo up; "
                "while :; do sleep 100 & wait; done")
    lab = rig.start([], server, server)
    until_says(lab, "up")
    lab.send_signal(sig)
    got = lab.wait(LIMIT)
    lab.stdout.close()
    if got != status:
        raise AssertionError(f"{sig.name}: exit {got}, not {status}")
    until_none_left(rig)


def test_interrupted(rig):
    ended_by(rig, signal.SIGINT, 130)


def test_terminated(rig):
    ended_by(rig, signal.SIGTERM, 143)


def test_killed(rig):
    ended_by(rig, signal.SIGKILL, -9)


def test_time_limit(rig):
    rig.lab(["--timeout", "300ms"], ["sleep", "50"], ok=124)
    until_none_left(rig)


def test_exit_codes(rig):
    rig.lab([], ["sh", "-c", "exit 7"], ok=7)
    rig.lab([], ["no-such-program"], ok=127)
    rig.lab([], ["/no/such/program"], ok=127)
    rig.lab([], ["/etc/passwd"], ok=126)
    rig.lab([], ["/"], ok=126)
    rig.lab([], sh("kill -9 $$"), ok=137)
    rig.lab([], [rig.build / "tcp_server"], ["no-such-program"], ok=127)
    rig.lab([], [rig.build / "tcp_server"], sh("exit 3"), ok=3)
    alien = rig.dir / "alien"
    alien.write_bytes(b"\x7fELF\x01\x01\x01" + bytes(57))
    alien.chmod(0o755)
    rig.lab([], [alien], ok=125)
    until_none_left(rig)


def main():
    rig = Rig(*sys.argv[1:4])
    tests = {name[5:]: f for name, f in globals().items()
             if name.startswith("test_")}
    failed = skipped = 0
    for name in sys.argv[4:] or tests:
        began = time.monotonic()
        try:
            tests[name](rig)
            print(f"{name}: ok, {time.monotonic() - began:.1f} s")
        except Skip as e:
            skipped += 1
            print(f"{name}: skipped, there is no {e}")
        except (AssertionError, subprocess.TimeoutExpired) as e:
            failed += 1
            print(f"{name}: FAILED: {e}")
    shutil.rmtree(rig.dir)
    count = len(sys.argv[4:] or tests)
    print(f"{count - failed - skipped} passed, {failed} failed")
    sys.exit(failed > 0)


main()
