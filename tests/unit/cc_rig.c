/* cc_rig.c: see cc_rig.h. */
#include "cc_rig.h"

void cc_rig_init(struct cc_rig *r, enum cw_cc cc, uint32_t segs)
{
    memset(r, 0, sizeof *r);
    r->env.now = NS_S;
    r->env.knobs = knobs_of(CW_PROFILE_DEPLOYED);
    r->host.env = &r->env;
    r->t.host = &r->host;
    r->t.flight = &r->flight;
    r->t.opts.cc = (uint8_t)cc & 7u;
    r->t.snd_mss = RIG_MSS;
    r->t.min_rtt_us = UINT32_MAX;
    r->t.cwnd = segs * RIG_MSS;
    r->t.ssthresh = UINT32_MAX;
    r->t.snd.nxt = seq_add(r->t.snd.una, r->t.cwnd);
    tcp_cc(&r->t)->init(&r->t);
}

static void ack(struct cc_rig *r, const struct cc_ack *a)
{
    struct tcp *t = &r->t;

    t->snd.una = seq_add(t->snd.una, a->acked);
    t->snd.nxt = seq_max(t->snd.nxt, t->snd.una);
    if (a->rtt >= 0)
        t->min_rtt_us = MIN(t->min_rtt_us, (uint32_t)(a->rtt / NS_US));
    tcp_cc(t)->ack(t, a);
}

void cc_rig_ack(struct cc_rig *r, uint32_t bytes, cw_ns rtt)
{
    struct cc_ack a = {
        .acked = bytes, .delivered = bytes, .flight = r->t.cwnd, .rtt = rtt
    };

    ack(r, &a);
    r->t.snd.nxt = seq_add(r->t.snd.una, r->t.cwnd);
}

void cc_rig_ack_of(struct cc_rig *r, uint32_t bytes, uint32_t flight)
{
    struct cc_ack a = {
        .acked = bytes, .delivered = bytes, .flight = flight, .rtt = -1
    };

    ack(r, &a);
}

void cc_rig_loss(struct cc_rig *r)
{
    struct tcp *t = &r->t;

    tcp_cc(t)->congestion(t, CC_SIGN_LOSS, t->cwnd);
    t->cwnd = t->ssthresh;
    tcp_cc(t)->recovered(t);
}

void cc_rig_timeout(struct cc_rig *r)
{
    tcp_cc(&r->t)->timed_out(&r->t, r->t.cwnd);
}
