/* rfc6093_test.c: urgent data: RFC 9293 §3.8.5 with the meaning that RFC 6093
 * and Linux give it: the pointer names the octet behind; inline, reading stops
 * before the last urgent octet; else that one is out of band.
 */
#include "pkt.h"

#include <string.h>

static struct cw_queues queues(void)
{
    struct cw_queues q;

    EXPECT_EQ(cw_queues(pk.st, pk.f->sd, &q), 0);
    return q;
}

static bool priority(void)
{
    return cw_ready(pk.st, pk.f->sd) & CW_POLLPRI;
}

/* Has readiness been told since the last time? */
static bool told(void)
{
    bool seen = false;
    int  sd;

    while ((sd = cw_ready_next(pk.st)) >= 0)
        seen |= sd == pk.f->sd;
    return seen;
}

static void recv_is(int flags, int64_t from, int64_t n)
{
    uint8_t buf[4096], want[4096];

    for (int64_t i = 0; i < n; i++)
        want[i] = sg_byte(true, from + i);
    EXPECT_EQ(cw_recv(pk.st, pk.f->sd, buf, sizeof buf, flags, pk.now), n);
    EXPECT_MEM(buf, want, (size_t)n);
}

static void recv_fails(int flags, int err)
{
    uint8_t c;

    EXPECT_EQ(cw_recv(pk.st, pk.f->sd, &c, 1, flags, pk.now), -err);
}

/* The program learns that there is urgent data before it is here, and how
 * much; again when it grows. [MUST-32] [MUST-33] [MUST-31] [RFC6093-4-a] */
PKT(told_at_once)
{
    passive("mss 1000");
    told();
    in("U. seq 1 ack 1 up 3000"); /* nothing to read wakes anybody */
    EXPECT(told());
    EXPECT_EQ(queues().urgent, 3000);
    in("U. seq 1 len 100 ack 1 up 3000");
    EXPECT(!priority()); /* its last octet is not here */
    recv_fails(CW_MSG_OOB, CW_EAGAIN);
    pk_skip();
    in("U. seq 101 len 100 ack 1 up 2900"); /* the same end */
    pk_skip();
    EXPECT_EQ(queues().urgent, 3000);
    told();
    in("U. seq 201 ack 1 up 4000");
    EXPECT(told());
    in("U. seq 201 len 100 ack 1 up 4000");
    pk_skip();
    EXPECT_EQ(queues().urgent, 4200);
    recv_is(0, 0, 300);
    EXPECT_EQ(queues().urgent, 3900);
}

/* [RFC6093-6-a] [RFC6093-5-a] */
PKT(inline_to_the_mark)
{
    passive("mss 1000");
    sets(CW_SOL_SOCKET, CW_SO_OOBINLINE, 1);
    in("U. seq 1 len 100 ack 1 up 40");
    out(". seq 1 ack 101");
    EXPECT(priority());
    EXPECT_EQ(queues().recv_queued, 100);
    recv_fails(CW_MSG_OOB, CW_EINVAL);
    recv_is(0, 0, 39);
    EXPECT(queues().at_mark);
    recv_is(CW_MSG_PEEK, 39, 61);
    EXPECT(queues().at_mark);
    recv_is(0, 39, 61);
    EXPECT(!queues().at_mark && !priority());
    EXPECT_EQ(queues().urgent, 0);
}

PKT(out_of_band)
{
    passive("mss 1000");
    in("U. seq 1 len 100 ack 1 up 40");
    out(". seq 1 ack 101");
    EXPECT(priority());
    EXPECT_EQ(queues().recv_queued, 39);
    recv_is(CW_MSG_OOB | CW_MSG_PEEK, 39, 1);
    recv_is(CW_MSG_OOB, 39, 1);
    EXPECT(!priority());
    recv_fails(CW_MSG_OOB, CW_EINVAL); /* once */
    recv_is(0, 0, 39);
    EXPECT(queues().at_mark);
    recv_is(CW_MSG_PEEK, 40, 60);
    EXPECT(queues().at_mark);
    recv_is(0, 40, 60);
    EXPECT(!queues().at_mark);
}

/* Who reads past it has lost it. */
PKT(passed_by)
{
    passive("mss 1000");
    in("U. seq 1 len 3 ack 1 up 3");
    out(". seq 1 ack 4");
    recv_is(0, 0, 2);
    EXPECT(!(cw_ready(pk.st, pk.f->sd) & CW_POLLIN)); /* only it is left */
    recv_fails(0, CW_EAGAIN);
    EXPECT(!priority());
    recv_fails(CW_MSG_OOB, CW_EINVAL);
}

