/* tcp_plan.h: one segment to be.  Private to tcp_output.c and tcp_plan.c.
 */
#ifndef TCP_TCP_PLAN_H
#define TCP_TCP_PLAN_H

#include "tcp/tcb.h"

/* One segment to be. */
struct plan {
    seq      start;
    uint32_t len; /* of text */
    uint8_t  ctl; /* F_SYN, F_FIN */
    bool     again;
    enum why why;
    uint64_t arg;
};

/* The packet with its text; false: no memory.  The plan may get shorter. */
bool tcp_plan_prepare(struct tcp *t, struct plan *p, struct cw_pkt *pkt);
/* Puts the header in front, as things stand now, and sends. */
void tcp_plan_launch(struct tcp *t, const struct plan *p, struct cw_pkt *pkt);

#endif
