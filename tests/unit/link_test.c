/* link_test.c: the chain as a whole: order, conservation, determinism. */
#include "emu_rig.h"

#define HARD                                                       \
    "delay 20ms 5ms loss 3% burst 4 reorder 5% by 2 duplicate 4% " \
    "corrupt 2% rate 10mbit queue 20p down 100ms..120ms"

TEST(perfect_link_is_in_order_at_once)
{
    struct rig r;

    rig_init(&r, "", 1);
    EXPECT(link_next(r.link) == NS_NEVER);
    rig_send(&r, 50, 1514, 1000);
    EXPECT_EQ(link_next(r.link), 1000);
    EXPECT_EQ(rig_run(&r, 1000), 50);
    for (unsigned i = 0; i < 50; i++) {
        EXPECT_EQ(r.log[i].t, 1000);
        EXPECT_EQ(r.log[i].ordinal, i + 1);
        EXPECT_EQ(r.log[i].number, i + 1);
        EXPECT_EQ(r.log[i].len, 1514);
    }
    EXPECT(link_next(r.link) == NS_NEVER);
    rig_check_conservation(&r);
    rig_free(&r);
}

TEST(directions_are_apart)
{
    struct rig    r;
    struct cw_pkt pkt, out[2];

    rig_init(&r, "delay 5ms loss 100%", 1);
    pkt = rig_frame(&r, "twenty bytes of text", 20);
    EXPECT_EQ(link_send(r.link, LINK_BACK, &pkt, 0), 1);
    EXPECT_EQ(link_recv(r.link, LINK_FWD, out, 2, 0, NULL), 0);
    EXPECT_EQ(link_recv(r.link, LINK_BACK, out, 2, 0, NULL), 1);
    pkt_free(&out[0]);
    rig_send(&r, 1, 60, 1);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 1);
    EXPECT_EQ(link_counts_of(r.link, LINK_BACK)->lost, 0);
    rig_free(&r);
}

TEST(delay_is_exact)
{
    struct rig r;

    rig_init(&r, "delay 20ms", 1);
    rig_send(&r, 1, 100, 0);
    rig_send(&r, 2, 100, 7);
    EXPECT_EQ(link_next(r.link), 20 * NS_MS);
    EXPECT_EQ(rig_run(&r, 20 * NS_MS - 1), 0);
    EXPECT_EQ(rig_run(&r, NS_S), 3);
    EXPECT_EQ(r.log[0].t, 20 * NS_MS);
    EXPECT_EQ(r.log[1].t, 20 * NS_MS + 7);
    EXPECT_EQ(r.log[2].t, 20 * NS_MS + 7);
    rig_free(&r);
}

/* Uniform in [delay - J, delay + J]: the mean of n draws is within 4 J /
 * sqrt(3 n) of the delay. */
TEST(jitter_is_uniform)
{
    enum { N = 10000 };
    struct rig r;
    int64_t    sum = 0, least = NS_S, most = 0;

    rig_init(&r, "delay 20ms 5ms", 1);
    for (unsigned i = 0; i < N; i++)
        rig_send(&r, 1, 60, i);
    for (unsigned i = 0; i < N; i++) {
        cw_ns d = r.fates[i].arrive_at - r.fates[i].t;

        EXPECT(d >= 15 * NS_MS && d <= 25 * NS_MS);
        least = MIN(least, d);
        most = MAX(most, d);
        sum += d - 20 * NS_MS;
    }
    EXPECT_RANGE(least, 15 * NS_MS, 15 * NS_MS + 10 * NS_US);
    EXPECT_RANGE(most, 25 * NS_MS - 10 * NS_US, 25 * NS_MS);
    EXPECT_RANGE(sum / N, -116 * NS_US, 116 * NS_US);
    rig_free(&r);
}

/* What link_recv() answers is sorted by (time, ordinal), and each packet
 * comes at the time that its fate foretold. */
