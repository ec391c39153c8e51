/* route.c: where packets go next, and which address they come from.
 *
 *   Owns:    the route table, longest prefix first; source selection.
 *   Rules:   an address of ours is reached through the loopback interface,
 *            and 127/8 and ::1 by nothing else (RFC 1122 §3.2.1.3 (g)); a
 *            group leaves by the zone, else by a route, else by the first
 *            interface of its family.
 *   RFC 1122 §3.3.1, RFC 6724 §5.
 */
#include "net/neigh.h"

/* ---- questions about addresses ----------------------------------------- */

static const struct netif_addr *find_local(const struct net *n,
                                           const struct cw_addr *a)
{
    for (unsigned i = 0; i < n->nnetif; i++) {
        const struct netif_addr *found = netif_addr_find(&n->netif[i], a);

        if (found)
            return found;
    }
    return NULL;
}

/* All of 127/8 is ours as soon as there is a loopback interface. */
bool net_is_local(const struct net *n, const struct cw_addr *a)
{
    if (n->lo && addr_is4(a) && addr_is_loopback(a)
        && !netif_is_bcast(n->lo, a))
        return true;
    return find_local(n, a) != NULL;
}

bool net_is_bcast(const struct net *n, const struct cw_addr *a)
{
    for (unsigned i = 0; i < n->nnetif; i++)
        if (netif_is_bcast(&n->netif[i], a))
            return true;
    return addr_is_bcast(a);
}

bool net_bindable(const struct net *n, const struct cw_addr *a)
{
    return addr_is_any(a) || net_is_local(n, a);
}

/* ---- the table ----------------------------------------------------------
 */

static struct cw_addr any_of(const struct cw_addr *like)
{
    static const struct cw_addr any6;

    return addr_is4(like) ? addr4(0) : any6;
}

int net_route_add(struct net *n, const struct cw_addr *dst, unsigned prefix,
                  const struct cw_addr *gw, unsigned netif)
{
    struct route r = { .prefix = (uint8_t)prefix,
                       .netif = (uint8_t)netif,
                       .has_gw = gw != NULL };
    uint32_t     at = 0;

    if (!netif_of(n, netif) || (!dst && (!gw || prefix > 0)))
        return -CW_EINVAL;
    r.dst = dst ? *dst : any_of(gw);
    if (prefix > (addr_is4(&r.dst) ? 32 : 128))
        return -CW_EINVAL;
    if (gw) {
        r.gw = *gw;
        if (addr_is4(gw) != addr_is4(&r.dst) || addr_is_any(gw)
            || addr_is_multicast(gw) || net_is_local(n, gw))
            return -CW_EINVAL;
    }
    if (n->nroute == ROUTE_MAX)
        return -CW_ENOBUFS;
    while (at < n->nroute && n->route[at].prefix >= prefix)
        at++;
    memmove(&n->route[at + 1], &n->route[at],
            (n->nroute - at) * sizeof n->route[0]);
    n->route[at] = r;
    n->nroute++;
    n->generation++;
    return 0;
}

static const struct route *longest(const struct net *n,
                                   const struct cw_addr *dst,
                                   const struct netif   *only)
{
    for (unsigned i = 0; i < n->nroute; i++) {
        const struct route *r = &n->route[i];

        if (only && r->netif != only->index)
            continue;
        if (addr_in_prefix(dst, &r->dst, r->prefix))
            return r;
    }
    return NULL;
}

static bool has_family(const struct netif *nif, bool ip4)
{
    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_is4(&nif->addr[i].addr) == ip4)
            return true;
    return false;
}

/* For a group without a zone and without a route. */
static struct netif *first_link(struct net *n, bool ip4)
{
    for (unsigned i = 0; i < n->nnetif; i++)
        if (!(n->netif[i].flags & CW_NETIF_LOOPBACK)
            && has_family(&n->netif[i], ip4))
            return &n->netif[i];
    return NULL;
}

static bool hop_many(struct net *n, const struct cw_addr *dst,
                     struct netif *zone, struct hop *out)
{
    const struct route *r = longest(n, dst, zone);

    out->next = *dst;
    out->many = true;
    out->nif = zone          ? zone
        : r                  ? &n->netif[r->netif]
                             : first_link(n, addr_is4(dst));
    return out->nif != NULL;
}

