/* list.h: intrusive doubly linked list with a sentinel. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/compiler.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Is this node on a list?  (list_del leaves it pointing to itself.) */
static inline bool list_linked(const struct list *n)
{
    return n->next != n;
}

static inline void list_insert_before(struct list *at, struct list *n)
{
    n->prev = at->prev;
    n->next = at;
    at->prev->next = n;
    at->prev = n;
}

static inline void list_push_back(struct list *l, struct list *n)
{
    list_insert_before(l, n);
}

static inline void list_push_front(struct list *l, struct list *n)
{
    list_insert_before(l->next, n);
}

static inline void list_del(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = n;
}

static inline struct list *list_first(const struct list *l)
{
    return list_empty(l) ? NULL : l->next;
}

static inline struct list *list_last(const struct list *l)
{
    return list_empty(l) ? NULL : l->prev;
}

static inline struct list *list_pop(struct list *l)
{
    struct list *n = list_first(l);

    if (n)
        list_del(n);
    return n;
}

#define list_entry(node, type, member) container_of(node, type, member)

/* Safe against removal of `it` itself. */
#define list_each(it, head)                                     \
    for (struct list *it = (head)->next, *it##_next = it->next; \
         it != (head); it = it##_next, it##_next = it->next)

#endif
