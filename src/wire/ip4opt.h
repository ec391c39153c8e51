/* ip4opt.h: IPv4 options as programs give and get them: RFC 791 §3.1.
 *
 * Owns which lists of options may be sent, what of them the fragments after
 * the first have, and what an answer returns.  Does not own the header
 * (ip4hdr.h), nor what an arriving packet's options do (net/ip4.c).
 */
#ifndef WIRE_IP4OPT_H
#define WIRE_IP4OPT_H

#include "wire/ip4hdr.h"

/* A program's list, checked as Linux checks it, into `out` with ends up to a
 * multiple of four: how many bytes, or -1.  Source routes are refused
 * (docs/decisions/10-source-routes.md). */
int ip4opt_given(struct span in, uint8_t out[static IP4_OPTS_MAX]);

/* What is not for each fragment becomes NOP: the copied flag of §3.1. */
void ip4opt_copied(uint8_t *opts, size_t len);

/* What an answer to a packet with these has: its recorded route and its
 * timestamps, in this order, as Linux has it; 0: nothing. */
size_t ip4opt_returned(struct span in, uint8_t out[static IP4_OPTS_MAX]);

#endif
