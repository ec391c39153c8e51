/* cc_bbr_model.c: BBR's model of the path: what each ACK and each loss says
 * of its rate and of how much it holds.
 *
 *   draft-ietf-ccwg-bbr §5.5, and the full pipe estimator of §5.3.1.2.
 *   Owns the short-term model (b->bw_shortterm, b->inflight_shortterm), max_bw
 *   and its filter, rounds, extra_acked.  The long-term bound,
 *   b->inflight_longterm, is found by probing: cc_bbr_probe.c.
 */
#include "tcp/bbr.h"

/* ---- §5.5.1: round trips, counted in packets ------------------------------ */

void bbr_start_round(const struct tcp *t, struct bbr *b)
{
    b->next_round_delivered = t->flight ? t->flight->delivered : 0;
}

/* UpdateRound(); and C.is_cwnd_limited. */
static void update_round(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    b->round_start = x->rs->any
        && bbr_passed(x->rs->prior_delivered, b->next_round_delivered);
    if (!b->round_start)
        return;
    bbr_start_round(x->t, b);
    b->round_count++;
    b->rounds_since_probe_up++;
    b->limited_before = b->limited_now;
    b->limited_now = x->t->cwnd_limited;
}

/* ---- §5.5.2 to §5.5.6: max_bw ------------------------------------------------ */

/* UpdateMaxBw(): the most of this ProbeBW cycle and the one before. */
static void update_max_bw(const struct bbr_ack *x)
{
    struct bbr *b = x->b;
    uint64_t    rate = bbr_rate(x);

    update_round(x);
    if (rate == 0 || (rate < b->max_bw && x->rs->app_limited))
        return;
    b->filter[0] = MAX(b->filter[0], rate);
    b->max_bw = MAX(b->filter[0], b->filter[1]);
}

/* AdvanceMaxBwFilter(): a cycle without a sample is none. */
void bbr_advance_filter(struct bbr *b)
{
    if (b->filter[0] == 0)
        return;
    b->filter[1] = b->filter[0];
    b->filter[0] = 0;
    b->max_bw = b->filter[1];
}

void bbr_bound_bw(struct bbr *b)
{
    b->bw = MIN(b->max_bw, b->bw_shortterm);
}

/* ---- §5.5.9: aggregation -------------------------------------------------------- */

/* UpdateWindowedMaxFilter(), of whole rounds. */
static void note_extra(struct bbr *b, uint32_t extra)
{
    unsigned rounds = b->full_bw_reached ? BBR_EXTRA_ROUNDS : 1;

    if (b->extra_round != b->round_count)
        b->extra[b->round_count % BBR_EXTRA_ROUNDS] = 0;
    b->extra_round = b->round_count;
    b->extra_acked = extra;
    b->extra[b->round_count % BBR_EXTRA_ROUNDS] = MAX(
        b->extra[b->round_count % BBR_EXTRA_ROUNDS], extra);
    for (uint32_t i = 0; i < rounds && i <= b->round_count; i++)
        b->extra_acked = MAX(
            b->extra_acked,
            b->extra[(b->round_count - i) % BBR_EXTRA_ROUNDS]);
}

/* UpdateACKAggregation() */
void bbr_aggregation(const struct bbr_ack *x)
{
    struct bbr *b = x->b;
    cw_ns       now = tcp_now(x->t);
    uint64_t    expected, extra;

    expected = bbr_bytes(b->bw, now - b->extra_acked_interval_start);
    if (b->extra_acked_delivered <= expected) {
        b->extra_acked_delivered = 0;
        b->extra_acked_interval_start = now;
        expected = 0;
    }
    b->extra_acked_delivered += x->newly_acked;
    extra = b->extra_acked_delivered
        - MIN(expected, b->extra_acked_delivered);
    note_extra(b, (uint32_t)MIN(extra, x->t->cwnd));
}

/* ---- §5.3.1.2: is the pipe full? ------------------------------------------------- */

void bbr_reset_full(struct bbr *b)
{
    b->full_bw = 0;
    b->full_bw_count = 0;
    b->full_bw_now = false;
}

/* CheckFullBWReached() */
void bbr_check_full(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (b->full_bw_now || !b->round_start || x->rs->app_limited)
        return;
    if (bbr_rate(x) >= b->full_bw + b->full_bw / 4) {
        bbr_reset_full(b);
        b->full_bw = bbr_rate(x);
        return;
    }
    b->full_bw_count++;
    b->full_bw_now = b->full_bw_count >= 3;
    if (b->full_bw_now)
        b->full_bw_reached = true;
}

/* ---- §5.5.10: losses -------------------------------------------------------------- */

void bbr_reset_signals(struct bbr *b)
{
    b->is_loss_in_round = false;
    b->bw_latest = 0;
    b->inflight_latest = 0;
}

