/* bbr_model_test.c: BBR's model of the path, what follows from it, and what
 * is taken back: draft-ietf-ccwg-bbr §5.5 and §5.6.
 */
#include "bbr_rig.h"

#include <math.h>

/* ---- §5.5.2: max_bw -------------------------------------------------------- */

/* The most of this cycle and of the one before; app-limited samples count only
 * if they are more. */
TEST(max_bw_is_of_two_cycles)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    EXPECT_EQ(p.b->max_bw, BW);
    bbr_advance_filter(p.b);
    EXPECT_EQ(p.b->max_bw, BW);
    bbr_advance_filter(p.b); /* a cycle without a sample is none */
    EXPECT_EQ(p.b->max_bw, BW);
    p.ack.rate.app_limited = true;
    ack_at(&p, BW / 2);
    bbr_advance_filter(p.b);
    EXPECT_EQ(p.b->max_bw, BW);
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->max_bw, BW);
    bbr_advance_filter(p.b);
    EXPECT_EQ(p.b->max_bw, BW / 2);
    p.ack.rate.app_limited = true;
    ack_at(&p, BW / 2 + 1);
    EXPECT_EQ(p.b->max_bw, BW / 2 + 1);
    path_free(&p);
}

/* §5.5.6: a cycle ends a round trip after UP, unless that was app-limited. */
TEST(a_cycle_ends_after_the_probe)
{
    struct path p;

    for (int limited = 0; limited < 2; limited++) {
        path_init(&p);
        to_up(&p);
        p.r.flight.lost = BDP;
        lose(&p, BDP, 0, false);
        EXPECT_EQ(p.b->state, BBR_DOWN);
        p.b->filter[0] = 3 * BW;
        p.b->filter[1] = 0;
        p.ack.rate.app_limited = limited;
        ack_at(&p, BW);
        EXPECT_EQ(p.b->filter[1], limited ? 0 : 3 * BW);
        EXPECT_EQ(p.b->ack_phase, ACKS_INIT);
        path_free(&p);
    }
}

/* ---- §5.5.9: extra_acked --------------------------------------------------- */

/* Against the draft's steps with a list of all samples. */
TEST(extra_acked_is_the_most_of_ten_rounds)
{
    enum { N = 3000 };
    static uint32_t round[N], extra[N];
    struct prng     draw = t_prng("extra");
    uint64_t        delivered = 0;
    struct path     p;
    cw_ns           start;

    path_init(&p);
    to_cruise(&p);
    start = p.b->extra_acked_interval_start;
    delivered = p.b->extra_acked_delivered;
    for (int i = 0; i < N; i++) {
        uint64_t expected, bw = p.b->bw;
        uint32_t cwnd = p.r.t.cwnd, most = 0;

        p.rtt = (cw_ns)(1 + prng_below(&draw, 20)) * NS_MS;
        p.same_round = prng_below(&draw, 3) > 0;
        p.ack.delivered = (uint32_t)prng_below(&draw, 60) * RIG_MSS + 1;
        expected = bw * (uint64_t)(p.r.env.now + p.rtt - start)
            / (uint64_t)NS_S;
        if (delivered <= expected) {
            delivered = 0;
            start = p.r.env.now + p.rtt;
            expected = 0;
        }
        delivered += p.ack.delivered;
        extra[i] = (uint32_t)MIN(delivered - expected, (uint64_t)cwnd);
        ack_at(&p, BW);
        round[i] = p.b->round_count;
        for (int k = i; k >= 0 && round[k] + 10 > round[i]; k--)
            most = MAX(most, extra[k]);
        if (p.b->extra_acked != most)
            FAIL("ACK %d: %u, not %u", i, p.b->extra_acked, most);
    }
    path_free(&p);
}

/* In Startup only of the round trip at hand. */
TEST(extra_acked_in_startup_is_of_one_round)
{
    struct path p;

    path_init(&p);
    ack_at(&p, BW);
    p.ack.delivered = 9000;
    p.rtt = 1;
    ack_at(&p, 2 * BW);
    EXPECT_GE(p.b->extra_acked, 9000);
    p.ack.delivered = 1;
    p.rtt = NS_S;
    ack_at(&p, 4 * BW);
    EXPECT_EQ(p.b->extra_acked, 1);
    path_free(&p);
}

/* ---- §5.5.10: losses -------------------------------------------------------- */

