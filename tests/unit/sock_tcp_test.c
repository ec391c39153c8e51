/* sock_tcp_test.c: which call is right in which state of a stream socket, and
 * its error: a table, with Linux as the model.
 */
#include "sock_rig.h"
#include "t.h"

enum { PORT = 1000, CLOSED_PORT = 4 };

static int stream(struct rig *r, int domain)
{
    int sd = cw_socket(r->st, domain, CW_SOCK_STREAM, 0, r->now);

    assert_true(sd >= 0);
    return sd;
}

/* ---- a socket in each state -------------------------------------------- */

static int fresh(struct rig *r)
{
    return stream(r, CW_AF_INET);
}

static int bound(struct rig *r)
{
    struct cw_sockaddr a = at4("0.0.0.0", 0);
    int                sd = fresh(r);

    CALL(0, cw_bind(r->st, sd, &a, r->now));
    return sd;
}

static int listening(struct rig *r)
{
    int sd = bound(r);

    CALL(0, cw_listen(r->st, sd, 4, r->now));
    return sd;
}

static int connecting(struct rig *r)
{
    struct cw_sockaddr a = at4("10.0.0.2", PORT);
    int                sd = fresh(r);

    CALL(-CW_EINPROGRESS, cw_connect(r->st, sd, &a, r->now));
    rig_pump(r);
    return sd;
}

static int refused(struct rig *r)
{
    struct cw_sockaddr a = at4("127.0.0.1", CLOSED_PORT);
    int                sd = fresh(r);

    CALL(-CW_EINPROGRESS, cw_connect(r->st, sd, &a, r->now));
    rig_pump(r);
    return sd;
}

/* Refused, and told so. */
static int failed(struct rig *r)
{
    struct cw_sockaddr a = at4("127.0.0.1", CLOSED_PORT);
    int                sd = refused(r);

    CALL(-CW_ECONNREFUSED, cw_connect(r->st, sd, &a, r->now));
    return sd;
}

static int connected(struct rig *r)
{
    return rig_connect(r, at4("127.0.0.1", 0)).client;
}

static int peer_closed(struct rig *r)
{
    struct pair p = rig_connect(r, at4("127.0.0.1", 0));

    CALL(0, cw_close(r->st, p.server, r->now));
    rig_pump(r);
    return p.client;
}

static int shut_wr(struct rig *r)
{
    struct pair p = rig_connect(r, at4("127.0.0.1", 0));

    CALL(0, cw_shutdown(r->st, p.client, CW_SHUT_WR, r->now));
    rig_pump(r);
    return p.client;
}

static int peer_reset(struct rig *r)
{
    struct pair      p = rig_connect(r, at4("127.0.0.1", 0));
    struct cw_linger now = { 1, 0 };

    CALL(0,
         cw_setsockopt(r->st, p.server, CW_SOL_SOCKET, CW_SO_LINGER, &now,
                       sizeof(now), r->now));
    CALL(0, cw_close(r->st, p.server, r->now));
    rig_pump(r);
    return p.client;
}

/* ---- the calls --------------------------------------------------------- */

static ptrdiff_t do_bind(struct rig *r, int sd)
{
    struct cw_sockaddr a = at4("127.0.0.1", 0);

    return cw_bind(r->st, sd, &a, r->now);
}

static ptrdiff_t do_listen(struct rig *r, int sd)
{
    return cw_listen(r->st, sd, 1, r->now);
}

static ptrdiff_t do_accept(struct rig *r, int sd)
{
    return cw_accept(r->st, sd, NULL, r->now);
}

static ptrdiff_t do_connect(struct rig *r, int sd)
{
    struct cw_sockaddr a = at4("10.0.0.2", PORT);

    return cw_connect(r->st, sd, &a, r->now);
}

static ptrdiff_t do_send(struct rig *r, int sd)
{
    return cw_send(r->st, sd, "x", 1, 0, r->now);
}

static ptrdiff_t do_recv(struct rig *r, int sd)
{
    char byte;

    return cw_recv(r->st, sd, &byte, 1, 0, r->now);
}

static ptrdiff_t do_shut(struct rig *r, int sd)
{
    return cw_shutdown(r->st, sd, CW_SHUT_WR, r->now);
}

static ptrdiff_t do_peer(struct rig *r, int sd)
{
    struct cw_sockaddr a;

    return cw_getpeername(r->st, sd, &a);
}

