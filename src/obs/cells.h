/* cells.h: text for a terminal: how wide it is there, and what is safe to
 * show.  Payloads are hostile: nothing that moves a cursor, hides or turns
 * text round comes through.
 *
 * Widths are those of terminals with narrow ambiguous characters (UAX #11);
 * where those come out double, --ascii is the way.
 */
#ifndef OBS_CELLS_H
#define OBS_CELLS_H

#include "base/bytes.h"
#include "base/fmt.h"

/* The next character of s: its value, or -1 if the bytes are no UTF-8 (RFC
 * 3629); *n is how many bytes it takes. */
int32_t cells_decode(struct span s, size_t *n);

/* How many cells a character takes: 0 for combining ones, -1 for those that
 * must not be shown. */
int cells_of(int32_t c);

/* How many cells valid text takes. */
size_t cells_width(const char *text, size_t n);

/* A few words of a payload between double quotes, in at most `max` cells
 * (quotes not counted) and "…" if more follows.  Control characters come as in
 * C; what cannot be shown as '.'. False: too little of it is text. */
bool cells_quote(struct fmt *f, struct span payload, unsigned max,
                 bool ascii);

#endif
