/* bbr_draft.h: draft-ietf-ccwg-bbr's pseudocode, written down once more as it
 * stands there, on wide integers and lists: what bbr_draft_test.c compares the
 * code with.  What the code does otherwise on purpose is marked "ours".
 */
#ifndef UNIT_BBR_DRAFT_H
#define UNIT_BBR_DRAFT_H

#include "bbr_rig.h"

#define INF INT64_MAX

enum { ROUNDS = 16 /* kept */ };

enum { Startup, Drain, DOWN, CRUISE, REFILL, UP, ProbeRTT, None };

static struct path p;

/* BBR.* */
static struct {
    int     state, ack_phase, undo_state;
    int64_t max_bw, bw_of[2], bw, bw_shortterm, bw_latest, full_bw,
        pacing_rate;
    int64_t inflight_longterm, inflight_shortterm, inflight_latest;
    int64_t min_rtt, min_rtt_stamp, probe_rtt_min_delay, probe_rtt_min_stamp,
        probe_rtt_done_stamp;
    int64_t prior_cwnd, undo_bw_shortterm, undo_inflight_shortterm,
        undo_inflight_longterm;
    int64_t round_count, drain_start_round, rounds_since_probe_up,
        bw_probe_up_rounds, bw_probe_up_acked, probe_up_acked_per_inc;
    int64_t bw_probe_wait, cycle_stamp, extra_acked_interval_start,
        extra_acked_delivered, extra_acked;
    int64_t extra_of[ROUNDS]; /* the most of each round */
    int     full_bw_count, ranges;
    bool    round_start, loss_round_start, idle_restart, full_bw_reached,
        full_bw_now, is_bw_probe_sample, prev_probe_too_high,
        prev_probe_precautionary, is_loss_in_round, probe_rtt_expired,
        probe_rtt_round_done, saved;
    uint32_t next_round_delivered, loss_round_delivered, recovery_from;
    int      sent_now, sent_before;
} B;

/* C.*: what is not in the connection itself */
static struct {
    int64_t     cwnd;
    bool        limited[2];
    int64_t     delivered; /* in all */
    struct prng rng;
    seq         range_end;
} C;

/* RS.* */
static struct {
    int64_t  newly_acked, delivered, rate, rtt, lost, in_flight;
    uint32_t prior;
    bool     any, app_limited;
} RS;

static int64_t now(void)
{
    return p.r.env.now;
}

static int64_t inflight(void)
{
    return p.r.flight.segq.bytes;
}

static uint32_t delivered(void)
{
    return p.r.flight.delivered;
}

static bool in_recovery(void)
{
    return p.r.flight.recovery != RECOVERY_NONE;
}

static bool passed(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) >= 0;
}

/* ---- control ------------------------------------------------------------- */

static int64_t pacing_gain(void)
{
    static const int64_t of[] = { 277, 50, 90, 100, 100, 125, 100 };

    return of[B.state];
}

static int64_t cwnd_gain(void)
{
    static const int64_t of[] = { 200, 200, 200, 200, 200, 225, 50 };

    return of[B.state];
}

static int64_t BDPMultiple(int64_t bw, int64_t gain)
{
    if (B.min_rtt == INF)
        return 10 * RIG_MSS;
    return (int64_t)bbr_bytes((uint64_t)bw, B.min_rtt) * gain / 100;
}

static int64_t QuantizationBudget(int64_t cap)
{
    int64_t quantum = MIN(B.pacing_rate / 1000, INT64_C(65536));

    quantum = MAX(quantum, INT64_C(2) * RIG_MSS);
    cap = MAX(cap, 3 * quantum);
    cap = MAX(cap, INT64_C(4) * RIG_MSS);
    return B.state == UP ? cap + INT64_C(2) * RIG_MSS : cap;
}

static int64_t Inflight(int64_t bw)
{
    return QuantizationBudget(BDPMultiple(bw, 100));
}

static int64_t TargetInflight(void)
{
    return MIN(BDPMultiple(B.bw, 100), C.cwnd);
}

static int64_t InflightWithHeadroom(void)
{
    int64_t headroom;

    if (B.inflight_longterm == INF)
        return INF;
    headroom = MAX(B.inflight_longterm * 15 / 100, INT64_C(1) * RIG_MSS);
    return MAX(B.inflight_longterm - headroom, INT64_C(4) * RIG_MSS);
}

static int64_t ProbeRTTCwnd(void)
{
    return MAX(BDPMultiple(B.bw, 50), INT64_C(4) * RIG_MSS);
}

