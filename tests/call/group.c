/* group.c: multicast and broadcast: memberships, who hears what, and what
 * Linux says to a wrong call.  ip(7), ipv6(7), RFC 3678. */
#include "call.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const GROUP4 = "239.1.2.3", *const OTHER4 = "239.1.2.4";

static bool v4(void)
{
    return family == AF_INET;
}

/* This host's own address, by which its interface is named. */
static struct in_addr own4(void)
{
    struct sockaddr_storage ss;
    struct sockaddr_in      me;
    socklen_t               len = server_at(&ss, 9), mlen = sizeof me;
    int                     fd = socket(AF_INET, SOCK_DGRAM, 0);

    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    EQ(getsockname(fd, (struct sockaddr *)&me, &mlen), 0);
    close(fd);
    return me.sin_addr;
}

static int dgram(void)
{
    int fd = socket(family, SOCK_DGRAM, 0);

    CHECK(fd >= 0);
    return fd;
}

static int member4(int fd, int name, const char *group, struct in_addr at)
{
    struct ip_mreq m = { .imr_interface = at };

    EQ(inet_pton(AF_INET, group, &m.imr_multiaddr), 1);
    return setsockopt(fd, IPPROTO_IP, name, &m, sizeof m);
}

static int join4(int fd, const char *group)
{
    return member4(fd, IP_ADD_MEMBERSHIP, group, own4());
}

static int source4(int fd, int name, const char *source)
{
    struct ip_mreq_source m = { .imr_interface = own4() };

    EQ(inet_pton(AF_INET, GROUP4, &m.imr_multiaddr), 1);
    EQ(inet_pton(AF_INET, source, &m.imr_sourceaddr), 1);
    return setsockopt(fd, IPPROTO_IP, name, &m, sizeof m);
}

/* ---- wrong calls ------------------------------------------------------------- */

static void members(void)
{
    struct in_addr  nowhere = { htonl(0x0a090807) };
    struct ip_mreqn m = { .imr_ifindex = 99 };
    int             fd, tcp;

    if (!v4())
        return;
    fd = dgram();
    tcp = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(member4(fd, IP_ADD_MEMBERSHIP, "10.1.1.1", own4()), EINVAL);
    FAILS(member4(fd, IP_ADD_MEMBERSHIP, GROUP4, nowhere), ENODEV);
    FAILS(member4(fd, IP_DROP_MEMBERSHIP, GROUP4, own4()), EADDRNOTAVAIL);
    m.imr_multiaddr.s_addr = htonl(0xef010203);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m),
          ENODEV);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, 7), EINVAL);
    EQ(join4(fd, GROUP4), 0);
    FAILS(join4(fd, GROUP4), EADDRINUSE);
    EQ(join4(fd, OTHER4), 0);
    EQ(member4(fd, IP_DROP_MEMBERSHIP, GROUP4, own4()), 0);
    FAILS(member4(fd, IP_DROP_MEMBERSHIP, GROUP4, own4()), EADDRNOTAVAIL);
    FAILS(member4(fd, IP_DROP_MEMBERSHIP, OTHER4, nowhere), EADDRNOTAVAIL);
    FAILS(member4(fd, IP_DROP_MEMBERSHIP, "10.1.1.1", own4()), EADDRNOTAVAIL);
    FAILS(join4(tcp, GROUP4), EPROTO);
    close(tcp);
    close(fd);
}

static void many_groups(void)
{
    int fd;

    if (!v4())
        return;
    fd = dgram();
    for (int i = 1; i <= 20; i++) {
        char text[20];

        snprintf(text, sizeof text, "239.9.9.%d", i);
        EQ(join4(fd, text), 0);
    }
    FAILS(join4(fd, "239.9.9.21"), ENOBUFS);
    close(fd);
}

static void sources(void)
{
    int fd;

    if (!v4())
        return;
    fd = dgram();
    FAILS(source4(fd, IP_BLOCK_SOURCE, "10.0.0.9"), EINVAL);
    FAILS(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, "10.0.0.9"), EINVAL);
    EQ(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.0.0.9"), 0);
    FAILS(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.0.0.9"), EADDRNOTAVAIL);
    EQ(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.0.0.10"), 0);
    FAILS(source4(fd, IP_BLOCK_SOURCE, "10.0.0.9"), EINVAL);
    EQ(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, "10.0.0.9"), 0);
    FAILS(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, "10.0.0.9"), EADDRNOTAVAIL);
    EQ(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, "10.0.0.10"), 0);
    /* The last source was the membership. */
    FAILS(member4(fd, IP_DROP_MEMBERSHIP, GROUP4, own4()), EADDRNOTAVAIL);
    EQ(join4(fd, GROUP4), 0);
    for (int i = 1; i <= 10; i++) {
        char text[20];

        snprintf(text, sizeof text, "10.0.9.%d", i);
        EQ(source4(fd, IP_BLOCK_SOURCE, text), 0);
    }
    FAILS(source4(fd, IP_BLOCK_SOURCE, "10.0.9.11"), ENOBUFS);
    FAILS(source4(fd, IP_UNBLOCK_SOURCE, "10.0.9.12"), EADDRNOTAVAIL);
    EQ(source4(fd, IP_UNBLOCK_SOURCE, "10.0.9.1"), 0);
    FAILS(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.0.9.1"), EINVAL);
    close(fd);
}

