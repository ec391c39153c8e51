/* udp.c: the host's sockets: opening, names, peers, options, the end.
 *
 *   Owns:    struct udp_host and struct udp_sock; which names a socket may
 *            have (rules of Linux; the port table's for sharing).
 *   Does not touch packets: udp_in.c, udp_out.c.
 *   Invariant: see udp_sock.h.
 */
#include "udp/udp_sock.h"

size_t udp_host_size(void)
{
    return sizeof(struct udp_host);
}

void udp_init(struct udp_host *h, struct env *env, struct net *net,
              const struct udp_up *up)
{
    struct prng   r = prng_stream(env->seed, env->host, "udp");
    struct sipkey key[3];

    memset(h, 0, sizeof *h);
    h->env = env;
    h->net = net;
    h->up = *up;
    for (unsigned i = 0; i < ARRAY_LEN(key); i++) {
        key[i].k0 = prng_u64(&r);
        key[i].k1 = prng_u64(&r);
    }
    slab_init(&h->socks, env->arena, sizeof(struct udp_sock));
    slab_init(&h->dgrams, env->arena, sizeof(struct dgram));
    porttab_init(&h->ports, env->arena, key[0]);
    flowtab_init(&h->flows, env->arena, key[1]);
    h->share_key = key[2];
    dhcp_init(h);
    list_init(&h->all);
    for (unsigned i = 0; i < UDP_BUCKETS; i++)
        list_init(&h->bucket[i]);
}

void udp_fini(struct udp_host *h)
{
    list_each (l, &h->all)
        udp_close(list_entry(l, struct udp_sock, all));
    for (unsigned i = 0; i < NETIF_MAX; i++)
        wheel_cancel(&h->env->wheel, &h->dhcp[i].timer);
    flowtab_fini(&h->flows);
}

/* A sender that found the interface's queue full may try again. */
static void room(void *ctx)
{
    struct udp_host *h = ctx;

    list_each (l, &h->all) {
        struct udp_sock *u = list_entry(l, struct udp_sock, all);

        if (!u->blocked)
            continue;
        u->blocked = false;
        udp_tell(u);
    }
}

struct proto udp_proto(struct udp_host *h)
{
    return (struct proto){
        .ctx = h, .deliver = udp_in, .error = udp_error_in, .room = room
    };
}

void udp_tell(struct udp_sock *u)
{
    u->host->up.ready(u->host->up.ctx, u->owner);
}

static struct cw_addr wildcard(bool ip6)
{
    static const struct cw_addr any6;

    return ip6 ? any6 : addr4(0);
}

/* ---- open, close -------------------------------------------------------- */

struct udp_sock *udp_open(struct udp_host *h, void *owner, bool ip6)
{
    struct udp_sock *u = slab_get0(&h->socks);

    if (!u)
        return NULL;
    u->host = h;
    u->owner = owner;
    u->ip6 = ip6;
    u->local.addr = wildcard(ip6);
    /* What SO_RCVBUF reads is twice what is meant (socket(7)). */
    u->opts.rcvbuf = UDP_RCVBUF_DEFAULT / 2;
    u->opts.sndbuf = UDP_RCVBUF_DEFAULT / 2;
    /* As on Linux, IPv4 groups that others joined are not for IPv6's
     * sockets. */
    for (unsigned i = 0; i < ARRAY_LEN(u->opts.ip); i++)
        u->opts.ip[i].pmtudisc = CW_PMTUDISC_WANT;
    for (unsigned i = 0; i < ARRAY_LEN(u->opts.many); i++)
        u->opts.many[i] = (struct udp_many){ .src = wildcard(i == 1),
                                             .ttl = 1,
                                             .loop = true,
                                             .all = i == 1 || !ip6 };
    u->flow_no = env_flow(h->env);
    list_init(&u->port);
    list_push_back(&h->all, &u->all);
    return u;
}

static void leave_flows(struct udp_sock *u)
{
    if (u->in_flows)
        flowtab_remove(&u->host->flows, &u->flow);
    flownode_unname(&u->host->flows, &u->flow);
    u->in_flows = false;
}

static void unbind(struct udp_sock *u)
{
    if (!u->bind)
        return;
    list_del(&u->port);
    portbind_put(u->bind, u->bind_flags);
    u->bind = NULL;
    u->local.port = 0;
}

void udp_close(struct udp_sock *u)
{
    udp_queue_clear(u);
    udp_errors_clear(u);
    udp_group_leave_all(u);
    leave_flows(u);
    unbind(u);
    list_del(&u->all);
    slab_put(u);
}

/* ---- bind --------------------------------------------------------------- */

static struct list *bucket_of(struct udp_host *h, uint16_t port)
{
    return &h->bucket[port % UDP_BUCKETS];
}

