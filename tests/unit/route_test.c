/* route_test.c: which way and from which address: RFC 6724 §5, §10.1, RFC
 * 1122 §3.3.1, §3.2.2.2; several interfaces, several gateways, redirects. */
#include "t.h"

#include "net/neigh.h"
#include "net_rig.h"
#include "wire/arphdr.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/ndphdr.h"

static struct net_rig rig;
static struct frame   f, g;

static void begin(void)
{
    net_rig_init(&rig, 0, false);
}

static void end(void)
{
    rig_advance(&rig, 300 * NS_S);
    while (rig_out(&rig, &g))
        ;
    net_rig_free(&rig);
}

static unsigned add_eth(void)
{
    struct cw_netif_config c = { .name = "eth1", .mac = rig_mac(77) };
    int                    n = net_netif_add(rig.net, &c);

    EXPECT_EQ(n, 2);
    return (unsigned)n;
}

static void give(unsigned netif, const char *text, unsigned prefix)
{
    struct cw_addr a = rig_addr(text);

    EXPECT_EQ(net_addr_add(rig.net, netif, &a, prefix), 0);
}

static void route(const char *dst, unsigned prefix, const char *gw,
                  unsigned netif)
{
    struct cw_addr d = rig_addr(dst), w;

    if (gw)
        w = rig_addr(gw);
    EXPECT_EQ(net_route_add(rig.net, &d, prefix, gw ? &w : NULL, netif), 0);
}

static struct cw_addr source_for(const char *dst, unsigned *netif)
{
    struct cw_addr  d = rig_addr(dst), src = { { 0 } };
    struct net_dest dest;

    if (addr_is4(&d))
        src = addr4(0);
    EXPECT_EQ(net_path(rig.net, &d, 0, &src, &dest), GO_ON);
    if (netif)
        *netif = dest.netif;
    return src;
}

/* ---- RFC 6724 §10.1 ------------------------------------------------------------ */

static const struct {
    const char *dst, *a, *b, *want;
    bool        a_old; /* deprecated */
} examples[] = {
    { "2001:db8:1::1", "2001:db8:3::1", "fe80::1", "2001:db8:3::1", false },
    { "ff05::1", "2001:db8:3::1", "fe80::1", "2001:db8:3::1", false },
    { "2001:db8:1::1", "2001:db8:1::1", "2001:db8:2::1", "2001:db8:1::1",
      true },
    { "fe80::9", "fe80::2", "2001:db8:1::1", "fe80::2", true },
    { "2001:db8:1::1", "2001:db8:1::2", "2001:db8:3::2", "2001:db8:1::2",
      false },
    { "2002:c633:6401::1", "2002:c633:6401::d5e3:7953:13eb:22e8",
      "2001:db8:1::2", "2002:c633:6401::d5e3:7953:13eb:22e8", false },
    /* Ours: a deprecated one only if there is no other of this scope; a
     * unique local one to unique local ones (rule 6). */
    { "2001:db8:9::1", "2001:db8:9::2", "2001:db8:3::2", "2001:db8:3::2",
      true },
    { "fd12::1", "2001:db8:1::2", "fd99::2", "fd99::2", false },
};

TEST(the_rfcs_examples)
{
    for (size_t i = 0; i < ARRAY_LEN(examples); i++)
        for (int turn = 0; turn < 2; turn++) {
            struct netif_addr *a;
            struct cw_addr     want = rig_addr(examples[i].want), got;
            struct cw_addr     first = rig_addr(examples[i].a);
            unsigned           n;

            t_row("%zu/%d", i, turn);
            begin();
            n = add_eth();
            give(n, turn ? examples[i].b : examples[i].a, 64);
            give(n, turn ? examples[i].a : examples[i].b, 64);
            route("::", 0, NULL, n);

            route("fe80::9", 128, NULL, n); /* not by the other link */
            a = netif_addr_any(netif_of(rig.net, n), &first);
            if (examples[i].a_old)
                a->preferred_until = 0;
            got = source_for(examples[i].dst, NULL);
            EXPECT_MEM(got.b, want.b, 16);
            end();
        }
}

