/* child.h: starting programs under the filter, and ending them. */
#ifndef SHIM_CHILD_H
#define SHIM_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child_config {
    char *const *argv;
    bool         fast;
    int          in, out, err; /* become 0, 1, 2; -1: as ours */
};

enum child_fail {
    CHILD_OK = 0,
    CHILD_NOT_FOUND = 127, /* as the shell says it */
    CHILD_CANNOT_EXEC = 126,
    CHILD_CANNOT_TAKE = 125, /* it was not started */
};

struct child {
    pid_t           pid;
    int             listener;
    enum child_fail fail;
    char            why[256]; /* one line, if it failed */
};

/* Could it be started and taken over?  Else out->fail and out->why. */
bool child_can(const char *name, struct child *out);
/* Would it run with the rights of its file, which a filter takes away? */
bool child_loses_rights(const char *name);
/* Can a filter be installed at all?  0, or -errno. */
int child_try_filter(void);

/* Starts the program, or says why not: then no process is left.  The caller
 * owns the listener. */
bool child_start(const struct child_config *config, struct child *out);

/* This process adopts descendants whose parents die, so that they can be
 * found and ended. */
void child_adopt(void);
/* A signal to all descendants; answers how many there were. */
unsigned child_kill_all(int sig);
/* Calls `one` for the threads of this process and its descendants until it is
 * false; true if it never was. */
typedef bool child_thread(void *ctx, pid_t pid, pid_t tid);
bool         child_each_thread(pid_t pid, child_thread *one, void *ctx);
/* Do all threads of this process and its descendants sleep? */
bool child_all_asleep(pid_t pid);

#endif
