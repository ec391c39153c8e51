/* bbr.h: BBR version 3's model of a path and its state, named as in
 * draft-ietf-ccwg-bbr (BBR.max_bw is b->max_bw).  Private to the cc_bbr*.c:
 *
 *   cc_bbr.c          the events, Startup and Drain, undo
 *   cc_bbr_model.c    what ACKs and losses say of the path
 *   cc_bbr_probe.c    ProbeBW and ProbeRTT
 *   cc_bbr_control.c  pacing rate, quantum, cwnd
 *
 * A record exists from the first segment sent by a connection that BBR
 * governs until it closes, idle or not: t->cc_kept is its arena_ref().
 * Bytes, bytes a second, nanoseconds; gains in percent.
 */
#ifndef TCP_BBR_H
#define TCP_BBR_H

#include "tcp/cc.h"

/* BBR.state */
enum bbr_state {
    BBR_STARTUP,
    BBR_DRAIN,
    BBR_DOWN, /* of ProbeBW, as the next three */
    BBR_CRUISE,
    BBR_REFILL,
    BBR_UP,
    BBR_PROBE_RTT,
    BBR_NONE, /* undo_state: nothing to return to */
};

/* BBR.ack_phase */
enum bbr_acks {
    ACKS_INIT,
    ACKS_REFILLING,
    ACKS_PROBE_STARTING,
    ACKS_PROBE_FEEDBACK,
    ACKS_PROBE_STOPPING,
};

/* §2.8 and where they are used: constants */
enum {
    BBR_LOSS_THRESH = 2,   /* percent */
    BBR_BETA = 70,         /* percent */
    BBR_HEADROOM = 15,     /* percent */
    BBR_MIN_PIPE = 4,      /* MinPipeCwnd, segments */
    BBR_FULL_LOSSES = 6,   /* StartupFullLossCnt: ranges lost in a round */
    BBR_EXTRA_ROUNDS = 10, /* ExtraAckedFilterLen */
    BBR_RENO_ROUNDS = 63,
    BBR_PACED = 100 - 1, /* less PacingMarginPercent */
};
#define BBR_MIN_RTT_LEN    (10 * NS_S) /* MinRTTFilterLen */
#define BBR_PROBE_RTT_TIME (200 * NS_MS)
#define BBR_PROBE_RTT_EACH (5 * NS_S)          /* ProbeRTTInterval */
#define BBR_INFINITE       UINT32_MAX          /* of a volume */
#define BBR_FASTEST        (UINT64_C(1) << 39) /* a second: so far it counts */

struct bbr {
    /* general state; counts of delivered bytes are flight->delivered's */
    uint8_t  state;     /* enum bbr_state */
    uint8_t  ack_phase; /* enum bbr_acks */
    uint32_t round_count, next_round_delivered;
    uint32_t drain_start_round;
    bool     round_start, idle_restart, has_rtt;
    bool     limited_now, limited_before; /* C.is_cwnd_limited: this round
                                             trip, and the last one */

    /* rates */
    uint64_t max_bw, filter[2]; /* of the cycle at hand, and the one before */
    uint64_t bw, bw_shortterm, bw_latest; /* shortterm: UINT64_MAX: none */
    uint64_t pacing_rate;

    /* volumes */
    uint32_t inflight_longterm, inflight_shortterm, inflight_latest;
    uint32_t max_inflight, prior_cwnd, initial_cwnd;
    uint32_t delivered; /* in all, up to initial_cwnd */

    /* aggregation: the most of each of the last rounds */
    uint32_t extra_acked, extra_acked_delivered, extra_round;
    uint32_t extra[BBR_EXTRA_ROUNDS];
    cw_ns    extra_acked_interval_start;

    /* is the pipe full? */
    bool     full_bw_reached, full_bw_now;
    uint8_t  full_bw_count;
    uint64_t full_bw;

    /* losses */
    bool     is_loss_in_round, loss_round_start;
    bool     loss_saved;  /* for undo, before this ACK */
    uint8_t  loss_ranges; /* of a round trip, discontiguous */
    seq      loss_end;
    uint8_t  sent_now, sent_before; /* the least sent_share() of a loss round,
 and of the last one */
    uint32_t loss_round_delivered, recovery_delivered;

    /* probing for bandwidth */
    bool     is_bw_probe_sample;
    bool     prev_probe_too_high, prev_probe_precautionary;
    uint8_t  bw_probe_up_rounds;
    uint32_t bw_probe_up_acked, probe_up_acked_per_inc;
    uint32_t rounds_since_probe_up;
    cw_ns    bw_probe_wait, cycle_stamp;

