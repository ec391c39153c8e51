/* net_test.c: classes of attack on the network layer and on UDP, each by its
 * trigger; the numbers are those of the table in docs/security.md.  The sum
 * of IPv4's header is always right: no class may hide behind a wrong one.
 */
#include "t.h"

#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

static struct net_rig rig;
static struct frame   f, g;

static void begin(bool udp)
{
    net_rig_init(&rig, CW_NETIF_NOARP, udp);
}

static unsigned drain(void)
{
    unsigned n = 0;

    while (rig_out(&rig, &g))
        n++;
    return n;
}

static void sum4(void)
{
    size_t len = MIN((size_t)(f.b[14] & 15) * 4, f.len - 14);

    be16_store(f.b + 24, 0);
    be16_store(f.b + 24, cksum_fold(cksum_add(0, f.b + 14, len)));
}

/* The same frame from memory that ends where it ends (ASan looks), in one
 * piece and in three; it must be dropped, silently unless `answers`. */
static void refused(unsigned answers)
{
    for (unsigned runs = 1; runs <= 3; runs += 2) {
        unsigned before = rig.rx_n;

        EXPECT_NE(rig_in_runs(&rig, RIG_ETH, &f, runs), GO_ON);
        EXPECT_EQ(rig.rx_n, before);
        EXPECT_LE(drain(), answers);
    }
}

/* CVE-2018-16601, CVE-2021-31401, CVE-2020-11909. */
TEST(c01_ip4_lengths)
{
    static const uint8_t data[40];
    static const struct {
        uint8_t  ver_ihl;
        uint16_t total, frame; /* bytes of IP in the frame */
    } rows[] = {
        { 0x4f, 20, 20 }, { 0x4f, 60, 59 },    { 0x44, 60, 60 },
        { 0x40, 60, 60 }, { 0x45, 19, 60 },    { 0x45, 0, 60 },
        { 0x45, 61, 60 }, { 0x45, 65535, 60 }, { 0x46, 20, 60 },
        { 0x65, 60, 60 }, { 0x05, 60, 60 },
    };

    begin(false);
    T_EACH (r, rows) {
        t_row("%02x %u in %u", r->ver_ihl, r->total, r->frame);
        rig_frame4(&f, rig_ip4(PROTO_UDP), data, sizeof data);
        f.b[14] = r->ver_ihl;
        be16_store(f.b + 16, r->total);
        f.len = 14u + r->frame;
        sum4();
        refused(0);
    }
    net_rig_free(&rig);
}

/* CVE-2019-12256, CVE-2018-16526: source routes, lengths of 0, 1 and beyond
 * the header; in an echo, whose answer must not copy them. */
TEST(c02_ip4_options)
{
    // clang-format off
    static const uint8_t opts[][12] = {
        { 131, 3, 4, 131, 3, 4, 0, 0 },       { 137, 7, 4, 9, 9, 9, 9, 0 },
        { 131, 7, 0, 9, 9, 9, 9, 0 },         { 131, 0, 4, 0 },
        { 131, 1, 4, 0 },                     { 131, 255, 4, 0 },
        { 7, 0, 0, 0 },                       { 7, 1, 0, 0 },
        { 68, 13, 5, 0, 0, 0, 0, 0 },         { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7 },
    };
    // clang-format on
    uint8_t         echo[16] = { 8 };
    struct ip4_repr ip = rig_ip4(PROTO_ICMP4);

    begin(false);
    icmp4hdr_seal(echo, sizeof echo);
    T_EACH (o, opts) {
        t_row("%u %u", (*o)[0], (*o)[1]);
        ip.opts = span_of(*o, 12);
        rig_frame4(&f, ip, echo, sizeof echo);
        EXPECT_NE(rig_in(&rig, RIG_ETH, &f), GO_ON);
        while (rig_out(&rig, &g))
            EXPECT_EQ(g.b[14], 0x45); /* whatever it says: no options */
    }
    ip.opts = span_of("\7\13\4\1\2\3\4\5\6\7\10", 12); /* recorded route */
    rig_frame4(&f, ip, echo, sizeof echo);
    EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), GO_ON);
    EXPECT(rig_out(&rig, &g));
    EXPECT_EQ(g.b[14 + 16], 10); /* to the source, and nowhere else */
    net_rig_free(&rig);
}

