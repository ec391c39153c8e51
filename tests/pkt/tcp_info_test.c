/* tcp_info_test.c: TCP_INFO, where it says more than a test of the mechanism
 * itself would look at.
 */
#include "pkt.h"

PKT(how_long_ago)
{
    passive("mss 1000");
    EXPECT_EQ(info().since_data_in, 0);
    EXPECT_EQ(info().since_data_out, 0);
    in(". seq 1 len 10 ack 1");
    out(". seq 1 ack 11");
    quiet(100 ms);
    sends(10);
    out("P. seq 1 len 10 ack 11");
    quiet(50 ms);
    in(". seq 11 ack 11");
    quiet(20 ms);
    EXPECT_EQ(info().since_data_in, 170 ms);
    EXPECT_EQ(info().since_data_out, 70 ms);
    EXPECT_EQ(info().since_heard, 20 ms);
}

PKT(not_sent)
{
    passive("mss 1000");
    in(". seq 1 ack 1 win 1000");
    sends(3000);
    out(". seq 1 len 1000 ack 1");
    EXPECT_EQ(info().notsent, 2000);
    EXPECT_EQ(info().unacked, 1);
    in(". seq 1 ack 1001 win 2000");
    out(". seq 1001 len 1000 ack 1");
    out("P. seq 2001 len 1000 ack 1");
    EXPECT_EQ(info().notsent, 0);
    EXPECT_EQ(info().pmtu, 1500);
}

/* As on Linux: the queue's length and the backlog. */
PKT(of_a_listener)
{
    listens(5);
    pk.f->sd = pk.listener;
    EXPECT_EQ(info().state, CW_LISTEN);
    EXPECT_EQ(info().sacked, 5);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    EXPECT_EQ(info().unacked, 0);
    in(". seq 1 ack 1");
    EXPECT_EQ(info().unacked, 1);
    accepts();
}

T_MAIN(BOTH(how_long_ago), BOTH(not_sent), BOTH(of_a_listener))
