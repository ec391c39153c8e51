/* rfc9293_timewait_test.c: TIME-WAIT: RFC 9293 §3.6.1 (MUST-13, MAY-2),
 * §3.10.7.4; RFC 6191 (a SYN's timestamp decides); RFC 1337's hazards.
 */
#include "pkt.h"

/* Our side closes first; the listener is still there. */
static void time_wait(const char *offer, const char *ts)
{
    char text[64];

    passive(offer);
#define WITH_TS(t) (snprintf(text, sizeof text, "%s%s", t, ts), text)
    closes();
    out(ts[0] ? "F. seq 1 ack 1 ts * *" : "F. seq 1 ack 1");
    in(WITH_TS("F. seq 1 ack 2"));
    out(ts[0] ? ". seq 2 ack 2 ts * *" : ". seq 2 ack 2");
    state(CW_TIME_WAIT);
}

/* MUST-13, with an MSL of 30 s, and of the RFC's 2 minutes. */
PKT(s3_6_1_two_msl)
{
    time_wait("mss 1000", "");
    quiet(60 sec - 1);
    state(CW_TIME_WAIT);
    quiet(1);
    state(GONE);
    in(". seq 2 ack 2");
    out("R seq 2");
}

PKT(s3_6_1_two_msl_strict)
{
    pk.config.profile = CW_PROFILE_STRICT;
    time_wait("mss 1000", "");
    quiet(240 sec - 1);
    state(CW_TIME_WAIT);
    quiet(1);
    state(GONE);
}

/* The peer's FIN again: "Acknowledge it, and restart the 2 MSL timeout." */
PKT(s3_10_7_4_fin_again)
{
    time_wait("mss 1000", "");
    quiet(59 sec);
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    quiet(60 sec - 1);
    state(CW_TIME_WAIT);
    quiet(1);
    state(GONE);
}

/* Anything else does not restart it, or a peer could hold it for ever. */
PKT(s3_10_7_4_nothing_else_restarts_it)
{
    time_wait("mss 1000", "");
    quiet(30 sec);
    in(". seq 1 ack 2");
    out(". seq 2 ack 2");
    in(". seq 2 len 10 ack 2");
    out(". seq 2 ack 2");
    in(". seq 2 ack 2");
    quiet(30 sec);
    state(GONE);
}

/* MAY-2: a SYN beyond what was used; our number is "larger than the largest
 * sequence number it used on the previous connection", however fast that
 * was. */
PKT(s3_6_1_new_syn)
{
    uint32_t last;

    pk.config.teach_iss = -1;
    passive("mss 1000");
    sends(10000);
    while (pk_skip())
        ;
    in(". seq 1 ack 10001");
    closes();
    out("F. seq 10001 ack 1");
    in("F. seq 1 ack 10002");
    out(". seq 10002 ack 2");
    last = pk.f->ends.iss + 10002;
    renumber(pk.f->ends.irs + 2); /* its SYN is the first new number */
    in("S seq 1 mss 1000");
    out("S. seq 0 ack 2 mss M");
    state(CW_SYN_RECV);
    EXPECT((int32_t)(pk.f->ends.iss - last) > 0);
    in(". seq 2 ack 1");
    accepts();
    state(CW_ESTABLISHED);
}

PKT(s3_6_1_old_syn)
{
    static const char *const syns[] = { "S seq 0", "S seq 1", "S seq -900" };

    time_wait("mss 1000", "");
    T_EACH (syn, syns) {
        t_row("%s", *syn);
        in(*syn);
        out(". seq 2 ack 2");
        state(CW_TIME_WAIT);
    }
}

/* RFC 6191 §2: by timestamp where there is one; "the last sequence number" is
 * the FIN's, 1 here. */
