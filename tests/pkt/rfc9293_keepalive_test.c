/* rfc9293_keepalive_test.c: §3.8.4, keep-alive, and RFC 5482 §3 with RFC 9293
 * §3.10.8, the user timeout, as Linux's TCP_USER_TIMEOUT has it.
 */
#include "pkt.h"

static void keepalive(int idle, int intvl, int cnt)
{
    sets(CW_IPPROTO_TCP, CW_TCP_KEEPIDLE, idle);
    sets(CW_IPPROTO_TCP, CW_TCP_KEEPINTVL, intvl);
    sets(CW_IPPROTO_TCP, CW_TCP_KEEPCNT, cnt);
    sets(CW_SOL_SOCKET, CW_SO_KEEPALIVE, 1);
}

/* It was given up, and its last word was a reset. */
static void dead(void)
{
    state(GONE);
    EXPECT_EQ(cw_ready(pk.st, pk.f->sd) & CW_POLLERR, CW_POLLERR);
    reads_result(-CW_ETIMEDOUT);
    quiet(86400 sec);
}

/* Two hours unless it is set. [MUST-24] [MUST-28] [SHLD-12] [MAY-5] */
PKT(after_two_hours)
{
    passive("mss 1000");
    sets(CW_SOL_SOCKET, CW_SO_KEEPALIVE, 1);
    after(7200 sec, ". seq 0 ack 1 why tx-keepalive");
    in(". seq 1 ack 1");
    after(7200 sec, ". seq 0 ack 1");
    in(". seq 1 ack 1");
    sets(CW_SOL_SOCKET, CW_SO_KEEPALIVE, 0);
    quiet(86400 sec);
    EXPECT_EQ(counter(COUNT_TCP_KEEPALIVES), 2);
}

/* [MUST-27] [MUST-29] */
PKT(gives_up_after_some)
{
    passive("mss 1000");
    keepalive(10, 2, 3);
    after(10 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
    quiet(2 sec - 1);
    state(CW_ESTABLISHED);
    after(1, "R. seq 1 ack 1 why tx-rst-timeout");
    dead();
}

PKT(one_answer_is_enough)
{
    passive("mss 1000");
    keepalive(10, 2, 3);
    after(10 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
    quiet(1 sec);
    in(". seq 1 ack 1");
    after(10 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
}

/* Not while it is in use, nor while data is outstanding. [MUST-26] */
PKT(only_when_idle)
{
    passive("mss 1000");
    keepalive(10, 2, 3);
    quiet(9 sec);
    in("P. seq 1 len 10 ack 1");
    out(". seq 1 ack 11");
    quiet(9 sec);
    in(". seq 11 ack 1");
    quiet(5 sec);
    sends(10);
    out("P. seq 1 len 10 ack 11");
    for (int i = 0; i < 5; i++) { /* ten seconds have long passed */
        pk_until_sent();
        out("P. seq 1 len 10 ack 11");
    }
    quiet(6 sec);
    in(". seq 11 ack 11");
    after(10 sec, ". seq 10 ack 11");
}

/* A shut window is probed by persist alone. */
PKT(not_beside_window_probes)
{
    passive("mss 1000");
    keepalive(1, 1, 3);
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    sends(10);
    for (int i = 0; i < 8; i++) {
        pk_until_sent();
        out(". seq 1001 len 1 ack 1");
        in(". seq 1 ack 1001 win 0");
    }
    state(CW_ESTABLISHED);
}

/* It waits in FIN-WAIT-2 like everywhere, as long as there is an owner. */
PKT(half_closed)
{
    passive("mss 1000");
    keepalive(10, 2, 1);
    shuts(CW_SHUT_WR);
    out("F. seq 1 ack 1");
    in(". seq 1 ack 2");
    after(10 sec, ". seq 1 ack 1");
    after(2 sec, "R. seq 2 ack 1");
    dead();
}

/* The listener's wish is its connections'. */
PKT(inherited)
{
    listens(1);
    pk.f->sd = pk.listener;
    keepalive(10, 2, 1);
    in("S seq 0 win 65535 mss 1000");
    out("S. seq 0 ack 1 win 65535 mss M");
    in(". seq 1 ack 1");
    accepts();
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_KEEPALIVE), 1);
    EXPECT_EQ(gets(CW_IPPROTO_TCP, CW_TCP_KEEPIDLE), 10);
    after(10 sec, ". seq 0 ack 1");
}

PKT(set_before_connect)
{
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * 0 wscale 7");
    keepalive(10, 2, 1);
    in("S. seq 0 ack 1 win 65535 mss 1000");
    out(". seq 1 ack 1");
    after(10 sec, ". seq 0 ack 1");
}

/* A probe of the peer's: answered. */
PKT(we_answer)
{
    passive("mss 1000");
    in(". seq 0 ack 1");
    out(". seq 1 ack 1");
    in(". seq 0 len 1 ack 1"); /* with the garbage octet */
    out(". seq 1 ack 1");
}

/* ---- the user timeout ---------------------------------------------------- */

enum { RTO = 200000001 }; /* ns: nothing but its floor */

/* Data that stays unacknowledged, and to the nanosecond.
 * [RFC9293-3.10.8-a] [MUST-21] */
PKT(user_timeout)
{
    passive("mss 1000");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 3000);
    EXPECT_EQ(gets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT), 3000);
    sends(10);
    out("P. seq 1 len 10 ack 1");
    for (int i = 0; i < 3; i++)
        after((cw_ns)RTO << i, "P. seq 1 len 10 ack 1");
    quiet(3 sec - 7 * (cw_ns)RTO - 1);
    state(CW_ESTABLISHED);
    after(1, "R. seq 11 ack 1 why tx-rst-timeout");
    dead();
}

