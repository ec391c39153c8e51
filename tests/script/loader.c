/* loader.c: see loader.h.  A script's numbers become the wire's by the
 * runner's own flow.c and wire.c; time and calls are the plug-in's.
 */
#include "loader.h"
#include "script/show.h"
#include "script/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT = 8080, PEER_PORT = 40001, SLACK_US = 200, NAP_MAX = 1000000000 };

struct load {
    struct plugin_table t;
    struct ast          ast;
    struct flow         flow;
    long long           base, last; /* microseconds */
    int                 fds[64];    /* the script's to the system's */
    uint32_t            written;
    bool                skip, failed;
    char               *why;
    const struct event *ev;
    /* the call that blocks, and what it answered */
    pthread_t           thread;
    bool                blocked;
    _Atomic pid_t       tid; /* 0: not begun; -1: over */
    ssize_t             answer;
    int                 err;
    long long           ended, want_end;
    const struct event *blocked_ev;
};

static void fail(struct load *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct load *l, const char *format, ...)
{
    va_list ap;
    int     n;

    if (l->failed)
        return;
    l->failed = true;
    n = snprintf(l->why, 512, "line %d: ", l->ev ? l->ev->line : 0);
    va_start(ap, format);
    vsnprintf(l->why + n, 512 - (size_t)n, format, ap);
    va_end(ap);
}

/* ---- time ------------------------------------------------------------------ */

static long long now(struct load *l)
{
    struct timeval tv = { 0 };

    l->t.gettimeofday(l->t.userdata, &tv, NULL);
    return tv.tv_sec * 1000000LL + tv.tv_usec;
}

static long long when(const struct load *l, cw_ns t, bool relative)
{
    return t / NS_US + (relative ? l->last : l->base);
}

static void wait_until(struct load *l, long long t)
{
    long long n;

    while (t - (n = now(l)) > 30) /* useconds_t ends after 71 minutes */
        l->t.pass(l->t.userdata,
                  (useconds_t)(t - n > NAP_MAX ? NAP_MAX : t - n - 20));
    while (now(l) < t)
        ;
}

/* ---- packets ----------------------------------------------------------------- */

static void play_in(struct load *l)
{
    static uint8_t   bytes[WIRE_MAX];
    const struct sp *p = &l->ev->pkt;
    size_t           n;

    if (p->flags & SP_SYN && p->proto == SP_TCP) {
        l->flow.irs = p->seq;
        l->flow.fresh = true;
    }
    n = wire_build(bytes, p, &l->flow);
    if (l->t.netdev_send(l->t.userdata, bytes, n) != 0)
        fail(l, "netdev_send");
}

static struct sp_opt *stamp_of(struct sp *p)
{
    for (unsigned i = 0; i < p->nopts; i++)
        if (p->opts[i].kind == 8)
            return &p->opts[i];
    return NULL;
}

/* Our SYN begins the numbers; stamps are taken as they are. */
static const char *read_packet(struct load *l, struct sp *got,
                               const struct wire_head *h)
{
    struct sp      want = l->ev->pkt;
    struct flow   *f = &l->flow;
    struct sp_opt *a, *b;
    const char    *wrong;

    f->lport = h->protocol == 6 && f->lport == 0 ? h->sport : f->lport;
    wrong = wire_read(got, h, f);
    if (!wrong && got->flags & want.flags & SP_SYN
        && (!f->loff_known || f->fresh)) {
        f->loff = be32_load(h->body + 4) - want.seq;
        f->iss = want.seq;
        f->loff_known = true;
        f->fresh = false;
        wrong = wire_read(got, h, f);
    }
    a = stamp_of(&want);
    b = stamp_of(got);
    if (!wrong && a && b) {
        flow_stamp(f, a->v[0], b->v[0]);
        b->v[0] = a->v[0];
    }
    return wrong;
}

