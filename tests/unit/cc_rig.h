/* cc_rig.h: a connection that is nothing but what a controller sees: windows,
 * time, and ACKs that a test makes up.
 */
#ifndef UNIT_CC_RIG_H
#define UNIT_CC_RIG_H

#include "t.h"
#include "tcp/cc.h"

enum { RIG_MSS = 1000 };

struct cc_rig {
    struct env        env;
    struct tcp_host   host;
    struct tcp        t;
    struct tcp_flight flight;
};

/* In slow start at first, with a window of so many segments. */
void cc_rig_init(struct cc_rig *r, enum cw_cc cc, uint32_t segs);
/* An ACK of so many bytes while a whole window was out. */
void cc_rig_ack(struct cc_rig *r, uint32_t bytes, cw_ns rtt);
/* ... while only so much was. */
void cc_rig_ack_of(struct cc_rig *r, uint32_t bytes, uint32_t flight);
/* Congestion with all of the window out, and recovery at once over. */
void cc_rig_loss(struct cc_rig *r);
void cc_rig_timeout(struct cc_rig *r);

#endif
