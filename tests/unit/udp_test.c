/* udp_test.c: UDP sockets on one host and between two, with the wire in
 * between in the test's hands.
 */
#include "t.h"

#include "net_rig.h"
#include "wire/cksum.h"
#include "wire/udphdr.h"

static struct net_rig a, b; /* 10.0.0.1 and 10.0.0.2 */
static struct frame   f;
static uint8_t        big[70000], got[70000];

static void add_neigh(struct net_rig *r, const char *addr, unsigned n)
{
    struct cw_addr x = rig_addr(addr);
    struct cw_mac  mac = rig_mac(n);

    assert_int_equal(net_neigh_add(r->net, RIG_ETH, &x, &mac), 0);
}

static int setup(void **state)
{
    (void)state;
    net_rig_init(&a, CW_NETIF_NOARP, true);
    net_rig_init_as(&b, 2, CW_NETIF_NOARP, true);
    add_neigh(&a, "10.0.0.2", 2);
    add_neigh(&b, "10.0.0.1", 1);
    add_neigh(&b, "fd00::1", 1);
    for (unsigned i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 31 + (i >> 8));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_rig_free(&a);
    net_rig_free(&b);
    return 0;
}

static struct cw_sockaddr name(const char *addr, uint16_t port)
{
    return (struct cw_sockaddr){ .addr = rig_addr(addr), .port = port };
}

static struct udp_sock *sock(struct net_rig *r, bool ip6)
{
    struct udp_sock *u = udp_open(r->udp, r, ip6);

    assert_non_null(u);
    return u;
}

static struct udp_sock *bound(struct net_rig *r, const char *addr,
                              uint16_t port)
{
    struct cw_sockaddr n = name(addr, port);
    struct udp_sock   *u = sock(r, !addr_is4(&n.addr));

    assert_int_equal(udp_bind(u, &n), 0);
    return u;
}

static ptrdiff_t send_to(struct udp_sock *u, const char *addr, uint16_t port,
                         const void *buf, size_t len)
{
    struct cw_msg m = { .buf = (void *)(uintptr_t)buf,
                        .len = len,
                        .addr = name(addr, port),
                        .has_addr = true };

    return udp_send(u, &m);
}

static ptrdiff_t send_peer(struct udp_sock *u, const void *buf, size_t len)
{
    struct cw_msg m = { .buf = (void *)(uintptr_t)buf, .len = len };

    return udp_send(u, &m);
}

static struct cw_msg last;

static ptrdiff_t recv_flags(struct udp_sock *u, size_t room, int flags)
{
    last = (struct cw_msg){ .buf = got, .len = room, .flags = flags };
    return udp_recv(u, &last);
}

static ptrdiff_t recv_one(struct udp_sock *u)
{
    return recv_flags(u, sizeof got, 0);
}

/* Carries frames both ways until there are none; answers how many. */
static unsigned carry(void)
{
    unsigned n = 0;

    for (bool more = true; more;) {
        more = false;
        while (rig_out(&a, &f)) {
            (void)rig_in(f.netif == RIG_LO ? &a : &b, f.netif, &f);
            more = true;
            n++;
        }
        while (rig_out(&b, &f)) {
            (void)rig_in(f.netif == RIG_LO ? &b : &a, f.netif, &f);
            more = true;
            n++;
        }
    }
    return n;
}

/* ---- two hosts ---------------------------------------------------------- */

