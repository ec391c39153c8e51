/* tcp_timeout.c: one function per expiry.  RFC 9293 §3.10.8, §3.8.3; RFC
 * 6298 §5.4-5.7.  What is owed is left in t->due.
 */
#include "tcp/tcb.h"
#include "tcp/recover.h"

/* §3.8.3: timeouts in a row after which the network layer is told; SHLD-10 */
enum { R1 = 3 };

static void fired(struct tcp *t, enum event_timer which, cw_ns value,
                  unsigned times)
{
    struct cw_event ev = { .kind = EV_TIMER_FIRE, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.sub = (uint16_t)which;
    ev.v[0] = (uint64_t)value;
    ev.v[1] = times;
    env_event(tcp_env(t), &ev);
}

/* R2 of §3.8.3 (MUST-20, MUST-22): the connection is given up; the user is
 * told (SHLD-9), the peer if it can hear. */
static void give_up(struct tcp *t)
{
    env_count(tcp_env(t), COUNT_TCP_ABORT_ON_TIMEOUT);
    t->error = t->soft_error ?: CW_ETIMEDOUT;
    if (!(t->state & TCPS_SYN_SENT)) {
        t->rst_why = WHY_TX_RST_TIMEOUT;
        tcp_due(t, DUE_RST);
    }
    tcp_enter(t, TCPS_CLOSED, WHY_GAVE_UP);
}

/* The user timeout (RFC9293-3.10.8-a, MUST-21). */
static bool user_timeout(const struct tcp *t)
{
    return tcp_user_deadline(t) <= tcp_now(t);
}

static unsigned tries_allowed(const struct tcp *t)
{
    const struct knobs *k = tcp_knobs(t);

    if (t->state == TCPS_SYN_SENT)
        return k->syn_retries;
    if (t->state == TCPS_SYN_RCVD)
        return k->synack_retries;
    return k->data_retries;
}

/* One that nobody waits for any more, while others are short of memory. */
static bool in_the_way(const struct tcp *t)
{
    return t->detached && tcp_knobs(t)->orphan_probes > 0
        && tcp_pressure(t->host) == TCP_PRESSURE_HARD;
}

/* A window that stays shut keeps a connection while it is answered (MUST-37):
 * its owner may give it up.  Without an owner it is the host that must, or
 * peers could fill its memory for ever (RFC 6429 §4, §5). */
static bool orphan_over(const struct tcp *t)
{
    unsigned most = tcp_knobs(t)->orphan_probes;

    return (t->detached && most > 0 && t->backoff >= most) || in_the_way(t);
}

static void persist_timeout(struct tcp *t)
{
    fired(t, EVT_PERSIST, tcp_rtt_backed_off(t), t->probes + 1u);
    if (t->probes >= tries_allowed(t) /* only while unanswered: MUST-37 */
        || user_timeout(t) || orphan_over(t)) {
        give_up(t);
        return;
    }
    t->probes++;
    tcp_due(t, DUE_PROBE);
}

/* RFC 8985: what comes before an RTO; true: that was all. */
static bool before_rto(struct tcp *t)
{
    struct tcp_flight *f = t->flight;

    if (t->probing || !f || f->wait == WAIT_RTO || !tcp_rack(t))
        return false;
    if (f->wait == WAIT_REORDER) {
        fired(t, EVT_REORDER, 0, 1);
        tcp_rack_timeout(t);
    } else {
        fired(t, EVT_PTO, tcp_tlp_pto(t), 1);
        tcp_tlp_timeout(t);
    }
    return true;
}

static void rexmit_timeout(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    cw_ns              value = tcp_rtt_backed_off(t);

    if (before_rto(t))
        return;
    if (t->probing || !f || f->segq.count == 0
        || (t->snd.wnd == 0 && !(t->state & TCPS_OPENING))) {
        persist_timeout(t);
        return;
    }
    fired(t, EVT_REXMIT, value, t->backoff + 1u);
    if (t->backoff >= tries_allowed(t) || user_timeout(t) || in_the_way(t)) {
        give_up(t);
        return;
    }
    if (t->state & TCPS_OPENING) {
        t->syn_timed_out_twice = t->syn_timed_out;
        t->syn_timed_out = true;
        tcp_fast_blame(t);
    }
    env_count(tcp_env(t), COUNT_TCP_TIMEOUTS);
    t->backoff++;         /* RFC6298-5.4-a */
    if (t->backoff == R1) /* MUST-20 */
        net_doubt(t->host->net, &t->dest);
    tcp_recover_timeout(t);
    f->rexmit_arg = (uint64_t)value;
    tcp_mtu_timeout(t);
    tcp_timers_backed_off(t);
}

static void delack_timeout(struct tcp *t)
{
    fired(t, EVT_DELACK, tcp_knobs(t)->delack >> t->ack_wait, 1);
    env_count(tcp_env(t), COUNT_TCP_DELAYED_ACKS);
    tcp_ack_owed(t, WHY_TX_ACK_DELAYED);
}

/* No answer to one probe says nothing (MUST-29); to so many, or for as long
 * as the user timeout, that nobody is there. */
static bool keepalive_over(const struct tcp *t, cw_ns idle)
{
    if (t->probes == 0)
        return false;
    if (t->opts.user_timeout_ms)
        return idle >= t->opts.user_timeout_ms * NS_MS;
    return t->probes >= t->opts.keepcnt;
}

/* §3.8.4.  MUST-26: only if nothing is under way and nothing has come. */
static void keepalive_timeout(struct tcp *t)
{
    cw_ns idle = tcp_now(t) - t->heard_at;

    if (tcp_is_idle(t) && idle < t->opts.keepidle_s * NS_S)
        t->probes = 0; /* something came, be it no ACK of the probe */
    else if (tcp_is_idle(t)) {
        fired(t, EVT_KEEPALIVE, idle, t->probes + 1u);
        if (keepalive_over(t, idle)) {
            give_up(t);
            return;
        }
        t->probes++;
        tcp_due(t, DUE_KEEPALIVE);
    }
    tcp_timers_keepalive(t);
}

static void life_timeout(struct tcp *t)
{
    if (t->opts.keepalive && !(t->state == TCPS_FIN_WAIT_2 && t->detached)) {
        keepalive_timeout(t);
        return;
    }
    if (t->state == TCPS_FIN_WAIT_2 && t->detached) {
        fired(t, EVT_FINWAIT2, tcp_knobs(t)->orphan_fin_wait_2, 1);
        tcp_enter(t, TCPS_CLOSED, WHY_FINWAIT2_OVER);
    }
}

static bool take(struct tcp *t, enum tcp_timer which)
{
    if (t->at[which] > tcp_now(t))
        return false;
    t->at[which] = NS_NEVER;
    return true;
}

static void pace_timeout(struct tcp *t)
{
    if (!t->flight || t->flight->pace.at > tcp_now(t))
        return;
    t->flight->pace.at = NS_NEVER;
    tcp_due(t, DUE_OUTPUT);
    tcp_flight_over(t);
}

/* The wheel's timer stood at the earliest deadline or before it. */
void tcp_tcb_timeout(struct tcp *t)
{
    cw_ns next = NS_NEVER;

    if (take(t, TCPT_DELACK))
        delack_timeout(t);
    if (take(t, TCPT_REXMIT))
        rexmit_timeout(t);
    if (take(t, TCPT_LIFE))
        life_timeout(t);
    pace_timeout(t);
    if (t->flight)
        next = t->flight->pace.at;
    for (int i = 0; i < TCPT_COUNT_OF; i++)
        next = ns_min(next, t->at[i]);
    if (next != NS_NEVER && (!wheel_armed(&t->timer) || next < t->timer.at))
        wheel_arm(&tcp_env(t)->wheel, &t->timer, next);
}

void tcp_timeout(struct tcp_host *h, struct wtimer *t)
{
    if (t->kind == TIMER_TCP)
        tcp_tcb_timeout(container_of(t, struct tcp, timer));
    else if (t->kind == TIMER_SYNRCVD)
        tcp_embryo_timeout(container_of(t, struct tcp_embryo, timer));
    else
        tcp_timewait_expire(h);
}
