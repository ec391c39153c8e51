/* mark_test.c: marks of congestion: on what can be marked, in bytes of their
 * own, with the header's checksum still right; by chance or by the queue.
 */
#include "emu_rig.h"
#include "wire/cksum.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"

enum { LEN = 1000, NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3 };

static struct cw_pkt ip_frame(struct rig *r, bool v6, unsigned field)
{
    struct ether_repr e = { .type = v6 ? ETHER_IP6 : ETHER_IP4 };
    struct ip4_repr   h4 = { .src = addr4(0x0a000001),
                             .dst = addr4(0x0a000002),
                             .total_len = LEN - ETHER_LEN,
                             .tos = (uint8_t)(0x40 | field),
                             .proto = 17,
                             .ttl = 64 };
    struct ip6_repr   h6 = { .tclass = (uint8_t)(0x40 | field),
                             .next = 17,
                             .hop = 64,
                             .payload_len = LEN - ETHER_LEN - 40 };
    uint8_t           b[LEN] = { 0 };

    etherhdr_emit(b, ETHER_LEN, &e);
    if (v6)
        ip6hdr_emit(b + ETHER_LEN, IP6_HDR_LEN, &h6);
    else
        ip4hdr_emit(b + ETHER_LEN, IP4_HDR_MIN, &h4);
    return rig_frame(r, b, LEN);
}

static unsigned tos_of(const struct cw_pkt *pkt, bool v6)
{
    const uint8_t *ip = pkt->frags[0].buf->data + pkt->frags[0].off
        + ETHER_LEN;

    if (v6)
        return (unsigned)(be16_load(ip) >> 4 & 0xff);
    EXPECT_EQ(cksum_fold(cksum_add(0, ip, IP4_HDR_MIN)), 0);
    return ip[1];
}

TEST(what_can_be_marked_is)
{
    struct rig    r;
    struct cw_pkt pkt, mine, out;

    rig_init(&r, "mark 100%", 1);
    for (unsigned i = 0; i < 8; i++) {
        bool     v6 = i & 4;
        unsigned field = i & 3, want = field == NOT_ECT ? NOT_ECT : CE;

        pkt = ip_frame(&r, v6, field);
        pkt_share(&mine, &pkt);
        link_send(r.link, LINK_FWD, &pkt, i);
        EXPECT_EQ(link_recv(r.link, LINK_FWD, &out, 1, i, NULL), 1);
        EXPECT_EQ(tos_of(&out, v6), 0x40 | want);
        EXPECT_EQ(tos_of(&mine, v6), 0x40 | field);
        pkt_free(&mine);
        pkt_free(&out);
    }
    /* ECT(0) and ECT(1) of both families: what is marked stays so */
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->marked, 4);
    EXPECT_EQ(r.fates[1].why, WHY_LINK_MARKED);
    EXPECT(!r.fates[1].final);
    rig_free(&r);
}

/* One is being sent, `ecn` of them wait: the next is marked. */
static unsigned marked_of(const char *words, unsigned n)
{
    struct rig r;
    unsigned   marked;

    rig_init(&r, words, 1);
    for (unsigned i = 0; i < n; i++) {
        struct cw_pkt pkt = ip_frame(&r, false, ECT_0);

        link_send(r.link, LINK_FWD, &pkt, 0);
    }
    marked = (unsigned)link_counts_of(r.link, LINK_FWD)->marked;
    rig_free(&r);
    return marked;
}

TEST(a_long_queue_marks)
{
    EXPECT_EQ(marked_of("rate 8mbit ecn 3p", 4), 0);
    EXPECT_EQ(marked_of("rate 8mbit ecn 3p", 5), 1);
    EXPECT_EQ(marked_of("rate 8mbit ecn 3p", 10), 6);
    EXPECT_EQ(marked_of("rate 8mbit ecn 0p", 2), 1); /* the first is sent */
    EXPECT_EQ(marked_of("rate 8mbit ecn 2kB", 4), 1);
    /* 8 Mbit/s, 4 ms there and back: 4000 bytes */
    EXPECT_EQ(marked_of("rate 8mbit delay 4ms ecn 1bdp", 6), 1);
    EXPECT_EQ(marked_of("rate 8mbit queue 3p", 10), 0);
}

TEST(marks_by_chance)
{
    struct rig r;

    rig_init(&r, "mark 10%", 3);
    for (unsigned i = 0; i < 10000; i++) {
        struct cw_pkt pkt = ip_frame(&r, true, ECT_1), out;

        link_send(r.link, LINK_FWD, &pkt, i);
        EXPECT_EQ(link_recv(r.link, LINK_FWD, &out, 1, i, NULL), 1);
        pkt_free(&out);
    }
    EXPECT_RANGE(link_counts_of(r.link, LINK_FWD)->marked, 1000 - 90,
                 1000 + 90);
    rig_free(&r);
}

T_MAIN(T(what_can_be_marked_is), T(a_long_queue_marks), T(marks_by_chance))
