/* tcp_timewait.c: TIME-WAIT: 2 MSL in a record of its own.
 *
 *   RFC 9293 §3.4.2, §3.6, §3.10.7.4 (MUST-13); RFC 6191 and MAY-2 (a new
 *   connection takes the place); RFC 7323 §5.3.  All records wait equally
 *   long, so one queue and one timer serve them.  Bounded: when there are
 *   TCP_TIMEWAIT_MAX the oldest one goes.
 */
#include "tcp/tcb.h"

#define EXPIRES_SPAN (INT64_C(1) << 39)

enum { ACE_LOW = 3 };

/* A record keeps the low bits of its time: it is less than the span before
 * the last one's. */
cw_ns tcp_timewait_over(const struct tcp_host     *h,
                        const struct tcp_timewait *w)
{
    uint64_t before = (uint64_t)h->timewait_last - w->expires;

    return h->timewait_last - (cw_ns)(before % EXPIRES_SPAN);
}

static struct tcp_timewait *oldest(const struct tcp_host *h)
{
    struct near *n = near_first(&h->timewait);

    return n ? near_entry(n, struct tcp_timewait, link) : NULL;
}

static void arm(struct tcp_host *h)
{
    struct tcp_timewait *w = oldest(h);

    wheel_arm(&h->env->wheel, &h->timewait_timer,
              w ? tcp_timewait_over(h, w) : NS_NEVER);
}

/* The records that should have gone long ago, had anybody told the time,
 * would be too far from the new one. */
static void make_span(struct tcp_host *h)
{
    struct tcp_timewait *w;

    while ((w = oldest(h)) != NULL
           && h->env->now - tcp_timewait_over(h, w) > EXPIRES_SPAN / 2)
        tcp_timewait_drop(h, w, WHY_TIMEWAIT_OVER);
}

/* Restarts 2 MSL: the record goes to the end of the queue. */
static void wait_2msl(struct tcp_host *h, struct tcp_timewait *w)
{
    struct cw_event ev = { .kind = EV_TIMER_ARM, .flow = w->flow };
    cw_ns           d = 2 * h->env->knobs->msl;

    INVARIANT(d < EXPIRES_SPAN / 2);
    near_del(&w->link);
    make_span(h);
    h->timewait_last = ns_add(h->env->now, d);
    w->expires = (uint64_t)h->timewait_last % EXPIRES_SPAN;
    near_push_back(&h->timewait, &w->link);
    arm(h);
    if (!env_observed(h->env))
        return;
    ev.sub = EVT_TIMEWAIT;
    ev.why = WHY_GOT_FIN;
    ev.v[0] = (uint64_t)d;
    ev.v[1] = (uint64_t)h->timewait_last;
    env_event(h->env, &ev);
}

void tcp_timewait_drop(struct tcp_host *h, struct tcp_timewait *w,
                       enum why why)
{
    tcp_state_event(h->env, w->flow, TCPS_TIME_WAIT, TCPS_CLOSED, why);
    flowtab_remove(&h->flows, &w->node);
    flownode_unname(&h->flows, &w->node);
    near_del(&w->link);
    if (w->bind)
        portbind_put(arena_at(h->env->arena, w->bind), w->bind_flags);
    h->ntimewait--;
    slab_put(w);
    arm(h);
}

static void keep(struct tcp_timewait *w, const struct tcp *t)
{
    w->bind = t->bind;
    w->bind_flags = t->opts.bind_flags & 7u;
    w->snd_nxt = t->snd.nxt;
    w->rcv_nxt = t->rcv.nxt;
    w->rcv_wnd = tcp_wnd_scaled(seq_from(t->rcv.edge, t->rcv.nxt),
                                t->rcv_wscale);
    w->rcv_wscale = t->rcv_wscale & 15u;
    w->ts_ok = t->ts_ok;
    w->ts_recent = t->ts_recent;
    w->flow = t->flow;
}

/* The connection's protocol goes on here; false: no memory, it just ends. */
bool tcp_timewait_begin(struct tcp *t)
{
    struct tcp_host     *h = t->host;
    struct flowkey       key = tcp_key(t);
    unsigned             ace = tcp_accecn_count(t);
    struct tcp_timewait *w;
    bool                 named;

    tcp_leave_table(t);
    if (h->ntimewait >= TCP_TIMEWAIT_MAX) {
        env_count(h->env, COUNT_TCP_TIMEWAIT_OVERFLOW);
        tcp_timewait_drop(h, oldest(h), WHY_NO_MEMORY);
    }
    w = slab_get0(&h->timewaits);
    if (!w) {
        env_count(h->env, COUNT_NO_MEMORY);
        return false;
    }
    named = flownode_name(&h->flows, &w->node, &key);
    INVARIANT(named); /* t has the same name, so there is no new end */
    w->node.kind = NODE_TIMEWAIT;
    w->node.user = (uint8_t)((t->opts.tos & 0xfcu) | (ace & ACE_LOW));
    w->ace = ace >> 2 & 1;
    keep(w, t);
    t->bind = 0;
    flowtab_insert(&h->flows, &w->node);
    h->ntimewait++;
    env_count(h->env, COUNT_TCP_TIMEWAIT);
    wait_2msl(h, w);
    /* the ACK of the peer's FIN is still owed by the TCB, which knows how */
    return true;
}

