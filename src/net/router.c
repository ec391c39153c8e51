/* router.c: routers: a host asks for them and believes what they say of the
 * link: RFC 4861 §6.3.
 *
 *   Owns:    solicitations; default routers and the link's parameters.
 *   Does not check a message's form (wire/ndphdr.c), choose among routers
 *            (route.c), or form addresses (slaac.c).
 *   Only     on interfaces that configure themselves.  No solicitation is
 *            answered, and no advertisement sent (§6.2.4, [RFC4861-6.1.1-a]).
 */
#include "net/ndp.h"
#include "net/neigh.h"
#include "net/slaac.h"

enum {
    RS_MAX = 3,                 /* MAX_RTR_SOLICITATIONS: §10 */
    REACHABLE_MS_MAX = 3600000, /* §6.2.1 */
};
#define RS_INTERVAL (4 * NS_S)

/* §6.3.7. [RFC4861-6.3.7-a] */
void rs_step(struct net *n, struct netif *nif)
{
    ndp_solicit(n, nif);
    nif->rs_sent++;
    nif->rs_at = nif->rs_sent < RS_MAX ? ns_add(n->env->now, RS_INTERVAL)
                                       : NS_NEVER;
}

/* A router has spoken. */
static void rs_done(struct netif *nif)
{
    nif->rs_sent = RS_MAX;
    nif->rs_at = NS_NEVER;
}

static int hear_router(struct net *n, const struct netif *nif,
                       const struct cw_addr *gw, cw_ns until)
{
    struct route r = { .gw = *gw,
                       .has_gw = true,
                       .heard = true,
                       .netif = (uint8_t)nif->index,
                       .until = until };

    return route_hear(n, &r);
}

void router_is_none(struct net *n, const struct netif *nif,
                    const struct cw_addr *a)
{
    (void)hear_router(n, nif, a, n->env->now);
}

/* §6.3.4: what is not specified leaves what was said before.
 * [RFC4861-6.3.4-a] [RFC4861-6.3.4-c] */
static void take_parameters(struct net *n, struct netif *nif,
                            const struct ndp_repr *ra)
{
    if (ra->hop_limit > 0)
        nif->hop_limit = ra->hop_limit;
    if (ra->reachable > 0 && ra->reachable <= REACHABLE_MS_MAX)
        nif->reachable = ra->reachable * NS_MS;
    if (ra->retrans > 0 && ra->retrans <= REACHABLE_MS_MAX)
        nif->retrans = ra->retrans * NS_MS;
    if (ra->has_mtu && ra->mtu >= IP6_MTU_MIN && ra->mtu <= nif->mtu
        && nif->mtu6 != ra->mtu) {
        nif->mtu6 = (uint16_t)ra->mtu;
        n->generation++;
    }
}

enum why ra_in(struct net *n, struct ip_in *in, const struct ndp_repr *ra)
{
    struct netif *nif = in->nif;
    cw_ns         until = ns_add(n->env->now, ra->lifetime * NS_S);
    struct neigh *ne;

    if (!(nif->flags & CW_NETIF_AUTOCONF))
        return WHY_ICMP_UNHANDLED;
    take_parameters(n, nif, ra);
    if (ra->has_slla && !mac_is_group(&ra->slla)) {
        ne = neigh_get(n, nif, &in->rx.src);
        if (ne)
            neigh_heard(n, ne, &ra->slla);
    }
    /* [RFC4861-6.3.4-b] */
    if (hear_router(n, nif, &in->rx.src, until) == 0 && ra->lifetime > 0)
        rs_done(nif);
    for (unsigned i = 0; i < ra->nprefix; i++)
        slaac_prefix(n, nif, &ra->prefix[i], &in->rx.src);
    conf_arm(n, nif);
    return GO_ON;
}
