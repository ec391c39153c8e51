/* ctl.c: the socket calls, one function each.
 *
 * Each function decides, asks the stack, and answers exactly once, now or
 * through a held call.  The errno is the one Linux gives; where the stack
 * knows it, it is the stack's.
 */
#include "shim/ctl.h"

#include "base/check.h"
#include "shim/ep.h"
#include "shim/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef void call_fn(struct ep *ep, struct ctl_front *front,
                     const struct call *call);

struct ctl *ctl_new(struct loop *loop, const struct ctl_stack *stack,
                    unsigned hosts)
{
    struct ctl *ctl = calloc(1, sizeof *ctl);

    if (!ctl)
        return NULL;
    ctl->loop = loop;
    ctl->stack = *stack;
    ctl->hosts = hosts;
    ctl->sweep_at = EP_SWEEP_FROM;
    list_init(&ctl->fronts);
    list_init(&ctl->live);
    list_init(&ctl->retired);
    list_init(&ctl->grave);
    list_init(&ctl->timed);
    list_init(&ctl->sent);
    for (size_t i = 0; i < EP_HASH; i++) {
        list_init(&ctl->by_ino[i]);
        list_init(&ctl->by_sd[i]);
    }
    return ctl;
}

static void free_all(struct list *eps, const struct ctl_front *of)
{
    list_each (it, eps) {
        struct ep *ep = list_entry(it, struct ep, link);

        if (!of || ep->front == of)
            ep_free(ep);
    }
}

void ctl_free(struct ctl *ctl)
{
    if (!ctl)
        return;
    while (!list_empty(&ctl->live))
        ep_free(list_entry(list_first(&ctl->live), struct ep, link));
    free_all(&ctl->retired, NULL);
    ep_bury(ctl);
    ep_sent_drop(ctl, NULL);
    free(ctl);
}

void ctl_front_add(struct ctl *ctl, struct ctl_front *front)
{
    INVARIANT(front->answer && front->host > 0 && front->host <= ctl->hosts);
    list_push_back(&ctl->fronts, &front->link);
}

static void drop_waiters(struct ep *ep, const struct ctl_front *front,
                         const uint64_t *id)
{
    list_each (it, &ep->waiters) {
        struct waiter *w = list_entry(it, struct waiter, link);

        if (w->front == front && (!id || w->id == *id))
            ep_waiter_free(w);
    }
}

void ctl_front_end(struct ctl *ctl, struct ctl_front *front)
{
    list_del(&front->link);
    list_each (it, &ctl->live) {
        struct ep *ep = list_entry(it, struct ep, link);

        drop_waiters(ep, front, NULL);
    }
    free_all(&ctl->retired, front);
    ep_sent_drop(ctl, front);
}

void ctl_cancel(struct ctl *ctl, struct ctl_front *front, uint64_t id)
{
    list_each (it, &ctl->live)
        drop_waiters(list_entry(it, struct ep, link), front, &id);
    ctl_told(ctl, front, id, false); /* it can arrive no more */
}

/* ---- socket -------------------------------------------------------------- */

static int checked_type(const struct call *call)
{
    switch (call->b) {
    case SOCK_STREAM:
    case SOCK_DGRAM:
        return 0;
    case SOCK_RAW:
        return -EPERM;
    case SOCK_RDM:
    case SOCK_SEQPACKET:
    case SOCK_DCCP:
        return -ESOCKTNOSUPPORT;
    default:
        return -EINVAL;
    }
}

