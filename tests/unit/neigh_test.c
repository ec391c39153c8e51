/* neigh_test.c: RFC 4861 §7.3 in virtual time, spoken in ARP and in NDP. */
#include "t.h"

#include "net_rig.h"
#include "net/neigh.h"
#include "wire/arphdr.h"
#include "wire/cksum.h"
#include "wire/ndphdr.h"

static struct net_rig rig;
static struct frame   f, g;

static int setup(void **state)
{
    (void)state;
    net_rig_init(&rig, 0, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_rig_free(&rig);
    return 0;
}

/* The neighbour whom nobody knows: 10.0.0.9, fd00::9. */
static struct cw_addr who(bool ip4)
{
    return rig_addr(ip4 ? "10.0.0.9" : "fd00::9");
}

static enum neigh_state state_of(bool ip4)
{
    struct cw_addr      a = who(ip4);
    const struct neigh *ne = neigh_find(rig.net, netif_of(rig.net, RIG_ETH),
                                        &a);

    return ne ? (enum neigh_state)ne->state : NEIGH_NONE;
}

static enum why send(bool ip4, size_t len)
{
    struct net_tx tx = { .src = rig_addr(ip4 ? "10.0.0.1" : "fd00::1"),
                         .dst = who(ip4),
                         .proto = PROTO_UDP,
                         .why = WHY_TX_UDP };

    return rig_send(&rig, &tx, len);
}

static void expect_arp(enum arp_op op, const struct cw_mac *to)
{
    struct arp_repr arp;

    assert_true(rig_out(&rig, &g));
    assert_int_equal(be16_load(g.b + 12), ETHER_ARP);
    assert_int_equal(arphdr_parse(span_of(g.b + 14, g.len - 14), &arp),
                     GO_ON);
    assert_int_equal(arp.op, op);
    assert_int_equal(addr_u4(&arp.spa), 0x0a000001);
    assert_int_equal(addr_u4(&arp.tpa), 0x0a000009);
    assert_memory_equal(arp.sha.b, rig_mac(1).b, 6);
    assert_memory_equal(g.b, to->b, 6);
    assert_memory_equal(g.b + 6, rig_mac(1).b, 6);
    assert_int_equal(g.why,
                     op == ARP_REQUEST ? WHY_TX_ARP_ASK : WHY_TX_ARP_TELL);
}

/* An ICMPv6 message of neighbour discovery, valid in all respects. */
static void expect_ndp(uint8_t type, const struct cw_mac *to,
                       struct ndp_repr *msg, struct ip6_repr *ip)
{
    const uint8_t *body;

    assert_true(rig_out(&rig, &g));
    body = rig_read6(&g, ip);
    assert_int_equal(ip->next, PROTO_ICMP6);
    assert_int_equal(
        icmp6hdr_verify(span_of(body, ip->payload_len), &ip->src, &ip->dst),
        GO_ON);
    assert_int_equal(ndphdr_parse(span_of(body, ip->payload_len), ip, msg),
                     GO_ON);
    assert_int_equal(msg->type, type);
    assert_memory_equal(g.b, to->b, 6);
}

static const struct cw_mac everybody = { { 255, 255, 255, 255, 255, 255 } };

/* The question that is due: by broadcast or multicast, or to one. */
static void expect_ask(bool ip4, bool unicast)
{
    struct ndp_repr msg;
    struct ip6_repr ip;
    struct cw_mac   one = rig_mac(9), group;
    struct cw_addr  target = who(ip4), node = ndp_solicited_node(&target);

    if (ip4) {
        expect_arp(ARP_REQUEST, unicast ? &one : &everybody);
        return;
    }
    group = mac_of_multicast(&node);
    expect_ndp(ICMP6_NS, unicast ? &one : &group, &msg, &ip);
    assert_true(addr_eq(&msg.target, &target));
    assert_true(addr_eq(&ip.dst, unicast ? &target : &node));
    assert_int_equal(ip.src.b[15], 1);
    assert_true(msg.has_slla
                && mac_eq(&msg.slla, &(struct cw_mac[]){ rig_mac(1) }[0]));
    assert_int_equal(g.why, WHY_TX_NS);
}

static void arp_frame(enum arp_op op, unsigned spa, unsigned tpa,
                      unsigned mac, bool broadcast)
{
    struct arp_repr   arp = { .op = op,
                              .sha = rig_mac(mac),
                              .spa = addr4(0x0a000000 + spa),
                              .tha = rig_mac(1),
                              .tpa = addr4(0x0a000000 + tpa) };
    struct ether_repr eth = { .dst = broadcast ? everybody : rig_mac(1),
                              .src = rig_mac(mac),
                              .type = ETHER_ARP };

    etherhdr_emit(f.b, 14, &eth);
    arphdr_emit(f.b + 14, 28, &arp);
    memset(f.b + 42, 0, 18);
    f.len = 60;
}

static void ndp_frame(const struct ndp_repr *msg, const char *src,
                      const char *dst)
{
    struct ip6_repr ip = rig_ip6(PROTO_ICMP6);
    uint8_t         b[128];
    size_t          len;

    ip.hop = 255;
    ip.src = rig_addr(src);
    ip.dst = rig_addr(dst);
    len = ndphdr_emit(b, sizeof b, msg);
    icmp6hdr_seal(b, len, &ip.src, &ip.dst);
    rig_frame6(&f, ip, b, len);
}

static enum why advertise(unsigned mac, bool solicited, bool override)
{
    struct ndp_repr na = { .type = ICMP6_NA,
                           .solicited = solicited,
                           .override = override,
                           .target = who(false),
                           .has_tlla = mac != 0,
                           .tlla = rig_mac(mac) };

    ndp_frame(&na, "fd00::9", solicited ? "fd00::1" : "ff02::1");
    return rig_in(&rig, RIG_ETH, &f);
}

/* The neighbour answers what it was asked. */
static void answer(bool ip4, unsigned mac)
{
    if (ip4) {
        arp_frame(ARP_REPLY, 9, 1, mac, false);
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    } else {
        assert_int_equal(advertise(mac, true, true), GO_ON);
    }
}

static void expect_data(unsigned mac, size_t len)
{
    struct cw_mac to = rig_mac(mac);

    assert_true(rig_out(&rig, &g));
    assert_int_equal(g.why, WHY_TX_UDP);
    assert_memory_equal(g.b, to.b, 6);
    assert_int_equal(g.len, 14 + len + (g.b[12] == 8 ? 20u : 40u));
}

/* INCOMPLETE, and the packets that waited leave in order. */
/* [RFC1122-2.3.2.1-c] [RFC1122-2.3.2.2-a] [RFC1122-2.3.3-c]
 * [RFC1122-2.4-b] [RFC826-Out-a] */
static void test_resolution(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        assert_int_equal(send(ip4, 10), GO_ON);
        assert_int_equal(state_of(ip4), NEIGH_INCOMPLETE);
        expect_ask(ip4, false);
        assert_int_equal(send(ip4, 11), GO_ON);
        rig_out_none(&rig); /* one question a second: RFC 1122 §2.3.2.1 */
        rig_advance(&rig, NS_S - 1);
        rig_out_none(&rig);
        rig_advance(&rig, 1);
        expect_ask(ip4, false);
        answer(ip4, 9);
        assert_int_equal(state_of(ip4), NEIGH_REACHABLE);
        expect_data(9, 10);
        expect_data(9, 11);
        assert_int_equal(send(ip4, 12), GO_ON);
        expect_data(9, 12);
        rig_out_none(&rig);
        assert_int_equal(wheel_next(&rig.env.wheel), NS_NEVER);
        assert_int_equal(arena_used(rig.arena), 0);
    }
}

