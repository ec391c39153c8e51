/* ndphdr.c: see ndphdr.h.  RFC 4861 §4 (formats), §6.1, §7.1, §8.1
 * (validation).
 */
#include "wire/ndphdr.h"
#include "base/check.h"

enum { NA_ROUTER = 0x80, NA_SOLICITED = 0x40, NA_OVERRIDE = 0x20 };
enum { RA_MANAGED = 0x80, RA_OTHER = 0x40 };
enum { PREFIX_ONLINK = 0x80, PREFIX_AUTONOMOUS = 0x40 };

/* Whole options, in bytes; a redirected header's own part. */
enum { LLA_LEN = 8, PREFIX_LEN = 32, MTU_LEN = 8, REDIRECTED_LEN = 8 };

/* Which options a message may carry, and its length without any. */
struct form {
    uint8_t type, fixed;
    uint8_t opts; /* a bit for each NDP_OPT_* */
};

#define OPT(x) (uint8_t)(1u << NDP_OPT_##x)

static const struct form forms[] = {
    { ICMP6_RS, 8, OPT(SLLA) },
    { ICMP6_RA, 16, OPT(SLLA) | OPT(PREFIX) | OPT(MTU) },
    { ICMP6_NS, 24, OPT(SLLA) },
    { ICMP6_NA, 24, OPT(TLLA) },
    { ICMP6_REDIRECT, 40, OPT(TLLA) | OPT(REDIRECTED) },
};

static const struct form *form_of(uint8_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (forms[i].type == type)
            return &forms[i];
    }
    return NULL;
}

struct cw_addr ndp_solicited_node(const struct cw_addr *target)
{
    struct cw_addr a = { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff } };

    memcpy(a.b + 13, target->b + 13, 3);
    return a;
}

static bool is_solicited_node(const struct cw_addr *a)
{
    struct cw_addr same = ndp_solicited_node(a);

    return addr_eq(a, &same);
}

/* ---- in ------------------------------------------------------------- */

static void parse_fixed(const uint8_t *p, struct ndp_repr *out)
{
    switch (out->type) {
    case ICMP6_RA:
        out->hop_limit = p[4];
        out->managed = p[5] & RA_MANAGED;
        out->other = p[5] & RA_OTHER;
        out->lifetime = be16_load(p + 6);
        out->reachable = be32_load(p + 8);
        out->retrans = be32_load(p + 12);
        break;
    case ICMP6_NA:
        out->router = p[4] & NA_ROUTER;
        out->solicited = p[4] & NA_SOLICITED;
        out->override = p[4] & NA_OVERRIDE;
        memcpy(out->target.b, p + 8, 16);
        break;
    case ICMP6_NS:
        memcpy(out->target.b, p + 8, 16);
        break;
    case ICMP6_REDIRECT:
        memcpy(out->target.b, p + 8, 16);
        memcpy(out->dest.b, p + 24, 16);
        break;
    default: /* RS has nothing but its header */
        break;
    }
}

/* §4.6.2.  A prefix of more than 128 bits, or one that would be preferred
 * after it is no longer valid, is ignored (RFC 4862 §5.5.3 (c)). */
static void take_prefix(const uint8_t *p, struct ndp_repr *out)
{
    struct ndp_prefix *x = &out->prefix[out->nprefix];

    if (out->nprefix == NDP_PREFIX_MAX || p[2] > 128
        || be32_load(p + 8) > be32_load(p + 4))
        return;
    x->len = p[2];
    x->onlink = p[3] & PREFIX_ONLINK;
    x->autonomous = p[3] & PREFIX_AUTONOMOUS;
    x->valid = be32_load(p + 4);
    x->preferred = be32_load(p + 8);
    memcpy(x->prefix.b, p + 16, 16);
    out->nprefix++;
}

