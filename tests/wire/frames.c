/* frames.c: see frames.h.  A frame grows from front to back; lengths and
 * checksums are filled in when what they cover is there.
 */
#include "wire/frames.h"

#include "base/bytes.h"
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/gen.h"

/* ---- checksums ----------------------------------------------------------- */

/* Whether a checksum is to be right. */
static bool right(struct gen *g)
{
    return gen_percent(g, 85);
}

/* v6: where the IPv6 header is; NULL: there is no pseudo header or it is
 * IPv4's. */
struct pseudo {
    const uint8_t *v4, *v6;
    uint8_t        proto;
};

static void fill_sum(struct gen *g, size_t from, size_t at,
                     const struct pseudo *ps)
{
    size_t   n = g->len - from;
    uint32_t sum = cksum_add(0, g->p + from, n);

    if (ps->v6)
        sum = cksum_add(sum, ps->v6 + 8, 32);
    else if (ps->v4)
        sum = cksum_add(sum, ps->v4 + 12, 8);
    if (ps->v6 || ps->v4)
        sum += (uint32_t)n + ps->proto;
    be16_store(g->p + at,
               right(g) ? cksum_fold(sum) : (uint16_t)gen_below(g, 65536));
}

/* ---- TCP and UDP --------------------------------------------------------- */

static void port(struct gen *g)
{
    static const uint16_t known[] = {
        1000, 9527, 12000, 40000, 50000, 60000
    };

    gen_u16(g, PICK(g, known));
}

/* A length that is mostly right. */
static void opt_len(struct gen *g, uint32_t n)
{
    gen_u8(g, gen_percent(g, 96) ? n : gen_number(g, 255));
}

static void tcp_sack(struct gen *g)
{
    uint32_t n = gen_below(g, 5);

    gen_u8(g, 5);
    opt_len(g, 2 + 8 * n);
    for (uint32_t i = 0; i < 2 * n; i++)
        gen_u32(g, 1000 + gen_below(g, 100000));
}

static void tcp_option(struct gen *g)
{
    static const struct {
        uint8_t kind, len;
    } fixed[] = {
        { 0, 1 },   { 1, 1 },   { 2, 4 },   { 3, 3 },    { 4, 2 },
        { 8, 10 },  { 6, 6 },   { 7, 6 },   { 11, 6 },   { 12, 6 },
        { 13, 6 },  { 19, 18 }, { 20, 4 },  { 28, 4 },   { 29, 16 },
        { 29, 4 },  { 34, 2 },  { 34, 10 }, { 34, 6 },   { 254, 4 },
        { 253, 8 }, { 99, 7 },  { 69, 2 },  { 254, 12 }, { 14, 3 },
    };
    uint32_t i = gen_below(
        g, gen_percent(g, 60) ? 6 : (uint32_t)ARRAY_LEN(fixed));

    if (gen_percent(g, 15)) {
        tcp_sack(g);
        return;
    }
    gen_u8(g, fixed[i].kind);
    if (fixed[i].kind <= 1)
        return;
    opt_len(g, fixed[i].len);
    if (fixed[i].kind == 254 && gen_percent(g, 80)) {
        gen_u16(g, 0xf989);
        gen_noise(g, fixed[i].len - 4u);
    } else
        gen_noise(g, fixed[i].len - 2u);
}

static void tcp_options(struct gen *g)
{
    size_t from = g->len;

    if (gen_percent(g, 40)) { /* as everybody sends them */
        gen_u16(g, 0x0101);
        gen_u16(g, 0x080a);
        gen_u32(g, gen_below(g, 100000));
        gen_u32(g, gen_below(g, 100000));
        return;
    }
    while (gen_percent(g, 60) && g->len - from < 40)
        tcp_option(g);
    g->len = MIN(g->len, from + 40);
    while ((g->len - from) % 4)
        gen_u8(g, gen_percent(g, 90) ? 1 : gen_below(g, 256));
}

