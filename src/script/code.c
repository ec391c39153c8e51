/* code.c: %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%
 *
 * Statements are assert, print (which is ignored), pass, and assignments to
 * names of the script's own; everything else ends the script as unsupported.
 * The original runs all code at the end; what it asks of a connection is what
 * was so here.
 */
#include "script/run.h"
#include "script/expr.h"
#include "script/info.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_ = 48, USED_MAX = 8, ROWS = 64 };

struct var {
    struct var *next;
    char        name[NAME_MAX_];
    double      value;
};

struct code {
    struct run        *r;
    struct cw_tcp_info info;
    bool               has_info, asked;
    struct {
        const char *name;
        size_t      len;
        double      value;
    } used[USED_MAX];
    unsigned nused;
};

/* ---- names ------------------------------------------------------------------ */

static bool info_of_row(struct code *c, const struct flow *f)
{
    static struct cw_sock_row rows[ROWS];
    struct run               *r = c->r;
    size_t n = cw_snapshot_socks(r->host.st, rows, ROWS, r->host.now);

    for (size_t i = 0; i < n && i < ROWS; i++)
        if (rows[i].peer.port == f->rport && rows[i].local.port == f->lport
            && addr_eq(&rows[i].peer.addr, &f->remote)) {
            c->info = rows[i].info;
            c->info.state = rows[i].state;
            return true;
        }
    return false;
}

/* Of the connection at hand, whether it has a descriptor or not. */
static void get_info(struct code *c)
{
    struct run  *r = c->r;
    struct flow *f = r->cur;
    size_t       n = sizeof c->info;

    c->asked = true;
    if (!r->started)
        return;
    if (f)
        c->has_info = info_of_row(c, f);
    else if (r->listener)
        c->has_info = cw_getsockopt(r->host.st, r->listener->sd,
                                    CW_IPPROTO_TCP, CW_TCP_INFO, &c->info, &n)
            == 0;
    if (!c->has_info)
        c->info.state = CW_CLOSED;
}

static struct var *var_of(struct run *r, const char *name, size_t len)
{
    for (struct var *v = r->vars; v; v = v->next)
        if (strlen(v->name) == len && memcmp(v->name, name, len) == 0)
            return v;
    return NULL;
}

static bool find(void *ctx, const char *name, size_t len, double *value)
{
    struct code *c = ctx;
    struct var  *v = var_of(c->r, name, len);

    if (v) {
        *value = v->value;
    } else {
        if (!c->asked)
            get_info(c);
        if (!info_find(&c->info, name, len, value))
            return false;
    }
    if (c->nused < USED_MAX && islower((unsigned char)*name)) {
        c->used[c->nused].name = name;
        c->used[c->nused].len = len;
        c->used[c->nused++].value = *value;
    }
    return true;
}

/* ---- statements -------------------------------------------------------------- */

static void to_end_of_line(struct expr *e)
{
    while (e->at < e->end && *e->at != '\n' && *e->at != ';')
        e->at++;
}

static void tell_used(struct code *c)
{
    for (unsigned i = 0; i < c->nused; i++)
        fmt_f(&c->r->out, "\n    %.*s is %lld", (int)c->used[i].len,
              c->used[i].name, (long long)c->used[i].value);
}

/* The message behind the comma is for Python's eyes. */
static void do_assert(struct code *c, struct expr *e)
{
    const char *from = e->at;
    double      v;
    size_t      n;

    c->nused = 0;
    v = expr_read(e);
    n = (size_t)(e->at - from);
    if (!e->bad && v == 0) {
        while (n && isspace((unsigned char)from[n - 1]))
            n--;
        run_fail(c->r, "this is not so: assert%.*s", (int)n, from);
        tell_used(c);
    }
    if (!e->bad && expr_take(e, ","))
        to_end_of_line(e);
}

static void do_assign(struct code *c, struct expr *e)
{
    const char *name = e->at;
    size_t      n = 0;
    struct var *v;
    double      value;

    while (name + n < e->end
           && (isalnum((unsigned char)name[n]) || name[n] == '_'))
        n++;
    e->at += n;
    if (n == 0 || n >= NAME_MAX_ || !expr_take(e, "=")) {
        e->at = name;
        to_end_of_line(e);
        run_lack(c->r, "the code `%.*s`",
                 (int)MIN((size_t)(e->at - name), (size_t)80), name);
        return;
    }
    value = expr_read(e);
    v = var_of(c->r, name, n);
    if (!v) {
        v = pool_get(&c->r->ast->pool, sizeof *v);
        memcpy(v->name, name, n);
        v->next = c->r->vars;
        c->r->vars = v;
    }
    v->value = value;
}

static void statement(struct code *c, struct expr *e)
{
    if (expr_take(e, "assert"))
        do_assert(c, e);
    else if (expr_take(e, "print") || expr_take(e, "pass")
             || expr_take(e, "import") || expr_take(e, "from"))
        to_end_of_line(e);
    else
        do_assign(c, e);
    if (e->bad)
        run_lack(c->r, "in code: %s", e->error);
    expr_skip(e);
    if (!c->r->over && e->at < e->end && *e->at != '\n' && *e->at != ';')
        run_lack(c->r, "in code: %.*s",
                 (int)MIN((size_t)(e->end - e->at), (size_t)40), e->at);
}

static int lines_of(const char *from, const char *to)
{
    int n = 0;

    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

/* Messages name the statement's own line. */
static void one(struct code *c, struct expr *e, int line)
{
    const struct event *ev = c->r->ev;
    struct event        here = { .line = line };

    c->r->ev = &here;
    statement(c, e);
    c->r->ev = ev;
}

void code_run(struct run *r, const char *text, int line)
{
    struct code c = { .r = r };
    struct expr e = { text, text + strlen(text), find, &c, false, "", 0, 0 };

    while (!r->over) {
        while (e.at < e.end
               && (isspace((unsigned char)*e.at) || *e.at == ';'))
            e.at++;
        expr_skip(&e);
        if (e.at >= e.end)
            return;
        if (*e.at != '\n')
            one(&c, &e, line + lines_of(text, e.at));
    }
}
