/* bbr_draft_test.c: BBR against draft-ietf-ccwg-bbr's pseudocode (bbr_draft.h),
 * by random ACKs, losses, recoveries, timeouts, marks, undos and idle times.
 */
#include "bbr_draft.h"

enum { LIVES = 400, STEPS = 400 };

/* ---- random events ---------------------------------------------------------------- */

static void begin(void)
{
    path_init(&p);
    memset(&B, 0, sizeof B);
    memset(&C, 0, sizeof C);
    C.cwnd = p.r.t.cwnd;
    C.rng = p.r.host.rng;
    B.undo_state = None;
    B.min_rtt = B.probe_rtt_min_delay = RTT_MS * NS_MS;
    B.min_rtt_stamp = B.probe_rtt_min_stamp = now();
    B.extra_acked_interval_start = now();
    B.inflight_longterm = INF;
    B.probe_up_acked_per_inc = UINT32_MAX;
    B.pacing_rate = INT64_C(10) * RIG_MSS * 277 / 100 * 1000 / RTT_MS;
    B.sent_now = B.sent_before = 100;
    B.idle_restart = true; /* the first segment is one after idle */
    ResetShortTermModel();
}

static void do_ack(struct prng *r)
{
    struct tcp_flight *f = &p.r.flight;
    uint32_t           n = below(r, 3) ? 1 + below(r, 40000) : 0;
    uint32_t           fly = 1 + below(r, 250000);
    struct cc_ack      a = { .acked = n, .delivered = n, .rtt = -1 };
    uint32_t           before = f->delivered;

    in_flight(&p, below(r, 220000));
    p.r.t.cwnd_limited = below(r, 2);
    a.recovery = f->recovery;
    a.lost = below(r, 5) ? 0 : below(r, 3000);
    f->delivered += n;
    if (n > 0) {
        bool ends = below(r, 3) == 0;

        a.rate = (struct cc_rate){
            .any = true,
            .app_limited = below(r, 8) == 0,
            .prior_delivered = ends ? before : B.next_round_delivered - 1,
            .delivered = 1 + below(r, 150000),
            .in_flight = fly,
            .lost = below(r, 4) ? 0 : below(r, fly / 30 + 1),
            .rtt = below(r, 6) ? (cw_ns)(45 + below(r, 60)) * NS_MS : -1,
            .rate = below(r, 20) ? 1000000 + below(r, 1200000) : 0,
        };
    } else {
        a.rate.rtt = -1;
    }
    RS.any = a.rate.any;
    RS.app_limited = a.rate.app_limited;
    RS.newly_acked = n;
    RS.prior = a.rate.prior_delivered;
    RS.delivered = a.rate.delivered;
    RS.rate = (int64_t)a.rate.rate;
    RS.rtt = a.rate.rtt;
    RS.lost = a.rate.lost;
    RS.in_flight = a.rate.in_flight;
    UpdateOnACK(&a);
    tcp_cc(&p.r.t)->ack(&p.r.t, &a);
}

static void do_loss(struct prng *r)
{
    struct tcp_flight *f = &p.r.flight;
    struct segrec      rec = { .in_flight = 1 + below(r, 250000),
                               .app_limited = below(r, 4) == 0 };

    for (uint32_t n = 1 + below(r, 8); n > 0; n--) {
        rec.start = below(r, 3) ? seq_add(rec.end, 1448) : rec.end;
        rec.end = seq_add(rec.start, 1 + below(r, 1448));
        f->lost += seq_from(rec.end, rec.start);
        rec.lost = f->lost - seq_from(rec.end, rec.start)
            - MIN(below(r, 7000), f->lost);
        HandleLostPacket(&rec);
        tcp_cc(&p.r.t)->lost(&p.r.t, &rec);
    }
}

static void do_congestion(void)
{
    p.r.flight.recovery = RECOVERY_FAST;
    B.recovery_from = delivered();
    if (!B.saved)
        SaveStateUponLoss();
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_LOSS, 1);
}

static void do_mark(struct prng *r)
{
    uint32_t flight = 1 + below(r, 200000);

    p.r.flight.rate.app_limited = below(r, 2);
    NoteLoss(); /* ours: §3.7 leaves it open */
    if (B.state == Startup && !B.full_bw_reached)
        exit_startup_by_loss();
    else if (B.is_bw_probe_sample)
        HandleInflightTooHigh(flight, p.r.flight.rate.app_limited);
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_ECN, flight);
}

static void do_timeout(struct prng *r)
{
    in_flight(&p, below(r, 30000));
    if (!B.saved)
        SaveStateUponLoss();
    C.cwnd = inflight() + RIG_MSS;
    tcp_cc(&p.r.t)->timed_out(&p.r.t, 1);
    p.r.flight.recovery = RECOVERY_RTO;
}

