/* ep_gram.c: datagrams.
 *
 * Up: a connected socket's write() arrives through the pair; sendto() and
 * its like come as calls with their data.  Down: what the stack has goes
 * into the pair at once, so that poll and read work natively; recvfrom()
 * takes it out of the program's end again and finds its source in the
 * pair's record.  An ICMP error is an empty datagram with an error in the
 * record, so that whoever polls wakes up.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* ---- up ------------------------------------------------------------------ */

void ep_gram_up(struct ep *ep)
{
    struct wcall   c = { .op = EVC_SEND, .in = ep->ctl->buf };
    struct wresult res;
    ptrdiff_t      n;

    while ((n = pair_take_gram(&ep->pair, ep->ctl->buf, sizeof ep->ctl->buf))
           >= 0) {
        c.in_len = (size_t)n;
        n = ep_call(ep, &c, &res);
        if (n < 0 && ep->soerr == 0 && n != -EAGAIN)
            ep->soerr = (int)-n; /* write() has returned: tell it later */
    }
}

void ep_gram_send(struct ep *ep, struct ctl_front *front,
                  const struct call *call)
{
    struct wcall   c = { .op = EVC_SEND,
                         .in = call->data,
                         .in_len = call->len,
                         .anc = call->anc };
    struct wresult res;
    int            err;

    ep_gram_up(ep); /* what was written before keeps its place */
    err = ep_gram_take_error(ep, call->fd);
    if (err) {
        ep_answer(front, call->id, -err);
        return;
    }
    if (call->a & MSG_OOB && ep->domain == AF_INET)
        c.a = CW_MSG_OOB; /* which is refused */
    if (call->addr_len) {
        int r = name_in_gram(&call->addr, call->addr_len, ep->domain,
                             &c.addr);

        if (r < 0) {
            ep_answer(front, call->id, r);
            return;
        }
        c.has_addr = true;
    }
    ep_answer(front, call->id, ep_call(ep, &c, &res));
}

/* ---- down ---------------------------------------------------------------- */

struct gram {
    ptrdiff_t          len; /* or -errno */
    struct cw_sockaddr from;
    struct cw_anc      anc;
};

static struct gram from_stack(struct ep *ep)
{
    struct wcall   c = { .op = EVC_RECV,
                         .out = ep->ctl->buf,
                         .out_len = sizeof ep->ctl->buf };
    struct wresult res;
    struct gram    g;

    g.len = ep_call(ep, &c, &res);
    g.from = res.addr;
    g.anc = res.anc;
    return g;
}

static enum told tell_gram(struct ep *ep, struct ctl_front *front,
                           const struct waiter *to, const struct gram *g)
{
    struct reply r = {
        .id = to->id, .kind = REPLY_VALUE, .fd = -1, .data = ep->ctl->buf
    };
    size_t len = (size_t)g->len;

    if (g->len < 0) {
        r.value = g->len;
        return front->answer(front, &r);
    }
    r.len = (uint32_t)MIN((uint64_t)len, to->room);
    r.truncated = r.len < len;
    r.value = to->flags & MSG_TRUNC ? (int64_t)len : r.len;
    r.addr_len = name_out(&g->from, ep->domain, &r.addr);
    r.anc = g->anc;
    return front->answer(front, &r);
}

void ep_gram_give(struct ep *ep, const struct pair_item *item)
{
    /* Refused: the program has closed, or is out of memory: dropped, as a
     * full receive buffer drops. */
    if (ep->pair.s >= 0)
        (void)pair_give_gram(&ep->pair, ep->ctl->buf,
                             item->err ? 0 : item->bytes, item);
}

static struct pair_item item_of(const struct gram *g)
{
    struct pair_item item = { .from = g->from, .anc = g->anc };

    if (g->len < 0)
        item.err = (int)-g->len;
    else
        item.bytes = (uint32_t)g->len;
    return item;
}

static void into_pair(struct ep *ep, const struct gram *g)
{
    struct pair_item item = item_of(g);

    /* One error is pending at a time. */
    if (item.err && pair_change_error(&ep->pair, item.err))
        return;
    ep_gram_give(ep, &item);
}

/* An answer that is on its way is remembered until it has arrived. */
static bool is_told(struct ep *ep, struct ctl_front *front,
                    const struct waiter *to, const struct gram *g)
{
    enum told        told = tell_gram(ep, front, to, g);
    struct pair_item item = item_of(g);

    if (told == TOLD_SENT && !(to->flags & MSG_PEEK))
        ep_sent_gram(ep, front, to->id, &item);
    return told != TOLD_GONE;
}

static bool serve_waiter(struct ep *ep, const struct gram *g)
{
    struct waiter *w;
    bool           taken = false;

    while (!taken && (w = ep_waiter(ep, CALL_RECV)) != NULL) {
        taken = is_told(ep, w->front, w, g) && !(w->flags & MSG_PEEK);
        ep_waiter_free(w);
    }
    return taken;
}

