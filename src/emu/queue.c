/* queue.c: the drop-tail queue in front of the transmitter.
 *
 *   It holds what waits; the packet that is being sent is not in it, so that
 *   `queue 0p` is a link without a buffer, and an idle link takes any packet.
 *   A packet that finds no room is lost.  `1bdp` is rate x round-trip delay
 *   (both directions' fixed delay) in bytes, at least one full frame.
 *   Without `rate` nothing ever waits.
 */
#include "emu/node.h"

enum { FRAME_FULL = 1514 };

/* Bytes that the rate carries in this time, times thousandths. */
static uint64_t bdp_bytes(uint64_t rate_bps, cw_ns time, uint64_t thousandths)
{
    uint64_t per_s = rate_bps / 8, t = (uint64_t)time, ns_s = NS_S, bytes;

    bytes = per_s * (t / ns_s) + per_s * (t % ns_s) / ns_s;
    return bytes * thousandths / 1000;
}

void queue_limit(struct way *w, cw_ns round_trip)
{
    const struct link_spec *s = &w->spec;
    const uint64_t          full = FRAME_FULL;

    INVARIANT(round_trip >= 0);
    if (s->queue_kind == LINK_QUEUE_BDP)
        w->queue_bytes_max = MAX(bdp_bytes(s->rate_bps, round_trip, s->queue),
                                 full);
    else
        w->queue_bytes_max = s->queue;
    w->ecn_bytes = s->ecn_kind == LINK_QUEUE_BDP
        ? bdp_bytes(s->rate_bps, round_trip, s->ecn)
        : s->ecn;
}

/* Transmission of some has begun: they wait no longer. */
void queue_advance(struct link *l, struct way *w, cw_ns now)
{
    while (!chain_empty(&w->waiting)) {
        struct slot *s = slot_at(&l->flight, w->waiting.first);

        if (s->starts > now)
            return;
        INVARIANT(w->waiting_pkts > 0 && w->waiting_bytes >= s->pkt.len);
        w->waiting_pkts--;
        w->waiting_bytes -= s->pkt.len;
        w->waiting.first = s->next_wait;
        s->next_wait = SLOT_NIL;
        if (chain_empty(&w->waiting))
            w->waiting.last = SLOT_NIL;
    }
    INVARIANT(w->waiting_pkts == 0 && w->waiting_bytes == 0);
}

enum why queue_step(struct way *w, const struct passing *p)
{
    bool room = true;

    if (w->spec.rate_bps == 0 || w->busy_until <= p->t)
        return GO_ON;
    switch ((enum link_queue)w->spec.queue_kind) {
    case LINK_QUEUE_UNSET:
        room = w->waiting_pkts < LINK_QUEUE_DEFAULT;
        break;
    case LINK_QUEUE_PKTS:
        room = w->waiting_pkts < w->spec.queue;
        break;
    case LINK_QUEUE_BYTES:
    case LINK_QUEUE_BDP:
        room = w->waiting_bytes + p->pkt.len <= w->queue_bytes_max;
        break;
    }
    return room ? GO_ON : WHY_LINK_QUEUE;
}

void queue_join(struct link *l, struct way *w, uint32_t i)
{
    struct slot *s = slot_at(&l->flight, i);

    INVARIANT(s->next_wait == SLOT_NIL);
    if (chain_empty(&w->waiting))
        w->waiting.first = i;
    else
        slot_at(&l->flight, w->waiting.last)->next_wait = i;
    w->waiting.last = i;
    w->waiting_pkts++;
    w->waiting_bytes += s->pkt.len;
}
