/* splice.c: see splice.h. */
#include "splice.h"

#include "base/addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKS = 256, BUF = 65536, GRAMS = 64 };

struct gram {
    struct cw_sockaddr from;
    size_t             len;
    char              *data;
};

struct sock {
    bool               used, listening, connected, refused, told;
    bool               fin_in, fin_out, rd_shut, dirty;
    int                type, domain, err;
    unsigned           host;
    struct cw_sockaddr local, peer;
    int                mate; /* the other end, or -1 */
    int                queue[64], nqueue;
    size_t             len;
    char               buf[BUF];
    struct gram        grams[GRAMS];
    unsigned           ngrams;
    struct cw_linger   linger;
};

struct splice {
    struct sock socks[SOCKS];
    unsigned    next_port;
};

struct splice *splice_new(void)
{
    struct splice *s = calloc(1, sizeof *s);

    if (s)
        s->next_port = 49152;
    return s;
}

void splice_free(struct splice *s)
{
    for (int i = 0; s && i < SOCKS; i++)
        for (unsigned k = 0; k < s->socks[i].ngrams; k++)
            free(s->socks[i].grams[k].data);
    free(s);
}

unsigned splice_open(const struct splice *s)
{
    unsigned n = 0;

    for (int i = 0; i < SOCKS; i++)
        n += s->socks[i].used;
    return n;
}

static void fail(struct sock *k, int err)
{
    k->err = err;
    k->connected = false;
    k->mate = -1;
    k->dirty = true;
}

void splice_break(struct splice *s, unsigned port, int err)
{
    for (int i = 0; i < SOCKS; i++)
        if (s->socks[i].used && s->socks[i].connected
            && (s->socks[i].local.port == port
                || s->socks[i].peer.port == port))
            fail(&s->socks[i], err);
}

static struct cw_addr host_addr(unsigned host)
{
    return addr4(0x0a000000u + host);
}

static int open_sock(struct splice *s, unsigned host, int domain, int type)
{
    for (int i = 0; i < SOCKS; i++) {
        struct sock *k = &s->socks[i];

        if (k->used)
            continue;
        memset(k, 0, sizeof *k);
        k->used = true;
        k->host = host;
        k->domain = domain;
        k->type = type;
        k->mate = -1;
        k->local.addr = addr4(0);
        return i;
    }
    return -EMFILE;
}

static unsigned host_of(const struct sock *k, const struct cw_addr *a)
{
    if (addr_is4(a) && (addr_u4(a) >> 24 == 127 || addr_u4(a) == 0))
        return k->host;
    return addr_u4(a) & 0xff;
}

static struct sock *at_port(struct splice *s, unsigned host, int type,
                            unsigned port, bool listening)
{
    for (int i = 0; i < SOCKS; i++) {
        struct sock *k = &s->socks[i];

        if (k->used && k->host == host && k->type == type
            && k->local.port == port && k->listening == listening
            && (!k->connected || type == CW_SOCK_DGRAM))
            return k;
    }
    return NULL;
}

static ptrdiff_t do_bind(struct splice *s, struct sock *k,
                         struct cw_sockaddr a)
{
    if (k->local.port)
        return -EINVAL;
    if (a.port == 0)
        a.port = (uint16_t)s->next_port++;
    else if (at_port(s, k->host, k->type, a.port, false)
             || at_port(s, k->host, k->type, a.port, true))
        return -EADDRINUSE;
    k->local = a;
    return 0;
}

static void name_local(struct splice *s, struct sock *k,
                       const struct cw_sockaddr *to)
{
    if (k->local.port == 0)
        k->local.port = (uint16_t)s->next_port++;
    k->local.addr = host_of(k, &to->addr) == k->host ? to->addr
                                                     : host_addr(k->host);
}

static ptrdiff_t stream_connect(struct splice *s, int sd,
                                const struct cw_sockaddr *to)
{
    struct sock *k = &s->socks[sd], *l, *c;
    int          cd;

    if (k->err) {
        int e = k->err;

        k->err = 0;
        return -e;
    }
    if (k->connected) {
        bool told = k->told;

        k->told = true;
        return told ? -EISCONN : 0;
    }
    name_local(s, k, to);
    k->peer = *to;
    k->dirty = true;
    l = at_port(s, host_of(k, &to->addr), k->type, to->port, true);
    if (!l) {
        k->err = ECONNREFUSED;
        return -EINPROGRESS;
    }
    cd = open_sock(s, l->host, k->domain, k->type);
    c = &s->socks[cd];
    c->connected = k->connected = c->told = true;
    c->local = *to;
    c->peer = k->local;
    c->mate = sd;
    k->mate = cd;
    l->queue[l->nqueue++] = cd;
    l->dirty = true;
    return -EINPROGRESS;
}

