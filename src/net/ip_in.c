/* ip_in.c: is a packet from somebody and for us, and whose is it?
 *
 *   Owns:    the checks that both families share, and the hand-over to a
 *            transport or to ICMP.
 *   Does not forward: a packet for another host is dropped (RFC 1122 §3.1).
 *   RFC 1122 §3.2.1.3, §3.3.6; RFC 4291 §2.5.2, §2.7; weak host model
 *   (RFC 1122 §3.3.4.2), except that loopback never comes from a wire.
 */
#include "net/icmp.h"
#include "net/mcast.h"

/* RFC 1122 §3.2.1.3: addresses that no sender has.  [RFC1122-3.2.1.3-g]
 * [RFC1122-4.1.3.6-a] */
static bool odd_source(const struct ip_in *in)
{
    const struct cw_addr *src = &in->rx.src;

    if (addr_is_multicast(src))
        return true;
    if (!addr_is4(src)) /* the unspecified one: neighbour discovery only */
        return addr_is_any(src) && in->rx.dst.b[0] != 0xff;
    return addr_u4(src) >> 24 == 0 || addr_u4(src) >= 0xf0000000
        || netif_is_bcast(in->nif, src);
}

/* What only our own loopback interface may bring. */
static bool martian(const struct net *n, const struct ip_in *in)
{
    if ((in->nif->flags & CW_NETIF_LOOPBACK) || in->looped)
        return false;
    return addr_is_loopback(&in->rx.src) || net_is_local(n, &in->rx.src);
}

/* [RFC1122-3.2.1.3-f] [RFC1122-3.2.1.3-d] [RFC1122-3.1-c]
 * [RFC1122-3.2.2.2-a] MUST-63 */
enum why ip_accept(struct net *n, struct ip_in *in)
{
    struct net_rx *rx = &in->rx;
    bool           wire = !(in->nif->flags & CW_NETIF_LOOPBACK);

    if (odd_source(in) || martian(n, in))
        return WHY_IP_SOURCE;
    if (addr_is_multicast(&rx->dst)) {
        rx->many = true;
        return mcast_hears(in->nif, &rx->dst) ? GO_ON : WHY_NOT_FOR_US;
    }
    if (netif_is_bcast(in->nif, &rx->dst)) {
        rx->many = true;
        return GO_ON;
    }
    /* RFC 1122 §3.3.6: a broadcast frame brings no unicast packet.
     * [RFC1122-3.3.6-c] [RFC1122-2.4-a] */
    if (in->link_many)
        return WHY_NOT_FOR_US;
    if (!net_is_local(n, &rx->dst) || (wire && addr_is_loopback(&rx->dst)))
        return WHY_NOT_FOR_US;
    return GO_ON;
}

/* The answer to what the transport could not use, where one is due. */
static void answer(struct net *n, struct ip_in *in, enum why why)
{
    if (why == WHY_UDP_NO_PORT)
        icmp_tell_no_port(n, in);
    else if (why == WHY_PROTOCOL)
        icmp_tell_no_proto(n, in);
}

uint32_t ip_upper_min(uint8_t proto)
{
    return proto == PROTO_TCP                        ? 20
        : proto == PROTO_UDP || proto == PROTO_ICMP6 ? 8
                                                     : 0;
}

/* The transport's header in one piece, and no more than that: data stay
 * where they are. */
static enum why whole_head(struct net *n, const struct net_rx *rx)
{
    uint32_t min = ip_upper_min(rx->proto) ?: 60;
    uint32_t len = MIN(rx->len, min);
    enum why why = net_head(n, rx->pkt, rx->off + len);

    if (why != GO_ON || rx->proto != PROTO_TCP || rx->len < min)
        return why;
    len = (pkt_head(rx->pkt)[rx->off + 12] >> 4) * 4u; /* the data offset */
    return net_head(n, rx->pkt, rx->off + MIN(rx->len, MAX(len, min)));
}

static enum why to_transport(struct net *n, struct ip_in *in)
{
    struct net_rx      *rx = &in->rx;
    const struct proto *up = net_transport(n, rx->proto);

    if (!up)
        return WHY_PROTOCOL;
    if (whole_head(n, rx) != GO_ON)
        return WHY_NO_MEMORY;
    env_count(n->env, COUNT_IP_IN_DELIVERS);
    return up->deliver(up->ctx, rx);
}

/* Previous hop: ip_in().  Next: tcp_in(), udp_in(), or icmp_in(). */
void ip_deliver(struct net *n, struct ip_in *in)
{
    bool     ip4 = addr_is4(&in->rx.src);
    enum why why;

    if (in->rx.proto == (ip4 ? PROTO_ICMP4 : PROTO_ICMP6))
        why = icmp_in(n, in);
    else if (ip4 && in->rx.proto == PROTO_IGMP)
        why = igmp_in(n, in);
    else if (addr_is_any(&in->rx.src)) /* has no transport to answer */
        why = WHY_IP_SOURCE;
    else
        why = to_transport(n, in);
    if (LIKELY(why == GO_ON))
        return;
    net_drop_note(n, in->rx.pkt, in->rx.proto, why);
    answer(n, in, why);
}

/* Previous hop: ether_in().  Next: ip_deliver(), through ip4.c or ip6.c. */
enum why ip_in(struct net *n, struct ip_in *in, bool ip4)
{
    env_count(n->env, COUNT_IP_IN);
    in->rx.ip_off = ETHER_LEN;
    return ip4 ? ip4_in(n, in) : ip6_in(n, in);
}
