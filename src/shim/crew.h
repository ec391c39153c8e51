/* crew.h: the programs of a run or a lab: started in order, watched, ended.
 */
#ifndef SHIM_CREW_H
#define SHIM_CREW_H

#include "shim/child.h"
#include "shim/ctl.h"
#include "shim/lines.h"
#include "shim/notify.h"

enum { CREW_MAX = 32 };

/* How it came to an end. */
enum crew_end {
    CREW_EXITED, /* every program exited, or the rest only serves */
    CREW_TIMEOUT,
    CREW_STUCK,  /* nothing can happen any more */
    CREW_SIGNAL, /* ^C or the like */
    CREW_FAILED, /* a program could not be started */
};

struct crew_config {
    struct loop     *loop;
    struct call_sink sink;
    struct ctl      *ctl;   /* NULL: the calls are carried out elsewhere */
    struct world    *world; /* NULL likewise */
    bool             fast;
    bool             prefix;  /* output lines begin with the host's name */
    cw_ns            timeout; /* NS_NEVER: none */
    int              guard;   /* readable: end it all at once; -1: none */
    /* Signals are the programs' affair: we only pass them on and wait. */
    bool transparent;
    /* The world is joined to another: it may always happen something, and
     * connections are to be closed before the end. */
    bool open;
    /* It is over, but everything still stands. May be NULL. */
    void (*ending)(void *ctx);
    void *ctx;
};

struct crew;

struct crew *crew_new(const struct crew_config *config);
void         crew_free(struct crew *crew);

/* A program on a host; its name is for people ("h1"). */
void crew_program(struct crew *crew, unsigned host, const char *name,
                  char *const *argv);
/* A built-in endpoint, added to the world before. */
void crew_builtin(struct crew *crew, unsigned host, const char *name,
                  int builtin);
/* For the world's `output` hook. */
void crew_output(struct crew *crew, unsigned host, const char *text,
                 size_t len);

/* Starts them and runs the loop until the end. */
enum crew_end crew_run(struct crew *crew);
/* The exit status for the whole (124, 125, 126, 127, 128+n, or the first
 * non-zero in host order). */
int crew_status(const struct crew *crew);
/* How many processes the programs had left behind, which were ended. */
unsigned crew_left_behind(const struct crew *crew);
/* One line about the end, for people ("h2 exited 0; h1 still serving,
 * stopped"), or why a program was not started. */
const char *crew_story(const struct crew *crew);

#endif
