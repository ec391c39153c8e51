/* ndp.c: neighbour solicitations and advertisements: RFC 4861 §7.2.
 *
 *   Owns:    what is asked, what is answered, and what an answer means to the
 *            neighbour cache.
 *   Does not check a message's form: wire/ndphdr.c.  What routers say is
 *            router.c's, what tentative addresses mean dad.c's.
 *   Invariant: every packet leaves with hop limit 255 (§4.3, §4.4).
 */
#include "net/ndp.h"
#include "net/neigh.h"
#include "net/slaac.h"

enum { NDP_MSG_MAX = ICMP6_HDR_LEN + 16 + 8 }; /* with one option */

static void send(struct net *n, struct netif *nif, struct ip_hdr *ip,
                 const struct ndp_repr *msg, const struct cw_mac *to)
{
    uint32_t      len = (uint32_t)ndphdr_len(msg);
    struct cw_pkt pkt;
    enum why      why;

    INVARIANT(len <= NDP_MSG_MAX);
    if (!pkt_new(&pkt, &n->env->pbufs, PBUF_HEADROOM, len)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return;
    }
    ndphdr_emit(pkt_head(&pkt), len, msg);
    icmp6hdr_seal(pkt_head(&pkt), len, &ip->src, &ip->dst);
    ip->proto = PROTO_ICMP6;
    ip->ttl = NDP_HOP;
    ip6_push(&pkt, ip);
    pkt.why = msg->type == ICMP6_NS ? WHY_TX_NS
        : msg->type == ICMP6_NA     ? WHY_TX_NA
                                    : WHY_TX_RS;
    env_count(n->env, COUNT_ICMP_OUT_MSGS);
    env_count(n->env, COUNT_IP_OUT);
    why = ether_out_mac(n, nif, to, &pkt, ETHER_IP6);
    if (why != GO_ON)
        net_drop(n, &pkt, why, COUNT_IP_OUT_DISCARDS);
}

/* §7.2.2 */
void ndp_ask(struct net *n, struct netif *nif, const struct cw_addr *src,
             const struct cw_addr *target, const struct cw_mac *to)
{
    struct ndp_repr msg = { .type = ICMP6_NS,
                            .target = *target,
                            .has_slla = true,
                            .slla = nif->mac };
    struct ip_hdr   ip = { .src = *src, .dst = *target };
    struct cw_mac   group;

    if (!to) {
        ip.dst = ndp_solicited_node(target);
        group = mac_of_multicast(&ip.dst);
        to = &group;
    }
    send(n, nif, &ip, &msg, to);
}

/* RFC 4862 §5.4.2: from nobody, about an address that may be ours. */
void ndp_probe(struct net *n, struct netif *nif, const struct cw_addr *target)
{
    struct ndp_repr msg = { .type = ICMP6_NS, .target = *target };
    struct ip_hdr   ip = { .dst = ndp_solicited_node(target) };
    struct cw_mac   mac = mac_of_multicast(&ip.dst);

    send(n, nif, &ip, &msg, &mac);
}

/* §6.3.7, §4.1: our own address tells routers where we are. */
void ndp_solicit(struct net *n, struct netif *nif)
{
    static const struct cw_addr all_routers = { { 0xff, 2, [15] = 2 } };
    struct ndp_repr             msg = { .type = ICMP6_RS };
    struct ip_hdr               ip = { .dst = all_routers };
    struct cw_mac               mac = mac_of_multicast(&all_routers);

    for (unsigned i = 0; i < nif->naddr; i++)
        if (!addr_is4(&nif->addr[i].addr)
            && addr_is_linklocal(&nif->addr[i].addr)
            && nif->addr[i].state == ADDR_ASSIGNED) {
            ip.src = nif->addr[i].addr;
            msg.has_slla = true;
            msg.slla = nif->mac;
            break;
        }
    send(n, nif, &ip, &msg, &mac);
}

/* §7.2.4: to whoever asked, or to all nodes if that had no address yet.
 * [RFC4861-7.2.4-a] */
