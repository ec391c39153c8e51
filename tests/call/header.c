/* header.c: what belongs to the IP header, with a socket and with a call; and
 * errors as messages (IP_RECVERR).
 */
#include "call.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <time.h>

#include <linux/errqueue.h>

/* The names of a family's options. */
static const struct names {
    int level, ttl, tos, recvttl, recvtos, got_ttl, got_tos;
    int recverr, discover, mtu;
} names4 = { IPPROTO_IP, IP_TTL, IP_TOS,     IP_RECVTTL,      IP_RECVTOS,
             IP_TTL,     IP_TOS, IP_RECVERR, IP_MTU_DISCOVER, IP_MTU },
  names6 = { IPPROTO_IPV6,      IPV6_UNICAST_HOPS, IPV6_TCLASS,
             IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS,   IPV6_HOPLIMIT,
             IPV6_TCLASS,       IPV6_RECVERR,      IPV6_MTU_DISCOVER,
             IPV6_MTU };

static const struct names *names(void)
{
    return family == AF_INET ? &names4 : &names6;
}

static void set(int fd, int level, int name, int v)
{
    EQ(setsockopt(fd, level, name, &v, sizeof v), 0);
}

static int get(int fd, int level, int name)
{
    int       v = -1;
    socklen_t len = sizeof v;

    EQ(getsockopt(fd, level, name, &v, &len), 0);
    EQ(len, sizeof v);
    return v;
}

/* ---- errors as messages --------------------------------------------------- */

struct message {
    char                     text[64], control[512];
    ssize_t                  len;
    int                      flags;
    struct sockaddr_storage  to, offender;
    struct sock_extended_err ee;
};

static void read_error(struct message *m, struct msghdr *h)
{
    const struct names *n = names();
    struct cmsghdr     *c = CMSG_FIRSTHDR(h);

    CHECK(c != NULL);
    EQ(c->cmsg_level, n->level);
    EQ(c->cmsg_type, n->recverr);
    memcpy(&m->ee, CMSG_DATA(c), sizeof m->ee);
    memcpy(&m->offender, CMSG_DATA(c) + sizeof m->ee,
           c->cmsg_len - CMSG_LEN(sizeof m->ee));
}

static ssize_t error_message(int fd, struct message *m)
{
    struct iovec  iov = { m->text, sizeof m->text };
    struct msghdr h = { .msg_name = &m->to,
                        .msg_namelen = sizeof m->to,
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = m->control,
                        .msg_controllen = sizeof m->control };

    memset(m, 0, sizeof *m);
    m->len = recvmsg(fd, &h, MSG_ERRQUEUE);
    m->flags = h.msg_flags;
    if (m->len >= 0)
        read_error(m, &h);
    return m->len;
}

static void wait_for_error(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    EQ(poll(&p, 1, -1), 1);
}

/* The address without its port. */
static bool same_host(const struct sockaddr_storage *a,
                      const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr
            == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                  &((const struct sockaddr_in6 *)b)->sin6_addr, 16)
        == 0;
}

/* A datagram to a port of the server's where nobody is. */
static int closed_port(void)
{
    struct sockaddr_storage ss;
    int                     fd = socket(family, SOCK_DGRAM, 0), port;

    EQ(bind(fd, (struct sockaddr *)&ss, any_at(&ss, 0)), 0);
    port = local_port(fd);
    close(fd);
    return port;
}

static void refused_server(void)
{
    tell(closed_port());
    step();
}

static void refused_client(void)
{
    struct sockaddr_storage to;
    int                     port = hear(), fd;
    socklen_t               len = server_at(&to, port);
    struct message          m;

    fd = socket(family, SOCK_DGRAM, 0);
    set(fd, names()->level, names()->recverr, 1);
    FAILS(error_message(fd, &m), EAGAIN);
    EQ(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, len), 5);
    wait_for_error(fd);
    EQ(error_message(fd, &m), 5);
    CHECK(memcmp(m.text, "hello", 5) == 0);
    CHECK(m.flags & MSG_ERRQUEUE);
    EQ(port_of(&m.to), port);
    CHECK(same_host(&m.to, &to));
    EQ(m.ee.ee_errno, ECONNREFUSED);
    EQ(m.ee.ee_origin,
       family == AF_INET ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6);
    EQ(m.ee.ee_type, family == AF_INET ? 3 : 1);
    EQ(m.ee.ee_code, family == AF_INET ? 3 : 4);
    EQ(m.ee.ee_info, 0);
    CHECK(same_host(&m.offender, &to));
    EQ(get(fd, SOL_SOCKET, SO_ERROR), 0);
    FAILS(error_message(fd, &m), EAGAIN);
    close(fd);
    step();
}

