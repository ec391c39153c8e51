/* ladder.c: draws conversations row by row: packets and, between them, the
 * states that were entered without one.
 */
#include "obs/ladder_own.h"

#include "wire/ipproto.h"

static bool is_tcp(const struct lad_conv *c)
{
    return c->proto == PROTO_TCP;
}

/* A text of one of the two ends beside its bar. */
static void beside(struct lad_row *row, unsigned end, const char *text)
{
    if (!*text)
        return;
    if (end == 0)
        row->left = text;
    else
        row->right = text;
}

/* ---- a packet ---------------------------------------------------------------- */

/* The wait before packet n, unless something else is to be drawn first. */
static void next_wait(const struct ladder *l, uint32_t n, cw_ns before,
                      struct fmt *f)
{
    if (n != NONE && l->run->packets[n].t <= before)
        lad_wait(l, n, f);
}

/* What became of packet i; and beside it, to save a line, what the next one
 * waited for.  Was it? */
static bool draw_cause(const struct ladder *l, uint32_t i, cw_ns before)
{
    uint32_t   n = l->packets[i].next;
    char       cause[LAD_LABEL_MAX], wait[32];
    struct fmt f = fmt_of(cause, sizeof cause);
    struct fmt w = fmt_of(wait, sizeof wait);
    bool       left;

    lad_cause(l, i, &f);
    if (f.len == 0)
        return false;
    next_wait(l, n, before, &w);
    left = w.len > 0 && l->packets[n].end == 0;
    lad_wrapped(l, cause, left ? wait : NULL, w.len && !left ? wait : NULL);
    return w.len > 0;
}

static void draw_wait(const struct ladder *l, uint32_t i)
{
    char       wait[32];
    struct fmt w = fmt_of(wait, sizeof wait);
    bool       left = l->packets[i].end == 0;

    lad_wait(l, i, &w);
    if (w.len > 0)
        lad_wrapped(
            l, l->run->packets[i].why == WHY_TX_PROBE ? "window is shut" : "",
            left ? wait : NULL, left ? NULL : wait);
}

/* `before`: when something else is to be drawn.  Answers whether the next
 * packet's wait has been drawn, too. */
static bool draw_packet(const struct ladder *l, uint32_t i, cw_ns before)
{
    const struct lad_packet *p = &l->packets[i];
    bool                     lost = lad_lost(l, i);
    char                     label[LAD_LABEL_MAX], reason[32];
    struct fmt               f = fmt_of(label, sizeof label);
    struct fmt               why = fmt_of(reason, sizeof reason);
    struct lad_row           row = { .has_time = true,
                                     .t = l->run->packets[i].t,
                                     .from = p->end,
                                     .lost = lost,
                                     .label = label };

    lad_label(l, i, lad_room(l, lost, 1), lad_room(l, lost, 5), &f);
    lad_reason(l, i, &why);
    beside(&row, p->end, reason);
    beside(&row, p->end, lad_state_name(p->tail_state));
    beside(&row, !p->end, lad_state_name(p->head_state));
    row.tint = lost   ? LAD_LOST
        : p->again    ? LAD_AGAIN
        : p->end == 0 ? LAD_THERE
                      : LAD_BACK;
    lad_row(l, &row);
    return draw_cause(l, i, before);
}

/* ---- a state without a packet --------------------------------------------------- */

static void draw_moment(const struct ladder *l, const struct lad_moment *m)
{
    char           text[LAD_LABEL_MAX];
    struct fmt     f = fmt_of(text, sizeof text);
    struct lad_row row = {
        .has_time = true, .t = m->t, .from = 2, .label = text
    };

    why_print(&f, (enum why)m->why, m->why_arg);
    beside(&row, m->end, lad_state_name(m->state));
    lad_row(l, &row);
}

/* ---- a conversation ---------------------------------------------------------------- */

static void draw_first_states(const struct ladder   *l,
                              const struct lad_conv *c)
{
    struct lad_row row = { .from = 2 };

    if (!is_tcp(c) || !c->has_syn)
        return;
    row.left = lad_state_name(c->end[0].first_state ?: CW_CLOSED);
    row.right = lad_state_name(c->end[1].first_state ?: CW_CLOSED);
    lad_row(l, &row);
}

