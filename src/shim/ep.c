/* ep.c: endpoints: birth, finding, retirement, death.
 *
 * Owns the tables.  An endpoint that ends stays in memory until the end of
 * the turn, since events of the same turn may still name it.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <stdio.h>
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
    list_each (it, ino_slot(ctl, ino)) {
        struct ep *ep = list_entry(it, struct ep, by_ino);

        if (ep->ino == ino)
            return ep;
    }
    return NULL;
}

struct ep *ep_by_sd(struct ctl *ctl, unsigned host, int sd)
{
    list_each (it, sd_slot(ctl, host, sd)) {
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
    ep->src = (struct loop_src){ .fd = -1, .ready = on_event };
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

void ep_unwatch(struct ep *ep)
{
    if (ep->src.fd >= 0)
        loop_unwatch(ep->ctl->loop, &ep->src);
    ep->src.fd = -1;
}

static void set_ino(struct ep *ep, uint64_t ino)
{
    struct ep *stale = ep_by_ino(ep->ctl, ino);

    if (stale && stale != ep)
        ep_free(stale); /* retired long ago: the number has come round */
    ep->ino = ino;
    list_del(&ep->by_ino);
    list_push_back(ino_slot(ep->ctl, ino), &ep->by_ino);
}

int ep_pair(struct ep *ep, bool nonblock)
{
    uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    int      prog, r;

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
    set_ino(ep, mem_inode(prog));
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
    list_each (it, &ep->returned)
        ep_free(list_entry(it, struct ep, queued));
    ep_unwatch(ep);
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

    if (ctl->nretired >= ctl->sweep_at)
        ep_sweep(ctl);
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

void ep_park(struct ep *ep)
{
    struct ctl *ctl = ep->ctl;

    INVARIANT(ep->src.fd < 0 && ep->pair.s < 0 && !ep->retired);
    if (!ep->undelivered)
        drop_prog(ep);
    ep->retired = true;
    list_del(&ep->link);
    list_push_back(&ctl->retired, &ep->link);
    ctl->nretired++;
}

void ep_retire(struct ep *ep)
{
    remember_names(ep);
    drop_sd(ep);
    ep->state = EP_DEAD;
    ep_park(ep);
}

static void unpark(struct ep *ep)
{
    ep->retired = false;
    ep->ctl->nretired--;
    list_del(&ep->link);
    list_push_back(&ep->ctl->live, &ep->link);
}

bool ep_renew(struct ep *ep, struct ctl_front *front, const struct call *call,
              enum reply_kind how, int64_t value)
{
    struct reply r = { .id = call->id, .kind = (uint8_t)how, .value = value };
    uint64_t     old = ep->ino;
    bool         told;

    INVARIANT(ep->retired && ep->sd >= 0);
    r.fd = ep_pair(ep, call->nonblock);
    if (r.fd < 0) {
        ep_answer(front, call->id, r.fd);
        return false;
    }
    unpark(ep);
    ep_set_owner(ep, ep->pid);
    pair_fill(&ep->pair, r.fd);
    told = front->answer(front, &r) != TOLD_GONE;
    close(r.fd);
    if (!told) { /* the program still has the old one */
        ep_unwatch(ep);
        pair_end(&ep->pair);
        set_ino(ep, old);
        ep_park(ep);
    }
    return told;
}

/* ---- those that nobody says are closed ----------------------------------- */

static bool inode_of_line(const char *line, uint64_t *ino)
{
    unsigned long long n;

    *ino = 0;
    if (sscanf(line, "%*s %*s %*s %*s %*s %*s %llu", &n) != 1)
        return false;
    *ino = n;
    return true;
}

/* The kernel's list of all sockets of this kind. */
void ep_sweep(struct ctl *ctl)
{
    FILE    *f = fopen("/proc/net/unix", "re");
    char     line[256];
    uint64_t ino;

    list_each (it, &ctl->retired)
        list_entry(it, struct ep, link)->closed = f != NULL;
    while (f && fgets(line, sizeof line, f)) {
        struct ep *ep = inode_of_line(line, &ino) ? ep_by_ino(ctl, ino)
                                                  : NULL;

        if (ep)
            ep->closed = false;
    }
    if (f)
        fclose(f);
    list_each (it, &ctl->retired) {
        struct ep *ep = list_entry(it, struct ep, link);

        if (ep->closed || (!f && ctl->nretired > EP_RETIRED_MAX))
            ep_free(ep); /* oldest first */
    }
    ctl->sweep_at = MAX(2 * ctl->nretired, (unsigned)EP_SWEEP_FROM);
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
