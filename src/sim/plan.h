/* plan.h: what a seed decides.  Private to sim/. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "base/prng.h"
#include "sim/sim.h"

enum { SIM_CONNS_MAX = 24, SIM_DGRAMS_MAX = 6, SIM_HOSTS_MAX = 4 };

enum sim_close {
    SIM_CLOSE_BOTH,   /* each side closes when it has sent and read all */
    SIM_CLOSE_HALF,   /* the client shuts its sending side at once */
    SIM_CLOSE_SERVER, /* the server closes first */
    SIM_CLOSE_OF,
};

struct sim_conn {
    uint8_t        client, server; /* hosts */
    bool           v6, nodelay;
    enum sim_close close;
    uint16_t       port;
    cw_ns          start;
    struct {
        uint32_t bytes;          /* to send */
        uint32_t write, read;    /* largest chunk of a call */
        uint32_t sndbuf, rcvbuf; /* 0: default */
        cw_ns    pause;          /* between reads; 0: none */
        uint32_t pause_every;    /* bytes read between pauses */
    } side[2];                   /* client, server */
};

struct sim_dgram {
    uint8_t  from, to;
    bool     v6, connected;
    uint16_t port;
    uint32_t count, size; /* datagrams, their largest payload */
    cw_ns    every, start;
};

struct sim_plan {
    uint32_t         hosts, nconns, ndgrams;
    struct link_spec fwd, back;
    bool             arp, lo_link;
    cw_ns            calm; /* faults stop */
    enum cw_profile  profile;
    bool             no_ts, no_sack, no_wscale;
    bool             marks;              /* links mark, and: */
    enum cw_ecn      ecn[SIM_HOSTS_MAX]; /* of host 1, 2 ... */
    struct sim_conn  conns[SIM_CONNS_MAX];
    struct sim_dgram dgrams[SIM_DGRAMS_MAX];
};

void plan_draw(struct sim_plan *p, uint64_t seed);
void plan_marks(struct sim_plan *p, uint64_t seed);

#endif
