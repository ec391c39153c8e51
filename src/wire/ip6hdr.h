/* ip6hdr.h: the IPv6 header: RFC 8200 §3.
 *
 * Owns the fixed 40 bytes.  Extension headers are ip6ext.h's.  No more than
 * IP6_HDR_LEN bytes are read (see etherhdr.h).
 */
#ifndef WIRE_IP6HDR_H
#define WIRE_IP6HDR_H

#include "base/addr.h"
#include "base/why.h"
#include "wire/ipproto.h"

enum { IP6_HDR_LEN = 40, IP6_MTU_MIN = 1280 /* RFC 8200 §5 */ };

struct ip6_repr {
    struct cw_addr src, dst;
    uint8_t        next, hop, tclass;
    uint32_t       flow; /* 20 bits: RFC 6437 */
    uint16_t       payload_len;
};

/* WHY_RUNT, WHY_IP_VERSION, WHY_IP_HEADER (the packet has less than
 * payload_len).  A v4-mapped address is WHY_IP_SOURCE: inside the stack it
 * would pass for IPv4 (RFC 4291 §2.5.5.2: not for the wire). */
enum why ip6hdr_parse(struct span pkt, struct ip6_repr *out);

/* For what an ICMP error quotes: the packet may be cut. */
enum why ip6hdr_parse_quote(struct span quote, struct ip6_repr *out);

/* Writes the header and answers its length. */
size_t ip6hdr_emit(uint8_t *p, size_t cap, const struct ip6_repr *r);

#endif
