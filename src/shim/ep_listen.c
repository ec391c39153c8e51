/* ep_listen.c: listening, and handing connections over.
 *
 * While connections wait, bytes lie in the program's end so that poll says
 * POLLIN; one more for each arrival, so that edge-triggered programs hear of
 * it.  A connection stays with the stack until somebody accepts it, and goes
 * back to the head of the queue if that caller was interrupted.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOKENS_MAX = 128 };

static bool waiting(struct ep *ep)
{
    struct ctl *ctl = ep->ctl;

    return !list_empty(&ep->returned)
        || (ctl->stack.ready(ctl->stack.ctx, ep->host, ep->sd) & CW_POLLIN);
}

static void put_token(struct ep *ep)
{
    if (ep->tokens < TOKENS_MAX
        && send(ep->pair.s, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
        ep->tokens++;
}

/* Before the answer, or the program could poll a stale POLLIN.  Tokens are
 * not connections: several that arrived together left one.  So the last
 * token stays while anybody waits. */
static void take_token(struct ep *ep, int prog)
{
    char c;

    while (ep->tokens > (waiting(ep) ? 1 : 0) && prog >= 0) {
        if (recv(prog, &c, 1, MSG_DONTWAIT) != 1)
            break;
        ep->tokens--;
    }
}

/* The next connection as an endpoint with its program's end in ->prog, or
 * NULL and *err. */
static struct ep *next_connection(struct ep *ep, struct ctl_front *front,
                                  int *err)
{
    struct list *n = list_pop(&ep->returned);
    struct ep   *child;
    ptrdiff_t    sd;

    if (n)
        return list_entry(n, struct ep, queued);
    sd = ep_op(ep, EVC_ACCEPT, 0);
    if (sd < 0) {
        *err = (int)sd;
        return NULL;
    }
    child = ep_new(ep->ctl, front, (int)sd);
    INVARIANT(child);
    child->domain = ep->domain;
    child->type = ep->type;
    child->protocol = ep->protocol;
    child->prog = ep_pair(child, false);
    if (child->prog < 0) {
        *err = child->prog;
        ep_free(child);
        return NULL;
    }
    child->state = EP_OPEN;
    child->undelivered = true;
    return child;
}

void ep_delivered(struct ep *child)
{
    INVARIANT(child->undelivered);
    close(child->prog);
    child->prog = -1; /* now the program alone holds it */
    child->undelivered = false;
    ep_up(child);
    if (!child->dead && child->state == EP_OPEN)
        ep_down(child);
}

void ep_accept_undo(struct ep *listener, struct ep *ep)
{
    if (!listener || listener->dead || listener->state != EP_LISTEN) {
        ep_free(ep);
        return;
    }
    list_push_front(&listener->returned, &ep->queued);
    put_token(listener); /* its own may have been taken */
}

static enum told hand_over(struct ep *ep, struct ep *child,
                           struct ctl_front *front, const struct waiter *to)
{
    struct reply   r = { .id = to->id,
                         .kind = REPLY_FD,
                         .fdflags = to->fdflags,
                         .fd = child->prog };
    struct wcall   c = { .op = EVC_GETPEERNAME };
    struct wresult res = { .addr = child->peer };
    enum told      told;
    int            fl = fcntl(child->prog, F_GETFL);

    if (child->sd >= 0) /* else it was reset while it waited */
        ep_call(child, &c, &res);
    r.addr_len = name_out(&res.addr, child->domain, &r.addr);
    if (to->fdflags & O_NONBLOCK)
        fl |= O_NONBLOCK;
    else
        fl &= ~O_NONBLOCK;
    fcntl(child->prog, F_SETFL, fl);
    told = front->answer(front, &r);
    if (told == TOLD_GONE) {
        ep_accept_undo(ep, child);
        return told;
    }
    ep_set_owner(child, to->pid);
    if (told == TOLD)
        ep_delivered(child);
    else
        ep_sent_accept(ep, child, front, to->id);
    return told;
}

void ep_accept(struct ep *ep, struct ctl_front *front,
               const struct call *call)
{
    struct waiter to = { .id = call->id,
                         .fdflags = call->fdflags,
                         .pid = call->pid };
    struct ep    *child;
    int           err = 0;

    if (ep->state != EP_LISTEN) {
        ep_answer(front, call->id,
                  ep->type == SOCK_STREAM ? -EINVAL : -EOPNOTSUPP);
        return;
    }
    child = next_connection(ep, front, &err);
    if (!child && err == -EAGAIN && !call->nonblock) {
        ep_hold(ep, front, call, NULL);
        return;
    }
    take_token(ep, call->fd);
    if (!child)
        ep_answer(front, call->id, err);
    else
        hand_over(ep, child, front, &to);
}

static void serve_waiters(struct ep *ep)
{
    struct waiter *w;
    struct ep     *child;
    int            err = 0;

    while (ep_waiter_any(ep, CALL_ACCEPT) && waiting(ep)) {
        w = ep_waiter(ep, CALL_ACCEPT);
        child = next_connection(ep, w->front, &err);
        if (child)
            hand_over(ep, child, w->front, w);
        else
            ep_answer(w->front, w->id, err);
        ep_waiter_free(w);
    }
}

void ep_listen_ready(struct ep *ep)
{
    serve_waiters(ep);
    if (!ep->dead && ep->state == EP_LISTEN && waiting(ep))
        put_token(ep);
}

void ep_listen_close(struct ep *ep)
{
    ep_answer_all(ep, CALL_ACCEPT, -EINVAL);
    list_each (it, &ep->returned)
        ep_free(list_entry(it, struct ep, queued));
}
