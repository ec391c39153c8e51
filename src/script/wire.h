/* wire.h: a script's packets as bytes, both ways.
 *
 * Nothing here is shared with src/wire, so that a mistake there cannot hide
 * itself.  A packet begins with its IP header.
 */
#ifndef SCRIPT_WIRE_H
#define SCRIPT_WIRE_H

#include "script/flow.h"

enum { WIRE_MAX = 66000, WIRE_HEADERS = 128 };

/* A packet of the peer's; its length, 0: it does not fit. */
size_t wire_build(uint8_t *to, const struct sp *p, const struct flow *f);

/* What a packet of ours says before it is known whose it is. */
struct wire_head {
    bool           v6;
    struct cw_addr src, dst;
    uint16_t       sport, dport;
    uint8_t        protocol;
    uint8_t        tos, ttl;
    bool           df;
    const uint8_t *body; /* behind the IP header */
    size_t         len;
};

/* NULL, or what no packet may have wrong. */
const char *wire_head(struct wire_head *h, const uint8_t *ip, size_t len);
/* In the script's numbers; f may be NULL.  NULL, or what is wrong. */
const char *wire_read(struct sp *p, const struct wire_head *h,
                      const struct flow *f);

#endif
