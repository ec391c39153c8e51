/* sock_udp_test.c: datagram sockets, and what all sockets share: numbers,
 * names, options, readiness.
 */
#include "sock_rig.h"
#include "t.h"

static int dgram(struct rig *r, int domain)
{
    int sd = cw_socket(r->st, domain, CW_SOCK_DGRAM, 0, r->now);

    assert_true(sd >= 0);
    return sd;
}

static int stream(struct rig *r, int domain)
{
    int sd = cw_socket(r->st, domain, CW_SOCK_STREAM, 0, r->now);

    assert_true(sd >= 0);
    return sd;
}

/* A datagram socket bound to this address. */
static int dgram_at(struct rig *r, struct cw_sockaddr a)
{
    int sd = dgram(r, addr_is4(&a.addr) ? CW_AF_INET : CW_AF_INET6);

    CALL(0, cw_bind(r->st, sd, &a, r->now));
    return sd;
}

static ptrdiff_t send_to(struct rig *r, int sd, struct cw_sockaddr to,
                         const char *text)
{
    char          copy[64];
    struct cw_msg m = {
        .buf = copy, .len = strlen(text), .addr = to, .has_addr = true
    };

    memcpy(copy, text, m.len);
    return cw_sendmsg(r->st, sd, &m, r->now);
}

static ptrdiff_t get(struct rig *r, int sd, char text[static 64],
                     struct cw_sockaddr *from)
{
    struct cw_msg m = { .buf = text, .len = 63 };
    ptrdiff_t     n = cw_recvmsg(r->st, sd, &m, r->now);

    text[n > 0 ? n : 0] = 0;
    if (from)
        *from = m.addr;
    return n;
}

TEST(kinds_of_sockets)
{
    static const struct {
        int domain, type, protocol, ret;
    } t[] = {
        { CW_AF_INET, CW_SOCK_STREAM, 0, 0 },
        { CW_AF_INET6, CW_SOCK_DGRAM, 0, 0 },
        { CW_AF_INET, CW_SOCK_STREAM, CW_IPPROTO_TCP, 0 },
        { CW_AF_INET, CW_SOCK_DGRAM, CW_IPPROTO_UDP, 0 },
        { CW_AF_INET, CW_SOCK_STREAM, CW_IPPROTO_UDP, -CW_EPROTONOSUPPORT },
        { CW_AF_INET, CW_SOCK_DGRAM, CW_IPPROTO_TCP, -CW_EPROTONOSUPPORT },
        { CW_AF_INET, 3, 0, -CW_EPROTONOSUPPORT },
        { 1, CW_SOCK_STREAM, 0, -CW_EAFNOSUPPORT },
    };
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        int sd = cw_socket(r.st, t[i].domain, t[i].type, t[i].protocol, 0);

        assert_int_equal(t[i].ret, sd < 0 ? sd : 0);
    }
    rig_free(&r);
}

TEST(numbers_are_bounded_and_not_reused_at_once)
{
    struct rig r;
    int        sd[3];

    rig_defaults(&r);
    r.config.sockets_max = 3;
    rig_make(&r);
    for (int i = 0; i < 3; i++)
        sd[i] = dgram(&r, CW_AF_INET);
    CALL(-CW_EMFILE, cw_socket(r.st, CW_AF_INET, CW_SOCK_DGRAM, 0, 0));
    CALL(0, cw_close(r.st, sd[1], 0));
    CALL(-CW_EBADF, cw_close(r.st, sd[1], 0));
    for (int i = 0; i < 1000; i++) { /* never an open one, never the last */
        int fresh = dgram(&r, CW_AF_INET);

        assert_true(fresh != sd[0] && fresh != sd[1] && fresh != sd[2]);
        CALL(0, cw_close(r.st, fresh, 0));
        sd[1] = fresh;
        CALL(0x20, cw_ready(r.st, fresh));
    }
    rig_free(&r);
}

