/* dhcphdr.h: DHCP messages: RFC 2131 §2, RFC 2132.
 *
 * Owns a message's form, as a client writes and reads it.  Whatever stands in
 * a message, parse reads each byte of it once: options in the field of their
 * own, then (overload, RFC 2132 §9.3) in `file` and in `sname`; one that does
 * not end where its field does, or of a length that it cannot have, and the
 * message is none.
 */
#ifndef WIRE_DHCPHDR_H
#define WIRE_DHCPHDR_H

#include "base/addr.h"
#include "base/why.h"

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_FIXED = 240,   /* up to the options, with the magic cookie */
    DHCP_LEN_MIN = 300, /* as BOOTP's: RFC 1542 §2.1 */
    DHCP_DNS_MAX = 3,
};

enum dhcp_type {
    DHCP_NONE,
    DHCP_DISCOVER,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
};

/* Addresses that are not there are 0.0.0.0. */
struct dhcp_repr {
    uint8_t        type; /* enum dhcp_type */
    uint32_t       xid;
    uint16_t       secs;
    bool           broadcast;
    struct cw_mac  chaddr;
    struct cw_addr ciaddr, yiaddr;
    /* options */
    struct cw_addr requested, server, mask, router;
    uint32_t       lease, t1, t2; /* seconds; 0: not there */
    uint8_t        ndns;
    struct cw_addr dns[DHCP_DNS_MAX];
};

/* A server's message in one piece: WHY_DHCP_BAD if it is none. */
enum why dhcphdr_parse(struct span msg, struct dhcp_repr *out);
/* A client's message of DHCP_LEN_MIN bytes. */
void dhcphdr_emit(uint8_t p[static DHCP_LEN_MIN], const struct dhcp_repr *r);

#endif