TEST(jitter_reorders_by_time)
{
    enum { N = 500 };
    struct rig r;
    unsigned   inversions = 0;

    rig_init(&r, "delay 5ms 5ms", 3);
    for (unsigned i = 0; i < N; i++)
        rig_send(&r, 1, 60, i * NS_MS / 4);
    EXPECT_EQ(rig_run(&r, NS_NEVER), N);
    for (unsigned i = 0; i < N; i++) {
        const struct link_fate *f = &r.fates[r.log[i].ordinal - 1];

        EXPECT_EQ(f->ordinal, r.log[i].ordinal);
        EXPECT_EQ(f->arrive_at, r.log[i].t);
        EXPECT_EQ(r.log[i].number, r.log[i].ordinal);
        if (i == 0)
            continue;
        EXPECT(r.log[i].t >= r.log[i - 1].t);
        inversions += r.log[i].ordinal < r.log[i - 1].ordinal;
    }
    EXPECT_RANGE(inversions, N / 4, N / 2);
    rig_free(&r);
}

static void send_hard(struct rig *r)
{
    for (unsigned i = 0; i < 2000; i++)
        rig_send(r, 1, 60 + i % 1000, i * 400 * NS_US);
}

TEST(every_copy_has_one_final_fate)
{
    struct rig     r;
    static uint8_t finals[2001][2];

    memset(finals, 0, sizeof(finals));
    rig_init(&r, HARD, 5);
    send_hard(&r);
    rig_run(&r, NS_NEVER);
    rig_check_conservation(&r);
    for (size_t i = 0; i < r.nfates; i++)
        finals[r.fates[i].ordinal][r.fates[i].copy] += r.fates[i].final;
    for (size_t i = 0; i < r.nfates; i++) {
        const struct link_fate *f = &r.fates[i];

        EXPECT_EQ(finals[f->ordinal][f->copy], 1);
        EXPECT((f->arrive_at == NS_NEVER) == (f->why != WHY_LINK_ARRIVED));
    }
    for (unsigned o = 1; o <= 2000; o++)
        EXPECT_EQ(finals[o][0], 1);
    rig_free(&r);
}

/* The scenario must reach every node, or the other tests prove little. */
TEST(hard_link_does_everything)
{
    static const enum why     lost[] = { WHY_LINK_BURST, WHY_LINK_DOWN,
                                         WHY_LINK_QUEUE };
    const struct link_counts *c;
    struct rig                r;

    rig_init(&r, HARD, 5);
    send_hard(&r);
    c = link_counts_of(r.link, LINK_FWD);
    for (unsigned i = 0; i < ARRAY_LEN(lost); i++)
        EXPECT(c->lost_by[lost[i] - WHY_LINK_ARRIVED] > 0);
    EXPECT(c->duplicated > 0 && c->corrupted > 0 && c->reordered > 0);
    rig_free(&r);
}

static bool fate_same(const struct link_fate *a, const struct link_fate *b)
{
    return a->t == b->t && a->arrive_at == b->arrive_at
        && a->ordinal == b->ordinal && a->why == b->why && a->copy == b->copy
        && a->final == b->final;
}

static bool runs_agree(uint64_t seed_a, uint64_t seed_b)
{
    struct rig a, b;
    bool       same;

    rig_init(&a, HARD, seed_a);
    rig_init(&b, HARD, seed_b);
    send_hard(&a);
    send_hard(&b);
    rig_run(&a, NS_NEVER);
    rig_run(&b, NS_NEVER);
    same = a.nfates == b.nfates;
    for (size_t i = 0; same && i < a.nfates; i++)
        same = fate_same(&a.fates[i], &b.fates[i]);
    rig_free(&a);
    rig_free(&b);
    return same;
}

TEST(same_seed_same_fates)
{
    EXPECT(runs_agree(42, 42));
    EXPECT(!runs_agree(42, 43));
}

/* The n-th packet's fate does not depend on sizes, times or contents. */
TEST(loss_is_keyed_by_ordinal)
{
    struct rig a, b;

    rig_init(&a, "loss 30%", 9);
    rig_init(&b, "loss 30% delay 1ms", 9);
    for (unsigned i = 0; i < 300; i++) {
        rig_send(&a, 1, 60, i);
        rig_send(&b, 1, 1500 - i, i * i);
        EXPECT_EQ(a.fates[i].why, b.fates[i].why);
    }
    rig_free(&a);
    rig_free(&b);
}

/* A rule that takes packets away does not move the chain of bursts. */
TEST(rules_do_not_move_bursts)
{
    struct rig a, b;

    rig_init_rule(&a, "loss 30% burst 5", "", 0);
    rig_init_rule(&b, "loss 30% burst 5", "packet 1..100", 0);
    rig_send(&a, 300, 60, 0);
    rig_send(&b, 300, 60, 0);
    for (unsigned i = 0; i < 300; i++)
        EXPECT_EQ(b.fates[i].why, i < 100 ? WHY_LINK_RULE : a.fates[i].why);
    rig_free(&a);
    rig_free(&b);
}

