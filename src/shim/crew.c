/* crew.c: the order of starting, and when it is over.
 *
 * The next program starts once the one before listens, has bound a UDP port
 * or has exited.  The whole is over when every program has exited (and what
 * they left under way has arrived, for a bounded time), or when
 * one has and the others only serve: they listen, no connection of theirs is
 * open, all their threads sleep and no packet is under way, for a while.
 */
#include "shim/crew_own.h"
#include "shim/stuck.h"

#include "base/check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_EVERY  (50 * NS_MS)  /* while somebody has exited */
#define STUCK_EVERY NS_S          /* it costs a look at /proc */
#define IDLE_FOR    (200 * NS_MS) /* then the rest only serves */
#define SAME        (100 * NS_MS) /* one signal may reach us twice */
#define GRACE       (2 * NS_S)    /* from asking to killing */
#define LINGER      (2 * NS_S)    /* for what all have left under way */
#define CLOSING     (60 * NS_S)   /* ... and for others to close, too */

static cw_ns now_of(const struct crew *crew)
{
    return loop_now(crew->config.loop);
}

/* ---- ends -------------------------------------------------------------------- */

static struct member *by_pid(struct crew *crew, pid_t pid)
{
    for (unsigned i = 0; i < crew->n; i++)
        if (crew->members[i].argv && crew->members[i].state == MEMBER_RUNS
            && crew->members[i].child.pid == pid)
            return &crew->members[i];
    return NULL;
}

static void exited(struct member *m, int status)
{
    m->state = MEMBER_EXITED;
    m->status = status;
    if (m->argv && m->crew->config.world)
        world_host_exited(m->crew->config.world, m->host);
}

static void reap(struct crew *crew)
{
    int   w;
    pid_t pid;

    while ((pid = waitpid(-1, &w, WNOHANG)) > 0) {
        struct member *m = by_pid(crew, pid);

        if (m)
            exited(m, WIFEXITED(w) ? WEXITSTATUS(w) : 128 + WTERMSIG(w));
    }
}

static void look_at_builtins(struct crew *crew, cw_ns now)
{
    for (unsigned i = 0; i < crew->n; i++) {
        struct member *m = &crew->members[i];
        int            s;

        if (m->argv || m->state != MEMBER_RUNS)
            continue;
        s = world_builtin_status(crew->config.world, (unsigned)m->builtin);
        if (s < 0)
            continue;
        exited(m, s);
        crew->look_at = now;
    }
}

static unsigned count(const struct crew *crew, enum member_state state)
{
    unsigned n = 0;

    for (unsigned i = 0; i < crew->n; i++)
        n += crew->members[i].state == state;
    return n;
}

static void finish(struct crew *crew, enum crew_end end)
{
    if (!crew->over)
        crew->end = end;
    crew->over = true;
    loop_stop(crew->config.loop);
}

/* ---- starting ------------------------------------------------------------------ */

static void start_more(struct crew *crew)
{
    while (!crew->over && !crew->stopping && crew->started < crew->n) {
        if (crew->started > 0
            && !member_ready(&crew->members[crew->started - 1]))
            return;
        if (!member_start(&crew->members[crew->started++]))
            finish(crew, CREW_FAILED);
    }
}

/* ---- is it over? ---------------------------------------------------------------- */

/* Does every member that runs only serve? */
static bool rest_serves(const struct crew *crew)
{
    for (unsigned i = 0; i < crew->n; i++)
        if (crew->members[i].state == MEMBER_RUNS
            && !member_serves(&crew->members[i]))
            return false;
    return true;
}

static bool net_quiet(const struct crew *crew)
{
    return !crew->config.world || world_under_way(crew->config.world) == 0;
}

/* Has what the programs left behind arrived? */
static bool settled(const struct crew *crew, cw_ns now)
{
    const struct crew_config *c = &crew->config;

    if (c->open && c->world)
        return world_quiet(c->world) || now - crew->left_at >= CLOSING;
    return net_quiet(crew) || now - crew->left_at >= LINGER;
}

