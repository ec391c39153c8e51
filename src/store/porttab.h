/* porttab.h: local ports: who may bind what, and the choice of ephemeral
 * ones (RFC 6056).  One table a protocol.
 *
 * A portbind is one (address, port) in use; sockets, connections that came
 * from a listener and TIME-WAIT records share it by reference, which is why
 * a port is "in use" while a connection is in TIME-WAIT.  The rules are
 * those of Linux:
 *   two binds conflict if the port is equal and the addresses are equal or
 *   one is the wildcard of a family that covers the other (:: covers IPv4
 *   unless V6ONLY), unless all of them were made with SO_REUSEADDR and none
 *   listens, or all with SO_REUSEPORT.
 */
#ifndef STORE_PORTTAB_H
#define STORE_PORTTAB_H

#include "base/addr.h"
#include "base/near.h"
#include "base/siphash.h"
#include "store/arena.h"

enum {
    PORT_REUSEADDR = 1,
    PORT_REUSEPORT = 2,
    PORT_V6ONLY = 4,
    PORT_DGRAM_REUSE = 8 /* datagrams: REUSEADDR shares even so */
};

struct portbind {
    struct near    link; /* in the table's bucket */
    struct cw_addr addr;
    uint32_t       refs;     /* binders */
    uint32_t       no_reuse; /* binders without SO_REUSEADDR */
    uint32_t       no_rport; /* binders without SO_REUSEPORT */
    uint16_t       port;
    uint16_t       v6only : 1;     /* of the first binder */
    uint16_t       listening : 15; /* binders that listen */
};
_Static_assert(sizeof(struct portbind) <= 40, "an idle client has one");

struct porttab {
    struct sipkey secret;
    struct slab   slab;
    uint32_t      next; /* RFC 6056 §3.3.3's next_ephemeral */
    struct near   bucket[256];
};

void porttab_init(struct porttab *t, struct arena *a, struct sipkey secret);
/* 0 and *out with one reference; -CW_EADDRINUSE, -CW_ENOMEM. */
int porttab_bind(struct porttab *t, const struct cw_addr *addr, uint16_t port,
                 unsigned flags, struct portbind **out);
/* The same rules, nothing done: may a binder with these flags listen on b?
 * 0, -CW_EADDRINUSE or (more than 32767 do) -CW_ENOMEM. */
int  portbind_listen(struct porttab *t, struct portbind *b, unsigned flags);
void portbind_unlisten(struct portbind *b);
/* One more / one less that shares it, with its flags. */
void portbind_get(struct portbind *b, unsigned flags);
void portbind_put(struct portbind *b, unsigned flags);
/* One that shares it has changed its mind: SO_REUSEADDR and SO_REUSEPORT
 * count as they stand when somebody else binds. */
void portbind_change(struct portbind *b, unsigned before, unsigned after);

/* An ephemeral port: RFC 6056 §3.3.3 (Algorithm 3), offset by a keyed hash
 * of the addresses and the remote port; without a remote end §3.3.2.
 * `taken` says whether a candidate will not do.  0: none is left. */
struct port_want {
    const struct cw_addr *local, *remote;
    uint16_t              rport;
    bool (*taken)(void *ctx, uint16_t port);
    void *ctx;
};
uint16_t porttab_ephemeral(struct porttab *t, const struct port_want *w);

#endif
