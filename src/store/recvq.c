/* recvq.c: reassembly.  See recvq.h.
 *
 *   Ready bytes are one chain of slices.  Bytes that came early are ranges,
 *   each a chain of its own, disjoint, sorted, never touching: what touches is
 *   joined.  A new run is cut into the pieces that no range covers; the
 *   pieces become ranges; then neighbours join and what touches RCV.NXT
 *   becomes ready.  Ranges that are looked at on the way are joined then: only
 *   the search for the first of them is paid for again and again.
 */
#include "store/recvq.h"
#include "base/check.h"

struct recvq_range {
    struct avl    order;
    struct list   recent;
    seq           start, end;
    struct slice *head, *tail;
};
/* One slab for both: which is the larger depends on the size of a pointer. */
union recvq_part {
    struct recvq_range range;
    struct recvq_body  body;
};

/* A chain under construction, or one of the queue's. */
struct chain {
    struct slice *head, *tail;
};

enum { RENEGE_MAX = 64 }; /* ranges that one segment may cost its queue */

size_t recvq_range_size(void)
{
    return sizeof(union recvq_part);
}

void recvq_init(struct recvq *q)
{
    *q = (struct recvq){ 0 };
}

static struct recvq_body *body_of(struct recvq *q, struct slab *s)
{
    if (!q->body && (q->body = slab_get0(s)) != NULL) {
        q->body->queue = q;
        list_init(&q->body->recent);
        list_init(&q->body->link);
    }
    return q->body;
}

