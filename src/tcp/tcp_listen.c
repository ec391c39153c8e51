/* tcp_listen.c: LISTEN, and SYN-RECEIVED that came from it.
 *
 *   RFC 9293 §3.10.7.2 and the SYN-RECEIVED branches of §3.10.7.4; RFC 4987
 *   §3.3 (SYN cache).  A half-open connection is an embryo: no queues, no
 *   buffers, bounded in number; it becomes a TCB when its SYN-ACK is
 *   acknowledged and the accept queue has room.  Backlog as on Linux: n + 1
 *   complete connections may wait, and a SYN is dropped while they do.
 */
#include "tcp/tcb.h"

static uint32_t half_open_max(const struct tcp_listener *l)
{
    return MIN(MAX(l->backlog + 1, 16u), (uint32_t)TCP_SYN_QUEUE_MAX);
}

static bool accept_full(const struct tcp_listener *l)
{
    return l->naccepts > l->backlog;
}

/* How well a listener suits: on the address, on a wildcard of its family, on
 * one that covers both; 0: not at all. */
static unsigned rank_of(const struct tcp_listener *l,
                        const struct flowkey      *key)
{
    const struct cw_addr *a = &l->local.addr;

    if (l->local.port != key->lport)
        return 0;
    if (addr_eq(a, &key->local))
        return 3;
    if (!addr_is_any(a))
        return 0;
    if (addr_is4(a) == addr_is4(&key->local))
        return 2;
    return !addr_is4(a) && !l->opts.v6only;
}

static struct list *listeners_at(struct tcp_host      *h,
                                 const struct flowkey *key)
{
    return &h->listeners[key->lport % LISTENER_BUCKETS];
}

/* Equals share a port by SO_REUSEPORT: each flow has one of them, whatever
 * order its segments come in. */
static struct tcp_listener *share(struct tcp_host      *h,
                                  const struct flowkey *key, unsigned rank,
                                  uint32_t members)
{
    uint64_t hash = siphash(h->share_key, key, sizeof *key);
    uint64_t pick = ((hash & 0xffffffff) * members) >> 32;

    INVARIANT(pick < members);
    list_each (n, listeners_at(h, key)) {
        struct tcp_listener *l = list_entry(n, struct tcp_listener, link);

        if (rank_of(l, key) == rank && pick-- == 0)
            return l;
    }
    INVARIANT(false); /* there were so many a moment ago */
}

/* The listener for this four-tuple. */
struct tcp_listener *tcp_listener_find(struct tcp_host      *h,
                                       const struct flowkey *key)
{
    struct tcp_listener *best = NULL;
    unsigned             top = 0;
    uint32_t             members = 0;

    list_each (n, listeners_at(h, key)) {
        struct tcp_listener *l = list_entry(n, struct tcp_listener, link);
        unsigned             rank = rank_of(l, key);

        if (rank == 0 || rank < top)
            continue;
        if (rank > top) {
            top = rank;
            best = l;
            members = 0;
        }
        members++;
    }
    return members > 1 ? share(h, key, top, members) : best;
}

static void queue_event(const struct tcp_listener *l)
{
    struct cw_event ev = { .kind = EV_SYN_QUEUE, .flow = l->flow };
    struct env     *e = l->host->env;

    if (!env_observed(e))
        return;
    ev.v[0] = l->nembryos;
    ev.v[1] = l->naccepts;
    ev.v[2] = l->backlog;
    env_event(e, &ev);
}

static uint16_t announced_mss(const struct tcp_listener *l,
                              const struct net_dest     *d,
                              const struct cw_addr      *remote)
{
    return tcp_announced_mss(l->host, d, remote, l->opts.maxseg);
}

static uint8_t scale_of(const struct tcp_listener *l)
{
    return tcp_wscale_for(tcp_rcvbuf_most(l->host, &l->opts));
}

/* How long the n-th may wait for its ACK. */
static cw_ns synack_rto(const struct tcp_embryo *m, unsigned n)
{
    const struct knobs *k = m->listener->host->env->knobs;
    cw_ns               d = k->rto_initial;

    for (unsigned i = 0; i < n && d < k->rto_max; i++)
        d *= 2;
    return ns_min(d, k->rto_max);
}

