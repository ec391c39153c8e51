/* gateway.c: what stands at the end of every host's default route: a gateway
 * beyond which there is nothing but a name service.
 *
 *   Owns:      UDP to port 53 of any address that is not a socket on a host
 *              of the lab; "network unreachable" for everything else.
 *   Does not   use the links: its frames take no time and are never lost, so
 *              that names do not disturb what a lab shows.
 *   RFC 1122 §3.2.2, RFC 1812 §5.2.7.1, RFC 4443 §3.1.
 */
#include "stack/stack.h"
#include "wire/etherhdr.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/udphdr.h"
#include "world/inner.h"

enum {
    FRAME_MAX = 1514,
    DNS_PORT = 53,
    DNS_MAX = 512, /* RFC 1035 §4.2.1 */
    QUOTE4 = 28,   /* RFC 792: the IP header and 8 bytes */
    QUOTE6 = 1232, /* RFC 4443 §2.4 (c): up to the minimum MTU */
    GATEWAY_TTL = 64,
};

/* A frame taken apart: IP addresses and what the IP packet carries. */
struct parts {
    struct ether_repr ether;
    struct cw_addr    src, dst;
    struct span       ip, payload;
    uint8_t           proto;
    bool              fragment;
};

struct cw_mac gateway_mac(void)
{
    return mac_of_addr4(GATEWAY4);
}

/* Where there is an outside, the usual address may be somebody's there:
 * RFC 7600 §4.8 has one that is nobody's. */
struct cw_addr gateway_addr4(const struct world *w)
{
    return addr4(w->plan.on ? 0xc0000008 : GATEWAY4);
}

struct cw_addr gateway_addr6(const struct world *w)
{
    struct cw_addr a = { .b = { 0xfd, [15] = GATEWAY4 & 0xff } };

    if (w->plan.on) {
        a.b[0] = 0xfe;
        a.b[1] = 0x80;
    }
    return a;
}

bool gateway_names(const struct world *w)
{
    return addr_is_any(&w->plan.gw4) && addr_is_any(&w->plan.gw6)
        && !w->plan.lent4;
}

static enum why parse4(struct span ip, struct parts *out)
{
    struct ip4_repr r;
    enum why        why = ip4hdr_parse(ip, &r);

    if (why)
        return why;
    out->src = r.src;
    out->dst = r.dst;
    out->proto = r.proto;
    out->fragment = ip4_is_fragment(&r);
    out->ip = span_of(ip.p, r.total_len);
    out->payload = span_of(ip.p + r.hdr_len, (size_t)r.total_len - r.hdr_len);
    return GO_ON;
}

static enum why parse6(struct span ip, struct parts *out)
{
    struct ip6_repr r;
    enum why        why = ip6hdr_parse(ip, &r);

    if (why)
        return why;
    out->src = r.src;
    out->dst = r.dst;
    out->proto = r.next;
    out->fragment = r.next == PROTO_FRAGMENT;
    out->ip = span_of(ip.p, (size_t)IP6_HDR_LEN + r.payload_len);
    out->payload = span_of(ip.p + IP6_HDR_LEN, r.payload_len);
    return GO_ON;
}

static enum why parse(struct span frame, struct parts *out)
{
    enum why    why = etherhdr_parse(frame, &out->ether);
    struct span ip;

    if (why)
        return why;
    ip = span_of(frame.p + ETHER_LEN, frame.len - ETHER_LEN);
    if (out->ether.type == ETHER_IP4)
        return parse4(ip, out);
    return out->ether.type == ETHER_IP6 ? parse6(ip, out) : WHY_ETHERTYPE;
}

/* The port is looked at in place, cheaply, for every frame: the headers are
 * in the first fragment. */
bool gateway_asked(struct world *w, const struct cw_pkt *pkt, struct host *to)
{
    struct parts    p;
    struct udp_repr udp;
    uint8_t         head[FRAME_MAX];
    size_t          n;

    if (pkt->len > FRAME_MAX || pkt->gso_size || !gateway_names(w))
        return false;
    n = pkt_copy_out(pkt, 0, head, ETHER_LEN + IP6_HDR_LEN);
    if (n < ETHER_LEN + IP4_HDR_MIN
        || (head[ETHER_LEN + 9] != PROTO_UDP
            && head[ETHER_LEN + 6] != PROTO_UDP))
        return false; /* neither IPv4's nor IPv6's field says UDP */
    n = pkt_copy_out(pkt, 0, head, sizeof(head));
    if (parse(span_of(head, n), &p) || p.proto != PROTO_UDP || p.fragment
        || udphdr_parse(p.payload, &udp) || udp.dport != DNS_PORT)
        return false;
    return !to || to->number == w->outside
        || !stack_udp_bound(to->st, &p.dst, DNS_PORT);
}

/* ---- frames of the gateway's own --------------------------------------- */

/* A packet back to whom sent `to`. */
struct reply {
    struct host        *host;
    const struct parts *to;
    struct cw_addr      src;
    uint8_t             proto;
    size_t              len; /* of what follows the IP header */
};

static size_t emit_ip(const struct reply *r, uint8_t *at, size_t cap)
{
    struct ip4_repr ip4 = { .src = r->src,
                            .dst = r->to->src,
                            .proto = r->proto,
                            .ttl = GATEWAY_TTL,
                            .df = true,
                            .total_len = (uint16_t)(IP4_HDR_MIN + r->len) };
    struct ip6_repr ip6 = { .src = r->src,
                            .dst = r->to->src,
                            .next = r->proto,
                            .hop = GATEWAY_TTL,
                            .payload_len = (uint16_t)r->len };

    return addr_is4(&r->src) ? ip4hdr_emit(at, cap, &ip4)
                             : ip6hdr_emit(at, cap, &ip6);
}

