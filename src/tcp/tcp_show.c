/* tcp_show.c: questions about connections: phase, readiness, names, queues,
 * and the rows of the socket table.  Changes nothing, but that an error is
 * told once.  RFC 9293 §3.10.6 STATUS.
 */
#include "tcp/cc.h"
#include "tcp/pace.h"

enum tcp_phase tcp_phase(const struct tcp *t)
{
    if (tcp_is_opening(t))
        return TCP_PHASE_OPENING;
    return t->state == TCPS_CLOSED ? TCP_PHASE_CLOSED : TCP_PHASE_OPEN;
}

int tcp_take_error(struct tcp *t)
{
    int e = t->error;

    t->error = 0;
    return e;
}

static bool writable(const struct tcp *t)
{
    uint32_t used = t->sendq.len, size = tcp_sndbuf(t);

    if (t->fin_queued || !tcp_can_send(t))
        return true; /* a call answers at once: EPIPE */
    return used < size && size - used >= used / 2;
}

static unsigned readable(const struct tcp *t)
{
    unsigned bits = 0;
    bool     ended = (t->state & (TCPS_FIN_SEEN | TCPS_CLOSED)) || t->rd_shut;
    uint32_t n = t->recvq.ready;

    if (n == 1 && tcp_at_mark(t) && !t->opts.oobinline)
        n = 0; /* only the urgent octet */
    if (n > 0 || ended)
        bits |= CW_POLLIN;
    if (ended)
        bits |= CW_POLLRDHUP;
    if (ended && (t->fin_queued || t->state == TCPS_CLOSED))
        bits |= CW_POLLHUP;
    return bits;
}

unsigned tcp_ready(const struct tcp *t)
{
    unsigned bits = t->error ? CW_POLLERR : 0u;

    if (tcp_is_opening(t))
        return tcp_fast_waits(t) ? bits | CW_POLLOUT : bits;
    bits |= readable(t);
    if (writable(t))
        bits |= CW_POLLOUT;
    if (t->oob_ready)
        bits |= CW_POLLPRI;
    return bits;
}

static void names_of(const struct flowkey *k, struct cw_sockaddr *local,
                     struct cw_sockaddr *peer)
{
    *local = (struct cw_sockaddr){ k->local, k->scope, k->lport };
    *peer = (struct cw_sockaddr){ k->remote, k->scope, k->rport };
}

void tcp_names(const struct tcp *t, struct cw_sockaddr *local,
               struct cw_sockaddr *peer)
{
    struct flowkey key = tcp_key(t);

    names_of(&key, local, peer);
}

void tcp_listener_name(const struct tcp_listener *l,
                       struct cw_sockaddr        *local)
{
    *local = l->local;
}

void tcp_queues(const struct tcp *t, struct cw_queues *out)
{
    uint32_t used = t->sendq.len, size = tcp_sndbuf(t);

    out->recv_queued = t->recvq.ready;
    out->urgent = tcp_urgent_left(t);
    if (out->urgent > 0 && out->urgent <= out->recv_queued
        && !t->opts.oobinline)
        out->recv_queued = out->urgent - 1;
    out->send_queued = used;
    out->send_room = 0;
    out->at_mark = tcp_at_mark(t);
    if (tcp_can_send(t) && !t->fin_queued && used < size)
        out->send_room = size - used;
    else if (tcp_fast_waits(t))
        out->send_room = size;
}

uint32_t tcp_flow(const struct tcp *t)
{
    return t->flow;
}

struct tcp_opts *tcp_opts_of(struct tcp *t)
{
    return &t->opts;
}

struct tcp_fastopen *tcp_listener_fast(struct tcp_listener *l)
{
    return &l->fast;
}

struct tcp_opts *tcp_listener_opts(struct tcp_listener *l)
{
    return &l->opts;
}

