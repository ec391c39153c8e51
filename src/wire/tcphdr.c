/* tcphdr.c: see tcphdr.h.  RFC 9293 §3.1.  Reserved bits are neither read
 * nor ever set (RFC9293-3.1-a). */
#include "wire/tcphdr.h"
#include "base/check.h"

enum why tcphdr_parse(struct span seg, struct tcp_repr *out)
{
    const uint8_t *p = seg.p;
    size_t         hdr_len;

    if (UNLIKELY(seg.len < TCP_HDR_MIN))
        return WHY_TCP_HEADER;
    hdr_len = (size_t)(p[12] >> 4) * 4;
    if (UNLIKELY(hdr_len < TCP_HDR_MIN || hdr_len > seg.len))
        return WHY_TCP_HEADER;
    out->sport = be16_load(p);
    out->dport = be16_load(p + 2);
    out->seq = seq_of(be32_load(p + 4));
    out->ack = seq_of(be32_load(p + 8));
    out->ae = p[12] & 1;
    out->flags = p[13];
    out->wnd = be16_load(p + 14);
    out->up = be16_load(p + 18);
    out->hdr_len = (uint8_t)hdr_len;
    (void)tcpopt_parse(span_of(p + TCP_HDR_MIN, hdr_len - TCP_HDR_MIN),
                       out->flags & F_SYN, &out->opt);
    return GO_ON;
}

size_t tcphdr_emit(uint8_t *p, size_t cap, const struct tcp_repr *r)
{
    size_t opts_len;

    INVARIANT(cap >= TCP_HDR_MIN);
    INVARIANT(r->ae <= 1);
    opts_len = tcpopt_emit(p + TCP_HDR_MIN, cap - TCP_HDR_MIN, &r->opt);
    INVARIANT(opts_len % 4 == 0 && opts_len <= TCPOPT_MAX);
    be16_store(p, r->sport);
    be16_store(p + 2, r->dport);
    be32_store(p + 4, r->seq.v);
    be32_store(p + 8, r->ack.v);
    p[12] = (uint8_t)((TCP_HDR_MIN + opts_len) / 4 << 4 | r->ae);
    p[13] = r->flags;
    be16_store(p + 14, r->wnd);
    be16_store(p + TCP_CKSUM_AT, 0);
    be16_store(p + 18, r->up);
    return TCP_HDR_MIN + opts_len;
}
