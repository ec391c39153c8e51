/* tcb.h: the TCB and the records around it, named as RFC 9293 §3.3.1 names
 * them.  Private to tcp/.
 *
 * Three kinds of record stand in the host's flow table:
 *   struct tcp           a connection with everything it needs
 *   struct tcp_embryo    SYN-RECEIVED from LISTEN: no queues, no buffers
 *   struct tcp_timewait  TIME-WAIT: what is needed to answer, no more
 * A connection is split once more: struct tcp_flight exists only while
 * something is in flight.
 */
#ifndef TCP_TCB_H
#define TCP_TCB_H

#include "base/check.h"
#include "base/near.h"
#include "store/flowtab.h"
#include "store/porttab.h"
#include "store/recvq.h"
#include "store/segq.h"
#include "store/sendq.h"
#include "tcp/ecn.h"
#include "tcp/tcp.h"
#include "wire/tcphdr.h"

/* One bit each, so that the RFC's lists of states can be written as lists.
 */
enum tcp_state {
    TCPS_CLOSED = 1 << 0,
    TCPS_LISTEN = 1 << 1,
    TCPS_SYN_SENT = 1 << 2,
    TCPS_SYN_RCVD = 1 << 3,
    TCPS_ESTABLISHED = 1 << 4,
    TCPS_FIN_WAIT_1 = 1 << 5,
    TCPS_FIN_WAIT_2 = 1 << 6,
    TCPS_CLOSE_WAIT = 1 << 7,
    TCPS_CLOSING = 1 << 8,
    TCPS_LAST_ACK = 1 << 9,
    TCPS_TIME_WAIT = 1 << 10,
};
enum {
    TCPS_FIN_NOT_SEEN = TCPS_ESTABLISHED | TCPS_FIN_WAIT_1 | TCPS_FIN_WAIT_2,
    TCPS_FIN_SEEN = TCPS_CLOSE_WAIT | TCPS_CLOSING | TCPS_LAST_ACK
        | TCPS_TIME_WAIT,
    TCPS_SYNCHRONIZED = TCPS_FIN_NOT_SEEN | TCPS_FIN_SEEN,
    TCPS_OPENING = TCPS_SYN_SENT | TCPS_SYN_RCVD,
    /* the application may still add data: §3.10.2 SEND */
    TCPS_CAN_SEND = TCPS_ESTABLISHED | TCPS_CLOSE_WAIT,
    /* our FIN was sent, or waits behind data */
    TCPS_CLOSED_BY_US = TCPS_FIN_WAIT_1 | TCPS_FIN_WAIT_2 | TCPS_CLOSING
        | TCPS_LAST_ACK | TCPS_TIME_WAIT,
};

/* What the input, the timers and the calls owe the output. */
enum due {
    DUE_ACK = 1 << 0,        /* may wait for data to ride on */
    DUE_ACK_NOW = 1 << 1,    /* at the end of this burst */
    DUE_OUTPUT = 1 << 2,     /* look whether there is something to send */
    DUE_PROBE = 1 << 3,      /* the persist timer has expired */
    DUE_RST = 1 << 4,        /* the last word of this connection */
    DUE_REXMIT = 1 << 5,     /* one segment, whatever cwnd says */
    DUE_CHALLENGE = 1 << 6,  /* RFC 5961 */
    DUE_KEEPALIVE = 1 << 7,  /* §3.8.4 */
    DUE_LOSS_PROBE = 1 << 8, /* RFC 8985 §7.3 */
};

/* An incoming segment, decoded and checked, in host order. */
struct seg {
    seq                  seq, ack;
    uint32_t             text;  /* bytes of data */
    uint32_t             len;   /* sequence space: text + SYN + FIN */
    uint32_t             wnd;   /* already scaled */
    uint16_t             up;    /* urgent pointer */
    uint8_t              flags; /* F_* */
    uint8_t              ae;    /* RFC 9768 */
    const struct tcpopt *opt;
    const struct net_rx *rx;
    uint32_t             text_off; /* of the data in rx->pkt */
    cw_ns                since;    /* the one before */
};

/* The timers of a connection; tcp_timers.c says what each is for. */
enum tcp_timer {
    TCPT_REXMIT, /* retransmission, or persist, or what enum wait says: never
                    two of them */
    TCPT_DELACK,
    TCPT_LIFE, /* keep-alive, or FIN-WAIT-2 without an owner */
    TCPT_COUNT_OF,
};

enum node_kind { NODE_TCP = 1, NODE_EMBRYO, NODE_TIMEWAIT };

/* Of a congestion controller, while something is in flight; bytes. */
enum { CC_STATE = 64 };

enum recovery { RECOVERY_NONE, RECOVERY_FAST, RECOVERY_RTO };

/* What TCPT_REXMIT waits for while something is in flight: RFC 8985 §8. */
enum wait { WAIT_RTO, WAIT_REORDER, WAIT_PTO };