/* The calls of RFC 3678, which serve both families. */
static void any_family(void)
{
    struct group_req        g = { .gr_interface = 1 };
    struct group_source_req s = { .gsr_interface = 1 };
    int level = v4() ? IPPROTO_IP : IPPROTO_IPV6, fd = dgram();

    g.gr_group.ss_family = (sa_family_t)family;
    if (v4())
        ((struct sockaddr_in *)&g.gr_group)->sin_addr.s_addr = htonl(
            0xef010203);
    else
        inet_pton(AF_INET6, "ff15::1234",
                  &((struct sockaddr_in6 *)&g.gr_group)->sin6_addr);
    EQ(setsockopt(fd, level, MCAST_JOIN_GROUP, &g, sizeof g), 0);
    FAILS(setsockopt(fd, level, MCAST_JOIN_GROUP, &g, sizeof g), EADDRINUSE);
    s.gsr_group = g.gr_group;
    s.gsr_source = g.gr_group;
    EQ(setsockopt(fd, level, MCAST_BLOCK_SOURCE, &s, sizeof s), 0);
    EQ(setsockopt(fd, level, MCAST_UNBLOCK_SOURCE, &s, sizeof s), 0);
    EQ(setsockopt(fd, level, MCAST_LEAVE_GROUP, &g, sizeof g), 0);
    FAILS(setsockopt(fd, level, MCAST_LEAVE_GROUP, &g, sizeof g),
          EADDRNOTAVAIL);
    EQ(setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &s, sizeof s), 0);
    EQ(setsockopt(fd, level, MCAST_LEAVE_SOURCE_GROUP, &s, sizeof s), 0);
    g.gr_interface = 99;
    FAILS(setsockopt(fd, level, MCAST_JOIN_GROUP, &g, sizeof g), ENODEV);
    FAILS(setsockopt(fd, level, MCAST_JOIN_GROUP, &g, 8), EINVAL);
    close(fd);
}

static void members6(void)
{
    struct ipv6_mreq m = { .ipv6mr_interface = 1 };
    int              fd, tcp;

    if (v4())
        return;
    fd = dgram();
    tcp = socket(AF_INET6, SOCK_STREAM, 0);
    inet_pton(AF_INET6, "ff15::99", &m.ipv6mr_multiaddr);
    EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m), 0);
    FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m),
          EADDRINUSE);
    EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &m, sizeof m), 0);
    FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &m, sizeof m),
          EADDRNOTAVAIL);
    FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, 19), EINVAL);
    FAILS(setsockopt(tcp, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m),
          EPROTO);
    m.ipv6mr_interface = 99;
    FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m),
          ENODEV);
    m.ipv6mr_interface = 1;
    m.ipv6mr_multiaddr = in6addr_loopback;
    FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m),
          EINVAL);
    close(tcp);
    close(fd);
}

/* ---- values -------------------------------------------------------------------- */

static const struct {
    int level, name, set, err, get;
} values[] = {
    { IPPROTO_IP, IP_MULTICAST_TTL, 255, 0, 255 },
    { IPPROTO_IP, IP_MULTICAST_TTL, 0, 0, 0 },
    { IPPROTO_IP, IP_MULTICAST_TTL, -1, 0, 1 },
    { IPPROTO_IP, IP_MULTICAST_TTL, 256, EINVAL, 1 },
    { IPPROTO_IP, IP_MULTICAST_LOOP, 7, 0, 1 },
    { IPPROTO_IP, IP_MULTICAST_LOOP, 0, 0, 0 },
    { IPPROTO_IP, IP_MULTICAST_ALL, 0, 0, 0 },
    { IPPROTO_IP, IP_MULTICAST_ALL, 1, 0, 1 },
    { IPPROTO_IP, IP_MULTICAST_ALL, 2, EINVAL, -1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255, 0, 255 },
    { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, -1, 0, 1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, -2, EINVAL, 1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 256, EINVAL, 1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, 0, 0 },
    { IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 2, EINVAL, 1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_IF, 1, 0, 1 },
    { IPPROTO_IPV6, IPV6_MULTICAST_IF, 99, ENODEV, 0 },
};

