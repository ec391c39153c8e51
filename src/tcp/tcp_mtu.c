/* tcp_mtu.c: how large a segment the path takes: what ICMP told (RFC 1191
 * §6.4, RFC 8201 §5.4), and what probes find out where nobody tells (RFC
 * 4821, RFC 8899).  Who implements PAWS owes the first: RFC7323-5.7-a.
 *
 *   Owns:    t->snd_mss after the handshake; struct tcp_mtu, which exists
 *            only once a connection probes.
 *   Invariant: snd_mss is at most mss_max (what the peer and the user allow)
 *              and what the network layer knows to fit; a probe is the one
 *              record in flight that may be larger than snd_mss.
 *   Neither a path that has shrunk nor a lost probe is congestion: cwnd
 *   stays (RFC8201-5.4-a).
 *
 * Sizes are those of snd_mss: text and options.
 */
#include "tcp/tcb.h"
#include "tcp/recover.h"

enum {
    SUSPECT = 3,     /* timeouts in a row, RFC 9293 §3.8.3's R1 (SHLD-10) */
    NEAR_ENOUGH = 8, /* bytes; below it the search is over */
    DUPS = 3,        /* full segments behind a probe, to tell of its loss */
};

static struct tcp_mtu *search(const struct tcp *t)
{
    const struct tcp_past *p = tcp_past(t);

    return p && p->mtu ? arena_at(tcp_env(t)->arena, p->mtu) : NULL;
}

static uint16_t path_mss(const struct tcp *t)
{
    return tcp_mss_of_path(&t->dest, &t->node.remote);
}

/* The most that may be tried. */
static uint16_t bound(const struct tcp *t)
{
    return MIN(t->mss_max, path_mss(t));
}

/* The packet with such a segment. */
static uint32_t packet_of(const struct tcp *t, uint32_t mss)
{
    return mss + (addr_is4(&t->node.remote) ? 40u : 60u);
}

static uint16_t base_mss(const struct tcp *t)
{
    return addr_is4(&t->node.remote) ? t->host->mtu_base
                                     : (uint16_t)TCP_MSS_BASE6;
}

static void set_mss(struct tcp *t)
{
    const struct tcp_mtu *m = search(t);
    uint16_t              mss = bound(t);

    if (m)
        mss = MIN(mss, m->low);
    t->snd_mss = MAX(mss, (uint16_t)TCP_MSS_MIN);
}

/* ---- what ICMP told ----------------------------------------------------- */

/* What was sent and does not fit cannot have arrived: each is to be cut and
 * sent again.  RFC1191-6.4-a: only if there is such a segment. */
static void resend_larger(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = f ? segq_first(&f->segq) : NULL;
    uint32_t           mss = tcp_eff_mss(t);
    bool               any = false;

    for (; r; r = segq_next(&f->segq, r)) {
        if (tcp_text_of(r) <= mss || r->marks & SEG_SACKED)
            continue;
        tcp_mark_lost(t, r);
        any = true;
    }
    if (!any)
        return;
    f->rexmit_why = WHY_TX_PMTU;
    f->rexmit_arg = t->dest.mtu;
    f->one_first = tcp_knobs(t)->pmtu_one_first;
    /* Duplicate ACKs for it are no sign of congestion: RFC8201-5.4-a. */
    if (f->recovery == RECOVERY_NONE)
        f->recover = seq_sub(t->snd.nxt, 1);
    tcp_due(t, DUE_REXMIT | DUE_OUTPUT); /* RFC1191-6.4-b: at once */
}

/* The network layer has a new answer for the path.  RFC1191-6.3-a: one that
 * has grown changes what is sent from now on, no more. */
void tcp_mtu_path(struct tcp *t)
{
    struct tcp_mtu *m = search(t);
    uint16_t        before = t->snd_mss;

    if (t->state & TCPS_OPENING) /* tcp_syn_learn() is still to come */
        return;
    if (m && m->probe > bound(t)) {
        m->high = bound(t);
        m->probe = 0;
    }
    set_mss(t);
    if (t->snd_mss < before)
        resend_larger(t);
}

unsigned tcp_path_mtu(const struct tcp *t)
{
    struct net_dest dest = t->dest;
    struct cw_addr  src = tcp_end(t)->addr;

    if (t->state & (TCPS_CLOSED | TCPS_TIME_WAIT)
        || net_path(t->host->net, &t->node.remote, tcp_end(t)->scope, &src,
                    &dest)
            != GO_ON)
        return 0;
    return dest.mtu;
}

/* ---- the search --------------------------------------------------------- */

void tcp_mtu_free(struct tcp *t)
{
    struct tcp_mtu *m = search(t);

    if (!m)
        return;
    slab_put(m);
    tcp_past(t)->mtu = 0;
}

static bool begin(struct tcp *t, uint16_t low)
{
    struct tcp_past *p = tcp_past_new(t);
    struct tcp_mtu  *m = search(t) ?: slab_get0(&t->host->ranges);

    if (p && m)
        p->mtu = arena_ref(tcp_env(t)->arena, m);
    else if (m)
        slab_put(m);
    if (!p || !m) {
        env_count(tcp_env(t), COUNT_NO_MEMORY);
        return false;
    }
    m->low = low;
    m->high = bound(t);
    m->probe = 0;
    set_mss(t);
    return true;
}

/* What the SYNs settled is known. */
void tcp_mtu_settled(struct tcp *t)
{
    set_mss(t);
    if (t->host->mtu_probing == CW_MTU_PROBING_ALWAYS
        && base_mss(t) < t->snd_mss)
        begin(t, base_mss(t));
}

