/* tcp_pace.c: when the next data may go, if a rate is not to be exceeded.
 *
 *   draft-ietf-ccwg-bbr, "Pacing Rate" and "Send Quantum": each packet moves
 *   the next send time by its size over the rate; what goes at one time is a
 *   quantum.  The rate is the controller's, if it has one, or made of the window
 *   if the host wants that, and no more than the program's limit
 *   (SO_MAX_PACING_RATE); without any nothing here has an effect.
 *   At a window of one segment marks hold everything back (tcp_pace_hold).
 *   Not held back: what a timer owes (an expired RTO, a probe), ACKs, and
 *   what has no text.  flight->pace lives as long as it holds something back
 *   (tcp_pace_holds), its timer is tcp_timers.c's.
 */
#include "tcp/pace.h"
#include "tcp/cc.h"

enum { QUANTUM_MAX = 64 * 1024 };

/* Of a window, if the host paces: enough that slow start may double it, and
 * avoidance is not held back; not of the initial one (RFC 6928). */
static uint64_t window_rate(const struct tcp *t)
{
    unsigned percent = t->cwnd < t->ssthresh / 2 ? 200 : 120;
    uint64_t window = MAX(t->cwnd, seq_from(t->snd.nxt, t->snd.una));

    if (!t->host->paces || t->srtt <= 0 || tcp_bytes_acked(t) == 0)
        return 0;
    return window * percent * (uint64_t)(NS_S / 100) / (uint64_t)t->srtt;
}

/* Bytes a second; 0: as fast as cwnd allows. */
uint64_t tcp_pace_rate(const struct tcp *t)
{
    uint64_t most = t->opts.max_pacing, rate;

    rate = tcp_cc(t)->pacing_rate ? tcp_cc(t)->pacing_rate(t)
                                  : window_rate(t);
    return rate && most ? MIN(rate, most) : MAX(rate, most);
}

/* C.send_quantum: what the rate is in 1 ms, but two segments at least. */
uint32_t tcp_pace_quantum(const struct tcp *t)
{
    uint64_t q = MIN(tcp_pace_rate(t) / 1000, (uint64_t)QUANTUM_MAX);

    return MAX((uint32_t)q, 2 * tcp_eff_mss(t));
}

/* Until then a new quantum may not begin. */
bool tcp_pace_holds(const struct tcp *t)
{
    const struct tcp_flight *f = t->flight;

    return f && (f->pace.holds > 0 || tcp_pace_rate(t) > 0)
        && f->pace.next > tcp_now(t);
}

/* Nothing for as long as a retransmission timer would run, twice as long each
 * time: what RFC 3168 §6.1.2 has the timer for, but nothing is in flight that
 * it could be for. */
void tcp_pace_hold(struct tcp *t)
{
    struct tcp_pace *p = &t->flight->pace;
    cw_ns most = tcp_knobs(t)->rto_max, wait = ns_min(t->rto, most);

    for (uint32_t i = 0; i < p->holds && wait < most; i++)
        wait *= 2;
    p->holds++;
    p->left = 0;
    p->next = ns_max(p->next, ns_add(tcp_now(t), ns_min(wait, most)));
}

/* They have ended. */
void tcp_pace_release(struct tcp *t)
{
    if (!tcp_pace_holds(t))
        t->flight->pace.holds = 0;
}

/* May something go now? */
bool tcp_pace_may(const struct tcp *t)
{
    return !tcp_pace_holds(t) || t->flight->pace.left > 0
        || (t->due & DUE_REXMIT);
}

void tcp_pace_sent(struct tcp *t, uint32_t bytes)
{
    struct tcp_pace *p = &t->flight->pace;
    uint64_t         rate = tcp_pace_rate(t);

    if (rate == 0)
        return;
    if (!tcp_pace_holds(t))
        p->left = tcp_pace_quantum(t);
    p->next = ns_max(p->next, tcp_now(t));
    p->next = ns_add(p->next,
                     (cw_ns)(((uint64_t)bytes * NS_S + rate - 1) / rate));
    p->left -= MIN(p->left, bytes);
}

/* The end of a visit of the output: if something still wants to go and is held
 * back, a timer knows when it may. */
void tcp_pace_visited(struct tcp *t)
{
    uint32_t room;

    if (!tcp_pace_holds(t) || t->flight->pace.left > 0)
        return;
    if (segq_waiting(&t->flight->segq) || tcp_new_data(t, &room) > 0
        || (t->fin_queued && !t->fin_sent))
        tcp_timers_paced(t);
}
