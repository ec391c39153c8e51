/* net_rig.c: see net_rig.h. */
#include "t.h"

#include "net_rig.h"
#include <stdlib.h>

/* ---- memory ------------------------------------------------------------- */

/* Near the rigs, whose wheels are static, too (near.h). */
static struct {
    _Alignas(1 << 16) char bytes[17 << 20];
    bool taken;
} memory[2];

static void *rig_alloc(void *ctx, size_t size, size_t align)
{
    struct net_rig *r = ctx;

    assert_true(size <= sizeof memory[0].bytes && align <= 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
        if (memory[i].taken)
            continue;
        memory[i].taken = true;
        r->allocs++;
        return memory[i].bytes;
    }
    return NULL;
}

static void rig_dealloc(void *ctx, void *mem, size_t size)
{
    struct net_rig *r = ctx;

    (void)size;
    r->allocs--;
    for (size_t i = 0; i < ARRAY_LEN(memory); i++)
        if (mem == memory[i].bytes)
            memory[i].taken = false;
}

/* ---- what the host reports ---------------------------------------------- */

static void on_event(void *ctx, const struct cw_event *ev)
{
    struct net_rig *r = ctx;

    assert_true(ev->kind < 64);
    r->events[ev->kind]++;
    if (ev->kind == EV_DROP) {
        r->drop = ev->why;
        r->drops++;
    }
}

static enum why deliver(void *ctx, const struct net_rx *rx)
{
    struct net_rig *r = ctx;
    uint32_t        head = rx->len < 8 ? rx->len : 8;

    r->rx_n++;
    r->rx = *rx;
    assert_true(rx->len <= sizeof r->rx_bytes);
    assert_true(rx->off + head <= pkt_head_len(rx->pkt));
    assert_int_equal(rx->off + rx->len, rx->pkt->len);
    assert_int_equal(pkt_copy_out(rx->pkt, rx->off, r->rx_bytes, rx->len),
                     rx->len);
    return r->rx_answer;
}

static bool hear_error(void *ctx, const struct net_error *err)
{
    struct net_rig *r = ctx;

    r->err_n++;
    r->err = *err;
    return r->err_believed;
}

static void hear_room(void *ctx)
{
    struct net_rig *r = ctx;

    r->room_n++;
}

static void hear_ready(void *ctx, void *owner)
{
    struct net_rig *r = ctx;

    (void)owner;
    r->ready_n++;
}

/* ---- beginning and end -------------------------------------------------- */

struct cw_addr rig_addr(const char *text)
{
    struct cw_addr a;

    assert_true(addr_parse(text, &a));
    return a;
}

struct cw_mac rig_mac(unsigned n)
{
    return mac_of_addr4(0x0a000000 + n);
}

static struct cw_addr numbered(const char *text, unsigned n)
{
    struct cw_addr a = rig_addr(text);

    a.b[15] = (uint8_t)n;
    return a;
}

static void add_addr(struct net_rig *r, unsigned netif, struct cw_addr a,
                     unsigned prefix)
{
    assert_int_equal(net_addr_add(r->net, netif, &a, prefix), 0);
}

static void add_neigh(struct net_rig *r, const char *text)
{
    struct cw_addr a = rig_addr(text);
    struct cw_mac  mac = rig_mac(2);

    assert_int_equal(net_neigh_add(r->net, RIG_ETH, &a, &mac), 0);
}

static void add_netifs(struct net_rig *r, unsigned n, unsigned flags)
{
    struct cw_netif_config lo = { .name = "lo", .flags = CW_NETIF_LOOPBACK };
    struct cw_netif_config eth = { .name = "eth0",
                                   .mac = rig_mac(n),
                                   .flags = flags };

    assert_int_equal(net_netif_add(r->net, &lo), RIG_LO);
    add_addr(r, RIG_LO, rig_addr("127.0.0.1"), 8);
    add_addr(r, RIG_LO, rig_addr("::1"), 128);
    assert_int_equal(net_netif_add(r->net, &eth), RIG_ETH);
    add_addr(r, RIG_ETH, numbered("10.0.0.0", n), 24);
    add_addr(r, RIG_ETH, numbered("fd00::", n), 64);
    add_addr(r, RIG_ETH, numbered("fe80::", n), 64);
    if (n == 1) {
        add_neigh(r, "10.0.0.2");
        add_neigh(r, "fd00::2");
    }
}

