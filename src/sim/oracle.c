/* oracle.c: what must hold in every world at every time.
 *
 *   - each change of state starts where the last one ended, and its edge is
 *     in RFC 9293's diagram;
 *   - TIME-WAIT lasts 2 MSL (MUST-13);
 *   - no right edge of a window moves left (SHLD-14), but for rounding once
 *     rounding up has moved it far enough right (tcp_window.c; RFC 7323 §2.4);
 *   - at the end every stack's memory is back to zero.
 * Bytes are checked by the ends themselves (ends.c), liveness by run.c, each
 * connection's numbers, timers and window by oracle_conn.c, marks by
 * oracle_ecn.c.
 */
#include "base/bytes.h"
#include "base/limits.h"
#include "sim/run.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/tcphdr.h"

#define HEADERS_MAX 128u /* Ethernet, IP, TCP */

#define TO(s)       (1u << CW_##s)

// clang-format off
static const uint16_t edges[CW_CLOSING + 1] = {
    [CW_CLOSED]      = TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECV),
    [CW_LISTEN]      = TO(CLOSED) | TO(SYN_RECV) | TO(SYN_SENT),
    [CW_SYN_SENT]    = TO(CLOSED) | TO(SYN_RECV) | TO(ESTABLISHED),
    [CW_SYN_RECV]    = TO(CLOSED) | TO(LISTEN) | TO(ESTABLISHED)
                     | TO(FIN_WAIT1) | TO(CLOSE_WAIT),
    [CW_ESTABLISHED] = TO(CLOSED) | TO(FIN_WAIT1) | TO(CLOSE_WAIT),
    [CW_FIN_WAIT1]   = TO(CLOSED) | TO(FIN_WAIT2) | TO(CLOSING)
                     | TO(TIME_WAIT),
    [CW_FIN_WAIT2]   = TO(CLOSED) | TO(TIME_WAIT),
    [CW_CLOSE_WAIT]  = TO(CLOSED) | TO(LAST_ACK),
    [CW_CLOSING]     = TO(CLOSED) | TO(TIME_WAIT),
    [CW_LAST_ACK]    = TO(CLOSED),
    [CW_TIME_WAIT]   = TO(CLOSED) | TO(SYN_RECV),
};
// clang-format on

const struct knobs *sim_knobs(const struct sim *s)
{
    return knobs_of(s->opt.profile < 0 ? s->plan.profile
                                       : (enum cw_profile)s->opt.profile);
}

static struct sim_state *state_of(struct sim *s, const struct cw_event *e)
{
    for (unsigned i = 0; i < s->nstates; i++)
        if (s->states[i].flow == e->flow && s->states[i].host == e->host)
            return &s->states[i];
    if (s->nstates == SIM_FLOWS_MAX)
        return NULL;
    s->states[s->nstates] = (struct sim_state){ e->flow, e->host, 0, 0 };
    return &s->states[s->nstates++];
}

static void on_state(struct sim *s, const struct cw_event *e)
{
    struct sim_state *st = state_of(s, e);
    uint64_t          from = e->v[0], to = e->v[1];

    if (from > CW_CLOSING || to > CW_CLOSING || !(edges[from] >> to & 1))
        sim_fail(s, "host %u flow %u: state %u to %u is no edge", e->host,
                 e->flow, (unsigned)from, (unsigned)to);
    if (st && st->state != 0 && st->state != from)
        sim_fail(s, "host %u flow %u: left state %u but was in %u", e->host,
                 e->flow, (unsigned)from, st->state);
    if (!st)
        return;
    if (from == CW_TIME_WAIT && e->why == WHY_TIMEWAIT_OVER
        && sim_now(s) < st->since + 2 * sim_knobs(s)->msl)
        sim_fail(s, "host %u flow %u: TIME-WAIT ends too early", e->host,
                 e->flow);
    st->state = (uint8_t)to;
    st->since = sim_now(s);
}

void oracle_event(struct sim *s, const struct cw_event *e)
{
    s->res->events++;
    if (s->plan.marks)
        oracle_ecn_event(s, e);
    if (e->kind == EV_STATE)
        on_state(s, e);
    if (e->kind == EV_TIMER_FIRE)
        oracle_fired(s, e);
    if (e->kind == EV_REXMIT)
        s->res->rexmits++;
}

static void on_event(void *ctx, const struct cw_event *e)
{
    sim_log_event(ctx, e);
    oracle_event(ctx, e);
}

/* ---- packets -------------------------------------------------------------- */

