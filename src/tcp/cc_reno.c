/* cc_reno.c: slow start, congestion avoidance and what loss does to them.
 *
 *   RFC 5681 §3.1 with byte counting, eq. (2) to (4) (MUST-19).  When to enter
 *   and to leave recovery is tcp_recover.c's decision.
 */
#include "tcp/cc.h"

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

/* eq. (4): FlightSize, not cwnd; but what limited transmit has sent beyond
 * cwnd does not count (§3.2 step 2). */
static uint32_t half_flight(const struct tcp *t, uint32_t flight)
{
    return MAX(MIN(flight, t->cwnd) / 2, 2 * tcp_eff_mss(t));
}

/* RFC 7661's concern in its simplest form: a window that was not used says
 * nothing about the path, so it does not grow. */
static bool window_was_used(const struct tcp *t, uint32_t flight)
{
    if (t->cwnd < t->ssthresh)
        return flight >= t->cwnd / 2;
    return t->cwnd_limited || flight + tcp_eff_mss(t) > t->cwnd;
}

/* eq. (2), RFC5681-3.1-g; or all of it where one ACK answers a burst, or the
 * window would not double; but not after a timeout, when an ACK may jump over what was
 * there all along (RFC 3465 §2.3). */
static uint32_t slow_start_growth(const struct tcp *t, uint32_t bytes)
{
    unsigned most = tcp_knobs(t)->ack_counts;

    if (t->flight && t->flight->recovery == RECOVERY_RTO)
        most = 1;
    return most ? MIN(bytes, most * tcp_eff_mss(t)) : bytes;
}

static void acked(struct tcp *t, uint32_t bytes, uint32_t flight)
{
    uint32_t mss = tcp_eff_mss(t);

    if (!window_was_used(t, flight))
        return;
    if (t->cwnd < t->ssthresh) {
        t->cwnd = MIN(t->cwnd + slow_start_growth(t, bytes),
                      (uint32_t)SOCKBUF_MAX * 2);
        tcp_cwnd_event(t, WHY_CC_SLOW_START);
        return;
    }
    t->cwnd_acked += bytes; /* §3.1: one SMSS for each cwnd of bytes */
    if (t->cwnd_acked < t->cwnd)
        return;
    t->cwnd_acked -= t->cwnd;
    t->cwnd = MIN(t->cwnd + mss, (uint32_t)SOCKBUF_MAX * 2);
    tcp_cwnd_event(t, WHY_CC_AVOIDANCE);
}

static void lost(struct tcp *t, uint32_t flight)
{
    t->ssthresh = half_flight(t, flight);
    t->cwnd = t->ssthresh;
    t->cwnd_acked = 0;
    tcp_cwnd_event(t, WHY_CC_RECOVERY);
}

static void timed_out(struct tcp *t, uint32_t flight)
{
    t->ssthresh = half_flight(t, flight);
    t->cwnd = tcp_eff_mss(t); /* the loss window, LW */
    t->cwnd_acked = 0;
    tcp_cwnd_event(t, WHY_CC_TIMEOUT);
}

static void recovered(struct tcp *t)
{
    t->cwnd_acked = 0;
    tcp_cwnd_event(t, WHY_CC_RECOVERED);
}

/* §4.1: the restart window is min(IW, cwnd). */
static void idle(struct tcp *t)
{
    uint32_t before = t->cwnd;

    tcp_initial_cwnd(t);
    t->cwnd = MIN(t->cwnd, before);
    if (t->cwnd != before)
        tcp_cwnd_event(t, WHY_CC_IDLE);
}

const struct cc_ops cc_reno = {
    .name = "reno",
    .acked = acked,
    .lost = lost,
    .timed_out = timed_out,
    .recovered = recovered,
    .idle = idle,
};
