/* splice.h: a stack side for tests: sockets joined in memory, no packets.
 * Hosts are 10.0.0.1, 10.0.0.2 ...; only what the control interface needs. */
#ifndef TESTS_SHIM_SPLICE_H
#define TESTS_SHIM_SPLICE_H

#include "shim/ctl.h"

struct splice;

struct splice   *splice_new(void);
void             splice_free(struct splice *s);
struct ctl_stack splice_stack(struct splice *s);
/* The connection at `port` (of either end) is reset, as by its peer or the
 * network: both ends fail with err. */
void splice_break(struct splice *s, unsigned port, int err);
/* Sockets that are open. */
unsigned splice_open(const struct splice *s);

#endif
