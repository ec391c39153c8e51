/* ip6ext_test.c: the IPv6 header and the walk along what follows it. */
#include "base/limits.h"
#include "t.h"
#include "wire/icmp6hdr.h"
#include "wire/ip6ext.h"

/* A packet from 2001:db8::1 to 2001:db8::2 with this payload. */
static size_t packet(uint8_t *out, uint8_t next, const uint8_t *payload,
                     size_t len)
{
    struct ip6_repr r = {
        .next = next, .hop = 64, .tclass = 0xb8, .flow = 0xabcde
    };

    r.payload_len = (uint16_t)len;
    be32_store(r.src.b, 0x20010db8);
    r.src.b[15] = 1;
    be32_store(r.dst.b, 0x20010db8);
    r.dst.b[15] = 2;
    EXPECT_EQ(ip6hdr_emit(out, IP6_HDR_LEN, &r), 40);
    if (len > 0)
        memcpy(out + IP6_HDR_LEN, payload, len);
    return IP6_HDR_LEN + len;
}

/* The walk over a packet in memory that ends where the packet does. */
static enum why walk(uint8_t next, const uint8_t *payload, size_t len,
                     struct ip6_ext *out)
{
    static uint8_t  pkt[4096];
    size_t          n = packet(pkt, next, payload, len);
    const uint8_t  *p = t_guard(pkt, n);
    struct ip6_repr ip;
    enum why        why;

    EXPECT_EQ(ip6hdr_parse(span_of(p, n), &ip), GO_ON);
    why = ip6ext_walk(span_of(p, n), &ip, out);
    return why;
}

TEST(fixed_header)
{
    uint8_t         pkt[48] = { 0 };
    struct ip6_repr r;

    (void)packet(pkt, PROTO_UDP, pkt, 8);
    EXPECT_EQ(be32_load(pkt), 0x6b8abcde);
    EXPECT_EQ(ip6hdr_parse(span_of(pkt, 48), &r), GO_ON);
    EXPECT_EQ(r.tclass, 0xb8);
    EXPECT_EQ(r.flow, 0xabcde);
    EXPECT_EQ(r.payload_len, 8);
    EXPECT_EQ(r.next, PROTO_UDP);
    EXPECT_EQ(r.hop, 64);
    EXPECT_EQ(r.src.b[15], 1);
    EXPECT_EQ(r.dst.b[15], 2);
}

TEST(fixed_header_refusals)
{
    uint8_t         pkt[48] = { 0 };
    struct ip6_repr r;

    (void)packet(pkt, PROTO_UDP, pkt, 8);
    EXPECT_EQ(ip6hdr_parse(span_of(pkt, 39), &r), WHY_RUNT);
    EXPECT_EQ(ip6hdr_parse(span_of(pkt, 47), &r), WHY_IP_HEADER);
    EXPECT_EQ(ip6hdr_parse_quote(span_of(pkt, 47), &r), GO_ON);
    EXPECT_EQ(ip6hdr_parse_quote(span_of(pkt, 39), &r), WHY_RUNT);
    pkt[0] = 0x4b;
    EXPECT_EQ(ip6hdr_parse(span_of(pkt, 48), &r), WHY_IP_VERSION);
    pkt[0] = 0x6b;
    r.src = addr4(0x0a000001); /* ::ffff:10.0.0.1 is no IPv6 source */
    memcpy(pkt + 8, r.src.b, 16);
    EXPECT_EQ(ip6hdr_parse(span_of(pkt, 48), &r), WHY_IP_SOURCE);
}

struct row {
    const char *what;
    uint8_t     next;
    uint8_t     bytes[40];
    size_t      len;
    enum why    why;
    uint8_t     proto;        /* GO_ON: what is found ... */
    uint16_t    off, next_at; /* ... and where */
    bool        tell, multicast_too;
    uint8_t     code;
    uint32_t    pointer;
};

static void check_row(const struct row *r)
{
    struct ip6_ext e;
    enum why       why = walk(r->next, r->bytes, r->len, &e);

    if (why != r->why)
        FAIL("%s: %s", r->what, why_text(why));
    EXPECT_EQ(e.problem.tell, r->tell);
    if (r->tell) {
        EXPECT_EQ(e.problem.multicast_too, r->multicast_too);
        EXPECT_EQ(e.problem.code, r->code);
        EXPECT_EQ(e.problem.pointer, r->pointer);
    }
    if (why != GO_ON)
        return;
    EXPECT_EQ(e.proto, r->proto);
    EXPECT_EQ(e.off, r->off);
    EXPECT_EQ(e.next_at, r->next_at);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_row(&rows[i]);
}

