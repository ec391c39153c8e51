/* bbr_model_test.c: BBR's model of the path, and what follows from it:
 * draft-ietf-ccwg-bbr §5.5 and §5.6.
 */
#include "bbr_rig.h"
#include "tcp/recover.h"

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

/* What was sent into a shut window, or is a probe of the MTU, is lost for
 * another reason: the model does not hear of it. */
TEST(not_every_loss_is_congestion)
{
    struct path      p;
    struct tcp      *t = &p.r.t;
    struct slab      mtus;
    struct tcp_mtu  *m;
    struct segrec   *r[3];
    struct tcp_past *past;

    path_init(&p);
    slab_init(&p.r.host.segs, p.r.env.arena, sizeof(struct segrec));
    slab_init(&mtus, p.r.env.arena, sizeof *m);
    t->snd.nxt = t->snd.una;
    for (int i = 0; i < 3; i++) {
        seq end = seq_add(t->snd.nxt, RIG_MSS);

        r[i] = tcp_rate_push(t, t->snd.nxt, end);
        t->snd.nxt = end;
    }
    past = tcp_past_new(t);
    m = slab_get0(&mtus);
    m->probe = 1500;
    m->start = r[1]->start;
    m->end = r[1]->end;
    past->mtu = arena_ref(p.r.env.arena, m);
    tcp_recover_first(t, WHY_TX_PROBE);
    EXPECT_EQ(p.r.flight.lost, RIG_MSS);
    tcp_mark_lost(t, r[1]);
    EXPECT_EQ(p.r.flight.lost, 2 * RIG_MSS);
    EXPECT(!p.b->is_loss_in_round);
    tcp_mark_lost(t, r[2]);
    EXPECT(p.b->is_loss_in_round);
    tcp_mark_lost(t, r[2]); /* it is known */
    EXPECT_EQ(p.r.flight.lost, 3 * RIG_MSS);
    EXPECT_EQ(p.b->loss_ranges, 1);
    slab_put(m);
    tcp_past_free(t);
    segq_fini(&p.r.flight.segq);
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

T_MAIN(T(max_bw_is_of_two_cycles), T(a_cycle_ends_after_the_probe),
       T(extra_acked_is_the_most_of_ten_rounds),
       T(extra_acked_in_startup_is_of_one_round),
       T(inflight_at_loss_is_the_equations),
       T(losses_slow_it_to_what_is_delivered),
       T(what_is_held_back_is_not_lost), T(probes_are_not_slowed),
       T(two_percent_are_tolerated),
       T(the_bound_falls_by_three_tenths_at_most),
       T(not_every_loss_is_congestion), T(the_bound_grows_by_powers_of_two),
       T(the_bound_grows_only_if_it_limits),
       T(what_went_well_raises_the_bound), T(min_rtt_is_of_ten_seconds),
       T(cwnd_is_the_least_of_its_bounds),
       T(cwnd_grows_by_what_is_acknowledged), T(it_paces_at_a_percent_less),
       T(rates_come_to_bytes))
