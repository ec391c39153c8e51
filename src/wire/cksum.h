/* cksum.h: the Internet checksum: whole, in parts, and mended.
 *
 * A partial sum is a uint32_t congruent, modulo 0xffff, to the sum of the
 * big-endian 16-bit words it covers; it begins at 0, every function here
 * takes any partial sum and answers one that fits in 16 bits, and it is zero
 * only if every byte was.  It holds no parity: a run that starts at an odd
 * offset of the whole is added with cksum_add_at().
 *
 * RFC 1071 (definition, byte-order independence), RFC 1624 (update).
 */
#ifndef WIRE_CKSUM_H
#define WIRE_CKSUM_H

#include "base/addr.h"

/* End-around carry until 16 bits are left. */
static inline uint32_t cksum_carry(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* What goes into the checksum field, by be16_store().  Over data that
 * include their own checksum it is 0 exactly when they are intact. */
static inline uint16_t cksum_fold(uint32_t sum)
{
    return (uint16_t)~cksum_carry(sum);
}

/* Add a run that starts at an even offset of the whole.  An odd last byte
 * counts as the high half of a word (RFC 1071 §1). */
uint32_t cksum_add(uint32_t sum, const void *p, size_t len);

/* The same while the bytes are copied; the runs must not overlap. */
uint32_t cksum_copy(uint32_t sum, void *restrict dst,
                    const void *restrict src, size_t len);

/* Join a partial sum of a run of its own to that of what precedes it; odd:
 * the run starts at an odd offset, so that its bytes trade places
 * (RFC 1071 §2 (B)). */
static inline uint32_t cksum_join(uint32_t sum, uint32_t run, bool odd)
{
    run = cksum_carry(run);
    if (odd)
        run = (run << 8 & 0xff00) | run >> 8;
    return cksum_carry(cksum_carry(sum) + run);
}

static inline uint32_t cksum_add_at(uint32_t sum, const void *p, size_t len,
                                    bool odd)
{
    return cksum_join(sum, cksum_add(0, p, len), odd);
}

/* The pseudo-header's partial sum: RFC 9293 §3.1, RFC 768, RFC 8200 §8.1.
 * The family is src's; len is that of the upper-layer header and data. */
uint32_t cksum_pseudo(const struct cw_addr *src, const struct cw_addr *dst,
                      uint8_t proto, uint32_t len);

/* The checksum after one 16-bit word changed: RFC 1624 §3 equation 3. */
static inline uint16_t cksum_update16(uint16_t ck, uint16_t old, uint16_t new)
{
    return cksum_fold((uint32_t)(uint16_t)~ck + (uint16_t)~old + new);
}

#endif
