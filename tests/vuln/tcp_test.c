/* tcp_test.c: classes of attack on TCP, each by its trigger; the numbers are
 * those of the table in docs/security.md.
 */
#include "pkt.h"

static size_t memory(void)
{
    return cw_stack_memory_used(pk.st);
}

/* CVE-2020-24337, CVE-2020-13988: options of length 0, 1, beyond the end:
 * what follows is ignored, nothing loops, the connection lives. */
PKT(c04_tcp_option_lengths)
{
    static const char *const raw[] = {
        "02000000", "02010000", "05020000", "050b0000", "08090000",
        "01010108", "fe280000", "1d000000", "13010101", "05000505",
    };

    T_EACH (r, raw) {
        t_row("%s", *r);
        pk_restart(0);
        passive("mss 1000");
        in_f(". seq 1 len 1 ack 1 raw %s", *r);
        EXPECT_EQ(pk_drain(), 1);
        state(CW_ESTABLISHED);
        reads(1);
        closes();
        pk_drain();
    }
}

/* CVE-2018-16523, CVE-2019-11479: MSS of 0, 1, 48: no division by it, and no
 * segments that are all header. */
PKT(c05_c27_tiny_mss)
{
    static const int tiny[] = { 0, 1, 48, 87 };

    T_EACH (mss, tiny) {
        int64_t biggest = 0;

        t_row("mss %d", *mss);
        pk_restart(0);
        listens(1);
        in_f("S seq 0 mss %d", *mss);
        EXPECT_EQ(pk_drain(), 1);
        in(". seq 1 ack 1 win 65535");
        accepts();
        sends(8800);
        biggest = pk_drain(); /* the initial window: ten segments of 88 */
        EXPECT_LE(biggest, 10);
        EXPECT_GE(biggest, 1);
        EXPECT_GE(info().snd_mss, 80);
    }
}

/* CVE-2019-12255, CVE-2020-17437, CVE-2021-31400: urgent pointers of 0,
 * beyond the segment, beyond the window, before what was read: nothing
 * underflows, text is taken as it is. */
PKT(c18_urgent_pointers)
{
    static const int up[] = { 0, 1, 2, 10, 11, 1000, 65535 };

    T_EACH (p, up) {
        t_row("urgent pointer %d", *p);
        pk_restart(0);
        passive("mss 1000");
        sets(CW_SOL_SOCKET, CW_SO_OOBINLINE, 1);
        in_f("U. seq 1 len 10 ack 1 up %d", *p);
        pk_drain();
        in_f("U. seq 5 len 10 ack 1 up %d", *p); /* over what is there */
        pk_drain();
        in_f("U. seq 100 len 1 ack 1 up %d", *p); /* and beyond a hole */
        pk_drain();
        in_f("U. seq 1 ack 1 up %d", *p); /* without text, of the past */
        pk_drain();
        state(CW_ESTABLISHED);
        reads(*p > 0 && *p < 11 ? 1 : 14);
    }
}

/* The same without OOBINLINE, where the urgent octet leaves the stream: none
 * but that one may go. */
PKT(c18_urgent_pointers_out_of_band)
{
    static const int up[] = { 0, 1, 5, 10, 65535 };

    T_EACH (p, up) {
        uint8_t buf[64];
        int64_t got = 0, n;

        t_row("urgent pointer %d", *p);
        pk_restart(0);
        passive("mss 1000");
        in_f("U. seq 1 len 10 ack 1 up %d", *p);
        pk_drain();
        while ((n = cw_recv(pk.st, pk.f->sd, buf, sizeof buf, 0, pk.now)) > 0)
            got += n;
        EXPECT_EQ(n, -CW_EAGAIN);
        EXPECT_GE(got, 9);
        EXPECT_LE(got, 10);
        pk_drain();
    }
}

/* CVE-2019-12260, -12261, -12263: urgent state does not outlive what it came
 * with: a SYN, a malformed TCP-AO, a connection that was reset. */
PKT(c19_urgent_state_ends_with_its_connection)
{
    listens(4);
    in("SU seq 0 mss 1000 up 65535");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1 ack 1");
    accepts();
    in("U. seq 1 len 4 ack 1 up 65535 raw 1d030000");
    pk_drain();
    state(CW_ESTABLISHED);
    reads(4);
    in("R seq 5");
    pk_drain();
    state(GONE);
    flow(1); /* the next one gets its memory */
    in("S seq 0 mss 1000");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1 ack 1");
    accepts();
    in(". seq 1 len 10 ack 1");
    pk_drain();
    reads(10);
}

