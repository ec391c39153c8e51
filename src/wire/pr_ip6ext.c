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

static void show_alert(struct pr *p, const uint8_t *at)
{
    if (!p->o->verbose)
        return;
    if (at[1] != 2)
        fmt_f(p->out, "(rtalert: invalid len %u)", at[1]);
    else
        fmt_f(p->out, "(rtalert: 0x%04x) ", be16_load(at + 2));
}

/* RFC 2675 §2: only where the payload length is zero, and long enough to
 * need it. */
static void show_jumbo(struct pr *p, const uint8_t *at, uint32_t *jumbo)
{
    uint32_t v;

    if (at[1] != 4) {
        if (p->o->verbose)
            fmt_f(p->out, "(jumbo: invalid len %u)", at[1]);
        return;
    }
    v = be32_load(at + 2);
    if (p->o->verbose)
        fmt_f(p->out, "(jumbo: %u", v);
    if (!jumbo) {
        if (p->o->verbose)
            fmt_str(p->out, " - payload len != 0) ");
        return;
    }
    if (v < JUMBO_MIN) {
        if (p->o->verbose)
            fmt_str(p->out, " - < 65536) ");
        return;
    }
    if (p->o->verbose)
        fmt_str(p->out, ") ");
    *jumbo = v;
}

static void show_home(struct pr *p, const uint8_t *at)
{
    if (!p->o->verbose)
        return;
    if (at[1] < 16) {
        fmt_f(p->out, "(homeaddr: invalid len %u)", at[1]);
        return;
    }
    fmt_str(p->out, "(homeaddr: ");
    pr_addr6(p->out, at + 2);
    fmt_char(p->out, ')');
}

/* One option of two bytes or more; all of it is there. */
static void show_option(struct pr *p, const uint8_t *at, uint32_t *jumbo)
{
    switch (at[0]) {
    case OPT_PADN:
        if (p->o->verbose)
            fmt_str(p->out, "(padn)");
        break;
    case OPT_ALERT:
        show_alert(p, at);
        break;
    case OPT_JUMBO:
        show_jumbo(p, at, jumbo);
        break;
    case OPT_HOME:
        show_home(p, at);
        break;
    default:
        if (p->o->verbose)
            fmt_f(p->out, "(opt_type 0x%02x: len=%u)", at[0], at[1]);
    }
}

static bool show_options(struct pr *p, const uint8_t *at, size_t len,
                         uint32_t *jumbo)
{
    size_t i = 2, n;

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
        show_option(p, at + i, jumbo);
    }
    if (p->o->verbose)
        fmt_char(p->out, ' ');
    return true;
}

static size_t options(struct pr *p, const char *name, const uint8_t *at,
                      uint32_t *jumbo)
{
    size_t len;

    if (!pr_has(p, at, 2)) {
        pr_trunc(p);
        return 0;
    }
    len = ((size_t)at[1] + 1) * 8;
    if (!pr_has(p, at, len)) {
        pr_trunc(p);
        return 0;
    }
    fmt_str(p->out, name);
    return show_options(p, at, len, jumbo) ? len : 0;
}

size_t pr_hopopts(struct pr *p, const uint8_t *at, uint32_t *jumbo)
{
    p->proto = "hbhopt";
    return options(p, "HBH ", at, jumbo);
}

size_t pr_dstopts(struct pr *p, const uint8_t *at)
{
    p->proto = "dstopt";
    return options(p, "DSTOPT ", at, NULL);
}

size_t pr_frag6(struct pr *p, const uint8_t *ip6, const uint8_t *at)
{
    uint16_t off;
    uint64_t len;

    p->proto = "frag6";
    if (!pr_has(p, at, p->o->verbose ? 8 : 4)) {
        pr_trunc(p);
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
        if (!pr_need(p, at + 4, 4))
            return false;
        fmt_f(p->out, ", last-entry=%u", at[4]);
        if (at[5] || p->o->verbose)
            fmt_f(p->out, ", flags=0x%x", at[5]);
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
    if (!pr_need(p, at, 1))
        return 0;
    p->proto = "rt6";
    if (!pr_need(p, at + 1, 1))
        return 0;
    fmt_f(p->out, "RT6 (len=%u", at[1]);
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
