/* udp_out.c: a datagram goes down: whereto, how large, header and checksum.
 *
 *   Owns:    the only builder of datagrams; a large one lies in a few large
 *            buffers, which its fragments will share.
 *   Invariant: a send that answers a count has left the socket: it is in an
 *              interface's queue or waits for a neighbour.
 *   RFC 768, RFC 1122 §4.1.3 and §4.1.4, RFC 8085 §3.4.
 */
#include "udp/udp_sock.h"
#include "wire/cksum.h"
#include "wire/ip4opt.h"

enum {
    DATA_MAX4 = UINT16_MAX - 20 - UDP_LEN, /* RFC 791: total length */
    DATA_MAX6 = UINT16_MAX - UDP_LEN,      /* RFC 8200: payload length */
    FIRST_MAX = PBUF_LARGE - PBUF_HEADROOM,
};

struct sending {
    struct cw_sockaddr     to;
    struct cw_addr         src;
    struct net_dest       *dest;
    const struct cw_msg   *msg;
    const struct udp_many *many;  /* it goes to a group */
    const struct cw_addr  *named; /* the source that the call names */
    struct cw_ip_opts      opts;  /* IPv4's */
};

/* What fits a length field. */
static size_t largest(const struct sending *s)
{
    return addr_is4(&s->to.addr) ? (size_t)DATA_MAX4 - s->opts.len
                                 : (size_t)DATA_MAX6;
}

static bool same_name(const struct cw_sockaddr *a,
                      const struct cw_sockaddr *b)
{
    return a->port == b->port && addr_eq(&a->addr, &b->addr)
        && (a->scope == b->scope || a->scope == 0);
}

/* The socket's options, or what goes with this call instead.
 * [RFC1122-4.1.3.2-a] [RFC1122-4.1.4-a] */
static int find_options(const struct udp_sock *u, struct sending *s)
{
    const struct cw_anc *anc = &s->msg->anc;
    int                  len;

    if (!addr_is4(&s->to.addr))
        return 0;
    s->opts = u->opts.ip_opts;
    if (!(anc->has & CW_ANC_RETOPTS))
        return 0;
    len = ip4opt_given(span_of(anc->retopts.b, anc->retopts.len), s->opts.b);
    if (len < 0)
        return -CW_EINVAL;
    s->opts.len = (uint8_t)len;
    return 0;
}

/* Whereto; `other` is the cache to use if it is not the peer. */
static int find_target(struct udp_sock *u, struct sending *s,
                       struct net_dest *other)
{
    int err;

    if (s->msg->has_addr)
        s->to = s->msg->addr;
    else if (u->connected)
        s->to = u->peer;
    else
        return -CW_EDESTADDRREQ;
    if (s->to.port == 0)
        return -CW_EINVAL;
    err = find_options(u, s);
    if (err)
        return err;
    if (s->msg->len > largest(s))
        return -CW_EMSGSIZE;
    if (net_is_bcast(u->host->net, &s->to.addr) && !u->opts.broadcast)
        return -CW_EACCES;
    s->dest = u->connected && same_name(&s->to, &u->peer) ? &u->dest : other;
    if (addr_is_multicast(&s->to.addr)) {
        s->many = &u->opts.many[addr_is4(&s->to.addr) ? 0 : 1];
        s->to.scope = s->to.scope ?: s->many->index;
        s->dest = other; /* the options may have changed */
    }
    return 0;
}

/* From where, and by which way; the answer stays in a connected socket. */
static int find_path(struct udp_sock *u, struct sending *s)
{
    static const struct cw_addr any6;

    s->src = u->local.addr;
    if (addr_is_any(&s->src) || u->own_group)
        s->src = addr_is4(&s->to.addr) ? addr4(0) : any6;
    if (s->many && addr_is_any(&s->src))
        s->src = s->many->src;
    if (s->named)
        s->src = *s->named;
    if (!addr_is_any(&s->src) && net_dest_ok(u->host->net, s->dest))
        return 0;
    if (net_path(u->host->net, &s->to.addr, s->to.scope, &s->src, s->dest)
        != GO_ON)
        return -CW_ENETUNREACH;
    return 0;
}

/* The bytes after the first buffer's. */
static bool append_rest(struct env *env, const struct cw_msg *msg,
                        struct cw_pkt *pkt, uint32_t *sum)
{
    const uint8_t *bytes = msg->buf;
    size_t         at = pkt->len - UDP_LEN;

