/* ip6hdr.c: see ip6hdr.h.  RFC 8200 §3. */
#include "wire/ip6hdr.h"
#include "base/check.h"

static inline enum why parse_header(struct span pkt, struct ip6_repr *out)
{
    uint32_t first;

    if (UNLIKELY(pkt.len < IP6_HDR_LEN))
        return WHY_RUNT;
    first = be32_load(pkt.p);
    if (UNLIKELY(first >> 28 != 6))
        return WHY_IP_VERSION;
    out->tclass = (uint8_t)(first >> 20);
    out->flow = first & 0xfffff;
    out->payload_len = be16_load(pkt.p + 4);
    out->next = pkt.p[6];
    out->hop = pkt.p[7];
    memcpy(out->src.b, pkt.p + 8, 16);
    memcpy(out->dst.b, pkt.p + 24, 16);
    if (UNLIKELY(addr_is4(&out->src) || addr_is4(&out->dst)))
        return WHY_IP_SOURCE;
    return GO_ON;
}

enum why ip6hdr_parse(struct span pkt, struct ip6_repr *out)
{
    enum why why = parse_header(pkt, out);

    if (UNLIKELY(why != GO_ON))
        return why;
    if (UNLIKELY(out->payload_len > pkt.len - IP6_HDR_LEN))
        return WHY_IP_HEADER;
    return GO_ON;
}

enum why ip6hdr_parse_quote(struct span quote, struct ip6_repr *out)
{
    return parse_header(quote, out);
}

size_t ip6hdr_emit(uint8_t *p, size_t cap, const struct ip6_repr *r)
{
    INVARIANT(cap >= IP6_HDR_LEN);
    INVARIANT(r->flow <= 0xfffff);
    INVARIANT(!addr_is4(&r->src) && !addr_is4(&r->dst));
    be32_store(p, 6u << 28 | (uint32_t)r->tclass << 20 | r->flow);
    be16_store(p + 4, r->payload_len);
    p[6] = r->next;
    p[7] = r->hop;
    memcpy(p + 8, r->src.b, 16);
    memcpy(p + 24, r->dst.b, 16);
    return IP6_HDR_LEN;
}
