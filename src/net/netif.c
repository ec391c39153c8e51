/* netif.c: interfaces: addresses, groups, and the bounded queue of frames
 * that wait to be taken.
 *
 *   Invariant: a queue holds at most queue_max packets and the fragments of
 *              the last of them (a train that loses a car is of no use), and
 *              takes memory for those that it holds only.
 */
#include "net/mcast.h"
#include "net/slaac.h"
#include "wire/ndphdr.h"

struct netif *netif_of(struct net *n, unsigned index)
{
    return index < n->nnetif ? &n->netif[index] : NULL;
}

static bool power_of_2(unsigned v)
{
    return v > 0 && (v & (v - 1)) == 0;
}

static void copy_name(char *to, const char *from)
{
    for (unsigned i = 0; from && i < 15 && from[i] != '\0'; i++)
        to[i] = from[i];
}

/* [RFC1122-3.3.3-d] [RFC8200-5-a] */
int net_netif_add(struct net *n, const struct cw_netif_config *c)
{
    uint32_t      mtu = c->mtu ?: NETIF_MTU_DEFAULT;
    unsigned      queue = c->queue ?: NETIF_QUEUE_DEFAULT;
    struct netif *nif = &n->netif[n->nnetif];

    if (n->nnetif == NETIF_MAX)
        return -CW_ENOBUFS;
    if (mtu < NETIF_MTU_MIN || mtu > UINT16_MAX)
        return -CW_EINVAL;
    if (!power_of_2(queue) || queue > NETIF_QUEUE_MAX)
        return -CW_EINVAL;
    if (mac_is_group(&c->mac))
        return -CW_EINVAL;
    if ((c->flags & CW_NETIF_AUTOCONF)
        && (mtu < IP6_MTU_MIN
            || c->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP)))
        return -CW_EINVAL;
    copy_name(nif->name, c->name);
    nif->mac = c->mac;
    nif->index = (uint16_t)n->nnetif;
    nif->mtu = (uint16_t)mtu;
    nif->flags = c->flags;
    nif->queue_max = queue;
    mcast_netif(nif, n);
    slaac_init(n, nif);
    if ((c->flags & CW_NETIF_LOOPBACK) && !n->lo)
        n->lo = nif;
    n->nnetif++;
    n->generation++;
    if (c->flags & CW_NETIF_AUTOCONF)
        slaac_start(n, nif);
    return nif->index;
}

/* RFC 922 §7; a net of one or two hosts has none (RFC 3021). */
static struct cw_addr bcast_of(const struct cw_addr *a, unsigned prefix)
{
    static const struct cw_addr none;

    if (!addr_is4(a) || prefix > 30)
        return none;
    return addr4(addr_u4(a) | (uint32_t)(UINT64_C(0xffffffff) >> prefix));
}

int net_addr_add(struct net *n, unsigned netif, const struct cw_addr *a,
                 unsigned prefix)
{
    struct netif      *nif = netif_of(n, netif);
    struct netif_addr *slot;
    bool               ip4 = addr_is4(a);

    if (!nif || prefix > (ip4 ? 32 : 128))
        return -CW_EINVAL;
    if (addr_is_any(a) || addr_is_multicast(a) || addr_is_bcast(a))
        return -CW_EADDRNOTAVAIL;
    /* RFC 8200 §5: IPv6 needs a link that carries 1280 bytes. */
    if (!ip4 && nif->mtu < IP6_MTU_MIN)
        return -CW_EINVAL;
    if (netif_addr_any(nif, a))
        return -CW_EADDRINUSE;
    if (nif->naddr == NETIF_ADDR_MAX)
        return -CW_ENOBUFS;
    slot = &nif->addr[nif->naddr++];
    *slot = (struct netif_addr){ .addr = *a,
                                 .prefix = (uint8_t)prefix,
                                 .bcast = bcast_of(a, prefix),
                                 .probe_at = NS_NEVER,
                                 .preferred_until = NS_NEVER,
                                 .valid_until = NS_NEVER };
    n->generation++;
    if (!ip4 && nif->flags & CW_NETIF_AUTOCONF)
        dad_begin(n, nif, slot, 0);
    if (prefix == (ip4 ? 32u : 128u))
        return 0;
    return net_route_add(n, a, prefix, NULL, netif);
}

int net_lease_take(struct net *n, unsigned netif, const struct net_lease *l)
{
    struct netif *nif = netif_of(n, netif);
    struct route  r = { .dst = addr4(0),
                        .gw = l->router,
                        .has_gw = true,
                        .heard = true,
                        .netif = (uint8_t)netif,
                        .until = NS_NEVER };
    int           err = 0;

    INVARIANT(nif && addr_is4(&l->addr));
    if (!netif_addr_find(nif, &l->addr))
        err = net_addr_add(n, netif, &l->addr, l->prefix);
    if (err || addr_is_any(&l->router) || addr_is_multicast(&l->router)
        || net_is_local(n, &l->router))
        return err;
    return route_hear(n, &r);
}

