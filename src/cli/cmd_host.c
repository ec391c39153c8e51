/* cmd_host.c: the live host: the world of one host that every `causeway run`
 * of a user shares, as a process of its own.
 *
 *     causeway host [status | stop]
 *     causeway host serve           (what the first `causeway run` starts)
 */
#include "cli/cmd.h"
#include "cli/live_view.h"
#include "cli/recording.h"
#include "cli/say.h"
#include "cli/wish.h"

#include "base/addr.h"
#include "base/check.h"
#include "shim/live.h"
#include "world/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTENER = 3, ROWS = 4096 };

#define FLUSH_EVERY (200 * NS_MS)

struct live_world {
    struct wish        wish; /* of the first */
    char               words[LIVE_TEXT_MAX / 2];
    struct loop       *loop;
    struct world      *world;
    struct ctl        *ctl;
    struct loop_task   pump;
    struct recording   rec;
    struct live_view   view;
    uint64_t           flushed; /* packets */
    cw_ns              flush_at;
    struct cw_sock_row rows[ROWS];
};

/* ---- time ---------------------------------------------------------------------- */

static cw_ns pump_next(struct loop_task *task)
{
    struct live_world *l = container_of(task, struct live_world, pump);

    return ns_min(ns_min(world_next(l->world), ctl_next(l->ctl)),
                  l->flush_at);
}

/* The recording can be looked at while the host lives. */
static void flush_sometimes(struct live_world *l, cw_ns now)
{
    if (l->flush_at == NS_NEVER && l->rec.packets != l->flushed)
        l->flush_at = ns_add(now, FLUSH_EVERY);
    if (now < l->flush_at)
        return;
    record_flush(l->rec.r);
    l->flushed = l->rec.packets;
    l->flush_at = NS_NEVER;
}

static void pump_run(struct loop_task *task, cw_ns now)
{
    struct live_world *l = container_of(task, struct live_world, pump);

    world_advance(l->world, now);
    ctl_settle(l->ctl, now);
    if (l->rec.r)
        flush_sometimes(l, now);
}

/* ---- the first one makes it ------------------------------------------------------ */

static bool make_world(struct live_world *l, const char **why)
{
    const struct net_opts *o = &l->wish.opts;
    struct world_config    wc;
    struct lab_config      lc = { .hosts = 1,
                                  .fwd = o->spec,
                                  .back = o->spec,
                                  .rules = o->rules,
                                  .nrules = o->nrules,
                                  .settings = o->settings,
                                  .nsettings = o->nsettings,
                                  .arp = o->arp,
                                  .lo_link = true,
                                  .name = "local" };

    world_config_init(&wc, o->seed, memory_alloc());
    wc.start = clock_now();
    wc.csum_offload = o->fast;
    recording_hooks(&l->rec, &wc.hooks);
    l->world = world_new(&wc, why);
    if (!l->world || !world_lab(l->world, &lc, why))
        return false;
    recording_begin(&l->rec, l->world, &wc, &lc, true, l->words);
    return true;
}

static void unmake(struct live_world *l)
{
    world_free(l->world);
    l->world = NULL;
    recording_close(&l->rec);
    if (*l->rec.path)
        unlink(l->rec.path); /* of nothing */
}

static int begin(struct live_world *l, char why[LIVE_TEXT_MAX])
{
    struct net_opts *o = &l->wish.opts;
    struct ctl_stack stack;
    const char      *bad = "";
    char             text[RUNS_WHY_MAX];
    int              status;

    o->record = *l->wish.record ? l->wish.record : NULL;
    net_opts_print(o, l->words, sizeof l->words);
    status = recording_try(&l->rec, o, text);
    if (status != 0) {
        snprintf(why, LIVE_TEXT_MAX, "%s", text);
        return status;
    }
    if (!make_world(l, &bad)) {
        snprintf(why, LIVE_TEXT_MAX, "%s", bad);
        unmake(l);
        return 2;
    }
    stack = ctl_stack_of_world(l->world);
    l->ctl = ctl_new(l->loop, &stack, 1);
    INVARIANT(l->ctl);
    l->pump = (struct loop_task){ .next = pump_next, .run = pump_run };
    loop_add(l->loop, &l->pump);
    live_view_begin(&l->view, l->loop, l->world, l->rec.r);
    return 0;
}

/* ---- those who come later ---------------------------------------------------------- */

static bool same_link(const struct net_opts *a, const struct net_opts *b)
{
    char x[LIVE_TEXT_MAX], y[LIVE_TEXT_MAX];

    net_link_print(a, x, sizeof x);
    net_link_print(b, y, sizeof y);
    return strcmp(x, y) == 0;
}

/* They may say again what holds, and nothing else. */
static int agree(const struct live_world *l, const struct wish *w,
                 char why[LIVE_TEXT_MAX])
{
    const struct net_opts *o = &w->opts, *mine = &l->wish.opts;
    const char            *what = NULL;

    if (o->link_given && !same_link(o, mine))
        what = "its link is settled";
    else if (o->nsettings > 0 && !net_settings_same(o, mine))
        what = "its settings are settled";
    else if (o->seed_given && o->seed != mine->seed)
        what = "its seed is settled";
    else if (*w->record && strcmp(w->record, l->wish.record) != 0)
        what = "its recording has begun";
    else if (o->arp && !mine->arp)
        what = "it began without --arp";
    if (!what)
        return 0;
    snprintf(why, LIVE_TEXT_MAX,
             "a live host runs already and %s: link %s, seed %llu. Leave the "
             "options out to join it, or end it first: causeway host stop",
             what, *l->words ? l->words : "perfect",
             (unsigned long long)mine->seed);
    return 2;
}

