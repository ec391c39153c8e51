/* nearest.h: the name that somebody may have meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/compiler.h"

enum { NEAREST_WORD_MAX = 63 }; /* longer words have no neighbours */

/* The name that differs from `word` by the fewest letters changed, added,
 * removed or swapped, the first of several; NULL if all differ by more than a
 * slip (one letter for words of up to three, else two). */
const char *nearest(const char *word, const char *const *names, size_t n);

#endif
