/* neigh.c: who is where on a link: one state machine for ARP and NDP.
 *
 * The theory (RFC 4861 §7.3).  What matters is not that a neighbour has an
 * Ethernet address but that packets arrive there.  Knowledge of that grows
 * old: REACHABLE lasts half a minute, then the entry is STALE, and the next
 * packet is still sent, but starts a wait (DELAY) for a sign of life from
 * above (net_confirm).  If none comes, the neighbour is asked directly
 * (PROBE), and at once if a transport has its doubts (net_doubt).  Somebody
 * new is asked by broadcast or multicast while packets wait (INCOMPLETE).
 * Three questions without an answer, a second apart, and it is FAILED: the
 * packets' senders hear of it, and the next packet begins anew, so that a
 * dead host costs at most one question a second (RFC 1122 §2.3.2.1).
 *
 *             packet               answer            30 s, packet
 *      NONE -------> INCOMPLETE ----------> REACHABLE -----------+
 *     FAILED <---------+ 3 tries              ^  ^               |
 *        ^                              answer|  |sign of life   v
 *        +---------------------------------- PROBE <--5 s-- DELAY <-- STALE
 *              3 tries                                          packet
 *
 * REACHABLE ages without a timer: it is looked at when a packet comes, so
 * that an idle host has no deadline.
 *
 *   Owns:    NEIGH_MAX entries; at most NEIGH_QUEUE_MAX waiting packets each,
 *            a datagram's fragments counting as one.
 *   Invariant: state is written by enter(); a timer is armed in INCOMPLETE,
 *              DELAY and PROBE only, and packets wait in INCOMPLETE only;
 *              entries in those three, and no others, are on neigh_asking.
 *   Does not know how one asks: arp.c, ndp.c.
 */
#include "net/neigh.h"
#include "net/arp.h"
#include "net/icmp.h"
#include "net/ndp.h"

/* RFC 4861 §10. */
#define REACHABLE_TIME (30 * NS_S) /* unless a router says otherwise */
#define RETRANS_TIMER  (1 * NS_S)
#define DELAY_FIRST    (5 * NS_S)
enum { SOLICIT_MAX = 3 };

#define S(x) (1u << NEIGH_##x)

static const uint16_t edges[] = {
    [NEIGH_NONE] = S(INCOMPLETE) | S(STALE) | S(PERMANENT) | S(FAILED),
    [NEIGH_INCOMPLETE] = S(REACHABLE) | S(STALE) | S(FAILED) | S(PERMANENT)
        | S(NONE),
    [NEIGH_REACHABLE] = S(STALE) | S(PROBE) | S(PERMANENT) | S(NONE),
    [NEIGH_STALE] = S(REACHABLE) | S(DELAY) | S(PROBE) | S(PERMANENT)
        | S(NONE),
    [NEIGH_DELAY] = S(REACHABLE) | S(STALE) | S(PROBE) | S(PERMANENT)
        | S(NONE),
    [NEIGH_PROBE] = S(REACHABLE) | S(STALE) | S(FAILED) | S(PERMANENT)
        | S(NONE),
    [NEIGH_FAILED] = S(INCOMPLETE) | S(STALE) | S(PERMANENT) | S(NONE),
    [NEIGH_PERMANENT] = 0,
};

static bool is(const struct neigh *ne, unsigned states)
{
    return (1u << ne->state) & states;
}

/* States of which something is expected to happen. */
#define ASKING (S(INCOMPLETE) | S(DELAY) | S(PROBE))

struct netif *neigh_netif(struct net *n, const struct neigh *ne)
{
    return &n->netif[ne->netif];
}

static cw_ns reachable_time(struct net *n, const struct neigh *ne)
{
    cw_ns heard = neigh_netif(n, ne)->reachable;

    return heard && !addr_is4(&ne->addr) ? heard : REACHABLE_TIME;
}

static cw_ns retrans_timer(struct net *n, const struct neigh *ne)
{
    cw_ns heard = neigh_netif(n, ne)->retrans;

    return heard && !addr_is4(&ne->addr) ? heard : RETRANS_TIMER;
}