/* RFC 5682: which ACK after a timeout is awaited. */
enum frto { FRTO_OFF, FRTO_FIRST, FRTO_SECOND };

/* What holds back what would exceed a rate: tcp_pace.c. */
struct tcp_pace {
    cw_ns    next;        /* C.next_send_time */
    cw_ns    at;          /* its timer, or NS_NEVER */
    uint32_t left, holds; /* of this quantum; tcp_pace_hold() in a row */
};

/* What rate samples are made of, and the last one for who asks: tcp_rate.c. */
struct tcp_rate {
    cw_ns              delivered_time, first_send_time;
    struct segq_sample sample; /* of the ACK at hand */
    uint32_t           bubble; /* if app_limited: until this is delivered */
    bool               app_limited, shown_limited;
    uint64_t           shown; /* bytes a second */
};

/* Exists while something is in flight, in recovery, or a Fast Open. */
struct tcp_flight {
    struct segq segq;
    seq         recover; /* RFC 6582: SND.NXT when loss was detected */
    seq         high_sacked;
    seq         ecn_until;  /* marks before it had their reduction */
    seq         lost_below; /* all records before it were judged */
    uint32_t    dupacks;
    uint32_t    dupacks_max; /* of them count: RFC 5681 §3.2 step 4 */
    uint8_t     recovery;    /* enum recovery */
    bool        partial;     /* a partial ACK has come: RFC 6582 §3.2 */
    seq         high_rxt;    /* RFC 6675 §2: the octet after HighRxt ... */
    seq         rescue_rxt;  /* ... and after RescueRxt */
    bool        one_first; /* RFC 1191 §6.4: until an ACK comes, one only */
    uint16_t    rexmit_why;
    uint64_t    rexmit_arg;
    uint32_t    delivered, lost; /* bytes, summed: tcp_rate.c */
    struct tcp_rate  rate;
    struct tcp_pace  pace;
    uint64_t         cc[CC_STATE / 8]; /* the controller's: cc.h */
    struct tcp_fast *fast;             /* while one is under way */

    /* timers: when the RTO would expire, whichever of them is armed */
    cw_ns   rto_at, reorder_at, pto_at;
    uint8_t wait; /* enum wait */
    /* RFC 8985 §6.2: RACK.xmit_ts, RACK.rtt, and which transmission it was */
    bool     rack_any;
    uint32_t rack_order;
    cw_ns    rack_sent, rack_rtt;
    uint32_t min_us[2], min_at[2]; /* what follows min_rtt_us: tcp_rtt.c */
    /* RFC 9937 §6.1: prr_delivered, prr_out, RecoverFS */
    uint32_t prr_delivered, prr_out, prr_flight;
    uint8_t  frto;      /* enum frto */
    uint8_t  frto_room; /* new segments that may go */
    seq      frto_end;  /* of what the timeout had sent again */
    bool     undone;    /* recovery was taken back, at this ACK */
};

/* Tail loss probes, RFC 8985 §7.3. */
enum tlp {
    TLP_OUT = 1,   /* one is in flight */
    TLP_AGAIN = 2, /* TLP.is_retrans */
    TLP_SPENT = 4, /* no RTT sample since */
};

/* RFC 3522 §3.2: what the detection waits for. */
enum eifel { EIFEL_OFF, EIFEL_TO_SEND, EIFEL_FOR_ACK };

enum { PAST_RANGES = 8 };

/* What few connections have, on demand: since something was lost, reordered
 * or probed for: what an episode of recovery did, as long as it may be taken
 * back (tcp_undo.c), and what was learnt about reordering (RFC 8985 §6.2 steps
 * 3 and 4; tcp_rack.c). */
struct tcp_past {
    uint32_t          mtu; /* arena_ref() of a struct tcp_mtu; 0: no search */
    struct tcp_accecn accecn; /* if accurate */
    bool              accurate;
    seq               tlp_end; /* TLP.end_seq, if tlp & TLP_OUT */
    uint8_t           tlp;     /* enum tlp */
    uint32_t          cwnd, ssthresh, flight; /* when the episode began */
    uint8_t           eifel;                  /* enum eifel */
    uint8_t           nagain;
    bool              may_undo; /* by D-SACK */
    bool              timeout;  /* it began with one */
    bool     barred;     /* cwnd was reduced with reason: tcp_undo_bar() */
    bool     duplicates; /* the network makes some: RFC 3708 §3 (A.4) */
    bool     in_round;   /* RACK.dsack_round is not None */
    bool     reordering; /* RACK.reordering_seen */
    bool     adapts;     /* RFC 4015 §3.1 step (11) is to come */
    uint8_t  reo_mult, reo_persist;
    uint16_t reorder_segs; /* how far they overtook, at most */
    uint32_t reorders, dsacks;
    uint32_t rexmit_ts;  /* RetransmitTS */
    seq      round;      /* RACK.dsack_round */
    seq      begin, end; /* what the episode has sent again is within */
    seq      new_data;   /* was unsent when the timeout came */
    cw_ns    srtt, rttvar;
    struct seqrange again[PAST_RANGES]; /* sent again, not reported twice */
};