void bbr_reset_shortterm(struct bbr *b)
{
    b->bw_shortterm = UINT64_MAX;
    b->inflight_shortterm = BBR_INFINITE;
}

/* UpdateLatestDeliverySignals() */
void bbr_latest(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    b->loss_round_start = false;
    if (!x->rs->any)
        return;
    b->bw_latest = MAX(b->bw_latest, bbr_rate(x));
    b->inflight_latest = MAX(b->inflight_latest, x->rs->delivered);
    if (bbr_passed(x->rs->prior_delivered, b->loss_round_delivered)) {
        b->loss_round_delivered = x->t->flight->delivered;
        b->loss_round_start = true;
    }
}

/* AdvanceLatestDeliverySignals() */
void bbr_advance_latest(const struct bbr_ack *x)
{
    if (!x->b->loss_round_start)
        return;
    x->b->bw_latest = bbr_rate(x);
    x->b->inflight_latest = x->rs->delivered;
}

static bool probing_bw(const struct bbr *b)
{
    return b->state == BBR_STARTUP || b->state == BBR_REFILL
        || b->state == BBR_UP;
}

/* What is sent of bw, in percent. */
static uint8_t sent_share(const struct bbr *b)
{
    return (uint8_t)MIN(MIN(bbr_pacing_gain(b), bbr_cwnd_gain(b)), 100u);
}

/* What the path would have delivered, had we sent at bw: what we held back it
 * could not deliver. */
static uint64_t deliverable(const struct bbr *b, uint64_t latest)
{
    return latest * 10000 / BBR_PACED / MIN(b->sent_now, b->sent_before);
}

/* AdaptLowerBoundsFromCongestion(), once a round: InitLowerBounds(),
 * LossLowerBounds().  On purpose not as there: "latest" is only what the path
 * has delivered, which is less than it can if less was sent.  Taken as it is, a
 * round trip with a loss would cost the margin of 1 %, one in DOWN a tenth, one
 * in ProbeRTT three tenths until the next probe; this way X % of loss cost X %,
 * as §5.3.3.8.3 has it. */
static void adapt_lower_bounds(const struct bbr_ack *x)
{
    struct bbr *b = x->b;
    uint64_t    bw = deliverable(b, b->bw_latest);
    uint64_t    inflight = deliverable(b, b->inflight_latest);

    if (probing_bw(b) || !b->is_loss_in_round)
        return;
    if (b->bw_shortterm == UINT64_MAX)
        b->bw_shortterm = b->max_bw;
    if (b->inflight_shortterm == BBR_INFINITE)
        b->inflight_shortterm = x->t->cwnd;
    bw = MAX(MIN(bw, b->bw_shortterm), b->bw_latest);
    b->bw_shortterm = MAX(bw, b->bw_shortterm * BBR_BETA / 100);
    inflight = MAX(MIN(inflight, b->inflight_shortterm), b->inflight_latest);
    b->inflight_shortterm = (uint32_t)MAX(
        inflight, (uint64_t)b->inflight_shortterm * BBR_BETA / 100);
}

/* UpdateCongestionSignals() */
void bbr_congestion_signals(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    update_max_bw(x);
    b->sent_now = MIN(b->sent_now, sent_share(b));
    if (!b->loss_round_start)
        return;
    adapt_lower_bounds(x);
    b->is_loss_in_round = false;
    b->sent_before = b->sent_now;
    b->sent_now = 100;
}

/* NoteLoss().  What undo needs is saved before anything follows from the loss:
 * also if it is not the first of this round trip but begins a recovery. */
void bbr_note_loss(const struct tcp *t, struct bbr *b)
{
    const struct tcp_flight *f = t->flight;

    if (!b->is_loss_in_round)
        b->loss_round_delivered = f->delivered;
    if (!b->loss_saved
        && (!b->is_loss_in_round || f->recovery == RECOVERY_NONE))
        bbr_save_upon_loss(t, b);
    b->is_loss_in_round = true;
}

/* IsInflightTooHigh() */
bool bbr_lost_too_much(const struct tcp *t, uint32_t lost, uint32_t inflight)
{
    return (uint64_t)lost * 100 > (uint64_t)inflight * BBR_LOSS_THRESH
        || (lost > 0 && !t->sack_ok);
}

/* InflightAtLoss(): with how much in flight did losses cross LossThresh,
 * within this packet? */
uint32_t bbr_inflight_at_loss(uint32_t in_flight, uint32_t lost,
                              uint32_t size)
{
    int64_t before = (int64_t)in_flight - size;
    int64_t lost_before = (int64_t)lost - size;
    int64_t prefix = (BBR_LOSS_THRESH * before - 100 * lost_before)
        / (100 - BBR_LOSS_THRESH);

    return (uint32_t)MAX(MIN(before + prefix, (int64_t)UINT32_MAX - 1), 0);
}
