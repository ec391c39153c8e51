/* live_host.c: the live host's side: who is here, and when it is over.
 *
 * A guest is a connection: one that has said nothing yet, a member (a front
 * end), or one that has left and waits for our end.  When no member is left
 * the host ends, unless something remains to be kept; it goes only with the
 * lock of the directory in its hands and nobody in its queue.
 */
#include "shim/live.h"

#include "base/check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENT_MAX (5 * NS_S)  /* from connecting to its first word */
#define REMAIN_MAX (60 * NS_S) /* without members */
#define RETRY      (10 * NS_MS)

enum guest_state { GUEST_NEW, GUEST_MEMBER, GUEST_LEAVING, GUEST_LEFT };

struct guest {
    struct chan       chan;
    struct ctl_front  front;
    struct list       link;
    struct live_host *host;
    uint8_t           state;   /* enum guest_state */
    bool              fronted; /* the control interface knows it */
    int               prog;    /* came with call `asked`; -1 once answered */
    uint64_t          asked;
    pid_t             pid;
    cw_ns             since;
};

struct live_host {
    const struct live_host_config *config;
    struct place                   place;
    struct loop_src                listener, signals;
    struct loop_task               task;
    struct list                    guests, grave;
    bool                           begun;   /* the first has joined */
    bool                           refused; /* ... or could not */
    bool                           over;
    cw_ns                          empty_since, retry_at;
};

static cw_ns now_of(const struct live_host *h)
{
    return loop_now(h->config->loop);
}

static unsigned count(const struct live_host *h, unsigned states)
{
    unsigned n = 0;

    list_each (it, &h->guests)
        n += states >> list_entry(it, struct guest, link)->state & 1;
    return n;
}

static unsigned members(const struct live_host *h)
{
    return count(h, 1u << GUEST_MEMBER);
}

/* Its memory goes at the end of the turn: its own callback may be running. */
static void guest_end(struct guest *g)
{
    struct live_host *h = g->host;

    if (g->fronted)
        ctl_front_end(h->config->ctl(h->config->ctx), &g->front);
    g->fronted = false;
    chan_close(&g->chan);
    list_del(&g->link);
    list_push_back(&h->grave, &g->link);
}

static void bury(struct live_host *h)
{
    struct list *n;

    while ((n = list_pop(&h->grave)) != NULL)
        free(list_entry(n, struct guest, link));
}

/* ---- what guests say --------------------------------------------------------- */

static bool carries_fd(const struct reply *r)
{
    return r->kind == REPLY_FD || r->kind == REPLY_SETFD
        || r->kind == REPLY_LATER;
}

/* Its program may close the descriptor as soon as it is answered, and no
 * duplicate of ours may outlive that (notify.c). */
static void let_go(struct guest *g)
{
    if (g->prog >= 0)
        close(g->prog);
    g->prog = -1;
}

static enum told on_answer(struct ctl_front *front, const struct reply *r)
{
    struct guest *g = container_of(front, struct guest, front);
    struct reply  copy = *r;
    struct iovec  part[2] = { { &copy, sizeof copy }, { NULL, r->len } };

    if (r->id == g->asked)
        let_go(g);
    memcpy(&part[1].iov_base, &r->data, sizeof r->data);
    copy.data = NULL;
    chan_send2(&g->chan, LIVE_REPLY, part, carries_fd(r) ? r->fd : -1);
    return g->chan.dead ? TOLD_GONE : TOLD_SENT;
}

static void refuse(struct guest *g, int status, const char *why)
{
    struct live_refused m = { .status = status };

    snprintf(m.text, sizeof m.text, "%s", why);
    chan_send(&g->chan, LIVE_REFUSED, &m, sizeof m);
    guest_end(g);
}

static void end_left(struct live_host *h)
{
    list_each (it, &h->guests) {
        struct guest *g = list_entry(it, struct guest, link);

        if (g->state == GUEST_LEFT)
            guest_end(g);
    }
}

static void join(struct guest *g, const char *opts, size_t len)
{
    struct live_host   *h = g->host;
    struct live_welcome w = { .pid = (int32_t)getpid(), .first = !h->begun };
    char                why[LIVE_TEXT_MAX] = "";
    int                 status;

    status = h->config->join(h->config->ctx, opts, len, w.first, &w, why);
    if (status != 0) {
        h->refused = true;
        refuse(g, status, why);
        return;
    }
    h->begun = true;
    g->state = GUEST_MEMBER;
    g->front.host = 1;
    g->front.answer = on_answer;
    g->fronted = true;
    ctl_front_add(h->config->ctl(h->config->ctx), &g->front);
    end_left(h); /* the host does not end, after all */
    chan_send(&g->chan, LIVE_WELCOME, &w, sizeof w);
}