void net_rig_init(struct net_rig *r, unsigned flags, bool with_udp)
{
    net_rig_init_as(r, 1, flags, with_udp);
}

void net_rig_init_as(struct net_rig *r, unsigned n, unsigned flags,
                     bool with_udp)
{
    struct proto  recorder = { r, deliver, hear_error, hear_room };
    struct udp_up up = { hear_ready, r };
    size_t        net = (net_size() + 63) & ~(size_t)63;
    void         *fixed;

    memset(r, 0, sizeof *r);
    r->err_believed = true;
    r->alloc = (struct cw_alloc){ r, rig_alloc, rig_dealloc };
    r->arena = arena_new(&r->alloc, 16 << 20, net + udp_host_size(), &fixed);
    assert_non_null(r->arena);
    r->env.arena = r->arena;
    r->env.seed.k0 = 1;
    r->env.host = (uint16_t)n;
    r->env.on_event = on_event;
    r->env.event_ctx = r;
    pbufs_init(&r->env.pbufs, r->arena);
    wheel_init(&r->env.wheel, 0);
    r->net = fixed;
    net_init(r->net, &r->env);
    if (with_udp) {
        r->udp = (struct udp_host *)(void *)((char *)fixed + net);
        udp_init(r->udp, &r->env, r->net, &up);
        recorder = udp_proto(r->udp);
    }
    net_set_proto(r->net, PROTO_UDP, &recorder);
    add_netifs(r, n, flags);
}

void net_rig_free(struct net_rig *r)
{
    if (r->udp)
        udp_fini(r->udp);
    net_fini(r->net);
    assert_int_equal(arena_used(r->arena), 0);
    assert_int_equal(wheel_next(&r->env.wheel), NS_NEVER);
    arena_close(r->arena);
    assert_int_equal(r->allocs, 0);
}

/* ---- frames in and out -------------------------------------------------- */

enum why rig_in_runs(struct net_rig *r, unsigned netif, const struct frame *f,
                     unsigned runs)
{
    struct cw_pkt pkt;
    size_t        at = 0, each = f->len / runs + 1;

    memset(&pkt, 0, sizeof pkt);
    while (at < f->len) {
        size_t n = f->len - at < each ? f->len - at : each;

        n = n > PBUF_LARGE ? PBUF_LARGE : n;
        struct cw_buf *buf = pbuf_new(&r->env.pbufs, n);

        assert_non_null(buf);
        memcpy(buf->data, f->b + at, n);
        assert_true(pkt_append(&pkt, buf, 0, (uint32_t)n));
        pbuf_put(buf);
        at += n;
    }
    if (f->len == 0)
        assert_true(pkt_new(&pkt, &r->env.pbufs, 0, 0));
    pkt.netif = (uint16_t)netif;
    r->drop = GO_ON;
    net_in(r->net, &pkt);
    return r->drop;
}

enum why rig_in(struct net_rig *r, unsigned netif, const struct frame *f)
{
    return rig_in_runs(r, netif, f, 1);
}

bool rig_out(struct net_rig *r, struct frame *f)
{
    struct cw_pkt pkt;

    if (net_take(r->net, &pkt, 1) == 0)
        return false;
    assert_true(pkt.len <= sizeof f->b);
    assert_true(pkt.why > WHY_NONE && pkt.why < WHY_COUNT_OF);
    f->len = pkt.len;
    f->why = pkt.why;
    f->netif = pkt.netif;
    assert_int_equal(pkt_copy_out(&pkt, 0, f->b, pkt.len), pkt.len);
    pkt_free(&pkt);
    return true;
}

void rig_out_none(struct net_rig *r)
{
    struct cw_pkt pkt;

    assert_int_equal(net_take(r->net, &pkt, 1), 0);
}

