/* udp_err.c: errors about datagrams that were sent: as the socket's pending
 * error, and, for who asked (IP_RECVERR), as messages with what was sent.
 *
 *   Owns:    the queue of those messages: at most UDP_ERRORS_MAX, and within
 *            the receive buffer; who hears of which error, as on Linux.
 *   RFC 1122 §4.1.3.3; ip(7), IP_RECVERR.
 */
#include "udp/udp_sock.h"

/* Linux's enum of origins: <linux/errqueue.h>. */
enum { ORIGIN_LOCAL = 1, ORIGIN_ICMP = 2, ORIGIN_ICMP6 = 3 };

static bool from_network(const struct udp_err *e)
{
    return e && e->err.origin != ORIGIN_LOCAL;
}

static struct udp_err *unlink_first(struct udp_sock *u)
{
    struct udp_err *e = u->errors;

    INVARIANT(e && u->nerrors > 0 && u->charged >= e->charge);
    u->errors = e->next;
    u->nerrors--;
    u->charged -= e->charge;
    return e;
}

static void put_back(struct udp_err *e)
{
    if (e->data)
        slice_free(e->data);
    slab_put(e);
}

void udp_errors_clear(struct udp_sock *u)
{
    while (u->errors)
        put_back(unlink_first(u));
    INVARIANT(u->nerrors == 0);
}

/* A copy of the bytes, as the packet that quotes them is large. */
static bool keep(struct pbufs *ps, struct udp_err *e, struct span quote)
{
    struct cw_buf *copy;

    e->charge = (uint32_t)sizeof *e;
    if (quote.len == 0)
        return true;
    copy = pbuf_new(ps, (uint32_t)quote.len);
    if (!copy)
        return false;
    memcpy(copy->data, quote.p, quote.len);
    e->data = slice_new(ps, copy, 0, (uint32_t)quote.len);
    e->charge += pbuf_truesize(copy);
    pbuf_put(copy); /* the slice has one of its own */
    return e->data != NULL;
}

static void queue(struct udp_sock *u, const struct udp_err *what,
                  struct span quote)
{
    struct udp_host *h = u->host;
    struct udp_err **at = &u->errors, *e;

    if (u->nerrors >= UDP_ERRORS_MAX
        || u->charged > u->opts.rcvbuf * UINT64_C(2)) {
        env_count(h->env, COUNT_UDP_ERRORS_FULL);
        return;
    }
    e = slab_get0(&h->dgrams);
    if (e)
        *e = *what;
    if (!e || !keep(&h->env->pbufs, e, quote)) {
        env_count(h->env, COUNT_NO_MEMORY);
        if (e)
            slab_put(e);
        return;
    }
    while (*at)
        at = &(*at)->next;
    *at = e;
    u->nerrors++;
    u->charged += e->charge;
}

/* Linux's choice: who asked hears all; a connected socket what will not pass
 * by itself, and that the path is too narrow unless it may be cut. */
void udp_hear_error(struct udp_sock *u, const struct net_error *e)
{
    bool                 ip4 = addr_is4(&e->remote);
    const struct udp_ip *ip = &u->opts.ip[!ip4];
    struct udp_err       what = { .ttl = e->ttl, .tos = e->tos };
    bool                 hard = e->hard;

    if (e->kind == NET_ERR_TOOBIG) {
        if (ip4 && ip->pmtudisc == CW_PMTUDISC_DONT)
            return;
        hard = ip->pmtudisc != CW_PMTUDISC_DONT;
    }
    if (!ip->recverr && (!hard || !u->connected))
        return;
    what.to = (struct cw_sockaddr){ .addr = e->remote,
                                    .port = e->rport,
                                    .scope = e->scope };
    what.err = (struct cw_err){ .origin = ip4 ? ORIGIN_ICMP : ORIGIN_ICMP6,
                                .type = e->type,
                                .code = e->code,
                                .error = e->error,
                                .info = e->info,
                                .offender = e->offender };
    if (ip->recverr)
        queue(u, &what, e->quote);
    u->error = e->error;
    udp_tell(u);
}

/* Our own refusal: what would fit is `mtu`. */
void udp_local_error(struct udp_sock *u, const struct cw_sockaddr *to,
                     uint32_t mtu)
{
    bool           ip4 = addr_is4(&to->addr);
    struct udp_err what = {
        .to = *to,
        .err = { .origin = ORIGIN_LOCAL, .error = CW_EMSGSIZE, .info = mtu }
    };

    if (!u->opts.ip[!ip4].recverr)
        return;
    if (ip4) /* Linux tells the port of the socket's peer */
        what.to.port = u->connected ? u->peer.port : 0;
    queue(u, &what, span_of(NULL, 0));
    udp_tell(u);
}

static void tell_besides(const struct udp_sock *u, const struct udp_err *e,
                         struct cw_anc *anc)
{
    bool                 ip4 = addr_is4(&e->to.addr);
    const struct udp_ip *ip = &u->opts.ip[!ip4];

    anc->has = u->ip6 ? CW_ANC_ERR6 : CW_ANC_ERR;
    anc->err = e->err;
    anc->ttl = e->ttl;
    anc->tos = e->tos;
    if (!from_network(e))
        return;
    if (ip->recvttl)
        anc->has |= ip4 ? CW_ANC_TTL : CW_ANC_HOPLIMIT;
    if (ip->recvtos)
        anc->has |= ip4 ? CW_ANC_TOS : CW_ANC_TCLASS;
}

/* The pending error is that of the oldest message that the network sent. */
ptrdiff_t udp_recv_error(struct udp_sock *u, struct cw_msg *msg)
{
    struct udp_err *e;
    size_t          len, got = 0;

    msg->anc.has = 0;
    if (!u->errors)
        return -CW_EAGAIN;
    e = unlink_first(u);
    len = e->data ? e->data->len : 0;
    got = MIN(len, msg->len);
    if (got > 0)
        memcpy(msg->buf, slice_bytes(e->data), got);
    msg->addr = e->to;
    msg->has_addr = true;
    msg->truncated = got < len;
    tell_besides(u, e, &msg->anc);
    if (from_network(u->errors))
        u->error = (int)u->errors->err.error;
    else if (from_network(e))
        u->error = 0;
    put_back(e);
    return (ptrdiff_t)got;
}
