/* rate_test.c: delivery rate samples against the draft's own steps
 * (draft-ietf-ccwg-bbr, "Delivery Rate Samples"), done on an array.
 */
#include "cc_rig.h"
#include "store_rig.h"

enum { MOST = 64, STEPS = 60000 };

/* P.* */
struct copy {
    seq      start, end;
    cw_ns    send_time, delivered_time, first_send_time;
    uint32_t delivered, lost, in_flight, id;
    bool     app_limited, again, is_lost, sacked;
};

static struct cc_rig rig;
static struct copy   model[MOST];
static uint32_t      n, ids;

/* C.* */
static struct {
    cw_ns    delivered_time, first_send_time;
    uint32_t delivered, lost;
    uint64_t limited; /* the index, from 1 on; 0: it is not */
} c;

/* RS.* */
static struct {
    bool     any, app_limited;
    cw_ns    send_elapsed, ack_elapsed;
    uint32_t prior_delivered, prior_lost, in_flight, id;
} rs;

static uint32_t inflight(void)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < n; i++)
        if (!model[i].sacked && (!model[i].is_lost || model[i].again))
            sum += seq_from(model[i].end, model[i].start);
    return sum;
}

static void on_sent(struct copy *p, uint32_t before)
{
    p->send_time = rig.env.now;
    p->id = ++ids;
    if (before == 0)
        c.first_send_time = c.delivered_time = p->send_time;
    p->first_send_time = c.first_send_time;
    p->delivered_time = c.delivered_time;
    p->delivered = c.delivered;
    p->lost = c.lost;
    p->in_flight = inflight();
    p->app_limited = c.limited != 0;
}

static void update(struct copy *p)
{
    c.delivered += seq_from(p->end, p->start);
    c.delivered_time = rig.env.now;
    if (rs.any && p->id < rs.id)
        return;
    rs.any = true;
    rs.id = p->id;
    rs.prior_delivered = p->delivered;
    rs.prior_lost = p->lost;
    rs.in_flight = p->in_flight;
    rs.app_limited = p->app_limited;
    rs.send_elapsed = p->send_time - p->first_send_time;
    rs.ack_elapsed = c.delivered_time - p->delivered_time;
    c.first_send_time = p->send_time;
}

static struct segrec *record(uint32_t i)
{
    return segq_find(&rig.flight.segq, model[i].start);
}

static void send(struct prng *r)
{
    uint32_t     before = inflight(), len = 1 + below(r, 3000);
    struct copy *p = &model[n];

    if (n == MOST)
        return;
    *p = (struct copy){ .start = rig.t.snd.nxt,
                        .end = seq_add(rig.t.snd.nxt, len) };
    n++;
    on_sent(p, before);
    EXPECT(tcp_rate_push(&rig.t, p->start, p->end) != NULL);
    rig.t.snd.nxt = p->end;
}

static void lose(uint32_t i)
{
    if (i >= n || model[i].sacked)
        return;
    if (!model[i].is_lost || model[i].again)
        c.lost += seq_from(model[i].end, model[i].start);
    model[i].is_lost = true;
    model[i].again = false;
    tcp_mark_lost(&rig.t, record(i));
}

static void again(uint32_t i)
{
    uint32_t before = inflight();

    if (i >= n || model[i].sacked)
        return;
    model[i].again = model[i].is_lost;
    on_sent(&model[i], before);
    tcp_rate_again(&rig.t, record(i));
}

/* Some of them are SACKed, some acknowledged; maybe neither. */
static void deliver(struct prng *r)
{
    uint32_t          upto = below(r, 4), i = 0;
    struct segq_acked a;

    upto = MIN(upto, n);
    for (i = 0; i < upto; i++)
        if (!model[i].sacked)
            update(&model[i]);
    if (upto > 0)
        rig.t.snd.una = model[upto - 1].end;
    segq_ack(&rig.flight.segq, rig.t.snd.una, &a, NULL);
    tcp_rate_acked(&rig.t, &a);
    n -= upto;
    memmove(model, model + upto, n * sizeof *model);
    for (i = 1; i < n; i++) {
        if (model[i].sacked || below(r, 12) > 0)
            continue;
        update(&model[i]);
        tcp_mark_sacked(&rig.t, record(i));
        model[i].sacked = true;
        model[i].is_lost = model[i].again = false;
    }
}

/* GenerateRateSample() */
static void same_sample(void)
{
    struct cc_rate got;
    cw_ns          interval = MAX(rs.send_elapsed, rs.ack_elapsed);
    uint32_t       delivered = c.delivered - rs.prior_delivered;

    if (c.limited && c.delivered > c.limited - 1)
        c.limited = 0;
    tcp_rate_generate(&rig.t, &got);
    EXPECT_EQ(got.any, rs.any);
    if (!rs.any)
        return;
    EXPECT_EQ(got.interval, interval);
    EXPECT_EQ(got.delivered, delivered);
    EXPECT_EQ(got.prior_delivered, rs.prior_delivered);
    EXPECT_EQ(got.lost, c.lost - rs.prior_lost);
    EXPECT_EQ(got.in_flight, rs.in_flight);
    EXPECT_EQ(got.app_limited, rs.app_limited);
    if (interval == 0 || interval < (rig.t.min_rtt_us - 1) * NS_US)
        EXPECT_EQ(got.rate, 0);
    else
        EXPECT_EQ(got.rate, (uint64_t)delivered * NS_S / (uint64_t)interval);
}

