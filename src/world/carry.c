/* carry.c: frames on their way: from a host's interface through a link, or to
 * the gateway, to other hosts' interfaces; and the story of each.
 *
 *   Owns:      packet numbers; which link a frame takes; what hooks hear of
 *              frames and their fates.
 *   Invariant: every frame that a host sends gets a number, is told once, and
 *              ends: on a link, at the gateway, or as WHY_LINK_NOBODY.
 */
#include "world/inner.h"
#include "wire/etherhdr.h"

/* ---- fates ------------------------------------------------------------- */

static void tell(struct world *w, const struct world_fate *f)
{
    const struct world_hooks *hooks = &w->config.hooks;
    struct cw_event           e = { .t = f->t,
                                    .host = f->from,
                                    .kind = EV_LINK,
                                    .why = f->why,
                                    .pkt = f->number };

    if (hooks->fate)
        hooks->fate(hooks->ctx, f);
    if (!hooks->event)
        return;
    e.sub = f->final;
    e.v[0] = (uint64_t)(int64_t)f->link;
    e.v[1] = f->to;
    e.v[2] = (uint64_t)f->arrive_at;
    e.v[3] = f->copy;
    e.v[4] = f->nth;
    hooks->event(hooks->ctx, &e);
}

void carry_fate(struct world *w, uint32_t number, const struct host *from,
                const struct host *to, enum why why)
{
    tell(w,
         &(struct world_fate){
             .t = w->now,
             .arrive_at = why == WHY_LINK_ARRIVED ? w->now : NS_NEVER,
             .number = number,
             .link = -1,
             .from = from ? (uint16_t)from->number : 0,
             .to = to ? (uint16_t)to->number : 0,
             .why = (uint16_t)why,
             .final = true,
         });
}

/* Fates of packets that are held back come later than their sending: their
 * numbers wait here. */
static void pend(struct wlink *l, const struct link_fate *f, uint32_t number)
{
    size_t          cap = l->pending_cap ? 2 * l->pending_cap : 16;
    struct pending *more;

    if (l->npending == l->pending_cap) {
        more = world_alloc(l->w, cap * sizeof(*more));
        if (!more)
            return; /* its last word will bear no number */
        if (l->npending)
            memcpy(more, l->pending, l->npending * sizeof(*more));
        world_give(l->w, l->pending, l->pending_cap * sizeof(*more));
        l->pending = more;
        l->pending_cap = cap;
    }
    l->pending[l->npending++] = (struct pending){ f->ordinal, number,
                                                  f->dir };
}

static uint32_t number_of(struct wlink *l, const struct link_fate *f)
{
    for (size_t i = 0; i < l->npending; i++) {
        struct pending *p = &l->pending[i];
        uint32_t        number = p->number;

        if (p->ordinal != f->ordinal || p->dir != f->dir)
            continue;
        if (f->final)
            *p = l->pending[--l->npending];
        return number;
    }
    return 0;
}

static void on_fate(void *ctx, const struct link_fate *f)
{
    struct wlink *l = ctx;
    uint32_t      number = l->number;

    if (number == 0)
        number = number_of(l, f);
    else if (f->why == WHY_LINK_REORDER && !f->final)
        pend(l, f, number);
    tell(l->w,
         &(struct world_fate){
             .t = f->t,
             .arrive_at = f->arrive_at,
             .number = number,
             .link = (int)l->index,
             .from = (uint16_t)(f->dir == LINK_FWD ? l->a : l->b),
             .to = (uint16_t)(f->dir == LINK_FWD ? l->b : l->a),
             .why = f->why,
             .copy = f->copy,
             .final = f->final,
             .rule = f->rule,
             .nth = f->nth,
         });
}

/* ---- links ------------------------------------------------------------- */

bool wlink_resolve(const struct world *w, const struct wlink *l,
                   const struct link_rule *rule, struct link_rule *out)
{
    unsigned from = rule->from[0] ? world_station_find(w, rule->from) : 0;
    unsigned to = rule->to[0] ? world_station_find(w, rule->to) : 0;

    *out = *rule;
    if (!rule->from[0] && !rule->to[0])
        return true;
    out->dirs = 0;
    if (from == l->a && to == l->b)
        out->dirs |= 1 << LINK_FWD;
    if (from == l->b && to == l->a)
        out->dirs |= 1 << LINK_BACK;
    return out->dirs != 0;
}

static void name_link(struct wlink *l, const struct host *a,
                      const struct host *b)
{
    struct fmt f = fmt_of(l->name, sizeof(l->name));

    if (a == b)
        fmt_f(&f, stations(l->w) == 1 ? "lo" : "%s-lo", a->name);
    else
        fmt_f(&f, "%s-%s", a->name, b->name);
}

