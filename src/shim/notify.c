/* notify.c: receiving notifications and answering them.
 *
 * Never blocks: a call that must wait is simply not answered yet.  There is
 * no word when a waiting caller is interrupted; it shows when the same
 * thread calls again (the old call is cancelled) or when its answer cannot
 * be delivered (ENOENT), and nothing is committed before it is delivered.
 *
 * An interrupted call is mostly made again at once, by the kernel or by the
 * program.  The same call again is not a new one: it gets the answer of the
 * first.  So a datagram is not sent twice, and programs with frequent signals
 * get on however long an answer takes.
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

/* Does the number still mean the socket that was asked about?  Another thread
 * may have closed it since, and nobody would close what is put there. */
static bool still_its(const struct pend *p)
{
    int      fd = mem_getfd(p->tid, (int)p->args[0]);
    uint64_t now;

    if (fd < 0)
        return false;
    now = mem_inode(fd);
    close(fd);
    return now == p->sock;
}

static int put_fd(struct notify *n, const struct pend *p, int fd)
{
    struct seccomp_notif_addfd a = { .id = p->id,
                                     .flags = SECCOMP_ADDFD_FLAG_SETFD,
                                     .srcfd = (uint32_t)fd,
                                     .newfd = (uint32_t)p->args[0] };

    if (mem_cloexec(p->tid, (int)p->args[0]))
        a.newfd_flags = O_CLOEXEC;
    if (!still_its(p))
        return -EBADF;
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
    list_each (it, slot(n, tid)) {
        struct pend *p = list_entry(it, struct pend, by_tid);

        if (p->tid == tid)
            return p;
    }
    return NULL;
}

static struct pend *pend_by_call(const struct notify *n, uint64_t id)
{
    for (unsigned i = 0; i < NOTIFY_HASH; i++)
        list_each (it, &n->pending[i]) {
            struct pend *p = list_entry(it, struct pend, by_tid);

            if (p->call_id == id && !p->done)
                return p;
        }
    return NULL;
}

/* Before it is answered: a descriptor that its program then closes must be the
 * last one, or an epoll set goes on telling of it. */
static void let_go(struct pend *p)
{
    if (p->prog >= 0)
        close(p->prog);
    p->prog = -1;
}

static void pend_free(struct notify *n, struct pend *p)
{
    let_go(p);
    list_del(&p->by_tid);
    n->npending--;
    free(p);
}

bool notify_waits(const struct notify *n, int tid)
{
    const struct pend *p = pend_of(n, tid);

    return p && !p->done;
}

/* ---- answering --------------------------------------------------------------- */

/* Would it do something else if it were made again? */
static bool happens_once(int nr)
{
    return nr == SYS_sendto || nr == SYS_sendmsg || nr == SYS_sendmmsg
        || nr == SYS_bind || nr == SYS_connect;
}

static enum told finish(struct notify *n, struct pend *p, int64_t value)
{
    int r;

    let_go(p);
    r = respond(n, p->id, value, 0);
    if (r == -ENOENT && value >= 0 && happens_once(p->nr)) {
        p->done = true;
        p->value = value;
    } else {
        pend_free(n, p);
    }
    return r < 0 ? TOLD_GONE : TOLD;
}

static enum told finish_native(struct notify *n, struct pend *p)
{
    int r;

    let_go(p);
    r = respond(n, p->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    pend_free(n, p);
    return r < 0 ? TOLD_GONE : TOLD;
}

static enum told finish_fd(struct notify *n, struct pend *p,
                           const struct reply *r)
{
    int64_t e = encode_reply(p, r);

    let_go(p);
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
    struct pend   *p = pend_by_call(n, r->id);
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
        if (told
            == TOLD) /* the signal would cancel the call if it came first */
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

/* The call behind a notification, with a descriptor in c->fd that is to be
 * closed.  As decode_call(). */
static int look(struct pend *p, struct call *c, char *buf)
{
    memset(c, 0, sizeof *c);
    c->fd = -1;
    if (p->nr != SYS_socket) {
        c->fd = mem_getfd(p->tid, (int)p->args[0]);
        c->sock = c->fd < 0 ? 0 : mem_inode(c->fd);
        if (c->sock == 0)
            return 1; /* EBADF, ENOTSOCK: the kernel says it */
        p->gram = socket_type(c->fd) == SOCK_SEQPACKET;
    }
    return decode_call(p, c->fd, c, buf);
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Equal for the same call made again. */
static uint64_t print_of(const struct call *c)
{
    uint64_t h = mix(UINT64_C(0xcbf29ce484222325), &c->sock, sizeof c->sock);

    h = mix(h, &c->addr, c->addr_len);
    return mix(h, c->data, c->data ? c->len : 0);
}

/* What has no descriptor of ours goes on natively.  c.fd is lent for the
 * asking, and is gone once the call is answered. */
static void ask(struct notify *n, struct pend *p)
{
    static char buf[CALL_DATA_MAX];
    struct call c;
    int         r = look(p, &c, buf);

    c.id = p->call_id;
    p->prog = c.fd;
    p->sock = c.sock;
    if (c.op == CALL_SOCKET || c.op == CALL_ACCEPT)
        c.pid = mem_process(p->tid);
    if (r == 0)
        p->print = print_of(&c);
    if (r == 1)
        finish_native(n, p);
    else if (r < 0)
        (void)on_answer(&n->front,
                        &(struct reply){ .id = c.id, .value = r, .fd = -1 });
    else
        n->sink.call(n->sink.ctx, &n->front, &c);
    p = pend_by_call(n, c.id);
    if (p)
        let_go(p);
}

static void drive(struct notify *n, struct pend *p)
{
    uint64_t id = p->call_id;

    p->driving = true;
    do {
        p->again = false;
        ask(n, p);
        p = pend_by_call(n, id); /* it may be answered and gone */
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

static bool made_again(struct pend *p, const struct seccomp_notif *req)
{
    static char buf[CALL_DATA_MAX];
    struct call c;
    bool        same;

    if (p->nr != req->data.nr
        || memcmp(p->args, req->data.args, sizeof p->args) != 0)
        return false;
    same = look(p, &c, buf) == 0 && print_of(&c) == p->print;
    if (c.fd >= 0)
        close(c.fd);
    return same;
}

/* The thread's last call was interrupted.  True: this is the same again. */
static bool goes_on(struct notify *n, struct pend *p,
                    const struct seccomp_notif *req)
{
    if (!made_again(p, req)) {
        if (!p->done)
            n->sink.cancel(n->sink.ctx, &n->front, p->call_id);
        pend_free(n, p);
        return false;
    }
    p->id = req->id;
    if (p->done)
        finish(n, p, p->value);
    return true;
}

static void begin(struct notify *n, const struct seccomp_notif *req)
{
    struct pend *p = pend_of(n, (int)req->pid);

    if (p && goes_on(n, p, req))
        return;
    p = calloc(1, sizeof *p);
    if (!p) {
        respond(n, req->id, -ENOMEM, 0);
        return;
    }
    p->id = req->id;
    p->call_id = ++n->calls;
    p->tid = (int)req->pid;
    p->prog = -1;
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
        while (!list_empty(&n->pending[i])) {
            struct pend *p = list_entry(list_first(&n->pending[i]),
                                        struct pend, by_tid);

            respond(n, p->id, value, 0);
            pend_free(n, p);
        }
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
            pend_free(
                n,
                list_entry(list_first(&n->pending[i]), struct pend, by_tid));
    loop_unwatch(n->loop, &n->src);
    close(n->src.fd);
    n->src.fd = -1;
}
