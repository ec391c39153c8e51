/* mcast_report.c: tells routers which groups are listened to: the host's part
 * of IGMP and MLD.
 *
 * Theory (RFC 3376 §5).  A change of what an interface wants is told at once
 * and, since reports may be lost, `robustness` times in all, the others after
 * a short random time: a change between "some sources" and "all but some" as
 * the new state, else as what was added and removed.  A query is answered
 * after a random time, too, so that routers do not hear everybody at once: a
 * general one by one report of all groups, one about a group by its own.
 * Where a querier speaks an older version, so do we (§7.2.1): one report a
 * group, which keeps the other members of the group silent, and a leave.
 *
 *   Owns:    the timers of groups and links; every report.
 *   Silent:  loopback, interfaces whose neighbours are set by hand (labs), and
 *            groups that never leave a link by definition (§6).
 *   RFC 2236 §3, RFC 3376 §5, §7.2; RFC 2710 §4, RFC 3810 §6, RFC 3590.
 */
#include "net/mcast.h"
#include "wire/cksum.h"
#include "wire/icmp6hdr.h"
#include "wire/ip6ext.h"

#define UNSOLICITED3 (1 * NS_S)  /* RFC 3376 §8.11, RFC 3810 §9.11 */
#define UNSOLICITED2 (10 * NS_S) /* RFC 2236 §8.10, RFC 2710 §7.10 */

enum {
    TOS_CONTROL = 0xc0, /* RFC 3376 §4: internetwork control */
    ALERT4_LEN = 4,
    ALERT6_LEN = 8,
    REPORT_MAX = IP6_MTU_MIN - IP6_HDR_LEN - ALERT6_LEN,
};

struct mlink *mcast_link(struct netif *nif, bool ip4)
{
    return &nif->mlink[ip4 ? 0 : 1];
}

unsigned mcast_version(const struct net *n, const struct mlink *l)
{
    if (n->env->now < l->v1_until)
        return 1;
    return n->env->now < l->v2_until ? 2 : 3;
}

bool mcast_reported(const struct netif *nif, const struct cw_addr *a)
{
    static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

    if (nif->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP))
        return false;
    if (addr_is4(a))
        return addr_u4(a) != 0xe0000001;
    return (a->b[1] & 0xf) > 1 && memcmp(a->b, all_nodes, 16) != 0;
}

static unsigned robustness(const struct mgroup *g)
{
    return mcast_link(g->nif, addr_is4(&g->addr))->robustness ?: 2;
}

cw_ns mcast_delay(struct net *n, cw_ns max)
{
    return 1 + (cw_ns)prng_below(&n->group_rng, (uint64_t)MAX(max, 1));
}

/* ---- packets --------------------------------------------------------------- */

/* RFC 2113 §2.1 */
static void push_ip4(const struct netif *nif, struct cw_pkt *pkt,
                     const struct cw_addr *dst)
{
    static const uint8_t alert[ALERT4_LEN] = { IP4_OPT_ROUTER_ALERT, 4 };
    struct ip4_repr      ip = { .src = addr4(0),
                                .dst = *dst,
                                .proto = PROTO_IGMP,
                                .ttl = 1,
                                .tos = TOS_CONTROL,
                                .df = true,
                                .opts = span_of(alert, ALERT4_LEN) };
    uint32_t             hdr = IP4_HDR_MIN + ALERT4_LEN;

    for (unsigned i = 0; i < nif->naddr; i++)
        if (addr_is4(&nif->addr[i].addr)) {
            ip.src = nif->addr[i].addr;
            break;
        }
    be16_store(pkt_head(pkt) + GROUP_CKSUM_AT,
               cksum_fold(pkt_cksum(pkt, 0, 0)));
    ip.total_len = (uint16_t)(hdr + pkt->len);
    ip4hdr_emit(pkt_push(pkt, hdr), hdr, &ip);
}