static void SetPacingRateWithGain(int64_t gain)
{
    int64_t rate = B.bw * gain * 99 / 10000;

    if (rate > 0 && (B.full_bw_reached || rate > B.pacing_rate))
        B.pacing_rate = rate;
}

static bool IsInAProbeBWState(void)
{
    return B.state == DOWN || B.state == CRUISE || B.state == REFILL
        || B.state == UP;
}

static void SetCwnd(void)
{
    int64_t cap, max_inflight;

    max_inflight = BDPMultiple(B.bw, cwnd_gain()) + B.extra_acked;
    max_inflight = QuantizationBudget(max_inflight);
    if (B.full_bw_reached)
        C.cwnd = MIN(C.cwnd + RS.newly_acked, max_inflight);
    else if (C.cwnd < max_inflight || C.delivered < 10 * RIG_MSS)
        C.cwnd += RS.newly_acked;
    C.cwnd = MAX(C.cwnd, INT64_C(4) * RIG_MSS);
    if (B.state == ProbeRTT)
        C.cwnd = MIN(C.cwnd, ProbeRTTCwnd());
    cap = INF;
    if (IsInAProbeBWState() && B.state != CRUISE)
        cap = B.inflight_longterm;
    else if (B.state == ProbeRTT || B.state == CRUISE)
        cap = InflightWithHeadroom();
    cap = MIN(cap, B.inflight_shortterm);
    cap = MAX(cap, INT64_C(4) * RIG_MSS);
    C.cwnd = MIN(C.cwnd, cap);
}

static void SaveCwnd(void)
{
    if (!in_recovery() && B.state != ProbeRTT)
        B.prior_cwnd = C.cwnd;
    else
        B.prior_cwnd = MAX(B.prior_cwnd, C.cwnd);
}

static void RestoreCwnd(void)
{
    C.cwnd = MAX(C.cwnd, B.prior_cwnd);
}

static void SaveStateUponLoss(void)
{
    SaveCwnd();
    B.undo_state = None;
    B.undo_bw_shortterm = B.bw_shortterm;
    B.undo_inflight_shortterm = B.inflight_shortterm;
    B.undo_inflight_longterm = B.inflight_longterm;
    B.saved = true; /* ours: once for an event */
}

/* ---- the model --------------------------------------------------------------- */

static void StartRound(void)
{
    B.next_round_delivered = delivered();
}

static void ResetFullBW(void)
{
    B.full_bw = B.full_bw_count = 0;
    B.full_bw_now = false;
}

static void ResetShortTermModel(void)
{
    B.bw_shortterm = B.inflight_shortterm = INF;
}

static void UpdateLatestDeliverySignals(void)
{
    B.loss_round_start = false;
    if (!RS.any)
        return;
    B.bw_latest = MAX(B.bw_latest, RS.rate);
    B.inflight_latest = MAX(B.inflight_latest, RS.delivered);
    if (passed(RS.prior, B.loss_round_delivered)) {
        B.loss_round_delivered = delivered();
        B.loss_round_start = true;
    }
}

static void UpdateMaxBw(void)
{
    B.round_start = RS.any && passed(RS.prior, B.next_round_delivered);
    if (B.round_start) {
        StartRound();
        B.round_count++;
        B.rounds_since_probe_up++;
        C.limited[1] = C.limited[0];
        C.limited[0] = p.r.t.cwnd_limited;
    }
    if (RS.rate > 0 && (RS.rate >= B.max_bw || !RS.app_limited)) {
        B.bw_of[0] = MAX(B.bw_of[0], RS.rate);
        B.max_bw = MAX(B.bw_of[0], B.bw_of[1]);
    }
}

/* Ours: a cycle without a sample is none. */
static void AdvanceMaxBwFilter(void)
{
    if (B.bw_of[0] == 0)
        return;
    B.max_bw = B.bw_of[1] = B.bw_of[0];
    B.bw_of[0] = 0;
}

/* Ours: what was not sent, by gains below 1 and the margin, in this round or
 * the last, is not taken for what the path cannot do. */
static int64_t had_we_sent(int64_t latest, int64_t before)
{
    int64_t share = MIN(B.sent_now, B.sent_before);

    return MAX(MIN(latest * 10000 / 99 / share, before), latest);
}

