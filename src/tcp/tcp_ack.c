/* tcp_ack.c: what an acceptable ACK does.  RFC 9293 §3.10.7.4 fifth step.
 *
 *   A recipe in order: advance SND.UNA, read SACK blocks, count duplicates,
 *   let recovery decide, update the window.  The window comes last, so that
 *   a duplicate is recognised by the window it repeats (RFC 5681 §2).
 */
#include "tcp/cc.h"

bool tcp_fin_acked(const struct tcp *t)
{
    return t->fin_sent && seq_gt(t->snd.una, tcp_fin_seq(t));
}

/* Bytes of data up to SND.UNA: neither our SYN nor our FIN. */
uint64_t tcp_bytes_acked(const struct tcp *t)
{
    uint32_t low = seq_from(t->snd.una, t->iss);

    return ((uint64_t)t->acked_wraps << 32 | low) - t->syn_acked
        - tcp_fin_acked(t);
}

/* An exact sample from the newest record that was sent once (Karn, MUST-18,
 * RFC6298-3-a), else one from timestamps (RFC 7323 §4): each ACK of new data
 * gives one where it can (RFC6298-3-b). */
static cw_ns sample_rtt(const struct tcp *t, const struct seg *s,
                        const struct segq_acked *a)
{
    uint32_t age;

    if (a->newest_once >= 0 && !a->any_rexmit)
        return tcp_now(t) - a->newest_once;
    if (!t->ts_ok || !s->opt->has_ts || s->opt->ts_ecr == 0)
        return -1;
    age = tcp_ts_now(tcp_env(t), t->ts_offset) - s->opt->ts_ecr;
    return age < 1u << 24 ? (cw_ns)age * NS_MS : -1;
}

/* Progress ends a row of expiries; but without a sample the timeout stays
 * what it was backed off to (Karn's second half; RFC 6298 §5, last note).
 * Probes of a shut window say nothing about the path. */
static void end_backoff(struct tcp *t, bool sampled)
{
    if (!sampled && !t->probing)
        t->rto = tcp_rtt_backed_off(t);
    t->backoff = 0;
    t->probes = 0;
}

/* The bytes of [una, ack) that are data: neither our SYN nor our FIN. */
static uint32_t data_bytes(const struct tcp *t, seq ack)
{
    uint32_t n = seq_from(ack, t->snd.una);

    if (!t->syn_acked)
        n--;
    if (t->fin_sent && seq_gt(ack, tcp_fin_seq(t)))
        n--;
    return n;
}

/* RFC6298-5.1-a; but of the partial ACKs of a recovery without SACK only the
 * first restarts the timer (RFC6582-3.2-c), so that many losses end in slow
 * start instead of one round trip for each. */
static void restart_timer(struct tcp *t)
{
    const struct tcp_flight *f = t->flight;

    if (seq_eq(t->snd.una, t->snd.nxt))
        tcp_timers_all_acked(t);
    else if (!(f->recovery == RECOVERY_FAST && f->partial
               && seq_lt(t->snd.una, f->recover)))
        tcp_timers_una_advanced(t);
}

static void advance(struct tcp *t, const struct seg *s, struct cc_ack *c)
{
    struct segq_acked a;

    INVARIANT(t->flight != NULL);
    c->acked = data_bytes(t, s->ack);
    segq_ack(&t->flight->segq, s->ack, &a, NULL);
    tcp_rate_acked(t, &a);
    sendq_drop(&t->sendq, c->acked);
    if (seq_from(s->ack, t->iss) < seq_from(t->snd.una, t->iss))
        t->acked_wraps++;
    t->snd.una = s->ack;
    t->syn_acked = true;
    if (t->snd_urgent && seq_ge(t->snd.una, t->snd.up))
        t->snd_urgent = false;

    c->rtt = sample_rtt(t, s, &a);
    if (c->rtt >= 0)
        tcp_rtt_sample(t, c->rtt);
    end_backoff(t, c->rtt >= 0);
    net_confirm(t->host->net, &t->dest); /* RFC4861-7.3.1-a */
    restart_timer(t);

    tcp_recover_advanced(t, &a);
    tcp_mtu_acked(t);
    tcp_due(t, DUE_OUTPUT);
    if (c->acked > 0)
        tcp_wake(t);
}

/* RFC 5681 §2, the narrow definition; with SACK, RFC 6675 §2: any ACK that
 * does not advance and tells of new data received. */