static void tcp(struct gen *g, struct pseudo ps)
{
    static const uint8_t flags[] = { 0x02, 0x12, 0x10, 0x18, 0x11, 0x04,
                                     0x14, 0x10, 0x18, 0x38, 0xc2, 0x52 };
    size_t               from = g->len, hlen;

    port(g);
    port(g);
    gen_u32(g, 1000 + gen_number(g, 100000));
    gen_u32(g,
            gen_percent(g, 80) ? 1000 + gen_number(g, 100000)
                               : prng_u32(g->r));
    gen_u8(g, 0);
    gen_u8(g, gen_percent(g, 90) ? PICK(g, flags) : gen_below(g, 256));
    gen_u16(g, gen_number(g, 65535));
    gen_u16(g, 0);
    gen_u16(g, gen_percent(g, 80) ? 0 : gen_number(g, 65535));
    tcp_options(g);
    hlen = (g->len - from) / 4;
    if (gen_percent(g, 3))
        hlen = gen_below(g, 16);
    g->p[from + 12] =
        (uint8_t)(hlen << 4 | (gen_percent(g, 95) ? 0 : gen_below(g, 16)));
    gen_payload(g);
    ps.proto = 6;
    fill_sum(g, from, from + 16, &ps);
}

static void udp(struct gen *g, struct pseudo ps)
{
    size_t from = g->len, n;

    port(g);
    port(g);
    gen_u32(g, 0);
    gen_payload(g);
    n = g->len - from;
    if (gen_percent(g, 4))
        n = gen_number(g, 65535);
    be16_store(g->p + from + 4, (uint16_t)n);
    ps.proto = 17;
    fill_sum(g, from, from + 6, &ps);
    if (gen_percent(g, 10))
        be16_store(g->p + from + 6, 0);
}

/* ---- ICMP ---------------------------------------------------------------- */

static void ip4(struct gen *g, unsigned depth);
static void ip6(struct gen *g, unsigned depth);

/* The packet that an error is about, mostly its beginning only. */
static void quote(struct gen *g, bool v6, unsigned depth)
{
    size_t from = g->len;

    if (depth >= QUOTE_DEPTH || gen_percent(g, 5))
        gen_noise(g, gen_below(g, 60));
    else if (v6)
        ip6(g, depth + 1);
    else
        ip4(g, depth + 1);
    if (gen_percent(g, 50))
        g->len = MIN(g->len, from + (v6 ? 48 : 28));
    else if (gen_percent(g, 10))
        g->len = from + gen_below(g, (uint32_t)(g->len - from) + 1);
}

static void icmp4_advert(struct gen *g)
{
    uint32_t n = gen_below(g, 4);

    gen_u8(g, gen_percent(g, 90) ? n : gen_number(g, 255));
    gen_u8(g, gen_percent(g, 90) ? 2 : gen_number(g, 255));
    gen_u16(g, gen_number(g, 65535));
    for (uint32_t i = 0; i < n; i++) {
        gen_ip4_addr(g);
        gen_u32(g, prng_u32(g->r));
    }
}

static void icmp4(struct gen *g, unsigned depth)
{
    static const uint8_t types[] = { 0,  8,  3,  3,  3,  4,  5,  9, 10,
                                     11, 12, 13, 14, 15, 16, 17, 18 };
    size_t               from = g->len;
    uint8_t              type = (uint8_t)(gen_percent(g, 95) ? PICK(g, types)
                                                             : gen_below(g, 256));

    gen_u8(g, type);
    gen_u8(g,
           gen_percent(g, 90) ? gen_below(g, 17) * (type == 3)
                   + gen_below(g, 2) * (type != 3)
                              : gen_number(g, 255));
    gen_u16(g, 0);
    if (type == 9)
        icmp4_advert(g);
    else if (type == 5)
        gen_ip4_addr(g);
    else
        gen_u32(g, gen_number(g, UINT32_MAX) & 0xff00ffff);
    if (type == 14 || type == 13)
        gen_noise(g, 12);
    else if (type == 18 || type == 17)
        gen_u32(g, 0xffffff00);
    else if (type == 3 || type == 4 || type == 5 || type == 11 || type == 12)
        quote(g, false, depth);
    else
        gen_payload(g);
    fill_sum(g, from, from + 2, &(struct pseudo){ 0 });
}

/* ---- neighbour discovery, multicast listeners ---------------------------- */

