/* link_test.c: the chain as a whole: order, conservation, determinism. */
#include "emu_rig.h"
#include "t.h"

#define HARD                                                            \
    "delay 20ms 5ms loss 3% burst 4 reorder 5% by 2 duplicate 4% "      \
    "corrupt 2% rate 10mbit queue 20p down 100ms..120ms"

static void perfect_link_is_in_order_at_once(void **state)
{
    struct rig         r;

    (void)state;
    rig_init(&r, "", 1);
    assert_true(link_next(r.link) == NS_NEVER);
    rig_send(&r, 50, 1514, 1000);
    assert_int_equal(link_next(r.link), 1000);
    assert_int_equal(rig_run(&r, 1000), 50);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(r.log[i].t, 1000);
        assert_int_equal(r.log[i].ordinal, i + 1);
        assert_int_equal(r.log[i].number, i + 1);
        assert_int_equal(r.log[i].len, 1514);
    }
    assert_true(link_next(r.link) == NS_NEVER);
    rig_check_conservation(&r);
    rig_free(&r);
}

static void directions_are_apart(void **state)
{
    struct rig    r;
    struct cw_pkt pkt, out[2];

    (void)state;
    rig_init(&r, "delay 5ms loss 100%", 1);
    pkt = rig_frame(&r, "twenty bytes of text", 20);
    assert_int_equal(link_send(r.link, LINK_BACK, &pkt, 0), 1);
    assert_int_equal(link_recv(r.link, LINK_FWD, out, 2, 0, NULL), 0);
    assert_int_equal(link_recv(r.link, LINK_BACK, out, 2, 0, NULL), 1);
    pkt_free(&out[0]);
    rig_send(&r, 1, 60, 1);
    assert_int_equal(link_counts_of(r.link, LINK_FWD)->lost, 1);
    assert_int_equal(link_counts_of(r.link, LINK_BACK)->lost, 0);
    rig_free(&r);
}

static void delay_is_exact(void **state)
{
    struct rig         r;

    (void)state;
    rig_init(&r, "delay 20ms", 1);
    rig_send(&r, 1, 100, 0);
    rig_send(&r, 2, 100, 7);
    assert_int_equal(link_next(r.link), 20 * NS_MS);
    assert_int_equal(rig_run(&r, 20 * NS_MS - 1), 0);
    assert_int_equal(rig_run(&r, NS_S), 3);
    assert_int_equal(r.log[0].t, 20 * NS_MS);
    assert_int_equal(r.log[1].t, 20 * NS_MS + 7);
    assert_int_equal(r.log[2].t, 20 * NS_MS + 7);
    rig_free(&r);
}

/* Uniform in [delay - J, delay + J]: the mean of n draws is within 4 J /
 * sqrt(3 n) of the delay. */
static void jitter_is_uniform(void **state)
{
    enum { N = 20000 };
    struct rig r;
    int64_t    sum = 0, least = NS_S, most = 0;

    (void)state;
    rig_init(&r, "delay 20ms 5ms", 1);
    for (unsigned i = 0; i < N; i++)
        rig_send(&r, 1, 60, i);
    for (unsigned i = 0; i < N; i++) {
        cw_ns d = r.fates[i].arrive_at - r.fates[i].t;

        assert_true(d >= 15 * NS_MS && d <= 25 * NS_MS);
        least = MIN(least, d);
        most = MAX(most, d);
        sum += d - 20 * NS_MS;
    }
    assert_in_range(least, 15 * NS_MS, 15 * NS_MS + 10 * NS_US);
    assert_in_range(most, 25 * NS_MS - 10 * NS_US, 25 * NS_MS);
    assert_in_range(sum / N + 82 * NS_US, 0, 164 * NS_US);
    rig_free(&r);
}

/* What link_recv() answers is sorted by (time, ordinal), and each packet
 * comes at the time that its fate foretold. */
static void jitter_reorders_by_time(void **state)
{
    enum { N = 500 };
    struct rig                r;
    unsigned                  inversions = 0;

    (void)state;
    rig_init(&r, "delay 5ms 5ms", 3);
    for (unsigned i = 0; i < N; i++)
        rig_send(&r, 1, 60, i * NS_MS / 4);
    assert_int_equal(rig_run(&r, NS_NEVER), N);
    for (unsigned i = 0; i < N; i++) {
        const struct link_fate *f = &r.fates[r.log[i].ordinal - 1];

        assert_int_equal(f->ordinal, r.log[i].ordinal);
        assert_int_equal(f->arrive_at, r.log[i].t);
        assert_int_equal(r.log[i].number, r.log[i].ordinal);
        if (i == 0)
            continue;
        assert_true(r.log[i].t >= r.log[i - 1].t);
        inversions += r.log[i].ordinal < r.log[i - 1].ordinal;
    }
    assert_in_range(inversions, N / 4, N / 2);
    rig_free(&r);
}

static void send_hard(struct rig *r)
{
    for (unsigned i = 0; i < 2000; i++)
        rig_send(r, 1, 60 + i % 1000, i * 400 * NS_US);
}