size_t neigh_size(void)
{
    return sizeof(struct neigh);
}

bool neigh_has_mac(const struct neigh *ne)
{
    return !is(ne, S(NONE) | S(INCOMPLETE) | S(FAILED));
}

/* ---- the one writer ----------------------------------------------------- */

static void event(struct net *n, const struct neigh *ne,
                  enum neigh_state next, enum why why)
{
    struct cw_event ev = { .kind = EV_NEIGH,
                           .why = (uint16_t)why,
                           .v = { be64_load(ne->addr.b),
                                  be64_load(ne->addr.b + 8), ne->state,
                                  next } };

    if (env_observed(n->env))
        env_event(n->env, &ev);
}

/* To the young end of the list where the state belongs. */
static void touch(struct net *n, struct neigh *ne)
{
    list_del(&ne->order);
    if (is(ne, S(PERMANENT)))
        return;
    list_push_back(is(ne, ASKING) ? &n->neigh_asking : &n->neigh_known,
                   &ne->order);
}

static void enter(struct net *n, struct neigh *ne, enum neigh_state next,
                  enum why why)
{
    INVARIANT(edges[ne->state] & (1u << next));
    INVARIANT(ne->waiting.count == 0 || is(ne, S(INCOMPLETE)));
    event(n, ne, next, why);
    ne->state = (uint8_t)next;
    ne->tries = 0;
    wheel_cancel(&n->env->wheel, &ne->timer);
    if (next == NEIGH_REACHABLE) {
        /* §6.3.2: between half of it and one and a half. */
        cw_ns time = reachable_time(n, ne);
        cw_ns spread = (cw_ns)prng_below(&n->rng, (uint64_t)time);

        ne->reachable_until = ns_add(n->env->now, time / 2 + spread);
    }
    if (next == NEIGH_DELAY)
        wheel_arm(&n->env->wheel, &ne->timer, n->env->now + DELAY_FIRST);
    touch(n, ne);
}

/* ---- entries ------------------------------------------------------------ */

static unsigned bucket_of(const struct net *n, unsigned netif,
                          const struct cw_addr *a)
{
    uint8_t key[17];

    memcpy(key, a->b, 16);
    key[16] = (uint8_t)netif;
    return (unsigned)(siphash(n->neigh_key, key, sizeof key) % NEIGH_BUCKETS);
}

struct neigh *neigh_find(const struct net *n, const struct netif *nif,
                         const struct cw_addr *a)
{
    struct neigh *ne = n->neigh_bucket[bucket_of(n, nif->index, a)];

    while (ne && !(ne->netif == nif->index && addr_eq(&ne->addr, a)))
        ne = ne->hash_next;
    return ne;
}

static void unhash(struct net *n, struct neigh *ne)
{
    struct neigh **at = &n->neigh_bucket[bucket_of(n, ne->netif, &ne->addr)];

    while (*at != ne)
        at = &(*at)->hash_next;
    *at = ne->hash_next;
}

static void drop_waiting(struct net *n, struct neigh *ne, enum why why)
{
    struct cw_pkt frame;

    while (pktq_pop(&ne->waiting, &frame))
        net_drop(n, &frame, why, COUNT_IP_OUT_DISCARDS);
    ne->trains = 0;
}

/* Forgets one: those that are asking first, since they know nothing yet and
 * somebody who makes us scan a net must not empty the cache (RFC 6583 §6). */
static struct neigh *evict(struct net *n)
{
    struct list  *l = list_first(&n->neigh_asking)
         ?: list_first(&n->neigh_known);
    struct neigh *ne;

    if (!l)
        return NULL;
    ne = list_entry(l, struct neigh, order);
    drop_waiting(n, ne, WHY_NEIGH_QUEUE_FULL);
    if (!is(ne, S(NONE)))
        enter(n, ne, NEIGH_NONE, WHY_NEIGH_QUEUE_FULL);
    unhash(n, ne);
    list_del(&ne->order);
    n->generation++; /* somebody may remember it */
    return ne;
}

