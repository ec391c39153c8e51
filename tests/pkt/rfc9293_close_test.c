/* rfc9293_close_test.c: §3.6 (closing), §3.10.4 (CLOSE), §3.10.5 (ABORT),
 * SHLD-3 and RFC 2525 §2.17 (unread data); TIME-WAIT: rfc9293_timewait_test.c.
 */
#include "pkt.h"

/* Figure 12, Peer A. */
PKT(s3_6_we_close_first)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    state(CW_FIN_WAIT1);
    in(". seq 1 ack 2");
    state(CW_FIN_WAIT2);
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    state(CW_TIME_WAIT);
    quiet(60 sec);
    state(GONE);
}

/* Figure 12, Peer B. */
PKT(s3_6_the_peer_closes_first)
{
    passive("mss 1000");
    in("F. seq 1 ack 1");
    out(". seq 1 ack 2");
    state(CW_CLOSE_WAIT);
    EXPECT_EQ(cw_ready(pk.st, pk.f->sd),
              CW_POLLIN | CW_POLLOUT | CW_POLLRDHUP);
    reads_result(0); /* MUST-12 */
    closes();
    out("F. seq 1 ack 2");
    state(CW_LAST_ACK);
    in(". seq 2 ack 2");
    state(GONE);
    quiet(60 sec);
}

/* Figure 13: simultaneous close. */
PKT(s3_6_simultaneous)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    in("F. seq 1 ack 1");
    out(". seq 2 ack 2");
    state(CW_CLOSING);
    in(". seq 2 ack 2");
    state(CW_TIME_WAIT);
    quiet(60 sec);
    state(GONE);
}

PKT(s3_6_fin_that_acknowledges_ours)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    state(CW_TIME_WAIT);
}

/* In CLOSING our FIN was lost: it goes again. */
PKT(s3_6_fin_again_in_closing)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    in("F. seq 1 ack 1");
    out(". seq 2 ack 2");
    after(200 ms + 1, "F. seq 1 ack 2");
    in(". seq 2 ack 2");
    state(CW_TIME_WAIT);
}

/* The peer's FIN again: our ACK was lost. */
PKT(s3_6_their_fin_again)
{
    passive("mss 1000");
    in("F. seq 1 ack 1");
    out(". seq 1 ack 2");
    in("F. seq 1 ack 1");
    out(". seq 1 ack 2");
    state(CW_CLOSE_WAIT);
    closes();
    out("F. seq 1 ack 2");
    in("F. seq 1 ack 1");
    out(". seq 2 ack 2");
    state(CW_LAST_ACK);
}

/* ---- half close ---------------------------------------------------------- */

PKT(s3_6_we_have_finished_they_have_not)
{
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    shuts(CW_SHUT_WR);
    out("F. seq 11 ack 1");
    in(". seq 1 ack 12");
    state(CW_FIN_WAIT2);
    EXPECT_EQ(cw_send(pk.st, pk.f->sd, "x", 1, 0, pk.now), -CW_EPIPE);
    for (int i = 0; i < 20; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1000 ack 12", 1 + 1000 * i);
        in(text);
        while (pk_skip())
            ;
        reads(1000);
        if (i < 16) /* quick ACKs */
            continue;
        pk_step();
        EXPECT(pk_skip());
    }
    quiet(3600 sec); /* as long as it takes: the owner is there */
    in("F. seq 20001 ack 12");
    out(". seq 12 ack 20002");
    state(CW_TIME_WAIT);
    reads_result(0);
}

PKT(s3_6_they_have_finished_we_have_not)
{
    passive("mss 1000");
    in("FP. seq 1 len 10 ack 1");
    out(". seq 1 ack 12");
    reads(10);
    reads_result(0);
    quiet(3600 sec);
    sends(3000);
    out(". seq 1 len 1000 ack 12");
    out(". seq 1001 len 1000 ack 12");
    out("P. seq 2001 len 1000 ack 12");
    in(". seq 12 ack 3001");
    closes();
    out("F. seq 3001 ack 12");
    in(". seq 12 ack 3002");
    state(GONE);
}

/* ---- §3.10.4: CLOSE and what is still queued ----------------------------- */

PKT(s3_10_4_fin_follows_the_data)
{
    listens(1);
    in("S seq 0 win 1000 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1 win 1000");
    accepts();
    sends(2500);
    out(". seq 1 len 1000 ack 1");
    closes();
    state(CW_FIN_WAIT1); /* "enter ... after all data" is sent: waits */
    in(". seq 1 ack 1001 win 1000");
    out(". seq 1001 len 1000 ack 1");
    in(". seq 1 ack 2001 win 1000");
    out("FP. seq 2001 len 500 ack 1");
    in(". seq 1 ack 2502");
    state(CW_FIN_WAIT2);
}

/* A send followed by a close is two segments (DESIGN). */
PKT(s3_10_4_send_then_close)
{
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    closes();
    out("F. seq 11 ack 1");
    in(". seq 1 ack 12");
    state(CW_FIN_WAIT2);
}

/* MAY-1, SHLD-3, RFC 2525 §2.17 */
PKT(s3_6_1_unread_data)
{
    passive("mss 1000");
    in(". seq 1 len 100 ack 1");
    out(". seq 1 ack 101");
    closes();
    out("R. seq 1 ack 101");
    state(GONE);
    quiet(60 sec);
}

