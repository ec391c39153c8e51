/* siphash.c: SipHash-2-4 over a run of bytes.
 *
 * Owns the hash and nothing else: where keys come from is the caller's
 * business.  Words are little-endian whatever the machine is, so that equal
 * seeds give equal packets everywhere.  Reference: Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF", 2012, section 2.
 */
#include "base/siphash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

/* Up to eight bytes as a little-endian word. */
static uint64_t load_le(const uint8_t *p, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << (8 * i);
    return w;
}

static void sipround(struct state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 = rotl(s->v2, 32);
}

static void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    sipround(s);
    sipround(s);
    s->v0 ^= word;
}

struct sipkey sipkey_load(const uint8_t key[static 16])
{
    return (struct sipkey){ load_le(key, 8), load_le(key + 8, 8) };
}

uint64_t siphash(struct sipkey key, const void *data, size_t len)
{
    const uint8_t *p = data;
    size_t         whole = len & ~(size_t)7;
    struct state   s = {
          .v0 = key.k0 ^ UINT64_C(0x736f6d6570736575),
          .v1 = key.k1 ^ UINT64_C(0x646f72616e646f6d),
          .v2 = key.k0 ^ UINT64_C(0x6c7967656e657261),
          .v3 = key.k1 ^ UINT64_C(0x7465646279746573),
    };

    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, load_le(p + i, 8));

    /* The last word carries what is left and the length modulo 256. */
    absorb(&s,
           (whole == len ? 0 : load_le(p + whole, len - whole))
               | ((uint64_t)len << 56));

    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sipround(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
