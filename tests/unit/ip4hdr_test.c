/* ip4hdr_test.c: the IPv4 header: lengths, fragments, options, checksum. */
#include "t.h"
#include "wire/cksum.h"
#include "wire/ip4hdr.h"

/* Version 4, 20 bytes, total 28, DF, TTL 64, UDP, 10.0.0.1 > 10.0.0.2. */
static const uint8_t plain[28] = { 0x45, 0xb8, 0, 28, 0x12, 0x34, 0x40,
                                   0,    64,   17, 0x13, 0xe3, 10, 0,
                                   0,    1,    10, 0, 0, 2 };

static void seal(uint8_t *hdr, size_t len)
{
    be16_store(hdr + 10, 0);
    be16_store(hdr + 10, cksum_fold(cksum_add(0, hdr, len)));
}

static void test_fields(void **state)
{
    struct ip4_repr r;

    (void)state;
    assert_int_equal(ip4hdr_parse(span_of(plain, 28), &r), GO_ON);
    assert_int_equal(r.tos, 0xb8);
    assert_int_equal(r.total_len, 28);
    assert_int_equal(r.id, 0x1234);
    assert_true(r.df);
    assert_false(r.mf);
    assert_int_equal(r.frag_off, 0);
    assert_int_equal(r.ttl, 64);
    assert_int_equal(r.proto, PROTO_UDP);
    assert_int_equal(r.hdr_len, 20);
    assert_int_equal(r.opts.len, 0);
    assert_true(addr_is4(&r.src) && addr_is4(&r.dst));
    assert_int_equal(addr_u4(&r.src), 0x0a000001);
    assert_int_equal(addr_u4(&r.dst), 0x0a000002);
    assert_false(ip4_is_fragment(&r));
}

/* One byte of the plain header is changed; the checksum is put right. */
static void test_refusals(void **state)
{
    static const struct {
        size_t   at;
        uint8_t  value;
        size_t   pkt_len;
        enum why why;
    } rows[] = {
        { 0, 0x45, 28, GO_ON },
        { 0, 0x45, 60, GO_ON }, /* Ethernet's padding */
        { 0, 0x45, 27, WHY_IP_HEADER },
        { 0, 0x45, 20, WHY_IP_HEADER },
        { 0, 0x45, 19, WHY_RUNT },
        { 0, 0x45, 0, WHY_RUNT },
        { 0, 0x65, 28, WHY_IP_VERSION },
        { 0, 0x05, 28, WHY_IP_VERSION },
        { 0, 0x44, 28, WHY_IP_HEADER },
        { 0, 0x40, 28, WHY_IP_HEADER },
        { 0, 0x48, 28, WHY_IP_HEADER }, /* header beyond the packet */
        { 3, 19, 28, WHY_IP_HEADER },   /* shorter than its header */
        { 3, 20, 28, GO_ON },
        { 2, 1, 28, WHY_IP_HEADER },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         pkt[64] = { 0 };
        struct ip4_repr r;

        memcpy(pkt, plain, sizeof(plain));
        pkt[rows[i].at] = rows[i].value;
        seal(pkt, 20);
        assert_int_equal(ip4hdr_parse(span_of(pkt, rows[i].pkt_len), &r),
                         rows[i].why);
    }
}

/* RFC 1122 §3.2.1.2: whichever bit is wrong, the datagram is dropped. */
static void test_any_flipped_bit_breaks_the_checksum(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 160; bit++) {
        uint8_t         pkt[28];
        struct ip4_repr r;
        enum why        why;

        memcpy(pkt, plain, sizeof(pkt));
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
        why = ip4hdr_parse(span_of(pkt, 28), &r);
        if (bit / 8 > 0)
            assert_int_equal(why, WHY_IP_CHECKSUM);
        else
            assert_int_not_equal(why, GO_ON);
    }
}

