#!/usr/bin/env python3
"""addr_test CAUSEWAY: addresses that hosts find out: --addr dhcp against
busybox's udhcpd, --addr auto against router advertisements, in a namespace of
the test's own; and nobody who answers.

Ends with "N passed, N failed"; exit 77 if it cannot be done here.
"""
import ipaddress
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import rig

PREFIX = "fd77::"
RESULTS = []
# What a program sees: its own address, and an echo from the kernel's.
LOOK = """
import socket, sys
host = sys.argv[1]
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((host, int(sys.argv[2])))
print(s.getsockname()[0])
s.send(b"ping")
print(s.recv(100).decode())
"""
UDHCPD = """
start 10.9.0.100
end 10.9.0.120
interface {dev}
lease_file {dir}/leases
pidfile {dir}/pid
option subnet 255.255.255.0
option router {router}
option lease 600
"""


def check(name, good, what=""):
    print(f"{'ok' if good else 'FAILED'}: {name}{': ' if what else ''}{what}",
          flush=True)
    RESULTS.append(good)


class Echo:
    """The kernel's end: a datagram comes back."""

    def __init__(self, family):
        v6 = family == 6
        self.sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
                                  socket.SOCK_DGRAM)
        self.sock.bind((rig.KERNEL[family], 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            data, whom = self.sock.recvfrom(100)
            self.sock.sendto(data, whom)


def advertise(stop):
    """RFC 4861 §4.2, §4.6.2: a router of PREFIX, twice a second."""
    index = socket.if_nametoindex(rig.DEV)
    ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    ra += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 1800, 0)
    ra += socket.inet_pton(socket.AF_INET6, PREFIX)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                       socket.IPPROTO_ICMPV6) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        while not stop.wait(0.5):
            s.sendto(ra, ("ff02::1", 0, 0, index))


def look(causeway, record, options, family, name):
    """A program under causeway: the address that it has; None: it failed."""
    port = Echo(family).port
    done = subprocess.run(
        [causeway, "run", "--quiet", "--dev", f"tap:{rig.DEV}", *options,
         "--record", record, "--", rig.PYTHON, "-c", LOOK,
         rig.KERNEL[family], str(port)], text=True, timeout=rig.LIMIT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.splitlines()
    check(f"{name}: a program has an answer",
          done.returncode == 0 and lines[1:] == ["ping"], done.stdout.strip())
    again = subprocess.run([causeway, "replay", "--check", record], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False)
    check(f"{name}: its recording replays", again.returncode == 0,
          again.stdout.strip())
    return ipaddress.ip_address(lines[0]) if len(lines) == 2 else None


def within(address, network):
    return address in ipaddress.ip_network(network) if address else False


def dhcp(causeway, folder):
    if not shutil.which("busybox"):
        print("skipped: dhcp: there is no busybox")
        return
    (folder / "leases").write_text("", encoding="ascii")
    config = folder / "udhcpd.conf"
    config.write_text(UDHCPD.format(dev=rig.DEV, dir=folder,
                                    router=rig.KERNEL[4]), encoding="ascii")
    with subprocess.Popen(["busybox", "udhcpd", "-f", "-a", "50", config],
                          stderr=subprocess.PIPE, text=True) as server:
        address = look(causeway, folder / "dhcp.pcapng", ["--addr", "dhcp"],
                       4, "dhcp")
        server.terminate()
        said = server.stderr.read()
    check("dhcp: the address is of the server's", f"{address}" in said
          and within(address, "10.9.0.96/27"), f"{address}")
    check("dhcp: it was asked once", said.count("sending OFFER") == 1)


def auto(causeway, folder):
    stop = threading.Event()
    router = threading.Thread(target=advertise, args=(stop,))
    router.start()
    address = look(causeway, folder / "auto.pcapng", ["--addr", "auto"], 6,
                   "auto")
    stop.set()
    router.join()
    check("auto: the address is of the prefix", within(address, PREFIX + "/64"),
          f"{address}")


def wrong(causeway, options, words):
    done = subprocess.run(
        [causeway, "run", "--no-record", *options, "--", "true"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=rig.LIMIT)
    check(f"{' '.join(options)}: refused",
          done.returncode == 2 and words in done.stdout, done.stdout.strip())


def nobody(causeway):
    done = subprocess.run(
        [causeway, "run", "--no-record", "--dev", f"tap:{rig.DEV}", "--addr",
         "dhcp", "--", "true"], text=True, timeout=rig.LIMIT, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check("nobody answers: it is said", done.returncode == 125
          and "nobody has lent one" in done.stdout, done.stdout.strip())


def inside(causeway):
    rig.set_up()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.environ["XDG_STATE_HOME"] = name
        dhcp(causeway, folder)
        auto(causeway, folder)
    dev = ["--dev", f"tap:{rig.DEV}"]
    wrong(causeway, [*dev, "--addr", "dhcp", "--addr", "10.9.0.2/24"],
          "give none")
    wrong(causeway, [*dev, "--addr", "auto", "--gateway", "fd09::1"],
          "give none")
    wrong(causeway, ["--addr", "dhcp"], "--dev")
    nobody(causeway)
    failed = RESULTS.count(False)
    print(f"{len(RESULTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    causeway = str(pathlib.Path(sys.argv[1]).resolve())
    if sys.argv[2:] == ["inside"]:
        sys.exit(inside(causeway))
    words, why = rig.outer()
    if why:
        print(f"skipped: {why}\n0 passed, 0 failed")
        sys.exit(77)
    sys.exit(rig.run_in(words, [rig.PYTHON, __file__, causeway, "inside"],
                        dict(os.environ)))


if __name__ == "__main__":
    main()