static int on_join(void *ctx, const void *opts, size_t len, bool first,
                   struct live_welcome *out, char why[LIVE_TEXT_MAX])
{
    struct live_world *l = ctx;
    static struct wish w;
    int                status;

    if (len != sizeof w) {
        snprintf(why, LIVE_TEXT_MAX, "it is of another build of causeway");
        return 125;
    }
    memcpy(&w, opts, sizeof w);
    if (first)
        l->wish = w;
    status = first ? begin(l, why) : agree(l, &w, why);
    snprintf(out->text, sizeof out->text, "%s", l->words);
    return status;
}

static struct ctl *on_ctl(void *ctx)
{
    return ((struct live_world *)ctx)->ctl;
}

/* ---- what remains ------------------------------------------------------------------ */

static size_t rows(struct live_world *l)
{
    size_t n = cw_snapshot_socks(world_stack(l->world, 1), l->rows, ROWS,
                                 world_now(l->world));

    return MIN(n, (size_t)ROWS);
}

/* What TIME-WAIT keeps is the local port; and whoever still closes needs
 * us. */
static bool on_remains(void *ctx, char text[LIVE_TEXT_MAX])
{
    struct live_world *l = ctx;
    size_t             n = rows(l), waits = 0, closing = 0;
    cw_ns              left = 0;
    char               addr[ADDR_TEXT_MAX] = "";
    unsigned           port = 0;

    for (size_t i = 0; i < n; i++) {
        const struct cw_sock_row *r = &l->rows[i];

        closing += r->sd < 0 && r->state != CW_TIME_WAIT;
        if (r->state != CW_TIME_WAIT)
            continue;
        if (waits++ == 0) {
            addr_print(&r->local.addr, addr);
            port = r->local.port;
        }
        left = ns_max(left, r->timer_left);
    }
    if (waits == 0 && closing == 0)
        return false;
    if (waits > 0)
        snprintf(text, LIVE_TEXT_MAX,
                 "the live host stays for %lld s: it holds %zu TIME-WAIT "
                 "record%s (%s:%u%s); `causeway host stop` ends it",
                 (long long)((left + NS_S - 1) / NS_S), waits,
                 waits == 1 ? "" : "s", addr, port, waits == 1 ? "" : " ...");
    else
        snprintf(text, LIVE_TEXT_MAX,
                 "the live host stays until %zu connection%s closed (60 s at "
                 "most); `causeway host stop` ends it",
                 closing, closing == 1 ? " is" : "s are");
    return true;
}

static void on_status(void *ctx, unsigned members, char text[LIVE_TEXT_MAX])
{
    struct live_world *l = ctx;
    size_t             n = rows(l);

    snprintf(text, LIVE_TEXT_MAX,
             "local 127.0.0.1%s%s; seed %llu; %u program%s, %zu socket%s",
             *l->words ? ", " : "", l->words,
             (unsigned long long)l->wish.opts.seed, members,
             members == 1 ? "" : "s", n, n == 1 ? "" : "s");
}

static void on_ending(void *ctx)
{
    live_view_end(&((struct live_world *)ctx)->view);
}

/* ---- the process --------------------------------------------------------------------- */

static void many_descriptors(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int serve(void)
{
    static struct live_world l;
    struct stat              st;
    struct live_host_config  c = { .listener = LISTENER,
                                   .ctx = &l,
                                   .join = on_join,
                                   .ctl = on_ctl,
                                   .remains = on_remains,
                                   .ending = on_ending,
                                   .status = on_status };

    if (fstat(LISTENER, &st) < 0 || !S_ISSOCK(st.st_mode))
        return complain(2, "host serve: it is what `causeway run` starts");
    if (chdir("/") < 0)
        return 125;
    many_descriptors();
    l.flush_at = NS_NEVER;
    l.loop = c.loop = loop_new();
    INVARIANT(l.loop);
    live_host_run(&c);
    if (l.world)
        recording_end(&l.rec, l.world);
    recording_close(&l.rec);
    return 0; /* the rest goes with the process */
}

static int ask(enum live_want want)
{
    struct live_welcome w;
    int                 status = live_ask(want, &w);

    if (status != 0)
        return complain(status, "%s", w.text);
    if (want == LIVE_STATUS)
        printf("process %d: %s\n", (int)w.pid, w.text);
    else
        say(false, "the live host (process %d) has ended", (int)w.pid);
    return 0;
}

int cmd_host(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "status";

    if (argc > 2)
        return complain(2, "host %s: %s: it takes nothing more", what,
                        argv[2]);
    if (strcmp(what, "status") == 0)
        return ask(LIVE_STATUS);
    if (strcmp(what, "stop") == 0)
        return ask(LIVE_STOP);
    if (strcmp(what, "serve") == 0)
        return serve();
    return complain(2,
                    "host %s: write `causeway host`, or `causeway host "
                    "stop`",
                    what);
}
