/* ladder_conv.c: sorts a run's packets and events into conversations.
 *
 * Packets go by their addresses and ports; a SYN of new numbers after the end
 * begins another connection.  What the stacks wrote down about a packet (the
 * state it led to, why it was dropped) finds it by its number; what they wrote
 * down without a packet, by host and flow, which the packets taught.
 */
#include "obs/ladder_own.h"

#include "base/check.h"
#include "base/siphash.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ipproto.h"
#include "wire/tcphdr.h"

/* ---- memory --------------------------------------------------------------- */

static void *get(const struct ladder *l, size_t size)
{
    const struct cw_alloc *a = l->run->alloc;
    void                  *p = size ? a->alloc(a->ctx, size, 16) : NULL;

    if (p)
        memset(p, 0, size);
    return p;
}

static void give(const struct ladder *l, void *p, size_t size)
{
    if (p)
        l->run->alloc->free(l->run->alloc->ctx, p, size);
}

static size_t moments_max(const struct ladder *l)
{
    size_t n = 1;

    for (size_t i = 0; i < l->run->nevents; i++)
        n += l->run->events[i].kind == EV_STATE;
    return n;
}

static bool map_new(struct ladder *l, struct lad_map *m, size_t n)
{
    m->size = 16;
    while (m->size < 2 * n)
        m->size *= 2;
    m->slots = get(l, m->size * sizeof *m->slots);
    for (size_t i = 0; m->slots && i < m->size; i++)
        m->slots[i].value = NONE;
    return m->slots != NULL;
}

/* The slot of a key, or the free one where it would be.  There is always one:
 * a map is twice as large as what there can be in it. */
static size_t map_slot(const struct lad_map *m, uint64_t key)
{
    size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20)
        & (m->size - 1);

    while (m->slots[i].value != NONE && m->slots[i].key != key)
        i = (i + 1) & (m->size - 1);
    return i;
}

static uint32_t map_get(const struct lad_map *m, uint64_t key)
{
    return m->slots[map_slot(m, key)].value;
}

static void map_put(struct lad_map *m, uint64_t key, uint32_t value)
{
    size_t i = map_slot(m, key);

    m->slots[i].key = key;
    m->slots[i].value = value;
}

void lad_free(struct ladder *l)
{
    give(l, l->packets, l->run->npackets * sizeof *l->packets);
    give(l, l->convs, l->run->npackets * sizeof *l->convs);
    give(l, l->moments, moments_max(l) * sizeof *l->moments);
    give(l, l->by_ends.slots, l->by_ends.size * sizeof *l->by_ends.slots);
    give(l, l->by_flow.slots, l->by_flow.size * sizeof *l->by_flow.slots);
}

static bool make_room(struct ladder *l)
{
    size_t n = l->run->npackets;

    l->packets = get(l, n * sizeof *l->packets);
    l->convs = get(l, n * sizeof *l->convs);
    l->moments = get(l, moments_max(l) * sizeof *l->moments);
    return l->moments && (n == 0 || (l->packets && l->convs))
        && map_new(l, &l->by_ends, n)
        && map_new(l, &l->by_flow, n + l->run->nevents);
}

/* ---- whose packet ----------------------------------------------------------- */

bool lad_lost(const struct ladder *l, uint32_t i)
{
    return !run_arrived(&l->run->packets[i]);
}

/* Of its first copy. */
cw_ns lad_arrival(const struct run_packet *r)
{
    cw_ns at = NS_NEVER;

    for (unsigned i = 0; i < r->nfates; i++)
        if (r->fates[i].why == WHY_LINK_ARRIVED)
            at = ns_min(at, r->fates[i].arrive_at);
    return at;
}

/* The same for both directions. */
static uint64_t ends_key(const struct lad_look *k)
{
    uint8_t  b[37];
    uint8_t *lo = b, *hi = b + 18;
    int      order = addr_cmp(&k->src, &k->dst);

    if (order > 0 || (order == 0 && k->sport > k->dport)) {
        lo = b + 18;
        hi = b;
    }
    memcpy(lo, k->src.b, 16);
    be16_store(lo + 16, k->sport);
    memcpy(hi, k->dst.b, 16);
    be16_store(hi + 16, k->dport);
    b[36] = k->proto;
    return siphash((struct sipkey){ 1, 2 }, b, sizeof b);
}

static unsigned end_of(const struct lad_conv *c, const struct lad_look *k)
{
    return c->end[1].port == k->sport && addr_eq(&c->end[1].addr, &k->src)
            && !(c->end[0].port == k->sport
                 && addr_eq(&c->end[0].addr, &k->src))
        ? 1
        : 0;
}

