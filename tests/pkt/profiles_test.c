/* profiles_test.c: what each profile promises, seen on the wire.  A row of
 * `rows` is a column of docs/decisions/README.md; the contradictions between
 * RFCs (docs/decisions) are decided here, one test each.
 */
#include "pkt.h"

static const struct row {
    const char *name;
    int         initial_window; /* segments of 1000 bytes */
    int         grows_by;       /* bytes, for an ACK of two segments */
    int         at_once;        /* segments that are acknowledged at once */
    cw_ns       delack, rto;    /* of a round trip of 10 ms, RTTVAR settled */
    int         syns;           /* sent again */
    cw_ns       two_msl, fin_wait_2, rto_max;
    const char *syn;
} rows[] = {
    [CW_PROFILE_DEPLOYED] = { "deployed", 10, 2000, 16, 40 ms, 200 ms, 6,
                              60 sec, 60 sec, 120 sec,
                              "S seq 0 mss M sackOK ts * 0 wscale 7" },
    [CW_PROFILE_STRICT] = { "strict", 4, 1000, 0, 200 ms, 1 sec, 7, 240 sec,
                            600 sec, 60 sec,
                            "S seq 0 mss M sackOK ts * 0 wscale 7" },
    [CW_PROFILE_CLASSIC] = { "classic", 4, 1000, 0, 200 ms, 1 sec, 7, 60 sec,
                             600 sec, 64 sec, "S seq 0 mss M" },
};

static void begin(const struct row *r)
{
    t_row("%s", r->name);
    pk_restart(0);
    pk.config.profile = (enum cw_profile)(r - rows);
}

static const char *text(const char *format, int a, int b)
{
    static char line[96];

    snprintf(line, sizeof line, format, a, b);
    return line;
}

/* [RFC5681-3.1-b] [RFC6928-2-a] */
PKT(initial_window)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        sends(20000);
        for (int i = 0; i < r->initial_window; i++)
            out(text(". seq %d len 1000 ack 1", 1000 * i + 1, 0));
        nothing();
    }
}

/* [RFC5681-3.1-g] eq. (2) against RFC 3465 §2.3 and RFC 9406 §4.3 */
PKT(slow_start)
{
    T_EACH (r, rows) {
        uint32_t before;

        begin(r);
        passive("mss 1000");
        sends(40000);
        while (pk_skip())
            continue;
        before = info().cwnd_bytes;
        in(". seq 1 ack 2001");
        EXPECT_EQ(info().cwnd_bytes - before, (uint32_t)r->grows_by);
        while (pk_skip())
            continue;
    }
}

/* [MUST-40] [SHLD-18]; RFC 1122 §4.2.3.2 knows no quick ACKs */
PKT(delayed_ack)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        for (int i = 0; i < r->at_once; i++) {
            in(text(". seq %d len 10 ack 1", 10 * i + 1, 0));
            out(text(". seq 1 ack %d", 10 * i + 11, 0));
        }
        in(text(". seq %d len 10 ack 1", 10 * r->at_once + 1, 0));
        after(r->delack, text(". seq 1 ack %d", 10 * r->at_once + 11, 0));
    }
}

/* [RFC6298-2.4-a] [RFC6298-2.5-a] */
PKT(retransmission_timeout)
{
    T_EACH (r, rows) {
        cw_ns wait = r->rto;

        begin(r);
        passive("mss 1000");
        wait = ns_max(wait, info().rto); /* SRTT is a nanosecond here */
        EXPECT_LT(wait - r->rto, 10);
        sends(10);
        out("P. seq 1 len 10 ack 1");
        for (int i = 0; i < 12; i++) {
            after(wait, "P. seq 1 len 10 ack 1 why tx-rto");
            wait = ns_min(2 * wait, r->rto_max);
        }
        EXPECT_EQ(wait, r->rto_max);
    }
}

/* RFC 9293 §3.8.3: MUST-23 and how often that is */
PKT(opening)
{
    T_EACH (r, rows) {
        int again = 0;

        begin(r);
        dials();
        out(r->syn);
        while (pk_state() != GONE) {
            pk_step();
            again += pk_skip();
        }
        EXPECT_EQ(again, r->syns);
    }
}

/* [MUST-13] RFC 9293 §3.4.2: MSL */
PKT(time_wait)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        closes();
        out("F. seq 1 ack 1");
        in("F. seq 1 ack 2");
        out(". seq 2 ack 2");
        quiet(r->two_msl - 1);
        state(CW_TIME_WAIT);
        quiet(1);
        state(GONE);
    }
}

/* Not in the RFC: nobody is left to read. */
PKT(fin_wait_2)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        closes();
        out("F. seq 1 ack 1");
        in(". seq 1 ack 2");
        quiet(r->fin_wait_2 - 1);
        state(CW_FIN_WAIT2);
        quiet(1);
        state(GONE);
    }
}

/* ---- docs/decisions, one by one ------------------------------------------ */

/* 01: the body's words govern, not Appendix B's table: keep-alives are a MAY
 * and off. [MUST-25] */
PKT(d01_no_keepalive_unless_asked_for)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        quiet(86400 sec);
        state(CW_ESTABLISHED);
    }
}

