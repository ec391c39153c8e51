/* udp.c: datagrams. */
#include "call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static int dgram(void)
{
    int fd = socket(family, SOCK_DGRAM, 0);

    CHECK(fd >= 0);
    return fd;
}

/* A datagram may be lost on a bad link: these tests run on links that lose
 * nothing, or send again until there is an answer. */
static void send_to(int fd, int port, const void *p, size_t n)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);

    EQ(sendto(fd, p, n, 0, (struct sockaddr *)&ss, len), n);
}

static int connected_dgram(int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);
    int                     fd = dgram();

    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    return fd;
}

/* ---- there and back -------------------------------------------------------------- */

static void echo_server(void)
{
    struct sockaddr_storage from;
    socklen_t               len = sizeof from;
    char                    buf[64];
    int                     fd = bound(SOCK_DGRAM, 0);
    ssize_t                 n;

    tell(local_port(fd));
    n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len);
    EQ(n, 5);
    EQ(from.ss_family, family);
    EQ(port_of(&from), hear());
    EQ(sendto(fd, "answer", 6, 0, (struct sockaddr *)&from, len), 6);
    hear();
    close(fd);
}

static void echo_client(void)
{
    struct sockaddr_storage from, want;
    socklen_t               len = sizeof from, wlen;
    int                     port = hear(), fd = dgram();
    char                    buf[64];

    EQ(local_port(fd), 0);
    send_to(fd, port, "hello", 5);
    CHECK(local_port(fd) > 0); /* bound by sending */
    tell(local_port(fd));
    EQ(recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len), 6);
    wlen = server_at(&want, port);
    EQ(len, wlen);
    EQ(memcmp(&from, &want, len), 0);
    tell(0);
    close(fd);
}

/* Each datagram is one read, whatever its size. */
static const int sizes[] = { 1, 0, 1472, 9000, 2, 65507, 3 };

static void boundaries_server(void)
{
    static char buf[70000];
    int         fd = bound(SOCK_DGRAM, 0);

    set_int(fd, SOL_SOCKET, SO_RCVBUF, 200000);
    tell(local_port(fd));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        ssize_t n = i % 2 ? read(fd, buf, sizeof buf)
                          : recv(fd, buf, sizeof buf, 0);

        EQ(n, sizes[i] - (sizes[i] == 65507 && family == AF_INET6) * 20);
        for (ssize_t k = 0; k < n; k++)
            EQ(buf[k], (char)(k + (ssize_t)i));
        tell(0);
    }
    close(fd);
}

static void boundaries_client(void)
{
    static char buf[70000];
    int         port = hear(), fd = dgram();

    for (size_t i = 0; i < COUNT(sizes); i++) {
        int n = sizes[i];

        if (n == 65507 && family == AF_INET6)
            n -= 20;
        for (int k = 0; k < n; k++)
            buf[k] = (char)(k + (int)i);
        send_to(fd, port, buf, (size_t)n);
        hear();
    }
    close(fd);
}

static void too_long(void)
{
    static char             buf[70000];
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 9);
    int                     fd = dgram();

    FAILS(sendto(fd, buf, 65600, 0, (struct sockaddr *)&ss, len), EMSGSIZE);
    FAILS(sendto(fd, buf, 70000, 0, (struct sockaddr *)&ss, len), EMSGSIZE);
    close(fd);
}

/* What is wrong with the vectors is told before anything is read, and which of
 * it is told first. */
static void bad_vectors(void)
{
    static char             buf[70000];
    static struct iovec     many[1025];
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 9);
    int                     fd = dgram();
    const struct iovec      good = { buf, 4 }, huge = { buf, (size_t)-1 },
                       large = { buf, 70000 }, larger = { buf, 1 << 30 },
                       unread = { (void *)8, 4 },
                       outside = { (void *)-4096, 8 },
                       unread_large = { (void *)8, 70000 };
    const struct {
        struct iovec v[2];
        size_t       n;
        int          err;
    } rows[] = {
        { { huge }, 1, EINVAL },
        { { good, huge }, 2, EINVAL },
        { { outside, huge }, 2, EINVAL },
        { { large }, 1, EMSGSIZE },
        { { larger, larger }, 2, EMSGSIZE },
        { { unread_large }, 1, EMSGSIZE },
        { { outside, large }, 2, EFAULT },
        { { unread }, 1, EFAULT },
        { { good, unread }, 2, EFAULT },
        { { outside }, 1, EFAULT },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct iovec  v[2] = { rows[i].v[0], rows[i].v[1] };
        struct msghdr m = { .msg_name = &ss,
                            .msg_namelen = len,
                            .msg_iov = v,
                            .msg_iovlen = rows[i].n };

        FAILS(sendmsg(fd, &m, 0), rows[i].err);
        m.msg_iov = many;
        m.msg_iovlen = COUNT(many);
        FAILS(sendmsg(fd, &m, 0), EMSGSIZE);
        FAILS(recvmsg(fd, &m, MSG_DONTWAIT), EMSGSIZE);
        m.msg_iov = v;
        m.msg_iovlen = rows[i].n;
        if (rows[i].v[0].iov_base == buf && rows[i].err == EINVAL)
            FAILS(recvmsg(fd, &m, MSG_DONTWAIT), EINVAL);
    }
    close(fd);
}

