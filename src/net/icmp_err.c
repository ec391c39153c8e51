/* icmp_err.c: what the network says about something that we sent: an ICMP
 * error that arrived, or our own failure to find a neighbour.
 *
 *   Owns:    the reading of the quoted packet, and the meaning of types and
 *            codes.
 *   Does not believe: a transport says whether the quote is of something it
 *            sent (RFC 5927 §4); only then does a path MTU change.
 *   RFC 792, RFC 1122 §3.2.2, RFC 1191 §3, RFC 4443 §3, RFC 8201 §4.
 */
#include "net/icmp.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

enum {
    QUOTE_MIN = 8,   /* of the transport's header: RFC 792 */
    OWN_QUOTE = 548, /* of a packet of ours: RFC 1812 §4.3.2.3 */
};

/* ---- meaning ------------------------------------------------------------ */

/* What a code means, which errno Linux makes of it, and whether that ends an
 * attempt: RFC 1122 §3.2.2.1, §4.2.3.9. */
struct meaning {
    uint8_t kind, error; /* enum net_err, CW_E* */
    bool    hard;
};

// clang-format off
static const struct meaning unreach4[] = {
    [ICMP4_UNREACH_NET] =          { NET_ERR_NET,    CW_ENETUNREACH,  false },
    [ICMP4_UNREACH_HOST] =         { NET_ERR_HOST,   CW_EHOSTUNREACH, false },
    [ICMP4_UNREACH_PROTO] =        { NET_ERR_PROTO,  CW_ENOPROTOOPT,  true },
    [ICMP4_UNREACH_PORT] =         { NET_ERR_PORT,   CW_ECONNREFUSED, true },
    [ICMP4_UNREACH_FRAG_NEEDED] =  { NET_ERR_TOOBIG, CW_EMSGSIZE,     false },
    [ICMP4_UNREACH_SOURCE_ROUTE] = { NET_ERR_HOST,   CW_EOPNOTSUPP,   false },
    [ICMP4_UNREACH_NET_UNKNOWN] =  { NET_ERR_NET,    CW_ENETUNREACH,  true },
    [ICMP4_UNREACH_HOST_UNKNOWN] = { NET_ERR_HOST,   CW_EHOSTDOWN,    true },
    [ICMP4_UNREACH_ISOLATED] =     { NET_ERR_HOST,   CW_ENONET,       true },
    [ICMP4_UNREACH_NET_ADMIN] =    { NET_ERR_ADMIN,  CW_ENETUNREACH,  true },
    [ICMP4_UNREACH_HOST_ADMIN] =   { NET_ERR_ADMIN,  CW_EHOSTUNREACH, true },
    [ICMP4_UNREACH_NET_TOS] =      { NET_ERR_NET,    CW_ENETUNREACH,  false },
    [ICMP4_UNREACH_HOST_TOS] =     { NET_ERR_HOST,   CW_EHOSTUNREACH, false },
    [ICMP4_UNREACH_ADMIN] =        { NET_ERR_ADMIN,  CW_EHOSTUNREACH, true },
    [ICMP4_UNREACH_PRECEDENCE] =   { NET_ERR_ADMIN,  CW_EHOSTUNREACH, true },
    [ICMP4_UNREACH_CUTOFF] =       { NET_ERR_ADMIN,  CW_EHOSTUNREACH, true },
};

static const struct meaning unreach6[] = {
    [ICMP6_UNREACH_NO_ROUTE] = { NET_ERR_NET,   CW_ENETUNREACH,  false },
    [ICMP6_UNREACH_ADMIN] =    { NET_ERR_ADMIN, CW_EACCES,       true },
    [ICMP6_UNREACH_SCOPE] =    { NET_ERR_HOST,  CW_EHOSTUNREACH, false },
    [ICMP6_UNREACH_ADDR] =     { NET_ERR_HOST,  CW_EHOSTUNREACH, false },
    [ICMP6_UNREACH_PORT] =     { NET_ERR_PORT,  CW_ECONNREFUSED, true },
    [ICMP6_UNREACH_POLICY] =   { NET_ERR_ADMIN, CW_EACCES,       true },
    [ICMP6_UNREACH_REJECT] =   { NET_ERR_ADMIN, CW_EACCES,       true },
};
// clang-format on

