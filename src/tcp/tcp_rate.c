/* tcp_rate.c: what was delivered and what was lost, counted, and how fast.
 *
 *   Owns flight->delivered and flight->lost, sums modulo 2^32 of sequence
 *   space; who wants to know of one ACK takes differences.  So whoever marks
 *   a record, or sends one, does it here.
 *   Delivery rate samples as draft-ietf-ccwg-bbr's section of that name has
 *   them: a record notes C.* when it is sent, and when it is delivered, the
 *   newest of an ACK gives the sample.  Its P.send_time is the record's
 *   `sent`, C.inflight is pipe.  All of it begins anew with each flight, as it
 *   does in the draft whenever nothing is in flight.
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

/* What is sent first comes after a time without anything to send. */
void tcp_rate_begin(struct tcp *t)
{
    t->flight->rate = (struct tcp_rate){
        .delivered_time = tcp_now(t),
        .first_send_time = tcp_now(t),
        .app_limited = true,
    };
}

/* The controller hears of it first if nothing is in flight. */
static bool first_out(struct tcp *t)
{
    if (segq_pipe(&t->flight->segq) > 0)
        return false;
    if (tcp_cc(t)->transmit && (t->state & TCPS_SYNCHRONIZED))
        tcp_cc(t)->transmit(t);
    return true;
}

/* OnPacketSent(), for what was just put into the records. */
static void stamp(struct tcp *t, struct segrec *r, bool was_empty)
{
    struct tcp_flight *f = t->flight;

    if (was_empty) {
        f->rate.first_send_time = r->sent;
        f->rate.delivered_time = r->sent;
    }
    r->first_send_time = f->rate.first_send_time;
    r->delivered_time = f->rate.delivered_time;
    r->delivered = f->delivered;
    r->lost = f->lost;
    r->in_flight = segq_pipe(&f->segq);
    r->app_limited = f->rate.app_limited;
}

/* [start, end) is sent now, for the first time; NULL: memory is out. */
struct segrec *tcp_rate_push(struct tcp *t, seq start, seq end)
{
    struct tcp_flight *f = t->flight;
    bool               was_empty = first_out(t);
    struct segrec     *r = segq_push(&f->segq, &t->host->segs, start, end,
                                     tcp_now(t));

    if (r)
        stamp(t, r, was_empty);
    return r;
}

void tcp_rate_again(struct tcp *t, struct segrec *r)
{
    struct segq *q = &t->flight->segq;
    bool         was_empty = first_out(t);

    segq_sent_again(q, r, tcp_now(t));
    stamp(t, r, was_empty);
}

/* Lost, or lost again if it was sent again, but not to congestion: the
 * controller does not hear of it.  False: it was lost already. */
bool tcp_mark_gone(struct tcp *t, struct segrec *r)
{
    struct tcp_flight *f = t->flight;
    bool known = (r->marks & (SEG_LOST | SEG_REXMIT)) == SEG_LOST;

    if (!known)
        f->lost += seq_from(r->end, r->start);
    segq_mark(&f->segq, r, SEG_LOST, SEG_REXMIT);
    return !known;
}

/* Believed lost.  A probe of the path's MTU may have been too large (RFC 4821
 * §7.6.2). */
void tcp_mark_lost(struct tcp *t, struct segrec *r)
{
    if (tcp_mark_gone(t, r) && tcp_cc(t)->lost
        && (t->state & TCPS_SYNCHRONIZED) && !tcp_mtu_is_probe(t, r))
        tcp_cc(t)->lost(t, r);
}

void tcp_mark_sacked(struct tcp *t, struct segrec *r)
{
    struct tcp_flight *f = t->flight;

    INVARIANT(!(r->marks & SEG_SACKED));
    f->delivered += seq_from(r->end, r->start);
    f->rate.delivered_time = tcp_now(t);
    segq_sample(&f->rate.sample, r);
    segq_mark(&f->segq, r, SEG_SACKED, SEG_LOST | SEG_REXMIT);
}

/* SND.UNA has advanced over these. */
void tcp_rate_acked(struct tcp *t, const struct segq_acked *a)
{
    struct tcp_flight *f = t->flight;

    INVARIANT(a->sacked_before <= a->bytes);
    if (a->sacked_before == a->bytes)
        return;
    f->delivered += a->bytes - a->sacked_before;
    f->rate.delivered_time = tcp_now(t);
    if (a->sample.any)
        f->rate.sample = a->sample;
}

/* What is in flight now, and what follows until it is delivered, says only
 * what there was to send. */
void tcp_rate_limited(struct tcp *t)
{
    struct tcp_flight *f = t->flight;

    f->rate.app_limited = true;
    f->rate.bubble = f->delivered + segq_pipe(&f->segq);
}

/* The end of a visit of the output.  CheckIfApplicationLimited() looks before
 * more is sent whether there was nothing to send; until then nothing changes
 * delivered + inflight, so that it comes to the same to look at once. */
void tcp_rate_ran_out(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    uint32_t           room;

    if (!f || segq_waiting(&f->segq) || tcp_new_data(t, &room) > 0
        || tcp_pipe(t) >= t->cwnd)
        return;
    tcp_rate_limited(t);
}

/* For who asks: the last that says what the path can, or more than that. */
static void show(struct tcp_rate *s, const struct cc_rate *r)
{
    if (r->app_limited && r->rate < s->shown)
        return;
    s->shown = r->rate;
    s->shown_limited = r->app_limited;
}

/* GenerateRateSample(): all that this ACK delivers is known.  min_rtt_us was
 * rounded up. */
void tcp_rate_generate(struct tcp *t, struct cc_rate *out)
{
    struct tcp_flight  *f = t->flight;
    struct segq_sample *s = &f->rate.sample;
    cw_ns               least = t->min_rtt_us == UINT32_MAX ? 0
                                                            : (t->min_rtt_us - 1) * NS_US;

    if (f->rate.app_limited && segq_after(f->delivered, f->rate.bubble))
        f->rate.app_limited = false;
    *out = (struct cc_rate){ .any = s->any, .rtt = -1 };
    if (!s->any)
        return;
    if (s->once)
        out->rtt = tcp_now(t) - s->sent;
    out->app_limited = s->app_limited;
    out->prior_delivered = s->delivered;
    out->delivered = f->delivered - s->delivered;
    out->lost = f->lost - s->lost;
    out->in_flight = s->in_flight;
    out->interval = ns_max(s->sent - s->first_send_time,
                           f->rate.delivered_time - s->delivered_time);
    f->rate.first_send_time = s->sent;
    s->any = false;
    if (out->interval <= 0 || out->interval < least)
        return;
    out->rate = (uint64_t)out->delivered * NS_S / (uint64_t)out->interval;
    show(&f->rate, out);
}
