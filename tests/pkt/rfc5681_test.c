/* rfc5681_test.c: congestion control: RFC 5681 (slow start, avoidance, fast
 * retransmit, idle restart), RFC 6928 (initial window), RFC 3042 (limited
 * transmit), RFC 6582 (NewReno).  Without SACK; with it: rfc6675_test.c.
 */
#include "pkt.h"

/* n full segments of 1000, from here on. */
static void outs(int64_t seq, int n)
{
    for (int i = 0; i < n; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1000 ack 1",
                 (int)seq + 1000 * i);
        out(text);
    }
}

/* Reno is what `classic` has; ten segments make longer stories. */
static void textbook(void)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    pk.config.initcwnd = 10;
    passive("mss 1000");
}

static void ack(int64_t n)
{
    char text[64];

    snprintf(text, sizeof text, ". seq 1 ack %d", (int)n);
    in(text);
}

static void dupacks(int64_t n, int times)
{
    for (int i = 0; i < times; i++)
        ack(n);
}

/* ---- §3.1 ---------------------------------------------------------------- */

PKT(rfc6928_initial_window)
{
    passive("mss 1000");
    sends(20000);
    outs(1, 10);
    nothing();
}

/* eq. (1): 4 segments up to 1095 bytes, 3 up to 2190. */
PKT(s3_1_initial_window_strict)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    passive("mss 1000");
    sends(20000);
    outs(1, 4);
    nothing();
}

PKT(s3_1_initial_window_strict_of_larger_segments)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    passive("mss 1400");
    sends(20000);
    out(". seq 1 len 1400 ack 1");
    out(". seq 1401 len 1400 ack 1");
    out(". seq 2801 len 1400 ack 1");
    nothing();
}

/* "cwnd += min (N, SMSS)", eq. (2): one segment for each ACK. */
PKT(s3_1_slow_start_strict)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    passive("mss 1000");
    sends(60000);
    outs(1, 4);
    ack(1001);
    outs(4001, 2); /* cwnd 5 */
    ack(3001);     /* a delayed ACK of two: still one more */
    EXPECT_EQ(info().cwnd_bytes, 6000);
    outs(6001, 3);
    ack(3501); /* half a segment: half a segment more */
    EXPECT_EQ(info().cwnd_bytes, 6500);
    outs(9001, 1);
    ack(4001);
    EXPECT_EQ(info().cwnd_bytes, 7000);
    outs(10001, 1);
}

/* RFC 3465 §2: by the bytes that were acknowledged. */
PKT(s3_1_slow_start)
{
    passive("mss 1000");
    sends(60000);
    outs(1, 10);
    ack(1001);
    outs(10001, 2); /* cwnd 11 */
    ack(2001);
    outs(12001, 2); /* 12 */
    ack(4001);      /* a delayed ACK of two */
    outs(14001, 4);
    ack(4501); /* half a segment: half a segment more */
    EXPECT_EQ(info().cwnd_bytes, 14500);
    outs(18001, 1);
}

/* [RFC5681-3.1-h]
 * Above ssthresh one segment for each window of bytes. */
PKT(s3_1_congestion_avoidance)
{
    textbook();
    sends(40000);
    outs(1, 10);
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    EXPECT_EQ(info().cwnd_bytes, 1000); /* the loss window */
    ack(10001);                         /* the rest had arrived */
    EXPECT_EQ(info().cwnd_bytes, 2000);
    outs(10001, 2);
    ack(11001);
    outs(12001, 2);
    ack(12001);
    outs(14001, 2);
    ack(13001);
    outs(16001, 2);
    EXPECT_EQ(info().cwnd_bytes, 5000); /* = ssthresh */
    for (int i = 0; i < 4; i++) {
        ack(14001 + 1000 * i);
        outs(18001 + 1000 * i, 1);
        EXPECT_EQ(info().cwnd_bytes, 5000);
    }
    ack(18001);
    EXPECT_EQ(info().cwnd_bytes, 6000);
    outs(22001, 2);
}

/* eq. (4): ssthresh = max (FlightSize / 2, 2 SMSS); the second timeout of
 * the same segment leaves it. */
