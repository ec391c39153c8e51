/* link.c: the chain of nodes, and the link's two directions.
 *
 *   Owns:      the order of the nodes; the fate of each copy; its memory.
 *   Does not   read a clock: time is what the caller says, never backwards.
 *   Invariant: sent + duplicated == arrived + lost + under way.
 *
 * The order, and why:
 *   1. drop rules  count what the sender sent, before chance has a say
 *   2. down        a broken link treats nobody on his merits
 *   2b pmtu        a router that cannot pass it on
 *   3. loss        before the queue, as netem does: what is lost takes no
 *                  capacity, and the bottleneck sees what is left
 *   4. duplicate   of what survived; both copies cost capacity
 *   5. corrupt     each copy on its own
 *   6. queue+rate  one transmitter; what comes out is spaced
 *   6b mark        as the queue is when the packet joins it
 *   7. delay       propagation begins when the last bit has left; jitter
 *                  after the transmitter, or the queue would undo it
 *   8. reorder     places are counted where the receiver sees them
 */
#include "emu/node.h"

enum { CORRUPT_MEMORY = 4 << 20 };

/* Memory for corrupted copies, once any direction asks for them. */
static bool need_arena(struct link *l, const struct link_spec *s)
{
    void *none;

    if ((s->corrupt_p == 0 && s->mark_p == 0 && s->ecn_kind == 0) || l->arena)
        return true;
    l->arena = arena_new(l->alloc, CORRUPT_MEMORY, 0, &none);
    if (!l->arena)
        return false;
    pbufs_init(&l->pbufs, l->arena);
    return true;
}

static void limits_set(struct link *l)
{
    cw_ns rtt = l->way[LINK_FWD].spec.delay + l->way[LINK_BACK].spec.delay;

    for (unsigned dir = 0; dir < LINK_DIRS; dir++)
        queue_limit(&l->way[dir], rtt);
}

static void way_init(struct way *w, const struct link_spec *spec,
                     const struct link_config *config, unsigned dir)
{
    INVARIANT(spec_valid(spec));
    w->spec = *spec;
    w->seed = config->seed;
    w->who = (uint64_t)config->id << 1 | dir;
    w->busy_until = INT64_MIN;
    chain_init(&w->waiting);
    chain_init(&w->held);
    chain_init(&w->ready);
}

struct link *link_new(const struct link_config *config)
{
    const struct cw_alloc *a = config->alloc;
    struct link *l = a->alloc(a->ctx, sizeof(*l), _Alignof(struct link));

    if (!l)
        return NULL;
    memset(l, 0, sizeof(*l));
    l->alloc = a;
    l->now = INT64_MIN;
    l->epoch = config->epoch;
    l->fate = config->fate;
    l->fate_ctx = config->fate_ctx;
    flight_init(&l->flight, a, config->packets_max);
    way_init(&l->way[LINK_FWD], &config->fwd, config, LINK_FWD);
    way_init(&l->way[LINK_BACK], &config->back, config, LINK_BACK);
    limits_set(l);
    INVARIANT(config->nrules <= LINK_RULES_MAX);
    for (unsigned i = 0; i < config->nrules; i++)
        link_drop(l, &config->rules[i]);
    if (!need_arena(l, &config->fwd) || !need_arena(l, &config->back)) {
        a->free(a->ctx, l, sizeof(*l));
        return NULL;
    }
    return l;
}

void link_tell(struct link *l, struct link_fate *f)
{
    INVARIANT(f->why >= WHY_LINK_ARRIVED && f->why <= WHY_LINK_NOBODY);
    if (f->why != WHY_LINK_ARRIVED)
        f->arrive_at = NS_NEVER;
    if (l->fate)
        l->fate(l->fate_ctx, f);
}

/* Something that is not the end of it. */
static void tell_turn(struct link *l, unsigned dir, const struct passing *p,
                      enum why why)
{
    link_tell(l,
              &(struct link_fate){ .t = l->now,
                                   .ordinal = p->ordinal,
                                   .why = (uint16_t)why,
                                   .dir = (uint8_t)dir,
                                   .copy = p->copy });
}

static void lose(struct link *l, unsigned dir, struct passing *p,
                 enum why why, const struct link_rule *rule)
{
    struct link_counts *c = &l->way[dir].counts;

    c->lost++;
    c->lost_by[why - WHY_LINK_ARRIVED]++;
    pkt_free(&p->pkt);
    link_tell(l,
              &(struct link_fate){ .t = l->now,
                                   .ordinal = p->ordinal,
                                   .rule = rule ? rule->text : NULL,
                                   .nth = rule ? rule->seen : 0,
                                   .why = (uint16_t)why,
                                   .dir = (uint8_t)dir,
                                   .copy = p->copy,
                                   .final = true });
}

