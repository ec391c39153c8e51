/* net_fuzz_test.c: hostile input: good frames of every kind, mutated, cut and
 * given in odd runs, at a host with sockets.  Nothing may break; every frame
 * is answered, delivered or dropped with a reason; and when all is over,
 * memory is back to zero.
 */
#include "t.h"

#include "net_rig.h"
#include "base/prng.h"
#include "wire/arphdr.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip6ext.h"
#include "wire/ndphdr.h"
#include "wire/udphdr.h"

enum { ROUNDS = 100000, KINDS = 9, BODY_MAX = 2000, PIECE = 72 };

static struct net_rig   rig;
static struct frame     f, g;
static struct prng      rng;
static struct udp_sock *socks[3];
static uint8_t          body[BODY_MAX + 64];

static uint32_t below(uint32_t n)
{
    return (uint32_t)prng_below(&rng, n);
}

/* An address that means something here, or hardly anything. */
static struct cw_addr some_addr(bool ip4)
{
    static const char *const v4[] = { "10.0.0.1",  "10.0.0.2",  "10.0.0.255",
                                      "224.0.0.1", "127.0.0.1", "192.0.2.1" };
    static const char *const v6[] = {
        "fd00::1", "fd00::2", "ff02::1", "ff02::1:ff00:1", "::1", "fe80::9"
    };

    return rig_addr(ip4 ? v4[below(6)] : v6[below(6)]);
}

static size_t put_udp(bool ip4, const struct cw_addr *src,
                      const struct cw_addr *dst)
{
    struct udp_repr udp = { .sport = (uint16_t)(50 + below(3)),
                            .dport = (uint16_t)(7 + below(3)) };
    size_t          len = UDP_LEN + below(600);

    (void)ip4;
    udp.len = (uint16_t)len;
    udphdr_emit(body, UDP_LEN, &udp);
    be16_store(
        body + 6,
        udphdr_cksum(cksum_add(
            cksum_pseudo(src, dst, PROTO_UDP, (uint32_t)len), body, len)));
    return len;
}

/* An ICMP error that quotes something that we may have sent. */
static size_t put_icmp_error(bool ip4)
{
    struct icmp4_repr m = { .type = (uint8_t)below(13),
                            .code = (uint8_t)below(6),
                            .rest = below(1600) };
    struct ip4_repr   i4 = rig_ip4(PROTO_UDP);
    struct ip6_repr   i6 = rig_ip6(PROTO_UDP);
    size_t            at = icmp4hdr_emit(body, 8, &m);

    i4.total_len = 1500;
    i6.payload_len = 1460;
    i4.src = i4.dst = some_addr(true);
    i6.src = i6.dst = some_addr(false);
    at += ip4 ? ip4hdr_emit(body + at, 60, &i4)
              : ip6hdr_emit(body + at, 60, &i6);
    for (unsigned i = 0; i < 16; i++)
        body[at + i] = (uint8_t)below(256);
    return at + 8 + below(9);
}

static size_t put_ndp(void)
{
    struct ndp_repr m = { .type = (uint8_t)(ICMP6_NS + below(2)),
                          .solicited = below(2),
                          .override = below(2),
                          .target = some_addr(false),
                          .has_slla = true,
                          .slla = rig_mac(below(5)),
                          .tlla = rig_mac(below(5)) };

    m.has_tlla = m.type == ICMP6_NA;
    m.has_slla = !m.has_tlla;
    return ndphdr_emit(body, BODY_MAX, &m);
}

static void make_arp(void)
{
    struct arp_repr   arp = { .op = below(2) ? ARP_REQUEST : ARP_REPLY,
                              .sha = rig_mac(below(5)),
                              .spa = addr4(0x0a000000 + below(5)),
                              .tha = rig_mac(1),
                              .tpa = addr4(0x0a000000 + below(3)) };
    struct ether_repr eth = { .dst = rig_mac(1),
                              .src = rig_mac(2),
                              .type = ETHER_ARP };

    etherhdr_emit(f.b, 14, &eth);
    arphdr_emit(f.b + 14, 28, &arp);
    f.len = 60;
}

static void make4(unsigned kind)
{
    struct ip4_repr ip = rig_ip4(kind == 0 ? PROTO_UDP : PROTO_ICMP4);
    size_t          len;

    ip.dst = some_addr(true);
    ip.ttl = (uint8_t)below(256);
    if (kind == 0 || kind == 3) {
        ip.proto = PROTO_UDP;
        len = put_udp(true, &ip.src, &ip.dst);
    } else if (kind == 1) {
        len = put_icmp_error(true);
        icmp4hdr_seal(body, len);
    } else {
        len = 8 + below(BODY_MAX - 8);
        memset(body, 0, 8);
        body[0] = ICMP4_ECHO;
        icmp4hdr_seal(body, len);
    }
    if (kind == 3) { /* one of three fragments of something */
        ip.dst = rig_addr("10.0.0.1");
        ip.id = (uint16_t)below(6);
        ip.frag_off = (uint16_t)(below(3) * PIECE);
        ip.mf = ip.frag_off < 2 * PIECE;
        len = PIECE;
    }
    rig_frame4(&f, ip, body, len);
}