/* InflightAtLoss() against the draft's equation. */
TEST(inflight_at_loss_is_the_equations)
{
    struct prng draw = t_prng("at loss");

    for (int i = 0; i < 5000; i++) {
        uint32_t size = 1 + (uint32_t)prng_below(&draw, 65536);
        uint32_t in_flight = size + (uint32_t)prng_below(&draw, 1 << 24);
        uint32_t lost = size + (uint32_t)prng_below(&draw, in_flight / 40);
        double   prev = in_flight - size, lost_prev = lost - size;
        double   want = prev + (0.02 * prev - lost_prev) / 0.98;
        double   got = bbr_inflight_at_loss(in_flight, lost, size);

        if (fabs(got - fmax(want, 0)) > 1.5)
            FAIL("%u of %u, %u: %f, not %f", lost, in_flight, size, got,
                 want);
    }
}

/* §5.5.10.3: at the end of a round trip with a loss, and only then: as much
 * as was delivered, but 0.7 of what it was at least. */
TEST(losses_slow_it_to_what_is_delivered)
{
    static const struct {
        unsigned delivered; /* percent of bw, less the margin */
        bool     loss;
        unsigned bw, inflight; /* percent of bw, of what was delivered */
    } rows[] = {
        { 100, true, 100, 100 }, { 90, true, 90, 90 }, { 71, true, 71, 71 },
        { 60, true, 70, 0 },     { 50, false, 0, 0 },
    };

    T_EACH (row, rows) {
        struct path p;
        uint64_t    rate = BW * 99 / 100 * row->delivered / 100;

        t_row("%u %%", row->delivered);
        path_init(&p);
        to_cruise(&p);
        in_flight(&p, BDP);
        ack_at(&p, rate); /* nothing is left of what DOWN sent less of */
        ack_at(&p, rate);
        p.r.t.cwnd = BDP;
        if (row->loss)
            lose(&p, BDP, 0, false);
        ack_at(&p, rate);
        if (!row->loss) {
            EXPECT_EQ(p.b->bw_shortterm, UINT64_MAX);
            EXPECT_EQ(p.b->inflight_shortterm, BBR_INFINITE);
        } else {
            EXPECT_EQ(p.b->bw_shortterm, BW / 100 * row->bw);
            EXPECT_EQ(p.b->inflight_shortterm,
                      row->inflight ? BDP / 100 * row->inflight
                                    : BDP * 7 / 10);
            EXPECT_EQ(p.b->bw, p.b->bw_shortterm);
            EXPECT_LE(p.r.t.cwnd, p.b->inflight_shortterm);
        }
        path_free(&p);
    }
}

/* What was not sent is no sign of the path: in DOWN a tenth is held back, in
 * ProbeRTT half; two round trips later it is told of nothing else. */
TEST(what_is_held_back_is_not_lost)
{
    struct path p;

    path_init(&p);
    to_down(&p);
    ack_at(&p, BW);
    ack_at(&p, BW);
    p.b->cycle_stamp = p.r.env.now;
    EXPECT_EQ(p.b->state, BBR_DOWN);
    lose(&p, 2 * BDP, 0, false);
    p.b->bw_latest = 0;
    ack_at(&p, BW * 99 / 100 * 9 / 10);
    EXPECT_EQ(p.b->bw_shortterm, BW);
    path_free(&p);

    path_init(&p);
    to_cruise(&p);
    p.r.t.cwnd = BDP;
    p.rtt = 6 * NS_S;
    p.ack.rate.rtt = 60 * NS_MS;
    in_flight(&p, BDP);
    ack_at(&p, BW);
    EXPECT_EQ(p.b->state, BBR_PROBE_RTT);
    ack_at(&p, BW / 2);
    ack_at(&p, BW / 2);
    lose(&p, BDP, 0, false);
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->bw_shortterm, BW);
    path_free(&p);
}

/* In Startup, REFILL and UP the short-term model stays as it is. */
TEST(probes_are_not_slowed)
{
    struct path p;

    path_init(&p);
    ack_at(&p, BW);
    lose(&p, BDP, 0, false);
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->bw_shortterm, UINT64_MAX);
    path_free(&p);

    path_init(&p);
    to_refill(&p);
    lose(&p, BDP, 0, false);
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->state, BBR_UP);
    lose(&p, BDP, p.r.flight.lost, false);
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->bw_shortterm, UINT64_MAX);
    EXPECT_EQ(p.b->inflight_shortterm, BBR_INFINITE);
    path_free(&p);
}

