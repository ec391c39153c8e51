/* queue_test.c: serialisation and the drop-tail queue. */
#include "emu_rig.h"

/* N packets of S bytes take floor(N S 8 / R) to the nanosecond. */
TEST(rate_is_exact)
{
    static const struct {
        const char *words;
        uint64_t    bps;
        uint32_t    len;
    } rows[] = {
        { "rate 10mbit", 10000000, 1514 },
        { "rate 10mbit", 10000000, 61 },
        { "rate 7mbit", 7000000, 1001 },
        { "rate 3gbit", 3000000000, 67 },
        { "rate 100gbit", 100000000000, 1514 },
        { "rate 9600kbit", 9600000, 999 },
        { "rate 33.333kbit", 33333, 77 },
    };
    enum { N = 300 };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig r;

        rig_init(&r, rows[i].words, 1);
        rig_send(&r, N, rows[i].len, 5);
        EXPECT_EQ(rig_run(&r, NS_NEVER), N);
        for (unsigned k = 0; k < N; k++)
            EXPECT_EQ(r.log[k].t - 5,
                      (k + 1) * UINT64_C(8000000000) * rows[i].len
                          / rows[i].bps);
        rig_free(&r);
    }
}

/* After an idle time each packet takes its own time, rounded down. */
TEST(idle_transmitter_starts_afresh)
{
    struct rig r;

    rig_init(&r, "rate 7mbit delay 1ms", 1);
    for (unsigned i = 0; i < 10; i++)
        rig_send(&r, 1, 1000, i * 10 * NS_MS);
    EXPECT_EQ(rig_run(&r, NS_NEVER), 10);
    for (unsigned i = 0; i < 10; i++)
        EXPECT_EQ(r.log[i].t, i * 10 * NS_MS + NS_MS + 1142857);
    rig_free(&r);
}

/* A burst of 100 full frames: one is sent, the queue holds the next. */
TEST(queue_drops_the_tail)
{
    static const struct {
        const char *words;
        unsigned    held; /* besides the one that is sent */
    } rows[] = {
        { "rate 10mbit queue 0p", 0 },
        { "rate 10mbit queue 1p", 1 },
        { "rate 10mbit queue 50p", 50 },
        { "rate 10mbit queue 15kB", 15 },
        { "rate 10mbit queue 14.999kB", 14 },
        { "rate 10mbit queue 16KiB", 16 },
        { "rate 10mbit delay 20ms queue 1bdp", 25 },
        { "rate 10mbit delay 20ms queue 0.5bdp", 12 },
        { "rate 100kbit delay 1us queue 1bdp", 1 }, /* one full frame */
        { "rate 10mbit", 99 },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig r;

        rig_init(&r, rows[i].words, 1);
        rig_send(&r, 100, 1000, 0);
        for (unsigned k = 0; k < 100; k++)
            EXPECT_EQ(r.fates[k].why,
                      k <= rows[i].held ? WHY_LINK_ARRIVED : WHY_LINK_QUEUE);
        EXPECT_EQ(rig_run(&r, NS_NEVER), rows[i].held + 1);
        rig_check_conservation(&r);
        rig_free(&r);
    }
}

/* `1bdp` counts both directions' delay. */
TEST(bdp_is_of_the_round_trip)
{
    struct rig       r;
    struct link_spec back = rig_spec("delay 60ms");

    rig_init(&r, "rate 8mbit delay 20ms queue 1bdp", 1);
    EXPECT(link_set(r.link, LINK_BACK, &back, 0));
    rig_send(&r, 200, 1000, 0); /* 8 Mbit/s x 80 ms = 80 frames */
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 200 - 81);
    rig_free(&r);
}

TEST(default_queue_is_netems)
{
    struct rig r;

    rig_init(&r, "rate 1mbit", 1);
    rig_send(&r, 1100, 60, 0);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost,
              1100 - LINK_QUEUE_DEFAULT - 1);
    rig_free(&r);
}

