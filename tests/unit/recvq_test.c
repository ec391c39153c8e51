/* recvq_test.c: reassembly against an array with a place for each byte. */
#include "store/recvq.h"
#include "store_rig.h"

enum { SPAN = 6000, STEPS = 30000, NOTHING = -1 };

static struct recvq         q;
static struct recvq_mem     mem;
static struct recvq_holders holders;
static seq                  nxt; /* RCV.NXT */

/* From what the user has read: bytes in order, then those that came early. */
static int      model[2 * SPAN];
static uint32_t ready;
static uint8_t  out[2 * SPAN];

static void forget(uint32_t n)
{
    ready -= n;
    memmove(model, model + n, (2 * SPAN - n) * sizeof model[0]);
    for (uint32_t i = 0; i < n; i++)
        model[2 * SPAN - 1 - i] = NOTHING;
}

/* Where a byte stands in the model. */
static uint32_t place(seq at)
{
    return ready + (uint32_t)seq_diff(at, nxt);
}

/* A packet of a few runs; its bytes are at random, so that it shows whose
 * came first. */
static struct cw_pkt packet(struct prng *r, uint32_t len)
{
    struct cw_pkt p;

    EXPECT(pkt_new(&p, mem.ps, 0, 0));
    while (len > 0 && p.nfrags < CW_FRAGS_MAX) {
        uint32_t n = p.nfrags == CW_FRAGS_MAX - 1 ? len : 1 + below(r, len);
        struct cw_buf *b = pbuf_new(mem.ps, n);

        for (uint32_t i = 0; i < n; i++)
            b->data[i] = (uint8_t)prng_u32(r);
        EXPECT(pkt_append(&p, b, 0, n));
        pbuf_put(b);
        len -= n;
    }
    return p;
}

static void put(struct prng *r)
{
    uint32_t            len = 1 + below(r, 1500);
    int32_t             off = (int32_t)below(r, SPAN) - 1000;
    struct cw_pkt       p = packet(r, len);
    struct recvq_in     in = { &p, 0, len, { nxt.v + (uint32_t)off } };
    struct recvq_result res;
    uint32_t            fresh = 0, advanced = 0;
    enum why            why = recvq_put(&q, &mem, nxt, &in, &res);

    EXPECT_EQ(pkt_copy_out(&p, 0, out, len), len);
    for (uint32_t i = 0; i < len; i++) {
        seq at = seq_add(in.at, i);

        if (seq_lt(at, nxt) || model[place(at)] != NOTHING)
            continue;
        model[place(at)] = out[i];
        fresh++;
    }
    while (model[ready + advanced] != NOTHING)
        advanced++;
    EXPECT_EQ(why, fresh ? GO_ON : WHY_SEQ_OLD);
    EXPECT_EQ(res.fresh, fresh);
    EXPECT_EQ(res.advanced, advanced);
    EXPECT_EQ(res.dup, fresh < len);
    nxt = seq_add(nxt, advanced);
    ready += advanced;
    pkt_free(&p);
}

static void read_some(struct prng *r)
{
    uint32_t n = below(r, 3000), want = MIN(n, ready);
    bool     peek = below(r, 3) == 0;

    EXPECT_EQ(recvq_read(&q, out, n, peek), want);
    for (uint32_t i = 0; i < want; i++)
        EXPECT_EQ(out[i], model[i]);
    if (!peek)
        forget(want);
}

/* The blocks are the model's runs beyond RCV.NXT, each once. */
static void check_ranges(void)
{
    struct seqrange blocks[64];
    unsigned        n = recvq_sack(&q, blocks, ARRAY_LEN(blocks)), runs = 0;
    bool            inside = false;

    for (uint32_t i = ready; i < 2 * SPAN; i++) {
        runs += model[i] != NOTHING && !inside;
        inside = model[i] != NOTHING;
    }
    EXPECT_EQ(recvq_ranges(&q), runs);
    EXPECT_EQ(n, MIN(runs, (unsigned)ARRAY_LEN(blocks)));
    for (unsigned i = 0; i < n; i++) {
        uint32_t left = place(blocks[i].left), right = place(blocks[i].right);

        EXPECT_EQ(model[left - 1], NOTHING);
        EXPECT_EQ(model[right], NOTHING);
        for (uint32_t k = left; k < right; k++)
            EXPECT_NE(model[k], NOTHING);
    }
}

