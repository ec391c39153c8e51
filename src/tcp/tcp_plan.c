/* tcp_plan.c: from a plan to a packet: flags, options, window, checksum.
 *
 *   RFC 9293 §3.1, §3.8.6; RFC 7323 §3.2; RFC 3168 §6.1.  Every segment of a
 *   TCB passes here and says the newest ACK and window.  Does not decide what
 *   is sent (tcp_output.c).
 */
#include "tcp/tcp_plan.h"
#include "wire/cksum.h"

/* Flags a state sends with every segment. */
static uint8_t base_flags(const struct tcp *t)
{
    return t->state == TCPS_SYN_SENT ? 0 : F_ACK;
}

static void options(struct tcp *t, const struct plan *p, struct tcpopt *o)
{
    struct seqrange text = { p->start, seq_add(p->start, p->len) };

    if (p->ctl & F_SYN) {
        tcp_syn_options(t, o);
        tcp_fast_option(t, o);
        tcp_ecnopt_syn(t, p->again, o);
        return;
    }
    *o = (struct tcpopt){ .has_ts = t->ts_ok };
    if (t->ts_ok) {
        o->ts_val = tcp_ts_now(tcp_env(t), t->ts_offset);
        o->ts_ecr = t->ts_recent; /* RFC7323-3.2-d */
    }
    /* blocks only where they cost no data: on pure ACKs (RFC2018-4-b) */
    if (p->len == 0 && !tcp_accecn_no_blocks(t))
        tcp_sack_blocks(t, o, t->ts_ok ? 3 : 4);
    tcp_ecnopt_put(t, &text, p->again, o);
}

/* RFC6093-4-a, RFC6093-5-a */
static void set_urgent(const struct tcp *t, const struct plan *p,
                       struct tcp_repr *r)
{
    if (!t->snd_urgent || !seq_gt(t->snd.up, p->start) || (p->ctl & F_SYN))
        return;
    r->flags |= F_URG; /* MUST-62: points behind the urgent data */
    r->up = (uint16_t)MIN(seq_from(t->snd.up, p->start), 65535u);
}

/* PSH where the queue ends (MUST-60, MUST-61: no PUSH flag of the user's is
 * kept, and what was written together goes together, MAY-16, SHLD-27). */
static bool pushes(const struct tcp *t, const struct plan *p)
{
    uint32_t room, later;

    if (p->len == 0 || (p->ctl & F_SYN))
        return false;
    if (t->fin_sent)
        return seq_eq(seq_add(p->start, p->len), tcp_fin_seq(t));
    later = tcp_new_data(t, &room);
    return later == 0 && seq_eq(seq_add(p->start, p->len), t->snd.nxt);
}