/* There and back, over both families, every size up to the largest. */
/* [RFC768-UserIf-a] [RFC1122-4.1.3.5-a] [RFC6335-6-a] */
static void test_there_and_back(void **state)
{
    static const size_t sizes[] = { 0,    1,    17,    1000,  1472, 1473,
                                    3000, 9000, 15872, 40000, 65507 };
    struct udp_sock    *srv4 = bound(&b, "0.0.0.0", 7);
    struct udp_sock    *srv6 = bound(&b, "fd00::2", 7);
    struct udp_sock    *c4 = sock(&a, false), *c6 = sock(&a, true);

    (void)state;
    udp_opts(srv4)->pktinfo = true;
    udp_opts(srv6)->pktinfo6 = true;
    for (unsigned i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        bool               ip4 = i & 1;
        ptrdiff_t          len = (ptrdiff_t)sizes[i / 2];
        struct udp_sock   *c = ip4 ? c4 : c6, *s = ip4 ? srv4 : srv6;
        struct cw_sockaddr local, peer;
        const char        *there = ip4 ? "10.0.0.2" : "fd00::2";
        struct cw_addr     to = rig_addr(there);
        struct cw_addr     us = rig_addr(ip4 ? "10.0.0.1" : "fd00::1");

        assert_int_equal(send_to(c, there, 7, big, (size_t)len), len);
        carry();
        memset(got, 0, (size_t)len);
        assert_int_equal(recv_one(s), len);
        assert_memory_equal(got, big, (size_t)len);
        udp_names(c, &local, &peer);
        assert_int_equal(last.addr.port, local.port);
        assert_true(local.port >= EPHEMERAL_FIRST);
        assert_true(addr_eq(&last.addr.addr, &us));
        assert_int_equal(last.local.port, 7);
        assert_true(addr_eq(&last.local.addr, &to));
        assert_true(addr_eq(&last.anc.addr, &last.local.addr));
        assert_int_equal(peer.port, 0);
        last = (struct cw_msg){ big, (size_t)len, .addr = last.addr,
                                .has_addr = true };
        assert_int_equal(udp_send(s, &last), len);
        carry();
        assert_int_equal(recv_one(c), len);
        assert_memory_equal(got, big, (size_t)len);
        assert_int_equal(last.addr.port, 7);
        assert_int_equal(recv_one(c), -CW_EAGAIN);
    }
    assert_int_equal(a.env.count[COUNT_UDP_OUT], 22);
    assert_int_equal(b.env.count[COUNT_UDP_IN], 22);
    assert_int_equal(a.events[EV_UDP_OUT], 22);
    assert_int_equal(a.events[EV_UDP_IN], 22);
    assert_int_equal(a.drops + b.drops, 0);
}

/* IPv6 has room for 20 bytes more than IPv4. */
static void test_largest(void **state)
{
    struct udp_sock *srv = bound(&b, "fd00::2", 7);
    struct udp_sock *c4 = sock(&a, false), *c6 = sock(&a, true);

    (void)state;
    assert_int_equal(send_to(c4, "10.0.0.2", 7, big, 65508), -CW_EMSGSIZE);
    assert_int_equal(send_to(c6, "fd00::2", 7, big, 65528), -CW_EMSGSIZE);
    assert_int_equal(send_to(c6, "fd00::2", 7, big, 65527), 65527);
    carry();
    assert_int_equal(recv_one(srv), 65527);
    assert_memory_equal(got, big, 65527);
}

/* The header on the wire: RFC 768, RFC 8200 §8.1. */
/* [RFC768-Fields-a] [RFC768-IPIf-a] [RFC768-Checksum-a]
 * [RFC1122-4.1.3.4-a] */
static void test_wire_form(void **state)
{
    struct udp_sock *c = bound(&a, "10.0.0.1", 4321);
    struct ip4_repr  ip;
    struct udp_repr  hdr;
    const uint8_t   *body;

    (void)state;
    udp_opts(c)->ip[0].ttl = 9;
    udp_opts(c)->ip[0].tos = 0x28;
    assert_int_equal(send_to(c, "10.0.0.2", 53, "hello", 5), 5);
    assert_true(rig_out(&a, &f));
    assert_int_equal(f.why, WHY_TX_UDP);
    body = rig_read4(&f, &ip);
    assert_int_equal(ip.ttl, 9);
    assert_int_equal(ip.tos, 0x28);
    assert_int_equal(udphdr_parse(span_of(body, 13), &hdr), GO_ON);
    assert_int_equal(hdr.sport, 4321);
    assert_int_equal(hdr.dport, 53);
    assert_int_equal(hdr.len, 13);
    assert_int_equal(
        cksum_fold(cksum_add(cksum_pseudo(&ip.src, &ip.dst, PROTO_UDP, 13),
                             body, 13)),
        0);
    assert_memory_equal(body + 8, "hello", 5);
}