TEST(as_a_place_for_each_byte)
{
    struct arena *a = rig_arena(8 << 20);
    struct prng   r = t_prng("recvq");
    struct pbufs  ps;
    struct slab   ranges;

    pbufs_init(&ps, a);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &ps, &ranges, &holders, 256 };
    nxt = seq_of(UINT32_MAX - 20000); /* it wraps */
    for (size_t i = 0; i < ARRAY_LEN(model); i++)
        model[i] = NOTHING;
    recvq_init(&q);
    for (int step = 0; step < STEPS; step++) {
        if (below(&r, 3) && ready < SPAN - 3000)
            put(&r);
        else
            read_some(&r);
        EXPECT_EQ(q.ready, ready);
        if (step % 8 == 0)
            check_ranges();
    }
    recvq_fini(&q);
    rig_arena_end(a);
}

/* RFC 2018 §4: the block of the segment that came last is the first. */
TEST(the_last_arrival_leads)
{
    struct arena   *a = rig_arena(4 << 20);
    struct prng     r = t_prng("recvq order");
    struct pbufs    ps;
    struct slab     ranges;
    struct seqrange blocks[3];
    const uint32_t  at[] = { 100, 300, 500, 300 };

    pbufs_init(&ps, a);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &ps, &ranges, &holders, 3 };
    recvq_init(&q);
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        struct cw_pkt       p = packet(&r, 50);
        struct recvq_in     in = { &p, 0, 50, seq_of(at[i]) };
        struct recvq_result res;

        recvq_put(&q, &mem, seq_of(0), &in, &res);
        EXPECT(recvq_sack(&q, blocks, 3) > 0);
        EXPECT_EQ(blocks[0].left.v, at[i]);
        pkt_free(&p);
    }
    recvq_fini(&q);
    rig_arena_end(a);
}

/* Full of ranges: one more is refused; what fills or lengthens is not. */
TEST(a_full_queue_still_takes_what_is_missing)
{
    static const struct {
        uint32_t at, len, advanced;
        enum why why;
    } rows[] = {
        { 100, 50, 0, GO_ON },  { 300, 50, 0, GO_ON },
        { 500, 50, 0, GO_ON },  { 700, 50, 0, WHY_OOO_FULL },
        { 550, 50, 0, GO_ON },  { 250, 50, 0, GO_ON },
        { 150, 100, 0, GO_ON }, { 900, 50, 0, GO_ON }, /* one is free now */
        { 0, 50, 50, GO_ON },   { 50, 50, 300, GO_ON },
    };
    struct arena *a = rig_arena(4 << 20);
    struct prng   r = t_prng("recvq full");
    struct pbufs  ps;
    struct slab   ranges;
    seq           next = seq_of(0);

    pbufs_init(&ps, a);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &ps, &ranges, &holders, 3 };
    recvq_init(&q);
    T_EACH (row, rows) {
        struct cw_pkt       p = packet(&r, row->len);
        struct recvq_in     in = { &p, 0, row->len, seq_of(row->at) };
        struct recvq_result res;

        t_row("%u", row->at);
        EXPECT_EQ(recvq_put(&q, &mem, next, &in, &res), row->why);
        EXPECT_EQ(res.advanced, row->advanced);
        next = seq_add(next, res.advanced);
        EXPECT_LE(recvq_ranges(&q), 3);
        pkt_free(&p);
    }
    recvq_fini(&q);
    rig_arena_end(a);
}

/* ---- shortage ------------------------------------------------------------ */

enum { HOGS = 4096 };

static void    *hogs[HOGS];
static unsigned nhogs;

/* Nothing is left of any size. */
static void hog(struct slab *range)
{
    struct slab *slabs[] = { &mem.ps->large, &mem.ps->middle, &mem.ps->small,
                             range, &mem.ps->slice };

    holders.keep = true;
    T_EACH (s, slabs) {
        void *obj;

        while ((obj = slab_get(*s)) != NULL) {
            EXPECT(nhogs < HOGS);
            hogs[nhogs++] = obj;
        }
    }
    holders.keep = false;
}

