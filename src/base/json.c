/* json.c: JSON into a sink, with the commas where they belong.
 *
 * Owns escaping and nesting.  Whatever bytes a string has, what comes out is
 * valid (RFC 8259 §8.1): bytes that are not UTF-8 become U+FFFD.  A key is
 * NULL inside an array and at the top.  Invariant: bit d of `has` is set when
 * something stands at depth d already.
 */
#include "base/check.h"
#include "base/fmt.h"

enum { DEPTH_MAX = 16 };

struct json json_of(struct fmt *f)
{
    INVARIANT(f);
    return (struct json){ f, 0, 0 };
}

/* How many bytes the UTF-8 character at s takes; 0: it is none. RFC 3629 §4
 * (no overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t utf8_len(const uint8_t *s, size_t n)
{
    size_t  want;
    uint8_t lo = 0x80, hi = 0xbf;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    want = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (want > n)
        return 0;
    if (s[0] == 0xe0)
        lo = 0xa0;
    if (s[0] == 0xed)
        hi = 0x9f;
    if (s[0] == 0xf0)
        lo = 0x90;
    if (s[0] == 0xf4)
        hi = 0x8f;
    if (s[1] < lo || s[1] > hi)
        return 0;
    for (size_t i = 2; i < want; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return want;
}

static void quote_char(struct fmt *f, char c)
{
    if (c == '"' || c == '\\') {
        fmt_char(f, '\\');
        fmt_char(f, c);
    } else if (c == '\n') {
        fmt_str(f, "\\n");
    } else if (c == '\t') {
        fmt_str(f, "\\t");
    } else if ((uint8_t)c < 0x20 || c == 0x7f) {
        fmt_str(f, "\\u");
        fmt_hex(f, (uint8_t)c, 4);
    } else {
        fmt_char(f, c);
    }
}

static void quote(struct fmt *f, const char *s, size_t n)
{
    fmt_char(f, '"');
    for (size_t i = 0; i < n;) {
        size_t len = utf8_len((const uint8_t *)s + i, n - i);

        if (len == 1)
            quote_char(f, s[i]);
        else if (len == 0)
            fmt_str(f, "\\ufffd");
        else
            fmt_strn(f, s + i, len);
        i += len ? len : 1;
    }
    fmt_char(f, '"');
}

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

/* The comma and the key before a value. */
static void begin(struct json *j, const char *key)
{
    uint32_t bit = UINT32_C(1) << j->depth;

    if (j->has & bit)
        fmt_char(j->f, ',');
    j->has |= bit;
    if (key) {
        quote(j->f, key, length(key));
        fmt_char(j->f, ':');
    }
}

static void push(struct json *j, const char *key, char c)
{
    begin(j, key);
    INVARIANT(j->depth < DEPTH_MAX);
    j->depth++;
    j->has &= ~(UINT32_C(1) << j->depth);
    fmt_char(j->f, c);
}

static void pop(struct json *j, char c)
{
    INVARIANT(j->depth > 0);
    j->depth--;
    fmt_char(j->f, c);
}

void json_open(struct json *j, const char *key)
{
    push(j, key, '{');
}

void json_close(struct json *j)
{
    pop(j, '}');
}

void json_array(struct json *j, const char *key)
{
    push(j, key, '[');
}

void json_end(struct json *j)
{
    pop(j, ']');
}

void json_strn(struct json *j, const char *key, const char *v, size_t n)
{
    begin(j, key);
    quote(j->f, v, n);
}

void json_str(struct json *j, const char *key, const char *v)
{
    json_strn(j, key, v, length(v));
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
    begin(j, key);
    fmt_u64(j->f, v);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
    begin(j, key);
    fmt_i64(j->f, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
    begin(j, key);
    fmt_str(j->f, v ? "true" : "false");
}
