/* ctl_world.c: the world as the stack side of the control interface. */
#include "shim/ctl.h"

static ptrdiff_t call(void *ctx, unsigned host, const struct wcall *c,
                      struct wresult *res)
{
    return world_call(ctx, host, c, res);
}

static unsigned ready(void *ctx, unsigned host, int sd)
{
    return world_ready(ctx, host, sd);
}

static int ready_next(void *ctx, unsigned host)
{
    return world_ready_next(ctx, host);
}

static int queues(void *ctx, unsigned host, int sd, struct cw_queues *out)
{
    return world_queues(ctx, host, sd, out);
}

struct ctl_stack ctl_stack_of_world(struct world *w)
{
    return (struct ctl_stack){ w, call, ready, ready_next, queues };
}
