#!/usr/bin/env python3
"""run_test CAUSEWAY [TEST...]: `causeway run` and the live host, quickly."""
import fcntl
import os
import signal
import subprocess
import termios

from run_rig import (PYTHON, TCP_CLIENT, TCP_SERVER, UDP_CLIENT, UDP_SERVER,
                     Skip, contains, equal, main, until)


def test_two_terminals(rig):
    server = rig.start_python(TCP_SERVER, 12000, options=()).wait_ready()
    equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000, options=()),
          (0, "HELLO OVER THERE\n", ""))
    status, _, err = server.end(signal.SIGKILL)
    equal(status, -9)
    contains(err, "causeway: host local 127.0.0.1; real time\n")


def test_addresses_of_the_host(rig):
    rig.start_python(TCP_SERVER, 12000).wait_ready()
    for name in ("127.0.0.1", "10.0.0.1", "local", "localhost"):
        equal(rig.python(TCP_CLIENT, name, 12000),
              (0, "HELLO OVER THERE\n", ""), name)


def test_v6(rig):
    six = TCP_SERVER.replace("socket.socket()",
                             "socket.socket(socket.AF_INET6)")
    rig.start_python(six, 12000).wait_ready()
    for name in ("::1", "fd00::1", "127.0.0.1"):
        equal(rig.python(TCP_CLIENT, name, 12000),
              (0, "HELLO OVER THERE\n", ""), name)


def test_udp(rig):
    rig.start_python(UDP_SERVER, 12000).wait_ready()
    equal(rig.python(UDP_CLIENT, "127.0.0.1", 12000),
          (0, "HELLO OVER THERE\n", ""))


def test_refused(rig):
    status, _, err = rig.python(TCP_CLIENT, "127.0.0.1", 12000)
    equal(status, 1)
    contains(err, "ConnectionRefusedError: [Errno 111]")
    rig.nothing_remains()


def test_second_bind(rig):
    rig.start_python(TCP_SERVER, 12000).wait_ready()
    status, _, err = rig.python(TCP_SERVER, 12000)
    equal(status, 1)
    contains(err, "OSError: [Errno 98] Address already in use")


def test_time_wait(rig):
    server = rig.start_python(TCP_SERVER, 12000).wait_ready()
    equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000)[0], 0)
    host = rig.host()
    server.signal(signal.SIGINT)
    status, _, err = server.end()
    equal(status, 130)
    # -q; so ask again, as the last one
    status, _, err = rig.run("true", options=())
    contains(err, "it holds 1 TIME-WAIT record (127.0.0.1:12000); "
                  "`causeway host stop` ends it\n")
    equal(rig.host(), host)
    status, _, err = rig.python(TCP_SERVER, 12000)
    contains(err, "Address already in use")
    equal(rig.call(["host", "stop"]),
          (0, "", f"causeway: the live host (process {host}) has ended\n"))
    rig.nothing_remains()


def test_exit_status(rig):
    equal(rig.run("sh", "-c", "exit 7")[0], 7)
    equal(rig.run("sh", "-c", "kill -9 $$")[0], 137)
    equal(rig.run("sh", "-c", "kill -TERM $$")[0], 143)
    equal(rig.run("true"), (0, "", "causeway: host local 127.0.0.1; real "
                                   "time\n"))
    equal(rig.run("true", options=["-q"]), (0, "", ""))
    rig.nothing_remains()


def test_cannot_be_started(rig):
    status, _, err = rig.run("no-such-program")
    equal((status, err),
          (127, "causeway: no-such-program: command not found\n"))
    file = rig.path("plain")
    with open(file, "w", encoding="ascii") as f:
        f.write("not a program")
    status, _, err = rig.run(file)
    equal((status, err), (126, f"causeway: {file}: Permission denied\n"))
    equal(rig.run(rig.directory)[0], 126)
    equal(rig.processes(), {}, "no live host was started")


def test_timeout(rig):
    status, _, err = rig.run("sleep", "100",
                             options=["-q", "--timeout", "50ms"])
    equal((status, err), (124, "causeway: sleep: stopped by --timeout\n"))
    rig.nothing_remains()


