/* tcp_call.c: the user calls.  RFC 9293 §3.10.1-5, with the meaning that
 * BSD sockets give them: CLOSE of the RFC is shutdown(SHUT_WR); close(2) is
 * that and "I shall read no more" (MAY-1, SHLD-3).
 *
 *   What each answers in each state: RFC9293-3.10.1-6-a.
 *   None sends: they leave t->due for tcp_run().
 */
#include "tcp/cc.h"

void tcp_opts_init(struct tcp_opts *o, const struct tcp_host *h)
{
    *o = (struct tcp_opts){
        .sndbuf = h->sndbuf,
        .rcvbuf = h->rcvbuf,
        .keepidle_s = 7200, /* MUST-28: no less than two hours */
        .keepintvl_s = 75,
        .keepcnt = 9,
        .pmtudisc = CW_PMTUDISC_WANT,
        .cc = h->cc & 7u,
    };
}

/* ---- §3.10.1 OPEN -------------------------------------------------------- */

static uint8_t flags_of(const struct tcp_opts *o)
{
    return (uint8_t)((o->reuseaddr ? PORT_REUSEADDR : 0)
                     | (o->reuseport ? PORT_REUSEPORT : 0)
                     | (o->v6only ? PORT_V6ONLY : 0));
}

int tcp_bind(struct tcp_host *h, const struct cw_sockaddr *a,
             struct tcp_opts *o, struct portbind **out)
{
    struct cw_addr   any = { { 0 } };
    uint8_t          flags = flags_of(o);
    struct port_want want = { .local = &a->addr, .remote = &any };

    if (!net_bindable(h->net, &a->addr))
        return -CW_EADDRNOTAVAIL;
    o->bind_flags = flags & 15u;
    if (a->port != 0)
        return porttab_bind(&h->ports, &a->addr, a->port, flags, out);
    for (int tries = EPHEMERAL_FIRST; tries <= EPHEMERAL_LAST; tries++) {
        uint16_t port = porttab_ephemeral(&h->ports, &want);
        int      r = porttab_bind(&h->ports, &a->addr, port, flags, out);

        if (r != -CW_EADDRINUSE)
            return r;
    }
    return -CW_EADDRINUSE;
}

void tcp_unbind(struct portbind *b, const struct tcp_opts *o)
{
    portbind_put(b, o->bind_flags);
}

void tcp_bind_changed(struct portbind *b, struct tcp_opts *o)
{
    uint8_t flags = flags_of(o);

    portbind_change(b, o->bind_flags, flags);
    o->bind_flags = flags & 15u;
}

void tcp_listener_opts_changed(struct tcp_listener *l)
{
    tcp_bind_changed(l->bind, &l->opts);
}

struct taken {
    struct tcp_host *h;
    struct flowkey  *key;
};

/* RFC 6056 §3.3.3: would the four-tuple be unique? */
static bool four_tuple_taken(void *ctx, uint16_t port)
{
    struct taken *k = ctx;

    k->key->lport = port;
    return flowtab_find(&k->h->flows, k->key) != NULL
        || tcp_listener_find(k->h, k->key) != NULL;
}

/* The port of a connection that nobody bound; it keeps others from binding
 * to it, but not other connections from using it to other peers. */
static int choose_port(struct tcp_host *h, struct flowkey *key,
                       struct tcp_opts *opts, struct portbind **bind)
{
    struct taken     k = { h, key };
    struct port_want want = {
        .local = &key->local,
        .remote = &key->remote,
        .rport = key->rport,
        .taken = four_tuple_taken,
        .ctx = &k,
    };
    enum { FLAGS = PORT_REUSEADDR | PORT_REUSEPORT };

    for (int tries = EPHEMERAL_FIRST; tries <= EPHEMERAL_LAST; tries++) {
        int r;

        key->lport = porttab_ephemeral(&h->ports, &want);
        if (key->lport == 0)
            return -CW_EADDRNOTAVAIL;
        r = porttab_bind(&h->ports, &key->local, key->lport, FLAGS, bind);
        if (r != -CW_EADDRINUSE) {
            opts->bind_flags = FLAGS;
            return r;
        }
    }
    return -CW_EADDRNOTAVAIL;
}

