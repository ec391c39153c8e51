/* run.c: plays a script's events in their order.
 *
 *   Owns:      time: nothing of an event's time happens before everything
 *              of an earlier one; at equal times timers run first.
 *   Invariant: after the first failure nothing more is played.
 */
#include "script/run.h"
#include "script/call.h"
#include "script/show.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 4000000 };

/* The clock's beginning, and one from which everything overflows soon. */
#define START_NS      (1000 * NS_S)
#define START_WRAP_NS (4294966 * NS_S)

/* ---- the end of a script --------------------------------------------------- */

static void end(struct run *r, enum script_verdict v, const char *format,
                va_list ap)
{
    char text[512];

    if (r->over)
        return;
    vsnprintf(text, sizeof text, format, ap);
    r->over = true;
    r->res->verdict = v;
    r->res->line = r->ev ? r->ev->line : 0;
    r->out = fmt_of(r->res->text, sizeof r->res->text);
    fmt_f(&r->out, "%s:%d: ", r->name, r->res->line);
    if (v == SCRIPT_UNSUPPORTED)
        fmt_str(&r->out, "unsupported: ");
    fmt_str(&r->out, text);
}

void run_fail(struct run *r, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    end(r, SCRIPT_FAILED, format, ap);
    va_end(ap);
}

void run_lack(struct run *r, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    end(r, SCRIPT_UNSUPPORTED, format, ap);
    va_end(ap);
}

cw_ns run_time(const struct run *r, cw_ns t)
{
    return t - r->start;
}

/* ---- time ------------------------------------------------------------------ */

/* Before the first socket or packet, so that settings can come first. */
bool run_start(struct run *r)
{
    const char *why;

    if (r->started)
        return true;
    r->started = true;
    why = host_start(&r->host, &r->set.host, r->start, &r->ast->pool);
    if (why)
        run_fail(r, "%s", why);
    return !why;
}

void run_pump(struct run *r)
{
    if (r->pumping || !r->started)
        return;
    r->pumping = true;
    host_settle(&r->host);
    calls_retry(r);
    r->pumping = false;
}

void run_until(struct run *r, cw_ns t)
{
    unsigned steps = 0;

    if (!r->started) {
        r->host.now = t;
        return;
    }
    while (!r->over) {
        cw_ns next = ns_min(cw_stack_deadline(r->host.st), calls_deadline(r));

        if (next > t)
            break;
        if (++steps > STEPS_MAX) {
            run_fail(r, "its timers never end");
            return;
        }
        host_step(&r->host, next);
        run_pump(r);
    }
    if (!r->over)
        r->host.now = ns_max(r->host.now, t);
}

/* ---- events ---------------------------------------------------------------- */

static void log_event(struct run *r, const struct event *e)
{
    static const char *const kinds[] = { "<", ">", "", "%{ }%", "`" };
    char                     text[512];
    struct fmt               f = fmt_of(text, sizeof text);

    fmt_f(&f, "%s:%d: ", r->name, e->line);
    fmt_ns(&f, run_time(r, r->host.now), 6);
    fmt_f(&f, " %s ", kinds[e->kind]);
    if (e->kind == EVENT_IN || e->kind == EVENT_OUT)
        show_one(&f, &e->pkt, r->set.v6);
    else if (e->kind == EVENT_CALL)
        fmt_f(&f, "%s()", e->call.name);
    else
        fmt_strn(&f, e->text, strcspn(e->text, "\n"));
    r->o->log(r->o->ctx, text);
}

/* Events that we do ourselves happen when they should. */
static void wait_for(struct run *r, const struct event *e)
{
    cw_ns t = e->when.from + (e->when.relative ? r->last : r->start);
    cw_ns slack = r->set.tolerance + NS_US - 1;

    if (e->when.any)
        t = r->host.now;
    if (r->host.now > t + slack) {
        run_fail(r, "its time is over: it is ");
        fmt_ns(&r->out, run_time(r, r->host.now), 6);
        return;
    }
    run_until(r, t);
    r->last = r->host.now;
}

static void play(struct run *r, const struct event *e)
{
    r->ev = e;
    if (e->kind == EVENT_OUT) {
        if (run_start(r))
            packets_out(r, e);
    } else {
        /* What blocks counts from before it began. */
        cw_ns before = r->last;

        if (!e->untimed)
            wait_for(r, e);
        if (r->over)
            return;
        switch (e->kind) {
        case EVENT_IN:
            if (run_start(r))
                packets_in(r, e);
            break;
        case EVENT_CALL:
            call_begin(r, e, before);
            break;
        case EVENT_CODE:
            code_run(r, e->text, e->line);
            break;
        case EVENT_SHELL:
            shell_run(r, e->text);
            break;
        case EVENT_OUT:
            break;
        }
        run_pump(r);
    }
    if (r->o->log && !r->over)
        log_event(r, e);
}

static void play_all(struct run *r)
{
    for (unsigned i = 0; i < r->o->nflags && !r->over; i++) {
        const char *name = r->o->flags[i] + 2, *value = strchr(name, '=');

        flags_apply(r,
                    pool_text(&r->ast->pool, name,
                              value ? (size_t)(value - name) : strlen(name)),
                    value ? value + 1 : NULL, 0);
    }
    for (struct flag *f = r->ast->flags; f && !r->over; f = f->next)
        flags_apply(r, f->name, f->value, f->line);
    if (r->o->ipv6 && !r->set.version_said && !r->over) {
        flags_apply(r, "ip_version", "ipv6", 0);
        r->set.host.mtu += 20;
    }
    for (const struct event *e = r->ast->events; e && !r->over; e = e->next) {
        play(r, e);
        r->res->events++;
    }
    if (!r->over)
        calls_finish(r);
    if (!r->over && r->o->exact && r->started)
        packets_left(r);
}

static void could_not_read(const char *name, const struct ast *a,
                           struct script_result *res)
{
    res->verdict = a->unsupported ? SCRIPT_UNSUPPORTED : SCRIPT_FAILED;
    res->line = a->bad_line;
    snprintf(res->text, sizeof res->text, "%s:%d: %s%s", name, a->bad_line,
             a->unsupported ? "unsupported: " : "", a->error);
}

void script_run(const char *name, const char *text, size_t len,
                const struct script_options *o, struct script_result *res)
{
    struct ast  a = { .flags = NULL };
    struct run *r;

    *res = (struct script_result){ .verdict = SCRIPT_PASSED };
    ast_read(&a, text, len);
    if (a.bad_line) {
        could_not_read(name, &a, res);
        ast_free(&a);
        return;
    }
    r = pool_get(&a.pool, sizeof *r);
    r->o = o;
    r->res = res;
    r->name = name;
    r->ast = &a;
    r->start = r->last = r->host.now = o->wrap ? START_WRAP_NS : START_NS;
    flags_default(&r->set);
    if (o->wrap)
        r->set.host.cw.teach_iss = 0xffffff80;
    play_all(r);
    res->took = run_time(r, r->host.now);
    if (r->started && r->host.st)
        host_end(&r->host);
    ast_free(&a);
}

void script_forget(void)
{
    host_forget();
}
