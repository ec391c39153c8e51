/* rfc9293_arrives_test.c: RFC 9293 §3.10.7.4: the eight steps, in each state
 * that comes to them.  A row says: in these states this segment gets this
 * answer and leads to that state.  RFC 5961 where §3.10.7.4 refers to it.
 */
#include "pkt.h"

#define IN(x) (1 << CW_##x)

enum {
    OPENING = IN(SYN_RECV),
    TEXT = IN(ESTABLISHED) | IN(FIN_WAIT1) | IN(FIN_WAIT2),
    OVER = IN(CLOSE_WAIT) | IN(CLOSING) | IN(LAST_ACK),
    WAITING = IN(TIME_WAIT),
    SYNCED = TEXT | OVER | WAITING,
    ALL = OPENING | SYNCED,
    SAME = -1,
};

#define ACK ". seq N ack R"

static const struct row {
    int         in_states;
    const char *got;
    const char *answer; /* "": none */
    int         next;   /* CW_* or GONE; SAME */
    int         error;  /* SO_ERROR afterwards */
} rows[] = {
    /* First: sequence number.  Unacceptable ones are acknowledged. */
    { ALL, ". seq R-10 len 5 ack N", ACK, SAME, 0 },
    { ALL, ". seq R-1 ack N", ACK, SAME, 0 },
    { ALL, ". seq R-2 len 1 ack N", ACK, SAME, 0 },
    { ALL, ". seq R+65535 ack N", ACK, SAME, 0 },
    { ALL, ". seq R+65535 len 9 ack N", ACK, SAME, 0 },
    { ALL, ". seq R+1000000000 len 9 ack N", ACK, SAME, 0 },
    { ALL, ". seq R-1000000000 len 9 ack N", ACK, SAME, 0 },
    { ALL & ~WAITING, "F. seq R+65535 ack N", ACK, SAME, 0 },
    /* ... unless they are resets */
    { ALL, "R seq R-1", "", SAME, 0 },
    { ALL, "R seq R+65535", "", SAME, 0 },
    { ALL, "R. seq R-1 ack N", "", SAME, 0 },

    /* Second: RST.  Exactly RCV.NXT counts, with data, too (SHLD-2). */
    { OPENING, "R seq R", "", GONE, CW_ECONNREFUSED },
    { OPENING, "R. seq R ack N", "", GONE, CW_ECONNREFUSED },
    { TEXT, "R seq R", "", GONE, CW_ECONNRESET },
    { TEXT, "R seq R len 10", "", GONE, CW_ECONNRESET },
    { TEXT, "R. seq R ack N+9999", "", GONE, CW_ECONNRESET },
    { IN(CLOSE_WAIT), "R seq R", "", GONE, CW_EPIPE },
    { IN(CLOSING) | IN(LAST_ACK) | WAITING, "R seq R", "", GONE, 0 },
    { ALL, "R seq R+1", ACK, SAME, 0 },
    { OPENING | TEXT, "R. seq R+65534 ack N", ACK, SAME, 0 },

    /* Fourth: SYN: a challenge ACK, whatever its sequence number. */
    { SYNCED & ~WAITING, "S seq R", ACK, SAME, 0 },
    { SYNCED & ~WAITING, "S seq R+100", ACK, SAME, 0 },
    { SYNCED, "S seq R-100000", ACK, SAME, 0 },
    { SYNCED, "S. seq R ack N", ACK, SAME, 0 },
    { SYNCED, "SF. seq R+5 len 5 ack N", ACK, SAME, 0 },
    { OPENING, "S seq R+100", ACK, SAME, 0 },

    /* Fifth: ACK.  Without one a segment is nothing. */
    { ALL & ~WAITING, "- seq R", "", SAME, 0 },
    { ALL & ~WAITING, "- seq R len 5", "", SAME, 0 },
    { ALL & ~WAITING, "F seq R len 5", "", SAME, 0 },
    { SYNCED, ". seq R ack N+1", ACK, SAME, 0 },
    { SYNCED, ". seq R ack N+100000", ACK, SAME, 0 },
    { SYNCED & ~WAITING, ". seq R len 5 ack N+1", ACK, SAME, 0 },
    { SYNCED & ~WAITING, "F. seq R len 5 ack N+1", ACK, SAME, 0 },
    { OPENING, ". seq R ack N-1", "R seq N-1", SAME, 0 },
    { OPENING, ". seq R ack N+1", "R seq N+1", SAME, 0 },
    { OPENING, ". seq R len 5 ack N+1", "R seq N+1", SAME, 0 },
    { OPENING, ". seq R ack N", "", CW_ESTABLISHED, 0 },
    /* MAY-12: older than any window the peer ever offered */
    { SYNCED & ~WAITING, ". seq R ack N-65537", ACK, SAME, 0 },
    { TEXT, ". seq R len 5 ack N-65538", ACK, SAME, 0 },
    { TEXT, ". seq R ack N-65530", "", SAME, 0 },
    { IN(FIN_WAIT1), ". seq R ack N", "", CW_FIN_WAIT2, 0 },
    { IN(CLOSING), ". seq R ack N", "", CW_TIME_WAIT, 0 },
    { IN(CLOSING), ". seq R ack N-1", "", SAME, 0 },
    { IN(LAST_ACK), ". seq R ack N", "", GONE, 0 },
    { IN(LAST_ACK), ". seq R ack N-1", "", SAME, 0 },
    { IN(ESTABLISHED) | IN(FIN_WAIT2) | IN(CLOSE_WAIT) | WAITING,
      ". seq R ack N", "", SAME, 0 },

    /* Seventh: text.  (The start of a connection acknowledges at once.) */
    { TEXT & ~IN(FIN_WAIT1), ". seq R len 5 ack N", ". seq N ack R+5", SAME,
      0 },
    { IN(FIN_WAIT1), ". seq R len 5 ack N-1", ". seq N ack R+5", SAME, 0 },
    { IN(FIN_WAIT1), ". seq R len 5 ack N", ". seq N ack R+5", CW_FIN_WAIT2,
      0 },
    { OPENING, ". seq R len 5 ack N", ". seq N ack R+5", CW_ESTABLISHED, 0 },
    /* the new part only, of what straddles either edge */
    { IN(ESTABLISHED), ". seq R-5 len 10 ack N", ". seq N ack R+5", SAME, 0 },

    /* Eighth: FIN */
    { OPENING, "F. seq R ack N", ". seq N ack R+1", CW_CLOSE_WAIT, 0 },
    { IN(ESTABLISHED), "F. seq R ack N", ". seq N ack R+1", CW_CLOSE_WAIT,
      0 },
    { IN(ESTABLISHED), "F. seq R len 7 ack N", ". seq N ack R+8",
      CW_CLOSE_WAIT, 0 },
    { IN(FIN_WAIT1), "F. seq R ack N-1", ". seq N ack R+1", CW_CLOSING, 0 },
    { IN(FIN_WAIT1), "F. seq R ack N", ". seq N ack R+1", CW_TIME_WAIT, 0 },
    { IN(FIN_WAIT2), "F. seq R ack N", ". seq N ack R+1", CW_TIME_WAIT, 0 },
    { OVER | WAITING, "F. seq R-1 ack N-1", ACK, SAME, 0 },
    { IN(ESTABLISHED), "FP. seq R-3 len 5 ack N", ". seq N ack R+3",
      CW_CLOSE_WAIT, 0 },
};

