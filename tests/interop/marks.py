"""marks: congestion marks between us and the kernel: for each mode of either
end what both say was agreed on, and, where a link marks, whether what one end
counted is what the other has heard.
"""
import pathlib

import corners
import rig

MODES = ("off", "passive", "on", "accurate")
# Linux's net.ipv4.tcp_ecn: what its SYNs ask for, what it answers at most
ASKS = {0: "none", 1: "classic", 2: "none", 3: "accurate", 4: "classic",
        5: "none"}
ANSWERS = {0: "none", 1: "classic", 2: "classic", 3: "accurate",
           4: "accurate", 5: "accurate"}
OURS_ASK = {"off": "none", "passive": "none", "on": "classic",
            "accurate": "accurate"}
RANK = ("none", "classic", "accurate")
SIZE = 400_000


def best(asked, answered):
    return RANK[min(RANK.index(asked), RANK.index(answered))]


def expected(opener, ours, kernel):
    if opener == "ours":
        return best(OURS_ASK[ours], ANSWERS[kernel])
    return best(ASKS[kernel], "none" if ours == "off" else "accurate")


def set_kernel(mode):
    """False: this kernel has no such mode."""
    try:
        rig.sysctl("ipv4/tcp_ecn", mode)
    except OSError:
        return False
    path = pathlib.Path("/proc/sys/net/ipv4/tcp_ecn")
    return path.read_text(encoding="ascii").strip() == str(mode)


def mode_of(marks):
    if not marks["ecn"]:
        return "none"
    return "accurate" if marks["options_seen"] else "classic"


def agreed(p, opener, ours, kernel):
    """Both know; with data in both directions each has seen options."""
    set_kernel(kernel)
    p.connect()
    for end, other in ((p.a, p.b), (p.b, p.a)):
        end("send", seed=1, size=3000, end=False)
        other("receive_some", size=3000)
    want = expected(opener, ours, kernel)
    for end in (p.a, p.b):
        got = mode_of(end("marks"))
        if got != want:
            raise rig.Failed(f"{end.name} has {got}, not {want}")
    p.close()


def counted(p, sender, receiver):
    """What came marked is what the sender has heard of."""
    receiver.start("receive_some", size=SIZE)
    sender("send", seed=2, size=SIZE, end=False)
    receiver.result()

    def same():
        there, here = receiver("marks"), sender("marks")
        return (there["received_ce"] > 0
                and here["delivered_ce"] == there["received_ce"]
                and here["delivered_ce_bytes"] == there["received_ce_bytes"])
    try:
        rig.until("the counters agree", same)
    except rig.Failed as why:
        raise rig.Failed(f"{why}: {receiver('marks')} here, "
                         f"{sender('marks')} there") from None


def heard(p, sender, receiver):
    """Classic: there were marks, and the sender has heard of them."""
    receiver.start("receive_some", size=SIZE)
    sender("send", seed=2, size=SIZE, end=False)
    receiver.result()
    found = sender("marks")     # the kernel counts them, we reduce
    if not (found["delivered_ce"] or 0 < found["ssthresh"] < 1000):
        raise rig.Failed(f"{sender.name} has heard of no mark: {found}")


def transfers(p, check):
    p.connect()
    check(p, p.a, p.b)
    check(p, p.b, p.a)
    p.close()


def lacking(kernel):
    """A case that says so."""
    def case():
        raise corners.Skip("this kernel has no such mode")
    return f"tcp_ecn={kernel}", case


def negotiation(ours):
    def cases(r):
        for kernel in ASKS:
            if not set_kernel(kernel):
                yield lacking(kernel)
                continue
            for opener in ("ours", "kernel"):
                for family in (4, 6):
                    p = corners.Pair(r, family, opener)
                    yield (f"tcp_ecn={kernel}/v{family}/{opener}-opens",
                           lambda p=p, o=opener, k=kernel:
                           agreed(p, o, ours, k))
    return cases


def transferring(kernel, check):
    def cases(r):
        if not set_kernel(kernel):
            yield lacking(kernel)
            return
        for opener in ("ours", "kernel"):
            for family in (4, 6):
                p = corners.Pair(r, family, opener)
                yield (f"v{family}/{opener}-opens",
                       lambda p=p: transfers(p, check))
    return cases
