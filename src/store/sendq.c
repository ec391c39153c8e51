/* sendq.c: the send queue.  See sendq.h.
 *
 *   Buffers grow with the queue: a first small write takes a small one, what
 *   comes behind it middle ones, a large write large ones; so a full segment
 *   never spans more than a few runs.
 */
#include "store/sendq.h"
#include "base/check.h"

void sendq_init(struct sendq *q)
{
    *q = (struct sendq){ 0 };
}

void sendq_fini(struct sendq *q)
{
    sendq_drop(q, q->len);
    INVARIANT(q->head == NULL && q->charged == 0);
}

static void link_slice(struct sendq *q, struct slice *s)
{
    if (q->tail)
        q->tail->next = s;
    else
        q->head = s;
    q->tail = s;
    q->charged += pbuf_truesize(s->buf);
}

static size_t buffer_size(const struct sendq *q, size_t n)
{
    if (n > 2 * PBUF_MIDDLE)
        return PBUF_LARGE;
    if (n > PBUF_SMALL || q->head)
        return PBUF_MIDDLE;
    return PBUF_SMALL;
}

/* Room behind the last slice, in a buffer whose bytes are ours alone. */
static uint32_t tail_room(const struct sendq *q)
{
    const struct slice *s = q->tail;

    if (!s || s->len > PBUF_LARGE)
        return 0;
    return q->tail_owned ? s->buf->cap - s->off - s->len : 0;
}

static bool grow(struct sendq *q, struct pbufs *ps, size_t n)
{
    struct cw_buf *b = pbuf_new(ps, buffer_size(q, n));
    struct slice  *s;

    if (!b)
        b = pbuf_new(ps, 1); /* a small one may still be had */
    if (!b)
        return false;
    s = slice_new(ps, b, 0, 0);
    pbuf_put(b);
    if (!s)
        return false;
    link_slice(q, s);
    q->tail_owned = true;
    return true;
}

size_t sendq_write(struct sendq *q, struct pbufs *ps, const void *src,
                   size_t n)
{
    const uint8_t *from = src;
    size_t         done = 0;

    while (done < n) {
        uint32_t room = tail_room(q), k;

        if (room == 0) {
            if (!grow(q, ps, n - done))
                break;
            continue;
        }
        k = (uint32_t)MIN((size_t)room, n - done);
        memcpy(q->tail->buf->data + q->tail->off + q->tail->len, from + done,
               k);
        q->tail->len += k;
        q->len += k;
        done += k;
    }
    return done;
}

bool sendq_append(struct sendq *q, struct pbufs *ps, struct cw_buf *buf,
                  uint32_t off, uint32_t len)
{
    struct slice *s = slice_new(ps, buf, off, len);

    if (!s)
        return false;
    link_slice(q, s);
    q->tail_owned = false;
    q->len += len;
    return true;
}

uint32_t sendq_attach(struct sendq *q, uint32_t off, uint32_t len,
                      struct cw_pkt *pkt)
{
    struct slice *s = q->head;
    uint32_t      at = 0, done = 0;

    INVARIANT(off <= q->len && len <= q->len - off);
    if (q->cur && q->cur_off <= off) {
        s = q->cur;
        at = q->cur_off;
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
        q->cur = s;
        q->cur_off = at;
        at += s->len;
        s = s->next;
    }
    return done;
}

void sendq_drop(struct sendq *q, uint32_t n)
{
    INVARIANT(n <= q->len);
    q->len -= n;
    q->cur_off = q->cur_off > n ? q->cur_off - n : 0;
    while (q->head && n >= q->head->len && (n > 0 || q->len == 0)) {
        struct slice *s = q->head;

        n -= s->len;
        q->head = s->next;
        if (q->cur == s)
            q->cur = NULL;
        q->charged -= pbuf_truesize(s->buf);
        slice_free(s);
    }
    if (n > 0) {
        INVARIANT(q->head != NULL);
        q->head->off += n;
        q->head->len -= n;
        if (q->cur == q->head)
            q->cur_off = 0;
    }
    if (!q->head)
        q->tail = NULL;
    if (!q->cur)
        q->cur_off = 0;
}
