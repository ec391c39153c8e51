/* nearest.c: spelling distance for "did you mean".
 *
 * Owns the measure: letters changed, added, removed, or two neighbours
 * swapped (which is how people mistype), each counting one.
 */
#include "base/nearest.h"

enum { FAR = NEAREST_WORD_MAX };

static unsigned length(const char *s)
{
    unsigned n = 0;

    while (n <= NEAREST_WORD_MAX && s[n])
        n++;
    return n;
}

/* Three rows of the usual table: the one being filled and two before it. */
struct rows {
    unsigned now[NEAREST_WORD_MAX + 1];
    unsigned before[NEAREST_WORD_MAX + 1];
    unsigned two_before[NEAREST_WORD_MAX + 1];
};

static void fill_row(struct rows *r, const char *a, unsigned i, const char *b,
                     unsigned nb)
{
    r->now[0] = i;
    for (unsigned j = 1; j <= nb; j++) {
        unsigned change = r->before[j - 1] + (a[i - 1] != b[j - 1]);
        unsigned insert = MIN(r->before[j], r->now[j - 1]) + 1;

        r->now[j] = MIN(change, insert);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            r->now[j] = MIN(r->now[j], r->two_before[j - 2] + 1);
    }
}

static unsigned distance(const char *a, unsigned na, const char *b)
{
    struct rows r = { { 0 }, { 0 }, { 0 } };
    unsigned    nb = length(b);

    if (na > NEAREST_WORD_MAX || nb > NEAREST_WORD_MAX)
        return FAR;
    for (unsigned j = 0; j <= nb; j++)
        r.now[j] = j;
    for (unsigned i = 1; i <= na; i++) {
        for (unsigned j = 0; j <= nb; j++) {
            r.two_before[j] = r.before[j];
            r.before[j] = r.now[j];
        }
        fill_row(&r, a, i, b, nb);
    }
    return r.now[nb];
}

const char *nearest(const char *word, const char *const *names, size_t n)
{
    unsigned    len = length(word);
    unsigned    least = (len <= 3 ? 1 : 2) + 1;
    const char *best = NULL;

    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(word, len, names[i]);

        /* A word with no letter in common is no slip. */
        if (d < least && d < len) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
