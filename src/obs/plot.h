/* plot.h: one sender of a recorded run, drawn: its congestion window over
 * time with the phases named, or its send window as a strip of bytes.
 *
 *     window  █ acknowledged  ▓ in flight  ░ may be sent  . must wait
 *
 * A sender is one end of a connection; the one that sent most is meant unless
 * another is named by its number in the list.
 */
#ifndef OBS_PLOT_H
#define OBS_PLOT_H

#include "obs/run.h"

enum { PLOT_LINE_MAX = 1024 };

struct plot_opts {
    unsigned sender;  /* its number in the list; 0: who sent most */
    unsigned columns; /* of the terminal */
    unsigned most;    /* lines of a strip; 0: all */
    bool     window, list, json, ascii;
};

struct plot_out {
    void *ctx;
    void (*line)(void *ctx, const char *text, size_t len);
    void (*note)(void *ctx, const char *text); /* remarks for people */
};

/* False: *why says what is wrong (nobody sent anything ...). */
bool plot_draw(const struct run *r, const struct plot_opts *o,
               const struct plot_out *out, const char **why);

#endif
