/* entropy.c: the only reader of the operating system's randomness, of which
 * the seeds and so all secrets of real runs come (RFC6528-4-a). */
#include "loop/loop.h"

#include "base/check.h"

#include <sys/random.h>

uint64_t entropy_seed(void)
{
    uint64_t seed;
    ssize_t  n = getrandom(&seed, sizeof seed, 0);

    INVARIANT(n == (ssize_t)sizeof seed);
    return seed;
}