/* IsInflightTooHigh(): more than 2 %; any loss where only one can be seen. */
TEST(two_percent_are_tolerated)
{
    struct path p;

    path_init(&p);
    EXPECT(!bbr_lost_too_much(&p.r.t, 2000, BDP));
    EXPECT(bbr_lost_too_much(&p.r.t, 2001, BDP));
    EXPECT(!bbr_lost_too_much(&p.r.t, 0, 0));
    p.r.t.sack_ok = false;
    EXPECT(bbr_lost_too_much(&p.r.t, 1, BDP));
    EXPECT(!bbr_lost_too_much(&p.r.t, 0, BDP));
    path_free(&p);
}

/* HandleInflightTooHigh(): 0.7 of the target at least; once for each probe. */
TEST(the_bound_falls_by_three_tenths_at_most)
{
    struct path p;

    path_init(&p);
    to_up(&p);
    p.r.t.cwnd = BDP;
    p.r.flight.lost = 10000;
    lose(&p, 30000, 0, false);
    EXPECT_EQ(p.b->inflight_longterm, BDP * 7 / 10);
    p.b->inflight_longterm = 12345;
    lose(&p, 30000, 0, false);
    EXPECT_EQ(p.b->inflight_longterm, 12345);
    path_free(&p);
}

/* ---- the long-term bound grows ------------------------------------------------ */

/* §5.3.3.5: in UP, while it is what limits, by 1, 2, 4 segments a round trip,
 * spread over it. */
TEST(the_bound_grows_by_powers_of_two)
{
    struct path p;
    uint32_t    before = 0;

    path_init(&p);
    to_up(&p);
    p.b->inflight_longterm = p.r.t.cwnd = BDP;
    for (int round = 0; round < 5; round++) {
        before = p.b->inflight_longterm;
        for (int i = 0; i < 100; i++) {
            p.same_round = i < 99;
            p.rtt = NS_MS / 10;
            p.ack.delivered = BDP / 100;
            p.r.t.cwnd = p.b->inflight_longterm;
            p.r.t.cwnd_limited = true;
            p.b->bw_probe_up_rounds = (uint8_t)(round + 1);
            p.b->probe_up_acked_per_inc = (uint32_t)BDP >> round;
            ack_at(&p, BW);
            p.b->full_bw_now = false;
        }
        EXPECT_EQ(p.b->inflight_longterm - before, RIG_MSS << round);
    }
    path_free(&p);

    path_init(&p); /* RaiseInflightLongtermSlope() */
    to_up(&p);
    EXPECT_EQ(p.b->bw_probe_up_rounds, 1);
    p.b->inflight_longterm = p.r.t.cwnd = 64 * RIG_MSS;
    for (unsigned n = 1; n < 9; n++) {
        uint32_t cwnd = p.r.t.cwnd;

        p.r.t.cwnd_limited = true;
        p.ack.delivered = 1;
        p.ack.rate.in_flight = 1;
        ack_at(&p, BW);
        EXPECT_EQ(p.b->bw_probe_up_rounds, n + 1);
        EXPECT_EQ(p.b->probe_up_acked_per_inc,
                  MAX(cwnd >> n, (uint32_t)RIG_MSS));
        p.r.t.cwnd = p.b->inflight_longterm = 64 * RIG_MSS;
        p.b->full_bw_now = false;
        p.b->full_bw_count = 0;
    }
    path_free(&p);
}

/* ... not if something else does; C.is_cwnd_limited is of this round trip and
 * the last. */
TEST(the_bound_grows_only_if_it_limits)
{
    static const struct {
        bool     limited_now, limited_before;
        unsigned cwnd; /* percent of the bound */
        bool     grows;
    } rows[] = {
        { true, false, 100, true },
        { false, true, 100, true },
        { false, false, 100, false },
        { true, true, 99, false },
    };

    T_EACH (row, rows) {
        struct path p;

        t_row("%u %%", row->cwnd);
        path_init(&p);
        to_up(&p);
        p.b->inflight_longterm = 2 * BDP;
        p.b->probe_up_acked_per_inc = RIG_MSS;
        p.b->limited_now = row->limited_now;
        p.b->limited_before = row->limited_before;
        p.r.t.cwnd = 2 * BDP / 100 * row->cwnd;
        p.same_round = true;
        p.ack.delivered = 5 * RIG_MSS;
        ack_at(&p, BW);
        EXPECT_EQ(p.b->inflight_longterm,
                  2 * BDP + (row->grows ? 5 * RIG_MSS : 0));
        path_free(&p);
    }
}

