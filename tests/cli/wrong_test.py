#!/usr/bin/env python3
"""wrong_test CAUSEWAY: a command line that is wrong is answered with one
message, that names the place and the remedy, and with exit status 2 (what
could not be started: 126, 127); nothing is started.

Ends with "N passed, N failed".
"""
import os
import pathlib
import subprocess
import sys
import tempfile

# command line, what the message must contain
WRONG = [
    ("labb", ["labb", "did you mean lab?"]),
    ("--foo", ["--foo", "option"]),
    ("lab", ["no program", "`--`"]),
    ("lab --delay 20 -- true", ["--delay 20", "20ms"]),
    ("lab --dellay 20ms -- true", ["--dellay", "did you mean --delay?"]),
    ("lab --rate 10mbps -- true", ["--rate 10mbps", "10mbit", "10MB/s"]),
    ("lab --loss 0.03 -- true", ["--loss 0.03", "3%"]),
    ("lab --loss 1% --loss 2% -- true", ["--loss", "once"]),
    ("lab --seed x -- true", ["--seed x", "random"]),
    ("lab --seed 18446744073709551616 -- true", ["--seed 184", "too large"]),
    ("lab --drop 'h7>h2 data 1' -- true : true",
     ["--drop", "h1, h2"]),
    ("lab -- true :", [":", "missing"]),
    ("lab -- : true", [":", "missing"]),
    ("lab -- @uper 7", ["@uper", "@upper"]),
    ("lab -- @upper 99999", ["99999", "65535"]),
    ("run --delay", ["--delay", "value"]),
    ("sim 7", ["sim: 7", "--seed 7"]),
    ("sim x", ["sim: x", "--seed N"]),
    ("sim --seeds 5..1", ["5..1", "1..500"]),
    ("sim --seed 18446744073709551616", ["--seed 184", "too large"]),
    ("sim path --loss 3", ["loss 3", "3%"]),
    ("sim path --cc cubicle", ["--cc cubicle", "controller"]),
    ("sim path --foo", ["--foo", "help sim"]),
    ("sim path --rate", ["--rate", "value"]),
    ("sim path --flows 65", ["--flows 65", "64"]),
    ("sim path --outage 10s", ["down 10s", "2s..2500ms"]),
    ("sim path --outage 10s..11s --time 5s", ["--outage", "before"]),
    ("sim path --pause 1s..2s --outage 1s..2s", ["--pause", "one of them"]),
    ("sim path --bytes 0B", ["--bytes 0B", "1B"]),
    ("sim path 7", ["7", "--"]),
    ("sim path --set 'ecn maybe'", ["--set ecn maybe", "on"]),
    ("sim worlds --faults 4", ["--faults 4", "0 to 3"]),
    ("sim worlds --cc cubicle", ["cubicle", "controller"]),
    ("test --profile modern a.pkt", ["--profile modern", "classic"]),
    ("test --profile", ["--profile", "value"]),
    ("trace --foo", ["--foo", "trace -h"]),
    ("trace empty", ["empty", "nothing", "yet"]),
    ("ladder empty", ["empty", "nothing", "yet"]),
    ("ladder other", ["other", "no recording"]),
    ("ss state bogus", ["bogus", "established"]),
    ("replay a b", ["b", "one recording"]),
    ("host foo", ["foo", "causeway host stop"]),
    ("link", ["two ends", "--dev tap:A --dev tap:B"]),
    ("link --dev tap:a --dev tap:a", ["tap:a", "same device"]),
    ("link --dev tap:a --dev tap:b --dev tap:c", ["tap:c", "two ends"]),
    ("link --dev tun:a --dev tap:b", ["--dev tun:a", "tap:NAME"]),
    ("link --dev tap:a --dev tap:b -- true", ["true", "no program"]),
    ("link --dev tap:a --dev tap:b --dely 1ms", ["--dely",
                                                 "did you mean --delay?"]),
    ("link --dev tap:a --dev tap:b --delay 20", ["--delay 20", "20ms"]),
    ("link --dev tap:a --dev tap:b --back 'delay 20'",
     ["--back delay 20", "20ms"]),
    ("link --dev tap:a --dev tap:b --pmtu 1400", ["--pmtu",
                                                  "1400 blackhole"]),
    ("link --dev tap:a --dev tap:b --drop 'h1>h2 data 1'",
     ["--drop", "a and b"]),
    ("link --seed", ["--seed", "value"]),
    ("replay /dev/null", ["/dev/null", "no file"]),
]

# command line, status, what the message must contain
CANNOT = [
    ("lab -- /no/such", 127, ["/no/such", "No such file"]),
    ("lab -- true : nosuch", 127, ["nosuch", "command not found"]),
    ("lab -- true : empty", 127, ["empty", "command not found"]),
    ("lab -- ./empty", 126, ["./empty", "Permission denied"]),
    ("lab -- /", 126, ["/: Is a directory"]),
    ("lab -- @upper 9 : /", 126, ["/: Is a directory"]),
    ("run -- nosuch", 127, ["nosuch", "command not found"]),
    ("run -- /", 126, ["/: Is a directory"]),
]


def check(causeway, words, status, parts, home):
    """What is wrong with the answer, or None."""
    done = subprocess.run(["sh", "-c", f"exec {causeway} {words}"], cwd=home,
                          env=dict(os.environ, XDG_STATE_HOME=home),
                          stdin=subprocess.DEVNULL, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    lacks = [part for part in parts if part not in done.stderr]
    if (done.returncode == status and not lacks and not done.stdout
            and done.stderr.startswith("causeway: ")
            and done.stderr.count("\n") == 1):
        return None
    return f"exit {done.returncode}, lacks {lacks}: {done.stderr}"


def main():
    causeway = pathlib.Path(sys.argv[1]).resolve()
    failed = 0
    with tempfile.TemporaryDirectory() as home:
        pathlib.Path(home, "empty").touch()
        pathlib.Path(home, "other").write_text("not a recording\n" * 9)
        cases = [(words, 2, parts) for words, parts in WRONG] + CANNOT
        for words, status, parts in cases:
            error = check(causeway, words, status, parts, home)
            failed += error is not None
            if error:
                print(f"{words}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
