/* path_test.c: a measured path: what it says is what happened.
 */
#include "sim/path.h"
#include "loop/loop.h"
#include "t.h"

#define MBIT UINT64_C(1000000)

static struct path_result result; /* too large for a frame */

static struct path_spec path_of(const char *words, cw_ns time)
{
    struct path_spec s = {
        .flows = 1, .time = time, .seed = 1, .alloc = memory_alloc()
    };
    char       why[300];
    struct fmt err = fmt_of(why, sizeof why);

    if (!spec_parse(words, &s.fwd, &err))
        FAIL("%s", why);
    s.back.delay = s.fwd.delay;
    return s;
}

static const struct path_result *run(const struct path_spec *s)
{
    if (!path_run(s, &result))
        FAIL("%s", result.error);
    return &result;
}

TEST(theory_knows_its_numbers)
{
    static const uint64_t equal[] = { 7, 7, 7, 7 }, one[] = { 9, 0, 0 };
    static const uint64_t large[] = { UINT64_C(1) << 40, UINT64_C(1) << 39 };
    struct path_spec      s = path_of("rtt 50ms rate 100mbit", NS_S);

    EXPECT_EQ(theory_ideal(100 * MBIT, 1448, 1514), 95640686);
    EXPECT_EQ(theory_ideal(100 * MBIT, 0, 0), 0);
    /* 1448*8 * 1.224745 / 0.05 / sqrt(0.01) */
    EXPECT_EQ(theory_mathis(1448, 50 * NS_MS, 42949673) / 1000, 2837);
    EXPECT_EQ(theory_mathis(1448, 50 * NS_MS, 0), 0);
    EXPECT_EQ(theory_jain(equal, 4), 1000);
    EXPECT_EQ(theory_jain(one, 3), 333);
    EXPECT_EQ(theory_jain(large, 2), 900);
    EXPECT_EQ(theory_jain(one, 0), 0);
    /* a handshake, and half a round trip for what fits the first window */
    EXPECT_EQ(theory_bound(1, 1448, 10, &s.fwd, 50 * NS_MS) / NS_MS, 75);
    /* 10 + 20 + 40: the third round ends it */
    EXPECT_EQ(theory_bound(70 * 1448, 1448, 10, &s.fwd, 50 * NS_MS) / NS_MS,
              175);
    /* 800 ms on the wire */
    EXPECT_EQ(theory_bound(10000000, 1448, 10, &s.fwd, 50 * NS_MS) / NS_MS,
              875);
}

TEST(a_clean_path_is_filled)
{
    struct path_spec          s = path_of("rtt 20ms rate 10mbit queue 1bdp",
                                          10 * NS_S);
    const struct path_result *r = run(&s);

    EXPECT_EQ(r->ideal, theory_ideal(10 * MBIT, 1448, 1514));
    EXPECT_GE(r->goodput, r->ideal / 100 * 95);
    EXPECT_LE(r->goodput, r->ideal);
    EXPECT_EQ(r->lost, 0);
    EXPECT_EQ(r->spurious, 0);
    EXPECT_LE(r->queue_max, 20 * NS_MS);
    EXPECT_LE(r->queue_mean, r->queue_p99);
    EXPECT_EQ(r->rexmits, r->counts[COUNT_TCP_RETRANS_SEGS]);
}

/* A window that opens at once is larger than the interface's queue: what has
 * no room there waits, and is not made to be thrown away. */
TEST(a_host_throws_nothing_of_its_own_away)
{
    struct path_spec s = path_of("rtt 66ms rate 180mbit queue 1bdp", NS_S);
    const struct path_result *r;

    s.cc[0] = "reno";
    s.nccs = 1;
    r = run(&s);
    EXPECT_GE(r->queue_drops, 500);
    EXPECT_EQ(r->counts[COUNT_IP_OUT_DISCARDS], 0);
    EXPECT_EQ(r->spurious, 0);
}

/* Steps of the clock as long as a quarter of the round trip, and longer than
 * it: slow start ends in time, and what is late is not taken for lost. */
TEST(a_coarse_clock_costs_little)
{
    static const char *const words[] = {
        "rtt 66ms rate 100mbit queue 1bdp",
        "rtt 66ms rate 100mbit queue 1bdp reorder 1% by 3",
        "rtt 10ms rate 50mbit queue 1bdp",
    };

    T_EACH (w, words) {
        struct path_spec          s = path_of(*w, 3 * NS_S);
        const struct path_result *r = run(&s);
        uint64_t                  exact = r->goodput;

        t_row("%s", *w);
        s.tick = 15600 * NS_US;
        r = run(&s);
        EXPECT_GE(r->goodput, exact / 100 * 97);
        EXPECT_LE(r->queue_drops, 200);
        EXPECT_EQ(r->spurious, 0);
    }
}

