/* bbr_life_test.c: what recovery, undo and marks do to BBR, and its record's
 * life: draft-ietf-ccwg-bbr §5.5.11, §5.6.4.4, §3.7.
 */
#include "bbr_rig.h"

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

/* A loss that a probe has repaired is one, too. */
TEST(a_repaired_loss_is_noted)
{
    struct path p;

    path_init(&p);
    to_cruise(&p);
    begin_recovery(&p);
    EXPECT(!p.b->is_loss_in_round); /* it is the lost packets that tell */
    end_recovery(&p);
    tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_LOSS, BDP);
    EXPECT(p.b->is_loss_in_round);
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
    overrun(&p);
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

enum what { ACK, CONGESTION, TIMEOUT };

/* Nothing is sent, nothing is kept; and without memory Reno governs, whatever
 * comes first. */
static void starve(enum what what)
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
    if (what == ACK)
        tcp_cc(&p.r.t)->ack(&p.r.t, &p.ack);
    else if (what == CONGESTION)
        tcp_cc(&p.r.t)->congestion(&p.r.t, CC_SIGN_LOSS, 10 * RIG_MSS);
    else
        tcp_cc(&p.r.t)->timed_out(&p.r.t, 10 * RIG_MSS);
    EXPECT_EQ(p.r.t.opts.cc, CW_CC_RENO);
    EXPECT_EQ(p.r.t.cwnd,
              (what == ACK           ? 11
                   : what == TIMEOUT ? 1
                                     : 10)
                  * RIG_MSS);
    EXPECT_EQ(p.r.t.ssthresh, what == ACK ? UINT32_MAX : 5 * RIG_MSS);
    EXPECT_EQ(p.r.env.count[COUNT_NO_MEMORY], 1);
    while ((one = all) != NULL) {
        all = *one;
        slab_put(one);
    }
    path_free(&p);
}

TEST(without_memory_reno_governs)
{
    starve(ACK);
    starve(CONGESTION);
    starve(TIMEOUT);
}

/* A FIN that is delivered is no data. */
TEST(a_fin_is_no_data)
{
    struct path p;

    path_init(&p);
    p.r.t.fin_sent = true;
    p.ack.delivered = 3001;
    ack_at(&p, 60000);
    EXPECT_EQ(p.r.t.cwnd, 10 * RIG_MSS + 3000);
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

T_MAIN(T(recovery_gives_cwnd_back), T(a_timeout_leaves_one_segment),
       T(a_repaired_loss_is_noted), T(undo_goes_back),
       T(undo_goes_back_to_the_probe), T(undo_goes_back_to_startup),
       T(marks_are_congestion), T(the_model_lives_over_idle_times),
       T(the_record_is_given_back), T(without_memory_reno_governs),
       T(a_fin_is_no_data), T(it_tells_its_figures))
