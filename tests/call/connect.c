/* connect.c: how connections begin, and how they do not. */
#include "call.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

static int fresh(int flags)
{
    int fd = socket(family, SOCK_STREAM | flags, 0);

    CHECK(fd >= 0);
    return fd;
}

static int try_connect(int fd, int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);

    return connect(fd, (struct sockaddr *)&ss, len);
}

/* A port at which nobody listens; the server's role has closed it. */
static int dead_port(void)
{
    int port, fd;

    if (!is_server)
        return hear();
    fd = listening(1);
    port = local_port(fd);
    close(fd);
    tell(port);
    return port;
}

/* ---- blocking --------------------------------------------------------------- */

static void blocking_server(void)
{
    int  fd = meet();
    char buf[5];

    recv_all(fd, buf, 5);
    EQ(memcmp(buf, "hello", 5), 0);
    send_all(fd, "HELLO", 5);
    recv_end(fd);
    close(fd);
}

static void blocking_client(void)
{
    int  fd = meet();
    char buf[5];

    send_all(fd, "hello", 5);
    recv_all(fd, buf, 5);
    EQ(memcmp(buf, "HELLO", 5), 0);
    close(fd);
}

static void refused_server(void)
{
    dead_port();
}

static void refused_client(void)
{
    int port = dead_port(), fd = fresh(0);

    FAILS(try_connect(fd, port), ECONNREFUSED);
    EQ(so_error(fd), 0);                        /* connect() has told it */
    FAILS(try_connect(fd, port), ECONNREFUSED); /* again, on the same one */
    close(fd);
}

/* A blocking connect that failed leaves a socket that can still succeed. */
static void second_try_server(void)
{
    int port = dead_port(), fd, conn;

    hear();
    fd = bound(SOCK_STREAM, port);
    EQ(listen(fd, 1), 0);
    tell(0);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    recv_end(conn);
    close(conn);
    close(fd);
}

static void second_try_client(void)
{
    int port = dead_port(), fd = fresh(0);

    FAILS(try_connect(fd, port), ECONNREFUSED);
    tell(0);
    hear();
    EQ(try_connect(fd, port), 0);
    FAILS(try_connect(fd, port), EISCONN);
    close(fd);
}

/* ---- non-blocking ------------------------------------------------------------- */

static void nonblocking_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

/* meet() of a client that does not wait: what comes between is tested. */
static void nonblocking_client(void)
{
    int port = hear(), fd = fresh(SOCK_NONBLOCK);

    FAILS(try_connect(fd, port), EINPROGRESS);
    EQ(poll_for(fd, POLLOUT, SOON), POLLOUT);
    EQ(so_error(fd), 0);
    EQ(try_connect(fd, port), 0); /* the first time after it */
    FAILS(try_connect(fd, port), EISCONN);
    FAILS(read(fd, &port, 1), EAGAIN);
    close(fd);
}

static void refused_nonblocking_server(void)
{
    dead_port();
}

static void refused_nonblocking_client(void)
{
    int port = dead_port(), fd = fresh(SOCK_NONBLOCK);

    FAILS(try_connect(fd, port), EINPROGRESS);
    EQ(poll_for(fd, POLLIN | POLLOUT, SOON) & (POLLIN | POLLERR | POLLHUP),
       POLLIN | POLLERR | POLLHUP);
    EQ(so_error(fd), ECONNREFUSED);
    EQ(so_error(fd), 0);
    close(fd);
}

static void refused_then_read_server(void)
{
    dead_port();
}

/* The error is told once, by whatever asks first. */
static void refused_then_read_client(void)
{
    int  port = dead_port(), fd = fresh(SOCK_NONBLOCK);
    char c;

    FAILS(try_connect(fd, port), EINPROGRESS);
    poll_for(fd, POLLOUT, SOON);
    FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
    EQ(so_error(fd), 0);
    EQ(recv(fd, &c, 1, 0), 0);
    close(fd);
}

static void refused_then_again_server(void)
{
    int port = dead_port(), fd, conn;

    hear();
    fd = bound(SOCK_STREAM, port);
    EQ(listen(fd, 1), 0);
    tell(0);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    send_all(conn, "x", 1);
    recv_end(conn);
    close(conn);
    close(fd);
}

