/* opt_ip.c: options about the IP header: how far, which service, whether it
 * may be cut; what a receiver is told of it; and errors as messages.
 *
 *   Owns:    ranges and defaults, as Linux has them (ip(7), ipv6(7)); which
 *            option is for which kind of socket.
 *   A datagram socket has one set for each family that it sends by; a stream
 *   has one.
 *   RFC 1122 §3.2.1.6-7 and §4.1.4, RFC 3542 §6, RFC 1191, RFC 8201.
 */
#include "sock/sock.h"
#include "wire/ip4opt.h"

enum { ECN_BITS = 3 };

enum what {
    TOS,
    TTL,
    PMTUDISC,
    MTU,
    DONTFRAG,
    RECVERR,
    RECVTTL,
    RECVTOS,
    RECVOPTS,
    RETOPTS,
};

static const struct ip_opt {
    int     level, name;
    uint8_t what;
    bool    stream;
    int     lo, hi;
} table[] = {
    { CW_IPPROTO_IP, CW_IP_TOS, TOS, true, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IP, CW_IP_TTL, TTL, true, 1, 255 },
    { CW_IPPROTO_IP, CW_IP_MTU_DISCOVER, PMTUDISC, true, CW_PMTUDISC_DONT,
      CW_PMTUDISC_OMIT },
    { CW_IPPROTO_IP, CW_IP_MTU, MTU, true, 0, 0 },
    { CW_IPPROTO_IP, CW_IP_RECVERR, RECVERR, true, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IP, CW_IP_RECVTTL, RECVTTL, false, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IP, CW_IP_RECVTOS, RECVTOS, false, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IP, CW_IP_RECVOPTS, RECVOPTS, false, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IP, CW_IP_RETOPTS, RETOPTS, false, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IPV6, CW_IPV6_TCLASS, TOS, true, 0, 255 },
    { CW_IPPROTO_IPV6, CW_IPV6_UNICAST_HOPS, TTL, true, 0, 255 },
    { CW_IPPROTO_IPV6, CW_IPV6_MTU_DISCOVER, PMTUDISC, true, CW_PMTUDISC_DONT,
      CW_PMTUDISC_OMIT },
    { CW_IPPROTO_IPV6, CW_IPV6_MTU, MTU, true, 0, 0 },
    { CW_IPPROTO_IPV6, CW_IPV6_DONTFRAG, DONTFRAG, false, INT32_MIN,
      INT32_MAX },
    { CW_IPPROTO_IPV6, CW_IPV6_RECVERR, RECVERR, true, INT32_MIN, INT32_MAX },
    { CW_IPPROTO_IPV6, CW_IPV6_RECVHOPLIMIT, RECVTTL, false, INT32_MIN,
      INT32_MAX },
    { CW_IPPROTO_IPV6, CW_IPV6_RECVTCLASS, RECVTOS, false, INT32_MIN,
      INT32_MAX },
};

static const struct ip_opt *find(const struct sock *s, int level, int name)
{
    if (level == CW_IPPROTO_IPV6 && s->domain != CW_AF_INET6)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].level == level && table[i].name == name
            && (table[i].stream || !sock_is_stream(s)))
            return &table[i];
    return NULL;
}

bool opt_is_ip(const struct sock *s, int level, int name)
{
    return find(s, level, name) != NULL;
}

/* ---- one set of values, whatever the kind of socket ---------------------- */

static struct udp_ip load(struct sock *s, int level)
{
    const struct tcp_opts *t;

    if (!sock_is_stream(s))
        return udp_opts(sock_udp(s))->ip[level == CW_IPPROTO_IPV6];
    t = sock_opts(s);
    return (struct udp_ip){ .ttl = t->ttl,
                            .tos = t->tos,
                            .pmtudisc = t->pmtudisc,
                            .recverr = t->recverr };
}

static void store(struct sock *s, int level, const struct udp_ip *v)
{
    struct tcp_opts *t;

    if (!sock_is_stream(s)) {
        udp_opts(sock_udp(s))->ip[level == CW_IPPROTO_IPV6] = *v;
        return;
    }
    t = sock_opts(s);
    t->ttl = v->ttl;
    t->tos = v->tos;
    t->pmtudisc = v->pmtudisc & 0x1fu;
    t->recverr = v->recverr;
}

/* ---- reading ------------------------------------------------------------- */

