/* fastopen_test.c: Fast Open over the calls of one host, client and server:
 * counters, drawn keys and their end, what is bounded, and errors.  RFC 7413.
 */
#include "base/count.h"
#include "base/limits.h"
#include "sock_rig.h"
#include "t.h"

enum { PORT = 4000, DAY = 86400 };

static int tfo_listener(struct rig *r, const char *addr, int qlen)
{
    struct cw_sockaddr a = at4(addr, PORT);
    int sd = cw_socket(r->st, CW_AF_INET, CW_SOCK_STREAM, 0, r->now);
    int yes = 1;

    CALL(0,
         cw_setsockopt(r->st, sd, CW_SOL_SOCKET, CW_SO_REUSEADDR, &yes,
                       sizeof yes, r->now));
    CALL(0, cw_bind(r->st, sd, &a, r->now));
    CALL(0,
         cw_setsockopt(r->st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN, &qlen,
                       sizeof qlen, r->now));
    CALL(0, cw_listen(r->st, sd, 64, r->now));
    return sd;
}

static ptrdiff_t open_with(struct rig *r, int sd, struct cw_sockaddr to,
                           char *text)
{
    struct cw_msg m = { .buf = text,
                        .len = strlen(text),
                        .addr = to,
                        .has_addr = true,
                        .flags = CW_MSG_FASTOPEN };

    return cw_sendmsg(r->st, sd, &m, r->now);
}

static int client(struct rig *r)
{
    int sd = cw_socket(r->st, CW_AF_INET, CW_SOCK_STREAM, 0, r->now);

    assert_true(sd >= 0);
    return sd;
}

static uint64_t count(const struct rig *r, enum count c)
{
    return cw_counter_value(r->st, c);
}

/* A connection from beginning to end; what sendto answered. */
static ptrdiff_t one(struct rig *r, int listener, struct cw_sockaddr to)
{
    char      text[] = "hello", got[16];
    int       sd = client(r), peer;
    ptrdiff_t n = open_with(r, sd, to, text);

    rig_pump(r);
    if (n < 0)
        CALL(5, cw_send(r->st, sd, text, 5, 0, r->now));
    rig_pump(r);
    peer = cw_accept(r->st, listener, NULL, r->now);
    assert_true(peer >= 0);
    CALL(5, cw_recv(r->st, peer, got, sizeof got, 0, r->now));
    assert_memory_equal(got, text, 5);
    CALL(0, cw_close(r->st, sd, r->now));
    CALL(0, cw_close(r->st, peer, r->now));
    rig_pump(r);
    rig_run(r, r->now + NS_S);
    return n;
}

/* [RFC7413-4.1.2-a] [RFC7413-4.1.3-a] */
TEST(a_drawn_key_lasts_a_day_and_its_cookies_two)
{
    struct cw_sockaddr to = at4("127.0.0.1", PORT);
    struct rig         r;
    int                listener;

    rig_init(&r);
    listener = tfo_listener(&r, "127.0.0.1", 8);
    CALL(-CW_EINPROGRESS, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_ASKED), 1);
    CALL(5, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_ACTIVE), 1);
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_PASSIVE), 1);

    rig_run(&r, r.now + DAY * NS_S); /* the old key's: good, and replaced */
    CALL(5, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_ACTIVE), 2);
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_OLD_KEY), 1);
    CALL(5, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_OLD_KEY), 1);

    rig_run(&r, r.now + 2 * DAY * NS_S); /* good no more */
    CALL(5, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_PASSIVE_FAIL), 1);
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_ACTIVE_FAIL), 1);
    CALL(5, one(&r, listener, to)); /* but a new one came with the answer */
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_ACTIVE), 4);
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_PASSIVE), 4);
    rig_free(&r);
}

/* [RFC7413-4.2-a] However they end, none of them is counted twice or for
 * ever. */
TEST(pending_requests_are_counted_exactly)
{
    struct cw_sockaddr to = at4("127.0.0.1", PORT);
    struct rig         r;
    int                listener;

    rig_init(&r);
    listener = tfo_listener(&r, "127.0.0.1", 1);
    CALL(-CW_EINPROGRESS, one(&r, listener, to));
    for (int i = 0; i < 20; i++)
        CALL(5, one(&r, listener, to));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_PASSIVE), 20);
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_OVERFLOW), 0);
    rig_free(&r);
}

