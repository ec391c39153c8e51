/* pr_ip6ext.c: IPv6's extension headers.  RFC 8200 §4.2-4.6, RFC 2675,
 * RFC 2711, RFC 6275 §6.4, RFC 8754 §2.
 */
#include "base/check.h"
#include "wire/pr.h"

enum {
    OPT_PAD1 = 0x00,
    OPT_PADN = 0x01,
    OPT_ALERT = 0x05,
    OPT_JUMBO = 0xc2,
    OPT_HOME = 0xc9,
    JUMBO_MIN = 65536,
};

enum { RT_SOURCE = 0, RT_MOBILE = 2, RT_SEGMENTS = 4 };

/* The walk over one header's options.  Wrong ones end it, and the line. */
struct opts {
    struct pr *p;
    uint32_t  *jumbo; /* where its length goes; NULL: it is out of place */
    bool       hopopts, seen; /* seen: a jumbo option */
};

static bool bad_len(const struct opts *o, const char *name, uint8_t len)
{
    fmt_f(o->p->out, "(%s: invalid len %u)", name, len);
    return pr_trunc(o->p);
}

static bool no_room(const struct opts *o, const char *name)
{
    fmt_f(o->p->out, "(%s: trunc)", name);
    return pr_trunc(o->p);
}

static bool show_alert(const struct opts *o, const uint8_t *at)
{
    if (at[1] != 2)
        return bad_len(o, "rtalert", at[1]);
    if (o->p->o->verbose)
        fmt_f(o->p->out, "(rtalert: 0x%04x) ", be16_load(at + 2));
    return true;
}

/* RFC 2675 §2: only where the payload length is zero, once, and long enough
 * to need it. */
static bool show_jumbo(struct opts *o, const uint8_t *at)
{
    const char *fault = "";
    uint32_t    v;

    if (at[1] != 4)
        return bad_len(o, "jumbo", at[1]);
    v = be32_load(at + 2);
    if (o->seen)
        fault = " - already seen";
    else if (!o->hopopts)
        fault = " - not a hop-by-hop option";
    else if (!o->jumbo)
        fault = " - payload len != 0";
    else if (v < JUMBO_MIN)
        fault = " - < 65536";
    else
        *o->jumbo = v;
    o->seen = true;
    if (o->p->o->verbose)
        fmt_f(o->p->out, "(jumbo: %u%s) ", v, fault);
    return true;
}

/* What may stand behind a home address. */
static bool show_suboptions(struct pr *p, const uint8_t *at, size_t len)
{
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        n = 1;
        if (at[i] == OPT_PAD1) {
            fmt_str(p->out, ", pad1");
            continue;
        }
        n = i + 1 < len ? 2 + (size_t)at[i + 1] : 2;
        if (n > len - i)
            return pr_trunc(p);
        if (at[i] == OPT_PADN)
            fmt_str(p->out, ", padn");
        else
            fmt_f(p->out, ", sopt_type 0x%02x: len=%u", at[i], at[i + 1]);
    }
    return true;
}

static bool show_home(const struct opts *o, const uint8_t *at)
{
    if (at[1] < 16)
        return bad_len(o, "homeaddr", at[1]);
    if (!o->p->o->verbose)
        return true;
    fmt_str(o->p->out, "(homeaddr: ");
    pr_addr6(o->p->out, at + 2);
    if (!show_suboptions(o->p, at + 18, at[1] - 16u))
        return false;
    fmt_char(o->p->out, ')');
    return true;
}

/* One option of two bytes or more; left: bytes of the header from it on,
 * of which its own are there. */
static bool show_option(struct opts *o, const uint8_t *at, size_t left)
{
    switch (at[0]) {
    case OPT_PADN:
        if (o->p->o->verbose)
            fmt_str(o->p->out, "(padn)");
        return true;
    case OPT_ALERT:
        return left < 4 ? no_room(o, "rtalert") : show_alert(o, at);
    case OPT_JUMBO:
        return left < 6 ? no_room(o, "jumbo") : show_jumbo(o, at);
    case OPT_HOME:
        return left < 18 ? no_room(o, "homeaddr") : show_home(o, at);
    default:
        if (o->p->o->verbose)
            fmt_f(o->p->out, "(opt_type 0x%02x: len=%u)", at[0], at[1]);
        return true;
    }
}

