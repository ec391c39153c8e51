/* error.c: calls that must fail, and how. */
#include "call.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

static void kinds(void)
{
    int fd;

    FAILS(socket(family, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    FAILS(socket(family, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
    FAILS(socket(family, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
    FAILS(socket(family, 77, 0), EINVAL);
    FAILS(socket(family, SOCK_STREAM | 0x100, 0), EINVAL);
    FAILS(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
    fd = socket(family, SOCK_STREAM, IPPROTO_TCP);
    CHECK(fd >= 0);
    close(fd);
    fd = socket(family, SOCK_DGRAM, IPPROTO_UDP);
    CHECK(fd >= 0);
    close(fd);
}

static void flags(void)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
    close(fd);
}

static void addresses(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = any_at(&ss, 0);
    int                     fd = socket(family, SOCK_STREAM, 0);

    FAILS(bind(fd, (struct sockaddr *)&ss, 3), EINVAL);
    FAILS(connect(fd, (struct sockaddr *)&ss, 1), EINVAL);
    FAILS(bind(fd, (struct sockaddr *)8, len), EFAULT);
    FAILS(connect(fd, (struct sockaddr *)8, len), EFAULT);
    FAILS(bind(fd, (struct sockaddr *)&ss, 5000), EINVAL);
    ss.ss_family = AF_UNIX;
    FAILS(bind(fd, (struct sockaddr *)&ss, len), EAFNOSUPPORT);
    FAILS(connect(fd, (struct sockaddr *)&ss, len), EAFNOSUPPORT);
    close(fd);
}

static void not_connected(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = socket(family, SOCK_STREAM, 0);
    char                    c;

    FAILS(recv(fd, &c, 1, 0), ENOTCONN);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    FAILS(getpeername(fd, (struct sockaddr *)&ss, &len), ENOTCONN);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
    EQ(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
    EQ(ss.ss_family, family);
    EQ(port_of(&ss), 0);
    close(fd);
}

static void a_listener(void)
{
    struct sockaddr_storage ss;
    int                     fd = listening(1);
    socklen_t               len = any_at(&ss, local_port(fd));
    char                    c;

    FAILS(recv(fd, &c, 1, 0), ENOTCONN);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    FAILS(connect(fd, (struct sockaddr *)&ss, len), EISCONN);
    FAILS(bind(fd, (struct sockaddr *)&ss, len), EINVAL);
    FAILS(getpeername(fd, (struct sockaddr *)&ss, &len), ENOTCONN);
    EQ(poll_for(fd, POLLIN | POLLOUT, 0), 0);
    close(fd);
}

static void no_socket(void)
{
    int       fd = open("/dev/null", O_RDWR), v = 1;
    socklen_t len = sizeof v;

    FAILS(listen(fd, 1), ENOTSOCK);
    FAILS(accept(fd, NULL, NULL), ENOTSOCK);
    FAILS(send(fd, "x", 1, 0), ENOTSOCK);
    FAILS(recv(fd, &v, 1, 0), ENOTSOCK);
    FAILS(shutdown(fd, SHUT_WR), ENOTSOCK);
    FAILS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &v, &len), ENOTSOCK);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, len), ENOTSOCK);
    close(fd);
    FAILS(listen(fd, 1), EBADF);
    FAILS(send(fd, "x", 1, 0), EBADF);
    FAILS(accept(9999, NULL, NULL), EBADF);
    FAILS(getsockopt(-1, SOL_SOCKET, SO_ERROR, &v, &len), EBADF);
}

/* What is no concern of ours works as ever. */
static void others(void)
{
    int  sv[2], p[2], n = -1;
    char buf[4];

    EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    EQ(send(sv[0], "unix", 4, 0), 4);
    EQ(recv(sv[1], buf, 4, 0), 4);
    EQ(get_int(sv[0], SOL_SOCKET, SO_DOMAIN), AF_UNIX);
    EQ(shutdown(sv[0], SHUT_WR), 0);
    EQ(recv(sv[1], buf, 4, 0), 0);
    close(sv[0]);
    close(sv[1]);
    EQ(pipe(p), 0);
    EQ(write(p[1], "pipe", 4), 4);
    EQ(ioctl(p[0], FIONREAD, &n), 0);
    EQ(n, 4);
    close(p[0]);
    close(p[1]);
}

static void twice_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void twice_client(void)
{
    struct sockaddr_storage ss;
    int                     port = hear(), fd = connected(port);
    socklen_t               len = server_at(&ss, port);

    FAILS(connect(fd, (struct sockaddr *)&ss, len), EISCONN);
    FAILS(listen(fd, 1), EINVAL);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    len = any_at(&ss, 0);
    FAILS(bind(fd, (struct sockaddr *)&ss, len), EINVAL);
    close(fd);
}

/* ---- options --------------------------------------------------------------------- */

static void defaults(void)
{
    struct linger l = { 7, 7 };
    socklen_t     len = sizeof l;
    int           fd = socket(family, SOCK_STREAM, 0);

    EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    EQ(get_int(fd, SOL_SOCKET, SO_DOMAIN), family);
    EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
    EQ(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    EQ(get_int(fd, SOL_SOCKET, SO_REUSEADDR), 0);
    EQ(get_int(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    EQ(get_int(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
    EQ(l.l_onoff, 0);
    close(fd);
}

static void set_and_get(void)
{
    static const struct {
        int level, name, value, want;
    } rows[] = {
        { SOL_SOCKET, SO_REUSEADDR, 1, 1 },
        { SOL_SOCKET, SO_REUSEADDR, 5, 1 },
        { SOL_SOCKET, SO_REUSEPORT, 1, 1 },
        { SOL_SOCKET, SO_KEEPALIVE, 1, 1 },
        { SOL_SOCKET, SO_BROADCAST, 1, 1 },
        { SOL_SOCKET, SO_OOBINLINE, 1, 1 },
        { SOL_SOCKET, SO_RCVBUF, 20000, 40000 },
        { SOL_SOCKET, SO_SNDBUF, 20000, 40000 },
        { SOL_SOCKET, SO_RCVLOWAT, 3, 3 },
        { SOL_SOCKET, SO_PRIORITY, 4, 4 },
        { IPPROTO_TCP, TCP_NODELAY, 1, 1 },
        { IPPROTO_TCP, TCP_NODELAY, 0, 0 },
        { IPPROTO_TCP, TCP_CORK, 1, 1 },
        { IPPROTO_TCP, TCP_MAXSEG, 1000, 1000 },
        { IPPROTO_TCP, TCP_KEEPIDLE, 30, 30 },
        { IPPROTO_TCP, TCP_KEEPINTVL, 5, 5 },
        { IPPROTO_TCP, TCP_KEEPCNT, 4, 4 },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, 9000, 9000 },
        { IPPROTO_TCP, TCP_SYNCNT, 3, 3 },
        { IPPROTO_TCP, TCP_WINDOW_CLAMP, 30000, 30000 },
        { IPPROTO_TCP, TCP_NOTSENT_LOWAT, 5000, 5000 },
        { IPPROTO_TCP, TCP_LINGER2, 9, 9 },
        { IPPROTO_IP, IP_TOS, 0x10, 0x10 },
        { IPPROTO_IP, IP_TTL, 33, 33 },
        { IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DO },
    };
    int fd;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        set_int(fd, rows[i].level, rows[i].name, rows[i].value);
        if (get_int(fd, rows[i].level, rows[i].name) != rows[i].want) {
            EQ(i, -1); /* names the row */
        }
        close(fd);
    }
}

static void set_and_get6(void)
{
    static const struct {
        int name, value;
    } rows[] = {
        { IPV6_V6ONLY, 1 },
        { IPV6_V6ONLY, 0 },
        { IPV6_UNICAST_HOPS, 7 },
        { IPV6_TCLASS, 0x20 },
    };
    int fd;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fd = socket(AF_INET6, SOCK_STREAM, 0);
        set_int(fd, IPPROTO_IPV6, rows[i].name, rows[i].value);
        EQ(get_int(fd, IPPROTO_IPV6, rows[i].name), rows[i].value);
        close(fd);
    }
}

static void linger_option(void)
{
    struct linger l = { 1, 3 }, got = { 0, 0 };
    socklen_t     len = sizeof got;
    int           fd = socket(family, SOCK_STREAM, 0);

    EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
    EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &len), 0);
    EQ(len, sizeof got);
    EQ(got.l_onoff, 1);
    EQ(got.l_linger, 3);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4), EINVAL);
    close(fd);
}

static void bad_options(void)
{
    int       fd = socket(family, SOCK_STREAM, 0), v = 1;
    socklen_t len = sizeof v;

    FAILS(setsockopt(fd, SOL_SOCKET, 9999, &v, len), ENOPROTOOPT);
    FAILS(getsockopt(fd, SOL_SOCKET, 9999, &v, &len), ENOPROTOOPT);
    FAILS(setsockopt(fd, IPPROTO_TCP, 9999, &v, len), ENOPROTOOPT);
    FAILS(getsockopt(fd, IPPROTO_TCP, 9999, &v, &len), ENOPROTOOPT);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, 2), EINVAL);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, (void *)8, len), EFAULT);
    FAILS(getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)8, &len), EFAULT);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_TYPE, &v, len), ENOPROTOOPT);
    FAILS(setsockopt(fd, SOL_SOCKET, SO_ERROR, &v, len), ENOPROTOOPT);
    v = 0;
    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &v, len), EINVAL);
    v = 5;
    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &v, len), EINVAL);
    len = 2; /* a short room takes what fits */
    v = -1;
    EQ(getsockopt(fd, SOL_SOCKET, SO_TYPE, &v, &len), 0);
    EQ(len, 2);
    EQ((v & 0xffff), SOCK_STREAM);
    close(fd);
}

