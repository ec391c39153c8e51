#!/usr/bin/env python3
"""trace_test CAUSEWAY: `causeway trace --tcpdump` prints what tcpdump prints
of the same recording, byte for byte, for labs of every kind; tshark and
capinfos read recordings in silence, count the same packets and find the lost
ones by their comments; filters, parts of recordings, JSON and captures of
others.

Ends with "N passed, N failed"; exit 77 without tcpdump, tshark or capinfos.
"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

LABS = {
    "v4": "--delay 20ms -- @upper 1000 : @send h1 1000 hello",
    "v6": "--delay 20ms -- @upper 1000 : @send fd00::1 1000 hello",
    "loss": "--seed 7 --delay 20ms --loss 3% -- @sink 9 : @source h1 9 500kB",
    "loss6": "--seed 8 --delay 5ms --loss 5% -- "
             "@sink 9 : @source fd00::1 9 200kB",
    "reorder": "--seed 3 --delay '20ms 5ms' --reorder 10% -- "
               "@sink 9 : @source h1 9 200kB",
    "duplicate": "--seed 4 --delay 20ms --duplicate 5% --loss 2% -- "
                 "@sink 9 : @source h1 9 200kB",
    "corrupt": "--seed 5 --delay 20ms --corrupt 3% -- "
               "@sink 9 : @source h1 9 200kB",
    "corrupt6": "--seed 6 --delay 20ms --corrupt 3% -- "
                "@sink 9 : @source fd00::1 9 100kB",
    "udp": "--seed 6 --delay 20ms --loss 10% -- "
           "@udp-upper 53000 : @udp-send -t 1s h1 53000 one two three",
    "unreachable": "--delay 20ms -- "
                   "@udp-upper 53000 : @udp-send -t 1s h1 53001 one",
    "unreachable6": "--delay 20ms -- "
                    "@udp-upper 53000 : @udp-send -t 1s fd00::1 53001 one",
    "refused": "--delay 20ms -- @upper 1000 : @send h1 1001 hello",
    "arp": "--delay 20ms --arp -- @hello 1000 : @recv h1 1000",
    "ndp": "--delay 20ms --arp -- @hello 1000 : @recv fd00::1 1000",
    "three": "--seed 9 --delay 3ms --loss 2% -- "
             "@sink 9 : @source h1 9 50kB : @source h1 9 50kB",
}

FLAGS = [[], ["-S"], ["-t"], ["-tt"], ["-ttt"], ["-tttt"], ["-ttttt"],
         ["-e"], ["-q"], ["-v"], ["-x"], ["-X"], ["-A"], ["-xx"], ["-XX"],
         ["-AA"], ["-v", "-e", "-X"], ["-c", "5"]]

FILTERS = ["tcp", "tcp[13] & 2 != 0", "src host 10.0.0.1", "port 9",
           "ip6 and not udp", "greater 1000", "icmp or icmp6", "arp"]


class Failed(Exception):
    """What is wrong."""


def run(words, status=0, env=None):
    """(standard output, standard error); the exit status must be this."""
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "TZ": "UTC", **(env or {})},
                          check=False)
    if done.returncode != status:
        raise Failed(f"{words}: exit {done.returncode}, not {status}:\n"
                     + done.stderr.decode(errors="replace"))
    return done.stdout, done.stderr.decode(errors="replace")


def expect(true, what):
    if not true:
        raise Failed(what)


def same(got, want, what):
    """Names the first line that differs."""
    if got == want:
        return
    for number, (a, b) in enumerate(zip(got.splitlines(),
                                        want.splitlines()), 1):
        if a != b:
            raise Failed(f"{what}: line {number}:\n    got  {a!r}\n"
                         f"    want {b!r}")
    raise Failed(f"{what}: {len(got.splitlines())} lines, not "
                 f"{len(want.splitlines())}")


def count(text):
    return len(text.splitlines())


class Trace:
    """One causeway and its recordings."""

    def __init__(self, causeway, directory):
        self.causeway = causeway
        self.dir = pathlib.Path(directory)
        self.said = {}

    def record(self):
        for name, words in LABS.items():
            command = (f"{self.causeway} lab --clock virtual --record "
                       f"{self.file(name)} {words}")
            done = subprocess.run(["sh", "-c", command], text=True,
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.said[name] = done.stderr

    def file(self, name):
        return self.dir / f"{name}.pcapng"

    def trace(self, *words, status=0, env=None):
        return run([self.causeway, "trace", *words], status, env)[0]

    def refused(self, *words):
        """The message of a command that is refused."""
        return run([self.causeway, "trace", *words], 2)[1]


def tcpdump(*words):
    return run(["tcpdump", "-n", *words])[0]


def tshark(*words):
    out, err = run(["tshark", *words])
    err = re.sub(r"Running as user \"root\".*\n?", "", err)
    expect(err.strip() == "", f"tshark {words} says: {err}")
    return out


# ---- the tests ----------------------------------------------------------------

def is_tcpdump(t):
    """trace --tcpdump is tcpdump, whatever the flags."""
    for place, name in enumerate(LABS):
        file = t.file(name)
        # All flags where all is shown; some, each time others, elsewhere.
        for flags in (FLAGS if name in ("v4", "v6", "arp", "unreachable")
                      else [[], *FLAGS[1 + place % 4::4]]):
            same(t.trace("--tcpdump", *flags, file),
                 tcpdump(*flags, "-r", file), f"{name} {flags}")


def filters_are_tcpdumps(t):
    """The same packets pass; names of hosts stand for their addresses."""
    for name in ("v4", "loss6", "unreachable", "unreachable6", "arp"):
        file = t.file(name)
        for words in FILTERS:
            same(t.trace("--tcpdump", *words.split(), file),
                 tcpdump("-r", file, words), f"{name} '{words}'")
    same(t.trace(t.file("v4"), "tcp"),
         t.trace("tcp", t.file("v4")), "FILE FILTER")
    for named, plain in (("src h2 and tcp", "src 10.0.0.2 and tcp"),
                         ("ip host h1", "ip host 10.0.0.1"),
                         ("ip6 host h1", "ip6 host fd00::1")):
        file = t.file("v6" if "6" in named else "v4")
        same(t.trace("--tcpdump", "-r", file, named),
             tcpdump("-r", file, plain), named)


def readers_are_silent(t):
    """tshark, capinfos and tcpdump count the same packets."""
    for name in LABS:
        file = t.file(name)
        n = len(t.trace("--json", file).splitlines())
        expect(n > 0, f"{name}: no packets")
        expect(count(tshark("-r", file, "-T", "fields", "-e",
                            "frame.number")) == n, f"{name}: tshark")
        expect(count(tcpdump("-t", "-q", "-r", file)) == n,
               f"{name}: tcpdump")
        out, err = run(["capinfos", "-M", "-c", file])
        expect(err == "", f"capinfos says: {err}")
        expect(re.search(rb"packets: +(\d+)", out)[1] == b"%d" % n,
               f"{name}: capinfos: {out}")


def comments_find_the_lost(t):
    """frame.comment, the notes, JSON and the summary agree on losses."""
    for name in LABS:
        file = t.file(name)
        found = tshark("-r", file, "-T", "fields", "-e", "frame.number",
                       "-Y", 'frame.comment contains "lost on"').split()
        noted = [line for line in t.trace("-v", file).splitlines()
                 if b"; lost on link" in line]
        expect(len(found) == len(noted),
               f"{name}: {len(found)} comments, {len(noted)} notes")
        said = re.search(r"packets?, (\d+) lost", t.said[name])
        expect(said, f"{name} said: {t.said[name]}")
        if name == "duplicate":  # of a copy too, while the other arrived
            continue
        lost = [json.loads(line) for line
                in t.trace("--json", file).splitlines()]
        lost = [p["number"] for p in lost if p["lost"]]
        expect(len(found) == len(lost) == int(said[1]),
               f"{name}: {len(found)} comments, {len(lost)} in JSON, "
               f"{said[1]} said")


def notes_stand_behind(t):
    """Without its notes the default is tcpdump's text."""
    for name in LABS:
        text = t.trace(t.file(name))
        bare = re.sub(rb"  # .*", b"", text)
        same(bare, t.trace("--tcpdump", t.file(name)), name)
        expect(b"\x1b" not in text, f"{name}: escapes in a pipe")
    text = t.trace(t.file("loss"))
    expect(b"  # retransmission: " in text or b"  # fast retr" in text,
           "no retransmission is named")


