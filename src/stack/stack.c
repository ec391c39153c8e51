/* stack.c: one host: its creation, its end, and the quartet input, output,
 * deadline, advance.
 *
 *   Owns:      the one allocation; `now`; the order in which things run.
 *   Does not   know what a packet or a timer means: net, udp and tcp do.
 *   Invariant: env.now never goes backward; input decides, output emits
 *              (RFC 9293 MUST-58, MUST-59): tcp_run() builds segments after
 *              each burst, each timer and each call.
 */
#include "stack/stack.h"
#include "base/check.h"
#include "sock/sock.h"

enum { FIXED_ALIGN = 64 };

/* ---- creation ---------------------------------------------------------- */

/* Where the parts of a host stand in its fixed memory. */
struct layout {
    size_t net, udp, tcp, slots, total;
};

static size_t place(size_t *total, size_t size)
{
    size_t at = *total;

    *total += (size + FIXED_ALIGN - 1) & ~(size_t)(FIXED_ALIGN - 1);
    return at;
}

static struct layout layout_of(const struct cw_config *c)
{
    struct layout l = { 0 };

    place(&l.total, sizeof(struct cw_stack));
    l.net = place(&l.total, net_size());
    l.udp = place(&l.total, udp_host_size());
    l.tcp = place(&l.total, tcp_host_size());
    l.slots = place(&l.total, sock_table_size(c->sockets_max));
    return l;
}

static void env_setup(struct env *e, struct arena *arena,
                      const struct cw_config *c)
{
    e->arena = arena;
    pbufs_init(&e->pbufs, arena);
    wheel_init(&e->wheel, 0);
    e->seed = sipkey_load(c->seed);
    e->knobs = knobs_of(c->profile);
    e->granularity = c->clock_granularity;
    e->host = (uint16_t)c->host;
    e->on_event = c->on_event;
    e->event_ctx = c->event_ctx;
}

static void parts_setup(struct cw_stack *st, const struct layout *l)
{
    char         *base = (char *)st;
    struct udp_up udp_up = { sock_heard, st };
    struct tcp_up tcp_up = { sock_heard, st };

    st->net = (void *)(base + l->net);
    st->udp = (void *)(base + l->udp);
    st->tcp = (void *)(base + l->tcp);
    net_init(st->net, &st->env);
    net_pmtu_config(st->net, &st->config);
    net_ttl_config(st->net, st->config.ttl, st->config.hop_limit);
    udp_init(st->udp, &st->env, st->net, &udp_up);
    tcp_init(st->tcp, &st->env, st->net, &st->config, &tcp_up);
    sock_table_init(&st->socks, st->env.arena, base + l->slots,
                    st->config.sockets_max);
    stack_protos(st);
}

cw_stack *cw_stack_new(const struct cw_config *config,
                       const struct cw_alloc *alloc, const char **why)
{
    struct cw_config c;
    struct layout    l;
    struct arena    *arena;
    void            *fixed = NULL;
    struct cw_stack *st;

    *why = stack_config(config, &c);
    if (*why)
        return NULL;
    l = layout_of(&c);
    arena = arena_new(alloc, c.memory_max, l.total, &fixed);
    if (!arena) {
        *why = "memory: the allocator has none, or memory_max is too small";
        return NULL;
    }
    st = fixed;
    st->config = c;
    env_setup(&st->env, arena, &c);
    parts_setup(st, &l);
    return st;
}

void cw_stack_free(cw_stack *st)
{
    struct arena *arena;

    if (!st)
        return;
    arena = st->env.arena;
    sock_table_fini(&st->socks);
    tcp_fini(st->tcp);
    udp_fini(st->udp);
    net_fini(st->net);
    arena_close(arena); /* st is gone with it, or with the last buffer */
}

/* ---- time -------------------------------------------------------------- */

void stack_enter(struct cw_stack *st, cw_ns now)
{
    if (UNLIKELY(now < st->env.now))
        env_count(&st->env, COUNT_TIME_BACKWARD);
    else
        st->env.now = now;
}

void stack_leave(struct cw_stack *st)
{
    net_run(st->net);
    tcp_run(st->tcp);
    st->may_have_output = true;
}