static bool receive(struct load *l, struct sp *got, long long *us)
{
    static uint8_t   bytes[WIRE_MAX];
    struct wire_head h;
    size_t           n = sizeof bytes;
    const char      *wrong;

    l->t.netdev_receive(l->t.userdata, bytes, &n, us);
    if (n == 0) {
        fail(l, "nothing was sent");
        return false;
    }
    wrong = wire_head(&h, bytes, n);
    if (!wrong)
        wrong = read_packet(l, got, &h);
    if (wrong)
        fail(l, "%s", wrong);
    return !wrong;
}

static void play_out(struct load *l)
{
    const struct sp *want = &l->ev->pkt;
    struct sp        got, more;
    long long        us = 0, from, to;
    char             text[400];
    struct fmt       f = fmt_of(text, sizeof text);

    from = when(l, l->ev->when.from, l->ev->when.relative);
    to = when(l, l->ev->when.to, l->ev->when.relative);
    if (!receive(l, &got, &us))
        return;
    while (got.len && got.len < want->len && receive(l, &more, &us)) {
        got.len += more.len;
        got.flags |= more.flags;
    }
    l->last = us;
    if (!l->ev->when.any && (us < from - SLACK_US || us > to + SLACK_US))
        fail(l, "sent at %lld, not %lld", us - l->base, from - l->base);
    if (show_diff(want, &got)) {
        show_two(&f, want, &got, l->flow.v6);
        fail(l, "%s", text);
    }
}

/* ---- calls ------------------------------------------------------------------- */

static int64_t int_of(struct load *l, const struct val *v)
{
    if (v && v->kind == VAL_LIST)
        v = v->first;
    if (!v || v->kind != VAL_INT) {
        l->skip = true;
        return 0;
    }
    return v->n;
}

static const struct val *arg(const struct load *l, const struct event *e,
                             unsigned i)
{
    const struct val *v = e->call.args;

    (void)l;
    while (v && i--)
        v = v->next;
    return v;
}

static socklen_t address(const struct load *l, bool remote,
                         struct sockaddr_storage *a)
{
    const struct cw_addr *from = remote ? &l->flow.remote : &l->flow.local;
    struct sockaddr_in6  *a6 = (struct sockaddr_in6 *)a;
    struct sockaddr_in   *a4 = (struct sockaddr_in *)a;

    memset(a, 0, sizeof *a);
    if (l->flow.v6) {
        a6->sin6_family = AF_INET6;
        a6->sin6_port = htons(PORT);
        memcpy(&a6->sin6_addr, from->b, 16);
        return sizeof *a6;
    }
    a4->sin_family = AF_INET;
    a4->sin_port = htons(PORT);
    memcpy(&a4->sin_addr, from->b + 12, 4);
    return sizeof *a4;
}

static ssize_t do_write(struct load *l, int fd, size_t n)
{
    static uint8_t bytes[1 << 20];
    ssize_t        got;

    if (n > sizeof bytes)
        return -1;
    for (size_t i = 0; i < n; i++)
        bytes[i] = flow_byte(false, l->written + (uint32_t)i);
    got = l->t.write(l->t.userdata, fd, bytes, n);
    l->written += got > 0 ? (uint32_t)got : 0;
    return got;
}

static ssize_t do_open(struct load *l, const struct event *e, int fd)
{
    const char             *name = e->call.name;
    struct plugin_table    *t = &l->t;
    struct sockaddr_storage a;
    socklen_t               n = sizeof a;

    if (strcmp(name, "socket") == 0)
        return t->socket(t->userdata, l->flow.v6 ? AF_INET6 : AF_INET,
                         (int)int_of(l, arg(l, e, 1)), 0);
    if (strcmp(name, "bind") == 0) {
        l->flow.lport = PORT;
        n = address(l, false, &a);
        return t->bind(t->userdata, fd, (struct sockaddr *)&a, n);
    }
    if (strcmp(name, "connect") == 0) {
        l->flow.rport = PORT;
        n = address(l, true, &a);
        return t->connect(t->userdata, fd, (struct sockaddr *)&a, n);
    }
    return t->accept(t->userdata, fd, (struct sockaddr *)&a, &n);
}

