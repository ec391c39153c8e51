/* mcast_test.c: what routers hear of groups: RFC 3376, 2236, 3810, 2710, in
 * virtual time, both families by the same steps. */
#include "t.h"

#include "net/mcast.h"
#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/icmp6hdr.h"

static struct net_rig rig;
static struct frame   f, g;
static bool           ip4;

static struct cw_addr group(unsigned n)
{
    struct cw_addr a = rig_addr(ip4 ? "239.1.2.0" : "ff15::1200");

    a.b[15] = (uint8_t)n;
    return a;
}

static struct cw_addr source(unsigned n)
{
    struct cw_addr a = rig_addr(ip4 ? "10.0.9.0" : "fd00::900");

    a.b[15] = (uint8_t)n;
    return a;
}

static void begin(bool four, unsigned flags)
{
    ip4 = four;
    net_rig_init(&rig, flags, false);
}

static void end(void)
{
    rig_advance(&rig, 300 * NS_S);
    while (rig_out(&rig, &g))
        ;
    net_rig_free(&rig);
}

#define FAMILIES(four)                                         \
    for (int four = 1, once_ = (begin(four, 0), 1); four >= 0; \
         end(), four--, once_ = four >= 0 ? (begin(four, 0), 1) : once_)

static struct net_filter filter(bool exclude, unsigned first, unsigned n)
{
    struct net_filter out = { .exclude = exclude, .nsrc = (uint8_t)n };

    for (unsigned i = 0; i < n; i++)
        out.src[i] = source(first + i);
    return out;
}

static struct net_member *join(unsigned n, struct net_filter what)
{
    struct cw_addr     a = group(n);
    struct net_member *m = NULL;

    EXPECT_EQ(net_group_join(rig.net, RIG_ETH, &a, &what, &m), 0);
    return m;
}

static struct net_member *join_all(unsigned n)
{
    return join(n, filter(true, 0, 0));
}

/* ---- what was sent ------------------------------------------------------------ */

/* The message of the next frame, which is sent as the RFCs say (RFC 3376 §4,
 * RFC 3810 §5): to this address, TTL 1, Router Alert, a good checksum. */
static const uint8_t *message(const struct cw_addr *dst, size_t *len)
{
    static const uint8_t alert4[] = { 148, 4, 0, 0 };
    static const uint8_t alert6[] = { PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0 };
    struct cw_mac        mac = mac_of_multicast(dst);
    const uint8_t       *p;
    struct ip4_repr      a;
    struct ip6_repr      b;

    EXPECT(rig_out(&rig, &f));
    EXPECT_EQ(f.why, WHY_TX_GROUP);
    EXPECT_MEM(f.b, mac.b, 6);
    if (ip4) {
        p = rig_read4(&f, &a);
        EXPECT(addr_eq(&a.dst, dst));
        EXPECT_EQ(addr_u4(&a.src), 0x0a000001);
        EXPECT_EQ(a.ttl, 1);
        EXPECT_EQ(a.tos, 0xc0);
        EXPECT_EQ(a.proto, PROTO_IGMP);
        EXPECT_EQ(a.opts.len, 4);
        EXPECT_MEM(a.opts.p, alert4, 4);
        *len = a.total_len - a.hdr_len;
        EXPECT_EQ(cksum_fold(cksum_add(0, p, *len)), 0);
        return p;
    }
    p = rig_read6(&f, &b);
    EXPECT(addr_eq(&b.dst, dst));
    EXPECT(addr_is_linklocal(&b.src));
    EXPECT_EQ(b.hop, 1);
    EXPECT_EQ(b.next, PROTO_HOPOPTS);
    EXPECT_MEM(p, alert6, 8);
    *len = b.payload_len - 8u;
    EXPECT_EQ(icmp6hdr_verify(span_of(p + 8, *len), &b.src, &b.dst), GO_ON);
    return p + 8;
}

static struct cw_addr routers3(void)
{
    return rig_addr(ip4 ? "224.0.0.22" : "ff02::16");
}

