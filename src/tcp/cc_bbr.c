/* cc_bbr.c: BBR version 3: a model of the path, made of what ACKs and losses
 * tell, says how fast to send and how much may be in flight.
 *
 *   draft-ietf-ccwg-bbr: the events (§5.2), Startup and Drain (§5.3.1,
 *   §5.3.2), the restart from idle (§5.4), undo (§5.5.11), and what a loss
 *   does to cwnd (§5.6.4.4).  ssthresh has no part in it.
 *   Owns:     the record (bbr.h), from the first segment on until close; if
 *             memory is out, Reno governs that connection from then on.
 *   Marks (§3.7: no response is specified, but they are congestion): once for
 *             each window of data, as ECN has it, as if too much was lost.
 */
#include "tcp/bbr.h"

/* The controller's own of a flight: its counts of bytes begin at 0. */
struct bbr_flight {
    bool begun;
};
_Static_assert(sizeof(struct bbr_flight) <= CC_STATE,
               "the controller's state");

/* ---- the record ----------------------------------------------------------- */

static struct bbr *record(const struct tcp *t)
{
    return t->cc_kept ? arena_at(tcp_env(t)->arena, t->cc_kept) : NULL;
}

/* OnInit(): §5.2.1 */
static void begin(struct tcp *t, struct bbr *b)
{
    cw_ns now = tcp_now(t);

    b->initial_cwnd = tcp_initial_window(t);
    b->min_rtt = t->srtt > 0 ? t->srtt : NS_NEVER;
    b->min_rtt_stamp = now;
    b->probe_rtt_min_delay = b->min_rtt;
    b->probe_rtt_min_stamp = now;
    b->undo_state = BBR_NONE;
    b->extra_acked_interval_start = now;
    b->inflight_longterm = BBR_INFINITE;
    b->probe_up_acked_per_inc = BBR_INFINITE;
    bbr_reset_shortterm(b);
    b->sent_now = b->sent_before = 100;
    bbr_init_pacing(t, b);
    bbr_enter(t, b, BBR_STARTUP, WHY_CC_BBR_STARTUP);
}

/* Counts of bytes begin anew with each flight: what was to be passed has
 * been, as all was delivered. */
static void begin_flight(struct tcp *t, struct bbr *b)
{
    struct bbr_flight *f = tcp_cc_state(t);

    if (!f || f->begun)
        return;
    f->begun = true;
    b->next_round_delivered = 0;
    b->loss_round_delivered = 0;
    b->recovery_delivered = 0;
}

/* The record, from the first segment on; NULL: Reno governs instead. */
static struct bbr *governed(struct tcp *t)
{
    struct bbr *b = record(t);

    if (!b) {
        b = slab_get0(&t->host->flights);
        if (!b) {
            env_count(tcp_env(t), COUNT_NO_MEMORY);
            tcp_opts_cc(&t->opts, t, CW_CC_RENO);
            tcp_cwnd_event(t, WHY_CC_NO_MEMORY);
            return NULL;
        }
        t->cc_kept = arena_ref(tcp_env(t)->arena, b);
        begin(t, b);
    }
    begin_flight(t, b);
    return b;
}

static void init(struct tcp *t)
{
    t->cc_kept = 0;
}

static void fini(struct tcp *t)
{
    if (t->cc_kept)
        slab_put(record(t));
}

void bbr_enter(struct tcp *t, struct bbr *b, enum bbr_state next,
               enum why why)
{
    b->state = (uint8_t)next;
    tcp_cwnd_event(t, why);
}

/* ---- §5.6.4.4: what is remembered of a loss ------------------------------- */

/* SaveCwnd() */
void bbr_save_cwnd(const struct tcp *t, struct bbr *b)
{
    bool repairs = t->flight && t->flight->recovery != RECOVERY_NONE;

    if (!repairs && b->state != BBR_PROBE_RTT)
        b->prior_cwnd = t->cwnd;
    else
        b->prior_cwnd = MAX(b->prior_cwnd, t->cwnd);
}

/* RestoreCwnd() */
void bbr_restore_cwnd(struct tcp *t, struct bbr *b, enum why why)
{
    cc_set_cwnd(t, MAX(t->cwnd, b->prior_cwnd), why);
}

/* SaveStateUponLoss(), §5.5.11.1 */
void bbr_save_upon_loss(const struct tcp *t, struct bbr *b)
{
    bbr_save_cwnd(t, b);
    b->undo_state = BBR_NONE;
    b->undo_bw_shortterm = b->bw_shortterm;
    b->undo_inflight_shortterm = b->inflight_shortterm;
    b->undo_inflight_longterm = b->inflight_longterm;
    b->loss_saved = true;
}

/* ---- §5.3.1, §5.3.2: Startup and Drain ------------------------------------ */

