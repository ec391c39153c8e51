/* frag_test.c: reassembly against a model: any split, any order, duplicates,
 * overlaps; time and bounds; memory back to zero.
 */
#include "t.h"

#include "net_rig.h"
#include "base/prng.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/ip6ext.h"

enum { DATA_MAX = 65536, PIECES = 96 };

static struct net_rig rig;
static struct frame   f, g;
static struct prng    rng;
static uint8_t        data[DATA_MAX + 64];

static int setup(void **state)
{
    struct sipkey seed = { 7, 7 };

    (void)state;
    net_rig_init(&rig, CW_NETIF_NOARP, false);
    rng = prng_stream(seed, 0, "frag_test");
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)prng_u32(&rng);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_rig_free(&rig);
    return 0;
}

static uint8_t tos; /* of the pieces */

struct piece {
    uint32_t off, len;
    bool     more;
};

/* The frame of a piece of `data`. */
static void make(bool ip4, uint32_t id, const struct piece *p)
{
    static uint8_t  body[DATA_MAX + 8];
    struct ip4_repr i4 = rig_ip4(PROTO_UDP);
    struct ip6_repr i6 = rig_ip6(PROTO_FRAGMENT);
    struct ip6_frag frag = {
        .off = (uint16_t)p->off, .more = p->more, .id = id, .next = PROTO_UDP
    };

    if (ip4) {
        i4.id = (uint16_t)id;
        i4.tos = tos;
        i4.frag_off = (uint16_t)p->off;
        i4.mf = p->more;
        rig_frame4(&f, i4, data + p->off, p->len);
        return;
    }
    ip6frag_emit(body, 8, &frag);
    memcpy(body + 8, data + p->off, p->len);
    i6.tclass = tos;
    rig_frame6(&f, i6, body, p->len + 8);
}

static enum why put(bool ip4, uint32_t id, uint32_t off, uint32_t len,
                    bool more)
{
    struct piece p = { off, len, more };

    make(ip4, id, &p);
    return rig_in(&rig, RIG_ETH, &f);
}

static void expect_whole(unsigned before, uint32_t len)
{
    assert_int_equal(rig.rx_n, before + 1);
    assert_int_equal(rig.rx.len, len);
    assert_int_equal(rig.rx.proto, PROTO_UDP);
    assert_memory_equal(rig.rx_bytes, data, len);
}

/* Cuts len bytes into pieces of at most `max`. */
static unsigned cut(struct piece *p, uint32_t len, uint32_t max)
{
    unsigned n = 0;
    uint32_t at = 0;

    while (at < len) {
        uint32_t run = 8 + 8 * (uint32_t)prng_below(&rng, max / 8);

        run = len - at < run ? len - at : run;
        p[n++] = (struct piece){ at, run, at + run < len };
        at += run;
    }
    return n;
}

static void shuffle(struct piece *p, unsigned n)
{
    for (unsigned i = n; i > 1; i--) {
        unsigned     j = (unsigned)prng_below(&rng, i);
        struct piece t = p[j];

        p[j] = p[i - 1];
        p[i - 1] = t;
    }
}

/* Random splits, orders and duplicates: the whole comes up once, and only
 * when the last piece is here. [RFC1122-3.2.1.4-a] */
static void test_any_order(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        struct piece p[PIECES];
        bool         ip4 = round & 1;
        uint32_t     len = 9 + (uint32_t)prng_below(&rng, 6000);
        uint32_t     max = 200 + (uint32_t)prng_below(&rng, 1200);
        unsigned     n = cut(p, len, max), before = rig.rx_n;

        if (n < 2 || n > 64)
            continue;
        shuffle(p, n);
        for (unsigned i = 0; i < n; i++) {
            struct piece *again = &p[prng_below(&rng, i + 1)];

            assert_int_equal(rig.rx_n, before);
            make(ip4, round, &p[i]);
            assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
            if (i == n - 1)
                break;
            make(ip4, round, again); /* an exact duplicate is ignored */
            assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_FRAG_OVERLAP);
        }
        expect_whole(before, len);
        assert_int_equal(arena_used(rig.arena), 0);
    }
    assert_true(rig.rx_n > 300);
    assert_int_equal(rig.env.count[COUNT_IP_REASM_OKS], rig.rx_n);
    assert_int_equal(wheel_next(&rig.env.wheel), NS_NEVER);
}

