/* io.c: bytes and datagrams in and out.
 *
 * A stream ignores addresses, as Linux does; on a socket that was never
 * connected a send is a broken pipe and a receive finds no connection.
 */
#include "sock/sock.h"

/* MSG_FASTOPEN, on what is not connected: RFC 7413 §4.2.2. */
static ptrdiff_t open_and_send(struct sock *s, const struct cw_msg *msg)
{
    int err;

    if (!tcp_fast_allowed(s->st->tcp))
        return -CW_EOPNOTSUPP;
    if (sock_listener(s) || (sock_tcp(s) && !s->connecting))
        return -CW_EISCONN;
    if (sock_tcp(s))
        return tcp_phase(sock_tcp(s)) == TCP_PHASE_OPENING ? -CW_EALREADY
                                                           : -CW_EISCONN;
    if (!msg->has_addr)
        return -CW_EINVAL;
    err = sock_open(s, &msg->addr, true);
    if (err)
        return err;
    return tcp_call_send(sock_tcp(s), msg->buf, msg->len, 0);
}

static ptrdiff_t stream_send(struct sock *s, const struct cw_msg *msg)
{
    if (msg->flags & CW_MSG_FASTOPEN
        && !(sock_tcp(s) && tcp_fast_waits(sock_tcp(s))))
        return open_and_send(s, msg);
    if (!sock_tcp(s))
        return -CW_EPIPE;
    return tcp_call_send(sock_tcp(s), msg->buf, msg->len,
                         msg->flags & (CW_MSG_OOB | CW_MSG_MORE));
}

static ptrdiff_t dgram_send(struct sock *s, const struct cw_msg *msg)
{
    struct cw_msg m = *msg;
    int           err;

    if (msg->flags & CW_MSG_OOB)
        return -CW_EOPNOTSUPP;
    m.flags = 0;
    if (msg->has_addr) {
        if (msg->addr.port == 0)
            return -CW_EINVAL;
        err = name_to_reach(s, &msg->addr, &m.addr);
        if (err)
            return err;
    }
    return udp_send(sock_udp(s), &m);
}

ptrdiff_t cw_sendmsg(cw_stack *st, int sd, const struct cw_msg *msg,
                     cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);
    ptrdiff_t    ret = -CW_EBADF;

    if (s)
        ret = sock_is_stream(s) ? stream_send(s, msg) : dgram_send(s, msg);
    return sock_leave(st, s, EVC_SEND, ret);
}

/* The queues only read what is sent, so the cast away of const is safe. */
ptrdiff_t cw_send(cw_stack *st, int sd, const void *buf, size_t len,
                  int flags, cw_ns now)
{
    struct cw_msg msg = { .buf = (void *)(uintptr_t)buf,
                          .len = len,
                          .flags = flags };

    return cw_sendmsg(st, sd, &msg, now);
}

static ptrdiff_t stream_recv(struct sock *s, struct cw_msg *msg)
{
    if (msg->flags & CW_MSG_ERRQUEUE) /* TCP tells errors at once */
        return -CW_EAGAIN;
    if (!sock_tcp(s) && !sock_listener(s) && msg->flags & CW_MSG_OOB)
        return -CW_EINVAL; /* there is no urgent data: what Linux asks first */
    if (!sock_tcp(s))
        return -CW_ENOTCONN;
    return tcp_call_receive(sock_tcp(s), msg->buf, msg->len,
                            msg->flags & (CW_MSG_OOB | CW_MSG_PEEK));
}

ptrdiff_t cw_recvmsg(cw_stack *st, int sd, struct cw_msg *msg, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);
    ptrdiff_t    ret = -CW_EBADF;

    msg->has_addr = msg->truncated = false;
    if (s && sock_is_stream(s))
        ret = stream_recv(s, msg);
    else if (s)
        ret = msg->flags & CW_MSG_ERRQUEUE ? udp_recv_error(sock_udp(s), msg)
                                           : udp_recv(sock_udp(s), msg);
    return sock_leave(st, s, EVC_RECV, ret);
}

ptrdiff_t cw_recv(cw_stack *st, int sd, void *buf, size_t len, int flags,
                  cw_ns now)
{
    struct cw_msg msg = { .buf = buf, .len = len, .flags = flags };

    return cw_recvmsg(st, sd, &msg, now);
}
