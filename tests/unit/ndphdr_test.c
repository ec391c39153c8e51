/* ndphdr_test.c: neighbour discovery: which messages are valid (RFC 4861
 * §6.1, §7.1, §8.1), what they say, and how they are written.
 */
#include "t.h"
#include "wire/ndphdr.h"

static struct cw_addr ip6(uint16_t first, uint32_t last)
{
    struct cw_addr a = { { 0 } };

    be16_store(a.b, first);
    be32_store(a.b + 12, last);
    return a;
}

/* A message that is valid as it stands, to be spoilt one way at a time. */
struct msg {
    struct ip6_repr ip;
    struct ndp_repr ndp;
};

static struct msg good(uint8_t type)
{
    struct msg m = { .ip = { .hop = 255 }, .ndp = { .type = type } };

    m.ip.src = ip6(0xfe80, 1);
    m.ip.dst = ip6(0xfe80, 2);
    if (type == ICMP6_NS || type == ICMP6_NA)
        m.ndp.target = ip6(0x2001, 0x10002);
    if (type == ICMP6_REDIRECT) {
        m.ndp.target = ip6(0xfe80, 9);
        m.ndp.dest = ip6(0x2001, 5);
    }
    return m;
}

static enum why round_trip(const struct msg *m, struct ndp_repr *out)
{
    uint8_t bytes[512];
    size_t  len = ndphdr_emit(bytes, sizeof(bytes), &m->ndp);

    EXPECT_EQ(len, ndphdr_len(&m->ndp));
    return ndphdr_parse(span_of(bytes, len), &m->ip, out);
}

static const uint8_t types[] = { ICMP6_RS, ICMP6_RA, ICMP6_NS, ICMP6_NA,
                                 ICMP6_REDIRECT };

TEST(plain_messages_are_valid)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct msg      m = good(types[i]);
        struct ndp_repr r;

        EXPECT_EQ(round_trip(&m, &r), GO_ON);
        EXPECT_EQ(r.type, types[i]);
        EXPECT(addr_eq(&r.target, &m.ndp.target));
        EXPECT(addr_eq(&r.dest, &m.ndp.dest));
    }
}

/* What is not set is zero on the wire, the checksum with it. */
TEST(reserved_fields_are_zero)
{
    static const uint8_t zeros[30];
    uint8_t              b[128];

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct msg m = good(types[i]);

        memset(b, 0xee, sizeof(b));
        (void)ndphdr_emit(b, sizeof(b), &m.ndp);
        EXPECT_MEM(b + 1, zeros, 7);
        if (types[i] != ICMP6_RA)
            continue;
        m.ndp.nprefix = 1;
        (void)ndphdr_emit(b, sizeof(b), &m.ndp);
        EXPECT_EQ(be16_load(b + 16), NDP_OPT_PREFIX << 8 | 4);
        EXPECT_MEM(b + 18, zeros, 30);
    }
}

/* What holds for all of them: hop limit 255, code 0, no option of length
 * zero or beyond the end, the fixed part whole. */
TEST(common_checks)
{
    static const uint8_t fixed[] = { 8, 16, 24, 24, 40 };

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct msg      m = good(types[i]);
        struct ndp_repr r;
        uint8_t         b[64];
        size_t          len = ndphdr_emit(b, sizeof(b), &m.ndp);

        EXPECT_EQ(len, fixed[i]);
        m.ip.hop = 254;
        EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), WHY_NDP_BAD);
        m.ip.hop = 255;
        EXPECT_EQ(ndphdr_parse(span_of(b, len - 1), &m.ip, &r), WHY_NDP_BAD);
        memset(b + len, 0, 8);
        b[len] = 200; /* unknown, length 0 */
        EXPECT_EQ(ndphdr_parse(span_of(b, len + 8), &m.ip, &r), WHY_NDP_BAD);
        b[len + 1] = 2;
        EXPECT_EQ(ndphdr_parse(span_of(b, len + 8), &m.ip, &r), WHY_NDP_BAD);
        EXPECT_EQ(ndphdr_parse(span_of(b, len + 1), &m.ip, &r), WHY_NDP_BAD);
        b[len + 1] = 1;
        EXPECT_EQ(ndphdr_parse(span_of(b, len + 8), &m.ip, &r), GO_ON);
        b[1] = 1;
        EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), WHY_NDP_BAD);
    }
}

