/* ndp.h: neighbour discovery, the language in which IPv6 asks. */
#ifndef NET_NDP_H
#define NET_NDP_H

#include "net/core.h"

/* A neighbour solicitation or advertisement whose checksum is right. */
enum why ndp_in(struct net *n, struct ip_in *in);
/* to NULL: the target's solicited-node group. */
void ndp_ask(struct net *n, struct netif *nif, const struct cw_addr *src,
             const struct cw_addr *target, const struct cw_mac *to);
/* Duplicate address detection's question. */
void ndp_probe(struct net *n, struct netif *nif,
               const struct cw_addr *target);
/* Where are routers? */
void ndp_solicit(struct net *n, struct netif *nif);

#endif
