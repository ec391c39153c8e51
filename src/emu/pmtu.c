/* pmtu.c: a router in the middle whose next link carries less.
 *
 *   Owns:    which frames are too large for it: by the IP header's length,
 *            so that what Ethernet pads does not count.
 *   Does not answer: who is told, and what may be cut, is the world's to know
 *            (RFC 1191 §4, RFC 4443 §3.2).  What comes here too large is
 *            lost.
 */
#include "emu/node.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"

bool link_too_big(const struct link_spec *s, const struct cw_pkt *pkt)
{
    uint8_t  head[ETHER_LEN + IP6_HDR_LEN];
    uint32_t len = 0;

    if (s->pmtu == 0 || pkt->len <= ETHER_LEN + (uint32_t)s->pmtu)
        return false;
    if (pkt_copy_out(pkt, 0, head, sizeof head) < sizeof head)
        return true;
    if (be16_load(head + ETHER_LEN - 2) == ETHER_IP4)
        len = be16_load(head + ETHER_LEN + 2);
    else if (be16_load(head + ETHER_LEN - 2) == ETHER_IP6)
        len = IP6_HDR_LEN + (uint32_t)be16_load(head + ETHER_LEN + 4);
    return len > s->pmtu;
}
