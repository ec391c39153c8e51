/* ready.c: readiness, pulled: a FIFO of sockets about which something was
 * heard, each in it at most once, and the bits of poll(2).
 */
#include "sock/sock.h"

enum { POLL_NVAL = 0x20 };

void sock_heard(void *ctx, void *owner)
{
    struct cw_stack *st = ctx;
    struct sock     *s = owner;

    INVARIANT(s->st == st);
    if (!near_linked(&s->ready))
        near_push_back(&st->socks.ready, &s->ready);
}

int cw_ready_next(cw_stack *st)
{
    struct near *n = near_pop(&st->socks.ready);

    return n ? near_entry(n, struct sock, ready)->sd : -1;
}

/* A stream that is neither listening nor connected polls as Linux's does: it
 * can be written to (which fails) and has hung up. */
unsigned cw_ready(cw_stack *st, int sd)
{
    const struct sock *s = sock_table_get(&st->socks, sd);

    if (!s)
        return POLL_NVAL;
    if (sock_udp(s))
        return udp_ready(sock_udp(s));
    if (sock_tcp(s))
        return tcp_ready(sock_tcp(s));
    if (sock_listener(s))
        return tcp_listener_ready(sock_listener(s)) ? CW_POLLIN : 0;
    return CW_POLLOUT | CW_POLLHUP;
}

int cw_queues(cw_stack *st, int sd, struct cw_queues *out)
{
    const struct sock *s = sock_table_get(&st->socks, sd);

    if (!s)
        return -CW_EBADF;
    *out = (struct cw_queues){ 0 };
    if (sock_tcp(s)) {
        tcp_queues(sock_tcp(s), out);
    } else if (sock_udp(s)) { /* datagrams leave at once: there is no queue */
        out->recv_queued = udp_queued(sock_udp(s));
        out->send_room = udp_opts(sock_udp(s))->sndbuf;
    }
    return 0;
}

int cw_held(cw_stack *st, int sd, size_t bytes, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);

    if (!s)
        return -CW_EBADF;
    if (!sock_tcp(s))
        return -CW_ENOTCONN;
    tcp_call_held(sock_tcp(s), bytes);
    stack_leave(st);
    return 0;
}

int cw_set_owner(cw_stack *st, int sd, uint64_t owner)
{
    struct sock *s = sock_table_get(&st->socks, sd);

    if (!s)
        return -CW_EBADF;
    s->owner = owner;
    return 0;
}
