/* cc_bbr_probe.c: BBR's experiments: for more bandwidth, in cycles of DOWN,
 * CRUISE, REFILL and UP (ProbeBW), and for the round-trip time without a queue
 * (ProbeRTT).
 *
 *   draft-ietf-ccwg-bbr §5.3.3, §5.3.4.
 *   Owns the long-term bound, b->inflight_longterm, b->min_rtt and the state
 *   from DOWN on.
 *   Random is only how long a cycle lasts, from the host's generator.
 */
#include "tcp/bbr.h"

/* ---- §5.3.3.9: entering the phases of ProbeBW ------------------------------- */

/* PickProbeWait() */
static void pick_wait(struct tcp *t, struct bbr *b)
{
    struct prng *rng = &t->host->rng;

    b->rounds_since_probe_up = (uint32_t)prng_below(rng, 2);
    b->bw_probe_wait = 2 * NS_S + (cw_ns)prng_below(rng, NS_S);
}

/* StartProbeBW_DOWN() */
void bbr_start_down(struct tcp *t, struct bbr *b, enum why why)
{
    bbr_reset_signals(b);
    b->probe_up_acked_per_inc = BBR_INFINITE;
    pick_wait(t, b);
    b->cycle_stamp = tcp_now(t);
    b->ack_phase = ACKS_PROBE_STOPPING;
    bbr_start_round(t, b);
    bbr_enter(t, b, BBR_DOWN, why);
}

void bbr_enter_probe_bw(struct tcp *t, struct bbr *b, enum why why)
{
    bbr_start_down(t, b, why);
}

/* StartProbeBW_REFILL() */
void bbr_start_refill(struct tcp *t, struct bbr *b, enum why why)
{
    bbr_reset_shortterm(b);
    b->bw_probe_up_rounds = 0;
    b->bw_probe_up_acked = 0;
    b->prev_probe_precautionary = false;
    b->ack_phase = ACKS_REFILLING;
    bbr_start_round(t, b);
    bbr_enter(t, b, BBR_REFILL, why);
}

/* RaiseInflightLongtermSlope(): the first round adds a segment, the next ones
 * double that. */
static void raise_slope(const struct tcp *t, struct bbr *b)
{
    uint32_t growth = UINT32_C(1) << b->bw_probe_up_rounds;

    b->bw_probe_up_rounds = (uint8_t)MIN(b->bw_probe_up_rounds + 1, 30);
    b->probe_up_acked_per_inc = MAX(t->cwnd / growth, tcp_eff_mss(t));
}

/* StartProbeBW_UP() */
static void start_up(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    b->ack_phase = ACKS_PROBE_STARTING;
    bbr_start_round(x->t, b);
    bbr_reset_full(b);
    b->full_bw = bbr_rate(x);
    bbr_enter(x->t, b, BBR_UP, WHY_CC_BBR_UP);
    raise_slope(x->t, b);
}

/* ---- when to go on --------------------------------------------------------------- */

/* IsRenoCoexistenceProbeTime(): in about the time in which Reno would have
 * grown by as much again; the BDP is in segments. */
static bool reno_time(const struct tcp *t, const struct bbr *b)
{
    uint32_t rounds = bbr_target(t, b) / tcp_eff_mss(t);

    return b->rounds_since_probe_up >= MIN(rounds, (uint32_t)BBR_RENO_ROUNDS);
}

/* IsTimeToProbeBW() */
static bool time_to_probe(struct tcp *t, struct bbr *b)
{
    if (tcp_now(t) <= b->cycle_stamp + b->bw_probe_wait && !reno_time(t, b))
        return false;
    bbr_start_refill(t, b, WHY_CC_BBR_REFILL);
    return true;
}

/* IsTimeToCruise() */
static bool time_to_cruise(const struct tcp *t, const struct bbr *b)
{
    uint32_t in_flight = tcp_pipe(t);

    return in_flight <= bbr_with_headroom(t, b)
        && in_flight <= bbr_inflight(t, b, b->max_bw, 100);
}

