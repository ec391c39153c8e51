/* icmp4hdr.c: see icmp4hdr.h.  RFC 792. */
#include "wire/icmp4hdr.h"
#include "base/check.h"
#include "wire/cksum.h"

enum why icmp4hdr_parse(struct span msg, struct icmp4_repr *out)
{
    if (msg.len < ICMP_HDR_LEN)
        return WHY_ICMP_BAD;
    out->type = msg.p[0];
    out->code = msg.p[1];
    out->cksum = be16_load(msg.p + ICMP_CKSUM_AT);
    out->rest = be32_load(msg.p + 4);
    out->body = span_of(msg.p + ICMP_HDR_LEN, msg.len - ICMP_HDR_LEN);
    return GO_ON;
}

enum why icmp4hdr_verify(struct span msg)
{
    bool ok = cksum_fold(cksum_add(0, msg.p, msg.len)) == 0;

    return ok ? GO_ON : WHY_ICMP_CHECKSUM;
}

size_t icmp4hdr_emit(uint8_t *p, size_t cap, const struct icmp4_repr *r)
{
    INVARIANT(cap >= ICMP_HDR_LEN);
    p[0] = r->type;
    p[1] = r->code;
    be16_store(p + ICMP_CKSUM_AT, 0);
    be32_store(p + 4, r->rest);
    return ICMP_HDR_LEN;
}

void icmp4hdr_seal(uint8_t *msg, size_t len)
{
    INVARIANT(len >= ICMP_HDR_LEN);
    be16_store(msg + ICMP_CKSUM_AT, 0);
    be16_store(msg + ICMP_CKSUM_AT, cksum_fold(cksum_add(0, msg, len)));
}
