/* world.c: the clock that is given, the order in which things happen, and
 * the calls on hosts.
 *
 *   Owns:      `now`; the rule of equal times: timers, then packets, then
 *              calls; by host number; by sequence.
 *   Does not   read a clock, nor decide what a frame or a program does.
 *   Invariant: after every entry nothing is left that could happen at `now`.
 *
 * A call by a built-in endpoint takes the same path as one from outside:
 * world_call() lets everything happen that needs no time.  That is why
 * replaying the calls alone, at their times, gives the same packets.
 */
#include "world/inner.h"
#include "stack/stack.h"

void world_config_init(struct world_config *c, uint64_t seed,
                       const struct cw_alloc *alloc)
{
    memset(c, 0, sizeof(*c));
    c->seed = seed;
    c->alloc = alloc;
    cw_config_init(&c->stack, seed);
}

struct world *world_new(const struct world_config *c, const char **why)
{
    const struct cw_alloc *a = c->alloc;
    struct world          *w = a->alloc(a->ctx, sizeof(*w), 16);

    if (!w) {
        *why = "no memory for a world";
        return NULL;
    }
    memset(w, 0, sizeof(*w));
    w->config = *c;
    w->now = c->start;
    w->seed = sipkey_load(c->stack.seed);
    w->seed.k0 ^= c->seed;
    list_init(&w->builtins);
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    w->config.hooks = (struct world_hooks){ 0 };
    builtins_free(w);
    for (unsigned i = 0; i < w->nlinks; i++)
        wlink_free(w, w->links[i]);
    for (unsigned n = 1; n <= stations(w); n++)
        world_host_free(w, w->hosts[n]);
    w->config.alloc->free(w->config.alloc->ctx, w, sizeof(*w));
}

/* ---- time -------------------------------------------------------------- */

static cw_ns timers_next(const struct world *w)
{
    cw_ns next = NS_NEVER;

    for (unsigned n = 1; n <= w->nhosts; n++)
        next = ns_min(next, cw_stack_deadline(w->hosts[n]->st));
    return next;
}

static bool run_timers(struct world *w)
{
    bool any = false;

    for (unsigned n = 1; n <= w->nhosts; n++) {
        struct host *h = w->hosts[n];

        if (cw_stack_deadline(h->st) > w->now)
            continue;
        cw_stack_advance(h->st, w->now);
        carry_from(w, h);
        any = true;
    }
    return any;
}

void world_settle(struct world *w)
{
    bool any;

    do {
        any = run_timers(w);
        any |= carry_arrivals(w);
    } while (any);
}

cw_ns world_now(const struct world *w)
{
    return w->now;
}

cw_ns world_next(const struct world *w)
{
    cw_ns next = ns_min(timers_next(w), carry_next(w));

    next = ns_min(next, builtins_next(w));
    return ns_max(next, w->now);
}

void world_advance(struct world *w, cw_ns now)
{
    cw_ns next;

    while ((next = world_next(w)) <= now && next != NS_NEVER) {
        w->now = next;
        world_settle(w);
        builtins_run(w);
    }
    if (now > w->now && now != NS_NEVER)
        w->now = now;
}

size_t world_under_way(const struct world *w)
{
    size_t n = 0;

    for (unsigned i = 0; i < w->nlinks; i++)
        n += link_under_way(w->links[i]->l);
    for (unsigned h = 1; h <= w->nhosts; h++)
        n += w->hosts[h]->nheld;
    return n;
}

bool world_quiet(const struct world *w)
{
    if (world_under_way(w))
        return false;
    for (unsigned n = 1; n <= w->nhosts; n++)
        if (!stack_idle(w->hosts[n]->st))
            return false;
    return true;
}

/* ---- calls ------------------------------------------------------------- */

bool wcall_matters(const struct wcall *call)
{
    switch ((enum event_call)call->op) {
    case EVC_GETSOCKNAME:
    case EVC_GETPEERNAME:
    case EVC_SET_OWNER:
        return false;
    case EVC_GETSOCKOPT: /* reading the pending error takes it */
        return call->a == CW_SOL_SOCKET && call->b == CW_SO_ERROR;
    case EVC_SOCKET:
    case EVC_BIND:
    case EVC_LISTEN:
    case EVC_ACCEPT:
    case EVC_CONNECT:
    case EVC_SEND:
    case EVC_RECV:
    case EVC_SHUTDOWN:
    case EVC_CLOSE:
    case EVC_SETSOCKOPT:
    case EVC_HELD:
        return true;
    case EVC_NONE:
    case EVC_COUNT_OF:
        break;
    }
    return false;
}

