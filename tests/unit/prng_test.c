/* Streams of random numbers: repeatable, independent, without bias. */
#include "base/prng.h"
#include "t.h"

static const struct sipkey seed = { 1, 2 };

/* xoshiro256** from the state {1,2,3,4}: rotl(s1*5,7)*9 by hand for the
 * first two. */
TEST(first_answers_of_the_generator)
{
    struct prng r = { { 1, 2, 3, 4 } };

    EXPECT_EQ(prng_u64(&r), 11520);
    EXPECT_EQ(prng_u64(&r), 0);
    EXPECT_EQ(prng_u64(&r), 1509978240);
    EXPECT_EQ(prng_u64(&r), UINT64_C(1215971899390074240));
}

TEST(equal_keys_give_equal_streams)
{
    struct prng a = prng_stream(seed, 7, "loss");
    struct prng b = prng_stream(seed, 7, "loss");

    for (int i = 0; i < 100; i++) {
        uint64_t x = prng_u64(&a);

        EXPECT_EQ(x, prng_u64(&b));
    }
}

TEST(any_part_of_the_key_makes_another_stream)
{
    struct prng streams[] = {
        prng_stream(seed, 7, "loss"),
        prng_stream(seed, 8, "loss"),
        prng_stream(seed, 7, "los"),
        prng_stream(seed, 7, "lost"),
        prng_stream((struct sipkey){ 1, 3 }, 7, "loss"),
        prng_stream((struct sipkey){ 2, 2 }, 7, "loss"),
    };

    for (unsigned i = 0; i < ARRAY_LEN(streams); i++) {
        for (unsigned j = 0; j < i; j++) {
            struct prng a = streams[i], b = streams[j];
            uint64_t    x = prng_u64(&a);

            EXPECT_NE(x, prng_u64(&b));
        }
    }
}

TEST(draws_of_one_stream_do_not_move_another)
{
    struct prng a = prng_stream(seed, 7, "loss");
    struct prng b, c = prng_stream(seed, 7, "delay");
    uint64_t    want = prng_u64(&c);

    for (int i = 0; i < 1000; i++)
        prng_u64(&a);
    b = prng_stream(seed, 7, "delay");
    EXPECT_EQ(prng_u64(&b), want);
}

TEST(below_stays_below_and_reaches_all)
{
    static const uint64_t bounds[] = { 1, 2, 3, 7, 10, 64, 1000 };
    struct prng           r = t_prng("below");

    T_EACH (n, bounds) {
        bool seen[1000] = { false };

        t_row("below %u", (unsigned)*n);
        for (int i = 0; i < 20000; i++) {
            uint64_t x = prng_below(&r, *n);

            EXPECT_LT(x, *n);
            seen[x] = true;
        }
        for (uint64_t i = 0; i < *n; i++)
            EXPECT(seen[i]);
    }
    EXPECT_LT(prng_below(&r, UINT64_MAX) == UINT64_MAX, 1);
    EXPECT_PANIC(prng_below(&r, 0));
}

TEST(below_has_no_bias)
{
    struct prng r = t_prng("bias");
    uint64_t    n = (UINT64_MAX / 3) * 2; /* modulo alone: 2/3 to the half */
    int         low = 0;

    for (int i = 0; i < 100000; i++)
        low += prng_below(&r, n) < n / 2;
    EXPECT_GE(low, 49000);
    EXPECT_LE(low, 51000);
}

TEST(chance_is_what_was_asked)
{
    static const struct {
        uint64_t p;
        int      lo, hi; /* of 100000 */
    } rows[] = {
        { 0, 0, 0 },
        { UINT64_C(1) << 32, 100000, 100000 },
        { UINT64_C(1) << 31, 49000, 51000 },
        { 128849019, 2800, 3200 }, /* 3 % */
    };
    struct prng r = t_prng("chance");

    T_EACH (row, rows) {
        int yes = 0;

        t_row("p %u/2^32", (unsigned)row->p);
        for (int i = 0; i < 100000; i++)
            yes += prng_chance(&r, row->p);
        EXPECT_GE(yes, row->lo);
        EXPECT_LE(yes, row->hi);
    }
}

TEST(at_depends_on_nothing_but_its_arguments)
{
    uint64_t fifth = prng_at(seed, 7, "loss", 5);

    prng_at(seed, 7, "loss", 4);
    EXPECT_EQ(prng_at(seed, 7, "loss", 5), fifth);
    EXPECT_NE(prng_at(seed, 7, "loss", 6), fifth);
    EXPECT_NE(prng_at(seed, 8, "loss", 5), fifth);
    EXPECT_NE(prng_at(seed, 7, "delay", 5), fifth);
    EXPECT_NE(prng_at(seed, 7, "loss", 0), prng_stream(seed, 7, "loss").s[0]);
}

TEST(refuses_the_state_that_never_moves)
{
    struct prng dead = { { 0 } };

    EXPECT_PANIC(prng_u64(&dead));
    EXPECT_PANIC(prng_stream(seed, 0,
                             "a purpose that is a whole sentence is "
                             "not a short constant text"));
}

T_MAIN(T(first_answers_of_the_generator), T(equal_keys_give_equal_streams),
       T(any_part_of_the_key_makes_another_stream),
       T(draws_of_one_stream_do_not_move_another),
       T(below_stays_below_and_reaches_all), T(below_has_no_bias),
       T(chance_is_what_was_asked),
       T(at_depends_on_nothing_but_its_arguments),
       T(refuses_the_state_that_never_moves))