struct wlink *wlink_new(struct world *w, unsigned a, unsigned b,
                        const struct link_config *config)
{
    struct wlink      *l = world_alloc(w, sizeof(*l));
    struct link_config c = *config;

    INVARIANT(a <= b && w->nlinks < WORLD_LINKS_MAX);
    if (!l)
        return NULL;
    l->w = w;
    l->a = a;
    l->b = b;
    l->index = w->nlinks;
    l->next = NS_NEVER;
    name_link(l, world_host_of(w, a), world_host_of(w, b));
    c.fate = on_fate;
    c.fate_ctx = l;
    c.id = a << 16 | b; /* its chances do not depend on who else is there */
    l->l = link_new(&c);
    if (!l->l) {
        world_give(w, l, sizeof(*l));
        return NULL;
    }
    w->between[a][b] = w->between[b][a] = l;
    w->links[w->nlinks++] = l;
    return l;
}

void wlink_free(struct world *w, struct wlink *l)
{
    l->number = 0;
    link_free(l->l);
    world_give(w, l->pending, l->pending_cap * sizeof(*l->pending));
    world_give(w, l, sizeof(*l));
}

/* ---- sending ----------------------------------------------------------- */

static void announce(struct world *w, const struct host *h,
                     const struct cw_pkt *pkt, struct world_packet p)
{
    const struct world_hooks *hooks = &w->config.hooks;

    p.t = w->now;
    p.number = w->packets;
    p.host = (uint16_t)h->number;
    p.netif = pkt->netif;
    p.pkt = pkt;
    if (hooks->packet)
        hooks->packet(hooks->ctx, &p);
}

static void enter(struct world *w, struct wlink *l, unsigned dir,
                  struct cw_pkt *pkt)
{
    l->number = w->packets;
    link_send(l->l, dir, pkt, w->now);
    l->number = 0;
    l->next = link_next(l->l);
}

/* A router in the middle may find it too large. */
static void onto(struct world *w, struct wlink *l, unsigned dir,
                 struct cw_pkt *pkt)
{
    const struct link_spec *s = link_spec_of(l->l, dir);
    struct host            *h = w->hosts[dir == LINK_FWD ? l->a : l->b];
    struct cw_pkt           copy;

    if (LIKELY(!link_too_big(s, pkt))) {
        enter(w, l, dir, pkt);
        return;
    }
    if (router_cut(w, h, pkt, l, dir))
        return;
    pkt_share(&copy, pkt);
    enter(w, l, dir, pkt); /* where it is lost */
    if (!s->silent)
        gateway_too_big(w, h, &copy, s->pmtu);
    cw_pkt_free(&copy);
}

void carry_piece(struct world *w, struct host *h, struct cw_pkt *pkt,
                 struct wlink *l, unsigned dir)
{
    w->packets++;
    announce(w, h, pkt, (struct world_packet){ .number = 0 });
    pkt->why_arg = w->packets;
    enter(w, l, dir, pkt);
}

/* A frame for a group goes to every other host. */
static void flood(struct world *w, struct host *h, struct cw_pkt *pkt)
{
    bool nobody = true;

    for (unsigned n = 1; n <= stations(w); n++) {
        struct wlink *l = n == h->number ? NULL : w->between[h->number][n];
        struct cw_pkt copy;

        if (!l)
            continue;
        pkt_share(&copy, pkt);
        onto(w, l, l->a == h->number ? LINK_FWD : LINK_BACK, &copy);
        nobody = false;
    }
    if (nobody)
        carry_fate(w, w->packets, h, NULL, WHY_LINK_NOBODY);
    cw_pkt_free(pkt);
}

static struct host *host_by_mac(const struct world  *w,
                                const struct cw_mac *mac)
{
    for (unsigned n = 1; n <= w->nhosts; n++)
        if (mac_eq(&w->hosts[n]->mac, mac))
            return w->hosts[n];
    return NULL;
}

/* Whom is the frame for?  Lo's frames are for the host itself; whom nobody
 * knows is outside. */
static struct host *receiver(struct world *w, struct host *h,
                             const struct cw_pkt *pkt,
                             const struct cw_mac *dst)
{
    struct host *to = pkt->netif == WORLD_LO ? h : host_by_mac(w, dst);

    if (!to && w->outside)
        to = w->hosts[w->outside];
    if (pkt->netif != WORLD_LO && to == h)
        return NULL; /* no port of a switch answers with what it got */
    return to;
}

/* By the link between the two, if there is one. */
static void unicast(struct world *w, struct host *h, struct host *to,
                    struct cw_pkt *pkt)
{
    struct wlink *l = to ? w->between[h->number][to->number] : NULL;

    if (l) {
        onto(w, l, l->a == h->number ? LINK_FWD : LINK_BACK, pkt);
        return;
    }
    carry_fate(w, w->packets, h, NULL, WHY_LINK_NOBODY);
    cw_pkt_free(pkt);
}

static void transmit(struct world *w, struct host *h, struct cw_pkt *pkt)
{
    struct ether_repr ether;
    struct host      *to;
    struct cw_mac     gw = gateway_mac();
    bool              group, name, beyond;

    INVARIANT(
        etherhdr_parse(span_of(pkt_head(pkt), pkt_head_len(pkt)), &ether)
        == GO_ON);
    to = receiver(w, h, pkt, &ether.dst);
    group = pkt->netif != WORLD_LO && mac_is_group(&ether.dst);
    beyond = pkt->netif != WORLD_LO && mac_eq(&ether.dst, &gw);
    name = !group && (beyond || to) && gateway_asked(w, pkt, to);
    w->packets++;
    announce(w, h, pkt, (struct world_packet){ .name = name });
    pkt->why_arg = w->packets;
    if (group) {
        flood(w, h, pkt);
    } else if (beyond || name) {
        carry_fate(w, w->packets, h, NULL, WHY_LINK_ARRIVED);
        gateway_take(w, h, pkt, name);
    } else {
        unicast(w, h, to, pkt);
    }
}

