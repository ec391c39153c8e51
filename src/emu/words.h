/* words.h: reading a line of words (private to emu/).
 *
 * Errors are one line: the words in question, the reason, the remedy.  The
 * first one stands; what follows it is not read.
 */
#ifndef EMU_WORDS_H
#define EMU_WORDS_H

#include "base/fmt.h"

enum { WORD_MAX = 64 };

struct words {
    const char *at;
    struct fmt *err;
    bool        bad;
    char        word[WORD_MAX]; /* the keyword that is being read */
    char        next[WORD_MAX]; /* the word not yet taken; "" at the end */
};

struct words words_of(const char *text, struct fmt *err);
/* Takes the next word into w->word; false at the end or when bad. */
bool words_keyword(struct words *w);
/* Takes the value of the keyword into out; bad if there is none. */
bool words_value(struct words *w, char out[static WORD_MAX],
                 const char *example);
/* Does the next word begin with a digit?  (An optional value.) */
bool words_at_number(const struct words *w);
/* Starts an error about "KEYWORD VALUE: "; NULL if there was one before. */
struct fmt *words_error(struct words *w, const char *value);
bool        word_is(const char *a, const char *b);

#endif
