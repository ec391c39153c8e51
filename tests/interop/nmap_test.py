#!/usr/bin/env python3
"""nmap_test CAUSEWAY: what scanners make of a stack of ours, and of this
machine's kernel beside it, in namespaces of the test's own.

nmap -O -sV and hping3 look at an unmodified web server under causeway:
initial sequence numbers at least as hard to predict as the kernel's, no
identification that can be told, every odd packet survived. Prints what
docs/security.md shows.

Ends with "N passed, N failed"; exit 77 if it cannot be done here.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import rig

PORT = 80
SERVER = ["/usr/bin/python3", "-m", "http.server", "--bind", "::", str(PORT)]
# What nmap counts as difficult: "Good luck!" begins at 160 (its index of the
# deviation of initial sequence numbers, in eighths of a bit).
GOOD_LUCK = 160
SLACK = 24                      # it is of six numbers, so it spreads
RESULTS = []


def check(name, good, what=""):
    print(f"{'ok' if good else 'FAILED'}: {name}{': ' if what else ''}{what}",
          flush=True)
    RESULTS.append(good)


def output(*argv, timeout=120):
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          errors="replace", check=False, timeout=timeout)
    return done.stdout


def serves(host):
    """Does the web server still answer?"""
    code = ("import sys, urllib.request as u\n"
            "print(u.urlopen(sys.argv[1], timeout=10).status)")
    at = f"[{host}]" if ":" in host else host
    return output(rig.PYTHON, "-c", code,
                  f"http://{at}:{PORT}/").strip() == "200"


# ---- nmap ------------------------------------------------------------------------

def scan(host, *more):
    text = output("nmap", "-n", "-O", "-sV", "-v", "-p", "1-100", *more, host)
    found = {}
    for name, pattern in (
            ("difficulty", r"TCP Sequence Prediction: Difficulty=(\d+)"),
            ("ids", r"IP ID Sequence Generation: (.+)"),
            ("service", r"80/tcp\s+open\s+(.+)"),
            ("tests", r"SEQ\((.*?)\)")):
        joined = text.replace("\nOS:", "")
        match = re.search(pattern, joined)
        found[name] = match[1].strip() if match else ""
    return found, text


def of_id(tests, name):
    """nmap's class of identifications: TI, CI (TCP), II (ICMP)."""
    match = re.search(rf"{name}=(\w+)", tests)
    return match[1] if match else "none"


def nmap(ours, kernel):
    """Both families of both, at once: a scan waits more than it sends."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        scans = {family: [pool.submit(scan, hosts[family],
                                      *(["-6"] if family == 6 else []))
                          for hosts in (ours, kernel)] for family in (4, 6)}
    for family, both in scans.items():
        (a, text), (b, _) = (one.result() for one in both)
        check(f"v{family}: the service is seen", "http" in a["service"],
              a["service"])
        check(f"v{family}: it still serves", serves(ours[family]))
        if family == 6:
            continue            # nmap tells of no sequences there
        mine, theirs = (int(x["difficulty"] or 0) for x in (a, b))
        check("sequence numbers are hard to predict",
              mine >= max(GOOD_LUCK, theirs - SLACK),
              f"difficulty {mine}; the kernel's {theirs}")
        for name in ("TI", "CI", "II"):
            value = of_id(a["tests"], name)
            check(f"identifications ({name}) cannot be told",
                  value in ("Z", "RD", "RI"),
                  f"{value}; the kernel's {of_id(b['tests'], name)}")
        if not a["tests"]:
            print(text)         # for whoever wonders why


# ---- hping3 -----------------------------------------------------------------------

def numbers(host):
    """Initial sequence numbers, from nobody's port of this host."""
    text = output("hping3", "-n", "-S", "-p", str(PORT), "-c", "50", "-i",
                  "u2000", "-Q", host)
    return [int(line.split()[0]) for line in text.splitlines()
            if re.match(r"\s*\d+ \+\d+", line)]


def spread(values):
    """How many different steps there are, and the smallest one."""
    steps = [(b - a) % 2 ** 32 for a, b in zip(values, values[1:])]
    return len(set(steps)), min(min(s, 2 ** 32 - s) for s in steps)


def hping(host):
    found = numbers(host)
    different, least = spread(found)
    check("hping3: no step of sequence numbers twice",
          len(found) >= 40 and different == len(found) - 1,
          f"{len(found)} numbers, the smallest step {least}")
    text = output("hping3", "-n", "-1", "-c", "20", "-i", "u2000", host)
    ids = [int(n) for n in re.findall(r" id=(\d+)", text)]
    steps = {(b - a) % 65536 for a, b in zip(ids, ids[1:])}
    check("hping3: identifications of echo replies do not count",
          len(ids) >= 15 and len(steps) >= len(ids) - 3
          and max(steps) > 1000, f"{ids[:6]} ...")


