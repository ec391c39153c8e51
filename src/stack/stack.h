/* stack.h: the room that stack/ and sock/ share: one host.
 *
 * Everything of a host hangs from struct cw_stack.  `now` is set by the entry
 * calls and by nobody else.
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "net/net.h"
#include "sock/socktab.h"
#include "store/env.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

struct cw_stack {
    struct env        env;
    struct cw_config  config;
    struct net       *net;
    struct udp_host  *udp;
    struct tcp_host  *tcp;
    struct sock_table socks;
    bool              may_have_output;
};

/* Takes the time of an entry call: never backward. */
void stack_enter(struct cw_stack *st, cw_ns now);
/* The end of an entry call: builds what it owes (RFC 9293 MUST-58). */
void stack_leave(struct cw_stack *st);

/* The defaults under what the caller gave; NULL, or what is wrong with it. */
const char *stack_config(const struct cw_config *given,
                         struct cw_config       *out);
/* Tells the network layer where the transports are. */
void stack_protos(struct cw_stack *st);

/* Does nobody wait for anything here?  Listeners, TIME-WAIT, FIN-WAIT-2 and
 * connections that owe nothing and expect nothing do not count. */
bool stack_idle(struct cw_stack *st);

/* Would a datagram to this address and port find a socket? */
bool stack_udp_bound(struct cw_stack *st, const struct cw_addr *dst,
                     uint16_t port);

#endif