static void every_copy_has_one_final_fate(void **state)
{
    struct rig     r;
    static uint8_t finals[2001][2];

    (void)state;
    memset(finals, 0, sizeof(finals));
    rig_init(&r, HARD, 5);
    send_hard(&r);
    rig_run(&r, NS_NEVER);
    rig_check_conservation(&r);
    for (size_t i = 0; i < r.nfates; i++)
        finals[r.fates[i].ordinal][r.fates[i].copy] += r.fates[i].final;
    for (size_t i = 0; i < r.nfates; i++) {
        const struct link_fate *f = &r.fates[i];

        assert_int_equal(finals[f->ordinal][f->copy], 1);
        assert_true((f->arrive_at == NS_NEVER)
                    == (f->why != WHY_LINK_ARRIVED));
    }
    for (unsigned o = 1; o <= 2000; o++)
        assert_int_equal(finals[o][0], 1);
    rig_free(&r);
}

/* The scenario must reach every node, or the other tests prove little. */
static void hard_link_does_everything(void **state)
{
    static const enum why lost[] = { WHY_LINK_BURST, WHY_LINK_DOWN,
                                     WHY_LINK_QUEUE };
    const struct link_counts *c;
    struct rig                r;

    (void)state;
    rig_init(&r, HARD, 5);
    send_hard(&r);
    c = link_counts_of(r.link, LINK_FWD);
    for (unsigned i = 0; i < ARRAY_LEN(lost); i++)
        assert_true(c->lost_by[lost[i] - WHY_LINK_ARRIVED] > 0);
    assert_true(c->duplicated > 0 && c->corrupted > 0 && c->reordered > 0);
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

static void same_seed_same_fates(void **state)
{
    (void)state;
    assert_true(runs_agree(42, 42));
    assert_false(runs_agree(42, 43));
}

/* The n-th packet's fate does not depend on sizes, times or contents. */
static void loss_is_keyed_by_ordinal(void **state)
{
    struct rig a, b;

    (void)state;
    rig_init(&a, "loss 30%", 9);
    rig_init(&b, "loss 30% delay 1ms", 9);
    for (unsigned i = 0; i < 300; i++) {
        rig_send(&a, 1, 60, i);
        rig_send(&b, 1, 1500 - i, i * i);
        assert_int_equal(a.fates[i].why, b.fates[i].why);
    }
    rig_free(&a);
    rig_free(&b);
}

/* A rule that takes packets away does not move the chain of bursts. */
static void rules_do_not_move_bursts(void **state)
{
    struct rig a, b;

    (void)state;
    rig_init_rule(&a, "loss 30% burst 5", "", 0);
    rig_init_rule(&b, "loss 30% burst 5", "packet 1..100", 0);
    rig_send(&a, 300, 60, 0);
    rig_send(&b, 300, 60, 0);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(b.fates[i].why,
                         i < 100 ? WHY_LINK_RULE : a.fates[i].why);
    rig_free(&a);
    rig_free(&b);
}

static void down_time_is_half_open(void **state)
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

    (void)state;
    rig_init(&r, "delay 1s down 2s..2500ms down 3s..4s", 1);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        rig_send(&r, 1, 60, rows[i].t);
        assert_int_equal(r.fates[i].why, rows[i].why);
    }
    /* Under way when the link went down: they arrive. */
    assert_int_equal(rig_run(&r, NS_NEVER), 4);
    rig_check_conservation(&r);
    rig_free(&r);
}

static void room_is_bounded(void **state)
{
    struct rig r;

    (void)state;
    rig_init_rule(&r, "delay 1s", "", 100);
    rig_send(&r, 150, 60, 0);
    assert_int_equal(link_under_way(r.link), 100);
    for (unsigned i = 0; i < 150; i++)
        assert_int_equal(r.fates[i].why,
                         i < 100 ? WHY_LINK_ARRIVED : WHY_LINK_FULL);
    assert_int_equal(rig_run(&r, NS_NEVER), 100);
    rig_send(&r, 1, 60, 2 * NS_S);
    assert_int_equal(r.fates[150].why, WHY_LINK_ARRIVED);
    rig_free(&r);
}

static void live_change_leaves_what_is_under_way(void **state)
{
    struct rig         r;
    struct link_spec   s = rig_spec("delay 1ms");

    (void)state;
    rig_init(&r, "delay 20ms", 1);
    rig_send(&r, 1, 60, 0);
    assert_true(link_set(r.link, LINK_FWD, &s, 0));
    assert_true(spec_equal(link_spec_of(r.link, LINK_FWD), &s));
    rig_send(&r, 1, 60, 0);
    s = rig_spec("loss 100%");
    assert_true(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 60, 0);
    assert_int_equal(rig_run(&r, NS_NEVER), 2);
    assert_int_equal(r.log[0].ordinal, 2);
    assert_int_equal(r.log[0].t, NS_MS);
    assert_int_equal(r.log[1].ordinal, 1);
    assert_int_equal(r.log[1].t, 20 * NS_MS);
    rig_check_conservation(&r);
    rig_free(&r);
}

