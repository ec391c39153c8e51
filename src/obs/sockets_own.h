/* sockets_own.h: what the files of the socket tables share. */
#ifndef OBS_SOCKETS_OWN_H
#define OBS_SOCKETS_OWN_H

#include "base/addr.h"
#include "base/ns.h"
#include "obs/sockets.h"

/* sockets.c */
static inline bool row_is_tcp(const struct run_row *r)
{
    return r->row.type == CW_SOCK_STREAM;
}

static inline bool row_is_six(const struct run_row *r)
{
    return r->row.domain == CW_AF_INET6;
}

/* An IPv4 socket without a peer has IPv4's wildcard for one. */
static inline struct cw_addr row_peer(const struct run_row *r)
{
    if (!row_is_six(r) && addr_is_any(&r->row.peer.addr))
        return addr4(0);
    return r->row.peer.addr;
}

const char *row_host(const struct run *r, const struct run_row *row);
/* The n-th row to be shown, in ss's order (UDP, then TCP), or NULL. */
struct sockets_walk {
    const struct run          *run;
    const struct sockets_opts *o;
    size_t                     at;
    unsigned                   turn; /* of 2: UDP, TCP */
};
const struct run_row *sockets_next(struct sockets_walk *w);
/* Names from a file are hostile. */
void put_name_safe(struct fmt *f, const char *name);

/* sockets_filter.c */
bool sockets_match(const struct sockets_filter *f, const struct run_row *r);
const char *sockets_state_name(
    unsigned state); /* ss's; "UNCONN" for closed */

/* sockets_info.c: " ts sack reno wscale:7,7 ..." */
void sockets_info(struct fmt *f, const struct run_row *r);
void sockets_timer(struct fmt *f, const struct cw_sock_row *row);

#endif