/* What recovery hears of one ACK, once the scoreboard has heard it. */
struct tcp_news {
    struct segq_news seg;
    struct seqrange  dsack_range;
    uint32_t         delivered; /* sequence space */
    uint32_t         acked;     /* of it cumulatively */
    uint32_t         dupacks;   /* before it */
    seq              ack, high; /* high: the end of its highest block */
    seq              una;       /* SND.UNA before it */
    bool             advances, new_sack, duplicate, bare;
    bool             dsack, ece, has_ts, had_sacked; /* before it */
    uint32_t         ecr;
    cw_ns            sack_limit; /* seg.limit, for what is SACKed */
};

/* Exists once a connection probes its path: tcp_mtu.c. */
struct tcp_mtu {
    uint16_t low, high; /* arrives; may arrive */
    uint16_t probe;     /* what is tried, by [start, end); 0: nothing */
    seq      start, end;
    cw_ns    again; /* when the search may begin anew */
};

/* What became of the text in a SYN, ours or the peer's. */
enum fast_end { FAST_NONE, FAST_NO_COOKIE, FAST_REFUSED, FAST_TAKEN };

/* Exists while a Fast Open is under way: tcp_fastopen.c. */
struct tcp_fast {
    uint32_t pending_at; /* the listener that counts it, by its flow */
    uint16_t syn_text;   /* octets of text in our first SYN */
    uint8_t  cookie_len;
    bool     says : 1;   /* the next SYN of ours has the option */
    bool     waits : 1;  /* our SYN, for what the user sends */
    bool     asked : 1;  /* an option went with our SYN */
    bool     blamed : 1; /* the server was noted as one where it fails */
    uint8_t  cookie[TCPOPT_FAST_MAX];
};

/* A connection, idle or busy.  Ordered for size; what is rarely there is on
 * demand: the queues' bodies and the flight. */
struct tcp {
    struct flownode  node; /* the four-tuple: tcp_key(), tcp_end() */
    uint32_t         flow;
    struct tcp_host *host;
    union {
        void                *owner;
        struct tcp_listener *listener; /* while nobody accepted it */
    };
    struct tcp_flight *flight;
    struct near        all;      /* host->all, in order of birth */
    struct near        due_link; /* host->due */
    union {
        struct near accept_link; /* while nobody accepted it */
        cw_ns       last_sent;   /* data, for RFC 5681 §4.1 */
    };
    struct net_dest dest;
    struct wtimer   timer; /* at the earliest of at[] or before */
    cw_ns           at[TCPT_COUNT_OF];
    uint16_t        state; /* enum tcp_state; tcp_enter() writes it */
    uint16_t        due;   /* enum due */

    /* §3.3.1, Table 2: send sequence variables; windows have 32 bits, as
     * everything that is computed from them (REC-1) */
    struct {
        seq      una, nxt, up, wl1;
        uint32_t wnd, max_wnd;
    } snd;
    /* Table 3: receive sequence variables; edge: the right edge that was
     * advertised, which never moves left (SHLD-14) */
    struct {
        seq nxt, up, edge, fin;
    } rcv;
    seq      iss, irs;
    uint32_t bind;      /* arena_ref() of a struct portbind */
    uint32_t past;      /* ... of a struct tcp_past; 0: nothing to tell */
    seq      tune_from; /* tcp_buffer.c: the user has read from here on ... */

    struct sendq sendq; /* from max(SND.UNA, ISS+1); note: when data came
                           last, in milliseconds */
    struct recvq recvq; /* from what the user has read; note: when
                           tune_from was read, in microseconds */

    uint32_t cwnd, ssthresh; /* bytes */
    uint32_t cc_kept;        /* the controller's, for good: cc.h */
    uint32_t app_held;       /* bytes passed on, unread (tcp_call_held) */

    /* RFC 6298 */
    cw_ns    srtt, rttvar, rto;
    uint32_t min_rtt_us; /* of some minutes, rounded up; UINT32_MAX: none */
    uint8_t  backoff;    /* timer expiries in a row */
    uint8_t  probes;     /* unanswered in a row: of the window, or, while
                            nothing waits, keep-alives */

    /* what the SYNs settled */
    uint16_t snd_mss; /* payload of a full segment, options not counted */
    uint16_t mss_max; /* the same, whatever the path */
    uint16_t rcv_mss; /* what we announced */
    uint8_t  snd_wscale, rcv_wscale;
    uint16_t acked_wraps;    /* SND.UNA's and RCV.NXT's, by 2^32 bytes: for */
    uint16_t received_wraps; /* counters of 64 bits */
    uint16_t rcv_seen;       /* the largest segment that came */
    uint32_t ts_recent, ts_offset;
    uint32_t ts_recent_s; /* when it came, in seconds */
    seq      last_ack_sent;

