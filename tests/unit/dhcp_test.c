/* dhcp_test.c: the DHCP client in virtual time, and what it makes of bad
 * messages: RFC 2131 §3, §4.4, RFC 2132. */
#include "t.h"

#include "net/core.h"
#include "net_rig.h"
#include "udp/dhcp.h"
#include "wire/arphdr.h"
#include "wire/cksum.h"
#include "wire/dhcphdr.h"
#include "wire/udphdr.h"

enum { ETH1 = 2, LEASE = 3600 };

static struct net_rig rig;
static struct frame   f;

/* ---- the server -------------------------------------------------------------- */

/* What the client said. */
struct said {
    struct ip4_repr ip;
    uint8_t         type, eth[6];
    uint32_t        xid;
    uint16_t        secs;
    bool            broadcast;
    struct cw_addr  ciaddr, requested, server;
};

static const uint8_t *option(const uint8_t *p, size_t len, uint8_t kind)
{
    for (size_t i = DHCP_FIXED; i + 1 < len && p[i] != 255;
         i += p[i] ? 2u + p[i + 1] : 1)
        if (p[i] == kind)
            return p + i + 2;
    return NULL;
}

static bool hears(struct said *s)
{
    const uint8_t *p, *o;
    size_t         len;
    uint32_t       sum;

    if (!rig_out(&rig, &f))
        return false;
    p = rig_read4(&f, &s->ip);
    EXPECT_EQ(f.why, WHY_TX_DHCP);
    EXPECT_EQ(f.netif, ETH1);
    memcpy(s->eth, f.b, 6);
    len = s->ip.total_len - s->ip.hdr_len;
    EXPECT_EQ(be16_load(p), DHCP_CLIENT_PORT);
    EXPECT_EQ(be16_load(p + 2), DHCP_SERVER_PORT);
    EXPECT_EQ(be16_load(p + 4), len);
    sum = cksum_pseudo(&s->ip.src, &s->ip.dst, PROTO_UDP, (uint32_t)len);
    EXPECT_EQ(cksum_fold(cksum_add(sum, p, len)), 0);
    p += UDP_LEN;
    len -= UDP_LEN;
    EXPECT_EQ(len, DHCP_LEN_MIN);
    EXPECT_EQ(p[0], 1);
    EXPECT_EQ(be32_load(p + 236), 0x63825363);
    EXPECT_MEM(p + 28, rig_mac(77).b, 6);
    s->xid = be32_load(p + 4);
    s->secs = be16_load(p + 8);
    s->broadcast = p[10] & 0x80;
    s->ciaddr = addr_from4(p + 12);
    o = option(p, len, 53);
    EXPECT(o != NULL);
    s->type = o ? *o : 0;
    o = option(p, len, 50);
    s->requested = o ? addr_from4(o) : addr4(0);
    o = option(p, len, 54);
    s->server = o ? addr_from4(o) : addr4(0);
    return true;
}

struct reply {
    uint8_t     type;
    uint32_t    xid, lease;
    const char *yiaddr, *server;
    bool        other_mac;
};

static size_t put4(uint8_t *p, uint8_t kind, uint32_t v)
{
    p[0] = kind;
    p[1] = 4;
    be32_store(p + 2, v);
    return 6;
}

static uint32_t u4(const char *text)
{
    struct cw_addr a = rig_addr(text);

    return addr_u4(&a);
}

static size_t compose(uint8_t *p, const struct reply *r)
{
    size_t at = DHCP_FIXED;

    memset(p, 0, 400);
    p[0] = 2;
    p[1] = 1;
    p[2] = 6;
    be32_store(p + 4, r->xid);
    be32_store(p + 16, u4(r->yiaddr));
    memcpy(p + 28, rig_mac(r->other_mac ? 78 : 77).b, 6);
    be32_store(p + 236, 0x63825363);
    p[at++] = 53;
    p[at++] = 1;
    p[at++] = r->type;
    if (r->server)
        at += put4(p + at, 54, u4(r->server));
    if (r->lease)
        at += put4(p + at, 51, r->lease);
    at += put4(p + at, 1, 0xffffff00);
    at += put4(p + at, 3, u4("192.168.5.1"));
    at += put4(p + at, 6, u4("192.168.5.53"));
    p[at++] = 255;
    return at;
}