/* With the lock held, so that nobody joins any more. */
static void finish(struct live_host *h)
{
    h->over = true;
    loop_stop(h->config->loop);
}

/* Whoever starts the next host waits for the lock, which ends with us. */
static void stop(struct live_host *h, const char *why)
{
    list_each (it, &h->guests) {
        struct guest *g = list_entry(it, struct guest, link);

        if (g->state == GUEST_MEMBER)
            chan_send(&g->chan, LIVE_STOPPED, why, strlen(why));
    }
    (void)place_lock(&h->place);
    finish(h);
}

static void answer_status(struct guest *g)
{
    struct live_host   *h = g->host;
    struct live_welcome w = { .pid = (int32_t)getpid() };

    if (h->begun)
        h->config->status(h->config->ctx, members(h), w.text);
    chan_send(&g->chan, LIVE_WELCOME, &w, sizeof w);
}

static void hello(struct guest *g, const char *body, size_t len)
{
    struct live_hello m;

    if (len < sizeof m || g->state != GUEST_NEW) {
        guest_end(g);
        return;
    }
    memcpy(&m, body, sizeof m);
    if (m.want == LIVE_STOP || m.want == LIVE_STATUS) {
        answer_status(g);
        g->state = GUEST_LEFT;
        if (m.want == LIVE_STOP)
            stop(g->host, "the live host was stopped (causeway host stop)");
    } else if (m.build != live_build()) {
        refuse(g, 125,
               "the live host is of another version of causeway; "
               "end it with `causeway host stop`");
    } else {
        join(g, body + sizeof m, len - sizeof m);
    }
}

static bool sane(const struct call *c, size_t len, int fd)
{
    return c->op < CALL_OPS && c->len == len && c->len <= CALL_DATA_MAX
        && c->addr_len <= sizeof c->addr && (c->op == CALL_SOCKET || fd >= 0);
}

static void on_call(struct guest *g, const char *body, size_t len, int fd)
{
    struct live_host *h = g->host;
    struct call       c;

    if (len < sizeof c) {
        guest_end(g);
        return;
    }
    memcpy(&c, body, sizeof c);
    c.data = body + sizeof c;
    c.fd = fd;
    g->asked = c.id;
    if (sane(&c, len - sizeof c, fd))
        ctl_call(h->config->ctl(h->config->ctx), &g->front, &c);
    else
        guest_end(g);
}

static void on_member(struct guest *g, unsigned kind, const char *body,
                      size_t len, int fd)
{
    struct ctl      *ctl = g->host->config->ctl(g->host->config->ctx);
    struct live_told t;
    uint64_t         id;

    if (kind == LIVE_CALL) {
        on_call(g, body, len, fd);
    } else if (kind == LIVE_CANCEL && len == sizeof id) {
        memcpy(&id, body, sizeof id);
        ctl_cancel(ctl, &g->front, id);
    } else if (kind == LIVE_TOLD && len == sizeof t) {
        memcpy(&t, body, sizeof t);
        ctl_told(ctl, &g->front, t.id, t.arrived);
    } else if (kind == LIVE_LEAVE) {
        g->state = GUEST_LEAVING;
    } else {
        guest_end(g);
    }
}

static void on_message(struct chan *c, unsigned kind, const void *body,
                       size_t len, int fd)
{
    struct guest *g = container_of(c, struct guest, chan);

    g->prog = fd;
    if (kind == LIVE_HELLO)
        hello(g, body, len);
    else if (g->state == GUEST_MEMBER)
        on_member(g, kind, body, len, fd);
    else
        guest_end(g);
    let_go(g); /* its memory stays to the end of the turn */
}

static void on_gone(struct chan *c)
{
    guest_end(container_of(c, struct guest, chan));
}

/* ---- coming and going ---------------------------------------------------------- */

static unsigned take_in(struct live_host *h)
{
    unsigned n = 0;
    int      fd;

    while ((fd = accept4(h->listener.fd, NULL, NULL,
                         SOCK_CLOEXEC | SOCK_NONBLOCK))
           >= 0) {
        struct guest *g = calloc(1, sizeof *g);
        pid_t         pid = 0;

        INVARIANT(g);
        if (!place_peer(fd, &pid)) {
            free(g);
            close(fd);
            continue;
        }
        g->host = h;
        g->prog = -1;
        g->pid = pid;
        g->since = now_of(h);
        g->chan.message = on_message;
        g->chan.gone = on_gone;
        list_init(&g->front.link);
        list_push_back(&h->guests, &g->link);
        if (chan_init(&g->chan, h->config->loop, fd) < 0)
            guest_end(g);
        n++;
    }
    return n;
}

