/* tcp_arrive.c: SEGMENT ARRIVES.  RFC 9293 §3.10.7, in its order and words.
 *
 *   Owns:    the decision, for one segment, of what changes in the TCB.
 *   Does not send.  It leaves t->due for tcp_output.c (MUST-58, MUST-59).
 *   Returns: why the journey ended, for the trace and the counters.
 *   Departs: from §3.10.7.4 only where RFC 5961 or RFC 7323 say so, marked
 *            [5961], [7323].
 *   Not here: LISTEN and passive SYN-RECEIVED (tcp_listen.c), TIME-WAIT
 *            (tcp_timewait.c), CLOSED (tcp_reply.c): no TCB there.
 */
#include "tcp/cc.h"

static void tell_user(struct tcp *t, uint8_t error)
{
    t->error = error;
    tcp_wake(t);
}

/* §3.10.7.4 Table 6: the four cases of an acceptable segment; the window that
 * counts is the one that was advertised (RFC9293-3.4-b). */
static bool acceptable(const struct tcp *t, const struct seg *s)
{
    uint32_t wnd = seq_from(t->rcv.edge, t->rcv.nxt);

    if (s->len == 0 && wnd == 0)
        return seq_eq(s->seq, t->rcv.nxt);
    if (s->len == 0)
        return seq_in_win(t->rcv.nxt, s->seq, wnd);
    if (wnd == 0)
        return false;
    return seq_in_win(t->rcv.nxt, s->seq, wnd)
        || seq_in_win(t->rcv.nxt, seq_add(s->seq, s->len - 1), wnd);
}

/* Simultaneous open: the peer's SYN came before and counts as received; what
 * came with it, its ACK above all, is meant (§3.5, Figure 8). */
static void trim_known_syn(struct tcp *t, struct seg *s)
{
    if (t->state != TCPS_SYN_RCVD || !(s->flags & F_SYN)
        || !seq_eq(s->seq, t->irs))
        return;
    (void)tcp_accecn_synack_again(t, s);
    s->flags &= (uint8_t) ~(F_SYN | F_ECE | F_CWR); /* no echo, no count */
    s->ae = 0;
    s->seq = seq_add(s->seq, 1);
    s->len--;
}

/* [7323] §5.5: after 24 days TS.Recent may have been overtaken
 * (RFC7323-5.5-a). */
static bool ts_recent_counts(const struct tcp *t)
{
    return (uint32_t)(tcp_now(t) / NS_S) - t->ts_recent_s < 24 * 86400;
}

/* [7323] §5.3 R1: is the timestamp older than the last one that counted?
 * Asked when a segment comes, before anything else of it (RFC7323-5.3-a,
 * RFC7323-5.3-b).  Departs (`deployed`): a few ticks do not matter
 * (docs/decisions/20-paws-slack.md). */
static bool paws_refuses(const struct tcp *t, const struct seg *s)
{
    uint32_t slack = s->text > 0 ? tcp_knobs(t)->paws_slack : 0;

    if (!t->ts_ok || !s->opt->has_ts || (s->flags & F_RST))
        return false; /* RFC7323-3.2-c, RFC7323-5.2-a */
    return (int32_t)(s->opt->ts_val + slack - t->ts_recent) < 0
        && ts_recent_counts(t);
}

/* [7323] §4.3 (2), (3) (RFC7323-4.3-a) */
static void note_timestamp(struct tcp *t, const struct seg *s)
{
    if (!t->ts_ok || !s->opt->has_ts)
        return;
    if (((int32_t)(s->opt->ts_val - t->ts_recent) < 0 && ts_recent_counts(t))
        || seq_gt(s->seq, t->last_ack_sent))
        return;
    t->ts_recent = s->opt->ts_val;
    t->ts_recent_s = (uint32_t)(tcp_now(t) / NS_S);
}

/* An unacceptable segment is answered with an ACK: at once and every time
 * if it is a duplicate of data (the ACK of it was lost), else rate-limited,
 * or two ends out of step would answer each other for ever
 * (RFC9293-3.5.2-d). */
static enum why refuse(struct tcp *t, const struct seg *s, enum why why)
{
    bool old = seq_le(seq_add(s->seq, s->len), t->rcv.nxt);

    if (s->flags & F_RST)
        return why;
    if (why == WHY_SEQ_UNACCEPTABLE && old && s->len > 0) {
        env_count(tcp_env(t), COUNT_TCP_DUP_SEGS_IN);
        tcp_ecnopt_again(t, s);
        if (!tcp_accecn_synack_again(t, s) && t->sack_ok)
            t->dsack = (struct seqrange){ s->seq, seq_add(s->seq, s->len) };
        tcp_ack_owed(t, WHY_TX_ACK_OLD);
        return WHY_SEQ_OLD;
    }
    tcp_due(t, DUE_CHALLENGE);
    return why;
}