TEST(no_such_socket)
{
    static const int   bad[] = { -1, 0, 17, INT32_MAX };
    struct cw_sockaddr a = { 0 };
    struct cw_queues   q;
    struct rig         r;
    char               text[64];
    int                v = 0;
    size_t             len = sizeof(v);

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CALL(-CW_EBADF, cw_bind(r.st, bad[i], &a, 0));
        CALL(-CW_EBADF, cw_listen(r.st, bad[i], 1, 0));
        CALL(-CW_EBADF, cw_accept(r.st, bad[i], NULL, 0));
        CALL(-CW_EBADF, cw_connect(r.st, bad[i], &a, 0));
        CALL(-CW_EBADF, cw_send(r.st, bad[i], "", 0, 0, 0));
        CALL(-CW_EBADF, cw_recv(r.st, bad[i], text, 1, 0, 0));
        CALL(-CW_EBADF, cw_shutdown(r.st, bad[i], 9, 0));
        CALL(-CW_EBADF, cw_close(r.st, bad[i], 0));
        CALL(-CW_EBADF, cw_getsockname(r.st, bad[i], &a));
        CALL(-CW_EBADF, cw_getpeername(r.st, bad[i], &a));
        CALL(-CW_EBADF, cw_setsockopt(r.st, bad[i], 1, 2, &v, len, 0));
        CALL(-CW_EBADF, cw_getsockopt(r.st, bad[i], 1, 2, &v, &len));
        CALL(-CW_EBADF, cw_queues(r.st, bad[i], &q));
        CALL(-CW_EBADF, cw_held(r.st, bad[i], 0, 0));
        CALL(-CW_EBADF, cw_set_owner(r.st, bad[i], 0));
        CALL(0x20, cw_ready(r.st, bad[i]));
    }
    rig_free(&r);
}

/* The upper-case echo of the textbook, over each pair of addresses. */
TEST(echo_over_every_address)
{
    static const struct {
        const char *server, *client;
        bool        server4, client4;
    } t[] = {
        { "127.0.0.1", "127.0.0.1", true, true },
        { "10.0.0.1", "127.0.0.1", true, true },
        { "0.0.0.0", "127.0.0.1", true, true },
        { "::1", "::1", false, false },
        { "fd00::1", "fd00::1", false, false },
        { "::", "::1", false, false },
        { "::", "127.0.0.1", false, true },        /* a dual socket, mapped */
        { "127.0.0.1", "127.0.0.1", true, false }, /* from AF_INET6 */
    };
    struct rig r;
    char       text[64];

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct cw_sockaddr at = at6(t[i].server, 1000), to, from, me;
        int                s = dgram_at(&r, at);
        int c = dgram(&r, t[i].client4 ? CW_AF_INET : CW_AF_INET6);

        to = addr_is_any(&at.addr) ? at6(t[i].client, 1000) : at;
        assert_int_equal(5, send_to(&r, c, to, "hello"));
        rig_pump(&r);
        assert_int_equal(CW_POLLIN | CW_POLLOUT, cw_ready(r.st, s));
        assert_int_equal(5, get(&r, s, text, &from));
        assert_string_equal("hello", text);
        CALL(0, cw_getsockname(r.st, c, &me));
        assert_int_equal(me.port, from.port);
        assert_int_equal(5, send_to(&r, s, from, "HELLO"));
        rig_pump(&r);
        assert_int_equal(5, get(&r, c, text, &from));
        assert_string_equal("HELLO", text);
        assert_true(addr_eq(&from.addr, &to.addr) && from.port == 1000);
        CALL(0, cw_close(r.st, s, 0));
        CALL(0, cw_close(r.st, c, 0));
    }
    rig_free(&r);
}