TEST(other_types_are_refused)
{
    struct ip6_repr ip = good(ICMP6_NS).ip;
    struct ndp_repr r;
    uint8_t         b[64] = { 0 };

    for (unsigned t = 0; t < 256; t++) {
        b[0] = (uint8_t)t;
        if (t < ICMP6_RS || t > ICMP6_REDIRECT)
            EXPECT_EQ(ndphdr_parse(span_of(b, 64), &ip, &r), WHY_NDP_BAD);
    }
    EXPECT_EQ(ndphdr_parse(span_of(b, 0), &ip, &r), WHY_NDP_BAD);
}

/* §7.1.1 */
/* [RFC4861-7.1.1-a] */
TEST(neighbour_solicitation)
{
    struct msg      m = good(ICMP6_NS);
    struct ndp_repr r;

    m.ndp.has_slla = true;
    memcpy(m.ndp.slla.b, "\x02\x03\x04\x05\x06\x07", 6);
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    EXPECT(r.has_slla && mac_eq(&r.slla, &m.ndp.slla));

    m.ip.src = ip6(0, 0);
    m.ip.dst = ndp_solicited_node(&m.ndp.target);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD); /* has an SLLA */
    m.ndp.has_slla = false;
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    m.ip.dst = ip6(0xff02, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);

    m = good(ICMP6_NS);
    m.ndp.target = ip6(0xff02, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
    m.ndp.target = addr4(0x0a000001);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
}

/* §7.1.2 */
/* [RFC4861-7.1.2-a] */
TEST(neighbour_advertisement)
{
    struct msg      m = good(ICMP6_NA);
    struct ndp_repr r;

    for (unsigned f = 0; f < 8; f++) {
        m.ndp.router = f & 1;
        m.ndp.solicited = f & 2;
        m.ndp.override = f & 4;
        EXPECT_EQ(round_trip(&m, &r), GO_ON);
        EXPECT_EQ(r.router, m.ndp.router);
        EXPECT_EQ(r.solicited, m.ndp.solicited);
        EXPECT_EQ(r.override, m.ndp.override);
    }
    m.ip.dst = ip6(0xff02, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
    m.ndp.solicited = false;
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    m.ndp.target = ip6(0xff02, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
}

/* §6.1.1, §6.1.2 */
TEST(router_messages)
{
    struct msg      rs = good(ICMP6_RS), ra = good(ICMP6_RA);
    struct ndp_repr r;

    rs.ip.src = ip6(0, 0);
    EXPECT_EQ(round_trip(&rs, &r), GO_ON);
    rs.ndp.has_slla = true;
    EXPECT_EQ(round_trip(&rs, &r), WHY_NDP_BAD);
    ra.ip.src = ip6(0x2001, 1);
    EXPECT_EQ(round_trip(&ra, &r), WHY_NDP_BAD);
}

TEST(router_advertisement_says)
{
    struct msg      m = good(ICMP6_RA);
    struct ndp_repr r;
    uint8_t         b[128];

    m.ndp.hop_limit = 64;
    m.ndp.other = true;
    m.ndp.lifetime = 1800;
    m.ndp.reachable = 30000;
    m.ndp.retrans = 1000;
    m.ndp.has_mtu = true;
    m.ndp.mtu = 1480;
    m.ndp.nprefix = 2;
    m.ndp.prefix[1] = (struct ndp_prefix){ ip6(0x2001, 0), 64,         true,
                                           false,          UINT32_MAX, 7 };
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    (void)ndphdr_emit(b, sizeof(b), &m.ndp);
    EXPECT_EQ(b[5], 0x40); /* O alone */
    EXPECT_EQ(r.hop_limit, 64);
    EXPECT(r.other && !r.managed);
    m.ndp.other = false;
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    EXPECT(!r.other);
    EXPECT_EQ(r.lifetime, 1800);
    EXPECT_EQ(r.reachable, 30000);
    EXPECT_EQ(r.retrans, 1000);
    EXPECT(r.has_mtu);
    EXPECT_EQ(r.mtu, 1480);
    EXPECT_EQ(r.nprefix, 2);
    EXPECT_EQ(r.prefix[1].len, 64);
    EXPECT(r.prefix[1].onlink && !r.prefix[1].autonomous);
    EXPECT_EQ(r.prefix[1].valid, UINT32_MAX);
    EXPECT_EQ(r.prefix[1].preferred, 7);
}

/* A prefix of 129 bits, or preferred for longer than valid, is left out;
 * so are those for which there is no room. */
TEST(prefixes_left_out)
{
    struct msg      m = good(ICMP6_RA);
    struct ndp_repr r;
    uint8_t         b[512];
    size_t          len;

    m.ndp.nprefix = 2;
    m.ndp.prefix[1].len = 48;
    len = ndphdr_emit(b, sizeof(b), &m.ndp);
    b[16 + 2] = 129;
    EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), GO_ON);
    EXPECT_EQ(r.nprefix, 1);
    EXPECT_EQ(r.prefix[0].len, 48);
    b[16 + 2] = 128;
    EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), GO_ON);
    EXPECT_EQ(r.nprefix, 2);
    EXPECT_EQ(r.prefix[0].len, 128);
    EXPECT(!(r.prefix[0].onlink || r.prefix[0].autonomous));
    be32_store(b + 16 + 8, 1);
    EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), GO_ON);
    EXPECT_EQ(r.nprefix, 1);
    for (size_t i = 2; i < 8; i++)
        memcpy(b + 16 + 32 * i, b + 16 + 32, 32);
    EXPECT_EQ(ndphdr_parse(span_of(b, 16 + 8 * 32), &m.ip, &r), GO_ON);
    EXPECT_EQ(r.nprefix, NDP_PREFIX_MAX);
}

