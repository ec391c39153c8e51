/* Numbers with units: what they are worth, and what is said of wrong ones. */
#include "base/units.h"
#include "t.h"

static char       why[256];
static struct fmt err;

static const char *guarded(const char *text)
{
    err = fmt_of(why, sizeof(why));
    t_row("%s", text);
    return (const char *)t_guard(text, strlen(text) + 1);
}

TEST(times)
{
    static const struct {
        const char *text;
        cw_ns       want;
    } rows[] = {
        { "0", 0 },
        { "0ms", 0 },
        { "0.0", 0 },
        { "7ns", 7 },
        { "20us", 20000 },
        { "20ms", 20000000 },
        { "0020ms", 20000000 },
        { "1.5s", 1500000000 },
        { "1.500000000000s", 1500000000 },
        { "0.125ms", 125000 },
        { "0.9ns", 0 },
        { "2m", 120000000000 },
        { "9223372036854775us", 9223372036854775000 },
        { "9223372036s", 9223372036000000000 },
    };

    T_EACH (row, rows) {
        cw_ns got = -1;

        EXPECT(units_time(guarded(row->text), &got, &err));
        EXPECT_EQ(got, row->want);
        EXPECT_STR(why, "");
    }
}

TEST(rates)
{
    // clang-format off
    static const struct {
        const char *text;
        uint64_t    want;
    } rows[] = {
        { "0", 0 },           { "1bit", 1 },
        { "64kbit", 64000 },  { "10mbit", 10000000 },
        { "10Mbit", 10000000 }, { "1.5gbit", 1500000000 },
        { "1B/s", 8 },        { "1kB/s", 8000 },
        { "1.25MB/s", 10000000 }, { "1GB/s", 8000000000 },
    };
    // clang-format on

    T_EACH (row, rows) {
        uint64_t got = 7;

        EXPECT(units_rate(guarded(row->text), &got, &err));
        EXPECT_EQ(got, row->want);
    }
}

TEST(sizes)
{
    // clang-format off
    static const struct {
        const char *text;
        uint64_t    want;
    } rows[] = {
        { "0", 0 },          { "1B", 1 },         { "64kB", 64000 },
        { "64KiB", 65536 },  { "1MB", 1000000 },  { "1MiB", 1048576 },
        { "1GB", 1000000000 }, { "1GiB", 1073741824 },
        { "0.5KiB", 512 },   { "65.536kB", 65536 },
    };
    // clang-format on

    T_EACH (row, rows) {
        uint64_t got = 7;

        EXPECT(units_size(guarded(row->text), &got, &err));
        EXPECT_EQ(got, row->want);
    }
}

TEST(shares)
{
    // clang-format off
    static const struct {
        const char *text;
        uint32_t    want; /* the nearest p/2^32 */
    } rows[] = {
        { "0", 0 },          { "0%", 0 },
        { "50%", UINT32_C(1) << 31 }, { "25%", UINT32_C(1) << 30 },
        { "3%", 128849019 }, { "0.03%", 1288490 },
        { "0.00000001%", 0 }, { "0.00000002%", 1 },
        { "99.99999999%", UINT32_MAX }, { "100%", UINT32_MAX },
        { "100.0%", UINT32_MAX },
    };
    // clang-format on

    T_EACH (row, rows) {
        uint32_t got = 7;

        EXPECT(units_share(guarded(row->text), &got, &err));
        EXPECT_EQ(got, row->want);
    }
}

TEST(counts)
{
    static const struct {
        const char *text;
        uint64_t    want;
    } rows[] = {
        { "0", 0 },
        { "3", 3 },
        { "007", 7 },
        { "2.0", 2 },
        { "123456789012345678", UINT64_C(123456789012345678) },
    };

    T_EACH (row, rows) {
        uint64_t got = 99;

        EXPECT(units_count(guarded(row->text), &got, &err));
        EXPECT_EQ(got, row->want);
    }
}

#define NO_TIME  "is no time. Write 20ms, for instance (ns us ms s m)"
#define NO_RATE  "is no rate. Write 10mbit or 10MB/s, for instance"
#define NO_SIZE  "is no size. Write 64kB (64000 bytes) or 64KiB (65536)"
#define NO_SHARE "is no share. Write 3%, for instance"
#define NO_COUNT "is no whole number. Write 3, for instance"