static void enter_drain(struct tcp *t, struct bbr *b, enum why why)
{
    b->drain_start_round = b->round_count;
    bbr_enter(t, b, BBR_DRAIN, why);
}

/* Startup has lost too much: §5.3.1.3. */
static void leave_startup(struct tcp *t, struct bbr *b, enum why why)
{
    b->undo_state = BBR_STARTUP;
    b->full_bw_now = b->full_bw_reached = true;
    b->inflight_longterm = MAX(bbr_bdp(b, b->bw, 100), b->inflight_latest);
    enter_drain(t, b, why);
}

/* CheckStartupHighLoss(), at the end of a round trip. */
static bool high_loss(const struct bbr_ack *x)
{
    const struct cc_rate *rs = x->rs;
    const struct bbr     *b = x->b;

    if (x->a->recovery != RECOVERY_FAST)
        return false;
    if (!x->t->sack_ok)
        return x->a->lost > 0;
    return b->loss_round_start
        && bbr_passed(rs->prior_delivered, b->recovery_delivered)
        && b->loss_ranges >= BBR_FULL_LOSSES
        && bbr_lost_too_much(x->t, rs->lost, rs->in_flight);
}

/* CheckStartupDone() */
static void check_startup(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (b->state == BBR_STARTUP && !b->full_bw_reached && high_loss(x))
        leave_startup(x->t, b, WHY_CC_BBR_LOSSES);
    if (b->loss_round_start)
        b->loss_ranges = 0;
    if (b->state == BBR_STARTUP && b->full_bw_reached)
        enter_drain(x->t, b, WHY_CC_BBR_PLATEAU);
}

/* CheckDrainDone() */
static void check_drain(const struct bbr_ack *x)
{
    struct bbr *b = x->b;

    if (b->state != BBR_DRAIN)
        return;
    if (tcp_pipe(x->t) <= bbr_inflight(x->t, b, b->bw, 100))
        bbr_enter_probe_bw(x->t, b, WHY_CC_BBR_DRAINED);
    else if (b->round_count > b->drain_start_round + 3)
        bbr_enter_probe_bw(x->t, b, WHY_CC_BBR_DRAIN_OVER);
}

/* ---- events ----------------------------------------------------------------- */

/* UpdateModelAndState(): §5.2.3 */
static void update_model(const struct bbr_ack *x)
{
    bbr_latest(x);
    bbr_congestion_signals(x);
    bbr_aggregation(x);
    bbr_check_full(x);
    check_startup(x);
    check_drain(x);
    bbr_cycle(x);
    bbr_min_rtt(x);
    bbr_probe_rtt(x);
    bbr_advance_latest(x);
    bbr_bound_bw(x->b);
}

/* RS.newly_acked is of data: a SYN is none, nor a FIN, which may be among what
 * is delivered once it is sent. */
static uint32_t newly_acked(const struct tcp *t, const struct cc_ack *a)
{
    if (!t->cc_kept)
        return a->acked;
    return a->delivered - MIN(a->delivered, (uint32_t)t->fin_sent);
}

/* UpdateOnACK() */
static void on_ack(struct tcp *t, const struct cc_ack *a)
{
    uint32_t       n = newly_acked(t, a);
    struct bbr    *b = t->cc_kept || n > 0 ? governed(t) : NULL;
    struct bbr_ack x = { t, b, a, &a->rate, n };

    if (!b) {
        if (n > 0) /* it is not BBR that governs */
            tcp_cc(t)->ack(t, a);
        return;
    }
    b->limited_now |= t->cwnd_limited;
    b->delivered = (uint32_t)MIN((uint64_t)b->delivered + n,
                                 (uint64_t)b->initial_cwnd);
    if (!b->has_rtt && t->srtt > 0)
        bbr_init_pacing(t, b);
    update_model(&x);
    bbr_set_pacing(b, bbr_pacing_gain(b));
    bbr_set_cwnd(&x);
    b->loss_saved = false;
}

/* HandleRestartFromIdle(): §5.4.1, of a segment that is about to go. */
static void transmit(struct tcp *t)
{
    struct bbr *b = governed(t);

    if (!b || tcp_pipe(t) > 0 || !t->flight->rate.app_limited)
        return;
    b->idle_restart = true;
    b->extra_acked_interval_start = tcp_now(t);
    if (bbr_in_probe_bw(b))
        bbr_set_pacing(b, 100);
    else if (b->state == BBR_PROBE_RTT)
        bbr_probe_rtt_done(t, b);
}

/* cwnd stays what it was: the model knows the path, and paces (§5.4.2). */
static void idle(struct tcp *t)
{
    (void)t;
}

