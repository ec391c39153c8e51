/* stack.h: a TCP/IP host as a value.
 *
 * A stack does no I/O, reads no clock and starts no thread.  You give it
 * packets and the time; it gives you packets and the next time at which it
 * wants to be called.
 *
 *      in      cw_stack_input()      a burst of packets arrived
 *      out     cw_stack_output()     the next burst to transmit, if any
 *      when    cw_stack_deadline()   when to call advance, at the latest
 *      tick    cw_stack_advance()    time has passed
 *
 * Call them in any order, from one thread at a time.  Equal configurations,
 * seeds and calls give equal packets, on any machine.
 *
 * Units: time is in nanoseconds since an epoch of yours; sizes are in bytes.
 * Errors: a call that can fail answers 0 or more on success and a negative
 * CW_E* code otherwise (see socket.h).  Nothing sets errno.
 */
#ifndef CAUSEWAY_STACK_H
#define CAUSEWAY_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CW_API __attribute__((visibility("default")))

typedef struct cw_stack cw_stack;

/* You provide this.  The stack has found itself in a state that it excludes:
 * a bug of ours, never something that the network or a call could cause.
 * `what` did not hold.  It must not return; print it and stop. */
__attribute__((noreturn)) void cw_panic(const char *file, int line,
                                        const char *what);

typedef int64_t cw_ns;
#define CW_NEVER INT64_MAX

/* An IP address of either family, in network byte order.  IPv4 a.b.c.d is
 * held as ::ffff:a.b.c.d, so that one key serves both families; the IPv4
 * wildcard is ::ffff:0.0.0.0 and the IPv6 wildcard is all zero. */
struct cw_addr {
    uint8_t b[16];
};

/* An Ethernet address. */
struct cw_mac {
    uint8_t b[6];
};

/* Where the stack's memory comes from.  It is called at creation, when an
 * interface is added, and at destruction; never for a packet. `free` gets the
 * size that was asked for.  `alloc` answers NULL when there is none. */
struct cw_alloc {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*free)(void *ctx, void *mem, size_t size);
};

struct cw_event; /* observe.h */

/* Which letter of the law is followed; docs/decisions says how they differ. */
enum cw_profile {
    CW_PROFILE_DEPLOYED = 0, /* what hosts on the Internet do: the default */
    CW_PROFILE_STRICT,       /* the RFCs to the letter */
    CW_PROFILE_CLASSIC,      /* Reno as the textbooks draw it */
};

/* What our SYNs offer beside the MSS. */
enum {
    CW_OFFER_TIMESTAMPS = 1 << 0, /* RFC 7323 §3 */
    CW_OFFER_SACK = 1 << 1,       /* RFC 2018 §2 */
    CW_OFFER_WSCALE = 1 << 2,     /* RFC 7323 §2 */
    CW_OFFER_NOTHING = 1 << 3,    /* to tell it from 0 */
};

/* TCP Fast Open (RFC 7413), as the bits of net.ipv4.tcp_fastopen. */
enum {
    CW_FASTOPEN_CLIENT = 0x1,        /* if a program asks for it */
    CW_FASTOPEN_SERVER = 0x2,        /* likewise: TCP_FASTOPEN */
    CW_FASTOPEN_SEND_ANYWAY = 0x4,   /* data in a SYN without a cookie */
    CW_FASTOPEN_TAKE_ANYWAY = 0x200, /* and taken without one */
    CW_FASTOPEN_LISTENERS = 0x400,   /* every listener, unasked */
    CW_FASTOPEN_NONE = 0x800,        /* to tell it from 0 */
};

/* SYN cookies (RFC 4987 §3.6). */
enum cw_syn_cookies {
    CW_SYN_COOKIES_PROFILE = 0, /* what the profile says */
    CW_SYN_COOKIES_OFF,
    CW_SYN_COOKIES_FULL,   /* once a listener's SYN queue is full */
    CW_SYN_COOKIES_ALWAYS, /* no half-open connection is kept */
};

/* What TCP does where packets of full size vanish without a word. */
enum cw_mtu_probing {
    CW_MTU_PROBING_PROFILE = 0, /* what the profile says */
    CW_MTU_PROBING_OFF,         /* only what ICMP says counts */
    CW_MTU_PROBING_BLACK_HOLE,  /* RFC 4821 §7.7: after timeouts in a row */
    CW_MTU_PROBING_ALWAYS,      /* RFC 4821 §7: from the first segment on */
};