/* A sum of zero is sent as all ones; found by trying all last words. */
/* [RFC768-Checksum-b] */
static void test_checksum_never_zero(void **state)
{
    struct udp_sock *c = bound(&a, "10.0.0.1", 4321);
    unsigned         ones = 0;

    (void)state;
    for (uint32_t w = 0; w < 65536; w++) {
        uint8_t data[2];

        be16_store(data, (uint16_t)w);
        assert_int_equal(send_to(c, "10.0.0.2", 53, data, 2), 2);
        assert_true(rig_out(&a, &f));
        assert_int_not_equal(be16_load(f.b + 40), 0);
        ones += be16_load(f.b + 40) == 0xffff;
    }
    assert_in_range(ones, 1, 2);
}

/* ---- what arrives ------------------------------------------------------- */

/* A datagram from 10.0.0.2:99 (fd00::2) to port 7, its length field and
 * checksum as said (-1: right). */
static void datagram(bool ip4, size_t len, int len_field, int cksum)
{
    static uint8_t  body[4096];
    struct ip4_repr i4 = rig_ip4(PROTO_UDP);
    struct ip6_repr i6 = rig_ip6(PROTO_UDP);
    uint16_t        field = (uint16_t)(len_field < 0 ? (int)len : len_field);
    uint32_t        sum;

    be16_store(body, 99);
    be16_store(body + 2, 7);
    be16_store(body + 4, field);
    be16_store(body + 6, 0);
    memcpy(body + 8, big, sizeof body - 8);
    sum = ip4 ? cksum_pseudo(&i4.src, &i4.dst, PROTO_UDP, field)
              : cksum_pseudo(&i6.src, &i6.dst, PROTO_UDP, field);
    if (field <= len)
        sum = cksum_add(sum, body, field);
    be16_store(body + 6, cksum < 0 ? udphdr_cksum(sum) : (uint16_t)cksum);
    if (ip4)
        rig_frame4(&f, i4, body, len);
    else
        rig_frame6(&f, i6, body, len);
}

/* [RFC768-Length-a] [RFC9868-7-a] [RFC1122-4.1.3.4-b] [RFC8085-3.4-a]
 * [RFC8200-8.1-a] */
static void test_checks(void **state)
{
    static const struct {
        size_t    len;
        int       field, cksum;
        bool      ip4;
        enum why  why;
        ptrdiff_t data;
    } rows[] = {
        { 20, -1, -1, true, GO_ON, 12 },
        { 20, -1, -1, false, GO_ON, 12 },
        { 8, -1, -1, true, GO_ON, 0 },
        { 20, -1, 0, true, GO_ON, 12 }, /* none was made */
        { 20, -1, 0, false, WHY_UDP_NO_CHECKSUM, 0 },
        { 20, -1, 0x1234, true, WHY_UDP_CHECKSUM, 0 },
        { 20, -1, 0x1234, false, WHY_UDP_CHECKSUM, 0 },
        { 20, 7, -1, true, WHY_UDP_HEADER, 0 },
        { 20, 0, -1, true, WHY_UDP_HEADER, 0 },
        { 20, 21, -1, true, WHY_UDP_HEADER, 0 },
        { 7, -1, -1, true, WHY_UDP_HEADER, 0 },
        { 40, 20, -1, true, GO_ON, 12 }, /* surplus: RFC 9868 */
        { 40, 20, -1, false, GO_ON, 12 },
        { 41, 19, -1, true, GO_ON, 11 },
        { 40, 8, -1, true, GO_ON, 0 },
    };
    struct udp_sock *s4 = bound(&a, "0.0.0.0", 7);
    struct udp_sock *s6 = bound(&a, "fd00::1", 7);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct udp_sock *s = rows[i].ip4 ? s4 : s6;

        datagram(rows[i].ip4, rows[i].len, rows[i].field, rows[i].cksum);
        assert_int_equal(rig_in(&a, RIG_ETH, &f), rows[i].why);
        if (rows[i].why == GO_ON) {
            assert_int_equal(udp_queued(s), rows[i].data);
            assert_int_equal(recv_one(s), rows[i].data);
            assert_int_equal(last.addr.port, 99);
            assert_memory_equal(got, big, (size_t)rows[i].data);
        }
        assert_int_equal(recv_one(s), -CW_EAGAIN);
    }
    assert_int_equal(a.env.count[COUNT_UDP_IN_CSUM_ERRORS], 2);
    assert_int_equal(a.env.count[COUNT_UDP_IN_ERRORS], 7);
    rig_out_none(&a);
}