/* CVE-2019-11477, -11478: SACKs of single octets, alternating: memory and
 * records stay in proportion to the segments sent. */
PKT(c26_sack_of_single_octets)
{
    enum { SENT = 20000 };
    size_t before;

    pk.config.memory_max = 16u << 20;
    passive("mss 1460 sackOK");
    sets(CW_SOL_SOCKET, CW_SO_SNDBUF, 1 << 20);
    sets(CW_IPPROTO_TCP, CW_TCP_NODELAY, 1);
    for (int i = 1; i < SENT; i += 4000) {
        sends(4000);
        pk_drain();
        in_f(". seq 1 ack %d", i + 4000);
        pk_drain();
    }
    sends(SENT);
    pk_drain();
    before = memory();
    for (int i = 2; i + 8 < SENT; i += 8) {
        int at = SENT + i;

        in_f(". seq 1 ack %d sack %d-%d,%d-%d,%d-%d,%d-%d", SENT + 1, at,
             at + 1, at + 2, at + 3, at + 4, at + 5, at + 6, at + 7);
        pk_drain();
    }
    EXPECT_GE(info().sacked, 1);
    EXPECT_LE(memory(), before + 32 * 1024);
    state(CW_ESTABLISHED);
}

/* CVE-2018-5390: single octets out of order.  As holes: no more ranges than
 * a receive buffer's worth, each found in a few steps; without holes between
 * them: no more than twice the octets' worth of memory and a constant,
 * forwards or backwards. */
static void octets(int from, int step, int n)
{
    for (int i = 0; i < n; i++) {
        uint64_t before = counter(COUNT_TCP_OOO_WALK);

        in_f(". seq %d len 1 ack 1", from + i * step);
        EXPECT_LE(counter(COUNT_TCP_OOO_WALK), before + 32);
        pk_drain();
    }
}

PKT(c28_octets_that_make_holes)
{
    size_t before;

    pk.config.memory_max = 16u << 20;
    passive("mss 1460 sackOK");
    before = memory();
    octets(3, 2, 5000);
    EXPECT_LE(memory(), before + 256 * 1024);
    EXPECT_GE(counter(COUNT_TCP_OOO_SEGS_IN), 1);
    state(CW_ESTABLISHED);
}

/* ... however many a large receive buffer may have. */
PKT(c28_octets_that_make_thousands_of_holes)
{
    enum { N = 4000 };
    size_t before;

    pk.config.memory_max = 16u << 20;
    pk.config.rcvbuf = pk.config.rcvbuf_max = 8u << 20;
    passive("mss 1460 sackOK");
    before = memory();
    octets(3, 2, N);
    EXPECT_EQ(counter(COUNT_TCP_OOO_SEGS_IN), N);
    EXPECT_EQ(counter(COUNT_TCP_OOO_DROP), 0);
    EXPECT_LE(memory(), before + N * 512);
}

/* Every connection has a hole, and together they have all the memory: what is
 * missing is taken nevertheless, and all of them get what was sent. */
static void holes_take_all_memory(int conns)
{
    enum { LEN = 1400, SEGS = 40 };

    for (int i = 1; i <= conns; i++) {
        flow(i);
        for (int k = 1; k < SEGS; k += 2) {
            in_f(". seq %d len %d ack 1", 1 + k * LEN, LEN);
            pk_drain();
        }
    }
    for (int i = 1; i <= conns; i++) {
        flow(i);
        for (int k = 0; k < SEGS; k++) {
            in_f(". seq %d len %d ack 1", 1 + k * LEN, LEN);
            pk_drain();
            reads(LEN);
        }
    }
    EXPECT_GE(counter(COUNT_TCP_OOO_PRUNED), 1); /* it was too much */
}

PKT(c28_holes_of_many_connections)
{
    enum { N = 30 };

    pk.config.memory_max = 1u << 20;
    listens(N);
    for (int i = 1; i <= N; i++) {
        flow(i);
        in("S seq 0 mss 1460 sackOK");
        pk_drain();
        in(". seq 1 ack 1");
        accepts();
    }
    holes_take_all_memory(N);
}

