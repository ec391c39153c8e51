/* loss.c: random loss, one by one or in bursts.
 *
 *   `loss P`: each packet is lost with probability P, by a draw that is keyed
 *   by nothing but the link and the packet's ordinal.
 *
 *   `loss P burst N`: a chain of two states (Gilbert 1960) with a step for
 *   each ordinal; what is sent in the bad state is lost.  It leaves the bad
 *   state with probability r = 1/N, so that a burst has N packets on average,
 *   and enters it with g = r P/(1-P), so that P is lost in the long run; the
 *   first packet finds the chain in its equilibrium.  g <= 1 asks for
 *   P <= N/(N+1), which spec.c checks.
 */
#include "emu/node.h"

static bool below(uint64_t draw, uint64_t threshold)
{
    return (draw >> 32) < threshold;
}

static enum why burst_step(struct way *w, uint64_t draw)
{
    const uint64_t one = UINT64_C(1) << 32;
    uint64_t       p = w->spec.loss_p, n = w->spec.burst;

    INVARIANT(n > 0 && p < one);
    if (!w->loss_started) {
        w->loss_started = true;
        w->loss_bad = below(draw, p);
    } else if (w->loss_bad) {
        w->loss_bad = !below(draw, one / n);
    } else {
        w->loss_bad = below(draw, (p << 32) / ((one - p) * n));
    }
    return w->loss_bad ? WHY_LINK_BURST : GO_ON;
}

enum why loss_step(struct way *w, const struct passing *p)
{
    uint64_t draw;

    if (w->spec.loss_p == 0)
        return GO_ON;
    draw = prng_at(w->seed, w->who, "loss", p->ordinal);
    if (w->spec.burst)
        return burst_step(w, draw);
    return draw_hits(draw, w->spec.loss_p) ? WHY_LINK_RANDOM : GO_ON;
}
