/* tcp_text.c: what acceptable text does: into the receive queue, RCV.NXT
 * forward, an ACK owed; and urgent data.
 *
 *   RFC 9293 §3.10.7.4 sixth and seventh step, §3.8.6.3 (when to ACK), RFC
 *   5681 §4.2; RFC 6093 (urgent).
 */
#include "tcp/tcb.h"

enum {
    RECLAIMS = 16, /* ranges that one segment may cost others */
    HURRY_MAX = 5, /* 40 ms become 1.25 ms */
    FULL_LEAST = TCP_MSS_DEFAULT4 - 40, /* less all options */
};

void tcp_ack_owed(struct tcp *t, enum why why)
{
    t->ack_why = (uint8_t)why;
    tcp_due(t, DUE_ACK | DUE_ACK_NOW);
}

/* A full segment without PSH: its sender has more, and if that does not follow
 * at once it waits for our ACK.  At once: compared with what came before;
 * another burst says nothing of it. */
static unsigned hurry(struct tcp *t, const struct seg *s)
{
    cw_ns most = tcp_knobs(t)->delack, wait = most >> t->ack_hurry;

    if (!tcp_knobs(t)->ack_adapts || s->text < MAX(t->rcv_seen, FULL_LEAST)
        || (s->flags & F_PSH))
        return 0;
    if (s->since < wait / 4 && t->ack_hurry < HURRY_MAX)
        t->ack_hurry++;
    else if (s->since > wait && s->since < most && t->ack_hurry > 0)
        t->ack_hurry--;
    return t->ack_hurry;
}

/* SHLD-18, SHLD-19, MUST-40: an ACK may wait, but not long, and never behind
 * a second full segment; and not at the start of a connection, when the
 * peer's window of congestion grows by our ACKs. */
static void in_order(struct tcp *t, const struct seg *s, uint32_t len)
{
    unsigned halved = hurry(t, s);

    t->unacked_in += len;
    if (t->quickacks > 0) {
        t->quickacks--;
        tcp_ack_owed(t, WHY_TX_QUICKACK);
    } else if (t->unacked_in >= 2u * t->rcv_seen) {
        tcp_ack_owed(t, WHY_TX_ACK_2ND);
    } else {
        tcp_due(t, DUE_ACK);
        tcp_timers_ack_owed(t, halved);
    }
}