static void on_connect(struct loop_src *src, uint32_t events)
{
    (void)events;
    (void)take_in(container_of(src, struct live_host, listener));
}

static void on_signals(struct loop_src *src, uint32_t events)
{
    struct live_host       *h = container_of(src, struct live_host, signals);
    struct signalfd_siginfo si;

    (void)events;
    while (read(src->fd, &si, sizeof si) == (ssize_t)sizeof si)
        if (!h->over)
            stop(h, "the live host was ended by a signal");
}

static bool remains(const struct live_host *h, char text[LIVE_TEXT_MAX])
{
    return h->begun && h->config->remains(h->config->ctx, text);
}

/* In the turn after its last word: what its programs did was seen before. */
static void see_off(struct live_host *h)
{
    list_each (it, &h->guests) {
        struct guest       *g = list_entry(it, struct guest, link);
        struct live_goodbye bye = { .ends = false };

        if (g->state != GUEST_LEAVING)
            continue;
        g->state = GUEST_LEFT;
        if (members(h) == 0 && !remains(h, bye.text))
            bye.ends = true;
        chan_send(&g->chan, LIVE_GOODBYE, &bye, sizeof bye);
    }
}

static void drop_silent(struct live_host *h, cw_ns now)
{
    list_each (it, &h->guests) {
        struct guest *g = list_entry(it, struct guest, link);

        if (g->state == GUEST_NEW && now >= ns_add(g->since, SILENT_MAX))
            guest_end(g);
    }
}

static void try_to_end(struct live_host *h, cw_ns now)
{
    h->retry_at = ns_add(now, RETRY);
    if (!place_try_lock(&h->place))
        return; /* somebody is joining */
    if (take_in(h) > 0)
        place_unlock(&h->place);
    else
        finish(h);
}

static bool has_guests(const struct live_host *h)
{
    return count(h,
                 1u << GUEST_NEW | 1u << GUEST_MEMBER | 1u << GUEST_LEAVING)
        > 0;
}

/* Nobody is here: until when, or 0 to end now. */
static cw_ns keep_until(const struct live_host *h)
{
    char text[LIVE_TEXT_MAX];

    if (!h->begun)
        return h->refused ? 0 : ns_add(h->empty_since, SILENT_MAX);
    return remains(h, text) ? ns_add(h->empty_since, REMAIN_MAX) : 0;
}

static void task_run(struct loop_task *task, cw_ns now)
{
    struct live_host *h = container_of(task, struct live_host, task);

    if (h->over)
        return;
    see_off(h);
    drop_silent(h, now);
    bury(h);
    if (has_guests(h)) {
        h->empty_since = NS_NEVER;
        return;
    }
    if (h->empty_since == NS_NEVER)
        h->empty_since = now;
    if (now >= h->retry_at && now >= keep_until(h))
        try_to_end(h, now);
}

static cw_ns task_next(struct loop_task *task)
{
    struct live_host *h = container_of(task, struct live_host, task);
    cw_ns             next = NS_NEVER;

    list_each (it, &h->guests) {
        struct guest *g = list_entry(it, struct guest, link);

        if (g->state == GUEST_NEW)
            next = ns_min(next, ns_add(g->since, SILENT_MAX));
    }
    if (!has_guests(h) && h->empty_since != NS_NEVER)
        next = ns_min(next, ns_max(h->retry_at, keep_until(h)));
    return next;
}

static void watch_signals(struct live_host *h)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    h->signals = (struct loop_src){ .ready = on_signals };
    h->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    INVARIANT(h->signals.fd >= 0);
    loop_watch(h->config->loop, &h->signals, EPOLLIN);
}

void live_host_run(const struct live_host_config *config)
{
    struct live_host h = { .config = config, .empty_since = NS_NEVER };
    char             why[PLACE_WHY_MAX];

    list_init(&h.guests);
    list_init(&h.grave);
    if (!place_open(&h.place, false, why))
        return; /* the directory has gone: nobody can find us */
    h.listener = (struct loop_src){ .fd = config->listener,
                                    .ready = on_connect };
    h.task = (struct loop_task){ .next = task_next, .run = task_run };
    watch_signals(&h);
    loop_watch(config->loop, &h.listener, EPOLLIN);
    loop_add(config->loop, &h.task);
    loop_run(config->loop);
    config->ending(config->ctx);
    place_remove(&h.place, "host.sock");
    place_remove(&h.place, "host.log");
    place_sweep(&h.place);
    loop_remove(&h.task);
    loop_unwatch(config->loop, &h.listener);
    loop_unwatch(config->loop, &h.signals);
    /* Connections stay open until the process has ended: their end is what
     * those who left wait for. */
}
