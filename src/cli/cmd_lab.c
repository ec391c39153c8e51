/* cmd_lab.c: several hosts, a program or a built-in endpoint on each.
 *
 *     causeway lab [LINK OPTIONS] -- P1 : P2 ...
 */
#include "cli/cmd.h"
#include "cli/live_view.h"
#include "cli/netopts.h"
#include "cli/outside.h"
#include "cli/recording.h"
#include "cli/say.h"

#include "base/addr.h"
#include "base/check.h"
#include "loop/loop.h"
#include "shim/crew.h"
#include "shim/guard.h"
#include "world/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct lab {
    struct net_opts  opts;
    struct loop     *loop;
    struct world    *world;
    struct ctl      *ctl;
    struct crew     *crew;
    struct loop_task pump;
    struct lines_out out;
    struct lines     lines[CREW_MAX]; /* of endpoints, in virtual time */
    unsigned         n;
    char           **argv[CREW_MAX]; /* each ends with NULL */
    int              argc[CREW_MAX];
    int              builtin[CREW_MAX]; /* its number, or -1 */
    bool             real;              /* the clock */
    bool           alone; /* `run`: one program, its own output and signals */
    struct outside outside;
    cw_ns          epoch;
    struct recording rec;
    struct live_view view;
};

/* ---- hooks ------------------------------------------------------------------ */

static void on_output(void *ctx, unsigned host, const char *text, size_t len)
{
    struct lab *lab = container_of(ctx, struct lab, rec);

    if (lab->crew)
        crew_output(lab->crew, host, text, len);
    else
        lines_put(&lab->lines[host - 1], text, len);
}

static void on_outside(void *ctx, struct cw_pkt *pkts, unsigned n)
{
    struct lab *lab = container_of(ctx, struct lab, rec);

    outside_send(&lab->outside, pkts, n);
}

/* ---- setting up --------------------------------------------------------------- */

/* Cuts the words at each ":" that stands alone. */
static bool split(struct lab *lab, int argc, char **argv)
{
    for (int i = 0; i < argc;) {
        int n = 0;

        while (i + n < argc && strcmp(argv[i + n], ":") != 0)
            n++;
        if (n == 0 || lab->n == CREW_MAX)
            return false;
        argv[i + n] = NULL;
        lab->argv[lab->n] = argv + i;
        lab->argc[lab->n] = n;
        lab->builtin[lab->n++] = -1;
        lab->real |= argv[i][0] != '@';
        i += n + 1;
        if (i == argc)
            return false; /* a ":" is the last word */
    }
    return lab->n > 0;
}

static bool make_world(struct lab *lab, const char **why)
{
    char                words[512];
    struct world_config wc;
    struct lab_config   lc = { .hosts = lab->n,
                               .fwd = lab->opts.spec,
                               .back = lab->opts.spec,
                               .rules = lab->opts.rules,
                               .nrules = lab->opts.nrules,
                               .settings = lab->opts.settings,
                               .nsettings = lab->opts.nsettings,
                               .arp = lab->opts.arp,
                               .outside = lab->opts.outside };

    world_config_init(&wc, lab->opts.seed, memory_alloc());
    wc.start = lab->epoch = lab->real ? clock_now() : 0;
    wc.csum_offload = lab->opts.fast;
    recording_hooks(&lab->rec, &wc.hooks);
    wc.hooks.output = on_output;
    wc.hooks.outside = lab->outside.driver ? on_outside : NULL;
    lab->world = world_new(&wc, why);
    if (!lab->world || !world_lab(lab->world, &lc, why))
        return false;
    net_opts_print(&lab->opts, words, sizeof words);
    recording_begin(&lab->rec, lab->world, &wc, &lc, lab->real, words);
    return true;
}

