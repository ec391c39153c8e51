/* trace.h: recorded packets, a line each: tcpdump's words, and behind them
 * what only a recording knows.
 */
#ifndef OBS_TRACE_H
#define OBS_TRACE_H

#include "obs/run.h"
#include "wire/print.h"

/* Room for any packet's text; with less it is cut. */
enum { TRACE_TEXT_MAX = 1 << 19, TRACE_NAME_MAX = 2 * RUN_NAME_MAX };

struct trace_opts {
    struct print_opts print;
    bool              notes;  /* "  # lost on link ..." */
    bool              colour; /* of lost packets and of those sent again */
};

/* A packet's lines, each with its newline. */
void trace_text(struct fmt *out, struct print_state *st,
                const struct trace_opts *o, const struct run *r,
                const struct run_packet *p);
/* The same as one JSON object, schema causeway.trace/1.  Numbers of TCP are
 * those in the packet; "line" has tcpdump's words, without a time. */
void trace_json(struct fmt *out, struct print_state *st, const struct run *r,
                const struct run_packet *p);

/* The interface it was captured at ("h1", "h1-lo"), as the file names it. */
void trace_interface(const struct run *r, const struct run_packet *p,
                     char name[TRACE_NAME_MAX]);
/* The link it was sent on; "" if that is not known. */
const char *trace_link(const struct run *r, const struct run_packet *p);

#endif
