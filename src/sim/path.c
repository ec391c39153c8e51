/* path.c: the hosts of a path, its bottleneck, and time.
 *
 *   Owns:      who is where; the order of things: timers, then packets; what
 *              is sent and waits at one time goes by host number.
 *   Does not   use a world: its hosts have a link for each pair, and a
 *              bottleneck is shared.
 *   Invariant: `due` of a host is right between events.
 */
#include "sim/path_own.h"
#include "base/limits.h"

enum {
    SENDER_MEMORY = 64 << 20,
    RECEIVER_MEMORY = 256 << 20,
    NET4 = 0x0a000000,
    RECEIVER_NUMBER = 0x100, /* of its address; senders from 1 */
    PREFIX4 = 16,
    PREFIX6 = 64,
    RENO_IW = 3, /* RFC 5681 §3.1, of an MSS above 1095 */
};

/* As labs read it. */
bool path_set_cc(struct cw_config *c, const char *name)
{
    char           text[SETTING_TEXT_MAX];
    struct fmt     err = fmt_of(text, sizeof text);
    struct setting s;

    if (!setting_parse("cc", name, &s, &err) || s.host[0])
        return false;
    setting_apply(&s, c);
    return true;
}

/* ---- hosts ---------------------------------------------------------------- */

static unsigned number_of(const struct path *p, unsigned i)
{
    return i == p->spec.flows ? (unsigned)RECEIVER_NUMBER : i + 1;
}

static void name_host(struct path *p, unsigned i)
{
    struct path_host *h = &p->host[i];
    uint32_t          number = number_of(p, i);

    h->addr = addr4(NET4 | number);
    h->mac = mac_of_addr4(NET4 | number);
    if (!p->spec.v6)
        return;
    h->addr = (struct cw_addr){ .b = { 0xfd } };
    be16_store(h->addr.b + 14, (uint16_t)number);
}

static bool new_stack(struct path *p, unsigned i)
{
    struct path_host      *h = &p->host[i];
    struct cw_netif_config eth = { .name = "eth0",
                                   .mac = h->mac,
                                   .flags = CW_NETIF_CSUM | CW_NETIF_NOARP };
    const char            *cc = NULL, *why = "";
    struct cw_config       c;

    cw_config_init(&c, p->spec.seed ^ ((uint64_t)number_of(p, i) << 32));
    c.host = number_of(p, i);
    c.profile = p->spec.profile;
    c.clock_granularity = p->spec.tick > 1 ? p->spec.tick : 0;
    c.memory_max = i == p->spec.flows ? RECEIVER_MEMORY : SENDER_MEMORY;
    for (unsigned k = 0; k < p->spec.nsettings; k++)
        setting_apply(&p->spec.settings[k], &c);
    if (p->spec.nccs)
        cc = p->spec.cc[i % p->spec.nccs];
    if (cc && !path_set_cc(&c, cc))
        return path_fail(p, "there is no controller %s", cc);
    check_config(p, &c);
    h->st = cw_stack_new(&c, p->spec.alloc, &why);
    if (!h->st)
        return path_fail(p, "no host: %s", why);
    if (cw_netif_add(h->st, &eth) < 0
        || cw_addr_add(h->st, 0, &h->addr, p->spec.v6 ? PREFIX6 : PREFIX4)
            < 0)
        return path_fail(p, "no memory for an interface");
    h->due = NS_NEVER;
    h->start = NS_NEVER;
    return true;
}

/* Everybody knows everybody. */
static bool introduce(struct path *p)
{
    struct path_host *r = &p->host[p->spec.flows];

    for (unsigned i = 0; i < p->spec.flows; i++) {
        struct path_host *h = &p->host[i];

        if (cw_neigh_add(h->st, 0, &r->addr, &r->mac) < 0
            || cw_neigh_add(r->st, 0, &h->addr, &h->mac) < 0)
            return path_fail(p, "no memory for a neighbour");
    }
    return true;
}

