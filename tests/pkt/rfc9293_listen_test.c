/* rfc9293_listen_test.c: LISTEN's two queues: half-open connections (RFC 4987
 * §3.3: no more state than needed) and complete ones that wait for accept();
 * RFC 9293 §3.10.1, RFC 6298 §2 for the SYN-ACK's timer.
 */
#include "pkt.h"

static void syn(int n)
{
    flow(n);
    in("S seq 0 mss 1000");
}

static void complete(int n)
{
    syn(n);
    out("S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1");
}

/* A backlog of n holds n + 1 (as on Linux); then SYNs are dropped, not
 * refused, so that the peer tries again. */
PKT(backlog)
{
    listens(2);
    for (int i = 0; i < 3; i++) {
        complete(i);
        state(CW_ESTABLISHED);
    }
    syn(3);
    nothing();
    EXPECT_EQ(pk.dropped, WHY_BACKLOG_FULL);
    EXPECT_EQ(counter(COUNT_TCP_LISTEN_DROPS), 1);
    flow(0);
    accepts();
    flow(3);
    complete(3);
    flow(1); /* in the order of their completion */
    accepts();
    flow(2);
    accepts();
    flow(3);
    accepts();
    EXPECT_EQ(cw_accept(pk.st, pk.listener, NULL, pk.now), -CW_EAGAIN);
}

PKT(backlog_zero_holds_one)
{
    listens(0);
    complete(0);
    syn(1);
    nothing();
    flow(0);
    accepts();
    complete(1);
}

/* The queue filled up in mid-handshake: the ACK is not taken, the SYN-ACK
 * comes again, and the next ACK finds room. */
PKT(ack_while_the_backlog_is_full)
{
    listens(0);
    syn(0);
    out("S. seq 0 ack 1 mss M");
    complete(1);
    flow(0);
    in(". seq 1 ack 1");
    nothing();
    EXPECT_EQ(pk.dropped, WHY_BACKLOG_FULL);
    EXPECT_EQ(counter(COUNT_TCP_LISTEN_OVERFLOWS), 1);
    state(CW_SYN_RECV);
    flow(1);
    accepts();
    flow(0);
    after(1 sec, "S. seq 0 ack 1 mss M why tx-rto");
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    accepts();
}

/* Half-open connections are bounded; a completed one makes room (without
 * cookies, for which see rfc4987_test.c). */
PKT(syn_queue)
{
    pk.config.profile = CW_PROFILE_CLASSIC;
    listens(4);
    for (int i = 0; i < 16; i++) {
        syn(i);
        out("S. seq 0 ack 1 mss M");
    }
    syn(16);
    nothing();
    EXPECT_EQ(pk.dropped, WHY_BACKLOG_FULL);
    flow(7);
    in(". seq 1 ack 1");
    accepts();
    syn(16);
    out("S. seq 0 ack 1 mss M");
    for (int i = 0; i < 17; i++) {
        flow(i);
        in("R seq 1");
        nothing();
    }
    EXPECT_EQ(cw_ready(pk.st, pk.listener), 0);
}

/* RFC 6298 §2.1, §5.5; then it is forgotten without a word. */
PKT(syn_ack_again)
{
    listens(1);
    syn(0);
    out("S. seq 0 ack 1 win 65535 mss M why tx-synack");
    after(1 sec, "S. seq 0 ack 1 win 65535 mss M why tx-rto");
    after(2 sec, "S. seq 0 ack 1 win 65535 mss M why tx-rto");
    after(4 sec, "S. seq 0 ack 1 win 65535 mss M why tx-rto");
    after(8 sec, "S. seq 0 ack 1 win 65535 mss M why tx-rto");
    after(16 sec, "S. seq 0 ack 1 win 65535 mss M why tx-rto");
    state(CW_SYN_RECV);
    quiet(32 sec);
    state(GONE);
    in(". seq 1 ack 1");
    out("R seq 1");
}

/* MUST-23's 3 minutes, to the letter. */
PKT(syn_ack_again_strict)
{
    cw_ns wait = 1 sec, from;

    pk.config.profile = CW_PROFILE_STRICT;
    listens(1);
    from = pk.now;
    syn(0);
    out("S. seq 0 ack 1 mss M");
    for (int i = 0; i < 7; i++) {
        after(wait, "S. seq 0 ack 1 mss M");
        wait = ns_min(2 * wait, 60 sec);
    }
    quiet(wait - 1);
    EXPECT_GE(pk.now - from, 180 sec);
    state(CW_SYN_RECV);
    quiet(1);
    state(GONE);
}

/* Closing the listener: complete connections are reset, the others go. */
PKT(listener_is_closed)
{
    listens(4);
    complete(0);
    syn(1);
    out("S. seq 0 ack 1 mss M");
    EXPECT_EQ(cw_close(pk.st, pk.listener, pk.now), 0);
    pk_settle();
    flow(0);
    out("R. seq 1 ack 1");
    state(GONE);
    flow(1);
    nothing();
    state(GONE);
    quiet(60 sec);
    in(". seq 1 ack 1");
    out("R seq 1");
    EXPECT_EQ(cw_stack_memory_used(pk.st), 0);
}

/* MUST-41: children do not change the listener, nor the other way round. */
PKT(connections_do_not_see_each_other)
{
    listens(4);
    complete(0);
    accepts();
    complete(1);
    accepts();
    flow(0);
    in(". seq 1 len 10 ack 1");
    out(". seq 1 ack 11");
    in("R seq 11");
    state(GONE);
    flow(1);
    state(CW_ESTABLISHED);
    sends(10);
    out("P. seq 1 len 10 ack 1");
    complete(2);
}

/* A child that was reset before anybody accepted it is still accepted, and
 * says so. */
PKT(reset_before_accept)
{
    listens(1);
    complete(0);
    in("R seq 1");
    nothing();
    accepts();
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), CW_ECONNRESET);
    closes();
    nothing();
}

PKT(data_and_fin_before_accept)
{
    listens(1);
    complete(0);
    in(". seq 1 len 100 ack 1");
    out(". seq 1 ack 101");
    in("F. seq 101 ack 1");
    out(". seq 1 ack 102");
    accepts();
    reads(100);
    reads_result(0);
}

T_MAIN(BOTH(backlog), BOTH(backlog_zero_holds_one),
       BOTH(ack_while_the_backlog_is_full), BOTH(syn_queue),
       BOTH(syn_ack_again), BOTH(syn_ack_again_strict),
       BOTH(listener_is_closed), BOTH(connections_do_not_see_each_other),
       BOTH(reset_before_accept), BOTH(data_and_fin_before_accept))
