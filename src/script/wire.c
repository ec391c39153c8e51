/* wire.c: packets that come in, as bytes (wire.h).
 *
 *   RFC 791, 8200, 9293 §3.1, 768, 792, 4443.
 */
#include "script/wire.h"
#include "script/sum.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };

static const uint8_t protocols[2][3] = {
    { PROTO_TCP, PROTO_UDP, PROTO_ICMP },
    { PROTO_TCP, PROTO_UDP, PROTO_ICMP6 },
};

/* ---- IP ------------------------------------------------------------------ */

struct ip_of {
    const struct cw_addr *src, *dst;
    uint8_t               protocol, tos, ttl;
    size_t                len; /* of what follows */
    bool                  v6, df;
};

static size_t put_ip4(uint8_t *b, const struct ip_of *ip)
{
    memset(b, 0, 20);
    b[0] = 0x45;
    b[1] = ip->tos;
    be16_store(b + 2, (uint16_t)(20 + ip->len));
    be16_store(b + 4, 0x1234);
    be16_store(b + 6, ip->df ? 0x4000 : 0);
    b[8] = ip->ttl;
    b[9] = ip->protocol;
    memcpy(b + 12, ip->src->b + 12, 4);
    memcpy(b + 16, ip->dst->b + 12, 4);
    be16_store(b + 10, sum_bytes(b, 20, 0));
    return 20;
}

static size_t put_ip6(uint8_t *b, const struct ip_of *ip)
{
    memset(b, 0, 40);
    be32_store(b, 6u << 28 | (uint32_t)ip->tos << 20);
    be16_store(b + 4, (uint16_t)ip->len);
    b[6] = ip->protocol;
    b[7] = ip->ttl;
    memcpy(b + 8, ip->src->b, 16);
    memcpy(b + 24, ip->dst->b, 16);
    return 40;
}

static size_t put_ip(uint8_t *b, const struct ip_of *ip)
{
    return ip->v6 ? put_ip6(b, ip) : put_ip4(b, ip);
}

static uint8_t tos_of(const struct sp *p)
{
    int tos = p->tos < 0 ? 0 : p->tos;

    return (uint8_t)(p->ecn < 0 ? tos : (tos & ~3) | p->ecn);
}

/* ---- TCP ----------------------------------------------------------------- */

/* Cookies in the experimental form follow a magic number (RFC 7413 §A). */
static size_t put_bytes(uint8_t *b, const struct sp_opt *o)
{
    size_t n = 2;

    b[0] = o->kind;
    if (o->is_exp) {
        be16_store(b + n, 0xf989);
        n += 2;
    }
    memcpy(b + n, o->bytes, o->len);
    n += o->len;
    b[1] = (uint8_t)n;
    return n;
}

/* RFC 9768 §3.2.3: three octets each. */
static size_t put_accecn(uint8_t *b, const struct sp_opt *o)
{
    size_t n = 2;

    for (unsigned i = 0; i < o->nv; i++) {
        b[n++] = (uint8_t)(o->v[i] >> 16);
        be16_store(b + n, (uint16_t)o->v[i]);
        n += 2;
    }
    b[0] = o->kind;
    b[1] = (uint8_t)n;
    return n;
}

static size_t put_opt(uint8_t *b, const struct sp_opt *o,
                      const struct flow *f)
{
    if (o->raw) {
        memcpy(b, o->bytes, o->len);
        return o->len;
    }
    b[0] = o->kind;
    switch (o->kind) {
    case 0:
    case 1:
        return 1;
    case 2:
        be16_store(b + 2, (uint16_t)o->v[0]);
        return b[1] = 4;
    case 3:
        b[2] = (uint8_t)o->v[0];
        return b[1] = 3;
    case 5:
        for (unsigned i = 0; i < o->nv; i++)
            be32_store(b + 2 + 4 * i, o->v[i] + f->loff);
        return b[1] = (uint8_t)(2 + 4 * o->nv);
    case 8:
        if (!o->nv)
            break;
        be32_store(b + 2, o->v[0]);
        be32_store(b + 6, o->v[1] ? flow_stamp_live(f, o->v[1]) : 0);
        return b[1] = 10;
    case 172:
    case 174:
        if (!o->nv)
            break;
        return put_accecn(b, o);
    default:
        break;
    }
    return put_bytes(b, o);
}

static size_t put_opts(uint8_t *b, const struct sp *p, const struct flow *f)
{
    uint8_t room[SP_OPTS * 40];
    size_t  n = 0;

    for (unsigned i = 0; i < p->nopts; i++)
        n += put_opt(room + n, &p->opts[i], f);
    while (n % 4)
        room[n++] = 0;
    if (n > 40)
        return n;
    memcpy(b, room, n);
    return n;
}

