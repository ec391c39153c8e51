/* wire_read.c: packets that the stack sent, in the script's words (wire.h).
 *
 * What no packet may get wrong (lengths, checksums, reserved bits, payload)
 * is found here, whatever the script looks at.
 */
#include "script/icmp.h"
#include "script/sum.h"
#include "script/wire.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };

/* ---- IP ------------------------------------------------------------------ */

static const char *head4(struct wire_head *h, const uint8_t *b, size_t len)
{
    if (len < 20 || b[0] != 0x45 || be16_load(b + 2) != len)
        return "its IPv4 header's lengths are not its own";
    if (sum_bytes(b, 20, 0) != 0)
        return "its IPv4 header's checksum is wrong";
    if (be16_load(b + 6) & 0x8000)
        return "IPv4's reserved flag is set";
    if (be16_load(b + 6) & 0x3fff)
        return "it is a fragment";
    h->src = addr_from4(b + 12);
    h->dst = addr_from4(b + 16);
    h->protocol = b[9];
    h->tos = b[1];
    h->ttl = b[8];
    h->df = be16_load(b + 6) & 0x4000;
    h->body = b + 20;
    h->len = len - 20;
    return NULL;
}

static const char *head6(struct wire_head *h, const uint8_t *b, size_t len)
{
    if (len < 40 || b[0] >> 4 != 6 || be16_load(b + 4) != len - 40)
        return "its IPv6 header's lengths are not its own";
    if (b[6] == 44)
        return "it is a fragment";
    h->v6 = true;
    h->src = addr_from6(b + 8);
    h->dst = addr_from6(b + 24);
    h->protocol = b[6];
    h->tos = (uint8_t)(be32_load(b) >> 20);
    h->ttl = b[7];
    h->body = b + 40;
    h->len = len - 40;
    return NULL;
}

const char *wire_head(struct wire_head *h, const uint8_t *ip, size_t len)
{
    const char *wrong;

    *h = (struct wire_head){ .v6 = len && ip[0] >> 4 == 6 };
    wrong = h->v6 ? head6(h, ip, len) : head4(h, ip, len);
    if (!wrong && (h->protocol == PROTO_TCP || h->protocol == PROTO_UDP)) {
        if (h->len < 8)
            return "it is shorter than its ports";
        h->sport = be16_load(h->body);
        h->dport = be16_load(h->body + 2);
    }
    return wrong;
}

static bool sum_ok(const struct wire_head *h)
{
    uint32_t start = 0;

    if (h->protocol == PROTO_UDP && !h->v6 && be16_load(h->body + 6) == 0)
        return true; /* RFC 768: none */
    if (h->protocol != PROTO_ICMP)
        start = sum_pseudo(&h->src, &h->dst, h->protocol, (uint32_t)h->len);
    return sum_bytes(h->body, h->len, start) == 0;
}

/* ---- TCP ----------------------------------------------------------------- */

static void read_numbers(struct sp_opt *o, const uint8_t *b, size_t n)
{
    if (o->kind == 2 && n == 2) {
        o->v[o->nv++] = be16_load(b);
    } else if (o->kind == 3 && n == 1) {
        o->v[o->nv++] = b[0];
    } else if (o->kind == 8 || o->kind == 5) {
        for (size_t i = 0; i + 4 <= n && o->nv < SP_OPT_NUMBERS; i += 4)
            o->v[o->nv++] = be32_load(b + i);
    } else if ((o->kind == 172 || o->kind == 174) && n % 3 == 0 && n <= 9) {
        for (size_t i = 0; i < n; i += 3)
            o->v[o->nv++] = (uint32_t)b[i] << 16 | be16_load(b + i + 1);
    }
}

static bool read_option(struct sp_opt *o, const uint8_t *b, size_t n)
{
    static const uint8_t lengths[] = { [2] = 4, [3] = 3, [4] = 2, [8] = 10 };

    if (o->kind < ARRAY_LEN(lengths) && lengths[o->kind]
        && n + 2 != lengths[o->kind])
        return false;
    if (o->kind == 5 && (n % 8 || n == 0))
        return false;
    if (o->kind == 254 && n >= 2 && be16_load(b) == 0xf989) {
        o->is_exp = true;
        b += 2;
        n -= 2;
    }
    read_numbers(o, b, n);
    if (o->nv || n == 0)
        return true;
    o->len = (uint8_t)n;
    if (n > sizeof o->bytes)
        return false;
    memcpy(o->bytes, b, n);
    return true;
}

