/* slaac_test.c: a host that configures itself: RFC 4862, RFC 4861 §6.3 and
 * §8, RFC 7217, in virtual time.  The interface is the rig's third, and says
 * what it has to say on it. */
#include "t.h"

#include "net/mcast.h"
#include "net/neigh.h"
#include "net/slaac.h"
#include "net_rig.h"
#include "wire/icmp6hdr.h"

enum { ETH1 = 2, HOUR = 3600 };

static struct net_rig rig;
static struct frame   f, g;

static struct netif *nif(void)
{
    return netif_of(rig.net, ETH1);
}

static void begin(void)
{
    struct cw_netif_config c = { .name = "eth1",
                                 .mac = rig_mac(77),
                                 .flags = CW_NETIF_AUTOCONF };

    net_rig_init(&rig, CW_NETIF_NOARP, false);
    EXPECT_EQ(net_netif_add(rig.net, &c), ETH1);
}

static void skip_all(void)
{
    while (rig_out(&rig, &g))
        ;
}

static void end(void)
{
    skip_all();
    net_rig_free(&rig);
}

/* The next message that is not MLD's; its type, or 0: none. */
static uint8_t heard(struct ndp_repr *msg, struct ip6_repr *ip)
{
    const uint8_t *p;

    while (rig_out(&rig, &f)) {
        p = rig_read6(&f, ip);
        if (ip->next != PROTO_ICMP6)
            continue; /* MLD stands behind a Router Alert */
        EXPECT_EQ(
            icmp6hdr_verify(span_of(p, ip->payload_len), &ip->src, &ip->dst),
            GO_ON);
        EXPECT_EQ(ndphdr_parse(span_of(p, ip->payload_len), ip, msg), GO_ON);
        return msg->type;
    }
    return 0;
}

static enum why say(const char *from, const struct cw_addr *to,
                    const struct ndp_repr *msg, uint8_t hop)
{
    struct ip6_repr ip = rig_ip6(PROTO_ICMP6);
    uint8_t         b[400];
    size_t          len = ndphdr_emit(b, sizeof b, msg);
    struct cw_mac   mac = rig_mac(77);

    ip.src = rig_addr(from);
    ip.dst = *to;
    ip.hop = hop;
    icmp6hdr_seal(b, len, &ip.src, &ip.dst);
    rig_frame6(&f, ip, b, len);
    if (!addr_is_multicast(to))
        memcpy(f.b, mac.b, 6);
    return rig_in(&rig, ETH1, &f);
}

static enum why say_ra(const char *from, struct ndp_repr ra)
{
    struct cw_addr all = rig_addr("ff02::1");

    ra.type = ICMP6_RA;
    return say(from, &all, &ra, 255);
}

static struct ndp_prefix prefix(const char *text, uint32_t valid,
                                uint32_t preferred)
{
    return (struct ndp_prefix){ .prefix = rig_addr(text),
                                .len = 64,
                                .autonomous = true,
                                .onlink = true,
                                .valid = valid,
                                .preferred = preferred };
}

static enum why one_prefix(struct ndp_prefix p)
{
    return say_ra(
        "fe80::99",
        (struct ndp_repr){ .lifetime = 1800, .nprefix = 1, .prefix = { p } });
}

/* The address formed from a prefix, or NULL. */
static const struct netif_addr *formed(const char *text)
{
    struct cw_addr p = rig_addr(text);

    for (unsigned i = 0; i < nif()->naddr; i++)
        if (memcmp(nif()->addr[i].addr.b, p.b, 8) == 0)
            return &nif()->addr[i];
    return NULL;
}

static struct cw_addr link_local(void)
{
    const struct netif_addr *a = formed("fe80::");

    EXPECT(a != NULL);
    return a->addr;
}

static void settle(void) /* the link-local address is assigned */
{
    rig_advance(&rig, 30 * NS_S);
    skip_all();
    EXPECT_EQ(formed("fe80::")->state, ADDR_ASSIGNED);
}

/* ---- duplicate address detection --------------------------------------------------- */

/* RFC 4862 §5.4.2, RFC 4861 §6.3.7: one question from ::, a second's wait;
 * then three solicitations, four seconds apart.
 * [RFC4862-5.4-a] [RFC4861-6.3.7-a] [RFC4861-7.2.1-a] */
