/* gso.c: many datagrams in one call (UDP_SEGMENT, UDP_GRO), and what is told
 * beside them: control messages.  udp(7), ip(7), ipv6(7), cmsg(3). */
#include "call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/uio.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO     104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

enum { SIZE = 1000, SEGMENTS_MAX = 128 };

struct pktinfo6 {
    struct in6_addr addr;
    unsigned        index;
};

static char data[70000];

static int dgram(void)
{
    int fd = socket(family, SOCK_DGRAM, 0);

    CHECK(fd >= 0);
    return fd;
}

static int connected_dgram(int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);
    int                     fd = dgram();

    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    return fd;
}

/* A message with one control message; its room is what was used. */
struct with {
    struct msghdr m;
    struct iovec  v;
    union {
        struct cmsghdr align;
        char           bytes[256];
    } c;
};

static void with_data(struct with *w, void *p, size_t n)
{
    memset(w, 0, sizeof *w);
    w->v = (struct iovec){ p, n };
    w->m.msg_iov = &w->v;
    w->m.msg_iovlen = 1;
    w->m.msg_control = w->c.bytes;
    w->m.msg_controllen = sizeof w->c.bytes;
}

static void add(struct with *w, int level, int type, const void *p, size_t n)
{
    struct cmsghdr *h = (void *)w->c.bytes;

    h->cmsg_level = level;
    h->cmsg_type = type;
    h->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(h), p, n);
    w->m.msg_controllen = CMSG_SPACE(n);
}

/* The data of a control message that must be there. */
static void *control(struct with *w, int level, int type, size_t n)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&w->m); h;
         h = CMSG_NXTHDR(&w->m, h))
        if (h->cmsg_level == level && h->cmsg_type == type) {
            EQ(h->cmsg_len, CMSG_LEN(n));
            return CMSG_DATA(h);
        }
    FAILS(0, ENOMSG); /* there is none */
    return NULL;
}

/* ---- options ------------------------------------------------------------------ */

static void values(void)
{
    int fd = dgram(), v;

    EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), 0);
    set_int(fd, SOL_UDP, UDP_SEGMENT, SIZE);
    EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), SIZE);
    v = -1;
    FAILS(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &v, sizeof v), EINVAL);
    v = 65536;
    FAILS(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &v, sizeof v), EINVAL);
    EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), SIZE);
    set_int(fd, SOL_UDP, UDP_SEGMENT, 0);
    EQ(get_int(fd, SOL_UDP, UDP_GRO), 0);
    set_int(fd, SOL_UDP, UDP_GRO, 3);
    EQ(get_int(fd, SOL_UDP, UDP_GRO), 1);
    FAILS(setsockopt(fd, SOL_UDP, 9999, &v, sizeof v), ENOPROTOOPT);
    close(fd);
}

/* ---- many in one call ------------------------------------------------------------ */

static void expect_sizes(int fd, const int *sizes, size_t n)
{
    char at = 0;

    for (size_t i = 0; i < n; i++) {
        ssize_t got = recv(fd, data, sizeof data, 0);

        EQ(got, sizes[i]);
        for (ssize_t k = 0; k < got; k++)
            EQ(data[k], at++);
    }
}

static void count_up(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)i;
}

static const int cut[] = { SIZE, SIZE, 500 };

static void segments_server(void)
{
    int fd = bound(SOCK_DGRAM, 0);

    tell(local_port(fd));
    expect_sizes(fd, cut, COUNT(cut)); /* by the option */
    expect_sizes(fd, cut, COUNT(cut)); /* by a control message */
    expect_sizes(fd, cut, 2);          /* no rest */
    expect_sizes(fd, cut + 2, 1);      /* less than one */
    expect_sizes(fd, (const int[]){ 0 }, 1);
    tell(0);
    for (int i = 0; i < SEGMENTS_MAX; i++)
        EQ(recv(fd, data, sizeof data, 0), 1);
    close(fd);
}