static void truncation_server(void)
{
    char                    buf[8];
    struct iovec            v = { buf, 4 };
    struct sockaddr_storage ss;
    struct msghdr           m = { .msg_iov = &v,
                                  .msg_iovlen = 1,
                                  .msg_name = &ss,
                                  .msg_namelen = sizeof ss };
    int                     fd = bound(SOCK_DGRAM, 0);

    tell(local_port(fd));
    EQ(recv(fd, buf, 4, 0), 4); /* the rest is gone */
    tell(0);
    EQ(recv(fd, buf, 4, MSG_TRUNC), 10);
    tell(0);
    EQ(recvmsg(fd, &m, 0), 4);
    EQ(m.msg_flags, MSG_TRUNC);
    CHECK(m.msg_namelen > 0);
    EQ(ss.ss_family, family);
    tell(0);
    EQ(recv(fd, buf, 4, MSG_PEEK | MSG_TRUNC), 10);
    EQ(read(fd, buf, 4), 4);
    FAILS(recv(fd, buf, 4, MSG_DONTWAIT), EAGAIN);
    close(fd);
}

static void truncation_client(void)
{
    int port = hear(), fd = dgram();

    for (int i = 0; i < 4; i++) {
        send_to(fd, port, "0123456789", 10);
        if (i < 3)
            hear();
    }
    close(fd);
}

static void peek_server(void)
{
    struct sockaddr_storage a, b;
    socklen_t               la = sizeof a, lb = sizeof b;
    int                     fd = bound(SOCK_DGRAM, 0), n = -1;
    char                    buf[8];

    tell(local_port(fd));
    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    hear();
    EQ(ioctl(fd, FIONREAD, &n), 0);
    EQ(n, 5); /* the first one's length */
    EQ(recvfrom(fd, buf, 8, MSG_PEEK, (struct sockaddr *)&a, &la), 5);
    EQ(recvfrom(fd, buf, 8, 0, (struct sockaddr *)&b, &lb), 5);
    EQ(la, lb);
    EQ(memcmp(&a, &b, la), 0);
    EQ(recv(fd, buf, 8, 0), 0);
    FAILS(recv(fd, buf, 8, MSG_DONTWAIT), EAGAIN);
    EQ(poll_for(fd, POLLIN | POLLOUT, 0), POLLOUT);
    close(fd);
}

static void peek_client(void)
{
    int port = hear(), fd = dgram();

    send_to(fd, port, "first", 5);
    send_to(fd, port, "", 0);
    tell(0);
    close(fd);
}

/* ---- connected ------------------------------------------------------------------------ */

static void connected_server(void)
{
    struct sockaddr_storage from;
    socklen_t               len = sizeof from;
    int                     fd = bound(SOCK_DGRAM, 0);
    int                     stranger = bound(SOCK_DGRAM, 0);
    char                    buf[8];

    tell(local_port(fd));
    EQ(recvfrom(fd, buf, 8, 0, (struct sockaddr *)&from, &len), 2);
    EQ(sendto(stranger, "strange", 7, 0, (struct sockaddr *)&from, len), 7);
    EQ(sendto(fd, "known", 5, 0, (struct sockaddr *)&from, len), 5);
    EQ(recv(fd, buf, 8, 0), 3);
    hear();
    close(stranger);
    close(fd);
}

/* Only the peer is heard; write() and read() do. */
static void connected_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     port = hear(), fd = connected_dgram(port);
    char                    buf[8];

    EQ(getpeername(fd, (struct sockaddr *)&ss, &len), 0);
    EQ(port_of(&ss), port);
    EQ(write(fd, "hi", 2), 2);
    EQ(read(fd, buf, 8), 5);
    EQ(memcmp(buf, "known", 5), 0);
    EQ(send(fd, "bye", 3, 0), 3);
    tell(0);
    FAILS(recv(fd, buf, 8, MSG_DONTWAIT), EAGAIN);
    close(fd);
}

