/* fmt.c: bounded text without stdio.
 *
 * Owns the cut: what does not fit is dropped byte by byte, `cut` says so and
 * the text stays NUL-terminated (if there is room for a NUL at all).  A wrong
 * format is our own bug.  Invariant: len < cap, or cap is zero.
 */
#include "base/fmt.h"
#include "base/check.h"

enum { DIGITS_MAX = 20 }; /* of UINT64_MAX in decimal */

struct fmt fmt_of(char *buf, size_t cap)
{
    struct fmt f = { buf, cap, 0, false };

    INVARIANT(buf || cap == 0);
    fmt_reset(&f);
    return f;
}

void fmt_reset(struct fmt *f)
{
    f->len = 0;
    f->cut = false;
    if (f->cap > 0)
        f->buf[0] = '\0';
}

void fmt_char(struct fmt *f, char c)
{
    INVARIANT(f->len < f->cap || f->cap == 0);
    if (f->cap == 0 || f->len == f->cap - 1) {
        f->cut = true;
        return;
    }
    f->buf[f->len++] = c;
    f->buf[f->len] = '\0';
}

void fmt_str(struct fmt *f, const char *s)
{
    for (; *s; s++)
        fmt_char(f, *s);
}

void fmt_strn(struct fmt *f, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fmt_char(f, s[i]);
}

static void repeat(struct fmt *f, char c, size_t n)
{
    for (; n > 0 && !f->cut; n--)
        fmt_char(f, c);
}

/* One conversion of fmt_f(). */
struct conv {
    bool     left, zero, has_prec;
    unsigned width, prec;
    unsigned longs; /* l: 1, ll: 2 */
    bool     size;  /* z */
};

static size_t digits_of(char out[static DIGITS_MAX], uint64_t v,
                        unsigned base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char        back[DIGITS_MAX];
    size_t      n = 0;

    do {
        INVARIANT(n < DIGITS_MAX);
        back[n++] = set[v % base];
        v /= base;
    } while (v);
    for (size_t i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    return n;
}

/* Sign, digits and padding, as printf() orders them. */
static void number(struct fmt *f, const struct conv *c, bool minus,
                   const char *digits, size_t n)
{
    size_t zeros = c->has_prec && c->prec > n ? c->prec - n : 0;
    size_t body = n + zeros + (minus ? 1 : 0);
    size_t pad = c->width > body ? c->width - body : 0;

    if (c->zero && !c->left && !c->has_prec) {
        zeros = pad;
        pad = 0;
    }
    if (!c->left)
        repeat(f, ' ', pad);
    if (minus)
        fmt_char(f, '-');
    repeat(f, '0', zeros);
    fmt_strn(f, digits, n);
    if (c->left)
        repeat(f, ' ', pad);
}

static void unsigned_number(struct fmt *f, const struct conv *c, uint64_t v,
                            char kind)
{
    char   digits[DIGITS_MAX];
    size_t n = digits_of(digits, v, kind == 'u' ? 10 : 16, kind == 'X');

    number(f, c, false, digits, n);
}

static void signed_number(struct fmt *f, const struct conv *c, int64_t v)
{
    char     digits[DIGITS_MAX];
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t   n = digits_of(digits, magnitude, 10, false);

    number(f, c, v < 0, digits, n);
}

static void text(struct fmt *f, const struct conv *c, const char *s)
{
    size_t n = 0, pad;

    while ((!c->has_prec || n < c->prec) && s[n])
        n++;
    pad = c->width > n ? c->width - n : 0;
    if (!c->left)
        repeat(f, ' ', pad);
    fmt_strn(f, s, n);
    if (c->left)
        repeat(f, ' ', pad);
}

void fmt_u64(struct fmt *f, uint64_t v)
{
    unsigned_number(f, &(struct conv){ 0 }, v, 'u');
}

void fmt_i64(struct fmt *f, int64_t v)
{
    signed_number(f, &(struct conv){ 0 }, v);
}

void fmt_hex(struct fmt *f, uint64_t v, unsigned digits)
{
    unsigned_number(f, &(struct conv){ .has_prec = true, .prec = digits }, v,
                    'x');
}

void fmt_u64_pad(struct fmt *f, uint64_t v, unsigned width, char fill)
{
    char   digits[DIGITS_MAX];
    size_t n = digits_of(digits, v, 10, false);

    repeat(f, fill, width > n ? width - n : 0);
    fmt_strn(f, digits, n);
}

void fmt_pad_to(struct fmt *f, size_t col)
{
    repeat(f, ' ', col > f->len ? col - f->len : 0);
}

void fmt_ns(struct fmt *f, int64_t ns, unsigned digits)
{
    const uint64_t second = UINT64_C(1000000000);
    uint64_t       magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint64_t       part = magnitude % second;

    INVARIANT(digits <= 9);
    if (ns < 0)
        fmt_char(f, '-');
    fmt_u64(f, magnitude / second);
    if (digits == 0)
        return;
    for (unsigned i = digits; i < 9; i++)
        part /= 10;
    fmt_char(f, '.');
    fmt_u64_pad(f, part, digits, '0');
}

static const char *parse_unsigned(const char *p, unsigned *out)
{
    unsigned v = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (unsigned)(*p - '0');
        INVARIANT(v <= 4096);
    }
    *out = v;
    return p;
}

