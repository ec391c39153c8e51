/* rfc4821_test.c: packetization-layer path MTU discovery: RFC 4821 §7, RFC
 * 8899 §4: a path that loses what is large and says nothing.
 */
#include "pkt.h"

/* The retransmission timer expires. */
#define expires(text) (pk_step(), out(text))

static void probing(enum cw_mtu_probing how)
{
    pk.config.mtu_probing = how;
    passive("mss 1460");
}

/* [RFC4821-7.7] §7.7: full segments that vanish, three times in a row: the
 * base MSS; and what remains of the first goes with it. */
PKT(s7_7_black_hole)
{
    probing(CW_MTU_PROBING_BLACK_HOLE);
    sends(1400);
    out("P. seq 1 len 1400 ack 1");
    expires("P. seq 1 len 1400 ack 1 why tx-rto");
    expires("P. seq 1 len 1400 ack 1 why tx-rto");
    expires(pk.v6 ? ". seq 1 len 1220 ack 1 why tx-black-hole"
                  : ". seq 1 len 1024 ack 1 why tx-black-hole");
    EXPECT_EQ(counter(COUNT_TCP_MTU_BLACK_HOLE), 1);
    in(pk.v6 ? ". seq 1 ack 1221" : ". seq 1 ack 1025");
    out(pk.v6 ? "P. seq 1221 len 180 ack 1" : "P. seq 1025 len 376 ack 1");
    in(". seq 1 ack 1401");
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1220 : 1024);
}

/* Still nothing: half of it, in IPv4; IPv6's paths all carry 1280. */
PKT(s7_7_less_and_less)
{
    probing(CW_MTU_PROBING_BLACK_HOLE);
    sends(1400);
    for (int i = 0; i < 4; i++) {
        EXPECT(pk_skip());
        pk_step();
    }
    if (pk.v6) {
        out(". seq 1 len 1220 ack 1 why tx-rto");
        return;
    }
    out(". seq 1 len 512 ack 1 why tx-black-hole");
    expires(". seq 1 len 256 ack 1 why tx-black-hole");
    expires(". seq 1 len 128 ack 1 why tx-black-hole");
    expires(". seq 1 len 88 ack 1 why tx-black-hole");
    expires(". seq 1 len 88 ack 1 why tx-rto");
}

/* Small segments that vanish say nothing of the MTU. */
PKT(s7_7_small_segments_are_not_suspected)
{
    probing(CW_MTU_PROBING_BLACK_HOLE);
    sends(500);
    out("P. seq 1 len 500 ack 1");
    expires("P. seq 1 len 500 ack 1 why tx-rto");
    expires("P. seq 1 len 500 ack 1 why tx-rto");
    expires("P. seq 1 len 500 ack 1 why tx-rto");
    EXPECT_EQ(counter(COUNT_TCP_MTU_BLACK_HOLE), 0);
}

/* Off, as Linux's tcp_mtu_probing is: as it always was. */
PKT(off_by_default)
{
    passive("mss 1460");
    sends(1400);
    out("P. seq 1 len 1400 ack 1");
    expires("P. seq 1 len 1400 ack 1 why tx-rto");
    expires("P. seq 1 len 1400 ack 1 why tx-rto");
    expires("P. seq 1 len 1400 ack 1 why tx-rto");
}

/* The text of the search over IPv4 and IPv6, in the tests below: low is the
 * base, high the interface's; (low + high) / 2 is tried. */
static const char *fam(const char *v4, const char *v6)
{
    return pk.v6 ? v6 : v4;
}

/* One probe out, and its number. */
#define probe(a, b) out(fam(a, b))