/* AdaptLongTermModel(): what was in flight and lost little was not too much. */
TEST(what_went_well_raises_the_bound)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    in_flight(&p, BDP);
    p.b->inflight_longterm = BDP;
    p.ack.rate.in_flight = BDP + 5;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->inflight_longterm, BDP + 5);
    p.ack.rate.in_flight = 2 * BDP;
    p.ack.rate.lost = 2 * BDP / 50 + 1;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->inflight_longterm, BDP + 5);
    path_free(&p);
}

/* ---- min_rtt --------------------------------------------------------------------- */

/* §5.3.4.3: the least of ten seconds, in steps of ProbeRTT's five. */
TEST(min_rtt_is_of_ten_seconds)
{
    struct path p;

    path_init(&p);
    p.ack.rate.rtt = 40 * NS_MS;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->min_rtt, 40 * NS_MS);
    p.ack.rate.rtt = 45 * NS_MS;
    p.rtt = 4 * NS_S;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->probe_rtt_min_delay, 40 * NS_MS);
    p.ack.rate.rtt = 45 * NS_MS;
    p.rtt = 2 * NS_S;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->probe_rtt_min_delay, 45 * NS_MS);
    EXPECT_EQ(p.b->min_rtt, 40 * NS_MS);
    p.ack.rate.rtt = 47 * NS_MS;
    p.rtt = 5 * NS_S;
    ack_at(&p, BW);
    EXPECT_EQ(p.b->min_rtt, 45 * NS_MS);
    p.ack.rate.rtt = -1; /* sent more than once */
    ack_at(&p, BW);
    EXPECT_EQ(p.b->min_rtt, 45 * NS_MS);
    path_free(&p);
}

/* bw * time, whatever they are. */
TEST(rates_come_to_bytes)
{
    static const cw_ns times[] = {
        0,         1,           NS_US,
        16777215,  16777216,    50 * NS_MS,
        NS_S,      16777215999, INT64_C(16777216000),
        60 * NS_S, 3600 * NS_S
    };

    T_EACH (time, times)
        for (uint64_t bw = 1; bw <= BBR_FASTEST; bw *= 8) {
            double want = (double)bw * (double)*time / (double)NS_S;

            if (fabs((double)bbr_bytes(bw, *time) - want) > want / 16000 + 1)
                FAIL("%ju in %jd ns: %ju", (uintmax_t)bw, (intmax_t)*time,
                     (uintmax_t)bbr_bytes(bw, *time));
        }
}

/* ---- §5.6: cwnd --------------------------------------------------------------------- */

/* Gains, aggregation, quanta, MinPipeCwnd and the bounds, one at a time. */
TEST(cwnd_is_the_least_of_its_bounds)
{
    static const struct {
        uint64_t       bw;
        uint32_t       longterm, shortterm;
        enum bbr_state state;
        uint32_t       want;
    } rows[] = {
        { BW, BBR_INFINITE, BBR_INFINITE, BBR_CRUISE, 2 * BDP },
        { BW, BBR_INFINITE, BDP, BBR_CRUISE, BDP },
        { BW, BDP, BBR_INFINITE, BBR_CRUISE, BDP * 85 / 100 },
        { BW, BDP, BBR_INFINITE, BBR_DOWN, BDP },
        { BW, BDP, BBR_INFINITE, BBR_REFILL, BDP },
        { BW, BBR_INFINITE, BBR_INFINITE, BBR_UP, BDP * 9 / 4 + 2 * RIG_MSS },
        { BW, BBR_INFINITE, BBR_INFINITE, BBR_PROBE_RTT, BDP / 2 },
        { BW, BDP / 4, BBR_INFINITE, BBR_PROBE_RTT, BDP / 4 * 85 / 100 },
        { BW, BDP, BBR_INFINITE, BBR_DRAIN, 2 * BDP },
        { 4000, BBR_INFINITE, BBR_INFINITE, BBR_CRUISE, 6 * RIG_MSS },
        { 4000, 2000, 2000, BBR_CRUISE, 4 * RIG_MSS },
        { 4000, BBR_INFINITE, BBR_INFINITE, BBR_PROBE_RTT, 4 * RIG_MSS },
    };

    T_EACH (row, rows) {
        struct path    p;
        struct cc_ack  a = { .delivered = 10 * BDP };
        struct bbr_ack x = { .a = &a,
                             .rs = &a.rate,
                             .newly_acked = 10 * BDP };

        t_row("row %d", (int)(row - rows));
        path_init(&p);
        to_cruise(&p);
        x.t = &p.r.t;
        x.b = p.b;
        p.b->bw = row->bw;
        p.b->pacing_rate = row->bw;
        p.b->extra_acked = 0;
        p.b->inflight_longterm = row->longterm;
        p.b->inflight_shortterm = row->shortterm;
        p.b->state = (uint8_t)row->state;
        bbr_set_cwnd(&x);
        EXPECT_EQ(p.r.t.cwnd, row->want);
        p.b->extra_acked = 777;
        if (row->longterm == BBR_INFINITE && row->shortterm == BBR_INFINITE
            && row->state != BBR_PROBE_RTT && row->bw == BW) {
            bbr_set_cwnd(&x);
            EXPECT_EQ(p.r.t.cwnd, row->want + 777);
        }
        path_free(&p);
    }
}

