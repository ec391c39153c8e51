/* arena.h: one budget of memory, lent as pages to typed slabs.
 *
 * A stack's memory is one region taken at creation.  The arena cuts it into
 * pages (64 KiB, aligned); a slab borrows pages for objects of one size and
 * gives an empty page back, so that the same bytes can serve a million idle
 * connections or ten busy ones.  Everything is O(1).
 *
 * The region goes back to the allocator when the arena was closed and the
 * last object was put: buffers may outlive their stack.
 */
#ifndef STORE_ARENA_H
#define STORE_ARENA_H

#include "base/list.h"
#include <causeway/stack.h>

#define ARENA_PAGE 65536u

struct arena;

/* Objects of one size.  Lives inside a larger struct; no memory of its own
 * until the first object. */
struct slab {
    struct arena *arena;
    struct list   partial; /* pages with a free object */
    uint32_t      size;    /* of an object, rounded up to 16 */
    uint32_t      per_page;
    uint32_t      live; /* objects handed out */
};

/* Takes about memory_max bytes from alloc and carves `fixed` zeroed bytes
 * out for the caller (*fixed_mem), which live as long as the arena. NULL:
 * no memory, or memory_max too small. */
struct arena *arena_new(const struct cw_alloc *alloc, size_t memory_max,
                        size_t fixed, void **fixed_mem);
/* No new objects; the memory goes when the last one was put. */
void   arena_close(struct arena *a);
size_t arena_used(const struct arena *a);  /* bytes of live objects */
size_t arena_limit(const struct arena *a); /* bytes that objects may use */

void slab_init(struct slab *s, struct arena *a, size_t size);
/* An object, contents undefined; NULL when memory is out. */
void *slab_get(struct slab *s);
/* The same, zeroed. */
void *slab_get0(struct slab *s);
/* Gives an object back; s may be NULL-safe derived from the object's page. */
void slab_put(void *obj);

#endif
