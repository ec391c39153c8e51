/* tcp_undo.c: recovery that was for nothing, seen and taken back.
 *
 *   Sees:   by the timestamp of the first ACK that advances (Eifel, RFC 3522),
 *           by D-SACKs for all that was sent again (RFC 3708), and after a
 *           timeout by ACKs of what was not sent again (F-RTO, RFC 5682).
 *   Does:   cwnd and ssthresh as they were, after a timeout as RFC 4015 has
 *           it; what is marked lost is on its way again.
 *   Owns:   struct tcp_past, flight->frto.
 *   Bounded: PAST_RANGES ranges of what was sent again; an episode with more
 *           is not taken back by D-SACK.
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

/* ---- what is remembered ------------------------------------------------- */

struct tcp_past *tcp_past_new(struct tcp *t)
{
    struct tcp_past *p = tcp_past(t);

    if (p)
        return p;
    p = slab_get0(&t->host->flights);
    if (!p) {
        env_count(tcp_env(t), COUNT_NO_MEMORY);
        return NULL;
    }
    p->reo_mult = 1;
    t->past = arena_ref(tcp_env(t)->arena, p);
    return p;
}

void tcp_past_free(struct tcp *t)
{
    if (t->past)
        slab_put(tcp_past(t));
    t->past = 0;
}

/* Before cwnd and ssthresh change: RFC 3522 §3.2 step (1), RFC 4015 §3.1 step
 * (0). */
void tcp_undo_begin(struct tcp *t, bool timeout)
{
    struct tcp_past *p;

    if (!tcp_knobs(t)->undo || !(p = tcp_past_new(t)))
        return;
    p->cwnd = t->cwnd;
    p->ssthresh = t->ssthresh;
    p->flight = seq_from(t->snd.nxt, t->snd.una);
    p->eifel = t->ts_ok ? EIFEL_TO_SEND : EIFEL_OFF;
    p->timeout = timeout;
    p->barred = false;
    p->may_undo = t->sack_ok && !p->duplicates;
    p->nagain = 0;
    p->begin = p->end = t->snd.una;
    p->new_data = t->snd.nxt;
    p->adapts = false;
    p->srtt = t->srtt + 2 * ns_max(tcp_env(t)->granularity, NS_MS);
    p->rttvar = t->rttvar;
}

/* Marks, or a loss that a probe has repaired, are a reason to reduce cwnd, or
 * were one since: no mistake that comes to light later takes that back. */
void tcp_undo_bar(struct tcp *t)
{
    struct tcp_past *p = tcp_past(t);

    if (!p)
        return;
    p->barred = true;
    if (!t->flight || t->flight->recovery == RECOVERY_NONE)
        p->may_undo = false;
}

static bool joins(struct seqrange *a, const struct segrec *r)
{
    if (seq_eq(a->right, r->start))
        a->right = r->end;
    else if (seq_eq(a->left, r->end))
        a->left = r->start;
    else
        return false;
    return true;
}

/* The ACK that is waited for is of the oldest segment: it tells whether r was
 * sent again for nothing if that is r, and an earlier recovery has not sent it
 * again before. */
static bool tells(const struct tcp *t, const struct tcp_past *p,
                  const struct segrec *r)
{
    return p->timeout || (r->times == 2 && seq_eq(r->start, t->snd.una));
}

/* r has been sent again. */
void tcp_undo_sent(struct tcp *t, const struct segrec *r)
{
    struct tcp_past *p = tcp_past(t);

    if (!p)
        return;
    if (p->eifel == EIFEL_TO_SEND) { /* step (2) */
        p->eifel = tells(t, p, r) ? EIFEL_FOR_ACK : EIFEL_OFF;
        p->rexmit_ts = tcp_ts_now(tcp_env(t), t->ts_offset);
    }
    if (!p->may_undo || seq_lt(r->start, p->begin))
        return;
    p->end = seq_max(p->end, r->end);
    if (r->times > 2) /* RFC 3708 §3 (A.3): more than once */
        p->may_undo = false;
    for (unsigned i = 0; i < p->nagain; i++)
        if (joins(&p->again[i], r))
            return;
    if (p->nagain == PAST_RANGES)
        p->may_undo = false;
    else
        p->again[p->nagain++] = (struct seqrange){ r->start, r->end };
}

/* ---- taking back -------------------------------------------------------- */