static const char *parse_flags(const char *p, struct conv *c)
{
    for (;; p++) {
        if (*p == '-')
            c->left = true;
        else if (*p == '0')
            c->zero = true;
        else
            return p;
    }
}

static const char *parse_length(const char *p, struct conv *c)
{
    for (; *p == 'l'; p++)
        c->longs++;
    if (*p == 'z') {
        c->size = true;
        p++;
    }
    INVARIANT(c->longs <= 2);
    return p;
}

/* A va_list in a struct: a plain one cannot be passed by pointer where it is
 * an array type. */
struct args {
    va_list ap;
};

/* The text of "%.*s" is often not terminated: the precision bounds it. */
static const char *parse_conv(const char *p, struct conv *c, struct args *a)
{
    p = parse_flags(p, c);
    if (*p == '*') {
        int width = va_arg(a->ap, int);

        c->left = c->left || width < 0;
        c->width = width < 0 ? 0 - (unsigned)width : (unsigned)width;
        p++;
    } else {
        p = parse_unsigned(p, &c->width);
    }
    if (*p == '.' && p[1] == '*') {
        int prec = va_arg(a->ap, int);

        c->has_prec = prec >= 0;
        c->prec = prec >= 0 ? (unsigned)prec : 0;
        p += 2;
    } else if (*p == '.') {
        c->has_prec = true;
        p = parse_unsigned(p + 1, &c->prec);
    }
    return parse_length(p, c);
}

static int64_t signed_arg(struct args *a, const struct conv *c)
{
    if (c->size)
        return va_arg(a->ap, ptrdiff_t);
    if (c->longs == 2)
        return va_arg(a->ap, long long);
    if (c->longs == 1)
        return va_arg(a->ap, long);
    return va_arg(a->ap, int);
}

static uint64_t unsigned_arg(struct args *a, const struct conv *c)
{
    if (c->size)
        return va_arg(a->ap, size_t);
    if (c->longs == 2)
        return va_arg(a->ap, unsigned long long);
    if (c->longs == 1)
        return va_arg(a->ap, unsigned long);
    return va_arg(a->ap, unsigned);
}

static void convert(struct fmt *f, const struct conv *c, char kind,
                    struct args *a)
{
    char one[2] = { 0, 0 };

    switch (kind) {
    case 'd':
    case 'i':
        signed_number(f, c, signed_arg(a, c));
        break;
    case 'u':
    case 'x':
    case 'X':
        unsigned_number(f, c, unsigned_arg(a, c), kind);
        break;
    case 's':
        text(f, c, va_arg(a->ap, const char *));
        break;
    case 'c':
        one[0] = (char)va_arg(a->ap, int);
        text(f, c, one);
        break;
    case '%':
        fmt_char(f, '%');
        break;
    default:
        cw_panic(__FILE__, __LINE__, "a conversion that fmt_f() has not");
    }
}

void fmt_v(struct fmt *f, const char *format, va_list ap)
{
    struct args a;

    va_copy(a.ap, ap);
    for (const char *p = format; *p; p++) {
        struct conv c = { 0 };

        if (*p != '%') {
            fmt_char(f, *p);
            continue;
        }
        p = parse_conv(p + 1, &c, &a);
        convert(f, &c, *p, &a);
    }
    va_end(a.ap);
}

void fmt_f(struct fmt *f, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    fmt_v(f, format, ap);
    va_end(ap);
}
