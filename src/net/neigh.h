/* neigh.h: the neighbour cache, which ARP and NDP share. */
#ifndef NET_NEIGH_H
#define NET_NEIGH_H

#include "net/core.h"

/* RFC 4861 §7.3.2, and what stands before and after it.  NEIGH_NONE: there
 * is an entry, nothing was ever asked.  NEIGH_FAILED: nobody answered; the
 * next packet asks again. */
enum neigh_state {
    NEIGH_NONE,
    NEIGH_INCOMPLETE,
    NEIGH_REACHABLE,
    NEIGH_STALE,
    NEIGH_DELAY,
    NEIGH_PROBE,
    NEIGH_FAILED,
    NEIGH_PERMANENT,
};

struct neigh {
    struct list    order; /* of last use: neigh_known or neigh_asking */
    struct neigh  *hash_next;
    struct wtimer  timer; /* INCOMPLETE, DELAY, PROBE */
    cw_ns          reachable_until;
    struct cw_addr addr;
    struct pktq    waiting; /* whole frames but for the destination */
    uint32_t       trains;  /* of them: packets, fragments of one as one */
    struct cw_mac  mac;
    uint8_t        state; /* enum neigh_state; enter() alone writes it */
    uint8_t        tries;
    uint8_t        netif;
};

size_t neigh_size(void);
/* mem: NEIGH_MAX * neigh_size() bytes. */
void neigh_init(struct net *n, void *mem);
void neigh_fini(struct net *n);

/* The entry, made if need be (the one longest unused makes room); NULL: all
 * are permanent. */
struct neigh *neigh_get(struct net *n, const struct netif *nif,
                        const struct cw_addr *a);
/* The entry, or NULL. */
struct neigh *neigh_find(const struct net *n, const struct netif *nif,
                         const struct cw_addr *a);
struct netif *neigh_netif(struct net *n, const struct neigh *ne);
/* Is its Ethernet address known? */
bool neigh_has_mac(const struct neigh *ne);

/* A frame whose destination is still to be filled in: sent, or kept until
 * the neighbour answers (GO_ON), or not (its references stay). */
enum why neigh_out(struct net *n, struct neigh *ne, struct cw_pkt *frame);
void     neigh_timeout(struct net *n, struct wtimer *t);

/* Facts from ARP and NDP. */

/* A packet from the neighbour itself said its address, unasked: RFC 4861
 * §7.2.3, RFC 826. */
void neigh_heard(struct net *n, struct neigh *ne, const struct cw_mac *mac);
/* An answer: RFC 4861 §7.2.5.  mac NULL: it held none. */
struct neigh_answer {
    const struct cw_mac *mac;
    bool                 solicited, override;
};
void neigh_told(struct net *n, struct neigh *ne,
                const struct neigh_answer *a);

#endif