def test_bad_options(rig):
    for words, part in (
            (["run", "--rate", "10mbps", "--", "true"], "10mbit or 10MB/s"),
            (["run", "--dealy", "1ms", "--", "true"], "--dealy"),
            (["run", "--clock", "virtual", "--", "true"], "--clock virtual"),
            (["run", "--", "@upper", "1000"], "causeway lab -- @upper"),
            (["run"], "no program"),
            (["run", "--drop", "h9>h1 data 1", "--", "true"], "--drop"),
            (["run", "--record", "/no/such/dir/x", "--", "true"],
             "/no/such/dir/x"),
            (["host", "wait"], "host stop")):
        status, out, err = rig.call(words)
        equal((status, out), (2, ""), words)
        contains(err, part)
        equal(err.count("\n"), 1, err)
    rig.nothing_remains()


def test_link_options(rig):
    server = rig.start_python(TCP_SERVER, 12000,
                              options=["--delay", "20ms", "--seed", "5"])
    server.wait_ready()
    status, _, err = rig.run("true", options=["--delay", "30ms"])
    equal(status, 2)
    contains(err, "its link is settled: link delay 20ms (RTT 40 ms), seed 5")
    contains(err, "causeway host stop")
    equal(rig.run("true", options=["--seed", "6"])[0], 2)
    for same in ([], ["--delay", "20ms"], ["--seed", "5"]):
        equal(rig.run("true", options=same), (0, "", ""), same)
    status, _, err = rig.run("true", options=["-v"])
    equal(err, f"causeway: joined the live host (process {rig.host()}): "
               "local 127.0.0.1, delay 20ms (RTT 40 ms)\n")
    equal(server.end(signal.SIGINT)[0], 130)
    equal(server.process.returncode, 130)


def test_banner_says_the_link(rig):
    equal(rig.run("true", options=["--delay", "20ms"])[2],
          "causeway: host local 127.0.0.1, delay 20ms (RTT 40 ms); real "
          "time\n")


def test_delay_is_felt(rig):
    timed = TCP_CLIENT + """
import time
t = time.monotonic()
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
t = time.monotonic() - t
assert 0.039 < t < 0.3, t
"""
    rig.start_python(TCP_SERVER, 12000,
                     options=["-q", "--delay", "20ms"]).wait_ready()
    equal(rig.python(timed, "127.0.0.1", 12000),
          (0, "HELLO OVER THERE\n", ""))


def test_signals_are_passed_on(rig):
    text = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
