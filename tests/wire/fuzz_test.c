/* fuzz_test.c: frames of random bytes and golden frames with random
 * damage: no parser leaves its span, and what it lets through obeys its own
 * promises.  Seeded, so that a failure comes again.
 */
#include "base/limits.h"
#include "t.h"
#include "wire/golden.h"
#include "wire/icmp4hdr.h"
#include "wire/ip4hdr.h"
#include "wire/layers.h"
#include "wire/ndphdr.h"
#include "wire/tcphdr.h"
#include "wire/udphdr.h"

enum { ROUNDS = 200000, FRAME_MAX = 200 };

static void random_bytes(struct prng *r, uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)prng_u32(r);
}

/* What is promised of a header that was let through. */
static void promises(struct span s, const struct layers *ctx)
{
    struct tcp_repr tcp;
    struct ip4_repr ip4;
    struct udp_repr udp;
    struct ndp_repr ndp;

    if (tcphdr_parse(s, &tcp) == GO_ON) {
        EXPECT(tcp.hdr_len >= TCP_HDR_MIN && tcp.hdr_len <= s.len);
        EXPECT_LE(tcp.opt.nsack, TCPOPT_SACK_MAX);
        EXPECT_LE(tcp.opt.wscale, TCP_WSCALE_MAX);
        EXPECT(tcphdr_len(&tcp) <= TCP_HDR_MAX);
    }
    if (ip4hdr_parse_quote(s, &ip4) == GO_ON) {
        EXPECT(ip4.hdr_len >= IP4_HDR_MIN && ip4.hdr_len <= s.len);
        EXPECT(ip4.total_len >= ip4.hdr_len);
        EXPECT_EQ(ip4.frag_off % 8, 0);
    }
    if (udphdr_parse(s, &udp) == GO_ON)
        EXPECT(udp.len >= UDP_LEN && udp.len <= s.len);
    if (ndphdr_parse(s, &ctx->ip6, &ndp) == GO_ON) {
        EXPECT_LE(ndp.nprefix, NDP_PREFIX_MAX);
        EXPECT_LE(ndp.quoted.len, s.len);
    }
}

/* The walk ends within the packet, and so does what it points to. */
static void walk_promises(struct span s, const struct layers *ctx)
{
    struct ip6_repr ip = ctx->ip6;
    struct ip6_ext  e;

    if (s.len < IP6_HDR_LEN)
        return;
    ip.payload_len = (uint16_t)(s.len - IP6_HDR_LEN);
    ip.next = s.p[6];
    if (ip6ext_walk(s, &ip, &e) == GO_ON)
        EXPECT(e.off >= IP6_HDR_LEN && e.off <= s.len);
    EXPECT_LE(e.count, IP6_EXT_MAX);
    if (e.problem.tell)
        EXPECT(e.problem.pointer < s.len);
}

/* Region: GOLDEN_MAX bytes in front of a page that may not be touched. */
static void feed(uint8_t *region, const uint8_t *bytes, size_t len)
{
    struct span   s = at_end(region, GOLDEN_MAX, bytes, len);
    struct layers l;

    (void)layers_of(s, &l);
    l.ip6.hop = 255;
    l.ip6.src = (struct cw_addr){ { 0xfe, 0x80, [15] = 1 } };
    for (int k = LAYER_ETHER; k <= LAYER_NDP; k++)
        (void)layer_parse((enum layer_kind)k, s, &l);
    promises(s, &l);
    walk_promises(s, &l);
}

TEST(noise)
{
    struct prng r = t_prng("bytes");
    uint8_t    *region = t_guard(NULL, GOLDEN_MAX);
    uint8_t     buf[FRAME_MAX];

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t len = prng_below(&r, FRAME_MAX / 2);

        random_bytes(&r, buf, len);
        /* Mostly a first byte that some parser takes for its own. */
        if (len > 12 && i % 4 != 0) {
            buf[0] = (uint8_t[]){ 0x60, 0x45, 134 }[i % 3];
            buf[1] &= i & 16 ? 0xff : 0;
            buf[6] = (uint8_t[]){ 0, 43, 44, 60 }[i / 4 % 4];
            buf[12] = (uint8_t)(buf[12] | 0x50);
        }
        feed(region, buf, len);
    }
}

/* Real frames with one to four bytes changed, whole or cut, from the frame's
 * own beginning and from each header's. */
TEST(damaged_frames)
{
    struct prng r = t_prng("damage");
    uint8_t    *region = t_guard(NULL, GOLDEN_MAX);

    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        uint8_t  buf[GOLDEN_MAX];
        size_t   len = golden_bytes(&goldens[i % golden_count], buf);
        size_t   from = (size_t[]){ 0, 14, 34, 54 }[i / golden_count % 4];
        uint64_t hits = 1 + prng_below(&r, 4);

        for (uint64_t h = 0; h < hits; h++) {
            uint64_t at = prng_below(&r, len);

            buf[at] = (uint8_t)prng_u32(&r);
        }
        if (prng_u32(&r) % 4 == 0)
            len = prng_below(&r, len + 1);
        if (from > len)
            from = 0;
        feed(region, buf + from, len - from);
    }
}

/* TCP options of random bytes: whatever was understood can be written and
 * is understood again in the same way. */
TEST(random_options_settle)
{
    struct prng r = t_prng("options");

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t       in[TCPOPT_MAX], out[TCPOPT_MAX], more[TCPOPT_MAX];
        struct tcpopt a, b;
        size_t        len = prng_below(&r, TCPOPT_MAX + 1), n;
        bool          syn = i & 1;

        random_bytes(&r, in, len);
        for (size_t k = 0; k + 1 < len; k += 2) { /* likely kinds */
            in[k] %= 9;
            in[k + 1] %= 12;
        }
        (void)tcpopt_parse(span_of(in, len), syn, &a);
        n = tcpopt_emit(out, sizeof(out), &a);
        EXPECT_EQ(n, tcpopt_len(&a));
        EXPECT(tcpopt_parse(span_of(out, n), syn, &b));
        EXPECT_EQ(tcpopt_emit(more, sizeof(more), &b), n);
        EXPECT_MEM(out, more, n);
    }
}

T_MAIN(T(noise), T(damaged_frames), T(random_options_settle))
