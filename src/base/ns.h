/* ns.h: time as signed nanoseconds, with an infinity that stays one. */
#ifndef BASE_NS_H
#define BASE_NS_H

#include <causeway/stack.h>

#define NS_NEVER CW_NEVER
#define NS_US    INT64_C(1000)
#define NS_MS    INT64_C(1000000)
#define NS_S     INT64_C(1000000000)

static inline cw_ns ns_add(cw_ns t, cw_ns d)
{
    cw_ns sum;

    if (t == NS_NEVER || d == NS_NEVER || __builtin_add_overflow(t, d, &sum))
        return NS_NEVER;
    return sum;
}

static inline cw_ns ns_min(cw_ns a, cw_ns b)
{
    return a < b ? a : b;
}

static inline cw_ns ns_max(cw_ns a, cw_ns b)
{
    return a > b ? a : b;
}

#endif