PKT(s3_1_timeout)
{
    textbook();
    sends(10000);
    for (int i = 0; i < 10; i++)
        EXPECT(pk_skip());
    after(1 sec, ". seq 1 len 1000 ack 1");
    EXPECT_EQ(info().snd_ssthresh, 5);
    EXPECT_EQ(info().cwnd_bytes, 1000);
    after(2 sec, ". seq 1 len 1000 ack 1");
    EXPECT_EQ(info().snd_ssthresh, 5);
    EXPECT_EQ(info().cwnd_bytes, 1000);
}

PKT(s3_1_timeout_of_little)
{
    textbook();
    sends(2500);
    for (int i = 0; i < 2; i++)
        EXPECT(pk_skip());
    after(1 sec, ". seq 1 len 1000 ack 1");
    EXPECT_EQ(info().snd_ssthresh, 2);
}

/* After a timeout what was out goes again by slow start. */
PKT(s3_1_slow_start_after_timeout)
{
    textbook();
    sends(10000);
    for (int i = 0; i < 10; i++)
        EXPECT(pk_skip());
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    ack(1001);
    out(". seq 1001 len 1000 ack 1 why tx-recover");
    out(". seq 2001 len 1000 ack 1 why tx-recover");
    nothing();
    ack(2001);
    outs(3001, 2);
    ack(3001);
    outs(5001, 2);
    ack(4001);
    outs(7001, 2); /* cwnd 5 = ssthresh */
    ack(5001);
    outs(9001, 0);
    out("P. seq 9001 len 1000 ack 1");
    ack(10001);
    quiet(60 sec);
}

/* ---- §3.2, RFC 3042, RFC 6582 -------------------------------------------- */

static void three_dupacks(void)
{
    textbook();
    sends(60000);
    outs(1, 10);
    ack(1);
    out(". seq 10001 len 1000 ack 1 why tx-limited");
    ack(1);
    out(". seq 11001 len 1000 ack 1 why tx-limited");
    ack(1);
    out(". seq 1 len 1000 ack 1 why tx-fast");
    nothing();
}

/* Step 2: "additional data sent in limited transmit MUST NOT be included" */
PKT(s3_2_fast_retransmit)
{
    three_dupacks();
    EXPECT_EQ(info().snd_ssthresh, 5);
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 1);
}

/* [RFC5681-3.2-i]
 * Steps 3 to 5: cwnd = ssthresh + 3, one more for each duplicate: new data
 * flow when it has passed the 12 segments that are out. */
PKT(s3_2_fast_recovery)
{
    three_dupacks();
    dupacks(1, 4); /* 8 + 4 */
    nothing();
    ack(1);
    outs(12001, 1);
    ack(1);
    outs(13001, 1);
}

/* [RFC6582-3.2-b]
 * Step 6, RFC 6582 step 3 "Full acknowledgments" (1): "min (ssthresh, max
 * (FlightSize, SMSS) + SMSS)" */
PKT(rfc6582_3_full_acknowledgment)
{
    three_dupacks();
    dupacks(1, 4);
    for (int i = 0; i < 5; i++) {
        ack(1);
        outs(12001 + 1000 * i, 1);
    }
    ack(12001); /* the recovery point */
    EXPECT_EQ(info().cwnd_bytes, 5000);
    nothing(); /* 5 are out */
    ack(13001);
    outs(17001, 1);
}

/* [RFC6582-3.2-c]
 * "Partial acknowledgments": the first unacknowledged goes at once; "for the
 * first partial ACK ... also reset the retransmit timer" */
PKT(rfc6582_3_partial_acknowledgment)
{
    three_dupacks();
    quiet(750 ms);
    ack(4001);
    out(". seq 4001 len 1000 ack 1 why tx-partial");
    quiet(750 ms); /* the old timer would have expired */
    ack(12001);
    while (pk_skip())
        ;
    EXPECT_EQ(info().snd_cwnd, 2); /* FlightSize 0: 1 + 1 segments */
}

PKT(rfc6582_3_several_partial_acknowledgments)
{
    three_dupacks();
    ack(2001);
    out(". seq 2001 len 1000 ack 1 why tx-partial");
    ack(5001);
    out(". seq 5001 len 1000 ack 1 why tx-partial");
    EXPECT_EQ(info().snd_ssthresh, 5); /* one loss event */
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 1);
}

