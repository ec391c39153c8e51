/* ip6ext.c: see ip6ext.h.  RFC 8200 §4. */
#include "wire/ip6ext.h"
#include "base/check.h"
#include "base/limits.h"
#include "wire/icmp6hdr.h"

/* §4.2: the two highest bits of an option's type. */
enum { ACT_SKIP, ACT_DISCARD, ACT_TELL, ACT_TELL_UNICAST };

enum { IP6_PLEN_AT = 4, IP6_NEXT_AT = 6 };

static inline bool is_ext(uint8_t proto)
{
    return proto == PROTO_HOPOPTS || proto == PROTO_ROUTING
        || proto == PROTO_FRAGMENT || proto == PROTO_DSTOPTS;
}

static enum why problem(struct ip6_ext *e, uint8_t code, size_t pointer,
                        enum why why)
{
    e->problem.tell = true;
    e->problem.code = code;
    e->problem.pointer = (uint32_t)pointer;
    return why;
}

/* An option that this host does not know: its type says what to do.
 * [RFC8200-4.2-a] */
static enum why unknown_option(uint8_t type, size_t at, struct ip6_ext *e)
{
    unsigned act = type >> 6;

    if (act == ACT_SKIP)
        return GO_ON;
    if (act == ACT_DISCARD)
        return WHY_IP6_EXTENSION;
    e->problem.multicast_too = act == ACT_TELL;
    return problem(e, ICMP6_PARAM_OPTION, at, WHY_IP6_EXTENSION);
}

/* Hop-by-hop and destination options; hdr begins at e->off. [RFC8200-4.2-b] */
static enum why walk_options(struct span hdr, struct ip6_ext *e)
{
    struct reader r = reader_of(hdr);

    (void)reader_take(&r, 2);
    while (reader_left(&r) > 0) {
        size_t   at = e->off + (size_t)(r.p - hdr.p);
        uint8_t  type = read_u8(&r);
        enum why why = GO_ON;

        if (type == IP6_OPT_PAD1)
            continue;
        (void)reader_take(&r, read_u8(&r));
        if (r.bad)
            return WHY_IP6_EXTENSION;
        if (type != IP6_OPT_PADN && type != IP6_OPT_ROUTER_ALERT)
            why = unknown_option(type, at, e);
        if (why != GO_ON)
            return why;
    }
    return GO_ON;
}

/* §4.4: no routing type is known here (RFC 5095 took type 0 away), so one
 * that still has segments left is refused. [RFC8200-4.4-a] */
static enum why walk_routing(struct span hdr, struct ip6_ext *e)
{
    if (hdr.p[3] == 0)
        return GO_ON;
    return problem(e, ICMP6_PARAM_FIELD, e->off + 2u, WHY_IP6_EXTENSION);
}

/* §4.5; plen is the packet's payload length. [RFC8200-4.5-d] */
static enum why walk_fragment(struct span hdr, size_t plen, struct ip6_ext *e)
{
    struct ip6_frag *f = &e->frag;
    size_t           after = e->off + (size_t)IP6_FRAG_LEN;
    size_t           len = IP6_HDR_LEN + plen - after;

    if (f->present)
        return WHY_FRAG_BAD;
    f->present = true;
    f->at = e->off;
    f->next_at = e->next_at;
    f->next = hdr.p[0];
    f->off = be16_load(hdr.p + 2) & 0xfff8;
    f->more = hdr.p[3] & 1;
    f->id = be32_load(hdr.p + 4);
    if (f->more && len % 8 != 0)
        return problem(e, ICMP6_PARAM_FIELD, IP6_PLEN_AT, WHY_FRAG_BAD);
    if (f->off + len > UINT16_MAX)
        return problem(e, ICMP6_PARAM_FIELD, f->at + 2u, WHY_FRAG_BAD);
    return GO_ON;
}

/* One header: chain is what may be read of the packet.
 * [RFC8200-4-a] [RFC8200-4.1-a] */
