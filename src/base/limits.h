/* limits.h: every bound and protocol constant, each with its reason.
 *
 * `struct knobs` holds what the profiles (stack.h) decide; knobs_of() is the
 * one table of them.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/ns.h"

enum {
    NETIF_MAX = 16,
    NETIF_ADDR_MAX = 8, /* addresses of an interface */
    ROUTE_MAX = 64,
    REDIRECT_MAX = 32,      /* destinations with a first hop of their own */
    RA_ROUTES_MAX = 16,     /* of them heard from routers, who may lie */
    NEIGH_MAX = 512,        /* cache entries; the oldest unused one goes */
    NEIGH_QUEUE_MAX = 8,    /* packets waiting for an answer: RFC 4861 §7.2.2
                             asks for at least one */
    FRAG_DATAGRAM_MAX = 64, /* datagrams in reassembly at a time */
    FRAG_PIECES_MAX = 64,   /* pieces of one of them */
    MCAST_GROUPS_MAX = 64,  /* groups of a host, over its interfaces */
    MCAST_SOURCES_MAX = 10, /* of a membership: Linux's igmp_max_msf */
    MCAST_RECORD_MAX = 20,  /* sources in one record of a report */
    MCAST_MEMBERS_MAX = 20, /* of a socket: Linux's igmp_max_memberships */
    MCAST_LOOP_MAX = 64,    /* copies for ourselves, within one call */
    IP6_EXT_MAX = 8,        /* extension headers looked at: RFC 8504 §5.3 */
    ICMP_RATE = 1000,       /* errors a second: RFC 4443 §2.4 (f) */
    ICMP_BURST = 50,
    ICMP_DEST_RATE = 100, /* of them to one destination */
    ICMP_DEST_BURST = 20,
    ICMP_DESTS = 64,      /* shares: each is that of all who hash to it */
    CHALLENGE_ACKS = 100, /* in a second, all connections: RFC 5961 §7 */
    CHALLENGE_ACKS_MAX = 1000000,
    UDP_QUEUE_PKTS_MAX = 1024,
    UDP_ERRORS_MAX = 64,       /* messages on a socket's error queue */
    UDP_SEGMENTS_MAX = 128,    /* of one call: Linux's UDP_MAX_SEGMENTS */
    UDP_GRO_MAX = 65507,       /* bytes that become one: a datagram's most */
    TCP_OOO_RANGES_MIN = 256,  /* holes in one receive queue, however small */
    TCP_OOO_RANGES_MAX = 4096, /* ... and however large its buffer */
    TCP_SEGS_MAX = 16384,      /* records in flight on one connection */
    TCP_SACK_SPLITS = 64,      /* records that SACKs may cut, beside one more
                                 for each full segment: CVE-2019-11478 */
    TCP_SACK_WALK_MAX = 1024,  /* records looked at in search of a block, and
                                 again in search of what is lost, for each
                                 segment: CVE-2019-5599 */
    TCP_BACKLOG_MAX = 4096,    /* as net.core.somaxconn */
    TCP_SYN_QUEUE_MAX = 4096,
    TCP_TIMEWAIT_MAX = 65536,
    TCP_FAST_PEERS_MAX = 64, /* servers whose cookies or silence are known */
    TCP_FAST_MSS4 = 1460,    /* text and options of a SYN: RFC 7413 §4.1.3 */
    TCP_FAST_MSS6 = 1440,
    TCP_FAST_DOUBLINGS = 6, /* of TCP_FAST_QUIET */
    FLOW_ENDS_MAX = 1024,   /* local addresses with connections, 0 not used:
                             more than the interfaces can have, but
                             127.0.0.0/8 has more yet */
    TCP_WSCALE_MAX = 14,    /* RFC 7323 §2.3 */
    TCP_WSCALE = 7,
    TCP_MSS_DEFAULT4 = 536, /* RFC 9293 MUST-15 */
    TCP_MSS_DEFAULT6 = 1220,
    TCP_MSS_MIN = 88, /* below that headers outweigh data */
    TCP_SNDBUF_DEFAULT = 65536,
    TCP_RCVBUF_DEFAULT = 65536,
    UDP_RCVBUF_DEFAULT = 212992, /* as Linux's rmem_default */
    PMTU_PATHS_MAX = 64, /* destinations with a smaller MTU than ours */
    PMTU_FLOOR4 = 552,   /* Linux's min_pmtu; RFC 1191 §3 asks for 68 */
    PMTU_FLOOR4_MIN = 68,
    TCP_MSS_BASE4 = 1024, /* RFC 4821 §7.2: what nearly all paths carry */
    TCP_MSS_BASE6 = 1220, /* RFC 8200 §5: what they all do */
    TCP_INITCWND_MAX = 1000,
    SOCKBUF_MIN = 2048,
    SOCKBUF_MAX = 16 << 20,
    TCP_BUF_SHARE = 4, /* one connection's buffer: at most this part of the
                          budget for all */
    EPHEMERAL_FIRST = 49152, /* RFC 6335 §6, RFC 6056 §3.2 */
    EPHEMERAL_LAST = 65535,
};

