/* life.c: the life of a socket: socket, bind, listen, accept, connect,
 * shutdown, close.
 *
 *   Owns:      which of these is right in which state, and its error, as
 *              Linux has them.
 *   Invariant: a stream holds at most one of plan->bind, listener, tcp; it
 *              has a plan if it has no tcp.
 *   RFC 9293 §3.9.1.
 */
#include "sock/sock.h"
#include "base/addr.h"

/* ---- socket ------------------------------------------------------------ */

static int check_kind(int domain, int type, int protocol)
{
    int natural = type == CW_SOCK_STREAM ? CW_IPPROTO_TCP : CW_IPPROTO_UDP;

    if (domain != CW_AF_INET && domain != CW_AF_INET6)
        return -CW_EAFNOSUPPORT;
    if (type != CW_SOCK_STREAM && type != CW_SOCK_DGRAM)
        return -CW_EPROTONOSUPPORT;
    return protocol == 0 || protocol == natural ? 0 : -CW_EPROTONOSUPPORT;
}

/* A socket without a transport, numbered. */
static int new_sock(struct cw_stack *st, int domain, int type,
                    struct sock **out)
{
    int err = sock_table_add(&st->socks, out);

    if (err)
        return err;
    (*out)->st = st;
    (*out)->domain = (uint8_t)domain;
    (*out)->type = (uint8_t)type;
    return 0;
}

static int give_transport(struct cw_stack *st, struct sock *s)
{
    if (sock_is_stream(s)) {
        if (!sock_table_plan(&st->socks, s))
            return -CW_ENOMEM;
        tcp_opts_init(&s->plan->opts, st->tcp);
        return 0;
    }
    sock_is_udp(s, udp_open(st->udp, s, s->domain == CW_AF_INET6));
    return sock_udp(s) ? 0 : -CW_ENOMEM;
}

int cw_socket(cw_stack *st, int domain, int type, int protocol, cw_ns now)
{
    struct sock *s = NULL;
    int          err = check_kind(domain, type, protocol);

    stack_enter(st, now);
    err = err ?: new_sock(st, domain, type, &s);
    if (!err) {
        err = give_transport(st, s);
        if (err) {
            sock_table_remove(&st->socks, s);
            s = NULL;
        }
    }
    return (int)sock_leave(st, s, EVC_SOCKET, err ?: s->sd);
}

/* ---- bind -------------------------------------------------------------- */

struct tcp_fastopen *sock_fast(struct sock *s)
{
    INVARIANT(sock_is_stream(s));
    if (sock_tcp(s))
        return NULL;
    return sock_listener(s) ? tcp_listener_fast(sock_listener(s))
                            : &s->plan->fast;
}

struct tcp_opts *sock_opts(struct sock *s)
{
    INVARIANT(sock_is_stream(s));
    if (sock_tcp(s))
        return tcp_opts_of(sock_tcp(s));
    return sock_listener(s) ? tcp_listener_opts(sock_listener(s))
                            : &s->plan->opts;
}

static void drop_bind(struct sock *s)
{
    struct sock_plan *p = s->plan;

    if (!p || !p->bind)
        return;
    tcp_unbind(p->bind, &p->opts);
    p->bind = NULL;
}

static int stream_bind(struct sock *s, const struct cw_sockaddr *a)
{
    if (sock_tcp(s) || sock_listener(s) || s->plan->bind)
        return -CW_EINVAL;
    return tcp_bind(s->st->tcp, a, &s->plan->opts, &s->plan->bind);
}

static int do_bind(struct sock *s, const struct cw_sockaddr *addr)
{
    struct cw_sockaddr a;
    int                err = name_to_bind(s, addr, &a);

    if (err)
        return err;
    if (!sock_is_stream(s))
        return udp_bind(sock_udp(s), &a);
    if (!net_bindable(s->st->net, &a.addr))
        return -CW_EADDRNOTAVAIL;
    err = stream_bind(s, &a);
    if (!err) {
        s->plan->wish = a;
        s->plan->wish.port = s->plan->bind->port;
        s->plan->rebind = true;
    }
    return err;
}

int cw_bind(cw_stack *st, int sd, const struct cw_sockaddr *addr, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);

    return (int)sock_leave(st, s, EVC_BIND, s ? do_bind(s, addr) : -CW_EBADF);
}

/* A connection that is over left its port; a program that had chosen it has
 * it again. */
static int bind_again(struct sock *s)
{
    struct sock_plan *p = s->plan;

    return p->rebind && !p->bind ? stream_bind(s, &p->wish) : 0;
}