static void do_socket(struct ctl *ctl, struct ctl_front *front,
                      const struct call *call)
{
    struct wcall c = {
        .op = EVC_SOCKET, .a = call->a, .b = call->b, .c = call->c
    };
    struct reply   r = { .id = call->id,
                         .kind = REPLY_FD,
                         .fdflags = call->fdflags };
    struct wresult res = { .ret = 0 };
    struct ep     *ep;
    ptrdiff_t      sd = checked_type(call);

    if (sd == 0)
        sd = ctl->stack.call(ctl->stack.ctx, front->host, &c, &res);
    if (sd < 0) {
        ep_answer(front, call->id, sd);
        return;
    }
    ep = ep_new(ctl, front, (int)sd);
    INVARIANT(ep);
    ep->domain = call->a;
    ep->type = call->b;
    ep->protocol = call->b == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    r.fd = ep_pair(ep, call->fdflags & O_NONBLOCK);
    if (r.fd < 0) {
        ep_answer(front, call->id, r.fd);
        ep_free(ep);
        return;
    }
    ep_set_owner(ep, call->pid);
    if (front->answer(front, &r) == TOLD_GONE)
        ep_free(ep);
    close(r.fd);
}

/* ---- bind, listen -------------------------------------------------------- */

static void do_bind(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    struct wcall   c = { .op = EVC_BIND, .has_addr = true };
    struct wresult res;
    ptrdiff_t r = name_in(&call->addr, call->addr_len, ep->domain, &c.addr);

    if (r == 0)
        r = ep->sd < 0 ? -EINVAL : ep_call(ep, &c, &res);
    if (r == -EADDRINUSE && ep->ctl->nretired > 0) {
        ep_sweep(ep->ctl); /* it may be held for nobody */
        r = ep_call(ep, &c, &res);
    }
    if (r == 0)
        ep->serves |= ep->type == SOCK_DGRAM;
    ep_answer(front, call->id, r);
}

static void do_listen(struct ep *ep, struct ctl_front *front,
                      const struct call *call)
{
    ptrdiff_t r = -EINVAL;

    if (ep->type != SOCK_STREAM)
        r = -EOPNOTSUPP;
    else if (ep->state & (EP_FRESH | EP_LISTEN | EP_FAILED))
        r = ep_op(ep, EVC_LISTEN, call->a);
    if (r == 0 && ep->state == EP_FAILED) {
        if (!ep_renew(ep, front, call, REPLY_SETFD, 0))
            return;
    } else {
        if (r == 0 && ep->state == EP_FRESH)
            pair_fill(&ep->pair, call->fd); /* it is never writable */
        ep_answer(front, call->id, r);
    }
    if (r == 0) {
        ep->state = EP_LISTEN;
        ep->serves = true;
        ep_listen_ready(ep);
    }
}

/* ---- connect ------------------------------------------------------------- */

static void gram_connect(struct ep *ep, struct ctl_front *front,
                         const struct call *call)
{
    struct wcall   c = { .op = EVC_CONNECT };
    struct wresult res;
    ptrdiff_t      r = 0;

    ep_gram_up(ep);
    if (call->addr_len < sizeof(sa_family_t)) {
        r = -EINVAL;
    } else if (call->addr.ss_family != AF_UNSPEC) {
        c.has_addr = true;
        r = name_in_gram(&call->addr, call->addr_len, ep->domain, &c.addr);
    }
    if (r == 0)
        r = ep_call(ep, &c, &res);
    if (r == 0)
        ep->state = c.has_addr ? EP_OPEN : EP_FRESH;
    ep_answer(front, call->id, r);
}

static void connect_begun(struct ep *ep, struct ctl_front *front,
                          const struct call        *call,
                          const struct cw_sockaddr *to)
{
    /* The pair of a failed attempt says POLLHUP for ever. */
    if (ep->state == EP_FAILED
        && !ep_renew(ep, front, call,
                     call->nonblock ? REPLY_SETFD : REPLY_LATER,
                     -EINPROGRESS))
        return;
    if (ep->state == EP_FRESH && call->nonblock) {
        pair_fill(&ep->pair, call->fd);
        ep_answer(front, call->id, -EINPROGRESS);
    }
    ep->state = EP_CONNECTING;
    ep->polled = call->nonblock;
    if (!call->nonblock)
        ep_hold(ep, front, call, to);
    ep_stream_ready(ep);
    /* If it is interrupted while it waits, it polls for the rest. */
    if (!ep->dead && ep->state == EP_CONNECTING && ep->pair.filler == 0)
        pair_fill(&ep->pair, call->fd);
}

