#!/usr/bin/env python3
"""run_tests TIER: runs the steps of a tier (tools/tiers.py), shows what failed
in full, and ends with one line "N passed, N failed[, N skipped]".

A test function counts once, however many builds it runs in; it passes if it
passed in all of them.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import tiers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"
SKIP_STATUS = 77
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$",
                     re.M)
CMOCKA = re.compile(r"^\[ *(RUN|OK|FAILED|ERROR|SKIPPED) *\] "
                    r"(?!---)(\S+)$", re.M)
PASS, SKIP, FAIL = 0, 1, 2          # a test is as bad as its worst run


class Tally:
    """What became of each test: (program, function) -> PASS, SKIP, FAIL."""

    def __init__(self):
        self.tests = {}

    def add(self, program, function, result):
        key = (program, function)
        self.tests[key] = max(result, self.tests.get(key, PASS))

    def add_program(self, name, status, output):
        """One program's functions, or the program itself if it names none."""
        functions = functions_of(output)
        summaries = SUMMARY.findall(output)
        for function, result in functions.items():
            self.add(name, function, result)
        if not functions and summaries:
            self.add_counts(name, summaries[-1])
        elif not functions:
            self.add(name, "", result_of(status))
        if status not in (0, SKIP_STATUS) and not self.has_failed(name):
            self.add(name, "(exit status)", FAIL)

    def add_counts(self, name, counts):
        for result, count in zip((PASS, FAIL, SKIP), counts):
            for i in range(int(count or 0)):
                self.add(name, f"{result}.{i}", result)

    def has_failed(self, name):
        return any(result == FAIL for (program, _), result
                   in self.tests.items() if program == name)

    def line(self):
        results = list(self.tests.values())
        line = (f"{results.count(PASS)} passed, "
                f"{results.count(FAIL)} failed")
        if results.count(SKIP):
            line += f", {results.count(SKIP)} skipped"
        return line


def result_of(status):
    return {0: PASS, SKIP_STATUS: SKIP}.get(status, FAIL)


def functions_of(output):
    """cmocka's report; what was begun and never ended has failed."""
    found = {}
    for word, name in CMOCKA.findall(output):
        found[name] = {"OK": PASS, "SKIPPED": SKIP}.get(word, FAIL)
    return found


def show(title, text):
    print(f"---- {title}")
    print(text.rstrip())
    print("----", flush=True)


def run(argv, env=None):
    """Exit status and output of a program in the source directory."""
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    return done.returncode, done.stdout


def build_commands(step):
    """What builds a step's programs, after configuring if need be."""
    if isinstance(step, tiers.Command):
        return [step.build] if step.build else []
    argv = [MESON, "setup", "-Dtests=enabled", *step.options, step.build]
    if (ROOT / step.build / "build.ninja").exists():
        argv.insert(2, "--reconfigure")
    return [argv, ["ninja", "-C", step.build]]


class Builder(threading.Thread):
    """Builds for one step after the other, as the tests of those before
    leave processors idle."""

    def __init__(self, steps):
        super().__init__(daemon=True)
        self.steps = steps
        self.built = [threading.Event() for _ in steps]
        self.output = [None for _ in steps]

    def run(self):
        for i, step in enumerate(self.steps):
            env = getattr(step, "env", {})
            for command in build_commands(step):
                nice = ["nice"] if i else []
                status, output = run(nice + command, env)
                if status:
                    self.output[i] = output
                    break
            self.built[i].set()

    def failed(self, i, tally):
        """Waits; did the build of a step fail?  Then it is said."""
        self.built[i].wait()
        step = self.steps[i]
        tally.add(f"build {step.title}", "", FAIL if self.output[i] else PASS)
        if self.output[i]:
            show(f"{step.title}: the build failed", self.output[i][-8000:])
        return bool(self.output[i])


def run_meson(step, tally):
    argv = [MESON, "test", "-C", step.build, "--no-rebuild", "-t", "4"]
    for suite in step.suites:
        argv += ["--suite", suite]
    log = ROOT / step.build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    status, output = run(argv, step.env)
    if not log.exists():
        if status:
            show(f"{step.title}: meson test", output)
            tally.add(f"meson {step.build}", "", FAIL)
        return
    for line in log.read_text().splitlines():
        collect(step, json.loads(line), tally)


def collect(step, entry, tally):
    output = (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")
    name = entry["name"].split(" / ")[-1]
    status = entry["returncode"]
    if entry["result"] in ("TIMEOUT", "ERROR") and status == 0:
        status = 1
    if result_of(status) == FAIL:
        show(f"{step.title}: {name}: {entry['result']}, "
             f"{entry['duration']:.1f} s: {' '.join(entry['command'])}",
             output)
    tally.add_program(name, status, output)


def run_command(step, tally):
    status, output = run(step.argv)
    if result_of(status) == FAIL:
        show(f"{step.title}: {' '.join(step.argv)}", output)
    tally.add_program(step.title, status, output)


def main():
    tier = sys.argv[1] if len(sys.argv) > 1 else "fast"
    steps = [step for step in tiers.STEPS if step.tier == tier]
    if not steps:
        sys.exit(f"run_tests: no tier {tier!r}")
    tally = Tally()
    builder = Builder(steps)
    builder.start()
    for i, step in enumerate(steps):
        start = time.monotonic()
        print(f"{tier}: {step.title} ...", flush=True)
        if not builder.failed(i, tally):
            (run_meson if isinstance(step, tiers.Meson) else run_command)(
                step, tally)
        print(f"{tier}: {step.title}: {time.monotonic() - start:.1f} s",
              flush=True)
    for (program, function), result in sorted(tally.tests.items()):
        if result == FAIL:
            print(f"failed: {program} {function}".rstrip())
    print(tally.line())
    sys.exit(FAIL in tally.tests.values())


if __name__ == "__main__":
    main()
