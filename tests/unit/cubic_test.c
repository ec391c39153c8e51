/* cubic_test.c: CUBIC's integers against RFC 9438's equations in floating
 * point, and its rules at congestion.
 */
#include "cc_rig.h"
#include "tcp/cc_cubic.h"

#include <math.h>

/* RFC 9438 as it is written: segments and seconds. */
struct model {
    double cwnd, w_max, w_est, prior, k, t;
    bool   begun;         /* the stage, with its first ACK */
    bool   to_the_letter; /* §4.3, its last paragraph */
};

static const double c = 0.4, beta = 0.7; /* [RFC9438-5.1-a] */

static void model_begin(struct model *m)
{
    m->k = cbrt((m->w_max - m->cwnd) / c);
    m->w_est = m->cwnd;
    m->t = 0;
    m->begun = false;
}

static double model_w(const struct model *m, double t)
{
    return c * pow(t - m->k, 3) + m->w_max;
}

/* §4.2 to §4.5 */
static void model_ack(struct model *m, double segs, double rtt)
{
    bool   reno = m->to_the_letter && m->w_est >= m->prior;
    double alpha = reno ? 1 : 3 * (1 - beta) / (1 + beta);
    double target = model_w(m, m->t + rtt);

    m->w_est += alpha * segs / m->cwnd;
    if (model_w(m, m->t) < m->w_est) {
        m->cwnd = fmax(m->cwnd, m->w_est);
        return;
    }
    target = fmin(fmax(target, m->cwnd), 1.5 * m->cwnd);
    m->cwnd += (target - m->cwnd) / m->cwnd * segs;
}

static void expect_near(const struct cc_rig *r, const struct model *m)
{
    double have = (double)r->t.cwnd / RIG_MSS;

    if (fabs(have - m->cwnd) > 0.1 + m->cwnd / 1000)
        FAIL("at %.3f s cwnd is %.3f segments, by the RFC %.3f", m->t, have,
             m->cwnd);
}

static void expect_windows(const struct cc_rig *r, uint32_t cwnd,
                           uint32_t ssthresh)
{
    EXPECT_EQ(r->t.cwnd, cwnd);
    EXPECT_EQ(r->t.ssthresh, ssthresh);
}

/* Acknowledges a window's worth, two segments at a time, over one RTT. */
static void one_round(struct cc_rig *r, struct model *m, cw_ns rtt)
{
    unsigned n = MAX(r->t.cwnd / (2 * RIG_MSS), 1u);
    cw_ns    start = r->env.now;

    for (unsigned i = 1; i <= n; i++) {
        cw_ns at = start + rtt * i / n;

        if (m->begun)
            m->t += (double)(at - r->env.now) / 1e9;
        m->begun = true;
        r->env.now = at;
        cc_rig_ack(r, 2 * RIG_MSS, rtt);
        model_ack(m, 2, (double)rtt / 1e9);
    }
}

/* A loss at so many segments, so that a stage of avoidance begins. */
static void after_loss(struct cc_rig *r, struct model *m, uint32_t segs,
                       cw_ns rtt)
{
    cc_rig_init(r, CW_CC_CUBIC, segs);
    r->t.srtt = rtt;
    cc_rig_loss(r);
    EXPECT_EQ(r->t.cwnd, r->t.ssthresh);
    *m = (struct model){ .cwnd = (double)r->t.cwnd / RIG_MSS,
                         .w_max = segs,
                         .prior = segs };
    model_begin(m);
}

static uint32_t below(struct prng *draw, uint32_t n)
{
    return (uint32_t)prng_below(draw, n);
}

TEST(roots_are_exact)
{
    struct prng draw = t_prng("root");

    EXPECT_EQ(cubic_root(0), 0);
    EXPECT_EQ(cubic_root(7), 1);
    EXPECT_EQ(cubic_root(8), 2);
    for (int i = 0; i < 20000; i++) {
        uint64_t x = prng_u64(&draw) >> 1 >> prng_below(&draw, 62);
        uint64_t r = cubic_root(x);

        if (r * r * r > x || (r + 1) * (r + 1) * (r + 1) <= x)
            FAIL("root of %llu: %llu", (unsigned long long)x,
                 (unsigned long long)r);
    }
}

/* [RFC9438-5.1-a] */
TEST(k_is_the_equations)
{
    struct prng draw = t_prng("k");

    for (int i = 0; i < 20000; i++) {
        uint32_t mss = 88 + below(&draw, 8913);
        uint32_t a = below(&draw, 32 << 20);
        uint32_t b = below(&draw, 32 << 20) >> below(&draw, 20);
        double   want = cbrt(((double)a - b) / mss / c);
        double   have = (double)cubic_k(a, b, mss) / CUBIC_UNIT;

        if (fabs(have - want) > 1.5 / CUBIC_UNIT)
            FAIL("K(%u, %u, %u) = %f, not %f", a, b, mss, have, want);
    }
}

