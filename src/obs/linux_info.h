/* linux_info.h: a connection's figures as Linux's getsockopt(TCP_INFO) lays
 * them out, so that programs written for it read ours.
 *
 * The layout is the kernel's ABI (struct tcp_info as of Linux 6.18); a test
 * compares it with the header of this machine, as far as that knows it.  What
 * nobody measures here is zero: fackets, rcv_rtt, busy_time, rwnd_limited,
 * sndbuf_limited, delivered, rcv_ooopack, rehash, total_rto and what follows
 * it; delivered_ce without accurate ECN; last_ack_sent is so on Linux, too.
 */
#ifndef OBS_LINUX_INFO_H
#define OBS_LINUX_INFO_H

#include <causeway/observe.h>

struct linux_info {
    uint8_t  state, ca_state, retransmits, probes, backoff, options;
    uint8_t  scales; /* ours in the low four bits, the peer's above */
    uint8_t  flags;  /* bit 0: delivery rate limited by the application;
                        bits 1 and 2: why Fast Open failed */
    uint32_t rto, ato, snd_mss, rcv_mss;              /* us; bytes */
    uint32_t unacked, sacked, lost, retrans, fackets; /* segments */
    uint32_t last_data_sent, last_ack_sent;           /* ms ago */
    uint32_t last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd;
    uint32_t advmss, reordering, rcv_rtt, rcv_space, total_retrans;
    uint64_t pacing_rate, max_pacing_rate; /* ~0: no limit */
    uint64_t bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt;
    uint32_t data_segs_in, data_segs_out;
    uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
    uint32_t delivered, delivered_ce;
    uint64_t bytes_sent, bytes_retrans;
    uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
    uint32_t rcv_wnd, rehash;
    uint16_t total_rto, total_rto_recoveries;
    uint32_t total_rto_time;
    /* accurate ECN: RFC 9768 */
    uint32_t received_ce;
    uint32_t delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes;
    uint32_t received_e1_bytes, received_e0_bytes, received_ce_bytes;
    uint16_t accecn_fail_mode, accecn_opt_seen;
};

void linux_info(const struct cw_tcp_info *i, struct linux_info *out);

/* Of BBR, as TCP_CC_INFO lays it out: struct tcp_bbr_info. */
struct linux_bbr_info {
    uint32_t bw_lo, bw_hi;           /* bytes a second */
    uint32_t min_rtt;                /* us */
    uint32_t pacing_gain, cwnd_gain; /* in 1/256 */
};

/* False: another governs. */
bool linux_bbr_info(const struct cw_tcp_info *i, struct linux_bbr_info *out);

#endif