static int path_mtu(struct sock *s, int *out)
{
    unsigned mtu = 0;

    if (sock_udp(s))
        mtu = udp_path_mtu(sock_udp(s));
    else if (sock_tcp(s))
        mtu = tcp_path_mtu(sock_tcp(s));
    *out = (int)mtu;
    return mtu ? 0 : -CW_ENOTCONN;
}

int opt_ip_get(struct sock *s, int level, int name, int *out)
{
    const struct ip_opt *o = find(s, level, name);
    struct udp_ip        v = load(s, level);

    switch ((enum what)o->what) {
    case TOS:
        *out = v.tos;
        return 0;
    case TTL:
        *out = v.ttl ?: net_ttl(s->st->net, level == CW_IPPROTO_IP);
        return 0;
    case PMTUDISC:
        *out = v.pmtudisc;
        return 0;
    case MTU:
        return path_mtu(s, out);
    case DONTFRAG:
        *out = v.dontfrag;
        return 0;
    case RECVERR:
        *out = v.recverr;
        return 0;
    case RECVTTL:
        *out = v.recvttl;
        return 0;
    case RECVTOS:
        *out = v.recvtos;
        return 0;
    case RECVOPTS:
        *out = v.recvopts;
        return 0;
    case RETOPTS:
        *out = v.retopts;
        return 0;
    }
    INVARIANT(false); /* not in the table */
}

/* ---- setting ------------------------------------------------------------- */

/* RFC 3168 §6.1: a stream's ECN bits are TCP's own. */
static uint8_t tos_of(const struct sock *s, uint8_t old, int v)
{
    if (!sock_is_stream(s))
        return (uint8_t)v;
    return (uint8_t)((v & ~ECN_BITS) | (old & ECN_BITS));
}

/* -1: back to the default, where there is one. */
static bool in_range(const struct ip_opt *o, int v)
{
    if (v == -1
        && (o->what == TTL
            || (o->what == TOS && o->level == CW_IPPROTO_IPV6)))
        return true;
    return v >= o->lo && v <= o->hi;
}

static void set(struct sock *s, const struct ip_opt *o, int v)
{
    struct udp_ip ip = load(s, o->level);

    switch ((enum what)o->what) {
    case TOS:
        ip.tos = tos_of(s, ip.tos, v == -1 && o->hi == 255 ? 0 : v);
        break;
    case TTL:
        ip.ttl = (uint8_t)MAX(v, 0); /* 0: the default */
        break;
    case PMTUDISC:
        ip.pmtudisc = (uint8_t)v;
        break;
    case DONTFRAG:
        ip.dontfrag = v != 0;
        break;
    case RECVERR:
        ip.recverr = v != 0;
        break;
    case RECVTTL:
        ip.recvttl = v != 0;
        break;
    case RECVTOS:
        ip.recvtos = v != 0;
        break;
    case RECVOPTS:
        ip.recvopts = v != 0;
        break;
    case RETOPTS:
        ip.retopts = v != 0;
        break;
    case MTU:
        break;
    }
    store(s, o->level, &ip);
    if (o->what == RECVERR && sock_udp(s) && v == 0)
        udp_errors_clear(sock_udp(s));
}

/* IPv4's may be said in one byte. */
int opt_ip_set(struct sock *s, int level, int name, const void *val,
               size_t len)
{
    const struct ip_opt *o = find(s, level, name);
    int                  v = 0;

    if (o->what == MTU)
        return -CW_ENOPROTOOPT;
    if (len >= sizeof v)
        memcpy(&v, val, sizeof v);
    else if (len >= 1 && level == CW_IPPROTO_IP)
        v = *(const uint8_t *)val;
    else
        return -CW_EINVAL;
    if (!in_range(o, v))
        return -CW_EINVAL;
    set(s, o, v);
    return 0;
}

/* ---- IP_OPTIONS ---------------------------------------------------------- */

bool opt_is_ip_options(const struct sock *s, int level, int name)
{
    return level == CW_IPPROTO_IP && name == CW_IP_OPTIONS
        && !sock_is_stream(s);
}

/* [RFC1122-4.1.3.2-a] */
int opt_ip_options_set(struct sock *s, const void *val, size_t len)
{
    struct cw_ip_opts *opts = &udp_opts(sock_udp(s))->ip_opts;
    int                n;

    if (len > sizeof opts->b)
        return -CW_EINVAL;
    n = ip4opt_given(span_of(val, len), opts->b);
    if (n < 0)
        return -CW_EINVAL;
    opts->len = (uint8_t)n;
    return 0;
}

const struct cw_ip_opts *opt_ip_options(const struct sock *s)
{
    return &udp_opts(sock_udp(s))->ip_opts;
}
