/* runs_live.c: the sockets of everything of this user that runs now.
 *
 * Each live process (live_view.h) gives its own recording; they become one,
 * hosts numbered on.  Which programs have the sockets is looked up here, so
 * that nobody's network waits for it.
 */
#include "cli/live_view.h"
#include "cli/runs.h"

#include "base/addr.h"
#include "base/check.h"
#include "obs/block.h"
#include "shim/chan.h"
#include "shim/owners.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 2000, PIECE_MAX = CHAN_MAX, OWNERS_MAX = 4096 };

struct merged {
    struct blockbuf config, rows; /* config: bare text */
    struct {
        uint64_t inode;
        uint16_t host;
    } * socks; /* of programs */
    size_t   n, cap;
    unsigned hosts, sources;
};

/* ---- one of them ------------------------------------------------------------ */

static bool hear(int fd, struct blockbuf *b)
{
    static _Alignas(16) char body[PIECE_MAX];
    unsigned                 kind = VIEW_BYTES;
    ptrdiff_t                n = 0;

    while (kind == VIEW_BYTES) {
        n = chan_read_one(fd, &kind, body, sizeof body, ANSWER_MS);
        if (n < 0)
            return false;
        put_bytes(b, body, (size_t)n);
    }
    return !b->bad;
}

static void add_sock(struct merged *m, uint64_t inode, unsigned host)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 64;
        m->socks = realloc(m->socks, m->cap * sizeof *m->socks);
        INVARIANT(m->socks);
    }
    m->socks[m->n].inode = inode;
    m->socks[m->n++].host = (uint16_t)host;
}

static void add_hosts(struct merged *m, const struct run *r)
{
    for (size_t i = 0; i < r->nhosts; i++) {
        char line[160], t4[ADDR_TEXT_MAX], t6[ADDR_TEXT_MAX];
        int  n;

        addr_print(&r->hosts[i].addr4, t4);
        addr_print(&r->hosts[i].addr6, t6);
        n = snprintf(line, sizeof line, "host=%s %s %s\n", r->hosts[i].name,
                     t4, t6);
        put_bytes(&m->config, line, (size_t)n);
    }
}

static void add_run(struct merged *m, const struct run *r)
{
    add_hosts(m, r);
    for (size_t i = 0; i < r->nrows; i++) {
        const struct run_row *row = &r->rows[i];
        unsigned              host = row->host + m->hosts;

        block_row(&m->rows, (uint16_t)host, &row->row);
        if (row->row.owner)
            add_sock(m, row->row.owner, host);
    }
    for (size_t i = 0; i < r->ncounts; i++) {
        const struct run_count *c = &r->counts[i];

        block_count(&m->rows, (uint16_t)(c->host + m->hosts), c->name,
                    c->value);
    }
    m->hosts += (unsigned)r->nhosts;
    m->sources++;
}

static void ask(struct merged *m, const struct place *p, const char *name)
{
    int             fd = place_connect(p, name);
    struct blockbuf b;
    struct run      run;
    const char     *why;

    if (fd == -ECONNREFUSED)
        place_remove(p, name); /* its process was killed */
    if (fd < 0)
        return;
    blockbuf_init(&b, memory_alloc());
    if (hear(fd, &b)
        && run_read(&run, span_of(b.p, b.len), memory_alloc(), &why)) {
        add_run(m, &run);
        run_free(&run);
    }
    blockbuf_free(&b);
    close(fd);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void ask_all(struct merged *m, const struct place *p)
{
    DIR           *d = opendir(p->path);
    struct dirent *e;
    char          *names[256];
    size_t         n = 0;

    while (d && n < ARRAY_LEN(names) && (e = readdir(d)))
        if (strncmp(e->d_name, PLACE_VIEW, strlen(PLACE_VIEW)) == 0)
            names[n++] = strdup(e->d_name);
    if (d)
        closedir(d);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        ask(m, p, names[i]);
        free(names[i]);
    }
}

/* ---- all of them in one --------------------------------------------------------- */

static uint16_t host_of(const struct merged *m, uint64_t inode)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->socks[i].inode == inode)
            return m->socks[i].host;
    return 0;
}

static void put_owners(struct blockbuf *b, const struct merged *m)
{
    struct owner *found = calloc(OWNERS_MAX, sizeof *found);
    uint64_t     *inodes = calloc(m->n + 1, sizeof *inodes);
    size_t        n;

    INVARIANT(found && inodes);
    for (size_t i = 0; i < m->n; i++)
        inodes[i] = m->socks[i].inode;
    n = owners_find(inodes, m->n, found, OWNERS_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t at = block_begin_local(b, BLOCK_OWNER);

        put_le64(b, found[i].inode);
        put_le16(b, host_of(m, found[i].inode));
        put_le16(b, 0);
        put_le32(b, (uint32_t)found[i].pid);
        put_le32(b, (uint32_t)found[i].fd);
        put_blob(b, found[i].name, strlen(found[i].name));
        block_end(b, at);
    }
    free(inodes);
    free(found);
}

static void put_all(struct blockbuf *b, const struct merged *m)
{
    size_t at;

    block_section(b);
    at = block_begin_local(b, BLOCK_CONFIG);
    put_blob(b, m->config.p, m->config.len);
    block_end(b, at);
    put_owners(b, m);
    put_bytes(b, m->rows.p, m->rows.len);
    at = block_begin_local(b, BLOCK_END);
    put_le64(b, 0);
    put_le32(b, 0);
    put_le32(b, 0);
    block_end(b, at);
}

static bool parse(struct run_file *out, const struct merged *m)
{
    struct blockbuf b;
    const char     *why;

    blockbuf_init(&b, memory_alloc());
    put_all(&b, m);
    INVARIANT(!b.bad && !m->rows.bad && !m->config.bad);
    out->bytes = b.p; /* malloc()'s, as runs_free() takes it */
    out->len = b.len;
    return run_read(&out->run, span_of(b.p, b.len), memory_alloc(), &why);
}

bool runs_live(struct run_file *out)
{
    struct merged m = { .n = 0 };
    struct place  p;
    char          why[PLACE_WHY_MAX];
    bool          ok = false;

    memset(out, 0, sizeof *out);
    if (!place_open(&p, false, why))
        return false;
    blockbuf_init(&m.config, memory_alloc());
    blockbuf_init(&m.rows, memory_alloc());
    put_bytes(&m.config, "clock=real\n", 11);
    ask_all(&m, &p);
    place_close(&p);
    if (m.sources > 0)
        ok = parse(out, &m);
    if (!ok)
        runs_free(out);
    blockbuf_free(&m.config);
    blockbuf_free(&m.rows);
    free(m.socks);
    return ok;
}
