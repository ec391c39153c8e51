/* cc_dctcp.c: DCTCP: by how much ECN's marks cut the window depends on what
 * share of the bytes was marked.
 *
 *   RFC 8257 §3.3 to §3.5, the sender's half.  Growth and loss are Reno's
 *   (RFC 5681).
 *   Owns:    cc_kept, DCTCP.Alpha in 2^-20; struct dctcp, the observation
 *            window, while something is in flight.
 *   Does not decide when a mark counts: once for each window of data, as ECN
 * has it (tcp_ecn.c), which is also the receiver's half (§3.2).  Of a receiver
 * that echoes as RFC 3168 has it, which goes on until it hears CWR, Alpha is
 * too large rather than too small; one with accurate ECN counts bytes.
 */
#include "tcp/cc.h"

enum {
    ONE = 1 << 20,
    GAIN_SHIFT = 4, /* g = 1/16: RFC 8257 §4.2 */
};

struct dctcp {
    seq      window_end;
    uint32_t acked, marked; /* bytes, of the observation window */
    uint32_t avoidance;     /* bytes since cwnd grew */
    bool     begun;
};
_Static_assert(sizeof(struct dctcp) <= CC_STATE, "the controller's state");

static void init(struct tcp *t)
{
    t->cc_kept = ONE;
}

/* What is marked of an ACK that echoes marks: all of it, or what it counts. */
static uint32_t marked(const struct cc_ack *a)
{
    if (a->ce > 0)
        return a->ce;
    return a->ece ? a->acked : 0;
}

/* RFC8257-3.3-a: §3.3, steps 1 to 8; step 9 is with the new estimate. */
static void observe(struct tcp *t, const struct cc_ack *a)
{
    struct dctcp *d = tcp_cc_state(t);
    uint64_t      share;

    d->acked += a->acked;
    d->marked += marked(a);
    if (a->acked == 0 || (d->begun && !seq_gt(t->snd.una, d->window_end)))
        return;
    share = (uint64_t)MIN(d->marked, d->acked) * ONE / d->acked;
    t->cc_kept += ((uint32_t)share >> GAIN_SHIFT)
        - (t->cc_kept >> GAIN_SHIFT);
    INVARIANT(t->cc_kept <= ONE + (ONE >> GAIN_SHIFT));
    d->window_end = t->snd.nxt;
    d->acked = d->marked = 0;
    d->begun = true;
}

static void ack(struct tcp *t, const struct cc_ack *a)
{
    struct dctcp *d = tcp_cc_state(t);

    if (a->acked > 0)
        cc_grow(t, a, &d->avoidance);
}

/* §3.3 step 9, and for loss RFC8257-3.5-a. */
static void congestion(struct tcp *t, enum cc_sign sign, uint32_t flight)
{
    uint64_t cwnd = MIN(flight, t->cwnd);

    if (sign == CC_SIGN_ECN)
        cwnd = t->cwnd
            - ((uint64_t)t->cwnd * MIN(t->cc_kept, (uint32_t)ONE)
               / (2 * ONE));
    else
        cwnd /= 2;
    t->ssthresh = MAX((uint32_t)cwnd, cc_least(t));
}

static void timed_out(struct tcp *t, uint32_t flight)
{
    congestion(t, CC_SIGN_LOSS, flight);
    cc_lost_window(t);
}

static void recovered(struct tcp *t)
{
    tcp_cwnd_event(t, WHY_CC_RECOVERED);
}

static void show(const struct tcp *t, uint64_t arg[2])
{
    arg[0] = t->cc_kept;
    arg[1] = ONE;
}

const struct cc_ops cc_dctcp = {
    .each_mark = true,
    .init = init,
    .marks = observe,
    .ack = ack,
    .congestion = congestion,
    .recovered = recovered,
    .timed_out = timed_out,
    .undo = cc_restore,
    .idle = cc_restart,
    .show = show,
};
