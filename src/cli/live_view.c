/* live_view.c: see live_view.h. */
#include "cli/live_view.h"

#include "base/addr.h"
#include "base/check.h"
#include "obs/block.h"
#include "shim/chan.h"
#include "shim/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, PIECE = 32768, OWNERS_MAX = 4096 };

struct client {
    struct list       link;
    struct chan       chan;
    struct live_view *view;
};

/* ---- the sockets as a recording ------------------------------------------------ */

static size_t rows_of(const struct world *w, unsigned host,
                      struct cw_sock_row **out)
{
    cw_stack *st = world_stack(w, host);
    size_t    n = cw_snapshot_socks(st, NULL, 0, world_now(w));

    *out = calloc(n + 1, sizeof **out);
    INVARIANT(*out);
    return MIN(n, cw_snapshot_socks(st, *out, n, world_now(w)));
}

static void put_config(struct blockbuf *b, const struct world *w)
{
    char   text[8192];
    size_t n = (size_t)snprintf(text, sizeof text, "clock=real\n"), at;

    for (unsigned h = 1; h <= world_hosts(w); h++) {
        struct cw_addr a4 = world_host_addr4(w, h);
        struct cw_addr a6 = world_host_addr6(w, h);
        char           t4[ADDR_TEXT_MAX], t6[ADDR_TEXT_MAX];

        addr_print(&a4, t4);
        addr_print(&a6, t6);
        n += (size_t)snprintf(text + n, sizeof text - n, "host=%s %s %s\n",
                              world_host_name(w, h), t4, t6);
        INVARIANT(n < sizeof text);
    }
    at = block_begin_local(b, BLOCK_CONFIG);
    put_blob(b, text, n);
    block_end(b, at);
}

static void put_rows(struct blockbuf *b, const struct world *w)
{
    for (unsigned h = 1; h <= world_hosts(w); h++) {
        struct cw_sock_row *rows;
        size_t              n = rows_of(w, h, &rows);

        for (size_t i = 0; i < n; i++)
            block_row(b, (uint16_t)h, &rows[i]);
        free(rows);
        block_counts(b, (uint16_t)h, world_stack(w, h));
    }
}

static void snapshot(struct blockbuf *b, const struct world *w)
{
    size_t at;

    blockbuf_init(b, memory_alloc());
    block_section(b);
    put_config(b, w);
    put_rows(b, w);
    at = block_begin_local(b, BLOCK_END);
    put_le64(b, 0);
    put_le32(b, 0);
    put_le32(b, 0);
    block_end(b, at);
}

/* ---- those who look -------------------------------------------------------------- */

static void client_end(struct client *c)
{
    chan_close(&c->chan);
    list_del(&c->link);
    list_push_back(&c->view->grave, &c->link);
}

static void bury(struct live_view *v)
{
    struct list *n;

    while ((n = list_pop(&v->grave)) != NULL)
        free(list_entry(n, struct client, link));
}

static void on_gone(struct chan *c)
{
    client_end(container_of(c, struct client, chan));
}

static void on_message(struct chan *c, unsigned kind, const void *body,
                       size_t len, int fd)
{
    (void)kind;
    (void)body;
    (void)len;
    if (fd >= 0)
        close(fd);
    on_gone(c); /* there is nothing to ask for */
}

static void show(struct live_view *v, struct client *c)
{
    struct blockbuf b;

    if (v->rec)
        record_flush(v->rec);
    snapshot(&b, v->world);
    for (size_t at = 0; !b.bad && at < b.len; at += PIECE)
        chan_send(&c->chan, VIEW_BYTES, b.p + at,
                  MIN(b.len - at, (size_t)PIECE));
    chan_send(&c->chan, VIEW_END, "", 0);
    blockbuf_free(&b);
}

static unsigned how_many(const struct list *l)
{
    unsigned n = 0;

    list_each (it, l)
        n++;
    return n;
}