static void disconnected(void)
{
    struct sockaddr_storage ss;
    struct sockaddr         none = { .sa_family = AF_UNSPEC };
    socklen_t               len = sizeof ss;
    int                     fd = connected_dgram(9);

    EQ(connect(fd, &none, sizeof none), 0);
    FAILS(getpeername(fd, (struct sockaddr *)&ss, &len), ENOTCONN);
    FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
    FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
    close(fd);
}

static int closed_port(void)
{
    int fd, port;

    if (!is_server)
        return hear();
    fd = bound(SOCK_DGRAM, 0);
    port = local_port(fd);
    close(fd);
    tell(port);
    return port;
}

static void refused_server(void)
{
    closed_port();
}

/* RFC 1122 4.1.3.3: the ICMP error is passed up, once. */
static void refused_client(void)
{
    int  fd = connected_dgram(closed_port());
    char c;

    EQ(send(fd, "x", 1, 0), 1);
    CHECK(poll_for(fd, POLLIN, SOON) != 0);
    FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
    FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    EQ(send(fd, "x", 1, 0), 1);
    CHECK(poll_for(fd, POLLIN, SOON) != 0);
    FAILS(send(fd, "x", 1, 0), ECONNREFUSED);
    close(fd);
}

static void refused_by_option_server(void)
{
    closed_port();
}

static void refused_by_option_client(void)
{
    int  fd = connected_dgram(closed_port());
    char c;

    EQ(send(fd, "x", 1, 0), 1);
    CHECK(poll_for(fd, POLLIN, SOON) != 0);
    EQ(so_error(fd), ECONNREFUSED);
    EQ(so_error(fd), 0);
    FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    EQ(poll_for(fd, POLLIN, 0), 0);
    close(fd);
}

static void refused_waiting_server(void)
{
    closed_port();
}

static void refused_waiting_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = connected_dgram(closed_port());
    char                    c;

    EQ(send(fd, "x", 1, 0), 1);
    FAILS(recvfrom(fd, &c, 1, 0, (struct sockaddr *)&ss, &len), ECONNREFUSED);
    close(fd);
}

static void not_told_server(void)
{
    closed_port();
}

/* Who is not connected hears nothing. */
static void not_told_client(void)
{
    int  port = closed_port(), fd = dgram();
    char c;

    send_to(fd, port, "x", 1);
    send_to(fd, port, "x", 1);
    set_timeout(fd, SO_RCVTIMEO, 50);
    FAILS(recv(fd, &c, 1, 0), EAGAIN);
    EQ(so_error(fd), 0);
    close(fd);
}

static void shut_server(void)
{
    char c;
    int  fd = bound(SOCK_DGRAM, 0);

    tell(local_port(fd));
    EQ(recv(fd, &c, 1, 0), 1);
    close(fd);
}

static void shut_client(void)
{
    int  fd = connected_dgram(hear());
    char c;

    EQ(send(fd, "x", 1, 0), 1);
    EQ(shutdown(fd, SHUT_RD), 0);
    EQ(recv(fd, &c, 1, 0), 0);
    EQ(read(fd, &c, 1), 0);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, 0), POLLIN | POLLRDHUP);
    EQ(shutdown(fd, SHUT_WR), 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(local_port(fd) > 0);
    close(fd);
}

/* ---- calls and flags ------------------------------------------------------------------- */

static void vectors_server(void)
{
    char         a[2], b[8];
    struct iovec v[2] = { { a, 2 }, { b, 8 } }, w[2] = { { a, 2 }, { b, 8 } };
    struct mmsghdr mm[3] = { { .msg_hdr = { .msg_iov = v, .msg_iovlen = 1 } },
                             { .msg_hdr = { .msg_iov = w, .msg_iovlen = 2 } },
                             { .msg_hdr = { .msg_iov = w,
                                            .msg_iovlen = 2 } } };
    int            fd = bound(SOCK_DGRAM, 0);

    tell(local_port(fd));
    EQ(readv(fd, v, 2), 6);
    EQ(memcmp(a, "ve", 2) | memcmp(b, "ctor", 4), 0);
    hear(); /* two have been sent */
    poll_for(fd, POLLIN, SOON);
    EQ(recvmmsg(fd, mm, 1, 0, NULL), 1);
    EQ(mm[0].msg_len, 1);
    EQ(recvmmsg(fd, mm + 1, 2, MSG_WAITFORONE, NULL), 1);
    EQ(mm[1].msg_len, 3);
    EQ(memcmp(a, "tw", 2) | memcmp(b, "o", 1), 0);
    close(fd);
}