/* Rule 5, RFC 1122 §3.3.4.3: the outgoing interface's own address. */
TEST(each_interface_has_its_source)
{
    struct cw_addr got;
    unsigned       n, by;

    begin();
    n = add_eth();
    give(n, "192.168.7.1", 24);
    route("172.16.0.0", 12, "192.168.7.254", n);
    route("0.0.0.0", 0, "10.0.0.254", RIG_ETH);
    got = source_for("192.168.7.9", &by);
    EXPECT_EQ(by, n);
    EXPECT_EQ(addr_u4(&got), 0xc0a80701);
    got = source_for("172.20.1.1", &by);
    EXPECT_EQ(by, n);
    EXPECT_EQ(addr_u4(&got), 0xc0a80701);
    got = source_for("8.8.8.8", &by);
    EXPECT_EQ(by, RIG_ETH);
    EXPECT_EQ(addr_u4(&got), 0x0a000001);
    end();
}

/* ---- gateways ------------------------------------------------------------------- */

static void send_far(void)
{
    struct net_tx tx = { .src = addr4(0),
                         .dst = rig_addr("8.8.8.8"),
                         .proto = PROTO_UDP,
                         .why = WHY_TX_UDP };

    (void)rig_send(&rig, &tx, 20);
}

/* The next frame asks for this address by ARP, and it answers or not. */
static void asked_for(uint32_t who, bool answers)
{
    struct arp_repr arp, reply;
    struct cw_mac   mac = mac_of_addr4(who);

    EXPECT(rig_out(&rig, &g));
    EXPECT_EQ(be16_load(g.b + 12), ETHER_ARP);
    EXPECT_EQ(arphdr_parse(span_of(g.b + 14, g.len - 14), &arp), GO_ON);
    EXPECT_EQ(addr_u4(&arp.tpa), who);
    if (!answers)
        return;
    reply = (struct arp_repr){ .op = ARP_REPLY,
                               .sha = mac,
                               .spa = arp.tpa,
                               .tha = arp.sha,
                               .tpa = arp.spa };
    memcpy(f.b, arp.sha.b, 6);
    memcpy(f.b + 6, mac.b, 6);
    be16_store(f.b + 12, ETHER_ARP);
    f.len = 14 + arphdr_emit(f.b + 14, 100, &reply);
    EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), GO_ON);
}

static void goes_by(uint32_t who)
{
    struct cw_mac mac = mac_of_addr4(who);

    send_far();
    EXPECT(rig_out(&rig, &g));
    EXPECT_MEM(g.b, mac.b, 6);
}

/* The first gateway is dead: the second carries on; idle, nobody is asked.
 * [RFC1122-3.3.1.2-a] [RFC1122-3.3.1.4-a] [RFC1122-3.3.1.4-b]
 * [RFC1122-3.3.1.5-a] */
TEST(a_dead_gateway_is_left)
{
    begin();
    route("0.0.0.0", 0, "10.0.0.251", RIG_ETH);
    route("0.0.0.0", 0, "10.0.0.252", RIG_ETH);
    send_far();
    for (int i = 0; i < 3; i++) {
        asked_for(0x0a0000fb, false);
        rig_advance(&rig, NS_S);
    }
    send_far();
    asked_for(0x0a0000fc, true);
    EXPECT(rig_out(&rig, &g));
    goes_by(0x0a0000fc);
    rig_advance(&rig, 3600 * NS_S);
    rig_out_none(&rig);
    goes_by(0x0a0000fc);
    end();
}

/* None answers: each has its turn.  [RFC4861-6.3.6-a] */
TEST(dead_gateways_take_turns)
{
    begin();
    route("0.0.0.0", 0, "10.0.0.251", RIG_ETH);
    route("0.0.0.0", 0, "10.0.0.252", RIG_ETH);
    for (int turn = 0; turn < 4; turn++) {
        send_far();
        for (int i = 0; i < 3; i++) {
            asked_for(turn & 1 ? 0x0a0000fc : 0x0a0000fb, false);
            rig_advance(&rig, NS_S);
        }
        rig_out_none(&rig);
    }
    end();
}

