/* guard.c: see guard.h.
 *
 * Orphans come to their nearest ancestor that adopts: the supervisor while it
 * lives, then the guard.  So the guard knows whom to end by ancestry alone.
 */
#include "shim/guard.h"

#include "base/check.h"
#include "shim/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int passed_on[] = { SIGINT,  SIGTERM, SIGHUP,
                                 SIGQUIT, SIGUSR1, SIGUSR2 };

/* Everything below us; new ones may come while we look. */
static void end_descendants(void)
{
    const struct timespec little = { 0, 1000000 };

    while (child_kill_all(SIGKILL) > 0) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        nanosleep(&little, NULL); /* the kernel is about it */
    }
}

static int status_of(int w)
{
    return WIFEXITED(w) ? WEXITSTATUS(w) : 128 + WTERMSIG(w);
}

/* True: the supervisor has ended, and *w says how. */
static bool reap(pid_t supervisor, int *w)
{
    pid_t pid;
    int   status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != supervisor)
            continue;
        *w = status;
        return true;
    }
    return false;
}

/* A terminal sends its signals to both; others are for the program, and the
 * supervisor passes them on. */
static _Noreturn void guard(pid_t supervisor, const sigset_t *set)
{
    siginfo_t si;
    int       w;

    close_range(3, ~0u, 0);
    child_adopt();
    while (!reap(supervisor, &w)) {
        int sig = sigwaitinfo(set, &si);

        if (sig > 0 && sig != SIGCHLD && si.si_code != SI_KERNEL)
            kill(supervisor, sig);
    }
    end_descendants();
    _exit(status_of(w));
}

static void fill(sigset_t *set)
{
    struct sigaction now;

    sigemptyset(set);
    signal(SIGCHLD, SIG_DFL);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
        if (sigaction(passed_on[i], NULL, &now) == 0
            && now.sa_handler != SIG_IGN)
            sigaddset(set, passed_on[i]);
}

int guard_split(void)
{
    pid_t    self = getpid(), pid;
    sigset_t set, before;
    int      fd;

    fill(&set);
    fflush(NULL);
    fd = (int)syscall(SYS_pidfd_open, self, 0);
    if (fd < 0)
        return -1;
    sigprocmask(SIG_BLOCK, &set, &before);
    pid = fork();
    if (pid > 0)
        guard(pid, &set);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid == 0)
        return fd;
    close(fd);
    return -1;
}
