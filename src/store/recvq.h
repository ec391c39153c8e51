/* recvq.h: bytes to the application: references to slices of packet
 * buffers, in order and not yet in order.
 *
 * Owns reassembly: any order, any overlap, any duplicate; the first arrival
 * of a byte wins.  Does not own the window: the caller trims to it first.
 * Small segments are copied together, so that the memory held stays in
 * proportion to the bytes (a buffer less than half used is copied out).
 * When memory is out, what is not in order is given back, the furthest first:
 * nobody was promised that it would be kept.
 * Invariant: finding a place costs the logarithm of the number of ranges.
 * RFC 9293 §3.10.7.4 seventh step, SHLD-31; RFC 2018 §4 (order of blocks),
 * §8 (reneging).
 */
#ifndef STORE_RECVQ_H
#define STORE_RECVQ_H

#include "base/avl.h"
#include "base/seq.h"
#include "base/why.h"
#include "store/pbuf.h"

struct seqrange {
    seq left, right; /* left =< byte < right */
};

/* Of a queue that holds something; from the slab of ranges. */
struct recvq_body {
    struct slice *head, *tail; /* in order, ready to be read */
    struct avl   *ooo;         /* struct recvq_range, by sequence */
    struct list   recent;      /* the same, what changed last first */
    struct list   link;        /* recvq_holders.list, if there are any */
    struct recvq *queue;       /* whose body it is */
    uint32_t      ranges;
    uint32_t      held;    /* bytes not in order */
    uint32_t      charged; /* true size of buffers held */
};

struct recvq {
    struct recvq_body *body;  /* NULL: empty */
    uint32_t           ready; /* bytes in order */
    uint32_t           note;  /* its owner's, where padding would be */
};

struct recvq_result {
    uint32_t        advanced; /* RCV.NXT moves on by this many bytes */
    uint32_t        fresh;    /* bytes that were not here before */
    uint32_t        walked;   /* ranges looked at on the way */
    bool            dup; /* some bytes were: dup_range says the first run */
    bool            filled;  /* a hole was filled, wholly or partly */
    uint32_t        reneged; /* ranges of this queue that were given back */
    struct seqrange dup_range;
};

/* `range` is a slab of objects of recvq_range_size() bytes. */
size_t recvq_range_size(void);

/* How many ranges wait out of order; what the buffers cost. */
static inline uint32_t recvq_ranges(const struct recvq *q)
{
    return q->body ? q->body->ranges : 0;
}

static inline uint32_t recvq_charged(const struct recvq *q)
{
    return q->body ? q->body->charged : 0;
}

void recvq_init(struct recvq *q);
void recvq_fini(struct recvq *q);

/* The queues that hold something out of order; first in the list the one to
 * which nothing was added for the longest time. */
struct recvq_holders {
    struct list list;
    bool        keep; /* for now nothing is taken from them */
};

void recvq_holders_init(struct recvq_holders *h);
/* Gives the furthest range of one of them back; false: there is none, or they
 * keep it.  Made for an arena's shortage: it may come whenever something is
 * allocated, but for a queue that is just being added to. */
bool recvq_reclaim(struct recvq_holders *h);

/* The memory that a queue takes its slices and ranges from. */
struct recvq_mem {
    struct pbufs         *ps;
    struct slab          *range;
    struct recvq_holders *holders;
    uint32_t              ranges_max;
};

/* Bytes [off, off+len) of the packet stand at sequence number `at`; RCV.NXT
 * is `nxt`.  Takes references of its own.  GO_ON, or WHY_NO_MEMORY,
 * WHY_OOO_FULL (nothing was kept), WHY_SEQ_OLD (len > 0, nothing was new). */

struct recvq_in {
    const struct cw_pkt *pkt;
    uint32_t             off, len;
    seq                  at;
};
enum why recvq_put(struct recvq *q, const struct recvq_mem *m, seq nxt,
                   const struct recvq_in *in, struct recvq_result *res);

/* Copies up to len ready bytes out and, unless peek, forgets them. */
size_t recvq_read(struct recvq *q, void *dst, size_t len, bool peek);
/* Forgets n ready bytes, n <= ready. */
void recvq_skip(struct recvq *q, uint32_t n);
/* The ready byte at this offset; false if it is not there. */
bool recvq_byte(const struct recvq *q, uint32_t off, uint8_t *out);
/* Views of the first ready bytes, without references. */
unsigned recvq_view(const struct recvq *q, struct cw_frag *out, unsigned max);
/* The ranges out of order, the one that changed last first (RFC 2018 §4);
 * answers how many were written. */
unsigned recvq_sack(const struct recvq *q, struct seqrange *out,
                    unsigned max);

#endif
