/* cc_hystart.c: the first slow start, and how it ends before it floods the
 * path: HyStart++, RFC 9406.
 *
 *   Owns struct hystart, the controller's state until ssthresh is set.  Each
 *   round trip's least RTT is compared with the one before; where it has
 *   grown, slow start goes on at a quarter of its speed (conservative slow
 *   start, CSS) for five rounds, or is resumed if that was a mistake.
 *   Only the first slow start of a connection: RFC9406-4.3-c.
 *   Departs (profile `deployed`): a train of ACKs as long as half a round
 *   trip fills the path already, and slow start ends (docs/decisions/14-ack-train.md).
 */
#include "tcp/cc.h"
#include "tcp/pace.h"

/* §4.3 (RFC9406-4.3-a) */
#define MIN_RTT_THRESH_US 4000u
#define MAX_RTT_THRESH_US 16000u
enum {
    MIN_RTT_DIVISOR = 8,
    N_RTT_SAMPLE = 8,
    CSS_GROWTH_DIVISOR = 4, /* RFC9406-4.3-b: at least 2 */
    CSS_ROUNDS = 5,
    L = 8, /* segments that an ACK counts for, where they are counted:
              docs/decisions/03-slow-start.md */
};

/* Of an ACK train: how close, and from which window on. */
#define TRAIN_GAP (2 * NS_MS)
enum { TRAIN_SEGS = 16 };

#define INFINITE UINT32_MAX

struct hystart {
    cw_ns    round_start, train_end;
    seq      window_end;
    uint32_t train;         /* ACKs in it */
    uint32_t last_min, min; /* us, of rounds: lastRoundMinRTT ... */
    uint32_t baseline;      /* cssBaselineMinRtt */
    uint8_t  samples, css_rounds;
    bool     begun, css;
};
_Static_assert(sizeof(struct hystart) <= CC_STATE, "the controller's state");

/* RFC9406-4.2-a */
static void begin_round(struct tcp *t, struct hystart *h)
{
    h->last_min = h->begun ? h->min : INFINITE;
    h->min = INFINITE;
    h->samples = 0;
    h->window_end = t->snd.nxt;
    h->round_start = h->train_end = tcp_now(t);
    h->train = 0;
    h->begun = true;
}

static void sample(struct hystart *h, cw_ns rtt)
{
    if (rtt < 0)
        return;
    h->min = MIN(h->min, (uint32_t)ns_min(rtt / NS_US, INFINITE - 1));
    if (h->samples < N_RTT_SAMPLE)
        h->samples++;
}

static bool has_grown(const struct hystart *h)
{
    uint32_t thresh = h->last_min / MIN_RTT_DIVISOR;

    if (h->samples < N_RTT_SAMPLE || h->min == INFINITE
        || h->last_min == INFINITE)
        return false;
    thresh = MAX(MIN(thresh, MAX_RTT_THRESH_US), MIN_RTT_THRESH_US);
    return h->min >= h->last_min + thresh;
}

/* Into conservative slow start, or back: RFC9406-4.2-b. */
static void judge(struct hystart *h)
{
    if (!h->css && has_grown(h)) {
        h->css = true;
        h->css_rounds = 0;
        h->baseline = h->min;
    } else if (h->css && h->samples >= N_RTT_SAMPLE && h->min < h->baseline) {
        h->css = false;
    }
}

/* ACKs that follow each other closely are spaced by the bottleneck.  What
 * half of the least round trip delivers is half of what fills the path, and
 * as much again is on its way.  A coarse clock does not see the gaps, only
 * that none is longer than a step, and how many ACKs came; and of a time no
 * longer than a step it says nothing.  If we pace, it may be we who spaced them
 * over half of a round trip: then it takes all of one. */
static bool fills_the_path(const struct tcp *t, struct hystart *h)
{
    cw_ns now = tcp_now(t), step = tcp_env(t)->granularity;
    cw_ns half = t->min_rtt_us * NS_US / (tcp_pace_rate(t) > 0 ? 1 : 2);

    if (!tcp_knobs(t)->ack_train || t->min_rtt_us == UINT32_MAX
        || now - h->train_end > ns_max(TRAIN_GAP, step))
        return false;
    h->train_end = now;
    h->train++;
    return t->cwnd >= TRAIN_SEGS * tcp_eff_mss(t)
        && now - h->round_start > ns_max(half, step)
        && now - h->round_start <= h->train * TRAIN_GAP;
}

static void grow(struct tcp *t, const struct hystart *h,
                 const struct cc_ack *a)
{
    uint32_t n = a->acked;

    if (tcp_knobs(t)->ack_counts != 0)
        n = MIN(n, L * tcp_eff_mss(t));
    if (h->css)
        n /= CSS_GROWTH_DIVISOR;
    cc_set_cwnd(t, (uint64_t)t->cwnd + n,
                h->css ? WHY_CC_CSS : WHY_CC_SLOW_START);
}

static bool is_over(const struct tcp *t, struct hystart *h)
{
    return h->css_rounds >= CSS_ROUNDS || fills_the_path(t, h);
}

void cc_hystart(struct tcp *t, const struct cc_ack *a)
{
    struct hystart *h = tcp_cc_state(t);

    if (!h->begun) {
        begin_round(t, h);
    } else if (seq_gt(t->snd.una, h->window_end)) { /* it was acknowledged */
        h->css_rounds += h->css;
        begin_round(t, h);
    }
    sample(h, a->rtt);
    judge(h);
    if (cc_window_used(t, a))
        grow(t, h, a);
    if (is_over(t, h)) {
        memset(t->flight->cc, 0, CC_STATE); /* it is avoidance's now */
        t->ssthresh = t->cwnd;
    }
}
