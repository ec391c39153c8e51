/* ip6ext_test.c: the IPv6 header and the walk along what follows it. */
#include "base/limits.h"
#include "t.h"
#include "wire/icmp6hdr.h"
#include "wire/ip6ext.h"

/* A packet from 2001:db8::1 to 2001:db8::2 with this payload. */
static size_t packet(uint8_t *out, uint8_t next, const uint8_t *payload,
                     size_t len)
{
    struct ip6_repr r = { .next = next, .hop = 64, .tclass = 0xb8,
                          .flow = 0xabcde };

    r.payload_len = (uint16_t)len;
    be32_store(r.src.b, 0x20010db8);
    r.src.b[15] = 1;
    be32_store(r.dst.b, 0x20010db8);
    r.dst.b[15] = 2;
    assert_int_equal(ip6hdr_emit(out, IP6_HDR_LEN, &r), 40);
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

    assert_int_equal(ip6hdr_parse(span_of(p, n), &ip), GO_ON);
    why = ip6ext_walk(span_of(p, n), &ip, out);
    t_guard_free(p, n);
    return why;
}

static void test_fixed_header(void **state)
{
    uint8_t         pkt[48] = { 0 };
    struct ip6_repr r;

    (void)state;
    (void)packet(pkt, PROTO_UDP, pkt, 8);
    assert_int_equal(be32_load(pkt), 0x6b8abcde);
    assert_int_equal(ip6hdr_parse(span_of(pkt, 48), &r), GO_ON);
    assert_int_equal(r.tclass, 0xb8);
    assert_int_equal(r.flow, 0xabcde);
    assert_int_equal(r.payload_len, 8);
    assert_int_equal(r.next, PROTO_UDP);
    assert_int_equal(r.hop, 64);
    assert_int_equal(r.src.b[15], 1);
    assert_int_equal(r.dst.b[15], 2);
}

static void test_fixed_header_refusals(void **state)
{
    uint8_t         pkt[48] = { 0 };
    struct ip6_repr r;

    (void)state;
    (void)packet(pkt, PROTO_UDP, pkt, 8);
    assert_int_equal(ip6hdr_parse(span_of(pkt, 39), &r), WHY_RUNT);
    assert_int_equal(ip6hdr_parse(span_of(pkt, 47), &r), WHY_IP_HEADER);
    assert_int_equal(ip6hdr_parse_quote(span_of(pkt, 47), &r), GO_ON);
    assert_int_equal(ip6hdr_parse_quote(span_of(pkt, 39), &r), WHY_RUNT);
    pkt[0] = 0x4b;
    assert_int_equal(ip6hdr_parse(span_of(pkt, 48), &r), WHY_IP_VERSION);
    pkt[0] = 0x6b;
    r.src = addr4(0x0a000001); /* ::ffff:10.0.0.1 is no IPv6 source */
    memcpy(pkt + 8, r.src.b, 16);
    assert_int_equal(ip6hdr_parse(span_of(pkt, 48), &r), WHY_IP_SOURCE);
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
        fail_msg("%s: %s", r->what, why_text(why));
    assert_int_equal(e.problem.tell, r->tell);
    if (r->tell) {
        assert_int_equal(e.problem.multicast_too, r->multicast_too);
        assert_int_equal(e.problem.code, r->code);
        assert_int_equal(e.problem.pointer, r->pointer);
    }
    if (why != GO_ON)
        return;
    assert_int_equal(e.proto, r->proto);
    assert_int_equal(e.off, r->off);
    assert_int_equal(e.next_at, r->next_at);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_row(&rows[i]);
}

// clang-format off
static void test_legal_chains(void **state)
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

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

/* RFC 8200 §4, §4.2, §4.4: what is refused, and what the sender hears. */
static void test_refused_chains(void **state)
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

    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}
// clang-format on

static void test_fragment_fields(void **state)
{
    static const uint8_t bytes[24] = { 44, 0, 1, 4, 0, 0, 0, 0,
                                       17, 0, 1, 9, 1, 2, 3, 4 };
    struct ip6_ext       e;
    uint8_t              again[8];

    (void)state;
    assert_int_equal(walk(PROTO_DSTOPTS, bytes, sizeof(bytes), &e), GO_ON);
    assert_true(e.frag.present && e.frag.more && ip6_is_fragment(&e));
    assert_int_equal(e.frag.off, 264);
    assert_int_equal(e.frag.id, 0x01020304);
    assert_int_equal(e.frag.at, 48);
    assert_int_equal(e.frag.next_at, 40);
    assert_int_equal(e.frag.next, PROTO_UDP);
    assert_int_equal(e.proto, PROTO_UDP);
    assert_int_equal(e.off, 56);
    assert_int_equal(ip6frag_emit(again, 8, &e.frag), 8);
    assert_memory_equal(again, bytes + 8, 8);
}

/* RFC 6946: a whole packet in a fragment header is walked through; what is
 * truly a piece is not, as its chain need not be there. */
static void test_atomic_fragment(void **state)
{
    uint8_t        bytes[24] = { 60, 0, 0, 0, 0, 0, 0, 9, 17, 0, 1, 4 };
    struct ip6_ext e;

    (void)state;
    assert_int_equal(walk(PROTO_FRAGMENT, bytes, 24, &e), GO_ON);
    assert_false(ip6_is_fragment(&e));
    assert_int_equal(e.proto, 17);
    assert_int_equal(e.off, 56);
    bytes[3] = 1;
    assert_int_equal(walk(PROTO_FRAGMENT, bytes, 24, &e), GO_ON);
    assert_true(ip6_is_fragment(&e));
    assert_int_equal(e.proto, 60);
    assert_int_equal(e.off, 48);
}

static void test_bounds(void **state)
{
    static uint8_t bytes[2048];
    struct ip6_ext e;

    (void)state;
    for (size_t i = 0; i <= IP6_EXT_MAX; i++) {
        bytes[i * 8] = PROTO_DSTOPTS;
        bytes[i * 8 + 2] = IP6_OPT_PADN;
        bytes[i * 8 + 3] = 4;
    }
    bytes[(IP6_EXT_MAX - 1) * 8] = PROTO_UDP;
    assert_int_equal(walk(PROTO_DSTOPTS, bytes, 200, &e), GO_ON);
    assert_int_equal(e.count, IP6_EXT_MAX);
    bytes[(IP6_EXT_MAX - 1) * 8] = PROTO_DSTOPTS;
    bytes[IP6_EXT_MAX * 8] = PROTO_UDP;
    assert_int_equal(walk(PROTO_DSTOPTS, bytes, 200, &e),
                     WHY_IP6_EXTENSION);
    /* One header that ends beyond what is ever read. */
    memset(bytes, 0, sizeof(bytes));
    bytes[0] = PROTO_UDP;
    bytes[1] = (IP6_CHAIN_MAX - IP6_HDR_LEN) / 8 - 1;
    assert_int_equal(walk(PROTO_DSTOPTS, bytes, 2048, &e), GO_ON);
    bytes[1]++;
    assert_int_equal(walk(PROTO_DSTOPTS, bytes, 2048, &e),
                     WHY_IP6_EXTENSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_header),
        cmocka_unit_test(test_fixed_header_refusals),
        cmocka_unit_test(test_legal_chains),
        cmocka_unit_test(test_refused_chains),
        cmocka_unit_test(test_fragment_fields),
        cmocka_unit_test(test_atomic_fragment),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
