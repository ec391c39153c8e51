/* net.h: the door of the network layer: what transports and the stack may
 * ask of one host's IP.
 *
 * IPv4 and IPv6 share one code path; ip4.c and ip6.c hold what differs.
 * Upward calls go through struct proto, which the stack fills in.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/addr.h"
#include "base/bytes.h"
#include "store/env.h"

/* A packet on its way up to a transport.  `pkt` belongs to the network
 * layer, which frees it after deliver() returns; a transport that keeps
 * bytes takes references of its own.  The transport's header is in the first
 * fragment, TCP's with its options, as far as the packet goes; of unknown
 * transports 60 bytes. Bytes after off+len are gone. */
struct net_rx {
    struct cw_pkt *pkt;
    uint32_t       off; /* the transport header */
    uint32_t       len; /* of header and payload */
    uint32_t       ip_off;
    struct cw_addr src, dst;
    uint16_t       netif;
    uint8_t        proto, ttl, tos;
    bool           csum_ok; /* the medium guarantees the payload */
    bool           many;    /* dst is a multicast or broadcast address */
};

/* A packet on its way down.  src may be the wildcard: then the source is
 * selected (RFC 6724). */
struct net_tx {
    struct cw_addr   src, dst;
    uint32_t         scope; /* IPv6 zone (netif + 1), 0: by the route */
    uint8_t          proto, ttl /* 0: default 64 */, tos;
    uint8_t          pmtudisc; /* CW_PMTUDISC_*: may it be cut? */
    bool             loop; /* to a group: our own members hear it, too ... */
    bool             here; /* ... and nobody else (a TTL of 0) */
    bool             unnumbered; /* from 0.0.0.0, by the scope's interface:
                                    an address is asked for (RFC 1122
                                    §3.2.1.3 (a)) */
    enum why         why;
    uint64_t         why_arg;
    uint32_t         flow;
    struct net_dest *dest; /* cache of the route and neighbour, or NULL */
    const struct cw_ip_opts *opts; /* IPv4's, whole words; NULL: none */
};

struct netif;
struct neigh;

/* Where packets to an address leave; remembered by a connection.  Valid
 * while `generation` is the network's. */
struct net_dest {
    uint32_t      generation; /* 0: nothing remembered */
    uint16_t      mtu;        /* of the path, bytes above Ethernet */
    uint8_t       netif;
    uint8_t       flags; /* CW_NETIF_*, NET_DEST_LOCKED */
    struct neigh *neigh; /* NULL on loopback */
};
_Static_assert(sizeof(struct net_dest) <= 16, "every connection has one");
/* Routers on the path are to fragment, as it carries less than the least
 * that we believe: a packet has no DF, unless it must have it. */
#define NET_DEST_LOCKED (1u << 7)

/* What an ICMP error, or our own routing, says about something sent. */
enum net_err {
    NET_ERR_NET,    /* network unreachable */
    NET_ERR_HOST,   /* host unreachable, address unreachable, ARP failed */
    NET_ERR_PROTO,  /* protocol unreachable */
    NET_ERR_PORT,   /* port unreachable */
    NET_ERR_ADMIN,  /* prohibited */
    NET_ERR_TOOBIG, /* mtu says what would fit */
    NET_ERR_TTL,
    NET_ERR_PARAM,
};

struct net_error {
    enum net_err   kind;
    struct cw_addr local, remote; /* of the packet that we had sent */
    uint16_t       lport, rport;
    bool           has_seq; /* TCP: the quoted sequence number */
    uint32_t       seq;
    uint32_t       mtu;   /* TOOBIG: what would fit */
    uint32_t       scope; /* IPv6 zone of `local`, or 0 */
    uint8_t        proto;
    bool           hard;       /* it will not pass by itself */
    uint8_t        error;      /* the CW_E* that Linux makes of it */
    uint8_t        type, code; /* of the ICMP message */
    uint32_t       info;       /* its pointer, or MTU */
    uint8_t        ttl, tos;   /* as it came; 0: it is our own */
    struct cw_addr offender;   /* who says so */
    struct span    quote; /* the packet from the ninth byte of its transport's
                             header on, as far as it was quoted */
};

struct proto {
    void *ctx;
    /* GO_ON or why it was dropped; WHY_UDP_NO_PORT makes the network layer
     * answer "port unreachable" if that is allowed (RFC 1122 §3.2.2). */
    enum why (*deliver)(void *ctx, const struct net_rx *rx);
    /* True if it is about something that this transport did send (RFC 5927
     * §4): only then does the network layer believe a smaller path MTU. */
    bool (*error)(void *ctx, const struct net_error *err);
    /* An interface's output queue has room again after it was full. */
    void (*room)(void *ctx);
};

struct net;

size_t net_size(void); /* of a struct net */
void   net_init(struct net *n, struct env *env);
/* What the configuration says of path MTU discovery. */
void net_pmtu_config(struct net *n, const struct cw_config *c);
/* How far packets go that name no TTL of their own; 0: 64. */
void    net_ttl_config(struct net *n, uint8_t ttl, uint8_t hop_limit);
uint8_t net_ttl(const struct net *n, bool ip4);
/* Everything that was held is given back. */
void net_fini(struct net *n);
void net_set_proto(struct net *n, uint8_t number, const struct proto *p);

