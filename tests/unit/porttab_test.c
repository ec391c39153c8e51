/* porttab_test.c: who may bind what, against a list of all binders. */
#include "store/porttab.h"
#include "base/limits.h"
#include "store_rig.h"

enum { MOST = 60, STEPS = 60000, KINDS = 5 };

struct binder {
    struct portbind *bind;
    unsigned         flags;
    bool             listens;
    uint32_t         kind; /* which address */
    unsigned         v6only;
};

static struct binder model[MOST];
static uint32_t      n;

static struct cw_addr addr_of(uint32_t kind)
{
    static const char *const text[KINDS] = {
        "0.0.0.0", "::", "10.0.0.1", "10.0.0.2", "fd00::1",
    };
    struct cw_addr a;

    EXPECT(addr_parse(text[kind], &a));
    return a;
}

/* Does binding to x take what is y's, where y is of a family? */
static bool covers(uint32_t x, unsigned v6only, uint32_t y)
{
    bool y4 = y == 0 || y == 2 || y == 3;

    if (x == 0)
        return y4;
    return x == 1 && (!v6only || !y4);
}

static bool overlap(const struct binder *b, uint32_t kind, unsigned v6only)
{
    return b->kind == kind || covers(b->kind, b->v6only, kind)
        || covers(kind, v6only, b->kind);
}

/* Those that share one entry stand or fall together. */
static bool all(const struct binder *of, bool (*what)(const struct binder *))
{
    for (uint32_t i = 0; i < n; i++)
        if (model[i].bind == of->bind && !what(&model[i]))
            return false;
    return true;
}

static bool has_rport(const struct binder *b)
{
    return b->flags & PORT_REUSEPORT;
}

static bool has_reuse(const struct binder *b)
{
    return (b->flags & PORT_REUSEADDR) && !b->listens;
}

static bool has_reuse_at_all(const struct binder *b)
{
    return b->flags & PORT_REUSEADDR;
}

static bool may_bind(uint32_t kind, uint16_t port, unsigned flags)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct binder *b = &model[i];

        if (b->bind->port != port || !overlap(b, kind, flags & PORT_V6ONLY))
            continue;
        if ((flags & PORT_REUSEPORT) && all(b, has_rport))
            continue;
        if ((flags & PORT_REUSEADDR)
            && all(b,
                   flags & PORT_DGRAM_REUSE ? has_reuse_at_all : has_reuse))
            continue;
        return false;
    }
    return true;
}

static void bind_one(struct porttab *t, struct prng *r)
{
    uint32_t       kind = below(r, KINDS);
    uint16_t       port = (uint16_t)(1000 + 256 * below(r, 2));
    unsigned       flags = below(r, 16);
    struct cw_addr a = addr_of(kind);
    struct binder *b = &model[n];
    int            got;

    if (n == MOST)
        return;
    got = porttab_bind(t, &a, port, flags, &b->bind);
    EXPECT_EQ(got, may_bind(kind, port, flags) ? 0 : -CW_EADDRINUSE);
    if (got)
        return;
    *b = (struct binder){ .bind = b->bind,
                          .flags = flags,
                          .kind = kind,
                          .v6only = b->bind->v6only };
    EXPECT_EQ(b->v6only, !!(flags & PORT_V6ONLY));
    n++;
}

static void let_go(uint32_t i)
{
    if (model[i].listens)
        portbind_unlisten(model[i].bind);
    portbind_put(model[i].bind, model[i].flags);
    model[i] = model[--n];
}

/* No other entry that listens may overlap, unless all share by REUSEPORT. */
static void listen_one(struct porttab *t, struct binder *b)
{
    bool ok = true;

    if (b->listens)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (model[i].listens && model[i].bind->port == b->bind->port
            && overlap(&model[i], b->kind, b->v6only)
            && (!has_rport(b) || !all(&model[i], has_rport)))
            ok = false;
    EXPECT_EQ(portbind_listen(t, b->bind, b->flags), ok ? 0 : -CW_EADDRINUSE);
    b->listens = ok;
}

/* Its lists span no more than an arena (near.h). */
static struct porttab *table_in(struct arena *a)
{
    static struct slab s;
    struct porttab    *t;

    slab_init(&s, a, sizeof *t);
    t = slab_get0(&s);
    porttab_init(t, a, (struct sipkey){ 1, 2 });
    return t;
}

TEST(as_a_list_of_binders)
{
    struct arena   *a = rig_arena(4 << 20);
    struct prng     r = t_prng("porttab");
    struct porttab *t = table_in(a);

    for (int step = 0; step < STEPS; step++) {
        uint32_t dice = below(&r, 10), i = n ? below(&r, n) : 0;

        if (n == 0 || dice < 5) {
            bind_one(t, &r);
        } else if (dice < 6) {
            listen_one(t, &model[i]);
        } else if (dice < 7) {
            unsigned flags = (model[i].flags & ~3u) | below(&r, 4);

            portbind_change(model[i].bind, model[i].flags, flags);
            model[i].flags = flags;
        } else {
            let_go(i);
        }
    }
    while (n > 0)
        let_go(n - 1);
    slab_put(t);
    rig_arena_end(a);
}

static bool taken(void *ctx, uint16_t port)
{
    const bool *used = ctx;

    return used[port];
}

/* RFC 6056: each of the range once, then none. */
TEST(ephemeral_ports_run_out)
{
    static bool used[65536];

    struct arena    *a = rig_arena(4 << 20);
    struct porttab  *t = table_in(a);
    struct cw_addr   x = addr4(1), y = addr4(2);
    struct port_want w = { &x, &y, 80, taken, used };
    unsigned         got = 0;
    uint16_t         port;

    while ((port = porttab_ephemeral(t, &w)) != 0) {
        EXPECT(port >= EPHEMERAL_FIRST && !used[port]);
        used[port] = true;
        got++;
    }
    EXPECT_EQ(got, EPHEMERAL_LAST - EPHEMERAL_FIRST + 1);
    slab_put(t);
    rig_arena_end(a);
}

T_MAIN(T(as_a_list_of_binders), T(ephemeral_ports_run_out))