PKT(c28_octets_above_a_hole_upwards)
{
    size_t before;

    pk.config.memory_max = 16u << 20;
    passive("mss 1460 sackOK");
    before = memory();
    octets(3, 1, 5000);
    EXPECT_LE(memory(), before + 32 * 1024);
    in(". seq 1 len 2 ack 1");
    pk_drain();
    reads(5002);
}

PKT(c28_octets_above_a_hole_downwards)
{
    size_t before;

    pk.config.memory_max = 16u << 20;
    passive("mss 1460 sackOK");
    before = memory();
    octets(5002, -1, 5000);
    EXPECT_LE(memory(), before + 32 * 1024);
    in(". seq 1 len 2 ack 1");
    pk_drain();
    reads(5002);
}

PKT(c28_octets_in_order_below_a_hole)
{
    size_t before;

    pk.config.memory_max = 16u << 20;
    passive("mss 1460 sackOK");
    in(". seq 9000 len 1 ack 1");
    pk_drain();
    before = memory();
    octets(1, 1, 5000);
    EXPECT_LE(memory(), before + 32 * 1024);
    reads(5000);
}

/* RFC 4987: SYNs that nobody stands behind: memory does not follow them. */
PKT(c29_syn_flood)
{
    size_t full = 0;

    pk.config.memory_max = 4u << 20;
    pk.config.teach_iss = -1;
    listens(4);
    for (int i = 0; i < 2000; i++) {
        pk.f->ends.pport = (uint16_t)(2000 + i);
        renumber((uint32_t)i * 7919);
        in("S seq 0 mss 1000");
        pk_drain();
        if (i == 100)
            full = memory();
    }
    EXPECT_LE(memory(), full);
    EXPECT_GE(counter(COUNT_TCP_COOKIES_SENT), 1900);
}

/* CVE-2008-4609: a window of zero for ever, each probe answered: the host's
 * user may give it up and all of it is gone at once. */
PKT(c30_zero_window_for_ever)
{
    size_t before;

    passive("mss 1000");
    before = memory();
    in(". seq 1 ack 1 win 0");
    sends(5000);
    for (int i = 0; i < 30; i++) {
        pk_step();
        EXPECT_LE(pk_drain(), 1); /* at most one probe for each timer */
        in(". seq 1 ack 1 win 0");
        EXPECT_EQ(pk_drain(), 0);
    }
    state(CW_ESTABLISHED);
    lingers(0);
    closes();
    EXPECT_EQ(pk_drain(), 1);
    state(GONE);
    EXPECT_LE(memory(), before);
}

/* The same when the program has closed, and nobody is left to give it up:
 * not for ever, though each probe is answered (RFC 6429 §5); but not soon,
 * and never where the letter counts (MUST-37). */
static cw_ns orphan_with_window_shut(void)
{
    cw_ns began;

    passive("mss 1000");
    in(". seq 1 ack 1 win 0");
    sends(5000);
    closes();
    pk_drain();
    began = pk.now;
    for (int i = 0; i < 60 && pk_state() != GONE; i++) {
        pk_step();
        if (pk_drain() > 0)
            in(". seq 1 ack 1 win 0");
        pk_drain();
    }
    return pk.now - began;
}

PKT(c30_zero_window_of_an_orphan)
{
    cw_ns took = orphan_with_window_shut();

    state(GONE);
    EXPECT_GE(took, 180 sec);
    EXPECT_LE(took, 1800 sec);
    pk_restart(0);
    pk.config.profile = CW_PROFILE_STRICT;
    orphan_with_window_shut();
    EXPECT_NE(pk_state(), GONE);
}

/* Sends until there is no room. */
static void fills(void)
{
    uint8_t b;

    do
        b = sg_byte(false, pk.f->sent);
    while (cw_send(pk.st, pk.f->sd, &b, 1, 0, pk.now) == 1
           && ++pk.f->sent > 0);
}

/* Many of them, until memory is short: who is alive is served, and the
 * orphans go at their next probe. */
