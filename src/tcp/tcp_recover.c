/* tcp_recover.c: when to believe in loss, and when it is repaired.
 *
 *   With SACK, RACK-TLP (RFC 8985) or, in profiles without it, RFC 6675
 *   (RFC2018-5.1-b), never both (RFC8985-9.2-a); RFC 5681 §3.2 and RFC 6582
 *   (NewReno) without SACK; and the slow start after a timeout (RFC 5681
 *   §3.1).  One mechanism serves them: records are marked lost, tcp_output.c
 *   sends lost records first (RFC8985-9.3-a), and both are held back by pipe <
 *   cwnd; what cwnd is meanwhile: tcp_prr.c.  What was for nothing:
 *   tcp_undo.c.  Without SACK each
 *   duplicate ACK stands for one segment that has left the network, which is
 *   what the inflation of cwnd in RFC 5681 means.
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

enum { DUP_THRESH = 3 };

/* Those that can stand for a segment that has left: no more than were out
 * (RFC5681-3.2-h), or an ACK sent a thousand times would empty the send buffer
 * at once; before recovery two, limited transmit (RFC3042-2-a). */
static uint32_t duplicates(const struct tcp_flight *f)
{
    return MIN(f->dupacks,
               f->recovery == RECOVERY_FAST ? f->dupacks_max
                                            : DUP_THRESH - 1);
}

/* RFC6675-4-c; without SACK what an inflated cwnd allows: RFC5681-3.2-i. */
uint32_t tcp_pipe(const struct tcp *t)
{
    uint32_t pipe, left;

    if (!t->flight)
        return 0;
    pipe = segq_pipe(&t->flight->segq);
    if (t->sack_ok || t->flight->recovery == RECOVERY_RTO)
        return pipe;
    left = duplicates(t->flight) * tcp_eff_mss(t);
    return pipe > left ? pipe - left : 0;
}

