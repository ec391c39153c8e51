/* pkt.c: see pkt.h. */
#include "pkt.h"
#include "base/addr.h"

#include <stdio.h>

enum {
    FLOWS = 32,
    OUTS = 512,
    FRAME_MAX = 4096,
    BURST_MAX = 64,
    OUR_PORT = 80,
    PEER_PORT = 2000
};

struct pk pk;

static struct {
    struct pk_flow flows[FLOWS];
    struct sent {
        cw_ns           t;
        struct pk_flow *f;
        struct sg       seg;
    } q[OUTS];
    int           head, tail;
    struct cw_pkt burst[BURST_MAX];
    unsigned      nburst;
    bool          bursting;
    cw_ns         start;
} g;

/* ---- the stack ---------------------------------------------------------- */

static void on_event(void *ctx, const struct cw_event *ev)
{
    (void)ctx;
    if (ev->kind == EV_DROP)
        pk.dropped = (enum why)ev->why;
}

static void address(const char *text, struct cw_addr *a)
{
    EXPECT(addr_parse(text, a));
}

/* The wrapping variant begins just before everything overflows. */
static int setup(void **state_, bool v6)
{
    int r = t_setup(state_);

    memset(&pk, 0, sizeof pk);
    memset(&g, 0, sizeof g);
    pk.v6 = v6;
    pk.now = g.start = v6 ? 4294967040 ms : 5 sec;
    cw_config_init(&pk.config, 7);
    pk.config.memory_max = 1u << 20;
    pk.config.teach_iss = v6 ? 0xffffff80 : 0x10000000;
    pk.config.teach_ts_zero = true;
    pk.config.on_event = on_event;
    for (int i = 0; i < FLOWS; i++) {
        struct pk_flow *f = &g.flows[i];

        f->ends.pport = (uint16_t)(PEER_PORT + i);
        f->ends.iss = (uint32_t)pk.config.teach_iss;
        f->ends.irs = v6 ? 0xfffffe00 : 0x20000000;
        f->ends.pts = v6 ? 0xfffffff0 : 0x30000000;
        f->ends.uts = (uint32_t)(g.start / NS_MS);
        f->sd = -1;
        f->shift = f->pshift = SG_NONE;
        address(v6 ? "fd00::1" : "10.0.0.1", &f->ends.us);
        address(v6 ? "fd00::2" : "10.0.0.2", &f->ends.peer);
    }
    pk.f = &g.flows[0];
    return r;
}

int pk_setup4(void **state_)
{
    return setup(state_, false);
}

int pk_setup6(void **state_)
{
    return setup(state_, true);
}

int pk_teardown(void **state_)
{
    bool left = g.head != g.tail;

    sg_vars.no_df = false;
    cw_stack_free(pk.st);
    pk.st = NULL;
    return t_teardown(state_) || left ? -1 : 0;
}

static void need_stack(void)
{
    struct cw_netif_config eth = { .name = "eth0",
                                   .flags = CW_NETIF_NOARP,
                                   .mac = { { 2, 0, 10, 0, 0, 1 } } };
    struct cw_mac          mac = { { 2, 0, 10, 0, 0, 2 } };
    struct sg_ends        *e = &g.flows[0].ends;
    const char            *why = NULL;

    if (pk.st)
        return;
    pk.st = cw_stack_new(&pk.config, t_alloc(), &why);
    if (!pk.st)
        FAIL("no stack: %s", why);
    EXPECT_EQ(cw_netif_add(pk.st, &eth), 0);
    EXPECT_EQ(cw_addr_add(pk.st, 0, &e->us, pk.v6 ? 64 : 24), 0);
    EXPECT_EQ(cw_neigh_add(pk.st, 0, &e->peer, &mac), 0);
    cw_stack_advance(pk.st, pk.now);
}

/* ---- what we send ------------------------------------------------------- */

static void unexpected(const struct sent *x, const char *file, int line)
{
    char text[256];

    sg_print(text, sizeof text, &x->seg);
    t_fail(file, line, "unexpected, at %+.6f ms of the flow to port %d: %s",
           (double)(x->t - pk.now) / 1e6, x->f->ends.pport, text);
}

