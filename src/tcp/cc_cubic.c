/* cc_cubic.c: CUBIC: in avoidance cwnd follows a cubic function of the time
 * since the last congestion, W_cubic(t) = C (t - K)^3 + W_max, or Reno where
 * Reno would be faster.
 *
 *   RFC 9438, section by section; C = 0.4 (RFC9438-5.1-a), beta = 0.7.
 *   Owns:      cc_kept, W_max in bytes (0: not defined), and struct cubic,
 *              which exists while something is in flight.
 *   Invariant: a stage of avoidance goes on while something is in flight;
 *              another one begins, where cwnd stands, after a moment without,
 *              on the same curve to W_max: K is what is left of it.
 *   Until ssthresh is set, HyStart++ has the state (cc_hystart.c).
 */
#include "tcp/cc_cubic.h"
#include "tcp/cc.h"

/* Between the events of a stage; bytes, and cubic_time()'s units. */
struct cubic {
    cw_ns    epoch; /* t_epoch; 0: the stage has not begun */
    cw_ns    last;  /* its last ACK */
    uint32_t w_est;
    uint32_t est_rest, cwnd_rest; /* of divisions, for the next time */
    uint32_t cwnd_prior;
    int32_t  k;
    /* what congestion() found, for undo(): §4.9.2 */
    int32_t  undo_k;
    uint32_t undo_w_max, undo_w_est, undo_prior;
    cw_ns    undo_epoch;
};
_Static_assert(sizeof(struct cubic) <= CC_STATE, "the controller's state");

/* ---- arithmetic --------------------------------------------------------- */

/* 16384 / 10^9 = 2^5 / 5^9 */
int64_t cubic_time(cw_ns t)
{
    t = ns_min(t, 128 * NS_S);
    return t * 32 / 1953125;
}

/* Bit by bit, from above: 21 steps. */
uint32_t cubic_root(uint64_t x)
{
    uint32_t r = 0;

    for (uint32_t bit = 1u << 20; bit; bit >>= 1) {
        uint64_t with = r | bit;

        if (with * with * with <= x)
            r |= bit;
    }
    return r;
}

/* K^3 = (W_max - cwnd) / C in segments and seconds, so in units * 2^42. */
int32_t cubic_k(uint32_t w_max, uint32_t cwnd, uint32_t mss)
{
    bool     beyond = cwnd > w_max;
    uint64_t bytes = beyond ? cwnd - w_max : w_max - cwnd;
    uint32_t k;

    INVARIANT(bytes <= (uint64_t)SOCKBUF_MAX * 2 && mss >= TCP_MSS_MIN / 2);
    k = cubic_root(((bytes * 5 << 35) / (2u * mss)) << 7);
    return beyond ? -(int32_t)k : (int32_t)k;
}

int64_t cubic_rise(int64_t dt, uint32_t mss)
{
    uint64_t d = (uint64_t)(dt < 0 ? -dt : dt), rise;

    d = MIN(d, (uint64_t)CUBIC_TIME_MAX - 1);
    rise = ((d * d * d >> 20) * mss * 2 / 5) >> 22;
    return dt < 0 ? -(int64_t)rise : (int64_t)rise;
}

/* ---- avoidance ---------------------------------------------------------- */

/* RFC9438-4.8-a, §4.10: without a W_max, after a timeout or HyStart++, the
 * stage begins on its plateau, with K = 0. */
static void begin_stage(struct tcp *t, struct cubic *c)
{
    if (t->cc_kept == 0)
        t->cc_kept = t->cwnd;
    c->epoch = c->last = tcp_now(t);
    c->k = cubic_k(t->cc_kept, t->cwnd, tcp_eff_mss(t));
    c->w_est = t->cwnd;
    c->est_rest = c->cwnd_rest = 0;
    if (c->cwnd_prior == 0)
        c->cwnd_prior = t->cc_kept;
}

/* §4.3, eq. (4): alpha is 3 (1 - beta) / (1 + beta) = 9/17; to the letter 1
 * once W_est has been where cwnd was: docs/decisions/17-reno-friendly.md. */
static void estimate_reno(struct tcp *t, struct cubic *c, uint32_t acked)
{
    bool     there = c->w_est >= c->cwnd_prior;
    uint64_t alpha = there && tcp_knobs(t)->cubic_alpha_one ? 17 : 9;
    uint64_t n = acked * alpha * tcp_eff_mss(t) + c->est_rest;
    uint64_t d = 17 * (uint64_t)t->cwnd;

    c->w_est = (uint32_t)MIN(c->w_est + n / d, (uint64_t)SOCKBUF_MAX * 2);
    c->est_rest = (uint32_t)(n % d);
}

/* The window at this time of the stage. */
static int64_t w_cubic(const struct tcp *t, const struct cubic *c, cw_ns at)
{
    return t->cc_kept + cubic_rise(cubic_time(at) - c->k, tcp_eff_mss(t));
}

