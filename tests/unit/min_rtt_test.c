/* min_rtt_test.c: the least round trip of some minutes. */
#include "cc_rig.h"
#include "base/prng.h"

enum { SAMPLES = 20000, WINDOW_S = 300, STEP_S = 8 };

static struct {
    cw_ns    at;
    uint32_t us;
} seen[SAMPLES];

static uint32_t sample(struct cc_rig *r, cw_ns later, uint32_t us)
{
    r->env.now += later;
    tcp_rtt_sample(&r->t, us * NS_US);
    return r->t.min_rtt_us;
}

static void no_flight(struct cc_rig *r)
{
    memset(r->flight.min_us, 0, sizeof r->flight.min_us);
}

/* [RFC8985-6.2-a]: the path has become longer. */
TEST(a_longer_path_shows_after_five_minutes)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 10);
    EXPECT_EQ(sample(&r, 0, 10000), 10000);
    for (int s = 0; s < WINDOW_S - STEP_S; s += 4)
        EXPECT_EQ(sample(&r, 4 * NS_S, 50000u + (uint32_t)s), 10000);
    for (int s = 0; s < 3 * STEP_S; s += 4)
        sample(&r, 4 * NS_S, 60000);
    EXPECT_GE(r.t.min_rtt_us, 50000);
    EXPECT_LE(r.t.min_rtt_us, 50300);
    EXPECT_EQ(sample(&r, 0, 9000), 9000); /* a shorter one at once */
}

/* [RFC8985-6.2-a]: what is kept of an idle connection has its age. */
TEST(idle_times_count)
{
    static const struct {
        unsigned idle_s;
        bool     forgotten;
    } rows[] = { { 1, false },
                 { 280, false },
                 { 320, true },
                 { 900, true },
                 { 1000, true } };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("%u s", row->idle_s);
        cc_rig_init(&r, CW_CC_RENO, 10);
        sample(&r, 1000 * NS_S, 10000);
        no_flight(&r);
        sample(&r, row->idle_s * NS_S, 20000);
        EXPECT_EQ(r.t.min_rtt_us, row->forgotten ? 20000 : 10000);
    }
}

/* Short flights one after the other are no reason to begin anew. */
TEST(many_flights_one_window)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 10);
    sample(&r, 0, 10000);
    for (int s = 0; s < 2 * WINDOW_S; s += 10) {
        no_flight(&r);
        sample(&r, 10 * NS_S, 30000);
    }
    EXPECT_EQ(r.t.min_rtt_us, 30000);
}

/* The least is a sample of the window, and no larger than any of the half of
 * it that is past. */
static void compare(const struct cc_rig *r, unsigned n)
{
    cw_ns    now = r->env.now;
    uint32_t half = UINT32_MAX;
    bool     there = false;

    for (unsigned i = n + 1; i-- > 0;) {
        cw_ns age = now - seen[i].at;

        if (age > (WINDOW_S + 2 * STEP_S) * NS_S)
            break;
        there |= seen[i].us == r->t.min_rtt_us;
        if (age <= WINDOW_S / 2 * NS_S)
            half = MIN(half, seen[i].us);
    }
    EXPECT(there);
    EXPECT_LE(r->t.min_rtt_us, half);
}

TEST(as_a_naive_window)
{
    struct prng   rng = prng_stream((struct sipkey){ 1, 2 }, 0, "min rtt");
    uint32_t      base = 100000;
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_RENO, 10);
    for (unsigned i = 0; i < SAMPLES; i++) {
        if (prng_below(&rng, 300) == 0)
            base = 1000 + (uint32_t)prng_below(&rng, 200000);
        seen[i].us = base + (uint32_t)prng_below(&rng, 1000);
        sample(&r, (cw_ns)prng_below(&rng, 5000) * NS_MS, seen[i].us);
        seen[i].at = r.env.now;
        compare(&r, i);
    }
}

T_MAIN(T(a_longer_path_shows_after_five_minutes), T(idle_times_count),
       T(many_flights_one_window), T(as_a_naive_window))
