/* stream.c: reading and writing a connection. */
#include "call.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* ---- half-close -------------------------------------------------------------- */

static void half_close_server(void)
{
    int  fd = meet();
    char buf[8];

    recv_all(fd, buf, 8);
    recv_end(fd);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, 0), POLLIN | POLLRDHUP);
    send_all(fd, "answer", 6); /* the other way is open */
    EQ(shutdown(fd, SHUT_WR), 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

static void half_close_client(void)
{
    int  fd = meet();
    char buf[6];

    send_all(fd, "question", 8);
    EQ(shutdown(fd, SHUT_WR), 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    recv_all(fd, buf, 6);
    recv_end(fd);
    recv_end(fd); /* again and again */
    EQ(poll_for(fd, POLLIN | POLLOUT | POLLRDHUP, SOON),
       POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    EQ(so_error(fd), 0);
    close(fd);
}

static void shut_read_server(void)
{
    int  fd = meet();
    char c;

    EQ(shutdown(fd, SHUT_RD), 0);
    recv_end(fd);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, 0), POLLIN | POLLRDHUP);
    send_all(fd, "out", 3);
    EQ(shutdown(fd, SHUT_WR), 0);
    tell(0);
    EQ(hear(), 0);
    EQ(recv(fd, &c, 1, MSG_DONTWAIT), 0);
    close(fd);
}

static void shut_read_client(void)
{
    int  fd = meet();
    char buf[3];

    recv_all(fd, buf, 3);
    recv_end(fd);
    hear();
    tell(0);
    close(fd);
}

static void shut_both_server(void)
{
    int fd = meet();

    EQ(shutdown(fd, SHUT_RDWR), 0);
    recv_end(fd);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    EQ(poll_for(fd, POLLIN | POLLOUT | POLLRDHUP, SOON)
           & (POLLIN | POLLOUT | POLLRDHUP),
       POLLIN | POLLOUT | POLLRDHUP);
    tell(0);
    hear();
    close(fd);
}

static void shut_both_client(void)
{
    int fd = meet();

    recv_end(fd);
    hear();
    tell(0);
    close(fd);
}

static void shut_unconnected(void)
{
    int fd = socket(family, SOCK_STREAM, 0);

    FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
    FAILS(shutdown(fd, SHUT_RDWR), ENOTCONN);
    FAILS(shutdown(fd, 7), EINVAL);
    close(fd);
}

/* ---- flags of recv() ------------------------------------------------------------ */

static void peek_server(void)
{
    int fd = meet();

    send_all(fd, "peekaboo", 8);
    recv_end(fd);
    close(fd);
}

static void peek_client(void)
{
    int  fd = meet();
    char buf[16];

    await_bytes(fd, 8);
    EQ(recv(fd, buf, 4, MSG_PEEK), 4);
    EQ(memcmp(buf, "peek", 4), 0);
    EQ(recv(fd, buf, 16, MSG_PEEK), 8);
    EQ(recv(fd, buf, 16, 0), 8);
    EQ(memcmp(buf, "peekaboo", 8), 0);
    FAILS(recv(fd, buf, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
    close(fd);
}

static void wait_all_server(void)
{
    int fd = meet();

    send_all(fd, "abc", 3);
    hear();
    send_all(fd, "defgh", 5);
    hear();
    send_all(fd, "last", 4);
    close(fd);
}

static void wait_all_client(void)
{
    int  fd = meet();
    char buf[8];

    await_bytes(fd, 3);
    tell(0); /* the rest comes while this waits, or before */
    EQ(recv(fd, buf, 8, MSG_WAITALL), 8);
    EQ(memcmp(buf, "abcdefgh", 8), 0);
    tell(0);
    EQ(recv(fd, buf, 8, MSG_WAITALL), 4); /* less, at the end */
    recv_end(fd);
    close(fd);
}

static void dont_wait_server(void)
{
    int fd = meet();

    hear();
    send_all(fd, "now", 3);
    recv_end(fd);
    close(fd);
}

static void dont_wait_client(void)
{
    int  fd = meet();
    char buf[8];

    FAILS(recv(fd, buf, 8, MSG_DONTWAIT), EAGAIN);
    tell(0);
    EQ(recv(fd, buf, 8, 0), 3); /* waits */
    FAILS(recv(fd, buf, 8, MSG_DONTWAIT), EAGAIN);
    close(fd);
}

/* MSG_TRUNC on a stream throws away (tcp(7)). */
static void discard_server(void)
{
    int fd = meet();

    send_all(fd, "awaykept", 8);
    recv_end(fd);
    close(fd);
}

static void discard_client(void)
{
    int  fd = meet();
    char buf[8] = "";

    await_bytes(fd, 8);
    EQ(recv(fd, buf, 4, MSG_TRUNC), 4);
    EQ(buf[0], 0);
    EQ(recv(fd, buf, 8, 0), 4);
    EQ(memcmp(buf, "kept", 4), 0);
    close(fd);
}

/* ---- vectors, counts -------------------------------------------------------------- */

static void vectors_server(void)
{
    struct iovec  v[3] = { { "one", 3 }, { "", 0 }, { "three", 5 } };
    struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };
    int           fd = meet();

    EQ(writev(fd, v, 3), 8);
    EQ(sendmsg(fd, &m, 0), 8);
    EQ(send(fd, "end", 3, MSG_MORE), 3);
    close(fd);
}

static void vectors_client(void)
{
    char                    a[4], b[5], c[7];
    struct iovec            v[3] = { { a, 4 }, { b, 5 }, { c, 7 } };
    struct sockaddr_storage ss;
    struct msghdr           m = { .msg_iov = v,
                                  .msg_iovlen = 2,
                                  .msg_name = &ss,
                                  .msg_namelen = sizeof ss };
    int                     fd = meet();

    await_bytes(fd, 19);
    EQ(recvmsg(fd, &m, 0), 9);
    EQ(m.msg_namelen, 0); /* a stream has no names */
    EQ(memcmp(a, "onet", 4) | memcmp(b, "hreeo", 5), 0);
    EQ(readv(fd, v, 3), 10);
    EQ(memcmp(a, "neth", 4) | memcmp(b, "reeen", 5) | memcmp(c, "d", 1), 0);
    recv_end(fd);
    close(fd);
}

static void count_server(void)
{
    int fd = meet();

    send_all(fd, "12345", 5);
    recv_end(fd);
    close(fd);
}

static void count_client(void)
{
    int  fd = meet(), n = -1;
    char buf[8];

    await_bytes(fd, 5);
    EQ(ioctl(fd, FIONREAD, &n), 0);
    EQ(n, 5);
    EQ(read(fd, buf, 2), 2);
    EQ(ioctl(fd, FIONREAD, &n), 0);
    EQ(n, 3);
    n = 1;
    EQ(ioctl(fd, FIONBIO, &n), 0);
    EQ(read(fd, buf, 8), 3);
    FAILS(read(fd, buf, 8), EAGAIN);
    close(fd);
}

/* sendto() with an address on a connection, recvfrom() with room for one. */
static void addressed_server(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 9);
    int                     fd = meet();

    EQ(sendto(fd, "hi", 2, 0, (struct sockaddr *)&ss, len), 2);
    recv_end(fd);
    close(fd);
}

static void addressed_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = meet();
    char                    buf[4];

    await_bytes(fd, 2);
    EQ(recvfrom(fd, buf, 4, 0, (struct sockaddr *)&ss, &len), 2);
    EQ(len, 0);
    close(fd);
}

