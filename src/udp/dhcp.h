/* dhcp.h: the DHCPv4 client of a host's interfaces. */
#ifndef UDP_DHCP_H
#define UDP_DHCP_H

#include "net/net.h"

struct udp_host;

/* RFC 2131 §4.4, figure 5; INIT-REBOOT is not used, as nothing is kept. */
enum dhcp_state {
    DHCP_OFF,
    DHCP_INIT,
    DHCP_SELECTING,
    DHCP_REQUESTING,
    DHCP_BOUND,
    DHCP_RENEWING,
    DHCP_REBINDING,
};

struct dhcp {
    struct udp_host *host;
    struct wtimer    timer; /* the next sending, or T1 */
    cw_ns            began; /* of the exchange at hand: `secs` */
    cw_ns            asked; /* the last request */
    cw_ns            t1, t2, expires;
    uint32_t         xid;
    uint8_t          state, tries, prefix, netif;
    uint8_t          ndns;
    struct cw_mac    mac;
    struct cw_addr   addr, server, router, dns[3];
};

void dhcp_init(struct udp_host *h);
/* A datagram to port 68: true if it was the client's business. */
bool dhcp_in(struct udp_host *h, const struct net_rx *rx, uint32_t len);

#endif