/* §7.2.2: the question comes from the address that the packet comes from,
 * also if another would be chosen; so does ARP's.  [RFC4861-7.2.2-b] */
static void test_prompting_source(void **state)
{
    struct cw_addr own[] = { rig_addr("fd00::77"), rig_addr("10.0.0.77") };

    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        struct net_tx tx = { .src = own[ip4],
                             .dst = who(ip4),
                             .proto = PROTO_UDP,
                             .why = WHY_TX_UDP };

        assert_int_equal(
            net_addr_add(rig.net, RIG_ETH, &own[ip4], ip4 ? 24 : 64), 0);
        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
        assert_true(rig_out(&rig, &g));
        if (ip4)
            assert_memory_equal(g.b + 28, own[1].b + 12, 4);
        else
            assert_memory_equal(g.b + 22, own[0].b, 16);
        rig_advance(&rig, 4 * NS_S);
        while (rig_out(&rig, &g))
            ;
    }
}

/* Three questions, a second apart; then the senders hear of it, and the next
 * packet asks again. */
/* [RFC4861-7.2.2-a] */
static void test_failure(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        for (unsigned round = 0; round < 2; round++) {
            unsigned errors = rig.err_n;

            assert_int_equal(send(ip4, 10), GO_ON);
            assert_int_equal(send(ip4, 11), GO_ON);
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(rig.err_n, errors);
                expect_ask(ip4, false);
                rig_out_none(&rig);
                rig_advance(&rig, NS_S);
            }
            rig_out_none(&rig);
            assert_int_equal(state_of(ip4), NEIGH_FAILED);
            assert_int_equal(rig.err_n, errors + 2);
            assert_int_equal(rig.err.kind, NET_ERR_HOST);
            assert_int_equal(rig.err.lport, 0x0001); /* counting bytes */
            assert_int_equal(rig.err.rport, 0x0203);
            assert_int_equal(rig.drop, WHY_NEIGH_FAILED);
            assert_int_equal(arena_used(rig.arena), 0);
            assert_int_equal(wheel_next(&rig.env.wheel), NS_NEVER);
        }
    }
}

