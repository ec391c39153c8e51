/* plugin_calls.c: the socket calls of the plug-in: POSIX's shapes on a
 * stack's.
 */
#include "script/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TCP_INFO_ = 11, SIOCOUTQ_ = 0x5411, SIOCATMARK_ = 0x8905 };

#define ST  plugin.run.host.st
#define NOW plugin.run.host.now

/* ---- addresses -------------------------------------------------------------- */

static bool get_addr(const struct sockaddr *a, socklen_t len,
                     struct cw_sockaddr *out)
{
    struct sockaddr_in  a4;
    struct sockaddr_in6 a6;

    *out = (struct cw_sockaddr){ .port = 0 };
    if (len >= sizeof a4 && a->sa_family == AF_INET) {
        memcpy(&a4, a, sizeof a4);
        out->addr = addr_from4((const uint8_t *)&a4.sin_addr);
        out->port = ntohs(a4.sin_port);
        return true;
    }
    if (len >= sizeof a6 && a->sa_family == AF_INET6) {
        memcpy(&a6, a, sizeof a6);
        memcpy(out->addr.b, &a6.sin6_addr, 16);
        out->port = ntohs(a6.sin6_port);
        return true;
    }
    return false;
}

static void put_addr(const struct cw_sockaddr *from, struct sockaddr *a,
                     socklen_t *len)
{
    struct sockaddr_in  a4 = { .sin_family = AF_INET,
                               .sin_port = htons(from->port) };
    struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(from->port) };
    bool                is4 = addr_is4(&from->addr);
    socklen_t           n = is4 ? sizeof a4 : sizeof a6;

    if (!a || !len)
        return;
    memcpy(&a4.sin_addr, from->addr.b + 12, 4);
    memcpy(&a6.sin6_addr, from->addr.b, 16);
    memcpy(a, is4 ? (const void *)&a4 : (const void *)&a6, MIN(n, *len));
    *len = n;
}

/* ---- sockets ------------------------------------------------------------------ */

static int the_socket(void *u, int domain, int type, int protocol)
{
    int sd;

    (void)u;
    plugin_enter();
    sd = cw_socket(ST, domain, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC),
                   protocol, NOW);
    if (sd >= 0)
        sd = plugin_fd_new(sd, type & SOCK_NONBLOCK);
    return (int)plugin_leave(sd);
}

static int the_bind(void *u, int fd, const struct sockaddr *a, socklen_t len)
{
    struct cw_sockaddr to;
    int                got = -CW_EINVAL;

    (void)u;
    plugin_enter();
    if (get_addr(a, len, &to)) {
        if (!addr_is_any(&to.addr))
            cw_addr_add(ST, 0, &to.addr, addr_is4(&to.addr) ? 32 : 128);
        got = cw_bind(ST, plugin_sd(fd), &to, NOW);
    }
    return (int)plugin_leave(got);
}

static int the_listen(void *u, int fd, int backlog)
{
    (void)u;
    plugin_enter();
    return (int)plugin_leave(cw_listen(ST, plugin_sd(fd), backlog, NOW));
}

static bool waits(int fd)
{
    return plugin_sd(fd) >= 0 && !plugin.fds[fd].nonblock;
}

static int the_accept(void *u, int fd, struct sockaddr *a, socklen_t *len)
{
    struct cw_sockaddr peer;
    int                sd;

    (void)u;
    plugin_enter();
    do {
        sd = cw_accept(ST, plugin_sd(fd), &peer, NOW);
    } while (sd == -CW_EAGAIN && waits(fd) && plugin_wait(NS_NEVER));
    if (sd >= 0) {
        put_addr(&peer, a, len);
        sd = plugin_fd_new(sd, false);
    }
    return (int)plugin_leave(sd);
}

static int the_connect(void *u, int fd, const struct sockaddr *a,
                       socklen_t len)
{
    struct cw_sockaddr to;
    int                got = -CW_EINVAL;

    (void)u;
    plugin_enter();
    if (get_addr(a, len, &to))
        do {
            got = cw_connect(ST, plugin_sd(fd), &to, NOW);
        } while ((got == -CW_EINPROGRESS || got == -CW_EALREADY) && waits(fd)
                 && plugin_wait(NS_NEVER));
    return (int)plugin_leave(got);
}

static int the_close(void *u, int fd)
{
    int got;

    (void)u;
    plugin_enter();
    got = cw_close(ST, plugin_sd(fd), NOW);
    if (got == 0) {
        plugin.fds[fd].sd = -1;
        close(fd);
    }
    return (int)plugin_leave(got);
}

static int the_shutdown(void *u, int fd, int how)
{
    (void)u;
    plugin_enter();
    return (int)plugin_leave(cw_shutdown(ST, plugin_sd(fd), how, NOW));
}

/* ---- bytes ------------------------------------------------------------------------ */

/* Into plugin.buffer, and from there. */
static size_t iov_size(const struct iovec *v, size_t n)
{
    size_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += v[i].iov_len;
    return MIN(sum, (size_t)PLUGIN_BUFFER);
}