/* CVE-2021-31345: UDP's own length. */
TEST(c06_udp_length)
{
    static const uint16_t lens[] = { 0, 1, 7, 21, 65535 };
    uint8_t               udp[20] = { 0, 7, 0, 7 };

    begin(true);
    T_EACH (len, lens) {
        t_row("%u", *len);
        be16_store(udp + 4, *len);
        rig_frame4(&f, rig_ip4(PROTO_UDP), udp, sizeof udp);
        refused(0);
        rig_frame6(&f, rig_ip6(PROTO_UDP), udp, sizeof udp);
        refused(0);
    }
    for (size_t n = 0; n < 8; n++) { /* not even a header */
        rig_frame4(&f, rig_ip4(PROTO_UDP), udp, n);
        refused(0);
        rig_frame6(&f, rig_ip6(PROTO_UDP), udp, n);
        refused(0);
    }
    net_rig_free(&rig);
}

/* CVE-2020-17443, CVE-2021-31346, CVE-2020-35683: ICMP that is cut, and what
 * it quotes: cut, with a header length beyond it. */
TEST(c07_icmp_cut)
{
    begin(false);
    for (size_t n = 0; n < 8; n++) {
        uint8_t         m[8] = { 8 };
        struct ip6_repr i6 = rig_ip6(PROTO_ICMP6);

        t_row("%zu bytes", n);
        if (n >= 4)
            be16_store(m + 2, cksum_fold(cksum_add(0, m, n)));
        rig_frame4(&f, rig_ip4(PROTO_ICMP4), m, n);
        refused(0);
        m[0] = 128;
        rig_frame6(&f, i6, m, n);
        refused(0);
    }
    for (size_t n = 0; n < 60; n++)
        for (unsigned ihl = 0; ihl < 16; ihl++) {
            uint8_t m[68] = { 3, 3 };

            t_row("quotes %zu bytes, IHL %u", n, ihl);
            m[8] = (uint8_t)(0x40 | ihl);
            m[10] = 0xff; /* of a total length of 65280 */
            m[17] = PROTO_UDP;
            memcpy(m + 20, "\12\0\0\1\12\0\0\2", 8);
            icmp4hdr_seal(m, n + 8);
            rig_frame4(&f, rig_ip4(PROTO_ICMP4), m, n + 8);
            (void)rig_in(&rig, RIG_ETH, &f);
            if (n < 28 || ihl < 5 || n < ihl * 4 + 8)
                EXPECT_EQ(rig.err_n, 0);
            rig.err_n = 0;
            EXPECT_EQ(drain(), 0);
        }
    net_rig_free(&rig);
}

/* CVE-2020-17441, CVE-2022-36053, CVE-2020-11897. */
TEST(c08_ip6_payload_length)
{
    static const uint16_t lens[] = { 41, 1000, 65535 };
    static const uint8_t  data[40];

    begin(false);
    T_EACH (len, lens) {
        t_row("%u", *len);
        rig_frame6(&f, rig_ip6(PROTO_UDP), data, sizeof data);
        be16_store(f.b + 18, *len);
        refused(0);
    }
    rig_frame6(&f, rig_ip6(PROTO_HOPOPTS), data, sizeof data);
    be16_store(f.b + 18, 0); /* a jumbogram's zero: there are none here */
    refused(1);
    net_rig_free(&rig);
}

/* CVE-2020-13984, CVE-2020-17442, -17444, -17445, CVE-2024-38063: extension
 * headers that overrun, contain themselves, or do not end. */