TEST(down_time_is_half_open)
{
    static const struct {
        cw_ns    t;
        enum why why;
    } rows[] = {
        { 0, WHY_LINK_ARRIVED },
        { 2 * NS_S - 1, WHY_LINK_ARRIVED },
        { 2 * NS_S, WHY_LINK_DOWN },
        { 2500 * NS_MS - 1, WHY_LINK_DOWN },
        { 2500 * NS_MS, WHY_LINK_ARRIVED },
        { 3 * NS_S, WHY_LINK_DOWN },
        { 4 * NS_S, WHY_LINK_ARRIVED },
    };
    struct rig r;

    rig_init(&r, "delay 1s down 2s..2500ms down 3s..4s", 1);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        rig_send(&r, 1, 60, rows[i].t);
        EXPECT_EQ(r.fates[i].why, rows[i].why);
    }
    /* Under way when the link went down: they arrive. */
    EXPECT_EQ(rig_run(&r, NS_NEVER), 4);
    rig_check_conservation(&r);
    rig_free(&r);
}

TEST(room_is_bounded)
{
    struct rig r;

    rig_init_rule(&r, "delay 1s", "", 100);
    rig_send(&r, 150, 60, 0);
    EXPECT_EQ(link_under_way(r.link), 100);
    for (unsigned i = 0; i < 150; i++)
        EXPECT_EQ(r.fates[i].why, i < 100 ? WHY_LINK_ARRIVED : WHY_LINK_FULL);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 100);
    rig_send(&r, 1, 60, 2 * NS_S);
    EXPECT_EQ(r.fates[150].why, WHY_LINK_ARRIVED);
    rig_free(&r);
}

TEST(live_change_leaves_what_is_under_way)
{
    struct rig       r;
    struct link_spec s = rig_spec("delay 1ms");

    rig_init(&r, "delay 20ms", 1);
    rig_send(&r, 1, 60, 0);
    EXPECT(link_set(r.link, LINK_FWD, &s, 0));
    EXPECT(spec_equal(link_spec_of(r.link, LINK_FWD), &s));
    rig_send(&r, 1, 60, 0);
    s = rig_spec("loss 100%");
    EXPECT(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 60, 0);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 2);
    EXPECT_EQ(r.log[0].ordinal, 2);
    EXPECT_EQ(r.log[0].t, NS_MS);
    EXPECT_EQ(r.log[1].ordinal, 1);
    EXPECT_EQ(r.log[1].t, 20 * NS_MS);
    rig_check_conservation(&r);
    rig_free(&r);
}

/* A rate that is lifted: the transmitter still finishes what it has. */
TEST(lifted_rate_keeps_the_order)
{
    struct rig       r;
    struct link_spec s = { 0 };

    rig_init(&r, "rate 1mbit", 1);
    rig_send(&r, 2, 1000, 0);
    EXPECT(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 1000, 0);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 3);
    EXPECT_EQ(r.log[2].ordinal, 3);
    EXPECT_EQ(r.log[2].t, 16 * NS_MS);
    rig_free(&r);
}

TEST(time_never_runs_backward)
{
    struct rig r;

    rig_init(&r, "delay 1ms", 1);
    rig_send(&r, 1, 60, NS_S);
    rig_send(&r, 1, 60, 0);
    EXPECT_EQ(r.fates[1].t, NS_S);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 2);
    EXPECT_EQ(r.log[1].t, NS_S + NS_MS);
    rig_free(&r);
}

TEST(super_segments_need_a_plain_link)
{
    static const struct {
        const char *words;
        bool        ok;
    } rows[] = {
        { "", true },
        { "delay 20ms", true },
        { "delay 20ms 1ms", false },
        { "loss 1%", false },
        { "reorder 1%", false },
        { "duplicate 1%", false },
        { "corrupt 1%", false },
        { "mark 1%", false },
        { "rate 1gbit", false },
        { "down 1s..2s", false },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig    r;
        struct cw_pkt pkt;

        rig_init(&r, rows[i].words, 1);
        EXPECT_EQ(link_gso_ok(r.link), rows[i].ok);
        pkt = rig_frame(&r, "a frame of twenty b.", 20);
        pkt.gso_size = 10;
        link_send(r.link, LINK_FWD, &pkt, 0);
        EXPECT_EQ(r.fates[r.nfates - 1].why == WHY_LINK_OVERSIZE,
                  !rows[i].ok);
        rig_free(&r);
    }
}

