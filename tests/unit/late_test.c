/* late_test.c: shares of what was noted, against sorting it. */
#include "t.h"

#include "base/late.h"
#include "base/prng.h"

#include <stdlib.h>
#include <string.h>

enum { N = 1000 };

static int compare(const void *a, const void *b)
{
    cw_ns x = *(const cw_ns *)a, y = *(const cw_ns *)b;

    return (x > y) - (x < y);
}

TEST(nothing_was_late)
{
    struct late l = { .n = 0 };

    assert_int_equal(0, late_share(&l, 100));
    late_note(&l, 0);
    assert_int_equal(0, late_share(&l, 0));
    assert_int_equal(0, late_share(&l, 100));
}

/* At most a quarter more than what sorting says, and never less. */
TEST(shares_are_those_of_the_sorted)
{
    static const unsigned shares[] = { 1, 50, 99, 100 };
    struct prng rng = prng_stream((struct sipkey){ 1, 2 }, 0, "late");

    for (unsigned bits = 1; bits < 63; bits++) {
        struct late l = { .n = 0 };
        cw_ns       v[N];

        for (unsigned i = 0; i < N; i++) {
            v[i] = (cw_ns)prng_below(&rng, UINT64_C(1) << bits);
            late_note(&l, v[i]);
        }
        qsort(v, N, sizeof v[0], compare);
        assert_int_equal(v[N - 1], l.most);
        for (unsigned i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            cw_ns is = v[(N * shares[i] + 99) / 100 - 1];
            cw_ns said = late_share(&l, shares[i]);

            assert_true(said >= is && said - is <= is / 4);
        }
    }
}

TEST(the_largest_time_has_a_class)
{
    struct late l = { .n = 0 };

    late_note(&l, INT64_MAX);
    assert_int_equal(INT64_MAX, late_share(&l, 50));
}

T_MAIN(T(nothing_was_late), T(shares_are_those_of_the_sorted),
       T(the_largest_time_has_a_class))