/* RFC 4861 §7.2.2: when the queue is full, the oldest makes room. */
/* [RFC4861-7.2.2-a] [RFC1122-2.3.2.2-a] */
static void test_waiting_queue(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(send(true, 100 + i), GO_ON);
    assert_int_equal(rig.drops, 4);
    assert_int_equal(rig.drop, WHY_NEIGH_QUEUE_FULL);
    expect_ask(true, false);
    answer(true, 9);
    for (unsigned i = 4; i < 12; i++)
        expect_data(9, 100 + i);
    rig_out_none(&rig);
}

/* The fragments of one datagram count as one and go as one. */
static void test_waiting_fragments(void **state)
{
    unsigned n = 0;

    (void)state;
    assert_int_equal(send(true, 14800), GO_ON); /* ten fragments */
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(send(true, 100 + i), GO_ON);
    assert_int_equal(rig.drops, 0);
    assert_int_equal(send(true, 200), GO_ON);
    assert_int_equal(rig.drops, 10);
    expect_ask(true, false);
    answer(true, 9);
    while (rig_out(&rig, &g))
        n++;
    assert_int_equal(n, 8);
}

/* STALE, DELAY, PROBE: §7.3.3. */
/* [RFC4861-7.3.3-a] [RFC1122-2.3.2.1-a] */
static void test_ageing(void **state)
{
    (void)state;
    for (unsigned ip4 = 0; ip4 < 2; ip4++) {
        assert_int_equal(send(ip4, 10), GO_ON);
        expect_ask(ip4, false);
        answer(ip4, 9);
        expect_data(9, 10);
        rig_advance(&rig, 46 * NS_S); /* at most 45 s: §6.3.2 */
        assert_int_equal(send(ip4, 11), GO_ON);
        expect_data(9, 11);
        assert_int_equal(state_of(ip4), NEIGH_DELAY);
        rig_advance(&rig, 5 * NS_S - 1);
        rig_out_none(&rig);
        rig_advance(&rig, 1);
        assert_int_equal(state_of(ip4), NEIGH_PROBE);
        for (unsigned i = 0; i < 3; i++) {
            expect_ask(ip4, true);
            assert_int_equal(send(ip4, 12), GO_ON); /* still goes out */
            expect_data(9, 12);
            rig_advance(&rig, NS_S);
        }
        assert_int_equal(state_of(ip4), NEIGH_FAILED);
        rig_out_none(&rig);
        assert_int_equal(send(ip4, 13), GO_ON);
        expect_ask(ip4, false);
        answer(ip4, 9);
        expect_data(9, 13);
    }
}

