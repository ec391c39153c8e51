/* gen.h: a frame in the making: bytes by chance, appended to its end. */
#ifndef TESTS_WIRE_GEN_H
#define TESTS_WIRE_GEN_H

#include "base/prng.h"

enum { ROOM = 1600, QUOTE_DEPTH = 2 };

struct gen {
    struct prng *r;
    uint8_t     *p;
    size_t       len;
};

uint32_t gen_below(struct gen *g, uint32_t n);
bool     gen_percent(struct gen *g, uint32_t share);
uint32_t gen_number(struct gen *g, uint32_t max);
uint8_t *gen_room(struct gen *g, size_t n);
void     gen_u8(struct gen *g, uint32_t v);
void     gen_u16(struct gen *g, uint32_t v);
void     gen_u32(struct gen *g, uint32_t v);
void     gen_noise(struct gen *g, size_t n);
void     gen_payload(struct gen *g);
void     gen_ip4_addr(struct gen *g);
void     gen_ip6_addr(struct gen *g);
void     gen_mac(struct gen *g);

#define PICK(g, table) ((table)[gen_below(g, (uint32_t)ARRAY_LEN(table))])

#endif
