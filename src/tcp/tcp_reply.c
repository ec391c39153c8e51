/* tcp_reply.c: answers without a TCB: resets, and the ACKs and SYN-ACKs of
 * the compact records.  RFC 9293 §3.5.2, §3.10.7.1; RFC 5961 §7.
 */
#include "tcp/tcb.h"
#include "wire/cksum.h"

void tcp_answer(struct tcp_host *h, const struct tcp_answer *a)
{
    struct net_tx tx = {
        .src = a->key->local,
        .dst = a->key->remote,
        .scope = a->key->scope,
        .proto = CW_IPPROTO_TCP,
        .tos = a->tos,
        .pmtudisc = CW_PMTUDISC_DO,
        .why = a->why,
        .why_arg = a->why_arg,
        .flow = a->flow,
    };
    struct tcp_repr r = {
        .sport = a->key->lport,
        .dport = a->key->rport,
        .seq = a->seq,
        .ack = a->ack,
        .flags = (uint8_t)(a->flags | a->ace * F_ECE),
        .ae = a->ace >> 2,
        .wnd = a->wnd,
        .opt = a->opt,
    };
    struct cw_pkt pkt;
    uint32_t      sum;

    if (!pkt_new(&pkt, &h->env->pbufs, PBUF_HEADROOM, TCP_HDR_MAX)) {
        env_count(h->env, COUNT_NO_MEMORY);
        return;
    }
    pkt_trim(&pkt, (uint32_t)tcphdr_emit(pkt_head(&pkt), TCP_HDR_MAX, &r));
    sum = cksum_pseudo(&tx.src, &tx.dst, CW_IPPROTO_TCP, pkt.len);
    sum = pkt_cksum(&pkt, 0, sum);
    be16_store(pkt_head(&pkt) + TCP_CKSUM_AT, cksum_fold(sum));
    env_count(h->env, COUNT_TCP_OUT_SEGS);
    if (a->flags & F_RST)
        env_count(h->env, COUNT_TCP_OUT_RSTS);
    net_out(h->net, &tx, &pkt);
}

/* §3.5.2: the reset's numbers come from the segment that it answers
 * (RFC9293-3.5.2-a), which is none itself (RFC9293-3.5.2-b); by the letter
 * a timestamp is echoed, with none of ours (RFC7323-5.2-b). */
void tcp_reply_rst(struct tcp_host *h, const struct flowkey *key,
                   const struct seg *s, enum why why)
{
    struct tcp_answer a = { .key = key,
                            .why = why,
                            .tos = s->rx->tos & 0xfc };

    if (s->flags & F_RST)
        return;
    if (s->flags & F_ACK) {
        a.seq = s->ack;
        a.flags = F_RST;
    } else {
        a.ack = seq_add(s->seq, s->len);
        a.flags = F_RST | F_ACK;
    }
    if (s->opt->has_ts && h->env->knobs->rst_echoes_ts)
        a.opt = (struct tcpopt){ .has_ts = true, .ts_ecr = s->opt->ts_val };
    tcp_answer(h, &a);
}

/* §3.10.7.1: CLOSED, that is: nobody is here. */
enum why tcp_closed_arrive(struct tcp_host *h, const struct flowkey *key,
                           const struct seg *s)
{
    tcp_reply_rst(h, key, s, WHY_TX_RST_NO_PORT);
    return WHY_TCP_NO_PORT;
}

/* RFC 5961 §7 (RFC5961-7-a), with the limit drawn anew for each interval, so
 * that an observer cannot count what others were sent (the side channel of
 * CVE-2016-5696). */
bool tcp_challenge_allowed(struct tcp_host *h)
{
    int64_t at = h->env->now / h->challenge_interval;

    if (at != h->challenge_at || h->challenge_limit == 0) {
        h->challenge_at = at;
        h->challenges = 0;
        h->challenge_limit = (h->challenge_acks + 1) / 2
            + (uint32_t)prng_below(&h->rng, h->challenge_acks);
    }
    if (h->challenges >= h->challenge_limit) {
        env_count(h->env, COUNT_TCP_CHALLENGE_HELD);
        return false;
    }
    h->challenges++;
    env_count(h->env, COUNT_TCP_CHALLENGE_ACKS);
    return true;
}

/* A connection has a share of its own: one in an interval, whatever others use
 * up; or whoever floods one connection would keep those of others from
 * hearing answers to their keep-alive probes. */
bool tcp_challenge_due(struct tcp *t)
{
    uint16_t now = (uint16_t)(tcp_now(t) / t->host->challenge_interval + 1);
    bool     own = t->challenged != now;

    if (!tcp_challenge_allowed(t->host) && !own)
        return false;
    t->challenged = now;
    return true;
}
