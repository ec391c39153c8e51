/* udp_queue.c: datagrams that wait for the application.
 *
 *   Owns:    a socket's receive queue: references to the packets' buffers,
 *            charged with their true size; a run that fills less than half of
 *            its buffer is copied out, so that memory stays in proportion.
 *   Bounds:  the receive buffer (SO_RCVBUF, doubled as in Linux: one datagram
 *            is always taken by an empty queue) and UDP_QUEUE_PKTS_MAX.
 */
#include "udp/udp_sock.h"
#include "wire/ip4opt.h"

static void free_slices(struct slice *s)
{
    while (s) {
        struct slice *next = s->next;

        slice_free(s);
        s = next;
    }
}

/* A reference to the run, or a copy of it. */
static struct slice *keep_run(struct pbufs *ps, const struct cw_frag *run)
{
    struct slice  *s;
    struct cw_buf *copy;

    if (run->len >= pbuf_truesize(run->buf) / 2)
        return slice_new(ps, run->buf, run->off, run->len);
    copy = pbuf_new(ps, run->len);
    if (!copy)
        return NULL;
    memcpy(copy->data, run->buf->data + run->off, run->len);
    s = slice_new(ps, copy, 0, run->len);
    pbuf_put(copy); /* the slice has one of its own */
    return s;
}

/* The packet's options, if somebody wants to read them.
 * [RFC1122-4.1.3.2-a] */
static bool keep_options(struct pbufs *ps, const struct udp_opts *opts,
                         struct dgram *d, struct span bytes)
{
    struct cw_buf *copy;

    if (bytes.len == 0 || !(opts->ip[0].recvopts || opts->ip[0].retopts))
        return true;
    copy = pbuf_new(ps, (uint32_t)bytes.len);
    if (!copy)
        return false;
    memcpy(copy->data, bytes.p, bytes.len);
    d->data = slice_new(ps, copy, 0, (uint32_t)bytes.len);
    d->charge += pbuf_truesize(copy);
    pbuf_put(copy); /* the slice has one of its own */
    d->opts = (uint8_t)bytes.len;
    return d->data != NULL;
}

/* All runs of [off, off+len); false: memory is out, and d->data is what was
 * kept so far. */
static bool keep_runs(struct pbufs *ps, struct dgram *d,
                      const struct dgram_in *in)
{
    struct slice **at = d->data ? &d->data->next : &d->data;
    uint32_t       off = in->off, left = in->len;

    for (unsigned i = 0; i < in->pkt->nfrags && left > 0; i++) {
        struct cw_frag run = in->pkt->frags[i];

        if (off >= run.len) {
            off -= run.len;
            continue;
        }
        run.off += off;
        run.len = MIN(run.len - off, left);
        left -= run.len;
        off = 0;
        *at = keep_run(ps, &run);
        if (!*at)
            return false;
        d->charge += pbuf_truesize((*at)->buf) + (uint32_t)sizeof **at;
        at = &(*at)->next;
    }
    INVARIANT(left == 0);
    return true;
}

/* May it join the youngest one?  As a card's driver would have it that finds
 * a burst: the same flow, at the same time, and none after a shorter one. */
static bool joins(const struct udp_sock *u, const struct dgram_in *in)
{
    const struct dgram *d = u->tail;

    return d && u->opts.gro && d->full && d->opts == 0 && in->opts.len == 0
        && d->at == u->host->env->now && in->len > 0 && in->len <= d->size
        && d->segs < UDP_SEGMENTS_MAX && d->len + in->len <= UDP_GRO_MAX
        && d->netif == in->netif && d->from.port == in->from.port
        && d->to.port == in->to.port && addr_eq(&d->from.addr, &in->from.addr)
        && addr_eq(&d->to.addr, &in->to.addr);
}

static enum why join(struct udp_sock *u, const struct dgram_in *in)
{
    struct pbufs  *ps = &u->host->env->pbufs;
    struct dgram   part = { .charge = 0 }, *d = u->tail;
    struct slice **at = &d->data;

    if (!keep_runs(ps, &part, in)) {
        free_slices(part.data);
        return WHY_NO_MEMORY;
    }
    while (*at)
        at = &(*at)->next;
    *at = part.data;
    d->charge += part.charge;
    d->len += in->len;
    d->segs++;
    d->full = in->len == d->size;
    u->charged += part.charge;
    return GO_ON;
}

enum why udp_queue_put(struct udp_sock *u, const struct dgram_in *in)
{
    struct udp_host *h = u->host;
    struct dgram    *d;

    if (u->charged > u->opts.rcvbuf * UINT64_C(2)
        || u->queued >= UDP_QUEUE_PKTS_MAX)
        return WHY_UDP_QUEUE_FULL;
    if (joins(u, in))
        return join(u, in);
    d = slab_get0(&h->dgrams);
    if (!d)
        return WHY_NO_MEMORY;
    d->charge = (uint32_t)sizeof *d;
    if (!keep_options(&h->env->pbufs, &u->opts, d, in->opts)
        || !keep_runs(&h->env->pbufs, d, in)) {
        free_slices(d->data);
        slab_put(d);
        return WHY_NO_MEMORY;
    }
    d->len = d->size = in->len;
    d->segs = 1;
    d->full = in->len > 0;
    d->at = h->env->now;
    d->netif = in->netif;
    d->ttl = in->ttl;
    d->tos = in->tos;
    d->from = in->from;
    d->to = in->to;
    if (u->tail)
        u->tail->next = d;
    else
        u->head = d;
    u->tail = d;
    u->queued++;
    u->charged += d->charge;
    return GO_ON;
}

