/* segq.h: what is in flight: a record for each run that was sent, by
 * sequence number and by time of last transmission, and RFC 6675's marks.
 *
 * Invariants: records are contiguous and cover [first.start, last.end); the
 * byte counts below equal a walk over the records (checked in tests).
 *   sacked   the peer holds it (SACK)
 *   lost     believed lost
 *   rexmit   sent again since it was believed lost
 * pipe (RFC 6675 §4) = bytes neither sacked nor lost + bytes sent again and
 * not sacked.  By these marks a record is, beside by_seq, on one list or none:
 *   by_tx    on its way: in the order of last transmissions
 *   waiting  lost and not sent again: by sequence number
 */
#ifndef STORE_SEGQ_H
#define STORE_SEGQ_H

#include "base/list.h"
#include "base/ns.h"
#include "base/seq.h"
#include "store/arena.h"

enum seg_mark { SEG_SACKED = 1, SEG_LOST = 2, SEG_REXMIT = 4 };

struct segrec {
    struct list by_seq, by_tx; /* by_tx: of segq.by_tx or segq.waiting */
    seq         start, end;    /* SYN and FIN count */
    cw_ns       sent;          /* last transmission */
    cw_ns       first_sent;
    /* for rate samples (segq_sample); since when: -1: it gave its sample */
    cw_ns    delivered_time, first_send_time;
    uint32_t delivered, lost, in_flight; /* when it was sent last */
    bool     app_limited;
    uint8_t  marks; /* enum seg_mark */
    uint8_t  ctl;   /* SYN, FIN that the record includes (F_*) */
    uint16_t times; /* transmissions */
    uint16_t segs;  /* records that it was joined from */
    uint32_t order; /* ordinal of its last transmission, modulo 2^32 */
};

struct segq {
    struct list by_seq, by_tx, waiting;
    uint32_t count, sacked; /* records; as they were sent, of them SACKed */
    uint32_t next_order;
    uint32_t sacked_bytes, lost_bytes, rexmit_bytes; /* not SACKed ones */
    uint32_t bytes;
    struct segrec *hint; /* where the last lookup ended */
};

void segq_init(struct segq *q);
void segq_fini(struct segq *q);

/* A new run at the end, sent now; NULL: memory is out. start must be the
 * end of the last record. */
struct segrec *segq_push(struct segq *q, struct slab *s, seq start, seq end,
                         cw_ns now);
/* Sent again: counts, marks SEG_REXMIT if it was lost; the last of by_tx. */
void segq_sent_again(struct segq *q, struct segrec *r, cw_ns now);
void segq_mark(struct segq *q, struct segrec *r, uint8_t set, uint8_t clear);
/* Cuts r in two at `at`, start < at < end; answers the second part (r keeps
 * the first), NULL: memory is out. */
struct segrec *segq_split(struct segq *q, struct slab *s, struct segrec *r,
                          seq at);
/* a and the record behind it, both SACKed, become one, which is answered. */
struct segrec *segq_join(struct segq *q, struct segrec *a);
/* The record that covers `at`, or NULL. */
struct segrec *segq_find(struct segq *q, seq at);
/* The same, in at most *most steps, which are taken from it; NULL also if
 * they do not suffice. */
struct segrec *segq_seek(struct segq *q, seq at, uint32_t *most);
struct segrec *segq_first(const struct segq *q);
struct segrec *segq_next(const struct segq *q, const struct segrec *r);
struct segrec *segq_prev(const struct segq *q, const struct segrec *r);
struct segrec *segq_last(const struct segq *q);

/* The one to be sent again first, or NULL. */
struct segrec *segq_waiting(const struct segq *q);

/* What an ACK tells of single transmissions: RFC 8985 §6.2, steps 2 and 3. */
struct segq_news {
    cw_ns    limit; /* in: a record that was sent more than once counts only
                       if it was last sent by then */
    seq      fack;  /* in: RACK.fack before this ACK */
    bool     any, reordered, original;
    cw_ns    sent; /* of the record that was sent last: */
    uint32_t order;
    seq      end, low; /* low: start of what came late */
};

/* r was acknowledged or SACKed, for the first time. */
void segq_delivered(struct segq_news *n, const struct segrec *r);
static inline bool segq_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* What was noted when the newest of those was sent that an ACK delivers: P.*
 * of draft-ietf-ccwg-bbr, "Per-packet (P) state". */
struct segq_sample {
    bool     any, app_limited, once; /* once: so often it was sent */
    uint32_t order;
    cw_ns    sent, delivered_time, first_send_time;
    uint32_t delivered, lost, in_flight;
};

/* r is delivered: its sample is taken if none of this ACK is newer, and once
 * only. */
void segq_sample(struct segq_sample *s, struct segrec *r);

struct segq_acked {
    uint32_t bytes, records;
    uint32_t sacked_before; /* bytes of them that SACK had told */
    cw_ns    sent;          /* last transmission of the newest one ... */
    uint16_t times;         /* ... and how often it was sent (Karn) */
    bool     any_rexmit;    /* one of them was sent more than once */
    cw_ns    newest_once;   /* newest `sent` among those sent once, or -1 */
    struct segq_sample sample;
};
/* Everything before una is acknowledged: forget it.  A record that una cuts
 * is shortened.  news may be NULL. */
void segq_ack(struct segq *q, seq una, struct segq_acked *out,
              struct segq_news *news);

static inline uint32_t segq_pipe(const struct segq *q)
{
    return q->bytes - q->sacked_bytes - q->lost_bytes + q->rexmit_bytes;
}

#endif