static void ranges(void)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        int fd = dgram(), v = values[i].set, r;

        if (values[i].level == IPPROTO_IPV6 && v4()) {
            close(fd);
            continue;
        }
        r = setsockopt(fd, values[i].level, values[i].name, &v, sizeof v);
        EQ(r < 0 ? errno : 0, values[i].err);
        if (values[i].get >= 0)
            EQ(get_int(fd, values[i].level, values[i].name), values[i].get);
        close(fd);
    }
}

/* IPv4's values may be bytes: so they were in 4.3BSD. */
static void one_byte(void)
{
    unsigned char c = 9, got = 0;
    socklen_t     len = 1;
    int           fd = dgram();

    if (v4()) {
        EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &c, 1), 0);
        EQ(get_int(fd, IPPROTO_IP, IP_MULTICAST_TTL), 9);
        EQ(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &got, &len), 0);
        EQ(got, 9);
        EQ(len, 1);
        FAILS(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &c, 0), EINVAL);
    }
    close(fd);
}

static void which_interface(void)
{
    struct in_addr at, nowhere = { htonl(0x0a090807) }, got = { 1 };
    socklen_t      len = sizeof got;
    int            fd;

    if (!v4())
        return;
    fd = dgram();
    at = own4();
    EQ(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &got, &len), 0);
    EQ(got.s_addr, 0);
    EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, sizeof at), 0);
    EQ(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &got, &len), 0);
    EQ(got.s_addr, at.s_addr);
    FAILS(
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &nowhere, sizeof nowhere),
        EADDRNOTAVAIL);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, 3), EINVAL);
    close(fd);
}

/* ---- who hears it ---------------------------------------------------------------- */

static int sharing(int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = any_at(&ss, port);
    int                     fd = dgram();

    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    EQ(bind(fd, (struct sockaddr *)&ss, len), 0);
    return fd;
}

static void hears(int fd, char c)
{
    char got = 0;

    EQ(poll_for(fd, POLLIN, SOON), POLLIN);
    EQ(recv(fd, &got, 1, 0), 1);
    EQ(got, c);
}

static void deaf(int fd)
{
    char got;

    FAILS(recv(fd, &got, 1, MSG_DONTWAIT), EAGAIN);
}

static ssize_t send4(int fd, const char *to, int port, char c)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port) };

    EQ(inet_pton(AF_INET, to, &a.sin_addr), 1);
    return sendto(fd, &c, 1, 0, (struct sockaddr *)&a, sizeof a);
}

/* To the server alone: whatever was sent before has been there, too. */
static void mark(int fd, int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);

    EQ(sendto(fd, "m", 1, 0, (struct sockaddr *)&ss, len), 1);
}

/* Each member has a copy; who did not ask hears what the host hears, unless
 * it does not want to; who asked for another group hears that. */
static void delivery_server(void)
{
    int a, b, c, d;

    if (!v4())
        return;
    a = sharing(0);
    b = sharing(local_port(a));
    c = sharing(local_port(a));
    d = sharing(local_port(a));
    EQ(join4(a, GROUP4), 0);
    EQ(join4(b, GROUP4), 0);
    set_int(c, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    tell(local_port(a));
    hears(a, 'x');
    hears(b, 'x');
    hears(d, 'x');
    deaf(c);
    tell(0);
    EQ(member4(a, IP_DROP_MEMBERSHIP, GROUP4, own4()), 0);
    set_int(a, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    tell(0);
    hears(b, 'y');
    hears(d, 'y');
    deaf(a);
    deaf(c);
    close(b);
    tell(0);
    hear(); /* nobody is in the group any more: 'z' went to none */
    hears(d, 'm');
    deaf(a);
    close(a);
    close(c);
    close(d);
}

static void delivery_client(void)
{
    struct in_addr at;
    int            fd, port;

    if (!v4())
        return;
    fd = dgram();
    port = hear();
    at = own4();
    EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, sizeof at), 0);
    EQ(send4(fd, GROUP4, port, 'x'), 1);
    hear();
    hear();
    EQ(send4(fd, GROUP4, port, 'y'), 1);
    hear();
    EQ(send4(fd, GROUP4, port, 'z'), 1);
    mark(fd, port);
    tell(0);
    close(fd);
}

