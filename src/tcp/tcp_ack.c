/* tcp_ack.c: what an acceptable ACK does.  RFC 9293 §3.10.7.4 fifth step.
 *
 *   A recipe in order: advance SND.UNA, read SACK blocks, count duplicates,
 *   let recovery decide, update the window.  The window comes last, so that
 *   a duplicate is recognised by the window it repeats (RFC 5681 §2).
 */
#include "tcp/cc.h"
#include "tcp/pace.h"
#include "tcp/recover.h"

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

static void advance(struct tcp *t, const struct seg *s, struct cc_ack *c,
                    struct tcp_news *n)
{
    struct segq_acked a;

    INVARIANT(t->flight != NULL);
    c->acked = data_bytes(t, s->ack);
    segq_ack(&t->flight->segq, s->ack, &a, &n->seg);
    n->acked = a.bytes;
    tcp_rate_acked(t, &a);
    sendq_drop(&t->sendq, c->acked);
    if (seq_from(s->ack, t->iss) < seq_from(t->snd.una, t->iss))
        t->acked_wraps++;
    t->snd.una = s->ack;
    t->syn_acked = true;
    if (t->snd_urgent && seq_ge(t->snd.una, t->snd.up))
        t->snd_urgent = false;

    c->rtt = sample_rtt(t, s, &a);
    if (c->rtt >= 0) {
        c->rtt = ns_max(c->rtt, tcp_env(t)->granularity); /* not seen */
        tcp_rtt_sample(t, c->rtt);
        tcp_undo_sampled(t, c->rtt);
    }
    end_backoff(t, c->rtt >= 0);
    net_confirm(t->host->net, &t->dest); /* RFC4861-7.3.1-a */
    restart_timer(t);

    if (!tcp_rack(t))
        tcp_recover_advanced(t, &a, n);
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

/* An ACK like the last one, that tells nothing: RFC 5681 §2, with SACK, too. */
static bool is_bare(const struct tcp *t, const struct seg *s)
{
    return seq_eq(s->ack, t->snd.una) && s->len == 0 && s->opt->nsack == 0
        && s->wnd == t->snd.wnd && !(s->flags & (F_SYN | F_FIN));
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
    bool shut;

    if (!seq_le(t->snd.wl1, s->seq) || !seq_le(t->snd.una, s->ack))
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
void tcp_flight_over(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    uint32_t           room;

    if (!f || f->segq.count > 0 || f->recovery != RECOVERY_NONE
        || tcp_new_data(t, &room) > 0)
        return;
    if (tcp_pace_holds(t)) {
        tcp_timers_paced(t); /* what follows must know of it */
        return;
    }
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
    uint32_t           acked = c->acked;

    if (f->undone) /* RFC 4015 §3.4: this ACK changes cwnd no further */
        c->acked = 0;
    f->undone = false;
    c->delivered = f->delivered - c->delivered;
    c->lost = f->lost - c->lost;
    if (f->recovery == RECOVERY_FAST)
        c->recovery = RECOVERY_FAST;
    tcp_rate_generate(t, &c->rate);
    tcp_cc(t)->ack(t, c);
    if (acked > 0)
        tcp_buffer_acked(t);
}

/* with SACK, one that advances may be a duplicate, too (RFC 6675 §5) */
static void recover(struct tcp *t, const struct seg *s, struct cc_ack *c,
                    struct tcp_news *n)
{
    n->duplicate = (!n->advances || t->sack_ok)
        && is_duplicate(t, s, n->new_sack);
    n->bare = !n->advances && is_bare(t, s);
    n->delivered = t->flight->delivered - c->delivered;
    if (n->duplicate && !tcp_rack(t))
        tcp_recover_dupack(t, n->new_sack);
    tcp_recover_ack(t, n);
    tell_controller(t, c);
}

/* Nothing is in flight, but a probe's ACK was: RFC 8985 §7.4.2. */
static void tell_probe(struct tcp *t, const struct seg *s, struct tcp_news *n)
{
    n->bare = is_bare(t, s);
    tcp_tlp_ack(t, n);
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

static void news_begin(const struct tcp *t, const struct seg *s,
                       struct tcp_news *n)
{
    const struct tcp_flight *f = t->flight;

    *n = (struct tcp_news){
        .ack = s->ack,
        .high = s->ack,
        .una = t->snd.una,
        .advances = seq_gt(s->ack, t->snd.una),
    };
    if (s->opt->nsack > 0)
        n->dsack = tcp_dsack_in(t, s, &n->dsack_range);
    if (!f)
        return;
    n->dupacks = f->dupacks;
    n->had_sacked = f->segq.sacked_bytes > 0;
    tcp_rack_news(t, s, n);
}

/* It was received twice: RFC 2883, RFC 3708. */
static void tell_duplicate(struct tcp *t, const struct tcp_news *n)
{
    env_count(tcp_env(t), COUNT_TCP_DSACK_RECV);
    if (tcp_rack(t))
        tcp_rack_dsack(t);
    if (tcp_knobs(t)->undo)
        tcp_undo_dsack(t, n);
}

void tcp_ack(struct tcp *t, const struct seg *s)
{
    struct cc_ack   c = ack_begins(t);
    bool            advances = seq_gt(s->ack, t->snd.una);
    uint32_t        wnd = t->snd.wnd;
    struct tcp_news n;

    INVARIANT(seq_le(s->ack, t->snd.nxt));
    if (s->len == 0)
        env_count(tcp_env(t), COUNT_TCP_PURE_ACKS);
    if (t->probes > 0 && !advances)
        t->probes = 0; /* MUST-37: while answered, never given up */
    news_begin(t, s, &n);
    if (advances)
        advance(t, s, &c, &n);
    if (t->sack_ok && s->opt->nsack > 0 && t->flight)
        n.new_sack = tcp_sack_in(t, s, &n);
    tcp_ecn_told(t, s, &c, advances || n.new_sack);
    n.ece = c.ece;
    if (n.dsack)
        tell_duplicate(t, &n);
    if (t->flight)
        recover(t, s, &c, &n);
    else if (tcp_tlp(t) & TLP_OUT)
        tell_probe(t, s, &n);
    update_window(t, s);
    tcp_timers_settle(t, WHY_T_ACKED);
    if (advances || t->snd.wnd != wnd)
        tcp_snd_wnd_event(t);
    tcp_flight_over(t);
}