/* Packets and, folded, the packet behind them. */
static uint32_t draw_next(const struct ladder *l, uint32_t i, cw_ns before,
                          bool *wait_drawn)
{
    struct lad_fold fold;

    if (!*wait_drawn)
        draw_wait(l, i);
    *wait_drawn = false;
    if (lad_fold(l, i, before, &fold)) {
        lad_fold_draw(l, i, &fold);
        return fold.rest;
    }
    *wait_drawn = draw_packet(l, i, before);
    return l->packets[i].next;
}

static void draw_conv(struct ladder *l, const struct lad_conv *c)
{
    uint32_t i = c->first, m = c->first_moment;
    bool     wait_drawn = false;

    lad_layout(l, c);
    lad_header(l, c);
    draw_first_states(l, c);
    while (i != NONE || m != NONE) {
        cw_ns before = m == NONE ? NS_NEVER : l->moments[m].t;

        if (i != NONE && l->run->packets[i].t <= before) {
            i = draw_next(l, i, before, &wait_drawn);
        } else {
            draw_moment(l, &l->moments[m]);
            m = l->moments[m].next;
        }
    }
}

/* ---- all of them --------------------------------------------------------------------- */

static void put_line(const struct ladder *l, const struct fmt *f)
{
    l->out->line(l->out->ctx, f->buf, f->len);
}

static const char *proto_name(const struct lad_conv *c)
{
    return is_tcp(c) ? "TCP" : c->proto == PROTO_UDP ? "UDP" : "ICMP";
}

static void title(const struct ladder *l, uint32_t n)
{
    char       line[128];
    struct fmt f = fmt_of(line, sizeof line);

    if (n > 0)
        put_line(l, &f);
    fmt_f(&f, "conversation %u of %u: %s", n + 1, l->nconvs,
          proto_name(&l->convs[n]));
    put_line(l, &f);
}

/* "  1  TCP  10.0.0.2:49152 > 10.0.0.1:12000  11 packets, 1 lost" */
static void list_one(const struct ladder *l, uint32_t n)
{
    const struct lad_conv *c = &l->convs[n];
    bool                   port = c->proto != PROTO_ICMP4;
    char                   line[256];
    struct fmt             f = fmt_of(line, sizeof line);

    fmt_u64_pad(&f, n + 1, 5, ' ');
    fmt_f(&f, "  %-4s  ", proto_name(c));
    lad_end_addr(&c->end[0], port, &f);
    fmt_str(&f, " > ");
    lad_end_addr(&c->end[1], port, &f);
    fmt_f(&f, "  %u packet%s", c->npackets, c->npackets == 1 ? "" : "s");
    if (c->nlost > 0)
        fmt_f(&f, ", %u lost", c->nlost);
    put_line(l, &f);
}

static void draw_all(struct ladder *l, uint32_t first, uint32_t count)
{
    for (uint32_t n = first; n < first + count; n++) {
        if (l->o->list) {
            list_one(l, n);
        } else if (l->o->json) {
            lad_json(l, n);
        } else {
            if (count > 1)
                title(l, n);
            draw_conv(l, &l->convs[n]);
        }
    }
    if (l->o->list || l->o->json)
        return;
    lad_notes(l, first, count);
}

bool ladder_draw(const struct run *r, const struct ladder_opts *o,
                 const struct ladder_out *out, const char **why)
{
    struct ladder l = { .run = r, .o = o, .out = out };
    uint32_t      first = o->conn ? o->conn - 1 : 0, count;
    bool          ok = lad_gather(&l);

    *why = "out of memory";
    if (ok && o->conn > l.nconvs) {
        *why = "there is no such conversation; --list says which there are";
        ok = false;
    }
    if (ok) {
        count = o->conn ? 1 : l.nconvs;
        if (o->most && !o->json && !o->list)
            count = MIN(count, o->most);
        draw_all(&l, first, count);
    }
    lad_free(&l);
    return ok;
}
