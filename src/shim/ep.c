/* ep.c: endpoints: birth, finding, retirement, death.
 *
 * Owns the tables.  An endpoint that ends stays in memory until the end of
 * the turn, since events of the same turn may still name it.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void on_event(struct loop_src *src, uint32_t events)
{
    struct ep *ep = container_of(src, struct ep, src);

    if (ep->dead)
        return;
    if (ep->type == SOCK_STREAM)
        ep_stream_event(ep, events);
    else
        ep_gram_event(ep, events);
}

static struct list *ino_slot(struct ctl *ctl, uint64_t ino)
{
    return &ctl->by_ino[ino % EP_HASH];
}

static struct list *sd_slot(struct ctl *ctl, unsigned host, int sd)
{
    return &ctl->by_sd[((unsigned)sd * 31u + host) % EP_HASH];
}

struct ep *ep_by_ino(struct ctl *ctl, uint64_t ino)
{
    list_each(it, ino_slot(ctl, ino))
    {
        struct ep *ep = list_entry(it, struct ep, by_ino);

        if (ep->ino == ino)
            return ep;
    }
    return NULL;
}

struct ep *ep_by_sd(struct ctl *ctl, unsigned host, int sd)
{
    list_each(it, sd_slot(ctl, host, sd))
    {
        struct ep *ep = list_entry(it, struct ep, by_sd);

        if (ep->sd == sd && ep->host == host)
            return ep;
    }
    return NULL;
}

struct ep *ep_new(struct ctl *ctl, struct ctl_front *front, int sd)
{
    struct ep *ep = calloc(1, sizeof *ep);

    if (!ep)
        return NULL;
    INVARIANT(sd >= 0);
    ep->src = (struct loop_src){ -1, on_event };
    ep->pair.s = -1;
    ep->ctl = ctl;
    ep->front = front;
    ep->host = front->host;
    ep->sd = sd;
    ep->prog = -1;
    ep->state = EP_FRESH;
    list_init(&ep->by_ino);
    list_init(&ep->queued);
    list_init(&ep->waiters);
    list_init(&ep->returned);
    list_push_back(sd_slot(ctl, ep->host, sd), &ep->by_sd);
    list_push_back(&ctl->live, &ep->link);
    return ep;
}

static void unwatch(struct ep *ep)
{
    if (ep->src.fd >= 0)
        loop_unwatch(ep->ctl->loop, &ep->src);
    ep->src.fd = -1;
}

int ep_pair(struct ep *ep, bool nonblock)
{
    uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    struct ep *stale;
    int        prog, r;

    INVARIANT(ep->pair.s < 0);
    prog = pair_open(&ep->pair, ep->type, nonblock);
    if (prog < 0)
        return prog;
    ep->src.fd = ep->pair.s;
    r = loop_watch(ep->ctl->loop, &ep->src, events);
    if (r < 0) {
        ep->src.fd = -1;
        pair_end(&ep->pair);
        close(prog);
        return r;
    }
    ep->ino = mem_inode(prog);
    stale = ep_by_ino(ep->ctl, ep->ino);
    if (stale && stale != ep)
        ep_free(stale); /* retired long ago: the number has come round */
    list_del(&ep->by_ino);
    list_push_back(ino_slot(ep->ctl, ep->ino), &ep->by_ino);
    return prog;
}

static void drop_sd(struct ep *ep)
{
    if (ep->sd < 0)
        return;
    ep_op(ep, EVC_CLOSE, 0);
    list_del(&ep->by_sd);
    ep->sd = -1;
}

static void drop_prog(struct ep *ep)
{
    if (ep->prog >= 0)
        close(ep->prog);
    ep->prog = -1;
}

/* Answers to nobody in particular: an endpoint that dies takes its waiters
 * along. */
void ep_free(struct ep *ep)
{
    if (ep->dead)
        return;
    ep->dead = true;
    ep_sent_forget(ep);
    ep_answer_all(ep, CALL_OPS, -EBADF);
    list_each(it, &ep->returned)
        ep_free(list_entry(it, struct ep, queued));
    unwatch(ep);
    pair_end(&ep->pair);
    drop_prog(ep);
    drop_sd(ep);
    if (ep->retired)
        ep->ctl->nretired--;
    list_del(&ep->by_ino);
    list_del(&ep->queued);
    list_del(&ep->link);
    list_push_back(&ep->ctl->grave, &ep->link);
}

void ep_bury(struct ctl *ctl)
{
    struct list *n;

    while ((n = list_pop(&ctl->grave)) != NULL) {
        struct ep *ep = list_entry(n, struct ep, link);

        INVARIANT(ep->sd < 0 && ep->src.fd < 0);
        free(ep);
    }
}

static void remember_names(struct ep *ep)
{
    struct wcall   c = { .op = EVC_GETSOCKNAME };
    struct wresult res;

    if (ep->sd < 0)
        return;
    if (ep_call(ep, &c, &res) >= 0)
        ep->local = res.addr;
    c = (struct wcall){ .op = EVC_GETPEERNAME };
    if (ep_call(ep, &c, &res) >= 0)
        ep->peer = res.addr;
}

void ep_retire(struct ep *ep)
{
    struct ctl *ctl = ep->ctl;

    INVARIANT(ep->pair.s < 0 && !ep->retired);
    unwatch(ep);
    if (!ep->undelivered)
        drop_prog(ep);
    remember_names(ep);
    drop_sd(ep);
    ep->state = EP_DEAD;
    ep->retired = true;
    list_del(&ep->link);
    list_push_back(&ctl->retired, &ep->link);
    if (++ctl->nretired > EP_RETIRED_MAX)
        ep_free(list_entry(list_first(&ctl->retired), struct ep, link));
}

ptrdiff_t ep_call(struct ep *ep, struct wcall *call, struct wresult *res)
{
    struct ctl *ctl = ep->ctl;

    INVARIANT(ep->sd >= 0);
    *res = (struct wresult){ .ret = 0 };
    call->sd = ep->sd;
    return ctl->stack.call(ctl->stack.ctx, ep->host, call, res);
}

ptrdiff_t ep_op(struct ep *ep, int op, int a)
{
    struct wcall   c = { .op = (uint8_t)op, .a = a };
    struct wresult res;

    return ep_call(ep, &c, &res);
}

void ep_set_owner(struct ep *ep, int32_t pid)
{
    struct wcall   c = { .op = EVC_SET_OWNER, .u = ep->ino };
    struct wresult res;

    ep->pid = pid;
    if (ep->sd >= 0)
        ep_call(ep, &c, &res);
}
