/* listen.c: binding, listening, accepting. */
#include "call.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* ---- bind ------------------------------------------------------------------- */

static int bind_to(int fd, int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = any_at(&ss, port);

    return bind(fd, (struct sockaddr *)&ss, len);
}

static void in_use(void)
{
    int a = listening(1), port = local_port(a);
    int b = socket(family, SOCK_STREAM, 0);

    FAILS(bind_to(b, port), EADDRINUSE);
    set_int(b, SOL_SOCKET, SO_REUSEADDR, 1);
    FAILS(bind_to(b, port), EADDRINUSE); /* it listens */
    close(a);
    EQ(bind_to(b, port), 0); /* at once free again */
    FAILS(bind_to(b, port), EINVAL);
    close(b);
}

static void any_port(void)
{
    int a = bound(SOCK_STREAM, 0), b = bound(SOCK_STREAM, 0);

    CHECK(local_port(a) >= 1024);
    CHECK(local_port(b) >= 1024);
    CHECK(local_port(a) != local_port(b));
    close(a);
    close(b);
}

/* listen() without bind() takes a port, too. */
static void unbound(void)
{
    int fd = socket(family, SOCK_STREAM, 0);

    EQ(local_port(fd), 0);
    EQ(listen(fd, 1), 0);
    CHECK(local_port(fd) > 0);
    EQ(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    EQ(listen(fd, 5), 0); /* a new backlog */
    close(fd);
}

/* An address that is not of this host. */
static void not_ours(void)
{
    struct sockaddr_storage ss;
    struct sockaddr_in     *sin = (void *)&ss;
    struct sockaddr_in6    *sin6 = (void *)&ss;
    socklen_t               len = any_at(&ss, 0);
    int                     fd = socket(family, SOCK_STREAM, 0);

    if (family == AF_INET6)
        inet_pton(AF_INET6, "2001:db8::77", &sin6->sin6_addr);
    else
        inet_pton(AF_INET, "203.0.113.77", &sin->sin_addr);
    FAILS(bind(fd, (struct sockaddr *)&ss, len), EADDRNOTAVAIL);
    close(fd);
}

/* Bound to the server's own address, not to any. */
static void specific_server(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 0);
    int                     fd = socket(family, SOCK_STREAM, 0), conn;

    EQ(bind(fd, (struct sockaddr *)&ss, len), 0);
    EQ(listen(fd, 1), 0);
    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    recv_end(conn);
    close(conn);
    close(fd);
}

static void specific_client(void)
{
    int fd = connected(hear());

    close(fd);
}

/* Loopback is another address than the host's: only who asks there. */
static void loopback_server(void)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct sockaddr_in  four = { .sin_family = AF_INET };
    int                 fd = socket(family, SOCK_STREAM, 0), r;

    six.sin6_addr = in6addr_loopback;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r = family == AF_INET6 ? bind(fd, (struct sockaddr *)&six, sizeof six)
                           : bind(fd, (struct sockaddr *)&four, sizeof four);
    EQ(r, 0);
    EQ(listen(fd, 1), 0);
    tell(local_port(fd));
    hear();
    close(fd);
}

static void loopback_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_STREAM, 0);

    if (in_lab)
        FAILS(connect(fd, (struct sockaddr *)&ss, len), ECONNREFUSED);
    else
        EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    tell(0);
    close(fd);
}

/* A server that closed first leaves TIME-WAIT: SO_REUSEADDR gets the port. */
static void reuse_server(void)
{
    int fd = socket(family, SOCK_STREAM, 0), conn, port, again;

    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    EQ(bind_to(fd, 0), 0);
    EQ(listen(fd, 1), 0);
    port = local_port(fd);
    tell(port);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    EQ(shutdown(conn, SHUT_WR), 0);
    recv_end(conn);
    close(conn);
    close(fd);
    again = socket(family, SOCK_STREAM, 0);
    FAILS(bind_to(again, port), EADDRINUSE);
    set_int(again, SOL_SOCKET, SO_REUSEADDR, 1);
    EQ(bind_to(again, port), 0);
    EQ(listen(again, 1), 0);
    close(again);
}

static void reuse_client(void)
{
    int fd = connected(hear());

    recv_end(fd);
    close(fd);
}

static void reuseport(void)
{
    int a = socket(family, SOCK_STREAM, 0),
        b = socket(family, SOCK_STREAM, 0);

    set_int(a, SOL_SOCKET, SO_REUSEPORT, 1);
    set_int(b, SOL_SOCKET, SO_REUSEPORT, 1);
    EQ(bind_to(a, 0), 0);
    EQ(listen(a, 1), 0);
    EQ(bind_to(b, local_port(a)), 0);
    EQ(listen(b, 1), 0);
    close(a);
    close(b);
}

/* ---- accept ------------------------------------------------------------------- */

