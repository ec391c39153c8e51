/* rfc9293_receive_test.c: the receiving side: reassembly (§3.10.7.4 seventh
 * step, SHLD-31), when to acknowledge (§3.8.6.3, RFC 5681 §4.2, DESIGN's
 * decisions), what window to offer (§3.8.6.2.2, §3.8.6).
 */
#include "pkt.h"

/* The quick ACKs of a connection's start, used up. */
static void past_the_start(void)
{
    passive("mss 1000");
    for (int i = 1; i <= 16; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1 ack 1", i);
        in(text);
        snprintf(text, sizeof text, ". seq 1 ack %d why tx-quickack", i + 1);
        out(text);
    }
    reads(16);
}

/* ---- when to acknowledge ------------------------------------------------- */

PKT(s3_8_6_3_quick_acks_then_delayed)
{
    past_the_start();
    in(". seq 17 len 100 ack 1");
    after(40 ms, ". seq 1 ack 117 why tx-ack-delayed");
    in(". seq 117 len 100 ack 1");
    quiet(30 ms);
    in(". seq 217 len 50 ack 1"); /* the delay counts from the first */
    after(10 ms, ". seq 1 ack 267 why tx-ack-delayed");
    quiet(60 sec);
}

/* strict: RFC 5681 §4.2 without the quick start. MUST-40: below 500 ms. */
PKT(s3_8_6_3_delayed_from_the_first_on)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000");
    in(". seq 1 len 100 ack 1");
    after(200 ms, ". seq 1 ack 101 why tx-ack-delayed");
}

/* SHLD-19: never behind a second full segment, or as many bytes. */
PKT(s3_8_6_3_every_second_full_segment)
{
    past_the_start();
    for (int i = 0; i < 4; i++) {
        char text[64];
        int  at = 17 + 2000 * i;

        snprintf(text, sizeof text, ". seq %d len 1000 ack 1", at);
        in(text);
        nothing();
        snprintf(text, sizeof text, ". seq %d len 1000 ack 1", at + 1000);
        in(text);
        snprintf(text, sizeof text, ". seq 1 ack %d why tx-ack-2nd",
                 at + 2000);
        out(text);
    }
    in(". seq 8017 len 500 ack 1");
    in(". seq 8517 len 500 ack 1");
    in(". seq 9017 len 500 ack 1");
    nothing();
    in(". seq 9517 len 500 ack 1");
    out(". seq 1 ack 10017");
    quiet(1 sec);
}

/* An ACK that waits rides on data. */
PKT(s3_8_6_3_piggyback)
{
    past_the_start();
    in(". seq 17 len 100 ack 1");
    quiet(39 ms);
    sends(10);
    out("P. seq 1 len 10 ack 117");
    in(". seq 117 ack 11");
    quiet(60 sec);
}

/* MUST-58, MUST-59: one ACK for what came together. */
PKT(s3_10_7_4_a_burst_gets_one_ack)
{
    passive("mss 1000");
    burst();
    in(". seq 1 len 1000 ack 1");
    in(". seq 1001 len 1000 ack 1");
    in(". seq 2001 len 1000 ack 1");
    in(". seq 3001 len 1000 ack 1");
    in(". seq 4001 len 1000 ack 1");
    go();
    out(". seq 1 ack 5001");
    quiet(1 sec);
}

/* ... but duplicate ACKs are counted by a peer without SACK. */
PKT(s3_10_7_4_a_burst_out_of_order)
{
    passive("mss 1000");
    burst();
    in(". seq 1001 len 1000 ack 1");
    in(". seq 2001 len 1000 ack 1");
    in(". seq 3001 len 1000 ack 1");
    go();
    out(". seq 1 ack 1 why tx-dupack-of-3");
    out(". seq 1 ack 1 why tx-dupack-of-3");
    out(". seq 1 ack 1 why tx-dupack-of-3");
    quiet(1 sec);
}

/* RFC 5681 §4.2: out of order: a duplicate ACK at once; what fills a gap,
 * wholly or in part: at once. */
PKT(rfc5681_4_2_out_of_order_at_once)
{
    past_the_start();
    in(". seq 1017 len 1000 ack 1");
    out(". seq 1 ack 17 why tx-dupack-of-3");
    in(". seq 2017 len 1000 ack 1");
    out(". seq 1 ack 17 why tx-dupack-of-3");
    in(". seq 4017 len 1000 ack 1");
    out(". seq 1 ack 17 why tx-dupack-of-3");
    in(". seq 5017 len 1000 ack 1");
    out(". seq 1 ack 17 why tx-dupack");
    in(". seq 17 len 500 ack 1"); /* in part */
    out(". seq 1 ack 517 why tx-ack-hole");
    in(". seq 517 len 500 ack 1");
    out(". seq 1 ack 3017 why tx-ack-hole");
    in(". seq 3017 len 1000 ack 1");
    out(". seq 1 ack 6017 why tx-ack-hole");
    reads(6000);
    quiet(1 sec);
}

