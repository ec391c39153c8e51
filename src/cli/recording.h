/* recording.h: a run's recording in a file, and its figures for the summary.
 */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "cli/netopts.h"
#include "cli/runs.h"
#include "world/record.h"

#include <stdio.h>

struct recording {
    struct recorder *r; /* NULL: nothing is recorded */
    FILE            *file;
    char             path[RUNS_PATH_MAX];
    bool             named; /* by the user */
    /* Name service apart: */
    uint64_t packets, lost, lost_acks, again, by_timeout, by_probe;
    bool     verbose; /* tells of each loss */
    bool     last_ack, last_name;
    bool     ended; /* what happens from now on is not the run's */
    cw_ns    end;   /* ... which was then */
    /* The datagram under way, and the last one that was lost: */
    char  udp_to[72], udp_lost[72], udp_why[64];
    cw_ns udp_lost_at;
};

/* Opens the file, unless the options say none.  0, or the exit status (a
 * message has been said). */
int recording_open(struct recording *rec, const struct net_opts *o);
/* The same without saying it. */
int recording_try(struct recording *rec, const struct net_opts *o,
                  char why[RUNS_WHY_MAX]);
/* Fills in the hooks packet, fate, event, call and change; their ctx is
 * `rec`. */
void recording_hooks(struct recording *rec, struct world_hooks *hooks);
/* For hooks with another ctx: */
void recording_packet(struct recording *rec, const struct world_packet *p);
void recording_fate(struct recording *rec, const struct world_fate *f);
/* After the lab stands. */
void recording_begin(struct recording *rec, const struct world *w,
                     const struct world_config *wc,
                     const struct lab_config *lc, bool real_time,
                     const char *words);
/* The sockets as they are now, then the end.  Once.  The programs are ended
 * after it: that counts no more. */
void recording_end(struct recording *rec, const struct world *w);
/* "12 packets, 1 lost, 1 sent again (timeout); 0.360 s of network time in
 * 0.06 s; trace 0b7742e1", and where to see it. */
void recording_summary(const struct recording *rec, const struct net_opts *o,
                       cw_ns epoch, cw_ns took);
/* When nothing can happen any more: was it a lost datagram? */
void recording_hint(const struct recording *rec, cw_ns epoch);
void recording_close(struct recording *rec);

#endif