static enum why first_check_seq(struct tcp *t, struct seg *s)
{
    bool text = s->text > 0;

    trim_known_syn(t, s);
    if (t->ts_ok && !s->opt->has_ts && !(s->flags & F_RST)
        && tcp_knobs(t)->ts_required)
        return WHY_NO_TIMESTAMP; /* [7323] RFC7323-3.2-b: in silence */
    if (paws_refuses(t, s)) {
        env_count(tcp_env(t), COUNT_TCP_PAWS);
        return refuse(t, s, WHY_PAWS);
    }
    if (acceptable(t, s)) {
        note_timestamp(t, s);
        if (text)
            tcp_ecn_arrived(t, s);
        return GO_ON;
    }
    /* A probe of our closed window: the text has no room, but ACK, RST and
     * URG are processed (MUST-66), and it is answered (RFC9293-3.8.6.1-a). */
    if (s->len > 0 && seq_eq(s->seq, t->rcv.nxt) && !(s->flags & F_SYN)) {
        tcp_ack_owed(t, WHY_TX_ACK_OLD);
        s->text = s->len = 0;
        s->flags &= (uint8_t)~F_FIN;
        tcp_ecn_arrived(t, s);
        return GO_ON;
    }
    return refuse(t, s, WHY_SEQ_UNACCEPTABLE);
}

/* RFC9293-3.5.3-a, RFC5961-3.2-a; whatever text it has: SHLD-2 */
static enum why second_check_rst(struct tcp *t, const struct seg *s)
{
    if (!(s->flags & F_RST))
        return GO_ON;
    if (!seq_eq(s->seq, t->rcv.nxt)) { /* [5961] §3.2 case 3 */
        tcp_due(t, DUE_CHALLENGE);
        return WHY_RST_BLIND;
    }
    switch ((enum tcp_state)t->state) {
    case TCPS_SYN_RCVD:
        tell_user(t, tcp_is_early(t) ? CW_ECONNRESET : CW_ECONNREFUSED);
        tcp_fast_over(t, true);
        break;
    case TCPS_CLOSE_WAIT: /* as other hosts: the peer had finished */
        env_count(tcp_env(t), COUNT_TCP_ESTAB_RESETS);
        tell_user(t, CW_EPIPE);
        break;
    case TCPS_ESTABLISHED:
        env_count(tcp_env(t), COUNT_TCP_ESTAB_RESETS);
        tell_user(t, CW_ECONNRESET);
        break;
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
        tell_user(t, CW_ECONNRESET);
        break;
    case TCPS_CLOSED:
    case TCPS_LISTEN:
    case TCPS_SYN_SENT:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        break;
    }
    tcp_enter(t, TCPS_CLOSED, WHY_RST_ACCEPTED);
    return WHY_RST_ACCEPTED;
}

static enum why third_check_security(struct tcp *t, const struct seg *s)
{
    (void)t, (void)s; /* no compartments exist: RFC 9293 Appendix A.1 */
    return GO_ON;
}

static enum why fourth_check_syn(struct tcp *t, const struct seg *s)
{
    if (!(s->flags & F_SYN))
        return GO_ON;
    tcp_due(t, DUE_CHALLENGE); /* [5961] §4.2 (RFC5961-4.2-a) */
    return WHY_SYN_IN_SYNC;
}

/* [5961] §5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT (MAY-12,
 * RFC5961-5.2-a, RFC9293-3.10.7.4-c). */
static enum why check_ack_range(struct tcp *t, const struct seg *s)
{
    if (seq_gt(s->ack, t->snd.nxt)) {
        tcp_due(t, DUE_CHALLENGE);
        return WHY_ACK_UNACCEPTABLE;
    }
    if (seq_lt(s->ack, seq_sub(t->snd.una, t->snd.max_wnd))) {
        tcp_due(t, DUE_CHALLENGE);
        return WHY_ACK_OLD;
    }
    return GO_ON;
}

/* Our SYN is acknowledged; the connection is there. */
static void established(struct tcp *t, const struct seg *s, enum why why)
{
    tcp_initial_cwnd(t);
    tcp_cc(t)->init(t);
    if (t->syn_timed_out && t->srtt == 0)
        t->rto = ns_max(t->rto, 3 * NS_S); /* RFC6298-5.7-a */
    t->backoff = 0;
    t->snd.wnd = s->wnd;
    t->snd.max_wnd = s->wnd;
    t->snd.wl1 = s->seq;
    tcp_enter(t, TCPS_ESTABLISHED, why);
    tcp_due(t, DUE_OUTPUT);
}

/* RFC9293-3.5.2-c */
static void refuse_ack(struct tcp *t, const struct seg *s)
{
    struct flowkey key = tcp_key(t);

    tcp_reply_rst(t->host, &key, s, WHY_TX_RST_BAD_ACK);
}

