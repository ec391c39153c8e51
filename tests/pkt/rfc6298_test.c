/* rfc6298_test.c: the retransmission timer: RFC 6298 §2-5, RFC 9293 §3.8.1
 * (Karn, MUST-18), §3.8.3 (R1, R2: MUST-20 to MUST-23, SHLD-9 to SHLD-11).
 *
 * The profile `deployed` has its floor of 200 ms under the variance term
 * (DESIGN); `strict` has §2.4's of 1 s under the whole.
 */
#include "pkt.h"

#define OUR_SYN "S seq 0 win 65535 mss M sackOK ts * 0 wscale 7"

/* Connected after a round trip of this long, without timestamps. */
static void dialed(cw_ns rtt)
{
    dials();
    out(OUR_SYN);
    quiet(rtt);
    in("S. seq 0 ack 1 mss 1000");
    out(". seq 1 ack 1");
}

/* ---- §2 ----------------------------------------------------------------- */

/* §2.1: 1 s at first; §5.5: doubled each time; R2 of the SYN. */
PKT(s2_1_initial)
{
    cw_ns wait = 1 sec;

    dials();
    out(OUR_SYN);
    for (int i = 0; i < 6; i++) {
        after(wait, OUR_SYN " why tx-rto");
        wait *= 2;
    }
    quiet(wait - 1);
    state(CW_SYN_SENT);
    quiet(1);
    state(GONE);
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), CW_ETIMEDOUT);
}

/* MUST-23: "at least 3 minutes". */
PKT(s3_8_3_syn_for_three_minutes)
{
    cw_ns wait = 1 sec, from;

    pk.config.profile = CW_PROFILE_STRICT;
    dials();
    out(OUR_SYN);
    from = pk.now;
    for (int i = 0; i < 7; i++) {
        after(wait, OUR_SYN);
        wait = ns_min(2 * wait, 60 sec);
    }
    quiet(wait - 1);
    EXPECT_GE(pk.now - from, 180 sec);
    state(CW_SYN_SENT);
    quiet(1);
    state(GONE);
}

/* §2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + max(G, 4 RTTVAR), at least. */
static const struct {
    cw_ns rtt, deployed, strict;
} first_rows[] = {
    { 10 ms, 210 ms, 1 sec },     { 40 ms, 240 ms, 1 sec },
    { 100 ms, 300 ms, 1 sec },    { 300 ms, 900 ms, 1 sec },
    { 400 ms, 1200 ms, 1200 ms }, { 900 ms, 2700 ms, 2700 ms },
};

PKT(s2_2_first_measurement)
{
    T_EACH (r, first_rows) {
        for (int strict = 0; strict < 2; strict++) {
            t_row("RTT %d ms, %s", (int)(r->rtt / NS_MS),
                  strict ? "strict" : "deployed");
            pk_restart(0);
            pk.config.profile = strict ? CW_PROFILE_STRICT
                                       : CW_PROFILE_DEPLOYED;
            dialed(r->rtt);
            EXPECT_EQ(info().srtt, r->rtt);
            EXPECT_EQ(info().rttvar, r->rtt / 2);
            sends(100);
            out("P. seq 1 len 100 ack 1");
            after(strict ? r->strict : r->deployed,
                  "P. seq 1 len 100 ack 1 why tx-rto");
        }
    }
}

/* §2.3, with alpha 1/8 and beta 1/4: 100 ms, then 200 ms. */
PKT(s2_3_second_measurement)
{
    dialed(100 ms);
    sends(100);
    out("P. seq 1 len 100 ack 1");
    quiet(200 ms);
    in(". seq 1 ack 101");
    EXPECT_EQ(info().srtt, 112500 * NS_US);
    EXPECT_EQ(info().rttvar, 62500 * NS_US);
    sends(100);
    out("P. seq 101 len 100 ack 1");
    after(362500 * NS_US, "P. seq 101 len 100 ack 1");
}

/* [RFC6298-4-a] §2.3, §4: when the round trips are all alike RTTVAR goes to
 * zero, and K*RTTVAR counts as G, a microsecond. */
PKT(s4_granularity)
{
    char text[64];

    pk.config.profile = CW_PROFILE_STRICT;
    dialed(900 ms);
    for (int i = 0; i < 200; i++) {
        sends(1);
        snprintf(text, sizeof text, "P. seq %d len 1 ack 1", 1 + i);
        out(text);
        quiet(2 sec);
        snprintf(text, sizeof text, ". seq 1 ack %d", 2 + i);
        in(text);
    }
    EXPECT_GE(info().srtt, 2 sec - 20);
    EXPECT_EQ(info().rto - info().srtt, 1000);
}

/* §2.5: a ceiling of at least 60 s. */
PKT(s2_5_ceiling)
{
    cw_ns wait = 300 ms;

    dialed(100 ms);
    sends(100);
    out("P. seq 1 len 100 ack 1");
    for (int i = 0; i < 12; i++) {
        after(wait, "P. seq 1 len 100 ack 1");
        wait = ns_min(2 * wait, 120 sec);
    }
}

/* ---- §3, Karn ------------------------------------------------------------ */

/* MUST-18: no sample of what was sent twice; and the timer that was backed
 * off stays so for new data, until there is a sample. */
