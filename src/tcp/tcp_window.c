/* tcp_window.c: how much may be sent and how much is offered.
 *
 *   RFC 9293 §3.8.6: window, silly window syndrome on both sides (§3.8.6.2.1
 *   sender MUST-38, §3.8.6.2.2 receiver MUST-39), Nagle (§3.7.4, SHLD-7);
 *   RFC 7323 §2 (scaling).  Invariant: rcv.edge never moves left (SHLD-14).
 */
#include "tcp/tcb.h"

static uint32_t free_space(const struct tcp *t)
{
    uint32_t used = t->recvq.ready + t->app_held;

    uint32_t size = tcp_rcvbuf(t);

    return size > used ? size - used : 0;
}

/* MUST-39: the edge moves on only by a worthwhile step, and as long as nobody
 * reads not at all (MAY-8). */
uint32_t tcp_rcv_wnd(const struct tcp *t)
{
    uint32_t now = seq_from(t->rcv.edge, t->rcv.nxt);
    uint32_t room = free_space(t);
    uint32_t step = MIN(tcp_rcvbuf(t) / 2, (uint32_t)t->rcv_mss);

    if (room < now + step || (t->state & TCPS_FIN_SEEN))
        return now; /* after the peer's FIN there is nothing to offer for */
    return room;
}

/* Rounded up: rounded down, the right edge would move left (SHLD-14,
 * RFC7323-2.4-a, RFC7323-2.4-b). */
uint16_t tcp_wnd_scaled(uint32_t wnd, unsigned scale)
{
    uint32_t field = (wnd + (1u << scale) - 1) >> scale;

    return (uint16_t)MIN(field, 65535u);
}

/* Rounding up moves the edge a little with each segment; when that has come to
 * a sixteenth of the buffer it is enough, and the peer sees the edge less than
 * one unit further left than we hold it (RFC 7323 §2.4). */
static bool rounds_too_far(const struct tcp *t, uint32_t wnd)
{
    uint32_t size = MAX(t->opts.rcvbuf, t->host->rcvbuf);

    return t->recvq.ready + t->app_held + wnd > size + size / 16;
}

/* The window field of a segment that goes out now; moves rcv.edge to what
 * the peer will read in it. */
uint16_t tcp_wnd_field(struct tcp *t, bool syn)
{
    uint32_t before = seq_from(t->rcv.edge, t->rcv.nxt);
    uint32_t wnd = tcp_rcv_wnd(t);
    unsigned scale = syn ? 0 : t->rcv_wscale;
    uint16_t field = tcp_wnd_scaled(wnd, scale);

    if (wnd > before && (wnd >> scale << scale) > before)
        field = (uint16_t)MIN(wnd >> scale, 65535u);
    else if (rounds_too_far(t, (uint32_t)field << scale))
        field = (uint16_t)MIN(before >> scale, 65535u);
    wnd = (uint32_t)field << scale;
    if (wnd > before)
        t->rcv.edge = seq_add(t->rcv.nxt, wnd);
    if (!(t->state & TCPS_SYNCHRONIZED))
        return field;
    if (wnd == 0 && before > 0)
        env_count(tcp_env(t), COUNT_TCP_WANT_ZERO_WIN);
    if (wnd > 0 && before == 0)
        env_count(tcp_env(t), COUNT_TCP_FROM_ZERO_WIN);
    return field;
}

/* The user has read: is it worth a segment to say so?  When the window at
 * least doubles, as hosts do; other segments carry the rest. */
bool tcp_wnd_update_due(const struct tcp *t)
{
    uint32_t now = seq_from(t->rcv.edge, t->rcv.nxt);
    uint32_t next = tcp_rcv_wnd(t);

    if (!(t->state & TCPS_FIN_NOT_SEEN))
        return false;
    return next > now && next / 2 >= now;
}

/* Bytes queued and not yet sent, and what the peer's window still takes: the
 * latest one, which may be less than what is in flight (MUST-34, SHLD-15,
 * RFC7323-2.4-c). */
uint32_t tcp_new_data(const struct tcp *t, uint32_t *window_room)
{
    seq      right = seq_add(t->snd.una, t->snd.wnd);
    uint32_t sent = seq_from(t->snd.nxt, tcp_send_base(t));

    *window_room = seq_gt(right, t->snd.nxt) ? seq_from(right, t->snd.nxt)
                                             : 0;
    if (t->fin_sent || tcp_is_opening(t) || t->state == TCPS_CLOSED
        || (t->state == TCPS_SYN_RCVD && seq_eq(t->snd.nxt, t->iss)))
        return 0;
    INVARIANT(sent <= t->sendq.len);
    return t->sendq.len - sent;
}

/* For who draws the window: what of it is used, and what waits. */
void tcp_snd_wnd_event(struct tcp *t)
{
    struct cw_event ev = { .kind = EV_SND_WND, .flow = t->flow };
    uint32_t        room;

    if (!env_observed(tcp_env(t)))
        return;
    ev.v[0] = seq_from(t->snd.una, t->iss);
    ev.v[1] = seq_from(t->snd.nxt, t->iss);
    ev.v[2] = t->snd.wnd;
    ev.v[3] = tcp_new_data(t, &room);
    env_event(tcp_env(t), &ev);
}

/* MUST-38: may a segment of len bytes go, which is `last` if it takes all
 * that is queued?  §3.8.6.2.1 (1) to (3); (4), the override timeout, is the
 * persist timer.  Nagle is the part about unacknowledged data. */
bool tcp_may_send(const struct tcp *t, uint32_t len, bool last)
{
    bool idle = seq_eq(tcp_send_base(t), t->snd.nxt); /* a SYN is no data */

    if (len >= tcp_eff_mss(t))
        return true;
    if (last && t->fin_queued)
        return true;
    if (t->snd_urgent) /* urgent data is not held back */
        return true;
    if (last && (t->opts.cork || t->msg_more) && !t->cork_over)
        return false;
    if (last && (idle || t->opts.nodelay))
        return true;
    return len >= t->snd.max_wnd / 2 && t->snd.max_wnd > 0
        && (idle || t->opts.nodelay);
}
