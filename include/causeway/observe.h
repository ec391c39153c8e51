/* observe.h: counters, snapshots and events: everything that tools may see.
 *
 * Snapshots are copies; nothing here can disturb a connection.
 */
#ifndef CAUSEWAY_OBSERVE_H
#define CAUSEWAY_OBSERVE_H

#include <causeway/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thing that happened.  64 bytes, no pointers, no formatting.  `kind`
 * is an enum event_kind; what v[] holds for each kind stands in the table of
 * base/event.h and in docs. */
struct cw_event {
    cw_ns    t;
    uint32_t flow; /* the connection or socket, unique on its host; 0 none */
    uint16_t host;
    uint16_t kind;
    uint16_t why; /* enum why */
    uint16_t sub; /* which timer, which state: by kind */
    uint32_t pkt; /* in a world: the packet's number, or 0 */
    uint64_t v[5];
};

/* TCP states as Linux's tools number them (1 ESTABLISHED ... 11 CLOSING). */
enum cw_state {
    CW_ESTABLISHED = 1,
    CW_SYN_SENT,
    CW_SYN_RECV,
    CW_FIN_WAIT1,
    CW_FIN_WAIT2,
    CW_TIME_WAIT,
    CW_CLOSED,
    CW_CLOSE_WAIT,
    CW_LAST_ACK,
    CW_LISTEN,
    CW_CLOSING,
};

/* Per connection, with the meaning of Linux's tcp_info where there is one.
 * Times are in nanoseconds, windows in bytes unless said.  Of a listener:
 * state, and as on Linux unacked and sacked, the length of its queue and its
 * backlog. */
struct cw_tcp_info {
    uint8_t  state, ca_state, snd_wscale, rcv_wscale;
    bool     timestamps, sack, wscale_ok, cwnd_limited;
    bool     ecn, ecn_seen; /* agreed on; packets came that can be marked */
    uint32_t snd_mss, rcv_mss, advmss;
    uint32_t unacked, sacked, lost, retrans; /* segments */
    uint32_t total_retrans;
    uint32_t snd_cwnd, snd_ssthresh; /* segments; ssthresh UINT32_MAX unset */
    uint32_t cwnd_bytes;
    uint32_t snd_wnd, rcv_wnd;
    uint32_t backoff, probes;
    uint32_t reordering, dupacks;
    cw_ns    rto, ato, srtt, rttvar, min_rtt;
    uint64_t bytes_sent, bytes_retrans, bytes_acked, bytes_received;
    uint64_t segs_out, segs_in, data_segs_out, data_segs_in;
    uint32_t iss, irs, snd_una, snd_nxt, rcv_nxt;
    uint32_t pmtu;      /* bytes that a packet may have on this path */
    uint32_t notsent;   /* bytes in the send queue that were never sent */
    uint32_t rcv_space; /* the receive buffer, as it is now */
    cw_ns    since_data_out, since_data_in, since_heard; /* 0: never; up to
                           the last call that was given the time */
    char     cc[16];    /* the controller's name */
    uint64_t cc_arg[2]; /* its own figures: docs/sockets.md */
    uint64_t pacing_rate, delivery_rate; /* bytes a second; 0: none */
    bool     rate_app_limited;           /* the program offered less */
    bool     syn_data;      /* data on our SYN or theirs was taken (TFO) */
    uint8_t  fastopen_fail; /* Linux's TFO_*: 0 none of these, 1 there was no
                               cookie, 2 data not acknowledged, 3 SYN lost */
    uint32_t dsack_dups;    /* D-SACKs that came: RFC 2883 */
    uint32_t reord_seen;    /* times that an original came late */

    /* Accurate ECN (RFC 9768) is what was agreed on, and what came of it:
     * packets marked CE that came, and that the peer says came; bytes by
     * their mark, ECT(0), CE and ECT(1), likewise. */
    bool     ecn_accurate;
    uint8_t  accecn_fail; /* Linux's TCP_ACCECN_*_FAIL_*: 1, 2 the counter is
                             not sent, not believed; 4, 8 the options */
    uint8_t  accecn_seen; /* options of the peer: 0 none, 1 empty, 2 with
                             counters */
    uint32_t received_ce, delivered_ce;
    struct {
        uint32_t e0, ce, e1;
    } received_bytes, delivered_bytes;
};

/* One row of the socket table: a socket, or a record without one
 * (SYN-RECEIVED, TIME-WAIT, or closed by its owner and not yet finished). */
struct cw_sock_row {
    int                sd; /* -1: no socket */
    uint32_t           flow;
    uint8_t            domain, type; /* CW_AF_*, CW_SOCK_* */
    uint8_t            state;        /* enum cw_state; datagrams CW_CLOSED */
    uint8_t            timer;        /* 0 none, 1 retransmit, 2 keepalive,
                                 3 TIME-WAIT, 4 persist, 5 delayed ACK,
                                 6 RACK's reordering, 7 tail loss probe,
                                 8 pacing */
    cw_ns              timer_left;
    struct cw_sockaddr local, peer;
    uint64_t           recv_q, send_q; /* LISTEN: queue length, backlog */
    uint64_t           drops;          /* datagrams refused: queue full */
    uint64_t           owner;
    uint32_t           syn_queue; /* LISTEN: half-open connections */
    bool               has_info;
    struct cw_tcp_info info;
};

/* Fills up to max rows in a stable order (listeners, connections by number,
 * records, datagram sockets) and answers how many there are in all. */
CW_API size_t cw_snapshot_socks(cw_stack *st, struct cw_sock_row *rows,
                                size_t max, cw_ns now);

/* Counters: their names are the MIBs' (RFC 4022, 4113) or Linux's. */
CW_API unsigned    cw_counter_count(void);
CW_API const char *cw_counter_name(unsigned i);
CW_API uint64_t    cw_counter_value(const cw_stack *st, unsigned i);

#ifdef __cplusplus
}
#endif
#endif
