/* segq_test.c: what is in flight against an array of records. */
#include "store/segq.h"
#include "store_rig.h"

enum { MOST = 200, STEPS = 50000 };

struct copy {
    seq      start, end;
    cw_ns    sent;
    uint16_t times, segs;
    uint8_t  marks;
};

static struct copy model[MOST];
static uint32_t    n;
static struct segq q;
static struct slab s;
static cw_ns       now;

static struct segrec *at(uint32_t i)
{
    struct segrec *r = segq_first(&q);

    while (i-- > 0)
        r = segq_next(&q, r);
    return r;
}

static void push(struct prng *r)
{
    seq      start = n ? model[n - 1].end : seq_of(UINT32_MAX - 5000);
    uint32_t len = 1 + below(r, 3000);

    if (n == MOST)
        return;
    EXPECT(segq_push(&q, &s, start, seq_add(start, len), now) != NULL);
    model[n++] = (struct copy){ start, seq_add(start, len), now, 1, 1, 0 };
}

static void split(struct prng *r, uint32_t i)
{
    uint32_t len = seq_from(model[i].end, model[i].start);
    seq      cut;

    if (n == MOST || len < 2)
        return;
    cut = seq_add(model[i].start, 1 + below(r, len - 1));
    EXPECT(segq_split(&q, &s, at(i), cut) != NULL);
    memmove(&model[i + 1], &model[i], (n - i) * sizeof model[0]);
    n++;
    model[i].end = model[i + 1].start = cut;
    model[i].segs = model[i + 1].segs = 1;
}

static void again(uint32_t i)
{
    segq_sent_again(&q, at(i), now);
    model[i].sent = now;
    model[i].times++;
    if (model[i].marks & SEG_LOST)
        model[i].marks |= SEG_REXMIT;
}

static void ack(struct prng *r)
{
    uint32_t          all = seq_from(model[n - 1].end, model[0].start);
    uint32_t          bytes = below(r, MIN(all + 1, 8000u)), k = 0;
    seq               una = seq_add(model[0].start, bytes);
    struct segq_acked out;

    segq_ack(&q, una, &out, NULL);
    EXPECT_EQ(out.bytes, bytes);
    while (k < n && seq_le(model[k].end, una))
        k++;
    EXPECT_EQ(out.records, k);
    n -= k;
    memmove(model, model + k, n * sizeof model[0]);
    if (n > 0)
        model[0].start = seq_max(model[0].start, una);
}

/* What is on its way is in the order of transmissions, what waits in that of
 * sequence numbers. */
static void in_order(uint32_t *moving, uint32_t *waiting)
{
    struct segrec *r, *before = NULL;

    list_each (l, &q.by_tx) {
        r = list_entry(l, struct segrec, by_tx);
        EXPECT(!before || before->sent <= r->sent);
        EXPECT(!before || !segq_after(before->order, r->order));
        before = r;
        --*moving;
    }
    before = NULL;
    list_each (l, &q.waiting) {
        r = list_entry(l, struct segrec, by_tx);
        EXPECT(!before || seq_le(before->end, r->start));
        EXPECT_EQ(r->marks & (SEG_LOST | SEG_REXMIT | SEG_SACKED), SEG_LOST);
        before = r;
        --*waiting;
    }
}

static void same(void)
{
    uint32_t       bytes = 0, sacked = 0, lost = 0, rexmit = 0, i = 0;
    struct segrec *r = segq_first(&q);
    uint32_t       moving = 0, waiting = 0, holds = 0, segs = 0;

    for (; r; r = segq_next(&q, r), i++) {
        uint32_t len = seq_from(r->end, r->start);

        EXPECT(seq_eq(r->start, model[i].start));
        EXPECT(seq_eq(r->end, model[i].end));
        EXPECT_EQ(r->marks, model[i].marks);
        EXPECT_EQ(r->times, model[i].times);
        EXPECT_EQ(r->sent, model[i].sent);
        bytes += len;
        if (r->marks & SEG_SACKED) {
            sacked += len;
            holds++;
            segs += model[i].segs;
            continue;
        }
        waiting += (r->marks & (SEG_LOST | SEG_REXMIT)) == SEG_LOST;
        lost += r->marks & SEG_LOST ? len : 0;
        rexmit += r->marks & SEG_REXMIT ? len : 0;
    }
    EXPECT_EQ(i, n);
    EXPECT_EQ(q.count, n);
    EXPECT_EQ(q.sacked_bytes, sacked);
    EXPECT_EQ(segq_pipe(&q), bytes - sacked - lost + rexmit);
    EXPECT_EQ(q.sacked, segs);
    moving = n - holds - waiting;
    in_order(&moving, &waiting);
    EXPECT_EQ(moving, 0);
    EXPECT_EQ(waiting, 0);
}

static void join(uint32_t i)
{
    struct copy *a = &model[i], *b = a + 1;

    if (i + 1 >= n || !(a->marks & b->marks & SEG_SACKED))
        return;
    EXPECT(segq_join(&q, at(i)) == at(i));
    a->end = b->end;
    a->sent = MAX(a->sent, b->sent);
    a->times = MAX(a->times, b->times);
    a->segs = (uint16_t)(a->segs + b->segs);
    n--;
    memmove(b, b + 1, (n - i - 1) * sizeof *b);
}

static void find(struct prng *r)
{
    seq            x = seq_add(model[0].start, below(r, 20000));
    uint32_t       i = 0, most = below(r, 40), left = most;
    struct segrec *want;

    while (i < n && !(seq_le(model[i].start, x) && seq_lt(x, model[i].end)))
        i++;
    want = i < n ? at(i) : NULL;
    EXPECT(segq_find(&q, x) == want);
    if (segq_seek(&q, x, &left) != want)
        EXPECT_EQ(left, 0);
    EXPECT_LE(left, most);
}

TEST(as_an_array_of_records)
{
    struct arena *a = rig_arena(4 << 20);
    struct prng   r = t_prng("segq");

    slab_init(&s, a, sizeof(struct segrec));
    segq_init(&q);
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = n ? below(&r, n) : 0, dice = below(&r, 12);

        now += below(&r, 3);
        if (n == 0 || dice < 4) {
            push(&r);
        } else if (dice < 6) {
            uint8_t set = (uint8_t)(1u << below(&r, 3));
            uint8_t clear = (uint8_t)(1u << below(&r, 3));

            segq_mark(&q, at(i), set, clear);
            model[i].marks = (uint8_t)((model[i].marks & ~clear) | set);
            if (!(model[i].marks & SEG_SACKED))
                model[i].segs = 1;
        } else if (dice < 7) {
            split(&r, i);
            join(i);
        } else if (dice < 8) {
            again(i);
        } else if (dice < 10) {
            find(&r);
        } else {
            ack(&r);
        }
        same();
    }
    segq_fini(&q);
    rig_arena_end(a);
}

T_MAIN(T(as_an_array_of_records))
