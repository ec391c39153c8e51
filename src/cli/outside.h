/* outside.h: a world's outside carried by a driver: --dev tap:NAME.
 */
#ifndef CLI_OUTSIDE_H
#define CLI_OUTSIDE_H

#include "cli/netopts.h"
#include "loop/loop.h"

#include <causeway/driver.h>

struct outside {
    struct cw_driver *driver; /* NULL: the world has no outside */
    const char       *dev;
    struct loop      *loop;
    struct world     *world;
    struct loop_src   src;
};

/* Opens what --dev names, if anything.  0, or the exit status: a message has
 * been said. */
int outside_open(struct outside *o, const struct net_opts *opts);
/* Frames pass from now on. */
void outside_watch(struct outside *o, struct loop *loop, struct world *w);
/* The hosts find out their addresses, if --addr asks for it: 0, or the exit
 * status. */
int outside_settle(struct outside *o, const struct net_opts *opts);
/* For the world's hook of the same name. */
void outside_send(struct outside *o, struct cw_pkt *pkts, unsigned n);
void outside_close(struct outside *o);

#endif