TEST(c09_ip6_extension_headers)
{
    static const struct {
        uint8_t first, ext[8];
    } rows[] = {
        { PROTO_HOPOPTS, { PROTO_UDP, 255, 1, 4 } },
        { PROTO_DSTOPTS, { PROTO_UDP, 255, 1, 4 } },
        { PROTO_DSTOPTS, { PROTO_UDP, 0, 1, 5 } }, /* PadN beyond it */
        { PROTO_DSTOPTS, { PROTO_UDP, 0, 0x80, 255 } },
        { PROTO_DSTOPTS, { PROTO_HOPOPTS, 0, 1, 4 } }, /* not first */
        { PROTO_HOPOPTS, { PROTO_HOPOPTS, 0, 1, 4 } },
        { PROTO_HOPOPTS, { PROTO_UDP, 0, 0xc2, 4, 0, 1, 0, 0 } }, /* jumbo */
    };
    static uint8_t chain[200 * 8];

    begin(false);
    T_EACH (r, rows) {
        t_row("%u then %u", r->first, r->ext[0]);
        memset(chain, 0, 64);
        memcpy(chain, r->ext, 8);
        rig_frame6(&f, rig_ip6(r->first), chain, 40);
        refused(1);
    }
    for (size_t i = 0; i < 200; i++)
        memcpy(chain + i * 8, (uint8_t[]){ PROTO_DSTOPTS, 0, 1, 4 }, 4);
    rig_frame6(&f, rig_ip6(PROTO_DSTOPTS), chain, 1400);
    refused(1);
    net_rig_free(&rig);
}

/* CVE-2007-2242: type 0 with segments left is never followed. */
TEST(c10_routing_header_0)
{
    uint8_t rh[24 + 8] = { PROTO_UDP, 2, 0, 1 };

    begin(false);
    memcpy(rh + 8, rig_addr("fd00::9").b, 16);
    rig_frame6(&f, rig_ip6(PROTO_ROUTING), rh, sizeof rh);
    EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), WHY_IP6_EXTENSION);
    EXPECT(rig_out(&rig, &g));
    EXPECT_EQ(g.b[54], 4);
    EXPECT_EQ(be32_load(g.b + 58), 42); /* RFC 5095 §3: the type */
    EXPECT_EQ(g.b[14 + 24 + 15], 2);    /* told to the source */
    rig_out_none(&rig);
    net_rig_free(&rig);
}

/* CVE-2020-11896, -11900: a tunnel that nobody asked for. */
TEST(c11_tunnels)
{
    static const uint8_t protos[] = { 4, 41 };

    T_EACH (p, protos) {
        static struct frame inner;

        begin(false);
        rig_frame4(&inner, rig_ip4(PROTO_UDP), "12345678", 8);
        rig_frame4(&f, rig_ip4(*p), inner.b + 14, inner.len - 14);
        EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), WHY_PROTOCOL);
        EXPECT_EQ(rig.rx_n, 0);
        EXPECT_EQ(drain(), 1);
        rig_frame6(&f, rig_ip6(*p), inner.b + 14, inner.len - 14);
        EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), WHY_PROTOCOL);
        EXPECT_EQ(rig.rx_n, 0);
        net_rig_free(&rig);
    }
}

/* CVE-2020-16898 and its like: an option of length 0, or longer than the
 * message, makes the message void (RFC 4861 §6.1, §7.1), for each type. */
TEST(c12_nd_options)
{
    static const uint8_t types[] = { 133, 134, 135, 136, 137 };
    static const uint8_t lens[] = { 0, 2, 255 };

    begin(false);
    T_EACH (type, types) {
        T_EACH (len, lens) {
            struct ip6_repr ip = rig_ip6(PROTO_ICMP6);
            uint8_t         m[48] = { *type };

            t_row("type %u, option of length %u", *type, *len);
            ip.hop = 255;
            ip.src = rig_addr("fe80::2");
            memcpy(m + 8, rig_addr("fd00::1").b, 16);
            m[40] = 25; /* RDNSS; elsewhere unknown */
            m[41] = *len;
            if (*type == 133 || *type == 134)
                memset(m + 8, 0, 16), m[16] = 1, m[17] = *len;
            if (*type == 135 || *type == 136)
                m[24] = 1, m[25] = *len == 2 ? 4 : *len;
            icmp6hdr_seal(m, sizeof m, &ip.src, &ip.dst);
            rig_frame6(&f, ip, m, sizeof m);
            if (*type != 134 || *len != 2)
                refused(0);
        }
    }
    net_rig_free(&rig);
}

