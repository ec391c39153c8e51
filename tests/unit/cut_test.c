/* cut_test.c: super-segments into segments. */
#include "t.h"

#include "wire/cksum.h"
#include "wire/cut.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/ipproto.h"
#include "wire/tcphdr.h"

enum { TEXT = 10000, OPTIONS = 12, FRAME = 11000 };

struct big {
    uint8_t  frame[FRAME];
    size_t   len;
    uint32_t tcp;
    bool     ip4;
};

static const struct cw_addr src4 = { { [10] = 255, 255, 10, 9, 0, 1 } };
static const struct cw_addr dst4 = { { [10] = 255, 255, 10, 9, 0, 2 } };
static const struct cw_addr src6 = { { 0xfd, 9, [15] = 1 } };
static const struct cw_addr dst6 = { { 0xfd, 9, [15] = 2 } };

static void put_ip(struct big *b, size_t above)
{
    struct ip4_repr r4 = { .src = src4,
                           .dst = dst4,
                           .proto = PROTO_TCP,
                           .ttl = 64,
                           .id = 65535,
                           .total_len = (uint16_t)(IP4_HDR_MIN + above) };
    struct ip6_repr r6 = { .src = src6,
                           .dst = dst6,
                           .next = PROTO_TCP,
                           .hop = 64,
                           .payload_len = (uint16_t)above };
    uint8_t        *ip = b->frame + ETHER_LEN;

    b->tcp = ETHER_LEN;
    b->tcp += (uint32_t)(b->ip4 ? ip4hdr_emit(ip, IP4_HDR_MIN, &r4)
                                : ip6hdr_emit(ip, IP6_HDR_LEN, &r6));
}

static void make(struct big *b, bool ip4, uint8_t flags)
{
    struct ether_repr e = { .type = ip4 ? ETHER_IP4 : ETHER_IP6 };
    uint8_t          *tcp;

    memset(b, 0, sizeof *b);
    b->ip4 = ip4;
    etherhdr_emit(b->frame, ETHER_LEN, &e);
    put_ip(b, TCP_HDR_MIN + OPTIONS + TEXT);
    tcp = b->frame + b->tcp;
    be16_store(tcp, 1000);
    be16_store(tcp + 2, 2000);
    be32_store(tcp + 4, 0xffffff00);
    tcp[12] = (TCP_HDR_MIN + OPTIONS) / 4 << 4;
    tcp[13] = flags;
    memset(tcp + TCP_HDR_MIN, 1, OPTIONS); /* no-operations */
    b->len = b->tcp + TCP_HDR_MIN + OPTIONS;
    for (unsigned i = 0; i < TEXT; i++)
        b->frame[b->len++] = (uint8_t)(i * 7 + i / 256);
}

/* What a receiver would find wrong in a piece. */
static void check_piece(const struct big *b, const uint8_t *p, size_t len)
{
    struct span     ip = span_of(p + ETHER_LEN, len - ETHER_LEN);
    struct ip4_repr r4;
    struct ip6_repr r6;
    size_t          tcp_len = len - b->tcp;

    if (b->ip4) {
        EXPECT_EQ(ip4hdr_parse(ip, &r4), GO_ON);
        EXPECT_EQ(r4.total_len, ip.len);
    } else {
        EXPECT_EQ(ip6hdr_parse(ip, &r6), GO_ON);
        EXPECT_EQ(r6.payload_len, tcp_len);
    }
    EXPECT_EQ(cksum_fold(cksum_add(cksum_pseudo(b->ip4 ? &src4 : &src6,
                                                b->ip4 ? &dst4 : &dst6,
                                                PROTO_TCP, (uint32_t)tcp_len),
                                   p + b->tcp, tcp_len)),
              0);
}

static void cut_all(bool ip4, uint16_t size)
{
    static struct big b;
    static uint8_t    out[FRAME];
    struct cut        c;
    size_t            len, text = 0;

    make(&b, ip4, F_ACK | F_PSH | F_FIN | F_CWR);
    EXPECT(cut_begin(&c, span_of(b.frame, b.len), b.tcp, size));
    for (unsigned i = 0; (len = cut_next_len(&c)) > 0; i++) {
        size_t   hdr = b.tcp + TCP_HDR_MIN + OPTIONS;
        bool     last = TEXT - text <= size;
        uint8_t *tcp = out + b.tcp;

        EXPECT_EQ(len - hdr, last ? TEXT - text : size);
        cut_next(&c, out);
        EXPECT_EQ(be32_load(tcp + 4), (uint32_t)(0xffffff00 + text));
        EXPECT_EQ(tcp[13],
                  F_ACK | (last ? F_PSH | F_FIN : 0) | (i == 0 ? F_CWR : 0));
        if (ip4)
            EXPECT_EQ(be16_load(out + ETHER_LEN + 4), (uint16_t)(65535 + i));
        EXPECT_MEM(out + hdr, b.frame + hdr + text, len - hdr);
        check_piece(&b, out, len);
        text += len - hdr;
    }
    EXPECT_EQ(text, TEXT);
}

TEST(the_pieces_are_the_whole)
{
    static const uint16_t sizes[] = {
        1, 536, 1448, 5000, 9999, 10000, 65535
    };

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        t_row("%u", sizes[i]);
        cut_all(true, sizes[i]);
        cut_all(false, sizes[i]);
    }
}

/* What the sender says of the frame is not believed. */
TEST(what_cannot_be_cut_is_refused)
{
    static struct big b;
    struct cut        c;

    make(&b, true, F_ACK);
    EXPECT(!cut_begin(&c, span_of(b.frame, b.len), b.tcp, 0));
    for (uint32_t at = 0; at < b.len; at++)
        EXPECT_EQ(cut_begin(&c, span_of(b.frame, b.len), at, 1448),
                  at == b.tcp);
    for (size_t len = 0; len <= b.tcp + 33; len++)
        EXPECT_EQ(cut_begin(&c, span_of(b.frame, len), b.tcp, 1448),
                  len == b.tcp + 33); /* one byte of text */
    b.frame[ETHER_LEN + 9] = PROTO_UDP;
    EXPECT(!cut_begin(&c, span_of(b.frame, b.len), b.tcp, 1448));
    make(&b, true, F_ACK);
    b.frame[b.tcp + 12] = 4 << 4; /* TCP's header shorter than it can be */
    EXPECT(!cut_begin(&c, span_of(b.frame, b.len), b.tcp, 1448));
}

T_MAIN(T(the_pieces_are_the_whole), T(what_cannot_be_cut_is_refused))