static void synack(const struct tcp_embryo *m, struct flowkey *key,
                   uint32_t ts, enum why why)
{
    struct tcp_host  *h = m->listener->host;
    struct net_dest   d = { 0 };
    struct tcp_answer a = {
        .key = key,
        .seq = m->iss,
        .ack = seq_add(m->irs, 1),
        .wnd = (uint16_t)MIN(m->listener->opts.rcvbuf, 65535u),
        .flags = F_SYN | F_ACK,
        .ace = (uint8_t)(why == WHY_TX_RTO && m->retries >= ECN_SYNACKS
                             ? 0
                             : tcp_ecn_synack(m)),
        .tos = m->listener->opts.tos,
        .why = why,
        .flow = m->flow,
    };

    if (why == WHY_TX_RTO)
        a.why_arg = (uint64_t)synack_rto(m, m->retries - 1u);
    if (net_path(h->net, &key->remote, key->scope, &key->local, &d) != GO_ON)
        return;
    a.opt.has_mss = true;
    a.opt.mss = announced_mss(m->listener, &d, &key->remote);
    a.opt.sack_ok = m->sack_ok;
    a.opt.has_wscale = m->wscale_ok;
    a.opt.wscale = scale_of(m->listener);
    a.opt.has_ts = m->ts_ok;
    a.opt.ts_val = ts;
    a.opt.ts_ecr = m->ts_recent;
    if (m->offer)
        tcp_fast_cookie(m->listener, key, &a.opt);
    tcp_ecnopt_synack(m, &a.opt);
    tcp_answer(h, &a);
}

static void send_synack(const struct tcp_embryo *m, enum why why)
{
    struct flowkey key = tcp_embryo_key(m);

    synack(m, &key, tcp_ts_now(m->listener->host->env, m->ts_offset), why);
}

static void arm(struct tcp_embryo *m)
{
    struct env *e = m->listener->host->env;

    wheel_arm(&e->wheel, &m->timer,
              ns_add(e->now, synack_rto(m, m->retries)));
}

void tcp_embryo_drop(struct tcp_embryo *m, enum why why)
{
    struct tcp_listener *l = m->listener;
    struct tcp_host     *h = l->host;

    if (why != GO_ON)
        tcp_state_event(h->env, m->flow, TCPS_SYN_RCVD, TCPS_CLOSED, why);
    wheel_cancel(&h->env->wheel, &m->timer);
    flowtab_remove(&h->flows, &m->node);
    flownode_unname(&h->flows, &m->node);
    near_del(&m->link);
    l->nembryos--;
    h->nembryos--;
    slab_put(m);
}

void tcp_embryo_timeout(struct tcp_embryo *m)
{
    struct env     *e = m->listener->host->env;
    struct cw_event ev = { .kind = EV_TIMER_FIRE, .flow = m->flow };

    if (env_observed(e)) {
        ev.sub = EVT_SYNACK;
        ev.v[0] = (uint64_t)synack_rto(m, m->retries);
        ev.v[1] = m->retries + 1u;
        env_event(e, &ev);
    }
    if (m->retries >= e->knobs->synack_retries) {
        env_count(e, COUNT_TCP_ATTEMPT_FAILS);
        tcp_embryo_drop(m, WHY_GAVE_UP);
        return;
    }
    m->retries++;
    m->ecn_mute = true;
    if (m->retries >= ECN_SYNACKS)
        m->ecn_plain = true;
    env_count(e, COUNT_TCP_RETRANS_SEGS);
    env_count(e, COUNT_TCP_SYN_RETRANS);
    env_count(e, COUNT_TCP_TIMEOUTS);
    send_synack(m, WHY_TX_RTO);
    arm(m);
}

/* MAY-2: larger than all that the last connection used. */
static seq isn_beyond(struct tcp_host *h, const struct flowkey *key,
                      const seq *last)
{
    seq isn = tcp_isn(h, key);

    return last && !seq_gt(isn, *last) ? seq_add(*last, 65536) : isn;
}

