/* ends.c: the programs of a simulated world: both ends of each connection
 * and datagram flow.  They check what they read against what was sent: each
 * byte is a function of connection, direction and position.
 */
#include "base/bytes.h"
#include "sim/run.h"

static ptrdiff_t call(struct sim *s, unsigned host, struct wcall *c,
                      struct wresult *r)
{
    return world_call(s->w, host, c, r);
}

static ptrdiff_t simple(struct sim *s, unsigned host, enum event_call op,
                        int sd, int a)
{
    struct wcall   c = { .op = (uint8_t)op, .sd = sd, .a = a };
    struct wresult r;

    return call(s, host, &c, &r);
}

static int open_socket(struct sim *s, unsigned host, bool v6, int type)
{
    struct wcall   c = { .op = EVC_SOCKET,
                         .a = v6 ? CW_AF_INET6 : CW_AF_INET,
                         .b = type };
    struct wresult r;
    ptrdiff_t      sd = call(s, host, &c, &r);

    if (sd < 0)
        sim_fail(s, "socket() answers %d", (int)sd);
    return (int)sd;
}

static void set_int(struct sim *s, unsigned host, int sd, const int opt[2],
                    int value)
{
    struct wcall   c = { .op = EVC_SETSOCKOPT,
                         .sd = sd,
                         .a = opt[0],
                         .b = opt[1],
                         .in = &value,
                         .in_len = sizeof value };
    struct wresult r;

    if (value != 0 && call(s, host, &c, &r) < 0)
        sim_fail(s, "setsockopt() answers %d", (int)r.ret);
}

static void set_bufs(struct sim *s, unsigned host, int sd, uint32_t snd,
                     uint32_t rcv)
{
    static const int sndbuf[2] = { CW_SOL_SOCKET, CW_SO_SNDBUF };
    static const int rcvbuf[2] = { CW_SOL_SOCKET, CW_SO_RCVBUF };

    set_int(s, host, sd, sndbuf, (int)snd);
    set_int(s, host, sd, rcvbuf, (int)rcv);
}

static struct cw_sockaddr address(struct sim *s, unsigned host, bool v6,
                                  uint16_t port)
{
    struct cw_sockaddr a = { .port = port };

    a.addr = v6 ? world_host_addr6(s->w, host) : world_host_addr4(s->w, host);
    return a;
}

static ptrdiff_t to_addr(struct sim *s, unsigned host, enum event_call op,
                         int sd, const struct cw_sockaddr *a)
{
    struct wcall c = {
        .op = (uint8_t)op, .sd = sd, .has_addr = true, .addr = *a
    };
    struct wresult r;

    return call(s, host, &c, &r);
}

/* The byte of a stream at a position. */
static uint8_t byte_at(const struct sim *s, unsigned conn, unsigned side,
                       uint32_t pos)
{
    uint64_t x = s->content.k0 + conn * 2 + side;

    x ^= (uint64_t)pos * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    return (uint8_t)(x ^ (x >> 8) ^ pos);
}

static const uint8_t *fill(struct sim *s, unsigned conn, unsigned side,
                           uint32_t pos, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        s->out[i] = byte_at(s, conn, side, pos + i);
    return s->out;
}

/* ---- streams -------------------------------------------------------------- */

static unsigned host_of(const struct sim_pair *p, unsigned side)
{
    return side == 0 ? p->plan->client : p->plan->server;
}

static void listen_for(struct sim *s, struct sim_pair *p)
{
    unsigned           h = p->plan->server;
    int                sd = open_socket(s, h, p->plan->v6, CW_SOCK_STREAM);
    struct cw_sockaddr a = address(s, h, p->plan->v6, p->plan->port);

    set_bufs(s, h, sd, p->plan->side[1].sndbuf, p->plan->side[1].rcvbuf);
    if (to_addr(s, h, EVC_BIND, sd, &a) < 0
        || simple(s, h, EVC_LISTEN, sd, 8) < 0)
        sim_fail(s, "connection %u: cannot listen", p->index);
    p->listener = sd;
}

