/* chan.c: see chan.h. */
#include "shim/chan.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 32 }; /* messages taken before others have their turn */

union control {
    struct cmsghdr head;
    char           room[CMSG_SPACE(sizeof(int))];
};

struct kept {
    struct list link;
    uint32_t    kind;
    int         fd;
    size_t      len;
    char        body[];
};

/* 0, or -errno. */
static int send_now(int sock, uint32_t kind, const struct iovec part[2],
                    int fd)
{
    union control ctl;
    struct iovec  iov[3] = { { &kind, sizeof kind }, part[0], part[1] };
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };

    if (fd >= 0) {
        memset(&ctl, 0, sizeof ctl);
        m.msg_control = ctl.room;
        m.msg_controllen = sizeof ctl.room;
        ctl.head.cmsg_level = SOL_SOCKET;
        ctl.head.cmsg_type = SCM_RIGHTS;
        ctl.head.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&ctl.head), &fd, sizeof fd);
    }
    return sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The first descriptor that came along, or -1.  There is room for one, and by
 * the alignment of control messages for a second, which nobody has meant. */
static int take_fd(struct msghdr *m)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    size_t          n;
    int             first = -1, fd;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return -1;
    n = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
    for (size_t i = 0; i < n; i++) {
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        if (i == 0)
            first = fd;
        else
            close(fd);
    }
    return first;
}

/* One message; its length with the kind, 0 at the end, or -errno. */
static ptrdiff_t receive(int sock, uint32_t *kind, void *body, size_t room,
                         int *fd)
{
    union control ctl;
    struct iovec  iov[2] = { { kind, sizeof *kind }, { body, room } };
    struct msghdr m = { .msg_iov = iov,
                        .msg_iovlen = 2,
                        .msg_control = ctl.room,
                        .msg_controllen = sizeof ctl.room };
    ssize_t       n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    *fd = -1;
    if (n < 0)
        return -errno;
    *fd = take_fd(&m);
    if (n > 0 && (n < (ssize_t)sizeof *kind || m.msg_flags & MSG_TRUNC))
        n = -EPROTO;
    if (n <= 0 && *fd >= 0)
        close(*fd);
    return n;
}

/* ---- in a loop ------------------------------------------------------------ */

static void kept_free(struct kept *k)
{
    list_del(&k->link);
    if (k->fd >= 0)
        close(k->fd);
    free(k);
}

static void watch_for(struct chan *c)
{
    loop_rewatch(c->loop, &c->src,
                 list_empty(&c->queue) ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

/* Too many descriptors under way (ETOOMANYREFS) passes as EAGAIN does. */
static bool passes(int err)
{
    return err == -EAGAIN || err == -ETOOMANYREFS || err == -ENOBUFS
        || err == -ENOMEM || err == -EINTR;
}

static void flush(struct chan *c)
{
    while (!list_empty(&c->queue)) {
        struct kept *k = list_entry(list_first(&c->queue), struct kept, link);
        struct iovec part[2] = { { k->body, k->len }, { NULL, 0 } };

        if (passes(send_now(c->src.fd, k->kind, part, k->fd)))
            return;
        kept_free(k); /* sent, or there is nobody to send it to */
    }
    watch_for(c);
}

static void keep(struct chan *c, uint32_t kind, const struct iovec part[2],
                 int fd)
{
    size_t       len = part[0].iov_len + part[1].iov_len;
    struct kept *k = malloc(sizeof *k + len);

    INVARIANT(k);
    k->kind = kind;
    k->len = len;
    k->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    memcpy(k->body, part[0].iov_base, part[0].iov_len);
    if (part[1].iov_len)
        memcpy(k->body + part[0].iov_len, part[1].iov_base, part[1].iov_len);
    list_push_back(&c->queue, &k->link);
    watch_for(c);
}

void chan_send2(struct chan *c, unsigned kind, const struct iovec part[2],
                int fd)
{
    if (c->dead)
        return;
    INVARIANT(part[0].iov_len + part[1].iov_len + 4 <= CHAN_MAX);
    if (!list_empty(&c->queue) || passes(send_now(c->src.fd, kind, part, fd)))
        keep(c, kind, part, fd);
}

void chan_send(struct chan *c, unsigned kind, const void *body, size_t len)
{
    struct iovec part[2] = { { NULL, len }, { NULL, 0 } };

    memcpy(&part[0].iov_base, &body, sizeof body);
    chan_send2(c, kind, part, -1);
}

static void end(struct chan *c)
{
    chan_close(c);
    if (c->gone)
        c->gone(c);
}

static void on_event(struct loop_src *src, uint32_t events)
{
    struct chan             *c = container_of(src, struct chan, src);
    static _Alignas(16) char body[CHAN_MAX];
    uint32_t                 kind;
    ptrdiff_t                n = 0;
    int                      fd;

    if (events & EPOLLOUT)
        flush(c);
    for (int i = 0; i < BURST && !c->dead; i++) {
        n = receive(src->fd, &kind, body, sizeof body, &fd);
        if (n == -EAGAIN || n == -EINTR)
            return;
        if (n <= 0)
            break;
        c->message(c, kind, body, (size_t)n - sizeof kind, fd);
    }
    if (n <= 0 && !c->dead)
        end(c);
}

int chan_init(struct chan *c, struct loop *loop, int fd)
{
    c->src = (struct loop_src){ fd, on_event, true };
    c->loop = loop;
    c->dead = false;
    list_init(&c->queue);
    return loop_watch(loop, &c->src, EPOLLIN);
}

void chan_close(struct chan *c)
{
    if (c->dead)
        return;
    c->dead = true;
    while (!list_empty(&c->queue))
        kept_free(list_entry(list_first(&c->queue), struct kept, link));
    loop_unwatch(c->loop, &c->src);
    close(c->src.fd);
    c->src.fd = -1;
}

/* ---- without one ----------------------------------------------------------- */

ptrdiff_t chan_read_one(int fd, unsigned *kind, void *body, size_t room,
                        int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    uint32_t      k = 0;
    ptrdiff_t     n;
    int           r, extra;

    do
        r = poll(&p, 1, ms);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        return -ETIMEDOUT;
    n = receive(fd, &k, body, room, &extra);
    if (n > 0 && extra >= 0)
        close(extra);
    *kind = k;
    return n == 0 ? -EPIPE : n < 0 ? n : n - (ptrdiff_t)sizeof k;
}

bool chan_write_one(int fd, unsigned kind, const void *body, size_t len)
{
    struct iovec part[2] = { { NULL, len }, { NULL, 0 } };

    memcpy(&part[0].iov_base, &body, sizeof body);
    return send_now(fd, kind, part, -1) == 0;
}
