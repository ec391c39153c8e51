/* rig.c: see rig.h. */
#include "rig.h"

#include "base/addr.h"
#include "wire/cksum.h"
#include "wire/ipproto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES_MAX = 20000, ETHER = 14 };

/* ---- input --------------------------------------------------------------------- */

uint8_t said8(struct said *s)
{
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->p++;
}

uint16_t said16(struct said *s)
{
    unsigned high = said8(s);

    return (uint16_t)(high << 8 | said8(s));
}

uint32_t said32(struct said *s)
{
    uint32_t high = said16(s);

    return high << 16 | said16(s);
}

size_t said_bytes(struct said *s, uint8_t *to, size_t n)
{
    n = MIN(n, s->left);
    memcpy(to, s->p, n);
    s->p += n;
    s->left -= n;
    return n;
}

/* ---- stacks --------------------------------------------------------------------- */

static void *rig_alloc(void *ctx, size_t size, size_t align)
{
    void *mem = NULL;

    (void)ctx;
    if (posix_memalign(&mem, align < 16 ? 16 : align, size))
        return NULL;
    memset(mem, 0xa5, size); /* nobody may rely on zeros */
    return mem;
}

static void rig_give(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)size;
    free(mem);
}

struct cw_sockaddr rig_addr(unsigned end, bool six, uint16_t port)
{
    static const char *const text[2][2] = { { "10.0.0.1", "fd00::1" },
                                            { "10.0.0.2", "fd00::2" } };
    struct cw_sockaddr       a = { .port = port };

    INVARIANT(addr_parse(text[end][six], &a.addr));
    return a;
}

struct cw_mac rig_mac(unsigned end)
{
    return (struct cw_mac){ { 2, 0, 10, 0, 0, (uint8_t)(end + 1) } };
}

uint8_t *rig_begin(uint8_t *frame, bool six, uint8_t proto, size_t opts,
                   size_t len)
{
    struct cw_mac      to = rig_mac(0), from = rig_mac(1);
    struct cw_sockaddr src = rig_addr(1, six, 0), dst = rig_addr(0, six, 0);
    uint8_t           *p = frame + 14;

    memset(frame, 0, 14 + (six ? 40U : 20U) + opts + len);
    memcpy(frame, to.b, 6);
    memcpy(frame + 6, from.b, 6);
    be16_store(frame + 12, six ? 0x86dd : 0x0800);
    if (six) {
        p[0] = 0x60;
        be16_store(p + 4, (uint16_t)len);
        p[6] = proto;
        p[7] = 64;
        memcpy(p + 8, src.addr.b, 16);
        memcpy(p + 24, dst.addr.b, 16);
        return p + 40;
    }
    p[0] = (uint8_t)(0x45 + opts / 4);
    be16_store(p + 2, (uint16_t)(20 + opts + len));
    p[8] = 64;
    p[9] = proto;
    memcpy(p + 12, src.addr.b + 12, 4);
    memcpy(p + 16, dst.addr.b + 12, 4);
    return p + 20;
}

void rig_new(struct rig *r, unsigned end, uint64_t seed)
{
    static const struct cw_alloc alloc = { .alloc = rig_alloc,
                                           .free = rig_give };
    struct cw_netif_config       n = { .name = "eth0", .mac = rig_mac(end) };
    struct cw_config             c;
    const char                  *why;

    cw_config_init(&c, seed);
    c.memory_max = RIG_MEMORY;
    c.sockets_max = 64;
    c.cc = (enum cw_cc)(seed % (CW_CC_BBR + 1)); /* each has its share */
    c.pacing = seed % 11 == 0;
    *r = (struct rig){ .end = end, .now = 1000000000 };
    r->st = cw_stack_new(&c, &alloc, &why);
    INVARIANT(r->st && cw_netif_add(r->st, &n) == 0);
    for (int six = 0; six < 2; six++) {
        struct cw_sockaddr own = rig_addr(end, six, 0);
        struct cw_sockaddr peer = rig_addr(!end, six, 0);
        struct cw_mac      mac = rig_mac(!end);

        INVARIANT(!cw_addr_add(r->st, 0, &own.addr, six ? 64 : 24));
        INVARIANT(!cw_neigh_add(r->st, 0, &peer.addr, &mac));
    }
    r->idle = cw_stack_memory_used(r->st);
}

