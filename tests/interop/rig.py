"""rig: a network namespace in which Causeway and the kernel are each other's
peer.

                      the namespace of one group of cases
    +-----------+       +------+    +---------------------------------+
    | peer.py   |-------| tap  |----| causeway run --dev  --- peer.py |
    | (kernel)  |  .1   +------+ .2 |        the emulated link        |
    +-----------+                   +---------------------------------+

Namespaces have no names and every process is in a process namespace of the
run, so that nothing is left when its first process is gone, whyever it went.
"""
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
LIMIT = 90                      # s, for an answer of an end
DEV = "cw0"
KERNEL = {4: "10.9.0.1", 6: "fd09::1"}
OURS = {4: "10.9.0.2", 6: "fd09::2"}


class Failed(Exception):
    """A case went wrong."""


class Refused(Exception):
    """A call was answered with an error."""


# ---- namespaces ---------------------------------------------------------------

def outer():
    """The words that begin a process namespace, or why there can be none."""
    why = missing()
    if why:
        return None, why
    for user in ([], ["--user", "--map-root-user"]):
        words = ["unshare", *user, "--net", "--mount", "--pid", "--fork",
                 "--mount-proc", "--kill-child=SIGKILL", "--"]
        done = subprocess.run(words + [PYTHON, __file__, "try"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return words, None
    last = (done.stdout.strip() or "unshare failed").splitlines()[-1]
    return None, last


def die_with_parent():
    """Between fork and exec: SIGKILL once the parent is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run_in(words, argv, env):
    """A program in the namespaces that `words` begin; its exit status.  When
    this ends, by whatever signal, so does everything there."""
    for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sig, lambda sig, _: sys.exit(128 + sig))
    child = subprocess.Popen([*words, *argv], env=env, start_new_session=True,
                             preexec_fn=die_with_parent)
    try:
        return child.wait()
    finally:
        child.kill()
        child.wait()


def again_inside(name, word):
    """This program once more with one word more, in namespaces of its own; its
    exit status, or 77 and why not."""
    words, why = outer()
    if not words:
        print(f"{name}: skipped: {why}")
        return 77
    return run_in(words, [PYTHON, *sys.argv, word], os.environ)


def missing():
    """What this system lacks before anything is tried."""
    for tool in ("unshare", "mount", "ip"):
        if not shutil.which(tool):
            return f"there is no `{tool}`"
    if sys.platform != "linux":
        return "this is not Linux"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    return None


def run(*words):
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()}")


def ip(*words):
    run("ip", *words)


def sysctl(name, value):
    path = pathlib.Path("/proc/sys/net") / name
    path.write_text(f"{value}\n", encoding="ascii")


def set_up():
    """The device, in the namespace where we are."""
    ip("link", "set", "lo", "up")
    ip("tuntap", "add", "dev", DEV, "mode", "tap")
    sysctl(f"ipv6/conf/{DEV}/accept_dad", 0)
    sysctl(f"ipv6/conf/{DEV}/router_solicitations", 0)
    ip("addr", "add", f"{KERNEL[4]}/24", "dev", DEV)
    ip("addr", "add", f"{KERNEL[6]}/64", "dev", DEV, "nodad")
    ip("link", "set", DEV, "up")


def counters():
    """The kernel's MIB of this namespace: {"Tcp": {"InErrs": 0}}."""
    found = {}
    for path in ("/proc/net/snmp", "/proc/net/netstat"):
        lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            group, *names = names.split()
            found[group.rstrip(":")] = dict(
                zip(names, map(int, values.split()[1:])))
    return found


# ---- ends ----------------------------------------------------------------------

class End:
    """A peer.py and the calls that it makes."""

    def __init__(self, name, before=()):
        self.name = name
        self.process = subprocess.Popen(
            [*before, PYTHON, str(HERE / "peer.py")], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, call, **words):
        self.process.stdin.write(json.dumps({"call": call, **words}) + "\n")
        self.process.stdin.flush()

    def line(self):
        if not select.select([self.process.stdout], [], [], LIMIT)[0]:
            raise Failed(f"{self.name}: no answer within {LIMIT} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name}: it has ended")
        return json.loads(line)

    def result(self):
        answer = self.line()
        if "error" in answer:
            raise Refused(f"{self.name}: {answer['error']}")
        return answer["result"]

    def __call__(self, call, **words):
        self.start(call, **words)
        return self.result()

    def refuses(self, call, **words):
        """The error that a call must end with."""
        self.start(call, **words)
        answer = self.line()
        if "error" not in answer:
            raise Failed(f"{self.name}: {call} succeeded")
        return answer["error"]

    def may(self, call, errors, **words):
        """Does it succeed?  If not, only with one of these errors."""
        self.start(call, **words)
        answer = self.line()
        if "error" in answer and answer["error"] not in errors:
            raise Refused(f"{self.name}: {answer['error']}")
        return "error" not in answer

    def end(self):
        """Its exit status, once its connections are closed."""
        self.process.stdin.close()
        try:
            return self.process.wait(LIMIT)
        finally:
            self.process.kill()


class Rig:
    """Both ends, and the recording of ours."""

    def __init__(self, causeway, options, record, v6=True, beyond=()):
        self.causeway, self.record = causeway, record
        before = [causeway, "run", "--quiet", "--dev", f"tap:{DEV}",
                  "--addr", f"{OURS[4]}/24", *options]
        if v6:
            before += ["--addr", f"{OURS[6]}/64"]
        before += ["--record", record, "--"]
        self.command = before
        self.kernel = End("kernel", beyond)
        self.ours = End("causeway", before)

    def end(self):
        status = self.ours.end()
        self.kernel.end()
        if status:
            raise Failed(f"causeway run ended with {status}")

    def replay(self):
        done = subprocess.run([self.causeway, "replay", "--check",
                               self.record], text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise Failed(f"replay: {done.stdout.strip()}")


def until(what, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"never came true: {what}")
        time.sleep(0.005)


def try_here():
    """Does it work in this namespace?"""
    set_up()
    with open("/dev/net/tun", "rb+", buffering=0):
        pass


if __name__ == "__main__":
    try:
        try_here()
    except (OSError, Failed) as error:
        sys.exit(f"{error}")
