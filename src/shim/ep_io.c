/* ep_io.c: send() and recv() of a stream that come as calls.
 *
 * Mostly they go on natively once it is sure that the pair's answer is the
 * one TCP would give.  Where it is not (an address on a connected socket,
 * which TCP ignores; MSG_TRUNC, by which TCP throws data away) the call is
 * made here, on a duplicate of the program's end.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- send ---------------------------------------------------------------- */

static void broken_pipe(struct ctl_front *front, uint64_t id, int flags)
{
    struct reply r = { .id = id, .value = -EPIPE, .fd = -1 };

    r.kind = flags & MSG_NOSIGNAL ? REPLY_VALUE : REPLY_SIGPIPE;
    front->answer(front, &r);
}

/* False: there is no room. */
static bool send_now(struct ctl_front *front, const struct waiter *w)
{
    int     flags = (w->flags & MSG_OOB) | MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t n = send(w->prog, w->data, w->len, flags);

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n < 0 && errno == EPIPE)
        broken_pipe(front, w->id, w->flags);
    else
        ep_answer(front, w->id, n < 0 ? -errno : n + (ptrdiff_t)w->room);
    return true;
}

/* Until there is room for what is left of it; room: what has gone. */
static void send_later(struct ep *ep, struct ctl_front *front,
                       const struct call *call, size_t gone)
{
    struct waiter *w = ep_hold(ep, front, call, NULL);

    if (!w)
        return;
    w->room = gone;
    w->prog = fcntl(call->fd, F_DUPFD_CLOEXEC, 0);
    w->len = call->len - (uint32_t)gone;
    w->data = malloc(MAX(w->len, 1u));
    INVARIANT(w->data);
    memcpy(w->data, (const char *)call->data + gone, w->len);
}

static void send_addressed(struct ep *ep, struct ctl_front *front,
                           const struct call *call)
{
    struct waiter now = { .id = call->id,
                          .flags = call->a,
                          .prog = call->fd,
                          .len = call->len,
                          .data = (char *)(uintptr_t)call->data };

    if (send_now(front, &now))
        return;
    if (call->nonblock || call->a & MSG_DONTWAIT)
        ep_answer(front, call->id, -EAGAIN);
    else
        send_later(ep, front, call, 0);
}

/* MSG_FASTOPEN (RFC 7413 §4.2.2): connect() and send() in one.  It waits for
 * the handshake if it may wait, and then sends what did not go with the SYN.
 * The socket of an attempt that failed needs a new pair first, which
 * connect() gives it: there it is as if Fast Open were off. */
static void send_opening(struct ep *ep, struct ctl_front *front,
                         const struct call *call)
{
    bool           waits = !call->nonblock && !(call->a & MSG_DONTWAIT);
    struct wcall   c = { .op = EVC_SEND,
                         .a = CW_MSG_FASTOPEN,
                         .has_addr = true,
                         .in = call->data,
                         .in_len = call->len };
    struct wresult res;
    ptrdiff_t      r = -EOPNOTSUPP;

    if (ep->state != EP_FAILED
        && (call->addr_len < sizeof(sa_family_t)
            || call->addr.ss_family != AF_UNSPEC))
        r = name_in(&call->addr, call->addr_len, ep->domain, &c.addr)
            ?: ep_call(ep, &c, &res);
    if (ep->state != EP_FRESH || (r < 0 && r != -EINPROGRESS)) {
        ep_answer(front, call->id, r);
        return;
    }
    pair_fill(&ep->pair, call->fd); /* not writable before it is open */
    ep->state = EP_CONNECTING;
    ep->polled = !waits;
    if (waits)
        send_later(ep, front, call, (size_t)MAX(r, 0));
    else
        ep_answer(front, call->id, r);
    ep_stream_ready(ep);
}

void ep_writable(struct ep *ep)
{
    list_each (it, &ep->waiters) {
        struct waiter *w = list_entry(it, struct waiter, link);

        if (w->op == CALL_SEND && send_now(w->front, w))
            ep_waiter_free(w);
    }
}

void ep_stream_send(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    int err = ep_take_error(ep, call->fd);

    ep->pair.urgent |= (call->a & MSG_OOB) != 0; /* look out for it */
    if (err)
        ep_answer(front, call->id, -err);
    else if (call->a & MSG_FASTOPEN && !ep->dead && ep->sd >= 0)
        send_opening(ep, front, call);
    else if (ep->state & (EP_FRESH | EP_LISTEN))
        broken_pipe(front, call->id, call->a);
    else if (call->data && call->len > 0)
        send_addressed(ep, front, call);
    else
        ep_native(front, call->id);
}

/* ---- recv ---------------------------------------------------------------- */

static int unread_in(int prog)
{
    int n = 0;

    return ioctl(prog, FIONREAD, &n) < 0 ? 0 : n;
}

static bool throws_away(int flags)
{
    return flags & MSG_TRUNC && !(flags & (MSG_PEEK | MSG_OOB));
}

/* tcp(7), MSG_TRUNC: the bytes are counted, not copied. */
static int64_t throw_away(struct ep *ep, int prog, uint64_t room)
{
    size_t  max = sizeof ep->ctl->buf;
    int64_t done = 0;
    ssize_t n = 1;

    while (n > 0 && (uint64_t)done < room) {
        n = recv(prog, ep->ctl->buf, MIN(max, room - (uint64_t)done),
                 MSG_DONTWAIT);
        done += MAX(n, 0);
    }
    return n < 0 && done == 0 ? -errno : done;
}

static void recv_now(struct ep *ep, struct ctl_front *front,
                     const struct waiter *w)
{
    if (throws_away(w->flags) && w->prog >= 0)
        ep_answer(front, w->id, throw_away(ep, w->prog, w->room));
    else
        ep_native(front, w->id);
}

void ep_readable(struct ep *ep)
{
    struct waiter *w;

    while ((w = ep_waiter(ep, CALL_RECV)) != NULL) {
        recv_now(ep, w->front, w);
        ep_waiter_free(w);
    }
}

static bool must_wait(const struct ep *ep, const struct call *call)
{
    return ep->state == EP_OPEN && !call->nonblock
        && !(call->a & (MSG_DONTWAIT | MSG_OOB)) && !ep->fin_given
        && !ep->shut_rd && unread_in(call->fd) == 0;
}

static void recv_later(struct ep *ep, struct ctl_front *front,
                       const struct call *call)
{
    struct waiter *w = ep_hold(ep, front, call, NULL);

    if (w && throws_away(call->a))
        w->prog = fcntl(call->fd, F_DUPFD_CLOEXEC, 0);
}

void ep_stream_recv(struct ep *ep, struct ctl_front *front,
                    const struct call *call)
{
    struct waiter now = {
        .id = call->id, .flags = call->a, .prog = call->fd, .room = call->room
    };
    int err;

    if (call->a & MSG_ERRQUEUE) { /* a stream tells errors at once */
        ep_answer(front, call->id, -EAGAIN);
        return;
    }
    if (ep->state & (EP_FRESH | EP_LISTEN)) {
        ep_answer(front, call->id,
                  ep->state == EP_FRESH && call->a & MSG_OOB ? -EINVAL
                                                             : -ENOTCONN);
        return;
    }
    if (ep->state & (EP_DEAD | EP_FAILED) && unread_in(call->fd) == 0) {
        err = ep_take_error(ep, call->fd);
        if (err) {
            ep_answer(front, call->id, -err);
            return;
        }
    }
    if (must_wait(ep, call))
        recv_later(ep, front, call);
    else
        recv_now(ep, front, &now);
}
