/* counters.h: a run's counters, by host: what `netstat -s` shows.
 *
 * They were written down at the end (or just now, of what lives) by name, so
 * that a recording of another version is read as it is.
 */
#ifndef OBS_COUNTERS_H
#define OBS_COUNTERS_H

#include "obs/sockets.h"

/* In net-tools' shape; o->tcp, o->udp and o->host select. */
void counters_netstat(const struct run *r, const struct sockets_opts *o,
                      const struct sockets_out *out);
/* One document, schema causeway.counters/1: a host a line, with nstat's
 * names.  What is 0 is left out. */
void counters_json(const struct run *r, const struct sockets_opts *o,
                   const struct sockets_out *out);

#endif
