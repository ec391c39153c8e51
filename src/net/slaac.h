/* slaac.h: IPv6 that configures itself: addresses and routers. */
#ifndef NET_SLAAC_H
#define NET_SLAAC_H

#include "net/core.h"
#include "wire/ndphdr.h"

/* slaac.c: addresses from prefixes, and the interface's one timer for all of
 * this (TIMER_CONF). */
void slaac_init(struct net *n, struct netif *nif);
void slaac_start(struct net *n, struct netif *nif);
void slaac_prefix(struct net *n, struct netif *nif,
                  const struct ndp_prefix *p, const struct cw_addr *router);
/* Another identifier for the same prefix, after a duplicate. */
void slaac_again(struct net *n, const struct netif *nif,
                 struct netif_addr *a);
/* Something's time has changed: arms the timer for the earliest. */
void conf_arm(struct net *n, struct netif *nif);
void conf_timeout(struct net *n, struct wtimer *t);

/* dad.c: duplicate address detection. */
void dad_begin(struct net *n, struct netif *nif, struct netif_addr *a,
               cw_ns first);
void dad_step(struct net *n, struct netif *nif, struct netif_addr *a);
/* Somebody else has it, or wants it. */
void dad_failed(struct net *n, struct netif *nif, struct netif_addr *a);
/* The address goes: its group, too. */
void dad_leave(struct netif_addr *a);
void addr_event(struct net *n, const struct netif *nif,
                const struct netif_addr *a, enum why why);

/* router.c: routers: asking for them, and what they say. */
void     rs_step(struct net *n, struct netif *nif);
enum why ra_in(struct net *n, struct ip_in *in, const struct ndp_repr *ra);
/* The neighbour says that it is no router (RFC 4861 §7.2.5). */
void router_is_none(struct net *n, const struct netif *nif,
                    const struct cw_addr *a);

#endif