/* Its headers, and where its payload goes; NULL: no memory. */
static uint8_t *reply_begin(const struct reply *r, struct cw_pkt *pkt)
{
    const struct ether_repr *q = &r->to->ether;
    struct ether_repr        ether = { q->src, q->dst, q->type };
    size_t   ip = addr_is4(&r->src) ? IP4_HDR_MIN : IP6_HDR_LEN;
    uint8_t *at;

    if (!pkt_new(pkt, &r->host->st->env.pbufs, 0,
                 (uint32_t)(ETHER_LEN + ip + r->len)))
        return NULL;
    at = pkt_head(pkt);
    etherhdr_emit(at, ETHER_LEN, &ether);
    emit_ip(r, at + ETHER_LEN, ip);
    return at + ETHER_LEN + ip;
}

/* The answer comes from whom the question was sent to. */
static void answer_name(struct world *w, struct host *from,
                        const struct parts *p, unsigned netif)
{
    struct reply    r = { from, p, p->dst, PROTO_UDP, 0 };
    uint8_t         dns[DNS_MAX], *at;
    struct udp_repr q, a;
    struct cw_pkt   pkt;
    size_t          n;

    if (udphdr_parse(p->payload, &q))
        return;
    n = names_answer(w,
                     span_of(p->payload.p + UDP_LEN, (size_t)q.len - UDP_LEN),
                     dns, sizeof(dns));
    r.len = UDP_LEN + n;
    at = n ? reply_begin(&r, &pkt) : NULL;
    if (!at)
        return;
    a = (struct udp_repr){ .sport = q.dport,
                           .dport = q.sport,
                           .len = (uint16_t)r.len };
    udphdr_emit(at, UDP_LEN, &a);
    memcpy(at + UDP_LEN, dns, n);
    be16_store(
        at + UDP_CKSUM_AT,
        udphdr_cksum(cksum_add(
            cksum_pseudo(&p->dst, &p->src, PROTO_UDP, a.len), at, a.len)));
    pkt.netif = (uint16_t)netif;
    pkt.why = WHY_TX_NAME;
    carry_from_gateway(w, from, &pkt, true);
}

/* ---- unreachable ------------------------------------------------------- */

/* RFC 1122 §3.2.2: never about an error, a fragment or a group. */
static bool may_complain(const struct parts *p)
{
    if (p->fragment || addr_is_multicast(&p->dst) || addr_is_bcast(&p->dst)
        || addr_is_any(&p->src) || p->payload.len == 0)
        return false;
    if (p->proto == PROTO_ICMP4)
        return !icmp4_is_error(p->payload.p[0]);
    return p->proto != PROTO_ICMP6 || !icmp6_is_error(p->payload.p[0]);
}

/* An error for each family. */
struct complaint {
    struct icmp4_repr m4;
    struct icmp6_repr m6;
    enum why          why;
};

/* From the gateway, with the beginning of what it is about. */
static void complain(struct world *w, struct host *from,
                     const struct parts *p, const struct complaint *c)
{
    bool          is4 = addr_is4(&p->src);
    size_t        quote = MIN(p->ip.len, (size_t)(is4 ? QUOTE4 : QUOTE6));
    struct reply  r = { from, p, is4 ? gateway_addr4(w) : gateway_addr6(w),
                       is4 ? PROTO_ICMP4 : PROTO_ICMP6,
                        ICMP_HDR_LEN + quote };
    struct cw_pkt pkt;
    uint8_t      *at;

    at = reply_begin(&r, &pkt);
    if (!at)
        return;
    if (is4)
        icmp4hdr_emit(at, ICMP_HDR_LEN, &c->m4);
    else
        icmp6hdr_emit(at, ICMP6_HDR_LEN, &c->m6);
    memcpy(at + ICMP_HDR_LEN, p->ip.p, quote);
    if (is4)
        icmp4hdr_seal(at, r.len);
    else
        icmp6hdr_seal(at, r.len, &r.src, &p->src);
    pkt.netif = WORLD_ETH0;
    pkt.why = (uint16_t)c->why;
    carry_from_gateway(w, from, &pkt, false);
}

void gateway_too_big(struct world *w, struct host *from,
                     const struct cw_pkt *pkt, uint16_t mtu)
{
    const struct complaint c = {
        .m4 = { .type = ICMP4_UNREACH,
                .code = ICMP4_UNREACH_FRAG_NEEDED,
                .rest = mtu },
        .m6 = { .type = ICMP6_TOO_BIG, .rest = mtu },
        .why = WHY_TX_TOO_BIG,
    };
    uint8_t      frame[FRAME_MAX];
    size_t       n = pkt_copy_out(pkt, 0, frame, sizeof(frame));
    struct parts p;

    if (n == pkt->len && parse(span_of(frame, n), &p) == GO_ON
        && may_complain(&p))
        complain(w, from, &p, &c);
}

void gateway_take(struct world *w, struct host *from, struct cw_pkt *pkt,
                  bool name)
{
    static const struct complaint no_way = {
        .m4 = { .type = ICMP4_UNREACH, .code = ICMP4_UNREACH_NET },
        .m6 = { .type = ICMP6_UNREACH, .code = ICMP6_UNREACH_NO_ROUTE },
        .why = WHY_TX_UNREACHABLE,
    };
    uint8_t      frame[FRAME_MAX];
    size_t       n = pkt_copy_out(pkt, 0, frame, sizeof(frame));
    bool         whole = n == pkt->len;
    struct parts p;

    if (whole && parse(span_of(frame, n), &p) == GO_ON) {
        if (name)
            answer_name(w, from, &p, pkt->netif);
        else if (may_complain(&p))
            complain(w, from, &p, &no_way);
    }
    cw_pkt_free(pkt);
}
