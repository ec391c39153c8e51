/* segment.c: see segment.h. */
#include "segment.h"
#include "base/addr.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

struct sg_vars sg_vars;

static const char flag_letters[] = "FSRP.UEW";

uint8_t sg_byte(bool peer, int64_t i)
{
    return (uint8_t)(i * 7 + i / 251 + (peer ? 100 : 3));
}

uint16_t sg_sum(const uint8_t *p, size_t n, uint32_t sum)
{
    for (size_t i = 0; i < n; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* ---- text -------------------------------------------------------------- */

static int64_t number(bool v6, const char *what)
{
    char *w = strtok(NULL, " "), *end;
    long  n;

    if (!w)
        FAIL("a number must follow '%s'", what);
    if (strcmp(w, "*") == 0)
        return SG_ANY;
    if (strchr("MNR", w[0]))
        return strtol(w + 1, NULL, 10)
            + (w[0] == 'N'       ? sg_vars.n
                   : w[0] == 'R' ? sg_vars.r
                   : v6          ? 1440
                                 : 1460);
    n = strtol(w, &end, 0);
    if (*end)
        FAIL("'%s' is no number", w);
    return n;
}

static void sack_blocks(struct sg *s)
{
    char *w = strtok(NULL, " ");

    while (w && *w && s->nsack < SG_SACKS) {
        s->sack[s->nsack][0] = strtol(w, &w, 10);
        s->sack[s->nsack++][1] = strtol(w + 1, &w, 10);
        w += *w == ',';
    }
}

static int octets(uint8_t *to, size_t cap)
{
    size_t   n;
    uint8_t *b = t_hex(strtok(NULL, " "), &n);

    EXPECT_LE(n, cap);
    memcpy(to, b, n);
    return (int)n;
}

static void word(struct sg *s, const char *w, bool v6)
{
    const struct {
        const char *name;
        int64_t    *at;
    } numbers[] = {
        { "seq", &s->seq },   { "len", &s->len },   { "ack", &s->ack },
        { "win", &s->win },   { "up", &s->up },     { "mss", &s->mss },
        { "ttl", &s->ttl },   { "tos", &s->tos },   { "wscale", &s->wscale },
        { "doff", &s->doff }, { "resv", &s->resv },
    };

    T_EACH (n, numbers) {
        if (strcmp(w, n->name) == 0) {
            *n->at = number(v6, w);
            return;
        }
    }
    if (strcmp(w, "sackOK") == 0) {
        s->sack_ok = true;
    } else if (strcmp(w, "sack") == 0) {
        sack_blocks(s);
    } else if (strcmp(w, "ts") == 0) {
        s->ts_val = number(v6, w);
        s->ts_ecr = number(v6, w);
    } else if (strcmp(w, "badsum") == 0) {
        s->badsum = true;
    } else if (strcmp(w, "raw") == 0) {
        s->nraw = octets(s->raw, sizeof s->raw);
    } else if (strcmp(w, "ipopt") == 0) {
        s->nipopt = octets(s->ipopt, sizeof s->ipopt);
    } else if (strcmp(w, "why") == 0) {
        snprintf(s->why, sizeof s->why, "%s", strtok(NULL, " "));
    } else {
        FAIL("'%s' is no word of a segment", w);
    }
}

void sg_parse(struct sg *s, const char *text, bool v6)
{
    char  copy[256];
    char *w;

    *s = (struct sg){ .win = SG_ANY,
                      .mss = SG_NONE,
                      .wscale = SG_NONE,
                      .ts_val = SG_NONE,
                      .ts_ecr = SG_NONE,
                      .ttl = SG_ANY,
                      .tos = SG_ANY,
                      .doff = SG_ANY };
    snprintf(copy, sizeof copy, "%s", text);
    w = strtok(copy, " ");
    for (; *w && *w != '-'; w++) {
        const char *f = strchr(flag_letters, *w);

        if (!f)
            FAIL("'%c' is no flag: %s", *w, text);
        s->flags |= (uint8_t)(1u << (f - flag_letters));
    }
    while ((w = strtok(NULL, " ")))
        word(s, w, v6);
}

void sg_print(char *to, size_t cap, const struct sg *s)
{
    size_t n = 0;

#define PUT(...) n += (size_t)snprintf(to + n, cap - n, __VA_ARGS__)
    for (int i = 0; flag_letters[i]; i++)
        if (s->flags >> i & 1)
            PUT("%c", flag_letters[i]);
    PUT(" seq %d len %d ack %d win %d", (int)s->seq, (int)s->len, (int)s->ack,
        (int)s->win);
    if (s->up)
        PUT(" up %d", (int)s->up);
    if (s->mss != SG_NONE)
        PUT(" mss %d", (int)s->mss);
    if (s->sack_ok)
        PUT(" sackOK");
    for (int i = 0; i < s->nsack; i++)
        PUT("%s%d-%d", i ? "," : " sack ", (int)s->sack[i][0],
            (int)s->sack[i][1]);
    if (s->ts_val != SG_NONE)
        PUT(" ts %d %d", (int)s->ts_val, (int)s->ts_ecr);
    if (s->wscale != SG_NONE)
        PUT(" wscale %d", (int)s->wscale);
    PUT(" why %s", s->why);
#undef PUT
}

/* ---- to a frame -------------------------------------------------------- */

static size_t put_options(uint8_t *p, const struct sg *s,
                          const struct sg_ends *e)
{
    uint8_t *q = p;

    if (s->mss != SG_NONE)
        *q++ = 2, *q++ = 4, be16_store(q, (uint16_t)s->mss), q += 2;
    if (s->wscale != SG_NONE)
        *q++ = 3, *q++ = 3, *q++ = (uint8_t)s->wscale;
    if (s->sack_ok)
        *q++ = 4, *q++ = 2;
    if (s->ts_val != SG_NONE) {
        *q++ = 8, *q++ = 10;
        be32_store(q, e->pts + (uint32_t)s->ts_val);
        be32_store(q + 4,
                   (s->flags & 0x10 ? e->uts : 0)
                       + (uint32_t)s->ts_ecr); /* 0 without an ACK */
        q += 8;
    }
    if (s->nsack)
        *q++ = 5, *q++ = (uint8_t)(2 + 8 * s->nsack);
    for (int i = 0; i < s->nsack; i++, q += 8) {
        be32_store(q, e->iss + (uint32_t)s->sack[i][0]);
        be32_store(q + 4, e->iss + (uint32_t)s->sack[i][1]);
    }
    memcpy(q, s->raw, (size_t)s->nraw);
    q += s->nraw;
    while ((q - p) % 4)
        *q++ = 0;
    return (size_t)(q - p);
}

static uint32_t pseudo(const struct cw_addr *a, const struct cw_addr *b,
                       size_t len)
{
    bool     v4 = addr_is4(a);
    uint16_t s1 = sg_sum(a->b + (v4 ? 12 : 0), v4 ? 4 : 16, 0);
    uint16_t s2 = sg_sum(b->b + (v4 ? 12 : 0), v4 ? 4 : 16, 0);

    return (uint32_t)(uint16_t)~s1 + (uint16_t)~s2 + 6 + (uint32_t)len;
}

/* The option header, if there is one, is 8 or 16 octets: behind the options
 * Pad1 and the like are zeros. */
static uint8_t *put_ip6(uint8_t *ip, const struct sg *s,
                        const struct sg_ends *e, size_t len)
{
    size_t  ext = s->nipopt ? s->nipopt > 6 ? 16 : 8 : 0;
    uint8_t t = s->tos == SG_ANY ? 0 : (uint8_t)s->tos;

    be32_store(ip, 0x60000000u | (uint32_t)t << 20);
    be16_store(ip + 4, (uint16_t)(ext + len));
    ip[6] = ext ? 60 : 6, ip[7] = 64;
    memcpy(ip + 8, e->peer.b, 16);
    memcpy(ip + 24, e->us.b, 16);
    memset(ip + 40, 0, ext);
    if (ext) {
        ip[40] = 6, ip[41] = (uint8_t)(ext / 8 - 1);
        memcpy(ip + 42, s->ipopt, (size_t)s->nipopt);
    }
    return ip + 40 + ext;
}

static uint8_t *put_ip4(uint8_t *ip, const struct sg *s,
                        const struct sg_ends *e, size_t len)
{
    size_t hdr = 20 + ((size_t)s->nipopt + 3) / 4 * 4;

    memset(ip, 0, hdr);
    ip[0] = (uint8_t)(0x40 | hdr / 4), ip[6] = 0x40, ip[8] = 64, ip[9] = 6;
    ip[1] = s->tos == SG_ANY ? 0 : (uint8_t)s->tos;
    be16_store(ip + 2, (uint16_t)(hdr + len));
    memcpy(ip + 12, e->peer.b + 12, 4);
    memcpy(ip + 16, e->us.b + 12, 4);
    memcpy(ip + 20, s->ipopt, (size_t)s->nipopt);
    be16_store(ip + 10, sg_sum(ip, hdr, 0));
    return ip + hdr;
}

/* The Ethernet and IP headers from one to the other. */
static uint8_t *put_ip(uint8_t *f, const struct sg *s,
                       const struct sg_ends *e, size_t len)
{
    bool v4 = addr_is4(&e->us);

    memcpy(f, "\2\0\12\0\0\1\2\0\12\0\0\2", 12);
    be16_store(f + 12, v4 ? 0x0800 : 0x86dd);
    return (v4 ? put_ip4 : put_ip6)(f + 14, s, e, len);
}

size_t sg_build(uint8_t *f, const struct sg *s, const struct sg_ends *e)
{
    uint8_t  opt[80], *h;
    size_t   nopt = put_options(opt, s, e);
    size_t   len = 20 + nopt + (size_t)s->len;
    int64_t  first = s->seq - 1 + (s->flags >> 1 & 1);
    uint16_t sum;

    h = put_ip(f, s, e, len);
    memset(h, 0, 20);
    be16_store(h, e->pport);
    be16_store(h + 2, e->uport);
    be32_store(h + 4, e->irs + (uint32_t)s->seq);
    if (s->flags & 0x10)
        be32_store(h + 8, e->iss + (uint32_t)s->ack);
    h[12] = (uint8_t)((s->doff == SG_ANY ? 5 + nopt / 4 : (size_t)s->doff)
                          << 4
                      | (size_t)s->resv);
    h[13] = s->flags;
    be16_store(h + 14, s->win == SG_ANY ? 65535 : (uint16_t)s->win);
    be16_store(h + 18, (uint16_t)s->up);
    memcpy(h + 20, opt, nopt);
    for (int64_t i = 0; i < s->len; i++)
        h[20 + nopt + (size_t)i] = sg_byte(true, first + i);
    sum = sg_sum(h, len, pseudo(&e->us, &e->peer, len));
    be16_store(h + 16, sum ^ (s->badsum ? 0x0100 : 0));
    return (size_t)(h - f) + len;
}

/* ---- from a frame ------------------------------------------------------ */

static int64_t rel(uint32_t v, uint32_t base)
{
    return (int32_t)(v - base);
}

static void read_options(struct sg *s, const uint8_t *o, const uint8_t *end,
                         const struct sg_ends *e)
{
    for (; o<end; o += o[0]> 1 ? o[1] : 1) {
        if (o[0] == 0) {
            EXPECT_EQ(*o, 0); /* MUST-69: zeros to the end */
            continue;
        }
        if (o[0] == 2)
            s->mss = be16_load(o + 2);
        else if (o[0] == 3)
            s->wscale = o[2];
        else if (o[0] == 4)
            s->sack_ok = true;
        else if (o[0] == 5)
            for (s->nsack = 0; s->nsack < (o[1] - 2) / 8; s->nsack++) {
                const uint8_t *b = o + 2 + 8 * s->nsack;

                s->sack[s->nsack][0] = rel(be32_load(b), e->irs);
                s->sack[s->nsack][1] = rel(be32_load(b + 4), e->irs);
            }
        else if (o[0] == 8)
            s->ts_val = rel(be32_load(o + 2), e->uts),
            s->ts_ecr = rel(be32_load(o + 6), s->flags & 16 ? e->pts : 0);
        else
            EXPECT_EQ(o[0], 1);
    }
    EXPECT(o == end);
}

static const uint8_t *read_ip(struct sg *s, const uint8_t *f, size_t *len)
{
    const uint8_t *ip = f + 14;

    if (ip[0] >> 4 == 6) {
        EXPECT_EQ(be16_load(ip + 4), *len - 54);
        EXPECT_EQ(ip[6], 6);
        s->ttl = ip[7], s->tos = be32_load(ip) >> 20 & 0xff;
        *len -= 54;
        return ip + 40;
    }
    EXPECT_EQ(ip[0], 0x45);
    EXPECT_EQ(be16_load(ip + 2), *len - 14);
    EXPECT_EQ(be16_load(ip + 6), sg_vars.no_df ? 0 : 0x4000);
    EXPECT_EQ(ip[9], 6);
    EXPECT_EQ(sg_sum(ip, 20, 0), 0);
    s->ttl = ip[8], s->tos = ip[1];
    *len -= 34;
    return ip + 20;
}

void sg_read(struct sg *s, const uint8_t *f, size_t len,
             const struct sg_ends *e)
{
    const uint8_t *h;
    size_t         off;
    int64_t        first;

    *s = (struct sg){ .mss = SG_NONE,
                      .wscale = SG_NONE,
                      .ts_val = SG_NONE,
                      .ts_ecr = SG_NONE,
                      .payload_ok = true };
    h = read_ip(s, f, &len);
    EXPECT_EQ(sg_sum(h, len, pseudo(&e->us, &e->peer, len)), 0); /* MUST-2 */
    off = (size_t)(h[12] >> 4) * 4;
    EXPECT(off >= 20 && off <= len);
    EXPECT_EQ(h[12] & 15, 0); /* reserved, and RFC 9768's AE */
    s->flags = h[13];
    s->seq = rel(be32_load(h + 4), e->iss);
    s->len = (int64_t)(len - off);
    s->ack = s->flags & 0x10 ? rel(be32_load(h + 8), e->irs)
                             : (int64_t)be32_load(h + 8);
    s->win = be16_load(h + 14);
    s->up = be16_load(h + 18);
    read_options(s, h + 20, h + off, e);
    first = s->seq - 1 + (s->flags >> 1 & 1);
    for (int64_t i = 0; i < s->len; i++)
        s->payload_ok &= h[off + (size_t)i] == sg_byte(false, first + i);
}