static size_t put_tcp(uint8_t *b, const struct sp *p, const struct flow *f)
{
    size_t   n = 20 + put_opts(b + 20, p, f);
    uint32_t at = p->seq + !!(p->flags & SP_SYN) - (f->irs + 1);

    if (n > 60)
        return 0;
    memset(b, 0, 20);
    be16_store(b, f->rport);
    be16_store(b + 2, f->lport);
    be32_store(b + 4, p->seq + f->roff);
    be32_store(b + 8, p->flags & SP_ACK ? p->ack + f->loff : 0);
    b[12] = (uint8_t)((p->doff ?: n / 4) << 4 | (size_t)p->resv << 1
                      | !!(p->flags & SP_AE));
    b[13] = (uint8_t)p->flags;
    be16_store(b + 14, (uint16_t)(p->win < 0 ? 0 : p->win));
    be16_store(b + 18, (uint16_t)(p->up < 0 ? 0 : p->up));
    for (uint32_t i = 0; i < p->len; i++)
        b[n + i] = flow_byte(true, at + i);
    return n + p->len;
}

static size_t put_udp(uint8_t *b, const struct sp *p, const struct flow *f)
{
    be16_store(b, f->rport);
    be16_store(b + 2, f->lport);
    be16_store(b + 4, (uint16_t)(8 + p->len));
    be16_store(b + 6, 0);
    for (uint32_t i = 0; i < p->len; i++)
        b[8 + i] = flow_byte(true, i);
    return 8 + p->len;
}

/* ---- ICMP ---------------------------------------------------------------- */

/* The start of a packet of ours, as the error's sender saw it. */
static size_t put_quote(uint8_t *b, const struct sp *q, const struct flow *f)
{
    bool         udp = q->proto == SP_UDP;
    struct ip_of ip = {
        &f->local, &f->remote, protocols[f->v6][udp ? SP_UDP : SP_TCP],
        0,         63,         (udp ? 8 : 20) + q->len,
        f->v6,     !udp
    };
    uint8_t *t = b + put_ip(b, &ip);

    memset(t, 0, 20);
    be16_store(t, f->lport);
    be16_store(t + 2, f->rport);
    if (udp) {
        be16_store(t + 4, (uint16_t)(8 + q->len));
        return (size_t)(t + 8 - b);
    }
    be32_store(t + 4, q->seq + f->loff);
    t[12] = 0x50;
    t[13] = (uint8_t)(q->flags ?: SP_ACK);
    return (size_t)(t + 20 - b);
}

static size_t put_icmp(uint8_t *b, const struct sp *p, const struct flow *f)
{
    size_t n = 8;

    memset(b, 0, 8);
    b[0] = (uint8_t)p->type;
    b[1] = (uint8_t)p->code;
    if (p->mtu >= 0)
        be32_store(b + 4, (uint32_t)p->mtu);
    if (p->is_echo) {
        be16_store(b + 4, f->rport);
        be16_store(b + 6, 1);
        for (uint32_t i = 0; i < p->len; i++)
            b[n++] = flow_byte(true, i);
    }
    if (p->inner)
        n += put_quote(b + n, p->inner, f);
    return n;
}

/* ---- all together -------------------------------------------------------- */

static void put_sum(uint8_t *b, size_t n, const struct ip_of *ip)
{
    static const uint8_t at[] = {
        [PROTO_TCP] = 16, [PROTO_UDP] = 6, [PROTO_ICMP] = 2, [PROTO_ICMP6] = 2
    };
    uint32_t start = 0;
    uint16_t sum;

    if (ip->protocol != PROTO_ICMP)
        start = sum_pseudo(ip->src, ip->dst, ip->protocol, (uint32_t)n);
    sum = sum_bytes(b, n, start);
    if (sum == 0 && ip->protocol == PROTO_UDP)
        sum = 0xffff;
    be16_store(b + at[ip->protocol], sum);
}

size_t wire_build(uint8_t *to, const struct sp *p, const struct flow *f)
{
    struct ip_of ip = { p->has_src ? &p->src : &f->remote,
                        p->has_dst ? &p->dst : &f->local,
                        protocols[f->v6][p->proto],
                        tos_of(p),
                        (uint8_t)(p->ttl < 0 ? 64 : p->ttl),
                        0,
                        f->v6,
                        p->df };
    uint8_t *b = to + (f->v6 ? 40 : 20);

    if (p->proto == SP_TCP)
        ip.len = put_tcp(b, p, f);
    else if (p->proto == SP_UDP)
        ip.len = put_udp(b, p, f);
    else
        ip.len = put_icmp(b, p, f);
    if (ip.len == 0)
        return 0;
    put_sum(b, ip.len, &ip);
    if (p->badsum)
        b[ip.len - 1] ^= 1;
    return put_ip(to, &ip) + ip.len;
}
