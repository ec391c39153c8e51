/* reno_test.c: RFC 5681 §3.1: how much the window grows, and by how much it
 * shrinks.
 */
#include "cc_rig.h"

/* Round trips until the window has grown by so many segments, two of them for
 * an ACK. */
static unsigned rounds_to_grow(struct cc_rig *r, uint32_t segs)
{
    uint32_t to = r->t.cwnd + segs * RIG_MSS;
    unsigned rounds = 0;

    for (; r->t.cwnd < to && rounds < 1000; rounds++) {
        uint32_t whole = r->t.cwnd / RIG_MSS * RIG_MSS;

        for (uint32_t n = 0; n < whole; n += 2 * RIG_MSS)
            cc_rig_ack(r, MIN(2u * RIG_MSS, whole - n), 50 * NS_MS);
    }
    return rounds;
}

/* [RFC5681-3.1-h]: a segment for each round trip, also of a window that was
 * odd: what cannot be sent is not waited for. */
TEST(a_segment_for_each_round_trip)
{
    static const uint32_t windows[] = { 4, 5, 7, 11, 15, 100, 101 };

    T_EACH (segs, windows) {
        struct cc_rig r;

        t_row("%u segments", *segs);
        cc_rig_init(&r, CW_CC_RENO, *segs);
        cc_rig_loss(&r);
        EXPECT_EQ(rounds_to_grow(&r, 10), 10);
    }
}

/* Eq. (4), "no more than": whole segments, and never less than two. */
TEST(half_of_the_flight)
{
    static const struct {
        uint32_t cwnd, flight, ssthresh;
    } rows[] = {
        { 20000, 20000, 10000 }, { 15000, 15000, 7000 },
        { 20000, 15500, 7000 },  { 20000, 25000, 10000 },
        { 5000, 5000, 2000 },    { 3000, 3000, 2000 },
        { 1000, 1000, 2000 },
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("cwnd %u, flight %u", row->cwnd, row->flight);
        cc_rig_init(&r, CW_CC_RENO, row->cwnd / RIG_MSS);
        tcp_cc(&r.t)->congestion(&r.t, CC_SIGN_LOSS, row->flight);
        EXPECT_EQ(r.t.ssthresh, row->ssthresh);
        EXPECT_EQ(r.t.cwnd, row->cwnd);
    }
}

/* Slow start is for windows below ssthresh: one ACK of many segments does not
 * lead beyond. */
TEST(slow_start_ends_at_ssthresh)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 40);
    cc_rig_timeout(&r);
    EXPECT_EQ(r.t.cwnd, RIG_MSS);
    EXPECT_EQ(r.t.ssthresh, 20 * RIG_MSS);
    for (int i = 0; i < 10; i++)
        cc_rig_ack(&r, 3 * RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 20 * RIG_MSS);
}

/* docs/decisions/19-unused-window.md: it does not grow, and a loss counts from
 * what was out. */
TEST(a_window_that_is_not_used)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 40);
    for (int i = 0; i < 100; i++)
        cc_rig_ack_of(&r, RIG_MSS, 19 * RIG_MSS);
    EXPECT_EQ(r.t.cwnd, 40 * RIG_MSS);
    cc_rig_ack_of(&r, RIG_MSS, 20 * RIG_MSS); /* half: slow start may */
    EXPECT_EQ(r.t.cwnd, 41 * RIG_MSS);
    cc_rig_loss(&r);
    EXPECT_EQ(r.t.cwnd, 20 * RIG_MSS);
    for (int i = 0; i < 100; i++)
        cc_rig_ack_of(&r, RIG_MSS, 19 * RIG_MSS);
    EXPECT_EQ(r.t.cwnd, 20 * RIG_MSS);
    tcp_cc(&r.t)->congestion(&r.t, CC_SIGN_LOSS, 8 * RIG_MSS);
    EXPECT_EQ(r.t.ssthresh, 4 * RIG_MSS);
}

/* A round trip more of avoidance begins with a new count. */
TEST(what_was_counted_before_a_loss_is_forgotten)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 20);
    cc_rig_loss(&r);
    cc_rig_ack(&r, 9 * RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 10 * RIG_MSS);
    cc_rig_loss(&r);
    EXPECT_EQ(r.t.cwnd, 5 * RIG_MSS);
    cc_rig_ack(&r, 4 * RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 5 * RIG_MSS);
    cc_rig_ack(&r, RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 6 * RIG_MSS);
}

T_MAIN(T(a_segment_for_each_round_trip), T(half_of_the_flight),
       T(slow_start_ends_at_ssthresh), T(a_window_that_is_not_used),
       T(what_was_counted_before_a_loss_is_forgotten))
