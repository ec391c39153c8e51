/* pmtu.c: what is known of paths that carry less than their first link.
 *
 *   Owns:    at most PMTU_MAX destinations; the one that would be forgotten
 *            first makes room.
 *   Invariant: an entry only ever lowers what the interface allows, and is
 *            forgotten after ten minutes (RFC 1191 §6.3, RFC 8201 §5.3).
 *   Does not decide whether an ICMP message is to be believed: icmp_err.c.
 */
#include "net/core.h"

#define PMTU_LIFE (600 * NS_S)

static int find(const struct net *n, const struct cw_addr *dst)
{
    for (unsigned i = 0; i < PMTU_MAX; i++)
        if (n->pmtu[i].mtu > 0 && addr_eq(&n->pmtu[i].dst, dst))
            return (int)i;
    return -1;
}

uint16_t pmtu_get(const struct net *n, const struct cw_addr *dst,
                  uint16_t mtu)
{
    int at = find(n, dst);

    if (at < 0 || n->pmtu[at].until <= n->env->now)
        return mtu;
    return MIN(n->pmtu[at].mtu, mtu);
}

/* Free, or the next to be forgotten. */
static struct pmtu *slot_for(struct net *n, const struct cw_addr *dst)
{
    struct pmtu *best = &n->pmtu[0];
    int          at = find(n, dst);

    if (at >= 0)
        return &n->pmtu[at];
    for (unsigned i = 1; i < PMTU_MAX; i++) {
        struct pmtu *e = &n->pmtu[i];

        if (best->mtu > 0 && (e->mtu == 0 || e->until < best->until))
            best = e;
    }
    best->mtu = 0;
    return best;
}

/* RFC 1191 §3: never below a floor (Linux's min_pmtu: an attacker must not
 * make headers outweigh data), never up.  RFC 8201 §4: what is below IPv6's
 * minimum is not believed at all. */
void pmtu_put(struct net *n, const struct cw_addr *dst, uint32_t mtu)
{
    struct pmtu *e;

    if (addr_is4(dst))
        mtu = MAX(mtu, (uint32_t)PMTU_MIN4);
    else if (mtu < IP6_MTU_MIN)
        return;
    if (mtu >= pmtu_get(n, dst, UINT16_MAX))
        return;
    e = slot_for(n, dst);
    e->dst = *dst;
    e->mtu = (uint16_t)mtu;
    e->until = ns_add(n->env->now, PMTU_LIFE);
    n->generation++;
}

/* RFC 1191 §7: a router that does not say what fits leaves us to guess the
 * next smaller of the sizes that links have. */
uint32_t pmtu_plateau(uint32_t len)
{
    static const uint16_t sizes[] = { 32000, 17914, 8166, 4352, 2002,
                                      1492,  1006,  508,  296 };

    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
        if (sizes[i] < len)
            return sizes[i];
    return 68;
}