static ptrdiff_t stream_send(struct splice *s, struct sock *k,
                             const struct wcall *c)
{
    struct sock *m;
    size_t       n = c->in_len;

    if (k->err) {
        int e = k->err;

        k->err = 0;
        return -e;
    }
    if (!k->connected || k->fin_out || k->mate < 0)
        return -EPIPE;
    m = &s->socks[k->mate];
    n = MIN(n, BUF - m->len);
    if (n == 0)
        return -EAGAIN;
    memcpy(m->buf + m->len, c->in, n);
    m->len += n;
    m->dirty = true;
    return (ptrdiff_t)n;
}

static ptrdiff_t stream_recv(struct splice *s, struct sock *k,
                             const struct wcall *c)
{
    size_t n = MIN(k->len, c->out_len);

    if (n > 0) {
        memcpy(c->out, k->buf, n);
        memmove(k->buf, k->buf + n, k->len - n);
        k->len -= n;
        if (k->mate >= 0)
            s->socks[k->mate].dirty = true;
        return (ptrdiff_t)n;
    }
    if (k->err) {
        int e = k->err;

        k->err = 0;
        return -e;
    }
    return k->fin_in || k->rd_shut ? 0 : -EAGAIN;
}

static ptrdiff_t gram_send(struct splice *s, struct sock *k,
                           const struct wcall *c)
{
    const struct cw_sockaddr *to = c->has_addr ? &c->addr : &k->peer;
    struct sock              *m;
    struct gram              *g;

    if (!c->has_addr && !k->connected)
        return -EDESTADDRREQ;
    name_local(s, k, to);
    m = at_port(s, host_of(k, &to->addr), k->type, to->port, false);
    if (!m) {
        if (k->connected)
            fail(k, ECONNREFUSED), k->connected = true;
        return (ptrdiff_t)c->in_len;
    }
    if (m->ngrams == GRAMS)
        return (ptrdiff_t)c->in_len;
    g = &m->grams[m->ngrams++];
    *g = (struct gram){ k->local, c->in_len, malloc(c->in_len + 1) };
    memcpy(g->data, c->in, c->in_len);
    m->dirty = true;
    return (ptrdiff_t)c->in_len;
}

static ptrdiff_t gram_recv(struct sock *k, const struct wcall *c,
                           struct wresult *r)
{
    struct gram g = k->grams[0];

    if (k->err) {
        int e = k->err;

        k->err = 0;
        return -e;
    }
    if (k->ngrams == 0)
        return -EAGAIN;
    memmove(k->grams, k->grams + 1, --k->ngrams * sizeof g);
    memcpy(c->out, g.data, MIN(g.len, c->out_len));
    r->addr = g.from;
    free(g.data);
    return (ptrdiff_t)g.len;
}

static void tell_mate(struct splice *s, struct sock *k, int err)
{
    struct sock *m;

    if (k->mate < 0)
        return;
    m = &s->socks[k->mate];
    if (err)
        fail(m, err);
    else
        m->fin_in = true;
    m->dirty = true;
}

static ptrdiff_t do_close(struct splice *s, struct sock *k)
{
    bool reset = k->len > 0 || (k->linger.on && k->linger.seconds == 0);

    tell_mate(s, k, reset ? ECONNRESET : 0);
    for (int i = 0; i < k->nqueue; i++)
        do_close(s, &s->socks[k->queue[i]]);
    if (k->mate >= 0 && !reset)
        s->socks[k->mate].mate = -1;
    for (unsigned i = 0; i < k->ngrams; i++)
        free(k->grams[i].data);
    k->ngrams = 0;
    k->used = false;
    return 0;
}

static ptrdiff_t option(struct sock *k, const struct wcall *c,
                        struct wresult *r)
{
    bool linger = c->a == CW_SOL_SOCKET && c->b == CW_SO_LINGER;