/* Who governs the congestion window. */
enum cw_cc {
    CW_CC_PROFILE = 0, /* what the profile says */
    CW_CC_RENO,        /* RFC 5681 */
    CW_CC_CUBIC,       /* RFC 9438, with RFC 9406 */
    CW_CC_DCTCP,       /* RFC 8257; needs ECN */
    CW_CC_BBR,         /* version 3: draft-ietf-ccwg-bbr */
};

/* Explicit congestion notification (RFC 3168, RFC 9768): who asks for it, and
 * for which feedback; whoever answers, answers both kinds. */
enum cw_ecn {
    CW_ECN_PROFILE = 0, /* what the profile says */
    CW_ECN_OFF,
    CW_ECN_PASSIVE,  /* a SYN that asks is answered: as Linux's tcp_ecn = 2 */
    CW_ECN_ON,       /* our SYNs ask, too: tcp_ecn = 1 */
    CW_ECN_ACCURATE, /* they ask for accurate ECN: tcp_ecn = 3 */
};

struct cw_config {
    size_t   size;        /* sizeof(struct cw_config): the version of this */
    uint8_t  seed[16];    /* all randomness comes from here */
    size_t   memory_max;  /* bytes for everything, taken once; 0: 16 MiB */
    unsigned sockets_max; /* 0: 4096 */
    unsigned host;        /* a number of yours, copied into events */
    enum cw_profile profile;

    /* Every event, as it happens; NULL: none.  The callee must not call the
     * stack.  The event is valid during the call only. */
    void (*on_event)(void *ctx, const struct cw_event *event);
    void *event_ctx;

    /* For teaching: fixed initial sequence numbers. -1: RFC 6528. */
    int64_t teach_iss;
    /* For teaching: the timestamp clock starts at 0 for every flow. */
    bool     teach_ts_zero;
    bool     no_timestamps; /* do not offer RFC 7323 timestamps */
    bool     no_sack;       /* do not offer RFC 2018 SACK */
    bool     no_wscale;     /* do not offer RFC 7323 window scaling */
    uint32_t sndbuf;        /* SO_SNDBUF at first; 0: 64 KiB */
    uint32_t rcvbuf;        /* SO_RCVBUF at first; 0: 64 KiB */
    unsigned offer;         /* CW_OFFER_*; 0: what the profile offers; the
                               no_ fields above take away */
    /* For teaching: announce no larger MSS than this (RFC 9293 §3.7.1), from
     * 88; 0: what the interface's MTU allows. */
    uint16_t teach_mss;

    /* Path MTU discovery. */
    bool     no_pmtud;    /* off: nothing forbids fragments, and beyond a
                             gateway packets have at most 576 bytes (RFC 1122
                             §3.3.3), or 1280 (RFC 8201 §1) */
    uint16_t pmtu_floor4; /* bytes: an IPv4 path is never believed to carry
                             less; 0: 552, as on Linux; at least 68 (RFC 1191
                             §3) */
    cw_ns    pmtu_life;   /* what was learned is forgotten after this; 0: ten
                             minutes; at least five (RFC 1191 §3, RFC 8201
                             §5.3); CW_NEVER */
    enum cw_mtu_probing mtu_probing; /* RFC 4821, RFC 8899 */
    uint16_t mtu_base_mss; /* bytes of text with which probing begins over
                              IPv4; 0: 1024 (RFC 4821 §7.2); at least 88 */

    /* TCP's buffers grow up to these many bytes with what a connection moves
     * in a round trip, unless the program sets its own (RFC 9293 §3.8.6,
     * RFC 7323 §2.3: the window's scale is chosen for it).  0: if `rcvbuf`
     * or `sndbuf` above is given, they stay; else what the profile has. */
    uint32_t rcvbuf_max, sndbuf_max;
    /* Bytes of memory_max that may be in use before buffers shrink instead;
     * from three quarters of it they stop growing.  0: three quarters of
     * memory_max. */
    size_t buffer_budget;

    /* RFC 5961 §7: about as many challenge ACKs (half to one and a half of
     * it, drawn anew each time) in each interval; 0: 100 in a second. */
    unsigned challenge_acks;
    cw_ns    challenge_interval;

    enum cw_ecn ecn;

