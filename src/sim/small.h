/* small.h: every small world: one short connection, and every placement of
 * up to three faults of its packets.
 *
 * A client sends to a server that answers with the same, thirteen segments
 * each way; then both close.  A fault meets one packet, by its number in the
 * order of sending, both directions together: it is lost, comes twice, or
 * changes places with the next.  What follows a fault may send other packets
 * than before; those are faulted as they come.  No world is left out: to run
 * one costs no more than to compare its state with others'.
 *
 * In each world hold the oracles of sim.h's, and: every byte arrives where
 * and as it was sent, once; the memory of both hosts is as before; and the
 * client is done in the time that timeouts can take (small_bound()).
 */
#ifndef SIM_SMALL_H
#define SIM_SMALL_H

#include "sim/sim.h"

enum { SMALL_FAULTS_MAX = 3, SMALL_BYTES = 18000 };

struct small_fault {
    uint32_t packet; /* from 1 */
    uint8_t  fate;   /* enum link_rule_fate */
};

struct small_spec {
    enum cw_profile        profile;
    const char            *cc; /* NULL: the profile's */
    bool                   v6;
    const struct cw_alloc *alloc;
};

struct small_case {
    struct small_fault fault[SMALL_FAULTS_MAX];
    uint32_t           limit[SMALL_FAULTS_MAX]; /* packets of the world with
                                                   the faults before */
    unsigned           n;
};

struct small_result {
    bool     ok;
    char     error[SIM_ERROR_MAX];
    uint32_t packets; /* that were sent, all told */
    cw_ns    took;    /* until the client was done */
    uint64_t digest;
};

struct small;

/* NULL: no memory, or no such controller. */
struct small *small_new(const struct small_spec *spec);
void          small_free(struct small *s);
/* Runs one world; answers result->ok. */
bool small_run(struct small *s, const struct small_case *c,
               struct small_result *result);
/* The next placement after c, whose world sent so many packets; false: that
 * was the last of up to `most` faults. */
bool small_next(struct small_case *c, uint32_t packets, unsigned most);
/* The latest time at which the client of a world may be done, if it is
 * `took` without a fault; without a fault it must not be later, either. */
cw_ns small_bound(const struct small_spec *spec, const struct small_case *c,
                  cw_ns took);
/* The words of `causeway lab` that are this world. */
void small_command(const struct small_spec *spec, const struct small_case *c,
                   struct fmt *out);

#endif