TEST(what_may_be_bound)
{
    static const struct {
        int         domain;
        const char *addr;
        int         ret;
    } t[] = {
        { CW_AF_INET, "127.0.0.1", 0 },
        { CW_AF_INET, "127.9.9.9", 0 },
        { CW_AF_INET, "0.0.0.0", 0 },
        { CW_AF_INET, "::", 0 }, /* read as 0.0.0.0 */
        { CW_AF_INET, "10.0.0.1", 0 },
        { CW_AF_INET, "10.0.0.2", -CW_EADDRNOTAVAIL },
        { CW_AF_INET, "fd00::1", -CW_EAFNOSUPPORT },
        { CW_AF_INET6, "::", 0 },
        { CW_AF_INET6, "::1", 0 },
        { CW_AF_INET6, "fd00::1", 0 },
        { CW_AF_INET6, "fd00::2", -CW_EADDRNOTAVAIL },
        { CW_AF_INET6, "127.0.0.1", 0 }, /* mapped */
        { CW_AF_INET6, "10.0.0.2", -CW_EADDRNOTAVAIL },
    };
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        for (int type = CW_SOCK_STREAM; type <= CW_SOCK_DGRAM; type++) {
            struct cw_sockaddr a = at6(t[i].addr, 77), got;
            int                sd = cw_socket(r.st, t[i].domain, type, 0, 0);

            CALL(t[i].ret, cw_bind(r.st, sd, &a, 0));
            CALL(0, cw_getsockname(r.st, sd, &got));
            assert_int_equal(t[i].ret ? 0 : 77, got.port);
            if (t[i].ret == 0) {
                CALL(-CW_EINVAL, cw_bind(r.st, sd, &a, 0));
                assert_true(
                    addr_is4(&got.addr)
                    == (t[i].domain == CW_AF_INET || addr_is4(&a.addr)));
            }
            CALL(0, cw_close(r.st, sd, 0));
        }
    rig_free(&r);
}

TEST(binds_conflict_and_ports_are_chosen)
{
    struct cw_sockaddr a, b;
    struct rig         r;
    int                x, y;

    rig_init(&r);
    for (int type = CW_SOCK_STREAM; type <= CW_SOCK_DGRAM; type++) {
        x = cw_socket(r.st, CW_AF_INET, type, 0, 0);
        y = cw_socket(r.st, CW_AF_INET6, type, 0, 0);
        a = at4("127.0.0.1", 0);
        CALL(0, cw_bind(r.st, x, &a, 0));
        CALL(0, cw_getsockname(r.st, x, &a));
        assert_in_range(a.port, 49152, 65535);
        b = at6("::", a.port);
        CALL(-CW_EADDRINUSE, cw_bind(r.st, y, &b, 0));
        b = at4("10.0.0.1", a.port); /* mapped: another address */
        CALL(0, cw_bind(r.st, y, &b, 0));
        CALL(0, cw_close(r.st, x, 0));
        CALL(0, cw_close(r.st, y, 0));
    }
    rig_free(&r);
}

TEST(v6only)
{
    struct cw_sockaddr mapped = at4("127.0.0.1", 9), any = at6("::", 9);
    struct rig         r;
    int                one = 1, x, y;

    rig_init(&r);
    for (int type = CW_SOCK_STREAM; type <= CW_SOCK_DGRAM; type++) {
        x = cw_socket(r.st, CW_AF_INET6, type, 0, 0);
        y = cw_socket(r.st, CW_AF_INET, type, 0, 0);
        CALL(0,
             cw_setsockopt(r.st, x, CW_IPPROTO_IPV6, CW_IPV6_V6ONLY, &one,
                           sizeof(one), 0));
        CALL(-CW_ENOPROTOOPT,
             cw_setsockopt(r.st, y, CW_IPPROTO_IPV6, CW_IPV6_V6ONLY, &one,
                           sizeof(one), 0));
        CALL(-CW_EINVAL, cw_bind(r.st, x, &mapped, 0));
        CALL(-CW_ENETUNREACH, cw_connect(r.st, x, &mapped, 0));
        CALL(0, cw_bind(r.st, x, &any, 0));
        CALL(-CW_EINVAL,
             cw_setsockopt(r.st, x, CW_IPPROTO_IPV6, CW_IPV6_V6ONLY, &one,
                           sizeof(one), 0));
        CALL(0, cw_bind(r.st, y, &mapped, 0)); /* they do not meet */
        CALL(0, cw_close(r.st, x, 0));
        CALL(0, cw_close(r.st, y, 0));
    }
    rig_free(&r);
}

