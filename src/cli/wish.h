/* wish.h: what a `causeway run` asks of the live host that it joins: its
 * options, as they go from the one process to the other.
 */
#ifndef CLI_WISH_H
#define CLI_WISH_H

#include "cli/netopts.h"
#include "cli/runs.h"

struct wish {
    struct net_opts opts; /* opts.record points to nothing ... */
    char            record[RUNS_PATH_MAX]; /* ... this is it, or "" */
};

#endif
