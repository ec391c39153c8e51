/* dhcp.c: asks for an IPv4 address, keeps it while it may, gives it up when it
 * must: RFC 2131 §4.4.
 *
 *   Owns:    the client's state on each interface that was added with
 *            CW_NETIF_DHCP, and the address and routes that a lease brings.
 *   Why here: a client of UDP, below the sockets: it needs no program, and
 *            what it hears must reach it though no address is ours yet.  It
 *            asks for broadcast answers (§4.1), since a packet to an address
 *            that is not assigned is not accepted.
 *   Does not keep a lease over the end of the stack (INIT-REBOOT), nor look
 *            for others who have the address (§2.2: SHOULD): the server does.
 *   Bounds:  one exchange at a time and interface; a lease of at least a
 *            minute; retransmission as §4.1 and §4.4.5 have it.
 */
#include "udp/dhcp.h"
#include "udp/udp_sock.h"
#include "wire/cksum.h"
#include "wire/dhcphdr.h"

#define START_DELAY \
    (1 * NS_S)                  /* §4.4.1 has 1 to 10 s: for whole
                                     buildings that get their power back */
#define RETRY_FIRST (4 * NS_S)  /* §4.1: doubled each time ... */
#define RETRY_MAX   (64 * NS_S) /* ... up to this; each +-1 s */
#define RENEW_MIN   (60 * NS_S) /* §4.4.5 */
enum { REQUEST_TRIES = 4, LEASE_MIN = 60 };

static bool is(const struct dhcp *d, unsigned states)
{
    return 1u << d->state & states;
}

#define S(x)     (1u << DHCP_##x)
#define HAS_ADDR (S(BOUND) | S(RENEWING) | S(REBINDING))

static void arm(struct dhcp *d, cw_ns at)
{
    wheel_arm(&d->host->env->wheel, &d->timer, at);
}

static uint64_t below(struct dhcp *d, cw_ns n)
{
    return prng_below(&d->host->dhcp_rng, (uint64_t)n);
}

static void enter(struct dhcp *d, enum dhcp_state next)
{
    d->state = (uint8_t)next;
    d->tries = 0;
}

/* ---- sending ---------------------------------------------------------------- */

/* §4.3.2, table 4: what a request holds in each state. */
static struct dhcp_repr compose(const struct dhcp *d)
{
    cw_ns            since = d->host->env->now - d->began;
    struct dhcp_repr m = { .type = DHCP_REQUEST,
                           .xid = d->xid,
                           .secs = (uint16_t)MIN(since / NS_S,
                                                 (cw_ns)UINT16_MAX),
                           .chaddr = d->mac,
                           .ciaddr = addr4(0),
                           .requested = addr4(0),
                           .server = addr4(0) };

    m.broadcast = !is(d, HAS_ADDR);
    if (d->state == DHCP_SELECTING)
        m.type = DHCP_DISCOVER;
    if (d->state == DHCP_REQUESTING) {
        m.requested = d->addr;
        m.server = d->server;
    }
    if (is(d, HAS_ADDR))
        m.ciaddr = d->addr;
    return m;
}

/* Before there is an address from 0.0.0.0 to all ([RFC1122-3.2.1.3-b]); then
 * from it to the server, or to all. */
static void send(struct dhcp *d)
{
    struct env      *env = d->host->env;
    struct dhcp_repr m = compose(d);
    struct udp_repr  hdr = { .sport = DHCP_CLIENT_PORT,
                             .dport = DHCP_SERVER_PORT,
                             .len = UDP_LEN + DHCP_LEN_MIN };
    struct net_tx    tx = { .src = is(d, HAS_ADDR) ? d->addr : addr4(0),
                            .dst = d->state == DHCP_RENEWING ? d->server
                                                             : addr4(UINT32_MAX),
                            .scope = d->netif + 1u,
                            .proto = PROTO_UDP,
                            .unnumbered = !is(d, HAS_ADDR),
                            .why = WHY_TX_DHCP };
    struct cw_pkt    pkt;
    uint32_t         sum;

    if (!pkt_new(&pkt, &env->pbufs, PBUF_HEADROOM, hdr.len)) {
        env_count(env, COUNT_NO_MEMORY);
        return;
    }
    dhcphdr_emit(pkt_head(&pkt) + UDP_LEN, &m);
    udphdr_emit(pkt_head(&pkt), UDP_LEN, &hdr);
    sum = cksum_pseudo(&tx.src, &tx.dst, PROTO_UDP, hdr.len);
    sum = cksum_add(sum, pkt_head(&pkt), hdr.len);
    be16_store(pkt_head(&pkt) + UDP_CKSUM_AT, udphdr_cksum(sum));
    d->asked = env->now;
    env_count(env, COUNT_UDP_OUT);
    (void)net_out(d->host->net, &tx, &pkt); /* it is sent again in any case */
}

