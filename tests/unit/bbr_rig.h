/* bbr_rig.h: a connection that BBR governs, and a path that is made up: one
 * ACK a round trip unless a test says otherwise, of what is said here.
 */
#ifndef UNIT_BBR_RIG_H
#define UNIT_BBR_RIG_H

#include "cc_rig.h"
#include "store_rig.h"
#include "tcp/bbr.h"

enum { RTT_MS = 50, BW = 2000000 /* bytes a second */, BDP = 100000 };

struct path {
    struct cc_rig r;
    struct bbr   *b;

    /* of the next ACK */
    struct cc_ack ack;
    bool          same_round; /* it does not end one */
    cw_ns         rtt;        /* how much later it comes */
};

/* In Startup: SRTT 50 ms, a window of ten segments. */
static inline void path_init(struct path *p)
{
    struct tcp *t = &p->r.t;

    *p = (struct path){ .rtt = RTT_MS * NS_MS };
    cc_rig_init(&p->r, CW_CC_BBR, 10);
    p->r.env.arena = rig_arena(1 << 20);
    p->r.env.now = 100 * NS_S;
    p->r.host.rng = t_prng("bbr");
    p->r.host.initcwnd = 10;
    slab_init(&p->r.host.flights, p->r.env.arena, sizeof(struct tcp_flight));
    segq_init(&p->r.flight.segq);
    t->state = TCPS_ESTABLISHED;
    t->sack_ok = true;
    t->srtt = RTT_MS * NS_MS;
    tcp_rate_begin(t);
    tcp_cc(t)->transmit(t);
    p->b = arena_at(p->r.env.arena, t->cc_kept);
    p->ack.recovery = RECOVERY_NONE;
}

static inline void path_free(struct path *p)
{
    tcp_cc_over(&p->r.t);
    rig_arena_end(p->r.env.arena);
}

static inline void in_flight(struct path *p, uint32_t bytes)
{
    p->r.flight.segq.bytes = bytes;
}

/* An ACK of what a rate brings in an RTT; once it was heard all of what was
 * said of it is forgotten. */
static inline void ack_at(struct path *p, uint64_t rate)
{
    struct tcp_flight *f = &p->r.flight;
    struct cc_ack      a = p->ack;
    uint32_t           n = (uint32_t)(rate * RTT_MS / 1000);

    p->r.env.now += p->rtt;
    if (a.delivered == 0)
        a.acked = a.delivered = n;
    a.rate.any = true;
    a.rate.prior_delivered = p->same_round ? p->b->next_round_delivered - 1
                                           : f->delivered;
    f->delivered += a.delivered;
    a.rate.rate = rate;
    a.rate.delivered = a.rate.delivered ? a.rate.delivered : n;
    if (a.rate.in_flight == 0)
        a.rate.in_flight = n;
    a.rate.interval = RTT_MS * NS_MS;
    if (a.rate.rtt == 0)
        a.rate.rtt = RTT_MS * NS_MS;
    a.rtt = a.rate.rtt;
    p->ack = (struct cc_ack){ 0 };
    p->same_round = false;
    p->rtt = RTT_MS * NS_MS;
    tcp_cc(&p->r.t)->ack(&p->r.t, &a);
}

/* The loss of one record that was sent with so much in flight, when so much
 * had been lost. */
static inline void lose(struct path *p, uint32_t in_flight,
                        uint32_t lost_then, bool app_limited)
{
    struct tcp   *t = &p->r.t;
    struct segrec r = { .start = seq_add(t->snd.una, p->r.flight.lost * 2),
                        .in_flight = in_flight,
                        .lost = lost_then,
                        .app_limited = app_limited };

    r.end = seq_add(r.start, RIG_MSS);
    p->r.flight.lost += RIG_MSS;
    tcp_cc(t)->lost(t, &r);
}

/* Fast recovery begins, as tcp_recover.c tells it. */
static inline void begin_recovery(struct path *p)
{
    p->r.flight.recovery = RECOVERY_FAST;
    tcp_cc(&p->r.t)->congestion(&p->r.t, CC_SIGN_LOSS, p->r.t.cwnd);
}

/* Startup sends more than the path holds: many losses, and a recovery begins. */
static inline void overrun(struct path *p)
{
    in_flight(p, 30 * BDP);
    ack_at(p, 20 * BW);
    for (unsigned i = 0; i < 6; i++)
        lose(p, 1000000, 0, false);
    begin_recovery(p);
}

static inline void end_recovery(struct path *p)
{
    p->r.flight.recovery = RECOVERY_NONE;
    tcp_cc(&p->r.t)->recovered(&p->r.t);
}

/* As far as Drain, by a plateau at BW. */
static inline void to_drain(struct path *p)
{
    in_flight(p, 2 * BDP);
    for (int i = 0; i < 4; i++)
        ack_at(p, BW);
}

/* ... of which it was not drained in time. */
static inline void to_down(struct path *p)
{
    to_drain(p);
    for (int i = 0; i < 4; i++)
        ack_at(p, BW);
}

static inline void to_cruise(struct path *p)
{
    to_drain(p);
    in_flight(p, BDP);
    ack_at(p, BW); /* Drain is over */
    in_flight(p, BDP / 2);
    ack_at(p, BW);
}

/* It is time to probe for bandwidth. */
static inline void to_refill(struct path *p)
{
    to_cruise(p);
    in_flight(p, BDP);
    p->rtt = 3 * NS_S;
    ack_at(p, BW);
}

static inline void to_up(struct path *p)
{
    to_refill(p);
    ack_at(p, BW);
}

#endif