static void acknowledge(struct tcp_host *h, const struct tcp_timewait *w,
                        enum why why)
{
    struct flowkey    key = flownode_key(&h->flows, &w->node);
    struct tcp_answer a = {
        .key = &key,
        .seq = w->snd_nxt,
        .ack = w->rcv_nxt,
        .wnd = w->rcv_wnd,
        .flags = F_ACK,
        .tos = w->node.user & 0xfc,
        .ace = (uint8_t)(w->ace << 2 | (w->node.user & ACE_LOW)),
        .why = why,
        .flow = w->flow,
    };

    if (w->ts_ok) {
        a.opt.has_ts = true;
        a.opt.ts_val = tcp_ts_now(h->env, tcp_ts_offset(h, &key));
        a.opt.ts_ecr = w->ts_recent;
    }
    tcp_answer(h, &a);
}

/* RFC 6191 §2: may this SYN begin a new connection?  (SHLD-4.)  Only if
 * somebody listens: else the record stays for what it is there for. */
static bool may_reuse(struct tcp_host *h, const struct tcp_timewait *w,
                      const struct seg *s)
{
    struct flowkey key = flownode_key(&h->flows, &w->node);
    bool           beyond;

    if (!(s->flags & F_SYN) || (s->flags & (F_ACK | F_RST))
        || !tcp_listener_find(h, &key))
        return false;
    beyond = seq_ge(s->seq, w->rcv_nxt); /* the FIN was the last before */
    if (w->ts_ok && s->opt->has_ts) {    /* RFC6191-2-a */
        int32_t newer = (int32_t)(s->opt->ts_val - w->ts_recent);

        return newer > 0 || (newer == 0 && beyond);
    }
    /* RFC6191-2-b: timestamps tell the new from the old, which had none; but
     * only where a segment without one is then dropped. */
    if (s->opt->has_ts && !h->no_ts && h->env->knobs->ts_required)
        return true;
    return beyond;
}

static bool paws_refuses(const struct tcp_timewait *w, const struct seg *s)
{
    return w->ts_ok && s->opt->has_ts && !(s->flags & F_RST)
        && (int32_t)(s->opt->ts_val - w->ts_recent) < 0;
}

static enum why challenge(struct tcp_host *h, const struct tcp_timewait *w,
                          enum why why)
{
    if (tcp_challenge_allowed(h))
        acknowledge(h, w, WHY_TX_CHALLENGE);
    return why;
}

/* Second step, as RFC 5961 §3.2 has it. */
static enum why check_rst(struct tcp_host *h, struct tcp_timewait *w,
                          const struct seg *s)
{
    uint32_t wnd = (uint32_t)w->rcv_wnd << w->rcv_wscale;

    if (!seq_eq(s->seq, w->rcv_nxt) && !seq_in_win(w->rcv_nxt, s->seq, wnd))
        return WHY_RST_IGNORED;
    if (!seq_eq(s->seq, w->rcv_nxt))
        return challenge(h, w, WHY_RST_BLIND);
    tcp_timewait_drop(h, w, WHY_RST_ACCEPTED);
    return WHY_RST_ACCEPTED;
}

enum why tcp_timewait_arrive(struct tcp_host *h, struct tcp_timewait *w,
                             const struct seg *s, bool *reuse)
{
    seq end = seq_add(s->seq, s->len);

    *reuse = may_reuse(h, w, s);
    if (*reuse) {
        env_count(h->env, COUNT_TCP_TIMEWAIT_REUSED);
        tcp_timewait_drop(h, w, WHY_TIMEWAIT_REUSED);
        return GO_ON;
    }
    if (s->flags & F_RST)
        return check_rst(h, w, s);
    /* Fifth step: acceptable, but without the ACK bit. */
    if (!(s->flags & (F_ACK | F_SYN))
        && (seq_eq(s->seq, w->rcv_nxt)
            || seq_in_win(w->rcv_nxt, s->seq,
                          (uint32_t)w->rcv_wnd << w->rcv_wscale)))
        return WHY_NO_ACK;
    /* The peer's FIN again: its ACK was lost.  Acknowledge it and restart
     * 2 MSL (eighth step, RFC9293-3.10.7.4-h); only a FIN may do that. */
    if ((s->flags & F_FIN) && seq_eq(end, w->rcv_nxt)
        && !paws_refuses(w, s)) {
        acknowledge(h, w, WHY_TX_ACK_FIN);
        wait_2msl(h, w);
        return WHY_DONE;
    }
    if (seq_eq(s->seq, w->rcv_nxt) && s->len == 0
        && !((s->flags & F_ACK) && seq_gt(s->ack, w->snd_nxt)))
        return WHY_DONE;
    return challenge(h, w, WHY_TIME_WAIT);
}

void tcp_timewait_expire(struct tcp_host *h)
{
    struct tcp_timewait *w;

    while ((w = oldest(h)) != NULL && tcp_timewait_over(h, w) <= h->env->now)
        tcp_timewait_drop(h, w, WHY_TIMEWAIT_OVER);
    arm(h);
}