static void seg_out_event(struct tcp *t, const struct tcp_repr *r,
                          const struct plan *p)
{
    struct cw_event ev = { .kind = EV_SEG_OUT, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.why = (uint16_t)p->why;
    ev.v[0] = r->seq.v;
    ev.v[1] = r->ack.v;
    ev.v[2] = p->len;
    ev.v[3] = r->flags | (uint64_t)r->ae << 8;
    ev.v[4] = r->wnd;
    env_event(tcp_env(t), &ev);
}

/* Not sent before, and not to probe a window that is shut. */
static bool is_new_data(const struct plan *p)
{
    return p->len > 0 && !p->again && p->why != WHY_TX_PROBE;
}

/* AE, CWR and ECE */
static void set_ecn(struct tcp *t, const struct plan *p, struct tcp_repr *r)
{
    bool     pure = p->len == 0 && !p->ctl && r->opt.nsack == 0;
    unsigned ace = p->ctl & F_SYN ? tcp_ecn_syn(t, p->again)
                                  : tcp_ecn_flags(t, is_new_data(p), pure);

    r->flags |= (uint8_t)(ace * F_ECE);
    r->ae = ace >> 2 & 1;
}

static void fill_in(struct tcp *t, const struct plan *p, struct tcp_repr *r)
{
    *r = (struct tcp_repr){
        .sport = t->node.lport,
        .dport = t->node.rport,
        .seq = p->start,
        .flags = base_flags(t) | p->ctl,
    };
    if (r->flags & F_ACK)
        r->ack = t->rcv.nxt;
    r->wnd = tcp_wnd_field(t, p->ctl & F_SYN);
    set_urgent(t, p, r);
    if (pushes(t, p))
        r->flags |= F_PSH;
    options(t, p, &r->opt);
    set_ecn(t, p, r);
}

/* The ACK that was owed has gone with a segment. */
static void ack_sent(struct tcp *t)
{
    t->last_ack_sent = t->rcv.nxt;
    t->unacked_in = 0;
    t->due &= (uint16_t) ~(DUE_ACK | DUE_ACK_NOW | DUE_CHALLENGE);
    tcp_timers_ack_sent(t);
}

/* MUST-2 */
static void checksum(const struct tcp *t, struct cw_pkt *pkt)
{
    uint32_t sum;

    sum = cksum_pseudo(&tcp_end(t)->addr, &t->node.remote, CW_IPPROTO_TCP,
                       pkt->len);
    if (t->dest.flags & CW_NETIF_CSUM) {
        pkt->csum_state = CW_CSUM_PARTIAL;
        pkt->csum_off = TCP_CKSUM_AT;
        be16_store(pkt_head(pkt) + TCP_CKSUM_AT, (uint16_t)~cksum_fold(sum));
        return;
    }
    sum = pkt_cksum(pkt, 0, sum);
    be16_store(pkt_head(pkt) + TCP_CKSUM_AT, cksum_fold(sum));
}

/* New data makes room for accurate ECN's option (RFC 6691 §2). */
static uint32_t most_text(const struct tcp *t, const struct plan *p)
{
    if (p->again || p->ctl & F_SYN || p->why == WHY_TX_MTU_PROBE)
        return p->len;
    return MIN(p->len, tcp_eff_mss(t) - tcp_ecnopt_room(t, p->start));
}

/* The packet with its text.  A packet holds a bounded number of runs, so the
 * plan may get shorter, and then its FIN is not due yet. */
bool tcp_plan_prepare(struct tcp *t, struct plan *p, struct cw_pkt *pkt)
{
    seq      base = tcp_send_base(t);
    seq      text = seq_add(p->start, !!(p->ctl & F_SYN));
    uint32_t got;

    if (!pkt_new(pkt, &tcp_env(t)->pbufs, PBUF_HEADROOM, TCP_HDR_MAX)) {
        env_count(tcp_env(t), COUNT_NO_MEMORY);
        return false;
    }
    if (p->len == 0)
        return true;
    got = sendq_attach(&t->sendq, seq_from(text, base), most_text(t, p), pkt);
    INVARIANT(got > 0 && got <= p->len);
    if (got < p->len) {
        p->len = got;
        p->ctl &= (uint8_t)~F_FIN;
    }
    return true;
}

/* Puts the header in front, as things stand now, and sends. */
void tcp_plan_launch(struct tcp *t, const struct plan *p, struct cw_pkt *pkt)
{
    struct net_tx tx = {
        .src = tcp_end(t)->addr,
        .dst = t->node.remote,
        .scope = tcp_end(t)->scope,
        .proto = CW_IPPROTO_TCP,
        .ttl = t->opts.ttl,                    /* MUST-49 */
        .tos = tcp_ecn_tos(t, is_new_data(p)), /* MUST-48, SHLD-21, SHLD-22 */
        .pmtudisc = t->opts.pmtudisc,
        .why = p->why,
        .why_arg = p->arg,
        .flow = t->flow,
        .dest = &t->dest,
    };
    struct tcp_repr r;

    fill_in(t, p, &r);
    pkt->frags[0].len = (uint32_t)tcphdr_emit(pkt_head(pkt), TCP_HDR_MAX, &r);
    pkt->len = pkt->frags[0].len + p->len;
    checksum(t, pkt);
    seg_out_event(t, &r, p);
    ack_sent(t);
    t->segs_out++;
    env_count(tcp_env(t), COUNT_TCP_OUT_SEGS);
    net_out(t->host->net, &tx, pkt);
}
