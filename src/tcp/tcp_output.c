/* tcp_output.c: when and what to send: with tcp_plan.c the only builder of
 * segments from a TCB.
 *
 * The order of one visit is fixed, and each step asks one question:
 *
 *   1  is a reset owed?                  then it is the last word
 *   2  is a record believed lost?        send it again, while pipe < cwnd
 *   3  is there new data, or our FIN?    while pipe < cwnd, the peer's
 *                                        window and §3.8.6.2.1 allow it
 *   4  is a probe owed?                  one octet, whatever the window says;
 *                                        one segment, whatever cwnd says, if
 *                                        ACKs fail to come (RFC 8985 §7); or
 *                                        a keep-alive, if nothing waits
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
#include "tcp/pace.h"
#include "tcp/recover.h"
#include "tcp/tcp_plan.h"

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
    f->ecn_until = seq_sub(t->snd.una, 1);
    f->reorder_at = NS_NEVER;
    f->pto_at = NS_NEVER;
    f->pace.at = NS_NEVER;
    t->flight = f;
    tcp_rate_begin(t);
    return f;
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

    if (tcp_accecn(t))
        a.ace = (uint8_t)tcp_accecn_ace(t, false);
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

/* What RACK marked, not what a timeout or a path has told. */
static enum why why_rack(const struct tcp *t, const struct segrec *r)
{
    enum why why = (enum why)t->flight->rexmit_why;

