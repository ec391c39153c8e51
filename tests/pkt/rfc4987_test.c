/* rfc4987_test.c: SYN cookies, RFC 4987 §3.6: a listener whose SYN queue is
 * full still takes connections, and keeps nothing for them until then.
 */
#include "pkt.h"

enum { HALF_OPEN = 16 }; /* a small backlog's SYN queue */

static void flood(void)
{
    pk.config.memory_max = 4u << 20;
    pk.config.teach_iss = -1; /* a cookie is no number of one's choice */
    listens(4);
    for (int i = 0; i < HALF_OPEN; i++) {
        flow(i);
        in("S seq 0 mss 1000");
        out("S. seq 0 ack 1 mss M why tx-synack");
    }
    flow(HALF_OPEN);
}

/* From here on timestamp 0 is the one of a cookie with these low bits: the
 * present, or a little before. */
static void ts_with(unsigned bits)
{
    uint32_t now = (uint32_t)(pk.now / (1 ms)), ts = (now & ~31u) | bits;

    pk.f->ends.uts = (int32_t)(ts - now) > 0 ? ts - 32 : ts;
}

/* [RFC4987-3-a] */
PKT(the_peer_keeps_it)
{
    flood();
    in("S seq 0 mss 1460");
    out("S. seq 0 ack 1 win 65535 mss M why tx-cookie");
    in("S seq 0 mss 1460"); /* the same again */
    out("S. seq 0 ack 1 win 65535 mss M why tx-cookie");
    quiet(500 ms); /* nobody asks again for it */
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    accepts();
    EXPECT_EQ(counter(COUNT_TCP_COOKIES_SENT), 2);
    EXPECT_EQ(counter(COUNT_TCP_COOKIES_RECV), 1);
    EXPECT_EQ(counter(COUNT_TCP_COOKIES_FAILED), 0);
    sends(10);
    out("P. seq 1 len 10 ack 1");
}

/* Its MSS is rounded down, never up; without one it is the default. */
PKT(mss)
{
    static const struct {
        const char *syn, *first;
    } t[] = {
        { "S seq 0 mss 1000", ". seq 1 len 536 ack 1" },
        { "S seq 0 mss 536", ". seq 1 len 536 ack 1" },
        { "S seq 0 mss 535", ". seq 1 len 216 ack 1" },
        { "S seq 0 mss 1439", ". seq 1 len 1400 ack 1" },
        { "S seq 0 mss 1440", ". seq 1 len 1440 ack 1" },
    };

    flood();
    for (int i = 0; i < (int)ARRAY_LEN(t); i++) {
        t_row("%s", t[i].syn);
        flow(HALF_OPEN + i);
        in(t[i].syn);
        out("S. seq 0 ack 1 mss M why tx-cookie");
        in(". seq 1 ack 1");
        accepts();
        sends(3000);
        out(t[i].first);
        while (pk_skip())
            ;
    }
}

PKT(no_mss_is_the_default)
{
    flood();
    in("S seq 0");
    out("S. seq 0 ack 1 mss M why tx-cookie");
    in(". seq 1 ack 1");
    accepts();
    sends(3000);
    out(pk.v6 ? ". seq 1 len 1220 ack 1" : ". seq 1 len 536 ack 1");
    while (pk_skip())
        ;
}

/* Timestamps carry the rest. */
PKT(options)
{
    flood();
    ts_with(16 | 9);
    in("S seq 0 mss 1400 sackOK ts 5 0 wscale 9");
    out("S. seq 0 ack 1 mss M sackOK ts 0 5 wscale 7 why tx-cookie");
    in(". seq 1 ack 1 win 2048 ts 6 0");
    accepts();
    in(". seq 1001 len 10 ack 1 win 2048 ts 7 0");
    out(". seq 1 ack 1 ts * 6 sack 1001-1011");
    sends(3000);
    out(". seq 1 len 1388 ack 1 ts * 6");
    EXPECT(pk_skip());
    EXPECT(!pk_skip());
}

