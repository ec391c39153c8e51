/* bbr_test.c: BBR's states, and each edge between them, by
 * draft-ietf-ccwg-bbr §5.3, §5.4 and its appendix of test cases.
 */
#include "bbr_rig.h"

#define STATE(p, want) EXPECT_EQ((p)->b->state, want)

/* §5.2.1, §5.6.2: 2.77 initial windows each SRTT, and no slower before the
 * pipe is full; §5.3.1.1. */
TEST(startup_begins_with_the_initial_window)
{
    struct path p;

    path_init(&p);
    STATE(&p, BBR_STARTUP);
    EXPECT_EQ(p.b->pacing_rate, 10 * RIG_MSS * 277 / 100 * 1000 / RTT_MS);
    EXPECT_EQ(p.b->min_rtt, RTT_MS * NS_MS);
    EXPECT_EQ(tcp_cc(&p.r.t)->pacing_rate(&p.r.t), 0); /* nor held back */
    ack_at(&p, 100000); /* 2.77 times that is less */
    EXPECT_EQ(tcp_cc(&p.r.t)->pacing_rate(&p.r.t), p.b->pacing_rate);
    EXPECT_EQ(p.b->pacing_rate, 554000);
    ack_at(&p, 400000);
    EXPECT_EQ(p.b->pacing_rate, 400000 * 277 / 100 * 99 / 100);
    path_free(&p);
}

/* Another has left a window that is larger: it stays, the initial one is what
 * it would be. */
TEST(a_window_that_is_there_stays)
{
    struct path p;

    path_init(&p);
    tcp_opts_cc(&p.r.t.opts, &p.r.t, CW_CC_CUBIC);
    p.r.t.cwnd = 50 * RIG_MSS;
    tcp_opts_cc(&p.r.t.opts, &p.r.t, CW_CC_BBR);
    EXPECT_EQ(p.r.t.cc_kept, 0); /* nothing is sent yet */
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    p.b = arena_at(p.r.env.arena, p.r.t.cc_kept);
    EXPECT_EQ(p.r.t.cwnd, 50 * RIG_MSS);
    EXPECT_EQ(p.b->initial_cwnd, 10 * RIG_MSS);
    EXPECT_EQ(p.b->pacing_rate, 554000);
    path_free(&p);
}

/* Without an RTT a millisecond is assumed, until there is one. */
TEST(without_an_rtt_a_millisecond_stands_for_it)
{
    struct path p;

    path_init(&p);
    tcp_cc_over(&p.r.t);
    p.r.t.srtt = 0;
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    p.b = arena_at(p.r.env.arena, p.r.t.cc_kept);
    EXPECT_EQ(p.b->pacing_rate, 27700000);
    EXPECT_EQ(p.b->min_rtt, NS_NEVER);
    p.r.t.srtt = 100 * NS_MS;
    ack_at(&p, 1000);
    EXPECT_EQ(p.b->pacing_rate, 10 * RIG_MSS * 277 / 100 * 10);
    path_free(&p);
}

/* §5.3.1.2, "Exiting STARTUP on Bandwidth Plateau": three rounds in a row that
 * gain less than a quarter; app-limited ones count for nothing. */
TEST(a_plateau_ends_startup)
{
    static const struct {
        unsigned percent[6];
        bool     limited[6];
        unsigned rounds; /* until Drain; 0: never */
    } rows[] = {
        { { 100, 100, 100, 100, 100, 100 }, { 0 }, 4 },
        { { 100, 124, 124, 124, 124, 124 }, { 0 }, 4 },
        { { 100, 125, 125, 125, 125, 125 }, { 0 }, 5 },
        { { 100, 125, 157, 197, 247, 309 }, { 0 }, 0 },
        { { 100, 100, 100, 125, 125, 125 }, { 0 }, 0 },
        { { 100, 100, 100, 100, 100, 100 }, { 0, 1, 0, 0, 0, 0 }, 5 },
        { { 100, 100, 100, 100, 100, 100 }, { 0, 1, 1, 1, 1, 1 }, 0 },
    };

    T_EACH (row, rows) {
        struct path p;

        t_row("%u %u %u", row->percent[1], row->percent[2], row->rounds);
        path_init(&p);
        in_flight(&p, 2 * BDP);
        for (unsigned i = 0; i < 6 && p.b->state == BBR_STARTUP; i++) {
            p.ack.rate.app_limited = row->limited[i];
            ack_at(&p, BW / 100 * row->percent[i]);
            EXPECT_EQ(p.b->state,
                      i + 1 == row->rounds ? BBR_DRAIN : BBR_STARTUP);
        }
        EXPECT_EQ(p.b->full_bw_reached, row->rounds > 0);
        path_free(&p);
    }
}