/* Nobody there: the sender is told; a connected one hears it once. */
/* [RFC1122-4.1.3.1-a] */
static void test_closed_port(void **state)
{
    struct udp_sock   *u = sock(&a, false), *c = sock(&a, true);
    struct cw_sockaddr to4 = name("10.0.0.2", 9), to6 = name("fd00::2", 9);

    (void)state;
    assert_int_equal(send_to(u, "10.0.0.2", 9, "x", 1), 1);
    assert_int_equal(carry(), 2);
    assert_int_equal(b.env.count[COUNT_UDP_NO_PORTS], 1);
    assert_int_equal(recv_one(u), -CW_EAGAIN); /* did not connect */
    assert_int_equal(udp_connect(u, &to4), 0);
    assert_int_equal(udp_connect(c, &to6), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct udp_sock *x = i ? u : c;
        unsigned         ready = a.ready_n;

        assert_int_equal(send_peer(x, "x", 1), 1);
        assert_int_equal(carry(), 2);
        assert_int_equal(a.ready_n, ready + 1);
        assert_true(udp_ready(x) & CW_POLLERR);
        assert_int_equal(recv_one(x), -CW_ECONNREFUSED);
        assert_int_equal(recv_one(x), -CW_EAGAIN);
        assert_int_equal(send_peer(x, "x", 1), 1);
        carry();
        assert_int_equal(send_peer(x, "x", 1), -CW_ECONNREFUSED);
        assert_int_equal(send_peer(x, "x", 1), 1);
        carry();
        assert_int_equal(udp_take_error(x), CW_ECONNREFUSED);
        assert_int_equal(udp_take_error(x), 0);
        assert_false(udp_ready(x) & CW_POLLERR);
    }
}

/* ---- whose is it -------------------------------------------------------- */

/* Sends one byte to a (port 7) from b and says which of a's sockets got it.
 */
static int who_gets(struct udp_sock **socks, int n, struct udp_sock *from,
                    const char *to)
{
    int winner = -1;

    assert_int_equal(send_to(from, to, 7, "x", 1), 1);
    carry();
    for (int i = 0; i < n; i++)
        if (recv_one(socks[i]) == 1) {
            assert_int_equal(winner, -1);
            winner = i;
        }
    return winner;
}

/* Connected, then bound to the address, then to the wildcard. */
static void test_best_match(void **state)
{
    struct udp_sock   *from = bound(&b, "10.0.0.2", 50);
    struct udp_sock   *other = bound(&b, "10.0.0.2", 51);
    struct udp_sock   *from6 = bound(&b, "fd00::2", 50);
    struct udp_sock   *s[4];
    struct cw_sockaddr peer = name("10.0.0.2", 50);
    struct cw_sockaddr any4 = name("0.0.0.0", 7), any6 = name("::", 7);
    struct cw_sockaddr own = name("10.0.0.1", 7);

    (void)state;
    for (int i = 0; i < 4; i++) {
        s[i] = sock(&a, i == 0);
        udp_opts(s[i])->reuseaddr = true;
    }
    assert_int_equal(udp_bind(s[0], &any6), 0);
    assert_int_equal(who_gets(s, 4, from, "10.0.0.1"), 0);
    assert_int_equal(udp_bind(s[1], &any4), 0);
    assert_int_equal(who_gets(s, 4, from, "10.0.0.1"), 1);
    assert_int_equal(who_gets(s, 4, from6, "fd00::1"), 0);
    assert_int_equal(udp_bind(s[2], &own), 0);
    assert_int_equal(who_gets(s, 4, from, "10.0.0.1"), 2);
    assert_int_equal(udp_bind(s[3], &own), 0);
    assert_int_equal(udp_connect(s[3], &peer), 0);
    assert_int_equal(who_gets(s, 4, from, "10.0.0.1"), 3);
    assert_int_equal(who_gets(s, 4, other, "10.0.0.1"), 2);
    udp_close(s[3]);
    s[3] = s[2];
    assert_int_equal(who_gets(s, 3, from, "10.0.0.1"), 2);
}

