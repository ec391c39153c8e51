#!/usr/bin/env python3
"""views_test CAUSEWAY: what ladder, ss and netstat do with terminals, bad
command lines and bad files.

Ends with "N passed, N failed".
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

CAUSEWAY = sys.argv[1]
LABS = {
    "echo": "--drop data_1 -- @upper 12000 : @send h1 12000 你好_hello",
    "bulk": "--loss 3% --seed 7 -- @sink 9 : @source h1 9 300kB",
    "jitter": "--reorder 5% --duplicate 3% -- @sink 9 : @source h1 9 60kB",
    "six": "--drop udp_1 -- @udp-upper 53 : @udp-send -t 1s fd00::1 53 a b",
    "three": "-- @upper 80 : @send h1 80 one : @send h1 80 two",
}
VIEWS = [["ladder"], ["ladder", "--list"], ["ss", "-tuan", "--last"],
         ["ss", "-s", "--last"], ["netstat", "-an", "--last"],
         ["netstat", "-s", "--last"]]
PLOTS = [["plot"], ["plot", "--window"], ["plot", "--list"]]
USAGE = [  # words, what the one message has
    (["ladder", "--lst"], "did you mean --list?"),
    (["ladder", "-x"], "-x: no such option"),
    (["ladder", "--color"], "a value is missing"),
    (["ladder", "--color", "blue"], "auto, always or never"),
    (["ladder", "--json=1"], "takes no value"),
    (["ladder", "0"], "count from 1"),
    (["ladder", "99999999999999999999"], "count from 1"),
    (["ladder", "7"], "no such conversation"),
    (["ladder", "a.pcapng", "b.pcapng"], "one recording at a time"),
    (["ladder", "/nowhere"], "/nowhere: No such file"),
    (["ladder", "/"], "/: Is a directory"),
    (["ladder", CAUSEWAY], "no recording of Causeway"),
    (["plot", "--windw"], "did you mean --window?"),
    (["plot", "0"], "count from 1"),
    (["plot", "99"], "no such sender"),
    (["plot", "a.pcapng", "b.pcapng"], "one recording at a time"),
    (["plot", CAUSEWAY], "no recording of Causeway"),
    (["ss", "--jsn"], "did you mean --json?"),
    (["ss", "-tx"], "-x: no such option"),
    (["ss", "state", "establishd"], "did you mean established?"),
    (["ss", "sport", "=", "http"], "a port is a number"),
    (["ss", "foo.pcapng"], "foo.pcapng: No such file"),
    (["ss", "--last", "--host", "h9"], "no such host"),
    (["netstat", "-x"], "-x: no such option"),
    (["netstat", "sport"], "no such recording"),
]
passed = failed = 0


def check(ok, what):
    global passed, failed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print("failed:", what)


def run(words, **env):
    """Exit status, standard output and error, of bytes."""
    clean = {k: v for k, v in os.environ.items()
             if k not in ("COLUMNS", "LC_ALL", "LC_CTYPE", "NO_COLOR",
                          "CAUSEWAY_ASCII")}
    done = subprocess.run([CAUSEWAY, *words], env={**clean, **env},
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def record(name, lab, folder):
    file = str(folder / f"{name}.pcapng")
    words = [w.replace("_", " ") for w in lab.split()]
    run(["lab", "-q", "--clock", "virtual", "--delay", "20ms", "--record",
         file, *words])
    return file


def check_terminals(file):
    """No escape unless asked for; no UTF-8 but in its locale; no line that is
    too wide."""
    for view in VIEWS + (PLOTS if "bulk" in file else []):
        words = [*view, file]
        what = " ".join(words)
        _, out, _ = run(words, LANG="C.UTF-8")
        check(out and b"\x1b" not in out, f"{what}: escapes in a pipe")
        check(max(map(width, out.decode().splitlines())) <= 100
              if view[0] == "netstat" else
              max(map(width, out.decode().splitlines())) <= 80,
              f"{what}: wider than 80")
        for env in ({"LANG": "C"}, {"LANG": "C.UTF-8", "CAUSEWAY_ASCII": "1"},
                    {"LC_ALL": "C", "LANG": "C.UTF-8"}):
            _, out, _ = run(words, **env)
            check(out.isascii(), f"{what} {env}: not ASCII")


def check_ladder(file):
    env = {"LANG": "C.UTF-8"}
    for columns in (52, 60, 70, 80, 200):
        _, out, _ = run(["ladder", "-q", file], COLUMNS=str(columns), **env)
        widest = max(map(width, out.decode().splitlines()))
        check(widest <= min(columns, 80), f"{file}: {widest} of {columns}")
    _, out, _ = run(["ladder", "--ascii", file], **env)
    check(out.isascii(), "--ascii: not ASCII")
    _, out, _ = run(["ladder", "--color", "always", file], NO_COLOR="1",
                    TERM="dumb", **env)
    check(b"\x1b[" in out, "--color always: no colour")
    _, _, err = run(["ladder", "-q", file], **env)
    check(err == b"", "ladder -q says something")
    _, out, _ = run(["ladder", "--json", file], **env)
    lines = [json.loads(line) for line in out.splitlines()]
    check(all(line["schema"] == "causeway.ladder/1" for line in lines),
          "ladder --json: schema")
    _, out, _ = run(["ladder", "--list", file], **env)
    check(len(out.splitlines())
          == sum(line["kind"] == "conversation" for line in lines),
          "ladder --list and --json differ")


def check_ss(file):
    _, out, _ = run(["ss", "-an", "--json", file])
    table = json.loads(out)
    check(table["schema"] == "causeway.ss/1", "ss --json: schema")
    _, out, _ = run(["ss", "-anH", file])
    check(len(out.splitlines()) == len(table["sockets"]), "ss -H: rows")


def check_counters(file):
    """netstat -s: net-tools' words and nstat's names say the same."""
    _, out, _ = run(["netstat", "-s", "--json", file])
    hosts = {h["host"]: h["counters"] for h in json.loads(out)["hosts"]}
    h1, h2 = hosts["h1"], hosts["h2"]
    check(h1["TcpPassiveOpens"] == 1 and h2["TcpActiveOpens"] == 1,
          "bulk: each side has opened once")
    check(h2["TcpOutSegs"] > h1["TcpInSegs"] > 0,
          "what was lost is missing")
    check(h2["TcpOutSegs"] >= h2["TcpExtTCPOrigDataSent"]
          + h2["TcpRetransSegs"], "data are segments")
    _, out, _ = run(["netstat", "-st", "--host", "h2", file])
    text = out.decode()
    check(f"\n    {h2['TcpRetransSegs']} segments retransmitted\n" in text,
          "the text has the same number")
    check("Udp:" not in text and "Ip:" not in text,
          "-t is TCP alone")


def check_cut(file):
    """A recording that ends anywhere: a picture as far as it goes, or one
    message."""
    whole = pathlib.Path(file).read_bytes()
    cut = file + ".cut"
    for n in range(0, len(whole), max(1, len(whole) // 40)):
        pathlib.Path(cut).write_bytes(whole[:n])
        status, out, err = run(["ladder", cut], LANG="C.UTF-8")
        ok = (status == 0 and b"so far" in err) or \
             (status == 2 and not out and err.count(b"\n") == 1)
        check(ok, f"cut at {n}: {status} {err!r}")


def check_spoilt(file):
    """A recording with wrong bytes anywhere: whatever it shows, no crash."""
    whole = pathlib.Path(file).read_bytes()
    spoilt = file + ".spoilt"
    chance = random.Random(1)
    for round_ in range(100):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        pathlib.Path(spoilt).write_bytes(data)
        for view in (["ladder", "--all"], ["ladder", "--json"],
                     ["ss", "-anpoemi"]):
            status, out, _ = run([*view, spoilt], LANG="C.UTF-8")
            check(status in (0, 2) and b"\x1b" not in out,
                  f"spoilt {round_}: {view}: {status}")


def check_synack():
    """Both that wait for a lost SYN-ACK say how long they did."""
    run(["lab", "-q", "--clock", "virtual", "--drop", "synack 1", "--",
         "@upper", "80", ":", "@send", "h1", "80", "hello"])
    _, out, _ = run(["trace"])
    check(out.count(b"# retransmission: RTO 1 s\n") == 2, "a SYN-ACK's RTO")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        status, _, err = run(["ladder"])
        check(status == 2 and b"nothing has been recorded yet" in err,
              "without a recording")
        files = {n: record(n, lab, pathlib.Path(folder))
                 for n, lab in LABS.items()}
        for file in files.values():
            check_terminals(file)
            check_ladder(file)
            check_ss(file)
        check_counters(files["bulk"])
        check_cut(files["echo"])
        check_spoilt(files["echo"])
        check_synack()
        run(["lab", "-q", "--clock", "virtual", "--", "@upper", "80", ":",
             "@send", "h1", "80", "hello"])
        for words, want in USAGE:
            status, out, err = run(words)
            check(status == 2 and not out and err.count(b"\n") == 1
                  and want in err.decode(), f"{words}: {status} {err!r}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
