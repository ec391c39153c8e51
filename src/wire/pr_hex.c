/* pr_hex.c: bytes as rows of 16, in hexadecimal, as characters or both. */
#include "base/check.h"
#include "wire/pr.h"

enum { ROW = 16, HEX_COLUMNS = 40 };

static char shown(uint8_t c)
{
    return c > 0x20 && c < 0x7f ? (char)c : '.';
}

static unsigned hex_row(struct fmt *f, const uint8_t *at, size_t n)
{
    unsigned columns = 0;

    for (size_t i = 0; i < n; i++) {
        fmt_f(f, i % 2 ? "%02x" : " %02x", at[i]);
        columns += i % 2 ? 2 : 3;
    }
    return columns;
}

static void hex_rows(struct fmt *f, const char *indent, struct span s,
                     bool text)
{
    for (size_t off = 0; off < s.len; off += ROW) {
        size_t   n = MIN(s.len - off, (size_t)ROW);
        unsigned columns;

        fmt_str(f, indent);
        fmt_f(f, "0x%04x: ", (unsigned)off);
        columns = hex_row(f, s.p + off, n);
        if (!text)
            continue;
        for (; columns < HEX_COLUMNS + 2; columns++)
            fmt_char(f, ' ');
        for (size_t i = 0; i < n; i++)
            fmt_char(f, shown(s.p[off + i]));
    }
}

void pr_hex(struct fmt *f, const char *indent, struct span s)
{
    hex_rows(f, indent, s, false);
}

/* -A: spaces, tabs and line ends are themselves; a CR before a LF or in the
 * last two bytes is not shown. */
static void characters(struct fmt *f, struct span s)
{
    fmt_char(f, '\n');
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i];

        if (c == '\r' && (i + 2 >= s.len || s.p[i + 1] == '\n'))
            continue;
        fmt_char(f, c == ' ' || c == '\t' || c == '\n' ? (char)c : shown(c));
    }
}

/* What a printer shows of what it does not know. */
void pr_hex_unknown(struct pr *p, const uint8_t *at, size_t n, bool text)
{
    if (at >= p->end)
        return;
    hex_rows(p->out, "\n\t", span_of(at, MIN(n, (size_t)(p->end - at))),
             text);
}

void pr_hex_dump(struct pr *p)
{
    int         mode = p->o->hex;
    bool        whole = mode >= PRINT_HEX_XX;
    size_t      skip = whole ? 0 : p->link;
    struct span s;

    if (mode == PRINT_HEX_NONE || skip >= p->caplen)
        return;
    s = span_of(p->frame + skip, p->caplen - skip);
    INVARIANT(s.len > 0);
    switch (mode) {
    case PRINT_HEX_X:
    case PRINT_HEX_XX:
        hex_rows(p->out, "\n\t", s, false);
        break;
    case PRINT_HEX_XA:
    case PRINT_HEX_XXA:
        hex_rows(p->out, "\n\t", s, true);
        break;
    default:
        characters(p->out, s);
    }
}
