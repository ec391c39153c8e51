/* buffer_test.c: buffers that grow with what a connection moves in a round
 * trip (tcp_buffer.c), within a budget: RFC 9293 §3.8.6, RFC 7323 §2.3.
 */
#include "pkt.h"

enum { RTT = 10, FULL = 1000, FIRST = 65536 };

static int64_t fed[9]; /* by flow: what the peer has sent */

/* A connection over a path of 10 ms. */
static void connection(int n)
{
    flow(n);
    in("S seq 0 win 65535 mss 1000 wscale 7");
    EXPECT(pk_skip());
    quiet(RTT ms);
    in(". seq 1 ack 1 win 512");
    accepts();
    fed[n] = 0;
}

static void skip_all(void)
{
    pk_settle();
    while (pk_skip())
        continue;
}

/* The peer sends; what we answer is not looked at. */
static void feed(int n, int64_t bytes)
{
    char text[64];

    flow(n);
    for (; bytes > 0; bytes -= FULL) {
        snprintf(text, sizeof text, ". seq %lld len %d ack 1 win 512",
                 (long long)fed[n] + 1, FULL);
        in(text);
        fed[n] += FULL;
        skip_all();
    }
}

/* One round trip in which the program reads `bytes`. */
static void round_trip(int n, int64_t bytes, cw_ns t)
{
    cw_ns end = pk.now + t;

    feed(n, bytes);
    while (cw_stack_deadline(pk.st) <= end) {
        pk_step();
        skip_all();
    }
    quiet(end - pk.now);
    reads(bytes);
    skip_all();
}

static int64_t rcvbuf(void)
{
    return gets(CW_SOL_SOCKET, CW_SO_RCVBUF) / 2;
}

static int64_t sndbuf(void)
{
    return gets(CW_SOL_SOCKET, CW_SO_SNDBUF) / 2;
}

/* Four times the bytes of a round trip, and what an ACK finds unread. */
static int64_t wanted(int64_t bytes)
{
    return 4 * bytes + 16 * (int64_t)info().advmss;
}

PKT(receive_buffer_grows_with_what_is_read)
{
    listens(1);
    connection(1);
    round_trip(1, FULL, RTT ms); /* the measurement begins */
    EXPECT_EQ(rcvbuf(), FIRST);
    round_trip(1, 10 * FULL, RTT ms);
    EXPECT_EQ(rcvbuf(), FIRST); /* it is large enough */
    round_trip(1, 40 * FULL, RTT ms);
    EXPECT_EQ(rcvbuf(), wanted(40 * FULL));
    EXPECT(info().rcv_wnd > 65535);
    round_trip(1, 42 * FULL, RTT ms);
    EXPECT_EQ(rcvbuf(), wanted(42 * FULL));
    EXPECT_EQ(counter(COUNT_TCP_RCVBUF_GREW), 2);
}

/* As many bytes in ten round trips are a tenth of them in one. */
PKT(a_slow_reader_needs_no_more)
{
    listens(1);
    connection(1);
    for (int i = 0; i < 4; i++)
        round_trip(1, 50 * FULL, 10 * RTT ms);
    EXPECT_EQ(rcvbuf(), FIRST);
}

PKT(without_delay_nothing_grows)
{
    flow(1);
    passive("mss 1000");
    fed[1] = 0;
    for (int i = 0; i < 4; i++) {
        feed(1, 50 * FULL);
        reads(50 * FULL);
        skip_all();
    }
    EXPECT_EQ(rcvbuf(), FIRST);
}

PKT(what_the_program_sets_stays)
{
    listens(1);
    connection(1);
    sets(CW_SOL_SOCKET, CW_SO_RCVBUF, 60000);
    sets(CW_SOL_SOCKET, CW_SO_SNDBUF, 60000);
    for (int i = 0; i < 4; i++)
        round_trip(1, 50 * FULL, RTT ms);
    EXPECT_EQ(rcvbuf(), 60000);
    EXPECT_EQ(sndbuf(), 60000);
}

static void never_grows(void)
{
    listens(1);
    connection(1);
    for (int i = 0; i < 4; i++)
        round_trip(1, 50 * FULL, RTT ms);
    EXPECT_EQ(rcvbuf(), FIRST);
}

PKT(a_size_in_the_configuration_stays)
{
    pk.config.rcvbuf = FIRST;
    never_grows();
}