/* A version 3 report of nrec records; its first one. */
static const uint8_t *report(unsigned nrec)
{
    struct cw_addr dst = routers3();
    size_t         len;
    const uint8_t *p = message(&dst, &len);

    EXPECT_EQ(p[0], ip4 ? IGMP_REPORT3 : ICMP6_MLD2_REPORT);
    EXPECT_EQ(be16_load(p + 6), nrec);
    return p + 8;
}

static const uint8_t *expect_record(const uint8_t *p, unsigned type,
                                    unsigned n, unsigned first, unsigned nsrc)
{
    size_t         size = ip4 ? 4 : 16;
    struct cw_addr want = group(n);

    EXPECT_EQ(p[0], type);
    EXPECT_EQ(p[1], 0);
    EXPECT_EQ(be16_load(p + 2), nsrc);
    EXPECT_MEM(p + 4, want.b + 16 - size, size);
    p += 4 + size;
    for (unsigned i = 0; i < nsrc; i++, p += size) {
        want = source(first + i);
        EXPECT_MEM(p, want.b + 16 - size, size);
    }
    return p;
}

static void one_record(unsigned type, unsigned n, unsigned first,
                       unsigned nsrc)
{
    expect_record(report(1), type, n, first, nsrc);
}

/* Now, and once more within a second; never again. */
static void told_twice(unsigned type, unsigned n, unsigned first,
                       unsigned nsrc)
{
    one_record(type, n, first, nsrc);
    rig_out_none(&rig);
    rig_advance(&rig, NS_S);
    one_record(type, n, first, nsrc);
    rig_advance(&rig, 60 * NS_S);
    rig_out_none(&rig);
}

static void skip_all(void)
{
    rig_advance(&rig, 20 * NS_S);
    while (rig_out(&rig, &g))
        ;
}

/* A message of versions 1 and 2. */
static void old_message(unsigned type, unsigned n)
{
    struct cw_addr want = group(n),
                   all = rig_addr(ip4 ? "224.0.0.2" : "ff02::2");
    bool           leave = type == IGMP_LEAVE || type == ICMP6_MLD_DONE;
    size_t         len, size = ip4 ? 4 : 16;
    const uint8_t *p = message(leave ? &all : &want, &len);

    EXPECT_EQ(len, ip4 ? 8 : 24);
    EXPECT_EQ(p[0], type);
    EXPECT_MEM(p + len - size, want.b + 16 - size, size);
}

/* ---- what is asked -------------------------------------------------------------- */

struct ask {
    unsigned version, group, max_ms; /* group 0: general */
    unsigned nsrc, first, robustness;
    bool     no_alert, bad_sum, far, remote;
};

static size_t put_query(uint8_t *p, const struct ask *q)
{
    struct cw_addr grp = q->group ? group(q->group)
        : ip4                     ? addr4(0)
                                  : (struct cw_addr){ .b = { 0 } };
    size_t         size = ip4 ? 4 : 16, len = ip4 ? 8 : 24;

    memset(p, 0, 64);
    p[0] = ip4 ? IGMP_QUERY : ICMP6_MLD_QUERY;
    if (ip4)
        p[1] = (uint8_t)(q->version == 1 ? 0 : q->max_ms / 100);
    else
        be16_store(p + 4, (uint16_t)q->max_ms);
    memcpy(p + len - size, grp.b + 16 - size, size);
    if (q->version < 3)
        return len;
    p[len] = (uint8_t)q->robustness;
    be16_store(p + len + 2, (uint16_t)q->nsrc);
    len += 4;
    for (unsigned i = 0; i < q->nsrc; i++, len += size) {
        struct cw_addr s = source(q->first + i);

        memcpy(p + len, s.b + 16 - size, size);
    }
    return len;
}

static enum why ask4(const struct ask *q, const uint8_t *msg, size_t len)
{
    static const uint8_t alert[] = { 148, 4, 0, 0 };
    struct ip4_repr      ip = rig_ip4(PROTO_IGMP);
    uint8_t              p[200];

    memcpy(p, msg, len);
    be16_store(p + 2, cksum_fold(cksum_add(0, p, len)));
    p[3] ^= q->bad_sum;
    ip.dst = q->group ? group(q->group) : rig_addr("224.0.0.1");
    ip.ttl = q->far ? 2 : 1;
    if (q->version > 1 && !q->no_alert)
        ip.opts = span_of(alert, 4);
    rig_frame4(&f, ip, p, len);
    return rig_in(&rig, RIG_ETH, &f);
}

