/* run.h: one world under way: its endpoints and its oracles.  Private to
 * sim/.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim/plan.h"

enum { SIM_CHUNK = 32768, SIM_FLOWS_MAX = 512 };

/* One end of a connection. */
struct sim_end {
    int      sd; /* -1: none yet, or closed */
    uint32_t sent, got;
    cw_ns    wake; /* pauses, or starts */
    uint32_t until_pause;
    bool     open, wr_done, rd_done, closed;
};

struct sim_pair {
    const struct sim_conn *plan;
    unsigned               index;
    int                    listener; /* -1 once it has accepted */
    struct sim_end         end[2];
};

struct sim_flow {
    const struct sim_dgram *plan;
    unsigned                index;
    int                     sd[2]; /* from, to */
    uint32_t                sent, got;
    cw_ns                   wake;
};

/* What the oracle remembers of a flow number of a host. */
struct sim_state {
    uint32_t flow;
    uint16_t host;
    uint8_t  state; /* enum cw_state */
    cw_ns    since;
};

/* What it remembers of a connection: of its row at the step before. */
struct sim_conn_seen {
    uint32_t flow;
    uint16_t host;
    uint8_t  timer;
    bool     probed, was_probed; /* a tail loss probe, and no ACK since */
    uint32_t una, nxt, sacked, backoff, retrans, probe_end;
    uint32_t again_end, probe_una;
    bool     probes;
    uint32_t fired;            /* timeouts: since the last row, */
    uint32_t in_row;           /* without an ACK between them, */
    uint32_t kept;             /* without a sample */
    cw_ns    restarted, least; /* the RTO: when, and for how long at least */
    uint32_t sent_nxt;
    cw_ns    srtt, rttvar;
    cw_ns    seen, deadline;
    cw_ns    since; /* the last progress */
    uint32_t cwnd, cwnd_most;
    uint64_t got; /* bytes acknowledged or reported */
};

/* Marks that came to one end of a connection and were not echoed yet ... */
struct sim_owed {
    bool     owes;          /* classic: CWR has not come */
    unsigned fresh, others; /* accurate: since the last segment went */
};

/* ... and what it knows of those of the other: oracle_ecn.c. */
struct sim_marks {
    uint32_t        flow;
    uint16_t        host;
    uint8_t         mode;
    struct sim_owed in, before;   /* before: what came last */
    bool            was_ce, each; /* each: ECE for this mark only */
    bool            any;          /* text came, up to high */
    uint32_t        high;
    bool            echo;                /* a SYN-ACK has come */
    bool            has_said, has_heard; /* counters, here and there */
    uint8_t         said, heard;
    bool            deaf; /* the other's counter is not believed */
    bool            una_known, sent, reduced, recovers;
    bool            must; /* reduce, now */
    uint32_t        una, was_una, nxt, until, cwnd, mss;
};

/* The right edge that one direction of a connection has advertised. */
struct sim_edge {
    uint8_t  key[36];
    bool     used, scaled;
    uint8_t  shift;
    uint32_t edge, first, widest; /* the edge now and at first; the largest
                                     window shown */
    bool     valid;
};

struct sim {
    struct sim_plan      plan;
    struct sim_options   opt;
    struct sim_result   *res;
    struct world        *w;
    struct sim_log      *log;  /* NULL: none is wanted */
    cw_ns                now;  /* where there is no world */
    cw_ns                step; /* of the hosts' clocks */
    struct sipkey        content;
    struct sim_pair      pairs[SIM_CONNS_MAX];
    struct sim_flow      flows[SIM_DGRAMS_MAX];
    struct sim_state     states[SIM_FLOWS_MAX];
    struct sim_edge      edges[SIM_FLOWS_MAX];
    uint32_t             nstates;
    struct sim_conn_seen conns[SIM_FLOWS_MAX];
    uint32_t             nseen;
    struct sim_marks     marks[SIM_FLOWS_MAX];
    uint32_t             nmarks;
    bool                 calm, brief; /* brief: digests are of headers */
    uint64_t             steps;
    uint8_t              out[SIM_CHUNK], in[SIM_CHUNK];
};

static inline cw_ns sim_now(const struct sim *s)
{
    return s->w ? world_now(s->w) : s->now;
}

/* The run is over: this broke, now. */
void sim_fail(struct sim *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* ends.c */
void  ends_begin(struct sim *s);
void  ends_turn(struct sim *s); /* what is ready, and whose time has come */
cw_ns ends_next(const struct sim *s);
bool  ends_done(const struct sim *s);
void  ends_close_datagrams(struct sim *s);

/* log.c */
bool sim_log_begin(struct sim *s); /* false: no memory */
void sim_log_end(struct sim *s);
void sim_log_event(struct sim *s, const struct cw_event *e);
void sim_log_packet(struct sim *s, const struct world_packet *p);
void sim_log_fate(struct sim *s, const struct world_fate *f);

/* oracle.c */
const struct knobs *sim_knobs(const struct sim *s);
void                oracle_event(struct sim *s, const struct cw_event *e);
struct world_hooks  oracle_hooks(struct sim *s);
void                oracle_step(struct sim *s); /* between events */
/* oracle_conn.c */
void oracle_fired(struct sim *s, const struct cw_event *e);
/* A row of a host's table: between events. */
void oracle_conn(struct sim *s, unsigned host, const struct cw_sock_row *r);
/* oracle_ecn.c */
void oracle_ecn_event(struct sim *s, const struct cw_event *e);
void oracle_ecn_mode(struct sim *s, unsigned host,
                     const struct cw_sock_row *r);
void oracle_end(struct sim *s); /* all is closed, long ago */

#endif
