/* tcp_rack.c: loss by time: what was sent before something that has arrived,
 * and has had time to arrive itself, is lost.  RFC 8985 §6.
 *
 *   Owns:    flight->rack_* (RACK.xmit_ts, RACK.rtt), the reordering window,
 *            what past holds of reordering.
 *   Does not decide what a loss means (tcp_recover.c) nor arm
 *   (tcp_timers.c reads flight->reorder_at).
 *   Exact:   "sent after" is decided by the ordinal of the transmission and
 *            not by its time (§6.2 breaks ties of time by sequence number), so
 *            that a coarse clock turns no retransmission into an older one.
 *   Bounded: what is on its way is a list by last transmission (segq.h); an
 *            ACK looks at what it declares lost and WALK records more.
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

enum { DUP_THRESH = 3, REO_PERSIST = 16, WALK = 32 };

/* §6.2 step 2: a retransmission counts only if this ACK is its own: not, if
 * it echoes an older timestamp, nor if it came back sooner than anything ever
 * did (RFC8985-6.2-c), unless its own timestamp tells: that heuristic is for
 * want of one, or of one that is fine enough.  What is echoed belongs to the segment that has moved
 * the left edge (RFC 7323 §4.3): of one beyond it, that is SACKed, it tells
 * nothing. */
void tcp_rack_news(const struct tcp *t, const struct seg *s,
                   struct tcp_news *n)
{
    const struct tcp_flight *f = t->flight;
    cw_ns                    now = tcp_now(t), first;
    uint32_t                 age;

    n->seg.fack = seq_max(f->high_sacked, t->snd.una);
    n->seg.limit = now;
    if (t->min_rtt_us != UINT32_MAX && t->min_rtt_us > 0)
        n->seg.limit = now - (cw_ns)(t->min_rtt_us - 1) * NS_US;
    n->sack_limit = n->seg.limit;
    if (!t->ts_ok || !s->opt->has_ts || s->opt->ts_ecr == 0)
        return;
    n->has_ts = true;
    n->ecr = s->opt->ts_ecr;
    age = tcp_ts_now(tcp_env(t), t->ts_offset) - n->ecr;
    if (age >= 1u << 24)
        return;
    first = (now / NS_MS - (cw_ns)age + 1) * NS_MS; /* too late for it */
    if (t->min_rtt_us * NS_US < 2 * ns_max(NS_MS, tcp_env(t)->granularity))
        first = ns_min(first, n->seg.limit + 1);
    n->seg.limit = first - 1;
}

/* Step 3. */
static void reordering(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_past *p = tcp_past_new(t);
    uint32_t         by, mss = tcp_eff_mss(t);

    env_count(tcp_env(t), COUNT_TCP_SACK_REORDER);
    if (!p)
        return;
    by = seq_from(n->seg.fack, n->seg.low) / MAX(mss, 1u);
    p->reordering = true;
    p->reorders++;
    p->reorder_segs = (uint16_t)MAX(p->reorder_segs,
                                    MIN(by, (uint32_t)UINT16_MAX));
}

/* Steps 2 and 3 (RFC8985-4-a, RFC8985-4-b). */
void tcp_rack_ack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;

    if (n->seg.reordered)
        reordering(t, n);
    if (!n->seg.any)
        return;
    f->rack_rtt = tcp_now(t) - n->seg.sent;
    if (f->rack_any && !segq_after(n->seg.order, f->rack_order))
        return;
    f->rack_any = true;
    f->rack_sent = n->seg.sent;
    f->rack_order = n->seg.order;
}

/* What a needless retransmission has told is not to be believed. */
void tcp_rack_forget(struct tcp *t)
{
    t->flight->rack_any = false;
    t->flight->reorder_at = NS_NEVER;
}

/* Step 4: a round trip in which D-SACKs come widens the window ... */
void tcp_rack_dsack(struct tcp *t)
{
    struct tcp_past *p = tcp_past_new(t);

    if (!p)
        return;
    if (p->in_round && seq_ge(t->snd.una, p->round))
        p->in_round = false;
    if (p->in_round)
        return;
    p->in_round = true;
    p->round = t->snd.nxt;
    p->reo_mult = (uint8_t)MIN(p->reo_mult + 1, UINT8_MAX);
    p->reo_persist = REO_PERSIST;
}

/* ... and sixteen recoveries without narrow it again. */
void tcp_rack_recovered(struct tcp *t)
{
    struct tcp_past *p = tcp_past(t);

    if (!p || p->reo_persist == 0)
        return;
    if (--p->reo_persist == 0)
        p->reo_mult = 1;
}

/* RACK_update_reo_wnd() (RFC8985-3.3.2-a, RFC8985-3.3.2-b).  What a coarse
 * clock puts between two transmissions may be a step more than there was: with
 * steps of a quarter of the round trip, the window would be none. */
static cw_ns window(const struct tcp *t)
{
    const struct tcp_flight *f = t->flight;
    const struct tcp_past   *p = tcp_past(t);
    cw_ns                    wnd;

    if (!p || !p->reordering) {
        if (f->recovery != RECOVERY_NONE || f->segq.sacked >= DUP_THRESH)
            return 0;
    }
    if (t->min_rtt_us == UINT32_MAX)
        return 0;
    wnd = (cw_ns)t->min_rtt_us * NS_US * (p ? p->reo_mult : 1) / 4;
    wnd = ns_min(wnd, t->srtt);
    return wnd + tcp_env(t)->granularity;
}

/* How long r may still take: step 5. */
static cw_ns remaining(const struct tcp *t, const struct segrec *r, cw_ns rtt,
                       cw_ns wnd)
{
    return r->sent + rtt + wnd - tcp_now(t);
}

/* Step 5: RACK_detect_loss(). */
void tcp_rack_detect(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    cw_ns              wnd, left, most = 0;
    int                steps = 0;

    f->reorder_at = NS_NEVER;
    if (!f->rack_any)
        return;
    wnd = window(t);
    list_each (n, &f->segq.by_tx) {
        struct segrec *r = list_entry(n, struct segrec, by_tx);

        if (!segq_after(f->rack_order, r->order))
            break;
        left = remaining(t, r, f->rack_rtt, wnd);
        if (left <= 0) {
            tcp_mark_lost(t, r);
            continue;
        }
        most = left;
        if (++steps == WALK) { /* the last of them was not sent later */
            most = f->rack_sent + f->rack_rtt + wnd - tcp_now(t);
            break;
        }
    }
    if (most > 0) /* RFC8985-6.2-b */
        f->reorder_at = ns_add(tcp_now(t), most);
}

/* The reordering timer has expired. */
void tcp_rack_timeout(struct tcp *t)
{
    tcp_rack_detect(t);
    tcp_recover_lost(t);
    tcp_timers_settle(t, WHY_T_SENT);
}

/* §6.3: has it been out for so long that a timeout takes it for lost? */
bool tcp_rack_overdue(const struct tcp *t, const struct segrec *r)
{
    const struct tcp_flight *f = t->flight;
    cw_ns                    rtt = f->rack_any ? f->rack_rtt : t->srtt;

    return remaining(t, r, rtt, window(t)) <= 0;
}
