/* kind.c: what kinds of packet a frame is, for exact drops.
 *
 *   Reads a bounded copy of the frame's first bytes, so that headers may be
 *   split over fragments and lengths may lie: whatever cannot be followed is
 *   just a packet.  Checks nothing that does not matter here.
 */
#include "base/limits.h"
#include "emu/node.h"
#include "wire/etherhdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/tcphdr.h"
#include "wire/udphdr.h"

enum { GATHER = 256 }; /* Ethernet 14, IPv6 40 and extensions, TCP 20 */

/* `left` is the transport's length by the IP header, cut to the frame. */
static unsigned tcp_kinds(struct reader *r, size_t left)
{
    const uint8_t *h = reader_take(r, TCP_HDR_MIN);
    size_t         header;
    unsigned       kinds = LINK_PACKET;

    if (!h)
        return kinds;
    header = (size_t)(h[12] >> 4) * 4;
    if (header < TCP_HDR_MIN || header > left)
        return kinds;
    if (left > header)
        kinds |= LINK_DATA;
    if (h[13] & F_FIN)
        kinds |= LINK_FIN;
    if (h[13] & F_RST)
        kinds |= LINK_RST;
    if (h[13] & F_SYN)
        kinds |= h[13] & F_ACK ? LINK_SYNACK : LINK_SYN;
    if (kinds == LINK_PACKET && (h[13] & F_ACK))
        kinds |= LINK_ACK;
    return kinds;
}

static unsigned transport_kinds(struct reader *r, uint8_t proto, size_t left)
{
    uint8_t type;

    switch (proto) {
    case PROTO_TCP:
        return tcp_kinds(r, left);
    case PROTO_UDP:
        return LINK_PACKET | (left >= UDP_LEN ? LINK_UDP : 0u);
    case PROTO_ICMP4:
        return LINK_PACKET | (left >= 4 ? LINK_ICMP : 0u);
    case PROTO_ICMP6:
        type = read_u8(r);
        if (r->bad || left < 4)
            return LINK_PACKET;
        if (type >= ICMP6_RS && type <= ICMP6_REDIRECT)
            return LINK_PACKET | LINK_ARP;
        return LINK_PACKET | LINK_ICMP;
    default:
        return LINK_PACKET;
    }
}

/* RFC 791 §3.1 */
static unsigned ip4_kinds(struct reader *r, size_t left)
{
    const uint8_t *h = reader_take(r, IP4_HDR_MIN);
    size_t         header, total;

    if (!h || h[0] >> 4 != 4)
        return LINK_PACKET;
    header = (size_t)(h[0] & 15) * 4;
    total = MIN((size_t)be16_load(h + 2), left);
    if (header < IP4_HDR_MIN || header > total || (be16_load(h + 6) & 0x1fff))
        return LINK_PACKET; /* malformed, or not the first fragment */
    if (!reader_take(r, header - IP4_HDR_MIN))
        return LINK_PACKET;
    return transport_kinds(r, h[9], total - header);
}

/* Steps over one extension header (RFC 8200 §4): true if *next was one. */
static bool ip6_skip(struct reader *r, uint8_t *next, size_t *left)
{
    const uint8_t *h = r->p;
    size_t         len = 8;

    if (*next != PROTO_HOPOPTS && *next != PROTO_ROUTING
        && *next != PROTO_FRAGMENT && *next != PROTO_DSTOPTS)
        return false;
    if (reader_left(r) < 8) {
        r->bad = true;
        return false;
    }
    if (*next == PROTO_FRAGMENT && (be16_load(h + 2) & 0xfff8))
        r->bad = true; /* not the first fragment */
    if (*next != PROTO_FRAGMENT)
        len = ((size_t)h[1] + 1) * 8;
    if (len > *left || !reader_take(r, len)) {
        r->bad = true;
        return false;
    }
    *next = h[0];
    *left -= len;
    return true;
}

static unsigned ip6_kinds(struct reader *r, size_t left)
{
    const uint8_t *h = reader_take(r, IP6_HDR_LEN);
    uint8_t        next;

    if (!h || h[0] >> 4 != 6)
        return LINK_PACKET;
    next = h[6];
    left = MIN(left - IP6_HDR_LEN, (size_t)be16_load(h + 4));
    for (unsigned i = 0; i < IP6_EXT_MAX && !r->bad; i++)
        if (!ip6_skip(r, &next, &left))
            break;
    return r->bad ? LINK_PACKET : transport_kinds(r, next, left);
}

unsigned link_kinds(const struct cw_pkt *pkt)
{
    uint8_t       first[GATHER];
    size_t        n = pkt_copy_out(pkt, 0, first, sizeof(first));
    struct reader r = reader_of(span_of(first, n));

    INVARIANT(n <= sizeof(first));
    if (n < ETHER_LEN)
        return LINK_PACKET;
    reader_take(&r, 12);
    switch (read_be16(&r)) {
    case ETHER_ARP:
        return LINK_PACKET | LINK_ARP;
    case ETHER_IP4:
        return ip4_kinds(&r, pkt->len - ETHER_LEN);
    case ETHER_IP6:
        return ip6_kinds(&r, pkt->len - ETHER_LEN);
    default:
        return LINK_PACKET;
    }
}
