/* dad.c: is an address somebody else's?  RFC 4862 §5.4.
 *
 *   Owns:    the way of an address from tentative to assigned or duplicate.
 *   Runs     on interfaces that configure themselves (CW_NETIF_AUTOCONF); in
 *            labs, where addresses are given and neighbours known, nobody is
 *            asked.
 *   Invariant: nothing is sent from a tentative address, and nothing taken
 *              for it, as netif_addr_find() does not find it.
 */
#include "net/ndp.h"
#include "net/slaac.h"

enum {
    TRANSMITS = 1,     /* DupAddrDetectTransmits: §5.1 */
    IDGEN_RETRIES = 3, /* RFC 7217 §6 */
};
#define IDGEN_DELAY   (1 * NS_S)
#define RETRANS_TIMER (1 * NS_S) /* RFC 4861 §10 */

void addr_event(struct net *n, const struct netif *nif,
                const struct netif_addr *a, enum why why)
{
    struct cw_event ev = { .kind = EV_ADDR,
                           .sub = a->state,
                           .why = (uint16_t)why,
                           .v = { be64_load(a->addr.b),
                                  be64_load(a->addr.b + 8), nif->index,
                                  a->state } };

    if (env_observed(n->env))
        env_event(n->env, &ev);
}

void dad_begin(struct net *n, struct netif *nif, struct netif_addr *a,
               cw_ns first)
{
    a->state = ADDR_TENTATIVE;
    a->probes = 0;
    a->probe_at = ns_add(n->env->now, first);
    addr_event(n, nif, a, WHY_NONE);
    conf_arm(n, nif);
}

void dad_leave(struct netif_addr *a)
{
    if (a->group)
        net_group_leave(a->group);
    a->group = NULL;
}

/* §5.4.2: the group first, so that who asks for the same is heard; that the
 * table of groups is full must not keep an address from being used.
 * [RFC4861-7.2.1-a] */
static void join(struct net *n, struct netif *nif, struct netif_addr *a)
{
    const struct net_filter all = { .exclude = true };
    struct cw_addr          group = ndp_solicited_node(&a->addr);

    if (!a->group)
        (void)net_group_join(n, nif->index, &group, &all, &a->group);
}

/* [RFC4862-5.4-a] */
void dad_step(struct net *n, struct netif *nif, struct netif_addr *a)
{
    INVARIANT(a->state == ADDR_TENTATIVE);
    if (a->probes < TRANSMITS) {
        join(n, nif, a);
        ndp_probe(n, nif, &a->addr);
        a->probes++;
        a->probe_at = ns_add(n->env->now, nif->retrans ?: RETRANS_TIMER);
        return;
    }
    a->state = ADDR_ASSIGNED;
    a->probe_at = NS_NEVER;
    n->generation++;
    addr_event(n, nif, a, WHY_NONE);
    /* RFC 4861 §6.3.7: with an address a router can answer us alone. */
    if (addr_is_linklocal(&a->addr) && nif->rs_sent == 0)
        nif->rs_at = n->env->now;
}

/* §5.4.5; what we had formed ourselves we form again (RFC 7217 §6). */
void dad_failed(struct net *n, struct netif *nif, struct netif_addr *a)
{
    INVARIANT(a->state == ADDR_TENTATIVE);
    dad_leave(a);
    a->state = ADDR_DUPLICATE;
    a->probe_at = NS_NEVER;
    addr_event(n, nif, a, WHY_ADDR_DUPLICATE);
    if (a->formed && a->dad_count < IDGEN_RETRIES) {
        a->dad_count++;
        slaac_again(n, nif, a);
        dad_begin(n, nif, a, IDGEN_DELAY);
    }
    conf_arm(n, nif);
}
