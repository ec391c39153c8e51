/* loop.h: real time for a world.
 *
 * A turn: wait, read the clock once, run the tasks (time has passed), hand
 * the descriptors' events to their owners, run the tasks again (what the
 * events asked for goes out).  Nothing called from here may block.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "base/list.h"
#include "base/ns.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A descriptor and who is told about it.  The owner embeds it. */
struct loop_src {
    int fd; /* -1: not watched */
    void (*ready)(struct loop_src *src, uint32_t events);
    bool late; /* told after the others of a turn */
};

/* Something that wants to run at a time and once every turn. */
struct loop_task {
    struct list link;
    cw_ns (*next)(struct loop_task *task);
    void (*run)(struct loop_task *task, cw_ns now);
};

/* NULL: the system gives no more descriptors (errno says). */
struct loop *loop_new(void);
void         loop_free(struct loop *loop);

/* `events` are epoll's; 0, or -errno. */
int loop_watch(struct loop *loop, struct loop_src *src, uint32_t events);
int loop_rewatch(struct loop *loop, struct loop_src *src, uint32_t events);
/* Forget src->fd, which stays open; no event of this turn reaches it. */
void loop_unwatch(struct loop *loop, struct loop_src *src);

void loop_add(struct loop *loop, struct loop_task *task);
void loop_remove(struct loop_task *task);

/* The time of this turn. */
cw_ns loop_now(const struct loop *loop);
/* Turns until loop_stop(). */
void loop_run(struct loop *loop);
/* One turn, waiting until `until` at most. */
void loop_turn(struct loop *loop, cw_ns until);
void loop_stop(struct loop *loop);

/* clock.c: monotonic time, from an epoch of the machine. */
cw_ns clock_now(void);
/* entropy.c: a seed from the operating system. */
uint64_t entropy_seed(void);
/* memory.c: stacks' memory from the C library. */
const struct cw_alloc *memory_alloc(void);

#endif
