/* sock_ip_test.c: errors as messages, what control messages carry, and how a
 * datagram that is too large fares.
 */
#include "sock_rig.h"
#include "base/limits.h"
#include "t.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/ipproto.h"

enum { LOCAL = 1, ICMP, ICMP6, ETHER = 14 };

static struct rig r;
static char       big[3000];

static int dgram(int domain)
{
    int sd = cw_socket(r.st, domain, CW_SOCK_DGRAM, 0, r.now);

    assert_true(sd >= 0);
    return sd;
}

static void set(int sd, int level, int name, int v)
{
    CALL(0, cw_setsockopt(r.st, sd, level, name, &v, sizeof v, r.now));
}

static int get(int sd, int level, int name)
{
    int    v = -1;
    size_t len = sizeof v;

    CALL(0, cw_getsockopt(r.st, sd, level, name, &v, &len));
    return v;
}

static ptrdiff_t send_to(int sd, struct cw_sockaddr to, const char *text)
{
    struct cw_msg m = {
        .buf = big, .len = strlen(text), .addr = to, .has_addr = true
    };

    memcpy(big, text, m.len);
    return cw_sendmsg(r.st, sd, &m, r.now);
}

/* The oldest error message: its bytes as text, and the rest of it. */
static ptrdiff_t error_message(int sd, char text[static 64], struct cw_msg *m)
{
    ptrdiff_t n;

    *m = (struct cw_msg){ .buf = text, .len = 63, .flags = CW_MSG_ERRQUEUE };
    n = cw_recvmsg(r.st, sd, m, r.now);
    text[n > 0 ? n : 0] = '\0';
    return n;
}

/* ---- errors as messages -------------------------------------------------- */

static const struct row {
    int         domain, level, name;
    const char *to;
    bool        ip4; /* on the wire */
    unsigned    bit;
} rows[] = {
    { CW_AF_INET, CW_IPPROTO_IP, CW_IP_RECVERR, "127.0.0.1", true,
      CW_ANC_ERR },
    { CW_AF_INET6, CW_IPPROTO_IPV6, CW_IPV6_RECVERR, "::1", false,
      CW_ANC_ERR6 },
    { CW_AF_INET6, CW_IPPROTO_IP, CW_IP_RECVERR, "127.0.0.1", true,
      CW_ANC_ERR6 },
};

static struct cw_sockaddr to_of(const struct row *w, uint16_t port)
{
    return w->ip4 ? at4(w->to, port) : at6(w->to, port);
}

/* [RFC1122-4.1.3.3-a] ip(7): what was sent, whereto, and who says no. */
TEST(refused)
{
    T_EACH (w, rows) {
        struct cw_sockaddr to = to_of(w, 9);
        struct cw_msg      m;
        char               text[64];
        int                sd;

        t_row("%s", w->to);
        rig_init(&r);
        sd = dgram(w->domain);
        set(sd, w->level, w->name, 1);
        CALL(-CW_EAGAIN, error_message(sd, text, &m));
        CALL(5, send_to(sd, to, "hello"));
        rig_pump(&r);
        EXPECT(cw_ready(r.st, sd) & CW_POLLERR);
        CALL(5, error_message(sd, text, &m));
        EXPECT_STR(text, "hello");
        EXPECT(m.has_addr);
        EXPECT_EQ(m.addr.port, 9);
        EXPECT_MEM(&m.addr.addr, &to.addr, 16);
        EXPECT_EQ(m.anc.has, w->bit);
        EXPECT_EQ(m.anc.err.error, CW_ECONNREFUSED);
        EXPECT_EQ(m.anc.err.origin, w->ip4 ? ICMP : ICMP6);
        EXPECT_EQ(m.anc.err.type, w->ip4 ? 3 : 1);
        EXPECT_EQ(m.anc.err.code, w->ip4 ? 3 : 4);
        EXPECT_MEM(&m.anc.err.offender, &to.addr, 16);
        /* It is told: nothing is pending any more. */
        EXPECT(!(cw_ready(r.st, sd) & CW_POLLERR));
        EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), 0);
        CALL(-CW_EAGAIN, error_message(sd, text, &m));
        CALL(0, cw_close(r.st, sd, r.now));
        rig_free(&r);
    }
}

