/* ip_in_test.c: which frames reach a transport, and why others do not. */
#include "t.h"

#include "net_rig.h"
#include "wire/cksum.h"

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

static const uint8_t text[] = "the quick brown fox";

/* RFC 1122 §3.2.1.3: who may send, and to whom we listen. */
/* [RFC1122-3.2.1.3-d] [RFC1122-3.2.1.3-f] [RFC1122-3.2.1.3-g]
 * [RFC1122-4.1.3.6-a] [RFC1122-3.1-c] [RFC1122-3.2.2.2-a] */
static void test_addresses4(void **state)
{
    static const struct {
        const char *src, *dst;
        enum why    why;
        unsigned    netif;
    } rows[] = {
        { "10.0.0.2", "10.0.0.1", GO_ON, RIG_ETH },
        { "192.0.2.7", "10.0.0.1", GO_ON, RIG_ETH },
        { "10.0.0.2", "10.0.0.255", GO_ON, RIG_ETH },
        { "10.0.0.2", "255.255.255.255", GO_ON, RIG_ETH },
        { "10.0.0.2", "224.0.0.1", GO_ON, RIG_ETH },
        { "10.0.0.2", "224.0.0.2", WHY_NOT_FOR_US, RIG_ETH },
        { "10.0.0.2", "10.0.0.3", WHY_NOT_FOR_US, RIG_ETH },
        { "10.0.0.2", "127.0.0.1", WHY_NOT_FOR_US, RIG_ETH },
        { "10.0.0.2", "0.0.0.0", WHY_NOT_FOR_US, RIG_ETH },
        { "0.0.0.0", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "0.1.2.3", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "127.0.0.1", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "10.0.0.1", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "10.0.0.255", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "224.0.0.1", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "240.0.0.1", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "255.255.255.255", "10.0.0.1", WHY_IP_SOURCE, RIG_ETH },
        { "127.0.0.1", "127.0.0.1", GO_ON, RIG_LO },
        { "127.0.0.1", "127.4.5.6", GO_ON, RIG_LO },
        { "10.0.0.1", "10.0.0.1", GO_ON, RIG_LO },
        { "10.0.0.1", "10.0.0.9", WHY_NOT_FOR_US, RIG_LO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip4_repr ip = rig_ip4(PROTO_UDP);
        unsigned        before = rig.rx_n;

        ip.src = rig_addr(rows[i].src);
        ip.dst = rig_addr(rows[i].dst);
        rig_frame4(&f, ip, text, sizeof text);
        assert_int_equal(rig_in(&rig, rows[i].netif, &f), rows[i].why);
        assert_int_equal(rig.rx_n - before, rows[i].why == GO_ON);
    }
    rig_out_none(&rig);
}

static void test_addresses6(void **state)
{
    static const struct {
        const char *src, *dst;
        enum why    why;
        unsigned    netif;
    } rows[] = {
        { "fd00::2", "fd00::1", GO_ON, RIG_ETH },
        { "2001:db8::9", "fd00::1", GO_ON, RIG_ETH },
        { "fe80::2", "fe80::1", GO_ON, RIG_ETH },
        { "fd00::2", "ff02::1", GO_ON, RIG_ETH },
        { "fd00::2", "ff02::1:ff00:1", GO_ON, RIG_ETH },
        { "fd00::2", "ff02::1:ff00:9", WHY_NOT_FOR_US, RIG_ETH },
        { "fd00::2", "ff02::2", WHY_NOT_FOR_US, RIG_ETH },
        { "fd00::2", "fd00::3", WHY_NOT_FOR_US, RIG_ETH },
        { "fd00::2", "::1", WHY_NOT_FOR_US, RIG_ETH },
        { "fd00::2", "::", WHY_NOT_FOR_US, RIG_ETH },
        { "::", "fd00::1", WHY_IP_SOURCE, RIG_ETH },
        { "::", "ff02::1", WHY_IP_SOURCE, RIG_ETH },
        { "::1", "fd00::1", WHY_IP_SOURCE, RIG_ETH },
        { "fd00::1", "fd00::1", WHY_IP_SOURCE, RIG_ETH },
        { "ff02::1", "fd00::1", WHY_IP_SOURCE, RIG_ETH },
        { "::1", "::1", GO_ON, RIG_LO },
        { "fd00::1", "fd00::1", GO_ON, RIG_LO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip6_repr ip = rig_ip6(PROTO_UDP);
        unsigned        before = rig.rx_n;

        ip.src = rig_addr(rows[i].src);
        ip.dst = rig_addr(rows[i].dst);
        rig_frame6(&f, ip, text, sizeof text);
        assert_int_equal(rig_in(&rig, rows[i].netif, &f), rows[i].why);
        assert_int_equal(rig.rx_n - before, rows[i].why == GO_ON);
    }
    rig_out_none(&rig);
}

/* RFC 4291 §2.5.5.2: a mapped address is not for the wire. */
static void test_mapped_addresses_stay_inside(void **state)
{
    struct ip6_repr ip = rig_ip6(PROTO_UDP);

    (void)state;
    rig_frame6(&f, ip, text, sizeof text);
    memcpy(f.b + 14 + 8, rig_addr("10.0.0.2").b, 16);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP_SOURCE);
    rig_frame6(&f, ip, text, sizeof text);
    memcpy(f.b + 14 + 24, rig_addr("10.0.0.1").b, 16);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP_SOURCE);
    assert_int_equal(rig.rx_n, 0);
}

