/* rfc9293_call_test.c: RFC 9293 §3.10.1 to §3.10.6: what each user call answers
 * in each state, in the words of BSD sockets: a call that would be queued is
 * EAGAIN, "connection already exists" EALREADY or EISCONN, "connection
 * closing" EPIPE for who sends and the end of the stream for who reads.
 */
#include "pkt.h"

static const struct row {
    const char   *name;
    enum cw_state state;
    int           open, send, receive;
} rows[] = {
    { "SYN-SENT", CW_SYN_SENT, -CW_EALREADY, -CW_EAGAIN, -CW_EAGAIN },
    { "SYN-RECEIVED", CW_SYN_RECV, -CW_EALREADY, -CW_EAGAIN, -CW_EAGAIN },
    { "ESTABLISHED", CW_ESTABLISHED, -CW_EISCONN, 1, -CW_EAGAIN },
    { "FIN-WAIT-1", CW_FIN_WAIT1, -CW_EISCONN, -CW_EPIPE, -CW_EAGAIN },
    { "FIN-WAIT-2", CW_FIN_WAIT2, -CW_EISCONN, -CW_EPIPE, -CW_EAGAIN },
    { "CLOSE-WAIT", CW_CLOSE_WAIT, -CW_EISCONN, 1, 0 },
    { "CLOSING", CW_CLOSING, -CW_EISCONN, -CW_EPIPE, 0 },
    { "LAST-ACK", CW_LAST_ACK, -CW_EISCONN, -CW_EPIPE, 0 },
    { "TIME-WAIT", CW_TIME_WAIT, -CW_EISCONN, -CW_EPIPE, 0 },
};

static int open_again(void)
{
    struct cw_sockaddr a = { .addr = pk.f->ends.peer,
                             .port = pk.f->ends.pport };

    return cw_connect(pk.st, pk.f->sd, &a, pk.now);
}

/* [RFC9293-3.10.1-6-a] */
PKT(s3_10_1_open)
{
    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        given(r->state);
        EXPECT_EQ(open_again(), r->open);
        state(r->state);
        nothing();
    }
}

/* [RFC9293-3.10.1-6-a] */
PKT(s3_10_2_send)
{
    const uint8_t b = sg_byte(false, 0);

    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        given(r->state);
        EXPECT_EQ(cw_send(pk.st, pk.f->sd, &b, 1, 0, pk.now), r->send);
        pk_settle();
        EXPECT_EQ(pk_skip(), r->send > 0);
        state(r->state);
    }
}

/* [RFC9293-3.10.1-6-a] */
PKT(s3_10_3_receive)
{
    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        given(r->state);
        reads_result(r->receive);
        reads_result(r->receive);
        state(r->state);
        nothing();
    }
}

/* [RFC9293-3.10.1-6-a] CLOSE-WAIT: "RECEIVEs must be satisfied by data already
 * on hand"; only then is it closing. */
PKT(s3_10_3_what_is_on_hand_first)
{
    passive("mss 1000");
    in("F. seq 1 len 100 ack 1");
    out(". seq 1 ack 102");
    reads(60);
    reads(40);
    reads_result(0);
}

/* [RFC9293-3.10.1-6-a] No TCB: "connection does not exist". */
PKT(s3_10_closed)
{
    given(CW_ESTABLISHED);
    in("R seq 1");
    reads_result(-CW_ECONNRESET); /* once */
    EXPECT_EQ(cw_send(pk.st, pk.f->sd, "", 1, 0, pk.now), -CW_EPIPE);
    reads_result(0);
    EXPECT_EQ(cw_shutdown(pk.st, pk.f->sd, CW_SHUT_WR, pk.now), -CW_ENOTCONN);
    nothing();
}

/* [RFC9293-3.10.4-a] One FIN, however often CLOSE is called, and in
 * CLOSE-WAIT LAST-ACK follows. */
PKT(s3_10_4_close)
{
    static const struct {
        enum cw_state from, to;
        bool          sends_fin;
    } closing[] = {
        { CW_ESTABLISHED, CW_FIN_WAIT1, true },
        { CW_CLOSE_WAIT, CW_LAST_ACK, true },
        { CW_FIN_WAIT1, CW_FIN_WAIT1, false },
        { CW_FIN_WAIT2, CW_FIN_WAIT2, false },
        { CW_CLOSING, CW_CLOSING, false },
        { CW_LAST_ACK, CW_LAST_ACK, false },
        { CW_TIME_WAIT, CW_TIME_WAIT, false },
    };

    T_EACH (r, closing) {
        t_row("from %d", r->from);
        pk_restart(0);
        given(r->from);
        closes();
        if (r->sends_fin)
            out("F. seq N ack R");
        nothing();
        state(r->to);
    }
}

/* [RFC9293-3.10.5-a] A reset with SND.NXT, where the RFC has one. */
PKT(s3_10_5_abort)
{
    static const struct {
        enum cw_state from;
        bool          resets;
    } aborting[] = {
        { CW_SYN_SENT, false },   { CW_SYN_RECV, true },
        { CW_ESTABLISHED, true }, { CW_FIN_WAIT1, true },
        { CW_FIN_WAIT2, true },   { CW_CLOSE_WAIT, true },
        { CW_CLOSING, false },    { CW_LAST_ACK, false },
    };

    T_EACH (r, aborting) {
        t_row("from %d", r->from);
        pk_restart(0);
        given(r->from);
        lingers(0);
        closes();
        if (r->resets)
            out("R. seq N ack R");
        quiet(300 sec);
        state(GONE);
    }
}

T_MAIN(BOTH(s3_10_1_open), BOTH(s3_10_2_send), BOTH(s3_10_3_receive),
       BOTH(s3_10_3_what_is_on_hand_first), BOTH(s3_10_closed),
       BOTH(s3_10_4_close), BOTH(s3_10_5_abort))
