/* tcp_rtt.c: the retransmission timeout.  RFC 6298 (RFC8961-4-a);
 * RFC 7323 §4.
 *
 *   Owns srtt, rttvar, rto, min_rtt_us and what is kept to follow it.
 *   Samples come from the send records (exact, Karn's rule kept by the caller)
 *   or from timestamps.
 *   Departs (profile `deployed`): the floor is on the variance term, 200 ms,
 *   and not 1 s on the whole, as hosts on the Internet do; `strict` keeps
 *   §2.4's floor of 1 s.
 */
#include "tcp/tcb.h"

/* The clock granularity G of §2.3. */
static cw_ns granularity(const struct tcp *t)
{
    return ns_max(tcp_env(t)->granularity, NS_US);
}

static void set_rto(struct tcp *t)
{
    const struct knobs *k = tcp_knobs(t);
    cw_ns var = ns_max(4 * t->rttvar, granularity(t)); /* RFC6298-4-a */

    t->rto = ns_add(t->srtt, ns_max(var, k->rto_var_min));
    t->rto = ns_max(t->rto, k->rto_min); /* RFC6298-2.4-a */
    t->rto = ns_min(t->rto, k->rto_max); /* RFC6298-2.5-a */
}

/* ---- the least of some minutes ------------------------------------------ */

/* Times count in steps of MIN_STEP.  An idle connection keeps seven bits of the
 * first one: what it has learned may seem younger after a quarter of an hour,
 * and lasts five minutes more. */
#define MIN_STEP (8 * NS_S)
enum { MIN_WINDOW = 300 / 8, MIN_AT_BITS = 127 };

struct least {
    uint32_t us, at;
};

static bool fresh(const struct least *s, uint32_t now)
{
    return now - s->at <= MIN_WINDOW;
}

/* s[0] is the least, s[1] the least since then, s[2] since that: if one gets
 * too old, the next one is there.  What has had a quarter of the window, or
 * half of it, without a successor takes the newest for one. */
static void follow(struct least s[3], struct least m)
{
    uint32_t age;

    if (m.us <= s[0].us || !fresh(&s[2], m.at)) {
        s[0] = s[1] = s[2] = m;
        return;
    }
    if (m.us <= s[1].us)
        s[1] = s[2] = m;
    else if (m.us <= s[2].us)
        s[2] = m;
    while (!fresh(&s[0], m.at)) {
        s[0] = s[1];
        s[1] = s[2];
        s[2] = m;
    }
    age = m.at - s[0].at;
    if (s[1].at == s[0].at && age > MIN_WINDOW / 4)
        s[1] = s[2] = m;
    else if (s[2].at == s[1].at && age > MIN_WINDOW / 2)
        s[2] = m;
}

/* RACK.min_RTT (RFC8985-6.2-a): a path that has become longer shows after
 * five minutes. */
static void note_least(struct tcp *t, uint32_t us)
{
    struct tcp_flight *f = t->flight;
    uint32_t           now = (uint32_t)(tcp_now(t) / MIN_STEP);
    uint32_t           age = (now - t->min_rtt_at) & MIN_AT_BITS;
    struct least       s[3] = { { t->min_rtt_us, now - age } };

    s[1] = s[2] = s[0];
    for (int i = 0; f && f->min_us[0] && i < 2; i++)
        s[i + 1] = (struct least){ f->min_us[i], f->min_at[i] };
    follow(s, (struct least){ us, now });
    t->min_rtt_us = s[0].us;
    t->min_rtt_at = s[0].at & MIN_AT_BITS;
    for (int i = 0; f && i < 2; i++) {
        f->min_us[i] = s[i + 1].us;
        f->min_at[i] = s[i + 1].at;
    }
}

/* ---- SRTT and the timeout ----------------------------------------------- */

void tcp_rtt_init(struct tcp *t)
{
    t->srtt = 0;
    t->rttvar = 0;
    t->min_rtt_us = UINT32_MAX;
    t->rto = tcp_knobs(t)->rto_initial; /* RFC6298-2.1-a */
}

static void rtt_event(struct tcp *t, cw_ns sample)
{
    struct cw_event ev = { .kind = EV_RTT, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.v[0] = (uint64_t)sample;
    ev.v[1] = (uint64_t)t->srtt;
    ev.v[2] = (uint64_t)t->rttvar;
    ev.v[3] = (uint64_t)t->rto;
    env_event(tcp_env(t), &ev);
}

/* §2.2, §2.3 with alpha 1/8 and beta 1/4 (RFC6298-2.2-a, RFC6298-2.3-a) */
void tcp_rtt_sample(struct tcp *t, cw_ns rtt)
{
    cw_ns us;

    rtt = ns_max(rtt, 1);
    if (t->srtt == 0) {
        t->srtt = rtt;
        t->rttvar = rtt / 2;
    } else {
        cw_ns err = t->srtt - rtt;

        t->rttvar += ((err < 0 ? -err : err) - t->rttvar) / 4;
        t->srtt += (rtt - t->srtt) / 8;
    }
    us = ns_min((rtt + NS_US - 1) / NS_US, UINT32_MAX - 1);
    note_least(t, (uint32_t)us);
    if (t->past)
        tcp_past(t)->tlp &= (uint8_t)~TLP_SPENT;
    set_rto(t);
    rtt_event(t, rtt);
}

/* RFC 4015 §3.1 step (11): after a timeout that was needless. */
void tcp_rtt_adapt(struct tcp *t, cw_ns srtt, cw_ns rttvar, cw_ns sample)
{
    t->srtt = srtt;
    t->rttvar = rttvar;
    set_rto(t);
    rtt_event(t, sample);
}

/* RFC6298-5.5-a: doubled for each expiry in a row, up to the ceiling of §2.5.
 */
cw_ns tcp_rtt_backed_off(const struct tcp *t)
{
    cw_ns rto = t->rto;

    for (unsigned i = 0; i < t->backoff && rto < tcp_knobs(t)->rto_max; i++)
        rto *= 2;
    return ns_min(rto, tcp_knobs(t)->rto_max);
}
