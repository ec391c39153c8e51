/* hystart_test.c: HyStart++ by RFC 9406 §4.2, round by round. */
#include "cc_rig.h"

/* A round of so many segments: its ACKs say these RTTs, the first n of them
 * `fast`, the others `slow`. */
static void round_of(struct cc_rig *r, unsigned n_fast, cw_ns fast,
                     cw_ns slow)
{
    unsigned segs = r->t.cwnd / RIG_MSS;

    r->env.now += 100 * NS_MS; /* no train of ACKs */
    for (unsigned i = 0; i < segs; i++) {
        r->env.now += 3 * NS_MS;
        cc_rig_ack(r, RIG_MSS, i < n_fast ? fast : slow);
    }
}

static void same_round(struct cc_rig *r, cw_ns rtt)
{
    round_of(r, 0, 0, rtt);
}

/* [RFC9406-4.2-a] [RFC9406-4.3-a]: the window doubles as long as the RTT
 * stays below last + clamp(last / 8, 4 ms, 16 ms), and grows by a quarter
 * once it does not. */
TEST(grows_by_a_quarter_once_the_path_fills)
{
    static const struct {
        unsigned last_us, now_us;
        bool     css;
    } rows[] = {
        { 10000, 13999, false },   { 10000, 14000, true },
        { 64000, 71999, false },   { 64000, 72000, true },
        { 400000, 415999, false }, { 400000, 416000, true },
    };

    T_EACH (row, rows) {
        struct cc_rig r;
        uint32_t      before;

        t_row("%u us after %u", row->now_us, row->last_us);
        cc_rig_init(&r, CW_CC_CUBIC, 10);
        same_round(&r, row->last_us * NS_US);
        EXPECT_EQ(r.t.cwnd, 20 * RIG_MSS);
        same_round(&r, row->now_us * NS_US);
        before = r.t.cwnd;
        cc_rig_ack(&r, RIG_MSS, row->now_us * NS_US);
        EXPECT_EQ(r.t.cwnd - before, row->css ? RIG_MSS / 4 : RIG_MSS);
        EXPECT_EQ(r.t.ssthresh, UINT32_MAX);
    }
}

/* [RFC9406-4.2-a]: eight samples, or nothing is said. */
TEST(seven_samples_say_nothing)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 7);
    same_round(&r, 50 * NS_MS);
    r.t.cwnd = 7 * RIG_MSS;
    r.t.snd.nxt = seq_add(r.t.snd.una, r.t.cwnd);
    for (int i = 0; i < 3; i++) {
        cc_rig_ack(&r, RIG_MSS, 50 * NS_MS);
        cc_rig_ack_of(&r, 6 * RIG_MSS, RIG_MSS);
        r.t.snd.nxt = seq_add(r.t.snd.una, 7 * RIG_MSS);
    }
    for (int i = 0; i < 7; i++) {
        uint32_t before = r.t.cwnd;

        cc_rig_ack(&r, RIG_MSS, 500 * NS_MS);
        EXPECT_EQ(r.t.cwnd - before, RIG_MSS);
    }
}

/* One fast ACK in a round: the least counts. */
TEST(the_least_of_a_round_counts)
{
    struct cc_rig r;
    uint32_t      before;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    same_round(&r, 50 * NS_MS);
    round_of(&r, 1, 50 * NS_MS, 90 * NS_MS);
    before = r.t.cwnd;
    cc_rig_ack(&r, RIG_MSS, 90 * NS_MS);
    EXPECT_EQ(r.t.cwnd - before, RIG_MSS);
}

/* [RFC9406-4.2-b]: a round trip as short as before CSS: slow start again. */
TEST(a_mistake_is_seen)
{
    struct cc_rig r;
    uint32_t      before;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    same_round(&r, 50 * NS_MS);
    same_round(&r, 60 * NS_MS);
    same_round(&r, 59 * NS_MS);
    before = r.t.cwnd;
    cc_rig_ack(&r, RIG_MSS, 59 * NS_MS);
    EXPECT_EQ(r.t.cwnd - before, RIG_MSS);
}

/* [RFC9406-4.2-b]: five rounds of CSS, then avoidance, where W_max is not
 * defined and K is 0 (RFC 9438 §4.10). */
TEST(five_rounds_then_avoidance)
{
    struct cc_rig r;
    unsigned      rounds = 0;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    same_round(&r, 50 * NS_MS);
    for (; r.t.ssthresh == UINT32_MAX && rounds < 10; rounds++)
        same_round(&r, 60 * NS_MS);
    EXPECT_EQ(rounds, 6); /* the first one as a part, one ACK of the last */
    EXPECT_LE(r.t.ssthresh, r.t.cwnd);
    EXPECT_GE(r.t.ssthresh + 2 * RIG_MSS, r.t.cwnd);
    EXPECT_GE(r.t.cc_kept + RIG_MSS, r.t.ssthresh);
}

/* [RFC9406-4.2-b]: a loss ends it at once. [RFC9406-4.3-c]: and for good. */
TEST(a_loss_ends_it)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    same_round(&r, 50 * NS_MS);
    cc_rig_loss(&r);
    EXPECT_EQ(r.t.cwnd, 14 * RIG_MSS);
    cc_rig_timeout(&r);
    EXPECT_EQ(r.t.cwnd, RIG_MSS);
    for (int i = 0; i < 3; i++) /* Reno's slow start, whatever the RTT */
        same_round(&r, (50 + 100 * i) * NS_MS);
    EXPECT_EQ(r.t.cwnd, 8 * RIG_MSS);
}

