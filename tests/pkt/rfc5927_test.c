/* rfc5927_test.c: what ICMP errors do to connections: RFC 9293 §3.9.2.2, RFC
 * 5927 §4.1, RFC 5461 §4, RFC 6633.
 */
#include "pkt.h"

static const struct row {
    enum icmp   kind;
    int         error4, error6; /* what a program gets */
    bool        hard;           /* RFC 9293 §3.9.2.2: PROTO, PORT */
    const char *name;
} rows[] = {
    { UNREACH_NET, CW_ENETUNREACH, CW_ENETUNREACH, false, "net" },
    { UNREACH_HOST, CW_EHOSTUNREACH, CW_EHOSTUNREACH, false, "host" },
    { UNREACH_PROTO, CW_ENOPROTOOPT, CW_EPROTO, true, "protocol" },
    { UNREACH_PORT, CW_ECONNREFUSED, CW_ECONNREFUSED, true, "port" },
    { UNREACH_ADMIN, CW_EHOSTUNREACH, CW_EACCES, false, "admin" },
    { TIME_EXCEEDED, CW_EHOSTUNREACH, CW_EHOSTUNREACH, false, "ttl" },
    { PARAM_PROBLEM, CW_EPROTO, CW_EPROTO, false, "parameter" },
};

static int error_of(const struct row *r)
{
    return pk.v6 ? r->error6 : r->error4;
}

/* [MUST-54] [SHLD-26] [RFC1122-3.2.2-c] [RFC1122-3.2.2.4-a]
 * [RFC1122-3.2.2.5-b] connect() fails as it does on Linux. */
PKT(an_attempt_ends)
{
    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        dials();
        out("S seq 0 win 65535 mss M sackOK ts * 0 wscale 7");
        icmp(r->kind, 0, 0);
        state(GONE);
        EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), error_of(r));
        quiet(60 sec);
    }
}

/* [MUST-56] To the letter an attempt, too, survives what may pass. */
PKT(an_attempt_survives_soft_errors_in_strict)
{
    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        pk.config.profile = CW_PROFILE_STRICT;
        dials();
        out("S seq 0 win 65535 mss M sackOK ts * 0 wscale 7");
        icmp(r->kind, 0, 0);
        state(r->hard ? GONE : CW_SYN_SENT);
        if (r->hard)
            continue;
        EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), 0);
        after(1 sec, "S seq 0 win 65535 mss M sackOK ts * 0 wscale 7");
    }
}

/* [MUST-56] [MUST-47] [SHLD-25] [RFC1122-3.2.2.1-c] One that is there
 * survives; what was said is told when it is given up. */
PKT(a_connection_survives)
{
    T_EACH (r, rows) {
        t_row("%s", r->name);
        pk_restart(0);
        passive("mss 1000");
        sends(10);
        out("P. seq 1 len 10 ack 1");
        icmp(r->kind, 1, 0);
        state(CW_ESTABLISHED);
        EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), 0);
        EXPECT_EQ(counter(COUNT_TCP_ICMP_SOFT), 1);
        for (int i = 0; i < 15; i++) {
            pk_step();
            out("P. seq 1 len 10 ack 1");
        }
        pk_step();
        out("R. seq 11 ack 1");
        reads_result(-error_of(r));
    }
}

/* [RFC5927-4.1-a] SND.UNA =< SEG.SEQ < SND.NXT, at its edges. */
PKT(s4_1_sequence_numbers)
{
    static const struct {
        int64_t seq;
        bool    ours;
    } seqs[] = { { 0, false },  { 1, true },     { 10, true },
                 { 11, false }, { 5000, false }, { -1, false } };

    T_EACH (s, seqs) {
        t_row("seq %d", (int)s->seq);
        pk_restart(0);
        pk.config.profile = CW_PROFILE_STRICT;
        passive("mss 1000");
        sends(10);
        out("P. seq 1 len 10 ack 1");
        icmp(UNREACH_PORT, s->seq, 0);
        state(s->ours ? GONE : CW_ESTABLISHED);
        EXPECT_EQ(counter(COUNT_TCP_ICMP_OUT_OF_WINDOW), s->ours ? 0 : 1);
    }
}

/* Nothing is in flight: nothing can be meant. */
PKT(s4_1_nothing_in_flight)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000");
    icmp(UNREACH_PORT, 1, 0);
    state(CW_ESTABLISHED);
    icmp(UNREACH_PORT, 0, 0);
    state(CW_ESTABLISHED);
}

/* [MUST-55] [RFC6633-3-a] [RFC1122-3.2.2.3-a] */
PKT(source_quench)
{
    uint32_t cwnd;

    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    cwnd = info().snd_cwnd;
    icmp(SOURCE_QUENCH, 1, 0);
    if (!pk.v6) /* IPv6 has none: the rig sends a parameter problem */
        EXPECT_EQ(pk.dropped, WHY_ICMP_UNHANDLED);
    EXPECT_EQ(info().snd_cwnd, cwnd);
    state(CW_ESTABLISHED);
    nothing();
}

/* A half-open connection: the SYN-ACK found nobody. */
PKT(a_half_open_connection)
{
    listens(8);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    icmp(UNREACH_HOST, 1, 0);
    state(CW_SYN_RECV);
    EXPECT_EQ(counter(COUNT_TCP_ICMP_OUT_OF_WINDOW), 1);
    icmp(UNREACH_PORT, 0, 0); /* where a SYN came from? */
    state(CW_SYN_RECV);
    icmp(UNREACH_HOST, 0, 0);
    state(GONE);
    quiet(60 sec);
}

/* [MUST-54] The one whose ports are quoted, and no other. */
PKT(only_the_one_that_is_named)
{
    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    flow(1);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1");
    accepts();
    sends(10);
    out("P. seq 1 len 10 ack 1");
    icmp(UNREACH_PORT, 1, 0);
    state(GONE);
    flow(0);
    state(CW_ESTABLISHED);
}

/* TIME-WAIT has nothing in flight. */
PKT(time_wait)
{
    given(CW_TIME_WAIT);
    icmp(UNREACH_PORT, 1, 0);
    state(CW_TIME_WAIT);
    EXPECT_EQ(pk.dropped, WHY_ICMP_NO_MATCH);
}

T_MAIN(BOTH(an_attempt_ends), BOTH(an_attempt_survives_soft_errors_in_strict),
       BOTH(a_connection_survives), BOTH(s4_1_sequence_numbers),
       BOTH(s4_1_nothing_in_flight), BOTH(source_quench),
       BOTH(a_half_open_connection), BOTH(only_the_one_that_is_named),
       BOTH(time_wait))
