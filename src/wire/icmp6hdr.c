/* icmp6hdr.c: see icmp6hdr.h.  RFC 4443 §2.1, §2.3. */
#include "wire/icmp6hdr.h"
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/ipproto.h"

enum why icmp6hdr_parse(struct span msg, struct icmp6_repr *out)
{
    if (msg.len < ICMP6_HDR_LEN)
        return WHY_ICMP_BAD;
    out->type = msg.p[0];
    out->code = msg.p[1];
    out->cksum = be16_load(msg.p + ICMP6_CKSUM_AT);
    out->rest = be32_load(msg.p + 4);
    out->body = span_of(msg.p + ICMP6_HDR_LEN, msg.len - ICMP6_HDR_LEN);
    return GO_ON;
}

static uint16_t whole_sum(struct span msg, const struct cw_addr *src,
                          const struct cw_addr *dst)
{
    uint32_t sum = cksum_pseudo(src, dst, PROTO_ICMP6, (uint32_t)msg.len);

    return cksum_fold(cksum_add(sum, msg.p, msg.len));
}

enum why icmp6hdr_verify(struct span msg, const struct cw_addr *src,
                         const struct cw_addr *dst)
{
    return whole_sum(msg, src, dst) == 0 ? GO_ON : WHY_ICMP_CHECKSUM;
}

size_t icmp6hdr_emit(uint8_t *p, size_t cap, const struct icmp6_repr *r)
{
    INVARIANT(cap >= ICMP6_HDR_LEN);
    p[0] = r->type;
    p[1] = r->code;
    be16_store(p + ICMP6_CKSUM_AT, 0);
    be32_store(p + 4, r->rest);
    return ICMP6_HDR_LEN;
}

void icmp6hdr_seal(uint8_t *msg, size_t len, const struct cw_addr *src,
                   const struct cw_addr *dst)
{
    INVARIANT(len >= 4);
    INVARIANT(!addr_is4(src) && !addr_is4(dst));
    be16_store(msg + ICMP6_CKSUM_AT, 0);
    be16_store(msg + ICMP6_CKSUM_AT, whole_sum(span_of(msg, len), src, dst));
}