TEST(families_of_destinations)
{
    static const struct {
        int         domain;
        const char *local, *to;
        ptrdiff_t   ret;
    } t[] = {
        { CW_AF_INET, NULL, "fd00::1", -CW_EAFNOSUPPORT },
        { CW_AF_INET, NULL, "0.0.0.0", 1 }, /* this host */
        { CW_AF_INET, NULL, "::", 1 },
        { CW_AF_INET6, NULL, "::", 1 },
        { CW_AF_INET6, NULL, "10.0.0.1", 1 },
        { CW_AF_INET6, "fd00::1", "10.0.0.1", -CW_ENETUNREACH },
        { CW_AF_INET6, "127.0.0.1", "fd00::1", -CW_ENETUNREACH },
        { CW_AF_INET6, "127.0.0.1", "::", 1 },
        { CW_AF_INET, NULL, "9.9.9.9", -CW_ENETUNREACH },
    };
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        int                sd = dgram(&r, t[i].domain);
        struct cw_sockaddr local;

        if (t[i].local) {
            local = at6(t[i].local, 0);
            CALL(0, cw_bind(r.st, sd, &local, 0));
        }
        assert_int_equal(t[i].ret, send_to(&r, sd, at6(t[i].to, 5), "x"));
        CALL(0, cw_close(r.st, sd, 0));
        rig_pump(&r);
    }
    rig_free(&r);
}

TEST(datagram_errors)
{
    struct cw_sockaddr closed = at4("127.0.0.1", 4), peer;
    struct rig         r;
    char               text[64], big[1] = { 0 };
    struct cw_msg      huge = {
             .buf = big, .len = 65508, .addr = closed, .has_addr = true
    };
    int sd;

    rig_init(&r);
    sd = dgram(&r, CW_AF_INET);
    CALL(-CW_EAGAIN, cw_recv(r.st, sd, text, 63, 0, 0));
    CALL(-CW_EDESTADDRREQ, cw_send(r.st, sd, "x", 1, 0, 0));
    CALL(-CW_EMSGSIZE, cw_sendmsg(r.st, sd, &huge, 0));
    CALL(-CW_EINVAL, send_to(&r, sd, at4("127.0.0.1", 0), "x"));
    CALL(-CW_EOPNOTSUPP, cw_listen(r.st, sd, 1, 0));
    CALL(-CW_EOPNOTSUPP, cw_accept(r.st, sd, NULL, 0));
    CALL(-CW_ENOTCONN, cw_getpeername(r.st, sd, &peer));
    CALL(0, cw_connect(r.st, sd, &closed, 0));
    CALL(0, cw_getpeername(r.st, sd, &peer));
    assert_int_equal(4, peer.port);
    CALL(-CW_EOPNOTSUPP, cw_send(r.st, sd, "x", 1, CW_MSG_OOB, 0));
    CALL(1, cw_send(r.st, sd, "x", 1, 0, 0));
    rig_pump(&r); /* port unreachable: told once */
    assert_true(cw_ready(r.st, sd) & CW_POLLERR);
    CALL(-CW_ECONNREFUSED, cw_recv(r.st, sd, text, 63, 0, 0));
    CALL(-CW_EAGAIN, cw_recv(r.st, sd, text, 63, 0, 0));
    CALL(0, cw_connect(r.st, sd, NULL, 0));
    CALL(-CW_ENOTCONN, cw_getpeername(r.st, sd, &peer));
    rig_free(&r);
}

static ptrdiff_t take(struct rig *r, int sd, struct cw_msg *m)
{
    static char room[4000];

    *m = (struct cw_msg){ .buf = room, .len = sizeof room };
    return cw_recvmsg(r->st, sd, m, r->now);
}

/* UDP_SEGMENT cuts, UDP_GRO joins what came at the same time: of one size,
 * with nothing behind a shorter one. */
