/* rfc9293_network_test.c: RFC 9293 §3.9: what TCP asks of the layer below:
 * the source address of an active open, options of IP that nobody knows.
 */
#include "base/addr.h"
#include "pkt.h"

#define OUR_SYN "S seq 0 win 65535 mss M sackOK ts * * wscale 7"

static struct cw_addr addr_of(const char *v4, const char *v6)
{
    struct cw_addr a;

    EXPECT(addr_parse(pk.v6 ? v6 : v4, &a));
    return a;
}

/* A second network on the wire: our address there, with this prefix. */
static void lives_at(struct cw_addr us, unsigned prefix4, unsigned prefix6)
{
    EXPECT_EQ(cw_addr_add(pk.st, 0, &us, pk.v6 ? prefix6 : prefix4), 0);
}

/* Connection n is with this one; our end is expected to be `us`. */
static void toward(int n, struct cw_addr peer, struct cw_addr us)
{
    struct cw_mac mac = { { 2, 0, 10, 0, 0, 2 } };

    EXPECT_EQ(cw_neigh_add(pk.st, 0, &peer, &mac), 0);
    flow(n);
    pk.f->ends.peer = peer;
    pk.f->ends.us = us;
    pk.f->ends.uport = 0;
}

/* [MUST-44] The network layer names the source before the first SYN: the
 * address on the peer's own network. */
PKT(s3_9_1_1_source_is_asked_for)
{
    struct cw_addr second = addr_of("10.9.0.1", "fd09::1");

    listens(1); /* at its first address */
    lives_at(second, 24, 64);
    toward(1, addr_of("10.9.0.2", "fd09::2"), second);
    dials();
    out(OUR_SYN);
}

/* [MUST-45] What suits better later is for later connections. */
PKT(s3_9_1_1_source_stays)
{
    struct cw_addr first = addr_of("10.9.0.1", "fd09::1");
    struct cw_addr better = addr_of("10.9.0.5", "fd09::5");
    struct cw_addr peer = addr_of("10.9.0.6", "fd09::6");

    listens(1);
    lives_at(first, 24, 64);
    toward(1, peer, first);
    dials();
    out(OUR_SYN);
    lives_at(better, 30, 126);
    toward(2, peer, better);
    dials();
    out(OUR_SYN);
    flow(1);
    in("S. seq 0 ack 1 mss 1000");
    out(". seq 1 ack 1");
    sends(10);
    out("P. seq 1 len 10 ack 1");
    in(". seq 1 ack 11");
    state(CW_ESTABLISHED);
}

/* [MUST-50] Of the classes that are to be skipped, alone and behind what is
 * known (NOP; PadN). */
PKT(s3_9_2_unknown_ip_options)
{
    static const char *const options[2][3] = {
        { "1e04abcd", "5e02", "011e0600000000" },
        { "1e02abcd", "1e00", "01001e0200001f" },
    };

    passive("mss 1000");
    T_EACH (o, options[pk.v6]) {
        char text[80];
        int  i = (int)(o - options[pk.v6]);

        t_row("%s", *o);
        snprintf(text, sizeof text, "P. seq %d len 10 ack 1 ipopt %s",
                 1 + 10 * i, *o);
        in(text);
        snprintf(text, sizeof text, ". seq 1 ack %d", 11 + 10 * i);
        out(text);
    }
    reads(30);
}

T_MAIN(BOTH(s3_9_1_1_source_is_asked_for), BOTH(s3_9_1_1_source_stays),
       BOTH(s3_9_2_unknown_ip_options))
