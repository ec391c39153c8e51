/* snapshot.c: copies of what is going on, for observers (observe.h).
 */
#include "base/addr.h"
#include "sock/sock.h"

enum { ROW_TIMER_DELACK = 5 }; /* observe.h */

struct fill {
    struct cw_sock_row *rows;
    size_t              max, n;
};

/* Completes a row with what only the socket layer knows. */
static void complete(struct cw_sock_row *row, const struct sock *s,
                     uint8_t type)
{
    row->type = type;
    row->sd = s ? s->sd : -1;
    row->owner = s ? s->owner : 0;
    row->domain = addr_is4(&row->local.addr) ? CW_AF_INET : CW_AF_INET6;
    if (s)
        row->domain = s->domain;
}

static void add(struct fill *f, const struct sock *s, uint8_t type,
                const struct cw_sock_row *row)
{
    if (f->n < f->max) {
        f->rows[f->n] = *row;
        complete(&f->rows[f->n], s, type);
    }
    f->n++;
}

static bool add_tcp(void *ctx, void *owner, struct cw_sock_row *row)
{
    add(ctx, owner, CW_SOCK_STREAM, row);
    return true;
}

static bool add_udp(void *ctx, struct udp_sock *u, void *owner,
                    struct cw_sock_row *row)
{
    (void)u;
    add(ctx, owner, CW_SOCK_DGRAM, row);
    return true;
}

size_t cw_snapshot_socks(cw_stack *st, struct cw_sock_row *rows, size_t max,
                         cw_ns now)
{
    struct fill f = { rows, max, 0 };

    stack_enter(st, now);
    tcp_each(st->tcp, add_tcp, &f);
    udp_each(st->udp, add_udp, &f);
    return f.n;
}

unsigned cw_counter_count(void)
{
    return COUNT_COUNT_OF;
}

const char *cw_counter_name(unsigned i)
{
    return i < COUNT_COUNT_OF ? count_name(i) : NULL;
}

uint64_t cw_counter_value(const cw_stack *st, unsigned i)
{
    return i < COUNT_COUNT_OF ? st->env.count[i] : 0;
}

struct bound {
    const struct cw_addr *dst;
    uint16_t              port;
    bool                  found;
};

static bool match(void *ctx, struct udp_sock *u, void *owner,
                  struct cw_sock_row *row)
{
    struct bound         *b = ctx;
    const struct cw_addr *l = &row->local.addr;
    bool                  covers = addr_eq(l, b->dst);

    (void)owner;
    if (addr_is_any(l)) /* :: covers IPv4 too, unless V6ONLY */
        covers = addr_is4(l) == addr_is4(b->dst)
            || (!addr_is4(l) && !udp_opts(u)->v6only);
    b->found = covers && row->local.port == b->port;
    return !b->found;
}

bool stack_udp_bound(struct cw_stack *st, const struct cw_addr *dst,
                     uint16_t port)
{
    struct bound b = { dst, port, false };

    udp_each(st->udp, match, &b);
    return b.found;
}

/* An orphan in FIN-WAIT-2 waits for a peer that may never close: nobody would
 * notice.  A connection with an owner is idle when it has nothing to send and
 * no timer runs. */
static bool row_idle(const struct cw_sock_row *row, bool owned)
{
    switch ((enum cw_state)row->state) {
    case CW_LISTEN:
    case CW_TIME_WAIT:
    case CW_CLOSED:
        return true;
    case CW_FIN_WAIT2:
        return row->timer != ROW_TIMER_DELACK;
    case CW_ESTABLISHED:
    case CW_CLOSE_WAIT:
        return owned && row->send_q == 0 && row->timer == 0;
    case CW_SYN_SENT:
    case CW_SYN_RECV:
    case CW_FIN_WAIT1:
    case CW_LAST_ACK:
    case CW_CLOSING:
        break;
    }
    return false;
}

static bool check_idle(void *ctx, void *owner, struct cw_sock_row *row)
{
    bool *idle = ctx;

    *idle = row_idle(row, owner != NULL);
    return *idle;
}

bool stack_idle(struct cw_stack *st)
{
    bool idle = true;

    tcp_each(st->tcp, check_idle, &idle);
    return idle;
}