void tcp_recover_event(struct tcp *t, enum why why)
{
    struct cw_event ev = { .kind = EV_RECOVERY, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.why = (uint16_t)why;
    ev.v[0] = t->flight->recovery;
    ev.v[1] = seq_from(t->flight->recover, t->iss);
    env_event(tcp_env(t), &ev);
}

static void dupack_event(struct tcp *t)
{
    struct cw_event ev = { .kind = EV_DUPACK, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.v[0] = seq_from(t->snd.una, t->iss);
    ev.v[1] = t->flight->dupacks;
    ev.v[2] = t->flight->segq.sacked_bytes;
    env_event(tcp_env(t), &ev);
}

static void mark_first_lost(struct tcp *t)
{
    struct segrec *r = segq_first(&t->flight->segq);

    if (!r || (r->marks & (SEG_SACKED | SEG_REXMIT)))
        return;
    tcp_mark_lost(t, r);
    tcp_due(t, DUE_REXMIT);
}

/* The oldest record goes out once more, for this reason, which is not
 * congestion. */
void tcp_recover_first(struct tcp *t, enum why why)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = f ? segq_first(&f->segq) : NULL;

    if (!r)
        return;
    segq_mark(&f->segq, r, 0, SEG_SACKED);
    tcp_mark_gone(t, r);
    f->rexmit_why = (uint16_t)why;
    f->rexmit_arg = 0;
    tcp_due(t, DUE_REXMIT);
}

static enum why why_fast(const struct tcp *t)
{
    if (t->flight->dupacks >= DUP_THRESH)
        return WHY_TX_FAST;
    return tcp_rack(t) ? WHY_TX_RACK_LOST : WHY_TX_SACK_LOST;
}

/* RFC6675-5-b; once for each window that has lost something, RFC5681-4.3-a.
 * `delivered`: newly, by the ACK that shows the loss. */
static void enter_fast_recovery(struct tcp *t, uint32_t delivered)
{
    struct tcp_flight *f = t->flight;

    if (tcp_mtu_probe_lost(t))
        return;
    f->recovery = RECOVERY_FAST;
    f->recover = t->snd.nxt;
    f->dupacks_max = f->segq.count;
    f->partial = false;
    f->high_rxt = t->snd.una;
    f->rescue_rxt = segq_first(&f->segq)->end;
    f->rexmit_why = (uint16_t)why_fast(t);
    f->rexmit_arg = f->dupacks;
    f->frto = FRTO_OFF;
    tcp_tlp_reset(t);
    tcp_undo_begin(t, false);
    env_count(tcp_env(t),
              t->sack_ok ? COUNT_TCP_SACK_RECOVERY : COUNT_TCP_RENO_RECOVERY);
    env_count(tcp_env(t), COUNT_TCP_FAST_RETRANS);
    if (!tcp_ecn_answered(t))
        tcp_cc(t)->congestion(t, CC_SIGN_LOSS,
                              seq_from(t->snd.nxt, t->snd.una));
    tcp_ecn_reduced(t);
    tcp_prr_begin(t, delivered);
    tcp_cwnd_event(t, WHY_CC_RECOVERY);
    tcp_recover_event(t, WHY_CC_RECOVERY);
    if (tcp_rack(t))
        tcp_due(t, DUE_REXMIT);
    else
        mark_first_lost(t);
}

/* Duplicates of what was sent before the last recovery ended do not start
 * another (RFC6582-3.2-a); with SACK they tell what they are for, and the
 * recovery point itself suffices (RFC6675-5.1-a). */
static bool may_enter(const struct tcp *t)
{
    const struct tcp_flight *f = t->flight;
    bool passed = t->sack_ok ? seq_ge(t->snd.una, f->recover)
                             : seq_gt(t->snd.una, f->recover);

    if (f->recovery != RECOVERY_NONE || !passed)
        return false;
    if (f->dupacks >= DUP_THRESH)
        return true;
    return t->sack_ok && tcp_sack_is_lost(t);
}

/* RFC6675-5-a, RFC6675-5-c: the output then looks whether new data may go. */
void tcp_recover_dupack(struct tcp *t, bool new_sack)
{
    struct tcp_flight *f = t->flight;

    f->dupacks++;
    dupack_event(t);
    if (new_sack)
        tcp_sack_judge(t);
    if (may_enter(t))
        enter_fast_recovery(t, 0);
    tcp_due(t, DUE_OUTPUT);
}

/* Recovery is over, or was for nothing. */
void tcp_recover_end(struct tcp *t, enum why why)
{
    struct tcp_flight *f = t->flight;

    f->recovery = RECOVERY_NONE;
    f->frto = FRTO_OFF;
    f->dupacks = 0;
    tcp_recover_event(t, why);
}

/* What was SACKed stays known: RFC6675-5-e. */
static void leave_recovery(struct tcp *t)
{
    if (t->flight->recovery == RECOVERY_FAST)
        tcp_prr_end(t);
    tcp_rack_recovered(t);
    tcp_recover_end(t, WHY_CC_RECOVERED);
    tcp_cc(t)->recovered(t);
}

/* An ACK that does not cover all that was out when loss was seen:
 * RFC6675-5-d, RFC6582-3.2-c. */
static void partial_ack(struct tcp *t, const struct segq_acked *a)
{
    struct tcp_flight *f = t->flight;

    if (t->sack_ok) {
        tcp_sack_judge(t);
        f->rexmit_why = WHY_TX_SACK_LOST;
        return;
    }
    /* RFC 6582 step 3 (2): deflate by what left, the first was sent again */
    f->dupacks = duplicates(f);
    f->dupacks -= MIN(f->dupacks, a->records > 0 ? a->records - 1 : 0);
    f->dupacks_max = f->segq.count;
    f->partial = true;
    f->rexmit_why = WHY_TX_PARTIAL;
    mark_first_lost(t);
}

void tcp_recover_advanced(struct tcp *t, const struct segq_acked *a,
                          const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;

    tcp_undo_eifel(t, n);
    f->one_first = false;
    f->lost_below = seq_max(f->lost_below, t->snd.una);
    if (f->recovery == RECOVERY_NONE) {
        f->dupacks = 0;
        return;
    }
    if (seq_ge(t->snd.una, f->recover))
        leave_recovery(t);
    else if (f->recovery == RECOVERY_FAST)
        partial_ack(t, a);
}

/* What an ACK means where RACK judges: RFC 8985 §6.2, §7.4; the order is
 * that of evidence: first whether recovery was needless, then whether it is
 * over, then what else is lost, then how much may be sent. */
static void rack_ack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;

    if (n->advances) {
        f->one_first = false;
        f->lost_below = seq_max(f->lost_below, t->snd.una);
        f->dupacks = 0;
    } else if (n->duplicate) {
        f->dupacks++;
        dupack_event(t);
    }
    tcp_rack_ack(t, n);
    tcp_tlp_ack(t, n);
    if (!tcp_undo_eifel(t, n))
        tcp_frto_ack(t, n);
    if (f->recovery != RECOVERY_NONE && seq_ge(t->snd.una, f->recover))
        leave_recovery(t);
    tcp_rack_detect(t);
}