/* Can nothing happen any more?  Then the story says who waits for what. */
static bool stuck(struct crew *crew)
{
    const struct crew_config *c = &crew->config;
    struct stuck              s = { .ctl = c->ctl };
    const struct member      *who = NULL;

    if (c->open || !c->ctl || !c->world || world_next(c->world) != NS_NEVER)
        return false;
    for (unsigned i = 0; i < crew->n; i++) {
        const struct member *m = &crew->members[i];

        if (m->state != MEMBER_RUNS)
            continue;
        if (!m->argv || !stuck_look(&s, m->child.pid))
            return false;
        if (!member_serves(m))
            who = m; /* the last one: a client more likely than a server */
    }
    if (!who || !stuck_look(&s, who->child.pid))
        return false;
    snprintf(
        crew->story, sizeof crew->story,
        "nothing can happen any more: %s %s (pid %d) waits in %s(%d), no "
        "packet is under way, no timer is set",
        who->name, s.program, (int)s.pid, s.call, s.fd);
    return true;
}

static void look_for_stuck(struct crew *crew, cw_ns now)
{
    if (now < crew->stuck_at || !net_quiet(crew))
        return;
    crew->stuck_at = ns_add(now, STUCK_EVERY);
    if (crew->was_stuck && stuck(crew))
        finish(crew, CREW_STUCK);
    else
        crew->was_stuck = stuck(crew);
}

static void look(struct crew *crew, cw_ns now)
{
    crew->look_at = ns_add(now, STUCK_EVERY);
    if (crew->started < crew->n)
        return;
    look_for_stuck(crew, now);
    if (crew->over || count(crew, MEMBER_EXITED) == 0)
        return;
    crew->look_at = ns_add(now, LOOK_EVERY);
    if (count(crew, MEMBER_RUNS) == 0) {
        crew->left_at = ns_min(crew->left_at, now);
        if (settled(crew, now))
            finish(crew, CREW_EXITED);
        return;
    }
    if (!net_quiet(crew) || !rest_serves(crew)) {
        crew->idle_since = NS_NEVER;
    } else if (crew->idle_since == NS_NEVER) {
        crew->idle_since = now;
    } else if (now - crew->idle_since >= IDLE_FOR) {
        for (unsigned i = 0; i < crew->n; i++)
            crew->members[i].stopped = crew->members[i].state == MEMBER_RUNS;
        finish(crew, CREW_EXITED);
    }
}

static cw_ns deadline(const struct crew *crew)
{
    return ns_add(crew->begun, crew->config.timeout);
}

static cw_ns task_next(struct loop_task *task)
{
    struct crew *crew = container_of(task, struct crew, task);

    return ns_min(ns_min(deadline(crew), crew->look_at), crew->kill_at);
}

static void task_run(struct loop_task *task, cw_ns now)
{
    struct crew *crew = container_of(task, struct crew, task);

    if (crew->over)
        return;
    look_at_builtins(crew, now);
    start_more(crew);
    if (now >= deadline(crew))
        finish(crew, CREW_TIMEOUT);
    if (now >= crew->kill_at)
        finish(crew, CREW_SIGNAL);
    if (crew->stopping && count(crew, MEMBER_RUNS) == 0)
        finish(crew, CREW_SIGNAL);
    if (!crew->stopping
        && (now >= crew->look_at || count(crew, MEMBER_RUNS) == 0))
        look(crew, now);
}

/* ---- signals -------------------------------------------------------------------- */

/* A terminal sends its signals to the programs, too; others send them to us
 * alone, so they are passed on. */