/* What a call answers; what is not here is skipped. */
static ssize_t do_call(struct load *l, const struct event *e)
{
    static uint8_t       bytes[1 << 16];
    const char          *name = e->call.name;
    struct plugin_table *t = &l->t;
    const struct val    *first = arg(l, e, 0);
    int fd = first && first->kind == VAL_INT ? l->fds[first->n & 63] : -1;

    if (strcmp(name, "socket") == 0 || strcmp(name, "bind") == 0
        || strcmp(name, "connect") == 0 || strcmp(name, "accept") == 0)
        return do_open(l, e, fd);
    if (strcmp(name, "listen") == 0)
        return t->listen(t->userdata, fd, (int)int_of(l, arg(l, e, 1)));
    if (strcmp(name, "read") == 0)
        return t->read(t->userdata, fd, bytes,
                       (size_t)int_of(l, arg(l, e, 2)));
    if (strcmp(name, "write") == 0)
        return do_write(l, fd, (size_t)int_of(l, arg(l, e, 2)));
    if (strcmp(name, "close") == 0)
        return t->close(t->userdata, fd);
    if (strcmp(name, "shutdown") == 0)
        return t->shutdown(t->userdata, fd, (int)int_of(l, arg(l, e, 1)));
    if (strcmp(name, "fcntl") == 0)
        return t->fcntl(t->userdata, fd, (int)int_of(l, arg(l, e, 1)),
                        (int)int_of(l, arg(l, e, 2)));
    l->skip = true;
    return 0;
}

static void check_call(struct load *l, const struct event *e, ssize_t got,
                       int err)
{
    const struct val *want = e->call.result;

    if (l->skip || want->kind == VAL_ANY)
        return;
    if (got >= 0 && strcmp(e->call.name, "close") == 0)
        l->fds[e->call.args->n & 63] = 0;
    if (got >= 0
        && (strcmp(e->call.name, "socket") == 0
            || strcmp(e->call.name, "accept") == 0)) {
        l->fds[want->n & 63] = (int)got;
        return;
    }
    if (got != want->n || (got < 0 && e->call.err && e->call.err != err))
        fail(l, "%s() answered %zd (%d)", e->call.name, got, err);
}

static void *call_thread(void *ctx)
{
    struct load *l = ctx;

    l->tid = gettid();
    l->answer = do_call(l, l->blocked_ev);
    l->err = errno;
    l->ended = now(l);
    l->tid = -1;
    return NULL;
}

static void join(struct load *l)
{
    if (!l->blocked)
        return;
    if (l->tid >= 0)
        wait_until(l, l->want_end);
    pthread_join(l->thread, NULL);
    l->blocked = false;
    check_call(l, l->blocked_ev, l->answer, l->err);
    if (l->ended < l->want_end - SLACK_US
        || l->ended > l->want_end + SLACK_US)
        fail(l, "%s() ended at %lld, not %lld", l->blocked_ev->call.name,
             l->ended - l->base, l->want_end - l->base);
}

/* As the original knows it: the kernel says that the thread sleeps. */
static bool asleep(pid_t tid)
{
    char  path[64], line[256], *paren = NULL;
    FILE *f;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    f = fopen(path, "r");
    if (f && fgets(line, sizeof line, f))
        paren = strrchr(line, ')');
    if (f)
        fclose(f);
    return !f || (paren && paren[2] == 'S');
}

/* Until it blocks, or is over. */
static void let_thread(const struct load *l)
{
    while (l->tid >= 0 && (l->tid == 0 || !asleep(l->tid)))
        sched_yield();
}

