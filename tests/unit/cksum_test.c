/* cksum_test.c: the Internet checksum against known answers and against the
 * definition, byte by byte.
 */
#include "t.h"
#include "wire/cksum.h"

enum { ROOM = 700 };

/* RFC 1071 §1 as it is written: words of two bytes, carries at the end. */
static uint32_t by_definition(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += (uint64_t)p[i] << (i % 2 ? 0 : 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

/* Bytes that repeat only after a long while. */
static void fill(uint8_t *p, size_t len, uint32_t x)
{
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        p[i] = (uint8_t)(x >> 24);
    }
}

TEST(known_answers)
{
    static const struct {
        uint8_t  bytes[20];
        size_t   len;
        uint16_t sum, field;
    } rows[] = {
        /* RFC 1071 §3 */
        { { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 },
          8,
          0xddf2,
          0x220d },
        /* an IPv4 header, without and with its checksum */
        { { 0x45, 0, 0,    0x73, 0, 0, 0x40, 0,    0x40, 0x11,
            0,    0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0,    0xc7 },
          20,
          0x479e,
          0xb861 },
        { { 0x45, 0,    0,    0x73, 0, 0, 0x40, 0,    0x40, 0x11,
            0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0,    0xc7 },
          20,
          0xffff,
          0 },
        { { 0 }, 0, 0, 0xffff },
        { { 0 }, 20, 0, 0xffff },
        { { 0xab }, 1, 0xab00, 0x54ff },
        { { 0xff, 0xff }, 2, 0xffff, 0 },
        { { 0xff, 0xff, 0, 1 }, 4, 1, 0xfffe },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t sum = cksum_add(0, rows[i].bytes, rows[i].len);

        t_row("%zu", i);
        EXPECT_EQ(sum, rows[i].sum);
        EXPECT_EQ(cksum_fold(sum), rows[i].field);
    }
}

/* [RFC768-Checksum-a] */
TEST(every_length_and_alignment)
{
    uint8_t buf[ROOM];

    fill(buf, sizeof(buf), 1);
    for (size_t off = 0; off < 33; off++) {
        for (size_t len = 0; len <= 300; len++)
            EXPECT_EQ(cksum_add(0, buf + off, len),
                      by_definition(buf + off, len));
    }
}

/* The greatest sums: nothing overflows at the size of a super-segment. */
TEST(largest_runs)
{
    static uint8_t ones[65536 + 64];

    memset(ones, 0xff, sizeof(ones));
    for (size_t len = sizeof(ones) - 130; len <= sizeof(ones); len++) {
        uint32_t expect = len % 2 ? 0xff00 : 0xffff;

        EXPECT_EQ(cksum_add(0, ones, len), expect);
        EXPECT_EQ(cksum_add(UINT32_MAX, ones, len), expect);
    }
}

/* Words at the edges, whose sums carry where random ones hardly ever do. */
TEST(carries)
{
    static const uint32_t edges[] = { 0,       1,          0xffff,
                                      0x10000, 0xfffffffe, 0xffffffff };
    uint8_t               buf[160], pick[40];

    for (uint32_t seed = 0; seed < 2000; seed++) {
        fill(pick, sizeof(pick), seed);
        for (size_t i = 0; i < sizeof(pick); i++)
            memcpy(buf + 4 * i, &edges[pick[i] % ARRAY_LEN(edges)], 4);
        EXPECT_EQ(cksum_add(0, buf, sizeof(buf)),
                  by_definition(buf, sizeof(buf)));
    }
}

/* A message in two and in three runs, cut at even and at odd places. */
TEST(runs_chain_at_any_cut)
{
    uint8_t buf[ROOM];

    fill(buf, sizeof(buf), 2);
    for (size_t cut = 0; cut <= 199; cut++) {
        uint32_t whole = by_definition(buf, 199);
        size_t   half = cut / 2;
        uint32_t two = cksum_add_at(cksum_add(0, buf, cut), buf + cut,
                                    199 - cut, cut % 2);
        uint32_t three = cksum_add(0, buf, half);

        three = cksum_add_at(three, buf + half, cut - half, half % 2);
        three = cksum_add_at(three, buf + cut, 199 - cut, cut % 2);
        EXPECT_EQ(two, whole);
        EXPECT_EQ(three, whole);
    }
}

/* Any partial sum may come in, not only one that fits in 16 bits. */
TEST(sums_stay_congruent)
{
    static const uint32_t starts[] = { 1,       0xffff,     0x10000,
                                       0x1fffe, 0xffff0000, UINT32_MAX };
    uint8_t               buf[64];

    fill(buf, sizeof(buf), 3);
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        uint64_t expect = (uint64_t)starts[i] + by_definition(buf, 64);
        uint32_t sum = cksum_add(starts[i], buf, 64);

        EXPECT_EQ(sum % 0xffff, expect % 0xffff);
        EXPECT_LE(sum, 0xffff);
        sum = cksum_add_at(starts[i], buf, 64, false);
        EXPECT_EQ(sum % 0xffff, expect % 0xffff);
        EXPECT_LE(sum, 0xffff);
    }
}