/* ACKs that end no round trip are not counted. */
TEST(a_plateau_is_of_round_trips)
{
    struct path p;

    path_init(&p);
    ack_at(&p, BW);
    for (int i = 0; i < 20; i++) {
        p.same_round = true;
        p.rtt = NS_MS;
        ack_at(&p, BW);
    }
    STATE(&p, BBR_STARTUP);
    EXPECT_EQ(p.b->round_count, 1);
    path_free(&p);
}

/* §5.3.1.3: in recovery for a round trip, six ranges, and more than 2 % of
 * what was in flight; without SACK, any loss in recovery.  It is so where the
 * program limits, too. */
TEST(losses_end_startup)
{
    static const struct {
        unsigned ranges;
        uint32_t lost;
        bool     recovery, sack, ends;
    } rows[] = {
        { 6, 20001, true, true, true },  { 6, 20000, true, true, false },
        { 5, 50000, true, true, false }, { 6, 50000, false, true, false },
        { 1, 1000, true, false, true },  { 1, 1000, false, false, false },
    };

    T_EACH (row, rows) {
        struct path p;

        t_row("%u ranges, %u", row->ranges, row->lost);
        path_init(&p);
        p.r.t.sack_ok = row->sack;
        in_flight(&p, 30 * BDP);
        ack_at(&p, 20 * BW);
        for (unsigned i = 0; i < row->ranges; i++)
            lose(&p, 1000000, 0, true);
        if (row->recovery)
            begin_recovery(&p);
        p.ack = (struct cc_ack){ .lost = row->lost,
                                 .recovery = p.r.flight.recovery,
                                 .rate = { .lost = row->lost,
                                           .in_flight = 1000000,
                                           .delivered = 2500000,
                                           .app_limited = true } };
        ack_at(&p, 20 * BW);
        STATE(&p, row->ends ? BBR_DRAIN : BBR_STARTUP);
        EXPECT_EQ(p.b->inflight_longterm, row->ends ? 2500000 : BBR_INFINITE);
        EXPECT_EQ(p.b->full_bw_now, row->ends);
        EXPECT_EQ(p.b->full_bw_reached, row->ends);
        path_free(&p);
    }
}

/* ... but not before a round trip of recovery is over. */
TEST(startup_waits_for_a_round_trip_of_recovery)
{
    struct path p;

    path_init(&p);
    overrun(&p);
    for (int i = 0; i < 2; i++) {
        STATE(&p, BBR_STARTUP);
        p.same_round = i == 0;
        p.ack = (struct cc_ack){ .recovery = RECOVERY_FAST,
                                 .rate = { .lost = 50000,
                                           .in_flight = 1000000 } };
        ack_at(&p, 20 * BW);
    }
    STATE(&p, BBR_DRAIN);
    path_free(&p);
}

/* ... of recovery, and not of losses that came before it. */
TEST(losses_before_recovery_do_not_end_startup)
{
    struct path p;
    uint32_t    then;

    path_init(&p);
    in_flight(&p, 30 * BDP);
    ack_at(&p, 20 * BW);
    then = p.r.flight.delivered;
    for (unsigned i = 0; i < 6; i++)
        lose(&p, 1000000, 0, false);
    p.same_round = true;
    ack_at(&p, 20 * BW);
    begin_recovery(&p);
    p.r.flight.delivered = then; /* P.delivered of the next ACK */
    p.b->next_round_delivered = then + 1;
    p.ack = (struct cc_ack){ .recovery = RECOVERY_FAST,
                             .rate = { .lost = 50000,
                                       .in_flight = 1000000 } };
    ack_at(&p, 20 * BW);
    EXPECT(p.b->loss_round_start);
    STATE(&p, BBR_STARTUP);
    path_free(&p);
}

