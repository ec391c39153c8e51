/* kind_test.c: what a frame is taken for, whole, split and cut short. */
#include "base/bytes.h"
#include "emu/link.h"
#include "t.h"
#include <causeway/stack.h>

enum { FRAME_MAX = 400 };

struct frame {
    uint8_t  b[FRAME_MAX];
    uint32_t len;
};

static void put(struct frame *f, const void *bytes, uint32_t n)
{
    EXPECT(f->len + n <= FRAME_MAX);
    memcpy(f->b + f->len, bytes, n);
    f->len += n;
}

static void put_zeros(struct frame *f, uint32_t n)
{
    static const uint8_t zeros[FRAME_MAX];

    put(f, zeros, n);
}

static void ether(struct frame *f, uint16_t type)
{
    uint8_t t[2];

    f->len = 0;
    put_zeros(f, 12);
    be16_store(t, type);
    put(f, t, 2);
}

/* IPv4 with `opts` bytes of options; IPv6 with `exts` extension headers. */
static struct frame ip4(uint8_t proto, uint32_t opts, uint32_t payload,
                        uint16_t frag)
{
    struct frame f;
    uint8_t      h[20] = { 0 };

    ether(&f, 0x0800);
    h[0] = (uint8_t)(0x40 | (20 + opts) / 4);
    be16_store(h + 2, (uint16_t)(20 + opts + payload));
    be16_store(h + 6, frag);
    h[9] = proto;
    put(&f, h, 20);
    put_zeros(&f, opts);
    return f;
}

static struct frame ip6(uint8_t proto, const uint8_t *exts, unsigned n,
                        uint32_t payload)
{
    struct frame f;
    uint8_t      h[40] = { 0x60 };

    ether(&f, 0x86dd);
    be16_store(h + 4, (uint16_t)(8 * n + payload));
    h[6] = n ? exts[0] : proto;
    put(&f, h, 40);
    for (unsigned i = 0; i < n; i++) {
        uint8_t ext[8] = { i + 1 < n ? exts[i + 1] : proto };

        put(&f, ext, 8);
    }
    return f;
}

static void tcp(struct frame *f, uint8_t flags, uint32_t opts, uint32_t text)
{
    uint8_t h[20] = { 0 };

    h[12] = (uint8_t)((20 + opts) / 4 << 4);
    h[13] = flags;
    put(f, h, 20);
    put_zeros(f, opts);
    put_zeros(f, text);
}

/* In n fragments of about equal length, each a buffer of its own. */
static struct cw_pkt in_frags(const struct frame *f, unsigned n,
                              struct cw_buf bufs[static CW_FRAGS_MAX])
{
    static uint8_t area[CW_FRAGS_MAX][FRAME_MAX + 1];
    struct cw_pkt  pkt = { .nfrags = (uint16_t)n, .len = f->len };
    uint32_t       at = 0;

    for (unsigned i = 0; i < n; i++) {
        uint32_t len = i + 1 < n ? f->len / n : f->len - at;

        memcpy(area[i] + 1, f->b + at, len);
        bufs[i] = (struct cw_buf){ area[i], len + 1, 1 };
        pkt.frags[i] = (struct cw_frag){ &bufs[i], 1, len };
        at += len;
    }
    return pkt;
}

static void check(const struct frame *f, unsigned kinds)
{
    for (unsigned n = 1; n <= CW_FRAGS_MAX; n++) {
        struct cw_buf bufs[CW_FRAGS_MAX];
        struct cw_pkt pkt = in_frags(f, n, bufs);

        EXPECT_EQ(link_kinds(&pkt), LINK_PACKET | kinds);
    }
}

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