    /* min_rtt, and the probe for it; NS_NEVER: none */
    bool  probe_rtt_expired, probe_rtt_round_done;
    cw_ns min_rtt, min_rtt_stamp;
    cw_ns probe_rtt_min_delay, probe_rtt_min_stamp;
    cw_ns probe_rtt_done_stamp; /* 0: not yet */

    uint8_t  undo_state; /* enum bbr_state */
    uint64_t undo_bw_shortterm;
    uint32_t undo_inflight_shortterm, undo_inflight_longterm;
};
_Static_assert(sizeof(struct bbr) <= sizeof(struct tcp_flight),
               "it comes from host->flights");

/* One ACK of a connection. */
struct bbr_ack {
    struct tcp           *t;
    struct bbr           *b;
    const struct cc_ack  *a;
    const struct cc_rate *rs;          /* RS.* */
    uint32_t              newly_acked; /* RS.newly_acked */
};

/* Is a, a count of delivered bytes, at b or beyond? */
static inline bool bbr_passed(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) >= 0;
}

static inline bool bbr_in_probe_bw(const struct bbr *b)
{
    return b->state == BBR_DOWN || b->state == BBR_CRUISE
        || b->state == BBR_REFILL || b->state == BBR_UP;
}

/* RS.delivery_rate, as far as it counts. */
static inline uint64_t bbr_rate(const struct bbr_ack *x)
{
    return MIN(x->rs->rate, BBR_FASTEST);
}

/* cc_bbr.c */
void bbr_enter(struct tcp *t, struct bbr *b, enum bbr_state next,
               enum why why);
void bbr_save_cwnd(const struct tcp *t, struct bbr *b);
void bbr_restore_cwnd(struct tcp *t, struct bbr *b, enum why why);
void bbr_save_upon_loss(const struct tcp *t, struct bbr *b);

/* cc_bbr_model.c */
void bbr_start_round(const struct tcp *t, struct bbr *b);
void bbr_latest(const struct bbr_ack *x);
void bbr_congestion_signals(const struct bbr_ack *x);
void bbr_aggregation(const struct bbr_ack *x);
void bbr_check_full(const struct bbr_ack *x);
void bbr_advance_latest(const struct bbr_ack *x);
void bbr_bound_bw(struct bbr *b);
void bbr_reset_full(struct bbr *b);
void bbr_reset_signals(struct bbr *b);
void bbr_reset_shortterm(struct bbr *b);
void bbr_advance_filter(struct bbr *b);
void bbr_note_loss(const struct tcp *t, struct bbr *b);
bool bbr_lost_too_much(const struct tcp *t, uint32_t lost, uint32_t inflight);
uint32_t bbr_inflight_at_loss(uint32_t in_flight, uint32_t lost,
                              uint32_t size);

/* cc_bbr_probe.c */
void bbr_enter_probe_bw(struct tcp *t, struct bbr *b, enum why why);
void bbr_start_down(struct tcp *t, struct bbr *b, enum why why);
void bbr_start_refill(struct tcp *t, struct bbr *b, enum why why);
void bbr_cycle(const struct bbr_ack *x);
void bbr_too_high(struct tcp *t, struct bbr *b, uint32_t in_flight,
                  bool app_limited);
void bbr_min_rtt(const struct bbr_ack *x);
void bbr_probe_rtt(const struct bbr_ack *x);
void bbr_probe_rtt_done(struct tcp *t, struct bbr *b);

/* cc_bbr_control.c */
uint64_t bbr_bytes(uint64_t bw, cw_ns time);
uint32_t bbr_bdp(const struct bbr *b, uint64_t bw, unsigned gain);
uint32_t bbr_inflight(const struct tcp *t, const struct bbr *b, uint64_t bw,
                      unsigned gain);
uint32_t bbr_target(const struct tcp *t, const struct bbr *b);
uint32_t bbr_with_headroom(const struct tcp *t, const struct bbr *b);
uint32_t bbr_probe_rtt_cwnd(const struct tcp *t, const struct bbr *b);
uint32_t bbr_min_pipe(const struct tcp *t);
unsigned bbr_pacing_gain(const struct bbr *b);
unsigned bbr_cwnd_gain(const struct bbr *b);
void     bbr_init_pacing(const struct tcp *t, struct bbr *b);
void     bbr_set_pacing(struct bbr *b, unsigned gain);
void     bbr_set_cwnd(const struct bbr_ack *x);

#endif