static bool is_duplicate(const struct tcp *t, const struct seg *s,
                         bool new_sack)
{
    if (!seq_eq(s->ack, t->snd.una) || seq_eq(t->snd.una, t->snd.nxt)
        || t->snd.wnd == 0) /* an answer to a probe */
        return false;
    if (t->sack_ok)
        return new_sack;
    return s->len == 0 && !(s->flags & (F_SYN | F_FIN))
        && s->wnd == t->snd.wnd;
}

/* The window is open again.  What was sent into the closed one was thrown
 * away: send it again with what follows. */
static void window_opened(struct tcp *t)
{
    tcp_timers_window_open(t);
    t->backoff = 0;
    t->probes = 0;
    tcp_recover_first(t, WHY_TX_PROBE);
}

/* SND.WND is taken from segments that are not older than the last one it
 * was taken from (RFC9293-3.10.7.4-d).  SND.WL2 is not kept: it was some
 * SEG.ACK before, thus =< SND.UNA, and only SEG.ACK >= SND.UNA counts. */
static void update_window(struct tcp *t, const struct seg *s)
{
    bool newer = seq_lt(t->snd.wl1, s->seq) || seq_eq(t->snd.wl1, s->seq);
    bool shut;

    if (!newer || !seq_le(t->snd.una, s->ack))
        return;
    t->snd.wl1 = s->seq;
    if (t->snd.wnd == s->wnd)
        return;
    shut = t->snd.wnd == 0;
    t->snd.wnd = s->wnd;
    t->snd.max_wnd = MAX(t->snd.max_wnd, s->wnd);
    if (shut)
        window_opened(t);
    tcp_due(t, DUE_OUTPUT);
}

/* Not if more is about to follow: what the controller has learned of this
 * round trip is not lost then. */
static void give_back_flight(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    uint32_t           room;

    if (!f || f->segq.count > 0 || f->recovery != RECOVERY_NONE
        || tcp_new_data(t, &room) > 0)
        return;
    t->at_recover = seq_eq(t->snd.una, f->recover);
    segq_fini(&f->segq);
    slab_put(f);
    t->flight = NULL;
}

/* The scoreboard, the timers and recovery know of this ACK: the last word is
 * the controller's. */
static void tell_controller(struct tcp *t, struct cc_ack *c)
{
    struct tcp_flight *f = t->flight;

    c->delivered = f->delivered - c->delivered;
    c->lost = f->lost - c->lost;
    if (f->recovery == RECOVERY_FAST)
        c->recovery = RECOVERY_FAST;
    tcp_cc(t)->ack(t, c);
    if (c->acked > 0)
        tcp_buffer_acked(t);
}

static struct cc_ack ack_begins(const struct tcp *t)
{
    const struct tcp_flight *f = t->flight;
    struct cc_ack            c = { .flight = seq_from(t->snd.nxt, t->snd.una),
                                   .rtt = -1 };

    if (f) {
        c.recovery = f->recovery;
        c.delivered = f->delivered; /* until now */
        c.lost = f->lost;
    }
    return c;
}

void tcp_ack(struct tcp *t, const struct seg *s)
{
    struct cc_ack c = ack_begins(t);
    bool          new_sack = false;
    bool          advances = seq_gt(s->ack, t->snd.una);
    uint32_t      wnd = t->snd.wnd;

    INVARIANT(seq_le(s->ack, t->snd.nxt));
    if (s->len == 0)
        env_count(tcp_env(t), COUNT_TCP_PURE_ACKS);
    if (t->probes > 0 && !advances)
        t->probes = 0; /* MUST-37: while answered, never given up */
    if (advances)
        advance(t, s, &c);
    if (t->sack_ok && s->opt->nsack > 0 && t->flight)
        new_sack = tcp_sack_in(t, s);
    /* with SACK, one that advances may be a duplicate, too (RFC 6675 §5) */
    if ((!advances || t->sack_ok) && t->flight
        && is_duplicate(t, s, new_sack))
        tcp_recover_dupack(t, new_sack);
    c.ece = t->ecn && (s->flags & (F_ECE | F_SYN)) == F_ECE;
    if (c.ece && t->flight) {
        env_count(tcp_env(t), COUNT_TCP_DELIVERED_CE);
        tcp_ecn_echoed(t, c.flight);
    }
    if (t->flight)
        tell_controller(t, &c);
    update_window(t, s);
    if (advances || t->snd.wnd != wnd)
        tcp_snd_wnd_event(t);
    give_back_flight(t);
}