TEST(a_host_begins_with_its_link_local_address)
{
    struct ndp_repr msg;
    struct ip6_repr ip;
    struct cw_addr  mine, group;

    begin();
    mine = link_local();
    group = ndp_solicited_node(&mine);
    rig_out_none(&rig);
    rig_advance(&rig, NS_S);
    EXPECT_EQ(heard(&msg, &ip), ICMP6_NS);
    EXPECT(addr_is_any(&ip.src) && addr_eq(&ip.dst, &group));
    EXPECT(addr_eq(&msg.target, &mine) && !msg.has_slla);
    EXPECT_EQ(ip.hop, 255);
    EXPECT(mcast_hears(nif(), &group));
    EXPECT(!net_is_local(rig.net, &mine));
    rig_advance(&rig, NS_S);
    EXPECT(net_is_local(rig.net, &mine));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(heard(&msg, &ip), ICMP6_RS);
        EXPECT(addr_eq(&ip.src, &mine) && msg.has_slla);
        EXPECT_EQ(heard(&msg, &ip), 0);
        rig_advance(&rig, 4 * NS_S);
    }
    rig_advance(&rig, HOUR * NS_S);
    EXPECT_EQ(heard(&msg, &ip), 0);
    end();
}

/* RFC 7217 §5: another for each prefix, the same for the same, and not the
 * hardware address. */
TEST(identifiers_are_stable_and_opaque)
{
    struct cw_addr a, b, again;

    begin();
    settle();
    EXPECT_EQ(one_prefix(prefix("2001:db8:1::", HOUR, HOUR)), GO_ON);
    EXPECT_EQ(one_prefix(prefix("2001:db8:2::", HOUR, HOUR)), GO_ON);
    a = formed("2001:db8:1::")->addr;
    b = formed("2001:db8:2::")->addr;
    EXPECT(memcmp(a.b + 8, b.b + 8, 8) != 0);
    EXPECT(memcmp(a.b + 13, rig_mac(77).b + 3, 3) != 0);
    end();
    begin();
    settle();
    EXPECT_EQ(one_prefix(prefix("2001:db8:1::", HOUR, HOUR)), GO_ON);
    again = formed("2001:db8:1::")->addr;
    EXPECT(addr_eq(&a, &again));
    end();
}

/* Somebody else asks for it (from ::) or has it (an advertisement): RFC 4862
 * §5.4.3, §5.4.4; then another is formed, three times at most (RFC 7217 §6).
 * [RFC4862-5.4-a] */
TEST(a_duplicate_is_not_used)
{
    for (int by_na = 0; by_na < 2; by_na++) {
        struct ndp_repr msg = { .type = by_na ? ICMP6_NA : ICMP6_NS,
                                .override = by_na,
                                .has_tlla = by_na,
                                .tlla = rig_mac(5) };
        struct cw_addr  last = { { 0 } }, all = rig_addr("ff02::1");

        begin();
        for (int i = 0; i < 4; i++) {
            struct cw_addr group;

            rig_advance(&rig, NS_S);
            msg.target = link_local();
            EXPECT(!addr_eq(&msg.target, &last));
            last = msg.target;
            group = ndp_solicited_node(&msg.target);
            EXPECT_EQ(say(by_na ? "fe80::5" : "::", by_na ? &all : &group,
                          &msg, 255),
                      by_na ? WHY_NOT_FOR_US : GO_ON);
        }
        EXPECT_EQ(formed("fe80::")->state, ADDR_DUPLICATE);
        rig_advance(&rig, HOUR * NS_S);
        EXPECT(!net_is_local(rig.net, &last));
        end();
    }
}

/* A tentative address answers nobody.  [RFC4862-5.4-a] */
TEST(a_tentative_address_is_silent)
{
    struct ndp_repr msg = { .type = ICMP6_NS,
                            .has_slla = true,
                            .slla = rig_mac(5) };
    struct ip6_repr ip;
    struct cw_addr  group;

    begin();
    rig_advance(&rig, NS_S);
    skip_all();
    msg.target = link_local();
    group = ndp_solicited_node(&msg.target);
    EXPECT_EQ(say("fe80::5", &group, &msg, 255), WHY_NOT_FOR_US);
    EXPECT_EQ(formed("fe80::")->state, ADDR_TENTATIVE);
    EXPECT_EQ(heard(&msg, &ip), 0);
    rig_advance(&rig, NS_S);
    skip_all();
    msg = (struct ndp_repr){ .type = ICMP6_NS,
                             .target = link_local(),
                             .has_slla = true,
                             .slla = rig_mac(5) };
    EXPECT_EQ(say("fe80::5", &group, &msg, 255), GO_ON);
    EXPECT_EQ(heard(&msg, &ip), ICMP6_NA); /* now it does */
    end();
}