PKT(c30_zero_windows_take_all_memory)
{
    enum { N = 30, MEMORY = 8 << 20 };
    cw_ns until;

    pk.config.memory_max = MEMORY;
    pk.config.sndbuf = 400000;
    listens(N);
    for (int i = 1; i <= N; i++) {
        flow(i);
        in("S seq 0 mss 1000");
        pk_drain();
        in(". seq 1 ack 1 win 0");
        accepts();
        fills();
        closes();
        pk_drain();
    }
    EXPECT_GE(memory(), MEMORY / 4 * 3); /* it worked */
    flow(0);
    in("S seq 0 mss 1000");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1 ack 1 win 65535");
    accepts();
    in(". seq 1 len 10 ack 1");
    pk_drain();
    reads(10);
    sends(10);
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 11 ack 11 win 65535");
    until = pk.now + 30 sec;
    while (pk.now < until) {
        pk_step();
        pk_drain();
    }
    EXPECT_LT(memory(), MEMORY / 4 * 3);
    flow(0);
    state(CW_ESTABLISHED);
}

/* A peer that never sends its FIN, or never acknowledges ours. */
PKT(c31_orphans_end)
{
    given(CW_FIN_WAIT2);
    closes();
    pk_drain();
    pk_step();
    pk_drain();
    for (int i = 0; i < 40 && pk_state() != GONE; i++) {
        pk_step();
        pk_drain();
    }
    state(GONE);
    pk_restart(1);
    given(CW_LAST_ACK);
    closes();
    for (int i = 0; i < 40 && pk_state() != GONE; i++) {
        pk_step();
        pk_drain();
    }
    state(GONE);
}

/* What makes both sides answer each other for ever: acceptable to neither.
 * The answers are limited; and none answers a bare RST. */
PKT(c33_ack_storm)
{
    int answers = 0;

    passive("mss 1000");
    for (int i = 0; i < 1000; i++) {
        in(". seq 900000 ack 1");
        answers += pk_drain();
    }
    EXPECT_LE(answers, 150); /* CHALLENGE_ACK_RATE, as it is drawn */
    in("R seq 900000");
    EXPECT_EQ(pk_drain(), 0);
    state(CW_ESTABLISHED);
}

/* The limit is the host's; who uses it up does not silence others: a keep-alive
 * probe is answered, or its peer would give up. */
PKT(c33_one_flood_does_not_silence_others)
{
    listens(2);
    for (int i = 0; i < 2; i++) {
        flow(i);
        in("S seq 0 mss 1000");
        pk_drain();
        in(". seq 1 ack 1");
        accepts();
    }
    for (int s = 0; s < 10; s++) {
        flow(0);
        for (int i = 0; i < 300; i++)
            in("R seq 1000"), pk_drain();
        flow(1);
        in(". seq 0 ack 1");
        out(". seq 1 ack 1 why tx-challenge");
        in(". seq 0 ack 1"); /* again so soon: it waits */
        EXPECT_EQ(pk_drain(), 0);
        quiet(1 sec);
    }
}

/* CVE-1999-0016: LAND: from our own address and port. */
PKT(c33_land)
{
    listens(1);
    pk.f->ends.peer = pk.f->ends.us;
    pk.f->ends.pport = 80;
    in("S seq 0 mss 1000");
    EXPECT_EQ(pk_drain(), 0);
    EXPECT_EQ(pk.dropped, WHY_IP_SOURCE);
}

/* CVE-2004-0230, CVE-2019-12258, RFC 5961: blind RST, SYN, and text: only
 * the exact RST resets. */
PKT(c36_blind)
{
    passive("mss 1000");
    for (int at = 2; at < 65536; at += 1111) {
        in_f("R seq %d", at);
        EXPECT_EQ(pk_drain(), 1);
        pk.now += 1 sec;
    }
    in("S seq 1000 mss 1000");
    out(". seq 1 ack 1 why tx-challenge");
    in(". seq 1 len 10 ack -70000");
    out(". seq 1 ack 1 why tx-challenge");
    state(CW_ESTABLISHED);
    in("R seq 1");
    state(GONE);
}

/* CVE-2016-5696: how many challenge ACKs another connection got in a second
 * cannot be counted: the limit is another one each second. */
PKT(c37_challenge_limit_is_no_counter)
{
    int  first = -1;
    bool differs = false;

    passive("mss 1000");
    for (int s = 0; s < 5; s++) {
        int n = 0;

        for (int i = 0; i < 300; i++) {
            in("R seq 1000");
            n += pk_drain();
        }
        EXPECT_GE(n, 50);
        EXPECT_LE(n, 150);
        differs |= first >= 0 && n != first;
        first = n;
        quiet(1 sec);
    }
    EXPECT(differs);
}