/* §7.3, §7.6.1: what arrives is what is sent from now on; and then more. */
PKT(s7_6_1_success)
{
    probing(CW_MTU_PROBING_ALWAYS);
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1220 : 1024);
    sends(8000);
    probe(". seq 1 len 1242 ack 1 why tx-mtu-probe",
          ". seq 1 len 1330 ack 1 why tx-mtu-probe");
    out(fam(". seq 1243 len 1024 ack 1 why tx-data",
            ". seq 1331 len 1220 ack 1 why tx-data"));
    while (pk_skip())
        ;
    in(fam(". seq 1 ack 1243", ". seq 1 ack 1331"));
    EXPECT_EQ(info().snd_mss, pk.v6 ? 1330 : 1242);
    EXPECT_EQ(counter(COUNT_TCP_MTUP_SUCCESS), 1);
}

/* §7.4: not without data behind it that would tell of its loss. */
PKT(s7_4_enough_data)
{
    probing(CW_MTU_PROBING_ALWAYS);
    sends(pk.v6 ? 1330 + 3 * 1220 - 1 : 1242 + 3 * 1024 - 1);
    out(fam(". seq 1 len 1024 ack 1 why tx-data",
            ". seq 1 len 1220 ack 1 why tx-data"));
    while (pk_skip())
        ;
}

/* §7.6.2: a lost probe is cut, sent again, and not tried again; cwnd is what
 * it was. */
static void lose_a_probe(const char *offer)
{
    bool     sack = offer[8] != '\0';
    uint32_t cwnd;

    pk.config.mtu_probing = CW_MTU_PROBING_ALWAYS;
    passive(offer);
    sends(pk.v6 ? 1330 + 4 * 1220 : 1242 + 4 * 1024);
    probe(". seq 1 len 1242 ack 1 why tx-mtu-probe",
          ". seq 1 len 1330 ack 1 why tx-mtu-probe");
    while (pk_skip())
        ;
    cwnd = info().snd_cwnd;
    in(sack ? fam(". seq 1 ack 1 sack 1243-2267",
                  ". seq 1 ack 1 sack 1331-2551")
            : ". seq 1 ack 1");
    in(sack ? fam(". seq 1 ack 1 sack 1243-3291",
                  ". seq 1 ack 1 sack 1331-3771")
            : ". seq 1 ack 1");
    nothing();
    in(sack ? fam(". seq 1 ack 1 sack 1243-4315",
                  ". seq 1 ack 1 sack 1331-4991")
            : ". seq 1 ack 1");
    out(fam(". seq 1 len 1024 ack 1 why tx-probe-lost",
            ". seq 1 len 1220 ack 1 why tx-probe-lost"));
    out(fam(". seq 1025 len 218 ack 1 why tx-probe-lost",
            ". seq 1221 len 110 ack 1 why tx-probe-lost"));
    nothing();
    in(sack ? fam(". seq 1 ack 1 sack 1243-5339",
                  ". seq 1 ack 1 sack 1331-6211")
            : ". seq 1 ack 1");
    nothing();
    EXPECT_EQ(counter(COUNT_TCP_MTUP_FAIL), 1);
    EXPECT_EQ(counter(COUNT_TCP_FAST_RETRANS), 0);
    EXPECT_GE(info().snd_cwnd, cwnd);
    in(fam(". seq 1 ack 5339", ". seq 1 ack 6211"));
    sends(8000);
    probe(". seq 5339 len 1133 ack 1 why tx-mtu-probe",
          ". seq 6211 len 1275 ack 1 why tx-mtu-probe");
    while (pk_skip())
        ;
}

PKT(s7_6_2_failure)
{
    lose_a_probe("mss 1460");
}

PKT(s7_6_2_failure_with_sack)
{
    lose_a_probe("mss 1460 sackOK");
}

T_MAIN(BOTH(s7_7_black_hole), BOTH(s7_7_less_and_less),
       BOTH(s7_7_small_segments_are_not_suspected), BOTH(off_by_default),
       BOTH(s7_6_1_success), BOTH(s7_4_enough_data), BOTH(s7_6_2_failure),
       BOTH(s7_6_2_failure_with_sack))
