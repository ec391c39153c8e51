/* arp.h: ARP, the language in which IPv4 asks for neighbours. */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "net/core.h"

/* rx.pkt is a frame of EtherType ARP. */
enum why arp_in(struct net *n, struct ip_in *in);
/* to NULL: everybody. */
void arp_ask(struct net *n, struct netif *nif, const struct cw_addr *src,
             const struct cw_addr *target, const struct cw_mac *to);

#endif
