/* mcast_query.c: what routers ask and other members say about groups.
 *
 *   Owns:    which messages are believed, and when their answer is due.
 *   Believes a message that cannot have come from beyond the link: TTL 1, the
 *            Router Alert option (RFC 3376 §9.1), in IPv6 a link-local source
 *            (RFC 3810 §6.2); version 1 had no such option.
 *   RFC 3376 §5.2, §7.2.1; RFC 2236 §3; RFC 3810 §6.2, §8.2.1; RFC 2710 §4.
 */
#include "net/mcast.h"
#include "wire/cksum.h"
#include "wire/ip6ext.h"

/* RFC 3376 §8.12: robustness times the interval, and one response. */
#define OLDER_PRESENT (2 * 125 * NS_S)

enum { IP6_NEXT_AT = 6 };

static bool in_response_reach(const struct net *n, cw_ns at, cw_ns delay)
{
    return at != NS_NEVER && at <= ns_add(n->env->now, delay);
}

/* ---- the older versions ------------------------------------------------------ */

/* A timer for each group that is asked for, unless one runs that is earlier
 * than the latest time allowed (RFC 2236 §3). */
static void asked_old(struct net *n, struct netif *nif,
                      const struct group_repr *q, bool ip4)
{
    cw_ns max = q->max_ms * NS_MS;

    list_each (l, &nif->groups) {
        struct mgroup *g = list_entry(l, struct mgroup, link);

        if (addr_is4(&g->addr) != ip4 || !mcast_reported(nif, &g->addr))
            continue;
        if (!addr_is_any(&q->group) && !addr_eq(&q->group, &g->addr))
            continue;
        if (in_response_reach(n, g->answer_at, max))
            continue;
        g->answer_at = ns_add(n->env->now, mcast_delay(n, max));
        mcast_arm(g);
    }
}

/* Somebody else has told the routers: that is enough for these versions. */
static void heard_report(struct netif *nif, const struct group_repr *r)
{
    struct mgroup *g = mcast_find(nif, &r->group);

    if (!g || g->answer_at == NS_NEVER)
        return;
    g->answer_at = NS_NEVER;
    g->last_reporter = false;
    mcast_arm(g);
}

/* ---- version 3 ---------------------------------------------------------------- */

/* The sources of one more query; too many: all are asked for. */
static void ask_sources(struct mgroup *g, const struct group_repr *q,
                        bool ip4)
{
    for (unsigned i = 0; i < q->nsrc; i++) {
        if (g->asked.n == MCAST_RECORD_MAX) {
            g->asked.n = 0;
            return;
        }
        g->asked.src[g->asked.n++] = group_source(q, ip4, i);
    }
}

/* §5.2, rules 3 to 5. */
static void asked_group(struct mgroup *g, const struct group_repr *q,
                        cw_ns at)
{
    bool pending = g->answer_at != NS_NEVER;
    bool all = pending && g->asked.n == 0;

    if (!pending || q->nsrc == 0)
        g->asked.n = 0;
    if (q->nsrc > 0 && !all)
        ask_sources(g, q, addr_is4(&g->addr));
    g->answer_at = ns_min(g->answer_at, at);
    mcast_arm(g);
}

static void asked3(struct net *n, struct netif *nif,
                   const struct group_repr *q, bool ip4)
{
    struct mlink *l = mcast_link(nif, ip4);
    cw_ns         at = ns_add(n->env->now, mcast_delay(n, q->max_ms * NS_MS));
    struct mgroup *g;

    /* Rule 1: the answer to a general query will come before. */
    if (wheel_armed(&l->timer) && l->timer.at < at)
        return;
    if (addr_is_any(&q->group)) {
        wheel_arm(&n->env->wheel, &l->timer, at);
        return;
    }
    g = mcast_find(nif, &q->group);
    if (g && mcast_reported(nif, &g->addr))
        asked_group(g, q, at);
}

/* ---- both ----------------------------------------------------------------------- */