/* DeliveredData without SACK: RFC 9937 §6.2. */
static uint32_t delivered_plain(const struct tcp *t, const struct tcp_news *n)
{
    uint32_t mss = tcp_eff_mss(t), now = t->flight->dupacks, told;

    if (n->duplicate)
        return mss;
    if (!n->advances)
        return 0;
    told = n->dupacks > now ? (n->dupacks - now) * mss : 0;
    return n->acked > told ? n->acked - told : 0;
}

/* The scoreboard has heard it; where RACK does not judge,
 * tcp_recover_advanced() or tcp_recover_dupack(), too. */
void tcp_recover_ack(struct tcp *t, const struct tcp_news *n)
{
    struct tcp_flight *f = t->flight;
    uint32_t           lost = f->lost;
    bool               rack = tcp_rack(t);

    if (rack)
        rack_ack(t, n);
    else
        tcp_frto_ack(t, n);
    if (rack && f->lost != lost && f->recovery == RECOVERY_NONE)
        enter_fast_recovery(t, n->delivered);
    if (f->recovery == RECOVERY_FAST)
        tcp_prr_ack(t, rack ? n->delivered : delivered_plain(t, n),
                    n->advances && f->lost == lost);
    tcp_due(t, DUE_OUTPUT);
}

/* RACK's timer has marked what is lost. */
void tcp_recover_lost(struct tcp *t)
{
    struct tcp_flight *f = t->flight;

    if (segq_waiting(&f->segq) && f->recovery == RECOVERY_NONE)
        enter_fast_recovery(t, 0);
    tcp_due(t, DUE_OUTPUT);
}

/* RFC 6298 §5.4: the first is lost; of the others all (RFC 5681 §3.1), or
 * what has been out for too long (RFC 8985 §6.3). */
static void mark_overdue(struct tcp *t)
{
    struct segq   *q = &t->flight->segq;
    struct segrec *first = segq_first(q);
    bool           rack = tcp_rack(t);

    for (struct segrec *r = first; r; r = segq_next(q, r)) {
        if (r->marks & SEG_SACKED)
            continue;
        if (!rack || r == first || tcp_rack_overdue(t, r))
            tcp_mark_lost(t, r);
    }
}

/* RFC 5681 §3.1, RFC 6298 §5.4: what was SACKed is lost, too, if the receiver
 * has reneged or the profile wants it (RFC2018-5.1-a).  It ends a recovery,
 * and until all that was out is acknowledged no other begins (RFC6582-3.2-d,
 * RFC6675-5.1-a); SACKs go on being read (RFC6675-5.1-b). */
void tcp_recover_timeout(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = segq_first(&f->segq);

    INVARIANT(r != NULL);
    if ((r->marks & SEG_SACKED) || tcp_knobs(t)->sack_forgets)
        tcp_sack_reset(t);
    mark_overdue(t);
    f->one_first = false;
    f->lost_below = t->snd.nxt;
    f->rexmit_why = WHY_TX_RTO;
    f->dupacks = 0;
    tcp_due(t, DUE_REXMIT);
    if (t->state & TCPS_OPENING)
        return;
    tcp_tlp_reset(t);
    if (f->recovery == RECOVERY_NONE)
        tcp_undo_begin(t, true);
    else if (tcp_past(t))
        tcp_past(t)->timeout = true;
    tcp_frto_begin(t, f->recovery == RECOVERY_NONE);
    if (t->backoff <= 1)
        tcp_cc(t)->timed_out(t, seq_from(t->snd.nxt, t->snd.una));
    else
        t->cwnd = tcp_eff_mss(t);
    tcp_ecn_reduced(t);
    f->recovery = RECOVERY_RTO;
    f->recover = t->snd.nxt;
    tcp_recover_event(t, WHY_CC_TIMEOUT);
}
