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

/* SO_SNDBUF: what is asked for; the kernel doubles what it grants.  The
 * program's end: a quarter of it must hold the largest buffer that can be
 * left lying for its last byte (sendfile makes 64 KB and overhead), or the
 * program would sleep for ever; but not two of the largest that send makes,
 * so that taking out the filler raises POLLOUT once. */
enum {
    SNDBUF = 212992,
    SNDBUF_PROG = 145000,
    FILL_CHUNK = 36544, /* the largest buffer of a send */
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
    set_opt(sv[0], SO_SNDBUF, SNDBUF_PROG);
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

static int queued(int fd, unsigned long request)
{
    int n = 0;

    return ioctl(fd, request, &n) < 0 ? 0 : n;
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
    free(p->rest);
    p->rest = NULL;
    p->nrest = p->rest_at = 0;
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

bool pair_detach(struct pair *p)
{
    size_t  old = p->nrest - p->rest_at, n, have = 0;
    char   *all;
    ssize_t r = 1;

    INVARIANT(p->stream && p->s >= 0 && p->hung);
    n = (size_t)queued(p->s, SIOCINQ);
    all = malloc(old + n + 1);
    if (!all)
        return false;
    if (old)
        memcpy(all, p->rest + p->rest_at, old);
    if (p->left && recv(p->s, all + old, 1, MSG_DONTWAIT) == 1)
        n--;
    for (; have < n && r > 0; have += (size_t)MAX(r, 0))
        r = recv(p->s, all + old + have, n - have, MSG_DONTWAIT);
    close_ours(p);
    p->left = false;
    p->detached = true;
    p->rest = all;
    p->nrest = old + have;
    p->rest_at = 0;
    return true;
}

void pair_fin(struct pair *p)
{
    if (p->s >= 0)
        shutdown(p->s, SHUT_WR);
}

void pair_fill(struct pair *p, int prog)
{
    static const char zero[FILL_CHUNK];
    ssize_t           n;

    INVARIANT(p->stream);
    while ((n = send(prog, zero, sizeof zero, MSG_DONTWAIT | MSG_NOSIGNAL))
           > 0)
        p->filler += (uint32_t)n;
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
    uint32_t          cap = p->cap ? p->cap * 2 : 16;
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

bool pair_change_error(struct pair *p, int err)
{
    pair_unread(p);
    for (uint32_t i = 0; i < p->nitems; i++) {
        struct pair_item *it = &p->items[(p->first + i) % p->cap];

        if (it->err > 0) {
            it->err = err;
            return true;
        }
    }
    return false;
}

int pair_take_error(struct pair *p)
{
    for (uint32_t i = 0; i < p->nitems; i++) {
        struct pair_item *it = &p->items[(p->first + i) % p->cap];
        int               err = it->err;

        if (err > 0) {
            it->err = PAIR_TOLD;
            return err;
        }
    }
    return 0;
}
