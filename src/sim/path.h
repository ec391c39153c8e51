/* path.h: bulk flows over one path in virtual time, measured.
 *
 * N senders, each a host of its own, share one bottleneck to one receiver:
 *
 *     sender 1 --.
 *     sender 2 ---+-- rate, queue, loss, reordering, delay -- receiver
 *     sender N --'
 *
 * Data goes through link_spec.fwd, acknowledgements come back through
 * link_spec.back.  The link works in exact nanoseconds; the stacks may have a
 * coarser clock.  Nothing is recorded; what was lost and what was sent
 * without need is known from the link, not from what the stacks believe.
 */
#ifndef SIM_PATH_H
#define SIM_PATH_H

#include "base/count.h"
#include "world/setting.h"

enum {
    PATH_FLOWS_MAX = 64,
    PATH_CCS_MAX = 8,
    PATH_SETTINGS_MAX = 8,
    PATH_ERROR_MAX = 200,
};

struct path_spec {
    struct link_spec       fwd, back;
    uint64_t               seed;
    enum cw_profile        profile;
    unsigned               flows;
    const char            *cc[PATH_CCS_MAX]; /* flow i: cc[i % nccs] */
    unsigned               nccs;             /* 0: what the profile has */
    struct setting         settings[PATH_SETTINGS_MAX]; /* of all hosts */
    unsigned               nsettings;
    cw_ns                  time;  /* at most this long */
    uint64_t               bytes; /* of each flow; 0: all the time */
    cw_ns                  tick;  /* of the hosts' clocks; 0: 1 ns */
    struct link_down       pause; /* nothing arrives, nothing is lost */
    bool                   v6;
    const struct cw_alloc *alloc;
};

struct path_flow {
    uint64_t bytes; /* that the receiving program has read */
    uint64_t segs, rexmits;
    uint64_t spurious;    /* sent again although nothing of it was lost */
    cw_ns    start, done; /* done: NS_NEVER if it is not */
};

struct path_result {
    bool             ok;
    char             error[PATH_ERROR_MAX];
    unsigned         flows;
    struct path_flow flow[PATH_FLOWS_MAX];
    cw_ns            end;     /* when it was over */
    uint64_t         bytes;   /* of all flows, read */
    uint64_t         goodput; /* bit/s */
    uint64_t         ideal;   /* bit/s: the rate less headers; 0: no rate */
    uint64_t         mathis;  /* bit/s: of one Reno; 0: nothing is lost */
    uint64_t         segs, rexmits, spurious;
    uint64_t         lost, queue_drops; /* by chance or rule; by the queue */
    uint64_t         timeouts;
    cw_ns            queue_mean, queue_p99, queue_max;
    unsigned         jain;       /* thousandths */
    cw_ns            bound;      /* a flow of `bytes` cannot end before */
    cw_ns            first_back; /* after an outage or a pause: a packet got
                                    through ... */
    cw_ns            recovery;   /* ... and so much later goodput is back;
                          NS_NEVER: never, or it never was away */
    uint64_t         packets;
    uint64_t         digest;                 /* of all fates */
    uint64_t         counts[COUNT_COUNT_OF]; /* of all senders */
};

/* Answers result->ok; false: no memory, or something that cannot be. */
bool path_run(const struct path_spec *s, struct path_result *out);

/* Sets a controller by its name; false: there is none of this name. */
bool path_set_cc(struct cw_config *c, const char *name);

/* ---- theory (path_theory.c) -------------------------------------------- */

/* bit/s that remain of a rate when `payload` of each `frame` bytes count. */
uint64_t theory_ideal(uint64_t rate_bps, uint32_t payload, uint32_t frame);
/* Mathis et al. 1997: MSS/RTT sqrt(3/2)/sqrt(p), in bit/s; p of 2^32. */
uint64_t theory_mathis(uint32_t mss, cw_ns rtt, uint32_t loss_p);
/* Jain's index of n shares, in thousandths; 0 for none. */
unsigned theory_jain(const uint64_t *x, unsigned n);
/* The least time from connect() to the last byte's arrival: the handshake,
 * the rounds of slow start from `iw` segments, and the rate. */
cw_ns theory_bound(uint64_t bytes, uint32_t mss, unsigned iw,
                   const struct link_spec *s, cw_ns rtt);

#endif