static bool make_hosts(struct path *p)
{
    for (unsigned i = 0; i <= p->spec.flows; i++) {
        name_host(p, i);
        p->nhosts = i + 1;
        if (!new_stack(p, i))
            return false;
    }
    return introduce(p);
}

/* One flow begins at once; several within the first second, by the seed, so
 * that they do not move as one. */
static void plan_starts(struct path *p)
{
    struct sipkey key = { p->spec.seed, 0x70617468 };

    for (unsigned i = 0; i < p->spec.flows; i++) {
        uint64_t draw = prng_at(key, i, "start", 0);

        p->host[i].start = p->spec.flows == 1
            ? 0
            : (cw_ns)(draw % (uint64_t)NS_S);
        p->res->flow[i].start = p->host[i].start;
        p->res->flow[i].done = NS_NEVER;
    }
}

static bool make_link(struct path *p)
{
    struct link_config c = { .fwd = p->spec.fwd,
                             .back = p->spec.back,
                             .seed = { p->spec.seed, 0x6c696e6b },
                             .alloc = p->spec.alloc,
                             .fate = watch_fate,
                             .fate_ctx = &p->watch };

    p->link = link_new(&c);
    return p->link ? true : path_fail(p, "no memory for a link");
}

/* ---- time ----------------------------------------------------------------- */

/* When the hosts' clocks show `t` or later. */
static cw_ns shown_at(const struct path *p, cw_ns t)
{
    cw_ns tick = p->spec.tick;

    if (tick <= 1 || t == NS_NEVER)
        return t;
    return ns_add(t, (tick - t % tick) % tick);
}

static void enter_link(struct path *p, unsigned host, struct cw_pkt *pkt)
{
    p->res->packets++;
    if (host == p->spec.flows) {
        link_send(p->link, LINK_BACK, pkt, p->now);
        return;
    }
    watch_look(&p->watch, pkt);
    link_send(p->link, LINK_FWD, pkt, p->now);
    watch_sent(&p->watch, host, p->now);
}

/* After anything that may have changed a host: its programs, its packets. */
static void turn(struct path *p, unsigned host)
{
    struct path_host *h = &p->host[host];
    unsigned          n;

    flows_serve(p, host);
    while ((n = cw_stack_output(h->st, p->burst, PATH_BURST, path_clock(p)))
           > 0)
        for (unsigned i = 0; i < n; i++)
            enter_link(p, host, &p->burst[i]);
    h->due = shown_at(p, cw_stack_deadline(h->st));
    check_host(p, host);
}

static void run_timers(struct path *p)
{
    for (unsigned i = 0; i < p->nhosts; i++) {
        struct path_host *h = &p->host[i];

        if (h->start <= p->now) {
            flows_connect(p, i);
            turn(p, i);
        }
        if (h->due > p->now)
            continue;
        cw_stack_advance(h->st, path_clock(p));
        turn(p, i);
    }
}

/* Whose is a packet that comes back?  Its Ethernet address says. */
static unsigned addressee(const struct cw_pkt *pkt)
{
    const uint8_t *p = pkt->frags[0].buf->data + pkt->frags[0].off;

    return p[5] - 1u;
}

static void give(struct path *p, unsigned host, struct cw_pkt *pkts,
                 unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        pkts[i].netif = 0;
        if (pkts[i].csum_state == CW_CSUM_PARTIAL)
            pkts[i].csum_state = CW_CSUM_VERIFIED;
    }
    cw_stack_input(p->host[host].st, pkts, n, path_clock(p));
    turn(p, host);
}

