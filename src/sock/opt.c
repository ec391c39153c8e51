/* opt.c: socket options: one table of level, name, type, and where the value
 * lives.
 *
 *   Owns:      the forms of values (int, linger, tcp_info) and their ranges.
 *   Does not   act on them: the protocols read their options; after a change
 *              to a connection TCP is told.
 *   An option that is not in the table, or not for this kind of socket, is
 *   ENOPROTOOPT, as is setting one that can only be read.
 */
#include "base/addr.h"
#include "base/limits.h"
#include "sock/sock.h"

/* Linux's numbers for what socket.h has no name for. */
enum { UDP_SEGMENT = 103, UDP_GRO = 104 };

enum opt_type {
    OPT_BOOL,
    OPT_BUF,  /* uint32_t bytes; reads as twice, clamped when set */
    OPT_U8,   /* in its range */
    OPT_U16,  /* the same */
    OPT_RATE, /* uint32_t or uint64_t bytes a second; all ones: no limit */
    OPT_U32,  /* not negative */
    OPT_ASK,  /* read only: ask() below knows */
    OPT_MAXSEG,
    OPT_V6ONLY,
    OPT_NOOP, /* accepted, reads as set: nothing here depends on it */
    OPT_LINGER,
    OPT_INFO,
    OPT_CC, /* a name */
};

enum { STREAM = 1, DGRAM = 2, BOTH = 3, NOWHERE = UINT16_MAX };

/* Where the value is: in struct tcp_opts, struct udp_opts or, if in neither,
 * in the socket. */
struct opt {
    int      level, name;
    uint8_t  type, kinds;
    uint16_t in_tcp, in_udp, in_sock;
    int      lo, hi;
};

#define T(f)  .in_tcp = offsetof(struct tcp_opts, f)
#define U(f)  .in_udp = offsetof(struct udp_opts, f)
#define TU(f) T(f), U(f)
#define NO_T  .in_tcp = NOWHERE
#define NO_U  .in_udp = NOWHERE
#define S(f)  .in_sock = offsetof(struct sock, f)

// clang-format off
static const struct opt table[] = {
    { CW_SOL_SOCKET, CW_SO_REUSEADDR,  OPT_BOOL, BOTH, TU(reuseaddr) },
    { CW_SOL_SOCKET, CW_SO_REUSEPORT,  OPT_BOOL, BOTH, TU(reuseport) },
    { CW_SOL_SOCKET, CW_SO_SNDBUF,     OPT_BUF,  BOTH, TU(sndbuf) },
    { CW_SOL_SOCKET, CW_SO_RCVBUF,     OPT_BUF,  BOTH, TU(rcvbuf) },
    { CW_SOL_SOCKET, CW_SO_KEEPALIVE,  OPT_BOOL, STREAM, T(keepalive) },
    { CW_SOL_SOCKET, CW_SO_BROADCAST,  OPT_BOOL, BOTH, NO_T, U(broadcast),
      S(kept) },
    { CW_SOL_SOCKET, CW_SO_OOBINLINE,  OPT_BOOL, BOTH, T(oobinline), NO_U,
      S(kept) },
    { CW_SOL_SOCKET, CW_SO_LINGER,     OPT_LINGER, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_TYPE,       OPT_ASK, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_ERROR,      OPT_ASK, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_ACCEPTCONN, OPT_ASK, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_PROTOCOL,   OPT_ASK, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_DOMAIN,     OPT_ASK, BOTH, NO_T },
    { CW_SOL_SOCKET, CW_SO_MAX_PACING_RATE, OPT_RATE, STREAM,
      T(max_pacing) },

    { CW_IPPROTO_TCP, CW_TCP_NODELAY,   OPT_BOOL, STREAM, T(nodelay) },
    /* MUST-17 */
    { CW_IPPROTO_TCP, CW_TCP_CORK,      OPT_BOOL, STREAM, T(cork) },
    { CW_IPPROTO_TCP, CW_TCP_MAXSEG,    OPT_MAXSEG, STREAM, T(maxseg),
      .lo = TCP_MSS_MIN, .hi = 32767 },
    { CW_IPPROTO_TCP, CW_TCP_KEEPIDLE,  OPT_U16, STREAM, T(keepidle_s),
      .lo = 1, .hi = 32767 },
    { CW_IPPROTO_TCP, CW_TCP_KEEPINTVL, OPT_U16, STREAM, T(keepintvl_s),
      .lo = 1, .hi = 32767 },
    { CW_IPPROTO_TCP, CW_TCP_KEEPCNT,   OPT_U8, STREAM, T(keepcnt),
      .lo = 1, .hi = 127 },
    { CW_IPPROTO_TCP, CW_TCP_INFO,      OPT_INFO, STREAM, NO_T },
    { CW_IPPROTO_TCP, CW_TCP_CONGESTION, OPT_CC, STREAM, NO_T },
    { CW_IPPROTO_TCP, CW_TCP_QUICKACK,  OPT_NOOP, STREAM, NO_T },
    { CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, OPT_U32, STREAM,
      T(user_timeout_ms) },

    { CW_IPPROTO_IP, CW_IP_PKTINFO, OPT_BOOL, DGRAM, NO_T, U(pktinfo) },
    { CW_IPPROTO_IPV6, CW_IPV6_RECVPKTINFO, OPT_BOOL, DGRAM, NO_T,
      U(pktinfo6) },
    { CW_IPPROTO_UDP, UDP_SEGMENT, OPT_U16, DGRAM, NO_T, U(gso_size),
      .lo = 0, .hi = UINT16_MAX },
    { CW_IPPROTO_UDP, UDP_GRO, OPT_BOOL, DGRAM, NO_T, U(gro) },
    { CW_IPPROTO_IPV6, CW_IPV6_V6ONLY, OPT_V6ONLY, BOTH, TU(v6only) },
};
// clang-format on

