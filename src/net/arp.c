/* arp.c: ARP: asks, answers, and tells the neighbour cache what it heard.
 *
 *   RFC 826 (its "Packet Reception" in order: merge first, then look at the
 *   opcode), RFC 5227 §2.1 (a sender of 0.0.0.0 probes and teaches nothing),
 *   RFC 1122 §2.3.2.
 *   Does not keep anything: neigh.c.
 */
#include "net/arp.h"
#include "net/neigh.h"
#include "wire/arphdr.h"

static void send(struct net *n, struct netif *nif, const struct arp_repr *arp,
                 const struct cw_mac *to)
{
    static const struct cw_mac all = { { 255, 255, 255, 255, 255, 255 } };
    struct cw_pkt              pkt;
    enum why                   why;

    if (!pkt_new(&pkt, &n->env->pbufs, PBUF_HEADROOM, ARP_LEN)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return;
    }
    arphdr_emit(pkt_head(&pkt), ARP_LEN, arp);
    pkt.why = arp->op == ARP_REQUEST ? WHY_TX_ARP_ASK : WHY_TX_ARP_TELL;
    why = ether_out_mac(n, nif, to ?: &all, &pkt, ETHER_ARP);
    if (why != GO_ON)
        net_drop(n, &pkt, why, COUNT_IP_OUT_DISCARDS);
}

void arp_ask(struct net *n, struct netif *nif, const struct cw_addr *src,
             const struct cw_addr *target, const struct cw_mac *to)
{
    struct arp_repr arp = {
        .op = ARP_REQUEST, .sha = nif->mac, .spa = *src, .tpa = *target
    };

    send(n, nif, &arp, to);
}

static void answer(struct net *n, struct netif *nif,
                   const struct arp_repr *ask)
{
    struct arp_repr arp = { .op = ARP_REPLY,
                            .sha = nif->mac,
                            .spa = ask->tpa,
                            .tha = ask->sha,
                            .tpa = ask->spa };

    send(n, nif, &arp, &ask->sha);
}

/* Of a sender that claims an address of ours, or none of a host's,
 * nothing is learnt. */
static bool teaches(const struct net *n, const struct netif *nif,
                    const struct arp_repr *arp)
{
    const struct cw_addr *spa = &arp->spa;

    return !addr_is_any(spa) && !addr_is_multicast(spa)
        && !addr_is_loopback(spa) && !netif_is_bcast(nif, spa)
        && !net_is_local(n, spa) && !mac_is_group(&arp->sha);
}

/* Before the opcode is looked at: [RFC826-In-a] [RFC826-In-b] */
static void learn(struct net *n, struct ip_in *in, const struct arp_repr *arp,
                  bool for_us)
{
    struct neigh       *ne = neigh_find(n, in->nif, &arp->spa);
    struct neigh_answer reply = { &arp->sha, true, true };

    if (!ne && for_us && arp->op == ARP_REQUEST)
        ne = neigh_get(n, in->nif, &arp->spa);
    if (!ne)
        return;
    /* A reply to us alone answers our question; all else is hearsay. */
    if (arp->op == ARP_REPLY && for_us && !in->link_many)
        neigh_told(n, ne, &reply);
    else
        neigh_heard(n, ne, &arp->sha);
}

/* Previous hop: ether_in(). */
enum why arp_in(struct net *n, struct ip_in *in)
{
    struct cw_pkt  *pkt = in->rx.pkt;
    struct arp_repr arp;
    bool            for_us;

    /* Neither loopback nor an interface without ARP has a use for it. */
    if (in->nif->flags & (CW_NETIF_LOOPBACK | CW_NETIF_NOARP))
        return WHY_ETHERTYPE;
    if (net_head(n, pkt, MIN(pkt->len, (uint32_t)(ETHER_LEN + ARP_LEN)))
        != GO_ON)
        return WHY_NO_MEMORY;
    if (arphdr_parse(span_of(pkt_head(pkt) + ETHER_LEN, pkt->len - ETHER_LEN),
                     &arp)
        != GO_ON)
        return WHY_ARP_BAD;
    for_us = netif_addr_find(in->nif, &arp.tpa) != NULL;
    if (teaches(n, in->nif, &arp))
        learn(n, in, &arp, for_us);
    else if (!addr_is_any(&arp.spa))
        return WHY_ARP_BAD;
    if (!for_us)
        return WHY_NOT_FOR_US;
    if (arp.op == ARP_REQUEST)
        answer(n, in->nif, &arp);
    return GO_ON;
}
