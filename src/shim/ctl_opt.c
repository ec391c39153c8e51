/* ctl_opt.c: socket options and interface requests.
 *
 * What the stack knows, the stack answers.  Timeouts, low-water marks and
 * the like belong to the pair, where the kernel keeps them.  What would
 * promise more than we have (zero copy, kernel TLS) is refused,
 * and programs fall back.  Hints without effect here are accepted.
 */
#include "shim/ep.h"

#include "base/check.h"
#include "base/addr.h"
#include "obs/linux_info.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

enum { TIMEO_NEW_RCV = 66, TIMEO_NEW_SND = 67 };

enum policy { ASK_STACK, LEAVE_NATIVE, REFUSE, ACCEPT };

static const struct {
    int     level, name;
    uint8_t set, get; /* enum policy */
    int     value;    /* ACCEPT: what reading it gives */
} table[] = {
    { SOL_SOCKET, SO_RCVTIMEO, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_SNDTIMEO, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, TIMEO_NEW_RCV, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, TIMEO_NEW_SND, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_OOBINLINE, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_RCVLOWAT, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_SNDLOWAT, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_PEEK_OFF, LEAVE_NATIVE, LEAVE_NATIVE, 0 },
    { SOL_SOCKET, SO_PRIORITY, ACCEPT, ACCEPT, 0 },
    { SOL_SOCKET, SO_DONTROUTE, ACCEPT, ACCEPT, 0 },
    { SOL_SOCKET, SO_NO_CHECK, ACCEPT, ACCEPT, 0 },
    { SOL_SOCKET, SO_BUSY_POLL, ACCEPT, ACCEPT, 0 },
    { SOL_SOCKET, SO_INCOMING_CPU, ACCEPT, ACCEPT, 0 },
    { IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ACCEPT, ACCEPT, 0 },
    { IPPROTO_IP, IP_FREEBIND, ACCEPT, ACCEPT, 0 },
    { IPPROTO_TCP, TCP_DEFER_ACCEPT, ACCEPT, ACCEPT, 0 },
    { IPPROTO_TCP, TCP_SYNCNT, ACCEPT, ACCEPT, 6 },
    { IPPROTO_TCP, TCP_WINDOW_CLAMP, ACCEPT, ACCEPT, 0 },
    { IPPROTO_TCP, TCP_NOTSENT_LOWAT, ACCEPT, ACCEPT, 0 },
    { IPPROTO_TCP, TCP_LINGER2, ACCEPT, ACCEPT, 60 },
};

_Static_assert(sizeof table / sizeof *table <= EP_HINTS,
               "one value for each row");

static enum policy policy_of(int level, int name, bool set, size_t *row)
{
    for (*row = 0; *row < ARRAY_LEN(table); ++*row)
        if (table[*row].level == level && table[*row].name == name)
            return set ? table[*row].set : table[*row].get;
    return level == SOL_SOCKET || level == IPPROTO_TCP || level == IPPROTO_IP
            || level == IPPROTO_IPV6 || level == IPPROTO_UDP
        ? ASK_STACK
        : REFUSE;
}

/* Remembered, so that it reads as it was set. */
static int set_hint(struct ep *ep, size_t row, const struct call *call)
{
    int v;

    if (call->len < sizeof v)
        return -EINVAL;
    memcpy(&v, call->data, sizeof v);
    ep->hints[row] = v;
    ep->hinted |= UINT32_C(1) << row;
    return 0;
}

static int get_hint(const struct ep *ep, size_t row)
{
    return ep->hinted >> row & 1 ? ep->hints[row] : table[row].value;
}

void ctl_setopt(struct ep *ep, struct ctl_front *front,
                const struct call *call)
{
    struct wcall   c = { .op = EVC_SETSOCKOPT,
                         .a = call->a,
                         .b = call->b,
                         .in = call->data,
                         .in_len = call->len };
    struct wresult res;
    size_t         row;

    switch (policy_of(call->a, call->b, true, &row)) {
    case LEAVE_NATIVE:
        ep_native(front, call->id);
        break;
    case REFUSE:
        ep_answer(front, call->id, -ENOPROTOOPT);
        break;
    case ACCEPT:
        ep_answer(front, call->id, set_hint(ep, row, call));
        break;
    case ASK_STACK:
        ep_answer(front, call->id, ep->sd < 0 ? 0 : ep_call(ep, &c, &res));
        break;
    }
}

static void answer_bytes(struct ctl_front *front, const struct call *call,
                         const void *data, size_t len)
{
    struct reply r = {
        .id = call->id, .kind = REPLY_VALUE, .fd = -1, .data = data
    };

    r.len = (uint32_t)MIN((uint64_t)len, call->room);
    front->answer(front, &r);
}

/* SO_ERROR: ours first, then the stack's; and the pair's own is taken off
 * with it. */