TEST(segments_are_cut_and_joined)
{
    static const char  bytes[2500];
    struct cw_sockaddr at = at4("127.0.0.1", 700);
    const int          size = 1000, on = 1;
    struct cw_msg      m;
    struct rig         r;
    int                to, from;

    rig_init(&r);
    to = cw_socket(r.st, CW_AF_INET, CW_SOCK_DGRAM, 0, r.now);
    from = cw_socket(r.st, CW_AF_INET, CW_SOCK_DGRAM, 0, r.now);
    CALL(0, cw_bind(r.st, to, &at, r.now));
    CALL(0, cw_connect(r.st, from, &at, r.now));
    CALL(0,
         cw_setsockopt(r.st, from, CW_IPPROTO_UDP, 103, &size, sizeof size,
                       r.now));
    CALL(0,
         cw_setsockopt(r.st, to, CW_IPPROTO_UDP, 104, &on, sizeof on, r.now));
    CALL(2500, cw_send(r.st, from, bytes, 2500, 0, r.now));
    rig_pump(&r);
    CALL(2500, take(&r, to, &m));
    EXPECT_EQ(m.anc.has, CW_ANC_GSO);
    EXPECT_EQ(m.anc.gso_size, 1000);
    CALL(2000, cw_send(r.st, from, bytes, 2000, 0, r.now));
    CALL(10, cw_send(r.st, from, bytes, 10, 0, r.now));
    CALL(10, cw_send(r.st, from, bytes, 10, 0, r.now));
    rig_pump(&r);
    CALL(2010, take(&r, to, &m));
    CALL(10, take(&r, to, &m)); /* ... it ended there */
    EXPECT_EQ(m.anc.has, 0);
    CALL(1000, cw_send(r.st, from, bytes, 1000, 0, r.now));
    rig_pump(&r);
    r.now++;
    CALL(1000, cw_send(r.st, from, bytes, 1000, 0, r.now));
    rig_pump(&r);
    CALL(1000, take(&r, to, &m));
    CALL(1000, take(&r, to, &m));
    CALL(0, cw_close(r.st, from, r.now));
    CALL(0, cw_close(r.st, to, r.now));
    rig_free(&r);
}

TEST(so_error_is_told_once)
{
    struct cw_sockaddr closed = at4("127.0.0.1", 4);
    struct rig         r;
    int                sd, err = 1;
    size_t             len = sizeof(err);

    rig_init(&r);
    sd = dgram(&r, CW_AF_INET);
    CALL(0, cw_connect(r.st, sd, &closed, 0));
    CALL(1, cw_send(r.st, sd, "x", 1, 0, 0));
    rig_pump(&r);
    CALL(0, cw_getsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_ERROR, &err, &len));
    assert_int_equal(CW_ECONNREFUSED, err);
    CALL(0, cw_getsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_ERROR, &err, &len));
    assert_int_equal(0, err);
    rig_free(&r);
}

TEST(shutdown_of_datagrams)
{
    struct cw_sockaddr peer = at4("127.0.0.1", 4);
    struct rig         r;
    char               text[64];
    int                sd;

    rig_init(&r);
    sd = dgram(&r, CW_AF_INET);
    CALL(-CW_EINVAL, cw_shutdown(r.st, sd, 3, 0));
    CALL(-CW_ENOTCONN, cw_shutdown(r.st, sd, CW_SHUT_RD, 0));
    CALL(0, cw_recv(r.st, sd, text, 63, 0, 0)); /* and yet it is shut */
    CALL(0, cw_close(r.st, sd, 0));
    sd = dgram(&r, CW_AF_INET);
    CALL(0, cw_connect(r.st, sd, &peer, 0));
    CALL(0, cw_shutdown(r.st, sd, CW_SHUT_WR, 0));
    CALL(-CW_EPIPE, cw_send(r.st, sd, "x", 1, 0, 0));
    rig_free(&r);
}

TEST(readiness_is_told_once_in_order)
{
    struct rig r;
    int        a, b, c;
    char       text[64];

    rig_init(&r);
    a = dgram_at(&r, at4("127.0.0.1", 1));
    b = dgram_at(&r, at4("127.0.0.1", 2));
    c = dgram(&r, CW_AF_INET);
    while (cw_ready_next(r.st) >= 0)
        ;
    send_to(&r, c, at4("127.0.0.1", 2), "to b");
    send_to(&r, c, at4("127.0.0.1", 1), "to a");
    send_to(&r, c, at4("127.0.0.1", 2), "to b again");
    rig_pump(&r);
    assert_int_equal(b, cw_ready_next(r.st));
    assert_int_equal(a, cw_ready_next(r.st));
    assert_int_equal(-1, cw_ready_next(r.st));
    assert_int_equal(4, get(&r, b, text, NULL));
    assert_true(cw_ready(r.st, b) & CW_POLLIN);
    assert_int_equal(10, get(&r, b, text, NULL));
    assert_false(cw_ready(r.st, b) & CW_POLLIN);
    send_to(&r, c, at4("127.0.0.1", 2), "x");
    rig_pump(&r);
    CALL(0, cw_close(r.st, b, 0)); /* gone from the queue, too */
    assert_int_equal(-1, cw_ready_next(r.st));
    rig_free(&r);
}