/* HandleLostPacket(): §5.5.10.2 */
static void lost(struct tcp *t, const struct segrec *r)
{
    struct bbr *b = governed(t);
    uint32_t    size = seq_from(r->end, r->start), all;

    if (!b)
        return;
    if (b->loss_ranges == 0 || !seq_eq(r->start, b->loss_end))
        b->loss_ranges = (uint8_t)MIN(b->loss_ranges + 1, UINT8_MAX);
    b->loss_end = r->end;
    bbr_note_loss(t, b);
    all = t->flight->lost - r->lost;
    if (b->is_bw_probe_sample && bbr_lost_too_much(t, all, r->in_flight))
        bbr_too_high(t, b, bbr_inflight_at_loss(r->in_flight, all, size),
                     r->app_limited);
}

static void marked(struct tcp *t, struct bbr *b, uint32_t flight)
{
    bbr_note_loss(t, b);
    if (b->state == BBR_STARTUP && !b->full_bw_reached)
        leave_startup(t, b, WHY_CC_ECN);
    else if (b->is_bw_probe_sample)
        bbr_too_high(t, b, flight, t->flight->rate.app_limited);
}

/* OnEnterFastRecovery(): the losses that began it may have saved what there
 * is to save.  Without a recovery it was a tail loss probe that has repaired
 * one (§5.5.10.3: "TLP recovery"). */
static void on_congestion(struct tcp *t, enum cc_sign sign, uint32_t flight)
{
    struct bbr *b = governed(t);

    if (!b) {
        tcp_cc(t)->congestion(t, sign, flight);
        return;
    }
    if (sign == CC_SIGN_ECN) {
        marked(t, b, flight);
        return;
    }
    b->recovery_delivered = t->flight->delivered;
    if (t->flight->recovery == RECOVERY_NONE)
        bbr_note_loss(t, b);
    if (!b->loss_saved)
        bbr_save_upon_loss(t, b);
}

/* "When BBR exits loss recovery it restores" it. */
static void recovered(struct tcp *t)
{
    struct bbr *b = governed(t);

    if (b)
        bbr_restore_cwnd(t, b, WHY_CC_RECOVERED);
}

/* OnEnterRTO() */
static void on_timeout(struct tcp *t, uint32_t flight)
{
    struct bbr *b = governed(t);

    if (!b) {
        tcp_cc(t)->timed_out(t, flight);
        return;
    }
    if (!b->loss_saved)
        bbr_save_upon_loss(t, b);
    cc_set_cwnd(t, (uint64_t)tcp_pipe(t) + tcp_eff_mss(t), WHY_CC_TIMEOUT);
}

/* HandleSpuriousLossDetection(): §5.5.11.2; cwnd and ssthresh are not what
 * recovery noted, but what this controller did. */
static void undo(struct tcp *t, uint32_t cwnd, uint32_t ssthresh)
{
    struct bbr *b = record(t);

    (void)cwnd;
    (void)ssthresh;
    if (!b)
        return;
    bbr_restore_cwnd(t, b, WHY_CC_RECOVERED);
    b->is_loss_in_round = false;
    bbr_reset_full(b);
    b->bw_shortterm = MAX(b->bw_shortterm, b->undo_bw_shortterm);
    b->inflight_shortterm = MAX(b->inflight_shortterm,
                                b->undo_inflight_shortterm);
    b->inflight_longterm = MAX(b->inflight_longterm,
                               b->undo_inflight_longterm);
    if (b->undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
        b->full_bw_reached = false;
        if (b->state != BBR_PROBE_RTT)
            bbr_enter(t, b, BBR_STARTUP, WHY_CC_BBR_STARTUP);
    } else if (b->undo_state == BBR_UP && b->state != BBR_UP
               && b->state != BBR_PROBE_RTT) {
        bbr_start_refill(t, b, WHY_CC_BBR_AGAIN);
    }
    b->undo_state = BBR_NONE;
}

/* On purpose not for the initial window, which RFC 6928 lets go at once: a
 * short response would be late by a fifth of a round trip for nothing. */
static uint64_t pacing_rate(const struct tcp *t)
{
    const struct bbr *b = record(t);

    return b && b->delivered > 0 ? b->pacing_rate : 0;
}

/* BBR.bw; and min_rtt in microseconds, with the gains, in percent, above. */
static void show(const struct tcp *t, uint64_t arg[2])
{
    const struct bbr *b = record(t);

    if (!b)
        return;
    arg[0] = b->bw;
    if (b->min_rtt != NS_NEVER)
        arg[1] = (uint32_t)MIN(b->min_rtt / NS_US, UINT32_MAX);
    arg[1] |= (uint64_t)bbr_pacing_gain(b) << 32;
    arg[1] |= (uint64_t)bbr_cwnd_gain(b) << 48;
}

const struct cc_ops cc_bbr = {
    .rules = true,
    .init = init,
    .fini = fini,
    .ack = on_ack,
    .transmit = transmit,
    .lost = lost,
    .congestion = on_congestion,
    .recovered = recovered,
    .timed_out = on_timeout,
    .undo = undo,
    .idle = idle,
    .pacing_rate = pacing_rate,
    .show = show,
};