    enum cw_cc cc; /* of connections that do not ask for another one */

    /* Segments of the initial window (RFC 6928 §2), at most 1000; 0: what
     * the profile has: ten, or two to four (RFC 5681 §3.1). */
    unsigned initcwnd;

    /* The TTL of what is sent by IPv4, and the hop limit by IPv6 until a router
     * says another one (RFC 1122 §3.2.1.7, RFC 4861 §6.3.4), unless a socket
     * has its own; 0: 64. */
    uint8_t ttl, hop_limit;

    enum cw_syn_cookies syn_cookies;

    /* TCP Fast Open. */
    unsigned fastopen;      /* CW_FASTOPEN_*; 0: client and server,
                                      each where a program asks for it */
    unsigned fastopen_keys; /* how many are given, up to 2: the one
                                      for cookies, and one whose cookies are
                                      still good; 0: drawn from the seed */
    uint8_t  fastopen_key[2][16];
    cw_ns    fastopen_key_life; /* a drawn key makes cookies for so long,
                                      which are good for as long again; 0: a
                                      day (RFC 7413 §4.1.2) */

    /* Feed marks back by accurate ECN's count of packets alone, without its
     * options (RFC 9768 §3.2.3), which are read in any case. */
    bool no_ecn_option;

    /* The steps in which `now` goes: G of RFC 6298 §2, at most a second; 0:
     * it is exact.  RFC 8985 §4 wants it finer than a quarter of the round
     * trip; what is coarser than that is allowed for. */
    cw_ns clock_granularity;

    /* Space what a controller without a rate of its own sends: 2 cwnd each
     * SRTT in slow start, 1.2 cwnd after it, the initial window not at all. */
    bool pacing;
};

/* Fills in the defaults.  `seed` is mixed into config->seed. */
CW_API void cw_config_init(struct cw_config *config, uint64_t seed);

/* Creates a stack in one allocation.  NULL if the configuration is refused
 * or memory is out; *why then says which, for people. */
CW_API cw_stack *cw_stack_new(const struct cw_config *config,
                              const struct cw_alloc *alloc, const char **why);

/* Ends every connection without a packet and gives up the memory; the
 * memory itself goes back to `alloc` when the last packet buffer that others
 * hold has been put. */
CW_API void cw_stack_free(cw_stack *stack);

/* ---- packets ------------------------------------------------------- */

/* A packet buffer: reference counted, `cap` bytes at `data`.  Bytes are
 * immutable while more than one reference exists.  Reference counts are not
 * atomic: a buffer stays on the thread of its stack. */
struct cw_buf {
    uint8_t *data;
    uint32_t cap;
    uint32_t refs;
};

/* A new buffer of at least `size` bytes with one reference, or NULL when
 * the stack's memory is out or size exceeds CW_BUF_MAX. */
#define CW_BUF_MAX 16000
CW_API struct cw_buf *cw_buf_new(cw_stack *stack, size_t size);
CW_API void           cw_buf_get(struct cw_buf *buf);
CW_API void           cw_buf_put(struct cw_buf *buf);

struct cw_frag {
    struct cw_buf *buf;
    uint32_t       off, len;
};

enum cw_csum {
    CW_CSUM_NONE = 0, /* in: not checked yet; out: complete on the wire */
    CW_CSUM_PARTIAL,  /* out: the medium completes it at start+off */
    CW_CSUM_VERIFIED, /* in: the medium guarantees it */
};

/* A packet: references to buffers, the headers all in the first; and what
 * the medium may leave undone.  A frame begins with its Ethernet header. */
#define CW_FRAGS_MAX 8
struct cw_pkt {
    struct cw_frag frags[CW_FRAGS_MAX];
    uint32_t       len; /* sum over frags */
    uint16_t       nfrags;
    uint16_t       netif;    /* which interface it leaves by or came from */
    uint16_t       gso_size; /* 0: one segment; else payload a segment */
    uint8_t        gso_type, csum_state;
    uint16_t       csum_start, csum_off;
    uint16_t       why; /* out: enum why, the reason it was sent */
    uint16_t       _pad;
    uint32_t       flow;    /* out: the connection's number in events, or 0 */
    uint64_t       why_arg; /* out: the figure that goes with `why`; in: a
                               number of yours, copied into events (or 0) */
};

/* Drop the packet's references. */
CW_API void cw_pkt_free(struct cw_pkt *pkt);