/* §8.1 */
TEST(redirect)
{
    static const uint8_t quote[13] = { 0x60, 1, 2, 3 }, longer[80];
    struct msg           m = good(ICMP6_REDIRECT);
    struct ndp_repr      r;
    uint8_t              b[64];

    m.ndp.quoted = span_of(longer, sizeof(longer));
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    EXPECT_EQ(r.quoted.len, 80);
    m.ndp.quoted = span_of(quote, sizeof(quote));
    EXPECT_EQ(ndphdr_len(&m.ndp), 40 + 8 + 16);
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    EXPECT_EQ(r.quoted.len, 16);
    (void)ndphdr_emit(b, sizeof(b), &m.ndp);
    EXPECT_MEM(b + 48, "\x60\1\2\3\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    m.ndp.target = m.ndp.dest; /* on the link itself */
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    m.ndp.target = ip6(0x2001, 6);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
    m.ndp.target = m.ndp.dest = ip6(0xff02, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
    m = good(ICMP6_REDIRECT);
    m.ip.src = ip6(0x2001, 1);
    EXPECT_EQ(round_trip(&m, &r), WHY_NDP_BAD);
}

/* An option that a message has no use for, or of a strange length, changes
 * nothing. */
/* [RFC4861-4.6-a] */
TEST(options_of_no_use)
{
    struct msg      m = good(ICMP6_NS);
    struct ndp_repr r;

    m.ndp.has_tlla = m.ndp.has_mtu = true;
    m.ndp.nprefix = 1;
    EXPECT_EQ(round_trip(&m, &r), GO_ON);
    EXPECT(!(r.has_tlla || r.has_mtu || r.nprefix > 0));
    for (size_t n = 2; n < 5; n++) {
        uint8_t b[64] = { 0 };

        m = good(ICMP6_NS);
        (void)ndphdr_emit(b, sizeof(b), &m.ndp);
        b[24] = NDP_OPT_SLLA;
        b[25] = (uint8_t)n;
        EXPECT_EQ(ndphdr_parse(span_of(b, 24 + n * 8), &m.ip, &r), GO_ON);
        EXPECT(!r.has_slla);
    }
}

TEST(router_options_of_strange_length)
{
    static const struct {
        uint8_t kind, units;
    } rows[] = { { NDP_OPT_MTU, 4 },
                 { NDP_OPT_MTU, 2 },
                 { NDP_OPT_PREFIX, 1 },
                 { NDP_OPT_PREFIX, 5 },
                 { NDP_OPT_SLLA, 4 } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct msg      m = good(ICMP6_RA);
        struct ndp_repr r;
        uint8_t         b[64] = { 0 };
        size_t          len = 16 + rows[i].units * 8u;

        t_row("%zu", i);
        (void)ndphdr_emit(b, sizeof(b), &m.ndp);
        b[16] = rows[i].kind;
        b[17] = rows[i].units;
        EXPECT_EQ(ndphdr_parse(span_of(b, len), &m.ip, &r), GO_ON);
        EXPECT(!(r.has_slla || r.has_mtu || r.nprefix > 0));
    }
}

/* RFC 4291 §2.7.1's own example. */
TEST(solicited_node)
{
    struct cw_addr a = ip6(0x4037, 0x0e8c6c), s;

    be32_store(a.b + 12, 0x000e8c6c);
    s = ndp_solicited_node(&a);
    EXPECT_MEM(s.b, "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff\x0e\x8c\x6c", 16);
}

T_MAIN(T(plain_messages_are_valid), T(reserved_fields_are_zero),
       T(common_checks), T(other_types_are_refused),
       T(neighbour_solicitation), T(neighbour_advertisement),
       T(router_messages), T(router_advertisement_says), T(prefixes_left_out),
       T(redirect), T(options_of_no_use), T(router_options_of_strange_length),
       T(solicited_node))