static void refused_then_again_client(void)
{
    int  port = dead_port(), fd = fresh(SOCK_NONBLOCK);
    char c;

    FAILS(try_connect(fd, port), EINPROGRESS);
    poll_for(fd, POLLOUT, SOON);
    FAILS(try_connect(fd, port), ECONNREFUSED);
    tell(0);
    hear();
    FAILS(try_connect(fd, port), EINPROGRESS);
    EQ(poll_for(fd, POLLOUT, SOON), POLLOUT);
    EQ(so_error(fd), 0);
    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    EQ(read(fd, &c, 1), 1);
    close(fd);
}

/* ---- who polls, and how --------------------------------------------------------- */

static void by_select_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void by_select_client(void)
{
    int            port = hear(), fd = fresh(SOCK_NONBLOCK);
    struct timeval tv = { SOON / 1000, 0 };
    fd_set         r, w, e;

    FAILS(try_connect(fd, port), EINPROGRESS);
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&e);
    FD_SET(fd, &r);
    FD_SET(fd, &w);
    FD_SET(fd, &e);
    EQ(select(fd + 1, &r, &w, &e, &tv), 1);
    CHECK(FD_ISSET(fd, &w) && !FD_ISSET(fd, &r) && !FD_ISSET(fd, &e));
    EQ(so_error(fd), 0);
    close(fd);
}

static void watch(int ep, int fd, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.fd = fd };

    EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
}

static uint32_t next_event(int ep, int ms)
{
    struct epoll_event ev = { .events = 0 };
    int                n = epoll_wait(ep, &ev, 1, ms);

    CHECK(n >= 0);
    return n ? ev.events : 0;
}

static void by_epoll_server(void)
{
    int fd = meet();

    send_all(fd, "abc", 3);
    recv_end(fd);
    close(fd);
}

/* Watched before connect(), level-triggered. */
static void by_epoll_client(void)
{
    int  port = hear(), fd = fresh(SOCK_NONBLOCK), ep = epoll_create1(0);
    char buf[3];

    watch(ep, fd, EPOLLIN | EPOLLOUT);
    CHECK(next_event(ep, 0) & EPOLLOUT); /* not connected yet */
    FAILS(try_connect(fd, port), EINPROGRESS);
    CHECK(next_event(ep, SOON) & EPOLLOUT);
    await_bytes(fd, 3);
    EQ(next_event(ep, SOON), EPOLLIN | EPOLLOUT);
    EQ(next_event(ep, SOON), EPOLLIN | EPOLLOUT);
    EQ(read(fd, buf, 3), 3);
    EQ(next_event(ep, SOON), EPOLLOUT);
    close(fd);
    close(ep);
}

static void by_epoll_edge_server(void)
{
    int fd = meet();

    hear();
    send_all(fd, "abc", 3);
    hear();
    send_all(fd, "d", 1);
    hear();
    close(fd);
}

