/* rfc6675_test.c: loss recovery with SACK: RFC 6675 §4 (IsLost, NextSeg,
 * pipe), §5 (the algorithm), §5.1 (timeouts), RFC 2018 §8 (reneging).
 */
#include "pkt.h"

static void outs(int64_t seq, int n)
{
    for (int i = 0; i < n; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1000 ack 1",
                 (int)seq + 1000 * i);
        out(text);
    }
}

/* An ACK of n with these blocks. */
static void ack(int64_t n, const char *blocks)
{
    char text[128];

    snprintf(text, sizeof text, ". seq 1 ack %d%s%s", (int)n,
             blocks[0] ? " sack " : "", blocks);
    in(text);
}

/* RFC 6675 is what `classic` has where SACK is offered. */
static void textbook(void)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    pk.config.offer = CW_OFFER_SACK;
    pk.config.initcwnd = 10;
    passive("mss 1000 sackOK");
}

/* Ten segments are out, and more waits. */
static void ten_out(void)
{
    textbook();
    sends(60000);
    outs(1, 10);
}

/* The first is lost: two limited transmits, then it goes again. */
static void first_lost(void)
{
    ten_out();
    ack(1, "1001-2001");
    out(". seq 10001 len 1000 ack 1 why tx-limited");
    ack(1, "1001-3001");
    out(". seq 11001 len 1000 ack 1 why tx-limited");
    ack(1, "1001-4001");
    out(". seq 1 len 1000 ack 1 why tx-fast");
    nothing();
}

/* [RFC6675-5-b] [RFC6675-5-c] */
PKT(s5_fast_retransmit)
{
    first_lost();
    EXPECT_EQ(info().snd_ssthresh, 5); /* limited transmit does not count */
    EXPECT_EQ(info().cwnd_bytes, 5000);
    EXPECT_EQ(counter(COUNT_TCP_SACK_RECOVERY), 1);
}

/* [RFC6675-5-d] [RFC6675-4-c]
 * Step C: more goes when cwnd - pipe >= 1 SMSS.  pipe is 9000 at first. */
PKT(s5_pipe)
{
    first_lost();
    ack(1, "1001-5001");
    ack(1, "1001-6001");
    ack(1, "1001-7001");
    ack(1, "1001-8001");
    nothing();
    ack(1, "1001-9001");
    outs(12001, 1);
    ack(1, "1001-10001");
    outs(13001, 1);
    ack(1, "1001-12001"); /* two at once: two more */
    outs(14001, 2);
}

PKT(s5_recovered)
{
    first_lost();
    ack(12001, "");                     /* all of it was there */
    EXPECT_EQ(info().cwnd_bytes, 2000); /* no burst: RFC 6582's way out */
    outs(12001, 2);
    ack(14001, "");
    EXPECT_EQ(info().snd_ssthresh, 5);
    while (pk_skip())
        ;
}

/* [RFC6675-4-b] [RFC6675-5-c]
 * §4 IsLost: "either when DupThresh discontiguous SACKed sequences have
 * arrived above 'SeqNum' or more than (DupThresh - 1) * SMSS bytes" */
PKT(s4_is_lost_by_bytes)
{
    ten_out();
    ack(1, "1001-3001");
    outs(10001, 2);
    ack(1, "4001-5001,1001-3001"); /* 3000 bytes above 1 */
    out(". seq 1 len 1000 ack 1 why tx-sack-lost");
    ack(1, "4001-6001,1001-3001");
    EXPECT_EQ(info().lost, 1);
    ack(1, "4001-7001,1001-3001");
    EXPECT_EQ(info().lost, 2); /* 3000 bytes above 3001 */
    ack(1, "4001-8001,1001-3001");
    nothing();
    ack(1, "4001-9001,1001-3001");
    out(". seq 3001 len 1000 ack 1 why tx-sack-lost");
    ack(1, "4001-10001,1001-3001");
    outs(12001, 1);
}

/* [RFC6675-4-b] [RFC6675-4-d] */
PKT(s4_is_lost_by_runs)
{
    textbook();
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    for (int i = 0; i < 7; i++) {
        sends(100);
        EXPECT(pk_skip());
    }
    ack(1, "101-201");
    ack(1, "301-401,101-201");
    nothing();
    ack(1, "501-601,301-401,101-201");
    out(". seq 1 len 100 ack 1 why tx-fast");
    /* above them are two runs: not known to be lost, NextSeg () (3) */
    out(". seq 201 len 100 ack 1 why tx-rescue");
    out(". seq 401 len 100 ack 1 why tx-rescue");
    EXPECT_EQ(info().lost, 1);
    ack(1, "601-701,501-601,301-401,101-201"); /* three runs above 201? no */
    EXPECT_EQ(info().lost, 1);
    nothing();
}