static ptrdiff_t do_so_error(struct rig *r, int sd)
{
    int    err = -1;
    size_t len = sizeof(err);

    CALL(0, cw_getsockopt(r->st, sd, CW_SOL_SOCKET, CW_SO_ERROR, &err, &len));
    return err;
}

static ptrdiff_t do_ready(struct rig *r, int sd)
{
    return (ptrdiff_t)cw_ready(r->st, sd);
}

#define E(x)  (-CW_E##x)
#define IN    CW_POLLIN
#define OUT   CW_POLLOUT
#define ERR   CW_POLLERR
#define HUP   CW_POLLHUP
#define RDHUP CW_POLLRDHUP

static const struct row {
    const char *name;
    int (*make)(struct rig *r);
    ptrdiff_t bind, listen, accept, connect, send, recv, shut, peer, so_error;
    unsigned  ready;
} rows[] = {
    { "fresh", fresh, 0, 0, E(INVAL), E(INPROGRESS), E(PIPE), E(NOTCONN),
      E(NOTCONN), E(NOTCONN), 0, OUT | HUP },
    { "bound", bound, E(INVAL), 0, E(INVAL), E(INPROGRESS), E(PIPE),
      E(NOTCONN), E(NOTCONN), E(NOTCONN), 0, OUT | HUP },
    { "listening", listening, E(INVAL), 0, E(AGAIN), E(ISCONN), E(PIPE),
      E(NOTCONN), 0, E(NOTCONN), 0, 0 },
    { "connecting", connecting, E(INVAL), E(INVAL), E(INVAL), E(ALREADY),
      E(AGAIN), E(AGAIN), 0, E(NOTCONN), 0, 0 },
    { "refused", refused, E(INVAL), 0, E(INVAL), E(CONNREFUSED),
      E(CONNREFUSED), E(CONNREFUSED), E(NOTCONN), E(NOTCONN), CW_ECONNREFUSED,
      IN | OUT | ERR | HUP | RDHUP },
    { "failed", failed, 0, 0, E(INVAL), E(INPROGRESS), E(PIPE), E(NOTCONN),
      E(NOTCONN), E(NOTCONN), 0, OUT | HUP },
    { "connected", connected, E(INVAL), E(INVAL), E(INVAL), E(ISCONN), 1,
      E(AGAIN), 0, 0, 0, OUT },
    { "peer closed", peer_closed, E(INVAL), E(INVAL), E(INVAL), E(ISCONN), 1,
      0, 0, 0, 0, IN | OUT | RDHUP },
    { "shut for writing", shut_wr, E(INVAL), E(INVAL), E(INVAL), E(ISCONN),
      E(PIPE), E(AGAIN), 0, 0, 0, OUT },
    { "reset by the peer", peer_reset, E(INVAL), E(INVAL), E(INVAL),
      E(ISCONN), E(CONNRESET), E(CONNRESET), E(NOTCONN), E(NOTCONN),
      CW_ECONNRESET, IN | OUT | ERR | HUP | RDHUP },
};

static const struct {
    const char *name;
    ptrdiff_t (*call)(struct rig *r, int sd);
    size_t expected; /* where in struct row */
} calls[] = {
    { "bind", do_bind, offsetof(struct row, bind) },
    { "listen", do_listen, offsetof(struct row, listen) },
    { "accept", do_accept, offsetof(struct row, accept) },
    { "connect", do_connect, offsetof(struct row, connect) },
    { "send", do_send, offsetof(struct row, send) },
    { "recv", do_recv, offsetof(struct row, recv) },
    { "shutdown", do_shut, offsetof(struct row, shut) },
    { "getpeername", do_peer, offsetof(struct row, peer) },
    { "SO_ERROR", do_so_error, offsetof(struct row, so_error) },
};

/* Each cell on a stack of its own, so that no call sees what another did. */
TEST(every_call_in_every_state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < ARRAY_LEN(calls); k++) {
            struct rig r;
            ptrdiff_t  want, got;
            int        sd;

            rig_init(&r);
            sd = rows[i].make(&r);
            assert_int_equal(rows[i].ready, do_ready(&r, sd));
            memcpy(&want, (const char *)&rows[i] + calls[k].expected,
                   sizeof(want));
            got = calls[k].call(&r, sd);
            if (got != want)
                print_error("%s on a socket that is %s: %td, not %td\n",
                            calls[k].name, rows[i].name, got, want);
            assert_true(got == want);
            rig_free(&r);
        }
}

