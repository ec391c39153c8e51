/* world.h: the door of the world: hosts joined by links, under a clock that
 * is given.
 *
 * A world is sans-I/O, as its stacks are: calls, link changes and the time go
 * in; results, packets and the next deadline come out.  Real time and virtual
 * time are the same code:
 *
 *     real      wait until world_next() or until a program calls;
 *               world_advance(w, clock);  world_call(...) for each call
 *     virtual   while (!world_over(w)) world_advance(w, world_next(w));
 *
 * Each thing that happens runs with its own time as `now`.  At equal times:
 * first timers, then packets, then calls; by host number; by sequence.  So
 * the calls of a run, with their times, give the run again (record, replay).
 *
 * Hosts are numbered from 1, as their names h1, h2 ...; 0 is nobody.  Each
 * has two interfaces, `lo` and `eth0`.  Frames between two hosts' eth0 cross
 * the link of that pair; frames of lo cross the host's own lo link.  Beyond
 * a gateway that every host knows there is only the name service.
 *
 * A world can be joined to a network outside, which is then one more host,
 * "net", without a stack: each host has a link to it.  What comes through
 * goes to a hook; what arrives there comes in with world_outside_in().
 *
 * Time starts at world_config.start.  One thread.  Memory: `alloc` only.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include "base/event.h"
#include "base/why.h"
#include "emu/link.h"
#include <causeway/causeway.h>

enum {
    WORLD_HOSTS_MAX = 32, /* every pair has a link */
    WORLD_LO = 0,         /* netif numbers */
    WORLD_ETH0 = 1,
    WORLD_NETIFS = 2,
    WORLD_NAME_MAX = LINK_NAME_MAX,
};

struct world;

/* ---- calls ------------------------------------------------------------- */

/* One call on a socket of a host: socket.h as data, so that it can be
 * recorded and replayed.  Fields that a call does not need are zero.
 *
 *   EVC_SOCKET      a domain, b type, c protocol
 *   EVC_BIND        sd, addr (has_addr)
 *   EVC_LISTEN      sd, a backlog
 *   EVC_ACCEPT      sd                       -> addr (the peer)
 *   EVC_CONNECT     sd, addr; !has_addr: unset the peer
 *   EVC_SEND        sd, in, in_len, a flags, addr if has_addr
 *   EVC_RECV        sd, out, out_len, a flags -> addr, local, truncated
 *   EVC_SHUTDOWN    sd, a how
 *   EVC_CLOSE       sd
 *   EVC_GETSOCKNAME sd                       -> addr
 *   EVC_GETPEERNAME sd                       -> addr
 *   EVC_SETSOCKOPT  sd, a level, b name, in, in_len
 *   EVC_GETSOCKOPT  sd, a level, b name, out, out_len -> len
 *   EVC_HELD        sd, u bytes
 *   EVC_SET_OWNER   sd, u owner
 */
struct wcall {
    uint8_t            op; /* enum event_call */
    bool               has_addr;
    int                sd;
    int                a, b, c;
    uint64_t           u;
    struct cw_sockaddr addr;
    const void        *in;
    size_t             in_len;
    void              *out;
    size_t             out_len; /* the room at out */
    struct cw_anc      anc;     /* EVC_SEND of a datagram */
};

struct wresult {
    ptrdiff_t          ret; /* as the cw_ call answers */
    size_t             len; /* bytes written to wcall.out */
    bool               has_addr, truncated;
    struct cw_sockaddr addr, local;
    int                flags;
    struct cw_anc      anc; /* EVC_RECV of a datagram */
};

/* Makes the call now, and everything that follows from it without time
 * passing.  Answers res->ret. */
ptrdiff_t world_call(struct world *w, unsigned host, const struct wcall *call,
                     struct wresult *res);

/* Does the call change the host?  If not, it need not be recorded (and the
 * `call` hook does not hear of it). */
bool wcall_matters(const struct wcall *call);

/* ---- what the world tells ---------------------------------------------- */

/* A frame was transmitted.  Valid during the hook only. */
struct world_packet {
    cw_ns                t;
    uint32_t             number; /* world-wide, from 1 */
    uint16_t             host;   /* whose interface ... */
    uint16_t             netif;
    bool                 inward; /* ... it leaves; or, from the gateway, the
                                    one that it goes to */
    bool                 name;   /* a question to the name service or its
                                    answer: views may leave it out */
    bool                 more;   /* from outside, and others at once */
    const struct cw_pkt *pkt;    /* with why, why_arg and flow */
};

/* What became of it; as link_fate, with the packet's number. A frame that no
 * link carries (to or from the gateway) has link -1. */
struct world_fate {
    cw_ns       t, arrive_at;
    uint32_t    number;
    int         link;
    uint16_t    from, to; /* hosts; to 0: nobody */
    uint16_t    why;      /* WHY_LINK_* */
    uint8_t     copy;
    bool        final;
    const char *rule; /* WHY_LINK_RULE: its text ... */
    uint64_t    nth;  /* ... and which of its kind this was */
};