/* [RFC6675-5-b]
 * Step (2): one ACK that tells enough. */
PKT(s5_at_once)
{
    ten_out();
    ack(1, "1001-5001");
    out(". seq 1 len 1000 ack 1 why tx-sack-lost");
}

/* [RFC6675-5-d]
 * An ACK that advances in recovery goes on with what is lost. */
PKT(s5_partial)
{
    ten_out();
    ack(1, "1001-3001");
    outs(10001, 2);
    ack(1, "4001-8001,1001-3001");
    out(". seq 1 len 1000 ack 1 why tx-sack-lost");
    nothing(); /* pipe: 1 again, 8001 to 12001 */
    ack(3001, "4001-8001");
    out(". seq 3001 len 1000 ack 1 why tx-sack-lost");
    nothing();
    ack(3001, "4001-9001");
    outs(12001, 1);
    ack(12001, "");
    while (pk_skip())
        ;
    EXPECT_EQ(counter(COUNT_TCP_SACK_RECOVERY), 1);
    EXPECT_EQ(counter(COUNT_TCP_RETRANS_SEGS), 2);
}

/* Blocks that cannot be are nothing. */
PKT(s4_nonsense)
{
    static const char *const blocks[] = {
        "5001-4001",   "10001-11001",           "9001-10002", "-500-1", "1-1",
        "-2000-20000", "2000000000-2000001000",
    };

    ten_out();
    T_EACH (b, blocks) {
        t_row("%s", *b);
        for (int i = 0; i < 4; i++)
            ack(1, *b);
        nothing();
        EXPECT_EQ(info().sacked, 0);
    }
}

/* Part of a segment is SACKed: the rest goes again. */
PKT(s4_part_of_a_segment)
{
    ten_out();
    ack(1, "501-6001");
    out(". seq 1 len 500 ack 1 why tx-sack-lost");
}

/* [RFC6675-5.1-b]
 * §5.1: after a timeout what was SACKed is not sent again. */
PKT(s5_1_timeout)
{
    ten_out();
    ack(1, "2001-3001");
    outs(10001, 1);
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    EXPECT_EQ(info().cwnd_bytes, 1000);
    ack(1001, "2001-3001");
    out(". seq 1001 len 1000 ack 1 why tx-recover");
    out(". seq 3001 len 1000 ack 1 why tx-recover");
    nothing();
}

/* §5.1: "a new recovery phase MUST NOT be initiated until HighACK is greater
 * than or equal to the new value of RecoveryPoint" */
PKT(s5_1_no_recovery_after_timeout)
{
    ten_out();
    after(1 sec, ". seq 1 len 1000 ack 1 why tx-rto");
    ack(1001, "");
    outs(1001, 2);
    ack(1001, "3001-4001");
    while (pk_skip())
        ;
    ack(1001, "3001-6001");
    while (pk_skip())
        ;
    ack(1001, "3001-9001");
    while (pk_skip())
        ;
    EXPECT_EQ(counter(COUNT_TCP_SACK_RECOVERY), 0);
    EXPECT_EQ(info().snd_ssthresh, 5);
}

/* [RFC6675-4-a]
 * RFC 2018 §8: the receiver threw away what it had reported; the left edge
 * "MUST" go again, SACKed or not. */
PKT(rfc2018_8_reneging)
{
    ten_out();
    ack(1, "1001-2001");
    outs(10001, 1);
    ack(1001, ""); /* and not 2001 */
    while (pk_skip())
        ;
    pk_step();
    out(". seq 1001 len 1000 ack 1 why tx-rto");
}

/* A FIN is in the scoreboard, too. */
PKT(s4_fin)
{
    textbook();
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    shuts(CW_SHUT_WR);
    out("F. seq 1001 ack 1");
    ack(1, "1001-1002");
    nothing();
    after(1 sec, "P. seq 1 len 1000 ack 1 why tx-rto");
    ack(1002, "");
    state(CW_FIN_WAIT2);
    quiet(1 sec);
}

T_MAIN(BOTH(s5_fast_retransmit), BOTH(s5_pipe), BOTH(s5_recovered),
       BOTH(s4_is_lost_by_bytes), BOTH(s4_is_lost_by_runs), BOTH(s5_at_once),
       BOTH(s5_partial), BOTH(s4_nonsense), BOTH(s4_part_of_a_segment),
       BOTH(s5_1_timeout), BOTH(s5_1_no_recovery_after_timeout),
       BOTH(rfc2018_8_reneging), BOTH(s4_fin))