// clang-format off
/* [RFC8200-4.2-a] [RFC8200-4.2-b] [RFC8200-4.4-a] */
TEST(legal_chains)
{
    static const struct row rows[] = {
        { "none", 17, { 0 }, 8, GO_ON, 17, 40, 6, 0, 0, 0, 0 },
        { "nothing at all", 59, { 0 }, 0, GO_ON, 59, 40, 6, 0, 0, 0, 0 },
        { "unknown upper layer", 253, { 0 }, 4, GO_ON, 253, 40, 6, 0, 0, 0, 0 },
        { "hop-by-hop", 0, { 6, 0, 1, 4 }, 28, GO_ON, 6, 48, 40, 0, 0, 0, 0 },
        { "router alert", 0, { 58, 0, 5, 2, 0, 0, 1, 0 }, 8, GO_ON, 58, 48, 40,
          0, 0, 0, 0 },
        { "two", 0, { 60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4 }, 24, GO_ON, 17, 56, 48,
          0, 0, 0, 0 },
        { "routing, none left", 43, { 17, 0, 0, 0 }, 16, GO_ON, 17, 48, 40,
          0, 0, 0, 0 },
        { "the last byte a fragment can bring", 44, { 17, 0, 0xff, 0xf8 }, 15, GO_ON,
          17, 48, 40, 0, 0, 0, 0 },
        { "skippable option (00)", 60, { 17, 0, 0x1e, 4 }, 8, GO_ON, 17, 48, 40,
          0, 0, 0, 0 },
    };

    check_rows(rows, ARRAY_LEN(rows));
}

/* RFC 8200 §4, §4.2, §4.4: what is refused, and what the sender hears.
 * [RFC8200-4-a] [RFC8200-4-b] [RFC8200-4.2-a] [RFC8200-4.4-a]
 * [RFC8200-4.5-d] */
