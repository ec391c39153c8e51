/* udphdr_test.c: the UDP header and its lengths. */
#include "t.h"
#include "wire/udphdr.h"

TEST(fields)
{
    static const uint8_t hdr[8] = { 0x9c, 0x40, 0, 53, 0, 13, 0xbe, 0xef };
    struct udp_repr      r;
    uint8_t              out[8];

    EXPECT_EQ(udphdr_parse(span_of(hdr, 13), &r), GO_ON);
    EXPECT_EQ(r.sport, 40000);
    EXPECT_EQ(r.dport, 53);
    EXPECT_EQ(r.len, 13);
    EXPECT_EQ(r.cksum, 0xbeef);
    EXPECT_EQ(udphdr_emit(out, 8, &r), 8);
    EXPECT_MEM(out, hdr, 8);
}

/* RFC 768: the length counts the header; it may not exceed what IP brought,
 * and what IP brought beyond it is surplus (RFC 9868). */
TEST(lengths)
{
    static const struct {
        uint16_t len;
        size_t   payload;
        enum why why;
    } rows[] = {
        { 8, 8, GO_ON },          { 8, 9, GO_ON },
        { 12, 16, GO_ON },        { 65535, 65535, GO_ON },
        { 8, 7, WHY_UDP_HEADER }, { 8, 0, WHY_UDP_HEADER },
        { 7, 8, WHY_UDP_HEADER }, { 0, 8, WHY_UDP_HEADER },
        { 9, 8, WHY_UDP_HEADER }, { 65535, 65534, WHY_UDP_HEADER },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         hdr[8] = { 0 };
        struct udp_repr r;

        t_row("%zu", i);
        be16_store(hdr + 4, rows[i].len);
        EXPECT_EQ(udphdr_parse(span_of(hdr, rows[i].payload), &r),
                  rows[i].why);
    }
}

/* RFC 768: a computed zero is sent as all ones. [RFC8200-8.1-a] */
TEST(checksum_is_never_zero)
{
    EXPECT_EQ(udphdr_cksum(0xffff), 0xffff);
    EXPECT_EQ(udphdr_cksum(0), 0xffff);
    EXPECT_EQ(udphdr_cksum(0x1234), 0xedcb);
}

T_MAIN(T(fields), T(lengths), T(checksum_is_never_zero))