/* Who did not ask, and is not connected, hears nothing. */
TEST(not_asked)
{
    int sd;

    rig_init(&r);
    sd = dgram(CW_AF_INET);
    CALL(5, send_to(sd, at4("127.0.0.1", 9), "hello"));
    rig_pump(&r);
    EXPECT(!(cw_ready(r.st, sd) & CW_POLLERR));
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), 0);
    CALL(0, cw_close(r.st, sd, r.now));
    rig_free(&r);
}

/* The pending error is told once, by SO_ERROR as well; messages stay.  Each
 * that is taken leaves that of the next one pending. */
TEST(pending)
{
    struct cw_msg m;
    char          text[64];
    int           sd;

    rig_init(&r);
    sd = dgram(CW_AF_INET);
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 1);
    CALL(3, send_to(sd, at4("127.0.0.1", 9), "one"));
    rig_pump(&r);
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), CW_ECONNREFUSED);
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), 0);
    EXPECT(cw_ready(r.st, sd) & CW_POLLERR);
    CALL(3, send_to(sd, at4("127.0.0.1", 9), "two"));
    rig_pump(&r);
    CALL(-CW_ECONNREFUSED, send_to(sd, at4("127.0.0.1", 9), "not sent"));
    CALL(3, error_message(sd, text, &m));
    EXPECT_STR(text, "one");
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), CW_ECONNREFUSED);
    CALL(3, error_message(sd, text, &m));
    EXPECT_STR(text, "two");
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), 0);
    CALL(0, cw_close(r.st, sd, r.now));
    rig_free(&r);
}

/* At most UDP_ERRORS_MAX wait; switching off forgets them. */
TEST(bounded)
{
    struct cw_msg m;
    char          text[64];
    int           sd, n = 0;

    rig_init(&r);
    sd = dgram(CW_AF_INET);
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 1);
    for (int i = 0; i < 200; i++) {
        (void)send_to(sd, at4("127.0.0.1", 9), "x");
        rig_pump(&r);
        r.now += NS_S; /* the limit of ICMP is another matter */
    }
    while (error_message(sd, text, &m) == 1)
        n++;
    EXPECT_EQ(n, UDP_ERRORS_MAX);
    CALL(1, send_to(sd, at4("127.0.0.1", 9), "x"));
    rig_pump(&r);
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 0);
    CALL(-CW_EAGAIN, error_message(sd, text, &m));
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 1);
    (void)get(sd, CW_SOL_SOCKET, CW_SO_ERROR);
    CALL(1, send_to(sd, at4("127.0.0.1", 9), "x"));
    rig_pump(&r);
    CALL(0, cw_close(r.st, sd, r.now)); /* with a message: nothing leaks */
    rig_free(&r);
}

/* [RFC1122-2.3.2.2-a] A neighbour that does not answer: the host cannot be
 * reached. */
TEST(neighbour)
{
    struct cw_netif_config eth = { .name = "eth1" };
    struct cw_sockaddr nobody = at4("10.1.0.77", 9), us = at4("10.1.0.1", 0);
    struct cw_msg      m;
    char               text[64];
    int                sd, tcp;

    rig_init(&r);
    CALL(2, cw_netif_add(r.st, &eth));
    CALL(0, cw_addr_add(r.st, 2, &us.addr, 24));
    sd = dgram(CW_AF_INET);
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 1);
    tcp = cw_socket(r.st, CW_AF_INET, CW_SOCK_STREAM, 0, r.now);
    CALL(-CW_EINPROGRESS, cw_connect(r.st, tcp, &nobody, r.now));
    CALL(5, send_to(sd, nobody, "hello"));
    rig_run(&r, 10 * NS_S);
    EXPECT_EQ(get(tcp, CW_SOL_SOCKET, CW_SO_ERROR), CW_EHOSTUNREACH);
    CALL(5, error_message(sd, text, &m));
    EXPECT_STR(text, "hello");
    EXPECT_EQ(m.anc.err.error, CW_EHOSTUNREACH);
    EXPECT_EQ(m.anc.err.type, 3);
    EXPECT_EQ(m.anc.err.code, 1);
    CALL(0, cw_close(r.st, sd, r.now));
    CALL(0, cw_close(r.st, tcp, r.now));
    rig_free(&r);
}

