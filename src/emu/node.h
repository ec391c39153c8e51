/* node.h: what the nodes of a link share (private to emu/).
 *
 * A node is a function: it gets one copy of a packet on its way through the
 * chain and either lets it pass (GO_ON), perhaps later, or says why it is
 * lost.  Whatever a node remembers stands in `struct way`.
 */
#ifndef EMU_NODE_H
#define EMU_NODE_H

#include "base/check.h"
#include "base/prng.h"
#include "emu/flight.h"
#include "emu/link.h"
#include "store/pbuf.h"

/* A copy of a packet between two nodes. */
struct passing {
    struct cw_pkt pkt;
    cw_ns         t;      /* when it leaves the last node it went through */
    cw_ns         starts; /* when its transmission begins (rate) */
    uint64_t      ordinal;
    uint32_t      hold; /* overtaken by this many (reorder) */
    uint8_t       copy;
    bool          twice, late; /* exact faults */
};

/* One direction. */
struct way {
    struct link_spec spec;
    struct sipkey    seed;
    uint64_t         who; /* link and direction: keys the draws */
    uint64_t         ordinal;
    /* loss: the two-state chain, once a packet has started it */
    bool loss_started, loss_bad;
    /* rate: the transmitter is busy until this time and frac/rate_bps ns */
    cw_ns    busy_until;
    uint64_t frac;
    /* queue: what waits for the transmitter, in the order of sending */
    struct chain waiting;
    uint64_t     waiting_bytes, waiting_pkts, queue_bytes_max;
    uint64_t     ecn_bytes;
    /* arrivals to come, those held back, those ready to be received */
    struct heap  heap;
    struct chain held, ready;
    uint64_t     passed; /* packets that went by since the link began */

    struct link_counts counts;
};

struct link {
    struct way             way[LINK_DIRS];
    struct flight          flight;
    struct link_rule       rules[LINK_RULES_MAX];
    unsigned               nrules;
    struct arena          *arena; /* for corrupted copies; NULL at first */
    struct pbufs           pbufs;
    const struct cw_alloc *alloc;
    cw_ns                  now, epoch;
    void (*fate)(void *ctx, const struct link_fate *fate);
    void *fate_ctx;
};

static inline bool draw_hits(uint64_t draw, uint32_t p)
{
    return p == LINK_ALWAYS || (uint32_t)(draw >> 32) < p;
}

/* The draw of this purpose for this packet, whatever happened to others. */
static inline uint64_t way_draw(const struct way *w, const char *purpose,
                                const struct passing *p)
{
    INVARIANT(p->copy <= 1);
    return prng_at(w->seed, w->who, purpose, p->ordinal << 1 | p->copy);
}

/* drop.c: every rule sees every packet; *hit is the rule that takes it. */
enum why drop_step(struct link *l, unsigned dir, struct passing *p,
                   const struct link_rule **hit);
/* down.c */
enum why down_step(const struct link_spec *s, cw_ns since_epoch);
/* loss.c */
enum why loss_step(struct way *w, const struct passing *p);
/* dup.c: is there a second copy? */
bool dup_step(const struct way *w, const struct passing *p);
/* corrupt.c: flips a bit, in bytes of its own; *done says whether. */
enum why corrupt_step(struct link *l, struct way *w, struct passing *p,
                      bool *done);
bool     link_own(struct link *l, struct cw_pkt *pkt, unsigned frag);
/* mark.c: RFC 3168's; *done says whether. */
enum why mark_step(struct link *l, struct way *w, struct passing *p,
                   bool *done);
/* queue.c */
void     queue_limit(struct way *w, cw_ns round_trip);
void     queue_advance(struct link *l, struct way *w, cw_ns now);
enum why queue_step(struct way *w, const struct passing *p);
void     queue_join(struct link *l, struct way *w, uint32_t slot);
/* rate.c */
void rate_step(struct way *w, struct passing *p);
/* delay.c */
void delay_step(const struct way *w, struct passing *p);
/* reorder.c */
void  reorder_step(const struct way *w, struct passing *p);
void  reorder_run(struct link *l, unsigned dir, cw_ns now);
cw_ns reorder_next(const struct link *l, const struct way *w);
/* link.c: tells the recorder, and counts. */
void link_tell(struct link *l, struct link_fate *f);

#endif
