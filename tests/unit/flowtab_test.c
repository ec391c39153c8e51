/* flowtab_test.c: the table of flows against an array of them. */
#include "store/flowtab.h"
#include "store_rig.h"

enum { KEYS = 4000, STEPS = 100000 };

struct item { /* as a connection has it: the node first */
    struct flownode node;
    uint32_t        number;
};

static struct item *at[KEYS];

/* The i-th key; neighbours differ in one field only. */
static struct flowkey key_of(uint32_t i)
{
    struct flowkey k = { .local = addr4(0x0a000001 + i % 3),
                         .remote = addr4(0x0a000064),
                         .lport = (uint16_t)(i / 3 % 5),
                         .rport = (uint16_t)(i / 15) };

    if (i % 7 == 0) {
        k.local.b[0] = 0xfe;
        k.scope = 1 + i % 2;
    }
    return k;
}

static void insert(struct flowtab *t, struct slab *s, uint32_t i)
{
    struct flowkey k = key_of(i), back;

    at[i] = slab_get0(s);
    at[i]->number = i;
    EXPECT(flownode_name(t, &at[i]->node, &k));
    flowtab_insert(t, &at[i]->node);
    back = flownode_key(t, &at[i]->node);
    EXPECT_MEM(&back, &k, sizeof k);
}

static void take(struct flowtab *t, uint32_t i)
{
    flowtab_remove(t, &at[i]->node);
    flownode_unname(t, &at[i]->node);
    slab_put(at[i]);
    at[i] = NULL;
}

TEST(as_an_array)
{
    struct arena  *a = rig_arena(4 << 20);
    struct prng    r = t_prng("flowtab");
    struct flowtab t;
    struct slab    s;
    uint32_t       live = 0;

    flowtab_init(&t, a, (struct sipkey){ 1, 2 });
    slab_init(&s, a, sizeof(struct item));
    for (int step = 0; step < STEPS; step++) {
        /* waxing, then waning, so that the table does both */
        bool           wax = step / 20000 % 2 == 0;
        uint32_t       i = below(&r, KEYS);
        struct flowkey k = key_of(i);

        EXPECT(flowtab_find(&t, &k) == (at[i] ? &at[i]->node : NULL));
        if (!at[i] && (wax || below(&r, 4) == 0)) {
            insert(&t, &s, i);
            live++;
        } else if (at[i] && (!wax || below(&r, 4) == 0)) {
            take(&t, i);
            live--;
        }
        EXPECT_EQ(t.count, live);
    }
    for (uint32_t i = 0; i < KEYS; i++)
        if (at[i])
            take(&t, i);
    EXPECT_EQ(t.buckets, FLOWTAB_INLINE);
    flowtab_fini(&t);
    rig_arena_end(a);
}

/* How many nodes the fullest of the first buckets holds. */
static unsigned longest(const struct flowtab *t, const struct arena *a)
{
    unsigned most = 0;

    for (unsigned b = 0; b < FLOWTAB_INLINE; b++) {
        unsigned n = 0;

        for (uint32_t ref = t->first[b]; ref; n++)
            ref = ((const struct flownode *)arena_at(a, ref))->next;
        most = MAX(most, n);
    }
    return most;
}

/* CVE-2023-1206: ports that an attacker has chosen, because they all meet in
 * one bucket of a table whose secret is known, are spread by another secret. */
TEST(chosen_flows_do_not_meet)
{
    enum { CHOSEN = 64 };
    static const struct sipkey known = { 0, 0 }, secret = { 0x1234, 0x5678 };
    static struct flowkey      chosen[CHOSEN];
    struct arena              *a = rig_arena(4 << 20);
    unsigned                   n = 0;

    for (uint32_t i = 0; n < CHOSEN; i++) {
        struct flowtab t;
        struct slab    s;
        uint32_t       first;

        chosen[n] = (struct flowkey){ .local = addr4(0x0a000001),
                                      .remote = addr4(0x0a000064 + i / 60000),
                                      .lport = 80,
                                      .rport = (uint16_t)(i % 60000) };
        flowtab_init(&t, a, known);
        slab_init(&s, a, sizeof(struct item));
        at[0] = slab_get0(&s);
        EXPECT(flownode_name(&t, &at[0]->node, &chosen[n]));
        flowtab_insert(&t, &at[0]->node);
        first = t.first[0];
        take(&t, 0);
        flowtab_fini(&t);
        n += first != 0;
    }
    for (int who = 0; who < 2; who++) {
        struct flowtab t;
        struct slab    s;

        flowtab_init(&t, a, who ? secret : known);
        slab_init(&s, a, sizeof(struct item));
        for (unsigned i = 0; i < CHOSEN; i++) {
            at[i] = slab_get0(&s);
            EXPECT(flownode_name(&t, &at[i]->node, &chosen[i]));
            flowtab_insert(&t, &at[i]->node);
        }
        if (who)
            EXPECT_LE(longest(&t, a), 8);
        else
            EXPECT_EQ(longest(&t, a), CHOSEN);
        for (unsigned i = 0; i < CHOSEN; i++)
            take(&t, i);
        flowtab_fini(&t);
    }
    rig_arena_end(a);
}

/* One address more than there are numbers for. */
TEST(local_addresses_are_bounded)
{
    static struct item *items[FLOW_ENDS_MAX];

    struct arena  *a = rig_arena(4 << 20);
    struct flowkey k = { .remote = addr4(1) };
    struct flowtab t;
    struct slab    s;
    uint32_t       n = 0;

    flowtab_init(&t, a, (struct sipkey){ 1, 2 });
    slab_init(&s, a, sizeof(struct item));
    for (;; n++) {
        k.local = addr4(0x7f000000 + n);
        EXPECT(n < FLOW_ENDS_MAX);
        items[n] = slab_get0(&s);
        if (!flownode_name(&t, &items[n]->node, &k))
            break;
    }
    EXPECT_EQ(n, FLOW_ENDS_MAX - 1);
    flownode_unname(&t, &items[5]->node); /* its number is free again */
    EXPECT(flownode_name(&t, &items[n]->node, &k));
    for (uint32_t i = 0; i <= n; i++) {
        flownode_unname(&t, &items[i]->node);
        slab_put(items[i]);
    }
    flowtab_fini(&t);
    rig_arena_end(a);
}

T_MAIN(T(as_an_array), T(chosen_flows_do_not_meet),
       T(local_addresses_are_bounded))