static bool is_syn(const struct lad_look *k)
{
    return k->kind == LAD_TCP && (k->flags & (F_SYN | F_RST)) == F_SYN;
}

/* Does this SYN begin another connection between the same ends? */
static bool begins_anew(const struct lad_conv *c, const struct lad_look *k)
{
    const struct lad_end *e = &c->end[end_of(c, k)];

    return is_syn(k) && !(k->flags & F_ACK) && e->has_base
        && e->base != k->seq;
}

static uint32_t new_conv(struct ladder *l, const struct lad_look *k)
{
    struct lad_conv *c = &l->convs[l->nconvs];

    *c = (struct lad_conv){ .proto = k->proto,
                            .first = NONE,
                            .last = NONE,
                            .first_moment = NONE,
                            .last_moment = NONE };
    c->end[0].addr = k->src;
    c->end[0].port = k->sport;
    c->end[1].addr = k->dst;
    c->end[1].port = k->dport;
    c->end[0].fin_at = c->end[1].fin_at = NS_NEVER;
    c->end[0].earliest = c->end[1].earliest = NS_NEVER;
    /* An answer that comes first: its question was not seen. */
    if (k->kind == LAD_TCP
        && (k->flags & (F_SYN | F_ACK)) == (F_SYN | F_ACK)) {
        struct lad_end e = c->end[0];

        c->end[0] = c->end[1];
        c->end[1] = e;
    }
    return l->nconvs++;
}

static uint32_t conv_of(struct ladder *l, const struct lad_look *k)
{
    uint64_t key = ends_key(k);
    uint32_t n = map_get(&l->by_ends, key);

    if (n == NONE || begins_anew(&l->convs[n], k)) {
        n = new_conv(l, k);
        map_put(&l->by_ends, key, n);
    }
    return n;
}

/* ---- fragments --------------------------------------------------------------- */

static void remember_fragment(struct ladder *l, const struct lad_packet *p)
{
    struct lad_frag *f = &l->frags[l->nfrags++ % LAD_FRAGS];

    *f = (struct lad_frag){ p->look.src, p->look.dst, p->look.ident, p->conv,
                            p->end };
}

static const struct lad_frag *find_fragment(const struct ladder   *l,
                                            const struct lad_look *k)
{
    for (unsigned i = 0; i < MIN(l->nfrags, (unsigned)LAD_FRAGS); i++) {
        const struct lad_frag *f = &l->frags[i];

        if (f->ident == k->ident && addr_eq(&f->src, &k->src)
            && addr_eq(&f->dst, &k->dst))
            return f;
    }
    return NULL;
}

/* ---- numbers ------------------------------------------------------------------ */

/* The first number that is seen of an end is what others are relative to. */
static void learn_base(struct lad_end *e, uint32_t base)
{
    if (e->has_base)
        return;
    e->has_base = true;
    e->base = base;
}

static void note_sent(struct lad_packet *p, struct lad_end *e)
{
    const struct lad_look *k = &p->look;
    uint32_t takes = k->len + !!(k->flags & F_SYN) + !!(k->flags & F_FIN);
    uint32_t stop = k->seq + takes;

    if (takes == 0 || (k->flags & F_RST))
        return;
    learn_base(e, k->flags & F_SYN ? k->seq : k->seq - 1);
    p->opens = k->len > 0 && !e->has_text;
    e->has_text |= k->len > 0;
    p->again = e->has_sent && (int32_t)(stop - e->sent) <= 0;
    if (!e->has_sent || (int32_t)(stop - e->sent) > 0)
        e->sent = stop;
    e->has_sent = true;
}

static void note_acked(struct lad_packet *p, struct lad_end *e,
                       struct lad_end *peer)
{
    if (!(p->look.flags & F_ACK) || (p->look.flags & F_RST))
        return;
    learn_base(peer, p->look.ack - 1);
    p->news = !e->has_acked || (int32_t)(p->look.ack - e->acked) > 0;
    if (p->news)
        e->acked = p->look.ack;
    e->has_acked = true;
}

/* How long a timer ran, and how often it has for this segment. */
static void note_timer(struct lad_packet *p, struct lad_end *e,
                       const struct run_packet *r)
{
    if (r->why == WHY_TX_PROBE || r->why == WHY_TX_RTO || r->why == WHY_TX_TLP
        || r->why == WHY_TX_TLP_NEW)
        p->waited = (cw_ns)r->why_arg;
    if (r->why != WHY_TX_RTO)
        return;
    if (r->why_arg == 0 && is_syn(&p->look) && r->t > e->syn_at)
        /* a half-open record tells no figure */
        p->waited = (cw_ns)((uint64_t)r->t - (uint64_t)e->syn_at);
    if (e->late != p->look.seq || e->lates == 0)
        e->lates = 0;
    e->late = p->look.seq;
    if (e->lates > 0 && e->late_packet->waited == p->waited)
        e->late_packet->capped = p->capped = true;
    e->late_packet = p;
    if (e->lates < UINT8_MAX)
        e->lates++;
    p->times = e->lates;
}