static void start_client(struct sim *s, struct sim_pair *p)
{
    static const int   nodelay[2] = { CW_IPPROTO_TCP, CW_TCP_NODELAY };
    unsigned           h = p->plan->client;
    struct sim_end    *e = &p->end[0];
    struct cw_sockaddr a = address(s, p->plan->server, p->plan->v6,
                                   p->plan->port);
    ptrdiff_t          r;

    e->sd = open_socket(s, h, p->plan->v6, CW_SOCK_STREAM);
    set_bufs(s, h, e->sd, p->plan->side[0].sndbuf, p->plan->side[0].rcvbuf);
    set_int(s, h, e->sd, nodelay, p->plan->nodelay);
    r = to_addr(s, h, EVC_CONNECT, e->sd, &a);
    if (r != 0 && r != -CW_EINPROGRESS)
        sim_fail(s, "connection %u: connect() answers %d", p->index, (int)r);
}

static void close_end(struct sim *s, struct sim_pair *p, unsigned side)
{
    struct sim_end *e = &p->end[side];

    if (simple(s, host_of(p, side), EVC_CLOSE, e->sd, 0) < 0)
        sim_fail(s, "connection %u: close() fails", p->index);
    e->sd = -1;
    e->closed = true;
}

/* Is it this side's turn to end its stream? */
static bool may_end(const struct sim_pair *p, unsigned side)
{
    const struct sim_end *e = &p->end[side];

    if (e->sent < p->plan->side[side].bytes)
        return false;
    if (p->plan->close == SIM_CLOSE_SERVER)
        return side == 1 ? e->got == p->plan->side[0].bytes : e->rd_done;
    if (p->plan->close == SIM_CLOSE_HALF && side == 0)
        return true;
    return true;
}

static void do_write(struct sim *s, struct sim_pair *p, unsigned side)
{
    struct sim_end *e = &p->end[side];
    uint32_t        total = p->plan->side[side].bytes;

    while (e->sent < total) {
        uint32_t     n = MIN(p->plan->side[side].write, (uint32_t)SIM_CHUNK);
        struct wcall c = { .op = EVC_SEND, .sd = e->sd };
        struct wresult r;

        n = MIN(n, total - e->sent);
        c.in = fill(s, p->index, side, e->sent, n);
        c.in_len = n;
        if (call(s, host_of(p, side), &c, &r) == -CW_EAGAIN)
            return;
        if (r.ret <= 0 || (uint32_t)r.ret > n) {
            sim_fail(s, "connection %u side %u: send() answers %d", p->index,
                     side, (int)r.ret);
            return;
        }
        e->sent += (uint32_t)r.ret;
    }
    if (!e->wr_done && may_end(p, side)) {
        e->wr_done = true;
        if (simple(s, host_of(p, side), EVC_SHUTDOWN, e->sd, CW_SHUT_WR) < 0)
            sim_fail(s, "connection %u: shutdown() fails", p->index);
    }
}

static void check_bytes(struct sim *s, struct sim_pair *p, unsigned side,
                        uint32_t n)
{
    struct sim_end *e = &p->end[side];

    for (uint32_t i = 0; i < n; i++) {
        if (s->in[i] == byte_at(s, p->index, !side, e->got + i))
            continue;
        sim_fail(s, "connection %u side %u: byte %u is wrong", p->index, side,
                 e->got + i);
        return;
    }
    e->got += n;
    s->res->bytes += n;
    if (e->got > p->plan->side[!side].bytes)
        sim_fail(s, "connection %u side %u: more bytes than were sent",
                 p->index, side);
}

/* True: a pause begins. */
static bool count_towards_pause(struct sim *s, struct sim_pair *p,
                                unsigned side, uint32_t n)
{
    struct sim_end *e = &p->end[side];

    if (p->plan->side[side].pause == 0)
        return false;
    if (n < e->until_pause) {
        e->until_pause -= n;
        return false;
    }
    e->until_pause = p->plan->side[side].pause_every;
    e->wake = ns_add(world_now(s->w), p->plan->side[side].pause);
    return true;
}

