/* late.h: how late something was, in quarters of octaves, without keeping
 * each.
 */
#ifndef BASE_LATE_H
#define BASE_LATE_H

#include "base/ns.h"

#include <stdint.h>

enum { LATE_STEPS = 4, LATE_CLASSES = 63 * LATE_STEPS };

struct late {
    uint64_t n, classes[LATE_CLASSES];
    cw_ns    most;
};

void late_note(struct late *l, cw_ns late);
/* What `percent` of them did not exceed, rounded up to a class's end; 0 if
 * there are none. */
cw_ns late_share(const struct late *l, unsigned percent);

#endif