static ptrdiff_t call_send(struct world *w, cw_stack *st,
                           const struct wcall *c)
{
    struct cw_msg msg = {
        .buf = (void *)(uintptr_t)c->in, /* only read */
        .len = c->in_len,
        .addr = c->addr,
        .has_addr = c->has_addr,
        .flags = c->a,
        .anc = c->anc,
    };

    return cw_sendmsg(st, c->sd, &msg, w->now);
}

static ptrdiff_t call_recv(struct world *w, cw_stack *st,
                           const struct wcall *c, struct wresult *r)
{
    struct cw_msg msg = { .buf = c->out, .len = c->out_len, .flags = c->a };
    ptrdiff_t     n = cw_recvmsg(st, c->sd, &msg, w->now);

    if (n > 0) /* MSG_TRUNC tells more than there is */
        r->len = MIN((size_t)n, c->out_len);
    r->has_addr = msg.has_addr;
    r->truncated = msg.truncated;
    r->addr = msg.addr;
    r->local = msg.local;
    r->flags = msg.flags;
    r->anc = msg.anc;
    return n;
}

/* Calls that make, name and end sockets. */
static ptrdiff_t call_life(struct world *w, cw_stack *st,
                           const struct wcall *c, struct wresult *r)
{
    switch ((unsigned)c->op) {
    case EVC_SOCKET:
        return cw_socket(st, c->a, c->b, c->c, w->now);
    case EVC_BIND:
        return cw_bind(st, c->sd, &c->addr, w->now);
    case EVC_LISTEN:
        return cw_listen(st, c->sd, c->a, w->now);
    case EVC_ACCEPT:
        r->ret = cw_accept(st, c->sd, &r->addr, w->now);
        r->has_addr = r->ret >= 0;
        return r->ret;
    case EVC_CONNECT:
        return cw_connect(st, c->sd, c->has_addr ? &c->addr : NULL, w->now);
    case EVC_SHUTDOWN:
        return cw_shutdown(st, c->sd, c->a, w->now);
    case EVC_CLOSE:
        return cw_close(st, c->sd, w->now);
    case EVC_GETSOCKNAME:
        r->ret = cw_getsockname(st, c->sd, &r->addr);
        r->has_addr = r->ret == 0;
        return r->ret;
    case EVC_GETPEERNAME:
        r->ret = cw_getpeername(st, c->sd, &r->addr);
        r->has_addr = r->ret == 0;
        return r->ret;
    }
    return -CW_EINVAL;
}

static ptrdiff_t call_any(struct world *w, cw_stack *st,
                          const struct wcall *c, struct wresult *r)
{
    switch ((unsigned)c->op) {
    case EVC_SEND:
        return call_send(w, st, c);
    case EVC_RECV:
        return call_recv(w, st, c, r);
    case EVC_SETSOCKOPT:
        return cw_setsockopt(st, c->sd, c->a, c->b, c->in, c->in_len, w->now);
    case EVC_GETSOCKOPT:
        r->len = c->out_len;
        cw_stack_advance(st, w->now); /* what it tells has an age */
        return cw_getsockopt(st, c->sd, c->a, c->b, c->out, &r->len);
    case EVC_HELD:
        return cw_held(st, c->sd, (size_t)c->u, w->now);
    case EVC_SET_OWNER:
        return cw_set_owner(st, c->sd, c->u);
    default:
        return call_life(w, st, c, r);
    }
}

/* Does the call end the host's turn at the start of a lab? */
static void look_for_ready(struct world *w, struct host *h,
                           const struct wcall *c)
{
    int    type = 0;
    size_t len = sizeof(type);

    if (h->ready)
        return;
    if (c->op == EVC_LISTEN)
        world_tell_ready(w, h, WORLD_LISTENS);
    if (c->op != EVC_BIND || c->addr.port == 0)
        return;
    cw_getsockopt(h->st, c->sd, CW_SOL_SOCKET, CW_SO_TYPE, &type, &len);
    if (type == CW_SOCK_DGRAM)
        world_tell_ready(w, h, WORLD_BOUND);
}

ptrdiff_t world_call(struct world *w, unsigned host, const struct wcall *call,
                     struct wresult *res)
{
    const struct world_hooks *hooks = &w->config.hooks;
    struct host              *h = world_host_of(w, host);

    memset(res, 0, sizeof(*res));
    res->ret = call_any(w, h->st, call, res);
    if (hooks->call && wcall_matters(call))
        hooks->call(hooks->ctx, w->now, host, call, res);
    if (res->ret == 0)
        look_for_ready(w, h, call);
    carry_from(w, h);
    world_settle(w);
    builtins_hear(w);
    return res->ret;
}
