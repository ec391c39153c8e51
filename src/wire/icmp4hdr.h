/* icmp4hdr.h: ICMP for IPv4: RFC 792, RFC 1191 §4.
 *
 * Owns the eight bytes that all messages share and their checksum; what
 * `rest` holds goes by the type.  Parse looks at form alone: the checksum
 * covers the whole message, which may lie in pieces, and has its own call.
 */
#ifndef WIRE_ICMP4HDR_H
#define WIRE_ICMP4HDR_H

#include "base/bytes.h"
#include "base/why.h"

enum { ICMP_HDR_LEN = 8, ICMP_CKSUM_AT = 2 };

enum {
    ICMP4_ECHO_REPLY = 0,
    ICMP4_UNREACH = 3,
    ICMP4_SOURCE_QUENCH = 4, /* ignored: RFC 6633 */
    ICMP4_REDIRECT = 5,
    ICMP4_ECHO = 8,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAM = 12,
};

/* Codes of ICMP4_UNREACH: RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1. */
enum {
    ICMP4_UNREACH_NET = 0,
    ICMP4_UNREACH_HOST = 1,
    ICMP4_UNREACH_PROTO = 2,
    ICMP4_UNREACH_PORT = 3,
    ICMP4_UNREACH_FRAG_NEEDED = 4,
    ICMP4_UNREACH_SOURCE_ROUTE = 5,
    ICMP4_UNREACH_NET_UNKNOWN = 6,
    ICMP4_UNREACH_HOST_UNKNOWN = 7,
    ICMP4_UNREACH_ISOLATED = 8,
    ICMP4_UNREACH_NET_ADMIN = 9,
    ICMP4_UNREACH_HOST_ADMIN = 10,
    ICMP4_UNREACH_NET_TOS = 11,
    ICMP4_UNREACH_HOST_TOS = 12,
    ICMP4_UNREACH_ADMIN = 13,
    ICMP4_UNREACH_PRECEDENCE = 14,
    ICMP4_UNREACH_CUTOFF = 15,
};

/* Codes of ICMP4_TIME_EXCEEDED. */
enum { ICMP4_TIME_TTL = 0, ICMP4_TIME_REASSEMBLY = 1 };

struct icmp4_repr {
    uint8_t  type, code;
    uint16_t cksum; /* emit does not read it */
    /* Echo: identifier and sequence number.  FRAG_NEEDED: the next hop's
     * MTU in the low half.  Parameter problem: pointer in the top byte. */
    uint32_t    rest;
    struct span body; /* emit does not read it */
};

/* WHY_ICMP_BAD: shorter than eight bytes.  No more are read. */
enum why icmp4hdr_parse(struct span msg, struct icmp4_repr *out);
/* The checksum over a message that lies in one piece: GO_ON or
 * WHY_ICMP_CHECKSUM. */
enum why icmp4hdr_verify(struct span msg);
/* Writes the header with a checksum of zero and answers its length. */
size_t icmp4hdr_emit(uint8_t *p, size_t cap, const struct icmp4_repr *r);
/* Fills in the checksum of a message that lies in one piece. */
void icmp4hdr_seal(uint8_t *msg, size_t len);

/* RFC 792's errors: never answered by another one (RFC 1122 §3.2.2). */
static inline bool icmp4_is_error(uint8_t type)
{
    return type == ICMP4_UNREACH || type == ICMP4_SOURCE_QUENCH
        || type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED
        || type == ICMP4_PARAM;
}

#endif
