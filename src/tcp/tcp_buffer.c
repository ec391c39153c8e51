/* tcp_buffer.c: how large the buffers are: they grow with what a connection
 * moves in a round trip, up to a maximum, while the host has memory.
 *
 *   Owns opts.rcvbuf and opts.sndbuf after the beginning, unless the program
 *   set them (SO_RCVBUF, SO_SNDBUF), and what memory pressure makes of them.
 *   Receiving: the program reads as much in one round trip as the path and
 *   it can carry; what comes next is allowed for a round trip ahead, and a sender
 *   in slow start doubles in each: four times that
 *   (dynamic right-sizing).  Sending: twice the congestion window, so that
 *   what is in flight can be kept and as much again is ready to follow.
 *   Under pressure windows stop growing and then shrink, by data that comes:
 *   the right edge never moves left (RFC 9293 §3.8.6, SHLD-14).
 *   Integers only, and no state but the last measurement's.
 */
#include "tcp/cc.h"

/* A path shorter than this needs no larger buffer: 64 KiB in 50 us are 10
 * Gbit/s; and on one that has no delay at all there is no round trip to
 * measure by. */
enum { RTT_MIN_US = 50 };

/* Segments that an ACK finds unread, since it goes before the program reads. */
enum { SLACK = 16 };

/* Of memory that bulk data leave alone (scarce()). */
enum { SPARE_PAGES = 8, SPARE_BUFS = 4 };

static bool worth_it(const struct tcp *t)
{
    return t->min_rtt_us >= RTT_MIN_US && t->min_rtt_us != UINT32_MAX;
}

/* Are the pages that nobody has, with what those that are lent have left for
 * more of the same, few enough that a new connection may need them?  A page
 * with one object in it is nobody else's, so bytes in use do not tell. */
static bool scarce(const struct tcp_host *h, const struct slab *s)
{
    size_t left = arena_left(h->env->arena) + (size_t)s->room * s->size;

    return left < SPARE_PAGES * ARENA_PAGE + SPARE_BUFS * s->size;
}

bool tcp_scarce_in(const struct tcp_host *h)
{
    return scarce(h, &h->env->pbufs.middle);
}

bool tcp_scarce_out(const struct tcp_host *h)
{
    return scarce(h, &h->env->pbufs.large);
}

/* Of the budget's bytes: up to three quarters there is no pressure. */
enum tcp_pressure tcp_pressure(const struct tcp_host *h)
{
    size_t used = arena_used(h->env->arena);

    if (used >= h->budget || tcp_scarce_in(h))
        return TCP_PRESSURE_HARD;
    return used < h->budget - h->budget / 4 ? TCP_PRESSURE_NONE
                                            : TCP_PRESSURE_SOME;
}

/* A buffer of `size` bytes under pressure: back to what it began with, then
 * to what keeps a connection moving. */
static uint32_t pressed(const struct tcp *t, uint32_t size, uint32_t first)
{
    switch (tcp_pressure(t->host)) {
    case TCP_PRESSURE_NONE:
        return size;
    case TCP_PRESSURE_SOME:
        return MIN(size, first);
    case TCP_PRESSURE_HARD:
        return MIN(MIN(size, first), 4u * t->snd_mss);
    }
    INVARIANT(false);
}

uint32_t tcp_rcvbuf(const struct tcp *t)
{
    return pressed(t, t->opts.rcvbuf, t->host->rcvbuf);
}

uint32_t tcp_sndbuf(const struct tcp *t)
{
    return pressed(t, t->opts.sndbuf, t->host->sndbuf);
}

/* What a window may ever be, for the scale in the SYN (RFC 7323 §2.3). */
uint32_t tcp_rcvbuf_most(const struct tcp_host *h, const struct tcp_opts *o)
{
    if (o->buf_set & TCP_RCVBUF_SET)
        return o->rcvbuf;
    return MAX(o->rcvbuf, h->rcvbuf_max);
}

static void event(const struct tcp *t, bool sending, uint32_t from,
                  uint32_t to)
{
    struct cw_event ev = { .kind = EV_BUFFER, .flow = t->flow };

    if (!env_observed(tcp_env(t)))
        return;
    ev.v[0] = sending;
    ev.v[1] = from;
    ev.v[2] = to;
    env_event(tcp_env(t), &ev);
}

/* The bytes up to which the program has read. */
static seq taken(const struct tcp *t)
{
    return seq_sub(t->rcv.nxt, t->recvq.ready + t->app_held);
}

/* Half of the way back to what it began with. */
static void shrink_rcvbuf(struct tcp *t)
{
    uint32_t before = t->opts.rcvbuf;

    if (before <= t->host->rcvbuf)
        return;
    t->opts.rcvbuf = t->host->rcvbuf + (before - t->host->rcvbuf) / 2;
    event(t, false, before, t->opts.rcvbuf);
}

static void grow_rcvbuf(struct tcp *t, uint64_t want)
{
    uint32_t before = t->opts.rcvbuf;

    want = MIN(want, (uint64_t)t->host->rcvbuf_max);
    if (want <= before)
        return;
    t->opts.rcvbuf = (uint32_t)want;
    env_count(tcp_env(t), COUNT_TCP_RCVBUF_GREW);
    event(t, false, before, t->opts.rcvbuf);
}

/* Is there pressure?  Its beginnings are counted. */
static bool under_pressure(struct tcp_host *h)
{
    bool now = tcp_pressure(h) != TCP_PRESSURE_NONE;

    if (now && !h->pressed)
        env_count(h->env, COUNT_TCP_MEMORY_PRESSURES);
    h->pressed = now;
    return now;
}

/* The program has read.  What it took since the last look, once that is a
 * round trip ago, as the bytes of one round trip. */
void tcp_buffer_read(struct tcp *t)
{
    uint32_t now = (uint32_t)(tcp_now(t) / NS_US);
    uint32_t rtt = t->min_rtt_us, age = now - t->recvq.note;
    uint64_t bytes;

    if ((t->opts.buf_set & TCP_RCVBUF_SET)
        || t->host->rcvbuf_max <= t->host->rcvbuf || !worth_it(t))
        return;
    if (t->tuning && age < rtt)
        return;
    bytes = seq_from(taken(t), t->tune_from);
    if (t->tuning && under_pressure(t->host))
        shrink_rcvbuf(t);
    else if (t->tuning)
        grow_rcvbuf(t, 4 * (bytes * rtt / age) + SLACK * t->rcv_mss);
    t->tuning = true;
    t->tune_from = taken(t);
    t->recvq.note = now;
}

/* The congestion window has grown, perhaps. */
void tcp_buffer_acked(struct tcp *t)
{
    uint32_t before = t->opts.sndbuf;
    uint32_t want = MIN(t->cwnd, (uint32_t)SOCKBUF_MAX) * 2;

    want = MIN(want, t->host->sndbuf_max);
    if (want <= before || !worth_it(t) || (t->opts.buf_set & TCP_SNDBUF_SET)
        || under_pressure(t->host))
        return;
    t->opts.sndbuf = want;
    env_count(tcp_env(t), COUNT_TCP_SNDBUF_GREW);
    event(t, true, before, want);
}
