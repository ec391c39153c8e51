/* udphdr_test.c: the UDP header and its lengths. */
#include "t.h"
#include "wire/udphdr.h"

static void test_fields(void **state)
{
    static const uint8_t hdr[8] = { 0x9c, 0x40, 0, 53, 0, 13, 0xbe, 0xef };
    struct udp_repr      r;
    uint8_t              out[8];

    (void)state;
    assert_int_equal(udphdr_parse(span_of(hdr, 13), &r), GO_ON);
    assert_int_equal(r.sport, 40000);
    assert_int_equal(r.dport, 53);
    assert_int_equal(r.len, 13);
    assert_int_equal(r.cksum, 0xbeef);
    assert_int_equal(udphdr_emit(out, 8, &r), 8);
    assert_memory_equal(out, hdr, 8);
}

/* RFC 768: the length counts the header; it may not exceed what IP brought,
 * and what IP brought beyond it is surplus (RFC 9868). */
static void test_lengths(void **state)
{
    static const struct {
        uint16_t len;
        size_t   payload;
        enum why why;
    } rows[] = {
        { 8, 8, GO_ON },
        { 8, 9, GO_ON },
        { 12, 16, GO_ON },
        { 65535, 65535, GO_ON },
        { 8, 7, WHY_UDP_HEADER },
        { 8, 0, WHY_UDP_HEADER },
        { 7, 8, WHY_UDP_HEADER },
        { 0, 8, WHY_UDP_HEADER },
        { 9, 8, WHY_UDP_HEADER },
        { 65535, 65534, WHY_UDP_HEADER },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         hdr[8] = { 0 };
        struct udp_repr r;

        be16_store(hdr + 4, rows[i].len);
        assert_int_equal(udphdr_parse(span_of(hdr, rows[i].payload), &r),
                         rows[i].why);
    }
}

/* RFC 768: a computed zero is sent as all ones. */
static void test_checksum_is_never_zero(void **state)
{
    (void)state;
    assert_int_equal(udphdr_cksum(0xffff), 0xffff);
    assert_int_equal(udphdr_cksum(0), 0xffff);
    assert_int_equal(udphdr_cksum(0x1234), 0xedcb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_checksum_is_never_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
