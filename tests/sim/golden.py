#!/usr/bin/env python3
"""golden CAUSEWAY [--update] [--all [--sample N]] [--table NAME]: the golden
tables of golden/: measured again and compared with what is in git.

A table is a list of cells; a cell is a command line of `causeway sim path`
and the columns that are kept of its answer.  Controllers that are not there
yet have no rows.  What differs is told cell by cell, with old and new; if it
is an improvement, or a change with a reason, `make golden` writes the tables
(and the section of docs/performance.md), and git shows the difference to
whoever reviews it.  --all is of the cells that take longer; they are in files
of their own, golden/all-*.txt.  --sample measures N cells of each, which HEAD
chooses, and asks only that they are about the same.

Ends with "N passed, N failed", by tables.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
PERFORMANCE = HERE.parent.parent / "docs" / "performance.md"
CONTROLLERS = ["reno", "cubic", "bbr", "dctcp"]
LOSSES = ("0%", "0.1%", "1%", "3%")
BBR_LOSSES = ("0%", "0.1%", "0.5%", "1%", "2%", "3%", "5%")


# ---- columns: a name, and text of an answer ---------------------------------

def mbit(bps):
    return f"{bps // 10_000 / 100:.2f}" if bps else "-"


def share(part, whole):
    return f"{part * 1000 // whole / 10:.1f}%" if whole else "-"


def ms(ns, digits=1):
    return "never" if ns is None else f"{ns / 1e6:.{digits}f}"


def middle(runs):
    """The run with the median goodput."""
    return sorted(runs, key=lambda r: (r["goodput_bps"], r["seed"]))[
        len(runs) // 2]


def completion(runs, at):
    """Of all seeds, in order; None: not complete."""
    times = sorted(flow["completion_ns"] for run in runs
                   for flow in run["flow"] if "completion_ns" in flow)
    return times[min(at * len(times) // 100, len(times) - 1)] if times else None


def sawtooth(buffer):
    """The share of a rate that one Reno uses if the queue holds so many BDPs:
    its window grows from half of 1 + buffer to all of it, one segment each
    round trip, and round trips are longer while a queue stands."""
    most = 1 + buffer
    trips = max(1 - most / 2, 0) + (most ** 2 - max(1, most / 2) ** 2) / 2
    return min(3 / 8 * most ** 2 / trips, 1)


def reno_theory(run):
    """What one Reno reaches: the ideal, less what a short buffer costs, or
    Mathis's formula, whichever is less."""
    best = int(run["ideal_bps"] * sawtooth(run["buffer"]))
    return min(best, run["mathis_bps"] or best)


def undone(run):
    """Mistakes that the sender has noticed and taken back."""
    return sum(n for name, n in run["counters"].items()
               if "Undo" in name or name == "TCPSpuriousRTOs")


COLUMNS = {
    "Mbit/s": lambda r: mbit(r[0]["goodput_bps"]),
    "of ideal": lambda r: share(r[0]["goodput_bps"], r[0]["ideal_bps"]),
    "Mathis": lambda r: mbit(r[0]["mathis_bps"]),
    "of Mathis": lambda r: share(r[0]["goodput_bps"], r[0]["mathis_bps"]),
    "again": lambda r: str(r[0]["retransmissions"]),
    "needless": lambda r: str(r[0]["spurious"]),
    "undone": lambda r: str(undone(r[0])),
    "RTOs": lambda r: str(r[0]["timeouts"]),
    "drops": lambda r: str(r[0]["queue_drops"]),
    "queue ms": lambda r: ms(r[0]["queue_mean_ns"]),
    "p99 ms": lambda r: ms(r[0]["queue_p99_ns"]),
    "Jain": lambda r: f"{jain(r):.3f}",
    "shares %": lambda r: shares(r),
    "first's %": lambda r: extremes(r),
    "Reno's": lambda r: mbit(reno_theory(r[0])),
    "of Reno's": lambda r: share(r[0]["goodput_bps"], reno_theory(r[0])),
    "bound ms": lambda r: ms(r[0]["bound_ns"]),
    "median ms": lambda r: ms(completion(r, 50)),
    "p90 ms": lambda r: ms(completion(r, 90)),
    "worst ms": lambda r: ms(completion(r, 100)),
    "first ms": lambda r: ms(first_back(r[0])),
    "back ms": lambda r: ms(r[0].get("recovery_ns")),
}


