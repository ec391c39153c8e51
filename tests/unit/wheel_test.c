/* wheel_test.c: timers against a list that is searched; many at once. */
#include "store/wheel.h"
#include "store_rig.h"

enum { N = 150, STEPS = 60000 };

struct model {
    cw_ns    at[N];
    uint64_t order[N], next;
};

enum { MANY = 100000 };

static struct {
    struct wheel  w;
    struct wtimer timers[MANY]; /* near.h: one region */
} here;
#define w      here.w
#define timers here.timers
static struct model m;

static int earliest(void)
{
    int best = -1;

    for (int i = 0; i < N; i++)
        if (m.at[i] != NS_NEVER
            && (best < 0 || m.at[i] < m.at[best]
                || (m.at[i] == m.at[best] && m.order[i] < m.order[best])))
            best = i;
    return best;
}

/* Many equal ones, some near, some far, some past. */
static cw_ns some_time(struct prng *r)
{
    switch (below(r, 5)) {
    case 0:
        return w.now + 1000 * (cw_ns)below(r, 8);
    case 1:
        return w.now + (cw_ns)below(r, 1000000);
    case 2:
        return w.now + (cw_ns)(prng_u64(r) >> (8 + below(r, 40)));
    case 3: /* a round figure, whatever the time is */
        return (w.now | 0xfffff) + 1;
    default:
        return w.now - (cw_ns)below(r, 5000);
    }
}

static void arm(struct prng *r)
{
    uint32_t i = below(r, N);
    cw_ns    at = some_time(r);

    wheel_arm(&w, &timers[i], at);
    m.at[i] = ns_max(at, w.now);
    m.order[i] = ++m.next;
    EXPECT(wheel_armed(&timers[i]));
}

static void cancel(struct prng *r)
{
    uint32_t i = below(r, N);

    wheel_cancel(&w, &timers[i]);
    m.at[i] = NS_NEVER;
    EXPECT(!wheel_armed(&timers[i]));
}

/* Up to a time, each in its turn: by deadline, then by arming. */
static void expire(cw_ns now)
{
    struct wtimer *t;
    int            i;

    while ((t = wheel_pop(&w, now)) != NULL) {
        i = earliest();
        EXPECT_EQ(t - timers, i);
        EXPECT_LE(m.at[i], now);
        m.at[i] = NS_NEVER;
    }
    i = earliest();
    EXPECT(i < 0 || m.at[i] > now);
    EXPECT_EQ(w.now, now);
}

/* Exact, or a moment before where many lie together. */
static void check_next(int i)
{
    cw_ns next = wheel_next(&w);

    if (i < 0 || next >= m.at[i])
        EXPECT_EQ(next, i < 0 ? NS_NEVER : m.at[i]);
    else
        EXPECT(next > w.now);
}

TEST(as_a_list_that_is_searched)
{
    struct prng r = t_prng("wheel");

    wheel_init(&w, 5);
    for (int i = 0; i < N; i++) {
        wheel_setup(&timers[i], 1);
        m.at[i] = NS_NEVER;
    }
    for (int step = 0; step < STEPS; step++) {
        uint32_t dice = below(&r, 10);
        int      i;

        if (dice < 6)
            arm(&r);
        else if (dice < 8)
            cancel(&r);
        else if (dice < 9)
            expire(w.now + (cw_ns)below(&r, 3000000));
        else if ((i = earliest()) >= 0)
            expire(m.at[i]); /* exactly then */
        i = earliest();
        check_next(i);
    }
}

/* Far ahead and close together, or all at once: if each took a look at all
 * the others, this would not end. */
TEST(many_timers)
{
    struct prng r = t_prng("many");
    cw_ns       last = 0;

    for (uint32_t range = 1; range <= 1000000; range *= 1000) {
        wheel_init(&w, last);
        for (int i = 0; i < MANY; i++) {
            wheel_setup(&timers[i], 1);
            wheel_arm(&w, &timers[i], last + 7200 * NS_S + below(&r, range));
            EXPECT(wheel_next(&w) > last);
        }
        for (int n = 0; n < MANY;) {
            struct wtimer *t = wheel_pop(&w, wheel_next(&w));

            if (!t)
                continue;
            EXPECT(w.now >= last);
            EXPECT(range > 1 || t == &timers[n]);
            last = w.now;
            n++;
        }
        EXPECT_EQ(wheel_next(&w), NS_NEVER);
    }
}

T_MAIN(T(as_a_list_that_is_searched), T(many_timers))