/* ---- control messages ---------------------------------------------------- */

/* [RFC1122-3.2.1.6-a] [RFC1122-3.2.1.6-b] [RFC1122-3.2.1.7-c] With a call,
 * for the socket; and told to who asks. */
TEST(header)
{
    static const struct {
        int         domain, level, recvttl, recvtos, ttl, tos;
        const char *at;
        unsigned    ttl_bit, tos_bit;
    } fams[] = {
        { CW_AF_INET, CW_IPPROTO_IP, CW_IP_RECVTTL, CW_IP_RECVTOS, CW_IP_TTL,
          CW_IP_TOS, "127.0.0.1", CW_ANC_TTL, CW_ANC_TOS },
        { CW_AF_INET6, CW_IPPROTO_IPV6, CW_IPV6_RECVHOPLIMIT,
          CW_IPV6_RECVTCLASS, CW_IPV6_UNICAST_HOPS, CW_IPV6_TCLASS, "::1",
          CW_ANC_HOPLIMIT, CW_ANC_TCLASS },
    };

    rig_init(&r);
    T_EACH (w, fams) {
        bool               ip4 = w->domain == CW_AF_INET;
        struct cw_sockaddr to = ip4 ? at4(w->at, 7) : at6(w->at, 7);
        int                srv = dgram(w->domain), sd = dgram(w->domain);
        char               text[64];
        struct cw_msg      m = {
                 .buf = text, .len = 1, .addr = to, .has_addr = true
        };
        struct cw_msg g = { .buf = text, .len = 63 };

        t_row("%s", w->at);
        CALL(0, cw_bind(r.st, srv, &to, r.now));
        set(sd, w->level, w->ttl, 33);
        set(sd, w->level, w->tos, 0x28);
        CALL(1, cw_sendmsg(r.st, sd, &m, r.now));
        m.anc = (struct cw_anc){ .has = w->ttl_bit | w->tos_bit,
                                 .ttl = 5,
                                 .tos = 0xb8 };
        CALL(1, cw_sendmsg(r.st, sd, &m, r.now));
        CALL(1, cw_sendmsg(r.st, sd, &m, r.now));
        rig_pump(&r);
        set(srv, w->level, w->recvttl, 1);
        set(srv, w->level, w->recvtos, 1);
        CALL(1, cw_recvmsg(r.st, srv, &g, r.now));
        EXPECT_EQ(g.anc.has, w->ttl_bit | w->tos_bit);
        EXPECT_EQ(g.anc.ttl, 33);
        EXPECT_EQ(g.anc.tos, 0x28);
        CALL(1, cw_recvmsg(r.st, srv, &g, r.now));
        EXPECT_EQ(g.anc.ttl, 5);
        EXPECT_EQ(g.anc.tos, 0xb8);
        set(srv, w->level, w->recvttl, 0);
        CALL(1, cw_recvmsg(r.st, srv, &g, r.now));
        EXPECT_EQ(g.anc.has, w->tos_bit);
    }
    rig_free(&r);
}

/* [RFC1122-3.2.1.7-c] The configured TTL is what a socket has that has none,
 * and can be come back to. */
