/* live_join.c: a front end of the live host.
 *
 * Joining and starting are under the lock of the user's directory, so that
 * two that begin at once share one host, and a host that ends is not joined:
 * it looks at its queue under the same lock before it goes.
 */
#include "shim/live.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ANSWER_MS = 5000, /* a host that is asked answers within this */
    HOST_FD = 3,      /* the host finds its listening socket there */
    TRIES = 8,        /* of hosts that are killed while we join */
    NO_ANSWER = -1,   /* instead of an exit status */
};

#define HOST_SOCK "host.sock"
#define HOST_LOG  "host.log"

uint32_t live_build(void)
{
    uint32_t h = 2166136261u;

    for (const char *p = CW_VERSION; *p; p++)
        h = (h ^ (uint32_t)(unsigned char)*p) * 16777619u;
    h = (h ^ (uint32_t)sizeof(struct call)) * 16777619u;
    h = (h ^ (uint32_t)sizeof(struct reply)) * 16777619u;
    return (h ^ (uint32_t)sizeof(struct live_welcome)) * 16777619u;
}

/* ---- starting the host ------------------------------------------------------ */

/* In the child: everything of ours is left behind. */
static _Noreturn void become_host(const struct place *p, int listener)
{
    char *const argv[] = { (char[]){ "causeway" }, (char[]){ "host" },
                           (char[]){ "serve" }, NULL };
    sigset_t    none;
    int         null, log;

    setsid();
    if (fork() != 0) /* the host is nobody's child, and leads no session */
        _exit(0);
    null = open("/dev/null", O_RDWR);
    log = openat(p->fd, HOST_LOG, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(null, 0);
    dup2(null, 1);
    dup2(log >= 0 ? log : null, 2);
    if (listener == HOST_FD)
        fcntl(HOST_FD, F_SETFD, 0);
    else
        dup2(listener, HOST_FD);
    close_range(HOST_FD + 1, ~0u, 0);
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP)
            signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv("/proc/self/exe", argv);
    _exit(125);
}