/* What arrives together is one burst for each host. */
static void run_arrivals(struct path *p)
{
    struct cw_pkt pkts[PATH_BURST];
    unsigned      n;

    while ((n = link_recv(p->link, LINK_FWD, pkts, PATH_BURST, p->now, NULL))
           > 0)
        give(p, p->spec.flows, pkts, n);
    while ((n = link_recv(p->link, LINK_BACK, pkts, PATH_BURST, p->now, NULL))
           > 0)
        for (unsigned i = 0, end; i < n; i = end) {
            unsigned to = addressee(&pkts[i]);

            INVARIANT(to < p->spec.flows);
            for (end = i + 1; end < n && addressee(&pkts[end]) == to;)
                end++;
            give(p, to, &pkts[i], end - i);
        }
}

static cw_ns next_time(const struct path *p, cw_ns arrival)
{
    cw_ns next = ns_min(arrival, p->spec.time);

    for (unsigned i = 0; i < p->nhosts; i++)
        next = ns_min(next, ns_min(p->host[i].due, p->host[i].start));
    return ns_max(next, p->now);
}

/* In a pause packets wait at the far end. */
static cw_ns next_arrival(const struct path *p)
{
    cw_ns at = link_next(p->link);

    if (at >= p->spec.pause.from && at < p->spec.pause.to)
        return p->spec.pause.to;
    return at;
}

static void run(struct path *p)
{
    cw_ns arrival;

    while (p->res->ok && p->now < p->spec.time && p->done < p->spec.flows) {
        arrival = next_arrival(p);
        p->now = next_time(p, arrival);
        run_timers(p);
        if (arrival <= p->now)
            run_arrivals(p);
    }
}

/* ---- results -------------------------------------------------------------- */

static void collect(struct path *p)
{
    struct path_result *r = p->res;
    uint64_t            shares[PATH_FLOWS_MAX];
    uint64_t            time_us;
    unsigned            iw = knobs_of(p->spec.profile)->initcwnd ?: RENO_IW;
    cw_ns               rtt = p->spec.fwd.delay + p->spec.back.delay;

    r->end = p->now;
    for (unsigned i = 0; i < p->spec.flows; i++) {
        r->bytes += r->flow[i].bytes;
        shares[i] = r->flow[i].bytes;
        for (unsigned k = 0; k < COUNT_COUNT_OF; k++)
            r->counts[k] += cw_counter_value(p->host[i].st, k);
    }
    time_us = (uint64_t)(r->end / NS_US);
    r->goodput = time_us ? r->bytes * 8 * 1000 / time_us * 1000 : 0;
    r->timeouts = r->counts[COUNT_TCP_TIMEOUTS];
    r->jain = theory_jain(shares, p->spec.flows);
    watch_end(&p->watch);
    r->mathis = theory_mathis(p->watch.payload, rtt, p->spec.fwd.loss_p);
    if (p->spec.bytes && p->watch.payload)
        r->bound = theory_bound(p->spec.bytes, p->watch.payload, iw,
                                &p->spec.fwd, rtt);
}

static void end(struct path *p)
{
    const struct cw_alloc *a = p->spec.alloc;

    if (p->link)
        link_free(p->link);
    if (p->link && p->res->ok)
        check_end(p);
    for (unsigned i = 0; i < p->nhosts; i++)
        cw_stack_free(p->host[i].st);
    watch_free(&p->watch);
    a->free(a->ctx, p, sizeof *p);
}

bool path_run(const struct path_spec *s, struct path_result *out)
{
    struct path *p = s->alloc->alloc(s->alloc->ctx, sizeof *p, 16);

    INVARIANT(s->flows >= 1 && s->flows <= PATH_FLOWS_MAX);
    memset(out, 0, sizeof *out);
    if (!p)
        return false;
    memset(p, 0, sizeof *p);
    p->spec = *s;
    p->res = out;
    check_init(p);
    out->ok = true;
    out->flows = s->flows;
    if (!watch_init(&p->watch, &p->spec, out))
        path_fail(p, "no memory to watch the path");
    if (out->ok && make_hosts(p) && make_link(p)) {
        plan_starts(p);
        flows_listen(p);
        turn(p, s->flows);
        run(p);
        collect(p);
    }
    end(p);
    return out->ok;
}
