#!/usr/bin/env python3
"""mutants_test [--places]: every oracle of the simulator can fail: each mistake below,
planted into a copy of the stack, is found by its oracle within a few seeds.

Ends with "N passed, N failed".
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIRS = ["base", "wire", "store", "net", "udp", "tcp", "stack", "sock", "emu",
        "obs", "world", "sim", "loop"]
MAIN = ["cli/cmd_sim.c", "cli/cmd_sim_path.c", "cli/cmd_sim_worlds.c",
        "cli/say.c"]
SEEDS = ["--seeds", "1..60"]
# for those whose words begin so
WORLDS = {"worlds: ": ["worlds", "--faults", "1"],
          "worlds2: ": ["worlds", "--faults", "2"]}

# (what, file, text, what it becomes, words of the verdict)
MUTANTS = [
    ("a byte is changed on its way to the reader", "src/store/recvq.c",
     "        memcpy(to + done, slice_bytes(s), n);\n",
     "        memcpy(to + done, slice_bytes(s), n);\n"
     "        to[done] ^= q->ready == 77;\n", "is wrong"),
    ("a byte of a datagram is changed", "src/udp/udp_queue.c",
     "        memcpy(at, slice_bytes(s), n);\n",
     "        memcpy(at, slice_bytes(s), n);\n"
     "        at[n - 1] ^= n > 9;\n", "datagram flow"),
    ("what was sent has no timer", "src/tcp/tcp_timers.c",
     "    if (tcp_rack(t))\n"
     "        start_rto(t); /* settled at the end of the visit */\n"
     "    else\n"
     "        arm_rexmit(t, WHY_T_SENT);\n",
     "", "no timer"),
    ("a control block is never given back", "src/tcp/tcp_state.c",
     "    near_del(&t->all);\n    slab_put(t);\n",
     "    near_del(&t->all);\n", "bytes of memory not given back"),
    ("FIN leads from ESTABLISHED to LAST-ACK", "src/tcp/tcp_arrive.c",
     "        tcp_enter(t, TCPS_CLOSE_WAIT, WHY_GOT_FIN);\n",
     "        tcp_enter(t, TCPS_LAST_ACK, WHY_GOT_FIN);\n", "broken invariant: rule_of"),
    ("a change that no diagram has is told", "src/tcp/tcp_state.c",
     "    ev.v[1] = rule_of(to)->shown;\n",
     "    ev.v[1] = to == TCPS_CLOSE_WAIT ? CW_LAST_ACK"
     " : rule_of(to)->shown;\n", "is no edge"),
    ("a change is not told", "src/tcp/tcp_state.c",
     "    if (!env_observed(e))\n        return;\n"
     "    ev.why = (uint16_t)why;\n",
     "    if (!env_observed(e) || to == TCPS_FIN_WAIT_2)\n        return;\n"
     "    ev.why = (uint16_t)why;\n", "but was in"),
    ("nothing is sent again", "src/tcp/tcp_output.c",
     "    while (send_one(t, &again)) {\n",
     "    while (send_new(t)) {\n", "error pending"),
    ("a reader is not told", "src/tcp/tcp_show.c",
     "        bits |= CW_POLLIN;\n",
     "        bits |= t->recvq.ready % 8 == 5 ? 0 : CW_POLLIN;\n",
     "not finished"),
    ("the window's field is rounded down", "src/tcp/tcp_window.c",
     "    uint32_t field = (wnd + (1u << scale) - 1) >> scale;\n",
     "    uint32_t field = wnd >> scale;\n", "moves left"),
    ("what is in flight is not accounted for", "src/tcp/tcp_show.c",
     "    o->unacked = f->segq.count;\n", "", "without a record"),
    ("SND.UNA is ahead", "src/tcp/tcp_show.c",
     "        .snd_una = t->snd.una.v,\n",
     "        .snd_una = t->snd.nxt.v + 1,\n", "SND.UNA beyond SND.NXT"),
    ("a mark is not echoed", "src/tcp/tcp_ecn.c",
     "    t->ecn_echo = true; /* RFC3168-6.1.1-c */\n", "",
     "a mark came and is not echoed"),
    ("a mark is not counted", "src/tcp/tcp_accecn.c",
     "    a->r_cep++;\n    if (!begins", "    a->r_cep += s->text % 2;\n    if (!begins",
     "the counter rose by"),
    ("marks reduce nothing", "src/tcp/tcp_ecn.c",
     "    respond(t, c->flight);\n", "", "and no reduction"),
    ("a timeout comes too late", "src/tcp/tcp_rtt.c",
     "        rto *= 2;\n    return ns_min(rto,",
     "        rto *= 2;\n    rto += 20 * NS_S;\n    return ns_min(rto,",
     "worlds: timer 1 stands"),
    ("no tail loss probe", "src/tcp/tcp_timers.c",
     "    if (f->pto_at == NS_NEVER || !tcp_tlp_may(t))\n"
     "        return f->rto_at;\n", "    return f->rto_at;\n",
     "worlds: timer 1 stands"),
    ("a probe's timer sends nothing", "src/tcp/tcp_tlp.c",
     "    if (tcp_tlp_may(t))\n        tcp_due(t, DUE_LOSS_PROBE);\n", "",
     "worlds: timeouts explain no more"),
    ("no reordering timer", "src/tcp/tcp_rack.c",
     "    if (most > 0) /* RFC8985-6.2-b */", "    if (0)",
     "worlds: timer 1 stands"),
    ("RACK marks nothing", "src/tcp/tcp_rack.c",
     "            tcp_mark_lost(t, r);\n            continue;\n",
     "            continue;\n", "worlds: timer 1 stands"),
    ("each timeout is doubled twice", "src/tcp/tcp_rtt.c",
     "        rto *= 2;\n    return ns_min(rto,",
     "        rto *= 4;\n    return ns_min(rto,", "worlds: timer 1 stands"),
    ("no timeout is doubled", "src/tcp/tcp_timeout.c",
     "    t->backoff++;         /* RFC6298-5.4-a */\n", "",
     "worlds2: a timeout after"),
    ("the wheel is not told of an earlier deadline", "src/tcp/tcp_timers.c",
     "    if (!wheel_armed(&t->timer) || t->at[which] < t->timer.at)\n"
     "        wheel_arm(", "    if (!wheel_armed(&t->timer))\n"
     "        wheel_arm(", "worlds: timer 6"),
    ("an undo gives twice of it", "src/tcp/cc.c",
     "    cc_set_cwnd(t, MAX(t->cwnd, cwnd), WHY_CC_RECOVERED);\n",
     "    cc_set_cwnd(t, 2 * MAX(t->cwnd, cwnd), WHY_CC_RECOVERED);\n",
     "worlds2: would be much"),
    ("a needed recovery is taken back", "src/tcp/tcp_undo.c",
     "    if (!n->has_ts || (int32_t)(n->ecr - p->rexmit_ts) >= 0) /* (4) */\n"
     "        return false;\n", "", "worlds2: would be much"),
    ("cwnd is not heeded", "src/tcp/tcp_output.c",
     "    if (want > 0 && cwnd_room < want) {\n",
     "    if (0 && cwnd_room < want) {\n", "worlds2: bytes in flight, and cwnd"),
    ("TIME-WAIT lasts one MSL", "src/tcp/tcp_timewait.c",
     "d = 2 * h->env->knobs->msl", "d = h->env->knobs->msl",
     "worlds: TIME-WAIT ends too early"),
    ("a small world loses a control block", "src/tcp/tcp_state.c",
     "    near_del(&t->all);\n    slab_put(t);\n",
     "    near_del(&t->all);\n    if (t->iss.v % 2)\n        slab_put(t);\n",
     "worlds: memory in use"),
    ("a small world's byte is changed", "src/store/recvq.c",
     "        memcpy(to + done, slice_bytes(s), n);\n",
     "        memcpy(to + done, slice_bytes(s), n);\n"
     "        to[done] ^= q->ready == 1448;\n", "worlds: wrong bytes"),
    ("a packet stays on a link", "src/emu/link.c",
     "    return l->flight.live;\n", "    return l->flight.live + 1;\n",
     "left on a link"),
]


def compile_one(directory, source):
    """The object of a source, or the compiler's words."""
    name = str(source).replace("/", "_")[:-2] + ".o"
    done = subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-D_GNU_SOURCE", "-Iinclude", "-Isrc",
         "-c", source, "-o", str(directory / name)],
        cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return directory / name