    while (at < msg->len) {
        uint32_t       run = (uint32_t)MIN(msg->len - at, (size_t)PBUF_LARGE);
        struct cw_buf *buf = pbuf_new(&env->pbufs, run);
        bool           ok;

        if (!buf)
            return false;
        *sum = cksum_copy(*sum, buf->data, bytes + at, run);
        ok = pkt_append(pkt, buf, 0, run);
        pbuf_put(buf);
        if (!ok)
            return false;
        at += run;
    }
    return true;
}

/* Always with a checksum: [RFC1122-4.1.3.4-a] [RFC8085-3.4-a]
 * [RFC768-Fields-a] [RFC768-IPIf-a] [RFC768-Checksum-a] */
static void fill_header(const struct udp_sock *u, const struct sending *s,
                        struct cw_pkt *pkt, uint32_t data_sum)
{
    struct udp_repr hdr = { .sport = u->local.port,
                            .dport = s->to.port,
                            .len = (uint16_t)pkt->len };
    uint8_t        *head = pkt_head(pkt);
    uint32_t sum = cksum_pseudo(&s->src, &s->to.addr, PROTO_UDP, pkt->len);

    udphdr_emit(head, UDP_LEN, &hdr);
    if (s->dest->flags & CW_NETIF_CSUM) {
        pkt->csum_state = CW_CSUM_PARTIAL;
        pkt->csum_start = 0;
        pkt->csum_off = UDP_CKSUM_AT;
        be16_store(head + UDP_CKSUM_AT, (uint16_t)cksum_carry(sum));
        return;
    }
    sum = cksum_join(cksum_add(sum, head, UDP_LEN), data_sum, false);
    be16_store(head + UDP_CKSUM_AT, udphdr_cksum(sum));
}

/* Header and data.  Runs but the last are of even length, so that their sums
 * join as they stand. */
static bool build(const struct udp_sock *u, const struct sending *s,
                  struct cw_pkt *pkt)
{
    struct env *env = u->host->env;
    uint32_t first = (uint32_t)MIN(s->msg->len + UDP_LEN, (size_t)FIRST_MAX);
    uint32_t sum = 0;

    _Static_assert(FIRST_MAX % 2 == 0 && PBUF_LARGE % 2 == 0, "even runs");
    if (!pkt_new(pkt, &env->pbufs, PBUF_HEADROOM, first))
        return false;
    if (first > UDP_LEN)
        sum = cksum_copy(0, pkt_head(pkt) + UDP_LEN, s->msg->buf,
                         first - UDP_LEN);
    if (!append_rest(env, s->msg, pkt, &sum)) {
        pkt_free(pkt);
        return false;
    }
    INVARIANT(pkt->len == s->msg->len + UDP_LEN);
    fill_header(u, s, pkt, sum);
    return true;
}

static void event(const struct udp_sock *u, size_t len)
{
    struct env     *env = u->host->env;
    struct cw_event ev = { .kind = EV_UDP_OUT,
                           .why = WHY_TX_UDP,
                           .flow = u->flow_no,
                           .v = { len } };

    if (env_observed(env))
        env_event(env, &ev);
}

static int code_of(enum why why)
{
    if (why == WHY_TOO_BIG)
        return -CW_EMSGSIZE;
    if (why == WHY_NO_ROUTE)
        return -CW_ENETUNREACH;
    if (why == WHY_NEIGH_FAILED)
        return -CW_EHOSTUNREACH;
    return -CW_ENOBUFS;
}

/* RFC1122-3.2.1.6-a, RFC1122-3.2.1.7-c: the socket's, or what goes with this
 * call. */
static struct udp_ip header_of(const struct udp_sock *u,
                               const struct sending  *s)
{
    const struct cw_anc *anc = &s->msg->anc;
    bool                 ip4 = addr_is4(&s->to.addr);
    struct udp_ip        ip = u->opts.ip[!ip4];

    if (anc->has & (ip4 ? CW_ANC_TTL : CW_ANC_HOPLIMIT))
        ip.ttl = anc->ttl;
    if (anc->has & (ip4 ? CW_ANC_TOS : CW_ANC_TCLASS))
        ip.tos = anc->tos;
    if (!ip4 && (ip.dontfrag || anc->has & CW_ANC_DONTFRAG))
        ip.pmtudisc = CW_PMTUDISC_DO;
    return ip;
}

/* One datagram. */
static ptrdiff_t send_one(struct udp_sock *u, const struct sending *s,
                          enum why reason)
{
    struct udp_ip ip = header_of(u, s);
    struct net_tx tx = { .src = s->src,
                         .dst = s->to.addr,
                         .scope = s->to.scope,
                         .proto = PROTO_UDP,
                         .ttl = ip.ttl,
                         .tos = ip.tos,
                         .pmtudisc = ip.pmtudisc,
                         .why = reason,
                         .flow = u->flow_no,
                         .dest = s->dest,
                         .opts = &s->opts };
    struct cw_pkt pkt;
    enum why      why;

