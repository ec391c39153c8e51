#!/usr/bin/env python3
"""readme_test CAUSEWAY FILE... [--update]: the commands of the documents
print what the documents say.

A block ```console holds commands ("$ ", continued by "\\") and their output,
standard error with it.  Where built-in endpoints run in virtual time the
output is compared byte for byte; where programs run in real time, times,
ports, initial numbers, process numbers, the trace id and pure ACKs are masked,
and lines of several programs may come in any order.  A line "..." stands for any
lines.  --update writes the output into the documents.

Ends with "N passed, N failed".
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
MASKS = [
    (re.compile(r"trace [0-9a-f]{8}"), "trace ID"),
    (re.compile(r"\d+ packets"), "N packets"),
    (re.compile(r"pid[= ]\d+"), "pid N"),
    (re.compile(r"\b\d+/python3"), "N/python3"),
    (re.compile(r"(?<=[.:])\d{5}\b"), "PORT"),
    (re.compile(r"(seq|ack) \d{6,10}\b"), r"\1 N"),
    (re.compile(r"(val|ecr) \d+"), r"\1 N"),
    (re.compile(r"\d\d:\d\d:\d\d\.\d{6}"), "TIME"),
    (re.compile(r"\d+\.\d+(?= ms| s\b)|\b\d+(?= ms)"), "N"),
    (re.compile(r"^ *\d+\.\d{3} ", re.M), "T "),
    (re.compile(r"[─-]+"), "-"),
    (re.compile(r" +"), " "),
]

# Whether an ACK goes alone depends on how fast a program is.
PURE_ACK = re.compile(r"(├- |- )ACK \d+ -")


class Command:
    """One command of a block, and the lines below it."""

    def __init__(self, text):
        self.text = text
        self.lines = []

    def is_exact(self, before):
        """Virtual time, or a view of what virtual time recorded."""
        if " lab " in self.text or " run " in self.text:
            return "--clock virtual" in self.text
        return before

    def run(self, env):
        shell = self.text.replace("\\\n", " ")
        done = subprocess.run(["bash", "-c", shell], cwd=ROOT, env=env,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False,
                              timeout=120)
        out = re.sub(r" in \d+\.\d\d s([;:]|$)", r" in 0.00 s\1",
                     done.stdout, flags=re.M)
        return [line.rstrip() for line in out.splitlines()]


def parse(block):
    commands = []
    goes_on = False
    for line in block.splitlines():
        if goes_on:
            commands[-1].text += "\n" + line
        elif line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif commands:
            commands[-1].lines.append(line)
        if line.startswith("$ ") or goes_on:
            goes_on = line.endswith("\\")
    return commands


def mask(lines):
    text = "\n".join(lines)
    for pattern, to in MASKS:
        text = pattern.sub(to, text)
    return [line.strip() for line in text.splitlines()
            if not PURE_ACK.search(line)]


def matches(expected, got):
    """Line by line; "..." takes any number of them."""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(matches(expected[1:], got[i:])
                   for i in range(len(got) + 1))
    return bool(got) and expected[0] == got[0] and matches(expected[1:],
                                                           got[1:])


def agrees(command, exact, got):
    if exact:
        return matches(command.lines, got)
    expected, masked = mask(command.lines), mask(got)
    if " lab " in command.text and "..." not in expected:
        expected, masked = sorted(expected), sorted(masked)
    return matches(expected, masked)


def check_block(block, env):
    """The block as it should be, and how many agreed and did not."""
    out, passed, failed, exact = [], 0, 0, False
    for command in parse(block):
        exact = command.is_exact(exact)
        got = command.run(env)
        out += ["$ " + command.text]
        if agrees(command, exact, got):
            passed += 1
            out += command.lines
            continue
        failed += 1
        out += got
        print(f"$ {command.text}\n-- said\n" + "\n".join(command.lines)
              + "\n-- is\n" + "\n".join(got))
    return "".join(line + "\n" for line in out), passed, failed


def check_file(path, env, update):
    text = path.read_text()
    passed = failed = 0

    def one(match):
        nonlocal passed, failed
        block, good, bad = check_block(match.group(1), env)
        passed += good
        failed += bad
        return f"```console\n{block}```"

    new = BLOCK.sub(one, text)
    if update and failed:
        path.write_text(new)
    return passed, failed


def main():
    causeway = pathlib.Path(sys.argv[1]).resolve()
    update = "--update" in sys.argv
    files = [pathlib.Path(a) for a in sys.argv[2:] if a != "--update"]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, "XDG_STATE_HOME": state, "LC_ALL": "C.UTF-8",
               "PATH": f"{causeway.parent}:{causeway.parent}/examples:"
                       f"{os.environ['PATH']}"}
        env.pop("COLUMNS", None)
        for file in files:
            good, bad = check_file(file, env, update)
            passed += good
            failed += bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
