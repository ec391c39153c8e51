/* tcp_accecn.c: accurate ECN, RFC 9768: each packet that comes marked is
 * counted, the count goes out with every segment, and what the peer counted
 * is read.
 *
 *   Owns:    struct tcp_accecn, from the SYN that asks (or the handshake's
 *            end, at the passive side) until the TCB goes: the last ACK of a
 *            connection says the count, too.
 *   Does not own: who may ask, ECT, and what a mark does to cwnd: tcp_ecn.c.
 *   Invariant: where there is a record and t->ecn, both half-connections are
 *            in AccECN mode, and stay so (§3.1.5).
 */
#include "tcp/cc.h"
#include "tcp/recover.h"

enum { CE = 3, ECN_FIELD = 3 };
enum {
    ACE_CLASSIC = 1,  /* on a SYN-ACK: RFC 3168 alone */
    ACE_RESERVED = 5, /* ... for later: §3.1.3 */
    ACE_MASK = 7,
};
enum { ASK_MOST = 2 }; /* SYNs that ask: §3.1.4.1 */

static unsigned ace_of(const struct seg *s)
{
    return tcphdr_ace(s->flags, s->ae);
}

static unsigned field_of(const struct seg *s)
{
    return s->rx->tos & ECN_FIELD;
}

static struct tcp_accecn *record(const struct tcp *t)
{
    struct tcp_past *p = tcp_past(t);

    return p && p->accurate ? &p->accecn : NULL;
}

/* In AccECN mode? */
struct tcp_accecn *tcp_accecn(const struct tcp *t)
{
    return t->ecn ? record(t) : NULL;
}

/* NULL: no memory, and so no accurate ECN. */
struct tcp_accecn *tcp_accecn_new(struct tcp *t)
{
    struct tcp_past *p = tcp_past_new(t);

    if (!p)
        return NULL;
    p->accurate = true;
    p->accecn = (struct tcp_accecn){
        .r_cep = ECN_FIRST, /* RFC9768-3.2-a */
        .s_cep = ECN_FIRST,
        .told = ECN_FIRST,
    };
    tcp_ecnopt_begin(&p->accecn);
    return &p->accecn;
}

void tcp_accecn_free(struct tcp *t)
{
    if (t->past)
        tcp_past(t)->accurate = false;
}

/* ---- §3.1, the handshake ------------------------------------------------ */

/* On a SYN-ACK and on the ACK of one: how the packet that it answers came
 * (RFC9768-3.1.1-a). */
unsigned tcp_accecn_echo(unsigned field)
{
    static const uint8_t codes[] = { 2, 3, 4, 6 };

    INVARIANT(field < ARRAY_LEN(codes));
    return codes[field];
}

/* The reverse; what is not in use says nothing of the field. */
static unsigned field_told(unsigned ace)
{
    static const uint8_t fields[] = { 0, 0, 0, 1, 2, 0, CE, 0 };

    INVARIANT(ace < ARRAY_LEN(fields));
    return fields[ace];
}

/* One more SYN of ours: does it ask?  RFC9768-3.1.4-a: once again at least. */
bool tcp_accecn_asked(struct tcp *t)
{
    struct tcp_accecn *a = record(t) ?: tcp_accecn_new(t);

    if (!a || a->asked >= ASK_MOST)
        return false;
    a->asked++;
    return true;
}

/* Our SYN or SYN-ACK is never ECN-capable; one that came as if it were was
 * mangled (§3.2.2.3), and then nothing of ours shall be; marks still
 * count. */
static void heed(struct tcp *t, struct tcp_accecn *a, unsigned field)
{
    if (field != 0)
        t->ecn_ect = false;
    a->marks = field == CE;
    a->is_syn = true;
}

/* How a SYN-ACK of the peer came: the latest counts (§3.1.5). */
static void note_synack(struct tcp_accecn *a, const struct seg *s)
{
    a->field = field_of(s) & ECN_FIELD;
    a->third = true;
    a->was_ce = a->field == CE;
}

/* One mark of however many SYN-ACKs is counted (§3.2.2.2). */
static void count_synack(struct tcp_accecn *a)
{
    if (a->field != CE || a->synack_ce)
        return;
    a->synack_ce = true;
    a->r_cep++;
}

/* In SYN-SENT, after we have asked: the first SYN-ACK decides.  RFC9768-3.1.2-a:
 * one without flags, or with ours thrown back, means no ECN. */
enum ecn_mode tcp_accecn_synack(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = record(t);
    unsigned           ace = ace_of(s);

    INVARIANT(a != NULL);
    if (ace == 0 || ace == ACE_MASK)
        return ECN_NONE;
    if (ace == ACE_CLASSIC)
        return ECN_CLASSIC;
    t->ecn_ect = true;
    heed(t, a, field_told(ace));
    note_synack(a, s);
    count_synack(a);
    tcp_ecnopt_first(a, s->opt);
    a->data_says = true;
    return ECN_ACCURATE;
}