static void on_signal(struct crew *crew, const struct signalfd_siginfo *si)
{
    int sig = (int)si->ssi_signo;

    if (sig == SIGCHLD) {
        reap(crew);
        crew->look_at = now_of(crew);
        return;
    }
    if (si->ssi_code != SI_KERNEL)
        for (unsigned i = 0; i < crew->n; i++)
            if (crew->members[i].argv
                && crew->members[i].state == MEMBER_RUNS)
                kill(crew->members[i].child.pid, sig);
    if (crew->config.transparent && count(crew, MEMBER_RUNS) > 0)
        return;
    crew->signal = sig;
    crew->stopping = true;
    crew->kill_at = ns_add(now_of(crew), GRACE);
    if (now_of(crew) - crew->signalled >= SAME)
        crew->nsignals++;
    crew->signalled = now_of(crew);
    if (crew->nsignals > 1 || count(crew, MEMBER_RUNS) == 0)
        finish(crew, CREW_SIGNAL);
}

/* Nobody waits for us any more. */
static void on_guard(struct loop_src *src, uint32_t events)
{
    struct crew *crew = container_of(src, struct crew, guard);

    (void)events;
    loop_unwatch(crew->config.loop, src);
    crew->signal = SIGKILL;
    crew->nsignals = 2;
    finish(crew, CREW_SIGNAL);
}

static void on_signals(struct loop_src *src, uint32_t events)
{
    struct crew            *crew = container_of(src, struct crew, signals);
    struct signalfd_siginfo si;

    (void)events;
    while (read(src->fd, &si, sizeof si) == (ssize_t)sizeof si)
        on_signal(crew, &si);
}

/* What was ignored when we began stays so (nohup). */
static void heed(sigset_t *set, int sig)
{
    struct sigaction now;

    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        sigaddset(set, sig);
}

static int watch_signals(struct crew *crew)
{
    sigset_t set;

    sigemptyset(&set);
    signal(SIGCHLD, SIG_DFL);
    heed(&set, SIGCHLD);
    heed(&set, SIGINT);
    heed(&set, SIGTERM);
    heed(&set, SIGHUP);
    heed(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    crew->signals.ready = on_signals;
    crew->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (crew->signals.fd < 0)
        return -errno;
    return loop_watch(crew->config.loop, &crew->signals, EPOLLIN);
}

/* ---- the door --------------------------------------------------------------------- */

struct crew *crew_new(const struct crew_config *config)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (!crew)
        return NULL;
    crew->config = *config;
    crew->out.fd = STDOUT_FILENO;
    crew->err.fd = STDERR_FILENO;
    crew->task = (struct loop_task){ .next = task_next, .run = task_run };
    crew->look_at = ns_add(clock_now(), STUCK_EVERY);
    crew->idle_since = crew->kill_at = crew->left_at = NS_NEVER;
    if (watch_signals(crew) < 0) {
        free(crew);
        return NULL;
    }
    crew->guard = (struct loop_src){ .fd = config->guard, .ready = on_guard };
    if (config->guard >= 0)
        loop_watch(config->loop, &crew->guard, EPOLLIN);
    loop_add(config->loop, &crew->task);
    child_adopt();
    return crew;
}

void crew_free(struct crew *crew)
{
    if (!crew)
        return;
    loop_remove(&crew->task);
    loop_unwatch(crew->config.loop, &crew->guard);
    loop_unwatch(crew->config.loop, &crew->signals);
    close(crew->signals.fd);
    free(crew);
}

static struct member *add(struct crew *crew, unsigned host, const char *name)
{
    struct member *m = &crew->members[crew->n];

    INVARIANT(crew->n < CREW_MAX);
    if (crew->n > 0)
        m[-1].last = false;
    crew->n++;
    m->crew = crew;
    m->host = host;
    m->name = name;
    m->last = true;
    return m;
}

void crew_program(struct crew *crew, unsigned host, const char *name,
                  char *const *argv)
{
    add(crew, host, name)->argv = argv;
}

