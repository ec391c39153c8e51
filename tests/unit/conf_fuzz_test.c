/* conf_fuzz_test.c: hostile routers, queriers and DHCP servers: good messages
 * of each kind, mutated, at an interface that configures itself and is a
 * member of groups.  Nothing may break, what they fill is bounded, and when
 * all is over, memory is back to zero (net_rig_free()).
 */
#include "t.h"

#include "net/core.h"
#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/dhcphdr.h"
#include "wire/grouphdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ndphdr.h"
#include "wire/udphdr.h"

enum { ROUNDS = 40000, ETH1 = 2, BODY = 900 };

static struct net_rig rig;
static struct frame   f, g;
static struct prng    rng;
static uint8_t        body[BODY + 64];

static uint32_t heard_xid; /* of the client's last message */

static uint32_t below(uint32_t n)
{
    return (uint32_t)prng_below(&rng, n);
}

static struct cw_addr some6(void)
{
    static const char *const text[] = {
        "fe80::a", "fe80::b", "ff02::1", "2001:db8:1::9", "::", "ff15::1"
    };
    unsigned i = below(ARRAY_LEN(text) + 2);

    if (i >= ARRAY_LEN(text)) /* one of ours, whatever its state */
        return rig.net->netif[ETH1].naddr ? rig.net->netif[ETH1].addr[0].addr
                                          : rig_addr("fe80::a");
    return rig_addr(text[i]);
}

static struct ndp_repr some_ndp(void)
{
    struct ndp_repr m = { .type = (uint8_t)(ICMP6_RS + below(5)),
                          .target = some6(),
                          .dest = some6(),
                          .lifetime = (uint16_t)below(3000),
                          .hop_limit = (uint8_t)below(256),
                          .reachable = below(5000000),
                          .retrans = below(5000),
                          .mtu = below(2000),
                          .router = below(2),
                          .override = below(2),
                          .slla = rig_mac(below(9)),
                          .tlla = rig_mac(below(9)) };

    m.has_slla = m.type != ICMP6_NA && m.type != ICMP6_REDIRECT && below(2);
    m.has_tlla = !m.has_slla && m.type >= ICMP6_NA;
    m.has_mtu = m.type == ICMP6_RA && below(2);
    m.nprefix = m.type == ICMP6_RA ? (uint8_t)below(4) : 0;
    for (unsigned i = 0; i < m.nprefix; i++) {
        m.prefix[i] = (struct ndp_prefix){ .prefix = rig_addr("2001:db8:1::"),
                                           .len = 64,
                                           .onlink = below(2),
                                           .autonomous = below(2),
                                           .valid = below(4) ? below(10000)
                                                             : UINT32_MAX };
        m.prefix[i].prefix.b[7] = (uint8_t)below(40);
        m.prefix[i].preferred = m.prefix[i].valid / (1 + below(3));
    }
    return m;
}

static void make_ndp(void)
{
    struct ndp_repr m = some_ndp();
    struct ip6_repr ip = rig_ip6(PROTO_ICMP6);
    size_t          len = ndphdr_emit(body, BODY, &m);

    ip.src = below(4) ? rig_addr(below(2) ? "fe80::a" : "fe80::b") : some6();
    ip.dst = some6();
    ip.hop = 255;
    icmp6hdr_seal(body, len, &ip.src, &ip.dst);
    rig_frame6(&f, ip, body, len);
}

static void make_mld(void)
{
    struct ip6_repr ip = rig_ip6(PROTO_HOPOPTS);
    size_t          len = 24 + below(2) * (4 + 16 * below(8));

    for (size_t i = 0; i < len; i++)
        body[8 + i] = (uint8_t)(below(3) ? 0 : below(256));
    memcpy(body, "\x3a\0\5\2\0\0\1\0", 8);
    body[8] = (uint8_t)(ICMP6_MLD_QUERY + below(3));
    body[9] = 0;
    if (below(2))
        memcpy(body + 16, rig_addr("ff15::1").b, 16);
    ip.src = rig_addr("fe80::a");
    ip.dst = rig_addr(below(2) ? "ff02::1" : "ff15::1");
    ip.hop = 1;
    icmp6hdr_seal(body + 8, len, &ip.src, &ip.dst);
    rig_frame6(&f, ip, body, len + 8);
}

static void make_igmp(void)
{
    static const uint8_t alert[] = { 148, 4, 0, 0 };
    static const uint8_t types[] = { IGMP_QUERY,   IGMP_QUERY, IGMP_REPORT1,
                                     IGMP_REPORT2, IGMP_LEAVE, IGMP_REPORT3 };
    struct ip4_repr      ip = rig_ip4(PROTO_IGMP);
    size_t               len = 8 + below(2) * (4 + 4 * below(20));

    for (size_t i = 0; i < len; i++)
        body[i] = (uint8_t)(below(3) ? 0 : below(256));
    body[0] = types[below(ARRAY_LEN(types))];
    if (below(2))
        be32_store(body + 4, 0xef010203);
    be16_store(body + 2, 0);
    be16_store(body + 2, cksum_fold(cksum_add(0, body, len)));
    ip.ttl = 1;
    ip.dst = rig_addr(below(2) ? "224.0.0.1" : "239.1.2.3");
    ip.opts = span_of(alert, 4);
    rig_frame4(&f, ip, body, len);
}

