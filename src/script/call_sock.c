/* call_sock.c: calls that make sockets, join them and end them. */
#include "script/call.h"

#include <fcntl.h>
#include <sys/socket.h>

int64_t call_socket(struct run *r, struct pending *p)
{
    int        domain = (int)arg_int_or(r, arg(p, 0), r->set.family);
    int        type = (int)arg_int(r, arg(p, 1));
    int        kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    int        sd;
    struct fd *fd;

    if (r->over || !run_start(r))
        return CALL_ENDED;
    if ((domain != AF_INET && domain != AF_INET6)
        || (kind != SOCK_STREAM && kind != SOCK_DGRAM)) {
        run_lack(r, "sockets of this family or type");
        return CALL_ENDED;
    }
    sd = cw_socket(r->host.st, domain, kind, (int)arg_int_or(r, arg(p, 2), 0),
                   r->host.now);
    if (sd < 0)
        return sd;
    fd = fd_new(r, sd, kind);
    fd->nonblock = type & SOCK_NONBLOCK;
    fd->v6 = domain == AF_INET6;
    fd_name(r, fd, p->ev);
    r->cur = NULL; /* the next connection is a new one */
    return sd;
}

/* Where a socket of this family takes connections from everywhere. */
static struct cw_sockaddr wildcard(const struct fd *fd, uint16_t port)
{
    struct cw_sockaddr a = { .port = port };

    if (!fd->v6)
        a.addr = addr4(0);
    return a;
}

static struct flow *dgram_flow(struct run *r, struct fd *fd)
{
    if (!fd->flow) {
        fd->flow = flows_new(r, SP_UDP, 0);
        fd->flow->sd = fd->sd;
        fd->flow->lport = fd->port;
        fd->flow->rport = r->set.connect_port;
    }
    return fd->flow;
}

int64_t call_bind(struct run *r, struct pending *p)
{
    struct cw_sockaddr any = wildcard(p->fd, r->set.bind_port), a;
    int                got;

    arg_addr(r, arg(p, 1), &any, &a);
    if (addr_is_any(&a.addr))
        a.addr = any.addr; /* of the socket's own family */
    if (r->over)
        return CALL_ENDED;
    got = cw_bind(r->host.st, p->fd->sd, &a, r->host.now);
    if (got == 0 && cw_getsockname(r->host.st, p->fd->sd, &a) == 0)
        p->fd->port = a.port;
    if (got == 0 && p->fd->type == SOCK_DGRAM)
        r->cur = dgram_flow(r, p->fd);
    return got;
}

int64_t call_listen(struct run *r, struct pending *p)
{
    struct cw_sockaddr a;
    int got = cw_listen(r->host.st, p->fd->sd, (int)arg_int(r, arg(p, 1)),
                        r->host.now);

    if (got == 0) {
        p->fd->listening = true;
        if (cw_getsockname(r->host.st, p->fd->sd, &a) == 0)
            p->fd->port = a.port;
        r->listener = p->fd;
        r->cur = NULL;
    }
    return got;
}

int64_t call_accept(struct run *r, struct pending *p)
{
    struct cw_sockaddr peer;
    struct fd         *fd;
    int got = cw_accept(r->host.st, p->fd->sd, &peer, r->host.now);

    if (got == -CW_EAGAIN && !p->fd->nonblock)
        return CALL_BLOCKS;
    if (got < 0)
        return got;
    fd = fd_new(r, got, SOCK_STREAM);
    fd->v6 = p->fd->v6;
    fd->port = p->fd->port;
    if (p->ev->call.nargs > 3)
        fd->nonblock = arg_int(r, arg(p, 3)) & SOCK_NONBLOCK;
    fd->flow = flows_by_peer(r, &peer);
    if (fd->flow)
        fd->flow->sd = got;
    fd_name(r, fd, p->ev);
    return got;
}

/* Our SYN's port is known once it was seen. */
void call_aim_stream(struct run *r, struct fd *fd,
                     const struct cw_sockaddr *to)
{
    struct flow *f = flows_new(r, SP_TCP, 0);

    f->sd = fd->sd;
    f->lport = fd->port;
    f->remote = to->addr;
    f->rport = to->port;
    f->v6 = !addr_is4(&to->addr);
    fd->flow = r->cur = f;
    fd->written = fd->taken = 0;
}

int64_t call_connect(struct run *r, struct pending *p)
{
    struct cw_sockaddr any = { r->set.host.remote, 0, r->set.connect_port };
    struct cw_sockaddr to;
    int                got;

    arg_addr(r, arg(p, 1), &any, &to);
    if (r->over)
        return CALL_ENDED;
    if (p->fd->type == SOCK_DGRAM) {
        struct flow *f = r->cur = dgram_flow(r, p->fd);

        got = cw_connect(r->host.st, p->fd->sd, &to, r->host.now);
        f->remote = to.addr;
        f->rport = to.port;
        return got;
    }
    got = cw_connect(r->host.st, p->fd->sd, &to, r->host.now);
    if ((got == -CW_EINPROGRESS || got == 0) && !p->again)
        call_aim_stream(r, p->fd, &to);
    if ((got == -CW_EINPROGRESS || got == -CW_EALREADY) && !p->fd->nonblock)
        return CALL_BLOCKS;
    return got;
}

int64_t call_shutdown(struct run *r, struct pending *p)
{
    return cw_shutdown(r->host.st, p->fd->sd, (int)arg_int(r, arg(p, 1)),
                       r->host.now);
}

static void unwatch(struct run *r, const struct fd *fd)
{
    for (unsigned i = 0; i < RUN_FDS; i++)
        for (unsigned w = 0; w < RUN_WATCHES; w++)
            if (r->fds[i].watch[w].fd == fd)
                r->fds[i].watch[w].fd = NULL;
}

int64_t call_close(struct run *r, struct pending *p)
{
    struct fd *fd = p->fd;

    unwatch(r, fd);
    fd->open = false;
    if (r->listener == fd)
        r->listener = NULL;
    if (fd->flow)
        fd->flow->sd = -1;
    return fd->sd < 0 ? 0 : cw_close(r->host.st, fd->sd, r->host.now);
}