static void ndp_option(struct gen *g)
{
    static const struct {
        uint8_t type, units;
    } kinds[] = { { 1, 1 },  { 2, 1 },  { 3, 4 },  { 5, 1 },  { 7, 1 },
                  { 8, 1 },  { 24, 1 }, { 24, 2 }, { 24, 3 }, { 25, 3 },
                  { 25, 5 }, { 4, 6 },  { 14, 1 }, { 38, 2 } };
    uint32_t i = gen_below(g, (uint32_t)ARRAY_LEN(kinds));
    size_t   n = kinds[i].units * 8u;

    gen_u8(g, kinds[i].type);
    gen_u8(g, gen_percent(g, 95) ? kinds[i].units : gen_number(g, 255));
    if (gen_percent(g, 20)) {
        gen_room(g, n - 2);
        return;
    }
    gen_noise(g, n - 2);
}

/* RFC 8106 §5.2. */
static void ndp_domains(struct gen *g)
{
    static const uint8_t names[] = "\7example\3org\0\3lan\0\0\0\0\0\0\0";

    gen_u8(g, 31);
    gen_u8(g, 1 + (sizeof(names) - 1) / 8);
    gen_u16(g, 0);
    gen_u32(g, gen_number(g, UINT32_MAX));
    memcpy(gen_room(g, (sizeof(names) - 1) / 8 * 8), names,
           (sizeof(names) - 1) / 8 * 8);
}

static void ndp_options(struct gen *g)
{
    while (gen_percent(g, 60) && g->len < ROOM) {
        if (gen_percent(g, 10))
            ndp_domains(g);
        else
            ndp_option(g);
    }
}

static void ndp(struct gen *g, uint8_t type)
{
    if (type == 134) {
        gen_u8(g, gen_number(g, 255));
        gen_u8(g, gen_below(g, 256));
        gen_u16(g, gen_number(g, 65535));
        gen_u32(g, gen_number(g, UINT32_MAX));
        gen_u32(g, gen_number(g, UINT32_MAX));
    } else
        gen_u32(g,
                type == 136 ? gen_below(g, 8) << 29
                            : gen_number(g, UINT32_MAX));
    if (type >= 135)
        gen_ip6_addr(g);
    if (type == 137)
        gen_ip6_addr(g);
    ndp_options(g);
}

static void mld_report2(struct gen *g)
{
    uint32_t n = gen_below(g, 4);

    gen_u16(g, 0);
    gen_u16(g, gen_percent(g, 90) ? n : gen_number(g, 65535));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sources = gen_below(g, 3);

        gen_u8(g,
               gen_percent(g, 90) ? 1 + gen_below(g, 6) : gen_number(g, 255));
        gen_u8(g, 0);
        gen_u16(g, gen_percent(g, 90) ? sources : gen_number(g, 65535));
        gen_ip6_addr(g);
        while (sources-- > 0)
            gen_ip6_addr(g);
    }
}

static void mld(struct gen *g, uint8_t type)
{
    uint32_t n = gen_below(g, 3);

    if (type == 143) {
        mld_report2(g);
        return;
    }
    gen_u16(g, gen_number(g, 65535));
    gen_u16(g, 0);
    gen_ip6_addr(g);
    if (type != 130 || gen_percent(g, 40))
        return;
    gen_u8(g, gen_below(g, 16));
    gen_u8(g, gen_number(g, 255));
    gen_u16(g, gen_percent(g, 90) ? n : gen_number(g, 65535));
    while (n-- > 0)
        gen_ip6_addr(g);
}

/* ---- ICMPv6 -------------------------------------------------------------- */

static void icmp6_body(struct gen *g, uint8_t type, unsigned depth)
{
    if (type < 5) {
        gen_u32(g, gen_number(g, UINT32_MAX));
        quote(g, true, depth);
    } else if (type == 130 || type == 131 || type == 132 || type == 143)
        mld(g, type);
    else if (type >= 133 && type <= 137)
        ndp(g, type);
    else {
        gen_u32(g, gen_number(g, UINT32_MAX));
        if (type == 145 || type == 147 || gen_percent(g, 10)) {
            if (gen_percent(g, 50))
                ndp_options(g);
            else
                gen_ip6_addr(g);
        } else
            gen_payload(g);
    }
}

static void icmp6(struct gen *g, struct pseudo ps, unsigned depth)
{
    static const uint8_t types[] = { 128, 129, 128, 129, 1,   1,   2,
                                     3,   4,   130, 130, 131, 132, 133,
                                     134, 135, 136, 137, 135, 136, 143,
                                     141, 142, 144, 145, 146, 147, 200 };
    size_t               from = g->len;
    uint8_t              type = (uint8_t)(gen_percent(g, 96) ? PICK(g, types)
                                                             : gen_below(g, 256));

    gen_u8(g, type);
    gen_u8(g,
           type < 5                 ? gen_below(g, 7)
               : gen_percent(g, 95) ? 0
                                    : gen_number(g, 255));
    gen_u16(g, 0);
    icmp6_body(g, type, depth);
    ps.proto = 58;
    fill_sum(g, from, from + 2, &ps);
}

