/* prng.c: xoshiro256** (Blackman, Vigna 2018), keyed by SipHash.
 *
 * Owns how a seed becomes streams; not who draws from which.  A stream's
 * state is four hashes of (kind, who, index, purpose) under the seed, so that
 * streams of different purposes have nothing in common.  Not for secrets: what
 * an attacker must not guess (ISNs, table keys) is hashed, not drawn.
 */
#include "base/prng.h"
#include "base/check.h"

enum {
    PURPOSE_MAX = 46,
    KIND_STREAM = 1, /* keeps a stream's state apart from prng_at()'s */
    KIND_AT = 2,
};

static uint64_t rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

static void store_le(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t derive(struct sipkey seed, uint8_t kind, uint64_t who,
                       const char *purpose, uint64_t n)
{
    uint8_t msg[1 + 8 + 8 + PURPOSE_MAX];
    size_t  len = 17;

    msg[0] = kind;
    store_le(msg + 1, who);
    store_le(msg + 9, n);
    for (const char *c = purpose; *c; c++) {
        INVARIANT(len < sizeof(msg));
        msg[len++] = (uint8_t)*c;
    }
    return siphash(seed, msg, len);
}

struct prng prng_stream(struct sipkey seed, uint64_t who, const char *purpose)
{
    struct prng r;

    for (unsigned i = 0; i < 4; i++)
        r.s[i] = derive(seed, KIND_STREAM, who, purpose, i);
    if ((r.s[0] | r.s[1] | r.s[2] | r.s[3]) == 0)
        r.s[0] = 1; /* the one state that the generator cannot leave */
    return r;
}

uint64_t prng_u64(struct prng *r)
{
    uint64_t *s = r->s;
    uint64_t  answer = rotl(s[1] * 5, 7) * 9;
    uint64_t  t = s[1] << 17;

    INVARIANT((s[0] | s[1] | s[2] | s[3]) != 0);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return answer;
}

uint32_t prng_u32(struct prng *r)
{
    return (uint32_t)(prng_u64(r) >> 32);
}

uint64_t prng_below(struct prng *r, uint64_t n)
{
    uint64_t x, biased;

    INVARIANT(n > 0);
    biased = (0 - n) % n; /* 2^64 mod n: that many lie beyond a whole round */
    do {
        x = prng_u64(r);
    } while (x < biased);
    return x % n;
}

bool prng_chance(struct prng *r, uint64_t p)
{
    uint32_t x = prng_u32(r);

    return x < p;
}

uint64_t prng_at(struct sipkey seed, uint64_t who, const char *purpose,
                 uint64_t n)
{
    return derive(seed, KIND_AT, who, purpose, n);
}
