/* parse.c: a script as a list of option lines and events.
 *
 *   --flag=value
 *   TIME < packet          comes in
 *   TIME > packet          must go out
 *   TIME call(...) = result
 *   TIME `shell command`
 *   TIME %{ code }%
 *
 * Blanks and line ends are the same: an event ends where it must.
 */
#include "script/parse.h"

#include <ctype.h>
#include <string.h>

static void parse_flag(struct lex *l)
{
    struct flag *f = pool_get(&l->ast->pool, sizeof *f), **at;
    const char  *from = l->at;

    f->line = l->line;
    while (l->at < l->end && !isspace((unsigned char)*l->at) && *l->at != '=')
        l->at++;
    f->name = pool_text(&l->ast->pool, from, (size_t)(l->at - from));
    if (l->at < l->end && *l->at == '=') {
        from = ++l->at;
        while (l->at < l->end && !isspace((unsigned char)*l->at))
            l->at++;
        f->value = pool_text(&l->ast->pool, from, (size_t)(l->at - from));
    }
    for (at = &l->ast->flags; *at; at = &(*at)->next)
        ;
    *at = f;
}

/* 1, +1, 1~2, +1~+2, 1...2, +1...2, * */
static void parse_when(struct lex *l, struct when *w)
{
    w->end = NS_NEVER;
    if (lex_take(l, "*")) {
        w->any = true;
        return;
    }
    w->relative = lex_take(l, "+");
    w->from = w->to = lex_seconds(l);
    if (lex_take(l, "~")) {
        lex_take(l, "+");
        w->to = lex_seconds(l);
        if (w->to < w->from)
            lex_fail(l, "this range of time ends before it begins");
    } else if (lex_take(l, "...")) {
        lex_take(l, "+");
        w->end = lex_seconds(l);
        if (w->end < w->from)
            lex_fail(l, "this call would end before it begins");
    }
}

static void parse_text(struct lex *l, struct event *e, const char *closing)
{
    size_t      n;
    const char *from = lex_until(l, closing, &n);

    e->text = pool_text(&l->ast->pool, from, n);
}

static void parse_what(struct lex *l, struct event *e)
{
    char c = lex_peek(l);

    e->line = l->line;
    if (lex_take(l, "<") || lex_take(l, ">")) {
        e->kind = c == '<' ? EVENT_IN : EVENT_OUT;
        parse_pkt(l, c == '<', &e->pkt);
    } else if (lex_take(l, "`")) {
        e->kind = EVENT_SHELL;
        parse_text(l, e, "`");
    } else if (lex_take(l, "%{")) {
        e->kind = EVENT_CODE;
        parse_text(l, e, "}%");
    } else if (isalpha((unsigned char)c) || c == '_') {
        e->kind = EVENT_CALL;
        parse_call(l, &e->call);
    } else {
        lex_fail(l,
                 "behind the time should stand a packet (< or >), a call, "
                 "`a command` or %%{ code }%%");
    }
    if (e->when.end != NS_NEVER && e->kind != EVENT_CALL)
        lex_fail(l, "only calls take time from ... to; for packets write ~");
}

static void parse_event(struct lex *l, struct event **at)
{
    struct event *e = pool_get(&l->ast->pool, sizeof *e);
    char          c = lex_peek(l);

    if (c == '`' || c == '%')
        e->untimed = true,
        e->when = (struct when){ .relative = true, .end = NS_NEVER };
    else if (c == '*' || c == '+' || c == '.' || isdigit((unsigned char)c))
        parse_when(l, &e->when);
    else
        lex_fail(l, "an event begins with its time: 0, 0.1, +0.1, *");
    parse_what(l, e);
    *at = e;
    l->ast->nevents++;
}

void ast_read(struct ast *a, const char *text, size_t len)
{
    struct lex     l = { text, text + len, 1, false, a };
    struct event **at = &a->events;

    while (lex_take(&l, "--"))
        parse_flag(&l);
    while (lex_peek(&l)) {
        parse_event(&l, at);
        at = &(*at)->next;
    }
    if (!l.bad && !a->events)
        lex_fail(&l, "there is no event in this script");
}

void ast_free(struct ast *a)
{
    pool_free(&a->pool);
}