static void test_fragments(void **state)
{
    static const struct {
        uint16_t field, off;
        bool     df, mf, fragment;
    } rows[] = {
        { 0x0000, 0, false, false, false },
        { 0x4000, 0, true, false, false },
        { 0x2000, 0, false, true, true },
        { 0x0001, 8, false, false, true },
        { 0x3fff, 65528, false, true, true },
        { 0x8000, 0, false, false, false }, /* reserved: ignored */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         pkt[28];
        struct ip4_repr r;

        memcpy(pkt, plain, sizeof(pkt));
        be16_store(pkt + 6, rows[i].field);
        seal(pkt, 20);
        assert_int_equal(ip4hdr_parse(span_of(pkt, 28), &r), GO_ON);
        assert_int_equal(r.frag_off, rows[i].off);
        assert_int_equal(r.df, rows[i].df);
        assert_int_equal(r.mf, rows[i].mf);
        assert_int_equal(ip4_is_fragment(&r), rows[i].fragment);
    }
}

/* A quote may be cut and its checksum stale; its header must be whole. */
static void test_quotes(void **state)
{
    uint8_t         pkt[28];
    struct ip4_repr r;

    (void)state;
    memcpy(pkt, plain, sizeof(pkt));
    pkt[8] = 1; /* the TTL went down on the way */
    be16_store(pkt + 2, 1500);
    assert_int_equal(ip4hdr_parse_quote(span_of(pkt, 28), &r), GO_ON);
    assert_int_equal(r.total_len, 1500);
    be16_store(pkt + 2, 20);
    assert_int_equal(ip4hdr_parse_quote(span_of(pkt, 28), &r), GO_ON);
    be16_store(pkt + 2, 19);
    assert_int_equal(ip4hdr_parse_quote(span_of(pkt, 28), &r),
                     WHY_IP_HEADER);
    be16_store(pkt + 2, 1500);
    pkt[0] = 0x48;
    assert_int_equal(ip4hdr_parse_quote(span_of(pkt, 28), &r),
                     WHY_IP_HEADER);
}

static void test_emit_pads_options(void **state)
{
    static const uint8_t alert[5] = { 148, 4, 0, 0, 1 };
    struct ip4_repr      r = { .ttl = 1, .proto = PROTO_IGMP, .mf = true,
                               .frag_off = 1480, .total_len = 40 }, back;
    uint8_t              out[64];

    (void)state;
    r.src = addr4(0x0a000001);
    r.dst = addr4(0xe0000016);
    r.opts = span_of(alert, sizeof(alert));
    memset(out, 0xee, sizeof(out));
    assert_int_equal(ip4hdr_emit(out, 28, &r), 28);
    assert_int_equal(out[28], 0xee);
    assert_int_equal(ip4hdr_parse(span_of(out, 40), &back), GO_ON);
    assert_int_equal(back.hdr_len, 28);
    assert_int_equal(back.frag_off, 1480);
    assert_true(back.mf);
    assert_int_equal(back.opts.len, 8);
    assert_memory_equal(back.opts.p, "\x94\x04\0\0\x01\0\0\0", 8);
}

static void test_option_walk(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t  len;
        uint8_t kinds[4];
        size_t  count;
        bool    bad;
    } rows[] = {
        { { 1, 148, 4, 0, 0, 0 }, 6, { 1, 148, 0 }, 3, false },
        { { 7, 3, 4, 1 }, 4, { 7, 1 }, 2, false },
        { { 130, 2, 1 }, 3, { 130, 1 }, 2, false },
        { { 1, 7, 0, 4 }, 4, { 1 }, 1, true },
        { { 1, 7, 1, 4 }, 4, { 1 }, 1, true },
        { { 7, 5, 4, 0 }, 4, { 0 }, 0, true },
        { { 1, 7 }, 2, { 1 }, 1, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reader r = reader_of(span_of(rows[i].bytes, rows[i].len));
        struct span   data;
        uint8_t       kind;
        size_t        n = 0;

        while (ip4opt_next(&r, &kind, &data)) {
            assert_true(n < rows[i].count);
            assert_int_equal(kind, rows[i].kinds[n++]);
        }
        assert_int_equal(n, rows[i].count);
        assert_int_equal(r.bad, rows[i].bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_any_flipped_bit_breaks_the_checksum),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_emit_pads_options),
        cmocka_unit_test(test_option_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
