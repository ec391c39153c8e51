/* udp_sock.h: UDP's own view of itself; nobody outside includes it.
 *
 * Invariants: a socket with a local port is in its port's bucket and holds a
 * portbind; a connected one is also in `flows`, unless another one with the
 * same four-tuple was there first; `charged` is the sum over the queue.
 */
#ifndef UDP_UDP_SOCK_H
#define UDP_UDP_SOCK_H

#include "base/check.h"
#include "store/flowtab.h"
#include "udp/dhcp.h"
#include "udp/udp.h"
#include "wire/ipproto.h"
#include "wire/udphdr.h"

enum { UDP_BUCKETS = 256 };

struct udp_host {
    struct env    *env;
    struct net    *net;
    struct udp_up  up;
    struct slab    socks, dgrams;
    struct porttab ports;
    struct flowtab flows;
    struct sipkey  share_key; /* which socket of a SO_REUSEPORT group */
    struct prng    dhcp_rng;
    struct dhcp    dhcp[NETIF_MAX];     /* of each interface */
    struct list    all;                 /* in order of opening */
    struct list    bucket[UDP_BUCKETS]; /* by local port, newest first */
};

/* A datagram that waits: references to its bytes. */
struct dgram {
    struct dgram      *next;
    struct slice      *data;
    uint32_t           len, charge;
    struct cw_sockaddr from, to;
    cw_ns              at; /* when it came */
    uint16_t           netif;
    uint8_t            ttl, tos;
    uint8_t            opts; /* IP options, so many bytes: the first slice */
    uint16_t           segs; /* so many are one: UDP_GRO ... */
    uint32_t           size; /* ... of this size, but for the last ... */
    bool               full; /* ... which is as large */
};

/* An error message that waits; from the datagrams' slab. */
struct udp_err {
    struct udp_err    *next;
    struct slice      *data; /* or NULL */
    uint32_t           charge;
    uint8_t            ttl, tos;
    struct cw_sockaddr to; /* of the datagram that it is about */
    struct cw_err      err;
};
_Static_assert(sizeof(struct udp_err) <= sizeof(struct dgram), "one slab");

struct udp_sock {
    struct flownode    flow; /* first: the table wants it aligned */
    struct list        all, port;
    struct udp_host   *host;
    void              *owner;
    struct cw_sockaddr local, peer;
    struct portbind   *bind; /* NULL: no local port */
    struct udp_opts    opts;
    struct net_dest    dest; /* of the peer */
    struct net_member *members;
    uint32_t           nmember;
    struct dgram      *head, *tail;
    struct udp_err    *errors; /* oldest first */
    uint32_t           nerrors;
    uint32_t           queued, charged;
    uint64_t           drops;
    uint32_t           flow_no;
    int                error;
    uint8_t            bind_flags;
    bool               ip6, connected, in_flows;
    bool               own_addr, own_port; /* given by bind() */
    bool               own_group; /* own_addr is a group's, or for all */
    bool               shut_rd, shut_wr;
    bool               blocked; /* a send found no room */
    bool               grouped; /* had SO_REUSEPORT when it was bound */
};

/* ---- udp.c --------------------------------------------------------------
 */

/* A local port for a socket that has none. */
int  udp_autobind(struct udp_sock *u);
void udp_tell(struct udp_sock *u);
/* The key of a flow, from our side. */
struct flowkey udp_key(const struct cw_sockaddr *local,
                       const struct cw_sockaddr *remote);

/* ---- udp_queue.c --------------------------------------------------------
 */

/* Bytes [off, off+len) of rx->pkt: GO_ON, WHY_UDP_QUEUE_FULL,
 * WHY_NO_MEMORY. */
struct dgram_in {
    const struct cw_pkt *pkt;
    uint32_t             off, len;
    struct cw_sockaddr   from, to;
    uint16_t             netif;
    uint8_t              ttl, tos;
    struct span          opts; /* IPv4's */
};
enum why udp_queue_put(struct udp_sock *u, const struct dgram_in *in);
void     udp_queue_clear(struct udp_sock *u);

/* ---- udp_group.c --------------------------------------------------------
 */

void udp_group_leave_all(struct udp_sock *u);
/* Does the socket want this packet, which was sent to a group? */
bool udp_group_allows(const struct udp_sock *u, const struct net_rx *rx);

/* ---- udp_in.c -----------------------------------------------------------
 */

/* udp_err.c */
void udp_hear_error(struct udp_sock *u, const struct net_error *e);
void udp_local_error(struct udp_sock *u, const struct cw_sockaddr *to,
                     uint32_t mtu);

enum why udp_in(void *ctx, const struct net_rx *rx);
bool     udp_error_in(void *ctx, const struct net_error *err);

#endif
