/* ip4hdr.c: see ip4hdr.h.  RFC 791 §3.1. */
#include "wire/ip4hdr.h"
#include "base/check.h"
#include "wire/cksum.h"

enum { FRAG_DF = 0x4000, FRAG_MF = 0x2000, FRAG_OFF = 0x1fff };

static inline void load_fields(const uint8_t *p, struct ip4_repr *out)
{
    uint16_t frag = be16_load(p + 6);

    out->tos = p[1];
    out->total_len = be16_load(p + 2);
    out->id = be16_load(p + 4);
    out->df = frag & FRAG_DF;
    out->mf = frag & FRAG_MF;
    out->frag_off = (uint16_t)((frag & FRAG_OFF) << 3);
    out->ttl = p[8];
    out->proto = p[9];
    out->src = addr4(be32_load(p + 12));
    out->dst = addr4(be32_load(p + 16));
}

/* What parse and quote have in common: a whole header is there.
 * [RFC1122-3.2.1.1-a] */
static inline enum why parse_header(struct span pkt, struct ip4_repr *out)
{
    size_t hdr_len;

    if (UNLIKELY(pkt.len < IP4_HDR_MIN))
        return WHY_RUNT;
    if (UNLIKELY(pkt.p[0] >> 4 != 4))
        return WHY_IP_VERSION;
    hdr_len = (size_t)(pkt.p[0] & 0xf) * 4;
    if (UNLIKELY(hdr_len < IP4_HDR_MIN || hdr_len > pkt.len))
        return WHY_IP_HEADER;
    load_fields(pkt.p, out);
    out->hdr_len = (uint8_t)hdr_len;
    out->opts = span_of(pkt.p + IP4_HDR_MIN, hdr_len - IP4_HDR_MIN);
    return GO_ON;
}

/* [RFC791-3.2-a] */
enum why ip4hdr_parse(struct span pkt, struct ip4_repr *out)
{
    enum why why = parse_header(pkt, out);

    if (UNLIKELY(why != GO_ON))
        return why;
    /* RFC 1122 §3.2.1.2: the checksum is verified on every datagram.
     * [RFC1122-3.2.1.2-a] */
    if (UNLIKELY(cksum_fold(cksum_add(0, pkt.p, out->hdr_len)) != 0))
        return WHY_IP_CHECKSUM;
    if (UNLIKELY(out->total_len < out->hdr_len || out->total_len > pkt.len))
        return WHY_IP_HEADER;
    return GO_ON;
}

enum why ip4hdr_parse_quote(struct span quote, struct ip4_repr *out)
{
    enum why why = parse_header(quote, out);

    if (why != GO_ON)
        return why;
    return out->total_len < out->hdr_len ? WHY_IP_HEADER : GO_ON;
}

/* The sum of the fields, from registers: reading back bytes that were only
 * just stored would stall. */
static inline uint32_t sum_fields(const struct ip4_repr *r, uint32_t first,
                                  uint32_t frag)
{
    uint32_t src = addr_u4(&r->src), dst = addr_u4(&r->dst);

    return first + r->total_len + r->id + frag
        + ((uint32_t)r->ttl << 8 | r->proto) + (src >> 16) + (src & 0xffff)
        + (dst >> 16) + (dst & 0xffff);
}

size_t ip4hdr_emit(uint8_t *p, size_t cap, const struct ip4_repr *r)
{
    size_t   opts_len = (r->opts.len + 3) & ~(size_t)3;
    size_t   hdr_len = IP4_HDR_MIN + opts_len;
    uint16_t first = (uint16_t)(0x4000 | hdr_len / 4 << 8 | r->tos);
    uint16_t frag = (uint16_t)(r->frag_off >> 3 | (r->df ? FRAG_DF : 0)
                               | (r->mf ? FRAG_MF : 0));
    uint32_t sum = sum_fields(r, first, frag);

    INVARIANT(opts_len <= IP4_OPTS_MAX);
    INVARIANT(cap >= hdr_len);
    INVARIANT(r->total_len >= hdr_len);
    INVARIANT((r->frag_off & 7) == 0);
    INVARIANT(addr_is4(&r->src) && addr_is4(&r->dst));
    if (opts_len > 0) {
        memset(p + hdr_len - 4, IP4_OPT_END, 4);
        memcpy(p + IP4_HDR_MIN, r->opts.p, r->opts.len);
        sum = cksum_add(sum, p + IP4_HDR_MIN, opts_len);
    }
    be16_store(p, first);
    be16_store(p + 2, r->total_len);
    be16_store(p + 4, r->id);
    be16_store(p + 6, frag);
    p[8] = r->ttl;
    p[9] = r->proto;
    be16_store(p + 10, cksum_fold(sum));
    memcpy(p + 12, r->src.b + 12, 4);
    memcpy(p + 16, r->dst.b + 12, 4);
    return hdr_len;
}

bool ip4opt_next(struct reader *r, uint8_t *kind, struct span *data)
{
    uint8_t len;

    if (r->bad || reader_left(r) == 0)
        return false;
    *kind = read_u8(r);
    *data = span_of(r->p, 0);
    if (*kind == IP4_OPT_END || *kind == IP4_OPT_NOP)
        return true;
    len = read_u8(r);
    if (len < 2)
        r->bad = true;
    data->p = reader_take(r, len - 2u);
    if (r->bad)
        return false;
    data->len = len - 2u;
    return true;
}
