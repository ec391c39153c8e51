/* ladder_ecn.c: what a segment's flags say of congestion marks, in words: who
 * asks for which feedback, how a packet of the handshake came, how many more
 * came marked.  RFC 3168 §6.1.1; RFC 9768 §3.1.1, §3.2.2.
 */
#include "obs/ladder_own.h"

#include "wire/tcphdr.h"

enum { ASKS = 3, AGREES = 1, NOT_OURS = 7, FIRST = 5 };
enum { UNKNOWN = 4 }; /* how it came is not said */

/* Of RFC 9768's handshake encoding. */
static uint8_t field_of(unsigned ace)
{
    static const uint8_t fields[] = { UNKNOWN, UNKNOWN, 0, 1,
                                      2,       UNKNOWN, 3, UNKNOWN };

    return fields[ace & 7];
}

static void note_syn(struct lad_conv *c, struct lad_packet *p, unsigned ace)
{
    if (ace == 0)
        return;
    p->ecn = ace == ASKS ? LAD_ECN_ASKS : LAD_ECN_ASKS_ACCURATE;
    c->asks_accurate |= ace != ASKS;
}

static void note_synack(const struct ladder *l, struct lad_conv *c,
                        struct lad_packet *p, unsigned ace)
{
    uint32_t i = (uint32_t)(p - l->packets);

    if (ace == AGREES)
        p->ecn = LAD_ECN_AGREES;
    if (!c->asks_accurate || ace <= AGREES || ace == NOT_OURS)
        return;
    p->ecn = LAD_ECN_SAW_SYN;
    p->ecn_arg = field_of(ace);
    if (!c->accurate)
        c->end[0].ace = c->end[1].ace = FIRST;
    c->accurate = true;
    c->end[!p->end].owes_echo |= !lad_lost(l, i);
}

/* In accurate mode, without SYN: a counter, but on the ACK of a SYN-ACK. */
static void note_count(struct lad_end *e, struct lad_packet *p, unsigned ace)
{
    const struct lad_look *k = &p->look;

    if (e->owes_echo && k->len == 0 && k->nsack == 0 && !(k->flags & F_FIN)) {
        e->owes_echo = false;
        p->ecn = LAD_ECN_SAW_SYNACK;
        p->ecn_arg = field_of(ace);
        e->ace = (uint8_t)(FIRST + (p->ecn_arg == 3));
        return;
    }
    p->ecn = LAD_ECN_COUNT;
    p->ecn_arg = (uint8_t)((ace - e->ace) & 7);
    e->ace = (uint8_t)ace;
}

void lad_ecn_note(const struct ladder *l, struct lad_conv *c, uint32_t i)
{
    struct lad_packet     *p = &l->packets[i];
    const struct lad_look *k = &p->look;
    unsigned               ace = tcphdr_ace(k->flags, k->ae);

    if (k->flags & F_RST)
        return;
    if ((k->flags & (F_SYN | F_ACK)) == F_SYN)
        note_syn(c, p, ace);
    else if (k->flags & F_SYN)
        note_synack(l, c, p, ace);
    else if (c->accurate)
        note_count(&c->end[p->end], p, ace);
}

static const char *came(unsigned field)
{
    static const char *const names[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE",
                                         "?" };

    return names[MIN(field, (unsigned)UNKNOWN)];
}

/* Behind the rest of a label. */
void lad_ecn_words(const struct lad_packet *p, bool brief, struct fmt *f)
{
    switch ((enum lad_ecn)p->ecn) {
    case LAD_ECN_FLAGS:
        break;
    case LAD_ECN_ASKS:
        fmt_str(f, brief ? " ECN" : " asks for ECN");
        break;
    case LAD_ECN_ASKS_ACCURATE:
        fmt_str(f, brief ? " AccECN" : " asks for AccECN");
        break;
    case LAD_ECN_AGREES:
        fmt_str(f, " ECN");
        break;
    case LAD_ECN_SAW_SYN:
        fmt_str(f, " AccECN");
        if (!brief)
            fmt_f(f, " saw %s", came(p->ecn_arg));
        break;
    case LAD_ECN_SAW_SYNACK:
        if (!brief)
            fmt_f(f, " saw %s", came(p->ecn_arg));
        break;
    case LAD_ECN_COUNT:
        if (p->ecn_arg > 0)
            fmt_f(f, " +%u CE", p->ecn_arg);
        break;
    }
}
