/* tcp_ecnopt.c: the options of accurate ECN: bytes that came with each mark,
 * to the sender of them.
 *
 *   RFC 9768 §3.2.3.  What has changed is said by the next ACK, with every
 *   counter that ever did; both ends of the handshake say all, so that a path
 *   that takes the options away is known (§3.2.3.2).
 *   Owns:    the counters of bytes in struct tcp_accecn; when an option goes,
 *            how large it is, and that none goes where they vanish.
 *   Does not own: the counts of packets, and what marks do: tcp_accecn.c,
 *            tcp_ecn.c.  Those are told in any case: options add to them.
 */
#include "tcp/tcb.h"

#include <causeway/observe.h>

enum { ECN_FIELD = 3 };
enum { NO_SET = 8 }; /* no option: not even an empty one */
enum { VANISHED_MAX = 3 };

/* RFC9768-3.2.3-a: not zero at first, so that one that was zeroed is known
 * (§3.2.1). */
void tcp_ecnopt_begin(struct tcp_accecn *a)
{
    a->r_bytes[ACCECN_E0B] = a->r_bytes[ACCECN_E1B] = 1;
    a->s_bytes[ACCECN_E0B] = a->s_bytes[ACCECN_E1B] = 1;
}

/* ---- what goes out ------------------------------------------------------ */

/* All but SACK blocks. */
static size_t other_len(const struct tcpopt *o)
{
    struct tcpopt others = *o;

    others.nsack = 0;
    return tcpopt_len(&others);
}

/* The largest set up to `want` with `least` in it that fits beside the others
 * and two SACK blocks, which go before it (RFC9768-3.2.3.3-a). */
static unsigned fit(const struct tcpopt *o, unsigned want, unsigned least)
{
    unsigned blocks = MIN((unsigned)o->nsack, 2u);
    size_t   room = TCPOPT_MAX - other_len(o), sack = blocks * 8u;

    if (blocks > 0)
        sack += 4;
    if (tcpopt_accecn_len(want) + sack <= room)
        return want;
    least = tcpopt_accecn_set(least);
    return tcpopt_accecn_len(least) + sack <= room ? least : NO_SET;
}

static void put(struct tcpopt *o, unsigned set, const uint32_t *counts)
{
    o->has_accecn = true;
    o->accecn_has = (uint8_t)set;
    for (unsigned i = 0; i < ACCECN_COUNTS; i++)
        o->accecn[i] = counts[i] & ACCECN_MASK;
}

/* Nothing has been counted at that time: a SYN's bytes never are. */
void tcp_ecnopt_synack(const struct tcp_embryo *m, struct tcpopt *o)
{
    static const uint32_t first[ACCECN_COUNTS] = { 1, 0, 1 };
    unsigned              set;

    if (m->ecn != ECN_ACCURATE || m->ecn_mute
        || m->listener->host->no_ecn_option)
        return;
    set = fit(o, ACCECN_ALL, 0);
    if (set != NO_SET)
        put(o, set, first);
}

/* A SYN-ACK of a TCB; one that goes again has none, and then nothing of ours
 * (§3.2.3.2.2). */
void tcp_ecnopt_syn(struct tcp *t, bool again, struct tcpopt *o)
{
    struct tcp_accecn *a = tcp_accecn(t);
    unsigned           set;

    if (!a || t->state != TCPS_SYN_RCVD || t->host->no_ecn_option)
        return;
    a->mute |= again && t->backoff > 0;
    set = a->mute ? NO_SET : fit(o, ACCECN_ALL, 0);
    if (set != NO_SET)
        put(o, set, a->r_bytes);
}

/* Is it the first data of ours? */
static bool is_first(const struct tcp *t, seq start)
{
    return seq_eq(start, seq_add(t->iss, 1));
}

/* What the option of a segment should say; NO_SET: there need not be one. */
static unsigned wanted(const struct tcp *t, seq start, bool data)
{
    const struct tcp_accecn *a = tcp_accecn(t);

    if (!a || a->mute || t->host->no_ecn_option)
        return NO_SET;
    if (data ? a->data_says && is_first(t, start) : a->third)
        return ACCECN_ALL;
    return a->changed ? tcpopt_accecn_set(a->used) : NO_SET;
}

/* Of a full segment of new data. */
uint32_t tcp_ecnopt_room(const struct tcp *t, seq start)
{
    unsigned set = wanted(t, start, true);

    return set == NO_SET ? 0 : (uint32_t)tcpopt_accecn_len(set);
}

static void said(struct tcp_accecn *a, bool first)
{
    a->changed = 0;
    a->ack_said = true;
    if (!first)
        return;
    a->data_says = false;
    a->data_said = true;
}

/* Into the options of a segment without SYN, which have all others.  What goes
 * again has none, and if that is the first that had one, nothing of ours has
 * one from now on (RFC9768-3.2.3.2-a). */
