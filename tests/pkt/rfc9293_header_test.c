/* rfc9293_header_test.c: RFC 9293 §3.1, §3.2: checksums, lengths, reserved
 * bits, options of any shape; §3.9.2.3: addresses nobody may talk from or to.
 */
#include "pkt.h"
#include "base/addr.h"

/* MUST-3: whatever it would have done, a bad checksum undoes it. */
PKT(s3_1_bad_checksums_are_dropped)
{
    static const char *const segments[] = {
        ". seq 1 len 10 ack 1 badsum",
        ". seq 1 ack 1 badsum",
        "F. seq 1 ack 1 badsum",
        "R seq 1 badsum",
        "S seq 1 badsum",
        ". seq 9 len 3 ack 5 badsum",
    };
    unsigned n = 0;

    given(CW_ESTABLISHED);
    T_EACH (text, segments) {
        t_row("%s", *text);
        in(*text);
        nothing();
        EXPECT_EQ(pk.dropped, WHY_TCP_CHECKSUM);
        EXPECT_EQ(counter(COUNT_TCP_IN_CSUM_ERRORS), ++n);
        EXPECT_EQ(counter(COUNT_TCP_IN_ERRS), n);
        state(CW_ESTABLISHED);
    }
    reads_result(-CW_EAGAIN);
    EXPECT_EQ(info().rcv_nxt - info().irs, 1);
}

PKT(s3_1_bad_checksum_of_a_syn)
{
    listens(1);
    in("S seq 0 mss 1000 badsum");
    nothing();
    EXPECT_EQ(pk.dropped, WHY_TCP_CHECKSUM);
    state(GONE);
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
}

PKT(s3_1_bad_data_offset)
{
    static const char *const segments[] = {
        "R seq 1 doff 0",
        "R seq 1 doff 4",
        ". seq 1 len 10 ack 1 doff 15",
        ". seq 1 ack 1 doff 6",
    };
    unsigned n = 0;

    given(CW_ESTABLISHED);
    T_EACH (text, segments) {
        t_row("%s", *text);
        in(*text);
        nothing();
        EXPECT_EQ(pk.dropped, WHY_TCP_HEADER);
        EXPECT_EQ(counter(COUNT_TCP_IN_ERRS), ++n);
        state(CW_ESTABLISHED);
    }
}

/* "Must be zero in generated segments and must be ignored in received
 * segments if the corresponding future features are not implemented"; that
 * ours are zero, and that no ECN is spoken, is checked always.  The last of
 * the four has become a flag that only a SYN gives a meaning: RFC 9768. */
PKT(s3_1_reserved_bits_are_ignored)
{
    listens(1);
    in("S seq 0 mss 1000 resv 14 tos 3");
    out("S. seq 0 ack 1 win 65535 mss M tos 0");
    in(".EW seq 1 ack 1 resv 8 tos 2");
    accepts();
    in(".E seq 1 len 10 ack 1 resv 1 tos 3");
    out(". seq 1 ack 11 tos 0");
    sends(10);
    out("P. seq 1 len 10 ack 11 tos 0");
}

/* MUST-1: the window is unsigned. */
PKT(s3_1_window_is_unsigned)
{
    passive("mss 1460");
    in(". seq 1 ack 1 win 65535");
    EXPECT_EQ(info().snd_wnd, 65535);
}

/* ---- options ------------------------------------------------------------ */

/* A SYN's options as they are, and the MSS that is then used: of the peer or
 * MUST-15's. */
static const struct {
    const char *raw;
    int         mss; /* 0: the default */
} option_rows[] = {
    { "020403e8", 1000 },
    { "0101020403e800", 1000 },       /* MUST-4 */
    { "01020403e80103030a", 1000 },   /* MUST-64: nothing aligned */
    { "c806aaaaaaaa020403e8", 1000 }, /* MUST-6, MUST-68: unknown */
    { "fd02020403e8", 1000 },
    { "020403e80402", 1000 },
    { "00020403e8", 0 }, /* nothing follows the end */
    { "020003e8", 0 },   /* MUST-7: lengths that cannot be */
    { "020103e8", 0 },
    { "020503e800", 0 },
    { "022903e8", 0 },
    { "c800020403e8", 0 },
    { "c801020403e8", 0 },
    { "c8ff020403e8", 0 },
    { "02", 0 },
    { "c8", 0 },
    { "", 0 },
};

PKT(s3_1_options_of_any_shape)
{
    T_EACH (r, option_rows) {
        char text[128];
        int  mss = r->mss ?: pk.v6 ? 1220 : 536; /* MUST-15 */

        t_row("%s", r->raw);
        pk_restart(0);
        listens(1);
        snprintf(text, sizeof text, "S seq 0%s%s", r->raw[0] ? " raw " : "",
                 r->raw);
        if (strstr(r->raw, "03030a"))
            pk.f->pshift = 10;
        in(text);
        out(strstr(r->raw, "0402") && r->mss ? "S. seq 0 ack 1 mss M sackOK"
                : strstr(r->raw, "03030a")   ? "S. seq 0 ack 1 mss M wscale 7"
                                             : "S. seq 0 ack 1 mss M");
        in(". seq 1 ack 1");
        accepts();
        sends(2 * mss);
        snprintf(text, sizeof text, ". seq 1 len %d ack 1", mss);
        out(text);
        snprintf(text, sizeof text, "P. seq %d len %d ack 1", 1 + mss, mss);
        out(text);
    }
}

