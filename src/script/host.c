/* host.c: see host.h. */
#include "script/host.h"

#include <causeway/causeway.h>
#include <causeway/observe.h>

#include "base/check.h"
#include "base/event.h"

#include <stdlib.h>
#include <string.h>

enum { ETHER = 14, ETHERTYPE_4 = 0x0800, ETHERTYPE_6 = 0x86dd };

static const struct cw_mac our_mac = { { 2, 0, 0, 0, 0, 1 } };
const struct cw_mac        host_peer_mac = { { 2, 0, 0, 0, 0, 2 } };

/* ---- memory: a stack's is much the same as the last one's ---------------- */

enum { KEPT = 8 };

static struct kept {
    void  *mem;
    size_t size, align;
} kept[KEPT];

static void *memory_get(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    for (unsigned i = 0; i < KEPT; i++)
        if (kept[i].mem && kept[i].size == size && kept[i].align >= align) {
            void *mem = kept[i].mem;

            kept[i].mem = NULL;
            return mem;
        }
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void memory_put(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    for (unsigned i = 0; i < KEPT; i++)
        if (!kept[i].mem) {
            /* As it was asked for with an alignment of at most a page's. */
            kept[i] = (struct kept){ mem, size, 1 };
            while ((uintptr_t)mem % (kept[i].align * 2) == 0
                   && kept[i].align < 65536)
                kept[i].align *= 2;
            return;
        }
    free(mem);
}

void host_forget(void)
{
    for (unsigned i = 0; i < KEPT; i++) {
        free(kept[i].mem);
        kept[i].mem = NULL;
    }
}

static const struct cw_alloc memory = { NULL, memory_get, memory_put };

/* ---- start and end ------------------------------------------------------- */

static void on_event(void *ctx, const struct cw_event *ev)
{
    struct host *h = ctx;

    if (ev->kind == EV_DROP)
        h->dropped = (enum why)ev->why;
}

static bool join(struct host *h, const struct host_config *c)
{
    struct cw_netif_config eth = {
        .name = "eth0", .flags = CW_NETIF_NOARP, .mac = our_mac, .mtu = c->mtu
    };

    return cw_netif_add(h->st, &eth) == 0
        && cw_addr_add(h->st, 0, &c->local, c->prefix) == 0
        && cw_neigh_add(h->st, 0, &c->remote, &host_peer_mac) == 0
        && cw_neigh_add(h->st, 0, &c->gateway, &host_peer_mac) == 0
        && cw_route_add(h->st, NULL, 0, &c->gateway, 0) == 0;
}

const char *host_start(struct host *h, struct host_config *c, cw_ns now,
                       struct pool *pool)
{
    const char *why = NULL;

    *h = (struct host){ .now = now, .pool = pool };
    h->tail = &h->head;
    c->cw.on_event = on_event;
    c->cw.event_ctx = h;
    h->st = cw_stack_new(&c->cw, &memory, &why);
    if (!h->st)
        return why;
    if (!join(h, c))
        return "the interface: its MTU (at least 576) or its addresses are "
               "refused";
    cw_stack_advance(h->st, now);
    host_settle(h);
    return NULL;
}

void host_end(struct host *h)
{
    cw_stack_free(h->st);
    h->st = NULL;
}

/* ---- out ----------------------------------------------------------------- */

/* Neighbour discovery and group membership. */
static bool is_noise(const uint8_t *ip, size_t len)
{
    size_t at = 40;

    if (len < 48 || ip[0] >> 4 != 6)
        return len >= 20 && ip[0] >> 4 == 4 && ip[9] == 2;
    if (ip[6] == 0) /* hop-by-hop options: the router alert of MLD */
        at += 8;
    if ((ip[6] != 58 && ip[6] != 0) || at >= len)
        return false;
    return (ip[at] >= 130 && ip[at] <= 137) || ip[at] == 143;
}

static void keep(struct host *h, const struct cw_pkt *p)
{
    struct sent *x;
    uint8_t     *bytes = pool_get(h->pool, p->len + 1);
    size_t       n = 0;

    for (unsigned i = 0; i < p->nfrags; i++) {
        memcpy(bytes + n, p->frags[i].buf->data + p->frags[i].off,
               p->frags[i].len);
        n += p->frags[i].len;
    }
    if (n < ETHER + 20
        || (be16_load(bytes + 12) != ETHERTYPE_4
            && be16_load(bytes + 12) != ETHERTYPE_6)
        || is_noise(bytes + ETHER, n - ETHER))
        return;
    x = pool_get(h->pool, sizeof *x);
    *x = (struct sent){ .t = h->now,
                        .why = (enum why)p->why,
                        .why_arg = p->why_arg,
                        .ip = bytes + ETHER,
                        .len = n - ETHER };
    *h->tail = x;
    h->tail = &x->next;
}

void host_settle(struct host *h)
{
    struct cw_pkt p[16];
    unsigned      n;

    while ((n = cw_stack_output(h->st, p, ARRAY_LEN(p), h->now)))
        for (unsigned i = 0; i < n; i++) {
            keep(h, &p[i]);
            cw_pkt_free(&p[i]);
        }
}

struct sent *host_take(struct host *h)
{
    struct sent *x = h->head;

    if (!x)
        return NULL;
    h->head = x->next;
    if (!h->head)
        h->tail = &h->head;
    return x;
}

/* ---- time, and in -------------------------------------------------------- */

void host_step(struct host *h, cw_ns until)
{
    cw_ns next = ns_min(cw_stack_deadline(h->st), until);

    h->now = ns_max(h->now, next);
    cw_stack_advance(h->st, h->now);
    host_settle(h);
}

bool host_give(struct host *h, const uint8_t *ip, size_t len)
{
    struct cw_buf *b = cw_buf_new(h->st, ETHER + len);
    struct cw_pkt  p = { .frags = { { b, 0, (uint32_t)(ETHER + len) } },
                         .nfrags = 1,
                         .len = (uint32_t)(ETHER + len) };

    if (!b)
        return false;
    memcpy(b->data, our_mac.b, 6);
    memcpy(b->data + 6, host_peer_mac.b, 6);
    be16_store(b->data + 12, ip[0] >> 4 == 6 ? ETHERTYPE_6 : ETHERTYPE_4);
    memcpy(b->data + ETHER, ip, len);
    h->dropped = WHY_NONE;
    cw_stack_input(h->st, &p, 1, h->now);
    host_settle(h);
    return true;
}
