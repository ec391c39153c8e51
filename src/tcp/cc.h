/* cc.h: what a congestion controller is: five events that move cwnd and
 * ssthresh.  RFC 5681, RFC 9743 for what any of them owes the network.
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include "tcp/tcb.h"

struct cc_ops {
    const char *name;
    /* new data was acknowledged, outside of recovery */
    void (*acked)(struct tcp *t, uint32_t bytes, uint32_t flight);
    /* loss was seen; flight is what was outstanding */
    void (*lost)(struct tcp *t, uint32_t flight);
    /* the first timeout of a segment */
    void (*timed_out)(struct tcp *t, uint32_t flight);
    /* recovery is over */
    void (*recovered)(struct tcp *t);
    /* about to send after an idle time longer than an RTO */
    void (*idle)(struct tcp *t);
};

extern const struct cc_ops cc_reno;

static inline const struct cc_ops *tcp_cc(const struct tcp *t)
{
    (void)t;
    return &cc_reno;
}

void tcp_cwnd_event(struct tcp *t, enum why why);

#endif