static void flags_server(void)
{
    int  fd = listening(4), conn;
    char c;

    tell(local_port(fd));
    conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK(conn >= 0);
    EQ(fcntl(conn, F_GETFD), FD_CLOEXEC);
    CHECK(fcntl(conn, F_GETFL) & O_NONBLOCK);
    FAILS(read(conn, &c, 1), EAGAIN);
    close(conn);
    set_nonblock(fd, true);
    EQ(poll_for(fd, POLLIN | POLLOUT, SOON), POLLIN);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    EQ(fcntl(conn, F_GETFD), 0);
    CHECK(!(fcntl(conn, F_GETFL) & O_NONBLOCK)); /* not inherited */
    EQ(fcntl(conn, F_GETFL) & O_ACCMODE, O_RDWR);
    close(conn);
    FAILS(accept4(fd, NULL, NULL, 0x40), EINVAL);
    close(fd);
}

static void flags_client(void)
{
    int port = hear(), a = connected(port), b;

    recv_end(a);
    b = connected(port);
    recv_end(b);
    close(a);
    close(b);
}

static void nonblocking_server(void)
{
    int fd = listening(4), conn;

    set_nonblock(fd, true);
    FAILS(accept(fd, NULL, NULL), EAGAIN);
    EQ(poll_for(fd, POLLIN, 0), 0);
    tell(local_port(fd));
    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    FAILS(accept(fd, NULL, NULL), EAGAIN);
    EQ(poll_for(fd, POLLIN, 0), 0);
    close(conn);
    close(fd);
}

static void nonblocking_client(void)
{
    int fd = connected(hear());

    recv_end(fd);
    close(fd);
}

static void time_limit(void)
{
    int fd = listening(1);

    set_timeout(fd, SO_RCVTIMEO, 20);
    FAILS(accept(fd, NULL, NULL), EAGAIN);
    close(fd);
}

/* Edge-triggered: one event for each that arrives. */
static void edges_server(void)
{
    struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
    int                fd = listening(4), ep = epoll_create1(0), a, b;

    set_nonblock(fd, true);
    EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
    tell(local_port(fd));
    EQ(epoll_wait(ep, &ev, 1, SOON), 1);
    EQ(ev.events, EPOLLIN);
    EQ(epoll_wait(ep, &ev, 1, 0), 0);
    tell(0); /* the first one waits, unaccepted */
    EQ(epoll_wait(ep, &ev, 1, SOON), 1);
    a = accept(fd, NULL, NULL);
    b = accept(fd, NULL, NULL);
    CHECK(a >= 0 && b >= 0);
    FAILS(accept(fd, NULL, NULL), EAGAIN);
    close(a);
    close(b);
    close(ep);
    close(fd);
}

static void edges_client(void)
{
    int port = hear(), a = connected(port), b;

    hear();
    b = connected(port);
    recv_end(a);
    recv_end(b);
    close(a);
    close(b);
}

/* More arrive than the queue takes: they get through when it is empty. */
static void backlog_server(void)
{
    int fd = listening(1);

    tell(local_port(fd));
    hear();
    for (int i = 0; i < 4; i++) {
        int conn = accept(fd, NULL, NULL);

        CHECK(conn >= 0);
        recv_end(conn);
        close(conn);
    }
    close(fd);
}

static void backlog_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd[4];

    for (size_t i = 0; i < COUNT(fd); i++) {
        fd[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        FAILS(connect(fd[i], (struct sockaddr *)&ss, len), EINPROGRESS);
    }
    EQ(poll_for(fd[0], POLLOUT, SOON), POLLOUT);
    tell(0);
    for (size_t i = 0; i < COUNT(fd); i++) {
        EQ(poll_for(fd[i], POLLOUT, SOON), POLLOUT);
        EQ(so_error(fd[i]), 0);
        EQ(shutdown(fd[i], SHUT_WR), 0);
    }
    for (size_t i = 0; i < COUNT(fd); i++)
        close(fd[i]);
}

/* What was sent before accept() is there after it. */
static void early_server(void)
{
    int  fd = listening(4), conn;
    char buf[8];

    tell(local_port(fd));
    hear();
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    recv_all(conn, buf, 5);
    EQ(memcmp(buf, "early", 5), 0);
    recv_end(conn);
    close(conn);
    close(fd);
}

static void early_client(void)
{
    int fd = connected(hear());

    send_all(fd, "early", 5);
    close(fd);
    tell(0);
}

/* ---- the listener's end ----------------------------------------------------------- */

/* Connections that nobody accepted are reset. */
static void closed_server(void)
{
    int fd = listening(4);

    tell(local_port(fd));
    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    close(fd);
    tell(0);
}

static void closed_client(void)
{
    int  port = hear(), fd = connected(port);
    char c;

    hear();
    FAILS(read(fd, &c, 1), ECONNRESET);
    close(fd);
}

