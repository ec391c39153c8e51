/* porttab.c: who may bind what.  See porttab.h. */
#include "store/porttab.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"

enum { PORT_LISTENERS_MAX = (1 << 15) - 1 };

void porttab_init(struct porttab *t, struct arena *a, struct sipkey secret)
{
    t->secret = secret;
    t->next = 0;
    slab_init(&t->slab, a, sizeof(struct portbind));
    for (size_t i = 0; i < ARRAY_LEN(t->bucket); i++)
        near_init(&t->bucket[i]);
}

static struct near *bucket_of(struct porttab *t, uint16_t port)
{
    return &t->bucket[port % ARRAY_LEN(t->bucket)];
}

/* Does a wildcard of one family stand for addresses of the other? */
static bool covers(const struct cw_addr *any, bool v6only,
                   const struct cw_addr *a)
{
    if (!addr_is_any(any))
        return false;
    if (addr_is4(any))
        return addr_is4(a);
    return !v6only || !addr_is4(a);
}

static bool overlap(const struct portbind *b, const struct cw_addr *a,
                    unsigned flags)
{
    return addr_eq(&b->addr, a) || covers(&b->addr, b->v6only, a)
        || covers(a, flags & PORT_V6ONLY, &b->addr);
}

/* All with SO_REUSEADDR and none listens (datagrams: all with it), or all
 * with SO_REUSEPORT. */
static bool may_share(const struct portbind *b, unsigned flags)
{
    if ((flags & PORT_REUSEPORT) && b->no_rport == 0)
        return true;
    if (!(flags & PORT_REUSEADDR) || b->no_reuse > 0)
        return false;
    return (flags & PORT_DGRAM_REUSE) || b->listening == 0;
}

static void join(struct portbind *b, unsigned flags)
{
    b->refs++;
    b->no_reuse += !(flags & PORT_REUSEADDR);
    b->no_rport += !(flags & PORT_REUSEPORT);
}

int porttab_bind(struct porttab *t, const struct cw_addr *addr, uint16_t port,
                 unsigned flags, struct portbind **out)
{
    struct near     *l = bucket_of(t, port);
    struct portbind *same = NULL;

    near_each (n, l) {
        struct portbind *b = near_entry(n, struct portbind, link);

        if (b->port != port || !overlap(b, addr, flags))
            continue;
        if (!may_share(b, flags))
            return -CW_EADDRINUSE;
        if (addr_eq(&b->addr, addr) && b->v6only == !!(flags & PORT_V6ONLY))
            same = b;
    }
    if (!same) {
        same = slab_get0(&t->slab);
        if (!same)
            return -CW_ENOMEM;
        same->addr = *addr;
        same->port = port;
        same->v6only = !!(flags & PORT_V6ONLY);
        near_push_back(l, &same->link);
    }
    join(same, flags);
    *out = same;
    return 0;
}

/* A listener tolerates no other listener that would take its connections,
 * unless both share the port by SO_REUSEPORT (MUST-41); connections that are
 * there or about to be do not matter (MUST-42). */
int portbind_listen(struct porttab *t, struct portbind *b, unsigned flags)
{
    struct near *l = bucket_of(t, b->port);

    near_each (n, l) {
        struct portbind *o = near_entry(n, struct portbind, link);

        if (o->port != b->port || o->listening == 0
            || !overlap(o, &b->addr, b->v6only ? PORT_V6ONLY : 0))
            continue;
        if (!(flags & PORT_REUSEPORT) || o->no_rport > 0)
            return -CW_EADDRINUSE;
    }
    if (b->listening == PORT_LISTENERS_MAX)
        return -CW_ENOMEM;
    b->listening++;
    return 0;
}

void portbind_unlisten(struct portbind *b)
{
    INVARIANT(b->listening > 0);
    b->listening--;
}

void portbind_get(struct portbind *b, unsigned flags)
{
    INVARIANT(b->refs > 0);
    join(b, flags);
}

void portbind_put(struct portbind *b, unsigned flags)
{
    INVARIANT(b->refs > 0);
    b->refs--;
    b->no_reuse -= !(flags & PORT_REUSEADDR);
    b->no_rport -= !(flags & PORT_REUSEPORT);
    if (b->refs > 0)
        return;
    INVARIANT(b->no_reuse == 0 && b->no_rport == 0 && b->listening == 0);
    near_del(&b->link);
    slab_put(b);
}

void portbind_change(struct portbind *b, unsigned before, unsigned after)
{
    INVARIANT(b->refs > 0);
    b->refs--;
    b->no_reuse -= !(before & PORT_REUSEADDR);
    b->no_rport -= !(before & PORT_REUSEPORT);
    join(b, after);
}

/* Without a remote end the hash would be the same each time, and the ports
 * in order: each choice then has an offset of its own. [RFC6056-3.3-a]
 * [RFC6335-6-a] */
uint16_t porttab_ephemeral(struct porttab *t, const struct port_want *w)
{
    const uint32_t n = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;
    bool           alone = addr_is_any(w->remote);
    uint8_t        b[38];
    uint32_t       offset;

    memcpy(b, w->local->b, 16);
    memcpy(b + 16, w->remote->b, 16);
    be16_store(b + 32, w->rport);
    be32_store(b + 34, t->next);
    offset = (uint32_t)siphash(t->secret, b, alone ? 38 : 34);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t port = (uint16_t)(EPHEMERAL_FIRST
                                   + (t->next++ + offset) % n);

        if (!w->taken || !w->taken(w->ctx, port))
            return port;
    }
    return 0;
}
