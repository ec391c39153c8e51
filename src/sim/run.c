/* run.c: one world from its seed to its end, in virtual time.
 *
 * Liveness: faults stop at plan.calm; then every connection must finish
 * within the time that backed-off timers can take, and everything must go
 * away within two MSL more.
 */
#include "sim/run.h"
#include <string.h>

/* The largest RTO (120 s) may have been armed just before the calm, and a
 * handful of further round trips may each need one. */
#define PATIENCE  (1200 * NS_S)
#define GOODBYE   (600 * NS_S) /* 2 MSL of the strictest profile, and more */
#define STEPS_MAX 20000000u

void sim_fail(struct sim *s, const char *format, ...)
{
    struct fmt f;
    va_list    ap;

    if (!s->res->ok)
        return; /* the first one counts */
    s->res->ok = false;
    f = fmt_of(s->res->error, sizeof s->res->error);
    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
    fmt_str(&f, " (at ");
    fmt_ns(&f, sim_now(s), 6);
    fmt_str(&f, " s)");
}

static unsigned ecn_settings(const struct sim_plan *p, struct setting *to)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->hosts; i++) {
        struct fmt f;

        if (p->ecn[i] == CW_ECN_PROFILE)
            continue;
        to[n] = (struct setting){ .what = SETTING_ECN,
                                  .value = (uint64_t)p->ecn[i] };
        f = fmt_of(to[n].host, sizeof to[n].host);
        fmt_f(&f, "h%u", i + 1);
        n++;
    }
    return n;
}

static bool make_world(struct sim *s)
{
    struct world_config c;
    struct lab_config   lab = { .hosts = s->plan.hosts,
                                .fwd = s->plan.fwd,
                                .back = s->plan.back,
                                .arp = s->plan.arp };
    const char         *why = "";
    struct setting      ecn[SIM_HOSTS_MAX];

    lab.settings = ecn;
    lab.nsettings = ecn_settings(&s->plan, ecn);
    world_config_init(&c, s->opt.seed, s->opt.alloc);
    c.hooks = oracle_hooks(s);
    c.stack.profile = s->opt.profile < 0 ? s->plan.profile
                                         : (enum cw_profile)s->opt.profile;
    c.stack.no_timestamps = s->plan.no_ts;
    c.stack.no_sack = s->plan.no_sack;
    c.stack.no_wscale = s->plan.no_wscale;
    for (unsigned i = 0; i < s->opt.nsettings; i++)
        setting_apply(&s->opt.settings[i], &c.stack);
    s->w = world_new(&c, &why);
    if (!s->w || !world_lab(s->w, &lab, &why)) {
        sim_fail(s, "no world: %s", why);
        return false;
    }
    return true;
}

static void calm_down(struct sim *s)
{
    struct link_spec still = { .delay = s->plan.fwd.delay };

    s->calm = true;
    for (unsigned i = 0; i < world_links(s->w); i++)
        for (unsigned d = 0; d < LINK_DIRS; d++)
            if (!world_link_set(s->w, i, d, &still))
                sim_fail(s, "the link cannot be calmed");
}

static void run_until_done(struct sim *s)
{
    cw_ns limit = ns_add(s->plan.calm, PATIENCE);

    while (s->res->ok && !ends_done(s)) {
        cw_ns next = ns_min(world_next(s->w), ends_next(s));

        if (!s->calm)
            next = ns_min(next, s->plan.calm);
        if (next == NS_NEVER || next > limit) {
            sim_fail(s, "not finished, and %s",
                     next == NS_NEVER ? "nothing will happen any more"
                                      : "time is up");
            return;
        }
        world_advance(s->w, next);
        if (!s->calm && next >= s->plan.calm)
            calm_down(s);
        ends_turn(s);
        if (s->steps++ % 64 == 0)
            oracle_step(s);
        if (s->steps > STEPS_MAX)
            sim_fail(s, "no end of steps");
    }
}

static void say_goodbye(struct sim *s)
{
    s->res->end = world_now(s->w);
    world_advance(s->w, ns_add(world_now(s->w), 5 * NS_S));
    ends_close_datagrams(s);
    if (!s->calm) /* or a burst of losses may outlast an orphan's tries */
        calm_down(s);
    world_advance(s->w, ns_add(world_now(s->w), GOODBYE));
    if (s->res->ok)
        oracle_end(s);
}

/* Marks, and no modes of the seed's own: the setting is for all hosts. */
static void one_mode(struct sim *s)
{
    memset(s->plan.ecn, 0, sizeof s->plan.ecn);
    plan_marks(&s->plan, s->opt.seed);
}

bool sim_run(const struct sim_options *o, struct sim_result *res)
{
    struct sim *s = o->alloc->alloc(o->alloc->ctx, sizeof *s, 16);

    *res = (struct sim_result){ .ok = true };
    if (!s) {
        res->ok = false;
        return false;
    }
    memset(s, 0, sizeof *s);
    s->opt = *o;
    s->res = res;
    s->content.k0 = o->seed * UINT64_C(0x9e3779b97f4a7c15);
    plan_draw(&s->plan, o->seed);
    for (unsigned i = 0; i < o->nsettings; i++)
        if (o->settings[i].what == SETTING_ECN)
            one_mode(s);
    res->hosts = s->plan.hosts;
    res->conns = s->plan.nconns;
    res->datagrams = s->plan.ndgrams;
    if (!sim_log_begin(s))
        sim_fail(s, "no memory for a log");
    else if (make_world(s)) {
        ends_begin(s);
        run_until_done(s);
        say_goodbye(s);
    }
    if (s->w)
        world_free(s->w);
    sim_log_end(s);
    o->alloc->free(o->alloc->ctx, s, sizeof *s);
    return res->ok;
}