    if (c->op == EVC_SETSOCKOPT) {
        if (linger)
            memcpy(&k->linger, c->in, sizeof k->linger);
        return 0;
    }
    if (linger) {
        memcpy(c->out, &k->linger, sizeof k->linger);
        r->len = sizeof k->linger;
    } else {
        int v = 0;

        if (c->a == CW_SOL_SOCKET && c->b == CW_SO_ERROR) {
            v = k->err;
            k->err = 0;
        }
        memcpy(c->out, &v, sizeof v);
        r->len = sizeof v;
    }
    return 0;
}

static ptrdiff_t do_accept(struct splice *s, struct sock *k,
                           struct wresult *r)
{
    int cd;

    if (k->nqueue == 0)
        return -EAGAIN;
    cd = k->queue[0];
    memmove(k->queue, k->queue + 1, (size_t)--k->nqueue * sizeof(int));
    r->addr = s->socks[cd].peer;
    s->socks[cd].dirty = true;
    return cd;
}

static ptrdiff_t splice_call(void *ctx, unsigned host, const struct wcall *c,
                             struct wresult *r)
{
    struct splice *s = ctx;
    struct sock   *k = &s->socks[c->sd];

    switch (c->op) {
    case EVC_SOCKET:
        return open_sock(s, host, c->a, c->b);
    case EVC_BIND:
        return do_bind(s, k, c->addr);
    case EVC_LISTEN:
        k->listening = true;
        return 0;
    case EVC_ACCEPT:
        return do_accept(s, k, r);
    case EVC_CONNECT:
        if (k->type == CW_SOCK_STREAM)
            return stream_connect(s, c->sd, &c->addr);
        k->connected = c->has_addr;
        k->peer = c->addr;
        return 0;
    case EVC_SEND:
        return k->type == CW_SOCK_STREAM ? stream_send(s, k, c)
                                         : gram_send(s, k, c);
    case EVC_RECV:
        return k->type == CW_SOCK_STREAM ? stream_recv(s, k, c)
                                         : gram_recv(k, c, r);
    case EVC_SHUTDOWN:
        if (c->a != CW_SHUT_RD && !k->fin_out) {
            k->fin_out = true;
            tell_mate(s, k, 0);
        }
        if (c->a != CW_SHUT_WR)
            k->rd_shut = k->dirty = true;
        return 0;
    case EVC_CLOSE:
        return do_close(s, k);
    case EVC_GETSOCKNAME:
        r->addr = k->local;
        return 0;
    case EVC_GETPEERNAME:
        r->addr = k->peer;
        return k->connected ? 0 : -ENOTCONN;
    case EVC_SETSOCKOPT:
    case EVC_GETSOCKOPT:
        return option(k, c, r);
    default:
        return 0;
    }
}

static unsigned splice_ready(void *ctx, unsigned host, int sd)
{
    struct splice *s = ctx;
    struct sock   *k = &s->socks[sd];
    unsigned       bits = 0;

    (void)host;
    if (k->listening)
        return k->nqueue ? CW_POLLIN : 0;
    if (k->err)
        bits |= CW_POLLERR | CW_POLLHUP;
    if (k->len || k->fin_in || k->ngrams)
        bits |= CW_POLLIN;
    if (k->connected)
        bits |= CW_POLLOUT;
    return bits;
}

static int splice_next(void *ctx, unsigned host)
{
    struct splice *s = ctx;

    for (int i = 0; i < SOCKS; i++)
        if (s->socks[i].used && s->socks[i].dirty
            && s->socks[i].host == host) {
            s->socks[i].dirty = false;
            return i;
        }
    return -1;
}

static int splice_queues(void *ctx, unsigned host, int sd,
                         struct cw_queues *out)
{
    struct splice *s = ctx;
    struct sock   *k = &s->socks[sd];

    (void)host;
    *out = (struct cw_queues){ k->len, 0, 0 };
    if (k->mate >= 0)
        out->send_room = BUF - s->socks[k->mate].len;
    else
        out->send_room = BUF;
    return 0;
}

struct ctl_stack splice_stack(struct splice *s)
{
    return (struct ctl_stack){ s, splice_call, splice_ready, splice_next,
                               splice_queues };
}