PKT(s3_karn)
{
    dialed(100 ms);
    sends(100);
    out("P. seq 1 len 100 ack 1");
    after(300 ms, "P. seq 1 len 100 ack 1");
    quiet(50 ms);
    in(". seq 1 ack 101");
    EXPECT_EQ(info().srtt, 100 ms);
    EXPECT_EQ(info().rttvar, 50 ms);
    sends(100);
    out("P. seq 101 len 100 ack 1");
    after(600 ms, "P. seq 101 len 100 ack 1");
    after(1200 ms, "P. seq 101 len 100 ack 1");
    in(". seq 1 ack 201");
    sends(100);
    out("P. seq 201 len 100 ack 1");
    quiet(100 ms);
    in(". seq 1 ack 301"); /* a sample: 100 ms */
    EXPECT_EQ(info().rttvar, 37500 * NS_US);
    sends(100);
    out("P. seq 301 len 100 ack 1");
    after(300 ms, "P. seq 301 len 100 ack 1");
}

/* RFC 7323 §4: a timestamp says which of the two was answered. */
PKT(rfc7323_4_timestamps_see_through_it)
{
    dials();
    out("S seq 0 mss M sackOK ts 0 0 wscale 7");
    quiet(100 ms);
    in("S. seq 0 ack 1 mss 1000 ts 1 0");
    out(". seq 1 ack 1 ts 100 1");
    EXPECT_EQ(info().srtt, 100 ms);
    sends(100);
    out("P. seq 1 len 100 ack 1 ts 100 1");
    after(300 ms, "P. seq 1 len 100 ack 1 ts 400 1");
    quiet(20 ms);
    in(". seq 1 ack 101 ts 2 400");
    EXPECT_EQ(info().srtt, 90 ms); /* 7/8 * 100 + 1/8 * 20 */
}

/* ---- §5 ----------------------------------------------------------------- */

/* §5.1: later segments do not restart it; §5.4: the earliest goes again,
 * alone. */
PKT(s5_1_the_earliest)
{
    dialed(100 ms);
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    quiet(200 ms);
    sends(2000);
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    after(100 ms, ". seq 1 len 1000 ack 1 why tx-rto");
    nothing();
}

/* §5.3: an ACK of new data restarts it; a duplicate does not. */
PKT(s5_3_restart)
{
    dialed(100 ms);
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    quiet(100 ms);
    in(". seq 1 ack 1001"); /* RTO: 100 + max(150, 200) */
    quiet(200 ms);
    in(". seq 1 ack 1001");
    after(100 ms, ". seq 1001 len 1000 ack 1");
}

/* §5.2 */
PKT(s5_2_off)
{
    dialed(100 ms);
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001");
    quiet(3600 sec);
}

/* §5.7: the SYN was lost: the first RTO of data is 3 s; RFC 6928 §2: the
 * window is what it was. */
PKT(s5_7_syn_was_lost)
{
    dials();
    out(OUR_SYN);
    after(1 sec, OUR_SYN);
    quiet(100 ms);
    in("S. seq 0 ack 1 mss 1000");
    out(". seq 1 ack 1");
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    after(3 sec, ". seq 1 len 1000 ack 1");
}

PKT(s5_7_syn_ack_was_lost)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    after(1 sec, "S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1");
    accepts();
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    after(3 sec, ". seq 1 len 1000 ack 1");
}

/* The FIN is data like any. */
PKT(s3_8_1_fin_again)
{
    dialed(100 ms);
    shuts(CW_SHUT_WR);
    out("F. seq 1 ack 1");
    after(300 ms, "F. seq 1 ack 1");
    after(600 ms, "F. seq 1 ack 1");
    in(". seq 1 ack 2");
    state(CW_FIN_WAIT2);
}

/* What goes again carries what is new: the ACK and window of now. */
PKT(s3_8_1_retransmissions_are_up_to_date)
{
    dialed(100 ms);
    sends(100);
    out("P. seq 1 len 100 ack 1 win 65535");
    in(". seq 1 len 100 ack 1");
    out(". seq 101 ack 101");
    after(300 ms, "P. seq 1 len 100 ack 101 win 65435");
}

/* ---- RFC 9293 §3.8.3 ------------------------------------------------------ */

/* SHLD-11: R2 of data is at least 100 s; MUST-20: then the connection is
 * closed, and the user told. */
static void give_up(enum cw_profile profile)
{
    cw_ns from;
    int   sent = 0;

    pk.config.profile = profile;
    passive("mss 1000");
    sends(100);
    out("P. seq 1 len 100 ack 1");
    from = pk.now;
    while (pk_state() != GONE) {
        pk_step();
        sent += pk_skip();
    }
    EXPECT_GE(pk.now - from, 100 sec);
    EXPECT_GE(sent, 3); /* SHLD-10 */
    reads_result(-CW_ETIMEDOUT);
    EXPECT_EQ(counter(COUNT_TCP_ABORT_ON_TIMEOUT), 1);
    quiet(3600 sec);
}

PKT(s3_8_3_r2_deployed)
{
    give_up(CW_PROFILE_DEPLOYED);
}

PKT(s3_8_3_r2_strict)
{
    give_up(CW_PROFILE_STRICT);
}

PKT(s3_8_3_r2_classic)
{
    give_up(CW_PROFILE_CLASSIC);
}

T_MAIN(BOTH(s2_1_initial), BOTH(s3_8_3_syn_for_three_minutes),
       BOTH(s2_2_first_measurement), BOTH(s2_3_second_measurement),
       BOTH(s4_granularity), BOTH(s2_5_ceiling), BOTH(s3_karn),
       BOTH(rfc7323_4_timestamps_see_through_it), BOTH(s5_1_the_earliest),
       BOTH(s5_3_restart), BOTH(s5_2_off), BOTH(s5_7_syn_was_lost),
       BOTH(s5_7_syn_ack_was_lost), BOTH(s3_8_1_fin_again),
       BOTH(s3_8_1_retransmissions_are_up_to_date), BOTH(s3_8_3_r2_deployed),
       BOTH(s3_8_3_r2_strict), BOTH(s3_8_3_r2_classic))