static void banner(const struct lab *lab)
{
    char   hosts[640] = "", link[512], addr[ADDR_TEXT_MAX];
    size_t n = 0;

    for (unsigned h = 1; h <= lab->n && n < sizeof hosts; h++) {
        bool v6 = lab->opts.outside.heard6 && !lab->opts.outside.lent4;
        struct cw_addr a = v6 ? world_host_addr6(lab->world, h)
                              : world_host_addr4(lab->world, h);

        addr_print(&a, addr);
        n += (size_t)snprintf(hosts + n, sizeof hosts - n, "%s%s %s",
                              n ? ", " : "", world_host_name(lab->world, h),
                              addr);
    }
    net_opts_print(&lab->opts, link, sizeof link);
    say(lab->opts.quiet, "%s%s%s; link%s %s; seed %llu; %s time", hosts,
        *lab->opts.dev ? " on " : "", lab->opts.dev,
        lab->n == 2 && !*lab->opts.dev ? " h1-h2" : "s",
        *link ? link : "perfect", (unsigned long long)lab->opts.seed,
        lab->real ? "real" : "virtual");
}

/* Judged before anything starts. */
static int add_builtins(struct lab *lab)
{
    for (unsigned i = 0; i < lab->n; i++) {
        char       text[256];
        struct fmt err = fmt_of(text, sizeof text);

        if (lab->argv[i][0][0] != '@')
            continue;
        lab->builtin[i] = world_builtin_add(
            lab->world, i + 1, (unsigned)lab->argc[i],
            (const char *const *)lab->argv[i], &err);
        if (lab->builtin[i] < 0)
            return complain(2, "%s", text);
    }
    return 0;
}

/* ---- the world under a real clock -------------------------------------------- */

static cw_ns pump_next(struct loop_task *task)
{
    struct lab *lab = container_of(task, struct lab, pump);

    return ns_min(world_next(lab->world), ctl_next(lab->ctl));
}

static void pump_run(struct loop_task *task, cw_ns now)
{
    struct lab *lab = container_of(task, struct lab, pump);

    world_advance(lab->world, now);
    ctl_settle(lab->ctl, now);
}

static void on_ending(void *ctx)
{
    struct lab *lab = ctx;

    owners_record(lab->rec.r, lab->world);
    recording_end(&lab->rec, lab->world);
}

static void set_up_crew(struct lab *lab)
{
    struct ctl_stack   stack = ctl_stack_of_world(lab->world);
    struct crew_config cc = { .loop = lab->loop,
                              .world = lab->world,
                              .fast = lab->opts.fast,
                              .prefix = lab->n > 1,
                              .timeout = lab->opts.timeout,
                              .guard = guard_split(),
                              .open = lab->opts.outside.on,
                              .transparent = lab->alone
                                  && lab->builtin[0] < 0,
                              .ending = on_ending,
                              .ctx = lab };

    lab->ctl = ctl_new(lab->loop, &stack, lab->n);
    INVARIANT(lab->ctl);
    cc.ctl = lab->ctl;
    cc.sink = call_sink_of_ctl(lab->ctl);
    lab->crew = crew_new(&cc);
    INVARIANT(lab->crew);
    for (unsigned i = 0; i < lab->n; i++) {
        const char *name = world_host_name(lab->world, i + 1);

        if (lab->builtin[i] >= 0)
            crew_builtin(lab->crew, i + 1, name, lab->builtin[i]);
        else
            crew_program(lab->crew, i + 1, name, lab->argv[i]);
    }
    lab->pump = (struct loop_task){ .next = pump_next, .run = pump_run };
    loop_add(lab->loop, &lab->pump);
}

static int run_real(struct lab *lab)
{
    int status;

    set_up_crew(lab);
    live_view_begin(&lab->view, lab->loop, lab->world, lab->rec.r);
    switch (crew_run(lab->crew)) {
    case CREW_FAILED:
        complain(0, "%s", crew_story(lab->crew));
        break;
    case CREW_TIMEOUT:
        complain(0, "stopped by --timeout; %s", crew_story(lab->crew));
        break;
    case CREW_EXITED:
    case CREW_STUCK:
    case CREW_SIGNAL:
        say(lab->opts.quiet || lab->alone, "%s", crew_story(lab->crew));
        break;
    }
    status = crew_status(lab->crew);
    live_view_end(&lab->view);
    crew_free(lab->crew);
    lab->crew = NULL;
    loop_remove(&lab->pump);
    ctl_free(lab->ctl);
    return status;
}