/* In simultaneous open the peer's SYN agreed, and its SYN-ACK does not: what it
 * sent first counts, but nothing of ours shall be marked (§3.1.5). */
static void fell_back(struct tcp *t, struct tcp_accecn *a)
{
    if (t->state != TCPS_SYN_RCVD)
        return;
    t->ecn_ect = false;
    a->is_syn = true;
}

/* A SYN-ACK in simultaneous open, or once more: its three flags are no
 * counter.  Does the ACK of it say how it came? */
bool tcp_accecn_synack_again(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = tcp_accecn(t);
    unsigned           ace = ace_of(s);

    if (!a || (s->flags & (F_SYN | F_ACK)) != (F_SYN | F_ACK)
        || !seq_eq(s->seq, t->irs) || !seq_in(t->iss, s->ack, t->snd.nxt))
        return false;
    if (ace <= ACE_CLASSIC || ace == ACE_MASK) {
        fell_back(t, a);
        return false;
    }
    note_synack(a, s);
    if (t->state != TCPS_SYN_RCVD) {
        count_synack(a);
        return true;
    }
    heed(t, a, field_told(ace)); /* and counted as any packet is */
    a->synack_ce = a->field == CE;
    return true;
}

/* A SYN once more, to a TCB in SYN-RECEIVED.  False: it asks for another
 * kind of feedback than the first, and the peer cannot know which we heard
 * (RFC9768-3.1.5-a). */
bool tcp_accecn_syn_again(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = tcp_accecn(t);
    unsigned           ace = ace_of(s);
    enum ecn_mode      asks = ace == 0        ? ECN_NONE
             : ace == (F_CWR | F_ECE) / F_ECE ? ECN_CLASSIC
                                              : ECN_ACCURATE;

    if (!t->ecn)
        return true;
    if (asks == ECN_NONE)
        t->ecn_ect = false;
    else if (asks != (a ? ECN_ACCURATE : ECN_CLASSIC))
        return false;
    if (a)
        a->field = field_of(s) & ECN_FIELD;
    return true;
}

static bool is_bare_ack(const struct seg *s)
{
    return s->len == 0 && s->opt->nsack == 0;
}

/* RFC9768-3.2.2.1-a: a bare ACK that ends SYN-RECEIVED tells how our SYN-ACK came. */
void tcp_accecn_third(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = tcp_accecn(t);
    unsigned           ace = ace_of(s);

    if (!a || a->is_syn)
        return;
    tcp_ecnopt_first(a, s->opt);
    if (!is_bare_ack(s))
        return;
    a->checked = true;
    heed(t, a, field_told(ace));
    if (field_told(ace) == CE)
        a->s_cep = ECN_FIRST + 1;
    if (ace == 0) {
        t->ecn_ect = false;
        a->deaf = true;
    }
}

/* Is there an ACK to be sent that must have no data? */
bool tcp_accecn_third_due(const struct tcp *t)
{
    const struct tcp_accecn *a = tcp_accecn(t);

    return a && a->third && (t->due & DUE_ACK_NOW);
}

/* §5.1: what the SYN-ACK that was a cookie had agreed to. */
enum ecn_mode tcp_accecn_cookie(const struct tcp_host *h, const struct seg *s)
{
    bool agrees = (enum cw_ecn)h->ecn >= CW_ECN_PASSIVE;

    return agrees && is_bare_ack(s) && ace_of(s) > ACE_CLASSIC ? ECN_ACCURATE
                                                               : ECN_NONE;
}

/* ---- §3.2, the receiver of data ----------------------------------------- */

/* As a record in TIME-WAIT will say it. */
unsigned tcp_accecn_count(const struct tcp *t)
{
    const struct tcp_accecn *a = tcp_accecn(t);

    return a ? a->r_cep & ACE_MASK : 0;
}

/* RFC9768-3.2-a: for the three flags of the next segment without SYN. */
unsigned tcp_accecn_ace(struct tcp *t, bool pure_ack)
{
    struct tcp_accecn *a = tcp_accecn(t);

    INVARIANT(a != NULL);
    a->told = a->r_cep;
    a->no_blocks = false;
    if (!a->third || !pure_ack)
        return a->r_cep & ACE_MASK;
    a->third = false;
    return tcp_accecn_echo(a->field);
}

/* An ACK of ACKs must not look like a duplicate (§3.2.2.5.1). */
bool tcp_accecn_no_blocks(const struct tcp *t)
{
    const struct tcp_accecn *a = tcp_accecn(t);

    return a && a->no_blocks;
}

/* A segment that has passed the tests of RFC 9293 and RFC 5961, whatever it
 * carries.  RFC9768-3.2.2.5-a: an ACK at once where marks begin, and for every
 * second or third of them. */
