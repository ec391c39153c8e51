/* ip6ext.h: IPv6 extension headers: RFC 8200 §4.
 *
 * Owns the walk from the fixed header to the upper layer: hop-by-hop,
 * routing, destination options, fragment.  It stops at a fragment, whose
 * chain may go on elsewhere; a whole packet in a fragment header ("atomic",
 * RFC 6946) is walked through.  The walk is bounded by IP6_EXT_MAX headers
 * and by IP6_CHAIN_MAX bytes, and reads no byte beyond those.
 */
#ifndef WIRE_IP6EXT_H
#define WIRE_IP6EXT_H

#include "wire/ip6hdr.h"

/* A chain longer than every link's MTU would not fit the first fragment
 * (RFC 7112 §3). */
enum { IP6_CHAIN_MAX = IP6_MTU_MIN, IP6_FRAG_LEN = 8 };

enum {
    IP6_OPT_PAD1 = 0,
    IP6_OPT_PADN = 1,
    IP6_OPT_ROUTER_ALERT = 5, /* RFC 2711: for routers */
};

struct ip6_frag {
    bool     present, more;
    uint16_t off; /* bytes */
    uint32_t id;
    uint16_t at;      /* the header's place in the packet ... */
    uint16_t next_at; /* ... and that of the byte that announces it */
    uint8_t  next;    /* what it announces */
};

/* What the sender is to be told: an ICMPv6 parameter problem (§4.2). */
struct ip6_problem {
    bool     tell;
    bool     multicast_too; /* even if the packet was sent to a group */
    uint8_t  code;          /* ICMP6_PARAM_* */
    uint32_t pointer;
};

struct ip6_ext {
    uint8_t  proto;   /* the upper layer's; of a fragment: frag.next */
    uint8_t  count;   /* headers walked */
    uint16_t off;     /* where it begins in the packet */
    uint16_t next_at; /* the byte that holds proto, for ICMP6_PARAM_NEXT */
    struct ip6_frag    frag;
    struct ip6_problem problem;
};

/* pkt begins at the IPv6 header that `ip` was parsed from.  GO_ON: proto and
 * off say what comes, which frag.present qualifies unless its offset is 0
 * and nothing more follows.  Else WHY_IP6_EXTENSION or WHY_FRAG_BAD, and
 * `problem` says whether to answer. */
enum why ip6ext_walk(struct span pkt, const struct ip6_repr *ip,
                     struct ip6_ext *out);

/* After a walk that failed, on from where it stopped: proto and off say what
 * the upper layer is and where, the latter UINT16_MAX if it is not in sight.
 * No answer depends on more (RFC 4443 §2.4 (e)). */
void ip6ext_skip(struct span pkt, struct ip6_ext *e);

/* After a walk that ended at a fragment, on to its upper layer: how many bytes
 * of that are here, -1: the chain goes on elsewhere (RFC 7112 §5). */
int64_t ip6ext_upper(struct span pkt, const struct ip6_ext *e,
                     uint8_t *proto);

/* Does the walk end at a piece of a packet? */
static inline bool ip6_is_fragment(const struct ip6_ext *e)
{
    return e->frag.present && (e->frag.more || e->frag.off > 0);
}

/* Writes a fragment header and answers its length (§4.5). */
size_t ip6frag_emit(uint8_t *p, size_t cap, const struct ip6_frag *f);

#endif