/* By hand, too: an address is asked about before it is used. */
TEST(given_addresses_are_asked_about)
{
    struct cw_addr     a = rig_addr("2001:db8::7");
    struct cw_addr_row rows[8];
    size_t             n;

    begin();
    EXPECT_EQ(net_addr_add(rig.net, ETH1, &a, 64), 0);
    EXPECT(!net_bindable(rig.net, &a));
    n = net_addr_list(rig.net, rows, 8);
    EXPECT_EQ(n, 7);
    EXPECT_EQ(rows[6].state, CW_ADDR_TENTATIVE);
    EXPECT_EQ(net_addr_add(rig.net, ETH1, &a, 64), -CW_EADDRINUSE);
    rig_advance(&rig, 2 * NS_S);
    EXPECT(net_bindable(rig.net, &a));
    end();
}

/* ---- prefixes ------------------------------------------------------------------------ */

/* RFC 4862 §5.5.3 (a)-(d).  [RFC4862-5.5.3-a] */
TEST(addresses_are_formed_from_some_prefixes)
{
    struct ndp_prefix good = prefix("2001:db8:1::", HOUR, HOUR);
    struct ndp_prefix t[5];

    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = good;
    t[0].autonomous = false;
    t[1].len = 63;
    t[2].valid = t[2].preferred = 0;
    t[3].prefix = rig_addr("fe80::");
    t[4].prefix = rig_addr("ff15::");
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        t_row("%zu", i);
        begin();
        settle();
        EXPECT_EQ(one_prefix(t[i]), GO_ON);
        EXPECT_EQ(nif()->naddr, 1);
        end();
    }
    begin();
    settle();
    EXPECT_EQ(one_prefix(good), GO_ON);
    EXPECT_EQ(nif()->naddr, 2);
    EXPECT_EQ(formed("2001:db8:1::")->state, ADDR_TENTATIVE);
    rig_advance(&rig, 2 * NS_S);
    EXPECT_EQ(formed("2001:db8:1::")->state, ADDR_ASSIGNED);
    end();
}

/* (e): what is left, what is said, what is left then: seconds.
 * [RFC4862-5.5.3-a] */
TEST(a_lifetime_is_not_cut_below_two_hours)
{
    static const struct {
        uint32_t had, said, want;
    } t[] = {
        { 10 * HOUR, 5 * HOUR, 5 * HOUR }, /* above two hours */
        { 10 * HOUR, HOUR, 2 * HOUR },     { 10 * HOUR, 0, 2 * HOUR },
        { HOUR, 30 * 60, HOUR },        /* ignored */
        { HOUR, HOUR + 60, HOUR + 60 }, /* longer */
        { HOUR, UINT32_MAX, UINT32_MAX },
    };

    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        cw_ns left;

        t_row("%zu", i);
        begin();
        settle();
        EXPECT_EQ(one_prefix(prefix("2001:db8:1::", t[i].had, 0)), GO_ON);
        EXPECT_EQ(one_prefix(prefix("2001:db8:1::", t[i].said, 0)), GO_ON);
        left = formed("2001:db8:1::")->valid_until;
        EXPECT_EQ(left,
                  t[i].want == UINT32_MAX ? NS_NEVER
                                          : rig.env.now + t[i].want * NS_S);
        end();
    }
}

static struct cw_addr source_to(const char *dst)
{
    struct cw_addr  d = rig_addr(dst), src = { { 0 } };
    struct net_dest dest;

    EXPECT_EQ(net_path(rig.net, &d, 0, &src, &dest), GO_ON);
    return src;
}

/* §5.5.4: deprecated: still ours, but others are preferred; then gone.
 * [RFC4862-5.5.4-a] */
