/* prng.h: seeded pseudo-random numbers (xoshiro256**), the only randomness.
 *
 * A stream for each (seed, who, purpose), so that draws of one purpose do
 * not move those of another.  One draw per statement, or the order of
 * evaluation would decide what is random.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include "base/siphash.h"

struct prng {
    uint64_t s[4];
};

/* `purpose` is a short constant text, e.g. "loss". */
struct prng prng_stream(struct sipkey seed, uint64_t who,
                        const char *purpose);
uint64_t    prng_u64(struct prng *r);
uint32_t    prng_u32(struct prng *r);
/* 0 <= answer < n, without bias; n > 0. */
uint64_t prng_below(struct prng *r, uint64_t n);
/* True with probability p/2^32. */
bool prng_chance(struct prng *r, uint64_t p);
/* A random number that depends on nothing but its arguments: used where the
 * n-th decision must not move when earlier ones are added or removed. */
uint64_t prng_at(struct sipkey seed, uint64_t who, const char *purpose,
                 uint64_t n);

#endif