/* ---- IPv4 ---------------------------------------------------------------- */

static void ip4_route(struct gen *g)
{
    static const uint8_t kinds[] = { 7, 131, 137 };
    uint32_t             n = 1 + gen_below(g, 3);

    gen_u8(g, PICK(g, kinds));
    opt_len(g, 3 + 4 * n);
    gen_u8(g,
           gen_percent(g, 90) ? 4 + 4 * gen_below(g, n + 1)
                              : gen_number(g, 255));
    while (n-- > 0)
        gen_ip4_addr(g);
}

static void ip4_timestamp(struct gen *g)
{
    uint32_t kind = gen_below(g, 4), n = 1 + gen_below(g, 3);

    gen_u8(g, 68);
    opt_len(g, 4 + n * (kind == 0 ? 4 : 8));
    gen_u8(g,
           gen_percent(g, 90) ? 5 + (kind == 0 ? 4 : 8) * gen_below(g, n + 1)
                              : gen_number(g, 255));
    gen_u8(g, (gen_percent(g, 80) ? 0 : gen_below(g, 16) << 4) | kind);
    while (n-- > 0) {
        if (kind != 0)
            gen_ip4_addr(g);
        gen_u32(g, gen_number(g, UINT32_MAX));
    }
}

static void ip4_option(struct gen *g)
{
    switch (gen_below(g, 6)) {
    case 0:
        ip4_route(g);
        break;
    case 1:
        ip4_timestamp(g);
        break;
    case 2:
        gen_u8(g, 148);
        opt_len(g, 4);
        gen_u16(g, gen_percent(g, 70) ? 0 : gen_number(g, 65535));
        break;
    case 3:
        gen_u8(g, gen_percent(g, 90) ? 1 : 0);
        break;
    default:
        gen_u8(g, gen_percent(g, 50) ? 130 : gen_below(g, 256));
        opt_len(g, 6);
        gen_noise(g, 4);
    }
}

static void ip4_options(struct gen *g)
{
    size_t from = g->len;

    while (gen_percent(g, 60))
        ip4_option(g);
    g->len = MIN(g->len, from + 40);
    while ((g->len - from) % 4)
        gen_u8(g, gen_percent(g, 80) ? 1 : 0);
}

static void ip4_payload(struct gen *g, uint8_t proto, size_t hdr,
                        unsigned depth)
{
    struct pseudo ps = { .v4 = g->p + hdr };

    if (proto == 6)
        tcp(g, ps);
    else if (proto == 17)
        udp(g, ps);
    else if (proto == 1)
        icmp4(g, depth);
    else if (proto == 2)
        g->len += frame_igmp(g->r, g->p + g->len);
    else if (proto == 4 && depth < QUOTE_DEPTH)
        ip4(g, depth + 1);
    else if (proto == 41 && depth < QUOTE_DEPTH)
        ip6(g, depth + 1);
    else
        gen_payload(g);
}

static void ip4(struct gen *g, unsigned depth)
{
    static const uint8_t protos[] = { 6, 6, 6, 6,  17, 17, 1,   1,  1,
                                      2, 2, 4, 41, 58, 59, 253, 200 };
    size_t               from = g->len, hlen;
    uint8_t              proto = PICK(g, protos);
    uint32_t             off = gen_percent(g, 60) ? 0x4000 : 0;

    if (gen_percent(g, 6))
        off = (gen_percent(g, 70) ? 0x2000 : 0) | gen_below(g, 4) * 185;
    else if (gen_percent(g, 2))
        off = gen_below(g, 65536);
    gen_u8(g, 0x45);
    gen_u8(g, gen_percent(g, 80) ? 0 : gen_below(g, 256));
    gen_u16(g, 0);
    gen_u16(g, gen_percent(g, 50) ? 0 : gen_below(g, 65536));
    gen_u16(g, off);
    gen_u8(g, gen_percent(g, 90) ? 64 : gen_number(g, 255));
    gen_u8(g, proto);
    gen_u16(g, 0);
    gen_ip4_addr(g);
    gen_ip4_addr(g);
    if (gen_percent(g, 15))
        ip4_options(g);
    hlen = g->len - from;
    g->p[from] = (uint8_t)(gen_percent(g, 98) ? 0x40 | hlen / 4
                                              : gen_below(g, 256));
    ip4_payload(g, proto, from, depth);
    be16_store(g->p + from + 2,
               (uint16_t)(gen_percent(g, 96) ? g->len - from
                                             : gen_number(g, 65535)));
    if (right(g))
        be16_store(g->p + from + 10,
                   cksum_fold(cksum_add(0, g->p + from, hlen)));
}