    /* one-bit facts */
    bool    ts_ok : 1;
    bool    sack_ok : 1;
    bool    wscale_ok : 1;
    bool    tuning : 1;     /* tune_from and recvq.note are meant */
    bool    unaccepted : 1; /* in the listener's accept queue */
    bool    passive : 1;    /* came from LISTEN (MUST-11) */
    bool    detached : 1;   /* close(2) was called */
    bool    fin_queued : 1; /* our FIN waits behind the data */
    bool    fin_sent : 1;
    bool    fin_pending : 1; /* a FIN at rcv.fin has come, maybe ahead */
    bool    rd_shut : 1;     /* shutdown(SHUT_RD) */
    bool    up_valid : 1;    /* rcv.up is meant */
    bool    oob_ready : 1;   /* oob_byte can be read */
    bool    oob_taken : 1;
    bool    snd_urgent : 1; /* SND.UP is ahead of SND.UNA */
    bool    cwnd_limited : 1;
    bool    probing : 1; /* the rexmit timer stands for persist */
    bool    in_table : 1;
    bool    cork_over : 1;
    bool    msg_more : 1;
    bool    syn_acked : 1;
    bool    syn_timed_out : 1; /* RFC 6298 §5.7 */
    uint8_t fast_end : 2;      /* enum fast_end */
    bool    ecn : 1;           /* both ends agreed on RFC 3168, or 9768 */
    bool    ecn_ect : 1;       /* what we send may be marked */
    bool    ecn_asked : 1;     /* a SYN of ours asked ... */
    bool    ecn_plain : 1;     /* ... and one did not */
    bool    ecn_echo : 1;      /* a mark came, CWR has not yet */
    bool    ecn_cwr : 1;       /* CWR is due */
    bool    ecn_seen : 1;
    bool    syn_timed_out_twice : 1; /* RFC 6928 §2 */
    bool    at_recover : 1; /* SND.UNA is where the last recovery ended */
    uint8_t min_rtt_at : 7; /* when it was seen: tcp_rtt.c */
    uint8_t oob_byte;

    uint8_t  quickacks : 5, ack_hurry : 3; /* at the start; in a stream */
    uint8_t  dup_owed;   /* duplicate ACKs owed (peer without SACK) */
    uint8_t  error;      /* CW_E*, for the user once */
    uint8_t  soft_error; /* what ICMP said; told when giving up */
    uint16_t dups_sent : 13, ack_wait : 3; /* of this RCV.NXT; an ACK's */
    uint16_t challenged;       /* its own share of challenge ACKs: when */
    uint8_t  ack_why, rst_why; /* why one is owed: enum why */
    uint32_t unacked_in;       /* bytes received since the last ACK we sent */
    struct seqrange dsack;     /* to report, RFC 2883; empty if equal */

    struct tcp_opts opts;
    uint32_t        total_retrans;
    cw_ns           heard_at; /* last segment from the peer */

    uint64_t bytes_retrans;
    uint32_t segs_out, segs_in, data_segs_out, data_segs_in;
};
/* With its socket (48), its place in the flow table (4) and a client's port
 * (40) an idle connection has 512 bytes. */
_Static_assert(WHY_COUNT_OF <= UINT8_MAX, "ack_why and rst_why hold one");
_Static_assert(sizeof(struct tcp) <= 512 - 48 - 4 - 40, "an idle connection");

/* SYN-RECEIVED, passive: what the SYN said and what we answered. */
struct tcp_embryo {
    struct flownode      node;
    uint32_t             flow;
    struct near          link; /* listener->embryos */
    struct tcp_listener *listener;
    struct wtimer        timer;
    cw_ns                sent; /* the SYN-ACK, for the first RTT sample */
    seq                  iss, irs;
    uint32_t             ts_recent, ts_offset;
    uint16_t             snd_mss; /* the peer's announcement, 0: none */
    uint8_t              snd_wscale, retries;
    bool                 ts_ok : 1, sack_ok : 1, wscale_ok : 1;
    uint8_t              ecn : 2;       /* enum ecn_mode */
    uint8_t              ecn_field : 2; /* of the latest SYN */
    bool ecn_plain : 1, ecn_mute : 1;   /* a SYN or SYN-ACK asked nothing; had
                                         none of RFC 9768's options */
    bool cookie : 1;                    /* it was its peer that kept it */
    bool offer : 1; /* a Fast Open cookie, in the SYN-ACK */
};
_Static_assert(sizeof(struct tcp_embryo) <= 128, "half-open: 128 bytes");

