/* rfc7323_test.c: RFC 7323: window scale (§2), timestamps (§3, §4), PAWS (§5).
 */
#include "pkt.h"

/* ---- §2: window scale ---------------------------------------------------- */

/* §2.2: only if both SYNs carry it, and never in them. */
PKT(s2_2_scale_of_the_peer)
{
    passive("mss 1000 wscale 3");
    in(". seq 1 ack 1 win 1000");
    EXPECT_EQ(info().snd_wnd, 8000);
    EXPECT_EQ(info().snd_wscale, 3);
}

PKT(s2_2_syn_ack_window_is_not_scaled)
{
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * * wscale 7");
    in("S. seq 0 ack 1 win 1000 mss 1000 wscale 3");
    out(". seq 1 ack 1 win 512"); /* 65535 at 2^7, rounded up */
    EXPECT_EQ(info().snd_wnd, 1000);
    in(". seq 1 ack 1 win 1000");
    EXPECT_EQ(info().snd_wnd, 8000);
}

PKT(s2_2_no_scale_from_the_peer)
{
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * * wscale 7");
    in("S. seq 0 ack 1 win 1000 mss 1000");
    out(". seq 1 ack 1 win 65535");
    in(". seq 1 len 100 ack 1 win 2000");
    out(". seq 1 ack 101 win 65435");
    EXPECT_EQ(info().snd_wnd, 2000);
    EXPECT_EQ(info().rcv_wscale, 0);
}

PKT(s2_2_none_offered_by_us)
{
    pk.config.no_wscale = true;
    listens(1);
    in("S seq 0 mss 1000 wscale 5");
    out("S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1 win 1000");
    accepts();
    EXPECT_EQ(info().snd_wnd, 1000);
    flow(1);
    pk.f->ends.uport = 0;
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * *");
}

/* §2.3: "If a window scale option is received with a shift.cnt value larger
 * than 14 ... MUST use 14 instead" */
PKT(s2_3_shift_of_at_most_14)
{
    static const char *const offers[] = { "mss 1000 wscale 14",
                                          "mss 1000 wscale 15",
                                          "mss 1000 wscale 255" };

    T_EACH (offer, offers) {
        t_row("%s", *offer);
        pk_restart(0);
        passive(*offer);
        in(". seq 1 ack 1 win 65535");
        EXPECT_EQ(info().snd_wnd, 65535 << 14);
    }
}

/* A large buffer is offered as the scale lets it be said. */
PKT(s2_3_our_shift_fits_the_buffer)
{
    pk.config.rcvbuf = 1 << 20;
    passive("mss 1000 wscale 0");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001 win 8184"); /* 2^20 - 1000 at 2^7 */
}

PKT(s2_3_our_shift_for_a_huge_buffer)
{
    pk.config.rcvbuf = 16 << 20;
    listens(1);
    in("S seq 0 mss 1000 wscale 0");
    out("S. seq 0 ack 1 win 65535 mss M wscale 9");
}

/* ---- §3: timestamps ------------------------------------------------------ */

/* §3.2: in the SYN-ACK if the SYN had it, then in each segment; the echo is
 * the SYN's. */
PKT(s3_2_passive)
{
    listens(1);
    in("S seq 0 mss 1000 ts 100 0");
    out("S. seq 0 ack 1 mss M ts 0 100");
    quiet(30 ms);
    in(". seq 1 ack 1 ts 120 0");
    accepts();
    sends(500);
    out("P. seq 1 len 500 ack 1 ts 30 120");
    quiet(5 ms);
    in(". seq 1 len 1 ack 501 ts 130 30");
    out(". seq 501 ack 2 ts 35 130");
    shuts(CW_SHUT_WR);
    out("F. seq 501 ack 2 ts 35 130");
}

PKT(s3_2_active)
{
    dials();
    out("S seq 0 mss M sackOK ts 0 0 wscale 7");
    quiet(10 ms);
    in("S. seq 0 ack 1 mss 1000 ts 500 0");
    out(". seq 1 ack 1 ts 10 500");
    sends(10);
    out("P. seq 1 len 10 ack 1 ts 10 500");
}

