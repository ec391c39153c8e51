"""corners: what a transfer does not show: cases of one connection each, where
either end is the kernel.
"""
import rig


class Skip(Exception):
    """It cannot be tested yet, and why."""


class Pair:
    """A connection; `a` is the end that a case is about."""

    def __init__(self, r, family, about):
        self.a, self.b = ((r.ours, r.kernel) if about == "ours"
                          else (r.kernel, r.ours))
        self.host = (rig.OURS if about == "kernel" else rig.KERNEL)[family]
        self.local = (rig.KERNEL if about == "kernel" else rig.OURS)[family]

    def connect(self, **words):
        """a opens."""
        port = self.b("listen", host=self.host)
        self.b.start("accept")
        source = self.a("connect", host=self.host, port=port, **words)
        self.b.result()
        self.b("unlisten")
        return port, source

    def close(self):
        self.a("close")
        self.b("close")


def want(what, got, right):
    if got != right:
        raise rig.Failed(f"{what}: {got!r}, not {right!r}")


def check_text(sent, got, size):
    want("bytes received", got[0], size)
    want("their hash", got[1], sent)


# ---- TCP ----------------------------------------------------------------------------

def half_close(p):
    """a has sent all; b goes on."""
    p.connect()
    sent = p.a("send", seed=1, size=100)
    check_text(sent, p.b("receive"), 100)
    p.b.start("send", seed=2, size=300_000)
    got = p.a("receive")
    check_text(p.b.result(), got, 300_000)
    p.close()


def reset(p):
    """a aborts; b hears of it, even if it only reads."""
    p.connect()
    p.b.start("receive_error")
    p.a("abort")
    want("b's error", p.b.result(), "ECONNRESET")
    p.b("close")


def unread(p):
    """a closes with bytes unread: b is told (RFC 2525 §2.17)."""
    p.connect()
    p.b("send", seed=1, size=50_000, end=False)
    rig.until("bytes arrive", lambda: not p.a("quiet", patience=0.01))
    p.a("close")
    want("b's error", p.b("receive_error"), "ECONNRESET")
    p.b("close")


def refused(p):
    """Once b's listener is gone; that of a program under causeway is so a
    moment after its close()."""
    port = p.b("listen", host=p.host)
    p.b("unlisten")
    rig.until("refused", lambda: p.a("try_connect", host=p.host, port=port)
              == "ECONNREFUSED")


def urgent(p):
    """Out of band, in the middle of others (RFC 6093)."""
    p.connect()
    p.b.start("urged")
    p.a("urge", before="before", byte="!", after="after")
    want("the urgent byte", p.b.result(), "!")
    p.a("shutdown")
    want("bytes beside it", p.b("receive")[0], len("beforeafter"))
    p.close()


def zero_window(p):
    """b does not read until a has stopped for a second and more; then all of
    it arrives."""
    size = 8_000_000
    p.connect()
    p.a.start("fill", seed=3, size=size, patience=1.5)
    stalled = p.a.line()["stalled"]
    p.b.start("receive")
    _, sent = p.a.result()
    check_text(sent, p.b.result(), size)
    if not 10_000 < stalled < size:
        raise rig.Failed(f"it stalled after {stalled} bytes")
    p.close()


def keep_alive(p):
    """a probes each second; b answers, so the connection lives (RFC 9293
    §3.8.4, RFC 1122 §4.2.3.6)."""
    p.connect()
    try:
        for level, name, value in (("SOL_SOCKET", "SO_KEEPALIVE", 1),
                                   ("IPPROTO_TCP", "TCP_KEEPIDLE", 1),
                                   ("IPPROTO_TCP", "TCP_KEEPINTVL", 1),
                                   ("IPPROTO_TCP", "TCP_KEEPCNT", 2)):
            p.a("option", level=level, name=name, value=value)
    except rig.Refused as why:
        p.close()
        raise Skip(f"{why}") from None
    before = rig.counters()["Tcp"]
    want("nothing arrives", p.a("quiet", patience=4.5), True)
    after = rig.counters()["Tcp"]
    probes = min(after[name] - before[name] for name in ("InSegs", "OutSegs"))
    if probes == 0 and p.a.name == "causeway":
        p.close()
        raise Skip("our stack takes the options but sends no probes yet")
    if not 3 <= probes <= 5:
        raise rig.Failed(f"{probes} probes and answers in 4.5 s")
    sent = p.a("send", seed=4, size=1000)
    check_text(sent, p.b("receive"), 1000)
    p.close()


