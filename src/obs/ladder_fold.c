/* ladder_fold.c: many packets alike become one line: in bulk transfer a
 * ladder of every segment says nothing.
 *
 * Two ways.  Strict: FOLD_LEAST or more of one kind in a row, so that rounds
 * of slow start stay apart.  Mixed: segments one way and the ACKs that answer
 * them, alternating in short runs, MIXED_LEAST or more, become two lines.  A
 * packet that changed a state, carries a flag, was dropped or waited for a
 * timer is never folded.
 */
#include "obs/ladder_own.h"

#include "wire/tcphdr.h"

enum { FOLD_LEAST = 6, MIXED_LEAST = 12, MIXED_EACH = 3 };

enum kind { NEVER_FOLD, DATA, ACK, DUPACK, DATAGRAM };

static enum kind kind_of(const struct ladder *l, uint32_t i)
{
    const struct lad_packet *p = &l->packets[i];
    uint16_t                 why = l->run->packets[i].why;

    if (p->head_state || p->tail_state || p->waited || p->drop
        || p->overtaken)
        return NEVER_FOLD;
    if (p->look.kind == LAD_UDP)
        return DATAGRAM;
    if (p->look.kind != LAD_TCP
        || (p->look.flags & (F_SYN | F_FIN | F_RST | F_URG)))
        return NEVER_FOLD;
    if (p->look.len > 0)
        return DATA;
    if (why == WHY_TX_WINDOW || p->look.wnd == 0)
        return NEVER_FOLD;
    return why == WHY_TX_DUPACK || why == WHY_TX_DUPACK_OF_3 ? DUPACK : ACK;
}

static bool same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Did the same become of both? */
static bool same_fate(const struct run_packet *a, const struct run_packet *b)
{
    if (a->nfates != b->nfates)
        return false;
    for (unsigned i = 0; i < a->nfates; i++)
        if (a->fates[i].why != b->fates[i].why
            || !same_text(a->fates[i].rule, b->fates[i].rule))
            return false;
    return true;
}

static bool alike(const struct ladder *l, uint32_t a, uint32_t b)
{
    const struct lad_packet *p = &l->packets[a], *q = &l->packets[b];

    return kind_of(l, a) == kind_of(l, b) && p->end == q->end
        && p->again == q->again
        && same_fate(&l->run->packets[a], &l->run->packets[b]);
}

static void count(const struct ladder *l, uint32_t i, struct lad_fold *f)
{
    enum kind k = kind_of(l, i);

    if (k == DATA || k == DATAGRAM) {
        f->data++;
        f->last_data = i;
    } else {
        if (f->acks++ == 0)
            f->first_ack = i;
        f->last_ack = i;
    }
}

static struct lad_fold strict(const struct ladder *l, uint32_t i,
                              cw_ns before)
{
    struct lad_fold f = { .first_ack = NONE, .last_data = NONE };
    uint32_t        n = i;

    while (n != NONE && l->run->packets[n].t <= before && alike(l, i, n)) {
        count(l, n, &f);
        n = l->packets[n].next;
    }
    f.rest = n;
    return f;
}

/* New data that arrived, or an ACK that did. */
static bool is_bulk(const struct ladder *l, uint32_t i)
{
    const struct run_packet *r = &l->run->packets[i];
    enum kind                k = kind_of(l, i);

    return (k == DATA || k == ACK) && !l->packets[i].again && r->nfates <= 1
        && run_arrived(r);
}

/* One way data, the other way ACKs; up to where one of them stands alone. */
static struct lad_fold mixed(const struct ladder *l, uint32_t i, cw_ns before)
{
    struct lad_fold f = { .first_ack = NONE, .last_data = NONE }, mark = f;
    bool            data_first = kind_of(l, i) == DATA;
    unsigned data_end = data_first ? l->packets[i].end : !l->packets[i].end;
    unsigned streak = 0;
    uint32_t n = i, of = i;

    mark.rest = i;
    for (; n != NONE && l->run->packets[n].t <= before && is_bulk(l, n);
         n = l->packets[n].next) {
        bool data = kind_of(l, n) == DATA;

        if (l->packets[n].end != (data ? data_end : !data_end))
            break;
        if (kind_of(l, n) != kind_of(l, of)) {
            mark = f; /* as far as the streak that ends here */
            mark.rest = n;
            of = n;
            streak = 0;
        }
        if (++streak == FOLD_LEAST)
            return mark;
        count(l, n, &f);
    }
    f.rest = n;
    return f;
}