/* By source: the client's is the one wanted, then the one blocked. */
static void by_source_server(void)
{
    int  fd;
    char peer[16];

    if (!v4())
        return;
    fd = sharing(0);
    set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    strcpy(peer, in_lab ? "10.0.0.2" : "127.0.0.1");
    EQ(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.7.7.7"), 0);
    tell(local_port(fd));
    hears(fd, 'm'); /* and 'a', which came before it, was not wanted */
    EQ(source4(fd, IP_ADD_SOURCE_MEMBERSHIP, peer), 0);
    tell(0);
    hears(fd, 'b');
    EQ(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, "10.7.7.7"), 0);
    EQ(source4(fd, IP_DROP_SOURCE_MEMBERSHIP, peer), 0);
    EQ(join4(fd, GROUP4), 0);
    EQ(source4(fd, IP_BLOCK_SOURCE, peer), 0);
    tell(0);
    hears(fd, 'm'); /* nor was 'c' */
    EQ(source4(fd, IP_UNBLOCK_SOURCE, peer), 0);
    tell(0);
    hears(fd, 'd');
    close(fd);
}

static void by_source_client(void)
{
    struct in_addr at;
    int            fd, port;

    if (!v4())
        return;
    fd = dgram();
    port = hear();
    at = own4();
    EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, sizeof at), 0);
    EQ(send4(fd, GROUP4, port, 'a'), 1);
    mark(fd, port);
    hear();
    EQ(send4(fd, GROUP4, port, 'b'), 1);
    hear();
    EQ(send4(fd, GROUP4, port, 'c'), 1);
    mark(fd, port);
    hear();
    EQ(send4(fd, GROUP4, port, 'd'), 1);
    close(fd);
}

/* A sender that is a member hears itself. */
static void loop(void)
{
    struct in_addr at;
    int            fd, port;

    if (!v4())
        return;
    fd = sharing(0);
    port = local_port(fd);
    at = own4();
    EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, sizeof at), 0);
    EQ(join4(fd, GROUP4), 0);
    EQ(send4(fd, GROUP4, port, 'x'), 1);
    hears(fd, 'x');
    set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, 0);
    EQ(send4(fd, GROUP4, port, 'y'), 1);
    hears(fd, 'y');
    set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1);
    set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    EQ(send4(fd, GROUP4, port, 'z'), 1);
    if (in_lab) /* the loopback interface brings it in any case */
        deaf(fd);
    close(fd);
}

/* A socket may be bound to a group: it hears that only. */
static void bound_to_group_server(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET }, me;
    socklen_t          len = sizeof me;
    int                fd, all;

    if (!v4())
        return;
    fd = dgram();
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    EQ(inet_pton(AF_INET, GROUP4, &a.sin_addr), 1);
    EQ(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    EQ(getsockname(fd, (struct sockaddr *)&me, &len), 0);
    EQ(me.sin_addr.s_addr, a.sin_addr.s_addr);
    all = sharing(local_port(fd));
    EQ(join4(fd, GROUP4), 0);
    EQ(join4(fd, OTHER4), 0);
    tell(local_port(fd));
    hears(all, 'o');
    hears(all, 'x');
    hears(fd, 'x');
    deaf(fd);
    close(all);
    close(fd);
}

static void bound_to_group_client(void)
{
    struct in_addr at;
    int            fd, port;

    if (!v4())
        return;
    fd = dgram();
    port = hear();
    at = own4();
    EQ(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at, sizeof at), 0);
    EQ(send4(fd, OTHER4, port, 'o'), 1);
    EQ(send4(fd, GROUP4, port, 'x'), 1);
    close(fd);
}

/* ---- to all ------------------------------------------------------------------------ */

static void broadcast_server(void)
{
    int a, b;

    if (!v4())
        return;
    a = sharing(0);
    b = sharing(local_port(a));
    tell(local_port(a));
    hears(a, 'x');
    hears(b, 'x');
    close(a);
    close(b);
}

static void broadcast_client(void)
{
    const char        *all = in_lab ? "10.0.0.255" : "127.255.255.255";
    int                fd, port;
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr = { htonl(INADDR_BROADCAST) },
                             .sin_port = htons(9) };

    if (!v4())
        return;
    fd = dgram();
    port = hear();
    EQ(get_int(fd, SOL_SOCKET, SO_BROADCAST), 0);
    FAILS(send4(fd, all, port, 'x'), EACCES);
    FAILS(connect(fd, (struct sockaddr *)&a, sizeof a), EACCES);
    set_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
    EQ(send4(fd, all, port, 'x'), 1);
    close(fd);
}

CALL_MAIN(ONE(members), ONE(many_groups), ONE(sources), ONE(any_family),
          ONE(members6), ONE(ranges), ONE(one_byte), ONE(which_interface),
          BOTH(delivery), BOTH(by_source), ONE(loop), BOTH(bound_to_group),
          BOTH(broadcast))
