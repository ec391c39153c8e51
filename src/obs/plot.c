/* plot.c: whose windows are drawn: the ends of connections in the order in
 * which they began.
 */
#include "obs/plot_own.h"

#include "base/check.h"
#include "wire/ipproto.h"

enum { SENDERS_MAX = 4096 };

void plot_line(const struct plot *p, struct fmt *f)
{
    while (f->len > 0 && f->buf[f->len - 1] == ' ')
        f->len--;
    p->out->line(p->out->ctx, f->buf, f->len);
    fmt_reset(f);
}

void plot_note(const struct plot *p, const char *format, ...)
{
    char       text[PLOT_LINE_MAX];
    struct fmt f = fmt_of(text, sizeof text);
    va_list    ap;

    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
    p->out->note(p->out->ctx, text);
}

void plot_time(struct fmt *f, cw_ns t)
{
    uint64_t us = t > 0 ? (uint64_t)(t / NS_US) : 0;

    fmt_u64_pad(f, us / 1000, 5, ' ');
    fmt_f(f, ".%03u", (unsigned)(us % 1000));
}

static void end_name(struct fmt *f, const struct cw_addr *a, uint16_t port)
{
    char text[ADDR_TEXT_MAX];

    addr_print(a, text);
    fmt_f(f, addr_is4(a) ? "%s:%u" : "[%s]:%u", text, port);
}

void plot_who(const struct plot *p, const struct plot_sender *s,
              struct fmt *f)
{
    if (s->host >= 1 && s->host <= p->run->nhosts)
        fmt_f(f, "%s ", p->run->hosts[s->host - 1].name);
    end_name(f, &s->local, s->lport);
    fmt_str(f, " > ");
    end_name(f, &s->remote, s->rport);
}

/* ---- who there is ----------------------------------------------------------- */

static struct plot_sender *find(struct plot *p, const struct cw_event *e)
{
    for (size_t i = p->nsenders; i-- > 0;)
        if (p->senders[i].flow == e->flow && p->senders[i].host == e->host)
            return &p->senders[i];
    return NULL;
}

static void addr_of(struct cw_addr *a, uint64_t hi, uint64_t lo)
{
    for (unsigned i = 0; i < 8; i++) {
        a->b[i] = (uint8_t)(hi >> (56 - 8 * i));
        a->b[8 + i] = (uint8_t)(lo >> (56 - 8 * i));
    }
}

static void meet(struct plot *p, const struct cw_event *e)
{
    struct plot_sender *s;

    if (e->sub != PROTO_TCP || p->nsenders == SENDERS_MAX || find(p, e))
        return;
    s = &p->senders[p->nsenders++];
    *s = (struct plot_sender){ .flow = e->flow,
                               .host = e->host,
                               .lport = (uint16_t)(e->v[4] >> 16),
                               .rport = (uint16_t)e->v[4] };
    addr_of(&s->local, e->v[0], e->v[1]);
    addr_of(&s->remote, e->v[2], e->v[3]);
}

/* Most events are of the one before's sender. */
static void gather(struct plot *p)
{
    struct plot_sender *last = NULL;

    for (size_t i = 0; i < p->run->nevents; i++) {
        const struct cw_event *e = &p->run->events[i];

        if (e->kind == EV_FLOW_ADDR)
            meet(p, e);
        if (e->kind != EV_SEG_OUT || e->v[2] == 0)
            continue;
        if (!last || last->flow != e->flow || last->host != e->host)
            last = find(p, e);
        if (last)
            last->bytes += e->v[2];
    }
}

static const struct plot_sender *choose(const struct plot *p,
                                        const char       **why)
{
    const struct plot_sender *best = NULL;

    *why = "there is no such sender; --list says which there are";
    if (p->o->sender)
        return p->o->sender <= p->nsenders ? &p->senders[p->o->sender - 1]
                                           : NULL;
    *why = "nobody sent any data over TCP";
    for (size_t i = 0; i < p->nsenders; i++)
        if (p->senders[i].bytes > (best ? best->bytes : 0))
            best = &p->senders[i];
    return best;
}

static void list(const struct plot *p)
{
    char       line[PLOT_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    for (size_t i = 0; i < p->nsenders; i++) {
        fmt_u64_pad(&f, i + 1, 5, ' ');
        fmt_str(&f, "  ");
        plot_who(p, &p->senders[i], &f);
        fmt_f(&f, "  %llu bytes", (unsigned long long)p->senders[i].bytes);
        plot_line(p, &f);
    }
}

const struct cw_event *plot_next(const struct plot *p, size_t *i)
{
    while (*i < p->run->nevents) {
        const struct cw_event *e = &p->run->events[(*i)++];

        if (e->flow == p->who->flow && e->host == p->who->host)
            return e;
    }
    return NULL;
}

static bool draw(struct plot *p, const char **why)
{
    gather(p);
    if (p->o->list) {
        list(p);
        return true;
    }
    p->who = choose(p, why);
    if (!p->who)
        return false;
    *why = "the recording says nothing about this sender's windows";
    return p->o->window ? plot_window(p) : plot_cwnd(p);
}

bool plot_draw(const struct run *r, const struct plot_opts *o,
               const struct plot_out *out, const char **why)
{
    struct plot p = { .run = r, .o = o, .out = out };
    size_t      size = SENDERS_MAX * sizeof *p.senders;
    bool        ok;

    *why = "out of memory";
    p.senders = r->alloc->alloc(r->alloc->ctx, size, 16);
    if (!p.senders)
        return false;
    ok = draw(&p, why);
    r->alloc->free(r->alloc->ctx, p.senders, size);
    return ok;
}