static const struct {
    const char *syn;
    bool        taken;
} syn_rows[] = {
    { "S seq -90000 mss 1000 ts 101 0", true },
    { "S seq 3 mss 1000 ts 101 0", true },
    { "S seq 3 mss 1000 ts 100 0", true }, /* equal: by number */
    { "S seq 2 mss 1000 ts 100 0", true },
    { "S seq 1 mss 1000 ts 100 0", false },
    { "S seq -90000 mss 1000 ts 100 0", false },
    { "S seq 3 mss 1000 ts 99 0", false },
    { "S seq 3 mss 1000", true }, /* none: by number */
    { "S seq -90000 mss 1000", false },
};

/* [SHLD-4] [RFC6191-2-a] */
PKT(rfc6191_2_timestamps_decide)
{
    T_EACH (r, syn_rows) {
        t_row("%s", r->syn);
        pk_restart(0);
        time_wait("mss 1000 ts 1 0", " ts 100 0");
        pk.f->edge = INT32_MIN; /* of another connection, maybe */
        in(r->syn);
        EXPECT(pk_skip());
        state(r->taken ? CW_SYN_RECV : CW_TIME_WAIT);
    }
}

/* [RFC6191-2-b] The old connection had no timestamps: a SYN that has some is
 * new, where segments without them will be dropped; else by number. */
PKT(rfc6191_2_no_timestamps_before)
{
    static const struct {
        enum cw_profile profile;
        const char     *syn;
        bool            taken;
    } rows[] = {
        { CW_PROFILE_STRICT, "S seq -90000 mss 1000 ts 1 0", true },
        { CW_PROFILE_STRICT, "S seq 2 mss 1000", true },
        { CW_PROFILE_STRICT, "S seq 1 mss 1000", false },
        { CW_PROFILE_DEPLOYED, "S seq -90000 mss 1000 ts 1 0", false },
        { CW_PROFILE_DEPLOYED, "S seq 2 mss 1000 ts 1 0", true },
    };

    T_EACH (r, rows) {
        t_row("%s", r->syn);
        pk_restart(0);
        pk.config.profile = r->profile;
        time_wait("mss 1000", "");
        pk.f->edge = INT32_MIN; /* of another connection, maybe */
        in(r->syn);
        EXPECT(pk_skip());
        state(r->taken ? CW_SYN_RECV : CW_TIME_WAIT);
    }
}

/* Where nobody listens, a new SYN has no business with the record: it is
 * still there for what it is there for. */
PKT(s3_6_1_new_syn_to_nobody)
{
    active("mss 1000");
    closes();
    out("F. seq 1 ack 1");
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    in("S seq 1000 mss 1000");
    out(". seq 2 ack 2");
    state(CW_TIME_WAIT);
}

/* PAWS and the timestamps go on in the record. */
PKT(rfc7323_5_paws)
{
    time_wait("mss 1000 ts 1 0", " ts 100 0");
    in("F. seq 1 ack 2 ts 99 0");
    out(". seq 2 ack 2 ts * 100");
    quiet(30 sec);
    in("F. seq 1 ack 2 ts 101 0");
    out(". seq 2 ack 2 ts 30000 *");
    quiet(30 sec);
    state(CW_TIME_WAIT);
}

/* Compact: what it was of the connection, and no buffer. */
PKT(memory)
{
    size_t before, one;

    listens(8);
    before = cw_stack_memory_used(pk.st);
    flow(0);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1");
    accepts();
    closes();
    out("F. seq 1 ack 1");
    in("F. seq 1 ack 2");
    out(". seq 2 ack 2");
    one = cw_stack_memory_used(pk.st) - before;
    EXPECT_LE(one, 192 + 96); /* the record, and its port's */
    quiet(60 sec);
    EXPECT_EQ(cw_stack_memory_used(pk.st), before);
}

T_MAIN(BOTH(s3_6_1_two_msl), BOTH(s3_6_1_two_msl_strict),
       BOTH(s3_10_7_4_fin_again), BOTH(s3_10_7_4_nothing_else_restarts_it),
       BOTH(s3_6_1_new_syn), BOTH(s3_6_1_old_syn),
       BOTH(rfc6191_2_timestamps_decide),
       BOTH(rfc6191_2_no_timestamps_before), BOTH(s3_6_1_new_syn_to_nobody),
       BOTH(rfc7323_5_paws), BOTH(memory))