static void get_error(struct ep *ep, struct ctl_front *front,
                      const struct call *call)
{
    int own = 0,
        err = ep->type == SOCK_DGRAM ? ep_gram_take_error(ep, call->fd)
                                     : ep_take_error(ep, call->fd);
    socklen_t      len = sizeof own;
    struct wcall   c = { .op = EVC_GETSOCKOPT,
                         .a = SOL_SOCKET,
                         .b = SO_ERROR,
                         .out = &own,
                         .out_len = sizeof own };
    struct wresult res;

    if (!err && ep->sd >= 0 && ep_call(ep, &c, &res) >= 0)
        err = own;
    (void)getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &own, &len);
    answer_bytes(front, call, &err, sizeof err);
}

static bool asks_info(const struct call *call)
{
    return call->a == IPPROTO_TCP
        && (call->b == TCP_INFO || call->b == TCP_CC_INFO);
}

/* A program reads Linux's struct, or as much of it as it knows; of most
 * controllers there is nothing to read. */
static void answer_info(struct ctl_front *front, const struct call *call,
                        const struct cw_tcp_info *info)
{
    struct linux_info     l;
    struct linux_bbr_info b;

    linux_info(info, &l);
    if (call->b == TCP_INFO)
        answer_bytes(front, call, &l, sizeof l);
    else
        answer_bytes(front, call, &b,
                     linux_bbr_info(info, &b) ? sizeof b : 0);
}

/* For an endpoint that the stack has forgotten. */
static void get_dead(struct ep *ep, struct ctl_front *front,
                     const struct call *call)
{
    int                 v = 0;
    const struct linger none = { 0, 0 };

    if (call->a == SOL_SOCKET && call->b == SO_TYPE)
        v = ep->type;
    else if (call->a == SOL_SOCKET && call->b == SO_DOMAIN)
        v = ep->domain;
    else if (call->a == SOL_SOCKET && call->b == SO_PROTOCOL)
        v = ep->protocol;
    if (asks_info(call)) {
        const struct cw_tcp_info info = { .state = CW_CLOSED };

        answer_info(front, call, &info);
    } else if (call->a == SOL_SOCKET && call->b == SO_LINGER) {
        answer_bytes(front, call, &none, sizeof none);
    } else {
        answer_bytes(front, call, &v, sizeof v);
    }
}

static void get_stack(struct ep *ep, struct ctl_front *front,
                      const struct call *call)
{
    char               out[CALL_OPT_MAX];
    struct cw_tcp_info info;
    struct wcall       c = {
              .op = EVC_GETSOCKOPT, .a = call->a, .b = call->b, .out = out
    };
    struct wresult res;
    ptrdiff_t      r;

    c.out_len = MIN(sizeof out, (size_t)call->room);
    if (asks_info(call)) {
        c.b = TCP_INFO;
        c.out = &info;
        c.out_len = sizeof info;
    }
    r = ep_call(ep, &c, &res);
    if (r < 0)
        ep_answer(front, call->id, r);
    else if (asks_info(call))
        answer_info(front, call, &info);
    else
        answer_bytes(front, call, out, res.len);
}

void ctl_getopt(struct ep *ep, struct ctl_front *front,
                const struct call *call)
{
    size_t      row;
    enum policy p = policy_of(call->a, call->b, false, &row);
    int         hint;

    if (call->a == SOL_SOCKET && call->b == SO_ERROR) {
        get_error(ep, front, call);
    } else if (p == LEAVE_NATIVE) {
        ep_native(front, call->id);
    } else if (p == REFUSE) {
        ep_answer(front, call->id, -EOPNOTSUPP);
    } else if (p == ACCEPT) {
        hint = get_hint(ep, row);
        answer_bytes(front, call, &hint, sizeof hint);
    } else if (ep->sd < 0) {
        get_dead(ep, front, call);
    } else {
        get_stack(ep, front, call);
    }
}

/* ---- ioctl ---------------------------------------------------------------- */

/* Not yet acknowledged, and not yet taken out of the pair. */
static int unsent(struct ep *ep)
{
    struct cw_queues q = { .send_room = 0 };
    int              n = 0;

    if (ep->sd >= 0)
        ep->ctl->stack.queues(ep->ctl->stack.ctx, ep->host, ep->sd, &q);
    if (ep->pair.s >= 0 && ioctl(ep->pair.s, SIOCINQ, &n) == 0 && n > 0)
        n -= ep->pair.left;
    return n + (int)MIN(q.send_queued, (size_t)(1 << 30));
}

void ctl_ioctl(struct ep *ep, struct ctl_front *front,
               const struct call *call)
{
    int n;

    if ((unsigned)call->a == SIOCOUTQ) {
        n = unsent(ep);
        answer_bytes(front, call, &n, sizeof n);
    } else {
        ep_answer(front, call->id, -EINVAL);
    }
}
