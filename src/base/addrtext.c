/* addrtext.c: addresses to text and back.
 *
 * Owns the forms: strict dotted quads (four decimal numbers without leading
 * zeros, as inet_pton takes them), RFC 4291 §2.2 for reading IPv6, RFC 5952 §4
 * for writing it.  A zone ("%eth0") is not part of an address: such text is
 * refused.  Not here: names.
 */
#include "base/addr.h"
#include "base/check.h"
#include "base/fmt.h"

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* "0".."255" at p into *out; where it ends, or NULL. */
static const char *parse_octet(const char *p, uint8_t *out)
{
    unsigned v = 0;
    int      n = 0;

    for (; *p >= '0' && *p <= '9'; p++, n++) {
        if (n == 3 || (n > 0 && v == 0))
            return NULL;
        v = v * 10 + (unsigned)(*p - '0');
    }
    if (n == 0 || v > 255)
        return NULL;
    *out = (uint8_t)v;
    return p;
}

static bool parse_quad(const char *p, uint8_t out[static 4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *p++ != '.')
            return false;
        p = parse_octet(p, &out[i]);
        if (!p)
            return false;
    }
    return *p == '\0';
}

/* One to four hexadecimal digits at p; where they end, or NULL. */
static const char *parse_group(const char *p, uint8_t out[static 2])
{
    unsigned v = 0;
    int      n = 0;

    for (; hex_value(*p) >= 0; p++, n++) {
        if (n == 4)
            return NULL;
        v = v << 4 | (unsigned)hex_value(*p);
    }
    if (n == 0)
        return NULL;
    be16_store(out, (uint16_t)v);
    return p;
}

/* Does a dotted quad begin here rather than a group? */
static bool quad_ahead(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return *p == '.';
}

/* What has been read of an IPv6 address: `n` bytes, and where "::" stood. */
struct groups {
    uint8_t b[16];
    size_t  n, gap;
    bool    has_gap;
};

/* What stands after a group: the end, ":" or the one "::". */
static const char *parse_between(const char *p, struct groups *g)
{
    if (*p == '\0')
        return p;
    if (*p != ':')
        return NULL;
    if (p[1] != ':')
        return p[1] ? p + 1 : NULL; /* a lone ':' at the end */
    if (g->has_gap)
        return NULL;
    g->has_gap = true;
    g->gap = g->n;
    return p + 2;
}

static bool parse_groups(const char *p, struct groups *g)
{
    if (*p == ':') {
        if (p[1] != ':')
            return false;
        p = parse_between(p, g);
    }
    while (p && *p) {
        if (g->n <= 12 && quad_ahead(p)) {
            if (!parse_quad(p, g->b + g->n))
                return false;
            g->n += 4;
            return true;
        }
        if (g->n == 16)
            return false;
        p = parse_group(p, g->b + g->n);
        if (!p)
            return false;
        g->n += 2;
        p = parse_between(p, g);
    }
    return p != NULL;
}

static bool parse6(const char *text, struct cw_addr *out)
{
    struct groups  g = { .n = 0 };
    struct cw_addr a = { { 0 } };

    if (!*text || !parse_groups(text, &g))
        return false;
    if (g.has_gap ? g.n > 14 : g.n != 16)
        return false;
    if (!g.has_gap)
        g.gap = g.n;
    INVARIANT(g.gap <= g.n && g.n <= 16);
    memcpy(a.b, g.b, g.gap);
    memcpy(a.b + 16 - (g.n - g.gap), g.b + g.gap, g.n - g.gap);
    *out = a;
    return true;
}

bool addr_parse(const char *text, struct cw_addr *out)
{
    uint8_t quad[4];

    if (parse_quad(text, quad)) {
        *out = addr_from4(quad);
        return true;
    }
    return parse6(text, out);
}

struct run {
    unsigned at, len;
};

/* The first of the longest runs of zero groups; RFC 5952 §4.2.2: one alone
 * is not shortened, §4.2.3: the first if there are several. */
static struct run longest_zeros(const struct cw_addr *a)
{
    struct run best = { 8, 1 }, here = { 0, 0 };

    for (unsigned i = 0; i < 8; i++) {
        if (be16_load(a->b + 2 * i) != 0) {
            here = (struct run){ i + 1, 0 };
            continue;
        }
        here.len++;
        if (here.len > best.len)
            best = here;
    }
    if (best.at == 8)
        best.len = 0;
    return best;
}

static void print6(struct fmt *f, const struct cw_addr *a)
{
    struct run zeros = longest_zeros(a);

    for (unsigned i = 0; i < 8; i++) {
        if (i == zeros.at && zeros.len > 0) {
            fmt_str(f, "::");
            i += zeros.len - 1;
            continue;
        }
        if (i > 0 && !(zeros.len > 0 && i == zeros.at + zeros.len))
            fmt_char(f, ':');
        fmt_hex(f, be16_load(a->b + 2 * i), 1);
    }
}

size_t addr_print(const struct cw_addr *a, char out[static ADDR_TEXT_MAX])
{
    struct fmt f = fmt_of(out, ADDR_TEXT_MAX);

    if (addr_is4(a))
        fmt_f(&f, "%u.%u.%u.%u", a->b[12], a->b[13], a->b[14], a->b[15]);
    else
        print6(&f, a);
    INVARIANT(!f.cut);
    return f.len;
}

bool mac_parse(const char *text, struct cw_mac *out)
{
    struct cw_mac m;
    const char   *p = text;

    for (int i = 0; i < 6; i++) {
        int hi, lo;

        if (i > 0 && *p++ != ':')
            return false;
        hi = hex_value(p[0]);
        lo = hi >= 0 ? hex_value(p[1]) : -1;
        if (lo < 0)
            return false;
        m.b[i] = (uint8_t)(hi << 4 | lo);
        p += 2;
    }
    if (*p)
        return false;
    *out = m;
    return true;
}

size_t mac_print(const struct cw_mac *m, char out[static MAC_TEXT_MAX])
{
    struct fmt f = fmt_of(out, MAC_TEXT_MAX);

    for (int i = 0; i < 6; i++) {
        if (i > 0)
            fmt_char(&f, ':');
        fmt_hex(&f, m->b[i], 2);
    }
    INVARIANT(f.len == MAC_TEXT_MAX - 1);
    return f.len;
}
