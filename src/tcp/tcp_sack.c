/* tcp_sack.c: the SACK scoreboard: blocks in, marks on the send records;
 * and the blocks that we report.
 *
 *   RFC 2018; RFC 2883 (D-SACK, reported, and recognised: what it means is
 *   tcp_undo.c's and tcp_rack.c's); RFC 6675 §4 (IsLost by DupThresh), where
 *   RACK does not judge (RFC8985-9.2-a).  Bounded: a block that is not inside
 *   (SND.UNA, SND.NXT] is ignored.
 */
#include "tcp/tcb.h"

enum { DUP_THRESH = 3 };

/* A block is of use if it lies above the cumulative ACK and within what was
 * sent; D-SACK blocks (RFC 2883 §4) do not. */
static bool useful(const struct tcp *t, seq left, seq right)
{
    return seq_lt(left, right) && seq_gt(left, t->snd.una)
        && seq_le(right, t->snd.nxt);
}

/* An honest receiver holds what was sent as one: blocks cut records where
 * segments were merged.  One that reports single octets would have a record
 * made for each. */
static bool may_split(const struct tcp *t)
{
    const struct segq *q = &t->flight->segq;

    return q->count < TCP_SACK_SPLITS + 2 * (q->bytes / tcp_eff_mss(t))
        && q->count < TCP_SEGS_MAX;
}

/* What was SACKed together is one record, however it came about: a block
 * that grows is looked at once, not again with each ACK. */
static struct segrec *join(struct segq *q, struct segrec *r)
{
    struct segrec *p = segq_prev(q, r), *n = segq_next(q, r);

    if (n && (n->marks & SEG_SACKED))
        r = segq_join(q, r);
    if (p && (p->marks & SEG_SACKED))
        r = segq_join(q, p);
    return r;
}

/* Marks what the block covers; records that it cuts are split.  Each step is
 * paid for by a record that becomes SACKed, now or before, but for those of
 * the search. */
static uint32_t mark_block(struct tcp *t, seq left, seq right,
                           struct segq_news *news, uint32_t *most)
{
    struct segq   *q = &t->flight->segq;
    struct slab   *slab = &t->host->segs;
    struct segrec *r = segq_seek(q, left, most);
    uint32_t       fresh = 0;

    if (r && seq_lt(r->start, left) && !(r->marks & SEG_SACKED))
        r = may_split(t) ? segq_split(q, slab, r, left) : segq_next(q, r);
    for (; r && seq_lt(r->start, right); r = segq_next(q, r)) {
        if (r->marks & SEG_SACKED)
            continue;
        if (seq_gt(r->end, right)
            && (!may_split(t) || !segq_split(q, slab, r, right)))
            break; /* believed less than was said */
        if (news)
            segq_delivered(news, r);
        tcp_mark_sacked(t, r);
        fresh += seq_from(r->end, r->start);
        r = join(q, r);
    }
    return fresh;
}

/* RFC 2883 §4: is the first block about what has come twice?  It lies below
 * the cumulative ACK of its own segment (§4.1, RFC2883-5-a), or within the
 * second block (§4.2). */
bool tcp_dsack_in(const struct tcp *t, const struct seg *s,
                  struct seqrange *range)
{
    const struct tcpopt *o = s->opt;
    seq                  left, right;

    if (!t->sack_ok || o->nsack == 0)
        return false;
    left = o->sack[0].left;
    right = o->sack[0].right;
    if (!seq_lt(left, right)
        || seq_gt(seq_sub(s->ack, MAX(t->snd.max_wnd, 1u)), left))
        return false;
    *range = (struct seqrange){ left, right };
    if (seq_le(right, s->ack))
        return true;
    return o->nsack > 1 && seq_ge(left, o->sack[1].left)
        && seq_le(right, o->sack[1].right);
}

static void note_walk(struct tcp *t, uint32_t left)
{
    env_count_by(tcp_env(t), COUNT_TCP_SACK_WALK, TCP_SACK_WALK_MAX - left);
}

/* The blocks of one segment (RFC2018-5-a); true if any tells something new.
 * The newest block is the first: what the walk does not come to was told
 * before (RFC 2018 §4). */
bool tcp_sack_in(struct tcp *t, const struct seg *s, struct tcp_news *n)
{
    uint32_t fresh = 0, most = TCP_SACK_WALK_MAX;

    n->seg.limit = n->sack_limit;
    for (unsigned i = 0; i < s->opt->nsack; i++) {
        seq left = s->opt->sack[i].left;
        seq right = s->opt->sack[i].right;

        if (!useful(t, left, right))
            continue;
        fresh += mark_block(t, left, right, &n->seg, &most);
        n->high = seq_max(n->high, right);
        t->flight->high_sacked = seq_max(t->flight->high_sacked, right);
    }
    note_walk(t, most);
    return fresh > 0;
}

/* The record of the highest octet that was SACKed. */
static struct segrec *highest(struct tcp *t, uint32_t *most)
{
    struct tcp_flight *f = t->flight;

    if (seq_le(f->high_sacked, t->snd.una))
        return NULL;
    return segq_seek(&f->segq, seq_sub(f->high_sacked, 1), most);
}

/* One that NextSeg () (3) has sent again already is not sent once more. */
static void found_lost(struct tcp *t, struct segrec *r)
{
    uint8_t again = r->marks & SEG_REXMIT;

    tcp_mark_lost(t, r);
    segq_mark(&t->flight->segq, r, again, 0);
}

