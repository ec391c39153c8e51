/* pr_ndp.c: neighbour discovery; its options are for -v.  RFC 4861 §4, RFC
 * 4191 (preferences, routes), RFC 6275 §7, RFC 8106 (DNS).
 */
#include "base/check.h"
#include "wire/pr.h"

enum { NDP_RS = 133, NDP_RA = 134, NDP_NS = 135, NDP_NA = 136 };

enum {
    OPT_SOURCE = 1,
    OPT_TARGET = 2,
    OPT_PREFIX = 3,
    OPT_REDIRECTED = 4,
    OPT_MTU = 5,
    OPT_INTERVAL = 7,
    OPT_AGENT = 8,
    OPT_ROUTE = 24,
    OPT_RDNSS = 25,
    OPT_DNSSL = 31,
};

static const char *option_name(uint8_t type)
{
    switch (type) {
    case OPT_SOURCE:
        return "source link-address";
    case OPT_TARGET:
        return "destination link-address";
    case OPT_PREFIX:
        return "prefix info";
    case OPT_REDIRECTED:
        return "redirected header";
    case OPT_MTU:
        return "mtu";
    case OPT_INTERVAL:
        return "advertisement interval";
    case OPT_AGENT:
        return "homeagent information";
    case OPT_ROUTE:
        return "route info";
    case OPT_RDNSS:
        return "rdnss";
    case OPT_DNSSL:
        return "dnssl";
    default:
        return "unknown";
    }
}

static const char *preference(uint8_t flags)
{
    static const char *const names[] = { "medium", "high", "rsv", "low" };

    return names[flags >> 3 & 3];
}

static void show_lifetime(struct fmt *f, uint32_t v)
{
    if (v == UINT32_MAX)
        fmt_str(f, "infinity");
    else
        fmt_f(f, "%us", v);
}

static void show_prefix(struct fmt *f, const uint8_t *at, size_t len)
{
    static const struct pr_bit bits[] = { { 0x80, "onlink" },
                                          { 0x40, "auto" },
                                          { 0x20, "router" } };

    pr_addr6(f, at + 16);
    fmt_f(f, "/%u%s, Flags [", at[2], len == 32 ? "" : "badlen");
    pr_bits(f, bits, ARRAY_LEN(bits), at[3]);
    fmt_str(f, "], valid time ");
    show_lifetime(f, be32_load(at + 4));
    fmt_str(f, ", pref. time ");
    show_lifetime(f, be32_load(at + 8));
}

static bool show_route(struct pr *p, const uint8_t *at, size_t len)
{
    uint8_t prefix[16] = { 0 };

    if (len > 24)
        return pr_trunc(p);
    memcpy(prefix, at + 8, MIN(len - 8, sizeof(prefix)));
    fmt_char(p->out, ' ');
    pr_addr6(p->out, prefix);
    fmt_f(p->out, "/%u, pref=%s, lifetime=", at[2], preference(at[3]));
    show_lifetime(p->out, be32_load(at + 4));
    return true;
}

static bool show_servers(struct pr *p, const uint8_t *at, size_t len)
{
    fmt_str(p->out, " lifetime ");
    fmt_f(p->out, "%us,", be32_load(at + 4));
    for (size_t i = 8; i + 16 <= len; i += 16) {
        fmt_str(p->out, " addr: ");
        pr_addr6(p->out, at + i);
    }
    return true;
}

/* RFC 1035 §3.1 labels, without compression; zeros fill up the end. */
static bool show_domains(struct pr *p, const uint8_t *at, size_t len)
{
    size_t i = 8;

    fmt_f(p->out, " lifetime %us, domain(s):", be32_load(at + 4));
    while (i < len && at[i] != 0) {
        fmt_char(p->out, ' ');
        while (i < len && at[i] != 0) {
            size_t n = MIN((size_t)at[i], len - i - 1);

            for (size_t k = 0; k < n; k++)
                pr_char(p->out, at[i + 1 + k]);
            fmt_char(p->out, '.');
            i += 1 + n;
        }
        i++;
    }
    return true;
}

/* tcpdump ends the list with the first it does not know. */
static bool option_is_unknown(uint8_t type)
{
    return option_name(type)[0] == 'u';
}

static void show_unknown(struct pr *p, const uint8_t *at, size_t len)
{
    pr_hex(p->out, "\n\t  ", span_of(at + 2, len - 2));
}

/* Bytes that must be there for the text of an option. */
static size_t least(uint8_t type)
{
    switch (type) {
    case OPT_PREFIX:
        return 32;
    case OPT_MTU:
    case OPT_INTERVAL:
    case OPT_AGENT:
    case OPT_ROUTE:
    case OPT_RDNSS:
    case OPT_DNSSL:
        return 8;
    default:
        return 2;
    }
}