static enum why ask6(const struct ask *q, const uint8_t *msg, size_t len)
{
    uint8_t         p[200] = { PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0 };
    struct ip6_repr ip = rig_ip6(PROTO_HOPOPTS);

    if (q->no_alert)
        memcpy(p + 2, "\1\4\0\0\0", 6); /* padding instead */
    memcpy(p + 8, msg, len);
    ip.src = rig_addr(q->remote ? "fd00::2" : "fe80::2");
    ip.dst = q->group ? group(q->group) : rig_addr("ff02::1");
    ip.hop = q->far ? 2 : 1;
    icmp6hdr_seal(p + 8, len, &ip.src, &ip.dst);
    p[11] ^= q->bad_sum;
    rig_frame6(&f, ip, p, len + 8);
    return rig_in(&rig, RIG_ETH, &f);
}

static enum why ask(struct ask q)
{
    uint8_t p[200];
    size_t  len = put_query(p, &q);

    return ip4 ? ask4(&q, p, len) : ask6(&q, p, len);
}

/* Another member of the group says so. */
static void other_reports(unsigned n)
{
    struct ask q = { .version = 2, .group = n };
    uint8_t    p[200];
    size_t     len = put_query(p, &q);

    p[0] = ip4 ? IGMP_REPORT2 : ICMP6_MLD_REPORT;
    EXPECT_EQ(ip4 ? ask4(&q, p, len) : ask6(&q, p, len), GO_ON);
}

/* ---- joining and leaving ---------------------------------------------------------- */

/* RFC 3376 §5.1, §6.1: TO_EX {} on the way in, TO_IN {} on the way out, each
 * [Robustness Variable] times. [RFC1122-3.3.7-a] */
TEST(a_change_is_told_at_once_and_once_more)
{
    FAMILIES (four) {
        struct net_member *m = join_all(1), *n;

        told_twice(GROUP_TO_EX, 1, 0, 0);
        n = join_all(1); /* nothing changes for the interface */
        rig_out_none(&rig);
        net_group_leave(m);
        rig_out_none(&rig);
        net_group_leave(n);
        told_twice(GROUP_TO_IN, 1, 0, 0);
        EXPECT_EQ(arena_used(rig.arena), 0);
    }
}

/* Left before the second telling: what is told is how it is now. */
TEST(a_change_of_mind_is_told_as_it_stands)
{
    FAMILIES (four) {
        struct net_member *m = join_all(1);

        one_record(GROUP_TO_EX, 1, 0, 0);
        net_group_leave(m);
        told_twice(GROUP_TO_IN, 1, 0, 0);
    }
}

/* §5.1: differences of the list, in either mode. */
TEST(sources_are_told_by_difference)
{
    FAMILIES (four) {
        struct net_member *m = join(1, filter(false, 1, 2));
        struct net_filter  other = filter(false, 2, 2);
        struct net_filter  block = filter(true, 1, 1);
        struct net_filter  nobody = filter(true, 0, 0);
        const uint8_t     *p;

        told_twice(GROUP_ALLOW, 1, 1, 2);
        net_group_filter(m, &other);
        p = expect_record(report(2), GROUP_ALLOW, 1, 3, 1);
        expect_record(p, GROUP_BLOCK, 1, 1, 1);
        skip_all();
        net_group_filter(m, &block);
        told_twice(GROUP_TO_EX, 1, 1, 1);
        net_group_filter(m, &nobody);
        told_twice(GROUP_ALLOW, 1, 1, 1);
        net_group_filter(m, &block);
        told_twice(GROUP_BLOCK, 1, 1, 1);
        net_group_leave(m);
        told_twice(GROUP_TO_IN, 1, 0, 0);
    }
}

/* §3.2: together, all but {1,2} and all but {2,3} is all but {2}; and {2}
 * besides is all. */