static void vectors_client(void)
{
    struct iovec            v[2] = { { "vec", 3 }, { "tor", 3 } };
    struct iovec            one = { "1", 1 }, two = { "two", 3 };
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    struct msghdr           m = {
                  .msg_name = &ss, .msg_namelen = len, .msg_iov = v, .msg_iovlen = 2
    };
    struct mmsghdr mm[2] = { { .msg_hdr = { .msg_name = &ss,
                                            .msg_namelen = len,
                                            .msg_iov = &one,
                                            .msg_iovlen = 1 } },
                             { .msg_hdr = { .msg_name = &ss,
                                            .msg_namelen = len,
                                            .msg_iov = &two,
                                            .msg_iovlen = 1 } } };
    int            fd = dgram();

    EQ(sendmsg(fd, &m, 0), 6);
    EQ(sendmmsg(fd, mm, 2, 0), 2);
    EQ(mm[1].msg_len, 3);
    tell(0);
    close(fd);
}

static void time_limits(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = bound(SOCK_DGRAM, 0);
    char                    c;

    set_timeout(fd, SO_RCVTIMEO, 20);
    FAILS(recvfrom(fd, &c, 1, 0, (struct sockaddr *)&ss, &len), EAGAIN);
    FAILS(recv(fd, &c, 1, 0), EAGAIN);
    FAILS(read(fd, &c, 1), EAGAIN);
    set_nonblock(fd, true);
    FAILS(recv(fd, &c, 1, 0), EAGAIN);
    close(fd);
}

static void no_address(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 0);
    int                     fd = dgram();

    FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
    FAILS(sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, len), EINVAL);
    len = server_at(&ss, 9);
    FAILS(sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, 3), EINVAL);
    if (family == AF_INET) /* Linux's IPv6 side takes it */
        FAILS(sendto(fd, "x", 1, MSG_OOB, (struct sockaddr *)&ss, len),
              EOPNOTSUPP);
    FAILS(listen(fd, 1), EOPNOTSUPP);
    FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
    close(fd);
}

static void in_use(void)
{
    struct sockaddr_storage ss;
    int                     a = bound(SOCK_DGRAM, 0), b = dgram();
    socklen_t               len = any_at(&ss, local_port(a));

    FAILS(bind(b, (struct sockaddr *)&ss, len), EADDRINUSE);
    close(a);
    EQ(bind(b, (struct sockaddr *)&ss, len), 0);
    close(b);
}

/* A queue that is full drops; nothing else happens. */
static void flood_server(void)
{
    int  fd = bound(SOCK_DGRAM, 0), n = 0;
    char buf[2000];

    set_int(fd, SOL_SOCKET, SO_RCVBUF, 20000);
    tell(local_port(fd));
    hear();
    set_timeout(fd, SO_RCVTIMEO, 100);
    while (recv(fd, buf, sizeof buf, 0) == 1000)
        n++;
    CHECK(n >= 5 && n < 1000);
    set_timeout(fd, SO_RCVTIMEO, 0);
    tell(0);
    EQ(recv(fd, buf, sizeof buf, 0), 4); /* it goes on */
    close(fd);
}

static void flood_client(void)
{
    static char buf[1000];
    int         port = hear(), fd = dgram();

    for (int i = 0; i < 1000; i++)
        send_to(fd, port, buf, sizeof buf);
    tell(0);
    hear();
    send_to(fd, port, "last", 4);
    close(fd);
}

/* Datagrams to oneself. */
static void to_itself(void)
{
    struct sockaddr_storage ss;
    int                     fd = bound(SOCK_DGRAM, 0);
    socklen_t               len = any_at(&ss, local_port(fd));
    char                    buf[4];

    EQ(sendto(fd, "self", 4, 0, (struct sockaddr *)&ss, len), 4);
    EQ(recv(fd, buf, 4, 0), 4);
    EQ(memcmp(buf, "self", 4), 0);
    close(fd);
}

CALL_MAIN(BOTH(echo), BOTH(boundaries), ONE(too_long), ONE(bad_vectors),
          BOTH(truncation), BOTH(peek), BOTH(connected), ONE(disconnected),
          BOTH(refused), BOTH(refused_by_option), BOTH(refused_waiting),
          BOTH(not_told), BOTH(shut), BOTH(vectors), ONE(time_limits),
          ONE(no_address), ONE(in_use), BOTH(flood), ONE(to_itself))
