/* run_rig.h: a recorded run built by hand: two hosts, h1 10.0.0.1 and h2
 * 10.0.0.2, 20 ms apart.
 */
#ifndef RUN_RIG_H
#define RUN_RIG_H

#include "obs/ladder.h"
#include "obs/run.h"

enum { RIG_PACKETS = 512, RIG_EVENTS = 512, RIG_ROWS = 16, RIG_OUT = 65536 };
enum {
    RIG_FIN = 1,
    RIG_SYN = 2,
    RIG_RST = 4,
    RIG_PSH = 8,
    RIG_ACK = 16,
    RIG_URG = 32
};

struct run_rig {
    struct run        run;
    struct run_host   hosts[2];
    struct run_link   link;
    struct run_packet packets[RIG_PACKETS];
    struct cw_event   events[RIG_EVENTS];
    struct run_row    rows[RIG_ROWS];
    struct run_owner  owners[RIG_ROWS];
    uint8_t           frames[RIG_PACKETS][256];
    uint16_t          client_port, server_port; /* of h2, of h1 */
    bool              six;
    char              out[RIG_OUT], notes[4096];
};

void rig_init(struct run_rig *r);

/* A packet at t microseconds from host 2 or 1 that arrives 20 ms later;
 * answers its number.  Numbers start at 1000 (h2's) and 8000. */
struct rig_seg {
    uint8_t     flags;
    uint32_t    seq, ack;
    const char *text;
    size_t      text_len; /* 0: all of text */
    uint16_t    wnd, up;
    uint32_t    sack_left, sack_right;
};
uint32_t rig_tcp(struct run_rig *r, int64_t us, unsigned from,
                 struct rig_seg s);
uint32_t rig_udp(struct run_rig *r, int64_t us, unsigned from,
                 const void *text, size_t len);
/* An unreachable port: from h1 about the packet of that number. */
uint32_t rig_unreachable(struct run_rig *r, int64_t us, uint32_t about);
/* Of the last packet. */
void rig_why(struct run_rig *r, enum why why, uint64_t arg);
void rig_lost(struct run_rig *r, enum why why, const char *rule);
/* A host's connection enters a state; pkt is what arrived, or 0. */
void rig_state(struct run_rig *r, int64_t us, unsigned host, uint32_t pkt,
               enum cw_state from, enum cw_state to, enum why why);
void rig_drop(struct run_rig *r, unsigned host, uint32_t pkt, enum why why);
void rig_time_wait(struct run_rig *r, int64_t us, unsigned host);
/* The three packets of the handshake from 0 to 40 ms, with states. */
void rig_handshake(struct run_rig *r);
/* A socket at the end. */
struct run_row *rig_row(struct run_rig *r, unsigned host, unsigned type,
                        enum cw_state state);

/* Draws into r->out and r->notes; false as ladder_draw(). */
bool rig_draw(struct run_rig *r, struct ladder_opts o);

#endif
