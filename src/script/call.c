/* call.c: calls: begun, blocked, retried, and their results compared.
 *
 *   Invariant: an attempt that would block changes nothing, or keeps what
 *              it did in `done`, so that it can be made again.
 */
#include "script/call.h"
#include "script/sym.h"

#include <string.h>

static const struct {
    const char *name;
    call_fn    *fn;
    bool        makes_fd, first_fd; /* first_fd: the first argument is one */
} calls[] = {
    { "socket", call_socket, true, false },
    { "bind", call_bind, false, true },
    { "listen", call_listen, false, true },
    { "accept", call_accept, true, true },
    { "accept4", call_accept, true, true },
    { "connect", call_connect, false, true },
    { "shutdown", call_shutdown, false, true },
    { "close", call_close, false, true },
    { "read", call_read, false, true },
    { "recv", call_recv, false, true },
    { "recvfrom", call_recvfrom, false, true },
    { "recvmsg", call_recvmsg, false, true },
    { "readv", call_readv, false, true },
    { "write", call_write, false, true },
    { "send", call_send, false, true },
    { "sendto", call_sendto, false, true },
    { "sendmsg", call_sendmsg, false, true },
    { "writev", call_writev, false, true },
    { "getsockopt", call_getsockopt, false, true },
    { "setsockopt", call_setsockopt, false, true },
    { "fcntl", call_fcntl, false, true },
    { "ioctl", call_ioctl, false, true },
    { "poll", call_poll, false, false },
    { "epoll_create", call_epoll_create, true, false },
    { "epoll_create1", call_epoll_create, true, false },
    { "epoll_ctl", call_epoll_ctl, false, true },
    { "epoll_wait", call_epoll_wait, false, true },
};

static int find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (strcmp(calls[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* ---- results -------------------------------------------------------------- */

static void put_result(struct fmt *f, int64_t n, int err)
{
    const char *name = sym_errno(err);

    fmt_i64(f, err ? -1 : n);
    if (err && name)
        fmt_f(f, " %s", name);
    else if (err)
        fmt_f(f, " (errno %d)", err);
}

static void wrong_result(struct run *r, const struct call *c, int64_t got)
{
    run_fail(r, "%s() answered another result", c->name);
    fmt_str(&r->out, "\n    expected  ");
    put_result(&r->out, c->result->n, c->err);
    fmt_str(&r->out, "\n    came      ");
    put_result(&r->out, got, got < 0 ? (int)-got : 0);
}

/* What is not there yet is not wrong: EOPNOTSUPP and the like, where the
 * script expects something else. */
static bool is_lack(const struct call *c, int64_t got)
{
    return got == -CW_ENOPROTOOPT && c->err != CW_ENOPROTOOPT;
}

static void check_result(struct run *r, const struct call *c, int64_t got)
{
    const struct val *want = c->result;
    bool              is_fd = calls[find(c->name)].makes_fd;

    if (r->over || want->kind == VAL_ANY)
        return;
    if (is_lack(c, got)) {
        run_lack(r, "this option of %s()", c->name);
        return;
    }
    if (want->kind != VAL_INT) {
        run_fail(r, "what %s() should answer is no number", c->name);
        return;
    }
    if (got < 0 ? want->n != -1 || (c->err && c->err != -got)
                : c->err != 0 || (!is_fd && want->n != got)
                || (is_fd && want->n < 0))
        wrong_result(r, c, got);
}

static void check_end(struct run *r, const struct pending *p)
{
    cw_ns want, slack = r->set.tolerance + NS_US - 1;

    if (r->over || p->ev->when.end == NS_NEVER)
        return;
    want = p->ev->when.end + (p->ev->when.relative ? p->last : r->start);
    if (r->host.now <= want + slack && r->host.now >= want - slack)
        return;
    run_fail(r, "%s() should end at ", p->ev->call.name);
    fmt_ns(&r->out, run_time(r, want), 6);
    fmt_str(&r->out, ", it ended at ");
    fmt_ns(&r->out, run_time(r, r->host.now), 6);
}

/* ---- attempts ------------------------------------------------------------- */

/* True: it is over, well or not. */
static bool attempt(struct run *r, struct pending *p)
{
    const struct event *ev = r->ev;
    int64_t             got;

    r->ev = p->ev;
    p->timed_out = r->host.now >= p->deadline;
    got = calls[find(p->ev->call.name)].fn(r, p);
    p->again = true;
    if (got != CALL_BLOCKS && got != CALL_ENDED) {
        check_result(r, &p->ev->call, got);
        check_end(r, p);
    }
    if (got == CALL_BLOCKS && p->ev->when.end == NS_NEVER && !r->over)
        run_fail(r,
                 "%s() would block here; if it should, say until when: "
                 "0...1.5",
                 p->ev->call.name);
    r->ev = ev;
    return got != CALL_BLOCKS || r->over;
}

void call_begin(struct run *r, const struct event *e, cw_ns before)
{
    struct pending p = {
        .ev = e, .began = r->host.now, .last = before, .deadline = NS_NEVER
    };
    int i = find(e->call.name);

    if (i < 0) {
        run_lack(r, "%s()", e->call.name);
        return;
    }
    if (calls[i].first_fd)
        p.fd = arg_fd(r, arg(&p, 0));
    if (calls[i].first_fd && !p.fd) {
        check_result(r, &e->call, -CW_EBADF);
        return;
    }
    if (attempt(r, &p) || r->over)
        return;
    if (r->npending == RUN_PENDING)
        run_lack(r, "more than %d calls that block at a time", RUN_PENDING);
    else
        r->pending[r->npending++] = p;
}

void calls_retry(struct run *r)
{
    for (unsigned i = 0; i < r->npending && !r->over;) {
        struct pending *p = &r->pending[i];

        bool over = attempt(r, p);

        host_settle(&r->host);
        if (!over) {
            i++;
            continue;
        }
        r->npending--;
        memmove(p, p + 1, (r->npending - i) * sizeof *p);
        i = 0; /* it may have let another one go on */
    }
}

cw_ns calls_deadline(const struct run *r)
{
    cw_ns next = NS_NEVER;

    for (unsigned i = 0; i < r->npending; i++)
        next = ns_min(next, r->pending[i].deadline);
    return next;
}

void calls_finish(struct run *r)
{
    while (r->npending && !r->over) {
        const struct pending *p = &r->pending[0];
        cw_ns                 end = p->ev->when.end
            + (p->ev->when.relative ? p->last : r->start);
        const char *name = p->ev->call.name;

        r->ev = p->ev;
        run_until(r, end + r->set.tolerance);
        if (r->over || !r->npending || r->pending[0].ev != r->ev)
            continue;
        run_fail(r, "%s() should end at ", name);
        fmt_ns(&r->out, run_time(r, end), 6);
        fmt_str(&r->out, ", it still blocks");
    }
}