bool route_hop(struct net *n, const struct cw_addr *dst, uint32_t scope,
               struct hop *out)
{
    struct netif       *zone = scope ? netif_of(n, scope - 1) : NULL;
    const struct route *r;

    if ((scope && !zone) || addr_is_any(dst))
        return false;
    if (addr_is_multicast(dst) || net_is_bcast(n, dst))
        return hop_many(n, dst, zone, out);
    out->many = false;
    out->next = *dst;
    if (net_is_local(n, dst)) {
        out->nif = n->lo;
        return n->lo != NULL;
    }
    if (addr_is_loopback(dst))
        return false;
    r = longest(n, dst, zone);
    if (!r)
        return false;
    out->nif = &n->netif[r->netif];
    if (r->has_gw)
        out->next = r->gw;
    return true;
}

/* ---- source selection ---------------------------------------------------
 */

enum { SCOPE_LOOPBACK = 1, SCOPE_LINK = 2, SCOPE_GLOBAL = 14 };

/* RFC 6724 §3.1, §3.2. */
static unsigned scope_of(const struct cw_addr *a)
{
    if (addr_is_multicast(a) && !addr_is4(a))
        return a->b[1] & 0xf;
    if (addr_is_loopback(a) || addr_is_linklocal(a))
        return SCOPE_LINK;
    if (addr_is4(a) && (addr_u4(a) >> 8) == 0xe00000)
        return SCOPE_LINK; /* 224.0.0/24 stays on the link */
    return SCOPE_GLOBAL;
}

/* §5 rules 2 and 8; rule 1 was looked at before, and the host has neither
 * deprecated, mobile nor temporary addresses (3, 4, 7). */
static bool better(const struct netif_addr *a, const struct netif_addr *b,
                   const struct cw_addr *dst)
{
    unsigned sa = scope_of(&a->addr), sb = scope_of(&b->addr);
    unsigned sd = scope_of(dst);

    if (sa < sb)
        return sa >= sd;
    if (sb < sa)
        return sb < sd;
    return MIN(addr_common_bits(&a->addr, dst), (unsigned)a->prefix)
        > MIN(addr_common_bits(&b->addr, dst), (unsigned)b->prefix);
}

static const struct netif_addr *best_of(const struct netif *nif,
                                        const struct cw_addr *dst)
{
    const struct netif_addr *best = NULL;

    for (unsigned i = 0; i < nif->naddr; i++) {
        const struct netif_addr *a = &nif->addr[i];

        if (addr_is4(&a->addr) != addr_is4(dst))
            continue;
        if (!best || better(a, best, dst))
            best = a;
    }
    return best;
}

bool source_select(const struct net *n, const struct netif *nif,
                   const struct cw_addr *dst, struct cw_addr *src)
{
    const struct netif_addr *best = find_local(n, dst); /* rule 1 */

    if (!best)
        best = best_of(nif, dst); /* rule 5 */
    for (unsigned i = 0; !best && i < n->nnetif; i++)
        if (!(n->netif[i].flags & CW_NETIF_LOOPBACK))
            best = best_of(&n->netif[i], dst);
    if (!best)
        return false;
    *src = best->addr;
    return true;
}

/* ---- the transports' question -------------------------------------------
 */

enum why net_path(struct net *n, const struct cw_addr *dst, uint32_t scope,
                  struct cw_addr *src, struct net_dest *dest)
{
    struct hop hop;

    if (!route_hop(n, dst, scope, &hop))
        return WHY_NO_ROUTE;
    if (addr_is_any(src)) {
        if (!source_select(n, hop.nif, dst, src))
            return WHY_NO_ROUTE;
    } else if (addr_is4(src) != addr_is4(dst)) {
        return WHY_NO_ROUTE;
    }
    if (addr_is_loopback(src) && !(hop.nif->flags & CW_NETIF_LOOPBACK))
        return WHY_NO_ROUTE;
    dest->neigh = NULL;
    if (!hop.many && !(hop.nif->flags & CW_NETIF_LOOPBACK)) {
        dest->neigh = neigh_get(n, hop.nif, &hop.next);
        if (!dest->neigh)
            return WHY_NO_MEMORY;
    }
    dest->generation = n->generation;
    dest->netif = hop.nif->index;
    dest->mtu = pmtu_get(n, dst, hop.nif->mtu);
    dest->flags = hop.nif->flags;
    return GO_ON;
}

bool net_dest_ok(const struct net *n, const struct net_dest *dest)
{
    return dest->generation == n->generation;
}
