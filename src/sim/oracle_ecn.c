/* oracle_ecn.c: no mark is lost: what came marked is echoed, and what is echoed
 * leads to a reduction.
 *
 *   - Classic (RFC 3168 §6.1.3): since a marked segment of new data has come,
 *     every segment that goes has ECE, until one with CWR comes.
 *   - Accurate (RFC 9768 §3.2): from one segment that goes to the next the
 *     counter rises by as many packets as came marked meanwhile.
 *   - Who hears an echo about data that was sent after the last reduction has
 *     reduced before anything else happens to this connection (§6.1.2).
 * Seen from the events alone, from when the mode is known.  What a host dropped
 * counts as if it had not come; of what may be a copy, either may be right.
 */
#include "sim/run.h"
#include "wire/tcphdr.h"

enum { MODE_UNKNOWN, MODE_NONE, MODE_CLASSIC, MODE_ACCURATE };
enum { CE = 3, ACE_MASK = 7, AT_FIELD = 9 };

static struct sim_marks *marks_of(struct sim *s, const struct cw_event *e)
{
    for (unsigned i = 0; i < s->nmarks; i++)
        if (s->marks[i].flow == e->flow && s->marks[i].host == e->host)
            return &s->marks[i];
    if (s->nmarks == SIM_FLOWS_MAX || e->flow == 0)
        return NULL;
    s->marks[s->nmarks] = (struct sim_marks){ .flow = e->flow,
                                              .host = e->host };
    return &s->marks[s->nmarks++];
}

static bool after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static unsigned ace_of(const struct cw_event *e)
{
    return tcphdr_ace((uint8_t)e->v[3], e->v[3] >> 8 & 1);
}

/* ---- what came ---------------------------------------------------------- */

static void note_mark(struct sim_marks *m, const struct cw_event *e)
{
    bool     ce = (e->v[3] >> AT_FIELD & 3) == CE;
    uint32_t text = (uint32_t)e->v[2], end = (uint32_t)e->v[0] + text;
    bool     fresh = text > 0 && m->any && !after(m->high, (uint32_t)e->v[0]);

    if (text > 0 && e->v[3] & F_CWR)
        m->in.owes = false;
    if (ce && fresh) {
        m->in.owes = true;
        m->in.fresh++;
    } else if (ce) {
        m->in.others++;
    }
    if (text > 0 && (!m->any || after(end, m->high)))
        m->high = end;
    m->any |= text > 0;
}

/* Does this ACK echo marks that must have their answer now? */
static bool is_news(const struct sim_marks *m, const struct cw_event *e)
{
    uint32_t ack = (uint32_t)e->v[1];

    return m->una_known && after(ack, m->una) && !after(ack, m->nxt)
        && (!m->reduced || after(ack, m->until)) && !m->recovers && m->mss > 0
        && m->cwnd > m->mss;
}

static bool echoes(struct sim_marks *m, const struct cw_event *e)
{
    bool     advances = m->una_known && after((uint32_t)e->v[1], m->una);
    unsigned before = m->heard;
    bool     knew = m->has_heard;

    if (m->mode == MODE_CLASSIC)
        return e->v[3] & F_ECE;
    if (m->mode != MODE_ACCURATE || m->deaf)
        return false;
    if (!knew && ace_of(e) == 0)
        m->deaf = true; /* it may be taken for mangled: §3.2.2.4 */
    if (!advances) {    /* this one may be believed, or the next */
        m->has_heard &= ace_of(e) == before;
        return false;
    }
    m->heard = (uint8_t)ace_of(e);
    m->has_heard = true;
    return knew && before != m->heard;
}

static void on_in(struct sim *s, struct sim_marks *m,
                  const struct cw_event *e)
{
    if (m->must)
        sim_fail(s, "host %u flow %u: an echo of marks, and no reduction",
                 m->host, m->flow);
    m->must = false;
    m->before = m->in;
    m->was_una = m->una;
    m->was_ce = false;
    if (e->v[3] & F_SYN) {
        m->echo |= (e->v[3] & F_ACK) > 0;
        return;
    }
    m->was_ce = (e->v[3] >> AT_FIELD & 3) == CE;
    note_mark(m, e);
    if (!(e->v[3] & F_ACK))
        return;
    if (echoes(m, e) && is_news(m, e))
        m->must = true;
    if (!m->una_known || after((uint32_t)e->v[1], m->una))
        m->una = (uint32_t)e->v[1];
    m->una_known = true;
}

