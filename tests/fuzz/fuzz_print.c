/* fuzz_print.c: any frames to the printer, with any flags, one after the
 * other: nothing outside a frame is read, and the text ends.
 *
 * An input is flags, then frames: a byte that says what stands in front (so
 * that not everything has to be guessed), a length, and the bytes.
 */
#include "rig.h"

#include "wire/ipproto.h"
#include "wire/print.h"

#include <stdlib.h>

enum { TEXT_MAX = 1 << 16, ETHER = 14 };

static struct print_state state;
static char               text[TEXT_MAX];

static struct print_opts options(struct said *s)
{
    uint8_t a = said8(s), b = said8(s);

    return (struct print_opts){ .abs_seq = a & 1,
                                .ether = a & 2,
                                .quiet = a & 4,
                                .verbose = a & 8,
                                .time_mode = b % 6,
                                .hex = (a >> 4) % 7 };
}

/* Ethernet, and IP with a length that fits, in front of what is said. */
static size_t skeleton(uint8_t *p, uint8_t how, size_t tail)
{
    static const uint8_t protos[] = { PROTO_TCP,     PROTO_UDP,
                                      PROTO_ICMP4,   PROTO_ICMP6,
                                      PROTO_HOPOPTS, PROTO_ROUTING,
                                      PROTO_DSTOPTS, PROTO_FRAGMENT };
    uint8_t              proto = protos[how >> 2 & 7];

    if (!(how & 1))
        return 0;
    memset(p, 0, ETHER + 40);
    if (how & 2) {
        be16_store(p + 12, 0x86dd);
        p[ETHER] = 0x60;
        be16_store(p + ETHER + 4, (uint16_t)tail);
        p[ETHER + 6] = proto;
        return ETHER + 40;
    }
    be16_store(p + 12, 0x0800);
    p[ETHER] = how & 32 ? 0x4f : 0x45; /* what follows may be options */
    be16_store(p + ETHER + 2, (uint16_t)(20 + tail));
    p[ETHER + 9] = proto;
    return ETHER + 20;
}

/* In memory of its own size, so that the sanitizer sees its end. */
static void one_frame(struct said *s, const struct print_opts *o, cw_ns t)
{
    uint8_t    how = said8(s), raw[ETHER + 40 + 255];
    size_t     tail = said8(s), n = skeleton(raw, how, tail);
    size_t     len = n + said_bytes(s, raw + n, tail);
    uint8_t   *frame = malloc(len + 1);
    struct fmt out = fmt_of(text, sizeof text);

    INVARIANT(frame != NULL);
    memcpy(frame + 1, raw, len); /* odd addresses, too */
    print_packet(&out, &state, o, t, span_of(frame + 1, len),
                 len + (how >> 6) * 100u);
    INVARIANT(!out.cut && out.len > 0 && text[out.len] == '\0');
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said       s = { data, size };
    struct print_opts o = options(&s);
    cw_ns             t = (cw_ns)said32(&s) * NS_S - NS_S;

    memset(&state, 0, sizeof state);
    while (s.left > 0) {
        one_frame(&s, &o, t);
        t += (cw_ns)said16(&s) * NS_US;
    }
    return 0;
}