TEST(addresses_grow_old_and_die)
{
    struct cw_addr old, young, src;

    begin();
    settle();
    EXPECT_EQ(one_prefix(prefix("2001:db8:1::", 3 * HOUR, HOUR)), GO_ON);
    EXPECT_EQ(one_prefix(prefix("2001:db8:f::", 9 * HOUR, 9 * HOUR)), GO_ON);
    old = formed("2001:db8:1::")->addr;
    young = formed("2001:db8:f::")->addr;
    rig_advance(&rig, 10 * NS_S);
    EXPECT_EQ(one_prefix((struct ndp_prefix){ 0 }), GO_ON); /* the router */
    src = source_to("2001:db8:1::9");
    EXPECT(addr_eq(&src, &old));
    rig_advance(&rig, HOUR * NS_S);
    EXPECT_EQ(one_prefix((struct ndp_prefix){ 0 }), GO_ON);
    src = source_to("2001:db8:1::9");
    EXPECT(addr_eq(&src, &young));
    EXPECT(net_is_local(rig.net, &old));
    rig_advance(&rig, 2 * HOUR * NS_S);
    EXPECT(!net_is_local(rig.net, &old));
    EXPECT(net_is_local(rig.net, &young));
    end();
}

/* ---- routers ----------------------------------------------------------------------------- */

static bool gateway(const char *want)
{
    struct cw_addr dst = rig_addr("2001:db8:999::1"), gw = rig_addr(want);
    struct hop     hop;

    return route_hop(rig.net, &dst, 0, &hop) && hop.nif == nif()
        && addr_eq(&hop.next, &gw);
}

static bool reachable(void)
{
    struct cw_addr dst = rig_addr("2001:db8:999::1");
    struct hop     hop;

    return route_hop(rig.net, &dst, 0, &hop);
}

/* [RFC4861-6.3.4-b] [RFC4861-6.3.5-a] */
TEST(routers_come_and_go)
{
    struct ndp_repr na = { .type = ICMP6_NA, .override = true };
    struct cw_addr  all = rig_addr("ff02::1");

    begin();
    settle();
    EXPECT(!reachable());
    EXPECT_EQ(say_ra("fe80::a", (struct ndp_repr){ .lifetime = 100 }), GO_ON);
    EXPECT_EQ(say_ra("fe80::b",
                     (struct ndp_repr){ .lifetime = 50,
                                        .has_slla = true,
                                        .slla = rig_mac(11) }),
              GO_ON);
    EXPECT(gateway("fe80::b")); /* that one is known to be there */
    rig_advance(&rig, 50 * NS_S);
    EXPECT(gateway("fe80::a"));
    EXPECT_EQ(say_ra("fe80::a", (struct ndp_repr){ .lifetime = 0 }), GO_ON);
    EXPECT(!reachable());
    /* RFC 4861 §7.2.5: one that says that it is none any more. */
    EXPECT_EQ(say_ra("fe80::a",
                     (struct ndp_repr){ .lifetime = 100,
                                        .has_slla = true,
                                        .slla = rig_mac(10) }),
              GO_ON);
    EXPECT(gateway("fe80::a"));
    na.target = rig_addr("fe80::a");
    EXPECT_EQ(say("fe80::a", &all, &na, 255), GO_ON);
    EXPECT(!reachable());
    end();
}

/* [RFC4861-6.3.4-a] [RFC4861-6.3.4-c] [RFC4861-6.3.4-d] */
TEST(parameters_are_taken_and_kept)
{
    struct ndp_prefix off = prefix("2001:db8:1::", HOUR, HOUR);
    struct cw_addr    dst = rig_addr("2001:db8:1::9"), src = { { 0 } };
    struct net_dest   dest;
    struct hop        hop;

    begin();
    settle();
    EXPECT_EQ(say_ra("fe80::a",
                     (struct ndp_repr){ .lifetime = 100,
                                        .hop_limit = 33,
                                        .reachable = 1000,
                                        .retrans = 500,
                                        .has_mtu = true,
                                        .mtu = 1400 }),
              GO_ON);
    EXPECT_EQ(say_ra("fe80::a",
                     (struct ndp_repr){
                         .lifetime = 100, .has_mtu = true, .mtu = 1000 }),
              GO_ON);
    EXPECT_EQ(say_ra("fe80::a",
                     (struct ndp_repr){
                         .lifetime = 100, .has_mtu = true, .mtu = 1501 }),
              GO_ON);
    EXPECT_EQ(nif()->hop_limit, 33);
    EXPECT_EQ(nif()->reachable, NS_S);
    EXPECT_EQ(nif()->retrans, NS_S / 2);
    EXPECT_EQ(one_prefix(off), GO_ON);
    off.onlink = false; /* says nothing */
    EXPECT_EQ(one_prefix(off), GO_ON);
    EXPECT(route_hop(rig.net, &dst, 0, &hop));
    EXPECT(addr_eq(&hop.next, &dst));
    EXPECT_EQ(net_path(rig.net, &dst, 0, &src, &dest), GO_ON);
    EXPECT_EQ(dest.mtu, 1400);
    off.onlink = true;
    off.valid = off.preferred = 0;
    EXPECT_EQ(one_prefix(off), GO_ON); /* no longer on the link */
    EXPECT(route_hop(rig.net, &dst, 0, &hop));
    EXPECT(!addr_eq(&hop.next, &dst));
    end();
}

