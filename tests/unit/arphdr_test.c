/* arphdr_test.c: ARP packets, and those that are not ours to read. */
#include "t.h"
#include "wire/arphdr.h"

static const uint8_t request[28] = {
    0, 1, 8,  0, 6, 4, 0, 1, 2, 0, 10, 0,  0, 1,
    10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0,  0, 2,
};

static void test_fields(void **state)
{
    struct arp_repr r;
    uint8_t         out[28];

    (void)state;
    assert_int_equal(arphdr_parse(span_of(request, 28), &r), GO_ON);
    assert_int_equal(r.op, ARP_REQUEST);
    assert_memory_equal(r.sha.b, "\x02\0\x0a\0\0\x01", 6);
    assert_memory_equal(r.tha.b, "\0\0\0\0\0\0", 6);
    assert_int_equal(addr_u4(&r.spa), 0x0a000001);
    assert_int_equal(addr_u4(&r.tpa), 0x0a000002);
    assert_true(addr_is4(&r.spa) && addr_is4(&r.tpa));
    assert_int_equal(arphdr_emit(out, 28, &r), 28);
    assert_memory_equal(out, request, 28);
}

static void test_refusals(void **state)
{
    static const struct {
        size_t  at;
        uint8_t value;
    } rows[] = {
        { 0, 1 },   { 1, 6 },   /* hardware */
        { 2, 0x86 }, { 3, 6 },  /* protocol */
        { 4, 8 },   { 5, 16 },  /* lengths */
        { 6, 1 },   { 7, 0 }, { 7, 3 }, { 7, 4 }, /* opcode */
    };
    struct arp_repr r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t pkt[28];

        memcpy(pkt, request, sizeof(pkt));
        pkt[rows[i].at] = rows[i].value;
        assert_int_equal(arphdr_parse(span_of(pkt, 28), &r), WHY_ARP_BAD);
    }
    assert_int_equal(arphdr_parse(span_of(request, 27), &r), WHY_ARP_BAD);
    assert_int_equal(arphdr_parse(span_of(request, 0), &r), WHY_ARP_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
