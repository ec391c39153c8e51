#!/usr/bin/env python3
"""conformance [--check | --open [PREFIX]]: writes docs/conformance.md from the
labels that stand in the source and in the tests.

docs/requirements.tsv lists the requirements; a label in a comment under src/
says where one is fulfilled, one under tests/ what would fail without it.
docs/not-done.tsv names those that are not done or do not apply, and why.

--check: labels that no list has, and more untested MUSTs than OPEN_MAX, are
errors; so is a conformance.md that the labels do not give.  --open: the
requirements that are neither tested nor decided.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "conformance.md"
# MUSTs and MUST NOTs without a test: only ever lowered.
OPEN_MAX = 0

LABEL = re.compile(r"\b((?:MUST|SHLD|MAY|REC)-\d+"
                   r"|RFC\d+-[0-9A-Za-z.]*-?(?:-\d+)?-[a-z])\b")
FUNCTION = re.compile(r"^(?:PKT|TEST)\((\w+)|^def (\w+)"
                      r"|^(?:[A-Za-z_][\w *]*?[ *])?(\w+)\(")
FAMILY = re.compile(r"RFC(\d+)-")

Row = collections.namedtuple("Row", "id level section what")


def table(name, columns):
    """The lines of a file in docs/, as lists."""
    lines = (ROOT / "docs" / name).read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines if line]
    for row in rows:
        if len(row) != columns:
            sys.exit(f"docs/{name}: {row[0]}: {len(row)} columns, "
                     f"not {columns}")
    return rows


def function_of(line):
    """Which function's definition begins at this line, or None."""
    found = FUNCTION.match(line)
    if not found or line.rstrip().endswith(";"):
        return None
    return found[1] or found[2] or found[3]


def function_at(lines, at):
    """The function that a line is in or, if it is a comment between
    functions, the one that follows; or None."""
    if lines[at][:1] in (" ", "\t") and not lines[at].startswith(" *"):
        return next(filter(None, map(function_of, reversed(lines[:at]))),
                    None)
    for line in lines[at + 1:at + 12]:
        if function_of(line):
            return function_of(line)
        if line[:1] not in (" ", "/", "") and not line.startswith("static"):
            return None
    return None


def places(top, suffixes):
    """Label -> where it stands, in order: "file" or "file function"."""
    found = collections.defaultdict(dict)
    for path in sorted((ROOT / top).rglob("*")):
        if path.suffix not in suffixes:
            continue
        lines = path.read_text(errors="replace").splitlines()
        name = str(path.relative_to(ROOT))
        for at, line in enumerate(lines):
            for label in LABEL.findall(line):
                function = (None if path.suffix == ".pkt"
                            else function_at(lines, at))
                found[label][(name, function)] = True
    return found


def links(where):
    """Markdown for places; a file's functions stand together."""
    files = collections.defaultdict(list)
    for name, function in where:
        files[name].append(function)
    shown = []
    for name, functions in files.items():
        named = [f"`{f}`" for f in functions if f]
        label = pathlib.Path(name).name
        shown.append(" ".join([f"[{label}](../{name})", *named]))
    return "; ".join(shown)


class Conformance:
    def __init__(self):
        self.rows = [Row(*row) for row in table("requirements.tsv", 4)]
        self.why = dict(table("not-done.tsv", 2))
        self.source = places("src", {".c", ".h"})
        self.tests = places("tests", {".c", ".h", ".py", ".pkt"})

    def unknown(self):
        """Labels that are on no list."""
        known = {row.id for row in self.rows}
        used = [*self.source.items(), *self.tests.items(),
                *((label, {("docs/not-done.tsv", None): True})
                  for label in self.why)]
        return [f"{next(iter(where))[0]}: {label}: no such requirement"
                for label, where in used if label not in known]

    def contradictory(self):
        return [f"docs/not-done.tsv: {label}: but it is tested"
                for label in self.why if label in self.tests]

    def state(self, row):
        if row.id in self.why:
            return "decided"
        return "done" if row.id in self.tests else "open"

    def open(self, musts=False):
        return [row for row in self.rows if self.state(row) == "open"
                and (not musts or row.level.startswith("MUST"))]

    def summary(self):
        count = collections.Counter()
        for row in self.rows:
            level = row.level.replace("(lc)", "").replace("RECOMMENDED",
                                                          "SHOULD")
            count[level, self.state(row)] += 1
        lines = ["| level | tested | decided | open |", "|---|---|---|---|"]
        for level in ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"):
            lines.append(f"| {level} | {count[level, 'done']} "
                         f"| {count[level, 'decided']} "
                         f"| {count[level, 'open']} |")
        return lines

    def page(self):
        out = ["# Conformance", "",
               "Generated by `tools/conformance.py` from the labels in the "
               "source and the tests; do not edit.",
               "`(lc)`: the RFC says it in lower case or as plain text.", "",
               *self.summary()]
        family = None
        for row in self.rows:
            found = FAMILY.match(row.id)
            rfc = found[1] if found else "9293"
            if rfc != family:
                family = rfc
                out += ["", f"## RFC {rfc}", "",
                        "| label | level | what | where | test |",
                        "|---|---|---|---|---|"]
            out.append(self.line(row))
        return "\n".join(out) + "\n"

    def line(self, row):
        what = row.what.replace("|", "\\|")
        test = {"decided": f"not done: {self.why.get(row.id)}",
                "done": links(self.tests.get(row.id, {})),
                "open": "open"}[self.state(row)]
        return (f"| {row.id} | {row.level} | §{row.section}: {what} "
                f"| {links(self.source.get(row.id, {}))} | {test} |")


def check(all_rows):
    faults = all_rows.unknown() + all_rows.contradictory()
    musts = len(all_rows.open(musts=True))
    if musts > OPEN_MAX:
        faults.append(f"{musts} MUSTs without a test, more than {OPEN_MAX}")
    if not PAGE.exists() or PAGE.read_text() != all_rows.page():
        faults.append("docs/conformance.md: not what the labels give; "
                      "tools/conformance.py writes it")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def main():
    all_rows = Conformance()
    if "--check" in sys.argv:
        return check(all_rows)
    if "--open" in sys.argv:
        prefix = sys.argv[2] if len(sys.argv) > 2 else ""
        for row in all_rows.open():
            if row.id.startswith(prefix):
                print("\t".join(row))
        return 0
    PAGE.write_text(all_rows.page())
    print("\n".join(all_rows.summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
