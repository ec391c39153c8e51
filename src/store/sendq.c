/* sendq.c: the send queue.  See sendq.h.
 *
 *   Buffers grow with the queue: a first small write takes a small one, what
 *   comes behind it middle ones, a large write large ones; so a full segment
 *   never spans more than a few runs.
 */
#include "store/sendq.h"
#include "base/check.h"

_Static_assert(sizeof(struct sendq_body) <= SLICE_SIZE,
               "taken from the slab of slices");

void sendq_init(struct sendq *q)
{
    *q = (struct sendq){ 0 };
}

void sendq_fini(struct sendq *q)
{
    sendq_drop(q, q->len);
    INVARIANT(q->body == NULL);
}

static void link_slice(struct sendq_body *b, struct slice *s)
{
    if (b->tail)
        b->tail->next = s;
    else
        b->head = s;
    b->tail = s;
}

static size_t buffer_size(const struct sendq_body *b, size_t n)
{
    if (n > 2 * PBUF_MIDDLE)
        return PBUF_LARGE;
    if (n > PBUF_SMALL || b->head)
        return PBUF_MIDDLE;
    return PBUF_SMALL;
}

/* Room behind the last slice, in a buffer whose bytes are ours alone. */
static uint32_t tail_room(const struct sendq *q)
{
    const struct slice *s = q->body ? q->body->tail : NULL;

    if (!s || s->len > PBUF_LARGE)
        return 0;
    return q->body->tail_owned ? s->buf->cap - s->off - s->len : 0;
}

static struct sendq_body *body_of(struct sendq *q, struct pbufs *ps)
{
    if (!q->body) {
        q->body = slab_get(&ps->slice);
        if (q->body)
            *q->body = (struct sendq_body){ 0 };
    }
    return q->body;
}

static void drop_body_if_empty(struct sendq *q)
{
    struct sendq_body *b = q->body;

    if (!b || b->head)
        return;
    INVARIANT(q->len == 0);
    slab_put(b);
    q->body = NULL;
}

static bool grow(struct sendq *q, struct pbufs *ps, size_t n)
{
    struct sendq_body *body = body_of(q, ps);
    struct cw_buf     *b = body ? pbuf_new(ps, buffer_size(body, n)) : NULL;
    struct slice      *s;

    if (body && !b)
        b = pbuf_new(ps, 1); /* a small one may still be had */
    s = b ? slice_new(ps, b, 0, 0) : NULL;
    if (b)
        pbuf_put(b);
    if (!s) {
        drop_body_if_empty(q);
        return false;
    }
    link_slice(body, s);
    body->tail_owned = true;
    return true;
}

size_t sendq_write(struct sendq *q, struct pbufs *ps, const void *src,
                   size_t n)
{
    const uint8_t *from = src;
    size_t         done = 0;

    while (done < n) {
        uint32_t      room = tail_room(q), k;
        struct slice *s;

        if (room == 0) {
            if (!grow(q, ps, n - done))
                break;
            continue;
        }
        s = q->body->tail;
        k = (uint32_t)MIN((size_t)room, n - done);
        memcpy(s->buf->data + s->off + s->len, from + done, k);
        s->len += k;
        q->len += k;
        done += k;
    }
    return done;
}

bool sendq_append(struct sendq *q, struct pbufs *ps, struct cw_buf *buf,
                  uint32_t off, uint32_t len)
{
    struct sendq_body *body = body_of(q, ps);
    struct slice      *s = body ? slice_new(ps, buf, off, len) : NULL;

    if (!s) {
        drop_body_if_empty(q);
        return false;
    }
    link_slice(body, s);
    body->tail_owned = false;
    q->len += len;
    return true;
}

uint32_t sendq_attach(struct sendq *q, uint32_t off, uint32_t len,
                      struct cw_pkt *pkt)
{
    struct sendq_body *b = q->body;
    struct slice      *s;
    uint32_t           at = 0, done = 0;

    INVARIANT(off <= q->len && len <= q->len - off);
    if (!b)
        return 0;
    s = b->head;
    if (b->cur && b->cur_off <= off) {
        s = b->cur;
        at = b->cur_off;
    }
    while (s && off - at >= s->len) {
        at += s->len;
        s = s->next;
    }
    while (s && done < len) {
        uint32_t skip = off + done - at;
        uint32_t k = MIN(s->len - skip, len - done);

        if (!pkt_append(pkt, s->buf, s->off + skip, k))
            break;
        done += k;
        b->cur = s;
        b->cur_off = at;
        at += s->len;
        s = s->next;
    }
    return done;
}

/* The first slice and its reference go. */
static void drop_head(struct sendq_body *b)
{
    struct slice *s = b->head;

    b->head = s->next;
    if (b->cur == s)
        b->cur = NULL;
    slice_free(s);
}

void sendq_drop(struct sendq *q, uint32_t n)
{
    struct sendq_body *b = q->body;

    INVARIANT(n <= q->len);
    if (!b)
        return;
    q->len -= n;
    b->cur_off = b->cur_off > n ? b->cur_off - n : 0;
    while (b->head && n >= b->head->len && (n > 0 || q->len == 0)) {
        n -= b->head->len;
        drop_head(b);
    }
    if (n > 0) {
        INVARIANT(b->head != NULL);
        b->head->off += n;
        b->head->len -= n;
        if (b->cur == b->head)
            b->cur_off = 0;
    }
    if (!b->cur)
        b->cur_off = 0;
    drop_body_if_empty(q);
}