// clang-format off
static const struct {
    char        kind;
    const char *text, *want;
} refused[] = {
    { 't', "", NO_TIME },
    { 't', "ms", NO_TIME },
    { 't', "-1ms", NO_TIME },
    { 't', "+1ms", NO_TIME },
    { 't', " 1ms", NO_TIME },
    { 't', "1 ms", NO_TIME },
    { 't', ".5ms", NO_TIME },
    { 't', "1.ms", NO_TIME },
    { 't', "1.2.3ms", NO_TIME },
    { 't', "1e3ms", NO_TIME },
    { 't', "20MS", NO_TIME },
    { 't', "20msx", NO_TIME },
    { 't', "1234567890123456789ns", NO_TIME }, /* nineteen digits */
    { 't', "20", "the unit is missing. Write 20ms or 20s" },
    { 't', "1.5", "the unit is missing. Write 1.5ms or 1.5s" },
    { 't', "9223372037s", "is too large" },
    { 't', "9223372036854776us", "is too large" },
    { 't', "999999999999999999m", "is too large" },
    { 'r', "fast", NO_RATE },
    { 'r', "10", "the unit is missing. Write 10mbit or 10MB/s" },
    { 'r', "10mbps", "unclear: tc means megabytes by it, most people "
                     "megabits. Write 10mbit or 10MB/s" },
    { 'r', "10Mbps", "unclear: tc means megabytes by it, most people "
                     "megabits. Write 10mbit or 10MB/s" },
    { 'r', "1.5kbps", "unclear: tc means kilobytes by it, most people "
                      "kilobits. Write 1.5kbit or 1.5kB/s" },
    { 'r', "1gb/s", "unclear: tc means gigabytes by it, most people "
                    "gigabits. Write 1gbit or 1GB/s" },
    { 'r', "9bps", "unclear: tc means bytes by it, most people bits. "
                   "Write 9bit or 9B/s" },
    { 'r', "10mbits", NO_RATE },
    { 'r', "10MiB/s", NO_RATE },
    { 's', "64", "the unit is missing. Write 64kB or 64KiB" },
    { 's', "64K", NO_SIZE },
    { 's', "64KB", NO_SIZE },
    { 's', "64kb", NO_SIZE },
    { 's', "999999999999GiB", "is too large" },
    { '%', "0.03", "the % is missing. Write 3% (or 0.03%)" },
    { '%', "0.125", "the % is missing. Write 12.5% (or 0.125%)" },
    { '%', "0.0003", "the % is missing. Write 0.03% (or 0.0003%)" },
    { '%', "0.5", "the % is missing. Write 50% (or 0.5%)" },
    { '%', "3", "the % is missing. Write 3%" },
    { '%', "1.5", "the % is missing. Write 1.5%" },
    { '%', "101%", "is more than everything. Write at most 100%" },
    { '%', "100.00000001%",
      "is more than everything. Write at most 100%" },
    { '%', "999999999999999999%",
      "is more than everything. Write at most 100%" },
    { '%', "3 %", NO_SHARE },
    { '%', "3%%", NO_SHARE },
    { '%', "percent", NO_SHARE },
    { 'c', "", NO_COUNT },
    { 'c', "1.5", NO_COUNT },
    { 'c', "3p", NO_COUNT },
    { 'c', "-3", NO_COUNT },
};
// clang-format on

TEST(refusals)
{
    T_EACH (row, refused) {
        const char *text = guarded(row->text);
        uint64_t    v = 77;
        uint32_t    p = 77;
        cw_ns       t = 77;
        bool        ok = row->kind == 't' ? units_time(text, &t, &err)
                   : row->kind == 'r'     ? units_rate(text, &v, &err)
                   : row->kind == 's'     ? units_size(text, &v, &err)
                   : row->kind == '%'     ? units_share(text, &p, &err)
                                          : units_count(text, &v, &err);

        EXPECT(!ok);
        EXPECT_STR(why, row->want);
        EXPECT(v == 77 && p == 77 && t == 77);
    }
}

T_MAIN(T(times), T(rates), T(sizes), T(shares), T(counts), T(refusals))
