/* ip_out_test.c: routes, source selection, headers, fragments, queues. */
#include "t.h"

#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/ip6ext.h"

static struct net_rig rig;
static struct frame   f;

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

static struct net_tx tx_to(const char *dst)
{
    struct net_tx tx = { .dst = rig_addr(dst),
                         .proto = PROTO_UDP,
                         .why = WHY_TX_UDP };

    if (addr_is4(&tx.dst))
        tx.src = addr4(0);
    return tx;
}

static void add_route(const char *dst, unsigned prefix, const char *gw,
                      unsigned netif)
{
    struct cw_addr d = rig_addr(dst), g = rig_addr(gw);

    assert_int_equal(net_route_add(rig.net, &d, prefix, &g, netif), 0);
}

static void add_neigh(const char *a, unsigned n)
{
    struct cw_addr addr = rig_addr(a);
    struct cw_mac  mac = rig_mac(n);

    assert_int_equal(net_neigh_add(rig.net, RIG_ETH, &addr, &mac), 0);
}

/* RFC 791 §3.1. [RFC1122-2.3.1-a] [RFC1122-2.3.3-a] [RFC6864-4.1-a] */
static void test_header4(void **state)
{
    struct net_tx   tx = tx_to("10.0.0.2");
    struct ip4_repr ip;
    const uint8_t  *body;

    (void)state;
    tx.tos = 0x28;
    tx.why_arg = 5;
    assert_int_equal(rig_send(&rig, &tx, 100), GO_ON);
    assert_true(rig_out(&rig, &f));
    assert_int_equal(f.netif, RIG_ETH);
    assert_int_equal(f.why, WHY_TX_UDP);
    assert_memory_equal(f.b, rig_mac(2).b, 6);
    assert_memory_equal(f.b + 6, rig_mac(1).b, 6);
    body = rig_read4(&f, &ip);
    assert_int_equal(addr_u4(&ip.src), 0x0a000001);
    assert_int_equal(addr_u4(&ip.dst), 0x0a000002);
    assert_int_equal(ip.ttl, 64);
    assert_int_equal(ip.tos, 0x28);
    assert_int_equal(ip.proto, PROTO_UDP);
    assert_false(ip.df || ip.mf);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(body[i], i);
    tx.pmtudisc = CW_PMTUDISC_DO;
    tx.ttl = 3;
    assert_int_equal(rig_send(&rig, &tx, 0), GO_ON);
    assert_true(rig_out(&rig, &f));
    (void)rig_read4(&f, &ip);
    assert_true(ip.df);
    assert_int_equal(ip.ttl, 3);
    assert_int_equal(ip.id, 0); /* RFC 6864: never a fragment */
    rig_out_none(&rig);
}

static void test_header6(void **state)
{
    struct net_tx   tx = tx_to("fd00::2");
    struct ip6_repr ip;
    uint32_t        label;

    (void)state;
    tx.tos = 0xb8;
    tx.flow = 7;
    assert_int_equal(rig_send(&rig, &tx, 33), GO_ON);
    assert_true(rig_out(&rig, &f));
    (void)rig_read6(&f, &ip);
    assert_true(addr_eq(&ip.dst, &tx.dst));
    assert_int_equal(ip.src.b[0], 0xfd);
    assert_int_equal(ip.src.b[15], 1);
    assert_int_equal(ip.hop, 64);
    assert_int_equal(ip.tclass, 0xb8);
    label = ip.flow;
    assert_int_not_equal(label, 0); /* RFC 6437: one a flow */
    assert_int_equal(rig_send(&rig, &tx, 44), GO_ON);
    assert_true(rig_out(&rig, &f));
    (void)rig_read6(&f, &ip);
    assert_int_equal(ip.flow, label);
    tx.flow = 8;
    assert_int_equal(rig_send(&rig, &tx, 44), GO_ON);
    assert_true(rig_out(&rig, &f));
    (void)rig_read6(&f, &ip);
    assert_int_not_equal(ip.flow, label);
}

/* What is ours goes through the loopback interface, with MACs of zero. */
/* [RFC1122-3.2.1.3-d] */
static void test_loopback(void **state)
{
    static const char *const own[] = { "127.0.0.1", "127.9.9.9", "10.0.0.1",
                                       "::1",       "fd00::1",   "fe80::1" };
    static const uint8_t     zeros[12];

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct net_tx tx = tx_to(own[i]);

        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
        assert_true(rig_out(&rig, &f));
        assert_int_equal(f.netif, RIG_LO);
        assert_memory_equal(f.b, zeros, 12);
        /* What is sent comes back. */
        assert_int_equal(rig_in(&rig, RIG_LO, &f), GO_ON);
        assert_int_equal(rig.rx.len, 9);
        assert_true(addr_eq(&rig.rx.dst, &tx.dst));
    }
}

