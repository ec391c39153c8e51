/* store_rig.h: an arena for tests of what lives in one. */
#ifndef STORE_RIG_H
#define STORE_RIG_H

#include "store/pbuf.h"
#include "t.h"

static inline struct arena *rig_arena(size_t memory)
{
    void         *fixed;
    struct arena *a = arena_new(t_alloc(), memory, 64, &fixed);

    assert_non_null(a);
    return a;
}

/* Everything came back. */
static inline void rig_arena_end(struct arena *a)
{
    EXPECT_EQ(arena_used(a), 0);
    arena_close(a);
    EXPECT_EQ(t_alloc_bytes(), 0);
}

static inline uint32_t below(struct prng *r, uint32_t n)
{
    return (uint32_t)prng_below(r, n);
}

#endif
