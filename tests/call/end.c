/* end.c: how connections end when it is not a plain close. */
#include "call.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static void linger_zero(int fd)
{
    struct linger l = { 1, 0 };

    EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
}

static void await_reset(int fd)
{
    EQ(poll_for(fd, POLLRDHUP, SOON) & (POLLERR | POLLHUP),
       POLLERR | POLLHUP);
}

/* ---- reset ------------------------------------------------------------------- */

static void linger_server(void)
{
    int  fd = meet();
    char c;

    linger_zero(fd);
    recv_all(fd, &c, 1);
    close(fd);
}

static void linger_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "x", 1);
    FAILS(read(fd, &c, 1), ECONNRESET);
    EQ(read(fd, &c, 1), 0); /* told once */
    EQ(so_error(fd), 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

static void unread_server(void)
{
    int fd = meet();

    await_bytes(fd, 5);
    close(fd); /* RFC 2525 2.17 */
}

static void unread_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "waste", 5);
    FAILS(recv(fd, &c, 1, 0), ECONNRESET);
    close(fd);
}

/* What came before a reset can still be read, as on Linux, by nobody: the
 * error comes first only after the data. */
static void data_then_reset_server(void)
{
    int fd = meet();

    send_all(fd, "data", 4);
    hear();
    linger_zero(fd);
    close(fd);
}

static void data_then_reset_client(void)
{
    int  fd = meet();
    char buf[8];

    await_bytes(fd, 4);
    tell(0);
    await_reset(fd);
    EQ(recv(fd, buf, 8, 0), 4);
    EQ(memcmp(buf, "data", 4), 0);
    FAILS(recv(fd, buf, 8, 0), ECONNRESET);
    EQ(recv(fd, buf, 8, 0), 0);
    close(fd);
}

static void reset_by_option_server(void)
{
    int fd = meet();

    linger_zero(fd);
    close(fd);
}

/* SO_ERROR takes the error away from everybody else. */
static void reset_by_option_client(void)
{
    int  fd = meet();
    char c;

    await_reset(fd);
    EQ(so_error(fd), ECONNRESET);
    EQ(so_error(fd), 0);
    EQ(recv(fd, &c, 1, 0), 0);
    close(fd);
}

static void reset_send_server(void)
{
    int fd = meet();

    linger_zero(fd);
    close(fd);
}

static void reset_send_client(void)
{
    int fd = meet();

    await_reset(fd);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

/* One end writes to an end that is closed: reset, then a broken pipe. */
static void write_to_closed_server(void)
{
    int fd = meet();

    close(fd);
    tell(0);
}

static void write_to_closed_client(void)
{
    int fd = meet();

    hear();
    recv_end(fd);
    send_all(fd, "x", 1); /* goes out: only the answer tells */
    EQ(poll_for(fd, 0, SOON) & POLLHUP, POLLHUP);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

static void shut_then_closed_server(void)
{
    int fd = meet();

    EQ(shutdown(fd, SHUT_WR), 0);
    close(fd);
    tell(0);
}

/* Its end was sent before the close, which is a close all the same. */
static void shut_then_closed_client(void)
{
    int  fd = meet();
    char c;

    hear();
    EQ(read(fd, &c, 1), 0);
    send_all(fd, "x", 1);
    EQ(poll_for(fd, 0, SOON) & POLLHUP, POLLHUP);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

static void names_after_server(void)
{
    int fd = meet();

    linger_zero(fd);
    close(fd);
}

static void names_after_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = meet(), port = local_port(fd);

    await_reset(fd);
    FAILS(getpeername(fd, (struct sockaddr *)&ss, &len), ENOTCONN);
    EQ(local_port(fd), port);
    EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    close(fd);
}

/* ---- close with much unsent ----------------------------------------------------- */

enum { MUCH = 400000 };

static void unsent_server(void)
{
    int    fd = meet();
    size_t total = 0;
    char   buf[4096];

    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);

        CHECK(n >= 0);
        if (n == 0)
            break;
        total += (size_t)n;
    }
    EQ(total, MUCH);
    close(fd);
}

/* close() returns at once and everything still arrives. */
static void unsent_client(void)
{
    int   fd = meet();
    char *p = calloc(1, MUCH);

    send_all(fd, p, MUCH);
    close(fd);
    free(p);
}

static void both_unsent_server(void)
{
    unsent_server();
}

