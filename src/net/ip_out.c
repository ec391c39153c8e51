/* ip_out.c: a transport's packet goes down: route, source, identification,
 * header, fragments where they are allowed, and on to the link.
 *
 *   Owns:    the order of those steps, for both families.
 *   Invariant: a packet's references are taken over whatever becomes of it;
 *              the family on the wire is the destination's.
 *   RFC 791 §3.2, RFC 8200 §4.5, RFC 6864, RFC 7739.
 */
#include "net/mcast.h"
#include "net/neigh.h"
#include "wire/cksum.h"
#include "wire/ip4opt.h"
#include "wire/udphdr.h"

/* Every number of 2 `half` bits to another one, as the key says: four rounds
 * of a Feistel network. */
static uint32_t permute(uint32_t v, unsigned half, uint64_t key)
{
    uint32_t mask = (1u << half) - 1, left = v >> half & mask;
    uint32_t right = v & mask;

    for (unsigned round = 0; round < 4; round++) {
        uint64_t x = key ^ ((uint64_t)right << 8 | round);
        uint32_t next;

        x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
        x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
        next = left ^ ((uint32_t)(x >> 40) & mask);
        left = right;
        right = next;
    }
    return left << half | right;
}

/* RFC 7739 §5.3: a counter that many destinations share, and a keyed hash of
 * the addresses.  It is not added but permutes, so that no number tells the
 * next one, or how many packets others were sent meanwhile, not even to the
 * destination; and still none comes again before the counter comes round.
 * [RFC6864-4.3-a] [RFC8200-4.5-b] */
uint32_t ip_next_id(struct net *n, const struct cw_addr *src,
                    const struct cw_addr *dst)
{
    uint8_t  pair[32];
    uint64_t hash;

    memcpy(pair, src->b, 16);
    memcpy(pair + 16, dst->b, 16);
    hash = siphash(n->id_key, pair, sizeof pair);
    return permute(n->id_next[hash % IP_ID_SLOTS]++, addr_is4(dst) ? 8 : 16,
                   hash);
}

/* RFC 6437 §3: the same for all packets of a flow, telling nothing. */
static uint32_t flow_label(const struct net *n, uint32_t flow)
{
    if (flow == 0)
        return 0;
    return (uint32_t)(siphash(n->id_key, &flow, sizeof flow) & 0xfffff);
}

/* Where and with which header this packet goes. */
struct way {
    struct net_dest *dest;
    struct netif    *nif;
    struct ip_hdr    hdr;
    uint32_t         mtu;
    bool             ip4, many;
    bool             loop, here; /* as net_tx has them, if it is for us */
};

/* RFC 4861 §6.3.4: routers may say how far the Internet reaches. */
static uint8_t default_ttl(const struct net *n, const struct way *w)
{
    return !w->ip4 && w->nif->hop_limit ? w->nif->hop_limit
                                        : net_ttl(n, w->ip4);
}

/* [RFC6864-4.1-a] */
static void fill_header(struct net *n, const struct net_tx *tx, struct way *w)
{
    struct ip_hdr *h = &w->hdr;

    h->dst = tx->dst;
    h->proto = tx->proto;
    h->tos = tx->tos;
    h->ttl = tx->ttl;
    if (h->ttl == 0) /* RFC 1112 §6.1: a group is near unless asked for */
        h->ttl = addr_is_multicast(&tx->dst) ? 1 : default_ttl(n, w);
    if (!w->ip4)
        h->flow_label = flow_label(n, tx->flow);
    else if (UNLIKELY(tx->opts != NULL))
        h->opts = span_of(tx->opts->b, tx->opts->len);
}

static uint32_t hdr_len(const struct way *w)
{
    return w->ip4 ? ip4_hdr_len(&w->hdr) : ip6_hdr_len(&w->hdr);
}

/* RFC 6864 §4.1: what is never fragmented needs no identification. */
static void forbid_or_number(struct net *n, struct way *w, bool df)
{
    w->hdr.df = df;
    if (!w->ip4 || !df)
        w->hdr.id = ip_next_id(n, &w->hdr.src, &w->hdr.dst);
}

/* RFC1191-3-d */
static bool forbids_cutting(const struct net_tx *tx, const struct way *w)
{
    if (tx->pmtudisc == CW_PMTUDISC_WANT)
        return !(w->dest->flags & NET_DEST_LOCKED);
    return tx->pmtudisc == CW_PMTUDISC_DO
        || tx->pmtudisc == CW_PMTUDISC_PROBE;
}