/* RFC 3810 §5: from a link-local address; RFC 3590 §4: or from none. */
static void push_ip6(const struct netif *nif, struct cw_pkt *pkt,
                     const struct cw_addr *dst)
{
    static const uint8_t alert[ALERT6_LEN] = {
        PROTO_ICMP6, 0, IP6_OPT_ROUTER_ALERT, 2, 0, 0, IP6_OPT_PADN, 0
    };
    struct ip_hdr ip = { .dst = *dst, .proto = PROTO_HOPOPTS, .ttl = 1 };

    for (unsigned i = 0; i < nif->naddr; i++) {
        const struct cw_addr *a = &nif->addr[i].addr;

        if (!addr_is4(a) && addr_is_linklocal(a)
            && nif->addr[i].state == ADDR_ASSIGNED) {
            ip.src = *a;
            break;
        }
    }
    icmp6hdr_seal(pkt_head(pkt), pkt->len, &ip.src, dst);
    memcpy(pkt_push(pkt, ALERT6_LEN), alert, ALERT6_LEN);
    ip6_push(pkt, &ip);
}

/* A whole message; its references are taken over. */
static void send(struct net *n, struct netif *nif, const struct cw_addr *dst,
                 struct cw_pkt *pkt)
{
    struct cw_mac mac = mac_of_multicast(dst);
    bool          ip4 = addr_is4(dst);
    enum why      why;

    if (ip4)
        push_ip4(nif, pkt, dst);
    else
        push_ip6(nif, pkt, dst);
    pkt->why = WHY_TX_GROUP;
    env_count(n->env, COUNT_IP_OUT);
    if (!ip4)
        env_count(n->env, COUNT_ICMP_OUT_MSGS);
    why = ether_out_mac(n, nif, &mac, pkt, ip4 ? ETHER_IP4 : ETHER_IP6);
    if (why != GO_ON)
        net_drop(n, pkt, why, COUNT_IP_OUT_DISCARDS);
}

static struct cw_addr well_known(bool ip4, uint8_t last)
{
    struct cw_addr a = { .b = { 0xff, 2, [15] = last } };

    return ip4 ? addr4(0xe0000000u + last) : a;
}

/* ---- the older versions ---------------------------------------------------- */

static void send_old(struct mgroup *g, enum group_kind kind)
{
    struct net       *n = g->net;
    bool              ip4 = addr_is4(&g->addr);
    struct group_repr msg = { .kind = (uint8_t)kind, .group = g->addr };
    struct cw_addr dst = kind == GROUP_LEAVE ? well_known(ip4, 2) : g->addr;
    struct cw_pkt  pkt;

    msg.version = (uint8_t)mcast_version(n, mcast_link(g->nif, ip4));
    if (!pkt_new(&pkt, &n->env->pbufs, PBUF_HEADROOM, 24)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return;
    }
    pkt_trim(&pkt, (uint32_t)group_emit_old(pkt_head(&pkt), 24, &msg));
    send(n, g->nif, &dst, &pkt);
    g->last_reporter = kind == GROUP_REPORT;
}

static void changed_old(struct mgroup *g, const struct mfilter *before,
                        unsigned version)
{
    bool was = before->exclude || before->s.n > 0;
    bool is = !list_empty(&g->members);

    if (!was && is) {
        send_old(g, GROUP_REPORT);
        g->answer_at = ns_add(g->net->env->now,
                              mcast_delay(g->net, UNSOLICITED2));
    } else if (was && !is) {
        g->answer_at = NS_NEVER;
        if (version == 2 && g->last_reporter)
            send_old(g, GROUP_LEAVE);
    }
    mcast_arm(g);
}

/* ---- version 3 ------------------------------------------------------------- */

/* A report that is being written, record by record. */
struct report {
    struct net   *n;
    struct netif *nif;
    struct cw_pkt pkt;
    uint32_t      at;
    unsigned      nrec;
    bool          ip4, open;
};

static void report_flush(struct report *r)
{
    struct cw_addr dst = well_known(r->ip4, 22);

    if (!r->open)
        return;
    group_emit_report3(pkt_head(&r->pkt), GROUP_REPORT_HDR, r->ip4, r->nrec);
    pkt_trim(&r->pkt, r->at);
    send(r->n, r->nif, &dst, &r->pkt);
    r->open = false;
}

