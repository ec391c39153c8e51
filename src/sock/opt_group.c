/* opt_group.c: options about groups: memberships and their sources, and how
 * what is sent to a group goes.
 *
 *   Owns:    the forms that Linux's calls have (struct ip_mreq, ip_mreqn,
 *            ip_mreq_source, ipv6_mreq, group_req, group_source_req,
 *            ip_msfilter, group_filter), read byte by byte, and their errors.
 *   Does not act on them: udp/udp_group.c.
 *   RFC 3493 §5.2, RFC 3678; ip(7), ipv6(7).
 */
#include "base/addr.h"
#include "sock/sock.h"

enum {
    IP_MULTICAST_IF = 32,
    IP_MULTICAST_TTL,
    IP_MULTICAST_LOOP,
    IP_ADD_MEMBERSHIP,
    IP_DROP_MEMBERSHIP,
    IP_UNBLOCK_SOURCE,
    IP_BLOCK_SOURCE,
    IP_ADD_SOURCE_MEMBERSHIP,
    IP_DROP_SOURCE_MEMBERSHIP,
    IP_MSFILTER,
    MCAST_JOIN_GROUP,
    MCAST_BLOCK_SOURCE,
    MCAST_UNBLOCK_SOURCE,
    MCAST_LEAVE_GROUP,
    MCAST_JOIN_SOURCE_GROUP,
    MCAST_LEAVE_SOURCE_GROUP,
    MCAST_MSFILTER,
    IP_MULTICAST_ALL,

    IPV6_MULTICAST_IF = 17,
    IPV6_MULTICAST_HOPS,
    IPV6_MULTICAST_LOOP,
    IPV6_JOIN_GROUP,
    IPV6_LEAVE_GROUP,
    IPV6_MULTICAST_ALL = 29,
};

/* Sizes and places in the structures. */
enum {
    MREQ = 8,
    MREQN = 12,
    MREQ_SOURCE = 12,
    MREQ6 = 20,
    NAME = 128, /* struct sockaddr_storage */
    GROUP_REQ = 8 + NAME,
    GROUP_SOURCE_REQ = 8 + 2 * NAME,
    MSFILTER = 16,
    GROUP_FILTER = 8 + NAME + 8,
};

enum { MODE_EXCLUDE, MODE_INCLUDE };

static uint32_t native32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* The address of a struct sockaddr_in or sockaddr_in6; false: neither, or
 * not of the level's family. */
static bool take_name(const uint8_t *p, bool ip4, struct cw_addr *out)
{
    uint16_t family;

    memcpy(&family, p, sizeof family);
    if (family != (ip4 ? CW_AF_INET : CW_AF_INET6))
        return false;
    *out = ip4 ? addr_from4(p + 4) : addr_from6(p + 8);
    return true;
}

/* ---- memberships ------------------------------------------------------------- */

static int do_member(struct sock *s, int name, const uint8_t *p, size_t len)
{
    struct udp_group g;

    if (len < MREQ)
        return -CW_EINVAL;
    g = (struct udp_group){ .group = addr_from4(p),
                            .iface = addr_from4(p + 4) };
    if (len >= MREQN)
        g.index = native32(p + 8);
    return name == IP_ADD_MEMBERSHIP ? udp_group_join(sock_udp(s), &g)
                                     : udp_group_leave(sock_udp(s), &g);
}

static int do_member6(struct sock *s, int name, const uint8_t *p, size_t len)
{
    struct udp_group g = { .index = 0 };

    if (len < MREQ6)
        return -CW_EINVAL;
    g.group = addr_from6(p);
    g.index = native32(p + 16);
    if (addr_is4(&g.group))
        return -CW_EINVAL;
    return name == IPV6_JOIN_GROUP ? udp_group_join(sock_udp(s), &g)
                                   : udp_group_leave(sock_udp(s), &g);
}

static enum udp_source_op source_op(int name)
{
    switch (name) {
    case IP_ADD_SOURCE_MEMBERSHIP:
    case MCAST_JOIN_SOURCE_GROUP:
        return UDP_SRC_JOIN;
    case IP_DROP_SOURCE_MEMBERSHIP:
    case MCAST_LEAVE_SOURCE_GROUP:
        return UDP_SRC_LEAVE;
    case IP_BLOCK_SOURCE:
    case MCAST_BLOCK_SOURCE:
        return UDP_SRC_BLOCK;
    default:
        return UDP_SRC_UNBLOCK;
    }
}

static int do_source(struct sock *s, int name, const uint8_t *p, size_t len)
{
    struct udp_group g = { .index = 0 };
    struct cw_addr   src;

    if (len != MREQ_SOURCE)
        return -CW_EINVAL;
    g.group = addr_from4(p);
    g.iface = addr_from4(p + 4);
    src = addr_from4(p + 8);
    return udp_group_source(sock_udp(s), &g, &src, source_op(name));
}