/* A newer one: the older is data again, unless it would have been next. */
PKT(two_of_them)
{
    passive("mss 1000");
    in("U. seq 1 len 3 ack 1 up 3");
    out(". seq 1 ack 4");
    in("U. seq 4 len 3 ack 1 up 3");
    out(". seq 1 ack 7");
    recv_is(CW_MSG_OOB, 5, 1);
    recv_is(0, 0, 5);
    recv_fails(0, CW_EAGAIN);
    in("U. seq 7 len 1 ack 1 up 1");
    out(". seq 1 ack 8");
    EXPECT(queues().at_mark);
    in("U. seq 8 len 2 ack 1 up 2");
    out(". seq 1 ack 10");
    recv_is(0, 7, 1); /* 6 has given way */
    recv_is(CW_MSG_OOB, 8, 1);
}

/* An older pointer, and one to what was read, say nothing. */
PKT(old_pointers)
{
    passive("mss 1000");
    in("U. seq 1 len 100 ack 1 up 40");
    out(". seq 1 ack 101");
    in("U. seq 101 len 1 ack 1 up 0");
    out(". seq 1 ack 102");
    in("U. seq 51 len 10 ack 1 up 1");
    out(". seq 1 ack 102");
    EXPECT_EQ(queues().urgent, 40);
    recv_is(0, 0, 39);
    recv_is(0, 40, 61);
    in("U. seq 1 len 100 ack 1 up 40");
    out(". seq 1 ack 102");
    EXPECT_EQ(queues().urgent, 0);
    EXPECT(!priority());
}

/* Behind a hole: the pointer counts, the octet comes later. */
PKT(out_of_order)
{
    passive("mss 1000");
    in("U. seq 11 len 10 ack 1 up 10");
    out(". seq 1 ack 1");
    EXPECT_EQ(queues().urgent, 20);
    EXPECT(!priority());
    in(". seq 1 len 10 ack 1");
    out(". seq 1 ack 21");
    EXPECT(priority());
    recv_is(CW_MSG_OOB, 19, 1);
}

/* The end of the stream is no octet. */
PKT(with_the_fin)
{
    passive("mss 1000");
    in("FU. seq 1 len 10 ack 1 up 10");
    out(". seq 1 ack 12");
    recv_is(0, 0, 9);
    recv_is(CW_MSG_OOB, 9, 1);
    recv_is(0, 10, 0);
    EXPECT(!priority());
}

PKT(shut_for_reading)
{
    passive("mss 1000");
    in("U. seq 1 len 10 ack 1 up 20");
    out(". seq 1 ack 11");
    shuts(CW_SHUT_RD);
    recv_is(CW_MSG_OOB, 0, 0);
    in(". seq 11 len 10 ack 1");
    out(". seq 1 ack 21");
    EXPECT(!priority());
    EXPECT_EQ(queues().urgent, 0);
}

/* ---- sending ------------------------------------------------------------- */

/* Every segment before the end points at it, none behind. [MUST-62] */
PKT(the_pointer)
{
    passive("mss 1000");
    sends_flags(2500, CW_MSG_OOB);
    out("U. seq 1 len 1000 ack 1 up 2500 why tx-urgent");
    out("U. seq 1001 len 1000 ack 1 up 1500");
    out("PU. seq 2001 len 500 ack 1 up 500");
    sends(100);
    out("P. seq 2501 len 100 ack 1");
    in(". seq 1 ack 1");
    quiet(1);
    pk_until_sent();
    out("U. seq 1 len 1000 ack 1 up 2500"); /* again, as it was */
}

/* Nagle does not hold it back. */
PKT(not_delayed)
{
    passive("mss 1000");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    sends(10);
    nothing();
    sends_flags(1, CW_MSG_OOB);
    out("PU. seq 11 len 11 ack 1 up 11");
}

/* Further away than 16 bits can say. */
PKT(far_away)
{
    pk.config.sndbuf = 200000;
    pk.config.memory_max = 8u << 20;
    passive("mss 1000 wscale 4");
    sends_flags(100000, CW_MSG_OOB);
    out("U. seq 1 len 1000 ack 1 up 65535");
    while (pk_skip())
        ;
}

/* A window probe tells of it, too. */
PKT(into_a_shut_window)
{
    passive("mss 1000");
    sends(1000);
    out("P. seq 1 len 1000 ack 1");
    in(". seq 1 ack 1001 win 0");
    sends_flags(10, CW_MSG_OOB);
    pk_until_sent();
    out("U. seq 1001 len 1 ack 1 up 10");
}

T_MAIN(BOTH(told_at_once), BOTH(inline_to_the_mark), BOTH(out_of_band),
       BOTH(passed_by), BOTH(two_of_them), BOTH(old_pointers),
       BOTH(out_of_order), BOTH(with_the_fin), BOTH(shut_for_reading),
       BOTH(the_pointer), BOTH(not_delayed), BOTH(far_away),
       BOTH(into_a_shut_window))
