/* pair.h: the socketpair behind a program's descriptor.
 *
 * The program holds one end for ever and uses it natively; we hold the other
 * and move bytes.  What AF_UNIX does not do as TCP does is arranged here:
 *
 *   reset      closing our end with a byte unread makes the program see
 *              ECONNRESET; so one byte is always left unread in it (`left`)
 *   connecting the program's end must not be writable: it is filled up
 *   unread     how much of what we gave lies unread follows from the kernel's
 *              accounting (SIOCOUTQ), since buffers are freed in order
 *
 * Knows nothing of stacks or notifications.  No call here blocks.
 */
#ifndef SHIM_PAIR_H
#define SHIM_PAIR_H

#include <causeway/socket.h>

enum {
    PAIR_CHUNK =
        32768, /* a stream's largest single give: one kernel buffer */
    PAIR_GRAM_MAX = 65535,
};

/* What pair_take() answers when there are no bytes. */
enum { PAIR_NOTHING = 0, PAIR_EOF = -1 };
enum { PAIR_TOLD = -1 };

/* One thing that was given and may lie unread. */
struct pair_item {
    uint32_t           bytes, cost; /* cost: as the kernel charges it */
    int                err; /* datagrams: stands for this error; 0: data;
                             PAIR_TOLD: for one that was told */
    struct cw_sockaddr from;
    struct cw_anc      anc;
};

struct pair {
    int      s; /* our end; -1: gone */
    bool     stream;
    bool     left;     /* the first byte in s was forwarded before */
    bool     hung;     /* the program shut down writing, or closed */
    bool     detached; /* given up, but what is in `rest` still counts */
    bool     urgent;   /* the next byte of s is urgent data */
    uint32_t filler;   /* bytes in s that nobody wrote */
    uint32_t quarter;  /* below it the kernel tells us of each read */
    struct pair_item *items; /* a ring: what was given, oldest first */
    uint32_t          nitems, first, cap;
    uint64_t          cost, bytes; /* sums over the items */
    char  *rest; /* taken out of the kernel's queue, not by our user yet */
    size_t nrest, rest_at;
};

/* A new pair; answers the program's end (to give away and close) or -errno.
 * `type` is SOCK_STREAM or SOCK_DGRAM. */
int pair_open(struct pair *p, int type, bool nonblock);
/* Closes our end; the program sees the end of the stream. */
void pair_end(struct pair *p);
/* Closes our end; the program sees ECONNRESET. */
void pair_reset(struct pair *p);
/* The program will read the end of the stream after what was given. */
void pair_fin(struct pair *p);
/* As pair_end(), but pair_take() still gives what the program, which has shut
 * down writing, wrote.  False: no memory, nothing is done. */
bool pair_detach(struct pair *p);

/* Makes the program's end `prog` unwritable; what is written into it then
 * counts as filler, which pair_unfill() takes out again. */
void pair_fill(struct pair *p, int prog);
void pair_unfill(struct pair *p);

/* Up to `room` bytes of the program's stream; *urgent: the last one is
 * urgent data.  Or PAIR_NOTHING, or PAIR_EOF. */
ptrdiff_t pair_take(struct pair *p, void *buf, size_t room, bool *urgent);
/* What was taken and is to be given by the next pair_take()s. */
void pair_untake(struct pair *p, const void *buf, size_t len);
/* The program's next datagram, which may be empty; PAIR_EOF: there is none. */
ptrdiff_t pair_take_gram(struct pair *p, void *buf, size_t room);

/* How many bytes pair_give() will surely take now. */
size_t pair_room(struct pair *p);
/* Gives bytes of the stream; how many were taken, or -errno. */
ptrdiff_t pair_give(struct pair *p, const void *buf, size_t len, bool urgent);
/* Gives a datagram (or an error in the shape of an empty one); 0, -errno. */
int pair_give_gram(struct pair *p, const void *buf, size_t len,
                   const struct pair_item *what);

/* Forget what the program has read meanwhile; answers the unread bytes. */
size_t pair_unread(struct pair *p);
/* The oldest unread datagram's record, or NULL.  Sync first. */
const struct pair_item *pair_oldest(const struct pair *p);
/* The first error among the unread, which now counts as told; 0: none. */
int pair_take_error(struct pair *p);
/* An error that nobody was told becomes this one; false: there is none. */
bool pair_change_error(struct pair *p, int err);

#endif
