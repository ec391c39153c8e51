/* linger.c: what SO_LINGER makes of a close.
 *
 * How long a close takes is judged on the kernel only: in a lab it does not
 * wait (docs/sockets.md); what the peer sees is the same.
 */
#include "call.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static void linger(int fd, int on, int seconds)
{
    struct linger l = { on, seconds };

    EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
}

static void reads_back(int fd, int on, int seconds)
{
    struct linger l = { -1, -1 };
    socklen_t     len = sizeof l;

    EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
    EQ(len, sizeof l);
    EQ(l.l_onoff, on);
    EQ(l.l_linger, seconds);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    EQ(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The milliseconds that a close takes. */
static int64_t timed_close(int fd)
{
    int64_t began = now_ms();

    EQ(close(fd), 0);
    return now_ms() - began;
}

static void is_reset(int fd)
{
    char c;

    EQ(poll_for(fd, POLLRDHUP, SOON) & (POLLERR | POLLHUP),
       POLLERR | POLLHUP);
    FAILS(read(fd, &c, 1), ECONNRESET);
    EQ(read(fd, &c, 1), 0);
    close(fd);
}

/* ---- the option ------------------------------------------------------------ */

static void values_of(int fd)
{
    struct linger l = { 1, 1 };
    socklen_t     len = 4;

    reads_back(fd, 0, 0);
    linger(fd, 1, 5);
    reads_back(fd, 1, 5);
    linger(fd, 0, 9); /* the time is not looked at */
    reads_back(fd, 0, 5);
    linger(fd, 7, 0);
    reads_back(fd, 1, 0);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4), EINVAL);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 0), EINVAL);
    l.l_linger = 77;
    EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
    EQ(len, 4);
    EQ(l.l_onoff, 1);
    EQ(l.l_linger, 77); /* no room for it */
    close(fd);
}

static void values(void)
{
    values_of(socket(family, SOCK_STREAM, 0));
    values_of(socket(family, SOCK_DGRAM, 0));
    values_of(listening(1));
}

/* Without a connection there is nothing to wait for or to reset. */
static void unconnected(void)
{
    int fd = socket(family, SOCK_STREAM, 0);

    linger(fd, 1, 30);
    CHECK(timed_close(fd) < SOON);
    fd = listening(1);
    linger(fd, 1, 30);
    CHECK(timed_close(fd) < SOON);
}

/* ---- no time: a reset -------------------------------------------------------- */

static int accepted(int lis)
{
    int fd = accept(lis, NULL, NULL);

    CHECK(fd >= 0);
    return fd;
}

static void inherited_server(void)
{
    int lis = listening(2), fd;

    linger(lis, 1, 0);
    tell(local_port(lis));
    fd = accepted(lis);
    reads_back(fd, 1, 0);
    EQ(close(fd), 0);
    hear();
    linger(lis, 0, 0);
    tell(0);
    fd = accepted(lis);
    reads_back(fd, 0, 0);
    EQ(close(fd), 0);
    close(lis);
}

static void inherited_client(void)
{
    int port = hear(), fd = connected(port);

    is_reset(fd);
    tell(0);
    hear();
    fd = connected(port);
    recv_end(fd);
    close(fd);
}

/* Who waits to be accepted is reset whatever the option says. */
static void listener_server(void)
{
    int lis = listening(2);

    linger(lis, 1, 30);
    tell(local_port(lis));
    hear();
    CHECK(timed_close(lis) < SOON);
}

static void listener_client(void)
{
    int fd = connected(hear());

    tell(0);
    is_reset(fd);
}

static void set_before_server(void)
{
    int fd = meet();

    tell(0);
    is_reset(fd);
}

/* The option outlives the handshake. */
static void set_before_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len;
    int                     fd = socket(family, SOCK_STREAM, 0);

    linger(fd, 1, 0);
    len = server_at(&ss, hear());
    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    reads_back(fd, 1, 0);
    hear();
    EQ(close(fd), 0);
}

static void changed_mind_server(void)
{
    int fd = meet();

    linger(fd, 1, 0);
    linger(fd, 0, 0);
    EQ(close(fd), 0);
}

static void changed_mind_client(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void second_name_server(void)
{
    int  fd = meet(), twin = dup(fd);
    char c;

    linger(fd, 1, 0);
    EQ(close(fd), 0);
    recv_all(twin, &c, 1);
    send_all(twin, &c, 1);
    hear();
    EQ(close(twin), 0);
}

/* A descriptor is not the socket. */
static void second_name_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "x", 1);
    recv_all(fd, &c, 1);
    tell(0);
    is_reset(fd);
}

/* What was not sent is thrown away. */
static void unsent_server(void)
{
    int    fd = meet();
    char   buf[4096];
    size_t total = 0;

    hear();
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) != -1;) {
        CHECK(n > 0); /* no end: an error */
        total += (size_t)n;
    }
    EQ(errno, ECONNRESET);
    CHECK(total < 32u << 20);
    close(fd);
}

