/* ladder_row.c: one line of the ladder, in cells.
 *
 *     |time    |  |state      |  |bar|inner              |bar| state
 *       0.000     SYN-SENT       ├─ SYN 0 ─────────────▶│ SYN-RCVD
 *
 * Whatever comes from the recording passes put_safe(): names and rules of a
 * file are as hostile as payloads.
 */
#include "obs/ladder_own.h"

#include "obs/cells.h"
#include "wire/ipproto.h"

enum {
    TIME_CELLS = 9,
    STATE_CELLS = 12,
    RIGHT_CELLS = 11, /* the longest word that stands there */
    INNER_CELLS = 34, /* as in all documents */
    INNER_LEAST = 12,
    FRAME_CELLS = 2 + STATE_CELLS + 2 + 1 + RIGHT_CELLS,
};

/* The drawing's own characters. */
struct pens {
    const char *line, *bar, *from_left, *from_right, *to_right, *to_left,
        *cross;
};

static const struct pens pens_utf8 = { "─", "│", "├", "┤", "▶", "◀", "✗" };
static const struct pens pens_ascii = { "-", "|", "|", "|", ">", "<", "X" };

static const struct pens *pens_of(const struct ladder *l)
{
    return l->o->ascii ? &pens_ascii : &pens_utf8;
}

static void repeat(struct fmt *f, const char *s, unsigned n)
{
    while (n-- > 0)
        fmt_str(f, s);
}

static size_t width_of(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return cells_width(s, n);
}

/* At most `most` cells of s, and how many they are.  A number that was cut
 * must not look like another one. */
static unsigned put_safe(const struct ladder *l, struct fmt *f, const char *s,
                         unsigned most)
{
    struct span rest = span_of(s, 0);
    unsigned    used = 0;
    bool        cut = width_of(s) > most && most > 0;

    most -= cut;
    while (s[rest.len])
        rest.len++;
    while (rest.len > 0) {
        size_t  n;
        int32_t c = cells_decode(rest, &n);
        int     w = cells_of(c);
        bool    safe = w >= 0 && (c < 0x80 || !l->o->ascii);

        if (used + (safe ? (unsigned)w : 1u) > most)
            break;
        if (safe)
            fmt_strn(f, (const char *)rest.p, n);
        else
            fmt_char(f, '.');
        used += safe ? (unsigned)w : 1u;
        rest = span_of(rest.p + n, rest.len - n);
    }
    if (cut)
        fmt_str(f, l->o->ascii ? "~" : "…");
    return used + cut;
}

static void put_padded(const struct ladder *l, struct fmt *f, const char *s,
                       unsigned cells)
{
    unsigned used = put_safe(l, f, s ? s : "", cells);

    repeat(f, " ", cells - used);
}

static void emit(const struct ladder *l, struct fmt *f)
{
    while (f->len > 0 && f->buf[f->len - 1] == ' ')
        f->len--;
    l->out->line(l->out->ctx, f->buf, f->len);
}

/* ---- colours ---------------------------------------------------------------- */

/* Okabe and Ito's set, which most eyes can tell apart. */
static void tint(const struct ladder *l, struct fmt *f, enum lad_tint t)
{
    static const char *const codes[] = {
        [LAD_PLAIN] = "",
        [LAD_THERE] = "\033[38;5;32m",
        [LAD_BACK] = "\033[38;5;36m",
        [LAD_AGAIN] = "\033[38;5;214m",
        [LAD_LOST] = "\033[38;5;166m",
    };

    if (l->o->colour)
        fmt_str(f, codes[t]);
}

static void plain(const struct ladder *l, struct fmt *f, enum lad_tint t)
{
    if (l->o->colour && t != LAD_PLAIN)
        fmt_str(f, "\033[0m");
}

/* ---- the middle --------------------------------------------------------------- */

/* How many cells an arrow takes, its point not counted.  A lost one ends in
 * mid-air, but not before its label does. */
