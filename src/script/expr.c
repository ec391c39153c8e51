/* expr.c: see expr.h.  In the order of Python's grammar: each level reads
 * the next tighter one, then its own operators.
 */
#include "script/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 40, LIST_MAX = 32 };

static void give_up(struct expr *e, const char *what)
{
    if (!e->bad)
        snprintf(e->error, sizeof e->error, "%s", what);
    e->bad = true;
    e->at = e->end;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* At depth 0 a line end ends a statement, and stays. */
void expr_skip(struct expr *e)
{
    while (e->at < e->end) {
        if (*e->at == '#') {
            while (e->at < e->end && *e->at != '\n')
                e->at++;
        } else if (*e->at == '\\' && e->at + 1 < e->end && e->at[1] == '\n') {
            e->at += 2;
        } else if (*e->at == ' ' || *e->at == '\t' || *e->at == '\r'
                   || (*e->at == '\n' && e->depth > 0)) {
            e->at++;
        } else {
            return;
        }
    }
}

bool expr_take(struct expr *e, const char *text)
{
    size_t n = strlen(text);

    expr_skip(e);
    if ((size_t)(e->end - e->at) < n || memcmp(e->at, text, n) != 0)
        return false;
    if (in_word(text[0]) && e->at + n < e->end && in_word(e->at[n]))
        return false;
    e->at += n;
    return true;
}

/* A sign that is not the beginning of a longer one. */
static bool take_sign(struct expr *e, char c, const char *not_before)
{
    expr_skip(e);
    if (e->at >= e->end || *e->at != c)
        return false;
    if (e->at + 1 < e->end && strchr(not_before, e->at[1]) && e->at[1])
        return false;
    e->at++;
    return true;
}

static bool deeper(struct expr *e)
{
    if (++e->nested > DEPTH_MAX)
        give_up(e, "too many brackets");
    return !e->bad;
}

/* ---- what stands alone ----------------------------------------------------- */

/* Up to `closing`, which is taken; how many. */
static unsigned read_list(struct expr *e, const char *closing,
                          double list[LIST_MAX])
{
    unsigned n = 0;

    deeper(e);
    e->depth++;
    while (!e->bad && !expr_take(e, closing)) {
        if (n == LIST_MAX) {
            give_up(e, "a list of more than 32");
            break;
        }
        list[n++] = expr_read(e);
        if (!expr_take(e, ",")) {
            if (!expr_take(e, closing))
                give_up(e, "a bracket is not closed");
            break;
        }
    }
    e->depth--;
    e->nested--;
    return n;
}

static double read_call(struct expr *e, const char *name, size_t len)
{
    double   list[LIST_MAX] = { 0 }, v;
    unsigned n = read_list(e, ")", list);
    bool     is_min = len == 3 && memcmp(name, "min", 3) == 0;
    bool     is_max = len == 3 && memcmp(name, "max", 3) == 0;

    v = list[0];
    if (n == 0 || e->bad) {
        give_up(e, "a function without an argument");
    } else if (is_min || is_max) {
        for (unsigned i = 1; i < n; i++)
            if (is_min ? list[i] < v : list[i] > v)
                v = list[i];
    } else if (len == 3 && memcmp(name, "abs", 3) == 0) {
        v = fabs(v);
    } else if (len == 3 && memcmp(name, "int", 3) == 0) {
        v = trunc(v);
    } else if (len == 5 && memcmp(name, "float", 5) == 0) {
        return v;
    } else if (len == 5 && memcmp(name, "round", 5) == 0) {
        v = nearbyint(v);
    } else {
        give_up(e, "an unknown function");
    }
    return v;
}

static double read_name(struct expr *e)
{
    const char *name = e->at;
    size_t      len = 0;
    double      v = 0;
    char        text[EXPR_ERROR_MAX - 20];

    while (name + len < e->end && in_word(name[len]))
        len++;
    e->at += len;
    if (expr_take(e, "("))
        return read_call(e, name, len);
    if (len == 4 && memcmp(name, "True", 4) == 0)
        return 1;
    if (len == 5 && memcmp(name, "False", 5) == 0)
        return 0;
    if (!e->find(e->ctx, name, len, &v)) {
        snprintf(text, sizeof text, "%.*s", (int)MIN(len, (size_t)60), name);
        give_up(e, text);
    }
    return v;
}

/* Numbers only; `0x10`, `1e3`, `1.5`. */
static double read_number(struct expr *e)
{
    char   text[64], *end;
    size_t n = 0;
    double v;

    while (e->at + n < e->end && n < sizeof text - 1
           && (in_word(e->at[n]) || e->at[n] == '.'))
        n++;
    memcpy(text, e->at, n);
    text[n] = 0;
    v = strtod(text, &end);
    if (*end == 'L') /* Python 2's long */
        end++;
    if (*end || n == 0)
        give_up(e, "a number that is none");
    e->at += e->bad ? 0 : n;
    return v;
}

static double read_atom(struct expr *e)
{
    double v;

    expr_skip(e);
    if (e->at >= e->end) {
        give_up(e, "something is missing at the end");
        return 0;
    }
    if (expr_take(e, "(")) {
        if (!deeper(e))
            return 0;
        e->depth++;
        v = expr_read(e);
        if (!expr_take(e, ")"))
            give_up(e, "a bracket is not closed");
        e->depth--;
        e->nested--;
        return v;
    }
    if (isdigit((unsigned char)*e->at) || *e->at == '.')
        return read_number(e);
    if (in_word(*e->at))
        return read_name(e);
    give_up(e, "this Python");
    return 0;
}

/* ---- arithmetic -------------------------------------------------------------- */

static double read_unary(struct expr *e)
{
    double v;

    if (!deeper(e))
        return 0;
    if (expr_take(e, "-")) {
        v = -read_unary(e);
    } else if (expr_take(e, "~")) {
        v = (double)~(int64_t)read_unary(e);
    } else {
        expr_take(e, "+");
        v = read_atom(e);
        if (expr_take(e, "**"))
            v = pow(v, read_unary(e));
    }
    e->nested--;
    return v;
}

static double divide(struct expr *e, double a, double b, char how)
{
    if (b == 0) {
        give_up(e, "a division by zero");
        return 0;
    }
    if (how == '%')
        return a - b * floor(a / b);
    return how == 'f' ? floor(a / b) : a / b;
}

static double read_product(struct expr *e)
{
    double v = read_unary(e);

    for (;;) {
        if (expr_take(e, "//"))
            v = divide(e, v, read_unary(e), 'f');
        else if (take_sign(e, '*', "*="))
            v *= read_unary(e);
        else if (take_sign(e, '/', "="))
            v = divide(e, v, read_unary(e), '/');
        else if (take_sign(e, '%', "="))
            v = divide(e, v, read_unary(e), '%');
        else
            return v;
    }
}

static double read_sum(struct expr *e)
{
    double v = read_product(e);

    for (;;) {
        if (take_sign(e, '+', "="))
            v += read_product(e);
        else if (take_sign(e, '-', "="))
            v -= read_product(e);
        else
            return v;
    }
}

static double read_shift(struct expr *e)
{
    double v = read_sum(e);

    for (;;) {
        if (expr_take(e, "<<"))
            v = ldexp(v, (int)read_sum(e));
        else if (expr_take(e, ">>"))
            v = floor(ldexp(v, -(int)read_sum(e)));
        else
            return v;
    }
}

static double read_bits(struct expr *e)
{
    double v = read_shift(e);

    for (;;) {
        if (take_sign(e, '&', "="))
            v = (double)((int64_t)v & (int64_t)read_shift(e));
        else if (take_sign(e, '^', "="))
            v = (double)((int64_t)v ^ (int64_t)read_shift(e));
        else if (take_sign(e, '|', "="))
            v = (double)((int64_t)v | (int64_t)read_shift(e));
        else
            return v;
    }
}

/* ---- truth -------------------------------------------------------------------- */

static bool read_in(struct expr *e, double v)
{
    double   list[LIST_MAX];
    unsigned n = 0;
    bool     found = false;

    if (expr_take(e, "("))
        n = read_list(e, ")", list);
    else if (expr_take(e, "["))
        n = read_list(e, "]", list);
    else
        give_up(e, "behind `in` a list should stand");
    for (unsigned i = 0; i < n; i++)
        found |= list[i] == v;
    return found;
}

/* a <= b < c is a <= b and b < c. */
static double read_comparison(struct expr *e)
{
    static const char *const signs[] = { "==", "!=", "<=", ">=", "<", ">" };
    double                   left = read_bits(e), right;
    bool                     all = true, any = false;

    for (;;) {
        unsigned i;

        if (expr_take(e, "not in")) {
            all &= !read_in(e, left), any = true;
            continue;
        }
        if (expr_take(e, "in")) {
            all &= read_in(e, left), any = true;
            continue;
        }
        for (i = 0; i < ARRAY_LEN(signs) && !expr_take(e, signs[i]); i++)
            ;
        if (i == ARRAY_LEN(signs))
            return any ? all : left;
        right = read_bits(e);
        all &= i == 0 ? left == right
            : i == 1  ? left != right
            : i == 2  ? left <= right
            : i == 3  ? left >= right
            : i == 4  ? left < right
                      : left > right;
        any = true;
        left = right;
    }
}

static double read_not(struct expr *e)
{
    double v;

    if (!expr_take(e, "not"))
        return read_comparison(e);
    if (!deeper(e))
        return 0;
    v = read_not(e);
    e->nested--;
    return v == 0;
}

static double read_and(struct expr *e)
{
    double v = read_not(e);

    while (expr_take(e, "and")) {
        double w = read_not(e);

        v = v != 0 ? w : v;
    }
    return v;
}

double expr_read(struct expr *e)
{
    double v = read_and(e);

    while (expr_take(e, "or")) {
        double w = read_and(e);

        v = v != 0 ? v : w;
    }
    if (expr_take(e, "if")) {
        double condition = read_and(e), otherwise;

        if (!expr_take(e, "else"))
            give_up(e, "an if without its else");
        otherwise = e->bad ? 0 : read_and(e);
        v = condition != 0 ? v : otherwise;
    }
    return e->bad ? 0 : v;
}
