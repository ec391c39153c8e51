/* flight.h: the packets under way on a link (private to emu/).
 *
 * Slots hold packets; a heap orders the slots of one direction by (time,
 * ordinal, copy); chains thread slots in order of entry.  Slots and heaps
 * grow by doubling up to the link's bound; a place that was reserved cannot
 * fail.  Slots are named by index, since growing moves them.
 */
#ifndef EMU_FLIGHT_H
#define EMU_FLIGHT_H

#include "base/compiler.h"
#include <causeway/stack.h>

#define SLOT_NIL UINT32_MAX

struct slot {
    struct cw_pkt pkt;
    cw_ns         at; /* when it arrives, or has */
    cw_ns         starts;
    uint64_t      ordinal;
    uint64_t      go_at; /* held: goes on once this many have passed */
    uint32_t      hold;
    uint32_t      next_wait; /* on the queue's chain */
    uint32_t      next;      /* on another chain, or the free list */
    uint8_t       copy;
};

/* First in, first out, through slot.next or slot.next_wait. */
struct chain {
    uint32_t first, last;
};

struct heap_entry {
    cw_ns    at;
    uint64_t key; /* ordinal and copy */
    uint32_t slot;
};

struct heap {
    struct heap_entry *e;
    uint32_t           n, cap;
};

struct flight {
    const struct cw_alloc *alloc;
    struct slot           *slots;
    uint32_t               cap, max, live, free;
};

void flight_init(struct flight *f, const struct cw_alloc *alloc, size_t max);
/* Gives up the slots; they must be empty. */
void flight_free(struct flight *f);
/* Is there a slot to take, and a place in h for it?  False: at the bound,
 * or no memory. */
bool flight_reserve(struct flight *f, struct heap *h);
/* A slot; one must have been reserved.  Its contents are zero. */
uint32_t     slot_take(struct flight *f);
struct slot *slot_at(const struct flight *f, uint32_t i);
void         slot_give(struct flight *f, uint32_t i);

void heap_free(struct heap *h, const struct cw_alloc *alloc);
void heap_push(struct heap *h, struct heap_entry e);
/* The least; the heap must not be empty. */
struct heap_entry heap_pop(struct heap *h);

static inline void chain_init(struct chain *c)
{
    c->first = c->last = SLOT_NIL;
}

static inline bool chain_empty(const struct chain *c)
{
    return c->first == SLOT_NIL;
}

/* By slot.next. */
void     chain_push(struct flight *f, struct chain *c, uint32_t i);
uint32_t chain_pop(struct flight *f, struct chain *c);

#endif