/* Any overlap condemns the datagram, with what comes later: RFC 5722 §4.
 * [RFC791-3.2-b] [RFC8200-4.5-e] [RFC5722-4-a] */
static void test_overlaps(void **state)
{
    static const struct piece rows[] = {
        { 8, 16, true },   /* over the end of the first */
        { 0, 8, true },    /* within the first */
        { 8, 8, true },    /* at its end */
        { 64, 16, false }, /* over the last one's begin */
        { 72, 16, false }, /* beyond the known end */
        { 0, 24, true },   /* more than the first */
        { 72, 8, true },   /* the end, and yet more */
    };

    (void)state;
    for (unsigned i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        bool                ip4 = i & 1;
        const struct piece *p = &rows[i / 2];

        assert_int_equal(put(ip4, i, 0, 16, true), GO_ON);
        assert_int_equal(put(ip4, i, 72, 8, false), GO_ON);
        assert_int_not_equal(put(ip4, i, p->off, p->len, p->more), GO_ON);
        assert_int_equal(put(ip4, i, 16, 56, true), WHY_FRAG_OVERLAP);
        assert_int_equal(put(ip4, i, 0, 16, true), WHY_FRAG_OVERLAP);
    }
    assert_int_equal(rig.rx_n, 0);
    rig_advance(&rig, 61 * NS_S);
    assert_int_equal(arena_used(rig.arena), 0);
    rig_out_none(&rig); /* a condemned one is not answered */
    /* After its time a datagram with that identification may come again. */
    assert_int_equal(put(true, 1, 0, 16, true), GO_ON);
    assert_int_equal(put(true, 1, 16, 8, false), GO_ON);
    expect_whole(0, 24);
}

/* The same place, other bytes: not a duplicate. [RFC8200-4.5-e] */
static void test_false_duplicate(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        assert_int_equal(put(ip4, 5, 0, 800, true), GO_ON);
        data[799] ^= 1;
        assert_int_equal(put(ip4, 5, 0, 800, true), WHY_FRAG_OVERLAP);
        assert_int_equal(put(ip4, 5, 800, 9, false), WHY_FRAG_OVERLAP);
    }
    assert_int_equal(rig.rx_n, 0);
}

/* An end that contradicts itself. */
static void test_two_ends(void **state)
{
    (void)state;
    assert_int_equal(put(true, 5, 16, 8, false), GO_ON);
    assert_int_equal(put(true, 5, 24, 8, false), WHY_FRAG_BAD);
    assert_int_equal(put(true, 6, 16, 8, true), GO_ON);
    assert_int_equal(put(true, 6, 16, 8, false), WHY_FRAG_OVERLAP);
    assert_int_equal(put(true, 6, 0, 16, true), WHY_FRAG_OVERLAP);
    assert_int_equal(put(false, 5, 64, 8, true), GO_ON);
    assert_int_equal(put(false, 5, 16, 8, false), WHY_FRAG_BAD);
    assert_int_equal(put(false, 5, 0, 16, true), WHY_FRAG_OVERLAP);
    assert_int_equal(rig.rx_n, 0);
}

/* [RFC791-3.2-b] [RFC8200-4.5-d] [RFC8200-4.5-f] */
static void test_malformed(void **state)
{
    (void)state;
    assert_int_equal(put(true, 1, 0, 15, true), WHY_FRAG_BAD);
    assert_int_equal(put(true, 1, 8, 0, false), WHY_FRAG_BAD);
    assert_int_equal(put(true, 1, 0, 0, true), WHY_FRAG_BAD);
    assert_int_equal(put(true, 1, 65512, 8, false), WHY_FRAG_BAD);
    rig_out_none(&rig);
    /* RFC 8200 §4.5 has the sender hear of these. */
    assert_int_equal(put(false, 1, 0, 15, true), WHY_FRAG_BAD);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(be32_load(g.b + 58), 4); /* at the payload length */
    assert_int_equal(put(false, 1, 65504, 40, false), WHY_FRAG_BAD);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(be32_load(g.b + 58), 42); /* at the offset */
    /* RFC 7112 §5: the first fragment has the whole chain. */
    assert_int_equal(put(false, 1, 0, 0, true), WHY_FRAG_BAD);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(g.b[54], 4);
    assert_int_equal(g.b[55], 3);
    assert_int_equal(arena_used(rig.arena), 0);
}

