#!/usr/bin/env python3
"""promises_test CAUSEWAY: what recovery and congestion control have promised,
with the numbers of the promise: each line below names a path, a figure of it
and its bound.  Unlike the golden tables these do not move with the code.

Ends with "N passed, N failed".
"""
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys

PATH = "--rate 100mbit --rtt 50ms --queue 1bdp --time 60s"
FAST = "--rate 180mbit --rtt 66ms --queue 1bdp --loss 0.003%"
SLOW = "--rate 20mbit --rtt 50ms --queue 1bdp"
RTT_NS = 50_000_000
LATE = ("--reorder", "1% by 3")

# What Linux's same controller reached, in Mbit/s; bbr at 1 % and 3 % is not
# here: docs/performance.md says what is by the draft's design and what is not.
LINUX = {("reno", "0.1%"): 9.5, ("reno", "1%"): 2.8, ("reno", "3%"): 1.35,
         ("cubic", "0.1%"): 9.7, ("cubic", "1%"): 2.7, ("cubic", "3%"): 1.20,
         ("bbr", "0.1%"): 91.8}


def runs(causeway, options, *more):
    done = subprocess.run([causeway, "sim", "path", "--json",
                           *options.split(), *more], text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"sim path {options}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def middle(found, name):
    return statistics.median(run[name] for run in found)


# ---- promises: each answers what was measured, and whether it is enough -------

def fills(causeway, cc):
    """Without loss 95 % of the ideal; CUBIC overshoots by under 60 frames."""
    run = runs(causeway, f"{PATH} --cc {cc}")[0]
    share = run["goodput_bps"] / run["ideal_bps"]
    ok = share >= 0.95 and (cc != "cubic" or run["queue_drops"] < 60)
    return f"{share:.1%} of the ideal, {run['queue_drops']} drops", ok


def survives(causeway, cc, loss):
    """Random loss: not less than Linux; Reno and CUBIC not above 1.2 Mathis."""
    seeds = "1" if cc == "bbr" else "1..5"
    found = runs(causeway, f"{PATH} --cc {cc} --loss {loss} --seeds {seeds}")
    mbit = middle(found, "goodput_bps") / 1e6
    mathis = middle(found, "mathis_bps") / 1e6
    ok = mbit >= LINUX[cc, loss] and (cc == "bbr" or mbit <= 1.2 * mathis)
    return (f"{mbit:.2f} Mbit/s; Linux {LINUX[cc, loss]}, "
            f"Mathis {mathis:.2f}"), ok


def reorders(causeway, cc, tick, time):
    """Reordering costs no more than 3 %, and Reno and CUBIC send nothing
    without need that they do not take back."""
    words = f"{FAST} --time {time} --clock-tick {tick} --cc {cc}"
    straight = runs(causeway, words)[0]
    late = runs(causeway, words, *LATE)[0]
    apart = late["goodput_bps"] / straight["goodput_bps"] - 1
    undone = sum(n for name, n in late["counters"].items() if "Undo" in name)
    ok = abs(apart) <= 0.03 and (cc == "bbr" or late["spurious"] <= undone)
    return (f"{apart:+.1%}, {late['spurious']} without need, "
            f"{undone} undone"), ok


def comes_back(causeway, cc, seconds):
    """After an outage at 80 % of the ideal within 20 round trips."""
    over = 20 + seconds
    run = runs(causeway, f"{SLOW} --outage 20s..{over}s "
                         f"--time {2 * over + 5}s --cc {cc}")[0]
    if "recovery_ns" not in run:
        return "never", False
    trips = run["recovery_ns"] / RTT_NS
    return f"{trips:.1f} round trips", trips <= 20


def takes_back(causeway, cc, seconds):
    """A pause in which nothing is lost: the timeout for it is undone."""
    run = runs(causeway, f"{SLOW} --pause 20s..{20 + seconds}s --time 30s "
                         f"--cc {cc}")[0]
    undone = run["counters"].get("TCPSpuriousRTOs", 0)
    trips = run.get("recovery_ns", 10 ** 12) / RTT_NS
    return (f"{undone} timeouts taken back, back after {trips:.1f} round "
            "trips"), undone >= 1 and trips <= 20


def shares(causeway, cc, flows, least):
    """Jain's index of equal flows."""
    run = runs(causeway, f"{PATH} --flows {flows} --cc {cc}")[0]
    jain = run["jain_permille"] / 1000
    return f"Jain {jain:.3f}, at least {least}", jain >= least


def promises():
    for cc in ("cubic", "reno", "bbr"):
        yield fills, cc
    for cc, loss in LINUX:
        yield survives, cc, loss
    for cc in ("reno", "cubic"):
        for tick in ("1us", "1ms", "15600us"):
            yield reorders, cc, tick, "10s"
    yield reorders, "bbr", "1us", "10s"
    yield reorders, "bbr", "1ms", "10s"
    yield reorders, "bbr", "15600us", "60s"
    for cc in ("cubic", "bbr"):
        for seconds in (1, 10, 60):
            yield comes_back, cc, seconds
    for cc in ("reno", "cubic", "bbr"):
        yield takes_back, cc, 1
    yield shares, "cubic", 16, 0.95


def judge(causeway, promise):
    what, *args = promise
    found, ok = what(causeway, *args)
    return ok, f"{what.__name__} {' '.join(map(str, args))}: {found}"


def main():
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for ok, text in pool.map(lambda p: judge(sys.argv[1], p),
                                 list(promises())):
            print(f"{'      ' if ok else 'BROKEN'} {text}")
            passed, failed = passed + ok, failed + (not ok)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