static const struct opt *find(const struct sock *s, int level, int name)
{
    unsigned kind = sock_is_stream(s) ? STREAM : DGRAM;

    if (level == CW_IPPROTO_IPV6 && s->domain != CW_AF_INET6)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].level == level && table[i].name == name
            && table[i].kinds & kind)
            return &table[i];
    return NULL;
}

static void *place(struct sock *s, const struct opt *o)
{
    uint16_t off = sock_is_stream(s) ? o->in_tcp : o->in_udp;

    if (off == NOWHERE)
        return (char *)s + o->in_sock;
    return sock_is_stream(s) ? (char *)sock_opts(s) + off
                             : (char *)udp_opts(sock_udp(s)) + off;
}

/* ---- reading ----------------------------------------------------------- */

static int ask(struct sock *s, int name)
{
    switch (name) {
    case CW_SO_TYPE:
        return s->type;
    case CW_SO_ERROR:
        return sock_take_error(s);
    case CW_SO_ACCEPTCONN:
        return sock_listener(s) != NULL;
    case CW_SO_PROTOCOL:
        return sock_is_stream(s) ? CW_IPPROTO_TCP : CW_IPPROTO_UDP;
    case CW_SO_DOMAIN:
        return s->domain;
    }
    INVARIANT(false); /* asked for what nobody answers */
}

/* A connection tells the segment size in use, as Linux does. */
static int maxseg(struct sock *s, const uint16_t *wish)
{
    struct cw_tcp_info info;

    if (!sock_tcp(s))
        return *wish ? *wish : TCP_MSS_DEFAULT4;
    tcp_info(sock_tcp(s), &info);
    return (int)info.snd_mss;
}

static int get_int(struct sock *s, const struct opt *o)
{
    void *p = place(s, o);

    switch ((enum opt_type)o->type) {
    case OPT_BOOL:
    case OPT_V6ONLY:
        return *(bool *)p;
    case OPT_BUF:
        return (int)MIN(*(uint32_t *)p, (uint32_t)SOCKBUF_MAX) * 2;
    case OPT_U8:
        return *(uint8_t *)p;
    case OPT_U16:
        return *(uint16_t *)p;
    case OPT_RATE:
        return (int)(*(uint32_t *)p - (*(uint32_t *)p == 0));
    case OPT_U32:
        return (int)MIN(*(uint32_t *)p, (uint32_t)INT32_MAX);
    case OPT_MAXSEG:
        return maxseg(s, p);
    case OPT_ASK:
        return ask(s, o->name);
    case OPT_NOOP:
        return 1;
    case OPT_LINGER:
    case OPT_INFO:
    case OPT_CC:
        break;
    }
    INVARIANT(false); /* not an int */
}

static struct cw_linger get_linger(struct sock *s)
{
    const struct tcp_opts *t;