/* The offset of its timestamps is tcp_ts_offset() of the key again. */
struct tcp_timewait {
    struct flownode node; /* node.user: type of service, low bits of ACE */
    uint32_t        flow;
    struct near     link;           /* host->timewait, by expiry */
    uint64_t expires : 39, ace : 1; /* tcp_timewait_over(); the high bit */
    uint64_t rcv_wnd : 16;          /* field of the last advertisement */
    uint64_t rcv_wscale : 4;
    uint64_t ts_ok : 1;
    uint64_t bind_flags : 3;
    seq      snd_nxt, rcv_nxt;
    uint32_t ts_recent;
    uint32_t bind; /* arena_ref() of a struct portbind */
};
_Static_assert(sizeof(struct tcp_timewait) <= 64, "TIME-WAIT: 64 bytes");

struct tcp_listener {
    struct list        link;  /* host->listeners[] bucket */
    struct list        order; /* host->listener_order */
    struct tcp_host   *host;
    void              *owner;
    struct portbind   *bind;
    struct cw_sockaddr local;
    struct tcp_opts    opts;
    struct near        embryos, accepts;
    uint32_t           nembryos, naccepts, backlog;
    uint32_t           flow;

    struct tcp_fastopen fast;
    uint32_t            fast_pending; /* in SYN-RECEIVED, by cookie */
    uint32_t            fast_held;    /* were reset, but still count ... */
    cw_ns               fast_held_until;
};

/* What a client knows of a server: RFC 7413 §4.1.3.  With a port, that Fast
 * Open fails there; without, the cookie. */
struct tcp_fast_peer {
    struct cw_addr local, remote;
    uint32_t       used; /* the higher the later; 0: a free place */
    uint16_t       port, mss;
    uint8_t        cookie_len, failures;
    uint8_t        cookie[TCPOPT_FAST_MAX];
    cw_ns          quiet_until;
};

enum { LISTENER_BUCKETS = 64 };

struct tcp_host {
    struct env    *env;
    struct net    *net;
    struct tcp_up  up;
    struct flowtab flows;
    struct porttab ports;
    struct slab    tcbs, flights, segs, ranges, embryos, timewaits,
        listener_slab;
    struct recvq_holders holders; /* of what shortage may take back */
    struct near          all, due, todo, timewait;
    cw_ns         timewait_last; /* when the last of `timewait` expires */
    struct list   listener_order;
    struct list   listeners[LISTENER_BUCKETS];
    struct wtimer timewait_timer;
    uint32_t      ntimewait, nembryos;
    struct sipkey isn_key, ts_key;
    struct sipkey cookie_key;
    cw_ns         cookies_until; /* when no cookie is good any more */
    uint8_t       syn_cookies;   /* enum cw_syn_cookies */
    struct sipkey share_key;     /* which listener of a SO_REUSEPORT group */
    int64_t       teach_iss;
    uint16_t      teach_mss, mtu_base;
    uint16_t      initcwnd;    /* segments; 0: by RFC 5681 §3.1 */
    uint8_t       mtu_probing; /* enum cw_mtu_probing */
    uint8_t       ecn;         /* enum cw_ecn */
    uint8_t       cc;          /* enum cw_cc */
    bool          teach_ts_zero, no_ts, no_sack, no_wscale, no_ecn_option;
    uint32_t      sndbuf, rcvbuf; /* at first */
    uint32_t      sndbuf_max, rcvbuf_max;
    size_t        budget;
    bool          pressed; /* there was pressure at the last look */
    /* RFC 5961 §7: how many in how long; in the interval at hand */
    uint32_t    challenge_acks, challenges, challenge_limit;
    cw_ns       challenge_interval;
    int64_t     challenge_at;
    struct prng rng;
    bool        running, paces;

    unsigned             fastopen; /* CW_FASTOPEN_* */
    struct tcp_fastopen  fast;     /* keys, if they are given ... */
    struct sipkey        fast_key; /* ... or what they are drawn from ... */
    cw_ns                fast_key_life; /* ... every so often */
    uint32_t             fast_clock;
    struct tcp_fast_peer fast_peers[TCP_FAST_PEERS_MAX];
};

static inline struct env *tcp_env(const struct tcp *t)
{
    return t->host->env;
}

static inline cw_ns tcp_now(const struct tcp *t)
{
    return t->host->env->now;
}

static inline const struct knobs *tcp_knobs(const struct tcp *t)
{
    return t->host->env->knobs;
}

/* Is loss detected by RFC 8985? */
static inline bool tcp_rack(const struct tcp *t)
{
    return t->sack_ok && tcp_knobs(t)->rack_tlp
        && (t->state & TCPS_SYNCHRONIZED);
}

static inline struct tcp_past *tcp_past(const struct tcp *t)
{
    return t->past ? arena_at(tcp_env(t)->arena, t->past) : NULL;
}

