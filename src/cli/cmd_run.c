/* cmd_run.c: a program on the user's live host.
 *
 *     causeway run [LINK OPTIONS] -- PROGRAM ARGS
 *
 * This process supervises the program and forwards its calls; the stack is
 * in the live host (cmd_host.c).  Nothing is started that cannot be taken
 * over.  With --dev the host is the program's own (cmd_lab.c).
 */
#include "cli/cmd.h"
#include "cli/say.h"
#include "cli/wish.h"

#include "base/check.h"
#include "shim/crew.h"
#include "shim/guard.h"
#include "shim/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct front {
    struct wish  wish;
    struct live  live;
    struct loop *loop;
    struct crew *crew;
    char       **argv;
};

/* ---- before anything is started --------------------------------------------- */

static int check_options(const struct front *run)
{
    if (run->wish.opts.clock == NET_CLOCK_VIRTUAL)
        return complain(2,
                        "run --clock virtual: programs run in real time; "
                        "built-in endpoints run in virtual time in a lab");
    if (run->argv[0][0] == '@')
        return complain(2,
                        "run: %s: built-in endpoints belong to a lab: "
                        "causeway lab -- %s ...",
                        run->argv[0], run->argv[0]);
    return 0;
}

static int check_program(const struct front *run)
{
    struct child no;
    int          r;

    if (!child_can(run->argv[0], &no))
        return complain((int)no.fail, "%s", no.why);
    r = child_try_filter();
    if (r < 0)
        return complain(125,
                        "%s: its sockets cannot be taken over: seccomp: "
                        "%s%s; it was NOT started (causeway doctor says "
                        "more)",
                        run->argv[0], strerror(-r),
                        r == -EBUSY ? " (another supervisor has it already, "
                                      "perhaps causeway)"
                                    : "");
    if (child_loses_rights(run->argv[0]))
        say(run->wish.opts.quiet,
            "%s: it runs without the rights of its "
            "file (set-user-ID): seccomp takes them away",
            run->argv[0]);
    return 0;
}

/* The live host's directory is another one. */
static int absolute(struct wish *wish)
{
    const char *file = wish->opts.record;
    char        cwd[RUNS_PATH_MAX / 2] = "";
    int         n;

    wish->opts.record = NULL;
    if (!file)
        return 0;
    if (*file != '/' && !getcwd(cwd, sizeof cwd))
        return complain(2, "--record %s: %s", file, strerror(errno));
    n = snprintf(wish->record, sizeof wish->record, "%s%s%s", cwd,
                 *file == '/' ? "" : "/", file);
    return n < (int)sizeof wish->record
        ? 0
        : complain(2, "--record: the name is too long");
}

/* ---- running it ------------------------------------------------------------- */

static void banner(const struct front *run)
{
    const struct live_welcome *w = &run->live.welcome;
    const char                *sep = *w->text ? ", " : "";

    if (w->first)
        say(run->wish.opts.quiet, "host local 127.0.0.1%s%s; real time", sep,
            w->text);
    else if (run->wish.opts.verbose)
        say(false, "joined the live host (process %d): local 127.0.0.1%s%s",
            (int)w->pid, sep, w->text);
}

static int how_it_ended(const struct front *run, enum crew_end end)
{
    unsigned left = crew_left_behind(run->crew);

    switch (end) {
    case CREW_FAILED:
        complain(0, "%s", crew_story(run->crew));
        break;
    case CREW_TIMEOUT:
        complain(0, "%s: stopped by --timeout", run->argv[0]);
        break;
    case CREW_EXITED:
    case CREW_STUCK:
    case CREW_SIGNAL:
        if (left > 0)
            say(run->wish.opts.quiet, "%s left %u process%s behind; stopped",
                run->argv[0], left, left == 1 ? "" : "es");
        break;
    }
    return crew_status(run->crew);
}

static int supervise(struct front *run)
{
    struct crew_config cc = { .loop = run->loop,
                              .sink = live_sink(&run->live),
                              .fast = run->wish.opts.fast,
                              .timeout = run->wish.opts.timeout,
                              .guard = guard_split(),
                              .transparent = true };
    int                status;

    run->crew = crew_new(&cc);
    INVARIANT(run->crew);
    crew_program(run->crew, 1, "local", run->argv);
    status = how_it_ended(run, crew_run(run->crew));
    crew_free(run->crew);
    return status;
}

static int joined(struct front *run)
{
    const char *last;
    int         status;

    banner(run);
    run->loop = loop_new();
    INVARIANT(run->loop);
    live_watch(&run->live, run->loop);
    status = supervise(run);
    last = live_leave(&run->live);
    if (run->live.lost)
        status = complain(125, "%s; the sockets of %s ended with it", last,
                          run->argv[0]);
    else if (*last)
        say(run->wish.opts.quiet, "%s", last);
    loop_free(run->loop);
    return status;
}

int cmd_run(int argc, char **argv)
{
    static struct front run;
    struct net_opts    *o = &run.wish.opts;
    int                 at = net_opts_parse(o, argc, argv), status;

    if (at < 0)
        return complain(2, "run: %s", o->why);
    if (at == 0)
        return puts("causeway run --delay 20ms -- python3 server.py") < 0;
    if (o->outside.on)
        return cmd_run_on_device(o, argc, argv, at);
    run.argv = argv + at;
    status = check_options(&run) ?: absolute(&run.wish)
                 ?: check_program(&run);
    if (status != 0)
        return status;
    if (!o->seed_given)
        o->seed = entropy_seed();
    status = live_join(&run.live, true, &run.wish, sizeof run.wish);
    if (status != 0)
        return complain(status, "run: %s", run.live.why);
    return joined(&run);
}
