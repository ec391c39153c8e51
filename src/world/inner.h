/* inner.h: what the files of the world share.
 */
#ifndef WORLD_INNER_H
#define WORLD_INNER_H

#include "base/addr.h"
#include "base/check.h"
#include "base/list.h"
#include "store/pbuf.h"
#include "world/world.h"

enum {
    BURST_MAX = 64,    /* packets moved at a time */
    GATEWAY_HELD = 64, /* answers of the gateway that wait for a host */
    STATIONS_MAX = WORLD_HOSTS_MAX + 1, /* hosts, and what is outside */
    WORLD_LINKS_MAX = STATIONS_MAX * (STATIONS_MAX + 1) / 2,
    GATEWAY4 = 0x0a0000fe, /* 10.0.0.254 */
};

struct builtin;

struct host {
    unsigned       number;
    cw_stack      *st;
    char           name[WORLD_NAME_MAX];
    struct cw_addr addr4, addr6;
    struct cw_mac  mac;
    bool           ready;    /* world_hooks.ready was told */
    bool           builtins; /* its sockets are those of built-in ends */
    unsigned       nheld;    /* from the gateway, for the next burst */
    struct cw_pkt  held[GATEWAY_HELD];
};

/* A packet whose last word on the link is still to come. */
struct pending {
    uint64_t ordinal;
    uint32_t number;
    uint8_t  dir;
};

struct wlink {
    struct world   *w;
    struct link    *l;
    unsigned        index;
    unsigned        a, b;   /* equal: a host's lo */
    cw_ns           next;   /* link_next(), kept */
    uint32_t        number; /* of the packet inside link_send() */
    struct pending *pending;
    size_t          npending, pending_cap;
    char            name[2 * WORLD_NAME_MAX];
};

struct world {
    struct world_config config;
    struct sipkey       seed;
    cw_ns               now;
    uint32_t            packets; /* numbers given */
    unsigned            nhosts, nlinks;
    struct host        *hosts[STATIONS_MAX + 1]; /* from 1 */
    /* What is outside: the number behind the hosts', or 0.  Its stack has no
     * interface; it only lends buffers. */
    unsigned           outside;
    struct lab_outside plan; /* how hosts are to be addressed */
    struct wlink      *links[WORLD_LINKS_MAX];
    /* Between two hosts, or a host and itself (lo); NULL: not joined. */
    struct wlink *between[STATIONS_MAX + 1][STATIONS_MAX + 1];
    struct list   builtins; /* in the order of their numbers */
    unsigned      nbuiltins;
    struct cw_pkt burst[BURST_MAX];
};

static inline bool text_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- memory ------------------------------------------------------------ */

void *world_alloc(struct world *w, size_t size); /* zeroed, or NULL */
void  world_give(struct world *w, void *mem, size_t size);

/* ---- time -------------------------------------------------------------- */

/* Everything that happens now by itself. */
void world_settle(struct world *w);

/* ---- hosts ------------------------------------------------------------- */

struct host_plan {
    const char              *name;  /* NULL: h1, h2 ... */
    unsigned                 flags; /* of its interfaces */
    const struct lab_config *lab;
};

struct host *world_host_new(struct world *w, const struct host_plan *plan,
                            const char **why);
void         world_host_free(struct world *w, struct host *h);
void world_tell_ready(struct world *w, struct host *h, enum world_ready how);
struct host *world_host_of(const struct world *w, unsigned number);
/* A host, or "net" for what is outside; 0: neither. */
unsigned world_station_find(const struct world *w, const char *name);

/* Hosts and what is outside: those that have links. */
static inline unsigned stations(const struct world *w)
{
    return w->outside ? w->outside : w->nhosts;
}

/* ---- frames ------------------------------------------------------------ */

/* Takes what a host has to send and puts it on its way. */
void carry_from(struct world *w, struct host *h);
/* A frame from outside goes on its way; `more`: others follow it at once. */
void carry_inward(struct world *w, struct cw_pkt *pkt, bool more);
/* Hands what has arrived by now to its hosts; true if there was anything. */
bool  carry_arrivals(struct world *w);
cw_ns carry_next(const struct world *w);
/* What became of a frame that no link carries. */
void carry_fate(struct world *w, uint32_t number, const struct host *from,
                const struct host *to, enum why why);
/* A frame that the gateway sends to a host, at once. */
void carry_from_gateway(struct world *w, struct host *to, struct cw_pkt *pkt,
                        bool name);
/* A piece that a router has cut goes on along a link. */
void          carry_piece(struct world *w, struct host *h, struct cw_pkt *pkt,
                          struct wlink *l, unsigned dir);
struct wlink *wlink_new(struct world *w, unsigned a, unsigned b,
                        const struct link_config *config);
void          wlink_free(struct world *w, struct wlink *l);
/* Copies a rule and says in which directions of a link it applies: false if
 * it does not. */
bool wlink_resolve(const struct world *w, const struct wlink *l,
                   const struct link_rule *rule, struct link_rule *out);

/* ---- outside (outside.c) ----------------------------------------------- */

bool outside_new(struct world *w, const char **why);
/* Packets that have come through a link, to the world's hook. */
void outside_take(struct world *w, struct cw_pkt *pkts, unsigned n);

/* ---- routers (router.c) ------------------------------------------------- */

/* A frame of h's that the router on this link cannot pass on, in pieces;
 * false: it must not be cut. */
bool router_cut(struct world *w, struct host *h, struct cw_pkt *pkt,
                struct wlink *l, unsigned dir);

/* ---- the gateway and its name service ---------------------------------- */

struct cw_mac  gateway_mac(void);
struct cw_addr gateway_addr4(const struct world *w);
struct cw_addr gateway_addr6(const struct world *w);
/* Do hosts ask it for names? */
bool gateway_names(const struct world *w);
/* Is the frame a question that the name service answers: UDP to port 53, and
 * not to a socket of a host? */
bool gateway_asked(struct world *w, const struct cw_pkt *pkt,
                   struct host *to);
/* Answers a frame and frees it: a name, or "network unreachable". */
void gateway_take(struct world *w, struct host *from, struct cw_pkt *pkt,
                  bool name);
/* Tells the sender that a link carries only this. */
void gateway_too_big(struct world *w, struct host *from,
                     const struct cw_pkt *pkt, uint16_t mtu);
/* The answer to a DNS message; its length, or 0: none is due. */
size_t names_answer(const struct world *w, struct span question, uint8_t *out,
                    size_t cap);

/* ---- built-in endpoints ------------------------------------------------ */

/* Notes which sockets of theirs something happened to. */
void builtins_hear(struct world *w);
/* Runs those about which something happened; true if any did. */
bool  builtins_run(struct world *w);
cw_ns builtins_next(const struct world *w);
void  builtins_free(struct world *w);

#endif