/* A change of one byte of a good frame, and what comes of it. */
/* [RFC1122-3.2.1.1-a] [RFC1122-3.2.1.2-a]
 * [RFC1122-2.3.3-a] [RFC1122-3.1-b] [RFC1122-3.2.1.7-b] [RFC791-3.2-a] */
static void test_headers4(void **state)
{
    static const struct {
        unsigned at;
        uint8_t  value;
        bool     mend; /* the checksum, so that something else shows */
        enum why why;
    } rows[] = {
        { 0, 0xff, false, WHY_NOT_FOR_US }, /* another's Ethernet address */
        { 12, 0x08, false, GO_ON },
        { 12, 0x86, false, WHY_ETHERTYPE },
        { 13, 0x06, false, WHY_ETHERTYPE }, /* ARP, on NOARP */
        { 14, 0x55, true, WHY_IP_VERSION },
        { 14, 0x44, true, WHY_IP_HEADER },
        { 14, 0x4f, true, WHY_IP_HEADER },
        { 17, 19, true, WHY_IP_HEADER },
        { 17, 41, true, WHY_IP_HEADER }, /* one more than there is */
        { 22, 1, true, GO_ON },          /* TTL: §3.2.1.7 */
        { 22, 0, true, GO_ON },
        { 22, 63, false, WHY_IP_CHECKSUM },
    };
    unsigned drops = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_frame4(&f, rig_ip4(PROTO_UDP), text, sizeof text);
        f.b[rows[i].at] = rows[i].value;
        if (rows[i].mend) {
            be16_store(f.b + 24, 0);
            be16_store(f.b + 24, cksum_fold(cksum_add(0, f.b + 14, 20)));
        }
        drops += rows[i].why != GO_ON;
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), rows[i].why);
    }
    assert_int_equal(rig.drops, drops); /* each was told, with its reason */
}

/* Every cut of a frame is dropped, in however many runs it comes. */
static void test_truncations(void **state)
{
    struct ip6_repr ip6 = rig_ip6(PROTO_UDP);

    (void)state;
    for (unsigned six = 0; six < 2; six++) {
        size_t whole;

        if (six)
            rig_frame6(&f, ip6, text, sizeof text);
        else
            rig_frame4(&f, rig_ip4(PROTO_UDP), text, sizeof text);
        whole = f.len;
        for (f.len = 0; f.len < whole; f.len++)
            for (unsigned runs = 1; runs <= 5; runs += 2)
                assert_int_not_equal(rig_in_runs(&rig, RIG_ETH, &f, runs),
                                     GO_ON);
        assert_int_equal(rig.rx_n, six);
        for (unsigned runs = 1; runs <= 8; runs++)
            assert_int_equal(rig_in_runs(&rig, RIG_ETH, &f, runs), GO_ON);
        assert_memory_equal(rig.rx_bytes, text, sizeof text);
        rig.rx_n = 1;
    }
}

/* RFC 894: Ethernet pads; IP knows where it ends. */
static void test_padding_is_cut_off(void **state)
{
    (void)state;
    rig_frame4(&f, rig_ip4(PROTO_UDP), text, 5);
    memset(f.b + f.len, 0xee, 60 - f.len);
    f.len = 60;
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_int_equal(rig.rx.len, 5);
    assert_int_equal(rig.rx.off, 34);
    assert_int_equal(rig.rx.ip_off, 14);
}

