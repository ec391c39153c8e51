/* plan.c: from a seed to a plan.  Sizes and faults are skewed: mostly small
 * and mild, now and then extreme, since the bugs live at both ends.
 */
#include "sim/plan.h"
#include "world/setting.h"
#include "base/ns.h"

static uint64_t below(struct prng *r, uint64_t n)
{
    return prng_below(r, n);
}

static bool one_in(struct prng *r, uint64_t n)
{
    return prng_below(r, n) == 0;
}

/* p/2^32 of a share in thousandths */
static uint32_t permille(uint64_t n)
{
    return (uint32_t)((n << 32) / 1000);
}

static uint32_t skewed(struct prng *r, uint32_t small, uint32_t large)
{
    uint64_t kind = below(r, 8);

    if (kind == 0)
        return 0;
    if (kind <= 2)
        return (uint32_t)below(r, 16);
    if (kind <= 5)
        return (uint32_t)below(r, small);
    return (uint32_t)below(r, large);
}

static void draw_link(struct prng *r, struct link_spec *s)
{
    *s = (struct link_spec){ 0 };
    s->delay = (cw_ns)below(r, 80) * NS_MS + (cw_ns)below(r, 1000) * NS_US;
    if (one_in(r, 4))
        s->delay = 0;
    if (one_in(r, 3))
        s->jitter = (cw_ns)below(r, (uint64_t)s->delay / 2 + 1);
    if (!one_in(r, 4))
        s->loss_p = permille(below(r, one_in(r, 4) ? 200 : 50));
    if (s->loss_p > 0 && one_in(r, 4))
        s->burst = (uint32_t)below(r, 6) + 1;
    if (one_in(r, 3))
        s->dup_p = permille(below(r, 60));
    if (one_in(r, 3))
        s->corrupt_p = permille(below(r, 40));
    if (one_in(r, 3)) {
        s->reorder_p = permille(1 + below(r, 150));
        s->reorder_by = (uint32_t)below(r, 5) + 1;
    }
    if (one_in(r, 3)) {
        s->rate_bps = 200000 + below(r, 50000000);
        s->queue_kind = LINK_QUEUE_PKTS;
        s->queue = 2 + below(r, 60);
    }
    if (one_in(r, 6)) {
        s->ndowns = 1;
        s->downs[0].from = (cw_ns)below(r, 3000) * NS_MS;
        s->downs[0].to = s->downs[0].from
            + (cw_ns)(below(r, 4000) + 1) * NS_MS;
    }
}

static void draw_side(struct prng *r, struct sim_conn *c, int side)
{
    static const uint32_t bufs[] = { 2048, 4096, 8192, 16384, 262144 };

    c->side[side].bytes = skewed(r, 8000, 120000);
    c->side[side].write = 1 + (uint32_t)below(r, one_in(r, 4) ? 40 : 20000);
    c->side[side].read = 1 + (uint32_t)below(r, one_in(r, 4) ? 40 : 20000);
    if (c->side[side].write < 40)
        c->side[side].bytes %= 3000;
    if (one_in(r, 3))
        c->side[side].sndbuf = bufs[below(r, 5)];
    if (one_in(r, 3))
        c->side[side].rcvbuf = bufs[below(r, 5)];
    if (one_in(r, 5)) {
        c->side[side].pause = (cw_ns)(below(r, 800) + 1) * NS_MS;
        c->side[side].pause_every = 1 + (uint32_t)below(r, 30000);
    }
}

static void draw_conn(struct prng *r, const struct sim_plan *p,
                      struct sim_conn *c, unsigned i)
{
    c->client = (uint8_t)(1 + below(r, p->hosts));
    c->server = (uint8_t)(1 + below(r, p->hosts));
    c->v6 = one_in(r, 2);
    c->nodelay = one_in(r, 3);
    c->close = (enum sim_close)below(r, SIM_CLOSE_OF);
    c->port = (uint16_t)(1000 + i);
    c->start = (cw_ns)below(r, 2000) * NS_MS;
    draw_side(r, c, 0);
    draw_side(r, c, 1);
}

static void draw_dgram(struct prng *r, const struct sim_plan *p,
                       struct sim_dgram *d, unsigned i)
{
    d->from = (uint8_t)(1 + below(r, p->hosts));
    d->to = (uint8_t)(1 + below(r, p->hosts));
    d->v6 = one_in(r, 2);
    d->connected = one_in(r, 2);
    d->port = (uint16_t)(2000 + i);
    d->count = 1 + (uint32_t)below(r, 40);
    d->size = (uint32_t)below(r, one_in(r, 3) ? 9000 : 1400);
    d->every = (cw_ns)below(r, 50) * NS_MS;
    d->start = (cw_ns)below(r, 2000) * NS_MS;
}