/* An answer to a probe, or progress above, ends the doubt. */
/* [RFC4861-7.3.1-a] */
static void test_signs_of_life(void **state)
{
    struct cw_addr  dst = who(true), src = addr4(0);
    struct net_dest dest;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(send(true, 10), GO_ON);
        if (i == 0) {
            expect_ask(true, false);
            answer(true, 9);
        }
        expect_data(9, 10);
        rig_advance(&rig, 46 * NS_S);
        assert_int_equal(send(true, 11), GO_ON);
        expect_data(9, 11);
        rig_advance(&rig, 5 * NS_S);
        expect_ask(true, true);
        answer(true, 9);
        assert_int_equal(state_of(true), NEIGH_REACHABLE);
    }
    rig_advance(&rig, 46 * NS_S);
    assert_int_equal(send(true, 12), GO_ON);
    expect_data(9, 12);
    assert_int_equal(state_of(true), NEIGH_DELAY);
    assert_int_equal(net_path(rig.net, &dst, 0, &src, &dest), GO_ON);
    net_confirm(rig.net, &dest);
    assert_int_equal(state_of(true), NEIGH_REACHABLE);
    rig_advance(&rig, 10 * NS_S);
    rig_out_none(&rig);
}

/* [MUST-20] What a transport doubts is asked at once where it was, and then
 * by everybody; what is being asked, or is given, is not. */
static void test_doubt(void **state)
{
    struct cw_addr  dst = who(true), src = addr4(0);
    struct net_dest dest;

    (void)state;
    assert_int_equal(send(true, 10), GO_ON);
    expect_ask(true, false);
    assert_int_equal(net_path(rig.net, &dst, 0, &src, &dest), GO_ON);
    net_doubt(rig.net, &dest);
    rig_out_none(&rig);
    answer(true, 9);
    expect_data(9, 10);
    for (unsigned i = 0; i < 3; i++) {
        net_doubt(rig.net, &dest);
        assert_int_equal(state_of(true), NEIGH_PROBE);
        expect_ask(true, true);
        assert_int_equal(send(true, 11), GO_ON);
        expect_data(9, 11);
        rig_advance(&rig, NS_S);
    }
    assert_int_equal(state_of(true), NEIGH_FAILED);
    net_doubt(rig.net, &dest);
    rig_out_none(&rig);
    assert_int_equal(send(true, 12), GO_ON);
    expect_ask(true, false);
    answer(true, 8);
    expect_data(8, 12);
}

