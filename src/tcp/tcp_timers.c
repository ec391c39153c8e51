/* tcp_timers.c: facts in, arms out: the only file that arms TCP timers.
 *
 *   rexmit    runs while something is in flight (RFC 6298 §5.1); or, when
 *             nothing is and data waits for the window, as persist (RFC 9293
 *             §3.8.6.1, SHLD-29, SHLD-30); never both
 *   delack    runs while an ACK may wait for data (MUST-40)
 *   life      FIN-WAIT-2 without an owner; else keep-alive (§3.8.4)
 *   user      has no timer: rexmit never stands behind it (RFC 5482)
 *   2 MSL     is not here: tcp_timewait.c's queue has it
 *
 * One timer in the wheel serves all of a connection: it stands at the
 * earliest deadline or before, and is moved only when it must come earlier;
 * so an ACK in bulk transfer does not touch the wheel.
 */
#include "tcp/tcb.h"

static enum event_timer shown(const struct tcp *t, enum tcp_timer which)
{
    if (which == TCPT_DELACK)
        return EVT_DELACK;
    if (which == TCPT_REXMIT)
        return t->probing ? EVT_PERSIST : EVT_REXMIT;
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

static void arm_rexmit(struct tcp *t, enum why why)
{
    cw_ns left = tcp_user_deadline(t);

    if (left != NS_NEVER)
        left = ns_max(left - tcp_now(t), 0);
    arm(t, TCPT_REXMIT, ns_min(tcp_rtt_backed_off(t), left), why);
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
    if (t->at[TCPT_REXMIT] == NS_NEVER)
        arm_rexmit(t, WHY_T_SENT);
}

/* §5.3 */
void tcp_timers_una_advanced(struct tcp *t)
{
    t->probing = false;
    arm_rexmit(t, WHY_T_ACKED);
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
}

/* RFC 6298 §5.5-5.6 */
void tcp_timers_backed_off(struct tcp *t)
{
    arm_rexmit(t, WHY_T_BACKOFF);
}

void tcp_timers_ack_owed(struct tcp *t)
{
    if (t->at[TCPT_DELACK] != NS_NEVER)
        return;
    arm(t, TCPT_DELACK, tcp_knobs(t)->delack, WHY_T_ACK_OWED);
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

void tcp_timers_off(struct tcp *t)
{
    for (int i = 0; i < TCPT_COUNT_OF; i++)
        stop(t, (enum tcp_timer)i, WHY_T_OVER);
    t->probing = false;
    wheel_cancel(&tcp_env(t)->wheel, &t->timer);
}
