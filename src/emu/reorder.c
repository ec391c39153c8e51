/* reorder.c: a packet is held back at the far end until others have passed.
 *
 *   `reorder P by N`: with probability P a packet that arrives steps aside
 *   until N packets that are not held themselves have gone by, then follows
 *   the N-th at the same instant: it is overtaken by exactly N, so `by 3`
 *   makes exactly three duplicate ACKs.  (netem's own `reorder` sends some
 *   packets without the delay, which does nothing on a link without delay and
 *   leaves the number of places to chance.)  Held packets keep their order.
 *   If fewer than N come within LINK_HOLD_MAX, it goes on then: below the
 *   least RTO, so that holding alone never looks like a loss.
 *
 *   The node is the last of the chain, so that the places are those the
 *   receiver sees; it works on arrivals, in order of time, whenever the link
 *   is asked for packets.
 */
#include "emu/node.h"

void reorder_step(const struct way *w, struct passing *p)
{
    uint64_t draw;

    p->hold = 0;
    if (w->spec.reorder_p == 0)
        return;
    INVARIANT(w->spec.reorder_by > 0);
    draw = way_draw(w, "reorder", p);
    if (draw_hits(draw, w->spec.reorder_p))
        p->hold = w->spec.reorder_by;
}

static cw_ns held_until(const struct link *l, const struct way *w)
{
    if (chain_empty(&w->held))
        return NS_NEVER;
    return ns_add(slot_at(&l->flight, w->held.first)->at, LINK_HOLD_MAX);
}

static void let_go(struct link *l, unsigned dir, cw_ns t)
{
    struct way  *w = &l->way[dir];
    uint32_t     i = chain_pop(&l->flight, &w->held);
    struct slot *s = slot_at(&l->flight, i);

    s->at = t;
    chain_push(&l->flight, &w->ready, i);
    link_tell(l,
              &(struct link_fate){ .t = t,
                                   .arrive_at = t,
                                   .ordinal = s->ordinal,
                                   .why = WHY_LINK_ARRIVED,
                                   .dir = (uint8_t)dir,
                                   .copy = s->copy,
                                   .final = true });
}

static void hold(struct link *l, struct way *w, uint32_t i)
{
    struct slot *s = slot_at(&l->flight, i);

    s->go_at = w->passed + s->hold;
    if (!chain_empty(&w->held)) /* first held, first to go */
        s->go_at = MAX(s->go_at, slot_at(&l->flight, w->held.last)->go_at);
    chain_push(&l->flight, &w->held, i);
}

static void arrive(struct link *l, unsigned dir)
{
    struct way       *w = &l->way[dir];
    struct heap_entry e = heap_pop(&w->heap);

    if (slot_at(&l->flight, e.slot)->hold) {
        hold(l, w, e.slot);
        return;
    }
    chain_push(&l->flight, &w->ready, e.slot);
    w->passed++;
    while (!chain_empty(&w->held)
           && slot_at(&l->flight, w->held.first)->go_at <= w->passed)
        let_go(l, dir, e.at);
}

static cw_ns heap_next(const struct way *w)
{
    return w->heap.n ? w->heap.e[0].at : NS_NEVER;
}

/* All that happens by now, in order of time; at equal times arrivals first,
 * since they may be what the held one waits for. */
void reorder_run(struct link *l, unsigned dir, cw_ns now)
{
    struct way *w = &l->way[dir];

    for (;;) {
        cw_ns come = heap_next(w), until = held_until(l, w);

        if (ns_min(come, until) > now || ns_min(come, until) == NS_NEVER)
            return;
        if (come <= until)
            arrive(l, dir);
        else
            let_go(l, dir, until);
    }
}

cw_ns reorder_next(const struct link *l, const struct way *w)
{
    if (!chain_empty(&w->ready))
        return slot_at(&l->flight, w->ready.first)->at;
    return ns_min(heap_next(w), held_until(l, w));
}