static unsigned arrow_cells(const struct ladder *l, bool lost, size_t label)
{
    unsigned n = l->inner * 3 / 4;

    if (!lost)
        return l->inner - 1;
    return MIN(MAX(n, (unsigned)MIN(label, (size_t)l->inner) + 4),
               l->inner - 2);
}

/* What a label may take before that many dashes.  An excerpt (which has five)
 * does not lengthen the arrow. */
unsigned lad_room(const struct ladder *l, bool lost, unsigned dashes)
{
    unsigned n = arrow_cells(l, lost, dashes > 1 ? 0 : l->inner);

    return n > dashes + 3 ? n - dashes - 3 : 0;
}

static void put_rightward(const struct ladder *l, const struct lad_row *row,
                          struct fmt *f)
{
    const struct pens *p = pens_of(l);
    unsigned           used;
    unsigned           n = arrow_cells(l, row->lost, width_of(row->label));

    tint(l, f, row->tint);
    fmt_f(f, "%s%s ", p->from_left, p->line);
    used = 3 + put_safe(l, f, row->label, n - 3);
    fmt_char(f, ' ');
    repeat(f, p->line, n - used);
    fmt_str(f, row->lost ? p->cross : p->to_right);
    plain(l, f, row->tint);
    if (row->lost)
        repeat(f, " ", l->inner - n - 1);
    fmt_str(f, p->bar);
}

static void put_leftward(const struct ladder *l, const struct lad_row *row,
                         struct fmt *f)
{
    const struct pens *p = pens_of(l);
    unsigned           n = arrow_cells(l, row->lost, width_of(row->label));
    unsigned used = (unsigned)MIN(width_of(row->label), (size_t)n - 3);

    fmt_str(f, p->bar);
    if (row->lost)
        repeat(f, " ", l->inner - n - 1);
    tint(l, f, row->tint);
    fmt_str(f, row->lost ? p->cross : p->to_left);
    repeat(f, p->line, n - 3 - used);
    fmt_char(f, ' ');
    used -= put_safe(l, f, row->label, used);
    repeat(f, " ", used + 1); /* a wide character that did not fit whole */
    fmt_f(f, "%s%s", p->line, p->from_right);
    plain(l, f, row->tint);
}

static void put_words(const struct ladder *l, const struct lad_row *row,
                      struct fmt *f)
{
    const char *bar = pens_of(l)->bar, *s = row->label ? row->label : "";
    unsigned    n = (unsigned)MIN(width_of(s), (size_t)l->inner);
    unsigned    before = (l->inner - n) / 2, used;

    fmt_str(f, bar);
    repeat(f, " ", before);
    tint(l, f, row->tint);
    used = before + put_safe(l, f, s, l->inner - before);
    plain(l, f, row->tint);
    repeat(f, " ", l->inner - used);
    fmt_str(f, bar);
}

/* ---- lines -------------------------------------------------------------------- */

/* Milliseconds with three decimals. */
static void put_time(const struct ladder *l, const struct lad_row *row,
                     struct fmt *f)
{
    char       text[32];
    struct fmt t = fmt_of(text, sizeof text);

    if (row->has_time)
        lad_instant(&t, row->t);
    if (t.len < l->time_width)
        repeat(f, " ", (unsigned)(l->time_width - t.len));
    fmt_str(f, text);
}