/* Nagle or cork may have been lifted, the buffer may have grown. */
void tcp_opts_changed(struct tcp *t)
{
    if (t->state & TCPS_SYNCHRONIZED && tcp_wnd_update_due(t))
        tcp_ack_owed(t, WHY_TX_WINDOW);
    if (t->state & TCPS_SYNCHRONIZED) {
        tcp_timers_keepalive(t);
        tcp_timers_user_timeout(t);
    }
    tcp_due(t, DUE_OUTPUT);
}

/* What was learnt of the path by what came twice or late. */
static void past_info(const struct tcp *t, struct cw_tcp_info *o)
{
    const struct tcp_past *p = tcp_past(t);

    if (!p)
        return;
    o->reordering = MAX(o->reordering, (uint32_t)p->reorder_segs);
    o->dsack_dups = p->dsacks;
    o->reord_seen = p->reorders;
}

static void flight_info(const struct tcp *t, struct cw_tcp_info *o)
{
    const struct tcp_flight *f = t->flight;
    uint32_t                 mss = MAX(o->snd_mss, 1u);

    if (!f)
        return;
    o->ca_state = f->recovery == RECOVERY_FAST ? 3
        : f->recovery == RECOVERY_RTO          ? 4
        : f->dupacks > 0                       ? 1
                                               : 0;
    o->unacked = f->segq.count;
    o->sacked = (f->segq.sacked_bytes + mss - 1) / mss;
    o->lost = (f->segq.lost_bytes + mss - 1) / mss;
    o->retrans = (f->segq.rexmit_bytes + mss - 1) / mss;
    o->dupacks = f->dupacks;
    o->delivery_rate = f->rate.shown;
    o->rate_app_limited = f->rate.shown_limited;
}

/* Bytes of data up to RCV.NXT: neither the peer's SYN nor its FIN. */
static uint64_t bytes_received(const struct tcp *t)
{
    uint32_t low = seq_from(t->rcv.nxt, t->irs);
    bool     fin = t->fin_pending && seq_gt(t->rcv.nxt, t->rcv.fin);

    if (low == 0 && t->received_wraps == 0)
        return 0; /* no SYN has come */
    return ((uint64_t)t->received_wraps << 32 | low) - 1 - fin;
}

/* Bytes of data that were sent, each counted once. */
static uint64_t first_sent(const struct tcp *t)
{
    seq      base = tcp_send_base(t);
    uint32_t n = 0;

    if (seq_gt(t->snd.nxt, base))
        n = seq_from(t->snd.nxt, base) - (t->fin_sent && !tcp_fin_acked(t));
    return tcp_bytes_acked(t) + n;
}

static void ages(const struct tcp *t, struct cw_tcp_info *o)
{
    uint32_t now_ms = (uint32_t)(tcp_now(t) / NS_MS);

    if (!t->unaccepted && t->last_sent > 0)
        o->since_data_out = tcp_now(t) - t->last_sent;
    if (t->data_segs_in > 0)
        o->since_data_in = (cw_ns)(now_ms - t->sendq.note) * NS_MS;
    if (t->segs_in > 0)
        o->since_heard = tcp_now(t) - t->heard_at;
}

void tcp_listener_info(const struct tcp_listener *l, struct cw_tcp_info *o)
{
    *o = (struct cw_tcp_info){ .state = CW_LISTEN,
                               .unacked = l->naccepts,
                               .sacked = l->backlog };
}

/* Who governs cwnd, and by which figures. */
static void governor(const struct tcp *t, struct cw_tcp_info *o)
{
    const char *name = cc_name((enum cw_cc)t->opts.cc);

    for (unsigned i = 0; i < sizeof o->cc - 1 && name[i]; i++)
        o->cc[i] = name[i];
    if (tcp_cc(t)->show)
        tcp_cc(t)->show(t, o->cc_arg);
}

/* Linux's TFO_COOKIE_UNAVAILABLE, TFO_DATA_NOT_ACKED, TFO_SYN_RETRANSMITTED */
static uint8_t fast_fail(const struct tcp *t)
{
    if (t->fast_end == FAST_REFUSED)
        return t->syn_timed_out ? 3 : 2;
    return t->fast_end == FAST_NO_COOKIE;
}