/* list: where the options begin. */
static void show_data(struct pr *p, const uint8_t *list, const uint8_t *at,
                      size_t len)
{
    struct fmt *f = p->out;

    switch (at[0]) {
    case OPT_SOURCE:
    case OPT_TARGET:
        pr_mac(f, at + 2, len - 2);
        break;
    case OPT_PREFIX:
        show_prefix(f, at, len);
        break;
    case OPT_REDIRECTED:
        /* tcpdump's slip: as many bytes, but the list's first. */
        pr_hex(f, "\n\t    ", span_of(list, len));
        break;
    case OPT_MTU:
        fmt_f(f, " %u%s", be32_load(at + 4),
              len == 8 ? "" : "bad option length");
        break;
    case OPT_INTERVAL:
        fmt_f(f, " %ums", be32_load(at + 4));
        break;
    case OPT_AGENT:
        fmt_f(f, " preference %u, lifetime %u", be16_load(at + 4),
              be16_load(at + 6));
        break;
    case OPT_ROUTE:
        (void)show_route(p, at, len);
        break;
    case OPT_RDNSS:
        (void)show_servers(p, at, len);
        break;
    case OPT_DNSSL:
        (void)show_domains(p, at, len);
        break;
    default:
        show_unknown(p, at, len);
    }
}

void pr_ndp_options(struct pr *p, const uint8_t *at, size_t len)
{
    const uint8_t *end = MIN(at + len, p->end), *list = at;

    while (at < end) {
        size_t n;

        if (!pr_has(p, at, 2)) {
            pr_trunc(p);
            return;
        }
        n = (size_t)at[1] * 8;
        if (n == 0 || !pr_has(p, at, n)) {
            pr_trunc(p);
            return;
        }
        fmt_f(p->out,
              "\n\t  %s option (%u), length %u (%u): ", option_name(at[0]),
              at[0], (unsigned)n, at[1]);
        if (n < least(at[0])) {
            pr_trunc(p);
            return;
        }
        show_data(p, list, at, n);
        if (p->cut)
            return;
        if (option_is_unknown(at[0]))
            return;
        at += n;
    }
}

static bool show_router(struct pr *p, const uint8_t *at)
{
    static const struct pr_bit bits[] = { { 0x80, "managed" },
                                          { 0x40, "other stateful" },
                                          { 0x20, "home agent" },
                                          { 0x02, "ipv6 only" } };

    if (!pr_need(p, at, 16))
        return false;
    fmt_f(p->out, "\n\thop limit %u, Flags [", at[4]);
    pr_bits(p->out, bits, ARRAY_LEN(bits), at[5]);
    fmt_f(p->out,
          "], pref %s, router lifetime %us, reachable time %ums, "
          "retrans timer %ums",
          preference(at[5]), be16_load(at + 6), be32_load(at + 8),
          be32_load(at + 12));
    return true;
}

static bool show_target(struct pr *p, const uint8_t *at)
{
    if (!pr_need(p, at + 8, 16))
        return false;
    fmt_str(p->out, at[0] == NDP_NS ? ", who has " : ", tgt is ");
    pr_addr6(p->out, at + 8);
    return true;
}

static void show_flags(struct pr *p, const uint8_t *at)
{
    static const struct pr_bit bits[] = { { 0x80, "router" },
                                          { 0x40, "solicited" },
                                          { 0x20, "override" } };

    fmt_str(p->out, ", Flags [");
    pr_bits(p->out, bits, ARRAY_LEN(bits), at[4]);
    fmt_char(p->out, ']');
}

static bool show_redirect(struct pr *p, const uint8_t *at)
{
    if (!pr_need(p, at + 24, 16))
        return false;
    fmt_str(p->out, ", ");
    pr_addr6(p->out, at + 24);
    fmt_str(p->out, " to ");
    pr_addr6(p->out, at + 8);
    return true;
}

bool pr_ndp(struct pr *p, const uint8_t *at, size_t len)
{
    size_t head = 24;

    switch (at[0]) {
    case NDP_RS:
        head = 8;
        break;
    case NDP_RA:
        head = 16;
        if (p->o->verbose && !show_router(p, at))
            return false;
        break;
    case NDP_NS:
        if (!show_target(p, at))
            return false;
        break;
    case NDP_NA:
        if (!show_target(p, at))
            return false;
        if (p->o->verbose)
            show_flags(p, at);
        break;
    default:
        head = 40;
        if (!show_redirect(p, at))
            return false;
    }
    if (p->o->verbose && len > head)
        pr_ndp_options(p, at + head, len - head);
    return !p->cut;
}
