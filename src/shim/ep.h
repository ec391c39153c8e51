/* ep.h: one emulated socket: a stack's socket and a pair, joined.
 *
 * Private to ctl*.c and ep*.c.  An endpoint is found by the inode number of
 * the program's end of its pair, so dup, fork, exec and descriptor passing
 * need no bookkeeping.
 */
#ifndef SHIM_EP_H
#define SHIM_EP_H

#include "shim/ctl.h"
#include "shim/pair.h"

enum ep_state {
    EP_FRESH = 1 << 0,
    EP_LISTEN = 1 << 1,
    EP_CONNECTING = 1 << 2,
    EP_OPEN = 1 << 3,   /* connected; datagrams: connected */
    EP_FAILED = 1 << 4, /* a non-blocking connect() failed: may try again */
    EP_DEAD = 1 << 5,   /* over; only names and an error are left */
};

/* A call that is held until something happens. */
struct waiter {
    struct list        link, timed;
    struct ctl_front  *front;
    uint64_t           id;
    uint8_t            op;
    int32_t            flags, pid;
    uint32_t           fdflags;
    uint64_t           room;
    cw_ns              deadline;
    struct cw_sockaddr addr;
    int                prog; /* a duplicate of the program's end, or -1 */
    uint32_t           len;  /* CALL_SEND: what is to be sent */
    char              *data;
};

enum { EP_HINTS = 24 };

struct ep {
    struct loop_src    src; /* our end of the pair */
    struct pair        pair;
    struct ctl        *ctl;
    struct ctl_front  *front; /* who made it */
    struct list        by_ino, by_sd, link, queued;
    struct list        waiters;
    struct list        returned; /* listener: accepted, but not delivered */
    unsigned           host;
    int                sd; /* -1: the stack knows it no more */
    int                domain, type, protocol;
    uint64_t           ino;
    uint8_t            state;  /* enum ep_state */
    int                soerr;  /* an error that the stack has told us */
    int                prog;   /* the program's end, while we must hold it */
    unsigned           tokens; /* listener: bytes that say "accept" */
    size_t             held;   /* what the stack was told */
    bool               closed, shut_rd, shut_wr, fin_given, eof_taken;
    bool               untold;   /* how the connect() ended */
    bool               pair_err; /* the program's end has an error, too */
    bool               retired, dead, serves;
    bool               polled;      /* connect() was non-blocking */
    bool               undelivered; /* accepted, but nobody has it yet */
    int32_t            pid;
    struct cw_sockaddr local, peer; /* once sd is -1 */
    uint32_t           hinted; /* options without effect, as they were set */
    int32_t            hints[EP_HINTS];
};

enum { EP_HASH = 1024, EP_RETIRED_MAX = 1024, EP_SWEEP_FROM = 256 };

struct ctl {
    struct loop     *loop;
    struct ctl_stack stack;
    unsigned         hosts;
    struct list      fronts, by_ino[EP_HASH], by_sd[EP_HASH];
    struct list      live, retired, grave, timed, sent;
    unsigned         nretired, sweep_at;
    char             buf[CALL_DATA_MAX];
};

/* ---- ep.c: life ---- */
struct ep *ep_new(struct ctl *ctl, struct ctl_front *front, int sd);
/* Opens the pair and watches it; the program's end, or -errno. */
int        ep_pair(struct ep *ep, bool nonblock);
void       ep_unwatch(struct ep *ep);
void       ep_free(struct ep *ep); /* memory goes at the end of the turn */
void       ep_bury(struct ctl *ctl);
struct ep *ep_by_ino(struct ctl *ctl, uint64_t ino);
struct ep *ep_by_sd(struct ctl *ctl, unsigned host, int sd);
/* The pair is given up: nobody says any more when the program closes. */
void ep_park(struct ep *ep);
/* The same, and the stack's socket is given up, too; the program may still
 * ask for names and the error. */
void ep_retire(struct ep *ep);
/* A new pair for a parked one, full as pair_fill() leaves it, in the place of
 * the call's descriptor; how is REPLY_SETFD or REPLY_LATER.  False: it has
 * failed, and the call is answered. */
bool ep_renew(struct ep *ep, struct ctl_front *front, const struct call *call,
              enum reply_kind how, int64_t value);
/* Frees those given up that the program has closed meanwhile. */
void ep_sweep(struct ctl *ctl);

