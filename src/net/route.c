/* route.c: where packets go next.
 *
 *   Owns:    the route table, longest prefix first; of several ways with the
 *            same prefix, the one whose gateway answers (RFC 1122 §3.3.1.2 to
 *            §3.3.1.5, RFC 4861 §6.3.6).
 *   Rules:   an address of ours is reached through the loopback interface,
 *            and 127/8 and ::1 by nothing else (RFC 1122 §3.2.1.3 (g)); a
 *            group leaves by the zone, else by a route, else by the first
 *            interface of its family.
 *   RFC 1122 §3.3.1, RFC 4861 §5.2.
 */
#include "net/neigh.h"

/* ---- questions about addresses ----------------------------------------- */

const struct netif_addr *addr_local(const struct net     *n,
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
    return addr_local(n, a) != NULL;
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

static int insert(struct net *n, const struct route *r)
{
    uint32_t at = 0;

    if (n->nroute == ROUTE_MAX)
        return -CW_ENOBUFS;
    while (at < n->nroute && n->route[at].prefix >= r->prefix)
        at++;
    memmove(&n->route[at + 1], &n->route[at],
            (n->nroute - at) * sizeof n->route[0]);
    n->route[at] = *r;
    n->nroute++;
    n->generation++;
    return 0;
}

/* [RFC1122-3.3.1.6-a] [RFC1122-3.2.1.3-a] [RFC1122-3.3.1.1-a] */
int net_route_add(struct net *n, const struct cw_addr *dst, unsigned prefix,
                  const struct cw_addr *gw, unsigned netif)
{
    struct route r = { .prefix = (uint8_t)prefix,
                       .netif = (uint8_t)netif,
                       .has_gw = gw != NULL,
                       .until = NS_NEVER };

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
    return insert(n, &r);
}

void route_forget(struct net *n, uint32_t i)
{
    INVARIANT(i < n->nroute);
    n->nroute--;
    memmove(&n->route[i], &n->route[i + 1],
            (n->nroute - i) * sizeof n->route[0]);
    n->generation++; /* RFC 4861 §6.3.5: next hops are chosen anew */
}

static bool same_way(const struct route *a, const struct route *b)
{
    return a->prefix == b->prefix && a->netif == b->netif
        && a->has_gw == b->has_gw && addr_eq(&a->dst, &b->dst)
        && (!a->has_gw || addr_eq(&a->gw, &b->gw));
}

int route_hear(struct net *n, const struct route *r)
{
    unsigned heard = 0;
    bool     gone = r->until <= n->env->now;

    INVARIANT(r->heard);
    for (uint32_t i = 0; i < n->nroute; i++) {
        struct route *old = &n->route[i];

        if (same_way(old, r)) {
            if (!old->heard) /* set by hand: nobody takes it away */
                return 0;
            if (gone)
                route_forget(n, i);
            else
                old->until = r->until;
            return 0;
        }
        heard += old->heard;
    }
    if (gone)
        return 0;
    return heard < RA_ROUTES_MAX ? insert(n, r) : -CW_ENOBUFS;
}

void route_dead(struct net *n, const struct netif *nif,
                const struct cw_addr *gw)
{
    for (uint32_t i = 0; i < REDIRECT_MAX; i++) {
        struct redirect *r = &n->redirect[i];

        if (r->used && r->netif == nif->index && addr_eq(&r->gw, gw)) {
            r->used = false;
            n->generation++;
        }
    }
    for (uint32_t i = 0; i < n->nroute; i++)
        if (n->route[i].has_gw && n->route[i].netif == nif->index
            && addr_eq(&n->route[i].gw, gw)) {
            n->router_turn++;
            n->generation++; /* RFC 1122 §3.3.1.4 */
            return;
        }
}

/* Does the first hop answer?  2: it has; 1: nobody knows; 0: it does not. */
static unsigned answers(const struct net *n, const struct route *r)
{
    const struct neigh *ne;

    if (!r->has_gw)
        return 2;
    ne = neigh_find(n, &n->netif[r->netif], &r->gw);
    if (!ne)
        return 1;
    if (ne->state == NEIGH_FAILED)
        return 0;
    return neigh_has_mac(ne) ? 2 : 1;
}

static bool suits(const struct net *n, const struct route *r,
                  const struct cw_addr *dst, const struct netif *only)
{
    return (!only || r->netif == only->index) && r->until > n->env->now
        && addr_in_prefix(dst, &r->dst, r->prefix);
}

/* Nobody answers: each is tried in turn.  [RFC4861-6.3.6-a] */
static const struct route *in_turn(const struct net     *n,
                                   const struct route   *first,
                                   const struct cw_addr *dst,
                                   const struct netif   *only)
{
    const struct route *end = n->route + n->nroute;
    uint32_t            members = 0, pick;

    for (const struct route *r = first; r < end; r++)
        members += r->prefix == first->prefix && suits(n, r, dst, only);
    INVARIANT(members > 0);
    pick = n->router_turn % members;
    for (const struct route *r = first; r < end; r++)
        if (r->prefix == first->prefix && suits(n, r, dst, only)
            && pick-- == 0)
            return r;
    return first;
}

/* RFC 1122 §3.3.1.2, §3.3.1.5: several gateways, of which one that answers
 * is used. [RFC1122-3.3.1.2-a] [RFC1122-3.3.1.5-a] */
static const struct route *longest(const struct net     *n,
                                   const struct cw_addr *dst,
                                   const struct netif   *only)
{
    const struct route *best = NULL, *first = NULL;
    unsigned            top = 0;

    for (unsigned i = 0; i < n->nroute; i++) {
        const struct route *r = &n->route[i];
        unsigned            score;

        if (first && r->prefix < first->prefix)
            break;
        if (!suits(n, r, dst, only))
            continue;
        first = first ?: r;
        score = answers(n, r);
        if (score > top) {
            top = score;
            best = r;
        }
    }
    return best || !first ? best : in_turn(n, first, dst, only);
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
    out->nif = zone ? zone
        : r         ? &n->netif[r->netif]
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
    if (addr_is_loopback(dst)) /* [RFC1122-3.2.1.3-d] */
        return false;
    r = longest(n, dst, zone);
    if (!r)
        return false;
    out->nif = &n->netif[r->netif];
    if (r->has_gw)
        out->next = r->gw;
    redirect_apply(n, out->nif, dst, &out->next);
    return true;
}

/* ---- the transports' question -------------------------------------------
 */

enum why net_path(struct net *n, const struct cw_addr *dst, uint32_t scope,
                  struct cw_addr *src, struct net_dest *dest)
{
    struct hop hop;

    pmtu_age(n);
    if (!route_hop(n, dst, scope, &hop))
        return WHY_NO_ROUTE;
    if (addr_is_any(src)) {
        if (!source_select(n, &hop, dst, src))
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
    dest->netif = (uint8_t)hop.nif->index;
    dest->flags = (uint8_t)hop.nif->flags;
    pmtu_path(n, dst, &hop, dest);
    return GO_ON;
}

bool net_dest_ok(const struct net *n, const struct net_dest *dest)
{
    return dest->generation == n->generation && n->env->now < n->pmtu_due;
}