static void init_active(struct tcp *t, const struct tcp_open *o)
{
    struct tcp_host *h = t->host;
    struct flowkey   key = tcp_key(t);

    t->owner = o->owner;
    t->rcv_mss = tcp_announced_mss(h, &t->dest, &key.remote, t->opts.maxseg);
    t->snd_mss = t->rcv_mss;
    t->rcv_wscale = tcp_wscale_for(tcp_rcvbuf_most(h, &t->opts));
    t->iss = tcp_isn(h, &key);
    t->ts_offset = tcp_ts_offset(h, &key);
    t->snd.una = t->snd.nxt = t->iss;
    t->flow = env_flow(h->env);
    tcp_flow_event(h->env, t->flow, &key);
}

/* The addresses as they will stand in segments: the network layer names our
 * own before the first SYN (MUST-44), unless the user has (MUST-43), and it is
 * the key from then on (MUST-45). */
static int resolve(struct tcp_host *h, const struct tcp_open *o,
                   struct flowkey *key, struct net_dest *dest)
{
    *key = (struct flowkey){ .local = o->local.addr,
                             .remote = o->remote.addr,
                             .lport = o->local.port,
                             .rport = o->remote.port };
    if (addr_is_any(&key->remote)) /* as hosts do: this host */
        key->remote = addr_is4(&key->remote)
            ? addr4(0x7f000001)
            : (struct cw_addr){ { [15] = 1 } };
    if (addr_is_multicast(&key->remote) || net_is_bcast(h->net, &key->remote))
        return -CW_ENETUNREACH; /* MUST-46 */
    if (addr_is4(&key->remote) && addr_is_any(&key->local))
        key->local = addr4(0);
    if (addr_is4(&key->local) != addr_is4(&key->remote))
        return -CW_EAFNOSUPPORT;
    if (addr_is_linklocal(&key->remote) && !addr_is4(&key->remote))
        key->scope = o->remote.scope;
    if (net_path(h->net, &key->remote, key->scope, &key->local, dest)
        != GO_ON)
        return -CW_ENETUNREACH;
    return 0;
}

int tcp_call_open(struct tcp_host *h, const struct tcp_open *o,
                  struct tcp **out)
{
    struct net_dest  dest = { 0 };
    struct tcp_opts  opts = *o->opts;
    struct portbind *bind = o->bind;
    struct flowkey   key;
    struct tcp      *t;
    int              r = resolve(h, o, &key, &dest);

    if (r < 0)
        return r;
    if (bind && flowtab_find(&h->flows, &key))
        return -CW_EADDRNOTAVAIL;
    if (!bind && (r = choose_port(h, &key, &opts, &bind)) < 0)
        return r;
    t = tcp_new(h, &key);
    if (!t) {
        if (!o->bind)
            portbind_put(bind, opts.bind_flags);
        return -CW_ENOMEM;
    }
    t->opts = opts;
    t->dest = dest;
    t->bind = arena_ref(h->env->arena, bind);
    tcp_join_table(t);
    init_active(t, o);
    if (o->fast_open)
        tcp_fast_begin(t, o);
    tcp_born(t, TCPS_SYN_SENT, WHY_CALL_OPEN);
    env_count(h->env, COUNT_TCP_ACTIVE_OPENS);
    tcp_due(t, DUE_OUTPUT);
    *out = t;
    return 0;
}

int tcp_call_listen(struct tcp_host *h, const struct tcp_open *o, int backlog,
                    struct tcp_listener **out)
{
    struct tcp_listener *l;
    int r = portbind_listen(&h->ports, o->bind, o->opts->bind_flags);