/* A neighbour that cannot be found in three tries is unreachable, and a
 * corrupted ARP packet is believed: neither is TCP's fault. */
static void spare_arp(struct link_spec *s)
{
    s->loss_p = s->burst = s->corrupt_p = 0;
    s->ndowns = 0;
    if (s->rate_bps > 0)
        s->queue = MAX(s->queue, UINT64_C(40));
}

/* Marks, by chance and by the queue: drawn apart, so that the rest of a plan
 * is the same with and without. */
void plan_marks(struct sim_plan *p, uint64_t seed)
{
    struct sipkey     key = { seed, 0x63617573 };
    struct prng       r = prng_stream(key, 0, "marks");
    struct link_spec *ways[] = { &p->fwd, &p->back };

    p->marks = true;
    for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
        struct link_spec *s = ways[i];

        if (!one_in(&r, 4))
            s->mark_p = permille(below(&r, one_in(&r, 4) ? 600 : 60));
        if (s->rate_bps == 0 || one_in(&r, 3))
            continue;
        s->ecn_kind = LINK_QUEUE_PKTS;
        s->ecn = 1 + below(&r, s->queue);
    }
}

/* In every other world each host has its own mind of ECN, and links mark. */
static void draw_ecn(struct sim_plan *p, uint64_t seed)
{
    struct sipkey key = { seed, 0x63617573 };
    struct prng   r = prng_stream(key, 0, "ecn");

    if (one_in(&r, 2))
        return;
    plan_marks(p, seed);
    for (unsigned i = 0; i < SIM_HOSTS_MAX; i++)
        p->ecn[i] = (enum cw_ecn)below(&r, CW_ECN_ACCURATE + 1);
}

void plan_draw(struct sim_plan *p, uint64_t seed)
{
    struct sipkey key = { seed, 0x63617573 };
    struct prng   r = prng_stream(key, 0, "plan");

    *p = (struct sim_plan){ 0 };
    p->hosts = 2 + (uint32_t)below(&r, SIM_HOSTS_MAX - 1);
    p->arp = one_in(&r, 4);
    p->calm = (cw_ns)(5 + below(&r, 25)) * NS_S;
    p->profile = one_in(&r, 4) ? (enum cw_profile)below(&r, 3)
                               : CW_PROFILE_DEPLOYED;
    p->no_ts = one_in(&r, 4);
    p->no_sack = one_in(&r, 4);
    p->no_wscale = one_in(&r, 5);
    draw_link(&r, &p->fwd);
    p->back = p->fwd;
    if (one_in(&r, 3))
        draw_link(&r, &p->back);
    if (p->arp) {
        spare_arp(&p->fwd);
        spare_arp(&p->back);
    }
    p->nconns = 1 + (uint32_t)below(&r, one_in(&r, 3) ? SIM_CONNS_MAX : 6);
    p->ndgrams = (uint32_t)below(&r, SIM_DGRAMS_MAX + 1);
    for (unsigned i = 0; i < p->nconns; i++)
        draw_conn(&r, p, &p->conns[i], i);
    for (unsigned i = 0; i < p->ndgrams; i++)
        draw_dgram(&r, p, &p->dgrams[i], i);
    draw_ecn(p, seed);
}

void sim_describe(uint64_t seed, struct fmt *out)
{
    static const char *const ecns[] = { "", "off", "passive", "on",
                                        "accurate" };
    struct sim_plan          p;
    uint64_t                 up = 0, down = 0;

    plan_draw(&p, seed);
    for (unsigned i = 0; i < p.nconns; i++) {
        up += p.conns[i].side[0].bytes;
        down += p.conns[i].side[1].bytes;
    }
    fmt_f(out,
          "%u hosts, %u connections (%llu bytes up, %llu down), "
          "%u datagram flows; link ",
          p.hosts, p.nconns, (unsigned long long)up, (unsigned long long)down,
          p.ndgrams);
    spec_print(&p.fwd, out);
    if (!spec_equal(&p.fwd, &p.back)) {
        fmt_str(out, "; back ");
        spec_print(&p.back, out);
    }
    fmt_str(out, "; calm after ");
    fmt_ns(out, p.calm, 0);
    fmt_f(out, " s%s%s%s%s", p.arp ? ", ARP" : "", p.no_ts ? ", no TS" : "",
          p.no_sack ? ", no SACK" : "", p.no_wscale ? ", no WS" : "");
    for (unsigned i = 0; i < p.hosts; i++)
        if (p.ecn[i] != CW_ECN_PROFILE)
            fmt_f(out, ", h%u ecn %s", i + 1, ecns[p.ecn[i]]);
}

int sim_profile(const char *name)
{
    struct setting s;
    char           text[96];
    struct fmt     err = fmt_of(text, sizeof text);

    return setting_parse("profile", name, &s, &err) && !s.host[0]
        ? (int)s.value
        : -1;
}