static int start(const struct place *p)
{
    int   listener = place_listen(p, HOST_SOCK), status;
    pid_t pid;

    if (listener < 0)
        return listener;
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become_host(p, listener);
    if (pid < 0) {
        close(listener);
        place_remove(p, HOST_SOCK);
        return -EAGAIN;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(listener);
    return 0;
}

/* ---- joining ------------------------------------------------------------------ */

static bool no_host(int fd)
{
    return fd == -ENOENT || fd == -ECONNREFUSED;
}

/* With the lock held: a connection to the host, or -errno. */
static int reach(const struct place *p, bool may_start)
{
    int fd = place_connect(p, HOST_SOCK), r;

    if (!no_host(fd) || !may_start)
        return fd;
    r = start(p);
    return r < 0 ? r : place_connect(p, HOST_SOCK);
}

static int fail(struct live *live, int status, const char *what)
{
    snprintf(live->why, sizeof live->why, "%s", what);
    return status;
}

/* 0 and live->chan.src.fd, or a status; -1 there: no host runs. */
static int connect_host(struct live *live, bool may_start)
{
    struct place p;
    char         why[PLACE_WHY_MAX];
    int          fd;

    live->chan.src.fd = -1;
    do {
        if (!place_open(&p, may_start, why))
            return *why ? fail(live, 125, why) : 0;
    } while (!place_lock(&p) && (place_close(&p), true));
    fd = reach(&p, may_start);
    if (no_host(fd) && !may_start) {
        place_remove(&p, HOST_SOCK); /* of one that was killed */
        place_remove(&p, HOST_LOG);
        place_sweep(&p);
    }
    place_unlock(&p);
    place_close(&p);
    if (fd >= 0)
        live->chan.src.fd = fd;
    else if (!no_host(fd) || may_start)
        snprintf(live->why, sizeof live->why,
                 "the live host in %.300s "
                 "cannot be reached: %s",
                 p.path, strerror(-fd));
    return fd >= 0 || (no_host(fd) && !may_start) ? 0 : 125;
}

static int hear_answer(struct live *live)
{
    union {
        struct live_welcome welcome;
        struct live_refused refused;
    } u;
    unsigned  kind;
    ptrdiff_t n = chan_read_one(live->chan.src.fd, &kind, &u, sizeof u,
                                ANSWER_MS);

    if (n == (ptrdiff_t)sizeof u.welcome && kind == LIVE_WELCOME) {
        live->welcome = u.welcome;
        return 0;
    }
    if (n == (ptrdiff_t)sizeof u.refused && kind == LIVE_REFUSED) {
        u.refused.text[sizeof u.refused.text - 1] = 0;
        return fail(live, u.refused.status, u.refused.text);
    }
    if (n == -ETIMEDOUT)
        return fail(live, 125,
                    "the live host does not answer; end it with "
                    "`causeway host stop`, or kill it");
    return fail(live, NO_ANSWER, "the live host ended before it answered");
}

static int say_hello(struct live *live, enum live_want want, const void *opts,
                     size_t len)
{
    struct {
        struct live_hello head;
        char              opts[LIVE_OPTS_MAX];
    } m = { .head = { live_build(), (uint32_t)want } };

    INVARIANT(len <= sizeof m.opts);
    if (len)
        memcpy(m.opts, opts, len);
    if (!chan_write_one(live->chan.src.fd, LIVE_HELLO, &m,
                        sizeof m.head + len))
        return fail(live, NO_ANSWER,
                    "the live host ended before it answered");
    return hear_answer(live);
}

static void hang_up(struct live *live)
{
    if (live->chan.src.fd >= 0)
        close(live->chan.src.fd);
    live->chan.src.fd = -1;
}

/* One that was being killed may still have taken the connection. */
static int enter(struct live *live, bool may_start, enum live_want want,
                 const void *opts, size_t len)
{
    int status = NO_ANSWER;

    for (int i = 0; i < TRIES && status == NO_ANSWER; i++) {
        hang_up(live);
        status = connect_host(live, may_start);
        if (status == 0 && live->chan.src.fd < 0)
            status = fail(live, 3, "no live host runs");
        if (status == 0)
            status = say_hello(live, want, opts, len);
    }
    if (status != 0)
        hang_up(live);
    return status == NO_ANSWER ? 125 : status;
}

int live_join(struct live *live, bool may_start, const void *opts, size_t len)
{
    memset(live, 0, sizeof *live);
    live->chan.src.fd = -1;
    return enter(live, may_start, LIVE_JOIN, opts, len);
}

/* ---- calls -------------------------------------------------------------------- */

static void on_reply(struct live *live, const char *body, size_t len, int fd)
{
    struct reply     r;
    struct live_told t = { .arrived = false };

    if (len < sizeof r || !live->front)
        return;
    memcpy(&r, body, sizeof r);
    if (r.len != len - sizeof r)
        return;
    r.data = body + sizeof r;
    r.fd = fd;
    t.id = r.id;
    t.arrived = live->front->answer(live->front, &r) != TOLD_GONE;
    if (r.kind != REPLY_NATIVE)
        chan_send(&live->chan, LIVE_TOLD, &t, sizeof t);
}

static void on_message(struct chan *c, unsigned kind, const void *body,
                       size_t len, int fd)
{
    struct live *live = container_of(c, struct live, chan);

    if (kind == LIVE_REPLY)
        on_reply(live, body, len, fd);
    else if (kind == LIVE_STOPPED)
        snprintf(live->why, sizeof live->why, "%.*s", (int)len,
                 (const char *)body);
    if (fd >= 0)
        close(fd);
}

/* What a host that died wrote last, if it could. */
static void read_log(struct live *live)
{
    struct place p;
    char         why[PLACE_WHY_MAX], text[400];
    ssize_t      n = -1;
    int          fd = -1;

    if (*live->why)
        return; /* it said so itself */
    if (place_open(&p, false, why))
        fd = openat(p.fd, HOST_LOG, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    place_close(&p);
    if (n > 0)
        snprintf(live->why, sizeof live->why, "the live host has died: %.*s",
                 (int)strcspn((text[n] = 0, text), "\n"), text);
    else
        snprintf(live->why, sizeof live->why,
                 "the live host has died "
                 "(killed?)");
}

/* The program finds its connections ended; what waits is told. */
static void on_gone(struct chan *c)
{
    struct live *live = container_of(c, struct live, chan);

    live->lost = true;
    read_log(live);
    if (live->front)
        notify_answer_all(live->front, -ENETDOWN);
}

void live_watch(struct live *live, struct loop *loop)
{
    live->chan.message = on_message;
    live->chan.gone = on_gone;
    if (chan_init(&live->chan, loop, live->chan.src.fd) < 0)
        INVARIANT(false);
}

/* Did the host make this pair? */
static bool made_by(pid_t host, int fd)
{
    struct ucred cred;
    socklen_t    len = sizeof cred;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0
        && cred.pid == host;
}

/* Without a host there are no sockets.  What moves data finds the pair ended;
 * calls on other sockets go on. */
static void call_without(const struct live *live, struct ctl_front *front,
                         const struct call *call)
{
    struct reply r = { .id = call->id, .kind = REPLY_NATIVE, .fd = -1 };

    if (call->op == CALL_SOCKET
        || (call->op != CALL_SEND && call->op != CALL_RECV
            && made_by(live->welcome.pid, call->fd))) {
        r.kind = REPLY_VALUE;
        r.value = -ENETDOWN;
    }
    front->answer(front, &r);
}

static void sink_call(void *ctx, struct ctl_front *front,
                      const struct call *call)
{
    struct live *live = ctx;
    struct call  c = *call;
    struct iovec part[2] = { { &c, sizeof c }, { NULL, call->len } };

    live->front = front;
    if (live->chan.dead) {
        call_without(live, front, call);
        return;
    }
    memcpy(&part[1].iov_base, &call->data, sizeof call->data);
    c.data = NULL;
    chan_send2(&live->chan, LIVE_CALL, part, call->fd);
}

static void sink_cancel(void *ctx, struct ctl_front *front, uint64_t id)
{
    struct live *live = ctx;

    live->front = front;
    chan_send(&live->chan, LIVE_CANCEL, &id, sizeof id);
}

struct call_sink live_sink(struct live *live)
{
    return (struct call_sink){ live, sink_call, sink_cancel };
}

/* ---- leaving ------------------------------------------------------------------- */

/* The last thing a host does is to end, and with it the connection. */
static bool wait_for_end(int fd)
{
    char      junk[64];
    unsigned  kind;
    ptrdiff_t n;

    do
        n = chan_read_one(fd, &kind, junk, sizeof junk, ANSWER_MS);
    while (n >= 0);
    return n != -ETIMEDOUT;
}

static bool hear_goodbye(int fd, struct live_goodbye *out)
{
    static _Alignas(16) char body[CHAN_MAX];
    unsigned                 kind;
    ptrdiff_t                n;

    do
        n = chan_read_one(fd, &kind, body, sizeof body, ANSWER_MS);
    while (n >= 0 && kind != LIVE_GOODBYE);
    if (n != (ptrdiff_t)sizeof *out)
        return false;
    memcpy(out, body, sizeof *out);
    out->text[sizeof out->text - 1] = 0;
    return true;
}

/* Of a host that was killed. */
static void clean_up_after(const struct live *dead)
{
    struct live_welcome other;
    struct place        p;
    char                why[PLACE_WHY_MAX], view[32];

    snprintf(view, sizeof view, PLACE_VIEW "%d", (int)dead->welcome.pid);
    if (!place_open(&p, false, why))
        return;
    place_remove(&p, view);
    place_close(&p);
    (void)live_ask(LIVE_STATUS, &other);
}

const char *live_leave(struct live *live)
{
    struct live_goodbye bye = { .ends = false };
    int                 fd;

    live->front = NULL;
    if (live->chan.dead) {
        clean_up_after(live);
        return live->why;
    }
    fd = dup(live->chan.src.fd);
    chan_close(&live->chan);
    if (fd >= 0 && chan_write_one(fd, LIVE_LEAVE, "", 0)
        && hear_goodbye(fd, &bye)) {
        snprintf(live->why, sizeof live->why, "%s", bye.text);
        if (bye.ends)
            (void)wait_for_end(fd);
    }
    if (fd >= 0)
        close(fd);
    return live->why;
}

int live_ask(enum live_want want, struct live_welcome *out)
{
    struct live live;
    int         status;

    memset(&live, 0, sizeof live);
    memset(out, 0, sizeof *out);
    live.chan.src.fd = -1;
    status = enter(&live, false, want, NULL, 0);
    if (status == 0 && want == LIVE_STOP && !wait_for_end(live.chan.src.fd))
        status = fail(&live, 125, "the live host does not end; kill it");
    hang_up(&live);
    if (status == 0)
        *out = live.welcome;
    else
        snprintf(out->text, sizeof out->text, "%s", live.why);
    return status;
}