ODD = {
    "every flag": ["-F", "-S", "-R", "-P", "-A", "-U", "-X", "-Y"],
    "no flag": [],
    "SYN and FIN": ["-S", "-F"],
    "urgent": ["-A", "-U", "-P", "-d", "100"],
    "fragments": ["-S", "-f", "-d", "200"],
    "a tiny offset": ["-S", "-O", "1"],
    "a huge offset": ["-S", "-O", "15"],
    "bad checksums": ["-S", "-b"],
    "from itself": ["-S", "-a", rig.OURS[4], "-s", str(PORT), "-k"],
    "from broadcast": ["-S", "-a", "255.255.255.255"],
    "a small TTL": ["-S", "-t", "1"],
    "UDP": ["-2", "-d", "1400"],
    "UDP in fragments": ["-2", "-d", "30000", "-f"],
    "ICMP of all types": ["-1", "--icmptype", "17", "--force-icmp"],
    "ICMP unreachable": ["-1", "--icmptype", "3", "--icmpcode", "4",
                         "--force-icmp"],
    "raw IP": ["-0", "--ipproto", "132", "-d", "200"],
    "IP options": ["-S", "-G"],
    "SYNs from everywhere": ["-S", "--rand-source"],
    "ACKs from everywhere": ["-A", "--rand-source"],
}


def odd_packets(host):
    for name, flags in ODD.items():
        output("hping3", "-n", "-q", "-p", str(PORT), "-c", "1000", "-i",
               "u100", *flags, host)
        check(f"survives: {name}", serves(host))


# ---- the namespace -----------------------------------------------------------------

def kernel_beside():
    """The kernel as a host of another namespace, scanned likewise."""
    holder = subprocess.Popen(["unshare", "--net", "--", "sh", "-c",
                               "ip link set lo up; echo ready; exec cat"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    holder.stdout.readline()
    inside = ["nsenter", "--net", f"--target={holder.pid}", "--"]
    rig.ip("link", "add", "cw1", "type", "veth", "peer", "name", "cw2",
           "netns", str(holder.pid))
    rig.sysctl("ipv6/conf/cw1/accept_dad", 0)
    rig.ip("addr", "add", "10.8.0.1/24", "dev", "cw1")
    rig.ip("addr", "add", "fd08::1/64", "dev", "cw1", "nodad")
    rig.ip("link", "set", "cw1", "up")
    for words in (["addr", "add", "10.8.0.2/24", "dev", "cw2"],
                  ["addr", "add", "fd08::2/64", "dev", "cw2", "nodad"],
                  ["link", "set", "cw2", "up"]):
        subprocess.run([*inside, "ip", *words], check=True)
    server = subprocess.Popen([*inside, *SERVER], cwd=os.environ["HOME"],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    return {4: "10.8.0.2", 6: "fd08::2"}, [server, holder]


def inside(causeway):
    rig.set_up()
    kernel, others = kernel_beside()
    command = [causeway, "run", "--quiet", "--no-record", "--dev",
               f"tap:{rig.DEV}", "--addr", f"{rig.OURS[4]}/24", "--addr",
               f"{rig.OURS[6]}/64", "--", *SERVER]
    ours = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL,
                            cwd=os.environ["HOME"])
    rig.until("it serves", lambda: serves(rig.OURS[4]))
    rig.until("the kernel's serves", lambda: serves(kernel[6]))
    nmap(rig.OURS, kernel)
    hping(rig.OURS[4])
    odd_packets(rig.OURS[4])
    check("it has never ended", ours.poll() is None)
    for process in (ours, *others):
        process.terminate()
    failed = RESULTS.count(False)
    print(f"{len(RESULTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    causeway = os.path.abspath(sys.argv[1])
    if sys.argv[2:] == ["inside"]:
        return inside(causeway)
    why = next(
        (f"there is no `{tool}`: apt-get install nmap hping3"
         for tool in ("nmap", "hping3", "nsenter") if not shutil.which(tool)),
        None)
    words, why = (None, why) if why else rig.outer()
    if not words:
        print(f"nmap: skipped: {why}")
        return 77
    with tempfile.TemporaryDirectory(prefix="causeway-nmap-") as directory:
        pathlib.Path(directory, "index.html").write_text("<p>here\n",
                                                         encoding="ascii")
        env = {**os.environ, "XDG_STATE_HOME": directory, "HOME": directory}
        return rig.run_in(words, [rig.PYTHON, __file__, causeway, "inside"],
                          env)


if __name__ == "__main__":
    sys.exit(main())
