/* ep_stream.c: a stream's bytes, beginnings and ends.
 *
 * Up, from the program: only as much as the send queue has room for, so that
 * what the stack cannot take stays in the pair and stops the program.  Down,
 * to the program: only as much as the pair surely takes, so that the rest
 * stays in the stack and closes the window; what lies unread in the pair is
 * told to the stack (EVC_HELD), which takes it off the window as well.
 */
#include "shim/ep.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELD_STEP = 4096 }; /* smaller changes are not worth a call */

static void tell_held(struct ep *ep)
{
    struct wcall   c = { .op = EVC_HELD };
    struct wresult res;
    size_t         n = pair_unread(&ep->pair);
    size_t         diff = n > ep->held ? n - ep->held : ep->held - n;

    /* But nothing must not be taken for unread data at the end. */
    if (diff == 0 || (diff < HELD_STEP && n > 0))
        return;
    ep->held = n;
    c.u = n;
    ep_call(ep, &c, &res);
}

/* Our end hangs up now, although the program has not closed.  If the peer has
 * ended, too, the pair has done its service.  Else the program's end is held
 * until the event of this has come, so that the next one can only be the
 * close (see hung_up()). */
void ep_both_shut(struct ep *ep, int prog)
{
    if (!ep->shut_wr || ep->pair.s < 0)
        return;
    if (ep->fin_given) {
        ep_unwatch(ep);
        if (pair_detach(&ep->pair))
            return;
    }
    if (!ep->shut_rd || prog < 0 || ep->prog >= 0)
        return;
    ep->prog = fcntl(prog, F_DUPFD_CLOEXEC, 0);
    if (ep->prog >= 0)
        loop_rewatch(ep->ctl->loop, &ep->src, EPOLLET);
}

/* FIN both ways: TCP has no more to say to the program. */
static void maybe_over(struct ep *ep)
{
    if (!ep->fin_given || !ep->eof_taken || ep->retired)
        return;
    ep_unwatch(ep);
    pair_end(&ep->pair);
    tell_held(ep); /* the program can still read what TCP has done with */
    if (ep->closed)
        ep_free(ep);
    else
        ep_retire(ep);
}

void ep_fail(struct ep *ep, int err)
{
    INVARIANT(err > 0 && !ep->dead);
    if (ep->closed) {
        ep_free(ep);
        return;
    }
    ep->soerr = err;
    ep_unwatch(ep);
    /* After its own FIN came a reset: reads still give 0 (as on Linux). */
    ep->pair_err = !ep->fin_given && ep->pair.left;
    if (ep->fin_given)
        pair_end(&ep->pair);
    else
        pair_reset(&ep->pair);
    if (ep_waiter_any(ep, CALL_RECV)) {
        ep->soerr = 0;
        ep_answer_all(ep, CALL_RECV, -err);
    }
    ep_retire(ep);
}

int ep_take_error(struct ep *ep, int prog)
{
    int       err = ep->soerr, own = 0;
    socklen_t len = sizeof own;

    ep->soerr = 0;
    if (!err || !ep->pair_err || prog < 0)
        return err;
    /* The pair's own stands for the same; has a native read() told it? */
    (void)getsockopt(prog, SOL_SOCKET, SO_ERROR, &own, &len);
    return own ? err : 0;
}

static void give(struct ep *ep, size_t n, bool urgent)
{
    ptrdiff_t r = pair_give(&ep->pair, ep->ctl->buf, n, urgent);

    /* Not taken: the program shut down reading, or closed; TCP discards
     * what comes then, too. */
    INVARIANT(r == (ptrdiff_t)n || r == -EPIPE || r == -ECONNRESET);
}

static struct cw_queues queues_of(const struct ep *ep)
{
    struct cw_queues q = { .send_room = 0 };
    struct ctl      *ctl = ep->ctl;

    (void)ctl->stack.queues(ctl->stack.ctx, ep->host, ep->sd, &q);
    return q;
}

static unsigned stack_ready(const struct ep *ep)
{
    return ep->ctl->stack.ready(ep->ctl->stack.ctx, ep->host, ep->sd);
}

/* One piece from the stack to the program; as recv() answers.  Reading stops
 * before an urgent octet, which is then fetched by itself. */
static ptrdiff_t down_one(struct ep *ep, size_t room)
{
    struct wcall c = { .op = EVC_RECV, .out = ep->ctl->buf, .out_len = room };
    struct wresult res;
    bool      urgent = stack_ready(ep) & CW_POLLPRI && queues_of(ep).at_mark;
    ptrdiff_t n;

    c.a = urgent ? CW_MSG_OOB : 0;
    n = ep_call(ep, &c, &res);
    if (n > 0)
        give(ep, (size_t)n, urgent);
    return n;
}

static void down_end(struct ep *ep)
{
    ep->fin_given = true;
    pair_fin(&ep->pair);
    ep_readable(ep);
    ep_both_shut(ep, -1);
    maybe_over(ep);
}

