/* tcp_ecn.c: explicit congestion notification: who asked for it, which
 * packets may be marked, what a mark is answered with, what its echo does.
 *
 *   RFC 3168 §6.1 (SHLD-8), in its order.  Marks are the IP header's (RFC 3168 §5); the
 *   reduction is the controller's, once a window.
 */
#include "tcp/cc.h"

enum { ECT_0 = 2, CE = 3, ECN_FIELD = 3 };
enum { ASKS = F_ECE | F_CWR };

static enum cw_ecn wanted(const struct tcp_host *h)
{
    return (enum cw_ecn)h->ecn;
}

/* ---- §6.1.1, the handshake ---------------------------------------------- */

/* The flags of our SYN; one that is sent again asks no more, in case that is
 * why the first did not arrive (RFC3168-6.1.1.1-a), and then nothing that we
 * send is ECN-capable (RFC3168-6.1.1-b). */
uint8_t tcp_ecn_syn(struct tcp *t, bool again)
{
    if (t->state == TCPS_SYN_RCVD) /* simultaneous open: a SYN-ACK */
        return t->ecn ? F_ECE : 0;
    if (wanted(t->host) < CW_ECN_ON) /* RFC3168-6.1.1-d */
        return 0;
    t->ecn_ect = !again && !t->ecn_plain;
    t->ecn_plain |= again;
    t->ecn_asked |= !again;
    return again ? 0 : ASKS;
}

/* Does this SYN ask, and do we agree?  Every other combination of the two
 * flags asks for nothing (RFC3168-6.1.1-f). */
bool tcp_ecn_agreed(const struct tcp_host *h, const struct seg *syn)
{
    return wanted(h) >= CW_ECN_PASSIVE && (syn->flags & ASKS) == ASKS;
}

/* In SYN-SENT: a SYN-ACK, or a SYN that crossed ours (RFC3168-6.1.1-a,
 * RFC3168-6.1.1-e: a mark counts even if we send none that can be marked).
 * Both flags in a SYN-ACK are our own, thrown back. */
void tcp_ecn_learn(struct tcp *t, const struct seg *s)
{
    if (s->flags & F_ACK)
        t->ecn = t->ecn_asked && (s->flags & ASKS) == F_ECE;
    else
        t->ecn = t->ecn_ect = tcp_ecn_agreed(t->host, s);
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
uint8_t tcp_ecn_flags(struct tcp *t, bool new_data)
{
    uint8_t flags = 0;

    if (!t->ecn)
        return 0;
    if (t->ecn_echo)
        flags |= F_ECE;
    if (t->ecn_cwr && new_data) {
        flags |= F_CWR;
        t->ecn_cwr = false;
    }
    return flags;
}

/* cwnd was reduced, for whatever reason: the peer is told (§6.1.2), and marks
 * of this window have had their answer (RFC3168-6.1.2-a). */
void tcp_ecn_reduced(struct tcp *t)
{
    t->flight->ecn_until = t->snd.nxt;
    t->ecn_cwr = t->ecn;
}

/* Was cwnd reduced for what is in flight? */
bool tcp_ecn_answered(const struct tcp *t)
{
    return seq_lt(t->snd.una, t->flight->ecn_until);
}

/* An ACK with ECE.  At a window of one segment there is nothing left to
 * reduce: the timer starts anew (RFC3168-6.1.2-b). */
void tcp_ecn_echoed(struct tcp *t, uint32_t flight)
{
    if (t->cwnd <= tcp_eff_mss(t)) {
        tcp_timers_una_advanced(t);
        return;
    }
    if (t->flight->recovery != RECOVERY_NONE || tcp_ecn_answered(t))
        return;
    tcp_cc(t)->congestion(t, CC_SIGN_ECN, flight); /* RFC3168-5-a */
    if (!tcp_cc(t)->rules)
        t->cwnd = MIN(t->cwnd, t->ssthresh);
    tcp_cwnd_event(t, WHY_CC_ECN);
    tcp_ecn_reduced(t);
}

/* ---- §6.1.3, the receiver ----------------------------------------------- */

/* A segment that is acceptable (RFC3168-6.1.5-a: others say nothing), and
 * brought text, even if there was no room for it (RFC3168-6.1.6-a).  CWR
 * answers the marks before it, not its own. */
void tcp_ecn_arrived(struct tcp *t, const struct seg *s)
{
    unsigned field = s->rx->tos & ECN_FIELD;

    if (!t->ecn)
        return;
    if (field != 0)
        t->ecn_seen = true;
    if (s->flags & F_CWR)
        t->ecn_echo = false;
    if (field != CE)
        return;
    if (!t->ecn_echo)
        tcp_ack_owed(t, WHY_TX_ACK_CE, true);
    t->ecn_echo = true; /* RFC3168-6.1.1-c */
}
