/* icmp_out.c: errors about packets that arrived: whether one may be sent,
 * how often, and how much of the packet it quotes.
 *
 *   Owns:    the token buckets (RFC 4443 §2.4 (f)): ICMP_BURST at once, then
 *            ICMP_RATE a second, on average: what one costs is drawn, so
 *            that nobody can count the errors that others were sent
 *            (CVE-2020-25705: which of our ports answer).  A destination
 *            (IPv6: a /64, which is one link's) has a smaller one, looked
 *            at first: who asks for more than its share takes nothing from
 *            others.  A keyed hash says whose it is, so that nobody can
 *            choose to share somebody's.
 *   Invariant: no error is ever sent about an error, a group's packet or, in
 *              IPv4, a later fragment, nor to what is not one host (RFC 1122
 *              §3.2.2, RFC 4443 §2.4 (e)).
 */
#include "net/icmp.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

enum {
    TOKEN_NS = 1000000000 / ICMP_RATE,
    BURST_NS = ICMP_BURST * TOKEN_NS,
    DEST_TOKEN_NS = 1000000000 / ICMP_DEST_RATE,
    DEST_BURST_NS = ICMP_DEST_BURST * DEST_TOKEN_NS,
    QUOTE4_MAX = 576 - IP4_HDR_MIN - ICMP_HDR_LEN, /* RFC 1812 §4.3.2.3 */
    QUOTE6_MAX = IP6_MTU_MIN - IP6_HDR_LEN - ICMP6_HDR_LEN,
};

static void fill_up(struct net *n, struct icmp_share *b, cw_ns full)
{
    cw_ns idle = n->env->now - b->filled;

    INVARIANT(idle >= 0);
    INVARIANT(b->credit >= 0 && b->credit <= full);
    b->filled = n->env->now;
    b->credit += MIN(idle, full - b->credit);
}

void icmp_init(struct net *n)
{
    n->icmp_all = (struct icmp_share){ BURST_NS, n->env->now };
    for (unsigned i = 0; i < ICMP_DESTS; i++)
        n->icmp_to[i] = (struct icmp_share){ DEST_BURST_NS, n->env->now };
    n->icmp_rng = prng_stream(n->env->seed, n->env->host, "icmp");
}

static struct icmp_share *share_of(struct net *n, const struct cw_addr *to)
{
    size_t len = addr_is4(to) ? sizeof to->b : sizeof to->b / 2;

    return &n->icmp_to[siphash(n->neigh_key, to->b, len) % ICMP_DESTS];
}

static bool take_token(struct net *n, const struct cw_addr *to)
{
    struct icmp_share *one = share_of(n, to), *all = &n->icmp_all;
    cw_ns              cost;

    fill_up(n, one, DEST_BURST_NS);
    fill_up(n, all, BURST_NS);
    if (one->credit < DEST_TOKEN_NS || all->credit < TOKEN_NS)
        return false;
    cost = (cw_ns)prng_below(&n->icmp_rng, 3);
    one->credit -= MIN(one->credit, DEST_TOKEN_NS * cost);
    all->credit -= MIN(all->credit, TOKEN_NS * cost);
    return true;
}

/* RFC 1122 §3.2.2, RFC 4443 §2.4 (e.1), (e.2).  A type that cannot be read
 * is taken for an error. */
static bool is_icmp_error(const struct ip_in *in)
{
    bool    ip4 = addr_is4(&in->rx.src);
    uint8_t type;

    if (in->rx.proto != (ip4 ? PROTO_ICMP4 : PROTO_ICMP6))
        return false;
    if (pkt_copy_out(in->rx.pkt, in->rx.off, &type, 1) == 0)
        return true;
    return ip4 ? icmp4_is_error(type)
               : icmp6_is_error(type) || type == ICMP6_REDIRECT;
}

