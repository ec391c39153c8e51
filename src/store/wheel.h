/* wheel.h: timers: a hierarchy of wheels, exact to the nanosecond.
 *
 * Arming, cancelling, the next deadline and expiry are O(1) (amortised),
 * however many timers there are and wherever they lie; timers run in order of
 * deadline and, where deadlines are equal, of arming.  The wheel calls nobody:
 * wheel_pop() hands the due timers out one at a time.  A wheel and its timers
 * are in one region of less than 16 GiB (near.h).
 */
#ifndef STORE_WHEEL_H
#define STORE_WHEEL_H

#include "base/near.h"
#include "base/ns.h"

struct wtimer {
    struct near link;
    cw_ns       at;   /* NS_NEVER: not armed */
    uint16_t    kind; /* what the timer is in: the popper's business */
    uint16_t    slot;
};

enum { WHEEL_LEVELS = 11, WHEEL_SLOTS = 64 };

struct wheel {
    cw_ns       now;                /* nothing before this is armed */
    uint64_t    busy[WHEEL_LEVELS]; /* a bit for each slot in use */
    struct near slot[WHEEL_LEVELS][WHEEL_SLOTS];
    struct near moving; /* on their way down */
    uint32_t    count;
};

void wheel_init(struct wheel *w, cw_ns now);
void wheel_setup(struct wtimer *t, uint16_t kind);
/* (Re-)arms; a deadline in the past counts as now. at NS_NEVER cancels. */
void wheel_arm(struct wheel *w, struct wtimer *t, cw_ns at);
void wheel_cancel(struct wheel *w, struct wtimer *t);
bool wheel_armed(const struct wtimer *t);
/* When to look again: the earliest deadline, or, where many lie together far
 * ahead, a moment before it; NS_NEVER if none is armed. */
cw_ns wheel_next(const struct wheel *w);
/* The earliest timer with a deadline =< now, no longer armed; or NULL, and
 * then the wheel stands at `now`. */
struct wtimer *wheel_pop(struct wheel *w, cw_ns now);

#endif
