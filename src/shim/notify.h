/* notify.h: the front end by seccomp user notification.
 *
 * One listener is one started program with all its descendants, and so one
 * emulated host: which host a call belongs to needs no book of processes.
 */
#ifndef SHIM_NOTIFY_H
#define SHIM_NOTIFY_H

#include "loop/loop.h"
#include "shim/ctl.h"

/* Where the calls go: the control interface of this process, or a live
 * host's. */
struct call_sink {
    void *ctx;
    void (*call)(void *ctx, struct ctl_front *front, const struct call *call);
    void (*cancel)(void *ctx, struct ctl_front *front, uint64_t id);
};

struct call_sink call_sink_of_ctl(struct ctl *ctl);

enum { NOTIFY_HASH = 64 };

struct notify {
    struct ctl_front front;
    struct loop_src  src;
    struct loop     *loop;
    struct call_sink sink;
    struct list      pending[NOTIFY_HASH];
    unsigned         npending;
    uint64_t         calls; /* so far */
    /* No process is left under this filter. May be NULL. */
    void (*ended)(struct notify *n);
};

/* Takes the listener over. 0, or -errno. */
int  notify_init(struct notify *n, struct loop *loop, int listener,
                 unsigned host, const struct call_sink *sink);
void notify_fini(struct notify *n);

/* Answers every call that waits: there is nobody left to carry it out. */
void notify_answer_all(struct ctl_front *front, int64_t value);

/* Calls of one thread that wait for an answer (0 or 1). */
bool notify_waits(const struct notify *n, int tid);

#endif
