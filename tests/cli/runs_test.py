#!/usr/bin/env python3
"""runs_test CAUSEWAY: the last ten recordings are kept, and that of a lab
that still runs, however old.

Ends with "N passed, N failed".
"""
import os
import pathlib
import subprocess
import sys
import tempfile

KEPT = 10


def lab(causeway, env, *words, **how):
    return subprocess.Popen([causeway, "lab", "-q", *words], env=env,
                            text=True, stdout=subprocess.PIPE, **how)


def quick(causeway, env):
    done = lab(causeway, env, "--clock", "virtual", "--", "@upper", "9", ":",
               "@send", "h1", "9", "hello")
    done.communicate()
    return done.returncode == 0


def recordings(home):
    return sorted(p.name for p in home.rglob("*.pcapng"))


def check(causeway, home):
    env = {**os.environ, "XDG_STATE_HOME": str(home)}
    old = lab(causeway, env, "--", "sh", "-c", "echo up; cat",
              stdin=subprocess.PIPE)
    assert old.stdout.readline() == "up\n"
    (first,) = recordings(home)
    for _ in range(KEPT + 2):
        assert quick(causeway, env)
    names = recordings(home)
    old.communicate("")
    assert old.returncode == 0
    assert first in names, "the running lab's recording is gone"
    assert quick(causeway, env)
    names = recordings(home)
    assert first not in names and len(names) == KEPT, names


def main():
    with tempfile.TemporaryDirectory() as home:
        try:
            check(sys.argv[1], pathlib.Path(home))
        except AssertionError as e:
            print(f"failed: {e}\n0 passed, 1 failed")
            return 1
    print("1 passed, 0 failed")
    return 0


sys.exit(main())