/* CVE-2020-11914, -11906: runts, and lengths of addresses that none has. */
TEST(c13_runts)
{
    uint8_t arp[46] = { 0, 1, 8, 0, 6, 4, 0, 1 };

    net_rig_init(&rig, 0, false);
    memcpy(arp + 24, "\12\0\0\1", 4);
    for (size_t n = 0; n < 14 + 28; n++) {
        t_row("%zu bytes", n);
        rig_frame4(&f, rig_ip4(PROTO_UDP), arp, sizeof arp);
        be16_store(f.b + 12, ETHER_ARP);
        memcpy(f.b + 14, arp, sizeof arp);
        f.len = n;
        refused(0);
    }
    for (unsigned at = 0; at < 6; at++) {
        f.len = 60;
        memcpy(f.b + 14, arp, sizeof arp);
        f.b[14 + at] = 255;
        refused(0);
    }
    net_rig_free(&rig);
}

/* CVE-1999-0128, CVE-2020-17438: beyond 65535, not eights; CVE-2021-24086: a
 * fragment in a fragment.  (Overlaps: test_overlaps in unit/frag_test.c.) */
static void never_whole(void)
{
    (void)rig_in_runs(&rig, RIG_ETH, &f, 3);
    EXPECT_EQ(rig.rx_n, 0);
    EXPECT_LE(drain(), 1);
}

TEST(c20_c21_c25_fragments)
{
    static const struct {
        uint32_t off, len;
        bool     more;
    } rows[] = {
        { 65512, 1400, false },
        { 65528, 100, false },
        { 65528, 8, true },
        { 0, 13, true },
    };
    static uint8_t body[1500] = { PROTO_UDP };

    begin(false);
    T_EACH (r, rows) {
        struct ip4_repr ip = rig_ip4(PROTO_UDP);

        t_row("%u+%u", r->off, r->len);
        ip.frag_off = (uint16_t)r->off;
        ip.mf = r->more;
        rig_frame4(&f, ip, body, r->len);
        never_whole();
        be32_store(body, (uint32_t)PROTO_UDP << 24 | r->off | r->more);
        rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), body, r->len + 8);
        never_whole();
    }
    memset(body, 0, sizeof body);
    for (unsigned i = 0; i < 6; i++) /* nested, each the first of more */
        memcpy(body + i * 8, (uint8_t[]){ PROTO_FRAGMENT, 0, 0, 1 }, 4);
    rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), body, 48);
    never_whole();
    rig_advance(&rig, 120 * NS_S);
    drain();
    EXPECT_EQ(arena_used(rig.arena), 0);
    net_rig_free(&rig);
}

/* CVE-2018-5391: fragments that are never whole: many datagrams; many small
 * pieces of one.  Memory is bounded and comes back. */
TEST(c22_fragment_floods)
{
    static const uint8_t data[8];
    size_t               most = 0;

    begin(false);
    for (unsigned i = 0; i < 20000; i++) {
        struct ip4_repr ip = rig_ip4(PROTO_UDP);

        ip.id = (uint16_t)(i < 10000 ? i : 7);
        ip.frag_off = (uint16_t)(i < 10000 ? 0 : (i % 8000) * 8);
        ip.mf = true;
        rig_frame4(&f, ip, data, 8);
        (void)rig_in(&rig, RIG_ETH, &f);
        EXPECT_EQ(rig.rx_n, 0);
        most = MAX(most, arena_used(rig.arena));
        drain();
    }
    EXPECT_LE(most, 256 * 1024);
    rig_advance(&rig, 120 * NS_S);
    drain();
    EXPECT_EQ(arena_used(rig.arena), 0);
    net_rig_free(&rig);
}

/* RFC 7112: the headers are not all in the first fragment. */
TEST(c23_tiny_first_fragment)
{
    uint8_t b[16] = { PROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 9, PROTO_TCP, 3 };

    begin(false);
    rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), b, sizeof b);
    (void)rig_in(&rig, RIG_ETH, &f); /* kept, not believed */
    EXPECT_EQ(rig.rx_n, 0);
    b[3] = 8; /* the last one: the options' header is still cut */
    rig_frame6(&f, rig_ip6(PROTO_FRAGMENT), b, sizeof b);
    (void)rig_in(&rig, RIG_ETH, &f);
    EXPECT_EQ(rig.rx_n, 0);
    rig_advance(&rig, 120 * NS_S);
    drain();
    net_rig_free(&rig);
}

