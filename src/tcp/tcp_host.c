/* tcp_host.c: all of one host's TCP: its beginning, its turn to send, its
 * end.
 */
#include "tcp/tcb.h"

size_t tcp_host_size(void)
{
    return sizeof(struct tcp_host);
}

static struct sipkey derive(const struct env *e, const char *purpose)
{
    struct prng r = prng_stream(e->seed, 0, purpose);
    uint64_t    k0 = prng_u64(&r);
    uint64_t    k1 = prng_u64(&r);

    return (struct sipkey){ k0, k1 };
}

static void init_slabs(struct tcp_host *h)
{
    struct arena *a = h->env->arena;

    slab_init(&h->tcbs, a, sizeof(struct tcp));
    /* rare ones share it, as a kind of object costs a page */
    slab_init(&h->flights, a,
              MAX(sizeof(struct tcp_flight), sizeof(struct tcp_past)));
    slab_init(&h->segs, a, sizeof(struct segrec));
    /* rare and small ones share it, as a kind of object costs a page */
    slab_init(&h->ranges, a,
              MAX(MAX(recvq_range_size(), sizeof(struct tcp_mtu)),
                  sizeof(struct tcp_fast)));
    slab_init(&h->embryos, a, sizeof(struct tcp_embryo));
    slab_init(&h->timewaits, a, sizeof(struct tcp_timewait));
    slab_init(&h->listener_slab, a, sizeof(struct tcp_listener));
}

/* Memory is out: whoever asks for it needs it more than what waits for a hole
 * to be filled, and can be sent again. */
static bool reclaim(void *ctx)
{
    struct tcp_host *h = ctx;

    if (!recvq_reclaim(&h->holders))
        return false;
    env_count(h->env, COUNT_TCP_OOO_PRUNED);
    return true;
}

void tcp_init(struct tcp_host *h, struct env *env, struct net *net,
              const struct cw_config *c, const struct tcp_up *up)
{
    memset(h, 0, sizeof *h);
    h->env = env;
    h->net = net;
    h->up = *up;
    init_slabs(h);
    flowtab_init(&h->flows, env->arena, derive(env, "tcp-flows"));
    porttab_init(&h->ports, env->arena, derive(env, "tcp-ports"));
    h->isn_key = derive(env, "tcp-isn");
    h->ts_key = derive(env, "tcp-timestamps");
    h->share_key = derive(env, "tcp-share");
    h->cookie_key = derive(env, "tcp-cookies");
    h->cookies_until = -1; /* none was sent */
    h->syn_cookies = (uint8_t)c->syn_cookies;
    h->fastopen = c->fastopen;
    h->fast.nkeys = (uint8_t)c->fastopen_keys;
    memcpy(h->fast.key, c->fastopen_key, sizeof h->fast.key);
    h->fast_key = derive(env, "tcp-fast-open");
    h->fast_key_life = c->fastopen_key_life;
    h->rng = prng_stream(env->seed, 0, "tcp");
    recvq_holders_init(&h->holders);
    arena_reclaimer(env->arena, reclaim, h);
    list_init(&h->listener_order);
    for (int i = 0; i < LISTENER_BUCKETS; i++)
        list_init(&h->listeners[i]);
    wheel_setup(&h->timewait_timer, TIMER_TIMEWAIT);
    h->challenge_acks = c->challenge_acks;
    h->challenge_interval = c->challenge_interval;
    h->teach_iss = c->teach_iss;
    h->teach_ts_zero = c->teach_ts_zero;
    h->teach_mss = c->teach_mss;
    h->initcwnd = (uint16_t)c->initcwnd;
    h->mtu_base = c->mtu_base_mss;
    h->mtu_probing = (uint8_t)c->mtu_probing;
    h->no_ts = c->no_timestamps || !(c->offer & CW_OFFER_TIMESTAMPS);
    h->no_sack = c->no_sack || !(c->offer & CW_OFFER_SACK);
    h->no_wscale = c->no_wscale || !(c->offer & CW_OFFER_WSCALE);
    h->sndbuf = c->sndbuf;
    h->rcvbuf = c->rcvbuf;
    h->sndbuf_max = c->sndbuf_max;
    h->rcvbuf_max = c->rcvbuf_max;
    h->budget = c->buffer_budget;
    h->cc = (uint8_t)c->cc;
    h->ecn = (uint8_t)c->ecn;
    h->no_ecn_option = c->no_ecn_option;
    h->paces = c->pacing;
}

void tcp_fini(struct tcp_host *h)
{
    struct list *n;
    struct near *r;

    while ((n = list_first(&h->listener_order)) != NULL)
        tcp_listener_close(list_entry(n, struct tcp_listener, order));
    while ((r = near_first(&h->timewait)) != NULL)
        tcp_timewait_drop(h, near_entry(r, struct tcp_timewait, link),
                          WHY_STACK_GONE);
    while ((r = near_first(&h->all)) != NULL) {
        struct tcp *t = near_entry(r, struct tcp, all);

        t->owner = NULL;
        t->detached = true;
        if (!(t->state & (TCPS_CLOSED | TCPS_TIME_WAIT)))
            tcp_enter(t, TCPS_CLOSED, WHY_STACK_GONE);
        tcp_reap(t);
    }
    flowtab_fini(&h->flows);
    arena_reclaimer(h->env->arena, NULL, NULL);
}

/* Everything that owes something gets one visit; what could not finish, for
 * want of room on an interface, stays on the list. */
void tcp_run(struct tcp_host *h)
{
    struct near *n;

    if (h->running || near_empty(&h->due))
        return;
    h->running = true;
    while ((n = near_pop(&h->due)) != NULL)
        near_push_back(&h->todo, n);
    while ((n = near_pop(&h->todo)) != NULL) {
        struct tcp *t = near_entry(n, struct tcp, due_link);

        tcp_output(t);
        tcp_reap(t);
    }
    h->running = false;
}

static void tcp_room(void *host)
{
    tcp_run(host);
}

struct proto tcp_proto(struct tcp_host *h)
{
    return (struct proto){
        .ctx = h, .deliver = tcp_in, .error = tcp_error, .room = tcp_room
    };
}
