/* sock_rig.h: one stack with a loopback and an Ethernet interface, for tests
 * of its calls.  What leaves by lo comes back; what leaves by eth0 is counted
 * and lost.
 */
#ifndef SOCK_RIG_H
#define SOCK_RIG_H

#include "base/addr.h"
#include "base/check.h"
#include "base/ns.h"
#include "base/event.h"
#include <causeway/causeway.h>

struct rig {
    struct cw_alloc  alloc;
    long             bytes;   /* not given back */
    long             allocs;  /* calls so far */
    long             fail_at; /* this one fails; 0: none does */
    struct cw_config config;
    cw_stack        *st;
    cw_ns            now;
    unsigned         eth_out; /* frames that left by eth0 */
    unsigned         lo_out;
};

/* A stack of the deployed profile with 127.0.0.1/8, ::1, 10.0.0.1/24 and
 * fd00::1/64, and a neighbour 10.0.0.2 that never answers. */
void rig_init(struct rig *r);
/* The same, of r->config, which the caller has changed after
 * rig_defaults(). */
void rig_defaults(struct rig *r);
void rig_make(struct rig *r);
/* Fails if the stack keeps memory. */
void rig_free(struct rig *r);
/* Carries packets until nothing moves; no time passes. */
void rig_pump(struct rig *r);
/* The same until this moment, each timer at its own time. */
void rig_run(struct rig *r, cw_ns until);

struct cw_sockaddr at4(const char *dotted, uint16_t port);
struct cw_sockaddr at6(const char *text, uint16_t port);

/* A listening stream on addr and a connection to it, both ends' numbers. */
struct pair {
    int listener, client, server;
};
struct pair rig_connect(struct rig *r, struct cw_sockaddr addr);

#define CALL(expected, call) assert_int_equal(expected, call)

#endif
