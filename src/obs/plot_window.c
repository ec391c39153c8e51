/* plot_window.c: the send window as a strip of bytes, line by line (RFC 9293
 * §3.3.1, Figure 3).
 *
 *       1         2          3          4
 *  ----------|----------|----------|----------
 *         SND.UNA    SND.NXT    SND.UNA
 *                              +SND.WND
 *
 *   1 acknowledged  2 in flight  3 may be sent  4 must wait
 *
 * Invariant: a strip is as long as the stream that was sent; a cell is a
 * round number of bytes.
 */
#include "obs/plot_own.h"

enum {
    TIME_CELLS = 9,
    NUMBERS_CELLS = 9 + 3 * 9 + 2, /* time, una, nxt, wnd */
    STRIP_LEAST = 16,
    STRIP_MOST = 100,
};

struct strip {
    uint64_t end;  /* the highest byte that is sent or waits */
    uint64_t unit; /* bytes a cell */
    unsigned cells;
};

static bool measure(const struct plot *p, struct strip *s)
{
    const struct cw_event *e;
    size_t                 i = 0;
    bool                   any = false;

    while ((e = plot_next(p, &i)) != NULL) {
        if (e->kind != EV_SND_WND)
            continue;
        any = true;
        s->end = MAX(s->end, e->v[1] - MIN(e->v[1], UINT64_C(1)) + e->v[3]);
    }
    return any;
}

/* 1, 2 or 5 times a power of ten, so that the strip fits. */
static void choose_unit(struct strip *s, unsigned room)
{
    static const uint64_t steps[] = { 1, 2, 5 };
    uint64_t              ten = 1;

    for (unsigned i = 0;; i++) {
        if (i == ARRAY_LEN(steps)) {
            i = 0;
            ten *= 10;
        }
        s->unit = steps[i] * ten;
        if ((s->end + s->unit - 1) / s->unit <= room)
            break;
    }
    s->cells = (unsigned)((s->end + s->unit - 1) / s->unit);
}

/* Of which part is the byte in the middle of this cell? */
static const char *cell(const struct plot *p, const struct strip *s,
                        const struct cw_event *e, unsigned n)
{
    uint64_t at = n * s->unit + s->unit / 2 + 1; /* bytes count from 1 */
    bool     ascii = p->o->ascii;

    if (at < e->v[0])
        return ascii ? "#" : "█";
    if (at < e->v[1])
        return ascii ? ">" : "▓";
    if (at >= e->v[1] + e->v[3])
        return " "; /* nobody has written it yet */
    if (at < e->v[0] + e->v[2])
        return ascii ? "_" : "░";
    return ".";
}

static void put_numbers(struct fmt *f, const struct cw_event *e)
{
    plot_time(f, e->t);
    for (unsigned i = 0; i < 3; i++) {
        fmt_char(f, ' ');
        fmt_u64_pad(f, e->v[i], 8, ' ');
    }
    fmt_str(f, "  ");
}

static void put_strip(const struct plot *p, const struct strip *s,
                      const struct cw_event *e)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    put_numbers(&f, e);
    for (unsigned n = 0; n < s->cells; n++)
        fmt_str(&f, cell(p, s, e, n));
    plot_line(p, &f);
}

static void put_probe(const struct plot *p, const struct cw_event *e)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    plot_time(&f, e->t);
    fmt_str(&f, "  the window is shut: a probe, after ");
    fmt_ns(&f, (int64_t)e->v[0], 3);
    fmt_str(&f, " s");
    plot_line(p, &f);
}

static bool same(const struct cw_event *a, const struct cw_event *b)
{
    return a && a->v[0] == b->v[0] && a->v[1] == b->v[1] && a->v[2] == b->v[2]
        && a->v[3] == b->v[3];
}

static void put_json(const struct plot *p, const struct cw_event *e)
{
    char        line[PLOT_LINE_MAX];
    struct fmt  f = fmt_of(line, sizeof line);
    struct json j = json_of(&f);

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.window/1");
    json_i64(&j, "t_ns", e->t);
    json_u64(&j, "una", e->v[0]);
    json_u64(&j, "nxt", e->v[1]);
    json_u64(&j, "wnd", e->v[2]);
    json_u64(&j, "unsent", e->v[3]);
    json_close(&j);
    plot_line(p, &f);
}

static void draw_lines(const struct plot *p, const struct strip *s)
{
    const struct cw_event *e, *last = NULL;
    size_t                 i = 0;
    unsigned               n = 0;

    while ((e = plot_next(p, &i)) != NULL) {
        bool probe = e->kind == EV_TIMER_FIRE && e->sub == EVT_PERSIST;

        if (!probe && (e->kind != EV_SND_WND || same(last, e)))
            continue;
        last = probe ? last : e;
        n++;
        if (p->o->json) {
            if (!probe)
                put_json(p, e);
        } else if (p->o->most && n > p->o->most) {
            continue;
        } else if (probe) {
            put_probe(p, e);
        } else {
            put_strip(p, s, e);
        }
    }
    if (!p->o->json && p->o->most && n > p->o->most)
        plot_note(p, "%u more lines are left out; --all draws them",
                  n - p->o->most);
}

bool plot_window(const struct plot *p)
{
    struct strip s = { .end = 1 };
    char         line[PLOT_LINE_MAX];
    struct fmt   f = fmt_of(line, sizeof line);
    unsigned     room = p->o->columns > NUMBERS_CELLS
            ? p->o->columns - NUMBERS_CELLS
            : 0;

    if (!measure(p, &s))
        return false;
    choose_unit(&s,
                MIN(MAX(room, (unsigned)STRIP_LEAST), (unsigned)STRIP_MOST));
    if (!p->o->json) {
        fmt_str(&f, "send window of ");
        plot_who(p, p->who, &f);
        plot_line(p, &f);
        fmt_str(
            &f,
            p->o->ascii
                ? "# acknowledged  > in flight  _ may be sent  . must wait"
                : "█ acknowledged  ▓ in flight  ░ may be sent  "
                  ". must wait");
        fmt_f(&f, "; a cell is %llu bytes", (unsigned long long)s.unit);
        plot_line(p, &f);
        fmt_str(&f, "  time ms      una      nxt   window");
        plot_line(p, &f);
    }
    draw_lines(p, &s);
    return true;
}