void tcp_ecnopt_put(struct tcp *t, const struct seqrange *text, bool again,
                    struct tcpopt *o)
{
    struct tcp_accecn *a = tcp_accecn(t);
    uint32_t           len = seq_from(text->right, text->left);
    bool               first = len > 0 && is_first(t, text->left);
    unsigned           set;

    if (!a)
        return;
    a->ack_said = false;
    if (len > 0 && again) {
        a->mute |= first && a->data_said;
        return;
    }
    set = wanted(t, text->left, len > 0);
    if (set == NO_SET)
        return;
    set = fit(o, set, a->changed);
    if (set == NO_SET
        || (len > 0
            && len + tcpopt_len(o) + tcpopt_accecn_len(set) > t->snd_mss))
        return;
    put(o, set, a->r_bytes);
    said(a, first);
}

/* ---- what comes in ------------------------------------------------------ */

/* Payload by how it was marked (§3.2), of segments that are acceptable. */
void tcp_ecnopt_arrived(struct tcp *t, const struct seg *s)
{
    static const uint8_t counts[] = { 0, ACCECN_E1B, ACCECN_E0B, ACCECN_CEB };
    struct tcp_accecn   *a = tcp_accecn(t);
    unsigned             field = s->rx->tos & ECN_FIELD, i = counts[field];

    INVARIANT(a != NULL);
    if (s->text == 0)
        return;
    if (!a->came_again)
        a->vanished = 0;
    a->came_again = false;
    if (field == 0)
        return;
    a->r_bytes[i] += s->text;
    a->changed = (a->changed | 1u << i) & ACCECN_ALL;
    a->used = (a->used | 1u << i) & ACCECN_ALL;
}

/* What was acknowledged came again.  Where each ACK with an option is followed
 * by that, they are thrown away (§3.2.3.2.2). */
void tcp_ecnopt_again(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = tcp_accecn(t);

    if (!a || !a->ack_said || a->came_again || s->text == 0
        || !seq_eq(seq_add(s->seq, s->len), t->rcv.nxt))
        return;
    a->came_again = true;
    a->vanished = (a->vanished + 1u) & 3;
    a->mute |= a->vanished == VANISHED_MAX;
}

/* The SYN-ACK, or the first ACK of ours: are there options on this path, and
 * are they what was sent?  RFC9768-3.2.3.2-b. */
void tcp_ecnopt_first(struct tcp_accecn *a, const struct tcpopt *o)
{
    const unsigned both[] = { ACCECN_E0B, ACCECN_E1B };

    a->heard = o->has_accecn;
    a->counted = o->has_accecn && o->accecn_has != 0;
    for (unsigned i = 0; i < ARRAY_LEN(both); i++)
        if (o->has_accecn && o->accecn_has & 1u << both[i]
            && o->accecn[both[i]] == 0)
            a->zeroed = true;
}

/* Of an ACK that no other has overtaken: what is newly said to have come
 * marked, less what was taken for that already.  False: it does not say.  One
 * without that counter says that there never was such a byte, or nothing. */
bool tcp_ecnopt_read(struct tcp_accecn *a, const struct tcpopt *o,
                     uint32_t *ceb)
{
    uint32_t before = a->s_bytes[ACCECN_CEB], now;

    *ceb = 0;
    if (!o->has_accecn || a->zeroed)
        return false;
    a->heard = true;
    a->counted |= o->accecn_has != 0;
    for (unsigned i = 0; i < ACCECN_COUNTS; i++)
        if (o->accecn_has & 1u << i)
            a->s_bytes[i] += (o->accecn[i] - a->s_bytes[i]) & ACCECN_MASK;
    if (!(o->accecn_has & ACCECN_CEB_BIT))
        return before == 0 && o->accecn_has != 0;
    now = a->s_bytes[ACCECN_CEB] - before;
    *ceb = now > a->guessed ? now - a->guessed : 0;
    a->guessed = 0;
    return true;
}

/* For who asks: Linux's figures, its TCP_ACCECN_*_FAIL_* among them. */
void tcp_ecnopt_info(const struct tcp *t, struct cw_tcp_info *o)
{
    const struct tcp_accecn *a = tcp_accecn(t);

    if (!a)
        return;
    o->ecn_accurate = true;
    o->accecn_fail = (uint8_t)(2 * a->deaf + 4 * a->mute
                               + 8 * (a->zeroed || !a->heard));
    o->accecn_seen = (uint8_t)(a->heard + a->counted);
    o->received_ce = a->r_cep - ECN_FIRST;
    o->delivered_ce = a->s_cep - ECN_FIRST;
    o->received_bytes.e0 = a->r_bytes[ACCECN_E0B] - 1;
    o->received_bytes.ce = a->r_bytes[ACCECN_CEB];
    o->received_bytes.e1 = a->r_bytes[ACCECN_E1B] - 1;
    o->delivered_bytes.e0 = a->s_bytes[ACCECN_E0B] - 1;
    o->delivered_bytes.ce = a->s_bytes[ACCECN_CEB];
    o->delivered_bytes.e1 = a->s_bytes[ACCECN_E1B] - 1;
}