/* §4.4, §4.5 (RFC9438-4.4-a): (target - cwnd) / cwnd for each segment. */
static uint32_t rise(struct tcp *t, struct cubic *c, uint32_t acked)
{
    int64_t  target = w_cubic(t, c, tcp_now(t) - c->epoch + t->srtt);
    int64_t  most = (int64_t)t->cwnd + t->cwnd / 2;
    uint64_t n;

    if (target <= (int64_t)t->cwnd)
        return 0;
    target = MIN(target, most);
    n = (uint64_t)(target - t->cwnd) * acked + c->cwnd_rest;
    c->cwnd_rest = (uint32_t)(n % t->cwnd);
    return (uint32_t)(n / t->cwnd);
}

/* RFC9438-4.2-a: time in which the program did not fill the window, and it
 * did not grow, is no time. */
static void avoid(struct tcp *t, const struct cc_ack *a)
{
    struct cubic *c = tcp_cc_state(t);
    cw_ns         now = tcp_now(t);
    uint32_t      before = t->cwnd;

    if (c->epoch == 0)
        begin_stage(t, c);
    if (!cc_window_used(t, a)) {
        c->epoch += now - c->last;
        c->last = now;
        return;
    }
    c->last = now;
    estimate_reno(t, c, a->acked);
    if (w_cubic(t, c, now - c->epoch) < (int64_t)c->w_est) /* RFC9438-4.3-a */
        before = MAX(before, c->w_est);
    else
        before += rise(t, c, a->acked);
    if (before != t->cwnd)
        cc_set_cwnd(t, before, WHY_CC_CUBIC);
}

/* RFC9438-4.10-a: slow start is for windows up to ssthresh; at ssthresh itself
 * there is nothing left for it, or every recovery would end with a jump. */
static void ack(struct tcp *t, const struct cc_ack *a)
{
    if (a->acked == 0 || a->recovery == RECOVERY_FAST)
        return;
    if (t->ssthresh == UINT32_MAX)
        cc_hystart(t, a);
    else if (t->cwnd >= t->ssthresh)
        avoid(t, a);
    else if (cc_window_used(t, a))
        cc_slow_start(t, a);
}

/* ---- congestion --------------------------------------------------------- */

/* The state before, if it is CUBIC's; and the next stage's begins. */
static void remember(struct tcp *t, struct cubic *c)
{
    struct cubic was = { 0 };

    if (t->ssthresh != UINT32_MAX)
        was = *c;
    *c = (struct cubic){ .cwnd_prior = t->cwnd,
                         .undo_w_max = t->cc_kept,
                         .undo_prior = was.cwnd_prior,
                         .undo_w_est = was.w_est,
                         .undo_k = was.k,
                         .undo_epoch = was.epoch };
}

/* §4.6 and, before it, fast convergence: §4.7 (RFC9438-4.7-a).  FlightSize
 * as Reno takes it (RFC9438-4.6-a). */
static void congestion(struct tcp *t, enum cc_sign sign, uint32_t flight)
{
    uint64_t w_max = t->cwnd, outstanding = MIN(flight, t->cwnd);

    (void)sign;
    remember(t, tcp_cc_state(t));
    if (t->cwnd < t->cc_kept)
        w_max = w_max * 17 / 20;
    t->cc_kept = (uint32_t)w_max;
    t->ssthresh = MAX((uint32_t)(outstanding * 7 / 10), cc_least(t));
}

/* RFC9438-4.8-a */
static void timed_out(struct tcp *t, uint32_t flight)
{
    congestion(t, CC_SIGN_LOSS, flight);
    t->cc_kept = 0;
    cc_lost_window(t);
}

static void recovered(struct tcp *t)
{
    tcp_cwnd_event(t, WHY_CC_RECOVERED);
}

/* RFC9438-4.9-a: all of it, unless the window has outgrown it by now. */
static void undo(struct tcp *t, uint32_t cwnd, uint32_t ssthresh)
{
    struct cubic *c = tcp_cc_state(t);

    if (c && t->cwnd < c->cwnd_prior) {
        t->cc_kept = c->undo_w_max;
        *c = (struct cubic){ .epoch = c->undo_epoch,
                             .last = tcp_now(t),
                             .cwnd_prior = c->undo_prior,
                             .w_est = c->undo_w_est,
                             .k = c->undo_k };
        if (ssthresh == UINT32_MAX) /* HyStart++ goes on, in a new round */
            *c = (struct cubic){ 0 };
    }
    cc_restore(t, cwnd, ssthresh);
}

static void init(struct tcp *t)
{
    t->cc_kept = 0;
}

static void show(const struct tcp *t, uint64_t arg[2])
{
    const struct cubic *c;

    arg[0] = t->cc_kept;
    if (!t->flight || t->ssthresh == UINT32_MAX)
        return;
    c = (const void *)t->flight->cc;
    arg[1] = c->k > 0 ? (uint64_t)c->k * 1000000 / CUBIC_UNIT : 0;
}

const struct cc_ops cc_cubic = {
    .init = init,
    .ack = ack,
    .congestion = congestion,
    .recovered = recovered,
    .timed_out = timed_out,
    .undo = undo,
    .idle = cc_restart,
    .show = show,
};