/* What the SYN says. */
static void hear_syn(struct tcp_embryo *m, const struct seg *s,
                     const struct flowkey *key)
{
    struct tcp_host     *h = m->listener->host;
    const struct tcpopt *o = s->opt;

    m->irs = s->seq;
    m->snd_mss = o->has_mss ? o->mss : 0;
    m->wscale_ok = o->has_wscale && !h->no_wscale;
    m->snd_wscale = o->wscale;
    m->sack_ok = o->sack_ok && !h->no_sack;
    m->ts_ok = o->has_ts && !h->no_ts;
    tcp_ecn_hear_syn(m, s);
    m->ts_recent = o->ts_val;
    m->ts_offset = tcp_ts_offset(h, key);
}

/* A copy of `like` in the tables; NULL: no memory. */
static struct tcp_embryo *enrol(const struct tcp_embryo *like,
                                const struct flowkey *key, enum why why)
{
    struct tcp_listener *l = like->listener;
    struct tcp_host     *h = l->host;
    struct tcp_embryo   *m = slab_get0(&h->embryos);

    if (!m)
        return NULL;
    *m = *like;
    if (!flownode_name(&h->flows, &m->node, key)) {
        slab_put(m);
        return NULL;
    }
    m->node.kind = NODE_EMBRYO;
    m->flow = env_flow(h->env);
    m->sent = h->env->now;
    wheel_setup(&m->timer, TIMER_SYNRCVD);
    near_push_back(&l->embryos, &m->link);
    flowtab_insert(&h->flows, &m->node);
    l->nembryos++;
    h->nembryos++;
    tcp_flow_event(h->env, m->flow, key);
    tcp_state_event(h->env, m->flow, TCPS_LISTEN, TCPS_SYN_RCVD, why);
    queue_event(l);
    return m;
}

/* No room for another half-open connection: the peer may keep it. */
static bool send_cookie(struct tcp_embryo *m, const struct flowkey *key,
                        const seq *last)
{
    struct tcp_host *h = m->listener->host;
    struct flowkey   from = *key;

    if (h->syn_cookies == CW_SYN_COOKIES_OFF || h->teach_iss >= 0 || last)
        return false; /* a cookie is no number of one's choice */
    if (m->ecn == ECN_CLASSIC)
        m->ecn = ECN_NONE; /* a cookie has no room for it */
    m->iss = tcp_cookie_iss(h, key, m);
    synack(m, &from, tcp_cookie_ts(h, m), WHY_TX_COOKIE);
    env_count(h->env, COUNT_TCP_COOKIES_SENT);
    return true;
}

/* The TCB that the embryo becomes, as it would have been all along. */
static struct tcp *grow_up(const struct tcp_embryo *m,
                           const struct flowkey    *key)
{
    struct tcp_listener *l = m->listener;
    struct tcp_host     *h = l->host;
    struct tcpopt        o = {
               .has_mss = m->snd_mss != 0,
               .mss = m->snd_mss,
               .has_wscale = m->wscale_ok,
               .wscale = m->snd_wscale,
               .sack_ok = m->sack_ok,
               .has_ts = m->ts_ok,
               .ts_val = m->ts_recent,
    };
    struct cw_addr local = key->local;
    struct tcp    *t = tcp_new(h, key);

    if (!t)
        return NULL;
    t->passive = true;
    t->flow = m->flow;
    t->opts = l->opts;
    net_path(h->net, &key->remote, key->scope, &local, &t->dest);
    t->rcv_mss = announced_mss(l, &t->dest, &key->remote);
    t->rcv_wscale = scale_of(l);
    t->iss = m->iss;
    t->irs = m->irs;
    t->ts_offset = m->ts_offset;
    t->snd.una = m->iss;
    t->snd.nxt = seq_add(m->iss, 1);
    t->rcv.nxt = t->last_ack_sent = seq_add(m->irs, 1);
    t->rcv.edge = seq_add(t->rcv.nxt, MIN(t->opts.rcvbuf, 65535u));
    tcp_syn_learn(t, &o);
    t->syn_timed_out = m->retries > 0;
    t->syn_timed_out_twice = m->retries > 1;
    if (!tcp_ecn_inherit(t, m)) {
        t->detached = true;
        tcp_due(t, 0); /* tcp_run() reaps it */
        return NULL;
    }
    return t;
}

