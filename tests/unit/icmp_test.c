/* icmp_test.c: echo, errors about what arrived, errors about what we sent. */
#include "t.h"

#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

static struct net_rig rig;
static struct frame   f, g;

static int setup(void **state)
{
    (void)state;
    net_rig_init(&rig, CW_NETIF_NOARP, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_rig_free(&rig);
    return 0;
}

/* An ICMP message of this family, sealed, in f. */
static void message(bool ip4, const char *dst, uint8_t type, uint8_t code,
                    uint32_t rest, const void *body, size_t len)
{
    static uint8_t    msg[65536];
    struct icmp4_repr m = { .type = type, .code = code, .rest = rest };
    struct ip4_repr   i4 = rig_ip4(PROTO_ICMP4);
    struct ip6_repr   i6 = rig_ip6(PROTO_ICMP6);

    icmp4hdr_emit(msg, sizeof msg, &m);
    if (len)
        memcpy(msg + 8, body, len);
    if (ip4) {
        i4.dst = rig_addr(dst ?: "10.0.0.1");
        icmp4hdr_seal(msg, 8 + len);
        rig_frame4(&f, i4, msg, 8 + len);
    } else {
        i6.dst = rig_addr(dst ?: "fd00::1");
        icmp6hdr_seal(msg, 8 + len, &i6.src, &i6.dst);
        rig_frame6(&f, i6, msg, 8 + len);
    }
}

/* The next frame out is this ICMP message with a good checksum; its body. */
static const uint8_t *expect(bool ip4, uint8_t type, uint8_t code,
                             size_t *len)
{
    struct ip4_repr i4;
    struct ip6_repr i6;
    const uint8_t  *m;

    assert_true(rig_out(&rig, &g));
    if (ip4) {
        m = rig_read4(&g, &i4);
        assert_int_equal(i4.proto, PROTO_ICMP4);
        *len = i4.total_len - i4.hdr_len - 8u;
        assert_int_equal(icmp4hdr_verify(span_of(m, *len + 8)), GO_ON);
    } else {
        m = rig_read6(&g, &i6);
        assert_int_equal(i6.next, PROTO_ICMP6);
        *len = i6.payload_len - 8u;
        assert_int_equal(
            icmp6hdr_verify(span_of(m, *len + 8), &i6.src, &i6.dst), GO_ON);
    }
    assert_int_equal(m[0], type);
    assert_int_equal(m[1], code);
    return m + 8;
}

/* RFC 1122 §3.2.2.6, RFC 4443 §4.2: the same bytes, from that address.
 * [RFC1122-3.1-a] [RFC4443-4.1-a] [RFC4443-2.2-a] */
static void test_echo(void **state)
{
    static uint8_t data[1400];
    size_t         len;

    (void)state;
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        for (unsigned runs = 1; runs <= 8; runs++) {
            const uint8_t *body;

            message(ip4, NULL, ip4 ? 8 : 128, 0, 0x12345678, data,
                    sizeof data);
            assert_int_equal(rig_in_runs(&rig, RIG_ETH, &f, runs), GO_ON);
            body = expect(ip4, ip4 ? 0 : 129, 0, &len);
            assert_int_equal(g.why, WHY_TX_ECHO_REPLY);
            assert_int_equal(len, sizeof data);
            assert_int_equal(be32_load(body - 4), 0x12345678);
            assert_memory_equal(body, data, sizeof data);
        }
    }
    rig_out_none(&rig);
}

/* Loopback answers through loopback. */
static void test_echo_on_loopback(void **state)
{
    struct ip4_repr ip = rig_ip4(PROTO_ICMP4);
    uint8_t         msg[12] = { 8 };

    (void)state;
    ip.src = ip.dst = rig_addr("127.0.0.1");
    icmp4hdr_seal(msg, 12);
    rig_frame4(&f, ip, msg, 12);
    assert_int_equal(rig_in(&rig, RIG_LO, &f), GO_ON);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(g.netif, RIG_LO);
}