static void deliver(const uint8_t *msg, size_t len)
{
    struct ip4_repr ip = rig_ip4(PROTO_UDP);
    uint8_t         b[600];
    struct udp_repr u = { .sport = DHCP_SERVER_PORT,
                          .dport = DHCP_CLIENT_PORT,
                          .len = (uint16_t)(len + UDP_LEN) };

    udphdr_emit(b, UDP_LEN, &u); /* RFC 768: no checksum */
    memcpy(b + UDP_LEN, msg, len);
    ip.src = rig_addr("192.168.5.1");
    ip.dst = addr4(UINT32_MAX);
    rig_frame4(&f, ip, b, len + UDP_LEN);
    memset(f.b, 0xff, 6);
    (void)rig_in(&rig, ETH1, &f);
}

static void answers(struct reply r)
{
    uint8_t b[400];
    size_t  len = compose(b, &r);

    deliver(b, len);
}

static struct reply usual(uint8_t type, uint32_t xid)
{
    return (struct reply){ .type = type,
                           .xid = xid,
                           .lease = LEASE,
                           .yiaddr = "192.168.5.9",
                           .server = "192.168.5.1" };
}

/* ---- the client ----------------------------------------------------------------- */

static struct said s;

static void begin(void)
{
    struct cw_netif_config c = { .name = "eth1", .mac = rig_mac(77) };
    struct cw_addr         server = rig_addr("192.168.5.1");
    struct cw_mac          mac = rig_mac(1);

    net_rig_init(&rig, CW_NETIF_NOARP, true);
    EXPECT_EQ(net_netif_add(rig.net, &c), ETH1);
    EXPECT_EQ(net_neigh_add(rig.net, ETH1, &server, &mac), 0);
    dhcp_start(rig.udp, ETH1, &c.mac);
}

static void end(void)
{
    struct frame none;

    while (rig_out(&rig, &none))
        ;
    net_rig_free(&rig);
}

static bool has_address(void)
{
    struct cw_addr a = rig_addr("192.168.5.9");

    return net_is_local(rig.net, &a);
}

static void discover(void)
{
    rig_advance(&rig, NS_S);
    EXPECT(hears(&s));
    EXPECT_EQ(s.type, DHCP_DISCOVER);
}

static void bound(void)
{
    discover();
    answers(usual(DHCP_OFFER, s.xid));
    EXPECT(hears(&s));
    EXPECT_EQ(s.type, DHCP_REQUEST);
    answers(usual(DHCP_ACK, s.xid));
    EXPECT(has_address());
}

/* Until the next message, at the latest after so long; how long. */
static cw_ns until_heard(cw_ns most)
{
    cw_ns from = rig.env.now;

    while (rig.env.now - from < most) {
        rig_advance(&rig, 10 * NS_MS);
        if (hears(&s))
            return rig.env.now - from;
    }
    return NS_NEVER;
}

/* RFC 2131 §3.1, §4.1, §4.4.1; RFC 1122 §3.2.1.3.  [RFC1122-3.2.1.3-b] */
TEST(an_address_is_asked_for_and_taken)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    struct cw_lease      l;
    struct cw_addr       far = rig_addr("8.8.8.8");
    struct hop           hop;
    uint32_t             xid;

    begin();
    discover();
    xid = s.xid;
    EXPECT_EQ(addr_u4(&s.ip.src), 0);
    EXPECT_EQ(addr_u4(&s.ip.dst), UINT32_MAX);
    EXPECT_MEM(s.eth, all, 6);
    EXPECT(s.broadcast && addr_is_any(&s.ciaddr));
    answers(usual(DHCP_OFFER, xid));
    EXPECT(hears(&s));
    EXPECT_EQ(s.type, DHCP_REQUEST);
    EXPECT_EQ(s.xid, xid);
    EXPECT_EQ(addr_u4(&s.ip.src), 0);
    EXPECT_EQ(addr_u4(&s.requested), u4("192.168.5.9"));
    EXPECT_EQ(addr_u4(&s.server), u4("192.168.5.1"));
    EXPECT(addr_is_any(&s.ciaddr));
    EXPECT(!has_address());
    answers(usual(DHCP_ACK, xid));
    EXPECT(has_address());
    EXPECT(route_hop(rig.net, &far, 0, &hop));
    EXPECT_EQ(addr_u4(&hop.next), u4("192.168.5.1"));
    EXPECT_EQ(dhcp_show(rig.udp, ETH1, &l), 0);
    EXPECT(l.bound);
    EXPECT_EQ(l.prefix, 24);
    EXPECT_EQ(l.ndns, 1);
    EXPECT_EQ(addr_u4(&l.dns[0]), u4("192.168.5.53"));
    EXPECT_EQ(l.expires, rig.env.now + LEASE * NS_S);
    EXPECT_EQ(dhcp_show(rig.udp, RIG_ETH, &l), -CW_EINVAL);
    end();
}