static enum why walk_one(struct span chain, size_t plen, struct ip6_ext *e)
{
    struct span hdr = span_of(chain.p + e->off, IP6_FRAG_LEN);
    enum why    why;

    if (e->count == IP6_EXT_MAX || chain.len - e->off < 8)
        return WHY_IP6_EXTENSION;
    /* §4: hop-by-hop options stand first or nowhere. */
    if (e->proto == PROTO_HOPOPTS && e->count > 0)
        return problem(e, ICMP6_PARAM_NEXT, e->next_at, WHY_IP6_EXTENSION);
    if (e->proto != PROTO_FRAGMENT)
        hdr.len = (hdr.p[1] + 1u) * 8u;
    if (chain.len - e->off < hdr.len)
        return WHY_IP6_EXTENSION;
    if (e->proto == PROTO_FRAGMENT)
        why = walk_fragment(hdr, plen, e);
    else if (e->proto == PROTO_ROUTING)
        why = walk_routing(hdr, e);
    else
        why = walk_options(hdr, e);
    if (why != GO_ON)
        return why;
    e->count++;
    e->next_at = e->off;
    e->proto = hdr.p[0];
    e->off = (uint16_t)(e->off + hdr.len);
    return GO_ON;
}

enum why ip6ext_walk(struct span pkt, const struct ip6_repr *ip,
                     struct ip6_ext *out)
{
    size_t      plen = ip->payload_len;
    struct span chain = { pkt.p,
                          MIN(IP6_HDR_LEN + plen, (size_t)IP6_CHAIN_MAX) };

    INVARIANT(pkt.p != NULL && pkt.len >= IP6_HDR_LEN + plen);
    *out = (struct ip6_ext){ .proto = ip->next,
                             .off = IP6_HDR_LEN,
                             .next_at = IP6_NEXT_AT };
    while (UNLIKELY(is_ext(out->proto)) && !ip6_is_fragment(out)) {
        enum why why = walk_one(chain, plen, out);

        if (why != GO_ON)
            return why;
    }
    return GO_ON;
}

void ip6ext_skip(struct span pkt, struct ip6_ext *e)
{
    for (unsigned i = 0; i < IP6_EXT_MAX && is_ext(e->proto); i++) {
        const uint8_t *hdr = pkt.p + e->off;
        bool           frag = e->proto == PROTO_FRAGMENT;
        size_t         end = e->off;

        if (pkt.len < e->off + 8u)
            break;
        end += frag ? IP6_FRAG_LEN : (hdr[1] + 1u) * 8u;
        e->proto = hdr[0];
        e->off = UINT16_MAX;
        if (end >= pkt.len || (frag && be16_load(hdr + 2) >= 8))
            return; /* a later fragment's upper layer is elsewhere */
        e->off = (uint16_t)end;
    }
}

int64_t ip6ext_upper(struct span pkt, const struct ip6_ext *e, uint8_t *proto)
{
    size_t at = e->off;

    INVARIANT(at <= pkt.len);
    *proto = e->proto;
    while (is_ext(*proto)) {
        const uint8_t *hdr = pkt.p + at;
        bool           frag = *proto == PROTO_FRAGMENT;

        if (pkt.len - at < 8)
            return -1;
        *proto = hdr[0];
        at += frag ? IP6_FRAG_LEN : (hdr[1] + 1u) * 8u;
        if (at > pkt.len)
            return -1;
    }
    return (int64_t)(pkt.len - at);
}

size_t ip6frag_emit(uint8_t *p, size_t cap, const struct ip6_frag *f)
{
    INVARIANT(cap >= IP6_FRAG_LEN);
    INVARIANT((f->off & 7) == 0);
    p[0] = f->next;
    p[1] = 0;
    be16_store(p + 2, f->off | f->more);
    be32_store(p + 4, f->id);
    return IP6_FRAG_LEN;
}
