/* path_own.h: what the files of path.h share.  Private to sim/.
 */
#ifndef SIM_PATH_OWN_H
#define SIM_PATH_OWN_H

#include "base/addr.h"
#include "base/check.h"
#include "base/prng.h"
#include "sim/path.h"
#include "sim/run.h"

enum {
    PATH_BURST = 64,
    PATH_CHUNK = 65536,
    PATH_PORT = 5201,
    QUEUE_BINS = 65536,
    BINS_PER_RTT = 4, /* of goodput after an outage */
};
#define QUEUE_BIN (100 * NS_US)

/* Bytes of a flow that were lost and have not got through since. */
struct hole {
    uint64_t from, to;
};

/* What the observer at the bottleneck knows of a flow. */
struct watched {
    bool         begun;
    uint32_t     iss;
    uint64_t     high; /* bytes that were sent at least once */
    struct hole *holes;
    size_t       nholes, cap;
};

struct watch {
    const struct path_spec *spec;
    struct path_result     *res;
    struct watched          flow[PATH_FLOWS_MAX];
    struct sipkey           digest;
    /* the packet that enters: what it is ... */
    bool     tcp, syn;
    uint32_t seqno, len, bytes; /* bytes: of text */
    /* ... and its fate */
    bool  lost;
    cw_ns arrive_at;
    /* a copy of the transmitter's clock: when a packet begins to leave */
    cw_ns    busy_until;
    uint64_t frac;
    uint64_t waits;
    cw_ns    wait_sum;
    uint32_t wait_bin[QUEUE_BINS];
    /* the largest data frame seen */
    uint32_t frame, payload;
    /* new bytes that arrive after an outage, by time */
    cw_ns     outage_from, outage_to, bin;
    uint64_t *bins;
    size_t    nbins;
};

struct path_host {
    cw_stack      *st;
    cw_ns          due; /* real time of its next deadline */
    struct cw_addr addr;
    struct cw_mac  mac;
    int            sd; /* a sender's socket, the receiver's listener */
    cw_ns          start;
    uint64_t       sent;
    bool           finished;
};

struct path {
    struct path_spec    spec;
    struct path_result *res;
    struct link        *link;
    struct path_host    host[PATH_FLOWS_MAX + 1]; /* the receiver is last */
    unsigned            nhosts;
    int                 sd[PATH_FLOWS_MAX]; /* the receiver's, by flow */
    unsigned            done;
    cw_ns               now;
    struct watch        watch;
    struct cw_pkt       burst[PATH_BURST];
    uint8_t             chunk[PATH_CHUNK];
    struct sim          judge; /* its oracles */
    struct sim_result   verdict;
};

/* path_watch.c */
bool watch_init(struct watch *w, const struct path_spec *s,
                struct path_result *res);
void watch_free(struct watch *w);
void watch_fate(void *ctx, const struct link_fate *f);
/* A packet is about to enter the bottleneck ... */
void watch_look(struct watch *w, const struct cw_pkt *pkt);
/* ... and its fate was told. */
void watch_sent(struct watch *w, unsigned flow, cw_ns now);
void watch_end(struct watch *w);

/* path_check.c */
void check_init(struct path *p);
void check_config(struct path *p, struct cw_config *c);
void check_host(struct path *p, unsigned host);
void check_end(struct path *p);

/* path_flows.c */
bool path_fail(struct path *p, const char *format, ...) PRINTF_LIKE(2, 3);
void flows_listen(struct path *p);
void flows_connect(struct path *p, unsigned flow);
/* What the programs of a host do now. */
void flows_serve(struct path *p, unsigned host);
/* The time by the hosts' clocks. */
cw_ns path_clock(const struct path *p);

#endif
