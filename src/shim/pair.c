/* pair.c: opening, ending, filling, and what lies unread.
 *
 * Kernel facts used here are checked by tests/unit/kernel_test.c: ECONNRESET
 * on close with unread bytes, buffers charged until wholly read and freed in
 * order, writability below a quarter of SO_SNDBUF.
 */
#include "shim/pair_own.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SNDBUF = 212992,   /* asked for; the kernel doubles what it grants */
    FILL_CHUNK = 32768,
    FILL_SLACK = 40960, /* more than one such chunk is ever charged */
};

static int int_opt(int fd, int name)
{
    int       v = 0;
    socklen_t len = sizeof v;

    return getsockopt(fd, SOL_SOCKET, name, &v, &len) < 0 ? 0 : v;
}

static void set_opt(int fd, int name, int v)
{
    (void)setsockopt(fd, SOL_SOCKET, name, &v, sizeof v);
}

int pair_open(struct pair *p, int type, bool nonblock)
{
    int kind = type == SOCK_STREAM ? SOCK_STREAM : SOCK_SEQPACKET, sv[2];

    memset(p, 0, sizeof *p);
    p->s = -1;
    p->stream = type == SOCK_STREAM;
    if (socketpair(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
        return -errno;
    if (!nonblock)
        fcntl(sv[0], F_SETFL, 0);
    set_opt(sv[1], SO_SNDBUF, SNDBUF);
    p->quarter = (uint32_t)int_opt(sv[1], SO_SNDBUF) / 4;
    p->s = sv[1];
    if (p->stream) {
        set_opt(sv[1], SO_OOBINLINE, 1);
        /* The byte that is never read: see pair_reset(). */
        p->left = send(sv[0], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
    }
    return sv[0];
}

static void drop_items(struct pair *p)
{
    free(p->items);
    p->items = NULL;
    p->nitems = p->first = p->cap = 0;
    p->cost = p->bytes = 0;
}

static void close_ours(struct pair *p)
{
    if (p->s >= 0)
        close(p->s);
    p->s = -1;
    drop_items(p);
}

void pair_end(struct pair *p)
{
    char junk[4096];

    while (p->s >= 0 && recv(p->s, junk, sizeof junk, MSG_DONTWAIT) > 0)
        ;
    close_ours(p);
}

void pair_reset(struct pair *p)
{
    close_ours(p);
}

void pair_fin(struct pair *p)
{
    if (p->s >= 0)
        shutdown(p->s, SHUT_WR);
}

static int queued(int fd, unsigned long request)
{
    int n = 0;

    return ioctl(fd, request, &n) < 0 ? 0 : n;
}

static bool fill_one(struct pair *p, int prog, size_t len)
{
    static const char zero[FILL_CHUNK];
    ssize_t n = send(prog, zero, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n > 0)
        p->filler += (uint32_t)n;
    return n > 0;
}

/* Large pieces first, single bytes last: taking all but the last byte out
 * again then leaves only a small buffer charged. */
void pair_fill(struct pair *p, int prog)
{
    int limit = int_opt(prog, SO_SNDBUF);

    INVARIANT(p->stream);
    while (queued(prog, SIOCOUTQ) + FILL_SLACK < limit)
        if (!fill_one(p, prog, FILL_CHUNK))
            return;
    while (fill_one(p, prog, 1))
        ;
}

/* Exactly the filler: the program may write behind it as soon as there is
 * room.  The last byte stays, as the one that is left. */
void pair_unfill(struct pair *p)
{
    char   junk[FILL_CHUNK];
    size_t n = p->filler + (p->left ? 1u : 0u);

    if (p->s < 0 || p->filler == 0)
        return;
    for (n--; n > 0;) {
        ssize_t r = recv(p->s, junk, MIN(n, sizeof junk), MSG_DONTWAIT);

        if (r <= 0)
            break;
        n -= (size_t)r;
    }
    p->filler = 0;
    p->left = true;
}

/* ---- what lies unread --------------------------------------------------- */

static bool grow(struct pair *p)
{
    uint32_t cap = p->cap ? p->cap * 2 : 16;
    struct pair_item *items = malloc(cap * sizeof *items);

    if (!items)
        return false;
    for (uint32_t i = 0; i < p->nitems; i++)
        items[i] = p->items[(p->first + i) % p->cap];
    free(p->items);
    p->items = items;
    p->cap = cap;
    p->first = 0;
    return true;
}

bool pair_note(struct pair *p, const struct pair_item *item)
{
    if (p->nitems == p->cap && !grow(p))
        return false;
    p->items[(p->first + p->nitems++) % p->cap] = *item;
    p->cost += item->cost;
    p->bytes += item->bytes;
    return true;
}

static void forget_first(struct pair *p)
{
    const struct pair_item *it = &p->items[p->first];

    p->cost -= it->cost;
    p->bytes -= it->bytes;
    p->first = (p->first + 1) % p->cap;
    if (--p->nitems == 0)
        drop_items(p);
}

size_t pair_unread(struct pair *p)
{
    uint64_t left;

    if (p->s < 0 || p->nitems == 0)
        return 0;
    left = (uint64_t)queued(p->s, SIOCOUTQ);
    while (p->nitems && p->cost >= left + p->items[p->first].cost)
        forget_first(p);
    return p->bytes;
}

const struct pair_item *pair_oldest(const struct pair *p)
{
    return p->nitems ? &p->items[p->first] : NULL;
}
