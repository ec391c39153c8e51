/* Bounded text: the same as snprintf where both have it, and never one byte
 * past the end. */
#include "base/fmt.h"
#include "t.h"
#include <stdio.h>

/* Each format goes through both; the tails have a guard page. */
#define SAME(...)                                               \
    do {                                                        \
        char       want[256];                                   \
        struct fmt f = fmt_of((char *)t_guard(NULL, 256), 256); \
                                                                \
        snprintf(want, sizeof(want), __VA_ARGS__);              \
        fmt_f(&f, __VA_ARGS__);                                 \
        EXPECT_STR(f.buf, want);                                \
        EXPECT_EQ(f.len, strlen(want));                         \
        EXPECT(!f.cut);                                         \
    } while (0)

TEST(numbers_as_printf_prints_them)
{
    SAME("%d %i %u", -1, INT32_MIN, UINT32_MAX);
    SAME("%ld %lu", INT64_MIN, UINT64_MAX);
    SAME("%lld %llu", -5LL, 5ULL);
    SAME("%zu %zd", (size_t)77, (ptrdiff_t)-77);
    SAME("%x %X %lx", 0xbeefu, 0xbeefu, UINT64_MAX);
    SAME("[%5d] [%-5d] [%05d]", -42, -42, -42);
    SAME("[%5u] [%-5u] [%05u]", 123456u, 7u, 7u);
    SAME("[%8.3d] [%-8.3d] [%.3x]", -7, -7, 7u);
    SAME("[%08x] [%2x] [%.8x]", 0xabcdu, 0xabcdu, 0u);
    SAME("[%*d] [%-*d]", 6, 12, 6, 12);
    SAME("[%*d]", -6, 12);
}

TEST(text_as_printf_prints_it)
{
    static const char open[3] = { 'a', 'b', 'c' }; /* no NUL */

    SAME("%s|%10s|%-10s|", "abc", "abc", "abc");
    SAME("[%.2s] [%5.2s] [%.0s]", "abc", "abc", "abc");
    SAME("[%.*s] [%*s]", 2, "abc", 5, "abc");
    SAME("[%.*s]", 3, (const char *)t_guard(open, 3));
    SAME("%c%c [%3c] %%", 'o', 'k', 'x');
    SAME("no conversion");
}

TEST(every_length_is_cut_where_the_room_ends)
{
    const char *full = "cwnd 10 rtt 40.000 ms";

    for (size_t cap = 1; cap <= strlen(full) + 2; cap++) {
        struct fmt f = fmt_of((char *)t_guard(NULL, cap), cap);

        t_row("cap %zu", cap);
        fmt_f(&f, "cwnd %d rtt %s ms", 10, "40.000");
        EXPECT_EQ(f.len, MIN(cap - 1, strlen(full)));
        EXPECT_MEM(f.buf, full, f.len);
        EXPECT_EQ(f.buf[f.len], '\0');
        EXPECT_EQ(f.cut, cap - 1 < strlen(full));
    }
}

TEST(no_room_at_all)
{
    struct fmt f = fmt_of(NULL, 0);

    fmt_str(&f, "x");
    fmt_pad_to(&f, 10);
    EXPECT_EQ(f.len, 0);
    EXPECT(f.cut);
}

TEST(huge_padding_ends_at_the_cut)
{
    char       room[8];
    struct fmt f = fmt_of(room, sizeof(room));

    fmt_pad_to(&f, SIZE_MAX);
    EXPECT_STR(room, "       ");
    EXPECT(f.cut);
    fmt_reset(&f);
    EXPECT_STR(room, "");
    EXPECT(!f.cut);
}

TEST(helpers)
{
    char       room[128];
    struct fmt f = fmt_of(room, sizeof(room));

    fmt_u64(&f, UINT64_MAX);
    fmt_char(&f, ' ');
    fmt_i64(&f, INT64_MIN);
    fmt_char(&f, ' ');
    fmt_hex(&f, 0xab, 4);
    fmt_char(&f, ' ');
    fmt_u64_pad(&f, 42, 5, '.');
    fmt_pad_to(&f, 55);
    fmt_strn(&f, "end and more", 3);
    EXPECT_STR(room,
               "18446744073709551615 -9223372036854775808 00ab ...42   "
               "end");
}

TEST(nanoseconds_as_seconds)
{
    static const struct {
        int64_t     ns;
        unsigned    digits;
        const char *want;
    } rows[] = {
        { 0, 6, "0.000000" },
        { 1, 9, "0.000000001" },
        { 999, 6, "0.000000" },
        { 1999, 6, "0.000001" },
        { 1500000000, 1, "1.5" },
        { 1999999999, 0, "1" },
        { 60000000000, 3, "60.000" },
        { -20000000, 3, "-0.020" },
        { INT64_MAX, 9, "9223372036.854775807" },
        { INT64_MIN, 9, "-9223372036.854775808" },
    };

    T_EACH (row, rows) {
        char       room[32];
        struct fmt f = fmt_of(room, sizeof(room));

        fmt_ns(&f, row->ns, row->digits);
        EXPECT_STR(room, row->want);
    }
}

TEST(a_format_it_does_not_have_is_our_bug)
{
    char       room[32];
    struct fmt f = fmt_of(room, sizeof(room));
    const char *volatile bad = "%p";
    const char *volatile open = "100%";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    EXPECT_PANIC(fmt_f(&f, bad, room));
    EXPECT_PANIC(fmt_f(&f, open));
#pragma GCC diagnostic pop
    EXPECT_PANIC(fmt_ns(&f, 0, 10));
}

T_MAIN(T(numbers_as_printf_prints_them), T(text_as_printf_prints_it),
       T(every_length_is_cut_where_the_room_ends), T(no_room_at_all),
       T(huge_padding_ends_at_the_cut), T(helpers), T(nanoseconds_as_seconds),
       T(a_format_it_does_not_have_is_our_bug))