static void note_tcp(const struct ladder *l, struct lad_conv *c, uint32_t i)
{
    struct lad_packet       *p = &l->packets[i];
    const struct run_packet *r = &l->run->packets[i];
    struct lad_end          *e = &c->end[p->end];

    c->has_syn |= is_syn(&p->look);
    note_sent(p, e);
    note_acked(p, e, &c->end[!p->end]);
    note_timer(p, e, r);
    lad_ecn_note(l, c, i);
    if (!is_syn(&p->look))
        return;
    e->syn_at = r->t;
    e->offers_scale = p->look.has_wscale;
    e->scale = p->look.wscale;
}

/* ---- packets ------------------------------------------------------------------ */

static uint64_t flow_key(uint16_t host, uint32_t flow)
{
    return (uint64_t)host << 32 | flow;
}

static void link_packet(struct ladder *l, uint32_t i)
{
    struct lad_packet       *p = &l->packets[i];
    const struct run_packet *r = &l->run->packets[i];
    struct lad_conv         *c = &l->convs[p->conv];

    if (c->first == NONE)
        c->first = i;
    else
        l->packets[c->last].next = i;
    c->last = i;
    c->npackets++;
    c->nlost += lad_lost(l, i);
    if (r->flow != 0 && p->look.kind != LAD_ICMP)
        map_put(&l->by_flow, flow_key(r->host, r->flow),
                p->conv << 1 | p->end);
}

static void add_packet(struct ladder *l, uint32_t i)
{
    struct lad_packet       *p = &l->packets[i];
    const struct run_packet *r = &l->run->packets[i];
    const struct lad_frag   *f = NULL;

    p->conv = p->next = NONE;
    if (r->name)
        return;
    lad_look(r->frame, &p->look);
    if (p->look.kind == LAD_FRAGMENT)
        f = find_fragment(l, &p->look);
    if (p->look.kind == LAD_NONE || (p->look.kind == LAD_FRAGMENT && !f)) {
        l->nothers++;
        return;
    }
    p->conv = f ? f->conv : conv_of(l, &p->look);
    p->end = f ? f->end : (uint8_t)end_of(&l->convs[p->conv], &p->look);
    if (p->look.ident && !f)
        remember_fragment(l, p);
    if (p->look.kind == LAD_TCP)
        note_tcp(l, &l->convs[p->conv], i);
    link_packet(l, i);
}

/* ---- events -------------------------------------------------------------------- */

