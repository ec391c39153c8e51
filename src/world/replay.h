/* replay.h: a recording's calls fed to fresh stacks: are the packets the same?
 *
 * Needs no program and no clock: what is recorded is everything that entered
 * the world.  After a change to the stack it shows the first packet that
 * changed.
 */
#ifndef WORLD_REPLAY_H
#define WORLD_REPLAY_H

#include "world/record.h"

enum { REPLAY_WHY_MAX = 200 };

struct replay_result {
    bool     same;
    uint32_t packets;  /* compared */
    uint32_t trace_id; /* of what was sent now */
    cw_ns    end;      /* counted from the start, as in the recording */
    /* If not the same, what was wrong first. */
    char                     why[REPLAY_WHY_MAX];
    const struct run_packet *then; /* NULL: none was recorded here */
    bool                     has_now;
    struct run_packet        now; /* frame points into `frame` */
    uint8_t                  frame[FRAME_MAX];
};

/* `file` and `run` are the same recording.  False: it cannot be replayed, *why
 * says why (it is damaged, or memory is out). */
bool replay_check(struct span file, const struct run *run,
                  const struct cw_alloc *alloc, struct replay_result *out,
                  const char **why);

#endif