static void make6(unsigned kind)
{
    struct ip6_repr ip = rig_ip6(kind == 0 ? PROTO_UDP : PROTO_ICMP6);
    size_t          len, at = 0;

    ip.dst = some_addr(false);
    ip.hop = kind == 2 ? 255 : (uint8_t)below(256);
    if (kind == 0 || kind == 3) {
        ip.next = PROTO_UDP;
        len = put_udp(false, &ip.src, &ip.dst);
    } else {
        len = kind == 1 ? put_icmp_error(false) : put_ndp();
        icmp6hdr_seal(body, len, &ip.src, &ip.dst);
    }
    if (kind == 3) {
        struct ip6_frag frag = { .id = below(6),
                                 .off = (uint16_t)(below(3) * PIECE),
                                 .next = ip.next };

        ip.dst = rig_addr("fd00::1");
        frag.more = frag.off < 2 * PIECE;
        len = PIECE;
        memmove(body + 8, body, len);
        at = ip6frag_emit(body, 8, &frag);
        ip.next = PROTO_FRAGMENT;
    }
    rig_frame6(&f, ip, body, len + at);
}

/* A valid frame of a random kind. */
static void make(void)
{
    unsigned kind = below(KINDS);

    if (kind == 8)
        make_arp();
    else if (kind & 1)
        make6(kind / 2);
    else
        make4(kind / 2);
}

/* Bytes changed, mostly in the headers, a cut, a tail. */
static void mutate(void)
{
    for (uint32_t n = below(4); n > 0; n--) {
        uint32_t range = below(4) ? 80 : (uint32_t)f.len;

        range = range > f.len ? (uint32_t)f.len : range;
        f.b[below(range)] = (uint8_t)below(256);
    }
    if (below(16) == 0)
        f.len = below((uint32_t)f.len + 1);
    if (below(16) == 0)
        for (uint32_t n = below(40); n > 0; n--)
            f.b[f.len++] = (uint8_t)below(256);
    if (below(2) && f.len >= 34 && f.b[14] == 0x45) { /* past the checksum */
        be16_store(f.b + 24, 0);
        be16_store(f.b + 24, cksum_fold(cksum_add(0, f.b + 14, 20)));
    }
}

static void open_sockets(void)
{
    struct cw_sockaddr n7 = { .addr = rig_addr("::"), .port = 7 };
    struct cw_sockaddr n8 = { .addr = rig_addr("10.0.0.1"), .port = 8 };
    struct cw_sockaddr peer = { .addr = rig_addr("10.0.0.2"), .port = 50 };

    for (unsigned i = 0; i < 3; i++)
        socks[i] = udp_open(rig.udp, &rig, i == 0);
    assert_int_equal(udp_bind(socks[0], &n7), 0);
    assert_int_equal(udp_bind(socks[1], &n8), 0);
    assert_int_equal(udp_connect(socks[2], &peer), 0);
}

/* The application reads now and then, and sends. */
static void use_sockets(void)
{
    struct udp_sock *u = socks[below(3)];
    struct cw_msg    m = { .buf = body, .len = below(2000) };

    if (below(8) == 0) {
        m.addr = (struct cw_sockaddr){ .addr = some_addr(u == socks[1]),
                                       .port = 7 };
        m.has_addr = u != socks[2];
        (void)udp_send(u, &m);
        return;
    }
    (void)udp_recv(u, &m);
}

static void run(unsigned flags, uint64_t seed)
{
    struct sipkey key = { seed, flags };

    net_rig_init(&rig, flags, true);
    rng = prng_stream(key, 0, "net_fuzz");
    open_sockets();
    for (unsigned i = 0; i < ROUNDS / 2; i++) {
        uint64_t discards = rig.env.count[COUNT_IP_IN_DISCARDS];
        enum why why;

        make();
        mutate();
        why = rig_in_runs(&rig, below(20) == 0 ? RIG_LO : RIG_ETH, &f,
                          1 + below(8));
        if (rig.env.count[COUNT_IP_IN_DISCARDS] > discards)
            assert_int_not_equal(why, GO_ON);
        if (below(4) == 0)
            use_sockets();
        net_run(rig.net);
        if (below(4) == 0)
            rig_advance(&rig, (cw_ns)below(1000000000));
        while (below(8) && rig_out(&rig, &g))
            assert_true(g.len >= ETHER_LEN + 20);
        assert_true(arena_used(rig.arena) <= arena_limit(rig.arena));
    }
    for (unsigned i = 0; i < 3; i++)
        udp_close(socks[i]);
    rig_advance(&rig, 120 * NS_S);
    while (rig_out(&rig, &g))
        ;
    rig_advance(&rig, 120 * NS_S);
    while (rig_out(&rig, &g))
        ;
    assert_int_equal(arena_used(rig.arena), 0);
    assert_true(rig.env.count[COUNT_UDP_IN] > 100);
    assert_true(rig.env.count[COUNT_IP_REASM_OKS] > 10);
    assert_true(rig.env.count[COUNT_ICMP_OUT_MSGS] > 100);
    net_rig_free(&rig);
}

static void test_mutations(void **state)
{
    (void)state;
    run(0, 1);
}

static void test_mutations_unchecked(void **state)
{
    (void)state;
    run(CW_NETIF_CSUM, 2); /* checksums no longer keep the worst out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_mutations_unchecked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