/* The first fragment's part of a chain, and what follows it. */
static const struct chain {
    const char *what;
    uint8_t     next, bytes[32];
    size_t      len;
    bool        whole;
} chains[] = {
    { "options, UDP", PROTO_DSTOPTS, { PROTO_UDP, 0, 1, 4 }, 16, true },
    { "options, UDP's header is cut",
      PROTO_DSTOPTS,
      { PROTO_UDP, 0, 1, 4 },
      8,
      false },
    { "options go on", PROTO_DSTOPTS, { PROTO_UDP, 2, 1, 4 }, 16, false },
    { "options after options go on",
      PROTO_DSTOPTS,
      { PROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0, PROTO_UDP, 1, 1, 4 },
      16,
      false },
    { "options announce options",
      PROTO_DSTOPTS,
      { PROTO_DSTOPTS, 0, 1, 4 },
      8,
      false },
    { "no next header", PROTO_DSTOPTS, { PROTO_NONE, 0, 1, 4 }, 8, true },
    { "routing, TCP's header is cut",
      PROTO_ROUTING,
      { PROTO_TCP, 0, 0, 0 },
      24,
      false },
    { "routing, TCP", PROTO_ROUTING, { PROTO_TCP, 0, 0, 0 }, 32, true },
};

/* [RFC8200-4.5-f] RFC 7112 §5: the chain reaches its upper layer within the
 * first fragment, or the sender hears of it. */
static void test_chain(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        const struct chain *c = &chains[i];
        struct ip6_repr     ip = rig_ip6(PROTO_FRAGMENT);
        struct ip6_frag     frag = { .more = true,
                                     .id = (uint32_t)i,
                                     .next = c->next };
        uint8_t             body[64] = { 0 };

        ip6frag_emit(body, sizeof body, &frag);
        memcpy(body + IP6_FRAG_LEN, c->bytes, c->len);
        rig_frame6(&f, ip, body, IP6_FRAG_LEN + c->len);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f),
                         c->whole ? GO_ON : WHY_FRAG_BAD);
        assert_int_equal(rig_out(&rig, &g), !c->whole);
        if (c->whole)
            continue;
        assert_int_equal(g.b[54], 4);
        assert_int_equal(g.b[55], 3);
        assert_int_equal(be32_load(g.b + 58), 0);
    }
}

/* RFC 1122 §3.3.2, RFC 8200 §4.5: 60 s; the sender hears of it only if the
 * first fragment was here. [RFC1122-3.3.2-c] [RFC8200-4.5-c] */
static void test_timeout(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        for (unsigned first = 0; first < 2; first++) {
            unsigned drops;

            assert_int_equal(put(ip4, 9, first ? 0 : 16, 16, true), GO_ON);
            rig_advance(&rig, 30 * NS_S);
            assert_int_equal(put(ip4, 9, 32, 16, true), GO_ON);
            rig_advance(&rig, 30 * NS_S - 1);
            rig_out_none(&rig);
            assert_int_not_equal(arena_used(rig.arena), 0);
            drops = rig.drops;
            rig_advance(&rig, 1);
            assert_int_equal(rig.drops, drops + 2);
            assert_int_equal(rig.drop, WHY_FRAG_TIMEOUT);
            if (first) {
                assert_true(rig_out(&rig, &g));
                assert_int_equal(g.b[ip4 ? 34 : 54], ip4 ? 11 : 3);
                assert_int_equal(g.b[ip4 ? 35 : 55], 1);
            }
            rig_out_none(&rig);
            assert_int_equal(arena_used(rig.arena), 0);
        }
    }
}

