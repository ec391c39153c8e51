/* sum.h: the Internet checksum (RFC 1071), written once more. */
#ifndef SCRIPT_SUM_H
#define SCRIPT_SUM_H

#include "base/addr.h"

/* Of n bytes, on top of `start`; complemented. */
static inline uint16_t sum_bytes(const uint8_t *p, size_t n, uint32_t start)
{
    uint64_t sum = start;

    for (size_t i = 0; i + 1 < n; i += 2)
        sum += (uint32_t)(p[i] << 8 | p[i + 1]);
    if (n & 1)
        sum += (uint32_t)p[n - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* IPv4 in its mapped form adds ffff twice, which changes nothing. */
static inline uint32_t sum_pseudo(const struct cw_addr *src,
                                  const struct cw_addr *dst, uint8_t protocol,
                                  uint32_t len)
{
    uint32_t sum = protocol + len;

    for (unsigned i = 0; i < 16; i += 2)
        sum += (uint32_t)be16_load(src->b + i) + be16_load(dst->b + i);
    return sum;
}

#endif