TEST(the_curve_is_the_equations)
{
    struct prng draw = t_prng("rise");

    for (int i = 0; i < 20000; i++) {
        uint32_t mss = 88 + below(&draw, 8913);
        cw_ns    t = (cw_ns)below(&draw, 1u << 31) * (1 + below(&draw, 30));
        double   s = (double)cubic_time(t) / CUBIC_UNIT;
        double   want = c * s * s * s * mss;

        if (fabs((double)cubic_rise(cubic_time(t), mss) - want) > 2)
            FAIL("%f s: %f", s, want);
        EXPECT_EQ(cubic_rise(-cubic_time(t), mss),
                  -cubic_rise(cubic_time(t), mss));
        if (fabs(s - (double)t / 1e9) > 1.0 / CUBIC_UNIT)
            FAIL("time of %lld", (long long)t);
    }
}

/* In every region; short paths follow Reno, long ones the curve. */
static void a_minute(enum cw_profile profile)
{
    static const struct {
        uint32_t segs, rtt_ms;
    } rows[] = {
        { 10, 10 },   { 10, 100 }, { 10, 1000 }, { 100, 10 },   { 100, 50 },
        { 100, 300 }, { 400, 20 }, { 1000, 50 }, { 1000, 200 },
    };

    T_EACH (row, rows) {
        cw_ns         rtt = row->rtt_ms * NS_MS, end;
        struct cc_rig r;
        struct model  m;

        t_row("profile %d, %u segments, %u ms", (int)profile, row->segs,
              row->rtt_ms);
        after_loss(&r, &m, row->segs, rtt);
        r.env.knobs = knobs_of(profile);
        m.to_the_letter = profile == CW_PROFILE_STRICT;
        end = r.env.now + 60 * NS_S;
        while (r.env.now < end && r.t.cwnd < 6000 * RIG_MSS) {
            one_round(&r, &m, rtt);
            expect_near(&r, &m);
        }
        EXPECT(r.t.cwnd > row->segs * RIG_MSS);
    }
}

/* [RFC9438-4.3-a] [RFC9438-4.4-a] [RFC9438-5.1-a]: a minute after a loss. */
TEST(a_minute_of_avoidance_by_the_rfc)
{
    a_minute(CW_PROFILE_STRICT);
}

/* docs/decisions/17-reno-friendly.md */
TEST(a_minute_of_avoidance_with_one_alpha)
{
    a_minute(CW_PROFILE_DEPLOYED);
}

/* §4.10, and RFC 5681 §3.1: where recovery ends there is nothing left for slow
 * start, however much the next ACK acknowledges. */
TEST(recovery_ends_without_a_jump)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    cc_rig_loss(&r);
    cc_rig_ack(&r, 4 * RIG_MSS, 50 * NS_MS);
    EXPECT_LT(r.t.cwnd, r.t.ssthresh + RIG_MSS / 2);
}

/* [RFC9438-4.2-a] [RFC9438-4.6-b]: a program that sends little: the window
 * stands still, and so does the curve's time. */
TEST(unused_time_does_not_count)
{
    struct cc_rig r;
    struct model  m;
    uint32_t      before;

    after_loss(&r, &m, 200, 50 * NS_MS);
    for (int i = 0; i < 40; i++)
        one_round(&r, &m, 50 * NS_MS);
    before = r.t.cwnd;
    for (int i = 0; i < 200; i++) {
        r.env.now += 50 * NS_MS;
        cc_rig_ack_of(&r, RIG_MSS, 3 * RIG_MSS);
    }
    EXPECT_EQ(r.t.cwnd, before);
    for (int i = 0; i < 40; i++)
        one_round(&r, &m, 50 * NS_MS);
    expect_near(&r, &m);
}

/* A moment with nothing in flight: the state is gone, but W_max; the curve
 * goes on from where cwnd stands. */
TEST(a_pause_continues_the_curve)
{
    struct cc_rig r;
    struct model  m;

    after_loss(&r, &m, 1000, 100 * NS_MS);
    for (int i = 0; i < 50; i++)
        one_round(&r, &m, 100 * NS_MS);
    memset(&r.flight, 0, sizeof r.flight);
    m.k -= m.t;
    m.t = 0;
    m.begun = false;
    for (int i = 0; i < 50; i++)
        one_round(&r, &m, 100 * NS_MS);
    if (fabs((double)r.t.cwnd / RIG_MSS - m.cwnd) > m.cwnd / 50)
        FAIL("%u, not %f", r.t.cwnd, m.cwnd);
}

