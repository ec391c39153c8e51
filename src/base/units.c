/* units.c: numbers with units, and what to write instead of a wrong one.
 *
 * Owns the grammar DIGITS[.DIGITS]UNIT and the spellings of units; not the
 * bounds of what a value is for.  Decimals are exact: a number is digits and
 * a power of ten, never a float.  What is finer than the smallest unit is
 * rounded down.
 */
#include "base/units.h"
#include "base/check.h"

enum { DIGITS_MAX = 18 }; /* any such mantissa fits in 64 bits */

/* mant / 10^dec, followed by `unit`; `end` is where the digits end. */
struct number {
    uint64_t    mant;
    unsigned    dec;
    const char *text, *unit;
};

struct unit {
    const char *name;
    uint64_t    worth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool same(const char *a, const char *b)
{
    for (; *a && *a == *b; a++)
        b++;
    return *a == *b;
}

/* Digits at p into n, where they end; NULL if there are none or too many. */
static const char *take_digits(const char *p, struct number *n,
                               unsigned *count)
{
    const char *start = p;

    for (; is_digit(*p); p++) {
        if (n->mant == 0 && *p == '0')
            continue; /* zeros in front do not count */
        if (++*count > DIGITS_MAX)
            return NULL;
        n->mant = n->mant * 10 + (uint64_t)(*p - '0');
    }
    return p == start ? NULL : p;
}

static bool take_number(const char *text, struct number *n)
{
    unsigned    count = 0;
    const char *p;

    *n = (struct number){ .text = text };
    p = take_digits(text, n, &count);
    if (p && *p == '.') {
        const char *fraction = p + 1;

        p = take_digits(fraction, n, &count);
        if (p && p - fraction > DIGITS_MAX)
            return false;
        if (p)
            n->dec = (unsigned)(p - fraction);
    }
    while (n->dec > 0 && n->mant % 10 == 0) {
        n->mant /= 10;
        n->dec--;
    }
    n->unit = p;
    return p != NULL;
}

/* The number as it was written, without its unit. */
static void put_number(struct fmt *f, const struct number *n)
{
    fmt_strn(f, n->text, (size_t)(n->unit - n->text));
}

/* x * worth, rounded down; false if it does not fit in 63 bits. */
static bool scaled(const struct number *n, uint64_t worth, uint64_t *out)
{
    uint64_t v, divisor = 1;

    for (unsigned i = 0; i < n->dec; i++) {
        if (worth % 10 == 0)
            worth /= 10;
        else
            divisor *= 10;
    }
    if (__builtin_mul_overflow(n->mant, worth, &v) || v > INT64_MAX)
        return false;
    *out = v / divisor;
    return true;
}

static const struct unit *find_unit(const struct unit *units, size_t count,
                                    const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (same(units[i].name, name))
            return &units[i];
    }
    return NULL;
}

/* A kind of quantity, and what is said about a wrong one. */
struct quantity {
    const struct unit *units;
    size_t             count;
    const char        *not_one; /* "is no time; write 20ms" */
    const char        *first, *second;
};

static bool parse(const char *text, const struct quantity *q, uint64_t *out,
                  struct fmt *err)
{
    const struct unit *u;
    struct number      n;

    if (!take_number(text, &n)) {
        fmt_str(err, q->not_one);
        return false;
    }
    u = find_unit(q->units, q->count, n.unit);
    if (u && scaled(&n, u->worth, out))
        return true;
    if (!u && *n.unit == '\0' && n.mant == 0) {
        *out = 0;
        return true;
    }
    if (u) {
        fmt_str(err, "is too large");
    } else if (*n.unit == '\0') {
        fmt_str(err, "the unit is missing. Write ");
        put_number(err, &n);
        fmt_str(err, q->first);
        fmt_str(err, " or ");
        put_number(err, &n);
        fmt_str(err, q->second);
    } else {
        fmt_str(err, q->not_one);
    }
    return false;
}

bool units_time(const char *text, cw_ns *out, struct fmt *err)
{
    static const struct unit units[] = {
        { "ns", 1 },
        { "us", 1000 },
        { "ms", 1000000 },
        { "s", 1000000000 },
        { "m", UINT64_C(60000000000) },
    };
    static const struct quantity q = {
        units,
        ARRAY_LEN(units),
        "is no time. Write 20ms, for instance (ns us ms s m)",
        "ms",
        "s",
    };
    uint64_t v;

    if (!parse(text, &q, &v, err))
        return false;
    INVARIANT(v <= INT64_MAX);
    *out = (cw_ns)v;
    return true;
}

/* What tc and people read differently. */
struct unclear {
    const char *unit, *bytes, *bits, *write_bits, *write_bytes;
};

