/* name.c: the names of sockets: which addresses a socket of either family
 * may use.  The mapped form of IPv4 and V6ONLY are decided here and nowhere
 * else (RFC 3493 §3.7, §5.3).
 *
 *   AF_INET    IPv4 only; the IPv6 wildcard is read as the IPv4 one
 *   AF_INET6   both, IPv4 in its mapped form; with V6ONLY only IPv6
 */
#include "base/addr.h"
#include "sock/sock.h"

bool sock_v6only(const struct sock *s)
{
    if (s->domain != CW_AF_INET6)
        return false;
    if (!sock_is_stream(s))
        return udp_opts(sock_udp(s))->v6only;
    if (sock_tcp(s))
        return tcp_opts_of(sock_tcp(s))->v6only;
    return sock_listener(s) ? tcp_listener_opts(sock_listener(s))->v6only
                            : s->plan->opts.v6only;
}

static bool all_zero(const struct cw_addr *a)
{
    return addr_is_any(a) && !addr_is4(a);
}

struct cw_sockaddr name_wildcard(const struct sock *s)
{
    struct cw_sockaddr a = { 0 };

    if (s->domain == CW_AF_INET)
        a.addr = addr4(0);
    return a;
}

int name_to_bind(const struct sock *s, const struct cw_sockaddr *in,
                 struct cw_sockaddr *out)
{
    *out = *in;
    if (s->domain == CW_AF_INET) {
        if (all_zero(&in->addr))
            out->addr = addr4(0);
        else if (!addr_is4(&in->addr))
            return -CW_EAFNOSUPPORT;
    } else if (addr_is4(&in->addr) && sock_v6only(s)) {
        return -CW_EINVAL;
    }
    return 0;
}

/* A destination of all zeros means this host (4.2BSD, kept by all). */
static struct cw_addr loopback_of(bool ip4)
{
    return ip4 ? addr4(0x7f000001) : (struct cw_addr){ .b = { [15] = 1 } };
}

int name_to_reach(const struct sock *s, const struct cw_sockaddr *in,
                  struct cw_sockaddr *out)
{
    struct cw_sockaddr local;
    bool               fixed;

    *out = *in;
    name_local(s, &local);
    fixed = !addr_is_any(&local.addr);
    if (all_zero(&in->addr))
        out->addr = loopback_of(s->domain == CW_AF_INET
                                || (fixed && addr_is4(&local.addr)));
    else if (addr_is_any(&in->addr))
        out->addr = loopback_of(true);
    if (s->domain == CW_AF_INET && !addr_is4(&out->addr))
        return -CW_EAFNOSUPPORT;
    if (addr_is4(&out->addr) && sock_v6only(s))
        return -CW_ENETUNREACH;
    if (fixed && addr_is4(&local.addr) != addr_is4(&out->addr))
        return -CW_ENETUNREACH;
    return 0;
}

void name_local(const struct sock *s, struct cw_sockaddr *out)
{
    struct cw_sockaddr peer;

    *out = name_wildcard(s);
    if (sock_udp(s))
        udp_names(sock_udp(s), out, &peer);
    else if (sock_tcp(s))
        tcp_names(sock_tcp(s), out, &peer);
    else if (sock_listener(s))
        tcp_listener_name(sock_listener(s), out);
    else if (s->plan && s->plan->bind)
        *out = (struct cw_sockaddr){ .addr = s->plan->bind->addr,
                                     .port = s->plan->bind->port };
}

int cw_getsockname(cw_stack *st, int sd, struct cw_sockaddr *addr)
{
    const struct sock *s = sock_table_get(&st->socks, sd);

    if (!s)
        return -CW_EBADF;
    name_local(s, addr);
    return 0;
}

/* As Linux does, a stream has a peer from SYN-RECEIVED until it is closed. */
int cw_getpeername(cw_stack *st, int sd, struct cw_sockaddr *addr)
{
    const struct sock *s = sock_table_get(&st->socks, sd);
    struct cw_sockaddr local, peer = { 0 };

    if (!s)
        return -CW_EBADF;
    if (sock_udp(s))
        udp_names(sock_udp(s), &local, &peer);
    else if (sock_tcp(s) && tcp_phase(sock_tcp(s)) == TCP_PHASE_OPEN)
        tcp_names(sock_tcp(s), &local, &peer);
    if (peer.port == 0)
        return -CW_ENOTCONN;
    *addr = peer;
    return 0;
}
