/* cksum.c: the sum itself.
 *
 * Words are added in the machine's own byte order, and the 16-bit result is
 * turned round once at the end (RFC 1071 §2 (B)).  The loop adds 64-bit
 * lanes: `all` wraps modulo 2^64 and `high` collects the upper halves, which
 * cannot overflow; what the lower halves came to follows from the two.  That
 * is three additions or shifts a vector and no carry chain.
 */
#include "wire/cksum.h"

/* GCC and clang lower this to whatever vectors the target has. */
typedef uint64_t lanes __attribute__((vector_size(16)));

enum { LANES = 2, ROWS = 4, STEP = ROWS * sizeof(lanes) };

/* 2^16 is 1 modulo 0xffff, so that halves may be added. */
static inline uint32_t narrow(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return cksum_carry((uint32_t)sum);
}

static inline uint32_t to_big_endian(uint32_t sum)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        return __builtin_bswap16((uint16_t)sum);
    return sum;
}

/* What `all` and `high` come to. */
static inline uint64_t join_lanes(lanes all, lanes high)
{
    uint64_t sum = 0;

    for (int i = 0; i < LANES; i++) {
        uint64_t low = all[i] - (high[i] << 32);

        sum += narrow(low) + narrow(high[i]);
    }
    return sum;
}

/* len is a multiple of STEP; two sums side by side hide the latency. */
static inline __attribute__((always_inline)) uint64_t sum_steps(
    uint8_t *dst, const uint8_t *src, size_t len)
{
    lanes all[ROWS / 2] = { 0 }, high[ROWS / 2] = { 0 };
    lanes v[ROWS];

    for (size_t at = 0; at < len; at += STEP) {
        memcpy(v, src + at, STEP);
        if (dst)
            memcpy(dst + at, v, STEP);
        all[0] += v[0];
        all[1] += v[1];
        high[0] += v[0] >> 32;
        high[1] += v[1] >> 32;
        all[0] += v[2];
        all[1] += v[3];
        high[0] += v[2] >> 32;
        high[1] += v[3] >> 32;
    }
    return join_lanes(all[0] + all[1], high[0] + high[1]);
}

/* A word of 1, 2 or 4 bytes, as if zeros followed it. */
static inline __attribute__((always_inline)) uint32_t one_word(
    uint8_t *dst, const uint8_t *src, size_t size)
{
    uint32_t word = 0;

    memcpy(&word, src, size);
    if (dst)
        memcpy(dst, src, size);
    return word;
}

/* Fewer than STEP bytes. */
static inline __attribute__((always_inline)) uint64_t sum_rest(
    uint8_t *dst, const uint8_t *src, size_t len)
{
    uint64_t sum = 0;
    size_t   at = 0;

    for (; at + 4 <= len; at += 4)
        sum += one_word(dst ? dst + at : NULL, src + at, 4);
    if (len & 2) {
        sum += one_word(dst ? dst + at : NULL, src + at, 2);
        at += 2;
    }
    if (len & 1)
        sum += one_word(dst ? dst + at : NULL, src + at, 1);
    return sum;
}

/* dst is NULL or not at compile time: both callers get a loop of their own.
 */
static inline __attribute__((always_inline)) uint32_t sum_run(
    uint32_t sum, uint8_t *dst, const uint8_t *src, size_t len)
{
    size_t   steps = len & ~(size_t)(STEP - 1);
    uint64_t run = 0;

    if (steps > 0)
        run = sum_steps(dst, src, steps);
    if (len > steps)
        run += sum_rest(dst ? dst + steps : NULL, src + steps, len - steps);
    return cksum_carry(cksum_carry(sum) + to_big_endian(narrow(run)));
}

uint32_t cksum_add(uint32_t sum, const void *p, size_t len)
{
    return sum_run(sum, NULL, p, len);
}

uint32_t cksum_copy(uint32_t sum, void *restrict dst,
                    const void *restrict src, size_t len)
{
    return sum_run(sum, dst, src, len);
}

uint32_t cksum_pseudo(const struct cw_addr *src, const struct cw_addr *dst,
                      uint8_t proto, uint32_t len)
{
    uint32_t skip = addr_is4(src) ? 12 : 0;
    uint64_t sum = (uint64_t)proto + len;

    for (uint32_t i = skip; i < 16; i += 4)
        sum += (uint64_t)be32_load(src->b + i) + be32_load(dst->b + i);
    return narrow(sum);
}
