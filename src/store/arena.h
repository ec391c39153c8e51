/* arena.h: one budget of memory, lent as pages to typed slabs.
 *
 * A stack's memory is one region taken at creation.  The arena cuts it into
 * pages (16 KiB, aligned: one large buffer, eight that hold a frame); a slab
 * borrows pages for objects of one size and gives an empty page back, so that
 * the same bytes can serve a million idle connections or ten busy ones.  A
 * page with one object is nobody else's: small, so that a small host's are
 * not held by a few objects of each kind.  Everything is O(1).
 *
 * The region goes back to the allocator when the arena was closed and the
 * last object was put: buffers may outlive their stack.
 */
#ifndef STORE_ARENA_H
#define STORE_ARENA_H

#include "base/check.h"
#include "base/list.h"
#include <causeway/stack.h>

#define ARENA_PAGE  16384u
#define ARENA_ALIGN 8u                   /* of every object */
#define ARENA_MAX   (UINT64_C(16) << 30) /* what near.h's lists can span */

struct arena;

/* Objects of one size.  Lives inside a larger struct; no memory of its own
 * until the first object. */
struct slab {
    struct arena *arena;
    struct list   partial; /* pages with a free object */
    uint32_t      size;    /* of an object, rounded up to 16 */
    uint32_t      per_page;
    uint32_t      live; /* objects handed out */
    uint32_t      room; /* that its pages have free */
};

/* Takes about memory_max bytes from alloc and carves `fixed` zeroed bytes
 * out for the caller (*fixed_mem), which live as long as the arena. NULL:
 * no memory, or memory_max too small. */
struct arena *arena_new(const struct cw_alloc *alloc, size_t memory_max,
                        size_t fixed, void **fixed_mem);
/* No new objects; the memory goes when the last one was put. */
void arena_close(struct arena *a);
/* Asked when memory is out, some times: gives an object back, or says that
 * there is none.  What allocates must bear it; NULL: nobody is asked. */
typedef bool arena_reclaim(void *ctx);
void         arena_reclaimer(struct arena *a, arena_reclaim *fn, void *ctx);

size_t arena_used(const struct arena *a);  /* bytes of live objects */
size_t arena_limit(const struct arena *a); /* bytes that objects may use */
size_t arena_left(const struct arena *a); /* bytes of pages that nobody has */

/* Can objects that far apart be known by 32 bits?  A size_t of 32 bits always
 * says so, hence the wider type. */
static inline bool arena_spans(uint64_t bytes)
{
    return bytes < ARENA_MAX;
}

/* An object's address in 32 bits; 0 is none.  The arena is its region's
 * first object, so an object is known by its distance from it. */
static inline uint32_t arena_ref(const struct arena *a, const void *obj)
{
    uintptr_t d = (uintptr_t)obj - (uintptr_t)a;

    INVARIANT(d % ARENA_ALIGN == 0 && arena_spans(d));
    return (uint32_t)(d / ARENA_ALIGN);
}

static inline void *arena_at(const struct arena *a, uint32_t ref)
{
    return (void *)((uintptr_t)a + (uintptr_t)ref * ARENA_ALIGN);
}

void slab_init(struct slab *s, struct arena *a, size_t size);
/* An object, contents undefined; NULL when memory is out. */
void *slab_get(struct slab *s);
/* The same, zeroed. */
void *slab_get0(struct slab *s);
/* Gives an object back; s may be NULL-safe derived from the object's page. */
void slab_put(void *obj);

#endif
