/* siphash.h: SipHash-2-4 (Aumasson, Bernstein 2012), the keyed hash for
 * tables, initial sequence numbers (RFC 6528) and streams of random numbers.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/compiler.h"

struct sipkey {
    uint64_t k0, k1;
};

struct sipkey sipkey_load(const uint8_t key[static 16]);
uint64_t      siphash(struct sipkey key, const void *data, size_t len);

#endif