TEST(members_are_merged)
{
    FAMILIES (four) {
        struct net_member *a = join(1, filter(true, 1, 2));
        struct net_member *b, *c;
        struct cw_addr     one = group(1), s2 = source(2), s1 = source(1);
        struct netif      *nif = netif_of(rig.net, RIG_ETH);

        told_twice(GROUP_TO_EX, 1, 1, 2);
        b = join(1, filter(true, 2, 2));
        told_twice(GROUP_ALLOW, 1, 1, 1);
        EXPECT(!mcast_wanted(nif, &one, &s2));
        EXPECT(mcast_wanted(nif, &one, &s1));
        c = join(1, filter(false, 2, 1));
        told_twice(GROUP_ALLOW, 1, 2, 1);
        EXPECT(mcast_wanted(nif, &one, &s2));
        net_group_leave(a);
        net_group_leave(b);
        skip_all();
        EXPECT(!mcast_wanted(nif, &one, &s1));
        net_group_leave(c);
        EXPECT(!mcast_wanted(nif, &one, &s2));
    }
}

/* More sources than a record holds: all are asked for, and what members want
 * is still exact. */
TEST(too_many_sources_become_all)
{
    FAMILIES (four) {
        struct net_member *m[3];
        struct cw_addr     one = group(1), in = source(25), out = source(99);
        struct netif      *nif = netif_of(rig.net, RIG_ETH);

        m[0] = join(1, filter(false, 1, 10));
        m[1] = join(1, filter(false, 11, 10));
        skip_all();
        m[2] = join(1, filter(false, 21, 10));
        told_twice(GROUP_TO_EX, 1, 0, 0);
        EXPECT(mcast_wanted(nif, &one, &in));
        EXPECT(!mcast_wanted(nif, &one, &out));
        for (unsigned i = 0; i < 3; i++)
            net_group_leave(m[i]);
    }
}

/* ---- queries ----------------------------------------------------------------------- */

/* §5.2: a general query is answered for all groups at once, within its time,
 * and only once. */
TEST(a_general_query_has_one_answer)
{
    FAMILIES (four) {
        struct net_member *m = join_all(1), *n = join(2, filter(false, 4, 1));
        const uint8_t     *p;

        skip_all();
        EXPECT_EQ(ask((struct ask){ .version = 3, .max_ms = 5000 }), GO_ON);
        EXPECT_EQ(ask((struct ask){ .version = 3, .max_ms = 5000 }), GO_ON);
        rig_advance(&rig, 5000 * NS_MS);
        p = expect_record(report(2), GROUP_IS_EX, 1, 0, 0);
        expect_record(p, GROUP_IS_IN, 2, 4, 1);
        rig_advance(&rig, 60 * NS_S);
        rig_out_none(&rig);
        net_group_leave(m);
        net_group_leave(n);
    }
}

/* §5.2: about one group; about some sources, of which only those wanted are
 * told; about a group that nobody wants, silence. */
TEST(a_query_about_a_group_has_its_answer)
{
    FAMILIES (four) {
        struct net_member *m = join(1, filter(false, 4, 3));

        skip_all();
        EXPECT_EQ(
            ask((struct ask){ .version = 3, .group = 1, .max_ms = 1000 }),
            GO_ON);
        rig_advance(&rig, NS_S);
        one_record(GROUP_IS_IN, 1, 4, 3);
        EXPECT_EQ(ask((struct ask){ .version = 3,
                                    .group = 1,
                                    .max_ms = 1000,
                                    .nsrc = 4,
                                    .first = 1 }),
                  GO_ON);
        rig_advance(&rig, NS_S);
        one_record(GROUP_IS_IN, 1, 4, 1);
        EXPECT_EQ(ask((struct ask){ .version = 3,
                                    .group = 1,
                                    .max_ms = 1000,
                                    .nsrc = 2,
                                    .first = 20 }),
                  GO_ON);
        EXPECT_EQ(
            ask((struct ask){ .version = 3, .group = 7, .max_ms = 1000 }),
            WHY_NOT_FOR_US);
        rig_advance(&rig, 60 * NS_S);
        rig_out_none(&rig);
        net_group_leave(m);
    }
}

/* §4.1.6: the querier says how often changes are told. */
TEST(the_querier_sets_the_robustness)
{
    FAMILIES (four) {
        struct net_member *m;

        EXPECT_EQ(
            ask((struct ask){ .version = 3, .max_ms = 100, .robustness = 4 }),
            GO_ON);
        skip_all();
        m = join_all(1);
        for (int i = 0; i < 4; i++) {
            one_record(GROUP_TO_EX, 1, 0, 0);
            rig_advance(&rig, NS_S);
        }
        rig_advance(&rig, 60 * NS_S);
        rig_out_none(&rig);
        net_group_leave(m);
    }
}