/* Why a host's turn in a lab is over and the next may start. */
enum world_ready { WORLD_LISTENS, WORLD_BOUND, WORLD_EXITED };

/* Any of these may be NULL.  They must not call the world. */
struct world_hooks {
    void *ctx;
    void (*packet)(void *ctx, const struct world_packet *p);
    void (*fate)(void *ctx, const struct world_fate *f);
    /* Of every stack (host is filled in), and EV_LINK of the links: pkt the
     * packet's number, host the sender, why, v[] as base/event.h says. */
    void (*event)(void *ctx, const struct cw_event *e);
    /* After each call that matters.  in->out holds what was read. */
    void (*call)(void *ctx, cw_ns t, unsigned host, const struct wcall *in,
                 const struct wresult *out);
    /* A live change of a link: spec, or rule, is not NULL. */
    void (*change)(void *ctx, cw_ns t, unsigned link, unsigned dir,
                   const struct link_spec *spec,
                   const struct link_rule *rule);
    /* Text that a built-in endpoint writes; whole lines mostly. */
    void (*output)(void *ctx, unsigned host, const char *text, size_t len);
    /* Once for each host: its program listens, has bound a UDP port or (a
     * built-in one) has exited. */
    void (*ready)(void *ctx, unsigned host, enum world_ready how);
    /* A built-in endpoint has exited. */
    void (*exited)(void *ctx, unsigned host, unsigned builtin, int status);
    /* Frames have reached what is outside; takes the references over. */
    void (*outside)(void *ctx, struct cw_pkt *pkts, unsigned n);
};

/* ---- making one -------------------------------------------------------- */

struct world_config {
    uint64_t               seed;
    const struct cw_alloc *alloc; /* must outlive the world */
    cw_ns                  start;
    struct cw_config       stack; /* pattern for each host: profile, memory,
                                     teaching knobs; seed, host and events
                                     are filled in here */
    struct world_hooks     hooks;
    bool   csum_offload;     /* skip checksums where links are intact; a later
                            change to corrupting links is then refused */
    size_t link_packets_max; /* 0: LINK_PACKETS_MAX */
};

void world_config_init(struct world_config *c, uint64_t seed,
                       const struct cw_alloc *alloc);
/* NULL: no memory, or the pattern is refused; *why says which. */
struct world *world_new(const struct world_config *c, const char **why);
/* Ends every connection without a packet. */
void world_free(struct world *w);

/* Something that a lab says of its hosts' stacks (setting.h reads it). */
enum setting_what {
    SETTING_PROFILE,
    SETTING_ISN,
    SETTING_MSS,
    SETTING_OFFER,
    SETTING_RCVBUF,
    SETTING_SNDBUF,
    SETTING_MTU_PROBING,
    SETTING_CC,
    SETTING_TTL,
    SETTING_ECN,
    SETTING_PACING,
};

enum { SETTING_TEXT_MAX = 96, SETTINGS_MAX = 32 };

struct setting {
    uint8_t  what;                 /* enum setting_what */
    char     host[WORLD_NAME_MAX]; /* "": all of them */
    uint64_t value;
    char     text[SETTING_TEXT_MAX]; /* as it was written */
};

/* A network outside.  Addresses that are all zero are not given: then they
 * are as in every lab.  With a gateway, or with an address that is lent, the
 * name service is the real one. */
struct lab_outside {
    bool           on;
    struct cw_addr addr4, addr6; /* of host 1; others have those behind */
    uint8_t        prefix4, prefix6;
    struct cw_addr gw4, gw6;
    bool           lent4;  /* each asks a DHCP server for its address */
    bool           heard6; /* each forms one from what routers advertise */
};

/* Hosts and links of a lab, or the one host of `causeway run`. */
struct lab_config {
    unsigned                hosts;
    struct link_spec        fwd, back; /* from the lower number; back */
    const struct link_rule *rules; /* as parsed; names are resolved here */
    unsigned                nrules;
    const struct setting   *settings; /* the later one holds */
    unsigned                nsettings;
    bool arp;         /* let ARP and NDP speak: neighbours are not known */
    bool lo_link;     /* the specification is that of lo, not of the pairs */
    const char *name; /* of the only host ("local"); NULL: h1, h2 ... */
    struct lab_outside outside;
};

/* The outside as a number of world_packet and world_fate; 0: there is
 * none. */
unsigned world_outside(const struct world *w);
/* Buffers for frames from outside. */
cw_stack *world_outside_stack(const struct world *w);
/* Frames have come from outside, now, at once; takes the references over.
 * Whatever they are, they are safe. */
void world_outside_in(struct world *w, struct cw_pkt *pkts, unsigned n);

/* Adds the hosts 1..n and joins each pair.  False: *why (no memory; a rule
 * or a setting that names no host). */
