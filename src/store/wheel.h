/* wheel.h: timers: a hierarchy of wheels, exact to the nanosecond.
 *
 * Arming, cancelling and the next deadline are O(1) (amortised); timers run
 * in order of deadline and, where deadlines are equal, of arming.  A slot
 * holds timers of nearby deadlines; the lowest wheel's slot is kept sorted,
 * so that no precision is lost.  The wheel calls nobody: wheel_pop() hands
 * the due timers out one at a time.
 */
#ifndef STORE_WHEEL_H
#define STORE_WHEEL_H

#include "base/list.h"
#include "base/ns.h"

struct wtimer {
    struct list link;
    cw_ns       at;   /* NS_NEVER: not armed */
    uint16_t    kind; /* what the timer is in: the popper's business */
    uint16_t    slot;
};

enum { WHEEL_LEVELS = 8, WHEEL_SLOTS = 64 };

struct wheel {
    cw_ns       now;                /* nothing before this is armed */
    uint64_t    busy[WHEEL_LEVELS]; /* a bit for each slot in use */
    struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
    struct list far; /* beyond the highest wheel */
    uint32_t    count;
};

void wheel_init(struct wheel *w, cw_ns now);
void wheel_setup(struct wtimer *t, uint16_t kind);
/* (Re-)arms; a deadline in the past counts as now. at NS_NEVER cancels. */
void  wheel_arm(struct wheel *w, struct wtimer *t, cw_ns at);
void  wheel_cancel(struct wheel *w, struct wtimer *t);
bool  wheel_armed(const struct wtimer *t);
cw_ns wheel_next(const struct wheel *w);
/* The earliest timer with a deadline =< now, no longer armed; or NULL, and
 * then the wheel stands at `now`. */
struct wtimer *wheel_pop(struct wheel *w, cw_ns now);

#endif
