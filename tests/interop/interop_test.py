#!/usr/bin/env python3
"""interop_test CAUSEWAY [--quick] [--runs N] [--jobs N] [--only WORD]:
Causeway and this machine's kernel as each other's peer, in network
namespaces of the test's own (rig.py has the picture).

TCP: {v4, v6} x {we open, the kernel opens} x {up, down, both, asked and
answered} x {timestamps, SACK, window scale: on or off, at either end} x
{clean path, lossy path}, each by hash; then the corners (corners.py), UDP,
and special networks (nets.py).
--quick: some of it.  Each recording is replayed.

Ends with "N passed, N failed, N skipped"; exit 77 if it cannot be done here.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import corners
import endpoints
import nets
import rig

OPTIONS = ("timestamps", "sack", "wscale")
SYSCTL = {"timestamps": "ipv4/tcp_timestamps", "sack": "ipv4/tcp_sack",
          "wscale": "ipv4/tcp_window_scaling"}
BIT = {"timestamps": 1, "sack": 2, "wscale": 4}         # of tcpi_options
LOSSY = ["--delay", "3ms", "--loss", "2%", "--reorder", "1%", "--duplicate",
         "1%", "--corrupt", "0.3%"]
SIZE = {"clean": 1_500_000, "lossy": 150_000}
ROUNDS = {"clean": 100, "lossy": 20}


# ---- a transfer -------------------------------------------------------------------

def open_pair(r, family, opener):
    """A connection between the ends."""
    ends = {"ours": r.ours, "kernel": r.kernel}
    hosts = {"ours": rig.OURS, "kernel": rig.KERNEL}
    passive = "kernel" if opener == "ours" else "ours"
    host = hosts[passive][family]
    port = ends[passive]("listen", host=host)
    ends[passive].start("accept")
    ends[opener]("connect", host=host, port=port)
    ends[passive].result()
    ends[passive]("unlisten")


def close_pair(r, first):
    ends = [r.ours, r.kernel]
    for end in ends if first == "ours" else reversed(ends):
        end("close")


def one_way(sender, receiver, seed, size):
    receiver.start("receive")
    sender.start("send", seed=seed, size=size)
    want, (n, got) = sender.result(), receiver.result()
    if n != size or got != want:
        raise rig.Failed(f"{n} of {size} bytes arrived, or others")
    receiver("shutdown")


def both_ways(r, seed, size):
    r.ours.start("both", seed=seed, size=size)
    r.kernel.start("both", seed=seed + 1, size=size)
    a, b = r.ours.result(), r.kernel.result()
    if a[1:] != [size, b[0]] or b[1:] != [size, a[0]]:
        raise rig.Failed(f"{a[1]} and {b[1]} of {size} bytes, or others")


def talk(asker, answerer, seed, rounds):
    answerer.start("answer")
    asker.start("ask", seed=seed, rounds=rounds)
    if asker.result() != answerer.result():
        raise rig.Failed("the answers are not those that were given")


def transfer(r, pattern, opener, seed, size):
    rounds = ROUNDS["clean" if size == SIZE["clean"] else "lossy"]
    if pattern == "up":
        one_way(r.ours, r.kernel, seed, size)
    elif pattern == "down":
        one_way(r.kernel, r.ours, seed, size)
    elif pattern == "both":
        both_ways(r, seed, size)
    elif opener == "ours":
        talk(r.ours, r.kernel, seed, rounds)
    else:
        talk(r.kernel, r.ours, seed, rounds)


# ---- groups -------------------------------------------------------------------------

class Group:
    """Cases that share a namespace and one host of ours."""

    def __init__(self, kind, path="clean", off=(), whose="ours"):
        self.kind, self.path, self.off, self.whose = kind, path, off, whose
        self.name = kind
        self.net = nets.NETS.get(kind, nets.Net())
        if kind == "tcp":
            self.name += f"/{path}/" + (
                f"{whose}-without-{'-'.join(off)}" if off else "all-options")

    def options(self, seed):
        words = ["--seed", str(seed), *self.net.options]
        if self.path == "lossy":
            words += LOSSY
        if self.off and self.whose == "ours":
            on = [name for name in OPTIONS if name not in self.off]
            words += ["--offer", ",".join(on) or "nothing"]
        return words

    def prepare(self):
        rig.set_up()
        for name in self.off if self.whose == "kernel" else ():
            rig.sysctl(SYSCTL[name], 0)
        if self.net.prepare:
            self.net.prepare()

    def cases(self, r):
        """(name, function) of each case."""
        if self.kind in corners.CASES:
            yield from corners.CASES[self.kind](r)
            return
        if self.net.cases:
            yield from self.net.cases(r)
        size = SIZE[self.path] if self.kind == "tcp" else self.net.tcp
        if not size:
            return
        for family, opener, pattern in itertools.product(
                (4, 6), ("ours", "kernel"), ("up", "down", "both", "asked")):
            yield (f"v{family}/{opener}-opens/{pattern}",
                   lambda f=family, o=opener, p=pattern:
                   self.tcp(r, f, o, p, size))

    def tcp(self, r, family, opener, pattern, size):
        open_pair(r, family, opener)
        transfer(r, pattern, opener, family * 10 + len(pattern), size)
        options = r.kernel("info")["options"]
        want = sum(BIT[name] for name in OPTIONS if name not in self.off)
        close_pair(r, opener)
        if options != want:
            raise rig.Failed(f"options {options} are in use, not {want}")


def groups(quick):
    subsets = [off for n in range(4)
               for off in itertools.combinations(OPTIONS, n)]
    found = [Group("tcp", path, off, whose)
             for path in ("lossy", "clean") for whose in ("ours", "kernel")
             for off in subsets if off or whose == "ours"]
    if quick:
        some = {(), ("timestamps",), ("sack",), OPTIONS}
        found = [g for g in found if g.off in some
                 and (g.whose == "ours" or g.off == OPTIONS)
                 and (g.path == "clean" or g.off in {(), OPTIONS})]
    return [Group(kind) for kind in ("endpoints", *corners.CASES,
                                    *(() if quick else nets.NETS))] + found


# ---- one group, in its namespace ---------------------------------------------------

def report(name, error=None, skipped=None):
    if skipped:
        print(f"skipped: {name}: {skipped}")
    elif error:
        print(f"FAILED: {name}: {error}")
    else:
        print(f"ok: {name}")
    sys.stdout.flush()
    return error is None


def run_case(name, function):
    try:
        function()
    except (rig.Failed, rig.Refused, OSError) as error:
        return report(name, f"{type(error).__name__}: {error}")
    except corners.Skip as why:
        return report(name, skipped=str(why))
    return report(name)


def finish(group, r):
    """The end of ours, what the kernel saw, and the replay."""
    r.end()
    mib = rig.counters()
    if group.path == "clean":
        for where, what in (("Tcp", "InErrs"), ("Tcp", "InCsumErrors"),
                            ("Udp", "InCsumErrors"), ("Ip", "InHdrErrors"),
                            ("Icmp", "InErrors")):
            if mib[where].get(what):
                raise rig.Failed(f"the kernel counts {where}.{what}: "
                                 f"{mib[where][what]}")
    r.replay()


def run_group(group, args):
    group.prepare()
    if group.kind == "endpoints":
        for name, function in endpoints.cases(args.causeway):
            run_case(f"{group.name}/{name}", function)
        return
    name = f"{group.name.replace('/', '_')}-{args.seed}.pcapng"
    record = os.path.join(args.dir, name)
    r = rig.Rig(args.causeway, group.options(args.seed), record,
                beyond=group.net.before)
    if group.net.joined:
        group.net.joined(r)
    good = True
    for name, function in group.cases(r):
        if not run_case(f"{group.name}/{name}", function):
            good = False
            break               # the ends may be anywhere
    if good:
        good = run_case(f"{group.name}/end-and-replay",
                        lambda: finish(group, r))
    if not good:
        print(f"# {' '.join(r.command)}\n# recording: {record}", flush=True)
    if good or not args.keep:
        pathlib.Path(record).unlink(missing_ok=True)


# ---- all of them ----------------------------------------------------------------------

def spawn(group, args, seed):
    argv = ["unshare", "--net", "--", rig.PYTHON, __file__, args.causeway,
            "--inside", group.name, "--dir", args.dir, "--seed", str(seed)]
    if args.quick:
        argv.append("--quick")
    if args.keep:
        argv.append("--keep")
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        return done.stdout + f"FAILED: {group.name}: exit {done.returncode}\n"
    return done.stdout


def run_all(args):
    if not args.keep:           # what is written goes with the namespace
        subprocess.run(["mount", "-t", "tmpfs", "none", args.dir], check=True)
    chosen = [(g, args.seed + run) for run in range(args.runs)
              for g in groups(args.quick) if args.only in g.name]
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for output in pool.map(lambda c: spawn(c[0], args, c[1]), chosen):
            lines = output.splitlines()
            passed += sum(line.startswith("ok: ") for line in lines)
            skipped += sum(line.startswith("skipped: ") for line in lines)
            failed += sum(line.startswith("FAILED: ") for line in lines)
            for line in lines:
                if args.verbose or not line.startswith("ok: "):
                    print(line, flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def enter(args):
    """Outside: begins the namespaces, waits, and leaves nothing."""
    words, why = rig.outer()
    if not words:
        print(f"interop: skipped: {why}")
        return 77
    directory = tempfile.mkdtemp(prefix="causeway-interop-")
    env = {**os.environ, "XDG_STATE_HOME": directory}
    try:
        return rig.run_in(words, [rig.PYTHON, *sys.argv, "--dir", directory],
                          env)
    finally:
        if args.keep:
            print("interop: recordings of what failed:", directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def main():
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("causeway")
    parse.add_argument("--quick", action="store_true")
    parse.add_argument("--runs", type=int, default=1)
    parse.add_argument("--jobs", type=int, default=6)
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--only", default="")
    parse.add_argument("--keep", action="store_true")
    parse.add_argument("-v", "--verbose", action="store_true")
    parse.add_argument("--dir", help=argparse.SUPPRESS)
    parse.add_argument("--inside", help=argparse.SUPPRESS)
    args = parse.parse_args()
    args.causeway = os.path.abspath(args.causeway)
    if args.inside:
        group = next(g for g in groups(False) if g.name == args.inside)
        return run_group(group, args)
    if args.dir:
        return run_all(args)
    return enter(args)


if __name__ == "__main__":
    sys.exit(main())