/* ---- stories ----------------------------------------------------------- */

TEST(connect_tells_success_once)
{
    struct cw_sockaddr a = at4("127.0.0.1", PORT), peer;
    struct rig         r;
    int                l, c;

    rig_init(&r);
    l = stream(&r, CW_AF_INET);
    c = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, l, &a, 0));
    CALL(0, cw_listen(r.st, l, 1, 0));
    CALL(-CW_EINPROGRESS, cw_connect(r.st, c, &a, 0));
    CALL(-CW_EALREADY, cw_connect(r.st, c, &a, 0));
    CALL(-CW_EAGAIN, cw_accept(r.st, l, &peer, 0));
    rig_pump(&r);
    CALL(CW_POLLIN, cw_ready(r.st, l));
    CALL(0, cw_connect(r.st, c, &a, 0));
    CALL(-CW_EISCONN, cw_connect(r.st, c, &a, 0));
    assert_true(cw_accept(r.st, l, &peer, 0) >= 0);
    CALL(0, cw_getsockname(r.st, c, &a));
    assert_true(addr_eq(&a.addr, &peer.addr) && a.port == peer.port);
    rig_free(&r);
}

TEST(failed_connect_can_try_again)
{
    struct cw_sockaddr closed = at4("127.0.0.1", CLOSED_PORT);
    struct cw_sockaddr open = at4("127.0.0.1", PORT), me = at4("0.0.0.0", 77);
    struct rig         r;
    int                l, c;

    rig_init(&r);
    c = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, c, &me, 0));
    CALL(-CW_EINPROGRESS, cw_connect(r.st, c, &closed, 0));
    rig_pump(&r);
    assert_int_equal(CW_ECONNREFUSED, do_so_error(&r, c));
    /* SO_ERROR told it; Linux's connect() then finds no error any more */
    CALL(-CW_ECONNABORTED, cw_connect(r.st, c, &closed, 0));
    l = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, l, &open, 0));
    CALL(0, cw_listen(r.st, l, 1, 0));
    CALL(-CW_EINPROGRESS, cw_connect(r.st, c, &open, 0));
    rig_pump(&r);
    CALL(0, cw_connect(r.st, c, &open, 0));
    CALL(0, cw_getsockname(r.st, c, &me));
    assert_int_equal(77, me.port); /* its own port again */
    rig_free(&r);
}

TEST(unanswered_connect_times_out)
{
    struct rig r;
    int        sd;

    rig_init(&r);
    sd = connecting(&r);
    rig_run(&r, 126 * NS_S);
    assert_int_equal(0, do_ready(&r, sd));
    rig_run(&r, 130 * NS_S); /* 1 + 2 + ... + 64 = 127 s */
    assert_true(do_ready(&r, sd) & CW_POLLERR);
    assert_int_equal(7, r.eth_out);
    CALL(-CW_ETIMEDOUT, do_connect(&r, sd));
    rig_free(&r);
}

TEST(a_second_bind_is_refused)
{
    struct cw_sockaddr a = at4("0.0.0.0", PORT);
    struct rig         r;
    int                x, y;

    rig_init(&r);
    x = stream(&r, CW_AF_INET);
    y = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, x, &a, 0));
    CALL(-CW_EADDRINUSE, cw_bind(r.st, y, &a, 0));
    CALL(0, cw_close(r.st, x, 0));
    CALL(0, cw_bind(r.st, y, &a, 0));
    rig_free(&r);
}

static void set_reuse(struct rig *r, int sd, int on)
{
    CALL(0,
         cw_setsockopt(r->st, sd, CW_SOL_SOCKET, CW_SO_REUSEADDR, &on,
                       sizeof(on), r->now));
}

/* A server that served once and closed first, and is gone. */
static void leave_time_wait(struct rig *r, struct cw_sockaddr a, int reuse)
{
    int l = stream(r, CW_AF_INET), c = stream(r, CW_AF_INET), s;

    set_reuse(r, l, reuse);
    CALL(0, cw_bind(r->st, l, &a, r->now));
    CALL(0, cw_listen(r->st, l, 1, r->now));
    CALL(-CW_EINPROGRESS, cw_connect(r->st, c, &a, r->now));
    rig_pump(r);
    s = cw_accept(r->st, l, NULL, r->now);
    CALL(0, cw_close(r->st, l, r->now));
    CALL(0, cw_close(r->st, s, r->now));
    rig_pump(r);
    CALL(0, cw_close(r->st, c, r->now));
    rig_pump(r);
}

