/* host.c: a host: its stack, its two interfaces, its names.
 *
 * h1, h2 ... have 10.0.0.N/24 and fd00::N/64 on eth0, 127.0.0.1/8 and ::1 on
 * lo, and default routes to a gateway whose address everybody knows.  Where
 * there is an outside, they have the addresses and gateways that were given,
 * and an fe80:: of their own; or they ask for them, and form them from what
 * routers advertise.
 */
#include "world/inner.h"
#include "stack/stack.h"
#include "world/setting.h"

enum { NET4 = 0x0a000000 };

void *world_alloc(struct world *w, size_t size)
{
    const struct cw_alloc *a = w->config.alloc;
    void                  *mem = a->alloc(a->ctx, size, 16);

    if (mem)
        memset(mem, 0, size);
    return mem;
}

void world_give(struct world *w, void *mem, size_t size)
{
    const struct cw_alloc *a = w->config.alloc;

    if (mem)
        a->free(a->ctx, mem, size);
}

static struct cw_addr addr6_of(uint16_t last)
{
    struct cw_addr a = { .b = { 0xfd } };

    be16_store(a.b + 14, last);
    return a;
}

/* The address of host `number`, if host 1 has this one. */
static struct cw_addr addr_behind(struct cw_addr first, unsigned number)
{
    be32_store(first.b + 12, be32_load(first.b + 12) + number - 1);
    return first;
}

/* Whose address comes later has a number of its own, which no other host on
 * that network is likely to have: RFC 2131 §4.2 tells hosts by it. */
static struct cw_mac mac_of_seed(const struct world *w, const struct host *h)
{
    uint64_t r = prng_at(w->seed, h->number, "mac", 0);

    return mac_of_addr4((uint32_t)r);
}

static void name_addrs(struct world *w, struct host *h)
{
    const struct lab_outside *o = &w->plan;

    h->addr4 = addr4(NET4 | h->number);
    h->addr6 = addr6_of((uint16_t)h->number);
    if (o->prefix4)
        h->addr4 = addr_behind(o->addr4, h->number);
    if (o->prefix6)
        h->addr6 = addr_behind(o->addr6, h->number);
    h->mac = o->lent4 || o->heard6 ? mac_of_seed(w, h)
                                   : mac_of_addr4(addr_u4(&h->addr4));
    if (o->lent4)
        h->addr4 = addr4(0);
    if (o->heard6)
        h->addr6 = (struct cw_addr){ { 0 } };
}

/* RFC 4291 Appendix A: of the Ethernet address. */
static struct cw_addr linklocal_of(const struct cw_mac *mac)
{
    struct cw_addr a = { .b = { 0xfe, 0x80, [11] = 0xff, [12] = 0xfe } };

    memcpy(a.b + 8, mac->b, 3);
    memcpy(a.b + 13, mac->b + 3, 3);
    a.b[8] ^= 2;
    return a;
}

/* Each host has a seed of its own, whatever the others draw. */
static cw_stack *new_stack(struct world *w, const struct host *h,
                           const struct lab_config *lab, const char **why)
{
    struct cw_config c = w->config.stack;
    unsigned         number = h->number;
    uint64_t         half = prng_at(w->seed, number, "host", 0);

    for (unsigned i = 0; i < 8; i++)
        c.seed[i] = (uint8_t)(half >> (8 * i));
    half = prng_at(w->seed, number, "host", 1);
    for (unsigned i = 0; i < 8; i++)
        c.seed[8 + i] = (uint8_t)(half >> (8 * i));
    c.host = number;
    c.on_event = w->config.hooks.event;
    c.event_ctx = w->config.hooks.ctx;
    for (unsigned i = 0; i < lab->nsettings; i++)
        if (setting_is_for(&lab->settings[i], h->name))
            setting_apply(&lab->settings[i], &c);
    return cw_stack_new(&c, w->config.alloc, why);
}

static int add_lo(struct host *h, unsigned flags)
{
    struct cw_netif_config lo = { .name = "lo", .flags = flags };
    struct cw_addr         one4 = addr4(0x7f000001);
    struct cw_addr         one6 = { .b = { [15] = 1 } };
    int                    n;

    lo.flags |= CW_NETIF_LOOPBACK;
    n = cw_netif_add(h->st, &lo);
    if (n < 0)
        return n;
    INVARIANT(n == WORLD_LO);
    return cw_addr_add(h->st, WORLD_LO, &one4, 8)
        ?: cw_addr_add(h->st, WORLD_LO, &one6, 128);
}

/* A real one, or else the world's own, whose Ethernet address is known. */
static int add_gateway(struct host *h, const struct cw_addr *real,
                       const struct cw_addr *own)
{
    struct cw_mac mac = gateway_mac();

    if (!addr_is_any(real))
        return cw_route_add(h->st, NULL, 0, real, WORLD_ETH0);
    return cw_neigh_add(h->st, WORLD_ETH0, own, &mac)
        ?: cw_route_add(h->st, NULL, 0, own, WORLD_ETH0);
}