static void none_left(const char *file, int line)
{
    if (g.head != g.tail)
        unexpected(&g.q[g.head], file, line);
}

/* What holds for each segment of a connection. */
static void always(struct pk_flow *f, const struct sg *x)
{
    bool    scaled = f->shift != SG_NONE && f->pshift != SG_NONE;
    int64_t edge, unit = 1;

    EXPECT(x->payload_ok);
    EXPECT_EQ(x->flags & 0xc0, 0); /* no ECN was negotiated */
    EXPECT_EQ(x->ttl, 64);
    EXPECT_EQ(x->tos & 3, 0);
    if (!(x->flags & 0x20))
        EXPECT_EQ(x->up, 0);
    if (x->flags & 0x02)
        f->shift = x->wscale;
    else
        EXPECT(x->mss == SG_NONE && x->wscale == SG_NONE && !x->sack_ok);
    if (!(x->flags & 0x10)) /* no ACK: its field is zero */
        EXPECT_EQ(x->ack, 0);
    if (x->flags & 0x04 || !(x->flags & 0x10))
        return;
    if (scaled && !(x->flags & 2))
        unit <<= f->shift;
    edge = x->ack + x->win * unit;
    EXPECT_LT(f->edge, edge + unit); /* SHLD-14, as RFC 7323 §2.4 can */
    f->edge = MAX(edge, f->edge);
}

static struct pk_flow *flow_of(const uint8_t *frame)
{
    const uint8_t *h = frame + 14 + (pk.v6 ? 40 : 20);

    EXPECT_EQ(frame[pk.v6 ? 20 : 23], 6);
    for (int i = 0; i < FLOWS; i++) {
        struct pk_flow *f = &g.flows[i];

        if (f->ends.pport != be16_load(h + 2))
            continue;
        if (f->ends.uport == 0)
            f->ends.uport = be16_load(h);
        EXPECT_EQ(be16_load(h), f->ends.uport);
        if (!f->iss_known && h[13] & 0x02) {
            f->iss_known = true;
            f->ends.iss = be32_load(h + 4);
        }
        return f;
    }
    FAIL("a segment to a port nobody has");
}

void pk_settle(void)
{
    uint8_t       frame[FRAME_MAX];
    struct cw_pkt p;

    while (cw_stack_output(pk.st, &p, 1, pk.now)) {
        struct sent *x = &g.q[g.tail++ % OUTS];
        size_t       n = 0;

        EXPECT_LT(g.tail, OUTS);
        for (int i = 0; i < p.nfrags; i++) {
            EXPECT_LE(n + p.frags[i].len, FRAME_MAX);
            memcpy(frame + n, p.frags[i].buf->data + p.frags[i].off,
                   p.frags[i].len);
            n += p.frags[i].len;
        }
        x->t = pk.now;
        x->f = flow_of(frame);
        sg_read(&x->seg, frame, n, &x->f->ends);
        snprintf(x->seg.why, sizeof x->seg.why, "%s",
                 why_slug((enum why)p.why));
        cw_pkt_free(&p);
        always(x->f, &x->seg);
    }
    if (g.head == g.tail)
        g.head = g.tail = 0;
}

static void run_until(cw_ns t)
{
    cw_ns next;

    need_stack();
    while ((next = cw_stack_deadline(pk.st)) <= t) {
        pk.now = ns_max(pk.now, next);
        cw_stack_advance(pk.st, pk.now);
        pk_settle();
    }
    pk.now = t;
}

/* ---- what is expected --------------------------------------------------- */

static bool same(int64_t want, int64_t got)
{
    return want == SG_ANY ? got != SG_NONE : want == got;
}