/* Could both receive the same packet? */
static bool overlaps(const struct udp_sock *u, const struct cw_addr *a,
                     bool a_takes_4)
{
    const struct cw_addr *b = &u->local.addr;

    if (!addr_is_any(a) && !addr_is_any(b))
        return addr_eq(a, b);
    if (addr_is4(a) == addr_is4(b))
        return true;
    return addr_is4(a) ? addr_is_any(b) && !u->opts.v6only
                       : addr_is_any(a) && a_takes_4;
}

/* An ephemeral port is shared with nobody, whatever the options say. */
static bool port_taken(void *ctx, uint16_t port)
{
    struct udp_sock *me = ctx;

    list_each (l, bucket_of(me->host, port)) {
        const struct udp_sock *u = list_entry(l, struct udp_sock, port);

        if (u->local.port == port
            && overlaps(u, &me->local.addr, !me->opts.v6only))
            return true;
    }
    return false;
}

static unsigned flags_of(const struct udp_sock *u)
{
    return PORT_DGRAM_REUSE | (u->opts.reuseaddr ? PORT_REUSEADDR : 0u)
        | (u->opts.reuseport ? PORT_REUSEPORT : 0u)
        | (u->opts.v6only ? PORT_V6ONLY : 0u);
}

/* What the number stands for, in events. */
static void flow_event(const struct udp_sock *u)
{
    struct env     *env = u->host->env;
    struct cw_event ev = {
        .kind = EV_FLOW_ADDR,
        .flow = u->flow_no,
        .sub = PROTO_UDP,
        .v = { be64_load(u->local.addr.b), be64_load(u->local.addr.b + 8),
               be64_load(u->peer.addr.b), be64_load(u->peer.addr.b + 8),
               (uint64_t)u->local.port << 16 | u->peer.port }
    };

    if (env_observed(env))
        env_event(env, &ev);
}

/* local.addr stands; `port` 0 chooses one. */
static int take_port(struct udp_sock *u, uint16_t port)
{
    struct udp_host *h = u->host;
    unsigned         flags = flags_of(u);
    struct port_want want = { .local = &u->local.addr,
                              .remote = &u->peer.addr,
                              .rport = u->peer.port,
                              .taken = port_taken,
                              .ctx = u };
    int              err;

    INVARIANT(!u->bind);
    if (port == 0)
        port = porttab_ephemeral(&h->ports, &want);
    if (port == 0)
        return -CW_EADDRINUSE;
    err = porttab_bind(&h->ports, &u->local.addr, port, flags, &u->bind);
    if (err)
        return err;
    u->bind_flags = (uint8_t)flags;
    u->grouped = u->opts.reuseport;
    u->local.port = port;
    list_push_front(bucket_of(h, port), &u->port);
    return 0;
}

int udp_autobind(struct udp_sock *u)
{
    int err;

    if (u->bind)
        return 0;
    err = take_port(u, 0);
    if (!err)
        flow_event(u);
    /* As Linux: no port is left at the moment. */
    return err == -CW_EADDRINUSE ? -CW_EAGAIN : err;
}

/* Received there, but never a source.  [RFC1122-3.2.1.3-c] */
static bool is_many(const struct udp_sock *u, const struct cw_addr *a)
{
    return addr_is_multicast(a) || net_is_bcast(u->host->net, a);
}

/* [RFC1122-4.1.3.5-b] [RFC1122-4.1.3.6-b] [RFC1122-3.3.4.2-b] */
int udp_bind(struct udp_sock *u, const struct cw_sockaddr *a)
{
    struct cw_sockaddr before = u->local;
    int                err;

    if (u->bind)
        return -CW_EINVAL;
    if (!net_bindable(u->host->net, &a->addr) && !is_many(u, &a->addr))
        return -CW_EADDRNOTAVAIL;
    u->local.addr = a->addr;
    u->local.scope = a->scope;
    err = take_port(u, a->port);
    if (err) {
        u->local = before;
        return err;
    }
    u->own_addr = !addr_is_any(&a->addr);
    u->own_group = is_many(u, &a->addr);
    u->own_port = a->port != 0;
    flow_event(u);
    return 0;
}

/* ---- connect ------------------------------------------------------------ */

struct flowkey udp_key(const struct cw_sockaddr *local,
                       const struct cw_sockaddr *remote)
{
    struct flowkey k;

    memset(&k, 0, sizeof k);
    k.local = local->addr;
    k.remote = remote->addr;
    k.lport = local->port;
    k.rport = remote->port;
    if (addr_is_linklocal(&k.remote) && !addr_is4(&k.remote))
        k.scope = remote->scope;
    return k;
}

/* As Linux: what bind() did not fix is free again. */
static void disconnect(struct udp_sock *u)
{
    leave_flows(u);
    u->connected = false;
    memset(&u->peer, 0, sizeof u->peer);
    u->dest.generation = 0;
    if (!u->own_addr) {
        u->local.addr = wildcard(u->ip6);
        u->local.scope = 0;
    }
    if (!u->own_port)
        unbind(u);
}