static void ran_out(void)
{
    bool waits = false;

    for (uint32_t i = 0; i < n; i++)
        waits |= model[i].is_lost && !model[i].again;
    if (inflight() < rig.t.cwnd && !waits)
        c.limited = (uint64_t)c.delivered + inflight() + 1;
    tcp_rate_ran_out(&rig.t);
}

static void begin(struct arena *a)
{
    cc_rig_init(&rig, CW_CC_RENO, 10);
    slab_init(&rig.host.segs, a, sizeof(struct segrec));
    segq_init(&rig.flight.segq);
    rig.t.sack_ok = rig.t.fin_sent = true; /* nothing waits */
    rig.t.snd.nxt = rig.t.snd.una = rig.t.iss = seq_of(UINT32_MAX - 50000);
    rig.t.min_rtt_us = 4;
    tcp_rate_begin(&rig.t);
    memset(&c, 0, sizeof c);
    c.limited = 1;
    c.first_send_time = c.delivered_time = rig.env.now;
    n = ids = 0;
}

TEST(as_the_drafts_steps_on_an_array)
{
    struct arena *a = rig_arena(4 << 20);
    struct prng   r = t_prng("rate");

    begin(a);
    for (int step = 0; step < STEPS; step++) {
        rig.env.now += below(&r, 3000);
        switch (below(&r, 8)) {
        case 0:
        case 1:
        case 2:
            send(&r);
            break;
        case 3:
            lose(below(&r, MOST));
            break;
        case 4:
            again(below(&r, MOST));
            break;
        case 5:
            ran_out();
            break;
        default:
            memset(&rs, 0, sizeof rs);
            deliver(&r);
            same_sample();
        }
        EXPECT_EQ(rig.flight.delivered, c.delivered);
        EXPECT_EQ(rig.flight.lost, c.lost);
        EXPECT_EQ(rig.flight.rate.app_limited, c.limited != 0);
    }
    segq_fini(&rig.flight.segq);
    rig_arena_end(a);
}

static void one_sent(void)
{
    EXPECT(tcp_rate_push(&rig.t, rig.t.snd.nxt, seq_add(rig.t.snd.nxt, 1000))
           != NULL);
    rig.t.snd.nxt = seq_add(rig.t.snd.nxt, 1000);
}

static struct cc_rate acked(uint32_t segs)
{
    struct segq_acked a;
    struct cc_rate    got;

    rig.t.snd.una = seq_add(rig.t.snd.una, segs * 1000);
    segq_ack(&rig.flight.segq, rig.t.snd.una, &a, NULL);
    tcp_rate_acked(&rig.t, &a);
    tcp_rate_generate(&rig.t, &got);
    return got;
}

/* Ten segments that are acknowledged within a millisecond were sent in nine:
 * delivery_rate = min(send_rate, ack_rate). */
TEST(no_faster_than_it_was_sent)
{
    struct arena  *a = rig_arena(4 << 20);
    struct cc_rate got;

    begin(a);
    for (int i = 0; i < 10; i++) {
        one_sent();
        rig.env.now += i < 9 ? NS_MS : 0;
    }
    got = acked(1);
    EXPECT(got.app_limited);
    EXPECT_EQ(got.rate, 1000 * NS_S / (9 * NS_MS));
    one_sent();
    rig.env.now += NS_MS;
    got = acked(10);
    EXPECT(!got.app_limited);
    EXPECT_EQ(got.delivered, 10000);
    EXPECT_EQ(got.interval, 9 * NS_MS);
    EXPECT_EQ(got.rate, 10000 * NS_S / (9 * NS_MS));
    EXPECT_EQ(rig.flight.rate.shown, got.rate);
    EXPECT(!rig.flight.rate.shown_limited);
    segq_fini(&rig.flight.segq);
    rig_arena_end(a);
}

/* What follows a time without anything to send is marked until that time has
 * left the path; and is shown only if it is more than what was. */
TEST(marked_while_the_program_offered_less)
{
    struct arena  *a = rig_arena(4 << 20);
    struct cc_rate got;
    uint64_t       before;

    begin(a);
    one_sent();
    rig.env.now += NS_MS;
    acked(1);
    one_sent();
    one_sent();
    rig.env.now += NS_MS;
    got = acked(2);
    EXPECT(!got.app_limited);
    before = got.rate;
    tcp_rate_ran_out(&rig.t);
    rig.env.now += 10 * NS_MS;
    one_sent();
    rig.env.now += 2 * NS_MS;
    got = acked(1);
    EXPECT(got.app_limited);
    EXPECT_LT(got.rate, before);
    EXPECT_EQ(rig.flight.rate.shown, before);
    one_sent();
    rig.env.now += NS_MS;
    EXPECT(!acked(1).app_limited);
    segq_fini(&rig.flight.segq);
    rig_arena_end(a);
}

T_MAIN(T(as_the_drafts_steps_on_an_array), T(no_faster_than_it_was_sent),
       T(marked_while_the_program_offered_less))
