/* builtin_lab.c: the list of built-in endpoints: adding, starting and ending
 * them; and a lab of nothing else in virtual time.
 *
 *   Owns:      the names; the starting order; when a lab is over and with
 *              what status.
 */
#include "world/builtin.h"

enum {
    STATUS_STUCK = 124, /* as timeout(1) has it */
};

static const struct builtin_kind *const kinds[] = {
    &builtin_upper,       &builtin_echo_upper,
    &builtin_echo,        &builtin_answer,
    &builtin_hello,       &builtin_sink,
    &builtin_leak,        &builtin_send,
    &builtin_recv,        &builtin_source,
    &builtin_udp_upper,   &builtin_udp_send,
    &builtin_udp_sink,    &builtin_udp_source,
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

static ptrdiff_t set_int(struct builtin *b, int sd, int name, int value)
{
    return b_plain(b,
                   &(struct wcall){ .op = EVC_SETSOCKOPT,
                                    .sd = sd,
                                    .a = CW_SOL_SOCKET,
                                    .b = name,
                                    .in = &value,
                                    .in_len = sizeof(value) });
}

static ptrdiff_t bind_to(struct builtin *b, int sd, uint16_t port)
{
    struct wcall bind = { .op = EVC_BIND, .sd = sd, .has_addr = true };

    bind.addr.port = port;
    if (addr_is4(&b->args.peer.addr))
        bind.addr.addr = addr4(0);
    return b_plain(b, &bind);
}

static ptrdiff_t try_server(struct builtin *b)
{
    ptrdiff_t ret = 0;

    b->sd = b_socket(b, b->kind->datagrams ? CW_SOCK_DGRAM : CW_SOCK_STREAM);
    if (b->sd < 0)
        return b->sd;
    if (b->args.rcvbuf)
        ret = set_int(b, b->sd, CW_SO_RCVBUF, (int)b->args.rcvbuf);
    if (ret == 0 && b->args.inlined)
        ret = set_int(b, b->sd, CW_SO_OOBINLINE, 1);
    ret = ret ?: bind_to(b, b->sd, b->args.port);
    if (ret == 0 && !b->kind->datagrams)
        ret = b_plain(b,
                      &(struct wcall){ .op = EVC_LISTEN,
                                       .sd = b->sd,
                                       .a = (int)b->args.backlog });
    return ret;
}

static void start_server(struct builtin *b)
{
    ptrdiff_t ret = try_server(b);

    if (ret < 0) {
        b_fail(b, "bind", ret);
        return;
    }
    if (b->args.accept || (b->kind->datagrams && b->args.sleep))
        b->timer = b->accept_at = ns_add(
            b->w->now, ns_max(b->args.accept, b->args.sleep));
}

void builtin_dial(struct builtin *b)
{
    struct conn *c;
    int sd = b_socket(b, b->kind->datagrams ? CW_SOCK_DGRAM : CW_SOCK_STREAM);
    ptrdiff_t ret = sd < 0 || !b->args.from ? MIN(sd, 0)
                                            : bind_to(b, sd, b->args.from);

    if (ret < 0) {
        b_close(b, sd);
        b_fail(b, sd < 0 ? "socket" : "bind", ret);
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
    b->dialled++;
}

void world_builtin_start(struct world *w, unsigned builtin)
{
    struct builtin *b = builtin_of(w, builtin);

    INVARIANT(!b->started);
    b->started = true;
    if (b->kind->serves)
        start_server(b);
    else
        for (uint64_t i = 0; i < b->args.parallel && b->status < 0; i++)
            builtin_dial(b);
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
