/* tcp_state.c: the eleven states, the legal edges between them, the one
 * function that may write t->state, and a TCB's birth and end.
 *
 *   RFC 9293 §3.3.2 Figure 5.  If an edge is not in the figure or in the
 *   text of §3.10, it is not in the table, and tcp_enter() panics.
 *   TIME-WAIT's protocol is carried on by a record of its own
 *   (tcp_timewait.c); the TCB stays only while its user still reads.
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

#define S(x) TCPS_##x

struct rule {
    enum tcp_state from;
    const char    *name;
    enum cw_state  shown;
    unsigned       to;
};

// clang-format off
static const struct rule rules[] = {
    { S(CLOSED),      "CLOSED",       CW_CLOSED,
      S(LISTEN) | S(SYN_SENT) | S(SYN_RCVD) },
    { S(LISTEN),      "LISTEN",       CW_LISTEN,
      S(CLOSED) | S(SYN_SENT) | S(SYN_RCVD) },
    { S(SYN_SENT),    "SYN-SENT",     CW_SYN_SENT,
      S(CLOSED) | S(SYN_RCVD) | S(ESTABLISHED) },
    { S(SYN_RCVD),    "SYN-RECEIVED", CW_SYN_RECV,
      S(CLOSED) | S(LISTEN) | S(ESTABLISHED) | S(FIN_WAIT_1)
      | S(CLOSE_WAIT) },
    { S(ESTABLISHED), "ESTABLISHED",  CW_ESTABLISHED,
      S(CLOSED) | S(FIN_WAIT_1) | S(CLOSE_WAIT) },
    { S(FIN_WAIT_1),  "FIN-WAIT-1",   CW_FIN_WAIT1,
      S(CLOSED) | S(FIN_WAIT_2) | S(CLOSING) | S(TIME_WAIT) },
    { S(FIN_WAIT_2),  "FIN-WAIT-2",   CW_FIN_WAIT2,
      S(CLOSED) | S(TIME_WAIT) },
    { S(CLOSE_WAIT),  "CLOSE-WAIT",   CW_CLOSE_WAIT,
      S(CLOSED) | S(LAST_ACK) },
    { S(CLOSING),     "CLOSING",      CW_CLOSING,
      S(CLOSED) | S(TIME_WAIT) },
    { S(LAST_ACK),    "LAST-ACK",     CW_LAST_ACK,
      S(CLOSED) },
    { S(TIME_WAIT),   "TIME-WAIT",    CW_TIME_WAIT,
      S(CLOSED) | S(SYN_RCVD) },
};
// clang-format on

static const struct rule *rule_of(unsigned s)
{
    INVARIANT(s != 0 && (s & (s - 1)) == 0 && s <= TCPS_TIME_WAIT);
    return &rules[__builtin_ctz(s)];
}

const char *tcp_state_name(enum tcp_state s)
{
    return rule_of(s)->name;
}

enum cw_state tcp_state_public(unsigned s)
{
    return rule_of(s)->shown;
}

void tcp_state_event(struct env *e, uint32_t flow, unsigned from, unsigned to,
                     enum why why)
{
    struct cw_event ev = { .kind = EV_STATE, .flow = flow };

    if (!env_observed(e))
        return;
    ev.why = (uint16_t)why;
    ev.sub = (uint16_t)rule_of(to)->shown;
    ev.v[0] = rule_of(from)->shown;
    ev.v[1] = rule_of(to)->shown;
    env_event(e, &ev);
}

void tcp_flow_event(struct env *e, uint32_t flow, const struct flowkey *key)
{
    struct cw_event ev = { .kind = EV_FLOW_ADDR, .flow = flow, .sub = 6 };

    if (!env_observed(e))
        return;
    ev.v[0] = be64_load(key->local.b);
    ev.v[1] = be64_load(key->local.b + 8);
    ev.v[2] = be64_load(key->remote.b);
    ev.v[3] = be64_load(key->remote.b + 8);
    ev.v[4] = (uint64_t)key->lport << 16 | key->rport;
    env_event(e, &ev);
}

void tcp_wake(struct tcp *t)
{
    void *owner = t->unaccepted ? t->listener->owner : t->owner;

    if (owner)
        t->host->up.ready(t->host->up.ctx, owner);
}

void tcp_due(struct tcp *t, unsigned due)
{
    t->due = (uint16_t)(t->due | due);
    if (!near_linked(&t->due_link))
        near_push_back(&t->host->due, &t->due_link);
}

void tcp_join_table(struct tcp *t)
{
    INVARIANT(!t->in_table);
    flowtab_insert(&t->host->flows, &t->node);
    t->in_table = true;
}

void tcp_leave_table(struct tcp *t)
{
    if (!t->in_table)
        return;
    flowtab_remove(&t->host->flows, &t->node);
    t->in_table = false;
}

static void drop_flight(struct tcp *t)
{
    if (!t->flight)
        return;
    segq_fini(&t->flight->segq);
    slab_put(t->flight);
    t->flight = NULL;
}

/* What nobody can read or send any more. */
static void flush(struct tcp *t)
{
    tcp_fast_over(t, false);
    drop_flight(t);
    tcp_cc_over(t);
    tcp_mtu_free(t);
    if (!tcp_accecn(t)) /* the last ACK says its count, too */
        tcp_past_free(t);
    sendq_fini(&t->sendq);
    sendq_init(&t->sendq);
    t->snd_urgent = false;
    tcp_timers_off(t);
    tcp_leave_table(t);
    if (t->bind) {
        portbind_put(arena_at(tcp_env(t)->arena, t->bind),
                     t->opts.bind_flags);
        t->bind = 0;
    }
}

