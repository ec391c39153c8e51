/* host.h: the stack under a script: time, what goes in, what came out.
 *
 * At equal times timers run before anything else.  Neighbours are known;
 * what is not TCP, UDP or ICMP (neighbour discovery, group membership) is
 * nobody's business here.
 */
#ifndef SCRIPT_HOST_H
#define SCRIPT_HOST_H

#include "script/pool.h"

#include "base/addr.h"
#include "base/ns.h"
#include "base/why.h"

/* A packet that went out; `ip` is where its IP header begins. */
struct sent {
    struct sent   *next;
    cw_ns          t;
    enum why       why;
    uint64_t       why_arg;
    const uint8_t *ip;
    size_t         len;
};

struct host_config {
    struct cw_config cw;
    struct cw_addr   local, remote, gateway;
    unsigned         prefix;
    uint32_t         mtu;
};

struct host {
    cw_stack    *st;
    cw_ns        now;
    struct pool *pool;
    struct sent *head, **tail;
    enum why     dropped; /* why the last packet that came in was */
};

/* NULL, or why there can be none. */
const char *host_start(struct host *h, struct host_config *c, cw_ns now,
                       struct pool *pool);
void        host_end(struct host *h);
/* Takes what the stack has to send. */
void host_settle(struct host *h);
/* To the next timer or `until`, whichever is first. */
void host_step(struct host *h, cw_ns until);
/* False: there is no memory for it. */
bool host_give(struct host *h, const uint8_t *ip, size_t len);
/* The oldest packet, and it is gone from the queue. */
struct sent *host_take(struct host *h);

/* Who is behind every address but our own. */
extern const struct cw_mac host_peer_mac;

/* Keeps what is given back, for the next stack. */
void host_forget(void);

#endif
