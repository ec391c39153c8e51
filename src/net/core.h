/* core.h: the network layer's own view of itself; nobody outside includes
 * it.
 *
 * Invariants: routes stand longest prefix first; a netif's index is its
 * place; `generation` grows whenever an answer of net_path() may have become
 * false; every packet that is held sits in a struct pktnode, so that an idle
 * host holds none.
 */
#ifndef NET_CORE_H
#define NET_CORE_H

#include "base/check.h"
#include "net/net.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"

enum {
    NETIF_QUEUE_DEFAULT = 256,
    NETIF_QUEUE_MAX = 65536,
    NETIF_MTU_DEFAULT = 1500,
    NETIF_MTU_MIN = 576, /* RFC 1122 §3.3.2 */
    IP_TTL_DEFAULT = 64,
    PROTO_SLOTS = 4,
    IP_ID_SLOTS = 64, /* counters of identifications: RFC 7739 §5.3 */
    NEIGH_BUCKETS = 256,
    FRAG_BUCKETS = 64,
};

/* ---- packets that wait ---------------------------------------------------
 */

struct pktnode {
    struct pktnode *next;
    struct cw_pkt   pkt;
};

struct pktq {
    struct pktnode *head, *tail;
    uint32_t        count;
};

/* Takes the packet's references over; false: memory is out, and then it
 * does not. */
bool pktq_push(struct pktq *q, struct slab *nodes, const struct cw_pkt *pkt);
/* The oldest; false: there is none. */
bool pktq_pop(struct pktq *q, struct cw_pkt *out);
void pktq_clear(struct pktq *q);

/* ---- interfaces, routes --------------------------------------------------
 */

/* RFC 4862 §2, §5.4: nothing is sent from or taken for an address that is
 * tentative or a duplicate. */
enum addr_state { ADDR_ASSIGNED, ADDR_TENTATIVE, ADDR_DUPLICATE };

struct netif_addr {
    struct cw_addr addr;
    struct cw_addr bcast; /* the wildcard of IPv6: there is none */
    uint8_t        prefix;
    uint8_t        state;     /* enum addr_state */
    bool           formed;    /* by us, from a prefix: slaac.c */
    uint8_t        dad_count; /* duplicates before it: RFC 7217 §5 */
    uint8_t        probes;    /* sent: dad.c */
    cw_ns          probe_at;  /* tentative: the next step; NS_NEVER */
    cw_ns          preferred_until, valid_until; /* NS_NEVER: by hand */
    struct cw_addr router;    /* who advertised the prefix; or the wildcard */
    struct net_member *group; /* the solicited-node one, if it is told */
};

/* What is known of one family's querier on a link, and the answer to a
 * general query that is due (mcast_report.c). */
struct mlink {
    struct wtimer timer;
    struct net   *net;
    struct netif *nif;
    cw_ns         v1_until, v2_until; /* older queriers were heard */
    uint8_t       robustness;         /* 0: nobody said */
};

struct netif {
    char              name[16];
    struct cw_mac     mac;
    uint16_t          index, mtu;
    unsigned          flags;
    uint32_t          queue_max;
    uint32_t          naddr;
    struct netif_addr addr[NETIF_ADDR_MAX];
    struct pktq       txq;
    bool              was_full; /* since proto.room was last called */
    struct list       groups;   /* struct mgroup */
    struct mlink      mlink[2]; /* IPv4, IPv6 */

    /* CW_NETIF_AUTOCONF: slaac.c, router.c; 0: nobody said */
    struct wtimer conf_timer;
    cw_ns         rs_at;
    uint8_t       rs_sent, hop_limit;
    uint16_t      mtu6;
    cw_ns         reachable, retrans;
};

struct route {
    struct cw_addr dst, gw;
    uint8_t        prefix, netif;
    bool           has_gw;
    bool           heard; /* from a router: RFC 4861 §6.3.4 */
    cw_ns          until; /* NS_NEVER: by hand, or for ever */
};

/* A better first hop for one destination, from the first hop that was. */
struct redirect {
    struct cw_addr dst, gw, from;
    uint8_t        netif;
    bool           used;
};

/* Where a packet goes next. */
struct hop {
    struct netif  *nif;
    struct cw_addr next;
    bool           many; /* multicast or broadcast: no neighbour */
};

struct pmtu {
    struct cw_addr dst;
    uint16_t       mtu;    /* 0: the entry is free */
    bool           locked; /* the path carries less than we believe */
    cw_ns          until;  /* when to try more again: RFC 1191 §6.3 */
};

struct transport {
    uint8_t      number;
    struct proto up;
};

struct frag_dgram;

/* A token bucket, in time. */
struct icmp_share {
    cw_ns credit, filled;
};

