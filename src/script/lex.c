/* lex.c: see lex.h. */
#include "script/lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void give_up(struct lex *l, const char *format, va_list ap)
{
    if (l->bad)
        return;
    vsnprintf(l->ast->error, sizeof l->ast->error, format, ap);
    l->ast->bad_line = l->line;
    l->bad = true;
    l->at = l->end;
}

void lex_fail(struct lex *l, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    give_up(l, format, ap);
    va_end(ap);
}

void lex_lack(struct lex *l, const char *format, ...)
{
    va_list ap;

    l->ast->unsupported |= !l->bad;
    va_start(ap, format);
    give_up(l, format, ap);
    va_end(ap);
}

static size_t left(const struct lex *l)
{
    return (size_t)(l->end - l->at);
}

static bool starts(const struct lex *l, const char *text)
{
    size_t n = strlen(text);

    return left(l) >= n && memcmp(l->at, text, n) == 0;
}

static void step(struct lex *l)
{
    l->line += *l->at == '\n';
    l->at++;
}

static void skip_line(struct lex *l)
{
    while (left(l) && *l->at != '\n')
        step(l);
}

static void skip_block(struct lex *l)
{
    while (left(l) && !starts(l, "*/"))
        step(l);
    if (!left(l))
        lex_fail(l, "a comment has no end: */");
    else
        l->at += 2;
}

char lex_peek(struct lex *l)
{
    while (left(l)) {
        if (isspace((unsigned char)*l->at))
            step(l);
        else if (*l->at == '#' || starts(l, "//"))
            skip_line(l);
        else if (starts(l, "/*"))
            skip_block(l);
        else
            return *l->at;
    }
    return 0;
}

bool lex_take(struct lex *l, const char *text)
{
    lex_peek(l);
    if (!starts(l, text))
        return false;
    l->at += strlen(text);
    return true;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool lex_take_word(struct lex *l, const char *text)
{
    size_t n = strlen(text);

    lex_peek(l);
    if (!starts(l, text) || (left(l) > n && in_word(l->at[n])))
        return false;
    l->at += n;
    return true;
}

/* What stands there, for messages. */
static void lex_here(struct lex *l, char out[24])
{
    size_t n = 0;

    lex_peek(l);
    while (n < 20 && n < left(l) && l->at[n] >= ' ')
        n++;
    snprintf(out, 24, "%.*s%s", (int)n, l->at, n == 20 ? "..." : "");
}

void lex_need(struct lex *l, const char *text)
{
    char here[24];

    if (l->bad || lex_take(l, text))
        return;
    lex_here(l, here);
    lex_fail(l, "'%s' should come before '%s'", text, here);
}

void lex_word(struct lex *l, char word[LEX_WORD_MAX])
{
    size_t n = 0;

    word[0] = 0;
    lex_peek(l);
    if (!left(l) || isdigit((unsigned char)*l->at))
        return;
    while (n < left(l) && in_word(l->at[n]))
        n++;
    if (n >= LEX_WORD_MAX) {
        lex_fail(l, "this word is too long to be one");
        return;
    }
    memcpy(word, l->at, n);
    word[n] = 0;
    l->at += n;
}

void lex_run(struct lex *l, const char *stops, char word[LEX_WORD_MAX])
{
    size_t n = 0;

    lex_peek(l);
    while (n < left(l) && !isspace((unsigned char)l->at[n])
           && !strchr(stops, l->at[n]))
        n++;
    word[0] = 0;
    if (n >= LEX_WORD_MAX) {
        lex_fail(l, "this word is too long to be one");
        return;
    }
    memcpy(word, l->at, n);
    word[n] = 0;
    l->at += n;
}

static bool digit_at(const struct lex *l, size_t i)
{
    return left(l) > i && isdigit((unsigned char)l->at[i]);
}

bool lex_is_number(struct lex *l)
{
    lex_peek(l);
    return digit_at(l, 0)
        || (left(l) && (*l->at == '-' || *l->at == '+') && digit_at(l, 1));
}

static int digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return tolower((unsigned char)c) - 'a' + 10;
}

int64_t lex_number(struct lex *l)
{
    bool     minus, hex;
    uint64_t n = 0;
    char     here[24];

    if (!lex_is_number(l)) {
        lex_here(l, here);
        lex_fail(l, "a number should stand before '%s'", here);
        return 0;
    }
    minus = *l->at == '-';
    l->at += *l->at == '-' || *l->at == '+';
    hex = starts(l, "0x") || starts(l, "0X");
    l->at += hex ? 2 : 0;
    while (left(l)
           && (hex ? isxdigit((unsigned char)*l->at)
                   : isdigit((unsigned char)*l->at))) {
        n = n * (hex ? 16 : 10) + (uint64_t)digit_value(*l->at++);
        if (n > (uint64_t)1 << 48) {
            lex_fail(l, "this number is too large");
            return 0;
        }
    }
    return minus ? -(int64_t)n : (int64_t)n;
}

cw_ns lex_seconds(struct lex *l)
{
    cw_ns whole = 0, part = 0, unit = NS_S;

    lex_peek(l);
    if (!digit_at(l, 0) && !(starts(l, ".") && digit_at(l, 1))) {
        lex_fail(l, "a time should stand here, in seconds: 0.1");
        return 0;
    }
    while (digit_at(l, 0) && whole < 10000000)
        whole = whole * 10 + (*l->at++ - '0');
    if (whole >= 10000000)
        lex_fail(l, "this time is too long");
    if (starts(l, ".") && !starts(l, "..")) {
        l->at++;
        for (; digit_at(l, 0); l->at++) {
            unit /= 10;
            part += unit * (*l->at - '0');
        }
    }
    return whole * NS_S + part;
}

const char *lex_until(struct lex *l, const char *closing, size_t *len)
{
    const char *from = l->at;
    int         line = l->line;

    while (left(l) && !starts(l, closing))
        step(l);
    if (!left(l)) {
        l->line = line;
        lex_fail(l, "no '%s' ends this", closing);
        *len = 0;
        return "";
    }
    *len = (size_t)(l->at - from);
    l->at += strlen(closing);
    return from;
}