void ep_down(struct ep *ep)
{
    ptrdiff_t n = 1;
    size_t    room = 0;
    bool      gave = false;

    if (ep->state != EP_OPEN || ep->closed)
        return;
    while (n > 0 && !ep->fin_given) {
        room = pair_room(&ep->pair);
        if (room == 0)
            break;
        n = down_one(ep, room);
        gave |= n > 0;
    }
    tell_held(ep);
    if (gave)
        ep_readable(ep);
    if (n == 0)
        down_end(ep);
    else if (n < 0 && n != -EAGAIN)
        ep_fail(ep, (int)-n);
}

static size_t send_room(const struct ep *ep)
{
    return MIN(queues_of(ep).send_room, sizeof ep->ctl->buf);
}

/* The program shut down writing or closed, and all it wrote was sent. */
static void end_of_program(struct ep *ep)
{
    ep->eof_taken = true;
    if (ep->closed) {
        ep_free(ep); /* EVC_CLOSE: a FIN after what is queued */
        return;
    }
    ep_op(ep, EVC_SHUTDOWN, CW_SHUT_WR);
    maybe_over(ep);
}

void ep_up(struct ep *ep)
{
    struct wcall   c = { .op = EVC_SEND, .in = ep->ctl->buf };
    struct wresult res;

    while (ep->state == EP_OPEN && !ep->eof_taken) {
        bool      urgent;
        ptrdiff_t n = pair_take(&ep->pair, ep->ctl->buf, send_room(ep),
                                &urgent);

        if (n == PAIR_NOTHING)
            return;
        if (n == PAIR_EOF) {
            end_of_program(ep);
            return;
        }
        c.in_len = (size_t)n;
        c.a = urgent ? CW_MSG_OOB : 0;
        n = ep_call(ep, &c, &res);
        if (n < 0 && n != -EAGAIN) {
            ep_fail(ep, (int)-n);
            return;
        }
        n = MAX(n, 0);
        ep_writable(ep);
        if ((size_t)n < c.in_len) { /* out of memory: later */
            pair_untake(&ep->pair, ep->ctl->buf + n, c.in_len - (size_t)n);
            return;
        }
    }
}

void ep_opened(struct ep *ep)
{
    ep->state = EP_OPEN;
    pair_unfill(&ep->pair);
    ep_up(ep);
    if (!ep->dead && ep->state == EP_OPEN)
        ep_down(ep);
}

/* ---- a connect() that is under way -------------------------------------- */

/* It may be tried again, for which a new pair is needed. */
static void failed(struct ep *ep)
{
    ep_unwatch(ep);
    ep->pair_err = true;
    pair_reset(&ep->pair);
    ep->pair.filler = 0;
    ep->state = EP_FAILED;
    ep_park(ep);
}

static void connect_failed(struct ep *ep)
{
    struct wcall   c = { .op = EVC_CONNECT, .has_addr = true };
    struct wresult res;
    struct waiter *w;
    enum told      told = TOLD_GONE;
    ptrdiff_t      r = ep_call(ep, &c, &res); /* asks how it went */

    INVARIANT(r < 0 && r != -EALREADY);
    while ((w = ep_waiter(ep, CALL_CONNECT)) != NULL) {
        told = ep_answer(w->front, w->id, r);
        if (told == TOLD_SENT && !ep->polled)
            ep_sent_connect(ep, w->front, w->id, (int)-r);
        ep_waiter_free(w);
    }
    if (ep_waiter_any(ep, CALL_SEND)) { /* MSG_FASTOPEN */
        ep_answer_all(ep, CALL_SEND, r);
        told = TOLD;
    }
    ep->untold = told == TOLD_GONE;
    ep->soerr = ep->untold ? (int)-r : 0;
    if (ep->untold || ep->polled) {
        failed(ep);
        return;
    }
    ep->state = EP_FRESH; /* it may try again on the same pair */
    if (told == TOLD)
        pair_unfill(&ep->pair);
}

void ep_connect_untold(struct ep *ep, int err)
{
    if (ep->state != EP_FRESH)
        return; /* it tried again meanwhile */
    ep->soerr = err;
    ep->untold = true;
    failed(ep);
}

void ep_disconnect(struct ep *ep)
{
    struct wcall   c = { .op = EVC_CONNECT };
    struct wresult res;

    if (ep->state & (EP_FRESH | EP_FAILED | EP_DEAD))
        return;
    if (ep->state == EP_LISTEN)
        ep_listen_close(ep);
    ep->serves = false;
    ep_answer_all(ep, CALL_CONNECT, -ECONNABORTED);
    ep_answer_all(ep, CALL_RECV, -ECONNRESET);
    ep_answer_all(ep, CALL_SEND, -ECONNRESET);
    ep_call(ep, &c, &res);
    ep->soerr = ep->state == EP_OPEN ? ECONNRESET : 0;
    ep->untold = false;
    ep->shut_rd = ep->shut_wr = ep->fin_given = ep->eof_taken = false;
    failed(ep);
}