/* A rate that is lifted: the transmitter still finishes what it has. */
static void lifted_rate_keeps_the_order(void **state)
{
    struct rig         r;
    struct link_spec   s = { 0 };

    (void)state;
    rig_init(&r, "rate 1mbit", 1);
    rig_send(&r, 2, 1000, 0);
    assert_true(link_set(r.link, LINK_FWD, &s, 0));
    rig_send(&r, 1, 1000, 0);
    assert_int_equal(rig_run(&r, NS_NEVER), 3);
    assert_int_equal(r.log[2].ordinal, 3);
    assert_int_equal(r.log[2].t, 16 * NS_MS);
    rig_free(&r);
}

static void time_never_runs_backward(void **state)
{
    struct rig         r;

    (void)state;
    rig_init(&r, "delay 1ms", 1);
    rig_send(&r, 1, 60, NS_S);
    rig_send(&r, 1, 60, 0);
    assert_int_equal(r.fates[1].t, NS_S);
    assert_int_equal(rig_run(&r, NS_NEVER), 2);
    assert_int_equal(r.log[1].t, NS_S + NS_MS);
    rig_free(&r);
}

static void super_segments_need_a_plain_link(void **state)
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
        { "rate 1gbit", false },
        { "down 1s..2s", false },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig    r;
        struct cw_pkt pkt;

        rig_init(&r, rows[i].words, 1);
        assert_int_equal(link_gso_ok(r.link), rows[i].ok);
        pkt = rig_frame(&r, "a frame of twenty b.", 20);
        pkt.gso_size = 10;
        link_send(r.link, LINK_FWD, &pkt, 0);
        assert_int_equal(r.fates[r.nfates - 1].why == WHY_LINK_OVERSIZE,
                         !rows[i].ok);
        rig_free(&r);
    }
}

static void freed_under_way(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, HARD, 5);
    send_hard(&r);
    rig_run(&r, 200 * NS_MS);
    assert_true(link_under_way(r.link) > 0);
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
        assert_int_equal(*d, r->log[i].t);
        *d = -1;
        assert_true(i == 0 || r->log[i].t >= r->log[i - 1].t);
    }
    for (unsigned o = 1; o <= sent; o++) {
        assert_int_equal(finals[o][0], 1);
        assert_true(finals[o][1] <= 1);
        missing += due[o][0] != -1 || due[o][1] != -1;
    }
    assert_int_equal(missing, 0);
}

static void random_life(void **state)
{
    static const char *const words[] = {
        "", HARD, "delay 5ms 5ms reorder 30% by 3", "rate 1mbit queue 5p",
        "rate 300kbit delay 10ms queue 2bdp duplicate 50%", "loss 100%",
        "corrupt 100% reorder 100%", "delay 1ms down 0s..100s",
    };

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rig  r;
        struct prng draw = prng_stream((struct sipkey){ seed, 0 }, 0, "");
        cw_ns       now = 0;

        rig_init_rule(&r, "", "packet 100..110", 300);
        while (r.sent < 4000) {
            struct link_spec s = rig_spec(words[prng_below(&draw, 8)]);

            assert_true(link_set(r.link, LINK_FWD, &s, now));
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
static void *no_more(void *ctx, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    return NULL;
}

static void no_memory_is_a_full_link(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "delay 1s", 1);
    rig_send(&r, 64, 60, 0);
    r.alloc.alloc = no_more;
    rig_send(&r, 10, 60, 0);
    assert_int_equal(link_counts_of(r.link, LINK_FWD)->lost, 10);
    assert_int_equal(r.fates[73].why, WHY_LINK_FULL);
    assert_int_equal(rig_run(&r, NS_NEVER), 64);
    rig_check_conservation(&r);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect_link_is_in_order_at_once),
        cmocka_unit_test(directions_are_apart),
        cmocka_unit_test(delay_is_exact),
        cmocka_unit_test(jitter_is_uniform),
        cmocka_unit_test(jitter_reorders_by_time),
        cmocka_unit_test(every_copy_has_one_final_fate),
        cmocka_unit_test(hard_link_does_everything),
        cmocka_unit_test(same_seed_same_fates),
        cmocka_unit_test(loss_is_keyed_by_ordinal),
        cmocka_unit_test(rules_do_not_move_bursts),
        cmocka_unit_test(down_time_is_half_open),
        cmocka_unit_test(room_is_bounded),
        cmocka_unit_test(live_change_leaves_what_is_under_way),
        cmocka_unit_test(lifted_rate_keeps_the_order),
        cmocka_unit_test(time_never_runs_backward),
        cmocka_unit_test(super_segments_need_a_plain_link),
        cmocka_unit_test(freed_under_way),
        cmocka_unit_test(random_life),
        cmocka_unit_test(no_memory_is_a_full_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
