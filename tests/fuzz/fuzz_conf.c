/* fuzz_conf.c: a hostile link at a host that configures itself: routers,
 * queriers, DHCP servers, and those who redirect.
 *
 * The input says messages of each protocol, right where they must be to be
 * heard (addresses, hop limit, router alert, checksums, the client's xid),
 * and theirs in the rest; and how time goes on.
 */
#include "rig.h"

#include "base/addr.h"
#include "wire/cksum.h"
#include "wire/ipproto.h"

#include <stdlib.h>

enum { OPS_MAX = 300, ETHER = 14, FIXED = 240 };

static struct rig  r;
static struct said s;
static uint8_t     frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX];
static uint8_t     xid[4]; /* of the client's last message */

static void *take(void *ctx, size_t size, size_t align)
{
    void *mem = NULL;

    (void)ctx;
    return posix_memalign(&mem, align < 16 ? 16 : align, size) ? NULL : mem;
}

static void give(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)size;
    free(mem);
}

static void set_up(uint8_t how)
{
    static const struct cw_alloc alloc = { .alloc = take, .free = give };
    struct cw_netif_config       n = { .name = "eth0", .mac = rig_mac(0) };
    struct cw_sockaddr           own = rig_addr(0, false, 0);
    struct cw_config             c;
    const char                  *why;

    cw_config_init(&c, how);
    c.memory_max = RIG_MEMORY;
    c.sockets_max = 64;
    n.flags = CW_NETIF_AUTOCONF | (how & 1 ? CW_NETIF_DHCP : 0);
    r = (struct rig){ .now = 1000000000 };
    r.st = cw_stack_new(&c, &alloc, &why);
    INVARIANT(r.st && cw_netif_add(r.st, &n) == 0);
    if (!(how & 1))
        INVARIANT(!cw_addr_add(r.st, 0, &own.addr, 24));
}

/* Ethernet and IP, from a neighbour to whom the input says. */
static uint8_t *begin4(uint8_t proto, bool alert, size_t len)
{
    static const uint8_t to[][4] = { { 224, 0, 0, 1 },
                                     { 239, 1, 2, 3 },
                                     { 10, 0, 0, 1 },
                                     { 255, 255, 255, 255 } };
    size_t               hdr = alert ? 24 : 20;
    uint8_t             *p = frame + ETHER;

    memset(frame, 0xff, 6);
    be16_store(frame + 12, 0x0800);
    memset(p, 0, hdr + len);
    p[0] = (uint8_t)(0x40 | hdr / 4);
    be16_store(p + 2, (uint16_t)(hdr + len));
    p[8] = 1;
    p[9] = proto;
    memcpy(p + 12, "\12\0\0\2", 4);
    memcpy(p + 16, to[said8(&s) & 3], 4);
    if (alert)
        memcpy(p + 20, "\224\4\0\0", 4);
    return p + hdr;
}

static uint8_t *begin6(uint8_t proto, uint8_t hop, size_t len)
{
    static const char *const to[] = { "ff02::1", "ff15::1",
                                      "fe80::a:fcff:fe00:1", "2001:db8::1" };
    struct cw_addr           a;
    uint8_t                 *p = frame + ETHER, who = said8(&s);

    memset(frame, 0xff, 6);
    be16_store(frame + 12, 0x86dd);
    memset(p, 0, 40 + len);
    p[0] = 0x60;
    be16_store(p + 4, (uint16_t)len);
    p[6] = proto;
    p[7] = hop;
    INVARIANT(addr_parse(who & 4 ? "fe80::b" : "fe80::a", &a));
    memcpy(p + 8, a.b, 16);
    INVARIANT(addr_parse(to[who & 3], &a));
    memcpy(p + 24, a.b, 16);
    return p + 40;
}

static void deliver(const uint8_t *end)
{
    size_t len = (size_t)(end - frame);

    rig_checksums(frame, len);
    rig_in(&r, frame, len);
}

/* Router and neighbour solicitations and advertisements, redirects. */
static void op_ndp(void)
{
    size_t   n = 8 + said8(&s);
    uint8_t *p = begin6(PROTO_ICMP6, 255, n);

    p[0] = (uint8_t)(133 + said8(&s) % 5);
    said_bytes(&s, p + 4, n - 4);
    deliver(p + n);
}

