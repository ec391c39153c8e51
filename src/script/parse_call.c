/* parse_call.c: a call with its arguments, what it answers and which error.
 *
 *   value: ... | 12 | 0x1f | NAME | A|B | "text" | [v, v] | {name = v, v}
 *          | function(v)
 */
#include "script/parse.h"
#include "script/sym.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 12 };

static struct val *parse_value(struct lex *l, int depth);

static struct val *new_val(struct lex *l, enum val_kind kind)
{
    struct val *v = pool_get(&l->ast->pool, sizeof *v);

    v->kind = kind;
    return v;
}

/* Up to `closing`, separated by commas. */
static struct val *parse_values(struct lex *l, const char *closing, int depth)
{
    struct val *first = NULL, **at = &first;

    if (lex_take(l, closing))
        return NULL;
    do {
        *at = parse_value(l, depth);
        at = &(*at)->next;
    } while (!l->bad && lex_take(l, ","));
    lex_need(l, closing);
    return first;
}

static struct val *parse_text(struct lex *l)
{
    struct val *v = new_val(l, VAL_TEXT);
    const char *from = lex_until(l, "\"", &v->len);

    v->text = pool_text(&l->ast->pool, from, v->len);
    return v;
}

/* name = value, name(...) = value, or a value alone. */
static struct val *parse_field(struct lex *l, int depth)
{
    struct lex  before = *l;
    char        word[LEX_WORD_MAX];
    struct val *v;

    lex_word(l, word);
    if (word[0] && lex_take(l, "("))
        parse_values(l, ")", depth);
    if (!word[0] || !lex_take(l, "=")) {
        if (!l->bad)
            *l = before;
        return parse_value(l, depth);
    }
    v = parse_value(l, depth);
    v->field = pool_text(&l->ast->pool, word, strlen(word));
    return v;
}

static struct val *parse_struct(struct lex *l, int depth)
{
    struct val *v = new_val(l, VAL_STRUCT), **at = &v->first;

    if (lex_take(l, "}"))
        return v;
    do {
        *at = parse_field(l, depth);
        at = &(*at)->next;
    } while (!l->bad && lex_take(l, ","));
    lex_need(l, "}");
    return v;
}

static struct val *parse_name(struct lex *l, int depth)
{
    char        word[LEX_WORD_MAX];
    struct val *v = new_val(l, VAL_NAME);

    lex_word(l, word);
    v->text = pool_text(&l->ast->pool, word, strlen(word));
    if (lex_take(l, "(")) {
        v->kind = VAL_CALL;
        v->first = parse_values(l, ")", depth);
    } else if (sym_find(word, &v->n)) {
        v->kind = VAL_INT;
    }
    return v;
}

static struct val *parse_one(struct lex *l, int depth)
{
    char        c = lex_peek(l);
    struct val *v;

    if (depth > DEPTH_MAX)
        lex_fail(l, "brackets within too many brackets");
    if (lex_take(l, "..."))
        return new_val(l, VAL_ANY);
    if (lex_take(l, "\""))
        return parse_text(l);
    if (lex_take(l, "{"))
        return parse_struct(l, depth + 1);
    if (lex_take(l, "[")) {
        v = new_val(l, VAL_LIST);
        v->first = parse_values(l, "]", depth + 1);
        return v;
    }
    if (isalpha((unsigned char)c) || c == '_')
        return parse_name(l, depth + 1);
    v = new_val(l, VAL_INT);
    v->n = lex_number(l);
    return v;
}

static struct val *parse_value(struct lex *l, int depth)
{
    struct val *v = parse_one(l, depth);

    while (lex_take(l, "|")) {
        struct val *w = parse_one(l, depth);

        v->n |= w->n;
        if (v->kind == VAL_INT && w->kind == VAL_NAME) {
            v->kind = VAL_NAME; /* one that is unknown spoils the sum */
            v->text = w->text;
        }
    }
    return v;
}

/* = result [ERRNO] [(remark)] */
static void parse_result(struct lex *l, struct call *c)
{
    char    word[LEX_WORD_MAX];
    int64_t err;
    size_t  n;

    lex_need(l, "=");
    c->result = parse_value(l, 0);
    lex_word(l, word);
    if (word[0]) {
        if (word[0] != 'E' || !sym_find(word, &err)) {
            lex_fail(l, "%s is no error's name", word);
            return;
        }
        c->err = (int)err;
    }
    if (lex_take(l, "("))
        lex_until(l, ")", &n);
}

void parse_call(struct lex *l, struct call *out)
{
    char word[LEX_WORD_MAX];

    lex_word(l, word);
    out->name = pool_text(&l->ast->pool, word, strlen(word));
    lex_need(l, "(");
    out->args = parse_values(l, ")", 1);
    for (struct val *v = out->args; v; v = v->next)
        out->nargs++;
    parse_result(l, out);
}
