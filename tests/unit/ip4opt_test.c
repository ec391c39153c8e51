/* ip4opt_test.c: which lists of IPv4 options a program may send, what of them
 * every fragment has, what comes back.
 */
#include "wire/ip4opt.h"
#include "base/compiler.h"
#include "t.h"

static const struct row {
    const char *what;
    uint8_t     in[44];
    size_t      len;
    int         words; /* -1: refused */
} rows[] = {
    { "nothing", { 0 }, 0, 0 },
    { "one NOP", { 1 }, 1, 4 },
    { "router alert", { 148, 4, 0, 0 }, 4, 4 },
    { "router alert, cut", { 148, 3, 0 }, 3, -1 },
    { "empty route", { 7, 7, 4 }, 7, 8 },
    { "full route", { 7, 7, 8, 10, 0, 0, 1 }, 7, 8 },
    { "route without room to its end", { 7, 7, 5 }, 7, -1 },
    { "route's pointer too low", { 7, 7, 3 }, 7, -1 },
    { "route's pointer zero", { 7, 7, 0 }, 7, -1 },
    { "route without pointer", { 7, 2 }, 2, -1 },
    { "two routes", { 7, 3, 4, 7, 3, 4 }, 6, -1 },
    { "times", { 68, 8, 5, 0 }, 8, 8 },
    { "times and addresses", { 68, 12, 5, 1 }, 12, 12 },
    { "times and addresses, no room", { 68, 8, 5, 1 }, 8, -1 },
    { "times for given addresses", { 68, 12, 5, 3 }, 12, 12 },
    { "times of a kind that is not", { 68, 12, 5, 2 }, 12, -1 },
    { "times, low pointer", { 68, 8, 4, 0 }, 8, -1 },
    { "times, no flags", { 68, 3, 5 }, 3, -1 },
    { "two times", { 68, 4, 5, 0, 68, 4, 5, 0 }, 8, -1 },
    { "loose source route", { 131, 7, 4, 10, 0, 0, 9 }, 7, -1 },
    { "strict source route", { 1, 137, 7, 4, 10, 0, 0, 9 }, 8, -1 },
    { "nobody knows it", { 222, 4, 1, 2 }, 4, 4 },
    { "length 1", { 222, 1 }, 2, -1 },
    { "length 0", { 222, 0 }, 2, -1 },
    { "no length", { 1, 222 }, 2, -1 },
    { "beyond the end", { 222, 5, 0, 0 }, 4, -1 },
    { "40 bytes", { 222, 40 }, 40, 40 },
    { "41 bytes", { 0 }, 41, -1 },
};

/* Only what can be read to its end; behind it zeros, in whole words. */
TEST(given)
{
    T_EACH (w, rows) {
        uint8_t out[IP4_OPTS_MAX];

        t_row("%s", w->what);
        EXPECT_EQ(ip4opt_given(span_of(w->in, w->len), out), w->words);
        if (w->words < 0)
            continue;
        EXPECT_MEM(out, w->in, w->len);
        for (size_t i = w->len; i < (size_t)w->words; i++)
            EXPECT_EQ(out[i], 0);
    }
}

/* What stands behind the end is not sent. */
TEST(behind_the_end)
{
    static const uint8_t in[8] = { 1, 0, 131, 3, 4, 9, 9, 9 };
    uint8_t              out[IP4_OPTS_MAX];

    EXPECT_EQ(ip4opt_given(span_of(in, sizeof in), out), 8);
    EXPECT_MEM(out, "\1\0\0\0\0\0\0\0", 8);
}

/* RFC 791 §3.1: bit 7 of the type. */
TEST(copied)
{
    uint8_t opts[] = { 1, 148, 4, 0, 0, 7, 7, 4, 1, 2, 3, 4, 222, 3, 9, 0 };

    ip4opt_copied(opts, sizeof opts);
    EXPECT_MEM(opts, "\1\x94\4\0\0\1\1\1\1\1\1\1\xde\3\x9\0", sizeof opts);
}

TEST(returned)
{
    static const uint8_t in[] = { 148, 4, 0, 0,  68, 8, 5, 0, 0,   0, 0, 0,
                                  7,   7, 8, 10, 0,  0, 1, 1, 222, 3, 1, 0 };
    static const uint8_t want[] = { 7, 7, 8, 10, 0, 0, 1, 68,
                                    8, 5, 0, 0,  0, 0, 0, 0 };
    uint8_t              out[IP4_OPTS_MAX];

    EXPECT_EQ(ip4opt_returned(span_of(in, sizeof in), out), sizeof want);
    EXPECT_MEM(out, want, sizeof want);
    EXPECT_EQ(ip4opt_returned(span_of(in, 4), out), 0);
    EXPECT_EQ(ip4opt_returned(span_of(NULL, 0), out), 0);
}

T_MAIN(T(given), T(behind_the_end), T(copied), T(returned))