/* The nodes that decide on the packet as it was sent, before there can be
 * two of it.  Loss takes its step for every ordinal, whatever the others
 * say, so that they do not move it. */
static enum why enter(struct link *l, unsigned dir, struct passing *p,
                      const struct link_rule **rule)
{
    struct way *w = &l->way[dir];
    enum why    loss = loss_step(w, p);

    if (p->pkt.gso_size && !link_gso_ok(l))
        return WHY_LINK_OVERSIZE;
    return drop_step(l, dir, p, rule)
        ?: down_step(&w->spec, l->now - l->epoch)
        ?: (link_too_big(&w->spec, &p->pkt) ? WHY_LINK_OVERSIZE : loss);
}

static void depart(struct link *l, unsigned dir, const struct passing *p)
{
    struct way  *w = &l->way[dir];
    uint32_t     i = slot_take(&l->flight);
    struct slot *s = slot_at(&l->flight, i);

    INVARIANT(p->t >= l->now && p->starts <= p->t);
    s->pkt = p->pkt;
    s->at = p->t;
    s->starts = p->starts;
    s->ordinal = p->ordinal;
    s->copy = p->copy;
    s->hold = p->hold;
    heap_push(&w->heap,
              (struct heap_entry){ p->t, p->ordinal << 1 | p->copy, i });
    if (p->starts > l->now)
        queue_join(l, w, i);
    if (p->hold) {
        w->counts.reordered++;
        tell_turn(l, dir, p, WHY_LINK_REORDER);
        return;
    }
    link_tell(l,
              &(struct link_fate){ .t = l->now,
                                   .arrive_at = p->t,
                                   .ordinal = p->ordinal,
                                   .why = WHY_LINK_ARRIVED,
                                   .dir = (uint8_t)dir,
                                   .copy = p->copy,
                                   .final = true });
}

/* One copy through the rest of the chain. */
static void carry(struct link *l, unsigned dir, struct passing *p)
{
    struct way *w = &l->way[dir];
    enum why    why = WHY_LINK_FULL;
    bool        corrupted = false, marked = false;

    if (flight_reserve(&l->flight, &w->heap))
        why = corrupt_step(l, w, p, &corrupted);
    if (corrupted) {
        w->counts.corrupted++;
        tell_turn(l, dir, p, WHY_LINK_CORRUPT);
    }
    why = why ?: queue_step(w, p) ?: mark_step(l, w, p, &marked);
    if (why) {
        lose(l, dir, p, why, NULL);
        return;
    }
    if (marked) {
        w->counts.marked++;
        tell_turn(l, dir, p, WHY_LINK_MARKED);
    }
    rate_step(w, p);
    delay_step(w, p);
    reorder_step(w, p);
    if (p->late && p->copy == 0)
        p->hold = MAX(p->hold, 1u);
    depart(l, dir, p);
}

uint64_t link_send(struct link *l, unsigned dir, struct cw_pkt *pkt,
                   cw_ns now)
{
    struct way             *w = &l->way[dir];
    struct passing          p = { .pkt = *pkt }, second;
    const struct link_rule *rule = NULL;
    enum why                why;
    bool                    twice;

    INVARIANT(dir < LINK_DIRS && pkt->nfrags <= CW_FRAGS_MAX);
    l->now = p.t = ns_max(l->now, now);
    queue_advance(l, w, l->now);
    p.ordinal = ++w->ordinal;
    w->counts.sent++;
    why = enter(l, dir, &p, &rule);
    if (why) {
        lose(l, dir, &p, why, rule);
        return p.ordinal;
    }
    twice = dup_step(w, &p) || p.twice;
    second = p;
    if (twice) /* before the first goes: it may be given away */
        pkt_share(&second.pkt, &p.pkt);
    carry(l, dir, &p);
    if (twice) {
        second.copy = 1;
        w->counts.duplicated++;
        tell_turn(l, dir, &second, WHY_LINK_DUPLICATE);
        carry(l, dir, &second);
    }
    return second.ordinal;
}

cw_ns link_next(const struct link *l)
{
    return ns_min(reorder_next(l, &l->way[LINK_FWD]),
                  reorder_next(l, &l->way[LINK_BACK]));
}