/* §7.2.5, the table: state and address after an advertisement. */
/* [RFC4861-7.2.5-a] */
static void test_advertisements(void **state)
{
    static const struct {
        enum neigh_state before;
        unsigned         mac; /* 0: none in it; 9: the same; 8: another */
        bool             solicited, override;
        enum neigh_state after;
        unsigned         mac_after;
    } rows[] = {
        { NEIGH_INCOMPLETE, 0, true, true, NEIGH_INCOMPLETE, 0 },
        { NEIGH_INCOMPLETE, 9, true, false, NEIGH_REACHABLE, 9 },
        { NEIGH_INCOMPLETE, 9, false, false, NEIGH_STALE, 9 },
        { NEIGH_INCOMPLETE, 9, false, true, NEIGH_STALE, 9 },
        { NEIGH_REACHABLE, 8, true, false, NEIGH_STALE, 9 },
        { NEIGH_REACHABLE, 8, false, false, NEIGH_STALE, 9 },
        { NEIGH_REACHABLE, 8, true, true, NEIGH_REACHABLE, 8 },
        { NEIGH_REACHABLE, 8, false, true, NEIGH_STALE, 8 },
        { NEIGH_REACHABLE, 9, false, true, NEIGH_REACHABLE, 9 },
        { NEIGH_REACHABLE, 0, false, false, NEIGH_REACHABLE, 9 },
        { NEIGH_STALE, 8, true, false, NEIGH_STALE, 9 },
        { NEIGH_STALE, 8, true, true, NEIGH_REACHABLE, 8 },
        { NEIGH_STALE, 8, false, true, NEIGH_STALE, 8 },
        { NEIGH_STALE, 9, true, false, NEIGH_REACHABLE, 9 },
        { NEIGH_STALE, 9, false, false, NEIGH_STALE, 9 },
        { NEIGH_STALE, 0, true, true, NEIGH_REACHABLE, 9 },
        { NEIGH_PROBE, 0, true, false, NEIGH_REACHABLE, 9 },
        { NEIGH_PROBE, 8, true, false, NEIGH_PROBE, 9 },
        { NEIGH_PROBE, 8, false, true, NEIGH_STALE, 8 },
    };
    struct cw_addr a = who(false);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct neigh *ne;

        net_rig_free(&rig);
        net_rig_init(&rig, 0, false);
        assert_int_equal(send(false, 10), GO_ON);
        if (rows[i].before != NEIGH_INCOMPLETE)
            assert_int_equal(
                advertise(9, rows[i].before == NEIGH_REACHABLE, true), GO_ON);
        if (rows[i].before == NEIGH_PROBE) {
            assert_int_equal(send(false, 11), GO_ON);
            rig_advance(&rig, 5 * NS_S);
        }
        assert_int_equal(state_of(false), rows[i].before);
        (void)advertise(rows[i].mac, rows[i].solicited, rows[i].override);
        assert_int_equal(state_of(false), rows[i].after);
        ne = neigh_find(rig.net, netif_of(rig.net, RIG_ETH), &a);
        if (rows[i].mac_after)
            assert_memory_equal(ne->mac.b, rig_mac(rows[i].mac_after).b, 6);
    }
}

/* What nobody asked for makes no entry; what is permanent stays. */
static void test_unasked(void **state)
{
    struct ndp_repr na = { .type = ICMP6_NA,
                           .solicited = true,
                           .override = true,
                           .target = rig_addr("fd00::2"),
                           .has_tlla = true,
                           .tlla = rig_mac(66) };

    (void)state;
    assert_int_equal(advertise(9, true, true), WHY_ICMP_UNHANDLED);
    assert_int_equal(state_of(false), NEIGH_NONE);
    arp_frame(ARP_REPLY, 9, 1, 9, false);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_int_equal(state_of(true), NEIGH_NONE);
    arp_frame(ARP_REQUEST, 9, 77, 9, true); /* about somebody else */
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NOT_FOR_US);
    assert_int_equal(state_of(true), NEIGH_NONE);
    ndp_frame(&na, "fd00::2", "fd00::1");
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    arp_frame(ARP_REPLY, 2, 1, 66, false);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    for (unsigned i = 0; i < 2; i++) {
        struct net_tx tx = { .dst = rig_addr(i ? "10.0.0.2" : "fd00::2"),
                             .proto = PROTO_UDP,
                             .why = WHY_TX_UDP };

        tx.src = rig_addr(i ? "10.0.0.1" : "fd00::1");
        assert_int_equal(rig_send(&rig, &tx, 9), GO_ON);
        expect_data(2, 9);
    }
}

/* RFC 826: who asks for us is answered and remembered; a change of a known
 * neighbour is believed whatever the opcode. */
/* [RFC826-In-a] [RFC826-In-b] */
static void test_arp_questions(void **state)
{
    struct cw_mac asker = rig_mac(9);

    (void)state;
    arp_frame(ARP_REQUEST, 9, 1, 9, true);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    expect_arp(ARP_REPLY, &asker);
    assert_int_equal(state_of(true), NEIGH_STALE);
    assert_int_equal(send(true, 10), GO_ON);
    expect_data(9, 10);
    arp_frame(ARP_REQUEST, 9, 9, 8, true); /* gratuitous */
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NOT_FOR_US);
    assert_int_equal(state_of(true), NEIGH_STALE);
    assert_int_equal(send(true, 10), GO_ON);
    expect_data(8, 10);
    /* RFC 5227: a probe is answered and teaches nothing. */
    arp_frame(ARP_REQUEST, 9, 1, 7, true);
    memset(f.b + 28, 0, 4);
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    assert_true(rig_out(&rig, &g));
    assert_int_equal(send(true, 10), GO_ON);
    expect_data(8, 10);
    rig_out_none(&rig);
}

