/* recvq.c: reassembly.  See recvq.h.
 *
 *   Ready bytes are one chain of slices.  Bytes that came early are ranges,
 *   each a chain of its own, disjoint, sorted, never touching: what touches is
 *   joined.  A new run is cut into the pieces that no range covers; the
 *   pieces become ranges; then neighbours join and what touches RCV.NXT
 *   becomes ready.
 */
#include "store/recvq.h"
#include "base/check.h"

struct recvq_range {
    struct list   link;
    seq           start, end;
    struct slice *head, *tail;
    uint32_t      stamp;
};
_Static_assert(sizeof(struct recvq_range) >= sizeof(struct recvq_body),
               "one slab for both");

/* A chain under construction, or one of the queue's. */
struct chain {
    struct slice *head, *tail;
};

size_t recvq_range_size(void)
{
    return sizeof(struct recvq_range);
}

void recvq_init(struct recvq *q)
{
    *q = (struct recvq){ 0 };
}

static struct recvq_body *body_of(struct recvq *q, struct slab *s)
{
    if (!q->body && (q->body = slab_get0(s)) != NULL)
        list_init(&q->body->ooo);
    return q->body;
}

static void drop_body_if_empty(struct recvq *q)
{
    struct recvq_body *b = q->body;

    if (!b || b->head || b->ranges > 0)
        return;
    INVARIANT(b->charged == 0 && b->held == 0 && q->ready == 0);
    slab_put(b);
    q->body = NULL;
}

static void free_chain(struct recvq_body *q, struct slice *s)
{
    while (s) {
        struct slice *next = s->next;

        q->charged -= pbuf_truesize(s->buf);
        slice_free(s);
        s = next;
    }
}

void recvq_fini(struct recvq *q)
{
    struct recvq_body *b = q->body;
    struct list       *n;

    q->ready = 0;
    if (!b)
        return;
    free_chain(b, b->head);
    b->head = b->tail = NULL;
    while ((n = list_pop(&b->ooo)) != NULL) {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);

        free_chain(b, r->head);
        slab_put(r);
    }
    b->ranges = 0;
    b->held = 0;
    drop_body_if_empty(q);
}

/* ---- chains of slices ---------------------------------------------------- */

static void chain_add(struct recvq_body *q, struct chain *c, struct slice *s)
{
    if (c->tail)
        c->tail->next = s;
    else
        c->head = s;
    c->tail = s;
    q->charged += pbuf_truesize(s->buf);
}

/* Room behind a slice that nobody else can see: its buffer is ours alone. */
static uint32_t room_behind(const struct slice *s)
{
    if (!s || s->buf->refs != 1)
        return 0;
    return s->buf->cap - s->off - s->len;
}

/* Bytes that use less than half of their buffer are copied together. */
static bool add_copy(struct recvq_body *q, struct pbufs *ps, struct chain *c,
                     struct span from)
{
    if (room_behind(c->tail) < from.len) {
        struct cw_buf *b = pbuf_new(ps, MAX(from.len, (size_t)PBUF_SMALL));
        struct slice  *s = b ? slice_new(ps, b, 0, 0) : NULL;

        if (b)
            pbuf_put(b);
        if (!s)
            return false;
        chain_add(q, c, s);
    }
    memcpy(c->tail->buf->data + c->tail->off + c->tail->len, from.p,
           from.len);
    c->tail->len += (uint32_t)from.len;
    return true;
}

static bool add_run(struct recvq_body *q, struct pbufs *ps, struct chain *c,
                    const struct cw_frag *f)
{
    struct slice *s;

    if (f->len < pbuf_truesize(f->buf) / 2 && f->len <= PBUF_MIDDLE)
        return add_copy(q, ps, c, span_of(f->buf->data + f->off, f->len));
    s = slice_new(ps, f->buf, f->off, f->len);
    if (!s)
        return false;
    chain_add(q, c, s);
    return true;
}

/* Bytes [off, off+len) of the packet onto the chain; answers how many. */
static uint32_t add_bytes(struct recvq_body *q, struct pbufs *ps,
                          struct chain *c, const struct cw_pkt *pkt,
                          const uint32_t at[2])
{
    uint32_t off = at[0], len = at[1], done = 0;

    for (unsigned i = 0; i < pkt->nfrags && done < len; i++) {
        struct cw_frag f = pkt->frags[i];

        if (off >= f.len) {
            off -= f.len;
            continue;
        }
        f.off += off;
        f.len = MIN(f.len - off, len - done);
        off = 0;
        if (!add_run(q, ps, c, &f))
            break;
        done += f.len;
    }
    return done;
}

/* ---- ranges -------------------------------------------------------------- */

struct insertion {
    struct recvq           *queue;
    struct recvq_body      *q;
    const struct recvq_mem *m;
    const struct recvq_in  *in;
    struct recvq_result    *res;
    enum why                why;
    seq                     nxt;
};