/* With the address its net goes, and the routers behind it. */
void net_lease_drop(struct net *n, unsigned netif, const struct cw_addr *a)
{
    struct netif      *nif = netif_of(n, netif);
    struct netif_addr *slot = netif_addr_any(nif, a);
    struct netif_addr *end = nif->addr + nif->naddr;

    for (uint32_t i = n->nroute; i-- > 0;) {
        const struct route *r = &n->route[i];

        if (r->netif == netif && addr_is4(&r->dst)
            && (r->has_gw ? r->heard : addr_eq(&r->dst, a)))
            route_forget(n, i);
    }
    if (!slot)
        return;
    memmove(slot, slot + 1, (size_t)((char *)end - (char *)(slot + 1)));
    nif->naddr--;
    n->generation++;
}

size_t net_addr_list(const struct net *n, struct cw_addr_row *rows,
                     size_t max)
{
    size_t at = 0;

    for (unsigned i = 0; i < n->nnetif; i++)
        for (unsigned k = 0; k < n->netif[i].naddr; k++, at++) {
            const struct netif_addr *a = &n->netif[i].addr[k];

            if (at < max)
                rows[at] = (struct cw_addr_row){
                    .addr = a->addr,
                    .netif = i,
                    .prefix = a->prefix,
                    .state = a->state,
                    .preferred_until = a->preferred_until,
                    .valid_until = a->valid_until,
                };
        }
    return at;
}

uint16_t netif_mtu(const struct netif *nif, const struct cw_addr *dst)
{
    return nif->mtu6 && !addr_is4(dst) ? nif->mtu6 : nif->mtu;
}

const struct netif_addr *netif_addr_find(const struct netif   *nif,
                                         const struct cw_addr *a)
{
    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_eq(&nif->addr[i].addr, a)
            && nif->addr[i].state == ADDR_ASSIGNED)
            return &nif->addr[i];
    return NULL;
}

struct netif_addr *netif_addr_any(struct netif *nif, const struct cw_addr *a)
{
    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_eq(&nif->addr[i].addr, a))
            return &nif->addr[i];
    return NULL;
}

bool netif_is_bcast(const struct netif *nif, const struct cw_addr *a)
{
    if (!addr_is4(a))
        return false;
    if (addr_is_bcast(a))
        return true;
    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_eq(&nif->addr[i].bcast, a))
            return true;
    return false;
}

/* The groups that every host is in: all hosts (RFC 1112 §4), all nodes, and
 * each address's solicited-node group (RFC 4291 §2.8). */
bool netif_in_group(const struct netif *nif, const struct cw_addr *group)
{
    static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
    static const uint8_t all_self[16] = { 0xff, 1, [15] = 1 };

    if (addr_is4(group))
        return addr_u4(group) == 0xe0000001;
    if (memcmp(group->b, all_nodes, 16) == 0
        || memcmp(group->b, all_self, 16) == 0)
        return true;
    for (unsigned i = 0; i < nif->naddr; i++) {
        const struct cw_addr *a = &nif->addr[i].addr;
        struct cw_addr        solicited = ndp_solicited_node(a);

        if (!addr_is4(a) && addr_eq(&solicited, group))
            return true;
    }
    return false;
}

/* A later piece of what the queue has taken. */
static bool rides_along(const struct cw_pkt *pkt)
{
    return pkt->why == WHY_TX_FRAGMENT || pkt->why == WHY_TX_UDP_MORE;
}

/* Previous hop: ether_out().  Next: the pump, by net_take(). */
enum why netif_out(struct net *n, struct netif *nif, struct cw_pkt *pkt)
{
    INVARIANT(pkt->len >= ETHER_LEN);
    INVARIANT(pkt->why != GO_ON);
    if (nif->txq.count >= nif->queue_max && !rides_along(pkt)) {
        nif->was_full = true;
        return WHY_TXQ_FULL;
    }
    pkt->netif = nif->index;
    if (!pktq_push(&nif->txq, &n->nodes, pkt)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return WHY_NO_MEMORY;
    }
    if (nif->txq.count >= nif->queue_max)
        nif->was_full = true;
    return GO_ON;
}

unsigned net_room(const struct net *n, const struct net_dest *dest)
{
    const struct netif *nif = &n->netif[dest->netif];

    INVARIANT(dest->netif < n->nnetif);
    if (nif->txq.count >= nif->queue_max)
        return 0;
    return nif->queue_max - nif->txq.count;
}

/* Told once half of the queue is free, so that transports run in bursts. */
static void tell_room(struct net *n)
{
    bool room = false;

    for (unsigned i = 0; i < n->nnetif; i++) {
        struct netif *nif = &n->netif[i];

        if (!nif->was_full || nif->txq.count > nif->queue_max / 2)
            continue;
        nif->was_full = false;
        room = true;
    }
    for (unsigned i = 0; room && i < n->ntransport; i++)
        n->transport[i].up.room(n->transport[i].up.ctx);
}

static bool take_one(struct net *n, struct cw_pkt *out)
{
    for (unsigned i = 0; i < n->nnetif; i++) {
        unsigned at = (n->take_from + i) % n->nnetif;

        if (!pktq_pop(&n->netif[at].txq, out))
            continue;
        n->take_from = at + 1;
        return true;
    }
    return false;
}

unsigned net_take(struct net *n, struct cw_pkt *pkts, unsigned max)
{
    unsigned got = 0;

    while (got < max && take_one(n, &pkts[got])) {
        env_count(n->env, COUNT_IF_OUT);
        n->env->count[COUNT_IF_OUT_OCTETS] += pkts[got].len;
        got++;
    }
    if (got > 0)
        tell_room(n);
    return got;
}
