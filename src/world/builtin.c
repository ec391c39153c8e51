/* builtin.c: built-in endpoints: their calls, their connections, their turns.
 *
 *   Owns:      whose turn it is: in order of numbers, as long as anything was
 *              heard; a bound on turns in one instant, so that two endpoints
 *              on a perfect link do not stop the clock for ever.
 *   Does not   know what an endpoint does: builtin_*.c do.
 *   Invariant: the sockets of a host that has an endpoint are endpoints'.
 */
#include "world/builtin.h"

enum {
    TURNS_AT_ONCE = 1000,
    TURN_PAUSE = 1000, /* ns between turns beyond that */
    OUT_MAX = 160,
};

/* ---- calls ------------------------------------------------------------- */

ptrdiff_t b_call(struct builtin *b, const struct wcall *call,
                 struct wresult *res)
{
    return world_call(b->w, b->h->number, call, res);
}

ptrdiff_t b_plain(struct builtin *b, const struct wcall *call)
{
    struct wresult res;

    return b_call(b, call, &res);
}

int b_socket(struct builtin *b, int type)
{
    bool is4 = addr_is4(&b->args.peer.addr);

    /* A server takes both families through one socket. */
    return (int)b_plain(b,
                        &(struct wcall){ .op = EVC_SOCKET,
                                         .a = is4 ? CW_AF_INET : CW_AF_INET6,
                                         .b = type });
}

ptrdiff_t b_send(struct builtin *b, int sd, const void *p, size_t n)
{
    return b_plain(
        b, &(struct wcall){ .op = EVC_SEND, .sd = sd, .in = p, .in_len = n });
}

ptrdiff_t b_recv(struct builtin *b, int sd, void *p, size_t n)
{
    return b_plain(
        b,
        &(struct wcall){ .op = EVC_RECV, .sd = sd, .out = p, .out_len = n });
}

void b_close(struct builtin *b, int sd)
{
    if (sd >= 0)
        b_plain(b, &(struct wcall){ .op = EVC_CLOSE, .sd = sd });
}

void b_shut(struct builtin *b, int sd)
{
    b_plain(b,
            &(struct wcall){ .op = EVC_SHUTDOWN, .sd = sd, .a = CW_SHUT_WR });
}

void b_text(struct builtin *b, const char *text, size_t n)
{
    const struct world_hooks *hooks = &b->w->config.hooks;

    if (hooks->output && n)
        hooks->output(hooks->ctx, b->h->number, text, n);
}

void b_say(struct builtin *b, const char *format, ...)
{
    char       text[OUT_MAX];
    struct fmt f = fmt_of(text, sizeof(text));
    va_list    ap;

    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
    b_text(b, text, f.len);
}

void b_fail(struct builtin *b, const char *what, ptrdiff_t answer)
{
    b_say(b, "%s: %s: %s\n", b->kind->name, what, cw_error_name((int)answer));
    b_exit(b, 1);
}

void b_exit(struct builtin *b, int status)
{
    const struct world_hooks *hooks = &b->w->config.hooks;

    INVARIANT(b->status < 0 && status >= 0);
    while (!list_empty(&b->conns))
        conn_end(b, list_entry(list_first(&b->conns), struct conn, link));
    b_close(b, b->sd);
    b->sd = -1;
    b->timer = NS_NEVER;
    b->status = status;
    if (hooks->exited)
        hooks->exited(hooks->ctx, b->h->number, b->number, status);
    world_tell_ready(b->w, b->h, WORLD_EXITED);
}

/* ---- connections ------------------------------------------------------- */

struct conn *conn_new(struct builtin *b, int sd)
{
    struct conn *c = world_alloc(b->w, sizeof(*c));

    if (!c)
        return NULL;
    c->sd = sd;
    c->heard = true;
    list_push_back(&b->conns, &c->link);
    return c;
}

void conn_end(struct builtin *b, struct conn *c)
{
    b_close(b, c->sd);
    list_del(&c->link);
    world_give(b->w, c, sizeof(*c));
}

bool conn_flush(struct builtin *b, struct conn *c)
{
    while (c->gone < c->held) {
        ptrdiff_t n = b_send(b, c->sd, c->buf + c->gone, c->held - c->gone);

        if (n == -CW_EAGAIN)
            return false;
        if (n < 0) {
            conn_end(b, c);
            return false;
        }
        c->gone += (size_t)n;
        c->out += (uint64_t)n;
    }
    c->held = c->gone = 0;
    return true;
}

bool conn_ready(struct builtin *b, struct conn *c)
{
    ptrdiff_t ret;

    if (c->connected)
        return true;
    ret = b_plain(b,
                  &(struct wcall){ .op = EVC_CONNECT,
                                   .sd = c->sd,
                                   .has_addr = true,
                                   .addr = b->args.peer });
    if (ret == -CW_EINPROGRESS || ret == -CW_EALREADY)
        return false;
    if (ret < 0) {
        b_fail(b, "connect", ret);
        return false;
    }
    c->connected = true;
    c->waited = false;
    b->report.begun = b->report.last = b->w->now;
    return true;
}