/* ---- listen, accept ---------------------------------------------------- */

/* An attempt that failed leaves a dead connection behind; true if there is
 * no live one now. */
static bool clear_dead(struct sock *s)
{
    if (sock_tcp(s) && s->connecting
        && tcp_phase(sock_tcp(s)) == TCP_PHASE_CLOSED
        && sock_table_plan(&s->st->socks, s)) {
        s->plan->opts = *tcp_opts_of(sock_tcp(s));
        tcp_call_close(sock_tcp(s));
        sock_is_nothing(s);
        s->connecting = false;
    }
    return !sock_tcp(s);
}

static int do_listen(struct sock *s, int backlog)
{
    struct tcp_open      open = { .owner = s };
    struct cw_sockaddr   any = name_wildcard(s);
    struct tcp_listener *l;
    int                  err;

    if (!sock_is_stream(s))
        return -CW_EOPNOTSUPP;
    if (backlog < 0 || backlog > TCP_BACKLOG_MAX)
        backlog = TCP_BACKLOG_MAX;
    if (sock_listener(s)) {
        tcp_listener_backlog(sock_listener(s), backlog);
        return 0;
    }
    if (!clear_dead(s))
        return -CW_EINVAL;
    err = bind_again(s);
    if (!err && !s->plan->bind)
        err = stream_bind(s, &any);
    if (err)
        return err;
    open.opts = &s->plan->opts;
    open.bind = s->plan->bind;
    open.fast = &s->plan->fast;
    name_local(s, &open.local);
    err = tcp_call_listen(s->st->tcp, &open, backlog, &l);
    if (err)
        return err;
    sock_is_listener(s, l);
    s->plan->bind = NULL; /* the listener's now */
    return 0;
}

int cw_listen(cw_stack *st, int sd, int backlog, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);

    return (int)sock_leave(st, s, EVC_LISTEN,
                           s ? do_listen(s, backlog) : -CW_EBADF);
}

static int do_accept(struct sock *s, struct cw_sockaddr *peer,
                     struct sock **out)
{
    struct cw_sockaddr local, remote;
    struct tcp        *t;
    int                err;

    if (!sock_is_stream(s))
        return -CW_EOPNOTSUPP;
    if (!sock_listener(s))
        return -CW_EINVAL;
    if (!tcp_listener_ready(sock_listener(s)))
        return -CW_EAGAIN;
    err = new_sock(s->st, s->domain, CW_SOCK_STREAM, out);
    if (err)
        return err;
    (*out)->owner = s->owner;
    err = tcp_call_accept(sock_listener(s), *out, &t);
    if (err) {
        sock_table_remove(&s->st->socks, *out);
        *out = NULL;
        return err;
    }
    sock_is_tcp(*out, t);
    tcp_names(t, &local, &remote);
    if (peer)
        *peer = remote;
    return (*out)->sd;
}

int cw_accept(cw_stack *st, int sd, struct cw_sockaddr *peer, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now), *fresh = NULL;
    int          ret = s ? do_accept(s, peer, &fresh) : -CW_EBADF;

    return (int)sock_leave(st, fresh ?: s, EVC_ACCEPT, ret);
}

/* ---- connect ----------------------------------------------------------- */

int sock_open(struct sock *s, const struct cw_sockaddr *addr, bool fast)
{
    struct tcp_open open = { .opts = &s->plan->opts, .owner = s };
    int             err = name_to_reach(s, addr, &open.remote);
    struct tcp     *t;

    if (err)
        return err;
    if (addr_is_multicast(&open.remote.addr)
        || addr_is_bcast(&open.remote.addr))
        return -CW_ENETUNREACH; /* RFC 9293 MUST-57 */
    err = bind_again(s);
    if (err)
        return err;
    name_local(s, &open.local);
    open.bind = s->plan->bind;
    open.fast = &s->plan->fast;
    open.fast_open = fast;
    err = tcp_call_open(s->st->tcp, &open, &t);
    if (err)
        return err;
    sock_is_tcp(s, t);
    s->plan->bind = NULL; /* the connection's now */
    if (!s->plan->rebind && !s->plan->fast.connect)
        sock_table_unplan(s);
    s->connecting = true;
    return tcp_fast_waits(sock_tcp(s)) ? 0 : -CW_EINPROGRESS;
}

