/* cc_reno.c: Reno: congestion avoidance by one segment a round trip, and half
 * of what was in flight when that was too much.
 *
 *   RFC 5681 §3.1 with byte counting, eq. (2) to (4) (MUST-19).  When to enter
 *   and to leave recovery is tcp_recover.c's decision.
 */
#include "tcp/cc.h"

static void init(struct tcp *t)
{
    t->cc_kept = 0;
}

/* cc_kept counts the bytes acknowledged in avoidance, however large cwnd is
 * (RFC5681-3.1-h, RFC5681-3.1-i). */
static void ack(struct tcp *t, const struct cc_ack *a)
{
    if (a->acked > 0)
        cc_grow(t, a, &t->cc_kept);
}

/* eq. (4), "no more than": FlightSize, not cwnd; but what limited transmit has
 * sent beyond cwnd does not count (§3.2 step 2). */
static void congestion(struct tcp *t, enum cc_sign sign, uint32_t flight)
{
    (void)sign;
    t->ssthresh = MAX(cc_whole(t, MIN(flight, t->cwnd) / 2), cc_least(t));
    t->cc_kept = 0;
}

static void timed_out(struct tcp *t, uint32_t flight)
{
    congestion(t, CC_SIGN_LOSS, flight);
    cc_lost_window(t);
}

static void recovered(struct tcp *t)
{
    t->cc_kept = 0;
    tcp_cwnd_event(t, WHY_CC_RECOVERED);
}

const struct cc_ops cc_reno = {
    .init = init,
    .ack = ack,
    .congestion = congestion,
    .recovered = recovered,
    .timed_out = timed_out,
    .undo = cc_restore,
    .idle = cc_restart,
};