/* 04: RFC 2018 §5.1 forgets after a timeout what was SACKed; RFC 6675 §5.1
 * keeps it.  RACK sends the first again before that. [RFC2018-5.1-a] */
PKT(d04_sack_after_a_timeout)
{
    static const bool     forgets[] = { false, true, false };
    static const unsigned agains[] = { 2, 2, 1 };

    T_EACH (r, rows) {
        begin(r);
        pk.config.offer = CW_OFFER_SACK;
        passive("mss 1000 sackOK");
        sends(3000);
        out(". seq 1 len 1000 ack 1");
        out(". seq 1001 len 1000 ack 1");
        out("P. seq 2001 len 1000 ack 1");
        in(". seq 1 ack 1 sack 1001-2001");
        for (unsigned n = 0; n < agains[r - rows]; n++)
            while (!pk_skip())
                pk_step();
        in(". seq 1 ack 1001"); /* the first was lost, nothing else */
        if (forgets[r - rows])
            out(". seq 1001 len 1000 ack 1");
        out("P. seq 2001 len 1000 ack 1");
        nothing();
    }
}

/* 05: RFC 7323 §3.2: a segment that lacks the timestamp is dropped; hosts
 * take it. [RFC7323-3.2-b] */
PKT(d05_missing_timestamp)
{
    static const bool drops[] = { false, true, true };

    T_EACH (r, rows) {
        begin(r);
        pk.config.offer = CW_OFFER_TIMESTAMPS;
        passive("mss 1000 ts 1 0");
        in("P. seq 1 len 10 ack 1");
        EXPECT_EQ(pk.dropped == WHY_NO_TIMESTAMP, drops[r - rows]);
        EXPECT_EQ(info().bytes_received, drops[r - rows] ? 0u : 10u);
        EXPECT_EQ(pk_skip(), !drops[r - rows]); /* a quick ACK */
        quiet(500 ms);
    }
}

/* 06: back to LISTEN [RFC9293-3.10.7.4-j]; RFC 5961 §4.2: a challenge ACK */
PKT(d06_syn_in_syn_received)
{
    T_EACH (r, rows) {
        bool returns = r - rows != CW_PROFILE_DEPLOYED;

        begin(r);
        listens(1);
        in("S seq 0 mss 1000");
        out("S. seq 0 ack 1 mss M");
        in("S seq 100 mss 1000");
        if (!returns)
            out(". seq 1 ack 1 why tx-challenge");
        nothing();
        state(returns ? GONE : CW_SYN_RECV);
    }
}

/* 06: the challenge costs a restarted peer no more than a round trip. */
PKT(d06_a_restarted_peer_gets_in)
{
    listens(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in("S seq 100 mss 1000"); /* it has forgotten, and tries again */
    out(". seq 1 ack 1");
    in("R seq 1"); /* its answer to an ACK that it did not expect */
    state(GONE);
    in("S seq 100 mss 1000");
    out("S. seq 0 ack 101 mss M");
    in(". seq 101 ack 1");
    state(CW_ESTABLISHED);
}

/* 07: hard errors abort [SHLD-26], soft ones do not [MUST-56]; RFC 5461 §2:
 * nor hard ones what is established. */
PKT(d07_hard_icmp_errors)
{
    T_EACH (r, rows) {
        bool aborts = r - rows == CW_PROFILE_STRICT;

        begin(r);
        passive("mss 1000");
        sends(10);
        out("P. seq 1 len 10 ack 1");
        icmp(UNREACH_HOST, 1, 0); /* soft */
        state(CW_ESTABLISHED);
        icmp(UNREACH_PORT, 1, 0);
        state(aborts ? GONE : CW_ESTABLISHED);
        if (aborts)
            reads_result(-CW_ECONNREFUSED);
    }
}

/* 07: whatever the profile, only what is in flight can be meant (RFC 5927
 * §4.1). [RFC5927-4.1-a] */
PKT(d07_forged_icmp_errors)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        sends(10);
        out("P. seq 1 len 10 ack 1");
        icmp(UNREACH_PORT, 5000, 0);
        state(CW_ESTABLISHED);
    }
}

/* 08: ABORT deletes the TCB (§3.10.5); no TIME-WAIT follows a RST. */
PKT(d08_no_time_wait_after_abort)
{
    T_EACH (r, rows) {
        begin(r);
        passive("mss 1000");
        lingers(0);
        closes();
        out("R. seq 1 ack 1");
        state(GONE);
        in(". seq 1 len 10 ack 1");
        out("R seq 1"); /* nobody remembers it */
    }
}

T_MAIN(BOTH(initial_window), BOTH(slow_start), BOTH(delayed_ack),
       BOTH(retransmission_timeout), BOTH(opening), BOTH(time_wait),
       BOTH(fin_wait_2), BOTH(d01_no_keepalive_unless_asked_for),
       BOTH(d04_sack_after_a_timeout), BOTH(d05_missing_timestamp),
       BOTH(d06_syn_in_syn_received), BOTH(d06_a_restarted_peer_gets_in),
       BOTH(d07_hard_icmp_errors), BOTH(d07_forged_icmp_errors),
       BOTH(d08_no_time_wait_after_abort))