    if (!sock_is_stream(s))
        return s->plan ? s->plan->linger : (struct cw_linger){ 0 };
    t = sock_opts(s);
    return (struct cw_linger){ t->linger_on, t->linger_s };
}

/* Filled up with zeros, as Linux gives it. */
static void get_cc(struct sock *s, char out[static CC_NAME_MAX])
{
    const char *name = cc_name((enum cw_cc)sock_opts(s)->cc);

    memset(out, 0, CC_NAME_MAX);
    for (unsigned i = 0; i < CC_NAME_MAX - 1 && name[i]; i++)
        out[i] = name[i];
}

/* A short room takes what fits. */
static void answer(void *val, size_t *len, const void *what, size_t size)
{
    *len = MIN(*len, size);
    memcpy(val, what, *len);
}

int cw_getsockopt(cw_stack *st, int sd, int level, int name, void *val,
                  size_t *len)
{
    struct sock      *s = sock_table_get(&st->socks, sd);
    const struct opt *o = s ? find(s, level, name) : NULL;
    int               v, err;

    if (s && (opt_is_group(s, level, name) || opt_is_ip(s, level, name))) {
        err = opt_is_ip(s, level, name) ? opt_ip_get(s, level, name, &v)
                                        : opt_group_get(s, level, name, &v);
        if (!err)
            answer(val, len, &v, sizeof(v));
        return err;
    }
    if (s && opt_is_ip_options(s, level, name)) {
        answer(val, len, opt_ip_options(s)->b, opt_ip_options(s)->len);
        return 0;
    }
    if (s && opt_is_fast(s, level, name)) {
        uint8_t value[32];

        answer(val, len, value, opt_fast_get(s, name, value));
        return 0;
    }
    if (!o)
        return s ? -CW_ENOPROTOOPT : -CW_EBADF;
    if (o->type == OPT_LINGER) {
        struct cw_linger l = get_linger(s);

        answer(val, len, &l, sizeof(l));
    } else if (o->type == OPT_CC) {
        char cc[CC_NAME_MAX];

        get_cc(s, cc);
        answer(val, len, cc, sizeof(cc));
    } else if (o->type == OPT_INFO) {
        struct cw_tcp_info info = { .state = CW_CLOSED };

        if (sock_listener(s))
            tcp_listener_info(sock_listener(s), &info);
        else if (sock_tcp(s))
            tcp_info(sock_tcp(s), &info);
        answer(val, len, &info, sizeof(info));
    } else {
        v = get_int(s, o);
        answer(val, len, &v, sizeof(v));
    }
    return 0;
}

/* ---- setting ----------------------------------------------------------- */

static int set_ranged(const struct opt *o, void *p, int v)
{
    if (o->type == OPT_MAXSEG && v == 0) {
        *(uint16_t *)p = 0; /* back to the path's */
        return 0;
    }
    if (v < o->lo || v > o->hi)
        return -CW_EINVAL;
    if (o->type == OPT_U8)
        *(uint8_t *)p = (uint8_t)v;
    else
        *(uint16_t *)p = (uint16_t)v;
    return 0;
}

/* The family is fixed once there is a name. */
static int set_v6only(struct sock *s, bool *p, int v)
{
    struct cw_sockaddr local;

    name_local(s, &local);
    if (local.port)
        return -CW_EINVAL;
    *p = v != 0;
    return 0;
}

/* What is negative is huge, and clamped, on Linux too. */
static uint32_t clamp_buf(uint32_t bytes)
{
    bytes = MAX(bytes, (uint32_t)SOCKBUF_MIN);
    return MIN(bytes, (uint32_t)SOCKBUF_MAX);
}

static int set_int(struct sock *s, const struct opt *o, int v)
{
    void *p = place(s, o);

    switch ((enum opt_type)o->type) {
    case OPT_BOOL:
        *(bool *)p = v != 0;
        return 0;
    case OPT_BUF:
        *(uint32_t *)p = clamp_buf((uint32_t)v);
        if (sock_is_stream(s)) /* it stays what the program says */
            sock_opts(s)->buf_set |= o->name == CW_SO_RCVBUF ? TCP_RCVBUF_SET
                                                             : TCP_SNDBUF_SET;
        return 0;
    case OPT_U32:
        if (v < 0)
            return -CW_EINVAL;
        *(uint32_t *)p = (uint32_t)v;
        return 0;
    case OPT_RATE:
        *(uint32_t *)p = v == -1 ? 0 : (uint32_t)v;
        return 0;
    case OPT_U8:
    case OPT_U16:
    case OPT_MAXSEG:
        return set_ranged(o, p, v);
    case OPT_V6ONLY:
        return set_v6only(s, p, v);
    case OPT_NOOP:
        return 0;
    case OPT_ASK:
    case OPT_INFO:
    case OPT_LINGER:
    case OPT_CC:
        break;
    }
    return -CW_ENOPROTOOPT;
}

