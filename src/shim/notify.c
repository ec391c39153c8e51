/* notify.c: receiving notifications and answering them.
 *
 * Never blocks: a call that must wait is simply not answered yet.  There is
 * no word when a waiting caller is interrupted; it shows when the same
 * thread calls again (the old call is cancelled) or when its answer cannot
 * be delivered (ENOENT), and nothing is committed before it is delivered.
 */
#include "shim/notify_own.h"

#include "base/check.h"
#include "shim/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void sink_call(void *ctx, struct ctl_front *front,
                      const struct call *call)
{
    ctl_call(ctx, front, call);
}

static void sink_cancel(void *ctx, struct ctl_front *front, uint64_t id)
{
    ctl_cancel(ctx, front, id);
}

struct call_sink call_sink_of_ctl(struct ctl *ctl)
{
    return (struct call_sink){ ctl, sink_call, sink_cancel };
}

/* ---- the answers of the kernel's interface --------------------------------- */

static int respond(struct notify *n, uint64_t id, int64_t value,
                   uint32_t flags)
{
    struct seccomp_notif_resp r = { .id = id, .flags = flags };

    if (value < 0)
        r.error = (int)value;
    else
        r.val = value;
    return ioctl(n->src.fd, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 ? -errno : 0;
}

/* Installs fd and answers its number, at one go. */
static int respond_fd(struct notify *n, uint64_t id, int fd, bool cloexec)
{
    struct seccomp_notif_addfd a = { .id = id,
                                     .flags = SECCOMP_ADDFD_FLAG_SEND,
                                     .srcfd = (uint32_t)fd };

    a.newfd_flags = cloexec ? O_CLOEXEC : 0;
    return ioctl(n->src.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &a) < 0 ? -errno : 0;
}

static int put_fd(struct notify *n, const struct pend *p, int fd)
{
    struct seccomp_notif_addfd a = { .id = p->id,
                                     .flags = SECCOMP_ADDFD_FLAG_SETFD,
                                     .srcfd = (uint32_t)fd,
                                     .newfd = (uint32_t)p->args[0] };

    if (mem_cloexec(p->tid, (int)p->args[0]))
        a.newfd_flags = O_CLOEXEC;
    /* It answers the number. */
    return ioctl(n->src.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &a) < 0 ? -errno : 0;
}

/* ---- pending calls ----------------------------------------------------------- */

static struct list *slot(const struct notify *n, int tid)
{
    return (struct list *)&n->pending[(unsigned)tid % NOTIFY_HASH];
}

static struct pend *pend_of(const struct notify *n, int tid)
{
    list_each(it, slot(n, tid))
    {
        struct pend *p = list_entry(it, struct pend, by_tid);

        if (p->tid == tid)
            return p;
    }
    return NULL;
}

static struct pend *pend_by_id(const struct notify *n, uint64_t id)
{
    for (unsigned i = 0; i < NOTIFY_HASH; i++)
        list_each(it, &n->pending[i])
        {
            struct pend *p = list_entry(it, struct pend, by_tid);

            if (p->id == id)
                return p;
        }
    return NULL;
}

static void pend_free(struct notify *n, struct pend *p)
{
    list_del(&p->by_tid);
    n->npending--;
    free(p);
}

bool notify_waits(const struct notify *n, int tid)
{
    return pend_of(n, tid) != NULL;
}

/* ---- answering --------------------------------------------------------------- */

static enum told finish(struct notify *n, struct pend *p, int64_t value)
{
    int r = respond(n, p->id, value, 0);

    pend_free(n, p);
    return r < 0 ? TOLD_GONE : TOLD;
}

static enum told finish_native(struct notify *n, struct pend *p)
{
    int r = respond(n, p->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);

    pend_free(n, p);
    return r < 0 ? TOLD_GONE : TOLD;
}

static enum told finish_fd(struct notify *n, struct pend *p,
                           const struct reply *r)
{
    int64_t e = encode_reply(p, r);

    if (e >= 0)
        e = respond_fd(n, p->id, r->fd, r->fdflags & O_CLOEXEC);
    if (e == 0) {
        pend_free(n, p);
        return TOLD;
    }
    finish(n, p, e); /* EMFILE, EFAULT; or the caller is gone */
    return TOLD_GONE;
}

/* One message of several is done: the next is asked for, unless this answer
 * came while it was being asked for: then drive() goes on. */
static enum told next_of_many(struct notify *n, struct pend *p,
                              const struct reply *r);

static enum told on_answer(struct ctl_front *front, const struct reply *r)
{
    struct notify *n = container_of(front, struct notify, front);
    struct pend   *p = pend_by_id(n, r->id);
    int            tid, e;
    enum told      told;

    if (!p)
        return TOLD_GONE;
    if (p->n > 0 && r->kind == REPLY_VALUE)
        return next_of_many(n, p, r);
    switch ((enum reply_kind)r->kind) {
    case REPLY_NATIVE:
        return finish_native(n, p);
    case REPLY_FD:
        return finish_fd(n, p, r);
    case REPLY_SETFD:
    case REPLY_LATER:
        e = put_fd(n, p, r->fd);
        if (e == 0 && r->kind == REPLY_LATER)
            return TOLD;
        finish(n, p, e < 0 ? e : r->value);
        return e < 0 ? TOLD_GONE : TOLD;
    case REPLY_SIGPIPE:
        tid = p->tid;
        told = finish(n, p, r->value);
        if (told == TOLD) /* the signal would cancel the call if it came first */
            syscall(SYS_tgkill, mem_process(tid), tid, SIGPIPE);
        return told;
    case REPLY_VALUE:
        break;
    }
    return finish(n, p, encode_reply(p, r));
}

/* ---- asking -------------------------------------------------------------------- */

static int socket_type(int prog)
{
    int       type = 0;
    socklen_t len = sizeof type;

    return getsockopt(prog, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ? 0 : type;
}

/* What has no descriptor of ours goes on natively. */
static void ask(struct notify *n, struct pend *p)
{
    static char buf[CALL_DATA_MAX];
    struct call c;
    int         prog = -1, r;

    memset(&c, 0, sizeof c);
    if (p->nr != SYS_socket) {
        prog = mem_getfd(p->tid, (int)p->args[0]);
        c.sock = prog < 0 ? 0 : mem_inode(prog);
        if (c.sock == 0) {
            finish_native(n, p); /* EBADF, ENOTSOCK */
            goto out;
        }
        p->gram = socket_type(prog) == SOCK_SEQPACKET;
    }
    c.id = p->id;
    c.fd = prog;
    r = decode_call(p, prog, &c, buf);
    if (c.op == CALL_SOCKET || c.op == CALL_ACCEPT)
        c.pid = mem_process(p->tid);
    if (r == 1)
        finish_native(n, p);
    else if (r < 0)
        (void)on_answer(&n->front,
                        &(struct reply){ .id = p->id, .value = r, .fd = -1 });
    else
        n->sink.call(n->sink.ctx, &n->front, &c);
out:
    if (prog >= 0)
        close(prog);
}

static void drive(struct notify *n, struct pend *p)
{
    uint64_t id = p->id;

    p->driving = true;
    do {
        p->again = false;
        ask(n, p);
        p = pend_by_id(n, id); /* it may be answered and gone */
    } while (p && p->again);
    if (p)
        p->driving = false;
}

static enum told next_of_many(struct notify *n, struct pend *p,
                              const struct reply *r)
{
    int64_t value = encode_reply(p, r);

    if (value < 0)
        return finish(n, p, p->i > 0 ? (int64_t)p->i : value);
    if (++p->i == p->n)
        return finish(n, p, p->n);
    if (p->driving)
        p->again = true;
    else
        drive(n, p);
    return TOLD;
}

static void begin(struct notify *n, const struct seccomp_notif *req)
{
    struct pend *p = pend_of(n, (int)req->pid);

    if (p) { /* its last call was interrupted */
        n->sink.cancel(n->sink.ctx, &n->front, p->id);
        pend_free(n, p);
    }
    p = calloc(1, sizeof *p);
    if (!p) {
        respond(n, req->id, -ENOMEM, 0);
        return;
    }
    p->id = req->id;
    p->tid = (int)req->pid;
    p->nr = req->data.nr;
    for (int i = 0; i < 6; i++)
        p->args[i] = req->data.args[i];
    list_push_back(slot(n, p->tid), &p->by_tid);
    n->npending++;
    if (p->nr == SYS_sendmmsg || p->nr == SYS_recvmmsg) {
        p->n = (uint32_t)MIN(p->args[2], (uint64_t)1024);
        if (p->n == 0) {
            finish(n, p, 0);
            return;
        }
    }
    drive(n, p);
}

static void on_event(struct loop_src *src, uint32_t events)
{
    struct notify *n = container_of(src, struct notify, src);
    union {
        struct seccomp_notif req;
        char                 room[512]; /* a later kernel's may be longer */
    } u;

    if (events & EPOLLIN) {
        memset(&u, 0, sizeof u);
        if (ioctl(src->fd, SECCOMP_IOCTL_NOTIF_RECV, &u.req) == 0)
            begin(n, &u.req);
        return; /* ENOENT: the caller was interrupted already */
    }
    if (events & (EPOLLHUP | EPOLLERR)) {
        loop_unwatch(n->loop, src);
        if (n->ended)
            n->ended(n);
    }
}

void notify_answer_all(struct ctl_front *front, int64_t value)
{
    struct notify *n = container_of(front, struct notify, front);

    for (unsigned i = 0; i < NOTIFY_HASH; i++)
        while (!list_empty(&n->pending[i]))
            finish(n, list_entry(list_first(&n->pending[i]), struct pend,
                                 by_tid), value);
}

int notify_init(struct notify *n, struct loop *loop, int listener,
                unsigned host, const struct call_sink *sink)
{
    memset(n, 0, sizeof *n);
    n->front.host = host;
    n->front.answer = on_answer;
    n->loop = loop;
    n->sink = *sink;
    /* Late: what the program did before it called (a close) goes first. */
    n->src = (struct loop_src){ listener, on_event, true };
    list_init(&n->front.link);
    for (unsigned i = 0; i < NOTIFY_HASH; i++)
        list_init(&n->pending[i]);
    return loop_watch(loop, &n->src, EPOLLIN);
}

void notify_fini(struct notify *n)
{
    for (unsigned i = 0; i < NOTIFY_HASH; i++)
        while (!list_empty(&n->pending[i]))
            pend_free(n, list_entry(list_first(&n->pending[i]), struct pend,
                                    by_tid));
    loop_unwatch(n->loop, &n->src);
    close(n->src.fd);
    n->src.fd = -1;
}
