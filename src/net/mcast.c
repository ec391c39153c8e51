/* mcast.c: which groups this host listens to: RFC 1112 §7, RFC 3376 §3.
 *
 * A member is one socket's wish for one group on one interface: all sources
 * but some, or some only.  A group's members together are what the interface
 * wants: a packet is let in if one of them wants it, and goes to those
 * sockets that do (udp/).  What routers are told follows from the members,
 * too, so that nothing is kept twice.
 *
 *   Owns:    members and groups; loopback copies.
 *   Bounds:  MCAST_GROUPS_MAX groups a host, MCAST_SOURCES_MAX sources a
 *            member, MCAST_LOOP_MAX copies at a time.
 *   Does not tell anybody: mcast_report.c.
 */
#include "net/mcast.h"

void mcast_init(struct net *n)
{
    slab_init(&n->groups, n->env->arena, sizeof(struct mgroup));
    slab_init(&n->members, n->env->arena, sizeof(struct net_member));
    n->group_rng = prng_stream(n->env->seed, n->env->host, "groups");
}

void mcast_netif(struct netif *nif, struct net *n)
{
    list_init(&nif->groups);
    for (unsigned i = 0; i < ARRAY_LEN(nif->mlink); i++) {
        nif->mlink[i].net = n;
        nif->mlink[i].nif = nif;
        wheel_setup(&nif->mlink[i].timer, TIMER_GROUP_LINK);
    }
}

static void free_group(struct mgroup *g)
{
    INVARIANT(list_empty(&g->members));
    wheel_cancel(&g->net->env->wheel, &g->timer);
    list_del(&g->link);
    g->net->ngroup--;
    slab_put(g);
}

void mcast_fini(struct net *n)
{
    struct list *l, *m;

    pktq_clear(&n->loopq);
    for (unsigned i = 0; i < n->nnetif; i++) {
        wheel_cancel(&n->env->wheel, &n->netif[i].mlink[0].timer);
        wheel_cancel(&n->env->wheel, &n->netif[i].mlink[1].timer);
        while ((l = list_first(&n->netif[i].groups)) != NULL) {
            struct mgroup *g = list_entry(l, struct mgroup, link);

            while ((m = list_pop(&g->members)) != NULL)
                slab_put(list_entry(m, struct net_member, link));
            free_group(g);
        }
    }
}

struct mgroup *mcast_find(const struct netif   *nif,
                          const struct cw_addr *group)
{
    list_each (l, &nif->groups) {
        struct mgroup *g = list_entry(l, struct mgroup, link);

        if (addr_eq(&g->addr, group))
            return g;
    }
    return NULL;
}

/* ---- what is wanted ------------------------------------------------------- */

static bool holds(const struct cw_addr *set, unsigned n,
                  const struct cw_addr *a)
{
    for (unsigned i = 0; i < n; i++)
        if (addr_eq(&set[i], a))
            return true;
    return false;
}

bool net_filter_allows(const struct net_filter *f, const struct cw_addr *src)
{
    return holds(f->src, f->nsrc, src) != f->exclude;
}

bool mcast_hears(const struct netif *nif, const struct cw_addr *group)
{
    const struct mgroup *g = mcast_find(nif, group);

    return netif_in_group(nif, group) || (g && !list_empty(&g->members));
}

bool net_group_wants(struct net *n, const struct net_rx *rx)
{
    return mcast_wanted(netif_of(n, rx->netif), &rx->dst, &rx->src);
}

bool mcast_wanted(const struct netif *nif, const struct cw_addr *group,
                  const struct cw_addr *src)
{
    const struct mgroup *g = mcast_find(nif, group);

    if (netif_in_group(nif, group))
        return true;
    if (!g)
        return false;
    list_each (l, &g->members)
        if (net_filter_allows(&list_entry(l, struct net_member, link)->filter,
                              src))
            return true;
    return false;
}

/* RFC 1112 §6.4, RFC 2464 §7: many groups share an address, so IP looks
 * again. */
bool mcast_mac_wanted(const struct netif *nif, const struct cw_mac *mac)
{
    static const struct cw_mac all = { { 255, 255, 255, 255, 255, 255 } };
    static const struct cw_mac hosts4 = { { 1, 0, 0x5e, 0, 0, 1 } };
    static const struct cw_mac nodes6 = { { 0x33, 0x33, 0, 0, 0, 1 } };

    if (mac_eq(mac, &all) || mac_eq(mac, &hosts4) || mac_eq(mac, &nodes6))
        return true;
    for (unsigned i = 0; i < nif->naddr; i++) {
        const struct cw_addr *a = &nif->addr[i].addr;

        /* The solicited-node group's last 24 bits are the address's. */
        if (!addr_is4(a) && mac->b[0] == 0x33 && mac->b[1] == 0x33
            && mac->b[2] == 0xff && memcmp(mac->b + 3, a->b + 13, 3) == 0)
            return true;
    }
    list_each (l, &nif->groups) {
        struct cw_mac m = mac_of_multicast(
            &list_entry(l, struct mgroup, link)->addr);

        if (mac_eq(&m, mac))
            return true;
    }
    return false;
}

/* Every source that one excludes and none includes: at most as many as one
 * member has. */
static void merge_excluded(const struct mgroup     *g,
                           const struct net_filter *first,
                           struct mfilter          *out)
{
    for (unsigned i = 0; i < first->nsrc; i++) {
        const struct cw_addr *src = &first->src[i];
        bool                  wanted = false;

        list_each (l, &g->members)
            if (net_filter_allows(
                    &list_entry(l, struct net_member, link)->filter, src))
                wanted = true;
        if (!wanted)
            out->s.src[out->s.n++] = *src;
    }
}

