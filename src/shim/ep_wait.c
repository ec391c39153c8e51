/* ep_wait.c: answers to calls, and calls that are held until something
 * happens.
 *
 * A held call whose caller was interrupted is found out when its answer
 * cannot be delivered (TOLD_GONE), or cancelled by the front end as soon as
 * the same thread calls again.
 */
#include "shim/ep.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum told ep_answer(struct ctl_front *front, uint64_t id, int64_t value)
{
    struct reply r = {
        .id = id, .kind = REPLY_VALUE, .value = value, .fd = -1
    };

    return front->answer(front, &r);
}

enum told ep_native(struct ctl_front *front, uint64_t id)
{
    struct reply r = { .id = id, .kind = REPLY_NATIVE, .fd = -1 };

    return front->answer(front, &r);
}

struct waiter *ep_hold(struct ep *ep, struct ctl_front *front,
                       const struct call        *call,
                       const struct cw_sockaddr *addr)
{
    struct waiter *w = calloc(1, sizeof *w);

    if (!w) {
        ep_answer(front, call->id, -ENOMEM);
        return NULL;
    }
    w->prog = -1;
    w->front = front;
    w->id = call->id;
    w->op = call->op;
    w->flags = call->a;
    w->pid = call->pid;
    w->fdflags = call->fdflags;
    w->room = call->room;
    w->deadline = NS_NEVER;
    if (addr)
        w->addr = *addr;
    list_init(&w->timed);
    list_push_back(&ep->waiters, &w->link);
    if (call->timeout_ns > 0) {
        w->deadline = ns_add(loop_now(ep->ctl->loop), call->timeout_ns);
        list_push_back(&ep->ctl->timed, &w->timed);
    }
    return w;
}

void ep_waiter_free(struct waiter *w)
{
    list_del(&w->link);
    list_del(&w->timed);
    if (w->prog >= 0)
        close(w->prog);
    free(w->data);
    free(w);
}

struct waiter *ep_waiter(struct ep *ep, int op)
{
    list_each (it, &ep->waiters) {
        struct waiter *w = list_entry(it, struct waiter, link);

        if (w->op == op || op == CALL_OPS) {
            list_del(&w->link);
            return w;
        }
    }
    return NULL;
}

void ep_answer_all(struct ep *ep, int op, int64_t value)
{
    struct waiter *w;

    while ((w = ep_waiter(ep, op)) != NULL) {
        ep_answer(w->front, w->id, value);
        ep_waiter_free(w);
    }
}

void ep_native_all(struct ep *ep, int op)
{
    struct waiter *w;

    while ((w = ep_waiter(ep, op)) != NULL) {
        ep_native(w->front, w->id);
        ep_waiter_free(w);
    }
}

bool ep_waiter_any(const struct ep *ep, int op)
{
    list_each (it, &ep->waiters)
        if (list_entry(it, struct waiter, link)->op == op)
            return true;
    return false;
}