/* More than 32 bits can say is no limit. */
static int rate_of(const void *val)
{
    uint64_t rate;

    memcpy(&rate, val, sizeof(rate));
    return rate < UINT32_MAX ? (int)(uint32_t)rate : -1;
}

static int set_linger(struct sock *s, const void *val, size_t len)
{
    struct cw_linger l;
    struct tcp_opts *t;

    if (len < sizeof(l))
        return -CW_EINVAL;
    memcpy(&l, val, sizeof(l));
    if (!l.on) /* as on Linux, the time is not looked at */
        l.seconds = get_linger(s).seconds;
    l.on = l.on != 0;
    if (!sock_is_stream(s)) {
        if (!sock_table_plan(&s->st->socks, s))
            return -CW_ENOBUFS;
        s->plan->linger = l;
        return 0;
    }
    t = sock_opts(s);
    t->linger_on = l.on != 0;
    t->linger_s = (uint16_t)MAX(MIN(l.seconds, UINT16_MAX), 0);
    return 0;
}

static int set_cc(struct sock *s, const char *name, size_t len)
{
    enum cw_cc cc;

    if (len < 1)
        return -CW_EINVAL;
    cc = cc_named(name, MIN(len, (size_t)CC_NAME_MAX - 1));
    if (cc == CW_CC_PROFILE)
        return -CW_ENOENT;
    if (cc != (enum cw_cc)sock_opts(s)->cc)
        tcp_opts_cc(sock_opts(s), sock_tcp(s), cc);
    return 0;
}

/* The ports' table keeps what others must know of a bound socket. */
static void tell_sharing(struct sock *s)
{
    if (sock_udp(s))
        udp_opts_changed(sock_udp(s));
    else if (sock_listener(s))
        tcp_listener_opts_changed(sock_listener(s));
    else if (s->plan && s->plan->bind)
        tcp_bind_changed(s->plan->bind, &s->plan->opts);
}

static int do_setsockopt(struct sock *s, const struct opt *o, const void *val,
                         size_t len)
{
    int v, err;

    if (o->type == OPT_LINGER)
        return set_linger(s, val, len);
    if (o->type == OPT_CC)
        return set_cc(s, val, len);
    if (o->type == OPT_INFO || o->type == OPT_ASK)
        return -CW_ENOPROTOOPT;
    if (len < sizeof(v))
        return -CW_EINVAL;
    memcpy(&v, val, sizeof(v));
    if (o->type == OPT_RATE && len >= sizeof(uint64_t))
        v = rate_of(val);
    err = set_int(s, o, v);
    if (!err && (o->name == CW_SO_REUSEADDR || o->name == CW_SO_REUSEPORT)
        && o->level == CW_SOL_SOCKET)
        tell_sharing(s);
    if (!err && sock_tcp(s))
        tcp_opts_changed(sock_tcp(s));
    return err;
}

int cw_setsockopt(cw_stack *st, int sd, int level, int name, const void *val,
                  size_t len, cw_ns now)
{
    struct sock      *s = sock_enter(st, sd, now);
    const struct opt *o = s ? find(s, level, name) : NULL;
    int               ret = s ? -CW_ENOPROTOOPT : -CW_EBADF;

    if (s && opt_is_group(s, level, name))
        ret = opt_group_set(s, level, name, val, len);
    else if (s && opt_is_ip(s, level, name))
        ret = opt_ip_set(s, level, name, val, len);
    else if (s && opt_is_ip_options(s, level, name))
        ret = opt_ip_options_set(s, val, len);
    else if (s && opt_is_fast(s, level, name))
        ret = opt_fast_set(s, name, val, len);
    else if (o)
        ret = do_setsockopt(s, o, val, len);
    return (int)sock_leave(st, s, EVC_SETSOCKOPT, ret);
}