/* §5.6.4.6: by what is acknowledged, no faster; before the pipe is full never
 * less. */
TEST(cwnd_grows_by_what_is_acknowledged)
{
    struct path p;

    path_init(&p);
    p.ack.delivered = 3000;
    ack_at(&p, 60000); /* a BDP of 3000: still the initial window */
    EXPECT_EQ(p.r.t.cwnd, 10 * RIG_MSS + 3000);
    p.ack.delivered = 7000;
    ack_at(&p, 60000);
    EXPECT_EQ(p.r.t.cwnd, 20 * RIG_MSS - 7000); /* all of it is delivered */
    p.r.t.cwnd = 5 * BDP;
    ack_at(&p, BW);
    EXPECT_EQ(p.r.t.cwnd, 5 * BDP);
    to_cruise(&p);
    p.r.t.cwnd = BDP;
    p.ack.delivered = 1500;
    p.rtt = NS_MS;
    ack_at(&p, BW);
    EXPECT_EQ(p.r.t.cwnd, BDP + 1500);
    path_free(&p);
}

/* §5.6.2: the margin of 1 %; once the pipe is full it may fall. */
TEST(it_paces_at_a_percent_less)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    EXPECT_EQ(p.b->pacing_rate, BW / 100 * 99);
    EXPECT_EQ(tcp_cc(&p.r.t)->pacing_rate(&p.r.t), BW / 100 * 99);
    p.b->max_bw = p.b->filter[0] = p.b->filter[1] = BW / 2;
    ack_at(&p, BW / 2);
    EXPECT_EQ(p.b->pacing_rate, BW / 200 * 99);
    path_free(&p);
}

/* ---- recovery, and undo ---------------------------------------------------------------- */

/* §5.6.4.4: as much as before, once all is repaired. */
TEST(recovery_gives_cwnd_back)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    p.r.t.cwnd = 2 * BDP;
    lose(&p, BDP, 0, false);
    begin_recovery(&p);
    EXPECT_EQ(p.r.t.cwnd, 2 * BDP);
    EXPECT_EQ(p.r.t.ssthresh, UINT32_MAX);
    p.r.t.cwnd = BDP;
    end_recovery(&p);
    EXPECT_EQ(p.r.t.cwnd, 2 * BDP);
    path_free(&p);
}

/* OnEnterRTO(): what is in flight and one more. */
TEST(a_timeout_leaves_one_segment)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    p.r.t.cwnd = 2 * BDP;
    in_flight(&p, 0);
    lose(&p, BDP, 0, false);
    tcp_cc(&p.r.t)->timed_out(&p.r.t, BDP);
    p.r.flight.recovery = RECOVERY_RTO;
    EXPECT_EQ(p.r.t.cwnd, RIG_MSS);
    p.ack.delivered = RIG_MSS;
    ack_at(&p, BW);
    EXPECT_EQ(p.r.t.cwnd, 4 * RIG_MSS);
    end_recovery(&p);
    EXPECT_EQ(p.r.t.cwnd, 2 * BDP);
    path_free(&p);
}

