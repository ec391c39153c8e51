/* probe.c: see probe.h.
 *
 * Each capability is used for what it will be used for, on a child of this
 * process; nothing is concluded from version numbers.
 */
#include "shim/probe.h"

#include "base/check.h"
#include "shim/child.h"
#include "shim/filter.h"
#include "shim/mem.h"
#include "shim/pair.h"
#include "shim/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_MS = 5000, FILES_WANTED = 1024, SNDBUF_WANTED = 212992 };

static void found(struct probe *p, bool ok, const char *text)
{
    p->ok = ok;
    snprintf(p->text, sizeof p->text, "%.*s", PROBE_TEXT_MAX - 1, text);
}

static void missing(struct probe *p, int err, const char *remedy)
{
    p->ok = false;
    snprintf(p->text, sizeof p->text, "%s%s%s", strerror(err),
             *remedy ? ": " : "", remedy);
}

void probe_kernel(struct probe *p)
{
    struct utsname u;
    unsigned       major = 0, minor = 0;
    bool           ok;

    uname(&u);
    ok = sscanf(u.release, "%u.%u", &major, &minor) == 2
        && (major > 5 || (major == 5 && minor >= 14));
    p->ok = ok;
    snprintf(p->text, sizeof p->text, "%s %.60s %s%s", u.sysname, u.release,
             u.machine, ok ? "" : "; Linux 5.14 or later is needed");
}

void probe_filter(struct probe *p)
{
    int r = child_try_filter();

    if (r == 0)
        found(p, true, "a filter with a listener can be installed");
    else if (r == -EBUSY)
        missing(p, EBUSY,
                "this process is supervised already (by causeway, "
                "or by a container's seccomp notifier)");
    else
        missing(p, -r,
                "this kernel, or the sandbox around us, does not let "
                "programs install seccomp filters with a listener");
}

/* ---- ADDFD ---------------------------------------------------------------------- */

int probe_socket_child(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return fd >= 0 && write(fd, "", 1) == 1 ? 0 : 1;
}

/* Answers the child's socket() with one end of a pair. */
static int give_one(int listener)
{
    union {
        struct seccomp_notif req;
        char                 room[512];
    } u;
    struct seccomp_notif_addfd add = { .flags = SECCOMP_ADDFD_FLAG_SEND };
    struct pollfd              in = { .fd = listener, .events = POLLIN };
    int                        sv[2], r = -ETIMEDOUT;
    char                       c;

    memset(&u, 0, sizeof u);
    if (poll(&in, 1, CHILD_MS) != 1 || !(in.revents & POLLIN))
        return r;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &u.req) < 0
        || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return -errno;
    add.id = u.req.id;
    add.srcfd = (uint32_t)sv[0];
    r = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
    close(sv[0]);
    in = (struct pollfd){ .fd = sv[1], .events = POLLIN };
    if (r == 0 && (poll(&in, 1, CHILD_MS) != 1 || read(sv[1], &c, 1) != 1))
        r = -EIO;
    close(sv[1]);
    return r;
}

void probe_add_fd(struct probe *p)
{
    char *const argv[] = { (char[]){ "/proc/self/exe" }, (char[]){ "doctor" },
                           (char[]){ "socket" }, NULL };
    struct child_config c = { argv, false, -1, -1, -1 };
    struct child        child;
    int                 r, status;

    if (!child_start(&c, &child)) {
        found(p, false, child.why);
        return;
    }
    r = give_one(child.listener);
    if (r < 0)
        kill(child.pid, SIGKILL);
    close(child.listener);
    waitpid(child.pid, &status, 0);
    if (r == 0 && status == 0)
        found(p, true, "descriptors can be handed to a program");
    else
        missing(p, r < 0 ? -r : EIO,
                "Linux 5.14 or later is needed (SECCOMP_ADDFD_FLAG_SEND)");
}

/* ---- memory and descriptors of a child --------------------------------------------- */

static volatile int32_t word = 1;

/* A child that waits to be killed, with a pipe's end of ours. */
static pid_t sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