static void play_call(struct load *l, long long before)
{
    const struct event *e = l->ev;
    ssize_t             got;

    if (e->when.end == NS_NEVER) {
        got = do_call(l, e);
        check_call(l, e, got, errno);
        return;
    }
    if (l->blocked) {
        fail(l, "one call blocks at a time");
        return;
    }
    l->blocked = true;
    l->blocked_ev = e;
    l->want_end = e->when.end / NS_US + (e->when.relative ? before : l->base);
    if (pthread_create(&l->thread, NULL, call_thread, l) != 0)
        abort();
    let_thread(l);
}

/* ---- a script ------------------------------------------------------------------ */

/* What needs more than this loader has. */
static bool is_too_much(const struct event *e)
{
    static const char *const calls[] = { "socket", "bind",   "connect",
                                         "accept", "listen", "read",
                                         "write",  "close",  "shutdown",
                                         "fcntl" };
    const struct sp         *p = &e->pkt;

    if (e->kind == EVENT_CODE || e->kind == EVENT_SHELL)
        return true;
    if (e->kind == EVENT_IN || e->kind == EVENT_OUT)
        return p->proto != SP_TCP || p->flow || p->has_dst || p->has_src;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (strcmp(calls[i], e->call.name) == 0)
            return e->when.end < NS_NEVER && strcmp("write", calls[i]) == 0;
    return true;
}

static void play_event(struct load *l)
{
    const struct event *e = l->ev;
    long long           before = l->last;

    if (l->blocked)
        let_thread(l);
    if (l->blocked && l->tid < 0)
        join(l);
    if (e->kind == EVENT_OUT) {
        play_out(l);
        return;
    }
    if (!e->when.any)
        wait_until(l, when(l, e->when.from, e->when.relative));
    l->last = now(l);
    if (e->kind == EVENT_IN)
        play_in(l);
    else
        play_call(l, before);
}

static void set_up(struct load *l, char *flags, size_t cap)
{
    size_t n = 0;

    flags[0] = 0;
    for (const struct flag *f = l->ast.flags; f; f = f->next) {
        if (f->value && strcmp(f->value, "ipv6") == 0)
            l->flow.v6 = true;
        l->skip |= strcmp(f->name, "strict_segments") == 0;
        n += (size_t)snprintf(flags + n, cap - n, "--%s=%s ", f->name,
                              f->value ? f->value : "");
    }
    for (const struct event *e = l->ast.events; e; e = e->next)
        l->skip |= is_too_much(e);
    l->flow.sd = -1;
    l->flow.rport = PEER_PORT;
    addr_parse(l->flow.v6 ? "fd3d:0a0b:17d6::1" : "192.168.0.1",
               &l->flow.local);
    addr_parse(l->flow.v6 ? "fd3d:fa7b:d17d::1" : "192.0.2.1",
               &l->flow.remote);
}

static void play(struct load *l, plugin_init *init)
{
    char flags[512];

    set_up(l, flags, sizeof flags);
    if (l->skip)
        return;
    init(flags, &l->t);
    l->base = l->last = now(l);
    for (l->ev = l->ast.events; l->ev && !l->skip && !l->failed;
         l->ev = l->ev->next)
        play_event(l);
    if (l->blocked && (l->skip || l->failed)) {
        fail(l, "a call was left behind");
        pthread_detach(l->thread);
        return;
    }
    join(l);
    for (size_t i = 0; i < ARRAY_LEN(l->fds); i++)
        if (l->fds[i]) /* as the original does with what was left open */
            close(l->fds[i]);
    l->t.free(l->t.userdata);
}

enum loaded loader_play(plugin_init *init, const char *text, size_t len,
                        char why[512])
{
    static struct load l;

    memset(&l, 0, sizeof l);
    l.why = why;
    why[0] = 0;
    ast_read(&l.ast, text, len);
    l.skip = l.ast.bad_line != 0;
    if (!l.skip)
        play(&l, init);
    ast_free(&l.ast);
    return l.failed ? LOADED_FAILED : l.skip ? LOADED_SKIPPED : LOADED_PASSED;
}
