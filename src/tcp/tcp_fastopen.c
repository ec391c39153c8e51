/* tcp_fastopen.c: TCP Fast Open: text in the SYN, for who brings a cookie.
 *
 *   Owns:    struct tcp_fast: what a connection has under way of it; the
 *            cookies a server makes; how many of a listener are pending.
 *   Not here: what a client remembers of servers (tcp_fastpeer.c).
 *   Invariant: a listener's fast_pending counts its connections in
 *            SYN-RECEIVED that have a struct tcp_fast.
 *   RFC 7413.  A cookie is SipHash of both addresses under a key of the
 *   server's, as Linux makes it, so that equal keys make equal cookies.  A
 *   key that is drawn counts for a period, its cookies for the next, too.
 *   What a program may rely on: docs/decisions/13-fast-open.md.
 */
#include "tcp/tcb.h"

enum { COOKIE_LEN = 8 };

static struct tcp_fast *fast_of(const struct tcp *t)
{
    return t->flight ? t->flight->fast : NULL;
}

static struct tcp_fast *fast_new(struct tcp *t)
{
    struct tcp_flight *f = tcp_flight(t);

    if (f)
        f->fast = slab_get0(&t->host->ranges);
    return f ? f->fast : NULL;
}

/* ---- the server's cookies ------------------------------------------------ */

/* The key of a period, made from the host's secret. */
static struct sipkey drawn_key(const struct tcp_host *h, uint64_t period)
{
    uint8_t  text[12] = { 0 };
    uint64_t half[2];

    be32_store(text, (uint32_t)(period >> 32));
    be32_store(text + 4, (uint32_t)period);
    for (uint8_t i = 0; i < 2; i++) {
        text[8] = i;
        half[i] = siphash(h->fast_key, text, sizeof text);
    }
    return (struct sipkey){ half[0], half[1] };
}

/* The i-th key: 0 makes cookies, 1 is still good.  False: there is none. */
static bool key_of(const struct tcp_listener *l, unsigned i,
                   struct sipkey *out)
{
    const struct tcp_host     *h = l->host;
    const struct tcp_fastopen *from = l->fast.nkeys ? &l->fast : &h->fast;
    uint64_t period = (uint64_t)(h->env->now / h->fast_key_life);

    if (from->nkeys == 0) {
        *out = drawn_key(h, period - i);
        return i == 0 || period > 0;
    }
    if (i >= from->nkeys)
        return false;
    *out = sipkey_load(from->key[i]);
    return true;
}

/* RFC7413-4.1.2-a: it authenticates the client's address, at the cost of a
 * hash. */
static void cookie_of(struct sipkey k, const struct flowkey *key,
                      uint8_t out[static COOKIE_LEN])
{
    size_t   skip = addr_is4(&key->remote) ? 12 : 0, n = 16 - skip;
    uint8_t  text[32];
    uint64_t mac;

    memcpy(text, key->remote.b + skip, n);
    memcpy(text + n, key->local.b + skip, n);
    mac = siphash(k, text, 2 * n);
    for (unsigned i = 0; i < COOKIE_LEN; i++)
        out[i] = (uint8_t)(mac >> 8 * i);
}

/* Of the key that made it, from 1; 0: of none. */
static unsigned valid_under(const struct tcp_listener *l,
                            const struct flowkey *key, const struct tcpopt *o)
{
    uint8_t       right[COOKIE_LEN];
    struct sipkey k;

    if (o->fast_len != COOKIE_LEN)
        return 0;
    for (unsigned i = 0; i < 2 && key_of(l, i, &k); i++) {
        cookie_of(k, key, right);
        if (memcmp(right, o->fast, COOKIE_LEN) == 0)
            return i + 1;
    }
    return 0;
}

void tcp_fast_cookie(const struct tcp_listener *l, const struct flowkey *key,
                     struct tcpopt *o)
{
    struct sipkey k;
    bool          there = key_of(l, 0, &k);

    INVARIANT(there);
    o->has_fast = true;
    o->fast_len = COOKIE_LEN;
    cookie_of(k, key, o->fast);
}

/* RFC7413-4.2-a: so many may be pending; those that were reset count on for a
 * while (§5.1), or an attacker could have as many as he likes. */
static bool room_to_pend(struct tcp_listener *l)
{
    struct env *e = l->host->env;

    if (e->now >= l->fast_held_until)
        l->fast_held = 0;
    if (l->fast_pending + l->fast_held < l->fast.qlen)
        return true;
    env_count(e, COUNT_TCP_FAST_OVERFLOW);
    return false;
}

