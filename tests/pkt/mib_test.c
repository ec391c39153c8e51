/* mib_test.c: each of TCP's counters moves when its event happens, by as much,
 * and the others stay: RFC 4022 and Linux's TcpExt.
 */
#include "pkt.h"

/* The counters before, and how they are expected to differ. */
static uint64_t was[COUNT_COUNT_OF];
static int      moved[COUNT_COUNT_OF];

static void look(void)
{
    for (unsigned i = 0; i < COUNT_COUNT_OF; i++) {
        was[i] = counter((enum count)i);
        moved[i] = 0;
    }
}

static void by(enum count c, int n)
{
    moved[c] = n;
}

/* Of what TCP counts, this has moved since look() and nothing else. */
static void only_these(void)
{
    for (unsigned i = COUNT_TCP_ACTIVE_OPENS; i < COUNT_NO_MEMORY; i++) {
        t_row("%s", count_name(i));
        EXPECT_EQ(counter((enum count)i) - was[i], moved[i]);
    }
}

PKT(rfc4022_passive_open)
{
    listens(1);
    look();
    in("S seq 0 win 1000 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1");
    by(COUNT_TCP_PASSIVE_OPENS, 1);
    by(COUNT_TCP_CURR_ESTAB, 1);
    by(COUNT_TCP_IN_SEGS, 2);
    by(COUNT_TCP_OUT_SEGS, 1);
    by(COUNT_TCP_PURE_ACKS, 1);
    only_these();
}