/* [RFC826-In-c] */
static void test_bad_arp(void **state)
{
    static const struct {
        unsigned at;
        uint8_t  value;
        enum why why;
    } rows[] = {
        { 15, 6, WHY_ARP_BAD },   { 16, 0x86, WHY_ARP_BAD },
        { 18, 8, WHY_ARP_BAD },   { 19, 16, WHY_ARP_BAD },
        { 21, 3, WHY_ARP_BAD },   { 22, 1, WHY_ARP_BAD }, /* group's MAC */
        { 31, 1, WHY_ARP_BAD }, /* claims to be us */
        { 31, 255, WHY_ARP_BAD }, { 28, 224, WHY_ARP_BAD },
        { 28, 127, WHY_ARP_BAD },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arp_frame(ARP_REQUEST, 9, 1, 9, true);
        f.b[rows[i].at] = rows[i].value;
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), rows[i].why);
    }
    for (size_t len = 14; len < 42; len++) {
        arp_frame(ARP_REQUEST, 9, 1, 9, true);
        f.len = len;
        assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_ARP_BAD);
    }
    assert_int_equal(state_of(true), NEIGH_NONE);
    rig_out_none(&rig);
}

/* §7.2.3, §7.2.4. */
/* [RFC4861-7.2.3-a] [RFC4861-7.2.4-a] */
static void test_solicitations(void **state)
{
    struct ndp_repr ns = { .type = ICMP6_NS,
                           .target = rig_addr("fd00::1"),
                           .has_slla = true,
                           .slla = rig_mac(9) };
    struct cw_addr  all = rig_addr("ff02::1");
    struct cw_mac   asker = rig_mac(9), group = mac_of_multicast(&all);
    struct ndp_repr na;
    struct ip6_repr ip;

    (void)state;
    ndp_frame(&ns, "fd00::9", "ff02::1:ff00:1");
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    expect_ndp(ICMP6_NA, &asker, &na, &ip);
    assert_true(na.solicited && na.override && !na.router && na.has_tlla);
    assert_true(mac_eq(&na.tlla, &(struct cw_mac[]){ rig_mac(1) }[0]));
    assert_true(addr_eq(&na.target, &ns.target));
    assert_int_equal(ip.dst.b[15], 9);
    assert_int_equal(g.why, WHY_TX_NA);
    assert_int_equal(state_of(false), NEIGH_STALE);
    /* Somebody who has no address yet: to all, and nothing is learnt. */
    ns.has_slla = false;
    ndp_frame(&ns, "::", "ff02::1:ff00:1");
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), GO_ON);
    expect_ndp(ICMP6_NA, &group, &na, &ip);
    assert_false(na.solicited);
    assert_true(addr_eq(&ip.dst, &all));
    /* About another host that shares the group. */
    ns.target = rig_addr("fd00:5::1");
    ndp_frame(&ns, "fd00::9", "ff02::1:ff00:1");
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NOT_FOR_US);
    rig_out_none(&rig);
}

/* §7.1.1: a hop limit below 255 came through a router. */
/* [RFC4861-4.6-a] */
static void test_bad_ndp(void **state)
{
    struct ndp_repr ns = { .type = ICMP6_NS,
                           .target = rig_addr("fd00::1"),
                           .has_slla = true,
                           .slla = rig_mac(9) };

    (void)state;
    ndp_frame(&ns, "fd00::9", "fd00::1");
    f.b[21] = 254;
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NDP_BAD);
    ndp_frame(&ns, "fd00::9", "fd00::1");
    f.b[f.len - 7] = 0; /* an option without length */
    be16_store(f.b + 56, 0);
    be16_store(f.b + 56,
               cksum_fold(cksum_add(
                   cksum_pseudo((struct cw_addr[]){ rig_addr("fd00::9") },
                                (struct cw_addr[]){ rig_addr("fd00::1") },
                                PROTO_ICMP6, 32),
                   f.b + 54, 32)));
    assert_int_equal(rig_in(&rig, RIG_ETH, &f), WHY_NDP_BAD);
    assert_int_equal(state_of(false), NEIGH_NONE);
    rig_out_none(&rig);
}

