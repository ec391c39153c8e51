/* pmtu.c: what is known of paths that carry less than their first link.
 *
 *   Owns:    at most PMTU_PATHS_MAX destinations; the one that would be
 *            forgotten first makes room.
 *   Invariant: an entry only ever lowers what the interface allows, and is
 *            forgotten after pmtu_life (RFC 1191 §6.3, RFC 8201 §5.3); then
 *            what others remember of any path is out of date.
 *   Does not decide whether an ICMP message is to be believed: icmp_err.c.
 */
#include "net/core.h"

enum { EMTU_S4 = 576 };

void net_pmtu_config(struct net *n, const struct cw_config *c)
{
    INVARIANT(c->pmtu_floor4 >= PMTU_FLOOR4_MIN);
    INVARIANT(c->pmtu_life >= PMTU_LIFE_MIN);
    n->pmtu_floor4 = c->pmtu_floor4;
    n->pmtu_life = c->pmtu_life;
    n->no_pmtud = c->no_pmtud;
}

/* RFC8201-5.2-a: a path is a destination. */
static int find(const struct net *n, const struct cw_addr *dst)
{
    for (unsigned i = 0; i < PMTU_PATHS_MAX; i++)
        if (n->pmtu[i].mtu > 0 && addr_eq(&n->pmtu[i].dst, dst))
            return (int)i;
    return -1;
}

/* RFC1122-3.3.3-c, RFC8201-1-a: a host that asks nobody sends what every
 * path carries, in one piece or several. */
static void careful(const struct cw_addr *dst, const struct hop *hop,
                    struct net_dest *dest)
{
    uint16_t most = addr_is4(dst) ? EMTU_S4 : IP6_MTU_MIN;

    dest->flags |= NET_DEST_LOCKED;
    if (!addr_eq(&hop->next, dst) && !hop->many)
        dest->mtu = MIN(dest->mtu, most);
}

void pmtu_path(const struct net *n, const struct cw_addr *dst,
               const struct hop *hop, struct net_dest *dest)
{
    int at = find(n, dst);

    dest->mtu = netif_mtu(hop->nif, dst);
    if (n->no_pmtud) {
        careful(dst, hop, dest);
    } else if (at >= 0) {
        dest->mtu = MIN(dest->mtu, n->pmtu[at].mtu);
        if (n->pmtu[at].locked)
            dest->flags |= NET_DEST_LOCKED;
    }
}

uint32_t net_dest_mtu(const struct net *n, const struct net_dest *dest,
                      unsigned pmtudisc)
{
    INVARIANT(dest->netif < n->nnetif);
    return pmtudisc < CW_PMTUDISC_PROBE ? dest->mtu
                                        : n->netif[dest->netif].mtu;
}

static void find_due(struct net *n)
{
    n->pmtu_due = NS_NEVER;
    for (unsigned i = 0; i < PMTU_PATHS_MAX; i++)
        if (n->pmtu[i].mtu > 0)
            n->pmtu_due = ns_min(n->pmtu_due, n->pmtu[i].until);
}

/* RFC1191-3-c, RFC8201-5.3-a: the estimate goes up again only so. */
void pmtu_age(struct net *n)
{
    if (n->env->now < n->pmtu_due)
        return;
    for (unsigned i = 0; i < PMTU_PATHS_MAX; i++)
        if (n->pmtu[i].until <= n->env->now)
            n->pmtu[i].mtu = 0;
    find_due(n);
    n->generation++;
    INVARIANT(n->env->now < n->pmtu_due);
}

/* Free, or the next to be forgotten. */
static struct pmtu *slot_for(struct net *n, const struct cw_addr *dst)
{
    struct pmtu *best = &n->pmtu[0];
    int          at = find(n, dst);

    if (at >= 0)
        return &n->pmtu[at];
    for (unsigned i = 1; i < PMTU_PATHS_MAX; i++) {
        struct pmtu *e = &n->pmtu[i];

        if (best->mtu > 0 && (e->mtu == 0 || e->until < best->until))
            best = e;
    }
    best->mtu = 0;
    return best;
}

/* Does it say nothing that is less? */
static bool known(const struct net *n, const struct cw_addr *dst,
                  uint32_t mtu, bool locked)
{
    int                at = find(n, dst);
    const struct pmtu *e = at >= 0 ? &n->pmtu[at] : NULL;

    return e && (e->mtu < mtu || (e->mtu == mtu && e->locked >= locked));
}

/* RFC1191-3-a: never below a floor (an attacker must not make headers
 * outweigh data), and never up.  What is told below the floor is believed in
 * so far that routers may fragment. [RFC8201-5.2-a] */
void pmtu_put(struct net *n, const struct cw_addr *dst, uint32_t mtu)
{
    uint32_t     floor = addr_is4(dst) ? n->pmtu_floor4 : IP6_MTU_MIN;
    bool         locked = mtu < floor;
    struct pmtu *e;

    pmtu_age(n);
    INVARIANT(!locked || addr_is4(dst)); /* icmp_err.c: RFC 8201 §4 */
    mtu = MAX(mtu, floor);
    if (n->no_pmtud || known(n, dst, mtu, locked))
        return;
    e = slot_for(n, dst);
    e->dst = *dst;
    e->mtu = (uint16_t)MIN(mtu, (uint32_t)UINT16_MAX);
    e->locked = locked;
    e->until = ns_add(n->env->now, n->pmtu_life);
    find_due(n);
    n->generation++;
    env_count(n->env, COUNT_IP_PMTU_DECREASES);
}

/* RFC1191-3-b, §7: a router that does not say what fits leaves us to guess
 * the next smaller of the sizes that links have. */
uint32_t pmtu_plateau(uint32_t len)
{
    static const uint16_t sizes[] = { 32000, 17914, 8166, 4352, 2002,
                                      1492,  1006,  508,  296 };

    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
        if (sizes[i] < len)
            return sizes[i];
    return PMTU_FLOOR4_MIN;
}