/* Groups and broadcast need no neighbour. */
static void test_groups(void **state)
{
    static const struct {
        const char *dst;
        uint8_t     mac[6];
        uint8_t     ttl;
    } rows[] = {
        { "224.0.0.1", { 1, 0, 0x5e, 0, 0, 1 }, 1 },
        { "239.255.1.2", { 1, 0, 0x5e, 0x7f, 1, 2 }, 1 },
        { "255.255.255.255", { 255, 255, 255, 255, 255, 255 }, 64 },
        { "10.0.0.255", { 255, 255, 255, 255, 255, 255 }, 64 },
        { "ff02::1:2", { 0x33, 0x33, 0, 1, 0, 2 }, 1 },
    };

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct net_tx tx = tx_to(rows[i].dst);

        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
        assert_true(rig_out(&rig, &f));
        assert_int_equal(f.netif, RIG_ETH);
        assert_memory_equal(f.b, rows[i].mac, 6);
        assert_int_equal(f.b[14] >> 4 == 4 ? f.b[22] : f.b[21], rows[i].ttl);
    }
}

/* [RFC1122-3.2.1.3-d] */
static void test_no_way(void **state)
{
    static const struct {
        const char *src, *dst;
    } rows[] = {
        { "0.0.0.0", "192.0.2.1" }, /* no route */
        { "::", "2001:db8::1" },
        { "0.0.0.0", "0.0.0.0" },
        { "127.0.0.1", "10.0.0.2" }, /* 127/8 never leaves: RFC 1122 */
        { "::1", "fd00::2" },
        { "10.0.0.1", "fd00::2" }, /* two families */
    };

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct net_tx tx = tx_to(rows[i].dst);

        tx.src = rig_addr(rows[i].src);
        assert_int_equal(rig_send(&rig, &tx, 9), WHY_NO_ROUTE);
        assert_int_equal(rig.drop, WHY_NO_ROUTE);
    }
    assert_int_equal(rig.env.count[COUNT_IP_OUT_NO_ROUTES], 6);
    rig_out_none(&rig);
}

/* RFC 1122 §3.3.1: on-link by prefix, else by the most specific gateway. */
/* [RFC1122-3.2.1.3-a] [RFC1122-3.3.1.1-a] [RFC1122-3.3.1.6-a] */
static void test_longest_prefix(void **state)
{
    static const struct {
        const char *dst;
        unsigned    mac;
    } rows[] = {
        { "10.0.0.2", 2 },      { "10.0.0.77", 77 },
        { "192.0.2.1", 254 },   { "172.16.0.1", 253 },
        { "172.16.5.1", 252 },  { "172.16.5.9", 251 },
        { "2001:db8::1", 254 }, { "2001:db8:1::1", 253 },
    };

    (void)state;
    add_neigh("10.0.0.77", 77);
    add_neigh("10.0.0.254", 254);
    add_neigh("10.0.0.253", 253);
    add_neigh("10.0.0.252", 252);
    add_neigh("10.0.0.251", 251);
    add_neigh("fd00::254", 254);
    add_neigh("fd00::253", 253);
    add_route("172.16.5.0", 24, "10.0.0.252", RIG_ETH);
    add_route("0.0.0.0", 0, "10.0.0.254", RIG_ETH);
    add_route("172.16.5.9", 32, "10.0.0.251", RIG_ETH);
    add_route("172.16.0.0", 12, "10.0.0.253", RIG_ETH);
    add_route("2001:db8:1::", 48, "fd00::253", RIG_ETH);
    add_route("::", 0, "fd00::254", RIG_ETH);
    for (unsigned i = 0; i < 8; i++) {
        struct net_tx tx = tx_to(rows[i].dst);
        struct cw_mac mac = rig_mac(rows[i].mac);

        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
        assert_true(rig_out(&rig, &f));
        assert_memory_equal(f.b, mac.b, 6);
    }
}

