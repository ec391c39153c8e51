/* frag.h: reassembly of both families' fragments. */
#ifndef NET_FRAG_H
#define NET_FRAG_H

#include "net/core.h"

void frag_init(struct net *n);
void frag_fini(struct net *n);
void frag_timeout(struct net *n, struct wtimer *t);

/* A fragment: rx.off is at its data.  WHY_FRAG_HELD: kept.  GO_ON: it was
 * the last one missing; *whole is the datagram, which the caller frees, with
 * its first fragment's headers made good, and rx.off, rx.len and rx.csum_ok
 * are the whole's (rx.pkt is not touched).  Else it is refused. */
enum why frag_in(struct net *n, struct ip_in *in,
                 const struct ip_piece *piece, struct cw_pkt *whole);

#endif