static void check(const struct row *r, enum cw_state st)
{
    t_row("in state %d: %s", st, r->got);
    pk_restart(0);
    given(st);
    in(r->got);
    if (r->answer[0])
        out(r->answer);
    nothing();
    state(r->next == SAME ? (int)st : r->next);
    if (pk.f->sd >= 0 && st != CW_TIME_WAIT)
        EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), r->error);
}

PKT(s3_10_7_4_each_step_in_each_state)
{
    unsigned n = 0;

    T_EACH (r, rows) {
        for (int st = CW_ESTABLISHED; st <= CW_CLOSING; st++) {
            if (!(r->in_states >> st & 1))
                continue;
            check(r, (enum cw_state)st);
            n++;
        }
    }
    EXPECT_GE(n, 200);
}

/* Seventh, where no text is expected any more: ignored, in whatever way. */
PKT(s3_10_7_4_text_after_the_fin)
{
    static const enum cw_state after_fin[] = { CW_CLOSE_WAIT, CW_CLOSING,
                                               CW_LAST_ACK };

    T_EACH (st, after_fin) {
        t_row("in state %d", *st);
        pk_restart(0);
        given(*st);
        in(". seq R len 5 ack N-1");
        nothing();
        state(*st);
        reads_result(0);
        in(". seq R ack N");
        nothing();
    }
}