/* enum tlp */
static inline unsigned tcp_tlp(const struct tcp *t)
{
    return t->past ? tcp_past(t)->tlp : 0;
}

static inline struct flowkey tcp_key(const struct tcp *t)
{
    return flownode_key(&t->host->flows, &t->node);
}

/* Our address and its scope. */
static inline const struct flowend *tcp_end(const struct tcp *t)
{
    return flownode_end(&t->host->flows, &t->node);
}

static inline struct flowkey tcp_embryo_key(const struct tcp_embryo *m)
{
    return flownode_key(&m->listener->host->flows, &m->node);
}

/* Of our FIN, which is the last that we send. */
static inline seq tcp_fin_seq(const struct tcp *t)
{
    INVARIANT(t->fin_sent);
    return seq_sub(t->snd.nxt, 1);
}

/* By its cookie its user has it before the handshake is complete. */
static inline bool tcp_is_early(const struct tcp *t)
{
    return t->state == TCPS_SYN_RCVD && t->passive && t->flight
        && t->flight->fast;
}

/* Not there yet, as far as its user goes. */
static inline bool tcp_is_opening(const struct tcp *t)
{
    return (t->state & TCPS_OPENING) && !tcp_is_early(t);
}

/* May the user add data? */
static inline bool tcp_can_send(const struct tcp *t)
{
    return (t->state & TCPS_CAN_SEND) || tcp_is_early(t);
}

/* The sequence number of the send queue's first byte. */
static inline seq tcp_send_base(const struct tcp *t)
{
    return t->syn_acked ? t->snd.una : seq_add(t->iss, 1);
}

static inline uint32_t tcp_text_of(const struct segrec *r)
{
    return seq_from(r->end, r->start) - !!(r->ctl & F_SYN)
        - !!(r->ctl & F_FIN);
}

/* tcp_state.c */
void          tcp_enter(struct tcp *t, enum tcp_state next, enum why why);
const char   *tcp_state_name(enum tcp_state s);
enum cw_state tcp_state_public(unsigned s);
struct tcp   *tcp_new(struct tcp_host *h, const struct flowkey *key);
void          tcp_born(struct tcp *t, enum tcp_state first, enum why why);
void tcp_state_event(struct env *e, uint32_t flow, unsigned from, unsigned to,
                     enum why why);
void tcp_flow_event(struct env *e, uint32_t flow, const struct flowkey *key);
void tcp_reap(struct tcp *t);
void tcp_join_table(struct tcp *t);
void tcp_leave_table(struct tcp *t);
void tcp_due(struct tcp *t, unsigned due);
void tcp_wake(struct tcp *t);

/* tcp_arrive.c */
enum why tcp_arrive(struct tcp *t, struct seg *s);

/* tcp_demux.c */
enum why tcp_in(void *host, const struct net_rx *rx);
void     tcp_seg_event(struct env *e, uint32_t flow, const struct seg *s);

/* tcp_listen.c */
enum why             tcp_listen_arrive(struct tcp_listener *l, struct seg *s,
                                       const struct flowkey *key, const seq *last);
enum why             tcp_embryo_arrive(struct tcp_embryo *m, struct seg *s);
void                 tcp_embryo_timeout(struct tcp_embryo *m);
void                 tcp_embryo_drop(struct tcp_embryo *m, enum why why);
struct tcp_listener *tcp_listener_find(struct tcp_host      *h,
                                       const struct flowkey *key);

/* tcp_timewait.c */
bool     tcp_timewait_begin(struct tcp *t);
enum why tcp_timewait_arrive(struct tcp_host *h, struct tcp_timewait *w,
                             const struct seg *s, bool *reuse);
void     tcp_timewait_expire(struct tcp_host *h);
void     tcp_timewait_drop(struct tcp_host *h, struct tcp_timewait *w,
                           enum why why);
cw_ns    tcp_timewait_over(const struct tcp_host     *h,
                           const struct tcp_timewait *w);

/* tcp_reply.c: answers without a TCB */
struct tcp_answer {
    const struct flowkey *key;
    seq                   seq, ack;
    uint16_t              wnd;
    uint8_t               flags, tos;
    uint8_t               ace; /* AE, CWR and ECE */
    enum why              why;
    uint64_t              why_arg;
    uint32_t              flow;
    struct tcpopt         opt;
};
void tcp_answer(struct tcp_host *h, const struct tcp_answer *a);
void tcp_reply_rst(struct tcp_host *h, const struct flowkey *key,
                   const struct seg *s, enum why why);
/* RFC 5961 §7: may one more challenge ACK go out now? */
bool     tcp_challenge_allowed(struct tcp_host *h);
bool     tcp_challenge_due(struct tcp *t);
enum why tcp_closed_arrive(struct tcp_host *h, const struct flowkey *key,
                           const struct seg *s);