void tcp_info(const struct tcp *t, struct cw_tcp_info *o)
{
    uint32_t room;

    *o = (struct cw_tcp_info){
        .state = (uint8_t)tcp_state_public(t->state),
        .snd_wscale = t->snd_wscale,
        .rcv_wscale = t->rcv_wscale,
        .timestamps = t->ts_ok,
        .sack = t->sack_ok,
        .ecn = t->ecn,
        .ecn_seen = t->ecn_seen,
        .wscale_ok = t->wscale_ok,
        .cwnd_limited = t->cwnd_limited,
        .rcv_mss = t->rcv_seen,
        .advmss = t->rcv_mss,
        .total_retrans = t->total_retrans,
        .cwnd_bytes = t->cwnd,
        .snd_wnd = t->snd.wnd,
        .rcv_wnd = seq_from(t->rcv.edge, t->rcv.nxt),
        .backoff = t->backoff,
        .probes = t->probes,
        .reordering = 3,
        .rto = tcp_rtt_backed_off(t),
        .ato = tcp_knobs(t)->delack >> t->ack_hurry,
        .srtt = t->srtt,
        .rttvar = t->rttvar,
        .min_rtt = t->min_rtt_us == UINT32_MAX ? 0 : t->min_rtt_us * NS_US,
        .bytes_sent = first_sent(t) + t->bytes_retrans,
        .bytes_retrans = t->bytes_retrans,
        .bytes_acked = tcp_bytes_acked(t),
        .bytes_received = bytes_received(t),
        .segs_out = t->segs_out,
        .segs_in = t->segs_in,
        .data_segs_out = t->data_segs_out,
        .data_segs_in = t->data_segs_in,
        .iss = t->iss.v,
        .irs = t->irs.v,
        .snd_una = t->snd.una.v,
        .snd_nxt = t->snd.nxt.v,
        .rcv_nxt = t->rcv.nxt.v,
        .pmtu = t->dest.mtu,
        .notsent = tcp_new_data(t, &room),
        .rcv_space = tcp_rcvbuf(t),
        .pacing_rate = tcp_pace_rate(t),
        .syn_data = t->fast_end == FAST_TAKEN,
        .fastopen_fail = fast_fail(t),
    };
    ages(t, o);
    governor(t, o);
    o->snd_mss = tcp_eff_mss(t);
    o->snd_cwnd = t->cwnd / MAX(o->snd_mss, 1u);
    o->snd_ssthresh = t->ssthresh == UINT32_MAX
        ? UINT32_MAX
        : t->ssthresh / MAX(o->snd_mss, 1u);
    flight_info(t, o);
    past_info(t, o);
    tcp_ecnopt_info(t, o);
}

/* ---- rows ---------------------------------------------------------------- */

static uint8_t domain_of(const struct cw_addr *a)
{
    return addr_is4(a) ? CW_AF_INET : CW_AF_INET6;
}

static void row_of_listener(const struct tcp_listener *l,
                            struct cw_sock_row        *row)
{
    *row = (struct cw_sock_row){
        .sd = -1,
        .flow = l->flow,
        .domain = domain_of(&l->local.addr),
        .type = CW_SOCK_STREAM,
        .state = CW_LISTEN,
        .local = l->local,
        .recv_q = l->naccepts,
        .send_q = l->backlog,
        .syn_queue = l->nembryos,
    };
    if (addr_is4(&l->local.addr))
        row->peer.addr = addr4(0);
}

static uint8_t rexmit_kind(const struct tcp *t)
{
    if (t->probing)
        return 4;
    if (t->flight && t->flight->wait == WAIT_REORDER)
        return 6;
    return t->flight && t->flight->wait == WAIT_PTO ? 7 : 1;
}

