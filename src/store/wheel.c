/* wheel.c: hierarchical timing wheels with exact order.
 *
 * Level k has 64 slots of 2^(G + 6k) ns, G = 14: 16 microseconds at the
 * bottom, and eight levels reach beyond 2^62 ns.  A timer goes to the lowest
 * level on which its slot differs from now's only in that level's six bits.
 * Time moves by taking the earliest slot in use: on the bottom level its
 * timers are sorted by deadline as they come out; above
 * it the slot is emptied one level down.  Each timer moves at most once a
 * level, so arming and expiry cost O(1), amortised.
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

enum { GRAIN = 14, BITS = 6, MASK = WHEEL_SLOTS - 1, FAR = 0xffff };

static struct wtimer *timer_of(struct list *n)
{
    return list_entry(n, struct wtimer, link);
}

void wheel_init(struct wheel *w, cw_ns now)
{
    w->now = now;
    w->count = 0;
    list_init(&w->far);
    for (int k = 0; k < WHEEL_LEVELS; k++) {
        w->busy[k] = 0;
        for (int i = 0; i < WHEEL_SLOTS; i++)
            list_init(&w->slot[k][i]);
    }
}

void wheel_setup(struct wtimer *t, uint16_t kind)
{
    list_init(&t->link);
    t->at = NS_NEVER;
    t->kind = kind;
    t->slot = FAR;
}

bool wheel_armed(const struct wtimer *t)
{
    return t->at != NS_NEVER;
}

static unsigned shift(unsigned level)
{
    return GRAIN + BITS * level;
}

/* Before or after now, both times as their distance in grains tells. */
static void place(struct wheel *w, struct wtimer *t)
{
    uint64_t at = (uint64_t)t->at, now = (uint64_t)w->now;
    unsigned level, slot;

    for (level = 0; level < WHEEL_LEVELS; level++)
        if (at >> shift(level + 1) == now >> shift(level + 1))
            break;
    if (level == WHEEL_LEVELS) {
        t->slot = FAR;
        list_push_back(&w->far, &t->link);
        return;
    }
    slot = (unsigned)(at >> shift(level)) & MASK;
    t->slot = (uint16_t)(level << BITS | slot);
    list_push_back(&w->slot[level][slot], &t->link);
    w->busy[level] |= UINT64_C(1) << slot;
}

void wheel_cancel(struct wheel *w, struct wtimer *t)
{
    unsigned level = t->slot >> BITS, slot = t->slot & MASK;

    if (!wheel_armed(t))
        return;
    t->at = NS_NEVER;
    list_del(&t->link);
    w->count--;
    if (t->slot != FAR && list_empty(&w->slot[level][slot]))
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

static struct wtimer *earliest_of(struct list *l)
{
    struct wtimer *best = NULL;

    list_each (n, l) {
        struct wtimer *t = timer_of(n);

        if (!best || t->at < best->at)
            best = t;
    }
    return best;
}

/* The slot that holds the earliest timer. */
static struct list *first_slot(const struct wheel *w, unsigned *level)
{
    for (unsigned k = 0; k < WHEEL_LEVELS; k++) {
        *level = k;
        if (w->busy[k])
            return (struct list *)(uintptr_t)&w
                ->slot[k][__builtin_ctzll(w->busy[k])];
    }
    return list_empty(&w->far) ? NULL : (struct list *)(uintptr_t)&w->far;
}

cw_ns wheel_next(const struct wheel *w)
{
    unsigned     level;
    struct list *l = first_slot(w, &level);

    return l ? earliest_of(l)->at : NS_NEVER;
}

/* It is `now`: timers of the slot that now is in belong further down. */
static void cascade(struct wheel *w, struct list *l, unsigned level)
{
    struct list  todo;
    struct list *n;

    list_init(&todo);
    while ((n = list_pop(l)) != NULL)
        list_push_back(&todo, n);
    if (l != &w->far)
        w->busy[level] &= ~(UINT64_C(1) << (l - w->slot[level]));
    while ((n = list_pop(&todo)) != NULL)
        place(w, timer_of(n));
}

static void move_to(struct wheel *w, cw_ns now)
{
    uint64_t before = (uint64_t)w->now;

    w->now = now;
    for (unsigned k = WHEEL_LEVELS - 1; k > 0; k--) {
        unsigned slot = (unsigned)((uint64_t)now >> shift(k)) & MASK;

        if (before >> shift(k) == (uint64_t)now >> shift(k))
            continue;
        if (w->busy[k] >> slot & 1)
            cascade(w, &w->slot[k][slot], k);
    }
    if (before >> shift(WHEEL_LEVELS) != (uint64_t)now >> shift(WHEEL_LEVELS))
        cascade(w, &w->far, 0);
}

struct wtimer *wheel_pop(struct wheel *w, cw_ns now)
{
    unsigned       level;
    struct list   *l = first_slot(w, &level);
    struct wtimer *t = l ? earliest_of(l) : NULL;

    if (!t || t->at > now) {
        if (now > w->now)
            move_to(w, now);
        return NULL;
    }
    if (t->at > w->now)
        move_to(w, t->at);
    wheel_cancel(w, t);
    return t;
}
