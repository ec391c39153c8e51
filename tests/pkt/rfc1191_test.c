/* rfc1191_test.c: path MTU discovery: RFC 1191 §3, §6; RFC 8201 §4, §5.  The
 * sizes differ by the family: an MTU of 1300 leaves 1260 or 1240 bytes.
 */
#include "pkt.h"

/* Text for family: IPv4's, IPv6's. */
static const char *fam(const char *v4, const char *v6)
{
    return pk.v6 ? v6 : v4;
}

#define out_fam(a, b) out(fam(a, b))

static void begin(void)
{
    passive("mss 1460");
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
}

static void skip_all(void)
{
    EXPECT(pk_skip());
    while (pk_skip())
        ;
}

/* [RFC1191-3-a] [RFC8201-4-b] [RFC1191-6.4-b] [RFC8201-5.4-a] [MUST-16]
 * [RFC4443-3.2-a] [RFC7323-5.7-a]
 * All that cannot have arrived is cut and sent again at once; cwnd stays. */
PKT(s6_4_cut_and_sent_again)
{
    uint32_t cwnd;

    begin();
    sends(2000);
    out_fam(". seq 1 len 1460 ack 1", ". seq 1 len 1440 ack 1");
    out_fam("P. seq 1461 len 540 ack 1", "P. seq 1441 len 560 ack 1");
    cwnd = info().snd_cwnd * info().snd_mss;
    icmp(TOO_BIG, 1, 1300);
    out_fam(". seq 1 len 1260 ack 1 why tx-pmtu",
            ". seq 1 len 1240 ack 1 why tx-pmtu");
    out_fam(". seq 1261 len 200 ack 1 why tx-pmtu",
            ". seq 1241 len 200 ack 1 why tx-pmtu");
    nothing(); /* the small one has arrived */
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1240 : 1260);
    EXPECT_GE(info().snd_cwnd * info().snd_mss + info().snd_mss, cwnd);
    EXPECT_EQ(counter(COUNT_TCP_TIMEOUTS), 0);
    in(". seq 1 ack 2001");
    sends(1300);
    out_fam(". seq 2001 len 1260 ack 1", ". seq 2001 len 1240 ack 1");
    out_fam("P. seq 3261 len 40 ack 1", "P. seq 3241 len 60 ack 1");
}

/* [RFC1191-6.4-a] Five messages for one flight: one retransmission. */
PKT(s6_4_only_when_it_lowers_what_was_used)
{
    uint64_t again;

    begin();
    sends(14000);
    skip_all();
    icmp(TOO_BIG, 1, 1300);
    skip_all();
    again = counter(COUNT_TCP_RETRANS_SEGS);
    EXPECT_GE(again, 9);
    for (int i = 1; i < 5; i++)
        icmp(TOO_BIG, 1 + i * (pk.v6 ? 1440 : 1460), 1300);
    nothing();
    EXPECT_EQ(counter(COUNT_TCP_RETRANS_SEGS), again);
    EXPECT_EQ(counter(COUNT_IP_PMTU_DECREASES), 1);
}

/* §6.4: "only one segment should be retransmitted until acknowledgements
 * begin to arrive again": to the letter where the profile is. */
PKT(s6_4_one_first)
{
    pk.config.profile = CW_PROFILE_STRICT;
    begin();
    sends(5840);
    skip_all();
    icmp(TOO_BIG, 1, 1300);
    out_fam(". seq 1 len 1260 ack 1", ". seq 1 len 1240 ack 1");
    nothing();
    in(fam(". seq 1 ack 1261", ". seq 1 ack 1241"));
    out_fam(". seq 1261 len 200 ack 1", ". seq 1241 len 200 ack 1");
    skip_all();
}

/* [RFC1191-6.4-b] The duplicate ACKs that small segments behind cause are no
 * sign of congestion. */
PKT(s6_4_duplicate_acks_do_not_halve)
{
    uint32_t cwnd;

    passive("mss 1460 sackOK");
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    sends(pk.v6 ? 1440 : 1460);
    EXPECT(pk_skip());
    for (int i = 0; i < 4; i++) {
        sends(100);
        EXPECT(pk_skip());
    }
    cwnd = info().snd_cwnd * info().snd_mss;
    icmp(TOO_BIG, 1, 1300);
    EXPECT(pk_skip());
    EXPECT(pk_skip());
    nothing();
    in(fam(". seq 1 ack 1 sack 1461-1561", ". seq 1 ack 1 sack 1441-1541"));
    in(fam(". seq 1 ack 1 sack 1461-1661", ". seq 1 ack 1 sack 1441-1641"));
    in(fam(". seq 1 ack 1 sack 1461-1761", ". seq 1 ack 1 sack 1441-1741"));
    in(fam(". seq 1 ack 1 sack 1461-1861", ". seq 1 ack 1 sack 1441-1841"));
    nothing();
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
    in(fam(". seq 1 ack 1861", ". seq 1 ack 1841"));
    EXPECT_GE(info().snd_cwnd * info().snd_mss + info().snd_mss, cwnd);
}

/* [RFC1191-3-a] never up; [RFC8201-4-a] what is below IPv6's least is no
 * news at all; below IPv4's floor routers may cut. */