/* One call to the stack on this endpoint. */
ptrdiff_t ep_call(struct ep *ep, struct wcall *call, struct wresult *res);
ptrdiff_t ep_op(struct ep *ep, int op, int a);
/* The label of its rows is the inode number of the program's end, by which
 * owners_find() sees who has it. */
void ep_set_owner(struct ep *ep, int32_t pid);

/* ---- ep_wait.c: answers, now and later ---- */
enum told ep_answer(struct ctl_front *front, uint64_t id, int64_t value);
enum told ep_native(struct ctl_front *front, uint64_t id);
/* Holds the call; the waiter, or NULL: it was answered with ENOMEM. */
struct waiter *ep_hold(struct ep *ep, struct ctl_front *front,
                       const struct call        *call,
                       const struct cw_sockaddr *addr);
/* The oldest held call of this operation, taken off the list, or NULL. */
struct waiter *ep_waiter(struct ep *ep, int op);
/* Is there one? */
bool ep_waiter_any(const struct ep *ep, int op);
void ep_waiter_free(struct waiter *w);
/* Answers all held calls of an operation (CALL_OPS: of all). */
void ep_answer_all(struct ep *ep, int op, int64_t value);
/* They go on natively. */
void ep_native_all(struct ep *ep, int op);

/* ---- ep_sent.c: answers on their way whose loss must be made good ---- */
void ep_sent_accept(struct ep *listener, struct ep *child,
                    struct ctl_front *front, uint64_t id);
/* A copy of the ctl's buffer; item.err if it stands for an error. */
void ep_sent_gram(struct ep *ep, struct ctl_front *front, uint64_t id,
                  const struct pair_item *item);
void ep_sent_connect(struct ep *ep, struct ctl_front *front, uint64_t id,
                     int err);
/* The endpoint dies, or the front end does (NULL: any). */
void ep_sent_forget(struct ep *ep);
void ep_sent_drop(struct ctl *ctl, const struct ctl_front *front);

/* ---- ep_stream.c ---- */
void ep_up(struct ep *ep);   /* program -> stack */
void ep_down(struct ep *ep); /* stack -> program */
void ep_opened(struct ep *ep);
void ep_fail(struct ep *ep, int err);
void ep_disconnect(struct ep *ep); /* as connect() to AF_UNSPEC */
void ep_stream_event(struct ep *ep, uint32_t events);
void ep_stream_ready(struct ep *ep);
/* A pending error of the connection, told once; 0: none.  `prog` is the
 * program's end, whose own error is taken off with it. */
int ep_take_error(struct ep *ep, int prog);
/* A connect() failed, and whoever made it could not be told. */
void ep_connect_untold(struct ep *ep, int err);
/* No direction is open any more, but the program's end is. */
void ep_both_shut(struct ep *ep, int prog);

/* ---- ep_io.c: a stream's send() and recv() ---- */
void ep_stream_send(struct ep *ep, struct ctl_front *front,
                    const struct call *call);
void ep_stream_recv(struct ep *ep, struct ctl_front *front,
                    const struct call *call);
/* There is something to read (or the end), or room to send. */
void ep_readable(struct ep *ep);
void ep_writable(struct ep *ep);

/* ---- ep_listen.c ---- */
void ep_listen_ready(struct ep *ep);
void ep_accept(struct ep *ep, struct ctl_front *front,
               const struct call *call);
void ep_accept_undo(struct ep *listener, struct ep *ep);
void ep_listen_close(struct ep *ep);
/* The program has its descriptor. */
void ep_delivered(struct ep *child);

/* ---- ep_gram.c ---- */
/* Gives it (from the ctl's buffer) to the program's end. */
void ep_gram_give(struct ep *ep, const struct pair_item *item);
void ep_gram_up(struct ep *ep);
void ep_gram_event(struct ep *ep, uint32_t events);
void ep_gram_ready(struct ep *ep);
void ep_gram_shut(struct ep *ep); /* for receiving */
void ep_gram_send(struct ep *ep, struct ctl_front *front,
                  const struct call *call);
/* An error that nobody was told yet; 0: none. */
int  ep_gram_take_error(struct ep *ep, int prog);
void ep_gram_recv(struct ep *ep, struct ctl_front *front,
                  const struct call *call);

/* ---- ctl_opt.c ---- */
void ctl_setopt(struct ep *ep, struct ctl_front *front,
                const struct call *call);
void ctl_getopt(struct ep *ep, struct ctl_front *front,
                const struct call *call);
void ctl_ioctl(struct ep *ep, struct ctl_front *front,
               const struct call *call);

#endif
