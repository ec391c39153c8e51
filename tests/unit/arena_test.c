/* arena_test.c: slabs against a list of what was handed out; and lists of
 * half the size (base/near.h), which need a region.
 */
#include "base/near.h"
#include "store_rig.h"

enum { SLABS = 3, MOST = 3000, STEPS = 60000 };

static const uint32_t sizes[SLABS] = { 48, 1001, 16000 };

struct loan {
    uint8_t *p;
    uint32_t slab;
    uint8_t  fill;
};

static struct loan model[MOST];

static void check(const struct loan *l)
{
    for (uint32_t i = 0; i < sizes[l->slab]; i++)
        if (l->p[i] != l->fill)
            FAIL("an object was written by another's owner");
}

static uint32_t rounded(uint32_t slab)
{
    return (sizes[slab] + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

TEST(objects_are_apart_and_come_back)
{
    struct arena *a = rig_arena(4 << 20);
    struct prng   r = t_prng("arena");
    struct slab   s[SLABS];
    uint32_t      n = 0, refused = 0;
    size_t        used = 0;

    for (int i = 0; i < SLABS; i++)
        slab_init(&s[i], a, sizes[i]);
    for (int step = 0; step < STEPS; step++) {
        uint32_t k = below(&r, SLABS), i;
        uint8_t *p;

        if (n < MOST && below(&r, 100) < (step / 10000 % 2 ? 30u : 70u)) {
            p = slab_get(&s[k]);
            refused += !p;
            if (!p)
                continue;
            EXPECT(arena_at(a, arena_ref(a, p)) == p);
            model[n] = (struct loan){ p, k, (uint8_t)step };
            memset(p, model[n++].fill, sizes[k]);
            used += rounded(k);
        } else if (n > 0) {
            i = below(&r, n);
            check(&model[i]);
            used -= rounded(model[i].slab);
            slab_put(model[i].p);
            model[i] = model[--n];
        }
        EXPECT_EQ(arena_used(a), used);
        EXPECT_LE(used, arena_limit(a));
    }
    EXPECT(refused > 0); /* memory ran out now and then */
    while (n > 0)
        slab_put(model[--n].p);
    rig_arena_end(a);
}

/* What one kind of object has given back serves another. */
TEST(pages_change_hands)
{
    struct arena *a = rig_arena(1 << 20);
    struct slab   s[2];
    uint32_t      first = 0, n;

    slab_init(&s[0], a, 1000);
    slab_init(&s[1], a, 16000);
    for (int round = 0; round < 6; round++) {
        for (n = 0; (model[n].p = slab_get(&s[round % 2])) != NULL; n++)
            continue;
        EXPECT(n > 0);
        if (round < 2)
            first = round == 0 ? n : first;
        if (round % 2 == 0)
            EXPECT_EQ(n, first);
        while (n > 0)
            slab_put(model[--n].p);
    }
    rig_arena_end(a);
}

/* What is left is whole pages; what lent ones have room for is the slab's. */
TEST(pages_that_are_left)
{
    struct arena *a = rig_arena(1 << 20);
    struct slab   s;
    size_t        all = arena_left(a);
    uint32_t      n = 0;

    EXPECT_EQ(all, arena_limit(a));
    slab_init(&s, a, 1000);
    EXPECT_EQ(s.room, 0);
    model[n++].p = slab_get(&s);
    EXPECT_EQ(arena_left(a), all - ARENA_PAGE);
    EXPECT_EQ(s.room, s.per_page - 1);
    while (s.room > 0)
        model[n++].p = slab_get(&s);
    EXPECT_EQ(n, s.per_page);
    EXPECT_EQ(arena_left(a), all - ARENA_PAGE);
    model[n++].p = slab_get(&s);
    EXPECT_EQ(arena_left(a), all - 2 * ARENA_PAGE);
    slab_put(model[0].p);
    EXPECT_EQ(s.room, s.per_page);
    while (n > 1)
        slab_put(model[--n].p);
    EXPECT_EQ(arena_left(a), all);
    EXPECT_EQ(s.room, 0);
    rig_arena_end(a);
}

/* A buffer that others hold outlives its stack. */
TEST(the_last_object_takes_the_region_along)
{
    struct arena *a = rig_arena(1 << 20);
    struct slab   s;
    void         *one, *two;

    slab_init(&s, a, 100);
    one = slab_get(&s);
    two = slab_get(&s);
    arena_close(a);
    slab_put(one);
    EXPECT(t_alloc_bytes() > 0);
    slab_put(two);
    EXPECT_EQ(t_alloc_bytes(), 0);
}

/* ---- near.h -------------------------------------------------------------- */

enum { NODES = 40 };

TEST(near_lists_are_lists)
{
    static struct {
        struct near head, node[NODES];
    } x;
    static int  order[NODES];
    struct prng r = t_prng("near");
    int         n = 0;

    for (int step = 0; step < 20000; step++) {
        uint32_t i = below(&r, NODES);
        int      k = 0;

        if (!near_linked(&x.node[i])) {
            near_push_back(&x.head, &x.node[i]);
            order[n++] = (int)i;
        } else {
            near_del(&x.node[i]);
            while (order[k] != (int)i)
                k++;
            memmove(order + k, order + k + 1,
                    (size_t)(--n - k) * sizeof order[0]);
        }
        k = 0;
        near_each (it, &x.head)
            EXPECT(it == &x.node[order[k++]]);
        EXPECT_EQ(k, n);
        EXPECT_EQ(near_empty(&x.head), n == 0);
    }
}

/* A heap's object is too far from a static one: caught, not cut short. */
TEST(near_lists_stay_in_a_region)
{
    static struct near head;

    struct near *far = near_step(&head, 1);

    far = (struct near *)((uintptr_t)far + (UINT64_C(16) << 30));
    EXPECT_PANIC(near_push_back(&head, far));
}

T_MAIN(T(objects_are_apart_and_come_back), T(pages_change_hands),
       T(pages_that_are_left), T(the_last_object_takes_the_region_along),
       T(near_lists_are_lists), T(near_lists_stay_in_a_region))
