/* call_io.c: calls that move bytes.
 *
 * The script says how many; what they are is ours to say (flow_byte), so that
 * both directions are compared octet by octet.
 */
#include "script/call.h"

#include <causeway/observe.h>

#include <string.h>
#include <sys/socket.h>

enum { IO_MAX = 1 << 20 };

static uint8_t buffer[IO_MAX];

static int64_t io_len(struct run *r, const struct val *v)
{
    int64_t n = arg_int(r, v);

    if (n < 0 || n > IO_MAX) {
        run_lack(r, "%lld bytes in one call", (long long)n);
        return 0;
    }
    return n;
}

static bool waits(const struct fd *fd, int flags)
{
    return !fd->nonblock && !(flags & MSG_DONTWAIT);
}

/* ---- to the application --------------------------------------------------- */

struct transfer {
    int64_t           len;
    int               flags;
    const struct val *addr;      /* NULL: none */
    const struct val *text;      /* bytes that the script gives, or NULL */
    int               msg_flags; /* what came of it */
};

static void check_stream(struct run *r, struct fd *fd, int64_t n,
                         const struct transfer *t)
{
    struct flow *f = fd->flow;

    if (t->flags & (MSG_OOB | MSG_TRUNC) || n <= 0)
        return;
    for (int64_t i = 0; f && !f->free_in && i < n; i++)
        if (buffer[i] != flow_byte(true, fd->taken + (uint32_t)i)) {
            run_fail(r, "byte %lld is not what the peer sent there",
                     (long long)i);
            return;
        }
    if (!(t->flags & MSG_PEEK))
        fd->taken += (uint32_t)n;
}

static void check_dgram(struct run *r, const struct cw_msg *m, int64_t n)
{
    for (int64_t i = 0; i < n && i < (int64_t)m->len; i++)
        if (buffer[i] != flow_byte(true, (uint32_t)i)) {
            run_fail(r, "byte %lld is not what the peer sent there",
                     (long long)i);
            return;
        }
}

static int64_t receive(struct run *r, struct pending *p, struct transfer *t)
{
    static const int known = MSG_OOB | MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT
        | MSG_WAITALL | MSG_NOSIGNAL;
    struct cw_msg m = { .buf = buffer,
                        .len = (size_t)(t->len - p->done),
                        .flags = t->flags
                            & (MSG_OOB | MSG_PEEK | MSG_TRUNC) };
    int64_t       n;

    if (t->flags & ~known)
        run_lack(r, "these flags of %s()", r->ev->call.name);
    if (r->over)
        return CALL_ENDED;
    n = cw_recvmsg(r->host.st, p->fd->sd, &m, r->host.now);
    if (n == -CW_EAGAIN && waits(p->fd, t->flags))
        return CALL_BLOCKS;
    if (p->fd->type == SOCK_STREAM)
        check_stream(r, p->fd, n, t);
    else
        check_dgram(r, &m, n);
    t->msg_flags = m.truncated ? MSG_TRUNC : 0;
    if (n <= 0)
        return p->done && n != -CW_EAGAIN ? p->done : n;
    p->done += n;
    if (t->flags & MSG_WAITALL && p->fd->type == SOCK_STREAM
        && p->done < t->len && waits(p->fd, t->flags))
        return CALL_BLOCKS;
    return p->done;
}

int64_t call_read(struct run *r, struct pending *p)
{
    struct transfer t = { .len = io_len(r, arg(p, 2)) };

    return receive(r, p, &t);
}

int64_t call_recv(struct run *r, struct pending *p)
{
    struct transfer t = { .len = io_len(r, arg(p, 2)),
                          .flags = (int)arg_int(r, arg(p, 3)) };

    return receive(r, p, &t);
}

int64_t call_recvfrom(struct run *r, struct pending *p)
{
    return call_recv(r, p);
}

/* ---- from the application ------------------------------------------------- */

