/* cc_cubic.h: CUBIC's arithmetic, apart from connections.  RFC 9438 §4.2.
 *
 *   Windows are in bytes, times in units of 1/16384 s (61 us): the cube of a
 *   time and of what C makes of the largest window fit in 64 bits.
 */
#ifndef TCP_CC_CUBIC_H
#define TCP_CC_CUBIC_H

#include "base/ns.h"

enum {
    CUBIC_UNIT = 16384,       /* in a second */
    CUBIC_TIME_MAX = 1 << 21, /* 128 s: beyond that any window is passed */
};

int64_t  cubic_time(cw_ns t);    /* in units */
uint32_t cubic_root(uint64_t x); /* the largest r with r^3 <= x */
/* K: when W_max is reached from cwnd; negative if cwnd is beyond it. */
int32_t cubic_k(uint32_t w_max, uint32_t cwnd, uint32_t mss);
/* C * dt^3, in bytes */
int64_t cubic_rise(int64_t dt, uint32_t mss);

#endif
