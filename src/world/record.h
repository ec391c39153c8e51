/* record.h: writes a run down as it happens: a valid pcapng whose packets
 * carry their why, and the calls from which the run can be had again.
 *
 *   Owns:      the order of blocks (obs/block.h); the trace id.
 *   Does not   open files: bytes go to a sink.
 *   Invariant: a packet's block is written when its fate is known, before
 *              anything that happened later.  Times are counted from the
 *              world's start.
 */
#ifndef WORLD_RECORD_H
#define WORLD_RECORD_H

#include "world/world.h"

#include "obs/run.h"

struct recorder;

struct record_config {
    const struct cw_alloc *alloc;
    /* False: it cannot be written; nothing more is tried. */
    bool (*write)(void *ctx, const void *bytes, size_t n);
    void    *ctx;
    uint64_t limit; /* bytes; what happens beyond is left out */
};

/* NULL: no memory. */
struct recorder *record_new(const struct record_config *config);
/* The section's head and CONFIG: once, when the lab stands and before
 * anything happens.  `words` say the link, for people. */
void record_begin(struct recorder *r, const struct world *w,
                  const struct world_config *wc, const struct lab_config *lc,
                  bool real_time, const char *words);

/* For the world's hooks of the same names. */
void record_packet(struct recorder *r, const struct world_packet *p);
void record_fate(struct recorder *r, const struct world_fate *f);
void record_event(struct recorder *r, const struct cw_event *e);
void record_call(struct recorder *r, cw_ns t, unsigned host,
                 const struct wcall *in, const struct wresult *out);
void record_change(struct recorder *r, cw_ns t, unsigned link, unsigned dir,
                   const struct link_spec *spec,
                   const struct link_rule *rule);

/* Who owns sockets of this label (cw_sock_row.owner). */
void record_owner(struct recorder *r, const struct run_owner *o);
/* The sockets as they are now: once, at the end. */
void record_rows(struct recorder *r, const struct world *w);
/* Writes what is held back; for a reader that does not want to wait. */
void record_flush(struct recorder *r);
/* The last block. */
void     record_end(struct recorder *r, cw_ns now);
uint32_t record_trace_id(const struct recorder *r);
/* Was anything left out for want of room, or could not be written? */
bool record_full(const struct recorder *r);
bool record_failed(const struct recorder *r);
void record_free(struct recorder *r);

/* A frame's bytes in one piece, checksums complete; its length. */
size_t frame_flat(const struct cw_pkt *pkt, uint8_t *to, size_t cap);
/* A hash of packets with their times, one after the other. */
uint64_t frame_hash(uint64_t hash, cw_ns t, const uint8_t *frame, size_t n);

enum { FRAME_MAX = 65536 + 64 };

#endif
