/* near.h: intrusive doubly linked list of half the size.
 *
 * A link is the distance to its neighbour, in units of 8 bytes, so that two
 * of them take 8 bytes; all nodes and the sentinel must be in one region of
 * less than 16 GiB (an arena is).  A distance of 0 leads to the node
 * itself: zeroed memory is an empty list, or a node on none.  A node must not
 * be copied while it is linked.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/check.h"

struct near {
    int32_t next, prev;
} __attribute__((aligned(8)));

static inline struct near *near_step(const struct near *n, int32_t by)
{
    return (struct near *)((intptr_t)n + (intptr_t)by * 8);
}

static inline int32_t near_way(const struct near *from, const struct near *to)
{
    return (int32_t)(((intptr_t)to - (intptr_t)from) / 8);
}

static inline struct near *near_next(const struct near *n)
{
    return near_step(n, n->next);
}

static inline void near_init(struct near *n)
{
    n->next = n->prev = 0;
}

static inline bool near_empty(const struct near *l)
{
    return l->next == 0;
}

/* Is this node on a list? */
static inline bool near_linked(const struct near *n)
{
    return n->next != 0;
}

static inline void near_push_back(struct near *l, struct near *n)
{
    struct near *last = near_step(l, l->prev);

    INVARIANT(near_step(l, near_way(l, n)) == n); /* one region */
    n->next = near_way(n, l);
    n->prev = near_way(n, last);
    last->next = near_way(last, n);
    l->prev = near_way(l, n);
}

static inline void near_del(struct near *n)
{
    struct near *next = near_step(n, n->next);
    struct near *prev = near_step(n, n->prev);

    prev->next = near_way(prev, next);
    next->prev = near_way(next, prev);
    near_init(n);
}

static inline struct near *near_first(const struct near *l)
{
    return near_empty(l) ? NULL : near_next(l);
}

static inline struct near *near_pop(struct near *l)
{
    struct near *n = near_first(l);

    if (n)
        near_del(n);
    return n;
}

#define near_entry(node, type, member) container_of(node, type, member)

/* Safe against removal of `it` itself. */
#define near_each(it, head)                                             \
    for (struct near *it = near_next(head), *it##_next = near_next(it); \
         it != (head); it = it##_next, it##_next = near_next(it))

#endif