static void both_unsent_client(void)
{
    int   fd = meet();
    char *p = calloc(1, MUCH);

    send_all(fd, p, MUCH);
    EQ(shutdown(fd, SHUT_RDWR), 0);
    close(fd);
    free(p);
}

/* The peer has ended its side; ours still has much to say. */
static void last_word_server(void)
{
    int   fd = meet(), n = -1;
    char *p = calloc(1, MUCH);

    recv_end(fd);
    send_all(fd, p, MUCH);
    EQ(shutdown(fd, SHUT_WR), 0);
    recv_end(fd);
    EQ(ioctl(fd, FIONREAD, &n), 0);
    EQ(n, 0);
    CHECK(local_port(fd) > 0);
    close(fd);
    free(p);
}

static void last_word_client(void)
{
    int    fd = meet();
    size_t total = 0;
    char   buf[4096];

    EQ(shutdown(fd, SHUT_WR), 0);
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) != 0;) {
        CHECK(n > 0);
        total += (size_t)n;
    }
    EQ(total, MUCH);
    close(fd);
}

/* The peer's end comes while ours, already ended, is still being sent. */
static void crossing_server(void)
{
    int    fd = meet();
    char  *p = calloc(1, MUCH), buf[4096];
    size_t total = 0;

    send_all(fd, p, MUCH);
    EQ(shutdown(fd, SHUT_WR), 0);
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) != 0;) {
        CHECK(n > 0);
        total += (size_t)n;
    }
    EQ(total, 10);
    CHECK(local_port(fd) > 0);
    EQ(so_error(fd), 0);
    close(fd);
    free(p);
}

static void crossing_client(void)
{
    int    fd = meet();
    size_t total = 0;
    char   buf[4096];

    send_all(fd, "0123456789", 10);
    EQ(shutdown(fd, SHUT_WR), 0);
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) != 0;) {
        CHECK(n > 0);
        total += (size_t)n;
    }
    EQ(total, MUCH);
    close(fd);
}

/* ---- a process that dies ---------------------------------------------------------- */

static void killed(int fd, bool read_first)
{
    pid_t pid = fork();
    char  c;

    if (pid == 0) {
        if (read_first)
            recv_all(fd, &c, 1);
        for (;;)
            pause();
    }
    if (!read_first)
        await_bytes(fd, 1);
    close(fd);
    hear();
    EQ(kill(pid, SIGKILL), 0);
    EQ(waitpid(pid, NULL, 0), pid);
}

/* FIN if it had read everything ... */
static void killed_clean_server(void)
{
    killed(meet(), true);
}

static void killed_clean_client(void)
{
    int fd = meet();

    send_all(fd, "x", 1);
    poll(NULL, 0, 50); /* until it has read; there is no sign of it */
    tell(0);
    recv_end(fd);
    close(fd);
}

/* ... else RST. */
static void killed_unread_server(void)
{
    killed(meet(), false);
}

static void killed_unread_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "x", 1);
    tell(0);
    FAILS(recv(fd, &c, 1, 0), ECONNRESET);
    close(fd);
}

/* ---- who waits while somebody else ends it ------------------------------------------- */

static void *in_read(void *arg)
{
    char    c;
    ssize_t n = read(*(int *)arg, &c, 1);

    return (void *)(intptr_t)(n < 0 ? -errno : n);
}

static void *in_recv(void *arg)
{
    char    c;
    ssize_t n = recv(*(int *)arg, &c, 1, 0);

    return (void *)(intptr_t)(n < 0 ? -errno : n);
}

static void waits(void *(*how)(void *))
{
    int       fd = meet();
    pthread_t t;
    void     *got;

    EQ(pthread_create(&t, NULL, how, &fd), 0);
    EQ(shutdown(fd, SHUT_RD), 0);
    EQ(pthread_join(t, &got), 0);
    EQ((intptr_t)got, 0);
    tell(0);
    close(fd);
}

static void shut_wakes_server(void)
{
    int fd = meet();

    hear();
    close(fd);
    fd = meet();
    hear();
    close(fd);
}

static void shut_wakes_client(void)
{
    waits(in_read);
    waits(in_recv);
}

CALL_MAIN(BOTH(linger), BOTH(unread), BOTH(data_then_reset),
          BOTH(reset_by_option), BOTH(reset_send), BOTH(write_to_closed),
          BOTH(shut_then_closed), BOTH(names_after), BOTH(unsent),
          BOTH(both_unsent), BOTH(last_word), BOTH(crossing),
          BOTH(killed_clean), BOTH(killed_unread), BOTH(shut_wakes))