static void test_v6only(void **state)
{
    struct udp_sock   *from = bound(&b, "10.0.0.2", 50);
    struct udp_sock   *s = sock(&a, true), *four;
    struct cw_sockaddr any6 = name("::", 7);

    (void)state;
    udp_opts(s)->v6only = true;
    assert_int_equal(udp_bind(s, &any6), 0);
    assert_int_equal(who_gets(&s, 1, from, "10.0.0.1"), -1);
    assert_int_equal(b.events[EV_ICMP_IN], 1);
    four = bound(&a, "0.0.0.0", 7); /* no conflict */
    assert_int_equal(who_gets(&four, 1, from, "10.0.0.1"), 0);
}

/* A v6 socket talks to IPv4 hosts; what is on the wire is IPv4. */
static void test_mapped(void **state)
{
    struct udp_sock   *s = sock(&a, true), *srv = bound(&b, "10.0.0.2", 7);
    struct cw_sockaddr peer = name("10.0.0.2", 7), local, seen;

    (void)state;
    assert_int_equal(send_to(s, "10.0.0.2", 7, "abc", 3), 3);
    assert_true(rig_out(&a, &f));
    assert_int_equal(be16_load(f.b + 12), ETHER_IP4);
    assert_int_equal(rig_in(&b, RIG_ETH, &f), GO_ON);
    assert_int_equal(recv_one(srv), 3);
    assert_int_equal(udp_connect(s, &peer), 0);
    udp_names(s, &local, &seen);
    assert_true(addr_is4(&local.addr) && !addr_is_any(&local.addr));
    assert_int_equal(seen.port, 7);
    assert_int_equal(udp_connect(s, NULL), 0);
    udp_names(s, &local, &seen);
    assert_true(addr_is_any(&local.addr) && !addr_is4(&local.addr));
    assert_int_equal(local.port, 0);
    assert_int_equal(seen.port, 0);
}

/* SO_REUSEPORT: each flow to one of them, always the same; all get some. */
static void test_reuseport(void **state)
{
    enum { N = 4, FLOWS = 200 };
    struct udp_sock   *s[N];
    struct cw_sockaddr n = name("0.0.0.0", 7);
    unsigned           hits[N] = { 0 };

    (void)state;
    for (int i = 0; i < N; i++) {
        s[i] = sock(&a, false);
        udp_opts(s[i])->reuseport = true;
        assert_int_equal(udp_bind(s[i], &n), 0);
    }
    for (uint16_t p = 0; p < FLOWS; p++) {
        struct udp_sock *from = bound(&b, "10.0.0.2", (uint16_t)(1000 + p));
        int              first = who_gets(s, N, from, "10.0.0.1");

        assert_in_range(first, 0, N - 1);
        assert_int_equal(who_gets(s, N, from, "10.0.0.1"), first);
        hits[first]++;
        udp_close(from);
    }
    for (int i = 0; i < N; i++)
        assert_in_range(hits[i], FLOWS / N / 3, FLOWS / N * 3);
}

/* Groups and broadcast: a copy for each socket that matches. */
static void test_everybody(void **state)
{
    static const char *const to[] = { "255.255.255.255", "10.0.0.255",
                                      "224.0.0.1" };
    struct udp_sock         *from = bound(&b, "10.0.0.2", 50);
    struct udp_sock         *s[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct cw_sockaddr n = name(i == 2 ? "10.0.0.1" : "0.0.0.0", 7);

        s[i] = sock(&a, false);
        udp_opts(s[i])->reuseaddr = true;
        assert_int_equal(udp_bind(s[i], &n), 0);
    }
    assert_int_equal(send_to(from, "10.0.0.255", 7, "x", 1), -CW_EACCES);
    udp_opts(from)->broadcast = true;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(send_to(from, to[i], 7, "abc", 3), 3);
        carry();
        assert_int_equal(recv_one(s[0]), 3);
        assert_int_equal(recv_one(s[1]), 3);
        assert_true(
            addr_eq(&last.local.addr, (struct cw_addr[]){ rig_addr(to[i]) }));
        assert_int_equal(recv_one(s[2]), -CW_EAGAIN);
        assert_int_equal(send_to(from, to[i], 8, "abc", 3), 3);
        assert_int_equal(carry(), 1); /* nobody answers for a group */
    }
}

/* ---- names -------------------------------------------------------------- */

