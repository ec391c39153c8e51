/* ctl.h: the one control interface: programs' socket calls, carried out on a
 * stack and on the pairs behind their descriptors.
 *
 * Front ends (a seccomp listener here, a terminal's supervisor elsewhere)
 * bring calls; an answer comes at once or later, never by waiting.  Bytes
 * move between pairs and stack whenever either side is ready.
 */
#ifndef SHIM_CTL_H
#define SHIM_CTL_H

#include "loop/loop.h"
#include "shim/call.h"
#include "world/world.h"

struct ctl;

/* The stack side: a world, or a test's stand-in. */
struct ctl_stack {
    void *ctx;
    ptrdiff_t (*call)(void *ctx, unsigned host, const struct wcall *call,
                      struct wresult *res);
    unsigned (*ready)(void *ctx, unsigned host, int sd);
    int (*ready_next)(void *ctx, unsigned host);
    int (*queues)(void *ctx, unsigned host, int sd, struct cw_queues *out);
};

/* The world's functions as a ctl_stack. */
struct ctl_stack ctl_stack_of_world(struct world *w);

/* Who brings calls: the programs of one host.  The owner embeds it. */
struct ctl_front {
    struct list link;
    unsigned    host;
    enum told (*answer)(struct ctl_front *front, const struct reply *reply);
};

struct ctl *ctl_new(struct loop *loop, const struct ctl_stack *stack,
                    unsigned hosts);
void        ctl_free(struct ctl *ctl);

void ctl_front_add(struct ctl *ctl, struct ctl_front *front);
/* No process is left behind it, or nobody to tell. */
void ctl_front_end(struct ctl *ctl, struct ctl_front *front);

/* Carries out a call.  Everything in *call, call->fd too, stays the
 * caller's. */
void ctl_call(struct ctl *ctl, struct ctl_front *front,
              const struct call *call);
/* The caller of a pending call gave up. */
void ctl_cancel(struct ctl *ctl, struct ctl_front *front, uint64_t id);
/* What became of an answer that was TOLD_SENT. */
void ctl_told(struct ctl *ctl, struct ctl_front *front, uint64_t id,
              bool arrived);

/* Moves what became ready in the stack; call it after the world went on. */
void ctl_settle(struct ctl *ctl, cw_ns now);
/* When a held call times out, or NS_NEVER. */
cw_ns ctl_next(const struct ctl *ctl);

/* For the end of a lab: how many calls of this front end are held with no
 * time limit; and does the host listen, or have a datagram port? */
unsigned ctl_held(const struct ctl *ctl, const struct ctl_front *front);
/* Is this the inode number of a program's end? */
bool ctl_knows(struct ctl *ctl, uint64_t ino);
bool ctl_serves(const struct ctl *ctl, unsigned host);
/* Connections of the host's programs that can still carry data. */
unsigned ctl_connected(const struct ctl *ctl, unsigned host);

#endif