#define PMTU_LIFE         (600 * NS_S) /* RFC 1191 §6.3, RFC 8201 §5.3 */
#define PMTU_LIFE_MIN     (300 * NS_S) /* no increase before: RFC 1191 §3 */

#define TCP_FAST_KEY_LIFE (86400 * NS_S) /* RFC 7413 §4.1.2: some time */
/* For how long a server where it failed is spared Fast Open, at first: §4.1.3.1
 * asks for some time; doubled with each failure in a row. */
#define TCP_FAST_QUIET (60 * NS_S)
/* A pending Fast Open that was reset counts for as long: §5.1. */
#define TCP_FAST_HELD (60 * NS_S)

struct knobs {
    cw_ns    rto_initial; /* RFC 6298 §2.1 */
    cw_ns    rto_min;     /* strict: the floor of RTO (§2.4) */
    cw_ns    rto_var_min; /* deployed: the floor of 4*RTTVAR */
    cw_ns    rto_max;     /* §2.5: at least 60 s */
    cw_ns    delack;      /* MUST-40: below 500 ms */
    bool     ack_adapts;  /* in a stream it is shorter: tcp_text.c */
    unsigned quickacks;   /* segments acknowledged at once at the start */
    unsigned initcwnd;    /* segments; 0: by RFC 5681 §3.1 */
    unsigned ack_counts;  /* slow start: segments an ACK counts for; 0: all
                            that it acknowledges */
    cw_ns    msl;         /* half of the time in TIME-WAIT */
    unsigned syn_retries; /* R2 for a SYN: MUST-23 */
    unsigned synack_retries;
    unsigned data_retries;      /* R2: SHLD-11 */
    cw_ns    orphan_fin_wait_2; /* FIN-WAIT-2 without an owner */
    unsigned orphan_probes;     /* of a shut window, in a row, without an
                                   owner; 0: while they are answered */
    uint32_t rcvbuf_max;        /* buffers grow up to these; 0: they do not */
    uint32_t sndbuf_max;
    unsigned cc;        /* enum cw_cc */
    bool     ack_train; /* ends the first slow start, too: cc_hystart.c */
    bool     cubic_alpha_one; /* RFC 9438 §4.3: W_est grows like Reno once it
                                 is where cwnd was; else at 9/17 of that */
    unsigned ecn;             /* enum cw_ecn */
    unsigned offers;          /* CW_OFFER_*: what SYNs offer beside the MSS */
    bool     ts_required; /* RFC 7323 §3.2: drop what lacks its timestamp */
    unsigned paws_slack;  /* ticks by which a segment may be older than
                             TS.Recent: a retransmission has overtaken it */
    bool     rst_echoes_ts; /* RFC 7323 §5.2: a reset echoes a timestamp */
    bool     sack_forgets;  /* RFC2018-5.1-a: a timeout forgets SACKs */
    bool     sack_last_resort; /* RFC 6675 §4, NextSeg () (3) and (4) */
    bool     sack_anyway; /* RFC 2018 §8: the newest segment is reported even
                            if there is no room for it */
    bool     syn_returns; /* RFC 9293 §3.10.7.4, SYN-RECEIVED: a SYN in the
                            window leads back to LISTEN; else RFC 5961 §4.2 */
    unsigned mtu_probing; /* enum cw_mtu_probing */
    bool     pmtu_one_first; /* RFC 1191 §6.4: a path has shrunk: one segment
                            again until ACKs come; else as cwnd allows */
    bool     soft_waits;  /* MUST-56 to the letter: a soft ICMP error does not
                            end an attempt to connect, either */
    bool     syn_cookies; /* RFC 4987 §3.6, when a SYN queue is full */
    bool     hard_aborts; /* SHLD-26: a hard ICMP error ends a connection */
    bool     rack_tlp;    /* RFC 8985, where SACK is on; else RFC 6675 */
    bool     prr;       /* RFC 9937 without SACK, too; with RACK-TLP always */
    bool     frto;      /* RFC 5682 */
    bool     undo;      /* RFC 3522, 3708: what was needless is taken back */
    cw_ns    tlp_delay; /* TLP.max_ack_delay, RFC 8985 §7.2 */
};

const struct knobs *knobs_of(enum cw_profile profile);

/* Controllers by name, as Linux's; CW_CC_PROFILE: there is none of it. */
enum { CC_NAME_MAX = 16 };
const char *cc_name(enum cw_cc cc);
enum cw_cc  cc_named(const char *name, size_t len);

#endif
