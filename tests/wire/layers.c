/* layers.c: see layers.h. */
#include "wire/layers.h"
#include "wire/arphdr.h"
#include "wire/cksum.h"
#include "wire/etherhdr.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ndphdr.h"
#include "wire/tcphdr.h"
#include "wire/udphdr.h"

/* ---- finding the headers -------------------------------------------- */

static struct span add_layer(struct layers *l, enum layer_kind kind,
                             struct span whole, struct span from)
{
    struct layer *x = &l->at[l->count++];

    x->kind = kind;
    x->off = (size_t)(from.p - whole.p);
    x->len = from.len;
    return from;
}

static struct span after(struct span s, size_t n)
{
    return span_of(s.p + n, s.len - n);
}

static void add_upper(struct layers *l, uint8_t proto, struct span whole,
                      struct span from)
{
    bool ndp = from.len > 0 && from.p[0] >= ICMP6_RS
        && from.p[0] <= ICMP6_REDIRECT;

    if (proto == PROTO_UDP)
        add_layer(l, LAYER_UDP, whole, from);
    if (proto == PROTO_TCP)
        add_layer(l, LAYER_TCP, whole, from);
    if (proto == PROTO_ICMP4)
        add_layer(l, LAYER_ICMP4, whole, from);
    if (proto == PROTO_ICMP6)
        add_layer(l, LAYER_ICMP6, whole, from);
    if (proto == PROTO_ICMP6 && ndp)
        add_layer(l, LAYER_NDP, whole, from);
}

static enum why ip4_layers(struct span frame, struct span pkt,
                           struct layers *l)
{
    struct ip4_repr ip;
    enum why        why = ip4hdr_parse(pkt, &ip);

    if (why != GO_ON)
        return why;
    pkt.len = ip.total_len;
    add_layer(l, LAYER_IP4, frame, pkt);
    l->src = ip.src;
    l->dst = ip.dst;
    if (!ip4_is_fragment(&ip))
        add_upper(l, ip.proto, frame, after(pkt, ip.hdr_len));
    return GO_ON;
}

static enum why ip6_layers(struct span frame, struct span pkt,
                           struct layers *l)
{
    struct ip6_ext e;
    enum why       why = ip6hdr_parse(pkt, &l->ip6);

    if (why != GO_ON)
        return why;
    pkt.len = (size_t)IP6_HDR_LEN + l->ip6.payload_len;
    add_layer(l, LAYER_IP6, frame, pkt);
    l->src = l->ip6.src;
    l->dst = l->ip6.dst;
    why = ip6ext_walk(pkt, &l->ip6, &e);
    if (why != GO_ON)
        return why;
    add_layer(l, LAYER_EXT, frame, pkt);
    if (!ip6_is_fragment(&e))
        add_upper(l, e.proto, frame, after(pkt, e.off));
    return GO_ON;
}

enum why layers_of(struct span frame, struct layers *out)
{
    struct ether_repr eth;
    enum why          why = etherhdr_parse(frame, &eth);
    struct span       rest;

    *out = (struct layers){ 0 };
    if (why != GO_ON)
        return why;
    add_layer(out, LAYER_ETHER, frame, frame);
    rest = after(frame, ETHER_LEN);
    if (eth.type == ETHER_IP4)
        return ip4_layers(frame, rest, out);
    if (eth.type == ETHER_IP6)
        return ip6_layers(frame, rest, out);
    if (eth.type != ETHER_ARP)
        return WHY_ETHERTYPE;
    add_layer(out, LAYER_ARP, frame, rest);
    return GO_ON;
}

/* ---- parsing and writing one of them -------------------------------- */

/* What parse put where; big enough for any of them. */
union any_repr {
    struct ether_repr ether;
    struct arp_repr   arp;
    struct ip4_repr   ip4;
    struct ip6_repr   ip6;
    struct ip6_ext    ext;
    struct udp_repr   udp;
    struct tcp_repr   tcp;
    struct icmp4_repr icmp4;
    struct icmp6_repr icmp6;
    struct ndp_repr   ndp;
};

/* The walk trusts the lengths that ip6hdr_parse() has checked, so that a
 * cut packet has to look like a short one. */
static enum why walk_cut(struct span in, const struct layers *ctx,
                         struct ip6_ext *out)
{
    struct ip6_repr ip = ctx->ip6;

    if (in.len < IP6_HDR_LEN)
        return WHY_RUNT;
    if (ip.payload_len > in.len - IP6_HDR_LEN)
        ip.payload_len = (uint16_t)(in.len - IP6_HDR_LEN);
    return ip6ext_walk(in, &ip, out);
}

