/* mem.c: reading and writing a program's memory, taking its descriptors.
 *
 * Owns a small cache of pidfds.  Nothing here keeps a descriptor of a
 * program: what mem_getfd() answers is the caller's to close.
 *
 * A pointer may change between the look and the use: this is no sandbox, and
 * a program that plays that game only deceives itself.
 */
#include "shim/mem.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PIDFD_THREAD /* Linux 6.9 */
#define PIDFD_THREAD O_EXCL
#endif

/* RW_MAX: the kernel's MAX_RW_COUNT, to which it cuts what is longer. */
enum {
    CACHE = 256,
    IOV_MAX_OURS = 1024,
    IOV_CHUNK = 32,
    RW_MAX = 0x7ffff000,
};

static struct {
    int tid, fd; /* tid 0: empty */
} cache[CACHE];

static void *user_ptr(uint64_t at)
{
    return (void *)(uintptr_t)at;
}

int mem_read(int tid, uint64_t at, void *out, size_t len)
{
    struct iovec here = { out, len }, there = { user_ptr(at), len };

    if (len == 0)
        return 0;
    if (process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len)
        return 0;
    return errno == EPERM ? -EPERM : -EFAULT;
}

int mem_write(int tid, uint64_t at, const void *from, size_t len)
{
    struct iovec here = { user_ptr((uintptr_t)from), len };
    struct iovec there = { user_ptr(at), len };

    if (len == 0)
        return 0;
    if (process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)len)
        return 0;
    return errno == EPERM ? -EPERM : -EFAULT;
}

int mem_put_addr(int tid, uint64_t at, uint64_t lenp,
                 const struct sockaddr_storage *ss, socklen_t len)
{
    int32_t room;
    int     r;

    if (at == 0)
        return 0;
    r = mem_read(tid, lenp, &room, sizeof room);
    if (r < 0)
        return r;
    if (room < 0)
        return -EINVAL;
    r = mem_write(tid, at, ss, (socklen_t)room < len ? (socklen_t)room : len);
    return r < 0 ? r : mem_write(tid, lenp, &len, sizeof len);
}

/* One piece of a gather or a scatter; answers its length. */
struct walk {
    int          tid;
    uint64_t     iov;
    size_t       n, i;
    struct iovec chunk[IOV_CHUNK];
};

/* The next iovec: 1, 0 at the end, or -errno. */
static int walk_next(struct walk *w, struct iovec *out)
{
    size_t k = w->i % IOV_CHUNK;

    if (w->i >= w->n)
        return 0;
    if (k == 0) {
        size_t m = MIN(w->n - w->i, (size_t)IOV_CHUNK);
        int    r = mem_read(w->tid, w->iov + w->i * sizeof *out, w->chunk,
                            m * sizeof *out);

        if (r < 0)
            return r;
    }
    *out = w->chunk[k];
    w->i++;
    return 1;
}

ptrdiff_t mem_gather(int tid, uint64_t iov, size_t n, void *out, size_t max)
{
    struct walk  w = { .tid = tid, .iov = iov, .n = n };
    struct iovec v;
    size_t       done = 0;
    int          r;

    if (n > IOV_MAX_OURS)
        return -EMSGSIZE;
    while ((r = walk_next(&w, &v)) > 0) {
        if (v.iov_len > max - done)
            return -EMSGSIZE;
        r = mem_read(tid, (uintptr_t)v.iov_base, (char *)out + done,
                     v.iov_len);
        if (r < 0)
            return r;
        done += v.iov_len;
    }
    return r < 0 ? r : (ptrdiff_t)done;
}

ptrdiff_t mem_scatter(int tid, uint64_t iov, size_t n, const void *from,
                      size_t len)
{
    struct walk  w = { .tid = tid, .iov = iov, .n = n };
    struct iovec v;
    size_t       done = 0;
    int          r = 0;

    if (n > IOV_MAX_OURS)
        return -EMSGSIZE;
    while (done < len && (r = walk_next(&w, &v)) > 0) {
        size_t k = MIN(v.iov_len, len - done);

        r = mem_write(tid, (uintptr_t)v.iov_base, (const char *)from + done,
                      k);
        if (r < 0)
            return r;
        done += k;
    }
    return r < 0 ? r : (ptrdiff_t)done;
}

ptrdiff_t mem_iov_room(int tid, uint64_t iov, size_t n)
{
    struct walk  w = { .tid = tid, .iov = iov, .n = n };
    struct iovec v;
    size_t       room = 0;
    bool         outside = false;
    int          r;

    if (n > IOV_MAX_OURS)
        return -EMSGSIZE;
    while ((r = walk_next(&w, &v)) > 0) {
        uintptr_t end = (uintptr_t)v.iov_base + v.iov_len;

        if (v.iov_len > PTRDIFF_MAX)
            return -EINVAL; /* wherever it stands, this comes first */
        outside = outside || end < v.iov_len || end > PTRDIFF_MAX;
        room = MIN(room + v.iov_len, (size_t)RW_MAX);
    }
    if (r == 0 && outside)
        return -EFAULT;
    return r < 0 ? r : (ptrdiff_t)room;
}

int mem_process(int tid)
{
    char  path[64], line[128];
    FILE *f;
    int   tgid = tid;

    snprintf(path, sizeof path, "/proc/%d/status", tid);
    f = fopen(path, "re");
    if (!f)
        return tid;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Tgid: %d", &tgid) == 1)
            break;
    fclose(f);
    return tgid;
}

static void cache_drop(size_t k)
{
    if (cache[k].tid != 0)
        close(cache[k].fd);
    cache[k].tid = 0;
}

/* A pidfd of the thread; before Linux 6.9 of its process. */
static int pidfd_of(int tid)
{
    size_t k = (size_t)tid % CACHE;
    long   fd;

    if (cache[k].tid == tid)
        return cache[k].fd;
    cache_drop(k);
    fd = syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
    if (fd < 0 && errno == EINVAL)
        fd = syscall(SYS_pidfd_open, mem_process(tid), 0);
    if (fd < 0)
        return -errno;
    cache[k].tid = tid;
    cache[k].fd = (int)fd;
    return (int)fd;
}

int mem_getfd(int tid, int fd)
{
    int  pidfd = pidfd_of(tid);
    long r;

    if (pidfd < 0)
        return pidfd;
    r = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    if (r >= 0)
        return (int)r;
    if (errno != ESRCH)
        return -errno;
    /* The number was another thread's before: look it up anew, once. */
    cache_drop((size_t)tid % CACHE);
    pidfd = pidfd_of(tid);
    if (pidfd < 0)
        return pidfd;
    r = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    return r < 0 ? -errno : (int)r;
}

bool mem_cloexec(int tid, int fd)
{
    char     path[64], line[128];
    unsigned flags = 0;
    FILE    *f;

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", tid, fd);
    f = fopen(path, "re");
    if (!f)
        return false;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "flags: %o", &flags) == 1)
            break;
    fclose(f);
    return flags & O_CLOEXEC;
}

void mem_forget(void)
{
    for (size_t k = 0; k < CACHE; k++)
        cache_drop(k);
}

uint64_t mem_inode(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
        return 0;
    return st.st_ino;
}