PKT(s3_never_up_and_never_below)
{
    begin();
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    icmp(TOO_BIG, 1, 9000);
    EXPECT_EQ(pk.dropped, WHY_ICMP_NO_MATCH);
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1440 : 1460);
    sg_vars.no_df = !pk.v6;
    icmp(TOO_BIG, 1, pk.v6 ? 1279 : 67);
    if (pk.v6) {
        EXPECT_EQ(pk.dropped, WHY_ICMP_MTU);
        EXPECT_EQ(info().snd_mss, 1440);
        nothing();
        icmp(TOO_BIG, 1, 1280);
        EXPECT_EQ(info().snd_mss, 1220);
        icmp(TOO_BIG, 1, 1400); /* what was learned stays */
        EXPECT_EQ(info().snd_mss, 1220);
        nothing(); /* 1000 bytes fit */
        return;
    }
    out(". seq 1 len 512 ack 1");
    out("P. seq 513 len 488 ack 1");
    EXPECT_EQ(info().snd_mss, 512); /* 552 - 40 */
    icmp(TOO_BIG, 1, 1400);
    EXPECT_EQ(info().snd_mss, 512);
}

/* [RFC1191-3-b] Routers that do not say what fits: the next plateau. */
PKT(s5_plateaus)
{
    begin();
    sends(2000);
    skip_all();
    icmp(TOO_BIG, 1, 0);
    if (pk.v6) { /* IPv6 has no such routers */
        EXPECT_EQ(pk.dropped, WHY_ICMP_MTU);
        return;
    }
    EXPECT_EQ(info().snd_mss, 1492 - 40);
    skip_all();
}

/* [RFC1191-3-c] [RFC8201-5.3-a] After ten minutes the path may be tried
 * anew; [RFC1191-6.3-a] nothing is sent again for that. */
PKT(s6_3_forgotten_after_ten_minutes)
{
    begin();
    sends(1500);
    skip_all();
    icmp(TOO_BIG, 1, 1300);
    skip_all();
    in(". seq 1 ack 1501");
    quiet(599 sec);
    sends(2000);
    out_fam(". seq 1501 len 1260 ack 1", ". seq 1501 len 1240 ack 1");
    out_fam("P. seq 2761 len 740 ack 1", "P. seq 2741 len 760 ack 1");
    in(". seq 1 ack 3501");
    quiet(2 sec);
    sends(2000);
    out_fam(". seq 3501 len 1460 ack 1", ". seq 3501 len 1440 ack 1");
    EXPECT(pk_skip());
    nothing();
}

/* [RFC8201-5.3-a] ... or never, as configured. */
PKT(s6_3_life_is_configurable)
{
    pk.config.pmtu_life = CW_NEVER;
    begin();
    sends(1500);
    skip_all();
    icmp(TOO_BIG, 1, 1300);
    skip_all();
    in(". seq 1 ack 1501");
    quiet(86400 sec);
    sends(2000);
    out_fam(". seq 1501 len 1260 ack 1", ". seq 1501 len 1240 ack 1");
    EXPECT(pk_skip());
}

/* [RFC8201-4-b] All connections on the path. */
PKT(s4_every_connection_on_the_path)
{
    begin();
    flow(1);
    pk.f->ends.uport = 80;
    in("S seq 0 mss 1460");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1");
    accepts();
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    sends(2000);
    skip_all();
    icmp(TOO_BIG, 1, 1300);
    skip_all();
    flow(0);
    sends(2000);
    out_fam(". seq 1 len 1260 ack 1", ". seq 1 len 1240 ack 1");
    EXPECT(pk_skip());
}

/* [RFC5927-4.1-a] [RFC8201-4-c] What is not in flight cannot have been too
 * big. */
PKT(rfc5927_forged)
{
    begin();
    sends(1000);
    EXPECT(pk_skip());
    icmp(TOO_BIG, 1001, 1300);
    EXPECT_EQ(pk.dropped, WHY_ICMP_NO_MATCH);
    icmp(TOO_BIG, 0, 1300);
    EXPECT_EQ(pk.dropped, WHY_ICMP_NO_MATCH);
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1440 : 1460);
    EXPECT_EQ(counter(COUNT_TCP_ICMP_OUT_OF_WINDOW), 2);
}

/* [RFC1191-6.4-c] Never more than the peer's MSS. */
PKT(s6_4_the_peers_mss)
{
    passive("mss 600");
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    sends(1000);
    out(". seq 1 len 600 ack 1");
    out("P. seq 601 len 400 ack 1");
    icmp(TOO_BIG, 1, 1300);
    nothing();
    EXPECT_EQ(info().snd_mss, 600);
}

T_MAIN(BOTH(s6_4_cut_and_sent_again),
       BOTH(s6_4_only_when_it_lowers_what_was_used), BOTH(s6_4_one_first),
       BOTH(s6_4_duplicate_acks_do_not_halve),
       BOTH(s3_never_up_and_never_below), BOTH(s5_plateaus),
       BOTH(s6_3_forgotten_after_ten_minutes),
       BOTH(s6_3_life_is_configurable), BOTH(s4_every_connection_on_the_path),
       BOTH(rfc5927_forged), BOTH(s6_4_the_peers_mss))