static uint32_t report_max(const struct report *r)
{
    uint32_t hdr = r->ip4 ? IP4_HDR_MIN + ALERT4_LEN
                          : IP6_HDR_LEN + ALERT6_LEN;

    return MIN(r->nif->mtu - hdr, (uint32_t)REPORT_MAX);
}

static void report_add(struct report *r, const struct group_record *rec)
{
    uint32_t max = report_max(r);
    uint32_t len = (uint32_t)group_record_len(r->ip4, rec->nsrc);

    if (r->open && r->at + len > max)
        report_flush(r);
    if (!r->open) {
        if (!pkt_new(&r->pkt, &r->n->env->pbufs, PBUF_HEADROOM, max)) {
            env_count(r->n->env, COUNT_NO_MEMORY);
            return;
        }
        r->open = true;
        r->at = GROUP_REPORT_HDR;
        r->nrec = 0;
    }
    group_emit_record(pkt_head(&r->pkt) + r->at, max - r->at, rec);
    r->at += len;
    r->nrec++;
}

static void add_sources(struct report *r, const struct mgroup *g,
                        enum group_record_type type, const struct msources *s)
{
    struct group_record rec = {
        .type = (uint8_t)type, .nsrc = s->n, .group = g->addr, .src = s->src
    };

    report_add(r, &rec);
}

static struct report report_on(struct mgroup *g)
{
    return (struct report){ .n = g->net,
                            .nif = g->nif,
                            .ip4 = addr_is4(&g->addr) };
}

static bool has(const struct msources *s, const struct cw_addr *a)
{
    for (unsigned i = 0; i < s->n; i++)
        if (addr_eq(&s->src[i], a))
            return true;
    return false;
}

/* `a` without what is in b, or (keep) only that. */
static void select_sources(struct msources *a, const struct msources *b,
                           bool keep)
{
    uint8_t n = 0;

    for (unsigned i = 0; i < a->n; i++)
        if (has(b, &a->src[i]) == keep)
            a->src[n++] = a->src[i];
    a->n = n;
}

/* One more telling of the change that is pending: §5.1. */
static void tell_change(struct mgroup *g)
{
    struct report  r = report_on(g);
    struct mfilter now;

    if (g->mode_left > 0) {
        mcast_merge(g, &now);
        add_sources(&r, g, now.exclude ? GROUP_TO_EX : GROUP_TO_IN, &now.s);
        g->mode_left--;
    } else if (g->list_left > 0) {
        if (g->allow.n > 0)
            add_sources(&r, g, GROUP_ALLOW, &g->allow);
        if (g->block.n > 0)
            add_sources(&r, g, GROUP_BLOCK, &g->block);
        g->list_left--;
    }
    report_flush(&r);
    g->change_at = NS_NEVER;
    if (g->mode_left > 0 || g->list_left > 0)
        g->change_at = ns_add(g->net->env->now,
                              mcast_delay(g->net, UNSOLICITED3));
    mcast_arm(g);
}

/* Adds to a set what is in `from` and not in `without`; false: it is full. */
static bool gather(struct msources *to, const struct msources *from,
                   const struct msources *without)
{
    for (unsigned i = 0; i < from->n; i++) {
        if (has(without, &from->src[i]) || has(to, &from->src[i]))
            continue;
        if (to->n == MCAST_RECORD_MAX)
            return false;
        to->src[to->n++] = from->src[i];
    }
    return true;
}

/* The mode is as it was: what is new and what is gone joins what is pending.
 * Of a change of a change only the last word counts. */
static bool list_changed(struct mgroup *g, const struct mfilter *before,
                         const struct mfilter *now)
{
    const struct msources *more = now->exclude ? &before->s : &now->s;
    const struct msources *less = now->exclude ? &now->s : &before->s;
    bool                   fit;

    if (g->list_left == 0)
        g->allow.n = g->block.n = 0;
    select_sources(&g->block, more, false);
    select_sources(&g->allow, less, false);
    fit = gather(&g->allow, more, less) && gather(&g->block, less, more);
    g->list_left = (uint8_t)robustness(g);
    return fit;
}