static void answer(struct net *n, struct ip_in *in, const struct ndp_repr *ns)
{
    static const struct cw_addr all_nodes = { { 0xff, 2, [15] = 1 } };
    bool                        anonymous = addr_is_any(&in->rx.src);
    struct ndp_repr             msg = { .type = ICMP6_NA,
                                        .target = ns->target,
                                        .solicited = !anonymous,
                                        .override = true,
                                        .has_tlla = true,
                                        .tlla = in->nif->mac };
    struct ip_hdr               ip = { .src = ns->target,
                                       .dst = anonymous ? all_nodes : in->rx.src };
    struct cw_mac               mac = mac_of_multicast(&all_nodes);
    struct neigh               *ne;

    if (!anonymous) {
        /* The solicitation told where it came from, or we know, or it came
         * from the address that the frame has. */
        ne = neigh_find(n, in->nif, &in->rx.src);
        memcpy(mac.b, pkt_head(in->rx.pkt) + 6, 6);
        if (ne && neigh_has_mac(ne))
            mac = ne->mac;
    }
    send(n, in->nif, &ip, &msg, &mac);
}

/* §7.2.3.  [RFC4861-7.2.3-a] */
static enum why solicited(struct net *n, struct ip_in *in,
                          const struct ndp_repr *ns)
{
    struct netif_addr *a = netif_addr_any(in->nif, &ns->target);
    struct neigh      *ne;

    if (!a || a->state == ADDR_DUPLICATE)
        return WHY_NOT_FOR_US;
    if (a->state == ADDR_TENTATIVE) { /* RFC 4862 §5.4.3 */
        if (!addr_is_any(&in->rx.src))
            return WHY_NOT_FOR_US;
        dad_failed(n, in->nif, a);
        return GO_ON;
    }
    if (!addr_is_any(&in->rx.src) && ns->has_slla
        && !mac_is_group(&ns->slla)) {
        ne = neigh_get(n, in->nif, &in->rx.src);
        if (ne)
            neigh_heard(n, ne, &ns->slla);
    }
    answer(n, in, ns);
    return GO_ON;
}

/* §7.2.5: one about whom we never asked is ignored. */
static enum why advertised(struct net *n, struct ip_in *in,
                           const struct ndp_repr *na)
{
    struct neigh       *ne = neigh_find(n, in->nif, &na->target);
    struct neigh_answer a = { .mac = na->has_tlla ? &na->tlla : NULL,
                              .solicited = na->solicited,
                              .override = na->override };
    struct netif_addr  *own = netif_addr_any(in->nif, &na->target);

    if (own) { /* RFC 4862 §5.4.4 */
        if (own->state == ADDR_TENTATIVE)
            dad_failed(n, in->nif, own);
        return WHY_NOT_FOR_US;
    }
    if (!ne)
        return WHY_ICMP_UNHANDLED;
    if (na->has_tlla && mac_is_group(&na->tlla))
        return WHY_NDP_BAD;
    neigh_told(n, ne, &a);
    if (!na->router)
        router_is_none(n, in->nif, &na->target);
    return GO_ON;
}

/* §8.3.  [RFC4861-8.1-a] [RFC4861-8.3-a] */
static enum why redirected(struct net *n, struct ip_in *in,
                           const struct ndp_repr *msg)
{
    enum why      why = redirect_in(n, in, &msg->dest, &msg->target);
    struct neigh *ne;

    if (why != GO_ON || !msg->has_tlla || mac_is_group(&msg->tlla))
        return why;
    ne = neigh_get(n, in->nif, &msg->target);
    if (ne)
        neigh_heard(n, ne, &msg->tlla);
    return GO_ON;
}

/* Previous hop: icmp_in(). */
enum why ndp_in(struct net *n, struct ip_in *in)
{
    struct net_rx  *rx = &in->rx;
    struct ip6_repr ip = { .src = rx->src, .dst = rx->dst, .hop = rx->ttl };
    struct ndp_repr msg;

    if (in->nif->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP))
        return WHY_ICMP_UNHANDLED;
    if (rx->len > PBUF_MIDDLE - rx->off)
        return WHY_NDP_BAD;
    if (net_head(n, rx->pkt, rx->off + rx->len) != GO_ON)
        return WHY_NO_MEMORY;
    if (ndphdr_parse(span_of(pkt_head(rx->pkt) + rx->off, rx->len), &ip, &msg)
        != GO_ON)
        return WHY_NDP_BAD;
    switch (msg.type) {
    case ICMP6_NS:
        return solicited(n, in, &msg);
    case ICMP6_NA:
        return advertised(n, in, &msg);
    case ICMP6_RA:
        return ra_in(n, in, &msg);
    case ICMP6_REDIRECT:
        return redirected(n, in, &msg);
    default: /* [RFC4861-6.1.1-a] we are no router */
        return WHY_ICMP_UNHANDLED;
    }
}
