/* corrupt_test.c: one bit, in bytes of its own, and no checksum hides it. */
#include "emu_rig.h"
#include "t.h"
#include "wire/cksum.h"

enum { LEN = 200, CUT = 60 };

/* A frame in two buffers, bytes 0, 1, 2 ... */
static struct cw_pkt split_frame(struct rig *r)
{
    struct cw_pkt pkt = { .nfrags = 2, .len = LEN };

    for (unsigned i = 0; i < 2; i++) {
        uint32_t       off = i ? CUT : 0, len = i ? LEN - CUT : CUT;
        struct cw_buf *b = pbuf_new(&r->pbufs, len + 3);

        assert_non_null(b);
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

    assert_int_equal(pkt_copy_out(pkt, 0, bytes, LEN), LEN);
    for (unsigned i = 0; i < LEN; i++)
        for (unsigned b = 0; b < 8; b++)
            if ((bytes[i] ^ (uint8_t)i) & 1u << b) {
                n++;
                *first = i;
            }
    return n;
}

static void flips_one_bit_of_a_copy(void **state)
{
    struct rig     r;
    struct cw_pkt  mine, theirs, out;
    static uint8_t seen[LEN];
    unsigned       at = 0, places = 0;

    (void)state;
    memset(seen, 0, sizeof(seen));
    rig_init(&r, "corrupt 100%", 1);
    for (unsigned i = 0; i < 2000; i++) {
        mine = split_frame(&r);
        pkt_share(&theirs, &mine);
        link_send(r.link, LINK_FWD, &theirs, i);
        assert_int_equal(link_recv(r.link, LINK_FWD, &out, 1, i, NULL), 1);
        assert_int_equal(out.len, LEN);
        assert_int_equal(bits_changed(&out, &at), 1);
        assert_true(at >= 14); /* above the Ethernet header */
        seen[at] = 1;
        assert_int_equal(bits_changed(&mine, &at), 0);
        pkt_free(&out);
        pkt_free(&mine);
    }
    for (unsigned i = 0; i < LEN; i++)
        places += seen[i];
    assert_int_equal(places, LEN - 14);
    assert_int_equal(r.nfates, 4000);
    assert_int_equal(r.fates[0].why, WHY_LINK_CORRUPT);
    assert_false(r.fates[0].final);
    assert_false(link_intact(r.link));
    rig_free(&r);
}

/* A checksum left to the medium is completed first: the receiver's sum over
 * the covered bytes then shows the damage, if that is where it is. */
static void completes_the_checksum_first(void **state)
{
    struct rig    r;
    struct cw_pkt pkt;
    unsigned      at = 0;

    (void)state;
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
        assert_int_equal(link_recv(r.link, LINK_FWD, &pkt, 1, i, NULL), 1);
        assert_int_equal(pkt.csum_state, CW_CSUM_NONE);
        assert_int_equal(pkt_copy_out(&pkt, 0, bytes, LEN), LEN);
        for (at = 0; bytes[at] == good[at]; at++)
            assert_true(at < LEN - 1);
        assert_int_equal(memcmp(bytes + at + 1, good + at + 1, LEN - at - 1),
                         0);
        assert_int_equal(__builtin_popcount(bytes[at] ^ good[at]), 1);
        pkt_free(&pkt);
    }
    rig_free(&r);
}

static void rate_of_corruption(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "corrupt 2%", 1);
    for (unsigned i = 0; i < 50000; i++) {
        rig_send(&r, 1, 100, i);
        rig_run(&r, i);
    }
    assert_in_range(link_counts_of(r.link, LINK_FWD)->corrupted, 1000 - 126,
                    1000 + 126);
    assert_int_equal(link_counts_of(r.link, LINK_FWD)->lost, 0);
    rig_free(&r);
}

/* Each of two copies is damaged by itself, or not. */
static void copies_are_damaged_apart(void **state)
{
    const struct link_counts *c;
    struct rig                r;

    (void)state;
    rig_init(&r, "duplicate 100% corrupt 50%", 1);
    rig_send(&r, 1000, 100, 0);
    c = link_counts_of(r.link, LINK_FWD);
    assert_int_equal(c->duplicated, 1000);
    assert_in_range(c->corrupted, 1000 - 90, 1000 + 90);
    assert_int_equal(rig_run(&r, NS_NEVER), 2000);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_one_bit_of_a_copy),
        cmocka_unit_test(completes_the_checksum_first),
        cmocka_unit_test(rate_of_corruption),
        cmocka_unit_test(copies_are_damaged_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