struct neigh *neigh_get(struct net *n, const struct netif *nif,
                        const struct cw_addr *a)
{
    struct neigh *ne = neigh_find(n, nif, a);
    unsigned      bucket;
    struct list  *l;

    if (ne)
        return ne;
    l = list_pop(&n->neigh_free);
    ne = l ? list_entry(l, struct neigh, order) : evict(n);
    if (!ne)
        return NULL;
    INVARIANT(ne->state == NEIGH_NONE && ne->waiting.count == 0);
    ne->addr = *a;
    ne->netif = (uint8_t)nif->index;
    bucket = bucket_of(n, nif->index, a);
    ne->hash_next = n->neigh_bucket[bucket];
    n->neigh_bucket[bucket] = ne;
    touch(n, ne);
    return ne;
}

void neigh_init(struct net *n, void *mem)
{
    struct neigh *all = mem;

    list_init(&n->neigh_free);
    list_init(&n->neigh_known);
    list_init(&n->neigh_asking);
    memset(all, 0, NEIGH_MAX * sizeof *all);
    for (unsigned i = 0; i < NEIGH_MAX; i++) {
        wheel_setup(&all[i].timer, TIMER_NEIGH);
        list_init(&all[i].order);
        list_push_back(&n->neigh_free, &all[i].order);
    }
}

void neigh_fini(struct net *n)
{
    list_each (l, &n->neigh_asking) {
        struct neigh *ne = list_entry(l, struct neigh, order);

        pktq_clear(&ne->waiting);
        wheel_cancel(&n->env->wheel, &ne->timer);
    }
}

int net_neigh_add(struct net *n, unsigned netif, const struct cw_addr *a,
                  const struct cw_mac *mac)
{
    struct netif *nif = netif_of(n, netif);
    struct neigh *ne;

    if (!nif || mac_is_group(mac) || addr_is_multicast(a) || addr_is_any(a))
        return -CW_EINVAL;
    ne = neigh_get(n, nif, a);
    if (!ne)
        return -CW_ENOBUFS;
    drop_waiting(n, ne, WHY_NEIGH_QUEUE_FULL);
    ne->mac = *mac;
    if (!is(ne, S(PERMANENT)))
        enter(n, ne, NEIGH_PERMANENT, WHY_NONE);
    return 0;
}

/* ---- asking ------------------------------------------------------------- */

/* §7.2.2: the packet that made us ask lends its source to the question.
 * [RFC4861-7.2.2-b] */
static bool prompting_source(const struct neigh *ne, struct cw_addr *src)
{
    bool    ip4 = addr_is4(&ne->addr);
    uint8_t b[16];
    size_t  at = ETHER_LEN + (ip4 ? 12u : 8u), len = ip4 ? 4 : 16;

    if (!ne->waiting.head)
        return false;
    if (pkt_copy_out(&ne->waiting.head->pkt, (uint32_t)at, b, len) < len)
        return false;
    *src = ip4 ? addr_from4(b) : addr_from6(b);
    return true;
}

/* Once a second at most: [RFC1122-2.3.2.1-c] [RFC4861-7.2.2-a] */
static void ask(struct net *n, struct neigh *ne)
{
    struct netif        *nif = neigh_netif(n, ne);
    struct hop           hop = { .nif = nif, .next = ne->addr };
    const struct cw_mac *to = is(ne, S(PROBE)) ? &ne->mac : NULL;
    struct cw_addr       src;

    ne->tries++;
    wheel_arm(&n->env->wheel, &ne->timer, n->env->now + retrans_timer(n, ne));
    if (!prompting_source(ne, &src) || !netif_addr_find(nif, &src))
        if (!source_select(n, &hop, &ne->addr, &src))
            return;
    if (addr_is4(&ne->addr))
        arp_ask(n, nif, &src, &ne->addr, to);
    else
        ndp_ask(n, nif, &src, &ne->addr, to);
}