/* §7.2.1: what the querier speaks counts until it has been silent. */
static void note_version(struct net *n, struct netif *nif,
                         const struct group_repr *q, bool ip4)
{
    struct mlink *l = mcast_link(nif, ip4);
    unsigned      before = mcast_version(n, l);
    cw_ns         until = n->env->now + OLDER_PRESENT + q->max_ms * NS_MS;

    if (q->version == 1)
        l->v1_until = until;
    if (q->version == 2)
        l->v2_until = until;
    if (q->version == 3 && q->robustness > 0)
        l->robustness = q->robustness;
    if (mcast_version(n, l) != before)
        mcast_forget_pending(n, nif, ip4);
}

static enum why group_in(struct net *n, struct ip_in *in,
                         const struct group_repr *msg, bool ip4)
{
    if (msg->kind == GROUP_REPORT) {
        heard_report(in->nif, msg);
        return GO_ON;
    }
    if (msg->kind != GROUP_QUERY)
        return GO_ON; /* the routers' business */
    if (!addr_is_any(&msg->group) && !addr_is_multicast(&msg->group))
        return WHY_GROUP_BAD;
    note_version(n, in->nif, msg, ip4);
    if (mcast_version(n, mcast_link(in->nif, ip4)) < 3)
        asked_old(n, in->nif, msg, ip4);
    else
        asked3(n, in->nif, msg, ip4);
    return GO_ON;
}

/* The whole message in one piece. */
static enum why read_message(struct net *n, struct ip_in *in, bool ip4,
                             struct group_repr *out)
{
    struct net_rx *rx = &in->rx;

    if (in->nif->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP))
        return WHY_ICMP_UNHANDLED;
    if (rx->len > PBUF_MIDDLE - rx->off || rx->ttl != 1)
        return WHY_GROUP_BAD;
    if (net_head(n, rx->pkt, rx->off + rx->len) != GO_ON)
        return WHY_NO_MEMORY;
    return grouphdr_parse(span_of(pkt_head(rx->pkt) + rx->off, rx->len), ip4,
                          out);
}

static bool has_alert4(const struct net_rx *rx)
{
    const uint8_t *ip = pkt_head(rx->pkt) + rx->ip_off;
    struct reader  r = reader_of(
         span_of(ip + IP4_HDR_MIN, rx->off - rx->ip_off - IP4_HDR_MIN));
    struct span data;
    uint8_t     kind;

    while (ip4opt_next(&r, &kind, &data) && kind != IP4_OPT_END)
        if (kind == IP4_OPT_ROUTER_ALERT)
            return true;
    return false;
}

/* Previous hop: ip_deliver(). */
enum why igmp_in(struct net *n, struct ip_in *in)
{
    struct group_repr msg;
    enum why          why = read_message(n, in, true, &msg);

    if (why != GO_ON)
        return why;
    if (!in->rx.csum_ok
        && cksum_fold(pkt_cksum(in->rx.pkt, in->rx.off, 0)) != 0)
        return WHY_GROUP_BAD;
    if (msg.kind == GROUP_QUERY && msg.version > 1 && !has_alert4(&in->rx))
        return WHY_GROUP_BAD;
    return group_in(n, in, &msg, true);
}

/* Option by option; ip6ext_walk() found them well-formed. */
static bool has_alert6(const struct net_rx *rx)
{
    const uint8_t *ip = pkt_head(rx->pkt) + rx->ip_off;
    struct reader  r;

    if (ip[IP6_NEXT_AT] != PROTO_HOPOPTS)
        return false;
    r = reader_of(
        span_of(ip + IP6_HDR_LEN + 2, (ip[IP6_HDR_LEN + 1] + 1u) * 8u - 2));
    while (reader_left(&r) > 0 && !r.bad) {
        uint8_t kind = read_u8(&r);

        if (kind == IP6_OPT_ROUTER_ALERT)
            return true;
        if (kind != IP6_OPT_PAD1)
            (void)reader_take(&r, read_u8(&r));
    }
    return false;
}

/* Previous hop: icmp_in(), which has looked at the checksum. */
enum why mld_in(struct net *n, struct ip_in *in)
{
    struct group_repr msg;
    enum why          why = read_message(n, in, false, &msg);

    if (why != GO_ON)
        return why;
    if (!has_alert6(&in->rx))
        return WHY_GROUP_BAD;
    if (!addr_is_linklocal(&in->rx.src)
        && !(msg.kind != GROUP_QUERY && addr_is_any(&in->rx.src)))
        return WHY_GROUP_BAD;
    return group_in(n, in, &msg, false);
}