/* tcp_ack.c */
void     tcp_ack(struct tcp *t, const struct seg *s);
void     tcp_flight_over(struct tcp *t);
bool     tcp_fin_acked(const struct tcp *t);
uint64_t tcp_bytes_acked(const struct tcp *t);

/* tcp_text.c */
enum why tcp_text_accept(struct tcp *t, struct seg *s);
void     tcp_urgent(struct tcp *t, const struct seg *s);
void     tcp_ack_owed(struct tcp *t, enum why why);

/* tcp_window.c */
uint32_t tcp_rcv_wnd(const struct tcp *t); /* to be advertised now */
uint16_t tcp_wnd_scaled(uint32_t wnd, unsigned scale);
uint16_t tcp_wnd_field(struct tcp *t, bool syn);
bool     tcp_wnd_update_due(const struct tcp *t);
uint32_t tcp_new_data(const struct tcp *t, uint32_t *window_room);
void     tcp_snd_wnd_event(struct tcp *t);
bool     tcp_may_send(const struct tcp *t, uint32_t len, bool last);

/* tcp_buffer.c */
enum tcp_pressure { TCP_PRESSURE_NONE, TCP_PRESSURE_SOME, TCP_PRESSURE_HARD };
enum tcp_pressure tcp_pressure(const struct tcp_host *h);
/* What is left of memory is for others than those who have some already: of
 * what came, of what is to be sent. */
bool     tcp_scarce_in(const struct tcp_host *h);
bool     tcp_scarce_out(const struct tcp_host *h);
uint32_t tcp_rcvbuf(const struct tcp *t); /* as they count now */
uint32_t tcp_sndbuf(const struct tcp *t);
uint32_t tcp_rcvbuf_most(const struct tcp_host *h, const struct tcp_opts *o);
void     tcp_buffer_read(struct tcp *t);
void     tcp_buffer_acked(struct tcp *t);

/* tcp_syn.c */
void     tcp_syn_options(const struct tcp *t, struct tcpopt *o);
void     tcp_syn_learn(struct tcp *t, const struct tcpopt *o);
uint16_t tcp_mss_of_path(const struct net_dest *d, const struct cw_addr *a);
uint16_t tcp_announced_mss(const struct tcp_host *h, const struct net_dest *d,
                           const struct cw_addr *remote, uint16_t clamp);
uint16_t tcp_send_mss(uint16_t peer, uint16_t clamp,
                      const struct cw_addr *remote);
uint8_t  tcp_wscale_for(uint32_t rcvbuf);
seq      tcp_isn(struct tcp_host *h, const struct flowkey *key);
uint32_t tcp_ts_offset(struct tcp_host *h, const struct flowkey *key);
uint32_t tcp_ts_now(const struct env *e, uint32_t offset);

/* tcp_cookie.c: m says what the SYN said, and gives up what does not fit. */
seq      tcp_cookie_iss(struct tcp_host *h, const struct flowkey *key,
                        struct tcp_embryo *m);
uint32_t tcp_cookie_ts(const struct tcp_host *h, const struct tcp_embryo *m);
/* Is it the ACK of a cookie?  Then m says again what it did. */
bool tcp_cookie_read(const struct tcp_host *h, const struct flowkey *key,
                     const struct seg *s, struct tcp_embryo *m);

/* tcp_fastopen.c */
struct tcp_fast_reply {
    bool take;  /* connection and text, now */
    bool offer; /* a cookie in the SYN-ACK */
};
struct tcp_fast_reply tcp_fast_syn(struct tcp_listener  *l,
                                   const struct seg     *s,
                                   const struct flowkey *key);
void tcp_fast_cookie(const struct tcp_listener *l, const struct flowkey *key,
                     struct tcpopt *o);
bool tcp_fast_pend(struct tcp *t, struct tcp_listener *l, bool offer);
void tcp_fast_begin(struct tcp *t, const struct tcp_open *o);
uint32_t tcp_fast_room(struct tcp *t); /* in the SYN */
void     tcp_fast_go(struct tcp *t, uint32_t text);
void     tcp_fast_option(const struct tcp *t, struct tcpopt *o);
uint32_t tcp_fast_text(const struct tcp *t);
void     tcp_fast_sent(struct tcp *t, uint32_t text);
seq      tcp_fast_edge(const struct tcp *t); /* what an ACK may cover */
void     tcp_fast_acked(struct tcp *t, struct seg *s);
void     tcp_fast_blame(struct tcp *t);
void     tcp_fast_over(struct tcp *t, bool reset);

/* tcp_fastpeer.c: what a client knows of servers */
const struct tcp_fast_peer *tcp_fastpeer_cookie(struct tcp *t);
bool                        tcp_fastpeer_quiet(struct tcp *t);
uint16_t                    tcp_fastpeer_mss(struct tcp *t);
void tcp_fastpeer_learn(struct tcp *t, const struct tcpopt *o, bool asked);
void tcp_fastpeer_works(struct tcp *t);
void tcp_fastpeer_fails(struct tcp *t);