/* Will it be a range for good?  Not if it is what RCV.NXT waits for, or touches
 * another one: then it must be taken however many there are, or the hole in
 * front of them would stay for ever. */
static bool is_one_more(const struct insertion *x, const struct list *at,
                        seq from, seq to)
{
    const struct list *ooo = &x->q->ooo;

    if (seq_eq(from, x->nxt))
        return false;
    if (at != ooo
        && seq_eq(list_entry(at, const struct recvq_range, link)->start, to))
        return false;
    return at->prev == ooo
        || !seq_eq(list_entry(at->prev, const struct recvq_range, link)->end,
                   from);
}

/* A piece [from, to) that no range covers becomes one, before `at`. */
static void add_piece(struct insertion *x, struct list *at, seq from, seq to)
{
    struct recvq_body  *q = x->q;
    struct chain        c = { NULL, NULL };
    struct recvq_range *r;
    uint32_t            where[2], n;

    if (q->ranges >= x->m->ranges_max && is_one_more(x, at, from, to)) {
        x->why = WHY_OOO_FULL;
        return;
    }
    r = slab_get(x->m->range);
    if (!r) {
        x->why = WHY_NO_MEMORY;
        return;
    }
    where[0] = x->in->off + seq_from(from, x->in->at);
    where[1] = seq_from(to, from);
    n = add_bytes(q, x->m->ps, &c, x->in->pkt, where);
    if (n == 0) {
        free_chain(q, c.head);
        slab_put(r);
        x->why = WHY_NO_MEMORY;
        return;
    }
    *r = (struct recvq_range){ .start = from,
                               .end = seq_add(from, n),
                               .head = c.head,
                               .tail = c.tail,
                               .stamp = ++q->stamp };
    list_insert_before(at, &r->link);
    q->ranges++;
    q->held += n;
    x->res->fresh += n;
}

static void note_dup(struct recvq_result *res, seq left, seq right)
{
    if (res->dup || !seq_lt(left, right))
        return;
    res->dup = true;
    res->dup_range = (struct seqrange){ left, right };
}

static void insert(struct insertion *x, seq from, seq to)
{
    struct list *at = &x->q->ooo;

    list_each (n, &x->q->ooo) {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);

        x->res->walked++;
        if (seq_le(r->end, from))
            continue;
        if (seq_ge(r->start, to)) {
            at = n;
            break;
        }
        if (seq_lt(from, r->start))
            add_piece(x, n, from, r->start);
        note_dup(x->res, seq_max(from, r->start), seq_min(to, r->end));
        r->stamp = ++x->q->stamp;
        from = seq_max(from, r->end);
        if (seq_ge(from, to))
            return;
    }
    add_piece(x, at, from, to);
}

/* Chain `b` behind chain `a`.  Where they meet, bytes that fit behind a's are
 * copied there: otherwise segments of one byte each would cost a buffer
 * each. */
static void chain_join(struct recvq_body *q, struct chain *a, struct chain b)
{
    while (a->tail && b.head && b.head->len <= room_behind(a->tail)) {
        struct slice *s = b.head, *t = a->tail;

        memcpy(t->buf->data + t->off + t->len, slice_bytes(s), s->len);
        t->len += s->len;
        b.head = s->next;
        q->charged -= pbuf_truesize(s->buf);
        slice_free(s);
    }
    if (!b.head)
        return;
    if (a->tail)
        a->tail->next = b.head;
    else
        a->head = b.head;
    a->tail = b.tail;
}

static void join(struct recvq_body *q, struct recvq_result *res)
{
    list_each (n, &q->ooo) {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);
        struct recvq_range *p;
        struct chain        c;

        res->walked++;
        if (n->prev == &q->ooo)
            continue;
        p = list_entry(n->prev, struct recvq_range, link);
        if (!seq_eq(p->end, r->start))
            continue;
        p->end = r->end;
        c = (struct chain){ p->head, p->tail };
        chain_join(q, &c, (struct chain){ r->head, r->tail });
        p->head = c.head;
        p->tail = c.tail;
        p->stamp = MAX(p->stamp, r->stamp);
        list_del(n);
        q->ranges--;
        slab_put(r);
    }
}

/* The first range touches RCV.NXT: its bytes are ready. */
static uint32_t release(struct recvq *queue, seq nxt)
{
    struct recvq_body  *q = queue->body;
    struct list        *n = list_first(&q->ooo);
    struct recvq_range *r = n ? list_entry(n, struct recvq_range, link)
                              : NULL;
    struct chain        c = { q->head, q->tail };
    uint32_t            len;

    if (!r || !seq_eq(r->start, nxt))
        return 0;
    len = seq_from(r->end, r->start);
    chain_join(q, &c, (struct chain){ r->head, r->tail });
    q->head = c.head;
    q->tail = c.tail;
    queue->ready += len;
    q->held -= len;
    q->ranges--;
    list_del(n);
    slab_put(r);
    return len;
}