/* What came last was not acceptable.  Of what was dropped before any connection
 * saw it, nothing had been noted. */
static void on_drop(struct sim_marks *m, unsigned why)
{
    if (why < WHY_SEQ_UNACCEPTABLE)
        return;
    m->in = m->before;
    m->in.others += m->was_ce; /* some are dropped after they were counted */
    m->una = m->was_una;
    m->must = false;
    m->has_heard = false;
}

/* ---- what goes ---------------------------------------------------------- */

static void check_classic(struct sim *s, const struct sim_marks *m,
                          const struct cw_event *e)
{
    if (m->in.owes && !m->each && !(e->v[3] & F_ECE))
        sim_fail(s, "host %u flow %u: a mark came and is not echoed", m->host,
                 m->flow);
}

static void check_accurate(struct sim *s, struct sim_marks *m,
                           const struct cw_event *e)
{
    unsigned least = m->in.fresh, most = least + m->in.others;
    unsigned delta = (ace_of(e) - m->said) & ACE_MASK;

    if (m->echo && e->v[2] == 0) { /* it may answer a SYN-ACK: no count */
        m->echo = false;
        return;
    }
    if (m->has_said && most - least < ACE_MASK
        && ((delta - least) & ACE_MASK) > most - least)
        sim_fail(s,
                 "host %u flow %u: %u packets came marked (%u perhaps), and "
                 "the counter rose by %u",
                 m->host, m->flow, least, most, delta);
    m->said = (uint8_t)ace_of(e);
    m->has_said = true;
    m->in.fresh = m->in.others = 0;
}

static void on_out(struct sim *s, struct sim_marks *m,
                   const struct cw_event *e)
{
    uint32_t end = (uint32_t)e->v[0] + (uint32_t)e->v[2]
        + !!(e->v[3] & (F_SYN | F_FIN));

    if (m->must)
        sim_fail(s, "host %u flow %u: an echo of marks, and no reduction",
                 m->host, m->flow);
    m->must = false;
    if (!m->sent || after(end, m->nxt))
        m->nxt = end;
    m->sent = true;
    if (e->v[3] & F_SYN)
        return;
    if (m->mode == MODE_CLASSIC)
        check_classic(s, m, e);
    else if (m->mode == MODE_ACCURATE)
        check_accurate(s, m, e);
}

static void reduced(struct sim_marks *m)
{
    m->must = false;
    m->reduced = true;
    m->until = m->nxt;
}

void oracle_ecn_event(struct sim *s, const struct cw_event *e)
{
    struct sim_marks *m;

    if (e->kind != EV_SEG_IN && e->kind != EV_SEG_OUT && e->kind != EV_DROP
        && e->kind != EV_CWND && e->kind != EV_RECOVERY)
        return;
    m = marks_of(s, e);
    if (!m)
        return;
    if (e->kind == EV_SEG_IN)
        on_in(s, m, e);
    else if (e->kind == EV_SEG_OUT)
        on_out(s, m, e);
    else if (e->kind == EV_DROP)
        on_drop(m, e->why);
    if (e->kind == EV_CWND)
        m->cwnd = (uint32_t)e->v[0];
    if (e->kind == EV_RECOVERY)
        m->recovers = e->v[0] != 0;
    if ((e->kind == EV_CWND && e->why == WHY_CC_ECN)
        || (e->kind == EV_RECOVERY && e->v[0] != 0))
        reduced(m);
}

/* A row of the socket table: what was agreed on, which stays. */
void oracle_ecn_mode(struct sim *s, unsigned host,
                     const struct cw_sock_row *r)
{
    const struct cw_event e = { .flow = r->flow, .host = (uint16_t)host };
    struct sim_marks     *m = marks_of(s, &e);

    if (!m || r->state == CW_SYN_SENT || r->state == CW_SYN_RECV)
        return;
    m->mss = r->info.snd_mss;
    m->each = memcmp(r->info.cc, "dctcp", 6) == 0; /* RFC 8257 §3.2 */
    m->deaf |= (r->info.accecn_fail & 2) > 0;
    if (m->mode != MODE_UNKNOWN)
        return;
    m->mode = r->info.ecn_accurate ? MODE_ACCURATE
        : r->info.ecn              ? MODE_CLASSIC
                                   : MODE_NONE;
    m->in = m->before = (struct sim_owed){ 0 };
}
