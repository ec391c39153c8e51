/* builtin_lab.c: the list of built-in endpoints: adding, starting and ending
 * them; and a lab of nothing else in virtual time.
 *
 *   Owns:      the names; the starting order; when a lab is over and with
 *              what status.
 */
#include "world/builtin.h"

enum {
    STATUS_STUCK = 124, /* as timeout(1) has it */
    BACKLOG = 128,
};

static const struct builtin_kind *const kinds[] = {
    &builtin_upper,      &builtin_echo_upper, &builtin_hello,
    &builtin_sink,       &builtin_send,       &builtin_recv,
    &builtin_source,     &builtin_udp_upper,  &builtin_udp_send,
    &builtin_perf_client, /* or the server: its arguments say */
};

/* ---- the list ---------------------------------------------------------- */

static struct builtin *builtin_of(const struct world *w, unsigned number)
{
    list_each (it, &w->builtins) {
        struct builtin *b = list_entry(it, struct builtin, link);

        if (b->number == number)
            return b;
    }
    INVARIANT(false); /* no such endpoint */
}

static const struct builtin_kind *kind_of(const char *name, struct fmt *err)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_same(kinds[i]->name, name))
            return kinds[i];
    fmt_f(err, "%s: no such built-in endpoint; there are", name);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        fmt_f(err, " %s", kinds[i]->name);
    return NULL;
}

int world_builtin_add(struct world *w, unsigned host, unsigned argc,
                      const char *const *argv, struct fmt *err)
{
    struct builtin *b = world_alloc(w, sizeof(*b));

    INVARIANT(argc > 0);
    if (!b) {
        fmt_f(err, "%s: no memory", argv[0]);
        return -1;
    }
    b->w = w;
    b->h = world_host_of(w, host);
    b->status = b->sd = -1;
    b->timer = NS_NEVER;
    b->resume = w->config.start;
    list_init(&b->conns);
    b->kind = kind_of(argv[0], err);
    if (!b->kind || !builtin_parse(b, argc, argv, err)) {
        world_give(w, b, sizeof(*b));
        return -1;
    }
    b->h->builtins = true;
    b->number = w->nbuiltins++;
    list_push_back(&w->builtins, &b->link);
    return (int)b->number;
}

void builtins_free(struct world *w)
{
    struct list *it;

    while ((it = list_pop(&w->builtins)) != NULL) {
        struct builtin *b = list_entry(it, struct builtin, link);
        struct list    *ic;

        while ((ic = list_pop(&b->conns)) != NULL)
            world_give(w, list_entry(ic, struct conn, link),
                       sizeof(struct conn));
        world_give(w, b, sizeof(*b));
    }
}

static void start_server(struct builtin *b)
{
    struct wcall bind = { .op = EVC_BIND, .has_addr = true };
    ptrdiff_t    ret;

    b->sd = b_socket(b, b->kind->datagrams ? CW_SOCK_DGRAM
                                           : CW_SOCK_STREAM);
    bind.sd = b->sd;
    bind.addr.port = b->args.port;
    ret = b->sd < 0 ? b->sd : b_plain(b, &bind);
    if (ret == 0 && !b->kind->datagrams)
        ret = b_plain(b, &(struct wcall){ .op = EVC_LISTEN, .sd = b->sd,
                                        .a = BACKLOG });
    if (ret < 0)
        b_fail(b, "bind", ret);
}

static void start_client(struct builtin *b)
{
    struct conn *c;
    int          sd = b_socket(b, b->kind->datagrams ? CW_SOCK_DGRAM
                                                     : CW_SOCK_STREAM);

    if (sd < 0) {
        b_fail(b, "socket", sd);
        return;
    }
    if (b->kind->datagrams) {
        b->sd = sd;
        b->heard = true;
        return;
    }
    c = conn_new(b, sd);
    if (!c) {
        b_close(b, sd);
        b_fail(b, "socket", -CW_ENOMEM);
    }
}

void world_builtin_start(struct world *w, unsigned builtin)
{
    struct builtin *b = builtin_of(w, builtin);

    INVARIANT(!b->started);
    b->started = true;
    if (b->kind->serves)
        start_server(b);
    else
        start_client(b);
    builtins_run(w);
}

int world_builtin_status(const struct world *w, unsigned builtin)
{
    return builtin_of(w, builtin)->status;
}

bool world_builtin_serves(const struct world *w, unsigned builtin)
{
    return builtin_of(w, builtin)->kind->serves;
}

unsigned world_builtins(const struct world *w)
{
    return w->nbuiltins;
}

/* ---- a lab of them ----------------------------------------------------- */

bool world_over(const struct world *w)
{
    bool clients = false;

    list_each (it, &w->builtins) {
        const struct builtin *b = list_entry(it, struct builtin, link);

        if (!b->kind->serves && b->status < 0)
            return world_next(w) == NS_NEVER;
        clients |= !b->kind->serves;
    }
    return clients ? world_quiet(w) : world_next(w) == NS_NEVER;
}

/* The answer of all of them together. */
static int status_of_all(const struct world *w)
{
    int status = 0;

    list_each (it, &w->builtins) {
        const struct builtin *b = list_entry(it, struct builtin, link);

        if (!b->kind->serves && b->status < 0)
            return STATUS_STUCK;
        if (status == 0 && b->status > 0)
            status = b->status;
    }
    return status;
}

/* The next one starts once the host of the one before is ready. */
static void start_in_turn(struct world *w)
{
    bool ready = true;

    list_each (it, &w->builtins) {
        struct builtin *b = list_entry(it, struct builtin, link);

        if (!b->started && ready)
            world_builtin_start(w, b->number);
        ready = b->h->ready;
        if (!ready)
            return;
    }
}

int world_run_builtins(struct world *w, cw_ns until)
{
    cw_ns next;

    for (;;) {
        start_in_turn(w);
        if (world_over(w))
            break;
        next = world_next(w);
        if (next > until) {
            world_advance(w, until);
            break;
        }
        world_advance(w, next);
    }
    return status_of_all(w);
}