signal.signal(signal.SIGINT, lambda *_: print("not now", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"""
    terminal = rig.start_python(text).wait_ready()
    for _ in range(3):          # ^C is the program's affair
        terminal.signal(signal.SIGINT)
        equal(terminal.process.stdout.readline(), "not now\n")
    equal(terminal.end(signal.SIGTERM), (5, "", ""))
    rig.nothing_remains()


def test_interrupt_from_the_terminal(rig):
    """^C reaches the whole foreground group, and the program once."""
    master, slave = os.openpty()
    text = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
sys.exit(1 if signal.sigtimedwait([signal.SIGINT], 0.2) is None else 2)
"""
    terminal = rig.start_python(
        text, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
    terminal.wait_ready()
    os.write(master, b"\x03")
    equal(terminal.end(), (1, "", ""))
    os.close(master)
    os.close(slave)
    rig.nothing_remains()


def test_nohup(rig):
    terminal = rig.start_python(
        TCP_SERVER, 12000,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    terminal.wait_ready().signal(signal.SIGHUP)
    equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000)[0], 0)
    equal(terminal.process.poll(), None)
    terminal.end(signal.SIGKILL)


def test_left_behind(rig):
    status, _, err = rig.run("sh", "-c", "sleep 100 & sleep 100 & exit 3")
    equal(status, 3)
    contains(err, "causeway: sh left 2 processes behind; stopped\n")
    rig.nothing_remains()


def test_standard_input_is_the_programs(rig):
    terminal = rig.start("cat")
    terminal.process.stdin.write("to the end")
    equal(terminal.end()[:2], (0, "to the end"))


def test_terminal_is_the_programs(rig):
    master, slave = os.openpty()
    done = subprocess.run(
        [rig.causeway, "run", "-q", "--", "sh", "-c",
         "test -t 0 && test -t 1 && test -t 2 && tty"],
        env=rig.env, stdin=slave, stdout=slave, stderr=slave, check=False)
    equal(done.returncode, 0)
    contains(os.read(master, 100).decode(), os.ttyname(slave))
    os.close(master)
    os.close(slave)


# ---- kill -9, at each place ------------------------------------------------------


BEHIND_A_SHELL = f"exec 2>/dev/null; {PYTHON} -c '{TCP_SERVER}' 12000 & wait"


def start_family(rig):
    """causeway (the guard) - causeway (supervisor) - sh - python."""
    terminal = rig.start("sh", "-c", BEHIND_A_SHELL,
                         options=()).wait_ready()
    guard = terminal.process.pid
    supervisor, = rig.children(guard)
    shell, = rig.children(supervisor)
    return terminal, guard, supervisor, shell


def test_kill_guard(rig):
    terminal, guard, _, _ = start_family(rig)
    os.kill(guard, signal.SIGKILL)
    terminal.process.wait()
    rig.nothing_remains()


def test_kill_supervisor(rig):
    terminal, _, supervisor, _ = start_family(rig)
    os.kill(supervisor, signal.SIGKILL)
    equal(terminal.process.wait(), 137)
    rig.nothing_remains()


def test_kill_lab(rig):
    """The same guard stands before a lab."""
    for which in (0, 1):
        lab = subprocess.Popen(
            [rig.causeway, "lab", "-q", "--", "sh", "-c", BEHIND_A_SHELL,
             ":", "sh", "-c", "echo second; sleep 100 & wait"],
            env=rig.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True)
        equal({lab.stdout.readline(), lab.stdout.readline()},
              {"h1 | ready\n", "h2 | second\n"})
        supervisor, = rig.children(lab.pid)
        os.kill((lab.pid, supervisor)[which], signal.SIGKILL)
        equal(lab.wait(), (-9, 137)[which])
        lab.stdout.close()
        until("no process is left", lambda: not rig.processes())


def test_kill_program(rig):
    terminal, _, _, shell = start_family(rig)
    os.kill(shell, signal.SIGKILL)
    equal(terminal.end()[0], 137)
    rig.nothing_remains()


def test_kill_host(rig):
    terminal = rig.start_python(TCP_SERVER, 12000).wait_ready()
    os.kill(rig.host(), signal.SIGKILL)
    status, _, err = terminal.end()
    equal(status, 125)
    contains(err, "OSError: [Errno 100] Network is down")
    contains(err, "causeway: the live host has died")
    rig.nothing_remains()


def test_kill_host_under_a_connection(rig):
    text = """
import socket, threading
s = socket.socket()
s.bind(("127.0.0.1", 12000))
s.listen()
c = socket.create_connection(("127.0.0.1", 12000))
print("ready", flush=True)
try:
    print(c.recv(100))
except OSError as e:
    print(e)
try:
    socket.socket()
except OSError as e:
    print(e)
"""
    terminal = rig.start_python(text).wait_ready()
    os.kill(rig.host(), signal.SIGKILL)
    status, out, _ = terminal.end()
    first, second = out.splitlines()
    # It waited already, or it found the pair ended.
    contains(["[Errno 100] Network is down", "b''",
              "[Errno 104] Connection reset by peer"], first)
    equal((status, second), (125, "[Errno 100] Network is down"))


def test_a_killed_host_is_followed_by_another(rig):
    rig.start("sleep", "100")
    until("a host runs", rig.host)
    before = rig.host()
    os.kill(before, signal.SIGKILL)
    until("it is gone", lambda: before not in rig.processes())
    rig.start_python(TCP_SERVER, 12000).wait_ready()
    equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000),
          (0, "HELLO OVER THERE\n", ""))


def test_killed_client_ends_its_connection(rig):
    """As the kernel would: FIN for what was read, else RST."""
    server = """
import socket
s = socket.socket()
s.bind(("", 12000))
s.listen()
print("ready", flush=True)
c, _ = s.accept()
print(c.recv(100))
print(c.recv(100))
c, _ = s.accept()
c.send(b"never read")
c.recv(100)
try:
    print(c.recv(100))
except OSError as e:
    print(e)
"""
    client = """
import os, socket, sys
s = socket.create_connection(("127.0.0.1", 12000))
if sys.argv[1] == "unread":
    while not s.recv(1, socket.MSG_PEEK):
        pass
s.send(b"bye")
os.kill(os.getpid(), 9)
"""
    terminal = rig.start_python(server).wait_ready()
    equal(rig.python(client, "read")[0], 137)
    equal(rig.python(client, "unread")[0], 137)
    status, out, _ = terminal.end()
    equal((status, out),
          (0, "b'bye'\nb''\n[Errno 104] Connection reset by peer\n"))


