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

enum { QUOTE_MIN = 8 }; /* of the transport's header: RFC 792 */

/* ---- meaning ------------------------------------------------------------ */

static enum net_err kind_of_unreach4(uint8_t code)
{
    static const uint8_t kinds[] = {
        [ICMP4_UNREACH_NET] = NET_ERR_NET,
        [ICMP4_UNREACH_HOST] = NET_ERR_HOST,
        [ICMP4_UNREACH_PROTO] = NET_ERR_PROTO,
        [ICMP4_UNREACH_PORT] = NET_ERR_PORT,
        [ICMP4_UNREACH_FRAG_NEEDED] = NET_ERR_TOOBIG,
        [ICMP4_UNREACH_SOURCE_ROUTE] = NET_ERR_HOST,
        [ICMP4_UNREACH_NET_UNKNOWN] = NET_ERR_NET,
        [ICMP4_UNREACH_HOST_UNKNOWN] = NET_ERR_HOST,
        [ICMP4_UNREACH_ISOLATED] = NET_ERR_HOST,
        [ICMP4_UNREACH_NET_ADMIN] = NET_ERR_ADMIN,
        [ICMP4_UNREACH_HOST_ADMIN] = NET_ERR_ADMIN,
        [ICMP4_UNREACH_NET_TOS] = NET_ERR_NET,
        [ICMP4_UNREACH_HOST_TOS] = NET_ERR_HOST,
        [ICMP4_UNREACH_ADMIN] = NET_ERR_ADMIN,
        [ICMP4_UNREACH_PRECEDENCE] = NET_ERR_ADMIN,
        [ICMP4_UNREACH_CUTOFF] = NET_ERR_ADMIN,
    };

    return code < ARRAY_LEN(kinds) ? (enum net_err)kinds[code]
                                   : NET_ERR_HOST;
}

static enum net_err kind_of4(uint8_t type, uint8_t code)
{
    if (type == ICMP4_UNREACH)
        return kind_of_unreach4(code);
    return type == ICMP4_TIME_EXCEEDED ? NET_ERR_TTL : NET_ERR_PARAM;
}

static enum net_err kind_of_unreach6(uint8_t code)
{
    switch (code) {
    case ICMP6_UNREACH_NO_ROUTE:
        return NET_ERR_NET;
    case ICMP6_UNREACH_PORT:
        return NET_ERR_PORT;
    case ICMP6_UNREACH_ADMIN:
    case ICMP6_UNREACH_POLICY:
    case ICMP6_UNREACH_REJECT:
        return NET_ERR_ADMIN;
    default:
        return NET_ERR_HOST;
    }
}

/* An error of an unknown type goes up, too (RFC 4443 §2.4 (a)). */
static enum net_err kind_of6(uint8_t type, uint8_t code)
{
    switch (type) {
    case ICMP6_TOO_BIG:
        return NET_ERR_TOOBIG;
    case ICMP6_TIME_EXCEEDED:
        return NET_ERR_TTL;
    case ICMP6_PARAM:
        return code == ICMP6_PARAM_NEXT ? NET_ERR_PROTO : NET_ERR_PARAM;
    case ICMP6_UNREACH:
        return kind_of_unreach6(code);
    default:
        return NET_ERR_HOST;
    }
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
    q.err.kind = ip4 ? kind_of4(type, code) : kind_of6(type, code);
    if (q.err.kind == NET_ERR_TOOBIG)
        why = check_mtu(&q, ip4 ? rest & 0xffff : rest, ip4);
    return why == GO_ON ? tell_transport(n, &q) : why;
}

void icmp_own_error(struct net *n, const struct cw_pkt *frame,
                    enum net_err kind)
{
    uint8_t      head[ETHER_LEN + IP6_HDR_LEN + IP6_FRAG_LEN + QUOTE_MIN];
    size_t       len = pkt_copy_out(frame, 0, head, sizeof head);
    bool         ip4;
    struct quote q;

    INVARIANT(len > ETHER_LEN);
    ip4 = be16_load(head + ETHER_LEN - 2) == ETHER_IP4;
    if (read_quote(span_of(head + ETHER_LEN, len - ETHER_LEN), ip4, &q)
        != GO_ON)
        return; /* a later fragment: the first one has told it */
    q.err.kind = kind;
    (void)tell_transport(n, &q);
}
