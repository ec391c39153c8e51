/* frag.c: reassembly: pieces are kept until they make a whole, or for 60
 * seconds from the first.
 *
 *   Owns:    at most FRAG_DATAGRAM_MAX datagrams of FRAG_PIECES_MAX pieces,
 *            and at most a quarter of the host's memory; the oldest makes
 *            room.
 *   Policy:  a piece that is here already, byte for byte, is dropped; any
 *            other overlap condemns the datagram with all that is still to
 *            come of it (RFC 5722 §4; the same for IPv4, where RFC 791 leaves
 *            open what attackers have used).  A condemned datagram keeps its
 *            entry, without pieces, until its time is over.
 *   Invariant: pieces are sorted and disjoint; have is the sum of their
 *              lengths; a whole ("atomic") packet never comes here (RFC 6946).
 *   RFC 791 §3.2, RFC 1122 §3.2.1.4 and §3.3.2, RFC 8200 §4.5.
 */
#include "net/frag.h"
#include "net/icmp.h"
#include "wire/cksum.h"

#define REASSEMBLY_TIME (60 * NS_S)

struct frag_piece {
    struct frag_piece *next;
    uint32_t           off, len;
    uint32_t           at; /* where its data begin in pkt */
    struct cw_pkt      pkt;
};

struct frag_key {
    struct cw_addr src, dst;
    uint32_t       id;
    uint8_t        proto; /* IPv4 only: RFC 8200 leaves it out */
    uint8_t        pad[3];
};

struct frag_dgram {
    struct list        order;
    struct frag_dgram *hash_next;
    struct wtimer      timer;
    struct frag_key    key;
    struct frag_piece *pieces;
    uint32_t           npieces, have;
    uint32_t           total; /* 0: the last one is not here */
    size_t             bytes;
    struct ip_in       first; /* of the piece at 0; its pkt is not set */
    uint8_t            next;  /* IPv6, of that piece: see struct ip_piece */
    uint16_t           next_at;
    bool               dead, csum_ok;
    uint8_t            ecn; /* a bit for each codepoint that came */
};

enum { NOT_ECT = 1 << 0, CE = 1 << 3, CE_BITS = 3 }; /* of frag_dgram.ecn */

/* ---- entries ------------------------------------------------------------ */

void frag_init(struct net *n)
{
    slab_init(&n->frag_slab, n->env->arena, sizeof(struct frag_dgram));
    slab_init(&n->piece_slab, n->env->arena, sizeof(struct frag_piece));
    list_init(&n->frag_order);
}

static struct frag_dgram **bucket_of(struct net *n, const struct frag_key *k)
{
    return &n->frag_bucket[siphash(n->frag_key, k, sizeof *k) % FRAG_BUCKETS];
}

static struct frag_dgram *find(struct net *n, const struct frag_key *k)
{
    struct frag_dgram *d = *bucket_of(n, k);

    while (d && memcmp(&d->key, k, sizeof *k) != 0)
        d = d->hash_next;
    return d;
}

static size_t true_size(const struct cw_pkt *pkt)
{
    size_t size = sizeof(struct frag_piece);

    for (unsigned i = 0; i < pkt->nfrags; i++)
        size += pbuf_truesize(pkt->frags[i].buf);
    return size;
}

/* GO_ON: without a word. */
static void drop_pieces(struct net *n, struct frag_dgram *d, enum why why)
{
    while (d->pieces) {
        struct frag_piece *p = d->pieces;

        d->pieces = p->next;
        if (why == GO_ON)
            pkt_free(&p->pkt);
        else
            net_drop(n, &p->pkt, why, COUNT_IP_IN_DISCARDS);
        slab_put(p);
    }
    INVARIANT(n->frag_bytes >= d->bytes);
    n->frag_bytes -= d->bytes;
    d->bytes = 0;
    d->npieces = 0;
    d->have = 0;
}

static void forget(struct net *n, struct frag_dgram *d, enum why why)
{
    struct frag_dgram **at = bucket_of(n, &d->key);

    drop_pieces(n, d, why);
    wheel_cancel(&n->env->wheel, &d->timer);
    while (*at != d)
        at = &(*at)->hash_next;
    *at = d->hash_next;
    list_del(&d->order);
    slab_put(d);
    INVARIANT(n->frag_count > 0);
    n->frag_count--;
}

