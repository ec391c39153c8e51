/* live.h: the user's live host: one stack that several terminals share.
 *
 * The first `causeway run` starts it; it is a process of its own.  Each front
 * end supervises its own program and forwards its calls (shim/call.h) with
 * the descriptors they name; the bytes themselves go through the pairs, from
 * the program to the host directly.
 *
 *     front end                          host
 *     LIVE_HELLO, its options       ->
 *                                   <-   LIVE_WELCOME, or LIVE_REFUSED
 *     LIVE_CALL, LIVE_CANCEL        ->
 *                                   <-   LIVE_REPLY
 *     LIVE_TOLD                     ->
 *     LIVE_LEAVE                    ->
 *                                   <-   LIVE_GOODBYE
 */
#ifndef SHIM_LIVE_H
#define SHIM_LIVE_H

#include "shim/chan.h"
#include "shim/ctl.h"
#include "shim/notify.h"
#include "shim/place.h"

#include <sys/types.h>

enum { LIVE_OPTS_MAX = 32768, LIVE_TEXT_MAX = 640 };

enum live_msg {
    LIVE_HELLO = 1,
    LIVE_WELCOME,
    LIVE_REFUSED,
    LIVE_CALL,
    LIVE_CANCEL,
    LIVE_TOLD,
    LIVE_REPLY,
    LIVE_LEAVE,
    LIVE_GOODBYE,
    LIVE_STOPPED, /* by `causeway host stop`, or a signal */
};

enum live_want { LIVE_JOIN, LIVE_STOP, LIVE_STATUS };

/* Followed by the options, in the form of whoever made them. */
struct live_hello {
    uint32_t build; /* live_build(): both are the same program */
    uint32_t want;  /* enum live_want */
};

struct live_welcome {
    int32_t pid; /* of the host */
    bool    first;
    char    text[LIVE_TEXT_MAX]; /* the link, or the status, in words */
};

struct live_refused {
    int32_t status; /* to exit with */
    char    text[LIVE_TEXT_MAX];
};

struct live_told {
    uint64_t id;
    bool     arrived;
};

struct live_goodbye {
    bool ends;                /* the host ends now */
    char text[LIVE_TEXT_MAX]; /* why it stays, or "" */
};

uint32_t live_build(void);

/* ---- live_join.c: a front end ---------------------------------------------- */

struct live {
    struct chan         chan;
    struct ctl_front   *front; /* known from its first call */
    struct live_welcome welcome;
    bool                lost; /* the host has gone without a goodbye ... */
    char                why[LIVE_TEXT_MAX]; /* ... as far as is known */
};

/* Joins the live host; starts it if there is none and `start`.  0, or the
 * exit status and live->why. */
int live_join(struct live *live, bool start, const void *opts, size_t len);
/* From now on its messages come through the loop. */
void             live_watch(struct live *live, struct loop *loop);
struct call_sink live_sink(struct live *live);
/* Leaves.  What the host says about itself, for people, or "". */
const char *live_leave(struct live *live);

/* Asks without joining (LIVE_STOP, LIVE_STATUS); after a stop, waits until
 * it is gone.  0, or the exit status and out->text. */
int live_ask(enum live_want want, struct live_welcome *out);

/* ---- live_host.c: the host -------------------------------------------------- */

struct live_host_config {
    struct loop *loop;
    int          listener;
    void        *ctx;
    /* Somebody wants in.  The first one's options make the host.  0, or the
     * exit status and why; `words` describe the link. */
    int (*join)(void *ctx, const void *opts, size_t len, bool first,
                struct live_welcome *out, char why[LIVE_TEXT_MAX]);
    struct ctl *(*ctl)(void *ctx); /* once the first has joined */
    /* What must still be kept though nobody is here: one line, or false. */
    bool (*remains)(void *ctx, char text[LIVE_TEXT_MAX]);
    /* It is over; with the lock, so that nobody joins. */
    void (*ending)(void *ctx);
    /* For `causeway host`. */
    void (*status)(void *ctx, unsigned members, char text[LIVE_TEXT_MAX]);
};

/* Serves until nobody is left, or it is stopped. */
void live_host_run(const struct live_host_config *config);

#endif