/* RFC 1122: a group's echo may be ignored; RFC 4443: it is answered.
 * [RFC1122-3.2.2.6-e] [RFC4443-2.2-a] [RFC4443-4.1-a] */
static void test_echo_to_groups(void **state)
{
    struct ip6_repr i6;
    size_t          len;

    (void)state;
    message(true, "255.255.255.255", 8, 0, 1, "abcd", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_UNHANDLED);
    message(true, "224.0.0.1", 8, 0, 1, "abcd", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_UNHANDLED);
    rig_out_none(&rig);
    message(false, "ff02::1", 128, 0, 1, "abcd", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    (void)expect(false, 129, 0, &len);
    (void)rig_read6(&g, &i6);
    assert_true(addr_eq(&i6.src, (struct cw_addr[]){ rig_addr("fd00::1") }));
}

/* [RFC792---a] [RFC4443-2.4-a] [RFC1122-3.2.2.7-a] [RFC1122-3.2.2.9-a] */
static void test_bad_messages(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        message(ip4, NULL, ip4 ? 8 : 128, 0, 1, "abcd", 4);
        f.b[f.len - 1] ^= 1;
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_CHECKSUM);
        message(ip4, NULL, 200, 0, 1, "abcd", 4);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_UNHANDLED);
    }
    rig_frame4(&f, rig_ip4(PROTO_ICMP4), "\10\0\367\377", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_BAD);
    assert_int_equal(rig.env.count[COUNT_ICMP_IN_ERRORS], 3);
    message(true, NULL, 4, 0, 1, "abcd", 4); /* RFC 6633 */
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_UNHANDLED);
    for (uint8_t type = 13; type <= 18; type++) { /* RFC 6918 */
        message(true, NULL, type, 0, 1, "abcdefghijkl", 12);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_UNHANDLED);
    }
    rig_out_none(&rig);
}

/* ---- errors out ---------------------------------------------------------
 */

static uint8_t udp[4096] = { 0x12, 0x34, 0, 9, 16, 0, 0, 1 };

/* RFC 1122 §3.2.2: the quote is the datagram as it came, up to 576 bytes in
 * all; RFC 4443 §2.4 (c): up to 1280.
 * [RFC1122-3.2.2-b] [RFC1122-3.2.2-d] [RFC1122-3.2.2.1-a]
 * [RFC1122-3.3.8-a] [RFC4443-2.4-b] [RFC4443-3.1-a] */
static void test_port_unreachable(void **state)
{
    static const size_t sizes[] = { 8, 100, 520, 1400 };
    const uint8_t      *quote;
    size_t              len, want;

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    for (unsigned i = 0; i < 4; i++) {
        rig_frame4(&f, rig_ip4(PROTO_UDP), udp, sizes[i]);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_UDP_NO_PORT);
        quote = expect(true, 3, 3, &len);
        assert_int_equal(g.why, WHY_TX_UNREACHABLE);
        want = sizes[i] + 20 < 548 ? sizes[i] + 20 : 548;
        assert_int_equal(len, want);
        assert_memory_equal(quote, f.b + 14, len);
        rig_frame6(&f, rig_ip6(PROTO_UDP), udp, sizes[i]);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_UDP_NO_PORT);
        quote = expect(false, 1, 4, &len);
        want = sizes[i] + 40 < 1232 ? sizes[i] + 40 : 1232;
        assert_int_equal(len, want);
        assert_memory_equal(quote, f.b + 14, len);
    }
}

/* [RFC1122-3.2.2.1-a] [RFC8200-4-b] [RFC4443-3.4-a] */
static void test_proto_unreachable(void **state)
{
    size_t len;

    (void)state;
    rig_frame4(&f, rig_ip4(200), udp, 64);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_PROTOCOL);
    (void)expect(true, 3, 2, &len);
    rig_frame6(&f, rig_ip6(200), udp, 64);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_PROTOCOL);
    /* RFC 8200 §4: the pointer is at the next header field. */
    assert_int_equal(be32_load(expect(false, 4, 1, &len) - 4), 6);
}

