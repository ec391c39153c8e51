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

/* How many letters must be changed, added or removed; both are short. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1], corner, n = 0;

    for (; b[n]; n++)
        row[n] = n;
    row[n] = n;
    for (unsigned i = 0; a[i]; i++) {
        corner = row[0]++;
        for (unsigned j = 0; j < n; j++) {
            unsigned keep = corner + (a[i] != b[j]);
            unsigned step = MIN(row[j + 1], row[j]) + 1;

            corner = row[j + 1];
            row[j + 1] = MIN(keep, step);
        }
    }
    return row[n];
}

const char *word_nearest(const char *word, const char *const *names,
                         unsigned n)
{
    const char *best = NULL;
    unsigned    least = 3; /* more than two letters off is another word */

    for (unsigned i = 0; i < n; i++) {
        unsigned d = distance(word, names[i]);

        /* A word with nothing in common is no misspelling. */
        if (d < least && d < distance("", names[i])) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
