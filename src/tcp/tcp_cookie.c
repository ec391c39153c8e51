/* tcp_cookie.c: SYN cookies: a half-open connection that its peer keeps for
 * us, once a listener's SYN queue is full.
 *
 *   RFC 4987 §3.6 (RFC4987-3-a).  What the SYN said is in the sequence number and in the
 *   low bits of the timestamp of the SYN-ACK; the ACK brings both back.
 *
 *       ISS        F(flow) + IRS + period (8 bits), MAC + MSS (24 bits)
 *       timestamp  ..., SACK (1 bit), window scale (4 bits; 15: none)
 *
 *   A period is 64 seconds; the MAC covers flow, IRS, period and the bits in
 *   the timestamp, so that a guess succeeds once in about a million ACKs, and
 *   only within two periods of a cookie that was sent.  Without timestamps
 *   the connection is one without window scale and SACK.  The MSS is rounded
 *   down to one of eight.
 */
#include "tcp/tcb.h"

#define PERIOD (64 * NS_S)

enum {
    PERIODS = 2, /* for which a cookie is good, the present one included */
    MAC_BITS = 24,
    MAC_MASK = (1 << MAC_BITS) - 1,
    TS_BITS = 5,
    TS_MASK = (1 << TS_BITS) - 1,
    TS_SACK = 1 << 4,
    NO_WSCALE = 15,
};

static const uint16_t sizes[] = {
    216, 536, 1220, 1360, 1400, 1440, 1460, 8960
};

static uint32_t period_of(const struct tcp_host *h)
{
    return (uint32_t)(h->env->now / PERIOD);
}

/* A hash of the flow and what goes with it. */
static uint32_t hash(const struct tcp_host *h, const struct flowkey *key,
                     uint32_t a, uint32_t b)
{
    uint8_t text[48] = { 0 };

    memcpy(text, key->local.b, 16);
    memcpy(text + 16, key->remote.b, 16);
    be16_store(text + 32, key->lport);
    be16_store(text + 34, key->rport);
    be32_store(text + 36, key->scope);
    be32_store(text + 40, a);
    be32_store(text + 44, b);
    return (uint32_t)siphash(h->cookie_key, text, sizeof text);
}

static uint32_t base(const struct tcp_host *h, const struct flowkey *key,
                     seq irs)
{
    return hash(h, key, UINT32_MAX, UINT32_MAX) + irs.v;
}

static uint32_t mac(const struct tcp_host *h, const struct flowkey *key,
                    uint32_t period, const struct tcp_embryo *m)
{
    uint32_t bits = m->wscale_ok ? m->snd_wscale : NO_WSCALE;

    bits |= m->sack_ok ? TS_SACK : 0;
    return hash(h, key, m->irs.v, period << TS_BITS | bits) & MAC_MASK;
}

/* What there is no room for is forgone; what is left is in the cookie. */
static void forgo(struct tcp_embryo *m)
{
    if (m->ts_ok)
        return;
    m->wscale_ok = false;
    m->sack_ok = false;
}

/* The largest that is no larger than the peer takes (RFC 9293 §3.7.1: 536,
 * of IPv6 1220, if it does not say). */
static uint32_t size_index(const struct flowkey *key, uint16_t mss)
{
    uint32_t i = ARRAY_LEN(sizes) - 1;

    if (mss == 0)
        mss = addr_is4(&key->remote) ? 536 : 1220;
    while (i > 0 && sizes[i] > mss)
        i--;
    return i;
}

seq tcp_cookie_iss(struct tcp_host *h, const struct flowkey *key,
                   struct tcp_embryo *m)
{
    uint32_t period = period_of(h), low;

    forgo(m);
    low = mac(h, key, period, m) + size_index(key, m->snd_mss);
    h->cookies_until = ns_add(h->env->now, PERIODS * PERIOD);
    return seq_of(base(h, key, m->irs)
                  + (period << MAC_BITS | (low & MAC_MASK)));
}

/* The present one, or a little before it. */
uint32_t tcp_cookie_ts(const struct tcp_host *h, const struct tcp_embryo *m)
{
    uint32_t now = tcp_ts_now(h->env, m->ts_offset);
    uint32_t bits = m->wscale_ok ? m->snd_wscale : NO_WSCALE;
    uint32_t ts;

    bits |= m->sack_ok ? TS_SACK : 0;
    ts = (now & ~(uint32_t)TS_MASK) | bits;
    return (int32_t)(ts - now) > 0 ? ts - (1 << TS_BITS) : ts;
}

static void read_ts(const struct tcp_host *h, const struct tcpopt *o,
                    struct tcp_embryo *m)
{
    uint32_t bits = o->ts_ecr & TS_MASK, scale = bits & NO_WSCALE;

    m->ts_ok = o->has_ts && !h->no_ts;
    m->ts_recent = o->ts_val;
    m->wscale_ok = m->ts_ok && scale != NO_WSCALE;
    m->snd_wscale = m->wscale_ok ? (uint8_t)scale : 0;
    m->sack_ok = m->ts_ok && (bits & TS_SACK);
}

bool tcp_cookie_read(const struct tcp_host *h, const struct flowkey *key,
                     const struct seg *s, struct tcp_embryo *m)
{
    uint32_t cookie, age, size;

    if (h->env->now > h->cookies_until)
        return false;
    m->irs = seq_add(s->seq, UINT32_MAX);
    m->iss = seq_add(s->ack, UINT32_MAX);
    read_ts(h, s->opt, m);
    cookie = m->iss.v - base(h, key, m->irs);
    age = (period_of(h) - (cookie >> MAC_BITS)) & 0xff;
    if (age >= PERIODS)
        return false;
    size = (cookie - mac(h, key, period_of(h) - age, m)) & MAC_MASK;
    if (size >= ARRAY_LEN(sizes))
        return false;
    m->snd_mss = sizes[size];
    return true;
}
