/* tcp_tlp.c: tail loss probes: if the last ACKs do not come, one segment asks
 * for one, so that losses at the end are seen like any other.  RFC 8985 §7.
 *
 *   Owns:    past's tlp_end and tlp (they outlive what is in flight: the ACK that
 *            tells a repair from a duplicate may come later).
 *   Does not send (tcp_output.c does) nor arm (tcp_timers.c asks
 *   tcp_tlp_may() and tcp_tlp_pto()).
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

/* §7.1 */
void tcp_tlp_reset(struct tcp *t)
{
    if (t->past)
        tcp_past(t)->tlp &= (uint8_t) ~(TLP_OUT | TLP_AGAIN);
}

/* May a probe be scheduled?  Not in recovery nor while blocks are reported
 * (RFC8985-7.2-a); nor if it could not be sent (RFC8985-7.3-a). */
bool tcp_tlp_may(const struct tcp *t)
{
    const struct tcp_flight *f = t->flight;

    return tcp_rack(t) && f && f->segq.count > 0
        && f->recovery == RECOVERY_NONE && f->segq.sacked == 0
        && !segq_waiting(&f->segq) && !(tcp_tlp(t) & (TLP_OUT | TLP_SPENT))
        && t->snd.wnd > 0;
}

/* TLP_calc_PTO(), but for the RTO, which is the timer's to compare. */
cw_ns tcp_tlp_pto(const struct tcp *t)
{
    cw_ns pto = 2 * t->srtt;

    if (t->srtt == 0)
        return 1 * NS_S;
    if (t->flight->segq.count == 1)
        pto += tcp_knobs(t)->tlp_delay;
    return pto;
}

/* §7.3; whatever is sent now, the RTO comes next (RFC8985-7.3-c). */
void tcp_tlp_timeout(struct tcp *t)
{
    if (tcp_tlp_may(t))
        tcp_due(t, DUE_LOSS_PROBE);
    tcp_timers_probed(t);
}

/* A probe has gone, up to SND.NXT. */
void tcp_tlp_sent(struct tcp *t, bool again)
{
    struct tcp_past *p = tcp_past(t);

    p->tlp = TLP_OUT | TLP_SPENT | (again ? TLP_AGAIN : 0);
    p->tlp_end = t->snd.nxt;
}

/* The probe has repaired the one loss there was (RFC8985-7.4.2-a): as after a
 * fast recovery that is over already. */
static void repaired(struct tcp *t)
{
    uint32_t flight = seq_from(t->snd.nxt, t->snd.una);

    env_count(tcp_env(t), COUNT_TCP_LOSS_PROBE_RECOVERY);
    tcp_undo_bar(t);
    if (!t->flight || t->flight->recovery != RECOVERY_NONE)
        return; /* that has answered for this window */
    tcp_cc(t)->congestion(t, CC_SIGN_LOSS, MAX(flight, t->cwnd));
    if (!tcp_cc(t)->rules)
        t->cwnd = MIN(t->cwnd, t->ssthresh);
    tcp_cwnd_event(t, WHY_CC_PROBE_REPAIRED);
}

/* §7.4.2: TLP_process_ack(). */
void tcp_tlp_ack(struct tcp *t, const struct tcp_news *n)
{
    const struct tcp_past *p = tcp_past(t);

    if (!p || !(p->tlp & TLP_OUT) || seq_lt(n->ack, p->tlp_end))
        return;
    if (!(p->tlp & TLP_AGAIN)
        || (n->dsack && seq_eq(n->dsack_range.right, p->tlp_end))) {
        tcp_tlp_reset(t);
    } else if (seq_gt(n->ack, p->tlp_end)) {
        tcp_tlp_reset(t);
        repaired(t);
    } else if (n->bare) {
        tcp_tlp_reset(t);
    }
}