void crew_builtin(struct crew *crew, unsigned host, const char *name,
                  int builtin)
{
    add(crew, host, name)->builtin = builtin;
}

void crew_output(struct crew *crew, unsigned host, const char *text,
                 size_t len)
{
    for (unsigned i = 0; i < crew->n; i++)
        if (crew->members[i].host == host && crew->members[i].out)
            lines_put(crew->members[i].out, text, len);
}

static unsigned signal_all(struct crew *crew, int sig)
{
    unsigned left = child_kill_all(sig);

    if (left > 0)
        loop_turn(crew->config.loop, clock_now() + 5 * NS_MS);
    reap(crew);
    return left;
}

/* Everything that was started is ended: asked, then killed.  The loop goes
 * on meanwhile, so that their closing is seen on the network. */
static void end_all(struct crew *crew)
{
    cw_ns    until = ns_add(clock_now(), GRACE);
    unsigned runs = count(crew, MEMBER_RUNS);
    unsigned n = signal_all(crew, SIGTERM);

    crew->left_behind = n > runs ? n - runs : 0;
    if (n > 0)
        while (signal_all(crew, 0) > 0)
            if (clock_now() >= until || crew->nsignals > 1)
                break;
    while (signal_all(crew, SIGKILL) > 0)
        ;
    reap(crew);
    loop_turn(crew->config.loop, 0);
}

static void tell(struct crew *crew)
{
    size_t n = 0, room = sizeof crew->story;

    for (unsigned i = 0; i < crew->n; i++) {
        const struct member *m = &crew->members[i];
        const char          *sep = n ? "; " : "";
        int                  k = 0;

        if (m->stopped)
            k = snprintf(crew->story + n, room - n,
                         "%s%s still serving, stopped", sep, m->name);
        else if (m->state == MEMBER_WAITS)
            k = snprintf(crew->story + n, room - n, "%s%s was never started",
                         sep, m->name);
        else if (m->state == MEMBER_RUNS)
            k = snprintf(crew->story + n, room - n, "%s%s was still running",
                         sep, m->name);
        else if (m->state == MEMBER_EXITED && m->status > 128)
            k = snprintf(crew->story + n, room - n, "%s%s killed by %s", sep,
                         m->name, strsignal(m->status - 128));
        else if (m->state == MEMBER_EXITED)
            k = snprintf(crew->story + n, room - n, "%s%s exited %d", sep,
                         m->name, m->status);
        n += k > 0 ? (size_t)k : 0;
        if (n >= room)
            return;
    }
}

enum crew_end crew_run(struct crew *crew)
{
    setenv("PYTHONUNBUFFERED", "1", 0);
    crew->begun = clock_now();
    loop_turn(crew->config.loop, 0);
    while (!crew->over)
        loop_turn(crew->config.loop, NS_NEVER);
    if (crew->end != CREW_FAILED && crew->end != CREW_STUCK)
        tell(crew);
    if (crew->config.ending)
        crew->config.ending(crew->config.ctx);
    end_all(crew);
    for (unsigned i = 0; i < crew->n; i++)
        member_fini(&crew->members[i]);
    lines_end(&crew->out);
    lines_end(&crew->err);
    return crew->end;
}

int crew_status(const struct crew *crew)
{
    switch (crew->end) {
    case CREW_TIMEOUT:
    case CREW_STUCK:
        return 124;
    case CREW_SIGNAL:
        return 128 + crew->signal;
    case CREW_FAILED:
        return crew->members[crew->started - 1].status;
    case CREW_EXITED:
        break;
    }
    for (unsigned i = 0; i < crew->n; i++)
        if (crew->members[i].state == MEMBER_EXITED
            && !crew->members[i].stopped && crew->members[i].status != 0)
            return crew->members[i].status;
    return 0;
}

unsigned crew_left_behind(const struct crew *crew)
{
    return crew->left_behind;
}

const char *crew_story(const struct crew *crew)
{
    return crew->story;
}
