#!/usr/bin/env python3
"""run_race_test CAUSEWAY [TEST...]: `causeway run` when things happen at the
same moment, and for long."""
import hashlib
import os
import re
import signal
import subprocess
import threading

from run_rig import (LIMIT, PYTHON, TCP_CLIENT, TCP_SERVER, contains, equal,
                     main, until)


def all_at_once(rig, n, *words, options=()):
    """(status, output, errors) of n runs that begin together."""
    started = [rig.start(*words, options=options) for _ in range(n)]
    return [terminal.end() for terminal in started]


def test_started_at_the_same_moment(rig):
    """They share one host: each sees the socket of the first."""
    for _ in range(5):
        ended = all_at_once(rig, 8, "sleep", "0.05", options=["-v"])
        hosts = set()
        banners = 0
        for status, _, err in ended:
            equal(status, 0, err)
            banners += err.count("host local 127.0.0.1; real time")
            hosts.update(re.findall(r"process (\d+)", err))
        # One may come after all others have left, and begin again.
        equal(len(hosts) <= banners, True, ended)
        rig.nothing_remains()


def test_joined_while_it_ends(rig):
    """Runs so short that hosts end as others join."""
    failed = []

    def many():
        for _ in range(20):
            done = rig.run("true", options=["-q"])
            if done != (0, "", ""):
                failed.append(done)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(failed, [])
    rig.nothing_remains()


def test_killed_while_others_join(rig):
    """Whoever joins gets a host, or hears that it died."""
    over = threading.Event()
    seen = []

    def many():
        while not over.is_set():
            status, _, err = rig.run("true", options=["-q"])
            seen.append(status)
            if status not in (0, 125) or (status == 125
                                          and "host" not in err):
                seen.append(err)

    threads = [threading.Thread(target=many) for _ in range(2)]
    for t in threads:
        t.start()
    for _ in range(10):
        until("a host runs", rig.host)
        try:
            os.kill(rig.host() or 0x7fffffff, signal.SIGKILL)
        except ProcessLookupError:
            pass
    over.set()
    for t in threads:
        t.join()
    equal(set(seen) - {0, 125}, set())
    equal(rig.run("true", options=["-q"]), (0, "", ""))
    rig.nothing_remains()


def test_one_of_two_gets_the_port(rig):
    bind = """
import socket, time
s = socket.socket()
try:
    s.bind(("", 12000))
    s.listen()
except OSError as e:
    print(e.errno)
    raise SystemExit
print("got it", flush=True)
input()
"""
    for _ in range(5):
        terminals = [rig.start_python(bind) for _ in range(4)]
        said = sorted(t.process.stdout.readline() for t in terminals)
        equal(said, ["98\n", "98\n", "98\n", "got it\n"])
        for t in terminals:
            t.end()
        rig.nothing_remains()


def test_many_clients(rig):
    rig.start_python(TCP_SERVER, 12000).wait_ready()
    for status, out, err in all_at_once(
            rig, 16, PYTHON, "-c", TCP_CLIENT, "127.0.0.1", "12000",
            options=["-q"]):
        equal((status, out), (0, "HELLO OVER THERE\n"), err)


BULK = """
import hashlib, socket, sys, threading
def send(s):
    data = hashlib.sha256(sys.argv[1].encode()).digest() * 131072
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
def receive(s):
    h = hashlib.sha256()
    while True:
        d = s.recv(65536)
        if not d:
            break
        h.update(d)
    print(h.hexdigest())
def both(s):
    t = threading.Thread(target=send, args=(s,))
    t.start()
    receive(s)
    t.join()
"""


def test_bulk_both_ways(rig):
    """4 MiB each way over a lossy loopback, between two terminals."""
    def digest(name):
        data = hashlib.sha256(name.encode()).digest() * 131072
        return hashlib.sha256(data).hexdigest() + "\n"

    for options in (["-q"], ["-q", "--delay", "1ms", "--loss", "1%",
                             "--reorder", "2%"]):
        server = rig.start_python(BULK + """
s = socket.socket()
s.bind(("", 12000))
s.listen()
print("ready", flush=True)
both(s.accept()[0])
""", "server", options=options).wait_ready()
        equal(rig.python(BULK + """
both(socket.create_connection(("127.0.0.1", 12000)))
""", "client"), (0, digest("server"), ""))
        equal(server.end()[:2], (0, digest("client")))
        rig.call(["host", "stop"])
        rig.nothing_remains()


ALARMS = """
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
"""