/* RFC 8200 §4.2: what an unknown option's highest bits ask for.
 * [RFC8200-4.2-a] [RFC4443-2.4-c] */
static void test_unknown_options6(void **state)
{
    static const struct {
        uint8_t type;
        bool    unicast, group;
    } rows[] = {
        { 0x10, false, false },
        { 0x50, false, false },
        { 0x90, true, true },
        { 0xd0, true, false },
    };
    size_t len;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned group = 0; group < 2; group++) {
            uint8_t         body[16] = { PROTO_UDP, 0, rows[i].type, 4 };
            struct ip6_repr ip = rig_ip6(PROTO_DSTOPTS);
            bool            tell = group ? rows[i].group : rows[i].unicast;

            if (group)
                ip.dst = rig_addr("ff02::1");
            rig_frame6(&f, ip, body, 16);
            assert_int_equal(rig_in(&rig, RIG_ETH, &f),
                             i == 0 ? GO_ON : WHY_IP6_EXTENSION);
            if (tell)
                assert_int_equal(be32_load(expect(false, 4, 2, &len) - 4),
                                 42);
            rig_out_none(&rig);
        }
    }
}

/* RFC 1122 §3.2.2, RFC 4443 §2.4 (e): when to keep quiet. [RFC4443-2.4-c] */
static void test_no_error_about(void **state)
{
    static const char *const groups[] = { "255.255.255.255", "10.0.0.255",
                                          "224.0.0.1", "ff02::1" };

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    for (unsigned i = 0; i < 4; i++) {
        struct ip4_repr i4 = rig_ip4(PROTO_UDP);
        struct ip6_repr i6 = rig_ip6(PROTO_UDP);

        i4.dst = i6.dst = rig_addr(groups[i]);
        if (addr_is4(&i4.dst))
            rig_frame4(&f, i4, udp, 64);
        else
            rig_frame6(&f, i6, udp, 64);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_UDP_NO_PORT);
    }
    rig_out_none(&rig);
}

/* What stands in a packet's own headers is told of only if the packet is no
 * error and no redirect itself: RFC 4443 §2.4 (e.1), (e.2).  [RFC4443-2.4-c]
 * The option asks for an answer in any case. */
static void test_no_error_about_an_error6(void **state)
{
    static const struct {
        uint8_t type;
        bool    tell;
    } rows[] = { { 1, false },   { 3, false },   { 100, false },
                 { 127, false }, { 137, false }, { 128, true } };
    size_t len;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t body[24] = { PROTO_DSTOPTS, 0, 1,    4, 0, 0, 0, 0,
                             PROTO_ICMP6,   0, 0x9e, 4, 0, 0, 0, 0,
                             rows[i].type };

        rig_frame6(&f, rig_ip6(PROTO_HOPOPTS), body, sizeof body);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP6_EXTENSION);
        if (rows[i].tell)
            assert_int_equal(be32_load(expect(false, 4, 2, &len) - 4), 50);
        rig_out_none(&rig);
    }
}

/* RFC 1122 §3.2.2: nothing is said about a later fragment, nor about what
 * came by link-layer broadcast.  [RFC1122-3.2.2-h] [RFC1122-3.2.2-g]
 * [RFC4443-2.4-c] */
static void test_no_error_about_pieces_and_broadcasts(void **state)
{
    static const uint8_t bad_option[4] = { 7, 1 };
    struct ip4_repr      piece = rig_ip4(200);

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    piece.frag_off = 64;
    rig_frame4(&f, piece, udp, 64);
    (void)rig_in(&rig, RIG_ETH, &f);
    rig_advance(&rig, 61 * NS_S);
    rig_out_none(&rig);
    piece.opts = span_of(bad_option, sizeof bad_option);
    rig_frame4(&f, piece, udp, 64); /* a first one would be told */
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP_HEADER);
    rig_out_none(&rig);
    piece.frag_off = 0;
    rig_frame4(&f, piece, udp, 64);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP_HEADER);
    assert_true(rig_out(&rig, &g));
    rig_frame4(&f, rig_ip4(PROTO_UDP), udp, 64);
    memset(f.b, 0xff, 6);
    assert_int_not_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    rig_out_none(&rig);
    rig_frame6(&f, rig_ip6(PROTO_UDP), udp, 64);
    memcpy(f.b, "\x33\x33\0\0\0\1", 6);
    assert_int_not_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    rig_out_none(&rig);
}