def test_stop(rig):
    terminal = rig.start_python(TCP_SERVER, 12000, options=()).wait_ready()
    equal(rig.call(["host", "stop"])[0], 0)
    status, _, err = terminal.end()
    equal(status, 125)
    contains(err, "the live host was stopped (causeway host stop)")
    rig.nothing_remains()
    equal(rig.call(["host"]), (3, "", "causeway: no live host runs\n"))
    equal(rig.call(["host", "stop"])[0], 3)


# ---- what can be seen ----------------------------------------------------------------


def test_sockets_while_it_runs(rig):
    """`netstat -nltp` has the listener with its port, state and program."""
    rig.start_python(TCP_SERVER, 12000).wait_ready()
    rig.start_python(UDP_SERVER, 12001).wait_ready()
    pids = {line.split()[-1]: pid for pid, line in rig.processes().items()
            if line.startswith(PYTHON)}
    status, out, _ = rig.call(["netstat", "-nltp"])
    equal(status, 0)
    equal([line.split() for line in out.splitlines()[2:]],
          [["tcp", "0", "0", "0.0.0.0:12000", "0.0.0.0:*", "LISTEN",
            f"{pids['12000']}/python3"]])
    status, out, _ = rig.call(["ss", "-Hulnp"])
    equal(status, 0)
    contains(out, "0.0.0.0:12001")
    contains(out, f'users:(("python3",pid={pids["12001"]},fd=3))')


def test_sockets_of_several(rig):
    """A descriptor that is inherited is shown for each process."""
    rig.start_python(TCP_SERVER.replace("print(", "import os; os.fork(); "
                                        "print("), 12000).wait_ready()
    pids = [pid for pid, line in rig.processes().items()
            if line.startswith(PYTHON)]
    until("both are there", lambda: all(
        f"pid={pid}" in rig.call(["ss", "-tlnp"])[1] for pid in pids))


def test_recording(rig):
    """It holds what two terminals said to each other."""
    file = rig.path("file.pcapng")
    server = rig.start_python(TCP_SERVER, 12000,
                              options=["-q", "--record", file])
    server.wait_ready()
    equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000)[0], 0)
    server.end(signal.SIGINT)
    rig.call(["host", "stop"])
    status, out, err = rig.call(["ladder", file])
    equal(status, 0, err)
    for part in ("SYN", "hello over t", "TIME-WAIT"):
        contains(out + err, part)
    status, out, err = rig.call(["replay", "--check", file])
    equal(status, 0, out + err)


# ---- kinds of programs -------------------------------------------------------------


def test_forks_and_threads(rig):
    server = """
import os, socket, threading
s = socket.socket()
s.bind(("", 12000))
s.listen(20)
def serve():
    while True:
        c, _ = s.accept()
        c.sendall(c.recv(100).upper() + b" from %d" % os.getpid())
        c.close()
for _ in range(2):
    os.fork()
threading.Thread(target=serve).start()
print("ready", flush=True)
serve()
"""
    client = """
import socket, threading
said = []
def ask():
    s = socket.create_connection(("127.0.0.1", 12000))
    s.send(b"hello")
    said.append(s.recv(100))
threads = [threading.Thread(target=ask) for _ in range(40)]
[t.start() for t in threads]
[t.join() for t in threads]
assert all(t.startswith(b"HELLO from ") for t in said), said
print(len(said))
"""
    rig.start_python(server).wait_ready()
    equal(rig.python(client), (0, "40\n", ""))


def test_fast(rig):
    """send() and recv() go on natively; the same for those who behave."""
    rig.start_python(TCP_SERVER, 12000,
                     options=["-q", "--fast"]).wait_ready()
    for _ in range(3):
        equal(rig.python(TCP_CLIENT, "127.0.0.1", 12000,
                         options=["-q", "--fast"]),
              (0, "HELLO OVER THERE\n", ""))