struct net {
    struct env      *env;
    uint32_t         generation;
    uint32_t         nnetif, nroute, ntransport;
    uint32_t         take_from; /* the netif whose turn it is */
    struct netif    *lo;
    struct netif     netif[NETIF_MAX];
    struct route     route[ROUTE_MAX];
    uint32_t         router_turn; /* if no router answers: RFC 4861 §6.3.6 */
    struct redirect  redirect[REDIRECT_MAX];
    uint32_t         redirect_next;
    struct transport transport[PROTO_SLOTS];
    struct slab      nodes; /* struct pktnode */

    struct slab   groups, members;
    uint32_t      ngroup;
    struct prng   group_rng;
    struct sipkey iid_key;
    struct prng   conf_rng;
    struct pktq   loopq; /* copies for our own members of a group */

    struct prng   rng;
    struct sipkey id_key;
    uint32_t      id_next[IP_ID_SLOTS];
    uint8_t       ttl[2]; /* IPv4, IPv6: RFC1122-3.2.1.7-c */

    struct prng       icmp_rng;
    struct icmp_share icmp_all, icmp_to[ICMP_DESTS];

    struct pmtu pmtu[PMTU_PATHS_MAX];
    cw_ns       pmtu_due; /* the first of them is to be forgotten */
    cw_ns       pmtu_life;
    uint16_t    pmtu_floor4;
    bool        no_pmtud;

    struct sipkey neigh_key;
    struct list   neigh_free, neigh_known, neigh_asking;
    struct neigh *neigh_bucket[NEIGH_BUCKETS];
    struct neigh *neigh; /* NEIGH_MAX, behind this struct */

    struct slab        frag_slab, piece_slab;
    struct sipkey      frag_key;
    struct frag_dgram *frag_bucket[FRAG_BUCKETS];
    struct list        frag_order; /* oldest first */
    uint32_t           frag_count;
    size_t             frag_bytes; /* true size of what is held */
};

/* ---- the IP layer's packet on its way up ---------------------------------
 */

struct ip_in {
    struct net_rx rx;
    struct netif *nif;
    bool          link_many; /* the frame was for a group */
    bool          looped;    /* a copy of what we sent to a group */
    bool          piece;     /* a fragment, but not the first */
    uint16_t      next_at;   /* IPv6: the byte of the packet that names the
                                upper layer, for Parameter Problem */
};

/* A fragment: bytes [off, off+len) of a datagram's fragmentable part, which
 * stand at rx.off. */
struct ip_piece {
    uint32_t id, off, len;
    bool     more;
    uint8_t  next;    /* IPv6: what the fragment header announces */
    uint16_t next_at; /* ... and the byte that announced the latter */
};

/* ---- net.c ---------------------------------------------------------------
 */

/* Frees a packet, counts it, and tells why.  `c` is COUNT_COUNT_OF where
 * somebody else counts. */
void net_drop(struct net *n, struct cw_pkt *pkt, enum why why, enum count c);
/* The same for a packet that its owner frees. */
void net_drop_note(struct net *n, const struct cw_pkt *pkt, uint8_t proto,
                   enum why why);
/* Makes the first n bytes contiguous: GO_ON or WHY_NO_MEMORY. */
enum why            net_head(struct net *n, struct cw_pkt *pkt, uint32_t len);
const struct proto *net_transport(const struct net *n, uint8_t number);
/* Appends references to bytes [off, off+len) of `from`; false: they lie in
 * too many runs. */
bool pkt_append_range(struct cw_pkt *to, const struct cw_pkt *from,
                      uint32_t off, uint32_t len);
/* The same by copying; false: memory is out, or too many runs. */
bool pkt_append_copy(struct cw_pkt *to, struct pbufs *ps,
                     const struct cw_pkt *from, uint32_t off, uint32_t len);
/* By reference if that is possible, else by copying. */
bool pkt_append_any(struct cw_pkt *to, struct pbufs *ps,
                    const struct cw_pkt *from, uint32_t off, uint32_t len);

/* ---- netif.c -------------------------------------------------------------
 */

struct netif *netif_of(struct net *n, unsigned index); /* or NULL */
/* What goes to dst in one piece; routers may have said that IPv6's packets are
 * smaller here (RFC 4861 §6.3.4). */
uint16_t netif_mtu(const struct netif *nif, const struct cw_addr *dst);
/* A whole frame, into the queue. */
enum why netif_out(struct net *n, struct netif *nif, struct cw_pkt *pkt);
/* The assigned address of this interface, or NULL; in whatever state. */
struct netif_addr *netif_addr_any(struct netif *nif, const struct cw_addr *a);
const struct netif_addr *netif_addr_find(const struct netif   *nif,
                                         const struct cw_addr *a);