/* Whoever has several addresses answers from the one that was asked; errors
 * go without the TOS of what they are about.  [RFC1122-3.2.2.6-b]
 * [RFC1122-3.3.4.2-a] [RFC4443-2.2-a] [RFC1122-3.2.2-d] [RFC1122-3.2.2.6-c] */
static void test_answers_come_from_where_it_went(void **state)
{
    struct cw_addr  own[] = { rig_addr("fd00::77"), rig_addr("10.0.0.77") };
    struct ip4_repr i4 = rig_ip4(PROTO_UDP), r4;
    struct ip6_repr i6 = rig_ip6(PROTO_UDP), r6;
    size_t          len;

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &own[0], 64), 0);
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &own[1], 24), 0);
    message(true, "10.0.0.77", 8, 0, 1, "abcd", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_memory_equal(expect(true, 0, 0, &len), "abcd", 4);
    (void)rig_read4(&g, &r4);
    assert_true(addr_eq(&r4.src, &own[1]) && addr_eq(&r4.dst, &i4.src));
    message(false, "fd00::77", 128, 0, 1, "abcd", 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_memory_equal(expect(false, 129, 0, &len), "abcd", 4);
    (void)rig_read6(&g, &r6);
    assert_true(addr_eq(&r6.src, &own[0]) && addr_eq(&r6.dst, &i6.src));
    i4.dst = own[1];
    i4.tos = 0xb8;
    rig_frame4(&f, i4, udp, 64);
    (void)rig_in(&rig, RIG_ETH, &f);
    (void)expect(true, 3, 3, &len);
    (void)rig_read4(&g, &r4);
    assert_true(addr_eq(&r4.src, &own[1]));
    assert_int_equal(r4.tos, 0);
    i6.dst = own[0];
    rig_frame6(&f, i6, udp, 64);
    (void)rig_in(&rig, RIG_ETH, &f);
    (void)expect(false, 1, 4, &len);
    (void)rig_read6(&g, &r6);
    assert_true(addr_eq(&r6.src, &own[0]));
}

/* An answer goes straight back, whatever way the question named.
 * [RFC8200-8.4-a] */
static void test_no_routing_header_is_reversed(void **state)
{
    struct ip6_repr ip = rig_ip6(PROTO_ROUTING), back;
    uint8_t         body[24 + 8 + 4] = { PROTO_ICMP6, 2, 0, 0 };
    size_t          len;

    (void)state;
    memcpy(body + 8, rig_addr("fd00::5").b, 16);
    body[24] = 128;
    memcpy(body + 32, "abcd", 4);
    icmp6hdr_seal(body + 24, 12, &ip.src, &ip.dst);
    rig_frame6(&f, ip, body, sizeof body);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    (void)expect(false, 129, 0, &len);
    (void)rig_read6(&g, &back);
    assert_int_equal(back.next, PROTO_ICMP6);
    assert_true(addr_eq(&back.dst, &ip.src));
    rig_out_none(&rig);
}

/* Datagrams for no port, each from another address in turn, and one more
 * after each `gap`; how many errors there are. */
static unsigned errors_for(unsigned datagrams, unsigned sources, cw_ns gap)
{
    struct ip4_repr ip = rig_ip4(PROTO_UDP);
    unsigned        told = 0;

    for (unsigned i = 0; i < datagrams; i++) {
        ip.src = addr4(0x0a000002 + i % sources);
        rig_frame4(&f, ip, udp, 64);
        (void)rig_in(&rig, RIG_ETH, &f);
        while (rig_out(&rig, &g))
            told++;
        rig_advance(&rig, gap);
    }
    return told;
}

static void know_them(unsigned sources)
{
    for (unsigned i = 0; i < sources; i++) {
        struct cw_addr a = addr4(0x0a000002 + i);
        struct cw_mac  mac = rig_mac(2);

        assert_int_equal(net_neigh_add(rig.net, RIG_ETH, &a, &mac), 0);
    }
}

/* RFC 4443 §2.4 (f): 50 at once, then 1000 a second, more or less.
 * [RFC4443-2.4-d] */
static void test_rate_limit(void **state)
{
    unsigned told;

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    know_them(100);
    told = errors_for(200, 100, 0);
    assert_in_range(told, 35, 75);
    assert_int_equal(rig.env.count[COUNT_ICMP_OUT_LIMITED], 200 - told);
    assert_int_equal(rig.drop, WHY_ICMP_LIMITED);
    assert_in_range(errors_for(100, 100, NS_MS / 2), 35, 75);
    rig_advance(&rig, 3600 * NS_S);
    assert_in_range(errors_for(200, 100, 0), 35, 75);
}

/* One destination: 20 at once, then 100 a second, more or less; the others
 * do not suffer from it.  [RFC4443-2.4-d] */
static void test_rate_limit_for_each(void **state)
{
    unsigned told;

    (void)state;
    rig.rx_answer = WHY_UDP_NO_PORT;
    know_them(100);
    assert_in_range(errors_for(200, 1, 0), 10, 35);
    rig_advance(&rig, NS_S);
    assert_in_range(errors_for(1000, 1, NS_MS), 70, 200);
    told = errors_for(200, 100, 0);
    assert_in_range(told, 35, 75);
}

/* ---- errors in ----------------------------------------------------------
 */

/* The packet that we are to have sent, as a quote. */
static size_t quote(bool ip4, uint8_t *out, uint8_t proto, size_t total)
{
    struct ip4_repr i4 = { .src = rig_addr("10.0.0.1"),
                           .dst = rig_addr("192.0.2.9"),
                           .proto = proto,
                           .total_len = (uint16_t)total };
    struct ip6_repr i6 = { .src = rig_addr("fd00::1"),
                           .dst = rig_addr("2001:db8::9"),
                           .next = proto,
                           .payload_len = (uint16_t)(total - 40) };
    size_t at = ip4 ? ip4hdr_emit(out, 60, &i4) : ip6hdr_emit(out, 60, &i6);

    be16_store(out + at, 4000);
    be16_store(out + at + 2, 53);
    be32_store(out + at + 4, 0xabcdef01);
    return at + 8;
}

/* [RFC4443-2.4-a] */
static void test_errors_in(void **state)
{
    static const struct {
        bool         ip4;
        uint8_t      type, code;
        enum net_err kind;
    } rows[] = {
        { true, 3, 0, NET_ERR_NET },     { true, 3, 1, NET_ERR_HOST },
        { true, 3, 2, NET_ERR_PROTO },   { true, 3, 3, NET_ERR_PORT },
        { true, 3, 5, NET_ERR_HOST },    { true, 3, 6, NET_ERR_NET },
        { true, 3, 9, NET_ERR_ADMIN },   { true, 3, 13, NET_ERR_ADMIN },
        { true, 3, 77, NET_ERR_HOST },   { true, 11, 0, NET_ERR_TTL },
        { true, 11, 1, NET_ERR_TTL },    { true, 12, 0, NET_ERR_PARAM },
        { false, 1, 0, NET_ERR_NET },    { false, 1, 1, NET_ERR_ADMIN },
        { false, 1, 3, NET_ERR_HOST },   { false, 1, 4, NET_ERR_PORT },
        { false, 1, 6, NET_ERR_ADMIN },  { false, 3, 0, NET_ERR_TTL },
        { false, 4, 1, NET_ERR_PROTO },  { false, 4, 0, NET_ERR_PARAM },
        { false, 100, 0, NET_ERR_HOST },
    };
    uint8_t q[64];

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = quote(rows[i].ip4, q, PROTO_UDP, 100);

        message(rows[i].ip4, NULL, rows[i].type, rows[i].code, 0, q, len);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
        assert_int_equal(rig.err_n, i + 1);
        assert_int_equal(rig.err.kind, rows[i].kind);
        assert_int_equal(rig.err.lport, 4000);
        assert_int_equal(rig.err.rport, 53);
        assert_int_equal(rig.err.proto, PROTO_UDP);
        assert_false(rig.err.has_seq);
        assert_int_equal(addr_is4(&rig.err.local), rows[i].ip4);
        assert_true(net_is_local(rig.net, &rig.err.local));
        assert_int_equal(rig.err.remote.b[15], 9);
    }
    rig_out_none(&rig);
}