static bool read_options(struct sp *p, const uint8_t *b, size_t n)
{
    size_t i = 0;

    while (i < n) {
        struct sp_opt *o = &p->opts[p->nopts];

        if (b[i] == 0)
            break; /* padding */
        if (p->nopts == SP_OPTS)
            return false;
        *o = (struct sp_opt){ .kind = b[i] };
        p->nopts++;
        if (b[i] == 1) {
            i++;
            continue;
        }
        if (i + 1 >= n || b[i + 1] < 2 || b[i + 1] > n - i
            || !read_option(o, b + i + 2, b[i + 1] - 2u))
            return false;
        i += b[i + 1];
    }
    for (; i < n; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* Back into the script's numbers; stamps stay what they are. */
static void translate(struct sp *p, const struct flow *f)
{
    for (unsigned i = 0; i < p->nopts; i++) {
        struct sp_opt *o = &p->opts[i];

        if (o->kind == 5)
            for (unsigned k = 0; k < o->nv; k++)
                o->v[k] -= f->roff;
    }
    p->seq -= f->loff;
    if (p->flags & SP_ACK)
        p->ack -= f->roff;
}

static bool payload_ok(const struct sp *p, const uint8_t *b,
                       const struct flow *f)
{
    uint32_t at = p->seq + !!(p->flags & SP_SYN) - (f->iss + 1);

    if (f->free_out || !f->loff_known)
        return true;
    for (uint32_t i = 0; i < p->len; i++)
        if (b[i] != flow_byte(false, at + i))
            return false;
    return true;
}

static const char *read_tcp(struct sp *p, const struct wire_head *h,
                            const struct flow *f)
{
    const uint8_t *b = h->body;
    size_t         header = h->len >= 20 ? (b[12] >> 4) * 4u : 0;

    if (header < 20 || header > h->len)
        return "its TCP header's length is impossible";
    if (b[12] & 0x0e)
        return "reserved bits of its TCP header are set";
    p->proto = SP_TCP;
    p->flags = (uint16_t)(b[13] | (b[12] & 1) << 8);
    p->seq = be32_load(b + 4);
    p->ack = be32_load(b + 8);
    p->win = be16_load(b + 14);
    p->up = be16_load(b + 18);
    p->len = (uint32_t)(h->len - header);
    if (!read_options(p, b + 20, header - 20))
        return "its TCP options are malformed";
    if (!f)
        return NULL;
    translate(p, f);
    return payload_ok(p, b + header, f)
        ? NULL
        : "its payload is not what was written there";
}

/* ---- UDP, ICMP ----------------------------------------------------------- */

static const char *read_udp(struct sp *p, const struct wire_head *h,
                            const struct flow *f)
{
    p->proto = SP_UDP;
    if (be16_load(h->body + 4) != h->len)
        return "its UDP length is not its own";
    p->len = (uint32_t)(h->len - 8);
    for (uint32_t i = 0; f && !f->free_out && i < p->len; i++)
        if (h->body[8 + i] != flow_byte(false, i))
            return "its payload is not what was written";
    return NULL;
}

static const char *read_icmp(struct sp *p, const struct wire_head *h)
{
    p->proto = SP_ICMP;
    if (h->len < 8)
        return "it is shorter than an ICMP header";
    p->type = h->body[0];
    p->code = h->body[1];
    p->is_echo = icmp_is_echo(p->type, h->v6);
    if (p->is_echo)
        p->len = (uint32_t)(h->len - 8);
    return NULL;
}

const char *wire_read(struct sp *p, const struct wire_head *h,
                      const struct flow *f)
{
    *p = (struct sp){ .ecn = h->tos & 3,
                      .tos = h->tos,
                      .ttl = h->ttl,
                      .df = h->df,
                      .df_said = true,
                      .mtu = -1,
                      .win = -1,
                      .up = -1 };
    if (!sum_ok(h))
        return "its checksum is wrong";
    switch (h->protocol) {
    case PROTO_TCP:
        return read_tcp(p, h, f);
    case PROTO_UDP:
        return read_udp(p, h, f);
    case PROTO_ICMP:
    case PROTO_ICMP6:
        return read_icmp(p, h);
    default:
        return "no script speaks of this protocol";
    }
}