/* §4.2.1, §4.2.2, "Receiving SYN", steps 1 to 3.  RFC7413-2-a: a port whose
 * program did not ask for it ignores the option. */
struct tcp_fast_reply tcp_fast_syn(struct tcp_listener  *l,
                                   const struct seg     *s,
                                   const struct flowkey *key)
{
    const struct tcpopt  *o = s->opt;
    struct tcp_host      *h = l->host;
    bool                  asks = o->has_fast && o->fast_len == 0;
    struct tcp_fast_reply r = { false, false };
    unsigned              which;

    if (asks)
        env_count(h->env, COUNT_TCP_FAST_ASKED);
    if (!(h->fastopen & CW_FASTOPEN_SERVER) || l->fast.qlen == 0
        || (!o->has_fast && s->text == 0) || !room_to_pend(l))
        return r;
    if (l->fast.no_cookie || (h->fastopen & CW_FASTOPEN_TAKE_ANYWAY)) {
        r.take = s->text > 0;
        return r;
    }
    if (!o->has_fast)
        return r;
    which = valid_under(l, key, o);
    r.take = which > 0;
    r.offer = which != 1; /* what it has is not the latest */
    if (!asks && which == 0)
        env_count(h->env, COUNT_TCP_FAST_PASSIVE_FAIL);
    if (which == 2)
        env_count(h->env, COUNT_TCP_FAST_OLD_KEY);
    return r;
}

/* Step 4. */
bool tcp_fast_pend(struct tcp *t, struct tcp_listener *l, bool offer)
{
    struct flowkey   key = tcp_key(t);
    struct tcp_fast *f = fast_new(t);
    struct tcpopt    o;

    if (!f)
        return false;
    f->pending_at = l->flow;
    l->fast_pending++;
    if (offer) {
        tcp_fast_cookie(l, &key, &o);
        f->says = true;
        f->cookie_len = o.fast_len;
        memcpy(f->cookie, o.fast, o.fast_len);
    }
    return true;
}

/* The listener may be gone by now. */
static struct tcp_listener *pending_at(struct tcp *t, uint32_t flow)
{
    list_each (n, &t->host->listeners[t->node.lport % LISTENER_BUCKETS]) {
        struct tcp_listener *l = list_entry(n, struct tcp_listener, link);

        if (l->flow == flow)
            return l;
    }
    return NULL;
}

/* Opened, or closed, or reset by the peer. */
void tcp_fast_over(struct tcp *t, bool reset)
{
    struct tcp_fast     *f = fast_of(t);
    struct tcp_listener *l;

    if (!f)
        return;
    l = f->pending_at ? pending_at(t, f->pending_at) : NULL;
    if (l) {
        INVARIANT(l->fast_pending > 0);
        l->fast_pending--;
    }
    if (l && reset) {
        if (l->fast_held++ == 0)
            l->fast_held_until = ns_add(tcp_now(t), TCP_FAST_HELD);
    }
    t->flight->fast = NULL;
    slab_put(f);
}

/* ---- the client ---------------------------------------------------------- */

bool tcp_fast_allowed(const struct tcp_host *h)
{
    return (h->fastopen & CW_FASTOPEN_CLIENT) != 0;
}

/* An active OPEN whose user wants it: the SYN waits for text if the server's
 * cookie is known, and else asks for one (§4.2.1). */
void tcp_fast_begin(struct tcp *t, const struct tcp_open *o)
{
    const struct tcp_fast_peer *p = tcp_fastpeer_cookie(t);
    bool anyway = (t->host->fastopen & CW_FASTOPEN_SEND_ANYWAY)
        || (o->fast && o->fast->no_cookie);
    struct tcp_fast *f;

    if (!tcp_fast_allowed(t->host) || tcp_fastpeer_quiet(t))
        return;
    f = fast_new(t);
    if (!f)
        return;
    f->waits = p || anyway;
    f->says = p || !anyway;
    if (p) {
        f->cookie_len = p->cookie_len;
        memcpy(f->cookie, p->cookie, p->cookie_len);
    }
    if (!f->waits)
        t->fast_end = FAST_NO_COOKIE;
}

bool tcp_fast_waits(const struct tcp *t)
{
    const struct tcp_fast *f = fast_of(t);

    return f && f->waits;
}