static int add_eth0(struct world *w, struct host *h, unsigned flags)
{
    const struct lab_outside *o = &w->plan;
    struct cw_netif_config    eth = { .name = "eth0",
                                      .mac = h->mac,
                                      .flags = flags };
    struct cw_addr            own4 = gateway_addr4(w);
    struct cw_addr            own6 = gateway_addr6(w);
    struct cw_addr            link = linklocal_of(&h->mac);
    int                       n;

    eth.flags |= o->lent4 ? CW_NETIF_DHCP : 0;
    eth.flags |= o->heard6 ? CW_NETIF_AUTOCONF : 0;
    n = cw_netif_add(h->st, &eth);

    if (n < 0)
        return n;
    INVARIANT(n == WORLD_ETH0);
    n = 0;
    if (!o->lent4)
        n = cw_addr_add(h->st, WORLD_ETH0, &h->addr4, o->prefix4 ?: 24)
            ?: add_gateway(h, &o->gw4, &own4);
    if (n || o->heard6)
        return n;
    n = cw_addr_add(h->st, WORLD_ETH0, &h->addr6, o->prefix6 ?: 64);
    if (n == 0 && o->on)
        n = cw_addr_add(h->st, WORLD_ETH0, &link, 64);
    return n ?: add_gateway(h, &o->gw6, &own6);
}

struct host *world_host_new(struct world *w, const struct host_plan *plan,
                            const char **why)
{
    struct host *h = world_alloc(w, sizeof(*h));
    unsigned     flags = plan->flags;
    struct fmt   f;

    if (!h) {
        *why = "no memory for a host";
        return NULL;
    }
    INVARIANT(w->nhosts < WORLD_HOSTS_MAX);
    h->number = w->nhosts + 1;
    name_addrs(w, h);
    f = fmt_of(h->name, sizeof(h->name));
    if (plan->name)
        fmt_str(&f, plan->name);
    else
        fmt_f(&f, "h%u", h->number);
    h->st = new_stack(w, h, plan->lab, why);
    if (h->st) /* what its interfaces begin, they begin now */
        cw_stack_advance(h->st, w->now);
    if (h->st
        && (add_lo(h, flags & CW_NETIF_CSUM) || add_eth0(w, h, flags))) {
        cw_stack_free(h->st);
        h->st = NULL;
        *why = w->plan.on ? "an address or a gateway that no host can have"
                          : "no memory for a host's interfaces";
    }
    if (!h->st) {
        world_give(w, h, sizeof(*h));
        return NULL;
    }
    w->hosts[++w->nhosts] = h;
    return h;
}

void world_host_free(struct world *w, struct host *h)
{
    for (unsigned i = 0; i < h->nheld; i++)
        cw_pkt_free(&h->held[i]);
    cw_stack_free(h->st);
    world_give(w, h, sizeof(*h));
}

struct host *world_host_of(const struct world *w, unsigned number)
{
    INVARIANT(number >= 1 && number <= stations(w));
    return w->hosts[number];
}

/* ---- questions --------------------------------------------------------- */

unsigned world_hosts(const struct world *w)
{
    return w->nhosts;
}

const char *world_host_name(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->name;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

unsigned world_host_find(const struct world *w, const char *name)
{
    for (unsigned n = 1; n <= w->nhosts; n++) {
        const char *a = w->hosts[n]->name, *b = name;

        while (*a && *a == lower(*b)) {
            a++;
            b++;
        }
        if (*a == *b)
            return n;
    }
    return 0;
}

unsigned world_station_find(const struct world *w, const char *name)
{
    if (w->outside && text_same(name, w->hosts[w->outside]->name))
        return w->outside;
    return world_host_find(w, name);
}

struct cw_addr world_host_addr4(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->addr4;
}

struct cw_addr world_host_addr6(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->addr6;
}

struct cw_mac world_host_mac(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->mac;
}

cw_stack *world_stack(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->st;
}

/* ---- addresses that are found out ---------------------------------------- */

/* Of eth0, good for others than the link: formed from a prefix. */
static bool find_formed(struct host *h)
{
    struct cw_addr_row rows[16];
    size_t             n = cw_addr_list(h->st, rows, ARRAY_LEN(rows));

    for (size_t i = 0; i < MIN(n, ARRAY_LEN(rows)); i++) {
        const struct cw_addr_row *r = &rows[i];

        if (r->netif != WORLD_ETH0 || r->state != CW_ADDR_ASSIGNED
            || addr_is4(&r->addr) || addr_is_linklocal(&r->addr))
            continue;
        h->addr6 = r->addr;
        return true;
    }
    return false;
}

static bool settle(const struct world *w, struct host *h)
{
    struct cw_lease lease;

    if (w->plan.lent4) {
        if (cw_lease_get(h->st, WORLD_ETH0, &lease) < 0 || !lease.bound)
            return false;
        h->addr4 = lease.addr;
    }
    return !w->plan.heard6 || find_formed(h);
}

bool world_settled(struct world *w)
{
    bool all = true;

    for (unsigned n = 1; n <= w->nhosts; n++)
        all = settle(w, w->hosts[n]) && all;
    return all;
}

/* ---- readiness --------------------------------------------------------- */

unsigned world_ready(struct world *w, unsigned host, int sd)
{
    return cw_ready(world_host_of(w, host)->st, sd);
}

int world_ready_next(struct world *w, unsigned host)
{
    struct host *h = world_host_of(w, host);

    return h->builtins ? -1 : cw_ready_next(h->st);
}

int world_queues(struct world *w, unsigned host, int sd,
                 struct cw_queues *out)
{
    return cw_queues(world_host_of(w, host)->st, sd, out);
}

void world_tell_ready(struct world *w, struct host *h, enum world_ready how)
{
    if (h->ready)
        return;
    h->ready = true;
    if (w->config.hooks.ready)
        w->config.hooks.ready(w->config.hooks.ctx, h->number, how);
}

bool world_host_ready(const struct world *w, unsigned host)
{
    return world_host_of(w, host)->ready;
}

void world_host_exited(struct world *w, unsigned host)
{
    world_tell_ready(w, world_host_of(w, host), WORLD_EXITED);
}