void carry_inward(struct world *w, struct cw_pkt *pkt, bool more)
{
    struct host      *h = w->hosts[w->outside];
    struct ether_repr ether;

    pkt->netif = WORLD_ETH0;
    pkt->why = WHY_NONE; /* who sent it knows */
    pkt->flow = 0;
    w->packets++;
    announce(w, h, pkt, (struct world_packet){ .more = more });
    pkt->why_arg = w->packets;
    if (pkt->gso_size || pkt_head_len(pkt) < ETHER_LEN
        || etherhdr_parse(span_of(pkt_head(pkt), pkt_head_len(pkt)), &ether)
            != GO_ON) {
        unicast(w, h, NULL, pkt);
        return;
    }
    if (mac_is_group(&ether.dst))
        flood(w, h, pkt);
    else
        unicast(w, h, receiver(w, h, pkt, &ether.dst), pkt);
}

void carry_from(struct world *w, struct host *h)
{
    unsigned n;

    while ((n = cw_stack_output(h->st, w->burst, BURST_MAX, w->now)) > 0)
        for (unsigned i = 0; i < n; i++)
            transmit(w, h, &w->burst[i]);
}

void carry_from_gateway(struct world *w, struct host *to, struct cw_pkt *pkt,
                        bool name)
{
    bool room = to->nheld < GATEWAY_HELD;

    w->packets++;
    announce(w, to, pkt,
             (struct world_packet){ .inward = true, .name = name });
    carry_fate(w, w->packets, NULL, to,
               room ? WHY_LINK_ARRIVED : WHY_LINK_FULL);
    pkt->why_arg = w->packets;
    if (to->number == w->outside)
        outside_take(w, pkt, 1);
    else if (room)
        to->held[to->nheld++] = *pkt;
    else
        cw_pkt_free(pkt);
}

/* ---- arriving ---------------------------------------------------------- */

/* The packet as the receiving interface sees it. */
static void arrive(struct cw_pkt *pkt, unsigned netif)
{
    pkt->netif = (uint16_t)netif;
    if (pkt->csum_state == CW_CSUM_PARTIAL)
        pkt->csum_state = CW_CSUM_VERIFIED; /* nothing touched it */
}

static bool from_gateway(struct world *w, struct host *h)
{
    if (h->nheld == 0)
        return false;
    cw_stack_input(h->st, h->held, h->nheld, w->now);
    h->nheld = 0;
    return true;
}

static bool from_link(struct world *w, struct wlink *l, struct host *h)
{
    unsigned dir = l->b == h->number ? LINK_FWD : LINK_BACK;
    unsigned netif = l->a == l->b ? WORLD_LO : WORLD_ETH0;
    bool     any = false;
    unsigned n;

    do {
        n = link_recv(l->l, dir, w->burst, BURST_MAX, w->now, NULL);
        for (unsigned i = 0; i < n; i++)
            arrive(&w->burst[i], netif);
        if (n) {
            cw_stack_input(h->st, w->burst, n, w->now);
            any = true;
        }
    } while (n == BURST_MAX);
    l->next = link_next(l->l);
    return any;
}

/* What has come through to the outside. */
static bool leave(struct world *w)
{
    bool any = false;

    for (unsigned n = 1; n <= w->nhosts; n++) {
        struct wlink *l = w->outside ? w->between[n][w->outside] : NULL;
        unsigned      got;

        if (!l || l->next > w->now)
            continue;
        do {
            got = link_recv(l->l, LINK_FWD, w->burst, BURST_MAX, w->now,
                            NULL);
            outside_take(w, w->burst, got);
            any |= got > 0;
        } while (got == BURST_MAX);
        l->next = link_next(l->l);
    }
    return any;
}

bool carry_arrivals(struct world *w)
{
    bool any = leave(w);

    for (unsigned n = 1; n <= w->nhosts; n++) {
        struct host *h = w->hosts[n];
        bool         some = from_gateway(w, h);

        for (unsigned o = 1; o <= stations(w); o++) {
            struct wlink *l = w->between[n][o];

            if (l && l->next <= w->now && from_link(w, l, h))
                some = true;
        }
        if (some)
            carry_from(w, h);
        any |= some;
    }
    return any;
}

cw_ns carry_next(const struct world *w)
{
    cw_ns next = NS_NEVER;

    for (unsigned i = 0; i < w->nlinks; i++)
        next = ns_min(next, w->links[i]->next);
    for (unsigned n = 1; n <= w->nhosts; n++)
        if (w->hosts[n]->nheld)
            next = w->now;
    return next;
}
