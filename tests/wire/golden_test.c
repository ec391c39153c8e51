/* golden_test.c: every golden frame parses, is written again byte for byte,
 * and is refused (never overrun) when it is cut anywhere.
 */
#include "t.h"
#include "wire/golden.h"
#include "wire/layers.h"
#include "wire/ip4hdr.h"
#include "wire/tcphdr.h"

/* A frame, its headers, and the layers found. */
static struct span load(const struct golden *g, uint8_t *buf,
                        struct layers *l)
{
    struct span frame = span_of(buf, golden_bytes(g, buf));
    enum why    why = layers_of(frame, l);

    if (why != GO_ON)
        FAIL("%s: refused: %s", g->name, why_text(why));
    return frame;
}

TEST(every_header_parses)
{
    for (size_t i = 0; i < golden_count; i++) {
        uint8_t       buf[GOLDEN_MAX];
        struct layers l;
        struct span   frame = load(&goldens[i], buf, &l);

        for (size_t k = 0; k < l.count; k++) {
            struct layer *x = &l.at[k];
            enum why      why = layer_parse(x->kind,
                                            span_of(frame.p + x->off, x->len), &l);

            if (why != GO_ON)
                FAIL("%s: layer %d: %s", goldens[i].name, (int)x->kind,
                     why_text(why));
        }
    }
}

static void check_rewrite(const struct golden *g, const struct layers *l,
                          const struct layer *x, struct span in)
{
    uint8_t again[GOLDEN_MAX];
    bool    same;

    EXPECT_EQ(layer_rewrite(x->kind, in, l, again), GO_ON);
    same = memcmp(again, in.p, in.len) == 0;
    if (same == (g->lossy && x->kind == LAYER_TCP))
        FAIL("%s: layer %d is %s", g->name, (int)x->kind,
             same ? "the same, and should not be" : "not the same");
}

TEST(parse_then_emit_is_identity)
{
    for (size_t i = 0; i < golden_count; i++) {
        uint8_t       buf[GOLDEN_MAX];
        struct layers l;
        struct span   frame = load(&goldens[i], buf, &l);

        for (size_t k = 0; k < l.count; k++) {
            struct layer *x = &l.at[k];

            check_rewrite(&goldens[i], &l, x,
                          span_of(frame.p + x->off, x->len));
        }
    }
}

/* How many bytes a layer needs at the least; what is shorter is refused. */
static size_t need(const struct layer *x, struct span in)
{
    switch (x->kind) {
    case LAYER_ETHER:
        return 14;
    case LAYER_ARP:
        return 28;
    case LAYER_IP4:
    case LAYER_IP6:
        return x->len; /* the lengths inside no longer agree */
    case LAYER_UDP:
        return be16_load(in.p + 4);
    case LAYER_TCP:
        return (size_t)(in.p[12] >> 4) * 4;
    case LAYER_ICMP4:
    case LAYER_ICMP6:
        return x->len; /* the checksum no longer agrees */
    case LAYER_EXT:
        return 40;
    case LAYER_NDP:
        return in.p[0] == 133 ? 8
            : in.p[0] == 134  ? 16
            : in.p[0] == 137  ? 40
                              : 24;
    }
    return 0;
}

static void check_cuts(const struct golden *g, const struct layers *l,
                       const struct layer *x, struct span in, uint8_t *region)
{
    for (size_t n = 0; n <= in.len; n++) {
        struct span cut = at_end(region, GOLDEN_MAX, in.p, n);
        enum why    why = layer_parse(x->kind, cut, l);

        if (n < need(x, in) && why == GO_ON)
            FAIL("%s: layer %d passes with %zu bytes", g->name, (int)x->kind,
                 n);
    }
}

TEST(every_truncation_is_refused)
{
    uint8_t *region = t_guard(NULL, GOLDEN_MAX);

    for (size_t i = 0; i < golden_count; i++) {
        uint8_t       buf[GOLDEN_MAX];
        struct layers l;
        struct span   frame = load(&goldens[i], buf, &l);

        for (size_t k = 0; k < l.count; k++) {
            struct layer *x = &l.at[k];

            check_cuts(&goldens[i], &l, x, span_of(frame.p + x->off, x->len),
                       region);
        }
    }
}

/* A quoted datagram is readable as soon as its header is there. */
TEST(truncated_quotes)
{
    uint8_t         buf[GOLDEN_MAX];
    struct ip4_repr ip4;
    struct ip6_repr ip6;
    size_t          len;

    len = golden_bytes(golden_find("ip4-options"), buf) - 14;
    for (size_t n = 0; n <= len; n++) {
        const uint8_t *p = t_guard(buf + 14, n);

        EXPECT_EQ(ip4hdr_parse_quote(span_of(p, n), &ip4) == GO_ON, n >= 32);
    }
    len = golden_bytes(golden_find("udp6"), buf) - 14;
    for (size_t n = 0; n <= len; n++) {
        const uint8_t *p = t_guard(buf + 14, n);

        EXPECT_EQ(ip6hdr_parse_quote(span_of(p, n), &ip6) == GO_ON, n >= 40);
    }
}

/* The parsers read no more than the headers, whatever length they are told:
 * the rest of a packet may lie in other buffers. */
TEST(only_headers_are_read)
{
    uint8_t         buf[GOLDEN_MAX];
    struct ip4_repr ip;
    struct tcp_repr tcp;
    const uint8_t  *p;

    (void)golden_bytes(golden_find("tcp4-data-ts"), buf);
    p = t_guard(buf + 14, 20);
    EXPECT_EQ(ip4hdr_parse(span_of(p, 57), &ip), GO_ON);
    p = t_guard(buf + 34, 32);
    EXPECT_EQ(tcphdr_parse(span_of(p, 37), &tcp), GO_ON);
    EXPECT_EQ(tcp.hdr_len, 32);
}

T_MAIN(T(every_header_parses), T(parse_then_emit_is_identity),
       T(every_truncation_is_refused), T(truncated_quotes),
       T(only_headers_are_read))
