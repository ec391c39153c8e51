/* layers.h: a frame as the list of its headers, for tests. */
#ifndef TESTS_WIRE_LAYERS_H
#define TESTS_WIRE_LAYERS_H

#include "base/why.h"
#include "wire/ip6ext.h"

enum layer_kind {
    LAYER_ETHER,
    LAYER_ARP,
    LAYER_IP4,
    LAYER_IP6,
    LAYER_EXT, /* the whole IPv6 packet, for its extension headers */
    LAYER_UDP,
    LAYER_TCP,
    LAYER_ICMP4,
    LAYER_ICMP6,
    LAYER_NDP,
};

/* A header begins at `off` of the frame; what it heads is `len` long. */
struct layer {
    enum layer_kind kind;
    size_t          off, len;
};

enum { LAYERS_MAX = 8 };

struct layers {
    struct layer    at[LAYERS_MAX];
    size_t          count;
    struct ip6_repr ip6;      /* if there is one */
    struct cw_addr  src, dst; /* of whichever IP */
};

/* The first refusal, or GO_ON. */
enum why layers_of(struct span frame, struct layers *out);

/* Parses one header from `in` alone.  IPv6's checks use ctx->ip6. */
enum why layer_parse(enum layer_kind kind, struct span in,
                     const struct layers *ctx);

/* Parses a layer and writes it again, checksum included; `out` has room for
 * in.len bytes.  The bytes that are not the header's are copied. */
enum why layer_rewrite(enum layer_kind kind, struct span in,
                       const struct layers *ctx, uint8_t *out);

/* Puts n bytes at the end of a guarded region of cap bytes, so that one
 * region serves any number of lengths. */
static inline struct span at_end(uint8_t *region, size_t cap, const void *p,
                                 size_t n)
{
    uint8_t *at = region + cap - n;

    memcpy(at, p, n);
    return span_of(at, n);
}

#endif