/* Names, not numbers; what is set on a listener is inherited. */
static void congestion_control(void)
{
    char      got[32];
    socklen_t len = sizeof got;
    int       fd = socket(family, SOCK_STREAM, 0);

    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nobody", 6), ENOENT);
    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "ren", 3), ENOENT);
    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "renoir", 6), ENOENT);
    FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0), EINVAL);
    EQ(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
    memset(got, 'x', sizeof got);
    EQ(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, got, &len), 0);
    EQ(len, 16);
    EQ(memcmp(got, "reno\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
    len = 3;
    memset(got, 'x', sizeof got);
    EQ(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, got, &len), 0);
    EQ(len, 3);
    EQ(memcmp(got, "renx", 4), 0);
    len = sizeof got; /* of Reno there is nothing to tell */
    EQ(getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, got, &len), 0);
    EQ(len, 0);
    close(fd);
}

static void information_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void information_client(void)
{
    struct tcp_info info;
    socklen_t       len = sizeof info;
    int             fd = meet();

    memset(&info, 0xff, sizeof info);
    EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    EQ(info.tcpi_state, TCP_ESTABLISHED);
    CHECK(info.tcpi_snd_mss >= 500 && info.tcpi_snd_mss <= 65535);
    CHECK(info.tcpi_rto > 0);
    CHECK(info.tcpi_snd_cwnd > 0);
    EQ(info.tcpi_unacked, 0);
    CHECK(len > 100);
    EQ(info.tcpi_rcv_mss > 0 && info.tcpi_rcv_mss <= 65535, 1);
    CHECK(info.tcpi_pmtu >= 1500 && info.tcpi_pmtu <= 65536);
    EQ(info.tcpi_options & TCPI_OPT_TIMESTAMPS, TCPI_OPT_TIMESTAMPS);
    EQ(info.tcpi_options & TCPI_OPT_SACK, TCPI_OPT_SACK);
    EQ(info.tcpi_ca_state, TCP_CA_Open);
    EQ(info.tcpi_snd_ssthresh, 0x7fffffff);
    CHECK(info.tcpi_rtt < 10000000);
    CHECK(info.tcpi_advmss >= 500 && info.tcpi_advmss <= 65535);
    len = 7; /* a short room takes what fits */
    EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    EQ(len, 7);
    CHECK(get_int(fd, IPPROTO_TCP, TCP_MAXSEG) >= 500);
    EQ(shutdown(fd, SHUT_WR), 0);
    recv_end(fd);
    close(fd);
}

/* An option set on a listener is that of what it accepts. */
static void inherited_server(void)
{
    int fd = listening(1), conn;

    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_timeout(fd, SO_RCVTIMEO, 10000);
    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    EQ(get_int(conn, IPPROTO_TCP, TCP_NODELAY), 1);
    EQ(get_int(conn, SOL_SOCKET, SO_KEEPALIVE), 1);
    close(conn);
    close(fd);
}

static void inherited_client(void)
{
    int fd = connected(hear());

    recv_end(fd);
    close(fd);
}

CALL_MAIN(ONE(kinds), ONE(flags), ONE(addresses), ONE(not_connected),
          ONE(a_listener), ONE(no_socket), ONE(others), BOTH(twice),
          ONE(defaults), ONE(set_and_get), ONE(set_and_get6),
          ONE(linger_option), ONE(bad_options), ONE(congestion_control),
          BOTH(information), BOTH(inherited))