PKT(s3_2_not_offered_not_sent)
{
    active("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    in(". seq 1 len 10 ack 11");
    out(". seq 11 ack 11");
    flow(1);
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
}

PKT(s3_2_not_wanted_by_us)
{
    pk.config.no_timestamps = true;
    listens(1);
    in("S seq 0 mss 1000 ts 5 0");
    out("S. seq 0 ack 1 mss M");
}

/* "If a non-<RST> segment is received without a TSopt, a TCP SHOULD silently
 * drop the segment." */
PKT(s3_2_segment_without_timestamp)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 10 ack 1");
    nothing();
    EXPECT_EQ(pk.dropped, WHY_NO_TIMESTAMP);
    in("F. seq 1 ack 1");
    nothing();
    state(CW_ESTABLISHED);
    in(". seq 1 len 10 ack 1 ts 2 0");
    after(200 ms, ". seq 1 ack 11 ts 200 2");
    in("R seq 11"); /* a reset needs none */
    state(GONE);
}

/* ---- §4.3: which timestamp to echo --------------------------------------- */

/* "(A) Delayed ACKs": the earliest segment that was not acknowledged. */
PKT(s4_3_a_delayed_acks)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 1000 ack 1 ts 10 0");
    nothing();
    in(". seq 1001 len 1000 ack 1 ts 20 0");
    out(". seq 1 ack 2001 ts 0 10");
    in(". seq 2001 len 1000 ack 1 ts 30 0");
    after(200 ms, ". seq 1 ack 3001 ts 200 30");
}

/* "(B) A hole in the sequence space": the last that advanced the window;
 * "(C) A filled hole": that of the segment that filled it. */
PKT(s4_3_b_c_holes)
{
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 1000 ack 1 ts 10 0");
    out(". seq 1 ack 1001 ts 0 10");
    in(". seq 2001 len 1000 ack 1 ts 30 0");
    out(". seq 1 ack 1001 ts 0 10");
    in(". seq 3001 len 1000 ack 1 ts 40 0");
    out(". seq 1 ack 1001 ts 0 10");
    in(". seq 1001 len 1000 ack 1 ts 20 0");
    out(". seq 1 ack 4001 ts 0 20");
    in(". seq 4001 len 1000 ack 1 ts 50 0");
    out(". seq 1 ack 5001 ts 0 50");
}

/* ---- §5: PAWS ------------------------------------------------------------ */

/* §5.3 R1: older than TS.Recent: acknowledged and dropped. */
PKT(s5_3_older_is_dropped)
{
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 10 ack 1 ts 100 0");
    out(". seq 1 ack 11 ts 0 100");
    in(". seq 11 len 10 ack 1 ts 83 0");
    out(". seq 1 ack 11 ts 0 100");
    EXPECT_EQ(pk.dropped, WHY_PAWS);
    EXPECT_EQ(counter(COUNT_TCP_PAWS), 1);
    in("F. seq 11 ack 1 ts 0 0");
    out(". seq 1 ack 11 ts 0 100");
    state(CW_ESTABLISHED);
    in(". seq 11 len 10 ack 1 ts 100 0"); /* equal is not older */
    out(". seq 1 ack 21 ts 0 100");
    reads(20);
}

/* "it is recommended that RST segments NOT carry TSopt" and that PAWS does
 * not apply to them */
PKT(s5_3_resets_are_exempt)
{
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 10 ack 1 ts 100 0");
    out(". seq 1 ack 11 ts 0 100");
    in("R seq 11 ts 2 0");
    state(GONE);
}

/* §5.5: after 24 days TS.Recent may be wrong, and counts no more. */
PKT(s5_5_idle_for_25_days)
{
    passive("mss 1000 ts 1 0");
    in(". seq 1 len 10 ack 1 ts 2000000000 0");
    out(". seq 1 ack 11 ts 0 2000000000");
    quiet(23 * 86400 sec);
    in(". seq 11 len 10 ack 1 ts 5 0");
    out(". seq 1 ack 11 ts * 2000000000");
    EXPECT_EQ(pk.dropped, WHY_PAWS);
    quiet(2 * 86400 sec);
    in(". seq 11 len 10 ack 1 ts 5 0");
    out(". seq 1 ack 21 ts * 5");
}

PKT(s5_3_in_syn_received)
{
    listens(1);
    in("S seq 0 mss 1000 ts 100 0");
    out("S. seq 0 ack 1 mss M ts 0 100");
    in(". seq 1 ack 1 ts 50 0");
    out(". seq 1 ack 1 ts 0 100");
    state(CW_SYN_RECV);
    in(". seq 1 ack 1 ts 101 0");
    state(CW_ESTABLISHED);
}