static void *in_accept(void *arg)
{
    int fd = *(int *)arg, conn = accept(fd, NULL, NULL);

    return (void *)(intptr_t)(conn < 0 ? errno : 0);
}

/* shutdown() wakes whoever waits in accept(). */
static void shut(void)
{
    int       fd = listening(1), port = local_port(fd);
    pthread_t t;
    void     *err;

    EQ(pthread_create(&t, NULL, in_accept, &fd), 0);
    EQ(shutdown(fd, SHUT_RD), 0);
    EQ(pthread_join(t, &err), 0);
    EQ((intptr_t)err, EINVAL);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    CHECK(poll_for(fd, POLLIN, SOON) & POLLHUP);
    EQ(local_port(fd), port);
    EQ(listen(fd, 1), 0); /* and may listen again */
    EQ(poll_for(fd, POLLIN, 0) & POLLIN, 0);
    close(fd);
}

/* ---- several who accept ------------------------------------------------------------- */

enum { WORKERS = 4, JOBS = 20 };

static void work(int fd)
{
    for (;;) {
        int  conn = accept(fd, NULL, NULL);
        char c;

        CHECK(conn >= 0);
        recv_all(conn, &c, 1);
        if (c == 'q')
            _exit(0);
        send_all(conn, &c, 1);
        close(conn);
    }
}

/* The old servers' way: fork after listen(), all accept. */
static void prefork_server(void)
{
    int   fd = listening(16), status;
    pid_t pid[WORKERS];

    for (int i = 0; i < WORKERS; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            work(fd);
    }
    tell(local_port(fd));
    for (int i = 0; i < WORKERS; i++) {
        EQ(waitpid(pid[i], &status, 0), pid[i]);
        EQ(status, 0);
    }
    close(fd);
}

static void prefork_client(void)
{
    int port = hear(), fd;

    for (int i = 0; i < JOBS; i++) {
        char c = (char)('A' + i % 16), d;

        fd = connected(port);
        send_all(fd, &c, 1);
        recv_all(fd, &d, 1);
        EQ(c, d);
        recv_end(fd);
        close(fd);
    }
    for (int i = 0; i < WORKERS; i++) {
        fd = connected(port);
        send_all(fd, "q", 1);
        recv_end(fd);
        close(fd);
    }
}

static void *one_job(void *arg)
{
    int  conn = accept(*(int *)arg, NULL, NULL);
    char c;

    CHECK(conn >= 0);
    recv_all(conn, &c, 1);
    send_all(conn, &c, 1);
    close(conn);
    return NULL;
}

static void threads_server(void)
{
    int       fd = listening(16);
    pthread_t t[WORKERS];

    for (int i = 0; i < WORKERS; i++)
        EQ(pthread_create(&t[i], NULL, one_job, &fd), 0);
    tell(local_port(fd));
    for (int i = 0; i < WORKERS; i++)
        EQ(pthread_join(t[i], NULL), 0);
    close(fd);
}

static void threads_client(void)
{
    int port = hear(), fd[WORKERS];

    for (int i = 0; i < WORKERS; i++)
        fd[i] = connected(port);
    for (int i = 0; i < WORKERS; i++) {
        char c;

        send_all(fd[i], "j", 1);
        recv_all(fd[i], &c, 1);
        recv_end(fd[i]);
        close(fd[i]);
    }
}

/* ---- many at once, one at a time ---------------------------------------------- */

enum { BURST = 16, BURSTS = 4 };

/* As long as one waits, poll says so: also when several came together. */
static void burst_server(void)
{
    int fd = listening(BURST);

    tell(local_port(fd));
    for (int i = 0; i < BURSTS; i++) {
        step();
        for (int k = 0; k < BURST; k++) {
            int conn;

            EQ(poll_for(fd, POLLIN, 20000), POLLIN);
            conn = accept(fd, NULL, NULL);
            CHECK(conn >= 0);
            close(conn);
        }
    }
    close(fd);
}

static void burst_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());

    for (int i = 0; i < BURSTS; i++) {
        int fd[BURST];

        for (int k = 0; k < BURST; k++) {
            fd[k] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
            if (connect(fd[k], (struct sockaddr *)&ss, len) != 0)
                EQ(errno, EINPROGRESS);
        }
        for (int k = 0; k < BURST; k++)
            CHECK(poll_for(fd[k], POLLOUT, 20000) & POLLOUT);
        step();
        for (int k = 0; k < BURST; k++)
            close(fd[k]);
    }
}

CALL_MAIN(ONE(in_use), ONE(any_port), ONE(unbound), ONE(not_ours),
          BOTH(specific), BOTH(loopback), BOTH(reuse), ONE(reuseport),
          BOTH(flags), BOTH(nonblocking), ONE(time_limit), BOTH(edges),
          BOTH(backlog), BOTH(early), BOTH(closed), ONE(shut), BOTH(prefork),
          BOTH(threads), BOTH(burst))