TEST(default_ttl)
{
    static const struct {
        int         domain, level, name, recv, want;
        const char *at;
    } fams[] = {
        { CW_AF_INET, CW_IPPROTO_IP, CW_IP_TTL, CW_IP_RECVTTL, 32,
          "127.0.0.1" },
        { CW_AF_INET6, CW_IPPROTO_IPV6, CW_IPV6_UNICAST_HOPS,
          CW_IPV6_RECVHOPLIMIT, 255, "::1" },
    };

    rig_defaults(&r);
    r.config.ttl = 32;
    r.config.hop_limit = 255;
    rig_make(&r);
    T_EACH (w, fams) {
        bool               ip4 = w->domain == CW_AF_INET;
        struct cw_sockaddr to = ip4 ? at4(w->at, 7) : at6(w->at, 7);
        int                srv = dgram(w->domain), sd = dgram(w->domain);
        struct cw_msg      g = { .buf = big + 100, .len = 63 };
        int                ttls[] = { w->want, 5, w->want };

        t_row("%s", w->at);
        CALL(0, cw_bind(r.st, srv, &to, r.now));
        set(srv, w->level, w->recv, 1);
        for (size_t i = 0; i < 3; i++) {
            if (i > 0)
                set(sd, w->level, w->name, i == 1 ? 5 : -1);
            EXPECT_EQ(get(sd, w->level, w->name), ttls[i]);
            CALL(1, send_to(sd, to, "x"));
            rig_pump(&r);
            CALL(1, cw_recvmsg(r.st, srv, &g, r.now));
            EXPECT_EQ(g.anc.ttl, ttls[i]);
        }
    }
    rig_free(&r);
}

/* A record of the route, an alert and an option that nobody knows. */
static const uint8_t some_options[16] = { 148, 4, 0, 0, 7,   7, 4, 0,
                                          0,   0, 0, 1, 222, 3, 9 };

static void set_options(int sd, const void *bytes, size_t len, int want)
{
    CALL(want,
         cw_setsockopt(r.st, sd, CW_IPPROTO_IP, CW_IP_OPTIONS, bytes, len,
                       r.now));
}

/* [RFC1122-3.2.1.8-a] [RFC1122-3.4-a] [RFC1122-4.1.3.2-a] [RFC1122-4.1.4-a]
 * A program's options are sent as they are, and a receiver that asks gets
 * them, and what it would return of them. */
TEST(options)
{
    struct cw_sockaddr to = at4("127.0.0.1", 7);
    struct cw_msg      m = { .buf = big, .len = 4, .addr = to };
    struct cw_msg      g = { .buf = big + 100, .len = 63 };
    uint8_t            back[60];
    size_t             len = sizeof back;
    int                srv, sd;

    rig_init(&r);
    srv = dgram(CW_AF_INET);
    sd = dgram(CW_AF_INET);
    m.has_addr = true;
    CALL(0, cw_bind(r.st, srv, &to, r.now));
    set(srv, CW_IPPROTO_IP, CW_IP_RECVOPTS, 1);
    EXPECT_EQ(get(srv, CW_IPPROTO_IP, CW_IP_RECVOPTS), 1);
    EXPECT_EQ(get(srv, CW_IPPROTO_IP, CW_IP_RETOPTS), 0);
    set_options(sd, some_options, 15, 0);
    CALL(0,
         cw_getsockopt(r.st, sd, CW_IPPROTO_IP, CW_IP_OPTIONS, back, &len));
    EXPECT_EQ(len, 16);
    EXPECT_MEM(back, some_options, 16);
    memcpy(big, "text", 4);
    CALL(4, cw_sendmsg(r.st, sd, &m, r.now));
    m.anc.has = CW_ANC_RETOPTS; /* for this one */
    m.anc.retopts = (struct cw_ip_opts){ .len = 1, .b = { 1 } };
    CALL(4, cw_sendmsg(r.st, sd, &m, r.now));
    m.anc.retopts.len = 0;
    CALL(4, cw_sendmsg(r.st, sd, &m, r.now));
    rig_pump(&r);

    CALL(4, cw_recvmsg(r.st, srv, &g, r.now));
    EXPECT_MEM(big + 100, "text", 4);
    EXPECT_EQ(g.anc.has, CW_ANC_OPTS);
    EXPECT_EQ(g.anc.opts.len, 16);
    EXPECT_MEM(g.anc.opts.b, some_options, 16);
    set(srv, CW_IPPROTO_IP, CW_IP_RETOPTS, 1);
    CALL(4, cw_recvmsg(r.st, srv, &g, r.now));
    EXPECT_EQ(g.anc.has, CW_ANC_OPTS | CW_ANC_RETOPTS);
    EXPECT_EQ(g.anc.opts.len, 4);
    EXPECT_MEM(g.anc.opts.b, "\1\0\0\0", 4);
    EXPECT_EQ(g.anc.retopts.len, 0);
    CALL(4, cw_recvmsg(r.st, srv, &g, r.now)); /* without any */
    EXPECT_EQ(g.anc.has, 0);

    m.anc.has = 0;
    set(srv, CW_IPPROTO_IP, CW_IP_RECVOPTS, 0);
    CALL(4, cw_sendmsg(r.st, sd, &m, r.now));
    rig_pump(&r);
    CALL(4, cw_recvmsg(r.st, srv, &g, r.now));
    EXPECT_EQ(g.anc.has, CW_ANC_RETOPTS);
    EXPECT_EQ(g.anc.retopts.len, 8);
    EXPECT_MEM(g.anc.retopts.b, some_options + 4, 7);
    rig_free(&r);
}

