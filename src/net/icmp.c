/* icmp.c: ICMP messages that arrive: checksum, echo, and whose the rest is.
 *
 *   Owns:    the responder to echo requests (RFC 1122 §3.2.2.6, RFC 4443
 *            §4.2).
 *   Does not judge errors (icmp_err.c) or make them (icmp_out.c).
 *   Invariant: the pieces of a message are never written, as the sender's
 *              own queue may share them: a reply has a header of its own.
 */
#include "net/icmp.h"
#include "net/mcast.h"
#include "net/ndp.h"
#include "wire/cksum.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"

_Static_assert((int)ICMP_HDR_LEN == (int)ICMP6_HDR_LEN,
               "one header for both");

static void event(struct net *n, enum event_kind kind, uint8_t type,
                  uint8_t code, enum why why)
{
    struct cw_event ev = { .kind = (uint16_t)kind,
                           .why = (uint16_t)why,
                           .v = { type, code } };

    if (env_observed(n->env))
        env_event(n->env, &ev);
}

static uint32_t pseudo_sum(const struct cw_addr *src,
                           const struct cw_addr *dst, uint32_t len)
{
    return addr_is4(src) ? 0 : cksum_pseudo(src, dst, PROTO_ICMP6, len);
}

/* ---- out ---------------------------------------------------------------- */

static bool build(struct net *n, const struct icmp_msg *m, struct cw_pkt *pkt)
{
    struct icmp4_repr hdr = { .type = m->type,
                              .code = m->code,
                              .rest = m->rest };

    if (!pkt_new(pkt, &n->env->pbufs, PBUF_HEADROOM, ICMP_HDR_LEN))
        return false;
    icmp4hdr_emit(pkt_head(pkt), ICMP_HDR_LEN, &hdr);
    if (pkt_append_any(pkt, &n->env->pbufs, m->body, m->off, m->len))
        return true;
    pkt_free(pkt);
    return false;
}

/* [RFC1122-3.3.4.2-a] [RFC4443-2.2-a] [RFC8200-8.4-a] [RFC1122-3.2.2-d] */
void icmp_reply(struct net *n, const struct ip_in *in,
                const struct icmp_msg *m)
{
    bool            ip4 = addr_is4(&in->rx.src);
    struct net_tx   tx = { .dst = in->rx.src,
                           .proto = ip4 ? PROTO_ICMP4 : PROTO_ICMP6,
                           .tos = m->tos,
                           .why = m->why };
    struct net_dest dest = { .generation = 0 };
    struct cw_pkt   pkt;
    uint32_t        sum;

    if (ip4)
        tx.src = addr4(0);
    if (!in->rx.many)
        tx.src = in->rx.dst;
    if (addr_is_linklocal(&tx.dst))
        tx.scope = in->nif->index + 1u;
    tx.dest = &dest;
    if (net_path(n, &tx.dst, tx.scope, &tx.src, &dest) != GO_ON)
        return;
    if (!build(n, m, &pkt)) {
        env_count(n->env, COUNT_NO_MEMORY);
        return;
    }
    sum = pkt_cksum(&pkt, 0, pseudo_sum(&tx.src, &tx.dst, pkt.len));
    be16_store(pkt_head(&pkt) + ICMP_CKSUM_AT, cksum_fold(sum));
    env_count(n->env, COUNT_ICMP_OUT_MSGS);
    event(n, EV_ICMP_OUT, m->type, m->code, m->why);
    (void)net_out(n, &tx, &pkt); /* what becomes of it, net_out() tells */
}

/* [RFC1122-3.2.2.6-b] [RFC1122-3.2.2.6-e] [RFC4443-4.1-a] */
static enum why echo_in(struct net *n, struct ip_in *in, uint32_t rest)
{
    bool            ip4 = addr_is4(&in->rx.src);
    struct icmp_msg m = { .type = ip4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY,
                          .tos = in->rx.tos & 0xfc, /* RFC 3168: ECN apart */
                          .rest = rest,
                          .body = in->rx.pkt,
                          .off = in->rx.off + ICMP_HDR_LEN,
                          .len = in->rx.len - ICMP_HDR_LEN,
                          .why = WHY_TX_ECHO_REPLY };

