/* ip4hdr.h: the IPv4 header: RFC 791 §3.1, RFC 1122 §3.2.1.
 *
 * Owns the header's form and its checksum.  Does not own what the addresses,
 * the options or a fragment mean.  No more than IP4_HDR_MAX bytes are read
 * (see etherhdr.h).
 */
#ifndef WIRE_IP4HDR_H
#define WIRE_IP4HDR_H

#include "base/addr.h"
#include "base/why.h"
#include "wire/ipproto.h"

enum { IP4_HDR_MIN = 20, IP4_HDR_MAX = 60, IP4_OPTS_MAX = 40 };

/* Options: RFC 791 §3.1; bit 7: copied into each fragment. */
enum {
    IP4_OPT_END = 0,
    IP4_OPT_NOP = 1,
    IP4_OPT_RECORD_ROUTE = 7,
    IP4_OPT_TIMESTAMP = 68,
    IP4_OPT_LSRR = 131,
    IP4_OPT_SSRR = 137,
    IP4_OPT_ROUTER_ALERT = 148,
};

struct ip4_repr {
    struct cw_addr src, dst;
    uint8_t        proto, ttl, tos, hdr_len;
    uint16_t       total_len;
    uint16_t       id;
    uint16_t       frag_off; /* bytes */
    bool           df, mf;
    struct span    opts; /* as they stand, padding included */
};

/* WHY_RUNT, WHY_IP_VERSION, WHY_IP_HEADER (a length that cannot be, or more
 * than the packet has), WHY_IP_CHECKSUM. A packet longer than total_len is
 * legal: Ethernet pads. */
enum why ip4hdr_parse(struct span pkt, struct ip4_repr *out);

/* For what an ICMP error quotes: the datagram is cut, and its checksum may
 * be of before a router changed the TTL; neither is held against it. */
enum why ip4hdr_parse_quote(struct span quote, struct ip4_repr *out);

/* Writes header, options and checksum; answers the header's length.  hdr_len
 * is not read: it follows from opts, whose length is rounded up with
 * IP4_OPT_END. */
size_t ip4hdr_emit(uint8_t *p, size_t cap, const struct ip4_repr *r);

static inline bool ip4_is_fragment(const struct ip4_repr *r)
{
    return r->mf || r->frag_off > 0;
}

/* The next option of ip4_repr.opts: its kind and its data (without kind and
 * length).  END and NOP are answered like others. False: no more. `bad` is
 * set in r where a length cannot be. */
bool ip4opt_next(struct reader *r, uint8_t *kind, struct span *data);

#endif