/* The SYN-ACK as the record in flight that it is. */
static bool recall_synack(struct tcp *t, const struct tcp_embryo *m)
{
    struct tcp_flight *f = tcp_flight(t);
    struct segrec     *r;

    if (!f)
        return false;
    r = segq_push(&f->segq, &t->host->segs, m->iss, seq_add(m->iss, 1),
                  m->sent);
    if (!r)
        return false;
    r->ctl = F_SYN;
    /* When a cookie was sent is not known: as if it had been twice. */
    r->times = (uint16_t)(m->retries + 1u + m->cookie);
    tcp_timers_data_sent(t);
    return true;
}

/* Until somebody accepts it, the connection is the listener's. */
static void adopt(struct tcp *t, struct tcp_listener *l)
{
    t->listener = l;
    t->unaccepted = true;
    t->bind = arena_ref(l->host->env->arena, l->bind);
    portbind_get(l->bind, t->opts.bind_flags);
    near_push_back(&l->accepts, &t->accept_link);
    l->naccepts++;
    env_count(l->host->env, COUNT_TCP_PASSIVE_OPENS);
}

/* False: it stays what it is; *w says why. */
static bool promote(struct tcp_embryo *m, struct seg *s, enum why *w)
{
    struct tcp_listener *l = m->listener;
    struct flowkey       key = tcp_embryo_key(m);
    struct tcp          *t;

    *w = WHY_BACKLOG_FULL;
    if (accept_full(l)) {
        env_count(l->host->env, COUNT_TCP_LISTEN_OVERFLOWS);
        return false;
    }
    *w = WHY_NO_MEMORY;
    t = grow_up(m, &key);
    if (!t)
        return false;
    if (!recall_synack(t, m)) {
        t->detached = true;
        tcp_due(t, 0); /* tcp_run() reaps it */
        return false;
    }
    tcp_embryo_drop(m, GO_ON);
    tcp_join_table(t);
    tcp_born(t, TCPS_SYN_RCVD, WHY_GOT_SYN);
    adopt(t, l);
    *w = tcp_arrive(t, s);
    queue_event(l);
    tcp_wake(t);
    return true;
}

/* ---- RFC 7413: a TCB at once --------------------------------------------- */

/* What came with the SYN; a FIN counts once the handshake is complete. */
static void take_syn_text(struct tcp *t, struct seg *s)
{
    s->flags &= (uint8_t)~F_SYN;
    s->seq = seq_add(s->seq, 1);
    s->len--;
    if (s->text > 0 && tcp_text_accept(t, s) == GO_ON)
        t->fast_end = FAST_TAKEN;
    if (!(s->flags & F_FIN) || !seq_eq(seq_add(s->seq, s->text), t->rcv.nxt))
        return;
    t->rcv.fin = t->rcv.nxt;
    t->fin_pending = true;
}

/* RFC7413-4.2.2-b: the text is the user's, and the answer may go within the
 * initial window, before the handshake is complete.  False: no memory. */
static bool take_early(struct tcp_embryo *said, struct seg *s,
                       const struct flowkey *key)
{
    struct tcp_listener *l = said->listener;
    struct env          *e = l->host->env;
    struct tcp          *t;

    said->flow = env_flow(e);
    t = grow_up(said, key);
    if (!t)
        return false;
    if (!tcp_fast_pend(t, l, said->offer)) {
        t->detached = true;
        tcp_due(t, 0);
        return false;
    }
    tcp_flow_event(e, t->flow, key);
    tcp_state_event(e, t->flow, TCPS_LISTEN, TCPS_SYN_RCVD, WHY_GOT_SYN);
    tcp_join_table(t);
    tcp_born(t, TCPS_SYN_RCVD, WHY_GOT_SYN);
    adopt(t, l);
    t->segs_in++;
    t->snd.nxt = t->iss; /* the SYN-ACK is still to be sent */
    t->snd.wnd = t->snd.max_wnd = s->wnd;
    t->snd.wl1 = s->seq;
    tcp_initial_cwnd(t);
    t->cwnd++; /* for the SYN-ACK, which is no data */
    take_syn_text(t, s);
    env_count(e, COUNT_TCP_FAST_PASSIVE);
    tcp_due(t, DUE_OUTPUT);
    queue_event(l);
    tcp_wake(t);
    return true;
}