/* The sender's address was found honest when the packet was accepted.
 * [RFC1122-3.2.2-g] [RFC1122-3.2.2-h] [RFC4443-2.4-c] */
static bool may_tell(const struct ip_in *in, bool group_too)
{
    if ((in->rx.many || in->link_many) && !group_too)
        return false;
    if (in->piece && addr_is4(&in->rx.src))
        return false;
    return !addr_is_any(&in->rx.src) && !is_icmp_error(in);
}

/* [RFC1122-3.2.2-b] [RFC4443-2.4-b] [RFC4443-2.4-d] */
static void tell(struct net *n, const struct ip_in *in, struct icmp_msg *m,
                 bool group_too)
{
    bool     ip4 = addr_is4(&in->rx.src);
    uint32_t max = ip4 ? QUOTE4_MAX : QUOTE6_MAX;

    if (!may_tell(in, group_too))
        return;
    if (!take_token(n, &in->rx.src)) {
        env_count(n->env, COUNT_ICMP_OUT_LIMITED);
        net_drop_note(n, in->rx.pkt, in->rx.proto, WHY_ICMP_LIMITED);
        return;
    }
    m->body = in->rx.pkt;
    m->off = in->rx.ip_off;
    m->len = MIN(max, in->rx.pkt->len - in->rx.ip_off);
    icmp_reply(n, in, m);
}

/* [RFC1122-3.2.2.1-a] [RFC4443-3.1-a] */
void icmp_tell_no_port(struct net *n, const struct ip_in *in)
{
    bool            ip4 = addr_is4(&in->rx.src);
    struct icmp_msg m = { .type = ip4 ? ICMP4_UNREACH : ICMP6_UNREACH,
                          .code = ip4 ? ICMP4_UNREACH_PORT
                                      : ICMP6_UNREACH_PORT,
                          .why = WHY_TX_UNREACHABLE };

    tell(n, in, &m, false);
}

/* RFC 1122 §3.2.2.1; RFC 8200 §4: an unknown next header.
 * [RFC8200-4-b] [RFC4443-3.4-a] */
void icmp_tell_no_proto(struct net *n, const struct ip_in *in)
{
    bool            ip4 = addr_is4(&in->rx.src);
    struct icmp_msg m = { .type = ip4 ? ICMP4_UNREACH : ICMP6_PARAM,
                          .code = ip4 ? ICMP4_UNREACH_PROTO
                                      : ICMP6_PARAM_NEXT,
                          .rest = ip4 ? 0 : in->next_at,
                          .why = WHY_TX_UNREACHABLE };

    tell(n, in, &m, false);
}

void icmp_tell_problem(struct net *n, const struct ip_in *in,
                       const struct ip6_problem *p)
{
    struct icmp_msg m = { .type = ICMP6_PARAM,
                          .code = p->code,
                          .rest = p->pointer,
                          .why = WHY_TX_ICMP_ERROR };

    INVARIANT(p->tell && !addr_is4(&in->rx.src));
    tell(n, in, &m, p->multicast_too);
}

/* [RFC1122-3.2.2.5-a] */
void icmp_tell_bad_option(struct net *n, const struct ip_in *in, uint32_t at)
{
    struct icmp_msg m = { .type = ICMP4_PARAM,
                          .rest = at << 24,
                          .why = WHY_TX_ICMP_ERROR };

    INVARIANT(at < IP4_HDR_MIN + IP4_OPTS_MAX && addr_is4(&in->rx.src));
    tell(n, in, &m, false);
}

void icmp_tell_reassembly_time(struct net *n, const struct ip_in *in)
{
    bool            ip4 = addr_is4(&in->rx.src);
    struct icmp_msg m = {
        .type = ip4 ? ICMP4_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED,
        .code = ip4 ? ICMP4_TIME_REASSEMBLY : ICMP6_TIME_REASSEMBLY,
        .why = WHY_TX_ICMP_ERROR
    };

    tell(n, in, &m, false);
}