/* payload of a full segment with these options on each */
uint32_t tcp_eff_mss(const struct tcp *t);
void     tcp_initial_cwnd(struct tcp *t);

/* tcp_output.c */
void               tcp_output(struct tcp *t);
struct tcp_flight *tcp_flight(struct tcp *t);

/* tcp_icmp.c */
bool tcp_error(void *host, const struct net_error *e);

/* tcp_mtu.c */
void     tcp_mtu_settled(struct tcp *t);
void     tcp_mtu_path(struct tcp *t);
void     tcp_mtu_acked(struct tcp *t);
void     tcp_mtu_timeout(struct tcp *t);
bool     tcp_mtu_probe_lost(struct tcp *t);
uint32_t tcp_mtu_probe_len(struct tcp *t); /* of text; 0: none now */
uint32_t tcp_mtu_probe_packet(const struct tcp *t, uint32_t len);
void     tcp_mtu_probe_sent(struct tcp *t, seq start, uint32_t len);
void     tcp_mtu_free(struct tcp *t);

/* tcp_timers.c: facts in, arms out */
void  tcp_timers_data_sent(struct tcp *t);
void  tcp_timers_una_advanced(struct tcp *t);
void  tcp_timers_all_acked(struct tcp *t);
void  tcp_timers_window_shut(struct tcp *t);
void  tcp_timers_window_open(struct tcp *t);
void  tcp_timers_backed_off(struct tcp *t);
void  tcp_timers_settle(struct tcp *t, enum why why);
void  tcp_timers_visited(struct tcp *t, bool new_data);
void  tcp_timers_probed(struct tcp *t);
void  tcp_timers_oldest_again(struct tcp *t);
void  tcp_timers_ack_owed(struct tcp *t, unsigned hurry);
void  tcp_timers_ack_sent(struct tcp *t);
void  tcp_timers_fin_wait_2(struct tcp *t);
void  tcp_timers_keepalive(struct tcp *t);
void  tcp_timers_user_timeout(struct tcp *t);
cw_ns tcp_user_deadline(const struct tcp *t);
bool  tcp_is_idle(const struct tcp *t);
void  tcp_timers_paced(struct tcp *t);
void  tcp_timers_off(struct tcp *t);
void  tcp_timers_init(struct tcp *t);

/* tcp_timeout.c */
void tcp_tcb_timeout(struct tcp *t);

/* tcp_rtt.c */
void  tcp_rtt_sample(struct tcp *t, cw_ns rtt);
void  tcp_rtt_init(struct tcp *t);
void  tcp_rtt_adapt(struct tcp *t, cw_ns srtt, cw_ns rttvar, cw_ns sample);
cw_ns tcp_rtt_backed_off(const struct tcp *t);

/* tcp_sack.c */
bool tcp_sack_in(struct tcp *t, const struct seg *s, struct tcp_news *n);
bool tcp_dsack_in(const struct tcp *t, const struct seg *s,
                  struct seqrange *range);
void tcp_sack_judge(struct tcp *t);
struct segrec *tcp_sack_last_resort(struct tcp *t);
bool           tcp_sack_is_lost(const struct tcp *t);
void           tcp_sack_blocks(struct tcp *t, struct tcpopt *o, unsigned max);
void           tcp_sack_reset(struct tcp *t);

/* tcp_recover.c */
void     tcp_recover_dupack(struct tcp *t, bool new_sack);
void     tcp_recover_advanced(struct tcp *t, const struct segq_acked *a,
                              const struct tcp_news *n);
void     tcp_recover_ack(struct tcp *t, const struct tcp_news *n);
void     tcp_recover_lost(struct tcp *t);
void     tcp_recover_timeout(struct tcp *t);
void     tcp_recover_end(struct tcp *t, enum why why);
void     tcp_recover_event(struct tcp *t, enum why why);
void     tcp_recover_first(struct tcp *t, enum why why);
uint32_t tcp_pipe(const struct tcp *t);

/* tcp_rate.c */
void           tcp_mark_lost(struct tcp *t, struct segrec *r);
void           tcp_mark_sacked(struct tcp *t, struct segrec *r);
void           tcp_rate_acked(struct tcp *t, const struct segq_acked *a);
void           tcp_rate_begin(struct tcp *t);
struct segrec *tcp_rate_push(struct tcp *t, seq start, seq end);
void           tcp_rate_again(struct tcp *t, struct segrec *r);
void           tcp_rate_ran_out(struct tcp *t);
struct cc_rate;
void tcp_rate_generate(struct tcp *t, struct cc_rate *out);

/* tcp_pace.c: pace.h */
/* controllers: cc.h */

#endif
