/* rfc9293_open_test.c: RFC 9293 §3.5: handshakes, active, passive and
 * simultaneous, and what does not belong to them; §3.5.2, §3.10.7.1: resets of
 * connections that do not exist; §3.10.7.2-3: LISTEN and SYN-SENT; §3.4.1:
 * initial sequence numbers.
 */
#include "pkt.h"

#define OUR_SYN "S seq 0 win 65535 mss M sackOK ts * 0 wscale 7"

/* ---- §3.5 --------------------------------------------------------------- */

/* Figure 6, TCP Peer B's side. */
PKT(s3_5_passive_open)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    state(CW_SYN_RECV);
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    accepts();
    EXPECT_EQ(cw_ready(pk.st, pk.f->sd), CW_POLLOUT);
    quiet(60 sec);
}

/* Figure 6, TCP Peer A's side. */
PKT(s3_5_active_open)
{
    dials();
    out(OUR_SYN);
    state(CW_SYN_SENT);
    in("S. seq 0 ack 1 win 1000 mss 1000");
    out(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    EXPECT_EQ(cw_ready(pk.st, pk.f->sd), CW_POLLOUT);
    quiet(60 sec);
}

/* Figure 7 (MUST-10): the SYNs cross; each side answers with SYN-ACK, of the
 * same initial number, and is established by the other's. */
PKT(s3_5_simultaneous_open)
{
    dials();
    out(OUR_SYN);
    in("S seq 0 win 2000 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    state(CW_SYN_RECV);
    in("S. seq 0 ack 1 win 3000 mss 1000");
    state(CW_ESTABLISHED);
    EXPECT_EQ(info().snd_wnd, 3000);
    quiet(0);
    sends(500);
    out("P. seq 1 len 500 ack 1");
    in(". seq 1 ack 501");
}

/* The same, but the peer's SYN-ACK was lost and a bare ACK comes. */
PKT(s3_5_simultaneous_open_by_ack)
{
    dials();
    out(OUR_SYN);
    in("S seq 0 mss 1000 sackOK");
    out("S. seq 0 ack 1 win 65535 mss M sackOK");
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    quiet(60 sec);
}

/* Our SYN-ACK is lost in a simultaneous open: it is sent again. */
PKT(s3_5_simultaneous_open_again)
{
    dials();
    out(OUR_SYN);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    after(1 sec, "S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
}

/* MUST-11: it came from an active open, so that a reset refuses it. */
PKT(s3_10_7_4_reset_of_simultaneous_open)
{
    dials();
    out(OUR_SYN);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    in("R seq 1");
    EXPECT_EQ(pk.dropped, WHY_RST_ACCEPTED);
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), CW_ECONNREFUSED);
    quiet(60 sec);
}

/* MUST-11: a passive one goes back to LISTEN, and nobody hears of it. */
PKT(s3_10_7_4_reset_of_passive_open)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("R seq 1");
    nothing();
    state(GONE);
    EXPECT_EQ(cw_ready(pk.st, pk.listener), 0);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
}

/* §3.10.7.4 Fourth: so does a SYN in its window, to the letter. */
PKT(s3_10_7_4_syn_in_passive_syn_received)
{
    pk.config.profile = CW_PROFILE_STRICT;
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("S seq 100 mss 1000");
    nothing();
    state(GONE);
}

/* The SYN again is not in the window; whatever answers it, it must lead to
 * the same connection: hosts repeat the SYN-ACK. */
PKT(s3_5_syn_again)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
}

/* Data that comes with the handshake's ACK, and a FIN. */
PKT(s3_5_data_and_fin_with_the_ack)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("F. seq 1 len 10 ack 1");
    out(". seq 1 ack 12");
    state(CW_CLOSE_WAIT);
    accepts();
    reads(10);
    reads_result(0);
}

/* Text on the SYN is kept or comes again; it is never lost or doubled. */
PKT(s3_10_7_2_text_on_the_syn)
{
    listens(1);
    in("S seq 0 len 10 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 len 20 ack 1");
    out(". seq 1 ack 21");
    accepts();
    reads(20);
    reads_result(-CW_EAGAIN);
}

/* §3.10.7.3 Fourth: "continue processing at the sixth step" */
PKT(s3_10_7_3_text_and_fin_on_the_syn_ack)
{
    dials();
    out(OUR_SYN);
    in("SF. seq 0 len 10 ack 1 mss 1000");
    out(". seq 1 ack 12");
    state(CW_CLOSE_WAIT);
    reads(10);
    reads_result(0);
}

/* [RFC9293-3.10.7.3-c] Fourth: "queue them for processing after the
 * ESTABLISHED state has been reached" */
