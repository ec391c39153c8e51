/* ndphdr.h: neighbour discovery messages: RFC 4861 §4, §6.1, §7.1, §8.1.
 *
 * Owns solicitations, advertisements and redirects with their options, and
 * every validity check that needs no state: what parse lets through is
 * "valid", but for the checksum (icmp6hdr.h) and, of a redirect, that it came
 * from the router in use.  Options that have no business in a message are
 * ignored.  A v4-mapped address is refused, as the neighbour cache would take
 * it for IPv4.
 */
#ifndef WIRE_NDPHDR_H
#define WIRE_NDPHDR_H

#include "wire/icmp6hdr.h"
#include "wire/ip6hdr.h"

enum { NDP_HOP = 255, NDP_PREFIX_MAX = 4 };

enum {
    NDP_OPT_SLLA = 1,
    NDP_OPT_TLLA = 2,
    NDP_OPT_PREFIX = 3,
    NDP_OPT_REDIRECTED = 4,
    NDP_OPT_MTU = 5,
};

struct ndp_prefix {
    struct cw_addr prefix;
    uint8_t        len;
    bool           onlink, autonomous;
    uint32_t       valid, preferred; /* seconds; UINT32_MAX: for ever */
};

/* Fields that a message does not have are zero. */
struct ndp_repr {
    uint8_t type; /* ICMP6_RS, _RA, _NS, _NA, _REDIRECT */
    /* NA */
    bool router, solicited, override;
    /* RA; times as on the wire: seconds, milliseconds, milliseconds */
    bool     managed, other;
    uint8_t  hop_limit;
    uint16_t lifetime;
    uint32_t reachable, retrans;
    /* NS, NA, redirect: target; redirect: dest */
    struct cw_addr target, dest;
    /* options */
    bool              has_slla, has_tlla, has_mtu;
    struct cw_mac     slla, tlla;
    uint32_t          mtu;
    uint8_t           nprefix; /* those beyond NDP_PREFIX_MAX are dropped */
    struct ndp_prefix prefix[NDP_PREFIX_MAX];
    struct span       quoted; /* redirected header, padding included */
};

/* msg is the whole ICMPv6 message in one piece; ip is what carried it: its
 * addresses and its hop limit count.  GO_ON or WHY_NDP_BAD. */
enum why ndphdr_parse(struct span msg, const struct ip6_repr *ip,
                      struct ndp_repr *out);

/* Writes the message, header to options, with a checksum of zero (see
 * icmp6hdr_seal()); answers its length. */
size_t ndphdr_emit(uint8_t *p, size_t cap, const struct ndp_repr *r);
/* That length. */
size_t ndphdr_len(const struct ndp_repr *r);

/* ff02::1:ffXX:XXXX for an address: RFC 4291 §2.7.1. */
struct cw_addr ndp_solicited_node(const struct cw_addr *target);

#endif
