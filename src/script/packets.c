/* packets.c: packets that come in, and those that must go out. */
#include "script/run.h"
#include "script/icmp.h"
#include "script/show.h"
#include "script/wire.h"

enum { ANY_TIME_MAX = 86400 }; /* seconds that * waits for a packet */

/* ---- in ------------------------------------------------------------------ */

static void begin(struct flow *f, const struct sp *p)
{
    if (p->proto != SP_TCP || !(p->flags & SP_SYN))
        return;
    f->irs = p->seq;
    f->irs_known = true;
    f->fresh = true;
}

void packets_in(struct run *r, const struct event *e)
{
    static uint8_t bytes[WIRE_MAX];
    struct flow   *f = flows_in(r, &e->pkt);
    size_t         n;

    if (r->over)
        return;
    begin(f, &e->pkt);
    n = wire_build(bytes, &e->pkt, f);
    if (n == 0) {
        run_fail(r, "these options take more than the 40 bytes there are");
        return;
    }
    if (e->pkt.up > 0)
        f->free_in = true;
    if (!host_give(&r->host, bytes, n)) {
        run_lack(r, "packets of %zu bytes that come in", n);
        return;
    }
    run_pump(r);
}

/* ---- out: what came, in the script's numbers ------------------------------ */

struct got {
    struct sp        sp;
    struct wire_head head;
    struct flow     *flow;
    cw_ns            t;
    const char      *wrong;
    enum why         why;
    uint64_t         why_arg;
};

static bool same_port(const struct flow *f, const struct wire_head *h)
{
    return f->lport == h->sport;
}

/* Our first SYN settles what the script's numbers are counted from; a new
 * incarnation begins anew. */
static void adopt(struct got *g, const struct sp *want)
{
    struct flow *f = g->flow;

    if (g->sp.proto != SP_TCP || !(g->sp.flags & SP_SYN)
        || want->proto != SP_TCP || !(want->flags & SP_SYN))
        return;
    if (f->loff_known && !f->fresh)
        return;
    f->loff = be32_load(g->head.body + 4) - want->seq;
    f->iss = want->seq;
    f->loff_known = true;
    f->fresh = false;
    g->wrong = wire_read(&g->sp, &g->head, f);
}

/* Its timestamp option, if there is one. */
#define stamp_of(p)                                               \
    ({                                                            \
        __typeof__(&(p)->opts[0]) stamp_ = NULL;                  \
                                                                  \
        for (unsigned i_ = 0; i_ < (p)->nopts; i_++)              \
            if ((p)->opts[i_].kind == 8 && (p)->opts[i_].nv == 2) \
                stamp_ = &(p)->opts[i_];                          \
        stamp_;                                                   \
    })

/* The script's stamps stand for ours.  Only where it says how fast they run
 * are they compared, from the first one on. */
static void stamp(const struct run *r, struct got *g, const struct sp *want)
{
    struct sp_opt       *o = stamp_of(&g->sp);
    const struct sp_opt *w = stamp_of(want);
    struct flow         *f = g->flow;
    uint32_t             live;

    if (!o)
        return;
    live = o->v[0];
    if (w && r->set.ts_tick && f->nstamps) {
        int64_t ns = (int64_t)(int32_t)(live - f->stamp0.live) * NS_MS;
        int64_t want_ns = (int64_t)(int32_t)(w->v[0] - f->stamp0.script)
            * r->set.ts_tick;

        o->v[0] = f->stamp0.script + (uint32_t)(ns / r->set.ts_tick);
        if (want_ns - ns > r->set.tolerance
            || ns - want_ns > r->set.tolerance)
            return;
    } else if (!w) {
        o->v[0] = flow_stamp_script(f, live);
        return;
    }
    o->v[0] = w->v[0];
    flow_stamp(f, w->v[0], live);
}

/* Reads the next packet; a port of ours that was not known is, now. */
static bool next(struct run *r, struct got *g, bool peek)
{
    struct sent *x = peek ? r->host.head : host_take(&r->host);

    if (!x)
        return false;
    *g = (struct got){ .t = x->t, .why = x->why, .why_arg = x->why_arg };
    g->wrong = wire_head(&g->head, x->ip, x->len);
    if (g->wrong)
        return true;
    g->flow = flows_of(r, &g->head);
    if (g->flow && g->flow->lport == 0 && !peek)
        g->flow->lport = g->head.sport;
    g->wrong = wire_read(&g->sp, &g->head, g->flow);
    return true;
}

/* Several segments in a row may stand for one that is longer: the original
 * runs where hardware cuts them. */