PKT(rfc4022_active_open_refused)
{
    dials();
    EXPECT(pk_skip());
    EXPECT_EQ(counter(COUNT_TCP_ACTIVE_OPENS), 1);
    EXPECT_EQ(counter(COUNT_TCP_OUT_SEGS), 1);
    look();
    in("R. seq 0 ack 1");
    by(COUNT_TCP_ATTEMPT_FAILS, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    only_these();
    closes();
}

PKT(rfc4022_reset_from_the_peer)
{
    passive("mss 1000");
    look();
    in("R seq 1");
    by(COUNT_TCP_ESTAB_RESETS, 1);
    by(COUNT_TCP_CURR_ESTAB, -1);
    by(COUNT_TCP_IN_SEGS, 1);
    only_these();
}

PKT(rfc4022_reset_by_us)
{
    passive("mss 1000");
    lingers(0);
    look();
    closes();
    EXPECT(pk_skip());
    by(COUNT_TCP_ABORT_ON_LINGER, 1);
    by(COUNT_TCP_CURR_ESTAB, -1);
    by(COUNT_TCP_OUT_SEGS, 1);
    by(COUNT_TCP_OUT_RSTS, 1);
    only_these();
}

PKT(rfc4022_retransmission)
{
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    look();
    pk_step();
    EXPECT(pk_skip());
    by(COUNT_TCP_RETRANS_SEGS, 1);
    by(COUNT_TCP_TIMEOUTS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(data_first_sent)
{
    passive("mss 1000");
    look();
    sends(2000);
    while (pk_skip())
        continue;
    in(". seq 1 ack 2001");
    by(COUNT_TCP_ORIG_DATA_SENT, 2);
    by(COUNT_TCP_OUT_SEGS, 2);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_PURE_ACKS, 1);
    only_these();
}

PKT(syn_ack_sent_again)
{
    listens(1);
    in("S seq 0 win 1000 mss 1000");
    EXPECT(pk_skip());
    look();
    after(1 sec, "S. seq 0 ack 1 win 65535 mss M");
    by(COUNT_TCP_RETRANS_SEGS, 1);
    by(COUNT_TCP_SYN_RETRANS, 1);
    by(COUNT_TCP_TIMEOUTS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
    in("R seq 1");
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_ATTEMPT_FAILS, 1);
    by(COUNT_TCP_EMBRYONIC_RSTS, 1);
    only_these();
}

PKT(syn_into_a_connection)
{
    passive("mss 1000");
    look();
    in("S seq 1 win 1000");
    EXPECT(pk_skip());
    by(COUNT_TCP_SYN_CHALLENGE, 1);
    by(COUNT_TCP_CHALLENGE_ACKS, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(out_of_order_and_twice)
{
    passive("mss 1000 sackOK");
    look();
    in(". seq 101 len 100 ack 1");
    EXPECT(pk_skip());
    by(COUNT_TCP_OOO_SEGS_IN, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
    in(". seq 101 len 100 ack 1"); /* again, above RCV.NXT */
    EXPECT(pk_skip());
    by(COUNT_TCP_DUP_SEGS_IN, 1);
    by(COUNT_TCP_DSACK_OFO_SENT, 1);
    by(COUNT_TCP_IN_SEGS, 2);
    by(COUNT_TCP_OUT_SEGS, 2);
    only_these();
    in(". seq 1 len 100 ack 1");
    EXPECT(pk_skip());
    look();
    in(". seq 1 len 100 ack 1"); /* again, below */
    EXPECT(pk_skip());
    by(COUNT_TCP_DUP_SEGS_IN, 1);
    by(COUNT_TCP_DSACK_OLD_SENT, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(time_wait)
{
    given(CW_FIN_WAIT2);
    look();
    in("F. seq 1 ack 2");
    EXPECT(pk_skip());
    by(COUNT_TCP_TIMEWAIT, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(a_timestamp_from_before)
{
    listens(1);
    in("S seq 0 mss 1000 ts 100 0");
    EXPECT(pk_skip());
    in(". seq 1 ack 1 ts 120 0");
    accepts();
    look();
    in(". seq 1 len 10 ack 1 ts 50 0");
    while (pk_skip())
        continue;
    by(COUNT_TCP_PAWS, 1);
    by(COUNT_TCP_CHALLENGE_ACKS, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(closed_with_bytes_unread)
{
    passive("mss 1000");
    in(". seq 1 len 10 ack 1");
    EXPECT(pk_skip());
    look();
    closes();
    EXPECT(pk_skip());
    by(COUNT_TCP_ABORT_ON_CLOSE, 1);
    by(COUNT_TCP_CURR_ESTAB, -1);
    by(COUNT_TCP_OUT_SEGS, 1);
    by(COUNT_TCP_OUT_RSTS, 1);
    only_these();
}

PKT(delayed_ack)
{
    passive("mss 1000");
    for (int i = 0; i < 16; i++) { /* past the quick ones */
        char text[64];

        snprintf(text, sizeof text, ". seq %d len 1 ack 1", i + 1);
        in(text);
        EXPECT(pk_skip());
    }
    look();
    in(". seq 17 len 10 ack 1");
    after(40 ms, ". seq 1 ack 27");
    by(COUNT_TCP_DELAYED_ACKS, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    by(COUNT_TCP_OUT_SEGS, 1);
    only_these();
}

PKT(more_than_the_backlog)
{
    listens(0);
    flow(1);
    in("S seq 0 win 1000 mss 1000");
    EXPECT(pk_skip());
    in(". seq 1 ack 1");
    flow(2);
    look();
    in("S seq 0 win 1000 mss 1000");
    by(COUNT_TCP_LISTEN_DROPS, 1);
    by(COUNT_TCP_IN_SEGS, 1);
    only_these();
}

T_MAIN(BOTH(rfc4022_passive_open), BOTH(rfc4022_active_open_refused),
       BOTH(rfc4022_reset_from_the_peer), BOTH(rfc4022_reset_by_us),
       BOTH(rfc4022_retransmission), BOTH(data_first_sent),
       BOTH(syn_ack_sent_again), BOTH(syn_into_a_connection),
       BOTH(out_of_order_and_twice), BOTH(time_wait),
       BOTH(a_timestamp_from_before), BOTH(closed_with_bytes_unread),
       BOTH(delayed_ack), BOTH(more_than_the_backlog))
