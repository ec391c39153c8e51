/* env.h: what every layer of one host shares: time, memory, timers, chance,
 * counters, events.  The stack owns it; nobody else keeps global state.
 */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "base/count.h"
#include "base/event.h"
#include "base/limits.h"
#include "base/prng.h"
#include "base/why.h"
#include "store/pbuf.h"
#include "store/wheel.h"

/* Which module's object a popped timer is in. */
enum timer_kind {
    TIMER_TCP = 1,    /* struct tcp */
    TIMER_SYNRCVD,    /* struct tcp_embryo */
    TIMER_TIMEWAIT,   /* the host's TIME-WAIT queue */
    TIMER_NEIGH,      /* struct neigh */
    TIMER_FRAG,       /* struct frag datagram */
    TIMER_DHCP,       /* struct dhcp */
    TIMER_CONF,       /* struct netif: addresses and routers */
    TIMER_GROUP,      /* struct mgroup */
    TIMER_GROUP_LINK, /* struct mlink */
};

struct env {
    cw_ns               now;         /* set by the stack's entry calls only */
    cw_ns               granularity; /* it goes in steps of this; 0: exact */
    struct arena       *arena;
    struct pbufs        pbufs;
    struct wheel        wheel;
    struct sipkey       seed;
    const struct knobs *knobs;
    uint32_t            next_flow; /* numbers for events, from 1 */
    uint16_t            host;
    uint32_t            in_pkt; /* the received packet at hand (cw_pkt's
                                   why_arg, as its giver set it), or 0 */
    void (*on_event)(void *ctx, const struct cw_event *event);
    void    *event_ctx;
    uint64_t count[COUNT_COUNT_OF];
};

static inline void env_count(struct env *e, enum count c)
{
    e->count[c]++;
}

static inline void env_count_by(struct env *e, enum count c, uint64_t n)
{
    e->count[c] += n;
}

static inline bool env_observed(const struct env *e)
{
    return UNLIKELY(e->on_event != NULL);
}

/* Reports an event; t, host and pkt are filled in.  Call it behind
 * env_observed(), so that nothing is prepared for nobody. */
static inline void env_event(struct env *e, struct cw_event *ev)
{
    ev->t = e->now;
    ev->host = e->host;
    ev->pkt = e->in_pkt;
    e->on_event(e->event_ctx, ev);
}

static inline uint32_t env_flow(struct env *e)
{
    if (++e->next_flow == 0)
        e->next_flow = 1;
    return e->next_flow;
}

#endif
