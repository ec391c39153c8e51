/* arphdr_test.c: ARP packets, and those that are not ours to read. */
#include "t.h"
#include "wire/arphdr.h"

static const uint8_t request[28] = {
    0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 10, 0, 0, 1,
    10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};

TEST(fields)
{
    struct arp_repr r;
    uint8_t         out[28];

    EXPECT_EQ(arphdr_parse(span_of(request, 28), &r), GO_ON);
    EXPECT_EQ(r.op, ARP_REQUEST);
    EXPECT_MEM(r.sha.b, "\x02\0\x0a\0\0\x01", 6);
    EXPECT_MEM(r.tha.b, "\0\0\0\0\0\0", 6);
    EXPECT_EQ(addr_u4(&r.spa), 0x0a000001);
    EXPECT_EQ(addr_u4(&r.tpa), 0x0a000002);
    EXPECT(addr_is4(&r.spa) && addr_is4(&r.tpa));
    EXPECT_EQ(arphdr_emit(out, 28, &r), 28);
    EXPECT_MEM(out, request, 28);
}

TEST(refusals)
{
    static const struct {
        size_t  at;
        uint8_t value;
    } rows[] = {
        { 0, 1 },    { 1, 6 },                      /* hardware */
        { 2, 0x86 }, { 3, 6 },                      /* protocol */
        { 4, 8 },    { 5, 16 },                     /* lengths */
        { 6, 1 },    { 7, 0 },  { 7, 3 }, { 7, 4 }, /* opcode */
    };
    struct arp_repr r;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t pkt[28];

        t_row("%zu", i);
        memcpy(pkt, request, sizeof(pkt));
        pkt[rows[i].at] = rows[i].value;
        EXPECT_EQ(arphdr_parse(span_of(pkt, 28), &r), WHY_ARP_BAD);
    }
    EXPECT_EQ(arphdr_parse(span_of(request, 27), &r), WHY_ARP_BAD);
    EXPECT_EQ(arphdr_parse(span_of(request, 0), &r), WHY_ARP_BAD);
}

T_MAIN(T(fields), T(refusals))
