/* sendq_test.c: the send queue against a string of bytes. */
#include "store/sendq.h"
#include "store_rig.h"

enum { CAP = 200000, STEPS = 20000 };

static uint8_t  model[CAP], bytes[40000];
static uint32_t len;

static void add(const uint8_t *p, size_t n)
{
    memcpy(model + len, p, n);
    len += (uint32_t)n;
}

static void write_some(struct sendq *q, struct pbufs *ps, struct prng *r)
{
    size_t n = below(r, below(r, 3) ? 300 : 40000);

    if (len + n > CAP)
        return;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)prng_u32(r);
    EXPECT_EQ(sendq_write(q, ps, bytes, n), n);
    add(bytes, n);
}

/* A buffer of the caller's, which is not to be written behind. */
static void append(struct sendq *q, struct pbufs *ps, struct prng *r)
{
    struct cw_buf *b = pbuf_new(ps, 500);
    uint32_t       off = below(r, 100), n = 1 + below(r, 400);

    if (len + n <= CAP) {
        for (uint32_t i = 0; i < 500; i++)
            b->data[i] = (uint8_t)prng_u32(r);
        EXPECT(sendq_append(q, ps, b, off, n));
        add(b->data + off, n);
    }
    pbuf_put(b);
}

static void attach(struct sendq *q, struct pbufs *ps, struct prng *r)
{
    uint32_t      off, n, got;
    struct cw_pkt pkt;

    if (len == 0)
        return;
    off = below(r, len);
    n = 1 + below(r, MIN(len - off, 3000u));
    EXPECT(pkt_new(&pkt, ps, 0, 0));
    got = sendq_attach(q, off, n, &pkt);
    EXPECT(got > 0 && got <= n);
    EXPECT(got == n || pkt.nfrags == CW_FRAGS_MAX);
    EXPECT_EQ(pkt_copy_out(&pkt, 0, bytes, n), got);
    EXPECT_MEM(bytes, model + off, got);
    pkt_free(&pkt);
}

static void drop(struct sendq *q, struct prng *r)
{
    uint32_t n = below(r, 4) ? MIN(len, below(r, 5000)) : len;

    sendq_drop(q, n);
    len -= n;
    memmove(model, model + n, len);
}

TEST(as_a_string_of_bytes)
{
    struct arena *a = rig_arena(8 << 20);
    struct prng   r = t_prng("sendq");
    struct pbufs  ps;
    struct sendq  q;

    pbufs_init(&ps, a);
    sendq_init(&q);
    for (int step = 0; step < STEPS; step++) {
        switch (below(&r, 8)) {
        case 0:
        case 1:
        case 2:
            write_some(&q, &ps, &r);
            break;
        case 3:
            append(&q, &ps, &r);
            break;
        case 4:
            drop(&q, &r);
            break;
        default:
            attach(&q, &ps, &r);
        }
        EXPECT_EQ(q.len, len);
        EXPECT_EQ(q.body != NULL, len > 0);
    }
    sendq_fini(&q);
    len = 0;
    rig_arena_end(a);
}

/* Without memory fewer bytes are taken, and none is lost. */
TEST(memory_runs_out)
{
    struct arena *a = rig_arena(4 * ARENA_PAGE);
    struct pbufs  ps;
    struct sendq  q;
    size_t        n, all = 0;

    pbufs_init(&ps, a);
    sendq_init(&q);
    while ((n = sendq_write(&q, &ps, bytes, sizeof bytes)) > 0)
        all += n;
    EXPECT_EQ(q.len, all);
    sendq_drop(&q, q.len);
    EXPECT_EQ(arena_used(a), 0);
    EXPECT(sendq_write(&q, &ps, bytes, 100) == 100);
    sendq_fini(&q);
    rig_arena_end(a);
}

T_MAIN(T(as_a_string_of_bytes), T(memory_runs_out))