void ep_gram_ready(struct ep *ep)
{
    struct gram g;

    if (ep->soerr && ep_waiter_any(ep, CALL_RECV)) {
        g = (struct gram){ .len = -ep->soerr };
        if (serve_waiter(ep, &g))
            ep->soerr = 0;
    }
    while (!ep->shut_rd && pair_room(&ep->pair) > 0) {
        g = from_stack(ep);
        if (g.len == -EAGAIN || ep->dead)
            return;
        if (!serve_waiter(ep, &g))
            into_pair(ep, &g);
    }
}

/* From now on receiving answers 0 at once, after what is there already. */
void ep_gram_shut(struct ep *ep)
{
    ep_gram_ready(ep);
    ep->shut_rd = true;
    pair_fin(&ep->pair);
    ep_answer_all(ep, CALL_RECV, 0);
}

void ep_gram_event(struct ep *ep, uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLRDHUP))
        ep->pair.hung = true;
    ep_gram_up(ep);
    if (events & EPOLLHUP) {
        ep_free(ep);
        return;
    }
    ep_gram_ready(ep);
}

/* ---- recvfrom() ---------------------------------------------------------- */

/* What stands for an error that was told goes, as soon as it is the oldest:
 * whoever polls should not wake up for it. */
static const struct pair_item *oldest(struct ep *ep, int prog)
{
    const struct pair_item *it;
    char                    c;

    for (;;) {
        pair_unread(&ep->pair);
        it = pair_oldest(&ep->pair);
        if (!it || it->err != PAIR_TOLD
            || recv(prog, &c, 1, MSG_DONTWAIT) != 0)
            return it;
    }
}

int ep_gram_take_error(struct ep *ep, int prog)
{
    int err = ep_take_error(ep, -1);

    pair_unread(&ep->pair);
    if (err == 0)
        err = pair_take_error(&ep->pair);
    (void)oldest(ep, prog);
    return err;
}

/* The oldest datagram in the pair, out of the program's end. */
static bool out_of_pair(struct ep *ep, const struct call *call,
                        struct gram *g)
{
    const struct pair_item *it = oldest(ep, call->fd);
    int                     flags = MSG_DONTWAIT | (call->a & MSG_PEEK);

    if (!it)
        return false;
    *g = (struct gram){ .from = it->from, .anc = it->anc };
    g->len = recv(call->fd, ep->ctl->buf, sizeof ep->ctl->buf, flags);
    pair_unread(&ep->pair);
    return g->len >= 0; /* else another thread was quicker */
}

static void put_back(struct ep *ep, const struct gram *g, int flags)
{
    if (!(flags & MSG_PEEK))
        into_pair(ep, g); /* at the end: datagrams may change places */
}

static void recv_datagram(struct ep *ep, struct ctl_front *front,
                          const struct call *call)
{
    struct waiter to = { .id = call->id,
                         .flags = call->a,
                         .room = call->room };
    struct gram   g;
    int           err = ep_gram_take_error(ep, call->fd);

    if (err) {
        ep_answer(front, call->id, -err);
    } else if (out_of_pair(ep, call, &g)) {
        if (!is_told(ep, front, &to, &g))
            put_back(ep, &g, call->a);
        ep_gram_ready(ep);
    } else if (ep->shut_rd) {
        ep_answer(front, call->id, 0);
    } else if (call->nonblock || call->a & MSG_DONTWAIT) {
        ep_answer(front, call->id, -EAGAIN);
    } else {
        ep_hold(ep, front, call, NULL);
    }
}

/* The oldest error message.  What stood for it in the pair goes; what is
 * pending then (the next one's) comes again. */
static void recv_error(struct ep *ep, struct ctl_front *front,
                       const struct call *call)
{
    struct wcall   c = { .op = EVC_RECV,
                         .a = CW_MSG_ERRQUEUE,
                         .out = ep->ctl->buf,
                         .out_len = sizeof ep->ctl->buf };
    struct waiter  to = { .id = call->id, .room = call->room };
    struct wresult res;
    struct gram    g = { .len = ep->dead ? -EAGAIN : ep_call(ep, &c, &res) };

    if (g.len < 0) {
        ep_answer(front, call->id, g.len);
        return;
    }
    g.from = res.addr;
    g.anc = res.anc;
    (void)tell_gram(ep, front, &to, &g);
    (void)ep_gram_take_error(ep, call->fd);
    ep_gram_ready(ep);
}

void ep_gram_recv(struct ep *ep, struct ctl_front *front,
                  const struct call *call)
{
    if (call->a & MSG_ERRQUEUE)
        recv_error(ep, front, call);
    else
        recv_datagram(ep, front, call);
}
