/* reorder_test.c: held packets are overtaken by exactly N others. */
#include "emu_rig.h"

enum { N = 2000 };

static bool held(const struct rig *r, uint64_t ordinal)
{
    for (size_t i = 0; i < r->nfates; i++)
        if (r->fates[i].ordinal == ordinal)
            return r->fates[i].why == WHY_LINK_REORDER;
    return false;
}

/* From the arrivals alone: how many with a higher ordinal, not held
 * themselves, came before this one. */
static unsigned overtaken(const struct rig *r, size_t at)
{
    const struct rig_arrival *a = r->log;
    unsigned                  n = 0;

    for (size_t i = at < 200 ? 0 : at - 200; i < at; i++)
        n += a[i].ordinal > a[at].ordinal && !held(r, a[i].ordinal);
    return n;
}

static void overtaken_by_exactly(unsigned by, const char *words)
{
    struct rig r;
    unsigned   seen = 0;

    rig_init(&r, words, 11);
    for (unsigned i = 0; i < N; i++)
        rig_send(&r, 1, 60, i * NS_US);
    EXPECT_EQ(rig_run(&r, NS_NEVER), N);
    for (size_t i = 0; i + 200 < N; i++) {
        bool h = held(&r, r.log[i].ordinal);

        EXPECT_EQ(overtaken(&r, i), h ? by : 0);
        seen += h;
    }
    EXPECT_RANGE(seen, 100, 300); /* of 10%: sd 13 */
    rig_check_conservation(&r);
    rig_free(&r);
}

TEST(overtaken_by_one)
{
    overtaken_by_exactly(1, "delay 5ms reorder 10%");
    overtaken_by_exactly(1, "reorder 10% by 1");
}

TEST(overtaken_by_three)
{
    overtaken_by_exactly(3, "delay 5ms reorder 10% by 3");
}

/* It follows the N-th at the same instant, and its fate is told then. */
TEST(goes_on_with_the_last_that_passes)
{
    struct rig       r;
    struct link_spec s = rig_spec("delay 1ms");

    rig_init(&r, "delay 1ms reorder 100% by 2", 1);
    rig_send(&r, 1, 60, 0);
    EXPECT_EQ(r.fates[0].why, WHY_LINK_REORDER);
    EXPECT(!(r.fates[0].final));
    EXPECT(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 60, 1 * NS_MS);
    rig_send(&r, 1, 60, 2 * NS_MS);
    EXPECT_EQ(rig_run(&r, 3 * NS_MS - 1), 1);
    EXPECT_EQ(r.nfates, 3);
    rig_send(&r, 1, 60, 3 * NS_MS);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 4);
    EXPECT_EQ(r.log[0].ordinal, 2);
    EXPECT_EQ(r.log[1].ordinal, 3);
    EXPECT_EQ(r.log[2].ordinal, 1);
    EXPECT_EQ(r.log[2].t, 3 * NS_MS);
    EXPECT_EQ(r.log[3].ordinal, 4);
    EXPECT_EQ(r.fates[3].ordinal, 1);
    EXPECT_EQ(r.fates[3].arrive_at, 3 * NS_MS);
    EXPECT_EQ(r.fates[3].t, 3 * NS_MS);
    EXPECT(r.fates[3].final);
    rig_free(&r);
}

/* Nobody comes: it goes on after LINK_HOLD_MAX, and link_next() knows. */
TEST(lonely_packet_goes_on)
{
    struct rig r;

    rig_init(&r, "delay 1ms reorder 100% by 3", 1);
    rig_send(&r, 1, 60, 0);
    rig_send(&r, 1, 60, 7);
    EXPECT_EQ(link_next(r.link), NS_MS);
    EXPECT_EQ(rig_run(&r, NS_MS + 7), 0);
    EXPECT_EQ(link_next(r.link), NS_MS + LINK_HOLD_MAX);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 2);
    EXPECT_EQ(r.log[0].t, NS_MS + LINK_HOLD_MAX);
    EXPECT_EQ(r.log[1].t, NS_MS + 7 + LINK_HOLD_MAX);
    EXPECT_EQ(r.log[0].ordinal, 1);
    EXPECT_EQ(r.log[1].ordinal, 2);
    rig_free(&r);
}

/* Who arrives at the very end of the wait is still let by. */
TEST(arrival_at_the_last_instant_passes)
{
    struct rig       r;
    struct link_spec s = rig_spec("delay 51ms");

    rig_init(&r, "delay 1ms reorder 100% by 2", 1);
    rig_send(&r, 1, 60, 0);
    EXPECT(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 60, 0);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 2);
    EXPECT_EQ(r.log[0].ordinal, 2);
    EXPECT_EQ(r.log[1].ordinal, 1);
    EXPECT_EQ(r.log[1].t, NS_MS + LINK_HOLD_MAX);
    rig_free(&r);
}

/* Asked late, the link still keeps to the order in which things happened. */
TEST(late_caller_sees_the_same_order)
{
    enum { MANY = 200 };
    struct rig           early, late;
    static struct cw_pkt pkts[MANY];
    uint64_t             ordinals[MANY];

    rig_init(&early, "delay 9ms 4ms reorder 10% by 2", 8);
    rig_init(&late, "delay 9ms 4ms reorder 10% by 2", 8);
    for (unsigned i = 0; i < MANY; i++) {
        rig_send(&early, 1, 60, i * 3 * NS_MS);
        pkts[0] = rig_frame(&late, "a frame of 20 bytes.", 20);
        link_send(late.link, LINK_FWD, &pkts[0], i * 3 * NS_MS);
    }
    EXPECT_EQ(rig_run(&early, NS_NEVER), MANY);
    EXPECT_EQ(link_recv(late.link, LINK_FWD, pkts, MANY, 10 * NS_S, ordinals),
              MANY);
    for (unsigned i = 0; i < MANY; i++) {
        EXPECT_EQ(ordinals[i], early.log[i].ordinal);
        pkt_free(&pkts[i]);
    }
    rig_free(&early);
    rig_free(&late);
}

/* The end of the link: the held packet is lost, and told so. */
TEST(freed_while_held)
{
    struct rig r;
    size_t     n;

    rig_init(&r, "delay 1ms reorder 100% by 3", 1);
    rig_send(&r, 1, 60, 0);
    rig_run(&r, 2 * NS_MS);
    rig_send(&r, 1, 60, 2 * NS_MS); /* one held, one not there yet */
    n = r.nfates;
    link_free(r.link);
    EXPECT_EQ(r.nfates, n + 2);
    for (size_t i = n; i < n + 2; i++) {
        EXPECT_EQ(r.fates[i].why, WHY_LINK_DOWN);
        EXPECT(r.fates[i].final);
    }
    r.link = NULL;
    rig_free(&r);
}

T_MAIN(T(overtaken_by_one), T(overtaken_by_three),
       T(goes_on_with_the_last_that_passes), T(lonely_packet_goes_on),
       T(arrival_at_the_last_instant_passes),
       T(late_caller_sees_the_same_order), T(freed_while_held))
