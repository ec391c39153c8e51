/* udp_group.c: a socket's memberships: which groups it asked for, of which
 * sources, and on which interface.
 *
 *   Owns:    the list of memberships, its bounds and its errors (Linux's).
 *   Does not know what hosts and routers are told of them: net/mcast*.c.
 *   RFC 3376 §2, §3.1; RFC 3678 §4, §5 (the calls behind this); ip(7).
 */
#include "udp/udp_sock.h"

/* Where: the index that was given, else the interface with the address that
 * was given, else that of the route. */
static int netif_of_group(struct udp_sock *u, const struct udp_group *g)
{
    struct net *net = u->host->net;

    if (g->index > 0)
        return net_netif_known(net, g->index - 1) ? (int)g->index - 1
                                                  : -CW_ENODEV;
    if (!addr_is_any(&g->iface))
        return net_netif_find(net, &g->iface);
    return net_group_netif(net, &g->group);
}

static struct net_member **find_member(struct udp_sock      *u,
                                       const struct cw_addr *group,
                                       unsigned              netif)
{
    struct net_member **at = &u->members;

    while (*at
           && !(net_member_netif(*at) == netif
                && addr_eq(net_member_group(*at), group)))
        at = &(*at)->next;
    return at;
}

static int join(struct udp_sock *u, const struct udp_group *g, unsigned netif,
                const struct net_filter *f)
{
    struct net_member *m = NULL;
    int                err;

    if (u->nmember == MCAST_MEMBERS_MAX)
        return -CW_ENOBUFS;
    err = net_group_join(u->host->net, netif, &g->group, f, &m);
    if (err)
        return err;
    m->next = u->members;
    u->members = m;
    u->nmember++;
    return 0;
}

static void leave(struct udp_sock *u, struct net_member **at)
{
    struct net_member *m = *at;

    *at = m->next;
    INVARIANT(u->nmember > 0);
    u->nmember--;
    net_group_leave(m);
}

int udp_group_join(struct udp_sock *u, const struct udp_group *g)
{
    const struct net_filter all = { .exclude = true };
    int                     netif;

    if (!addr_is_multicast(&g->group))
        return -CW_EINVAL;
    netif = netif_of_group(u, g);
    if (netif < 0)
        return netif;
    if (*find_member(u, &g->group, (unsigned)netif))
        return -CW_EADDRINUSE;
    return join(u, g, (unsigned)netif, &all);
}

/* IPv6, without an interface: the first membership in the group. */
static struct net_member **find_any(struct udp_sock      *u,
                                    const struct cw_addr *group)
{
    struct net_member **at = &u->members;

    while (*at && !addr_eq(net_member_group(*at), group))
        at = &(*at)->next;
    return at;
}

int udp_group_leave(struct udp_sock *u, const struct udp_group *g)
{
    bool                ip4 = addr_is4(&g->group);
    struct net_member **at;
    int                 netif;

    if (!addr_is_multicast(&g->group))
        return ip4 ? -CW_EADDRNOTAVAIL : -CW_EINVAL;
    if (!ip4 && g->index == 0) {
        at = find_any(u, &g->group);
    } else {
        netif = netif_of_group(u, g);
        if (netif < 0)
            return g->index == 0 && addr_is_any(&g->iface)
                ? netif
                : -CW_EADDRNOTAVAIL;
        at = find_member(u, &g->group, (unsigned)netif);
    }
    if (!*at)
        return -CW_EADDRNOTAVAIL;
    leave(u, at);
    return 0;
}

void udp_group_leave_all(struct udp_sock *u)
{
    while (u->members)
        leave(u, &u->members);
    INVARIANT(u->nmember == 0);
}

/* ---- sources ---------------------------------------------------------------- */

static int source_at(const struct net_filter *f, const struct cw_addr *src)
{
    for (int i = 0; i < f->nsrc; i++)
        if (addr_eq(&f->src[i], src))
            return i;
    return -1;
}

static int add_source(struct net_member *m, const struct cw_addr *src,
                      bool exclude)
{
    struct net_filter f = m->filter;

    if (f.exclude != exclude) {
        if (f.nsrc > 0)
            return -CW_EINVAL; /* one of the other kind of list */
        f.exclude = exclude;
    }
    if (f.nsrc == MCAST_SOURCES_MAX)
        return -CW_ENOBUFS;
    if (source_at(&f, src) >= 0)
        return -CW_EADDRNOTAVAIL;
    f.src[f.nsrc++] = *src;
    net_group_filter(m, &f);
    return 0;
}

/* Nothing of nothing is no membership. */
static int drop_source(struct udp_sock *u, struct net_member **at,
                       const struct cw_addr *src, bool exclude)
{
    struct net_filter f = (*at)->filter;
    int               i = source_at(&f, src);

    if (f.exclude != exclude && f.nsrc > 0)
        return -CW_EINVAL;
    if (i < 0)
        return -CW_EADDRNOTAVAIL;
    if (!exclude && f.nsrc == 1) {
        leave(u, at);
        return 0;
    }
    f.src[i] = f.src[--f.nsrc];
    net_group_filter(*at, &f);
    return 0;
}

int udp_group_source(struct udp_sock *u, const struct udp_group *g,
                     const struct cw_addr *src, enum udp_source_op op)
{
    bool              exclude = op == UDP_SRC_BLOCK || op == UDP_SRC_UNBLOCK;
    struct net_filter first = { .nsrc = 1 };
    struct net_member **at;
    int                 netif;

    if (!addr_is_multicast(&g->group))
        return -CW_EINVAL;
    netif = netif_of_group(u, g);
    if (netif < 0)
        return netif;
    at = find_member(u, &g->group, (unsigned)netif);
    if (!*at && op == UDP_SRC_JOIN) {
        first.src[0] = *src;
        return join(u, g, (unsigned)netif, &first);
    }
    if (!*at)
        return -CW_EINVAL;
    if (op == UDP_SRC_JOIN || op == UDP_SRC_BLOCK)
        return add_source(*at, src, exclude);
    return drop_source(u, at, src, exclude);
}

int udp_group_filter(struct udp_sock *u, const struct udp_group *g,
                     const struct net_filter *f)
{
    struct net_member **at;
    int                 netif;

    if (!addr_is_multicast(&g->group))
        return -CW_EINVAL;
    netif = netif_of_group(u, g);
    if (netif < 0)
        return netif;
    at = find_member(u, &g->group, (unsigned)netif);
    if (!f->exclude && f->nsrc == 0) { /* that is: leave */
        if (!*at)
            return -CW_EADDRNOTAVAIL;
        leave(u, at);
        return 0;
    }
    if (!*at)
        return -CW_EINVAL;
    net_group_filter(*at, f);
    return 0;
}

/* ---- delivery ---------------------------------------------------------------- */

/* Without a membership of its own a socket hears what others made the host
 * listen to, unless it said no (IP_MULTICAST_ALL); with IPv4, as on Linux,
 * only of sources that one of them wants. */
bool udp_group_allows(const struct udp_sock *u, const struct net_rx *rx)
{
    for (const struct net_member *m = u->members; m; m = m->next)
        if (net_member_netif(m) == rx->netif
            && addr_eq(net_member_group(m), &rx->dst))
            return net_filter_allows(&m->filter, &rx->src);
    if (!addr_is4(&rx->dst))
        return u->opts.many[1].all;
    return u->opts.many[0].all && net_group_wants(u->host->net, rx);
}