/* RFC 7126; RFC 1122 §3.2.1.8. */
/* [RFC1122-3.2.1.8-b] [RFC1122-3.2.1.8b-a] */
static void test_options4(void **state)
{
    static const struct {
        uint8_t  opts[12];
        enum why why;
    } rows[] = {
        { { 1, 1, 1, 0 }, GO_ON },
        { { 7, 7, 4, 0, 0, 0, 0, 0 }, GO_ON },  /* record route */
        { { 68, 8, 5, 0, 0, 0, 0, 0 }, GO_ON }, /* timestamps */
        { { 0x1e, 4, 0, 0 }, GO_ON },           /* unknown */
        { { 136, 4, 0, 0 }, GO_ON },            /* stream id */
        { { 131, 7, 4, 9, 9, 9, 9, 0 }, WHY_IP_OPTION },
        { { 1, 137, 7, 4, 9, 9, 9, 9 }, WHY_IP_OPTION },
        { { 0, 131, 7, 4, 9, 9, 9, 9 }, GO_ON }, /* behind the end */
        { { 7, 1, 0, 0 }, WHY_IP_HEADER },
        { { 7, 40, 0, 0 }, WHY_IP_HEADER },
        { { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 131 }, WHY_IP_HEADER },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip4_repr ip = rig_ip4(PROTO_UDP);

        ip.opts = span_of(rows[i].opts, 12);
        rig_frame4(&f, ip, text, sizeof text);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), rows[i].why);
        if (rows[i].why == GO_ON)
            assert_memory_equal(rig.rx_bytes, text, sizeof text);
        assert_int_equal(rig_out(&rig, &g), rows[i].why == WHY_IP_HEADER);
    }
    rig_out_none(&rig);
}

/* RFC 1122 §3.2.2.5: an option that cannot be read is pointed at, unless the
 * packet is one of those that nobody hears about.  [RFC1122-3.2.2.5-a] */
static void test_bad_option_is_told(void **state)
{
    static const uint8_t opts[8] = { 1, 7, 3, 4, 68, 9, 5, 0 };
    static const struct {
        const char *dst;
        uint8_t     proto, type;
        uint16_t    off;
        bool        tell;
    } rows[] = {
        { "10.0.0.1", PROTO_UDP, 0, 0, true },
        { "10.0.0.1", PROTO_UDP, 0, 64, false },
        { "10.0.0.255", PROTO_UDP, 0, 0, false },
        { "10.0.0.1", PROTO_ICMP4, 3, 0, false },
        { "10.0.0.1", PROTO_ICMP4, 8, 0, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip4_repr ip = rig_ip4(rows[i].proto), out;
        uint8_t         body[16] = { rows[i].type };
        const uint8_t  *m;

        ip.opts = span_of(opts, sizeof opts);
        ip.dst = rig_addr(rows[i].dst);
        ip.frag_off = rows[i].off;
        rig_frame4(&f, ip, body, sizeof body);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_IP_HEADER);
        if (rows[i].tell) {
            assert_true(rig_out(&rig, &g));
            m = rig_read4(&g, &out);
            assert_int_equal(be16_load(m), 12 << 8);
            assert_int_equal(m[4], 24); /* at the timestamp option */
            assert_memory_equal(m + 8, f.b + 14, 28 + sizeof body);
        }
        rig_out_none(&rig);
    }
}

/* RFC 1122 §3.3.6: a broadcast frame brings no unicast packet. */
/* [RFC1122-3.3.6-c] [RFC1122-2.4-a] */
static void test_link_broadcast(void **state)
{
    (void)state;
    rig_frame4(&f, rig_ip4(PROTO_UDP), text, sizeof text);
    memset(f.b, 0xff, 6);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NOT_FOR_US);
    assert_int_equal(rig.rx_n, 0);
}

static void test_unknown_interface(void **state)
{
    (void)state;
    rig_frame4(&f, rig_ip4(PROTO_UDP), text, sizeof text);
    assert_int_equal(rig_in(&rig, 7, &f), WHY_NOT_FOR_US);
}

/* What the transport is told beside the bytes. */
static void test_particulars(void **state)
{
    struct ip4_repr ip4 = rig_ip4(PROTO_UDP);
    struct ip6_repr ip6 = rig_ip6(PROTO_UDP);

    (void)state;
    ip4.tos = 0x28;
    ip4.ttl = 7;
    rig_frame4(&f, ip4, text, 9);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_int_equal(rig.rx.tos, 0x28);
    assert_int_equal(rig.rx.ttl, 7);
    assert_int_equal(rig.rx.netif, RIG_ETH);
    assert_false(rig.rx.csum_ok);
    assert_false(rig.rx.many);
    ip6.tclass = 0xb8;
    ip6.hop = 3;
    ip6.dst = rig_addr("ff02::1");
    rig_frame6(&f, ip6, text, 9);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_int_equal(rig.rx.tos, 0xb8);
    assert_int_equal(rig.rx.ttl, 3);
    assert_true(rig.rx.many);
    assert_true(addr_eq(&rig.rx.src, &ip6.src));
    assert_true(addr_eq(&rig.rx.dst, &ip6.dst));
}