static bool equal(const struct sg *w, const struct sg *x)
{
    return w->flags == x->flags && same(w->seq, x->seq)
        && same(w->len, x->len) && (!(w->flags & 16) || same(w->ack, x->ack))
        && same(w->win, x->win) && same(w->up, x->up) && same(w->mss, x->mss)
        && same(w->wscale, x->wscale) && same(w->ts_val, x->ts_val)
        && same(w->ts_ecr, x->ts_ecr) && w->sack_ok == x->sack_ok
        && w->nsack == x->nsack && !memcmp(w->sack, x->sack, sizeof w->sack)
        && same(w->ttl, x->ttl) && same(w->tos, x->tos)
        && (!w->why[0] || !strcmp(w->why, x->why));
}

void pk_out(cw_ns wait, const char *text, const char *file, int line)
{
    char         got[256];
    struct sg    want;
    struct sent *x;

    if (wait)
        none_left(file, line);
    run_until(pk.now + wait);
    sg_parse(&want, text, pk.v6);
    if (g.head == g.tail)
        t_fail(file, line, "expected: %s\n    nothing was sent", text);
    x = &g.q[g.head++];
    pk.seen = x->seg;
    if (x->t == pk.now && x->f == pk.f && equal(&want, &x->seg))
        return;
    sg_print(got, sizeof got, &x->seg);
    t_fail(file, line,
           "expected: %s\n    got       %s\n    %+.6f ms, port "
           "%d",
           text, got, (double)(x->t - pk.now) / 1e6, x->f->ends.pport);
}

void pk_step(void)
{
    cw_ns next = cw_stack_deadline(pk.st);

    EXPECT_LT(next, NS_NEVER);
    run_until(ns_max(next, pk.now));
}

void pk_until_sent(void)
{
    while (g.head == g.tail)
        pk_step();
}

bool pk_skip(void)
{
    if (g.head == g.tail)
        return false;
    g.head++;
    return true;
}

int pk_drain(void)
{
    int n = 0;

    while (pk_skip())
        n++;
    pk_settle();
    return n;
}

void pk_quiet(cw_ns t, const char *file, int line)
{
    run_until(pk.now + t);
    none_left(file, line);
}

int pk_state(void)
{
    static struct cw_sock_row rows[64];
    size_t                    n = cw_snapshot_socks(pk.st, rows, 64, pk.now);

    for (size_t i = 0; i < n && i < 64; i++)
        if (rows[i].peer.port == pk.f->ends.pport
            && rows[i].local.port == pk.f->ends.uport)
            return rows[i].state == CW_CLOSED ? GONE : rows[i].state;
    return GONE;
}

uint64_t counter(enum count c)
{
    return cw_counter_value(pk.st, c);
}

struct cw_tcp_info info(void)
{
    struct cw_tcp_info i;
    size_t             len = sizeof i;

    cw_stack_advance(pk.st, pk.now);
    EXPECT_EQ(
        cw_getsockopt(pk.st, pk.f->sd, CW_IPPROTO_TCP, CW_TCP_INFO, &i, &len),
        0);
    return i;
}

/* ---- the peer ----------------------------------------------------------- */

void flow(int n)
{
    pk.f = &g.flows[n];
    if (pk.f->ends.uport == 0)
        pk.f->ends.uport = g.flows[0].ends.uport;
}

void renumber(uint32_t irs)
{
    pk.f->iss_known = false;
    pk.f->ends.irs = irs;
    pk.f->edge = 0;
    pk.f->sent = pk.f->read = 0;
    pk.f->shift = pk.f->pshift = SG_NONE;
}

void pk_restart(uint64_t seed)
{
    cw_stack_free(pk.st);
    pk.st = NULL;
    g.head = g.tail = 0;
    pk.config.seed[0] ^= (uint8_t)seed;
    for (int i = 0; i < FLOWS; i++) {
        flow(i);
        renumber(pk.f->ends.irs);
        pk.f->ends.uport = 0;
        pk.f->sd = -1;
    }
    flow(0);
}

