/* pbuf.c: packet buffers of three sizes, and slices of them.
 *
 *   A buffer is one slab object: struct cw_buf, then its bytes.
 */
#include "store/pbuf.h"
#include "base/check.h"

enum {
    HEAD = (sizeof(struct cw_buf) + 15) & ~15u,
    TRUE_SMALL = HEAD + PBUF_SMALL,
    TRUE_MIDDLE = HEAD + PBUF_MIDDLE,
    TRUE_LARGE = HEAD + PBUF_LARGE,
};

_Static_assert(sizeof(struct slice) <= SLICE_SIZE, "a slice is one");

void pbufs_init(struct pbufs *ps, struct arena *a)
{
    slab_init(&ps->small, a, TRUE_SMALL);
    slab_init(&ps->middle, a, TRUE_MIDDLE);
    slab_init(&ps->large, a, TRUE_LARGE);
    slab_init(&ps->slice, a, SLICE_SIZE);
}

struct cw_buf *pbuf_new(struct pbufs *ps, size_t size)
{
    struct slab   *s = &ps->small;
    uint32_t       cap = PBUF_SMALL;
    struct cw_buf *b;

    if (size > PBUF_LARGE)
        return NULL;
    if (size > PBUF_MIDDLE) {
        s = &ps->large;
        cap = PBUF_LARGE;
    } else if (size > PBUF_SMALL) {
        s = &ps->middle;
        cap = PBUF_MIDDLE;
    }
    b = slab_get(s);
    if (!b)
        return NULL;
    b->data = (uint8_t *)b + HEAD;
    b->cap = cap;
    b->refs = 1;
    return b;
}

uint32_t pbuf_truesize(const struct cw_buf *b)
{
    return b->cap + HEAD;
}

void pbuf_put(struct cw_buf *b)
{
    INVARIANT(b->refs > 0);
    if (--b->refs == 0)
        slab_put(b);
}

struct slice *slice_new(struct pbufs *ps, struct cw_buf *buf, uint32_t off,
                        uint32_t len)
{
    struct slice *s = slab_get(&ps->slice);

    INVARIANT(off <= buf->cap && len <= buf->cap - off);
    if (!s)
        return NULL;
    pbuf_get(buf);
    *s = (struct slice){ NULL, buf, off, len };
    return s;
}

void slice_free(struct slice *s)
{
    pbuf_put(s->buf);
    slab_put(s);
}