    if (r < 0)
        return r;
    l = slab_get0(&h->listener_slab);
    if (!l) {
        portbind_unlisten(o->bind);
        return -CW_ENOMEM;
    }
    l->host = h;
    l->owner = o->owner;
    l->bind = o->bind;
    l->local = o->local;
    l->opts = *o->opts;
    l->fast = *o->fast;
    if (l->fast.qlen == 0 && (h->fastopen & CW_FASTOPEN_LISTENERS))
        l->fast.qlen = (uint32_t)MIN(backlog, TCP_BACKLOG_MAX);
    l->flow = env_flow(h->env);
    list_push_back(&h->listeners[o->local.port % LISTENER_BUCKETS], &l->link);
    list_push_back(&h->listener_order, &l->order);
    tcp_listener_backlog(l, backlog);
    tcp_state_event(h->env, l->flow, TCPS_CLOSED, TCPS_LISTEN,
                    WHY_CALL_LISTEN);
    *out = l;
    return 0;
}

void tcp_listener_backlog(struct tcp_listener *l, int backlog)
{
    if (backlog < 0)
        backlog = TCP_BACKLOG_MAX;
    l->backlog = (uint32_t)MIN(backlog, TCP_BACKLOG_MAX);
}

bool tcp_listener_ready(const struct tcp_listener *l)
{
    return l->naccepts > 0;
}

int tcp_call_accept(struct tcp_listener *l, void *owner, struct tcp **out)
{
    struct near *n = near_pop(&l->accepts);
    struct tcp  *t;

    if (!n)
        return -CW_EAGAIN;
    t = near_entry(n, struct tcp, accept_link);
    l->naccepts--;
    INVARIANT(t->last_sent == 0); /* it was the link, and is none now */
    t->unaccepted = false;
    t->owner = owner;
    *out = t;
    return 0;
}

void tcp_listener_close(struct tcp_listener *l)
{
    struct tcp_host *h = l->host;
    struct near     *n;
    struct tcp      *t;

    while ((n = near_first(&l->embryos)) != NULL)
        tcp_embryo_drop(near_entry(n, struct tcp_embryo, link),
                        WHY_CALL_CLOSE);
    while (tcp_call_accept(l, NULL, &t) == 0)
        tcp_call_abort(t);
    tcp_state_event(h->env, l->flow, TCPS_LISTEN, TCPS_CLOSED,
                    WHY_CALL_CLOSE);
    portbind_unlisten(l->bind);
    portbind_put(l->bind, l->opts.bind_flags);
    list_del(&l->link);
    list_del(&l->order);
    slab_put(l);
}

/* ---- §3.10.2 SEND -------------------------------------------------------- */

/* What fits into the SYN; the rest waits until there is a connection, as on
 * Linux. */
static ptrdiff_t send_with_syn(struct tcp *t, const void *buf, size_t len)
{
    size_t n = MIN(len, (size_t)tcp_fast_room(t));

    n = n ? sendq_write(&t->sendq, &tcp_env(t)->pbufs, buf, n) : 0;
    if (len > 0 && n == 0)
        return -CW_ENOBUFS;
    tcp_fast_go(t, (uint32_t)n);
    return n > 0 ? (ptrdiff_t)n : -CW_EINPROGRESS;
}

ptrdiff_t tcp_call_send(struct tcp *t, const void *buf, size_t len, int flags)
{
    uint32_t room = tcp_sndbuf(t);
    size_t   n;

    if (t->error)
        return -tcp_take_error(t);
    if (tcp_fast_waits(t))
        return send_with_syn(t, buf, len);
    if (tcp_is_opening(t))
        return -CW_EAGAIN;
    if (!tcp_can_send(t) || t->fin_queued)
        return -CW_EPIPE;
    if (len == 0)
        return 0;
    room = room > t->sendq.len ? room - t->sendq.len : 0;
    if (tcp_scarce_out(t->host))
        room = t->sendq.len > 0 ? 0 : MIN(room, (uint32_t)t->snd_mss);
    if (room == 0)
        return -CW_EAGAIN;
    n = sendq_write(&t->sendq, &tcp_env(t)->pbufs, buf, MIN(len, room));
    if (n == 0)
        return t->sendq.len ? -CW_EAGAIN : -CW_ENOBUFS;
    if (flags & CW_MSG_OOB) { /* MUST-30, MUST-31: what was taken so far */
        t->snd.up = seq_add(tcp_send_base(t), t->sendq.len);
        t->snd_urgent = true;
    }
    t->msg_more = (flags & CW_MSG_MORE) != 0;
    t->cork_over = false;
    tcp_due(t, DUE_OUTPUT);
    return (ptrdiff_t)n;
}