static void fire(struct cw_stack *st, struct wtimer *t)
{
    switch ((enum timer_kind)t->kind) {
    case TIMER_TCP:
    case TIMER_SYNRCVD:
    case TIMER_TIMEWAIT:
        tcp_timeout(st->tcp, t);
        return;
    case TIMER_DHCP:
        dhcp_timeout(st->udp, t);
        return;
    case TIMER_NEIGH:
    case TIMER_FRAG:
    case TIMER_CONF:
    case TIMER_GROUP:
    case TIMER_GROUP_LINK:
        net_timeout(st->net, t);
        return;
    }
    INVARIANT(false); /* a timer of no known kind */
}

/* Each timer runs at its own deadline, so that when it runs does not depend
 * on how punctual the caller is.  What it owes is built at that time too. */
void cw_stack_advance(cw_stack *st, cw_ns now)
{
    cw_ns due;

    while ((due = wheel_next(&st->env.wheel)) <= now && due != NS_NEVER) {
        struct wtimer *t = wheel_pop(&st->env.wheel, due);

        if (!t)
            continue; /* none is due yet: wheel_next() knows better now */
        st->env.now = ns_max(st->env.now, due);
        fire(st, t);
        tcp_run(st->tcp);
        st->may_have_output = true;
    }
    INVARIANT(!wheel_pop(&st->env.wheel, now));
    stack_enter(st, now);
}

cw_ns cw_stack_deadline(const cw_stack *st)
{
    return st->may_have_output ? st->env.now : wheel_next(&st->env.wheel);
}

/* ---- packets ----------------------------------------------------------- */

void cw_stack_input(cw_stack *st, struct cw_pkt *pkts, unsigned n, cw_ns now)
{
    stack_enter(st, now);
    for (unsigned i = 0; i < n; i++) {
        st->env.in_pkt = (uint32_t)pkts[i].why_arg;
        net_in(st->net, &pkts[i]);
    }
    st->env.in_pkt = 0;
    stack_leave(st);
}

/* What is taken makes room, and room may let TCP build more. */
unsigned cw_stack_output(cw_stack *st, struct cw_pkt *pkts, unsigned max,
                         cw_ns now)
{
    unsigned n = 0, more;

    stack_enter(st, now);
    while (n < max) {
        more = net_take(st->net, pkts + n, max - n);
        INVARIANT(more <= max - n);
        if (more == 0)
            break;
        n += more;
        tcp_run(st->tcp);
    }
    st->may_have_output = n == max;
    return n;
}

struct cw_buf *cw_buf_new(cw_stack *st, size_t size)
{
    return pbuf_new(&st->env.pbufs, size);
}

void cw_buf_get(struct cw_buf *buf)
{
    pbuf_get(buf);
}

void cw_buf_put(struct cw_buf *buf)
{
    pbuf_put(buf);
}

void cw_pkt_free(struct cw_pkt *pkt)
{
    pkt_free(pkt);
}

/* ---- interfaces and routes --------------------------------------------- */

int cw_netif_add(cw_stack *st, const struct cw_netif_config *config)
{
    int index = net_netif_add(st->net, config);

    if (index >= 0 && config->flags & CW_NETIF_DHCP)
        dhcp_start(st->udp, (unsigned)index, &config->mac);
    return index;
}

int cw_addr_add(cw_stack *st, unsigned netif, const struct cw_addr *addr,
                unsigned prefix)
{
    return net_addr_add(st->net, netif, addr, prefix);
}

int cw_lease_get(const cw_stack *st, unsigned netif, struct cw_lease *out)
{
    return dhcp_show(st->udp, netif, out);
}

size_t cw_addr_list(const cw_stack *st, struct cw_addr_row *rows, size_t max)
{
    return net_addr_list(st->net, rows, max);
}

int cw_route_add(cw_stack *st, const struct cw_addr *dst, unsigned prefix,
                 const struct cw_addr *gw, unsigned netif)
{
    return net_route_add(st->net, dst, prefix, gw, netif);
}

int cw_neigh_add(cw_stack *st, unsigned netif, const struct cw_addr *addr,
                 const struct cw_mac *mac)
{
    return net_neigh_add(st->net, netif, addr, mac);
}

size_t cw_stack_memory_used(const cw_stack *st)
{
    return arena_used(st->env.arena);
}