static bool cwnd_limited(const struct bbr *b)
{
    return b->limited_now || b->limited_before;
}

/* IsTimeToGoDown(): why, or GO_ON. */
static enum why time_to_go_down(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (b->prev_probe_too_high && tcp_pipe(x->t) >= b->inflight_longterm) {
        b->prev_probe_precautionary = true;
        return WHY_CC_BBR_CAREFUL;
    }
    if (cwnd_limited(b) && x->t->cwnd >= b->inflight_longterm) {
        bbr_reset_full(b); /* it is limited by inflight_longterm */
        b->full_bw = bbr_rate(x);
    } else if (b->full_bw_now) {
        return WHY_CC_BBR_FULL;
    }
    return GO_ON;
}

/* ---- the long-term bound ------------------------------------------------------------ */

/* HandleInflightTooHigh(), §5.5.10.2 */
void bbr_too_high(struct tcp *t, struct bbr *b, uint32_t in_flight,
                  bool app_limited)
{
    uint64_t least = (uint64_t)bbr_target(t, b) * BBR_BETA / 100;

    b->prev_probe_too_high = true;
    b->is_bw_probe_sample = false; /* once for each probe */
    if (!app_limited)
        b->inflight_longterm = MAX(in_flight, (uint32_t)least);
    if (b->state != BBR_UP)
        return;
    b->undo_state = BBR_UP;
    bbr_start_down(t, b, WHY_CC_BBR_TOO_HIGH);
}

/* ProbeInflightLongtermUpward() */
static void probe_upward(const struct bbr_ack *x)
{
    struct bbr *b = x->b;
    uint32_t    n;

    if (!cwnd_limited(b) || x->t->cwnd < b->inflight_longterm)
        return; /* it is not used */
    b->bw_probe_up_acked += x->newly_acked;
    n = b->bw_probe_up_acked / b->probe_up_acked_per_inc;
    b->bw_probe_up_acked -= n * b->probe_up_acked_per_inc;
    b->inflight_longterm = (uint32_t)MIN(
        b->inflight_longterm + (uint64_t)n * tcp_eff_mss(x->t),
        (uint64_t)SOCKBUF_MAX * 2);
    if (b->round_start)
        raise_slope(x->t, b);
}

/* AdaptLongTermModel(), what the phase of feedback changes; true: and the
 * state. */
static bool feedback(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (!b->round_start)
        return false;
    if (b->ack_phase == ACKS_PROBE_STARTING)
        b->ack_phase = ACKS_PROBE_FEEDBACK;
    if (b->ack_phase != ACKS_PROBE_STOPPING)
        return false;
    b->is_bw_probe_sample = false;
    b->ack_phase = ACKS_INIT;
    if (bbr_in_probe_bw(b) && !x->rs->app_limited)
        bbr_advance_filter(b);
    if (!bbr_in_probe_bw(b) || !b->prev_probe_precautionary
        || b->prev_probe_too_high)
        return false;
    bbr_start_refill(x->t, b, WHY_CC_BBR_SAFE); /* §5.3.3.6 */
    return true;
}

/* AdaptLongTermModel() */
static bool adapt_long_term(const struct bbr_ack *x)
{
    struct bbr           *b = x->b;
    const struct cc_rate *rs = x->rs;

    if (feedback(x))
        return true;
    if (bbr_lost_too_much(x->t, rs->lost, rs->in_flight)
        || b->inflight_longterm == BBR_INFINITE)
        return false;
    b->inflight_longterm = MAX(b->inflight_longterm, rs->in_flight);
    if (b->state == BBR_UP)
        probe_upward(x);
    return false;
}

