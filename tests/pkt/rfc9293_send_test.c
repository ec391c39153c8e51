/* rfc9293_send_test.c: the sending side: what size of segment and when:
 * §3.7.4 (Nagle), §3.8.6.2.1 (silly windows), §3.8.6 (the peer's window),
 * §3.9.1.2 (PSH), §3.8.6.1 (probes of a closed window).
 */
#include "pkt.h"

/* The RTO where the round trip takes no time, which counts as 1 ns. */
#define RTO (200 ms + 1)

/* A passive connection of MSS 1000 whose peer offers this window. */
static void window(int wnd)
{
    char text[64];

    listens(8);
    snprintf(text, sizeof text, "S seq 0 win %d mss 1000", wnd);
    in(text);
    out("S. seq 0 ack 1 mss M");
    snprintf(text, sizeof text, ". seq 1 ack 1 win %d", wnd);
    in(text);
    accepts();
}

/* ---- Nagle, SHLD-7 ------------------------------------------------------- */

PKT(s3_7_4_small_writes_are_collected)
{
    passive("mss 1000");
    sends(1);
    out("P. seq 1 len 1 ack 1");
    for (int i = 0; i < 5; i++)
        sends(1);
    quiet(30 ms);
    in(". seq 1 ack 2");
    out("P. seq 2 len 5 ack 1");
    in(". seq 1 ack 7");
    quiet(60 sec);
}

/* "or until the TCP can send a full-sized segment" */
PKT(s3_7_4_full_segments_go)
{
    passive("mss 1000");
    sends(1);
    out("P. seq 1 len 1 ack 1");
    sends(999);
    nothing();
    sends(500);
    out(". seq 2 len 1000 ack 1");
    in(". seq 1 ack 2");
    nothing(); /* 499 wait: something is still in flight */
    in(". seq 1 ack 1002");
    out("P. seq 1002 len 499 ack 1");
}

/* MUST-17 */
PKT(s3_7_4_no_delay)
{
    passive("mss 1000");
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    sends(1);
    out("P. seq 1 len 1 ack 1");
    sends(1);
    out("P. seq 2 len 1 ack 1");
    sends(1500);
    out(". seq 3 len 1000 ack 1");
    out("P. seq 1003 len 500 ack 1");
}

PKT(s3_7_4_no_delay_lets_go_what_waits)
{
    passive("mss 1000");
    sends(1);
    out("P. seq 1 len 1 ack 1");
    sends(10);
    nothing();
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    out("P. seq 2 len 10 ack 1");
}

/* The end of data is not held back. */
PKT(s3_7_4_fin_lets_go_what_waits)
{
    passive("mss 1000");
    sends(1);
    out("P. seq 1 len 1 ack 1");
    sends(10);
    shuts(CW_SHUT_WR);
    out("FP. seq 2 len 10 ack 1");
}

/* ---- §3.9.1.2 ------------------------------------------------------------ */

/* MUST-60, MUST-61, SHLD-28 */
PKT(s3_9_1_2_push_at_the_end)
{
    passive("mss 1000");
    sends(3010);
    out(". seq 1 len 1000 ack 1");
    out(". seq 1001 len 1000 ack 1");
    out(". seq 2001 len 1000 ack 1");
    nothing(); /* 10 wait for an ACK: Nagle */
    in(". seq 1 ack 3001");
    out("P. seq 3001 len 10 ack 1");
}

/* SHLD-27: writes that a window held back leave as full segments. */
PKT(s3_9_1_2_writes_are_merged)
{
    window(1000);
    for (int i = 0; i < 20; i++) {
        sends(150);
        if (i == 0)
            out("P. seq 1 len 150 ack 1");
    }
    in(". seq 1 ack 151 win 2500");
    out(". seq 151 len 1000 ack 1");
    out(". seq 1151 len 1000 ack 1");
}

/* ---- §3.8.6 -------------------------------------------------------------- */