static void LossLowerBounds(void)
{
    if (B.state == Startup || B.state == REFILL || B.state == UP
        || !B.is_loss_in_round)
        return;
    if (B.bw_shortterm == INF)
        B.bw_shortterm = B.max_bw;
    if (B.inflight_shortterm == INF)
        B.inflight_shortterm = C.cwnd;
    B.bw_shortterm = MAX(had_we_sent(B.bw_latest, B.bw_shortterm),
                         B.bw_shortterm * 70 / 100);
    B.inflight_shortterm = MAX(
        had_we_sent(B.inflight_latest, B.inflight_shortterm),
        B.inflight_shortterm * 70 / 100);
}

static void UpdateCongestionSignals(void)
{
    UpdateMaxBw();
    B.sent_now = MIN(B.sent_now, (int)MIN(pacing_gain(), cwnd_gain()));
    if (!B.loss_round_start)
        return;
    LossLowerBounds();
    B.is_loss_in_round = false;
    B.sent_before = B.sent_now;
    B.sent_now = 100;
}

static void UpdateACKAggregation(void)
{
    int64_t expected = (int64_t)bbr_bytes(
        (uint64_t)B.bw, now() - B.extra_acked_interval_start);
    int64_t extra, *of = &B.extra_of[B.round_count % ROUNDS];

    if (B.extra_acked_delivered <= expected) {
        B.extra_acked_delivered = 0;
        B.extra_acked_interval_start = now();
        expected = 0;
    }
    B.extra_acked_delivered += RS.newly_acked;
    extra = MIN(B.extra_acked_delivered - expected, C.cwnd);
    if (B.round_start)
        *of = 0;
    *of = MAX(*of, extra);
    B.extra_acked = 0;
    for (int64_t i = 0; i < (B.full_bw_reached ? 10 : 1); i++)
        if (B.round_count >= i)
            B.extra_acked = MAX(B.extra_acked,
                                B.extra_of[(B.round_count - i) % ROUNDS]);
}

static void CheckFullBWReached(void)
{
    if (B.full_bw_now || !B.round_start || RS.app_limited)
        return;
    if (RS.rate >= B.full_bw + B.full_bw / 4) {
        ResetFullBW();
        B.full_bw = RS.rate;
        return;
    }
    B.full_bw_count++;
    B.full_bw_now = B.full_bw_count >= 3;
    if (B.full_bw_now)
        B.full_bw_reached = true;
}

static bool IsInflightTooHigh(int64_t lost, int64_t in_flight)
{
    return lost * 100 > in_flight * 2 || (lost > 0 && !p.r.t.sack_ok);
}

/* ---- the state machine -------------------------------------------------------- */

static void StartProbeBW_DOWN(void)
{
    B.is_loss_in_round = false;
    B.bw_latest = B.inflight_latest = 0;
    B.probe_up_acked_per_inc = UINT32_MAX;
    B.rounds_since_probe_up = (int64_t)prng_below(&C.rng, 2);
    B.bw_probe_wait = 2 * NS_S + (int64_t)prng_below(&C.rng, NS_S);
    B.cycle_stamp = now();
    B.ack_phase = ACKS_PROBE_STOPPING;
    StartRound();
    B.state = DOWN;
}

static void StartProbeBW_REFILL(void)
{
    ResetShortTermModel();
    B.bw_probe_up_rounds = B.bw_probe_up_acked = 0;
    B.prev_probe_precautionary = false;
    B.ack_phase = ACKS_REFILLING;
    StartRound();
    B.state = REFILL;
}

static void RaiseInflightLongtermSlope(void)
{
    int64_t growth = INT64_C(1) << B.bw_probe_up_rounds;

    B.bw_probe_up_rounds = MIN(B.bw_probe_up_rounds + 1, INT64_C(30));
    B.probe_up_acked_per_inc = MAX(C.cwnd / growth, INT64_C(1) * RIG_MSS);
}

static void StartProbeBW_UP(void)
{
    B.ack_phase = ACKS_PROBE_STARTING;
    StartRound();
    ResetFullBW();
    B.full_bw = RS.rate;
    B.state = UP;
    RaiseInflightLongtermSlope();
}

static void EnterDrain(void)
{
    B.state = Drain;
    B.drain_start_round = B.round_count;
}

static void exit_startup_by_loss(void)
{
    B.undo_state = Startup;
    B.full_bw_reached = B.full_bw_now = true;
    B.inflight_longterm = MAX(BDPMultiple(B.bw, 100), B.inflight_latest);
    EnterDrain();
}

