/* dctcp_test.c: DCTCP's estimate against RFC 8257's equation in floating
 * point, and what marks and losses do.
 */
#include "cc_rig.h"

#include <math.h>

enum { ONE = 1 << 20 };

/* [RFC8257-3.3-a] RFC 8257 §3.3, steps 1 to 8, ACK by ACK: Alpha = Alpha (1 - g) + g M for
 * each window of data. */
TEST(alpha_is_the_equations)
{
    struct prng   draw = t_prng("dctcp");
    struct cc_rig r;
    double        alpha = 1, acked = 0, marked = 0;
    seq           end;

    cc_rig_init(&r, CW_CC_DCTCP, 16);
    end = r.t.snd.una; /* DCTCP.WindowEnd */
    EXPECT_EQ(r.t.cc_kept, ONE);
    for (int i = 0; i < 20000; i++) {
        uint32_t      n = (1 + (uint32_t)prng_below(&draw, 3)) * RIG_MSS;
        bool          much = i / 1000 % 2;
        struct cc_ack a = { .acked = n,
                            .rtt = -1,
                            .ece = prng_below(&draw, much ? 2 : 20) == 0 };

        r.t.snd.una = seq_add(r.t.snd.una, n);
        tcp_cc(&r.t)->marks(&r.t, &a);
        acked += n;
        marked += a.ece ? n : 0;
        if (seq_gt(r.t.snd.una, end)) {
            alpha = alpha * (1 - 1.0 / 16) + marked / acked / 16;
            acked = marked = 0;
            end = r.t.snd.nxt;
        }
        r.t.snd.nxt = seq_add(r.t.snd.una, 16 * RIG_MSS);
        if (fabs(alpha - (double)r.t.cc_kept / ONE) > 0.0001)
            FAIL("ACK %d: %f, not %f", i, (double)r.t.cc_kept / ONE, alpha);
    }
    EXPECT(alpha > 0.02 && alpha < 0.8);
}

/* Where the receiver counts bytes (RFC 9768), they are the share, also those
 * that an ACK of nothing new tells of; never more than all. */
TEST(bytes_that_are_counted)
{
    static const struct {
        uint32_t acked, ce, late, want;
    } rows[] = {
        { 10000, 0, 0, ONE - ONE / 16 },
        { 10000, 2500, 0, ONE - ONE / 16 + ONE / 64 },
        { 10000, 2500, 2500, ONE - ONE / 16 + ONE / 32 },
        { 10000, 9000, 9000, ONE },
    };

    T_EACH (row, rows) {
        struct cc_ack late = { .ce = row->late, .ece = row->late > 0 };
        struct cc_ack a = { .acked = row->acked,
                            .ce = row->ce,
                            .ece = row->ce > 0 };
        struct cc_rig r;

        t_row("%u of %u", row->ce, row->acked);
        cc_rig_init(&r, CW_CC_DCTCP, 16);
        tcp_cc(&r.t)->marks(&r.t, &late);
        r.t.snd.una = seq_add(r.t.snd.una, row->acked);
        tcp_cc(&r.t)->marks(&r.t, &a);
        EXPECT_EQ(r.t.cc_kept, row->want);
    }
}

/* [RFC8257-3.3-a] [RFC8257-3.5-a] §3.3 step 9; §3.5; RFC 3168 §6.1.2's floor is tcp_ecn.c's. */
TEST(marks_cut_by_their_share)
{
    static const struct {
        uint32_t     alpha, want;
        enum cc_sign sign;
    } rows[] = {
        { ONE, 50000, CC_SIGN_ECN },      { ONE / 2, 75000, CC_SIGN_ECN },
        { ONE / 16, 96875, CC_SIGN_ECN }, { 0, 100000, CC_SIGN_ECN },
        { ONE, 50000, CC_SIGN_LOSS },     { 0, 50000, CC_SIGN_LOSS },
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("alpha %u", row->alpha);
        cc_rig_init(&r, CW_CC_DCTCP, 100);
        r.t.cc_kept = row->alpha;
        tcp_cc(&r.t)->congestion(&r.t, row->sign, r.t.cwnd);
        EXPECT_EQ(r.t.ssthresh, row->want);
        EXPECT_EQ(r.t.cwnd, 100000);
    }
}

/* §3.4: growth is RFC 5681's. */
TEST(grows_as_reno)
{
    struct cc_rig reno, dctcp;

    cc_rig_init(&reno, CW_CC_RENO, 10);
    cc_rig_init(&dctcp, CW_CC_DCTCP, 10);
    reno.t.ssthresh = dctcp.t.ssthresh = 20 * RIG_MSS;
    for (int i = 0; i < 500; i++) {
        cc_rig_ack(&reno, RIG_MSS, -1);
        cc_rig_ack(&dctcp, RIG_MSS, -1);
        EXPECT_EQ(dctcp.t.cwnd, reno.t.cwnd);
    }
    EXPECT(reno.t.cwnd > 30 * RIG_MSS);
    cc_rig_timeout(&dctcp);
    EXPECT_EQ(dctcp.t.cwnd, RIG_MSS);
}

T_MAIN(T(alpha_is_the_equations), T(bytes_that_are_counted),
       T(marks_cut_by_their_share), T(grows_as_reno))
