#!/usr/bin/env python3
"""paths CAUSEWAY [--time S] [--only WORD] [--ours] [--jobs N]: the same paths
with Linux on them.

Linux: a pair of the kernel's endpoints in namespaces with `causeway link`
between, in real time, for each of its congestion controllers; what came out
stands in paths.jsonl beside this.  Ours: `causeway sim path`, in virtual
time.  Both go into docs/performance.md.  --ours: Linux's figures stay as they
were measured, and only ours and the page are made anew.

Exit: 0; 1 a run failed; 77 it cannot be done here.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import json
import math
import os
import subprocess
import sys
import threading

import between
import rig

ROOT = rig.HERE.parents[1]
KEPT = rig.HERE / "paths.jsonl"
PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- linux begins -->", "<!-- linux ends -->"
CONTROLLERS = ("reno", "cubic", "bbr")
SEEDS, SHORT_RUNS, PARTS = 5, 200, 8
ROOM = 220                      # Mbit/s that all links carry at once

Path = collections.namedtuple("Path", "name rate rtt loss reorder size")
BULK = [Path(f"100 Mbit/s, 50 ms, loss {loss} %", 100, 50, loss, None, None)
        for loss in (0, 0.1, 1, 3)] + [
    Path("10 Mbit/s, 40 ms", 10, 40, 0, None, None),
    Path("180 Mbit/s, 66 ms, loss 0.003 %", 180, 66, 0.003, None, None),
    Path("the same, 1 % overtaken by 3", 180, 66, 0.003, "1% by 3", None)]
SHORT = [Path(f"{text}, loss {loss} %", 100, 50, loss, None, size)
         for loss in (0, 1) for text, size in
         (("10 kB", 10_000), ("100 kB", 100_000), ("1 MB", 1_000_000))]


# ---- Linux ------------------------------------------------------------------------

class Capacity:
    """What runs at once together stays below what this machine can carry in
    time."""

    def __init__(self, room):
        self.room, self.changed = room, threading.Condition()

    @contextlib.contextmanager
    def of(self, amount):
        with self.changed:
            self.changed.wait_for(lambda: self.room >= amount)
            self.room -= amount
        yield
        with self.changed:
            self.room += amount
            self.changed.notify_all()


def words_of(path, seed):
    words = f"delay {path.rtt / 2:g}ms rate {path.rate}mbit queue 1bdp"
    words += f" loss {path.loss}%" if path.loss else ""
    words += f" reorder {path.reorder}" if path.reorder else ""
    return ["--seed", str(seed), "--link", words,
            "--back", f"delay {path.rtt / 2:g}ms"]


def bulk(b, path, cc, seconds):
    """Mbit/s that the receiving program has read."""
    b.connect(congestion=cc)
    b.right.start("drain", seconds=seconds)
    b.left.start("pour", seconds=seconds)
    got = b.right.result()
    b.left.result()
    return [got * 8 / seconds / 1e6]


def short(b, path, cc, runs):
    """ms from connect() until the last byte was read, of each."""
    host = between.ADDR[4][1]
    port = b.right("listen", host=host)
    b.right.start("drain_many", count=runs, size=path.size)
    begun = b.left("send_many", host=host, port=port, count=runs,
                   size=path.size, congestion=cc)
    return [(end - begin) * 1e3
            for begin, end in zip(begun, b.right.result())]


def cell(args, capacity, job):
    """One run: a fresh pair of namespaces, and a link with its seed."""
    number, path, cc, seed = job
    fills = cc == "bbr" or path.loss < 0.1
    with capacity.of(path.rate if fills and not path.size
                     else path.rate // 4):
        before = between.punctual()
        b = between.Between(args.causeway, words_of(path, seed),
                            str(number), before)
        got = (short(b, path, cc, SHORT_RUNS // PARTS) if path.size
               else bulk(b, path, cc, args.time))
        said, _ = b.end()
    late = said["late_ns"]["p99"] / 1e6
    print(f"{path.name}: {cc}, seed {seed}: {got[0]:.2f}; "
          f"99 % at most {late:.2f} ms late", flush=True)
    return path, cc, got, late


def linux(args):
    """[{"path", "cc", "values", "late"}], of all that was asked for."""
    rig.ip("link", "set", "lo", "up")
    jobs = [(path, cc, seed) for path in SHORT + BULK
            if args.only in path.name for cc in CONTROLLERS
            for seed in range(1, (PARTS if path.size else SEEDS) + 1)]
    jobs = [(number, *job) for number, job in enumerate(jobs)]
    capacity, found = Capacity(ROOM), {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for path, cc, got, late in pool.map(
                lambda job: cell(args, capacity, job), jobs):
            row = found.setdefault((path.name, cc), {
                "path": path.name, "cc": cc, "time": args.time,
                "values": [], "late": 0})
            row["values"] += [round(value, 3) for value in got]
            row["late"] = max(row["late"], round(late, 3))
    return list(found.values())


# ---- ours -------------------------------------------------------------------------

def ours(causeway, path, cc, seconds):
    words = [causeway, "sim", "path", "--json", "--cc", cc,
             "--rate", f"{path.rate}mbit", "--rtt", f"{path.rtt}ms",
             "--queue", "1bdp"]
    words += ["--loss", f"{path.loss}%"] if path.loss else []
    words += ["--reorder", path.reorder] if path.reorder else []
    words += (["--bytes", f"{path.size}B", "--seeds", f"1..{SHORT_RUNS}"]
              if path.size else
              ["--time", f"{seconds}s", "--seeds", f"1..{SEEDS}"])
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if "there is no such controller" in done.stderr:
        return []
    if done.returncode:
        raise rig.Failed(done.stderr.strip())
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [row["flow"][0]["completion_ns"] / 1e6 if path.size
            else row["goodput_bps"] / 1e6 for row in rows]


# ---- the page ---------------------------------------------------------------------

def middle(values):
    """The median, and where it lies with 95 % confidence (order statistics);
    of a few values the range."""
    values, n = sorted(values), len(values)
    median = (values[(n - 1) // 2] + values[n // 2]) / 2
    half = math.ceil(0.98 * math.sqrt(n)) if n >= 50 else n
    return (median, values[max(0, n // 2 - half)],
            values[min(n - 1, n // 2 + half)])


def text_of(values):
    if not values:
        return "-"
    median, low, high = middle(values)
    digits = 1 if median >= 10 else 2
    return f"{median:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def table(causeway, paths, kept):
    head = [f"{who} {cc}" for cc in CONTROLLERS for who in ("ours", "Linux")]
    lines = ["| | " + " | ".join(head) + " |",
             "|---|" + "---|" * len(head)]
    for path in paths:
        cells = [path.name]
        for cc in CONTROLLERS:
            row = kept.get((path.name, cc), {"values": [], "time": 20})
            cells += [text_of(ours(causeway, path, cc, row["time"])),
                      text_of(row["values"])]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def read_kept():
    if not KEPT.exists():
        return {}
    rows = map(json.loads, KEPT.read_text(encoding="ascii").splitlines())
    return {(row["path"], row["cc"]): row for row in rows}


def write_kept(kept):
    KEPT.write_text("".join(json.dumps(row) + "\n" for row in kept.values()),
                    encoding="ascii")


def write_page(causeway):
    kept = read_kept()
    times = sorted({row["time"] for row in kept.values()})
    late = max((row["late"] for row in kept.values()), default=0)
    lines = [
        BEGIN, "",
        f"Goodput in Mbit/s, of {' or '.join(map(str, times))} s: the median "
        f"of {SEEDS} seeds and their range.", "",
        *table(causeway, BULK, kept), "",
        "Time in ms from `connect()` until the receiver has read the last "
        f"byte, 100 Mbit/s, 50 ms: the median of {SHORT_RUNS} and where it "
        "lies with 95 % confidence.", "",
        *table(causeway, SHORT, kept), "",
        f"Linux {os.uname().release.split('-')[0]}. In no run were more than "
        f"1 % of the frames later than the link has it by {late:.2f} ms.",
        "", END]
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + "\n".join(lines) + rest.split(END)[1],
                    encoding="utf-8")


# ---- from outside to inside -------------------------------------------------------

def inside(args):
    rows = linux(args)
    kept = read_kept()
    kept.update({(row["path"], row["cc"]): row for row in rows})
    write_kept(kept)
    write_page(args.causeway)
    return 0


def main():
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("causeway")
    parse.add_argument("--time", type=int, default=20)
    parse.add_argument("--only", default="")
    parse.add_argument("--jobs", type=int, default=4)
    parse.add_argument("--ours", action="store_true")
    parse.add_argument("--inside", action="store_true",
                       help=argparse.SUPPRESS)
    args = parse.parse_args()
    args.causeway = os.path.abspath(args.causeway)
    if args.ours:
        write_page(args.causeway)
        return 0
    if args.inside:
        return inside(args)
    return rig.again_inside("paths", "--inside")


if __name__ == "__main__":
    sys.exit(main())
