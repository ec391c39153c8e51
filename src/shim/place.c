/* place.c: see place.h.
 *
 * Names are reached through the open directory (/proc/self/fd/N/name), so
 * that a long path fits a socket's address and nobody can swap the directory.
 */
#include "shim/place.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static bool ours(const struct stat *st)
{
    return S_ISDIR(st->st_mode) && st->st_uid == geteuid();
}

static void choose(char path[PLACE_PATH_MAX])
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    struct stat st;

    if (run && *run == '/' && strlen(run) < PLACE_PATH_MAX - 32
        && stat(run, &st) == 0 && ours(&st))
        snprintf(path, PLACE_PATH_MAX, "%s/causeway", run);
    else
        snprintf(path, PLACE_PATH_MAX, "/tmp/causeway-%u",
                 (unsigned)geteuid());
}

static bool refuse(struct place *p, char why[PLACE_WHY_MAX], const char *what)
{
    snprintf(why, PLACE_WHY_MAX, "%s: %s", p->path, what);
    place_close(p);
    return false;
}

bool place_open(struct place *p, bool make, char why[PLACE_WHY_MAX])
{
    struct stat st;

    *why = 0;
    p->fd = -1;
    choose(p->path);
    if (make && mkdir(p->path, 0700) < 0 && errno != EEXIST)
        return refuse(p, why, strerror(errno));
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->fd < 0 && errno == ENOENT && !make)
        return false;
    if (p->fd < 0 || fstat(p->fd, &st) < 0)
        return refuse(p, why, strerror(errno));
    if (!ours(&st) || st.st_mode & 077)
        return refuse(p, why,
                      "it must be a directory of yours that nobody "
                      "else can enter (mode 0700); remove it");
    return true;
}

void place_close(struct place *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static bool still_there(const struct place *p)
{
    struct stat here, there;

    return fstat(p->fd, &here) == 0 && stat(p->path, &there) == 0
        && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

bool place_lock(const struct place *p)
{
    int r;

    do
        r = flock(p->fd, LOCK_EX);
    while (r < 0 && errno == EINTR);
    if (r == 0 && still_there(p))
        return true;
    place_unlock(p);
    return false;
}

bool place_try_lock(const struct place *p)
{
    return flock(p->fd, LOCK_EX | LOCK_NB) == 0;
}

void place_unlock(const struct place *p)
{
    flock(p->fd, LOCK_UN);
}

static void address(const struct place *p, const char *name,
                    struct sockaddr_un *out)
{
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%.64s",
             p->fd, name);
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* It gets its name once it listens, so that whoever finds it can connect. */
int place_listen(const struct place *p, const char *name)
{
    char               tmp[64];
    struct sockaddr_un a;
    int                fd = unix_socket(), e;

    if (fd < 0)
        return -errno;
    snprintf(tmp, sizeof tmp, ".%.40s.%d", name, (int)getpid());
    address(p, tmp, &a);
    unlinkat(p->fd, tmp, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0
        && listen(fd, BACKLOG) == 0 && renameat(p->fd, tmp, p->fd, name) == 0)
        return fd;
    e = errno;
    unlinkat(p->fd, tmp, 0);
    close(fd);
    return -e;
}

bool place_peer(int fd, pid_t *pid)
{
    struct ucred cred;
    socklen_t    len = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    *pid = cred.pid;
    return cred.uid == geteuid();
}

int place_connect(const struct place *p, const char *name)
{
    struct sockaddr_un a;
    pid_t              pid;
    int                fd = unix_socket(), e;

    if (fd < 0)
        return -errno;
    address(p, name, &a);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
        if (place_peer(fd, &pid))
            return fd;
        errno = EPERM;
    }
    e = errno;
    close(fd);
    return -e;
}

void place_remove(const struct place *p, const char *name)
{
    unlinkat(p->fd, name, 0);
}

/* A socket of a view whose process was killed, or one that has not got its
 * name yet: whoever makes it would try again. */
static bool is_stale(const struct place *p, const char *name)
{
    int fd;

    if (name[0] != '.' && strncmp(name, PLACE_VIEW, strlen(PLACE_VIEW)) != 0)
        return false;
    fd = place_connect(p, name);
    if (fd >= 0)
        close(fd);
    return fd == -ECONNREFUSED;
}

static void remove_stale(const struct place *p)
{
    DIR           *d = opendir(p->path);
    struct dirent *e;

    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0
            && is_stale(p, e->d_name))
            place_remove(p, e->d_name);
    if (d)
        closedir(d);
}

void place_sweep(const struct place *p)
{
    remove_stale(p);
    rmdir(p->path); /* fails if anything is in it */
}