static void on_connect(struct loop_src *src, uint32_t events)
{
    struct live_view *v = container_of(src, struct live_view, src);
    int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *c;
    pid_t          pid;

    (void)events;
    if (fd < 0)
        return;
    if (!place_peer(fd, &pid) || how_many(&v->clients) >= CLIENTS_MAX) {
        close(fd);
        return;
    }
    c = calloc(1, sizeof *c);
    INVARIANT(c);
    c->view = v;
    c->chan.message = on_message;
    c->chan.gone = on_gone;
    list_push_back(&v->clients, &c->link);
    if (chan_init(&c->chan, v->loop, fd) < 0)
        client_end(c);
    else
        show(v, c);
}

/* ---- beginning and end ------------------------------------------------------------ */

static cw_ns task_next(struct loop_task *task)
{
    (void)task;
    return NS_NEVER;
}

static void task_run(struct loop_task *task, cw_ns now)
{
    (void)now;
    bury(container_of(task, struct live_view, task));
}

/* The directory may be swept away between two steps: then again. */
static int offer(struct live_view *v)
{
    char why[PLACE_WHY_MAX];
    int  fd = -ENOENT;

    for (int i = 0; i < 8 && fd == -ENOENT; i++) {
        if (!place_open(&v->place, true, why))
            return -EPERM;
        fd = place_listen(&v->place, v->name);
        if (fd < 0)
            place_close(&v->place);
    }
    return fd;
}

void live_view_begin(struct live_view *v, struct loop *loop,
                     const struct world *w, struct recorder *rec)
{
    int fd;

    memset(v, 0, sizeof *v);
    v->loop = loop;
    list_init(&v->clients);
    list_init(&v->grave);
    snprintf(v->name, sizeof v->name, PLACE_VIEW "%d", (int)getpid());
    fd = offer(v);
    if (fd < 0)
        return;
    v->world = w;
    v->rec = rec;
    v->src = (struct loop_src){ .fd = fd, .ready = on_connect };
    v->task = (struct loop_task){ .next = task_next, .run = task_run };
    loop_watch(loop, &v->src, EPOLLIN);
    loop_add(loop, &v->task);
}

void live_view_end(struct live_view *v)
{
    if (!v->world)
        return;
    v->world = NULL;
    list_each (it, &v->clients)
        client_end(list_entry(it, struct client, link));
    bury(v);
    loop_remove(&v->task);
    loop_unwatch(v->loop, &v->src);
    close(v->src.fd);
    place_remove(&v->place, v->name);
    if (place_try_lock(&v->place))
        place_sweep(&v->place);
    place_close(&v->place);
}

/* ---- owners ------------------------------------------------------------------------- */

static size_t inodes_of(const struct world *w, unsigned host, uint64_t **out)
{
    struct cw_sock_row *rows;
    size_t              n = rows_of(w, host, &rows), k = 0;

    *out = calloc(n + 1, sizeof **out);
    INVARIANT(*out);
    for (size_t i = 0; i < n; i++)
        if (rows[i].owner)
            (*out)[k++] = rows[i].owner;
    free(rows);
    return k;
}

static void record_owners_of(struct recorder *r, const struct world *w,
                             unsigned host)
{
    struct owner *found = calloc(OWNERS_MAX, sizeof *found);
    uint64_t     *inodes;
    size_t        n = inodes_of(w, host, &inodes);

    INVARIANT(found);
    n = owners_find(inodes, n, found, OWNERS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct run_owner o = { .owner = found[i].inode,
                               .host = (uint16_t)host,
                               .pid = found[i].pid,
                               .fd = found[i].fd };

        snprintf(o.name, sizeof o.name, "%s", found[i].name);
        record_owner(r, &o);
    }
    free(inodes);
    free(found);
}

void owners_record(struct recorder *r, const struct world *w)
{
    for (unsigned h = 1; r && h <= world_hosts(w); h++)
        record_owners_of(r, w, h);
}
