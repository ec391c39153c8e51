/* icmphdr_test.c: the headers and checksums of ICMP and ICMPv6. */
#include "t.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

/* An echo request; its checksum is worked out by hand. */
static const uint8_t echo4[10] = { 8, 0, 0x95, 0x95, 0, 7, 0, 1, 'b', 'b' };

TEST(icmp4_fields)
{
    struct icmp4_repr r;
    uint8_t           out[10];

    EXPECT_EQ(icmp4hdr_parse(span_of(echo4, 10), &r), GO_ON);
    EXPECT_EQ(r.type, ICMP4_ECHO);
    EXPECT_EQ(r.code, 0);
    EXPECT_EQ(r.cksum, 0x9595);
    EXPECT_EQ(r.rest, 0x00070001);
    EXPECT_EQ(r.body.len, 2);
    EXPECT(r.body.p == echo4 + 8);
    EXPECT_EQ(icmp4hdr_verify(span_of(echo4, 10)), GO_ON);
    EXPECT_EQ(icmp4hdr_emit(out, 10, &r), 8);
    memcpy(out + 8, echo4 + 8, 2);
    EXPECT_EQ(be16_load(out + 2), 0);
    be16_store(out + 2, 0xdead); /* what stood there does not count */
    icmp4hdr_seal(out, 10);
    EXPECT_MEM(out, echo4, 10);
}

TEST(icmp4_refusals)
{
    struct icmp4_repr r;
    uint8_t           msg[10];

    for (size_t n = 0; n < 8; n++)
        EXPECT_EQ(icmp4hdr_parse(span_of(echo4, n), &r), WHY_ICMP_BAD);
    EXPECT_EQ(icmp4hdr_parse(span_of(echo4, 8), &r), GO_ON);
    EXPECT_EQ(r.body.len, 0);
    for (unsigned bit = 0; bit < 80; bit++) {
        memcpy(msg, echo4, sizeof(msg));
        msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
        EXPECT_EQ(icmp4hdr_verify(span_of(msg, 10)), WHY_ICMP_CHECKSUM);
    }
}

/* RFC 1122 §3.2.2: no error is sent about an error. */
TEST(which_messages_are_errors)
{
    for (unsigned type = 0; type < 256; type++) {
        bool four = type == 3 || type == 4 || type == 5 || type == 11
            || type == 12;

        EXPECT_EQ(icmp4_is_error((uint8_t)type), four);
        EXPECT_EQ(icmp6_is_error((uint8_t)type), type < 128);
    }
}

/* RFC 4443 §2.3: the pseudo-header counts. */
TEST(icmp6)
{
    struct icmp6_repr r = { .type = ICMP6_TOO_BIG, .rest = 1280 }, back;
    struct cw_addr    src = { { 0xfe, 0x80, [15] = 1 } };
    struct cw_addr    dst = { { 0xfe, 0x80, [15] = 2 } };
    uint8_t           msg[11] = { [8] = 1, 2, 3 };

    EXPECT_EQ(icmp6hdr_emit(msg, sizeof(msg), &r), 8);
    EXPECT_EQ(be16_load(msg + 2), 0);
    be16_store(msg + 2, 0xdead);
    icmp6hdr_seal(msg, sizeof(msg), &src, &dst);
    /* 0200+0500 + 0102+0300 + 2*fe80+1+2 + 11 + 58, by hand */
    EXPECT_EQ(be16_load(msg + 2), 0xf7b3);
    EXPECT_EQ(icmp6hdr_verify(span_of(msg, 11), &src, &dst), GO_ON);
    EXPECT_EQ(icmp6hdr_parse(span_of(msg, 11), &back), GO_ON);
    EXPECT_EQ(back.type, ICMP6_TOO_BIG);
    EXPECT_EQ(back.cksum, 0xf7b3);
    EXPECT_EQ(back.rest, 1280);
    EXPECT_EQ(back.body.len, 3);
    EXPECT(back.body.p == msg + 8);
    dst.b[15] = 3;
    EXPECT_EQ(icmp6hdr_verify(span_of(msg, 11), &src, &dst),
              WHY_ICMP_CHECKSUM);
    EXPECT_EQ(icmp6hdr_parse(span_of(msg, 8), &back), GO_ON);
    EXPECT_EQ(icmp6hdr_parse(span_of(msg, 7), &back), WHY_ICMP_BAD);
}

T_MAIN(T(icmp4_fields), T(icmp4_refusals), T(which_messages_are_errors),
       T(icmp6))