static void CheckStartupDone(const struct cc_ack *a)
{
    bool high = a->recovery == RECOVERY_FAST
        && (p.r.t.sack_ok ? B.loss_round_start
                    && passed(RS.prior, B.recovery_from) && B.ranges >= 6
                    && IsInflightTooHigh(RS.lost, RS.in_flight)
                          : a->lost > 0);

    if (B.state == Startup && !B.full_bw_reached && high)
        exit_startup_by_loss();
    if (B.loss_round_start)
        B.ranges = 0;
    if (B.state == Startup && B.full_bw_reached)
        EnterDrain();
}

static void CheckDrainDone(void)
{
    if (B.state == Drain
        && (inflight() <= Inflight(B.bw)
            || B.round_count > B.drain_start_round + 3))
        StartProbeBW_DOWN();
}

static bool IsTimeToProbeBW(void)
{
    int64_t rounds = MIN(TargetInflight() / RIG_MSS, INT64_C(63));

    if (now() > B.cycle_stamp + B.bw_probe_wait
        || B.rounds_since_probe_up >= rounds) {
        StartProbeBW_REFILL();
        return true;
    }
    return false;
}

static bool is_cwnd_limited(void)
{
    return C.limited[0] || C.limited[1];
}

static bool IsTimeToGoDown(void)
{
    if (B.prev_probe_too_high && inflight() >= B.inflight_longterm) {
        B.prev_probe_precautionary = true;
        return true;
    }
    if (is_cwnd_limited() && C.cwnd >= B.inflight_longterm) {
        ResetFullBW();
        B.full_bw = RS.rate;
    } else if (B.full_bw_now) {
        return true;
    }
    return false;
}

static void ProbeInflightLongtermUpward(void)
{
    int64_t delta;

    if (!is_cwnd_limited() || C.cwnd < B.inflight_longterm)
        return;
    B.bw_probe_up_acked += RS.newly_acked;
    if (B.bw_probe_up_acked >= B.probe_up_acked_per_inc) {
        delta = B.bw_probe_up_acked / B.probe_up_acked_per_inc;
        B.bw_probe_up_acked -= delta * B.probe_up_acked_per_inc;
        B.inflight_longterm += delta * RIG_MSS;
    }
    if (B.round_start)
        RaiseInflightLongtermSlope();
}

static bool AdaptLongTermModel(void)
{
    if (B.ack_phase == ACKS_PROBE_STARTING && B.round_start)
        B.ack_phase = ACKS_PROBE_FEEDBACK;
    if (B.ack_phase == ACKS_PROBE_STOPPING && B.round_start) {
        B.is_bw_probe_sample = false;
        B.ack_phase = ACKS_INIT;
        if (IsInAProbeBWState() && !RS.app_limited)
            AdvanceMaxBwFilter();
        if (IsInAProbeBWState() && B.prev_probe_precautionary
            && !B.prev_probe_too_high) {
            StartProbeBW_REFILL();
            return true;
        }
    }
    if (!IsInflightTooHigh(RS.lost, RS.in_flight)) {
        if (B.inflight_longterm == INF)
            return false;
        if (RS.in_flight > B.inflight_longterm)
            B.inflight_longterm = RS.in_flight;
        if (B.state == UP)
            ProbeInflightLongtermUpward();
    }
    return false;
}

static void UpdateProbeBWCyclePhase(void)
{
    if (!B.full_bw_reached || AdaptLongTermModel() || !IsInAProbeBWState())
        return;
    switch (B.state) {
    case DOWN:
        if (!IsTimeToProbeBW() && inflight() <= InflightWithHeadroom()
            && inflight() <= Inflight(B.max_bw))
            B.state = CRUISE;
        break;
    case CRUISE:
        IsTimeToProbeBW();
        break;
    case REFILL:
        if (B.round_start) {
            B.is_bw_probe_sample = true;
            StartProbeBW_UP();
        }
        break;
    default:
        if (IsTimeToGoDown()) {
            B.prev_probe_too_high = false;
            StartProbeBW_DOWN();
        }
    }
}

static void UpdateMinRTT(void)
{
    B.probe_rtt_expired = now() > B.probe_rtt_min_stamp + 5 * NS_S;
    if (RS.rtt >= 0
        && (RS.rtt < B.probe_rtt_min_delay || B.probe_rtt_expired)) {
        B.probe_rtt_min_delay = RS.rtt;
        B.probe_rtt_min_stamp = now();
    }
    if (B.probe_rtt_min_delay < B.min_rtt
        || now() > B.min_rtt_stamp + 10 * NS_S) {
        B.min_rtt = B.probe_rtt_min_delay;
        B.min_rtt_stamp = B.probe_rtt_min_stamp;
    }
}

