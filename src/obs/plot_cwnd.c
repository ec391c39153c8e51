/* plot_cwnd.c: the congestion window over time, and its phases by name (RFC
 * 5681 §3).
 *
 * A column of the picture is a span of time; it shows what the window was at
 * its end, and the whole way if it fell.  ssthresh is drawn where it is
 * within the picture: it begins "arbitrarily high" (§3.1).
 */
#include "obs/plot_own.h"

enum {
    HEIGHT = 16,
    LABEL_CELLS = 10, /* "   115840 " */
    WIDTH_LEAST = 20,
    WIDTH_MOST = 160,
    PHASES_MOST = 60,
    TIME_CELLS = 11,
    WORDS_CELLS = 25,
    CWND_CELLS = 20,
};

struct column {
    uint64_t cwnd, low, high; /* at its end; within it */
    uint64_t ssthresh;
    char     letter;
};

struct picture {
    cw_ns         from, to;
    uint64_t      top;
    unsigned      width;
    struct column cols[WIDTH_MOST];
};

/* ---- the figures -------------------------------------------------------------- */

/* The time that is drawn and the largest window; false: there is none. */
static bool measure(const struct plot *p, struct picture *pic)
{
    const struct cw_event *e;
    size_t                 i = 0;

    pic->from = NS_NEVER;
    while ((e = plot_next(p, &i)) != NULL) {
        if (e->kind == EV_CWND) {
            pic->from = ns_min(pic->from, e->t);
            pic->top = MAX(pic->top, e->v[0]);
        }
        if (e->kind == EV_CWND || (e->kind == EV_SEG_OUT && e->v[2] > 0))
            pic->to = ns_max(pic->to, e->t);
    }
    pic->top = MAX(pic->top, UINT64_C(1));
    return pic->from != NS_NEVER;
}

static unsigned column_of(const struct picture *pic, cw_ns t)
{
    uint64_t span = (uint64_t)pic->to - (uint64_t)pic->from;
    uint64_t at = (uint64_t)ns_min(t, pic->to) - (uint64_t)pic->from;

    if (span == 0 || at > span)
        return 0;               /* all at once; a recording that was spoilt */
    while (span > UINT32_MAX) { /* no overflow below */
        span >>= 1;
        at >>= 1;
    }
    return (unsigned)(at * (pic->width - 1) / span);
}

/* The states of BBR. */
static char bbr_letter_of(uint16_t why)
{
    switch (why) {
    case WHY_CC_BBR_STARTUP:
        return 's';
    case WHY_CC_BBR_PLATEAU:
    case WHY_CC_BBR_LOSSES:
        return 'd';
    case WHY_CC_BBR_DRAINED:
    case WHY_CC_BBR_DRAIN_OVER:
    case WHY_CC_BBR_FULL:
    case WHY_CC_BBR_TOO_HIGH:
    case WHY_CC_BBR_CAREFUL:
        return 'v';
    case WHY_CC_BBR_CRUISE:
        return '=';
    case WHY_CC_BBR_REFILL:
    case WHY_CC_BBR_SAFE:
    case WHY_CC_BBR_AGAIN:
        return '+';
    case WHY_CC_BBR_UP:
        return '^';
    case WHY_CC_BBR_PROBE_RTT:
        return 'p';
    default:
        return '\0';
    }
}

static char letter_of(uint16_t why)
{
    switch (why) {
    case WHY_CC_SLOW_START:
        return 's';
    case WHY_CC_CSS:
        return 'c';
    case WHY_CC_AVOIDANCE:
    case WHY_CC_CUBIC:
        return 'a';
    case WHY_CC_RECOVERY:
        return 'r';
    case WHY_CC_TIMEOUT:
        return 'T';
    case WHY_CC_IDLE:
        return 'i';
    default:
        return bbr_letter_of(why);
    }
}

/* Columns in which nothing happened are as the one before ended. */
static void go_on(struct picture *pic, unsigned *at, unsigned to)
{
    while (*at < to) {
        const struct column *c = &pic->cols[*at];

        pic->cols[*at + 1] = (struct column){ .cwnd = c->cwnd,
                                              .low = c->cwnd,
                                              .high = c->cwnd,
                                              .ssthresh = c->ssthresh,
                                              .letter = c->letter };
        if (c->letter == 'T' || c->letter == 'i')
            pic->cols[*at + 1].letter = 's';
        ++*at;
    }
}