/* RFC 5927 §4: what we did not send is not ours to hear of. [RFC8085-5.2-a] */
static void test_errors_not_believed(void **state)
{
    uint8_t q[64];
    size_t  len = quote(true, q, PROTO_UDP, 100);

    (void)state;
    q[15] = 77; /* another host's */
    message(true, NULL, 3, 3, 0, q, len);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_NO_MATCH);
    len = quote(true, q, PROTO_TCP, 100);
    message(true, NULL, 3, 3, 0, q, len);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_NO_MATCH);
    len = quote(true, q, PROTO_UDP, 100);
    message(true, NULL, 3, 3, 0, q, len - 1);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_BAD);
    q[6] = 0x20;
    q[7] = 1; /* a later fragment has no ports */
    message(true, NULL, 3, 3, 0, q, len);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_NO_MATCH);
    message(true, "255.255.255.255", 3, 3, 0, q, len);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_BAD);
    assert_int_equal(rig.err_n, 0);
    (void)quote(true, q, PROTO_UDP, 100);
    rig.err_believed = false;
    message(true, NULL, 3, 3, 0, q, len);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ICMP_NO_MATCH);
    assert_int_equal(rig.err_n, 1);
    rig_out_none(&rig);
}

/* ---- path MTU ----------------------------------------------------------- */