def test_static_program(rig):
    busybox = "/bin/busybox"
    if not os.path.exists(busybox):
        raise Skip("there is no busybox (package busybox-static)")
    server = rig.start(busybox, "sh", "-c",
                       "echo ready; busybox nc -l -p 5000 | "
                       "busybox tr a-z A-Z", options=["-q"]).wait_ready()
    ask = f"""
import socket
while True:
    try:
        s = socket.create_connection(("127.0.0.1", 5000))
        break
    except ConnectionRefusedError:
        pass
s.send(b"static")
"""
    equal(rig.python(ask)[0], 0)
    equal(server.end()[:2], (0, "STATIC"))


def test_set_user_id(rig):
    if os.geteuid() != 0:
        raise Skip("only root can make such a program")
    other = type(rig)(rig.causeway, uid=65534)
    try:
        file = other.path("id")
        subprocess.run(["cp", "/usr/bin/id", file], check=True)
        os.chmod(file, 0o4755)
        status, out, err = other.run(file, "-u", options=())
        equal((status, out), (0, "65534\n"))
        contains(err, f"causeway: {file}: it runs without the rights of its "
                      "file (set-user-ID): seccomp takes them away\n")
    finally:
        other.close()


def test_unreadable_program(rig):
    if os.geteuid() != 0:
        raise Skip("only root can make such a program for another")
    other = type(rig)(rig.causeway, uid=65534)
    try:
        file = other.path("id")
        subprocess.run(["cp", "/usr/bin/id", file], check=True)
        os.chmod(file, 0o711)
        status, out, err = other.run(file)
        equal((status, out), (125, ""))
        contains(err, "it was NOT started")
        equal(other.processes(), {})
    finally:
        other.close()


def test_nobody(rig):
    """A user without any rights, where the tests run as root."""
    if os.geteuid() != 0:
        raise Skip("the other tests are it")
    other = type(rig)(rig.causeway, uid=65534)
    try:
        server = other.start_python(TCP_SERVER, 80).wait_ready()
        equal(other.python(TCP_CLIENT, "127.0.0.1", 80),
              (0, "HELLO OVER THERE\n", ""))
        equal(other.call(["doctor"])[0], 0)
        server.end(signal.SIGINT)
        equal(other.call(["host", "stop"])[0], 0)
        other.nothing_remains()
    finally:
        other.close()


def test_causeway_in_causeway(rig):
    for inner in (["run", "--", "touch", rig.path("inner")],
                  ["lab", "--", "touch", rig.path("inner")]):
        status, _, err = rig.run(rig.causeway, *inner)
        equal(status, 125, inner)
        contains(err, "it was NOT started")
    equal(os.path.exists(rig.path("inner")), False)
    rig.nothing_remains()


# ---- the directory -------------------------------------------------------------------


def test_directory_that_others_can_enter(rig):
    os.mkdir(os.path.join(rig.runtime, "causeway"))
    os.chmod(os.path.join(rig.runtime, "causeway"), 0o755)
    status, out, err = rig.run("echo", "started")
    equal((status, out), (125, ""))
    contains(err, "mode 0700")


def test_stale_socket(rig):
    place = os.path.join(rig.runtime, "causeway")
    os.mkdir(place, 0o700)
    for name in ("host.sock", "view-1"):
        with open(os.path.join(place, name), "w", encoding="ascii"):
            pass
    os.remove(os.path.join(place, "view-1"))
    equal(rig.run("true", options=["-q"]), (0, "", ""))
    rig.nothing_remains()


def test_doctor(rig):
    import json
    status, out, err = rig.call(["doctor", "--json"])
    equal((status, err), (0, ""))
    answer = json.loads(out)
    equal(answer["schema"], "causeway.doctor/1")
    equal(answer["ok"], True)
    trial, = [c for c in answer["checks"] if c["name"] == "trial"]
    contains(trial["text"], "over our TCP")
    status, out, _ = rig.run(rig.causeway, "doctor")
    equal(status, 3)
    contains(out, "no   seccomp notify  Device or resource busy")
    rig.nothing_remains()


if __name__ == "__main__":
    main(globals())