/* §4.1: 4, 8, 16, 32, 64 s, each give or take one. */
TEST(silence_is_met_with_patience)
{
    static const int secs[] = { 4, 8, 16, 32, 64, 64 };
    uint16_t         last = 0;

    begin();
    discover();
    for (size_t i = 0; i < ARRAY_LEN(secs); i++) {
        cw_ns t = until_heard(100 * NS_S);

        t_row("%zu", i);
        EXPECT_EQ(s.type, DHCP_DISCOVER);
        EXPECT_GE(t, (secs[i] - 1) * NS_S);
        EXPECT_LE(t, (secs[i] + 1) * NS_S + 10 * NS_MS);
        EXPECT_LT(last, s.secs);
        last = s.secs;
    }
    end();
}

/* §3.1, step 5: four requests in vain, and it begins anew. */
TEST(a_server_that_forgets_its_offer)
{
    uint32_t xid;

    begin();
    discover();
    xid = s.xid;
    answers(usual(DHCP_OFFER, xid));
    for (int i = 0; i < 4; i++) {
        EXPECT(i == 0 ? hears(&s) : until_heard(100 * NS_S) != NS_NEVER);
        EXPECT_EQ(s.type, DHCP_REQUEST);
    }
    EXPECT(until_heard(100 * NS_S) != NS_NEVER);
    EXPECT_EQ(s.type, DHCP_DISCOVER);
    EXPECT_NE(s.xid, xid);
    end();
}

/* §4.4.5: at half of the lease the server is asked, at seven eighths anybody;
 * then the address is given up. */
TEST(a_lease_is_renewed_or_ends)
{
    begin();
    bound();
    EXPECT_EQ(until_heard(LEASE / 2 * NS_S + NS_S), LEASE / 2 * NS_S);
    EXPECT_EQ(s.type, DHCP_REQUEST); /* RENEWING */
    EXPECT_EQ(addr_u4(&s.ip.dst), u4("192.168.5.1"));
    EXPECT_EQ(addr_u4(&s.ip.src), u4("192.168.5.9"));
    EXPECT_EQ(addr_u4(&s.ciaddr), u4("192.168.5.9"));
    EXPECT(addr_is_any(&s.requested) && addr_is_any(&s.server));
    answers(usual(DHCP_ACK, s.xid));
    EXPECT_EQ(until_heard(LEASE / 2 * NS_S + NS_S), LEASE / 2 * NS_S);
    EXPECT_EQ(until_heard(LEASE * NS_S), LEASE * 3 / 16 * NS_S); /* half */
    while (addr_u4(&s.ip.dst) != UINT32_MAX)
        EXPECT(until_heard(LEASE * NS_S) != NS_NEVER);
    EXPECT_EQ(addr_u4(&s.ciaddr), u4("192.168.5.9")); /* REBINDING */
    EXPECT(!s.broadcast);
    EXPECT(has_address());
    while (s.type == DHCP_REQUEST)
        EXPECT(until_heard(LEASE * NS_S) != NS_NEVER);
    EXPECT_EQ(s.type, DHCP_DISCOVER);
    EXPECT(!has_address());
    EXPECT_EQ(rig.net->nroute, 4); /* the rig's own, and no more */
    end();
}