/* Numbers rise in the order of the file; NONE: it has no such packet. */
static uint32_t packet_numbered(const struct ladder *l, uint32_t number)
{
    size_t lo = 0, hi = l->run->npackets;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (l->run->packets[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < l->run->npackets && l->run->packets[lo].number == number
        ? (uint32_t)lo
        : NONE;
}

/* Whose event is it?  Conversation and end in one number, or NONE.  What a
 * packet did to a listener tells of no flow. */
static uint32_t whose(struct ladder *l, const struct cw_event *e, uint32_t i)
{
    uint32_t who;

    if (i == NONE || l->packets[i].conv == NONE)
        return map_get(&l->by_flow, flow_key(e->host, e->flow));
    who = l->packets[i].conv << 1 | !l->packets[i].end;
    if (e->flow != 0 && e->kind == EV_STATE)
        map_put(&l->by_flow, flow_key(e->host, e->flow), who);
    return who;
}

static void add_moment(struct ladder *l, const struct cw_event *e,
                       uint32_t who)
{
    struct lad_conv   *c = &l->convs[who >> 1];
    struct lad_moment *m = &l->moments[l->nmoments];

    *m = (struct lad_moment){ .t = e->t,
                              .end = who & 1,
                              .state = (uint8_t)e->v[1],
                              .why = e->why,
                              .why_arg = c->end[who & 1].fires,
                              .next = NONE };
    if (c->first_moment == NONE)
        c->first_moment = l->nmoments;
    else
        l->moments[c->last_moment].next = l->nmoments;
    c->last_moment = l->nmoments++;
}

static void state_event(struct ladder *l, const struct cw_event *e,
                        uint32_t who, uint32_t i)
{
    struct lad_end *end = &l->convs[who >> 1].end[who & 1];
    unsigned        from = (unsigned)MIN(e->v[0], UINT64_C(15));
    unsigned        to = (unsigned)MIN(e->v[1], UINT64_C(15));

    if (to < CW_ESTABLISHED || to > CW_CLOSING)
        return;
    if (!end->first_state)
        end->first_state = (uint8_t)from;
    end->last_state = (uint8_t)to;
    if ((to == CW_FIN_WAIT1 || to == CW_LAST_ACK) && end->fin_at == NS_NEVER)
        end->fin_at = e->t;
    if (i != NONE && l->packets[i].conv == who >> 1
        && l->packets[i].end != (who & 1))
        l->packets[i].head_state = (uint8_t)to;
    else
        add_moment(l, e, who);
}

static void drop_event(struct ladder *l, const struct cw_event *e, uint32_t i)
{
    if (i != NONE && e->host != 0 && e->why != WHY_RST_ACCEPTED
        && e->why != WHY_DONE)
        l->packets[i].drop = e->why;
}

static void add_event(struct ladder *l, const struct cw_event *e)
{
    uint32_t        i = e->pkt ? packet_numbered(l, e->pkt) : NONE;
    uint32_t        who = whose(l, e, i);
    struct lad_end *end;

    if (e->kind == EV_DROP)
        drop_event(l, e, i);
    if (who == NONE)
        return;
    end = &l->convs[who >> 1].end[who & 1];
    if (e->kind == EV_STATE)
        state_event(l, e, who, i);
    if (e->kind == EV_TIMER_FIRE)
        end->fires = (uint32_t)e->v[1];
    if (e->kind == EV_TIMER_ARM && e->sub == EVT_TIMEWAIT) {
        end->wait_for = (cw_ns)e->v[0];
        end->wait_until = (cw_ns)e->v[1];
    }
}

/* A moment whose packet was sent at once stands beside that packet. */
static bool belongs(const struct ladder *l, const struct lad_moment *m,
                    uint32_t i)
{
    const struct lad_packet *p = &l->packets[i];
    uint8_t                  flags = p->look.flags;

    if (p->end != m->end || l->run->packets[i].t != m->t
        || p->look.kind != LAD_TCP || p->tail_state)
        return false;
    switch (m->state) {
    case CW_SYN_SENT:
        return flags & F_SYN;
    case CW_FIN_WAIT1:
    case CW_LAST_ACK:
    case CW_CLOSING:
        return flags & F_FIN;
    case CW_CLOSED:
        return flags & F_RST;
    default:
        return false;
    }
}

/* Takes out the moments that stand beside packets; both lists are in the
 * order of time. */
static void settle_moments(struct ladder *l, struct lad_conv *c)
{
    uint32_t  at = c->first;
    uint32_t *link = &c->first_moment;

    c->last_moment = NONE;
    while (*link != NONE) {
        struct lad_moment *m = &l->moments[*link];
        uint32_t           i;

        while (at != NONE && l->run->packets[at].t < m->t)
            at = l->packets[at].next;
        i = at;
        while (i != NONE && l->run->packets[i].t == m->t && !belongs(l, m, i))
            i = l->packets[i].next;
        if (i != NONE && belongs(l, m, i)) {
            l->packets[i].tail_state = m->state;
            *link = m->next;
        } else {
            c->last_moment = *link;
            link = &m->next;
        }
    }
}

/* The link held it back until others had passed, perhaps at one instant. */
static bool was_held(const struct run_packet *r)
{
    for (unsigned n = 0; n < r->nfates; n++)
        if (r->fates[n].why == WHY_LINK_REORDER)
            return true;
    return false;
}

static void note_overtaken(struct ladder *l, uint32_t i)
{
    struct lad_packet *p = &l->packets[i];
    cw_ns              at = lad_arrival(&l->run->packets[i]);
    struct lad_end    *e;

    if (p->conv == NONE || at == NS_NEVER)
        return;
    e = &l->convs[p->conv].end[p->end];
    p->overtaken = at > e->earliest
        || (at == e->earliest && was_held(&l->run->packets[i]));
    e->earliest = ns_min(e->earliest, at);
}

bool lad_gather(struct ladder *l)
{
    INVARIANT(l->run->npackets < NONE / 2);
    if (!make_room(l))
        return false;
    for (uint32_t i = 0; i < l->run->npackets; i++)
        add_packet(l, i);
    for (uint32_t i = (uint32_t)l->run->npackets; i-- > 0;)
        note_overtaken(l, i);
    for (size_t i = 0; i < l->run->nevents; i++)
        add_event(l, &l->run->events[i]);
    for (uint32_t i = 0; i < l->nconvs; i++)
        settle_moments(l, &l->convs[i]);
    return true;
}