/* [RFC6582-3.2-a] [RFC6582-3.2-d]
 * §3.2 step 1: after a timeout, duplicates of what it sent again start no
 * fast retransmit until the recovery point is passed. */
PKT(rfc6582_3_2_duplicates_after_a_timeout)
{
    textbook();
    sends(10000);
    for (int i = 0; i < 10; i++)
        EXPECT(pk_skip());
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    ack(1001);
    outs(1001, 2);
    dupacks(1001, 5);
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
}

/* What is no duplicate (RFC 5681 §2): another window, data, nothing out. */
PKT(s2_what_is_no_duplicate)
{
    textbook();
    dupacks(1, 5); /* nothing is out */
    nothing();
    sends(10000);
    for (int i = 0; i < 10; i++)
        EXPECT(pk_skip());
    in(". seq 1 ack 1 win 60000");
    in(". seq 1 ack 1 win 50000");
    in(". seq 1 ack 1 win 40000");
    in(". seq 1 ack 1 win 30000");
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
    for (int i = 0; i < 3; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 10 ack 1 win 30000",
                 1 + 10 * i);
        in(text);
        if (i == 1)
            out(". seq 10001 ack 21");
    }
    after(200 ms, ". seq 10001 ack 31"); /* the delayed ACK */
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
    in(". seq 31 ack 1 win 30000");
    in(". seq 31 ack 1 win 30000");
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
    in(". seq 31 ack 1 win 30000");
    out(". seq 1 len 1000 ack 31 why tx-fast");
}

/* RFC 3042 §2: only within the peer's window. */
PKT(rfc3042_2_within_the_window)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    pk.config.initcwnd = 10;
    listens(1);
    in("S seq 0 win 10000 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1 win 10000");
    accepts();
    sends(20000);
    outs(1, 10);
    in(". seq 1 ack 1 win 10000");
    in(". seq 1 ack 1 win 10000");
    nothing();
    in(". seq 1 ack 1 win 10000");
    out(". seq 1 len 1000 ack 1 why tx-fast");
}

/* The retransmission was lost, too: only the timer helps. */
PKT(s3_2_lost_again)
{
    three_dupacks();
    dupacks(1, 4);
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    EXPECT_EQ(info().cwnd_bytes, 1000);
}

/* ---- §4.1 ---------------------------------------------------------------- */

/* Idle for more than an RTO: the window is min (IW, cwnd) again. */
PKT(s4_1_restart_after_idle)
{
    textbook();
    sends(20000);
    outs(1, 10);
    for (int i = 1; i <= 10; i++) {
        ack(1 + 1000 * i);
        while (pk_skip())
            ;
    }
    ack(20001);
    EXPECT_GE(info().snd_cwnd, 19);
    quiet(1001 ms);
    sends(30000);
    outs(20001, 10);
    nothing();
}

PKT(s4_1_not_idle_long_enough)
{
    unsigned n;

    textbook();
    sends(20000);
    outs(1, 10);
    for (int i = 1; i <= 10; i++) {
        ack(1 + 1000 * i);
        while (pk_skip())
            ;
    }
    ack(20001);
    n = info().snd_cwnd;
    EXPECT_GE(n, 19);
    quiet(999 ms);
    sends(60000);
    outs(20001, (int)n);
    nothing();
}

T_MAIN(BOTH(rfc6928_initial_window), BOTH(s3_1_initial_window_strict),
       BOTH(s3_1_initial_window_strict_of_larger_segments),
       BOTH(s3_1_slow_start_strict), BOTH(s3_1_slow_start),
       BOTH(s3_1_congestion_avoidance), BOTH(s3_1_timeout),
       BOTH(s3_1_timeout_of_little), BOTH(s3_1_slow_start_after_timeout),
       BOTH(s3_2_fast_retransmit), BOTH(s3_2_fast_recovery),
       BOTH(rfc6582_3_full_acknowledgment),
       BOTH(rfc6582_3_partial_acknowledgment),
       BOTH(rfc6582_3_several_partial_acknowledgments),
       BOTH(rfc6582_3_2_duplicates_after_a_timeout),
       BOTH(s2_what_is_no_duplicate), BOTH(rfc3042_2_within_the_window),
       BOTH(s3_2_lost_again), BOTH(s4_1_restart_after_idle),
       BOTH(s4_1_not_idle_long_enough))