static void forget_oldest(struct net *n, enum why why)
{
    struct list *l = list_first(&n->frag_order);

    INVARIANT(l);
    if (why != GO_ON)
        env_count(n->env, COUNT_IP_REASM_FAILS);
    forget(n, list_entry(l, struct frag_dgram, order), why);
}

void frag_fini(struct net *n)
{
    while (n->frag_count > 0)
        forget_oldest(n, GO_ON);
    INVARIANT(n->frag_bytes == 0);
}

/* The entry stays, so that what comes late is refused as well. */
static enum why condemn(struct net *n, struct frag_dgram *d, enum why why)
{
    env_count(n->env, COUNT_IP_REASM_FAILS);
    drop_pieces(n, d, why);
    d->dead = true;
    return why;
}

static void timer_event(struct net *n, enum event_kind kind, enum why why)
{
    struct cw_event ev = { .kind = (uint16_t)kind,
                           .why = (uint16_t)why,
                           .sub = EVT_FRAG,
                           .v = { (uint64_t)REASSEMBLY_TIME } };

    if (kind == EV_TIMER_ARM)
        ev.v[1] = (uint64_t)(n->env->now + REASSEMBLY_TIME);
    if (env_observed(n->env))
        env_event(n->env, &ev);
}

static struct frag_dgram *begin(struct net *n, const struct frag_key *k)
{
    struct frag_dgram *d;

    if (n->frag_count == FRAG_DATAGRAM_MAX)
        forget_oldest(n, WHY_FRAG_FULL);
    d = slab_get0(&n->frag_slab);
    if (!d)
        return NULL;
    d->key = *k;
    d->csum_ok = true;
    d->hash_next = *bucket_of(n, k);
    *bucket_of(n, k) = d;
    list_push_back(&n->frag_order, &d->order);
    n->frag_count++;
    wheel_setup(&d->timer, TIMER_FRAG);
    wheel_arm(&n->env->wheel, &d->timer, n->env->now + REASSEMBLY_TIME);
    timer_event(n, EV_TIMER_ARM, WHY_FRAG_HELD);
    return d;
}

/* RFC 1122 §3.3.2, RFC 8200 §4.5: the sender hears of it if the first
 * fragment was here. [RFC1122-3.3.2-c] [RFC8200-4.5-c] */
void frag_timeout(struct net *n, struct wtimer *t)
{
    struct frag_dgram *d = container_of(t, struct frag_dgram, timer);

    timer_event(n, EV_TIMER_FIRE, WHY_FRAG_TIMEOUT);
    env_count(n->env, COUNT_IP_REASM_TIMEOUT);
    if (!d->dead)
        env_count(n->env, COUNT_IP_REASM_FAILS);
    if (d->pieces && d->pieces->off == 0) {
        d->first.rx.pkt = &d->pieces->pkt;
        icmp_tell_reassembly_time(n, &d->first);
    }
    forget(n, d, WHY_FRAG_TIMEOUT);
}

/* ---- one piece ---------------------------------------------------------- */

/* [RFC1122-3.3.2-a] [RFC1122-3.3.2-b] [RFC791-3.2-b] */
static enum why check_piece(const struct ip_in *in, const struct ip_piece *p)
{
    /* RFC 791 §3.1: a datagram is not longer than its length field. */
    uint32_t max = addr_is4(&in->rx.src)
        ? UINT16_MAX - (in->rx.off - in->rx.ip_off)
        : UINT16_MAX;

    if (p->len == 0 || (p->more && p->len % 8 != 0))
        return WHY_FRAG_BAD;
    return p->off + p->len <= max ? GO_ON : WHY_FRAG_BAD;
}

/* Where the piece belongs; *dup is one that starts at the same place and is
 * as long. False: it overlaps. */
static bool find_place(struct frag_dgram *d, const struct ip_piece *p,
                       struct frag_piece ***place, struct frag_piece **dup)
{
    struct frag_piece **at = &d->pieces;

    *dup = NULL;
    while (*at && (*at)->off + (*at)->len <= p->off)
        at = &(*at)->next;
    *place = at;
    if (!*at || p->off + p->len <= (*at)->off)
        return true;
    if ((*at)->off == p->off && (*at)->len == p->len)
        *dup = *at;
    return false;
}

