/* driver.h: what carries packets between a stack and a medium.
 *
 * A driver moves bursts.  It owns no policy and no thread.  Packets are
 * those of stack.h: recv answers packets whose references pass to the caller;
 * send takes references over, also of packets that it drops.
 */
#ifndef CAUSEWAY_DRIVER_H
#define CAUSEWAY_DRIVER_H

#include <causeway/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cw_driver;

struct cw_driver_ops {
    const char *name;
    /* Up to max received packets; 0 when there is none at the moment, or
     * -CW_E* when the medium is gone.  Buffers come from `stack`. */
    int (*recv)(struct cw_driver *d, cw_stack *stack, struct cw_pkt *pkts,
                unsigned max);
    /* Transmit n packets; answers how many were taken (references passed).
     */
    unsigned (*send)(struct cw_driver *d, struct cw_pkt *pkts, unsigned n);
    /* A descriptor to wait on for recv, or -1. */
    int (*wait_fd)(const struct cw_driver *d);
    void (*close)(struct cw_driver *d);
};

struct cw_driver {
    const struct cw_driver_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