/* ---- options ----------------------------------------------------------- */

enum { SET_FAILS = 1, STREAMS = 2, DGRAMS = 4 };

static const struct opt_row {
    int level, name, first, set, reads, flags;
} opt_rows[] = {
    { CW_SOL_SOCKET, CW_SO_REUSEADDR, 0, 7, 1, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_REUSEPORT, 0, 1, 1, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_BROADCAST, 0, 1, 1, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_OOBINLINE, 0, 1, 1, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_KEEPALIVE, 0, 1, 1, STREAMS },
    { CW_SOL_SOCKET, CW_SO_SNDBUF, -1, 10000, 20000, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_RCVBUF, -1, 10000, 20000, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_RCVBUF, -1, 1, 4096, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_RCVBUF, -1, -1, 32 << 20, STREAMS | DGRAMS },
    { CW_SOL_SOCKET, CW_SO_ACCEPTCONN, 0, 1, 0,
      STREAMS | DGRAMS | SET_FAILS },
    { CW_SOL_SOCKET, CW_SO_ERROR, 0, 1, 0, STREAMS | DGRAMS | SET_FAILS },
    { CW_SOL_SOCKET, CW_SO_DOMAIN, CW_AF_INET, 1, CW_AF_INET,
      STREAMS | DGRAMS | SET_FAILS },
    { CW_IPPROTO_TCP, CW_TCP_NODELAY, 0, 1, 1, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_CORK, 0, 1, 1, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_MAXSEG, 536, 1000, 1000, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_KEEPIDLE, 7200, 60, 60, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_KEEPINTVL, 75, 10, 10, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_KEEPCNT, 9, 3, 3, STREAMS },
    { CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 0, 5000, 5000, STREAMS },
    { CW_IPPROTO_IP, CW_IP_TOS, 0, 16, 16, STREAMS | DGRAMS },
    { CW_IPPROTO_IP, CW_IP_TOS, 0, 0x1b, 0x18, STREAMS }, /* ECN: TCP's */
    { CW_IPPROTO_IP, CW_IP_TTL, 64, 9, 9, STREAMS | DGRAMS },
    { CW_IPPROTO_IP, CW_IP_TTL, 64, -1, 64, STREAMS | DGRAMS },
    { CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, 1, 3, 3, STREAMS | DGRAMS },
    { CW_IPPROTO_IP, CW_IP_RECVERR, 0, 7, 1, STREAMS | DGRAMS },
    { CW_IPPROTO_IP, CW_IP_RECVTTL, 0, 1, 1, DGRAMS },
    { CW_IPPROTO_IP, CW_IP_RECVTOS, 0, 1, 1, DGRAMS },
};

static void check_option(struct rig *r, const struct opt_row *o, int type)
{
    int    sd = cw_socket(r->st, CW_AF_INET, type, 0, 0);
    int    v = -77, here = type == CW_SOCK_STREAM ? STREAMS : DGRAMS;
    size_t len = sizeof(v);

    if (o->level == CW_IPPROTO_IP && o->name == CW_IP_TOS
        && !(o->flags & here))
        return; /* a row for the other kind */
    if (!(o->flags & here)) {
        CALL(-CW_ENOPROTOOPT,
             cw_getsockopt(r->st, sd, o->level, o->name, &v, &len));
        CALL(-CW_ENOPROTOOPT,
             cw_setsockopt(r->st, sd, o->level, o->name, &o->set, sizeof(int),
                           0));
        CALL(0, cw_close(r->st, sd, 0));
        return;
    }
    CALL(0, cw_getsockopt(r->st, sd, o->level, o->name, &v, &len));
    assert_int_equal(sizeof(v), len);
    if (o->first >= 0)
        assert_int_equal(o->first, v);
    /* Too short, but that IP's options may be one byte. */
    if (o->level != CW_IPPROTO_IP)
        CALL(-(o->flags & SET_FAILS ? CW_ENOPROTOOPT : CW_EINVAL),
             cw_setsockopt(r->st, sd, o->level, o->name, &o->set, 3, 0));
    CALL(
        o->flags & SET_FAILS ? -CW_ENOPROTOOPT : 0,
        cw_setsockopt(r->st, sd, o->level, o->name, &o->set, sizeof(int), 0));
    CALL(0, cw_getsockopt(r->st, sd, o->level, o->name, &v, &len));
    assert_int_equal(o->reads, v);
    CALL(0, cw_close(r->st, sd, 0));
}

