/* avl_test.c: a tree against a sorted array. */
#include "base/avl.h"
#include "t.h"

enum { NODES = 500, STEPS = 20000 };

static struct node {
    struct avl avl;
    bool       in;
} nodes[NODES];

static struct avl *root;
static unsigned    order[NODES], n; /* the model: indices of nodes */

static void insert(unsigned i, unsigned place)
{
    memmove(order + place + 1, order + place, (n - place) * sizeof order[0]);
    order[place] = i;
    avl_insert(&root, place < n ? &nodes[order[place + 1]].avl : NULL,
               &nodes[i].avl);
    nodes[i].in = true;
    n++;
}

static void take(unsigned place)
{
    avl_remove(&root, &nodes[order[place]].avl);
    nodes[order[place]].in = false;
    n--;
    memmove(order + place, order + place + 1, (n - place) * sizeof order[0]);
}

static uint32_t height(const struct avl *a)
{
    return a ? a->height : 0;
}

static void check(void)
{
    struct avl *a = avl_end(root, AVL_BEFORE);

    for (unsigned i = 0; i < n; i++, a = avl_next(a, AVL_BEHIND)) {
        uint32_t l = height(a->child[0]), r = height(a->child[1]);

        EXPECT(a == &nodes[order[i]].avl);
        EXPECT_EQ(a->height, 1 + MAX(l, r));
        EXPECT_LE(MAX(l, r) - MIN(l, r), 1);
        EXPECT(avl_next(a, AVL_BEFORE)
               == (i ? &nodes[order[i - 1]].avl : NULL));
    }
    EXPECT(a == NULL);
    EXPECT(avl_end(root, AVL_BEHIND)
           == (n ? &nodes[order[n - 1]].avl : NULL));
}

static void begin(void)
{
    memset(nodes, 0, sizeof nodes);
    root = NULL;
    n = 0;
}

TEST(as_a_sorted_array)
{
    struct prng r = t_prng("avl");

    begin();
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)prng_below(&r, NODES);

        /* it grows, and shrinks to nothing, in turn */
        if (!nodes[i].in && (step / 2000) % 2 == 0)
            insert(i, (unsigned)prng_below(&r, n + 1));
        else if (n > 0 && prng_below(&r, 4))
            take((unsigned)prng_below(&r, n));
        if (step % 16 == 0)
            check();
    }
}

/* What a list would be worst at: all in order, either way. */
TEST(depth_is_bounded)
{
    for (int side = 0; side < 2; side++) {
        begin();
        for (unsigned i = 0; i < NODES; i++)
            insert(i, side ? n : 0);
        check();
        EXPECT_LE(height(root),
                  10); /* 1.45 log2(502) - 1.33 = 11.7 at most */
    }
}

T_MAIN(T(as_a_sorted_array), T(depth_is_bounded))