static uint16_t mtu_to(const char *text)
{
    struct cw_addr  dst = rig_addr(text);
    struct cw_addr  src = rig_addr(addr_is4(&dst) ? "0.0.0.0" : "::");
    struct net_dest dest;

    assert_int_equal(net_path(rig.net, &dst, 0, &src, &dest), GO_ON);
    return dest.mtu;
}

static uint16_t path_mtu(bool ip4)
{
    return mtu_to(ip4 ? "192.0.2.9" : "2001:db8::9");
}

static void default_routes(void)
{
    struct cw_addr g4 = rig_addr("10.0.0.2"), g6 = rig_addr("fd00::2");

    assert_int_equal(net_route_add(rig.net, NULL, 0, &g4, RIG_ETH), 0);
    assert_int_equal(net_route_add(rig.net, NULL, 0, &g6, RIG_ETH), 0);
}

static enum why too_big(bool ip4, uint32_t mtu, size_t total)
{
    uint8_t q[64];
    size_t  len = quote(ip4, q, PROTO_UDP, total);

    message(ip4, NULL, ip4 ? 3 : 2, ip4 ? 4 : 0, mtu, q, len);
    return rig_in(&rig, RIG_ETH, &f);
}

/* RFC 1191 §3, RFC 8201 §4. [RFC8201-5.2-a] */
static void test_path_mtu(void **state)
{
    static const struct {
        bool     ip4;
        uint32_t told;
        size_t   total;
        enum why why;
        uint16_t after;
    } rows[] = {
        { true, 9000, 1500, WHY_ICMP_NO_MATCH, 1500 }, /* never up */
        { true, 1500, 1500, WHY_ICMP_NO_MATCH, 1500 },
        { true, 1400, 1500, GO_ON, 1400 },
        { true, 1450, 1500, GO_ON, 1400 },
        { true, 0, 1400, GO_ON, 1006 }, /* the next plateau */
        { true, 20, 1500, GO_ON, 552 }, /* the floor */
        { false, 1279, 1500, WHY_ICMP_MTU, 1500 },
        { false, 1400, 1500, GO_ON, 1400 },
        { false, 1280, 1400, GO_ON, 1280 },
    };

    (void)state;
    default_routes();
    rig.err_believed = false;
    assert_int_equal(too_big(true, 1400, 1500), WHY_ICMP_NO_MATCH);
    assert_int_equal(path_mtu(true), 1500);
    rig.err_believed = true;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(too_big(rows[i].ip4, rows[i].told, rows[i].total),
                         rows[i].why);
        assert_int_equal(path_mtu(rows[i].ip4), rows[i].after);
        if (rows[i].why == GO_ON)
            assert_int_equal(rig.err.kind, NET_ERR_TOOBIG);
    }
    /* Another destination's path is another matter: RFC 8201 §5.2. */
    assert_int_equal(mtu_to("192.0.2.10"), 1500);
    assert_int_equal(mtu_to("2001:db8::a"), 1500);
    assert_int_equal(rig.env.now, 0);
    rig_advance(&rig, 599 * NS_S);
    assert_int_equal(path_mtu(true), 552);
    rig_advance(&rig, 2 * NS_S);
    assert_int_equal(path_mtu(true), 1500); /* ten minutes: try more */
}

