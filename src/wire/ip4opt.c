/* ip4opt.c: see ip4opt.h.  RFC 791 §3.1, RFC 1122 §3.2.1.8, RFC 7126. */
#include "wire/ip4opt.h"
#include "base/check.h"

enum { COPIED = 0x80, POINTER_MIN = 4, TS_POINTER_MIN = 5 };
/* The low half of a timestamp option's fourth octet. */
enum { TS_ONLY = 0, TS_ADDRESS = 1, TS_PRESPECIFIED = 3, TS_FLAGS = 0xf };

/* Does the pointer, which counts from 1, name room for `size` octets, or the
 * end?  data begins behind type and length. */
static bool has_room(struct span data, unsigned least, size_t size)
{
    size_t len = data.len + 2, ptr = data.p[0];

    return ptr >= least && (ptr > len || ptr + size - 1 <= len);
}

static bool timestamp_ok(struct span data)
{
    unsigned flags;

    if (data.len < 2)
        return false;
    flags = data.p[1] & TS_FLAGS;
    if (flags == TS_ONLY)
        return has_room(data, TS_POINTER_MIN, 4);
    return (flags == TS_ADDRESS || flags == TS_PRESPECIFIED)
        && has_room(data, TS_POINTER_MIN, 8);
}

static bool option_ok(uint8_t kind, struct span data)
{
    switch (kind) {
    case IP4_OPT_LSRR:
    case IP4_OPT_SSRR:
        return false;
    case IP4_OPT_RECORD_ROUTE:
        return data.len >= 1 && has_room(data, POINTER_MIN, 4);
    case IP4_OPT_TIMESTAMP:
        return timestamp_ok(data);
    case IP4_OPT_ROUTER_ALERT:
        return data.len >= 2; /* RFC 2113 §2.1 */
    default:
        return true; /* passed as it stands: RFC 1122 §4.1.4 */
    }
}

int ip4opt_given(struct span in, uint8_t out[static IP4_OPTS_MAX])
{
    struct reader r = reader_of(in);
    size_t        words = (in.len + 3) & ~(size_t)3;
    struct span   data;
    uint8_t       kind = IP4_OPT_NOP;
    bool          seen[2] = { false, false };

    if (in.len > IP4_OPTS_MAX)
        return -1;
    while (kind != IP4_OPT_END && ip4opt_next(&r, &kind, &data)) {
        bool *once = kind == IP4_OPT_RECORD_ROUTE ? &seen[0]
            : kind == IP4_OPT_TIMESTAMP           ? &seen[1]
                                                  : NULL;

        if (!option_ok(kind, data) || (once && *once))
            return -1;
        if (once)
            *once = true;
    }
    if (r.bad)
        return -1;
    memset(out, IP4_OPT_END, words);
    if (in.len > 0)
        memcpy(out, in.p, in.len - reader_left(&r)); /* up to the end */
    return (int)words;
}

void ip4opt_copied(uint8_t *opts, size_t len)
{
    struct reader r = reader_of(span_of(opts, len));
    uint8_t      *at = opts;
    struct span   data;
    uint8_t       kind;

    while (ip4opt_next(&r, &kind, &data) && kind != IP4_OPT_END) {
        uint8_t *end = opts + (r.p - opts);

        if (!(kind & COPIED))
            memset(at, IP4_OPT_NOP, (size_t)(end - at));
        at = end;
    }
}

size_t ip4opt_returned(struct span in, uint8_t out[static IP4_OPTS_MAX])
{
    static const uint8_t order[] = { IP4_OPT_RECORD_ROUTE,
                                     IP4_OPT_TIMESTAMP };
    size_t               len = 0;

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct reader r = reader_of(in);
        struct span   data;
        uint8_t       kind;

        while (ip4opt_next(&r, &kind, &data) && kind != IP4_OPT_END) {
            if (kind != order[i] || len + 2 + data.len > IP4_OPTS_MAX)
                continue;
            memcpy(out + len, data.p - 2, data.len + 2);
            len += data.len + 2;
            break;
        }
    }
    while (len % 4)
        out[len++] = IP4_OPT_END;
    return len;
}