static void note_event(struct picture *pic, const struct cw_event *e,
                       unsigned *at)
{
    char           letter = letter_of(e->why);
    struct column *c;

    go_on(pic, at, column_of(pic, e->t));
    c = &pic->cols[*at];
    c->low = MIN(c->low, e->v[0]);
    c->high = MAX(c->high, e->v[0]);
    c->cwnd = e->v[0];
    c->ssthresh = e->v[1];
    if (letter && c->letter != 'T') /* a timeout is but an instant */
        c->letter = letter;
}

static void fill(const struct plot *p, struct picture *pic)
{
    const struct cw_event *e;
    unsigned               at = 0;
    size_t                 i = 0;
    bool                   first = true;

    while ((e = plot_next(p, &i)) != NULL) {
        if (e->kind != EV_CWND)
            continue;
        if (first)
            pic->cols[0] = (struct column){ .cwnd = e->v[0],
                                            .low = e->v[0],
                                            .high = e->v[0] };
        first = false;
        note_event(pic, e, &at);
    }
    go_on(pic, &at, pic->width - 1);
}

/* ---- the picture --------------------------------------------------------------- */

/* The row of a value, from 0 at the bottom. */
static unsigned row_of(const struct picture *pic, uint64_t v)
{
    return (unsigned)(MIN(v, pic->top) * (HEIGHT - 1) / pic->top);
}

static const char *cell(const struct plot *p, const struct picture *pic,
                        unsigned x, unsigned y)
{
    const struct column *c = &pic->cols[x];

    if (y == row_of(pic, c->cwnd))
        return p->o->ascii ? "*" : "●";
    if (y > row_of(pic, c->low) && y <= row_of(pic, c->high))
        return p->o->ascii ? "|" : "│";
    if (c->ssthresh <= pic->top && y == row_of(pic, c->ssthresh))
        return p->o->ascii ? "-" : "┄";
    return " ";
}

static void draw_rows(const struct plot *p, const struct picture *pic)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    for (unsigned y = HEIGHT; y-- > 0;) {
        if (y % 5 == 0)
            fmt_u64_pad(&f, pic->top * y / (HEIGHT - 1), LABEL_CELLS - 2,
                        ' ');
        fmt_pad_to(&f, LABEL_CELLS - 1);
        fmt_str(&f, p->o->ascii ? "|" : y % 5 ? "│" : "┤");
        for (unsigned x = 0; x < pic->width; x++)
            fmt_str(&f, cell(p, pic, x, y));
        plot_line(p, &f);
    }
}

static void draw_axis(const struct plot *p, const struct picture *pic)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_pad_to(&f, LABEL_CELLS - 1);
    fmt_str(&f, p->o->ascii ? "+" : "└");
    for (unsigned x = 0; x < pic->width; x++)
        fmt_str(&f, p->o->ascii ? "-" : "─");
    plot_line(p, &f);
    fmt_str(&f, "phase");
    fmt_pad_to(&f, LABEL_CELLS);
    for (unsigned x = 0; x < pic->width; x++)
        fmt_char(&f, pic->cols[x].letter ? pic->cols[x].letter : ' ');
    plot_line(p, &f);
    fmt_str(&f, "ms");
    plot_time(&f, pic->from);
    fmt_pad_to(&f, LABEL_CELLS + pic->width - 10);
    plot_time(&f, pic->to);
    plot_line(p, &f);
}

/* ---- the phases ------------------------------------------------------------------ */

struct phase {
    const struct cw_event *first, *last;
    uint64_t               before; /* cwnd */
};

static unsigned length(const char *text)
{
    unsigned n = 0;

    while (text[n])
        n++;
    return n;
}

/* BBR tells of its states, and of cwnd as it follows within one. */
static bool goes_on(const struct phase *ph, const struct cw_event *e)
{
    return ph->first && (ph->first->why == e->why || e->why == WHY_CC_BBR);
}

