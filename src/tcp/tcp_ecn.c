/* tcp_ecn.c: explicit congestion notification: who asked for it, which
 * packets may be marked, what a mark is answered with, what its echo does.
 *
 *   RFC 3168 §6.1 (SHLD-8), in its order, and RFC 9768 §3.1, who feeds marks
 *   back accurately; how is tcp_accecn.c's.  Marks are the IP header's (RFC 3168 §5); the
 *   reduction is the controller's, once a window.
 */
#include "tcp/cc.h"
#include "tcp/pace.h"
#include "tcp/recover.h"

enum { ECT_0 = 2, CE = 3, ECN_FIELD = 3 };
enum { ASKS = F_ECE | F_CWR };
/* of a SYN: AE, CWR, ECE */
enum { ACE_CLASSIC = 3, ACE_ACCURATE = 7 };

static unsigned field_of(const struct seg *s)
{
    return s->rx->tos & ECN_FIELD;
}

static enum cw_ecn wanted(const struct tcp_host *h)
{
    return (enum cw_ecn)h->ecn;
}

/* ---- §6.1.1, the handshake ---------------------------------------------- */

/* From SYN-RECEIVED without an embryo: simultaneous open, Fast Open. */
static unsigned synack_of_tcb(struct tcp *t)
{
    struct tcp_accecn *a = tcp_accecn(t);

    if (!a)
        return t->ecn;
    if (t->backoff < ECN_SYNACKS)
        return tcp_accecn_echo(a->field);
    t->ecn_ect = false;
    return 0;
}

/* The three flags of our SYN, as a number.  One of RFC 3168's that is sent
 * again asks no more, in case that is why the first did not arrive
 * (RFC3168-6.1.1.1-a), and then nothing that we send is ECN-capable
 * (RFC3168-6.1.1-b).  Never both kinds (RFC 9768 §3.1.5). */
unsigned tcp_ecn_syn(struct tcp *t, bool again)
{
    if (t->state == TCPS_SYN_RCVD) /* a SYN-ACK */
        return synack_of_tcb(t);
    if (wanted(t->host) < CW_ECN_ON) /* RFC3168-6.1.1-d */
        return 0;
    if (wanted(t->host) == CW_ECN_ACCURATE) {
        if (!tcp_accecn_asked(t))
            return 0;
        t->ecn_asked = true;
        return ACE_ACCURATE;
    }
    t->ecn_ect = !again && !t->ecn_plain;
    t->ecn_plain |= again;
    t->ecn_asked |= !again;
    return again ? 0 : ACE_CLASSIC;
}

/* What this SYN asks for, and what of it we agree to.  RFC9768-3.1.3-a: every
 * combination that RFC 3168 has no meaning for is the accurate one, those
 * with one of its two flags among them. */
static enum ecn_mode asks(const struct seg *syn)
{
    unsigned ace = tcphdr_ace(syn->flags, syn->ae);

    if (ace == 0)
        return ECN_NONE;
    return ace == ACE_CLASSIC ? ECN_CLASSIC : ECN_ACCURATE;
}

static enum ecn_mode agreed(const struct tcp_host *h, const struct seg *syn)
{
    return wanted(h) >= CW_ECN_PASSIVE ? asks(syn) : ECN_NONE;
}

void tcp_ecn_hear_syn(struct tcp_embryo *m, const struct seg *s)
{
    m->ecn = agreed(m->listener->host, s) & 3;
    m->ecn_field = field_of(s) & ECN_FIELD;
}

/* A SYN once more: the mode stays.  False: it asks for another kind of
 * feedback, and its sender cannot know which of them we heard first
 * (RFC9768-3.1.5-a); without flags: RFC9768-3.1.5-b. */
bool tcp_ecn_hear_again(struct tcp_embryo *m, const struct seg *s)
{
    enum ecn_mode now = asks(s);

    if (m->ecn == ECN_NONE)
        return true;
    if (now == ECN_NONE)
        m->ecn_plain = true;
    else if (now != (enum ecn_mode)m->ecn)
        return false;
    m->ecn_mute = true; /* RFC 9768 §3.2.3.2.2 */
    m->ecn_field = field_of(s) & ECN_FIELD;
    return true;
}