static void row_timer(const struct tcp *t, struct cw_sock_row *row)
{
    cw_ns now = tcp_now(t), at = NS_NEVER;

    if (t->at[TCPT_REXMIT] != NS_NEVER) {
        at = t->at[TCPT_REXMIT];
        row->timer = rexmit_kind(t);
    } else if (t->flight && t->flight->pace.at != NS_NEVER) {
        at = t->flight->pace.at;
        row->timer = 8;
    } else if (t->at[TCPT_LIFE] != NS_NEVER) {
        at = t->at[TCPT_LIFE];
        row->timer = t->state == TCPS_FIN_WAIT_2 && t->detached ? 3 : 2;
    } else if (t->at[TCPT_DELACK] != NS_NEVER) {
        at = t->at[TCPT_DELACK];
        row->timer = 5;
    }
    if (at != NS_NEVER)
        row->timer_left = ns_max(at - now, 0);
}

static void row_of_tcp(const struct tcp *t, struct cw_sock_row *row)
{
    struct flowkey key = tcp_key(t);

    *row = (struct cw_sock_row){
        .sd = -1,
        .flow = t->flow,
        .domain = domain_of(&key.local),
        .type = CW_SOCK_STREAM,
        .state = (uint8_t)tcp_state_public(t->state),
        .recv_q = t->recvq.ready,
        .send_q = t->sendq.len,
        .has_info = true,
    };
    names_of(&key, &row->local, &row->peer);
    row_timer(t, row);
    tcp_info(t, &row->info);
}

static void row_of_record(const struct flowkey *k, uint32_t flow,
                          enum cw_state state, struct cw_sock_row *row)
{
    *row = (struct cw_sock_row){
        .sd = -1,
        .flow = flow,
        .domain = domain_of(&k->local),
        .type = CW_SOCK_STREAM,
        .state = (uint8_t)state,
    };
    names_of(k, &row->local, &row->peer);
}

typedef bool row_cb(void *ctx, void *owner, struct cw_sock_row *row);

static bool each_listener(struct tcp_host *h, row_cb *cb, void *ctx)
{
    struct cw_sock_row row;

    list_each (n, &h->listener_order) {
        struct tcp_listener *l = list_entry(n, struct tcp_listener, order);

        row_of_listener(l, &row);
        if (!cb(ctx, l->owner, &row))
            return false;
    }
    return true;
}

static bool each_half_open(struct tcp_host *h, row_cb *cb, void *ctx)
{
    struct cw_sock_row row;

    list_each (n, &h->listener_order) {
        struct tcp_listener *l = list_entry(n, struct tcp_listener, order);

        near_each (e, &l->embryos) {
            struct tcp_embryo *m = near_entry(e, struct tcp_embryo, link);
            struct flowkey     key = tcp_embryo_key(m);

            row_of_record(&key, m->flow, CW_SYN_RECV, &row);
            row.timer = 1;
            row.timer_left = m->timer.at - h->env->now;
            if (!cb(ctx, NULL, &row))
                return false;
        }
    }
    return true;
}

static bool each_tcp(struct tcp_host *h, row_cb *cb, void *ctx)
{
    struct cw_sock_row row;

    near_each (n, &h->all) {
        struct tcp *t = near_entry(n, struct tcp, all);

        if (t->state & (TCPS_CLOSED | TCPS_TIME_WAIT))
            continue; /* the protocol is done, or a record has it */
        row_of_tcp(t, &row);
        if (!cb(ctx, t->unaccepted ? NULL : t->owner, &row))
            return false;
    }
    return true;
}

void tcp_each(struct tcp_host *h, row_cb *cb, void *ctx)
{
    struct cw_sock_row row;

    if (!each_listener(h, cb, ctx) || !each_tcp(h, cb, ctx)
        || !each_half_open(h, cb, ctx))
        return;
    near_each (n, &h->timewait) {
        struct tcp_timewait *w = near_entry(n, struct tcp_timewait, link);
        struct flowkey       key = flownode_key(&h->flows, &w->node);

        row_of_record(&key, w->flow, CW_TIME_WAIT, &row);
        row.timer = 3;
        row.timer_left = ns_max(tcp_timewait_over(h, w) - h->env->now, 0);
        if (!cb(ctx, NULL, &row))
            return;
    }
}
