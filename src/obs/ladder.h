/* ladder.h: the sequence diagram of a recorded run, as text.
 *
 *     time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 server
 *              CLOSED      │                                  │ LISTEN
 *       0.000  SYN-SENT    ├─ SYN 0 ─────────────────────────▶│ SYN-RCVD
 *
 * Each conversation (a TCP connection, the datagrams between two sockets,
 * echoes) has a ladder of its own.  A line's time is when the packet was
 * sent; a state beside an arrow's tail holds when it is sent, beside its head
 * once it has arrived.  Six or more packets alike in a row become one line.
 *
 * Nothing is inferred: losses, reasons, states and drops are those that were
 * recorded; "again" says that the same bytes had been sent before.
 */
#ifndef OBS_LADDER_H
#define OBS_LADDER_H

#include "obs/run.h"

enum { LADDER_LINE_MAX = 1024 };

struct ladder_opts {
    unsigned conn;    /* only this conversation (from 1); 0: all */
    unsigned most;    /* draw no more than these many; 0: all */
    unsigned columns; /* of the terminal; 0: 80 */
    bool     ascii, colour, json;
    bool     absolute; /* sequence numbers as they are in the packets */
    bool     windows;  /* the window beside each acknowledgement */
    bool     list;     /* only a table of the conversations */
};

/* Lines without their newline.  `note` has remarks for people. */
struct ladder_out {
    void *ctx;
    void (*line)(void *ctx, const char *text, size_t len);
    void (*note)(void *ctx, const char *text);
};

/* False: *why says what is wrong (no such conversation, no memory). */
bool ladder_draw(const struct run *r, const struct ladder_opts *o,
                 const struct ladder_out *out, const char **why);

#endif