static void make_dhcp(void)
{
    static const uint8_t kinds[] = { 1, 3, 6, 51, 52, 53, 54, 58, 59, 99 };
    struct ip4_repr      ip = rig_ip4(PROTO_UDP);
    struct udp_repr      u = { .sport = DHCP_SERVER_PORT,
                               .dport = DHCP_CLIENT_PORT };
    uint8_t             *p = body + UDP_LEN;
    size_t               at = DHCP_FIXED;

    memset(body, 0, sizeof body);
    memcpy(p, "\2\1\6", 3);
    be32_store(p + 4, heard_xid);
    be32_store(p + 16, 0xc0a80500 + below(9));
    memcpy(p + 28, rig_mac(77).b, 6);
    be32_store(p + 236, 0x63825363);
    memcpy(p + at, "\65\1\2\66\4\xc0\xa8\5\1\63\4\0\0\0\x60", 15);
    p[at + 2] = (uint8_t)(below(3) == 0 ? 2 : below(2) ? 5 : 6);
    for (at += 15; below(4) && at < 600;) {
        uint8_t n = (uint8_t)(4 * below(4));

        p[at++] = kinds[below(ARRAY_LEN(kinds))];
        p[at++] = n;
        for (; n > 0; n--)
            p[at++] = (uint8_t)below(256);
    }
    p[at++] = 255;
    u.len = (uint16_t)(at + UDP_LEN);
    udphdr_emit(body, UDP_LEN, &u);
    ip.dst = addr4(UINT32_MAX);
    rig_frame4(&f, ip, body, u.len);
    memset(f.b, 0xff, 6);
}

static void mutate(void)
{
    for (uint32_t n = below(4) ? 0 : below(4); n > 0; n--)
        f.b[below((uint32_t)f.len)] = (uint8_t)below(256);
    if (below(16) == 0)
        f.len = 14 + below((uint32_t)f.len - 14);
}

static void check_bounds(void)
{
    unsigned heard = 0;

    for (uint32_t i = 0; i < rig.net->nroute; i++)
        heard += rig.net->route[i].heard;
    EXPECT_LE(heard, RA_ROUTES_MAX);
    EXPECT_LE(rig.net->netif[ETH1].naddr, NETIF_ADDR_MAX);
    EXPECT_LE(rig.net->ngroup, MCAST_GROUPS_MAX);
    EXPECT_LE(arena_used(rig.arena), arena_limit(rig.arena));
}

static void join(const char *text, struct net_member **out)
{
    struct cw_addr    a = rig_addr(text);
    struct net_filter all = { .exclude = true };

    EXPECT_EQ(net_group_join(rig.net, ETH1, &a, &all, out), 0);
}

static void run(unsigned flags, uint64_t seed)
{
    static void (*const make[])(void) = { make_ndp, make_ndp, make_mld,
                                          make_igmp, make_dhcp };
    struct cw_netif_config c = { .name = "eth1",
                                 .mac = rig_mac(77),
                                 .flags = CW_NETIF_AUTOCONF | flags };
    struct sipkey          key = { seed, 1 };
    struct net_member     *m[2];
    unsigned               leases = 0;

    net_rig_init(&rig, CW_NETIF_NOARP, true);
    rng = prng_stream(key, 0, "conf_fuzz");
    EXPECT_EQ(net_netif_add(rig.net, &c), ETH1);
    dhcp_start(rig.udp, ETH1, &c.mac);
    join("239.1.2.3", &m[0]);
    join("ff15::1", &m[1]);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct cw_lease l;

        make[below(ARRAY_LEN(make))]();
        mutate();
        (void)rig_in_runs(&rig, ETH1, &f, 1 + below(4));
        net_run(rig.net);
        if (below(4) == 0)
            rig_advance(&rig, (cw_ns)below(2000) * NS_MS);
        while (below(8) && rig_out(&rig, &g)) {
            EXPECT_GE(g.len, ETHER_LEN + 20);
            if (g.why == WHY_TX_DHCP)
                heard_xid = be32_load(g.b + ETHER_LEN + 20 + UDP_LEN + 4);
        }
        check_bounds();
        leases += dhcp_show(rig.udp, ETH1, &l) == 0 && l.bound;
    }
    EXPECT_LT(ROUNDS / 2, rig.env.count[COUNT_IP_IN]);
    EXPECT_LT(0, leases); /* good ones came through */
    while (rig_out(&rig, &g))
        ;
    net_rig_free(&rig);
}

TEST(whatever_the_link_says)
{
    run(0, 1);
}

TEST(whatever_it_says_without_checksums)
{
    run(CW_NETIF_CSUM, 2);
}

T_MAIN(T(whatever_the_link_says), T(whatever_it_says_without_checksums))
