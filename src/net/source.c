/* source.c: which of our addresses a packet comes from: RFC 6724 §5.
 *
 *   Owns:    the rules, in order, and the default policy table (§2.1).
 *   Without  rule 4 (no mobile nodes) and rule 7 (no temporary addresses, see
 *            slaac.c).
 *   IPv4 goes by the same rules, as §3.2 and §2.1 map it; RFC 1122 §3.3.4.3
 *   asks for the outgoing interface's address, which is rule 5.
 */
#include "net/core.h"

enum { SCOPE_LINK = 2, SCOPE_GLOBAL = 14 };

/* §3.1, §3.2. */
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

static const struct {
    struct cw_addr prefix;
    uint8_t        len, label;
} policy[] = {
    { { { [15] = 1 } }, 128, 0 },   { { { 0x20, 0x02 } }, 16, 2 }, /* 6to4 */
    { { { 0x20, 0x01 } }, 32, 5 },  /* Teredo */
    { { { 0xfc } }, 7, 13 },        /* unique local */
    { { { 0xfe, 0xc0 } }, 10, 11 }, /* site-local, deprecated */
    { { { 0x3f, 0xfe } }, 16, 12 }, /* 6bone, returned */
    { { { 0 } }, 96, 3 },           /* IPv4-compatible, deprecated */
};

enum { LABEL_OTHER = 1, LABEL_IP4 = 4 };

static unsigned label_of(const struct cw_addr *a)
{
    if (addr_is4(a))
        return LABEL_IP4;
    for (size_t i = 0; i < ARRAY_LEN(policy); i++)
        if (addr_in_prefix(a, &policy[i].prefix, policy[i].len))
            return policy[i].label;
    return LABEL_OTHER;
}

/* Rule 2: > 0: a. */
static int by_scope(const struct netif_addr *a, const struct netif_addr *b,
                    const struct cw_addr *dst)
{
    unsigned sa = scope_of(&a->addr), sb = scope_of(&b->addr);
    unsigned sd = scope_of(dst);

    if (sa == sb)
        return 0;
    if (sa < sb)
        return sa < sd ? -1 : 1;
    return sb < sd ? 1 : -1;
}

static bool deprecated(const struct net *n, const struct netif_addr *a)
{
    return a->preferred_until <= n->env->now;
}

static unsigned common(const struct netif_addr *a, const struct cw_addr *dst)
{
    return MIN(addr_common_bits(&a->addr, dst), (unsigned)a->prefix);
}

/* Rules 2 to 8; rules 1 and 5 were looked at before. */
static bool better(const struct net *n, const struct hop *hop,
                   const struct netif_addr *a, const struct netif_addr *b,
                   const struct cw_addr *dst)
{
    int      scope = by_scope(a, b, dst);
    bool     la, lb;
    unsigned label = label_of(dst);

    if (scope != 0)
        return scope > 0;
    la = deprecated(n, a); /* rule 3 [RFC4862-5.5.4-a] */
    lb = deprecated(n, b);
    if (la != lb)
        return lb;
    la = addr_eq(&a->router, &hop->next); /* rule 5.5 */
    lb = addr_eq(&b->router, &hop->next);
    if (la != lb)
        return la;
    la = label_of(&a->addr) == label; /* rule 6 */
    lb = label_of(&b->addr) == label;
    if (la != lb)
        return la;
    return common(a, dst) > common(b, dst); /* rule 8 */
}

static const struct netif_addr *best_of(const struct net     *n,
                                        const struct netif   *nif,
                                        const struct hop     *hop,
                                        const struct cw_addr *dst)
{
    const struct netif_addr *best = NULL;

    for (unsigned i = 0; i < nif->naddr; i++) {
        const struct netif_addr *a = &nif->addr[i];

        if (addr_is4(&a->addr) != addr_is4(dst) || a->state != ADDR_ASSIGNED)
            continue;
        if (!best || better(n, hop, a, best, dst))
            best = a;
    }
    return best;
}

/* [RFC1122-3.2.1.3-e] */
bool source_select(const struct net *n, const struct hop *out,
                   const struct cw_addr *dst, struct cw_addr *src)
{
    const struct netif_addr *best = addr_local(n, dst); /* rule 1 */

    if (!best)
        best = best_of(n, out->nif, out, dst); /* rule 5 */
    for (unsigned i = 0; !best && i < n->nnetif; i++)
        if (!(n->netif[i].flags & CW_NETIF_LOOPBACK))
            best = best_of(n, &n->netif[i], out, dst);
    if (!best)
        return false;
    *src = best->addr;
    return true;
}