static void drop_first(struct udp_sock *u)
{
    struct dgram *d = u->head;

    INVARIANT(d && u->queued > 0 && u->charged >= d->charge);
    u->head = d->next;
    if (!u->head)
        u->tail = NULL;
    u->queued--;
    u->charged -= d->charge;
    free_slices(d->data);
    slab_put(d);
}

void udp_queue_clear(struct udp_sock *u)
{
    while (u->head)
        drop_first(u);
    INVARIANT(u->queued == 0 && (u->errors || u->charged == 0));
}

size_t udp_queued(const struct udp_sock *u)
{
    return u->head ? u->head->len : 0;
}

static size_t copy_out(const struct dgram *d, void *to, size_t room)
{
    uint8_t            *at = to;
    const struct slice *first = d->opts ? d->data->next : d->data;

    for (const struct slice *s = first; s && room > 0; s = s->next) {
        size_t n = MIN((size_t)s->len, room);

        memcpy(at, slice_bytes(s), n);
        at += n;
        room -= n;
    }
    return (size_t)(at - (uint8_t *)to);
}

/* RFC 1122 §4.1.3.5: where it was sent to.  [RFC1122-4.1.3.5-a] */
static void tell_place(const struct udp_sock *u, const struct dgram *d,
                       struct cw_anc *anc)
{
    struct net_dest dest;

    anc->netif = d->netif + 1u;
    anc->addr = anc->spec = d->to.addr;
    if (net_is_local(u->host->net, &d->to.addr))
        return;
    /* To a group or to all: the address that an answer would have. */
    anc->spec = addr_is4(&d->to.addr) ? addr4(0) : (struct cw_addr){ { 0 } };
    (void)net_path(u->host->net, &d->from.addr, d->from.scope, &anc->spec,
                   &dest);
}

/* RFC1122-3.2.1.6-b, RFC 3542 §6. */
static void tell_header(const struct udp_sock *u, const struct dgram *d,
                        struct cw_anc *anc)
{
    bool                 ip4 = addr_is4(&d->to.addr);
    const struct udp_ip *ip = &u->opts.ip[!ip4];

    anc->ttl = d->ttl;
    anc->tos = d->tos;
    if (ip->recvttl)
        anc->has |= ip4 ? CW_ANC_TTL : CW_ANC_HOPLIMIT;
    if (ip->recvtos)
        anc->has |= ip4 ? CW_ANC_TOS : CW_ANC_TCLASS;
}

/* [RFC1122-3.2.1.8-a] [RFC1122-4.1.3.2-a] */
static void tell_options(const struct udp_sock *u, const struct dgram *d,
                         struct cw_anc *anc)
{
    const struct udp_ip *ip = &u->opts.ip[0];
    struct span          in;

    if (d->opts == 0)
        return;
    in = span_of(slice_bytes(d->data), d->opts);
    if (ip->recvopts) {
        anc->has |= CW_ANC_OPTS;
        anc->opts.len = d->opts;
        memcpy(anc->opts.b, in.p, in.len);
    }
    if (ip->retopts) {
        anc->has |= CW_ANC_RETOPTS;
        anc->retopts.len = (uint8_t)ip4opt_returned(in, anc->retopts.b);
    }
}

static void tell_besides(const struct udp_sock *u, const struct dgram *d,
                         struct cw_anc *anc)
{
    anc->has = 0;
    if (d->segs > 1) {
        anc->has |= CW_ANC_GSO;
        anc->gso_size = (uint16_t)d->size;
    }
    if (u->opts.pktinfo && addr_is4(&d->to.addr))
        anc->has |= CW_ANC_PKTINFO;
    if (u->opts.pktinfo6)
        anc->has |= CW_ANC_PKTINFO6;
    if (anc->has & (CW_ANC_PKTINFO | CW_ANC_PKTINFO6))
        tell_place(u, d, anc);
    tell_header(u, d, anc);
    tell_options(u, d, anc);
}

/* [RFC768-UserIf-a]  The order is Linux's: an error first, then data, then the end. */
ptrdiff_t udp_recv(struct udp_sock *u, struct cw_msg *msg)
{
    const struct dgram *d = u->head;
    uint32_t            len;
    size_t              got;

    if (u->error)
        return -udp_take_error(u);
    msg->anc.has = 0;
    if (!d)
        return u->shut_rd ? 0 : -CW_EAGAIN;
    len = d->len;
    got = copy_out(d, msg->buf, msg->len);
    msg->addr = d->from;
    msg->local = d->to;
    msg->has_addr = true;
    msg->truncated = got < len;
    tell_besides(u, d, &msg->anc);
    if (!(msg->flags & CW_MSG_PEEK))
        drop_first(u);
    return msg->flags & CW_MSG_TRUNC ? (ptrdiff_t)len : (ptrdiff_t)got;
}