TEST(options_read_as_linux_has_them)
{
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(opt_rows); i++) {
        check_option(&r, &opt_rows[i], CW_SOCK_STREAM);
        check_option(&r, &opt_rows[i], CW_SOCK_DGRAM);
    }
    rig_free(&r);
}

TEST(options_out_of_range)
{
    static const struct {
        int level, name, v;
    } t[] = {
        { CW_IPPROTO_TCP, CW_TCP_KEEPIDLE, 0 },
        { CW_IPPROTO_TCP, CW_TCP_KEEPIDLE, 32768 },
        { CW_IPPROTO_TCP, CW_TCP_KEEPCNT, 128 },
        { CW_IPPROTO_TCP, CW_TCP_KEEPINTVL, -1 },
        { CW_IPPROTO_TCP, CW_TCP_MAXSEG, 87 },
        { CW_IPPROTO_TCP, CW_TCP_MAXSEG, 32768 },
        { CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, -1 },
        { CW_IPPROTO_IP, 2, 0 },
        { CW_IPPROTO_IP, 2, 256 },
    };
    struct rig r;
    int        sd;

    rig_init(&r);
    sd = stream(&r, CW_AF_INET);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        CALL(-CW_EINVAL,
             cw_setsockopt(r.st, sd, t[i].level, t[i].name, &t[i].v,
                           sizeof(int), 0));
    CALL(-CW_ENOPROTOOPT,
         cw_setsockopt(r.st, sd, CW_SOL_SOCKET, 9999, &sd, sizeof(sd), 0));
    rig_free(&r);
}

TEST(linger_and_short_rooms)
{
    struct cw_linger l = { 5, 7 }, got = { 0, 0 };
    size_t           len = sizeof(got);
    uint8_t          room[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };
    struct rig       r;
    int              sd;

    rig_init(&r);
    sd = stream(&r, CW_AF_INET);
    CALL(0,
         cw_setsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_LINGER, &l, sizeof(l),
                       0));
    CALL(0, cw_getsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_LINGER, &got, &len));
    assert_int_equal(1, got.on);
    assert_int_equal(7, got.seconds);
    CALL(-CW_EINVAL,
         cw_setsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_LINGER, &l, 4, 0));
    len = 2;
    CALL(0, cw_getsockopt(r.st, sd, CW_SOL_SOCKET, CW_SO_DOMAIN, room, &len));
    assert_int_equal(2, len);
    assert_int_equal(CW_AF_INET, room[0]);
    assert_int_equal(9, room[2]);
    rig_free(&r);
}

TEST(owners_show_in_snapshots)
{
    struct cw_sock_row row[4];
    struct rig         r;
    int                sd;

    rig_init(&r);
    sd = dgram_at(&r, at4("127.0.0.1", 53));
    CALL(0, cw_set_owner(r.st, sd, 4711));
    assert_int_equal(1, cw_snapshot_socks(r.st, row, 4, 0));
    assert_int_equal(sd, row[0].sd);
    assert_int_equal(4711, row[0].owner);
    assert_int_equal(53, row[0].local.port);
    assert_int_equal(CW_SOCK_DGRAM, row[0].type);
    assert_int_equal(CW_AF_INET, row[0].domain);
    assert_int_equal(CW_CLOSED, row[0].state);
    assert_int_equal(1, cw_snapshot_socks(r.st, row, 0, 0));
    rig_free(&r);
}

T_MAIN(T(kinds_of_sockets), T(numbers_are_bounded_and_not_reused_at_once),
       T(no_such_socket), T(echo_over_every_address), T(what_may_be_bound),
       T(binds_conflict_and_ports_are_chosen), T(v6only),
       T(families_of_destinations), T(datagram_errors),
       T(segments_are_cut_and_joined), T(so_error_is_told_once),
       T(shutdown_of_datagrams), T(readiness_is_told_once_in_order),
       T(options_read_as_linux_has_them), T(options_out_of_range),
       T(linger_and_short_rooms), T(owners_show_in_snapshots))