    if (!tcp_rack(t) || (why != WHY_TX_SACK_LOST && why != WHY_TX_RACK_LOST))
        return why;
    return r->times > 1 ? WHY_TX_RACK_AGAIN : WHY_TX_RACK_LOST;
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

/* r has gone out once more: counters, and what recovery notes. */
static void sent_again(struct tcp *t, const struct segrec *r,
                       const struct plan *p)
{
    rexmit_event(t, r, p->why);
    t->total_retrans++;
    t->bytes_retrans += p->len;
    env_count(tcp_env(t), COUNT_TCP_RETRANS_SEGS);
    if (p->ctl & F_SYN)
        env_count(tcp_env(t), COUNT_TCP_SYN_RETRANS);
    if (p->why == WHY_TX_RACK_AGAIN)
        env_count(tcp_env(t), COUNT_TCP_LOST_RETRANSMIT);
    t->flight->prr_out += p->len; /* RFC 9937 §6.3 */
    if (t->flight->recovery != RECOVERY_NONE)
        tcp_undo_sent(t, r);
}

static bool resend(struct tcp *t, struct segrec *r, struct plan *p)
{
    struct cw_pkt pkt;

    if (!tcp_plan_prepare(t, p, &pkt))
        return false;
    if (!fit(t, r, p->len)) {
        pkt_free(&pkt);
        return false;
    }
    t->due &= (uint16_t)~DUE_REXMIT;
    tcp_rate_again(t, r);
    tcp_pace_sent(t, p->len);
    tcp_plan_launch(t, p, &pkt);
    sent_again(t, r, p);
    tcp_timers_data_sent(t);
    if (r == segq_first(&t->flight->segq))
        tcp_timers_oldest_again(t);
    return true;
}

/* An ACK comes first; or, RFC 5682 step (2b), what is new. */
static bool waits(const struct tcp_flight *f)
{
    return f->one_first || f->frto == FRTO_SECOND;
}

static bool send_again(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = f ? segq_waiting(&f->segq) : NULL;
    struct plan        p;
    uint32_t           pipe = tcp_pipe(t);

    if (!r || ((t->state & TCPS_OPENING) && !(r->ctl & F_SYN)))
        return false; /* until the SYN is acknowledged only it: RFC 7413 §4.2.2 */
    if (!(t->due & DUE_REXMIT) && waits(f))
        return false;
    if (!(t->due & DUE_REXMIT)
        && pipe + MIN(tcp_text_of(r), tcp_eff_mss(t)) > t->cwnd)
        return false;
    if (f->rexmit_why == WHY_TX_PROBE)
        r = grow_probe(t, r);
    if (!r || !fit(t, r, tcp_eff_mss(t)))
        return false;
    p = (struct plan){ .start = r->start,
                       .len = tcp_text_of(r),
                       .ctl = r->ctl,
                       .again = true,
                       .why = why_rack(t, r),
                       .arg = f->rexmit_arg };
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

    if (!f || !tcp_plan_prepare(t, p, &pkt))
        return false;
    end = seq_add(p->start, p->len + !!(p->ctl & F_FIN));
    if (p->ctl & F_SYN) /* its text is in flight once it was taken */
        end = seq_add(p->start, 1);
    r = tcp_rate_push(t, p->start, end);
    if (!r) {
        pkt_free(&pkt);
        return false;
    }
    r->ctl = p->ctl;
    t->snd.nxt = end;
    f->prr_out += p->len; /* RFC 9937 §6.3 */
    if (p->ctl & F_FIN)
        t->fin_sent = true;
    tcp_pace_sent(t, p->len);
    tcp_plan_launch(t, p, &pkt);
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
    if (t->flight && t->flight->frto == FRTO_SECOND)
        return WHY_TX_FRTO;
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

/* RFC 5682 step (2b): two new segments, and no more until an ACK comes. */
static bool tests_timeout(const struct tcp *t)
{
    return t->flight && t->flight->frto == FRTO_SECOND;
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
    if (tests_timeout(t))
        cwnd_room = t->flight->frto_room * mss;
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
        if (!p.ctl
            && (p.len == 0
                || (!tests_timeout(t) && !tcp_may_send(t, p.len, last))))
            return false;
    }
    p.why = why_new(t, &p);
    if (p.why == WHY_TX_LIMITED)
        p.arg = t->flight->dupacks;
    if (!send_run(t, &p))
        return false;
    if (tests_timeout(t) && t->flight->frto_room > 0)
        t->flight->frto_room--;
    return true;
}

/* ---- 4: probe ----------------------------------------------------------- */

/* The segment with the highest sequence number once more. */
static bool last_again(struct tcp *t, struct plan *p)
{
    struct segq   *q = &t->flight->segq;
    struct segrec *r = segq_last(q);
    uint32_t       mss = tcp_eff_mss(t), n = tcp_text_of(r);
    struct cw_pkt  pkt;

    if (n > mss) /* a full one of its end */
        r = segq_split(q, &t->host->segs, r, seq_add(r->start, n - mss));
    if (!r)
        return false;
    *p = (struct plan){ .start = r->start,
                        .len = tcp_text_of(r),
                        .ctl = r->ctl,
                        .again = true,
                        .why = WHY_TX_TLP,
                        .arg = p->arg };
    if (!tcp_plan_prepare(t, p, &pkt))
        return false;
    if (p->len < tcp_text_of(r)) { /* too many runs: not this time */
        pkt_free(&pkt);
        return false;
    }
    tcp_rate_again(t, r);
    tcp_plan_launch(t, p, &pkt);
    sent_again(t, r, p);
    return true;
}

/* RFC 8985 §7.3: new data, if there is some and the window allows it, cwnd or
 * not; else the last segment again (RFC8985-7.3-b). */
static void loss_probe(struct tcp *t)
{
    uint32_t    room, waiting = tcp_new_data(t, &room);
    struct plan p = { .start = t->snd.nxt, .why = WHY_TX_TLP_NEW };

    t->due &= (uint16_t)~DUE_LOSS_PROBE;
    if (!tcp_tlp_may(t) || !tcp_past_new(t))
        return; /* what has just been sent serves as well */
    p.arg = (uint64_t)(tcp_now(t) - segq_last(&t->flight->segq)->sent);
    p.len = MIN(MIN(waiting, room), tcp_eff_mss(t));
    if (p.len == waiting && room > p.len && t->fin_queued && !t->fin_sent)
        p.ctl = F_FIN;
    if (p.len > 0 || p.ctl ? !send_run(t, &p) : !last_again(t, &p))
        return;
    env_count(tcp_env(t), COUNT_TCP_LOSS_PROBES);
    tcp_tlp_sent(t, p.why == WHY_TX_TLP);
}

/* Nothing is in flight, something waits, and the peer's window (or Nagle's
 * caution) holds it back: persist (MUST-36; MUST-35, SHLD-17: however it came
 * to be shut). */
static void watch_window(struct tcp *t)
{
    uint32_t room, waits = tcp_new_data(t, &room);

    if (!seq_eq(t->snd.una, t->snd.nxt))
        return;
    if (tcp_fast_waits(t) || (t->flight && t->flight->pace.at != NS_NEVER))
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
    if (!tcp_plan_prepare(t, p, &pkt))
        return;
    if (!fit(t, r, p->len)) {
        pkt_free(&pkt);
        return;
    }
    tcp_rate_again(t, r);
    tcp_plan_launch(t, p, &pkt);
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
    if (tcp_plan_prepare(t, &p, &pkt))
        tcp_plan_launch(t, &p, &pkt);
}

/* ---- 5: acknowledge ----------------------------------------------------- */

static void send_ack(struct tcp *t)
{
    struct cw_pkt pkt;
    struct plan   p = { .start = acceptable_seq(t),
                        .why = (enum why)t->ack_why };

    if (p.why == WHY_TX_ACK_DELAYED)
        p.arg = (uint64_t)(tcp_knobs(t)->delack >> t->ack_wait);
    if (p.why == WHY_TX_WINDOW)
        p.arg = tcp_rcv_wnd(t);
    if (p.why == WHY_TX_DUPACK) {
        p.arg = ++t->dups_sent;
        if (t->dups_sent <= 3)
            p.why = WHY_TX_DUPACK_OF_3;
    }
    if (tcp_plan_prepare(t, &p, &pkt))
        tcp_plan_launch(t, &p, &pkt);
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

/* cwnd counts octets, which may lie in as many segments: on one occasion no
 * more of them go again than it has full ones, and three.  The ACKs of these
 * ask for the rest, or the timer does. */
static uint32_t again_most(const struct tcp *t)
{
    return t->cwnd / tcp_eff_mss(t) + 3;
}

static bool send_one(struct tcp *t, uint32_t *again)
{
    if (*again == 0 || !tcp_pace_may(t))
        return false;
    if (send_again(t)) {
        --*again;
        return true;
    }
    return send_new(t) || send_last_resort(t);
}

/* Steps 2 to 5; false: the interface has no room, and what it would throw
 * away is not made. */
static bool send_all(struct tcp *t)
{
    uint32_t again = again_most(t);

    if (no_room(t)) {
        tcp_due(t, DUE_OUTPUT);
        return false;
    }
    tcp_frto_visit(t);
    if (tells_of_a_hole(t) || tcp_accecn_third_due(t))
        send_owed_acks(t);
    while (send_one(t, &again)) {
        if (no_room(t)) {
            tcp_due(t, DUE_OUTPUT);
            return false;
        }
    }
    if (t->due & DUE_LOSS_PROBE)
        loss_probe(t);
    if (t->due & DUE_PROBE)
        probe(t);
    if (t->due & DUE_KEEPALIVE)
        keep_alive(t);
    send_owed_acks(t);
    return true;
}

void tcp_output(struct tcp *t)
{
    seq  before = t->snd.nxt;
    bool done;

    if (t->due & DUE_RST)
        send_rst(t);
    if (t->state == TCPS_CLOSED || !path_known(t))
        return;
    t->due &= (uint16_t)~DUE_OUTPUT;
    done = send_all(t);
    tcp_timers_visited(t, !seq_eq(before, t->snd.nxt));
    if (!done)
        return;
    tcp_pace_visited(t);
    watch_window(t);
    tcp_rate_ran_out(t);
    if (!seq_eq(before, t->snd.nxt) && !(t->state & TCPS_OPENING))
        tcp_snd_wnd_event(t);
}
