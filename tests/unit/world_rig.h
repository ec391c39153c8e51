/* world_rig.h: a lab under test: what it sent, said and was called. */
#ifndef WORLD_RIG_H
#define WORLD_RIG_H

#include "base/addr.h"
#include "base/check.h"
#include "base/ns.h"
#include "world/world.h"

struct rig_packet {
    cw_ns    t;
    uint32_t number;
    unsigned host, netif;
    bool     inward, name;
    uint16_t why;
    char     flags[8]; /* "SA"; "" if it is not TCP */
    uint8_t  proto;
    uint32_t len;  /* of the payload of TCP or UDP */
    uint64_t hash; /* of all bytes */
};

struct rig_call {
    cw_ns          t;
    unsigned       host;
    struct wcall   call;
    struct wresult res;
    uint8_t       *bytes; /* what was sent or set */
};

struct rig {
    struct cw_alloc     alloc;
    long                bytes; /* not given back */
    uint8_t             pattern;
    struct world_config config;
    struct lab_config   lab;
    struct world       *w;
    struct rig_packet  *packets;
    size_t              npackets;
    struct rig_call    *calls;
    size_t              ncalls;
    char                out[4096];
    struct world_fate  *fates; /* final ones */
    size_t              nfates;
    unsigned            nevents;
    char                ready[64]; /* "1L2X": who, how */
};

void rig_defaults(struct rig *r, unsigned hosts, cw_ns delay);
void rig_make(struct rig *r);
void rig_init(struct rig *r, unsigned hosts, cw_ns delay);
/* Fails if memory is left. */
void     rig_free(struct rig *r);
unsigned rig_add(struct rig *r, unsigned host, size_t argc,
                 const char *const *argv);
/* Adds and starts them in turn on h1, h2 ..., runs the lab and answers its
 * status.  Words of endpoints stand between colons. */
int rig_lab(struct rig *r, const char *words);
/* A call that must answer this. */
ptrdiff_t rig_call(struct rig *r, unsigned host, struct wcall call);
uint64_t  rig_digest(const struct rig *r);
void      rig_show(const struct rig *r);

#endif
