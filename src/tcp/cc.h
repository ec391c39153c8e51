/* cc.h: what a congestion controller is: a few events that move cwnd and
 * ssthresh.  RFC 5681; RFC 9743 for what any of them owes the network.
 *
 *   Recovery says when: it calls congestion() at the start of an episode,
 *   timed_out() at the first expiry for a segment, recovered() at the end,
 *   undo() if there was nothing to repair.  The controller says how much:
 *   congestion() sets ssthresh and leaves cwnd alone; who paces what is
 *   repaired (PRR, or RFC 6675 with cwnd = ssthresh) brings cwnd there.  A
 *   controller that `rules` sets cwnd in recovery, too, and nobody else does.
 *   State: t->cc_kept for as long as the connection lives, fini() releases
 *   what it stands for; tcp_cc_state() only while something is in flight, zero
 *   at first.  What most do not need (fini, transmit, lost, pacing_rate, show)
 *   may be NULL.
 *   Integers only, and bounded work for each event.
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include "tcp/tcb.h"

/* What one ACK told of the rate at which the path delivers: RS.* of
 * draft-ietf-ccwg-bbr, "Rate Sample (rs) Output"; tcp_rate.c. */
struct cc_rate {
    bool     any;         /* something was delivered that has a sample */
    bool     app_limited; /* there was not always something to send */
    uint32_t delivered;   /* bytes within the interval */
    uint32_t prior_delivered, lost; /* lost: bytes since it was sent */
    uint32_t in_flight;             /* just after it was sent */
    cw_ns    interval;
    cw_ns    rtt;  /* of what was sent last of it; -1: sent more than once */
    uint64_t rate; /* bytes a second; 0: the interval is not credible */
};

/* What one ACK told, once the scoreboard and recovery have heard it. */
struct cc_ack {
    uint32_t acked;     /* bytes of data it acknowledges, cumulatively */
    uint32_t delivered; /* sequence space newly acknowledged or SACKed */
    uint32_t lost;      /* newly believed lost */
    uint32_t flight;    /* FlightSize before it */
    cw_ns    rtt;       /* its sample, or -1 */
    uint8_t  recovery;  /* enum recovery: before it, or RECOVERY_FAST if it
                           began one */
    bool     ece;       /* ECN-Echo, or ce > 0 */
    /* bytes of ours that newly are said to have come marked: only accurate
     * ECN counts them (RFC 9768), else 0 */
    uint32_t ce;

    struct cc_rate rate;
};

/* What congestion was seen by. */
enum cc_sign { CC_SIGN_LOSS, CC_SIGN_ECN };

struct cc_ops {
    bool rules;
    /* marks count one by one: each is echoed, and less than all of a window
     * cut it by less than half (RFC 8257) */
    bool each_mark;
    /* cwnd is the initial window, or another controller's */
    void (*init)(struct tcp *t);
    /* another follows, or the connection is over: gives back what it holds */
    void (*fini)(struct tcp *t);
    /* every ACK of something in flight, before anything comes of the marks
     * that it echoes: acked, ece and ce; NULL: it needs not know */
    void (*marks)(struct tcp *t, const struct cc_ack *a);
    /* every ACK of something in flight */
    void (*ack)(struct tcp *t, const struct cc_ack *a);
    /* something is about to go while nothing is in flight */
    void (*transmit)(struct tcp *t);
    /* r is believed lost, as flight->lost has it; before congestion() */
    void (*lost)(struct tcp *t, const struct segrec *r);
    /* an episode begins: sets ssthresh; flight is what was outstanding */
    void (*congestion)(struct tcp *t, enum cc_sign sign, uint32_t flight);
    /* recovery is over, cwnd is where it left it */
    void (*recovered)(struct tcp *t);
    /* the first timeout of a segment: sets ssthresh, and cwnd to LW */
    void (*timed_out)(struct tcp *t, uint32_t flight);
    /* the last congestion() or timed_out() was a mistake: cwnd and ssthresh
     * as recovery had noted them; a cwnd that is larger by now stays */
    void (*undo)(struct tcp *t, uint32_t cwnd, uint32_t ssthresh);
    /* about to send after an idle time longer than an RTO */
    void (*idle)(struct tcp *t);
    /* bytes a second; 0: as fast as cwnd allows */
    uint64_t (*pacing_rate)(const struct tcp *t);
    /* for who asks: two figures of its own */
    void (*show)(const struct tcp *t, uint64_t arg[2]);
};

extern const struct cc_ops cc_reno, cc_cubic, cc_dctcp, cc_bbr;

/* The controller's own, while something is in flight. */
static inline void *tcp_cc_state(struct tcp *t)
{
    return t->flight ? t->flight->cc : NULL;
}

const struct cc_ops *tcp_cc(const struct tcp *t);

/* tcp_rate.c: MarkConnectionAppLimited() */
void tcp_rate_limited(struct tcp *t);

uint32_t tcp_initial_window(const struct tcp *t); /* bytes: tcp_syn.c */

/* cc.c: what controllers share */
void     tcp_cc_over(struct tcp *t);
void     tcp_cwnd_event(struct tcp *t, enum why why);
uint32_t cc_least(const struct tcp *t); /* 2 SMSS: RFC 5681 eq. (4) */
uint32_t cc_whole(const struct tcp *t, uint32_t bytes); /* of segments */
bool     cc_window_used(const struct tcp *t, const struct cc_ack *a);
void     cc_slow_start(struct tcp *t, const struct cc_ack *a);
void     cc_grow(struct tcp *t, const struct cc_ack *a, uint32_t *count);
void     cc_set_cwnd(struct tcp *t, uint64_t cwnd, enum why why);
void     cc_lost_window(struct tcp *t);
void     cc_restore(struct tcp *t, uint32_t cwnd, uint32_t ssthresh);
void     cc_restart(struct tcp *t);

/* cc_hystart.c */
void cc_hystart(struct tcp *t, const struct cc_ack *a);

#endif