/* An interface without ARP knows only whom it was told about. */
static void test_noarp(void **state)
{
    static struct net_rig quiet;
    struct net_tx         tx = { .src = rig_addr("10.0.0.1"),
                                 .dst = rig_addr("10.0.0.9"),
                                 .proto = PROTO_UDP,
                                 .why = WHY_TX_UDP };

    (void)state;
    net_rig_init(&quiet, CW_NETIF_NOARP, false);
    assert_int_equal(rig_send(&quiet, &tx, 9), WHY_NEIGH_FAILED);
    tx.dst = rig_addr("10.0.0.2");
    assert_int_equal(rig_send(&quiet, &tx, 9), GO_ON);
    assert_true(rig_out(&quiet, &g));
    rig_out_none(&quiet);
    net_rig_free(&quiet);
}

/* NEIGH_MAX entries: those that only ask go first, permanent ones never; a
 * remembered way to one that went is no longer believed. */
static void test_bounded(void **state)
{
    struct cw_addr  a = who(true), src = addr4(0);
    struct net_dest dest, lost;
    struct net_tx   tx = { .src = rig_addr("10.0.0.1"),
                           .proto = PROTO_UDP,
                           .why = WHY_TX_UDP };

    (void)state;
    assert_int_equal(send(true, 10), GO_ON);
    answer(true, 9);
    assert_int_equal(net_path(rig.net, &a, 0, &src, &dest), GO_ON);
    for (unsigned i = 0; i < 2000; i++) {
        tx.dst = addr4(0x0a000000 + 10 + i % 200);
        if (i >= 200)
            tx.dst = addr4(0x0a640000 + i); /* on a wider net */
        if (i == 200) {
            struct cw_addr own = rig_addr("10.100.255.1");

            assert_int_equal(net_addr_add(rig.net, RIG_ETH, &own, 16), 0);
        }
        assert_int_equal(rig_send(&rig, &tx, 10), GO_ON);
        while (rig_out(&rig, &g))
            ;
    }
    assert_true(arena_used(rig.arena) < 512 * 4096);
    assert_int_equal(state_of(true), NEIGH_REACHABLE);
    assert_int_equal(net_path(rig.net, &a, 0, &src, &lost), GO_ON);
    assert_ptr_equal(lost.neigh, dest.neigh);
    rig_advance(&rig, 4 * NS_S);
    while (rig_out(&rig, &g))
        ;
    assert_int_equal(arena_used(rig.arena), 0);
    /* Known ones that were not used for longest. */
    for (unsigned i = 0; i < 600; i++) {
        tx.dst = addr4(0x0a640000 + 3000 + i);
        assert_int_equal(net_path(rig.net, &tx.dst, 0, &src, &dest), GO_ON);
        assert_true(net_dest_ok(rig.net, &dest));
    }
    assert_false(net_dest_ok(rig.net, &lost));
    tx.dst = rig_addr("10.0.0.2");
    assert_int_equal(rig_send(&rig, &tx, 10), GO_ON);
    expect_data(2, 10);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_resolution),
        CASE(test_prompting_source),
        CASE(test_failure),
        CASE(test_waiting_queue),
        CASE(test_waiting_fragments),
        CASE(test_ageing),
        CASE(test_signs_of_life),
        CASE(test_doubt),
        CASE(test_advertisements),
        CASE(test_unasked),
        CASE(test_arp_questions),
        CASE(test_bad_arp),
        CASE(test_solicitations),
        CASE(test_bad_ndp),
        CASE(test_noarp),
        CASE(test_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