/* Two timeouts in a row, and they are taken back. */
TEST(a_pause_by_a_coarse_clock)
{
    struct path_spec s = path_of("rtt 20ms rate 20mbit queue 1bdp", 4 * NS_S);
    const struct path_result *r;

    s.tick = 15600 * NS_US;
    s.pause = (struct link_down){ 2 * NS_S, 3 * NS_S };
    r = run(&s);
    EXPECT_GE(r->timeouts, 2);
    EXPECT_EQ(r->counts[COUNT_TCP_SPURIOUS_RTOS], 1);
}

TEST(loss_is_counted_and_mended)
{
    struct path_spec s = path_of("rtt 20ms rate 10mbit loss 1%", 20 * NS_S);
    const struct path_result *r = run(&s);

    EXPECT_GE(r->lost, r->segs / 200);
    EXPECT_LE(r->lost, r->segs / 50);
    EXPECT_GE(r->rexmits, r->lost - 20);
    EXPECT_GE(r->mathis, r->goodput / 2);
    EXPECT_LE(r->goodput, r->mathis / 10 * 12);
}

TEST(same_path_same_run)
{
    struct path_spec s = path_of(
        "rtt 20ms rate 10mbit queue 20p loss 1% reorder 1% by 3", 5 * NS_S);
    uint64_t digest = run(&s)->digest, goodput = result.goodput;

    EXPECT_EQ(run(&s)->digest, digest);
    EXPECT_EQ(result.goodput, goodput);
    s.seed = 2;
    EXPECT_NE(run(&s)->digest, digest);
}

TEST(a_transfer_has_an_end)
{
    static const cw_ns ticks[] = { 0, NS_US, NS_MS, 15600 * NS_US };

    T_EACH (tick, ticks) {
        struct path_spec s = path_of("rtt 50ms rate 100mbit queue 1bdp",
                                     60 * NS_S);
        const struct path_result *r;

        t_row("tick %lld", (long long)*tick);
        s.bytes = 1000000;
        s.tick = *tick;
        r = run(&s);
        EXPECT_EQ(r->flow[0].bytes, s.bytes);
        EXPECT_EQ(r->flow[0].done, r->end);
        EXPECT_GE(r->flow[0].done, r->bound);
        EXPECT_LE(r->flow[0].done, 2 * r->bound);
    }
}

TEST(flows_share)
{
    struct path_spec          s = path_of("rtt 20ms rate 20mbit queue 1bdp",
                                          20 * NS_S);
    const struct path_result *r;
    uint64_t                  sum = 0;

    s.flows = 4;
    s.v6 = true;
    r = run(&s);
    for (unsigned i = 0; i < s.flows; i++) {
        EXPECT_GE(r->flow[i].bytes, 1000000);
        EXPECT_LE(r->flow[i].start, NS_S);
        sum += r->flow[i].bytes;
    }
    EXPECT_EQ(r->bytes, sum);
    EXPECT_GE(r->jain, 700);
    EXPECT_LE(r->jain, 1000);
    EXPECT_GE(r->goodput, r->ideal / 100 * 85);
}

/* Nothing is lost in a pause: what is sent again for it was without need. */
TEST(a_pause_loses_nothing)
{
    struct path_spec          s = path_of("rtt 20ms rate 10mbit queue 100p",
                                          10 * NS_S);
    const struct path_result *r;

    s.pause = (struct link_down){ 4 * NS_S, 6 * NS_S };
    r = run(&s);
    EXPECT_EQ(r->lost, 0);
    EXPECT_GE(r->timeouts, 1);
    EXPECT_GE(r->spurious, 1);
    EXPECT_GE(r->recovery, 20 * NS_MS);
    EXPECT_LE(r->recovery, 4 * NS_S);
}

TEST(an_outage_is_survived)
{
    struct path_spec s = path_of(
        "rtt 20ms rate 10mbit queue 1bdp down 4s..5s", 15 * NS_S);
    const struct path_result *r = run(&s);

    EXPECT_GE(r->lost, 1);
    EXPECT_GE(r->first_back, 5 * NS_S);
    EXPECT_LE(r->first_back, 8 * NS_S);
    EXPECT_GE(r->recovery, 20 * NS_MS);
    EXPECT_LE(r->recovery, 5 * NS_S);
}

TEST(an_unknown_controller_is_refused)
{
    struct path_spec s = path_of("rtt 20ms", NS_S);

    s.cc[0] = "cubicle";
    s.nccs = 1;
    EXPECT(!path_run(&s, &result));
    EXPECT_STR(result.error, "there is no controller cubicle");
}

T_MAIN(T(theory_knows_its_numbers), T(a_clean_path_is_filled),
       T(a_host_throws_nothing_of_its_own_away),
       T(a_coarse_clock_costs_little), T(a_pause_by_a_coarse_clock),
       T(loss_is_counted_and_mended), T(same_path_same_run),
       T(a_transfer_has_an_end), T(flows_share), T(a_pause_loses_nothing),
       T(an_outage_is_survived), T(an_unknown_controller_is_refused))
