/* show.c: see show.h. */
#include "script/show.h"
#include "script/icmp.h"

#include <string.h>

enum column {
    COL_IP,
    COL_FLAGS,
    COL_SEQ,
    COL_ACK,
    COL_WIN,
    COL_UP,
    COL_OPTS,
    COLS
};
enum { COL_MAX = 200 };

/* ---- comparison ---------------------------------------------------------- */

static bool same_opt(const struct sp_opt *a, const struct sp_opt *b)
{
    if (a->kind != b->kind || a->is_exp != b->is_exp)
        return false;
    if (a->any || b->any)
        return true;
    return a->nv == b->nv && a->len == b->len
        && memcmp(a->v, b->v, sizeof a->v) == 0
        && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The next one that says anything: padding does not. */
static const struct sp_opt *meant(const struct sp *p, unsigned *i)
{
    while (*i < p->nopts && p->opts[*i].kind <= 1)
        ++*i;
    return *i < p->nopts ? &p->opts[(*i)++] : NULL;
}

static bool has_opt(const struct sp *p, const struct sp_opt *o)
{
    const struct sp_opt *x;

    for (unsigned i = 0; (x = meant(p, &i));)
        if (same_opt(x, o))
            return true;
    return false;
}

/* Their order is nobody's business (RFC 9293 §3.1), nor is padding. */
static bool same_opts(const struct sp *a, const struct sp *b)
{
    const struct sp_opt *x;
    unsigned             n = 0;

    if (a->opts_any || b->opts_any)
        return true;
    for (unsigned i = 0; (x = meant(a, &i)); n++)
        if (!has_opt(b, x))
            return false;
    for (unsigned i = 0; meant(b, &i); n--)
        ;
    return n == 0;
}

static bool same_ip(const struct sp *w, const struct sp *g)
{
    if (w->ecn == SP_ECT01 && g->ecn != 1 && g->ecn != 2)
        return false;
    if (w->ecn >= 0 && w->ecn != SP_ECT01 && w->ecn != g->ecn)
        return false;
    if (w->tos >= 0 && w->tos != g->tos)
        return false;
    if (w->ttl >= 0 && w->ttl != g->ttl)
        return false;
    return !w->df_said || w->df == g->df;
}

static unsigned diff_tcp(const struct sp *w, const struct sp *g)
{
    unsigned d = 0;

    d |= (unsigned)(w->flags != g->flags) << COL_FLAGS;
    d |= (unsigned)(w->seq != g->seq || w->len != g->len) << COL_SEQ;
    d |= (unsigned)(w->flags & g->flags & SP_ACK && w->ack != g->ack)
        << COL_ACK;
    d |= (unsigned)(w->win >= 0 && w->win != g->win) << COL_WIN;
    d |= (unsigned)((w->up < 0 ? 0 : w->up) != g->up) << COL_UP;
    d |= (unsigned)!same_opts(w, g) << COL_OPTS;
    return d;
}

unsigned show_diff(const struct sp *w, const struct sp *g)
{
    unsigned d = (unsigned)!same_ip(w, g) << COL_IP;

    if (w->proto != g->proto)
        return d | 1u << COL_FLAGS;
    if (w->proto == SP_TCP)
        return d | diff_tcp(w, g);
    d |= (unsigned)(w->len != g->len) << COL_SEQ;
    if (w->proto == SP_ICMP)
        d |= (unsigned)(w->type != g->type || w->code != g->code)
            << COL_FLAGS;
    return d;
}

/* ---- text ---------------------------------------------------------------- */

struct columns {
    char     text[COLS][COL_MAX];
    unsigned width[COLS];
};

static void put_ip(struct fmt *f, const struct sp *p)
{
    static const char *const ecn[] = { "noecn", "ect1", "ect0", "ce",
                                       "ect01" };

    fmt_char(f, '[');
    if (p->ecn >= 0)
        fmt_f(f, "%s ", ecn[p->ecn]);
    if (p->tos >= 0)
        fmt_f(f, "tos 0x%x ", (unsigned)p->tos);
    if (p->ttl >= 0)
        fmt_f(f, "ttl %d ", p->ttl);
    if (p->df_said)
        fmt_str(f, p->df ? "df " : "nodf ");
    f->buf[f->len - 1] = ']';
}

static void put_bytes(struct fmt *f, const struct sp_opt *o)
{
    if (o->any)
        fmt_str(f, " ...");
    else if (o->len)
        fmt_char(f, ' ');
    for (unsigned i = 0; i < o->len; i++)
        fmt_hex(f, o->bytes[i], 2);
}

static void put_accecn(struct fmt *f, const struct sp_opt *o)
{
    static const char *const names[] = { " e0b ", " ceb ", " e1b " };

    fmt_str(f, "ECN");
    for (unsigned i = 0; i < o->nv; i++) {
        fmt_str(f, names[o->kind == 172 ? i : 2 - i]);
        fmt_u64(f, o->v[i]);
    }
}

static void put_opt(struct fmt *f, const struct sp_opt *o)
{
    static const char *const names[] = {
        [0] = "eol",    [1] = "nop",  [2] = "mss", [3] = "wscale",
        [4] = "sackOK", [5] = "sack", [8] = "TS",  [34] = "FO"
    };

    if ((o->kind == 172 || o->kind == 174) && o->nv > 0 && o->nv <= 3) {
        put_accecn(f, o);
        return;
    }
    if (o->is_exp)
        fmt_str(f, "FOEXP");
    else if (o->kind < ARRAY_LEN(names) && names[o->kind])
        fmt_str(f, names[o->kind]);
    else
        fmt_f(f, "opt %u", o->kind);
    if (o->kind == 8 && o->nv == 2) {
        fmt_f(f, " val %u ecr %u", o->v[0], o->v[1]);
        return;
    }
    for (unsigned i = 0; i < o->nv; i++) {
        fmt_char(f, i % 2 ? ':' : ' ');
        fmt_u64(f, o->v[i]);
    }
    put_bytes(f, o);
}

static void put_opts(struct fmt *f, const struct sp *p)
{
    if (p->opts_any)
        fmt_str(f, "<...>");
    if (p->opts_any || !p->nopts)
        return;
    for (unsigned i = 0; i < p->nopts; i++) {
        fmt_char(f, i ? ',' : '<');
        put_opt(f, &p->opts[i]);
    }
    fmt_char(f, '>');
}

static void put_flags(struct fmt *f, uint16_t flags)
{
    static const char letters[] = "FSRP.UEWA";

    if (!flags)
        fmt_char(f, '-');
    /* As people write them: the dot behind the letters. */
    for (unsigned i = 0; i < 9; i++)
        if (flags & 1u << i && letters[i] != '.')
            fmt_char(f, letters[i]);
    if (flags & SP_ACK)
        fmt_char(f, '.');
}

static void put_tcp(struct columns *c, const struct sp *p)
{
    struct fmt f = fmt_of(c->text[COL_FLAGS], COL_MAX);

    put_flags(&f, p->flags);
    f = fmt_of(c->text[COL_SEQ], COL_MAX);
    fmt_f(&f, "%u:%u(%u)", p->seq, p->seq + p->len, p->len);
    f = fmt_of(c->text[COL_ACK], COL_MAX);
    if (p->flags & SP_ACK)
        fmt_f(&f, "ack %u", p->ack);
    f = fmt_of(c->text[COL_WIN], COL_MAX);
    if (p->win >= 0)
        fmt_f(&f, "win %d", (int)p->win);
    f = fmt_of(c->text[COL_UP], COL_MAX);
    if (p->up > 0)
        fmt_f(&f, "urg %d", (int)p->up);
    f = fmt_of(c->text[COL_OPTS], COL_MAX);
    put_opts(&f, p);
}

static void put_icmp(struct columns *c, const struct sp *p, bool v6)
{
    struct fmt  f = fmt_of(c->text[COL_FLAGS], COL_MAX);
    const char *type = icmp_type_name(p->type, v6);
    const char *code = icmp_code_name(p->type, p->code, v6);

    fmt_str(&f, v6 ? "icmpv6 " : "icmp ");
    if (type)
        fmt_str(&f, type);
    else
        fmt_i64(&f, p->type);
    if (code)
        fmt_f(&f, " %s", code);
    else if (p->code || !type)
        fmt_f(&f, " code %d", p->code);
    f = fmt_of(c->text[COL_SEQ], COL_MAX);
    if (p->is_echo)
        fmt_f(&f, "(%u)", p->len);
}

static void put_packet(struct columns *c, const struct sp *p, unsigned cols,
                       bool v6)
{
    struct fmt f = fmt_of(c->text[COL_IP], COL_MAX);

    memset(c, 0, sizeof *c);
    if (cols & 1u << COL_IP
        && (p->ecn >= 0 || p->tos >= 0 || p->ttl >= 0 || p->df_said))
        put_ip(&f, p);
    if (p->proto == SP_TCP) {
        put_tcp(c, p);
    } else if (p->proto == SP_ICMP) {
        put_icmp(c, p, v6);
    } else {
        f = fmt_of(c->text[COL_FLAGS], COL_MAX);
        fmt_f(&f, "udp (%u)", p->len);
    }
}

static void measure(struct columns *c)
{
    for (unsigned i = 0; i < COLS; i++)
        c->width[i] = (unsigned)strlen(c->text[i]);
}

static void put_row(struct fmt *f, const struct columns *c,
                    const unsigned width[COLS])
{
    size_t trim;

    for (unsigned i = 0; i < COLS; i++)
        if (width[i]) {
            size_t end = f->len + width[i] + 1;

            fmt_str(f, c->text[i]);
            while (f->len < end && !f->cut)
                fmt_char(f, ' ');
        }
    for (trim = f->len; trim && f->buf[trim - 1] == ' '; trim--)
        f->buf[trim - 1] = 0;
    f->len = trim;
}

void show_one(struct fmt *f, const struct sp *p, bool v6)
{
    struct columns c;

    put_packet(&c, p, ~0u, v6);
    measure(&c);
    put_row(f, &c, c.width);
}

void show_two(struct fmt *f, const struct sp *want, const struct sp *got,
              bool v6)
{
    unsigned diff = show_diff(want, got), width[COLS];
    bool     ip = want->ecn >= 0 || want->tos >= 0 || want->ttl >= 0
        || want->df_said;
    struct columns w, g, mark;

    put_packet(&w, want, ~0u, v6);
    put_packet(&g, got, ip ? ~0u : ~(1u << COL_IP), v6);
    measure(&w);
    measure(&g);
    memset(&mark, 0, sizeof mark);
    for (unsigned i = 0; i < COLS; i++) {
        width[i] = MAX(w.width[i], g.width[i]);
        if (diff & 1u << i)
            memset(mark.text[i], '^', MIN(width[i], COL_MAX - 1u));
    }
    fmt_str(f, "\n    expected  ");
    put_row(f, &w, width);
    fmt_str(f, "\n    came      ");
    put_row(f, &g, width);
    if (!diff)
        return;
    fmt_str(f, "\n              ");
    put_row(f, &mark, width);
}