/* RFC 3678 §5.1: the same for both families. */
static int do_any(struct sock *s, bool ip4, int name, const uint8_t *p,
                  size_t len)
{
    bool plain = name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP;
    struct udp_group g = { .index = 0 };
    struct cw_addr   src;

    if (len < (size_t)(plain ? GROUP_REQ : GROUP_SOURCE_REQ))
        return -CW_EINVAL;
    g.index = native32(p);
    if (!take_name(p + 8, ip4, &g.group))
        return plain && ip4 ? -CW_EINVAL : -CW_EADDRNOTAVAIL;
    if (name == MCAST_JOIN_GROUP)
        return udp_group_join(sock_udp(s), &g);
    if (name == MCAST_LEAVE_GROUP)
        return udp_group_leave(sock_udp(s), &g);
    if (!take_name(p + 8 + NAME, ip4, &src))
        return -CW_EADDRNOTAVAIL;
    return udp_group_source(sock_udp(s), &g, &src, source_op(name));
}

static int set_filter(struct sock *s, const struct udp_group *g,
                      uint32_t mode, struct net_filter *f)
{
    if (mode != MODE_INCLUDE && mode != MODE_EXCLUDE)
        return -CW_EINVAL;
    f->exclude = mode == MODE_EXCLUDE;
    return udp_group_filter(sock_udp(s), g, f);
}

static int do_filter(struct sock *s, const uint8_t *p, size_t len)
{
    struct net_filter f = { .nsrc = 0 };
    struct udp_group  g = { .index = 0 };
    uint32_t          n;

    if (len < MSFILTER)
        return -CW_EINVAL;
    n = native32(p + 12);
    if (n > MCAST_SOURCES_MAX)
        return -CW_ENOBUFS;
    if (len < MSFILTER + 4 * n)
        return -CW_EINVAL;
    g.group = addr_from4(p);
    g.iface = addr_from4(p + 4);
    for (; f.nsrc < n; f.nsrc++)
        f.src[f.nsrc] = addr_from4(p + MSFILTER + 4 * f.nsrc);
    return set_filter(s, &g, native32(p + 8), &f);
}

static int do_any_filter(struct sock *s, bool ip4, const uint8_t *p,
                         size_t len)
{
    struct net_filter f = { .nsrc = 0 };
    struct udp_group  g = { .index = 0 };
    uint32_t          n;

    if (len < GROUP_FILTER)
        return -CW_EINVAL;
    n = native32(p + GROUP_FILTER - 4);
    if (n > MCAST_SOURCES_MAX)
        return -CW_ENOBUFS;
    if (len < GROUP_FILTER + (size_t)NAME * n)
        return -CW_EINVAL;
    g.index = native32(p);
    if (!take_name(p + 8, ip4, &g.group))
        return -CW_EADDRNOTAVAIL;
    for (; f.nsrc < n; f.nsrc++)
        if (!take_name(p + GROUP_FILTER + NAME * f.nsrc, ip4, &f.src[f.nsrc]))
            return -CW_EADDRNOTAVAIL;
    return set_filter(s, &g, native32(p + GROUP_FILTER - 8), &f);
}

/* ---- sending ------------------------------------------------------------------- */

/* struct in_addr, ip_mreq or ip_mreqn. */
static int set_if4(struct sock *s, const uint8_t *p, size_t len)
{
    struct udp_many *m = &udp_opts(sock_udp(s))->many[0];
    uint32_t         index = 0;
    struct cw_addr   a = addr4(0);
    int              found;

    if (len < 4)
        return -CW_EINVAL;
    if (len >= MREQ)
        a = addr_from4(p + 4);
    else
        a = addr_from4(p);
    if (len >= MREQN)
        index = native32(p + 8);
    if (index > 0) {
        if (!net_netif_known(s->st->net, index - 1))
            return -CW_EADDRNOTAVAIL;
    } else if (!addr_is_any(&a)) {
        found = net_netif_find(s->st->net, &a);
        if (found < 0)
            return -CW_EADDRNOTAVAIL;
        index = (uint32_t)found + 1;
    }
    m->index = index;
    m->src = a;
    return 0;
}

static int set_if6(struct sock *s, int v)
{
    if (v != 0 && (v < 0 || !net_netif_known(s->st->net, (unsigned)v - 1)))
        return -CW_ENODEV;
    udp_opts(sock_udp(s))->many[1].index = (uint32_t)v;
    return 0;
}