/* [RFC9406-4.3-a]: L = 8, in strict; [RFC9406-4.3-b]: in CSS a quarter of
 * it. */
TEST(an_ack_counts_for_eight_segments)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 40);
    cc_rig_ack(&r, 20 * RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 60 * RIG_MSS);
    cc_rig_init(&r, CW_CC_CUBIC, 40);
    r.env.knobs = knobs_of(CW_PROFILE_STRICT);
    cc_rig_ack(&r, 20 * RIG_MSS, 50 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 48 * RIG_MSS);
    same_round(&r, 50 * NS_MS);
    same_round(&r, 60 * NS_MS);
    same_round(&r, 60 * NS_MS);
    r.t.cwnd = 100 * RIG_MSS;
    cc_rig_ack(&r, 20 * RIG_MSS, 60 * NS_MS);
    EXPECT_EQ(r.t.cwnd, 102 * RIG_MSS);
}

static void train_of(struct cc_rig *r, unsigned segs, cw_ns gap, cw_ns rtt)
{
    for (unsigned i = 0; i < segs && r->t.ssthresh == UINT32_MAX; i++) {
        cc_rig_ack(r, RIG_MSS, rtt);
        r->env.now += gap;
    }
}

/* Our own: ACKs in a row for half of the least round trip fill the path; not
 * so if they are far apart, or if the profile keeps to the letter. */
TEST(a_train_of_acks_ends_it)
{
    static const struct {
        unsigned        gap_us;
        enum cw_profile profile;
        bool            ends;
    } rows[] = {
        { 1000, CW_PROFILE_DEPLOYED, true },
        { 2100, CW_PROFILE_DEPLOYED, false },
        { 300, CW_PROFILE_DEPLOYED, false },
        { 1000, CW_PROFILE_STRICT, false },
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("%u us", row->gap_us);
        cc_rig_init(&r, CW_CC_CUBIC, 40);
        r.env.knobs = knobs_of(row->profile);
        train_of(&r, 40, row->gap_us * NS_US, 50 * NS_MS);
        EXPECT_EQ(r.t.ssthresh != UINT32_MAX, row->ends);
        if (row->ends) /* 25 ms and one ACK more */
            EXPECT_EQ(r.t.ssthresh, (40 + 27) * RIG_MSS);
    }
}

/* Of a coarse clock's steps: none without an ACK, and as many ACKs as if none
 * was further than 2 ms from the next; within one step nothing is said. */
/* What we have spaced ourselves, over half of a round trip, is no sign: it
 * takes all of one. */
TEST(a_train_that_we_paced)
{
    for (int segs = 50; segs <= 54; segs += 4) {
        struct cc_rig r;

        t_row("%d ACKs", segs);
        cc_rig_init(&r, CW_CC_CUBIC, 60);
        r.t.opts.max_pacing = 1000000000;
        train_of(&r, (unsigned)segs, NS_MS, 50 * NS_MS);
        EXPECT_EQ(r.t.ssthresh != UINT32_MAX, segs > 50);
    }
}

TEST(a_train_by_a_coarse_clock)
{
    static const struct {
        unsigned rtt_ms, step_us, per_step, steps;
        bool     ends;
    } rows[] = {
        { 66, 15600, 8, 2, false }, /* 31.2 ms: not yet half */
        { 66, 15600, 8, 3, true },
        { 66, 15600, 7, 3, false }, /* 2.2 ms apart */
        { 10, 15600, 20, 1, false },
        { 10, 15600, 20, 2, true },
        { 66, 16000, 8, 3, true },
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("%u a step of %u us", row->per_step, row->step_us);
        cc_rig_init(&r, CW_CC_CUBIC, 200);
        r.env.granularity = row->step_us * NS_US;
        for (unsigned i = 0; i < row->steps; i++) {
            train_of(&r, row->per_step, 0, row->rtt_ms * NS_MS);
            r.env.now += r.env.granularity;
        }
        train_of(&r, 2, 0, row->rtt_ms * NS_MS);
        EXPECT_EQ(r.t.ssthresh != UINT32_MAX, row->ends);
    }
}

/* A step without an ACK is a gap. */
TEST(a_train_has_no_empty_step)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 200);
    r.env.granularity = 15600 * NS_US;
    train_of(&r, 30, 0, 66 * NS_MS);
    r.env.now += 2 * r.env.granularity;
    train_of(&r, 30, 0, 66 * NS_MS);
    r.env.now += r.env.granularity;
    train_of(&r, 30, 0, 66 * NS_MS);
    EXPECT_EQ(r.t.ssthresh, UINT32_MAX);
}

T_MAIN(T(grows_by_a_quarter_once_the_path_fills),
       T(seven_samples_say_nothing), T(the_least_of_a_round_counts),
       T(a_mistake_is_seen), T(five_rounds_then_avoidance), T(a_loss_ends_it),
       T(an_ack_counts_for_eight_segments), T(a_train_of_acks_ends_it),
       T(a_train_that_we_paced), T(a_train_by_a_coarse_clock),
       T(a_train_has_no_empty_step))