PKT(s3_10_7_4_duplicates_at_once)
{
    past_the_start();
    in(". seq 17 len 1000 ack 1");
    in(". seq 1017 len 1000 ack 1");
    out(". seq 1 ack 2017");
    in(". seq 17 len 1000 ack 1");
    out(". seq 1 ack 2017 why tx-ack-old");
    in(". seq 17 len 1000 ack 1");
    out(". seq 1 ack 2017 why tx-ack-old");
    EXPECT_EQ(counter(COUNT_TCP_DUP_SEGS_IN), 2);
    reads(2000);
    reads_result(-CW_EAGAIN);
}

/* ---- reassembly ---------------------------------------------------------- */

/* Each order of the same pieces, overlapping or not, gives the same bytes. */
// clang-format off
static const struct piece_row {
    struct {
        int seq, len;
    } piece[5];
} piece_rows[] = {
    { { { 1, 100 }, { 101, 100 }, { 201, 100 }, { 301, 100 }, { 401, 100 } } },
    { { { 1, 150 }, { 101, 150 }, { 201, 150 }, { 301, 150 }, { 401, 100 } } },
    { { { 1, 500 }, { 101, 10 }, { 201, 10 }, { 50, 400 }, { 401, 100 } } },
    { { { 1, 1 }, { 2, 1 }, { 3, 497 }, { 1, 500 }, { 500, 1 } } },
    { { { 1, 300 }, { 201, 300 }, { 101, 100 }, { 301, 100 }, { 1, 1 } } },
    { { { 1, 250 }, { 251, 250 }, { 240, 20 }, { 251, 250 }, { 1, 250 } } },
};
// clang-format on

static void in_piece(const struct piece_row *r, int i)
{
    char text[64];

    snprintf(text, sizeof text, ". seq %d len %d ack 1", r->piece[i].seq,
             r->piece[i].len);
    burst(); /* whatever it is answered with */
    in(text);
    go();
    while (pk_skip())
        ;
}

static void permute(const struct piece_row *r, int n)
{
    int order[5] = { 0, 1, 2, 3, 4 };

    for (int i = 0; i < 5; i++) { /* the n-th of 120 */
        int k = i + n % (5 - i), was = order[k];

        n /= 5 - i;
        memmove(order + i + 1, order + i, sizeof(int) * (size_t)(k - i));
        order[i] = was;
    }
    for (int i = 0; i < 5; i++)
        in_piece(r, order[i]);
}

PKT(s3_10_7_4_any_order_any_overlap)
{
    int64_t flows = 0;

    listens(8);
    T_EACH (r, piece_rows) {
        for (int n = 0; n < 120; n++) {
            t_row("row %d, order %d", (int)(r - piece_rows), n);
            flow((int)(flows++ % 8));
            renumber((uint32_t)(n - 512));
            in("S seq 0 mss 1000");
            out("S. seq 0 ack 1 mss M");
            in(". seq 1 ack 1");
            accepts();
            permute(r, n);
            reads(500);
            reads_result(-CW_EAGAIN);
            EXPECT_EQ(info().rcv_nxt - info().irs, 501);
            in("R seq 501");
            closes();
        }
    }
}

/* A FIN that lies behind a hole waits there (eighth step). */
PKT(s3_10_7_4_fin_out_of_order)
{
    passive("mss 1000");
    in("F. seq 101 len 100 ack 1");
    out(". seq 1 ack 1");
    state(CW_ESTABLISHED);
    reads_result(-CW_EAGAIN);
    in(". seq 1 len 100 ack 1");
    out(". seq 1 ack 202");
    state(CW_CLOSE_WAIT);
    reads(200);
    reads_result(0);
}

PKT(s3_10_7_4_bare_fin_out_of_order)
{
    passive("mss 1000");
    in("F. seq 101 ack 1");
    out(". seq 1 ack 1");
    in(". seq 1 len 50 ack 1");
    out(". seq 1 ack 51");
    state(CW_ESTABLISHED);
    in(". seq 51 len 50 ack 1");
    out(". seq 1 ack 102");
    state(CW_CLOSE_WAIT);
}

/* ---- the window ---------------------------------------------------------- */

/* "If a segment's contents straddle the boundary" of the window's right
 * edge, what lies beyond is not taken. */
PKT(s3_10_7_4_right_edge)
{
    pk.config.rcvbuf = 4000;
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 4000 mss M");
    in(". seq 1 ack 1");
    accepts();
    in(". seq 3901 len 1000 ack 1"); /* to 4001 */
    out(". seq 1 ack 1 win 4000");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001 win 3000");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 2001 win 2000");
    in(". seq 2001 len 1000 ack 1");
    out(". seq 1 ack 3001 win 1000");
    in("F. seq 3001 len 1300 ack 1"); /* its FIN is beyond, too */
    out(". seq 1 ack 4001 win 0");
    state(CW_ESTABLISHED);
    reads(4000);
    out(". seq 1 ack 4001 win 4000 why tx-window");
    in("F. seq 4001 len 300 ack 1");
    out(". seq 1 ack 4302");
    reads(300);
    reads_result(0);
}

