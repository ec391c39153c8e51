/* log.c: a random world's events, packets and their fates, a line each: what
 * `causeway sim --seed N -v` prints.
 *
 *   Off the record: nothing here has an effect on the world, and without
 *   options.log nothing is done.  Sequence numbers are absolute, so that lines
 *   of packets and of events can be laid side by side.
 */
#include "sim/run.h"
#include "wire/print.h"

enum { LINE_ROOM = 1000, FRAME_SHOWN = 512 };

// clang-format off
static const char *const states[CW_CLOSING + 1] = {
    [0]              = "none",
    [CW_CLOSED]      = "CLOSED",
    [CW_LISTEN]      = "LISTEN",
    [CW_SYN_SENT]    = "SYN-SENT",
    [CW_SYN_RECV]    = "SYN-RECEIVED",
    [CW_ESTABLISHED] = "ESTABLISHED",
    [CW_FIN_WAIT1]   = "FIN-WAIT-1",
    [CW_FIN_WAIT2]   = "FIN-WAIT-2",
    [CW_CLOSE_WAIT]  = "CLOSE-WAIT",
    [CW_CLOSING]     = "CLOSING",
    [CW_LAST_ACK]    = "LAST-ACK",
    [CW_TIME_WAIT]   = "TIME-WAIT",
};
// clang-format on

/* What a log needs beside the world: of the allocator, since it is large. */
struct sim_log {
    struct print_state print;
};

bool sim_log_begin(struct sim *s)
{
    const struct cw_alloc *a = s->opt.alloc;

    if (!s->opt.log)
        return true;
    s->log = a->alloc(a->ctx, sizeof *s->log, 16);
    if (s->log)
        memset(s->log, 0, sizeof *s->log);
    return s->log;
}

void sim_log_end(struct sim *s)
{
    if (s->log)
        s->opt.alloc->free(s->opt.alloc->ctx, s->log, sizeof *s->log);
    s->log = NULL;
}

static struct fmt line_of(char *buf, cw_ns t)
{
    struct fmt f = fmt_of(buf, LINE_ROOM);

    fmt_ns(&f, t, 6);
    fmt_char(&f, ' ');
    return f;
}

static void show_value(struct fmt *f, const struct cw_event *e, unsigned i)
{
    const char *name = event_field(e->kind, i);

    if (!*name)
        return;
    fmt_f(f, " %s=", name);
    if (e->kind == EV_STATE && e->v[i] <= CW_CLOSING)
        fmt_str(f, states[e->v[i]]);
    else if (e->kind == EV_SOCK && i == 0)
        fmt_str(f, event_call_name((unsigned)e->v[i]));
    else if (e->kind == EV_SOCK)
        fmt_f(f, "%lld", (long long)e->v[i]);
    else
        fmt_f(f, "%llu", (unsigned long long)e->v[i]);
}

void sim_log_event(struct sim *s, const struct cw_event *e)
{
    char       buf[LINE_ROOM];
    struct fmt f;

    if (!s->log || e->kind == EV_LINK) /* its fate is told */
        return;
    f = line_of(buf, e->t);
    fmt_f(&f, "h%u", e->host);
    if (e->flow)
        fmt_f(&f, " flow %u", e->flow);
    fmt_f(&f, " %s", event_slug(e->kind));
    for (unsigned i = 0; i < ARRAY_LEN(e->v); i++)
        show_value(&f, e, i);
    if (e->why != WHY_NONE)
        fmt_f(&f, "  # %s", why_slug(e->why));
    s->opt.log(s->opt.log_ctx, buf);
}

void sim_log_packet(struct sim *s, const struct world_packet *p)
{
    static const struct print_opts o = { .abs_seq = true,
                                         .time_mode = PRINT_TIME_NONE };
    char                           buf[LINE_ROOM];
    uint8_t                        frame[FRAME_SHOWN];
    struct fmt                     f;
    size_t                         n = 0;

    if (!s->log)
        return;
    for (unsigned i = 0; i < p->pkt->nfrags && n < sizeof frame; i++) {
        const struct cw_frag *g = &p->pkt->frags[i];
        size_t                take = MIN(g->len, sizeof frame - n);

        memcpy(frame + n, g->buf->data + g->off, take);
        n += take;
    }
    f = line_of(buf, p->t);
    fmt_f(&f, "h%u packet %u: ", p->host, p->number);
    print_packet(&f, &s->log->print, &o, p->t, span_of(frame, n),
                 p->pkt->len);
    if (p->pkt->why != WHY_NONE)
        fmt_f(&f, "  # %s", why_slug(p->pkt->why));
    s->opt.log(s->opt.log_ctx, buf);
}

void sim_log_fate(struct sim *s, const struct world_fate *w)
{
    char       buf[LINE_ROOM];
    struct fmt f;

    if (!s->log)
        return;
    f = line_of(buf, w->t);
    fmt_f(&f, "link packet %u: %s", w->number, why_slug(w->why));
    if (w->why == WHY_LINK_ARRIVED) {
        fmt_str(&f, " at ");
        fmt_ns(&f, w->arrive_at, 6);
    }
    s->opt.log(s->opt.log_ctx, buf);
}
