/* redirect.c: a router says that another first hop is better for a
 * destination: RFC 1122 §3.2.2.2, RFC 4861 §8.
 *
 *   Owns:    REDIRECT_MAX destinations; a new one takes the oldest's place.
 *   Believes only the first hop that is in use for the destination, about a
 *            new one on the same link (RFC 1122 §3.2.2.2, RFC 4861 §8.1); a
 *            first hop that does not answer is forgotten (route_dead()).
 *   No redirect is ever sent (RFC 1122 §3.2.2.2).
 */
#include "net/neigh.h"
#include "wire/icmp4hdr.h"

static struct redirect *find(struct net *n, const struct cw_addr *dst,
                             const struct netif *nif)
{
    for (unsigned i = 0; i < REDIRECT_MAX; i++) {
        struct redirect *r = &n->redirect[i];

        if (r->used && r->netif == nif->index && addr_eq(&r->dst, dst))
            return r;
    }
    return NULL;
}

static struct redirect *take_slot(struct net *n, const struct cw_addr *dst,
                                  const struct netif *nif)
{
    return find(n, dst, nif)
        ?: &n->redirect[n->redirect_next++ % REDIRECT_MAX];
}

void redirect_apply(const struct net *n, const struct netif *nif,
                    const struct cw_addr *dst, struct cw_addr *next)
{
    for (unsigned i = 0; i < REDIRECT_MAX; i++) {
        const struct redirect *r = &n->redirect[i];

        if (r->used && r->netif == nif->index && addr_eq(&r->dst, dst)
            && addr_eq(&r->from, next)) {
            *next = r->gw;
            return;
        }
    }
}

/* The route that redirects stand on, and the first hop in use. */
static bool hops(struct net *n, const struct netif *nif,
                 const struct cw_addr *dst, struct cw_addr *from,
                 struct cw_addr *now)
{
    struct redirect *r = find(n, dst, nif);
    bool             used = r && r->used;
    struct hop       hop;
    bool             ok;

    if (r) /* what the routes alone say */
        r->used = false;
    ok = route_hop(n, dst, nif->index + 1u, &hop) && !hop.many
        && hop.nif == nif;
    if (r)
        r->used = used;
    if (!ok)
        return false;
    *from = *now = hop.next;
    redirect_apply(n, nif, dst, now);
    return true;
}

static bool on_link(const struct netif *nif, const struct cw_addr *a)
{
    if (!addr_is4(a))
        return true; /* it is link-local, or the destination itself */
    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_is4(&nif->addr[i].addr)
            && addr_in_prefix(a, &nif->addr[i].addr, nif->addr[i].prefix))
            return true;
    return false;
}

enum why redirect_in(struct net *n, struct ip_in *in,
                     const struct cw_addr *dst, const struct cw_addr *gw)
{
    struct netif    *nif = in->nif;
    struct redirect *r;
    struct cw_addr   from, now;

    if (nif->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP))
        return WHY_ICMP_UNHANDLED;
    if (addr_is_multicast(gw) || addr_is_any(gw) || netif_is_bcast(nif, gw)
        || net_is_local(n, gw) || !on_link(nif, gw)
        || !hops(n, nif, dst, &from, &now) || !addr_eq(&now, &in->rx.src))
        return WHY_ICMP_NO_MATCH;
    r = take_slot(n, dst, nif);
    *r = (struct redirect){ .dst = *dst,
                            .gw = *gw,
                            .from = from,
                            .netif = (uint8_t)nif->index,
                            .used = true };
    n->generation++;
    return GO_ON;
}

/* RFC 792: the quoted datagram, which was ours, names the destination.
 * Redirects for a net are taken for the host (RFC 1122 §3.2.2.2). */
enum why redirect4_in(struct net *n, struct ip_in *in, uint32_t gw)
{
    struct net_rx  *rx = &in->rx;
    uint32_t        at = rx->off + ICMP_HDR_LEN;
    uint32_t        len = MIN(rx->len - ICMP_HDR_LEN, (uint32_t)IP4_HDR_MAX);
    struct cw_addr  to = addr4(gw);
    struct ip4_repr ip;

    if (net_head(n, rx->pkt, at + len) != GO_ON)
        return WHY_NO_MEMORY;
    if (ip4hdr_parse_quote(span_of(pkt_head(rx->pkt) + at, len), &ip)
        != GO_ON)
        return WHY_ICMP_BAD;
    if (!net_is_local(n, &ip.src))
        return WHY_ICMP_NO_MATCH;
    return redirect_in(n, in, &ip.dst, &to);
}
