/* seq.h: 32-bit sequence numbers that refuse to be compared with '<'.
 *
 * RFC 9293 §3.4: arithmetic modulo 2^32 (RFC9293-3.4-a; MUST-1: unsigned
 * throughout).
 */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t v;
} seq;

static inline seq seq_of(uint32_t v)
{
    return (seq){ v };
}

static inline seq seq_add(seq a, uint32_t n)
{
    return (seq){ a.v + n };
}

static inline seq seq_sub(seq a, uint32_t n)
{
    return (seq){ a.v - n };
}

/* a - b, as a signed distance. */
static inline int32_t seq_diff(seq a, seq b)
{
    return (int32_t)(a.v - b.v);
}

/* a - b where b =< a is known. */
static inline uint32_t seq_from(seq a, seq b)
{
    return a.v - b.v;
}

static inline bool seq_eq(seq a, seq b)
{
    return a.v == b.v;
}

static inline bool seq_lt(seq a, seq b)
{
    return seq_diff(a, b) < 0;
}

static inline bool seq_le(seq a, seq b)
{
    return seq_diff(a, b) <= 0;
}

static inline bool seq_gt(seq a, seq b)
{
    return seq_diff(a, b) > 0;
}

static inline bool seq_ge(seq a, seq b)
{
    return seq_diff(a, b) >= 0;
}

static inline seq seq_max(seq a, seq b)
{
    return seq_lt(a, b) ? b : a;
}

static inline seq seq_min(seq a, seq b)
{
    return seq_lt(a, b) ? a : b;
}

/* lo < x =< hi, the shape of "SND.UNA < SEG.ACK =< SND.NXT". */
static inline bool seq_in(seq lo, seq x, seq hi)
{
    return seq_lt(lo, x) && seq_le(x, hi);
}

/* start =< x < start+len: "RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND". */
static inline bool seq_in_win(seq start, seq x, uint32_t len)
{
    return x.v - start.v < len;
}

#endif