/* About an ICMP error that was cut to pieces nothing is said. */
static void test_timeout_of_an_error(void **state)
{
    struct ip4_repr ip = rig_ip4(PROTO_ICMP4);
    uint8_t         msg[64] = { 3, 3 };

    (void)state;
    ip.mf = true;
    rig_frame4(&f, ip, msg, 64);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    rig_advance(&rig, 61 * NS_S);
    rig_out_none(&rig);
    msg[0] = 8; /* an echo request is no error */
    rig_frame4(&f, ip, msg, 64);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    rig_advance(&rig, 61 * NS_S);
    assert_true(rig_out(&rig, &g));
}

/* [RFC3168-5.3-a] Congestion that one fragment met, the datagram has met; unless
 * another was not capable of marks. */
static void test_ecn(void **state)
{
    static const struct {
        uint8_t  a, b;
        enum why why;
        uint8_t  tos;
    } rows[] = {
        { 0x28, 0x28, GO_ON, 0x28 },     { 0x2a, 0x2a, GO_ON, 0x2a },
        { 0x2a, 0x2b, GO_ON, 0x2b },     { 0x2b, 0x29, GO_ON, 0x2b },
        { 0x28, 0x2b, WHY_FRAG_ECN, 0 }, { 0x2b, 0x28, WHY_FRAG_ECN, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned ip4 = 0; ip4 < 2; ip4++) {
            unsigned n = rig.rx_n;

            tos = rows[i].a;
            assert_int_equal(put(ip4, 50 + i, 0, 16, true), GO_ON);
            tos = rows[i].b;
            (void)put(ip4, 50 + i, 16, 8, false);
            tos = 0;
            assert_int_equal(rig.rx_n, n + (rows[i].why == GO_ON));
            if (rows[i].why == GO_ON)
                assert_int_equal(rig.rx.tos, rows[i].tos);
            else
                assert_int_equal(rig.drop, rows[i].why);
        }
    }
}

/* Source, destination, identification, for IPv4 the protocol: RFC 791. */
static void test_keys(void **state)
{
    struct ip4_repr other = rig_ip4(PROTO_UDP);

    (void)state;
    assert_int_equal(put(true, 1, 0, 16, true), GO_ON);
    assert_int_equal(put(true, 2, 16, 8, false), GO_ON);
    other.id = 1;
    other.frag_off = 16;
    other.src = rig_addr("10.0.0.3");
    rig_frame4(&f, other, data + 16, 8);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    other = rig_ip4(200);
    other.id = 1;
    other.frag_off = 16;
    rig_frame4(&f, other, data + 16, 8);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    other = rig_ip4(PROTO_UDP);
    other.id = 1;
    other.frag_off = 16;
    other.dst = rig_addr("10.0.0.255");
    rig_frame4(&f, other, data + 16, 8);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_int_equal(rig.rx_n, 0);
    assert_int_equal(put(true, 1, 16, 8, false), GO_ON);
    expect_whole(0, 24);
}

/* RFC 6946 §4: atomic fragments are alone in the world. [RFC8200-4.5-g] */
static void test_atomic(void **state)
{
    (void)state;
    assert_int_equal(put(false, 1, 0, 16, true), GO_ON);
    assert_int_equal(put(false, 1, 0, 24, false), GO_ON);
    expect_whole(0, 24);
    assert_int_equal(put(false, 1, 16, 24, false), GO_ON);
    expect_whole(1, 40);
}

/* The largest datagram that there is, in the fewest pieces.
 * [RFC1122-3.3.2-a] [RFC1122-3.3.2-b] [RFC791-3.2-a] [RFC8200-5-a] */
static void test_largest(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        uint32_t len = ip4 ? 65515 : 65535 - 8;

        for (uint32_t at = 0; at < len; at += 1480) {
            uint32_t run = len - at < 1480 ? len - at : 1480;

            assert_int_equal(put(ip4, 3, at, run, at + run < len), GO_ON);
        }
        expect_whole(ip4, len);
    }
    assert_int_equal(arena_used(rig.arena), 0);
}