static size_t send_much(int fd)
{
    static char much[65536];
    size_t      total = 0;

    set_nonblock(fd, true);
    while (total < 32u << 20) {
        ssize_t n = send(fd, much, sizeof much, 0);

        if (n < 0)
            break;
        total += (size_t)n;
    }
    EQ(errno, EAGAIN);
    return total;
}

static void unsent_client(void)
{
    int fd = meet();

    send_much(fd);
    linger(fd, 1, 0);
    CHECK(timed_close(fd) < SOON);
    tell(0);
}

/* In CLOSE-WAIT, in FIN-WAIT-2. */
static void after_its_end_server(void)
{
    int fd = meet();

    recv_end(fd);
    linger(fd, 1, 0);
    EQ(close(fd), 0);
}

static void after_its_end_client(void)
{
    int fd = meet();

    EQ(shutdown(fd, SHUT_WR), 0);
    is_reset(fd);
}

static void after_our_end_server(void)
{
    int fd = meet();

    EQ(shutdown(fd, SHUT_WR), 0);
    hear();
    linger(fd, 1, 0);
    EQ(close(fd), 0);
}

static void after_our_end_client(void)
{
    int  fd = meet();
    char c;

    recv_end(fd);
    tell(0); /* the kernel says POLLERR, too, which a pair cannot by itself */
    EQ(poll_for(fd, 0, SOON) & POLLHUP, POLLHUP);
    EQ(so_error(fd), EPIPE); /* it had said its last word */
    EQ(read(fd, &c, 1), 0);
    close(fd);
}

static void at_exit_server(void)
{
    int   fd = meet();
    pid_t pid = fork();

    if (pid == 0) {
        linger(fd, 1, 0);
        hear();
        _exit(0);
    }
    close(fd);
    EQ(waitpid(pid, NULL, 0), pid);
}

static void at_exit_client(void)
{
    int fd = meet();

    tell(0);
    is_reset(fd);
}

/* ---- some time ---------------------------------------------------------------- */

static size_t recv_rest(int fd)
{
    size_t total = 0;
    char   buf[4096];

    for (ssize_t n; (n = read(fd, buf, sizeof buf)) != 0;) {
        CHECK(n > 0);
        total += (size_t)n;
    }
    return total;
}

static void waits_server(void)
{
    int fd = meet(), n;

    n = hear();
    EQ(recv_rest(fd), n);
    close(fd);
}

/* It waits no longer than the peer needs. */
static void waits_client(void)
{
    int fd = meet();

    linger(fd, 1, 40);
    tell((int)send_much(fd));
    set_nonblock(fd, false);
    CHECK(timed_close(fd) < 35000);
}

static void waits_nonblocking_server(void)
{
    waits_server();
}

static void waits_nonblocking_client(void)
{
    int fd = meet();

    linger(fd, 1, 40);
    tell((int)send_much(fd));
    CHECK(timed_close(fd) < 35000);
}

static void time_is_up_server(void)
{
    int fd = meet(), n = hear();

    hear(); /* closed, and nothing was read */
    EQ(recv_rest(fd), n);
    close(fd);
}

/* Then it goes on alone; nothing is lost.  A non-blocking descriptor makes
 * no difference. */
static void time_is_up_client(void)
{
    int     fd = meet();
    int64_t took;

    linger(fd, 1, 1);
    tell((int)send_much(fd));
    took = timed_close(fd);
    CHECK(in_lab || took >= 900);
    CHECK(took < SOON);
    tell(0);
}

/* Unread data is a reset, at once, whatever the time says. */
static void unread_server(void)
{
    int fd = meet();

    linger(fd, 1, 30);
    await_bytes(fd, 5);
    CHECK(timed_close(fd) < SOON);
}

static void unread_client(void)
{
    int fd = meet();

    send_all(fd, "waste", 5);
    is_reset(fd);
}

/* shutdown() never waits, and who dies does not either. */
static void no_close_server(void)
{
    int fd = meet(), n = hear();

    hear();
    EQ(recv_rest(fd), n);
    close(fd);
}

static void no_close_client(void)
{
    int     fd = meet();
    int64_t began;
    pid_t   pid;

    linger(fd, 1, 30);
    tell((int)send_much(fd));
    began = now_ms();
    EQ(shutdown(fd, SHUT_WR), 0);
    pid = fork();
    if (pid == 0)
        _exit(0);
    EQ(waitpid(pid, NULL, 0), pid);
    CHECK(now_ms() - began < SOON);
    tell(0);
    set_nonblock(fd, false);
    recv_end(fd);
    close(fd);
}

CALL_MAIN(ONE(values), ONE(unconnected), BOTH(inherited), BOTH(listener),
          BOTH(set_before), BOTH(changed_mind), BOTH(second_name),
          BOTH(unsent), BOTH(after_its_end), BOTH(after_our_end),
          BOTH(at_exit), BOTH(waits), BOTH(waits_nonblocking),
          BOTH(time_is_up), BOTH(unread), BOTH(no_close))
