/* slaac.c: addresses that a host gives itself: RFC 4862, RFC 7217.
 *
 *   Owns:    interface identifiers; the lifetimes of addresses; the timer of
 *            an interface that configures itself.
 *   Identifiers are those of RFC 7217: stable for a prefix and an interface,
 *            different for each prefix, and opaque without the host's secret,
 *            so that they cannot be scanned for nor a host followed by them.
 *            Temporary ones (RFC 8981) are not made: a stack's secret lives
 *            as long as the stack, which for most of ours is one run.
 *   Bounds:  NETIF_ADDR_MAX addresses; prefixes beyond that form none.
 */
#include "net/slaac.h"

#define TWO_HOURS (7200 * NS_S)
#define MAX_DELAY (1 * NS_S) /* MAX_RTR_SOLICITATION_DELAY: RFC 4861 §10 */

/* ---- identifiers ---------------------------------------------------------- */

/* RFC 5453: the subnet-router anycast address, and the reserved ones. */
static bool reserved(uint64_t iid)
{
    return iid == 0
        || (iid >= UINT64_C(0x02005efffe000000)
            && iid <= UINT64_C(0x02005efffe005212))
        || iid >= UINT64_C(0xfdffffffffffff80);
}

/* RFC 7217 §5: F(prefix, interface, DAD_Counter, secret). */
static void form(const struct net *n, const struct netif *nif,
                 struct netif_addr *a)
{
    uint8_t  seed[16] = { 0 };
    uint64_t iid;

    memcpy(seed, a->addr.b, 8);
    memcpy(seed + 8, nif->mac.b, 6);
    seed[15] = a->dad_count;
    do {
        iid = siphash(n->iid_key, seed, sizeof seed);
        seed[14]++;
    } while (reserved(iid));
    be32_store(a->addr.b + 8, (uint32_t)(iid >> 32));
    be32_store(a->addr.b + 12, (uint32_t)iid);
}

void slaac_again(struct net *n, const struct netif *nif, struct netif_addr *a)
{
    INVARIANT(a->formed);
    form(n, nif, a);
}

static cw_ns random_delay(struct net *n)
{
    return (cw_ns)prng_below(&n->conf_rng, (uint64_t)MAX_DELAY);
}

/* A new one from a prefix of 64 bits. */
static struct netif_addr *add(struct net *n, struct netif *nif,
                              const struct cw_addr *prefix)
{
    struct netif_addr *a;

    if (nif->naddr == NETIF_ADDR_MAX)
        return NULL;
    a = &nif->addr[nif->naddr];
    *a = (struct netif_addr){ .prefix = 64,
                              .formed = true,
                              .probe_at = NS_NEVER,
                              .preferred_until = NS_NEVER,
                              .valid_until = NS_NEVER };
    memcpy(a->addr.b, prefix->b, 8);
    form(n, nif, a);
    if (netif_addr_any(nif, &a->addr))
        return NULL;
    nif->naddr++;
    return a;
}

static void drop(struct net *n, struct netif *nif, struct netif_addr *a)
{
    struct netif_addr *end = nif->addr + nif->naddr;

    dad_leave(a);
    a->state = ADDR_DUPLICATE; /* for the event: no longer ours */
    addr_event(n, nif, a, WHY_ADDR_EXPIRED);
    memmove(a, a + 1, (size_t)((char *)end - (char *)(a + 1)));
    nif->naddr--;
    n->generation++;
}

/* ---- what a router's prefix means: §5.5.3 ----------------------------------- */

static cw_ns until(const struct net *n, uint32_t seconds)
{
    return seconds == UINT32_MAX ? NS_NEVER
                                 : ns_add(n->env->now, seconds * NS_S);
}

static struct netif_addr *formed_from(struct netif         *nif,
                                      const struct cw_addr *prefix)
{
    for (unsigned i = 0; i < nif->naddr; i++)
        if (nif->addr[i].formed
            && memcmp(nif->addr[i].addr.b, prefix->b, 8) == 0)
            return &nif->addr[i];
    return NULL;
}

/* (e): an unauthenticated message cannot make an address die within two
 * hours. */
static void prolong(struct net *n, struct netif_addr *a,
                    const struct ndp_prefix *p)
{
    cw_ns valid = until(n, p->valid);
    cw_ns hours = ns_add(n->env->now, TWO_HOURS);

    if (valid > hours || valid > a->valid_until)
        a->valid_until = valid;
    else if (a->valid_until > hours)
        a->valid_until = hours;
    a->preferred_until = ns_min(until(n, p->preferred), a->valid_until);
    n->generation++; /* it may be deprecated now, or no longer */
}

