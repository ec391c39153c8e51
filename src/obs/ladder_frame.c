/* ladder_frame.c: what a frame is to the ladder: whose, of which kind, and
 * its numbers.  Anything that is none of TCP, UDP, an echo or an error about
 * one of them is LAD_NONE.
 */
#include "obs/ladder_own.h"

#include "wire/etherhdr.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6ext.h"
#include "wire/tcphdr.h"
#include "wire/udphdr.h"

static struct span behind(struct span s, size_t n)
{
    n = MIN(n, s.len);
    return span_of(s.p + n, s.len - n);
}

static void look_tcp(struct span seg, struct lad_look *o)
{
    struct tcp_repr r;

    if (tcphdr_parse(seg, &r) != GO_ON)
        return;
    o->kind = LAD_TCP;
    o->sport = r.sport;
    o->dport = r.dport;
    o->seq = r.seq.v;
    o->ack = r.ack.v;
    o->flags = r.flags;
    o->ae = r.ae;
    o->wnd = r.wnd;
    o->up = r.up;
    o->text = behind(seg, r.hdr_len);
    o->len = (uint32_t)o->text.len;
    o->has_wscale = r.opt.has_wscale;
    o->wscale = MIN(r.opt.wscale, (uint8_t)14); /* RFC 7323 §2.3 */
    o->nsack = MIN(r.opt.nsack, (uint8_t)LAD_SACKS);
    for (unsigned i = 0; i < o->nsack; i++) {
        o->sack[i].left = r.opt.sack[i].left.v;
        o->sack[i].right = r.opt.sack[i].right.v;
    }
}

/* The length field counts, so that a first fragment says how long its
 * datagram is. */
static void look_udp(struct span seg, struct lad_look *o)
{
    uint16_t len;

    if (seg.len < UDP_LEN)
        return;
    o->kind = LAD_UDP;
    o->sport = be16_load(seg.p);
    o->dport = be16_load(seg.p + 2);
    len = be16_load(seg.p + 4);
    o->len = len > UDP_LEN ? len - (uint32_t)UDP_LEN : 0;
    o->text = behind(seg, UDP_LEN);
    o->text.len = MIN(o->text.len, (size_t)o->len);
}

/* The packet that an error quotes: only addresses and ports. */
static bool look_quote(struct span q, struct lad_look *o)
{
    struct ip4_repr ip4;
    struct ip6_repr ip6;
    struct ip6_ext  ext;
    size_t          at;

    if (!o->v6 && ip4hdr_parse_quote(q, &ip4) == GO_ON) {
        o->dst = ip4.src;
        o->src = ip4.dst;
        o->proto = ip4.proto;
        at = ip4.hdr_len;
    } else if (o->v6 && ip6hdr_parse_quote(q, &ip6) == GO_ON
               && ip6ext_walk(q, &ip6, &ext) == GO_ON) {
        o->dst = ip6.src;
        o->src = ip6.dst;
        o->proto = ext.proto;
        at = ext.off;
    } else {
        return false;
    }
    if ((o->proto != PROTO_TCP && o->proto != PROTO_UDP) || q.len < at + 4)
        return false;
    o->dport = be16_load(q.p + at);
    o->sport = be16_load(q.p + at + 2);
    return true;
}

static void look_icmp(struct span msg, struct lad_look *o)
{
    struct icmp4_repr r; /* both families begin alike */
    bool              echo, error;

    if (icmp4hdr_parse(msg, &r) != GO_ON)
        return;
    o->type = r.type;
    o->code = r.code;
    if (o->v6) {
        echo = r.type == ICMP6_ECHO || r.type == ICMP6_ECHO_REPLY;
        error = icmp6_is_error(r.type);
    } else {
        echo = r.type == ICMP4_ECHO || r.type == ICMP4_ECHO_REPLY;
        error = icmp4_is_error(r.type);
    }
    if (echo) {
        o->proto = PROTO_ICMP4;
        o->sport = o->dport = (uint16_t)(r.rest >> 16);
        o->seq = r.rest & 0xffff;
        o->text = r.body;
        o->len = (uint32_t)r.body.len;
        o->kind = LAD_ICMP;
    } else if (error && look_quote(r.body, o)) {
        o->quoted = true;
        o->kind = LAD_ICMP;
    }
}

static void look_payload(struct span payload, uint8_t proto,
                         struct lad_look *o)
{
    o->proto = proto;
    if (o->at > 0) {
        o->kind = LAD_FRAGMENT;
        o->len = (uint32_t)payload.len;
    } else if (proto == PROTO_TCP) {
        look_tcp(payload, o);
    } else if (proto == PROTO_UDP) {
        look_udp(payload, o);
    } else if (proto == (o->v6 ? PROTO_ICMP6 : PROTO_ICMP4)) {
        look_icmp(payload, o);
    }
}

static void look_ip4(struct span pkt, struct lad_look *o)
{
    struct ip4_repr ip;

    if (ip4hdr_parse(pkt, &ip) != GO_ON)
        return;
    o->src = ip.src;
    o->dst = ip.dst;
    o->at = ip.frag_off;
    o->ident = ip4_is_fragment(&ip) ? ip.id | 1u << 16 : 0;
    pkt.len = MIN(pkt.len, (size_t)ip.total_len);
    look_payload(behind(pkt, ip.hdr_len), ip.proto, o);
}

static void look_ip6(struct span pkt, struct lad_look *o)
{
    struct ip6_repr ip;
    struct ip6_ext  ext;

    if (ip6hdr_parse(pkt, &ip) != GO_ON)
        return;
    pkt.len = MIN(pkt.len, (size_t)IP6_HDR_LEN + ip.payload_len);
    if (ip6ext_walk(pkt, &ip, &ext) != GO_ON)
        return;
    o->src = ip.src;
    o->dst = ip.dst;
    o->v6 = true;
    if (ip6_is_fragment(&ext)) {
        o->at = ext.frag.off;
        o->ident = ext.frag.id ?: 1;
    }
    look_payload(behind(pkt, ext.off), ext.proto, o);
}

void lad_look(struct span frame, struct lad_look *out)
{
    struct ether_repr e;

    *out = (struct lad_look){ .kind = LAD_NONE };
    if (etherhdr_parse(frame, &e) != GO_ON)
        return;
    if (e.type == ETHER_IP4)
        look_ip4(behind(frame, ETHER_LEN), out);
    else if (e.type == ETHER_IP6)
        look_ip6(behind(frame, ETHER_LEN), out);
}