PKT(the_letter_of_the_rfcs_knows_no_growth)
{
    pk.config.profile = CW_PROFILE_STRICT;
    never_grows();
}

/* RFC 7323 §2.3: the scale is chosen for what the window may become. */
PKT(window_scale_is_for_the_maximum)
{
    pk.config.memory_max = 128 << 20;
    pk.config.rcvbuf_max = 16 << 20;
    listens(1);
    in("S seq 0 win 65535 mss 1000 wscale 7");
    out("S. seq 0 ack 1 win 65535 mss M wscale 9");
}

/* Twice the congestion window: as much in flight as ready to follow. */
PKT(send_buffer_grows_with_cwnd)
{
    int64_t una = 1;
    char    text[64];

    listens(1);
    connection(1);
    EXPECT_EQ(sndbuf(), FIRST);
    sends(FIRST);
    for (int i = 0; i < 3; i++) {
        skip_all();
        quiet(RTT ms);
        una = info().snd_nxt - info().iss;
        snprintf(text, sizeof text, ". seq 1 ack %lld win 8192",
                 (long long)una);
        in(text);
    }
    EXPECT(info().cwnd_bytes > FIRST / 2);
    EXPECT_EQ(sndbuf(), 2 * (int64_t)info().cwnd_bytes);
    EXPECT(counter(COUNT_TCP_SNDBUF_GREW) > 0);
    skip_all();
}

/* Others hold the memory: first nothing grows, then buffers go back to what
 * they began with; the right edge does not (pkt.c watches it). */
PKT(under_pressure_buffers_shrink)
{
    int64_t grown, half;

    pk.config.memory_max = 16 << 20;
    pk.config.buffer_budget = 450000;
    listens(8);
    connection(1);
    round_trip(1, FULL, RTT ms);
    round_trip(1, 20 * FULL, RTT ms);
    grown = rcvbuf();
    EXPECT_EQ(grown, wanted(20 * FULL));
    for (int n = 2; n < 9; n++) {
        connection(n);
        feed(n, 60 * FULL); /* and nobody reads */
    }
    flow(1);
    round_trip(1, FULL, RTT ms); /* a long pause is over */
    round_trip(1, 60 * FULL, RTT ms);
    half = rcvbuf();
    EXPECT(half < grown);
    for (int i = 0; i < 8; i++)
        round_trip(1, 20 * FULL, RTT ms);
    EXPECT(rcvbuf() < half);
    EXPECT(info().rcv_wnd <= FIRST);
}

/* Hard pressure: a few segments at a time, and on it goes. */
PKT(without_memory_the_window_is_a_few_segments)
{
    pk.config.buffer_budget = 1;
    listens(1);
    connection(1);
    for (int i = 0; i < 6; i++)
        round_trip(1, 10 * FULL, RTT ms);
    EXPECT(info().rcv_wnd < FIRST / 4); /* the rest of the first one */
    for (int i = 0; i < 8; i++)
        round_trip(1, 2 * FULL, RTT ms);
    EXPECT(info().rcv_wnd > 0);
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_RCVBUF), 2 * FIRST);
}

/* Scaled, a window can only be said in steps, upwards (SHLD-14); the steps of
 * many small segments must not add up to another buffer (RFC 7323 §2.4). */
PKT(rounding_does_not_open_the_window_for_ever)
{
    char text[64];

    flow(1);
    listens(1);
    connection(1);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, ". seq %d len 127 ack 1 win 512",
                 1 + 127 * i);
        in(text);
        skip_all();
    }
    EXPECT(info().bytes_received >= FIRST);
    EXPECT(info().bytes_received <= FIRST + FIRST / 16 + 128);
}

T_MAIN(BOTH(receive_buffer_grows_with_what_is_read),
       BOTH(a_slow_reader_needs_no_more), BOTH(without_delay_nothing_grows),
       BOTH(what_the_program_sets_stays),
       BOTH(a_size_in_the_configuration_stays),
       BOTH(the_letter_of_the_rfcs_knows_no_growth),
       BOTH(window_scale_is_for_the_maximum),
       BOTH(send_buffer_grows_with_cwnd), BOTH(under_pressure_buffers_shrink),
       BOTH(rounding_does_not_open_the_window_for_ever),
       BOTH(without_memory_the_window_is_a_few_segments))