/* Where TCP begins in a frame, or 0; unfragmented packets only. */
static size_t tcp_offset(const uint8_t *f, size_t n, uint8_t key[36])
{
    size_t at = ETHER_LEN;

    memset(key, 0, 36);
    if (n < ETHER_LEN + 20)
        return 0;
    if (be16_load(f + 12) == ETHER_IP4) {
        if (f[at + 9] != 6 || (be16_load(f + at + 6) & 0x3fff))
            return 0;
        memcpy(key, f + at + 12, 8);
        at += (f[at] & 15u) * 4u;
    } else if (be16_load(f + 12) == ETHER_IP6 && n >= ETHER_LEN + 40) {
        if (f[at + 6] != 6)
            return 0;
        memcpy(key, f + at + 8, 32);
        at += 40;
    } else {
        return 0;
    }
    if (n < at + TCP_HDR_MIN)
        return 0;
    memcpy(key + 32, f + at, 4);
    return at;
}

static struct sim_edge *edge_of(struct sim *s, const uint8_t key[36])
{
    for (unsigned i = 0; i < SIM_FLOWS_MAX; i++) {
        struct sim_edge *e = &s->edges[i];

        if (!e->used) {
            e->used = true;
            memcpy(e->key, key, 36);
            return e;
        }
        if (memcmp(e->key, key, 36) == 0)
            return e;
    }
    return NULL;
}

static bool is_rounding(const struct sim_edge *e, uint32_t left)
{
    uint32_t unit = UINT32_C(1) << e->shift;

    return left < unit && e->edge - e->first + 2 * unit >= e->widest / 16;
}

static void check_edge(struct sim *s, const uint8_t *f, size_t n)
{
    uint8_t          key[36];
    size_t           at = tcp_offset(f, n, key);
    struct tcp_repr  r;
    struct sim_edge *e;
    uint32_t         right, wnd;

    if (!at || tcphdr_parse(span_of(f + at, n - at), &r) != GO_ON)
        return;
    e = edge_of(s, key);
    if (!e || (r.flags & F_RST) || !(r.flags & F_ACK)) {
        if (e && (r.flags & F_SYN))
            e->shift = r.opt.has_wscale ? r.opt.wscale : 0;
        return;
    }
    if (r.flags & F_SYN) {
        e->shift = r.opt.has_wscale ? r.opt.wscale : 0;
        e->valid = false;
        e->widest = 0;
    }
    wnd = (uint32_t)r.wnd << (r.flags & F_SYN ? 0 : e->shift);
    right = r.ack.v + wnd;
    e->widest = MAX(e->widest, wnd);
    if (e->valid && (int32_t)(right - e->edge) < 0
        && !is_rounding(e, e->edge - right))
        sim_fail(s, "a window's right edge moves left by %u",
                 e->edge - right);
    if (!e->valid)
        e->first = right;
    e->edge = right;
    e->valid = !s->plan.no_wscale; /* one side alone may not scale */
}

static void on_packet(void *ctx, const struct world_packet *p)
{
    struct sim           *s = ctx;
    const struct cw_frag *f = &p->pkt->frags[0];
    const uint8_t        *bytes = f->buf->data + f->off;
    struct sipkey         k = { s->res->digest, (uint64_t)p->t };

    sim_log_packet(s, p);
    s->res->packets++;
    for (unsigned i = 0; i < (s->brief ? 1 : p->pkt->nfrags); i++) {
        f = &p->pkt->frags[i];
        s->res->digest = siphash(k, f->buf->data + f->off,
                                 s->brief ? MIN(f->len, HEADERS_MAX)
                                          : f->len);
        k.k0 = s->res->digest;
    }
    check_edge(s, bytes, p->pkt->frags[0].len);
}

static void on_fate(void *ctx, const struct world_fate *f)
{
    struct sim *s = ctx;

    sim_log_fate(s, f);
    if (f->final && f->why != WHY_LINK_ARRIVED)
        s->res->lost++;
}

struct world_hooks oracle_hooks(struct sim *s)
{
    return (struct world_hooks){
        .ctx = s, .event = on_event, .packet = on_packet, .fate = on_fate
    };
}

/* ---- between events ------------------------------------------------------- */

void oracle_step(struct sim *s)
{
    struct cw_sock_row rows[64];

    for (unsigned h = 1; h <= s->plan.hosts && s->res->ok; h++) {
        size_t n = cw_snapshot_socks(world_stack(s->w, h), rows,
                                     ARRAY_LEN(rows), sim_now(s));

        for (size_t i = 0; i < MIN(n, ARRAY_LEN(rows)); i++)
            oracle_conn(s, h, &rows[i]);
    }
}

void oracle_end(struct sim *s)
{
    for (unsigned h = 1; h <= s->plan.hosts; h++) {
        size_t used = cw_stack_memory_used(world_stack(s->w, h));

        if (used != 0)
            sim_fail(s, "host %u: %u bytes of memory not given back", h,
                     (unsigned)used);
    }
    if (world_under_way(s->w) != 0)
        sim_fail(s, "packets left on a link");
}