/* [RFC1122-4.1.3.5-b] [RFC1122-4.1.3.6-b] [RFC1122-3.3.4.2-b] [RFC6335-6-a] */
static void test_binding(void **state)
{
    struct udp_sock   *u = sock(&a, false), *v = sock(&a, false);
    struct cw_sockaddr n = name("10.0.0.1", 7), any = name("0.0.0.0", 7);
    struct cw_sockaddr far = name("10.0.0.9", 7), zero = name("0.0.0.0", 0);
    struct cw_sockaddr local, peer;

    (void)state;
    assert_int_equal(udp_bind(u, &far), -CW_EADDRNOTAVAIL);
    assert_int_equal(udp_bind(u, &n), 0);
    assert_int_equal(udp_bind(u, &n), -CW_EINVAL);
    assert_int_equal(udp_bind(v, &any), -CW_EADDRINUSE);
    assert_int_equal(udp_bind(v, &zero), 0);
    udp_names(v, &local, &peer);
    assert_in_range(local.port, EPHEMERAL_FIRST, EPHEMERAL_LAST);
    udp_close(u);
    u = sock(&a, false);
    assert_int_equal(udp_bind(u, &n), 0); /* free at once */
}

/* [RFC1122-4.1.3.5-c] */
/* RFC 6056 §3: which port comes next cannot be told from the last ones.
 * [RFC6056-3.3-a] [RFC6335-6-a] */
static void test_ephemeral_ports(void **state)
{
    unsigned in_order = 0;
    uint16_t last_port = 0;

    (void)state;
    for (uint16_t i = 1; i <= 200; i++) {
        struct udp_sock   *u = sock(&a, false);
        struct cw_sockaddr to = name("10.0.0.2", i), local, peer;

        assert_int_equal(udp_connect(u, &to), 0);
        udp_names(u, &local, &peer);
        assert_in_range(local.port, 49152, 65535);
        in_order += (uint16_t)(local.port - last_port) < 16;
        last_port = local.port;
        udp_close(u);
    }
    assert_true(in_order < 10);
}

static void test_connecting(void **state)
{
    struct udp_sock   *u = sock(&a, false), *srv = bound(&b, "0.0.0.0", 7);
    struct udp_sock   *other = bound(&b, "0.0.0.0", 8);
    struct cw_sockaddr to = name("10.0.0.2", 7), away = name("192.0.2.1", 7);
    struct cw_sockaddr bc = name("10.0.0.255", 7), local, peer;
    uint16_t           port;

    (void)state;
    assert_int_equal(send_peer(u, "x", 1), -CW_EDESTADDRREQ);
    assert_int_equal(udp_connect(u, &away), -CW_ENETUNREACH);
    assert_int_equal(udp_connect(u, &bc), -CW_EACCES);
    assert_int_equal(udp_connect(u, &to), 0);
    udp_names(u, &local, &peer);
    assert_int_equal(addr_u4(&local.addr), 0x0a000001);
    assert_int_equal(peer.port, 7);
    port = local.port;
    assert_int_equal(send_peer(u, "x", 1), 1);
    assert_int_equal(send_to(u, "10.0.0.2", 8, "yy", 2), 2); /* as Linux */
    carry();
    assert_int_equal(recv_one(srv), 1);
    assert_int_equal(recv_one(other), 2);
    /* Only the peer is heard; others learn that nobody is there. */
    assert_int_equal(send_to(other, "10.0.0.1", port, "zz", 2), 2);
    carry();
    assert_int_equal(recv_one(u), -CW_EAGAIN);
    assert_int_equal(a.env.count[COUNT_UDP_NO_PORTS], 1);
    assert_int_equal(send_to(srv, "10.0.0.1", port, "zz", 2), 2);
    carry();
    assert_int_equal(recv_one(u), 2);
    to.port = 8; /* another peer, the same port */
    assert_int_equal(udp_connect(u, &to), 0);
    udp_names(u, &local, &peer);
    assert_int_equal(local.port, port);
    assert_int_equal(send_to(other, "10.0.0.1", port, "zz", 2), 2);
    carry();
    assert_int_equal(recv_one(u), 2);
    assert_int_equal(send_to(other, "10.0.0.1", 0, "zz", 2), -CW_EINVAL);
    assert_int_equal(send_to(other, "192.0.2.1", 9, "zz", 2),
                     -CW_ENETUNREACH);
    assert_int_equal(send_to(other, "10.0.0.77", 9, "zz", 2),
                     -CW_EHOSTUNREACH); /* no ARP here */
}