static void unhog(struct prng *r, unsigned leave)
{
    while (nhogs > leave) {
        unsigned i = below(r, nhogs);

        slab_put(hogs[i]);
        hogs[i] = hogs[--nhogs];
    }
}

static unsigned runs_of_model(void)
{
    unsigned runs = 0;

    for (uint32_t i = ready; i < 2 * SPAN; i++)
        runs += model[i] != NOTHING
            && (i == ready || model[i - 1] == NOTHING);
    return runs;
}

static void renege_in_model(uint32_t n)
{
    uint32_t i = 2 * SPAN;

    while (n-- > 0) {
        while (model[i - 1] == NOTHING)
            i--;
        EXPECT(i > ready);
        while (i > ready && model[i - 1] != NOTHING)
            model[--i] = NOTHING;
    }
}

/* What was taken of bytes at random is known by what the queue says of it. */
static bool holds(uint32_t at, uint32_t advanced)
{
    struct seqrange blocks[512];
    unsigned        n = recvq_sack(&q, blocks, ARRAY_LEN(blocks));

    if (at < ready + advanced)
        return true;
    for (unsigned i = 0; i < n; i++)
        if (place(blocks[i].left) <= at && at < place(blocks[i].right))
            return true;
    return false;
}

/* In order: taken, if need be by giving up what waits for it. */
static void put_in_shortage(struct prng *r, struct pbufs *wire)
{
    uint32_t            len = 1 + below(r, 80), fresh = 0;
    uint32_t            off = below(r, 4) ? below(r, SPAN - 100) : 0;
    struct recvq_mem    m = mem;
    struct cw_pkt       p;
    struct recvq_in     in = { &p, 0, len, seq_add(nxt, off) };
    struct recvq_result res;
    enum why            why;

    mem.ps = wire;
    p = packet(r, len);
    mem = m;
    why = recvq_put(&q, &mem, nxt, &in, &res);
    EXPECT_EQ(pkt_copy_out(&p, 0, out, len), len);
    EXPECT(off == 0 || res.reneged == 0);
    renege_in_model(res.reneged);
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = ready + off + i;

        if (model[at] != NOTHING || !holds(at, res.advanced))
            continue;
        model[at] = out[i];
        fresh++;
    }
    EXPECT_EQ(fresh, res.fresh);
    EXPECT_EQ(why == GO_ON, fresh > 0);
    if (off == 0 && why == WHY_NO_MEMORY)
        EXPECT_EQ(recvq_ranges(&q), 0);
    nxt = seq_add(nxt, res.advanced);
    ready += res.advanced;
    EXPECT_EQ(recvq_ranges(&q), runs_of_model());
    pkt_free(&p);
}

TEST(as_a_place_for_each_byte_without_memory)
{
    struct arena *a = rig_arena(6 << 16), *b = rig_arena(4 << 20);
    struct prng   r = t_prng("recvq shortage");
    struct pbufs  ps, wire;
    struct slab   ranges;
    uint32_t      refused = 0;

    pbufs_init(&ps, a);
    pbufs_init(&wire, b);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &ps, &ranges, &holders, 256 };
    nxt = seq_of(UINT32_MAX - 20000);
    ready = 0;
    for (size_t i = 0; i < ARRAY_LEN(model); i++)
        model[i] = NOTHING;
    recvq_init(&q);
    for (int step = 0; step < STEPS / 3; step++) {
        if (step % 64 == 0)
            hog(&ranges);
        if (step % 64 == 32)
            unhog(&r, below(&r, 2) ? 0 : nhogs - MIN(nhogs, 20u));
        if (below(&r, 8) && ready < SPAN - 3000)
            put_in_shortage(&r, &wire);
        else
            read_some(&r);
        EXPECT_EQ(q.ready, ready);
        refused += recvq_ranges(&q) == 0;
    }
    EXPECT(refused > 0); /* there was shortage */
    unhog(&r, 0);
    recvq_fini(&q);
    EXPECT_EQ(arena_used(b), 0);
    arena_close(b);
    rig_arena_end(a);
}

