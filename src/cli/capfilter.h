/* capfilter.h: tcpdump's filter expressions, by libpcap. */
#ifndef CLI_CAPFILTER_H
#define CLI_CAPFILTER_H

#include "base/addr.h"
#include "base/fmt.h"
#include "obs/run.h"

enum { CAPFILTER_WHY_MAX = 320 };

struct capfilter;

/* The run's hosts may be named in the expression.  False: why is one line.
 * With no expression ("") everything matches, and libpcap is not needed. */
bool capfilter_make(struct capfilter **out, const char *expression,
                    const struct run *r, char why[CAPFILTER_WHY_MAX]);
bool capfilter_match(const struct capfilter *f, const struct run_packet *p);
void capfilter_free(struct capfilter *f);

#endif