/* Datagrams and bytes are bounded; the oldest goes, and it is told. */
static void test_bounds(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 100; id++)
        assert_int_equal(put(true, id, 0, 16, true),
                         id < 64 ? GO_ON : WHY_FRAG_FULL);
    assert_int_equal(put(true, 35, 16, 8, false), WHY_FRAG_FULL);
    assert_int_equal(rig.rx_n, 0);
    assert_int_equal(put(true, 99, 16, 8, false), GO_ON);
    expect_whole(0, 24);
    /* A quarter of the memory, and no more. */
    for (unsigned id = 200; id < 260; id++)
        for (uint32_t at = 0; at < 60 * 1480; at += 1480)
            (void)put(true, id, at % 64000 / 8 * 8, 1480, true);
    assert_true(arena_used(rig.arena) <= arena_limit(rig.arena) / 3);
    /* More pieces than one datagram may have. */
    rig_advance(&rig, 61 * NS_S);
    while (rig_out(&rig, &g))
        ;
    assert_int_equal(arena_used(rig.arena), 0);
    for (uint32_t at = 0; at < 64; at++)
        assert_int_equal(put(true, 1, at * 16, 8, true), GO_ON);
    assert_int_equal(put(true, 1, 64 * 16, 8, true), WHY_FRAG_FULL);
}

/* A reassembled datagram that nobody wants is answered with a quote of a
 * whole packet. */
static void test_answer_to_whole(void **state)
{
    struct ip4_repr quoted;

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    assert_int_equal(put(true, 1, 0, 16, true), GO_ON);
    assert_int_equal(put(true, 1, 16, 8, false), WHY_UDP_NO_PORT);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(g.b[34], 3);
    assert_int_equal(ip4hdr_parse(span_of(g.b + 42, g.len - 42), &quoted),
                     GO_ON);
    assert_int_equal(quoted.total_len, 44);
    assert_false(ip4_is_fragment(&quoted));
}

/* A fragment header within the whole is one too many. */
static void test_nested(void **state)
{
    struct ip6_frag inner = { .id = 9, .next = PROTO_UDP, .more = true };
    struct ip6_frag outer = { .id = 8, .next = PROTO_FRAGMENT, .more = true };
    uint8_t         body[8 + 16];

    (void)state;
    ip6frag_emit(body, 8, &outer);
    ip6frag_emit(body + 8, 8, &inner);
    rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), body, 24);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    outer.off = 16;
    outer.more = false;
    ip6frag_emit(body, 8, &outer);
    rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), body, 24);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_FRAG_BAD);
    assert_int_equal(rig.rx_n, 0);
    assert_int_equal(arena_used(rig.arena), 0);
}

/* With options in front of the fragment header, which stay. */
static void test_behind_options(void **state)
{
    uint8_t body[8 + 8 + 64] = { PROTO_FRAGMENT, 0, 1, 4 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct ip6_frag frag = { .id = 8,
                                 .next = PROTO_UDP,
                                 .off = (uint16_t)(64 * i),
                                 .more = i == 0 };

        ip6frag_emit(body + 8, 8, &frag);
        memcpy(body + 16, data + 64 * i, 64);
        rig_frame6(&f, rig_ip6(PROTO_DSTOPTS), body, sizeof body);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    }
    expect_whole(0, 128);
    assert_int_equal(rig.rx.off, 14 + 40 + 8);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_any_order),
        CASE(test_overlaps),
        CASE(test_false_duplicate),
        CASE(test_two_ends),
        CASE(test_malformed),
        CASE(test_chain),
        CASE(test_timeout),
        CASE(test_timeout_of_an_error),
        CASE(test_ecn),
        CASE(test_keys),
        CASE(test_atomic),
        CASE(test_largest),
        CASE(test_bounds),
        CASE(test_answer_to_whole),
        CASE(test_nested),
        CASE(test_behind_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