/* What connect() says about the attempt that was under way. */
static int tell_failure(struct ep *ep, int prog)
{
    int err = ep_take_error(ep, prog);

    ep->untold = false;
    return err ? err : ECONNABORTED; /* SO_ERROR has told it */
}

static void stream_connect(struct ep *ep, struct ctl_front *front,
                           const struct call *call)
{
    struct wcall   c = { .op = EVC_CONNECT, .has_addr = true };
    struct wresult res;
    ptrdiff_t r = name_in(&call->addr, call->addr_len, ep->domain, &c.addr);

    if (r == 0 && ep->state == EP_FAILED && ep->untold)
        r = -tell_failure(ep, call->fd);
    if (r == 0)
        r = ep->sd < 0 ? -EISCONN : ep_call(ep, &c, &res);
    if (r == -EINPROGRESS && ep->state & (EP_FRESH | EP_FAILED)) {
        connect_begun(ep, front, call, &c.addr);
    } else if (r == -EALREADY && !call->nonblock) {
        ep_hold(ep, front, call, &c.addr);
    } else {
        if (r == 0 && ep->state & (EP_FRESH | EP_CONNECTING))
            ep_opened(ep);
        ep_answer(front, call->id, r);
    }
}

static void do_connect(struct ep *ep, struct ctl_front *front,
                       const struct call *call)
{
    if (ep->type == SOCK_DGRAM) {
        gram_connect(ep, front, call);
    } else if (call->addr_len < sizeof(sa_family_t)) {
        ep_answer(front, call->id, -EINVAL);
    } else if (call->addr.ss_family == AF_UNSPEC) {
        ep_disconnect(ep);
        ep_answer(front, call->id, 0);
    } else {
        stream_connect(ep, front, call);
    }
}

/* ---- shutdown, names ------------------------------------------------------ */

static void shut_stream(struct ep *ep, int how, int prog)
{
    if (how != SHUT_WR && !ep->shut_rd) {
        ep->shut_rd = true;
        ep_op(ep, EVC_SHUTDOWN, CW_SHUT_RD);
        pair_fin(&ep->pair);
        ep_native_all(ep, CALL_RECV);
    }
    if (how != SHUT_RD && !ep->shut_wr) {
        ep->shut_wr = true;
        shutdown(prog, SHUT_WR);
        ep->pair.hung = true;
    }
    ep_both_shut(ep, prog);
}

static void do_shutdown(struct ep *ep, struct ctl_front *front,
                        const struct call *call)
{
    ptrdiff_t r;

    if (call->a < SHUT_RD || call->a > SHUT_RDWR) {
        ep_answer(front, call->id, -EINVAL);
    } else if (ep->state & (EP_LISTEN | EP_CONNECTING)) {
        if (ep->state == EP_CONNECTING || call->a != SHUT_WR)
            ep_disconnect(ep);
        ep_answer(front, call->id, 0);
    } else if (ep->state != EP_OPEN) {
        ep_answer(front, call->id, -ENOTCONN);
    } else if (ep->type == SOCK_DGRAM) {
        r = ep_op(ep, EVC_SHUTDOWN, call->a);
        if (call->a != SHUT_WR)
            ep_gram_shut(ep);
        ep_answer(front, call->id, r);
    } else {
        shut_stream(ep, call->a, call->fd);
        ep_answer(front, call->id, 0);
        ep_up(ep);
    }
}

static void do_name(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    bool           peer = call->op == CALL_PEER;
    struct wcall   c = { .op = peer ? EVC_GETPEERNAME : EVC_GETSOCKNAME };
    struct wresult res = { .addr = ep->local };
    struct reply   r = { .id = call->id, .kind = REPLY_VALUE, .fd = -1 };

    if (ep->sd >= 0)
        r.value = ep_call(ep, &c, &res);
    else if (peer)
        r.value = -ENOTCONN;
    if (r.value == 0)
        r.addr_len = name_out(&res.addr, ep->domain, &r.addr);
    front->answer(front, &r);
}

/* ---- send and recv -------------------------------------------------------- */