PKT(options_without_sack_and_scale)
{
    flood();
    ts_with(15);
    in("S seq 0 mss 1460 ts 5 0");
    out("S. seq 0 ack 1 mss M ts 0 5 why tx-cookie");
    in(". seq 1 ack 1 ts 6 0");
    accepts();
    in(". seq 1001 len 10 ack 1 ts 7 0");
    out(". seq 1 ack 1 ts * 6");
}

/* There is no room for them: then they are not agreed on. */
PKT(options_without_timestamps)
{
    flood();
    in("S seq 0 mss 1460 sackOK wscale 9");
    out("S. seq 0 ack 1 mss M why tx-cookie");
    in(". seq 1 ack 1");
    accepts();
    in(". seq 1001 len 10 ack 1");
    out(". seq 1 ack 1");
}

/* The ACK was lost; what comes first brings the cookie back as well. */
PKT(text_comes_first)
{
    flood();
    in("S seq 0 mss 1460");
    out("S. seq 0 ack 1 mss M why tx-cookie");
    in("P. seq 1 len 10 ack 1");
    out(". seq 1 ack 11");
    accepts();
    reads(10);
}

/* A number that was never sent, or of another connection, opens nothing. */
PKT(forged)
{
    flood();
    in("S seq 0 mss 1460");
    out("S. seq 0 ack 1 mss M why tx-cookie");
    in(". seq 1 ack 4097");
    out("R seq 4097");
    in(". seq 2 ack 1"); /* of another SYN */
    out("R seq 1");
    in("S. seq 0 ack 1");
    out("R seq 1");
    state(GONE);
    EXPECT_EQ(pk.dropped, WHY_ACK_UNACCEPTABLE);
    EXPECT_EQ(counter(COUNT_TCP_COOKIES_FAILED), 3);
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
}

/* What was sent in one period of 64 seconds is good until the end of the
 * next. */
PKT(age)
{
    flood();
    for (int i = 0; i < 2; i++) {
        flow(HALF_OPEN + i);
        in("S seq 0 mss 1460");
        out("S. seq 0 ack 1 mss M why tx-cookie");
    }
    for (int i = 0; i < HALF_OPEN; i++) {
        flow(i);
        in("R seq 1"); /* they would only disturb */
    }
    quiet(64 sec);
    flow(HALF_OPEN);
    in(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    quiet(64 sec);
    flow(HALF_OPEN + 1);
    in(". seq 1 ack 1");
    out("R seq 1");
    state(GONE);
}

/* No room in the accept queue: no cookie, and the ACK of one that was sent
 * before is not heard until there is. */
PKT(the_backlog_holds_for_them)
{
    flood();
    in("S seq 0 mss 1460");
    out("S. seq 0 ack 1 mss M why tx-cookie");
    for (int i = 0; i < 5; i++) {
        flow(i);
        in(". seq 1 ack 1");
    }
    flow(HALF_OPEN);
    in(". seq 1 ack 1");
    nothing();
    EXPECT_EQ(pk.dropped, WHY_BACKLOG_FULL);
    state(GONE);
    flow(HALF_OPEN + 1);
    in("S seq 0 mss 1460");
    nothing();
    EXPECT_EQ(pk.dropped, WHY_BACKLOG_FULL);
    flow(0);
    accepts();
    flow(HALF_OPEN);
    in("P. seq 1 len 5 ack 1");
    out(". seq 1 ack 6");
    state(CW_ESTABLISHED);
}

T_MAIN(BOTH(the_peer_keeps_it), BOTH(mss), BOTH(no_mss_is_the_default),
       BOTH(options), BOTH(options_without_sack_and_scale),
       BOTH(options_without_timestamps), BOTH(text_comes_first), BOTH(forged),
       BOTH(age), BOTH(the_backlog_holds_for_them))