/* Is there a way to it, and from where? */
static int find_path(const struct udp_sock *u, struct cw_sockaddr *peer,
                     struct cw_addr *src, struct net_dest *dest)
{
    const struct udp_many *m = &u->opts.many[addr_is4(&peer->addr) ? 0 : 1];

    if (net_is_bcast(u->host->net, &peer->addr) && !u->opts.broadcast)
        return -CW_EACCES;
    *src = u->own_addr && !u->own_group ? u->local.addr
                                        : wildcard(!addr_is4(&peer->addr));
    if (addr_is_multicast(&peer->addr)) {
        peer->scope = peer->scope ?: m->index;
        if (addr_is_any(src))
            *src = m->src;
    }
    if (net_path(u->host->net, &peer->addr, peer->scope, src, dest) != GO_ON)
        return -CW_ENETUNREACH;
    if (addr_is_linklocal(&peer->addr) && peer->scope == 0)
        peer->scope = dest->netif + 1u;
    return 0;
}

/* Without a place in the table its datagrams find it by its port, only more
 * slowly. */
static void join_flows(struct udp_sock *u)
{
    struct flowtab *t = &u->host->flows;
    struct flowkey  key = udp_key(&u->local, &u->peer);

    if (flowtab_find(t, &key) || !flownode_name(t, &u->flow, &key))
        return;
    flowtab_insert(t, &u->flow);
    u->in_flows = true;
}

int udp_connect(struct udp_sock *u, const struct cw_sockaddr *peer)
{
    struct cw_sockaddr to;
    struct cw_addr     src;
    struct net_dest    dest;
    int                err;

    if (!peer) {
        disconnect(u);
        return 0;
    }
    to = *peer;
    err = find_path(u, &to, &src, &dest);
    if (!err)
        err = udp_autobind(u);
    if (err)
        return err;
    leave_flows(u);
    if (!u->own_group)
        u->local.addr = src;
    u->peer = to;
    u->dest = dest;
    u->connected = true;
    u->error = 0;
    join_flows(u);
    flow_event(u);
    return 0;
}

/* ---- the rest of the door ------------------------------------------------
 */

void udp_shutdown(struct udp_sock *u, bool rd, bool wr)
{
    u->shut_rd = u->shut_rd || rd;
    u->shut_wr = u->shut_wr || wr;
}

unsigned udp_ready(const struct udp_sock *u)
{
    unsigned bits = 0;

    if (u->head || u->shut_rd || u->error)
        bits |= CW_POLLIN;
    if (!u->blocked)
        bits |= CW_POLLOUT;
    if (u->error || u->errors)
        bits |= CW_POLLERR;
    if (u->shut_rd)
        bits |= CW_POLLRDHUP;
    if (u->shut_rd && u->shut_wr)
        bits |= CW_POLLHUP;
    return bits;
}

unsigned udp_path_mtu(struct udp_sock *u)
{
    struct cw_addr src = u->local.addr;

    if (!u->connected
        || net_path(u->host->net, &u->peer.addr, u->peer.scope, &src,
                    &u->dest)
            != GO_ON)
        return 0;
    return u->dest.mtu;
}

int udp_take_error(struct udp_sock *u)
{
    int e = u->error;

    u->error = 0;
    return e;
}

/* [RFC1122-4.1.3.5-c] */
void udp_names(const struct udp_sock *u, struct cw_sockaddr *local,
               struct cw_sockaddr *peer)
{
    *local = u->local;
    *peer = u->peer;
}

struct udp_opts *udp_opts(struct udp_sock *u)
{
    return &u->opts;
}

void udp_opts_changed(struct udp_sock *u)
{
    unsigned flags = flags_of(u);

    if (!u->bind || flags == u->bind_flags)
        return;
    portbind_change(u->bind, u->bind_flags, flags);
    u->bind_flags = (uint8_t)flags;
}

void udp_each(struct udp_host *h,
              bool (*cb)(void *ctx, struct udp_sock *u, void *owner,
                         struct cw_sock_row *row),
              void *ctx)
{
    list_each (l, &h->all) {
        struct udp_sock   *u = list_entry(l, struct udp_sock, all);
        struct cw_sock_row row = { .sd = -1,
                                   .flow = u->flow_no,
                                   .domain = u->ip6 ? CW_AF_INET6
                                                    : CW_AF_INET,
                                   .type = CW_SOCK_DGRAM,
                                   .state = CW_CLOSED,
                                   .local = u->local,
                                   .peer = u->peer,
                                   .drops = u->drops };

        if (u->connected)
            row.state = CW_ESTABLISHED; /* as ss shows it */
        for (const struct dgram *d = u->head; d; d = d->next)
            row.recv_q += d->len;
        if (!cb(ctx, u, u->owner, &row))
            return;
    }
}
