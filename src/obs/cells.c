/* cells.c: see cells.h. */
#include "obs/cells.h"

/* What one character of an excerpt becomes. */
struct shown {
    char     text[8];
    size_t   len;
    unsigned cells;
    bool     strange; /* it is no text */
};

struct range {
    int32_t from, to;
};

/* East Asian wide and fullwidth, and what terminals draw as emoji. */
static const struct range wide[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },
    { 0x23e9, 0x23ec },   { 0x23f0, 0x23f0 },   { 0x23f3, 0x23f3 },
    { 0x25fd, 0x25fe },   { 0x2614, 0x2615 },   { 0x2648, 0x2653 },
    { 0x267f, 0x267f },   { 0x2693, 0x2693 },   { 0x26a1, 0x26a1 },
    { 0x26aa, 0x26ab },   { 0x26bd, 0x26be },   { 0x26c4, 0x26c5 },
    { 0x26ce, 0x26ce },   { 0x26d4, 0x26d4 },   { 0x26ea, 0x26ea },
    { 0x26f2, 0x26f3 },   { 0x26f5, 0x26f5 },   { 0x26fa, 0x26fa },
    { 0x26fd, 0x26fd },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },
    { 0x2728, 0x2728 },   { 0x274c, 0x274c },   { 0x274e, 0x274e },
    { 0x2753, 0x2755 },   { 0x2757, 0x2757 },   { 0x2795, 0x2797 },
    { 0x27b0, 0x27b0 },   { 0x27bf, 0x27bf },   { 0x2b1b, 0x2b1c },
    { 0x2b50, 0x2b50 },   { 0x2b55, 0x2b55 },   { 0x2e80, 0x303e },
    { 0x3041, 0x3247 },   { 0x3250, 0x4dbf },   { 0x4e00, 0xa4c6 },
    { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
    { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6b },   { 0xff01, 0xff60 },
    { 0xffe0, 0xffe6 },   { 0x16fe0, 0x18cff }, { 0x1aff0, 0x1b2fb },
    { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e },
    { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f265 }, { 0x1f300, 0x1f64f },
    { 0x1f680, 0x1f6fc }, { 0x1f7e0, 0x1f7f0 }, { 0x1f90c, 0x1f9ff },
    { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

/* Controls, surrogates, private use, noncharacters, and what is invisible or
 * changes the direction or the look of its neighbours. */
static const struct range unsafe[] = {
    { 0x0000, 0x001f },      { 0x007f, 0x009f },   { 0x00ad, 0x00ad },
    { 0x034f, 0x034f },      { 0x061c, 0x061c },   { 0x115f, 0x1160 },
    { 0x17b4, 0x17b5 },      { 0x180b, 0x180f },   { 0x200b, 0x200f },
    { 0x2028, 0x202e },      { 0x2060, 0x206f },   { 0x3164, 0x3164 },
    { 0xd800, 0xf8ff },      { 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },
    { 0xfeff, 0xfeff },      { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
    { 0xfffe, 0xffff },      { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
    { 0xe0000, 0x7fffffff },
};

/* Combining marks of the scripts that are common.  Others are taken for one
 * cell, so that a line gets shorter than meant, never longer. */
static const struct range combining[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
    { 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x0e31, 0x0e31 },
    { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
    { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0x302a, 0x302d },
    { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

static bool within(int32_t c, const struct range *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= t[i].from && c <= t[i].to)
            return true;
    return false;
}

int32_t cells_decode(struct span s, size_t *n)
{
    static const int32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint8_t              b = s.len ? s.p[0] : 0;
    size_t               want = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    int32_t              c;

    *n = 1;
    if (s.len == 0)
        return -1;
    if (b < 0x80)
        return b;
    if (b < 0xc2 || b > 0xf4 || s.len < want)
        return -1;
    c = b & (0x7f >> want);
    for (size_t i = 1; i < want; i++) {
        if ((s.p[i] & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (s.p[i] & 0x3f);
    }
    if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return -1;
    *n = want;
    return c;
}

int cells_of(int32_t c)
{
    if (c < 0 || within(c, unsafe, ARRAY_LEN(unsafe)))
        return -1;
    if (within(c, combining, ARRAY_LEN(combining)))
        return 0;
    return within(c, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

size_t cells_width(const char *text, size_t n)
{
    struct span s = span_of(text, n);
    size_t      width = 0;

    while (s.len > 0) {
        size_t  k;
        int32_t c = cells_decode(s, &k);
        int     w = cells_of(c);

        width += w < 0 ? 1u : (size_t)w;
        s = span_of(s.p + k, s.len - k);
    }
    return width;
}

static struct shown escape(char letter)
{
    return (struct shown){ .text = { '\\', letter }, .len = 2, .cells = 2 };
}

/* The next character as it will be shown. */
static struct shown next(struct span *s, bool ascii)
{
    size_t       n;
    int32_t      c = cells_decode(*s, &n);
    int          w = cells_of(c);
    struct shown one = { .text = ".", .len = 1, .cells = 1 };

    if (c == '\n' || c == '\t' || c == '\r')
        one = escape(c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else if (c == '"' || c == '\\')
        one = escape((char)c);
    else if (w < 0)
        one.strange = true;
    else if (c < 0x80 || !ascii) {
        memcpy(one.text, s->p, n);
        one.len = n;
        one.cells = (unsigned)w;
    }
    *s = span_of(s->p + n, s->len - n);
    return one;
}

/* Is it text, as far as one looks? */
static bool is_text(struct span s, unsigned max)
{
    unsigned seen = 0, strange = 0;

    while (s.len > 0 && seen < max) {
        strange += next(&s, false).strange;
        seen++;
    }
    return strange * 4 <= seen;
}

bool cells_quote(struct fmt *f, struct span payload, unsigned max, bool ascii)
{
    unsigned used = 0, letters = 0;

    if (payload.len == 0 || !is_text(payload, max))
        return false;
    fmt_char(f, '"');
    while (payload.len > 0) {
        struct shown one = next(&payload, ascii);

        /* Marks without a width are not without an end. */
        if (used + one.cells > max || ++letters > 3 * max) {
            fmt_str(f, ascii ? "..." : "…");
            break;
        }
        fmt_strn(f, one.text, one.len);
        used += one.cells;
    }
    fmt_char(f, '"');
    return true;
}
