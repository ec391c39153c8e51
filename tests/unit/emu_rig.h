/* emu_rig.h: a link under test: numbered packets, and a log of what became
 * of them.
 */
#ifndef EMU_RIG_H
#define EMU_RIG_H

#include "emu/link.h"
#include "store/pbuf.h"
#include "t.h"

#define EXPECT_RANGE(got, lo, hi) \
    do {                          \
        EXPECT_GE(got, lo);       \
        EXPECT_LE(got, hi);       \
    } while (0)

struct rig_arrival {
    cw_ns    t;
    uint64_t ordinal;
    uint32_t number; /* the packet's own, see rig_send */
    uint32_t len;
};

struct rig {
    struct arena       *arena;
    struct pbufs        pbufs;
    struct link        *link;
    struct link_fate   *fates; /* all of them, in order */
    size_t              nfates;
    struct rig_arrival *log; /* the same of arrivals */
    size_t              nlog;
    uint32_t            sent;
    cw_ns               now;
};

/* A forward link of these words, the way back perfect. */
void rig_init(struct rig *r, const char *words, uint64_t seed);
/* The same with a rule ("" none) and a bound (0: the usual). */
void rig_init_rule(struct rig *r, const char *words, const char *rule,
                   size_t packets_max);
/* Frees all; fails if a buffer is left. */
void rig_free(struct rig *r);
/* Runs the link until `now`, then sends `n` frames of `len` bytes forward;
 * the first four bytes after the Ethernet header number them from 1. */
void rig_send(struct rig *r, unsigned n, uint32_t len, cw_ns now);
/* Runs the link until `until`, each step at its own time; answers how many
 * have arrived since the beginning. */
size_t rig_run(struct rig *r, cw_ns until);
/* A frame with these bytes, in one buffer. */
struct cw_pkt rig_frame(struct rig *r, const void *bytes, uint32_t len);
/* A specification that must be right. */
struct link_spec rig_spec(const char *words);
/* sent + duplicated == arrived + lost + under way, and a final fate each. */
void rig_check_conservation(const struct rig *r);

#endif