static void gather(const struct iovec *v, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n && at < PLUGIN_BUFFER; i++) {
        size_t k = MIN(v[i].iov_len, PLUGIN_BUFFER - at);

        memcpy(plugin.buffer + at, v[i].iov_base, k);
        at += k;
    }
}

static void scatter(const struct iovec *v, size_t n, size_t got)
{
    size_t at = 0;

    for (size_t i = 0; i < n && at < got; i++) {
        size_t k = MIN(v[i].iov_len, got - at);

        memcpy(v[i].iov_base, plugin.buffer + at, k);
        at += k;
    }
}

static ssize_t the_sendmsg(void *u, int fd, const struct msghdr *m, int flags)
{
    struct cw_msg msg = { .flags = flags & (MSG_OOB | MSG_MORE) };
    size_t        all, done = 0;
    ssize_t       got;

    (void)u;
    plugin_enter();
    all = iov_size(m->msg_iov, m->msg_iovlen);
    gather(m->msg_iov, m->msg_iovlen);
    msg.has_addr = m->msg_name
        && get_addr(m->msg_name, m->msg_namelen, &msg.addr);
    do {
        msg.buf = plugin.buffer + done;
        msg.len = all - done;
        got = cw_sendmsg(ST, plugin_sd(fd), &msg, NOW);
        done += got > 0 ? (size_t)got : 0;
    } while ((got == -CW_EAGAIN || (got > 0 && done < all)) && waits(fd)
             && !(flags & MSG_DONTWAIT) && plugin_wait(NS_NEVER));
    return plugin_leave(done ? (ssize_t)done : got);
}

static ssize_t the_recvmsg(void *u, int fd, struct msghdr *m, int flags)
{
    struct cw_msg msg = { .buf = plugin.buffer,
                          .flags = flags & (MSG_OOB | MSG_PEEK | MSG_TRUNC) };
    ssize_t       got;

    (void)u;
    plugin_enter();
    msg.len = iov_size(m->msg_iov, m->msg_iovlen);
    do {
        got = cw_recvmsg(ST, plugin_sd(fd), &msg, NOW);
    } while (got == -CW_EAGAIN && waits(fd) && !(flags & MSG_DONTWAIT)
             && plugin_wait(NS_NEVER));
    if (got > 0)
        scatter(m->msg_iov, m->msg_iovlen, MIN((size_t)got, msg.len));
    m->msg_flags = msg.truncated ? MSG_TRUNC : 0;
    m->msg_controllen = 0;
    if (got >= 0 && m->msg_name && msg.has_addr)
        put_addr(&msg.addr, m->msg_name, &m->msg_namelen);
    else
        m->msg_namelen = 0;
    return plugin_leave(got);
}

static ssize_t the_sendto(void *u, int fd, const void *b, size_t n, int flags,
                          const struct sockaddr *a, socklen_t len)
{
    struct iovec  v = { (void *)(uintptr_t)b, n };
    struct msghdr m = { .msg_name = (void *)(uintptr_t)a,
                        .msg_namelen = len,
                        .msg_iov = &v,
                        .msg_iovlen = 1 };

    return the_sendmsg(u, fd, &m, flags);
}

static ssize_t the_send(void *u, int fd, const void *b, size_t n, int flags)
{
    return the_sendto(u, fd, b, n, flags, NULL, 0);
}

static ssize_t the_write(void *u, int fd, const void *b, size_t n)
{
    return the_sendto(u, fd, b, n, 0, NULL, 0);
}

static ssize_t the_writev(void *u, int fd, const struct iovec *v, int n)
{
    struct msghdr m = { .msg_iov = (void *)(uintptr_t)v,
                        .msg_iovlen = (size_t)n };

    return the_sendmsg(u, fd, &m, 0);
}

static ssize_t the_recvfrom(void *u, int fd, void *b, size_t n, int flags,
                            struct sockaddr *a, socklen_t *len)
{
    struct iovec  v = { b, n };
    struct msghdr m = { .msg_name = a,
                        .msg_namelen = len ? *len : 0,
                        .msg_iov = &v,
                        .msg_iovlen = 1 };
    ssize_t       got = the_recvmsg(u, fd, &m, flags);

    if (len)
        *len = m.msg_namelen;
    return got;
}

static ssize_t the_recv(void *u, int fd, void *b, size_t n, int flags)
{
    return the_recvfrom(u, fd, b, n, flags, NULL, NULL);
}

static ssize_t the_read(void *u, int fd, void *b, size_t n)
{
    return the_recvfrom(u, fd, b, n, 0, NULL, NULL);
}

static ssize_t the_readv(void *u, int fd, const struct iovec *v, int n)
{
    struct msghdr m = { .msg_iov = (void *)(uintptr_t)v,
                        .msg_iovlen = (size_t)n };

    return the_recvmsg(u, fd, &m, 0);
}

/* ---- options ------------------------------------------------------------------------ */