/* -1: the default, which is the nearest (RFC 1112 §6.1). */
static int set_ttl(struct sock *s, bool ip4, int v)
{
    if (v < -1 || v > 255)
        return -CW_EINVAL;
    udp_opts(sock_udp(s))->many[!ip4].ttl = (uint8_t)(v == -1 ? 1 : v);
    return 0;
}

static int set_int(struct sock *s, bool ip4, int name, int v)
{
    struct udp_many *m = &udp_opts(sock_udp(s))->many[!ip4];
    bool             strict = !ip4 || name == IP_MULTICAST_ALL;

    if (name == (ip4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS))
        return set_ttl(s, ip4, v);
    if (!ip4 && name == IPV6_MULTICAST_IF)
        return set_if6(s, v);
    if (strict && v != 0 && v != 1)
        return -CW_EINVAL;
    if (name == (ip4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP))
        m->loop = v != 0;
    else
        m->all = v != 0;
    return 0;
}

/* IPv4's may be one byte. */
static int set_value(struct sock *s, bool ip4, int name, const uint8_t *p,
                     size_t len)
{
    int v;

    if (len < (ip4 ? 1 : sizeof v))
        return -CW_EINVAL;
    if (len >= sizeof v)
        memcpy(&v, p, sizeof v);
    else
        v = p[0];
    return set_int(s, ip4, name, v);
}

/* ---- the door ------------------------------------------------------------------- */

bool opt_is_group(const struct sock *s, int level, int name)
{
    if (level == CW_IPPROTO_IP)
        return name >= IP_MULTICAST_IF && name <= IP_MULTICAST_ALL;
    if (level != CW_IPPROTO_IPV6 || s->domain != CW_AF_INET6)
        return false;
    return (name >= IPV6_MULTICAST_IF && name <= IPV6_LEAVE_GROUP)
        || (name >= MCAST_JOIN_GROUP && name <= MCAST_MSFILTER)
        || name == IPV6_MULTICAST_ALL;
}

/* A stream has no use for groups; what Linux says to each of its tries. */
static int refuse(bool ip4, int name)
{
    if (ip4 && (name == IP_MULTICAST_TTL || name == IP_MULTICAST_IF))
        return -CW_EINVAL;
    if (!ip4 && (name == IPV6_MULTICAST_HOPS || name == IPV6_MULTICAST_IF))
        return -CW_ENOPROTOOPT;
    return -CW_EPROTO;
}

static int set4(struct sock *s, int name, const uint8_t *p, size_t len)
{
    switch (name) {
    case IP_MULTICAST_IF:
        return set_if4(s, p, len);
    case IP_ADD_MEMBERSHIP:
    case IP_DROP_MEMBERSHIP:
        return do_member(s, name, p, len);
    case IP_UNBLOCK_SOURCE:
    case IP_BLOCK_SOURCE:
    case IP_ADD_SOURCE_MEMBERSHIP:
    case IP_DROP_SOURCE_MEMBERSHIP:
        return do_source(s, name, p, len);
    case IP_MSFILTER:
        return do_filter(s, p, len);
    default:
        return set_value(s, true, name, p, len);
    }
}

static bool is_any(int name)
{
    return name >= MCAST_JOIN_GROUP && name <= MCAST_LEAVE_SOURCE_GROUP;
}

int opt_group_set(struct sock *s, int level, int name, const void *val,
                  size_t len)
{
    bool ip4 = level == CW_IPPROTO_IP;

    INVARIANT(opt_is_group(s, level, name));
    if (!sock_udp(s))
        return refuse(ip4, name);
    if (is_any(name))
        return do_any(s, ip4, name, val, len);
    if (name == MCAST_MSFILTER)
        return do_any_filter(s, ip4, val, len);
    if (ip4)
        return set4(s, name, val, len);
    if (name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP)
        return do_member6(s, name, val, len);
    return set_value(s, false, name, val, len);
}

int opt_group_get(struct sock *s, int level, int name, int *out)
{
    bool                   ip4 = level == CW_IPPROTO_IP;
    const struct udp_many *m;

    INVARIANT(opt_is_group(s, level, name));
    if (!sock_udp(s))
        return -CW_ENOPROTOOPT;
    m = &udp_opts(sock_udp(s))->many[!ip4];
    if (name == (ip4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS))
        *out = m->ttl;
    else if (name == (ip4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP))
        *out = m->loop;
    else if (name == (ip4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL))
        *out = m->all;
    else if (ip4 && name == IP_MULTICAST_IF)
        memcpy(out, m->src.b + 12, 4); /* a struct in_addr */
    else if (!ip4 && name == IPV6_MULTICAST_IF)
        *out = (int)m->index;
    else
        return -CW_ENOPROTOOPT;
    return 0;
}
