/* tcp_syn.c: what a SYN says and settles: initial sequence number, MSS,
 * window scale, SACK, timestamps, initial window.
 *
 *   RFC 9293 §3.4.1 and RFC 6528 (ISN), §3.7.1 (MSS: an announcement of each
 *   side for itself, MUST-14..16), RFC 7323 §2-3, RFC 2018 §2, RFC 6928.
 */
#include "tcp/cc.h"

/* The key's bytes without padding, for hashing. */
static uint64_t hash_key(struct sipkey k, const struct flowkey *key)
{
    uint8_t b[36];

    memcpy(b, key->local.b, 16);
    memcpy(b + 16, key->remote.b, 16);
    be16_store(b + 32, key->lport);
    be16_store(b + 34, key->rport);
    return siphash(k, b, sizeof b);
}

/* RFC 6528 §3: ISN = M + F(localip, localport, remoteip, remoteport,
 * secretkey), M a clock of 4 microseconds (MUST-8, MUST-9, SHLD-1;
 * RFC6528-3-a, RFC6528-3-b). */
seq tcp_isn(struct tcp_host *h, const struct flowkey *key)
{
    uint64_t m = (uint64_t)h->env->now / 4000;

    if (h->teach_iss >= 0)
        return seq_of((uint32_t)h->teach_iss);
    return seq_of((uint32_t)(m + hash_key(h->isn_key, key)));
}

/* RFC7323-7-a: the timestamp clock starts at random for each flow. */
uint32_t tcp_ts_offset(struct tcp_host *h, const struct flowkey *key)
{
    if (h->teach_ts_zero)
        return 0;
    return (uint32_t)hash_key(h->ts_key, key);
}

/* A tick of 1 ms: RFC 7323 §5.4 asks for 1 ms to 1 s (RFC7323-5.4-a,
 * RFC7323-4.1-a). */
uint32_t tcp_ts_now(const struct env *e, uint32_t offset)
{
    return (uint32_t)(e->now / NS_MS) + offset;
}

static unsigned ip_header_len(const struct cw_addr *a)
{
    return addr_is4(a) ? 20 : 40;
}

/* What we announce: the interface's MTU less fixed headers (SHLD-6, MUST-67:
 * options are not subtracted here). */
uint16_t tcp_mss_of_path(const struct net_dest *d, const struct cw_addr *a)
{
    unsigned headers = ip_header_len(a) + TCP_HDR_MIN;

    if (d->mtu <= headers + TCP_MSS_MIN)
        return TCP_MSS_MIN;
    return (uint16_t)(d->mtu - headers);
}

/* The same less what the user (TCP_MAXSEG) or the lesson wants. */
uint16_t tcp_announced_mss(const struct tcp_host *h, const struct net_dest *d,
                           const struct cw_addr *remote, uint16_t clamp)
{
    uint16_t mss = tcp_mss_of_path(d, remote);

    if (clamp)
        mss = MIN(mss, clamp);
    return h->teach_mss ? MIN(mss, h->teach_mss) : mss;
}

/* What a full segment may hold before options, as far as the path lets it:
 * the smaller of the peer's announcement (MUST-15: 536 or 1220 without one)
 * and the user's wish (MUST-16).  RFC1191-6.4-c. */
uint16_t tcp_send_mss(uint16_t peer, uint16_t clamp,
                      const struct cw_addr *remote)
{
    uint16_t mss = peer;

    if (mss == 0)
        mss = addr_is4(remote) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;
    if (clamp)
        mss = MIN(mss, clamp);
    return MAX(mss, (uint16_t)TCP_MSS_MIN);
}

/* RFC 6691 §2: options that every segment carries are the sender's to
 * subtract. */
uint32_t tcp_eff_mss(const struct tcp *t)
{
    return t->snd_mss - (t->ts_ok ? (uint32_t)TCPOPT_TS_PADDED : 0u);
}

/* Seven, or what this buffer needs (RFC 7323 §2.3: at most 14). */
uint8_t tcp_wscale_for(uint32_t rcvbuf)
{
    uint8_t scale = TCP_WSCALE;

    while (scale < TCP_WSCALE_MAX && rcvbuf >> scale > 65535)
        scale++;
    return scale;
}

void tcp_syn_options(const struct tcp *t, struct tcpopt *o)
{
    bool first = t->state == TCPS_SYN_SENT;

    /* SHLD-5, MAY-3: always */
    *o = (struct tcpopt){ .has_mss = true, .mss = t->rcv_mss };
    o->sack_ok = first ? !t->host->no_sack : t->sack_ok;
    o->has_wscale = first ? !t->host->no_wscale /* RFC7323-2.2-a */
                          : t->wscale_ok;
    o->wscale = t->rcv_wscale;
    o->has_ts = first ? !t->host->no_ts : t->ts_ok;
    o->ts_val = tcp_ts_now(tcp_env(t), t->ts_offset);
    o->ts_ecr = t->ts_recent;
}

/* The peer's SYN: each option counts only if both sides offer it
 * (RFC7323-2.2-b, RFC7323-3.2-e, RFC2018-4-a). */
void tcp_syn_learn(struct tcp *t, const struct tcpopt *o)
{
    t->mss_max = tcp_send_mss(o->has_mss ? o->mss : 0, t->opts.maxseg,
                              &t->node.remote);
    t->wscale_ok = o->has_wscale && !t->host->no_wscale;
    t->snd_wscale = t->wscale_ok ? MIN(o->wscale, TCP_WSCALE_MAX)
                                 : 0; /* RFC7323-2.3-b */
    if (!t->wscale_ok)
        t->rcv_wscale = 0;
    t->sack_ok = o->sack_ok && !t->host->no_sack;
    t->ts_ok = o->has_ts && !t->host->no_ts;
    if (t->ts_ok) {
        t->ts_recent = o->ts_val;
        t->ts_recent_s = (uint32_t)(tcp_now(t) / NS_S);
    }
    tcp_mtu_settled(t);
}

/* RFC6928-2-a or RFC5681-3.1-b; one segment if the SYN was lost (RFC5681-3.1-d),
 * with a larger window than those of then if it was lost twice (RFC6928-2-c). */
uint32_t tcp_initial_window(const struct tcp *t)
{
    uint32_t mss = tcp_eff_mss(t);
    unsigned n = t->host->initcwnd;

    if (n != 0 ? t->syn_timed_out_twice : t->syn_timed_out)
        return mss;
    if (n != 0)
        return MIN(n * mss, MAX(2 * mss, n * 1460));
    if (mss > 2190)
        return 2 * mss;
    return mss > 1095 ? 3 * mss : 4 * mss;
}

void tcp_initial_cwnd(struct tcp *t)
{
    t->cwnd = tcp_initial_window(t);
    tcp_cwnd_event(t, WHY_CC_SLOW_START);
}
