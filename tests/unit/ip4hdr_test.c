/* ip4hdr_test.c: the IPv4 header: lengths, fragments, options, checksum. */
#include "t.h"
#include "wire/cksum.h"
#include "wire/ip4hdr.h"

/* Version 4, 20 bytes, total 28, DF, TTL 64, UDP, 10.0.0.1 > 10.0.0.2. */
static const uint8_t plain[28] = { 0x45, 0xb8, 0,  28,   0x12, 0x34, 0x40,
                                   0,    64,   17, 0x13, 0xe3, 10,   0,
                                   0,    1,    10, 0,    0,    2 };

static void seal(uint8_t *hdr, size_t len)
{
    be16_store(hdr + 10, 0);
    be16_store(hdr + 10, cksum_fold(cksum_add(0, hdr, len)));
}

TEST(fields)
{
    struct ip4_repr r;

    EXPECT_EQ(ip4hdr_parse(span_of(plain, 28), &r), GO_ON);
    EXPECT_EQ(r.tos, 0xb8);
    EXPECT_EQ(r.total_len, 28);
    EXPECT_EQ(r.id, 0x1234);
    EXPECT(r.df);
    EXPECT(!r.mf);
    EXPECT_EQ(r.frag_off, 0);
    EXPECT_EQ(r.ttl, 64);
    EXPECT_EQ(r.proto, PROTO_UDP);
    EXPECT_EQ(r.hdr_len, 20);
    EXPECT_EQ(r.opts.len, 0);
    EXPECT(addr_is4(&r.src) && addr_is4(&r.dst));
    EXPECT_EQ(addr_u4(&r.src), 0x0a000001);
    EXPECT_EQ(addr_u4(&r.dst), 0x0a000002);
    EXPECT(!ip4_is_fragment(&r));
}

/* One byte of the plain header is changed; the checksum is put right. */
TEST(refusals)
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

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         pkt[64] = { 0 };
        struct ip4_repr r;

        t_row("%zu", i);
        memcpy(pkt, plain, sizeof(plain));
        pkt[rows[i].at] = rows[i].value;
        seal(pkt, 20);
        EXPECT_EQ(ip4hdr_parse(span_of(pkt, rows[i].pkt_len), &r),
                  rows[i].why);
    }
}

/* RFC 1122 §3.2.1.2: whichever bit is wrong, the datagram is dropped. */
TEST(any_flipped_bit_breaks_the_checksum)
{
    for (unsigned bit = 0; bit < 160; bit++) {
        uint8_t         pkt[28];
        struct ip4_repr r;
        enum why        why;

        memcpy(pkt, plain, sizeof(pkt));
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
        why = ip4hdr_parse(span_of(pkt, 28), &r);
        if (bit / 8 > 0)
            EXPECT_EQ(why, WHY_IP_CHECKSUM);
        else
            EXPECT_NE(why, GO_ON);
    }
}

TEST(fragments)
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

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         pkt[28];
        struct ip4_repr r;

        t_row("%zu", i);
        memcpy(pkt, plain, sizeof(pkt));
        be16_store(pkt + 6, rows[i].field);
        seal(pkt, 20);
        EXPECT_EQ(ip4hdr_parse(span_of(pkt, 28), &r), GO_ON);
        EXPECT_EQ(r.frag_off, rows[i].off);
        EXPECT_EQ(r.df, rows[i].df);
        EXPECT_EQ(r.mf, rows[i].mf);
        EXPECT_EQ(ip4_is_fragment(&r), rows[i].fragment);
    }
}

/* A quote may be cut and its checksum stale; its header must be whole. */
TEST(quotes)
{
    uint8_t         pkt[28];
    struct ip4_repr r;

    memcpy(pkt, plain, sizeof(pkt));
    pkt[8] = 1; /* the TTL went down on the way */
    be16_store(pkt + 2, 1500);
    EXPECT_EQ(ip4hdr_parse_quote(span_of(pkt, 28), &r), GO_ON);
    EXPECT_EQ(r.total_len, 1500);
    be16_store(pkt + 2, 20);
    EXPECT_EQ(ip4hdr_parse_quote(span_of(pkt, 28), &r), GO_ON);
    be16_store(pkt + 2, 19);
    EXPECT_EQ(ip4hdr_parse_quote(span_of(pkt, 28), &r), WHY_IP_HEADER);
    be16_store(pkt + 2, 1500);
    pkt[0] = 0x48;
    EXPECT_EQ(ip4hdr_parse_quote(span_of(pkt, 28), &r), WHY_IP_HEADER);
}

TEST(emit_pads_options)
{
    static const uint8_t alert[5] = { 148, 4, 0, 0, 1 };
    struct ip4_repr      r = { .ttl = 1,
                               .proto = PROTO_IGMP,
                               .mf = true,
                               .frag_off = 1480,
                               .total_len = 40 },
                    back;
    uint8_t out[64];

    r.src = addr4(0x0a000001);
    r.dst = addr4(0xe0000016);
    r.opts = span_of(alert, sizeof(alert));
    memset(out, 0xee, sizeof(out));
    EXPECT_EQ(ip4hdr_emit(out, 28, &r), 28);
    EXPECT_EQ(out[28], 0xee);
    EXPECT_EQ(ip4hdr_parse(span_of(out, 40), &back), GO_ON);
    EXPECT_EQ(back.hdr_len, 28);
    EXPECT_EQ(back.frag_off, 1480);
    EXPECT(back.mf);
    EXPECT_EQ(back.opts.len, 8);
    EXPECT_MEM(back.opts.p, "\x94\x04\0\0\x01\0\0\0", 8);
}

TEST(option_walk)
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

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reader r = reader_of(span_of(rows[i].bytes, rows[i].len));
        struct span   data;
        uint8_t       kind;
        size_t        n = 0;

        t_row("%zu", i);
        while (ip4opt_next(&r, &kind, &data)) {
            EXPECT(n < rows[i].count);
            EXPECT_EQ(kind, rows[i].kinds[n++]);
        }
        EXPECT_EQ(n, rows[i].count);
        EXPECT_EQ(r.bad, rows[i].bad);
    }
}

/* Writing what cannot be is our own fault, and stops. */
TEST(misuse_panics)
{
    struct ip4_repr good, r;
    uint8_t         out[64];

    EXPECT_EQ(ip4hdr_parse(span_of(plain, 28), &good), GO_ON);
    EXPECT_EQ(ip4hdr_emit(out, 20, &good), 20);
    EXPECT_PANIC((void)ip4hdr_emit(out, 19, &good));
    r = good;
    r.frag_off = 4;
    EXPECT_PANIC((void)ip4hdr_emit(out, 20, &r));
    r = good;
    r.total_len = 19;
    EXPECT_PANIC((void)ip4hdr_emit(out, 20, &r));
    r = good;
    r.dst.b[0] = 0xfe;
    EXPECT_PANIC((void)ip4hdr_emit(out, 20, &r));
    r = good;
    r.opts = span_of(plain, 28);
    EXPECT_PANIC((void)ip4hdr_emit(out, 47, &r));
}

T_MAIN(T(fields), T(refusals), T(any_flipped_bit_breaks_the_checksum),
       T(fragments), T(quotes), T(emit_pads_options), T(option_walk),
       T(misuse_panics))
