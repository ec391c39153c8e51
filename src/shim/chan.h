/* chan.h: messages with a descriptor, between a front end and a live host.
 *
 * A message is a kind, a body and at most one descriptor, over a SEQPACKET
 * socket.  Never blocks: what the socket does not take is kept in order.
 */
#ifndef SHIM_CHAN_H
#define SHIM_CHAN_H

#include "loop/loop.h"

#include <stddef.h>
#include <sys/uio.h>

enum { CHAN_MAX = 80 * 1024 };

struct chan {
    struct loop_src src;
    struct loop    *loop;
    struct list     queue; /* not yet sent */
    bool            dead;
    /* A message; the descriptor (or -1) is the receiver's.  chan_close()
     * may be called from here. */
    void (*message)(struct chan *c, unsigned kind, const void *body,
                    size_t len, int fd);
    /* The other side has gone. */
    void (*gone)(struct chan *c);
};

/* Takes the socket over. 0, or -errno. */
int  chan_init(struct chan *c, struct loop *loop, int fd);
void chan_close(struct chan *c);

/* A message of two parts (the second may be NULL); `fd` stays the caller's.
 */
void chan_send(struct chan *c, unsigned kind, const void *body, size_t len);
void chan_send2(struct chan *c, unsigned kind, const struct iovec part[2],
                int fd);

/* Before there is a loop: one message, waiting for `ms` at most; the length
 * of its body, or -errno (-ETIMEDOUT, -EPIPE). */
ptrdiff_t chan_read_one(int fd, unsigned *kind, void *body, size_t room,
                        int ms);
bool      chan_write_one(int fd, unsigned kind, const void *body, size_t len);

#endif
