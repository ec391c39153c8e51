/* outside.c: see outside.h. */
#include "cli/outside.h"
#include "cli/say.h"

#include "base/check.h"
#include "drv/tap.h"
#include "world/world.h"

#include <string.h>
#include <sys/epoll.h>

/* Frames at once, and how many times in a turn of the loop: then programs
 * and timers have theirs. */
enum { BURST = 64, BURSTS = 8 };

static void lost(struct outside *o)
{
    say(false, "%s is gone: nothing arrives there any more", o->dev);
    loop_unwatch(o->loop, &o->src);
    o->src.fd = -1;
}

static void on_frames(struct loop_src *src, uint32_t events)
{
    struct outside *o = container_of(src, struct outside, src);
    struct cw_pkt   burst[BURST];
    int             n = BURST;

    (void)events;
    world_advance(o->world, loop_now(o->loop));
    for (unsigned i = 0; i < BURSTS && n == BURST; i++) {
        n = o->driver->ops->recv(o->driver, world_outside_stack(o->world),
                                 burst, BURST);
        if (n > 0)
            world_outside_in(o->world, burst, (unsigned)n);
    }
    if (n < 0)
        lost(o);
}

int outside_open(struct outside *o, const struct net_opts *opts)
{
    const char *name = opts->dev + strlen("tap:");
    char        why[TAP_WHY_MAX];

    o->src.fd = -1;
    if (!*opts->dev)
        return 0;
    o->dev = opts->dev;
    o->driver = tap_open(name, why);
    if (!o->driver)
        return complain(125, "--dev %s", why);
    if (!tap_is_up(o->driver))
        say(opts->quiet,
            "%s is not up on the kernel's side, so nothing "
            "passes: ip link set %s up && ip addr add ADDRESS/BITS dev %s",
            o->dev, name, name);
    return 0;
}

void outside_watch(struct outside *o, struct loop *loop, struct world *w)
{
    int error;

    if (!o->driver)
        return;
    o->loop = loop;
    o->world = w;
    o->src = (struct loop_src){ .fd = o->driver->ops->wait_fd(o->driver),
                                .ready = on_frames };
    error = loop_watch(loop, &o->src, EPOLLIN);
    INVARIANT(error == 0);
}

/* ---- addresses that are found out ------------------------------------------- */

#define PATIENCE (30 * NS_S)

/* Time passes in the world, while there are no programs yet. */
struct pump {
    struct loop_task task;
    struct world    *world;
};

static cw_ns pump_next(struct loop_task *task)
{
    return world_next(container_of(task, struct pump, task)->world);
}

static void pump_run(struct loop_task *task, cw_ns now)
{
    world_advance(container_of(task, struct pump, task)->world, now);
}

int outside_settle(struct outside *o, const struct net_opts *opts)
{
    const struct lab_outside *out = &opts->outside;
    struct pump pump = { .task = { .next = pump_next, .run = pump_run },
                         .world = o->world };
    cw_ns       until = ns_add(clock_now(), PATIENCE);
    bool        done = false;

    if (!out->lent4 && !out->heard6)
        return 0;
    loop_add(o->loop, &pump.task);
    while (!done && clock_now() < until) {
        loop_turn(o->loop, until);
        done = world_settled(o->world);
    }
    loop_remove(&pump.task);
    if (done)
        return 0;
    return complain(125,
                    "--addr %s: on %s nobody has %s within 30 s; give an "
                    "address instead, as --addr 10.9.0.2/24",
                    out->lent4 ? "dhcp" : "auto", o->dev,
                    out->lent4 ? "lent one" : "advertised a prefix");
}

void outside_send(struct outside *o, struct cw_pkt *pkts, unsigned n)
{
    unsigned taken = o->driver->ops->send(o->driver, pkts, n);

    INVARIANT(taken <= n);
    for (; taken < n; taken++)
        cw_pkt_free(&pkts[taken]);
}

void outside_close(struct outside *o)
{
    if (!o->driver)
        return;
    if (o->loop && o->src.fd >= 0)
        loop_unwatch(o->loop, &o->src);
    o->driver->ops->close(o->driver);
    o->driver = NULL;
}