/* ---- redirects -------------------------------------------------------------------- */

static enum why redirect4(const char *from, const char *dst, const char *gw)
{
    uint8_t           b[36];
    struct icmp4_repr m = { .type = ICMP4_REDIRECT, .code = 1 };
    struct cw_addr    to = rig_addr(gw);
    struct ip4_repr   ip = rig_ip4(PROTO_ICMP4), quoted = rig_ip4(PROTO_UDP);

    m.rest = addr_u4(&to);
    icmp4hdr_emit(b, 8, &m);
    quoted.src = rig_addr("10.0.0.1");
    quoted.dst = rig_addr(dst);
    quoted.total_len = 48;
    ip4hdr_emit(b + 8, 20, &quoted);
    memset(b + 28, 0, 8);
    icmp4hdr_seal(b, sizeof b);
    ip.src = rig_addr(from);
    rig_frame4(&f, ip, b, sizeof b);
    return rig_in(&rig, RIG_ETH, &f);
}

/* [RFC1122-3.2.2.2-b] [RFC1122-3.2.2.2-c] */
TEST(a_redirect_of_the_gateway_in_use_is_followed)
{
    static const struct {
        const char *from, *dst, *gw;
    } wrong[] = {
        { "10.0.0.9", "8.8.8.8", "10.0.0.252" },    /* a stranger */
        { "10.0.0.251", "8.8.8.8", "192.0.2.1" },   /* off the link */
        { "10.0.0.251", "8.8.8.8", "10.0.0.1" },    /* ourselves */
        { "10.0.0.251", "8.8.8.8", "10.0.0.255" },  /* everybody */
        { "10.0.0.251", "10.0.0.7", "10.0.0.252" }, /* it is on-link */
    };

    begin();
    route("0.0.0.0", 0, "10.0.0.251", RIG_ETH);
    send_far();
    asked_for(0x0a0000fb, true);
    EXPECT(rig_out(&rig, &g));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        t_row("%zu", i);
        EXPECT_EQ(redirect4(wrong[i].from, wrong[i].dst, wrong[i].gw),
                  WHY_ICMP_NO_MATCH);
        goes_by(0x0a0000fb);
    }
    EXPECT_EQ(redirect4("10.0.0.251", "8.8.8.8", "10.0.0.252"), GO_ON);
    send_far();
    asked_for(0x0a0000fc, true);
    EXPECT(rig_out(&rig, &g));
    goes_by(0x0a0000fc);
    /* It has a better one yet; the first no longer has a say. */
    EXPECT_EQ(redirect4("10.0.0.251", "8.8.8.8", "10.0.0.253"),
              WHY_ICMP_NO_MATCH);
    EXPECT_EQ(redirect4("10.0.0.252", "8.8.8.8", "10.0.0.253"), GO_ON);
    send_far();
    for (int i = 0; i < 3; i++) { /* which is dead: back to the route */
        asked_for(0x0a0000fd, false);
        rig_advance(&rig, NS_S);
    }
    goes_by(0x0a0000fb);
    end();
}

TEST(redirects_are_bounded)
{
    begin();
    route("0.0.0.0", 0, "10.0.0.251", RIG_ETH);
    for (unsigned i = 0; i < 3 * REDIRECT_MAX; i++) {
        char dst[20] = "8.8.0.0";

        dst[4] = (char)('0' + i / 10);
        dst[6] = (char)('0' + i % 10);
        EXPECT_EQ(redirect4("10.0.0.251", dst, "10.0.0.252"), GO_ON);
    }
    end();
}

T_MAIN(T(the_rfcs_examples), T(each_interface_has_its_source),
       T(a_dead_gateway_is_left), T(dead_gateways_take_turns),
       T(a_redirect_of_the_gateway_in_use_is_followed),
       T(redirects_are_bounded))