/* §5.5.11: all that the loss has changed, and the state that it ended. */
TEST(undo_goes_back)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    in_flight(&p, BDP);
    ack_at(&p, BW);
    ack_at(&p, BW / 2);
    p.r.t.cwnd = 2 * BDP;
    p.b->inflight_longterm = 3 * BDP;
    lose(&p, BDP, 0, false);
    begin_recovery(&p);
    ack_at(&p, BW / 2);
    EXPECT_LT(p.b->bw_shortterm, BW);
    p.b->inflight_longterm = BDP;
    p.b->is_loss_in_round = true;
    p.b->full_bw_count = 2;
    tcp_cc(&p.r.t)->undo(&p.r.t, 1, 1);
    EXPECT_EQ(p.b->bw_shortterm, UINT64_MAX);
    EXPECT_EQ(p.b->inflight_shortterm, BBR_INFINITE);
    EXPECT_EQ(p.b->inflight_longterm, 3 * BDP);
    EXPECT_EQ(p.r.t.cwnd, 2 * BDP);
    EXPECT_EQ(p.r.t.ssthresh, UINT32_MAX);
    EXPECT(!p.b->is_loss_in_round && p.b->full_bw_count == 0);
    EXPECT_EQ(p.b->state, BBR_CRUISE);
    path_free(&p);
}

TEST(undo_goes_back_to_the_probe)
{
    struct path p;

    path_init(&p);
    to_up(&p);
    p.b->inflight_longterm = 5 * BDP;
    p.r.flight.lost = 5000;
    lose(&p, BDP, 0, false); /* it ends UP, and then recovery begins */
    begin_recovery(&p);
    EXPECT_EQ(p.b->state, BBR_DOWN);
    tcp_cc(&p.r.t)->undo(&p.r.t, 1, 1);
    EXPECT_EQ(p.b->state, BBR_REFILL);
    EXPECT_EQ(p.b->inflight_longterm, 5 * BDP);
    tcp_cc(&p.r.t)->undo(&p.r.t, 1, 1); /* once */
    EXPECT_EQ(p.b->undo_state, BBR_NONE);
    path_free(&p);
}

TEST(undo_goes_back_to_startup)
{
    struct path p;

    path_init(&p);
    in_flight(&p, 30 * BDP);
    ack_at(&p, 20 * BW);
    for (unsigned i = 0; i < 6; i++)
        lose(&p, 1000000, 0, false);
    begin_recovery(&p);
    p.ack = (struct cc_ack){ .recovery = RECOVERY_FAST,
                             .rate = { .lost = 50000,
                                       .in_flight = 1000000 } };
    ack_at(&p, 20 * BW);
    EXPECT_EQ(p.b->state, BBR_DRAIN);
    tcp_cc(&p.r.t)->undo(&p.r.t, 1, 1);
    EXPECT_EQ(p.b->state, BBR_STARTUP);
    EXPECT(!p.b->full_bw_reached);
    EXPECT_EQ(p.b->inflight_longterm, BBR_INFINITE);
    path_free(&p);
}

/* ---- marks ---------------------------------------------------------------------------------- */

/* §3.7: congestion, in whichever state. */
TEST(marks_are_congestion)
{
    struct path p;

    path_init(&p); /* Startup is over */
    in_flight(&p, 2 * BDP);
    ack_at(&p, BW);
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_ECN, 2 * BDP);
    EXPECT_EQ(p.b->state, BBR_DRAIN);
    EXPECT_EQ(p.b->inflight_longterm, BDP);
    path_free(&p);

    path_init(&p); /* the probe, too, and where it is the bound */
    to_up(&p);
    p.r.flight.rate.app_limited = false;
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_ECN, BDP * 11 / 10);
    EXPECT_EQ(p.b->state, BBR_DOWN);
    EXPECT_EQ(p.b->inflight_longterm, BDP * 11 / 10);
    path_free(&p);

    path_init(&p); /* else a round trip with a loss */
    to_cruise(&p);
    in_flight(&p, BDP);
    ack_at(&p, BW);
    ack_at(&p, BW * 8 / 10);
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_ECN, BDP);
    ack_at(&p, BW * 8 / 10);
    EXPECT_LT(p.b->bw, BW * 9 / 10);
    path_free(&p);
}

/* ---- the record ---------------------------------------------------------------------------- */

/* A flight's counts of bytes begin at 0: a round trip is over with the first
 * that it delivers, and the model is what it was. */