/* The three flags of the answer (RFC9768-3.1.1-a, RFC9768-3.1.2-a). */
unsigned tcp_ecn_synack(const struct tcp_embryo *m)
{
    if (m->ecn == ECN_ACCURATE)
        return tcp_accecn_echo(m->ecn_field);
    return m->ecn == ECN_CLASSIC;
}

/* False: no memory. */
bool tcp_ecn_inherit(struct tcp *t, const struct tcp_embryo *m)
{
    struct tcp_accecn *a;

    t->ecn = m->ecn != ECN_NONE;
    t->ecn_ect = t->ecn && !m->ecn_plain;
    if (m->ecn != ECN_ACCURATE)
        return true;
    a = tcp_accecn_new(t);
    if (!a)
        return false;
    a->field = m->ecn_field;
    a->mute = m->ecn_mute;
    return true;
}

static bool asks_accurately(const struct tcp *t)
{
    return t->past && tcp_past(t)->accurate;
}

/* In SYN-SENT, a SYN-ACK: RFC3168-6.1.1-a, RFC3168-6.1.1-e: a mark counts even
 * if we send none that can be marked.  Both flags are our own, thrown
 * back. */
static enum ecn_mode of_synack(struct tcp *t, const struct seg *s)
{
    if (!t->ecn_asked)
        return ECN_NONE;
    if (asks_accurately(t))
        return tcp_accecn_synack(t, s);
    return (s->flags & ASKS) == F_ECE ? ECN_CLASSIC : ECN_NONE;
}

/* A SYN that crossed ours: as a listener would, but accurate only if ours
 * said so, too. */
static enum ecn_mode of_crossing(struct tcp *t, const struct seg *s)
{
    enum ecn_mode m = agreed(t->host, s);

    if (m == ECN_ACCURATE && !asks_accurately(t))
        m = t->ecn_asked ? ECN_CLASSIC : ECN_NONE;
    t->ecn_ect = m != ECN_NONE;
    return m;
}

/* In SYN-SENT: what we are in from now on. */
void tcp_ecn_learn(struct tcp *t, const struct seg *s)
{
    enum ecn_mode m = s->flags & F_ACK ? of_synack(t, s) : of_crossing(t, s);

    t->ecn = m != ECN_NONE;
    if (m != ECN_ACCURATE)
        tcp_accecn_free(t);
    if (m == ECN_CLASSIC && wanted(t->host) == CW_ECN_ACCURATE)
        t->ecn_ect = true; /* RFC 9768 §3.1.4.1, whatever else we sent */
    else if (m == ECN_ACCURATE && !(s->flags & F_ACK))
        tcp_accecn(t)->field = field_of(s) & ECN_FIELD;
}

/* ---- §6.1.2, the sender ------------------------------------------------- */

/* New data is ECN-capable: not what is sent again (RFC3168-6.1.5-a), no probe
 * of a window (RFC3168-6.1.6-a), no pure ACK (RFC3168-6.1.4-a), no SYN; what
 * is lost of it is seen (RFC3168-5.2-a).  ECT(0): RFC3168-5-b. */
uint8_t tcp_ecn_tos(const struct tcp *t, bool new_data)
{
    bool capable = t->ecn && t->ecn_ect && new_data;

    return (uint8_t)((t->opts.tos & ~ECN_FIELD) | (capable ? ECT_0 : 0));
}

/* ECE on every segment while a mark is not answered (RFC3168-6.1.3-a); CWR
 * once, with new data (RFC3168-6.1.2-c). */
static uint8_t classic_flags(struct tcp *t, bool new_data)
{
    uint8_t flags = 0;

    if (t->ecn_echo)
        flags |= F_ECE;
    if (t->ecn_cwr && new_data) {
        flags |= F_CWR;
        t->ecn_cwr = false;
    }
    return flags;
}

/* AE, CWR and ECE of a segment without SYN, as a number. */
unsigned tcp_ecn_flags(struct tcp *t, bool new_data, bool pure_ack)
{
    if (!t->ecn)
        return 0;
    if (tcp_accecn(t))
        return tcp_accecn_ace(t, pure_ack);
    return tcphdr_ace(classic_flags(t, new_data), 0);
}

/* cwnd was reduced, for whatever reason: the peer is told (§6.1.2), and marks
 * of this window have had their answer (RFC3168-6.1.2-a). */