/* A buffer of 4000 bytes, full: the window is zero. */
static void fill_up(void)
{
    pk.config.rcvbuf = 4000;
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 4000 mss M");
    in(". seq 1 ack 1");
    accepts();
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001 win 3000");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 2001 win 2000");
    in(". seq 2001 len 1000 ack 1");
    out(". seq 1 ack 3001 win 1000");
    in("P. seq 3001 len 1000 ack 1");
    out(". seq 1 ack 4001 win 0");
}

/* MUST-39: from zero it opens by min(buffer / 2, MSS), and not by less. */
PKT(s3_8_6_2_2_silly_window)
{
    fill_up();
    reads(1);
    reads(1438);
    nothing();
    reads(pk.v6 ? 1 : 21);
    out(". seq 1 ack 4001 win M why tx-window");
    quiet(60 sec);
}

/* A probe of the closed window is answered, its octet not taken (MUST-66's
 * neighbour: "no segments will be acceptable"). */
PKT(s3_8_6_1_probes_are_answered)
{
    fill_up();
    for (int i = 0; i < 3; i++) {
        in(". seq 4001 len 1 ack 1");
        out(". seq 1 ack 4001 win 0");
    }
    in(". seq 4000 ack 1"); /* Linux's kind of probe */
    out(". seq 1 ack 4001 win 0");
    reads(4000);
    out(". seq 1 ack 4001 win 4000");
    in(". seq 4001 len 1 ack 1");
    out(". seq 1 ack 4002");
}

/* MUST-66, Table 6's "special allowance": ACK, RST and URG count. */
PKT(s3_10_7_4_zero_window_ack)
{
    fill_up();
    sends(100);
    out("P. seq 1 len 100 ack 4001 win 0");
    in(". seq 4001 ack 51");
    EXPECT_EQ(info().snd_una - info().iss, 51);
    in(". seq 4001 len 1 ack 101");
    out(". seq 101 ack 4001 win 0");
    EXPECT_EQ(info().snd_una - info().iss, 101);
    quiet(60 sec);
}

PKT(s3_10_7_4_zero_window_rst)
{
    fill_up();
    in("R seq 4001");
    state(GONE);
}

PKT(s3_10_7_4_zero_window_urg)
{
    fill_up();
    in("U. seq 4001 ack 1 up 5");
    EXPECT(cw_ready(pk.st, pk.f->sd) & CW_POLLIN);
    EXPECT_EQ(counter(COUNT_TCP_URGENT_IN), 1);
}

/* The window tells of the buffer: it falls with each byte that is not read,
 * and rises again with the next ACK. */
PKT(s3_8_6_window_follows_the_buffer)
{
    passive("mss 1000");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001 win 64535");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 2001 win 63535");
    reads(2000);
    nothing(); /* no segment for this alone: the window is wide */
    in(". seq 2001 len 1000 ack 1");
    out(". seq 1 ack 3001 win 64536");
}

/* RFC 9293 §3.8.6: the sender must not be left waiting: the window is told
 * when it has opened a good deal. */
PKT(s3_8_6_window_update)
{
    pk.config.rcvbuf = 10000;
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 10000 mss M");
    in(". seq 1 ack 1");
    accepts();
    for (int i = 0; i < 8; i++) {
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1000 ack 1", 1 + 1000 * i);
        in(text);
        snprintf(text, sizeof text, ". seq 1 ack %d win %d", 1001 + 1000 * i,
                 9000 - 1000 * i);
        out(text);
    }
    reads(1000);
    nothing();
    reads(7000);
    out(". seq 1 ack 8001 win 10000 why tx-window");
}

T_MAIN(BOTH(s3_8_6_3_quick_acks_then_delayed),
       BOTH(s3_8_6_3_delayed_from_the_first_on),
       BOTH(s3_8_6_3_every_second_full_segment), BOTH(s3_8_6_3_piggyback),
       BOTH(s3_10_7_4_a_burst_gets_one_ack),
       BOTH(s3_10_7_4_a_burst_out_of_order),
       BOTH(rfc5681_4_2_out_of_order_at_once),
       BOTH(s3_10_7_4_duplicates_at_once),
       BOTH(s3_10_7_4_any_order_any_overlap),
       BOTH(s3_10_7_4_fin_out_of_order),
       BOTH(s3_10_7_4_bare_fin_out_of_order), BOTH(s3_10_7_4_right_edge),
       BOTH(s3_8_6_2_2_silly_window), BOTH(s3_8_6_1_probes_are_answered),
       BOTH(s3_10_7_4_zero_window_ack), BOTH(s3_10_7_4_zero_window_rst),
       BOTH(s3_10_7_4_zero_window_urg),
       BOTH(s3_8_6_window_follows_the_buffer), BOTH(s3_8_6_window_update))