/* Nothing is out of order and this is what comes next. */
static enum why put_next(struct insertion *x, uint32_t skip)
{
    struct recvq_body *q = x->q;
    struct chain       c = { q->head, q->tail };
    uint32_t           where[2] = { x->in->off + skip, x->in->len - skip };
    uint32_t           n = add_bytes(q, x->m->ps, &c, x->in->pkt, where);

    q->head = c.head;
    q->tail = c.tail;
    if (n == 0)
        return WHY_NO_MEMORY;
    x->queue->ready += n;
    x->res->advanced = x->res->fresh = n;
    return GO_ON;
}

static enum why put_fresh(struct insertion *x, seq nxt, seq from, seq end)
{
    struct recvq_body *q = x->q;
    uint32_t           before = q->ranges;

    if (before == 0) {
        q->stamp = 0;
        if (seq_eq(from, nxt))
            return put_next(x, seq_from(from, x->in->at));
    }
    insert(x, from, end);
    if (x->res->fresh == 0)
        return x->why != GO_ON ? x->why : WHY_SEQ_OLD;
    join(q, x->res);
    x->res->advanced = release(x->queue, nxt);
    x->res->filled = x->res->advanced > 0 || q->ranges < before + 1;
    return GO_ON;
}

enum why recvq_put(struct recvq *q, const struct recvq_mem *m, seq nxt,
                   const struct recvq_in *in, struct recvq_result *res)
{
    struct insertion x = { q, q->body, m, in, res, GO_ON, nxt };
    seq              end = seq_add(in->at, in->len), from = in->at;

    *res = (struct recvq_result){ 0 };
    if (in->len == 0)
        return GO_ON;
    if (seq_lt(from, nxt)) {
        note_dup(res, from, seq_min(end, nxt));
        from = nxt;
    }
    if (!seq_lt(from, end))
        return WHY_SEQ_OLD;
    x.q = body_of(q, m->range);
    if (!x.q)
        return WHY_NO_MEMORY;
    x.why = put_fresh(&x, nxt, from, end);
    drop_body_if_empty(q); /* memory was out */
    return x.why;
}

/* ---- reading ------------------------------------------------------------- */

static const struct slice *first(const struct recvq *q)
{
    return q->body ? q->body->head : NULL;
}

size_t recvq_read(struct recvq *q, void *dst, size_t len, bool peek)
{
    uint8_t            *to = dst;
    const struct slice *s = first(q);
    size_t              done = 0;

    len = MIN(len, (size_t)q->ready);
    while (done < len) {
        size_t n = MIN((size_t)s->len, len - done);

        memcpy(to + done, slice_bytes(s), n);
        done += n;
        s = s->next;
    }
    if (!peek)
        recvq_skip(q, (uint32_t)done);
    return done;
}

void recvq_skip(struct recvq *q, uint32_t n)
{
    struct recvq_body *b = q->body;

    INVARIANT(n <= q->ready);
    if (!b)
        return;
    q->ready -= n;
    while (b->head && n >= b->head->len) {
        struct slice *s = b->head;

        n -= s->len;
        b->head = s->next;
        b->charged -= pbuf_truesize(s->buf);
        slice_free(s);
    }
    if (n > 0) {
        INVARIANT(b->head != NULL);
        b->head->off += n;
        b->head->len -= n;
    }
    if (!b->head)
        b->tail = NULL;
    drop_body_if_empty(q);
}

bool recvq_byte(const struct recvq *q, uint32_t off, uint8_t *out)
{
    if (off >= q->ready)
        return false;
    for (const struct slice *s = first(q); s; s = s->next) {
        if (off < s->len) {
            *out = slice_bytes(s)[off];
            return true;
        }
        off -= s->len;
    }
    return false;
}

unsigned recvq_view(const struct recvq *q, struct cw_frag *out, unsigned max)
{
    unsigned n = 0;

    for (const struct slice *s = first(q); s && n < max; s = s->next)
        out[n++] = (struct cw_frag){ s->buf, s->off, s->len };
    return n;
}

unsigned recvq_sack(const struct recvq *q, struct seqrange *out, unsigned max)
{
    const struct recvq_body *b = q->body;
    uint32_t                 below = UINT32_MAX;
    unsigned                 n;

    for (n = 0; b && n < max; n++) {
        const struct recvq_range *best = NULL;

        for (struct list *l = b->ooo.next; l != &b->ooo; l = l->next) {
            const struct recvq_range *r = list_entry(l, struct recvq_range,
                                                     link);

            if (r->stamp < below && (!best || r->stamp > best->stamp))
                best = r;
        }
        if (!best)
            break;
        out[n] = (struct seqrange){ best->start, best->end };
        below = best->stamp;
    }
    return n;
}