def test_interrupted_calls_lose_nothing(rig):
    """Signals come every 200 us: answers find their caller gone, and python
    makes the call again.  Connections get through whole.  Datagrams get
    through, too; some are lost or come twice, since the kernel drops an
    answer that it has accepted if a signal is pending by then."""
    server = rig.start_python("""
import socket
s = socket.socket(); s.bind(("", 12000)); s.listen(128)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("", 12001))
""" + ALARMS + """
print("ready", flush=True)
for i in range(300):
    c, _ = s.accept()
    assert c.recv(100) == b"%d" % i
    c.send(b"yes")
    c.close()
text = b""
while text != b"599":
    text, peer = u.recvfrom(100)
    u.sendto(text, peer)
signal.setitimer(signal.ITIMER_REAL, 0)
""").wait_ready()
    status, out, err = rig.python("""
import socket
for i in range(300):
    s = socket.create_connection(("127.0.0.1", 12000))
    s.send(b"%d" % i)
    text = s.recv(100)
    assert text == b"yes", (text, i)
    s.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.settimeout(0.3)
twice = lost = 0
for i in range(600):
    u.sendto(b"%d" % i, ("127.0.0.1", 12001))
    try:
        while (got := int(u.recv(100))) != i:
            assert got < i, (got, i)
            twice += 1
    except TimeoutError:
        lost += 1
assert twice < 60 and lost < 60, (twice, lost)
print("all")
""")
    equal((status, out), (0, "all\n"), err + str(server.process.poll()))
    equal(server.end()[:2], (0, ""))


def test_interrupted_connect(rig):
    """It goes on, and its failure is seen by whoever polls."""
    text = """
import errno, select, signal, socket
class Alarm(Exception):
    pass
def alarm(*_):
    raise Alarm
signal.signal(signal.SIGALRM, alarm)
s = socket.socket()
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    s.connect(("127.0.0.1", 12000))
    print("connected?")
except Alarm:
    pass
p = select.poll()
p.register(s, select.POLLOUT)
print(len(p.poll(5000)), errno.errorcode[s.getsockopt(
    socket.SOL_SOCKET, socket.SO_ERROR)])
"""
    equal(rig.python(text, options=["-q", "--delay", "50ms"]),
          (0, "1 ECONNREFUSED\n", ""))


def test_supervisor_killed_in_a_transfer(rig):
    server = rig.start_python("""
import socket
s = socket.socket(); s.bind(("", 12000)); s.listen()
print("ready", flush=True)
c, _ = s.accept()
n = 0
try:
    while True:
        d = c.recv(65536)
        if not d:
            break
        n += len(d)
        if n > 1000000:
            print("enough", flush=True)
            n = -1 << 60
except ConnectionResetError:
    pass
print("ended")
""").wait_ready()
    client = rig.start_python("""
import socket
s = socket.create_connection(("127.0.0.1", 12000))
while True:
    s.send(bytes(65536))
""")
    equal(server.process.stdout.readline(), "enough\n")
    supervisor, = rig.children(client.process.pid)
    os.kill(supervisor, signal.SIGKILL)
    equal(server.end()[:2], (0, "ended\n"))
    client.end()
    rig.call(["host", "stop"])  # it may hold a TIME-WAIT record
    rig.nothing_remains()


def test_stopped_host_is_reported(rig):
    """A host that does not answer does not hang whoever joins for ever."""
    rig.start("sleep", "100")
    until("a host runs", rig.host)
    host = rig.host()
    os.kill(host, signal.SIGSTOP)
    try:
        status, _, err = rig.run("true")
    finally:
        os.kill(host, signal.SIGCONT)
    equal(status, 125)
    contains(err, "the live host does not answer")


def test_curl(rig):
    """3 MB from python's own server, intact over a bad loopback."""
    www = rig.path("www")
    os.mkdir(www)
    data = hashlib.sha256(b"www").digest() * 100000
    with open(os.path.join(www, "file"), "wb") as f:
        f.write(data)
    rig.start(PYTHON, "-m", "http.server", "8000", "--directory", www,
              options=["-q", "--loss", "3%", "--reorder", "5%", "--delay",
                       "1ms"]).wait_ready()
    done = subprocess.run(
        [rig.causeway, "run", "-q", "--", "curl", "-s",
         "http://127.0.0.1:8000/file"],
        env=rig.env, capture_output=True, timeout=6 * LIMIT, check=False)
    equal(done.returncode, 0, done.stderr)
    equal(hashlib.sha256(done.stdout).hexdigest(),
          hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main(globals())
