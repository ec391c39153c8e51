/* segq.c: records of what is in flight.  See segq.h. */
#include "store/segq.h"
#include "base/check.h"

static struct segrec *rec(struct list *n)
{
    return list_entry(n, struct segrec, by_seq);
}

static uint32_t bytes_of(const struct segrec *r)
{
    return seq_from(r->end, r->start);
}

/* Adds (sign 1) or takes away (-1) what a record counts for. */
static void tally(struct segq *q, const struct segrec *r, bool add)
{
    uint32_t n = bytes_of(r), d = add ? n : 0u - n;

    q->bytes += d;
    if (r->marks & SEG_SACKED) {
        q->sacked_bytes += d;
        q->sacked += add ? r->segs : 0u - r->segs;
        return;
    }
    if (r->marks & SEG_LOST)
        q->lost_bytes += d;
    if (r->marks & SEG_REXMIT)
        q->rexmit_bytes += d;
}

void segq_init(struct segq *q)
{
    *q = (struct segq){ 0 };
    list_init(&q->by_seq);
    list_init(&q->by_tx);
    list_init(&q->waiting);
}

static struct segrec *rec_by_tx(struct list *n)
{
    return list_entry(n, struct segrec, by_tx);
}

struct segrec *segq_waiting(const struct segq *q)
{
    struct list *n = list_first(&q->waiting);

    return n ? rec_by_tx(n) : NULL;
}

enum place { PLACE_NONE, PLACE_WAITING, PLACE_BY_TX };

static enum place place_of(uint8_t marks)
{
    if (marks & SEG_SACKED)
        return PLACE_NONE;
    return (marks & (SEG_LOST | SEG_REXMIT)) == SEG_LOST ? PLACE_WAITING
                                                         : PLACE_BY_TX;
}

/* Mostly at one of the ends, or behind its neighbour. */
static void to_wait(struct segq *q, struct segrec *r)
{
    struct list   *at = &q->waiting, *first = list_first(&q->waiting);
    struct segrec *before = r->by_seq.prev == &q->by_seq
        ? NULL
        : rec(r->by_seq.prev);

    if (first && seq_lt(r->start, rec_by_tx(first)->start))
        at = first;
    else if (before && place_of(before->marks) == PLACE_WAITING)
        at = before->by_tx.next;
    else
        while (at->prev != &q->waiting
               && seq_lt(r->start, rec_by_tx(at->prev)->start))
            at = at->prev;
    list_insert_before(at, &r->by_tx);
}

/* Believed to be on its way after all: among the oldest, where it was. */
static void on_its_way(struct segq *q, struct segrec *r)
{
    struct list *at = q->by_tx.next;

    while (at != &q->by_tx && segq_after(r->order, rec_by_tx(at)->order))
        at = at->next;
    list_insert_before(at, &r->by_tx);
}

static void forget(struct segq *q, struct segrec *r)
{
    tally(q, r, false);
    if (q->hint == r)
        q->hint = NULL;
    list_del(&r->by_seq);
    list_del(&r->by_tx);
    q->count--;
    slab_put(r);
}

void segq_fini(struct segq *q)
{
    struct list *n;

    while ((n = list_first(&q->by_seq)) != NULL)
        forget(q, rec(n));
    INVARIANT(q->bytes == 0 && q->count == 0);
}

struct segrec *segq_first(const struct segq *q)
{
    struct list *n = list_first(&q->by_seq);

    return n ? rec(n) : NULL;
}

struct segrec *segq_last(const struct segq *q)
{
    struct list *n = list_last(&q->by_seq);

    return n ? rec(n) : NULL;
}

struct segrec *segq_next(const struct segq *q, const struct segrec *r)
{
    return r->by_seq.next == &q->by_seq ? NULL : rec(r->by_seq.next);
}

struct segrec *segq_prev(const struct segq *q, const struct segrec *r)
{
    return r->by_seq.prev == &q->by_seq ? NULL : rec(r->by_seq.prev);
}

struct segrec *segq_push(struct segq *q, struct slab *s, seq start, seq end,
                         cw_ns now)
{
    struct segrec *last = segq_last(q);
    struct segrec *r;

    INVARIANT(seq_lt(start, end));
    INVARIANT(!last || seq_eq(last->end, start));
    r = slab_get(s);
    if (!r)
        return NULL;
    *r = (struct segrec){
        .start = start,
        .end = end,
        .sent = now,
        .first_sent = now,
        .delivered_time = -1,
        .times = 1,
        .segs = 1,
        .order = q->next_order++,
    };
    list_push_back(&q->by_seq, &r->by_seq);
    list_push_back(&q->by_tx, &r->by_tx);
    q->count++;
    tally(q, r, true);
    return r;
}

void segq_mark(struct segq *q, struct segrec *r, uint8_t set, uint8_t clear)
{
    enum place before = place_of(r->marks), place;

    tally(q, r, false);
    r->marks = (uint8_t)((r->marks | set) & ~(clear & ~set));
    if (!(r->marks & SEG_SACKED))
        r->segs = 1; /* which they were is forgotten */
    tally(q, r, true);
    place = place_of(r->marks);
    if (place == before)
        return;
    list_del(&r->by_tx);
    if (place == PLACE_WAITING)
        to_wait(q, r);
    else if (place == PLACE_BY_TX)
        on_its_way(q, r);
}