static bool same_bytes(const struct frag_piece *a, const struct net_rx *rx)
{
    uint8_t x[128], y[128];

    for (uint32_t i = 0; i < a->len; i += (uint32_t)sizeof x) {
        uint32_t len = MIN(a->len - i, (uint32_t)sizeof x);

        pkt_copy_out(&a->pkt, a->at + i, x, len);
        pkt_copy_out(rx->pkt, rx->off + i, y, len);
        if (memcmp(x, y, len) != 0)
            return false;
    }
    return true;
}

/* Is the end where the other pieces say it is? */
static bool end_agrees(const struct frag_dgram *d, const struct ip_piece *p)
{
    uint32_t                 end = p->off + p->len;
    const struct frag_piece *last = d->pieces;

    if (d->total > 0)
        return p->more ? end < d->total : end == d->total;
    if (p->more)
        return true;
    while (last && last->next)
        last = last->next;
    return !last || last->off + last->len <= end;
}

/* Room for it, if need be at the expense of older datagrams. */
static bool make_room(struct net *n, const struct frag_dgram *d, size_t size)
{
    size_t max = arena_limit(n->env->arena) / 4;

    while (n->frag_bytes + size > max) {
        struct list *l = list_first(&n->frag_order);

        if (list_entry(l, struct frag_dgram, order) == d)
            return false;
        forget_oldest(n, WHY_FRAG_FULL);
    }
    return true;
}

static enum why keep(struct net *n, struct frag_dgram *d,
                     const struct ip_in *in, const struct ip_piece *p,
                     struct frag_piece **place)
{
    size_t             size = true_size(in->rx.pkt);
    struct frag_piece *piece;

    if (d->npieces == FRAG_PIECES_MAX || !make_room(n, d, size))
        return condemn(n, d, WHY_FRAG_FULL);
    piece = slab_get(&n->piece_slab);
    if (!piece)
        return condemn(n, d, WHY_NO_MEMORY);
    piece->off = p->off;
    piece->len = p->len;
    piece->at = in->rx.off;
    pkt_share(&piece->pkt, in->rx.pkt);
    piece->next = *place;
    *place = piece;
    d->npieces++;
    d->have += p->len;
    d->bytes += size;
    n->frag_bytes += size;
    if (!p->more)
        d->total = p->off + p->len;
    d->csum_ok = d->csum_ok && in->rx.csum_ok;
    d->ecn |= (uint8_t)(1u << (in->rx.tos & CE_BITS));
    return GO_ON;
}

/* [RFC8200-4.5-e] [RFC5722-4-a] */
static enum why add(struct net *n, struct frag_dgram *d,
                    const struct ip_in *in, const struct ip_piece *p)
{
    struct frag_piece **place, *dup;
    enum why            why;

    if (d->dead)
        return WHY_FRAG_OVERLAP;
    if (!end_agrees(d, p))
        return condemn(n, d, WHY_FRAG_BAD);
    if (!find_place(d, p, &place, &dup)) {
        if (dup && p->more == (d->total != p->off + p->len)
            && same_bytes(dup, &in->rx))
            return WHY_FRAG_OVERLAP;
        return condemn(n, d, WHY_FRAG_OVERLAP);
    }
    why = keep(n, d, in, p, place);
    if (why == GO_ON && p->off == 0) {
        d->first = *in;
        d->next = p->next;
        d->next_at = p->next_at;
        if (!addr_is4(&in->rx.src))
            d->first.rx.proto = p->next;
    }
    return why;
}

/* ---- the whole ---------------------------------------------------------- */

/* The first fragment's headers, as if nothing had been cut. */
static enum why head_of(struct net *n, const struct frag_dgram *d,
                        struct cw_pkt *whole)
{
    const struct frag_piece *first = d->pieces;
    bool                     ip4 = addr_is4(&d->key.src);
    uint32_t                 ip_off = d->first.rx.ip_off;
    uint32_t                 len = first->at - (ip4 ? 0u : IP6_FRAG_LEN);
    uint32_t                 fixed = ip_off + (ip4 ? 0u : IP6_HDR_LEN);
    uint8_t                 *ip;

