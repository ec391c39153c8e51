/* rate.c: serialisation at R bit/s, one packet at a time.
 *
 *   A packet counts its Ethernet header and what is above it, without
 *   preamble, padding, frame check and gap.  Fractions of a nanosecond are
 *   carried on while the transmitter is busy, so that N packets of S bytes,
 *   back to back, take exactly N*S*8/R seconds, rounded down to a nanosecond.
 */
#include "emu/node.h"

void rate_step(struct way *w, struct passing *p)
{
    const uint64_t ns_s = NS_S;
    uint64_t       rate = w->spec.rate_bps, work;

    /* Also when the rate was just lifted: the transmitter finishes first. */
    p->starts = ns_max(p->t, w->busy_until);
    if (rate == 0) {
        p->t = p->starts;
        return;
    }
    if (p->starts > w->busy_until)
        w->frac = 0;
    INVARIANT(w->frac < rate && p->pkt.len < UINT32_C(1) << 30);
    work = p->pkt.len * 8 * ns_s + w->frac; /* in 1/rate ns */
    w->frac = work % rate;
    w->busy_until = ns_add(p->starts, (cw_ns)(work / rate));
    p->t = w->busy_until;
}
