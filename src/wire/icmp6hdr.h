/* icmp6hdr.h: ICMPv6: RFC 4443.
 *
 * Owns the eight bytes that its own messages share (neighbour discovery,
 * which ndphdr.h reads, has them too) and the checksum, which covers the
 * pseudo-header (§2.3).  Parse looks at form alone, as in icmp4hdr.h.
 */
#ifndef WIRE_ICMP6HDR_H
#define WIRE_ICMP6HDR_H

#include "base/addr.h"
#include "base/why.h"

enum { ICMP6_HDR_LEN = 8, ICMP6_CKSUM_AT = 2 };

/* Below 128: errors (§2.1). */
enum {
    ICMP6_UNREACH = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_TIME_EXCEEDED = 3,
    ICMP6_PARAM = 4,
    ICMP6_ECHO = 128,
    ICMP6_ECHO_REPLY = 129,
    ICMP6_MLD_QUERY = 130,
    ICMP6_MLD_REPORT = 131,
    ICMP6_MLD_DONE = 132,
    ICMP6_RS = 133,
    ICMP6_RA = 134,
    ICMP6_NS = 135,
    ICMP6_NA = 136,
    ICMP6_REDIRECT = 137,
    ICMP6_MLD2_REPORT = 143,
};

/* Codes of ICMP6_UNREACH: §3.1. */
enum {
    ICMP6_UNREACH_NO_ROUTE = 0,
    ICMP6_UNREACH_ADMIN = 1,
    ICMP6_UNREACH_SCOPE = 2,
    ICMP6_UNREACH_ADDR = 3,
    ICMP6_UNREACH_PORT = 4,
    ICMP6_UNREACH_POLICY = 5,
    ICMP6_UNREACH_REJECT = 6,
};

/* Codes of ICMP6_TIME_EXCEEDED (§3.3) and of ICMP6_PARAM (§3.4). */
enum { ICMP6_TIME_HOP = 0, ICMP6_TIME_REASSEMBLY = 1 };
enum {
    ICMP6_PARAM_FIELD = 0,
    ICMP6_PARAM_NEXT = 1,
    ICMP6_PARAM_OPTION = 2,
    ICMP6_PARAM_CHAIN = 3, /* RFC 7112 §5 */
};

struct icmp6_repr {
    uint8_t  type, code;
    uint16_t cksum; /* emit does not read it */
    /* Echo: identifier and sequence number.  Too big: the MTU.  Parameter
     * problem: the pointer. */
    uint32_t    rest;
    struct span body; /* emit does not read it */
};

/* WHY_ICMP_BAD: shorter than eight bytes.  No more are read. */
enum why icmp6hdr_parse(struct span msg, struct icmp6_repr *out);
/* The checksum over a message that lies in one piece. */
enum why icmp6hdr_verify(struct span msg, const struct cw_addr *src,
                         const struct cw_addr *dst);
/* Writes the header with a checksum of zero and answers its length. */
size_t icmp6hdr_emit(uint8_t *p, size_t cap, const struct icmp6_repr *r);
/* Fills in the checksum of a message that lies in one piece. */
void icmp6hdr_seal(uint8_t *msg, size_t len, const struct cw_addr *src,
                   const struct cw_addr *dst);

static inline bool icmp6_is_error(uint8_t type)
{
    return type < 128;
}

#endif