/* Each transmission that begins makes room for one. */
TEST(queue_drains_with_the_rate)
{
    struct rig r;

    rig_init(&r, "rate 8mbit queue 2p", 1); /* 1000 bytes: 1 ms */
    rig_send(&r, 4, 1000, 0);
    EXPECT_EQ(r.fates[3].why, WHY_LINK_QUEUE);
    rig_send(&r, 2, 1000, NS_MS - 1);
    EXPECT_EQ(r.fates[4].why, WHY_LINK_QUEUE);
    EXPECT_EQ(r.fates[5].why, WHY_LINK_QUEUE);
    rig_send(&r, 2, 1000, NS_MS);
    EXPECT_EQ(r.fates[6].why, WHY_LINK_ARRIVED);
    EXPECT_EQ(r.fates[6].arrive_at, 4 * NS_MS);
    EXPECT_EQ(r.fates[7].why, WHY_LINK_QUEUE);
    rig_free(&r);
}

/* The instant at which the transmitter is done is not busy any more. */
TEST(free_transmitter_needs_no_queue)
{
    struct rig r;

    rig_init(&r, "rate 8mbit queue 0p", 1);
    for (unsigned i = 0; i < 5; i++) {
        rig_send(&r, 1, 1000, i * NS_MS);
        EXPECT_EQ(r.fates[i].why, WHY_LINK_ARRIVED);
        EXPECT_EQ(r.fates[i].arrive_at, (i + 1) * NS_MS);
    }
    rig_send(&r, 1, 1000, 5 * NS_MS - 1);
    EXPECT_EQ(r.fates[5].why, WHY_LINK_QUEUE);
    rig_free(&r);
}

/* The naive queue: a list of (begin, length), looked through each time. */
struct naive {
    cw_ns    begins[4000];
    uint32_t len[4000];
    unsigned n;
    cw_ns    free_at;
};

static bool naive_takes(struct naive *q, uint32_t len, cw_ns now,
                        uint64_t limit)
{
    uint64_t waiting = 0;

    for (unsigned i = 0; i < q->n; i++)
        if (q->begins[i] > now)
            waiting += q->len[i];
    if (q->free_at > now && waiting + len > limit)
        return false;
    q->begins[q->n] = MAX(q->free_at, now);
    q->len[q->n] = len;
    q->free_at = q->begins[q->n++] + len * NS_US; /* 8 Mbit/s */
    return true;
}

TEST(queue_agrees_with_the_naive_one)
{
    static struct naive q;
    struct rig          r;
    struct prng         draw = t_prng("arrivals");
    cw_ns               now = 0;

    memset(&q, 0, sizeof(q));
    rig_init(&r, "rate 8mbit queue 5kB delay 3ms", 1);
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t len = 60 + (uint32_t)prng_below(&draw, 1400);
        bool     taken;

        now += (cw_ns)prng_below(&draw, 1400 * NS_US);
        rig_run(&r, now - (cw_ns)prng_below(&draw, 2));
        taken = naive_takes(&q, len, now, 5000);
        rig_send(&r, 1, len, now);
        EXPECT_EQ(r.fates[i].why, taken ? WHY_LINK_ARRIVED : WHY_LINK_QUEUE);
        if (taken)
            EXPECT_EQ(r.fates[i].arrive_at, q.free_at + 3 * NS_MS);
    }
    EXPECT_RANGE(link_counts_of(r.link, LINK_FWD)->lost, 100, 2900);
    rig_free(&r);
}

T_MAIN(T(rate_is_exact), T(idle_transmitter_starts_afresh),
       T(queue_drops_the_tail), T(bdp_is_of_the_round_trip),
       T(default_queue_is_netems), T(queue_drains_with_the_rate),
       T(free_transmitter_needs_no_queue), T(queue_agrees_with_the_naive_one))