static void fill(struct fd *fd, const struct transfer *t, int64_t done)
{
    uint32_t at = fd->type == SOCK_STREAM ? fd->written : (uint32_t)done;
    size_t   n = (size_t)(t->len - done);

    if (t->text) {
        for (size_t i = 0; i < n; i++)
            buffer[i] = (size_t)done + i < t->text->len
                ? (uint8_t)t->text->text[(size_t)done + i]
                : 0;
        if (fd->flow)
            fd->flow->free_out = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        buffer[i] = flow_byte(false, at + (uint32_t)i);
}

/* A datagram to nobody's port yet: the flow learns it. */
static void aim(struct run *r, struct fd *fd, const struct cw_sockaddr *to)
{
    if (!fd->flow) {
        fd->flow = flows_new(r, SP_UDP, 0);
        fd->flow->sd = fd->sd;
        fd->flow->lport = fd->port;
    }
    fd->flow->remote = to->addr;
    fd->flow->rport = to->port;
    fd->flow->v6 = !addr_is4(&to->addr);
    r->cur = fd->flow;
}

/* A SYN that waits for what is sent: TCP_FASTOPEN_CONNECT. */
static bool is_unsent(struct run *r, const struct fd *fd)
{
    struct cw_tcp_info info = { 0 };
    size_t             n = sizeof info;

    return fd->type == SOCK_STREAM
        && cw_getsockopt(r->host.st, fd->sd, CW_IPPROTO_TCP, CW_TCP_INFO,
                         &info, &n)
        == 0
        && info.state == CW_SYN_SENT && info.segs_out == 0;
}

static int64_t transmit(struct run *r, struct pending *p, struct transfer *t)
{
    static const int known = MSG_OOB | MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL
        | MSG_EOR | MSG_FASTOPEN;
    struct cw_sockaddr any = { r->set.host.remote, 0, r->set.connect_port };
    bool               opens = (t->flags & MSG_FASTOPEN) && !p->again;
    struct cw_msg      m = { .buf = buffer,
                             .len = (size_t)(t->len - p->done),
                             .flags = (t->flags & (MSG_OOB | MSG_MORE))
                                 | (opens ? CW_MSG_FASTOPEN : 0) };
    int64_t            n;

    if (t->flags & ~known)
        run_lack(r, "these flags of %s()", r->ev->call.name);
    if (t->addr)
        arg_addr(r, t->addr, &any, &m.addr);
    if (r->over)
        return CALL_ENDED;
    m.has_addr = t->addr != NULL;
    if (m.has_addr && p->fd->type == SOCK_DGRAM)
        aim(r, p->fd, &m.addr);
    if (opens && p->fd->type == SOCK_STREAM && !p->fd->flow)
        call_aim_stream(r, p->fd, &m.addr);
    fill(p->fd, t, p->done);
    opens = opens || is_unsent(r, p->fd); /* then it waits for the answer */
    n = cw_sendmsg(r->host.st, p->fd->sd, &m, r->host.now);
    if ((n == -CW_EAGAIN || (n == -CW_EINPROGRESS && opens))
        && waits(p->fd, t->flags))
        return CALL_BLOCKS;
    if (n < 0)
        return p->done ? p->done : n;
    p->fd->written += (uint32_t)n;
    p->done += n;
    if ((p->done < t->len || opens) && waits(p->fd, t->flags)
        && p->fd->type == SOCK_STREAM)
        return CALL_BLOCKS;
    return p->done;
}

static const struct val *text_of(const struct val *v)
{
    return v->kind == VAL_TEXT ? v : NULL;
}

int64_t call_write(struct run *r, struct pending *p)
{
    struct transfer t = { .len = io_len(r, arg(p, 2)),
                          .text = text_of(arg(p, 1)) };

    return transmit(r, p, &t);
}

int64_t call_send(struct run *r, struct pending *p)
{
    struct transfer t = { .len = io_len(r, arg(p, 2)),
                          .flags = (int)arg_int(r, arg(p, 3)),
                          .text = text_of(arg(p, 1)) };

    return transmit(r, p, &t);
}

int64_t call_sendto(struct run *r, struct pending *p)
{
    const struct val *to = arg(p, 4);
    struct transfer   t = { .len = io_len(r, arg(p, 2)),
                            .flags = (int)arg_int(r, arg(p, 3)),
                            .text = text_of(arg(p, 1)),
                            .addr = to };

    if (to->kind == VAL_INT
        || (to->kind == VAL_NAME && strcmp(to->text, "NULL") == 0))
        t.addr = NULL;
    return transmit(r, p, &t);
}

/* ---- gathered and scattered ----------------------------------------------- */

/* [{..., 10}, {..., 20}]: thirty. */
static int64_t iov_len(struct run *r, const struct val *v,
                       const struct val **text)
{
    int64_t sum = 0;

    for (const struct val *m = v ? v->first : NULL; m; m = m->next) {
        const struct val *len = arg_field(m, "iov_len", 1);
        const struct val *base = arg_field(m, "iov_base", 0);

        if (!len) {
            run_fail(r, "an iovec is { base, length }");
            return 0;
        }
        if (base && base->kind == VAL_TEXT)
            *text = base;
        sum += io_len(r, len);
    }
    if (sum > IO_MAX)
        run_lack(r, "%lld bytes in one call", (long long)sum);
    return sum;
}

int64_t call_readv(struct run *r, struct pending *p)
{
    const struct val *text;
    struct transfer   t = { .len = iov_len(r, arg(p, 1), &text) };

    return r->over ? CALL_ENDED : receive(r, p, &t);
}

int64_t call_writev(struct run *r, struct pending *p)
{
    struct transfer t = { 0 };

    t.len = iov_len(r, arg(p, 1), &t.text);
    return r->over ? CALL_ENDED : transmit(r, p, &t);
}

static bool has_control(const struct val *msg)
{
    const struct val *c = arg_field(msg, "msg_control", 99);

    return c && c->first;
}

static void read_msg(struct run *r, struct pending *p, struct transfer *t)
{
    const struct val *msg = arg(p, 1), *name;

    if (msg->kind != VAL_STRUCT) {
        run_fail(r, "a msghdr should stand in %s()", r->ev->call.name);
        return;
    }
    t->len = iov_len(r, arg_field(msg, "msg_iov", 99), &t->text);
    t->flags = (int)arg_int(r, arg(p, 2));
    name = arg_field(msg, "msg_name", 99);
    if (name && (p->fd->type == SOCK_DGRAM || t->flags & MSG_FASTOPEN)
        && (name->kind == VAL_STRUCT || arg_is_any(name)))
        t->addr = name;
    if (has_control(msg))
        run_lack(r, "control messages of %s()", r->ev->call.name);
}

int64_t call_sendmsg(struct run *r, struct pending *p)
{
    struct transfer t = { 0 };

    read_msg(r, p, &t);
    return r->over ? CALL_ENDED : transmit(r, p, &t);
}

int64_t call_recvmsg(struct run *r, struct pending *p)
{
    struct transfer   t = { 0 };
    const struct val *want;
    int64_t           got;

    read_msg(r, p, &t);
    if (r->over)
        return CALL_ENDED;
    got = receive(r, p, &t);
    want = arg_field(arg(p, 1), "msg_flags", 99);
    if (got >= 0 && want && !arg_is_any(want)
        && arg_int(r, want) != t.msg_flags)
        run_fail(r, "msg_flags is 0x%x", (unsigned)t.msg_flags);
    return got;
}