/* RFC 3376 §9.1, RFC 3810 §6.2: what may come from beyond the link, or is
 * broken, is not believed. */
TEST(doubtful_queries_are_ignored)
{
    static const struct ask t[] = {
        { .version = 3, .max_ms = 100, .no_alert = true },
        { .version = 2, .max_ms = 100, .no_alert = true },
        { .version = 3, .max_ms = 100, .far = true },
        { .version = 3, .max_ms = 100, .bad_sum = true },
        { .version = 3, .max_ms = 100, .remote = true }, /* IPv6 only */
    };

    FAMILIES (four) {
        struct net_member *m = join_all(1);

        skip_all();
        for (size_t i = 0; i < ARRAY_LEN(t) - (ip4 ? 1 : 0); i++) {
            t_row("%zu", i);
            EXPECT_EQ(ask(t[i]),
                      t[i].bad_sum && !ip4 ? WHY_ICMP_CHECKSUM
                                           : WHY_GROUP_BAD);
            rig_advance(&rig, 60 * NS_S);
            rig_out_none(&rig);
        }
        net_group_leave(m);
        one_record(GROUP_TO_IN, 1, 0, 0); /* still version 3 */
    }
}

/* ---- older queriers ------------------------------------------------------------------ */

/* RFC 2236 §3, §7.2.1 of RFC 3376: a version 2 querier gets version 2's
 * reports, until it has been silent for 260 s. */
TEST(version_2_is_spoken_to_a_version_2_querier)
{
    FAMILIES (four) {
        unsigned           told = ip4 ? IGMP_REPORT2 : ICMP6_MLD_REPORT;
        struct net_member *m = join_all(1), *n;

        skip_all();
        EXPECT_EQ(ask((struct ask){ .version = 2, .max_ms = 10000 }), GO_ON);
        rig_advance(&rig, 10 * NS_S);
        old_message(told, 1);
        n = join_all(2); /* twice, the second within ten seconds */
        old_message(told, 2);
        rig_advance(&rig, 10 * NS_S);
        old_message(told, 2);
        net_group_leave(n);
        old_message(ip4 ? IGMP_LEAVE : ICMP6_MLD_DONE, 2);
        rig_advance(&rig, 235 * NS_S);
        rig_out_none(&rig);
        rig_advance(&rig, 6 * NS_S);
        net_group_leave(m);
        told_twice(GROUP_TO_IN, 1, 0, 0);
    }
}

/* One report of a group is enough, and only its sender says that it leaves:
 * RFC 2236 §3. */
TEST(another_members_report_is_enough)
{
    FAMILIES (four) {
        struct net_member *m = join_all(1);

        skip_all();
        EXPECT_EQ(ask((struct ask){ .version = 2, .max_ms = 10000 }), GO_ON);
        other_reports(1);
        rig_advance(&rig, 60 * NS_S);
        rig_out_none(&rig);
        net_group_leave(m);
        rig_out_none(&rig);
    }
}

/* RFC 3376 §7.2.1: version 1 knows no leave. */
TEST(version_1_is_spoken_to_a_version_1_querier)
{
    struct net_member *m;

    begin(true, 0);
    m = join_all(1);
    skip_all();
    EXPECT_EQ(ask((struct ask){ .version = 1 }), GO_ON);
    rig_advance(&rig, 10 * NS_S);
    old_message(IGMP_REPORT1, 1);
    net_group_leave(m);
    rig_out_none(&rig);
    end();
}

/* ---- silence and bounds ---------------------------------------------------------------- */

/* RFC 3376 §6, RFC 3810 §6: nobody is told of the groups of all hosts, of
 * those that stay within the host; nor by an interface that does not speak. */