/* ---- the quartet --------------------------------------------------- */

/* Give the stack n received packets; it takes over the references.  Never
 * fails: a packet that is wrong is dropped, counted, and its event says why.
 * Time that runs backward is held at the last `now` and counted. */
CW_API void cw_stack_input(cw_stack *stack, struct cw_pkt *pkts, unsigned n,
                           cw_ns now);

/* Up to max packets to transmit now, in order; the caller gets the
 * references.  Answers how many; 0 when there is nothing more. */
CW_API unsigned cw_stack_output(cw_stack *stack, struct cw_pkt *pkts,
                                unsigned max, cw_ns now);

/* When cw_stack_advance() must be called next, at the latest; CW_NEVER. */
CW_API cw_ns cw_stack_deadline(const cw_stack *stack);

/* Time has passed: runs the timers that are due, in order of deadline. */
CW_API void cw_stack_advance(cw_stack *stack, cw_ns now);

/* ---- interfaces and routes ----------------------------------------- */

enum {
    CW_NETIF_LOOPBACK = 1 << 0, /* what is sent comes back; no neighbours */
    CW_NETIF_NOARP = 1 << 1,    /* neighbours are only those added by hand */
    CW_NETIF_CSUM = 1 << 2,     /* the medium keeps packets intact: checksums
                                   are neither filled in nor checked */
    CW_NETIF_AUTOCONF = 1 << 3, /* IPv6 configures itself (RFC 4861, 4862): a
                                   link-local address, routers, prefixes,
                                   duplicate address detection; groups are
                                   told by MLD */
    CW_NETIF_DHCP = 1 << 4, /* IPv4's address and router are asked for (RFC
                               2131), and given up when their time is over */
};

struct cw_netif_config {
    const char   *name; /* at most 15 bytes; copied */
    struct cw_mac mac;
    uint32_t      mtu; /* bytes above Ethernet; 0: 1500; at least 576 */
    unsigned      flags;
    unsigned      queue; /* packets held for output; 0: 256; a power of 2 */
};

/* Answers the interface's index (from 0), or -CW_E*. At most 16. */
CW_API int cw_netif_add(cw_stack                     *stack,
                        const struct cw_netif_config *config);

/* An address of this host on an interface, with the on-link prefix, from 0
 * to 32 (IPv4) or 128 (IPv6) bits. */
CW_API int cw_addr_add(cw_stack *stack, unsigned netif,
                       const struct cw_addr *addr, unsigned prefix);

/* What a DHCP server has lent an interface (CW_NETIF_DHCP); -CW_EINVAL: there
 * is no client on it. */
struct cw_lease {
    bool           bound; /* else the rest says nothing */
    uint8_t        prefix, ndns;
    struct cw_addr addr, server, router, dns[3];
    cw_ns          expires; /* CW_NEVER: for ever */
};
CW_API int cw_lease_get(const cw_stack *stack, unsigned netif,
                        struct cw_lease *out);

/* The host's addresses, in order; how many there are, which may be more than
 * max. */
enum {
    CW_ADDR_ASSIGNED = 0,
    CW_ADDR_TENTATIVE, /* perhaps somebody else's: not in use yet */
    CW_ADDR_DUPLICATE, /* somebody else's: not in use */
};
struct cw_addr_row {
    struct cw_addr addr;
    unsigned       netif;
    uint8_t        prefix, state;                /* CW_ADDR_* */
    cw_ns          preferred_until, valid_until; /* CW_NEVER: for ever */
};
CW_API size_t cw_addr_list(const cw_stack *stack, struct cw_addr_row *rows,
                           size_t max);

/* Destinations beyond a gateway; dst NULL with prefix 0: of gw's family. */
CW_API int cw_route_add(cw_stack *stack, const struct cw_addr *dst,
                        unsigned prefix, const struct cw_addr *gw,
                        unsigned netif);

/* A neighbour known for ever: no ARP, no neighbour discovery for it. */
CW_API int cw_neigh_add(cw_stack *stack, unsigned netif,
                        const struct cw_addr *addr, const struct cw_mac *mac);

/* Bytes of the stack's memory in use by connections, queues and packets;
 * 0 when the host is idle and nothing is held (the simulator's oracle). */
CW_API size_t cw_stack_memory_used(const cw_stack *stack);

#ifdef __cplusplus
}
#endif
#endif