static enum why parse_any(enum layer_kind kind, struct span in,
                          const struct layers *ctx, union any_repr *out)
{
    switch (kind) {
    case LAYER_ETHER:
        return etherhdr_parse(in, &out->ether);
    case LAYER_ARP:
        return arphdr_parse(in, &out->arp);
    case LAYER_IP4:
        return ip4hdr_parse(in, &out->ip4);
    case LAYER_IP6:
        return ip6hdr_parse(in, &out->ip6);
    case LAYER_EXT:
        return walk_cut(in, ctx, &out->ext);
    case LAYER_UDP:
        return udphdr_parse(in, &out->udp);
    case LAYER_TCP:
        return tcphdr_parse(in, &out->tcp);
    case LAYER_ICMP4:
        return icmp4hdr_parse(in, &out->icmp4) ?: icmp4hdr_verify(in);
    case LAYER_ICMP6:
        return icmp6hdr_parse(in, &out->icmp6)
            ?: icmp6hdr_verify(in, &ctx->src, &ctx->dst);
    case LAYER_NDP:
        return ndphdr_parse(in, &ctx->ip6, &out->ndp);
    }
    return WHY_NONE;
}

enum why layer_parse(enum layer_kind kind, struct span in,
                     const struct layers *ctx)
{
    union any_repr repr;

    return parse_any(kind, in, ctx, &repr);
}

static void write_tcp(const struct tcp_repr *r, const struct layers *ctx,
                      struct span in, uint8_t *out)
{
    uint32_t sum = cksum_pseudo(&ctx->src, &ctx->dst, PROTO_TCP,
                                (uint32_t)in.len);

    memset(out, 0xee, r->hdr_len);
    (void)tcphdr_emit(out, r->hdr_len, r);
    sum = cksum_add(sum, out, in.len);
    be16_store(out + TCP_CKSUM_AT, cksum_fold(sum));
}

static void write_udp(const struct udp_repr *r, const struct layers *ctx,
                      uint8_t *out)
{
    struct udp_repr again = *r;
    uint32_t sum = cksum_pseudo(&ctx->src, &ctx->dst, PROTO_UDP, r->len);

    again.cksum = 0;
    (void)udphdr_emit(out, UDP_LEN, &again);
    if (r->cksum != 0)
        again.cksum = udphdr_cksum(cksum_add(sum, out, r->len));
    memset(out, 0xee, UDP_LEN);
    (void)udphdr_emit(out, UDP_LEN, &again);
}

static void write_frag(const struct ip6_ext *e, uint8_t *out)
{
    if (!e->frag.present)
        return;
    memset(out + e->frag.at, 0xee, IP6_FRAG_LEN);
    (void)ip6frag_emit(out + e->frag.at, IP6_FRAG_LEN, &e->frag);
}

static void write_icmp6(const union any_repr *r, enum layer_kind kind,
                        const struct layers *ctx, struct span in,
                        uint8_t *out)
{
    size_t len = kind == LAYER_NDP ? in.len : (size_t)ICMP6_HDR_LEN;

    memset(out, 0xee, len);
    if (kind == LAYER_NDP)
        (void)ndphdr_emit(out, in.len, &r->ndp);
    else
        (void)icmp6hdr_emit(out, in.len, &r->icmp6);
    icmp6hdr_seal(out, in.len, &ctx->src, &ctx->dst);
}

static void write_icmp4(const struct icmp4_repr *r, struct span in,
                        uint8_t *out)
{
    memset(out, 0xee, ICMP_HDR_LEN);
    (void)icmp4hdr_emit(out, in.len, r);
    icmp4hdr_seal(out, in.len);
}

static void write_ip4(const struct ip4_repr *r, uint8_t *out)
{
    memset(out, 0xee, r->hdr_len);
    (void)ip4hdr_emit(out, r->hdr_len, r);
}

enum why layer_rewrite(enum layer_kind kind, struct span in,
                       const struct layers *ctx, uint8_t *out)
{
    union any_repr r;
    enum why       why = parse_any(kind, in, ctx, &r);

    if (why != GO_ON)
        return why;
    memcpy(out, in.p, in.len);
    if (kind == LAYER_ETHER) {
        memset(out, 0xee, ETHER_LEN);
        (void)etherhdr_emit(out, in.len, &r.ether);
    } else if (kind == LAYER_ARP) {
        memset(out, 0xee, ARP_LEN);
        (void)arphdr_emit(out, in.len, &r.arp);
    } else if (kind == LAYER_IP4) {
        write_ip4(&r.ip4, out);
    } else if (kind == LAYER_IP6) {
        memset(out, 0xee, IP6_HDR_LEN);
        (void)ip6hdr_emit(out, in.len, &r.ip6);
    } else if (kind == LAYER_EXT) {
        write_frag(&r.ext, out);
    } else if (kind == LAYER_UDP) {
        write_udp(&r.udp, ctx, out);
    } else if (kind == LAYER_TCP) {
        write_tcp(&r.tcp, ctx, in, out);
    } else if (kind == LAYER_ICMP4) {
        write_icmp4(&r.icmp4, in, out);
    } else {
        write_icmp6(&r, kind, ctx, in, out);
    }
    return GO_ON;
}