/* Smurf: what is reflected: nothing to a group, from a group, about an
 * error; a flood of questions gets as many errors as the limit allows. */
TEST(c34_reflections)
{
    static const char *const bad[] = { "255.255.255.255", "10.0.0.255",
                                       "224.0.0.1" };
    static const uint8_t     udp[16] = { 0, 9, 0, 9, 0, 16 };
    unsigned                 told = 0;

    begin(true);
    T_EACH (a, bad) {
        uint8_t         echo[16] = { 8 };
        struct ip4_repr ip = rig_ip4(PROTO_ICMP4);

        icmp4hdr_seal(echo, sizeof echo);
        t_row("echo to %s", *a);
        ip.dst = rig_addr(*a);
        rig_frame4(&f, ip, echo, sizeof echo);
        refused(0);
        t_row("echo from %s", *a);
        ip = rig_ip4(PROTO_ICMP4);
        ip.src = rig_addr(*a);
        rig_frame4(&f, ip, echo, sizeof echo);
        refused(0);
        t_row("datagram to %s", *a);
        ip = rig_ip4(PROTO_UDP);
        ip.dst = rig_addr(*a);
        rig_frame4(&f, ip, udp, sizeof udp);
        refused(0);
    }
    rig_frame4(&f, rig_ip4(PROTO_UDP), udp, sizeof udp);
    for (unsigned i = 0; i < 1000; i++) {
        (void)rig_in(&rig, RIG_ETH, &f);
        told += drain();
    }
    EXPECT_LE(told, 100);
    net_rig_free(&rig);
}

/* A datagram for no port, from 10.0.0.`from`; the errors that it gets. */
static unsigned errors_to(unsigned from)
{
    static const uint8_t udp[16] = { 0, 9, 0, 9, 0, 16 };
    struct ip4_repr      ip = rig_ip4(PROTO_UDP);

    ip.src = addr4(0x0a000000 + from);
    rig_frame4(&f, ip, udp, sizeof udp);
    (void)rig_in(&rig, RIG_ETH, &f);
    return drain();
}

static void know_them(unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        struct cw_addr a = addr4(0x0a000000 + i);
        struct cw_mac  mac = rig_mac(2);

        EXPECT_EQ(net_neigh_add(rig.net, RIG_ETH, &a, &mac), 0);
    }
}

/* CVE-2020-25705: how many errors go out before the limit holds them back
 * differs, so that it does not tell which ports answer. */
TEST(c38_icmp_limit_is_no_counter)
{
    unsigned told[5] = { 0 }, same = 0;

    begin(true);
    know_them(2, 101);
    for (unsigned s = 0; s < 5; s++) {
        for (unsigned i = 0; i < 200; i++)
            told[s] += errors_to(2 + i % 100);
        EXPECT_GE(told[s], 25);
        EXPECT_LE(told[s], 100);
        same += told[s] == told[0];
        rig_advance(&rig, NS_S);
    }
    EXPECT_LT(same, 5);
    net_rig_free(&rig);
}

/* And of its own share no more can be counted; but whoever asks without end
 * does not use up what others are told (RFC 4443 §2.4 (f)). */
TEST(c38_one_asker_of_many)
{
    unsigned told[5] = { 0 }, same = 0, others = 0;

    begin(true);
    know_them(2, 33);
    for (unsigned s = 0; s < 5; s++) {
        for (unsigned i = 0; i < 1000; i++)
            told[s] += errors_to(2);
        EXPECT_GE(told[s], 10);
        EXPECT_LE(told[s], 40);
        same += told[s] == told[0];
        rig_advance(&rig, NS_S);
    }
    EXPECT_LT(same, 5);
    for (unsigned i = 0; i < 1000; i++)
        (void)errors_to(2);
    for (unsigned i = 3; i <= 22; i++)
        others += errors_to(i);
    EXPECT_GE(others, 18); /* one or two may hash to the same share */
    net_rig_free(&rig);
}