static void end_sleeper(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void probe_memory(struct probe *p)
{
    pid_t   pid = sleeper();
    int32_t there = 0, other = 2;
    int     r;

    if (pid < 0) {
        missing(p, errno, "");
        return;
    }
    r = mem_write(pid, (uintptr_t)&word, &other, sizeof other);
    if (r == 0)
        r = mem_read(pid, (uintptr_t)&word, &there, sizeof there);
    end_sleeper(pid);
    if (r == 0 && there == 2 && word == 1)
        found(p, true, "a program's memory can be read and written");
    else
        missing(p, r < 0 ? -r : EIO, "process_vm_readv is forbidden here");
}

void probe_get_fd(struct probe *p)
{
    pid_t pid;
    int   sv[2], got = -EIO;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0) {
        missing(p, errno, "");
        return;
    }
    pid = sleeper();
    if (pid > 0) {
        got = mem_getfd(pid, sv[0]);
        end_sleeper(pid);
    }
    mem_forget();
    if (got >= 0 && mem_inode(got) == mem_inode(sv[0]))
        found(p, true, "a program's descriptors can be had");
    else
        missing(p, got < 0 ? -got : EIO,
                "pidfd_getfd needs Linux 5.6, and in Docker `--cap-add "
                "SYS_PTRACE`");
    if (got >= 0)
        close(got);
    close(sv[0]);
    close(sv[1]);
}

void probe_ptrace(struct probe *p)
{
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    char c = '0';

    if (fd < 0) {
        found(p, true, "Yama is not there");
        return;
    }
    if (read(fd, &c, 1) != 1)
        c = '?';
    close(fd);
    p->ok = c == '0' || c == '1' || geteuid() == 0;
    snprintf(p->text, sizeof p->text, "kernel.yama.ptrace_scope is %c%s", c,
             p->ok ? "" : ": it must be 0 or 1 (sysctl -w)");
}

/* ---- pairs ----------------------------------------------------------------------------- */

/* What pair.h rests on: one unread byte makes a close a reset; and the send
 * buffer is large enough for whole writes. */
void probe_pair(struct probe *p)
{
    struct pair pair;
    int         prog = pair_open(&pair, SOCK_STREAM, true), granted = 0;
    socklen_t   len = sizeof granted;
    char        c;
    bool        resets;

    if (prog < 0) {
        missing(p, -prog, "");
        return;
    }
    getsockopt(pair.s, SOL_SOCKET, SO_SNDBUF, &granted, &len);
    pair_reset(&pair);
    resets = read(prog, &c, 1) < 0 && errno == ECONNRESET;
    close(prog);
    p->ok = resets && granted >= SNDBUF_WANTED;
    if (!resets)
        found(p, false,
              "closing with unread data does not reset: this is "
              "not Linux's AF_UNIX");
    else
        snprintf(p->text, sizeof p->text, "buffers of %d bytes%s", granted,
                 p->ok ? ""
                       : ": too small; sysctl -w "
                         "net.core.wmem_max=212992");
}

void probe_urgent(struct probe *p)
{
    int  sv[2];
    char c = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0) {
        missing(p, errno, "");
        return;
    }
    if (send(sv[0], "!", 1, MSG_OOB) == 1
        && recv(sv[1], &c, 1, MSG_OOB | MSG_DONTWAIT) == 1 && c == '!')
        found(p, true, "urgent data passes");
    else
        missing(p, errno,
                "programs cannot use urgent data (MSG_OOB); Linux "
                "5.15 has it");
    close(sv[0]);
    close(sv[1]);
}

void probe_files(struct probe *p)
{
    struct rlimit r = { 0, 0 };

    getrlimit(RLIMIT_NOFILE, &r);
    p->ok = r.rlim_max >= FILES_WANTED;
    snprintf(p->text, sizeof p->text, "%llu descriptors may be open%s",
             (unsigned long long)r.rlim_max,
             p->ok ? "" : ": few; ulimit -Hn");
}

void probe_place(struct probe *p)
{
    struct place place;
    char         why[PLACE_WHY_MAX];
    int          fd;

    if (!place_open(&place, true, why)) {
        found(p, false, why);
        return;
    }
    fd = place_listen(&place, "doctor");
    if (fd >= 0) {
        close(fd);
        place_remove(&place, "doctor");
    }
    if (place_try_lock(&place))
        place_sweep(&place);
    p->ok = fd >= 0;
    snprintf(p->text, sizeof p->text, "%.160s%s%s", place.path,
             fd < 0 ? ": " : "", fd < 0 ? strerror(-fd) : "");
    place_close(&place);
}