/* A remembered path is stale as soon as its MTU fell. */
static void test_path_mtu_reaches_those_who_remember(void **state)
{
    struct net_tx   tx = { .src = addr4(0),
                           .dst = rig_addr("192.0.2.9"),
                           .proto = PROTO_UDP,
                           .why = WHY_TX_UDP };
    struct net_dest dest = { .generation = 0 };
    unsigned        n = 0;

    (void)state;
    default_routes();
    tx.dest = &dest;
    assert_int_equal(rig_send(&rig, &tx, 1480), GO_ON);
    assert_true(net_dest_ok(rig.net, &dest));
    assert_int_equal(too_big(true, 1000, 1500), GO_ON);
    assert_false(net_dest_ok(rig.net, &dest));
    assert_int_equal(rig_send(&rig, &tx, 1480), GO_ON);
    while (rig_out(&rig, &g)) {
        assert_true(n == 0 || g.len <= 1014);
        n++;
    }
    assert_int_equal(n, 3);
}

/* The cache is bounded; the oldest goes. */
static void test_path_mtu_bounded(void **state)
{
    (void)state;
    default_routes();
    for (unsigned i = 0; i < 100; i++) {
        uint8_t q[64];
        size_t  len = quote(true, q, PROTO_UDP, 1500);

        be32_store(q + 16, 0xc0000200 + 9 + i);
        rig_advance(&rig, NS_MS);
        message(true, NULL, 3, 4, 1000, q, len);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    }
    assert_int_equal(path_mtu(true), 1500);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_echo),
        CASE(test_echo_on_loopback),
        CASE(test_echo_to_groups),
        CASE(test_bad_messages),
        CASE(test_port_unreachable),
        CASE(test_proto_unreachable),
        CASE(test_unknown_options6),
        CASE(test_no_error_about),
        CASE(test_no_error_about_an_error6),
        CASE(test_no_error_about_pieces_and_broadcasts),
        CASE(test_answers_come_from_where_it_went),
        CASE(test_no_routing_header_is_reversed),
        CASE(test_rate_limit),
        CASE(test_rate_limit_for_each),
        CASE(test_errors_in),
        CASE(test_errors_not_believed),
        CASE(test_path_mtu),
        CASE(test_path_mtu_reaches_those_who_remember),
        CASE(test_path_mtu_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