/* RFC6675-4-b, IsLost(): DupThresh discontiguous runs above it were SACKed,
 * or more than DupThresh - 1 full segments' bytes.  Walks down from the
 * highest until that is so, though not for ever; what is below was judged
 * before, or is lost. */
void tcp_sack_judge(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    uint32_t           bytes = 0, runs = 0, most = TCP_SACK_WALK_MAX;
    uint32_t           enough = (DUP_THRESH - 1) * tcp_eff_mss(t);
    struct segrec     *r = highest(t, &most);
    seq                below = f->lost_below;
    bool               lost = false;

    for (; r && seq_gt(r->end, below); r = segq_prev(&f->segq, r)) {
        if (!lost && most == 0)
            break;
        most -= !lost;
        if (r->marks & SEG_SACKED) {
            bytes += seq_from(r->end, r->start);
            if (!lost && (++runs >= DUP_THRESH || bytes > enough)) {
                lost = true;
                f->lost_below = r->start;
            }
        } else if (lost && !(r->marks & SEG_LOST)) {
            found_lost(t, r);
        }
    }
    note_walk(t, most);
}

/* NextSeg () (3): the first record that is neither SACKed nor lost nor was
 * sent again, below the highest that was SACKed.  What is lost above high_rxt
 * went before (1), and what is SACKed is one record: it is near. */
static struct segrec *may_be_lost(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    uint32_t           most = TCP_SACK_WALK_MAX;
    struct segrec     *r = segq_seek(&f->segq, f->high_rxt, &most);

    for (; r && most > 0 && seq_lt(r->start, f->high_sacked); most--) {
        if (!(r->marks & (SEG_SACKED | SEG_LOST | SEG_REXMIT)))
            return r;
        r = segq_next(&f->segq, r);
    }
    return NULL;
}

/* (4): the highest that is not SACKed, no more than a segment of it, once
 * after the first retransmission was acknowledged. */
static struct segrec *rescue(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r = segq_last(&f->segq);
    uint32_t           mss = tcp_eff_mss(t);

    if (!seq_gt(t->snd.una, f->rescue_rxt))
        return NULL;
    while (r && (r->marks & SEG_SACKED))
        r = segq_prev(&f->segq, r);
    if (r && tcp_text_of(r) > mss)
        r = segq_split(&f->segq, &t->host->segs, r, seq_sub(r->end, mss));
    if (r)
        f->rescue_rxt = f->recover;
    return r;
}

/* RFC 6675 §4 NextSeg () (3) and (4), RFC6675-4-d: nothing is known to be
 * lost, nothing new can go, and yet the window has room in recovery.  What (3)
 * sends counts twice in the pipe; (4) leaves no mark. */
struct segrec *tcp_sack_last_resort(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segrec     *r;

    if (!t->sack_ok || tcp_rack(t) || !f || f->recovery != RECOVERY_FAST
        || !tcp_knobs(t)->sack_last_resort
        || tcp_pipe(t) + tcp_eff_mss(t) > t->cwnd)
        return NULL;
    r = may_be_lost(t);
    if (!r)
        return rescue(t);
    segq_mark(&f->segq, r, SEG_REXMIT, 0);
    f->high_rxt = r->end;
    return r;
}

/* Is the oldest record lost? */
bool tcp_sack_is_lost(const struct tcp *t)
{
    const struct segrec *r = segq_first(&t->flight->segq);

    return r && (r->marks & SEG_LOST);
}

/* RFC2018-8-a, RFC6675-4-a: what was SACKed is kept until it is acknowledged: after a
 * timeout the receiver may turn out to have thrown it away.  Then it is as
 * lost as the rest. */
void tcp_sack_reset(struct tcp *t)
{
    struct tcp_flight *f = t->flight;
    struct segq       *q = &f->segq;

    for (struct segrec *r = segq_first(q); r; r = segq_next(q, r)) {
        if (!(r->marks & SEG_SACKED))
            continue;
        f->lost += seq_from(r->end, r->start);
        segq_mark(q, r, SEG_LOST, SEG_SACKED | SEG_REXMIT);
    }
    f->high_sacked = t->snd.una;
}

/* What we report: a duplicate first (RFC2883-4-a), then the ranges out of
 * order, the newest first (RFC2018-4-c, RFC2018-4-d); a FIN that has come with
 * the last of them is in it, or its sender would send it again. */
void tcp_sack_blocks(struct tcp *t, struct tcpopt *o, unsigned max)
{
    struct seqrange r[TCPOPT_SACK_MAX];
    unsigned        n;

    o->nsack = 0;
    if (!t->sack_ok || max == 0)
        return;
    if (!seq_eq(t->dsack.left, t->dsack.right)) {
        o->sack[0].left = t->dsack.left;
        o->sack[0].right = t->dsack.right;
        o->nsack = 1;
        env_count(tcp_env(t),
                  seq_lt(t->dsack.left, t->rcv.nxt)
                      ? COUNT_TCP_DSACK_OLD_SENT
                      : COUNT_TCP_DSACK_OFO_SENT);
        t->dsack.right = t->dsack.left;
    }
    n = recvq_sack(&t->recvq, r, max - o->nsack);
    for (unsigned i = 0; i < n; i++) {
        o->sack[o->nsack].left = r[i].left;
        o->sack[o->nsack].right = r[i].right;
        if (t->fin_pending && seq_eq(r[i].right, t->rcv.fin))
            o->sack[o->nsack].right = seq_add(r[i].right, 1);
        o->nsack++;
    }
}