/* Source routes cannot be asked for; what is refused changes nothing. */
TEST(bad_options)
{
    static const uint8_t lsrr[8] = { 131, 7, 4, 10, 0, 0, 9 };
    struct cw_msg        m = { .buf = big,
                               .len = 65507,
                               .addr = at4("127.0.0.1", 7),
                               .has_addr = true,
                               .anc = { .has = CW_ANC_RETOPTS } };
    static char          large[65507];
    uint8_t              back[8];
    size_t               len = sizeof back;
    int                  sd;

    rig_init(&r);
    sd = dgram(CW_AF_INET);
    m.buf = large;
    set_options(sd, "\1", 1, 0);
    set_options(sd, lsrr, 8, -CW_EINVAL);
    set_options(sd, large, 41, -CW_EINVAL);
    CALL(0,
         cw_getsockopt(r.st, sd, CW_IPPROTO_IP, CW_IP_OPTIONS, back, &len));
    EXPECT_EQ(len, 4);
    m.anc.retopts.len = 7;
    memcpy(m.anc.retopts.b, lsrr, 7);
    CALL(-CW_EINVAL, cw_sendmsg(r.st, sd, &m, r.now));
    m.anc.retopts.len = 255;
    CALL(-CW_EINVAL, cw_sendmsg(r.st, sd, &m, r.now));
    /* They take their part of a datagram's most. */
    m.anc.retopts = (struct cw_ip_opts){ .len = 8, .b = { 1 } };
    CALL(-CW_EMSGSIZE, cw_sendmsg(r.st, sd, &m, r.now));
    m.len -= 8;
    CALL(65499, cw_sendmsg(r.st, sd, &m, r.now));
    rig_pump(&r);
    rig_free(&r);
}

/* [RFC1122-3.2.1.7-a] */
TEST(ranges)
{
    static const struct {
        int level, name, v, ret;
    } tries[] = {
        { CW_IPPROTO_IP, CW_IP_TTL, 0, -CW_EINVAL },
        { CW_IPPROTO_IP, CW_IP_TTL, 256, -CW_EINVAL },
        { CW_IPPROTO_IP, CW_IP_TTL, -1, 0 },
        { CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, 6, -CW_EINVAL },
        { CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, -1, -CW_EINVAL },
        { CW_IPPROTO_IP, CW_IP_MTU, 1500, -CW_ENOPROTOOPT },
        { CW_IPPROTO_IPV6, CW_IPV6_UNICAST_HOPS, 256, -CW_EINVAL },
        { CW_IPPROTO_IPV6, CW_IPV6_TCLASS, 256, -CW_EINVAL },
        { CW_IPPROTO_IPV6, CW_IPV6_TCLASS, -1, 0 },
        { CW_IPPROTO_IPV6, CW_IPV6_MTU_DISCOVER, 6, -CW_EINVAL },
    };
    int    sd, v = 0;
    size_t len = sizeof v;

    rig_init(&r);
    sd = dgram(CW_AF_INET6);
    T_EACH (t, tries) {
        t_row("%d %d", t->name, t->v);
        CALL(t->ret,
             cw_setsockopt(r.st, sd, t->level, t->name, &t->v, sizeof t->v,
                           r.now));
    }
    CALL(-CW_ENOTCONN,
         cw_getsockopt(r.st, sd, CW_IPPROTO_IP, CW_IP_MTU, &v, &len));
    rig_free(&r);
}