/* The pending error is told once; the messages stay. */
static void pending_server(void)
{
    tell(closed_port());
    step();
}

static void pending_client(void)
{
    struct sockaddr_storage to;
    socklen_t               len = server_at(&to, hear());
    int                     fd = socket(family, SOCK_DGRAM, 0);
    struct message          m;
    char                    c;

    set(fd, names()->level, names()->recverr, 1);
    EQ(sendto(fd, "one", 3, 0, (struct sockaddr *)&to, len), 3);
    wait_for_error(fd);
    EQ(get(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
    EQ(get(fd, SOL_SOCKET, SO_ERROR), 0);
    EQ(sendto(fd, "two", 3, 0, (struct sockaddr *)&to, len), 3);
    /* blocks until the error comes */
    FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
    FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    EQ(error_message(fd, &m), 3);
    CHECK(memcmp(m.text, "one", 3) == 0);
    EQ(error_message(fd, &m), 3);
    CHECK(memcmp(m.text, "two", 3) == 0);
    FAILS(error_message(fd, &m), EAGAIN);
    set(fd, names()->level, names()->recverr, 0);
    close(fd);
    step();
}

/* Streams have no messages. */
static void streams_have_none(void)
{
    int            fd = socket(family, SOCK_STREAM, 0);
    struct message m;

    set(fd, names()->level, names()->recverr, 1);
    EQ(get(fd, names()->level, names()->recverr), 1);
    FAILS(error_message(fd, &m), EAGAIN);
    close(fd);
}

/* ---- the header ----------------------------------------------------------- */

struct got {
    int ttl, tos, tos_len;
};

static struct got receive(int fd)
{
    const struct names *n = names();
    struct got          g = { -1, -1, 0 };
    char                c, control[256];
    struct iovec        iov = { &c, 1 };
    struct msghdr       h = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };

    EQ(recvmsg(fd, &h, 0), 1);
    for (struct cmsghdr *m = CMSG_FIRSTHDR(&h); m; m = CMSG_NXTHDR(&h, m)) {
        EQ(m->cmsg_level, n->level);
        if (m->cmsg_type == n->got_ttl)
            memcpy(&g.ttl, CMSG_DATA(m), sizeof g.ttl);
        if (m->cmsg_type != n->got_tos)
            continue;
        g.tos_len = (int)(m->cmsg_len - CMSG_LEN(0));
        g.tos = 0;
        memcpy(&g.tos, CMSG_DATA(m), (size_t)g.tos_len);
    }
    return g;
}

static void header_server(void)
{
    const struct names     *n = names();
    int                     fd = socket(family, SOCK_DGRAM, 0);
    struct sockaddr_storage ss;
    struct got              g;

    EQ(bind(fd, (struct sockaddr *)&ss, any_at(&ss, 0)), 0);
    EQ(get(fd, n->level, n->recvttl), 0);
    set(fd, n->level, n->recvttl, 1);
    set(fd, n->level, n->recvtos, 1);
    tell(local_port(fd));
    g = receive(fd);
    EQ(g.ttl, 64);
    EQ(g.tos, 0);
    EQ(g.tos_len, family == AF_INET ? 1 : (int)sizeof(int));
    g = receive(fd);
    EQ(g.ttl, 33);
    EQ(g.tos, 0x28);
    g = receive(fd);
    EQ(g.ttl, 5);
    EQ(g.tos, 0xb8);
    set(fd, n->level, n->recvttl, 0);
    step();
    g = receive(fd);
    EQ(g.ttl, -1);
    EQ(g.tos, 0x28);
    close(fd);
}

static ssize_t send_with(int fd, struct msghdr *h, int ttl, int tos)
{
    const struct names *n = names();
    char                control[2 * CMSG_SPACE(sizeof(int))];
    struct cmsghdr     *m;

    memset(control, 0, sizeof control);
    h->msg_control = control;
    h->msg_controllen = sizeof control;
    m = CMSG_FIRSTHDR(h);
    *m = (struct cmsghdr){ CMSG_LEN(sizeof ttl), n->level, n->got_ttl };
    memcpy(CMSG_DATA(m), &ttl, sizeof ttl);
    m = CMSG_NXTHDR(h, m);
    *m = (struct cmsghdr){ CMSG_LEN(sizeof tos), n->level, n->got_tos };
    memcpy(CMSG_DATA(m), &tos, sizeof tos);
    return sendmsg(fd, h, 0);
}

static void header_client(void)
{
    const struct names     *n = names();
    int                     fd = socket(family, SOCK_DGRAM, 0);
    struct sockaddr_storage to;
    socklen_t               len = server_at(&to, hear());
    struct iovec            iov = { (void *)"x", 1 };
    struct msghdr           h = {
                  .msg_name = &to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1
    };

    EQ(get(fd, n->level, n->ttl), 64);
    EQ(sendmsg(fd, &h, 0), 1);
    set(fd, n->level, n->ttl, 33);
    set(fd, n->level, n->tos, 0x28);
    EQ(get(fd, n->level, n->ttl), 33);
    EQ(sendmsg(fd, &h, 0), 1);
    EQ(send_with(fd, &h, 5, 0xb8), 1);
    FAILS(send_with(fd, &h, 256, 0), EINVAL);
    FAILS(send_with(fd, &h, 5, 256), EINVAL);
    step();
    h.msg_control = NULL;
    h.msg_controllen = 0;
    EQ(sendmsg(fd, &h, 0), 1);
    close(fd);
}

static void ranges(void)
{
    const struct names     *n = names();
    int                     fd = socket(family, SOCK_DGRAM, 0), v;
    socklen_t               len = sizeof v;
    struct sockaddr_storage ss;

    for (int how = 0; how <= 5; how++) {
        set(fd, n->level, n->discover, how);
        EQ(get(fd, n->level, n->discover), how);
    }
    v = 6;
    FAILS(setsockopt(fd, n->level, n->discover, &v, sizeof v), EINVAL);
    v = 256;
    FAILS(setsockopt(fd, n->level, n->ttl, &v, sizeof v), EINVAL);
    set(fd, n->level, n->ttl, -1);
    EQ(get(fd, n->level, n->ttl), 64);
    FAILS(getsockopt(fd, n->level, n->mtu, &v, &len), ENOTCONN);
    EQ(connect(fd, (struct sockaddr *)&ss, server_at(&ss, 9)), 0);
    CHECK(get(fd, n->level, n->mtu) >= 1280);
    close(fd);
}

static void defaults(void)
{
    const struct names *n = names();
    int                 types[] = { SOCK_STREAM, SOCK_DGRAM };

    for (size_t i = 0; i < COUNT(types); i++) {
        int fd = socket(family, types[i], 0);

        EQ(get(fd, n->level, n->discover), IP_PMTUDISC_WANT);
        EQ(get(fd, n->level, n->recverr), 0);
        EQ(get(fd, n->level, n->tos), 0);
        set(fd, n->level, n->tos, 0x1b); /* a stream's ECN bits are TCP's */
        EQ(get(fd, n->level, n->tos), types[i] == SOCK_STREAM ? 0x18 : 0x1b);
        close(fd);
    }
}

/* IPv4's options may be one byte. */
static void one_byte(void)
{
    int           fd = socket(AF_INET, SOCK_DGRAM, 0);
    unsigned char b = 9;

    EQ(setsockopt(fd, IPPROTO_IP, IP_TTL, &b, 1), 0);
    EQ(get(fd, IPPROTO_IP, IP_TTL), 9);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_TTL, &b, 0), EINVAL);
    close(fd);
}