/* ---- §3.10.3 RECEIVE ----------------------------------------------------- */

static seq read_seq(const struct tcp *t)
{
    seq nxt = t->rcv.nxt;

    if (t->state & TCPS_FIN_SEEN
        || (t->fin_pending && t->state == TCPS_CLOSED
            && seq_gt(nxt, t->rcv.fin)))
        nxt = t->rcv.fin;
    return seq_sub(nxt, t->recvq.ready);
}

uint32_t tcp_urgent_left(const struct tcp *t)
{
    seq read = read_seq(t);

    return t->up_valid && seq_gt(t->rcv.up, read) ? seq_from(t->rcv.up, read)
                                                  : 0;
}

bool tcp_at_mark(const struct tcp *t)
{
    return tcp_urgent_left(t) == 1;
}

static ptrdiff_t receive_oob(struct tcp *t, void *buf, size_t len, int flags)
{
    if (t->opts.oobinline || !t->up_valid || t->oob_taken)
        return -CW_EINVAL;
    if (!t->oob_ready)
        return (t->state & (TCPS_FIN_SEEN | TCPS_CLOSED)) || t->rd_shut
            ? 0
            : -CW_EAGAIN;
    if (len == 0)
        return 0;
    *(uint8_t *)buf = t->oob_byte;
    if (!(flags & CW_MSG_PEEK)) {
        t->oob_taken = true;
        t->oob_ready = false;
    }
    return 1;
}

/* What lies before RCV.UP was read or thrown away. */
static void pass_mark(struct tcp *t)
{
    if (tcp_urgent_left(t) > 0)
        return;
    t->up_valid = false;
    t->oob_ready = false;
}

/* The urgent octet is the next one, and not part of the stream for a program
 * that does not want it inline (RFC 6093 §3.1, RFC6093-6-a). */
static bool at_oob(const struct tcp *t)
{
    return tcp_at_mark(t) && !t->opts.oobinline && t->recvq.ready > 0;
}

/* Reading stops at the urgent mark, so that it can be noticed. */
static size_t limit_at_mark(const struct tcp *t, size_t len)
{
    uint32_t left = tcp_urgent_left(t);

    return left > 1 ? MIN(len, left - 1) : len;
}

/* MUST-12: an error after a reset, the end after a FIN. */
static ptrdiff_t nothing_to_read(struct tcp *t)
{
    if (t->error)
        return -tcp_take_error(t);
    if ((t->state & (TCPS_FIN_SEEN | TCPS_CLOSED)) || t->rd_shut)
        return 0;
    return -CW_EAGAIN;
}

/* What comes after the urgent octet, which stays where it is. */
static size_t peek_past_oob(struct tcp *t, uint8_t *buf, size_t len)
{
    size_t n = MIN(len, (size_t)t->recvq.ready - 1);

    for (size_t i = 0; i < n; i++) {
        bool there = recvq_byte(&t->recvq, (uint32_t)i + 1, &buf[i]);

        INVARIANT(there);
    }
    return n;
}

static ptrdiff_t peek(struct tcp *t, void *buf, size_t len)
{
    size_t n = at_oob(t)
        ? peek_past_oob(t, buf, len)
        : recvq_read(&t->recvq, buf, limit_at_mark(t, len), true);

    return n > 0 ? (ptrdiff_t)n : nothing_to_read(t);
}