/* ---- too large ----------------------------------------------------------- */

struct frame {
    uint8_t b[2000];
    size_t  len;
};

/* What leaves by eth0; how many frames. */
static int leaves(struct frame *first)
{
    struct cw_pkt p;
    int           n = 0;

    while (cw_stack_output(r.st, &p, 1, r.now) == 1) {
        if (n++ == 0)
            first->len = 0;
        for (unsigned i = 0; n == 1 && i < p.nfrags; i++) {
            memcpy(first->b + first->len,
                   p.frags[i].buf->data + p.frags[i].off, p.frags[i].len);
            first->len += p.frags[i].len;
        }
        cw_pkt_free(&p);
    }
    return n;
}

/* A router says that this was too big. */
static void too_big(const struct frame *f, uint16_t mtu)
{
    uint8_t          *ip, *m;
    struct cw_buf    *b = cw_buf_new(r.st, 200);
    struct cw_pkt     p = { .frags = { { b, 0, ETHER + 20 + 8 + 28 } },
                            .nfrags = 1,
                            .netif = 1,
                            .len = ETHER + 20 + 8 + 28 };
    struct ip4_repr   h = { .total_len = 56,
                            .hdr_len = 20,
                            .ttl = 64,
                            .proto = PROTO_ICMP4,
                            .src = at4("10.0.0.2", 0).addr,
                            .dst = at4("10.0.0.1", 0).addr };
    struct icmp4_repr i = { .type = 3, .code = 4, .rest = mtu };

    ip = b->data + ETHER;
    m = ip + 20;
    memcpy(b->data, f->b + 6, 6);
    memcpy(b->data + 6, f->b, 6);
    memcpy(b->data + 12, "\x08\x00", 2);
    assert_int_equal(ip4hdr_emit(ip, 20, &h), 20);
    icmp4hdr_emit(m, 8, &i);
    memcpy(m + 8, f->b + ETHER, 28);
    icmp4hdr_seal(m, 36);
    cw_stack_input(r.st, &p, 1, r.now);
}

static ptrdiff_t send_big(int sd, size_t len)
{
    return cw_send(r.st, sd, big, len, 0, r.now);
}

static bool df(const struct frame *f)
{
    return f->b[ETHER + 6] & 0x40;
}

/* [RFC1191-3-d] [RFC1122-3.3.3-b] [RFC1122-3.3.3-a] ip(7), IP_MTU_DISCOVER:
 * before and after the path is known to carry 1400 bytes. */
