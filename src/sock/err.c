/* err.c: the error that waits on a socket (SO_ERROR), and how a call ends.
 *
 * The protocols keep the pending error; every call that reports it takes it,
 * so that it is told once.
 */
#include "sock/sock.h"

int sock_take_error(struct sock *s)
{
    if (sock_udp(s))
        return udp_take_error(sock_udp(s));
    return sock_tcp(s) ? tcp_take_error(sock_tcp(s)) : 0;
}

struct sock *sock_enter(struct cw_stack *st, int sd, cw_ns now)
{
    stack_enter(st, now);
    return sock_table_get(&st->socks, sd);
}

ptrdiff_t sock_leave(struct cw_stack *st, const struct sock *s,
                     enum event_call call, ptrdiff_t ret)
{
    if (env_observed(&st->env)) {
        struct cw_event ev = { .kind = EV_SOCK };

        ev.flow = s && sock_tcp(s) ? tcp_flow(sock_tcp(s)) : 0;
        ev.v[0] = call;
        ev.v[1] = (uint64_t)ret;
        ev.v[2] = s ? (uint64_t)s->sd : UINT64_MAX;
        env_event(&st->env, &ev);
    }
    stack_leave(st);
    return ret;
}