/* One range of many records is one range. */
TEST(a_burst_of_losses_is_one_range)
{
    struct path   p;
    struct segrec r = { .in_flight = 1000000 };

    path_init(&p);
    ack_at(&p, 20 * BW);
    for (unsigned i = 0; i < 30; i++) {
        r.start = seq_add(p.r.t.snd.una, i * RIG_MSS);
        r.end = seq_add(r.start, RIG_MSS);
        p.r.flight.lost += RIG_MSS;
        tcp_cc(&p.r.t)->lost(&p.r.t, &r);
    }
    EXPECT_EQ(p.b->loss_ranges, 1);
    path_free(&p);
}

/* §5.3.2, "Exiting DRAIN Based on Inflight", and then there is room at once;
 * "on Time". */
TEST(drain_ends_by_inflight_or_by_time)
{
    struct path p;

    path_init(&p);
    to_drain(&p);
    STATE(&p, BBR_DRAIN);
    EXPECT_EQ(bbr_pacing_gain(p.b), 50);
    EXPECT_EQ(p.b->pacing_rate, BW / 2 * 99 / 100);
    in_flight(&p, BDP + 1);
    ack_at(&p, BW);
    STATE(&p, BBR_DRAIN);
    in_flight(&p, BDP);
    ack_at(&p, BW);
    STATE(&p, BBR_CRUISE);
    path_free(&p);

    path_init(&p);
    to_drain(&p);
    for (int i = 0; i < 3; i++) {
        ack_at(&p, BW);
        STATE(&p, BBR_DRAIN);
    }
    ack_at(&p, BW);
    STATE(&p, BBR_DOWN);
    path_free(&p);
}

/* §5.3.3.1, "Exiting PROBE_DOWN on Inflight": room below inflight_longterm,
 * and no queue. */
TEST(down_ends_with_room_for_others)
{
    static const struct {
        uint32_t longterm, in_flight;
        bool     cruises;
    } rows[] = {
        { BBR_INFINITE, BDP, true }, { BBR_INFINITE, BDP + 1, false },
        { 100000, 85000, true },     { 100000, 85001, false },
        { 4500, 4000, true }, /* MinPipeCwnd */
    };

    T_EACH (row, rows) {
        struct path p;

        t_row("%u of %u", row->in_flight, row->longterm);
        path_init(&p);
        to_down(&p);
        STATE(&p, BBR_DOWN);
        EXPECT_EQ(bbr_pacing_gain(p.b), 90);
        p.b->inflight_longterm = row->longterm;
        in_flight(&p, row->in_flight);
        p.ack.rate.in_flight = 1; /* it does not raise the bound */
        ack_at(&p, BW);
        STATE(&p, row->cruises ? BBR_CRUISE : BBR_DOWN);
        path_free(&p);
    }
}

/* §5.3.3.8: it probes again after two to three seconds, or after as many round
 * trips as Reno would need, 63 at most; "Exiting PROBE_DOWN After Max Time". */
TEST(it_is_time_to_probe)
{
    struct path p;
    unsigned    n = 0;

    path_init(&p);
    to_cruise(&p);
    EXPECT_GE(p.b->bw_probe_wait, 2 * NS_S);
    EXPECT_LT(p.b->bw_probe_wait, 3 * NS_S);
    EXPECT_LE(p.b->rounds_since_probe_up, 4);
    p.r.env.now = p.b->cycle_stamp;
    p.same_round = true;
    p.rtt = p.b->bw_probe_wait;
    ack_at(&p, BW);
    STATE(&p, BBR_CRUISE);
    p.same_round = true;
    p.rtt = 1;
    ack_at(&p, BW);
    STATE(&p, BBR_REFILL);
    path_free(&p);

    path_init(&p); /* a round trip so short that Reno's time is first */
    to_cruise(&p);
    p.b->rounds_since_probe_up = 0;
    in_flight(&p, BDP);
    while (p.b->state == BBR_CRUISE && n++ < 200) {
        p.rtt = NS_MS;
        ack_at(&p, BW);
    }
    STATE(&p, BBR_REFILL);
    EXPECT_EQ(n, 63);
    path_free(&p);

    path_init(&p); /* and from DOWN, if it does not drain */
    to_down(&p);
    p.rtt = 3 * NS_S;
    ack_at(&p, BW);
    STATE(&p, BBR_REFILL);
    path_free(&p);
}