PKT(s3_6_1_unread_data_in_close_wait)
{
    passive("mss 1000");
    in("F. seq 1 len 100 ack 1");
    out(". seq 1 ack 102");
    reads(40);
    closes();
    out("R. seq 1 ack 102");
    state(GONE);
}

/* "if such a host issues a CLOSE call while received data is still pending,
 * or if new data is received after CLOSE is called, its TCP SHOULD send a
 * RST" */
static void data_after_close(bool fin_acked)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    if (fin_acked)
        in(". seq 1 ack 2");
    in(". seq 1 len 10 ack 1");
    out("R. seq 2 ack 1");
    state(GONE);
    EXPECT_EQ(pk.dropped, WHY_AFTER_CLOSE);
    EXPECT_EQ(counter(COUNT_TCP_ABORT_ON_DATA), 1);
}

PKT(s3_6_1_data_after_close_in_fin_wait_1)
{
    data_after_close(false);
}

PKT(s3_6_1_data_after_close_in_fin_wait_2)
{
    data_after_close(true);
}

/* ... but what had been received is no new data. */
PKT(s3_6_1_old_data_after_close)
{
    passive("mss 1000");
    in(". seq 1 len 10 ack 1");
    out(". seq 1 ack 11");
    reads(10);
    closes();
    out("F. seq 1 ack 11");
    in(". seq 1 len 10 ack 1");
    out(". seq 2 ack 11");
    state(CW_FIN_WAIT1);
}

/* shutdown(SHUT_RD) does not reset: hosts take the data and forget it. */
PKT(s3_6_1_shut_rd)
{
    passive("mss 1000");
    shuts(CW_SHUT_RD);
    nothing();
    in(". seq 1 len 100 ack 1");
    out(". seq 1 ack 101 win 65435");
    reads_result(0);
    sends(10);
    out("P. seq 1 len 10 ack 101");
}

/* ---- §3.10.5: ABORT ------------------------------------------------------ */

static const struct {
    enum cw_state st;
    bool          says_so;
} abort_rows[] = {
    { CW_SYN_SENT, false }, { CW_SYN_RECV, true },  { CW_ESTABLISHED, true },
    { CW_FIN_WAIT1, true }, { CW_FIN_WAIT2, true }, { CW_CLOSE_WAIT, true },
    { CW_CLOSING, false },  { CW_LAST_ACK, false }, { CW_TIME_WAIT, false },
};

PKT(s3_10_5_abort)
{
    T_EACH (r, abort_rows) {
        t_row("state %d", r->st);
        pk_restart(0);
        given(r->st);
        lingers(0);
        closes();
        if (r->says_so)
            out("R. seq N ack R");
        nothing();
        if (r->st != CW_TIME_WAIT)
            state(GONE);
        quiet(300 sec);
        state(GONE);
    }
}

/* What was not sent is not sent any more. */
PKT(s3_10_5_abort_with_data_queued)
{
    passive("mss 1000");
    sends(30000);
    for (int i = 0; i < 10; i++)
        EXPECT(pk_skip());
    lingers(0);
    closes();
    out("R. seq 10001 ack 1");
    quiet(60 sec);
}

/* ---- an end without an owner --------------------------------------------- */

/* FIN-WAIT-2 may last for ever by the RFC; without an owner, a minute. */
PKT(fin_wait_2_without_an_owner)
{
    passive("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    in(". seq 1 ack 2");
    quiet(60 sec - 1);
    state(CW_FIN_WAIT2);
    quiet(1);
    state(GONE);
}

/* LAST-ACK and FIN-WAIT-1 end by retransmission's R2. */
PKT(last_ack_gives_up)
{
    given(CW_LAST_ACK);
    closes();
    while (pk_state() != GONE) {
        pk_step();
        pk_skip();
    }
    EXPECT_EQ(counter(COUNT_TCP_ABORT_ON_TIMEOUT), 1);
}

/* The user's last question: everything that was received is still there
 * after both ends are done. */
PKT(data_survives_the_end)
{
    passive("mss 1000");
    shuts(CW_SHUT_WR);
    out("F. seq 1 ack 1");
    in("F. seq 1 len 500 ack 2");
    out(". seq 2 ack 502");
    state(CW_TIME_WAIT);
    reads(500);
    reads_result(0);
    reads_result(0);
}

T_MAIN(BOTH(s3_6_we_close_first), BOTH(s3_6_the_peer_closes_first),
       BOTH(s3_6_simultaneous), BOTH(s3_6_fin_that_acknowledges_ours),
       BOTH(s3_6_fin_again_in_closing), BOTH(s3_6_their_fin_again),
       BOTH(s3_6_we_have_finished_they_have_not),
       BOTH(s3_6_they_have_finished_we_have_not),
       BOTH(s3_10_4_fin_follows_the_data), BOTH(s3_10_4_send_then_close),
       BOTH(s3_6_1_unread_data), BOTH(s3_6_1_unread_data_in_close_wait),
       BOTH(s3_6_1_data_after_close_in_fin_wait_1),
       BOTH(s3_6_1_data_after_close_in_fin_wait_2),
       BOTH(s3_6_1_old_data_after_close), BOTH(s3_6_1_shut_rd),
       BOTH(s3_10_5_abort), BOTH(s3_10_5_abort_with_data_queued),
       BOTH(fin_wait_2_without_an_owner), BOTH(last_ack_gives_up),
       BOTH(data_survives_the_end))
