"""nets: groups of cases whose network is a special one: a small hop, tiny or
jumbo segments, congestion marks (marks.py), a neighbour that vanishes.
"""
import contextlib
import time

import corners
import marks
import rig

FAR = {4: "10.9.1.2", 6: "fd0a::2"}     # beyond the kernel, which forwards
NEAR = {4: "10.9.1.1", 6: "fd0a::1"}
SMALL = 1300
AWAY = "02:00:00:00:00:99"
TINY = 150_000
MARKING = ["--delay", "2ms", "--mark", "5%"]
SIZES = (1, 1200, 1272, 1273, 1400, 1472, 1473, 4000, 20000, 65000)


class Net:
    """What is special; each part may be left out."""

    def __init__(self, options=(), prepare=None, joined=None, cases=None,
                 tcp=0, far=False):
        self.options, self.prepare = list(options), prepare
        self.joined, self.cases = joined, cases
        self.tcp = tcp          # bytes of each of the usual transfers
        self.before = ["unshare", "--net"] if far else []


def want(what, got, right):
    if got != right:
        raise rig.Failed(f"{what}: {got!r}, not {right!r}")


# ---- a hop that is smaller than the links --------------------------------------------

def mtu_learned(p, host, knows):
    """Both send; who sends into the small hop is told, and believes it."""
    port = p.b("listen", host=host)
    p.b.start("accept")
    p.a("connect", host=host, port=port)
    p.b.result()
    p.b("unlisten")
    six = ":" in host
    for ends in ((p.a, p.b), (p.b, p.a)):
        ends[1].start("receive", size=200_000)
        sent = ends[0]("send", seed=1, size=200_000, end=False)
        corners.check_text(sent, ends[1].result(), 200_000)
    for end in knows:
        want(f"the MTU that {end.name} knows", end("mtu", six=six), SMALL)
    p.close()
    corners.datagrams(p, SIZES)


def small_hop(r):
    """Our emulated router says so, to both."""
    for about in ("ours", "kernel"):
        for family in (4, 6):
            p = corners.Pair(r, family, about)
            yield (f"mtu/v{family}/{about}",
                   lambda p=p: mtu_learned(p, p.host, (p.a, p.b)))


def small_hop_behind(r):
    """The kernel forwards, and says so to us."""
    for family in (4, 6):
        p = corners.Pair(r, family, "ours")
        p.host = FAR[family]
        yield (f"mtu/v{family}",
               lambda p=p: mtu_learned(p, p.host, (p.a,)))


def far_end(r):
    """The kernel's end moves behind a router, whose way there is small."""
    pid = str(r.kernel("pid"))
    inside = ["nsenter", "-t", pid, "-n", "ip"]
    rig.sysctl("ipv4/ip_forward", 1)
    rig.sysctl("ipv6/conf/all/forwarding", 1)
    rig.ip("link", "add", "near", "type", "veth", "peer", "name", "far")
    rig.ip("link", "set", "far", "netns", pid)
    for family, bits in ((4, "24"), (6, "64")):
        flags = ["nodad"] if family == 6 else []
        rig.ip("addr", "add", f"{NEAR[family]}/{bits}", "dev", "near", *flags,
               "noprefixroute")
        rig.run(*inside, "addr", "add", f"{FAR[family]}/{bits}", "dev", "far",
                *flags)
    rig.ip("link", "set", "near", "up")
    rig.run(*inside, "link", "set", "lo", "up")
    rig.run(*inside, "link", "set", "far", "up")
    for family, net in ((4, "10.9.1.0/24"), (6, "fd0a::/64")):
        rig.ip("route", "add", net, "dev", "near", "mtu", "lock", str(SMALL))
        rig.run(*inside, f"-{family}", "route", "add", "default", "via",
                NEAR[family])


# ---- segments of other sizes ---------------------------------------------------------

def advertise(mss):
    """The kernel announces this MSS, to everybody on the device."""
    rig.ip("route", "change", "10.9.0.0/24", "dev", rig.DEV, "proto",
           "kernel", "scope", "link", "src", rig.KERNEL[4], "advmss",
           str(mss))
    rig.ip("-6", "route", "change", "fd09::/64", "dev", rig.DEV, "proto",
           "kernel", "metric", "256", "advmss", str(mss))


