/* gen.c: see gen.h.  Most numbers are small, and few addresses are in use, so
 * that what belongs together is drawn together.
 */
#include "wire/gen.h"

#include "base/bytes.h"
#include "base/check.h"
#include "wire/frames.h"

uint32_t gen_below(struct gen *g, uint32_t n)
{
    return (uint32_t)prng_below(g->r, n);
}

bool gen_percent(struct gen *g, uint32_t share)
{
    return gen_below(g, 100) < share;
}

/* Drawn now and then: what sits at the edges. */
uint32_t gen_number(struct gen *g, uint32_t max)
{
    uint32_t how = gen_below(g, 8);

    if (how == 0)
        return 0;
    if (how == 1)
        return max;
    if (how < 5)
        return max > 300 ? gen_below(g, 300) : gen_below(g, max);
    return (uint32_t)prng_below(g->r, (uint64_t)max + 1);
}

uint8_t *gen_room(struct gen *g, size_t n)
{
    uint8_t *at = g->p + g->len;

    INVARIANT(g->len + n <= FRAMES_MAX);
    memset(at, 0, n);
    g->len += n;
    return at;
}

void gen_u8(struct gen *g, uint32_t v)
{
    *gen_room(g, 1) = (uint8_t)v;
}

void gen_u16(struct gen *g, uint32_t v)
{
    be16_store(gen_room(g, 2), (uint16_t)v);
}

void gen_u32(struct gen *g, uint32_t v)
{
    be32_store(gen_room(g, 4), v);
}

void gen_noise(struct gen *g, size_t n)
{
    uint8_t *at = gen_room(g, n);
    bool     text = gen_percent(g, 50);

    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(text ? 0x20 + gen_below(g, 0x5f)
                               : gen_below(g, 256));
}

/* Text with line ends, for the dumps. */
void gen_payload(struct gen *g)
{
    size_t   n = gen_percent(g, 40)
          ? 0
          : gen_below(g, gen_percent(g, 10) ? 600 : 60);
    uint8_t *at = g->p + g->len;

    if (g->len + n > ROOM)
        n = 0;
    gen_noise(g, n);
    for (size_t i = 0; i < n; i++) {
        if (gen_below(g, 20) == 0)
            at[i] = (uint8_t) "\r\n\t "[gen_below(g, 4)];
    }
}

void gen_ip4_addr(struct gen *g)
{
    static const uint32_t known[] = { 0x0a000001, 0x0a000002, 0x0a000003,
                                      0x7f000001, 0xe0000001, 0xffffffff };

    gen_u32(g, gen_percent(g, 95) ? PICK(g, known) : prng_u32(g->r));
}

void gen_ip6_addr(struct gen *g)
{
    static const uint8_t known[][16] = {
        { 0xfd, [15] = 1 },
        { 0xfd, [15] = 2 },
        { 0xfe, 0x80, [8] = 2, [11] = 0xff, 0xfe, [15] = 1 },
        { 0xff, 2, [15] = 1 },
        { 0xff, 2, [11] = 1, 0xff, [15] = 2 },
        { [15] = 1 },
        { 0 },
        { [10] = 0xff, 0xff, 10, 0, 0, 1 },
        { [12] = 10, 0, 0, 1 },
        { [10] = 1, 0xff, 10, 0, 0, 1 },
        { 0x20, 1, 0x0d, 0xb8, [9] = 1, [13] = 1 },
        { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 },
    };
    uint8_t *at = gen_room(g, 16);

    memcpy(at, known[gen_below(g, gen_percent(g, 70) ? 2 : ARRAY_LEN(known))],
           16);
    for (unsigned i = 0; i < 16 && gen_percent(g, 5); i++)
        at[gen_below(g, 16)] = (uint8_t)gen_below(g, 256);
}

void gen_mac(struct gen *g)
{
    gen_u32(g, 0x02000a00);
    gen_u16(g, 1 + gen_below(g, 3));
}