/* RFC9293-3.10.7.4-e */
static enum why ack_in_syn_rcvd(struct tcp *t, struct seg *s)
{
    if (!seq_in(t->snd.una, s->ack, tcp_fast_edge(t))) {
        refuse_ack(t, s);
        return WHY_ACK_UNACCEPTABLE;
    }
    tcp_fast_acked(t, s);
    tcp_accecn_third(t, s);
    established(t, s, WHY_GOT_ACK_OF_SYN);
    tcp_fast_over(t, false);
    if (t->fin_queued) /* closed while it was opening: §3.10.4 */
        tcp_enter(t, TCPS_FIN_WAIT_1, WHY_CALL_CLOSE);
    return GO_ON;
}

static enum why fifth_check_ack(struct tcp *t, struct seg *s)
{
    enum why w;

    if (!(s->flags & F_ACK))
        return WHY_NO_ACK; /* RFC9293-3.10.7.4-b */
    w = t->state == TCPS_SYN_RCVD ? ack_in_syn_rcvd(t, s)
                                  : check_ack_range(t, s);
    if (w != GO_ON)
        return w;

    if (tcp_accecn(t))
        tcp_accecn_arrived(t, s);
    tcp_ack(t, s); /* "as for the ESTABLISHED state" */
    if (!tcp_fin_acked(t))
        return GO_ON;

    switch ((enum tcp_state)t->state) { /* RFC9293-3.10.7.4-f */
    case TCPS_FIN_WAIT_1:
        tcp_enter(t, TCPS_FIN_WAIT_2, WHY_GOT_ACK_OF_FIN);
        return GO_ON;
    case TCPS_CLOSING:
        tcp_enter(t, TCPS_TIME_WAIT, WHY_GOT_ACK_OF_FIN);
        return WHY_DONE;
    case TCPS_LAST_ACK:
        tcp_enter(t, TCPS_CLOSED, WHY_GOT_ACK_OF_FIN);
        return WHY_DONE;
    case TCPS_CLOSED:
    case TCPS_LISTEN:
    case TCPS_SYN_SENT:
    case TCPS_SYN_RCVD:
    case TCPS_ESTABLISHED:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSE_WAIT:
    case TCPS_TIME_WAIT:
        return GO_ON;
    }
    return GO_ON;
}

static enum why sixth_check_urg(struct tcp *t, const struct seg *s)
{
    if ((s->flags & F_URG) && (t->state & TCPS_FIN_NOT_SEEN))
        tcp_urgent(t, s);
    return GO_ON;
}

/* Also after our FIN: RFC9293-3.6-a. */
static enum why seventh_process_text(struct tcp *t, struct seg *s)
{
    if ((t->state & TCPS_FIN_NOT_SEEN) && s->text > 0)
        return tcp_text_accept(t, s);
    return GO_ON;
}

/* A FIN counts when RCV.NXT has come to it; one that lies behind a hole is
 * remembered with the data (RFC9293-3.10.7.4-g). */
static enum why eighth_check_fin(struct tcp *t, const struct seg *s)
{
    if (s->flags & F_FIN && !t->fin_pending && t->state & TCPS_FIN_NOT_SEEN) {
        t->rcv.fin = seq_add(s->seq, s->text);
        t->fin_pending = true;
        if (!seq_eq(t->rcv.fin, t->rcv.nxt))
            tcp_ack_owed(t, WHY_TX_DUPACK);
    }
    if (!t->fin_pending || !seq_eq(t->rcv.nxt, t->rcv.fin)
        || !(t->state & TCPS_FIN_NOT_SEEN))
        return WHY_DONE;

    t->rcv.nxt = seq_add(t->rcv.fin, 1);
    if (seq_lt(t->rcv.edge, t->rcv.nxt))
        t->rcv.edge = t->rcv.nxt;
    tcp_ack_owed(t, WHY_TX_ACK_FIN);

    if (t->state == TCPS_ESTABLISHED)
        tcp_enter(t, TCPS_CLOSE_WAIT, WHY_GOT_FIN);
    else if (t->state == TCPS_FIN_WAIT_1)
        tcp_enter(t, tcp_fin_acked(t) ? TCPS_TIME_WAIT : TCPS_CLOSING,
                  WHY_GOT_FIN);
    else
        tcp_enter(t, TCPS_TIME_WAIT, WHY_GOT_FIN);
    return WHY_DONE;
}

/* §3.10.7.4, the page itself (RFC9293-3.10.7.4-a).  A step answers GO_ON
 * (zero) or why we stop. */
static enum why arrive_other(struct tcp *t, struct seg *s)
{
    return first_check_seq(t, s)
        ?: second_check_rst(t, s)
        ?: third_check_security(t, s)
        ?: fourth_check_syn(t, s)
        ?: fifth_check_ack(t, s)
        ?: sixth_check_urg(t, s)
        ?: seventh_process_text(t, s)
        ?: eighth_check_fin(t, s);
}

