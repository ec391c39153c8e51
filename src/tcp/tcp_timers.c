/* tcp_timers.c: facts in, arms out: the only file that arms TCP timers.
 *
 *   rexmit    runs while something is in flight (RFC 6298 §5.1), as RTO or,
 *             if one of them comes first, as RACK's reordering timer or as the
 *             one for a tail loss probe (RFC8985-8-a; flight->wait says which);
 *             or, when nothing is and data waits for the window, as persist
 *             (RFC 9293 §3.8.6.1, SHLD-29, SHLD-30)
 *   delack    runs while an ACK may wait for data (MUST-40)
 *   life      FIN-WAIT-2 without an owner; else keep-alive (§3.8.4)
 *   pace      runs while pacing holds something back; it is in the flight
 *   user      has no timer: rexmit never stands behind it (RFC 5482)
 *   2 MSL     is not here: tcp_timewait.c's queue has it
 *
 * One timer in the wheel serves all of a connection: it stands at the
 * earliest deadline or before, and is moved only when it must come earlier;
 * so an ACK in bulk transfer does not touch the wheel.
 */
#include "tcp/tcb.h"
#include "tcp/recover.h"

static enum event_timer shown(const struct tcp *t, enum tcp_timer which)
{
    if (which == TCPT_DELACK)
        return EVT_DELACK;
    if (which == TCPT_REXMIT)
        return t->probing                                  ? EVT_PERSIST
            : t->flight && t->flight->wait == WAIT_REORDER ? EVT_REORDER
            : t->flight && t->flight->wait == WAIT_PTO     ? EVT_PTO
                                                           : EVT_REXMIT;
    return t->state == TCPS_FIN_WAIT_2 && t->detached ? EVT_FINWAIT2
                                                      : EVT_KEEPALIVE;
}

