/* udp.h: the door of UDP.  RFC 768, RFC 1122 §4.1, RFC 8085, RFC 9868 §4.
 *
 * Calls answer 0 or a count, or -CW_E*.  A udp_sock belongs to its owner
 * (the socket layer) until udp_close().
 */
#ifndef UDP_UDP_H
#define UDP_UDP_H

#include "net/net.h"
#include "store/porttab.h"

struct udp_host;
struct udp_sock;

/* What the socket layer hears: readiness of `owner` may have changed. */
struct udp_up {
    void (*ready)(void *ctx, void *owner);
    void *ctx;
};

size_t udp_host_size(void);
void   udp_init(struct udp_host *h, struct env *env, struct net *net,
                const struct udp_up *up);
void   udp_fini(struct udp_host *h);
/* dhcp.c: the client of an interface begins; a popped TIMER_DHCP has expired;
 * what it has. */
void dhcp_start(struct udp_host *h, unsigned netif, const struct cw_mac *mac);
void dhcp_timeout(struct udp_host *h, struct wtimer *t);
int dhcp_show(const struct udp_host *h, unsigned netif, struct cw_lease *out);
/* For net_set_proto(). */
struct proto udp_proto(struct udp_host *h);

struct udp_sock *udp_open(struct udp_host *h, void *owner, bool ip6);
void             udp_close(struct udp_sock *u);
int              udp_bind(struct udp_sock *u, const struct cw_sockaddr *a);
/* Sets the peer (binding to an ephemeral port if need be); NULL unsets. */
int  udp_connect(struct udp_sock *u, const struct cw_sockaddr *peer);
void udp_shutdown(struct udp_sock *u, bool rd, bool wr);

/* One datagram; msg as in socket.h (flags: none; addr optional). */
ptrdiff_t udp_send(struct udp_sock *u, const struct cw_msg *msg);
/* The oldest datagram; CW_MSG_PEEK, CW_MSG_TRUNC. */
ptrdiff_t udp_recv(struct udp_sock *u, struct cw_msg *msg);

/* The oldest error message. */
ptrdiff_t udp_recv_error(struct udp_sock *u, struct cw_msg *msg);
void      udp_errors_clear(struct udp_sock *u);
/* Of a connected socket's path; else 0. */
unsigned udp_path_mtu(struct udp_sock *u);

unsigned udp_ready(const struct udp_sock *u); /* CW_POLL* */
int      udp_take_error(struct udp_sock *u);  /* CW_E* (positive) or 0 */
void     udp_names(const struct udp_sock *u, struct cw_sockaddr *local,
                   struct cw_sockaddr *peer);  /* port 0: none */
size_t   udp_queued(const struct udp_sock *u); /* bytes of the first datagram
                                                  (FIONREAD) */

/* How what is sent to a group goes; of IPv4 and of IPv6. */
struct udp_many {
    uint32_t       index; /* interface + 1; 0: by the route */
    struct cw_addr src;   /* IPv4: IP_MULTICAST_IF's address; or a wildcard */
    uint8_t        ttl;   /* 0: to nobody beyond this host */
    bool           loop;  /* our own members hear it, too */
    bool           all;   /* in: of groups that only others asked for, too */
};

/* The IP header, of what goes to a family and comes from it. */
struct udp_ip {
    uint8_t ttl; /* 0: the default */
    uint8_t tos;
    uint8_t pmtudisc; /* CW_PMTUDISC_* */
    bool    dontfrag;
    bool    recverr, recvttl, recvtos; /* to be told */
    bool    recvopts, retopts;         /* ... of IPv4 */
};

/* Options that the socket layer keeps here, since packets need them. */
struct udp_opts {
    uint32_t          rcvbuf, sndbuf;
    bool              reuseaddr, reuseport, v6only, broadcast;
    struct udp_ip     ip[2];   /* IPv4, IPv6 */
    struct cw_ip_opts ip_opts; /* of what goes out by IPv4; whole words */
    uint16_t gso_size; /* send: cut into datagrams of this size; 0: do not */
    bool     gro;      /* recv: several of a size are one */
    bool     pktinfo, pktinfo6;
    struct udp_many many[2]; /* IPv4, IPv6 */
};
struct udp_opts *udp_opts(struct udp_sock *u);
/* They were changed: what others must know of them is passed on. */
void udp_opts_changed(struct udp_sock *u);

/* ---- groups: udp_group.c ----------------------------------------------- */

/* A group on an interface: by its index (from 1), else by an address of its,
 * else by the route. */
struct udp_group {
    struct cw_addr group, iface;
    unsigned       index;
};
enum udp_source_op {
    UDP_SRC_JOIN,    /* hear this one; joins if need be */
    UDP_SRC_LEAVE,   /* no longer */
    UDP_SRC_BLOCK,   /* hear all but this one */
    UDP_SRC_UNBLOCK, /* after all */
};
/* EINVAL (no group; a list of the other kind), ENODEV, EADDRINUSE,
 * EADDRNOTAVAIL, ENOBUFS, as on Linux. */
int udp_group_join(struct udp_sock *u, const struct udp_group *g);
int udp_group_leave(struct udp_sock *u, const struct udp_group *g);
int udp_group_source(struct udp_sock *u, const struct udp_group *g,
                     const struct cw_addr *src, enum udp_source_op op);
int udp_group_filter(struct udp_sock *u, const struct udp_group *g,
                     const struct net_filter *f);

/* A snapshot row (observe.h) of each socket, in order of opening; cb
 * answers false to stop. */
void udp_each(struct udp_host *h,
              bool (*cb)(void *ctx, struct udp_sock *u, void *owner,
                         struct cw_sock_row *row),
              void *ctx);

#endif