/* Where the words end: those of BBR are many. */
static unsigned words_end(const struct plot *p)
{
    const struct cw_event *e;
    size_t                 i = 0;
    unsigned               end = WORDS_CELLS;

    while ((e = plot_next(p, &i)) != NULL)
        if (e->kind == EV_CWND && bbr_letter_of(e->why))
            end = MAX(end, length(why_text((enum why)e->why)) + 2);
    return end + TIME_CELLS;
}

static void put_phase(const struct plot *p, const struct phase *ph,
                      unsigned end)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);
    uint64_t   ssthresh = ph->last->v[1];

    plot_time(&f, ph->first->t);
    fmt_f(&f, "  %s", why_text((enum why)ph->first->why));
    fmt_pad_to(&f, end);
    if (ph->before && ph->before != ph->last->v[0])
        fmt_f(&f, "%llu -> ", (unsigned long long)ph->before);
    fmt_u64(&f, ph->last->v[0]);
    fmt_pad_to(&f, end + CWND_CELLS);
    if (ssthresh < UINT32_MAX / 2)
        fmt_u64(&f, ssthresh);
    else
        fmt_char(&f, '-');
    plot_line(p, &f);
}

static void draw_head(const struct plot *p, unsigned end)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_str(&f, "  time ms  phase");
    fmt_pad_to(&f, end);
    fmt_str(&f, "cwnd");
    fmt_pad_to(&f, end + CWND_CELLS);
    fmt_str(&f, "ssthresh");
    plot_line(p, &f);
}

static void draw_phases(const struct plot *p)
{
    struct phase           ph = { .first = NULL };
    const struct cw_event *e;
    size_t                 i = 0;
    unsigned               n = 0, end = words_end(p);

    draw_head(p, end + 1);
    while ((e = plot_next(p, &i)) != NULL) {
        if (e->kind != EV_CWND)
            continue;
        if (goes_on(&ph, e)) {
            ph.last = e;
            continue;
        }
        if (ph.first && ++n <= PHASES_MOST)
            put_phase(p, &ph, end);
        ph = (struct phase){ e, e, ph.last ? ph.last->v[0] : 0 };
    }
    if (++n <= PHASES_MOST)
        put_phase(p, &ph, end);
    else
        plot_note(p, "%u more phases are left out (--json has all)",
                  n - PHASES_MOST);
}

static void put_json(const struct plot *p)
{
    const struct cw_event *e;
    char                   line[PLOT_LINE_MAX];
    struct fmt             f = fmt_of(line, sizeof line);
    size_t                 i = 0;

    while ((e = plot_next(p, &i)) != NULL) {
        struct json j = json_of(&f);

        if (e->kind != EV_CWND)
            continue;
        json_open(&j, NULL);
        json_str(&j, "schema", "causeway.cwnd/1");
        json_i64(&j, "t_ns", e->t);
        json_u64(&j, "cwnd", e->v[0]);
        json_u64(&j, "ssthresh", e->v[1]);
        json_u64(&j, "flight", e->v[2]);
        json_str(&j, "why", why_slug((enum why)e->why));
        json_close(&j);
        plot_line(p, &f);
    }
}

bool plot_cwnd(const struct plot *p)
{
    struct picture pic = { .to = 0 };
    char           line[PLOT_LINE_MAX];
    struct fmt     f = fmt_of(line, sizeof line);
    unsigned       room = p->o->columns > LABEL_CELLS
              ? p->o->columns - LABEL_CELLS - 1
              : 0;

    pic.width = MIN(MAX(room, (unsigned)WIDTH_LEAST), (unsigned)WIDTH_MOST);
    if (!measure(p, &pic))
        return false;
    if (p->o->json) {
        put_json(p);
        return true;
    }
    fill(p, &pic);
    fmt_str(&f, "cwnd of ");
    plot_who(p, p->who, &f);
    fmt_str(&f,
            p->o->ascii ? ", bytes (- ssthresh)" : ", bytes (┄ ssthresh)");
    plot_line(p, &f);
    draw_rows(p, &pic);
    draw_axis(p, &pic);
    plot_line(p, &f);
    draw_phases(p);
    return true;
}