void tcp_ecn_reduced(struct tcp *t)
{
    t->flight->ecn_until = t->snd.nxt;
    t->ecn_cwr = t->ecn && !tcp_accecn(t); /* RFC 9768 §3.1.5 */
}

/* Was cwnd reduced for what is in flight? */
bool tcp_ecn_answered(const struct tcp *t)
{
    return seq_lt(t->snd.una, t->flight->ecn_until);
}

/* RFC3168-5-a.  ssthresh is never less than two segments, but the window goes
 * on to one (RFC9438-4.6-c), where only slow start ends; but not where each mark
 * has its share. */
static void reduce(struct tcp *t, uint32_t flight)
{
    uint32_t before = t->cwnd;

    if (tcp_cc(t)->rules && before <= tcp_eff_mss(t))
        return;
    tcp_cc(t)->congestion(t, CC_SIGN_ECN, flight);
    if (tcp_cc(t)->rules)
        return;
    t->cwnd = MIN(t->cwnd, t->ssthresh);
    if (t->cwnd == before && !tcp_cc(t)->each_mark)
        t->cwnd = MIN(t->cwnd, tcp_eff_mss(t));
}

/* Marks were fed back.  At a window of one segment there is nothing left to
 * reduce: the timer starts anew (RFC3168-6.1.2-b), and what is new goes when it
 * would expire, later each time (RFC9438-4.6-c). */
static void respond(struct tcp *t, uint32_t flight)
{
    bool least = t->cwnd <= tcp_eff_mss(t), out = t->flight->segq.count > 0;

    tcp_undo_bar(t);
    if (least && out)
        tcp_timers_una_advanced(t);
    if (t->flight->recovery != RECOVERY_NONE
        || seq_le(t->snd.una, t->flight->ecn_until))
        return; /* what this ACK is about was sent before the last time */
    reduce(t, flight);
    if (least && !out && !tcp_cc(t)->rules)
        tcp_pace_hold(t);
    tcp_cwnd_event(t, WHY_CC_ECN);
    tcp_ecn_reduced(t);
}

/* An ACK: does it echo marks, how many, and what do they do?  What comes of
 * an accurate count is what RFC 3168 asks for once in a window (RFC 9768
 * §4). */
void tcp_ecn_told(struct tcp *t, const struct seg *s, struct cc_ack *c,
                  bool news)
{
    uint32_t delivered = t->flight ? t->flight->delivered - c->delivered : 0;

    if (tcp_accecn(t)) {
        tcp_accecn_marks(t, s, c, delivered, news);
    } else {
        c->ece = t->ecn && (s->flags & (F_ECE | F_SYN)) == F_ECE;
    }
    if (!t->flight)
        return;
    if (tcp_cc(t)->marks)
        tcp_cc(t)->marks(t, c);
    if (!c->ece) {
        tcp_pace_release(t);
        return;
    }
    env_count(tcp_env(t), COUNT_TCP_DELIVERED_CE);
    respond(t, c->flight);
}

/* ---- §6.1.3, the receiver ----------------------------------------------- */

/* RFC8257-3.2-a: what is echoed is how the last packet came, and each change of
 * it at once.  CWR asks for nothing here. */
static void echo_each(struct tcp *t, bool ce)
{
    if (t->ecn_echo != ce)
        tcp_ack_owed(t, WHY_TX_ACK_CE);
    t->ecn_echo = ce;
}

/* A segment that is acceptable (RFC3168-6.1.5-a: others say nothing), and
 * brought text, even if there was no room for it (RFC3168-6.1.6-a).  CWR
 * answers the marks before it, not its own. */
void tcp_ecn_arrived(struct tcp *t, const struct seg *s)
{
    unsigned field = field_of(s);

    if (!t->ecn || tcp_accecn(t))
        return;
    if (field != 0)
        t->ecn_seen = true;
    if (tcp_cc(t)->each_mark) {
        echo_each(t, field == CE);
        return;
    }
    if (s->flags & F_CWR)
        t->ecn_echo = false;
    if (field != CE)
        return;
    if (!t->ecn_echo)
        tcp_ack_owed(t, WHY_TX_ACK_CE);
    t->ecn_echo = true; /* RFC3168-6.1.1-c */
}