/* MUST-5, MUST-6: options on any segment; those of a SYN mean nothing there
 * (MUST-65). */
PKT(s3_1_options_on_any_segment)
{
    passive("mss 1000");
    in(". seq 1 len 10 ack 1 raw 0101080a0000000100000001");
    out(". seq 1 ack 11");
    in(". seq 11 len 10 ack 1 raw c806aaaaaaaa");
    out(". seq 1 ack 21");
    in(". seq 21 len 10 ack 1 mss 100 wscale 9 sackOK win 2000");
    out(". seq 1 ack 31");
    EXPECT_EQ(info().snd_wnd, 2000);
    sends(1000);
    out("P. seq 1 len 1000 ack 31");
    in(". seq 31 len 10 ack 1001 raw 05"); /* cut off */
    out(". seq 1001 ack 41");
    in(". seq 51 len 10 ack 1001"); /* no SACK was agreed on */
    out(". seq 1001 ack 41");
}

/* §3.7.1, MUST-16, SHLD-28: the smallest of what the peer takes, what the
 * path carries and what the user wants; options are the sender's to subtract
 * (RFC 6691). */
static const struct {
    const char *offer;
    int         maxseg; /* TCP_MAXSEG; 0: not set */
    const char *first;
} mss_rows[] = {
    { "mss 1000", 0, ". seq 1 len 1000 ack 1" },
    { "mss 9000", 0, ". seq 1 len M ack 1" },
    { "mss 65535", 0, ". seq 1 len M ack 1" },
    { "mss 1000 ts 1 0", 0, ". seq 1 len 988 ack 1 ts * *" },
    { "mss 9000 ts 1 0", 0, ". seq 1 len M-12 ack 1 ts * *" },
    { "mss 1000 sackOK", 0, ". seq 1 len 1000 ack 1" },
    { "mss 1000", 700, ". seq 1 len 700 ack 1" },
    { "mss 600", 700, ". seq 1 len 600 ack 1" },
};

PKT(s3_7_1_mss)
{
    T_EACH (r, mss_rows) {
        char text[128];
        bool ts = strstr(r->offer, "ts ") != NULL;

        t_row("%s, maxseg %d", r->offer, r->maxseg);
        pk_restart(0);
        listens(1);
        pk.f->sd = pk.listener;
        if (r->maxseg)
            sets(CW_IPPROTO_TCP, CW_TCP_MAXSEG, r->maxseg);
        snprintf(text, sizeof text, "S seq 0 %s", r->offer);
        in(text);
        snprintf(text, sizeof text, "S. seq 0 ack 1 mss %s%s%s",
                 r->maxseg ? "700" : "M",
                 strstr(r->offer, "sackOK") ? " sackOK" : "",
                 ts ? " ts * 1" : "");
        out(text);
        in(ts ? ". seq 1 ack 1 ts 1 0" : ". seq 1 ack 1");
        accepts();
        sends(2000);
        out(r->first);
        pk_restart(0);
    }
}

/* ---- §3.9.2.3 ----------------------------------------------------------- */

// clang-format off
static const struct {
    bool        v6, from; /* is it the source? */
    const char *address;
} address_rows[] = {
    { false, false, "10.0.0.255" },      { false, false, "224.0.0.1" },
    { false, false, "255.255.255.255" }, { false, true, "10.0.0.255" },
    { false, true, "224.0.0.1" },        { false, true, "255.255.255.255" },
    { false, true, "127.0.0.1" },        { false, true, "0.0.0.0" },
    { true, false, "ff02::1" },          { true, true, "ff02::1" },
    { true, true, "::1" },               { true, true, "::" },
};
// clang-format on

/* MUST-57, MUST-63: neither a connection nor a reset comes of it. */
PKT(s3_9_2_3_addresses_nobody_may_use)
{
    static const char *const segments[] = { "S seq 0 mss 1000",
                                            ". seq 0 ack 1",
                                            "F seq 9 len 5" };

    listens(1);
    flow(1);
    T_EACH (r, address_rows) {
        if (r->v6 != pk.v6)
            continue;
        T_EACH (text, segments) {
            struct sg_ends was = pk.f->ends;

            t_row("%s %s: %s", r->from ? "from" : "to", r->address, *text);
            EXPECT(addr_parse(r->address,
                              r->from ? &pk.f->ends.peer : &pk.f->ends.us));
            in(*text);
            nothing();
            EXPECT_NE(pk.dropped, GO_ON);
            pk.f->ends = was;
        }
    }
    EXPECT_EQ(counter(COUNT_TCP_OUT_SEGS), 0);
}

T_MAIN(BOTH(s3_1_bad_checksums_are_dropped), BOTH(s3_1_bad_checksum_of_a_syn),
       BOTH(s3_1_bad_data_offset), BOTH(s3_1_reserved_bits_are_ignored),
       BOTH(s3_1_window_is_unsigned), BOTH(s3_1_options_of_any_shape),
       BOTH(s3_1_options_on_any_segment), BOTH(s3_7_1_mss),
       BOTH(s3_9_2_3_addresses_nobody_may_use))
