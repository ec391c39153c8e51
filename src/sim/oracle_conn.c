/* oracle_conn.c: what must hold of each connection between events, by its row
 * of the socket table and by what was seen of it before.
 *
 *   - SND.UNA =< SND.NXT, and no more is in flight than was ever offered;
 *   - what is sent and not acknowledged has a timer that will see to it, and
 *     its deadline passes only to be met;
 *   - that timer is the one that arithmetic calls for: an RTO as RFC 6298 has
 *     it; a probe (RFC 8985 §7.2) or the reordering timer (§6.2) where one of
 *     these must come first; counted from the last progress and no later;
 *   - no RTO comes too early, and no second probe before an ACK;
 *   - cwnd begins with the initial window and grows by no more than what was
 *     acknowledged (RFC 3465 §2.1), whatever was taken back meanwhile; and
 *     new data goes only while less is in flight.
 * Formulas are written anew here: the stack is asked for SRTT, RTTVAR and the
 * number of timeouts in a row, and not for what it makes of them.
 */
#include "base/limits.h"
#include "sim/run.h"

enum { T_RTO = 1, T_PERSIST = 4, T_REORDER = 6, T_PROBE = 7, T_PACING = 8 };
enum { CA_RECOVERY = 3 };

/* Does this timer lead to something being sent (again)? */
static bool sees_to_it(unsigned timer)
{
    return timer == T_RTO || timer == T_PERSIST || timer == T_REORDER
        || timer == T_PROBE;
}

static void check_numbers(struct sim *s, unsigned host,
                          const struct cw_sock_row *r)
{
    const struct cw_tcp_info *i = &r->info;

    if ((int32_t)(i->snd_nxt - i->snd_una) < 0)
        sim_fail(s, "host %u flow %u: SND.UNA beyond SND.NXT", host, r->flow);
    if (i->unacked > 0 && !sees_to_it(r->timer))
        sim_fail(s, "host %u flow %u: %u records in flight and no timer",
                 host, r->flow, i->unacked);
    if (i->snd_nxt != i->snd_una && i->unacked == 0)
        sim_fail(s, "host %u flow %u: bytes in flight without a record", host,
                 r->flow);
    if (r->send_q > 0 && !sees_to_it(r->timer) && r->timer != T_PACING
        && r->state != CW_SYN_SENT)
        sim_fail(s, "host %u flow %u: %u bytes wait and no timer runs", host,
                 r->flow, (unsigned)r->send_q);
}

/* ---- timers --------------------------------------------------------------- */

/* RFC 6298 §2, and §5.7 where no round trip was measured yet; doubled for
 * each of so many timeouts (§5.5). */
static cw_ns rto_of(const struct knobs *k, unsigned timeouts,
                    const struct cw_tcp_info *i)
{
    cw_ns rto = i->srtt ? i->srtt + ns_max(4 * i->rttvar, k->rto_var_min)
                        : k->rto_initial;

    if (i->srtt)
        rto = ns_max(rto, k->rto_min) + NS_US; /* G */
    else if (i->state != CW_SYN_SENT && i->state != CW_SYN_RECV)
        rto *= 3;
    for (unsigned n = 0; n < timeouts && rto < k->rto_max; n++)
        rto *= 2;
    return ns_min(rto, k->rto_max);
}

static bool is_calm(const struct cw_tcp_info *i)
{
    return i->sack && i->timestamps && i->srtt > 0 && i->snd_wnd > 0
        && i->ca_state < CA_RECOVERY && i->lost == 0 && i->retrans == 0
        && i->backoff == 0;
}

/* What is in flight has been told of by nobody: a probe comes first, unless
 * one was sent since the last round trip was measured. */
static bool needs_probe(const struct sim_conn_seen *c,
                        const struct cw_tcp_info   *i)
{
    return is_calm(i) && i->sacked == 0 && i->unacked > 0 && !c->probed;
}

/* Something that was sent later has arrived: the rest has the reordering
 * window's time, which is a quarter of the least round trip, once more for
 * each D-SACK, and if RACK.rtt is that of one that came late, by how much a
 * link can hold it.  Not, if it was sent again: then this may have come late. */
static bool needs_reorder(const struct sim_conn_seen *c,
                          const struct cw_tcp_info   *i)
{
    return is_calm(i) && i->sacked > 0 && i->sacked < i->unacked
        && (int32_t)(i->snd_una - c->again_end) >= 0;
}

