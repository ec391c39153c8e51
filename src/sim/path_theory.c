/* path_theory.c: what theory says of a path, in whole numbers: the same on
 * any machine and compiler.
 */
#include "base/check.h"
#include "sim/path.h"

static uint64_t root(uint64_t v)
{
    uint64_t r = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((r | bit) * (r | bit) <= v)
            r |= bit;
    return r;
}

uint64_t theory_ideal(uint64_t rate_bps, uint32_t payload, uint32_t frame)
{
    if (frame == 0)
        return 0;
    return rate_bps / frame * payload + rate_bps % frame * payload / frame;
}

/* 1/sqrt(p) is 2^16/sqrt(loss_p): with 8 more bits under the root, 2^24 over
 * it.  sqrt(3/2) is Mathis's constant for a receiver that acknowledges each
 * segment, or a sender that counts bytes (RFC 3465). */
uint64_t theory_mathis(uint32_t mss, cw_ns rtt, uint32_t loss_p)
{
    const uint64_t sqrt_3_2 = 1224745; /* millionths */
    uint64_t       bits = (uint64_t)mss * 8 * sqrt_3_2;
    uint64_t       rtt_us = (uint64_t)rtt / (uint64_t)NS_US;

    INVARIANT(mss <= UINT16_MAX);
    if (loss_p == 0 || rtt_us == 0)
        return 0;
    return (bits << 24) / root((uint64_t)loss_p << 16) / rtt_us;
}

unsigned theory_jain(const uint64_t *x, unsigned n)
{
    uint64_t most = 1, sum = 0, squares = 0;

    for (unsigned i = 0; i < n; i++)
        most = MAX(most, x[i]);
    for (unsigned i = 0; i < n; i++) {
        uint64_t share = most >> 20 ? x[i] / (most >> 20) : x[i];

        sum += share;
        squares += share * share;
    }
    if (squares == 0)
        return 0;
    return (unsigned)(sum * sum / n * 1000 / squares);
}

cw_ns theory_bound(uint64_t bytes, uint32_t mss, unsigned iw,
                   const struct link_spec *s, cw_ns rtt)
{
    uint64_t segs = (bytes + mss - 1) / mss, window = iw, sent = iw;
    cw_ns    rounds = 1, wire = 0;

    while (sent < segs) {
        window *= 2;
        sent += window;
        rounds++;
    }
    if (s->rate_bps)
        wire = (cw_ns)(bytes * 8 * 1000000 / s->rate_bps) * NS_US;
    /* either the rounds or the rate hold it up */
    return rtt + s->delay + ns_max((rounds - 1) * rtt, wire);
}
