/* sim.h: random worlds in virtual time, with oracles that always hold.
 *
 * A seed decides everything: hosts, links and their faults, connections and
 * datagrams, sizes, buffers, pauses, who closes first.  At some time the
 * faults stop; then everything must finish.  A failure names what broke and
 * when; the seed repeats it for ever.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "world/setting.h"

enum { SIM_ERROR_MAX = 256, SIM_SETTINGS_MAX = 8 };

struct sim_result {
    bool     ok;
    char     error[SIM_ERROR_MAX]; /* what broke, at what time; "" if ok */
    uint32_t hosts, conns, datagrams;
    uint64_t packets, lost, rexmits, bytes, events;
    cw_ns    end;    /* virtual time when all had finished */
    uint64_t digest; /* of all packets with their times */
};

struct sim_options {
    uint64_t               seed;
    int                    profile; /* enum cw_profile; -1: the seed's */
    struct setting         settings[SIM_SETTINGS_MAX]; /* of all hosts; with
                                one of ECN, links mark packets, too */
    unsigned               nsettings;
    const struct cw_alloc *alloc;
    /* Every event and packet, for a log; NULL: none. */
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
};

/* Runs one world; answers result->ok. */
bool sim_run(const struct sim_options *o, struct sim_result *result);

/* A profile by its name, or -1. */
int sim_profile(const char *name);
/* The plan in words, for people. */
void sim_describe(uint64_t seed, struct fmt *out);

#endif