static cw_ns longest(const struct knobs *k, const struct sim_conn_seen *c,
                     const struct cw_tcp_info *i)
{
    cw_ns rto = rto_of(k, c->kept, i), wnd;

    if (!k->rack_tlp)
        return rto;
    if (needs_reorder(c, i)) {
        wnd = ns_min(i->srtt, i->min_rtt * (1 + i->dsack_dups) / 4);
        if (i->reord_seen > 0)
            wnd += LINK_HOLD_MAX;
        return ns_min(rto, wnd + NS_US);
    }
    if (needs_probe(c, i))
        return ns_min(rto,
                      2 * i->srtt + (i->unacked == 1 ? k->tlp_delay : 0));
    return rto;
}

/* Since when the timer may run: something was acknowledged, sent, or has
 * expired. */
static void note_progress(struct sim *s, struct sim_conn_seen *c,
                          const struct cw_sock_row *r)
{
    const struct cw_tcp_info *i = &r->info;
    cw_ns                     now = sim_now(s);
    bool acked = i->snd_una != c->una, sent = i->snd_nxt != c->nxt;
    bool probed = false;

    if ((int32_t)(i->snd_una - c->probe_end) > 0)
        c->probed = false;
    if (c->timer == T_PROBE && r->timer != T_PROBE && !acked
        && c->deadline <= now) {
        c->probed = probed = true;
        c->probe_end = i->snd_nxt;
    }
    if (i->total_retrans != c->retrans)
        c->again_end = i->snd_nxt;
    if (acked) {
        c->in_row = c->fired;
        if (i->srtt != c->srtt || i->rttvar != c->rttvar || i->timestamps)
            c->kept = 0;
    }
    c->in_row += acked ? 0 : c->fired;
    c->kept = MAX(c->kept + c->fired, c->in_row);
    if (c->seen == 0 && c->fired == 0)
        c->restarted = 0; /* it began between two steps */
    else if (acked || c->fired > 0 || (c->nxt == c->una && sent) || probed)
        c->restarted = now;
    c->fired = 0;
    if (acked || sent || i->sacked != c->sacked || i->backoff != c->backoff
        || i->total_retrans != c->retrans || c->probed != c->was_probed
        || c->since == 0)
        c->since = now;
    c->was_probed = c->probed;
    c->srtt = i->srtt;
    c->rttvar = i->rttvar;
    c->una = i->snd_una;
    c->nxt = i->snd_nxt;
    c->sacked = i->sacked;
    c->backoff = i->backoff;
    c->retrans = i->total_retrans;
}

/* A deadline that is met leaves no trace at the next time. */
static void check_met(struct sim *s, unsigned host, struct sim_conn_seen *c,
                      const struct cw_sock_row *r)
{
    cw_ns now = sim_now(s), at = now + r->timer_left;

    if (r->timer != 0 && r->timer_left == 0 && c->deadline == c->seen
        && now > c->seen && c->timer == r->timer)
        sim_fail(s, "host %u flow %u: timer %u is overdue", host, r->flow,
                 r->timer);
    c->deadline = at;
    c->timer = r->timer;
    c->seen = now;
}

static void check_timer(struct sim *s, unsigned host, struct sim_conn_seen *c,
                        const struct cw_sock_row *r)
{
    const struct knobs *k = sim_knobs(s);
    cw_ns               now = sim_now(s), most;

    note_progress(s, c, r);
    check_met(s, host, c, r);
    c->least = rto_of(k, c->in_row, &r->info);
    c->least -= c->least / 1024; /* less than G */
    if (r->info.unacked == 0 || r->timer == T_PERSIST)
        return;
    most = longest(k, c, &r->info) + s->step;
    if (now + r->timer_left <= c->since + most)
        return;
    sim_fail(s,
             "host %u flow %u: timer %u stands %u us after the last "
             "progress, and arithmetic allows %u us",
             host, r->flow, r->timer,
             (unsigned)((now + r->timer_left - c->since) / NS_US),
             (unsigned)(most / NS_US));
}

/* ---- the congestion window ------------------------------------------------ */

/* RFC 5681 §3.1, RFC 6928 */
static uint32_t initial_window(const struct knobs *k, uint32_t mss)
{
    if (k->initcwnd)
        return k->initcwnd * mss;
    return mss > 2190 ? 2 * mss : mss > 1095 ? 3 * mss : 4 * mss;
}