def jain(runs):
    """The median of all seeds."""
    return sorted(run["jain_permille"] for run in runs)[len(runs) // 2] / 1000


def kinds_of(run):
    """What each kind of flow got, in turns, in percent."""
    flows, kinds = run["flow"], run["kinds"]
    total = sum(f["bytes"] for f in flows) or 1
    return [sum(f["bytes"] for f in flows[k::kinds]) * 100 / total
            for k in range(kinds)]


def shares(runs):
    """The mean of all seeds."""
    got = zip(*map(kinds_of, runs))
    return " : ".join(f"{sum(g) / len(g):.1f}" for g in got)


def extremes(runs):
    """The least and the most that the first kind got of any seed."""
    got = [kinds_of(run)[0] for run in runs]
    if len(got) == 1 or runs[0]["kinds"] == 1:
        return "-"
    return f"{min(got):.0f}..{max(got):.0f}"


def first_back(run):
    """After the outage's end."""
    at = run.get("first_back_ns")
    return None if at is None else at - run["over_ns"]


# ---- the tables --------------------------------------------------------------

class Table:
    def __init__(self, name, title, note, columns):
        self.name, self.title, self.note = name, title, note
        self.columns = columns
        self.cells = []         # (label, options, extra)

    def add(self, label, options, **extra):
        self.cells.append((label, options, extra))


PATH = "--rate 100mbit --rtt 50ms --queue 1bdp"


def goodput_table(ccs):
    table = Table("goodput", "Goodput under random loss",
                  "100 Mbit/s, RTT 50 ms, a queue of one BDP, 60 s; of five "
                  "seeds (bbr: one) the one with the median goodput",
                  ["Mbit/s", "of ideal", "Mathis", "of Mathis", "again",
                   "needless", "RTOs", "drops", "queue ms"])
    for cc in ccs:
        for loss in BBR_LOSSES if cc == "bbr" else LOSSES:
            seeds = "1" if loss == "0%" or cc == "bbr" else "1..5"
            table.add(f"{cc:6} loss {loss:>4}",
                      f"{PATH} --time 60s --cc {cc} --loss {loss} "
                      f"--seeds {seeds}")
    return table


def grid_table(ccs, every):
    table = Table("grid", "Goodput by RTT, loss, reordering and buffer",
                  "20 Mbit/s, 20 s; reordering: 1 % of packets late by 3",
                  ["Mbit/s", "of ideal", "Reno's", "of Reno's", "again",
                   "needless", "RTOs", "drops"])
    rtts = ("2ms", "10ms", "50ms", "200ms") if every else ("10ms", "50ms",
                                                           "200ms")
    losses = ("0%", "0.1%", "1%", "3%") if every else ("0%", "0.1%", "1%")
    queues = ("0.25bdp", "1bdp", "4bdp") if every else ("0.25bdp", "1bdp")
    for cc in ccs:
        for rtt in rtts:
            for queue in queues:
                for loss in losses:
                    for late in ("", " --reorder '1% by 3'"):
                        table.add(
                            f"{cc:6} rtt {rtt:>5} queue {queue:>7} "
                            f"loss {loss:>4} {'late' if late else '    '}",
                            f"--rate 20mbit --rtt {rtt} --queue {queue} "
                            f"--loss {loss}{late} --time 20s --cc {cc}",
                            buffer=float(queue.removesuffix("bdp")))
    return table


def completion_table(ccs, every):
    table = Table("completion", "Completion of short transfers",
                  "100 Mbit/s, a queue of one BDP; from connect() to the last "
                  "byte; seeds 1.." + ("200" if every else "25"),
                  ["bound ms", "median ms", "p90 ms", "worst ms"])
    for cc in ccs:
        for rtt in ("10ms", "50ms", "200ms"):
            for size in ("10kB", "100kB", "1MB", "10MB"):
                for loss in ("0%", "1%"):
                    seeds = "1" if loss == "0%" else "1..200" if every \
                        else "1..5" if size == "10MB" else "1..25"
                    table.add(f"{cc:6} rtt {rtt:>5} {size:>5} loss {loss}",
                              f"--rate 100mbit --rtt {rtt} --queue 1bdp "
                              f"--loss {loss} --bytes {size} --cc {cc} "
                              f"--seeds {seeds}")
    return table


def fairness_table(ccs, every):
    table = Table("fairness", "Fairness and queue delay of several flows",
                  f"{'100' if every else '20'} Mbit/s, RTT 50 ms, a queue of "
                  "one BDP, 60 s; flows begin within the first second; two "
                  "flows: seeds 1..5, mean shares and median index",
                  ["Mbit/s", "of ideal", "Jain", "shares %", "first's %",
                   "again", "RTOs", "drops", "queue ms", "p99 ms"])
    rate = "100mbit" if every else "20mbit"
    mixes = [f"{a},{b}" for i, a in enumerate(ccs) for b in ccs[i + 1:]]
    numbers = (2, 4, 8, 16, 32, 64) if every else (2, 16)
    for cc in ccs + mixes:
        for n in (2, 8) if "," in cc and every else \
                (2,) if "," in cc else numbers:
            table.add(f"{cc:12} {n:2} flows",
                      f"--rate {rate} --rtt 50ms --queue 1bdp --time 60s "
                      f"--cc {cc} --flows {n} "
                      f"--seeds {'1..5' if n == 2 else '1'}",
                      kinds=cc.count(",") + 1)
    return table


def queue_table(ccs):
    table = Table("queue", "Queue delay by buffer",
                  "20 Mbit/s, RTT 50 ms, 60 s, one flow",
                  ["Mbit/s", "of ideal", "Reno's", "of Reno's", "again",
                   "drops", "queue ms", "p99 ms"])
    for cc in ccs:
        for queue in ("0.1bdp", "0.25bdp", "0.5bdp", "1bdp", "2bdp", "4bdp"):
            table.add(f"{cc:6} queue {queue:>7}",
                      f"--rate 20mbit --rtt 50ms --queue {queue} --time 60s "
                      f"--cc {cc}", buffer=float(queue.removesuffix("bdp")))
    return table


def outage_table(ccs, every):
    table = Table("outage", "Recovery after an outage, and after a pause",
                  "RTT 50 ms, a queue of one BDP; back at 80 % of the ideal, "
                  "from the first packet that got through; in a pause nothing "
                  "arrives and nothing is lost",
                  ["first ms", "back ms", "again", "needless", "undone",
                   "RTOs", "drops"])
    for cc in ccs:
        for rate in ("20mbit", "100mbit") if every else ("20mbit",):
            for kind in ("outage", "pause"):
                for long in (1, 10, 60) if kind == "outage" else (1, 3):
                    over = 20 + long
                    time = over + long + 20
                    table.add(f"{cc:6} {rate:>7} {kind:6} {long:2} s",
                              f"--rate {rate} --rtt 50ms --queue 1bdp "
                              f"--{kind} 20s..{over}s --time {time}s "
                              f"--cc {cc}", over_ns=over * 10 ** 9)
    return table


def clocks_table(ccs, every):
    seconds = 60 if every else 10
    table = Table("clocks", "Coarse clocks, with and without reordering",
                  f"180 Mbit/s, RTT 66 ms, loss 0.003 %, {seconds} s; late: "
                  "1 % of packets by 1 or by 3 places",
                  ["Mbit/s", "of ideal", "again", "needless", "undone",
                   "RTOs", "drops"])
    for cc in ccs:
        for tick in ("1us", "1ms", "15600us"):
            for late in ("", "by 1", "by 3"):
                option = f" --reorder '1% {late}'" if late else ""
                table.add(f"{cc:6} tick {tick:>7} {late or '    '}",
                          "--rate 180mbit --rtt 66ms --queue 1bdp "
                          f"--loss 0.003%{option} --time {seconds}s "
                          f"--clock-tick {tick} --cc {cc}")
    return table


def tables(ccs, every):
    if every:
        return [t for t in (grid_table(ccs, True), completion_table(ccs, True),
                            fairness_table(ccs, True), outage_table(ccs, True),
                            clocks_table(ccs, True))]
    return [goodput_table(ccs), grid_table(ccs, False),
            completion_table(ccs, False), fairness_table(ccs, False),
            queue_table(ccs), outage_table(ccs, False),
            clocks_table(ccs, False)]


# ---- measuring -----------------------------------------------------------------

def words(options):
    """As a shell would, for the one kind of quotes that is used here."""
    parts = options.split("'")
    return [w for i, part in enumerate(parts)
            for w in ([part] if i % 2 else part.split())]


def measure(causeway, cell):
    """The answers of a cell, one for each seed."""
    label, options, extra = cell
    done = subprocess.run([causeway, "sim", "path", "--json",
                           *words(options)], text=True, capture_output=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(f"{label}: causeway sim path {options}: exit "
                           f"{done.returncode}: {done.stderr}")
    return [{**json.loads(line), **extra}
            for line in done.stdout.splitlines()]


def available(causeway):
    def there(name):
        return subprocess.run([causeway, "sim", "path", "--cc", name,
                               "--time", "1ms"], capture_output=True,
                              check=False).returncode == 0
    return [name for name in CONTROLLERS if there(name)]


def rows_of(causeway, table, pool):
    runs = list(pool.map(lambda cell: measure(causeway, cell), table.cells))
    runs = [sorted(r, key=lambda one: one is not middle(r)) for r in runs]
    return runs, [(label, [COLUMNS[c](run) for c in table.columns])
                  for (label, _, _), run in zip(table.cells, runs)]


def text_of(table, rows):
    wide = max(len(label) for label, _ in rows)
    sizes = [max(len(name), *(len(r[1][i]) for r in rows))
             for i, name in enumerate(table.columns)]
    lines = [f"# {table.title}: {table.note}.",
             "# Written by tests/sim/golden.py; docs/simulation.md has what "
             "the columns mean.", ""]
    head = [name.rjust(size) for name, size in zip(table.columns, sizes)]
    lines.append(f"{'':{wide}} | " + " | ".join(head))
    for label, values in rows:
        cells = [v.rjust(size) for v, size in zip(values, sizes)]
        lines.append(f"{label:{wide}} | " + " | ".join(cells))
    return "\n".join(line.rstrip() for line in lines) + "\n"


# ---- comparing -----------------------------------------------------------------

def parse(text):
    """Rows of a table's text: label -> {column: value}."""
    found, names = {}, None
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) < 2:
            continue
        if names is None:
            names = parts[1:]
        else:
            found[" ".join(parts[0].split())] = dict(zip(names, parts[1:]))
    return found


def number(text):
    try:
        return float(text.rstrip("%"))
    except ValueError:
        return None


def change(name, old, new):
    text = f"{name} {old} -> {new}"
    a, b = number(old), number(new)
    if a and b is not None:
        text += f" ({(b - a) * 100 / a:+.1f} %)"
    return text


def differences(old, new):
    """One line for each cell that differs.  A controller without rows in the
    old table is new, which is no difference."""
    known = {label.split()[0].split(",")[0] for label in old} \
        & {label.split()[0].split(",")[-1] for label in old}
    for label, row in new.items():
        if label not in old:
            if set(label.split()[0].split(",")) <= known:
                yield f"{label}: a new cell"
            continue
        changes = [change(name, old[label].get(name, "-"), value)
                   for name, value in row.items()
                   if old[label].get(name, "-") != value]
        if changes:
            yield f"{label}: " + "; ".join(changes)
    for label in old:
        if label not in new:
            yield f"{label}: this cell is gone"


# ---- samples of the large tables ---------------------------------------------

ABOUT = 0.2     # of a figure: single seeds move by so much for little
SAMPLED = {"Mbit/s", "of ideal", "Jain", "median ms", "p90 ms", "back ms"}


def head():
    """What chooses cells: the commit."""
    done = subprocess.run(["git", "-C", str(HERE), "rev-parse", "HEAD"],
                          text=True, capture_output=True, check=False)
    return done.stdout.strip()


def sample(table, number_of, chooser):
    """Keeps so many cells."""
    def rank(cell):
        word = f"{chooser} {table.name} {cell[0]}"
        return hashlib.sha256(word.encode()).digest()
    table.cells = sorted(sorted(table.cells, key=rank)[:number_of],
                         key=table.cells.index)


def is_about(old, new):
    a, b = number(old), number(new)
    if a is None or b is None:
        return old == new
    return abs(a - b) <= ABOUT * max(abs(a), abs(b), 1)


def far_off(old, new):
    """One line for each sampled cell that is elsewhere."""
    for label, row in new.items():
        changes = [change(name, old[label][name], value)
                   for name, value in row.items()
                   if name in SAMPLED and label in old
                   and not is_about(old[label].get(name, "-"), value)]
        if label not in old:
            yield f"{label}: a new cell"
        elif changes:
            yield f"{label}: " + "; ".join(changes)


# ---- docs/performance.md ---------------------------------------------------------

def cells_of(table, runs):
    return {tuple(label.split()): run[0]
            for (label, _, _), run in zip(table.cells, runs)}


def bbr_section(table, runs):
    """The same of BBR alone, by more losses."""
    cell = cells_of(table, runs)
    return "\n".join([
        "| loss | " + " | ".join(BBR_LOSSES) + " |",
        "|---" * (len(BBR_LOSSES) + 1) + "|",
        "| Mbit/s | " + " | ".join(
            mbit(cell["bbr", "loss", x]["goodput_bps"])
            for x in BBR_LOSSES) + " |",
        "| mean queue delay, ms | " + " | ".join(
            ms(cell["bbr", "loss", x]["queue_mean_ns"])
            for x in BBR_LOSSES) + " |"])


def section(table, runs):
    """Goodput under loss, as a table for people."""
    losses = LOSSES
    cell = cells_of(table, runs)
    ccs = list(dict.fromkeys(key[0] for key in cell))
    lines = ["| Mbit/s | " + " | ".join(f"loss {x}" for x in losses) + " |",
             "|---" * (len(losses) + 1) + "|"]
    lines.append("| ideal: the rate less headers | " + " | ".join(
        mbit(cell[ccs[0], "loss", x]["ideal_bps"]) for x in losses) + " |")
    lines.append("| Mathis, for Reno | " + " | ".join(
        mbit(cell[ccs[0], "loss", x]["mathis_bps"]) for x in losses) + " |")
    for cc in ccs:
        lines.append(f"| {cc} | " + " | ".join(
            mbit(cell[cc, "loss", x]["goodput_bps"]) for x in losses) + " |")
    return "\n".join(lines)


def write_section(name, text):
    page = PERFORMANCE.read_text()
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    if begin not in page or end not in page:
        print(f"{PERFORMANCE.name} has no place for it: {begin} {end}")
        return
    head, rest = page.split(begin, 1)
    tail = rest.split(end, 1)[1]
    PERFORMANCE.write_text(f"{head}{begin}\n{text}\n{end}{tail}")


# ---- all of it -------------------------------------------------------------------

def compare(table, text, path, differ=differences):
    """How many cells differ; each is told."""
    if not path.exists():
        print(f"{path.name}: it is not there")
        return 1
    old, new = parse(path.read_text()), parse(text)
    found = list(differ(old, new))
    if found:
        print(f"{path.name}: {table.title}: {len(found)} of {len(new)} cells "
              "differ")
    for line in found:
        print(f"    {line}")
    return len(found)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("causeway")
    args.add_argument("--update", action="store_true")
    args.add_argument("--all", action="store_true")
    args.add_argument("--table")
    args.add_argument("--sample", type=int, default=0)
    args = args.parse_args()
    chooser = head()
    GOLDEN.mkdir(exist_ok=True)
    ccs, failed, passed = available(args.causeway), 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for table in tables(ccs, args.all):
            if args.table not in (None, table.name):
                continue
            if args.sample:
                sample(table, args.sample, chooser)
            runs, rows = rows_of(args.causeway, table, pool)
            text = text_of(table, rows)
            path = GOLDEN / f"{'all-' * args.all}{table.name}.txt"
            if args.update and not args.sample:
                path.write_text(text)
                if table.name == "goodput":
                    write_section("goodput", section(table, runs))
                    write_section("bbr", bbr_section(table, runs))
            wrong = compare(table, text, path,
                            far_off if args.sample else differences)
            failed, passed = failed + bool(wrong), passed + (not wrong)
    if failed:
        print("\nIs it better, or meant?  Then accept it: `make golden" +
              "-all" * args.all + "`, look at `git diff tests/sim/golden`, "
              "and commit both together.")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
