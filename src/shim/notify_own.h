/* notify_own.h: what the files of the front end share. */
#ifndef SHIM_NOTIFY_OWN_H
#define SHIM_NOTIFY_OWN_H

#include "shim/notify.h"

/* A call that was made and is not answered; or is, and its caller could not
 * be told (`done`). */
struct pend {
    struct list by_tid;
    uint64_t    id;      /* the kernel's; a new one if it is made again */
    uint64_t    call_id; /* ours */
    uint64_t    print;   /* of what it says, beyond args */
    bool        done;
    int64_t     value;
    int         tid, nr;
    uint64_t    args[6];
    int      prog; /* a duplicate of its descriptor while it is asked; -1 */
    uint64_t sock; /* its inode number */
    bool     gram; /* the pair carries datagrams */
    /* sendmmsg, recvmmsg: which message, of how many; and the answer to the
     * last one, when it came while the next was not yet asked for */
    uint32_t i, n;
    bool     again, driving;
};

/* decode.c: the call behind a notification.  0: *c is filled in (its data in
 * `buf`); -errno: that is the answer; 1: leave it to the kernel. */
int decode_call(const struct pend *p, int prog, struct call *c,
                char buf[static CALL_DATA_MAX]);
/* What an answer writes into the program's memory; the value to return or
 * -errno.  */
int64_t encode_reply(const struct pend *p, const struct reply *r);

#endif