    tx.loop = true;
    if (s->many) { /* the unicast option does not speak of groups */
        if (!(s->msg->anc.has & (CW_ANC_TTL | CW_ANC_HOPLIMIT)))
            tx.ttl = s->many->ttl;
        tx.here = s->many->ttl == 0;
        tx.loop = s->many->loop;
    }
    if (!build(u, s, &pkt)) {
        env_count(u->host->env, COUNT_NO_MEMORY);
        return -CW_ENOBUFS;
    }
    env_count(u->host->env, COUNT_UDP_OUT);
    event(u, s->msg->len);
    why = net_out(u->host->net, &tx, &pkt);
    if (why == WHY_TOO_BIG)
        udp_local_error(u, &s->to,
                        net_dest_mtu(u->host->net, s->dest, ip.pmtudisc));
    return why == GO_ON ? (ptrdiff_t)s->msg->len : code_of(why);
}

/* How large each of the call's datagrams is; 0: it is one. */
static uint16_t segment_size(const struct udp_sock *u,
                             const struct cw_msg   *msg)
{
    return msg->anc.has & CW_ANC_GSO ? msg->anc.gso_size : u->opts.gso_size;
}

/* udp(7), UDP_SEGMENT: what must fit the path without fragments. */
static int check_segments(const struct sending *s, uint16_t size)
{
    uint32_t hdr = (addr_is4(&s->to.addr) ? 20u : 40u) + s->opts.len
        + UDP_LEN;

    if (size == 0)
        return 0;
    if (hdr + MIN(s->msg->len, (size_t)size) > s->dest->mtu)
        return -CW_EMSGSIZE;
    return s->msg->len > (size_t)size * UDP_SEGMENTS_MAX ? -CW_EINVAL : 0;
}

/* Many datagrams in one call.  They are one train to the interface's queue:
 * if it takes the first it takes all. */
static ptrdiff_t send_segments(struct udp_sock *u, const struct sending *s,
                               uint16_t size)
{
    const uint8_t *bytes = s->msg->buf;
    size_t         at = 0;

    while (at < s->msg->len) {
        struct cw_msg  part = *s->msg;
        struct sending one = *s;
        ptrdiff_t      n;

        part.buf = (void *)(uintptr_t)(bytes + at); /* only read */
        part.len = MIN(s->msg->len - at, (size_t)size);
        one.msg = &part;
        n = send_one(u, &one, at == 0 ? WHY_TX_UDP : WHY_TX_UDP_MORE);
        if (n < 0)
            return at == 0 ? n : (ptrdiff_t)at;
        at += part.len;
    }
    return (ptrdiff_t)at;
}

/* A source that the call names (IP_PKTINFO): one of ours. */
static int named_source(struct udp_sock *u, struct sending *s,
                        struct net_dest *other)
{
    const struct cw_anc *anc = &s->msg->anc;

    if (!(anc->has & (CW_ANC_PKTINFO | CW_ANC_PKTINFO6)))
        return 0;
    s->dest = other;
    if (anc->netif > 0 && !net_netif_known(u->host->net, anc->netif - 1))
        return -CW_ENODEV;
    if (anc->netif > 0)
        s->to.scope = anc->netif;
    if (addr_is_any(&anc->addr))
        return 0;
    if (addr_is4(&anc->addr) != addr_is4(&s->to.addr)
        || !net_is_local(u->host->net, &anc->addr))
        return -CW_EINVAL;
    s->named = &anc->addr;
    return 0;
}

/* Previous hop: the socket layer.  Next: net_out(). */
ptrdiff_t udp_send(struct udp_sock *u, const struct cw_msg *msg)
{
    struct sending  s = { .msg = msg };
    struct net_dest other = { .generation = 0 };
    uint16_t        size = segment_size(u, msg);
    int             err;

    if (u->shut_wr)
        return -CW_EPIPE;
    err = find_target(u, &s, &other);
    if (!err && u->error)
        err = -udp_take_error(u);
    if (!err)
        err = named_source(u, &s, &other);
    if (!err)
        err = udp_autobind(u);
    if (!err)
        err = find_path(u, &s);
    if (!err)
        err = check_segments(&s, size);
    if (err)
        return err;
    if (net_room(u->host->net, s.dest) == 0) {
        u->blocked = true; /* until proto.room */
        return -CW_EAGAIN;
    }
    if (size > 0 && msg->len > size)
        return send_segments(u, &s, size);
    return send_one(u, &s, WHY_TX_UDP);
}