/* §3.10.7.2 Third: a SYN; what it says is kept, and answered. */
static enum why conceive(struct tcp_listener *l, struct seg *s,
                         const struct flowkey *key, const seq *last)
{
    struct tcp_host  *h = l->host;
    struct tcp_embryo said = { .listener = l }, *m;
    bool              full = l->nembryos >= half_open_max(l)
        || h->nembryos >= TCP_SYN_QUEUE_MAX
        || h->syn_cookies == CW_SYN_COOKIES_ALWAYS;
    struct tcp_fast_reply fast;

    hear_syn(&said, s, key);
    if (!accept_full(l) && full && send_cookie(&said, key, last))
        return WHY_DONE;
    if (accept_full(l) || (full && h->syn_cookies != CW_SYN_COOKIES_ALWAYS)) {
        env_count(h->env, COUNT_TCP_LISTEN_DROPS);
        return WHY_BACKLOG_FULL;
    }
    said.iss = isn_beyond(h, key, last);
    fast = tcp_fast_syn(l, s, key);
    said.offer = fast.offer;
    if (fast.take && take_early(&said, s, key))
        return WHY_DONE;
    m = enrol(&said, key, WHY_GOT_SYN);
    if (!m)
        return WHY_NO_MEMORY;
    send_synack(m, WHY_TX_SYNACK);
    m->offer = false; /* only once: RFC7413-4.2.2-a */
    arm(m);
    return WHY_DONE;
}

/* An ACK that says where we are, at the rate of RFC 5961 §7. */
static void challenge(struct tcp_embryo *m)
{
    struct tcp_host  *h = m->listener->host;
    struct flowkey    key = tcp_embryo_key(m);
    struct tcp_answer a = {
        .key = &key,
        .seq = seq_add(m->iss, 1),
        .ack = seq_add(m->irs, 1),
        .wnd = tcp_wnd_scaled(MIN(m->listener->opts.rcvbuf, 65535u),
                              m->wscale_ok ? scale_of(m->listener) : 0),
        .flags = F_ACK,
        .ace = m->ecn == ECN_ACCURATE ? ECN_FIRST : 0,
        .why = WHY_TX_CHALLENGE,
        .flow = m->flow,
    };

    if (!tcp_challenge_allowed(h))
        return;
    a.opt.has_ts = m->ts_ok;
    a.opt.ts_val = tcp_ts_now(h->env, m->ts_offset);
    a.opt.ts_ecr = m->ts_recent;
    tcp_answer(h, &a);
}

static enum why check_seq(struct tcp_embryo *m, const struct seg *s)
{
    seq      nxt = seq_add(m->irs, 1);
    uint32_t wnd = MIN(m->listener->opts.rcvbuf, 65535u);

    if (m->ts_ok && !s->opt->has_ts && !(s->flags & F_RST)
        && m->listener->host->env->knobs->ts_required)
        return WHY_NO_TIMESTAMP; /* RFC 7323 §3.2 */
    if (m->ts_ok && s->opt->has_ts && !(s->flags & F_RST)
        && (int32_t)(s->opt->ts_val - m->ts_recent) < 0) {
        env_count(m->listener->host->env, COUNT_TCP_PAWS);
        challenge(m);
        return WHY_PAWS;
    }
    if (seq_in_win(nxt, s->seq, wnd))
        return GO_ON;
    if (!(s->flags & F_RST))
        challenge(m);
    return WHY_SEQ_UNACCEPTABLE;
}

/* RFC 9768 §3.1.5 */
static enum why reset_two_kinds(struct tcp_embryo *m)
{
    struct flowkey    key = tcp_embryo_key(m);
    struct tcp_answer a = {
        .key = &key,
        .seq = seq_add(m->iss, 1),
        .ack = seq_add(m->irs, 1),
        .flags = F_RST | F_ACK,
        .why = WHY_TX_RST_ECN,
        .flow = m->flow,
    };

    tcp_answer(m->listener->host, &a);
    env_count(m->listener->host->env, COUNT_TCP_ATTEMPT_FAILS);
    tcp_embryo_drop(m, WHY_TX_RST_ECN);
    return WHY_TX_RST_ECN;
}

/* §3.10.7.4, SYN-RECEIVED from LISTEN: the first steps, until the segment
 * makes it a connection that goes through all of them. */
