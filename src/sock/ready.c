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
    if (s->udp)
        return udp_ready(s->udp);
    if (s->tcp)
        return tcp_ready(s->tcp);
    if (s->listener)
        return tcp_listener_ready(s->listener) ? CW_POLLIN : 0;
    return CW_POLLOUT | CW_POLLHUP;
}

int cw_queues(cw_stack *st, int sd, struct cw_queues *out)
{
    const struct sock *s = sock_table_get(&st->socks, sd);

    if (!s)
        return -CW_EBADF;
    *out = (struct cw_queues){ 0 };
    if (s->tcp) {
        tcp_queues(s->tcp, out);
    } else if (s->udp) { /* datagrams leave at once: there is no queue */
        out->recv_queued = udp_queued(s->udp);
        out->send_room = udp_opts(s->udp)->sndbuf;
    }
    return 0;
}

int cw_held(cw_stack *st, int sd, size_t bytes, cw_ns now)
{
    struct sock *s = sock_enter(st, sd, now);

    if (!s)
        return -CW_EBADF;
    if (!s->tcp)
        return -CW_ENOTCONN;
    tcp_call_held(s->tcp, bytes);
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