/* The union; more than a record holds: everything, which is what a host does
 * that knows no sources. */
static void merge_included(const struct mgroup *g, struct mfilter *out)
{
    list_each (l, &g->members) {
        const struct net_filter *f =
            &list_entry(l, struct net_member, link)->filter;

        for (unsigned i = 0; i < f->nsrc; i++) {
            if (holds(out->s.src, out->s.n, &f->src[i]))
                continue;
            if (out->s.n == MCAST_RECORD_MAX) {
                out->exclude = true;
                out->s.n = 0;
                return;
            }
            out->s.src[out->s.n++] = f->src[i];
        }
    }
}

void mcast_merge(const struct mgroup *g, struct mfilter *out)
{
    _Static_assert(MCAST_SOURCES_MAX <= MCAST_RECORD_MAX, "one member's fit");
    out->exclude = false;
    out->s.n = 0;
    list_each (l, &g->members) {
        const struct net_filter *f =
            &list_entry(l, struct net_member, link)->filter;

        if (!f->exclude)
            continue;
        out->exclude = true;
        merge_excluded(g, f, out);
        return;
    }
    merge_included(g, out);
}

/* ---- members -------------------------------------------------------------- */

static struct mgroup *new_group(struct net *n, struct netif *nif,
                                const struct cw_addr *a)
{
    struct mgroup *g;

    if (n->ngroup == MCAST_GROUPS_MAX)
        return NULL;
    g = slab_get0(&n->groups);
    if (!g)
        return NULL;
    g->net = n;
    g->nif = nif;
    g->addr = *a;
    g->change_at = g->answer_at = NS_NEVER;
    list_init(&g->members);
    wheel_setup(&g->timer, TIMER_GROUP);
    list_push_back(&nif->groups, &g->link);
    n->ngroup++;
    return g;
}

void mcast_reap(struct mgroup *g)
{
    if (list_empty(&g->members) && g->change_at == NS_NEVER)
        free_group(g);
}

int net_group_join(struct net *n, unsigned netif, const struct cw_addr *group,
                   const struct net_filter *f, struct net_member **out)
{
    struct netif      *nif = netif_of(n, netif);
    struct net_member *m;
    struct mgroup     *g;
    struct mfilter     before;

    INVARIANT(nif && addr_is_multicast(group));
    INVARIANT(f->nsrc <= MCAST_SOURCES_MAX);
    g = mcast_find(nif, group) ?: new_group(n, nif, group);
    if (!g)
        return -CW_ENOBUFS;
    m = slab_get0(&n->members);
    if (!m) {
        mcast_reap(g);
        return -CW_ENOBUFS;
    }
    mcast_merge(g, &before);
    m->group = g;
    m->filter = *f;
    list_push_back(&g->members, &m->link);
    mcast_changed(g, &before);
    *out = m;
    return 0;
}

void net_group_filter(struct net_member *m, const struct net_filter *f)
{
    struct mfilter before;

    INVARIANT(f->nsrc <= MCAST_SOURCES_MAX);
    mcast_merge(m->group, &before);
    m->filter = *f;
    mcast_changed(m->group, &before);
}

void net_group_leave(struct net_member *m)
{
    struct mgroup *g = m->group;
    struct mfilter before;

    mcast_merge(g, &before);
    list_del(&m->link);
    slab_put(m);
    mcast_changed(g, &before);
    mcast_reap(g);
}

const struct cw_addr *net_member_group(const struct net_member *m)
{
    return &m->group->addr;
}

unsigned net_member_netif(const struct net_member *m)
{
    return m->group->nif->index;
}

/* ---- which interface ------------------------------------------------------ */

int net_netif_find(const struct net *n, const struct cw_addr *a)
{
    for (unsigned i = 0; i < n->nnetif; i++)
        if (netif_addr_find(&n->netif[i], a))
            return (int)i;
    return -CW_ENODEV;
}

bool net_netif_known(const struct net *n, unsigned netif)
{
    return netif < n->nnetif;
}

int net_group_netif(struct net *n, const struct cw_addr *group)
{
    struct hop hop;

    INVARIANT(addr_is_multicast(group));
    if (!route_hop(n, group, 0, &hop))
        return -CW_ENODEV;
    return hop.nif->index;
}

/* ---- loopback copies ------------------------------------------------------ */

void mcast_loop(struct net *n, struct netif *nif, const struct cw_pkt *frame)
{
    struct cw_pkt copy;

    if (n->loopq.count == MCAST_LOOP_MAX) {
        net_drop_note(n, frame, 0, WHY_TXQ_FULL);
        return;
    }
    pkt_share(&copy, frame);
    copy.netif = nif->index;
    if (!pktq_push(&n->loopq, &n->nodes, &copy)) {
        env_count(n->env, COUNT_NO_MEMORY);
        pkt_free(&copy);
    }
}

/* Previous hop: net_out(), in the call that is over now. */
void net_run(struct net *n)
{
    uint32_t      left = n->loopq.count;
    struct cw_pkt pkt;

    while (left-- > 0 && pktq_pop(&n->loopq, &pkt)) {
        pkt.csum_state = CW_CSUM_VERIFIED; /* it was never on a wire */
        net_looped(n, &pkt);
    }
}
