/* udphdr.h: the UDP header: RFC 768.
 *
 * Owns the eight bytes.  Does not own the checksum's verdict: a zero field
 * means "none" over IPv4 and a fault over IPv6 (RFC 8200 §8.1), and a sum of
 * zero is sent as 0xffff; udphdr_cksum() does the latter.
 */
#ifndef WIRE_UDPHDR_H
#define WIRE_UDPHDR_H

#include "base/check.h"
#include "base/why.h"
#include "wire/cksum.h"

enum { UDP_LEN = 8, UDP_CKSUM_AT = 6 };

struct udp_repr {
    uint16_t sport, dport;
    uint16_t len; /* header and data */
    uint16_t cksum;
};

/* payload is the IP packet's: only its first eight bytes are read.  It may
 * be longer than the datagram; what is left over is the surplus area of
 * RFC 9868, not the application's. */
static inline enum why udphdr_parse(struct span payload, struct udp_repr *out)
{
    if (UNLIKELY(payload.len < UDP_LEN))
        return WHY_UDP_HEADER;
    out->sport = be16_load(payload.p);
    out->dport = be16_load(payload.p + 2);
    out->len = be16_load(payload.p + 4);
    out->cksum = be16_load(payload.p + UDP_CKSUM_AT);
    if (UNLIKELY(out->len < UDP_LEN || out->len > payload.len))
        return WHY_UDP_HEADER;
    return GO_ON;
}

/* Writes the header as it stands and answers its length. */
static inline size_t udphdr_emit(uint8_t *p, size_t cap,
                                 const struct udp_repr *r)
{
    INVARIANT(cap >= UDP_LEN);
    INVARIANT(r->len >= UDP_LEN);
    be16_store(p, r->sport);
    be16_store(p + 2, r->dport);
    be16_store(p + 4, r->len);
    be16_store(p + UDP_CKSUM_AT, r->cksum);
    return UDP_LEN;
}

/* The field for a partial sum over pseudo-header, header and data.
 * [RFC768-Checksum-b] */
static inline uint16_t udphdr_cksum(uint32_t sum)
{
    return cksum_fold(sum) ?: 0xffff;
}

#endif