/* §4.1.3: the server's MSS as it was, but no more than is usual; less all that
 * options may take. */
uint32_t tcp_fast_room(struct tcp *t)
{
    const struct cw_addr *to = &t->node.remote;
    bool                  is4 = addr_is4(to);
    uint16_t              theirs = tcp_fastpeer_mss(t);
    uint32_t              mss = tcp_send_mss(theirs, t->opts.maxseg, to);

    mss = MIN(mss, is4 ? (uint32_t)TCP_FAST_MSS4 : (uint32_t)TCP_FAST_MSS6);
    mss = MIN(mss, (uint32_t)tcp_mss_of_path(&t->dest, to));
    return mss - TCPOPT_MAX;
}

/* The user has given it so much: the SYN may go. */
void tcp_fast_go(struct tcp *t, uint32_t text)
{
    struct tcp_fast *f = fast_of(t);

    f->waits = false;
    f->syn_text = (uint16_t)text;
    tcp_due(t, DUE_OUTPUT);
}

/* ---- of both, for tcp_output.c ------------------------------------------- */

void tcp_fast_option(const struct tcp *t, struct tcpopt *o)
{
    const struct tcp_fast *f = fast_of(t);

    if (!f || !f->says)
        return;
    o->has_fast = true;
    o->fast_len = f->cookie_len;
    memcpy(o->fast, f->cookie, f->cookie_len);
}

uint32_t tcp_fast_text(const struct tcp *t)
{
    const struct tcp_fast *f = fast_of(t);

    return f ? f->syn_text : 0;
}

/* Our SYN has gone.  RFC7413-4.2.2-a: should it go again, then without. */
void tcp_fast_sent(struct tcp *t, uint32_t text)
{
    struct tcp_fast *f = fast_of(t);

    if (!f)
        return;
    f->asked = f->says;
    f->says = false;
    f->syn_text = (uint16_t)text;
}

/* ---- the answer to our SYN ----------------------------------------------- */

seq tcp_fast_edge(const struct tcp *t)
{
    return t->passive ? t->snd.nxt : seq_add(t->snd.nxt, tcp_fast_text(t));
}

/* What was taken of the text is a record in flight from now on, for this ACK
 * to find; the rest was never sent, as far as it goes. */
static bool claim(struct tcp *t, seq to)
{
    struct segq   *q = &t->flight->segq;
    struct segrec *syn = segq_first(q), *r;

    r = segq_push(q, &t->host->segs, t->snd.nxt, to, syn->sent);
    if (!r)
        return false;
    t->snd.nxt = to;
    return true;
}

/* RFC7413-4.1.3-a: what this says of the server, for the next time. */
static void learn(struct tcp *t, struct tcp_fast *f, const struct tcpopt *o,
                  bool taken)
{
    bool cookie = f->asked && o->has_fast && o->fast_len > 0;
    bool in_vain = f->syn_text > 0 || (f->asked && f->cookie_len == 0);

    tcp_fastpeer_learn(t, o, f->asked);
    if (taken || cookie)
        tcp_fastpeer_works(t);
    else if (in_vain && !f->blamed)
        tcp_fastpeer_fails(t);
}

/* Our SYN is acknowledged, and perhaps its text. */
void tcp_fast_acked(struct tcp *t, struct seg *s)
{
    struct tcp_fast *f = fast_of(t);
    uint32_t         taken;

    if (!f || t->passive)
        return;
    taken = seq_from(s->ack, t->snd.nxt);
    if (taken > 0 && !claim(t, s->ack))
        s->ack = t->snd.nxt; /* no memory: as if it had not been taken */
    learn(t, f, s->opt, taken > 0);
    if (f->syn_text > 0 && taken == f->syn_text) {
        t->fast_end = FAST_TAKEN;
        env_count(tcp_env(t), COUNT_TCP_FAST_ACTIVE);
    } else if (f->syn_text > 0) {
        t->fast_end = FAST_REFUSED;
        env_count(tcp_env(t), COUNT_TCP_FAST_ACTIVE_FAIL);
    }
    tcp_fast_over(t, false);
}

/* No answer, or an error from the network: §4.1.3.1. */
void tcp_fast_blame(struct tcp *t)
{
    struct tcp_fast *f = fast_of(t);

    if (!f || t->passive || f->blamed || f->waits)
        return;
    f->blamed = true;
    env_count(tcp_env(t), COUNT_TCP_FAST_BLACK_HOLE);
    tcp_fastpeer_fails(t);
}
