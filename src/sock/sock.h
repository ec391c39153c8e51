/* sock.h: the door of the socket layer, and what its files share.
 *
 * The calls themselves are those of <causeway/socket.h>.  The layer decides
 * what Linux decides in its generic socket code: which call is right in which
 * state, with which error; the protocols do the rest.
 */
#ifndef SOCK_SOCK_H
#define SOCK_SOCK_H

#include "base/check.h"
#include "stack/stack.h"

/* Given to the transports: the readiness of `owner`, a struct sock, may have
 * changed.  ctx is the stack. */
void sock_heard(void *ctx, void *owner);

/* ---- shared by this directory's files ---------------------------------- */

static inline bool sock_is_stream(const struct sock *s)
{
    return s->type == CW_SOCK_STREAM;
}

/* An entry call begins: takes the time and finds the socket (or NULL). */
struct sock *sock_enter(struct cw_stack *st, int sd, cw_ns now);
/* It ends: builds what it owes, reports it; answers ret.  s may be NULL. */
ptrdiff_t sock_leave(struct cw_stack *st, const struct sock *s,
                     enum event_call call, ptrdiff_t ret);
/* Gives up what the socket holds of the transports. */
void sock_release(struct sock *s);
/* The options that count now: the connection's, the listener's, or its own.
 * Streams only. */
struct tcp_opts *sock_opts(struct sock *s);
/* life.c: connect() of a stream that is nothing yet; `fast`: by Fast Open. */
int sock_open(struct sock *s, const struct cw_sockaddr *addr, bool fast);
/* Fast Open as the program wants it; NULL: a connection's is past. */
struct tcp_fastopen *sock_fast(struct sock *s);
/* The pending error (positive), taken; 0 if there is none. */
int  sock_take_error(struct sock *s);
bool sock_v6only(const struct sock *s);

/* opt_group.c: options about groups, which are not in opt.c's table.  What
 * can be read is an int, or an IPv4 address in its bytes. */
bool opt_is_group(const struct sock *s, int level, int name);
int  opt_group_set(struct sock *s, int level, int name, const void *val,
                   size_t len);
int  opt_group_get(struct sock *s, int level, int name, int *out);

/* opt_ip.c: options about the IP header, and errors as messages.  Ints. */
bool opt_is_ip(const struct sock *s, int level, int name);
int  opt_ip_set(struct sock *s, int level, int name, const void *val,
                size_t len);
int  opt_ip_get(struct sock *s, int level, int name, int *out);
/* IP_OPTIONS, which is bytes. */
bool opt_is_ip_options(const struct sock *s, int level, int name);
int  opt_ip_options_set(struct sock *s, const void *val, size_t len);
const struct cw_ip_opts *opt_ip_options(const struct sock *s);

/* opt_fast.c: Fast Open.  get answers the value's size. */
bool   opt_is_fast(const struct sock *s, int level, int name);
int    opt_fast_set(struct sock *s, int name, const void *val, size_t len);
size_t opt_fast_get(struct sock *s, int name, uint8_t out[static 32]);

/* Addresses as the program gave them into those that the protocols take:
 * 0 or -CW_E*. */
int name_to_bind(const struct sock *s, const struct cw_sockaddr *in,
                 struct cw_sockaddr *out);
int name_to_reach(const struct sock *s, const struct cw_sockaddr *in,
                  struct cw_sockaddr *out);
struct cw_sockaddr name_wildcard(const struct sock *s);
/* The local name as far as it is known; port 0: not bound. */
void name_local(const struct sock *s, struct cw_sockaddr *out);

#endif