/* §4.1: randomized exponential backoff. */
static cw_ns backoff(struct dhcp *d)
{
    cw_ns wait = RETRY_FIRST;

    for (unsigned i = 1; i < d->tries && wait < RETRY_MAX; i++)
        wait *= 2;
    return wait - NS_S + (cw_ns)below(d, 2 * NS_S);
}

static void ask(struct dhcp *d)
{
    d->tries++;
    send(d);
    arm(d, ns_add(d->host->env->now, backoff(d)));
}

static void begin(struct dhcp *d)
{
    enter(d, DHCP_SELECTING);
    d->xid = prng_u32(&d->host->dhcp_rng);
    d->began = d->host->env->now;
    ask(d);
}

/* ---- the lease ----------------------------------------------------------------- */

static void lose(struct dhcp *d)
{
    net_lease_drop(d->host->net, d->netif, &d->addr);
    d->addr = d->router = addr4(0);
    d->ndns = 0;
}

static void restart(struct dhcp *d, cw_ns wait)
{
    if (is(d, HAS_ADDR))
        lose(d);
    enter(d, DHCP_INIT);
    arm(d, ns_add(d->host->env->now, wait));
}

/* RFC 950's, where no mask is said. */
static uint8_t prefix_of(const struct dhcp_repr *m)
{
    uint32_t mask = addr_u4(&m->mask), a = addr_u4(&m->yiaddr);
    uint8_t  n = 0;

    if (mask == 0)
        return a >> 31 == 0 ? 8 : a >> 30 == 2 ? 16 : 24;
    while (n < 32 && mask & (0x80000000u >> n))
        n++;
    return n;
}

static void set_times(struct dhcp *d, const struct dhcp_repr *m)
{
    cw_ns    now = d->asked; /* the lease counts from there: §4.4.1 */
    uint32_t t2 = m->t2 ?: (uint32_t)(m->lease * UINT64_C(7) / 8);
    uint32_t t1 = m->t1 ?: m->lease / 2;

    if (t2 >= m->lease)
        t2 = (uint32_t)(m->lease * UINT64_C(7) / 8);
    if (t1 >= t2)
        t1 = t2 / 2;
    d->t1 = ns_add(now, t1 * NS_S);
    d->t2 = ns_add(now, t2 * NS_S);
    d->expires = m->lease == UINT32_MAX ? NS_NEVER
                                        : ns_add(now, m->lease * NS_S);
    if (d->expires == NS_NEVER)
        d->t1 = d->t2 = NS_NEVER;
}

static void bind(struct dhcp *d, const struct dhcp_repr *m)
{
    struct net_lease l = { .addr = m->yiaddr,
                           .prefix = prefix_of(m),
                           .router = m->router };

    if (is(d, HAS_ADDR) && !addr_eq(&d->addr, &m->yiaddr))
        lose(d);
    if (net_lease_take(d->host->net, d->netif, &l) < 0) {
        restart(d, 10 * NS_S);
        return;
    }
    d->addr = m->yiaddr;
    d->prefix = l.prefix;
    d->router = m->router;
    d->server = m->server;
    d->ndns = m->ndns;
    memcpy(d->dns, m->dns, sizeof d->dns);
    set_times(d, m);
    enter(d, DHCP_BOUND);
    arm(d, d->t1);
}

/* ---- what servers say ------------------------------------------------------------- */

static bool good_address(const struct cw_addr *a)
{
    uint32_t v = addr_u4(a);

    return v >> 24 != 0 && v >> 24 != 127 && v < 0xe0000000u;
}

/* §4.3.1, table 3: what must be there. */
static bool complete(const struct dhcp_repr *m)
{
    return m->lease >= LEASE_MIN && good_address(&m->yiaddr)
        && good_address(&m->server);
}

static void offered(struct dhcp *d, const struct dhcp_repr *m)
{
    if (d->state != DHCP_SELECTING || !complete(m))
        return;
    d->addr = m->yiaddr; /* the first one is as good as any */
    d->server = m->server;
    enter(d, DHCP_REQUESTING);
    ask(d);
}

static void acknowledged(struct dhcp *d, const struct dhcp_repr *m)
{
    if (!is(d, S(REQUESTING) | S(RENEWING) | S(REBINDING)) || !complete(m))
        return;
    bind(d, m);
}

