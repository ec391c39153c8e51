/* tcp_timewait.c: TIME-WAIT: 2 MSL in a record of its own.
 *
 *   RFC 9293 §3.4.2, §3.6, §3.10.7.4 (MUST-13); RFC 6191 and MAY-2 (a new
 *   connection takes the place); RFC 7323 §5.3.  All records wait equally
 *   long, so one queue and one timer serve them.  Bounded: when there are
 *   TCP_TIMEWAIT_MAX the oldest one goes.
 */
#include "tcp/tcb.h"

static void arm(struct tcp_host *h)
{
    struct list *first = list_first(&h->timewait);

    wheel_arm(&h->env->wheel, &h->timewait_timer,
              first ? list_entry(first, struct tcp_timewait, link)->expires
                    : NS_NEVER);
}

/* Restarts 2 MSL: the record goes to the end of the queue. */
static void wait_2msl(struct tcp_host *h, struct tcp_timewait *w)
{
    struct cw_event ev = { .kind = EV_TIMER_ARM, .flow = w->flow };
    cw_ns           d = 2 * h->env->knobs->msl;

    w->expires = ns_add(h->env->now, d);
    list_del(&w->link);
    list_push_back(&h->timewait, &w->link);
    arm(h);
    if (!env_observed(h->env))
        return;
    ev.sub = EVT_TIMEWAIT;
    ev.why = WHY_GOT_FIN;
    ev.v[0] = (uint64_t)d;
    ev.v[1] = (uint64_t)w->expires;
    env_event(h->env, &ev);
}

void tcp_timewait_drop(struct tcp_timewait *w, enum why why)
{
    struct tcp_host *h = w->host;

    tcp_state_event(h->env, w->flow, TCPS_TIME_WAIT, TCPS_CLOSED, why);
    flowtab_remove(&h->flows, &w->node);
    list_del(&w->link);
    if (w->bind)
        portbind_put(w->bind, w->bind_flags);
    h->ntimewait--;
    slab_put(w);
    arm(h);
}

/* The connection's protocol goes on here; false: no memory, it just ends. */
bool tcp_timewait_begin(struct tcp *t)
{
    struct tcp_host     *h = t->host;
    struct tcp_timewait *w;

    tcp_leave_table(t);
    if (h->ntimewait >= TCP_TIMEWAIT_MAX)
        tcp_timewait_drop(list_entry(list_first(&h->timewait),
                                     struct tcp_timewait, link),
                          WHY_NO_MEMORY);
    w = slab_get0(&h->timewaits);
    if (!w) {
        env_count(h->env, COUNT_NO_MEMORY);
        return false;
    }
    w->host = h;
    w->node.key = t->node.key;
    w->node.kind = NODE_TIMEWAIT;
    w->bind = t->bind;
    w->bind_flags = t->opts.bind_flags;
    t->bind = NULL;
    w->snd_nxt = t->snd.nxt;
    w->rcv_nxt = t->rcv.nxt;
    w->rcv_wnd = seq_from(t->rcv.edge, t->rcv.nxt);
    w->rcv_wscale = t->rcv_wscale;
    w->ts_ok = t->ts_ok;
    w->ts_recent = t->ts_recent;
    w->ts_offset = t->ts_offset;
    w->flow = t->flow;
    w->tos = t->opts.tos;
    list_init(&w->link);
    flowtab_insert(&h->flows, &w->node);
    h->ntimewait++;
    env_count(h->env, COUNT_TCP_TIMEWAIT);
    wait_2msl(h, w);
    /* the ACK of the peer's FIN is still owed by the TCB, which knows how */
    return true;
}

static void acknowledge(struct tcp_timewait *w, enum why why)
{
    struct tcp_host  *h = w->host;
    struct tcp_answer a = {
        .key = &w->node.key,
        .seq = w->snd_nxt,
        .ack = w->rcv_nxt,
        .wnd = tcp_wnd_scaled(w->rcv_wnd, w->rcv_wscale),
        .flags = F_ACK,
        .tos = w->tos,
        .why = why,
        .flow = w->flow,
    };

    if (w->ts_ok) {
        a.opt.has_ts = true;
        a.opt.ts_val = tcp_ts_now(h->env, w->ts_offset);
        a.opt.ts_ecr = w->ts_recent;
    }
    tcp_answer(h, &a);
}

/* RFC 6191 §2: may this SYN begin a new connection?  Only if somebody
 * listens: else the record stays for what it is there for. */
static bool may_reuse(const struct tcp_timewait *w, const struct seg *s)
{
    if (!(s->flags & F_SYN) || (s->flags & (F_ACK | F_RST))
        || !tcp_listener_find(w->host, &w->node.key))
        return false;
    if (w->ts_ok && s->opt->has_ts) {
        int32_t newer = (int32_t)(s->opt->ts_val - w->ts_recent);

        return newer > 0 || (newer == 0 && seq_gt(s->seq, w->rcv_nxt));
    }
    return seq_gt(s->seq, w->rcv_nxt);
}

static bool paws_refuses(const struct tcp_timewait *w, const struct seg *s)
{
    return w->ts_ok && s->opt->has_ts && !(s->flags & F_RST)
        && (int32_t)(s->opt->ts_val - w->ts_recent) < 0;
}

static enum why challenge(struct tcp_timewait *w, enum why why)
{
    if (tcp_challenge_allowed(w->host))
        acknowledge(w, WHY_TX_CHALLENGE);
    return why;
}

/* Second step, as RFC 5961 §3.2 has it. */
static enum why check_rst(struct tcp_timewait *w, const struct seg *s)
{
    if (!seq_eq(s->seq, w->rcv_nxt)
        && !seq_in_win(w->rcv_nxt, s->seq, w->rcv_wnd))
        return WHY_RST_IGNORED;
    if (!seq_eq(s->seq, w->rcv_nxt))
        return challenge(w, WHY_RST_BLIND);
    tcp_timewait_drop(w, WHY_RST_ACCEPTED);
    return WHY_RST_ACCEPTED;
}

enum why tcp_timewait_arrive(struct tcp_timewait *w, const struct seg *s,
                             bool *reuse)
{
    seq end = seq_add(s->seq, s->len);

    *reuse = may_reuse(w, s);
    if (*reuse) {
        env_count(w->host->env, COUNT_TCP_TIMEWAIT_REUSED);
        tcp_timewait_drop(w, WHY_TIMEWAIT_REUSED);
        return GO_ON;
    }
    if (s->flags & F_RST)
        return check_rst(w, s);
    /* The peer's FIN again: its ACK was lost.  Acknowledge it and restart
     * 2 MSL (eighth step); only a FIN may do that. */
    if ((s->flags & F_FIN) && seq_eq(end, w->rcv_nxt)
        && !paws_refuses(w, s)) {
        acknowledge(w, WHY_TX_ACK_FIN);
        wait_2msl(w->host, w);
        return WHY_DONE;
    }
    if (seq_eq(s->seq, w->rcv_nxt) && s->len == 0
        && !((s->flags & F_ACK) && seq_gt(s->ack, w->snd_nxt)))
        return WHY_DONE;
    return challenge(w, WHY_TIME_WAIT);
}

void tcp_timewait_expire(struct tcp_host *h)
{
    struct list *n;

    while ((n = list_first(&h->timewait)) != NULL) {
        struct tcp_timewait *w = list_entry(n, struct tcp_timewait, link);

        if (w->expires > h->env->now)
            break;
        tcp_timewait_drop(w, WHY_TIMEWAIT_OVER);
    }
    arm(h);
}