static bool show_options(struct opts *o, const uint8_t *at, size_t len)
{
    struct pr *p = o->p;
    size_t     i = 2, n;

    for (; i < len; i += n) {
        n = 1;
        if (at[i] == OPT_PAD1) {
            if (p->o->verbose)
                fmt_str(p->out, "(pad1)");
            continue;
        }
        n = i + 1 < len ? 2 + (size_t)at[i + 1] : 2;
        if (n > len - i)
            return pr_trunc(p);
        if (!show_option(o, at + i, len - i))
            return false;
    }
    if (p->o->verbose)
        fmt_char(p->out, ' ');
    return true;
}

/* Of destination options only -v looks into the list. */
static size_t options(struct pr *p, bool hopopts, const uint8_t *at,
                      uint32_t *jumbo)
{
    struct opts o = { p, jumbo, hopopts, false };
    size_t      len;

    if (!pr_need(p, at, 2))
        return 0;
    len = ((size_t)at[1] + 1) * 8;
    if (!pr_has(p, at, len)) {
        pr_trunc(p);
        return 0;
    }
    fmt_str(p->out, hopopts ? "HBH " : "DSTOPT ");
    if (!hopopts && !p->o->verbose)
        return len;
    return show_options(&o, at, len) ? len : 0;
}

size_t pr_hopopts(struct pr *p, const uint8_t *at, uint32_t *jumbo)
{
    p->proto = "hbhopt";
    return options(p, true, at, jumbo);
}

size_t pr_dstopts(struct pr *p, const uint8_t *at)
{
    p->proto = "dstopt";
    return options(p, false, at, NULL);
}

size_t pr_frag6(struct pr *p, const uint8_t *ip6, const uint8_t *at)
{
    uint16_t off;
    uint64_t len;

    p->proto = "frag6";
    if (!pr_has(p, at, p->o->verbose ? 8 : 4)) {
        pr_jump(p);
        return 0;
    }
    off = be16_load(at + 2) & 0xfff8;
    len = be16_load(ip6 + 4) - (uint64_t)(at - (ip6 + 40)) - 8;
    fmt_str(p->out, "frag (");
    if (p->o->verbose)
        fmt_f(p->out, "0x%08x:", be32_load(at + 4));
    fmt_f(p->out, "%u|%llu)", off, (unsigned long long)len);
    if (off != 0)
        return 0;
    fmt_char(p->out, ' ');
    return 8;
}

static bool show_addresses(struct pr *p, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!pr_need(p, at + 16 * i, 16))
            return false;
        fmt_f(p->out, ", [%u]", (unsigned)i);
        pr_addr6(p->out, at + 16 * i);
    }
    fmt_str(p->out, ") ");
    return true;
}

static bool show_route(struct pr *p, const uint8_t *at)
{
    uint8_t units = at[1], type = at[2];

    if (type == RT_SEGMENTS) {
        if (!pr_need(p, at + 4, 1))
            return false;
        fmt_f(p->out, ", last-entry=%u", at[4]);
        if (!pr_need(p, at + 5, 1))
            return false;
        if (at[5] || p->o->verbose)
            fmt_f(p->out, ", flags=0x%x", at[5]);
        if (!pr_need(p, at + 6, 2))
            return false;
        fmt_f(p->out, ", tag=%x", be16_load(at + 6));
    } else if (type == RT_SOURCE || type == RT_MOBILE) {
        if (!pr_need(p, at + 4, 4))
            return false;
        if (be32_load(at + 4) || p->o->verbose)
            fmt_f(p->out, ", rsv=0x%x", be32_load(at + 4));
    } else {
        fmt_str(p->out, " (unknown type)");
        pr_invalid(p);
        return false;
    }
    if (units % 2 != 0) {
        fmt_f(p->out, " (invalid length %u)", units);
        pr_invalid(p);
        return false;
    }
    return show_addresses(p, at + 8, units / 2);
}

size_t pr_routing(struct pr *p, const uint8_t *at)
{
    p->proto = "ip6";
    if (!pr_has(p, at, 1)) {
        pr_trunc(p);
        return 0;
    }
    p->proto = "rt6";
    fmt_str(p->out, "RT6");
    if (!pr_need(p, at + 1, 1))
        return 0;
    fmt_f(p->out, " (len=%u", at[1]);
    if (!pr_need(p, at + 2, 1))
        return 0;
    fmt_f(p->out, ", type=%u%s", at[2],
          at[2] == RT_SOURCE ? " [Deprecated]" : "");
    if (!pr_need(p, at + 3, 1))
        return 0;
    fmt_f(p->out, ", segleft=%u", at[3]);
    if (!show_route(p, at))
        return 0;
    return ((size_t)at[1] + 1) * 8;
}
