/* wheel.c: hierarchical timing wheels with exact order.
 *
 * Level k has 64 slots of 64^k ns; eleven of them hold all of time.  A timer
 * goes to the level of the highest of its six-bit digits that differs from
 * now's, so that a slot of the lowest level holds timers of one deadline.
 * Time moves by taking the earliest slot in use: on the lowest level its
 * timers are due; above it the slot is emptied further down.  Each timer moves
 * at most once a level, so arming and expiry cost O(1), amortised.
 *
 * Timers of one deadline are in the same slot at any time, since where a timer
 * belongs depends on its deadline and now alone; slots are filled at the end
 * and emptied from the front.  So the first of equals was armed first.
 *
 * Slots in use are bits of one word a level; the earliest slot of the lowest
 * level in use holds the earliest timer, since everything on a lower level is
 * nearer than everything above it.
 */
#include "store/wheel.h"
#include "base/check.h"

enum { BITS = 6, MASK = WHEEL_SLOTS - 1, SEARCH_MAX = 16 };

_Static_assert(WHEEL_LEVELS *BITS >= 63, "all of time");

static struct wtimer *timer_of(struct near *n)
{
    return near_entry(n, struct wtimer, link);
}

void wheel_init(struct wheel *w, cw_ns now)
{
    w->now = now;
    w->count = 0;
    near_init(&w->moving);
    for (int k = 0; k < WHEEL_LEVELS; k++) {
        w->busy[k] = 0;
        for (int i = 0; i < WHEEL_SLOTS; i++)
            near_init(&w->slot[k][i]);
    }
}

void wheel_setup(struct wtimer *t, uint16_t kind)
{
    near_init(&t->link);
    t->at = NS_NEVER;
    t->kind = kind;
    t->slot = 0;
}

bool wheel_armed(const struct wtimer *t)
{
    return t->at != NS_NEVER;
}

/* The highest digit in which two times differ. */
static unsigned level_of(cw_ns a, cw_ns b)
{
    uint64_t differ = (uint64_t)a ^ (uint64_t)b;

    return differ ? (unsigned)(63 - __builtin_clzll(differ)) / BITS : 0;
}

static unsigned digit(cw_ns at, unsigned level)
{
    return (unsigned)((uint64_t)at >> (BITS * level)) & MASK;
}

static void place(struct wheel *w, struct wtimer *t)
{
    unsigned level = level_of(t->at, w->now);
    unsigned slot = digit(t->at, level);

    t->slot = (uint16_t)(level << BITS | slot);
    near_push_back(&w->slot[level][slot], &t->link);
    w->busy[level] |= UINT64_C(1) << slot;
}

void wheel_cancel(struct wheel *w, struct wtimer *t)
{
    unsigned level = t->slot >> BITS, slot = t->slot & MASK;

    if (!wheel_armed(t))
        return;
    t->at = NS_NEVER;
    near_del(&t->link);
    w->count--;
    if (near_empty(&w->slot[level][slot]))
        w->busy[level] &= ~(UINT64_C(1) << slot);
}

void wheel_arm(struct wheel *w, struct wtimer *t, cw_ns at)
{
    wheel_cancel(w, t);
    if (at == NS_NEVER)
        return;
    t->at = at < w->now ? w->now : at;
    w->count++;
    place(w, t);
}

/* The slot that holds the earliest timer; false: there is none. */
static bool first_slot(const struct wheel *w, unsigned *level, unsigned *slot)
{
    for (unsigned k = 0; k < WHEEL_LEVELS; k++) {
        if (!w->busy[k])
            continue;
        *level = k;
        *slot = (unsigned)__builtin_ctzll(w->busy[k]);
        return true;
    }
    return false;
}

/* When a slot above now's begins: higher digits are now's, lower ones 0. */
static cw_ns begin_of(const struct wheel *w, unsigned level, unsigned slot)
{
    uint64_t above = (uint64_t)w->now >> (BITS * level) & ~(uint64_t)MASK;

    return (cw_ns)((above | slot) << (BITS * level));
}

cw_ns wheel_next(const struct wheel *w)
{
    unsigned level, slot, n = 0;
    cw_ns    best = NS_NEVER;

    if (!first_slot(w, &level, &slot))
        return NS_NEVER;
    near_each (i, &w->slot[level][slot]) {
        cw_ns at = timer_of(i)->at;

        if (level == 0)
            return at;
        if (++n > SEARCH_MAX)
            return begin_of(w, level, slot);
        best = at < best ? at : best;
    }
    return best;
}

/* It is `now`: timers of the slot that now is in belong further down. */
static void cascade(struct wheel *w, unsigned level, unsigned slot)
{
    struct near *n;

    while ((n = near_pop(&w->slot[level][slot])) != NULL)
        near_push_back(&w->moving, n);
    w->busy[level] &= ~(UINT64_C(1) << slot);
    while ((n = near_pop(&w->moving)) != NULL)
        place(w, timer_of(n));
}

/* Nothing is armed before `now`. */
static void move_to(struct wheel *w, cw_ns now)
{
    unsigned top = level_of(w->now, now);

    w->now = now;
    for (unsigned k = top; k > 0; k--)
        if (w->busy[k] >> digit(now, k) & 1)
            cascade(w, k, digit(now, k));
}

struct wtimer *wheel_pop(struct wheel *w, cw_ns now)
{
    unsigned level, slot;

    while (first_slot(w, &level, &slot)) {
        struct wtimer *t = timer_of(near_first(&w->slot[level][slot]));
        cw_ns          from = level ? begin_of(w, level, slot) : t->at;

        if (from > now)
            break;
        if (from > w->now)
            move_to(w, from);
        if (level > 0)
            continue;
        wheel_cancel(w, t);
        return t;
    }
    if (now > w->now)
        move_to(w, now);
    return NULL;
}