/* One option that this message may carry; of a strange length: ignored. */
static void take_option(struct span opt, struct ndp_repr *out)
{
    const uint8_t *p = opt.p;

    if (p[0] == NDP_OPT_SLLA && opt.len == LLA_LEN) {
        out->has_slla = true;
        memcpy(out->slla.b, p + 2, 6);
    } else if (p[0] == NDP_OPT_TLLA && opt.len == LLA_LEN) {
        out->has_tlla = true;
        memcpy(out->tlla.b, p + 2, 6);
    } else if (p[0] == NDP_OPT_MTU && opt.len == MTU_LEN) {
        out->has_mtu = true;
        out->mtu = be32_load(p + 4);
    } else if (p[0] == NDP_OPT_PREFIX && opt.len == PREFIX_LEN) {
        take_prefix(p, out);
    } else if (p[0] == NDP_OPT_REDIRECTED) {
        out->quoted = span_of(p + REDIRECTED_LEN, opt.len - REDIRECTED_LEN);
    }
}

/* False: a length is zero or too large.  [RFC4861-4.6-a] */
static bool parse_options(struct span opts, const struct form *form,
                          struct ndp_repr *out)
{
    while (opts.len > 0) {
        size_t len = opts.len < 8 ? 0 : opts.p[1] * (size_t)8;

        if (len == 0 || len > opts.len)
            return false;
        if (opts.p[0] < 8 && form->opts & 1u << opts.p[0])
            take_option(span_of(opts.p, len), out);
        opts.p += len;
        opts.len -= len;
    }
    return true;
}

/* [RFC4861-7.1.1-a] */
static bool valid_ns(const struct ip6_repr *ip, const struct ndp_repr *m)
{
    if (addr_is_multicast(&m->target))
        return false;
    if (!addr_is_any(&ip->src))
        return true;
    return is_solicited_node(&ip->dst) && !m->has_slla;
}

static bool valid_redirect(const struct ip6_repr *ip,
                           const struct ndp_repr *m)
{
    return addr_is_linklocal(&ip->src) && !addr_is_multicast(&m->dest)
        && (addr_is_linklocal(&m->target) || addr_eq(&m->target, &m->dest));
}

/* [RFC4861-7.1.2-a] [RFC4861-6.1.2-a] */
static bool valid(const struct ip6_repr *ip, const struct ndp_repr *m)
{
    if (addr_is4(&m->target) || addr_is4(&m->dest))
        return false;
    switch (m->type) {
    case ICMP6_RS:
        return !(addr_is_any(&ip->src) && m->has_slla);
    case ICMP6_RA:
        return addr_is_linklocal(&ip->src);
    case ICMP6_NS:
        return valid_ns(ip, m);
    case ICMP6_NA:
        return !addr_is_multicast(&m->target)
            && !(addr_is_multicast(&ip->dst) && m->solicited);
    default:
        return valid_redirect(ip, m);
    }
}

enum why ndphdr_parse(struct span msg, const struct ip6_repr *ip,
                      struct ndp_repr *out)
{
    const struct form *form = msg.len > 0 ? form_of(msg.p[0]) : NULL;
    struct span        opts;

    *out = (struct ndp_repr){ 0 };
    if (!form || msg.len < form->fixed || msg.p[1] != 0 || ip->hop != NDP_HOP)
        return WHY_NDP_BAD;
    out->type = form->type;
    parse_fixed(msg.p, out);
    opts = span_of(msg.p + form->fixed, msg.len - form->fixed);
    if (!parse_options(opts, form, out) || !valid(ip, out))
        return WHY_NDP_BAD;
    return GO_ON;
}

/* ---- out ------------------------------------------------------------ */

