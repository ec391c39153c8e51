"""endpoints: built-in endpoints, labs and mistakes on a TAP device."""
import contextlib
import signal
import socket
import subprocess
import threading

import rig

SIZE = 1_000_000                # what the endpoints call 1MB


def want(what, got, right):
    if got != right:
        raise rig.Failed(f"{what}: {got!r}, not {right!r}")


class Bench:
    """Runs of causeway, one after another."""

    def __init__(self, causeway):
        self.causeway = causeway

    def words(self, verb, *more):
        return [self.causeway, verb, "--no-record", "--dev", f"tap:{rig.DEV}",
                "--addr", f"{rig.OURS[4]}/24", "--addr", f"{rig.OURS[6]}/64",
                *more]

    def run(self, verb, *more):
        """Until its end: status, output, remarks."""
        done = subprocess.run(self.words(verb, *more), text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=rig.LIMIT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr

    @contextlib.contextmanager
    def server(self, verb, port, *more):
        """One that serves until ^C; once it listens."""
        with subprocess.Popen(self.words(verb, *more), text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            try:
                rig.until("it listens", lambda: self.open(port))
                yield process
            finally:
                process.terminate() # and wait for it: it holds the device

    @staticmethod
    def open(port):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex((rig.OURS[4], port)) == 0


class Sink(threading.Thread):
    """The kernel's end of one connection: reads all, answers, closes."""

    def __init__(self, host, answer=b""):
        super().__init__(daemon=True)
        self.answer, self.got = answer, b""
        self.listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host
            else socket.AF_INET)
        self.port = str(self.listener.getsockname()[1])
        self.start()

    def run(self):
        conn, _ = self.listener.accept()
        if self.answer:
            self.got = conn.recv(1000)
            conn.sendall(self.answer)
        else:
            while piece := conn.recv(65536):
                self.got += piece
        conn.close()
        self.listener.close()


def source(b):
    for family in (4, 6):
        sink = Sink(rig.KERNEL[family])
        status, out, _ = b.run("run", "--", "@source", rig.KERNEL[family],
                               sink.port, "1MB")
        sink.join(rig.LIMIT)
        want("status", status, 0)
        want("bytes", len(sink.got), SIZE)
        want("what it says", out.startswith(f"{SIZE} bytes sent"), True)


def perf(b):
    sink = Sink(rig.KERNEL[4])
    status, out, _ = b.run("run", "--delay", "1ms", "--", "@perf", "-c",
                           rig.KERNEL[4], "-p", sink.port, "-n", "1MB")
    sink.join(rig.LIMIT)
    want("status", status, 0)
    want("bytes", len(sink.got), SIZE)
    want("its table", "sender" in out, True)


def sink_here(b):
    """The kernel sends; ^C ends it as any program."""
    with b.server("run", 9, "--", "@sink", "9") as process:
        for family in (4, 6):
            with socket.create_connection((rig.OURS[family], 9)) as s:
                s.sendall(b"x" * SIZE)
                s.shutdown(socket.SHUT_WR)
                want("its end", s.recv(1), b"")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=rig.LIMIT)
        want("status", process.returncode, 128 + signal.SIGINT)
        want("what it says", out.count(f"{SIZE} bytes received"), 2)


def upper(b):
    with b.server("run", 1000, "--delay", "2ms", "--", "@echo-upper", "1000"):
        with socket.create_connection((rig.OURS[4], 1000)) as s:
            s.sendall(b"hello")
            want("the answer", s.recv(100), b"HELLO")


def lab(b):
    """Two hosts: the second talks to the first, the kernel to both."""
    sink = Sink(rig.KERNEL[4], b"from outside")
    status, out, _ = b.run("lab", "--", "@sink", "9", ":", "@source", "h1",
                           "9", "100kB", ":", "@send", rig.KERNEL[4],
                           sink.port, "hello outside")
    sink.join(rig.LIMIT)
    want("status", status, 0)
    want("between them", "h1 | 100000 bytes received" in out, True)
    want("to the kernel", sink.got, b"hello outside")
    want("from the kernel", "h3 | From Server: from outside" in out, True)


def mistakes(b):
    """Each says what to do."""
    with b.server("run", 9, "--", "@sink", "9"):
        status, _, said = b.run("run", "--", "@sink", "10")
        want("taken: status", status, 125)
        want("taken", "another program holds this device" in said, True)
    for dev, status, part in (
            ("tap:lo", 125, "it is no TAP device"),
            ("tap:a/b", 125, "a device's name has"),
            ("tun:tun0", 2, "write tap:NAME")):
        got = b.run("run", "--dev", dev, "--", "@sink", "9")
        want(f"{dev}: status", got[0], status)
        want(dev, part in got[2], True)
    rig.ip("link", "set", rig.DEV, "down")
    _, _, said = b.run("run", "--timeout", "10ms", "--", "@sink", "9")
    want("down", f"ip link set {rig.DEV} up" in said, True)
    rig.ip("link", "set", rig.DEV, "up")


def removed(b):
    """The device goes while it is in use: said once, and no harm."""
    with b.server("run", 9, "--timeout", "3s", "--", "@sink",
                  "9") as process:
        rig.ip("link", "delete", rig.DEV)
        _, said = process.communicate(timeout=rig.LIMIT)
        want("status", process.returncode, 124)
        want("said", said.count("is gone"), 1)


def cases(causeway):
    b = Bench(causeway)
    for function in (source, perf, sink_here, upper, lab, mistakes, removed):
        yield function.__name__, lambda f=function: f(b)
