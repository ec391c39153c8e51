/* late.c: see late.h.
 *
 *   Invariant: class k holds the times from first(k) to first(k + 1), so
 *              what is said of a share is at most a quarter too much.
 */
#include "base/late.h"

#include "base/check.h"

/* Below LATE_STEPS each value is a class; then each octave has LATE_STEPS. */
static unsigned class_of(uint64_t v)
{
    unsigned octave;

    if (v < LATE_STEPS)
        return (unsigned)v;
    octave = 63u - (unsigned)__builtin_clzll(v);
    return (octave - 1) * LATE_STEPS
        + (unsigned)((v >> (octave - 2)) & (LATE_STEPS - 1));
}

/* The largest value of a class. */
static uint64_t last_of(unsigned k)
{
    unsigned octave = k / LATE_STEPS + 1;

    if (k < LATE_STEPS)
        return k;
    return ((uint64_t)(LATE_STEPS + k % LATE_STEPS + 1) << (octave - 2)) - 1;
}

void late_note(struct late *l, cw_ns late)
{
    unsigned k;

    INVARIANT(late >= 0);
    k = class_of((uint64_t)late);
    INVARIANT(k < LATE_CLASSES && (uint64_t)late <= last_of(k));
    l->classes[k]++;
    l->n++;
    l->most = ns_max(l->most, late);
}

cw_ns late_share(const struct late *l, unsigned percent)
{
    uint64_t want = (l->n * percent + 99) / 100, seen = 0;

    INVARIANT(percent <= 100);
    if (want == 0)
        return 0;
    for (unsigned k = 0; k < LATE_CLASSES; k++) {
        seen += l->classes[k];
        if (seen >= want)
            return ns_min((cw_ns)last_of(k), l->most);
    }
    return l->most;
}
