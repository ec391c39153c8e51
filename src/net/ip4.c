/* ip4.c: what only IPv4 has: its header, its options, its fragments' fields.
 *
 *   RFC 791 §3.1, RFC 1122 §3.2.1, RFC 7126 (options).
 *   Invariant: rx.off stands behind the options, and the packet ends where
 *              the header says (Ethernet's padding is gone).
 */
#include "net/frag.h"
#include "net/icmp.h"

/* RFC 7126 §4.3, §4.4: source routes are an attacker's tool; everything
 * else is ignored (RFC 1122 §3.2.1.8, MUST-50). [RFC1122-3.2.1.8b-a] */
static enum why check_options(struct net *n, const struct ip_in *in,
                              struct span opts)
{
    struct reader  r = reader_of(opts);
    const uint8_t *at = opts.p;
    struct span    data;
    uint8_t        kind;

    for (; ip4opt_next(&r, &kind, &data); at = r.p) {
        if (kind == IP4_OPT_END)
            return GO_ON;
        if (kind == IP4_OPT_LSRR || kind == IP4_OPT_SSRR)
            return WHY_IP_OPTION;
    }
    if (!r.bad)
        return GO_ON;
    icmp_tell_bad_option(n, in, IP4_HDR_MIN + (uint32_t)(at - opts.p));
    return WHY_IP_HEADER;
}

static void fill_rx(struct net_rx *rx, const struct ip4_repr *ip)
{
    rx->src = ip->src;
    rx->dst = ip->dst;
    rx->proto = ip->proto;
    rx->ttl = ip->ttl;
    rx->tos = ip->tos;
    rx->off = rx->ip_off + ip->hdr_len;
    rx->len = (uint32_t)ip->total_len - ip->hdr_len;
}

/* Makes the header contiguous, and no more than that, and reads it. */
static enum why read_header(struct net *n, struct net_rx *rx,
                            struct ip4_repr *ip)
{
    struct cw_pkt *pkt = rx->pkt;
    uint32_t       there = pkt->len - rx->ip_off, len;

    if (there < IP4_HDR_MIN)
        return WHY_RUNT;
    if (net_head(n, pkt, rx->ip_off + IP4_HDR_MIN) != GO_ON)
        return WHY_NO_MEMORY;
    len = (pkt_head(pkt)[rx->ip_off] & 0xfu) * 4;
    if (net_head(n, pkt, rx->ip_off + MIN(len, there)) != GO_ON)
        return WHY_NO_MEMORY;
    return ip4hdr_parse(span_of(pkt_head(pkt) + rx->ip_off, there), ip);
}

static enum why fragment_in(struct net *n, struct ip_in *in,
                            const struct ip4_repr *ip)
{
    struct ip_piece piece = {
        .id = ip->id, .off = ip->frag_off, .len = in->rx.len, .more = ip->mf
    };
    struct cw_pkt whole;
    enum why      why;

    why = frag_in(n, in, &piece, &whole);
    if (why != GO_ON)
        return why == WHY_FRAG_HELD ? GO_ON : why;
    in->rx.pkt = &whole;
    in->piece = false;
    ip_deliver(n, in);
    pkt_free(&whole);
    return GO_ON;
}

/* [RFC1122-3.2.1.4-a] [RFC1122-3.2.1.7-b] */
enum why ip4_in(struct net *n, struct ip_in *in)
{
    struct ip4_repr ip;
    enum why        why = read_header(n, &in->rx, &ip);

    if (why != GO_ON)
        return why;
    fill_rx(&in->rx, &ip);
    pkt_trim(in->rx.pkt, in->rx.off + in->rx.len);
    why = ip_accept(n, in);
    in->piece = ip.frag_off > 0;
    if (why == GO_ON && ip.opts.len > 0)
        why = check_options(n, in, ip.opts);
    if (why != GO_ON)
        return why;
    if (UNLIKELY(ip4_is_fragment(&ip)))
        return fragment_in(n, in, &ip);
    ip_deliver(n, in);
    return GO_ON;
}

uint32_t ip4_hdr_len(const struct ip_hdr *h)
{
    return IP4_HDR_MIN + (uint32_t)h->opts.len;
}

/* [RFC1122-3.2.1.8-a] [RFC1122-3.4-a] */
void ip4_push(struct cw_pkt *pkt, const struct ip_hdr *h)
{
    uint32_t        hdr = ip4_hdr_len(h);
    struct ip4_repr ip = {
        .src = h->src,
        .dst = h->dst,
        .proto = h->proto,
        .ttl = h->ttl,
        .tos = h->tos,
        .total_len = (uint16_t)(hdr + pkt->len),
        .id = (uint16_t)h->id,
        .frag_off = (uint16_t)h->frag_off,
        .df = h->df,
        .mf = h->more,
        .opts = h->opts,
    };

    INVARIANT(pkt->len + hdr <= UINT16_MAX);
    ip4hdr_emit(pkt_push(pkt, hdr), hdr, &ip);
    pkt->csum_start = (uint16_t)(pkt->csum_start + hdr);
}