/* §5.4: the clock ticks once a millisecond, whatever happens. */
PKT(s5_4_clock)
{
    passive("mss 1000 ts 1 0");
    for (int i = 1; i <= 5; i++) {
        char text[64];

        quiet(7 ms);
        sends(1);
        snprintf(text, sizeof text, "P. seq %d len 1 ack 1 ts %d 1", i,
                 7 * i);
        out(text);
        snprintf(text, sizeof text, ". seq 1 ack %d ts 1 %d", i + 1, 7 * i);
        in(text);
    }
}

/* [RFC7323-7-a] §5.4, §7: each flow's clock has an offset of its own. */
PKT(s7_random_offset)
{
    int64_t first;

    pk.config.teach_ts_zero = false;
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * * wscale 7");
    first = pk.seen.ts_val;
    flow(1);
    pk.f->ends.uport = 0;
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * * wscale 7");
    EXPECT_GE((first - pk.seen.ts_val) * (first - pk.seen.ts_val),
              1000 * 1000);
}

/* [RFC7323-5.2-b] §5.2: a reset answers a timestamp with that and zero. */
PKT(s5_2_resets_echo)
{
    pk.config.profile = CW_PROFILE_STRICT;
    listens(1);
    pk.f->ends.uport = 81;
    in("S seq 0 mss 1000 ts 5 0");
    out("R. seq * ack 1 ts * 5");
    EXPECT_EQ((uint32_t)(pk.seen.ts_val + pk.f->ends.uts), 0);
    in(". seq 1 ack 1 ts 6 0");
    out("R seq 1 ts * *");
    in("S seq 0 mss 1000");
    out("R. seq * ack 1");
}

/* §3.2, §5.2: one that the user asked for has a timestamp like any segment. */
PKT(s5_2_aborts_have_a_timestamp)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000 ts 1 0");
    lingers(0);
    closes();
    out("R. seq 1 ack 1 ts 0 1");
}

/* [RFC7323-2.4-a] [RFC7323-2.4-b] Octets that come one by one, in a window that
 * is counted in units of 128: the edge stays (pk.c sees to that), and what
 * lies within it is taken. */
PKT(s2_4_retraction)
{
    char text[80];
    int  edge;

    pk.config.rcvbuf = 3000;
    listens(1);
    in("S seq 0 mss 1000 wscale 0");
    out("S. seq 0 ack 1 win 3000 mss M wscale 7");
    in(". seq 1 ack 1");
    accepts();
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, ". seq %d len 1 ack 1", 1 + i);
        in(text);
        while (!pk_skip()) /* its ACK */
            pk_step();
    }
    edge = (int)pk.f->edge;
    EXPECT_GE(edge, 3002);
    snprintf(text, sizeof text, ". seq 101 len %d ack 1", edge - 101);
    in(text);
    while (!pk_skip())
        pk_step();
    reads(edge - 1);
    EXPECT(pk_skip()); /* the window is open again */
}

T_MAIN(BOTH(s2_2_scale_of_the_peer), BOTH(s2_2_syn_ack_window_is_not_scaled),
       BOTH(s2_2_no_scale_from_the_peer), BOTH(s2_2_none_offered_by_us),
       BOTH(s2_3_shift_of_at_most_14), BOTH(s2_3_our_shift_fits_the_buffer),
       BOTH(s2_3_our_shift_for_a_huge_buffer), BOTH(s3_2_passive),
       BOTH(s3_2_active), BOTH(s3_2_not_offered_not_sent),
       BOTH(s3_2_not_wanted_by_us), BOTH(s3_2_segment_without_timestamp),
       BOTH(s4_3_a_delayed_acks), BOTH(s4_3_b_c_holes),
       BOTH(s5_3_older_is_dropped), BOTH(s5_3_resets_are_exempt),
       BOTH(s5_5_idle_for_25_days), BOTH(s5_3_in_syn_received),
       BOTH(s5_4_clock), BOTH(s7_random_offset), BOTH(s5_2_resets_echo),
       BOTH(s5_2_aborts_have_a_timestamp), BOTH(s2_4_retraction))