static const struct meaning unknown = { NET_ERR_HOST, CW_EHOSTUNREACH,
                                        false };
static const struct meaning expired = { NET_ERR_TTL, CW_EHOSTUNREACH, false };

static struct meaning meaning4(uint8_t type, uint8_t code)
{
    if (type == ICMP4_TIME_EXCEEDED)
        return expired;
    if (type == ICMP4_PARAM)
        return (struct meaning){ NET_ERR_PARAM, CW_EPROTO, true };
    return code < ARRAY_LEN(unreach4) ? unreach4[code] : unknown;
}

/* An error of an unknown type goes up, too.  [RFC4443-2.4-a] */
static struct meaning meaning6(uint8_t type, uint8_t code)
{
    switch (type) {
    case ICMP6_TOO_BIG:
        return (struct meaning){ NET_ERR_TOOBIG, CW_EMSGSIZE, false };
    case ICMP6_TIME_EXCEEDED:
        return expired;
    case ICMP6_PARAM:
        return (struct meaning){ code == ICMP6_PARAM_NEXT ? NET_ERR_PROTO
                                                          : NET_ERR_PARAM,
                                 CW_EPROTO, true };
    case ICMP6_UNREACH:
        return code < ARRAY_LEN(unreach6) ? unreach6[code] : unknown;
    default:
        return unknown;
    }
}

static void set_meaning(struct net_error *e, bool ip4)
{
    struct meaning m = ip4 ? meaning4(e->type, e->code)
                           : meaning6(e->type, e->code);

    e->kind = (enum net_err)m.kind;
    e->error = m.error;
    e->hard = m.hard;
}

/* ---- the quoted packet -------------------------------------------------- */

struct quote {
    struct net_error err;
    uint32_t         total; /* bytes of the packet that we sent */
};

static enum why read_ports(struct span up, struct quote *q)
{
    if (up.len < QUOTE_MIN)
        return WHY_ICMP_BAD;
    q->err.lport = be16_load(up.p);
    q->err.rport = be16_load(up.p + 2);
    q->err.has_seq = q->err.proto == PROTO_TCP;
    q->err.seq = be32_load(up.p + 4);
    q->err.quote = span_of(up.p + QUOTE_MIN, up.len - QUOTE_MIN);
    return GO_ON;
}

static enum why read_quote4(struct span s, struct quote *q)
{
    struct ip4_repr ip;

    if (ip4hdr_parse_quote(s, &ip) != GO_ON)
        return WHY_ICMP_BAD;
    if (ip.frag_off > 0)
        return WHY_ICMP_NO_MATCH; /* it has no ports to match */
    q->err.local = ip.src;
    q->err.remote = ip.dst;
    q->err.proto = ip.proto;
    q->total = ip.total_len;
    return read_ports(span_of(s.p + ip.hdr_len, s.len - ip.hdr_len), q);
}

static enum why read_quote6(struct span s, struct quote *q)
{
    struct ip6_repr ip;
    struct ip6_ext  ext;

    if (ip6hdr_parse_quote(s, &ip) != GO_ON)
        return WHY_ICMP_BAD;
    q->total = IP6_HDR_LEN + (uint32_t)ip.payload_len;
    /* The quote is cut; the walk wants a packet that is whole. */
    ip.payload_len = (uint16_t)MIN((size_t)ip.payload_len,
                                   (s.len - IP6_HDR_LEN) & ~(size_t)7);
    if (ip6ext_walk(s, &ip, &ext) != GO_ON)
        return WHY_ICMP_BAD;
    if (ext.frag.present && ext.frag.off > 0)
        return WHY_ICMP_NO_MATCH;
    q->err.local = ip.src;
    q->err.remote = ip.dst;
    q->err.proto = ext.proto;
    return read_ports(span_of(s.p + ext.off, s.len - ext.off), q);
}

static enum why read_quote(struct span s, bool ip4, struct quote *q)
{
    memset(q, 0, sizeof *q);
    return ip4 ? read_quote4(s, q) : read_quote6(s, q);
}