void tcp_accecn_arrived(struct tcp *t, const struct seg *s)
{
    struct tcp_accecn *a = tcp_accecn(t);
    bool               ce = field_of(s) == CE;
    bool               data = s->text > 0, owing = data || t->unacked_in > 0;
    bool               begins;

    INVARIANT(a != NULL);
    t->ecn_seen |= field_of(s) != 0;
    tcp_ecnopt_arrived(t, s);
    begins = ce && !a->was_ce && data;
    a->was_ce = ce;
    if (owing)
        a->no_blocks = false;
    if (!ce)
        return;
    a->r_cep++;
    if (!begins && a->r_cep - a->told < (owing ? 2 : 3))
        return;
    a->no_blocks = !owing;
    tcp_ack_owed(t, WHY_TX_ACK_CE);
}

/* ---- §3.2, the sender of data ------------------------------------------- */

/* RFC9768-3.2.2.5-b: the counter may have gone round if so many packets are newly
 * acknowledged; then the most that it can mean.  As long as no mark was ever
 * fed back, a peer that merely acknowledges many at once is likelier. */
static uint32_t at_most(const struct tcp_accecn *a, uint32_t ace_delta,
                        uint32_t packets)
{
    if (packets <= ACE_MASK || (!a->ever && ace_delta == 0))
        return ace_delta;
    return packets - ((packets - ace_delta) & ACE_MASK);
}

/* Where the ACK counts the bytes, too, it did not go round if these are few
 * enough for what the counter says at least (appendix A.2.2). */
static bool few_enough(uint32_t ceb, uint32_t least, uint32_t most,
                       uint32_t mss)
{
    return ceb <= least * mss && ceb < (uint64_t)most * mss / 2;
}

static uint32_t packets_in(uint32_t bytes, uint32_t mss)
{
    return bytes / mss + (bytes % mss != 0);
}

/* RFC9768-3.2.3.2-c: bytes that were marked in no packet: what says so was
 * mangled on its way, and nothing of ours may be marked from now on
 * (§3.2.3.2.5). */
static bool contradicts(uint32_t ceb, uint32_t ace_delta, uint32_t packets)
{
    return ceb > 0 && ace_delta == 0 && packets <= ACE_MASK;
}

/* What the counters of this ACK say, of so many bytes that it says were
 * delivered. */
static void count(struct tcp *t, struct tcp_accecn *a, const struct seg *s,
                  uint32_t delivered, struct cc_ack *c)
{
    uint32_t mss = tcp_eff_mss(t), packets = packets_in(delivered, mss);
    uint32_t least = (ace_of(s) - a->s_cep) & ACE_MASK;
    uint32_t delta = at_most(a, least, packets), ceb;
    bool     had_guess = a->guessed > 0;

    if (tcp_ecnopt_read(a, s->opt, &ceb)) {
        if (few_enough(ceb, least, delta, mss))
            delta = least;
        if (!had_guess && contradicts(ceb, least, packets))
            t->ecn_ect = false;
    } else {
        ceb = MIN(delta * mss, MAX(delivered, mss));
        a->guessed = MIN(a->guessed + ceb, ACCECN_MASK);
    }
    a->s_cep += delta;
    c->ce = MIN(ceb, MAX(delivered, mss));
    c->ece = delta > 0 || ceb > 0;
    a->ever |= c->ece;
}

/* §3.2.2.4: the first counter is zero, and so many packets cannot have led
 * there from where it began: who sent it does not count, or somebody mangles
 * it. */
static bool is_zeroed(const struct tcp *t, const struct tcp_accecn *a,
                      const struct seg *s, uint32_t delivered)
{
    return ace_of(s) == 0
        && packets_in(delivered, tcp_eff_mss(t)) + a->s_cep <= ACE_MASK;
}

/* What this ACK newly says of marks, of so many bytes that it says were
 * delivered.  news: it tells of data that no other ACK has told of; else it
 * may have been overtaken by one (§3.2.2.2), and the next one says it, too. */
void tcp_accecn_marks(struct tcp *t, const struct seg *s, struct cc_ack *c,
                      uint32_t delivered, bool news)
{
    struct tcp_accecn *a = tcp_accecn(t);

    INVARIANT(a != NULL);
    if (a->is_syn) {
        c->ce = a->marks * tcp_eff_mss(t);
        c->ece = a->marks > 0;
        a->is_syn = false;
        a->marks = 0;
        return;
    }
    if (a->deaf || (!news && seq_le(s->seq, t->snd.wl1)))
        return;
    if (!a->checked && is_zeroed(t, a, s, delivered)) {
        a->deaf = true;
        t->ecn_ect = false;
        return;
    }
    a->checked = true;
    count(t, a, s, delivered, c);
}