/* ---- interfaces: as stack.h's calls of the same names ------------------ */
int    net_netif_add(struct net *n, const struct cw_netif_config *c);
int    net_addr_add(struct net *n, unsigned netif, const struct cw_addr *a,
                    unsigned prefix);
size_t net_addr_list(const struct net *n, struct cw_addr_row *rows,
                     size_t max);
int net_route_add(struct net *n, const struct cw_addr *dst, unsigned prefix,
                  const struct cw_addr *gw, unsigned netif);
int net_neigh_add(struct net *n, unsigned netif, const struct cw_addr *a,
                  const struct cw_mac *mac);

/* What a DHCP server lends: an address, and the way out. */
struct net_lease {
    struct cw_addr addr, router; /* no router: the wildcard */
    uint8_t        prefix;
};
/* Added, or kept if it is there already: 0 or -CW_E*. */
int  net_lease_take(struct net *n, unsigned netif, const struct net_lease *l);
void net_lease_drop(struct net *n, unsigned netif, const struct cw_addr *a);

/* ---- packets ------------------------------------------------------------ */

/* A frame from interface pkt->netif; takes the references over. */
void net_in(struct net *n, struct cw_pkt *pkt);
/* A transport's packet (payload only, with PBUF_HEADROOM in front): adds IP
 * and Ethernet headers, fragments if it must and may, resolves the
 * neighbour, queues.  csum_state CW_CSUM_PARTIAL leaves the checksum to
 * whoever can: the pseudo-header's sum, not complemented, stands in the
 * field at csum_start + csum_off, counted from the transport header; it is
 * completed here unless the medium is CW_NETIF_CSUM.
 *     Takes the references over.  GO_ON, or why it was not sent
 * (WHY_NO_ROUTE, WHY_TOO_BIG, WHY_TXQ_FULL ...); a packet that waits for its
 * neighbour counts as sent.  A queue with room for one packet takes all of
 * its fragments. */
enum why net_out(struct net *n, const struct net_tx *tx, struct cw_pkt *pkt);
/* The next frames to transmit, over all interfaces in turn. */
unsigned net_take(struct net *n, struct cw_pkt *pkts, unsigned max);

/* ---- questions ---------------------------------------------------------- */

/* Fills *dest for packets to dst (through scope's interface, if not 0) and,
 * if src is the wildcard, *src too.  GO_ON or WHY_NO_ROUTE. */
enum why net_path(struct net *n, const struct cw_addr *dst, uint32_t scope,
                  struct cw_addr *src, struct net_dest *dest);
/* What a packet may have, so sent (CW_PMTUDISC_*). */
uint32_t net_dest_mtu(const struct net *n, const struct net_dest *dest,
                      unsigned pmtudisc);
/* Is what dest remembers still true? */
bool net_dest_ok(const struct net *n, const struct net_dest *dest);
/* The neighbour behind dest made forward progress possible (RFC 4861
 * §7.3.1): new data were acknowledged. */
void net_confirm(struct net *n, const struct net_dest *dest);
/* The opposite: nothing that was sent there has been answered for a while
 * (RFC 9293 §3.8.3, R1; RFC 1122 §3.3.1.4).  The neighbour is asked whether
 * it is still where it was. */
void net_doubt(struct net *n, const struct net_dest *dest);
/* How many more packets this interface's queue takes now. */
unsigned net_room(const struct net *n, const struct net_dest *dest);
/* Is this an address of ours (loopback included)? */
bool net_is_local(const struct net *n, const struct cw_addr *a);
/* The limited broadcast address, or that of a net we are on. */
bool net_is_bcast(const struct net *n, const struct cw_addr *a);
/* May a socket be bound to it: ours, or a wildcard. */
bool net_bindable(const struct net *n, const struct cw_addr *a);

/* ---- groups: RFC 1112 §7, RFC 3376 §2 ------------------------------------ */

/* The sources that somebody wants to hear, or those that it does not. */
struct net_filter {
    bool           exclude;
    uint8_t        nsrc;
    struct cw_addr src[MCAST_SOURCES_MAX];
};

/* One wish for one group on one interface.  `next` is its holder's. */
struct mgroup;
struct net_member {
    struct list        link;
    struct net_member *next;
    struct mgroup     *group;
    struct net_filter  filter;
};

bool net_filter_allows(const struct net_filter *f, const struct cw_addr *src);
/* 0 and *out, or -CW_ENOBUFS. */
int net_group_join(struct net *n, unsigned netif, const struct cw_addr *group,
                   const struct net_filter *f, struct net_member **out);
void net_group_filter(struct net_member *m, const struct net_filter *f);
void net_group_leave(struct net_member *m);
/* Does any member here want this packet, which was sent to a group? */
bool                  net_group_wants(struct net *n, const struct net_rx *rx);
const struct cw_addr *net_member_group(const struct net_member *m);
unsigned              net_member_netif(const struct net_member *m);
/* The interface with this address; the one by which a group's packets would
 * leave: or -CW_ENODEV. */
int  net_netif_find(const struct net *n, const struct cw_addr *a);
int  net_group_netif(struct net *n, const struct cw_addr *group);
bool net_netif_known(const struct net *n, unsigned netif);

/* After each call: what we sent to our own groups comes in. */
void net_run(struct net *n);

/* A popped timer of ours (TIMER_NEIGH, TIMER_FRAG, TIMER_GROUP ...) has
 * expired. */
void net_timeout(struct net *n, struct wtimer *t);

#endif