PKT(s3_10_7_3_text_and_fin_on_the_crossing_syn)
{
    dials();
    out(OUR_SYN);
    in("SF seq 0 len 10 mss 1000");
    out("S. seq 0 ack 11 mss M");
    state(CW_SYN_RECV);
    reads_result(-CW_EAGAIN);
    in(". seq 12 ack 1");
    out(". seq 1 ack 12");
    state(CW_CLOSE_WAIT);
    reads(10);
    reads_result(0);
}

/* ---- §3.10.7.3: SYN-SENT ------------------------------------------------ */

static const struct syn_sent_row {
    const char *got, *answer; /* "": none */
    int         error;        /* CW_E* of the connection */
    enum why    why;
} syn_sent_rows[] = {
    /* First: the ACK */
    { "S. seq 0 ack 0", "R seq 0", 0, WHY_ACK_UNACCEPTABLE },
    { ". seq 0 ack 0", "R seq 0", 0, WHY_ACK_UNACCEPTABLE },
    { "S. seq 0 ack 2", "R seq 2", 0, WHY_ACK_UNACCEPTABLE },
    { ". seq 77 ack -5", "R seq -5", 0, WHY_ACK_UNACCEPTABLE },
    { "R. seq 0 ack 0", "", 0, WHY_ACK_UNACCEPTABLE },
    { "R. seq 0 ack 2", "", 0, WHY_ACK_UNACCEPTABLE },
    /* Second: the RST */
    { "R seq 0", "", 0, WHY_RST_IGNORED },
    { "R seq 1", "", 0, WHY_RST_IGNORED },
    { "SR seq 0", "", 0, WHY_RST_IGNORED },
    { "R. seq 0 ack 1", "", CW_ECONNREFUSED, WHY_RST_ACCEPTED },
    { "R. seq 0 len 5 ack 1", "", CW_ECONNREFUSED, WHY_RST_ACCEPTED },
    /* Fifth: neither SYN nor RST */
    { ". seq 0 ack 1", "", 0, WHY_NOT_FOR_SYN_SENT },
    { "F. seq 0 len 9 ack 1", "", 0, WHY_NOT_FOR_SYN_SENT },
    { "F seq 0", "", 0, WHY_NOT_FOR_SYN_SENT },
    { "- seq 0", "", 0, WHY_NOT_FOR_SYN_SENT },
};

PKT(s3_10_7_3_syn_sent)
{
    int n = 0;

    T_EACH (r, syn_sent_rows) {
        t_row("%s", r->got);
        flow(n++ % 8);
        renumber(0x1000);
        pk.f->ends.uport = 0;
        dials();
        out(OUR_SYN);
        in(r->got);
        if (r->answer[0])
            out(r->answer);
        nothing();
        EXPECT_EQ(pk.dropped, r->why);
        if (!r->error)
            state(CW_SYN_SENT);
        EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), r->error);
        closes();
        nothing(); /* CLOSE in SYN-SENT: the TCB just goes */
        state(GONE);
    }
}

/* Half-open connections discovered (Figure 9's line 4 to 6): the peer still
 * knows us from an earlier life; its ACK is answered by a reset, and then
 * our SYN, sent again, is new to it. */
PKT(s3_5_1_half_open_peer)
{
    dials();
    out(OUR_SYN);
    in(". seq 300 ack 100");
    out("R seq 100");
    state(CW_SYN_SENT);
    after(1 sec, "S seq 0 win 65535 mss M sackOK ts 1000 0 wscale 7");
    in("S. seq 0 ack 1 mss 1000");
    out(". seq 1 ack 1");
    state(CW_ESTABLISHED);
}

/* ---- §3.10.7.2: LISTEN -------------------------------------------------- */

static const struct {
    const char *got, *answer;
    enum why    why;
} listen_rows[] = {
    { "R seq 0", "", WHY_RST_IGNORED },
    { "R. seq 0 ack 5", "", WHY_RST_IGNORED },
    { "SR seq 0", "", WHY_RST_IGNORED },
    { ". seq 0 ack 7", "R seq 7", WHY_ACK_UNACCEPTABLE },
    { "S. seq 0 ack 7", "R seq 7", WHY_ACK_UNACCEPTABLE },
    { "F. seq 0 len 9 ack 7", "R seq 7", WHY_ACK_UNACCEPTABLE },
    { "F seq 0", "", WHY_NOT_FOR_LISTEN },
    { "- seq 0 len 9", "", WHY_NOT_FOR_LISTEN },
};

PKT(s3_10_7_2_listen)
{
    listens(1);
    T_EACH (r, listen_rows) {
        t_row("%s", r->got);
        in(r->got);
        if (r->answer[0])
            out(r->answer);
        nothing();
        EXPECT_EQ(pk.dropped, r->why);
        state(GONE);
    }
}

/* ---- §3.10.7.1: CLOSED, §3.5.2 group 1 ---------------------------------- */