static void glue(struct run *r, struct got *g, const struct sp *want)
{
    struct got more;

    if (r->set.strict_segments || want->proto != SP_TCP)
        return;
    while (!g->wrong && g->sp.proto == SP_TCP && g->sp.len
           && g->sp.len < want->len && next(r, &more, true)) {
        if (more.wrong || more.flow != g->flow || more.sp.proto != SP_TCP
            || more.sp.seq != g->sp.seq + g->sp.len || more.sp.len == 0
            || more.sp.ack != g->sp.ack)
            return;
        host_take(&r->host);
        g->sp.len += more.sp.len;
        g->sp.flags |= more.sp.flags;
    }
}

/* ---- out: the verdict ----------------------------------------------------- */

static void tell_why(struct run *r, const struct got *g)
{
    if (g->why == WHY_NONE)
        return;
    fmt_str(&r->out, "\n    it was sent for: ");
    why_print(&r->out, g->why, g->why_arg);
}

static void tell_two(struct run *r, const struct sp *want, struct got *g)
{
    show_two(&r->out, want, &g->sp, g->head.v6);
    tell_why(r, g);
}

static void tell_time(struct run *r, const char *what, cw_ns t)
{
    fmt_str(&r->out, what);
    fmt_ns(&r->out, run_time(r, t), 6);
}

static void came_late(struct run *r, const struct event *e, cw_ns from,
                      cw_ns to)
{
    struct got g;

    run_fail(r, "expected at ");
    fmt_ns(&r->out, run_time(r, from), 6);
    if (to != from)
        tell_time(r, " to ", to);
    next(r, &g, false);
    tell_time(r, ", came at ", g.t);
    if (g.flow && !g.wrong) {
        adopt(&g, &e->pkt);
        stamp(r, &g, &e->pkt);
    }
    tell_two(r, &e->pkt, &g);
}

static void never_came(struct run *r, const struct event *e, cw_ns at)
{
    run_fail(r, "expected at ");
    fmt_ns(&r->out, run_time(r, at), 6);
    fmt_str(&r->out, ", nothing was sent\n    expected  ");
    show_one(&r->out, &e->pkt, r->set.v6);
    if (r->host.dropped != WHY_NONE)
        fmt_f(&r->out, "\n    the last packet that came in: %s",
              why_text(r->host.dropped));
}

/* For the message: what does it send at last? */
static void look_ahead(struct run *r)
{
    for (int i = 0; i < 64 && !r->host.head; i++)
        if (cw_stack_deadline(r->host.st) < NS_NEVER)
            host_step(&r->host, NS_NEVER);
}

static void check(struct run *r, const struct event *e)
{
    const struct sp *want = &e->pkt;
    struct flow     *f = flows_out(r, want);
    struct got       g;

    next(r, &g, false);
    if (g.flow && !g.wrong) {
        adopt(&g, want);
        glue(r, &g, want);
        stamp(r, &g, want);
    }
    r->last = g.t;
    if (g.wrong)
        run_fail(r, "a packet was sent that none may be: %s", g.wrong);
    else if (want->proto != SP_ICMP && g.flow && f && g.flow != f)
        run_fail(r, "expected on flow %d, came on flow %d", f->number,
                 g.flow->number);
    else if (want->proto == SP_TCP && g.flow && !same_port(g.flow, &g.head))
        run_fail(r, "it came from port %u", g.head.sport);
    else if (show_diff(want, &g.sp))
        run_fail(r, "another packet than expected");
    else
        return;
    tell_two(r, want, &g);
}

/* In [from, to] a packet must go out; what went out before is too early. */
void packets_out(struct run *r, const struct event *e)
{
    cw_ns from = e->when.from, to = e->when.to;
    cw_ns slack = r->set.tolerance + NS_US - 1;

    if (e->when.relative) {
        from += r->last;
        to += r->last;
    } else {
        from += r->start;
        to += r->start;
    }
    if (e->when.any) {
        from = r->start;
        to = r->host.now + ANY_TIME_MAX * NS_S;
    }
    while (!r->over && !r->host.head && r->host.now < to + slack
           && cw_stack_deadline(r->host.st) <= to + slack) {
        host_step(&r->host, to + slack);
        run_pump(r);
    }
    if (r->over)
        return;
    if (!r->host.head) {
        look_ahead(r);
        if (!r->host.head) {
            never_came(r, e, to);
            return;
        }
    }
    if (r->host.head->t < from - slack || r->host.head->t > to + slack)
        came_late(r, e, from, to);
    else
        check(r, e);
}

void packets_left(struct run *r)
{
    struct got g;

    if (!next(r, &g, false))
        return;
    run_fail(r, "the script ends, and this was sent at ");
    fmt_ns(&r->out, run_time(r, g.t), 6);
    fmt_str(&r->out, "\n    came      ");
    g.sp.ecn = g.sp.tos = g.sp.ttl = -1; /* nobody asked */
    g.sp.df_said = false;
    show_one(&r->out, &g.sp, g.head.v6);
    tell_why(r, &g);
}