bool netif_is_bcast(const struct netif *nif, const struct cw_addr *a);
/* Is it a group that the interface listens to whether somebody wants it or
 * not? */
bool netif_in_group(const struct netif *nif, const struct cw_addr *group);

/* ---- ether.c -------------------------------------------------------------
 */

enum why ether_in(struct net *n, struct cw_pkt *pkt);
/* A frame of ours, to ourselves; takes the references over. */
void net_looped(struct net *n, struct cw_pkt *pkt);
/* The header of a frame. */
void ether_push(const struct netif *nif, const struct cw_mac *dst,
                struct cw_pkt *pkt, uint16_t type);
/* An IP packet to a neighbour. */
enum why ether_out(struct net *n, struct neigh *ne, struct cw_pkt *pkt,
                   bool ip4);
/* An IP packet, or ARP's, to an Ethernet address. */
enum why ether_out_mac(struct net *n, struct netif *nif,
                       const struct cw_mac *dst, struct cw_pkt *pkt,
                       uint16_t type);

/* ---- route.c -------------------------------------------------------------
 */

bool route_hop(struct net *n, const struct cw_addr *dst, uint32_t scope,
               struct hop *out);
/* A route that was heard of: 0, -CW_ENOBUFS.  `until` in the past: no more. */
int  route_hear(struct net *n, const struct route *r);
void route_forget(struct net *n, uint32_t i);
/* A neighbour does not answer: if it is a router, others are used. */
void                     route_dead(struct net *n, const struct netif *nif,
                                    const struct cw_addr *gw);
const struct netif_addr *addr_local(const struct net     *n,
                                    const struct cw_addr *a);

/* ---- source.c ------------------------------------------------------------
 */

/* RFC 6724 §5, for packets whose first hop is out->nif, out->next; false:
 * the host has no address of this family. */
bool source_select(const struct net *n, const struct hop *out,
                   const struct cw_addr *dst, struct cw_addr *src);

/* ---- redirect.c ----------------------------------------------------------
 */

/* ICMP's and ICMPv6's, which say: for dst, from says, gw is better. */
enum why redirect_in(struct net *n, struct ip_in *in,
                     const struct cw_addr *dst, const struct cw_addr *gw);
enum why redirect4_in(struct net *n, struct ip_in *in, uint32_t gw);
/* The first hop for dst, which the routes say is *next. */
void redirect_apply(const struct net *n, const struct netif *nif,
                    const struct cw_addr *dst, struct cw_addr *next);

/* ---- ip_in.c, ip4.c, ip6.c -----------------------------------------------
 */

/* From ether_in(): `in` has pkt, nif, link_many. */
enum why ip_in(struct net *n, struct ip_in *in, bool ip4);
/* Is the packet from somebody, and for us? Fills rx.many. */
enum why ip_accept(struct net *n, struct ip_in *in);
/* A whole packet, to its transport; what becomes of it there is no longer
 * IP's business. */
void     ip_deliver(struct net *n, struct ip_in *in);
enum why ip4_in(struct net *n, struct ip_in *in);
enum why ip6_in(struct net *n, struct ip_in *in);

/* The least that an upper layer's header has; 0: not known. */
uint32_t ip_upper_min(uint8_t proto);

/* What differs between the families on the way down. */
struct ip_hdr {
    struct cw_addr src, dst;
    uint32_t       id, flow_label;
    uint32_t       frag_off; /* bytes */
    uint8_t        proto, ttl, tos;
    bool           df, frag, more;
    struct span    opts; /* IPv4's, whole words */
};
uint32_t ip4_hdr_len(const struct ip_hdr *h);
uint32_t ip6_hdr_len(const struct ip_hdr *h);
void     ip4_push(struct cw_pkt *pkt, const struct ip_hdr *h);
void     ip6_push(struct cw_pkt *pkt, const struct ip_hdr *h);

/* ---- ip_out.c, frag_out.c ------------------------------------------------
 */

/* The next identification for packets from src to dst. */
uint32_t ip_next_id(struct net *n, const struct cw_addr *src,
                    const struct cw_addr *dst);

/* ---- pmtu.c --------------------------------------------------------------
 */

/* What fits on the way to dst: fills in dest->mtu and NET_DEST_LOCKED. */
void pmtu_path(const struct net *n, const struct cw_addr *dst,
               const struct hop *hop, struct net_dest *dest);
void pmtu_put(struct net *n, const struct cw_addr *dst, uint32_t mtu);
/* Forgets what is old enough. */
void pmtu_age(struct net *n);
/* What to try where a packet of this length did not fit. */
uint32_t pmtu_plateau(uint32_t len);

#endif