TEST(refused_chains)
{
    static const struct row rows[] = {
        { "option 01: discard", 60, { 17, 0, 0x5e, 4 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "option 10: tell", 60, { 17, 0, 0, 0x9e, 3 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, true, true, ICMP6_PARAM_OPTION, 43 },
        { "option 11: tell, but no group", 60, { 17, 0, 1, 0, 0xde, 2 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, true, false, ICMP6_PARAM_OPTION, 44 },
        { "option beyond its header", 60, { 17, 0, 1, 5 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "option without a length", 60, { 17, 0, 1, 3, 0, 0, 0, 1 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "routing, one left", 43, { 17, 0, 0, 1 }, 8,
          WHY_IP6_EXTENSION, 0, 0, 0, true, false, ICMP6_PARAM_FIELD, 42 },
        { "routing of type 0 (RFC 5095)", 43, { 17, 2, 0, 1 }, 24,
          WHY_IP6_EXTENSION, 0, 0, 0, true, false, ICMP6_PARAM_FIELD, 42 },
        { "hop-by-hop in second place", 60, { 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4 }, 16,
          WHY_IP6_EXTENSION, 0, 0, 0, true, false, ICMP6_PARAM_NEXT, 40 },
        { "cut at two bytes", 0, { 17, 0 }, 2,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "longer than the packet", 60, { 17, 1, 1, 12 }, 15,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "nothing where a header should be", 43, { 0 }, 0,
          WHY_IP6_EXTENSION, 0, 0, 0, false, 0, 0, 0 },
        { "first fragment not a multiple of 8", 44, { 17, 0, 0, 1 }, 17,
          WHY_FRAG_BAD, 0, 0, 0, true, false, ICMP6_PARAM_FIELD, 4 },
        { "fragment beyond 65535", 44, { 17, 0, 0xff, 0xf8 }, 16,
          WHY_FRAG_BAD, 0, 0, 0, true, false, ICMP6_PARAM_FIELD, 42 },
        { "two fragment headers", 44, { 44, 0, 0, 0, 0, 0, 0, 1, 17 }, 16,
          WHY_FRAG_BAD, 0, 0, 0, false, 0, 0, 0 },
    };

    check_rows(rows, ARRAY_LEN(rows));
}
// clang-format on

/* Any order and any number, but for hop-by-hop options, which stand first.
 * [RFC8200-4.1-a] */
TEST(headers_in_any_order)
{
    static const uint8_t orders[][6] = {
        { PROTO_HOPOPTS, PROTO_DSTOPTS, PROTO_ROUTING, PROTO_DSTOPTS },
        { PROTO_DSTOPTS, PROTO_DSTOPTS, PROTO_DSTOPTS, PROTO_DSTOPTS },
        { PROTO_ROUTING, PROTO_DSTOPTS, PROTO_ROUTING },
        { PROTO_ROUTING, PROTO_ROUTING, PROTO_DSTOPTS, PROTO_DSTOPTS,
          PROTO_ROUTING, PROTO_DSTOPTS },
    };

    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        uint8_t        bytes[6 * 8 + 8] = { 0 };
        size_t         n = 0;
        struct ip6_ext e;

        t_row("%zu", i);
        for (; n < 6 && (n == 0 || orders[i][n]); n++) {
            bool last = n == 5 || orders[i][n + 1] == 0;

            bytes[8 * n] = last ? PROTO_UDP : orders[i][n + 1];
            if (orders[i][n] != PROTO_ROUTING) {
                bytes[8 * n + 2] = 1; /* PadN of six */
                bytes[8 * n + 3] = 4;
            }
        }
        EXPECT_EQ(walk(orders[i][0], bytes, 8 * n + 8, &e), GO_ON);
        EXPECT_EQ(e.proto, PROTO_UDP);
        EXPECT_EQ(e.off, 40 + 8 * n);
    }
}

TEST(fragment_fields)
{
    static const uint8_t bytes[24] = { 44, 0, 1, 4, 0, 0, 0, 0,
                                       17, 0, 1, 9, 1, 2, 3, 4 };
    struct ip6_ext       e;
    uint8_t              again[8];

    EXPECT_EQ(walk(PROTO_DSTOPTS, bytes, sizeof(bytes), &e), GO_ON);
    EXPECT(e.frag.present && e.frag.more && ip6_is_fragment(&e));
    EXPECT_EQ(e.frag.off, 264);
    EXPECT_EQ(e.frag.id, 0x01020304);
    EXPECT_EQ(e.frag.at, 48);
    EXPECT_EQ(e.frag.next_at, 40);
    EXPECT_EQ(e.frag.next, PROTO_UDP);
    EXPECT_EQ(e.proto, PROTO_UDP);
    EXPECT_EQ(e.off, 56);
    EXPECT_EQ(ip6frag_emit(again, 8, &e.frag), 8);
    EXPECT_MEM(again, bytes + 8, 8);
}

/* RFC 6946: a whole packet in a fragment header is walked through; what is
 * truly a piece is not, as its chain need not be there. [RFC8200-4.5-g] */
TEST(atomic_fragment)
{
    uint8_t        bytes[24] = { 60, 0, 0, 0, 0, 0, 0, 9, 17, 0, 1, 4 };
    struct ip6_ext e;

    EXPECT_EQ(walk(PROTO_FRAGMENT, bytes, 24, &e), GO_ON);
    EXPECT(!ip6_is_fragment(&e));
    EXPECT_EQ(e.proto, 17);
    EXPECT_EQ(e.off, 56);
    bytes[3] = 1;
    EXPECT_EQ(walk(PROTO_FRAGMENT, bytes, 24, &e), GO_ON);
    EXPECT(ip6_is_fragment(&e));
    EXPECT_EQ(e.proto, 60);
    EXPECT_EQ(e.off, 48);
}

TEST(bounds)
{
    static uint8_t bytes[2048];
    struct ip6_ext e;

    for (size_t i = 0; i <= IP6_EXT_MAX; i++) {
        bytes[i * 8] = PROTO_DSTOPTS;
        bytes[i * 8 + 2] = IP6_OPT_PADN;
        bytes[i * 8 + 3] = 4;
    }
    bytes[(IP6_EXT_MAX - 1) * 8] = PROTO_UDP;
    EXPECT_EQ(walk(PROTO_DSTOPTS, bytes, 200, &e), GO_ON);
    EXPECT_EQ(e.count, IP6_EXT_MAX);
    bytes[(IP6_EXT_MAX - 1) * 8] = PROTO_DSTOPTS;
    bytes[IP6_EXT_MAX * 8] = PROTO_UDP;
    EXPECT_EQ(walk(PROTO_DSTOPTS, bytes, 200, &e), WHY_IP6_EXTENSION);
    /* One header that ends beyond what is ever read. */
    memset(bytes, 0, sizeof(bytes));
    bytes[0] = PROTO_UDP;
    bytes[1] = (IP6_CHAIN_MAX - IP6_HDR_LEN) / 8 - 1;
    EXPECT_EQ(walk(PROTO_DSTOPTS, bytes, 2048, &e), GO_ON);
    bytes[1]++;
    EXPECT_EQ(walk(PROTO_DSTOPTS, bytes, 2048, &e), WHY_IP6_EXTENSION);
}

T_MAIN(T(fixed_header), T(fixed_header_refusals), T(legal_chains),
       T(headers_in_any_order), T(refused_chains), T(fragment_fields),
       T(atomic_fragment), T(bounds))