static void give_up(struct net *n, struct neigh *ne)
{
    struct pktq   waiting = ne->waiting;
    struct cw_pkt frame;

    ne->waiting = (struct pktq){ .count = 0 };
    ne->trains = 0;
    enter(n, ne, NEIGH_FAILED, WHY_NEIGH_FAILED);
    route_dead(n, neigh_netif(n, ne), &ne->addr);
    while (pktq_pop(&waiting, &frame)) {
        icmp_own_error(n, &frame);
        net_drop(n, &frame, WHY_NEIGH_FAILED, COUNT_IP_OUT_DISCARDS);
    }
}

void neigh_timeout(struct net *n, struct wtimer *t)
{
    struct neigh *ne = container_of(t, struct neigh, timer);

    INVARIANT(is(ne, ASKING));
    if (is(ne, S(DELAY))) {
        enter(n, ne, NEIGH_PROBE, WHY_NONE);
        ask(n, ne);
    } else if (ne->tries < SOLICIT_MAX) {
        ask(n, ne);
    } else {
        give_up(n, ne);
    }
}

/* ---- packets ------------------------------------------------------------ */

/* At the young end, as it was used. */
static void used(struct net *n, struct neigh *ne)
{
    if (!is(ne, S(PERMANENT)) && n->neigh_known.prev != &ne->order)
        touch(n, ne);
}

static enum why send_to(struct net *n, const struct neigh *ne,
                        struct cw_pkt *frame)
{
    INVARIANT(neigh_has_mac(ne));
    memcpy(pkt_head(frame), ne->mac.b, 6);
    return netif_out(n, neigh_netif(n, ne), frame);
}

static void flush(struct net *n, struct neigh *ne, struct pktq *waiting)
{
    struct cw_pkt frame;

    while (pktq_pop(waiting, &frame)) {
        enum why why = send_to(n, ne, &frame);

        if (why != GO_ON)
            net_drop(n, &frame, why, COUNT_IP_OUT_DISCARDS);
    }
}

static bool later_fragment(const struct cw_pkt *frame)
{
    return frame->why == WHY_TX_FRAGMENT;
}

/* The oldest packet makes room, with its fragments: §7.2.2.
 * [RFC1122-2.3.2.2-a] */
static void drop_oldest(struct net *n, struct neigh *ne)
{
    struct cw_pkt frame;

    do {
        if (!pktq_pop(&ne->waiting, &frame))
            break;
        net_drop(n, &frame, WHY_NEIGH_QUEUE_FULL, COUNT_IP_OUT_DISCARDS);
    } while (ne->waiting.head && later_fragment(&ne->waiting.head->pkt));
    ne->trains--;
}

static enum why wait_for(struct net *n, struct neigh *ne,
                         struct cw_pkt *frame)
{
    INVARIANT(is(ne, S(INCOMPLETE)));
    if (!later_fragment(frame)) {
        if (ne->trains == NEIGH_QUEUE_MAX)
            drop_oldest(n, ne);
        ne->trains++;
    }
    return pktq_push(&ne->waiting, &n->nodes, frame) ? GO_ON : WHY_NO_MEMORY;
}

/* Nothing is known: somebody must be asked, which is no error yet.
 * [RFC1122-2.4-b] [RFC1122-2.3.3-c] [RFC826-Out-a] */
static enum why begin(struct net *n, struct neigh *ne, struct cw_pkt *frame)
{
    enum why why;

    if (neigh_netif(n, ne)->flags & CW_NETIF_NOARP)
        return WHY_NEIGH_FAILED;
    enter(n, ne, NEIGH_INCOMPLETE, WHY_NEIGH_WAITS);
    why = wait_for(n, ne, frame);
    ask(n, ne);
    return why;
}

/* Previous hop: ether_out().  Next: netif_out().  What is known grows old:
 * [RFC4861-7.3.3-a] [RFC1122-2.3.2.1-a] */
