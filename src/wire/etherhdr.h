/* etherhdr.h: the Ethernet II header: RFC 894, RFC 2464 §3.
 *
 * Owns its 14 bytes; VLAN tags and 802.3 lengths are left to whoever looks
 * at `type`.  Every parser of this directory is told of the whole packet: the
 * span's length is the packet's, while no more than the header's bytes are
 * ever read, so that the rest may lie elsewhere.
 */
#ifndef WIRE_ETHERHDR_H
#define WIRE_ETHERHDR_H

#include "base/addr.h"
#include "base/check.h"
#include "base/why.h"

enum { ETHER_LEN = 14 };
enum { ETHER_IP4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IP6 = 0x86dd };

struct ether_repr {
    struct cw_mac dst, src;
    uint16_t      type;
};

static inline enum why etherhdr_parse(struct span        frame,
                                      struct ether_repr *out)
{
    if (UNLIKELY(frame.len < ETHER_LEN))
        return WHY_RUNT;
    memcpy(out->dst.b, frame.p, 6);
    memcpy(out->src.b, frame.p + 6, 6);
    out->type = be16_load(frame.p + 12);
    return GO_ON;
}

/* Writes the header into at least ETHER_LEN bytes and answers its length. */
static inline size_t etherhdr_emit(uint8_t *p, size_t cap,
                                   const struct ether_repr *r)
{
    INVARIANT(cap >= ETHER_LEN);
    memcpy(p, r->dst.b, 6);
    memcpy(p + 6, r->src.b, 6);
    be16_store(p + 12, r->type);
    return ETHER_LEN;
}

/* The group bit: broadcast is a group, too. */
static inline bool mac_is_group(const struct cw_mac *m)
{
    return m->b[0] & 1;
}

static inline bool mac_is_bcast(const struct cw_mac *m)
{
    static const struct cw_mac all = { { 255, 255, 255, 255, 255, 255 } };

    return mac_eq(m, &all);
}

#endif