/* RFC 5927; CVE-2004-0790, -0791, -1060: ICMP that did not see our
 * segment, hard or soft, quench, or an MTU of nothing. */
PKT(c39_icmp)
{
    static const unsigned mtu[] = { 1, 67, 68, 500, 0 };

    passive("mss 1000");
    sends(5000);
    EXPECT_EQ(pk_drain(), 5);
    icmp(UNREACH_PORT, 900000, 0);
    icmp(UNREACH_PORT, -1, 0);
    EXPECT_EQ(counter(COUNT_TCP_ICMP_OUT_OF_WINDOW), 2);
    icmp(UNREACH_PORT, 1, 0);
    icmp(UNREACH_PROTO, 1, 0);
    icmp(SOURCE_QUENCH, 1, 0);
    state(CW_ESTABLISHED);
    sg_vars.no_df = !pk.v6; /* at the floor */
    T_EACH (m, mtu) {
        icmp(TOO_BIG, 1, *m);
        pk_drain();
    }
    EXPECT_GE(info().snd_mss, 500); /* 552 and 1280 less the headers */
    state(CW_ESTABLISHED);
}

/* CVE-2022-1012: the ports of connections in a row: from the range, and no
 * two steps alike. */
PKT(c41_ports)
{
    enum { N = 12 };
    int port[N], same = 0;

    for (int i = 0; i < N; i++) {
        flow(i);
        pk.f->ends.uport = 0;
        dials();
        EXPECT_EQ(pk_drain(), 1);
        port[i] = pk.f->ends.uport;
        EXPECT_GE(port[i], EPHEMERAL_FIRST);
        for (int j = 2; j <= i; j++)
            same += port[i] - port[i - 1] == port[j - 1] - port[j - 2];
    }
    EXPECT_LE(same, 2);
}

/* CVE-2005-0356: a segment of the past with a timestamp of the future is not
 * remembered: what comes next is not older than it. */
PKT(c42_paws_poisoning)
{
    listens(1);
    in("S seq 0 mss 1000 ts 100 0");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1 ack 1 ts 100 0");
    accepts();
    in(". seq 1 len 10 ack 1 ts 101 0");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq -5000 len 10 ack 1 ts 2000000000 0"); /* old text */
    pk_drain();
    in(". seq 900000 len 10 ack 1 ts 2000000000 0"); /* beyond */
    pk_drain();
    in(". seq 11 len 10 ack 1 ts 102 0");
    EXPECT_EQ(pk_drain(), 1);
    reads(20);
}

/* RFC 1337: old text and an old SYN do not end TIME-WAIT; of RSTs only the
 * exact one does (RFC 9293 §3.10.7.4, RFC 5961 §3.2). */
PKT(c43_time_wait_assassination)
{
    given(CW_TIME_WAIT);
    in("R seq R-100");
    EXPECT_EQ(pk_drain(), 0);
    in("R seq R+100");
    out(". seq 2 ack 2 why tx-challenge");
    in(". seq 1 len 1 ack 1");
    EXPECT_EQ(pk_drain(), 1);
    in("S seq -100 mss 1000");
    EXPECT_EQ(pk_drain(), 1);
    state(CW_TIME_WAIT);
    quiet(60 sec); /* what was said did not restart it */
    state(GONE);
}

/* Savage et al. 1999: one segment acknowledged octet by octet; text that was
 * never sent acknowledged: cwnd follows octets, and only those sent. */
PKT(c44_ack_division)
{
    unsigned cwnd;

    pk.config.profile = CW_PROFILE_STRICT;
    passive("mss 1000");
    sends(1000);
    EXPECT_EQ(pk_drain(), 1);
    cwnd = info().cwnd_bytes;
    for (int i = 1; i <= 1000; i++)
        in_f(". seq 1 ack %d", 1 + i);
    EXPECT_LE(info().cwnd_bytes, cwnd + 1000);
}

PKT(c44_optimistic_ack)
{
    unsigned cwnd;

    passive("mss 1000");
    sends(1000);
    EXPECT_EQ(pk_drain(), 1);
    cwnd = info().snd_cwnd;
    for (int i = 0; i < 20; i++) {
        in_f(". seq 1 ack %d", 1002 + 1000 * i);
        EXPECT_LE(pk_drain(), 1);
    }
    EXPECT_EQ(info().snd_cwnd, cwnd);
    EXPECT_EQ(info().unacked, 1);
}