static void do_recovered(void)
{
    p.r.flight.recovery = RECOVERY_NONE;
    RestoreCwnd();
    tcp_cc(&p.r.t)->recovered(&p.r.t);
}

static void do_undo(void)
{
    HandleSpuriousLossDetection();
    tcp_cc(&p.r.t)->undo(&p.r.t, 1, 1);
    p.r.flight.recovery = RECOVERY_NONE;
}

/* A flight's counts begin at 0. */
static void do_idle(struct prng *r)
{
    struct tcp_flight *f = &p.r.flight;

    in_flight(&p, below(r, 4) ? 0 : 5000);
    if (below(r, 2) && inflight() == 0) {
        memset(f, 0, sizeof *f);
        segq_init(&f->segq);
        B.next_round_delivered = B.loss_round_delivered = 0;
        B.recovery_from = 0;
    }
    f->rate.app_limited = below(r, 4) > 0;
    if (inflight() == 0 && f->rate.app_limited) {
        B.idle_restart = true;
        B.extra_acked_interval_start = now();
        if (IsInAProbeBWState())
            SetPacingRateWithGain(100);
        else if (B.state == ProbeRTT)
            CheckProbeRTTDone();
    }
    tcp_cc(&p.r.t)->transmit(&p.r.t);
}

static void do_one(struct prng *r)
{
    uint32_t what = below(r, 100);

    p.r.env.now += 1 + below(r, below(r, 60) ? 20000000 : 2000000000);
    if (what < 80)
        do_ack(r);
    else if (what < 88)
        do_loss(r);
    else if (what < 90)
        do_congestion();
    else if (what < 91)
        do_mark(r);
    else if (what < 92)
        do_timeout(r);
    else if (what < 96)
        do_recovered();
    else if (what < 97)
        do_undo();
    else
        do_idle(r);
}

/* ---- comparing ------------------------------------------------------------------------ */

#define SAME(name) same(#name, B.name, (int64_t)p.b->name, step)

static void same(const char *name, int64_t want, int64_t got, int step)
{
    if (want != got)
        FAIL("step %d, state %d: %s is %jd, not %jd", step, p.b->state, name,
             (intmax_t)got, (intmax_t)want);
}

static int64_t volume(uint32_t v)
{
    return v == BBR_INFINITE ? INF : (int64_t)v;
}

static void compare_volumes(int step)
{
    same("cwnd", C.cwnd, p.r.t.cwnd, step);
    same("bw_shortterm", B.bw_shortterm,
         p.b->bw_shortterm == UINT64_MAX ? INF : (int64_t)p.b->bw_shortterm,
         step);
    same("inflight_longterm", B.inflight_longterm,
         volume(p.b->inflight_longterm), step);
    same("inflight_shortterm", B.inflight_shortterm,
         volume(p.b->inflight_shortterm), step);
    SAME(inflight_latest);
    SAME(prior_cwnd);
    SAME(extra_acked);
    SAME(bw_probe_up_acked);
    SAME(probe_up_acked_per_inc);
}

static void compare(int step)
{
    SAME(state);
    SAME(ack_phase);
    SAME(undo_state);
    SAME(round_count);
    SAME(next_round_delivered);
    SAME(loss_round_delivered);
    SAME(max_bw);
    SAME(bw);
    SAME(bw_latest);
    SAME(full_bw);
    SAME(full_bw_count);
    SAME(full_bw_now);
    SAME(full_bw_reached);
    SAME(pacing_rate);
    SAME(is_loss_in_round);
    SAME(is_bw_probe_sample);
    SAME(prev_probe_too_high);
    SAME(prev_probe_precautionary);
    SAME(rounds_since_probe_up);
    SAME(bw_probe_wait);
    SAME(cycle_stamp);
    SAME(min_rtt);
    SAME(probe_rtt_min_delay);
    SAME(probe_rtt_done_stamp);
    SAME(idle_restart);
    compare_volumes(step);
}

/* Every state is met, in more than one way. */
TEST(it_is_the_drafts)
{
    struct prng r = t_prng("draft");
    unsigned    met[None] = { 0 };

    for (int life = 0; life < LIVES; life++) {
        begin();
        compare(-1);
        p.r.t.sack_ok = life % 8 != 7;
        for (int i = 0; i < STEPS; i++) {
            do_one(&r);
            compare(i);
            met[p.b->state]++;
        }
        path_free(&p);
    }
    for (int i = 0; i < None; i++)
        if (met[i] < 100)
            FAIL("state %d: %u times", i, met[i]);
}

T_MAIN(T(it_is_the_drafts))