static void do_read(struct sim *s, struct sim_pair *p, unsigned side)
{
    struct sim_end *e = &p->end[side];

    while (!e->rd_done && e->wake == NS_NEVER) {
        struct wcall   c = { .op = EVC_RECV, .sd = e->sd, .out = s->in };
        struct wresult r;

        c.out_len = MIN(p->plan->side[side].read, (uint32_t)SIM_CHUNK);
        if (call(s, host_of(p, side), &c, &r) == -CW_EAGAIN)
            return;
        if (r.ret < 0) {
            sim_fail(s, "connection %u side %u: recv() answers %d", p->index,
                     side, (int)r.ret);
            return;
        }
        if (r.ret == 0) {
            e->rd_done = true;
            if (e->got != p->plan->side[!side].bytes)
                sim_fail(s, "connection %u side %u: ends after %u bytes",
                         p->index, side, e->got);
            return;
        }
        check_bytes(s, p, side, (uint32_t)r.ret);
        if (count_towards_pause(s, p, side, (uint32_t)r.ret))
            return;
    }
}

static void turn(struct sim *s, struct sim_pair *p, unsigned side)
{
    struct sim_end *e = &p->end[side];
    unsigned        bits;

    if (e->sd < 0 || !s->res->ok)
        return;
    bits = world_ready(s->w, host_of(p, side), e->sd);
    if (bits & CW_POLLERR) {
        sim_fail(s, "connection %u side %u: error pending", p->index, side);
        return;
    }
    if (!e->open && !(bits & CW_POLLOUT))
        return;
    e->open = true;
    if (bits & (CW_POLLIN | CW_POLLHUP))
        do_read(s, p, side);
    if (!e->wr_done && s->res->ok)
        do_write(s, p, side);
    if (e->wr_done && e->rd_done && s->res->ok)
        close_end(s, p, side);
}

static void accept_one(struct sim *s, struct sim_pair *p)
{
    ptrdiff_t sd;

    if (p->listener < 0)
        return;
    sd = simple(s, p->plan->server, EVC_ACCEPT, p->listener, 0);
    if (sd == -CW_EAGAIN)
        return;
    if (sd < 0) {
        sim_fail(s, "connection %u: accept() answers %d", p->index, (int)sd);
        return;
    }
    p->end[1].sd = (int)sd;
    simple(s, p->plan->server, EVC_CLOSE, p->listener, 0);
    p->listener = -1;
}

/* ---- datagrams ------------------------------------------------------------ */

static void send_datagram(struct sim *s, struct sim_flow *f)
{
    uint32_t       n = f->plan->size ? f->sent * 97 % (f->plan->size + 1) : 0;
    struct wcall   c = { .op = EVC_SEND, .sd = f->sd[0] };
    struct wresult r;

    n = MIN(n, (uint32_t)SIM_CHUNK);
    c.in = fill(s, 1000 + f->index, 0, f->sent * 131, n);
    if (n >= 4)
        be32_store(s->out, f->sent);
    c.in_len = n;
    if (!f->plan->connected) {
        c.has_addr = true;
        c.addr = address(s, f->plan->to, f->plan->v6, f->plan->port);
    }
    call(s, f->plan->from, &c, &r);
    if (r.ret < 0 && r.ret != -CW_EAGAIN && r.ret != -CW_EHOSTUNREACH
        && r.ret != -CW_ENOBUFS)
        sim_fail(s, "datagram flow %u: send() answers %d", f->index,
                 (int)r.ret);
    f->sent++;
    f->wake = f->sent < f->plan->count
        ? ns_add(world_now(s->w), f->plan->every)
        : NS_NEVER;
}

/* What arrives was sent, whole; how often is the network's business. */
static void read_datagrams(struct sim *s, struct sim_flow *f)
{
    for (;;) {
        struct wcall c = {
            .op = EVC_RECV, .sd = f->sd[1], .out = s->in, .out_len = SIM_CHUNK
        };
        struct wresult r;
        uint32_t       i, k;

        if (call(s, f->plan->to, &c, &r) < 0)
            return;
        f->got++;
        if (r.ret < 4)
            continue;
        k = be32_load(s->in);
        if (k >= f->sent || (uint32_t)r.ret != k * 97 % (f->plan->size + 1)) {
            sim_fail(s, "datagram flow %u: %d bytes that nobody sent",
                     f->index, (int)r.ret);
            return;
        }
        for (i = 4; i < (uint32_t)r.ret; i++)
            if (s->in[i] != byte_at(s, 1000 + f->index, 0, k * 131 + i)) {
                sim_fail(s, "datagram flow %u: byte %u is wrong", f->index,
                         i);
                return;
            }
    }
}

