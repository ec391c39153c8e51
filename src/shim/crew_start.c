/* crew_start.c: one member of a crew: its descriptors, its start, its state.
 */
#include "shim/crew_own.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lines *pump(struct member *m, int fd, struct lines_out *out)
{
    struct lines *l = malloc(sizeof *l);
    char          prefix[LINES_PREFIX_MAX] = "";

    INVARIANT(l);
    if (m->crew->config.prefix)
        snprintf(prefix, sizeof prefix, "%.16s | ", m->name);
    lines_init(l, m->crew->config.loop, fd, out, prefix);
    return l;
}

static bool start_failed(struct member *m, const char *why, int status)
{
    snprintf(m->crew->story, sizeof m->crew->story, "%s", why);
    m->state = MEMBER_EXITED;
    m->status = status;
    return false;
}

static bool took_over(struct member *m)
{
    struct crew *crew = m->crew;
    int r = notify_init(&m->notify, crew->config.loop, m->child.listener,
                        m->host, &crew->config.sink);

    INVARIANT(r == 0);
    m->taken = true;
    if (crew->config.ctl)
        ctl_front_add(crew->config.ctl, &m->notify.front);
    m->state = MEMBER_RUNS;
    return true;
}

/* Its output goes through us if lines get prefixes; else it has ours. */
static bool start_program(struct member *m)
{
    struct crew        *crew = m->crew;
    struct child_config c = { m->argv, crew->config.fast, -1, -1, -1 };
    int                 out[2] = { -1, -1 }, err[2] = { -1, -1 };
    bool                ok = true;

    if (crew->config.prefix)
        ok = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
    if (!m->last)
        c.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    c.out = out[1];
    c.err = err[1];
    if (!ok)
        start_failed(m, strerror(errno), CHILD_CANNOT_TAKE);
    else if (!(ok = child_start(&c, &m->child)))
        start_failed(m, m->child.why, (int)m->child.fail);
    if (c.in >= 0)
        close(c.in);
    if (out[1] >= 0)
        close(out[1]);
    if (err[1] >= 0)
        close(err[1]);
    if (out[0] >= 0)
        m->out = pump(m, out[0], &crew->out);
    if (err[0] >= 0)
        m->err = pump(m, err[0], &crew->err);
    return ok && took_over(m);
}

bool member_start(struct member *m)
{
    INVARIANT(m->state == MEMBER_WAITS);
    if (m->argv)
        return start_program(m);
    m->out = pump(m, -1, &m->crew->out);
    m->state = MEMBER_RUNS;
    world_builtin_start(m->crew->config.world, (unsigned)m->builtin);
    return true;
}

static void end_lines(struct lines **l)
{
    if (*l)
        lines_fini(*l);
    free(*l);
    *l = NULL;
}

void member_fini(struct member *m)
{
    struct ctl *ctl = m->crew->config.ctl;

    end_lines(&m->out);
    end_lines(&m->err);
    if (!m->taken)
        return;
    if (ctl)
        ctl_front_end(ctl, &m->notify.front);
    notify_fini(&m->notify);
    m->taken = false;
}

bool member_ready(const struct member *m)
{
    const struct crew *crew = m->crew;

    if (m->state == MEMBER_EXITED)
        return true;
    return m->state == MEMBER_RUNS
        && (!crew->config.world
            || world_host_ready(crew->config.world, m->host));
}

bool member_serves(const struct member *m)
{
    const struct crew_config *c = &m->crew->config;

    if (!m->argv)
        return world_builtin_serves(c->world, (unsigned)m->builtin);
    return c->ctl && ctl_serves(c->ctl, m->host)
        && ctl_connected(c->ctl, m->host) == 0
        && child_all_asleep(m->child.pid);
}