def time_wait(p):
    """a closes first and is in TIME-WAIT; b opens anew from the same port, and
    the new SYN takes its place (RFC 9293 MAY-2, RFC 6191)."""
    port = p.a("listen", host=p.local)
    p.a.start("accept")
    source = p.b("connect", host=p.local, port=port)
    p.a.result()
    p.a("close")
    want("b's end", p.b("receive")[0], 0)
    p.b("close")
    p.a.start("accept")
    rig.until("b has heard the last ACK", lambda: p.b.may(
        "connect", ("EADDRINUSE", "EADDRNOTAVAIL"), host=p.local, port=port,
        source=source))
    p.a.result()
    sent = p.b("send", seed=5, size=10_000)
    check_text(sent, p.a("receive"), 10_000)
    p.a("unlisten")
    p.b("close")
    p.a("close")


def both_close(p):
    """Each closes without waiting for the other, many times: CLOSING and
    every order of FINs."""
    for _ in range(20):
        p.connect()
        p.a.start("close")
        p.b.start("close")
        p.a.result()
        p.b.result()


def backlog(p):
    """Connections one after another, each with its bytes."""
    port = p.b("listen", host=p.host)
    for number in range(40):
        p.b.start("accept")
        p.a("connect", host=p.host, port=port)
        p.b.result()
        sent = p.a("send", seed=number, size=number * 100)
        check_text(sent, p.b("receive"), number * 100)
        p.close()
    p.b("unlisten")


def fast_open(p):
    """a asks for a cookie, then its SYNs bring data, and b takes them."""
    rig.sysctl("ipv4/tcp_fastopen", 3)
    port = p.b("listen_fast", host=p.host)
    for number, size in enumerate((500, 500, 1, 4000)):
        p.b.start("accept")
        sent = p.a("connect_fast", host=p.host, port=port, seed=number,
                   size=size)
        p.b.result()
        check_text(sent, p.b("receive", size=size), size)
        for end in (p.a, p.b):
            want(f"{end.name}'s word on the SYN of {number}",
                 end("info")["syn_data"], number > 0)
        p.close()
    p.b("unlisten")


TCP = (half_close, reset, unread, refused, urgent, zero_window, keep_alive,
       time_wait, both_close, backlog, fast_open)


def tcp_cases(r, about):
    for function in TCP:
        for family in (4, 6):
            yield (f"{function.__name__}/v{family}/{about}",
                   lambda f=function, n=family: f(Pair(r, n, about)))


# ---- UDP and ICMP -----------------------------------------------------------------

SIZES = (0, 1, 2, 511, 1472, 1473, 4000, 8000, 20000, 40000, 65507)
SIZES6 = (*SIZES[:-1], 1452, 1453, 65487)


def datagrams(p, sizes):
    """Each answered with its hash, those in fragments, too."""
    port = p.b("bind", host=p.host)
    p.a("bind", host=p.local)
    p.b.start("echo", count=len(sizes))
    want("wrong sizes", p.a("datagrams", host=p.host, port=port,
                            sizes=sizes), [])
    p.b.result()


def unreachable(p):
    """ICMP reports that nobody is on the port."""
    port = p.b("listen", host=p.host)       # TCP's, so that UDP's is free
    want("a's error", p.a("refused", host=p.host, port=port), "ECONNREFUSED")
    p.b("unlisten")


def ping(p):
    """The kernel pings; we answer, in fragments, too."""
    want("wrong sizes", p.a("ping", host=p.host,
                            sizes=(0, 1, 56, 1400, 1472, 5000, 30000)), [])


def udp_cases(r):
    for family, sizes in ((4, SIZES), (6, SIZES6)):
        for about in ("ours", "kernel"):
            p = Pair(r, family, about)
            yield (f"datagrams/v{family}/{about}",
                   lambda p=p, s=sizes: datagrams(p, s))
            yield f"unreachable/v{family}/{about}", lambda p=p: unreachable(p)
        yield f"ping/v{family}", lambda p=p: ping(p)


CASES = {
    "corners-of-ours": lambda r: tcp_cases(r, "ours"),
    "corners-of-the-kernel": lambda r: tcp_cases(r, "kernel"),
    "udp": udp_cases,
}
