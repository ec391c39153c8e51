/* net.c: one host's network layer as a whole: beginning, end, the two
 * directions, and the one place where packets are dropped.
 *
 *   Owns:    struct net; the transports' table.
 *   Does not know what is in a packet: see ether.c and above it.
 */
#include "net/frag.h"
#include "net/icmp.h"
#include "net/mcast.h"
#include "net/neigh.h"
#include "net/slaac.h"

/* ---- packets that wait ------------------------------------------------ */

bool pktq_push(struct pktq *q, struct slab *nodes, const struct cw_pkt *pkt)
{
    struct pktnode *node = slab_get(nodes);

    if (!node)
        return false;
    node->next = NULL;
    node->pkt = *pkt;
    if (q->tail)
        q->tail->next = node;
    else
        q->head = node;
    q->tail = node;
    q->count++;
    return true;
}

bool pktq_pop(struct pktq *q, struct cw_pkt *out)
{
    struct pktnode *node = q->head;

    INVARIANT((node == NULL) == (q->count == 0));
    if (!node)
        return false;
    *out = node->pkt;
    q->head = node->next;
    if (!q->head)
        q->tail = NULL;
    q->count--;
    slab_put(node);
    return true;
}

void pktq_clear(struct pktq *q)
{
    struct cw_pkt pkt;

    while (pktq_pop(q, &pkt))
        pkt_free(&pkt);
}

bool pkt_append_range(struct cw_pkt *to, const struct cw_pkt *from,
                      uint32_t off, uint32_t len)
{
    INVARIANT(off <= from->len && len <= from->len - off);
    for (unsigned i = 0; i < from->nfrags && len > 0; i++) {
        const struct cw_frag *f = &from->frags[i];
        uint32_t              run;

        if (off >= f->len) {
            off -= f->len;
            continue;
        }
        run = MIN(len, f->len - off);
        if (!pkt_append(to, f->buf, f->off + off, run))
            return false;
        len -= run;
        off = 0;
    }
    return true;
}

bool pkt_append_copy(struct cw_pkt *to, struct pbufs *ps,
                     const struct cw_pkt *from, uint32_t off, uint32_t len)
{
    INVARIANT(off <= from->len && len <= from->len - off);
    while (len > 0) {
        uint32_t       run = MIN(len, (uint32_t)PBUF_LARGE);
        struct cw_buf *buf = pbuf_new(ps, run);
        bool           ok;

        if (!buf)
            return false;
        pkt_copy_out(from, off, buf->data, run);
        ok = pkt_append(to, buf, 0, run);
        pbuf_put(buf);
        if (!ok)
            return false;
        off += run;
        len -= run;
    }
    return true;
}

bool pkt_append_any(struct cw_pkt *to, struct pbufs *ps,
                    const struct cw_pkt *from, uint32_t off, uint32_t len)
{
    uint32_t before = to->len;

    if (pkt_append_range(to, from, off, len))
        return true;
    pkt_trim(to, before);
    return pkt_append_copy(to, ps, from, off, len);
}

enum why net_head(struct net *n, struct cw_pkt *pkt, uint32_t len)
{
    struct pbufs *ps = &n->env->pbufs;
    struct cw_pkt copy;

    if (LIKELY(pkt_head_len(pkt) >= len) || pkt_contiguous(pkt, ps, len))
        return GO_ON;
    if (pkt->nfrags < CW_FRAGS_MAX)
        return WHY_NO_MEMORY;
    /* No run is left for a new head: fewer and larger ones. */
    if (!pkt_new(&copy, ps, 0, len))
        return WHY_NO_MEMORY;
    pkt_copy_out(pkt, 0, pkt_head(&copy), len);
    if (!pkt_append_copy(&copy, ps, pkt, len, pkt->len - len)) {
        pkt_free(&copy);
        return WHY_NO_MEMORY;
    }
    copy.netif = pkt->netif;
    copy.csum_state = pkt->csum_state;
    pkt_free(pkt);
    *pkt = copy;
    return GO_ON;
}

/* ---- drops -------------------------------------------------------------- */

void net_drop_note(struct net *n, const struct cw_pkt *pkt, uint8_t proto,
                   enum why why)
{
    struct cw_event ev = { .kind = EV_DROP,
                           .why = (uint16_t)why,
                           .flow = pkt->flow,
                           .v = { pkt->len, proto } };

    INVARIANT(why != GO_ON);
    if (env_observed(n->env))
        env_event(n->env, &ev);
}

