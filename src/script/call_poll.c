/* call_poll.c: readiness: poll() and epoll. */
#include "script/call.h"

#include <poll.h>
#include <sys/epoll.h>

/* poll's own names for the ordinary. */
static unsigned ready_of(struct run *r, const struct fd *fd)
{
    unsigned ready = cw_ready(r->host.st, fd->sd);

    ready |= ready & POLLIN ? (unsigned)POLLRDNORM : 0;
    return ready | (ready & POLLOUT ? (unsigned)POLLWRNORM : 0);
}

static void set_timeout(struct pending *p, int64_t ms)
{
    if (!p->again && ms >= 0)
        p->deadline = ns_add(p->began, ms * NS_MS);
}

/* ---- poll ----------------------------------------------------------------- */

static unsigned poll_one(struct run *r, const struct val *v)
{
    const struct val *events = arg_field(v, "events", 1);
    const struct val *number = arg_field(v, "fd", 0);
    const struct fd  *fd;
    unsigned          asked;

    if (!events || !number) {
        run_fail(r, "a pollfd is { fd=4, events=POLLIN, revents=POLLIN }");
        return 0;
    }
    asked = (unsigned)arg_int(r, events) | POLLERR | POLLHUP;
    if (arg_int(r, number) < 0)
        return 0;
    fd = arg_fd(r, number);
    return fd ? ready_of(r, fd) & asked : (unsigned)POLLNVAL;
}

static void check_revents(struct run *r, const struct val *list)
{
    for (const struct val *v = list->first; v && !r->over; v = v->next) {
        const struct val *want = arg_field(v, "revents", 2);
        unsigned          have = poll_one(r, v);

        if (!want || arg_is_any(want) || arg_int(r, want) == have)
            continue;
        run_fail(r,
                 "poll() answered other revents\n    expected  0x%llx\n"
                 "    came      0x%x",
                 (unsigned long long)arg_int(r, want), have);
    }
}

int64_t call_poll(struct run *r, struct pending *p)
{
    const struct val *list = arg(p, 0);
    int64_t           timeout = arg_int(r, arg(p, 2)), n = 0;

    if (list->kind != VAL_LIST)
        run_fail(r, "poll() takes a list of pollfds");
    for (const struct val *v = list->first; v && !r->over; v = v->next)
        n += poll_one(r, v) != 0;
    set_timeout(p, timeout);
    if (r->over)
        return CALL_ENDED;
    if (n == 0 && timeout != 0 && !p->timed_out)
        return CALL_BLOCKS;
    check_revents(r, list);
    return n;
}

/* ---- epoll ---------------------------------------------------------------- */

int64_t call_epoll_create(struct run *r, struct pending *p)
{
    struct fd *fd;

    if (!run_start(r))
        return CALL_ENDED;
    fd = fd_new(r, -1, 0);
    fd_name(r, fd, p->ev);
    return fd->number;
}

static struct watch *watch_of(struct fd *ep, const struct fd *fd)
{
    for (unsigned i = 0; i < RUN_WATCHES; i++)
        if (ep->watch[i].fd == fd)
            return &ep->watch[i];
    return NULL;
}

static void set_watch(struct run *r, struct watch *w, struct fd *fd,
                      const struct val *ev)
{
    const struct val *events = arg_field(ev, "events", 0);
    const struct val *data = arg_field(ev, "ptr", 1);

    data = data ?: arg_field(ev, "fd", 1);
    data = data ?: arg_field(ev, "u32", 1);
    data = data ?: arg_field(ev, "u64", 1);
    *w = (struct watch){ .fd = fd };
    w->events = (uint32_t)(events ? arg_int(r, events) : 0);
    w->data = data ? arg_int_or(r, data, 0) : 0;
    w->edge = w->events & (uint32_t)EPOLLET;
    w->once = w->events & EPOLLONESHOT;
}

int64_t call_epoll_ctl(struct run *r, struct pending *p)
{
    int64_t       op = arg_int(r, arg(p, 1));
    struct fd    *fd = arg_fd(r, arg(p, 2));
    struct watch *w = fd ? watch_of(p->fd, fd) : NULL;

    if (r->over)
        return CALL_ENDED;
    if (!fd)
        return -CW_EBADF;
    if (p->fd->sd >= 0)
        return -CW_EINVAL;
    if (op == EPOLL_CTL_ADD && w)
        return -17; /* EEXIST */
    if (op != EPOLL_CTL_ADD && !w)
        return -2; /* ENOENT */
    if (op == EPOLL_CTL_ADD)
        w = watch_of(p->fd, NULL);
    if (!w)
        return -CW_ENOMEM;
    if (op == EPOLL_CTL_DEL)
        w->fd = NULL;
    else
        set_watch(r, w, fd, arg(p, 3));
    return 0;
}

/* Edge triggered: what was not ready when it was last asked. */
static uint32_t watch_ready(struct run *r, struct watch *w, bool take)
{
    uint32_t now, answer;

    if (!w->fd || (w->once && w->reported))
        return 0;
    now = ready_of(r, w->fd) & (w->events | EPOLLERR | EPOLLHUP);
    answer = w->edge ? now & ~w->last : now;
    if (answer && w->edge)
        answer = now; /* Linux tells all that is so */
    if (take) {
        w->last = now;
        w->reported = answer != 0;
    }
    return answer;
}

static void check_event(struct run *r, const struct val *want,
                        uint32_t events, int64_t data)
{
    const struct val *e = want ? arg_field(want, "events", 0) : NULL;
    const struct val *d = want ? arg_field(want, "ptr", 1) : NULL;

    d = d || !want ? d : arg_field(want, "fd", 1);
    if (e && !arg_is_any(e)
        && ((uint32_t)arg_int(r, e) & ~(uint32_t)EPOLLET) != events)
        run_fail(r,
                 "epoll_wait() answered other events\n    expected  "
                 "0x%llx\n    came      0x%x",
                 (unsigned long long)arg_int(r, e), events);
    if (d && !arg_is_any(d) && arg_int(r, d) != data)
        run_fail(r, "epoll_wait() answered %lld as data", (long long)data);
}

int64_t call_epoll_wait(struct run *r, struct pending *p)
{
    const struct val *want = arg(p, 1);
    int64_t           max = arg_int(r, arg(p, 2)), n = 0;
    int64_t           timeout = arg_int(r, arg(p, 3));

    set_timeout(p, timeout);
    if (want->kind == VAL_LIST)
        want = want->first;
    for (unsigned i = 0; i < RUN_WATCHES && n < max && !r->over; i++) {
        struct watch *w = &p->fd->watch[i];
        uint32_t      ready = watch_ready(r, w, true);

        if (!ready)
            continue;
        check_event(r, want, ready, w->data);
        want = want ? want->next : NULL;
        n++;
    }
    if (r->over)
        return CALL_ENDED;
    if (n == 0 && timeout != 0 && !p->timed_out)
        return CALL_BLOCKS;
    return n;
}