static void probe_failed(struct tcp *t)
{
    struct tcp_mtu *m = search(t);

    INVARIANT(m && m->probe > m->low);
    m->high = (uint16_t)(m->probe - 1);
    m->probe = 0;
    env_count(tcp_env(t), COUNT_TCP_MTUP_FAIL);
}

/* RFC 4821 §7.3: large enough to be worth it, small enough to arrive. */
static uint16_t next_size(struct tcp *t)
{
    struct tcp_mtu *m = search(t);

    m->high = MIN(m->high, bound(t));
    if (m->high >= m->low + NEAR_ENOUGH)
        return (uint16_t)(m->low + (m->high - m->low + 1) / 2);
    if (tcp_now(t) < m->again)
        return 0;
    if (m->again != 0) /* RFC 4821 §7.7: the path may be another by now */
        m->high = bound(t);
    m->again = ns_add(tcp_now(t), PMTU_LIFE);
    return 0;
}

/* RFC 4821 §7.4: enough data behind it for its loss to be seen, and room for
 * all of it; and nothing else going on. */
uint32_t tcp_mtu_probe_len(struct tcp *t)
{
    const struct tcp_flight *f = t->flight;
    const struct tcp_mtu    *m = search(t);
    uint32_t                 room, need, len, waits = tcp_new_data(t, &room);
    uint16_t                 size;

    if (!m || m->probe || t->snd_urgent
        || (f
            && (f->recovery != RECOVERY_NONE || f->dupacks > 0
                || f->segq.sacked_bytes > 0 || f->segq.lost_bytes > 0)))
        return 0;
    size = next_size(t);
    if (size == 0)
        return 0;
    len = size - (t->snd_mss - tcp_eff_mss(t));
    need = len + DUPS * tcp_eff_mss(t);
    if (waits < need || room < need || tcp_pipe(t) + need > t->cwnd)
        return 0;
    return len;
}

void tcp_mtu_probe_sent(struct tcp *t, seq start, uint32_t len)
{
    struct tcp_mtu *m = search(t);

    m->probe = (uint16_t)(len + (t->snd_mss - tcp_eff_mss(t)));
    m->start = start;
    m->end = seq_add(start, len);
    INVARIANT(m->probe > m->low);
}

uint32_t tcp_mtu_probe_packet(const struct tcp *t, uint32_t len)
{
    return packet_of(t, len + (t->snd_mss - tcp_eff_mss(t)));
}

/* Something before snd.una arrived. */
void tcp_mtu_acked(struct tcp *t)
{
    struct tcp_mtu *m = search(t);

    if (!m || !m->probe || seq_lt(t->snd.una, m->end))
        return;
    m->low = m->probe;
    m->probe = 0;
    set_mss(t);
    env_count(tcp_env(t), COUNT_TCP_MTUP_SUCCESS);
}

/* Is it the one that tries what the path takes? */
bool tcp_mtu_is_probe(const struct tcp *t, const struct segrec *r)
{
    const struct tcp_mtu *m = search(t);

    return m && m->probe && seq_eq(r->start, m->start);
}

/* The first segment is believed lost.  True: it was the probe, which is cut
 * and sent again, and this is no congestion (RFC 4821 §7.6.2). */
bool tcp_mtu_probe_lost(struct tcp *t)
{
    struct tcp_mtu    *m = search(t);
    struct tcp_flight *f = t->flight;
    seq                end;

    if (!m || !m->probe || !seq_eq(t->snd.una, m->start))
        return false;
    end = m->end;
    tcp_recover_first(t, WHY_TX_PROBE_LOST);
    f->rexmit_arg = packet_of(t, m->probe);
    f->recover = seq_sub(end, 1);
    probe_failed(t);
    return true;
}

/* ---- silence ------------------------------------------------------------ */

/* RFC 4821 §7.7: half of what did not arrive, at first the base. */
static uint16_t less(const struct tcp *t)
{
    uint16_t base = base_mss(t);

    if (t->snd_mss > base)
        return base;
    if (!addr_is4(&t->node.remote))
        return t->snd_mss;
    return MAX((uint16_t)(t->snd_mss / 2), (uint16_t)TCP_MSS_MIN);
}

/* The timer has expired, t->backoff times in a row; what is to be sent again
 * is marked. */
void tcp_mtu_timeout(struct tcp *t)
{
    const struct segrec *r = segq_first(&t->flight->segq);
    struct tcp_mtu      *m = search(t);
    uint16_t             was = t->snd_mss;

    if (m && m->probe) {
        if (seq_eq(t->snd.una, m->start))
            probe_failed(t);
        m->probe = 0; /* else inconclusive: RFC 4821 §7.6.4 */
    }
    if (t->host->mtu_probing == CW_MTU_PROBING_OFF || t->backoff < SUSPECT
        || !(t->state & TCPS_SYNCHRONIZED)
        || tcp_text_of(r) <= less(t) - (was - tcp_eff_mss(t)))
        return;
    if (!begin(t, less(t)) || t->snd_mss == was)
        return;
    t->cwnd = MIN(t->cwnd, tcp_eff_mss(t)); /* one segment, as it is now */
    env_count(tcp_env(t), COUNT_TCP_MTU_BLACK_HOLE);
    t->flight->rexmit_why = WHY_TX_BLACK_HOLE;
    t->flight->rexmit_arg = packet_of(t, t->snd_mss);
}