/* RFC 6724 §5: scope first, then the longest common prefix. */
/* [RFC1122-3.2.1.3-e] */
static void test_source(void **state)
{
    static const struct {
        const char *dst, *src;
    } rows[] = {
        { "10.0.0.2", "10.0.0.1" },   { "10.1.0.2", "10.1.0.1" },
        { "192.0.2.1", "10.0.0.1" },  { "127.0.0.1", "127.0.0.1" },
        { "127.0.0.5", "127.0.0.1" }, { "10.1.0.1", "10.1.0.1" },
        { "fd00::2", "fd00::1" },     { "fe80::2", "fe80::1" },
        { "ff02::1", "fe80::1" },     { "2001:db8::9", "2001:db8::1" },
        { "fd00:1::1", "fd00::1" },   { "::1", "::1" },
        { "fd00::1", "fd00::1" },
    };
    struct cw_addr a = rig_addr("10.1.0.1"), b = rig_addr("2001:db8::1");

    (void)state;
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &a, 16), 0);
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &b, 64), 0);
    add_route("0.0.0.0", 0, "10.0.0.254", RIG_ETH);
    add_route("::", 0, "fd00::254", RIG_ETH);
    for (unsigned i = 0; i < 13; i++) {
        struct cw_addr  dst = rig_addr(rows[i].dst);
        struct cw_addr  want = rig_addr(rows[i].src);
        struct cw_addr  src = addr_is4(&dst) ? addr4(0) : rig_addr("::");
        struct net_dest dest;

        assert_int_equal(net_path(rig.net, &dst, 0, &src, &dest), GO_ON);
        assert_true(addr_eq(&src, &want));
        assert_int_equal(dest.mtu, 1500);
    }
}

static void test_local_and_bindable(void **state)
{
    static const struct {
        const char *addr;
        bool        local, bindable;
    } rows[] = {
        { "10.0.0.1", true, true },
        { "10.0.0.2", false, false },
        { "127.0.0.1", true, true },
        { "127.1.2.3", true, true },
        { "127.255.255.255", false, false },
        { "0.0.0.0", false, true },
        { "::", false, true },
        { "fd00::1", true, true },
        { "::1", true, true },
        { "fd00::2", false, false },
        { "255.255.255.255", false, false },
    };

    (void)state;
    for (unsigned i = 0; i < 11; i++) {
        struct cw_addr a = rig_addr(rows[i].addr);

        assert_int_equal(net_is_local(rig.net, &a), rows[i].local);
        assert_int_equal(net_bindable(rig.net, &a), rows[i].bindable);
    }
}

/* What configuration is refused. [RFC8200-5-a] */
static void test_bad_configuration(void **state)
{
    struct cw_netif_config c = { .name = "x", .mac = rig_mac(9) };
    struct cw_addr         a = rig_addr("10.0.0.1");
    struct cw_addr         g = rig_addr("224.0.0.1");
    struct cw_addr         v6 = rig_addr("fd00:2::1");
    struct cw_mac          mac = { { 1, 2, 3, 4, 5, 6 } };
    int                    small;

    (void)state;
    c.mtu = 500;
    assert_int_equal(net_netif_add(rig.net, &c), -CW_EINVAL);
    c.mtu = 65536;
    assert_int_equal(net_netif_add(rig.net, &c), -CW_EINVAL);
    c.mtu = 576;
    c.queue = 100;
    assert_int_equal(net_netif_add(rig.net, &c), -CW_EINVAL);
    c.queue = 64;
    small = net_netif_add(rig.net, &c);
    assert_int_equal(small, 2);
    assert_int_equal(net_addr_add(rig.net, 2, &v6, 64), -CW_EINVAL);
    assert_int_equal(net_addr_add(rig.net, 9, &a, 24), -CW_EINVAL);
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &a, 33), -CW_EINVAL);
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &a, 24), -CW_EADDRINUSE);
    assert_int_equal(net_addr_add(rig.net, RIG_ETH, &g, 24),
                     -CW_EADDRNOTAVAIL);
    assert_int_equal(net_route_add(rig.net, NULL, 0, NULL, RIG_ETH),
                     -CW_EINVAL);
    assert_int_equal(net_route_add(rig.net, &a, 24, &a, RIG_ETH),
                     -CW_EINVAL); /* we are not our own gateway */
    assert_int_equal(net_neigh_add(rig.net, RIG_ETH, &a, &mac), -CW_EINVAL);
    for (int i = 3; i < 16; i++)
        assert_int_equal(net_netif_add(rig.net, &c), i);
    assert_int_equal(net_netif_add(rig.net, &c), -CW_ENOBUFS);
}

