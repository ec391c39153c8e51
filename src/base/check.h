/* check.h: what must hold.
 *
 * INVARIANT is always on: a broken one is our own bug, and going on would be
 * worse than stopping.  NEVER(x) answers x, for defensive branches that must
 * survive in release; it panics where CW_PARANOID is defined.  Neither is
 * for input from the network or from an application.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/compiler.h"

/* The one way out.  The host program provides it. */
_Noreturn void cw_panic(const char *file, int line, const char *what);

#define INVARIANT(x)                          \
    do {                                      \
        if (UNLIKELY(!(x)))                   \
            cw_panic(__FILE__, __LINE__, #x); \
    } while (0)

#ifdef CW_PARANOID
#define NEVER(x) ((x) ? (cw_panic(__FILE__, __LINE__, #x), 1) : 0)
#else
#define NEVER(x) UNLIKELY(x)
#endif

#endif