def json_says_it_all(t):
    """Every line is an object with what --help promises."""
    first = json.loads(t.trace("--json", "-c", "1", t.file("v4")))
    expect(first["schema"] == "causeway.trace/1" and first["t_ns"] == 0,
           f"{first}")
    expect((first["src"], first["dst"], first["dport"], first["flags"],
            first["len"], first["why"], first["lost"], first["link"])
           == ("10.0.0.2", "10.0.0.1", 1000, ["SYN"], 0, "tx-syn", False,
               "h1-h2"), f"{first}")
    expect(first["fates"] == [{"what": "link-arrived",
                               "arrive_ns": 20000000}], f"{first}")
    for name in LABS:
        lines = t.trace("--json", t.file(name)).splitlines()
        text = t.trace("--tcpdump", "-t", t.file(name)).decode()
        objects = [json.loads(line) for line in lines]
        same("".join(o["line"] + "\n" for o in objects), text, name)
        numbers = [o["number"] for o in objects]
        expect(numbers == sorted(set(numbers)), f"{name}: numbers")


def parts_are_recordings(t):
    """-w writes what tcpdump reads and trace reads again."""
    part = t.dir / "part.out"
    for name, words in (("loss", "tcp[13] & 3 != 0"), ("udp", "udp"),
                        ("arp", "")):
        file = t.file(name)
        t.trace("-w", part, "-r", file, *([words] if words else []))
        same(tcpdump("-r", part), tcpdump("-r", file,
                                          *([words] if words else [])), name)
        same(t.trace(part), t.trace("-r", file,
                                    *([words] if words else [])), name)
        tshark("-r", part, "-T", "fields", "-e", "frame.comment")
    same(t.trace("-w", "-", "-c", "3", t.file("v4")),
         (t.trace("-w", part, "-c", "3", t.file("v4")),
          part.read_bytes())[1], "-w -")