TEST(too_large)
{
    static const struct {
        int       how;
        bool      df;             /* of what fits */
        ptrdiff_t at1473, at1400; /* what a send of ... answers */
        int       error;          /* that a router's message leaves */
    } hows[] = {
        { CW_PMTUDISC_DONT, false, 1473, 1400, 0 },
        { CW_PMTUDISC_WANT, true, 1473, 1400, CW_EMSGSIZE },
        { CW_PMTUDISC_DO, true, -CW_EMSGSIZE, -CW_EMSGSIZE, CW_EMSGSIZE },
        { CW_PMTUDISC_PROBE, true, -CW_EMSGSIZE, 1400, CW_EMSGSIZE },
        { CW_PMTUDISC_INTERFACE, false, -CW_EMSGSIZE, 1400, CW_EMSGSIZE },
        { CW_PMTUDISC_OMIT, false, 1473, 1400, CW_EMSGSIZE },
    };
    struct cw_sockaddr to = at4("10.0.0.2", 9);

    T_EACH (w, hows) {
        struct frame f = { .len = 0 };
        bool         cut = w->how < CW_PMTUDISC_DO;
        int          sd;

        t_row("%d", w->how);
        rig_init(&r);
        sd = dgram(CW_AF_INET);
        set(sd, CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, w->how);
        CALL(0, cw_connect(r.st, sd, &to, r.now));
        EXPECT_EQ(get(sd, CW_IPPROTO_IP, CW_IP_MTU), 1500);
        CALL(w->at1473, send_big(sd, 1473));
        EXPECT_EQ(leaves(&f), w->at1473 > 0 ? 2 : 0);
        if (w->at1473 > 0)
            EXPECT(!df(&f)); /* pieces never have it */
        CALL(1472, send_big(sd, 1472));
        EXPECT_EQ(leaves(&f), 1);
        EXPECT_EQ(df(&f), w->df);
        too_big(&f, 1400);
        EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), w->error);
        EXPECT_EQ(get(sd, CW_IPPROTO_IP, CW_IP_MTU), 1400);
        CALL(w->at1400, send_big(sd, 1400));
        EXPECT_EQ(leaves(&f), w->at1400 < 0 ? 0 : cut ? 2 : 1);
        CALL(1372, send_big(sd, 1372));
        EXPECT_EQ(leaves(&f), 1);
        EXPECT_EQ(df(&f), w->df);
        rig_free(&r);
    }
}

/* Our own refusal is a message, too: the MTU, and no bytes. */
TEST(own_refusal)
{
    struct cw_sockaddr to = at4("10.0.0.2", 9);
    struct cw_msg      m;
    char               text[64];
    int                sd;

    rig_init(&r);
    sd = dgram(CW_AF_INET);
    set(sd, CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, CW_PMTUDISC_DO);
    set(sd, CW_IPPROTO_IP, CW_IP_RECVERR, 1);
    CALL(0, cw_connect(r.st, sd, &to, r.now));
    CALL(-CW_EMSGSIZE, send_big(sd, 1473));
    CALL(0, error_message(sd, text, &m));
    EXPECT_EQ(m.anc.err.origin, LOCAL);
    EXPECT_EQ(m.anc.err.error, CW_EMSGSIZE);
    EXPECT_EQ(m.anc.err.info, 1500);
    EXPECT_EQ(m.addr.port, 9);
    EXPECT_EQ(get(sd, CW_SOL_SOCKET, CW_SO_ERROR), 0);
    rig_free(&r);
}

/* [RFC1122-3.3.3-c] [RFC8201-1-a] Discovery is off: what every path carries,
 * beyond a gateway; and routers may cut it. */
TEST(no_discovery)
{
    struct cw_sockaddr near = at4("10.0.0.2", 9), far = at4("192.0.2.1", 9);
    struct frame       f = { .len = 0 };
    int                sd;

    rig_defaults(&r);
    r.config.no_pmtud = true;
    rig_make(&r);
    CALL(0, cw_route_add(r.st, NULL, 0, &near.addr, 1));
    sd = dgram(CW_AF_INET);
    CALL(0, cw_connect(r.st, sd, &near, r.now));
    CALL(1472, send_big(sd, 1472));
    EXPECT_EQ(leaves(&f), 1);
    EXPECT(!df(&f));
    CALL(0, cw_connect(r.st, sd, &far, r.now));
    EXPECT_EQ(get(sd, CW_IPPROTO_IP, CW_IP_MTU), 576);
    CALL(1472, send_big(sd, 1472));
    EXPECT_EQ(leaves(&f), 3);
    EXPECT_EQ(f.len, ETHER + 572); /* a multiple of eight, and the header */
    rig_free(&r);
}

T_MAIN(T(refused), T(not_asked), T(pending), T(bounded), T(neighbour),
       T(header), T(default_ttl), T(options), T(bad_options), T(ranges),
       T(too_large), T(own_refusal), T(no_discovery))