enum why tcp_embryo_arrive(struct tcp_embryo *m, struct seg *s)
{
    const uint8_t sar = F_SYN | F_ACK | F_RST;
    enum why      w;

    if ((s->flags & sar) == F_SYN && seq_eq(s->seq, m->irs)) {
        if (!tcp_ecn_hear_again(m, s))
            return reset_two_kinds(m);
        send_synack(m, WHY_TX_SYNACK); /* the SYN again: ours was lost */
        return WHY_SEQ_OLD;
    }
    w = check_seq(m, s); /* first */
    if (w != GO_ON)
        return w;
    if (s->flags & F_RST) { /* second */
        if (!seq_eq(s->seq, seq_add(m->irs, 1))) {
            challenge(m); /* RFC 5961 §3.2 */
            return WHY_RST_BLIND;
        }
        env_count(m->listener->host->env, COUNT_TCP_ATTEMPT_FAILS);
        env_count(m->listener->host->env, COUNT_TCP_EMBRYONIC_RSTS);
        tcp_embryo_drop(m, WHY_RST_ACCEPTED);
        return WHY_RST_ACCEPTED;
    }
    if (s->flags & F_SYN) { /* fourth */
        if (!m->listener->host->env->knobs->syn_returns) {
            challenge(m); /* RFC 5961 §4.2 */
            return WHY_SYN_IN_SYNC;
        } /* RFC9293-3.10.7.4-j: docs/decisions/06-syn-received.md */
        env_count(m->listener->host->env, COUNT_TCP_ATTEMPT_FAILS);
        tcp_embryo_drop(m, WHY_GOT_SYN);
        return WHY_SYN_IN_SYNC;
    }
    if (!(s->flags & F_ACK)) /* fifth */
        return WHY_NO_ACK;
    if (!seq_eq(s->ack, seq_add(m->iss, 1))) {
        struct flowkey key = tcp_embryo_key(m);

        tcp_reply_rst(m->listener->host, &key, s, WHY_TX_RST_BAD_ACK);
        return WHY_ACK_UNACCEPTABLE;
    }
    promote(m, s, &w);
    return w;
}

/* The ACK of a cookie is the whole handshake: §3.10.7.4 from there. */
static enum why redeem(struct tcp_listener *l, struct seg *s,
                       const struct flowkey    *key,
                       const struct tcp_embryo *said)
{
    struct tcp_embryo *m;
    enum why           w;

    m = enrol(said, key, WHY_GOT_COOKIE);
    if (!m)
        return WHY_NO_MEMORY;
    env_count(l->host->env, COUNT_TCP_COOKIES_RECV);
    if (m->wscale_ok)
        s->wnd <<= m->snd_wscale;
    if (!promote(m, s, &w))
        tcp_embryo_drop(m, w); /* its peer asks again, and is heard */
    return w;
}

static enum why ack_arrives(struct tcp_listener *l, struct seg *s,
                            const struct flowkey *key)
{
    struct tcp_host  *h = l->host;
    struct tcp_embryo said = { .listener = l, .cookie = true };

    if (!(s->flags & F_SYN) && tcp_cookie_read(h, key, s, &said)) {
        said.ts_offset = tcp_ts_offset(h, key);
        said.ecn = tcp_accecn_cookie(h, s) & 3;
        return redeem(l, s, key, &said);
    }
    if (h->env->now <= h->cookies_until)
        env_count(h->env, COUNT_TCP_COOKIES_FAILED);
    tcp_reply_rst(h, key, s, WHY_TX_RST_BAD_ACK);
    return WHY_ACK_UNACCEPTABLE;
}

/* RFC9293-3.10.7.2-a; last: SND.NXT of a connection in TIME-WAIT that gives
 * way */
enum why tcp_listen_arrive(struct tcp_listener *l, struct seg *s,
                           const struct flowkey *key, const seq *last)
{
    if (s->flags & F_RST) /* First */
        return WHY_RST_IGNORED;
    if (s->flags & F_ACK) /* Second */
        return ack_arrives(l, s, key);
    if (s->flags & F_SYN) /* Third */
        return conceive(l, s, key, last);
    return WHY_NOT_FOR_LISTEN; /* Fourth */
}