    env_count(n->env, COUNT_ICMP_IN_ECHOS);
    /* RFC 1122 §3.2.2.6 leaves a group's echo to us: with IPv4 it is an
     * amplifier.  RFC 4443 §4.2 wants the answer. */
    if (ip4 && in->rx.many)
        return WHY_ICMP_UNHANDLED;
    if (addr_is_any(&in->rx.src))
        return WHY_IP_SOURCE;
    env_count(n->env, COUNT_ICMP_OUT_ECHO_REPS);
    icmp_reply(n, in, &m);
    return GO_ON;
}

/* ---- in ----------------------------------------------------------------- */

/* Header and checksum. */
static enum why read_message(struct net *n, const struct ip_in *in,
                             struct icmp4_repr *out)
{
    const struct net_rx *rx = &in->rx;
    uint32_t             sum;
    enum why             why = net_head(n, rx->pkt,
                                        rx->off + MIN(rx->len, (uint32_t)ICMP_HDR_LEN));

    if (why != GO_ON)
        return why;
    why = icmp4hdr_parse(span_of(pkt_head(rx->pkt) + rx->off, rx->len), out);
    if (why != GO_ON)
        return why;
    if (rx->csum_ok)
        return GO_ON;
    sum = pkt_cksum(rx->pkt, rx->off,
                    pseudo_sum(&rx->src, &rx->dst, rx->len));
    return cksum_fold(sum) == 0 ? GO_ON : WHY_ICMP_CHECKSUM;
}

static enum why icmp4_in(struct net *n, struct ip_in *in,
                         const struct icmp4_repr *m)
{
    if (m->type == ICMP4_ECHO)
        return echo_in(n, in, m->rest);
    if (m->type == ICMP4_UNREACH || m->type == ICMP4_TIME_EXCEEDED
        || m->type == ICMP4_PARAM)
        return icmp_error_in(n, in, m->type, m->code, m->rest);
    if (m->type == ICMP4_REDIRECT)
        return redirect4_in(n, in, m->rest);
    return WHY_ICMP_UNHANDLED;
}

/* [RFC4443-2.4-a] */
static enum why icmp6_in(struct net *n, struct ip_in *in,
                         const struct icmp4_repr *m)
{
    if (m->type == ICMP6_ECHO)
        return echo_in(n, in, m->rest);
    if (m->type >= ICMP6_RS && m->type <= ICMP6_REDIRECT)
        return ndp_in(n, in);
    if (m->type == ICMP6_MLD_QUERY || m->type == ICMP6_MLD_REPORT)
        return mld_in(n, in);
    if (icmp6_is_error(m->type))
        return icmp_error_in(n, in, m->type, m->code, m->rest);
    return WHY_ICMP_UNHANDLED;
}

/* Previous hop: ip_deliver().
 * [RFC1122-3.1-a] [RFC792---a] [RFC1122-3.2.2.7-a] [RFC1122-3.2.2.9-a] */
enum why icmp_in(struct net *n, struct ip_in *in)
{
    struct icmp4_repr m;
    enum why          why = read_message(n, in, &m);

    env_count(n->env, COUNT_ICMP_IN_MSGS);
    if (why == GO_ON) {
        event(n, EV_ICMP_IN, m.type, m.code, WHY_NONE);
        why = addr_is4(&in->rx.src) ? icmp4_in(n, in, &m)
                                    : icmp6_in(n, in, &m);
    }
    if (why == WHY_ICMP_BAD || why == WHY_ICMP_CHECKSUM)
        env_count(n->env, COUNT_ICMP_IN_ERRORS);
    return why;
}
