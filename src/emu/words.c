/* words.c: reading a line of words, and saying what is wrong with one.
 *
 *   Owns:      tokens, bounded by WORD_MAX; the head of an error line.
 *   Does not   know what the words mean.
 */
#include "emu/words.h"
#include "base/check.h"
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void advance(struct words *w)
{
    size_t n = 0;

    while (is_blank(*w->at))
        w->at++;
    while (w->at[n] && !is_blank(w->at[n]) && n < WORD_MAX - 1)
        n++;
    memcpy(w->next, w->at, n);
    w->next[n] = '\0';
    w->at += n;
    INVARIANT(n < WORD_MAX);
    if (*w->at && !is_blank(*w->at) && !w->bad) {
        w->bad = true;
        fmt_f(w->err, "%s...: the word is too long", w->next);
    }
}

struct words words_of(const char *text, struct fmt *err)
{
    struct words w = { .at = text, .err = err };

    advance(&w);
    return w;
}

bool words_keyword(struct words *w)
{
    if (w->bad || !w->next[0])
        return false;
    memcpy(w->word, w->next, WORD_MAX);
    advance(w);
    return !w->bad;
}

struct fmt *words_error(struct words *w, const char *value)
{
    if (w->bad)
        return NULL;
    w->bad = true;
    fmt_str(w->err, w->word);
    if (value) {
        fmt_char(w->err, ' ');
        fmt_str(w->err, value);
    }
    fmt_str(w->err, ": ");
    return w->err;
}

bool words_value(struct words *w, char out[static WORD_MAX],
                 const char *example)
{
    struct fmt *err;

    if (w->bad)
        return false;
    if (!w->next[0]) {
        err = words_error(w, NULL);
        fmt_f(err, "the value is missing. Write %s %s", w->word, example);
        return false;
    }
    memcpy(out, w->next, WORD_MAX);
    advance(w);
    return !w->bad;
}

bool words_at_number(const struct words *w)
{
    return !w->bad && w->next[0] >= '0' && w->next[0] <= '9';
}

bool word_is(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