TEST(a_refusal_ends_the_lease)
{
    begin();
    bound();
    EXPECT(until_heard(LEASE * NS_S) != NS_NEVER);
    answers((struct reply){ .type = DHCP_NAK,
                            .xid = s.xid,
                            .yiaddr = "0.0.0.0",
                            .server = "192.168.5.1" });
    EXPECT(!has_address());
    EXPECT(until_heard(20 * NS_S) != NS_NEVER);
    EXPECT_EQ(s.type, DHCP_DISCOVER);
    end();
}

/* What does not belong to the exchange, or lacks what it must have. */
TEST(wrong_answers_change_nothing)
{
    begin();
    discover();
    for (int i = 0; i < 7; i++) {
        struct reply r = usual(DHCP_OFFER, s.xid);
        struct said  none;

        t_row("%d", i);
        r.xid += i == 0;
        r.other_mac = i == 1;
        if (i == 2)
            r.server = NULL;
        if (i == 3)
            r.lease = 0;
        if (i == 4)
            r.lease = 59;
        if (i == 5)
            r.yiaddr = "224.0.0.9";
        if (i == 6)
            r.type = DHCP_ACK; /* nothing was requested */
        answers(r);
        EXPECT(!hears(&none));
        EXPECT(!has_address());
    }
    answers(usual(DHCP_OFFER, s.xid));
    EXPECT(hears(&s));
    end();
}

/* ---- messages ---------------------------------------------------------------------- */

static uint8_t msg[400];

static enum why parse(size_t len, struct dhcp_repr *out)
{
    return dhcphdr_parse(span_of(t_guard(msg, len), len), out);
}

TEST(cut_messages_are_none)
{
    struct reply     r = usual(DHCP_OFFER, 7);
    size_t           len = compose(msg, &r);
    struct dhcp_repr out;

    EXPECT_EQ(parse(len, &out), GO_ON);
    for (size_t cut = 0; cut < len; cut++)
        EXPECT_EQ(parse(cut, &out), WHY_DHCP_BAD);
}

/* A length past the end, a wrong length, no end, another cookie, another
 * kind of network: CVE-2019-12257, 2020-11903, 2021-31881 and their like. */
TEST(damaged_options_make_no_message)
{
    static const struct {
        size_t  at; /* from the options on; or before them */
        uint8_t v;
    } t[] = {
        { DHCP_FIXED + 4, 255 }, /* the server's length */
        { DHCP_FIXED + 4, 3 },
        { DHCP_FIXED + 1, 0 }, /* the type's */
        { DHCP_FIXED + 2, 1 }, /* a client's message */
        { 0, 1 },
        { 1, 6 },
        { 2, 8 },
        { 236, 0 },
    };
    struct reply     r = usual(DHCP_OFFER, 7);
    struct dhcp_repr out;

    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        size_t len = compose(msg, &r);

        t_row("%zu", i);
        msg[t[i].at] = t[i].v;
        EXPECT_EQ(parse(len, &out), WHY_DHCP_BAD);
    }
}

/* RFC 2132 §9.3: options in the file's and the server's name, once. */
TEST(overloaded_options_are_read_once)
{
    struct reply     r = usual(DHCP_OFFER, 7);
    size_t           len = compose(msg, &r);
    struct dhcp_repr out;

    msg[len - 1] = 52;
    msg[len++] = 1;
    msg[len++] = 3;
    msg[len++] = 255;
    put4(msg + 108, 3, u4("192.168.5.2"));
    msg[114] = 52; /* more of it in there means nothing */
    msg[115] = 1;
    msg[116] = 3;
    msg[117] = 255;
    EXPECT_EQ(parse(len, &out), WHY_DHCP_BAD); /* `sname` has no end */
    msg[44] = 255;
    EXPECT_EQ(parse(len, &out), GO_ON);
    EXPECT_EQ(addr_u4(&out.router), u4("192.168.5.2"));
    EXPECT_EQ(addr_u4(&out.server), u4("192.168.5.1"));
}

T_MAIN(T(an_address_is_asked_for_and_taken), T(silence_is_met_with_patience),
       T(a_server_that_forgets_its_offer), T(a_lease_is_renewed_or_ends),
       T(a_refusal_ends_the_lease), T(wrong_answers_change_nothing),
       T(cut_messages_are_none), T(damaged_options_make_no_message),
       T(overloaded_options_are_read_once))
