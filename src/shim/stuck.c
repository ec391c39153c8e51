/* stuck.c: see stuck.h. */
#include "shim/stuck.h"
#include "shim/child.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const struct {
    long        number;
    const char *name;
} on_sockets[] = {
    { SYS_read, "read" },       { SYS_recvfrom, "recvfrom" },
    { SYS_recvmsg, "recvmsg" }, { SYS_readv, "readv" },
    { SYS_accept, "accept" },   { SYS_accept4, "accept4" },
    { SYS_connect, "connect" }, { SYS_write, "write" },
    { SYS_sendto, "sendto" },   { SYS_sendmsg, "sendmsg" },
};

static bool is_ours(const struct stuck *s, pid_t pid, int fd)
{
    char        path[64];
    struct stat st;

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode)
        && ctl_knows(s->ctl, st.st_ino);
}

static void note(struct stuck *s, pid_t pid, int fd, const char *call)
{
    char  path[64];
    FILE *f;

    s->pid = pid;
    s->fd = fd;
    s->call = call;
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    f = fopen(path, "re");
    if (!f || !fgets(s->program, sizeof s->program, f))
        snprintf(s->program, sizeof s->program, "?");
    s->program[strcspn(s->program, "\n")] = '\0';
    if (f)
        fclose(f);
}

static bool waits(void *ctx, pid_t pid, pid_t tid)
{
    struct stuck *s = ctx;
    char          path[64], text[256] = "";
    FILE         *f;
    long          number;
    unsigned long a[4];

    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid,
             (int)tid);
    f = fopen(path, "re");
    if (!f)
        return false;
    if (!fgets(text, sizeof text, f))
        text[0] = '\0';
    fclose(f);
    if (sscanf(text, "%ld %lx %lx %lx %lx", &number, &a[0], &a[1], &a[2],
               &a[3])
        != 5)
        return false;
    if (number == SYS_wait4 || number == SYS_waitid)
        return true;
    if (number == SYS_futex)
        return a[3] == 0; /* no time limit: another thread will end it */
    for (size_t i = 0; i < ARRAY_LEN(on_sockets); i++)
        if (number == on_sockets[i].number) {
            note(s, pid, (int)a[0], on_sockets[i].name);
            return is_ours(s, pid, (int)a[0]);
        }
    return false;
}

bool stuck_look(struct stuck *s, pid_t pid)
{
    s->call = NULL;
    return child_each_thread(pid, waits, s) && s->call;
}