size_t ndphdr_len(const struct ndp_repr *r)
{
    const struct form *form = form_of(r->type);
    size_t             len;

    INVARIANT(form != NULL);
    INVARIANT(r->nprefix <= NDP_PREFIX_MAX);
    len = form->fixed + r->nprefix * (size_t)PREFIX_LEN;
    if (r->has_slla)
        len += LLA_LEN;
    if (r->has_tlla)
        len += LLA_LEN;
    if (r->has_mtu)
        len += MTU_LEN;
    if (r->quoted.len > 0)
        len += REDIRECTED_LEN + ((r->quoted.len + 7) & ~(size_t)7);
    return len;
}

static void emit_ra(struct writer *w, const struct ndp_repr *r)
{
    write_u8(w, r->hop_limit);
    write_u8(
        w,
        (uint8_t)((r->managed ? RA_MANAGED : 0) | (r->other ? RA_OTHER : 0)));
    write_be16(w, r->lifetime);
    write_be32(w, r->reachable);
    write_be32(w, r->retrans);
}

static void emit_fixed(struct writer *w, const struct ndp_repr *r)
{
    uint8_t flags = 0;

    write_u8(w, r->type);
    write_u8(w, 0);
    write_be16(w, 0);
    if (r->type == ICMP6_RA) {
        emit_ra(w, r);
        return;
    }
    if (r->type == ICMP6_NA)
        flags = (uint8_t)((r->router ? NA_ROUTER : 0)
                          | (r->solicited ? NA_SOLICITED : 0)
                          | (r->override ? NA_OVERRIDE : 0));
    write_be32(w, (uint32_t)flags << 24);
    if (r->type != ICMP6_RS)
        write_bytes(w, r->target.b, 16);
    if (r->type == ICMP6_REDIRECT)
        write_bytes(w, r->dest.b, 16);
}

static void emit_lla(struct writer *w, uint8_t kind, const struct cw_mac *m)
{
    write_be16(w, (uint16_t)(kind << 8 | LLA_LEN / 8));
    write_bytes(w, m->b, 6);
}

static void emit_prefix(struct writer *w, const struct ndp_prefix *x)
{
    INVARIANT(x->len <= 128);
    INVARIANT(x->preferred <= x->valid);
    write_u8(w, NDP_OPT_PREFIX);
    write_u8(w, PREFIX_LEN / 8);
    write_u8(w, x->len);
    write_u8(w,
             (uint8_t)((x->onlink ? PREFIX_ONLINK : 0)
                       | (x->autonomous ? PREFIX_AUTONOMOUS : 0)));
    write_be32(w, x->valid);
    write_be32(w, x->preferred);
    write_be32(w, 0);
    write_bytes(w, x->prefix.b, 16);
}

static void emit_quoted(struct writer *w, struct span quoted)
{
    size_t len = (quoted.len + 7) & ~(size_t)7;

    INVARIANT(len / 8 < 255);
    write_u8(w, NDP_OPT_REDIRECTED);
    write_u8(w, (uint8_t)(1 + len / 8));
    write_be16(w, 0);
    write_be32(w, 0);
    write_bytes(w, quoted.p, quoted.len);
    for (size_t i = quoted.len; i < len; i++)
        write_u8(w, 0);
}

size_t ndphdr_emit(uint8_t *p, size_t cap, const struct ndp_repr *r)
{
    struct writer w = writer_of(p, cap);
    size_t        len = ndphdr_len(r);

    INVARIANT(cap >= len);
    emit_fixed(&w, r);
    if (r->has_slla)
        emit_lla(&w, NDP_OPT_SLLA, &r->slla);
    if (r->has_tlla)
        emit_lla(&w, NDP_OPT_TLLA, &r->tlla);
    if (r->has_mtu) {
        write_be32(&w, (uint32_t)NDP_OPT_MTU << 24 | 1u << 16);
        write_be32(&w, r->mtu);
    }
    for (size_t i = 0; i < r->nprefix; i++)
        emit_prefix(&w, &r->prefix[i]);
    if (r->quoted.len > 0)
        emit_quoted(&w, r->quoted);
    INVARIANT(!w.bad && (size_t)(w.p - p) == len);
    return len;
}