static void connect_done(struct ep *ep)
{
    struct wcall   c = { .op = EVC_CONNECT, .has_addr = true };
    struct wresult res;
    struct waiter *w;

    ep_opened(ep);
    if (!ep->dead)
        ep_writable(ep); /* what MSG_FASTOPEN has left */
    while (!ep->dead && (w = ep_waiter(ep, CALL_CONNECT)) != NULL) {
        c.addr = w->addr;
        ep_answer(w->front, w->id, ep->sd < 0 ? 0 : ep_call(ep, &c, &res));
        ep_waiter_free(w);
    }
}

/* What neither direction would notice: a reset after the peer's end. */
static void notice_error(struct ep *ep)
{
    int            err = 0;
    struct wcall   c = { .op = EVC_GETSOCKOPT,
                         .a = CW_SOL_SOCKET,
                         .b = CW_SO_ERROR,
                         .out = &err,
                         .out_len = sizeof err };
    struct wresult res;

    if (ep->fin_given && stack_ready(ep) & CW_POLLERR
        && ep_call(ep, &c, &res) >= 0 && err > 0)
        ep_fail(ep, err);
}

void ep_stream_ready(struct ep *ep)
{
    unsigned bits;

    switch ((enum ep_state)ep->state) {
    case EP_LISTEN:
        ep_listen_ready(ep);
        break;
    case EP_CONNECTING:
        bits = stack_ready(ep);
        if (bits & (CW_POLLERR | CW_POLLHUP))
            connect_failed(ep);
        else if (bits & CW_POLLOUT)
            connect_done(ep);
        break;
    case EP_OPEN:
        ep_up(ep);
        if (!ep->dead && ep->state == EP_OPEN)
            ep_down(ep);
        if (!ep->dead && ep->state == EP_OPEN)
            notice_error(ep);
        break;
    case EP_FRESH:
    case EP_FAILED:
    case EP_DEAD:
        break;
    }
}

/* ---- what the program does ---------------------------------------------- */

/* Was data left unread?  Then the kernel put an error on our end, and TCP
 * resets, dropping what was not sent (RFC 2525 §2.17). */
static bool left_unread(const struct ep *ep)
{
    int       err = 0;
    socklen_t len = sizeof err;

    return getsockopt(ep->pair.s, SOL_SOCKET, SO_ERROR, &err, &len) == 0
        && err == ECONNRESET;
}

static void set_linger0(struct ep *ep)
{
    struct cw_linger linger = { 1, 0 };
    struct wcall     c = { .op = EVC_SETSOCKOPT,
                           .a = CW_SOL_SOCKET,
                           .b = CW_SO_LINGER,
                           .in = &linger,
                           .in_len = sizeof linger };
    struct wresult   res;

    ep_call(ep, &c, &res);
}

static bool lingers0(struct ep *ep)
{
    struct cw_linger linger = { 0, 0 };
    struct wcall     c = { .op = EVC_GETSOCKOPT,
                           .a = CW_SOL_SOCKET,
                           .b = CW_SO_LINGER,
                           .out = &linger,
                           .out_len = sizeof linger };
    struct wresult   res;

    return ep_call(ep, &c, &res) >= 0 && linger.on && linger.seconds == 0;
}

static void program_closed(struct ep *ep)
{
    bool reset;

    ep->closed = true;
    if (ep->state == EP_LISTEN)
        ep_listen_close(ep);
    if (ep->state != EP_OPEN) {
        ep_free(ep);
        return;
    }
    reset = left_unread(ep);
    if (reset)
        set_linger0(ep);
    else
        tell_held(ep);
    reset |= lingers0(ep);
    ep_up(ep); /* what was written before goes out before */
    if ((reset || ep->eof_taken)
        && !ep->dead) /* it may have shut down first */
        ep_free(ep);
}

/* A hang-up of our end: every descriptor of the program's end is closed, or
 * the program has shut down both directions.  In that case one event comes
 * while we hold the end ourselves (see ctl.c); the next is the close. */
static bool hung_up(struct ep *ep, uint32_t events)
{
    if (!(events & EPOLLHUP))
        return false;
    if (ep->shut_wr && (ep->shut_rd || ep->fin_given) && ep->prog >= 0) {
        close(ep->prog);
        ep->prog = -1;
        return false;
    }
    return true;
}

void ep_stream_event(struct ep *ep, uint32_t events)
{
    if (events & EPOLLPRI)
        ep->pair.urgent = true;
    if (events & (EPOLLRDHUP | EPOLLHUP))
        ep->pair.hung = true;
    if (hung_up(ep, events)) {
        program_closed(ep);
        return;
    }
    if (ep->state != EP_OPEN)
        return;
    ep_up(ep);
    if (!ep->dead && ep->state == EP_OPEN)
        ep_down(ep);
}