static bool may_be_cut_here(const struct net_tx *tx)
{
    return tx->pmtudisc == CW_PMTUDISC_DONT
        || tx->pmtudisc == CW_PMTUDISC_WANT
        || tx->pmtudisc == CW_PMTUDISC_OMIT;
}

/* RFC 1112 §6.1: do members of the group sit here, too?  Everybody hears a
 * broadcast. */
static bool wants_copy(const struct way *w, const struct cw_addr *dst)
{
    return !addr_is_multicast(dst) || mcast_wanted(w->nif, dst, &w->hdr.src);
}

/* RFC 1122 §3.2.1.3 (a): as long as there is no address; to all on one link.
 */
static enum why unnumbered(struct net *n, const struct net_tx *tx,
                           struct net_dest *dest)
{
    const struct netif *nif = netif_of(n, tx->scope - 1);

    INVARIANT(nif && addr_is_bcast(&tx->dst));
    dest->generation = n->generation;
    dest->netif = (uint8_t)nif->index;
    dest->mtu = nif->mtu;
    dest->flags = (uint8_t)nif->flags;
    dest->neigh = NULL;
    return GO_ON;
}

static enum why find_way(struct net *n, const struct net_tx *tx,
                         struct net_dest *own, struct way *w)
{
    enum why why = GO_ON;

    w->hdr.src = tx->src;
    w->dest = tx->dest ?: own;
    if (UNLIKELY(tx->unnumbered))
        why = unnumbered(n, tx, w->dest);
    else if (!net_dest_ok(n, w->dest) || addr_is_any(&tx->src))
        why = net_path(n, &tx->dst, tx->scope, &w->hdr.src, w->dest);
    if (UNLIKELY(why != GO_ON))
        return why;
    w->nif = netif_of(n, w->dest->netif);
    INVARIANT(w->nif);
    w->ip4 = addr_is4(&tx->dst);
    INVARIANT(addr_is4(&w->hdr.src) == w->ip4);
    w->many = !w->dest->neigh && !(w->nif->flags & CW_NETIF_LOOPBACK);
    w->loop = w->many && tx->loop && wants_copy(w, &tx->dst);
    w->here = w->many && tx->here;
    fill_header(n, tx, w);
    return GO_ON;
}

/* The transport's checksum, which its header leaves to us. */
static void complete_csum(struct cw_pkt *pkt, uint8_t proto)
{
    uint16_t at = (uint16_t)(pkt->csum_start + pkt->csum_off);
    uint16_t ck = cksum_fold(pkt_cksum(pkt, pkt->csum_start, 0));

    INVARIANT(at + 2u <= pkt_head_len(pkt));
    if (ck == 0 && proto == PROTO_UDP)
        ck = 0xffff; /* RFC 768: zero would mean "none" */
    be16_store(pkt_head(pkt) + at, ck);
    pkt->csum_state = CW_CSUM_NONE;
}

/* To a group or to all. */
static enum why send_many(struct net *n, const struct way *w,
                          struct cw_pkt *pkt)
{
    static const struct cw_mac all = { { 255, 255, 255, 255, 255, 255 } };
    struct cw_mac              mac = all;
    struct cw_pkt              copy;
    enum why                   why;

    if (addr_is_multicast(&w->hdr.dst))
        mac = mac_of_multicast(&w->hdr.dst);
    ether_push(w->nif, &mac, pkt, w->ip4 ? ETHER_IP4 : ETHER_IP6);
    if (!w->loop && !w->here)
        return netif_out(n, w->nif, pkt);
    pkt_share(&copy, pkt);
    why = w->here ? GO_ON : netif_out(n, w->nif, pkt);
    if (w->here)
        pkt_free(pkt);
    if (why == GO_ON && w->loop)
        mcast_loop(n, w->nif, &copy);
    pkt_free(&copy);
    return why;
}

/* One packet that fits, from its transport header on. */
static enum why send_one(struct net *n, const struct way *w,
                         struct cw_pkt *pkt)
{
    static const struct cw_mac none;

    if (w->ip4)
        ip4_push(pkt, &w->hdr);
    else
        ip6_push(pkt, &w->hdr);
    env_count(n->env, COUNT_IP_OUT);
    if (w->dest->neigh)
        return ether_out(n, w->dest->neigh, pkt, w->ip4);
    if (w->many)
        return send_many(n, w, pkt);
    return ether_out_mac(n, w->nif, &none, pkt,
                         w->ip4 ? ETHER_IP4 : ETHER_IP6);
}

