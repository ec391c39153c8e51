/* help.h: what the commands say about themselves. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

/* All commands, a line each. */
void help_overview(FILE *out);
/* -h: fits a screen, examples first.  --help adds the rest. */
void help_short(const char *verb, FILE *out);
void help_long(const char *verb, FILE *out);
/* The same as man pages (mdoc). */
void help_man(const char *verb, FILE *out);
void help_man_overview(FILE *out);

#endif
