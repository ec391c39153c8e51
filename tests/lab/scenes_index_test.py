#!/usr/bin/env python3
"""scenes_index_test: docs/scenes.md has a row for each of the 24 scenes, and
the command of a row is one of those that its file runs.

Ends with "N passed, N failed".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| (\d+) \| .* \| `(causeway .*)` \| `(\S+)` \|$", re.M)


def commands(path):
    text = path.read_text().replace("\\\n", " ")
    return [" ".join(line[2:].split()) for line in text.splitlines()
            if line.startswith("$ ")]


def main():
    rows = ROW.findall((ROOT / "docs" / "scenes.md").read_text())
    passed = failed = 0
    for number, command, name in rows:
        path = ROOT / name
        good = (path.exists() and path.name.startswith(f"{int(number):02}-")
                and command in commands(path))
        passed += good
        failed += not good
        if not good:
            print(f"scene {number}: {name} does not run: {command}")
    missing = set(range(1, 25)) - {int(row[0]) for row in rows}
    if missing:
        print(f"no row for {sorted(missing)}")
    print(f"{passed} passed, {failed + len(missing)} failed")
    sys.exit(failed + len(missing) > 0)


main()