/* A checksum that the transport leaves: completed, or left to a medium that
 * keeps packets intact. */
static void test_partial_checksum(void **state)
{
    static struct net_rig vouched;

    (void)state;
    net_rig_init(&vouched, CW_NETIF_NOARP | CW_NETIF_CSUM, false);
    for (unsigned i = 0; i < 2; i++) {
        struct net_rig *r = i ? &vouched : &rig;
        struct net_tx   tx = tx_to("10.0.0.2");
        struct cw_pkt   pkt, out;
        uint32_t        pseudo;

        tx.src = rig_addr("10.0.0.1");
        pseudo = cksum_pseudo(&tx.src, &tx.dst, PROTO_UDP, 9);
        assert_true(pkt_new(&pkt, &r->env.pbufs, PBUF_HEADROOM, 9));
        memcpy(pkt_head(&pkt), "\0\1\0\2\0\11..x", 9);
        be16_store(pkt_head(&pkt) + 6, (uint16_t)pseudo);
        pkt.csum_state = CW_CSUM_PARTIAL;
        pkt.csum_off = 6;
        assert_int_equal(net_out(r->net, &tx, &pkt), GO_ON);
        assert_int_equal(net_take(r->net, &out, 1), 1);
        if (i == 0) {
            assert_int_equal(out.csum_state, CW_CSUM_NONE);
            assert_int_equal(cksum_fold(pkt_cksum(&out, 34, pseudo)), 0);
        } else {
            assert_int_equal(out.csum_state, CW_CSUM_PARTIAL);
            assert_int_equal(out.csum_start, 34);
            assert_int_equal(be16_load(pkt_head(&out) + 40), pseudo);
        }
        pkt_free(&out);
    }
    net_rig_free(&vouched);
}

/* RFC 7739 §3: whoever sees some identifications cannot tell the next one,
 * nor how many packets others were sent meanwhile; and none comes twice
 * within 2^16 packets (RFC 6864 §4.3). [RFC6864-4.3-a] */
static void test_identifications(void **state)
{
    static uint8_t  seen[65536];
    struct net_tx   tx = tx_to("10.0.0.2");
    unsigned        steps[16] = { 0 }; /* differences, by their size */
    uint16_t        last = 0;
    struct ip4_repr ip;

    (void)state;
    memset(seen, 0, sizeof seen);
    for (unsigned i = 0; i < 65536; i++) {
        assert_int_equal(rig_send(&rig, &tx, 8), GO_ON);
        assert_true(rig_out(&rig, &f));
        rig_read4(&f, &ip);
        assert_int_equal(seen[ip.id]++, 0);
        steps[(uint16_t)(ip.id - last) >> 12]++;
        last = ip.id;
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++)
        assert_in_range(steps[i], 4096 - 400, 4096 + 400);
}

/* RFC 8200 §4.5, RFC 7739 §3: no identification twice among those of late,
 * and none follows from the last.  [RFC8200-4.5-b] */
static void test_identifications6(void **state)
{
    static uint32_t seen[512];
    struct net_tx   tx = tx_to("fd00::2");
    unsigned        next_to = 0;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(seen); i++) {
        assert_int_equal(rig_send(&rig, &tx, 1500), GO_ON);
        assert_true(rig_out(&rig, &f));
        seen[i] = be32_load(f.b + 14 + 40 + 4);
        assert_true(rig_out(&rig, &f));
        assert_int_equal(be32_load(f.b + 14 + 40 + 4), seen[i]);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(seen[j], seen[i]);
        next_to += i > 0 && seen[i] - seen[i - 1] < 256;
    }
    assert_true(next_to < 8);
}

/* The MTU is what the configuration says; a larger datagram is cut to it.
 * [RFC1122-3.3.3-d] */