/* Beyond it go a probe, and two segments of limited transmit (RFC 3042);
 * without SACK each duplicate ACK stands for a segment (RFC 5681 §3.2). */
static void check_flight(struct sim *s, unsigned host,
                         const struct sim_conn_seen *c,
                         const struct cw_sock_row   *r)
{
    const struct cw_tcp_info *i = &r->info;
    uint32_t                  mss = MAX(i->snd_mss, 1u), out = i->unacked;

    if (!i->sack || c->sent_nxt == i->snd_nxt || out <= i->sacked + i->lost)
        return;
    out = (out - i->sacked - i->lost) * mss;
    if (out > MAX(c->cwnd, i->cwnd_bytes) + 3 * mss)
        sim_fail(s, "host %u flow %u: %u bytes in flight, and cwnd is %u",
                 host, r->flow, out, i->cwnd_bytes);
}

static void check_cwnd(struct sim *s, unsigned host, struct sim_conn_seen *c,
                       const struct cw_sock_row *r)
{
    const struct cw_tcp_info *i = &r->info;
    const struct knobs       *k = sim_knobs(s);
    uint32_t                  mss = MAX(i->snd_mss, 1u), most;
    uint64_t got = i->bytes_acked + (uint64_t)i->sacked * mss;
    uint32_t above = i->sacked > 0 ? mss - 1 : 0; /* they are rounded up */

    most = MAX(c->cwnd_most, initial_window(k, mss));
    if (got > c->got)
        most += (uint32_t)(got - c->got);
    if (i->cwnd_bytes > most + 2 * mss) /* SACKs are told in segments */
        sim_fail(s, "host %u flow %u: cwnd is %u, and %u would be much", host,
                 r->flow, i->cwnd_bytes, most);
    /* what it may have been before it shrank */
    c->cwnd_most = i->cwnd_bytes < c->cwnd ? most
                                           : MAX(c->cwnd_most, i->cwnd_bytes);
    c->cwnd = i->cwnd_bytes;
    c->got = MAX(c->got, got - above);
}

/* ---- each ----------------------------------------------------------------- */

static struct sim_conn_seen *seen(struct sim *s, unsigned host, uint32_t flow)
{
    for (unsigned i = 0; i < s->nseen; i++)
        if (s->conns[i].flow == flow && s->conns[i].host == host)
            return &s->conns[i];
    if (s->nseen == SIM_FLOWS_MAX)
        return NULL;
    s->conns[s->nseen] = (struct sim_conn_seen){ .flow = flow,
                                                 .host = (uint16_t)host };
    return &s->conns[s->nseen++];
}

/* A timer has expired: since the last row.  A stack that is told late runs it
 * at its own time; what a coarse clock shows is up to a step later. */
void oracle_fired(struct sim *s, const struct cw_event *e)
{
    struct sim_conn_seen *c = seen(s, e->host, e->flow);
    cw_ns                 now = sim_now(s);

    if (!c || !s->brief)
        return;
    if (e->sub == EVT_REXMIT) {
        c->fired++;
        if (now + s->step < c->restarted + c->least)
            sim_fail(s,
                     "host %u flow %u: a timeout after %u us, and arithmetic "
                     "has %u us",
                     e->host, e->flow,
                     (unsigned)((now - c->restarted) / NS_US),
                     (unsigned)(c->least / NS_US));
    }
    if (e->sub == EVT_PTO) {
        if (c->probes && c->probe_una == c->una)
            sim_fail(s, "host %u flow %u: a second probe, and no ACK between",
                     e->host, e->flow);
        c->probes = true;
        c->probe_una = c->una;
    }
}

void oracle_conn(struct sim *s, unsigned host, const struct cw_sock_row *r)
{
    struct sim_conn_seen *c;

    if (!r->has_info || r->state == CW_LISTEN)
        return;
    check_numbers(s, host, r);
    if (s->plan.marks)
        oracle_ecn_mode(s, host, r);
    c = seen(s, host, r->flow);
    if (!c || !s->brief)
        return;
    check_flight(s, host, c, r);
    c->sent_nxt = r->info.snd_nxt;
    check_timer(s, host, c, r);
    check_cwnd(s, host, c, r);
}