/* The identification of the next datagram to 10.0.0.`to`. */
static uint16_t next_id(const char *to, unsigned pmtudisc)
{
    struct net_tx   tx = { .src = rig_addr("10.0.0.1"),
                           .dst = rig_addr(to),
                           .proto = PROTO_UDP,
                           .pmtudisc = (uint8_t)pmtudisc,
                           .why = WHY_TX_UDP };
    struct ip4_repr ip;

    EXPECT_EQ(rig_send(&rig, &tx, 8), GO_ON);
    EXPECT(rig_out(&rig, &g));
    rig_read4(&g, &ip);
    return ip.id;
}

/* RFC 7739; idle scan; CVE-2019-10638: from the identifications that one
 * destination sees nobody can tell how many packets another one was sent, nor
 * the other's next; and what is never cut has none (CVE-2020-36516). */
TEST(c24_c40_identifications)
{
    static const char *const to[] = { "10.0.0.2", "10.0.0.3" };
    struct cw_addr           other = rig_addr(to[1]);
    struct cw_mac            mac = rig_mac(3);
    unsigned                 near = 0, equal = 0;
    uint16_t                 last[2] = { 0 };

    begin(false);
    EXPECT_EQ(net_neigh_add(rig.net, RIG_ETH, &other, &mac), 0);
    for (unsigned i = 0; i < 400; i++) {
        uint16_t id = 0;

        for (unsigned n = 0; n <= i % 4; n++) /* between them: others */
            id = next_id(to[1], CW_PMTUDISC_DONT);
        equal += (uint16_t)(id - last[1]) == (uint16_t)(last[0] - last[1]);
        last[1] = id;
        id = next_id(to[0], CW_PMTUDISC_DONT);
        near += (uint16_t)(id - last[0]) < 256;
        equal += id == last[1] || (uint16_t)(id - last[1]) == 1;
        last[0] = id;
        EXPECT_EQ(next_id(to[0], CW_PMTUDISC_DO), 0);
    }
    EXPECT_LE(near, 12); /* 400 * 256 / 65536 are 1.6 */
    EXPECT_LE(equal, 6);
    net_rig_free(&rig);
}

/* RFC 4861 §6.1, §7.1: nothing that came through a router is neighbour
 * discovery. */
TEST(c45_from_afar)
{
    static const uint8_t types[] = { 133, 134, 135, 136, 137 };

    begin(false);
    T_EACH (type, types) {
        struct ip6_repr ip = rig_ip6(PROTO_ICMP6);
        uint8_t         m[40] = { *type };

        t_row("type %u", *type);
        ip.hop = 254;
        ip.src = rig_addr("fe80::2");
        memcpy(m + 8, rig_addr("fd00::1").b, 16);
        icmp6hdr_seal(m, sizeof m, &ip.src, &ip.dst);
        rig_frame6(&f, ip, m, sizeof m);
        refused(0);
    }
    net_rig_free(&rig);
}

/* CVE-2003-0001 (Etherleak): a frame ends where its packet ends; the medium
 * pads.  Nothing that was in a buffer before leaves with it. */
TEST(c49_padding)
{
    uint8_t echo[9] = { 8 };

    begin(false);
    icmp4hdr_seal(echo, sizeof echo);
    rig_frame4(&f, rig_ip4(PROTO_ICMP4), echo, sizeof echo);
    memset(f.b + f.len, 0xa5, 60 - f.len);
    f.len = 60;
    EXPECT_EQ(rig_in(&rig, RIG_ETH, &f), GO_ON);
    EXPECT(rig_out(&rig, &g));
    EXPECT_EQ(be16_load(g.b + 16), 29);
    for (size_t i = 14 + 29; i < g.len; i++)
        EXPECT_EQ(g.b[i], 0);
    net_rig_free(&rig);
}

T_MAIN(T(c01_ip4_lengths), T(c02_ip4_options), T(c06_udp_length),
       T(c07_icmp_cut), T(c08_ip6_payload_length),
       T(c09_ip6_extension_headers), T(c10_routing_header_0), T(c11_tunnels),
       T(c12_nd_options), T(c13_runts), T(c20_c21_c25_fragments),
       T(c22_fragment_floods), T(c23_tiny_first_fragment), T(c34_reflections),
       T(c38_icmp_limit_is_no_counter), T(c38_one_asker_of_many),
       T(c24_c40_identifications), T(c45_from_afar), T(c49_padding))
