/* JSON: commas, escapes, and valid output for any bytes (RFC 8259, 3629). */
#include "base/fmt.h"
#include "t.h"

static char       room[4096];
static struct fmt sink;

static struct json begin(void)
{
    sink = fmt_of(room, sizeof(room));
    return json_of(&sink);
}

TEST(commas_and_nesting)
{
    struct json j = begin();

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.ss/1");
    json_array(&j, "rows");
    json_open(&j, NULL);
    json_u64(&j, "cwnd", UINT64_MAX);
    json_i64(&j, "t_ns", INT64_MIN);
    json_close(&j);
    json_open(&j, NULL);
    json_close(&j);
    json_u64(&j, NULL, 7);
    json_end(&j);
    json_array(&j, "none");
    json_end(&j);
    json_bool(&j, "lost", true);
    json_bool(&j, "again", false);
    json_close(&j);
    EXPECT_STR(room,
               "{\"schema\":\"causeway.ss/1\",\"rows\":[{\"cwnd\":"
               "18446744073709551615,\"t_ns\":-9223372036854775808},{},7],"
               "\"none\":[],\"lost\":true,\"again\":false}");
}

TEST(escapes)
{
    static const struct {
        const char *in;
        size_t      n;
        const char *want;
    } rows[] = {
        { "plain", 5, "\"plain\"" },
        { "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
        { "\n\t\r", 3, "\"\\n\\t\\u000d\"" },
        { "\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"" },
        { "</script>", 9, "\"</script>\"" },
        { "\xc3\xa9", 2, "\"\xc3\xa9\"" },                 /* e acute */
        { "\xe4\xbd\xa0", 3, "\"\xe4\xbd\xa0\"" },         /* CJK */
        { "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"" }, /* astral */
        { "\xed\x9f\xbf\xee\x80\x80", 6,
          "\"\xed\x9f\xbf\xee\x80\x80\"" },      /* around the surrogates */
        { "\x80", 1, "\"\\ufffd\"" },            /* a tail alone */
        { "\xc3", 1, "\"\\ufffd\"" },            /* cut */
        { "\xc0\xaf", 2, "\"\\ufffd\\ufffd\"" }, /* overlong */
        { "\xe0\x80\xaf", 3, "\"\\ufffd\\ufffd\\ufffd\"" }, /* overlong */
        { "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"" }, /* surrogate */
        { "\xf4\x90\x80\x80", 4,
          "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* above U+10FFFF */
        { "\xf0\x80\x80\x80x", 5, "\"\\ufffd\\ufffd\\ufffd\\ufffdx\"" },
        { "\xff\xfe", 2, "\"\\ufffd\\ufffd\"" },
        { "\xe4\xbd"
          "a",
          3, "\"\\ufffd\\ufffda\"" },
    };

    T_EACH (row, rows) {
        struct json j = begin();

        t_row("%s", row->want);
        json_strn(&j, NULL, (const char *)t_guard(row->in, row->n), row->n);
        EXPECT_STR(room, row->want);
    }
}

TEST(keys_are_escaped_too)
{
    struct json j = begin();

    json_open(&j, NULL);
    json_u64(&j, "a\"b", 1);
    json_close(&j);
    EXPECT_STR(room, "{\"a\\\"b\":1}");
}

TEST(depth_is_bounded)
{
    struct json j = begin();

    for (int i = 0; i < 16; i++)
        json_array(&j, NULL);
    json_u64(&j, NULL, 1);
    json_u64(&j, NULL, 2);
    EXPECT_PANIC(json_array(&j, NULL));
    j = begin();
    EXPECT_PANIC(json_close(&j));
}

TEST(json_lines_after_each_other)
{
    struct json j = begin();

    json_open(&j, NULL);
    json_close(&j);
    j = json_of(&sink); /* a stream: one document a line */
    fmt_char(&sink, '\n');
    json_open(&j, NULL);
    json_close(&j);
    EXPECT_STR(room, "{}\n{}");
}

T_MAIN(T(commas_and_nesting), T(escapes), T(keys_are_escaped_too),
       T(depth_is_bounded), T(json_lines_after_each_other))
