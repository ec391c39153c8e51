"""run_rig: a user of `causeway run` in a test: directories of his own, several
terminals, and the look afterwards whether anything of his remains.

A test is a function test_*(rig); main() runs them and ends with
"N passed, N failed, N skipped".
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PYTHON = "/usr/bin/python3"
LIMIT = 20                      # s, for anything that must happen

TCP_SERVER = """
import socket, sys
s = socket.socket()
s.bind(("", int(sys.argv[1])))
s.listen(5)
print("ready", flush=True)
while True:
    c, peer = s.accept()
    c.send(c.recv(1024).upper())
    c.close()
"""
TCP_CLIENT = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.send(b"hello over there")
print(s.recv(1024).decode())
s.close()
"""
UDP_SERVER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[1])))
print("ready", flush=True)
while True:
    text, peer = s.recvfrom(2048)
    s.sendto(text.upper(), peer)
"""
UDP_CLIENT = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"hello over there", (sys.argv[1], int(sys.argv[2])))
print(s.recvfrom(2048)[0].decode())
"""


class Skip(Exception):
    """This cannot be tested here, and why."""


def until(what, condition, instead=lambda: ""):
    """Waits for a condition that must come true."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {what}: {instead()}")
        time.sleep(0.002)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


class Terminal:
    """A `causeway run` that goes on."""

    def __init__(self, rig, words, **more):
        self.process = subprocess.Popen(
            rig.prefix + [rig.causeway, "run"] + words, env=rig.env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd="/", **more)
        self.first = None

    def wait_ready(self):
        """The program's first line, which it writes when it listens."""
        self.first = self.process.stdout.readline()
        if not self.first:
            raise AssertionError(f"it said nothing: {self.end()}")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, number=None):
        """Exit status, standard output, standard error."""
        if number is not None:
            self.signal(number)
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err


class Rig:
    def __init__(self, causeway, uid=None):
        self.directory = tempfile.mkdtemp(prefix="cw-run-")
        self.causeway = causeway
        self.prefix = []
        if uid is not None:     # who cannot read the build directory
            self.causeway = shutil.copy(causeway, self.directory)
            os.chmod(self.directory, 0o755)
            self.prefix = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                           "--clear-groups"]
        self.runtime = self.path("runtime")
        self.env = {**os.environ, "XDG_RUNTIME_DIR": self.runtime,
                    "XDG_STATE_HOME": self.path("state"),
                    "HOME": self.path("state"), "PYTHONUNBUFFERED": "1",
                    "UBSAN_OPTIONS": "halt_on_error=1"}
        for name in (self.runtime, self.path("state")):
            os.mkdir(name, 0o700)
            if uid is not None:
                os.chown(name, uid, uid)

    def path(self, name):
        return os.path.join(self.directory, name)

    def call(self, words, **more):
        """A command of causeway's: exit status, output, errors."""
        done = subprocess.run(self.prefix + [self.causeway] + words,
                              env=self.env, capture_output=True, text=True,
                              timeout=LIMIT, check=False, cwd="/",
                              stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout, done.stderr

    def run(self, *words, options=(), **more):
        return self.call(["run", *options, "--", *words], **more)

    def python(self, text, *args, options=("-q",)):
        return self.run(PYTHON, "-c", text, *map(str, args),
                        options=options)

    def start(self, *words, options=(), **more):
        return Terminal(self, [*options, "--", *words], **more)

    def start_python(self, text, *args, options=("-q",), **more):
        return self.start(PYTHON, "-c", text, *map(str, args),
                          options=options, **more)

    # ---- processes, found by their environment --------------------------

    def processes(self):
        """{pid: command line} of everything that runs for this rig."""
        mark = f"XDG_RUNTIME_DIR={self.runtime}".encode()
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    line = (entry / "cmdline").read_bytes()
                    found[int(entry.name)] = line.replace(b"\0", b" ") \
                        .decode(errors="replace").strip()
            except OSError:
                pass
        return found

    def host(self):
        """The live host's process number, or None."""
        for pid, line in self.processes().items():
            if line.endswith("host serve"):
                return pid
        return None

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as f:
            return [int(word) for word in f.read().split()]

    def nothing_remains(self):
        until(f"no process is left of {self.processes()}",
              lambda: not self.processes())
        until("the directory is empty",
              lambda: os.listdir(self.runtime) == [],
              lambda: os.listdir(os.path.join(self.runtime, "causeway")))

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.directory, ignore_errors=True)


def one(name, test, causeway):
    rig = Rig(causeway)
    try:
        test(rig)
        print(f"[       OK ] {name}", flush=True)
        return "OK"
    except Skip as why:
        print(f"[  SKIPPED ] {name}: {why}", flush=True)
        return "SKIPPED"
    except Exception:           # a test that fails must not end the others
        traceback.print_exc(file=sys.stdout)
        print(f"[  FAILED  ] {name}", flush=True)
        return "FAILED"
    finally:
        rig.close()


def main(tests):
    causeway, *wanted = sys.argv[1:]
    results = []
    for name, test in tests.items():
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        print(f"[ RUN      ] {name}", flush=True)
        results.append(one(name, test, os.path.abspath(causeway)))
    print(f"{results.count('OK')} passed, {results.count('FAILED')} failed, "
          f"{results.count('SKIPPED')} skipped")
    sys.exit("FAILED" in results)