/* UpdateProbeBWCyclePhase() */
void bbr_cycle(const struct bbr_ack *x)
{
    struct tcp *t = x->t;
    struct bbr *b = x->b;
    enum why    why;

    if (!b->full_bw_reached || adapt_long_term(x) || !bbr_in_probe_bw(b))
        return;
    if (b->state == BBR_DOWN) {
        if (!time_to_probe(t, b) && time_to_cruise(t, b))
            bbr_enter(t, b, BBR_CRUISE, WHY_CC_BBR_CRUISE);
    } else if (b->state == BBR_CRUISE) {
        time_to_probe(t, b);
    } else if (b->state == BBR_REFILL) {
        if (!b->round_start)
            return;
        b->is_bw_probe_sample = true;
        start_up(x);
    } else if ((why = time_to_go_down(x)) != GO_ON) {
        b->prev_probe_too_high = false; /* not yet */
        bbr_start_down(t, b, why);
    }
}

/* ---- §5.3.4: ProbeRTT ------------------------------------------------------------------ */

/* UpdateMinRTT() */
void bbr_min_rtt(const struct bbr_ack *x)
{
    struct bbr *b = x->b;
    cw_ns       now = tcp_now(x->t), rtt = x->rs->rtt;

    b->probe_rtt_expired = now > b->probe_rtt_min_stamp + BBR_PROBE_RTT_EACH;
    if (rtt >= 0 && (rtt < b->probe_rtt_min_delay || b->probe_rtt_expired)) {
        b->probe_rtt_min_delay = rtt;
        b->probe_rtt_min_stamp = now;
    }
    if (b->probe_rtt_min_delay < b->min_rtt
        || now > b->min_rtt_stamp + BBR_MIN_RTT_LEN) {
        b->min_rtt = b->probe_rtt_min_delay;
        b->min_rtt_stamp = b->probe_rtt_min_stamp;
    }
}

/* ExitProbeRTT(): what is in flight is below the BDP, so that DOWN is over
 * at once. */
static void exit_probe_rtt(struct tcp *t, struct bbr *b)
{
    bbr_reset_shortterm(b);
    if (!b->full_bw_reached) {
        bbr_enter(t, b, BBR_STARTUP, WHY_CC_BBR_STARTUP);
        return;
    }
    bbr_start_down(t, b, WHY_CC_BBR_RTT_KNOWN);
    bbr_enter(t, b, BBR_CRUISE, WHY_CC_BBR_CRUISE);
}

/* CheckProbeRTTDone() */
void bbr_probe_rtt_done(struct tcp *t, struct bbr *b)
{
    if (b->probe_rtt_done_stamp == 0 || tcp_now(t) <= b->probe_rtt_done_stamp)
        return;
    b->probe_rtt_min_stamp = tcp_now(t); /* the next one is due from now on */
    bbr_restore_cwnd(t, b, WHY_CC_BBR_RTT_KNOWN);
    exit_probe_rtt(t, b);
}

/* HandleProbeRTT() */
static void handle_probe_rtt(const struct bbr_ack *x)
{
    struct tcp *t = x->t;
    struct bbr *b = x->b;

    tcp_rate_limited(t); /* low rates are our doing */
    if (b->probe_rtt_done_stamp == 0) {
        if (tcp_pipe(t) > bbr_probe_rtt_cwnd(t, b))
            return;
        b->probe_rtt_done_stamp = tcp_now(t) + BBR_PROBE_RTT_TIME;
        b->probe_rtt_round_done = false;
        bbr_start_round(t, b);
        return;
    }
    if (b->round_start)
        b->probe_rtt_round_done = true;
    if (b->probe_rtt_round_done)
        bbr_probe_rtt_done(t, b);
}

/* CheckProbeRTT() */
void bbr_probe_rtt(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (b->state != BBR_PROBE_RTT && b->probe_rtt_expired
        && !b->idle_restart) {
        bbr_enter(x->t, b, BBR_PROBE_RTT, WHY_CC_BBR_PROBE_RTT);
        bbr_save_cwnd(x->t, b);
        b->probe_rtt_done_stamp = 0;
        b->ack_phase = ACKS_PROBE_STOPPING;
        bbr_start_round(x->t, b);
    }
    if (b->state == BBR_PROBE_RTT)
        handle_probe_rtt(x);
    if (x->rs->delivered > 0)
        b->idle_restart = false;
}