/* [RFC4862-5.5.3-a] */
static void autonomous(struct net *n, struct netif *nif,
                       const struct ndp_prefix *p,
                       const struct cw_addr    *router)
{
    struct netif_addr *a = formed_from(nif, &p->prefix);

    if (a) {
        prolong(n, a, p);
        a->router = *router;
        return;
    }
    if (p->valid == 0 || p->len != 64) /* (d): 64 and 64 make 128 */
        return;
    a = add(n, nif, &p->prefix);
    if (!a)
        return;
    a->valid_until = until(n, p->valid);
    a->preferred_until = until(n, p->preferred);
    a->router = *router;
    dad_begin(n, nif, a, random_delay(n));
}

/* RFC 4861 §6.3.4: on the link while it is valid; without the flag nothing is
 * said about that.  [RFC4861-6.3.4-d] */
static void on_link(struct net *n, const struct netif *nif,
                    const struct ndp_prefix *p)
{
    struct route r = { .dst = p->prefix,
                       .prefix = p->len,
                       .netif = (uint8_t)nif->index,
                       .heard = true,
                       .until = until(n, p->valid) };

    for (unsigned bit = p->len; bit < 128; bit++)
        r.dst.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    (void)route_hear(n, &r); /* too many: through the router, then */
}

void slaac_prefix(struct net *n, struct netif *nif,
                  const struct ndp_prefix *p, const struct cw_addr *router)
{
    if (addr_is_linklocal(&p->prefix) || addr_is_multicast(&p->prefix)
        || addr_is4(&p->prefix))
        return; /* (b) */
    if (p->onlink)
        on_link(n, nif, p);
    if (p->autonomous)
        autonomous(n, nif, p, router);
}

/* ---- time -------------------------------------------------------------------- */

void slaac_init(struct net *n, struct netif *nif)
{
    (void)n;
    wheel_setup(&nif->conf_timer, TIMER_CONF);
    nif->rs_at = NS_NEVER;
}

/* §5.3: first an address for the link. */
void slaac_start(struct net *n, struct netif *nif)
{
    static const struct cw_addr link = { { 0xfe, 0x80 } };
    struct route                r = { .dst = link,
                                      .prefix = 64,
                                      .netif = (uint8_t)nif->index };
    struct netif_addr          *a = add(n, nif, &link);

    INVARIANT(a); /* it is the first */
    (void)net_route_add(n, &r.dst, r.prefix, NULL, nif->index);
    dad_begin(n, nif, a, random_delay(n));
}

static cw_ns addr_next(const struct net *n, const struct netif_addr *a)
{
    cw_ns next = ns_min(a->probe_at, a->valid_until);

    return a->preferred_until > n->env->now ? ns_min(next, a->preferred_until)
                                            : next;
}

void conf_arm(struct net *n, struct netif *nif)
{
    cw_ns next = nif->rs_at;

    for (unsigned i = 0; i < nif->naddr; i++)
        next = ns_min(next, addr_next(n, &nif->addr[i]));
    for (unsigned i = 0; i < n->nroute; i++)
        if (n->route[i].netif == nif->index)
            next = ns_min(next, n->route[i].until);
    wheel_arm(&n->env->wheel, &nif->conf_timer, next);
}

/* [RFC4862-5.5.4-a] */
static void addr_step(struct net *n, struct netif *nif, struct netif_addr *a)
{
    cw_ns now = n->env->now;

    if (a->valid_until <= now) {
        drop(n, nif, a);
        return;
    }
    if (a->preferred_until <= now)
        n->generation++; /* deprecated: others are preferred */
    if (a->probe_at <= now)
        dad_step(n, nif, a);
}

void conf_timeout(struct net *n, struct wtimer *t)
{
    struct netif *nif = container_of(t, struct netif, conf_timer);

    for (unsigned i = nif->naddr; i-- > 0;)
        addr_step(n, nif, &nif->addr[i]);
    for (unsigned i = n->nroute; i-- > 0;)
        if (n->route[i].netif == nif->index
            && n->route[i].until <= n->env->now)
            route_forget(n, i);
    if (nif->rs_at <= n->env->now)
        rs_step(n, nif);
    conf_arm(n, nif);
}
