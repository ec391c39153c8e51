/* pair_move.c: bytes and datagrams through a pair.
 *
 * Take: from the program to us.  A stream's last byte is looked at and left
 * in the kernel's queue (see pair.h), so a byte can be known to us before it
 * is taken out.  Give: from us to the program, never more than lies below a
 * quarter of our send buffer, so that the kernel tells us of each read.
 */
#include "shim/pair_own.h"

#include "base/check.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int queued(int fd, unsigned long request)
{
    int n = 0;

    return ioctl(fd, request, &n) < 0 ? 0 : n;
}

/* Consume n bytes, the first of which was forwarded before if p->left.
 * Answers how many new ones are in buf. */
static ptrdiff_t consume(struct pair *p, char *buf, size_t n)
{
    char          old;
    struct iovec  iov[2] = { { &old, p->left }, { buf, n - p->left } };
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
    ssize_t       r = recvmsg(p->s, &m, MSG_DONTWAIT);

    if (r <= 0)
        return 0;
    r -= p->left;
    p->left = false;
    return r;
}

/* The byte at an urgent mark: it is new and it is taken out whole. */
static ptrdiff_t take_urgent(struct pair *p, char *buf, bool *urgent)
{
    ssize_t n = recv(p->s, buf, 1, MSG_DONTWAIT);

    p->urgent = false;
    *urgent = n == 1;
    return n == 1 ? 1 : PAIR_NOTHING;
}

static bool at_mark(const struct pair *p)
{
    int mark = 0;

    return ioctl(p->s, SIOCATMARK, &mark) == 0 && mark;
}

static ptrdiff_t take_rest(struct pair *p, void *buf, size_t room)
{
    size_t n = MIN(p->nrest - p->rest_at, room);

    memcpy(buf, p->rest + p->rest_at, n);
    p->rest_at += n;
    return n ? (ptrdiff_t)n : PAIR_NOTHING;
}

void pair_untake(struct pair *p, const void *buf, size_t len)
{
    size_t old = p->nrest - p->rest_at;
    char  *rest = malloc(len + old);

    INVARIANT(p->stream && len > 0 && rest);
    memcpy(rest, buf, len);
    if (old)
        memcpy(rest + len, p->rest + p->rest_at, old);
    free(p->rest);
    p->rest = rest;
    p->nrest = len + old;
    p->rest_at = 0;
}

ptrdiff_t pair_take(struct pair *p, void *buf, size_t room, bool *urgent)
{
    size_t    have, n, got;
    ptrdiff_t r;

    *urgent = false;
    if (p->rest_at < p->nrest)
        return take_rest(p, buf, room);
    if (p->s < 0 && p->detached)
        return PAIR_EOF;
    if (p->s < 0 || p->filler)
        return PAIR_NOTHING;
    have = (size_t)queued(p->s, SIOCINQ);
    if (have <= p->left)
        return p->hung ? PAIR_EOF : PAIR_NOTHING;
    if (room == 0)
        return PAIR_NOTHING;
    if (p->urgent && !p->left && at_mark(p))
        return take_urgent(p, buf, urgent);
    n = MIN(have - p->left, room);
    got = 0;
    if (p->left + n > 1) {
        r = consume(p, buf, p->left + n - 1);
        if (r < 0)
            return PAIR_NOTHING;
        got = (size_t)r;
        if (got == 0 && p->urgent && at_mark(p))
            return take_urgent(p, buf, urgent);
        if (got < n - 1 || (p->urgent && at_mark(p)))
            return (ptrdiff_t)got; /* stopped at an urgent mark */
    }
    if (recv(p->s, (char *)buf + got, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
        p->left = true;
        got++;
    }
    return (ptrdiff_t)got;
}

ptrdiff_t pair_take_gram(struct pair *p, void *buf, size_t room)
{
    struct pollfd end = { .fd = p->s, .events = POLLRDHUP };
    ssize_t       n;

    if (p->s < 0)
        return PAIR_EOF;
    n = recv(p->s, buf, room, MSG_DONTWAIT);
    if (n == 0 && !p->hung) /* empty, or has the program closed just now? */
        p->hung = poll(&end, 1, 0) > 0;
    return n < 0 || (n == 0 && p->hung) ? PAIR_EOF : n;
}

/* ---- towards the program ------------------------------------------------ */

size_t pair_room(struct pair *p)
{
    uint32_t outq;

    if (p->s < 0)
        return 0;
    outq = (uint32_t)queued(p->s, SIOCOUTQ);
    if (!p->stream)
        return outq < p->quarter / 2 ? PAIR_GRAM_MAX : 0;
    return outq + PAIR_CHUNK + PAIR_CHUNK / 4 <= p->quarter ? PAIR_CHUNK : 0;
}

/* Send, and learn what the kernel charges for it. */
static ptrdiff_t charged_send(struct pair *p, const void *buf, size_t len,
                              struct pair_item *item, int flags)
{
    int     before = queued(p->s, SIOCOUTQ), after;
    ssize_t n = send(p->s, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL | flags);

    if (n < 0)
        return -errno;
    after = queued(p->s, SIOCOUTQ);
    /* If the program read meanwhile the difference is too small; a floor
     * keeps the record from vanishing before its turn. */
    item->cost = (uint32_t)MAX(after - before, 1);
    item->bytes = (uint32_t)n;
    (void)pair_note(p, item);
    return n;
}

ptrdiff_t pair_give(struct pair *p, const void *buf, size_t len, bool urgent)
{
    struct pair_item item = { .bytes = 0 };

    INVARIANT(p->stream && p->s >= 0 && len > 0);
    pair_unread(p);
    return charged_send(p, buf, len, &item, urgent ? MSG_OOB : 0);
}

int pair_give_gram(struct pair *p, const void *buf, size_t len,
                   const struct pair_item *what)
{
    struct pair_item item = *what;
    ptrdiff_t        n;

    INVARIANT(!p->stream && p->s >= 0 && len <= PAIR_GRAM_MAX);
    pair_unread(p);
    n = charged_send(p, buf, len, &item, 0);
    return n < 0 ? (int)n : 0;
}
