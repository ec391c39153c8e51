/* ip6.c: what only IPv6 has: its header and its chain of extensions.
 *
 *   RFC 8200 §3, §4; RFC 7112 (a chain is whole in the first fragment).
 *   Invariant: rx.off stands behind the last extension header, and the
 *              packet ends where the header says.
 */
#include "net/frag.h"
#include "net/icmp.h"
#include "wire/icmp6hdr.h"
#include "wire/ip6ext.h"

static enum why read_header(struct net *n, struct net_rx *rx,
                            struct ip6_repr *ip)
{
    struct cw_pkt *pkt = rx->pkt;
    uint32_t       max = MIN(pkt->len, rx->ip_off + IP6_HDR_LEN);
    enum why       why = net_head(n, pkt, max);

    if (why != GO_ON)
        return why;
    why = ip6hdr_parse(
        span_of(pkt_head(pkt) + rx->ip_off, pkt->len - rx->ip_off), ip);
    if (why != GO_ON)
        return why;
    rx->src = ip->src;
    rx->dst = ip->dst;
    rx->ttl = ip->hop;
    rx->tos = ip->tclass;
    pkt_trim(pkt, rx->ip_off + IP6_HDR_LEN + ip->payload_len);
    return GO_ON;
}

static bool is_plain(uint8_t next)
{
    return next == PROTO_TCP || next == PROTO_UDP || next == PROTO_ICMP6;
}

/* What the sender is told depends on what it sent. [RFC4443-2.4-c] */
static void tell_problem(struct net *n, struct ip_in *in, uint32_t chain,
                         struct ip6_ext *ext)
{
    struct net_rx *rx = &in->rx;

    if (!ext->problem.tell)
        return;
    ip6ext_skip(span_of(pkt_head(rx->pkt) + rx->ip_off, chain - rx->ip_off),
                ext);
    rx->proto = ext->proto;
    rx->off = rx->ip_off + ext->off;
    icmp_tell_problem(n, in, &ext->problem);
}

/* The chain, as far as it stands in this packet. */
static enum why walk(struct net *n, struct ip_in *in,
                     const struct ip6_repr *ip, struct ip6_ext *ext)
{
    struct net_rx *rx = &in->rx;
    struct cw_pkt *pkt = rx->pkt;
    uint32_t       chain = MIN(pkt->len, rx->ip_off + IP6_CHAIN_MAX);
    enum why       why;

    if (!is_plain(ip->next) && net_head(n, pkt, chain) != GO_ON)
        return WHY_NO_MEMORY;
    why = ip6ext_walk(
        span_of(pkt_head(pkt) + rx->ip_off, pkt->len - rx->ip_off), ip, ext);
    in->piece = ext->frag.present && ext->frag.off > 0;
    if (why != GO_ON) {
        tell_problem(n, in, chain, ext);
        return why;
    }
    in->next_at = ext->next_at;
    rx->proto = ext->proto;
    rx->off = rx->ip_off + ext->off;
    rx->len = pkt->len - rx->off;
    return GO_ON;
}

/* The first fragment has the whole chain, up to the upper layer.
 * [RFC8200-4.5-f] */
static enum why check_first(struct net *n, struct ip_in *in,
                            const struct ip6_ext *ext)
{
    struct ip6_problem short_chain = { .tell = true,
                                       .code = ICMP6_PARAM_CHAIN };
    struct net_rx     *rx = &in->rx;
    uint32_t           len = rx->pkt->len - rx->ip_off;
    uint8_t            upper;
    int64_t            there;

    if (ext->frag.off > 0)
        return GO_ON;
    there = ip6ext_upper(span_of(pkt_head(rx->pkt) + rx->ip_off,
                                 MIN(len, (uint32_t)IP6_CHAIN_MAX)),
                         ext, &upper);
    if (there >= (int64_t)ip_upper_min(upper))
        return GO_ON;
    icmp_tell_problem(n, in, &short_chain);
    return WHY_FRAG_BAD;
}

/* What remains when the chain is done with. [RFC8200-4.7-a] */
static enum why finish(struct net *n, struct ip_in *in)
{
    /* RFC 8200 §4.7: nothing follows, and nobody is told. */
    if (in->rx.proto == PROTO_NONE)
        return WHY_IP6_EXTENSION;
    ip_deliver(n, in);
    return GO_ON;
}

/* A packet that frag.c has put together, from its IPv6 header on; another
 * fragment header in it is one too many. */
static enum why whole_in(struct net *n, struct ip_in *in)
{
    struct ip6_repr ip;
    struct ip6_ext  ext;
    enum why        why = read_header(n, &in->rx, &ip);

    if (why == GO_ON)
        why = walk(n, in, &ip, &ext);
    if (why == GO_ON && ext.frag.present)
        why = WHY_FRAG_BAD;
    return why == GO_ON ? finish(n, in) : why;
}

static enum why fragment_in(struct net *n, struct ip_in *in,
                            const struct ip6_ext *ext)
{
    struct ip_piece piece = { .id = ext->frag.id,
                              .off = ext->frag.off,
                              .len = in->rx.len,
                              .more = ext->frag.more,
                              .next = ext->frag.next,
                              .next_at = ext->frag.next_at };
    struct cw_pkt   whole;
    enum why        why = check_first(n, in, ext);

    if (why == GO_ON)
        why = frag_in(n, in, &piece, &whole);
    if (why != GO_ON)
        return why == WHY_FRAG_HELD ? GO_ON : why;
    in->rx.pkt = &whole;
    in->piece = false;
    why = whole_in(n, in);
    if (why != GO_ON)
        net_drop(n, &whole, why, COUNT_IP_IN_DISCARDS);
    else
        pkt_free(&whole);
    return GO_ON;
}

/* [RFC8200-3-a] [RFC8200-4.5-g] */
enum why ip6_in(struct net *n, struct ip_in *in)
{
    struct ip6_repr ip;
    struct ip6_ext  ext;
    enum why        why = read_header(n, &in->rx, &ip);

    if (why == GO_ON)
        why = ip_accept(n, in);
    if (why == GO_ON)
        why = walk(n, in, &ip, &ext);
    if (why != GO_ON)
        return why;
    return ip6_is_fragment(&ext) ? fragment_in(n, in, &ext) : finish(n, in);
}

uint32_t ip6_hdr_len(const struct ip_hdr *h)
{
    return h->frag ? IP6_HDR_LEN + IP6_FRAG_LEN : IP6_HDR_LEN;
}

void ip6_push(struct cw_pkt *pkt, const struct ip_hdr *h)
{
    struct ip6_frag frag = { .more = h->more,
                             .off = (uint16_t)h->frag_off,
                             .id = h->id,
                             .next = h->proto };
    struct ip6_repr ip = { .src = h->src,
                           .dst = h->dst,
                           .next = h->frag ? PROTO_FRAGMENT : h->proto,
                           .hop = h->ttl,
                           .tclass = h->tos,
                           .flow = h->flow_label };
    uint32_t        hdr = ip6_hdr_len(h);

    if (h->frag)
        ip6frag_emit(pkt_push(pkt, IP6_FRAG_LEN), IP6_FRAG_LEN, &frag);
    INVARIANT(pkt->len <= UINT16_MAX);
    ip.payload_len = (uint16_t)pkt->len;
    ip6hdr_emit(pkt_push(pkt, IP6_HDR_LEN), IP6_HDR_LEN, &ip);
    pkt->csum_start = (uint16_t)(pkt->csum_start + hdr);
}
