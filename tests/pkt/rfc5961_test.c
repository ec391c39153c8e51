/* rfc5961_test.c: RFC 5961 §7: challenge ACKs are few, whoever asks for them.
 */
#include "pkt.h"

/* n blind resets; how many are answered. */
static unsigned provoke(unsigned n)
{
    unsigned answers = 0;

    for (unsigned i = 0; i < n; i++) {
        in("R seq 100");
        answers += pk_skip();
    }
    return answers;
}

/* [RFC5961-7-a] */
PKT(s7_throttled)
{
    unsigned answers;

    passive("mss 1000");
    quiet(1 sec);
    answers = provoke(1000);
    EXPECT_GE(answers, 1);
    EXPECT_LE(answers, 150);
    EXPECT_EQ(provoke(1000), 0);
    quiet(1 sec);
    EXPECT_GE(provoke(1000), 1);
    state(CW_ESTABLISHED);
}

/* [RFC5961-7-a] Both figures can be set. */
PKT(s7_tunable)
{
    unsigned answers;

    pk.config.challenge_acks = 10;
    pk.config.challenge_interval = 5 sec;
    passive("mss 1000");
    quiet(5 sec - pk.now % (5 sec)); /* an interval begins */
    answers = provoke(100);
    EXPECT_GE(answers, 5);
    EXPECT_LE(answers, 15);
    quiet(4 sec);
    EXPECT_EQ(provoke(100), 0);
    quiet(1 sec);
    EXPECT_GE(provoke(100), 5);
}

/* [RFC5961-7-a] CVE-2016-5696: what is left of the budget tells an observer nothing. */
PKT(s7_not_to_be_counted)
{
    unsigned first, differing = 0;

    passive("mss 1000");
    quiet(1 sec);
    first = provoke(1000);
    for (int i = 0; i < 8; i++) {
        quiet(1 sec);
        differing += provoke(1000) != first;
    }
    EXPECT_GE(differing, 1);
}

T_MAIN(BOTH(s7_throttled), BOTH(s7_tunable), BOTH(s7_not_to_be_counted))
