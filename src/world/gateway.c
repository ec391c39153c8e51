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
    out->payload = span_of(ip.p + r.hdr_len,
                           (size_t)r.total_len - r.hdr_len);
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
    enum why why = etherhdr_parse(frame, &out->ether);
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
bool gateway_asked(struct world *w, const struct cw_pkt *pkt,
                   struct host *to)
{
    struct parts    p;
    struct udp_repr udp;
    uint8_t         head[FRAME_MAX];
    size_t          n;

    (void)w;
    if (pkt->len > FRAME_MAX || pkt->gso_size)
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
    return !to || !stack_udp_bound(to->st, &p.dst, DNS_PORT);
}

/* ---- frames of the gateway's own ------------------------------------------ */

/* An IP packet with room for `len` bytes of payload, from `src` back to whom
 * sent p; *payload is where they go. */
static bool frame_begin(struct host *to, const struct parts *p,
                        const struct cw_addr *src, uint8_t proto, size_t len,
                        struct cw_pkt *pkt, uint8_t **payload)
{
    bool              is4 = addr_is4(src);
    uint32_t          hdr = ETHER_LEN + (is4 ? IP4_HDR_MIN : IP6_HDR_LEN);
    struct ether_repr ether = { p->ether.src, p->ether.dst, p->ether.type };
    uint8_t          *at;

    if (!pkt_new(pkt, &to->st->env.pbufs, 0, hdr + (uint32_t)len))
        return false;
    at = pkt_head(pkt);
    etherhdr_emit(at, hdr, &ether);
    if (is4) {
        struct ip4_repr ip = { .src = *src, .dst = p->src, .proto = proto,
                               .ttl = GATEWAY_TTL, .df = true,
                               .total_len = (uint16_t)(hdr - ETHER_LEN
                                                       + len) };

        ip4hdr_emit(at + ETHER_LEN, hdr - ETHER_LEN, &ip);
    } else {
        struct ip6_repr ip = { .src = *src, .dst = p->src, .next = proto,
                               .hop = GATEWAY_TTL,
                               .payload_len = (uint16_t)len };

        ip6hdr_emit(at + ETHER_LEN, hdr - ETHER_LEN, &ip);
    }
    *payload = at + hdr;
    return true;
}

/* The answer comes from whom the question was sent to. */
static void answer_name(struct world *w, struct host *from,
                        const struct parts *p, unsigned netif)
{
    uint8_t         dns[DNS_MAX], *at;
    struct udp_repr q, a;
    struct cw_pkt   pkt;
    size_t          n;

    if (udphdr_parse(p->payload, &q))
        return;
    n = names_answer(w, span_of(p->payload.p + UDP_LEN,
                                (size_t)q.len - UDP_LEN),
                     dns, sizeof(dns));
    a = (struct udp_repr){ .sport = q.dport, .dport = q.sport,
                           .len = (uint16_t)(UDP_LEN + n) };
    if (n == 0
        || !frame_begin(from, p, &p->dst, PROTO_UDP, a.len, &pkt, &at))
        return;
    udphdr_emit(at, UDP_LEN, &a);
    memcpy(at + UDP_LEN, dns, n);
    be16_store(at + UDP_CKSUM_AT,
               udphdr_cksum(cksum_add(cksum_pseudo(&p->dst, &p->src,
                                                   PROTO_UDP, a.len),
                                      at, a.len)));
    pkt.netif = (uint16_t)netif;
    pkt.why = WHY_TX_NAME;
    carry_from_gateway(w, from, &pkt, true);
}

/* ---- unreachable ------------------------------------------------------------ */

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

static void complain4(struct world *w, struct host *from,
                      const struct parts *p)
{
    struct cw_addr    gw = addr4(GATEWAY4);
    struct icmp4_repr icmp = { .type = ICMP4_UNREACH,
                               .code = ICMP4_UNREACH_NET };
    size_t            quote = MIN(p->ip.len, (size_t)QUOTE4);
    struct cw_pkt     pkt;
    uint8_t          *at;

    if (!frame_begin(from, p, &gw, PROTO_ICMP4, ICMP_HDR_LEN + quote, &pkt,
                     &at))
        return;
    icmp4hdr_emit(at, ICMP_HDR_LEN, &icmp);
    memcpy(at + ICMP_HDR_LEN, p->ip.p, quote);
    icmp4hdr_seal(at, ICMP_HDR_LEN + quote);
    pkt.netif = WORLD_ETH0;
    pkt.why = WHY_TX_UNREACHABLE;
    carry_from_gateway(w, from, &pkt, false);
}

static void complain6(struct world *w, struct host *from,
                      const struct parts *p)
{
    struct cw_addr    gw = from->addr6;
    struct icmp6_repr icmp = { .type = ICMP6_UNREACH,
                               .code = ICMP6_UNREACH_NO_ROUTE };
    size_t            quote = MIN(p->ip.len, (size_t)QUOTE6);
    struct cw_pkt     pkt;
    uint8_t          *at;

    be16_store(gw.b + 14, GATEWAY4 & 0xff);
    if (!frame_begin(from, p, &gw, PROTO_ICMP6, ICMP6_HDR_LEN + quote, &pkt,
                     &at))
        return;
    icmp6hdr_emit(at, ICMP6_HDR_LEN, &icmp);
    memcpy(at + ICMP6_HDR_LEN, p->ip.p, quote);
    icmp6hdr_seal(at, ICMP6_HDR_LEN + quote, &gw, &p->src);
    pkt.netif = WORLD_ETH0;
    pkt.why = WHY_TX_UNREACHABLE;
    carry_from_gateway(w, from, &pkt, false);
}

void gateway_take(struct world *w, struct host *from, struct cw_pkt *pkt,
                  bool name)
{
    uint8_t      frame[FRAME_MAX];
    size_t       n = pkt_copy_out(pkt, 0, frame, sizeof(frame));
    bool         whole = n == pkt->len;
    struct parts p;

    if (whole && parse(span_of(frame, n), &p) == GO_ON) {
        if (name)
            answer_name(w, from, &p, pkt->netif);
        else if (may_complain(&p) && addr_is4(&p.src))
            complain4(w, from, &p);
        else if (may_complain(&p))
            complain6(w, from, &p);
    }
    cw_pkt_free(pkt);
}
