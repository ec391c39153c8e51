/* tcp_rate.c: what was delivered and what was lost, counted.
 *
 *   Owns flight->delivered and flight->lost, sums modulo 2^32 of sequence
 *   space; who wants to know of one ACK takes differences.  So whoever marks
 *   a record does it here.
 */
#include "tcp/tcb.h"

/* Believed lost; or lost again, if it was sent again. */
void tcp_mark_lost(struct tcp *t, struct segrec *r)
{
    struct tcp_flight *f = t->flight;

    if ((r->marks & (SEG_LOST | SEG_REXMIT)) != SEG_LOST)
        f->lost += seq_from(r->end, r->start);
    segq_mark(&f->segq, r, SEG_LOST, SEG_REXMIT);
}

void tcp_mark_sacked(struct tcp *t, struct segrec *r)
{
    struct tcp_flight *f = t->flight;

    INVARIANT(!(r->marks & SEG_SACKED));
    f->delivered += seq_from(r->end, r->start);
    segq_mark(&f->segq, r, SEG_SACKED, SEG_LOST | SEG_REXMIT);
}

/* SND.UNA has advanced over these. */
void tcp_rate_acked(struct tcp *t, const struct segq_acked *a)
{
    INVARIANT(a->sacked_before <= a->bytes);
    t->flight->delivered += a->bytes - a->sacked_before;
}
