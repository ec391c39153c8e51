/* tcp_prr.c: how cwnd comes down to ssthresh in fast recovery: in proportion
 * to what the network delivers, so that sending neither stops nor bursts.
 * RFC 9937 (RFC9937-5-a); RFC 6937, its first form, is not followed
 * (RFC6937-3-a).
 *
 *   Owns flight->prr_* and, during fast recovery, t->cwnd, unless the
 *   controller rules (cc.h).
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

static bool applies(const struct tcp *t)
{
    return (tcp_rack(t) || tcp_knobs(t)->prr) && !tcp_cc(t)->rules;
}

/* §6.1 (RFC9937-6.1-a); congestion() has set ssthresh.  `delivered`: newly,
 * by the ACK that begins the episode. */
void tcp_prr_begin(struct tcp *t, uint32_t delivered)
{
    struct tcp_flight *f = t->flight;

    f->prr_delivered = 0;
    f->prr_out = 0;
    f->prr_flight = seq_from(t->snd.nxt, t->snd.una) - f->segq.sacked_bytes
        + delivered;
    if (tcp_cc(t)->rules)
        return;
    if (!applies(t)) {
        t->cwnd = t->ssthresh;
        return;
    }
    if (delivered == 0) /* a timer began it: the one that is forced */
        t->cwnd = tcp_pipe(t) + tcp_eff_mss(t);
}

/* §6.2 (RFC9937-6.2-a, RFC9937-6.2-b): `safe` is SafeACK. */
void tcp_prr_ack(struct tcp *t, uint32_t delivered, bool safe)
{
    struct tcp_flight *f = t->flight;
    uint32_t           mss = tcp_eff_mss(t), pipe = tcp_pipe(t);
    int64_t            send, out;

    if (!applies(t) || delivered == 0 || f->prr_flight == 0)
        return;
    f->prr_delivered += delivered;
    if (!t->sack_ok) /* RFC9937-6.2-c: a spoofed duplicate ACK counts once */
        f->prr_delivered = MIN(f->prr_delivered, f->prr_flight);
    if (pipe > t->ssthresh) {
        out = (int64_t)(((uint64_t)f->prr_delivered * t->ssthresh
                         + f->prr_flight - 1)
                        / f->prr_flight);
        send = out - f->prr_out;
    } else {
        send = (int64_t)f->prr_delivered - f->prr_out;
        send = MAX(send, (int64_t)delivered) + (safe ? mss : 0);
        send = MIN(send, (int64_t)t->ssthresh - pipe);
    }
    send = MAX(send, 0);
    if (f->prr_out == 0 && send == 0)
        send = mss;
    t->cwnd = pipe + (uint32_t)send;
    tcp_cwnd_event(t, WHY_CC_PRR);
}

/* §6.4 (RFC9937-6.4-a); else RFC 6582 §3.2 step 3 (1): no burst. */
void tcp_prr_end(struct tcp *t)
{
    uint32_t mss = tcp_eff_mss(t);
    uint32_t flight = seq_from(t->snd.nxt, t->snd.una);

    if (applies(t))
        t->cwnd = t->ssthresh;
    else if (!tcp_cc(t)->rules)
        t->cwnd = MIN(t->ssthresh, MAX(flight, mss) + mss);
}