static void ooo_event(struct tcp *t, const struct seg *s)
{
    struct cw_event ev = { .kind = EV_OOO, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.v[0] = seq_from(s->seq, t->irs);
    ev.v[1] = s->text;
    ev.v[2] = recvq_ranges(&t->recvq);
    env_event(tcp_env(t), &ev);
}

/* MAY-13, and while there is a hole each ACK tells of it (RFC2018-4-e) */
static void out_of_order(struct tcp *t, const struct seg *s)
{
    env_count(tcp_env(t), COUNT_TCP_OOO_SEGS_IN);
    ooo_event(t, s);
    if (t->dup_owed < UINT8_MAX)
        t->dup_owed++;
    tcp_ack_owed(t, WHY_TX_DUPACK);
}

/* The user wants to read no more, or is gone: SHLD-3, RFC 2525 §2.17. */
static enum why refuse_text(struct tcp *t)
{
    env_count(tcp_env(t), COUNT_TCP_ABORT_ON_DATA);
    t->rst_why = WHY_TX_RST_CLOSED;
    tcp_due(t, DUE_RST);
    tcp_enter(t, TCPS_CLOSED, WHY_AFTER_CLOSE);
    return WHY_AFTER_CLOSE;
}

/* What lies beyond the window that we offered is not taken
 * (RFC9293-3.10.7.4-i). */
static void trim_to_window(struct tcp *t, struct seg *s)
{
    seq end = seq_add(s->seq, s->text);

    if (seq_le(end, t->rcv.edge))
        return;
    s->text -= seq_from(end, t->rcv.edge);
    s->len = s->text;
    s->flags &= (uint8_t)~F_FIN;
}

/* The urgent octet, in BSD's reading the last one before rcv.up. */
static void take_oob(struct tcp *t)
{
    seq      at = seq_sub(t->rcv.up, 1);
    seq      read = seq_sub(t->rcv.nxt, t->recvq.ready);
    uint32_t off;

    if (!t->up_valid || t->oob_ready || t->oob_taken
        || !seq_lt(at, t->rcv.nxt))
        return;
    off = seq_from(at, read);
    if (seq_lt(at, read) || !recvq_byte(&t->recvq, off, &t->oob_byte))
        return;
    t->oob_ready = true;
    tcp_wake(t);
}

/* A hole in a receive buffer of full segments can follow each of them; that
 * tiny ones do not make as many, a range is taken for a buffer's worth. */
static uint32_t ranges_max(const struct tcp *t)
{
    return MAX(
        (uint32_t)TCP_OOO_RANGES_MIN,
        MIN(t->opts.rcvbuf / PBUF_MIDDLE, (uint32_t)TCP_OOO_RANGES_MAX));
}

/* For what comes in order: a few ranges that wait for something. */
static void make_room(struct tcp_host *h)
{
    for (int i = 0; i < RECLAIMS && tcp_scarce_in(h); i++) {
        if (!recvq_reclaim(&h->holders))
            return;
        env_count(h->env, COUNT_TCP_OOO_PRUNED);
    }
}

/* Into the queue; but the last memory is for who has nothing yet, and then
 * for what comes in order. */
static enum why put(struct tcp *t, const struct recvq_in *in,
                    struct recvq_result *res)
{
    struct recvq_mem m = { &tcp_env(t)->pbufs, &t->host->ranges,
                           &t->host->holders, ranges_max(t) };

    if (seq_le(in->at, t->rcv.nxt))
        make_room(t->host);
    if (tcp_scarce_in(t->host)
        && (t->recvq.ready > 0 || seq_gt(in->at, t->rcv.nxt)))
        return WHY_NO_MEMORY;
    return recvq_put(&t->recvq, &m, t->rcv.nxt, in, res);
}

enum why tcp_text_accept(struct tcp *t, struct seg *s)
{
    struct recvq_in     in = { s->rx->pkt, s->text_off, s->text, s->seq };
    struct recvq_result res = { 0 };
    enum why            w;

    if (t->detached && seq_gt(seq_add(s->seq, s->text), t->rcv.nxt))
        return refuse_text(t);
    trim_to_window(t, s);
    in.len = s->text;
    w = put(t, &in, &res);
    env_count_by(tcp_env(t), COUNT_TCP_OOO_WALK, res.walked);
    env_count_by(tcp_env(t), COUNT_TCP_OOO_PRUNED, res.reneged);
    if (res.dup && t->sack_ok)
        t->dsack = res.dup_range;
    if (w == WHY_NO_MEMORY || w == WHY_OOO_FULL) {
        env_count(tcp_env(t), COUNT_NO_MEMORY);
        if (t->sack_ok && tcp_knobs(t)->sack_anyway) /* RFC2018-8-b */
            t->dsack = (struct seqrange){ s->seq, seq_add(s->seq, s->text) };
        s->flags &= (uint8_t)~F_FIN;
        tcp_ack_owed(t, WHY_TX_DUPACK);
        return w;
    }
    if (w == WHY_SEQ_OLD) {
        env_count(tcp_env(t), COUNT_TCP_DUP_SEGS_IN);
        tcp_ack_owed(t, WHY_TX_ACK_OLD);
        return (s->flags & F_FIN) ? GO_ON : w;
    }
    t->rcv_seen = (uint16_t)MAX(t->rcv_seen, MIN(s->text, 65535u));
    t->data_segs_in++;
    t->sendq.note = (uint32_t)(tcp_now(t) / NS_MS);
    if (res.advanced == 0) {
        out_of_order(t, s);
        return GO_ON;
    }
    if (seq_from(t->rcv.nxt, t->irs) > UINT32_MAX - res.advanced)
        t->received_wraps++;
    t->rcv.nxt = seq_add(t->rcv.nxt, res.advanced);
    t->dups_sent = 0;
    if (t->rd_shut)
        recvq_skip(&t->recvq, t->recvq.ready);
    if (res.filled || recvq_ranges(&t->recvq) > 0)
        tcp_ack_owed(t, WHY_TX_ACK_HOLE);
    else
        in_order(t, s, res.advanced);
    take_oob(t);
    tcp_wake(t);
    return GO_ON;
}

/* An urgent octet that nobody took, and that would be the next to be read,
 * gives way to the new one, as on Linux; elsewhere it is data again. */
static void forget_oob(struct tcp *t)
{
    if (t->up_valid && tcp_at_mark(t) && !t->opts.oobinline
        && t->recvq.ready > 0)
        recvq_skip(&t->recvq, 1);
}

/* Sixth step: RCV.UP <- max(RCV.UP, SEG.UP); the user is told when new
 * urgent data is ahead (MUST-31, MUST-32, MUST-62, RFC6093-4-a); how far it is,
 * tcp_urgent_left() says (MUST-33). */
void tcp_urgent(struct tcp *t, const struct seg *s)
{
    struct cw_event ev = { .kind = EV_URGENT, .flow = t->flow };
    seq             up = seq_add(s->seq, s->up);
    seq             read = seq_sub(t->rcv.nxt, t->recvq.ready);

    if (s->up == 0 || !seq_gt(up, read)
        || (t->up_valid && seq_le(up, t->rcv.up)))
        return;
    if (seq_gt(up, seq_add(t->rcv.edge, 65535)))
        return;
    forget_oob(t);
    t->rcv.up = up;
    t->up_valid = true;
    t->oob_ready = t->oob_taken = false;
    env_count(tcp_env(t), COUNT_TCP_URGENT_IN);
    if (env_observed(tcp_env(t))) {
        ev.v[0] = seq_from(up, t->irs);
        env_event(tcp_env(t), &ev);
    }
    take_oob(t);
    tcp_wake(t);
}