/* [RFC9438-4.6-a] */
TEST(seven_tenths_of_the_flight)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 100);
    tcp_cc(&r.t)->congestion(&r.t, CC_SIGN_LOSS, 100 * RIG_MSS);
    expect_windows(&r, 100 * RIG_MSS, 70 * RIG_MSS);
    EXPECT_EQ(r.t.cc_kept, 100 * RIG_MSS);
    cc_rig_init(&r, CW_CC_CUBIC, 100);
    tcp_cc(&r.t)->congestion(&r.t, CC_SIGN_LOSS, 50 * RIG_MSS);
    EXPECT_EQ(r.t.ssthresh, 35 * RIG_MSS);
    cc_rig_init(&r, CW_CC_CUBIC, 2);
    tcp_cc(&r.t)->congestion(&r.t, CC_SIGN_LOSS, 2 * RIG_MSS);
    EXPECT_EQ(r.t.ssthresh, 2 * RIG_MSS);
}

/* [RFC9438-4.7-a] */
TEST(fast_convergence)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 100);
    cc_rig_loss(&r);
    EXPECT_EQ(r.t.cc_kept, 100 * RIG_MSS);
    cc_rig_loss(&r); /* at 70, below W_max: 70 * 0.85 */
    EXPECT_EQ(r.t.cc_kept, 59500);
    r.t.cwnd = 80 * RIG_MSS; /* above it */
    cc_rig_loss(&r);
    EXPECT_EQ(r.t.cc_kept, 80 * RIG_MSS);
}

/* [RFC9438-4.8-a] */
TEST(after_a_timeout_the_plateau_is_where_avoidance_begins)
{
    struct cc_rig r;
    struct model  m;

    after_loss(&r, &m, 100, 50 * NS_MS);
    r.t.cwnd = 80 * RIG_MSS;
    cc_rig_timeout(&r);
    expect_windows(&r, RIG_MSS, 56 * RIG_MSS);
    while (r.t.cwnd < r.t.ssthresh)
        cc_rig_ack(&r, 3 * RIG_MSS, 50 * NS_MS);
    expect_windows(&r, 56 * RIG_MSS, 56 * RIG_MSS);
    m = (struct model){ .cwnd = 56, .w_max = 56, .prior = 80 };
    model_begin(&m);
    for (int i = 0; i < 400; i++) {
        one_round(&r, &m, 50 * NS_MS);
        expect_near(&r, &m);
    }
}

/* [RFC9438-4.9-a] */
TEST(what_was_a_mistake_is_undone)
{
    struct cc_rig r;
    struct model  m;
    uint32_t      cwnd, ssthresh;

    after_loss(&r, &m, 500, 50 * NS_MS);
    for (int i = 0; i < 30; i++)
        one_round(&r, &m, 50 * NS_MS);
    for (int timeout = 0; timeout < 2; timeout++) {
        cwnd = r.t.cwnd;
        ssthresh = r.t.ssthresh;
        if (timeout)
            cc_rig_timeout(&r);
        else
            cc_rig_loss(&r);
        cc_rig_ack(&r, RIG_MSS, 50 * NS_MS);
        EXPECT_LT(r.t.cwnd, cwnd);
        tcp_cc(&r.t)->undo(&r.t, cwnd, ssthresh);
        expect_windows(&r, cwnd, ssthresh);
        for (int i = 0; i < 30; i++)
            one_round(&r, &m, 50 * NS_MS);
        expect_near(&r, &m);
    }
}

/* [RFC9438-4.9-a]: its second half. */
TEST(a_window_that_has_outgrown_it_stays)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 100);
    cc_rig_loss(&r);
    r.t.cwnd = 120 * RIG_MSS;
    tcp_cc(&r.t)->undo(&r.t, 100 * RIG_MSS, 500 * RIG_MSS);
    EXPECT_EQ(r.t.cwnd, 120 * RIG_MSS);
    EXPECT_EQ(r.t.cc_kept, 100 * RIG_MSS);
}

/* The first slow start goes on as if nothing had been. */
TEST(undone_in_the_first_slow_start)
{
    struct cc_rig r;

    cc_rig_init(&r, CW_CC_CUBIC, 10);
    cc_rig_ack(&r, RIG_MSS, 50 * NS_MS);
    cc_rig_timeout(&r);
    tcp_cc(&r.t)->undo(&r.t, 11 * RIG_MSS, UINT32_MAX);
    cc_rig_ack(&r, RIG_MSS, 50 * NS_MS);
    expect_windows(&r, 12 * RIG_MSS, UINT32_MAX);
    EXPECT_EQ(r.t.cc_kept, 0);
}

T_MAIN(T(roots_are_exact), T(k_is_the_equations),
       T(the_curve_is_the_equations), T(a_minute_of_avoidance_by_the_rfc),
       T(a_minute_of_avoidance_with_one_alpha),
       T(recovery_ends_without_a_jump), T(unused_time_does_not_count),
       T(a_pause_continues_the_curve), T(seven_tenths_of_the_flight),
       T(fast_convergence),
       T(after_a_timeout_the_plateau_is_where_avoidance_begins),
       T(what_was_a_mistake_is_undone),
       T(a_window_that_has_outgrown_it_stays),
       T(undone_in_the_first_slow_start))
