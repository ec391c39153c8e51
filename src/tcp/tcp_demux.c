/* tcp_demux.c: a segment finds its TCB, embryo, TIME-WAIT record, listener,
 * or nobody.  RFC 9293 §3.10.7, §3.9.1 (MUST-57: no broadcast).
 */
#include "tcp/tcb.h"
#include "wire/cksum.h"

void tcp_seg_event(struct env *e, uint32_t flow, const struct seg *s)
{
    struct cw_event ev = { .kind = EV_SEG_IN, .flow = flow };

    if (!env_observed(e))
        return;
    ev.v[0] = s->seq.v;
    ev.v[1] = s->ack.v;
    ev.v[2] = s->text;
    ev.v[3] = s->flags | (uint64_t)s->ae << 8
        | (uint64_t)(s->rx->tos & 3) << 9;
    ev.v[4] = s->wnd;
    env_event(e, &ev);
}

static void dropped(struct env *e, uint32_t flow, const struct seg *s,
                    enum why why)
{
    struct cw_event ev = { .kind = EV_DROP, .flow = flow };

    if (why == WHY_OOO_FULL)
        env_count(e, COUNT_TCP_OOO_DROP);
    else if (why == WHY_NO_MEMORY)
        env_count(e, COUNT_TCP_RCVQ_DROP);
    else if (why == WHY_SYN_IN_SYNC)
        env_count(e, COUNT_TCP_SYN_CHALLENGE);
    if (!env_observed(e))
        return;
    ev.why = (uint16_t)why;
    ev.v[0] = s->rx->len;
    ev.v[1] = CW_IPPROTO_TCP;
    env_event(e, &ev);
}

/* Header and checksum (MUST-3); r keeps what the segment borrows. */
static enum why decode(struct tcp_host *h, const struct net_rx *rx,
                       struct tcp_repr *r, struct seg *s)
{
    const uint8_t *p = pkt_head(rx->pkt) + rx->off;
    uint32_t       have = MIN(rx->len, pkt_head_len(rx->pkt) - rx->off);
    enum why       w = tcphdr_parse(span_of(p, have), r);

    if (w != GO_ON) {
        env_count(h->env, COUNT_TCP_IN_ERRS);
        return w;
    }
    if (!rx->csum_ok) {
        uint32_t sum = cksum_pseudo(&rx->src, &rx->dst, CW_IPPROTO_TCP,
                                    rx->len);

        if (cksum_fold(pkt_cksum(rx->pkt, rx->off, sum)) != 0) {
            env_count(h->env, COUNT_TCP_IN_ERRS);
            env_count(h->env, COUNT_TCP_IN_CSUM_ERRORS);
            return WHY_TCP_CHECKSUM;
        }
    }
    s->seq = r->seq;
    s->ack = r->ack;
    s->text = rx->len - r->hdr_len;
    s->len = s->text + !!(r->flags & F_SYN) + !!(r->flags & F_FIN);
    s->wnd = r->wnd;
    s->up = r->up;
    s->flags = r->flags;
    s->ae = r->ae;
    s->opt = &r->opt;
    s->rx = rx;
    s->text_off = rx->off + r->hdr_len;
    return GO_ON;
}

static enum why to_listener(struct tcp_host *h, const struct flowkey *key,
                            struct seg *s, const seq *last)
{
    struct tcp_listener *l = tcp_listener_find(h, key);

    tcp_seg_event(h->env, l ? l->flow : 0, s);
    if (!l)
        return tcp_closed_arrive(h, key, s);
    return tcp_listen_arrive(l, s, key, last);
}

static enum why to_node(struct tcp_host *h, struct flownode *n, struct seg *s,
                        uint32_t *flow)
{
    struct tcp          *t;
    struct tcp_embryo   *m;
    struct tcp_timewait *w;
    struct flowkey       key;
    seq                  last;
    enum why             why;
    bool                 reuse;

    switch ((enum node_kind)n->kind) {
    case NODE_TCP:
        t = container_of(n, struct tcp, node);
        *flow = t->flow;
        if (!(s->flags & F_SYN))
            s->wnd <<= t->snd_wscale; /* RFC7323-2.3-a, RFC7323-2.2-c */
        tcp_seg_event(h->env, *flow, s);
        return tcp_arrive(t, s);
    case NODE_EMBRYO:
        m = container_of(n, struct tcp_embryo, node);
        *flow = m->flow;
        if (!(s->flags & F_SYN) && m->wscale_ok)
            s->wnd <<= m->snd_wscale;
        tcp_seg_event(h->env, *flow, s);
        return tcp_embryo_arrive(m, s);
    case NODE_TIMEWAIT:
        w = container_of(n, struct tcp_timewait, node);
        key = flownode_key(&h->flows, n);
        last = w->snd_nxt;
        *flow = w->flow;
        tcp_seg_event(h->env, *flow, s);
        why = tcp_timewait_arrive(h, w, s, &reuse);
        return reuse ? to_listener(h, &key, s, &last) : why;
    }
    INVARIANT(n->kind == NODE_TCP); /* a node of no kind */
    return WHY_TCP_NO_PORT;
}

enum why tcp_in(void *host, const struct net_rx *rx)
{
    struct tcp_host *h = host;
    struct tcp_repr  r;
    struct seg       s;
    struct flowkey   key;
    struct flownode *n;
    uint32_t         flow = 0;
    enum why         w;

    env_count(h->env, COUNT_TCP_IN_SEGS);
    if (rx->many)
        return WHY_TCP_BROADCAST;
    w = decode(h, rx, &r, &s);
    if (w != GO_ON)
        return w;
    key = (struct flowkey){ .local = rx->dst,
                            .remote = rx->src,
                            .lport = r.dport,
                            .rport = r.sport };
    if (addr_is_linklocal(&rx->dst) && !addr_is4(&rx->dst))
        key.scope = rx->netif + 1u;
    n = flowtab_find(&h->flows, &key);
    w = n ? to_node(h, n, &s, &flow) : to_listener(h, &key, &s, NULL);
    if (w != WHY_DONE && w != GO_ON)
        dropped(h->env, flow, &s, w);
    return GO_ON;
}