/* ---- files and pipes ---------------------------------------------------------------- */

enum { FILE_SIZE = 300000 };

static void fill(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i * 7 + i / 251);
}

static void send_file_server(void)
{
    char *p = malloc(FILE_SIZE);
    int   fd = meet(), file = memfd_create("file", 0);
    off_t at = 0;

    fill(p, FILE_SIZE);
    send_all(file, p, FILE_SIZE);
    while (at < FILE_SIZE)
        CHECK(sendfile(fd, file, &at, (size_t)(FILE_SIZE - at)) > 0);
    free(p);
    close(file);
    close(fd);
}

static void send_file_client(void)
{
    char *p = malloc(FILE_SIZE), *want = malloc(FILE_SIZE);
    int   fd = meet();

    fill(want, FILE_SIZE);
    recv_all(fd, p, FILE_SIZE);
    EQ(memcmp(p, want, FILE_SIZE), 0);
    recv_end(fd);
    free(p);
    free(want);
    close(fd);
}

static void splice_server(void)
{
    int fd = meet(), p[2];

    EQ(pipe(p), 0);
    send_all(p[1], "through a pipe", 14);
    EQ(splice(p[0], NULL, fd, NULL, 14, 0), 14);
    close(p[0]);
    close(p[1]);
    recv_end(fd);
    close(fd);
}