unsigned link_recv(struct link *l, unsigned dir, struct cw_pkt *pkts,
                   unsigned max, cw_ns now, uint64_t *ordinals)
{
    struct way *w = &l->way[dir];
    unsigned    n = 0;

    INVARIANT(dir < LINK_DIRS);
    l->now = ns_max(l->now, now);
    queue_advance(l, w,
                  l->now); /* before slots of the queue are given back */
    reorder_run(l, dir, l->now);
    for (; n < max && !chain_empty(&w->ready); n++) {
        uint32_t     i = chain_pop(&l->flight, &w->ready);
        struct slot *s = slot_at(&l->flight, i);

        pkts[n] = s->pkt;
        if (ordinals)
            ordinals[n] = s->ordinal;
        w->counts.arrived++;
        slot_give(&l->flight, i);
    }
    return n;
}

bool link_set(struct link *l, unsigned dir, const struct link_spec *spec,
              cw_ns now)
{
    struct way *w = &l->way[dir];

    INVARIANT(dir < LINK_DIRS && spec_valid(spec));
    if (!need_arena(l, spec))
        return false;
    l->now = ns_max(l->now, now);
    if (spec->loss_p != w->spec.loss_p || spec->burst != w->spec.burst)
        w->loss_started = false;
    if (spec->rate_bps != w->spec.rate_bps)
        w->frac = 0; /* it was in units of the old rate */
    w->spec = *spec;
    limits_set(l);
    return true;
}

bool link_drop(struct link *l, const struct link_rule *rule)
{
    INVARIANT(rule->dirs && rule->dirs < 1 << LINK_DIRS);
    if (l->nrules == LINK_RULES_MAX)
        return false;
    l->rules[l->nrules] = *rule;
    l->rules[l->nrules++].seen = 0;
    return true;
}

const struct link_spec *link_spec_of(const struct link *l, unsigned dir)
{
    INVARIANT(dir < LINK_DIRS);
    return &l->way[dir].spec;
}

const struct link_counts *link_counts_of(const struct link *l, unsigned dir)
{
    INVARIANT(dir < LINK_DIRS);
    return &l->way[dir].counts;
}

size_t link_under_way(const struct link *l)
{
    return l->flight.live;
}

static bool treats_packets(const struct link_spec *s)
{
    return s->mark_p || s->ecn_kind || s->jitter || s->loss_p || s->dup_p
        || s->corrupt_p || s->reorder_p || s->rate_bps || s->ndowns
        || s->pmtu;
}

bool link_gso_ok(const struct link *l)
{
    return l->nrules == 0 && !treats_packets(&l->way[LINK_FWD].spec)
        && !treats_packets(&l->way[LINK_BACK].spec);
}

bool link_intact(const struct link *l)
{
    const struct link_spec *f = &l->way[LINK_FWD].spec;
    const struct link_spec *b = &l->way[LINK_BACK].spec;

    /* a router that cuts a packet wants its checksum to be there */
    return f->corrupt_p == 0 && b->corrupt_p == 0 && f->pmtu == 0
        && b->pmtu == 0;
}

static void chain_drain(struct link *l, struct chain *c)
{
    while (!chain_empty(c)) {
        uint32_t i = chain_pop(&l->flight, c);

        pkt_free(&slot_at(&l->flight, i)->pkt);
        slot_give(&l->flight, i);
    }
}

/* A held packet that the end of the link overtakes. */
static void cut_off(struct link *l, unsigned dir, const struct slot *s)
{
    struct passing p = { .pkt = s->pkt,
                         .ordinal = s->ordinal,
                         .copy = s->copy };

    lose(l, dir, &p, WHY_LINK_DOWN, NULL);
}

static void way_free(struct link *l, unsigned dir)
{
    struct way *w = &l->way[dir];

    while (!chain_empty(&w->held)) {
        uint32_t i = chain_pop(&l->flight, &w->held);

        cut_off(l, dir, slot_at(&l->flight, i));
        slot_give(&l->flight, i);
    }
    while (w->heap.n) {
        struct heap_entry e = heap_pop(&w->heap);
        struct slot      *s = slot_at(&l->flight, e.slot);

        if (s->hold)
            cut_off(l, dir, s);
        else
            pkt_free(&s->pkt);
        slot_give(&l->flight, e.slot);
    }
    chain_drain(l, &w->ready);
    heap_free(&w->heap, l->alloc);
}

void link_free(struct link *l)
{
    const struct cw_alloc *a = l->alloc;

    for (unsigned dir = 0; dir < LINK_DIRS; dir++)
        way_free(l, dir);
    flight_free(&l->flight);
    if (l->arena)
        arena_close(l->arena);
    a->free(a->ctx, l, sizeof(*l));
}