/* A connect() after the first: how did it go? */
static int poll_connect(struct sock *s)
{
    int err;

    switch (tcp_phase(sock_tcp(s))) {
    case TCP_PHASE_OPENING:
        return -CW_EALREADY;
    case TCP_PHASE_OPEN:
        s->connecting = false;
        return 0;
    case TCP_PHASE_CLOSED:
        break;
    }
    err = sock_take_error(s) ?: CW_ECONNABORTED; /* told by SO_ERROR */
    clear_dead(s);
    return -err;
}

/* connect() to nowhere: back to a fresh socket, as AF_UNSPEC means it. */
static int disconnect(struct sock *s)
{
    struct tcp_opts opts = *sock_opts(s);

    if (!sock_table_plan(&s->st->socks, s))
        return -CW_ENOMEM;
    if (sock_tcp(s))
        tcp_call_abort(sock_tcp(s));
    if (sock_listener(s))
        tcp_listener_close(sock_listener(s));
    sock_is_nothing(s);
    s->connecting = false;
    s->plan->opts = opts;
    (void)bind_again(s); /* its port stays its own, if nobody was quicker */
    return 0;
}

static int stream_connect(struct sock *s, const struct cw_sockaddr *addr)
{
    if (!addr)
        return disconnect(s);
    if (sock_listener(s) || (sock_tcp(s) && !s->connecting))
        return -CW_EISCONN;
    if (sock_tcp(s) && tcp_fast_waits(sock_tcp(s)))
        return -CW_EISCONN; /* as on Linux: to its program it is */
    return sock_tcp(s) ? poll_connect(s)
                       : sock_open(s, addr, s->plan->fast.connect);
}

static int dgram_connect(struct sock *s, const struct cw_sockaddr *addr)
{
    struct cw_sockaddr a;
    int                err = addr ? name_to_reach(s, addr, &a) : 0;

    return err ?: udp_connect(sock_udp(s), addr ? &a : NULL);
}

int cw_connect(cw_stack *st, int sd, const struct cw_sockaddr *addr,
               cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);
    int          ret = -CW_EBADF;

    if (s)
        ret = sock_is_stream(s) ? stream_connect(s, addr)
                                : dgram_connect(s, addr);
    return (int)sock_leave(st, s, EVC_CONNECT, ret);
}

/* ---- shutdown, close --------------------------------------------------- */

/* A listener that is shut for reading stops listening (as Linux has it); an
 * open that is under way is given up. */
static int stream_shutdown(struct sock *s, int how)
{
    if (sock_listener(s)) {
        if (how != CW_SHUT_WR)
            disconnect(s);
        return 0;
    }
    if (!sock_tcp(s) || tcp_phase(sock_tcp(s)) == TCP_PHASE_CLOSED)
        return -CW_ENOTCONN;
    if (tcp_phase(sock_tcp(s)) == TCP_PHASE_OPENING)
        return disconnect(s);
    return tcp_call_shutdown(sock_tcp(s), how);
}

/* Without a peer the answer is ENOTCONN, and yet it is shut. */
static int dgram_shutdown(struct sock *s, int how)
{
    struct cw_sockaddr local, peer;

    udp_names(sock_udp(s), &local, &peer);
    udp_shutdown(sock_udp(s), how != CW_SHUT_WR, how != CW_SHUT_RD);
    return peer.port ? 0 : -CW_ENOTCONN;
}

int cw_shutdown(cw_stack *st, int sd, int how, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);
    int          ret = -CW_EBADF;

    if (s && (how < CW_SHUT_RD || how > CW_SHUT_RDWR))
        ret = -CW_EINVAL;
    else if (s)
        ret = sock_is_stream(s) ? stream_shutdown(s, how)
                                : dgram_shutdown(s, how);
    if (ret == 0)
        sock_heard(st, s);
    return (int)sock_leave(st, s, EVC_SHUTDOWN, ret);
}

void sock_release(struct sock *s)
{
    drop_bind(s);
    if (sock_udp(s))
        udp_close(sock_udp(s));
    if (sock_listener(s))
        tcp_listener_close(sock_listener(s));
    if (sock_tcp(s))
        tcp_call_close(sock_tcp(s));
    sock_is_nothing(s);
}

/* The event comes first: it names the connection. */
int cw_close(cw_stack *st, int sd, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);

    if (!s)
        return (int)sock_leave(st, s, EVC_CLOSE, -CW_EBADF);
    sock_leave(st, s, EVC_CLOSE, 0);
    sock_release(s);
    sock_table_remove(&st->socks, s);
    stack_leave(st);
    return 0;
}