void rig_advance(struct net_rig *r, cw_ns by)
{
    cw_ns          end = r->env.now + by;
    struct wtimer *t;

    while (wheel_next(&r->env.wheel) <= end) {
        r->env.now = wheel_next(&r->env.wheel);
        t = wheel_pop(&r->env.wheel, r->env.now);
        if (t && t->kind == TIMER_DHCP)
            dhcp_timeout(r->udp, t);
        else if (t)
            net_timeout(r->net, t);
    }
    r->env.now = end;
    assert_null(wheel_pop(&r->env.wheel, end));
}

enum why rig_send(struct net_rig *r, const struct net_tx *tx, size_t len)
{
    struct cw_pkt pkt;
    size_t        at = 0;

    assert_true(pkt_new(&pkt, &r->env.pbufs, PBUF_HEADROOM, 0));
    while (at < len) {
        size_t         n = len - at < PBUF_LARGE ? len - at : PBUF_LARGE;
        struct cw_buf *buf = pbuf_new(&r->env.pbufs, n);

        assert_non_null(buf);
        for (size_t i = 0; i < n; i++)
            buf->data[i] = (uint8_t)(at + i);
        assert_true(pkt_append(&pkt, buf, 0, (uint32_t)n));
        pbuf_put(buf);
        at += n;
    }
    return net_out(r->net, tx, &pkt);
}

/* ---- made by hand ------------------------------------------------------- */

struct ip4_repr rig_ip4(uint8_t proto)
{
    return (struct ip4_repr){ .src = rig_addr("10.0.0.2"),
                              .dst = rig_addr("10.0.0.1"),
                              .proto = proto,
                              .ttl = 64 };
}

struct ip6_repr rig_ip6(uint8_t proto)
{
    return (struct ip6_repr){ .src = rig_addr("fd00::2"),
                              .dst = rig_addr("fd00::1"),
                              .next = proto,
                              .hop = 64 };
}

static size_t put_ether(struct frame *f, const struct cw_addr *dst,
                        uint16_t type)
{
    struct ether_repr eth = { .dst = rig_mac(1),
                              .src = rig_mac(2),
                              .type = type };

    if (addr_is_multicast(dst))
        eth.dst = mac_of_multicast(dst);
    return etherhdr_emit(f->b, sizeof f->b, &eth);
}

void rig_frame4(struct frame *f, struct ip4_repr ip, const void *payload,
                size_t len)
{
    size_t at = put_ether(f, &ip.dst, ETHER_IP4);

    ip.total_len = (uint16_t)(IP4_HDR_MIN + ((ip.opts.len + 3) & ~(size_t)3)
                              + len);
    at += ip4hdr_emit(f->b + at, sizeof f->b - at, &ip);
    if (len)
        memcpy(f->b + at, payload, len);
    f->len = at + len;
}

void rig_frame6(struct frame *f, struct ip6_repr ip, const void *payload,
                size_t len)
{
    size_t at = put_ether(f, &ip.dst, ETHER_IP6);

    ip.payload_len = (uint16_t)len;
    at += ip6hdr_emit(f->b + at, sizeof f->b - at, &ip);
    if (len)
        memcpy(f->b + at, payload, len);
    f->len = at + len;
}

const uint8_t *rig_read4(const struct frame *f, struct ip4_repr *ip)
{
    assert_int_equal(be16_load(f->b + 12), ETHER_IP4);
    assert_int_equal(ip4hdr_parse(span_of(f->b + 14, f->len - 14), ip),
                     GO_ON);
    assert_int_equal(ip->total_len, f->len - 14);
    return f->b + 14 + ip->hdr_len;
}

const uint8_t *rig_read6(const struct frame *f, struct ip6_repr *ip)
{
    assert_int_equal(be16_load(f->b + 12), ETHER_IP6);
    assert_int_equal(ip6hdr_parse(span_of(f->b + 14, f->len - 14), ip),
                     GO_ON);
    assert_int_equal(ip->payload_len + IP6_HDR_LEN, f->len - 14);
    return f->b + 14 + IP6_HDR_LEN;
}