static void begin_flow(struct sim *s, struct sim_flow *f)
{
    const struct sim_dgram *d = f->plan;
    struct cw_sockaddr      a = address(s, d->to, d->v6, d->port);

    f->sd[1] = open_socket(s, d->to, d->v6, CW_SOCK_DGRAM);
    if (to_addr(s, d->to, EVC_BIND, f->sd[1], &a) < 0)
        sim_fail(s, "datagram flow %u: cannot bind", f->index);
    f->sd[0] = open_socket(s, d->from, d->v6, CW_SOCK_DGRAM);
    if (d->connected && to_addr(s, d->from, EVC_CONNECT, f->sd[0], &a) < 0)
        sim_fail(s, "datagram flow %u: cannot connect", f->index);
    f->wake = d->start;
}

/* ---- all of them ---------------------------------------------------------- */

void ends_begin(struct sim *s)
{
    for (unsigned i = 0; i < s->plan.nconns && s->res->ok; i++) {
        struct sim_pair *p = &s->pairs[i];

        *p = (struct sim_pair){ .plan = &s->plan.conns[i], .index = i };
        for (unsigned k = 0; k < 2; k++) {
            p->end[k].sd = -1;
            p->end[k].wake = NS_NEVER;
            p->end[k].until_pause = p->plan->side[k].pause_every;
        }
        listen_for(s, p);
        p->end[0].wake = p->plan->start;
    }
    for (unsigned i = 0; i < s->plan.ndgrams && s->res->ok; i++) {
        s->flows[i] = (struct sim_flow){ .plan = &s->plan.dgrams[i],
                                         .index = i };
        begin_flow(s, &s->flows[i]);
    }
}

static void turn_pair(struct sim *s, struct sim_pair *p)
{
    cw_ns now = world_now(s->w);

    for (unsigned k = 0; k < 2; k++) {
        struct sim_end *e = &p->end[k];

        if (e->wake > now)
            continue;
        e->wake = NS_NEVER;
        if (k == 0 && e->sd < 0 && !e->closed)
            start_client(s, p);
    }
    accept_one(s, p);
    turn(s, p, 0);
    turn(s, p, 1);
}

void ends_turn(struct sim *s)
{
    cw_ns now = world_now(s->w);

    for (unsigned i = 0; i < s->plan.nconns && s->res->ok; i++)
        turn_pair(s, &s->pairs[i]);
    for (unsigned i = 0; i < s->plan.ndgrams && s->res->ok; i++) {
        struct sim_flow *f = &s->flows[i];

        if (f->sd[0] < 0)
            continue;
        if (f->wake <= now)
            send_datagram(s, f);
        read_datagrams(s, f);
    }
}

cw_ns ends_next(const struct sim *s)
{
    cw_ns next = NS_NEVER;

    for (unsigned i = 0; i < s->plan.nconns; i++)
        for (unsigned k = 0; k < 2; k++)
            next = ns_min(next, s->pairs[i].end[k].wake);
    for (unsigned i = 0; i < s->plan.ndgrams; i++)
        if (s->flows[i].sd[0] >= 0)
            next = ns_min(next, s->flows[i].wake);
    return next;
}

bool ends_done(const struct sim *s)
{
    for (unsigned i = 0; i < s->plan.nconns; i++)
        if (!s->pairs[i].end[0].closed || !s->pairs[i].end[1].closed)
            return false;
    for (unsigned i = 0; i < s->plan.ndgrams; i++)
        if (s->flows[i].wake != NS_NEVER)
            return false;
    return true;
}

void ends_close_datagrams(struct sim *s)
{
    for (unsigned i = 0; i < s->plan.ndgrams; i++) {
        struct sim_flow *f = &s->flows[i];

        read_datagrams(s, f);
        simple(s, f->plan->from, EVC_CLOSE, f->sd[0], 0);
        simple(s, f->plan->to, EVC_CLOSE, f->sd[1], 0);
        f->sd[0] = f->sd[1] = -1;
        if (f->got > 4ull * f->sent)
            sim_fail(s, "datagram flow %u: %u arrived of %u", f->index,
                     f->got, f->sent);
    }
}