PKT(s3_8_6_window_limits)
{
    window(2500);
    sends(5000);
    out(". seq 1 len 1000 ack 1");
    out(". seq 1001 len 1000 ack 1");
    nothing(); /* 500 would fit: silly */
    in(". seq 1 ack 1001 win 2500");
    out(". seq 2001 len 1000 ack 1");
    in(". seq 1 ack 3001 win 2500");
    out(". seq 3001 len 1000 ack 1");
    out("P. seq 4001 len 1000 ack 1");
}

/* An update alone, without new data acknowledged, lets more go. */
PKT(s3_8_6_window_update)
{
    window(1000);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    quiet(100 ms);
    in(". seq 1 ack 1001 win 5000");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
}

/* MUST-34, SHLD-15: the window shrinks below what is in flight. */
PKT(s3_8_6_window_shrinks)
{
    window(8000);
    sends(10000);
    for (int i = 0; i < 8; i++)
        EXPECT(pk_skip());
    in(". seq 1 ack 1001 win 2000"); /* to 3001; 8001 were sent */
    nothing();
    in(". seq 1 ack 2001 win 2000"); /* to 4001 */
    nothing();
    in(". seq 1 ack 8001 win 2000");
    out(". seq 8001 len 1000 ack 1");
    out("P. seq 9001 len 1000 ack 1");
}

/* SHLD-16: what lies inside the shrunk window is sent again at RTO. */
PKT(s3_8_6_retransmits_inside_a_shrunk_window)
{
    window(4000);
    sends(4000);
    for (int i = 0; i < 4; i++)
        EXPECT(pk_skip());
    in(". seq 1 ack 1 win 1500");
    nothing();
    after(RTO, ". seq 1 len 1000 ack 1 why tx-rto");
    nothing();
}

/* A pure ACK must be acceptable to its receiver: after the window has shrunk
 * SND.NXT may be outside. */
PKT(s3_8_6_acks_stay_in_a_shrunk_window)
{
    window(4000);
    sends(4000);
    for (int i = 0; i < 4; i++)
        EXPECT(pk_skip());
    in(". seq 1 ack 1001 win 0");
    in(". seq 1 len 10 ack 1001 win 0");
    out(". seq 1001 ack 11");
    lingers(0); /* and so must a reset be */
    closes();
    out("R. seq 1001 ack 11");
}

/* ---- §3.8.6.2.1 ---------------------------------------------------------- */

/* MUST-38 (3): half of the largest window is worth a segment. */
PKT(s3_8_6_2_1_half_the_largest_window)
{
    window(800);
    sends(3000);
    out(". seq 1 len 800 ack 1");
    in(". seq 1 ack 801 win 399");
    quiet(10 ms);
    in(". seq 1 ack 801 win 400");
    out(". seq 801 len 400 ack 1");
}

/* (4): the override timeout, RTO here, of 0.1 to 1 s. */
PKT(s3_8_6_2_1_override)
{
    window(4000);
    sends(4000);
    for (int i = 0; i < 4; i++)
        EXPECT(pk_skip());
    sends(2000);
    in(". seq 1 ack 4001 win 300");
    after(RTO, ". seq 4001 len 300 ack 1");
}

/* What ends the data may be small (2). */
PKT(s3_8_6_2_1_the_last_piece)
{
    window(4000);
    sends(300);
    out("P. seq 1 len 300 ack 1");
    in(". seq 1 ack 301 win 200");
    sends(200);
    out("P. seq 301 len 200 ack 1");
}

/* ---- §3.8.6.1 ------------------------------------------------------------ */

/* MUST-36, SHLD-29, SHLD-30: the first after an RTO (RTT is 0
 * here), then doubled; MUST-37: as long as they are answered. */
PKT(s3_8_6_1_probes)
{
    cw_ns wait = RTO;

    window(1000);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    for (int i = 0; i < 50; i++) {
        after(wait, ". seq 1001 len 1 ack 1 why tx-probe");
        in(". seq 1 ack 1001 win 0");
        nothing();
        wait = ns_min(2 * wait, 120 sec);
    }
    state(CW_ESTABLISHED);
    in(". seq 1 ack 1001 win 5000");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    in(". seq 1 ack 3001");
    quiet(1000 sec);
}