bool world_lab(struct world *w, const struct lab_config *c, const char **why);

/* ---- time -------------------------------------------------------------- */

cw_ns world_now(const struct world *w);
/* When something happens next by itself, or CW_NEVER. */
cw_ns world_next(const struct world *w);
/* Runs everything that happens until `now`, each at its own time; then it is
 * `now`.  Time never goes backward. */
void world_advance(struct world *w, cw_ns now);
/* Nothing more will happen that anybody waits for: no packet is under way,
 * and no connection is left but listeners, TIME-WAIT and idle ones whose
 * owner lives. */
bool world_quiet(const struct world *w);

/* ---- hosts ------------------------------------------------------------- */

unsigned    world_hosts(const struct world *w);
const char *world_host_name(const struct world *w, unsigned host);
/* The number of a host by name ("h2") or 0. */
unsigned       world_host_find(const struct world *w, const char *name);
struct cw_addr world_host_addr4(const struct world *w, unsigned host);
struct cw_addr world_host_addr6(const struct world *w, unsigned host);
struct cw_mac  world_host_mac(const struct world *w, unsigned host);
/* Has every host the addresses that it has to find out itself (lab_outside)?
 * From then on world_host_addr4() and _addr6() tell them. */
bool world_settled(struct world *w);
/* For snapshots and counters. */
cw_stack *world_stack(const struct world *w, unsigned host);

/* Readiness of sockets that calls opened (not those of built-in endpoints):
 * as cw_ready(), cw_ready_next(), cw_queues(). */
unsigned world_ready(struct world *w, unsigned host, int sd);
int      world_ready_next(struct world *w, unsigned host);
int      world_queues(struct world *w, unsigned host, int sd,
                      struct cw_queues *out);
/* Has this host's program listened, bound a UDP port or exited? */
bool world_host_ready(const struct world *w, unsigned host);
/* A program (not a built-in endpoint) has exited: for the starting order. */
void world_host_exited(struct world *w, unsigned host);

/* ---- links ------------------------------------------------------------- */

unsigned world_links(const struct world *w);
/* "h1-h2", or "lo" of the only host, or "h1-lo". */
const char *world_link_name(const struct world *w, unsigned link);
/* Its two ends (LINK_FWD is from a to b); equal for lo. */
void world_link_ends(const struct world *w, unsigned link, unsigned *a,
                     unsigned *b);
struct link *world_link(const struct world *w, unsigned link);
/* Live changes, now.  False: refused (no memory, too many rules,
 * checksums are offloaded). The rule's names are resolved here. */
bool world_link_set(struct world *w, unsigned link, unsigned dir,
                    const struct link_spec *spec);
bool world_link_drop(struct world *w, unsigned link,
                     const struct link_rule *rule);
/* Packets under way on all links. */
size_t world_under_way(const struct world *w);

/* ---- built-in endpoints ------------------------------------------------ */

/*   @upper PORT              answers one message in upper case, closes first
 *   @echo-upper PORT         the same until the client closes
 *   @echo PORT               answers with the same, until the client closes
 *   @answer PORT TEXT        answers with TEXT, until the client closes
 *   @hello PORT [TEXT]       greets and closes first
 *   @sink PORT               reads until the end
 *   @leak PORT               as @echo-upper, but it never closes
 *   @send HOST PORT TEXT     sends it, prints the answer until its
 *                            end (-1: what comes first), closes
 *   @recv HOST PORT          reads until the end, prints it
 *   @source HOST PORT SIZE   sends SIZE bytes
 *   @udp-upper PORT          @udp-send [-t TIME] HOST PORT TEXT...
 *   @udp-sink PORT           @udp-source HOST PORT SIZE
 *   @perf -s [-p PORT]       @perf -c HOST [-p PORT] [-n SIZE | -t TIME]
 *
 * Servers serve for ever; clients exit with 0, or 1 if the exchange failed.
 */

/* A built-in endpoint on a host that no program shares.  argv[0] is its name
 * with the @.  Answers its number, or -1: *err has one line (what, why,
 * remedy).  It does nothing until it is started. */
int  world_builtin_add(struct world *w, unsigned host, unsigned argc,
                       const char *const *argv, struct fmt *err);
void world_builtin_start(struct world *w, unsigned builtin);
/* -1 while it has not exited. */
int world_builtin_status(const struct world *w, unsigned builtin);
/* Is it one that serves for ever? */
bool     world_builtin_serves(const struct world *w, unsigned builtin);
unsigned world_builtins(const struct world *w);

/* A lab of built-in endpoints is over: every client has exited and the world
 * is quiet; or nothing can happen any more. */
bool world_over(const struct world *w);

/* Starts each endpoint in turn and runs in virtual time until the lab is over
 * or it is `until`.  The answer: 0, the first non-zero status in order of
 * hosts, or 124 if a client has not exited. */
int world_run_builtins(struct world *w, cw_ns until);

#endif
