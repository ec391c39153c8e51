/* loss_test.c: how often loss, bursts and duplicates come, at fixed seeds.
 * Bounds are four standard deviations of what the words promise. */
#include "emu_rig.h"

enum { N = 100000 };

static bool lost(const struct link_fate *f)
{
    return f->final && f->why != WHY_LINK_ARRIVED;
}

TEST(never_and_always)
{
    struct rig r;

    rig_init(&r, "loss 0%", 1);
    rig_send(&r, 1000, 60, 0);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 0);
    rig_free(&r);
    rig_init(&r, "loss 100%", 1);
    rig_send(&r, 1000, 60, 0);
    EXPECT_EQ(link_counts_of(r.link, LINK_FWD)->lost, 1000);
    rig_free(&r);
}

/* Binomial: sd = sqrt(N p (1-p)): 3% 54, 30% 145, 0.1% 10. */
TEST(random_loss_rate)
{
    static const struct {
        const char *words;
        unsigned    lo, hi;
    } rows[] = {
        { "loss 3%", 3000 - 216, 3000 + 216 },
        { "loss 30%", 30000 - 580, 30000 + 580 },
        { "loss 0.1%", 100 - 40, 100 + 40 },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct rig r;

            rig_init(&r, rows[i].words, seed);
            rig_send(&r, N, 60, 0);
            EXPECT_RANGE(link_counts_of(r.link, LINK_FWD)->lost, rows[i].lo,
                         rows[i].hi);
            rig_free(&r);
        }
}

/* Independent losses: of those lost, 30% are followed by another. */
TEST(random_losses_do_not_cling)
{
    struct rig r;
    unsigned   pairs = 0;

    rig_init(&r, "loss 30%", 1);
    rig_send(&r, N, 60, 0);
    for (size_t i = 1; i < r.nfates; i++)
        pairs += lost(&r.fates[i - 1]) && lost(&r.fates[i]);
    EXPECT_RANGE(pairs, 9000 - 400, 9000 + 400);
    rig_free(&r);
}

static unsigned count_bursts(const struct rig *r)
{
    unsigned bursts = 0;
    bool     before = false;

    for (size_t i = 0; i < r->nfates; i++) {
        bool now = lost(&r->fates[i]);

        EXPECT(!now || r->fates[i].why == WHY_LINK_BURST);
        bursts += now && !before;
        before = now;
    }
    return bursts;
}

/* lost / bursts is the mean length; both are near what the words say.  A
 * burst's length is geometric, so that its deviation is about its mean. */
TEST(burst_rate_and_length)
{
    static const struct {
        const char *words;
        unsigned    p_permille, length;
    } rows[] = {
        { "loss 3% burst 4", 30, 4 },
        { "loss 20% burst 10", 200, 10 },
        { "loss 10% burst 1", 100, 1 },
        { "loss 50% burst 2", 500, 2 },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig r;
        uint64_t   n, bursts, want = N * rows[i].p_permille / 1000u;

        rig_init(&r, rows[i].words, 2);
        rig_send(&r, N, 60, 0);
        n = link_counts_of(r.link, LINK_FWD)->lost;
        bursts = count_bursts(&r);
        EXPECT_RANGE(n, want - want / 8, want + want / 8);
        EXPECT_RANGE(n * 100 / bursts, rows[i].length * 92,
                     rows[i].length * 108);
        rig_free(&r);
    }
}

TEST(burst_of_one_never_doubles)
{
    struct rig r;

    rig_init(&r, "loss 40% burst 1", 4);
    rig_send(&r, 5000, 60, 0);
    for (size_t i = 1; i < r.nfates; i++)
        EXPECT(!(lost(&r.fates[i - 1]) && lost(&r.fates[i])));
    rig_free(&r);
}

/* The first packet is as likely to be lost as any other. */
TEST(chain_begins_in_equilibrium)
{
    unsigned first = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rig r;

        rig_init(&r, "loss 50% burst 10", seed);
        rig_send(&r, 1, 60, 0);
        first += lost(&r.fates[0]);
        rig_free(&r);
    }
    EXPECT_RANGE(first, 100 - 28, 100 + 28);
}

/* A changed loss starts its chain anew: no burst of the old one goes on. */
TEST(changed_loss_forgets_the_burst)
{
    struct link_spec mild = rig_spec("loss 0.001% burst 1000");

    for (uint64_t seed = 0; seed < 50; seed++) {
        struct rig r;

        rig_init(&r, "loss 99% burst 100000", seed);
        rig_send(&r, 1, 60, 0);
        EXPECT(link_set(r.link, LINK_FWD, &mild, 0));
        rig_send(&r, 1, 60, 0);
        EXPECT(!lost(&r.fates[1]));
        rig_free(&r);
    }
}

TEST(duplicates)
{
    struct rig r;
    size_t     n;
    unsigned   twins = 0;

    rig_init(&r, "duplicate 10% delay 1ms", 1);
    rig_send(&r, 10000, 60, 0);
    n = rig_run(&r, NS_NEVER);
    EXPECT_RANGE(n, 11000 - 120, 11000 + 120);
    for (size_t i = 1; i < n; i++) {
        EXPECT_EQ(r.log[i].number, r.log[i].ordinal);
        EXPECT(r.log[i].ordinal - r.log[i - 1].ordinal <= 1);
        twins += r.log[i].ordinal == r.log[i - 1].ordinal;
    }
    EXPECT_EQ(twins, link_counts_of(r.link, LINK_FWD)->duplicated);
    rig_check_conservation(&r);
    rig_free(&r);
}

T_MAIN(T(never_and_always), T(random_loss_rate),
       T(random_losses_do_not_cling), T(burst_rate_and_length),
       T(burst_of_one_never_doubles), T(chain_begins_in_equilibrium),
       T(changed_loss_forgets_the_burst), T(duplicates))