def links_are_chosen(t):
    """-i: by the link's name or the interface's."""
    file = t.file("three")
    whole = t.trace("--tcpdump", file)
    parts = [t.trace("--tcpdump", "-S", "-i", link, file)
             for link in ("h1-h2", "h1-h3")]
    expect(sorted(b"".join(parts).splitlines())
           == sorted(t.trace("--tcpdump", "-S", file).splitlines()),
           "the links' packets are not all packets")
    expect(0 < count(t.trace("-i", "h2", file)) < count(whole), "-i h2")
    expect("did you mean h1-h2" in t.refused("-i", "h1-h", t.file("v4")),
           "-i h1-h")


def pcap(order, nano, snap, packets):
    """The older format."""
    out = struct.pack(order + "IHHIIII", 0xa1b23c4d if nano else 0xa1b2c3d4,
                      2, 4, 0, 0, 65535, 1)
    for i, frame in enumerate(packets):
        kept = frame[:snap]
        out += struct.pack(order + "IIII", 1700000000, 1000 * i, len(kept),
                           len(frame)) + kept
    return out


def captures_of_others(t):
    """pcap of each kind, pcapng of either byte order."""
    file = t.dir / "other.pcap"
    text = tcpdump("-xx", "-t", "-r", t.file("udp")).decode()
    frames, digits = [], ""
    for line in text.splitlines() + ["x"]:
        if line.startswith("\t0x"):
            digits += line.split(":", 1)[1]
        elif digits:
            frames.append(bytes.fromhex(digits))
            digits = ""
    for order in "<>":
        for nano in (False, True):
            file.write_bytes(pcap(order, nano, 48, frames))
            same(t.trace("--tcpdump", file), tcpdump("-r", file),
                 f"pcap {order} {nano}")
            same(t.trace(file), tcpdump("-r", file), "default")
        epb = lambda f: struct.pack(
            order + "IIIIIII", 6, 32 + -(-len(f) // 4) * 4, 0, 0, 5000000,
            len(f), len(f)) + f + bytes(-len(f) % 4) + struct.pack(
                order + "I", 32 + -(-len(f) // 4) * 4)
        file.write_bytes(
            struct.pack(order + "IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0,
                        -1, 28)
            + struct.pack(order + "IIHHII", 1, 20, 1, 0, 0, 20)
            + b"".join(map(epb, frames)))
        same(t.trace("--tcpdump", file), tcpdump("-r", file),
             f"pcapng {order}")
    for line in t.trace("--json", file).splitlines():
        expect("fates" not in json.loads(line), "fates out of nowhere")
    t.trace("-w", t.dir / "again.out", file)
    same(tcpdump("-r", t.dir / "again.out"), tcpdump("-r", file), "-w")
    data = bytearray(file.read_bytes())
    for cut in range(0, len(data), 7):
        file.write_bytes(data[:cut])
        done = subprocess.run([t.causeway, "trace", str(file)], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        expect(done.returncode in (0, 2), f"cut at {cut}: {done}")


def colours(t):
    """Only where they are wanted."""
    file = t.file("loss")
    shown = t.trace("--color", "always", file)
    expect(b"\x1b[38;5;166m" in shown and b"\x1b[38;5;214m" in shown,
           "no colours with --color always")
    same(re.sub(rb"\x1b\[[0-9;]*m", b"", shown), t.trace(file), "--color")
    expect(b"\x1b" not in t.trace("--tcpdump", "--color", "always", file),
           "--tcpdump has colours")


def refusals(t):
    """One line that names the place, the reason and the remedy."""
    file = t.file("v4")
    for words, part in (
            (["--tcpdmp", file], "did you mean --tcpdump"),
            (["-c", "none", file], "a number of packets"),
            (["-tttttt", file], "five"),
            (["--color", "red", file], "auto, always or never"),
            (["no-such.pcapng"], "No such file"),
            (["-r", t.causeway], "no capture"),
            (["tcp", "prt", "7", file], "pcap-filter(7)"),
            (["-r", t.dir], "directory")):
        said = t.refused(*words)
        expect(part in said and said.count("\n") == 1
               and said.startswith("causeway: trace: "), f"{words}: {said}")


TESTS = [is_tcpdump, filters_are_tcpdumps, readers_are_silent,
         comments_find_the_lost, notes_stand_behind, json_says_it_all,
         parts_are_recordings, links_are_chosen, captures_of_others,
         colours, refusals]


def without_filters(t):
    """Built without libpcap: the tests of filters do not apply."""
    done = subprocess.run([t.causeway, "trace", "-r", str(t.file("v4")),
                           "tcp"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    return "libpcap" in done.stderr


def main():
    if not all(map(shutil.which, ("tcpdump", "tshark", "capinfos"))):
        print("tcpdump, tshark or capinfos is missing")
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        t = Trace(sys.argv[1], directory)
        t.record()
        tests = TESTS
        if without_filters(t):
            tests = [test for test in TESTS if test not in
                     (filters_are_tcpdumps, parts_are_recordings, refusals)]
        for test in tests:
            try:
                test(t)
            except Failed as wrong:
                failed += 1
                print(f"{test.__name__}: {test.__doc__}\n    {wrong}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
