/* arphdr.h: ARP for IPv4 over Ethernet: RFC 826.
 *
 * Owns the packet of 28 bytes; what is believed of it is the neighbour
 * cache's.  Other hardware, protocols and opcodes are refused, as their
 * fields have other places.
 */
#ifndef WIRE_ARPHDR_H
#define WIRE_ARPHDR_H

#include "base/addr.h"
#include "base/why.h"

enum { ARP_LEN = 28 };
enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* ar$sha, ar$spa, ar$tha, ar$tpa. */
struct arp_repr {
    enum arp_op    op;
    struct cw_mac  sha, tha;
    struct cw_addr spa, tpa;
};

enum why arphdr_parse(struct span pkt, struct arp_repr *out);
size_t   arphdr_emit(uint8_t *p, size_t cap, const struct arp_repr *r);

#endif
