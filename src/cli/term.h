/* term.h: what the terminal can show, and what the user wants it to: one
 * place for --color, --ascii, NO_COLOR, TERM, CAUSEWAY_ASCII, COLUMNS and the
 * locale.
 */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>

struct term_opts {
    const char *color; /* --color's value, or NULL: auto */
    bool        ascii; /* --ascii */
};

/* Is this a value of --color? */
bool term_color_ok(const char *value);
/* May standard output have escape sequences? */
bool term_colour(const struct term_opts *o);
/* Must it do without box drawing and the like? */
bool term_ascii(const struct term_opts *o);
/* COLUMNS, else the terminal's width, else 80; 0 never. */
unsigned term_columns(void);

#endif