/* ---- options ---------------------------------------------------------------- */

/* What stands in the control messages of this type; -1: there is none. */
static int control_bytes(struct msghdr *h, int type, unsigned char out[64])
{
    for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m)) {
        size_t len = m->cmsg_len - CMSG_LEN(0);

        if (m->cmsg_level != IPPROTO_IP || m->cmsg_type != type)
            continue;
        CHECK(len <= 64);
        memcpy(out, CMSG_DATA(m), len);
        return (int)len;
    }
    return -1;
}

/* A router alert, and times that have no room for any. */
static const unsigned char some_options[8] = { 148, 4, 0, 0, 68, 4, 5 };

static void options_server(void)
{
    static const int        lengths[] = { 8, -1, 4 };
    int                     fd = socket(AF_INET, SOCK_DGRAM, 0);
    unsigned char           bytes[64];
    char                    c, control[256];
    struct iovec            iov = { &c, 1 };
    struct msghdr           h = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct sockaddr_storage ss;

    EQ(bind(fd, (struct sockaddr *)&ss, any_at(&ss, 0)), 0);
    EQ(get(fd, IPPROTO_IP, IP_RECVOPTS), 0);
    set(fd, IPPROTO_IP, IP_RECVOPTS, 1);
    EQ(get(fd, IPPROTO_IP, IP_RECVOPTS), 1);
    tell(local_port(fd));
    for (size_t i = 0; i < COUNT(lengths); i++) {
        h.msg_control = control;
        h.msg_controllen = sizeof control;
        EQ(recvmsg(fd, &h, 0), 1);
        EQ(control_bytes(&h, IP_RETOPTS, bytes), -1);
        EQ(control_bytes(&h, IP_RECVOPTS, bytes), lengths[i]);
        if (i == 0)
            CHECK(memcmp(bytes, some_options, 6) == 0);
        step();
    }
    set(fd, IPPROTO_IP, IP_RETOPTS, 1);
    step();
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    EQ(recvmsg(fd, &h, 0), 1);
    EQ(control_bytes(&h, IP_RECVOPTS, bytes), 8);
    EQ(control_bytes(&h, IP_RETOPTS, bytes), 4);
    CHECK(memcmp(bytes, some_options + 4, 2) == 0);
    close(fd);
}

