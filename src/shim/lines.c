/* lines.c: prefixes, and never waiting for a slow reader.
 *
 * Output is written only as far as poll() says, so that a pager that stands
 * still stops the programs that write, by their full pipes, and not the
 * network.  A line without an end waits for the rest of it, so that a line
 * written in pieces stays one; but not for long: it may be a prompt.
 */
#include "shim/lines.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    RETRY = 10, /* ms, while `out` takes nothing */
    HOLD = 50,  /* ms, for the rest of a line: nobody waits for that */
};

/* Nothing but ends of lines, each with a prefix, and what was held. */
_Static_assert(LINES_READ *(LINES_PREFIX_MAX + 1) + LINES_READ
                   < LINES_BUF / 2,
               "one read fits into half the buffer");

static void append(struct lines *l, const char *text, size_t len)
{
    INVARIANT(len <= sizeof l->buf - l->len);
    memcpy(l->buf + l->len, text, len);
    l->len += len;
}

/* A piece of one line, behind a prefix if it is the first. */
static void show(struct lines *l, const char *text, size_t len)
{
    if (l->out->unended != l) {
        if (l->out->unended)
            append(l, "\n", 1);
        append(l, l->prefix, strlen(l->prefix));
    }
    append(l, text, len);
    l->out->unended = l;
}

static void show_held(struct lines *l)
{
    size_t n = l->held;

    l->held = 0;
    if (n > 0)
        show(l, l->part, n);
}

static void hold(struct lines *l, const char *text, size_t len)
{
    if (len > sizeof l->part - l->held)
        show_held(l);
    if (l->held == 0)
        l->show = ns_add(loop_now(l->loop), HOLD * NS_MS);
    memcpy(l->part + l->held, text, len);
    l->held += len;
}

/* The text with a prefix before each line. */
static void add(struct lines *l, const char *text, size_t len)
{
    const char *end;

    while ((end = memchr(text, '\n', len)) != NULL) {
        size_t n = (size_t)(end - text) + 1;

        show_held(l);
        show(l, text, n);
        l->out->unended = NULL;
        text += n;
        len -= n;
    }
    if (len > 0)
        hold(l, text, len);
}

static bool writable(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    return poll(&p, 1, ms) > 0;
}

/* True: everything is out.  A reader that has gone away takes it all. */
static bool flush(struct lines *l, int ms)
{
    while (l->sent < l->len) {
        size_t  n = MIN(l->len - l->sent, (size_t)PIPE_BUF);
        ssize_t w;

        if (!writable(l->out->fd, ms))
            return false;
        w = write(l->out->fd, l->buf + l->sent, n);
        if (w < 0 && errno == EAGAIN)
            return false;
        if (w < 0 && errno != EINTR)
            w = (ssize_t)n;
        l->sent += w > 0 ? (size_t)w : 0;
    }
    l->len = l->sent = 0;
    return true;
}

static void over(struct lines *l)
{
    loop_unwatch(l->loop, &l->src);
    close(l->src.fd);
    l->src.fd = -1;
}

/* One read of the pipe; false: nothing there now. */
static bool copy(struct lines *l)
{
    char    text[LINES_READ];
    ssize_t n = read(l->src.fd, text, sizeof text);

    if (n > 0)
        add(l, text, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        over(l);
    return n > 0;
}

static void move(struct lines *l)
{
    l->stalled = !flush(l, 0);
    for (int i = 0; i < 8 && !l->stalled && l->src.fd >= 0; i++) {
        if (!copy(l))
            break;
        l->stalled = !flush(l, 0);
    }
    if (l->src.fd >= 0)
        loop_rewatch(l->loop, &l->src, l->stalled ? 0 : EPOLLIN);
}

static void on_event(struct loop_src *src, uint32_t events)
{
    (void)events;
    move(container_of(src, struct lines, src));
}

static cw_ns next(struct loop_task *task)
{
    struct lines *l = container_of(task, struct lines, retry);

    if (l->stalled)
        return ns_add(loop_now(l->loop), RETRY * NS_MS);
    return l->held > 0 ? l->show : NS_NEVER;
}

static void run(struct loop_task *task, cw_ns now)
{
    struct lines *l = container_of(task, struct lines, retry);

    if (l->stalled) {
        move(l);
    } else if (l->held > 0 && now >= l->show) {
        show_held(l);
        move(l);
    }
}

void lines_init(struct lines *l, struct loop *loop, int fd,
                struct lines_out *out, const char *prefix)
{
    memset(l, 0, sizeof *l);
    INVARIANT(strlen(prefix) < sizeof l->prefix);
    memcpy(l->prefix, prefix, strlen(prefix));
    l->loop = loop;
    l->out = out;
    l->src = (struct loop_src){ .fd = fd, .ready = on_event };
    l->retry = (struct loop_task){ .next = next, .run = run };
    loop_add(loop, &l->retry);
    if (fd < 0)
        return;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    loop_watch(loop, &l->src, EPOLLIN);
}

void lines_put(struct lines *l, const char *text, size_t len)
{
    while (len > 0) {
        size_t n = MIN(len, (size_t)LINES_READ);

        if (!flush(l, 0) && sizeof l->buf - l->len < LINES_BUF / 2)
            (void)flush(l, -1); /* ours is little: wait for the reader */
        add(l, text, n);
        text += n;
        len -= n;
    }
    l->stalled = !flush(l, 0);
}

void lines_fini(struct lines *l)
{
    flush(l, -1);
    while (l->src.fd >= 0 && copy(l))
        flush(l, -1);
    if (l->src.fd >= 0)
        over(l);
    show_held(l);
    flush(l, -1);
    loop_remove(&l->retry);
}

void lines_end(struct lines_out *out)
{
    if (out->unended && write(out->fd, "\n", 1) == 1)
        out->unended = NULL;
}