ptrdiff_t tcp_call_receive(struct tcp *t, void *buf, size_t len, int flags)
{
    size_t n;

    if (flags & CW_MSG_OOB)
        return receive_oob(t, buf, len, flags);
    if (tcp_is_opening(t))
        return t->error ? -tcp_take_error(t) : -CW_EAGAIN;
    if (flags & CW_MSG_PEEK && t->recvq.ready > 0)
        return peek(t, buf, len);
    if (at_oob(t)) {
        recvq_skip(&t->recvq, 1);
        pass_mark(t);
    }
    if (t->recvq.ready == 0)
        return nothing_to_read(t);
    n = recvq_read(&t->recvq, buf, limit_at_mark(t, len), false);
    pass_mark(t);
    tcp_buffer_read(t);
    if (tcp_wnd_update_due(t))
        tcp_ack_owed(t, WHY_TX_WINDOW);
    return (ptrdiff_t)n;
}

void tcp_call_held(struct tcp *t, size_t bytes)
{
    t->app_held = (uint32_t)MIN(bytes, (size_t)UINT32_MAX / 2);
    tcp_buffer_read(t);
    if (tcp_wnd_update_due(t))
        tcp_ack_owed(t, WHY_TX_WINDOW);
}

/* ---- §3.10.4 CLOSE, §3.10.5 ABORT --------------------------------------- */

/* The FIN waits behind the data; the state does not: RFC9293-3.10.4-a. */
static void close_sending(struct tcp *t, enum why why)
{
    if (t->fin_queued)
        return;
    t->fin_queued = true;
    if (t->state == TCPS_ESTABLISHED)
        tcp_enter(t, TCPS_FIN_WAIT_1, why);
    else if (t->state == TCPS_CLOSE_WAIT)
        tcp_enter(t, TCPS_LAST_ACK, why);
    tcp_due(t, DUE_OUTPUT); /* in SYN-RECEIVED it waits for the handshake */
}

int tcp_call_shutdown(struct tcp *t, int how)
{
    if (t->state & (TCPS_CLOSED | TCPS_SYN_SENT | TCPS_TIME_WAIT))
        return -CW_ENOTCONN;
    if (how != CW_SHUT_WR) {
        t->rd_shut = true;
        recvq_skip(&t->recvq, t->recvq.ready);
        pass_mark(t);
    }
    if (how != CW_SHUT_RD)
        close_sending(t, WHY_CALL_SHUTDOWN);
    tcp_wake(t);
    return 0;
}

/* RFC9293-3.10.5-a */
static void abort_with(struct tcp *t, enum why rst, enum why why)
{
    const unsigned says_so = TCPS_SYN_RCVD | TCPS_ESTABLISHED
        | TCPS_FIN_WAIT_1 | TCPS_FIN_WAIT_2 | TCPS_CLOSE_WAIT;

    if (t->state & says_so) {
        t->rst_why = (uint8_t)rst;
        tcp_due(t, DUE_RST);
    }
    tcp_enter(t, TCPS_CLOSED, why);
}

static void let_go(struct tcp *t)
{
    t->owner = NULL;
    t->detached = true;
    tcp_due(t, 0); /* tcp_run() reaps what is over */
}

void tcp_call_close(struct tcp *t)
{
    bool unread = t->recvq.ready > 0 || t->app_held > 0;

    let_go(t);
    if (t->state & (TCPS_CLOSED | TCPS_TIME_WAIT))
        return;
    if (t->state == TCPS_SYN_SENT) {
        tcp_enter(t, TCPS_CLOSED, WHY_CALL_CLOSE);
    } else if (unread) {
        env_count(tcp_env(t), COUNT_TCP_ABORT_ON_CLOSE);
        abort_with(t, WHY_TX_RST_UNREAD, WHY_CALL_CLOSE);
    } else if (t->opts.linger_on && t->opts.linger_s == 0) {
        env_count(tcp_env(t), COUNT_TCP_ABORT_ON_LINGER);
        abort_with(t, WHY_TX_RST_ABORT, WHY_CALL_ABORT);
    } else {
        close_sending(t, WHY_CALL_CLOSE);
        tcp_timers_fin_wait_2(t);
    }
}

void tcp_call_abort(struct tcp *t)
{
    let_go(t);
    if (!(t->state & (TCPS_CLOSED | TCPS_TIME_WAIT)))
        abort_with(t, WHY_TX_RST_ABORT, WHY_CALL_ABORT);
}