/* §5.3.3.8.2: reno_bdp in segments, of the BDP or of a cwnd that is less. */
TEST(small_windows_are_probed_as_often_as_by_reno)
{
    struct path p;
    unsigned    n = 0;

    path_init(&p);
    to_cruise(&p);
    p.b->rounds_since_probe_up = 0;
    p.b->inflight_shortterm = 7 * RIG_MSS;
    p.r.t.cwnd = 7 * RIG_MSS;
    while (p.b->state == BBR_CRUISE && n++ < 200) {
        p.rtt = NS_MS;
        ack_at(&p, BW);
    }
    EXPECT_EQ(n, 7);
    path_free(&p);
}

/* §5.3.3.3: the short-term model is gone, and a round trip later it is UP. */
TEST(refill_lasts_one_round_trip)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    p.b->bw_shortterm = BW / 2;
    p.b->inflight_shortterm = BDP / 2;
    p.rtt = 3 * NS_S;
    in_flight(&p, BDP);
    ack_at(&p, BW);
    STATE(&p, BBR_REFILL);
    EXPECT_EQ(p.b->bw_shortterm, UINT64_MAX);
    EXPECT_EQ(p.b->inflight_shortterm, BBR_INFINITE);
    EXPECT_EQ(p.b->pacing_rate, BW * 99 / 100);
    p.same_round = true;
    ack_at(&p, BW);
    STATE(&p, BBR_REFILL);
    ack_at(&p, BW);
    STATE(&p, BBR_UP);
    EXPECT_EQ(p.b->pacing_rate, BW / 100 * 125 * 99 / 100);
    EXPECT_EQ(bbr_cwnd_gain(p.b), 225);
    EXPECT(p.b->is_bw_probe_sample);
    path_free(&p);
}

/* §5.3.3.7 (1), "Exiting PROBE_UP on Bandwidth Plateau"; "Never Exiting
 * PROBE_UP When Application-Limited". */
TEST(a_plateau_ends_up)
{
    struct path p;

    path_init(&p);
    to_up(&p);
    for (int i = 0; i < 20; i++) {
        p.ack.rate.app_limited = true;
        p.rtt = NS_MS;
        ack_at(&p, BW);
        STATE(&p, BBR_UP);
    }
    for (int i = 0; i < 2; i++) {
        ack_at(&p, BW);
        STATE(&p, BBR_UP);
    }
    ack_at(&p, BW);
    STATE(&p, BBR_DOWN);
    EXPECT(!p.b->prev_probe_too_high);
    path_free(&p);
}

/* ... unless inflight_longterm is what limits. */
TEST(up_goes_on_while_the_bound_limits)
{
    struct path p;

    path_init(&p);
    to_up(&p);
    p.b->inflight_longterm = p.r.t.cwnd;
    for (int i = 0; i < 8; i++) {
        p.r.t.cwnd_limited = true;
        p.b->probe_up_acked_per_inc = BBR_INFINITE;
        p.rtt = NS_MS;
        ack_at(&p, BW);
        p.b->inflight_longterm = p.r.t.cwnd;
        STATE(&p, BBR_UP);
    }
    EXPECT_EQ(p.b->full_bw, BW);
    path_free(&p);
}