static void event(struct tcp *t, enum tcp_timer which, enum event_kind kind,
                  enum why why)
{
    struct cw_event ev = { .kind = (uint16_t)kind, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.why = (uint16_t)why;
    ev.sub = (uint16_t)shown(t, which);
    if (kind == EV_TIMER_ARM) {
        ev.v[0] = (uint64_t)(t->at[which] - tcp_now(t));
        ev.v[1] = (uint64_t)t->at[which];
    }
    env_event(tcp_env(t), &ev);
}

static void arm(struct tcp *t, enum tcp_timer which, cw_ns delay,
                enum why why)
{
    t->at[which] = ns_add(tcp_now(t), delay);
    event(t, which, EV_TIMER_ARM, why);
    if (!wheel_armed(&t->timer) || t->at[which] < t->timer.at)
        wheel_arm(&tcp_env(t)->wheel, &t->timer, t->at[which]);
}

static void stop(struct tcp *t, enum tcp_timer which, enum why why)
{
    if (t->at[which] == NS_NEVER)
        return;
    event(t, which, EV_TIMER_STOP, why);
    t->at[which] = NS_NEVER;
}

void tcp_timers_init(struct tcp *t)
{
    wheel_setup(&t->timer, TIMER_TCP);
    for (int i = 0; i < TCPT_COUNT_OF; i++)
        t->at[i] = NS_NEVER;
}

/* When the oldest data in flight will have been there for too long: RFC 5482
 * §3, in the synchronized states (§3.3). */
cw_ns tcp_user_deadline(const struct tcp *t)
{
    const struct segrec *r;

    if (t->opts.user_timeout_ms == 0 || !t->flight
        || !(t->state & TCPS_SYNCHRONIZED))
        return NS_NEVER;
    r = segq_first(&t->flight->segq);
    if (!r)
        return NS_NEVER;
    return ns_add(r->first_sent, t->opts.user_timeout_ms * NS_MS);
}

/* The RTO from now on, or what is left of the user timeout. */
static cw_ns rto_delay(const struct tcp *t)
{
    cw_ns left = tcp_user_deadline(t);

    if (left != NS_NEVER)
        left = ns_max(left - tcp_now(t), 0);
    return ns_min(tcp_rtt_backed_off(t), left);
}

static void start_rto(struct tcp *t)
{
    if (t->flight)
        t->flight->rto_at = ns_add(tcp_now(t), rto_delay(t));
}

static void arm_rexmit(struct tcp *t, enum why why)
{
    start_rto(t);
    if (t->flight)
        t->flight->wait = WAIT_RTO;
    arm(t, TCPT_REXMIT, rto_delay(t), why);
}

/* Which of the three comes first; a probe not later than the RTO it is to
 * forestall (RFC8985-7.2-a). */
static cw_ns earliest(const struct tcp *t, enum wait *wait)
{
    const struct tcp_flight *f = t->flight;

    *wait = WAIT_RTO;
    if (t->snd.wnd == 0)
        return f->rto_at;
    if (f->reorder_at != NS_NEVER) {
        *wait = f->reorder_at < f->rto_at ? WAIT_REORDER : WAIT_RTO;
        return ns_min(f->reorder_at, f->rto_at);
    }
    if (f->pto_at == NS_NEVER || !tcp_tlp_may(t))
        return f->rto_at;
    *wait = WAIT_PTO;
    return ns_min(f->pto_at, f->rto_at);
}

/* What RACK and the probes know has changed. */
void tcp_timers_settle(struct tcp *t, enum why why)
{
    struct tcp_flight *f = t->flight;
    enum wait          wait;
    cw_ns              at;

    if (!f || f->segq.count == 0 || t->probing || !tcp_rack(t))
        return;
    at = earliest(t, &wait);
    if (at == t->at[TCPT_REXMIT] && wait == f->wait)
        return;
    f->wait = (uint8_t)wait;
    if (wait == WAIT_REORDER)
        why = WHY_T_REORDER;
    else if (wait == WAIT_PTO)
        why = WHY_T_PTO;
    arm(t, TCPT_REXMIT, ns_max(at - tcp_now(t), 0), why);
}

/* The end of a visit of the output; new data restarts the timer for a probe
 * (RFC8985-7.2-a). */
void tcp_timers_visited(struct tcp *t, bool new_data)
{
    if (!t->flight || t->flight->segq.count == 0 || !tcp_rack(t))
        return;
    if (new_data)
        t->flight->pto_at = ns_add(tcp_now(t), tcp_tlp_pto(t));
    tcp_timers_settle(t, WHY_T_SENT);
}

/* RFC8985-7.3-c: the RTO, from now on, whether a probe was sent or not. */
void tcp_timers_probed(struct tcp *t)
{
    t->flight->pto_at = NS_NEVER;
    arm_rexmit(t, WHY_T_PROBED);
}

/* RFC6675-6-a: the oldest was sent again in recovery, and has its time. */
void tcp_timers_oldest_again(struct tcp *t)
{
    if (!tcp_rack(t) || t->flight->recovery != RECOVERY_FAST)
        return;
    start_rto(t);
    tcp_timers_settle(t, WHY_T_SENT_AGAIN);
}

/* The user timeout has changed. */
void tcp_timers_user_timeout(struct tcp *t)
{
    if (tcp_user_deadline(t) < t->at[TCPT_REXMIT])
        arm_rexmit(t, WHY_T_SENT);
}

/* RFC6298-5.1-a, RFC6298-5-a: start it if it is not running; what is sent
 * again in recovery does not restart it (RFC6675-6-a). */
void tcp_timers_data_sent(struct tcp *t)
{
    if (t->probing)
        stop(t, TCPT_REXMIT, WHY_T_WINDOW_OPEN);
    t->probing = false;
    if (t->at[TCPT_REXMIT] != NS_NEVER)
        return;
    if (tcp_rack(t))
        start_rto(t); /* settled at the end of the visit */
    else
        arm_rexmit(t, WHY_T_SENT);
}

/* §5.3 */
void tcp_timers_una_advanced(struct tcp *t)
{
    t->probing = false;
    if (!tcp_rack(t)) {
        arm_rexmit(t, WHY_T_ACKED);
        return;
    }
    /* which comes first is settled when all of the ACK is known */
    start_rto(t);
    t->flight->pto_at = ns_add(tcp_now(t), tcp_tlp_pto(t));
}

/* §5.2 */
void tcp_timers_all_acked(struct tcp *t)
{
    stop(t, TCPT_REXMIT, WHY_T_ALL_ACKED);
    t->probing = false;
}

/* RFC 9293 SHLD-29: the first probe after an RTO, then SHLD-30. */
void tcp_timers_window_shut(struct tcp *t)
{
    if (t->probing && t->at[TCPT_REXMIT] != NS_NEVER)
        return;
    t->probing = true;
    arm_rexmit(t, WHY_T_WINDOW_SHUT);
}

void tcp_timers_window_open(struct tcp *t)
{
    if (!t->probing)
        return;
    stop(t, TCPT_REXMIT, WHY_T_WINDOW_OPEN);
    t->probing = false;
    start_rto(t);
}

/* RFC 6298 §5.5-5.6 */
void tcp_timers_backed_off(struct tcp *t)
{
    arm_rexmit(t, WHY_T_BACKOFF);
}

/* What is halved so often: docs/decisions/18-delayed-acks.md. */
void tcp_timers_ack_owed(struct tcp *t, unsigned hurry)
{
    if (t->at[TCPT_DELACK] != NS_NEVER)
        return;
    t->ack_wait = (uint8_t)hurry & 7u;
    arm(t, TCPT_DELACK, tcp_knobs(t)->delack >> hurry, WHY_T_ACK_OWED);
}

void tcp_timers_ack_sent(struct tcp *t)
{
    stop(t, TCPT_DELACK, WHY_T_ACK_SENT);
}

/* Not in the RFC: a half-closed connection may last for ever, but not
 * without anybody to read it. */
void tcp_timers_fin_wait_2(struct tcp *t)
{
    if (t->state == TCPS_FIN_WAIT_2 && t->detached)
        arm(t, TCPT_LIFE, tcp_knobs(t)->orphan_fin_wait_2, WHY_CALL_CLOSE);
}

/* Nothing was sent that is not acknowledged, and nothing waits to be sent. */
bool tcp_is_idle(const struct tcp *t)
{
    uint32_t room;

    return seq_eq(t->snd.una, t->snd.nxt) && tcp_new_data(t, &room) == 0
        && (!t->fin_queued || t->fin_sent);
}

/* When keep-alive should look next: MUST-26, MUST-27.  Once probes go out,
 * the user timeout is when they end. */
static cw_ns keepalive_at(const struct tcp *t)
{
    cw_ns idle = t->opts.keepidle_s * NS_S;
    cw_ns end = ns_add(t->heard_at, t->opts.user_timeout_ms * NS_MS);
    cw_ns next = ns_add(tcp_now(t), t->opts.keepintvl_s * NS_S);

    if (!tcp_is_idle(t))
        return ns_add(tcp_now(t), idle);
    if (t->probes == 0)
        return ns_max(ns_add(t->heard_at, idle), tcp_now(t));
    if (t->opts.user_timeout_ms && end > tcp_now(t))
        return ns_min(next, end);
    return next;
}

/* Runs from the beginning of a connection that asked for it (MAY-5, MUST-24,
 * MUST-25) to its end; what arrives does not touch it, but its expiry looks
 * how long ago that was. */
void tcp_timers_keepalive(struct tcp *t)
{
    cw_ns at;

    if (t->state == TCPS_FIN_WAIT_2 && t->detached)
        return;
    if (!t->opts.keepalive || !(t->state & TCPS_SYNCHRONIZED)
        || t->state == TCPS_TIME_WAIT) {
        stop(t, TCPT_LIFE, WHY_T_OVER);
        return;
    }
    at = keepalive_at(t);
    if (t->at[TCPT_LIFE] != at)
        arm(t, TCPT_LIFE, at - tcp_now(t), WHY_T_KEEPALIVE);
}

/* When pacing lets the next quantum go; no event: at high rates it would be
 * one for each few segments. */
void tcp_timers_paced(struct tcp *t)
{
    struct tcp_pace *p = &t->flight->pace;

    p->at = p->next;
    if (!wheel_armed(&t->timer) || p->at < t->timer.at)
        wheel_arm(&tcp_env(t)->wheel, &t->timer, p->at);
}

void tcp_timers_off(struct tcp *t)
{
    if (t->flight)
        t->flight->pace.at = NS_NEVER;
    for (int i = 0; i < TCPT_COUNT_OF; i++)
        stop(t, (enum tcp_timer)i, WHY_T_OVER);
    t->probing = false;
    wheel_cancel(&tcp_env(t)->wheel, &t->timer);
}
