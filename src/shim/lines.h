/* lines.h: several programs' output on one descriptor, line by line. */
#ifndef SHIM_LINES_H
#define SHIM_LINES_H

#include "loop/loop.h"

/* Where lines go.  Who wrote a line that has no end yet is remembered, so
 * that another's does not run into it. */
struct lines_out {
    int         fd;
    const void *unended; /* the struct lines whose line is open, or NULL */
};

enum { LINES_PREFIX_MAX = 24, LINES_READ = 1024, LINES_BUF = 65536 };

struct lines {
    struct loop_src   src; /* a pipe's end; -1: over */
    struct loop_task  retry;
    struct loop      *loop;
    struct lines_out *out;
    char              prefix[LINES_PREFIX_MAX];
    size_t            len, sent;
    char              buf[LINES_BUF];
    size_t            held; /* of a line that may yet get its end */
    cw_ns             show; /* when it is shown without */
    char              part[LINES_READ];
    bool              stalled;
};

/* Copies from `fd` (taken over, made non-blocking). */
void lines_init(struct lines *l, struct loop *loop, int fd,
                struct lines_out *out, const char *prefix);
/* Text of ours in the same manner. */
void lines_put(struct lines *l, const char *text, size_t len);
/* What is in the pipe still goes out, waiting for `out` if need be. */
void lines_fini(struct lines *l);
/* An open line is ended. */
void lines_end(struct lines_out *out);

#endif