static void CheckProbeRTTDone(void)
{
    if (B.probe_rtt_done_stamp == 0 || now() <= B.probe_rtt_done_stamp)
        return;
    B.probe_rtt_min_stamp = now();
    RestoreCwnd();
    ResetShortTermModel();
    if (B.full_bw_reached) {
        StartProbeBW_DOWN();
        B.state = CRUISE;
    } else {
        B.state = Startup;
    }
}

static void HandleProbeRTT(void)
{
    if (B.probe_rtt_done_stamp == 0 && inflight() <= ProbeRTTCwnd()) {
        B.probe_rtt_done_stamp = now() + 200 * NS_MS;
        B.probe_rtt_round_done = false;
        StartRound();
    } else if (B.probe_rtt_done_stamp != 0) {
        if (B.round_start)
            B.probe_rtt_round_done = true;
        if (B.probe_rtt_round_done)
            CheckProbeRTTDone();
    }
}

static void CheckProbeRTT(void)
{
    if (B.state != ProbeRTT && B.probe_rtt_expired && !B.idle_restart) {
        B.state = ProbeRTT;
        SaveCwnd();
        B.probe_rtt_done_stamp = 0;
        B.ack_phase = ACKS_PROBE_STOPPING;
        StartRound();
    }
    if (B.state == ProbeRTT)
        HandleProbeRTT();
    if (RS.delivered > 0)
        B.idle_restart = false;
}

static void UpdateOnACK(const struct cc_ack *a)
{
    C.limited[0] |= p.r.t.cwnd_limited;
    C.delivered += RS.newly_acked;
    UpdateLatestDeliverySignals();
    UpdateCongestionSignals();
    UpdateACKAggregation();
    CheckFullBWReached();
    CheckStartupDone(a);
    CheckDrainDone();
    UpdateProbeBWCyclePhase();
    UpdateMinRTT();
    CheckProbeRTT();
    if (B.loss_round_start) {
        B.bw_latest = RS.rate;
        B.inflight_latest = RS.delivered;
    }
    B.bw = MIN(B.max_bw, B.bw_shortterm);
    SetPacingRateWithGain(pacing_gain());
    SetCwnd();
    B.saved = false;
}

/* ---- losses --------------------------------------------------------------------- */

/* Ours: undo's state is saved before anything follows from the loss, also if
 * it is not the first of the round trip but begins a recovery. */
static void NoteLoss(void)
{
    if (!B.is_loss_in_round)
        B.loss_round_delivered = delivered();
    if (!B.saved && (!B.is_loss_in_round || !in_recovery()))
        SaveStateUponLoss();
    B.is_loss_in_round = true;
}

static void HandleInflightTooHigh(int64_t in_flight, bool app_limited)
{
    B.prev_probe_too_high = true;
    B.is_bw_probe_sample = false;
    if (!app_limited)
        B.inflight_longterm = MAX(in_flight, TargetInflight() * 70 / 100);
    if (B.state == UP) {
        B.undo_state = UP;
        StartProbeBW_DOWN();
    }
}

static void HandleLostPacket(const struct segrec *r)
{
    int64_t size = seq_from(r->end, r->start);
    int64_t lost = p.r.flight.lost - r->lost;

    if (B.ranges == 0 || !seq_eq(C.range_end, r->start))
        B.ranges = MIN(B.ranges + 1, 255);
    C.range_end = r->end;
    NoteLoss();
    if (B.is_bw_probe_sample && IsInflightTooHigh(lost, r->in_flight))
        HandleInflightTooHigh(bbr_inflight_at_loss(r->in_flight,
                                                   (uint32_t)lost,
                                                   (uint32_t)size),
                              r->app_limited);
}

static void HandleSpuriousLossDetection(void)
{
    RestoreCwnd();
    B.is_loss_in_round = false;
    ResetFullBW();
    B.bw_shortterm = MAX(B.bw_shortterm, B.undo_bw_shortterm);
    B.inflight_shortterm = MAX(B.inflight_shortterm,
                               B.undo_inflight_shortterm);
    B.inflight_longterm = MAX(B.inflight_longterm, B.undo_inflight_longterm);
    if (B.undo_state == Startup && B.state != Startup) {
        B.full_bw_reached = false;
        if (B.state != ProbeRTT)
            B.state = Startup;
    } else if (B.undo_state == UP && B.state != UP) {
        if (B.state != ProbeRTT)
            StartProbeBW_REFILL();
    }
    B.undo_state = None;
}

#endif