static int run_virtual(struct lab *lab)
{
    char prefix[LINES_PREFIX_MAX] = "";
    int  status;

    lab->out.fd = STDOUT_FILENO;
    for (unsigned i = 0; i < lab->n; i++) {
        if (lab->n > 1)
            snprintf(prefix, sizeof prefix, "%s | ",
                     world_host_name(lab->world, i + 1));
        lines_init(&lab->lines[i], lab->loop, -1, &lab->out, prefix);
    }
    status = world_run_builtins(lab->world,
                                ns_add(lab->epoch, lab->opts.timeout));
    for (unsigned i = 0; i < lab->n; i++)
        lines_fini(&lab->lines[i]);
    lines_end(&lab->out);
    recording_end(&lab->rec, lab->world);
    if (status == 124)
        say(false,
            world_next(lab->world) == NS_NEVER
                ? "nothing can happen any more: no packet is under "
                  "way, no timer is set"
                : "stopped by --timeout");
    return status;
}

static int run(struct lab *lab)
{
    const char *why = "";
    cw_ns       began = clock_now();
    int         status;

    if (!make_world(lab, &why))
        return complain(2, "lab: %s", why);
    status = add_builtins(lab);
    if (status != 0)
        return status;
    outside_watch(&lab->outside, lab->loop, lab->world);
    status = outside_settle(&lab->outside, &lab->opts);
    if (status != 0)
        return status;
    banner(lab);
    status = lab->real ? run_real(lab) : run_virtual(lab);
    if (status == 124)
        recording_hint(&lab->rec, lab->epoch);
    recording_summary(&lab->rec, &lab->opts, lab->epoch, clock_now() - began);
    return status;
}

/* What could not be started is told before anything is. */
static int startable(const struct lab *lab)
{
    for (unsigned i = 0; i < lab->n; i++) {
        struct child no;

        if (lab->argv[i][0][0] != '@' && !child_can(lab->argv[i][0], &no))
            return complain((int)no.fail, "%s", no.why);
    }
    return 0;
}

/* Its words are split. */
static int run_lab(struct lab *lab)
{
    int status = startable(lab);

    if (status != 0)
        return status;
    lab->real |= lab->opts.clock == NET_CLOCK_REAL || lab->opts.outside.on;
    lab->loop = loop_new();
    INVARIANT(lab->loop);
    status = outside_open(&lab->outside, &lab->opts)
        ?: recording_open(&lab->rec, &lab->opts);
    if (status == 0)
        status = run(lab);
    outside_close(&lab->outside);
    world_free(lab->world);
    recording_close(&lab->rec);
    loop_free(lab->loop);
    return status;
}

int cmd_run_on_device(const struct net_opts *opts, int argc, char **argv,
                      int at)
{
    static struct lab lab;

    lab.opts = *opts;
    lab.alone = true;
    lab.n = 1;
    lab.argv[0] = argv + at;
    lab.argc[0] = argc - at;
    lab.builtin[0] = -1;
    if (lab.opts.clock == NET_CLOCK_VIRTUAL)
        return complain(2,
                        "run --clock virtual: what is outside lives in "
                        "real time");
    if (!lab.opts.seed_given)
        lab.opts.seed = entropy_seed();
    return run_lab(&lab);
}

int cmd_lab(int argc, char **argv)
{
    static struct lab lab;
    int               at = net_opts_parse(&lab.opts, argc, argv);

    if (at < 0)
        return complain(2, "lab: %s", lab.opts.why);
    if (at == 0)
        return puts("causeway lab --delay 20ms -- python3 server.py : "
                    "python3 client.py h1")
            < 0;
    if (!lab.opts.seed_given)
        lab.opts.seed = 1;
    if (!split(&lab, argc - at, argv + at))
        return complain(2,
                        "lab: a program is missing beside a `:`, or there "
                        "are more than %d",
                        (int)CREW_MAX);
    if (lab.opts.clock == NET_CLOCK_VIRTUAL && lab.real)
        return complain(2,
                        "--clock virtual: programs run in real time; only "
                        "built-in endpoints (@upper, @send ...) can run "
                        "in virtual time");
    if (lab.opts.clock == NET_CLOCK_VIRTUAL && lab.opts.outside.on)
        return complain(2,
                        "--clock virtual: what is outside lives in real "
                        "time; leave --dev out");
    return run_lab(&lab);
}
