/* stuck.h: does a program wait for ever for its sockets, and in which call? */
#ifndef SHIM_STUCK_H
#define SHIM_STUCK_H

#include "shim/ctl.h"

#include <sys/types.h>

struct stuck {
    struct ctl *ctl;
    /* One of the waiting threads: */
    pid_t       pid;
    int         fd;
    const char *call;
    char        program[16];
};

/* Is every thread of the process and its descendants in a blocking call on
 * one of our sockets, or waits for another process or thread?  Reads from
 * terminals, pauses and poll() are no such calls: they may end by
 * themselves. */
bool stuck_look(struct stuck *s, pid_t pid);

#endif