size_t rig_out(struct rig *r, uint8_t frame[RIG_FRAME_MAX])
{
    struct cw_pkt pkt;
    size_t        n = 0;

    if (cw_stack_output(r->st, &pkt, 1, r->now) == 0)
        return 0;
    INVARIANT(pkt.len <= RIG_FRAME_MAX && pkt.nfrags <= CW_FRAGS_MAX);
    for (unsigned i = 0; i < pkt.nfrags; i++) {
        memcpy(frame + n, pkt.frags[i].buf->data + pkt.frags[i].off,
               pkt.frags[i].len);
        n += pkt.frags[i].len;
    }
    INVARIANT(n == pkt.len);
    cw_pkt_free(&pkt);
    return n;
}

void rig_in(struct rig *r, const uint8_t *frame, size_t len)
{
    struct cw_buf *buf = cw_buf_new(r->st, len + !len);
    struct cw_pkt  pkt = { .nfrags = 1, .len = (uint32_t)len };

    if (!buf)
        return; /* memory is full of what came before */
    memcpy(buf->data, frame, len);
    pkt.frags[0] = (struct cw_frag){ buf, 0, (uint32_t)len };
    cw_stack_input(r->st, &pkt, 1, r->now);
}

void rig_wait(struct rig *r, cw_ns by)
{
    cw_ns until = r->now + by, next;

    for (int i = 0; i < PASSES_MAX; i++) {
        next = cw_stack_deadline(r->st);
        if (next > until)
            break;
        if (next <= r->now && i > 0)
            break; /* it wants its output fetched, which may take long */
        r->now = MAX(next, r->now);
        cw_stack_advance(r->st, r->now);
    }
    r->now = until;
}

void rig_end(struct rig *r)
{
    uint8_t frame[RIG_FRAME_MAX];
    cw_ns   next;
    int     passes = 0;

    for (;;) {
        while (rig_out(r, frame) > 0)
            INVARIANT(++passes < PASSES_MAX);
        next = cw_stack_deadline(r->st);
        if (next == CW_NEVER)
            break;
        INVARIANT(++passes < PASSES_MAX); /* nothing goes on for ever */
        r->now = MAX(next, r->now);
        cw_stack_advance(r->st, r->now);
    }
    if (cw_stack_memory_used(r->st) > r->idle)
        fprintf(stderr, "%zu bytes are still in use, %zu before\n",
                cw_stack_memory_used(r->st), r->idle);
    INVARIANT(cw_stack_memory_used(r->st) <= r->idle);
    cw_stack_free(r->st);
}

/* ---- checksums ------------------------------------------------------------------- */

static void transport_checksum(uint8_t *p, size_t len, uint8_t proto,
                               const struct cw_addr *src,
                               const struct cw_addr *dst)
{
    size_t   at = proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 2;
    bool     pseudo = proto != PROTO_ICMP4;
    uint32_t sum = pseudo ? cksum_pseudo(src, dst, proto, (uint32_t)len) : 0;

    if (len < at + 2
        || (proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_ICMP4
            && proto != PROTO_ICMP6))
        return;
    be16_store(p + at, 0);
    be16_store(p + at, cksum_fold(cksum_add(sum, p, len)));
}

static void checksums4(uint8_t *p, size_t len)
{
    size_t         hdr = len >= 20 ? (p[0] & 15u) * 4u : 0;
    size_t         total;
    struct cw_addr src, dst;

    if (hdr < 20 || hdr > len)
        return;
    be16_store(p + 10, 0);
    be16_store(p + 10, cksum_fold(cksum_add(0, p, hdr)));
    total = MIN((size_t)be16_load(p + 2), len);
    if (total < hdr || (be16_load(p + 6) & 0x3fff))
        return; /* of a fragment nobody knows the whole */
    src = addr_from4(p + 12);
    dst = addr_from4(p + 16);
    transport_checksum(p + hdr, total - hdr, p[9], &src, &dst);
}

static void checksums6(uint8_t *p, size_t len)
{
    struct cw_addr src, dst;

    if (len < 40)
        return;
    memcpy(src.b, p + 8, 16);
    memcpy(dst.b, p + 24, 16);
    transport_checksum(p + 40, MIN((size_t)be16_load(p + 4), len - 40), p[6],
                       &src, &dst);
}

void rig_checksums(uint8_t *frame, size_t len)
{
    if (len < ETHER + 1)
        return;
    if (be16_load(frame + 12) == 0x0800)
        checksums4(frame + ETHER, len - ETHER);
    if (be16_load(frame + 12) == 0x86dd)
        checksums6(frame + ETHER, len - ETHER);
}