/* The peer took the probe's octet. */
PKT(s3_8_6_1_probe_is_taken)
{
    window(1000);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    after(RTO, ". seq 1001 len 1 ack 1");
    in(". seq 1 ack 1002 win 0");
    nothing();
    quiet(199 ms); /* the next waits at least an RTO again */
    in(". seq 1 ack 1002 win 4000");
    out(". seq 1002 len 1000 ack 1");
    in(". seq 1 ack 2002");
    out("P. seq 2002 len 999 ack 1");
}

/* Unanswered probes are retransmissions: given up after R2. */
PKT(s3_8_6_1_unanswered_probes)
{
    cw_ns from;
    int   probes = 0;

    window(1000);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    from = pk.now;
    while (pk_state() != GONE) {
        pk_step();
        if (pk_skip())
            probes++;
    }
    EXPECT_EQ(probes, 15 + 1);         /* and a reset */
    EXPECT_GE(pk.now - from, 100 sec); /* SHLD-11 */
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), CW_ETIMEDOUT);
}

/* MUST-35: zero by shrinking, with data in flight. */
PKT(s3_8_6_1_shrunk_to_zero)
{
    window(3000);
    sends(3000);
    for (int i = 0; i < 3; i++)
        EXPECT(pk_skip());
    in(". seq 1 ack 1001 win 0");
    after(RTO, ". seq 1001 len 1000 ack 1 why tx-probe");
    in(". seq 1 ack 1001 win 0");
    after(2 * RTO, ". seq 1001 len 1000 ack 1 why tx-probe");
    in(". seq 1 ack 1001 win 3000"); /* what was sent then was lost */
    out(". seq 1001 len 1000 ack 1");
}

/* Only the FIN is left: it takes its octet of window, too. */
PKT(s3_8_6_1_fin_into_a_closed_window)
{
    window(1000);
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    shuts(CW_SHUT_WR);
    after(RTO, "F. seq 1001 ack 1");
    in(". seq 1 ack 1002 win 0");
    state(CW_FIN_WAIT2);
    quiet(60 sec);
}

/* The window is zero from the start. */
PKT(s3_8_6_1_zero_in_the_handshake)
{
    window(0);
    sends(1500);
    after(RTO, ". seq 1 len 1 ack 1 why tx-probe");
    in(". seq 1 ack 1 win 2000");
    out(". seq 1 len 1000 ack 1");
    nothing();
    in(". seq 1 ack 1001");
    out("P. seq 1001 len 500 ack 1");
}

/* After a probe SND.NXT lies outside the window: a pure ACK of the peer's
 * data that carried it would be refused by a peer whose window is zero, and
 * two full ends would wait for each other. */
PKT(s3_8_6_1_acks_while_probing)
{
    window(1000);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    after(RTO, ". seq 1001 len 1 ack 1");
    in(". seq 1 ack 1001 win 0");
    in(". seq 1 len 10 ack 1001 win 0");
    out(". seq 1001 ack 11");
}

T_MAIN(BOTH(s3_7_4_small_writes_are_collected), BOTH(s3_7_4_full_segments_go),
       BOTH(s3_7_4_no_delay), BOTH(s3_7_4_no_delay_lets_go_what_waits),
       BOTH(s3_7_4_fin_lets_go_what_waits), BOTH(s3_9_1_2_push_at_the_end),
       BOTH(s3_9_1_2_writes_are_merged), BOTH(s3_8_6_window_limits),
       BOTH(s3_8_6_window_update), BOTH(s3_8_6_window_shrinks),
       BOTH(s3_8_6_retransmits_inside_a_shrunk_window),
       BOTH(s3_8_6_acks_stay_in_a_shrunk_window),
       BOTH(s3_8_6_2_1_half_the_largest_window), BOTH(s3_8_6_2_1_override),
       BOTH(s3_8_6_2_1_the_last_piece), BOTH(s3_8_6_1_probes),
       BOTH(s3_8_6_1_probe_is_taken), BOTH(s3_8_6_1_unanswered_probes),
       BOTH(s3_8_6_1_shrunk_to_zero), BOTH(s3_8_6_1_fin_into_a_closed_window),
       BOTH(s3_8_6_1_zero_in_the_handshake),
       BOTH(s3_8_6_1_acks_while_probing))