/* A listener that goes while requests are pending takes them with it. */
TEST(a_listener_may_go)
{
    struct cw_sockaddr to = at4("127.0.0.1", PORT);
    char               text[] = "hello";
    struct rig         r;
    int                listener, sd, early;

    rig_init(&r);
    listener = tfo_listener(&r, "127.0.0.1", 4);
    CALL(-CW_EINPROGRESS, one(&r, listener, to));
    sd = client(&r);
    CALL(5, open_with(&r, sd, to, text));
    CALL(0, cw_close(r.st, listener, r.now));
    rig_pump(&r);
    listener = tfo_listener(&r, "127.0.0.1", 4);
    sd = client(&r);
    CALL(5, open_with(&r, sd, to, text));
    rig_pump(&r);
    early = cw_accept(r.st, listener, NULL, r.now);
    assert_true(early >= 0);
    CALL(0, cw_close(r.st, listener, r.now));
    CALL(5, cw_recv(r.st, early, text, 5, 0, r.now));
    rig_free(&r);
}

/* [RFC7413-4.1.3-a] The table of servers is bounded: who was not asked for
 * longest is forgotten, who was stays. */
TEST(servers_known_are_bounded)
{
    struct cw_sockaddr to;
    struct rig         r;
    int                listener;

    rig_init(&r);
    listener = tfo_listener(&r, "0.0.0.0", 4);
    to = at4("127.0.0.1", PORT);
    for (unsigned i = 0; i < TCP_FAST_PEERS_MAX; i++) {
        to.addr.b[15] = (uint8_t)(1 + i);
        CALL(-CW_EINPROGRESS, one(&r, listener, to));
    }
    to.addr.b[15] = 1;
    CALL(5, one(&r, listener, to)); /* the oldest no more */
    to.addr.b[15] = 200;
    CALL(-CW_EINPROGRESS, one(&r, listener, to));
    to.addr.b[15] = 1;
    CALL(5, one(&r, listener, to));
    to.addr.b[15] = 2;
    CALL(-CW_EINPROGRESS, one(&r, listener, to));
    rig_free(&r);
}

/* [RFC7413-2-a] as tcp(7) has them */
TEST(errors_of_calls)
{
    struct cw_sockaddr to = at4("127.0.0.1", PORT), far;
    char               text[] = "hello";
    struct rig         r;
    struct cw_msg      nowhere = { .buf = text,
                                   .len = 5,
                                   .flags = CW_MSG_FASTOPEN };
    int                listener, sd, two = 2, one_ = 1, minus = -1, v;
    size_t             n = sizeof v;

    rig_init(&r);
    listener = tfo_listener(&r, "127.0.0.1", 4);
    CALL(-CW_EISCONN, open_with(&r, listener, to, text));
    CALL(0,
         cw_getsockopt(r.st, listener, CW_IPPROTO_TCP, CW_TCP_FASTOPEN, &v,
                       &n));
    EXPECT_EQ(v, 4);
    sd = client(&r);
    n = sizeof v;
    CALL(0, cw_getsockopt(r.st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN, &v, &n));
    EXPECT_EQ(v, 0);
    CALL(-CW_EINVAL,
         cw_setsockopt(r.st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN_CONNECT,
                       &two, sizeof two, r.now));
    CALL(-CW_EINVAL,
         cw_setsockopt(r.st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN, &minus,
                       sizeof minus, r.now));
    CALL(-CW_EINVAL,
         cw_setsockopt(r.st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN_KEY, &one_,
                       sizeof one_, r.now));
    CALL(-CW_EINVAL, cw_sendmsg(r.st, sd, &nowhere, r.now));
    far = at4("10.0.0.2", PORT);
    CALL(-CW_EINPROGRESS, open_with(&r, sd, far, text));
    CALL(-CW_EALREADY, open_with(&r, sd, far, text));
    CALL(-CW_EINVAL,
         cw_setsockopt(r.st, sd, CW_IPPROTO_TCP, CW_TCP_FASTOPEN, &one_,
                       sizeof one_, r.now));
    rig_free(&r);
}

/* The SYN leaves the host and nobody answers: without data or cookie from the
 * second time on, and at the end the program is told. */
TEST(nobody_answers)
{
    struct cw_sockaddr far = at4("10.0.0.2", PORT);
    char               text[] = "hello";
    struct rig         r;
    int                sd;

    rig_init(&r);
    sd = client(&r);
    CALL(-CW_EINPROGRESS, open_with(&r, sd, far, text));
    rig_pump(&r);
    rig_run(&r, r.now + 200 * NS_S);
    CALL(-CW_ETIMEDOUT, cw_send(r.st, sd, text, 5, 0, r.now));
    EXPECT_EQ(count(&r, COUNT_TCP_FAST_BLACK_HOLE), 1);
    rig_free(&r);
}

T_MAIN(T(a_drawn_key_lasts_a_day_and_its_cookies_two),
       T(pending_requests_are_counted_exactly), T(a_listener_may_go),
       T(servers_known_are_bounded), T(errors_of_calls), T(nobody_answers))