TEST(tcp_segments)
{
    static const struct {
        uint8_t  flags;
        uint32_t text;
        unsigned kinds;
    } rows[] = {
        { SYN, 0, LINK_SYN },
        { SYN | ACK, 0, LINK_SYNACK },
        { ACK, 0, LINK_ACK },
        { ACK | PSH, 0, LINK_ACK },
        { ACK, 1, LINK_DATA },
        { ACK | PSH, 100, LINK_DATA },
        { ACK | FIN, 0, LINK_FIN },
        { ACK | FIN | PSH, 10, LINK_FIN | LINK_DATA },
        { RST, 0, LINK_RST },
        { RST | ACK, 0, LINK_RST },
        { SYN, 10, LINK_SYN | LINK_DATA },
        { 0, 0, 0 },
        { URG, 0, 0 },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        for (uint32_t opts = 0; opts <= 40; opts += 20) {
            uint32_t     len = 20 + opts + rows[i].text;
            struct frame f = ip4(6, opts, len, 0);

            tcp(&f, rows[i].flags, opts, rows[i].text);
            check(&f, rows[i].kinds);
            f = ip6(6, NULL, 0, len);
            tcp(&f, rows[i].flags, opts, rows[i].text);
            check(&f, rows[i].kinds);
        }
}

/* Ethernet pads short frames: padding is no text. */
TEST(padding_is_no_text)
{
    struct frame f = ip4(6, 0, 20, 0);

    tcp(&f, ACK, 0, 0);
    put_zeros(&f, 6);
    check(&f, LINK_ACK);
}

TEST(others)
{
    struct frame f = ip4(17, 0, 8, 0);

    put_zeros(&f, 8);
    check(&f, LINK_UDP);
    f = ip4(1, 0, 8, 0);
    put_zeros(&f, 8);
    check(&f, LINK_ICMP);
    ether(&f, 0x0806);
    put_zeros(&f, 28);
    check(&f, LINK_ARP);
    ether(&f, 0x88cc);
    put_zeros(&f, 28);
    check(&f, 0);
    f = ip4(132, 0, 20, 0);
    put_zeros(&f, 20);
    check(&f, 0);
}

TEST(icmp6_is_not_always_icmp)
{
    static const struct {
        uint8_t  type;
        unsigned kinds;
    } rows[] = {
        { 1, LINK_ICMP },   { 128, LINK_ICMP }, { 132, LINK_ICMP },
        { 133, LINK_ARP },  { 135, LINK_ARP },  { 137, LINK_ARP },
        { 138, LINK_ICMP },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct frame f = ip6(58, NULL, 0, 8);

        put(&f, &rows[i].type, 1);
        put_zeros(&f, 7);
        check(&f, rows[i].kinds);
    }
}

TEST(extension_headers_are_walked)
{
    static const uint8_t chain[] = { 0, 60, 43, 44, 60 };
    static const uint8_t long_chain[] = {
        60, 60, 60, 60, 60, 60, 60, 60, 60
    };

    for (unsigned n = 0; n <= ARRAY_LEN(chain); n++) {
        struct frame f = ip6(6, chain, n, 25);

        tcp(&f, ACK, 0, 5);
        check(&f, LINK_DATA);
    }
    for (unsigned n = 8; n <= 9; n++) {
        struct frame f = ip6(6, long_chain, n, 20);

        tcp(&f, ACK, 0, 0);
        check(&f, n == 8 ? LINK_ACK : 0);
    }
}

/* Only the first fragment has a transport header. */
TEST(later_fragments_are_just_packets)
{
    struct frame f = ip4(6, 0, 24, 0x2000); /* more to come */

    tcp(&f, ACK, 0, 4);
    check(&f, LINK_DATA);
    f = ip4(6, 0, 24, 1);
    tcp(&f, ACK, 0, 4);
    check(&f, 0);
    f = ip6(6, (const uint8_t[]){ 44 }, 1, 24);
    f.b[14 + 40 + 3] = 8;
    tcp(&f, ACK, 0, 4);
    check(&f, 0);
}

/* Cut anywhere, or with lengths that lie: no more is claimed than is there,
 * and nothing is read beyond. */
TEST(cut_and_lying_frames)
{
    static const uint8_t chain[] = { 0, 44 };
    struct frame         whole = ip6(6, chain, 2, 60);
    struct prng          draw = t_prng("frames");

    tcp(&whole, ACK, 20, 20);
    for (uint32_t len = 1; len <= whole.len; len++) {
        struct cw_buf b = { .data = t_guard(whole.b, len), .refs = 1 };
        struct cw_pkt pkt = { .frags = { { &b, 0, len } },
                              .nfrags = 1,
                              .len = len };
        unsigned      kinds = link_kinds(&pkt);

        EXPECT(kinds & LINK_PACKET);
        if (len < 14 + 40 + 16 + 40)
            EXPECT_EQ(kinds, LINK_PACKET);
    }
    for (unsigned i = 0; i < 20000; i++) {
        struct frame  f = whole;
        struct cw_buf bufs[CW_FRAGS_MAX];
        struct cw_pkt pkt;

        for (unsigned k = 0; k < 3; k++)
            f.b[12 + prng_below(&draw, 80)] = (uint8_t)prng_u32(&draw);
        f.len = 14 + (uint32_t)prng_below(&draw, whole.len - 14);
        pkt = in_frags(&f, 1 + i % 8, bufs);
        EXPECT(link_kinds(&pkt) & LINK_PACKET);
    }
}

T_MAIN(T(tcp_segments), T(padding_is_no_text), T(others),
       T(icmp6_is_not_always_icmp), T(extension_headers_are_walked),
       T(later_fragments_are_just_packets), T(cut_and_lying_frames))