static void do_send(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    if (ep->type == SOCK_STREAM)
        ep_stream_send(ep, front, call);
    else
        ep_gram_send(ep, front, call);
}

static void do_recv(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    if (ep->type == SOCK_STREAM)
        ep_stream_recv(ep, front, call);
    else
        ep_gram_recv(ep, front, call);
}

/* ---- the door -------------------------------------------------------------- */

static call_fn *const calls[CALL_OPS] = {
    [CALL_BIND] = do_bind,         [CALL_LISTEN] = do_listen,
    [CALL_ACCEPT] = ep_accept,     [CALL_CONNECT] = do_connect,
    [CALL_SEND] = do_send,         [CALL_RECV] = do_recv,
    [CALL_SHUTDOWN] = do_shutdown, [CALL_NAME] = do_name,
    [CALL_PEER] = do_name,         [CALL_SETOPT] = ctl_setopt,
    [CALL_GETOPT] = ctl_getopt,    [CALL_IOCTL] = ctl_ioctl,
};

void ctl_call(struct ctl *ctl, struct ctl_front *front,
              const struct call *call)
{
    struct ep *ep;

    INVARIANT(call->op < CALL_OPS && call->len <= CALL_DATA_MAX);
    if (call->op == CALL_SOCKET) {
        do_socket(ctl, front, call);
        return;
    }
    ep = ep_by_ino(ctl, call->sock);
    if (!ep || ep->dead)
        ep_native(front, call->id); /* AF_UNIX and the like: not ours */
    else
        calls[call->op](ep, front, call);
}

static void settle_host(struct ctl *ctl, unsigned host)
{
    int sd;

    while ((sd = ctl->stack.ready_next(ctl->stack.ctx, host)) >= 0) {
        struct ep *ep = ep_by_sd(ctl, host, sd);

        if (!ep)
            continue; /* waits to be accepted */
        if (ep->type == SOCK_STREAM)
            ep_stream_ready(ep);
        else
            ep_gram_ready(ep);
    }
}

static void time_out(struct waiter *w)
{
    list_del(&w->link);
    ep_answer(w->front, w->id,
              w->op == CALL_CONNECT ? -EINPROGRESS : -EAGAIN);
    ep_waiter_free(w);
}

void ctl_settle(struct ctl *ctl, cw_ns now)
{
    for (unsigned host = 1; host <= ctl->hosts; host++)
        settle_host(ctl, host);
    list_each (it, &ctl->timed) {
        struct waiter *w = list_entry(it, struct waiter, timed);

        if (w->deadline <= now)
            time_out(w);
    }
    ep_bury(ctl);
}

cw_ns ctl_next(const struct ctl *ctl)
{
    cw_ns next = NS_NEVER;

    list_each (it, &ctl->timed)
        next = ns_min(next, list_entry(it, struct waiter, timed)->deadline);
    return next;
}

/* ---- for whoever decides when a lab is over -------------------------------- */

unsigned ctl_held(const struct ctl *ctl, const struct ctl_front *front)
{
    unsigned n = 0;

    list_each (e, &ctl->live) {
        const struct ep *ep = list_entry(e, struct ep, link);

        list_each (it, &ep->waiters) {
            const struct waiter *w = list_entry(it, struct waiter, link);

            n += w->front == front && w->deadline == NS_NEVER;
        }
    }
    return n;
}

bool ctl_knows(struct ctl *ctl, uint64_t ino)
{
    return ep_by_ino(ctl, ino) != NULL;
}

bool ctl_serves(const struct ctl *ctl, unsigned host)
{
    list_each (it, &ctl->live) {
        const struct ep *ep = list_entry(it, struct ep, link);

        if (ep->host == host && ep->serves)
            return true;
    }
    return false;
}

unsigned ctl_connected(const struct ctl *ctl, unsigned host)
{
    unsigned n = 0;

    list_each (it, &ctl->live) {
        const struct ep *ep = list_entry(it, struct ep, link);

        n += ep->host == host && ep->type == SOCK_STREAM
            && ep->state & (EP_OPEN | EP_CONNECTING);
    }
    return n;
}