static const struct unclear *find_unclear(const char *unit)
{
    static const struct unclear table[] = {
        { "bps", "bytes", "bits", "bit", "B/s" },
        { "kbps", "kilobytes", "kilobits", "kbit", "kB/s" },
        { "mbps", "megabytes", "megabits", "mbit", "MB/s" },
        { "gbps", "gigabytes", "gigabits", "gbit", "GB/s" },
    };
    char low[5] = { 0 };

    for (size_t i = 0; unit[i]; i++) {
        if (i == sizeof(low) - 1)
            return NULL;
        low[i] = unit[i] >= 'A' && unit[i] <= 'Z'
            ? (char)(unit[i] - 'A' + 'a')
            : unit[i];
        if (low[i] == '/')
            low[i] = 'p'; /* mb/s, Mb/s */
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (same(table[i].unit, low))
            return &table[i];
    }
    return NULL;
}

bool units_rate(const char *text, uint64_t *out, struct fmt *err)
{
    static const struct unit units[] = {
        { "bit", 1 },        { "kbit", 1000 },
        { "mbit", 1000000 }, { "gbit", 1000000000 },
        { "Mbit", 1000000 }, { "Gbit", 1000000000 },
        { "B/s", 8 },        { "kB/s", 8000 },
        { "MB/s", 8000000 }, { "GB/s", UINT64_C(8000000000) },
    };
    static const struct quantity q = {
        units,
        ARRAY_LEN(units),
        "is no rate. Write 10mbit or 10MB/s, for instance",
        "mbit",
        "MB/s",
    };
    const struct unclear *u;
    struct number         n;

    if (!take_number(text, &n) || find_unit(units, ARRAY_LEN(units), n.unit))
        return parse(text, &q, out, err);
    u = find_unclear(n.unit);
    if (!u)
        return parse(text, &q, out, err);
    fmt_f(err, "unclear: tc means %s by it, most people %s. Write ", u->bytes,
          u->bits);
    put_number(err, &n);
    fmt_f(err, "%s or ", u->write_bits);
    put_number(err, &n);
    fmt_str(err, u->write_bytes);
    return false;
}

bool units_size(const char *text, uint64_t *out, struct fmt *err)
{
    static const struct unit units[] = {
        { "B", 1 },
        { "kB", 1000 },
        { "MB", 1000000 },
        { "GB", 1000000000 },
        { "KiB", 1024 },
        { "MiB", 1024 * 1024 },
        { "GiB", 1024 * 1024 * 1024 },
    };
    static const struct quantity q = {
        units,
        ARRAY_LEN(units),
        "is no size. Write 64kB (64000 bytes) or 64KiB (65536)",
        "kB",
        "KiB",
    };

    return parse(text, &q, out, err);
}

/* A fraction of one as a percentage: 0.03 is "3%". */
static void put_as_percent(struct fmt *f, const struct number *n)
{
    uint64_t mant = n->mant, divisor = 1;
    unsigned dec = n->dec;

    for (int i = 0; i < 2; i++) {
        if (dec > 0)
            dec--;
        else
            mant *= 10;
    }
    for (unsigned i = 0; i < dec; i++)
        divisor *= 10;
    fmt_u64(f, mant / divisor);
    if (dec > 0) {
        fmt_char(f, '.');
        fmt_u64_pad(f, mant % divisor, dec, '0');
    }
    fmt_char(f, '%');
}

static void share_without_percent(const struct number *n, struct fmt *err)
{
    uint64_t whole;

    fmt_str(err, "the % is missing. Write ");
    if (scaled(n, 1, &whole) && whole == 0) {
        put_as_percent(err, n);
        fmt_str(err, " (or ");
        put_number(err, n);
        fmt_str(err, "%)");
    } else {
        put_number(err, n);
        fmt_char(err, '%');
    }
}

bool units_share(const char *text, uint32_t *out, struct fmt *err)
{
    const uint64_t hundred = UINT64_C(10000000000);
    struct number  n;
    uint64_t       e8, p; /* percent in 10^-8; 2^-32 is more than that */

    if (!take_number(text, &n) || (!same(n.unit, "%") && *n.unit != '\0')) {
        fmt_str(err, "is no share. Write 3%, for instance");
        return false;
    }
    if (*n.unit == '\0' && n.mant != 0) {
        share_without_percent(&n, err);
        return false;
    }
    if (!scaled(&n, 100000000, &e8) || e8 > hundred) {
        fmt_str(err, "is more than everything. Write at most 100%");
        return false;
    }
    /* e8 2^32 / 10^10, to the nearest, without leaving 64 bits */
    p = ((e8 << 22) + 9765625 / 2) / 9765625;
    *out = p > UINT32_MAX ? UINT32_MAX : (uint32_t)p;
    return true;
}

bool units_count(const char *text, uint64_t *out, struct fmt *err)
{
    struct number n;

    if (!take_number(text, &n) || *n.unit != '\0' || n.dec > 0) {
        fmt_str(err, "is no whole number. Write 3, for instance");
        return false;
    }
    *out = n.mant;
    return true;
}
