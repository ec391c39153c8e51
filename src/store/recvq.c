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
    uint64_t      stamp;
};

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
    list_init(&q->ooo);
}

static void free_chain(struct recvq *q, struct slice *s)
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
    struct list *n;

    free_chain(q, q->head);
    q->head = q->tail = NULL;
    q->ready = 0;
    while ((n = list_pop(&q->ooo)) != NULL) {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);

        free_chain(q, r->head);
        slab_put(r);
    }
    q->ranges = 0;
    q->held = 0;
    INVARIANT(q->charged == 0);
}

/* ---- chains of slices ---------------------------------------------------- */

static void chain_add(struct recvq *q, struct chain *c, struct slice *s)
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
static bool add_copy(struct recvq *q, struct pbufs *ps, struct chain *c,
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

static bool add_run(struct recvq *q, struct pbufs *ps, struct chain *c,
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
static uint32_t add_bytes(struct recvq *q, struct pbufs *ps, struct chain *c,
                          const struct cw_pkt *pkt, const uint32_t at[2])
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
    struct recvq           *q;
    const struct recvq_mem *m;
    const struct recvq_in  *in;
    struct recvq_result    *res;
    enum why                why;
};

/* A piece [from, to) that no range covers becomes one, before `at`. */
static void add_piece(struct insertion *x, struct list *at, seq from, seq to)
{
    struct recvq       *q = x->q;
    struct chain        c = { NULL, NULL };
    struct recvq_range *r;
    uint32_t            where[2], n;

    if (q->ranges >= x->m->ranges_max) {
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
    *r = (struct recvq_range){ .start = from, .end = seq_add(from, n),
                               .head = c.head, .tail = c.tail,
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

    list_each(n, &x->q->ooo)
    {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);

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

static void join(struct recvq *q)
{
    list_each(n, &q->ooo)
    {
        struct recvq_range *r = list_entry(n, struct recvq_range, link);
        struct recvq_range *p;

        if (n->prev == &q->ooo)
            continue;
        p = list_entry(n->prev, struct recvq_range, link);
        if (!seq_eq(p->end, r->start))
            continue;
        p->end = r->end;
        p->tail->next = r->head;
        p->tail = r->tail;
        p->stamp = MAX(p->stamp, r->stamp);
        list_del(n);
        q->ranges--;
        slab_put(r);
    }
}

static void append_ready(struct recvq *q, struct slice *head,
                         struct slice *tail)
{
    if (q->tail)
        q->tail->next = head;
    else
        q->head = head;
    q->tail = tail;
}

/* The first range touches RCV.NXT: its bytes are ready. */
static uint32_t release(struct recvq *q, seq nxt)
{
    struct list        *n = list_first(&q->ooo);
    struct recvq_range *r = n ? list_entry(n, struct recvq_range, link) : NULL;
    uint32_t            len;

    if (!r || !seq_eq(r->start, nxt))
        return 0;
    len = seq_from(r->end, r->start);
    append_ready(q, r->head, r->tail);
    q->ready += len;
    q->held -= len;
    q->ranges--;
    list_del(n);
    slab_put(r);
    return len;
}

/* Nothing is out of order and this is what comes next. */
static enum why put_next(struct insertion *x, uint32_t skip)
{
    struct recvq *q = x->q;
    struct chain  c = { q->head, q->tail };
    uint32_t      where[2] = { x->in->off + skip, x->in->len - skip };
    uint32_t n = add_bytes(q, x->m->ps, &c, x->in->pkt, where);

    q->head = c.head;
    q->tail = c.tail;
    if (n == 0)
        return WHY_NO_MEMORY;
    q->ready += n;
    x->res->advanced = x->res->fresh = n;
    return GO_ON;
}

enum why recvq_put(struct recvq *q, const struct recvq_mem *m, seq nxt,
                   const struct recvq_in *in, struct recvq_result *res)
{
    struct insertion x = { q, m, in, res, GO_ON };
    seq              end = seq_add(in->at, in->len), from = in->at;
    uint32_t         before;

    *res = (struct recvq_result){ 0 };
    if (in->len == 0)
        return GO_ON;
    if (seq_lt(from, nxt)) {
        note_dup(res, from, seq_min(end, nxt));
        from = nxt;
    }
    if (!seq_lt(from, end))
        return WHY_SEQ_OLD;
    if (q->ranges == 0 && seq_eq(from, nxt))
        return put_next(&x, seq_from(from, in->at));
    before = q->ranges;
    insert(&x, from, end);
    if (res->fresh == 0)
        return x.why != GO_ON ? x.why : WHY_SEQ_OLD;
    join(q);
    res->advanced = release(q, nxt);
    res->filled = res->advanced > 0 || q->ranges < before + 1;
    return GO_ON;
}

/* ---- reading ------------------------------------------------------------- */

size_t recvq_read(struct recvq *q, void *dst, size_t len, bool peek)
{
    uint8_t      *to = dst;
    struct slice *s = q->head;
    size_t        done = 0;

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
    INVARIANT(n <= q->ready);
    q->ready -= n;
    while (q->head && n >= q->head->len) {
        struct slice *s = q->head;

        n -= s->len;
        q->head = s->next;
        q->charged -= pbuf_truesize(s->buf);
        slice_free(s);
    }
    if (n > 0) {
        INVARIANT(q->head != NULL);
        q->head->off += n;
        q->head->len -= n;
    }
    if (!q->head)
        q->tail = NULL;
}

bool recvq_byte(const struct recvq *q, uint32_t off, uint8_t *out)
{
    if (off >= q->ready)
        return false;
    for (const struct slice *s = q->head; s; s = s->next) {
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

    for (const struct slice *s = q->head; s && n < max; s = s->next)
        out[n++] = (struct cw_frag){ s->buf, s->off, s->len };
    return n;
}

unsigned recvq_sack(const struct recvq *q, struct seqrange *out, unsigned max)
{
    uint64_t below = UINT64_MAX;
    unsigned n;

    for (n = 0; n < max; n++) {
        const struct recvq_range *best = NULL;

        for (struct list *l = q->ooo.next; l != &q->ooo; l = l->next) {
            const struct recvq_range *r
                = list_entry(l, struct recvq_range, link);

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
