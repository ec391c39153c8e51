/* udp_in.c: a datagram goes up: is it whole, and whose is it?
 *
 *   Owns:    demultiplexing: the four-tuple of a connected socket, then a
 *            socket bound to this address, then one bound to the wildcard; an
 *            IPv6 wildcard takes IPv4 as well unless it is V6ONLY.  Among
 *            equals SO_REUSEPORT chooses by a hash of the flow, else the
 *            socket that was bound last has it.  A group's datagram goes to
 *            every socket that matches.
 *   RFC 768, RFC 1122 §4.1, RFC 8200 §8.1, RFC 9868 §7 (surplus area).
 */
#include "udp/udp_sock.h"
#include "wire/cksum.h"
#include "wire/dhcphdr.h"
#include "wire/ip4hdr.h"

struct arrived {
    const struct net_rx *rx;
    struct cw_sockaddr   from, to;
    uint32_t             len; /* of header and data */
};

/* ---- is it whole -------------------------------------------------------- */

/* What is beyond the UDP length is not covered.  [RFC9868-7-a] */
static uint32_t sum_of(const struct net_rx *rx, uint32_t len)
{
    uint32_t      pseudo = cksum_pseudo(&rx->src, &rx->dst, PROTO_UDP, len);
    struct cw_pkt part;
    uint32_t      sum;

    if (len == rx->len)
        return pkt_cksum(rx->pkt, rx->off, pseudo);
    pkt_share(&part, rx->pkt);
    pkt_trim(&part, rx->off + len);
    sum = pkt_cksum(&part, rx->off, pseudo);
    pkt_free(&part);
    return sum;
}

/* [RFC768-Length-a] [RFC1122-4.1.3.4-b] [RFC8200-8.1-a] */
static enum why check(const struct net_rx *rx, struct udp_repr *hdr)
{
    const uint8_t *head = pkt_head(rx->pkt) + rx->off;

    INVARIANT(rx->off + MIN(rx->len, (uint32_t)UDP_LEN)
              <= pkt_head_len(rx->pkt));
    if (udphdr_parse(span_of(head, rx->len), hdr) != GO_ON)
        return WHY_UDP_HEADER;
    /* RFC 768: no checksum was made; RFC 8200 §8.1: there is no such thing
     * with IPv6. */
    if (hdr->cksum == 0)
        return addr_is4(&rx->src) ? GO_ON : WHY_UDP_NO_CHECKSUM;
    if (rx->csum_ok)
        return GO_ON;
    return cksum_fold(sum_of(rx, hdr->len)) == 0 ? GO_ON : WHY_UDP_CHECKSUM;
}

static struct cw_sockaddr name_of(const struct net_rx  *rx,
                                  const struct cw_addr *a, uint16_t port)
{
    struct cw_sockaddr name = { .addr = *a, .port = port };

    if (addr_is_linklocal(a) && !addr_is4(a))
        name.scope = rx->netif + 1u;
    return name;
}

/* ---- whose is it -------------------------------------------------------- */

enum { NO_MATCH, WILD_OTHER_FAMILY, WILD, EXACT, PEER };

static bool same_peer(const struct udp_sock *u, const struct arrived *a)
{
    return u->peer.port == a->from.port
        && addr_eq(&u->peer.addr, &a->from.addr)
        && (u->peer.scope == 0 || a->from.scope == 0
            || u->peer.scope == a->from.scope);
}

/* How well the socket suits; better is more. */
static unsigned score(const struct udp_sock *u, const struct arrived *a)
{
    const struct cw_addr *local = &u->local.addr;
    bool                  same_family;

    if (u->local.port != a->to.port)
        return NO_MATCH;
    if (u->connected && !same_peer(u, a))
        return NO_MATCH;
    if (u->local.scope && a->to.scope && u->local.scope != a->to.scope)
        return NO_MATCH;
    if (addr_eq(local, &a->to.addr))
        return u->connected ? PEER : EXACT;
    if (!addr_is_any(local))
        return NO_MATCH;
    same_family = addr_is4(local) == addr_is4(&a->to.addr);
    if (same_family)
        return WILD;
    return addr_is4(local) || u->opts.v6only ? NO_MATCH : WILD_OTHER_FAMILY;
}

static struct list *bucket_of(struct udp_host *h, const struct arrived *a)
{
    return &h->bucket[a->to.port % UDP_BUCKETS];
}

/* The pick-th of those that share the port with this score. */
static struct udp_sock *share(struct udp_host *h, const struct arrived *a,
                              unsigned best, uint32_t members)
{
    struct flowkey key = udp_key(&a->to, &a->from);
    uint64_t       hash = siphash(h->share_key, &key, sizeof key);
    uint64_t       pick = ((hash & 0xffffffff) * members) >> 32;

    INVARIANT(pick < members);
    list_each (l, bucket_of(h, a)) {
        struct udp_sock *u = list_entry(l, struct udp_sock, port);

        if (u->grouped && score(u, a) == best && pick-- == 0)
            return u;
    }
    return NULL;
}