static bool same_filter(const struct mfilter *a, const struct mfilter *b)
{
    if (a->exclude != b->exclude || a->s.n != b->s.n)
        return false;
    for (unsigned i = 0; i < a->s.n; i++)
        if (!has(&b->s, &a->s.src[i]))
            return false;
    return true;
}

void mcast_changed(struct mgroup *g, const struct mfilter *before)
{
    unsigned       version = mcast_version(g->net,
                                           mcast_link(g->nif, addr_is4(&g->addr)));
    struct mfilter now;

    if (!mcast_reported(g->nif, &g->addr))
        return;
    mcast_merge(g, &now);
    if (same_filter(before, &now))
        return;
    if (version < 3) {
        changed_old(g, before, version);
        return;
    }
    if (before->exclude != now.exclude || g->mode_left > 0
        || !list_changed(g, before, &now)) {
        g->mode_left = (uint8_t)robustness(g);
        g->list_left = 0;
    }
    tell_change(g);
}

/* ---- answers ---------------------------------------------------------------- */

/* To a query about the group, or some of its sources: §5.2. */
static void answer_group(struct mgroup *g)
{
    struct report  r = report_on(g);
    struct mfilter now;

    g->answer_at = NS_NEVER;
    if (list_empty(&g->members))
        return;
    if (mcast_version(g->net, mcast_link(g->nif, r.ip4)) < 3) {
        send_old(g, GROUP_REPORT);
        return;
    }
    mcast_merge(g, &now);
    if (g->asked.n == 0) {
        add_sources(&r, g, now.exclude ? GROUP_IS_EX : GROUP_IS_IN, &now.s);
    } else {
        select_sources(&g->asked, &now.s, !now.exclude);
        if (g->asked.n > 0)
            add_sources(&r, g, GROUP_IS_IN, &g->asked);
        g->asked.n = 0;
    }
    report_flush(&r);
}

/* To a general query: all that the interface listens to. */
static void answer_general(struct mlink *l)
{
    bool          ip4 = l == &l->nif->mlink[0];
    struct report r = { .n = l->net, .nif = l->nif, .ip4 = ip4 };

    list_each (it, &l->nif->groups) {
        struct mgroup *g = list_entry(it, struct mgroup, link);
        struct mfilter now;

        if (addr_is4(&g->addr) != ip4 || !mcast_reported(l->nif, &g->addr)
            || list_empty(&g->members))
            continue;
        mcast_merge(g, &now);
        add_sources(&r, g, now.exclude ? GROUP_IS_EX : GROUP_IS_IN, &now.s);
    }
    report_flush(&r);
}

/* ---- timers ------------------------------------------------------------------ */

void mcast_arm(struct mgroup *g)
{
    wheel_arm(&g->net->env->wheel, &g->timer,
              ns_min(g->change_at, g->answer_at));
}

void mcast_forget_pending(struct net *n, struct netif *nif, bool ip4)
{
    wheel_cancel(&n->env->wheel, &mcast_link(nif, ip4)->timer);
    list_each (l, &nif->groups) {
        struct mgroup *g = list_entry(l, struct mgroup, link);

        if (addr_is4(&g->addr) != ip4)
            continue;
        g->change_at = g->answer_at = NS_NEVER;
        g->mode_left = g->list_left = 0;
        g->asked.n = 0;
        mcast_arm(g);
        mcast_reap(g);
    }
}

void mcast_timeout(struct net *n, struct wtimer *t)
{
    struct mgroup *g;

    if (t->kind == TIMER_GROUP_LINK) {
        answer_general(container_of(t, struct mlink, timer));
        return;
    }
    g = container_of(t, struct mgroup, timer);
    if (g->answer_at <= n->env->now)
        answer_group(g);
    if (g->change_at <= n->env->now)
        tell_change(g);
    mcast_arm(g);
    mcast_reap(g);
}