def sources():
    found = [str(path.relative_to(ROOT)) for d in DIRS
             for path in sorted((ROOT / "src" / d).glob("*.c"))]
    return found + ["src/" + name for name in MAIN]


def compile_all(directory):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = pool.map(lambda s: compile_one(directory, s), sources())
        return dict(zip(sources(), objects))


def link(directory, objects):
    main = directory / "main.c"
    main.write_text("int cmd_sim(int argc, char **argv);\n"
                    "int main(int argc, char **argv)\n"
                    "{ return cmd_sim(argc, argv); }\n")
    program = directory / "sim"
    subprocess.run(["cc", str(main), *map(str, objects), "-o", str(program)],
                   check=True)
    return program


def simulate(program, words):
    return subprocess.run([str(program), *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, timeout=300)


def misplaced(mutant):
    """Why this mistake cannot be made, or None."""
    _, file, text, _, _ = mutant
    if (ROOT / file).read_text().count(text) != 1:
        return f"{file} does not hold this once:\n{text}"
    return None


def bite(directory, objects, mutant):
    """Why this mistake was not found, or None."""
    _, file, text, to, word = mutant
    if misplaced(mutant):
        return misplaced(mutant)
    source = (ROOT / file).read_text()
    copy = directory / "mutant.c"
    copy.write_text(source.replace(text, to))
    objects = {**objects, file: compile_one(directory, str(copy))}
    words = SEEDS
    for prefix, kind in WORLDS.items():
        if word.startswith(prefix):
            words, word = kind, word.removeprefix(prefix)
    done = simulate(link(directory, objects.values()), words)
    if done.returncode == 0 or word not in done.stdout:
        return f"exit {done.returncode}:\n{done.stdout[-2000:]}"
    return None


def main():
    failed = 0
    if "--places" in sys.argv:
        wrong = [why for why in map(misplaced, MUTANTS) if why]
        print(*wrong, sep="\n", end="")
        print(f"{len(MUTANTS) - len(wrong)} passed, {len(wrong)} failed")
        sys.exit(bool(wrong))
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        objects = compile_all(directory)
        done = simulate(link(directory, objects.values()), SEEDS)
        if done.returncode:
            sys.exit(f"without any mistake:\n{done.stdout}")
        for mutant in MUTANTS:
            wrong = bite(directory, objects, mutant)
            failed += wrong is not None
            if wrong:
                print(f"{mutant[0]}: not found\n{wrong}")
    print(f"{len(MUTANTS) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