static void splice_client(void)
{
    int  fd = meet(), p[2];
    char buf[16];

    EQ(pipe(p), 0);
    await_bytes(fd, 14);
    EQ(splice(fd, NULL, p[1], NULL, 14, 0), 14);
    EQ(read(p[0], buf, 16), 14);
    EQ(memcmp(buf, "through a pipe", 14), 0);
    close(p[0]);
    close(p[1]);
    close(fd);
}

/* ---- limits of time, full buffers ------------------------------------------------------ */

static void time_limit_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void time_limit_client(void)
{
    int            fd = meet();
    char           c;
    struct timeval tv = { 9, 9 };
    socklen_t      len = sizeof tv;

    set_timeout(fd, SO_RCVTIMEO, 20);
    FAILS(read(fd, &c, 1), EAGAIN);
    FAILS(recv(fd, &c, 1, 0), EAGAIN);
    FAILS(recvfrom(fd, &c, 1, 0, NULL, NULL), EAGAIN);
    EQ(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len), 0);
    EQ(tv.tv_sec, 0);
    CHECK(tv.tv_usec >= 20000 && tv.tv_usec < 30000);
    close(fd);
}

/* The reader does not read: writing stops, and goes on when it does. */
static void full_server(void)
{
    static char buf[1 << 16];
    int         fd = meet();
    ssize_t     n;
    long long   total = 0;

    EQ(hear(), 0);
    while ((n = read(fd, buf, sizeof buf)) > 0)
        total += n;
    EQ(n, 0);
    EQ(total, hear());
    close(fd);
}

static void full_client(void)
{
    static char buf[1 << 16];
    int         fd = meet(), total = 0;
    ssize_t     n;

    set_timeout(fd, SO_SNDTIMEO, 100);
    while ((n = write(fd, buf, sizeof buf)) > 0)
        total += (int)n;
    CHECK(n == -1 && errno == EAGAIN);
    CHECK(total > 10000);
    EQ(poll_for(fd, POLLOUT, 0), 0);
    set_nonblock(fd, true);
    while ((n = write(fd, buf, sizeof buf)) > 0)
        total += (int)n; /* the kernel packs tighter when it is pressed */
    CHECK(n == -1 && errno == EAGAIN);
    set_nonblock(fd, false);
    tell(0);
    EQ(poll_for(fd, POLLOUT, SOON), POLLOUT);
    set_timeout(fd, SO_SNDTIMEO, 0);
    send_all(fd, buf, sizeof buf);
    tell(total + (int)sizeof buf);
    close(fd);
}

/* ---- errors ---------------------------------------------------------------------------- */

static int signals;

static void on_signal(int sig)
{
    signals += sig == SIGPIPE;
}

static void sigpipe_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void sigpipe_client(void)
{
    int fd = meet();

    signal(SIGPIPE, on_signal);
    EQ(shutdown(fd, SHUT_WR), 0);
    FAILS(write(fd, "x", 1), EPIPE);
    EQ(signals, 1);
    FAILS(send(fd, "x", 1, 0), EPIPE);
    EQ(signals, 2);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    EQ(signals, 2);
    signal(SIGPIPE, SIG_DFL);
    close(fd);
}

static void fault_server(void)
{
    int fd = meet();

    send_all(fd, "xyz", 3);
    recv_end(fd);
    close(fd);
}

static void fault_client(void)
{
    int   fd = meet();
    char *bad = (char *)8, buf[4];

    await_bytes(fd, 3);
    FAILS(send(fd, bad, 4, 0), EFAULT);
    FAILS(recv(fd, bad, 4, 0), EFAULT);
    EQ(recv(fd, buf, 4, 0), 3); /* nothing was lost */
    close(fd);
}

CALL_MAIN(BOTH(half_close), BOTH(shut_read), BOTH(shut_both),
          ONE(shut_unconnected), BOTH(peek), BOTH(wait_all), BOTH(dont_wait),
          BOTH(discard), BOTH(vectors), BOTH(count), BOTH(addressed),
          BOTH(send_file), BOTH(splice), BOTH(time_limit), BOTH(full),
          BOTH(sigpipe), BOTH(fault))