/* What was marked and not sent again is on its way, as it ever was. */
static void unmark(struct tcp *t)
{
    struct tcp_flight *f = t->flight;

    for (struct list *n = f->segq.by_seq.prev; n != &f->segq.by_seq;
         n = n->prev) {
        struct segrec *r = list_entry(n, struct segrec, by_seq);

        if (!(r->marks & SEG_SACKED))
            segq_mark(&f->segq, r, 0, SEG_LOST | SEG_REXMIT);
    }
}

/* RFC 4015 §3.1 steps (8) to (11).  Step (9): not with an ECN-Echo; nor, as
 * §3.4 has it, after one. */
static void restore(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_past *p = tcp_past(t);
    uint32_t         cwnd = p->cwnd, ssthresh = p->ssthresh;
    uint32_t         flight = seq_from(t->snd.nxt, t->snd.una);

    if (n->ece || p->barred)
        return;
    if (p->timeout) {
        cwnd = flight + MIN(n->acked, tcp_initial_window(t)); /* IW */
        ssthresh = MAX(p->flight, p->ssthresh);
    }
    if (t->flight || tcp_cc(t)->rules)
        tcp_cc(t)->undo(t, cwnd, ssthresh);
    else
        cc_restore(t, cwnd, ssthresh);
    if (p->timeout && !t->unaccepted)
        t->last_sent = tcp_now(t); /* (10): this was no idle time */
    p->adapts = p->timeout;        /* (11) */
}

static void take_back(struct tcp *t, const struct tcp_news *n, enum why why)
{
    struct tcp_past   *p = tcp_past(t);
    struct tcp_flight *f = t->flight;

    restore(t, n);
    p->may_undo = false;
    p->eifel = EIFEL_OFF;
    if (!f) {
        tcp_cwnd_event(t, why);
        return;
    }
    f->frto = FRTO_OFF;
    f->undone = true;
    f->ecn_until = t->snd.una; /* nothing was reduced for */
    if (f->recovery != RECOVERY_NONE) {
        unmark(t);
        tcp_rack_forget(t);
        f->recover = seq_sub(t->snd.una, 1);
        tcp_recover_end(t, why);
    }
    tcp_cwnd_event(t, why);
    tcp_due(t, DUE_OUTPUT);
}

/* (11), upon the first sample of data that was unsent at the timeout */
void tcp_undo_sampled(struct tcp *t, cw_ns sample)
{
    struct tcp_past *p = tcp_past(t);

    if (!p || !p->adapts || !seq_gt(t->snd.una, p->new_data))
        return;
    p->adapts = false;
    tcp_rtt_adapt(t, ns_max(p->srtt, sample), ns_max(p->rttvar, sample / 2),
                  sample);
}

/* ---- Eifel: RFC 3522 ---------------------------------------------------- */

/* Steps (3) to (6), at the first ACK that advances; true: taken back. */
bool tcp_undo_eifel(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_past *p = tcp_past(t);

    if (!p || p->eifel == EIFEL_OFF || !n->advances
        || t->flight->recovery == RECOVERY_NONE)
        return false;
    if (p->eifel == EIFEL_TO_SEND) /* it is not about us yet */
        return false;
    p->eifel = EIFEL_OFF;
    if (!n->has_ts || (int32_t)(n->ecr - p->rexmit_ts) >= 0) /* (4) */
        return false;
    if (n->dsack || (p->dsacks == 0 && seq_eq(n->ack, t->snd.nxt))) /* (5) */
        return false;
    p->reordering |= !p->timeout; /* the original came, late */
    env_count(tcp_env(t),
              p->timeout ? COUNT_TCP_SPURIOUS_RTOS : COUNT_TCP_FULL_UNDO);
    take_back(t, n, WHY_CC_UNDO_EIFEL);
    return true;
}

/* ---- D-SACK: RFC 3708 --------------------------------------------------- */

/* Takes what was reported out of what was sent again; false: it was not. */
static bool reported(struct tcp_past *p, const struct seqrange *d)
{
    for (unsigned i = 0; i < p->nagain; i++) {
        struct seqrange *a = &p->again[i];

        if (seq_gt(a->left, d->left) || seq_lt(a->right, d->right))
            continue;
        if (seq_eq(a->left, d->left)) {
            a->left = d->right;
        } else if (seq_eq(a->right, d->right)) {
            a->right = d->left;
        } else if (p->nagain < PAST_RANGES) {
            p->again[p->nagain++] = (struct seqrange){ d->right, a->right };
            a->right = d->left;
        } else {
            p->may_undo = false;
        }
        if (seq_eq(a->left, a->right))
            *a = p->again[--p->nagain];
        return true;
    }
    return false;
}