/* A packet of its own with bytes [off, off+len) of a larger one. */
static enum why send_piece(struct net *n, const struct way *w,
                           const struct cw_pkt *whole, uint32_t off,
                           uint32_t len)
{
    struct cw_pkt piece;
    enum why      why;

    if (!pkt_new(&piece, &n->env->pbufs, PBUF_HEADROOM, 0)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return WHY_NO_MEMORY;
    }
    piece.flow = whole->flow;
    piece.why = off == 0 ? whole->why : WHY_TX_FRAGMENT;
    piece.why_arg = off == 0 ? whole->why_arg : 0;
    why = pkt_append_range(&piece, whole, off, len) ? send_one(n, w, &piece)
                                                    : WHY_NO_MEMORY;
    if (why != GO_ON)
        pkt_free(&piece);
    else
        env_count(n->env, COUNT_IP_FRAGS_CREATED);
    return why;
}

/* RFC 791 §3.2, RFC 8200 §4.5: pieces of a multiple of eight bytes; the first
 * has all options.  [RFC8200-4.5-a] */
static enum why send_fragments(struct net *n, struct way *w,
                               struct cw_pkt *pkt)
{
    uint8_t  later[IP4_OPTS_MAX];
    uint32_t step;
    enum why why = GO_ON;

    forbid_or_number(n, w, false);
    w->hdr.frag = true;
    step = (w->mtu - hdr_len(w)) & ~7u;
    INVARIANT(step >= 8);
    for (uint32_t off = 0; off < pkt->len && why == GO_ON; off += step) {
        uint32_t len = MIN(step, pkt->len - off);

        w->hdr.frag_off = off;
        w->hdr.more = off + len < pkt->len;
        why = send_piece(n, w, pkt, off, len);
        if (off == 0 && w->hdr.opts.len > 0) {
            memcpy(later, w->hdr.opts.p, w->hdr.opts.len);
            ip4opt_copied(later, w->hdr.opts.len);
            w->hdr.opts.p = later;
        }
    }
    if (why == GO_ON)
        pkt_free(pkt);
    env_count(n->env, why == GO_ON ? COUNT_IP_FRAG_OKS : COUNT_IP_FRAG_FAILS);
    return why;
}

static enum why send(struct net *n, const struct net_tx *tx,
                     struct cw_pkt *pkt)
{
    struct net_dest own = { .generation = 0 };
    struct way      w = { .many = false };
    enum why        why = find_way(n, tx, &own, &w);
    uint32_t        hdr, max;

    if (UNLIKELY(why != GO_ON))
        return why;
    hdr = hdr_len(&w);
    max = w.ip4 ? UINT16_MAX - hdr : UINT16_MAX; /* of a length field */
    w.mtu = net_dest_mtu(n, w.dest, tx->pmtudisc);
    if (LIKELY(hdr + pkt->len <= w.mtu)) {
        if (w.ip4)
            forbid_or_number(n, &w, forbids_cutting(tx, &w));
        if (pkt->csum_state == CW_CSUM_PARTIAL
            && !(w.nif->flags & CW_NETIF_CSUM))
            complete_csum(pkt, tx->proto);
        return send_one(n, &w, pkt);
    }
    if (!may_be_cut_here(tx) || pkt->len > max)
        return WHY_TOO_BIG;
    if (pkt->csum_state == CW_CSUM_PARTIAL)
        complete_csum(pkt, tx->proto);
    return send_fragments(n, &w, pkt);
}

static enum count count_of(enum why why)
{
    return why == WHY_NO_ROUTE ? COUNT_IP_OUT_NO_ROUTES
                               : COUNT_IP_OUT_DISCARDS;
}

/* Previous hop: a transport.  Next: ether_out(). */
enum why net_out(struct net *n, const struct net_tx *tx, struct cw_pkt *pkt)
{
    enum why why;

    INVARIANT(tx->why != GO_ON);
    INVARIANT(pkt->gso_size == 0);
    INVARIANT(pkt->nfrags > 0);
    pkt->why = (uint16_t)tx->why;
    pkt->why_arg = tx->why_arg;
    pkt->flow = tx->flow;
    why = send(n, tx, pkt);
    if (UNLIKELY(why != GO_ON))
        net_drop(n, pkt, why, count_of(why));
    return why;
}