/* §5.3.3.7 (2), "Exiting PROBE_UP on Loss When Application-Limited". */
TEST(losses_end_up)
{
    static const struct {
        uint32_t already; /* lost since it was sent, before it */
        bool     limited, ends;
    } rows[] = {
        { 1000, false, false }, /* 2 % */
        { 1001, false, true },
        { 1001, true, true },
    };

    T_EACH (row, rows) {
        struct path p;

        t_row("%u", row->already);
        path_init(&p);
        to_up(&p);
        p.b->inflight_longterm = 5 * BDP;
        p.r.flight.lost = row->already;
        lose(&p, BDP, 0, row->limited);
        STATE(&p, row->ends ? BBR_DOWN : BBR_UP);
        EXPECT_EQ(p.b->prev_probe_too_high, row->ends);
        EXPECT_EQ(p.b->is_bw_probe_sample, !row->ends);
        if (row->ends && !row->limited)
            EXPECT_EQ(p.b->inflight_longterm,
                      bbr_inflight_at_loss(BDP, 2001, RIG_MSS));
        else
            EXPECT_EQ(p.b->inflight_longterm, 5 * BDP);
        path_free(&p);
    }
}

/* §5.3.3.6: after a probe that went too high the next one ends at the bound;
 * if that was safe, another follows at once. */
TEST(a_careful_probe_and_the_next)
{
    struct path p;

    path_init(&p);
    to_up(&p);
    p.b->prev_probe_too_high = true;
    p.b->inflight_longterm = BDP + 50000;
    in_flight(&p, BDP + 49999);
    ack_at(&p, BW);
    STATE(&p, BBR_UP);
    in_flight(&p, BDP + 50000);
    ack_at(&p, BW);
    STATE(&p, BBR_DOWN);
    EXPECT(p.b->prev_probe_precautionary && !p.b->prev_probe_too_high);
    ack_at(&p, BW);
    STATE(&p, BBR_REFILL);
    EXPECT(!p.b->prev_probe_precautionary);
    path_free(&p);

    path_init(&p); /* but not if its feedback is of losses */
    to_up(&p);
    p.b->prev_probe_too_high = true;
    p.b->inflight_longterm = BDP;
    in_flight(&p, BDP);
    ack_at(&p, BW);
    STATE(&p, BBR_DOWN);
    p.r.flight.lost = 5000;
    lose(&p, BDP, 0, false);
    EXPECT(p.b->prev_probe_too_high);
    ack_at(&p, BW);
    EXPECT_NE(p.b->state, BBR_REFILL);
    path_free(&p);
}

/* §5.3.4, "Entering and Exiting PROBE_RTT". */
TEST(probe_rtt_drains_and_goes_back)
{
    struct path p;
    uint32_t    cwnd;

    path_init(&p);
    to_cruise(&p);
    in_flight(&p, BDP);
    cwnd = p.r.t.cwnd;
    p.b->probe_rtt_min_stamp = p.r.env.now;
    p.b->cycle_stamp = p.r.env.now + 5 * NS_S; /* no probe for bandwidth */
    p.ack.rate.rtt = 60 * NS_MS;
    p.rtt = 5 * NS_S;
    ack_at(&p, BW);
    STATE(&p, BBR_CRUISE);
    cwnd = p.r.t.cwnd;
    p.ack.rate.rtt = 60 * NS_MS;
    p.rtt = 1;
    ack_at(&p, BW);
    STATE(&p, BBR_PROBE_RTT);
    EXPECT_EQ(p.r.t.cwnd, BDP / 2);
    EXPECT_EQ(p.b->pacing_rate, BW * 99 / 100);
    EXPECT(p.r.flight.rate.app_limited);
    EXPECT_EQ(p.b->probe_rtt_done_stamp, 0); /* too much is in flight */
    in_flight(&p, BDP / 2);
    ack_at(&p, BW);
    EXPECT_EQ(p.b->probe_rtt_done_stamp, p.r.env.now + 200 * NS_MS);
    p.same_round = true;
    p.rtt = 201 * NS_MS;
    ack_at(&p, BW); /* long enough, but no round trip */
    STATE(&p, BBR_PROBE_RTT);
    p.rtt = 1;
    ack_at(&p, BW);
    STATE(&p, BBR_CRUISE);
    EXPECT_GE(p.r.t.cwnd, cwnd);
    EXPECT_EQ(p.b->probe_rtt_min_stamp, p.r.env.now);
    path_free(&p);
}