static void segments_client(void)
{
    uint16_t    size = SIZE;
    struct with w;
    int         fd = connected_dgram(hear());

    count_up();
    set_int(fd, SOL_UDP, UDP_SEGMENT, SIZE);
    EQ(send(fd, data, 2500, 0), 2500);
    set_int(fd, SOL_UDP, UDP_SEGMENT, 0);
    with_data(&w, data, 2500);
    add(&w, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
    EQ(sendmsg(fd, &w.m, 0), 2500);
    w.v.iov_len = 2000;
    EQ(sendmsg(fd, &w.m, 0), 2000);
    w.v.iov_len = 500;
    EQ(sendmsg(fd, &w.m, 0), 500);
    w.v.iov_len = 0;
    EQ(sendmsg(fd, &w.m, 0), 0);
    hear();
    set_int(fd, SOL_UDP, UDP_SEGMENT, 1);
    EQ(send(fd, data, SEGMENTS_MAX, 0), SEGMENTS_MAX);
    FAILS(send(fd, data, SEGMENTS_MAX + 1, 0), EINVAL);
    set_int(fd, SOL_UDP, UDP_SEGMENT, SIZE);
    FAILS(send(fd, data, 65600, 0), EMSGSIZE);
    if (in_lab) { /* the kernel's loopback carries 64 KiB */
        set_int(fd, SOL_UDP, UDP_SEGMENT, 1473);
        FAILS(send(fd, data, 3000, 0), EMSGSIZE);
    }
    close(fd);
}

/* Taken as one, with the size of the parts. */
static void together_server(void)
{
    struct with w;
    int         fd = bound(SOCK_DGRAM, 0), size;

    set_int(fd, SOL_UDP, UDP_GRO, 1);
    set_int(fd, SOL_SOCKET, SO_RCVBUF, 1 << 18);
    tell(local_port(fd));
    with_data(&w, data, sizeof data);
    EQ(recvmsg(fd, &w.m, 0), 2500);
    memcpy(&size, control(&w, SOL_UDP, UDP_GRO, sizeof size), sizeof size);
    EQ(size, SIZE);
    for (int i = 0; i < 2500; i++)
        EQ(data[i], (char)i);
    tell(0);
    with_data(&w, data, sizeof data);
    EQ(recvmsg(fd, &w.m, 0), 7); /* alone: nothing is told */
    EQ(w.m.msg_controllen, 0);
    close(fd);
}

static void together_client(void)
{
    int fd = connected_dgram(hear());

    count_up();
    set_int(fd, SOL_UDP, UDP_SEGMENT, SIZE);
    EQ(send(fd, data, 2500, 0), 2500);
    hear();
    EQ(send(fd, data, 7, 0), 7);
    close(fd);
}

/* ---- wrong control messages --------------------------------------------------------- */

static void wrong_server(void)
{
    int fd = bound(SOCK_DGRAM, 0);

    tell(local_port(fd));
    EQ(recv(fd, data, sizeof data, 0), 5);
    hear();
    close(fd);
}

static void wrong_client(void)
{
    uint16_t    size = SIZE;
    uint32_t    wide = SIZE;
    struct with w;
    int         fd = connected_dgram(hear());

    with_data(&w, data, 5);
    add(&w, SOL_UDP, UDP_SEGMENT, &wide, sizeof wide);
    FAILS(sendmsg(fd, &w.m, 0), EINVAL);
    add(&w, SOL_UDP, 9999, &size, sizeof size);
    FAILS(sendmsg(fd, &w.m, 0), EINVAL);
    add(&w, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
    ((struct cmsghdr *)w.c.bytes)->cmsg_len = 8;
    FAILS(sendmsg(fd, &w.m, 0), EINVAL);
    ((struct cmsghdr *)w.c.bytes)->cmsg_len = 4096;
    FAILS(sendmsg(fd, &w.m, 0), EINVAL);
    add(&w, 4711, 1, &size, sizeof size); /* somebody else's */
    EQ(sendmsg(fd, &w.m, 0), 5);
    tell(0);
    close(fd);
}

/* ---- where it was sent to -------------------------------------------------------------- */

static void place_server(void)
{
    struct sockaddr_storage ss;
    struct with             w;
    int                     fd = bound(SOCK_DGRAM, 0);
    bool                    four = family == AF_INET;

    set_int(fd, four ? IPPROTO_IP : IPPROTO_IPV6,
            four ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
    EQ(get_int(fd, four ? IPPROTO_IP : IPPROTO_IPV6,
               four ? IP_PKTINFO : IPV6_RECVPKTINFO),
       1);
    tell(local_port(fd));
    with_data(&w, data, sizeof data);
    w.m.msg_name = &ss;
    w.m.msg_namelen = sizeof ss;
    EQ(recvmsg(fd, &w.m, 0), 1);
    if (four) {
        struct in_pktinfo i;

        memcpy(&i, control(&w, IPPROTO_IP, IP_PKTINFO, sizeof i), sizeof i);
        EQ(i.ipi_addr.s_addr, i.ipi_spec_dst.s_addr);
        EQ(ntohl(i.ipi_addr.s_addr), in_lab ? 0x0a000001 : 0x7f000001);
        EQ(i.ipi_ifindex, in_lab ? 2 : 1);
    } else {
        struct pktinfo6 i;

        memcpy(&i, control(&w, IPPROTO_IPV6, IPV6_PKTINFO, sizeof i),
               sizeof i);
        EQ(i.addr.s6_addr[15], 1);
        EQ(i.index, in_lab ? 2 : 1);
    }
    EQ(w.m.msg_flags, 0);
    w.v.iov_len = 1;
    EQ(sendmsg(fd, &w.m, 0), 1); /* back, from there */
    w.m.msg_controllen = 0;      /* no room */
    EQ(recvmsg(fd, &w.m, 0), 1);
    EQ(w.m.msg_flags & MSG_CTRUNC, MSG_CTRUNC);
    close(fd);
}

static void place_client(void)
{
    struct sockaddr_storage from, want;
    socklen_t               len = sizeof from;
    struct in_pktinfo foreign = { .ipi_spec_dst = { htonl(0x09090909) } };
    struct with       w;
    int               port = hear(), fd = dgram();

    EQ(server_at(&want, port) > 0, 1);
    with_data(&w, data, 1);
    w.m.msg_controllen = 0;
    w.m.msg_name = &want;
    w.m.msg_namelen = server_at(&want, port);
    EQ(sendmsg(fd, &w.m, 0), 1);
    EQ(recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &len), 1);
    EQ(memcmp(&from, &want, len), 0);
    if (family == AF_INET) {
        add(&w, IPPROTO_IP, IP_PKTINFO, &foreign, sizeof foreign);
        CHECK(sendmsg(fd, &w.m, 0) < 0);
    }
    EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&want, len), 1);
    close(fd);
}

CALL_MAIN(ONE(values), BOTH(segments), BOTH(together), BOTH(wrong),
          BOTH(place))
