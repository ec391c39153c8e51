/* ipproto.h: protocol numbers; IPv4's field and IPv6's next header share
 * them.  RFC 5237 (IANA's registry), RFC 8200 §4.
 */
#ifndef WIRE_IPPROTO_H
#define WIRE_IPPROTO_H

enum {
    PROTO_HOPOPTS = 0, /* IPv6 hop-by-hop options */
    PROTO_ICMP4 = 1,
    PROTO_IGMP = 2,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_ROUTING = 43,  /* IPv6 routing header */
    PROTO_FRAGMENT = 44, /* IPv6 fragment header */
    PROTO_ICMP6 = 58,
    PROTO_NONE = 59,    /* IPv6: nothing follows (RFC 8200 §4.7) */
    PROTO_DSTOPTS = 60, /* IPv6 destination options */
};

#endif
