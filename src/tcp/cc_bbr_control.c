/* cc_bbr_control.c: what BBR's model of the path comes to: a pacing rate and
 * a congestion window.
 *
 *   draft-ietf-ccwg-bbr §5.6, and §5.5.8 of the offload budget.  The send
 *   quantum (§5.6.3) is tcp_pace.c's, for whoever is paced.
 *   Owns b->pacing_rate, b->max_inflight, and t->cwnd at each ACK.
 */
#include "tcp/bbr.h"
#include "tcp/pace.h"

/* §5.6.1, the table; percent.  §5.3.1.1: 4 ln 2 = 2.77 and 2 let the rate
 * double each round trip. */
static const struct gains {
    uint16_t pacing, cwnd;
} gains[] = {
    [BBR_STARTUP] = { 277, 200 },  [BBR_DRAIN] = { 50, 200 },
    [BBR_DOWN] = { 90, 200 },      [BBR_CRUISE] = { 100, 200 },
    [BBR_REFILL] = { 100, 200 },   [BBR_UP] = { 125, 225 },
    [BBR_PROBE_RTT] = { 100, 50 },
};

enum { OFFLOAD_QUANTA = 3 };

unsigned bbr_pacing_gain(const struct bbr *b)
{
    return gains[b->state].pacing;
}

unsigned bbr_cwnd_gain(const struct bbr *b)
{
    return gains[b->state].cwnd;
}

/* What a rate comes to in a time, to the nanosecond, from 16 ms on to the
 * microsecond, from 16 s on to the millisecond; of four hours at most. */
uint64_t bbr_bytes(uint64_t bw, cw_ns time)
{
    cw_ns unit = 1;

    INVARIANT(bw <= BBR_FASTEST && time >= 0);
    time = ns_min(time, NS_MS << 24);
    if (time >= NS_US << 24)
        unit = NS_MS;
    else if (time >= 1 << 24)
        unit = NS_US;
    return bw * (uint64_t)(time / unit) / (uint64_t)(NS_S / unit);
}

/* ---- §5.6.4.2: how much in flight ---------------------------------------- */

uint32_t bbr_min_pipe(const struct tcp *t)
{
    return BBR_MIN_PIPE * tcp_eff_mss(t);
}

/* BDPMultiple() */
uint32_t bbr_bdp(const struct bbr *b, uint64_t bw, unsigned gain)
{
    uint64_t n;

    if (b->min_rtt == NS_NEVER)
        return b->initial_cwnd;
    n = MIN(bbr_bytes(bw, b->min_rtt), (uint64_t)SOCKBUF_MAX * 2);
    return (uint32_t)(n * gain / 100);
}

/* QuantizationBudget() */
static uint32_t budget(const struct tcp *t, const struct bbr *b, uint32_t cap)
{
    cap = MAX(cap, OFFLOAD_QUANTA * tcp_pace_quantum(t));
    cap = MAX(cap, bbr_min_pipe(t));
    if (b->state == BBR_UP)
        cap += 2 * tcp_eff_mss(t);
    return cap;
}

/* Inflight() */
uint32_t bbr_inflight(const struct tcp *t, const struct bbr *b, uint64_t bw,
                      unsigned gain)
{
    return budget(t, b, bbr_bdp(b, bw, gain));
}

/* TargetInflight(): the BDP, unless congestion has cut cwnd. */
uint32_t bbr_target(const struct tcp *t, const struct bbr *b)
{
    return MIN(bbr_bdp(b, b->bw, 100), t->cwnd);
}

/* InflightWithHeadroom() */
uint32_t bbr_with_headroom(const struct tcp *t, const struct bbr *b)
{
    uint32_t most = b->inflight_longterm, room;

    if (most == BBR_INFINITE)
        return BBR_INFINITE;
    room = (uint32_t)((uint64_t)most * BBR_HEADROOM / 100);
    room = MAX(room, tcp_eff_mss(t));
    return MAX(most - MIN(room, most), bbr_min_pipe(t));
}

/* ProbeRTTCwnd() */
uint32_t bbr_probe_rtt_cwnd(const struct tcp *t, const struct bbr *b)
{
    return MAX(bbr_bdp(b, b->bw, gains[BBR_PROBE_RTT].cwnd), bbr_min_pipe(t));
}

/* ---- §5.6.2: pacing -------------------------------------------------------- */

/* InitPacingRate(), and once more when there is an RTT. */
void bbr_init_pacing(const struct tcp *t, struct bbr *b)
{
    cw_ns rtt = t->srtt > 0 ? t->srtt : NS_MS;

    b->has_rtt = t->srtt > 0;
    b->pacing_rate = (uint64_t)b->initial_cwnd * gains[BBR_STARTUP].pacing
        * (uint64_t)(NS_S / 100) / (uint64_t)rtt;
}

/* SetPacingRateWithGain() */
void bbr_set_pacing(struct bbr *b, unsigned gain)
{
    uint64_t rate = b->bw * gain * BBR_PACED / 10000;

    if (rate > 0 && (b->full_bw_reached || rate > b->pacing_rate))
        b->pacing_rate = rate;
}

/* ---- §5.6.4: cwnd ------------------------------------------------------------ */

/* UpdateMaxInflight() */
static void update_max_inflight(const struct tcp *t, struct bbr *b)
{
    uint32_t cap = bbr_bdp(b, b->bw, bbr_cwnd_gain(b));

    b->max_inflight = budget(t, b, cap + b->extra_acked);
}

/* BoundCwndForModel(): §5.6.4.7 */
static uint32_t bound(const struct tcp *t, const struct bbr *b, uint32_t cwnd)
{
    uint32_t cap = BBR_INFINITE;

    if (b->state == BBR_PROBE_RTT || b->state == BBR_CRUISE)
        cap = bbr_with_headroom(t, b);
    else if (bbr_in_probe_bw(b))
        cap = b->inflight_longterm;
    cap = MIN(cap, b->inflight_shortterm);
    return MIN(cwnd, MAX(cap, bbr_min_pipe(t)));
}

/* SetCwnd(): §5.6.4.6 */
void bbr_set_cwnd(const struct bbr_ack *x)
{
    struct tcp *t = x->t;
    struct bbr *b = x->b;
    uint64_t    cwnd = t->cwnd;

    update_max_inflight(t, b);
    if (b->full_bw_reached)
        cwnd = MIN(cwnd + x->newly_acked, (uint64_t)b->max_inflight);
    else if (cwnd < b->max_inflight || b->delivered < b->initial_cwnd)
        cwnd += x->newly_acked;
    cwnd = MIN(cwnd, (uint64_t)SOCKBUF_MAX * 2);
    cwnd = MAX(cwnd, (uint64_t)bbr_min_pipe(t));
    if (b->state == BBR_PROBE_RTT)
        cwnd = MIN(cwnd, (uint64_t)bbr_probe_rtt_cwnd(t, b));
    cwnd = bound(t, b, (uint32_t)cwnd);
    if (cwnd != t->cwnd)
        cc_set_cwnd(t, cwnd, WHY_CC_BBR);
}