/* Duplicate ACKs out of nothing: each lets at most a segment out that the
 * flight already paid for, and nothing at all when nothing is in flight. */
PKT(c44_duplicate_ack_spoofing)
{
    int sent, before;

    passive("mss 1000");
    in(". seq 1 ack 1 win 65535");
    for (int i = 0; i < 100; i++)
        in(". seq 1 ack 1 win 65535");
    EXPECT_EQ(pk_drain(), 0);
    sends(60000);
    before = pk_drain();
    for (int i = 0; i < 1000; i++)
        in(". seq 1 ack 1 win 65535"), sent = pk_drain(), before += sent;
    /* 10, two of limited transmit, one again, as many as were out */
    EXPECT_LE(before, 10 + 2 + 1 + 12);
}

/* SYN+FIN, nothing, everything, as a port scanner sends them: to a listener,
 * to a connection, to nobody.  Nothing but a SYN opens. */
PKT(c47_flags_that_make_no_sense)
{
    static const char *const flags[] = { "-", "F", "FU", "FPU", "P", "U" };

    listens(1);
    T_EACH (f, flags) {
        t_row("%s", *f);
        in_f("%s seq 0", *f);
        EXPECT_EQ(pk_drain(), 0);
        state(GONE);
    }
    in("SFRPU. seq 0");
    EXPECT_EQ(pk_drain(), 0); /* it holds an RST */
    state(GONE);
    pk_restart(0);
    passive("mss 1000");
    T_EACH (f, flags) {
        t_row("%s, connected", *f);
        in_f("%s seq 1", *f);
        EXPECT_EQ(pk_drain(), 0);
        state(CW_ESTABLISHED);
    }
    in("SFU. seq 1 ack 1");
    EXPECT_EQ(pk_drain(), 1);
    state(CW_ESTABLISHED);
}

/* Numbers across 2^32 (over IPv6 all of these tests do); a scale of 255. */
PKT(c48_sequence_wrap)
{
    static const int scales[] = { 15, 31, 32, 255 };

    T_EACH (s, scales) {
        t_row("wscale %d", *s);
        pk_restart(0);
        pk.config.teach_iss = 0xffffff00;
        pk.f->ends.irs = 0xffffff00;
        listens(1);
        in_f("S seq 0 win 1000 mss 1000 wscale %d", *s);
        pk_drain();
        in(". seq 1 ack 1 win 1");
        accepts();
        pk.f->pshift = 14; /* RFC 7323 §2.3 */
        sends(1000);
        EXPECT_EQ(pk_drain(), 1);
        in(". seq 1 len 1000 ack 1001 win 1");
        EXPECT_EQ(pk_drain(), 1);
        reads(1000);
        in("R seq 901"); /* behind the wrap: old */
        EXPECT_EQ(pk_drain(), 0);
        state(CW_ESTABLISHED);
    }
}

T_MAIN(BOTH(c04_tcp_option_lengths), BOTH(c05_c27_tiny_mss),
       BOTH(c18_urgent_pointers), BOTH(c18_urgent_pointers_out_of_band),
       BOTH(c19_urgent_state_ends_with_its_connection),
       BOTH(c26_sack_of_single_octets), BOTH(c28_octets_that_make_holes),
       BOTH(c28_octets_that_make_thousands_of_holes),
       BOTH(c28_holes_of_many_connections),
       BOTH(c28_octets_above_a_hole_upwards),
       BOTH(c28_octets_above_a_hole_downwards),
       BOTH(c28_octets_in_order_below_a_hole), BOTH(c29_syn_flood),
       BOTH(c30_zero_window_for_ever), BOTH(c30_zero_window_of_an_orphan),
       BOTH(c30_zero_windows_take_all_memory), BOTH(c31_orphans_end),
       BOTH(c33_ack_storm), BOTH(c33_one_flood_does_not_silence_others),
       BOTH(c33_land), BOTH(c36_blind),
       BOTH(c37_challenge_limit_is_no_counter), BOTH(c39_icmp),
       BOTH(c41_ports), BOTH(c42_paws_poisoning),
       BOTH(c43_time_wait_assassination), BOTH(c44_ack_division),
       BOTH(c44_optimistic_ack), BOTH(c44_duplicate_ack_spoofing),
       BOTH(c47_flags_that_make_no_sense), BOTH(c48_sequence_wrap))