static int the_getsockopt(void *u, int fd, int level, int name, void *v,
                          socklen_t *len)
{
    size_t n = *len;
    int    got;

    (void)u;
    plugin_enter();
    if (level == IPPROTO_TCP && name == TCP_INFO_ && plugin_sd(fd) >= 0) {
        *len = plugin_info(plugin_sd(fd), v, *len);
        return (int)plugin_leave(0);
    }
    got = cw_getsockopt(ST, plugin_sd(fd), level, name, v, &n);
    if (got == 0)
        *len = (socklen_t)n;
    return (int)plugin_leave(got);
}

static int the_setsockopt(void *u, int fd, int level, int name, const void *v,
                          socklen_t len)
{
    (void)u;
    plugin_enter();
    return (int)plugin_leave(
        cw_setsockopt(ST, plugin_sd(fd), level, name, v, len, NOW));
}

static int the_fcntl(void *u, int fd, int command, ...)
{
    va_list ap;
    int     value, got = -CW_EINVAL;

    (void)u;
    va_start(ap, command);
    value = va_arg(ap, int);
    va_end(ap);
    plugin_enter();
    if (plugin_sd(fd) < 0)
        got = -CW_EBADF;
    else if (command == F_GETFL)
        got = O_RDWR | (plugin.fds[fd].nonblock ? O_NONBLOCK : 0);
    else if (command == F_SETFL)
        got = 0, plugin.fds[fd].nonblock = value & O_NONBLOCK;
    else if (command == F_GETFD || command == F_SETFD)
        got = 0;
    return (int)plugin_leave(got);
}

static int the_ioctl(void *u, int fd, unsigned long request, ...)
{
    struct cw_queues q;
    va_list          ap;
    int             *value, got;

    (void)u;
    va_start(ap, request);
    value = va_arg(ap, int *);
    va_end(ap);
    plugin_enter();
    got = cw_queues(ST, plugin_sd(fd), &q);
    if (got < 0)
        return (int)plugin_leave(got);
    if (request == FIONREAD)
        *value = (int)q.recv_queued;
    else if (request == SIOCOUTQ_)
        *value = (int)q.send_queued;
    else if (request == SIOCATMARK_)
        *value = q.at_mark;
    else
        got = -CW_EINVAL;
    return (int)plugin_leave(got);
}

/* ---- readiness, and what there is not -------------------------------------------------- */

static int poll_once(struct pollfd *p, nfds_t n)
{
    int ready = 0;

    for (nfds_t i = 0; i < n; i++) {
        unsigned now = cw_ready(ST, plugin_sd(p[i].fd));

        now |= now & POLLIN ? (unsigned)POLLRDNORM : 0;
        now |= now & POLLOUT ? (unsigned)POLLWRNORM : 0;
        now &= (unsigned)p[i].events | POLLERR | POLLHUP | POLLNVAL;
        p[i].revents = (short)now;
        ready += now != 0;
    }
    return ready;
}

static int the_poll(void *u, struct pollfd *p, nfds_t n, int ms)
{
    cw_ns until;
    int   ready;

    (void)u;
    plugin_enter();
    until = ms < 0 ? NS_NEVER : plugin.clock + ms * NS_MS;
    do {
        ready = poll_once(p, n);
    } while (ready == 0 && ms != 0 && plugin_wait(until));
    return (int)plugin_leave(ready);
}

static int no_epoll_create(void *u, int size)
{
    (void)u;
    (void)size;
    errno = ENOSYS;
    return -1;
}

static int no_epoll_ctl(void *u, int ep, int op, int fd,
                        struct epoll_event *e)
{
    (void)e;
    return no_epoll_create(u, ep + op + fd);
}

static int no_epoll_wait(void *u, int ep, struct epoll_event *e, int n,
                         int ms)
{
    (void)e;
    return no_epoll_create(u, ep + n + ms);
}

static int no_pipe(void *u, int fd[2])
{
    return no_epoll_create(u, fd[0]);
}

static int no_splice(void *u, int in, loff_t *in_off, int out,
                     loff_t *out_off, size_t n, unsigned flags)
{
    (void)in_off;
    (void)out_off;
    (void)n;
    (void)flags;
    return no_epoll_create(u, in + out);
}

void plugin_calls(struct plugin_table *t)
{
    t->socket = the_socket;
    t->bind = the_bind;
    t->listen = the_listen;
    t->accept = the_accept;
    t->connect = the_connect;
    t->read = the_read;
    t->readv = the_readv;
    t->recv = the_recv;
    t->recvfrom = the_recvfrom;
    t->recvmsg = the_recvmsg;
    t->write = the_write;
    t->writev = the_writev;
    t->send = the_send;
    t->sendto = the_sendto;
    t->sendmsg = the_sendmsg;
    t->fcntl = the_fcntl;
    t->ioctl = the_ioctl;
    t->close = the_close;
    t->shutdown = the_shutdown;
    t->getsockopt = the_getsockopt;
    t->setsockopt = the_setsockopt;
    t->poll = the_poll;
    t->epoll_create = no_epoll_create;
    t->epoll_ctl = no_epoll_ctl;
    t->epoll_wait = no_epoll_wait;
    t->pipe = no_pipe;
    t->splice = no_splice;
}