static void test_mtu_is_configured(void **state)
{
    static const uint32_t    mtus[] = { 576, 1280, 9000 };
    static const char *const nets[] = { "10.1.0.1", "10.2.0.1", "10.3.0.1" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct cw_netif_config c = { .name = "x",
                                     .mac = rig_mac(9),
                                     .mtu = mtus[i],
                                     .flags = CW_NETIF_NOARP };
        struct cw_addr         own = rig_addr(nets[i]), peer = own;
        struct cw_mac          mac = rig_mac(2);
        struct net_tx          tx = tx_to("10.0.0.2");
        int                    at = net_netif_add(rig.net, &c);

        assert_int_equal(at, 2 + i);
        peer.b[15] = 2;
        tx.dst = peer;
        assert_int_equal(net_addr_add(rig.net, (unsigned)at, &own, 24), 0);
        assert_int_equal(net_neigh_add(rig.net, (unsigned)at, &peer, &mac),
                         0);
        assert_int_equal(rig_send(&rig, &tx, mtus[i] - 20), GO_ON);
        assert_true(rig_out(&rig, &f));
        assert_int_equal(f.len, 14 + mtus[i]);
        rig_out_none(&rig);
        assert_int_equal(rig_send(&rig, &tx, mtus[i] - 19), GO_ON);
        for (unsigned n = 0; n < 2; n++) {
            assert_true(rig_out(&rig, &f));
            assert_true(f.len <= 14 + mtus[i]);
        }
        rig_out_none(&rig);
    }
}

/* RFC 791 §3.2: all bytes, once, in pieces that fit; one identification, and
 * another for the next datagram. */
static void test_fragments4(void **state)
{
    static uint8_t  whole[65536];
    static uint32_t sizes[] = { 1481, 3000, 65507 + 8 };
    uint32_t        last_id = UINT32_MAX;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct net_tx   tx = tx_to("10.0.0.2");
        struct ip4_repr ip;
        uint32_t        got = 0, id = UINT32_MAX;
        bool            more = true;

        assert_int_equal(rig_send(&rig, &tx, sizes[i]), GO_ON);
        while (rig_out(&rig, &f)) {
            const uint8_t *body = rig_read4(&f, &ip);

            assert_true(more);
            assert_true(f.len <= 14 + 1500);
            assert_int_equal(ip.frag_off, got);
            assert_true(id == UINT32_MAX || ip.id == id);
            assert_int_equal(f.why, got ? WHY_TX_FRAGMENT : WHY_TX_UDP);
            id = ip.id;
            memcpy(whole + got, body, ip.total_len - 20u);
            got += ip.total_len - 20u;
            more = ip.mf;
        }
        assert_false(more);
        assert_int_equal(got, sizes[i]);
        for (uint32_t j = 0; j < got; j++)
            assert_int_equal(whole[j], (uint8_t)j);
        assert_int_not_equal(id, last_id);
        last_id = id;
    }
}

/* [RFC8200-4.5-a] */
/* RFC 791 §3.1: the first fragment has every option, the others those with
 * the copied flag; all of them fit.
 * [RFC1122-3.2.1.8-a] [RFC1122-3.4-a] */
static void test_options(void **state)
{
    static const struct cw_ip_opts opts = {
        .len = 12, .b = { 148, 4, 0, 0, 7, 7, 4, 1, 2, 3, 4, 0 }
    };
    static const uint8_t later[] = { 148, 4, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0 };
    struct net_tx        tx = tx_to("10.0.0.2");
    struct ip4_repr      ip;
    uint32_t             got = 0;

    (void)state;
    tx.opts = &opts;
    assert_int_equal(rig_send(&rig, &tx, 100), GO_ON);
    assert_true(rig_out(&rig, &f));
    (void)rig_read4(&f, &ip);
    assert_int_equal(ip.hdr_len, 32);
    assert_memory_equal(ip.opts.p, opts.b, 12);
    assert_int_equal(f.b[14 + 32 + 99], 99);
    assert_int_equal(rig_send(&rig, &tx, 1469), GO_ON);
    while (rig_out(&rig, &f)) {
        const uint8_t *body = rig_read4(&f, &ip);

        assert_true(f.len <= 14 + 1500);
        assert_int_equal(ip.frag_off, got);
        assert_int_equal(ip.opts.len, 12);
        assert_memory_equal(ip.opts.p, got ? later : opts.b, 12);
        assert_int_equal(body[0], (uint8_t)got);
        got += ip.total_len - 32u;
    }
    assert_int_equal(got, 1469);
    tx.pmtudisc = CW_PMTUDISC_DO;
    assert_int_equal(rig_send(&rig, &tx, 1468), GO_ON);
    assert_int_equal(rig_send(&rig, &tx, 1469), WHY_TOO_BIG);
}