/* [RFC4861-6.1.2-a] [RFC4861-6.1.1-a] [RFC4861-6.2.4-a] */
TEST(what_is_not_valid_changes_nothing)
{
    struct ndp_repr ra = { .type = ICMP6_RA, .lifetime = 100 };
    struct ndp_repr rs = { .type = ICMP6_RS };
    struct ip6_repr ip;
    struct cw_addr  all = rig_addr("ff02::1"), to;

    begin();
    settle();
    EXPECT_EQ(say("fe80::a", &all, &ra, 254), WHY_NDP_BAD);
    EXPECT_EQ(say("2001:db8::a", &all, &ra, 255), WHY_NDP_BAD);
    EXPECT(!reachable());
    to = link_local();
    EXPECT_EQ(say("fe80::5", &to, &rs, 255), WHY_ICMP_UNHANDLED);
    EXPECT_EQ(heard(&ra, &ip), 0);
    end();
}

/* RFC 4861 §8.1, §8.3.  [RFC4861-8.1-a] [RFC4861-8.3-a] */
TEST(a_redirect_is_followed)
{
    struct ndp_repr r = { .type = ICMP6_REDIRECT,
                          .target = rig_addr("fe80::b"),
                          .dest = rig_addr("2001:db8:999::1"),
                          .has_tlla = true,
                          .tlla = rig_mac(11) };
    struct cw_addr  to;

    begin();
    settle();
    to = link_local();
    EXPECT_EQ(say_ra("fe80::a", (struct ndp_repr){ .lifetime = 100 }), GO_ON);
    EXPECT_EQ(say("fe80::c", &to, &r, 255), WHY_ICMP_NO_MATCH);
    EXPECT(gateway("fe80::a"));
    EXPECT_EQ(say("fe80::a", &to, &r, 255), GO_ON);
    EXPECT(gateway("fe80::b"));
    r.target = r.dest; /* it is on the link itself */
    EXPECT_EQ(say("fe80::b", &to, &r, 255), GO_ON);
    EXPECT(gateway("2001:db8:999::1"));
    end();
}

/* A router that lies has no more than its share. */
TEST(what_routers_fill_is_bounded)
{
    begin();
    settle();
    for (unsigned i = 0; i < 200; i++) {
        struct ndp_prefix p = prefix("2001:db8::", HOUR, HOUR);
        char              from[] = "fe80::100";

        be16_store(p.prefix.b + 6, (uint16_t)i);
        from[7] = (char)('0' + i / 10 % 10);
        from[8] = (char)('0' + i % 10);
        EXPECT_EQ(say_ra(from,
                         (struct ndp_repr){ .lifetime = 9000,
                                            .nprefix = 1,
                                            .prefix = { p } }),
                  GO_ON);
    }
    EXPECT_EQ(nif()->naddr, NETIF_ADDR_MAX);
    EXPECT_LE(rig.net->nroute, RA_ROUTES_MAX + 8u);
    rig_advance(&rig, 4 * HOUR * NS_S);
    EXPECT_EQ(nif()->naddr, 1);
    end();
}

T_MAIN(T(a_host_begins_with_its_link_local_address),
       T(identifiers_are_stable_and_opaque), T(a_duplicate_is_not_used),
       T(a_tentative_address_is_silent), T(given_addresses_are_asked_about),
       T(addresses_are_formed_from_some_prefixes),
       T(a_lifetime_is_not_cut_below_two_hours),
       T(addresses_grow_old_and_die), T(routers_come_and_go),
       T(parameters_are_taken_and_kept), T(what_is_not_valid_changes_nothing),
       T(a_redirect_is_followed), T(what_routers_fill_is_bounded))