void lad_row(const struct ladder *l, const struct lad_row *row)
{
    char       line[LADDER_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    put_time(l, row, &f);
    fmt_str(&f, "  ");
    put_padded(l, &f, row->left, STATE_CELLS - 1);
    fmt_char(&f, ' ');
    if (row->from == 0)
        put_rightward(l, row, &f);
    else if (row->from == 1)
        put_leftward(l, row, &f);
    else
        put_words(l, row, &f);
    if (row->right) {
        fmt_char(&f, ' ');
        put_safe(l, &f, row->right, RIGHT_CELLS + 10);
    }
    emit(l, &f);
}

/* How many bytes of text make a line of at most `cells`, at a blank if there
 * is one. */
static size_t line_of(const char *text, unsigned cells)
{
    size_t at = 0, blank = 0;

    for (; text[at]; at++) {
        if (text[at] == ' ')
            blank = at;
        if (at >= cells)
            return blank ? blank : at;
    }
    return at;
}

/* Text in the middle, on as many lines as it takes. */
void lad_wrapped(const struct ladder *l, const char *text, const char *left,
                 const char *right)
{
    char part[LAD_LABEL_MAX];

    do {
        size_t         n = line_of(text, l->inner - 2);
        struct fmt     f = fmt_of(part, sizeof part);
        struct lad_row row = { .left = left,
                               .right = right,
                               .from = 2,
                               .tint = LAD_LOST,
                               .label = part };

        if (n <= l->inner && width_of(text) <= l->inner)
            n = sizeof part; /* without the air it fits */
        for (size_t i = 0; i < n && text[i]; i++)
            fmt_char(&f, text[i]);
        lad_row(l, &row);
        text += MIN(n, f.len);
        while (*text == ' ')
            text++;
        left = right = NULL;
    } while (*text);
}

/* ---- the head ------------------------------------------------------------------- */

void lad_end_addr(const struct lad_end *e, bool port, struct fmt *f)
{
    char text[ADDR_TEXT_MAX];
    bool six = !addr_is4(&e->addr);

    addr_print(&e->addr, text);
    if (!port)
        fmt_str(f, text);
    else
        fmt_f(f, six ? "[%s]:%u" : "%s:%u", text, e->port);
}

void lad_end_name(const struct ladder *l, const struct lad_conv *c,
                  unsigned end, struct fmt *f)
{
    const char *name = run_name_of(l->run, &c->end[end].addr);

    fmt_str(f, name);
    if (c->proto == PROTO_ICMP4)
        return;
    if (*name)
        fmt_char(f, ' ');
    fmt_str(f, end == 0 ? "client" : "server");
}

void lad_layout(struct ladder *l, const struct lad_conv *c)
{
    unsigned columns = l->o->columns ? l->o->columns : 80;
    uint64_t us = 0;
    unsigned digits = 4; /* of milliseconds, with the point and decimals */

    if (c->last != NONE)
        us = (uint64_t)ns_max(l->run->packets[c->last].t, 0) / NS_US;
    if (c->last_moment != NONE)
        us = MAX(us,
                 (uint64_t)ns_max(l->moments[c->last_moment].t, 0) / NS_US);
    for (uint64_t ms = us / 1000; ms > 0; ms /= 10)
        digits++;
    l->time_width = MAX(digits, (unsigned)TIME_CELLS);
    l->inner = INNER_CELLS;
    if (columns < l->time_width + FRAME_CELLS + l->inner)
        l->inner = columns > l->time_width + FRAME_CELLS + INNER_LEAST
            ? columns - l->time_width - FRAME_CELLS
            : INNER_LEAST;
}

void lad_header(const struct ladder *l, const struct lad_conv *c)
{
    char       line[LADDER_LINE_MAX], name[64], left[80], right[80];
    struct fmt f = fmt_of(line, sizeof line), n = fmt_of(name, sizeof name);
    struct fmt a = fmt_of(left, sizeof left), b = fmt_of(right, sizeof right);
    bool       port = c->proto != PROTO_ICMP4;
    unsigned   start = l->time_width + 2 + STATE_CELLS;
    unsigned   stop = start + 2 + l->inner;

    lad_end_addr(&c->end[0], port, &a);
    lad_end_addr(&c->end[1], port, &b);
    lad_end_name(l, c, 0, &n);
    repeat(&f, " ", l->time_width - 7);
    fmt_str(&f, "time ms  ");
    put_safe(l, &f, name, 63);
    fmt_pad_to(&f, start - 1);
    fmt_char(&f, ' ');
    fmt_str(&f, left);
    if (f.len + 1 + b.len > stop) {
        emit(l, &f);
        fmt_reset(&f);
    }
    fmt_pad_to(&f, stop - MIN((size_t)stop, b.len));
    fmt_f(&f, "%s ", right);
    fmt_reset(&n);
    lad_end_name(l, c, 1, &n);
    put_safe(l, &f, name, 63);
    emit(l, &f);
}