static void give(const uint8_t *frame, size_t n)
{
    struct cw_pkt *p = &g.burst[g.nburst++];
    struct cw_buf *b;

    need_stack();
    EXPECT_LT(g.nburst, BURST_MAX);
    b = cw_buf_new(pk.st, n);
    EXPECT(b);
    memcpy(b->data, frame, n);
    *p = (struct cw_pkt){ .frags = { { b, 0, (uint32_t)n } },
                          .nfrags = 1,
                          .len = (uint32_t)n };
    if (!g.bursting)
        go();
}

void burst(void)
{
    g.bursting = true;
}

void go(void)
{
    pk.dropped = GO_ON;
    cw_stack_input(pk.st, g.burst, g.nburst, pk.now);
    g.nburst = 0;
    g.bursting = false;
    pk_settle();
}

void pk_in(const char *text, const char *file, int line)
{
    uint8_t   frame[FRAME_MAX];
    struct sg x;

    none_left(file, line);
    sg_parse(&x, text, pk.v6);
    if (x.flags & 0x02 && pk.f->pshift == SG_NONE)
        pk.f->pshift = x.wscale;
    EXPECT_LE(x.len, FRAME_MAX - 200);
    give(frame, sg_build(frame, &x, &pk.f->ends));
}

void pk_in_f(const char *file, int line, const char *format, ...)
{
    char    text[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    pk_in(text, file, line);
}

static void icmp_header(uint8_t *p, enum icmp kind, unsigned mtu)
{
    static const uint8_t v4[][2] = { { 3, 0 },  { 3, 1 },  { 3, 2 },
                                     { 3, 3 },  { 3, 13 }, { 11, 0 },
                                     { 12, 0 }, { 3, 4 },  { 4, 0 } };
    static const uint8_t v6[][2] = { { 1, 0 }, { 1, 3 }, { 4, 1 },
                                     { 1, 4 }, { 1, 1 }, { 3, 0 },
                                     { 4, 0 }, { 2, 0 }, { 4, 2 } };

    memset(p, 0, 8);
    memcpy(p, pk.v6 ? v6[kind] : v4[kind], 2);
    be32_store(p + 4, mtu);
}

/* What was too big had filled the interface's MTU. */
static void quote_full(uint8_t *ip)
{
    be16_store(ip + (pk.v6 ? 4 : 2), pk.v6 ? 1460 : 1500);
    if (!pk.v6)
        be16_store(ip + 10, 0), be16_store(ip + 10, sg_sum(ip, 20, 0));
}

/* A frame of our own turned round, so that its header can be quoted. */
void icmp(enum icmp kind, int64_t seq, unsigned mtu)
{
    uint8_t        f[FRAME_MAX], quote[FRAME_MAX], *ip = f + 14;
    struct sg_ends e = pk.f->ends, back = e;
    struct sg      x;
    size_t         hdr = pk.v6 ? 40 : 20, n = hdr + 8, icmp_len = 8 + n;
    uint8_t       *m = ip + hdr;
    uint32_t       sum = 0;

    sg_parse(&x, ". seq 0", pk.v6);
    back = (struct sg_ends){ e.peer,  e.us, e.pport,
                             e.uport, 0,    e.iss + (uint32_t)seq,
                             0,       0 };
    sg_build(quote, &x, &back);
    if (kind == TOO_BIG)
        quote_full(quote + 14);
    sg_build(f, &x, &e); /* for its Ethernet and IP headers */
    icmp_header(m, kind, mtu);
    memcpy(m + 8, quote + 14, n);
    ip[pk.v6 ? 6 : 9] = pk.v6 ? 58 : 1;
    be16_store(ip + (pk.v6 ? 4 : 2),
               (uint16_t)(pk.v6 ? icmp_len : icmp_len + 20));
    if (pk.v6)
        sum = (uint32_t)(uint16_t)~sg_sum(ip + 8, 32, 0) + 58
            + (uint32_t)icmp_len;
    else
        be16_store(ip + 10, 0), be16_store(ip + 10, sg_sum(ip, 20, 0));
    be16_store(m + 2, sg_sum(m, icmp_len, sum));
    give(f, 14 + hdr + icmp_len);
}
