/* tcphdr_test.c: the TCP header, field by field and bit by bit. */
#include "t.h"
#include "wire/tcphdr.h"

static const uint8_t plain[20] = { 0x9c, 0x40, 0,    80,   0xff, 0xff, 0xff,
                                   0xfe, 1,    2,    3,    4,    0x50, 0x18,
                                   0xfa, 0xf0, 0xab, 0xcd, 0,    9 };

TEST(fields)
{
    struct tcp_repr r;

    EXPECT_EQ(tcphdr_parse(span_of(plain, 20), &r), GO_ON);
    EXPECT_EQ(r.sport, 40000);
    EXPECT_EQ(r.dport, 80);
    EXPECT_EQ(r.seq.v, 0xfffffffe);
    EXPECT_EQ(r.ack.v, 0x01020304);
    EXPECT_EQ(r.flags, F_ACK | F_PSH);
    EXPECT_EQ(r.ae, 0);
    EXPECT_EQ(r.wnd, 64240);
    EXPECT_EQ(r.up, 9);
    EXPECT_EQ(r.hdr_len, 20);
    EXPECT_EQ(tcpopt_len(&r.opt), 0);
}

/* Each bit of bytes 12 and 13 has its own meaning (RFC 9293 §3.1; AE from
 * RFC 9768 §3.1), and the reserved ones have none. */
TEST(control_bits)
{
    static const struct {
        uint8_t byte12, byte13, flags, ae;
    } rows[] = {
        { 0x50, 0x01, F_FIN, 0 }, { 0x50, 0x02, F_SYN, 0 },
        { 0x50, 0x04, F_RST, 0 }, { 0x50, 0x08, F_PSH, 0 },
        { 0x50, 0x10, F_ACK, 0 }, { 0x50, 0x20, F_URG, 0 },
        { 0x50, 0x40, F_ECE, 0 }, { 0x50, 0x80, F_CWR, 0 },
        { 0x51, 0x00, 0, 1 },     { 0x52, 0x00, 0, 0 },
        { 0x54, 0x00, 0, 0 },     { 0x58, 0x00, 0, 0 },
        { 0x5f, 0xff, 0xff, 1 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t         hdr[20];
        struct tcp_repr r;

        t_row("%zu", i);
        memcpy(hdr, plain, sizeof(hdr));
        hdr[12] = rows[i].byte12;
        hdr[13] = rows[i].byte13;
        EXPECT_EQ(tcphdr_parse(span_of(hdr, 20), &r), GO_ON);
        EXPECT_EQ(r.flags, rows[i].flags);
        EXPECT_EQ(r.ae, rows[i].ae);
    }
}

TEST(every_data_offset)
{
    for (unsigned off = 0; off < 16; off++) {
        for (size_t len = 0; len <= 61; len++) {
            uint8_t         hdr[64] = { 0 };
            struct tcp_repr r;
            bool            ok = off >= 5 && off * 4 <= len && len >= 20;

            hdr[12] = (uint8_t)(off << 4);
            EXPECT_EQ(tcphdr_parse(span_of(hdr, len), &r),
                      ok ? GO_ON : WHY_TCP_HEADER);
            if (ok)
                EXPECT_EQ(r.hdr_len, off * 4);
        }
    }
}

/* Options count as a SYN's exactly when the SYN bit is set. */
TEST(options_go_by_the_syn_bit)
{
    uint8_t         hdr[24];
    struct tcp_repr r;

    memcpy(hdr, plain, 20);
    hdr[12] = 0x60;
    be32_store(hdr + 20, 0x020405b4);
    EXPECT_EQ(tcphdr_parse(span_of(hdr, 24), &r), GO_ON);
    EXPECT(!r.opt.has_mss);
    hdr[13] = F_SYN | F_ACK;
    EXPECT_EQ(tcphdr_parse(span_of(hdr, 24), &r), GO_ON);
    EXPECT(r.opt.has_mss);
    EXPECT_EQ(r.opt.mss, 1460);
}

/* MUST-7: a segment with malformed options is still a segment. */
TEST(malformed_options_are_no_fault)
{
    uint8_t         hdr[24];
    struct tcp_repr r;

    memcpy(hdr, plain, 20);
    hdr[12] = 0x60;
    be32_store(hdr + 20, 0x08000000);
    EXPECT_EQ(tcphdr_parse(span_of(hdr, 24), &r), GO_ON);
    EXPECT_EQ(r.hdr_len, 24);
    EXPECT(!r.opt.has_ts);
}

TEST(emit)
{
    struct tcp_repr r = { .sport = 40000,
                          .dport = 80,
                          .wnd = 64240,
                          .up = 9,
                          .flags = F_PSH | F_ACK };
    uint8_t         out[TCP_HDR_MAX], expect[20];

    r.seq = seq_of(0xfffffffe);
    r.ack = seq_of(0x01020304);
    memset(out, 0xee, sizeof(out));
    memcpy(expect, plain, 20);
    be16_store(expect + TCP_CKSUM_AT, 0);
    EXPECT_EQ(tcphdr_emit(out, 20, &r), 20);
    EXPECT_MEM(out, expect, 20);
    EXPECT_EQ(out[20], 0xee);
    r.ae = 1;
    r.opt.has_mss = true;
    r.opt.mss = 1460;
    EXPECT_EQ(tcphdr_len(&r), 24);
    EXPECT_EQ(tcphdr_emit(out, sizeof(out), &r), 24);
    EXPECT_EQ(out[12], 0x61);
    EXPECT_EQ(be32_load(out + 20), 0x020405b4);
    EXPECT_EQ(out[24], 0xee);
}

/* Writing what cannot be is our own fault, and stops. */
TEST(misuse_panics)
{
    struct tcp_repr r = { .ae = 2 };
    uint8_t         out[TCP_HDR_MAX];

    EXPECT_PANIC((void)tcphdr_emit(out, sizeof(out), &r));
    r.ae = 0;
    EXPECT_PANIC((void)tcphdr_emit(out, 19, &r));
    r.opt.has_ts = true;
    EXPECT_PANIC((void)tcphdr_emit(out, 31, &r));
    r.opt.nsack = TCPOPT_SACK_MAX + 1;
    EXPECT_PANIC((void)tcphdr_emit(out, sizeof(out), &r));
}

T_MAIN(T(fields), T(control_bits), T(every_data_offset),
       T(options_go_by_the_syn_bit), T(malformed_options_are_no_fault),
       T(emit), T(misuse_panics))