/* Two sockets of one four-tuple: the second waits its turn. */
static void test_same_flow_twice(void **state)
{
    struct udp_sock   *u[2], *srv = bound(&b, "10.0.0.2", 7);
    struct cw_sockaddr own = name("10.0.0.1", 70), to = name("10.0.0.2", 7);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        u[i] = sock(&a, false);
        udp_opts(u[i])->reuseaddr = true;
        assert_int_equal(udp_bind(u[i], &own), 0);
        assert_int_equal(udp_connect(u[i], &to), 0);
    }
    assert_int_equal(send_to(srv, "10.0.0.1", 70, "x", 1), 1);
    carry();
    assert_int_equal(recv_one(u[0]), 1);
    udp_close(u[0]);
    assert_int_equal(send_to(srv, "10.0.0.1", 70, "x", 1), 1);
    carry();
    assert_int_equal(recv_one(u[1]), 1);
}

/* Through the loopback interface, to oneself. */
static void test_loopback(void **state)
{
    static const char *const own[] = { "127.0.0.1", "10.0.0.1", "::1" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct udp_sock *s = bound(&a, own[i], 7);
        struct udp_sock *c = sock(&a, i == 2);

        assert_int_equal(send_to(c, own[i], 7, big, 3000), 3000);
        carry();
        assert_int_equal(recv_one(s), 3000);
        assert_memory_equal(got, big, 3000);
        assert_true(addr_eq(&last.addr.addr, &last.local.addr));
        udp_close(s);
    }
}

/* ---- the queue ---------------------------------------------------------- */

static void test_peek_and_truncation(void **state)
{
    struct udp_sock *s = bound(&b, "0.0.0.0", 7), *c = sock(&a, false);

    (void)state;
    assert_int_equal(send_to(c, "10.0.0.2", 7, big, 1000), 1000);
    assert_int_equal(send_to(c, "10.0.0.2", 7, "", 0), 0);
    assert_int_equal(send_to(c, "10.0.0.2", 7, "abc", 3), 3);
    carry();
    assert_int_equal(udp_queued(s), 1000);
    assert_int_equal(recv_flags(s, 10, CW_MSG_PEEK), 10);
    assert_true(last.truncated);
    assert_int_equal(recv_flags(s, 10, CW_MSG_PEEK | CW_MSG_TRUNC), 1000);
    memset(got, 0, 20);
    assert_int_equal(recv_flags(s, 10, 0), 10);
    assert_true(last.truncated);
    assert_memory_equal(got, big, 10);
    assert_int_equal(got[10], 0);
    assert_true(udp_ready(s) & CW_POLLIN);
    assert_int_equal(recv_one(s), 0); /* an empty one is one, too */
    assert_true(last.has_addr);
    assert_false(last.truncated);
    assert_int_equal(recv_one(s), 3);
    assert_int_equal(recv_one(s), -CW_EAGAIN);
    assert_false(udp_ready(s) & CW_POLLIN);
}

/* The queue is bounded by bytes of memory and by number; what is refused is
 * counted, and memory stays in proportion to what is kept. */
static void test_queue_bounds(void **state)
{
    struct udp_sock *s = bound(&a, "0.0.0.0", 7);
    unsigned         n = 0, small = 0;

    (void)state;
    udp_opts(s)->rcvbuf = 10000;
    datagram(true, 1400, -1, -1);
    while (rig_in(&a, RIG_ETH, &f) == GO_ON)
        n++;
    assert_int_equal(a.drop, WHY_UDP_QUEUE_FULL);
    assert_in_range(n, 20000 / 2500, 20000 / 1400 + 1);
    assert_int_equal(a.env.count[COUNT_UDP_RCVBUF_ERRORS], 1);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(recv_one(s), 1392);
    datagram(true, 9, -1, -1);
    while (rig_in(&a, RIG_ETH, &f) == GO_ON)
        small++;
    assert_true(small > 4 * n);
    assert_true(arena_used(a.arena) < 3 * 20000);
    while (recv_one(s) > 0)
        ;
    udp_opts(s)->rcvbuf = SOCKBUF_MAX;
    for (small = 0; rig_in(&a, RIG_ETH, &f) == GO_ON; small++)
        ;
    assert_int_equal(small, UDP_QUEUE_PKTS_MAX);
    /* However small the buffer: an empty queue takes one. */
    while (recv_one(s) > 0)
        ;
    udp_opts(s)->rcvbuf = 1;
    datagram(true, 4000, -1, -1);
    assert_int_equal(rig_in(&a, RIG_ETH, &f), GO_ON);
    assert_int_equal(recv_one(s), 3992);
}