enum why neigh_out(struct net *n, struct neigh *ne, struct cw_pkt *frame)
{
    if (is(ne, S(NONE) | S(FAILED)))
        return begin(n, ne, frame);
    if (is(ne, S(INCOMPLETE)))
        return wait_for(n, ne, frame);
    if (is(ne, S(REACHABLE)) && n->env->now >= ne->reachable_until)
        enter(n, ne, NEIGH_STALE, WHY_NONE);
    if (is(ne, S(STALE)))
        enter(n, ne, NEIGH_DELAY, WHY_NONE);
    used(n, ne);
    return send_to(n, ne, frame);
}

/* [RFC4861-7.3.1-a] */
void net_confirm(struct net *n, const struct net_dest *dest)
{
    struct neigh *ne = dest->neigh;

    if (!ne || !net_dest_ok(n, dest))
        return;
    if (is(ne, S(STALE) | S(DELAY) | S(PROBE)))
        enter(n, ne, NEIGH_REACHABLE, WHY_NONE);
    else if (is(ne, S(REACHABLE)))
        ne->reachable_until = ns_max(ne->reachable_until,
                                     n->env->now + reachable_time(n, ne) / 2);
}

/* No time is lost with waiting for a sign of life: there was one, a bad one.
 * [MUST-20] */
void net_doubt(struct net *n, const struct net_dest *dest)
{
    struct neigh *ne = dest->neigh;

    if (!ne || !net_dest_ok(n, dest)
        || !is(ne, S(REACHABLE) | S(STALE) | S(DELAY)))
        return;
    enter(n, ne, NEIGH_PROBE, WHY_NONE);
    ask(n, ne);
}

/* ---- facts -------------------------------------------------------------- */

/* With an address, from INCOMPLETE: what waits may go. */
static void resolved(struct net *n, struct neigh *ne, enum neigh_state next)
{
    struct pktq waiting = ne->waiting;

    ne->waiting = (struct pktq){ .count = 0 };
    ne->trains = 0;
    enter(n, ne, next, WHY_NONE);
    flush(n, ne, &waiting);
}

void neigh_heard(struct net *n, struct neigh *ne, const struct cw_mac *mac)
{
    bool same = mac_eq(&ne->mac, mac);

    if (is(ne, S(PERMANENT)))
        return;
    if (same && !is(ne, S(NONE) | S(INCOMPLETE) | S(FAILED)))
        return;
    ne->mac = *mac;
    if (is(ne, S(INCOMPLETE)))
        resolved(n, ne, NEIGH_STALE);
    else if (!is(ne, S(STALE)))
        enter(n, ne, NEIGH_STALE, WHY_NONE);
}

/* §7.2.5, an entry that knows an address already.  [RFC4861-7.2.5-a] */
static void told_again(struct net *n, struct neigh *ne,
                       const struct neigh_answer *a)
{
    bool differs = a->mac && !mac_eq(&ne->mac, a->mac);

    if (differs && !a->override) {
        if (is(ne, S(REACHABLE)))
            enter(n, ne, NEIGH_STALE, WHY_NONE);
        return;
    }
    if (differs)
        ne->mac = *a->mac;
    if (a->solicited && is(ne, S(REACHABLE)))
        ne->reachable_until = ns_max(ne->reachable_until,
                                     n->env->now + reachable_time(n, ne) / 2);
    else if (a->solicited)
        enter(n, ne, NEIGH_REACHABLE, WHY_NONE);
    else if (differs && !is(ne, S(STALE)))
        enter(n, ne, NEIGH_STALE, WHY_NONE);
}

void neigh_told(struct net *n, struct neigh *ne, const struct neigh_answer *a)
{
    /* What was not asked, or given up, is not an entry in the RFC's sense. */
    if (is(ne, S(PERMANENT) | S(NONE) | S(FAILED)))
        return;
    if (!is(ne, S(INCOMPLETE))) {
        told_again(n, ne, a);
        return;
    }
    if (!a->mac)
        return;
    ne->mac = *a->mac;
    resolved(n, ne, a->solicited ? NEIGH_REACHABLE : NEIGH_STALE);
}
