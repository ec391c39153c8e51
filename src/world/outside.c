/* outside.c: the network that a world is joined to: "net", which is a host
 * without interfaces at the other end of every host's link.
 *
 *   Owns:      its buffers; the way in and the way out.
 *   Does not   know what carries frames there: a hook takes them, and
 *              world_outside_in() brings them.
 *   Invariant: frames that came at once enter the links before anything of
 *              them arrives, and are recorded as one burst, so that a replay
 *              gives the stacks the same bursts.
 */
#include "world/inner.h"

bool outside_new(struct world *w, const char **why)
{
    struct cw_config c = w->config.stack;
    struct host     *h = world_alloc(w, sizeof(*h));
    struct fmt       f;

    INVARIANT(w->outside == 0 && w->nhosts < STATIONS_MAX);
    *why = "no memory for what is outside";
    if (!h)
        return false;
    c.on_event = NULL;
    h->number = w->nhosts + 1;
    h->st = cw_stack_new(&c, w->config.alloc, why);
    if (!h->st) {
        world_give(w, h, sizeof(*h));
        return false;
    }
    f = fmt_of(h->name, sizeof(h->name));
    fmt_str(&f, "net");
    w->outside = h->number;
    w->hosts[w->outside] = h;
    return true;
}

unsigned world_outside(const struct world *w)
{
    return w->outside;
}

cw_stack *world_outside_stack(const struct world *w)
{
    return world_host_of(w, w->outside)->st;
}

void outside_take(struct world *w, struct cw_pkt *pkts, unsigned n)
{
    const struct world_hooks *hooks = &w->config.hooks;

    if (n > 0 && hooks->outside) {
        hooks->outside(hooks->ctx, pkts, n);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        cw_pkt_free(&pkts[i]);
}

void world_outside_in(struct world *w, struct cw_pkt *pkts, unsigned n)
{
    INVARIANT(w->outside);
    for (unsigned i = 0; i < n; i++)
        carry_inward(w, &pkts[i], i + 1 < n);
    world_settle(w);
    builtins_hear(w);
}
