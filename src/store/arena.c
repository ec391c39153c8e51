/* arena.c: pages from one region, objects from pages.
 *
 *   Owns the region.  A page that was never used costs nothing: pages are
 *   taken from the end of what was touched, then from the list of those that
 *   came back.  A page's header is found from any object by masking.
 */
#include "store/arena.h"
#include "base/check.h"
#include <string.h>

struct page {
    struct list   link; /* slab->partial, or the arena's free list */
    struct arena *arena;
    struct slab  *slab;
    void         *free; /* objects given back, chained */
    uint32_t      size; /* of an object */
    uint16_t      live, touched, per_page;
};

struct arena {
    struct cw_alloc alloc;
    void           *region; /* as alloc gave it */
    size_t          region_size;
    uint8_t        *next; /* the first page never used */
    uint8_t        *end;
    struct list     pages; /* free ones */
    size_t          used, limit, left;
    uint64_t        live; /* objects */
    bool            closed;
    arena_reclaim  *reclaim;
    void           *reclaim_ctx;
};

enum { RECLAIMS_MAX = 64 }; /* for one object */

enum { PAGE_HEADER = (sizeof(struct page) + 63) & ~63u };

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

struct arena *arena_new(const struct cw_alloc *alloc, size_t memory_max,
                        size_t fixed, void **fixed_mem)
{
    size_t        head = round_up(sizeof(struct arena), 64);
    size_t        size = round_up(memory_max, ARENA_PAGE);
    uint8_t      *region;
    struct arena *a;

    fixed = round_up(fixed, 64);
    if (!arena_spans((uint64_t)memory_max + ARENA_PAGE - 1)
        || size < head + fixed + 2 * ARENA_PAGE)
        return NULL;
    region = alloc->alloc(alloc->ctx, size, ARENA_PAGE);
    if (!region)
        return NULL;
    a = (struct arena *)(void *)region;
    memset(region, 0, head + fixed);
    a->alloc = *alloc;
    a->region = region;
    a->region_size = size;
    a->next = region + round_up(head + fixed, ARENA_PAGE);
    a->end = region + size;
    a->limit = a->left = (size_t)(a->end - a->next);
    list_init(&a->pages);
    *fixed_mem = region + head;
    return a;
}

static void release(struct arena *a)
{
    struct cw_alloc alloc = a->alloc;

    alloc.free(alloc.ctx, a->region, a->region_size);
}

void arena_close(struct arena *a)
{
    INVARIANT(!a->closed);
    a->closed = true;
    if (a->live == 0)
        release(a);
}

void arena_reclaimer(struct arena *a, arena_reclaim *fn, void *ctx)
{
    a->reclaim = fn;
    a->reclaim_ctx = ctx;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

size_t arena_limit(const struct arena *a)
{
    return a->limit;
}

size_t arena_left(const struct arena *a)
{
    return a->left;
}

void slab_init(struct slab *s, struct arena *a, size_t size)
{
    *s = (struct slab){ .arena = a };
    s->size = (uint32_t)round_up(MAX(size, sizeof(void *)), ARENA_ALIGN);
    s->per_page = (ARENA_PAGE - PAGE_HEADER) / s->size;
    INVARIANT(s->per_page > 0);
    list_init(&s->partial);
}

static struct page *page_of(void *obj)
{
    return (struct page *)((uintptr_t)obj & ~(uintptr_t)(ARENA_PAGE - 1));
}

static struct page *page_get(struct slab *s)
{
    struct arena *a = s->arena;
    struct list  *n;
    struct page  *p;

    INVARIANT(s->partial.next != NULL); /* slab_init() was here */
    if (a->closed)
        return NULL;
    n = list_pop(&a->pages);
    if (n) {
        p = list_entry(n, struct page, link);
    } else if (a->next < a->end) {
        p = (struct page *)(void *)a->next;
        a->next += ARENA_PAGE;
    } else {
        return NULL;
    }
    *p = (struct page){ .arena = a, .slab = s, .size = s->size };
    p->per_page = (uint16_t)MIN(s->per_page, (uint32_t)UINT16_MAX);
    s->room += p->per_page;
    a->left -= ARENA_PAGE;
    list_init(&p->link);
    list_push_front(&s->partial, &p->link);
    return p;
}

static struct page *page_with_room(struct slab *s)
{
    struct list *n = list_first(&s->partial);

    return n ? list_entry(n, struct page, link) : page_get(s);
}

/* What is given back may be of another size: some more may empty a page. */
static struct page *page_reclaimed(struct slab *s)
{
    struct arena *a = s->arena;
    struct page  *p = NULL;

    for (int i = 0; !p && i < RECLAIMS_MAX; i++) {
        if (!a->reclaim || !a->reclaim(a->reclaim_ctx))
            break;
        p = page_with_room(s);
    }
    return p;
}

void *slab_get(struct slab *s)
{
    struct page *p = page_with_room(s);
    void        *obj;

    if (UNLIKELY(!p) && !(p = page_reclaimed(s)))
        return NULL;
    obj = p->free;
    if (obj) {
        memcpy(&p->free, obj, sizeof p->free);
    } else {
        obj = (uint8_t *)p + PAGE_HEADER + (size_t)p->touched * p->size;
        p->touched++;
    }
    if (++p->live == p->per_page)
        list_del(&p->link);
    s->live++;
    s->room--;
    s->arena->live++;
    s->arena->used += p->size;
    return obj;
}

void *slab_get0(struct slab *s)
{
    void *obj = slab_get(s);

    if (obj)
        memset(obj, 0, s->size);
    return obj;
}

void slab_put(void *obj)
{
    struct page  *p = page_of(obj);
    struct arena *a = p->arena;

    INVARIANT(p->live > 0);
    memcpy(obj, &p->free, sizeof p->free);
    p->free = obj;
    a->used -= p->size;
    a->live--;
    if (a->closed) { /* the slab may be gone; only the region matters */
        p->live--;
        if (a->live == 0)
            release(a);
        return;
    }
    p->slab->live--;
    p->slab->room++;
    if (p->live-- == p->per_page)
        list_push_front(&p->slab->partial, &p->link);
    if (p->live == 0) {
        list_del(&p->link);
        list_push_front(&a->pages, &p->link);
        p->slab->room -= p->per_page;
        a->left += ARENA_PAGE;
    }
}