TEST(freed_under_way)
{
    struct rig r;

    rig_init(&r, HARD, 5);
    send_hard(&r);
    rig_run(&r, 200 * NS_MS);
    EXPECT(link_under_way(r.link) > 0);
    rig_free(&r); /* fails if anything is left */
}

/* A link that is changed and used at random: everything that was sent gets
 * one final fate a copy, and comes when that fate says, in order of time. */
static void check_log(const struct rig *r, unsigned sent)
{
    static cw_ns   due[4001][2];
    static uint8_t finals[4001][2];
    size_t         missing = 0;

    memset(finals, 0, sizeof(finals));
    memset(due, 0xff, sizeof(due)); /* never: -1 */
    for (size_t i = 0; i < r->nfates; i++) {
        const struct link_fate *f = &r->fates[i];

        finals[f->ordinal][f->copy] += f->final;
        if (f->final && f->why == WHY_LINK_ARRIVED)
            due[f->ordinal][f->copy] = f->arrive_at;
    }
    for (size_t i = 0; i < r->nlog; i++) {
        cw_ns *d = due[r->log[i].ordinal];

        d += d[0] != r->log[i].t; /* the one copy or the other */
        EXPECT_EQ(*d, r->log[i].t);
        *d = -1;
        EXPECT(i == 0 || r->log[i].t >= r->log[i - 1].t);
    }
    for (unsigned o = 1; o <= sent; o++) {
        EXPECT_EQ(finals[o][0], 1);
        EXPECT(finals[o][1] <= 1);
        missing += due[o][0] != -1 || due[o][1] != -1;
    }
    EXPECT_EQ(missing, 0);
}

TEST(random_life)
{
    // clang-format off
    static const char *const words[] = {
        "", HARD, "delay 5ms 5ms reorder 30% by 3", "rate 1mbit queue 5p",
        "rate 300kbit delay 10ms queue 2bdp duplicate 50%", "loss 100%",
        "corrupt 100% reorder 100%", "delay 1ms down 0s..100s",
    };
    // clang-format on

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rig  r;
        struct prng draw = prng_stream((struct sipkey){ seed, 0 }, 0, "");
        cw_ns       now = 0;

        rig_init_rule(&r, "", "packet 100..110", 300);
        while (r.sent < 4000) {
            struct link_spec s = rig_spec(words[prng_below(&draw, 8)]);

            EXPECT(link_set(r.link, LINK_FWD, &s, now));
            for (unsigned n = (unsigned)prng_below(&draw, 99);
                 n && r.sent < 4000; n--) {
                now += (cw_ns)prng_below(&draw, 2 * NS_MS);
                rig_send(&r, 1, 60 + (uint32_t)prng_below(&draw, 999), now);
            }
            rig_check_conservation(&r);
        }
        rig_run(&r, NS_NEVER);
        rig_check_conservation(&r);
        check_log(&r, r.sent);
        rig_free(&r);
    }
}

/* Memory that runs out while the link grows is a full link, not a fault. */
TEST(no_memory_is_a_full_link)
{
    struct rig r;

    rig_init(&r, "delay 1s", 1);
    rig_send(&r, 64, 60, 0);
    t_alloc_fail_after(0);
    rig_send(&r, 10, 60, 0);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 10);
    t_alloc_fail_after(-1);
    EXPECT_EQ(r.fates[73].why, WHY_LINK_FULL);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 64);
    rig_check_conservation(&r);
    rig_free(&r);
}

T_MAIN(T(perfect_link_is_in_order_at_once), T(directions_are_apart),
       T(delay_is_exact), T(jitter_is_uniform), T(jitter_reorders_by_time),
       T(every_copy_has_one_final_fate), T(hard_link_does_everything),
       T(same_seed_same_fates), T(loss_is_keyed_by_ordinal),
       T(rules_do_not_move_bursts), T(down_time_is_half_open),
       T(room_is_bounded), T(live_change_leaves_what_is_under_way),
       T(lifted_rate_keeps_the_order), T(time_never_runs_backward),
       T(super_segments_need_a_plain_link), T(freed_under_way),
       T(random_life), T(no_memory_is_a_full_link))