/* Progress begins it anew: what counts is the oldest data. */
PKT(user_timeout_of_the_oldest)
{
    passive("mss 1000");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 500);
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    quiet(150 ms);
    sends(1000);
    out("P. seq 1001 len 1000 ack 1");
    in(". seq 1 ack 1001");
    quiet(150 ms); /* after it an RTT of 150 ms is known: the RTO is longer */
    in(". seq 1 ack 2001");
    quiet(3600 sec);
    state(CW_ESTABLISHED);
}

/* Set while data is outstanding: it counts from then on, for that data. */
PKT(user_timeout_set_late)
{
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 100);
    quiet(100 ms - 1);
    state(CW_ESTABLISHED);
    after(1, "R. seq 11 ack 1");
    dead();
}

/* Data that a shut window holds back, even if the peer answers (tcp(7)). */
PKT(user_timeout_of_a_shut_window)
{
    cw_ns probed;

    passive("mss 1000");
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 1000);
    sends(10);
    pk_until_sent();
    out(". seq 1001 len 1 ack 1");
    probed = pk.now;
    in(". seq 1 ack 1001 win 0");
    pk_until_sent();
    out(". seq 1001 len 1 ack 1");
    in(". seq 1 ack 1001 win 0");
    quiet(probed + 1 sec - pk.now - 1);
    state(CW_ESTABLISHED);
    after(1, "R. seq 1001 ack 1");
    dead();
}

/* Without it, as long as the peer answers. */
PKT(no_user_timeout_no_end)
{
    passive("mss 1000");
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    sends(10);
    for (int i = 0; i < 40; i++) {
        pk_until_sent();
        out(". seq 1001 len 1 ack 1");
        in(". seq 1 ack 1001 win 0");
    }
    state(CW_ESTABLISHED);
}

/* Not before the connection is one: RFC 5482 §3.3. */
PKT(user_timeout_not_of_a_syn)
{
    pk.config.offer = CW_OFFER_NOTHING;
    dials();
    out("S seq 0 win 65535 mss M");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 10);
    after(1 sec, "S seq 0 win 65535 mss M");
    after(2 sec, "S seq 0 win 65535 mss M");
}

/* With keep-alive it says when that ends, whatever TCP_KEEPCNT is (tcp(7)). */
PKT(user_timeout_of_keepalive)
{
    passive("mss 1000");
    sets(CW_IPPROTO_TCP, CW_TCP_USER_TIMEOUT, 13000);
    keepalive(10, 2, 1);
    after(10 sec, ". seq 0 ack 1");
    after(2 sec, ". seq 0 ack 1");
    quiet(1 sec - 1);
    state(CW_ESTABLISHED);
    after(1, "R. seq 1 ack 1");
    dead();
}

/* Values as Linux takes them. */
PKT(values)
{
    static const struct {
        int name, ok, low, high;
    } rows[] = {
        { CW_TCP_KEEPIDLE, 32767, 0, 32768 },
        { CW_TCP_KEEPINTVL, 32767, 0, 32768 },
        { CW_TCP_KEEPCNT, 127, 0, 128 },
    };

    passive("mss 1000");
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_KEEPALIVE), 0); /* [MUST-25] */
    EXPECT_EQ(gets(CW_IPPROTO_TCP, CW_TCP_KEEPIDLE), 7200);
    EXPECT_EQ(gets(CW_IPPROTO_TCP, CW_TCP_KEEPINTVL), 75);
    EXPECT_EQ(gets(CW_IPPROTO_TCP, CW_TCP_KEEPCNT), 9);
    T_EACH (r, rows) {
        sets(CW_IPPROTO_TCP, r->name, r->ok);
        EXPECT_EQ(gets(CW_IPPROTO_TCP, r->name), r->ok);
        EXPECT_EQ(cw_setsockopt(pk.st, pk.f->sd, CW_IPPROTO_TCP, r->name,
                                &r->low, sizeof(int), pk.now),
                  -CW_EINVAL);
        EXPECT_EQ(cw_setsockopt(pk.st, pk.f->sd, CW_IPPROTO_TCP, r->name,
                                &r->high, sizeof(int), pk.now),
                  -CW_EINVAL);
    }
}

T_MAIN(BOTH(after_two_hours), BOTH(gives_up_after_some),
       BOTH(one_answer_is_enough), BOTH(only_when_idle),
       BOTH(not_beside_window_probes), BOTH(half_closed), BOTH(inherited),
       BOTH(set_before_connect), BOTH(we_answer), BOTH(user_timeout),
       BOTH(user_timeout_of_the_oldest), BOTH(user_timeout_set_late),
       BOTH(user_timeout_of_a_shut_window), BOTH(no_user_timeout_no_end),
       BOTH(user_timeout_not_of_a_syn), BOTH(user_timeout_of_keepalive),
       BOTH(values))
