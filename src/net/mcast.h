/* mcast.h: group membership within the network layer. */
#ifndef NET_MCAST_H
#define NET_MCAST_H

#include "net/core.h"
#include "wire/grouphdr.h"

/* A set of sources, and whether they are those wanted or those not wanted.
 * Neither excluding nor with a source: the group is not wanted. */
struct msources {
    uint8_t        n;
    struct cw_addr src[MCAST_RECORD_MAX];
};

struct mfilter {
    bool            exclude;
    struct msources s;
};

/* A group that somebody on this host listens to through an interface; or one
 * that nobody does any more, while that is still being told. */
struct mgroup {
    struct list     link;    /* netif.groups */
    struct list     members; /* struct net_member */
    struct net     *net;
    struct netif   *nif;
    struct cw_addr  addr;
    struct wtimer   timer;     /* at the earlier of the next two */
    cw_ns           change_at; /* a change is told again; NS_NEVER */
    cw_ns           answer_at; /* a query is answered; NS_NEVER */
    uint8_t         mode_left, list_left; /* tellings of a change */
    struct msources allow, block;         /* the change of the list */
    struct msources asked; /* by a query about sources; empty: about all */
    bool            last_reporter; /* versions 1, 2: RFC 2236 §3 */
};

/* mcast.c */
struct mgroup *mcast_find(const struct netif   *nif,
                          const struct cw_addr *group);
/* What all members together want: RFC 3376 §3.2. */
void mcast_merge(const struct mgroup *g, struct mfilter *out);
/* Nobody listens and nothing is left to tell: the memory is given back. */
void mcast_reap(struct mgroup *g);
void mcast_init(struct net *n);
void mcast_fini(struct net *n);
void mcast_netif(struct netif *nif, struct net *n);
/* Does somebody here listen to the group, of whatever sources? */
bool mcast_hears(const struct netif *nif, const struct cw_addr *group);
/* Does somebody here want packets of src to the group, through nif? */
bool mcast_wanted(const struct netif *nif, const struct cw_addr *group,
                  const struct cw_addr *src);
/* Would a network card that knows our groups take this frame? */
bool mcast_mac_wanted(const struct netif *nif, const struct cw_mac *mac);
/* A frame that leaves nif was sent to a group by somebody who wants it back
 * (RFC 1112 §7.2): the copy comes in when the call at hand is over. */
void mcast_loop(struct net *n, struct netif *nif, const struct cw_pkt *frame);

/* mcast_report.c */
struct mlink *mcast_link(struct netif *nif, bool ip4);
/* 1, 2 or 3: RFC 3376 §7.2.1. */
unsigned mcast_version(const struct net *n, const struct mlink *l);
/* Is the group one whose listeners routers are told of? */
bool mcast_reported(const struct netif *nif, const struct cw_addr *group);
/* The members of g wanted `before`, and may want something else now. */
void mcast_changed(struct mgroup *g, const struct mfilter *before);
/* Sets change_at or answer_at: arms the timer for the earlier of the two. */
void mcast_arm(struct mgroup *g);
/* The querier's version has changed: what is pending was for another. */
void mcast_forget_pending(struct net *n, struct netif *nif, bool ip4);
void mcast_timeout(struct net *n, struct wtimer *t);
/* From 1 ns to max: RFC 3376 §5.2. */
cw_ns mcast_delay(struct net *n, cw_ns max);

/* mcast_query.c */
enum why igmp_in(struct net *n, struct ip_in *in);
enum why mld_in(struct net *n, struct ip_in *in);

#endif