/* ---- IPv6 ---------------------------------------------------------------- */

static void ip6_option(struct gen *g)
{
    uint32_t n = gen_below(g, 6);

    switch (gen_below(g, 7)) {
    case 0:
        gen_u8(g, 0);
        return;
    case 1:
        gen_u8(g, 1);
        opt_len(g, n);
        gen_room(g, n);
        return;
    case 2:
        gen_u8(g, 5);
        opt_len(g, 2);
        gen_u16(g, gen_below(g, 3));
        return;
    case 3:
        gen_u8(g, 0xc2);
        opt_len(g, 4);
        gen_u32(g, gen_number(g, 200000));
        return;
    case 4:
        gen_u8(g, 0xc9);
        opt_len(g, 16);
        gen_ip6_addr(g);
        return;
    default:
        gen_u8(g, gen_below(g, 256));
        opt_len(g, n);
        gen_noise(g, n);
    }
}

static void ip6_options(struct gen *g, uint8_t next)
{
    size_t from = g->len;

    gen_u16(g, (uint32_t)next << 8);
    while (gen_percent(g, 60))
        ip6_option(g);
    while ((g->len - from) % 8)
        gen_u8(g, 0);
    g->p[from + 1] = (uint8_t)((g->len - from) / 8 - 1);
    if (gen_percent(g, 2))
        g->p[from + 1] = (uint8_t)gen_number(g, 255);
}

static void ip6_routing(struct gen *g, uint8_t next)
{
    static const uint8_t types[] = { 0, 2, 4, 4, 3 };
    uint32_t             n = gen_below(g, 3);

    gen_u8(g, next);
    gen_u8(g, gen_percent(g, 95) ? 2 * n : gen_number(g, 255));
    gen_u8(g, PICK(g, types));
    gen_u8(g, gen_below(g, 3));
    gen_u32(g, gen_percent(g, 60) ? 0 : gen_number(g, UINT32_MAX));
    while (n-- > 0)
        gen_ip6_addr(g);
}

static void ip6_extension(struct gen *g, uint8_t kind, uint8_t next)
{
    switch (kind) {
    case 43:
        ip6_routing(g, next);
        break;
    case 44:
        gen_u16(g, (uint32_t)next << 8);
        gen_u16(g,
                gen_percent(g, 70) ? gen_below(g, 2) : gen_number(g, 65535));
        gen_u32(g, gen_number(g, UINT32_MAX));
        break;
    default:
        ip6_options(g, next);
    }
}

static void ip6_payload(struct gen *g, uint8_t proto, size_t hdr,
                        unsigned depth)
{
    struct pseudo ps = { .v6 = g->p + hdr };

    if (proto == 6)
        tcp(g, ps);
    else if (proto == 17)
        udp(g, ps);
    else if (proto == 58)
        icmp6(g, ps, depth);
    else if (proto == 4 && depth < QUOTE_DEPTH)
        ip4(g, depth + 1);
    else if (proto == 41 && depth < QUOTE_DEPTH)
        ip6(g, depth + 1);
    else
        gen_payload(g);
}

/* Which headers stand between the fixed one and the payload's. */
static size_t ip6_chain(struct gen *g, uint8_t *kinds, size_t max)
{
    static const uint8_t known[] = { 60, 43, 44, 60, 0 };
    size_t               n = 0;

    if (!gen_percent(g, 25))
        return 0;
    if (gen_percent(g, 50))
        kinds[n++] = 0;
    while (n < max && gen_percent(g, 45))
        kinds[n++] = PICK(g, known);
    return n;
}