/* Extension headers that are walked through, and those that are not. */
static void test_extensions6(void **state)
{
    static const struct {
        uint8_t  first, ext[8];
        enum why why;
    } rows[] = {
        { PROTO_DSTOPTS, { PROTO_UDP, 0, 1, 4, 0, 0, 0, 0 }, GO_ON },
        { PROTO_HOPOPTS, { PROTO_UDP, 0, 1, 4, 0, 0, 0, 0 }, GO_ON },
        { PROTO_ROUTING, { PROTO_UDP, 0, 0, 0, 0, 0, 0, 0 }, GO_ON },
        { PROTO_ROUTING,
          { PROTO_UDP, 0, 0, 1, 0, 0, 0, 0 },
          WHY_IP6_EXTENSION },
        { PROTO_DSTOPTS,
          { PROTO_UDP, 0, 0x40, 4, 0, 0, 0, 0 },
          WHY_IP6_EXTENSION },
        { PROTO_DSTOPTS, { PROTO_UDP, 0, 0x10, 4, 0, 0, 0, 0 }, GO_ON },
        { PROTO_DSTOPTS,
          { PROTO_NONE, 0, 1, 4, 0, 0, 0, 0 },
          WHY_IP6_EXTENSION },
        /* An atomic fragment is a whole packet: RFC 6946. */
        { PROTO_FRAGMENT, { PROTO_UDP, 0, 0, 0, 1, 2, 3, 4 }, GO_ON },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t body[8 + sizeof text];

        memcpy(body, rows[i].ext, 8);
        memcpy(body + 8, text, sizeof text);
        rig_frame6(&f, rig_ip6(rows[i].first), body, sizeof body);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), rows[i].why);
        if (rows[i].why == GO_ON) {
            assert_int_equal(rig.rx.len, sizeof text);
            assert_int_equal(rig.rx.proto, PROTO_UDP);
            assert_memory_equal(rig.rx_bytes, text, sizeof text);
        }
        while (rig_out(&rig, &g))
            ;
    }
}

/* The hop limit is for those who forward.  [RFC8200-3-a] */
static void test_hop_limit_is_nothing_to_us(void **state)
{
    (void)state;
    for (uint8_t hop = 0; hop < 2; hop++) {
        struct ip6_repr ip = rig_ip6(PROTO_UDP);

        ip.hop = hop;
        rig_frame6(&f, ip, text, sizeof text);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
        assert_int_equal(rig.rx_n, hop + 1u);
    }
    rig_out_none(&rig);
}

/* Next header 59: whatever follows is ignored, and nobody hears of it.
 * [RFC8200-4.7-a] */
static void test_no_next_header(void **state)
{
    static const uint8_t ext[8] = { PROTO_NONE, 0, 1, 4 };

    (void)state;
    rig_frame6(&f, rig_ip6(PROTO_NONE), text, sizeof text);
    (void)rig_in(&rig, RIG_ETH, &f);
    rig_frame6(&f, rig_ip6(PROTO_DSTOPTS), ext, sizeof ext);
    (void)rig_in(&rig, RIG_ETH, &f);
    assert_int_equal(rig.rx_n, 0);
    rig_out_none(&rig);
}

/* RFC 6864 §4.1: what says that it is whole is whole, whatever its
 * identification, and however often that came before.  [RFC6864-4.1-a] */
static void test_identification_of_a_whole_is_ignored(void **state)
{
    static const uint16_t ids[] = { 0, 0, 7, 7, 0xffff };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
        struct ip4_repr ip = rig_ip4(PROTO_UDP);

        ip.df = true;
        ip.id = ids[i];
        rig_frame4(&f, ip, text, sizeof text);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
        assert_int_equal(rig.rx_n, i + 1);
    }
}

/* A medium that keeps packets intact says so upwards. */
static void test_medium_vouches(void **state)
{
    static struct net_rig vouched;

    (void)state;
    net_rig_init(&vouched, CW_NETIF_NOARP | CW_NETIF_CSUM, false);
    rig_frame4(&f, rig_ip4(PROTO_UDP), text, sizeof text);
    assert_int_equal(rig_in(&vouched, RIG_ETH, &f), GO_ON);
    assert_true(vouched.rx.csum_ok);
    net_rig_free(&vouched);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_addresses4),
        CASE(test_addresses6),
        CASE(test_mapped_addresses_stay_inside),
        CASE(test_headers4),
        CASE(test_truncations),
        CASE(test_padding_is_cut_off),
        CASE(test_options4),
        CASE(test_bad_option_is_told),
        CASE(test_link_broadcast),
        CASE(test_unknown_interface),
        CASE(test_particulars),
        CASE(test_extensions6),
        CASE(test_hop_limit_is_nothing_to_us),
        CASE(test_no_next_header),
        CASE(test_identification_of_a_whole_is_ignored),
        CASE(test_medium_vouches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