TEST(copy_sums_and_copies)
{
    uint8_t src[ROOM], dst[ROOM];

    fill(src, sizeof(src), 4);
    for (size_t len = 0; len <= 260; len++) {
        size_t off = len % 17;

        memset(dst, 0xa5, sizeof(dst));
        EXPECT_EQ(cksum_copy(7, dst + 8, src + off, len),
                  cksum_add(7, src + off, len));
        EXPECT_MEM(dst + 8, src + off, len);
        EXPECT_EQ(dst[7], 0xa5);
        EXPECT_EQ(dst[8 + len], 0xa5);
    }
}

/* RFC 1624 §4's example, and every field of a header in turn. */
TEST(update_equals_recomputing)
{
    uint8_t hdr[20];

    EXPECT_EQ(cksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
    fill(hdr, sizeof(hdr), 5);
    be16_store(hdr + 10, 0);
    be16_store(hdr + 10, cksum_fold(cksum_add(0, hdr, 20)));
    for (uint32_t i = 0; i < 5000; i++) {
        size_t   at = i % 5 * 2;
        uint16_t old = be16_load(hdr + at);
        uint16_t new = (uint16_t)(i * 40503u);

        be16_store(hdr + at, new);
        be16_store(hdr + 10, cksum_update16(be16_load(hdr + 10), old, new));
        EXPECT_EQ(cksum_fold(cksum_add(0, hdr, 20)), 0);
    }
}

TEST(pseudo_header_of_ip4)
{
    struct cw_addr       src = addr4(0x0a000001), dst = addr4(0xc0a8ff02);
    static const uint8_t as_bytes[12] = { 10,   0, 0, 1, 0xc0, 0xa8,
                                          0xff, 2, 0, 6, 0x05, 0xb4 };

    EXPECT_EQ(cksum_pseudo(&src, &dst, 6, 1460),
              by_definition(as_bytes, sizeof(as_bytes)));
}

TEST(pseudo_header_of_ip6)
{
    struct cw_addr src, dst;
    uint8_t        as_bytes[40] = { 0 };

    fill(src.b, 16, 6);
    fill(dst.b, 16, 7);
    memcpy(as_bytes, src.b, 16);
    memcpy(as_bytes + 16, dst.b, 16);
    be32_store(as_bytes + 32, 0x12345);
    as_bytes[39] = 58;
    EXPECT_EQ(cksum_pseudo(&src, &dst, 58, 0x12345),
              by_definition(as_bytes, sizeof(as_bytes)));
}

T_MAIN(T(known_answers), T(every_length_and_alignment), T(largest_runs),
       T(carries), T(runs_chain_at_any_cut), T(sums_stay_congruent),
       T(copy_sums_and_copies), T(update_equals_recomputing),
       T(pseudo_header_of_ip4), T(pseudo_header_of_ip6))