static void options_client(void)
{
    int                     fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_storage to;
    socklen_t               len = server_at(&to, hear()), n = 64;
    unsigned char           bytes[64];
    char                    control[CMSG_SPACE(4)];
    struct iovec            iov = { (void *)"x", 1 };
    struct msghdr           h = {
                  .msg_name = &to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1
    };
    struct cmsghdr *m;

    EQ(getsockopt(fd, IPPROTO_IP, IP_OPTIONS, bytes, &n), 0);
    EQ(n, 0);
    EQ(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, some_options, 8), 0);
    n = 64;
    EQ(getsockopt(fd, IPPROTO_IP, IP_OPTIONS, bytes, &n), 0);
    EQ(n, 8);
    CHECK(memcmp(bytes, some_options, 8) == 0);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, bytes, 41), EINVAL);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, "\x44\x03", 2), EINVAL);
    EQ(sendmsg(fd, &h, 0), 1);
    step();
    EQ(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0), 0);
    EQ(sendmsg(fd, &h, 0), 1);
    step();
    memset(control, 0, sizeof control);
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    m = CMSG_FIRSTHDR(&h);
    *m = (struct cmsghdr){ CMSG_LEN(4), IPPROTO_IP, IP_RETOPTS };
    memcpy(CMSG_DATA(m), some_options, 4);
    EQ(sendmsg(fd, &h, 0), 1);
    step();
    step();
    EQ(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, some_options, 8), 0);
    h.msg_control = NULL;
    h.msg_controllen = 0;
    EQ(sendmsg(fd, &h, 0), 1);
    close(fd);
}

/* IPv6 has none of this. */
static void options4_server(void)
{
    if (family == AF_INET)
        options_server();
}

static void options4_client(void)
{
    if (family == AF_INET)
        options_client();
}

/* What an interface cannot carry in one piece (the kernel's loopback can). */
static void too_large(void)
{
    static char             big[2000];
    struct sockaddr_storage ss;
    struct message          m;
    int                     fd = socket(family, SOCK_DGRAM, 0), mtu;

    EQ(connect(fd, (struct sockaddr *)&ss, server_at(&ss, 9)), 0);
    mtu = get(fd, names()->level, names()->mtu);
    if (mtu > (int)sizeof big)
        return;
    set(fd, names()->level, names()->discover, IP_PMTUDISC_DO);
    set(fd, names()->level, names()->recverr, 1);
    FAILS(send(fd, big, sizeof big, 0), EMSGSIZE);
    EQ(error_message(fd, &m), 0);
    EQ(m.ee.ee_errno, EMSGSIZE);
    EQ(m.ee.ee_origin, SO_EE_ORIGIN_LOCAL);
    EQ(m.ee.ee_info, mtu);
    close(fd);
}

CALL_MAIN(BOTH(refused), BOTH(pending), ONE(streams_have_none), BOTH(header),
          ONE(ranges), ONE(defaults), ONE(one_byte), ONE(too_large),
          BOTH(options4))