static void drop_body_if_empty(struct recvq *q)
{
    struct recvq_body *b = q->body;

    if (!b || b->head || b->ranges > 0)
        return;
    INVARIANT(b->charged == 0 && b->held == 0 && q->ready == 0);
    INVARIANT(!list_linked(&b->link));
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

static struct recvq_range *range_of(struct avl *n)
{
    return n ? avl_entry(n, struct recvq_range, order) : NULL;
}

static struct recvq_range *next_to(struct recvq_range *r, int side)
{
    return range_of(avl_next(&r->order, side));
}

static void unlink_range(struct recvq_body *q, struct recvq_range *r)
{
    INVARIANT(q->ranges > 0);
    avl_remove(&q->ooo, &r->order);
    list_del(&r->recent);
    q->ranges--;
    slab_put(r);
}

/* The furthest range is given up, as if it had never come.  (MAY under
 * RFC2018-8-b: what was SACKed is not yet acknowledged.) */
static bool renege(struct recvq_body *q)
{
    struct recvq_range *r = range_of(avl_end(q->ooo, AVL_BEHIND));

    if (!r)
        return false;
    q->held -= seq_from(r->end, r->start);
    free_chain(q, r->head);
    unlink_range(q, r);
    return true;
}

void recvq_fini(struct recvq *q)
{
    struct recvq_body *b = q->body;

    q->ready = 0;
    if (!b)
        return;
    free_chain(b, b->head);
    b->head = b->tail = NULL;
    while (renege(b))
        ;
    list_del(&b->link);
    drop_body_if_empty(q);
}

/* ---- shortage ------------------------------------------------------------ */

void recvq_holders_init(struct recvq_holders *h)
{
    list_init(&h->list);
    h->keep = false;
}

bool recvq_reclaim(struct recvq_holders *h)
{
    struct list       *n = list_first(&h->list);
    struct recvq_body *b;

    if (!n || h->keep)
        return false;
    b = list_entry(n, struct recvq_body, link);
    INVARIANT(b->ranges > 0);
    renege(b);
    if (b->ranges == 0)
        list_del(&b->link);
    drop_body_if_empty(b->queue);
    return true;
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

/* The ranges on both sides of a place, or NULL. */
struct place {
    struct recvq_range *before, *behind;
};

/* Will it be a range for good?  Not if it is what RCV.NXT waits for, or touches
 * another one: then it must be taken however many there are, or the hole in
 * front of them would stay for ever. */
static bool is_one_more(const struct insertion *x, struct place at, seq from,
                        seq to)
{
    return !seq_eq(from, x->nxt)
        && !(at.behind && seq_eq(at.behind->start, to))
        && !(at.before && seq_eq(at.before->end, from));
}

/* A piece [from, to) that no range covers becomes one. */
static void add_piece(struct insertion *x, struct place at, seq from, seq to)
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
    *r = (struct recvq_range){
        .start = from, .end = seq_add(from, n), .head = c.head, .tail = c.tail
    };
    avl_insert(&q->ooo, at.behind ? &at.behind->order : NULL, &r->order);
    list_push_front(&q->recent, &r->recent);
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

/* The first range that ends behind this place, and the one before. */
static struct place search(struct insertion *x, seq from)
{
    struct avl  *n = x->q->ooo;
    struct place at = { NULL, NULL };

    while (n) {
        struct recvq_range *r = range_of(n);
        bool                behind = seq_gt(r->end, from);

        x->res->walked++;
        if (behind)
            at.behind = r;
        else
            at.before = r;
        n = n->child[behind ? AVL_BEFORE : AVL_BEHIND];
    }
    return at;
}

static void insert(struct insertion *x, struct place at, seq from, seq to)
{
    struct recvq_range *r;

    while ((r = at.behind) != NULL && seq_lt(r->start, to)) {
        x->res->walked++;
        if (seq_lt(from, r->start))
            add_piece(x, at, from, r->start);
        note_dup(x->res, seq_max(from, r->start), seq_min(to, r->end));
        list_del(&r->recent);
        list_push_front(&x->q->recent, &r->recent);
        from = seq_max(from, r->end);
        if (seq_ge(from, to))
            return;
        at = (struct place){ r, next_to(r, AVL_BEHIND) };
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

static void join(struct recvq_body *q, struct recvq_range *p,
                 struct recvq_range *r)
{
    struct chain c = { p->head, p->tail };

    chain_join(q, &c, (struct chain){ r->head, r->tail });
    p->end = r->end;
    p->head = c.head;
    p->tail = c.tail;
    list_del(&p->recent);
    list_push_front(&q->recent, &p->recent);
    unlink_range(q, r);
}

/* What touches from `before` on (NULL: from the first) until `to`. */
static void join_until(struct insertion *x, struct recvq_range *before,
                       seq to)
{
    struct recvq_body  *q = x->q;
    struct recvq_range *p = before, *r;

    if (!p)
        p = range_of(avl_end(q->ooo, AVL_BEFORE));
    while (p && (r = next_to(p, AVL_BEHIND)) != NULL
           && seq_le(r->start, to)) {
        x->res->walked++;
        if (seq_eq(p->end, r->start))
            join(q, p, r);
        else
            p = r;
    }
}

/* The first range touches RCV.NXT: its bytes are ready. */
static uint32_t release(struct recvq *queue, seq nxt)
{
    struct recvq_body  *q = queue->body;
    struct recvq_range *r = range_of(avl_end(q->ooo, AVL_BEFORE));
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
    unlink_range(q, r);
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

static enum why put_fresh(struct insertion *x, seq from, seq end)
{
    struct recvq_body *q = x->q;
    uint32_t           before = q->ranges;
    struct place       at;

    if (before == 0 && seq_eq(from, x->nxt))
        return put_next(x, seq_from(from, x->in->at));
    x->why = GO_ON;
    at = search(x, from);
    insert(x, at, from, end);
    if (x->res->fresh == 0)
        return x->why != GO_ON ? x->why : WHY_SEQ_OLD;
    join_until(x, at.before, end);
    x->res->advanced = release(x->queue, x->nxt);
    x->res->filled = x->res->advanced > 0 || q->ranges < before + 1;
    return GO_ON;
}

/* Nothing was kept, for want of memory.  What RCV.NXT waits for is worth more
 * than what waits for it, or it would be refused for ever: first of what this
 * queue has, then of others. */
static enum why put_or_renege(struct insertion *x, seq from, seq end)
{
    enum why why = put_fresh(x, from, end);

    if (!seq_eq(from, x->nxt))
        return why;
    while (why == WHY_NO_MEMORY && x->res->reneged < RENEGE_MAX
           && renege(x->q)) {
        x->res->reneged++;
        why = put_fresh(x, from, end);
    }
    if (why != WHY_NO_MEMORY)
        return why;
    x->m->holders->keep = false;
    return put_fresh(x, from, end);
}

/* While it is being added to, this queue is not among those that shortage
 * takes from; and what is not in order takes nothing from others. */
static enum why put_held(struct insertion *x, seq from, seq end)
{
    struct recvq_holders *h = x->m->holders;
    enum why              why = WHY_NO_MEMORY;

    h->keep = !seq_eq(from, x->nxt);
    x->q = body_of(x->queue, x->m->range);
    h->keep = true;
    if (x->q) {
        list_del(&x->q->link);
        why = put_or_renege(x, from, end);
        if (x->q->ranges > 0)
            list_push_back(&h->list, &x->q->link);
    }
    h->keep = false;
    drop_body_if_empty(x->queue);
    return why;
}

enum why recvq_put(struct recvq *q, const struct recvq_mem *m, seq nxt,
                   const struct recvq_in *in, struct recvq_result *res)
{
    struct insertion x = { q, NULL, m, in, res, GO_ON, nxt };
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
    return put_held(&x, from, end);
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
    unsigned                 n = 0;

    if (!b)
        return 0;
    list_each (l, &b->recent) {
        const struct recvq_range *r = list_entry(l, struct recvq_range,
                                                 recent);

        if (n == max)
            break;
        out[n++] = (struct seqrange){ r->start, r->end };
    }
    return n;
}