/* ... and a round trip alone is not long enough. */
TEST(probe_rtt_lasts_200_ms)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    in_flight(&p, BDP / 2);
    p.rtt = 6 * NS_S;
    p.ack.rate.rtt = 60 * NS_MS;
    ack_at(&p, BW);
    STATE(&p, BBR_PROBE_RTT);
    for (int i = 0; i < 4; i++) {
        ack_at(&p, BW);
        STATE(&p, BBR_PROBE_RTT);
    }
    ack_at(&p, BW);
    STATE(&p, BBR_CRUISE);
    path_free(&p);
}

/* "Entering and Exiting PROBE_RTT During STARTUP". */
TEST(probe_rtt_in_startup_goes_back_there)
{
    struct path p;

    path_init(&p);
    ack_at(&p, BW);
    p.ack.rate.rtt = 60 * NS_MS;
    p.rtt = 6 * NS_S;
    ack_at(&p, 2 * BW);
    STATE(&p, BBR_PROBE_RTT);
    ack_at(&p, BW);
    p.rtt = 201 * NS_MS;
    ack_at(&p, BW);
    STATE(&p, BBR_STARTUP);
    path_free(&p);
}

/* §5.4.1, "Skipping PROBE_RTT Due to Application-Limited Sending": paced at
 * bw, cwnd as it was. */
TEST(after_idle_it_goes_on_at_bw)
{
    struct path p;
    uint32_t    cwnd;

    path_init(&p);
    to_cruise(&p);
    p.b->pacing_rate = 1;
    cwnd = p.r.t.cwnd;
    in_flight(&p, 0);
    p.r.env.now += 6 * NS_S;
    tcp_cc(&p.r.t)->idle(&p.r.t);
    p.r.flight.rate.app_limited = false; /* it has not run out */
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    EXPECT(!p.b->idle_restart);
    p.r.flight.rate.app_limited = true;
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    EXPECT(p.b->idle_restart);
    EXPECT_EQ(p.b->pacing_rate, BW * 99 / 100);
    EXPECT_EQ(p.b->extra_acked_interval_start, p.r.env.now);
    EXPECT_EQ(p.r.t.cwnd, cwnd);
    ack_at(&p, BW);
    EXPECT_NE(p.b->state, BBR_PROBE_RTT);
    EXPECT(!p.b->idle_restart);
    path_free(&p);
}

/* §5.4.1: idle in ProbeRTT may have been all of it. */
TEST(idle_time_ends_probe_rtt)
{
    struct path p;
    uint32_t    cwnd;

    path_init(&p);
    to_cruise(&p);
    in_flight(&p, BDP / 2);
    cwnd = p.r.t.cwnd;
    p.rtt = 6 * NS_S;
    p.ack.rate.rtt = 60 * NS_MS;
    ack_at(&p, BW);
    STATE(&p, BBR_PROBE_RTT);
    EXPECT_LT(p.r.t.cwnd, cwnd);
    in_flight(&p, 0);
    p.r.flight.rate.app_limited = true;
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    STATE(&p, BBR_PROBE_RTT);
    p.r.env.now += NS_S;
    tcp_cc(&p.r.t)->transmit(&p.r.t);
    STATE(&p, BBR_CRUISE);
    EXPECT_EQ(p.r.t.cwnd, cwnd);
    path_free(&p);
}

T_MAIN(T(startup_begins_with_the_initial_window),
       T(a_window_that_is_there_stays),
       T(without_an_rtt_a_millisecond_stands_for_it),
       T(a_plateau_ends_startup), T(a_plateau_is_of_round_trips),
       T(losses_end_startup), T(startup_waits_for_a_round_trip_of_recovery),
       T(losses_before_recovery_do_not_end_startup),
       T(a_burst_of_losses_is_one_range),
       T(drain_ends_by_inflight_or_by_time),
       T(down_ends_with_room_for_others), T(it_is_time_to_probe),
       T(small_windows_are_probed_as_often_as_by_reno),
       T(refill_lasts_one_round_trip), T(a_plateau_ends_up),
       T(up_goes_on_while_the_bound_limits), T(losses_end_up),
       T(a_careful_probe_and_the_next), T(probe_rtt_drains_and_goes_back),
       T(probe_rtt_lasts_200_ms), T(probe_rtt_in_startup_goes_back_there),
       T(after_idle_it_goes_on_at_bw), T(idle_time_ends_probe_rtt))