static void ip6(struct gen *g, unsigned depth)
{
    static const uint8_t protos[] = { 6,  6,  6,  6,   17, 17, 58, 58,
                                      58, 58, 59, 253, 4,  41, 1,  200 };
    size_t               from = g->len, n;
    uint8_t              kinds[5];

    gen_u32(g, 0x60000000u | (gen_percent(g, 70) ? 0 : prng_u32(g->r) >> 4));
    if (gen_percent(g, 1))
        g->p[from] = (uint8_t)gen_below(g, 256);
    gen_u32(g, 0);
    g->p[from + 7] = (uint8_t)(gen_percent(g, 90) ? 64 : gen_number(g, 255));
    gen_ip6_addr(g);
    gen_ip6_addr(g);
    n = ip6_chain(g, kinds, ARRAY_LEN(kinds) - 1);
    kinds[n] = PICK(g, protos);
    g->p[from + 6] = kinds[0];
    for (size_t i = 0; i < n; i++)
        ip6_extension(g, kinds[i], kinds[i + 1]);
    ip6_payload(g, kinds[n], from, depth);
    if (gen_percent(g, 97))
        be16_store(g->p + from + 4, (uint16_t)(g->len - from - 40));
    else
        be16_store(g->p + from + 4, (uint16_t)gen_number(g, 65535));
}

/* ---- ARP, Ethernet ------------------------------------------------------- */

static void arp(struct gen *g)
{
    static const uint16_t hw[] = { 1, 1, 1, 1, 6, 7, 23, 24, 99 };
    static const uint16_t proto[] = { 0x800,  0x800,  0x800,
                                      0x1000, 0x86dd, 0x1234 };
    uint32_t              hlen = gen_percent(g, 90) ? 6 : gen_below(g, 12);
    uint32_t              plen = gen_percent(g, 90) ? 4 : gen_below(g, 12);

    gen_u16(g, PICK(g, hw));
    gen_u16(g, PICK(g, proto));
    gen_u8(g, hlen);
    gen_u8(g, plen);
    gen_u16(g, gen_percent(g, 80) ? 1 + gen_below(g, 2) : gen_below(g, 12));
    for (unsigned i = 0; i < 2; i++) {
        if (gen_percent(g, 80) && hlen == 6)
            gen_mac(g);
        else
            gen_noise(g, hlen);
        if (gen_percent(g, 30) && hlen == 6)
            memset(g->p + g->len - 6, 0, 6);
        if (plen == 4)
            gen_ip4_addr(g);
        else
            gen_noise(g, plen);
    }
    if (gen_percent(g, 50))
        gen_room(g, 18);
}

static uint16_t ether(struct gen *g)
{
    static const uint16_t types[] = { 0x800,  0x800,  0x800,  0x800,
                                      0x86dd, 0x86dd, 0x86dd, 0x86dd,
                                      0x806,  0x8035, 0x1234 };
    static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100, 0x9200 };
    uint16_t              type = PICK(g, types);

    gen_mac(g);
    gen_mac(g);
    while (gen_percent(g, 7)) {
        gen_u16(g, PICK(g, tags));
        gen_u16(g, gen_below(g, 65536));
    }
    gen_u16(g, type);
    return type;
}

/* Damage: bytes changed, the end missing. */
static void damage(struct gen *g, struct frame *out)
{
    out->damaged = gen_percent(g, 15);
    if (out->damaged) {
        uint32_t hits = 1 + gen_below(g, 3);

        while (hits-- > 0)
            out->bytes[gen_below(g, (uint32_t)out->len)] = (uint8_t)gen_below(
                g, 256);
    }
    if (gen_percent(g, 25)) {
        out->len = 1 + gen_below(g, (uint32_t)out->len);
        if (gen_percent(g, 30)) /* not only captured: sent so */
            out->wire_len = (uint32_t)out->len;
    }
}

void frame_random(struct prng *r, struct frame *out)
{
    struct gen g = { r, out->bytes, 0 };
    uint16_t   type = ether(&g);

    if (type == 0x800)
        ip4(&g, 0);
    else if (type == 0x86dd)
        ip6(&g, 0);
    else if (type == 0x806 || type == 0x8035)
        arp(&g);
    else
        gen_payload(&g);
    if (g.len < 60 && gen_percent(&g, 20))
        gen_room(&g, 60 - g.len);
    out->len = g.len;
    out->wire_len = (uint32_t)g.len;
    damage(&g, out);
}