/* A full interface queue: EAGAIN, and readiness when there is room. */
static void test_backpressure(void **state)
{
    struct udp_sock *c = sock(&a, false);
    unsigned         n = 0, ready;
    ptrdiff_t        ret;

    (void)state;
    while ((ret = send_to(c, "10.0.0.2", 7, "x", 1)) == 1)
        n++;
    assert_int_equal(ret, -CW_EAGAIN);
    assert_int_equal(n, 256);
    assert_int_equal(a.drops, 0);
    assert_false(udp_ready(c) & CW_POLLOUT);
    ready = a.ready_n;
    for (unsigned i = 0; i < 128; i++)
        assert_true(rig_out(&a, &f));
    assert_int_equal(a.ready_n, ready + 1);
    assert_true(udp_ready(c) & CW_POLLOUT);
    assert_int_equal(send_to(c, "10.0.0.2", 7, "x", 1), 1);
}

static void test_shutdown(void **state)
{
    struct udp_sock *s = bound(&b, "0.0.0.0", 7), *c = sock(&a, false);

    (void)state;
    assert_int_equal(send_to(c, "10.0.0.2", 7, "abc", 3), 3);
    carry();
    udp_shutdown(c, false, true);
    assert_int_equal(send_to(c, "10.0.0.2", 7, "abc", 3), -CW_EPIPE);
    udp_shutdown(s, true, false);
    assert_true(udp_ready(s) & CW_POLLRDHUP);
    assert_int_equal(recv_one(s), 3);
    assert_int_equal(recv_one(s), 0);
    assert_false(udp_ready(s) & CW_POLLHUP);
    udp_shutdown(s, false, true);
    assert_true(udp_ready(s) & CW_POLLHUP);
}

struct rows {
    unsigned           n;
    struct cw_sock_row row[4];
};

static bool collect(void *ctx, struct udp_sock *u, void *owner,
                    struct cw_sock_row *row)
{
    struct rows *r = ctx;

    assert_non_null(u);
    assert_ptr_equal(owner, &a);
    r->row[r->n++] = *row;
    return r->n < 4;
}

static void test_snapshot(void **state)
{
    struct udp_sock   *s = bound(&a, "0.0.0.0", 7), *c = sock(&a, true);
    struct cw_sockaddr to = name("fd00::2", 9);
    struct rows        r = { .n = 0 };

    (void)state;
    assert_non_null(s);
    assert_int_equal(udp_connect(c, &to), 0);
    datagram(true, 20, -1, -1);
    assert_int_equal(rig_in(&a, RIG_ETH, &f), GO_ON);
    udp_each(a.udp, collect, &r);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.row[0].local.port, 7);
    assert_int_equal(r.row[0].recv_q, 12);
    assert_int_equal(r.row[0].state, CW_CLOSED);
    assert_int_equal(r.row[0].domain, CW_AF_INET);
    assert_int_equal(r.row[1].peer.port, 9);
    assert_int_equal(r.row[1].state, CW_ESTABLISHED);
    assert_int_equal(r.row[1].domain, CW_AF_INET6);
    assert_int_not_equal(r.row[0].flow, r.row[1].flow);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { CASE(test_there_and_back),
                                        CASE(test_largest),
                                        CASE(test_wire_form),
                                        CASE(test_checksum_never_zero),
                                        CASE(test_checks),
                                        CASE(test_closed_port),
                                        CASE(test_best_match),
                                        CASE(test_v6only),
                                        CASE(test_mapped),
                                        CASE(test_reuseport),
                                        CASE(test_everybody),
                                        CASE(test_binding),
                                        CASE(test_ephemeral_ports),
                                        CASE(test_connecting),
                                        CASE(test_same_flow_twice),
                                        CASE(test_loopback),
                                        CASE(test_peek_and_truncation),
                                        CASE(test_queue_bounds),
                                        CASE(test_backpressure),
                                        CASE(test_shutdown),
                                        CASE(test_snapshot) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
