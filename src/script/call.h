/* call.h: the calls of a script's program, for each other. */
#ifndef SCRIPT_CALL_H
#define SCRIPT_CALL_H

#include "script/run.h"

/* What a call answers besides 0 or more and a negative errno. */
enum { CALL_BLOCKS = -100000, CALL_ENDED = -100001 };

/* Begins a call; it may stay pending.  `before`: the event before it. */
void call_begin(struct run *r, const struct event *e, cw_ns before);
/* Tries those that are under way again. */
void calls_retry(struct run *r);
/* The next timeout of one of them. */
cw_ns calls_deadline(const struct run *r);
/* The script is over: they get the time that they have. */
void calls_finish(struct run *r);

/* ---- arguments ------------------------------------------------------------ */

/* The i-th; one that says nothing if there are fewer. */
const struct val *arg(const struct pending *p, unsigned i);
bool              arg_is_any(const struct val *v);
/* A number; what is none ends the script. */
int64_t arg_int(struct run *r, const struct val *v);
/* A number or, for `...`, this. */
int64_t arg_int_or(struct run *r, const struct val *v, int64_t any);
/* The descriptor of this number; NULL: none is open. */
struct fd *arg_fd(struct run *r, const struct val *v);
/* An address; `...` is `any`. */
void arg_addr(struct run *r, const struct val *v,
              const struct cw_sockaddr *any, struct cw_sockaddr *out);
/* A member of a structure by name, or by position. */
const struct val *arg_field(const struct val *v, const char *name,
                            unsigned position);
/* A new descriptor of the stack's `sd`. */
struct fd *fd_new(struct run *r, int sd, int type);
/* A stream to there begins: the flow of its packets. */
void call_aim_stream(struct run *r, struct fd *fd,
                     const struct cw_sockaddr *to);
/* The number that the script gave it. */
void fd_name(struct run *r, struct fd *fd, const struct event *e);

/* ---- the calls: an attempt ------------------------------------------------ */

typedef int64_t call_fn(struct run *r, struct pending *p);
call_fn call_socket, call_bind, call_listen, call_accept, call_connect,
    call_shutdown, call_close;
call_fn call_read, call_recv, call_recvfrom, call_recvmsg, call_readv,
    call_write, call_send, call_sendto, call_sendmsg, call_writev;
call_fn call_getsockopt, call_setsockopt, call_fcntl, call_ioctl;
call_fn call_poll, call_epoll_create, call_epoll_ctl, call_epoll_wait;

#endif