/* ---- what follows ------------------------------------------------------- */

/* RFC 1191 §3, §5: what would fit is less than what we sent; whether a path
 * is believed to be that narrow, pmtu.c decides.  RFC8201-4-a: IPv6 links
 * carry 1280 bytes at least. */
static enum why check_mtu(struct quote *q, uint32_t told, bool ip4)
{
    uint32_t mtu = told;

    if (ip4 && told == 0)
        mtu = pmtu_plateau(q->total);
    if (!ip4 && mtu < IP6_MTU_MIN)
        return WHY_ICMP_MTU;
    mtu = MAX(mtu, (uint32_t)PMTU_FLOOR4_MIN);
    q->err.mtu = mtu;
    return mtu < q->total ? GO_ON : WHY_ICMP_NO_MATCH;
}

/* [RFC8085-5.2-a] */
static enum why tell_transport(struct net *n, const struct quote *q)
{
    const struct proto *up = net_transport(n, q->err.proto);

    if (!up || !net_is_local(n, &q->err.local)
        || !up->error(up->ctx, &q->err))
        return WHY_ICMP_NO_MATCH;
    if (q->err.kind == NET_ERR_TOOBIG)
        pmtu_put(n, &q->err.remote, q->err.mtu);
    return GO_ON;
}

/* What the header's second word says, if the type gives it a meaning. */
static uint32_t info_of(uint8_t type, uint32_t rest, bool ip4)
{
    if (!ip4)
        return rest;
    if (type == ICMP4_PARAM)
        return rest >> 24;
    return type == ICMP4_UNREACH ? rest & 0xffff : 0;
}

enum why icmp_error_in(struct net *n, struct ip_in *in, uint8_t type,
                       uint8_t code, uint32_t rest)
{
    struct net_rx *rx = &in->rx;
    bool           ip4 = addr_is4(&rx->src);
    uint32_t       at = rx->off + ICMP_HDR_LEN;
    uint32_t       len = MIN(rx->len - ICMP_HDR_LEN, (uint32_t)IP6_MTU_MIN);
    struct quote   q;
    enum why       why;

    if (in->rx.many || addr_is_any(&rx->src))
        return WHY_ICMP_BAD;
    if (net_head(n, rx->pkt, at + len) != GO_ON)
        return WHY_NO_MEMORY;
    why = read_quote(span_of(pkt_head(rx->pkt) + at, len), ip4, &q);
    if (why != GO_ON)
        return why;
    q.err.type = type;
    q.err.code = code;
    q.err.offender = rx->src;
    q.err.ttl = rx->ttl;
    q.err.tos = rx->tos;
    q.err.info = info_of(type, rest, ip4);
    if (addr_is_linklocal(&q.err.local) && !ip4)
        q.err.scope = rx->netif + 1u;
    set_meaning(&q.err, ip4);
    if (q.err.kind == NET_ERR_TOOBIG)
        why = check_mtu(&q, q.err.info, ip4);
    return why == GO_ON ? tell_transport(n, &q) : why;
}

void icmp_own_error(struct net *n, const struct cw_pkt *frame)
{
    uint8_t      head[ETHER_LEN + OWN_QUOTE];
    size_t       len = pkt_copy_out(frame, 0, head, sizeof head);
    bool         ip4;
    struct quote q;

    INVARIANT(len > ETHER_LEN);
    ip4 = be16_load(head + ETHER_LEN - 2) == ETHER_IP4;
    if (read_quote(span_of(head + ETHER_LEN, len - ETHER_LEN), ip4, &q)
        != GO_ON)
        return; /* a later fragment: the first one has told it */
    q.err.type = ip4 ? ICMP4_UNREACH : ICMP6_UNREACH;
    q.err.code = ip4 ? ICMP4_UNREACH_HOST : ICMP6_UNREACH_ADDR;
    q.err.offender = q.err.local;
    if (addr_is_linklocal(&q.err.local) && !ip4)
        q.err.scope = frame->netif + 1u;
    set_meaning(&q.err, ip4);
    (void)tell_transport(n, &q);
}
