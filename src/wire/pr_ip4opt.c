/* pr_ip4opt.c: IPv4's options, for -v.  RFC 791 §3.1, RFC 2113, RFC 1393. */
#include "base/check.h"
#include "wire/pr.h"

enum {
    OPT_EOL = 0,
    OPT_NOP = 1,
    OPT_RR = 7,
    OPT_TS = 68,
    OPT_TRACEROUTE = 82,
    OPT_SECURITY = 130,
    OPT_LSRR = 131,
    OPT_RA = 148,
    OPT_SSRR = 137,
};

enum { TS_ONLY = 0, TS_ADDRESS = 1, TS_PRESPECIFIED = 3 };

static void show_name(struct fmt *f, uint8_t type)
{
    switch (type) {
    case OPT_EOL:
        fmt_str(f, "EOL");
        break;
    case OPT_NOP:
        fmt_str(f, "NOP");
        break;
    case OPT_RR:
        fmt_str(f, "RR");
        break;
    case OPT_TS:
        fmt_str(f, "timestamp");
        break;
    case OPT_TRACEROUTE:
        fmt_str(f, "traceroute");
        break;
    case OPT_SECURITY:
        fmt_str(f, "security");
        break;
    case OPT_LSRR:
        fmt_str(f, "LSRR");
        break;
    case OPT_RA:
        fmt_str(f, "RA");
        break;
    case OPT_SSRR:
        fmt_str(f, "SSRR");
        break;
    default:
        fmt_f(f, "unknown %u", type);
    }
}

/* Routes: the pointer counts from 1; what lies before it ends in a comma.
 * With a length that is no multiple the last address reaches past it. */
static bool show_route(struct pr *p, const uint8_t *at, size_t len)
{
    struct fmt *f = p->out;
    unsigned    ptr;

    if (len < 3) {
        fmt_f(f, " [bad length %u]", (unsigned)len);
        return true;
    }
    if ((len + 1) & 3)
        fmt_f(f, " [bad length %u]", (unsigned)len);
    ptr = at[2] - 1u;
    if (ptr < 3 || ptr > len + 1 || ((ptr + 1) & 3))
        fmt_f(f, " [bad ptr %u]", at[2]);
    for (size_t i = 3; i < len; i += 4) {
        if (!pr_has(p, at + i, 4)) {
            fmt_str(f, " [truncated-option]");
            return false;
        }
        fmt_char(f, ' ');
        pr_addr4(f, at + i);
        if (ptr > i)
            fmt_char(f, ',');
    }
    return true;
}

static bool show_ts_kind(struct fmt *f, uint8_t kind)
{
    switch (kind) {
    case TS_ONLY:
        fmt_str(f, "TSONLY");
        return true;
    case TS_ADDRESS:
        fmt_str(f, "TS+ADDR");
        return true;
    case TS_PRESPECIFIED:
        fmt_str(f, "PRESPEC");
        return true;
    default:
        fmt_f(f, "[bad ts type %u]", kind);
        return false;
    }
}

static void show_times(struct pr *p, const uint8_t *at, size_t len)
{
    struct fmt *f = p->out;
    size_t      hop = (at[3] & 0xf) == TS_ONLY ? 4 : 8, i = 4;
    unsigned    ptr = at[2] - 1u;
    bool        here = false;

    for (; i < len && pr_has(p, at + i, hop); i += hop) {
        fmt_char(f, ' ');
        if (ptr == i) {
            fmt_str(f, "^ ");
            here = true;
        }
        fmt_f(f, "%u@", be32_load(at + i + hop - 4));
        if (hop == 8)
            pr_addr4(f, at + i);
    }
    if (!here && ptr == i)
        fmt_str(f, " ^ ");
}

static void show_timestamp(struct pr *p, const uint8_t *at, size_t len)
{
    struct fmt *f = p->out;
    size_t      hop;

    if (len < 4) {
        fmt_f(f, "[bad length %u]", (unsigned)len);
        return;
    }
    fmt_str(f, " TS{");
    hop = (at[3] & 0xf) == TS_ONLY ? 4 : 8;
    if ((len - 4) % hop != 0)
        fmt_f(f, "[bad length %u]", (unsigned)len);
    if (at[2] < 5 || at[2] - 1u > len + 1 || (at[2] - 1u) % hop != 4u % hop)
        fmt_f(f, "[bad ptr %u]", at[2]);
    if (show_ts_kind(f, at[3] & 0xf))
        show_times(p, at, len);
    else if (at[2] == 1)
        fmt_str(f, " ^ ");
    if (at[3] >> 4)
        fmt_f(f, " [%u hops not recorded]} ", at[3] >> 4);
    else
        fmt_char(f, '}');
}

static void show_alert(struct fmt *f, const uint8_t *at, size_t len)
{
    if (len < 4)
        fmt_f(f, " [bad length %u]", (unsigned)len);
    else if (be16_load(at + 2) != 0)
        fmt_f(f, " value %u", be16_load(at + 2));
}

/* False: it reaches past the capture. */
static bool show_option(struct pr *p, const uint8_t *at, size_t len)
{
    switch (at[0]) {
    case OPT_RR:
    case OPT_LSRR:
    case OPT_SSRR:
        return show_route(p, at, len);
    case OPT_TS:
        show_timestamp(p, at, len);
        break;
    case OPT_RA:
        show_alert(p->out, at, len);
        break;
    default:
        break;
    }
    return true;
}

/* cut: the capture ends within an option. */
bool pr_ip4_options(struct pr *p, const uint8_t *at, size_t left, bool *cut)
{
    const char *sep = "";

    while (left > 0) {
        size_t len = 1;

        fmt_str(p->out, sep);
        sep = ",";
        if (!pr_has(p, at, 1))
            return pr_jump(p);
        show_name(p->out, at[0]);
        if (at[0] != OPT_NOP && at[0] != OPT_EOL) {
            if (!pr_has(p, at, 2))
                return pr_jump(p);
            len = at[1];
            if (len < 2 || len > left) {
                fmt_f(p->out, " [bad length %u]", (unsigned)len);
                return true;
            }
            if (!pr_has(p, at, len)) {
                fmt_str(p->out, " [truncated-option]");
                *cut = true;
                return true;
            }
            if (!show_option(p, at, len)) {
                *cut = true;
                return true;
            }
        }
        if (at[0] == OPT_EOL)
            return true;
        INVARIANT(len > 0 && len <= left);
        at += len;
        left -= len;
    }
    return true;
}