/* Of the server that was asked, where one was. */
static void refused(struct dhcp *d, const struct dhcp_repr *m)
{
    if (!is(d, S(REQUESTING) | S(RENEWING) | S(REBINDING)))
        return;
    if (d->state == DHCP_REQUESTING && !addr_eq(&m->server, &d->server))
        return;
    restart(d, START_DELAY + (cw_ns)below(d, 10 * NS_S));
}

static void take(struct dhcp *d, const struct dhcp_repr *m)
{
    if (m->xid != d->xid || !mac_eq(&m->chaddr, &d->mac))
        return;
    if (m->type == DHCP_OFFER)
        offered(d, m);
    else if (m->type == DHCP_ACK)
        acknowledged(d, m);
    else
        refused(d, m);
}

bool dhcp_in(struct udp_host *h, const struct net_rx *rx, uint32_t len)
{
    struct dhcp     *d = rx->netif < NETIF_MAX ? &h->dhcp[rx->netif] : NULL;
    struct dhcp_repr m;

    if (!d || d->state == DHCP_OFF)
        return false;
    if (rx->off + len > PBUF_MIDDLE
        || !pkt_contiguous(rx->pkt, &h->env->pbufs, rx->off + len))
        return true;
    if (dhcphdr_parse(
            span_of(pkt_head(rx->pkt) + rx->off + UDP_LEN, len - UDP_LEN), &m)
        == GO_ON)
        take(d, &m);
    return true;
}

/* ---- time ------------------------------------------------------------------------- */

/* §4.4.5: half of what is left, but not below a minute. */
static void prolong(struct dhcp *d, cw_ns limit)
{
    cw_ns now = d->host->env->now, wait = RENEW_MIN;

    d->tries++;
    send(d);
    if (limit != NS_NEVER)
        wait = ns_max((limit - now) / 2, RENEW_MIN);
    arm(d, ns_min(ns_add(now, wait), limit));
}

static void due(struct dhcp *d)
{
    cw_ns now = d->host->env->now;

    if (now >= d->expires) {
        restart(d, 0);
        return;
    }
    if (d->state == DHCP_BOUND) {
        d->xid = prng_u32(&d->host->dhcp_rng);
        d->began = now;
    }
    if (now >= d->t2) {
        if (d->state != DHCP_REBINDING)
            enter(d, DHCP_REBINDING);
        prolong(d, d->expires);
    } else {
        if (d->state != DHCP_RENEWING)
            enter(d, DHCP_RENEWING);
        prolong(d, d->t2);
    }
}

void dhcp_timeout(struct udp_host *h, struct wtimer *t)
{
    struct dhcp *d = container_of(t, struct dhcp, timer);

    INVARIANT(d->host == h && d->state != DHCP_OFF);
    if (is(d, HAS_ADDR))
        due(d);
    else if (d->state == DHCP_INIT
             || (d->state == DHCP_REQUESTING && d->tries == REQUEST_TRIES))
        begin(d); /* §3.1, step 5: or again from the beginning */
    else
        ask(d);
}

void dhcp_init(struct udp_host *h)
{
    h->dhcp_rng = prng_stream(h->env->seed, h->env->host, "dhcp");
    for (unsigned i = 0; i < NETIF_MAX; i++) {
        h->dhcp[i] = (struct dhcp){ .host = h,
                                    .netif = (uint8_t)i,
                                    .addr = addr4(0),
                                    .server = addr4(0),
                                    .router = addr4(0) };
        wheel_setup(&h->dhcp[i].timer, TIMER_DHCP);
    }
}

void dhcp_start(struct udp_host *h, unsigned netif, const struct cw_mac *mac)
{
    struct dhcp *d = &h->dhcp[netif];

    INVARIANT(netif < NETIF_MAX && d->state == DHCP_OFF);
    d->mac = *mac;
    enter(d, DHCP_INIT);
    arm(d, ns_add(h->env->now, (cw_ns)below(d, START_DELAY)));
}

int dhcp_show(const struct udp_host *h, unsigned netif, struct cw_lease *out)
{
    const struct dhcp *d = &h->dhcp[netif];

    if (netif >= NETIF_MAX || d->state == DHCP_OFF)
        return -CW_EINVAL;
    *out = (struct cw_lease){ .bound = is(d, HAS_ADDR),
                              .addr = d->addr,
                              .prefix = d->prefix,
                              .server = d->server,
                              .router = d->router,
                              .ndns = d->ndns,
                              .expires = d->expires };
    memcpy(out->dns, d->dns, sizeof out->dns);
    return 0;
}
