/* icmphdr_test.c: the headers and checksums of ICMP and ICMPv6. */
#include "t.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

/* An echo request; its checksum is worked out by hand. */
static const uint8_t echo4[10] = { 8, 0, 0x95, 0x95, 0, 7, 0, 1, 'b', 'b' };

static void test_icmp4_fields(void **state)
{
    struct icmp4_repr r;
    uint8_t           out[10];

    (void)state;
    assert_int_equal(icmp4hdr_parse(span_of(echo4, 10), &r), GO_ON);
    assert_int_equal(r.type, ICMP4_ECHO);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.cksum, 0x9595);
    assert_int_equal(r.rest, 0x00070001);
    assert_int_equal(r.body.len, 2);
    assert_ptr_equal(r.body.p, echo4 + 8);
    assert_int_equal(icmp4hdr_verify(span_of(echo4, 10)), GO_ON);
    assert_int_equal(icmp4hdr_emit(out, 10, &r), 8);
    memcpy(out + 8, echo4 + 8, 2);
    assert_int_equal(be16_load(out + 2), 0);
    be16_store(out + 2, 0xdead); /* what stood there does not count */
    icmp4hdr_seal(out, 10);
    assert_memory_equal(out, echo4, 10);
}

static void test_icmp4_refusals(void **state)
{
    struct icmp4_repr r;
    uint8_t           msg[10];

    (void)state;
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(icmp4hdr_parse(span_of(echo4, n), &r),
                         WHY_ICMP_BAD);
    assert_int_equal(icmp4hdr_parse(span_of(echo4, 8), &r), GO_ON);
    assert_int_equal(r.body.len, 0);
    for (unsigned bit = 0; bit < 80; bit++) {
        memcpy(msg, echo4, sizeof(msg));
        msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(icmp4hdr_verify(span_of(msg, 10)),
                         WHY_ICMP_CHECKSUM);
    }
}

/* RFC 1122 §3.2.2: no error is sent about an error. */
static void test_which_messages_are_errors(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        bool four = type == 3 || type == 4 || type == 5 || type == 11
            || type == 12;

        assert_int_equal(icmp4_is_error((uint8_t)type), four);
        assert_int_equal(icmp6_is_error((uint8_t)type), type < 128);
    }
}

/* RFC 4443 §2.3: the pseudo-header counts. */
static void test_icmp6(void **state)
{
    struct icmp6_repr r = { .type = ICMP6_TOO_BIG, .rest = 1280 }, back;
    struct cw_addr    src = { { 0xfe, 0x80, [15] = 1 } };
    struct cw_addr    dst = { { 0xfe, 0x80, [15] = 2 } };
    uint8_t           msg[11] = { [8] = 1, 2, 3 };

    (void)state;
    assert_int_equal(icmp6hdr_emit(msg, sizeof(msg), &r), 8);
    assert_int_equal(be16_load(msg + 2), 0);
    be16_store(msg + 2, 0xdead);
    icmp6hdr_seal(msg, sizeof(msg), &src, &dst);
    /* 0200+0500 + 0102+0300 + 2*fe80+1+2 + 11 + 58, by hand */
    assert_int_equal(be16_load(msg + 2), 0xf7b3);
    assert_int_equal(icmp6hdr_verify(span_of(msg, 11), &src, &dst), GO_ON);
    assert_int_equal(icmp6hdr_parse(span_of(msg, 11), &back), GO_ON);
    assert_int_equal(back.type, ICMP6_TOO_BIG);
    assert_int_equal(back.cksum, 0xf7b3);
    assert_int_equal(back.rest, 1280);
    assert_int_equal(back.body.len, 3);
    dst.b[15] = 3;
    assert_int_equal(icmp6hdr_verify(span_of(msg, 11), &src, &dst),
                     WHY_ICMP_CHECKSUM);
    assert_int_equal(icmp6hdr_parse(span_of(msg, 8), &back), GO_ON);
    assert_int_equal(icmp6hdr_parse(span_of(msg, 7), &back), WHY_ICMP_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_icmp4_fields),
        cmocka_unit_test(test_icmp4_refusals),
        cmocka_unit_test(test_which_messages_are_errors),
        cmocka_unit_test(test_icmp6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
