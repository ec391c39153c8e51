/* child.c: starting a program under the filter.
 *
 * The child shares our descriptor table while it installs the filter, so
 * the listener that it gets is ours at once: it could not send it (sendmsg
 * is filtered by then) and need not be asked for it (some sandboxes forbid
 * pidfd_getfd).  Then it takes a table of its own and executes the program.
 * A pipe tells how far it came; it closes when the program runs.
 */
#include "shim/child.h"

#include "base/check.h"
#include "shim/filter.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says. */
enum { SAYS_LISTENER, SAYS_NO_FILTER, SAYS_NO_EXEC };

struct word {
    int what;  /* SAYS_... */
    int value; /* the descriptor, or errno */
};

static void say(int fd, int what, int value)
{
    struct word w = { what, value };

    while (write(fd, &w, sizeof w) < 0 && errno == EINTR)
        ;
}

static void put_at(int fd, int target)
{
    if (fd >= 0 && fd != target)
        dup2(fd, target);
}

/* Handlers go at exec; what the user had ignored (nohup) stays so. */
static void default_signals(void)
{
    sigset_t none;

    signal(SIGPIPE, SIG_DFL); /* we ignore it ourselves */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child; only what is safe after a bare clone(). */
static _Noreturn void become(const struct child_config *c, int pipe_fd,
                             pid_t parent)
{
    int listener = filter_install(c->fast);

    if (listener < 0) {
        say(pipe_fd, SAYS_NO_FILTER, -listener);
        _exit(CHILD_CANNOT_TAKE);
    }
    if (unshare(CLONE_FILES) < 0) {
        say(pipe_fd, SAYS_NO_FILTER, errno);
        _exit(CHILD_CANNOT_TAKE);
    }
    say(pipe_fd, SAYS_LISTENER, listener); /* now the parent may close */
    put_at(c->in, 0);
    put_at(c->out, 1);
    put_at(c->err, 2);
    default_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CHILD_CANNOT_TAKE);
    execvp(c->argv[0], c->argv);
    say(pipe_fd, SAYS_NO_EXEC, errno);
    _exit(CHILD_CANNOT_EXEC);
}

static bool hear(int fd, struct word *w)
{
    ssize_t n;

    do
        n = read(fd, w, sizeof *w);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *w;
}

static bool failed(struct child *out, enum child_fail how, const char *name,
                   const char *what)
{
    out->fail = how;
    snprintf(out->why, sizeof out->why, "%s: %s", name, what);
    return false;
}

/* ---- before it is started: can it be taken over? ---------------------------- */

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* As execvp() searches. */
static bool find(const char *name, char *out, size_t size)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/')) {
        snprintf(out, size, "%s", name);
        return access(out, F_OK) == 0;
    }
    for (path = path ? path : "/bin:/usr/bin"; *path;) {
        size_t n = strcspn(path, ":");

        snprintf(out, size, "%.*s%s%s", (int)n, path, n ? "/" : "", name);
        if (access(out, X_OK) == 0 && !is_directory(out))
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static bool foreign(const char *path)
{
    unsigned char id[20] = { 0 };
    int           fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t       n;
    Elf64_Half    machine;

    if (fd < 0)
        return false;
    n = read(fd, id, sizeof id);
    close(fd);
    if (n < (ssize_t)sizeof id || memcmp(id, ELFMAG, SELFMAG) != 0)
        return false;
    memcpy(&machine, id + 18, sizeof machine);
#if defined(__x86_64__)
    return id[EI_CLASS] != ELFCLASS64 || machine != EM_X86_64;
#else
    return id[EI_CLASS] != ELFCLASS64 || machine != EM_AARCH64;
#endif
}

bool child_can(const char *name, struct child *out)
{
    char path[4096];

    *out = (struct child){ .pid = -1, .listener = -1 };

    if (!find(name, path, sizeof path))
        return failed(out, CHILD_NOT_FOUND, name,
                      strchr(name, '/') ? strerror(errno)
                                        : "command not found");
    if (is_directory(path))
        return failed(out, CHILD_CANNOT_EXEC, name, strerror(EISDIR));
    if (access(path, X_OK) < 0)
        return failed(out, CHILD_CANNOT_EXEC, name, strerror(errno));
    if (access(path, R_OK) < 0)
        return failed(out, CHILD_CANNOT_TAKE, name,
                      "its file cannot be read, so its memory is closed to "
                      "us and its sockets cannot be taken over; it was NOT "
                      "started");
    if (foreign(path))
        return failed(out, CHILD_CANNOT_TAKE, name,
                      "it is a program for another kind of processor (or 32 "
                      "bits), whose calls cannot be taken over; it was NOT "
                      "started");
    return true;
}

bool child_loses_rights(const char *name)
{
    char        path[4096];
    struct stat st;

    if (!find(name, path, sizeof path) || stat(path, &st) < 0)
        return false;
    return (st.st_mode & S_ISUID && st.st_uid != geteuid())
        || (st.st_mode & S_ISGID && st.st_gid != getegid());
}

int child_try_filter(void)
{
    pid_t pid = fork();
    int   status = 0;

    if (pid == 0) {
        int r = filter_install(false);

        _exit(r < 0 ? -r : 0);
    }
    if (pid < 0)
        return -errno;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static bool no_filter(struct child *out, const char *name, int err)
{
    char why[160];

    snprintf(why, sizeof why,
             "its sockets cannot be taken over: seccomp: %s%s; it was NOT "
             "started (causeway doctor says more)",
             strerror(err),
             err == EBUSY ? " (we run under another supervisor)" : "");
    return failed(out, CHILD_CANNOT_TAKE, name, why);
}

bool child_start(const struct child_config *config, struct child *out)
{
    const char *name = config->argv[0];
    pid_t       parent = getpid();
    struct word w = { SAYS_NO_FILTER, EPIPE };
    int         p[2];

    if (!child_can(name, out))
        return false;
    if (pipe2(p, O_CLOEXEC) < 0)
        return failed(out, CHILD_CANNOT_TAKE, name, strerror(errno));
    out->pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (out->pid == 0)
        become(config, p[1], parent);
    if (out->pid > 0 && hear(p[0], &w) && w.what == SAYS_LISTENER) {
        out->listener = w.value;
        close(p[1]);
        if (!hear(p[0], &w)) {
            close(p[0]);
            return true; /* closed by exec: it runs */
        }
        close(out->listener);
        out->listener = -1;
    } else {
        close(p[1]);
    }
    close(p[0]);
    if (out->pid > 0)
        waitpid(out->pid, NULL, 0);
    if (w.what == SAYS_NO_FILTER)
        return no_filter(out, name, w.value);
    return failed(out,
                  w.value == ENOENT ? CHILD_NOT_FOUND : CHILD_CANNOT_EXEC,
                  name, strerror(w.value));
}
