/* tcp_output.c: when and what to send: the only builder of segments from a
 * TCB.
 *
 * The order of one visit is fixed, and each step asks one question:
 *
 *   1  is a reset owed?                  then it is the last word
 *   2  is a record believed lost?        send it again, while pipe < cwnd
 *   3  is there new data, or our FIN?    while pipe < cwnd, the peer's
 *                                        window and §3.8.6.2.1 allow it
 *   4  is a window probe owed?           one octet, whatever the window says;
 *                                        or a keep-alive, if nothing waits
 *   5  is an ACK still owed?             a segment without data
 *
 * (An ACK that tells of a hole goes before all of them, alone.)
 *
 * Every segment carries the newest ACK and window, so that steps 2 to 4 make
 * 5 needless (piggyback).  What limits each step is asked where it is
 * answered: pipe in tcp_recover.c, window, SWS and Nagle in tcp_window.c, the
 * interface's queue in net.  A visit ends when the interface has no room; the
 * host's due list then brings us back.
 *
 * A SYN and a FIN are records like data, so that one retransmission serves
 * all (RFC 9293 §3.8.1).
 */
#include "tcp/cc.h"
#include "wire/cksum.h"

/* One segment to be. */
struct plan {
    seq      start;
    uint32_t len; /* of text */
    uint8_t  ctl; /* F_SYN, F_FIN */
    bool     again;
    enum why why;
    uint64_t arg;
};

struct tcp_flight *tcp_flight(struct tcp *t)
{
    struct tcp_flight *f = t->flight;

    if (f)
        return f;
    f = slab_get0(&t->host->flights);
    if (!f) {
        env_count(tcp_env(t), COUNT_NO_MEMORY);
        return NULL;
    }
    segq_init(&f->segq);
    f->recover = t->at_recover ? t->snd.una : seq_sub(t->snd.una, 1);
    f->high_sacked = t->snd.una;
    f->lost_below = t->snd.una;
    f->ecn_until = t->snd.una;
    t->flight = f;
    return f;
}

/* Flags a state sends with every segment. */
static uint8_t base_flags(const struct tcp *t)
{
    return t->state == TCPS_SYN_SENT ? 0 : F_ACK;
}

static void options(struct tcp *t, const struct plan *p, struct tcpopt *o)
{
    if (p->ctl & F_SYN) {
        tcp_syn_options(t, o);
        tcp_fast_option(t, o);
        return;
    }
    *o = (struct tcpopt){ .has_ts = t->ts_ok };
    if (t->ts_ok) {
        o->ts_val = tcp_ts_now(tcp_env(t), t->ts_offset);
        o->ts_ecr = t->ts_recent; /* RFC7323-3.2-d */
    }
    /* blocks only where they cost no data: on pure ACKs (RFC2018-4-b) */
    if (p->len == 0)
        tcp_sack_blocks(t, o, t->ts_ok ? 3 : 4);
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
    ev.v[3] = r->flags;
    ev.v[4] = r->wnd;
    env_event(tcp_env(t), &ev);
}

/* Not sent before, and not to probe a window that is shut. */
static bool is_new_data(const struct plan *p)
{
    return p->len > 0 && !p->again && p->why != WHY_TX_PROBE;
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
    r->flags |= p->ctl & F_SYN ? tcp_ecn_syn(t, p->again)
                               : tcp_ecn_flags(t, is_new_data(p));
    set_urgent(t, p, r);
    if (pushes(t, p))
        r->flags |= F_PSH;
    options(t, p, &r->opt);
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

/* The packet with its text.  A packet holds a bounded number of runs, so the
 * plan may get shorter, and then its FIN is not due yet. */
static bool prepare(struct tcp *t, struct plan *p, struct cw_pkt *pkt)
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
    got = sendq_attach(&t->sendq, seq_from(text, base), p->len, pkt);
    INVARIANT(got > 0 && got <= p->len);
    if (got < p->len) {
        p->len = got;
        p->ctl &= (uint8_t)~F_FIN;
    }
    return true;
}

/* Puts the header in front, as things stand now, and sends. */
static void launch(struct tcp *t, const struct plan *p, struct cw_pkt *pkt)
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

/* SND.NXT, but not beyond the peer's window: it may have shrunk, or a probe
 * may have gone beyond it, and then the peer would find the segment
 * unacceptable (§3.10.7.4) and never hear what it says. */