static void test_fragments6(void **state)
{
    struct net_tx   tx = tx_to("fd00::2");
    struct ip6_repr ip;
    struct ip6_ext  ext;
    uint32_t        got = 0;
    bool            more = true;

    (void)state;
    assert_int_equal(rig_send(&rig, &tx, 5000), GO_ON);
    while (rig_out(&rig, &f)) {
        (void)rig_read6(&f, &ip);
        assert_true(f.len <= 14 + 1500);
        assert_int_equal(
            ip6ext_walk(span_of(f.b + 14, f.len - 14), &ip, &ext), GO_ON);
        assert_true(ext.frag.present);
        assert_int_equal(ext.frag.next, PROTO_UDP);
        assert_int_equal(ext.frag.off, got);
        for (size_t i = 62; i < f.len; i++)
            assert_int_equal(f.b[i], (uint8_t)(got + i - 62));
        got += ip.payload_len - 8u;
        more = ext.frag.more;
    }
    assert_false(more);
    assert_int_equal(got, 5000);
}

/* [RFC6864-4.3-a] [RFC8085-3.2-a] */
static void test_too_big(void **state)
{
    struct net_tx tx = tx_to("10.0.0.2");

    (void)state;
    tx.pmtudisc = CW_PMTUDISC_DO;
    assert_int_equal(rig_send(&rig, &tx, 1480), GO_ON);
    assert_int_equal(rig_send(&rig, &tx, 1481), WHY_TOO_BIG);
    tx.pmtudisc = CW_PMTUDISC_DONT; /* more than a length field can say */
    assert_int_equal(rig_send(&rig, &tx, 65516), WHY_TOO_BIG);
    assert_int_equal(rig.env.count[COUNT_IP_OUT_DISCARDS], 2);
    assert_true(rig_out(&rig, &f));
    rig_out_none(&rig);
}

/* The queue is bounded, and says when it has room again. */
static void test_queue(void **state)
{
    struct net_tx   tx = tx_to("10.0.0.2");
    struct cw_addr  src = addr4(0);
    struct net_dest dest;
    unsigned        i;

    (void)state;
    assert_int_equal(net_path(rig.net, &tx.dst, 0, &src, &dest), GO_ON);
    assert_int_equal(net_room(rig.net, &dest), 256);
    for (i = 0; net_room(rig.net, &dest) > 0; i++)
        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
    assert_int_equal(i, 256);
    assert_int_equal(rig_send(&rig, &tx, 9), WHY_TXQ_FULL);
    for (i = 0; i < 127; i++)
        assert_true(rig_out(&rig, &f));
    assert_int_equal(rig.room_n, 0);
    assert_true(rig_out(&rig, &f));
    assert_int_equal(rig.room_n, 1);
    while (rig_out(&rig, &f))
        i++;
    assert_int_equal(i, 255);
    assert_int_equal(rig.room_n, 1);
    assert_int_equal(arena_used(rig.arena), 0);
}

/* Room for one packet is room for its fragments. */
static void test_train_fits_whole(void **state)
{
    struct net_tx tx = tx_to("10.0.0.2");
    unsigned      n = 0;

    (void)state;
    for (unsigned i = 0; i < 255; i++)
        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
    assert_int_equal(rig_send(&rig, &tx, 14800), GO_ON);
    assert_int_equal(rig_send(&rig, &tx, 9), WHY_TXQ_FULL);
    while (rig_out(&rig, &f))
        n++;
    assert_int_equal(n, 265);
}

/* Interfaces take turns. */
static void test_turns(void **state)
{
    struct net_tx eth = tx_to("10.0.0.2"), lo = tx_to("127.0.0.1");

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig_send(&rig, &eth, 9), GO_ON);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig_send(&rig, &lo, 9), GO_ON);
    for (unsigned i = 0; i < 6; i++) {
        assert_true(rig_out(&rig, &f));
        assert_int_equal(f.netif, i % 2);
    }
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_header4),
        CASE(test_header6),
        CASE(test_loopback),
        CASE(test_groups),
        CASE(test_no_way),
        CASE(test_longest_prefix),
        CASE(test_source),
        CASE(test_local_and_bindable),
        CASE(test_bad_configuration),
        CASE(test_partial_checksum),
        CASE(test_identifications),
        CASE(test_identifications6),
        CASE(test_mtu_is_configured),
        CASE(test_fragments4),
        CASE(test_options),
        CASE(test_fragments6),
        CASE(test_too_big),
        CASE(test_queue),
        CASE(test_train_fits_whole),
        CASE(test_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