static bool reclaim(void *ctx)
{
    return recvq_reclaim(ctx);
}

/* Others' ranges are given up, too: of who is idle the longest, the furthest
 * first; for what comes in order, and for nothing else. */
TEST(others_give_up_what_waits)
{
    struct arena       *a = rig_arena(6 << 16), *b = rig_arena(1 << 20);
    struct prng         r = t_prng("recvq others");
    struct pbufs        ps, wire;
    struct slab         ranges;
    struct recvq        two[2], third;
    struct recvq_result res;
    struct seqrange     blocks[8];

    pbufs_init(&ps, a);
    pbufs_init(&wire, b);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &wire, &ranges, &holders, 256 };
    arena_reclaimer(a, reclaim, &holders);
    for (int i = 0; i < 2; i++)
        recvq_init(&two[i]);
    recvq_init(&third);
    for (uint32_t i = 0; i < 6; i++) {
        struct cw_pkt   p = packet(&r, 50);
        struct recvq_in in = { &p, 0, 50, seq_of(100 + 100 * (i / 2)) };

        mem.ps = &ps;
        EXPECT_EQ(recvq_put(&two[i % 2], &mem, seq_of(0), &in, &res), GO_ON);
        mem.ps = &wire;
        pkt_free(&p);
    }
    mem.ps = &ps;
    hog(&ranges);
    mem.ps = &wire;
    for (int i = 0; i < 2; i++) {
        struct cw_pkt   p = packet(&r, 50);
        struct recvq_in in = { &p, 0, 50, seq_of(i ? 0 : 100) };

        mem.ps = &ps;
        EXPECT_EQ(recvq_put(&third, &mem, seq_of(0), &in, &res),
                  i ? GO_ON : WHY_NO_MEMORY);
        EXPECT_EQ(recvq_ranges(&two[0]), i ? 2 : 3);
        EXPECT_EQ(recvq_ranges(&two[1]), 3);
        mem.ps = &wire;
        pkt_free(&p);
    }
    EXPECT_EQ(recvq_sack(&two[0], blocks, 8), 2);
    EXPECT_EQ(blocks[0].left.v, 200);
    EXPECT_EQ(blocks[1].left.v, 100);
    mem.ps = &ps;
    while (recvq_reclaim(&holders))
        ;
    EXPECT_EQ(recvq_ranges(&two[1]), 0);
    EXPECT(two[1].body == NULL);
    unhog(&r, 0);
    recvq_fini(&third);
    arena_reclaimer(a, NULL, NULL);
    EXPECT_EQ(arena_used(b), 0);
    arena_close(b);
    rig_arena_end(a);
}

/* Thousands of holes: the search does not become longer for that. */
TEST(the_search_is_short)
{
    enum { N = 4096 };
    struct arena *a = rig_arena(16 << 20);
    struct prng   r = t_prng("recvq walk");
    struct pbufs  ps;
    struct slab   ranges;

    pbufs_init(&ps, a);
    slab_init(&ranges, a, recvq_range_size());
    recvq_holders_init(&holders);
    mem = (struct recvq_mem){ &ps, &ranges, &holders, N };
    recvq_init(&q);
    for (uint32_t i = 0; i < N; i++) {
        struct cw_pkt       p = packet(&r, 1);
        uint32_t            k = i < N / 2 ? N - i : i - N / 2; /* both ways */
        struct recvq_in     in = { &p, 0, 1, seq_of(2 + 2 * k) };
        struct recvq_result res;

        EXPECT_EQ(recvq_put(&q, &mem, seq_of(0), &in, &res), GO_ON);
        EXPECT_LE(res.walked, 20);
        pkt_free(&p);
    }
    EXPECT_EQ(recvq_ranges(&q), N);
    recvq_fini(&q);
    rig_arena_end(a);
}

T_MAIN(T(as_a_place_for_each_byte), T(the_last_arrival_leads),
       T(a_full_queue_still_takes_what_is_missing),
       T(as_a_place_for_each_byte_without_memory),
       T(others_give_up_what_waits), T(the_search_is_short))