/* The course's first stumbling block: the side that closes first keeps the
 * port for 2 MSL, unless it and its successor both said SO_REUSEADDR. */
TEST(port_of_time_wait_is_in_use)
{
    struct cw_sockaddr a = at4("127.0.0.1", PORT);
    struct rig         r;
    int                sd;

    for (int before = 0; before <= 1; before++)
        for (int after = 0; after <= 1; after++) {
            rig_init(&r);
            leave_time_wait(&r, a, before);
            rig_run(&r, 59 * NS_S);
            sd = stream(&r, CW_AF_INET);
            set_reuse(&r, sd, after);
            CALL(before && after ? 0 : -CW_EADDRINUSE,
                 cw_bind(r.st, sd, &a, r.now));
            CALL(0, cw_close(r.st, sd, r.now));
            rig_run(&r, 61 * NS_S);
            sd = stream(&r, CW_AF_INET);
            CALL(0, cw_bind(r.st, sd, &a, r.now));
            rig_free(&r);
        }
}

TEST(bytes_go_both_ways)
{
    static const char *const where[] = { "127.0.0.1", "10.0.0.1", "::1",
                                         "fd00::1" };
    struct cw_queues         q;
    struct rig               r;
    char                     text[16];

    rig_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        struct pair p = rig_connect(&r, at6(where[i], 0));

        CALL(5, cw_send(r.st, p.client, "hello", 5, 0, 0));
        rig_pump(&r);
        CALL(0, cw_queues(r.st, p.server, &q));
        assert_int_equal(5, q.recv_queued);
        CALL(3, cw_recv(r.st, p.server, text, 3, CW_MSG_PEEK, 0));
        CALL(5, cw_recv(r.st, p.server, text, 16, 0, 0));
        assert_memory_equal("hello", text, 5);
        CALL(5, cw_send(r.st, p.server, "HELLO", 5, 0, 0));
        CALL(0, cw_close(r.st, p.server, 0));
        rig_pump(&r);
        CALL(5, cw_recv(r.st, p.client, text, 16, 0, 0));
        assert_memory_equal("HELLO", text, 5);
        CALL(0, cw_recv(r.st, p.client, text, 16, 0, 0));
        CALL(0, cw_close(r.st, p.client, 0));
        CALL(0, cw_close(r.st, p.listener, 0));
        rig_pump(&r);
    }
    rig_run(&r, 61 * NS_S); /* TIME-WAIT is over */
    assert_int_equal(0, cw_stack_memory_used(r.st));
    rig_free(&r);
}

TEST(a_dual_listener_serves_ipv4)
{
    struct cw_sockaddr any = at6("::", PORT), to = at4("127.0.0.1", PORT);
    struct cw_sockaddr peer;
    struct rig         r;
    int                l, c, s;

    rig_init(&r);
    l = stream(&r, CW_AF_INET6);
    c = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, l, &any, 0));
    CALL(0, cw_listen(r.st, l, 1, 0));
    CALL(-CW_EINPROGRESS, cw_connect(r.st, c, &to, 0));
    rig_pump(&r);
    s = cw_accept(r.st, l, &peer, 0);
    assert_true(s >= 0);
    assert_true(addr_is4(&peer.addr)); /* mapped, as cw_addr always is */
    CALL(0, cw_getsockname(r.st, s, &peer));
    assert_true(addr_eq(&to.addr, &peer.addr) && peer.port == PORT);
    rig_free(&r);
}

TEST(listen_without_a_name_gets_a_port)
{
    struct cw_sockaddr a;
    struct rig         r;
    int                l;

    rig_init(&r);
    l = stream(&r, CW_AF_INET6);
    CALL(0, cw_listen(r.st, l, 1, 0));
    CALL(0, cw_getsockname(r.st, l, &a));
    assert_in_range(a.port, 49152, 65535);
    CALL(0, cw_listen(r.st, l, 5, 0)); /* a new backlog */
    CALL(0, cw_shutdown(r.st, l, CW_SHUT_RD, 0));
    CALL(-CW_EINVAL, cw_accept(r.st, l, NULL, 0));
    rig_free(&r);
}

