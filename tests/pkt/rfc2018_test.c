/* rfc2018_test.c: the blocks that we report: RFC 2018 §2-4, RFC 2883 §4.
 */
#include "pkt.h"

/* §2: blocks only to a peer that permitted them. */
PKT(s2_not_permitted)
{
    passive("mss 1000");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 1");
}

PKT(s2_not_wanted_by_us)
{
    pk.config.no_sack = true;
    listens(1);
    in("S seq 0 mss 1000 sackOK");
    out("S. seq 0 ack 1 mss M");
    in(". seq 1 ack 1");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 1");
}

/* §4: "The first SACK block ... MUST specify the contiguous block of data
 * containing the segment which triggered this ACK"; as many as fit, the
 * most recent first. Four without timestamps (§3). */
PKT(s4_most_recent_first)
{
    active("mss 1000 sackOK");
    in(". seq 1001 len 500 ack 1");
    out(". seq 1 ack 1 sack 1001-1501");
    in(". seq 2001 len 500 ack 1");
    out(". seq 1 ack 1 sack 2001-2501,1001-1501");
    in(". seq 5001 len 500 ack 1");
    out(". seq 1 ack 1 sack 5001-5501,2001-2501,1001-1501");
    in(". seq 3001 len 500 ack 1");
    out(". seq 1 ack 1 sack 3001-3501,5001-5501,2001-2501,1001-1501");
    in(". seq 4001 len 500 ack 1");
    out(". seq 1 ack 1 sack 4001-4501,3001-3501,5001-5501,2001-2501");
    in(". seq 1501 len 500 ack 1"); /* joins two */
    out(". seq 1 ack 1 sack 1001-2501,4001-4501,3001-3501,5001-5501");
    in(". seq 2501 len 500 ack 1");
    out(". seq 1 ack 1 sack 1001-3501,4001-4501,5001-5501");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 3501 sack 4001-4501,5001-5501");
    in(". seq 3501 len 500 ack 1");
    out(". seq 1 ack 4501 sack 5001-5501");
    in(". seq 4501 len 500 ack 1");
    out(". seq 1 ack 5501");
    reads(5500);
}

/* §3: three when timestamps take their room. */
PKT(s3_three_with_timestamps)
{
    passive("mss 1000 sackOK ts 1 0");
    in(". seq 1001 len 500 ack 1 ts 2 0");
    out(". seq 1 ack 1 sack 1001-1501 ts 0 1");
    in(". seq 2001 len 500 ack 1 ts 2 0");
    out(". seq 1 ack 1 sack 2001-2501,1001-1501 ts 0 1");
    in(". seq 3001 len 500 ack 1 ts 2 0");
    out(". seq 1 ack 1 sack 3001-3501,2001-2501,1001-1501 ts 0 1");
    in(". seq 4001 len 500 ack 1 ts 2 0");
    out(". seq 1 ack 1 sack 4001-4501,3001-3501,2001-2501 ts 0 1");
}

/* A block grows at either end. */
PKT(s4_blocks_grow)
{
    active("mss 1000 sackOK");
    in(". seq 2001 len 500 ack 1");
    out(". seq 1 ack 1 sack 2001-2501");
    in(". seq 2501 len 500 ack 1");
    out(". seq 1 ack 1 sack 2001-3001");
    in(". seq 1501 len 500 ack 1");
    out(". seq 1 ack 1 sack 1501-3001");
    in(". seq 1401 len 2000 ack 1"); /* more than all of it */
    out(". seq 1 ack 1 sack 1501-3001,1401-3401");
}

/* RFC 2883 §4: a duplicate is told of by the first block. */
PKT(rfc2883_4_below_the_ack)
{
    active("mss 1000 sackOK");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001 sack 1-1001");
    in(". seq 2001 len 500 ack 1"); /* told once */
    out(". seq 1 ack 1001 sack 2001-2501");
    in(". seq 501 len 500 ack 1");
    out(". seq 1 ack 1001 sack 501-1001,2001-2501");
}

/* §4.1.3's figure: followed by the block of the queue that holds it. */
PKT(rfc2883_4_above_the_ack)
{
    active("mss 1000 sackOK");
    in(". seq 1001 len 1000 ack 1");
    out(". seq 1 ack 1 sack 1001-2001");
    in(". seq 3001 len 1000 ack 1");
    out(". seq 1 ack 1 sack 3001-4001,1001-2001");
    in(". seq 1501 len 500 ack 1");
    out(". seq 1 ack 1 sack 1501-2001,1001-2001,3001-4001");
}

/* §4.2: in part a duplicate. */
PKT(rfc2883_4_partly)
{
    active("mss 1000 sackOK");
    in(". seq 1 len 1000 ack 1");
    out(". seq 1 ack 1001");
    in(". seq 501 len 1000 ack 1");
    out(". seq 1 ack 1501 sack 501-1001");
    reads(1500);
}

/* §4: on each ACK while there is a hole, data and window updates not
 * excepted: the blocks may go on a segment of their own, but they go. */
PKT(s4_with_data)
{
    active("mss 1000 sackOK");
    in(". seq 1001 len 500 ack 1");
    out(". seq 1 ack 1 sack 1001-1501");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    in(". seq 1501 len 500 ack 11");
    out(". seq 11 ack 1 sack 1001-2001");
}

/* [RFC2018-8-b] §8: "the first block ... MUST reflect the newest segment" even
 * if it is thrown away; the others only what is there.  256 holes are as many
 * as we remember. */
PKT(s8_newest_even_if_discarded)
{
    char text[80];

    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000 sackOK");
    for (int i = 1; i <= 256; i++) {
        snprintf(text, sizeof text, ". seq %d len 1 ack 1", 1 + 2 * i);
        in(text);
        EXPECT(pk_skip());
    }
    in(". seq 1001 len 1 ack 1");
    out(". seq 1 ack 1 sack 1001-1002,513-514,511-512,509-510");
    in(". seq 1003 len 1 ack 1"); /* the one before was not kept */
    out(". seq 1 ack 1 sack 1003-1004,513-514,511-512,509-510");
}

T_MAIN(BOTH(s2_not_permitted), BOTH(s2_not_wanted_by_us),
       BOTH(s4_most_recent_first), BOTH(s3_three_with_timestamps),
       BOTH(s4_blocks_grow), BOTH(rfc2883_4_below_the_ack),
       BOTH(rfc2883_4_above_the_ack), BOTH(rfc2883_4_partly),
       BOTH(s4_with_data), BOTH(s8_newest_even_if_discarded))
