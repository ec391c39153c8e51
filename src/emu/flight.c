/* flight.c: slots for packets under way, and the heap that orders them.
 *
 *   Owns:      memory of the packets under way, bounded by flight.max.
 *   Does not   decide anything about a packet.
 *   Invariant: every slot is on the free list, or in exactly one of: a heap,
 *              a chain of held ones, a chain of ready ones.
 */
#include "emu/flight.h"
#include "base/check.h"
#include "emu/link.h"
#include <string.h>

enum { FLIGHT_FIRST = 64 };

void flight_init(struct flight *f, const struct cw_alloc *alloc, size_t max)
{
    *f = (struct flight){ .alloc = alloc, .free = SLOT_NIL };
    f->max = max && max < LINK_PACKETS_MAX * (size_t)64 ? (uint32_t)max
                                                        : LINK_PACKETS_MAX;
}

void flight_free(struct flight *f)
{
    INVARIANT(f->live == 0);
    if (f->slots)
        f->alloc->free(f->alloc->ctx, f->slots, f->cap * sizeof(*f->slots));
    f->slots = NULL;
    f->cap = 0;
    f->free = SLOT_NIL;
}

/* `old` elements of `size` bytes into room for `cap`; NULL: no memory, and
 * nothing has changed. */
static void *grow(const struct cw_alloc *a, void *mem, size_t size,
                  uint32_t old, uint32_t cap)
{
    void *bigger = a->alloc(a->ctx, size * cap, _Alignof(uint64_t));

    if (!bigger)
        return NULL;
    if (mem) {
        memcpy(bigger, mem, size * old);
        a->free(a->ctx, mem, size * old);
    }
    return bigger;
}

static uint32_t next_cap(const struct flight *f, uint32_t cap)
{
    uint32_t twice = cap ? cap * 2 : FLIGHT_FIRST;

    return MIN(twice, f->max);
}

static bool slots_grow(struct flight *f)
{
    uint32_t     cap = next_cap(f, f->cap);
    struct slot *slots;

    if (cap == f->cap)
        return false;
    slots = grow(f->alloc, f->slots, sizeof(*slots), f->cap, cap);
    if (!slots)
        return false;
    f->slots = slots;
    for (uint32_t i = cap; i > f->cap; i--) {
        slots[i - 1].next = f->free;
        f->free = i - 1;
    }
    f->cap = cap;
    return true;
}

static bool heap_grow(struct heap *h, const struct flight *f)
{
    uint32_t           cap = next_cap(f, h->cap);
    struct heap_entry *e;

    INVARIANT(cap > h->cap); /* a heap never has more entries than slots */
    e = grow(f->alloc, h->e, sizeof(*e), h->cap, cap);
    if (!e)
        return false;
    h->e = e;
    h->cap = cap;
    return true;
}

bool flight_reserve(struct flight *f, struct heap *h)
{
    INVARIANT(f->live <= f->cap && h->n <= f->live);
    if (f->free == SLOT_NIL && !slots_grow(f))
        return false;
    return h->n < h->cap || heap_grow(h, f);
}

uint32_t slot_take(struct flight *f)
{
    uint32_t i = f->free;

    INVARIANT(i != SLOT_NIL && i < f->cap);
    f->free = f->slots[i].next;
    memset(&f->slots[i], 0, sizeof(f->slots[i]));
    f->slots[i].next = f->slots[i].next_wait = SLOT_NIL;
    f->live++;
    return i;
}

struct slot *slot_at(const struct flight *f, uint32_t i)
{
    INVARIANT(i < f->cap);
    return &f->slots[i];
}

void slot_give(struct flight *f, uint32_t i)
{
    INVARIANT(i < f->cap && f->live > 0);
    f->slots[i].next = f->free;
    f->free = i;
    f->live--;
}

void heap_free(struct heap *h, const struct cw_alloc *alloc)
{
    if (h->e)
        alloc->free(alloc->ctx, h->e, h->cap * sizeof(*h->e));
    *h = (struct heap){ 0 };
}

static bool before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->key < b->key;
}

void heap_push(struct heap *h, struct heap_entry e)
{
    uint32_t i = h->n;

    INVARIANT(h->n < h->cap);
    h->n++;
    while (i > 0 && before(&e, &h->e[(i - 1) / 2])) {
        h->e[i] = h->e[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->e[i] = e;
}

struct heap_entry heap_pop(struct heap *h)
{
    struct heap_entry least, last;
    uint32_t          i = 0;

    INVARIANT(h->n > 0);
    least = h->e[0];
    last = h->e[--h->n];
    for (uint32_t kid = 1; kid < h->n; kid = 2 * i + 1) {
        if (kid + 1 < h->n && before(&h->e[kid + 1], &h->e[kid]))
            kid++;
        if (!before(&h->e[kid], &last))
            break;
        h->e[i] = h->e[kid];
        i = kid;
    }
    h->e[i] = last;
    return least;
}

void chain_push(struct flight *f, struct chain *c, uint32_t i)
{
    slot_at(f, i)->next = SLOT_NIL;
    if (chain_empty(c))
        c->first = i;
    else
        slot_at(f, c->last)->next = i;
    c->last = i;
}

uint32_t chain_pop(struct flight *f, struct chain *c)
{
    uint32_t i = c->first;

    INVARIANT(i != SLOT_NIL);
    c->first = slot_at(f, i)->next;
    if (c->first == SLOT_NIL)
        c->last = SLOT_NIL;
    return i;
}