static struct udp_sock *find(struct udp_host *h, const struct arrived *a)
{
    struct flowkey   key = udp_key(&a->to, &a->from);
    struct flownode *node = flowtab_find(&h->flows, &key);
    struct udp_sock *best = NULL;
    unsigned         top = NO_MATCH;
    uint32_t         members = 0;

    if (node)
        return container_of(node, struct udp_sock, flow);
    list_each (l, bucket_of(h, a)) {
        struct udp_sock *u = list_entry(l, struct udp_sock, port);
        unsigned         s = score(u, a);

        if (s > top) {
            top = s;
            best = u;
            members = 0;
        }
        if (s == top && s != NO_MATCH && u->grouped)
            members++;
    }
    if (best && best->grouped && members > 1)
        return share(h, a, top, members);
    return best;
}

/* ---- delivery ----------------------------------------------------------- */

static void event(struct udp_sock *u, uint32_t len)
{
    struct env     *env = u->host->env;
    struct cw_event ev = { .kind = EV_UDP_IN,
                           .flow = u->flow_no,
                           .v = { len, u->queued } };

    if (env_observed(env))
        env_event(env, &ev);
}

/* What stands between the fixed IPv4 header and ours. */
static struct span options_of(const struct net_rx *rx)
{
    uint32_t at = rx->ip_off + IP4_HDR_MIN;

    if (!addr_is4(&rx->src) || rx->off <= at)
        return span_of(NULL, 0);
    return span_of(pkt_head(rx->pkt) + at, rx->off - at);
}

static enum why deliver_to(struct udp_sock *u, const struct arrived *a)
{
    struct env     *env = u->host->env;
    struct dgram_in in = { .pkt = a->rx->pkt,
                           .off = a->rx->off + UDP_LEN,
                           .len = a->len - UDP_LEN,
                           .from = a->from,
                           .to = a->to,
                           .netif = a->rx->netif,
                           .ttl = a->rx->ttl,
                           .tos = a->rx->tos,
                           .opts = options_of(a->rx) };
    enum why        why = udp_queue_put(u, &in);

    if (why != GO_ON) {
        a->rx->pkt->flow = u->flow_no; /* for the event of the drop */
        u->drops++;
        env_count(env, COUNT_UDP_RCVBUF_ERRORS);
        env_count(env, COUNT_UDP_IN_ERRORS);
        return why;
    }
    env_count(env, COUNT_UDP_IN);
    event(u, in.len);
    udp_tell(u);
    return GO_ON;
}

static bool wants(const struct udp_sock *u, const struct net_rx *rx)
{
    return !addr_is_multicast(&rx->dst) || udp_group_allows(u, rx);
}

/* Each socket gets its own copy; one that has no room does not count. */
static enum why deliver_to_all(struct udp_host *h, const struct arrived *a)
{
    enum why why = WHY_UDP_NO_PORT;
    bool     taken = false;

    list_each (l, bucket_of(h, a)) {
        struct udp_sock *u = list_entry(l, struct udp_sock, port);

        if (score(u, a) == NO_MATCH || !wants(u, a->rx))
            continue;
        why = deliver_to(u, a);
        taken = taken || why == GO_ON;
    }
    return taken ? GO_ON : why;
}

static enum why count_bad(struct env *env, enum why why)
{
    env_count(env, COUNT_UDP_IN_ERRORS);
    if (why == WHY_UDP_CHECKSUM)
        env_count(env, COUNT_UDP_IN_CSUM_ERRORS);
    return why;
}

/* Previous hop: ip_deliver().  Next: udp_recv(). */
enum why udp_in(void *ctx, const struct net_rx *rx)
{
    struct udp_host *h = ctx;
    struct udp_repr  hdr;
    struct arrived   a = { .rx = rx };
    struct udp_sock *u;
    enum why         why = check(rx, &hdr);

    if (why != GO_ON)
        return count_bad(h->env, why);
    a.from = name_of(rx, &rx->src, hdr.sport);
    a.to = name_of(rx, &rx->dst, hdr.dport);
    a.len = hdr.len;
    if (hdr.dport == DHCP_CLIENT_PORT && hdr.sport == DHCP_SERVER_PORT
        && dhcp_in(h, rx, hdr.len))
        return GO_ON;
    if (rx->many) {
        why = deliver_to_all(h, &a);
    } else {
        u = find(h, &a);
        why = u ? deliver_to(u, &a) : WHY_UDP_NO_PORT;
    }
    if (why == WHY_UDP_NO_PORT)
        env_count(h->env, COUNT_UDP_NO_PORTS);
    return why;
}

/* ---- errors ------------------------------------------------------------- */

/* Is it about something that a socket here may have sent? */
bool udp_error_in(void *ctx, const struct net_error *err)
{
    struct udp_host *h = ctx;
    struct net_rx    rx = { .src = err->remote, .dst = err->local };
    struct arrived   a = { .rx = &rx };
    struct udp_sock *u;

    a.from = (struct cw_sockaddr){ .addr = err->remote, .port = err->rport };
    a.to = (struct cw_sockaddr){ .addr = err->local,
                                 .port = err->lport,
                                 .scope = err->scope };
    u = find(h, &a);
    if (!u)
        return false;
    udp_hear_error(u, err);
    return true;
}
