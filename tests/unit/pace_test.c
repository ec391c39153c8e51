/* pace_test.c: at which rate a connection is held, by whom. */
#include "cc_rig.h"
#include "tcp/pace.h"

/* Of the window: twice in slow start, 1.2 times after it; as Linux has it,
 * from half of ssthresh on. */
TEST(of_the_window)
{
    static const struct {
        uint32_t cwnd, ssthresh, flight;
        unsigned rtt_ms;
        uint64_t rate;
    } rows[] = {
        { 100000, UINT32_MAX, 100000, 50, 4000000 },
        { 100000, 300000, 100000, 50, 4000000 },
        { 100000, 200000, 100000, 50, 2400000 },
        { 100000, 50000, 100000, 50, 2400000 },
        { 100000, 50000, 150000, 50, 3600000 }, /* in recovery, say */
        { 100000, UINT32_MAX, 1, 200, 1000000 },
        { 100000, UINT32_MAX, 1, 0, 0 }, /* nothing is known yet */
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        t_row("%u of %u", row->cwnd, row->ssthresh);
        cc_rig_init(&r, CW_CC_RENO, 10);
        r.host.paces = true;
        r.t.syn_acked = true;
        r.t.iss = seq_sub(r.t.snd.una, 2); /* the SYN and a byte */
        r.t.cwnd = row->cwnd;
        r.t.ssthresh = row->ssthresh;
        r.t.srtt = row->rtt_ms * NS_MS;
        r.t.snd.nxt = seq_add(r.t.snd.una, row->flight);
        EXPECT_EQ(tcp_pace_rate(&r.t), row->rate);
        r.host.paces = false;
        EXPECT_EQ(tcp_pace_rate(&r.t), 0);
        r.host.paces = true;
        r.t.iss = seq_sub(r.t.snd.una, 1); /* the initial window */
        EXPECT_EQ(tcp_pace_rate(&r.t), 0);
    }
}

/* The program's limit holds, whoever else has a rate. */
TEST(never_more_than_the_program_wants)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    r.t.opts.max_pacing = 5000;
    EXPECT_EQ(tcp_pace_rate(&r.t), 5000);
    r.host.paces = true;
    r.t.syn_acked = true;
    r.t.iss = seq_sub(r.t.snd.una, 2);
    r.t.srtt = NS_S;
    EXPECT_EQ(tcp_pace_rate(&r.t), 5000);
    r.t.opts.max_pacing = 50000;
    EXPECT_EQ(tcp_pace_rate(&r.t), 20000);
}

/* Send Quantum: what the rate is in 1 ms, two segments and 64 KiB at most. */
TEST(what_goes_at_once)
{
    static const struct {
        uint32_t rate, quantum;
    } rows[] = {
        { 1, 2 * RIG_MSS },      { 2000000, 2000 },    { 5000000, 5000 },
        { 65536000, 64 * 1024 }, { 200000000, 65536 },
    };

    T_EACH (row, rows) {
        struct cc_rig r;

        cc_rig_init(&r, CW_CC_CUBIC, 10);
        r.t.opts.max_pacing = row->rate;
        EXPECT_EQ(tcp_pace_quantum(&r.t), row->quantum);
    }
}

T_MAIN(T(of_the_window), T(never_more_than_the_program_wants),
       T(what_goes_at_once))