TEST(some_groups_are_not_told)
{
    static const char *const quiet[] = { "224.0.0.1", "ff02::1", "ff01::1" };
    struct net_filter        all = { .exclude = true };
    struct net_member       *m;

    begin(true, 0);
    for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
        struct cw_addr a = rig_addr(quiet[i]);

        EXPECT_EQ(net_group_join(rig.net, RIG_ETH, &a, &all, &m), 0);
        net_group_leave(m);
        rig_out_none(&rig);
    }
    end();
    for (int v = 0; v < 2; v++) {
        begin(v, CW_NETIF_NOARP);
        m = join_all(1);
        EXPECT_EQ(ask((struct ask){ .version = 3, .max_ms = 100 }),
                  WHY_ICMP_UNHANDLED);
        net_group_leave(m);
        rig_advance(&rig, 60 * NS_S);
        rig_out_none(&rig);
        end();
    }
}

TEST(groups_are_bounded)
{
    static struct net_member *m[MCAST_GROUPS_MAX];
    struct net_filter         all = { .exclude = true };
    struct net_member        *one;
    struct cw_addr            a;

    begin(true, CW_NETIF_NOARP);
    for (unsigned i = 0; i < MCAST_GROUPS_MAX; i++)
        m[i] = join_all(i + 1);
    a = group(200);
    EXPECT_EQ(net_group_join(rig.net, RIG_ETH, &a, &all, &one), -CW_ENOBUFS);
    one = join_all(1); /* the group is there already */
    net_group_leave(one);
    for (unsigned i = 0; i < MCAST_GROUPS_MAX; i++)
        net_group_leave(m[i]);
    EXPECT_EQ(arena_used(rig.arena), 0);
    end();
}

/* A hundred groups' answer is cut into reports that fit the link. */
TEST(long_reports_are_cut)
{
    FAMILIES (four) {
        static struct net_member *m[MCAST_GROUPS_MAX];
        unsigned                  seen = 0;

        for (unsigned i = 0; i < MCAST_GROUPS_MAX; i++)
            m[i] = join(i + 1, filter(false, 1, 10));
        skip_all();
        EXPECT_EQ(ask((struct ask){ .version = 3, .max_ms = 100 }), GO_ON);
        rig_advance(&rig, NS_S);
        while (seen < MCAST_GROUPS_MAX) {
            struct cw_addr dst = routers3();
            size_t         len;
            const uint8_t *p = message(&dst, &len);

            EXPECT_LE(f.len, ETHER_LEN + IP6_MTU_MIN);
            seen += be16_load(p + 6);
        }
        EXPECT_EQ(seen, MCAST_GROUPS_MAX);
        for (unsigned i = 0; i < MCAST_GROUPS_MAX; i++)
            net_group_leave(m[i]);
    }
}

/* RFC 1112 §6.4, RFC 2464 §7: frames for other groups are not looked at. */
TEST(the_link_filters_by_group)
{
    FAMILIES (four) {
        struct net_member *m = join_all(1);
        struct netif      *nif = netif_of(rig.net, RIG_ETH);
        struct cw_addr     one = group(1), two = group(2);
        struct cw_addr     node = rig_addr("ff02::1:ff00:1");
        struct cw_mac      a = mac_of_multicast(&one);
        struct cw_mac      b = mac_of_multicast(&two);
        struct cw_mac      c = mac_of_multicast(&node);

        EXPECT(mcast_mac_wanted(nif, &a));
        EXPECT(!mcast_mac_wanted(nif, &b));
        EXPECT(mcast_mac_wanted(nif, &c));
        net_group_leave(m);
        rig_advance(&rig, 60 * NS_S);
        EXPECT(!mcast_mac_wanted(nif, &a));
    }
}

T_MAIN(T(a_change_is_told_at_once_and_once_more),
       T(a_change_of_mind_is_told_as_it_stands),
       T(sources_are_told_by_difference), T(members_are_merged),
       T(too_many_sources_become_all), T(a_general_query_has_one_answer),
       T(a_query_about_a_group_has_its_answer),
       T(the_querier_sets_the_robustness), T(doubtful_queries_are_ignored),
       T(version_2_is_spoken_to_a_version_2_querier),
       T(another_members_report_is_enough),
       T(version_1_is_spoken_to_a_version_1_querier),
       T(some_groups_are_not_told), T(groups_are_bounded),
       T(long_reports_are_cut), T(the_link_filters_by_group))