/* §3.10.7.3, Fourth: what any SYN teaches us in SYN-SENT */
static void learn_from_syn(struct tcp *t, const struct seg *s)
{
    t->irs = s->seq;
    t->rcv.nxt = seq_add(s->seq, 1);
    t->rcv.edge = t->rcv.nxt;
    t->rcv.edge = seq_add(t->rcv.nxt, MIN(tcp_rcv_wnd(t), 65535u));
    t->last_ack_sent = t->rcv.nxt;
    tcp_syn_learn(t, s->opt);
    tcp_ecn_learn(t, s);
}

/* A segment that follows the SYN begins one further on. */
static void skip_syn(struct seg *s)
{
    s->flags &= (uint8_t)~F_SYN;
    s->seq = seq_add(s->seq, 1);
    s->len--;
}

/* RFC9293-3.10.7.3-c: "queue them for processing after the ESTABLISHED state
 * has been reached"; until then the user reads nothing. */
static void keep_for_later(struct tcp *t, struct seg *s)
{
    if (s->text > 0)
        (void)tcp_text_accept(t, s);
    if (!(s->flags & F_FIN) || !seq_eq(seq_add(s->seq, s->text), t->rcv.nxt))
        return;
    t->rcv.fin = t->rcv.nxt;
    t->fin_pending = true;
}

/* §3.10.7.3 */
static enum why arrive_syn_sent(struct tcp *t, struct seg *s)
{
    bool ack_ok = false;

    if (s->flags & F_ACK) { /* First (RFC9293-3.10.7.3-a) */
        ack_ok = seq_in(t->iss, s->ack, tcp_fast_edge(t));
        if (!ack_ok) {
            if (!(s->flags & F_RST))
                refuse_ack(t, s);
            return WHY_ACK_UNACCEPTABLE;
        }
    }
    if (s->flags & F_RST) { /* Second */
        if (!ack_ok)
            return WHY_RST_IGNORED; /* RFC5961-3.2-b */
        tell_user(t, CW_ECONNREFUSED);
        tcp_enter(t, TCPS_CLOSED, WHY_RST_ACCEPTED);
        return WHY_RST_ACCEPTED;
    }
    if (!(s->flags & F_SYN)) /* Fifth */
        return WHY_NOT_FOR_SYN_SENT;

    learn_from_syn(t, s); /* Fourth */
    if (!ack_ok) { /* simultaneous open (MUST-10, RFC9293-3.10.7.3-b) */
        tcp_enter(t, TCPS_SYN_RCVD, WHY_GOT_SYN);
        tcp_recover_first(t, WHY_TX_SYNACK);
        skip_syn(s);
        keep_for_later(t, s);
        return WHY_DONE;
    }
    tcp_fast_acked(t, s);
    established(t, s, WHY_GOT_SYNACK);
    tcp_ack(t, s);
    tcp_ack_owed(t, WHY_TX_HANDSHAKE_ACK);
    if (t->fin_queued)
        tcp_enter(t, TCPS_FIN_WAIT_1, WHY_CALL_CLOSE);
    skip_syn(s);
    return sixth_check_urg(t, s) /* RFC9293-3.10.7.3-c: "the sixth step" */
        ?: seventh_process_text(t, s) ?: eighth_check_fin(t, s);
}

/* RFC 9768 §3.1.5 */
static enum why reset_two_kinds(struct tcp *t)
{
    tell_user(t, CW_ECONNRESET);
    tcp_fast_over(t, true);
    t->rst_why = WHY_TX_RST_ECN;
    tcp_due(t, DUE_RST);
    tcp_enter(t, TCPS_CLOSED, WHY_TX_RST_ECN);
    return WHY_TX_RST_ECN;
}

enum why tcp_arrive(struct tcp *t, struct seg *s)
{
    INVARIANT(t->state & (TCPS_SYN_SENT | TCPS_SYN_RCVD | TCPS_SYNCHRONIZED));
    INVARIANT(t->in_table);

    s->since = tcp_now(t) - t->heard_at;
    t->heard_at = tcp_now(t);
    t->segs_in++;
    if (t->state == TCPS_SYN_SENT)
        return arrive_syn_sent(t, s);
    if (tcp_is_early(t) && (s->flags & (F_SYN | F_ACK | F_RST)) == F_SYN
        && seq_eq(s->seq, t->irs)) { /* as for an embryo */
        if (!tcp_accecn_syn_again(t, s))
            return reset_two_kinds(t);
        tcp_recover_first(t, WHY_TX_SYNACK);
        return WHY_SEQ_OLD;
    }
    return arrive_other(t, s);
}