/* Only after connect(), edge-triggered: each thing is told once. */
static void by_epoll_edge_client(void)
{
    int  port = hear(), fd = fresh(SOCK_NONBLOCK), ep = epoll_create1(0);
    char buf[4];

    FAILS(try_connect(fd, port), EINPROGRESS);
    watch(ep, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    EQ(next_event(ep, SOON), EPOLLOUT);
    EQ(next_event(ep, 0), 0);
    tell(0);
    EQ(next_event(ep, SOON), EPOLLIN | EPOLLOUT);
    EQ(next_event(ep, 0), 0); /* although it lies unread */
    tell(0);
    EQ(next_event(ep, SOON), EPOLLIN | EPOLLOUT);
    EQ(read(fd, buf, 4), 4);
    FAILS(read(fd, buf, 1), EAGAIN);
    tell(0);
    EQ(next_event(ep, SOON), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    EQ(read(fd, buf, 1), 0);
    close(fd);
    close(ep);
}

static void edge_refused_server(void)
{
    dead_port();
}

static void edge_refused_client(void)
{
    int port = dead_port(), fd = fresh(SOCK_NONBLOCK), ep = epoll_create1(0);

    FAILS(try_connect(fd, port), EINPROGRESS);
    watch(ep, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    EQ(next_event(ep, SOON) | EPOLLOUT,
       EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
    EQ(so_error(fd), ECONNREFUSED);
    close(fd);
    close(ep);
}

/* ---- names of both ends ------------------------------------------------------------ */

static void names_server(void)
{
    struct sockaddr_storage ss, mine;
    socklen_t               len = sizeof ss;
    int                     fd = listening(1), conn, port = local_port(fd);

    tell(port);
    conn = accept(fd, (struct sockaddr *)&ss, &len);
    CHECK(conn >= 0);
    EQ(len,
       family == AF_INET6 ? sizeof(struct sockaddr_in6)
                          : sizeof(struct sockaddr_in));
    EQ(ss.ss_family, family);
    EQ(port_of(&ss), hear());
    EQ(local_port(conn), port);
    len = sizeof mine;
    EQ(getpeername(conn, (struct sockaddr *)&mine, &len), 0);
    EQ(memcmp(&mine, &ss, len), 0);
    close(conn);
    close(fd);
}

static void names_client(void)
{
    struct sockaddr_storage want, got;
    int                     port = hear(), fd = connected(port);
    socklen_t               wlen = server_at(&want, port), len = sizeof got;
    char small[4] __attribute__((aligned(_Alignof(struct sockaddr))));

    tell(local_port(fd));
    EQ(getpeername(fd, (struct sockaddr *)&got, &len), 0);
    EQ(len, wlen);
    EQ(memcmp(&got, &want, len), 0);
    /* A short room takes what fits and tells the whole length. */
    memset(small, 0, sizeof small);
    len = 2;
    EQ(getpeername(fd, (struct sockaddr *)(void *)small, &len), 0);
    EQ(len, wlen);
    EQ(small[2], 0);
    recv_end(fd);
    close(fd);
}

static void bound_first_server(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = listening(1), conn;

    tell(local_port(fd));
    conn = accept(fd, (struct sockaddr *)&ss, &len);
    EQ(port_of(&ss), hear());
    close(conn);
    close(fd);
}

/* A client may choose its port. */
static void bound_first_client(void)
{
    int port = hear(), fd = bound(SOCK_STREAM, 0), mine = local_port(fd);

    CHECK(mine > 0);
    EQ(try_connect(fd, port), 0);
    EQ(local_port(fd), mine);
    tell(mine);
    recv_end(fd);
    close(fd);
}

/* connect() to the any-address is to oneself. */
static void to_any(void)
{
    struct sockaddr_storage ss;
    int                     fd = listening(1), c = fresh(0), conn;
    socklen_t               len = any_at(&ss, local_port(fd));

    EQ(connect(c, (struct sockaddr *)&ss, len), 0);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    send_all(c, "me", 2);
    await_bytes(conn, 2);
    close(conn);
    close(c);
    close(fd);
}

/* RFC 9293 3.5: a simultaneous open, here with oneself. */
static void to_itself(void)
{
    struct sockaddr_storage ss;
    int                     fd = bound(SOCK_STREAM, 0);
    socklen_t               len = any_at(&ss, local_port(fd));
    char                    buf[4];

    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    send_all(fd, "self", 4);
    recv_all(fd, buf, 4);
    EQ(memcmp(buf, "self", 4), 0);
    close(fd);
}

/* AF_UNSPEC takes a connection apart; the socket can be used anew. */
static void unspec_server(void)
{
    int  fd = listening(2), conn;
    char c;

    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    FAILS(recv(conn, &c, 1, 0), ECONNRESET);
    close(conn);
    close(fd);
    dead_port();
}

static void unspec_client(void)
{
    struct sockaddr none = { .sa_family = AF_UNSPEC };
    int             fd = connected(hear());

    EQ(connect(fd, &none, sizeof none), 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ECONNRESET); /* its own doing */
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    EQ(connect(fd, &none, sizeof none), 0);
    FAILS(try_connect(fd, hear()), ECONNREFUSED);
    close(fd);
}

/* ---- MSG_FASTOPEN: connect() and send() in one ---------------------------------- */

/* The kernel has it switched off, if somebody did that. */
static bool can_fast(void)
{
    char    mode[8] = "";
    int     fd = open("/proc/sys/net/ipv4/tcp_fastopen", O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, mode, sizeof mode - 1);

    if (fd >= 0)
        close(fd);
    return in_lab || (n > 0 && atoi(mode) & 1);
}

static ssize_t fast_send(int fd, int port, const void *p, size_t n)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);

    return sendto(fd, p, n, MSG_FASTOPEN | MSG_NOSIGNAL,
                  (struct sockaddr *)&ss, len);
}

enum { FAST_LONG = 50000 };

static void fast_server(void)
{
    static char buf[FAST_LONG];
    int         lis = listening(2), on = 2, conn;

    (void)setsockopt(lis, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof on);
    tell(local_port(lis));
    for (int i = 0; i < (can_fast() ? 4 : 0); i++) {
        conn = accept(lis, NULL, NULL);
        CHECK(conn >= 0);
        recv_all(conn, buf, i == 1 ? FAST_LONG : 5);
        EQ(memcmp(buf, "hello", 5), 0);
        send_all(conn, "HELLO", 5);
        recv_end(conn);
        close(conn);
    }
    close(lis);
}

static void fast_once(int port, size_t n, bool by_msg)
{
    static char             buf[FAST_LONG] = "hello";
    struct sockaddr_storage ss;
    struct iovec            iov = { buf, n };
    struct msghdr           m = { .msg_name = &ss, .msg_iov = &iov };
    int                     fd = fresh(0);

    m.msg_iovlen = 1;
    m.msg_namelen = server_at(&ss, port);
    if (by_msg)
        EQ(sendmsg(fd, &m, MSG_FASTOPEN), n);
    else
        EQ(fast_send(fd, port, buf, n), n);
    FAILS(fast_send(fd, port, "x", 1), EISCONN);
    recv_all(fd, buf, 5);
    EQ(memcmp(buf, "HELLO", 5), 0);
    memcpy(buf, "hello", 5);
    close(fd);
}

/* With a cookie or without one: to the program it looks the same. */
static void fast_client(void)
{
    int  port = hear(), fd;
    char buf[5];

    if (!can_fast())
        return;
    fd = fresh(SOCK_NONBLOCK);
    if (fast_send(fd, port, "hello", 5) != 5) {
        EQ(errno, EINPROGRESS); /* there is no cookie yet */
        EQ(poll_for(fd, POLLOUT, SOON), POLLOUT);
        send_all(fd, "hello", 5);
    }
    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    recv_all(fd, buf, 5);
    EQ(so_error(fd), 0);
    close(fd);
    fast_once(port, FAST_LONG, false);
    fast_once(port, 5, false);
    fast_once(port, 5, true);
}

static void fast_refused_server(void)
{
    dead_port();
    dead_port();
}

static void fast_refused_client(void)
{
    struct sockaddr none = { .sa_family = AF_UNSPEC };
    int             fd = fresh(0), lis = listening(1), port = hear();

    FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, &none, sizeof none), EOPNOTSUPP);
    if (can_fast()) {
        FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0), EINVAL);
        FAILS(fast_send(lis, port, "x", 1), EISCONN);
        FAILS(fast_send(fd, port, "x", 1), ECONNREFUSED);
        close(fd);
        fd = fresh(SOCK_NONBLOCK);
        port = hear();
        if (fast_send(fd, port, "x", 1) != 1) /* no cookie of its host */
            EQ(errno, EINPROGRESS);
        CHECK(poll_for(fd, POLLOUT, SOON) & POLLERR);
        EQ(so_error(fd), ECONNREFUSED);
    } else {
        hear();
    }
    close(lis);
    close(fd);
}

CALL_MAIN(BOTH(blocking), BOTH(refused), BOTH(second_try), BOTH(nonblocking),
          BOTH(refused_nonblocking), BOTH(refused_then_read),
          BOTH(refused_then_again), BOTH(by_select), BOTH(by_epoll),
          BOTH(by_epoll_edge), BOTH(edge_refused), BOTH(names),
          BOTH(bound_first), ONE(to_any), ONE(to_itself), BOTH(unspec),
          BOTH(fast), BOTH(fast_refused))