/* §3: rules (A) and (B). */
void tcp_undo_dsack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_past *p = tcp_past_new(t);

    if (!p)
        return;
    p->dsacks++;
    if (t->total_retrans == 0) /* (A.4) */
        p->duplicates = true;
    if (!p->may_undo || seq_lt(n->dsack_range.left, p->begin)
        || seq_ge(n->dsack_range.left, p->end))
        return;
    if (!n->had_sacked && seq_eq(n->dsack_range.left, n->una)) { /* (A.1) */
        p->may_undo = false;
        return;
    }
    if (!reported(p, &n->dsack_range)) {
        if (!(p->tlp & TLP_OUT)
            || !seq_eq(n->dsack_range.right, p->tlp_end)) {
            p->duplicates = true; /* (A.4) */
            p->may_undo = false;
        }
        return;
    }
    if (p->nagain > 0 || !p->may_undo) /* (B.2) */
        return;
    env_count(tcp_env(t), COUNT_TCP_DSACK_UNDO); /* (B.1) */
    p->reordering |= !p->timeout;
    take_back(t, n, WHY_CC_UNDO_DSACK);
}

/* ---- F-RTO: RFC 5682 ---------------------------------------------------- */

/* Step 1, after the oldest was marked to be sent again.  Not if an earlier
 * recovery is under way (RFC5682-2.1-c), but again if the same segment has
 * timed out once more (RFC5682-2.1-b). */
void tcp_frto_begin(struct tcp *t, bool fresh)
{
    struct tcp_flight   *f = t->flight;
    const struct segrec *r = segq_first(&f->segq);

    if (!tcp_knobs(t)->frto || !tcp_past(t)
        || (!fresh && f->frto != FRTO_FIRST)) {
        f->frto = FRTO_OFF;
        return;
    }
    f->frto = FRTO_FIRST;
    f->frto_end = r->end;
}

static void conventional(struct tcp *t, unsigned segments)
{
    t->flight->frto = FRTO_OFF;
    t->cwnd = MIN(t->cwnd, segments * tcp_eff_mss(t));
}

/* Step 2: the ACK of what was sent again. */
static void first_ack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;
    uint32_t           room;

    if (!n->advances) {
        if (!t->sack_ok && n->duplicate)
            conventional(t, 2); /* 2.1 (2a) */
        return;
    }
    f->recover = t->snd.nxt;
    if (seq_lt(n->ack, f->frto_end) || seq_eq(n->ack, t->snd.nxt)
        || tcp_new_data(t, &room) == 0 || room == 0) {
        conventional(t, 2);
        return;
    }
    f->frto = FRTO_SECOND; /* (2b) */
    f->frto_room = 2;
}

/* Step 3. */
static void second_ack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;
    bool               beyond = seq_gt(n->ack, f->recover)
        || (n->new_sack && seq_gt(n->high, f->recover));

    if (!n->advances && !n->duplicate && !n->bare)
        return; /* neither: ignored */
    if (n->seg.original && (t->sack_ok ? !beyond : n->advances)) {
        env_count(tcp_env(t), COUNT_TCP_SPURIOUS_RTOS); /* (3b) */
        take_back(t, n, WHY_CC_UNDO_FRTO);
        return;
    }
    conventional(t, 3); /* (3a) */
}

/* Before sending: that ACK may have shrunk the window, too. */
void tcp_frto_visit(struct tcp *t)
{
    uint32_t room;

    if (t->flight && t->flight->frto == FRTO_SECOND
        && t->flight->frto_room == 2
        && (tcp_new_data(t, &room) == 0 || room == 0))
        conventional(t, 2);
}

/* RFC5682-2.1-a, RFC5682-3.1-a */
void tcp_frto_ack(struct tcp *t, const struct tcp_news *n)
{
    if (t->flight->frto == FRTO_FIRST)
        first_ack(t, n);
    else if (t->flight->frto == FRTO_SECOND)
        second_ack(t, n);
}
