/* crew_own.h: what the files of a crew share. */
#ifndef SHIM_CREW_OWN_H
#define SHIM_CREW_OWN_H

#include "shim/crew.h"

enum member_state { MEMBER_WAITS, MEMBER_RUNS, MEMBER_EXITED };

struct member {
    struct crew  *crew;
    unsigned      host;
    const char   *name;
    char *const  *argv; /* NULL: a built-in endpoint */
    int           builtin;
    struct child  child;
    struct notify notify;
    bool          taken; /* notify is in use */
    bool          last;  /* standard input is its */
    struct lines *out, *err;
    uint8_t       state;   /* enum member_state */
    bool          stopped; /* by us, while it served */
    int           status;  /* exit status, or 128+n */
};

struct crew {
    struct crew_config config;
    struct loop_src    signals, guard;
    struct loop_task   task;
    struct lines_out   out, err;
    struct member      members[CREW_MAX];
    unsigned           n, started;
    enum crew_end      end;
    bool               over, stopping;
    unsigned           left_behind;
    int                signal; /* that ends us, or 0 */
    unsigned           nsignals;
    cw_ns              signalled; /* when the last one came */
    cw_ns              begun, look_at, idle_since, kill_at, left_at, stuck_at;
    bool               was_stuck; /* at the last look */
    char               story[512];
};

/* crew_start.c: starts m; false: crew->story says why not. */
bool member_start(struct member *m);
/* Takes its output and its listener down. */
void member_fini(struct member *m);
/* May the next one start? */
bool member_ready(const struct member *m);
/* Only listens or waits for datagrams, and nothing goes on. */
bool member_serves(const struct member *m);

#endif