TEST(the_model_lives_over_idle_times)
{
    struct path p;
    uint32_t    rounds;

    path_init(&p);
    to_cruise(&p);
    rounds = p.b->round_count;
    memset(&p.r.flight, 0, sizeof p.r.flight);
    segq_init(&p.r.flight.segq);
    tcp_rate_begin(&p.r.t);
    p.r.env.now += NS_S;
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    EXPECT_EQ(p.b->next_round_delivered, 0);
    ack_at(&p, BW / 10);
    EXPECT_EQ(p.b->round_count, rounds + 1);
    EXPECT_EQ(p.b->max_bw, BW);
    path_free(&p);
}

/* It is given back to the arena by close, and when another governs. */
TEST(the_record_is_given_back)
{
    struct path p;

    path_init(&p);
    EXPECT_GE(arena_used(p.r.env.arena), sizeof(struct bbr));
    tcp_opts_cc(&p.r.t.opts, &p.r.t, CW_CC_CUBIC);
    EXPECT_EQ(arena_used(p.r.env.arena), 0);
    EXPECT_EQ(p.r.t.cc_kept, 0);
    path_free(&p);
}

/* Nothing is sent, nothing is kept; and without memory Reno governs. */
TEST(without_memory_reno_governs)
{
    struct path p;
    void       *all = NULL, **one;

    path_init(&p);
    tcp_cc_over(&p.r.t);
    EXPECT_EQ(arena_used(p.r.env.arena), 0);
    while ((one = slab_get(&p.r.host.flights)) != NULL) {
        *one = all;
        all = one;
    }
    tcp_cc(&p.r.t)->ack(&p.r.t, &(struct cc_ack){ .rtt = -1 });
    EXPECT_EQ(p.r.t.opts.cc, CW_CC_BBR);
    p.r.t.cwnd = 10 * RIG_MSS;
    p.ack = (struct cc_ack){ .acked = RIG_MSS,
                             .delivered = RIG_MSS,
                             .flight = 10 * RIG_MSS };
    tcp_cc(&p.r.t)->ack(&p.r.t, &p.ack);
    EXPECT_EQ(p.r.t.opts.cc, CW_CC_RENO);
    EXPECT_EQ(p.r.t.cwnd, 11 * RIG_MSS);
    EXPECT_EQ(p.r.env.count[COUNT_NO_MEMORY], 1);
    while ((one = all) != NULL) {
        all = *one;
        slab_put(one);
    }
    path_free(&p);
}

/* For who asks: bw, min_rtt and the gains. */
TEST(it_tells_its_figures)
{
    struct path p;
    uint64_t    arg[2] = { 0 };

    path_init(&p);
    to_cruise(&p);
    tcp_cc(&p.r.t)->show(&p.r.t, arg);
    EXPECT_EQ(arg[0], BW);
    EXPECT_EQ((uint32_t)arg[1], RTT_MS * 1000);
    EXPECT_EQ(arg[1] >> 32 & 0xffff, 100);
    EXPECT_EQ(arg[1] >> 48, 200);
    path_free(&p);
}

T_MAIN(T(max_bw_is_of_two_cycles), T(a_cycle_ends_after_the_probe),
       T(extra_acked_is_the_most_of_ten_rounds),
       T(extra_acked_in_startup_is_of_one_round),
       T(inflight_at_loss_is_the_equations),
       T(losses_slow_it_to_what_is_delivered),
       T(what_is_held_back_is_not_lost), T(probes_are_not_slowed),
       T(two_percent_are_tolerated),
       T(the_bound_falls_by_three_tenths_at_most),
       T(the_bound_grows_by_powers_of_two),
       T(the_bound_grows_only_if_it_limits),
       T(what_went_well_raises_the_bound), T(min_rtt_is_of_ten_seconds),
       T(cwnd_is_the_least_of_its_bounds),
       T(cwnd_grows_by_what_is_acknowledged), T(it_paces_at_a_percent_less),
       T(recovery_gives_cwnd_back), T(a_timeout_leaves_one_segment),
       T(undo_goes_back), T(undo_goes_back_to_the_probe),
       T(undo_goes_back_to_startup), T(marks_are_congestion),
       T(the_model_lives_over_idle_times), T(the_record_is_given_back),
       T(without_memory_reno_governs), T(it_tells_its_figures),
       T(rates_come_to_bytes))