bool conn_waited(struct builtin *b, struct conn *c, cw_ns time)
{
    if (time == 0 || c->waited)
        return true;
    if (c->wake == 0)
        c->wake = ns_add(b->w->now, time);
    c->heard = true; /* for its turn at c->wake */
    c->waited = c->wake <= b->w->now;
    if (c->waited)
        c->wake = 0;
    return c->waited;
}

void conn_done(struct builtin *b, struct conn *c)
{
    if (!conn_waited(b, c, b->args.wait))
        return;
    if (++b->done >= b->args.count * b->args.parallel) {
        b_exit(b, 0);
        return;
    }
    conn_end(b, c);
    if (b->dialled >= b->args.count * b->args.parallel)
        return;
    if (b->args.every)
        b->timer = ns_add(b->w->now, b->args.every);
    else
        builtin_dial(b);
}

void builtin_upper_case(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 'a' && p[i] <= 'z')
            p[i] = (uint8_t)(p[i] - ('a' - 'A'));
}

/* ---- turns ------------------------------------------------------------- */

static void accept_all(struct builtin *b)
{
    ptrdiff_t sd;

    while ((sd = b_plain(b, &(struct wcall){ .op = EVC_ACCEPT, .sd = b->sd }))
           >= 0)
        if (!conn_new(b, (int)sd))
            b_close(b, (int)sd); /* no memory: nobody to serve it */
}

/* A connection's turn may end it, and the endpoint; so look anew each time. */
static struct conn *next_heard(const struct builtin *b)
{
    list_each (it, &b->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->heard && c->wake <= b->w->now)
            return c;
    }
    return NULL;
}

static cw_ns conns_want(const struct builtin *b)
{
    cw_ns at = NS_NEVER;

    list_each (it, &b->conns) {
        const struct conn *c = list_entry(it, struct conn, link);

        if (c->heard)
            at = ns_min(at, ns_max(c->wake, b->w->now));
    }
    return at;
}

static void take_turn(struct builtin *b)
{
    struct conn *c;
    bool         due = b->timer <= b->w->now;

    if (due)
        b->timer = NS_NEVER;
    if (b->kind->turn && (due || b->heard))
        b->kind->turn(b);
    else if (due && !b->kind->serves)
        builtin_dial(b); /* -e is over */
    b->heard = false;
    if (b->status < 0 && b->sd >= 0 && !b->kind->datagrams
        && b->accept_at <= b->w->now)
        accept_all(b);
    while (b->status < 0 && (c = next_heard(b)) != NULL) {
        c->heard = false;
        b->kind->conn(b, c);
    }
}

/* When it wants its next turn. */
static cw_ns wants(const struct builtin *b)
{
    cw_ns at = ns_min(b->timer, conns_want(b));

    if (!b->started || b->status >= 0)
        return NS_NEVER;
    if (b->heard)
        at = b->w->now;
    return ns_max(at, b->resume);
}

/* Too many turns in one instant: a pause. */
static bool must_pause(struct builtin *b)
{
    if (b->instant != b->w->now) {
        b->instant = b->w->now;
        b->turns = 0;
    }
    if (++b->turns <= TURNS_AT_ONCE)
        return false;
    b->resume = ns_add(b->w->now, TURN_PAUSE);
    return true;
}

/* Which endpoint is this socket, or whose connection? */
static void note_heard(struct world *w, const struct host *h, int sd)
{
    list_each (it, &w->builtins) {
        struct builtin *b = list_entry(it, struct builtin, link);

        if (b->h != h || b->status >= 0)
            continue;
        if (b->sd == sd) {
            b->heard = true;
            return;
        }
        list_each (ic, &b->conns) {
            struct conn *c = list_entry(ic, struct conn, link);

            if (c->sd == sd) {
                c->heard = true;
                return;
            }
        }
    }
}

void builtins_hear(struct world *w)
{
    int sd;

    for (unsigned n = 1; n <= w->nhosts; n++)
        while (w->hosts[n]->builtins
               && (sd = cw_ready_next(w->hosts[n]->st)) >= 0)
            note_heard(w, w->hosts[n], sd);
}

bool builtins_run(struct world *w)
{
    bool any = false, some = !list_empty(&w->builtins);

    while (some) {
        some = false;
        builtins_hear(w);
        list_each (it, &w->builtins) {
            struct builtin *b = list_entry(it, struct builtin, link);

            if (wants(b) > w->now || must_pause(b))
                continue;
            take_turn(b);
            some = any = true;
        }
    }
    return any;
}

cw_ns builtins_next(const struct world *w)
{
    cw_ns next = NS_NEVER;

    list_each (it, &w->builtins)
        next = ns_min(next, wants(list_entry(it, struct builtin, link)));
    return next;
}
