/* cc.c: the choice of a congestion controller, and what they have in common: slow start, the window
 * that was not used, the loss window, the restart after an idle time.
 *
 *   RFC 5681 §3.1, §4.1.  Whoever writes t->cwnd tells of it by
 *   tcp_cwnd_event().
 */
#include "tcp/cc.h"

static const struct cc_ops *const controllers[] = {
    [CW_CC_RENO] = &cc_reno,
    [CW_CC_CUBIC] = &cc_cubic,
    [CW_CC_DCTCP] = &cc_dctcp,
    [CW_CC_BBR] = &cc_bbr,
};

const struct cc_ops *tcp_cc(const struct tcp *t)
{
    return controllers[t->opts.cc];
}

void tcp_cc_over(struct tcp *t)
{
    if (tcp_cc(t)->fini)
        tcp_cc(t)->fini(t);
    t->cc_kept = 0;
}

/* What the last one kept, the new one cannot read. */
void tcp_opts_cc(struct tcp_opts *o, struct tcp *t, enum cw_cc cc)
{
    INVARIANT((unsigned)cc < ARRAY_LEN(controllers) && controllers[cc]);
    if (t)
        tcp_cc_over(t);
    o->cc = (uint8_t)cc & 7u;
    if (!t)
        return;
    if (t->flight)
        memset(t->flight->cc, 0, sizeof(t->flight->cc));
    tcp_cc(t)->init(t);
}

void tcp_cwnd_event(struct tcp *t, enum why why)
{
    struct cw_event ev = { .kind = EV_CWND, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.why = (uint16_t)why;
    ev.v[0] = t->cwnd;
    ev.v[1] = t->ssthresh;
    ev.v[2] = seq_from(t->snd.nxt, t->snd.una);
    env_event(tcp_env(t), &ev);
}

uint32_t cc_least(const struct tcp *t)
{
    return 2 * tcp_eff_mss(t);
}

/* A part of a segment is never sent, but a window that has one would ask for
 * its acknowledgment before it grows. */
uint32_t cc_whole(const struct tcp *t, uint32_t bytes)
{
    return bytes - bytes % tcp_eff_mss(t);
}

void cc_set_cwnd(struct tcp *t, uint64_t cwnd, enum why why)
{
    t->cwnd = (uint32_t)MIN(cwnd, (uint64_t)SOCKBUF_MAX * 2);
    tcp_cwnd_event(t, why);
}

/* RFC 7661's concern in its simplest form: a window that was not used says
 * nothing about the path, so it does not grow. */
bool cc_window_used(const struct tcp *t, const struct cc_ack *a)
{
    if (a->ece) /* RFC3168-6.1.2-a */
        return false;
    if (t->cwnd < t->ssthresh)
        return a->flight >= t->cwnd / 2;
    return t->cwnd_limited || a->flight + tcp_eff_mss(t) > t->cwnd;
}

/* eq. (2), RFC5681-3.1-g; or all of it where one ACK answers a burst, or the
 * window would not double; but not after a timeout, when an ACK may jump over what was
 * there all along (RFC 3465 §2.3). */
static uint32_t growth(const struct tcp *t, const struct cc_ack *a)
{
    unsigned most = tcp_knobs(t)->ack_counts;

    if (a->recovery == RECOVERY_RTO)
        most = 1;
    return most ? MIN(a->acked, most * tcp_eff_mss(t)) : a->acked;
}

/* Up to ssthresh: what lies beyond is avoidance's, however much one ACK
 * acknowledges. */
void cc_slow_start(struct tcp *t, const struct cc_ack *a)
{
    uint64_t cwnd = (uint64_t)t->cwnd + growth(t, a);

    cc_set_cwnd(t, MIN(cwnd, t->ssthresh), WHY_CC_SLOW_START);
}

/* RFC 5681 §3.1: slow start, then one SMSS for each cwnd of bytes, which are
 * counted. */
void cc_grow(struct tcp *t, const struct cc_ack *a, uint32_t *count)
{
    if (a->recovery == RECOVERY_FAST || !cc_window_used(t, a))
        return;
    if (t->cwnd < t->ssthresh) {
        cc_slow_start(t, a);
        return;
    }
    *count += a->acked;
    if (*count < t->cwnd)
        return;
    *count -= t->cwnd;
    cc_set_cwnd(t, (uint64_t)t->cwnd + tcp_eff_mss(t), WHY_CC_AVOIDANCE);
}

void cc_lost_window(struct tcp *t)
{
    cc_set_cwnd(t, tcp_eff_mss(t), WHY_CC_TIMEOUT);
}

void cc_restore(struct tcp *t, uint32_t cwnd, uint32_t ssthresh)
{
    t->ssthresh = ssthresh;
    cc_set_cwnd(t, MAX(t->cwnd, cwnd), WHY_CC_RECOVERED);
}

/* §4.1: the restart window is min(IW, cwnd). */
void cc_restart(struct tcp *t)
{
    uint32_t before = t->cwnd;

    t->cwnd = MIN(tcp_initial_window(t), before);
    if (t->cwnd != before)
        tcp_cwnd_event(t, WHY_CC_IDLE);
}