static void gauges(struct tcp *t, unsigned from, unsigned to)
{
    uint64_t      *c = tcp_env(t)->count;
    const unsigned estab = TCPS_ESTABLISHED | TCPS_CLOSE_WAIT;

    if (!(from & estab) && (to & estab))
        c[COUNT_TCP_CURR_ESTAB]++;
    if ((from & estab) && !(to & estab))
        c[COUNT_TCP_CURR_ESTAB]--;
    if ((from & TCPS_OPENING) && (to & TCPS_CLOSED))
        c[COUNT_TCP_ATTEMPT_FAILS]++;
}

void tcp_enter(struct tcp *t, enum tcp_state next, enum why why)
{
    unsigned from = t->state;

    INVARIANT(rule_of(from)->from == from);
    INVARIANT(rule_of(from)->to & (unsigned)next);

    tcp_state_event(tcp_env(t), t->flow, from, next, why);
    gauges(t, from, next);
    t->state = (uint16_t)next;
    if (next == TCPS_TIME_WAIT) {
        tcp_timewait_begin(t);
        flush(t);
        t->due &= (uint16_t) ~(DUE_OUTPUT | DUE_PROBE | DUE_REXMIT
                               | DUE_KEEPALIVE);
    }
    if (next == TCPS_CLOSED) {
        flush(t);
        t->due &= DUE_RST;
        tcp_due(t, 0); /* tcp_run() reaps it */
    }
    if (next == TCPS_FIN_WAIT_2)
        tcp_timers_fin_wait_2(t);
    if (next == TCPS_ESTABLISHED && t->opts.keepalive)
        tcp_timers_keepalive(t);
    tcp_wake(t);
}

/* The first state: no edge leads there, since nothing was before. */
void tcp_born(struct tcp *t, enum tcp_state first, enum why why)
{
    INVARIANT(t->state == TCPS_CLOSED);
    INVARIANT((unsigned)first & TCPS_OPENING);
    if (first == TCPS_SYN_SENT)
        tcp_state_event(tcp_env(t), t->flow, TCPS_CLOSED, first, why);
    t->state = (uint16_t)first;
}

/* A TCB for this four-tuple, CLOSED, not yet in the table; NULL: no memory.
 */
struct tcp *tcp_new(struct tcp_host *h, const struct flowkey *key)
{
    struct tcp *t = slab_get0(&h->tcbs);

    if (t && !flownode_name(&h->flows, &t->node, key)) {
        slab_put(t);
        t = NULL;
    }
    if (!t) {
        env_count(h->env, COUNT_NO_MEMORY);
        return NULL;
    }
    t->host = h;
    t->state = TCPS_CLOSED;
    t->node.kind = NODE_TCP;
    near_push_back(&h->all, &t->all);
    sendq_init(&t->sendq);
    recvq_init(&t->recvq);
    tcp_timers_init(t);
    tcp_rtt_init(t);
    t->ssthresh = UINT32_MAX;
    t->quickacks = h->env->knobs->quickacks & 31u;
    t->heard_at = h->env->now;
    return t;
}

/* Frees a TCB that neither the protocol nor a user needs any more. */
void tcp_reap(struct tcp *t)
{
    const unsigned over = TCPS_CLOSED | TCPS_TIME_WAIT;

    if (!(t->state & over) || !t->detached || t->unaccepted)
        return;
    flush(t);
    recvq_fini(&t->recvq);
    tcp_past_free(t);
    flownode_unname(&t->host->flows, &t->node);
    near_del(&t->due_link);
    near_del(&t->all);
    slab_put(t);
}