def segments(mss):
    """What each end sends is no larger; datagrams are as ever."""
    def one(p):
        p.connect()
        for end in (p.a, p.b):
            got = end("info")["mss"]
            if not mss - 12 <= got <= mss:
                raise rig.Failed(f"{end.name}: segments of {got}")
        p.close()

    def cases(r):
        for about in ("ours", "kernel"):
            for family in (4, 6):
                p = corners.Pair(r, family, about)
                yield f"segments/v{family}/{about}", lambda p=p: one(p)
    return cases


def jumbo():
    rig.ip("link", "set", rig.DEV, "mtu", "9000")


# ---- a neighbour that vanishes -------------------------------------------------------

@contextlib.contextmanager
def vanished(p):
    """Nothing that the kernel sends arrives."""
    words = [rig.OURS[6 if ":" in p.host else 4], "dev", rig.DEV]
    rig.ip("neigh", "replace", *words, "lladdr", AWAY, "nud", "permanent")
    try:
        yield
    finally:
        rig.ip("neigh", "del", *words)


def ends_within(p, least, most):
    began = time.monotonic()
    want("the error", p.a("receive_error"), "ETIMEDOUT")
    took = time.monotonic() - began
    if not least <= took <= most:
        raise rig.Failed(f"given up after {took:.1f} s")


def user_timeout(p):
    """What is sent is not acknowledged in time (RFC 5482, TCP_USER_TIMEOUT)."""
    p.connect()
    p.a("option", level="IPPROTO_TCP", name="TCP_USER_TIMEOUT", value=1500)
    with vanished(p):
        p.a("send", seed=1, size=1000, end=False)
        ends_within(p, 1.3, 10)
    p.close()


def keep_alive_dies(p):
    """Nobody answers two probes (RFC 9293 §3.8.4)."""
    p.connect()
    for level, name, value in (("SOL_SOCKET", "SO_KEEPALIVE", 1),
                               ("IPPROTO_TCP", "TCP_KEEPIDLE", 1),
                               ("IPPROTO_TCP", "TCP_KEEPINTVL", 1),
                               ("IPPROTO_TCP", "TCP_KEEPCNT", 2)):
        p.a("option", level=level, name=name, value=value)
    with vanished(p):
        ends_within(p, 2, 12)
    p.close()


def pause(p):
    """It vanishes for two seconds in the middle; all arrives."""
    p.connect()
    p.b.start("receive")
    p.a("send", seed=1, size=50_000, end=False)
    want("delivered", p.a("delivered"), True)   # else its buffer fills below
    with vanished(p):
        p.a("send", seed=2, size=50_000, end=False)
        want("nothing arrives", p.a("quiet", patience=2), True)
    p.a("send", seed=3, size=50_000)
    want("bytes", p.b.result()[0], 150_000)
    p.close()


def vanishing(r):
    for function in (user_timeout, keep_alive_dies, pause):
        for about in ("ours", "kernel"):
            for family in (4, 6):
                p = corners.Pair(r, family, about)
                yield (f"{function.__name__}/v{family}/{about}",
                       lambda f=function, p=p: f(p))


NETS = {
    "small-hop": Net(["--pmtu", str(SMALL)], cases=small_hop, tcp=TINY),
    "small-hop-behind": Net(
        ["--gateway", rig.KERNEL[4], "--gateway", rig.KERNEL[6]],
        joined=far_end, cases=small_hop_behind, far=True),
    "mss-536": Net(["--mss", "536"], lambda: advertise(536),
                   cases=segments(536), tcp=TINY),
    "mss-88": Net(["--mss", "88"], lambda: advertise(88),
                  cases=segments(88), tcp=TINY),
    "jumbo": Net(prepare=jumbo, cases=corners.udp_cases, tcp=1_500_000),
    "ecn": Net(prepare=lambda: rig.sysctl("ipv4/tcp_ecn", 1), tcp=TINY),
    **{f"ecn-{mode}": Net(["--ecn", mode], cases=marks.negotiation(mode))
       for mode in marks.MODES},
    "ecn-marks": Net(
        ["--ecn", "on", *MARKING], cases=marks.transferring(1, marks.heard)),
    "ecn-counts": Net(
        ["--ecn", "accurate", *MARKING],
        cases=marks.transferring(3, marks.counted)),
    "vanishing": Net(cases=vanishing),
}
