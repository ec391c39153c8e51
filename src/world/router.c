/* router.c: what a router does with a packet that its next link does not
 * carry: it cuts what may be cut, and tells the sender of the rest.
 *
 *   Owns:      the pieces (RFC 791 §3.2), each a packet with a number of its
 *              own; when "packet too big" is told: at once, by the gateway.
 *   Does not   lose packets: the link does, with a fate.  A black hole says
 *              nothing, but cuts as others do.
 *   RFC 1191 §4, RFC 4443 §3.2.
 */
#include "stack/stack.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "world/inner.h"

enum { FRAME_MAX = 1514 };

struct cut {
    struct world   *w;
    struct host    *h;
    struct cw_pkt  *whole;
    const uint8_t  *frame;
    struct ip4_repr ip;
    uint16_t        mtu;
};

/* Bytes [off, off+len) of what the packet carries, with a header in front. */
static bool piece(const struct cut *c, uint32_t off, uint32_t len,
                  struct cw_pkt *out)
{
    uint32_t        hdr = ETHER_LEN + c->ip.hdr_len;
    uint32_t        left = c->ip.total_len - c->ip.hdr_len;
    struct ip4_repr ip = c->ip;
    uint8_t        *at;

    if (!pkt_new(out, &c->h->st->env.pbufs, 0, hdr + len))
        return false;
    ip.total_len = (uint16_t)(c->ip.hdr_len + len);
    ip.frag_off = (uint16_t)(c->ip.frag_off + off);
    ip.mf = c->ip.mf || off + len < left;
    ip.ttl = (uint8_t)(ip.ttl - (ip.ttl > 1)); /* it was a router */
    at = pkt_head(out);
    memcpy(at, c->frame, ETHER_LEN);
    (void)ip4hdr_emit(at + ETHER_LEN, c->ip.hdr_len, &ip);
    memcpy(at + hdr, c->frame + hdr + off, len);
    out->netif = c->whole->netif;
    out->flow = c->whole->flow;
    out->why = WHY_TX_FRAGMENT;
    return true;
}

/* May it be cut?  Options would have to be copied by their kind; nobody here
 * sends any. */
static bool divisible(struct cut *c, size_t len)
{
    return len == c->whole->len && len > ETHER_LEN
        && be16_load(c->frame + ETHER_LEN - 2) == ETHER_IP4
        && ip4hdr_parse(span_of(c->frame + ETHER_LEN, len - ETHER_LEN),
                        &c->ip)
        == GO_ON
        && !c->ip.df && c->ip.hdr_len == IP4_HDR_MIN;
}

bool router_cut(struct world *w, struct host *h, struct cw_pkt *pkt,
                struct wlink *l, unsigned dir)
{
    const struct link_spec *s = link_spec_of(l->l, dir);
    uint8_t                 frame[FRAME_MAX];
    struct cut              c = {
                     .w = w, .h = h, .whole = pkt, .frame = frame, .mtu = s->pmtu
    };
    struct cw_pkt part;
    uint32_t      step, left;

    if (!divisible(&c, pkt_copy_out(pkt, 0, frame, sizeof frame)))
        return false;
    carry_fate(w, w->packets, h, NULL, WHY_LINK_ARRIVED);
    left = c.ip.total_len - c.ip.hdr_len;
    step = (uint32_t)(c.mtu - c.ip.hdr_len) & ~7u;
    for (uint32_t off = 0; off < left; off += step)
        if (piece(&c, off, MIN(step, left - off), &part))
            carry_piece(w, h, &part, l, dir);
    cw_pkt_free(pkt);
    return true;
}
