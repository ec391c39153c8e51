/* dup.c: duplication.  The second copy shares the bytes of the first and goes
 * through the rest of the chain on its own, right behind it.
 */
#include "emu/node.h"

bool dup_step(const struct way *w, const struct passing *p)
{
    uint64_t draw;

    INVARIANT(p->copy == 0);
    if (w->spec.dup_p == 0)
        return false;
    draw = prng_at(w->seed, w->who, "duplicate", p->ordinal);
    return draw_hits(draw, w->spec.dup_p);
}