/* [RFC1122-3.1-b] */
void net_drop(struct net *n, struct cw_pkt *pkt, enum why why, enum count c)
{
    if (c != COUNT_COUNT_OF)
        env_count(n->env, c);
    net_drop_note(n, pkt, 0, why);
    pkt_free(pkt);
}

/* ---- beginning and end -------------------------------------------------- */

size_t net_size(void)
{
    return sizeof(struct net) + NEIGH_MAX * neigh_size();
}

static struct sipkey draw_key(struct prng *r)
{
    struct sipkey k;

    k.k0 = prng_u64(r);
    k.k1 = prng_u64(r);
    return k;
}

/* [RFC1122-3.2.1.7-c] */
void net_ttl_config(struct net *n, uint8_t ttl, uint8_t hop_limit)
{
    n->ttl[0] = ttl ?: IP_TTL_DEFAULT;
    n->ttl[1] = hop_limit ?: IP_TTL_DEFAULT;
}

uint8_t net_ttl(const struct net *n, bool ip4)
{
    return n->ttl[!ip4];
}

void net_init(struct net *n, struct env *env)
{
    memset(n, 0, sizeof *n);
    n->env = env;
    n->generation = 1;
    n->pmtu_due = NS_NEVER;
    n->pmtu_life = PMTU_LIFE;
    n->pmtu_floor4 = PMTU_FLOOR4;
    net_ttl_config(n, 0, 0);
    n->rng = prng_stream(env->seed, env->host, "net");
    n->id_key = draw_key(&n->rng);
    n->neigh_key = draw_key(&n->rng);
    n->frag_key = draw_key(&n->rng);
    for (unsigned i = 0; i < IP_ID_SLOTS; i++)
        n->id_next[i] = prng_u32(&n->rng);
    n->conf_rng = prng_stream(env->seed, env->host, "autoconf");
    n->iid_key = draw_key(&n->conf_rng);
    slab_init(&n->nodes, env->arena, sizeof(struct pktnode));
    mcast_init(n);
    neigh_init(n, n + 1);
    frag_init(n);
    icmp_init(n);
}

void net_fini(struct net *n)
{
    for (unsigned i = 0; i < n->nnetif; i++) {
        pktq_clear(&n->netif[i].txq);
        wheel_cancel(&n->env->wheel, &n->netif[i].conf_timer);
    }
    mcast_fini(n);
    neigh_fini(n);
    frag_fini(n);
}

void net_set_proto(struct net *n, uint8_t number, const struct proto *p)
{
    INVARIANT(n->ntransport < PROTO_SLOTS);
    INVARIANT(!net_transport(n, number));
    INVARIANT(p->deliver && p->error && p->room);
    n->transport[n->ntransport].number = number;
    n->transport[n->ntransport].up = *p;
    n->ntransport++;
}

const struct proto *net_transport(const struct net *n, uint8_t number)
{
    for (unsigned i = 0; i < n->ntransport; i++)
        if (n->transport[i].number == number)
            return &n->transport[i].up;
    return NULL;
}

/* ---- packets and time --------------------------------------------------- */

/* RFC 4293's reasons; all others are discards. */
static enum count count_of_in(enum why why)
{
    if (why == WHY_RUNT || why == WHY_IP_VERSION || why == WHY_IP_HEADER
        || why == WHY_IP_CHECKSUM)
        return COUNT_IP_IN_HDR_ERRORS;
    if (why == WHY_NOT_FOR_US || why == WHY_IP_SOURCE)
        return COUNT_IP_IN_ADDR_ERRORS;
    return why == WHY_PROTOCOL ? COUNT_IP_IN_UNKNOWN_PROTOS
                               : COUNT_IP_IN_DISCARDS;
}

/* Previous hop: the stack's input.  Next: ether_in(). */
void net_in(struct net *n, struct cw_pkt *pkt)
{
    enum why why;

    env_count(n->env, COUNT_IF_IN);
    n->env->count[COUNT_IF_IN_OCTETS] += pkt->len;
    why = ether_in(n, pkt);
    if (UNLIKELY(why != GO_ON))
        net_drop(n, pkt, why, count_of_in(why));
    else
        pkt_free(pkt);
}

void net_timeout(struct net *n, struct wtimer *t)
{
    if (t->kind == TIMER_NEIGH)
        neigh_timeout(n, t);
    else if (t->kind == TIMER_CONF)
        conf_timeout(n, t);
    else if (t->kind == TIMER_GROUP || t->kind == TIMER_GROUP_LINK)
        mcast_timeout(n, t);
    else
        frag_timeout(n, t);
}