static seq acceptable_seq(const struct tcp *t)
{
    seq right = seq_add(t->snd.una, t->snd.wnd);

    return t->syn_acked ? seq_min(t->snd.nxt, right) : t->snd.nxt;
}

/* ---- 1: the last word --------------------------------------------------- */

static void send_rst(struct tcp *t)
{
    struct flowkey    key = tcp_key(t);
    struct tcp_answer a = {
        .key = &key,
        .seq = acceptable_seq(t),
        .ack = t->rcv.nxt,
        .flags = F_RST | F_ACK,
        .why = (enum why)t->rst_why,
        .flow = t->flow,
        .tos = t->opts.tos,
    };

    if (t->ts_ok && tcp_knobs(t)->rst_echoes_ts) /* RFC7323-3.2-a */
        a.opt = (struct tcpopt){
            .has_ts = true,
            .ts_val = tcp_ts_now(tcp_env(t), t->ts_offset),
            .ts_ecr = t->ts_recent,
        };
    t->due = 0;
    t->segs_out++;
    tcp_answer(t->host, &a);
}

/* ---- 2: again ----------------------------------------------------------- */

static void rexmit_event(struct tcp *t, const struct segrec *r, enum why why)
{
    struct cw_event ev = { .kind = EV_REXMIT, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.why = (uint16_t)why;
    ev.v[0] = r->start.v;
    ev.v[1] = seq_from(r->end, r->start);
    ev.v[2] = r->times;
    env_event(tcp_env(t), &ev);
}

/* A record holds no more than one segment may now; the window does not matter,
 * unless it is shut (SHLD-16, RFC7323-2.4-c). */
static bool fit(struct tcp *t, struct segrec *r, uint32_t most)
{
    if (tcp_text_of(r) <= most)
        return true;
    return segq_split(&t->flight->segq, &t->host->segs, r,
                      seq_add(r->start, most))
        != NULL;
}

/* What was a probe's one octet is sent again with what follows it. */
static struct segrec *grow_probe(struct tcp *t, struct segrec *r)
{
    struct segq *q = &t->flight->segq;
    uint32_t     room, more = tcp_new_data(t, &room);
    uint32_t     len, order = q->next_order;

    if (q->count != 1 || r->ctl || tcp_text_of(r) != 1 || more == 0
        || t->fin_sent)
        return r;
    len = MIN(MIN(1 + more, 1 + room), tcp_eff_mss(t));
    segq_fini(q);
    segq_init(q);
    q->next_order = order;
    r = segq_push(q, &t->host->segs, t->snd.una, seq_add(t->snd.una, len),
                  tcp_now(t));
    if (!r)
        return NULL;
    t->snd.nxt = r->end;
    tcp_mark_lost(t, r);
    return r;
}

/* Why the next lost one is sent again. */
static enum why why_next(const struct tcp_flight *f)
{
    if (f->recovery == RECOVERY_RTO)
        return WHY_TX_RECOVER;
    if (f->rexmit_why == WHY_TX_PMTU || f->rexmit_why == WHY_TX_PROBE_LOST)
        return (enum why)f->rexmit_why; /* the rest of what was cut */
    return WHY_TX_SACK_LOST;
}

static bool resend(struct tcp *t, struct segrec *r, struct plan *p)
{
    struct cw_pkt pkt;

    if (!prepare(t, p, &pkt))
        return false;
    if (!fit(t, r, p->len)) {
        pkt_free(&pkt);
        return false;
    }
    t->due &= (uint16_t)~DUE_REXMIT;
    segq_sent_again(&t->flight->segq, r, tcp_now(t));
    launch(t, p, &pkt);
    rexmit_event(t, r, p->why);
    t->total_retrans++;
    t->bytes_retrans += p->len;
    env_count(tcp_env(t), COUNT_TCP_RETRANS_SEGS);
    if (p->ctl & F_SYN)
        env_count(tcp_env(t), COUNT_TCP_SYN_RETRANS);
    tcp_timers_data_sent(t);
    return true;
}

static bool send_again(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = f ? segq_waiting(&f->segq) : NULL;
    struct plan        p;
    uint32_t           pipe = tcp_pipe(t);

    if (!r || ((t->state & TCPS_OPENING) && !(r->ctl & F_SYN)))
        return false; /* until the SYN is acknowledged only it: RFC 7413 §4.2.2 */
    if (!(t->due & DUE_REXMIT) && f->one_first)
        return false;
    if (!(t->due & DUE_REXMIT)
        && pipe + MIN(tcp_text_of(r), tcp_eff_mss(t)) > t->cwnd)
        return false;
    if (f->rexmit_why == WHY_TX_PROBE)
        r = grow_probe(t, r);
    if (!r || !fit(t, r, tcp_eff_mss(t)))
        return false;
    p = (struct plan){ r->start, tcp_text_of(r),          r->ctl,
                       true,     (enum why)f->rexmit_why, f->rexmit_arg };
    if (r->ctl & F_SYN && t->state == TCPS_SYN_RCVD && r->times == 1
        && t->backoff == 0)
        p.why = WHY_TX_SYNACK;
    if (!resend(t, r, &p))
        return false;
    f->high_rxt = seq_max(f->high_rxt, r->end);
    f->rexmit_why = (uint16_t)why_next(f);
    return true;
}

/* RFC 6675's last resort, after new data. */
static bool send_last_resort(struct tcp *t)
{
    struct segrec *r = tcp_sack_last_resort(t);
    struct plan    p;

    if (!r || !fit(t, r, tcp_eff_mss(t)))
        return false;
    p = (struct plan){ r->start, tcp_text_of(r), r->ctl,
                       true,     WHY_TX_RESCUE,  0 };
    return resend(t, r, &p);
}

/* ---- 3: new ------------------------------------------------------------- */

/* Puts [nxt, nxt+len) and maybe our FIN on the wire and into the records. */
static bool send_run(struct tcp *t, struct plan *p)
{
    struct tcp_flight *f = tcp_flight(t);
    struct cw_pkt      pkt;
    struct segrec     *r;
    seq                end;

    if (!f || !prepare(t, p, &pkt))
        return false;
    end = seq_add(p->start, p->len + !!(p->ctl & F_FIN));
    if (p->ctl & F_SYN) /* its text is in flight once it was taken */
        end = seq_add(p->start, 1);
    r = segq_push(&f->segq, &t->host->segs, p->start, end, tcp_now(t));
    if (!r) {
        pkt_free(&pkt);
        return false;
    }
    r->ctl = p->ctl;
    r->delivered = tcp_bytes_acked(t);
    t->snd.nxt = end;
    if (p->ctl & F_FIN)
        t->fin_sent = true;
    launch(t, p, &pkt);
    if (p->ctl & F_SYN)
        tcp_fast_sent(t, p->len);
    if (p->len > 0) {
        t->data_segs_out++;
        env_count(tcp_env(t), COUNT_TCP_ORIG_DATA_SENT);
    }
    if (!t->unaccepted)
        t->last_sent = tcp_now(t);
    tcp_timers_data_sent(t);
    return true;
}

static enum why why_new(const struct tcp *t, const struct plan *p)
{
    if (p->ctl & F_SYN && t->state == TCPS_SYN_RCVD)
        return WHY_TX_SYNACK;
    if (p->ctl & F_SYN)
        return p->len > 0 ? WHY_TX_SYN_DATA : WHY_TX_SYN;
    if (t->fast_end == FAST_REFUSED && p->len > 0
        && seq_eq(p->start, seq_add(t->iss, 1)))
        return WHY_TX_SYN_DATA_AGAIN;
    if (t->flight && t->flight->recovery == RECOVERY_NONE
        && t->flight->dupacks > 0 && p->len > 0)
        return WHY_TX_LIMITED;
    if (t->snd_urgent && seq_gt(t->snd.up, p->start))
        return WHY_TX_URGENT;
    return p->len > 0 ? WHY_TX_DATA : WHY_TX_FIN;
}

static void restart_after_idle(struct tcp *t)
{
    if (t->unaccepted || t->last_sent == 0 || !seq_eq(t->snd.una, t->snd.nxt))
        return;
    if (tcp_now(t) - t->last_sent > t->rto)
        tcp_cc(t)->idle(t);
}

/* How much text may go in the next segment, as much as there is (SHLD-28), and
 * never beyond cwnd (RFC5681-3-a); and whether it takes all. */
static uint32_t next_len(struct tcp *t, bool *last)
{
    uint32_t room, len = tcp_new_data(t, &room);
    uint32_t mss = tcp_eff_mss(t), pipe = tcp_pipe(t);
    uint32_t want = MIN(len, mss);
    uint32_t cwnd_room = t->cwnd > pipe ? t->cwnd - pipe : 0;

    t->cwnd_limited = false;
    if (want > 0 && cwnd_room < want) {
        t->cwnd_limited = true;
        return 0;
    }
    *last = len <= mss && len <= room;
    return MIN(want, room);
}

/* One segment that is larger than the path is known to take. */
static bool send_mtu_probe(struct tcp *t)
{
    struct plan p = { .start = t->snd.nxt, .why = WHY_TX_MTU_PROBE };
    uint32_t    len = tcp_mtu_probe_len(t);

    if (len == 0)
        return false;
    p.len = len;
    p.arg = tcp_mtu_probe_packet(t, len);
    if (!send_run(t, &p))
        return false;
    if (p.len == len) /* else it had too many runs */
        tcp_mtu_probe_sent(t, p.start, len);
    return true;
}

static bool send_new(struct tcp *t)
{
    const unsigned may = TCPS_ESTABLISHED | TCPS_CLOSE_WAIT | TCPS_FIN_WAIT_1
        | TCPS_LAST_ACK | TCPS_CLOSING;
    struct plan p = { .start = t->snd.nxt };
    bool        last = false;
    uint32_t    room;

    if (t->flight
        && (t->flight->one_first || t->flight->segq.count >= TCP_SEGS_MAX))
        return false;
    if ((t->state & TCPS_OPENING) && seq_eq(t->snd.nxt, t->iss)) {
        if (tcp_fast_waits(t))
            return false;
        p.ctl = F_SYN;
        p.len = tcp_fast_text(t);
    } else if ((!(t->state & may) && !tcp_is_early(t)) || t->fin_sent) {
        return false;
    } else {
        restart_after_idle(t);
        if (send_mtu_probe(t))
            return true;
        p.len = next_len(t, &last);
        tcp_new_data(t, &room);
        if (t->fin_queued && last && room > p.len)
            p.ctl = F_FIN;
        if (!p.ctl && (p.len == 0 || !tcp_may_send(t, p.len, last)))
            return false;
    }
    p.why = why_new(t, &p);
    if (p.why == WHY_TX_LIMITED)
        p.arg = t->flight->dupacks;
    return send_run(t, &p);
}

/* ---- 4: probe ----------------------------------------------------------- */

/* Nothing is in flight, something waits, and the peer's window (or Nagle's
 * caution) holds it back: persist (MUST-36; MUST-35, SHLD-17: however it came
 * to be shut). */
static void watch_window(struct tcp *t)
{
    uint32_t room, waits = tcp_new_data(t, &room);

    if (!seq_eq(t->snd.una, t->snd.nxt))
        return;
    if (tcp_fast_waits(t))
        return;
    if (t->state == TCPS_SYN_SENT) { /* no memory for the SYN: later */
        tcp_timers_data_sent(t);
        return;
    }
    if (!(t->state & TCPS_SYNCHRONIZED))
        return;
    if (waits > 0 || (t->fin_queued && !t->fin_sent))
        tcp_timers_window_shut(t);
}

/* The oldest record once more, into a window that is shut (MAY-7). */
static void probe_again(struct tcp *t, struct segrec *r, struct plan *p)
{
    struct cw_pkt pkt;

    if (!fit(t, r, tcp_eff_mss(t)))
        return;
    p->start = r->start;
    p->len = tcp_text_of(r);
    p->ctl = r->ctl;
    p->again = true;
    if (!prepare(t, p, &pkt))
        return;
    if (!fit(t, r, p->len)) {
        pkt_free(&pkt);
        return;
    }
    segq_sent_again(&t->flight->segq, r, tcp_now(t));
    launch(t, p, &pkt);
}

static void probe(struct tcp *t)
{
    uint32_t       room, waits = tcp_new_data(t, &room);
    struct segrec *r = t->flight ? segq_first(&t->flight->segq) : NULL;
    struct plan    p = { .start = t->snd.nxt, .why = WHY_TX_PROBE };

    t->due &= (uint16_t)~DUE_PROBE;
    if (t->state & TCPS_OPENING)
        return;
    p.arg = (uint64_t)tcp_rtt_backed_off(t);
    if (r) {
        probe_again(t, r, &p);
    } else {
        p.len = MIN(MIN(waits, MAX(room, 1u)), tcp_eff_mss(t));
        if (waits == p.len && t->fin_queued && !t->fin_sent)
            p.ctl = F_FIN;
        if (p.len == 0 && !p.ctl)
            return;
        send_run(t, &p);
    }
    env_count(tcp_env(t), COUNT_TCP_WIN_PROBES);
    if (t->snd.wnd > 0) /* the override of §3.8.6.2.1: a segment like any */
        return;
    if (t->backoff < 32)
        t->backoff++;
    t->probing = true;
    tcp_timers_backed_off(t);
}

/* §3.8.4, SHLD-12: SND.NXT - 1 and no data, so that the peer must answer. */
static void keep_alive(struct tcp *t)
{
    struct plan   p = { .start = seq_sub(t->snd.nxt, 1),
                        .why = WHY_TX_KEEPALIVE };
    struct cw_pkt pkt;

    t->due &= (uint16_t)~DUE_KEEPALIVE;
    if (!tcp_is_idle(t))
        return; /* what has just been sent serves as well */
    env_count(tcp_env(t), COUNT_TCP_KEEPALIVES);
    if (prepare(t, &p, &pkt))
        launch(t, &p, &pkt);
}

/* ---- 5: acknowledge ----------------------------------------------------- */

static void send_ack(struct tcp *t)
{
    struct cw_pkt pkt;
    struct plan   p = { .start = acceptable_seq(t),
                        .why = (enum why)t->ack_why };

    if (p.why == WHY_TX_ACK_DELAYED)
        p.arg = (uint64_t)tcp_knobs(t)->delack;
    if (p.why == WHY_TX_WINDOW)
        p.arg = tcp_rcv_wnd(t);
    if (p.why == WHY_TX_DUPACK) {
        p.arg = ++t->dups_sent;
        if (t->dups_sent <= 3)
            p.why = WHY_TX_DUPACK_OF_3;
    }
    if (prepare(t, &p, &pkt))
        launch(t, &p, &pkt);
}

static void send_owed_acks(struct tcp *t)
{
    unsigned n = t->sack_ok ? 0 : t->dup_owed;

    if (t->due & DUE_CHALLENGE && !(t->due & DUE_ACK_NOW)) {
        t->due &= (uint16_t)~DUE_CHALLENGE;
        if (!tcp_challenge_due(t))
            return;
        t->ack_why = WHY_TX_CHALLENGE;
        t->due |= DUE_ACK_NOW;
    }
    t->dup_owed = 0;
    if (!(t->due & DUE_ACK_NOW))
        return;
    send_ack(t);
    while (n-- > 1) /* a peer that counts: one for each, RFC5681-4.2-c */
        send_ack(t);
}

/* A duplicate ACK counts only without data (RFC 5681 §2), and its SACK blocks
 * would cost data its room: it goes first, alone. */
static bool tells_of_a_hole(const struct tcp *t)
{
    return (t->due & DUE_ACK_NOW)
        && (recvq_ranges(&t->recvq) > 0
            || !seq_eq(t->dsack.left, t->dsack.right));
}

static bool path_known(struct tcp *t)
{
    struct cw_addr src = tcp_end(t)->addr;

    if (net_dest_ok(t->host->net, &t->dest))
        return true;
    if (net_path(t->host->net, &t->node.remote, tcp_end(t)->scope, &src,
                 &t->dest)
        != GO_ON)
        return false;
    tcp_mtu_path(t);
    return true;
}

/* Why the interface can take no more: the due list brings us back. */
static bool no_room(const struct tcp *t)
{
    return net_room(t->host->net, &t->dest) == 0;
}

void tcp_output(struct tcp *t)
{
    seq before = t->snd.nxt;

    if (t->due & DUE_RST)
        send_rst(t);
    if (t->state == TCPS_CLOSED || !path_known(t))
        return;
    t->due &= (uint16_t)~DUE_OUTPUT;
    if (tells_of_a_hole(t))
        send_owed_acks(t);
    while (send_again(t) || send_new(t) || send_last_resort(t)) {
        if (no_room(t)) {
            tcp_due(t, DUE_OUTPUT);
            return;
        }
    }
    if (t->due & DUE_PROBE)
        probe(t);
    if (t->due & DUE_KEEPALIVE)
        keep_alive(t);
    send_owed_acks(t);
    watch_window(t);
    if (!seq_eq(before, t->snd.nxt) && !(t->state & TCPS_OPENING))
        tcp_snd_wnd_event(t);
}
