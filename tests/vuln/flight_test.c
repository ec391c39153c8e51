/* flight_test.c: class 26, in a long flight of small segments: what one
 * segment from the peer makes us do is bounded.
 */
#include "pkt.h"

/* A flight of many small segments, behind data that have opened cwnd. */
enum { FIRST = 43201 };

static void tiny_flight(int n)
{
    pk.config.memory_max = 16u << 20;
    passive("mss 1440 sackOK");
    sets(CW_SOL_SOCKET, CW_SO_SNDBUF, 1 << 20);
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    sends(14400);
    pk_drain();
    in(". seq 1 ack 14401");
    sends(28800);
    pk_drain();
    in_f(". seq 1 ack %d", FIRST);
    for (int i = 0; i < n; i++) {
        sends(1);
        pk_drain();
    }
}

/* CVE-2019-5599: blocks that are far from each other in a long flight, too
 * few to tell of a loss: what a segment makes us look at is bounded, however
 * long the flight is. */
PKT(c26_sack_work)
{
    enum { N = 8000, MOST = 2 * TCP_SACK_WALK_MAX };

    tiny_flight(N);
    for (int i = 2; i < 1400; i++) {
        int      low = FIRST + 2, mid = FIRST + N / 2;
        uint64_t before = counter(COUNT_TCP_SACK_WALK);

        in_f(". seq 1 ack %d sack %d-%d,%d-%d,%d-%d,%d-%d", FIRST, mid,
             mid + i, low, low + 1, mid, mid + i, low, low + 1);
        EXPECT_LE(counter(COUNT_TCP_SACK_WALK), before + MOST);
        pk_drain();
    }
    EXPECT_GE(info().sacked, 1);
    state(CW_ESTABLISHED);
}

/* The bound costs an honest peer nothing: what comes in order is looked at
 * once, and all of it is known in the end. */
PKT(c26_sack_of_a_long_flight)
{
    enum { N = 8000 };
    uint64_t before;

    tiny_flight(N);
    before = counter(COUNT_TCP_SACK_WALK);
    for (int i = 2; i <= N; i++) {
        in_f(". seq 1 ack %d sack %d-%d", FIRST, FIRST + 1, FIRST + i);
        pk_drain();
    }
    EXPECT_LE(counter(COUNT_TCP_SACK_WALK), before + 8 * N);
    EXPECT_EQ(info().sacked, N / 1440 + 1);
}

/* CVE-2019-11477 overflows a count of segments: here it ends. */
PKT(c26_segments_in_flight_end)
{
    enum { MORE = 100 };

    tiny_flight(TCP_SEGS_MAX + MORE);
    EXPECT_EQ(info().unacked, TCP_SEGS_MAX);
    in_f(". seq 1 ack %d", FIRST + TCP_SEGS_MAX);
    EXPECT_EQ(pk_drain(), 1);
    in_f(". seq 1 ack %d", FIRST + TCP_SEGS_MAX + MORE);
    EXPECT_EQ(info().unacked, 0);
}

/* cwnd counts octets, and its octets may be that many segments: lost, they go
 * again in bursts no longer than cwnd has full segments, and a few. */
PKT(c26_lost_octets_are_no_burst)
{
    enum { N = 3000 };
    unsigned longest = 0;

    tiny_flight(N);
    for (int i = 0; i < 100; i++) {
        if (i == 0)
            pk_step(); /* the timer: all are lost */
        else
            in_f(". seq 1 ack %d", FIRST + i);
        longest = MAX(longest, (unsigned)pk_drain());
        EXPECT_LE(longest, info().cwnd_bytes / 1440 + 4);
    }
    state(CW_ESTABLISHED);
}

T_MAIN(BOTH(c26_sack_work), BOTH(c26_sack_of_a_long_flight),
       BOTH(c26_segments_in_flight_end), BOTH(c26_lost_octets_are_no_burst))