/* Where SYN-RECEIVED came from LISTEN, the first steps are the same. */
static const struct {
    const char *got, *answer;
    int         next;
} embryo_rows[] = {
    { ". seq -9 len 5 ack 1", ". seq 1 ack 1", CW_SYN_RECV },
    { ". seq 65536 len 5 ack 1", ". seq 1 ack 1", CW_SYN_RECV },
    { ". seq 0 ack 1", ". seq 1 ack 1", CW_SYN_RECV },
    { "R seq 0", "", CW_SYN_RECV },
    { "R seq 65536", "", CW_SYN_RECV },
    { "R seq 2", ". seq 1 ack 1", CW_SYN_RECV },
    { "R seq 1", "", GONE },
    { "R seq 1 len 5", "", GONE },
    { "S seq 1", ". seq 1 ack 1", CW_SYN_RECV }, /* RFC 5961 §4.2 */
    { "S. seq 9 ack 1", ". seq 1 ack 1", CW_SYN_RECV },
    { "- seq 1 len 5", "", CW_SYN_RECV },
    { "F seq 1", "", CW_SYN_RECV },
    { ". seq 1 ack 0", "R seq 0", CW_SYN_RECV },
    { ". seq 1 ack 2", "R seq 2", CW_SYN_RECV },
    { "F. seq 1 len 5 ack 2", "R seq 2", CW_SYN_RECV },
    { ". seq 1 ack 1", "", CW_ESTABLISHED },
    { ". seq 5 ack 1", "", CW_ESTABLISHED },
    { ". seq 6 len 5 ack 1", ". seq 1 ack 1", CW_ESTABLISHED },
    { "F. seq 1 ack 1", ". seq 1 ack 2", CW_CLOSE_WAIT },
};

PKT(s3_10_7_4_passive_syn_received)
{
    T_EACH (r, embryo_rows) {
        t_row("%s", r->got);
        pk_restart(0);
        listens(1);
        in("S seq 0 mss 1000");
        out("S. seq 0 ack 1 mss M");
        in(r->got);
        if (r->answer[0])
            out(r->answer);
        nothing();
        state(r->next);
    }
}

/* Fifth: "The check here prevents using old segments to update the window."
 */
PKT(s3_10_7_4_old_segments_do_not_move_the_window)
{
    passive("mss 1000");
    sends(100);
    out("P. seq 1 len 100 ack 1");
    in(". seq 1 len 10 ack 101 win 5000");
    out(". seq 101 ack 11");
    EXPECT_EQ(info().snd_wnd, 5000);
    in(". seq 11 ack 1 win 7000"); /* older by ACK alone: WL1 decides */
    EXPECT_EQ(info().snd_wnd, 5000);
    in(". seq 5 len 6 ack 101 win 9000"); /* older by SEQ */
    out(". seq 101 ack 11");
    EXPECT_EQ(info().snd_wnd, 5000);
    in(". seq 11 ack 101 win 4000");
    EXPECT_EQ(info().snd_wnd, 4000);
}

/* SEG.ACK < SND.UNA is a duplicate: it can be ignored, but not its text. */
PKT(s3_10_7_4_text_with_an_old_ack)
{
    passive("mss 1000");
    sends(100);
    out("P. seq 1 len 100 ack 1");
    in(". seq 1 ack 101");
    in(". seq 1 len 10 ack 51");
    out(". seq 101 ack 11");
    reads(10);
}

/* RFC 5961 §7: challenge ACKs are throttled, and come again later. */
PKT(rfc5961_7_challenges_are_throttled)
{
    int sent = 0;

    given(CW_ESTABLISHED);
    for (int i = 0; i < 500; i++) {
        uint64_t before = counter(COUNT_TCP_CHALLENGE_ACKS);

        in("S seq R+5");
        if (counter(COUNT_TCP_CHALLENGE_ACKS) > before) {
            out(ACK " why tx-challenge");
            sent++;
        }
    }
    EXPECT_GE(sent, CHALLENGE_ACKS / 2);
    EXPECT_LT(sent, CHALLENGE_ACKS * 3 / 2);
    EXPECT_EQ(counter(COUNT_TCP_CHALLENGE_HELD), 500 - sent);
    quiet(1 sec);
    in("R seq R+5");
    out(ACK " why tx-challenge");
}

/* The user is told of a reset once; what had come before it is gone with
 * "all segment queues should be flushed" or still read, but never followed
 * by a clean end (MUST-12). */
PKT(s3_10_7_4_reset_is_told_once)
{
    given(CW_ESTABLISHED);
    in("R seq R");
    EXPECT(cw_ready(pk.st, pk.f->sd) & CW_POLLERR);
    reads_result(-CW_ECONNRESET);
    reads_result(0);
    EXPECT_EQ(cw_send(pk.st, pk.f->sd, "x", 1, 0, pk.now), -CW_EPIPE);
}

T_MAIN(BOTH(s3_10_7_4_each_step_in_each_state),
       BOTH(s3_10_7_4_text_after_the_fin),
       BOTH(s3_10_7_4_passive_syn_received),
       BOTH(s3_10_7_4_old_segments_do_not_move_the_window),
       BOTH(s3_10_7_4_text_with_an_old_ack),
       BOTH(rfc5961_7_challenges_are_throttled),
       BOTH(s3_10_7_4_reset_is_told_once))
