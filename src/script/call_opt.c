/* call_opt.c: options of sockets and of descriptors. */
#include "script/call.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { SIOCOUTQ_ = 0x5411, SIOCATMARK_ = 0x8905, VALUE_MAX = 128 };

/* ---- setsockopt, getsockopt ---------------------------------------------- */

/* A value as it lies in memory; its length. */
static size_t value_of(struct run *r, const struct val *v, uint8_t *b)
{
    size_t n = 0;

    if (v->kind == VAL_LIST)
        v = v->first ?: v;
    if (v->kind == VAL_TEXT) {
        n = MIN(v->len, (size_t)VALUE_MAX);
        memcpy(b, v->text, n);
        return n;
    }
    if (v->kind == VAL_STRUCT) { /* of ints: linger */
        for (v = v->first; v && n + 4 <= VALUE_MAX; v = v->next, n += 4) {
            int32_t i = (int32_t)arg_int(r, v);

            memcpy(b + n, &i, 4);
        }
        return n;
    }
    for (; v && n + 4 <= VALUE_MAX; v = v->next, n += 4) {
        int32_t i = (int32_t)arg_int(r, v);

        memcpy(b + n, &i, 4);
    }
    return n;
}

/* What only privilege tells apart is the same here. */
static int name_of(int level, int name)
{
    if (level == SOL_SOCKET && name == SO_SNDBUFFORCE)
        return SO_SNDBUF;
    if (level == SOL_SOCKET && name == SO_RCVBUFFORCE)
        return SO_RCVBUF;
    return name;
}

int64_t call_setsockopt(struct run *r, struct pending *p)
{
    uint8_t b[VALUE_MAX];
    int     level = (int)arg_int(r, arg(p, 1));
    int     name = name_of(level, (int)arg_int(r, arg(p, 2)));
    size_t  n = r->over ? 0 : value_of(r, arg(p, 3), b);
    int64_t len = arg_int_or(r, arg(p, 4), (int64_t)n);

    if (r->over)
        return CALL_ENDED;
    if (len < 0)
        return -CW_EINVAL;
    return cw_setsockopt(r->host.st, p->fd->sd, level, name, b,
                         MIN((size_t)len, n), r->host.now);
}

static void compare_text(struct run *r, const struct val *want,
                         const uint8_t *b, size_t n)
{
    n = strnlen((const char *)b, n);
    if (want->len == n && memcmp(want->text, b, n) == 0)
        return;
    run_fail(r,
             "the option's value is another one\n    expected  \"%s\""
             "\n    came      \"%.*s\"",
             want->text, (int)n, b);
}

static void compare_ints(struct run *r, const struct val *want,
                         const uint8_t *b, size_t n)
{
    int32_t have = 0;

    if (want->kind == VAL_LIST || want->kind == VAL_STRUCT)
        want = want->first;
    for (size_t at = 0; want && !r->over; want = want->next, at += 4) {
        if (arg_is_any(want))
            continue;
        if (at + 4 <= n)
            memcpy(&have, b + at, 4);
        if (arg_int(r, want) != have)
            run_fail(r,
                     "the option's value is another one\n"
                     "    expected  %lld\n    came      %d",
                     (long long)arg_int(r, want), have);
    }
}

int64_t call_getsockopt(struct run *r, struct pending *p)
{
    uint8_t           b[1024] = { 0 };
    size_t            n = sizeof b;
    int               level = (int)arg_int(r, arg(p, 1));
    int               name = name_of(level, (int)arg_int(r, arg(p, 2)));
    const struct val *want = arg(p, 3);
    int64_t           room = arg_int_or(r, arg(p, 4), sizeof b);
    int               got;

    if (r->over)
        return CALL_ENDED;
    if (room < 0)
        return -CW_EINVAL;
    if (level != SOL_TCP || name != TCP_INFO)
        n = MIN(n, (size_t)room);
    got = cw_getsockopt(r->host.st, p->fd->sd, level, name, b, &n);
    if (got < 0 || arg_is_any(want) || (level == SOL_TCP && name == TCP_INFO))
        return got;
    if (want->kind == VAL_LIST && want->first
        && (want->first->kind == VAL_STRUCT || want->first->kind == VAL_TEXT))
        want = want->first;
    if (want->kind == VAL_TEXT)
        compare_text(r, want, b, n);
    else
        compare_ints(r, want, b, n);
    return got;
}

/* ---- fcntl, ioctl -------------------------------------------------------- */

int64_t call_fcntl(struct run *r, struct pending *p)
{
    int64_t command = arg_int(r, arg(p, 1));

    if (r->over)
        return CALL_ENDED;
    switch (command) {
    case F_GETFL:
        return O_RDWR | (p->fd->nonblock ? O_NONBLOCK : 0);
    case F_SETFL:
        p->fd->nonblock = arg_int(r, arg(p, 2)) & O_NONBLOCK;
        return 0;
    case F_GETFD:
        return 0;
    case F_SETFD:
        return 0;
    default:
        run_lack(r, "this command of fcntl()");
        return CALL_ENDED;
    }
}

static int64_t ioctl_value(struct run *r, int64_t request,
                           const struct cw_queues *q)
{
    switch (request) {
    case FIONREAD:
        return (int64_t)q->recv_queued;
    case SIOCOUTQ_:
        return (int64_t)q->send_queued;
    case SIOCATMARK_:
        return q->at_mark;
    default:
        run_lack(r, "this request of ioctl()");
        return 0;
    }
}

int64_t call_ioctl(struct run *r, struct pending *p)
{
    struct cw_queues  q;
    int64_t           request = arg_int(r, arg(p, 1)), have;
    const struct val *want = arg(p, 2);
    int               got;

    if (!r->over && request == FIONBIO) {
        p->fd->nonblock = arg_int(r, want) != 0;
        return 0;
    }
    if (r->over)
        return CALL_ENDED;
    if (p->fd->listening)
        return -CW_EINVAL;
    got = cw_queues(r->host.st, p->fd->sd, &q);
    if (got < 0)
        return got;
    have = ioctl_value(r, request, &q);
    if (!r->over && !arg_is_any(want) && arg_int(r, want) != have)
        run_fail(r,
                 "ioctl() answered another value\n    expected  %lld\n"
                 "    came      %lld",
                 (long long)arg_int(r, want), (long long)have);
    return got;
}
