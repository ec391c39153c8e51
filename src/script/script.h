/* script.h: packet scripts: a text that says what a program calls, what comes
 * in and what must go out, and when; played on one stack in virtual time.
 *
 * The language is packetdrill's; docs/packet-scripts.md says what is
 * understood.  One script is one stack: nothing is left for the next.
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include <causeway/stack.h>

enum script_verdict {
    SCRIPT_PASSED = 0,
    SCRIPT_FAILED,      /* expectations were not met, or it is no script */
    SCRIPT_UNSUPPORTED, /* it asks for something that we lack */
};

struct script_options {
    /* What the script did not mention at its end is a failure, too. */
    bool exact;
    /* Sequence numbers, timestamps and the clock wrap on the way. */
    bool wrap;
    /* Scripts that name no version run over IPv6, with an MTU that is larger
     * by what its header is, so that the MSS is the same. */
    bool ipv6;
    /* Flags as in a script's option lines, which may say otherwise. */
    const char *const *flags;
    unsigned           nflags;
    /* Each event as it is met; NULL: silence. */
    void (*log)(void *ctx, const char *line);
    void *ctx;
};

struct script_result {
    enum script_verdict verdict;
    int                 line; /* where it ended, if it did not pass */
    unsigned            events;
    cw_ns               took;       /* of virtual time */
    char                text[4096]; /* why, for people; several lines */
};

/* `name` is what messages call it. */
void script_run(const char *name, const char *text, size_t len,
                const struct script_options *o, struct script_result *r);

/* What scripts keep between them, for speed: memory only. */
void script_forget(void);

#endif