    INVARIANT(first->off == 0 && len >= fixed);
    if (len - fixed + d->total > UINT16_MAX)
        return WHY_FRAG_BAD;
    if (!pkt_new(whole, &n->env->pbufs, PBUF_HEADROOM, len))
        return WHY_NO_MEMORY;
    whole->netif = first->pkt.netif;
    pkt_copy_out(&first->pkt, 0, pkt_head(whole), len);
    ip = pkt_head(whole) + ip_off;
    if (d->ecn & CE) /* of any: RFC3168-5.3-a */
        ip[1] |= ip4 ? CE_BITS : CE_BITS << 4;
    if (ip4) {
        be16_store(ip + 2, (uint16_t)(len - fixed + d->total));
        be16_store(ip + 6, 0);
        be16_store(ip + 10, 0);
        be16_store(ip + 10, cksum_fold(cksum_add(0, ip, len - ip_off)));
    } else {
        be16_store(ip + 4, (uint16_t)(len - fixed + d->total));
        ip[d->next_at] = d->next;
    }
    return GO_ON;
}

/* One run is left free, for a head that somebody wants in one piece. */
static bool share_pieces(const struct frag_dgram *d, struct cw_pkt *whole)
{
    for (const struct frag_piece *p = d->pieces; p; p = p->next)
        if (!pkt_append_range(whole, &p->pkt, p->at, p->len))
            return false;
    return whole->nfrags < CW_FRAGS_MAX;
}

/* Too many runs for one packet: into buffers as large as there are. */
static bool copy_pieces(struct net *n, const struct frag_dgram *d,
                        struct cw_pkt *whole)
{
    const struct frag_piece *p = d->pieces;
    uint32_t                 done = 0, skip = 0;

    while (done < d->total) {
        uint32_t       size = MIN(d->total - done, (uint32_t)PBUF_LARGE);
        struct cw_buf *buf = pbuf_new(&n->env->pbufs, size);
        bool           ok;

        if (!buf)
            return false;
        for (uint32_t at = 0; at < size;) {
            uint32_t run = MIN(size - at, p->len - skip);

            pkt_copy_out(&p->pkt, p->at + skip, buf->data + at, run);
            at += run;
            skip += run;
            if (skip == p->len) {
                p = p->next;
                skip = 0;
            }
        }
        ok = pkt_append(whole, buf, 0, size);
        pbuf_put(buf);
        if (!ok)
            return false;
        done += size;
    }
    return true;
}

static bool fill(struct net *n, const struct frag_dgram *d,
                 struct cw_pkt *whole)
{
    uint32_t head = whole->len;

    if (share_pieces(d, whole))
        return true;
    pkt_trim(whole, head);
    return copy_pieces(n, d, whole);
}

static enum why assemble(struct net *n, struct frag_dgram *d,
                         struct ip_in *in, struct cw_pkt *whole)
{
    enum why why = WHY_FRAG_ECN;
    uint32_t head;

    if (!(d->ecn & CE && d->ecn & NOT_ECT)) /* RFC 3168 §5.3 */
        why = head_of(n, d, whole);
    if (why == GO_ON && !fill(n, d, whole)) {
        pkt_free(whole);
        why = WHY_NO_MEMORY;
    }
    if (why != GO_ON) {
        condemn(n, d, why);
        return WHY_FRAG_HELD; /* its drop was told with the others' */
    }
    head = whole->len - d->total;
    in->rx.off = head;
    in->rx.len = d->total;
    in->rx.csum_ok = d->csum_ok;
    in->rx.ttl = d->first.rx.ttl;
    in->rx.tos = d->first.rx.tos | (d->ecn & CE ? CE_BITS : 0);
    env_count(n->env, COUNT_IP_REASM_OKS);
    forget(n, d, GO_ON);
    return GO_ON;
}

enum why frag_in(struct net *n, struct ip_in *in,
                 const struct ip_piece *piece, struct cw_pkt *whole)
{
    struct frag_key    key = { .src = in->rx.src,
                               .dst = in->rx.dst,
                               .id = piece->id };
    struct frag_dgram *d;
    enum why           why = check_piece(in, piece);

    env_count(n->env, COUNT_IP_REASM_REQDS);
    if (why != GO_ON)
        return why;
    if (addr_is4(&in->rx.src))
        key.proto = in->rx.proto;
    d = find(n, &key) ?: begin(n, &key);
    if (!d)
        return WHY_NO_MEMORY;
    why = add(n, d, in, piece);
    if (why != GO_ON)
        return why;
    return d->have == d->total ? assemble(n, d, in, whole) : WHY_FRAG_HELD;
}