TEST(numbers_run_out_before_a_connection_is_lost)
{
    struct cw_sockaddr a = at4("127.0.0.1", PORT);
    struct rig         r;
    int                l, c, spare;

    rig_defaults(&r);
    r.config.sockets_max = 3;
    rig_make(&r);
    l = stream(&r, CW_AF_INET);
    c = stream(&r, CW_AF_INET);
    spare = stream(&r, CW_AF_INET);
    CALL(0, cw_bind(r.st, l, &a, 0));
    CALL(0, cw_listen(r.st, l, 1, 0));
    CALL(-CW_EINPROGRESS, cw_connect(r.st, c, &a, 0));
    rig_pump(&r);
    CALL(-CW_EMFILE, cw_accept(r.st, l, NULL, 0));
    CALL(0, cw_close(r.st, spare, 0));
    assert_true(cw_accept(r.st, l, NULL, 0) >= 0);
    rig_free(&r);
}

TEST(options_pass_to_the_connection)
{
    struct rig         r;
    struct pair        p;
    struct cw_tcp_info info;
    int                v = 1;
    size_t             len = sizeof(v);

    rig_init(&r);
    p = rig_connect(&r, at4("127.0.0.1", 0));
    CALL(0,
         cw_setsockopt(r.st, p.client, CW_IPPROTO_TCP, CW_TCP_NODELAY, &v,
                       len, 0));
    v = 0;
    CALL(0,
         cw_getsockopt(r.st, p.client, CW_IPPROTO_TCP, CW_TCP_NODELAY, &v,
                       &len));
    assert_int_equal(1, v);
    CALL(0,
         cw_getsockopt(r.st, p.listener, CW_SOL_SOCKET, CW_SO_ACCEPTCONN, &v,
                       &len));
    assert_int_equal(1, v);
    CALL(0,
         cw_getsockopt(r.st, p.client, CW_IPPROTO_TCP, CW_TCP_MAXSEG, &v,
                       &len));
    assert_int_equal(1448, v); /* 1500 - 40 - timestamps */
    len = sizeof(info);
    CALL(0,
         cw_getsockopt(r.st, p.client, CW_IPPROTO_TCP, CW_TCP_INFO, &info,
                       &len));
    assert_int_equal(CW_ESTABLISHED, info.state);
    rig_free(&r);
}

/* ---- events ------------------------------------------------------------ */

struct heard {
    unsigned        n;
    struct cw_event e[8];
};

static void hear(void *ctx, const struct cw_event *e)
{
    struct heard *h = ctx;

    if (e->kind == EV_SOCK && h->n < ARRAY_LEN(h->e))
        h->e[h->n++] = *e;
}

TEST(calls_are_events)
{
    struct heard h = { 0 };
    struct rig   r;
    int          sd;

    rig_defaults(&r);
    r.config.on_event = hear;
    r.config.event_ctx = &h;
    r.config.host = 3;
    rig_make(&r);
    sd = stream(&r, CW_AF_INET);
    CALL(-CW_EINVAL, cw_accept(r.st, sd, NULL, 5));
    assert_int_equal(2, h.n);
    assert_int_equal(EVC_SOCKET, h.e[0].v[0]);
    assert_int_equal(sd, h.e[0].v[1]);
    assert_int_equal(EVC_ACCEPT, h.e[1].v[0]);
    assert_int_equal(-CW_EINVAL, (int64_t)h.e[1].v[1]);
    assert_int_equal(sd, h.e[1].v[2]);
    assert_int_equal(5, h.e[1].t);
    assert_int_equal(3, h.e[1].host);
    rig_free(&r);
}

T_MAIN(T(every_call_in_every_state), T(connect_tells_success_once),
       T(failed_connect_can_try_again), T(unanswered_connect_times_out),
       T(a_second_bind_is_refused), T(port_of_time_wait_is_in_use),
       T(bytes_go_both_ways), T(a_dual_listener_serves_ipv4),
       T(listen_without_a_name_gets_a_port),
       T(numbers_run_out_before_a_connection_is_lost),
       T(options_pass_to_the_connection), T(calls_are_events))