static const struct {
    const char *got, *answer;
} closed_rows[] = {
    { "S seq 0", "R. seq 0 ack 1" },
    { "S seq 0 len 10", "R. seq 0 ack 11" },
    { "SF seq 0 len 10", "R. seq 0 ack 12" },
    { "- seq 50", "R. seq 0 ack 50" },
    { "F seq 50 len 1", "R. seq 0 ack 52" },
    { ". seq 50 len 100 ack 7", "R seq 7" },
    { "S. seq 50 ack 7", "R seq 7" },
    { "F. seq 50 ack 7", "R seq 7" },
    { "R seq 0", "" },
    { "R. seq 0 ack 7", "" },
    { "SR seq 0", "" },
};

PKT(s3_10_7_1_closed)
{
    pk.f->ends.uport = 4;
    pk.f->ends.iss = 0; /* "sequence number zero is used" */
    T_EACH (r, closed_rows) {
        t_row("%s", r->got);
        in(r->got);
        if (r->answer[0])
            out(r->answer);
        nothing();
        EXPECT_EQ(pk.dropped, WHY_TCP_NO_PORT);
    }
    EXPECT_EQ(counter(COUNT_TCP_OUT_RSTS), 8);
}

/* ---- §3.4.1 ------------------------------------------------------------- */

static uint32_t isn_of_syn(void)
{
    renumber(0x5000);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("R seq 1");
    return pk.f->ends.iss;
}

/* [RFC6528-3-a] MUST-8, SHLD-1: the clock ticks each 4 us; the same four-tuple
 * gets the same offset. */
PKT(s3_4_1_isn_follows_a_clock)
{
    uint32_t first;

    pk.config.teach_iss = -1;
    listens(1);
    first = isn_of_syn();
    quiet(4 ms / 1000);
    EXPECT_EQ(isn_of_syn(), (uint32_t)(first + 1));
    quiet(1 sec);
    EXPECT_EQ(isn_of_syn(), (uint32_t)(first + 250001));
}

/* [RFC6528-3-b] MUST-9: four-tuples that differ in one bit say nothing about
 * each other; nor do two hosts. */
PKT(s3_4_1_isn_differs_by_four_tuple)
{
    uint32_t isn[8];

    pk.config.teach_iss = -1;
    listens(1);
    for (int i = 0; i < 8; i++) {
        flow(i);
        isn[i] = isn_of_syn();
        for (int j = 0; j < i; j++) {
            int32_t apart = (int32_t)(isn[i] - isn[j]);

            EXPECT(apart > 100000 || apart < -100000);
        }
    }
    for (int i = 2; i < 8; i++) /* no linear pattern */
        EXPECT_NE((uint32_t)(isn[i] - isn[i - 1]),
                  (uint32_t)(isn[i - 1] - isn[i - 2]));
}

/* [RFC6528-4-a] The secret comes from the seed. */
PKT(s3_4_1_isn_differs_by_host)
{
    uint32_t first;

    pk.config.teach_iss = -1;
    listens(1);
    first = isn_of_syn();
    pk_restart(99);
    listens(1);
    EXPECT_NE(isn_of_syn(), first);
}

/* ---- §3.10.4: CLOSE before it is open ----------------------------------- */

/* SYN-RECEIVED: "queue this request until ... ESTABLISHED" */
PKT(s3_10_4_close_in_syn_received)
{
    dials();
    out(OUR_SYN);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    closes();
    nothing();
    in("S. seq 0 ack 1");
    out("F. seq 1 ack 1");
    state(CW_FIN_WAIT1);
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    state(CW_TIME_WAIT);
}

T_MAIN(BOTH(s3_5_passive_open), BOTH(s3_5_active_open),
       BOTH(s3_5_simultaneous_open), BOTH(s3_5_simultaneous_open_by_ack),
       BOTH(s3_5_simultaneous_open_again),
       BOTH(s3_10_7_4_reset_of_simultaneous_open),
       BOTH(s3_10_7_4_reset_of_passive_open),
       BOTH(s3_10_7_4_syn_in_passive_syn_received), BOTH(s3_5_syn_again),
       BOTH(s3_5_data_and_fin_with_the_ack), BOTH(s3_10_7_2_text_on_the_syn),
       BOTH(s3_10_7_3_text_and_fin_on_the_syn_ack),
       BOTH(s3_10_7_3_text_and_fin_on_the_crossing_syn),
       BOTH(s3_10_7_3_syn_sent), BOTH(s3_5_1_half_open_peer),
       BOTH(s3_10_7_2_listen), BOTH(s3_10_7_1_closed),
       BOTH(s3_4_1_isn_follows_a_clock),
       BOTH(s3_4_1_isn_differs_by_four_tuple),
       BOTH(s3_4_1_isn_differs_by_host), BOTH(s3_10_4_close_in_syn_received))