bool lad_fold(const struct ladder *l, uint32_t i, cw_ns before,
              struct lad_fold *f)
{
    if (kind_of(l, i) == NEVER_FOLD)
        return false;
    *f = strict(l, i, before);
    if (f->data + f->acks >= FOLD_LEAST)
        return true;
    if (!is_bulk(l, i))
        return false;
    *f = mixed(l, i, before);
    return f->data + f->acks >= MIXED_LEAST && f->data >= MIXED_EACH
        && f->acks >= MIXED_EACH;
}

/* ---- drawing ---------------------------------------------------------------- */

static void data_words(const struct ladder *l, uint32_t i,
                       const struct lad_fold *f, struct fmt *out)
{
    const struct lad_packet *a = &l->packets[i], *b;

    if (a->look.kind == LAD_UDP) {
        fmt_f(out, "%u datagrams", f->data);
        return;
    }
    b = &l->packets[f->last_data];
    fmt_f(out, "%u segments %u-%u%s", f->data, lad_seq(l, a),
          lad_seq(l, b) + b->look.len, a->again ? " again" : "");
    if (out->len <= lad_room(l, lad_lost(l, i), 1))
        return;
    fmt_reset(out);
    fmt_f(out, "%u segments%s", f->data, a->again ? " again" : "");
}

static uint32_t ack_of(const struct ladder *l, uint32_t i)
{
    const struct lad_packet *p = &l->packets[i];

    return lad_ack(l, p, p->look.ack);
}

static void ack_words(const struct ladder *l, const struct lad_fold *f,
                      struct fmt *out)
{
    uint32_t a = ack_of(l, f->first_ack), b = ack_of(l, f->last_ack);
    size_t   before;

    fmt_f(out, kind_of(l, f->first_ack) == DUPACK ? "%u dup ACKs" : "%u ACKs",
          f->acks);
    before = out->len;
    fmt_f(out, a == b ? " %u" : " %u-%u", a, b);
    if (out->len <= lad_room(l, lad_lost(l, f->first_ack), 1))
        return;
    out->len = before;
    out->buf[before] = '\0';
}

/* Why, if it is one reason, or else until when. */
static void words_beside(const struct ladder *l, uint32_t i, uint32_t last,
                         struct fmt *f)
{
    const struct run_packet *a = &l->run->packets[i];
    const struct run_packet *b = &l->run->packets[last];
    cw_ns                    to = b->t;

    if (a->why == b->why)
        lad_reason(l, i, f);
    if (f->len > 0 || to == a->t)
        return;
    fmt_str(f, "to ");
    lad_instant(f, to);
}

/* The packets from i to `last`. */
static void draw(const struct ladder *l, uint32_t i, uint32_t last,
                 const char *label)
{
    const struct lad_packet *p = &l->packets[i];
    char                     text[LAD_LABEL_MAX], reason[32];
    struct fmt               f = fmt_of(text, sizeof text);
    struct fmt               why = fmt_of(reason, sizeof reason);
    struct lad_row           row = { .has_time = true,
                                     .t = l->run->packets[i].t,
                                     .from = p->end,
                                     .lost = lad_lost(l, i),
                                     .label = label };

    words_beside(l, i, last, &why);
    if (why.len > 0 && p->end == 0)
        row.left = reason;
    else if (why.len > 0)
        row.right = reason;
    row.tint = row.lost ? LAD_LOST
        : p->again      ? LAD_AGAIN
        : p->end == 0   ? LAD_THERE
                        : LAD_BACK;
    lad_row(l, &row);
    lad_cause(l, i, &f);
    if (f.len > 0)
        lad_wrapped(l, text, NULL, NULL);
}

void lad_fold_draw(const struct ladder *l, uint32_t i,
                   const struct lad_fold *f)
{
    char       data[96], acks[96];
    struct fmt d = fmt_of(data, sizeof data), a = fmt_of(acks, sizeof acks);
    bool       acks_first = f->acks > 0 && f->first_ack == i;
    uint32_t   first_data = i;

    if (acks_first && f->data > 0) /* the first one behind the ACKs */
        while (l->packets[first_data].look.len == 0)
            first_data = l->packets[first_data].next;
    if (f->data > 0)
        data_words(l, first_data, f, &d);
    if (f->acks > 0)
        ack_words(l, f, &a);
    if (acks_first)
        draw(l, f->first_ack, f->last_ack, acks);
    if (f->data > 0)
        draw(l, first_data, f->last_data, data);
    if (f->acks > 0 && !acks_first)
        draw(l, f->first_ack, f->last_ack, acks);
}
