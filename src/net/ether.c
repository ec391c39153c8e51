/* ether.c: Ethernet: which frames are ours, what is in them, and the header
 * of what we send.
 *
 *   RFC 894, RFC 2464; RFC 1122 §2.3.3, §2.4.  The loopback interface speaks
 *   Ethernet with addresses of zero, as Linux's does.
 */
#include "net/arp.h"
#include "net/mcast.h"
#include "net/neigh.h"

static bool frame_is_ours(const struct netif *nif, const struct cw_mac *dst)
{
    if (mac_eq(&nif->mac, dst) || (nif->flags & CW_NETIF_LOOPBACK))
        return true;
    return mac_is_group(dst) && mcast_mac_wanted(nif, dst);
}

/* Previous hop: net_in().  Next: ip_in(), or arp_in(). */
enum why ether_in(struct net *n, struct cw_pkt *pkt)
{
    struct netif     *nif = netif_of(n, pkt->netif);
    struct ether_repr eth;
    struct ip_in      in = { .nif = nif, .rx = { .pkt = pkt } };

    if (!nif)
        return WHY_NOT_FOR_US;
    if (pkt->len < ETHER_LEN)
        return WHY_RUNT;
    if (net_head(n, pkt, ETHER_LEN) != GO_ON)
        return WHY_NO_MEMORY;
    if (etherhdr_parse(span_of(pkt_head(pkt), pkt->len), &eth) != GO_ON)
        return WHY_RUNT;
    if (!frame_is_ours(nif, &eth.dst))
        return WHY_NOT_FOR_US;
    in.link_many = mac_is_group(&eth.dst);
    in.rx.netif = nif->index;
    in.rx.csum_ok = pkt->csum_state != CW_CSUM_NONE
        || (nif->flags & CW_NETIF_CSUM);
    if (eth.type == ETHER_IP4 || eth.type == ETHER_IP6)
        return ip_in(n, &in, eth.type == ETHER_IP4);
    if (eth.type == ETHER_ARP)
        return arp_in(n, &in);
    return WHY_ETHERTYPE;
}

void net_looped(struct net *n, struct cw_pkt *pkt)
{
    struct ip_in in = {
        .nif = netif_of(n, pkt->netif),
        .link_many = true,
        .looped = true,
        .rx = { .pkt = pkt, .netif = pkt->netif, .csum_ok = true }
    };
    bool     ip4 = be16_load(pkt_head(pkt) + 12) == ETHER_IP4;
    enum why why = ip_in(n, &in, ip4);

    INVARIANT(in.nif);
    if (why != GO_ON)
        net_drop(n, pkt, why, COUNT_IP_IN_DISCARDS);
    else
        pkt_free(pkt);
}

/* [RFC1122-2.3.1-a] [RFC1122-2.3.3-a] */
void ether_push(const struct netif *nif, const struct cw_mac *dst,
                struct cw_pkt *pkt, uint16_t type)
{
    struct ether_repr eth = { .dst = *dst, .src = nif->mac, .type = type };

    etherhdr_emit(pkt_push(pkt, ETHER_LEN), ETHER_LEN, &eth);
    pkt->csum_start = (uint16_t)(pkt->csum_start + ETHER_LEN);
}

enum why ether_out_mac(struct net *n, struct netif *nif,
                       const struct cw_mac *dst, struct cw_pkt *pkt,
                       uint16_t type)
{
    ether_push(nif, dst, pkt, type);
    return netif_out(n, nif, pkt);
}

/* Previous hop: net_out().  Next: netif_out(), at once or when the
 * neighbour has answered. */
enum why ether_out(struct net *n, struct neigh *ne, struct cw_pkt *pkt,
                   bool ip4)
{
    static const struct cw_mac unknown;
    struct netif              *nif = neigh_netif(n, ne);

    ether_push(nif, &unknown, pkt, ip4 ? ETHER_IP4 : ETHER_IP6);
    return neigh_out(n, ne, pkt);
}
