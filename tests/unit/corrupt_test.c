/* corrupt_test.c: one bit, in bytes of its own, and no checksum hides it. */
#include "emu_rig.h"
#include "wire/cksum.h"

enum { LEN = 200, CUT = 60 };

/* A frame in two buffers, bytes 0, 1, 2 ... */
static struct cw_pkt split_frame(struct rig *r)
{
    struct cw_pkt pkt = { .nfrags = 2, .len = LEN };

    for (unsigned i = 0; i < 2; i++) {
        uint32_t       off = i ? CUT : 0, len = i ? LEN - CUT : CUT;
        struct cw_buf *b = pbuf_new(&r->pbufs, len + 3);

        EXPECT(b != NULL);
        for (uint32_t k = 0; k < len; k++)
            b->data[3 + k] = (uint8_t)(off + k);
        pkt.frags[i] = (struct cw_frag){ b, 3, len };
    }
    return pkt;
}

static unsigned bits_changed(const struct cw_pkt *pkt, unsigned *first)
{
    uint8_t  bytes[LEN];
    unsigned n = 0;

    EXPECT_EQ(pkt_copy_out(pkt, 0, bytes, LEN), LEN);
    for (unsigned i = 0; i < LEN; i++)
        for (unsigned b = 0; b < 8; b++)
            if ((bytes[i] ^ (uint8_t)i) & 1u << b) {
                n++;
                *first = i;
            }
    return n;
}

TEST(flips_one_bit_of_a_copy)
{
    struct rig     r;
    struct cw_pkt  mine, theirs, out;
    static uint8_t seen[LEN];
    unsigned       at = 0, places = 0;

    memset(seen, 0, sizeof(seen));
    rig_init(&r, "corrupt 100%", 1);
    for (unsigned i = 0; i < 2000; i++) {
        mine = split_frame(&r);
        pkt_share(&theirs, &mine);
        link_send(r.link, LINK_FWD, &theirs, i);
        EXPECT_EQ(link_recv(r.link, LINK_FWD, &out, 1, i, NULL), 1);
        EXPECT_EQ(out.len, LEN);
        EXPECT_EQ(bits_changed(&out, &at), 1);
        EXPECT(at >= 14); /* above the Ethernet header */
        seen[at] = 1;
        EXPECT_EQ(bits_changed(&mine, &at), 0);
        pkt_free(&out);
        pkt_free(&mine);
    }
    for (unsigned i = 0; i < LEN; i++)
        places += seen[i];
    EXPECT_EQ(places, LEN - 14);
    EXPECT_EQ(r.nfates, 4000);
    EXPECT_EQ(r.fates[0].why, WHY_LINK_CORRUPT);
    EXPECT(!(r.fates[0].final));
    EXPECT(!link_intact(r.link));
    rig_free(&r);
}

/* A checksum left to the medium is completed first: the receiver's sum over
 * the covered bytes then shows the damage, if that is where it is. */
TEST(completes_the_checksum_first)
{
    struct rig    r;
    struct cw_pkt pkt;
    unsigned      at = 0;

    rig_init(&r, "corrupt 100%", 2);
    for (unsigned i = 0; i < 200; i++) {
        uint8_t bytes[LEN], good[LEN];

        pkt = split_frame(&r);
        pkt.csum_state = CW_CSUM_PARTIAL;
        pkt.csum_start = 34;
        pkt.csum_off = 16;
        for (unsigned k = 0; k < LEN; k++)
            good[k] = (uint8_t)k;
        be16_store(good + 50, cksum_fold(cksum_add(0, good + 34, LEN - 34)));
        link_send(r.link, LINK_FWD, &pkt, i);
        EXPECT_EQ(link_recv(r.link, LINK_FWD, &pkt, 1, i, NULL), 1);
        EXPECT_EQ(pkt.csum_state, CW_CSUM_NONE);
        EXPECT_EQ(pkt_copy_out(&pkt, 0, bytes, LEN), LEN);
        for (at = 0; bytes[at] == good[at]; at++)
            EXPECT(at < LEN - 1);
        EXPECT_EQ(memcmp(bytes + at + 1, good + at + 1, LEN - at - 1), 0);
        EXPECT_EQ(__builtin_popcount(bytes[at] ^ good[at]), 1);
        pkt_free(&pkt);
    }
    rig_free(&r);
}

TEST(rate_of_corruption)
{
    struct rig r;

    rig_init(&r, "corrupt 2%", 1);
    for (unsigned i = 0; i < 50000; i++) {
        rig_send(&r, 1, 100, i);
        rig_run(&r, i);
    }
    EXPECT_RANGE(link_counts_of(r.link, LINK_FWD)->corrupted, 1000 - 126,
                 1000 + 126);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 0);
    rig_free(&r);
}

/* Each of two copies is damaged by itself, or not. */
TEST(copies_are_damaged_apart)
{
    const struct link_counts *c;
    struct rig                r;

    rig_init(&r, "duplicate 100% corrupt 50%", 1);
    rig_send(&r, 1000, 100, 0);
    c = link_counts_of(r.link, LINK_FWD);
    EXPECT_EQ(c->duplicated, 1000);
    EXPECT_RANGE(c->corrupted, 1000 - 90, 1000 + 90);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 2000);
    rig_free(&r);
}

T_MAIN(T(flips_one_bit_of_a_copy), T(completes_the_checksum_first),
       T(rate_of_corruption), T(copies_are_damaged_apart))