static void op_mld(void)
{
    size_t         n = 20 + said8(&s);
    uint8_t       *p = begin6(PROTO_HOPOPTS, 1, 8 + n), *m = p + 8;
    struct cw_addr src, dst;
    uint32_t       sum;

    memcpy(p, "\72\0\5\2\0\0\1\0", 8);
    m[0] = (uint8_t)(130 + said8(&s) % 3);
    said_bytes(&s, m + 4, n - 4);
    memcpy(src.b, frame + ETHER + 8, 16);
    memcpy(dst.b, frame + ETHER + 24, 16);
    sum = cksum_pseudo(&src, &dst, PROTO_ICMP6, (uint32_t)n);
    be16_store(m + 2, cksum_fold(cksum_add(sum, m, n)));
    deliver(m + n);
}

static void op_igmp(void)
{
    static const uint8_t types[] = { 0x11, 0x12, 0x16, 0x17, 0x22 };
    size_t               n = 8 + said8(&s);
    uint8_t             *p = begin4(PROTO_IGMP, true, n);

    p[0] = types[said8(&s) % sizeof types];
    said_bytes(&s, p + 1, 1);
    said_bytes(&s, p + 4, n - 4);
    be16_store(p + 2, cksum_fold(cksum_add(0, p, n)));
    deliver(p + n);
}

static void op_dhcp(void)
{
    struct cw_mac mac = rig_mac(0);
    size_t        n = 8 + FIXED + said16(&s) % 600u;
    uint8_t      *p = begin4(PROTO_UDP, false, n), *m = p + 8;

    frame[ETHER + 16] = frame[ETHER + 17] = 255;
    frame[ETHER + 18] = frame[ETHER + 19] = 255;
    be16_store(p, 67);
    be16_store(p + 2, 68);
    be16_store(p + 4, (uint16_t)n);
    memcpy(m, "\2\1\6", 3);
    memcpy(m + 4, xid, 4);
    said_bytes(&s, m + 16, 4);
    memcpy(m + 28, mac.b, 6);
    if (said8(&s) & 1) /* of the fields that may hold options */
        said_bytes(&s, m + 44, 192);
    memcpy(m + 236, "\143\202\123\143", 4);
    said_bytes(&s, m + FIXED, n - 8 - FIXED);
    deliver(p + n);
}

static void op_redirect4(void)
{
    size_t   n = 8 + said8(&s);
    uint8_t *p = begin4(PROTO_ICMP4, false, n);

    p[0] = 5;
    said_bytes(&s, p + 1, 1);
    said_bytes(&s, p + 4, n - 4);
    deliver(p + n);
}

static void op_arp(void)
{
    memset(frame, 0xff, 6);
    be16_store(frame + 12, 0x0806);
    memcpy(frame + ETHER, "\0\1\10\0\6\4\0\1", 8);
    frame[ETHER + 7] = said8(&s) & 1 ? 1 : 2;
    said_bytes(&s, frame + ETHER + 8, 20);
    rig_in(&r, frame, 60);
}

/* A datagram to somewhere, so that routes and neighbours are asked. */
static void op_send(void)
{
    struct cw_sockaddr to = { .port = 9 };
    bool               six = said8(&s) & 1;
    int sd = cw_socket(r.st, six ? CW_AF_INET6 : CW_AF_INET, CW_SOCK_DGRAM, 0,
                       r.now);

    INVARIANT(addr_parse(six ? "2001:db8::" : "10.0.0.0", &to.addr));
    said_bytes(&s, to.addr.b + 12, 4);
    if (sd < 0)
        return;
    if (cw_connect(r.st, sd, &to, r.now) == 0)
        (void)cw_send(r.st, sd, "?", 1, 0, r.now);
    cw_close(r.st, sd, r.now);
}

static void drain(void)
{
    size_t len;

    while ((len = rig_out(&r, out)) > 0)
        if (len > ETHER + 28 + 8 && be16_load(out + 12) == 0x0800
            && out[ETHER + 9] == PROTO_UDP
            && be16_load(out + ETHER + 20) == 68)
            memcpy(xid, out + ETHER + 28 + 4, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ops[])(void) = { op_ndp,  op_ndp,       op_mld,
                                         op_igmp, op_dhcp,      op_dhcp,
                                         op_arp,  op_redirect4, op_send };

    s = (struct said){ data, size };
    set_up(said8(&s));
    for (int i = 0; i < OPS_MAX && s.left > 0; i++) {
        uint8_t op = said8(&s);

        if (op % 10 < ARRAY_LEN(ops))
            ops[op % 10]();
        else
            rig_wait(&r, (cw_ns)said16(&s) * 50000000);
        drain();
    }
    INVARIANT(cw_stack_memory_used(r.st) <= RIG_MEMORY);
    cw_stack_free(r.st);
    return 0;
}
