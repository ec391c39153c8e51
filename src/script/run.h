/* run.h: a script while it is played: what its parts share. */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "script/flow.h"
#include "script/host.h"
#include "script/script.h"

#include <causeway/observe.h>

enum { RUN_FLOWS = 100, RUN_FDS = 64, RUN_PENDING = 8, RUN_WATCHES = 16 };

/* What the option lines said. */
struct settings {
    struct host_config host;
    bool               v6; /* on the wire */
    bool               version_said;
    int                family; /* of sockets */
    uint16_t           bind_port, connect_port;
    cw_ns tolerance, ts_tick; /* ts_tick 0: stamps are not compared */
    bool  strict_segments;
};

/* A descriptor of the script's program. */
struct fd {
    bool         open;
    int          number; /* the script's */
    int          sd;     /* the stack's; -1: it is an epoll instance */
    int          type;
    bool         nonblock, listening, v6;
    uint16_t     port;
    struct flow *flow;
    uint32_t     written, taken; /* bytes of its stream */
    struct watch {
        struct fd *fd; /* NULL: free */
        uint32_t   events, last;
        int64_t    data;
        bool       edge, once, reported;
    } watch[RUN_WATCHES];
};

/* A call that is under way. */
struct pending {
    const struct event *ev;
    struct fd          *fd;
    cw_ns               began, last; /* of the event before it */
    cw_ns               deadline;    /* a timeout of its own, or NS_NEVER */
    int64_t             done;        /* bytes so far */
    bool                timed_out, again; /* again: not its first attempt */
};

struct run {
    const struct script_options *o;
    struct script_result        *res;
    const char                  *name;
    struct ast                  *ast;
    struct settings              set;
    struct host                  host;
    bool                         started, over;
    cw_ns                        start, last; /* last: the event before */
    const struct event          *ev;
    struct flow                 *flows[RUN_FLOWS], *cur;
    unsigned                     nflows;
    struct fd                    fds[RUN_FDS], *listener;
    struct pending               pending[RUN_PENDING];
    unsigned                     npending;
    bool                         pumping;
    struct fmt                   out;  /* res->text */
    void                        *vars; /* of code */
};

/* ---- run.c --------------------------------------------------------------- */

/* The script ends here: its expectation was not met; or we lack something.
 * Only the first counts. */
void run_fail(struct run *r, const char *format, ...) PRINTF_LIKE(2, 3);
void run_lack(struct run *r, const char *format, ...) PRINTF_LIKE(2, 3);
/* A time as the script counts. */
cw_ns run_time(const struct run *r, cw_ns t);
bool  run_start(struct run *r);
/* What the stack has to send, and what that lets calls go on. */
void run_pump(struct run *r);
/* Everything up to t has happened. */
void run_until(struct run *r, cw_ns t);

/* ---- flags.c, shell.c, code.c -------------------------------------------- */

void flags_default(struct settings *s);
void flags_apply(struct run *r, const char *name, const char *value,
                 int line);
void shell_run(struct run *r, const char *command);
void code_run(struct run *r, const char *text, int line);

/* ---- flows.c ------------------------------------------------------------- */

struct flow *flows_new(struct run *r, enum sp_proto proto, int number);
/* The connection that a packet of the script is about; makes it. */
struct flow *flows_in(struct run *r, const struct sp *p);
struct flow *flows_out(struct run *r, const struct sp *p);
/* Whose packet this is; NULL: nobody's. */
struct wire_head;
struct flow *flows_of(struct run *r, const struct wire_head *h);
/* By the peer's port. */
struct flow *flows_by_peer(struct run *r, const struct cw_sockaddr *peer);

/* ---- packets.c ----------------------------------------------------------- */

void packets_in(struct run *r, const struct event *e);
void packets_out(struct run *r, const struct event *e);
/* Packets that nobody expected, as a failure. */
void packets_left(struct run *r);

#endif
