/* delay.c: propagation: a fixed delay, and jitter.
 *
 *   With jitter J the delay is uniform in [delay - J, delay + J] nanoseconds,
 *   drawn for each packet, as netem does without a distribution: packets that
 *   follow each other by less than 2J may change places.  J <= delay.  (The
 *   remainder of a 64-bit draw is biased by less than one in 2^22.)
 */
#include "emu/node.h"

void delay_step(const struct way *w, struct passing *p)
{
    cw_ns    delay = w->spec.delay, jitter = w->spec.jitter;
    uint64_t draw;

    INVARIANT(jitter >= 0 && jitter <= delay);
    if (jitter) {
        draw = way_draw(w, "jitter", p);
        delay -= jitter;
        delay += (cw_ns)(draw % (2 * (uint64_t)jitter + 1));
    }
    p->t = ns_add(p->t, delay);
}