void segq_sent_again(struct segq *q, struct segrec *r, cw_ns now)
{
    tally(q, r, false);
    r->sent = now;
    r->order = q->next_order++;
    if (r->times < UINT16_MAX)
        r->times++;
    if (r->marks & SEG_LOST)
        r->marks |= SEG_REXMIT;
    list_del(&r->by_tx);
    if (place_of(r->marks) == PLACE_BY_TX)
        list_push_back(&q->by_tx, &r->by_tx);
    tally(q, r, true);
}

struct segrec *segq_split(struct segq *q, struct slab *s, struct segrec *r,
                          seq at)
{
    const uint8_t  syn = 2, fin = 1; /* F_SYN, F_FIN */
    struct segrec *second = slab_get(s);

    INVARIANT(seq_lt(r->start, at) && seq_lt(at, r->end));
    if (!second)
        return NULL;
    tally(q, r, false);
    *second = *r;
    r->end = at;
    second->start = at;
    r->segs = second->segs = 1;
    r->ctl &= (uint8_t)~fin;
    second->ctl &= (uint8_t)~syn;
    list_insert_before(r->by_seq.next, &second->by_seq);
    list_init(&second->by_tx);
    if (list_linked(&r->by_tx))
        list_insert_before(r->by_tx.next, &second->by_tx);
    q->count++;
    tally(q, r, true);
    tally(q, second, true);
    return second;
}

/* Both are in no list but by_seq.  Its time is the later one's. */
struct segrec *segq_join(struct segq *q, struct segrec *a)
{
    struct segrec *b = segq_next(q, a);

    INVARIANT(b && (a->marks & b->marks & SEG_SACKED));
    tally(q, a, false);
    a->end = b->end;
    a->ctl |= b->ctl;
    a->segs = (uint16_t)MIN(a->segs + b->segs, UINT16_MAX);
    a->first_sent = ns_min(a->first_sent, b->first_sent);
    a->times = MAX(a->times, b->times);
    if (segq_after(b->order, a->order)) {
        a->sent = b->sent;
        a->order = b->order;
    }
    forget(q, b);
    tally(q, a, true);
    return a;
}

/* Where a walk to `at` should begin: where the last one ended, or at an end
 * of the queue that is nearer. */
static struct segrec *nearest(const struct segq *q, seq at)
{
    struct segrec *first = segq_first(q), *last = segq_last(q);
    struct segrec *hint = q->hint;
    uint32_t       up = seq_from(at, first->start);
    uint32_t       down = seq_from(last->end, at), way;

    if (!hint)
        return up <= down ? first : last;
    if (seq_lt(at, hint->start))
        way = seq_from(hint->start, at);
    else
        way = seq_lt(at, hint->end) ? 0 : seq_from(at, hint->end);
    if (way <= MIN(up, down))
        return hint;
    return up <= down ? first : last;
}

struct segrec *segq_seek(struct segq *q, seq at, uint32_t *most)
{
    struct segrec *r = segq_first(q);

    if (!r || seq_lt(at, r->start) || seq_ge(at, segq_last(q)->end))
        return NULL;
    for (r = nearest(q, at); *most > 0; --*most) {
        q->hint = r;
        if (seq_lt(at, r->start))
            r = segq_prev(q, r);
        else if (seq_ge(at, r->end))
            r = segq_next(q, r);
        else
            return r;
    }
    return NULL;
}

struct segrec *segq_find(struct segq *q, seq at)
{
    uint32_t most = UINT32_MAX;

    return segq_seek(q, at, &most);
}

/* In which order an ACK's records are told does not matter. */
void segq_delivered(struct segq_news *n, const struct segrec *r)
{
    if (r->times == 1) {
        n->original = true;
        if (seq_lt(r->end, n->fack)) {
            if (!n->reordered || seq_lt(r->start, n->low))
                n->low = r->start;
            n->reordered = true;
        }
    } else if (r->sent > n->limit) {
        return;
    }
    if (n->any && !segq_after(r->order, n->order))
        return;
    n->any = true;
    n->sent = r->sent;
    n->order = r->order;
    n->end = r->end;
}

void segq_sample(struct segq_sample *s, struct segrec *r)
{
    if (r->delivered_time < 0)
        return;
    if (!s->any || segq_after(r->order, s->order))
        *s = (struct segq_sample){
            .any = true,
            .app_limited = r->app_limited,
            .once = r->times == 1,
            .order = r->order,
            .sent = r->sent,
            .delivered_time = r->delivered_time,
            .first_send_time = r->first_send_time,
            .delivered = r->delivered,
            .lost = r->lost,
            .in_flight = r->in_flight,
        };
    r->delivered_time = -1;
}

static void count_acked(struct segq_acked *o, struct segrec *r)
{
    o->records++;
    if (r->marks & SEG_SACKED)
        o->sacked_before += bytes_of(r);
    if (r->times > 1)
        o->any_rexmit = true;
    else
        o->newest_once = MAX(o->newest_once, r->sent);
    o->sent = r->sent;
    o->times = r->times;
    segq_sample(&o->sample, r);
}

void segq_ack(struct segq *q, seq una, struct segq_acked *out,
              struct segq_news *news)
{
    struct segrec *r;

    *out = (struct segq_acked){ .newest_once = -1 };
    while ((r = segq_first(q)) != NULL && seq_le(r->end, una)) {
        out->bytes += bytes_of(r);
        count_acked(out, r);
        if (news && !(r->marks & SEG_SACKED))
            segq_delivered(news, r);
        forget(q, r);
    }
    if (r && seq_lt(r->start, una)) {
        out->bytes += seq_from(una, r->start);
        tally(q, r, false);
        r->start = una;
        tally(q, r, true);
    }
}
