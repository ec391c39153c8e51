/* plugin.h: the plug-in's state, for its parts.
 *
 *   Invariant: the stack is touched under the lock only.  The main thread is
 *              the one that called init; one other may be inside a call that
 *              blocks.
 */
#ifndef SCRIPT_PLUGIN_H
#define SCRIPT_PLUGIN_H

#include "script/host.h"
#include "script/plugin_abi.h"
#include "script/run.h"

#include <pthread.h>

enum { PLUGIN_FDS = 1024, PLUGIN_BUFFER = 1 << 20 };

/* What the other thread does: nothing; sleeps in a call; was woken to try
 * again; is on its way out, until it has read the clock. */
enum other { OTHER_NONE, OTHER_SLEEPS, OTHER_TRIES, OTHER_LEAVES };

struct plugin {
    pthread_mutex_t lock;
    pthread_cond_t  to_other, to_main;
    pthread_t       main;
    enum other      other;
    struct run      run; /* settings and the host */
    struct ast      ast; /* the memory behind them */
    bool            started;
    cw_ns           clock; /* what gettimeofday says */
    struct {
        int  sd; /* -1: not ours */
        bool nonblock;
    } fds[PLUGIN_FDS];
    uint8_t buffer[PLUGIN_BUFFER];
};

extern struct plugin plugin;

/* Under the lock, with a stack; unlocks. */
void    plugin_enter(void);
ssize_t plugin_leave(ssize_t answer); /* -CW_E*: errno and -1 */
/* The stack's number of a descriptor; -1. */
int plugin_sd(int fd);
/* A descriptor of the system's for one of the stack's. */
int plugin_fd_new(int sd, bool nonblock);
/* Is it the main thread's turn to wait?  Waits, else, for something to
 * happen, and answers true: try again. */
bool plugin_wait(cw_ns deadline);
/* Something happened: a thread that sleeps tries again, and time stands
 * still until it sleeps again or has read the clock. */
void plugin_wake(void);
/* Time passes: timers up to t. */
void plugin_run(cw_ns t);

/* plugin_calls.c: the socket calls. */
void plugin_calls(struct plugin_table *t);
/* plugin_info.c: as Linux lays it out; how much of `len` was filled. */
socklen_t plugin_info(int sd, void *v, socklen_t len);

#endif
